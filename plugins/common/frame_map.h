/* frame_map.h
 * What is kept of each frame, by its number, until the file is closed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For what most frames of a kind have. It takes as much memory as p_add_proto_data() in file scope, and is freed with the
 * file even where a program does not free what it keeps of its frames, as sharkd does not.
 */

#ifndef TEAMSHARK_COMMON_FRAME_MAP_H
#define TEAMSHARK_COMMON_FRAME_MAP_H

#include "common/ws_compat.h"

/* At registration. */
static inline wmem_map_t *
ts_frame_map_new(void)
{
    return wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
}

/* value in file scope. */
static inline void
ts_frame_map_keep(wmem_map_t *map, const packet_info *pinfo, const void *value)
{
    wmem_map_insert(map, GUINT_TO_POINTER(pinfo->num), (void *)value);
}

/* NULL where nothing was kept. */
static inline void *
ts_frame_map_get(wmem_map_t *map, const packet_info *pinfo)
{
    return wmem_map_lookup(map, GUINT_TO_POINTER(pinfo->num));
}

#endif /* TEAMSHARK_COMMON_FRAME_MAP_H */
