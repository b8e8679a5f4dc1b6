/* items.h
 * Generated items: what is known of a frame, but not from its bytes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_COMMON_ITEMS_H
#define TEAMSHARK_COMMON_ITEMS_H

#include <string.h>

#include "common/frame_info.h"

/*
 * A postdissector is called in the name of a part of its protocol, for which Wireshark counts no layer: that costs each
 * frame, ours or not. What it adds to the frame is its protocol's, as if it had been called by that.
 */
static inline void
ts_act_as(packet_info *pinfo, const char *protocol)
{
    pinfo->current_proto = protocol;
    pinfo->curr_proto_layer_num = 1;
}

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

/*
 * The protocol's item, of frames that are the bulk of a call. Its title, prefix and text, is also the
 * value of the protocol, which is written only where a column, a filter or an output asks for that.
 * Where nobody asks for the protocol or a field of it, the item is there, but nobody reads its title.
 */
static inline proto_item *
ts_add_protocol(tvbuff_t *tvb, proto_tree *tree, int proto, int length, const char *prefix, const char *text)
{
    if (proto_registrar_get_nth((unsigned)proto)->ref_type == HF_REF_TYPE_DIRECT)
        return proto_tree_add_protocol_format(tree, proto, tvb, 0, length, "%s%s", prefix, text);
    proto_item *item = proto_tree_add_item(tree, proto, tvb, 0, length, ENC_NA);

    if (proto_field_is_referenced(tree, proto))
        proto_item_set_text(item, "%s%s", prefix, text);
    return item;
}

/* FT_FRAMENUM or a number that begins with 1; nothing where it is 0. */
static inline void
ts_add_number(tvbuff_t *tvb, proto_tree *tree, int hf, uint32_t number)
{
    if (number != 0)
        proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, number));
}

/* Address and port in fields of their types: address for IPv4, ipv6 for IPv6. Nothing where it is not known. */
static inline void
ts_add_endpoint(tvbuff_t *tvb, proto_tree *tree, int address, int ipv6, int port, const ts_endpoint *end)
{
    if (end->addr.type == AT_IPv4) {
        ws_in4_addr value;

        memcpy(&value, end->addr.data, sizeof value);
        proto_item_set_generated(proto_tree_add_ipv4(tree, address, tvb, 0, 0, value));
    } else if (end->addr.type == AT_IPv6)
        proto_item_set_generated(proto_tree_add_ipv6(tree, ipv6, tvb, 0, 0, (const ws_in6_addr *)end->addr.data));
    else
        return;
    proto_item_set_generated(proto_tree_add_uint(tree, port, tvb, 0, 0, end->port));
}

/*
 * Gives the field's row its names, before it is registered. For names that are
 * a variable of Wireshark's: on Windows its address is no constant, so that
 * the row itself cannot hold it.
 */
static inline void
ts_hf_set_names(hf_register_info *rows, unsigned count, const int *field, const value_string *names)
{
    for (unsigned i = 0; i < count; i++) {
        if (rows[i].p_id == field)
            rows[i].hfinfo.strings = VALS(names);
    }
}

#endif /* TEAMSHARK_COMMON_ITEMS_H */
