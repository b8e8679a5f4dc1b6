/* relay_peer.h
 * Where a relay passes on what has no TURN header around it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * [MS-TURN] 3.2.5.3: after Set Active Destination the client sends payloads
 * for that peer as they are, and gets the peer's as they are.
 */

#ifndef TEAMSHARK_MS_STUN_RELAY_PEER_H
#define TEAMSHARK_MS_STUN_RELAY_PEER_H

#include "demux.h"

/* File scope, never changed. */
typedef struct {
    ts_endpoint client;         /* whose relay it is */
    ts_endpoint peer;
} ts_relay_peer;

/* From this frame on, plain payloads between client and relay are the peer's. First pass only; copies both ends. */
void ts_relay_peer_set(ts_flow *flow, const packet_info *pinfo, const ts_endpoint *client, const ts_endpoint *peer);

/* With whom the relay connects the flow at this frame, or NULL. */
const ts_relay_peer *ts_relay_peer_at(const ts_flow *flow, const packet_info *pinfo);

#endif /* TEAMSHARK_MS_STUN_RELAY_PEER_H */
