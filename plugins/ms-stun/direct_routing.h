/* direct_routing.h
 * Media between a session border controller and Microsoft's media processors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_MS_STUN_DIRECT_ROUTING_H
#define TEAMSHARK_MS_STUN_DIRECT_ROUTING_H

#include "demux.h"

/* Which end of a frame is a media processor of Direct Routing. */
typedef enum {
    TS_PROCESSOR_NONE,
    TS_PROCESSOR_SOURCE,
    TS_PROCESSOR_DESTINATION
} ts_processor_end;

/* What is known goes with the file. */
void ts_direct_routing_register(void);

/* Reads the frame's names; after the postdissectors of all plugins that leave them. */
void ts_direct_routing_names(packet_info *pinfo, proto_tree *tree);

/*
 * Is this datagram, of which nothing else is known, media of Direct Routing?
 * From the packet on that makes it sure, whose flow is then Microsoft's. First pass only.
 */
bool ts_direct_routing_begins(packet_info *pinfo, const ts_payload *payload, const uint8_t *data, size_t captured, size_t reported);

/* Media of a flow that is ours already: which of its ends is a media processor, if it is Direct Routing at this frame. */
ts_processor_end ts_direct_routing_follow(packet_info *pinfo, ts_flow *flow, bool rtp);

#endif /* TEAMSHARK_MS_STUN_DIRECT_ROUTING_H */
