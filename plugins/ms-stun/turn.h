/* turn.h
 * What the files of the protocol ms_turn share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_MS_STUN_TURN_H
#define TEAMSHARK_MS_STUN_TURN_H

#include "experts.h"
#include "transactions.h"

/* ---- turn_follow.c ---- */

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
    const char *realm;              /* as the relay named it first; NULL: not said */
} ms_turn_snapshot;

/* What the first pass found out about one message; file scope. */
typedef struct {
    const ms_turn_transaction *transaction; /* NULL: no request and response */
    const ms_turn_snapshot *snapshot;       /* NULL: no allocation could be told */
    uint64_t diagnostics;                   /* bit n: diagnostic n */
    bool response;
    bool retransmission;                    /* the same message again; it changes nothing */
    bool duplicate;                         /* ... because the capture has this very packet twice */
    bool remote_session;                    /* FF10: the session is another relay's, not of an allocation seen here */
    nstime_t response_time;
} ms_turn_frame_data;

/*
 * What is kept of the message: made on the first pass, found again on later
 * ones. msg is NULL for an FF10 frame of session_id.
 */
const ms_turn_frame_data *ms_turn_follow(packet_info *pinfo, int proto, const ts_demux_call *call, const stun_msg *msg,
    uint64_t session_id);
void ms_turn_follow_register(void);

/* Is the frame sent by the client, by message type, for FF10 by port? */
bool ms_turn_from_client(const packet_info *pinfo, uint16_t type);

#endif /* TEAMSHARK_MS_STUN_TURN_H */
