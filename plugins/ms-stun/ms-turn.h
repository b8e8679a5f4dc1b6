/* ms-turn.h
 * What the files of the ms-turn plugin share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_MS_TURN_H
#define TEAMSHARK_MS_TURN_H

#include "common/endpoint.h"
#include "demux.h"

/* Message types, [MS-TURN] 2.2.1. */
#define MS_TURN_ALLOCATE            0x0003
#define MS_TURN_ALLOCATE_SUCCESS    0x0103
#define MS_TURN_ALLOCATE_ERROR      0x0113
#define MS_TURN_SEND                0x0004
#define MS_TURN_DATA_INDICATION     0x0115
#define MS_TURN_SET_ACTIVE          0x0006

/* What is left of a type without its class. */
#define MS_TURN_METHOD_MASK         0x3EEF

/* Attribute types that messages are checked by, [MS-TURN] 2.2.2. */
#define MS_TURN_ATTR_MAPPED_ADDRESS     0x0001
#define MS_TURN_ATTR_USERNAME           0x0006
#define MS_TURN_ATTR_INTEGRITY          0x0008
#define MS_TURN_ATTR_ERROR_CODE         0x0009
#define MS_TURN_ATTR_LIFETIME           0x000D
#define MS_TURN_ATTR_ALTERNATE_SERVER   0x000E
#define MS_TURN_ATTR_MAGIC_COOKIE       0x000F
#define MS_TURN_ATTR_NONCE              0x0014
#define MS_TURN_ATTR_REALM              0x0015
#define MS_TURN_ATTR_VERSION            0x8008
#define MS_TURN_ATTR_XOR_MAPPED         0x8020
#define MS_TURN_ATTR_SEQUENCE           0x8050
#define MS_TURN_ATTR_SERVICE_QUALITY    0x8055
#define MS_TURN_ATTR_BWM_MESSAGE        0x8056
#define MS_TURN_ATTR_BWM_RESERVATION    0x8057
#define MS_TURN_ATTR_BWM_AMOUNT         0x8058
#define MS_TURN_ATTR_BWM_REMOTE_SITE    0x8059
#define MS_TURN_ATTR_BWM_LOCAL_SITE     0x805B
#define MS_TURN_ATTR_BWM_LOCATION       0x8068
#define MS_TURN_ATTR_SESSION_ID         0x8095

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

/* What one message says by itself; packet scope, addresses too. */
typedef struct {
    uint16_t type;
    uint64_t present;               /* bit n: row n of the attribute table */
    const uint8_t *transaction_id;  /* 16 bytes */
    ts_endpoint relayed;
    ts_endpoint reflexive;
    ts_endpoint alternate;
    ts_endpoint destination;
    ts_endpoint remote;
    uint32_t version;
    uint32_t lifetime;              /* seconds */
    uint32_t bandwidth;             /* kbit/s */
    uint32_t sequence;
    uint32_t error_code;
    const char *error_reason;
    uint32_t stream_type;
    uint32_t bwm_check_type;
    uint32_t integrity_length;      /* bytes */
    uint64_t session_id;
    const char *realm;
    uint32_t credential;            /* hash of USERNAME, for comparison within one capture; 0: none */
    const uint8_t *nonce;
    unsigned nonce_length;          /* bytes */
    unsigned data_length;           /* bytes of DATA */
} ms_turn_msg;

/* ---- attributes.c ---- */

void ms_turn_attributes_register(int proto);

/*
 * Adds one subtree per attribute of the message in tvb, and fills msg. The
 * walk is padded or not as payload says. Never throws: what a short capture or a
 * wrong length leaves out is said by an expert item.
 */
void ms_turn_attributes_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_payload *payload, ms_turn_msg *msg);

/* Does the message carry an attribute of this type (of the attribute table)? */
bool ms_turn_has(const ms_turn_msg *msg, uint16_t attribute);

/* ---- allocations.h, follow.c ---- */

typedef struct ms_turn_transaction {
    uint32_t request_frame;         /* first request; 0: only a response was seen */
    uint32_t response_frame;        /* first response; 0: none yet */
    nstime_t request_time;
    uint16_t method;
    bool authenticated;
    bool tcp;
    ts_endpoint server;             /* where the request went */
    ts_endpoint destination;        /* that the request names */
    ts_flow *flow;                  /* of the request */
    struct ms_turn_allocation *allocation;
} ms_turn_transaction;

/*
 * An allocation as it was known at some frame; file scope, never changed once
 * a message points to it.
 */
typedef struct {
    uint32_t number;
    const char *state;              /* docs/ms-turn.md has the list */
    ts_endpoint relay;
    ts_endpoint relayed;
    ts_endpoint reflexive;
    bool has_session;
    uint64_t session_id;
    uint32_t bandwidth;             /* kbit/s; 0: not said */
    uint32_t lifetime;              /* seconds; 0: not granted */
    uint16_t stream_type;           /* 0: not said */
} ms_turn_snapshot;

/* What the first pass found out about one message; file scope. */
typedef struct {
    const ms_turn_transaction *transaction; /* NULL: no request and response */
    const ms_turn_snapshot *snapshot;       /* NULL: no allocation could be told */
    uint64_t diagnostics;                   /* bit n: diagnostic n */
    bool response;
    bool retransmission;
    bool remote_session;                    /* FF10: the session is another relay's, not of an allocation seen here */
    nstime_t response_time;
} ms_turn_frame_data;

/*
 * What is kept of the message: made on the first pass, found again on later
 * ones. msg is NULL for an FF10 frame of session_id.
 */
const ms_turn_frame_data *ms_turn_follow(packet_info *pinfo, int proto, const ts_demux_call *call, const ms_turn_msg *msg,
    uint64_t session_id);
void ms_turn_follow_register(void);

/* Is the frame sent by the client, by message type, for FF10 by port? */
bool ms_turn_from_client(const packet_info *pinfo, uint16_t type);

/* "192.0.2.1:3478", "[2001:db8::1]:3478"; "" for AT_NONE. Packet scope. */
const char *ms_turn_endpoint_text(packet_info *pinfo, const ts_endpoint *end);

/* "audio", "video", ...; "unknown" for others. */
const char *ms_turn_stream_type_name(uint32_t stream_type);

/* ---- turn_frame_items.c ---- */

void ms_turn_frame_data_register(int proto);
/* Adds what the frame data say, generated items all. */
void ms_turn_frame_data_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ms_turn_frame_data *frame_data);

/* ---- bandwidth.c: [MS-TURNBWM] ---- */

void ms_turn_bandwidth_register(int proto);

/* ---- messages.c: names, rules that need no other frame ---- */

/* "Allocate Request", "Data Indication"; "Unknown (0x...)" */
const char *ms_turn_message_name(packet_info *pinfo, uint16_t type);
const char *ms_turn_method_name(uint16_t type);
const char *ms_turn_class_name(uint16_t type);

/* Expert items on a whole message, below item. */
void ms_turn_check_message(packet_info *pinfo, proto_item *item, const ts_payload *payload, const ms_turn_msg *msg, bool tcp);

#endif /* TEAMSHARK_MS_TURN_H */
