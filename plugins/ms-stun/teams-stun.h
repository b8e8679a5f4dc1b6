/* teams-stun.h
 * What the files of the protocol teams_stun share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-ICE2] (checks), [MS-ICE] (draft-02 messages), RFC 8445 and
 * RFC 8489, [MS-RTP], RFC 7983. What no document says is called "observed"
 * where it is shown.
 */

#ifndef TEAMSHARK_TEAMS_STUN_H
#define TEAMSHARK_TEAMS_STUN_H

#include "common/endpoint.h"
#include "demux.h"
#include "direct_routing.h"
#include "experts.h"
#include "rtp_measure.h"
#include "stun_msg.h"

/* ---- paths and pairs (pairs.c) ---- */

typedef enum {
    TS_CANDIDATE_UNKNOWN,
    TS_CANDIDATE_HOST,
    TS_CANDIDATE_SERVER_REFLEXIVE,
    TS_CANDIDATE_PEER_REFLEXIVE,
    TS_CANDIDATE_RELAYED
} ts_candidate;

/* Whose payload type numbers apply. */
typedef enum { TS_DIALECT_ANY, TS_DIALECT_LYNC, TS_DIALECT_TEAMS } ts_dialect;

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

typedef struct ts_pair ts_pair;

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

typedef struct {
    uint64_t diagnostics;
    ts_endpoint mapped_before;      /* what this peer's answers named until now, where it has changed; file scope */
} ts_pair_news;

/* Takes what the message says of its pair's candidates; first pass. */
void ts_pair_update(packet_info *pinfo, const ts_demux_call *call, ts_pair *pair, const stun_msg *msg, bool from_local,
    ts_pair_news *news);

/* ---- consent.c; first pass ---- */

/* A new pair: those of its local socket have one consent. */
void ts_consent_add_pair(ts_pair *pair);
/* The pair is one of the session, whose pairs have one consent. */
void ts_consent_join(ts_pair *pair, ts_ice_session *session);
/* A check of the pair was answered. */
ts_consent_change ts_consent_answered(const packet_info *pinfo, const ts_pair *pair);
/* Media on the pair; and on a path that belongs to none, to or from the socket of one. */
ts_consent_change ts_consent_media(const packet_info *pinfo, const ts_pair *pair, bool from_local);
void ts_consent_media_beside(const packet_info *pinfo, const ts_path *path);

/* ---- transactions (stun_transactions.c) ---- */

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
    bool measured;              /* the first answer: only that one tells a time */
    nstime_t time;              /* from the first sending to the first answer; valid with measured */
} ts_exchange;

/* First pass only. pair of a response: the path's own, NULL where it has none yet. */
ts_exchange ts_transaction_request(packet_info *pinfo, const stun_msg *msg, ts_pair *pair, bool from_local);
ts_exchange ts_transaction_response(packet_info *pinfo, const stun_msg *msg, const ts_pair *pair);

/* ---- checks (checks.c) ---- */

void ts_checks_register(int proto);
int ts_checks_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_demux_call *call);

/* Field items that checks and media share; text may be NULL. */
void ts_show_pair(tvbuff_t *tvb, proto_tree *tree, const ts_pair *pair, const ts_pair_snapshot *snapshot, const char *text);
/* Of MS-TURN messages, too; nothing where teams_stun is disabled. */
void ts_show_media(tvbuff_t *tvb, proto_tree *tree, const char *media);

/* ---- media (media.c, payload_types.c, modality.c) ---- */

typedef struct {
    uint8_t number;             /* RTP payload type */
    const char *name;           /* as SDP writes it */
    uint32_t clock_rate;        /* Hz */
    uint8_t channels;
    ts_dialect dialect;
    ts_modality modality;       /* unknown where the number says nothing of it */
    const char *source;
} ts_payload_type;

const char *ts_dialect_name(ts_dialect dialect);
/* The row of a payload type; with TS_DIALECT_ANY only where all dialects agree. NULL: none. */
const ts_payload_type *ts_payload_type_find(uint8_t number, ts_dialect dialect);
/* Once, before the others. */
void ts_payload_types_init(void);
/* As in SDP: "SILK/16000", with channels where there are several. */
const char *ts_payload_type_label(const ts_payload_type *row);
/* The same with number and source. */
const char *ts_payload_type_text(const ts_payload_type *row);

typedef struct ts_rtp_stream ts_rtp_stream;

/* RTP timestamps of video and shared screens run with this clock, those of audio with a slower one. */
#define TS_VIDEO_CLOCK 90000

/* What a flow carries, by the strongest evidence there is. */
typedef struct {
    ts_modality modality;
    const char *evidence;       /* "server port 3479"; static; "" with unknown */
    const char *conflict;       /* what contradicts it, static; NULL: nothing */
} ts_modality_result;

/* What speaks for itself in a payload: the row of its type, and its clock as measured. */
typedef struct {
    const ts_payload_type *type;    /* NULL: no row that fits the clock */
    uint32_t clock_rate;            /* 0: not measured */
    bool direct_routing;            /* no client of Teams: the ports say nothing, and calls are audio */
    ts_modality of_flow;            /* what all RTP of the flow is, where this payload is none; else unknown */
} ts_modality_payload;

ts_modality_result ts_modality_find(const packet_info *pinfo, const ts_path *path, bool from_local, const ts_modality_payload *payload,
    uint16_t stream_type);

/* What is known of one payload, the same on every pass. Packet scope. */
typedef struct {
    ts_media_kind kind;
    const ts_pair *pair;                    /* NULL: no check seen before */
    const ts_pair_snapshot *snapshot;       /* of the pair */
    ts_dialect dialect;
    const ts_payload_type *payload_type;    /* of RTP; NULL: no row */
    ts_modality_result modality;
    ts_rtp_stream *stream;                  /* of RTP; NULL: none, or too many */
    ts_rtp_measured measured;               /* of RTP */
    uint32_t setup_frame;
    bool clear;                             /* not encrypted */
    ts_processor_end processor;             /* of Direct Routing */
    uint64_t diagnostics;
} ts_media_frame_data;

/* ---- media_items.c ---- */

/* As teams_stun.media has it. */
const char *ts_media_kind_name(ts_media_kind kind);
void ts_media_items_register(int proto);
void ts_media_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_media_frame_data *frame_data);

/* ---- rtp_info.c ---- */

void ts_rtp_info_handoff(void);
/* The stream of the packet; NULL where its flow has too many. Once for each packet, on every pass. */
ts_rtp_stream *ts_rtp_stream_follow(tvbuff_t *tvb, packet_info *pinfo, const ts_flow *flow);
/* Its clock in Hz by its timestamps, where they have told it by this frame; else 0. */
uint32_t ts_rtp_stream_clock(const ts_rtp_stream *stream, const packet_info *pinfo);
/* What the packet says of its stream (stream may be NULL). Once for each packet, on every pass; clock_rate 0 where unknown. */
ts_rtp_measured ts_rtp_stream_measure(ts_rtp_stream *stream, tvbuff_t *tvb, const packet_info *pinfo, uint32_t clock_rate);
/* Where a conflict of its modality is told; 0: nowhere yet. */
uint32_t *ts_rtp_stream_conflict(ts_rtp_stream *stream);
/* Tells stock rtp what it cannot know of the packet; before the call, on every pass. */
void ts_rtp_info_set(tvbuff_t *tvb, packet_info *pinfo, const ts_rtp_stream *stream, const ts_media_frame_data *frame_data);
/* From the lower to the higher port: which of its two directions a packet of a flow goes. */
bool ts_is_reverse(const packet_info *pinfo);

void ts_media_handoff(void);
int ts_media_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_demux_call *call);

/* ---- shared ---- */

extern int proto_teams_stun;

/*
 * A key for what is stored about the payload tvb of this frame: the same on
 * every pass, and different for two payloads of one frame.
 */
uint32_t ts_frame_data_key(tvbuff_t *tvb, const ts_demux_call *call);

/* Per-capture state begins anew with each file. */
void ts_pairs_reset(void);
void ts_transactions_reset(void);
void ts_media_reset(void);
void ts_rtp_info_reset(void);

#endif /* TEAMSHARK_TEAMS_STUN_H */
