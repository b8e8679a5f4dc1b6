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

/* Message types. */
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

/* Classes by bits 8 and 4 of the type, RFC 8489 5. */
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

/* 0x0115 has the class bits of an error response and is an indication all the same. */
static inline bool
ms_turn_is_error(uint16_t type)
{
    return (type & 0x0110) == 0x0110 && type != MS_TURN_DATA_INDICATION;
}

typedef enum { TS_ICE_ROLE_UNKNOWN, TS_ICE_ROLE_CONTROLLING, TS_ICE_ROLE_CONTROLLED } ts_ice_role;

/* How the attributes of a check are laid out, [MS-ICE2] 3.1.5.2. */
typedef enum { TS_FORMAT_UNKNOWN, TS_FORMAT_RFC5389, TS_FORMAT_DRAFT02 } ts_format;

/* Packet scope, as everything it points to. A number is 0, an address AT_NONE where the message says nothing. */
typedef struct {
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
    const uint8_t *nonce;
    unsigned nonce_length;          /* bytes */
    unsigned data_length;           /* bytes of DATA */

    /* In checks. */
    const char *ufrag_remote;       /* USERNAME's first part: the receiver's; NULL */
    const char *ufrag_local;        /* its second part: the sender's; NULL */
    ts_ice_role role;
    ts_format format;
    bool has_username;
    bool has_priority;
    uint32_t priority;
    bool use_candidate;
    bool has_implementation_version;
    uint32_t implementation_version;
    bool has_foundation;
    bool has_session;
    bool observed_attribute;        /* 0x8033, 0x8036 or 0x8037 */
    unsigned fingerprint_offset;    /* of the attribute header; 0: none */
} stun_msg;

#endif /* TEAMSHARK_MS_STUN_STUN_MSG_H */
