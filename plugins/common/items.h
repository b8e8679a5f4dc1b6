/* items.h
 * Generated items: what is known of a frame, but not from its bytes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_COMMON_ITEMS_H
#define TEAMSHARK_COMMON_ITEMS_H

#include "common/ws_compat.h"

static inline void
ts_add_text(tvbuff_t *tvb, proto_tree *tree, int hf, const char *text)
{
    proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, 0, 0, text));
}

static inline void
ts_add_flag(tvbuff_t *tvb, proto_tree *tree, int hf)
{
    proto_item_set_generated(proto_tree_add_boolean(tree, hf, tvb, 0, 0, 1));
}

/* FT_FRAMENUM or a number that begins with 1; nothing where it is 0. */
static inline void
ts_add_number(tvbuff_t *tvb, proto_tree *tree, int hf, uint32_t number)
{
    if (number != 0)
        proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, number));
}

#endif /* TEAMSHARK_COMMON_ITEMS_H */
