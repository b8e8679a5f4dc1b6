/* assign_frame.h
 * Is a frame Teams or Skype traffic, and on what evidence?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_ASSIGN_FRAME_H
#define TEAMSHARK_TEAMS_ASSIGN_FRAME_H

#include "session/model.h"

/*
 * First pass: what the frame is, or NULL where nothing proves it to be ours.
 * Updates the model; what it returns is file scope.
 */
const teams_frame_info *teams_assign_frame(packet_info *pinfo);

/*
 * The published prefix that one end of a web connection is in, where others
 * than Teams answer in it, too; NULL for other frames. Says whose network it
 * is, and no more.
 */
const char *teams_shared_prefix(const packet_info *pinfo);

/*
 * First pass: the info of an ICMP or ICMPv6 Destination Unreachable about what
 * a client sent over UDP on a known flow, its diagnostic noted on the frame;
 * NULL for every other frame. tvb is the whole frame.
 */
const teams_frame_info *teams_refusal_info(tvbuff_t *tvb, packet_info *pinfo);

#endif /* TEAMSHARK_TEAMS_ASSIGN_FRAME_H */
