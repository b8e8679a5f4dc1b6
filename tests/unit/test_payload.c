/* test_payload.c
 * Recognition of datagrams from their bytes: whole, cut, short, long and wrong
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/payload.h"

#include "exact_buffer.h"

#define TRANSACTION 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
#define MAGIC       0x21, 0x12, 0xA4, 0x42

/* [MS-TURN] 2.2: Allocate request, cookie first, a user name of three bytes, no padding. */
static const uint8_t allocate[] = {
    0x00, 0x03, 0x00, 0x0F, 0xAA, 0xBB, 0xCC, 0xDD, TRANSACTION,
    0x00, 0x0F, 0x00, 0x04, 0x72, 0xC6, 0x4B, 0xC6,
    0x00, 0x06, 0x00, 0x03, 'a', 'b', 'c'
};

/* The same by a peer that pads to four bytes. */
static const uint8_t allocate_padded[] = {
    0x00, 0x03, 0x00, 0x10, 0xAA, 0xBB, 0xCC, 0xDD, TRANSACTION,
    0x00, 0x0F, 0x00, 0x04, 0x72, 0xC6, 0x4B, 0xC6,
    0x00, 0x06, 0x00, 0x03, 'a', 'b', 'c', 0x00
};

/* RFC 8489: Binding request with [MS-ICE2]'s implementation version. */
static const uint8_t binding[] = {
    0x00, 0x01, 0x00, 0x10, MAGIC, TRANSACTION,
    0x80, 0x70, 0x00, 0x04, 0x00, 0x00, 0x00, 0x02,
    0x00, 0x24, 0x00, 0x04, 0x6E, 0x00, 0x1E, 0xFF
};

/* RFC 8489 from anybody: nothing of Microsoft's in it. */
static const uint8_t binding_plain[] = {
    0x00, 0x01, 0x00, 0x08, MAGIC, TRANSACTION,
    0x00, 0x24, 0x00, 0x04, 0x6E, 0x00, 0x1E, 0xFF
};

static const uint8_t binding_empty[] = { 0x00, 0x01, 0x00, 0x00, MAGIC, TRANSACTION };

/* [MS-TURN] 2.2.3: multiplexed session, length over identifier and payload. */
static const uint8_t mux[] = { 0xFF, 0x10, 0x00, 0x0A, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0x60 };

/* RFC 8656 12.4 */
static const uint8_t channel[] = { 0x40, 0x00, 0x00, 0x03, 'a', 'b', 'c' };
static const uint8_t channel_padded[] = { 0x40, 0x00, 0x00, 0x03, 'a', 'b', 'c', 0x00 };

/* RFC 3550 */
static const uint8_t rtp[] = { 0x80, 0x68, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2 };
static const uint8_t rtcp[] = { 0x80, 0xC8, 0, 6, 0, 0, 0, 1 };

/* RFC 9147 4 */
static const uint8_t dtls[] = { 0x16, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

static const uint8_t acknowledgement[] = "\x03" "0123abcd-4567-89AB-cdef-0123456789ab";
static const uint8_t flightproxy[17] = { 0x06 };

static const struct {
    const char *what;
    const uint8_t *bytes;
    size_t length;
    ts_payload_kind kind;
    bool padded, walk_exact, ms_attribute;
} messages[] = {
    { "allocate", allocate, sizeof allocate, TS_PAYLOAD_MS_TURN, false, true, true },
    { "allocate, padded", allocate_padded, sizeof allocate_padded, TS_PAYLOAD_MS_TURN, true, true, true },
    { "binding", binding, sizeof binding, TS_PAYLOAD_STUN, true, true, true },
    { "plain binding", binding_plain, sizeof binding_plain, TS_PAYLOAD_STUN, true, true, false },
    { "empty binding", binding_empty, sizeof binding_empty, TS_PAYLOAD_STUN, true, true, false },
    { "mux", mux, sizeof mux, TS_PAYLOAD_MUX, false, false, false },
    { "channel", channel, sizeof channel, TS_PAYLOAD_CHANNEL_DATA, false, false, false },
    { "channel, padded", channel_padded, sizeof channel_padded, TS_PAYLOAD_CHANNEL_DATA, false, false, false },
    { "rtp", rtp, sizeof rtp, TS_PAYLOAD_RTP, false, false, false },
    { "rtcp", rtcp, sizeof rtcp, TS_PAYLOAD_RTCP, false, false, false },
    { "dtls", dtls, sizeof dtls, TS_PAYLOAD_DTLS, false, false, false },
    { "acknowledgement", acknowledgement, 37, TS_PAYLOAD_FLIGHTPROXY_ACK, false, false, false },
    { "flightproxy", flightproxy, sizeof flightproxy, TS_PAYLOAD_FLIGHTPROXY_DATA, false, false, false }
};

static ts_payload
recognise(const void *bytes, size_t captured, size_t reported)
{
    uint8_t *copy = exact_copy(bytes, captured);
    const ts_payload payload = ts_payload_recognise(copy, captured, reported);

    free(copy);
    return payload;
}

static void
test_kinds(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        const ts_payload payload = recognise(messages[i].bytes, messages[i].length, messages[i].length);

        g_test_message("%s", messages[i].what);
        g_assert_cmpint(payload.kind, ==, messages[i].kind);
        g_assert_cmpint(payload.padded, ==, messages[i].padded);
        g_assert_cmpint(payload.walk_exact, ==, messages[i].walk_exact);
        g_assert_cmpint(payload.ms_attribute, ==, messages[i].ms_attribute);
    }
}

static void
test_header_fields(void)
{
    ts_payload payload = recognise(allocate, sizeof allocate, sizeof allocate);

    g_assert_cmphex(payload.type, ==, 0x0003);
    g_assert_cmpuint(payload.length, ==, 15);
    g_assert_false(payload.header_cookie);
    payload = recognise(binding, sizeof binding, sizeof binding);
    g_assert_true(payload.header_cookie);
    payload = recognise(mux, sizeof mux, sizeof mux);
    g_assert_cmphex(payload.type, ==, TS_MUX_CHANNEL);
    g_assert_cmpuint(payload.length, ==, 10);
    payload = recognise(channel, sizeof channel, sizeof channel);
    g_assert_cmphex(payload.type, ==, 0x4000);
}

/* A snapshot length cuts anywhere: the same or less is seen, and nothing beyond the cut is read. */
static void
test_cut_captures(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        for (size_t captured = 0; captured < messages[i].length; captured++) {
            const ts_payload payload = recognise(messages[i].bytes, captured, messages[i].length);

            g_test_message("%s cut to %zu", messages[i].what, captured);
            g_assert_true(payload.kind == messages[i].kind || payload.kind == TS_PAYLOAD_OTHER ||
                          (messages[i].kind == TS_PAYLOAD_RTCP && payload.kind == TS_PAYLOAD_RTP));
        }
    }
}

/* The length field must fit what was on the wire: without other proof, shorter or longer messages are something else. */
static void
test_other_lengths(void)
{
    uint8_t bytes[64];

    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        if (messages[i].kind > TS_PAYLOAD_CHANNEL_DATA)
            continue;
        memset(bytes, 0x5A, sizeof bytes);
        memcpy(bytes, messages[i].bytes, messages[i].length);
        for (size_t length = 0; length < sizeof bytes; length++) {
            const ts_payload payload = recognise(bytes, length, length);
            const bool padded_channel = messages[i].kind == TS_PAYLOAD_CHANNEL_DATA && (length == 7 || length == 8);

            /* A check whose end is missing is still Microsoft's by its attribute, but not whole. */
            const bool short_check = payload.kind == TS_PAYLOAD_STUN && payload.ms_attribute && length < messages[i].length;

            /* So is TURN with its cookie, whatever the length says. */
            const bool cookie = messages[i].kind == TS_PAYLOAD_MS_TURN && length >= TS_STUN_HEADER_LENGTH + 8;

            g_test_message("%s of %zu bytes", messages[i].what, length);
            if (cookie)
                g_assert_cmpint(payload.kind, ==, TS_PAYLOAD_MS_TURN);
            else if (short_check)
                g_assert_false(payload.walk_exact);
            else if (length != messages[i].length && !padded_channel)
                g_assert_cmpint(payload.kind, ==, TS_PAYLOAD_OTHER);
        }
    }
}

static void
test_wrong_bytes(void)
{
    uint8_t bytes[64];

    /* No cookie of either kind: not ours to claim. */
    memcpy(bytes, allocate, sizeof allocate);
    bytes[24] = 0;
    g_assert_cmpint(recognise(bytes, sizeof allocate, sizeof allocate).kind, ==, TS_PAYLOAD_OTHER);
    /* The cookie's attribute with another length. */
    memcpy(bytes, allocate, sizeof allocate);
    bytes[23] = 5;
    g_assert_cmpint(recognise(bytes, sizeof allocate, sizeof allocate).kind, ==, TS_PAYLOAD_OTHER);
    /* An FF10 header that has no room for its identifier. */
    memcpy(bytes, mux, sizeof mux);
    bytes[3] = 7;
    g_assert_cmpint(recognise(bytes, 11, 11).kind, ==, TS_PAYLOAD_OTHER);
    g_assert_cmpint(recognise(bytes, 12, 12).kind, ==, TS_PAYLOAD_OTHER);
    /* RFC 8656 keeps channels 0x5000 and up for others. */
    memcpy(bytes, channel, sizeof channel);
    bytes[0] = 0x50;
    g_assert_cmpint(recognise(bytes, sizeof channel, sizeof channel).kind, ==, TS_PAYLOAD_OTHER);
    /* A GUID with a wrong digit or dash. */
    memcpy(bytes, acknowledgement, 37);
    bytes[36] = 'g';
    g_assert_cmpint(recognise(bytes, 37, 37).kind, ==, TS_PAYLOAD_OTHER);
    memcpy(bytes, acknowledgement, 37);
    bytes[9] = '0';
    g_assert_cmpint(recognise(bytes, 37, 37).kind, ==, TS_PAYLOAD_OTHER);
    g_assert_cmpint(recognise("", 0, 0).kind, ==, TS_PAYLOAD_OTHER);
    g_assert_cmpint(recognise("", 0, 1000).kind, ==, TS_PAYLOAD_OTHER);
}

static void
test_walk(void)
{
    ts_tlv_walk walk;
    ts_tlv tlv;

    ts_tlv_walk_init(&walk, allocate, sizeof allocate, false);
    g_assert_true(ts_tlv_next(&walk, &tlv));
    g_assert_cmphex(tlv.type, ==, 0x000F);
    g_assert_cmpuint(tlv.offset, ==, 20);
    g_assert_cmpuint(tlv.available, ==, 4);
    g_assert_true(ts_tlv_next(&walk, &tlv));
    g_assert_cmphex(tlv.type, ==, 0x0006);
    g_assert_cmpuint(tlv.length, ==, 3);
    g_assert_cmpmem(tlv.value, tlv.available, "abc", 3);
    g_assert_false(ts_tlv_next(&walk, &tlv));
    g_assert_cmpuint(walk.offset, ==, walk.end);
    g_assert_true(ts_tlv_find(binding, sizeof binding, true, 0x0024, &tlv));
    g_assert_cmpuint(tlv.offset, ==, 28);
    g_assert_false(ts_tlv_find(binding, sizeof binding, true, 0x0025, &tlv));
}

/* An attribute that claims more than the message has is shown as far as it goes. */
static void
test_overrun(void)
{
    uint8_t bytes[sizeof binding];
    ts_tlv_walk walk;
    ts_tlv tlv;

    memcpy(bytes, binding, sizeof bytes);
    bytes[22] = 0xFF;
    bytes[23] = 0xFF;
    uint8_t *copy = exact_copy(bytes, sizeof bytes);
    ts_tlv_walk_init(&walk, copy, sizeof bytes, true);
    g_assert_true(ts_tlv_next(&walk, &tlv));
    g_assert_cmpuint(tlv.length, ==, 0xFFFF);
    g_assert_cmpuint(tlv.available, ==, sizeof bytes - 24);
    g_assert_false(ts_tlv_next(&walk, &tlv));
    g_assert_false(ts_payload_recognise(copy, sizeof bytes, sizeof bytes).walk_exact);
    free(copy);
}

static void
walk_all(const uint8_t *bytes, size_t captured, bool padded)
{
    uint8_t *copy = exact_copy(bytes, captured);
    ts_tlv_walk walk;
    ts_tlv tlv;
    unsigned count = 0, sum = 0;

    ts_tlv_walk_init(&walk, copy, captured, padded);
    while (ts_tlv_next(&walk, &tlv)) {
        g_assert_cmpuint(tlv.available, <=, tlv.length);
        g_assert_true(tlv.value + tlv.available <= copy + captured);
        for (size_t i = 0; i < tlv.available; i++)
            sum += tlv.value[i];
        g_assert_cmpuint(++count, <=, captured);
    }
    g_assert_cmpuint(sum, <=, 255 * captured);
    free(copy);
}

static void
test_walk_cut(void)
{
    for (size_t captured = 0; captured <= sizeof binding; captured++) {
        walk_all(binding, captured, true);
        walk_all(binding, captured, false);
        walk_all(allocate, MIN(captured, sizeof allocate), false);
        walk_all(allocate_padded, MIN(captured, sizeof allocate_padded), true);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/kinds", test_kinds);
    g_test_add_func("/wire/header-fields", test_header_fields);
    g_test_add_func("/wire/cut-captures", test_cut_captures);
    g_test_add_func("/wire/other-lengths", test_other_lengths);
    g_test_add_func("/wire/wrong-bytes", test_wrong_bytes);
    g_test_add_func("/wire/walk", test_walk);
    g_test_add_func("/wire/overrun", test_overrun);
    g_test_add_func("/wire/walk-cut", test_walk_cut);
    return g_test_run();
}
