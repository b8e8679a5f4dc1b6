/* stun_attributes.h
 * What a row of the attribute table is, and how its value is decoded
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_MS_STUN_STUN_ATTRIBUTES_H
#define TEAMSHARK_MS_STUN_STUN_ATTRIBUTES_H

#include "experts.h"
#include "stun_msg.h"

/* Of a protocol: the fields of any attribute, and what it says of wrong ones. */
typedef struct {
    int attribute;
    int type;
    int length;
    int value;
    const ts_expert_table *experts;
    unsigned overrun;               /* rows of experts */
    unsigned wrong_length;
    unsigned wrong_family;
} stun_protocol_row;

typedef struct stun_attribute_row stun_attribute_row;

/* One attribute at hand: its value is complete and no shorter than the row's minimum. */
typedef struct {
    const stun_attribute_row *row;
    const stun_protocol_row *protocol;
    const void *fields;             /* of the row, in this protocol */
    tvbuff_t *tvb;                  /* the message */
    int offset;                     /* of the value */
    unsigned length;                /* of the value, bytes */
    packet_info *pinfo;
    proto_tree *tree;
    proto_item *item;               /* of the attribute; decoders append ": value" */
    stun_msg *msg;
} stun_attribute;

typedef void (*stun_decoder)(const stun_attribute *attribute);

struct stun_attribute_row {
    uint16_t type;
    const char *name;
    unsigned carriers;              /* set of STUN_IN_*: the protocols in which it is decoded; elsewhere shown as bytes */
    uint16_t min;                   /* bytes; a length is right if it is */
    uint16_t max;                   /* min + n * step and not above max */
    uint16_t step;
    stun_decoder decode;            /* NULL: shown as bytes */
    const void *fields[STUN_PROTOCOLS];     /* what decode writes to: see there */
    size_t member;                  /* offset in stun_msg that decode fills, 0: none */
    const char *section;            /* where it is specified, or "observed" */
    const char *where;              /* the messages that carry it */
};

#define STUN_IN_MS_TURN (1u << STUN_MS_TURN)
#define STUN_IN_CHECKS  (1u << STUN_CHECKS)
#define STUN_IN_BOTH    (STUN_IN_MS_TURN | STUN_IN_CHECKS)

/* The fields of an address: FT_IPv4, FT_IPv6 and FT_UINT16. */
typedef struct {
    int address;
    int ipv6;
    int port;
} stun_address_fields;

typedef struct {
    int code;
    int reason;
} stun_error_fields;

typedef struct {
    int hash;
    int algorithm;
} stun_integrity_fields;

typedef struct {
    int checksum;
    int status;
} stun_fingerprint_fields;

typedef struct {
    int token;
    int expiry;
} stun_credential_fields;

typedef struct {
    int local;
    int remote;
} stun_ufrag_fields;

typedef struct {
    int role;
    int tie_breaker;
} stun_role_fields;

typedef struct {
    int priority;
    int type;
    int local;
    int component;
} stun_priority_fields;

typedef struct {
    int connection_id;
    int number;
} stun_sequence_fields;

typedef struct {
    int stream_type;
    int quality;
} stun_quality_fields;

typedef struct {
    int min_send;
    int max_send;
    int min_receive;
    int max_receive;
} stun_bwm_amount_fields;

/* pstn is 0 where the answer has no such bit. */
typedef struct {
    stun_address_fields address;
    int valid;
    int max_send;
    int max_receive;
    int pstn;
} stun_bwm_site_fields;

typedef struct {
    int peer;
    int self;
    int federation;
} stun_bwm_location_fields;

/* Decoders of general use. fields is a stun_address_fields. */
void stun_decode_address(const stun_attribute *attribute);
void stun_decode_xor_address(const stun_attribute *attribute);
/* fields is an int: FT_UINT32, FT_UINT64, FT_STRING, FT_BYTES. */
void stun_decode_uint(const stun_attribute *attribute);
void stun_decode_uint64(const stun_attribute *attribute);
void stun_decode_text(const stun_attribute *attribute);
void stun_decode_bytes(const stun_attribute *attribute);

/* Those of single attributes, with fields of a type of their own. */
void stun_decode_integrity(const stun_attribute *attribute);
void stun_decode_fingerprint(const stun_attribute *attribute);
void stun_decode_error_code(const stun_attribute *attribute);
void stun_decode_credential(const stun_attribute *attribute);
void stun_decode_ufrags(const stun_attribute *attribute);
void stun_decode_controlled(const stun_attribute *attribute);
void stun_decode_controlling(const stun_attribute *attribute);
void stun_decode_priority(const stun_attribute *attribute);
void stun_decode_use_candidate(const stun_attribute *attribute);
void stun_decode_foundation(const stun_attribute *attribute);
void stun_decode_data(const stun_attribute *attribute);
void stun_decode_nonce(const stun_attribute *attribute);
void stun_decode_realm(const stun_attribute *attribute);
void stun_decode_requested_family(const stun_attribute *attribute);
void stun_decode_sequence(const stun_attribute *attribute);
void stun_decode_service_quality(const stun_attribute *attribute);
void stun_decode_bwm_message(const stun_attribute *attribute);
void stun_decode_bwm_amount(const stun_attribute *attribute);
void stun_decode_bwm_answer(const stun_attribute *attribute);
void stun_decode_bwm_location(const stun_attribute *attribute);

#endif /* TEAMSHARK_MS_STUN_STUN_ATTRIBUTES_H */
