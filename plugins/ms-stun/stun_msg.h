/* stun_msg.h
 * What one STUN or MS-TURN message says by itself
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: RFC 8489 5, [MS-TURN] 2.2.1, [MS-ICE2] 2.2.
 */

#ifndef TEAMSHARK_MS_STUN_STUN_MSG_H
#define TEAMSHARK_MS_STUN_STUN_MSG_H

#include "common/frame_info.h"

#include "core/payload.h"

#define STUN_ATTRIBUTE_HEADER       4   /* bytes */

/* Whose attributes a message has, and whose fields show it. */
typedef enum { STUN_MS_TURN, STUN_CHECKS, STUN_PROTOCOLS } stun_protocol;

/* Message types: RFC 8489 5, [MS-TURN] 2.2.1. */
#define TS_STUN_BINDING_REQUEST     0x0001
#define TS_STUN_BINDING_INDICATION  0x0011
#define TS_STUN_BINDING_SUCCESS     0x0101
#define TS_STUN_BINDING_ERROR       0x0111
#define MS_TURN_ALLOCATE            0x0003
#define MS_TURN_ALLOCATE_SUCCESS    0x0103
#define MS_TURN_ALLOCATE_ERROR      0x0113
#define MS_TURN_SEND                0x0004
#define MS_TURN_DATA_INDICATION     0x0115
#define MS_TURN_SET_ACTIVE          0x0006

/* What is left of a type without its class. */
#define MS_TURN_METHOD_MASK         0x3EEF

/* The class is in bits 8 and 4 of the type. */
static inline bool
ms_turn_is_request(uint16_t type)
{
    return (type & 0x0110) == 0;
}

static inline bool
ms_turn_is_success(uint16_t type)
{
    return (type & 0x0110) == 0x0100;
}

typedef enum { TS_ICE_ROLE_UNKNOWN, TS_ICE_ROLE_CONTROLLING, TS_ICE_ROLE_CONTROLLED } ts_ice_role;

/* How the attributes of a check are laid out, [MS-ICE2] 3.1.5.2. */
typedef enum { TS_FORMAT_UNKNOWN, TS_FORMAT_RFC5389, TS_FORMAT_DRAFT02 } ts_format;

/* Packet scope, as everything it points to. A number is 0, an address AT_NONE where the message says nothing. */
typedef struct {
    stun_protocol protocol;
    uint16_t type;
    bool end_missing;               /* there are fewer bytes than the header says */
    bool complete;                  /* every attribute was at hand: what is not here was not sent */
    uint64_t present;               /* bit n: row n of the attribute table */
    const uint8_t *transaction_id;  /* 16 bytes */
    uint32_t hash;                  /* of all bytes */
    uint32_t length;                /* bytes */

    /* In MS-TURN and in checks. */
    ts_endpoint reflexive;          /* XOR-MAPPED-ADDRESS; in checks MAPPED-ADDRESS too */
    uint16_t error_code;
    const char *error_reason;
    uint64_t session_id;
    unsigned integrity_offset;      /* of the attribute header; 0: none */
    unsigned integrity_length;      /* bytes */

    /* In MS-TURN. */
    ts_endpoint relayed;
    ts_endpoint alternate;
    ts_endpoint destination;
    ts_endpoint remote;
    uint32_t version;               /* MS-VERSION */
    uint32_t lifetime;              /* seconds */
    uint32_t bandwidth;             /* kbit/s */
    uint32_t sequence;
    uint32_t stream_type;
    uint32_t bwm_check_type;
    const char *realm;
    uint32_t credential;            /* hash of USERNAME, for comparison within one capture */
    bool credential_expired;        /* USERNAME says a time that is over */
    const uint8_t *nonce;
    unsigned nonce_length;          /* bytes */

    /* In checks. */
    const char *ufrag_remote;       /* USERNAME's first part: the receiver's; NULL */
    const char *ufrag_local;        /* its second part: the sender's; NULL */
    ts_ice_role role;
    ts_format format;
    uint32_t implementation_version;
} stun_msg;

/* Does the message carry an attribute of this type, whole? */
bool stun_msg_has(const stun_msg *msg, uint16_t type);

/* Does it carry one that only Microsoft's clients put into checks? */
bool stun_msg_is_microsoft(const stun_msg *msg);

/* "Allocate Request", "Data Indication"; "Unknown Message 0x...." */
const char *stun_message_name(wmem_allocator_t *scope, uint16_t type);

extern const value_string stun_stream_type_names[];

/*
 * Shows header and attributes of the message in tvb below tree, in the fields
 * of the protocol, and says what is in it. The walk is padded or not. Never
 * throws: what a short capture or a wrong length leaves out is said by an
 * expert item.
 */
void stun_msg_dissect(stun_protocol protocol, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool padded, stun_msg *msg);

/* ---- stun_attributes.c ---- */

/* One subtree per attribute; fills msg, of which protocol and header are filled. */
void stun_attributes_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool padded, stun_msg *msg);

/* ---- registration ---- */

void stun_msg_register_ms_turn(int proto);
void stun_msg_register_checks(int proto);
void stun_attributes_register_ms_turn(int proto);
void stun_attributes_register_checks(int proto);

#endif /* TEAMSHARK_MS_STUN_STUN_MSG_H */
