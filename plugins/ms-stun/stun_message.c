/* stun_message.c
 * Binding messages: header and format
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: RFC 8489 5, [MS-ICE2] 2.2.
 */

#include "teams-stun.h"

#include "common/items.h"

static int hf_teams_stun_type = -1;
static int hf_teams_stun_length = -1;
static int hf_teams_stun_transaction_id = -1;
static int hf_teams_stun_format = -1;

const char *
ts_format_name(ts_format format)
{
    static const char *const names[] = { "", "RFC 5389", "draft-02" };

    return names[format];
}

const value_string ts_message_types[] = {
    { TS_STUN_BINDING_REQUEST,    "Binding Request" },
    { TS_STUN_BINDING_INDICATION, "Binding Indication" },
    { TS_STUN_BINDING_SUCCESS,    "Binding Success Response" },
    { TS_STUN_BINDING_ERROR,      "Binding Error Response" },
    { 0, NULL }
};

const char *
ts_message_type_name(uint16_t type)
{
    return val_to_str_const(type, ts_message_types, "STUN message");
}

void
ts_message_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, stun_msg *msg)
{
    const size_t captured = tvb_captured_length(tvb);
    const uint8_t *data = tvb_get_ptr(tvb, 0, (int)captured);
    ts_tlv_walk walk;
    ts_tlv tlv;

    msg->type = ts_get_be16(data);
    msg->transaction_id = data + 4;
    msg->length = (uint32_t)tvb_reported_length(tvb);
    msg->hash = wmem_strong_hash(data, captured);

    proto_tree_add_item(tree, hf_teams_stun_type, tvb, 0, 2, ENC_BIG_ENDIAN);
    proto_item *length_item = proto_tree_add_item(tree, hf_teams_stun_length, tvb, 2, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_teams_stun_transaction_id, tvb, 4, 16, ENC_NA);
    if ((uint32_t)TS_STUN_HEADER_LENGTH + ts_get_be16(data + 2) > msg->length) {
        msg->end_missing = true;
        ts_expert_add(&teams_stun_expert_table, TEAMS_STUN_EXPERT_MESSAGE_SHORT, pinfo, length_item, "");
    }

    ts_tlv_walk_init(&walk, data, captured, true);
    while (ts_tlv_next(&walk, &tlv))
        ts_attribute_show(tvb, pinfo, tree, &tlv, msg);
    msg->complete = walk.offset == walk.end && !msg->end_missing;

    if (msg->format == TS_FORMAT_UNKNOWN && msg->has_implementation_version)
        msg->format = msg->implementation_version < 3 ? TS_FORMAT_DRAFT02 : TS_FORMAT_RFC5389;
    if (msg->format != TS_FORMAT_UNKNOWN)
        ts_add_text(tvb, tree, hf_teams_stun_format, ts_format_name(msg->format));
}

void
ts_message_register(int proto)
{
    static hf_register_info hf[] = {
        { &hf_teams_stun_type, { "Message Type", "teams_stun.type", FT_UINT16, BASE_HEX, VALS(ts_message_types), 0, "Type of the STUN message", HFILL } },
        { &hf_teams_stun_length, { "Message Length", "teams_stun.length", FT_UINT16, BASE_DEC, NULL, 0, "Bytes after the header", HFILL } },
        { &hf_teams_stun_transaction_id, { "Transaction ID", "teams_stun.transaction_id", FT_BYTES, BASE_NONE, NULL, 0, "With the cookie that its first four bytes are", HFILL } },
        { &hf_teams_stun_format, { "Message Format", "teams_stun.format", FT_STRING, BASE_NONE, NULL, 0, "RFC 5389 or draft-02 ([MS-ICE2] 3.1.5.2)", HFILL } },
    };

    proto_register_field_array(proto, hf, array_length(hf));
    ts_attributes_register(proto);
}
