/* stream.h
 * What begins at some place of a TCP stream: MS framing, FF10, RFC 4571, pseudo-TLS
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-TURN] 2.1.1 (pseudo-TLS), 2.1.4 (framing), 2.2.3
 * (multiplexed TURN); RFC 4571 and RFC 6544 (ICE over TCP).
 */

#ifndef TEAMSHARK_CORE_STREAM_H
#define TEAMSHARK_CORE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_FRAME_HEADER_LENGTH      4
#define TS_RFC4571_HEADER_LENGTH    2
#define TS_CLIENT_HELLO_LENGTH      50
#define TS_SERVER_HELLO_LENGTH      83

/* Bytes of a stream at hand; captured < reported in a capture with a snapshot length. */
typedef struct {
    const uint8_t *data;
    size_t captured;
    size_t reported;
} ts_span;

typedef enum {
    TS_PDU_NONE,           /* nothing of ours begins here */
    TS_PDU_MORE,           /* too few bytes to tell, and nothing against it */
    TS_PDU_CONTROL,        /* MS framing: a TURN message */
    TS_PDU_DATA,           /* MS framing: end-to-end data, RFC 4571 framed */
    TS_PDU_MUX,
    TS_PDU_MESSAGE,        /* an MS-TURN message without frame (observed of test clients) */
    TS_PDU_CLIENT_HELLO,
    TS_PDU_SERVER_HELLO,
    TS_PDU_RFC4571
} ts_pdu_kind;

typedef struct {
    ts_pdu_kind kind;
    size_t length;          /* bytes, header included; 0 for NONE and MORE */
    bool sure;              /* what is inside leaves no doubt */
    bool exact;             /* lengths within it fit */
} ts_pdu;

/* What is left from offset on; empty beyond the end. */
ts_span ts_span_from(ts_span whole, size_t offset);

/* The same, but for what lies behind length bytes. */
ts_span ts_span_until(ts_span whole, size_t length);

/* The two halves of the pseudo-TLS handshake; data has at least TS_x_HELLO_LENGTH bytes. */
bool ts_is_client_hello(const uint8_t *data);
bool ts_is_server_hello(const uint8_t *data);

/* What begins here in a stream with MS framing. */
ts_pdu ts_pdu_framed(ts_span here);

/* What begins here in a stream of RFC 4571 frames. */
ts_pdu ts_pdu_rfc4571(ts_span here);

/* Bytes to skip to the next PDU that leaves no doubt, at least one; all where there is none. */
size_t ts_pdu_next(ts_span here, ts_pdu (*find)(ts_span here));

/* Does it consist of PDUs with MS framing throughout, the last one ending with it? */
bool ts_pdus_fill(ts_span here);

/* A control frame with the MS-TURN cookie where it belongs. */
bool ts_pdu_is_sure_control(ts_span here);

/*
 * What these bytes may begin, where nothing is known of a stream and its
 * first PDU is not whole yet: TS_PDU_CONTROL, TS_PDU_RFC4571 (with a
 * check in it), a hello, or TS_PDU_NONE, as for what the capture cut.
 */
ts_pdu_kind ts_stream_may_start(ts_span here);

#endif /* TEAMSHARK_CORE_STREAM_H */
