/* icmp_error.h
 * Frames that only quote what was sent before
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_COMMON_ICMP_ERROR_H
#define TEAMSHARK_COMMON_ICMP_ERROR_H

#include "common/ws_compat.h"

/* Is there ICMP or ICMPv6 in the frame? For postdissectors: below ICMP, pinfo->flags.in_error_pkt tells. */
bool ts_frame_has_icmp(const packet_info *pinfo);

#endif /* TEAMSHARK_COMMON_ICMP_ERROR_H */
