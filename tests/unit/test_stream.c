/* test_stream.c
 * What begins in a TCP stream: whole pdus, each begin of one, and what is none
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/stream.h"

#include "exact_buffer.h"

#define TRANSACTION 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12

/* [MS-TURN] 2.1.4 and 2.2: an Allocate Request of nothing but the cookie, in a control frame. */
static const uint8_t control[] = {
    0x02, 0x00, 0x00, 0x1C,
    0x00, 0x03, 0x00, 0x08, 0x21, 0x12, 0xA4, 0x42, TRANSACTION, 0x00, 0x0F, 0x00, 0x04, 0x72, 0xC6, 0x4B, 0xC6
};

/* End-to-end data: a packet of RTP without payload, RFC 4571 framed. */
static const uint8_t data[] = { 0x03, 0x00, 0x00, 0x0E, 0x00, 0x0C, 0x80, 0x68, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2 };

/* [MS-TURN] 2.2.3 with the same packet. */
static const uint8_t mux[] = { 0xFF, 0x10, 0x00, 0x14, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0x68, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2 };

/* RFC 4571: a Binding Request with an attribute of four bytes. */
static const uint8_t check[] = {
    0x00, 0x1C, 0x00, 0x01, 0x00, 0x08, 0x21, 0x12, 0xA4, 0x42, TRANSACTION, 0x80, 0x70, 0x00, 0x04, 0, 0, 0, 3
};

/* [MS-TURN] 2.1.1, times and random bytes zero. */
static const uint8_t client_hello[TS_CLIENT_HELLO_LENGTH] = {
    0x16, 0x03, 0x01, 0x00, 0x2D, 0x01, 0x00, 0x00, 0x29, 0x03, 0x01, [44] = 0x00, 0x02, 0x00, 0x18, 0x01, 0x00
};
static const uint8_t server_hello[TS_SERVER_HELLO_LENGTH] = {
    0x16, 0x03, 0x01, 0x00, 0x4E, 0x02, 0x00, 0x00, 0x46, 0x03, 0x01, [43] = 0x20, [77] = 0x18, 0x00, 0x0E
};

static const struct {
    const char *name;
    const uint8_t *bytes;
    size_t length;
    ts_pdu_kind kind;
    bool sure;
    bool may_begin;             /* a stream, each shorter part of it */
} pdus[] = {
    { "control", control, sizeof control, TS_PDU_CONTROL, true, true },
    { "data", data, sizeof data, TS_PDU_DATA, false, false },
    { "mux", mux, sizeof mux, TS_PDU_MUX, false, false },
    { "client hello", client_hello, sizeof client_hello, TS_PDU_CLIENT_HELLO, true, true },
    { "server hello", server_hello, sizeof server_hello, TS_PDU_SERVER_HELLO, true, true },
};

static ts_span
span(const uint8_t *bytes, size_t captured, size_t reported)
{
    return (ts_span) { bytes, captured, reported };
}

static void
test_whole_pdus(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pdus); i++) {
        uint8_t *bytes = exact_copy(pdus[i].bytes, pdus[i].length);
        const ts_pdu found = ts_pdu_framed(span(bytes, pdus[i].length, pdus[i].length));

        g_test_message("%s", pdus[i].name);
        g_assert_cmpint(found.kind, ==, pdus[i].kind);
        g_assert_cmpuint(found.length, ==, pdus[i].length);
        g_assert_true(found.exact);
        g_assert_cmpint(found.sure, ==, pdus[i].sure);
        g_assert_cmpint(ts_stream_may_start(span(bytes, pdus[i].length, pdus[i].length)), ==, TS_PDU_NONE);
        free(bytes);
    }
}

/* A part never is another unit, and asks for neither less nor more than what is missing. */
static void
test_each_begin_of_a_unit(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pdus); i++) {
        for (size_t length = 1; length < pdus[i].length; length++) {
            uint8_t *bytes = exact_copy(pdus[i].bytes, length);
            const ts_pdu found = ts_pdu_framed(span(bytes, length, length));

            g_test_message("%s, %zu bytes", pdus[i].name, length);
            g_assert_true(found.kind == TS_PDU_MORE || found.kind == pdus[i].kind);
            if (found.kind == pdus[i].kind)
                g_assert_cmpuint(found.length, ==, pdus[i].length);
            if (pdus[i].may_begin)
                g_assert_cmpint(ts_stream_may_start(span(bytes, length, length)), !=, TS_PDU_NONE);
            /* Cut by the capture: nothing that comes later belongs to it. */
            g_assert_cmpint(ts_stream_may_start(span(bytes, length, length + 1)), ==, TS_PDU_NONE);
            free(bytes);
        }
    }
}

static void
test_each_begin_of_a_check(void)
{
    for (size_t length = 1; length < sizeof check; length++) {
        uint8_t *bytes = exact_copy(check, length);

        g_assert_cmpint(ts_stream_may_start(span(bytes, length, length)), ==, TS_PDU_RFC4571);
        free(bytes);
    }
    g_assert_cmpint(ts_stream_may_start(span(check, sizeof check, sizeof check)), ==, TS_PDU_NONE);

    const ts_pdu found = ts_pdu_rfc4571(span(check, sizeof check, sizeof check));
    g_assert_cmpint(found.kind, ==, TS_PDU_RFC4571);
    g_assert_cmpuint(found.length, ==, sizeof check);
    g_assert_true(found.sure);
}

/* One wrong byte anywhere in what is fixed, and it may not become ours. */
static void
test_near_misses(void)
{
    static const size_t fixed[] = { 0, 1, 2, 3, 6, 7, 24, 25, 26, 27, 28, 29, 30 };

    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++) {
        uint8_t *bytes = exact_copy(control, sizeof control - 1);

        bytes[fixed[i]] ^= 0x40;
        g_test_message("byte %zu", fixed[i]);
        g_assert_cmpint(ts_stream_may_start(span(bytes, sizeof control - 1, sizeof control - 1)), ==, TS_PDU_NONE);
        free(bytes);
    }
}

static void
test_the_next_unit(void)
{
    uint8_t bytes[7 + sizeof data + sizeof control];
    const ts_span whole = { bytes, sizeof bytes, sizeof bytes };

    memset(bytes, 0x55, 7);
    memcpy(bytes + 7, data, sizeof data);
    memcpy(bytes + 7 + sizeof data, control, sizeof control);
    g_assert_cmpuint(ts_pdu_next(whole, ts_pdu_framed), ==, 7 + sizeof data);
    g_assert_cmpuint(ts_pdu_next(ts_span_until(whole, 20), ts_pdu_framed), ==, 20);
    g_assert_true(ts_pdus_fill(ts_span_from(whole, 7)));
    g_assert_false(ts_pdus_fill(ts_span_from(whole, 8)));
    g_assert_false(ts_pdus_fill(ts_span_until(ts_span_from(whole, 7), sizeof data + 9)));
    g_assert_true(ts_pdu_is_sure_control(ts_span_from(whole, 7 + sizeof data)));
    g_assert_false(ts_pdu_is_sure_control(ts_span_from(whole, 7)));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream/whole-pdus", test_whole_pdus);
    g_test_add_func("/stream/each-begin-of-a-unit", test_each_begin_of_a_unit);
    g_test_add_func("/stream/each-begin-of-a-check", test_each_begin_of_a_check);
    g_test_add_func("/stream/near-misses", test_near_misses);
    g_test_add_func("/stream/the-next-unit", test_the_next_unit);
    return g_test_run();
}
