/* stun_msg.c
 * What one STUN or MS-TURN message is: names, header, format
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: RFC 8489 5, [MS-TURN] 2.2.1, [MS-ICE2] 2.2.
 */

#include "stun_msg.h"

#include "common/items.h"

/* ---- names ---- */

static const value_string message_names[] = {
    { TS_STUN_BINDING_REQUEST, "Binding Request" },
    { MS_TURN_ALLOCATE, "Allocate Request" },
    { MS_TURN_SEND, "Send Request" },
    { MS_TURN_SET_ACTIVE, "Set Active Destination Request" },
    { TS_STUN_BINDING_INDICATION, "Binding Indication" },
    { TS_STUN_BINDING_SUCCESS, "Binding Success Response" },
    { MS_TURN_ALLOCATE_SUCCESS, "Allocate Success Response" },
    { 0x0104, "Send Success Response" },
    { 0x0106, "Set Active Destination Success Response" },
    { TS_STUN_BINDING_ERROR, "Binding Error Response" },
    { MS_TURN_ALLOCATE_ERROR, "Allocate Error Response" },
    { 0x0114, "Send Error Response" },
    { MS_TURN_DATA_INDICATION, "Data Indication" },
    { 0x0116, "Set Active Destination Error Response" },
    { 0, NULL }
};

static const value_string method_names[] = {
    { 1, "Binding" },
    { 3, "Allocate" },
    { 4, "Send" },
    { 5, "Data" },
    { 6, "Set Active Destination" },
    { 0, NULL }
};

/* Bits 8 and 4 of the type, as in stock's stun.type.class. */
#define CLASS_INDICATION 0x01

static const value_string class_names[] = {
    { 0x00, "Request" },
    { CLASS_INDICATION, "Indication" },
    { 0x10, "Success Response" },
    { 0x11, "Error Response" },
    { 0, NULL }
};

static unsigned
class_of(uint16_t type)
{
    return type == MS_TURN_DATA_INDICATION ? CLASS_INDICATION : (type & 0x0110u) >> 4;
}

const char *
stun_message_name(wmem_allocator_t *scope, uint16_t type)
{
    const char *name = try_val_to_str(type, message_names);

    return name != NULL ? name : wmem_strdup_printf(scope, "Unknown Message 0x%04x", type);
}

bool
stun_msg_is_microsoft(const stun_msg *msg)
{
    return stun_msg_has(msg, TS_ATTR_IMPLEMENTATION_VERSION) || stun_msg_has(msg, TS_ATTR_8033) ||
        stun_msg_has(msg, TS_ATTR_8036) || stun_msg_has(msg, TS_ATTR_APP_ID);
}

/* ---- fields ---- */

typedef struct {
    int type;
    int length;
    int transaction_id;
} header_fields;

static header_fields hf_headers[STUN_PROTOCOLS] = { { -1, -1, -1 }, { -1, -1, -1 } };
static int hf_ms_turn_message = -1;
static int hf_ms_turn_method = -1;
static int hf_ms_turn_class = -1;
static int hf_teams_stun_format = -1;

/* MS-TURN's names of what stock shows as it is in RFC 8489. */
static void
show_kind(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint16_t type)
{
    proto_item *item = proto_tree_add_string(tree, hf_ms_turn_message, tvb, 0, 2, stun_message_name(pinfo->pool, type));

    proto_item_set_generated(item);
    item = proto_tree_add_uint(tree, hf_ms_turn_method, tvb, 0, 2, type & MS_TURN_METHOD_MASK);
    proto_item_set_generated(item);
    item = proto_tree_add_uint(tree, hf_ms_turn_class, tvb, 0, 2, class_of(type));
    proto_item_set_generated(item);
}

static void
show_format(tvbuff_t *tvb, proto_tree *tree, stun_msg *msg)
{
    if (msg->format == TS_FORMAT_UNKNOWN && stun_msg_has(msg, TS_ATTR_IMPLEMENTATION_VERSION))
        msg->format = msg->implementation_version < 3 ? TS_FORMAT_DRAFT02 : TS_FORMAT_RFC5389;
    if (msg->format != TS_FORMAT_UNKNOWN)
        ts_add_text(tvb, tree, hf_teams_stun_format, msg->format == TS_FORMAT_DRAFT02 ? "draft-02" : "RFC 5389");
}

void
stun_msg_dissect(stun_protocol protocol, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool padded, stun_msg *msg)
{
    const header_fields *fields = &hf_headers[protocol];
    const size_t captured = tvb_captured_length(tvb);

    msg->protocol = protocol;
    msg->type = tvb_get_ntohs(tvb, 0);
    msg->transaction_id = tvb_get_ptr(tvb, 4, 16);
    msg->length = tvb_reported_length(tvb);
    msg->hash = wmem_strong_hash(tvb_get_ptr(tvb, 0, (int)captured), captured);
    msg->error_reason = "";
    msg->end_missing = (uint32_t)TS_STUN_HEADER_LENGTH + tvb_get_ntohs(tvb, 2) > msg->length;

    proto_tree_add_item(tree, fields->type, tvb, 0, 2, ENC_BIG_ENDIAN);
    if (protocol == STUN_MS_TURN)
        show_kind(tvb, pinfo, tree, msg->type);
    proto_tree_add_item(tree, fields->length, tvb, 2, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, fields->transaction_id, tvb, 4, 16, ENC_NA);
    stun_attributes_dissect(tvb, pinfo, tree, padded, msg);
    if (protocol == STUN_CHECKS)
        show_format(tvb, tree, msg);
}

/* ---- registration ---- */

#define HEADER_HF(index, protocol, id_blurb) \
    { &hf_headers[index].type, { "Message Type", protocol ".type", FT_UINT16, BASE_HEX, VALS(message_names), 0, "Type of the message", HFILL } }, \
    { &hf_headers[index].length, { "Message Length", protocol ".length", FT_UINT16, BASE_DEC, NULL, 0, "Bytes of attributes after the 20-byte header", HFILL } }, \
    { &hf_headers[index].transaction_id, { "Transaction ID", protocol ".transaction_id", FT_BYTES, BASE_NONE, NULL, 0, id_blurb, HFILL } }

void
stun_msg_register_ms_turn(int proto)
{
    static hf_register_info hf[] = {
        HEADER_HF(STUN_MS_TURN, "ms_turn", "All 16 bytes; clients begin it with the RFC 8489 cookie, server indications do not"),
        { &hf_ms_turn_message, { "Message", "ms_turn.message", FT_STRING, BASE_NONE, NULL, 0, "Name of the message in MS-TURN: Allocate Request, Send Request, Data Indication", HFILL } },
        { &hf_ms_turn_method, { "Method", "ms_turn.method", FT_UINT16, BASE_HEX, VALS(method_names), 0, "What the message is about; its type without the class", HFILL } },
        { &hf_ms_turn_class, { "Class", "ms_turn.class", FT_UINT16, BASE_HEX, VALS(class_names), 0, "By two bits of the type; a Data Indication is one in spite of them", HFILL } },
    };

    proto_register_field_array(proto, hf, array_length(hf));
    stun_attributes_register_ms_turn(proto);
}

void
stun_msg_register_checks(int proto)
{
    static hf_register_info hf[] = {
        HEADER_HF(STUN_CHECKS, "teams_stun", "With the cookie that its first four bytes are"),
        { &hf_teams_stun_format, { "Message Format", "teams_stun.format", FT_STRING, BASE_NONE, NULL, 0, "RFC 5389 or draft-02 ([MS-ICE2] 3.1.5.2)", HFILL } },
    };

    proto_register_field_array(proto, hf, array_length(hf));
    stun_attributes_register_checks(proto);
}
