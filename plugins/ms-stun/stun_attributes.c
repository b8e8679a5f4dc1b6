/* stun_attributes.c
 * The attributes of Binding messages: one table row each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is shown, checked and taken into stun_msg comes from the row.
 * Documents: RFC 8489 14, RFC 8445 16.1, [MS-ICE2] 2.2, [MS-TURN] 2.2.2. Rows
 * without a document were observed.
 */

#include "teams-stun.h"

#include <epan/to_str.h>

#define TLV_HEADER          4
#define FAMILY_IPV4         1
#define FAMILY_IPV6         2
#define MAX_UFRAG_LENGTH    256     /* RFC 8839 5.4 */

static int hf_teams_stun_attr = -1;
static int hf_teams_stun_attr_type = -1;
static int hf_teams_stun_attr_length = -1;
static int hf_teams_stun_attr_value = -1;
static int hf_teams_stun_ufrag_local = -1;
static int hf_teams_stun_ufrag_remote = -1;
static int hf_teams_stun_role = -1;
static int hf_teams_stun_tie_breaker = -1;
static int hf_teams_stun_priority = -1;
static int hf_teams_stun_priority_type = -1;
static int hf_teams_stun_priority_local = -1;
static int hf_teams_stun_priority_component = -1;
static int hf_teams_stun_use_candidate = -1;
static int hf_teams_stun_foundation = -1;
static int hf_teams_stun_implementation_version = -1;
static int hf_teams_stun_app_id = -1;
static int hf_teams_stun_session_id = -1;
static int hf_teams_stun_mapped_address = -1;
static int hf_teams_stun_mapped_address6 = -1;
static int hf_teams_stun_mapped_port = -1;
static int hf_teams_stun_error_code = -1;
static int hf_teams_stun_error_reason = -1;
static int hf_teams_stun_software = -1;
static int hf_teams_stun_integrity = -1;
static int hf_teams_stun_fingerprint = -1;
static int hf_teams_stun_unknown_8036 = -1;

static int ett_attr = -1;

/* ---- values ---- */

static const struct {
    uint32_t value;
    const char *meaning;
} implementation_versions[] = {
    { 1, "draft-02 messages only; Office Communications Server 2007 R2 class (unverified)" },
    { 2, "draft-02 messages only; also what libnice and pidgin-sipe send" },
    { 3, "RFC 5389 messages; Skype and Skype for Business (observed)" },
    { 7, "RFC 5389 messages; Teams client and media processor (observed since 2020)" },
};

const char *
ts_implementation_version_meaning(uint32_t version)
{
    for (size_t i = 0; i < G_N_ELEMENTS(implementation_versions); i++) {
        if (implementation_versions[i].value == version)
            return implementation_versions[i].meaning;
    }
    /* [MS-ICE2] 3.1.5.2 tells only these two apart. */
    return version < 3 ? "draft-02 messages only" : "RFC 5389 messages; product not known";
}

static const char *
app_id_meaning(uint32_t id)
{
    switch (id) {
    case 1: return "Lync or Skype for Business (observed)";
    case 2: return "Teams (observed)";
    default: return "meaning not known";
    }
}

/* ---- attribute decoders ---- */

typedef struct {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    proto_item *item;
    int offset;             /* of the value */
    int length;             /* of the value, within the layout's bounds and captured */
    stun_msg *msg;
} attribute_call;

static void
diagnose(attribute_call *call, teams_stun_expert diag, const char *detail)
{
    ts_expert_add(&teams_stun_expert_table, diag, call->pinfo, call->item, detail);
}

/* Text without the zeros that draft-02 rounds it up with. */
static const char *
value_text(const attribute_call *call)
{
    int length = call->length;

    while (length > 0 && tvb_get_uint8(call->tvb, call->offset + length - 1) == 0)
        length--;
    if (length < call->length)
        call->msg->format = TS_FORMAT_DRAFT02;
    else if (call->length % 4 != 0)
        call->msg->format = TS_FORMAT_RFC5389;
    return (const char *)tvb_get_string_enc(call->pinfo->pool, call->tvb, call->offset, length, ENC_UTF_8);
}

static void
decode_username(attribute_call *call)
{
    stun_msg *msg = call->msg;
    const char *text = value_text(call);
    const char *colon = strchr(text, ':');

    msg->has_username = call->length > 0;
    if (colon == NULL)
        return;
    msg->ufrag_remote = wmem_strndup(call->pinfo->pool, text, (size_t)(colon - text));
    msg->ufrag_local = wmem_strdup(call->pinfo->pool, colon + 1);

    const int split = (int)(colon - text);
    proto_tree_add_string(call->tree, hf_teams_stun_ufrag_remote, call->tvb, call->offset, MIN(split, call->length), msg->ufrag_remote);
    proto_tree_add_string(call->tree, hf_teams_stun_ufrag_local, call->tvb, call->offset + MIN(split + 1, call->length),
        MAX(0, MIN((int)strlen(colon + 1), call->length - split - 1)), msg->ufrag_local);
    proto_item_append_text(call->item, ": %s", text);
}

static void
decode_role(attribute_call *call, ts_ice_role role, const char *name)
{
    call->msg->role = role;
    proto_tree_add_string(call->tree, hf_teams_stun_role, call->tvb, call->offset - TLV_HEADER, 2, name);
    proto_tree_add_item(call->tree, hf_teams_stun_tie_breaker, call->tvb, call->offset, 8, ENC_BIG_ENDIAN);
}

static void
decode_controlled(attribute_call *call)
{
    decode_role(call, TS_ICE_ROLE_CONTROLLED, "controlled");
}

static void
decode_controlling(attribute_call *call)
{
    decode_role(call, TS_ICE_ROLE_CONTROLLING, "controlling");
}

/* RFC 8445 5.1.2.1: type preference, local preference, 256 minus the component. */
static void
decode_priority(attribute_call *call)
{
    const uint32_t priority = tvb_get_ntohl(call->tvb, call->offset);
    proto_tree *tree = call->tree;
    tvbuff_t *tvb = call->tvb;
    const int at = call->offset;

    call->msg->has_priority = true;
    call->msg->priority = priority;
    proto_tree_add_item(tree, hf_teams_stun_priority, tvb, at, 4, ENC_BIG_ENDIAN);
    proto_tree_add_uint(tree, hf_teams_stun_priority_type, tvb, at, 1, priority >> 24);
    proto_tree_add_uint(tree, hf_teams_stun_priority_local, tvb, at + 1, 2, (priority >> 8) & 0xFFFF);
    proto_tree_add_uint(tree, hf_teams_stun_priority_component, tvb, at + 3, 1, 256 - (priority & 0xFF));
    proto_item_append_text(call->item, ": 0x%08x (component %u)", priority, 256 - (priority & 0xFF));
}

static void
decode_use_candidate(attribute_call *call)
{
    call->msg->use_candidate = true;
    proto_tree_add_boolean(call->tree, hf_teams_stun_use_candidate, call->tvb, call->offset - TLV_HEADER, TLV_HEADER, 1);
}

static void
decode_foundation(attribute_call *call)
{
    const char *text = value_text(call);

    call->msg->has_foundation = true;
    proto_tree_add_string(call->tree, hf_teams_stun_foundation, call->tvb, call->offset, call->length, text);
    proto_item_append_text(call->item, ": %s", text);
}

static void
decode_implementation_version(attribute_call *call)
{
    const uint32_t version = tvb_get_ntohl(call->tvb, call->offset);

    call->msg->has_implementation_version = true;
    call->msg->implementation_version = version;
    proto_item *item = proto_tree_add_item(call->tree, hf_teams_stun_implementation_version, call->tvb, call->offset, 4, ENC_BIG_ENDIAN);
    proto_item_append_text(item, " (%s)", ts_implementation_version_meaning(version));
    proto_item_append_text(call->item, ": %u", version);
}

static void
decode_app_id(attribute_call *call)
{
    const uint32_t id = tvb_get_ntohl(call->tvb, call->offset);

    call->msg->observed_attribute = true;
    proto_item *item = proto_tree_add_item(call->tree, hf_teams_stun_app_id, call->tvb, call->offset, 4, ENC_BIG_ENDIAN);
    proto_item_append_text(item, " (%s)", app_id_meaning(id));
    proto_item_append_text(call->item, ": %u", id);
}

static void
decode_session_id(attribute_call *call)
{
    call->msg->has_session = true;
    call->msg->session_id = tvb_get_ntoh64(call->tvb, call->offset);
    proto_tree_add_item(call->tree, hf_teams_stun_session_id, call->tvb, call->offset, 8, ENC_BIG_ENDIAN);
    proto_item_append_text(call->item, ": 0x%016" PRIx64, call->msg->session_id);
}

static void
decode_flag(attribute_call *call)
{
    call->msg->observed_attribute = true;
}

static void
decode_8036(attribute_call *call)
{
    call->msg->observed_attribute = true;
    proto_tree_add_item(call->tree, hf_teams_stun_unknown_8036, call->tvb, call->offset, 4, ENC_BIG_ENDIAN);
}

/* RFC 8489 14.1 and 14.2. */
static void
decode_address(attribute_call *call, bool xored)
{
    tvbuff_t *tvb = call->tvb;
    const int at = call->offset;
    const uint8_t family = tvb_get_uint8(tvb, at + 1);
    const int size = family == FAMILY_IPV6 ? 16 : 4;
    ts_endpoint *mapped = &call->msg->reflexive;

    if (call->length != 4 + size || (family != FAMILY_IPV4 && family != FAMILY_IPV6))
        diagnose(call, TEAMS_STUN_EXPERT_ATTRIBUTE_LENGTH,
            wmem_strdup_printf(call->pinfo->pool, "address family %u with %d bytes", family, call->length));
    if ((family != FAMILY_IPV4 && family != FAMILY_IPV6) || call->length < 4 + size)
        return;

    uint8_t *bytes = (uint8_t *)tvb_memdup(call->pinfo->pool, tvb, at + 4, (size_t)size);
    mapped->port = tvb_get_ntohs(tvb, at + 2);
    if (xored) {
        /* The key starts at the header's cookie. */
        mapped->port ^= tvb_get_ntohs(tvb, 4);
        for (int i = 0; i < size; i++)
            bytes[i] ^= tvb_get_uint8(tvb, 4 + i);
    }
    set_address(&mapped->addr, family == FAMILY_IPV6 ? AT_IPv6 : AT_IPv4, size, bytes);

    if (family == FAMILY_IPV6) {
        proto_tree_add_ipv6(call->tree, hf_teams_stun_mapped_address6, tvb, at + 4, size, (const ws_in6_addr *)bytes);
    } else {
        ws_in4_addr addr;
        memcpy(&addr, bytes, sizeof addr);
        proto_tree_add_ipv4(call->tree, hf_teams_stun_mapped_address, tvb, at + 4, size, addr);
    }
    proto_tree_add_uint(call->tree, hf_teams_stun_mapped_port, tvb, at + 2, 2, mapped->port);
    proto_item_append_text(call->item, family == FAMILY_IPV6 ? ": [%s]:%u" : ": %s:%u",
        address_to_str(call->pinfo->pool, &mapped->addr), mapped->port);
}

static void
decode_mapped(attribute_call *call)
{
    decode_address(call, false);
}

static void
decode_xor_mapped(attribute_call *call)
{
    decode_address(call, true);
}

static void
decode_error(attribute_call *call)
{
    const uint16_t code = (uint16_t)((tvb_get_uint8(call->tvb, call->offset + 2) & 0x07) * 100 + tvb_get_uint8(call->tvb, call->offset + 3));

    call->msg->error_code = code;
    proto_tree_add_uint(call->tree, hf_teams_stun_error_code, call->tvb, call->offset + 2, 2, code);
    proto_tree_add_item(call->tree, hf_teams_stun_error_reason, call->tvb, call->offset + 4, call->length - 4, ENC_UTF_8);
    proto_item_append_text(call->item, ": %u", code);
}

/* RFC 8489 14.9: two bytes for each type. The length as stated, since the capture may have cut the value. */
static void
decode_unknown_attributes(attribute_call *call)
{
    const unsigned length = tvb_get_ntohs(call->tvb, call->offset - 2);

    if (length % 2 != 0)
        diagnose(call, TEAMS_STUN_EXPERT_ATTRIBUTE_LENGTH,
            wmem_strdup_printf(call->pinfo->pool, "UNKNOWN-ATTRIBUTES with %u bytes, two for each type", length));
}

static void
decode_software(attribute_call *call)
{
    proto_tree_add_item(call->tree, hf_teams_stun_software, call->tvb, call->offset, call->length, ENC_UTF_8);
}

static void
decode_integrity(attribute_call *call)
{
    call->msg->integrity_offset = (unsigned)(call->offset - TLV_HEADER);
    proto_tree_add_item(call->tree, hf_teams_stun_integrity, call->tvb, call->offset, call->length, ENC_NA);
}

static void
decode_fingerprint(attribute_call *call)
{
    call->msg->fingerprint_offset = (unsigned)(call->offset - TLV_HEADER);
    proto_tree_add_item(call->tree, hf_teams_stun_fingerprint, call->tvb, call->offset, 4, ENC_BIG_ENDIAN);
}

/* ---- the table ---- */

typedef struct {
    uint16_t type;
    const char *name;
    int min_length;     /* of the value, bytes */
    int max_length;     /* -1: any */
    void (*decode)(attribute_call *call);       /* NULL: bytes only */
} attribute_row;

static const attribute_row rows[] = {
    { 0x0001, "MAPPED-ADDRESS",            8,  20, decode_mapped },
    { 0x0006, "USERNAME",                  1, 513, decode_username },
    { 0x0008, "MESSAGE-INTEGRITY",        20,  20, decode_integrity },
    { 0x0009, "ERROR-CODE",                4,  -1, decode_error },
    { 0x000A, "UNKNOWN-ATTRIBUTES",        2,  -1, decode_unknown_attributes },
    { 0x0014, "REALM",                     0,  -1, NULL },
    { 0x0015, "NONCE",                     0,  -1, NULL },
    { 0x0020, "XOR-MAPPED-ADDRESS",        8,  20, decode_xor_mapped },
    { 0x0024, "PRIORITY",                  4,   4, decode_priority },
    { 0x0025, "USE-CANDIDATE",             0,   0, decode_use_candidate },
    { 0x0800, "0x0800 (seen in Skype calls)", 0, -1, NULL },
    { 0x24DF, "0x24DF (seen in Skype calls)", 0, -1, NULL },
    { 0x3802, "0x3802 (seen in Skype calls)", 0, -1, NULL },
    { 0x8008, "MS-VERSION",                4,   4, NULL },
    { 0x8020, "MS-XOR-MAPPED-ADDRESS",     8,  20, decode_xor_mapped },
    { 0x8022, "SOFTWARE",                  0, 763, decode_software },
    { 0x8028, "FINGERPRINT",               4,   4, decode_fingerprint },
    { 0x8029, "ICE-CONTROLLED",            8,   8, decode_controlled },
    { 0x802A, "ICE-CONTROLLING",           8,   8, decode_controlling },
    { TS_ATTR_8033, "0x8033 (observed after nomination)", 0, 0, decode_flag },
    { TS_ATTR_8036, "0x8036 (observed during checks)", 4, 4, decode_8036 },
    { TS_ATTR_APP_ID, "MS-APP-ID",         4,   4, decode_app_id },
    { TS_ATTR_CANDIDATE_IDENTIFIER, "CANDIDATE-IDENTIFIER", 1, MAX_UFRAG_LENGTH, decode_foundation },
    { TS_ATTR_IMPLEMENTATION_VERSION, "IMPLEMENTATION-VERSION", 4, 4, decode_implementation_version },
    { TS_ATTR_MUX_SESSION_ID, "MULTIPLEXED-TURN-SESSION-ID", 8, 8, decode_session_id },
};

/* The rows' names for the display of attr.type; filled at registration. */
static value_string attribute_names[G_N_ELEMENTS(rows) + 1];

static const attribute_row *
row_find(uint16_t type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].type == type)
            return &rows[i];
    }
    return NULL;
}

void
ts_attribute_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_tlv *tlv, stun_msg *msg)
{
    const attribute_row *row = row_find(tlv->type);
    const int at = (int)tlv->offset;
    const int available = (int)tlv->available;
    attribute_call call = {
        .tvb = tvb, .pinfo = pinfo, .offset = at + TLV_HEADER, .length = available, .msg = msg,
    };

    call.item = proto_tree_add_none_format(tree, hf_teams_stun_attr, tvb, at, TLV_HEADER + available, "%s",
        row == NULL ? wmem_strdup_printf(pinfo->pool, "Unknown attribute 0x%04x", tlv->type) : row->name);
    call.tree = proto_item_add_subtree(call.item, ett_attr);
    proto_tree_add_item(call.tree, hf_teams_stun_attr_type, tvb, at, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(call.tree, hf_teams_stun_attr_length, tvb, at + 2, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(call.tree, hf_teams_stun_attr_value, tvb, call.offset, available, ENC_NA);

    const int length = (int)tlv->length;
    if (available < length && tvb_captured_length(tvb) == tvb_reported_length(tvb))
        diagnose(&call, TEAMS_STUN_EXPERT_ATTRIBUTE_OVERRUN, wmem_strdup_printf(pinfo->pool, "%d of %d bytes", available, length));
    if (row == NULL)
        return;
    if (length < row->min_length || (row->max_length >= 0 && length > row->max_length))
        diagnose(&call, TEAMS_STUN_EXPERT_ATTRIBUTE_LENGTH, wmem_strdup_printf(pinfo->pool, "%s with %d bytes", row->name, length));
    /* What follows the layout in a value that is too long is in attr.value. */
    if (row->decode != NULL && available >= row->min_length)
        row->decode(&call);
}

void
ts_attributes_register(int proto)
{
    static hf_register_info hf[] = {
        { &hf_teams_stun_attr, { "Attribute", "teams_stun.attr", FT_NONE, BASE_NONE, NULL, 0, "One attribute of the message", HFILL } },
        { &hf_teams_stun_attr_type, { "Attribute Type", "teams_stun.attr.type", FT_UINT16, BASE_HEX, VALS(attribute_names), 0, "Type of the attribute, known or not", HFILL } },
        { &hf_teams_stun_attr_length, { "Attribute Length", "teams_stun.attr.length", FT_UINT16, BASE_DEC, NULL, 0, "Bytes of the value without padding, as sent", HFILL } },
        { &hf_teams_stun_attr_value, { "Attribute Value", "teams_stun.attr.value", FT_BYTES, BASE_NONE, NULL, 0, "Bytes of the value, without padding", HFILL } },
        { &hf_teams_stun_ufrag_local, { "Local User Fragment", "teams_stun.ufrag.local", FT_STRING, BASE_NONE, NULL, 0, "User fragment of the message's sender", HFILL } },
        { &hf_teams_stun_ufrag_remote, { "Remote User Fragment", "teams_stun.ufrag.remote", FT_STRING, BASE_NONE, NULL, 0, "User fragment of the message's receiver", HFILL } },
        { &hf_teams_stun_role, { "Role", "teams_stun.role", FT_STRING, BASE_NONE, NULL, 0, "ICE role of the sender: controlling or controlled", HFILL } },
        { &hf_teams_stun_tie_breaker, { "Tie-Breaker", "teams_stun.tie_breaker", FT_UINT64, BASE_HEX, NULL, 0, "Decides role conflicts (RFC 8445 7.3.1.1)", HFILL } },
        { &hf_teams_stun_priority, { "Priority", "teams_stun.priority", FT_UINT32, BASE_DEC_HEX, NULL, 0, "Priority that the candidate would have as a peer-reflexive one", HFILL } },
        { &hf_teams_stun_priority_type, { "Type Preference", "teams_stun.priority.type", FT_UINT8, BASE_DEC, NULL, 0, "126 host, 110 peer-reflexive, 100 server-reflexive, 0 relayed (RFC 8445 5.1.2.2)", HFILL } },
        { &hf_teams_stun_priority_local, { "Local Preference", "teams_stun.priority.local", FT_UINT16, BASE_DEC, NULL, 0, "Preference among candidates of one type", HFILL } },
        { &hf_teams_stun_priority_component, { "Component", "teams_stun.priority.component", FT_UINT16, BASE_DEC, NULL, 0, "1 RTP, 2 RTCP", HFILL } },
        { &hf_teams_stun_use_candidate, { "Use Candidate", "teams_stun.use_candidate", FT_BOOLEAN, BASE_NONE, NULL, 0, "The controlling side nominates this pair", HFILL } },
        { &hf_teams_stun_foundation, { "Foundation", "teams_stun.foundation", FT_STRING, BASE_NONE, NULL, 0, "Foundation of the sender's candidate ([MS-ICE2] 2.2)", HFILL } },
        { &hf_teams_stun_implementation_version, { "Implementation Version", "teams_stun.implementation_version", FT_UINT32, BASE_DEC, NULL, 0, "Which message format the sender understands ([MS-ICE2] 2.2)", HFILL } },
        { &hf_teams_stun_app_id, { "Application ID", "teams_stun.app_id", FT_UINT32, BASE_DEC, NULL, 0, "Meaning of the values observed, not documented", HFILL } },
        { &hf_teams_stun_session_id, { "Multiplexed Session ID", "teams_stun.session_id", FT_UINT64, BASE_HEX, NULL, 0, "Answers to the sender have to be wrapped with this identifier", HFILL } },
        { &hf_teams_stun_mapped_address, { "Mapped Address", "teams_stun.mapped.address", FT_IPv4, BASE_NONE, NULL, 0, "IPv4 address from which the check arrived", HFILL } },
        { &hf_teams_stun_mapped_address6, { "Mapped IPv6 Address", "teams_stun.mapped.address6", FT_IPv6, BASE_NONE, NULL, 0, "IPv6 address from which the check arrived", HFILL } },
        { &hf_teams_stun_mapped_port, { "Mapped Port", "teams_stun.mapped.port", FT_UINT16, BASE_DEC, NULL, 0, "Port from which the check arrived", HFILL } },
        { &hf_teams_stun_error_code, { "Error Code", "teams_stun.error.code", FT_UINT16, BASE_DEC, NULL, 0, "Why the check was refused (RFC 8489 14.8)", HFILL } },
        { &hf_teams_stun_error_reason, { "Error Reason", "teams_stun.error.reason", FT_STRING, BASE_NONE, NULL, 0, "Text that comes with the code", HFILL } },
        { &hf_teams_stun_software, { "Software", "teams_stun.software", FT_STRING, BASE_NONE, NULL, 0, "Name and version of the sender's software", HFILL } },
        { &hf_teams_stun_integrity, { "Message Integrity", "teams_stun.integrity", FT_BYTES, BASE_NONE, NULL, 0, "HMAC-SHA1 with the receiver's ICE password as key", HFILL } },
        { &hf_teams_stun_fingerprint, { "Fingerprint", "teams_stun.fingerprint", FT_UINT32, BASE_HEX, NULL, 0, "CRC-32 of the message before it, XORed with 0x5354554e", HFILL } },
        { &hf_teams_stun_unknown_8036, { "Value of 0x8036", "teams_stun.unknown_8036", FT_UINT32, BASE_DEC, NULL, 0, "Meaning not known; 1 observed during checks", HFILL } },
    };
    static int *ett[] = { &ett_attr };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        attribute_names[i].value = rows[i].type;
        attribute_names[i].strptr = rows[i].name;
    }
    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
