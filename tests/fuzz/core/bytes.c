/* bytes.c
 * Datagrams and streams: nothing is read beyond what is at hand, and every search comes to an end
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/payload.h"
#include "core/stream.h"
#include "../../unit/exact_buffer.h"

#include "subjects.h"

/* Bytes that were on the wire and not captured: none, a few, or many. */
static size_t
missing(uint8_t choice)
{
    return choice < 128 ? 0 : choice < 192 ? choice - 128u : (choice - 191u) * 1000u;
}

static void
walk_attributes(const uint8_t *data, size_t captured, bool padded)
{
    ts_tlv_walk walk;
    ts_tlv tlv, first;
    size_t offset = 0;

    ts_tlv_walk_init(&walk, data, captured, padded);
    while (ts_tlv_next(&walk, &tlv)) {
        g_assert_cmpuint(tlv.offset, >, offset);
        g_assert_true(tlv.available <= tlv.length);
        g_assert_true(tlv.available == 0 || tlv.value + tlv.available <= data + captured);
        offset = tlv.offset;
        g_assert_true(ts_tlv_find(data, captured, padded, tlv.type, &first));
        g_assert_true(first.type == tlv.type && first.offset <= tlv.offset);
    }
}

void
fuzz_payload(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    const size_t captured = length - 1;
    uint8_t *data = exact_copy(bytes + 1, captured);
    const ts_payload payload = ts_payload_recognise(data, captured, captured + missing(bytes[0]));

    g_assert_true(payload.kind <= TS_PAYLOAD_DTLS);
    if (captured >= TS_STUN_HEADER_LENGTH) {
        walk_attributes(data, captured, false);
        walk_attributes(data, captured, true);
    }
    if (captured >= 36)
        ts_is_ascii_guid(data);
    free(data);
}

static void
check_pdu(ts_pdu pdu)
{
    g_assert_true((pdu.kind == TS_PDU_NONE || pdu.kind == TS_PDU_MORE) == (pdu.length == 0));
}

/* From PDU to PDU, as a dissector goes: each step gets on, and the end is reached. */
static void
walk_stream(ts_span whole, ts_pdu (*find)(ts_span here))
{
    for (size_t offset = 0; offset < whole.captured;) {
        const ts_span here = ts_span_from(whole, offset);
        const ts_pdu pdu = find(here);
        size_t step = pdu.length;

        g_assert_true(here.captured <= here.reported);
        check_pdu(pdu);
        if (step == 0) {
            step = ts_pdu_next(here, find);
            g_assert_cmpuint(step, >, 0);
            g_assert_cmpuint(step, <=, here.reported);
        }
        offset += step;
    }
}

void
fuzz_stream(const uint8_t *bytes, size_t length)
{
    if (length < 2)
        return;
    const size_t captured = length - 1;
    uint8_t *data = exact_copy(bytes + 1, captured);
    const ts_span whole = { data, captured, captured + missing(bytes[0]) };

    walk_stream(whole, ts_pdu_framed);
    walk_stream(whole, ts_pdu_rfc4571);
    if (ts_pdus_fill(whole))
        g_assert_cmpuint(ts_pdu_framed(whole).length, >, 0);
    ts_pdu_is_sure_control(whole);
    ts_stream_may_start(whole);
    for (size_t end = 0; end <= captured && end <= TS_SERVER_HELLO_LENGTH; end++)
        ts_stream_may_start(ts_span_until(whole, end));
    if (captured >= TS_CLIENT_HELLO_LENGTH)
        ts_is_client_hello(data);
    if (captured >= TS_SERVER_HELLO_LENGTH)
        ts_is_server_hello(data);
    free(data);
}
