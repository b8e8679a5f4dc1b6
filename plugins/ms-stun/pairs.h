/* pairs.h
 * Candidate pairs, their checks and consent
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-ICE2] (checks), [MS-ICE] (draft-02 messages), RFC 8445 and
 * RFC 8489. What no document says is called "observed"
 * where it is shown.
 */

#ifndef TEAMSHARK_MS_STUN_PAIRS_H
#define TEAMSHARK_MS_STUN_PAIRS_H

#include "experts.h"
#include "transactions.h"

/* ---- paths and pairs (pairs.c) ---- */

typedef enum {
    TS_CANDIDATE_UNKNOWN,
    TS_CANDIDATE_HOST,
    TS_CANDIDATE_SERVER_REFLEXIVE,
    TS_CANDIDATE_PEER_REFLEXIVE,
    TS_CANDIDATE_RELAYED
} ts_candidate;

/* Whose payload type numbers apply. */
typedef enum { TS_DIALECT_ANY, TS_DIALECT_LYNC, TS_DIALECT_TEAMS, TS_DIALECT_COUNT } ts_dialect;

const char *ts_candidate_name(ts_candidate candidate);

/* Between whom a payload really goes, with everything around it removed. Packet scope. */
typedef struct {
    ts_endpoint src;
    ts_endpoint dst;
    ts_endpoint server;     /* the sender's or receiver's own relay (Send Request, Data Indication); AT_NONE */
    bool from_client;       /* with server: src is the client of that relay */
    bool multiplexed;       /* inside FF10 */
    uint64_t session_id;    /* of FF10 or of the message; 0: none */
    bool tcp;
} ts_path;

/*
 * Whether the remote side of a stream still answers (RFC 7675 as observed: checks
 * go on during the call): of all pairs of one local socket, or of one session,
 * together, since each direction may take another path. File scope.
 */
typedef struct {
    bool exchanged;             /* a check was answered */
    nstime_t exchange_time;     /* the last time */
    bool has_media[2];          /* from the local side, to it */
    nstime_t media_time[2];
    nstime_t media_since[2];    /* of media without a pause */
    bool is_heard[2];
    nstime_t heard_time[2];     /* media, or what goes beside it */
    bool lost;
} ts_consent;

typedef struct ts_consent_socket ts_consent_socket;

typedef enum { TS_CONSENT_SAME, TS_CONSENT_LOST, TS_CONSENT_BACK } ts_consent_change;

/* How many pairs of a session are looked at for what they say of another one. */
#define TS_MAX_SIBLINGS 64

/* All checks between the same two user fragments. File scope. */
typedef struct {
    const char *ufrag[2];
    ts_ice_role role[2];
    ts_pair *pairs;             /* newest first */
    unsigned count;
    unsigned failed;            /* pairs in that state */
    ts_consent *consent;
} ts_ice_session;

/* What a pair was like from some frame on. File scope, never changed. */
typedef struct {
    uint32_t first_frame;
    ts_pair_state state;
    ts_candidate local_type;
    ts_candidate remote_type;
    ts_dialect dialect;
} ts_pair_snapshot;

/* A candidate pair. File scope. */
struct ts_pair {
    ts_pair *next_session;              /* same ends, another multiplexed session */
    ts_pair *next_of_ice;
    uint32_t number;
    uint32_t first_frame;
    ts_endpoint local;
    ts_endpoint remote;
    ts_endpoint server;                 /* own relay; AT_NONE where the pair is not relayed on this side */
    uint64_t session_id;
    bool tcp;
    ts_pair_state state;
    ts_candidate local_type;
    ts_candidate remote_type;
    uint32_t allocation;                /* of the own relay */
    uint16_t stream_type;               /* of that allocation */
    ts_ice_session *ice;
    const ts_pair_snapshot *snapshot;   /* the latest one, NULL before the first check is followed */
    wmem_tree_t *snapshots;             /* frame -> ts_pair_snapshot */
    const char *text;                   /* its ends, for display */
    uint32_t version;                   /* IMPLEMENTATION-VERSION last seen, 0: none */
    uint32_t nominated_frame;
    bool answered;                      /* a success response was seen */
    bool remote_first;                  /* the remote side's check came before ours */
    ts_consent_socket *consent;         /* of its local socket */
};

/* Where the capture was taken, seen from a pair. */
typedef enum { TS_SIDE_UNKNOWN, TS_SIDE_LOCAL, TS_SIDE_REMOTE } ts_side;

ts_path ts_path_of(packet_info *pinfo, const ts_demux_call *call, const stun_msg *msg);

/*
 * The pair of a path: found, or with create made on the first pass. from_local
 * (may be NULL) says which way the payload goes.
 */
ts_pair *ts_pair_find(packet_info *pinfo, const ts_demux_call *call, const ts_path *path, bool create, bool *from_local);

/* A host that asks a relay for allocations is on the side of the capture; first pass. */
void ts_pairs_add_relay_client(const address *addr);

/* On which side of the pair the capture was taken, as far as anything says so by now; first pass. */
ts_side ts_pair_capturing_side(const ts_pair *pair);

/* The pair as it was before this frame; NULL where it was not known then. */
const ts_pair_snapshot *ts_pair_before(const ts_pair *pair, const packet_info *pinfo);
/* Keeps what has changed as the snapshot from this frame on, and returns it; first pass. */
const ts_pair_snapshot *ts_pair_take_snapshot(packet_info *pinfo, ts_pair *pair);

void ts_pair_set_state(ts_pair *pair, ts_pair_state state);

/* ---- candidates.c ---- */

/* The session of the message's user fragments, made with create; NULL where it has none. */
ts_ice_session *ts_ice_session_of(packet_info *pinfo, const stun_msg *msg, bool create);

/* What a message changed of its pair. */
typedef struct {
    uint64_t diagnostics;
    ts_endpoint mapped_before;      /* what this peer's answers named until now, where it has changed; file scope */
} ts_pair_changes;

/* Takes what the message says of its pair's candidates; first pass. */
void ts_pair_update(packet_info *pinfo, const ts_demux_call *call, ts_pair *pair, const stun_msg *msg, bool from_local,
    ts_pair_changes *changes);

/* ---- consent.c; first pass ---- */

/* A new pair: those of its local socket have one consent. */
void ts_consent_add_pair(ts_pair *pair);
/* The pair is one of the session, whose pairs have one consent. */
void ts_consent_join(ts_pair *pair, ts_ice_session *session);
/* A check of the pair was answered. */
ts_consent_change ts_consent_answered(const packet_info *pinfo, const ts_pair *pair);
/* Media on the pair; and on a path that belongs to none, to or from the socket of one. */
ts_consent_change ts_consent_media(const packet_info *pinfo, const ts_pair *pair, bool from_local, ts_media_kind kind);
void ts_consent_media_beside(const packet_info *pinfo, const ts_path *path, ts_media_kind kind);

/* ---- nat.c: which public address a NAT gives a socket, towards whom and when ---- */

typedef enum {
    TS_NAT_SAME,            /* nothing new, or nothing that is proven */
    TS_NAT_CHANGED,         /* towards the same peer: another mapping than before */
    TS_NAT_PER_PEER         /* two peers see two mappings that exist at the same time; said once for a socket */
} ts_nat_mapping;

/*
 * An answer of peer names mapped as the address that local comes from. *before
 * is what it named before, with TS_NAT_CHANGED; file scope. First pass only.
 */
ts_nat_mapping ts_nat_see(const packet_info *pinfo, const ts_endpoint *local, const ts_endpoint *peer, const ts_endpoint *mapped,
    ts_endpoint *before);

/* ---- checks (checks.c) ---- */

void ts_checks_register(int proto);
int ts_checks_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_demux_call *call);

extern int proto_teams_stun;

/*
 * A key for what is stored about the payload tvb of this frame: the same on
 * every pass, and different for two payloads of one frame.
 */
uint32_t ts_frame_data_key(tvbuff_t *tvb, const ts_demux_call *call);

/* Field items that checks and media share; text may be NULL. */
void ts_show_pair(tvbuff_t *tvb, proto_tree *tree, const ts_pair *pair, const ts_pair_snapshot *snapshot, const char *text);
/* Of MS-TURN messages, too; nothing where teams_stun is disabled. */
void ts_show_media(tvbuff_t *tvb, proto_tree *tree, const char *media);

/* State of the capture begins anew with each file. */
void ts_pairs_reset(void);

#endif /* TEAMSHARK_MS_STUN_PAIRS_H */
