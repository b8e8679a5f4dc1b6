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
} ts_stretch;

typedef enum {
    TS_UNIT_NONE,           /* nothing of ours begins here */
    TS_UNIT_MORE,           /* too few bytes to tell, and nothing against it */
    TS_UNIT_CONTROL,        /* MS framing: a TURN message */
    TS_UNIT_DATA,           /* MS framing: end-to-end data, RFC 4571 framed */
    TS_UNIT_MUX,
    TS_UNIT_MESSAGE,        /* an MS-TURN message without frame (observed of test clients) */
    TS_UNIT_CLIENT_HELLO,
    TS_UNIT_SERVER_HELLO,
    TS_UNIT_RFC4571
} ts_unit_kind;

typedef struct {
    ts_unit_kind kind;
    size_t length;          /* bytes, header included; 0 for NONE and MORE */
    bool sure;              /* what is inside leaves no doubt */
    bool exact;             /* lengths within it fit */
} ts_unit;

/* What is left from offset on; empty beyond the end. */
ts_stretch ts_stretch_from(ts_stretch whole, size_t offset);

/* The same, but for what lies behind length bytes. */
ts_stretch ts_stretch_until(ts_stretch whole, size_t length);

/* The two halves of the pseudo-TLS handshake; data has at least TS_x_HELLO_LENGTH bytes. */
bool ts_is_client_hello(const uint8_t *data);
bool ts_is_server_hello(const uint8_t *data);

/* What begins here in a stream with MS framing. */
ts_unit ts_unit_framed(ts_stretch here);

/* What begins here in a stream of RFC 4571 frames. */
ts_unit ts_unit_rfc4571(ts_stretch here);

/* Bytes to skip to the next unit that leaves no doubt, at least one; all where there is none. */
size_t ts_unit_next(ts_stretch here, ts_unit (*find)(ts_stretch here));

/* Does it consist of units with MS framing throughout, the last one ending with it? */
bool ts_units_fill(ts_stretch here);

/* A control frame with the MS-TURN cookie where it belongs. */
bool ts_unit_is_sure_control(ts_stretch here);

/*
 * What these bytes may begin, where nothing is known of a stream and its
 * first unit is not whole yet: TS_UNIT_CONTROL, TS_UNIT_RFC4571 (with a
 * check in it), a hello, or TS_UNIT_NONE, as for what the capture cut.
 */
ts_unit_kind ts_stream_may_begin(ts_stretch here);

#endif /* TEAMSHARK_CORE_STREAM_H */
