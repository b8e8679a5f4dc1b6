/* icmp_error.c
 * Frames that only quote what was sent before
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/icmp_error.h"

/* Asked of every frame: by id, which proto_is_frame_protocol() has to find by name in each layer. */
bool
ts_frame_has_icmp(const packet_info *pinfo)
{
    static int icmp, icmpv6;

    if (icmp == 0) {
        icmp = proto_get_id_by_filter_name("icmp");
        icmpv6 = proto_get_id_by_filter_name("icmpv6");
    }
    for (wmem_list_frame_t *layer = wmem_list_head(pinfo->layers); layer != NULL; layer = wmem_list_frame_next(layer)) {
        const int proto = GPOINTER_TO_INT(wmem_list_frame_data(layer));

        if (proto == icmp || proto == icmpv6)
            return true;
    }
    return false;
}
