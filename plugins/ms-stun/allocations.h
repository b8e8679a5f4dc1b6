/* allocations.h
 * What is known of clients of relays and of their allocations
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An allocation belongs to a client socket. It is told apart from others of
 * the same socket by what the relay handed out for it (session id, nonce),
 * and only then by the server's address: a load balancer answers for many
 * relays, and relays answer through it ([MS-TURN] 3.1.10 and observed).
 */

#ifndef TEAMSHARK_MS_TURN_ALLOCATIONS_H
#define TEAMSHARK_MS_TURN_ALLOCATIONS_H

#include "turn.h"

#define MS_TURN_MAX_SERVERS 4

/* File scope, as all that it points to. First pass only. */
typedef struct ms_turn_allocation {
    struct ms_turn_allocation *older;   /* of the same socket */
    ts_endpoint servers[MS_TURN_MAX_SERVERS];
    unsigned server_count;
    ts_endpoint alternate;              /* where the next request must go; AT_NONE: no matter */
    const uint8_t *nonce;
    unsigned nonce_length;
    const char *realm;
    unsigned refusals;                  /* challenges in spite of credentials, since the last success */
    bool granted;
    bool closed;                        /* released or failed */
    bool expiry_reported;
    nstime_t granted_at;
    const ms_turn_snapshot *snapshot;
    const ms_turn_frame_data *use;      /* of messages that say no more than that they use the snapshot */
} ms_turn_allocation;

typedef struct {
    bool tcp;
    ts_endpoint end;
    ms_turn_allocation *newest;
} ms_turn_client;

ms_turn_client *ms_turn_client_of(const ts_endpoint *end, bool tcp);

/* A new allocation of the client, numbered. */
ms_turn_allocation *ms_turn_allocation_new(ms_turn_client *client, ts_demux_state *demux, const char *state);
/* That of an Allocate Request without credentials: one that it goes on with, or NULL. */
ms_turn_allocation *ms_turn_allocation_of_first(const ms_turn_client *client, const stun_msg *msg, const ts_endpoint *server);
/* That of any other message, or NULL. */
ms_turn_allocation *ms_turn_allocation_of(const ms_turn_client *client, const stun_msg *msg, const ts_endpoint *server);
ms_turn_allocation *ms_turn_allocation_by_number(uint32_t number);

void ms_turn_allocation_add_server(ms_turn_allocation *allocation, const ts_endpoint *server);
/* The session id or nonce of the message is what the relay handed out for this allocation. */
bool ms_turn_allocation_was_handed(const ms_turn_allocation *allocation, const stun_msg *msg);
/* True once, when it is used after the lifetime that was granted. */
bool ms_turn_allocation_expires(ms_turn_allocation *allocation, const packet_info *pinfo);

/* ---- allocate.c ---- */

/*
 * What an Allocate message, not a retransmission, changes of its allocation
 * and client; returns diagnostics. authenticated: the request of a response
 * had credentials.
 */
uint64_t ms_turn_allocate(packet_info *pinfo, ms_turn_client *client, ms_turn_allocation *allocation, const stun_msg *msg,
    const ts_endpoint *server, bool authenticated);

/* State of the capture, at registration. */
void ms_turn_allocations_init(void);

#endif /* TEAMSHARK_MS_TURN_ALLOCATIONS_H */
