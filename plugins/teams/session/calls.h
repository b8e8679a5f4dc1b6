/* calls.h
 * Which call a frame belongs to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A call gathers what one client does with relays, checks and media from one
 * start to its end. A frame belongs, in this order, to the call
 *   - of its local socket, its allocation, its candidate pair or its flow,
 *     where that call is open (used in the last 30 seconds),
 *   - that the client has open and that call_sockets.h finds the socket to be part of,
 *     or that nothing speaks against: one with the same remote end first; not a
 *     call that is established, where neither modality nor remote end is known
 *     to fit it, or that has had media and has none any more,
 * and otherwise begins a new one. What a new socket asks a relay, or a connection to
 * one carries, while a call of its client goes on is of no call, unless the socket is known to be part of one
 * or of none of them: its checks or its media tell, and reports add it then. Until it is established, a socket leaves a
 * call, for another or for one of its own, when something new about one of the client's
 * sockets shows that it is not part of it. Where a stream of RTP goes on over another socket (its SSRC,
 * numbers and timestamps do), that socket is of the stream's call, whatever else
 * speaks against it. What a frame was given stays.
 */

#ifndef TEAMSHARK_TEAMS_CALLS_H
#define TEAMSHARK_TEAMS_CALLS_H

#include "session/call_sockets.h"

#define TEAMS_CALL_GAP 30.0     /* seconds without any frame: the call is over */

/* What a frame says of the call it belongs to. */
typedef struct {
    uint32_t allocation;        /* 0: none */
    uint32_t pair;
    bool relay;                 /* to or from one, whatever it carries */
    bool media;
    const ts_media_info *rtp;   /* of its one packet; NULL */
    bool from_client;           /* of that */
    teams_socket_key socket;
} teams_call_key;

/* First pass only. NULL: of which call the frame is cannot be told yet. */
teams_call *teams_call_of(teams_model *model, packet_info *pinfo, teams_flow *flow, const teams_call_key *key);

/* The call of the client that a signalling frame belongs to, NULL where none is open. */
teams_call *teams_call_open(const packet_info *pinfo, const teams_client *client);

#endif /* TEAMSHARK_TEAMS_CALLS_H */
