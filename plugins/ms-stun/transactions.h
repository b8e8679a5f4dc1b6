/* transactions.h
 * Which response answers which request
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_MS_STUN_TRANSACTIONS_H
#define TEAMSHARK_MS_STUN_TRANSACTIONS_H

#include "common/endpoint.h"
#include "demux.h"
#include "stun_msg.h"

/* ---- requests to relays ---- */

/* A request as it was first sent. File scope. */
typedef struct ms_turn_transaction {
    uint32_t request_frame;
    uint32_t response_frame;        /* first response; 0: none yet */
    nstime_t request_time;
    bool authenticated;
    ts_endpoint server;             /* where the request went */
    ts_endpoint destination;        /* that the request names */
    ts_flow *flow;                  /* of the request */
    struct ms_turn_allocation *allocation;
} ms_turn_transaction;

/* That of the message, or NULL. */
ms_turn_transaction *ms_turn_transaction_of(const stun_msg *msg);
/* Of a request: a new one, or the one that it repeats. First pass only. */
ms_turn_transaction *ms_turn_transaction_open(const packet_info *pinfo, const ts_demux_call *call, const stun_msg *msg,
    const ts_endpoint *server, bool *retransmission);

/* ---- checks ---- */

typedef struct ts_pair ts_pair;

/* One check as it was first sent: a transaction id with one set of bytes on one path. File scope. */
typedef struct ts_attempt {
    struct ts_attempt *next;
    uint32_t hash;
    uint32_t frame;
    nstime_t time;
    ts_pair *pair;
    bool from_local;
    bool use_candidate;
    ts_ice_role role;
    unsigned sends;
    uint32_t last_frame;        /* of the last sending */
    nstime_t last_time;
    uint32_t twin_of;
    unsigned answers;
    double sent_after, answered_after;  /* seconds after the first sending, added up: of the others, and of the answers */
    uint32_t response_in;       /* known only after that frame was seen */
    uint32_t response_hash;
    nstime_t response_time;
} ts_attempt;

/* What became of one message. */
typedef struct {
    ts_attempt *attempt;        /* of a request, or the one that a response answers; NULL */
    uint32_t twin_of;
    uint32_t response_to;
    bool retransmission;
    bool duplicate;             /* the capture has this very packet twice */
    bool measured;              /* each sending has its answer */
    nstime_t time;              /* from a sending to its answer, the mean of them; valid with measured */
} ts_exchange;

/* First pass only. pair of a response: the path's own, NULL where it has none yet. */
ts_exchange ts_check_request(const packet_info *pinfo, const stun_msg *msg, ts_pair *pair, bool from_local);
ts_exchange ts_check_response(const packet_info *pinfo, const stun_msg *msg, const ts_pair *pair);

/* State of the capture, at registration. */
void ts_transactions_init(void);

#endif /* TEAMSHARK_MS_STUN_TRANSACTIONS_H */
