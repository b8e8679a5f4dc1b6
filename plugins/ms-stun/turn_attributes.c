/* turn_attributes.c
 * The attributes of MS-TURN messages: one table row each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-TURN] 2.2.2, [MS-TURNBWM] 2.2, [MS-ICE2] 2.2; "observed"
 * stands for what is known from captures only.
 */

#include "turn_attributes.h"

#include <stddef.h>

#include "experts.h"

static int hf_ms_turn_attr = -1;
static int hf_ms_turn_attr_type = -1;
static int hf_ms_turn_attr_length = -1;
static int hf_ms_turn_attr_value = -1;

static int ett_ms_turn_attr = -1;

/* ---- the table ---- */

#define FACT(member) offsetof(stun_msg, member)
#define ANY 0, UINT16_MAX, 1

/* Ascending by type: looked up by bisection. */
static const ms_turn_attribute_row rows[] = {
    /* type, name, lengths: min, max, step, decoder, field, fact, section, where */
    { 0x0001, "Mapped Address", 8, 20, 12, ms_turn_decode_address, &hf_relayed, FACT(relayed), "[MS-TURN] 2.2.2.1", "Allocate responses: the relayed address" },
    { 0x0006, "Username", ANY, ms_turn_decode_username, &hf_ms_turn_username, 0, "[MS-TURN] 2.2.2.2", "requests with credentials" },
    { 0x0008, "Message Integrity", 20, 32, 12, ms_turn_decode_integrity, NULL, 0, "[MS-TURN] 2.2.2.3", "requests with credentials and their responses" },
    { 0x0009, "Error Code", 4, UINT16_MAX, 1, ms_turn_decode_error_code, NULL, 0, "[MS-TURN] 2.2.2.4", "error responses" },
    { 0x000A, "Unknown Attributes", 2, UINT16_MAX - 1, 2, NULL, NULL, 0, "[MS-TURN] 2.2.2.5", "error responses 420" },
    { 0x000D, "Lifetime", 4, 4, 1, ms_turn_decode_uint, &hf_ms_turn_lifetime, FACT(lifetime), "[MS-TURN] 2.2.2.6", "Allocate; 0 releases" },
    { 0x000E, "Alternate Server", 8, 20, 12, ms_turn_decode_address, &hf_alternate_server, FACT(alternate), "[MS-TURN] 2.2.2.7", "error responses 300 and 401" },
    { 0x000F, "Magic Cookie", 4, 4, 1, NULL, NULL, 0, "[MS-TURN] 2.2.2.8", "first in every message" },
    { 0x0010, "Bandwidth", 4, 4, 1, ms_turn_decode_uint, &hf_ms_turn_bandwidth, FACT(bandwidth), "[MS-TURN] 2.2.2.9", "Allocate" },
    { 0x0011, "Destination Address", 8, 20, 12, ms_turn_decode_address, &hf_destination, FACT(destination), "[MS-TURN] 2.2.2.10", "Send Request, Set Active Destination Request" },
    { 0x0012, "Remote Address", 8, 20, 12, ms_turn_decode_address, &hf_remote, FACT(remote), "[MS-TURN] 2.2.2.11", "Data Indication" },
    { 0x0013, "Data", ANY, ms_turn_decode_data, NULL, 0, "[MS-TURN] 2.2.2.12", "Send Request, Data Indication" },
    { 0x0014, "Nonce", ANY, ms_turn_decode_nonce, &hf_ms_turn_nonce, 0, "[MS-TURN] 2.2.2.13", "Allocate" },
    { 0x0015, "Realm", ANY, ms_turn_decode_realm, &hf_ms_turn_realm, FACT(realm), "[MS-TURN] 2.2.2.14", "Allocate" },
    { 0x0017, "Requested Address Family", 4, 4, 1, ms_turn_decode_requested_family, NULL, 0, "[MS-TURN] 2.2.2.15", "Allocate Request" },
    { 0x0020, "XOR-MAPPED-ADDRESS", 8, 20, 12, ms_turn_decode_xor_address, &hf_reflexive, FACT(reflexive), "RFC 8489 14.2", "Binding responses" },
    { 0x0024, "PRIORITY", 4, 4, 1, NULL, NULL, 0, "RFC 8445 16.1", "Binding Request" },
    { 0x0025, "USE-CANDIDATE", 0, 0, 1, NULL, NULL, 0, "RFC 8445 16.1", "Binding Request" },
    { 0x8006, "Attribute 0x8006 (observed)", 4, 4, 1, NULL, NULL, 0, "observed", "Allocate Request of Teams" },
    { 0x8008, "MS-Version", 4, 4, 1, ms_turn_decode_uint, &hf_ms_turn_version, FACT(version), "[MS-TURN] 2.2.2.17", "Allocate, Send Request" },
    { 0x8020, "XOR Mapped Address", 8, 20, 12, ms_turn_decode_xor_address, &hf_reflexive, FACT(reflexive), "[MS-TURN] 2.2.2.16", "Allocate responses: the reflexive address" },
    { 0x8022, "Software", ANY, ms_turn_decode_text, &hf_ms_turn_software, 0, "RFC 8489 14.14", "Allocate Success Response" },
    { 0x8028, "FINGERPRINT", 4, 4, 1, NULL, NULL, 0, "RFC 8489 14.7", "Binding messages" },
    { 0x8029, "ICE-CONTROLLED", 8, 8, 1, NULL, NULL, 0, "RFC 8445 16.1", "Binding Request" },
    { 0x802A, "ICE-CONTROLLING", 8, 8, 1, NULL, NULL, 0, "RFC 8445 16.1", "Binding Request" },
    { 0x8032, "MS-Alternate Host Name", ANY, ms_turn_decode_text, &hf_ms_turn_alternate_host, 0, "[MS-TURN] 2.2.2.18", "error responses" },
    { 0x8033, "Attribute 0x8033 (observed)", 0, 0, 1, NULL, NULL, 0, "observed", "Binding Request of Teams" },
    { 0x8036, "Attribute 0x8036 (observed)", 4, 4, 1, NULL, NULL, 0, "observed", "Binding messages of Teams" },
    { 0x8037, "App ID", 4, 4, 1, ms_turn_decode_uint, &hf_ms_turn_app_id, 0, "[MS-TURN] 2.2.2.19", "Allocate Request" },
    { 0x8039, "Secure Tag", ANY, ms_turn_decode_bytes, &hf_ms_turn_secure_tag, 0, "[MS-TURN] 2.2.2.20", "Allocate" },
    { 0x8050, "MS-Sequence Number", 4, 24, 20, ms_turn_decode_sequence, NULL, 0, "[MS-TURN] 2.2.2.21", "Allocate after the first success" },
    { 0x8054, "CANDIDATE-IDENTIFIER", ANY, NULL, NULL, 0, "[MS-ICE2] 2.2", "Binding Request" },
    { 0x8055, "MS-Service Quality", 4, 4, 1, ms_turn_decode_service_quality, NULL, 0, "[MS-TURN] 2.2.2.22", "Allocate Request" },
    { 0x8056, "Bandwidth Admission Control Message", 4, 4, 1, ms_turn_decode_bwm_message, NULL, 0, "[MS-TURNBWM] 2.2.1", "Allocate" },
    { 0x8057, "Bandwidth Reservation Identifier", 16, 16, 1, ms_turn_decode_bytes, &hf_ms_turn_bwm_reservation_id, 0, "[MS-TURNBWM] 2.2.2", "Allocate" },
    { 0x8058, "Bandwidth Reservation Amount", 16, 16, 1, ms_turn_decode_bwm_amount, NULL, 0, "[MS-TURNBWM] 2.2.3", "Allocate Request" },
    { 0x8059, "Remote Site Address", 8, 20, 12, ms_turn_decode_bwm_site, &ms_turn_bwm_remote_site, 0, "[MS-TURNBWM] 2.2.4", "Allocate Request" },
    { 0x805A, "Remote Relay Site Address", 8, 20, 12, ms_turn_decode_bwm_site, &ms_turn_bwm_remote_relay_site, 0, "[MS-TURNBWM] 2.2.5", "Allocate Request" },
    { 0x805B, "Local Site Address", 8, 20, 12, ms_turn_decode_bwm_site, &ms_turn_bwm_local_site, 0, "[MS-TURNBWM] 2.2.6", "Allocate Request" },
    { 0x805C, "Local Relay Site Address", 8, 20, 12, ms_turn_decode_bwm_site, &ms_turn_bwm_local_relay_site, 0, "[MS-TURNBWM] 2.2.7", "Allocate Request" },
    { 0x805D, "Remote Site Address Response", 12, 12, 1, ms_turn_decode_bwm_answer, &ms_turn_bwm_remote_site, 0, "[MS-TURNBWM] 2.2.8", "Allocate responses" },
    { 0x805E, "Remote Relay Site Address Response", 12, 12, 1, ms_turn_decode_bwm_answer, &ms_turn_bwm_remote_relay_site, 0, "[MS-TURNBWM] 2.2.9", "Allocate responses" },
    { 0x805F, "Local Site Address Response", 12, 12, 1, ms_turn_decode_bwm_answer, &ms_turn_bwm_local_site, 0, "[MS-TURNBWM] 2.2.10", "Allocate responses" },
    { 0x8060, "Local Relay Site Address Response", 12, 12, 1, ms_turn_decode_bwm_answer, &ms_turn_bwm_local_relay_site, 0, "[MS-TURNBWM] 2.2.11", "Allocate responses" },
    { 0x8061, "SIP Dialog Identifier", ANY, ms_turn_decode_text, &hf_ms_turn_bwm_dialog_id, 0, "[MS-TURNBWM] 2.2.12", "Allocate Request" },
    { 0x8062, "SIP Call Identifier", ANY, ms_turn_decode_text, &hf_ms_turn_bwm_call_id, 0, "[MS-TURNBWM] 2.2.13", "Allocate Request" },
    { 0x8068, "Location Profile", 4, 4, 1, ms_turn_decode_bwm_location, NULL, 0, "[MS-TURNBWM] 2.2.14", "Allocate Request" },
    { 0x8070, "IMPLEMENTATION-VERSION", 4, 4, 1, NULL, NULL, 0, "[MS-ICE2] 2.2", "Binding messages" },
    { 0x8090, "MS-Alternate Mapped Address", 20, 20, 1, ms_turn_decode_address, &hf_alternate_mapped, 0, "[MS-TURN] 2.2.2.23", "Allocate Success Response: the relayed IPv6 address" },
    { 0x8095, "Multiplexed TURN Session ID", 8, 8, 1, ms_turn_decode_session_id, NULL, 0, "[MS-TURN] 2.2.2.24", "Allocate; Binding Request through a relay" },
};

G_STATIC_ASSERT(G_N_ELEMENTS(rows) <= 64);  /* stun_msg.present */

static value_string attr_type_names[G_N_ELEMENTS(rows) + 1];

static int
compare_row(const void *key, const void *row)
{
    return (int)*(const uint16_t *)key - (int)((const ms_turn_attribute_row *)row)->type;
}

static const ms_turn_attribute_row *
find_row(uint16_t type)
{
    return (const ms_turn_attribute_row *)bsearch(&type, rows, G_N_ELEMENTS(rows), sizeof rows[0], compare_row);
}

bool
stun_msg_has(const stun_msg *msg, uint16_t attribute)
{
    const ms_turn_attribute_row *row = find_row(attribute);

    return row != NULL && (msg->present & (UINT64_C(1) << (row - rows))) != 0;
}

/* ---- the walk ---- */

static bool
length_fits(const ms_turn_attribute_row *row, unsigned length)
{
    return length >= row->min && length <= row->max && (length - row->min) % row->step == 0;
}

static const char *
length_rule(packet_info *pinfo, const ms_turn_attribute_row *row, unsigned length)
{
    if (row->min == row->max)
        return wmem_strdup_printf(pinfo->pool, "%u instead of %u bytes", length, row->min);
    if (row->step == 2)
        return wmem_strdup_printf(pinfo->pool, "%u bytes instead of two for each type", length);
    if (row->max == UINT16_MAX)
        return wmem_strdup_printf(pinfo->pool, "%u instead of at least %u bytes", length, row->min);
    return wmem_strdup_printf(pinfo->pool, "%u instead of %u or %u bytes", length, row->min, row->max);
}

static void
dissect_attribute(ms_turn_attribute *a, const ts_tlv *tlv)
{
    const unsigned available = (unsigned)tlv->available;
    /* Cut by the message's end, not by the capture's. */
    const bool overrun = available < tlv->length &&
        (unsigned)a->offset + tlv->length > tvb_reported_length(a->tvb);

    proto_tree_add_uint(a->tree, hf_ms_turn_attr_type, a->tvb, (int)tlv->offset, 2, tlv->type);
    proto_tree_add_uint(a->tree, hf_ms_turn_attr_length, a->tvb, (int)tlv->offset + 2, 2, tlv->length);
    proto_tree_add_item(a->tree, hf_ms_turn_attr_value, a->tvb, a->offset, (int)available, ENC_NA);

    if (overrun)
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_ATTRIBUTE_OVERRUN, a->pinfo, a->item,
            wmem_strdup_printf(a->pinfo->pool, "%u bytes of %u", available, tlv->length));
    if (a->row == NULL)
        return;
    if (!length_fits(a->row, tlv->length))
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_ATTRIBUTE_LENGTH, a->pinfo, a->item, length_rule(a->pinfo, a->row, tlv->length));
    if (available < tlv->length || tlv->length < a->row->min)
        return;
    a->msg->present |= UINT64_C(1) << (a->row - rows);
    if (a->row->decode != NULL)
        a->row->decode(a);
}

void
ms_turn_attributes_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_payload *payload, stun_msg *msg)
{
    const size_t captured = tvb_captured_length(tvb);
    ts_tlv_walk walk;
    ts_tlv tlv;

    msg->type = payload->type;
    msg->transaction_id = tvb_get_ptr(tvb, 4, 16);
    ts_tlv_walk_init(&walk, tvb_get_ptr(tvb, 0, (int)captured), captured, payload->padded);
    while (ts_tlv_next(&walk, &tlv)) {
        const ms_turn_attribute_row *row = find_row(tlv.type);
        const char *name = row != NULL ? row->name : "Unknown Attribute";
        ms_turn_attribute attribute = {
            .row = row,
            .tvb = tvb,
            .offset = (int)tlv.offset + 4,
            .length = tlv.length,
            .pinfo = pinfo,
            .msg = msg,
        };

        attribute.item = proto_tree_add_none_format(tree, hf_ms_turn_attr, tvb, (int)tlv.offset, 4 + (int)tlv.available, "%s", name);
        attribute.tree = proto_item_add_subtree(attribute.item, ett_ms_turn_attr);
        dissect_attribute(&attribute, &tlv);
    }
}

/* ---- registration ---- */

void
ms_turn_attributes_register(int proto)
{
    static hf_register_info hf[] = {
        { &hf_ms_turn_attr, { "Attribute", "ms_turn.attr", FT_NONE, BASE_NONE, NULL, 0, "One attribute, known or not", HFILL } },
        { &hf_ms_turn_attr_type, { "Type", "ms_turn.attr.type", FT_UINT16, BASE_HEX, VALS(attr_type_names), 0, "Attribute type, also of unknown attributes", HFILL } },
        { &hf_ms_turn_attr_length, { "Length", "ms_turn.attr.length", FT_UINT16, BASE_DEC, NULL, 0, "Length of the value in bytes, as the attribute says", HFILL } },
        { &hf_ms_turn_attr_value, { "Value", "ms_turn.attr.value", FT_BYTES, BASE_NONE, NULL, 0, "The value as it was sent", HFILL } },
    };
    static int *ett[] = { &ett_ms_turn_attr };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        attr_type_names[i].value = rows[i].type;
        attr_type_names[i].strptr = rows[i].name;
    }
    proto_register_field_array(proto, hf, array_length(hf));
    ms_turn_attribute_values_register(proto);
    ms_turn_bandwidth_register(proto);
    proto_register_subtree_array(ett, array_length(ett));
}
