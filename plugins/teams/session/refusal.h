/* refusal.h
 * ICMP errors about datagrams of known flows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What an error quotes was sent before and is no traffic; but that the
 * network refused it is the best evidence of a blocked port or a peer that
 * is gone.
 */

#ifndef TEAMSHARK_TEAMS_REFUSAL_H
#define TEAMSHARK_TEAMS_REFUSAL_H

#include "session/model.h"

/*
 * First pass: the info of an ICMP or ICMPv6 Destination Unreachable about what
 * a client sent over UDP on a known flow, its diagnostic noted on the frame;
 * NULL for every other frame. tvb is the whole frame.
 */
const teams_frame_info *teams_refusal_info(tvbuff_t *tvb, packet_info *pinfo);

#endif /* TEAMSHARK_TEAMS_REFUSAL_H */
