/* stun_attributes.c
 * The attributes of MS-TURN messages and connectivity checks: one table row each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is shown, checked and taken into stun_msg comes from the row.
 * Documents: RFC 8489 14, RFC 8445 16.1, [MS-TURN] 2.2.2, [MS-TURNBWM] 2.2,
 * [MS-ICE2] 2.2; "observed" stands for what is known from captures only.
 */

#include "stun_attributes.h"

#include <stddef.h>

#include "common/items.h"

/* ---- what values are called ---- */

static const value_string ms_version_names[] = {
    { 1, "MS-ICE" },
    { 2, "MS-ICE2" },
    { 3, "MS-ICE2 with HMAC-SHA256" },
    { 4, "MS-ICE2 with HMAC-SHA256 and IPv6" },
    { 5, "Multiplexed TURN over UDP" },
    { 6, "Multiplexed TURN over UDP and TCP" },
    { 0, NULL }
};

/* [MS-ICE2] 3.1.5.2 tells only below 3 from the rest; products are observed. */
static const range_string implementation_version_names[] = {
    { 1, 1, "draft-02 messages only; Office Communications Server 2007 R2 class (unverified)" },
    { 2, 2, "draft-02 messages only; also what libnice and pidgin-sipe send" },
    { 0, 2, "draft-02 messages only" },
    { 3, 3, "RFC 5389 messages; Skype and Skype for Business (observed)" },
    { 7, 7, "RFC 5389 messages; Skype and Teams (observed since 2018)" },
    { 3, UINT32_MAX, "RFC 5389 messages; product not known" },
    { 0, 0, NULL }
};

static const value_string app_id_names[] = {
    { 1, "Lync or Skype for Business (observed)" },
    { 2, "Teams (observed)" },
    { 0, NULL }
};

static const value_string service_quality_names[] = {
    { 0, "best effort" },
    { 1, "reliable" },
    { 2, "2 (observed)" },
    { 0, NULL }
};

static const value_string address_family_names[] = {
    { 1, "IPv4" },
    { 2, "IPv6" },
    { 0, NULL }
};

static const value_string error_code_names[] = {
    { 274, "Disable Candidate" },
    { 275, "Disable Candidate Pair" },
    { 300, "Try Alternate" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 420, "Unknown Attribute" },
    { 430, "Stale Credentials" },
    { 431, "Integrity Check Failure" },
    { 432, "Missing Username" },
    { 433, "Use TLS" },
    { 434, "Missing Realm" },
    { 435, "Missing Nonce" },
    { 436, "Unknown User" },
    { 437, "Allocation Mismatch" },
    { 438, "Stale Nonce" },
    { 439, "Wrong Transport" },
    { 441, "Wrong Credentials" },
    { 442, "Unsupported Transport Address" },
    { 486, "Allocation Quota Reached" },
    { 487, "Role Conflict" },
    { 500, "Server Error" },
    { 508, "Insufficient Capacity" },
    { 600, "Global Failure" },
    { 0, NULL }
};

static const value_string bwm_check_type_names[] = {
    { 0, "check" },
    { 1, "commit" },
    { 2, "update" },
    { 0, NULL }
};

static const value_string bwm_location_names[] = {
    { 0, "unknown" },
    { 1, "internet" },
    { 2, "intranet" },
    { 0, NULL }
};

static const value_string bwm_federation_names[] = {
    { 0, "none" },
    { 1, "enterprise" },
    { 2, "public cloud" },
    { 0, NULL }
};

const value_string stun_stream_type_names[] = {
    { 1, "audio" },
    { 2, "video" },
    { 3, "supplemental video" },
    { 4, "data" },
    { 0, NULL }
};

/* ---- fields ---- */

#define ADDRESS_FIELDS_INIT { -1, -1, -1 }
#define SITE_FIELDS_INIT { ADDRESS_FIELDS_INIT, -1, -1, -1, -1 }
#define RELAY_SITE_FIELDS_INIT { ADDRESS_FIELDS_INIT, -1, -1, -1, 0 }

static int hf_ms_turn_version = -1;
static int hf_ms_turn_app_id = -1;
static int hf_ms_turn_requested_family = -1;
static int hf_ms_turn_lifetime = -1;
static int hf_ms_turn_bandwidth = -1;
static int hf_ms_turn_software = -1;
static int hf_ms_turn_realm = -1;
static int hf_ms_turn_nonce = -1;
static int hf_ms_turn_session_id = -1;
static int hf_ms_turn_alternate_host = -1;
static int hf_ms_turn_secure_tag = -1;
static int hf_ms_turn_bwm_reservation_id = -1;
static int hf_ms_turn_bwm_dialog_id = -1;
static int hf_ms_turn_bwm_call_id = -1;
static int hf_ms_turn_bwm_check_type = -1;
static stun_credential_fields hf_ms_turn_username = { -1, -1 };
static stun_integrity_fields hf_ms_turn_integrity = { -1, -1 };
static stun_error_fields hf_ms_turn_error = { -1, -1 };
static stun_sequence_fields hf_ms_turn_sequence = { -1, -1 };
static stun_quality_fields hf_ms_turn_quality = { -1, -1 };
static stun_address_fields hf_ms_turn_relayed = ADDRESS_FIELDS_INIT;
static stun_address_fields hf_ms_turn_reflexive = ADDRESS_FIELDS_INIT;
static stun_address_fields hf_ms_turn_destination = ADDRESS_FIELDS_INIT;
static stun_address_fields hf_ms_turn_remote = ADDRESS_FIELDS_INIT;
static stun_address_fields hf_ms_turn_alternate_server = ADDRESS_FIELDS_INIT;
static stun_address_fields hf_ms_turn_alternate_mapped = ADDRESS_FIELDS_INIT;
static stun_bwm_amount_fields hf_ms_turn_bwm_amount = { -1, -1, -1, -1 };
static stun_bwm_location_fields hf_ms_turn_bwm_location = { -1, -1, -1 };
static stun_bwm_site_fields hf_ms_turn_bwm_remote_site = SITE_FIELDS_INIT;
static stun_bwm_site_fields hf_ms_turn_bwm_remote_relay_site = RELAY_SITE_FIELDS_INIT;
static stun_bwm_site_fields hf_ms_turn_bwm_local_site = SITE_FIELDS_INIT;
static stun_bwm_site_fields hf_ms_turn_bwm_local_relay_site = RELAY_SITE_FIELDS_INIT;

static int hf_teams_stun_use_candidate = -1;
static int hf_teams_stun_foundation = -1;
static int hf_teams_stun_implementation_version = -1;
static int hf_teams_stun_app_id = -1;
static int hf_teams_stun_session_id = -1;
static int hf_teams_stun_software = -1;
static int hf_teams_stun_unknown_8036 = -1;
static stun_ufrag_fields hf_teams_stun_ufrag = { -1, -1 };
static stun_role_fields hf_teams_stun_role = { -1, -1 };
static stun_priority_fields hf_teams_stun_priority = { -1, -1, -1, -1 };
static stun_address_fields hf_teams_stun_mapped = ADDRESS_FIELDS_INIT;
static stun_error_fields hf_teams_stun_error = { -1, -1 };
static stun_integrity_fields hf_teams_stun_integrity = { -1, -1 };
static stun_fingerprint_fields hf_teams_stun_fingerprint = { -1, -1 };

static int ett_attribute = -1;

static stun_protocol_row protocols[STUN_PROTOCOLS] = {
    [STUN_MS_TURN] = { -1, -1, -1, -1, &ms_turn_expert_table,
        MS_TURN_EXPERT_ATTRIBUTE_OVERRUN, MS_TURN_EXPERT_ATTRIBUTE_LENGTH, MS_TURN_EXPERT_ADDRESS_FAMILY },
    [STUN_CHECKS] = { -1, -1, -1, -1, &teams_stun_expert_table,
        TEAMS_STUN_EXPERT_ATTRIBUTE_OVERRUN, TEAMS_STUN_EXPERT_ATTRIBUTE_LENGTH, TEAMS_STUN_EXPERT_ADDRESS_FAMILY },
};

/* ---- the table ---- */

#define MEMBER(name) offsetof(stun_msg, name)
#define ANY 0, UINT16_MAX, 1

/* Ascending by type; of one type, that of MS-TURN first where it means another thing there. */
static const stun_attribute_row rows[] = {
    /* type, name, carriers, lengths: min, max, step, decoder, { fields in MS-TURN, in checks }, member, section, where */
    { 0x0001, "MAPPED-ADDRESS", STUN_IN_MS_TURN, 8, 20, 12, stun_decode_address, { &hf_ms_turn_relayed, NULL }, MEMBER(relayed), "[MS-TURN] 2.2.2.1", "Allocate responses: the relayed address" },
    { 0x0001, "MAPPED-ADDRESS", STUN_IN_CHECKS, 8, 20, 12, stun_decode_address, { NULL, &hf_teams_stun_mapped }, MEMBER(reflexive), "RFC 8489 14.1", "Binding responses" },
    { 0x0006, "USERNAME", STUN_IN_MS_TURN, ANY, stun_decode_credential, { &hf_ms_turn_username, NULL }, 0, "[MS-TURN] 2.2.2.2", "requests with credentials" },
    { 0x0006, "USERNAME", STUN_IN_CHECKS, 1, 513, 1, stun_decode_ufrags, { NULL, &hf_teams_stun_ufrag }, 0, "RFC 8445 7.2.2", "Binding Request: user fragments of receiver and sender" },
    { 0x0008, "MESSAGE-INTEGRITY", STUN_IN_MS_TURN, 20, 32, 12, stun_decode_integrity, { &hf_ms_turn_integrity, NULL }, 0, "[MS-TURN] 2.2.2.3", "requests with credentials and their responses" },
    { 0x0008, "MESSAGE-INTEGRITY", STUN_IN_CHECKS, 20, 20, 1, stun_decode_integrity, { NULL, &hf_teams_stun_integrity }, 0, "RFC 8489 14.5", "Binding Request and responses" },
    { 0x0009, "ERROR-CODE", STUN_IN_BOTH, 4, UINT16_MAX, 1, stun_decode_error_code, { &hf_ms_turn_error, &hf_teams_stun_error }, 0, "[MS-TURN] 2.2.2.4", "error responses" },
    { 0x000A, "UNKNOWN-ATTRIBUTES", STUN_IN_BOTH, 2, UINT16_MAX - 1, 2, NULL, { NULL }, 0, "[MS-TURN] 2.2.2.5", "error responses 420" },
    { 0x000D, "LIFETIME", STUN_IN_MS_TURN, 4, 4, 1, stun_decode_uint, { &hf_ms_turn_lifetime, NULL }, MEMBER(lifetime), "[MS-TURN] 2.2.2.6", "Allocate; 0 releases" },
    { 0x000E, "ALTERNATE-SERVER", STUN_IN_MS_TURN, 8, 20, 12, stun_decode_address, { &hf_ms_turn_alternate_server, NULL }, MEMBER(alternate), "[MS-TURN] 2.2.2.7", "error responses 300 and 401" },
    { 0x000F, "MAGIC-COOKIE", STUN_IN_MS_TURN, 4, 4, 1, NULL, { NULL }, 0, "[MS-TURN] 2.2.2.8", "first in every message" },
    { 0x0010, "BANDWIDTH", STUN_IN_MS_TURN, 4, 4, 1, stun_decode_uint, { &hf_ms_turn_bandwidth, NULL }, MEMBER(bandwidth), "[MS-TURN] 2.2.2.9", "Allocate" },
    { 0x0011, "DESTINATION-ADDRESS", STUN_IN_MS_TURN, 8, 20, 12, stun_decode_address, { &hf_ms_turn_destination, NULL }, MEMBER(destination), "[MS-TURN] 2.2.2.10", "Send Request, Set Active Destination Request" },
    { 0x0012, "REMOTE-ADDRESS", STUN_IN_MS_TURN, 8, 20, 12, stun_decode_address, { &hf_ms_turn_remote, NULL }, MEMBER(remote), "[MS-TURN] 2.2.2.11", "Data Indication" },
    { 0x0013, "DATA", STUN_IN_MS_TURN, ANY, stun_decode_data, { NULL }, 0, "[MS-TURN] 2.2.2.12", "Send Request, Data Indication" },
    { 0x0014, "NONCE", STUN_IN_MS_TURN, ANY, stun_decode_nonce, { &hf_ms_turn_nonce, NULL }, 0, "[MS-TURN] 2.2.2.13", "Allocate" },
    { 0x0014, "REALM", STUN_IN_CHECKS, ANY, NULL, { NULL }, 0, "RFC 8489 14.9", "responses" },
    { 0x0015, "REALM", STUN_IN_MS_TURN, ANY, stun_decode_realm, { &hf_ms_turn_realm, NULL }, MEMBER(realm), "[MS-TURN] 2.2.2.14", "Allocate" },
    { 0x0015, "NONCE", STUN_IN_CHECKS, ANY, NULL, { NULL }, 0, "RFC 8489 14.10", "responses" },
    { 0x0017, "REQUESTED-ADDRESS-FAMILY", STUN_IN_MS_TURN, 4, 4, 1, stun_decode_requested_family, { &hf_ms_turn_requested_family, NULL }, 0, "[MS-TURN] 2.2.2.15", "Allocate Request" },
    { 0x0020, "XOR-MAPPED-ADDRESS", STUN_IN_BOTH, 8, 20, 12, stun_decode_xor_address, { &hf_ms_turn_reflexive, &hf_teams_stun_mapped }, MEMBER(reflexive), "RFC 8489 14.2", "Binding responses" },
    { 0x0024, "PRIORITY", STUN_IN_CHECKS, 4, 4, 1, stun_decode_priority, { NULL, &hf_teams_stun_priority }, 0, "RFC 8445 16.1", "Binding Request" },
    { 0x0025, "USE-CANDIDATE", STUN_IN_CHECKS, 0, 0, 1, stun_decode_use_candidate, { NULL, &hf_teams_stun_use_candidate }, 0, "RFC 8445 16.1", "Binding Request" },
    { 0x0800, "Attribute 0x0800 (observed)", STUN_IN_CHECKS, ANY, NULL, { NULL }, 0, "observed", "Binding messages of Skype" },
    { 0x24DF, "Attribute 0x24DF (observed)", STUN_IN_CHECKS, ANY, NULL, { NULL }, 0, "observed", "Binding messages of Skype" },
    { 0x3802, "Attribute 0x3802 (observed)", STUN_IN_CHECKS, ANY, NULL, { NULL }, 0, "observed", "Binding messages of Skype" },
    { 0x8006, "Attribute 0x8006 (observed)", STUN_IN_MS_TURN, 4, 4, 1, NULL, { NULL }, 0, "observed", "Allocate Request of Teams" },
    { 0x8008, "MS-VERSION", STUN_IN_MS_TURN, 4, 4, 1, stun_decode_uint, { &hf_ms_turn_version, NULL }, MEMBER(version), "[MS-TURN] 2.2.2.17", "Allocate, Send Request" },
    { 0x8020, "MS-XOR-MAPPED-ADDRESS", STUN_IN_BOTH, 8, 20, 12, stun_decode_xor_address, { &hf_ms_turn_reflexive, &hf_teams_stun_mapped }, MEMBER(reflexive), "[MS-TURN] 2.2.2.16", "Allocate responses: the reflexive address; Binding responses" },
    { 0x8022, "SOFTWARE", STUN_IN_BOTH, 0, 763, 1, stun_decode_text, { &hf_ms_turn_software, &hf_teams_stun_software }, 0, "RFC 8489 14.14", "Allocate Success Response; Binding messages" },
    { 0x8028, "FINGERPRINT", STUN_IN_CHECKS, 4, 4, 1, stun_decode_fingerprint, { NULL, &hf_teams_stun_fingerprint }, 0, "RFC 8489 14.7", "Binding messages" },
    { 0x8029, "ICE-CONTROLLED", STUN_IN_CHECKS, 8, 8, 1, stun_decode_controlled, { NULL, &hf_teams_stun_role }, 0, "RFC 8445 16.1", "Binding Request" },
    { 0x802A, "ICE-CONTROLLING", STUN_IN_CHECKS, 8, 8, 1, stun_decode_controlling, { NULL, &hf_teams_stun_role }, 0, "RFC 8445 16.1", "Binding Request" },
    { 0x8032, "MS-ALTERNATE-HOST-NAME", STUN_IN_MS_TURN, ANY, stun_decode_text, { &hf_ms_turn_alternate_host, NULL }, 0, "[MS-TURN] 2.2.2.18", "error responses" },
    { 0x8033, "Attribute 0x8033 (observed)", STUN_IN_CHECKS, 0, 0, 1, NULL, { NULL }, 0, "observed", "Binding Request of Teams after nomination" },
    { 0x8036, "Attribute 0x8036 (observed)", STUN_IN_CHECKS, 4, 4, 1, stun_decode_uint, { NULL, &hf_teams_stun_unknown_8036 }, 0, "observed", "Binding messages of Teams" },
    { 0x8037, "MS-APP-ID", STUN_IN_BOTH, 4, 4, 1, stun_decode_uint, { &hf_ms_turn_app_id, &hf_teams_stun_app_id }, 0, "[MS-TURN] 2.2.2.19", "Allocate Request; Binding messages" },
    { 0x8039, "MS-SECURE-TAG", STUN_IN_MS_TURN, ANY, stun_decode_bytes, { &hf_ms_turn_secure_tag, NULL }, 0, "[MS-TURN] 2.2.2.20", "Allocate" },
    { 0x8050, "MS-SEQUENCE-NUMBER", STUN_IN_MS_TURN, 4, 24, 20, stun_decode_sequence, { &hf_ms_turn_sequence, NULL }, 0, "[MS-TURN] 2.2.2.21", "Allocate after the first success" },
    { 0x8054, "CANDIDATE-IDENTIFIER", STUN_IN_CHECKS, 1, 256, 1, stun_decode_foundation, { NULL, &hf_teams_stun_foundation }, 0, "[MS-ICE2] 2.2", "Binding Request" },
    { 0x8055, "MS-SERVICE-QUALITY", STUN_IN_MS_TURN, 4, 4, 1, stun_decode_service_quality, { &hf_ms_turn_quality, NULL }, 0, "[MS-TURN] 2.2.2.22", "Allocate Request" },
    { 0x8056, "Bandwidth Admission Control Message", STUN_IN_MS_TURN, 4, 4, 1, stun_decode_bwm_message, { &hf_ms_turn_bwm_check_type, NULL }, 0, "[MS-TURNBWM] 2.2.1", "Allocate" },
    { 0x8057, "Bandwidth Reservation Identifier", STUN_IN_MS_TURN, 16, 16, 1, stun_decode_bytes, { &hf_ms_turn_bwm_reservation_id, NULL }, 0, "[MS-TURNBWM] 2.2.2", "Allocate" },
    { 0x8058, "Bandwidth Reservation Amount", STUN_IN_MS_TURN, 16, 16, 1, stun_decode_bwm_amount, { &hf_ms_turn_bwm_amount, NULL }, 0, "[MS-TURNBWM] 2.2.3", "Allocate Request" },
    { 0x8059, "Remote Site Address", STUN_IN_MS_TURN, 8, 20, 12, stun_decode_xor_address, { &hf_ms_turn_bwm_remote_site, NULL }, 0, "[MS-TURNBWM] 2.2.4", "Allocate Request" },
    { 0x805A, "Remote Relay Site Address", STUN_IN_MS_TURN, 8, 20, 12, stun_decode_xor_address, { &hf_ms_turn_bwm_remote_relay_site, NULL }, 0, "[MS-TURNBWM] 2.2.5", "Allocate Request" },
    { 0x805B, "Local Site Address", STUN_IN_MS_TURN, 8, 20, 12, stun_decode_xor_address, { &hf_ms_turn_bwm_local_site, NULL }, 0, "[MS-TURNBWM] 2.2.6", "Allocate Request" },
    { 0x805C, "Local Relay Site Address", STUN_IN_MS_TURN, 8, 20, 12, stun_decode_xor_address, { &hf_ms_turn_bwm_local_relay_site, NULL }, 0, "[MS-TURNBWM] 2.2.7", "Allocate Request" },
    { 0x805D, "Remote Site Address Response", STUN_IN_MS_TURN, 12, 12, 1, stun_decode_bwm_answer, { &hf_ms_turn_bwm_remote_site, NULL }, 0, "[MS-TURNBWM] 2.2.8", "Allocate responses" },
    { 0x805E, "Remote Relay Site Address Response", STUN_IN_MS_TURN, 12, 12, 1, stun_decode_bwm_answer, { &hf_ms_turn_bwm_remote_relay_site, NULL }, 0, "[MS-TURNBWM] 2.2.9", "Allocate responses" },
    { 0x805F, "Local Site Address Response", STUN_IN_MS_TURN, 12, 12, 1, stun_decode_bwm_answer, { &hf_ms_turn_bwm_local_site, NULL }, 0, "[MS-TURNBWM] 2.2.10", "Allocate responses" },
    { 0x8060, "Local Relay Site Address Response", STUN_IN_MS_TURN, 12, 12, 1, stun_decode_bwm_answer, { &hf_ms_turn_bwm_local_relay_site, NULL }, 0, "[MS-TURNBWM] 2.2.11", "Allocate responses" },
    { 0x8061, "SIP Dialog Identifier", STUN_IN_MS_TURN, ANY, stun_decode_text, { &hf_ms_turn_bwm_dialog_id, NULL }, 0, "[MS-TURNBWM] 2.2.12", "Allocate Request" },
    { 0x8062, "SIP Call Identifier", STUN_IN_MS_TURN, ANY, stun_decode_text, { &hf_ms_turn_bwm_call_id, NULL }, 0, "[MS-TURNBWM] 2.2.13", "Allocate Request" },
    { 0x8068, "Location Profile", STUN_IN_MS_TURN, 4, 4, 1, stun_decode_bwm_location, { &hf_ms_turn_bwm_location, NULL }, 0, "[MS-TURNBWM] 2.2.14", "Allocate Request" },
    { 0x8070, "IMPLEMENTATION-VERSION", STUN_IN_CHECKS, 4, 4, 1, stun_decode_uint, { NULL, &hf_teams_stun_implementation_version }, MEMBER(implementation_version), "[MS-ICE2] 2.2", "Binding messages" },
    { 0x8090, "MS-ALTERNATE-MAPPED-ADDRESS", STUN_IN_MS_TURN, 20, 20, 1, stun_decode_address, { &hf_ms_turn_alternate_mapped, NULL }, 0, "[MS-TURN] 2.2.2.23", "Allocate Success Response: the relayed IPv6 address" },
    { 0x8095, "MULTIPLEXED-TURN-SESSION-ID", STUN_IN_BOTH, 8, 8, 1, stun_decode_uint64, { &hf_ms_turn_session_id, &hf_teams_stun_session_id }, MEMBER(session_id), "[MS-TURN] 2.2.2.24", "Allocate; Binding Request through a relay" },
};

G_STATIC_ASSERT(G_N_ELEMENTS(rows) <= 64);  /* stun_msg.present */

static value_string attribute_names[STUN_PROTOCOLS][G_N_ELEMENTS(rows) + 1];

static bool
is_decoded(const stun_attribute_row *row, stun_protocol protocol)
{
    return (row->carriers & (1u << protocol)) != 0;
}

/* The row of a type: the protocol's own before one of another protocol, which gives name and length alone. */
static const stun_attribute_row *
find_row(uint16_t type, stun_protocol protocol)
{
    const stun_attribute_row *other = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows) && rows[i].type <= type; i++) {
        if (rows[i].type != type)
            continue;
        if (is_decoded(&rows[i], protocol))
            return &rows[i];
        other = &rows[i];
    }
    return other;
}

bool
stun_msg_has(const stun_msg *msg, uint16_t type)
{
    const stun_attribute_row *row = find_row(type, msg->protocol);

    return row != NULL && (msg->present & (UINT64_C(1) << (row - rows))) != 0;
}

/* ---- the walk ---- */

static bool
length_fits(const stun_attribute_row *row, unsigned length)
{
    return length >= row->min && length <= row->max && (length - row->min) % row->step == 0;
}

static const char *
length_rule(wmem_allocator_t *scope, const stun_attribute_row *row, unsigned length)
{
    if (row->min == row->max)
        return wmem_strdup_printf(scope, "%u instead of %u bytes", length, row->min);
    if (row->step == 2)
        return wmem_strdup_printf(scope, "%u bytes instead of two for each type", length);
    if (row->max == UINT16_MAX)
        return wmem_strdup_printf(scope, "%u instead of at least %u bytes", length, row->min);
    return wmem_strdup_printf(scope, row->step > 1 ? "%u instead of %u or %u bytes" : "%u instead of %u to %u bytes",
        length, row->min, row->max);
}

static void
dissect_attribute(stun_attribute *attribute, const ts_tlv *tlv)
{
    const stun_protocol_row *protocol = attribute->protocol;
    const unsigned available = (unsigned)tlv->available;
    /* Cut by the message's end, not by the capture's. */
    const bool overrun = available < tlv->length && (unsigned)attribute->offset + tlv->length > tvb_reported_length(attribute->tvb);

    proto_tree_add_uint(attribute->tree, protocol->type, attribute->tvb, (int)tlv->offset, 2, tlv->type);
    proto_tree_add_uint(attribute->tree, protocol->length, attribute->tvb, (int)tlv->offset + 2, 2, tlv->length);
    proto_tree_add_item(attribute->tree, protocol->value, attribute->tvb, attribute->offset, (int)available, ENC_NA);

    if (overrun)
        ts_expert_add(protocol->experts, protocol->overrun, attribute->pinfo, attribute->item,
            wmem_strdup_printf(attribute->pinfo->pool, "%u bytes of %u", available, tlv->length));
    if (attribute->row == NULL)
        return;
    if (!length_fits(attribute->row, tlv->length))
        ts_expert_add(protocol->experts, protocol->wrong_length, attribute->pinfo, attribute->item,
            length_rule(attribute->pinfo->pool, attribute->row, tlv->length));
    if (available < tlv->length || tlv->length < attribute->row->min)
        return;
    attribute->msg->present |= UINT64_C(1) << (attribute->row - rows);
    if (attribute->row->decode != NULL && is_decoded(attribute->row, attribute->msg->protocol))
        attribute->row->decode(attribute);
}

void
stun_attributes_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool padded, stun_msg *msg)
{
    const size_t captured = tvb_captured_length(tvb);
    const stun_protocol_row *protocol = &protocols[msg->protocol];
    ts_tlv_walk walk;
    ts_tlv tlv;

    ts_tlv_walk_init(&walk, tvb_get_ptr(tvb, 0, (int)captured), captured, padded);
    while (ts_tlv_next(&walk, &tlv)) {
        const stun_attribute_row *row = find_row(tlv.type, msg->protocol);
        const char *name = row != NULL ? row->name : wmem_strdup_printf(pinfo->pool, "Unknown Attribute 0x%04x", tlv.type);
        stun_attribute attribute = {
            .row = row,
            .protocol = protocol,
            .fields = row == NULL ? NULL : row->fields[msg->protocol],
            .tvb = tvb,
            .offset = (int)tlv.offset + STUN_ATTRIBUTE_HEADER,
            .length = tlv.length,
            .pinfo = pinfo,
            .msg = msg,
        };

        attribute.item = proto_tree_add_none_format(tree, protocol->attribute, tvb, (int)tlv.offset,
            STUN_ATTRIBUTE_HEADER + (int)tlv.available, "%s", name);
        attribute.tree = proto_item_add_subtree(attribute.item, ett_attribute);
        dissect_attribute(&attribute, &tlv);
    }
    msg->complete = walk.offset == walk.end && !msg->end_missing;
}

/* ---- registration ---- */

/* "<name>.address", ".ipv6" and ".port". */
#define ADDRESS_HF(fields, label, name, blurb) \
    { &(fields).address, { label " Address", name ".address", FT_IPv4, BASE_NONE, NULL, 0, blurb, HFILL } }, \
    { &(fields).ipv6, { label " IPv6 Address", name ".ipv6", FT_IPv6, BASE_NONE, NULL, 0, blurb, HFILL } }, \
    { &(fields).port, { label " Port", name ".port", FT_UINT16, BASE_DEC, NULL, 0, blurb, HFILL } }

/* What every attribute has. */
#define ATTRIBUTE_HF(index, protocol) \
    { &protocols[index].attribute, { "Attribute", protocol ".attr", FT_NONE, BASE_NONE, NULL, 0, "One attribute, known or not", HFILL } }, \
    { &protocols[index].type, { "Type", protocol ".attr.type", FT_UINT16, BASE_HEX, VALS(attribute_names[index]), 0, "Attribute type, also of unknown attributes", HFILL } }, \
    { &protocols[index].length, { "Length", protocol ".attr.length", FT_UINT16, BASE_DEC, NULL, 0, "Length of the value in bytes without padding, as the attribute says", HFILL } }, \
    { &protocols[index].value, { "Value", protocol ".attr.value", FT_BYTES, BASE_NONE, NULL, 0, "The value as it was sent, without padding", HFILL } }

#define BWM_NUMBER_HF(var, label, name, blurb) \
    { &(var), { label, "ms_turn.bwm." name, FT_UINT32, BASE_DEC, NULL, 0, blurb, HFILL } }
#define BWM_FLAG_HF(var, label, name, blurb) \
    { &(var), { label, "ms_turn.bwm." name, FT_BOOLEAN, BASE_NONE, NULL, 0, blurb, HFILL } }
#define BWM_RELAY_SITE_HF(site, label, name) \
    ADDRESS_HF((site).address, label, "ms_turn.bwm." name, "Asked about in a bandwidth request"), \
    BWM_FLAG_HF((site).valid, label " Valid", name ".valid", "Bandwidth policy allows this path"), \
    BWM_NUMBER_HF((site).max_send, label " Maximum Send", name ".max_send", "Most that may be sent, in kbit/s"), \
    BWM_NUMBER_HF((site).max_receive, label " Maximum Receive", name ".max_receive", "Most that may be received, in kbit/s")
#define BWM_SITE_HF(site, label, name) \
    BWM_RELAY_SITE_HF(site, label, name), \
    BWM_FLAG_HF((site).pstn, label " PSTN Failover", name ".pstn", "Failover to the telephone network is allowed")

static void
fill_attribute_names(stun_protocol protocol)
{
    unsigned count = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (find_row(rows[i].type, protocol) != &rows[i])
            continue;
        attribute_names[protocol][count].value = rows[i].type;
        attribute_names[protocol][count++].strptr = rows[i].name;
    }
}

void
stun_attributes_register_ms_turn(int proto)
{
    static hf_register_info hf[] = {
        ATTRIBUTE_HF(STUN_MS_TURN, "ms_turn"),
        { &hf_ms_turn_version, { "MS-Version", "ms_turn.version", FT_UINT32, BASE_DEC, VALS(ms_version_names), 0, "Protocol version of the sender", HFILL } },
        { &hf_ms_turn_app_id, { "App ID", "ms_turn.app_id", FT_UINT32, BASE_DEC, VALS(app_id_names), 0, "Application of the sender; meanings observed", HFILL } },
        { &hf_ms_turn_quality.stream_type, { "Stream Type", "ms_turn.stream_type", FT_UINT16, BASE_DEC, VALS(stun_stream_type_names), 0, "Media that the allocation is for", HFILL } },
        { &hf_ms_turn_quality.quality, { "Service Quality", "ms_turn.service_quality", FT_UINT16, BASE_DEC, VALS(service_quality_names), 0, "What the client wants of the allocation", HFILL } },
        { &hf_ms_turn_requested_family, { "Requested Address Family", "ms_turn.requested_family", FT_UINT8, BASE_DEC, VALS(address_family_names), 0, "Address family of the relayed address that is asked for", HFILL } },
        { &hf_ms_turn_lifetime, { "Lifetime", "ms_turn.lifetime", FT_UINT32, BASE_DEC, NULL, 0, "Lifetime of the allocation in seconds; 0 releases it", HFILL } },
        { &hf_ms_turn_bandwidth, { "Bandwidth", "ms_turn.bandwidth", FT_UINT32, BASE_DEC, NULL, 0, "Bandwidth of the allocation in kbit/s", HFILL } },
        { &hf_ms_turn_software, { "Software", "ms_turn.software", FT_STRING, BASE_NONE, NULL, 0, "Name or build of the relay", HFILL } },
        { &hf_ms_turn_realm, { "Realm", "ms_turn.realm", FT_STRING, BASE_NONE, NULL, 0, "Realm of the credentials, with quotes where they are sent", HFILL } },
        { &hf_ms_turn_nonce, { "Nonce", "ms_turn.nonce", FT_BYTES, BASE_NONE, NULL, 0, "Opaque value that the relay hands out", HFILL } },
        { &hf_ms_turn_username.token, { "Username", "ms_turn.username", FT_BYTES, BASE_NONE, NULL, 0, "Credential token, opaque", HFILL } },
        { &hf_ms_turn_username.expiry, { "Credentials Expire", "ms_turn.username.expiry", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 0, "End of the credentials' validity, from the user name (observed layout)", HFILL } },
        { &hf_ms_turn_integrity.hash, { "Message Integrity", "ms_turn.integrity", FT_BYTES, BASE_NONE, NULL, 0, "Keyed hash of the message", HFILL } },
        { &hf_ms_turn_integrity.algorithm, { "Integrity Algorithm", "ms_turn.integrity.algorithm", FT_STRING, BASE_NONE, NULL, 0, "By the length of the hash: HMAC-SHA1 or HMAC-SHA256", HFILL } },
        { &hf_ms_turn_error.code, { "Error Code", "ms_turn.error.code", FT_UINT16, BASE_DEC, VALS(error_code_names), 0, "Why the relay refuses", HFILL } },
        { &hf_ms_turn_error.reason, { "Error Reason", "ms_turn.error.reason", FT_STRING, BASE_NONE, NULL, 0, "The relay's own words", HFILL } },
        { &hf_ms_turn_sequence.connection_id, { "Connection ID", "ms_turn.connection_id", FT_BYTES, BASE_NONE, NULL, 0, "Connection that the sequence number counts in", HFILL } },
        { &hf_ms_turn_sequence.number, { "Sequence Number", "ms_turn.sequence", FT_UINT32, BASE_DEC, NULL, 0, "Number of the request within the connection", HFILL } },
        { &hf_ms_turn_session_id, { "Multiplexed TURN Session ID", "ms_turn.session_id", FT_UINT64, BASE_HEX, NULL, 0, "Session at a multiplexing relay", HFILL } },
        { &hf_ms_turn_alternate_host, { "Alternate Host Name", "ms_turn.alternate_host", FT_STRING, BASE_NONE, NULL, 0, "Name of the alternate server", HFILL } },
        { &hf_ms_turn_secure_tag, { "Secure Tag", "ms_turn.secure_tag", FT_BYTES, BASE_NONE, NULL, 0, "Opaque tag; its layout is not known", HFILL } },
        ADDRESS_HF(hf_ms_turn_relayed, "Relayed", "ms_turn.relayed", "Where the relay receives for the client (MAPPED-ADDRESS)"),
        ADDRESS_HF(hf_ms_turn_reflexive, "Reflexive", "ms_turn.reflexive", "The client as the relay sees it (MS-XOR-MAPPED-ADDRESS), un-XORed"),
        ADDRESS_HF(hf_ms_turn_destination, "Destination", "ms_turn.destination", "Peer that the relay sends to"),
        ADDRESS_HF(hf_ms_turn_remote, "Remote", "ms_turn.remote", "Peer that the relay received from"),
        ADDRESS_HF(hf_ms_turn_alternate_server, "Alternate Server", "ms_turn.alternate_server", "Server that the next request should go to"),
        ADDRESS_HF(hf_ms_turn_alternate_mapped, "Alternate Mapped", "ms_turn.alternate_mapped", "Relayed address of the other address family"),
        { &hf_ms_turn_bwm_check_type, { "Bandwidth Message", "ms_turn.bwm.check_type", FT_UINT16, BASE_DEC, VALS(bwm_check_type_names), 0, "What is asked of bandwidth policy", HFILL } },
        { &hf_ms_turn_bwm_reservation_id, { "Reservation ID", "ms_turn.bwm.reservation_id", FT_BYTES, BASE_NONE, NULL, 0, "Identifies the bandwidth reservation", HFILL } },
        BWM_NUMBER_HF(hf_ms_turn_bwm_amount.min_send, "Minimum Send", "min_send", "Least bandwidth to send with, in kbit/s"),
        BWM_NUMBER_HF(hf_ms_turn_bwm_amount.max_send, "Maximum Send", "max_send", "Most bandwidth to send with, in kbit/s"),
        BWM_NUMBER_HF(hf_ms_turn_bwm_amount.min_receive, "Minimum Receive", "min_receive", "Least bandwidth to receive with, in kbit/s"),
        BWM_NUMBER_HF(hf_ms_turn_bwm_amount.max_receive, "Maximum Receive", "max_receive", "Most bandwidth to receive with, in kbit/s"),
        BWM_SITE_HF(hf_ms_turn_bwm_remote_site, "Remote Site", "remote_site"),
        BWM_RELAY_SITE_HF(hf_ms_turn_bwm_remote_relay_site, "Remote Relay Site", "remote_relay_site"),
        BWM_SITE_HF(hf_ms_turn_bwm_local_site, "Local Site", "local_site"),
        BWM_RELAY_SITE_HF(hf_ms_turn_bwm_local_relay_site, "Local Relay Site", "local_relay_site"),
        { &hf_ms_turn_bwm_dialog_id, { "SIP Dialog ID", "ms_turn.bwm.dialog_id", FT_STRING, BASE_NONE, NULL, 0, "Identifies the SIP dialog of the call", HFILL } },
        { &hf_ms_turn_bwm_call_id, { "SIP Call ID", "ms_turn.bwm.call_id", FT_STRING, BASE_NONE, NULL, 0, "Identifies the call in SIP", HFILL } },
        { &hf_ms_turn_bwm_location.peer, { "Peer Location", "ms_turn.bwm.peer_location", FT_UINT8, BASE_DEC, VALS(bwm_location_names), 0, "Network that the peer is in", HFILL } },
        { &hf_ms_turn_bwm_location.self, { "Self Location", "ms_turn.bwm.self_location", FT_UINT8, BASE_DEC, VALS(bwm_location_names), 0, "Network that the client is in", HFILL } },
        { &hf_ms_turn_bwm_location.federation, { "Federation", "ms_turn.bwm.federation", FT_UINT8, BASE_DEC, VALS(bwm_federation_names), 0, "Kind of federation of the call", HFILL } },
    };
    static int *ett[] = { &ett_attribute };

    fill_attribute_names(STUN_MS_TURN);
    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}

void
stun_attributes_register_checks(int proto)
{
    static hf_register_info hf[] = {
        ATTRIBUTE_HF(STUN_CHECKS, "teams_stun"),
        { &hf_teams_stun_ufrag.local, { "Local User Fragment", "teams_stun.ufrag.local", FT_STRING, BASE_NONE, NULL, 0, "User fragment of the message's sender", HFILL } },
        { &hf_teams_stun_ufrag.remote, { "Remote User Fragment", "teams_stun.ufrag.remote", FT_STRING, BASE_NONE, NULL, 0, "User fragment of the message's receiver", HFILL } },
        { &hf_teams_stun_role.role, { "Role", "teams_stun.role", FT_STRING, BASE_NONE, NULL, 0, "ICE role of the sender, by the type of the attribute: controlling or controlled", HFILL } },
        { &hf_teams_stun_role.tie_breaker, { "Tie-Breaker", "teams_stun.tie_breaker", FT_UINT64, BASE_HEX, NULL, 0, "Decides role conflicts (RFC 8445 7.3.1.1)", HFILL } },
        { &hf_teams_stun_priority.priority, { "Priority", "teams_stun.priority", FT_UINT32, BASE_DEC_HEX, NULL, 0, "Priority that the candidate would have as a peer-reflexive one", HFILL } },
        { &hf_teams_stun_priority.type, { "Type Preference", "teams_stun.priority.type", FT_UINT8, BASE_DEC, NULL, 0, "126 host, 110 peer-reflexive, 100 server-reflexive, 0 relayed (RFC 8445 5.1.2.2)", HFILL } },
        { &hf_teams_stun_priority.local, { "Local Preference", "teams_stun.priority.local", FT_UINT16, BASE_DEC, NULL, 0, "Preference among candidates of one type", HFILL } },
        { &hf_teams_stun_priority.component, { "Component", "teams_stun.priority.component", FT_UINT16, BASE_DEC, NULL, 0, "1 RTP, 2 RTCP", HFILL } },
        { &hf_teams_stun_use_candidate, { "Use Candidate", "teams_stun.use_candidate", FT_BOOLEAN, BASE_NONE, NULL, 0, "The controlling side nominates this pair", HFILL } },
        { &hf_teams_stun_foundation, { "Foundation", "teams_stun.foundation", FT_STRING, BASE_NONE, NULL, 0, "Foundation of the sender's candidate ([MS-ICE2] 2.2)", HFILL } },
        { &hf_teams_stun_implementation_version, { "Implementation Version", "teams_stun.implementation_version", FT_UINT32, BASE_DEC|BASE_RANGE_STRING, RVALS(implementation_version_names), 0, "Which message format the sender understands ([MS-ICE2] 2.2)", HFILL } },
        { &hf_teams_stun_app_id, { "App ID", "teams_stun.app_id", FT_UINT32, BASE_DEC, VALS(app_id_names), 0, "Application of the sender; meanings observed", HFILL } },
        { &hf_teams_stun_session_id, { "Multiplexed TURN Session ID", "teams_stun.session_id", FT_UINT64, BASE_HEX, NULL, 0, "Answers to the sender have to be wrapped with this identifier", HFILL } },
        ADDRESS_HF(hf_teams_stun_mapped, "Mapped", "teams_stun.mapped", "Where the check arrived from, as the receiver of the check sees it"),
        { &hf_teams_stun_error.code, { "Error Code", "teams_stun.error.code", FT_UINT16, BASE_DEC, VALS(error_code_names), 0, "Why the check was refused (RFC 8489 14.8)", HFILL } },
        { &hf_teams_stun_error.reason, { "Error Reason", "teams_stun.error.reason", FT_STRING, BASE_NONE, NULL, 0, "Text that comes with the code", HFILL } },
        { &hf_teams_stun_software, { "Software", "teams_stun.software", FT_STRING, BASE_NONE, NULL, 0, "Name and version of the sender's software", HFILL } },
        { &hf_teams_stun_integrity.hash, { "Message Integrity", "teams_stun.integrity", FT_BYTES, BASE_NONE, NULL, 0, "Hash with the receiver's ICE password as key", HFILL } },
        { &hf_teams_stun_integrity.algorithm, { "Integrity Algorithm", "teams_stun.integrity.algorithm", FT_STRING, BASE_NONE, NULL, 0, "By the length of the hash: HMAC-SHA1", HFILL } },
        { &hf_teams_stun_fingerprint.checksum, { "Fingerprint", "teams_stun.fingerprint", FT_UINT32, BASE_HEX, NULL, 0, "CRC-32 of the message before it, XORed with 0x5354554e", HFILL } },
        { &hf_teams_stun_fingerprint.status, { "Fingerprint Status", "teams_stun.fingerprint.status", FT_UINT8, BASE_NONE, NULL, 0, "Good also under the misprinted table of Windows Live Messenger 2009, which an expert item tells", HFILL } },
        { &hf_teams_stun_unknown_8036, { "Value of 0x8036", "teams_stun.unknown_8036", FT_UINT32, BASE_DEC, NULL, 0, "Meaning not known; 1 observed during checks", HFILL } },
    };

    fill_attribute_names(STUN_CHECKS);
    ts_hf_set_names(hf, array_length(hf), &hf_teams_stun_fingerprint.status, proto_checksum_vals);
    proto_register_field_array(proto, hf, array_length(hf));
}
