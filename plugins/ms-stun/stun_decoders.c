/* stun_decoders.c
 * What the values of attributes say
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: RFC 8489 14, RFC 8445 16.1, [MS-TURN] 2.2.2, [MS-TURNBWM] 2.2,
 * [MS-ICE2] 2.2; "observed" stands for what is known from captures only.
 */

#include "stun_attributes.h"

#include <wsutil/nstime.h>

#include "common/endpoint.h"
#include "common/text.h"
#include "integrity.h"

#define FAMILY_IPV4         1
#define FAMILY_IPV6         2
#define MAX_REALM_LENGTH    128     /* bytes, [MS-TURN] 2.2.2.14 */
#define MAX_LABEL_BYTES     24

/* ---- helpers ---- */

/* "Name" -> "Name: text" */
static void
add_label(const stun_attribute *attribute, const char *text)
{
    proto_item_append_text(attribute->item, ": %s", text);
}

static void *
member_of(const stun_attribute *attribute)
{
    return attribute->row->member == 0 ? NULL : (uint8_t *)attribute->msg + attribute->row->member;
}

static int
field_of(const stun_attribute *attribute)
{
    return *(const int *)attribute->fields;
}

static void
add_expert(const stun_attribute *attribute, unsigned row)
{
    ts_expert_add(attribute->protocol->experts, row, attribute->pinfo, attribute->item, "");
}

/* What a field calls the value; NULL where it has no name for it. */
static const char *
value_name(int field, uint32_t value)
{
    const header_field_info *info = proto_registrar_get_nth((unsigned)field);

    if (info->strings == NULL)
        return NULL;
    if (info->display & BASE_RANGE_STRING)
        return try_rval_to_str(value, (const range_string *)info->strings);
    return try_val_to_str(value, (const value_string *)info->strings);
}

/* The same for labels. */
static const char *
value_text(const stun_attribute *attribute, int field, uint32_t value)
{
    const char *name = value_name(field, value);

    return name != NULL ? name : wmem_strdup_printf(attribute->pinfo->pool, "unknown (%u)", value);
}

/* An enumeration of size bytes; returns its name for the label. */
static const char *
add_enumeration(const stun_attribute *attribute, int field, int at, int size)
{
    uint32_t value;

    proto_tree_add_item_ret_uint(attribute->tree, field, attribute->tvb, attribute->offset + at, size, ENC_BIG_ENDIAN, &value);
    return value_text(attribute, field, value);
}

/* ---- decoders of general use ---- */

void
stun_decode_uint(const stun_attribute *attribute)
{
    uint32_t value;
    uint32_t *member = (uint32_t *)member_of(attribute);

    proto_tree_add_item_ret_uint(attribute->tree, field_of(attribute), attribute->tvb, attribute->offset, 4, ENC_BIG_ENDIAN, &value);
    if (member != NULL)
        *member = value;

    const char *name = value_name(field_of(attribute), value);
    if (name == NULL)
        proto_item_append_text(attribute->item, ": %u", value);
    else
        proto_item_append_text(attribute->item, ": %s (%u)", name, value);
}

void
stun_decode_uint64(const stun_attribute *attribute)
{
    uint64_t value;
    uint64_t *member = (uint64_t *)member_of(attribute);

    proto_tree_add_item_ret_uint64(attribute->tree, field_of(attribute), attribute->tvb, attribute->offset, 8, ENC_BIG_ENDIAN, &value);
    if (member != NULL)
        *member = value;
    proto_item_append_text(attribute->item, ": 0x%016" PRIx64, value);
}

/* Text within an attribute, fit to be shown; packet scope. */
static const char *
text_at(const stun_attribute *attribute, int at, int length)
{
    return ts_clean_text(attribute->pinfo->pool, (const char *)tvb_get_string_enc(attribute->pinfo->pool, attribute->tvb, attribute->offset + at, length, ENC_UTF_8));
}

void
stun_decode_text(const stun_attribute *attribute)
{
    const char **member = (const char **)member_of(attribute);
    const char *text = text_at(attribute, 0, (int)attribute->length);

    proto_tree_add_string(attribute->tree, field_of(attribute), attribute->tvb, attribute->offset, (int)attribute->length, text);
    if (member != NULL)
        *member = text;
    add_label(attribute, text);
}

void
stun_decode_bytes(const stun_attribute *attribute)
{
    proto_tree_add_item(attribute->tree, field_of(attribute), attribute->tvb, attribute->offset, (int)attribute->length, ENC_NA);
    if (attribute->length > 0)
        add_label(attribute, tvb_bytes_to_str(attribute->pinfo->pool, attribute->tvb, attribute->offset, (int)MIN(attribute->length, MAX_LABEL_BYTES)));
}

/*
 * RFC 8489 14.1, [MS-TURN] 2.2.2.1: reserved byte, family, port, address; with
 * XOR (14.2, 2.2.2.16) port and address are XORed with what follows the
 * message length: the cookie or the transaction id from its first byte on.
 */
static void
decode_address(const stun_attribute *attribute, bool xored)
{
    const stun_address_fields *fields = (const stun_address_fields *)attribute->fields;
    const uint8_t family = tvb_get_uint8(attribute->tvb, attribute->offset + 1);
    const unsigned size = family == FAMILY_IPV4 ? 4 : 16;
    ts_endpoint end = { .port = tvb_get_ntohs(attribute->tvb, attribute->offset + 2) };

    if ((family != FAMILY_IPV4 && family != FAMILY_IPV6) || attribute->length != 4 + size)
        add_expert(attribute, attribute->protocol->wrong_family);
    if ((family != FAMILY_IPV4 && family != FAMILY_IPV6) || attribute->length < 4 + size)
        return;

    uint8_t *bytes = (uint8_t *)tvb_memdup(attribute->pinfo->pool, attribute->tvb, attribute->offset + 4, size);
    if (xored) {
        end.port ^= tvb_get_ntohs(attribute->tvb, 4);
        for (unsigned i = 0; i < size; i++)
            bytes[i] ^= tvb_get_uint8(attribute->tvb, 4 + (int)i);
    }
    set_address(&end.addr, family == FAMILY_IPV4 ? AT_IPv4 : AT_IPv6, (int)size, bytes);

    if (family == FAMILY_IPV4) {
        ws_in4_addr ipv4;
        memcpy(&ipv4, bytes, sizeof ipv4);
        proto_tree_add_ipv4(attribute->tree, fields->address, attribute->tvb, attribute->offset + 4, 4, ipv4);
    } else {
        proto_tree_add_ipv6(attribute->tree, fields->ipv6, attribute->tvb, attribute->offset + 4, 16, (const ws_in6_addr *)(const void *)bytes);
    }
    proto_tree_add_uint(attribute->tree, fields->port, attribute->tvb, attribute->offset + 2, 2, end.port);
    add_label(attribute, ts_endpoint_text(attribute->pinfo->pool, &end));

    ts_endpoint *member = (ts_endpoint *)member_of(attribute);
    if (member != NULL)
        *member = end;
}

void
stun_decode_address(const stun_attribute *attribute)
{
    decode_address(attribute, false);
}

void
stun_decode_xor_address(const stun_attribute *attribute)
{
    decode_address(attribute, true);
}

/* ---- in MS-TURN and in checks ---- */

void
stun_decode_integrity(const stun_attribute *attribute)
{
    const stun_integrity_fields *fields = (const stun_integrity_fields *)attribute->fields;
    const char *algorithm = attribute->length == 32 ? "HMAC-SHA256" : attribute->length == 20 ? "HMAC-SHA1" : "";

    proto_tree_add_item(attribute->tree, fields->hash, attribute->tvb, attribute->offset, (int)attribute->length, ENC_NA);
    proto_item *item = proto_tree_add_string(attribute->tree, fields->algorithm, attribute->tvb, attribute->offset, (int)attribute->length, algorithm);
    proto_item_set_generated(item);
    add_label(attribute, algorithm);
    attribute->msg->integrity_offset = (unsigned)attribute->offset - STUN_ATTRIBUTE_HEADER;
    attribute->msg->integrity_length = attribute->length;
}

void
stun_decode_error_code(const stun_attribute *attribute)
{
    const stun_error_fields *fields = (const stun_error_fields *)attribute->fields;
    const uint32_t code = (tvb_get_uint8(attribute->tvb, attribute->offset + 2) & 7u) * 100u + tvb_get_uint8(attribute->tvb, attribute->offset + 3);
    const int length = (int)attribute->length - 4;
    const char *name = value_name(fields->code, code);

    proto_tree_add_uint(attribute->tree, fields->code, attribute->tvb, attribute->offset + 2, 2, code);
    attribute->msg->error_code = (uint16_t)code;
    attribute->msg->error_reason = text_at(attribute, 4, length);
    proto_tree_add_string(attribute->tree, fields->reason, attribute->tvb, attribute->offset + 4, length, attribute->msg->error_reason);
    proto_item_append_text(attribute->item, ": %u%s%s", code, name == NULL ? "" : " ", name == NULL ? "" : name);
}

/* ---- in checks ---- */

/* RFC 8489 14.7, and the misprinted table that some senders keep to. */
void
stun_decode_fingerprint(const stun_attribute *attribute)
{
    const stun_fingerprint_fields *fields = (const stun_fingerprint_fields *)attribute->fields;
    const int at = attribute->offset - STUN_ATTRIBUTE_HEADER;
    const uint32_t sent = tvb_get_ntohl(attribute->tvb, attribute->offset);
    uint32_t computed = ts_fingerprint_compute(attribute->tvb, at, false);

    if (computed != sent) {
        const uint32_t legacy = ts_fingerprint_compute(attribute->tvb, at, true);

        add_expert(attribute, legacy == sent ? TEAMS_STUN_EXPERT_LEGACY_FINGERPRINT : TEAMS_STUN_EXPERT_BAD_FINGERPRINT);
        if (legacy == sent)
            computed = legacy;
    }
    proto_tree_add_checksum(attribute->tree, attribute->tvb, attribute->offset, fields->checksum, fields->status, NULL, attribute->pinfo, computed, ENC_BIG_ENDIAN,
        PROTO_CHECKSUM_VERIFY);
}

/* Text without the zeros that draft-02 rounds it up with. */
static const char *
unpadded_text(const stun_attribute *attribute)
{
    int length = (int)attribute->length;

    while (length > 0 && tvb_get_uint8(attribute->tvb, attribute->offset + length - 1) == 0)
        length--;
    if (length < (int)attribute->length)
        attribute->msg->format = TS_FORMAT_DRAFT02;
    else if (attribute->length % 4 != 0)
        attribute->msg->format = TS_FORMAT_RFC5389;
    return text_at(attribute, 0, length);
}

/* RFC 8445 7.2.2: the receiver's user fragment, a colon, the sender's. */
void
stun_decode_ufrags(const stun_attribute *attribute)
{
    const stun_ufrag_fields *fields = (const stun_ufrag_fields *)attribute->fields;
    const char *text = unpadded_text(attribute);
    const char *colon = strchr(text, ':');
    const int length = (int)attribute->length;

    if (colon == NULL)
        return;
    attribute->msg->ufrag_remote = wmem_strndup(attribute->pinfo->pool, text, (size_t)(colon - text));
    attribute->msg->ufrag_local = wmem_strdup(attribute->pinfo->pool, colon + 1);

    const int split = (int)(colon - text);
    proto_tree_add_string(attribute->tree, fields->remote, attribute->tvb, attribute->offset, MIN(split, length), attribute->msg->ufrag_remote);
    proto_tree_add_string(attribute->tree, fields->local, attribute->tvb, attribute->offset + MIN(split + 1, length),
        MAX(0, MIN((int)strlen(colon + 1), length - split - 1)), attribute->msg->ufrag_local);
    add_label(attribute, text);
}

static void
decode_role(const stun_attribute *attribute, ts_ice_role role, const char *name)
{
    const stun_role_fields *fields = (const stun_role_fields *)attribute->fields;

    attribute->msg->role = role;
    proto_tree_add_string(attribute->tree, fields->role, attribute->tvb, attribute->offset - STUN_ATTRIBUTE_HEADER, 2, name);
    proto_tree_add_item(attribute->tree, fields->tie_breaker, attribute->tvb, attribute->offset, 8, ENC_BIG_ENDIAN);
}

void
stun_decode_controlled(const stun_attribute *attribute)
{
    decode_role(attribute, TS_ICE_ROLE_CONTROLLED, "controlled");
}

void
stun_decode_controlling(const stun_attribute *attribute)
{
    decode_role(attribute, TS_ICE_ROLE_CONTROLLING, "controlling");
}

/* RFC 8445 5.1.2.1: type preference, local preference, 256 minus the component. */
void
stun_decode_priority(const stun_attribute *attribute)
{
    const stun_priority_fields *fields = (const stun_priority_fields *)attribute->fields;
    const uint32_t priority = tvb_get_ntohl(attribute->tvb, attribute->offset);

    proto_tree_add_item(attribute->tree, fields->priority, attribute->tvb, attribute->offset, 4, ENC_BIG_ENDIAN);
    proto_tree_add_uint(attribute->tree, fields->type, attribute->tvb, attribute->offset, 1, priority >> 24);
    proto_tree_add_uint(attribute->tree, fields->local, attribute->tvb, attribute->offset + 1, 2, (priority >> 8) & 0xFFFF);
    proto_tree_add_uint(attribute->tree, fields->component, attribute->tvb, attribute->offset + 3, 1, 256 - (priority & 0xFF));
    proto_item_append_text(attribute->item, ": 0x%08x (component %u)", priority, 256 - (priority & 0xFF));
}

void
stun_decode_use_candidate(const stun_attribute *attribute)
{
    proto_tree_add_boolean(attribute->tree, field_of(attribute), attribute->tvb, attribute->offset - STUN_ATTRIBUTE_HEADER, STUN_ATTRIBUTE_HEADER, 1);
}

void
stun_decode_foundation(const stun_attribute *attribute)
{
    const char *text = unpadded_text(attribute);

    proto_tree_add_string(attribute->tree, field_of(attribute), attribute->tvb, attribute->offset, (int)attribute->length, text);
    add_label(attribute, text);
}

/* ---- in MS-TURN ---- */

/*
 * Credentials of Teams relays (observed): 02 00, 16-bit length 36, 36 bytes of
 * which the first 4 are followed by a FILETIME of the expiry, and a code of 16
 * bytes that depends on the realm. A client has one of these for each realm.
 */
#define CREDENTIAL_HEAD     UINT32_C(0x02000024)
#define CREDENTIAL_CLIENT   40u     /* bytes before the code */

void
stun_decode_credential(const stun_attribute *attribute)
{
    const stun_credential_fields *fields = (const stun_credential_fields *)attribute->fields;
    const bool known = attribute->length >= CREDENTIAL_CLIENT && tvb_get_ntohl(attribute->tvb, attribute->offset) == CREDENTIAL_HEAD;
    const unsigned client_length = known ? CREDENTIAL_CLIENT : attribute->length;
    nstime_t expiry;

    stun_decode_bytes(attribute);
    if (attribute->length > 0)
        attribute->msg->credential = wmem_strong_hash(tvb_get_ptr(attribute->tvb, attribute->offset, (int)client_length), client_length);
    if (!known || !filetime_to_nstime(&expiry, tvb_get_ntoh64(attribute->tvb, attribute->offset + 8)))
        return;
    proto_tree_add_time(attribute->tree, fields->expiry, attribute->tvb, attribute->offset + 8, 8, &expiry);
    attribute->msg->credential_expired = nstime_cmp(&expiry, &attribute->pinfo->abs_ts) < 0;
    if (attribute->msg->credential_expired)
        add_expert(attribute, MS_TURN_EXPERT_CREDENTIALS_EXPIRED);
}

/* Opaque: a string in documents, 20 random bytes from Teams relays. */
void
stun_decode_nonce(const stun_attribute *attribute)
{
    stun_decode_bytes(attribute);
    attribute->msg->nonce = tvb_get_ptr(attribute->tvb, attribute->offset, (int)attribute->length);
    attribute->msg->nonce_length = attribute->length;
}

void
stun_decode_realm(const stun_attribute *attribute)
{
    stun_decode_text(attribute);
    if (attribute->length > MAX_REALM_LENGTH)
        add_expert(attribute, MS_TURN_EXPERT_REALM_LENGTH);
}

/* Payload: dissected by stock's heuristics before this, so only counted here. */
void
stun_decode_data(const stun_attribute *attribute)
{
    proto_item_append_text(attribute->item, ": %u bytes", attribute->length);
}

/* [MS-TURN] 2.2.2.15: the family, three reserved bytes. */
void
stun_decode_requested_family(const stun_attribute *attribute)
{
    add_label(attribute, add_enumeration(attribute, field_of(attribute), 0, 1));
}

/* [MS-TURN] 2.2.2.21: connection id and number; Teams releases with the number alone (observed). */
void
stun_decode_sequence(const stun_attribute *attribute)
{
    const stun_sequence_fields *fields = (const stun_sequence_fields *)attribute->fields;
    const int number = attribute->length >= 24 ? attribute->offset + 20 : attribute->offset;

    if (attribute->length >= 24)
        proto_tree_add_item(attribute->tree, fields->connection_id, attribute->tvb, attribute->offset, 20, ENC_NA);
    proto_tree_add_item_ret_uint(attribute->tree, fields->number, attribute->tvb, number, 4, ENC_BIG_ENDIAN, &attribute->msg->sequence);
    proto_item_append_text(attribute->item, ": %u", attribute->msg->sequence);
}

/* [MS-TURN] 2.2.2.22: stream type, service quality. */
void
stun_decode_service_quality(const stun_attribute *attribute)
{
    const stun_quality_fields *fields = (const stun_quality_fields *)attribute->fields;
    const uint16_t stream = tvb_get_ntohs(attribute->tvb, attribute->offset);
    const uint16_t quality = tvb_get_ntohs(attribute->tvb, attribute->offset + 2);
    const char *stream_name = add_enumeration(attribute, fields->stream_type, 0, 2);
    const char *quality_name = add_enumeration(attribute, fields->quality, 2, 2);

    proto_item_append_text(attribute->item, ": %s, %s", stream_name, quality_name);
    attribute->msg->stream_type = stream;
    if (stream == 2 && quality == 2)
        add_expert(attribute, MS_TURN_EXPERT_SERVICE_QUALITY_OBSERVED);
    else if (value_name(fields->stream_type, stream) == NULL || quality > 1)
        add_expert(attribute, MS_TURN_EXPERT_SERVICE_QUALITY_UNKNOWN);
}

/* ---- bandwidth management, [MS-TURNBWM] 2.2 ---- */

/* 2.2.1: 16 reserved bits, 16 bits of type. */
void
stun_decode_bwm_message(const stun_attribute *attribute)
{
    add_label(attribute, add_enumeration(attribute, field_of(attribute), 2, 2));
    attribute->msg->bwm_check_type = tvb_get_ntohs(attribute->tvb, attribute->offset + 2);
}

/* 2.2.3: minimum send, maximum send, minimum receive, maximum receive in kbit/s. */
void
stun_decode_bwm_amount(const stun_attribute *attribute)
{
    const stun_bwm_amount_fields *fields = (const stun_bwm_amount_fields *)attribute->fields;
    uint32_t min_send, max_send, min_receive, max_receive;

    proto_tree_add_item_ret_uint(attribute->tree, fields->min_send, attribute->tvb, attribute->offset, 4, ENC_BIG_ENDIAN, &min_send);
    proto_tree_add_item_ret_uint(attribute->tree, fields->max_send, attribute->tvb, attribute->offset + 4, 4, ENC_BIG_ENDIAN, &max_send);
    proto_tree_add_item_ret_uint(attribute->tree, fields->min_receive, attribute->tvb, attribute->offset + 8, 4, ENC_BIG_ENDIAN, &min_receive);
    proto_tree_add_item_ret_uint(attribute->tree, fields->max_receive, attribute->tvb, attribute->offset + 12, 4, ENC_BIG_ENDIAN, &max_receive);
    proto_item_append_text(attribute->item, ": send %u to %u, receive %u to %u kbit/s", min_send, max_send, min_receive, max_receive);
}

/*
 * 2.2.8 to 2.2.11: V in the first bit, F (failover to the telephone network)
 * in the second one of the site answers only, then the two maxima in kbit/s.
 */
void
stun_decode_bwm_answer(const stun_attribute *attribute)
{
    const stun_bwm_site_fields *site = (const stun_bwm_site_fields *)attribute->fields;
    const uint8_t flags = tvb_get_uint8(attribute->tvb, attribute->offset);
    const bool valid = (flags & 0x80) != 0;
    const bool pstn = site->pstn > 0 && (flags & 0x40) != 0;
    uint32_t max_send, max_receive;

    proto_tree_add_boolean(attribute->tree, site->valid, attribute->tvb, attribute->offset, 1, valid);
    if (site->pstn > 0)
        proto_tree_add_boolean(attribute->tree, site->pstn, attribute->tvb, attribute->offset, 1, pstn);
    proto_tree_add_item_ret_uint(attribute->tree, site->max_send, attribute->tvb, attribute->offset + 4, 4, ENC_BIG_ENDIAN, &max_send);
    proto_tree_add_item_ret_uint(attribute->tree, site->max_receive, attribute->tvb, attribute->offset + 8, 4, ENC_BIG_ENDIAN, &max_receive);
    proto_item_append_text(attribute->item, ": %s, at most %u kbit/s to send, %u to receive", valid ? "valid" : "not valid",
        max_send, max_receive);
    if (!valid)
        add_expert(attribute, MS_TURN_EXPERT_BANDWIDTH_REFUSED);
    if (pstn)
        add_expert(attribute, MS_TURN_EXPERT_PSTN_FAILOVER);
}

/* 2.2.14: peer location, own location, federation, reserved. */
void
stun_decode_bwm_location(const stun_attribute *attribute)
{
    const stun_bwm_location_fields *fields = (const stun_bwm_location_fields *)attribute->fields;
    const char *peer = add_enumeration(attribute, fields->peer, 0, 1);
    const char *self = add_enumeration(attribute, fields->self, 1, 1);
    const char *federation = add_enumeration(attribute, fields->federation, 2, 1);

    proto_item_append_text(attribute->item, ": peer %s, self %s, federation %s", peer, self, federation);
}
