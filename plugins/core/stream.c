/* stream.c
 * What begins at some place of a TCP stream: MS framing, FF10, RFC 4571, pseudo-TLS
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/stream.h"

#include <string.h>

#include <glib.h>

#include "core/payload.h"

static const ts_pdu nothing = { .kind = TS_PDU_NONE };
static const ts_pdu more = { .kind = TS_PDU_MORE };

ts_span
ts_span_from(ts_span whole, size_t offset)
{
    return (ts_span) {
        whole.data + MIN(offset, whole.captured),
        whole.captured - MIN(offset, whole.captured),
        whole.reported - MIN(offset, whole.reported)
    };
}

ts_span
ts_span_until(ts_span whole, size_t length)
{
    return (ts_span) { whole.data, MIN(length, whole.captured), MIN(length, whole.reported) };
}

/* ---- pseudo-TLS ---- */

static bool
matches(const uint8_t *data, const uint8_t *pattern, size_t length)
{
    return memcmp(data, pattern, length) == 0;
}

/* The same of as many bytes of the pattern as are at hand from offset on. */
static bool
begins(ts_span here, size_t offset, const uint8_t *pattern, size_t length)
{
    const ts_span rest = ts_span_from(here, offset);

    return matches(rest.data, pattern, MIN(rest.captured, length));
}

static const uint8_t client_head[] = { 0x16, 0x03, 0x01, 0x00, 0x2D, 0x01, 0x00, 0x00, 0x29, 0x03, 0x01 };
static const uint8_t server_head[] = { 0x16, 0x03, 0x01, 0x00, 0x4E, 0x02, 0x00, 0x00, 0x46, 0x03, 0x01 };

/* One record with one ClientHello: no session, cipher suite 0x0018 alone, no extensions. */
bool
ts_is_client_hello(const uint8_t *data)
{
    static const uint8_t tail[] = { 0x00, 0x00, 0x02, 0x00, 0x18, 0x01, 0x00 };

    return matches(data, client_head, sizeof client_head) && matches(data + TS_CLIENT_HELLO_LENGTH - sizeof tail, tail, sizeof tail);
}

/* One record with ServerHello (32-byte session, cipher suite 0x0018) and ServerHelloDone. */
bool
ts_is_server_hello(const uint8_t *data)
{
    static const uint8_t tail[] = { 0x00, 0x18, 0x00, 0x0E, 0x00, 0x00, 0x00 };

    return matches(data, server_head, sizeof server_head) && data[43] == 0x20 &&
        matches(data + TS_SERVER_HELLO_LENGTH - sizeof tail, tail, sizeof tail);
}

static ts_pdu
find_handshake(ts_span here)
{
    const uint8_t type = here.captured > 5 ? here.data[5] : 0;
    const size_t length = type == 2 ? TS_SERVER_HELLO_LENGTH : TS_CLIENT_HELLO_LENGTH;

    if (here.captured < 11 && here.captured == here.reported && memcmp(here.data, "\x16\x03\x01", MIN(here.captured, 3)) == 0)
        return more;
    if (here.captured < 11 || here.data[0] != 0x16 || here.data[1] != 0x03 || here.data[2] != 0x01 ||
        ts_get_be16(here.data + 3) + 5u != length)
        return nothing;
    if (here.reported < length)
        return more;
    if (here.captured < length)
        return nothing;
    if (type == 1 && ts_is_client_hello(here.data))
        return (ts_pdu) { TS_PDU_CLIENT_HELLO, length, true, true };
    if (type == 2 && ts_is_server_hello(here.data))
        return (ts_pdu) { TS_PDU_SERVER_HELLO, length, true, true };
    return nothing;
}

/* ---- frames ---- */

/* Could a message or media packet of length bytes begin so? sure where a cookie says it. */
static bool
payload_fits(ts_span payload, size_t length, bool *sure)
{
    const uint8_t *bytes = payload.data;
    const size_t captured = payload.captured;

    *sure = false;
    if (captured == 0)
        return true;
    if ((bytes[0] & 0xC0) == 0x80)
        return length >= 8;
    if (bytes[0] >= 20 && bytes[0] <= 63)
        return length >= 13 && (captured < 2 || bytes[1] == 0xFE);
    if (bytes[0] == 0xFF)
        return length >= TS_MUX_HEADER_LENGTH && (captured < 4 || (ts_get_be16(bytes) == TS_MUX_CHANNEL && ts_get_be16(bytes + 2) + 4u == length));
    if (bytes[0] > 3 || length < TS_STUN_HEADER_LENGTH || (captured >= 4 && ts_get_be16(bytes + 2) + (size_t)TS_STUN_HEADER_LENGTH != length))
        return false;
    *sure = (captured >= 8 && ts_get_be32(bytes + 4) == TS_STUN_COOKIE) || (captured >= 28 && ts_get_be32(bytes + 24) == TS_MS_TURN_COOKIE);
    return true;
}

static ts_pdu
find_control(ts_span here, size_t length)
{
    ts_pdu found = { TS_PDU_CONTROL, TS_FRAME_HEADER_LENGTH + length, false, false };

    found.exact = payload_fits(ts_span_from(here, TS_FRAME_HEADER_LENGTH), length, &found.sure);
    return found;
}

/* The payload has RFC 4571 framing of its own. */
static ts_pdu
find_data(ts_span here, size_t length)
{
    const size_t payload = TS_FRAME_HEADER_LENGTH + TS_RFC4571_HEADER_LENGTH;
    ts_pdu found = { TS_PDU_DATA, TS_FRAME_HEADER_LENGTH + length, false, false };

    if (here.captured < payload)
        found.exact = length >= TS_RFC4571_HEADER_LENGTH;
    else if (ts_get_be16(here.data + 4) + (size_t)TS_RFC4571_HEADER_LENGTH <= length)
        found.exact = payload_fits(ts_span_from(here, payload), ts_get_be16(here.data + 4), &found.sure);
    return found;
}

static ts_pdu
find_mux(ts_span here, size_t length)
{
    ts_pdu found = { TS_PDU_MUX, TS_FRAME_HEADER_LENGTH + length, false, false };

    if (length < 8)
        return nothing;
    found.exact = payload_fits(ts_span_from(here, TS_MUX_HEADER_LENGTH), length - 8, &found.sure);
    return found;
}

static bool
is_bare_message(ts_span here)
{
    return here.captured >= TS_STUN_HEADER_LENGTH + 8 && (here.data[0] & 0xC0) == 0 &&
        ts_get_be16(here.data + 20) == TS_ATTR_MAGIC_COOKIE && ts_get_be32(here.data + 24) == TS_MS_TURN_COOKIE;
}

/* Too few bytes for a frame header: do they fit the start of one? */
static ts_pdu
find_cut_header(ts_span here)
{
    if (here.captured < here.reported || here.captured == 0)
        return nothing;
    if (here.data[0] == 0xFF)
        return here.captured < 2 || here.data[1] == 0x10 ? more : nothing;
    return (here.data[0] == TS_FRAME_CONTROL || here.data[0] == TS_FRAME_DATA) &&
        (here.captured < 2 || here.data[1] == 0) ? more : nothing;
}

ts_pdu
ts_pdu_framed(ts_span here)
{
    if (here.captured > 0 && here.data[0] == 0x16)
        return find_handshake(here);
    if (is_bare_message(here))
        return (ts_pdu) { TS_PDU_MESSAGE, (size_t)TS_STUN_HEADER_LENGTH + ts_get_be16(here.data + 2), true, true };
    if (here.captured < TS_FRAME_HEADER_LENGTH)
        return find_cut_header(here);

    const size_t length = ts_get_be16(here.data + 2);
    ts_pdu found = nothing;
    if (here.data[0] == TS_FRAME_CONTROL)
        found = find_control(here, length);
    else if (here.data[0] == TS_FRAME_DATA)
        found = find_data(here, length);
    else if (ts_get_be16(here.data) == TS_MUX_CHANNEL)
        return find_mux(here, length);

    /* A wrong reserved byte or inner length is told, where the frame holds otherwise. */
    const bool reserved = here.data[1] != 0;
    if (reserved ? !found.sure : !found.exact && found.length != here.reported)
        return nothing;
    return found;
}

ts_pdu
ts_pdu_rfc4571(ts_span here)
{
    ts_pdu found = { .kind = TS_PDU_RFC4571 };

    if (here.captured < TS_RFC4571_HEADER_LENGTH)
        return here.captured < here.reported ? nothing : more;
    found.length = TS_RFC4571_HEADER_LENGTH + (size_t)ts_get_be16(here.data);
    found.exact = found.length == TS_RFC4571_HEADER_LENGTH ||
        payload_fits(ts_span_from(here, TS_RFC4571_HEADER_LENGTH), found.length - TS_RFC4571_HEADER_LENGTH, &found.sure);
    return found.exact ? found : nothing;
}

/* ---- more than one ---- */

size_t
ts_pdu_next(ts_span here, ts_pdu (*find)(ts_span here))
{
    for (size_t skip = 1; skip < here.captured; skip++) {
        const ts_pdu found = find(ts_span_from(here, skip));
        if (found.kind > TS_PDU_MORE && found.sure)
            return skip;
    }
    return here.reported;
}

bool
ts_pdus_fill(ts_span here)
{
    size_t offset = 0;

    while (offset < here.reported) {
        const ts_pdu found = ts_pdu_framed(ts_span_from(here, offset));
        if (found.kind <= TS_PDU_MORE || !found.exact)
            return false;
        offset += found.length;
    }
    return offset == here.reported;
}

/* ---- control frames ---- */

bool
ts_pdu_is_sure_control(ts_span here)
{
    return here.captured >= TS_FRAME_HEADER_LENGTH + TS_STUN_HEADER_LENGTH + 8 && here.data[0] == TS_FRAME_CONTROL &&
        is_bare_message(ts_span_from(here, TS_FRAME_HEADER_LENGTH));
}

/* ---- the start of a stream ---- */

/* A STUN message, of which as much is at hand, that fills the length bytes of its frame. */
static bool
may_begin_message(ts_span here, uint8_t not_in_type, size_t length)
{
    return here.captured < length && length >= TS_STUN_HEADER_LENGTH &&
        (here.captured < 1 || (here.data[0] & not_in_type) == 0) &&
        (here.captured < 4 || ts_get_be16(here.data + 2) + (size_t)TS_STUN_HEADER_LENGTH == length);
}

static bool
may_begin_control(ts_span here)
{
    static const uint8_t head[] = { TS_FRAME_CONTROL, 0 };
    static const uint8_t cookie[] = { 0x00, 0x0F, 0x00, 0x04, 0x72, 0xC6, 0x4B, 0xC6 };

    return begins(here, 0, head, sizeof head) &&
        (here.captured < TS_FRAME_HEADER_LENGTH ||
         may_begin_message(ts_span_from(here, TS_FRAME_HEADER_LENGTH), 0xFC, ts_get_be16(here.data + 2))) &&
        begins(here, TS_FRAME_HEADER_LENGTH + TS_STUN_HEADER_LENGTH, cookie, sizeof cookie);
}

static bool
may_begin_check(ts_span here)
{
    static const uint8_t cookie[] = { 0x21, 0x12, 0xA4, 0x42 };

    /* No check is as long as a datagram may be. */
    return here.data[0] <= 0x05 &&
        (here.captured < TS_RFC4571_HEADER_LENGTH ||
         may_begin_message(ts_span_from(here, TS_RFC4571_HEADER_LENGTH), 0xFE, ts_get_be16(here.data))) &&
        begins(here, TS_RFC4571_HEADER_LENGTH + 4, cookie, sizeof cookie);
}

ts_pdu_kind
ts_stream_may_start(ts_span here)
{
    if (here.captured == 0 || here.captured < here.reported)
        return TS_PDU_NONE;
    if (here.captured < TS_CLIENT_HELLO_LENGTH && begins(here, 0, client_head, sizeof client_head))
        return TS_PDU_CLIENT_HELLO;
    if (here.captured < TS_SERVER_HELLO_LENGTH && begins(here, 0, server_head, sizeof server_head))
        return TS_PDU_SERVER_HELLO;
    if (may_begin_control(here))
        return TS_PDU_CONTROL;
    return may_begin_check(here) ? TS_PDU_RFC4571 : TS_PDU_NONE;
}
