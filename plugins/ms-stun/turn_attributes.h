/* turn_attributes.h
 * How a row of the attribute table decodes its value
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_MS_TURN_ATTRIBUTES_H
#define TEAMSHARK_MS_TURN_ATTRIBUTES_H

#include "ms-turn.h"

typedef struct ms_turn_attribute_row ms_turn_attribute_row;

/* One attribute at hand: its value is complete and no shorter than the row's minimum. */
typedef struct {
    const ms_turn_attribute_row *row;
    tvbuff_t *tvb;                  /* the message */
    int offset;                     /* of the value */
    unsigned length;                /* of the value, bytes */
    packet_info *pinfo;
    proto_tree *tree;
    proto_item *item;               /* of the attribute; decoders append ": value" */
    stun_msg *msg;
} ms_turn_attribute;

typedef void (*ms_turn_decoder)(const ms_turn_attribute *attribute);

struct ms_turn_attribute_row {
    uint16_t type;
    const char *name;
    uint16_t min;                   /* bytes; a length is right if it is */
    uint16_t max;                   /* min + n * step and not above max */
    uint16_t step;
    ms_turn_decoder decode;         /* NULL: shown as bytes */
    const void *field;              /* what decode writes to: int or a struct of ints */
    size_t fact;                    /* offset in stun_msg that decode fills, 0: none */
    const char *section;            /* where it is specified, or "observed" */
    const char *where;              /* the messages that carry it */
};

/* The fields of an address: FT_IPv4, FT_IPv6 and FT_UINT16. */
typedef struct {
    int address;
    int ipv6;
    int port;
} ms_turn_address_fields;

#define MS_TURN_ADDRESS_FIELDS_INIT { -1, -1, -1 }

/* Rows for hf_register_info: "<name>.address", ".ipv6" and ".port". */
#define MS_TURN_ADDRESS_HF(fields, label, name, blurb) \
    { &(fields).address, { label " Address", "ms_turn." name ".address", FT_IPv4, BASE_NONE, NULL, 0, blurb, HFILL } }, \
    { &(fields).ipv6, { label " IPv6 Address", "ms_turn." name ".ipv6", FT_IPv6, BASE_NONE, NULL, 0, blurb, HFILL } }, \
    { &(fields).port, { label " Port", "ms_turn." name ".port", FT_UINT16, BASE_DEC, NULL, 0, blurb, HFILL } }

/* Decoders of general use. field is an ms_turn_address_fields. */
void ms_turn_decode_address(const ms_turn_attribute *attribute);
void ms_turn_decode_xor_address(const ms_turn_attribute *attribute);
/* field is an int: FT_UINT32, FT_STRING, FT_BYTES. */
void ms_turn_decode_uint(const ms_turn_attribute *attribute);
void ms_turn_decode_text(const ms_turn_attribute *attribute);
void ms_turn_decode_bytes(const ms_turn_attribute *attribute);

/* Those of single attributes. */
void ms_turn_decode_data(const ms_turn_attribute *attribute);
void ms_turn_decode_error_code(const ms_turn_attribute *attribute);
void ms_turn_decode_integrity(const ms_turn_attribute *attribute);
void ms_turn_decode_nonce(const ms_turn_attribute *attribute);
void ms_turn_decode_realm(const ms_turn_attribute *attribute);
void ms_turn_decode_requested_family(const ms_turn_attribute *attribute);
void ms_turn_decode_sequence(const ms_turn_attribute *attribute);
void ms_turn_decode_service_quality(const ms_turn_attribute *attribute);
void ms_turn_decode_session_id(const ms_turn_attribute *attribute);
void ms_turn_decode_username(const ms_turn_attribute *attribute);

/* The fields that rows name, of attribute_values.c. */
extern int hf_ms_turn_version;
extern int hf_ms_turn_app_id;
extern int hf_ms_turn_lifetime;
extern int hf_ms_turn_bandwidth;
extern int hf_ms_turn_software;
extern int hf_ms_turn_realm;
extern int hf_ms_turn_nonce;
extern int hf_ms_turn_username;
extern int hf_ms_turn_alternate_host;
extern int hf_ms_turn_secure_tag;
extern ms_turn_address_fields hf_relayed;
extern ms_turn_address_fields hf_reflexive;
extern ms_turn_address_fields hf_destination;
extern ms_turn_address_fields hf_remote;
extern ms_turn_address_fields hf_alternate_server;
extern ms_turn_address_fields hf_alternate_mapped;

void ms_turn_attribute_values_register(int proto);

/* The decoders of bandwidth.c, [MS-TURNBWM] 2.2; fields of their own. */
void ms_turn_decode_bwm_message(const ms_turn_attribute *attribute);
void ms_turn_decode_bwm_amount(const ms_turn_attribute *attribute);
void ms_turn_decode_bwm_site(const ms_turn_attribute *attribute);
void ms_turn_decode_bwm_answer(const ms_turn_attribute *attribute);
void ms_turn_decode_bwm_location(const ms_turn_attribute *attribute);

typedef struct {
    ms_turn_address_fields address;
    int valid;
    int pstn;
    int max_send;
    int max_receive;
} ms_turn_site_fields;

extern ms_turn_site_fields ms_turn_bwm_remote_site;
extern ms_turn_site_fields ms_turn_bwm_remote_relay_site;
extern ms_turn_site_fields ms_turn_bwm_local_site;
extern ms_turn_site_fields ms_turn_bwm_local_relay_site;
extern int hf_ms_turn_bwm_reservation_id;
extern int hf_ms_turn_bwm_dialog_id;
extern int hf_ms_turn_bwm_call_id;

/* "Name" -> "Name: text" */
void ms_turn_attribute_label(const ms_turn_attribute *attribute, const char *text);

#endif /* TEAMSHARK_MS_TURN_ATTRIBUTES_H */
