/* icmp_error.h
 * Frames that only quote what was sent before
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_COMMON_ICMP_ERROR_H
#define TEAMSHARK_COMMON_ICMP_ERROR_H

#include "common/frame_info.h"

/* Is there ICMP or ICMPv6 in the frame? For postdissectors: below ICMP, pinfo->flags.in_error_pkt tells. */
bool ts_frame_has_icmp(const packet_info *pinfo);

/* A Destination Unreachable; addresses point into the frame. */
typedef struct {
    const char *text;           /* "port unreachable" */
    ts_endpoint source;         /* of what was refused */
    ts_endpoint destination;
} ts_icmp_refusal;

/* Does the frame refuse a datagram (PT_UDP) or segment (PT_TCP)? tvb is the whole frame. */
bool ts_icmp_refusal_read(tvbuff_t *tvb, const packet_info *pinfo, port_type ptype, ts_icmp_refusal *refusal);

#endif /* TEAMSHARK_COMMON_ICMP_ERROR_H */
