/* turn_attribute_values.c
 * What the values of MS-TURN attributes say
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-TURN] 2.2.2; "observed" stands for what is known from
 * captures only.
 */

#include "turn_attributes.h"

#include <epan/to_str.h>
#include <wsutil/nstime.h>

#include "experts.h"

int hf_ms_turn_version = -1;
int hf_ms_turn_app_id = -1;
static int hf_ms_turn_stream_type = -1;
static int hf_ms_turn_service_quality = -1;
static int hf_ms_turn_requested_family = -1;
int hf_ms_turn_lifetime = -1;
int hf_ms_turn_bandwidth = -1;
int hf_ms_turn_software = -1;
int hf_ms_turn_realm = -1;
int hf_ms_turn_nonce = -1;
int hf_ms_turn_username = -1;
static int hf_ms_turn_username_expiry = -1;
static int hf_ms_turn_integrity = -1;
static int hf_ms_turn_integrity_algorithm = -1;
static int hf_ms_turn_error_code = -1;
static int hf_ms_turn_error_reason = -1;
static int hf_ms_turn_connection_id = -1;
static int hf_ms_turn_sequence = -1;
static int hf_ms_turn_session_id = -1;
int hf_ms_turn_alternate_host = -1;
int hf_ms_turn_secure_tag = -1;
ms_turn_address_fields hf_relayed = MS_TURN_ADDRESS_FIELDS_INIT;
ms_turn_address_fields hf_reflexive = MS_TURN_ADDRESS_FIELDS_INIT;
ms_turn_address_fields hf_destination = MS_TURN_ADDRESS_FIELDS_INIT;
ms_turn_address_fields hf_remote = MS_TURN_ADDRESS_FIELDS_INIT;
ms_turn_address_fields hf_alternate_server = MS_TURN_ADDRESS_FIELDS_INIT;
ms_turn_address_fields hf_alternate_mapped = MS_TURN_ADDRESS_FIELDS_INIT;

static const value_string version_names[] = {
    { 1, "MS-ICE" },
    { 2, "MS-ICE2" },
    { 3, "MS-ICE2 with HMAC-SHA256" },
    { 4, "MS-ICE2 with HMAC-SHA256 and IPv6" },
    { 5, "Multiplexed TURN over UDP" },
    { 6, "Multiplexed TURN over UDP and TCP" },
    { 0, NULL }
};

static const value_string app_id_names[] = {
    { 1, "Skype for Business (observed)" },
    { 2, "Teams (observed)" },
    { 0, NULL }
};

static const value_string stream_type_names[] = {
    { 1, "audio" },
    { 2, "video" },
    { 3, "supplemental video" },
    { 4, "data" },
    { 0, NULL }
};

static const value_string service_quality_names[] = {
    { 0, "best effort" },
    { 1, "reliable" },
    { 2, "2 (observed)" },
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
    { 500, "Server Error" },
    { 508, "Insufficient Capacity" },
    { 600, "Global Failure" },
    { 0, NULL }
};

const char *
ms_turn_stream_type_name(uint32_t stream_type)
{
    return val_to_str_const(stream_type, stream_type_names, "unknown");
}

/* ---- decoders ---- */

void
ms_turn_attribute_label(const ms_turn_attribute *attribute, const char *text)
{
    proto_item_append_text(attribute->item, ": %s", text);
}

static void *
fact_of(const ms_turn_attribute *attribute)
{
    return attribute->row->fact == 0 ? NULL : (uint8_t *)attribute->msg + attribute->row->fact;
}

static int
field_of(const ms_turn_attribute *attribute)
{
    return *(const int *)attribute->row->field;
}

void
ms_turn_decode_uint(const ms_turn_attribute *a)
{
    uint32_t value;
    uint32_t *fact = (uint32_t *)fact_of(a);
    const header_field_info *hfinfo = proto_registrar_get_nth(field_of(a));
    const char *name = NULL;

    proto_tree_add_item_ret_uint(a->tree, field_of(a), a->tvb, a->offset, 4, ENC_BIG_ENDIAN, &value);
    if (fact != NULL)
        *fact = value;
    if (hfinfo->strings != NULL && (hfinfo->display & BASE_UNIT_STRING) == 0)
        name = try_val_to_str(value, (const value_string *)hfinfo->strings);
    if (name == NULL)
        proto_item_append_text(a->item, ": %u", value);
    else
        proto_item_append_text(a->item, ": %s (%u)", name, value);
}

void
ms_turn_decode_text(const ms_turn_attribute *a)
{
    const char **fact = (const char **)fact_of(a);
    const char *text = (const char *)tvb_get_string_enc(a->pinfo->pool, a->tvb, a->offset, (int)a->length, ENC_UTF_8);

    proto_tree_add_item(a->tree, field_of(a), a->tvb, a->offset, (int)a->length, ENC_UTF_8);
    if (fact != NULL)
        *fact = text;
    ms_turn_attribute_label(a, tvb_format_text(a->pinfo->pool, a->tvb, a->offset, (int)a->length));
}

void
ms_turn_decode_bytes(const ms_turn_attribute *a)
{
    proto_tree_add_item(a->tree, field_of(a), a->tvb, a->offset, (int)a->length, ENC_NA);
    if (a->length > 0)
        ms_turn_attribute_label(a, tvb_bytes_to_str(a->pinfo->pool, a->tvb, a->offset, (int)MIN(a->length, 24)));
}

/*
 * [MS-TURN] 2.2.2.1: reserved byte, family, port, address; with XOR 2.2.2.16:
 * port and address XORed with the transaction id from its first byte on.
 */
static void
decode_address(const ms_turn_attribute *a, bool xored)
{
    const ms_turn_address_fields *fields = (const ms_turn_address_fields *)a->row->field;
    const uint8_t family = tvb_get_uint8(a->tvb, a->offset + 1);
    const unsigned size = family == 1 ? 4 : 16;
    ts_endpoint end = { .port = tvb_get_ntohs(a->tvb, a->offset + 2) };

    if ((family != 1 && family != 2) || a->length < 4 + size) {
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_ADDRESS_FAMILY, a->pinfo, a->item, "");
        return;
    }

    uint8_t *bytes = (uint8_t *)tvb_memdup(a->pinfo->pool, a->tvb, a->offset + 4, size);
    if (xored) {
        const uint8_t *key = tvb_get_ptr(a->tvb, 4, 16);

        end.port ^= (uint16_t)((key[0] << 8) | key[1]);
        for (unsigned i = 0; i < size; i++)
            bytes[i] ^= key[i];
    }
    set_address(&end.addr, family == 1 ? AT_IPv4 : AT_IPv6, (int)size, bytes);

    if (family == 1) {
        ws_in4_addr ipv4;
        memcpy(&ipv4, bytes, sizeof ipv4);
        proto_tree_add_ipv4(a->tree, fields->address, a->tvb, a->offset + 4, 4, ipv4);
    } else {
        proto_tree_add_ipv6(a->tree, fields->ipv6, a->tvb, a->offset + 4, 16, (const ws_in6_addr *)(const void *)bytes);
    }
    proto_tree_add_uint(a->tree, fields->port, a->tvb, a->offset + 2, 2, end.port);
    ms_turn_attribute_label(a, ts_endpoint_text(a->pinfo->pool, &end));

    ts_endpoint *fact = (ts_endpoint *)fact_of(a);
    if (fact != NULL)
        *fact = end;
}

void
ms_turn_decode_address(const ms_turn_attribute *a)
{
    decode_address(a, false);
}

void
ms_turn_decode_xor_address(const ms_turn_attribute *a)
{
    decode_address(a, true);
}

/*
 * Credentials of Teams relays (observed): 02 00, 16-bit length 36, 36 bytes of
 * which the first 4 are followed by a FILETIME of the expiry, and a code of 16
 * bytes that depends on the realm. A client has one of these for each realm.
 */
static unsigned
client_length(const ms_turn_attribute *a)
{
    const bool known = a->length >= 40 && tvb_get_ntohl(a->tvb, a->offset) == 0x02000024;

    return known ? 40 : a->length;
}

void
ms_turn_decode_username(const ms_turn_attribute *a)
{
    nstime_t expiry;

    ms_turn_decode_bytes(a);
    if (a->length > 0)
        a->msg->credential = wmem_strong_hash(tvb_get_ptr(a->tvb, a->offset, (int)client_length(a)), client_length(a));
    if (a->length < 40 || tvb_get_ntohl(a->tvb, a->offset) != 0x02000024 ||
        !filetime_to_nstime(&expiry, tvb_get_ntoh64(a->tvb, a->offset + 8)))
        return;
    proto_tree_add_time(a->tree, hf_ms_turn_username_expiry, a->tvb, a->offset + 8, 8, &expiry);
    if (nstime_cmp(&expiry, &a->pinfo->abs_ts) < 0)
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_CREDENTIALS_EXPIRED, a->pinfo, a->item, "");
}

void
ms_turn_decode_integrity(const ms_turn_attribute *a)
{
    const char *algorithm = a->length == 32 ? "HMAC-SHA256" : a->length == 20 ? "HMAC-SHA1" : "";

    proto_tree_add_item(a->tree, hf_ms_turn_integrity, a->tvb, a->offset, (int)a->length, ENC_NA);
    proto_item *item = proto_tree_add_string(a->tree, hf_ms_turn_integrity_algorithm, a->tvb, a->offset, (int)a->length, algorithm);
    proto_item_set_generated(item);
    ms_turn_attribute_label(a, algorithm);
    a->msg->integrity_length = a->length;
}

void
ms_turn_decode_error_code(const ms_turn_attribute *a)
{
    const uint32_t code = (tvb_get_uint8(a->tvb, a->offset + 2) & 7u) * 100u + tvb_get_uint8(a->tvb, a->offset + 3);
    const int length = (int)a->length - 4;

    proto_tree_add_uint(a->tree, hf_ms_turn_error_code, a->tvb, a->offset + 2, 2, code);
    proto_tree_add_item(a->tree, hf_ms_turn_error_reason, a->tvb, a->offset + 4, length, ENC_UTF_8);
    a->msg->error_code = (uint16_t)code;
    a->msg->error_reason = (const char *)tvb_get_string_enc(a->pinfo->pool, a->tvb, a->offset + 4, length, ENC_UTF_8);
    proto_item_append_text(a->item, ": %u %s", code, val_to_str_const(code, error_code_names, ""));
}

/* Opaque: a string in documents, 20 random bytes from Teams relays. */
void
ms_turn_decode_nonce(const ms_turn_attribute *a)
{
    ms_turn_decode_bytes(a);
    a->msg->nonce = tvb_get_ptr(a->tvb, a->offset, (int)a->length);
    a->msg->nonce_length = a->length;
}

void
ms_turn_decode_realm(const ms_turn_attribute *a)
{
    ms_turn_decode_text(a);
    if (a->length > 128)
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_REALM_LENGTH, a->pinfo, a->item, "");
}

/* Payload: dissected by stock's heuristics before this, so only counted here. */
void
ms_turn_decode_data(const ms_turn_attribute *a)
{
    a->msg->data_length = a->length;
    proto_item_append_text(a->item, ": %u bytes", a->length);
}

void
ms_turn_decode_requested_family(const ms_turn_attribute *a)
{
    const uint8_t family = tvb_get_uint8(a->tvb, a->offset);
    const char *name = family == 1 ? "IPv4" : family == 2 ? "IPv6" : "unknown";

    proto_tree_add_string(a->tree, hf_ms_turn_requested_family, a->tvb, a->offset, 1, name);
    ms_turn_attribute_label(a, name);
}

/* [MS-TURN] 2.2.2.21: connection id and number; Teams releases with the number alone (observed). */
void
ms_turn_decode_sequence(const ms_turn_attribute *a)
{
    const int number = a->length >= 24 ? a->offset + 20 : a->offset;

    if (a->length >= 24)
        proto_tree_add_item(a->tree, hf_ms_turn_connection_id, a->tvb, a->offset, 20, ENC_NA);
    proto_tree_add_item_ret_uint(a->tree, hf_ms_turn_sequence, a->tvb, number, 4, ENC_BIG_ENDIAN, &a->msg->sequence);
    proto_item_append_text(a->item, ": %u", a->msg->sequence);
}

void
ms_turn_decode_service_quality(const ms_turn_attribute *a)
{
    const uint16_t stream = tvb_get_ntohs(a->tvb, a->offset);
    const uint16_t quality = tvb_get_ntohs(a->tvb, a->offset + 2);
    const char *stream_name = try_val_to_str(stream, stream_type_names);
    const char *quality_name = try_val_to_str(quality, service_quality_names);

    if (stream == 2 && quality == 2)
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_SERVICE_QUALITY_OBSERVED, a->pinfo, a->item, "");
    else if (stream_name == NULL || quality > 1)
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_SERVICE_QUALITY_UNKNOWN, a->pinfo, a->item, "");
    if (stream_name == NULL)
        stream_name = wmem_strdup_printf(a->pinfo->pool, "unknown (%u)", stream);
    if (quality_name == NULL)
        quality_name = wmem_strdup_printf(a->pinfo->pool, "unknown (%u)", quality);
    proto_tree_add_string(a->tree, hf_ms_turn_stream_type, a->tvb, a->offset, 2, stream_name);
    proto_tree_add_string(a->tree, hf_ms_turn_service_quality, a->tvb, a->offset + 2, 2, quality_name);
    proto_item_append_text(a->item, ": %s, %s", stream_name, quality_name);
    a->msg->stream_type = stream;
}

/* [MS-TURN] 2.2.2.24 */
void
ms_turn_decode_session_id(const ms_turn_attribute *a)
{
    proto_tree_add_item(a->tree, hf_ms_turn_session_id, a->tvb, a->offset, 8, ENC_BIG_ENDIAN);
    a->msg->session_id = tvb_get_ntoh64(a->tvb, a->offset);
    proto_item_append_text(a->item, ": 0x%016" PRIx64, a->msg->session_id);
}

void
ms_turn_attribute_values_register(int proto)
{
    static hf_register_info hf[] = {
        { &hf_ms_turn_version, { "MS-Version", "ms_turn.version", FT_UINT32, BASE_DEC, VALS(version_names), 0, "Protocol version of the sender", HFILL } },
        { &hf_ms_turn_app_id, { "App ID", "ms_turn.app_id", FT_UINT32, BASE_DEC, VALS(app_id_names), 0, "Application of the sender; meanings observed", HFILL } },
        { &hf_ms_turn_stream_type, { "Stream Type", "ms_turn.stream_type", FT_STRING, BASE_NONE, NULL, 0, "Media that the allocation is for: audio, video, supplemental video, data", HFILL } },
        { &hf_ms_turn_service_quality, { "Service Quality", "ms_turn.service_quality", FT_STRING, BASE_NONE, NULL, 0, "best effort, reliable", HFILL } },
        { &hf_ms_turn_requested_family, { "Requested Address Family", "ms_turn.requested_family", FT_STRING, BASE_NONE, NULL, 0, "IPv4 or IPv6", HFILL } },
        { &hf_ms_turn_lifetime, { "Lifetime", "ms_turn.lifetime", FT_UINT32, BASE_DEC, NULL, 0, "Lifetime of the allocation in seconds; 0 releases it", HFILL } },
        { &hf_ms_turn_bandwidth, { "Bandwidth", "ms_turn.bandwidth", FT_UINT32, BASE_DEC, NULL, 0, "Bandwidth of the allocation in kbit/s", HFILL } },
        { &hf_ms_turn_software, { "Software", "ms_turn.software", FT_STRING, BASE_NONE, NULL, 0, "Name or build of the relay", HFILL } },
        { &hf_ms_turn_realm, { "Realm", "ms_turn.realm", FT_STRING, BASE_NONE, NULL, 0, "Realm of the credentials, with quotes where they are sent", HFILL } },
        { &hf_ms_turn_nonce, { "Nonce", "ms_turn.nonce", FT_BYTES, BASE_NONE, NULL, 0, "Opaque value that the relay hands out", HFILL } },
        { &hf_ms_turn_username, { "Username", "ms_turn.username", FT_BYTES, BASE_NONE, NULL, 0, "Credential token, opaque", HFILL } },
        { &hf_ms_turn_username_expiry, { "Credentials Expire", "ms_turn.username.expiry", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 0, "End of the credentials' validity, from the user name (observed layout)", HFILL } },
        { &hf_ms_turn_integrity, { "Message Integrity", "ms_turn.integrity", FT_BYTES, BASE_NONE, NULL, 0, "Keyed hash of the message", HFILL } },
        { &hf_ms_turn_integrity_algorithm, { "Integrity Algorithm", "ms_turn.integrity.algorithm", FT_STRING, BASE_NONE, NULL, 0, "By the length of the hash: HMAC-SHA1 or HMAC-SHA256", HFILL } },
        { &hf_ms_turn_error_code, { "Error Code", "ms_turn.error.code", FT_UINT16, BASE_DEC, VALS(error_code_names), 0, "Why the relay refuses", HFILL } },
        { &hf_ms_turn_error_reason, { "Error Reason", "ms_turn.error.reason", FT_STRING, BASE_NONE, NULL, 0, "The relay's own words", HFILL } },
        { &hf_ms_turn_connection_id, { "Connection ID", "ms_turn.connection_id", FT_BYTES, BASE_NONE, NULL, 0, "Connection that the sequence number counts in", HFILL } },
        { &hf_ms_turn_sequence, { "Sequence Number", "ms_turn.sequence", FT_UINT32, BASE_DEC, NULL, 0, "Number of the request within the connection", HFILL } },
        { &hf_ms_turn_session_id, { "Multiplexed TURN Session ID", "ms_turn.session_id", FT_UINT64, BASE_HEX, NULL, 0, "Session at a multiplexing relay", HFILL } },
        { &hf_ms_turn_alternate_host, { "Alternate Host Name", "ms_turn.alternate_host", FT_STRING, BASE_NONE, NULL, 0, "Name of the alternate server", HFILL } },
        { &hf_ms_turn_secure_tag, { "Secure Tag", "ms_turn.secure_tag", FT_BYTES, BASE_NONE, NULL, 0, "Opaque tag; its layout is not known", HFILL } },
        MS_TURN_ADDRESS_HF(hf_relayed, "Relayed", "relayed", "Where the relay receives for the client (MAPPED-ADDRESS)"),
        MS_TURN_ADDRESS_HF(hf_reflexive, "Reflexive", "reflexive", "The client as the relay sees it (XOR MAPPED ADDRESS), un-XORed"),
        MS_TURN_ADDRESS_HF(hf_destination, "Destination", "destination", "Peer that the relay sends to"),
        MS_TURN_ADDRESS_HF(hf_remote, "Remote", "remote", "Peer that the relay received from"),
        MS_TURN_ADDRESS_HF(hf_alternate_server, "Alternate Server", "alternate_server", "Server that the next request should go to"),
        MS_TURN_ADDRESS_HF(hf_alternate_mapped, "Alternate Mapped", "alternate_mapped", "Relayed address of the other address family"),
    };

    proto_register_field_array(proto, hf, array_length(hf));
}
