/* front_private.h
 * What front.c offers to front_tcp.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_COMMON_FRONT_PRIVATE_H
#define TEAMSHARK_COMMON_FRONT_PRIVATE_H

#include "common/front.h"

/* A stock dissector on the same bytes; what it throws is shown, not passed on. Returns the bytes taken. */
int ts_front_call_stock(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* "ms_turn" on these bytes, where it is present and enabled. */
void ts_front_annotate_ms_turn(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_front_call *call);

/* Takes the layer that a heuristic adds for our protocol out again. */
void ts_front_drop_own_layer(packet_info *pinfo);

/* Is the address and port an end that an earlier message named, or a published relay? */
bool ts_front_is_known_end(packet_info *pinfo);

/* front_tcp.c, from ts_front_register(). */
void ts_front_tcp_register(int proto_teamshark, int proto_front);

#endif /* TEAMSHARK_COMMON_FRONT_PRIVATE_H */
