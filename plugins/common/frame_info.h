/* frame_info.h
 * What the plugins tell "teams" about a frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Over each frame teams-dns and ms-stun leave infos on it: proto
 * data under the protocol id of "teams", so that nothing is stored where that
 * plugin is absent or disabled. The postdissector of "teams", which runs last,
 * reads them in the order they were left (innermost message first where
 * messages are nested).
 *
 * Every plugin is compiled with this file; TS_FRAME_INFO_ABI is part of the key
 * under which infos are stored, so plugins of different releases do not see
 * each other's infos. Raise it with every change of a struct below.
 *
 * Names are kept with the frame. All other infos last as long as the packet
 * and are left anew on every pass, so that they cost no memory; what they
 * point to is in file scope, or constant.
 */

#ifndef TEAMSHARK_COMMON_FRAME_INFO_H
#define TEAMSHARK_COMMON_FRAME_INFO_H

#include "common/ws_compat.h"

#include <epan/proto_data.h>

#include "common/expert_table.h"
#include "common/name_question.h"
#include "core/names.h"
#include "core/ports.h"
#include "core/prefixes.h"

#define TS_FRAME_INFO_ABI 22

/* Has the capture only a part of the frame (snap length)? */
static inline bool
ts_frame_is_cut(const packet_info *pinfo)
{
    return pinfo->fd->cap_len < pinfo->fd->pkt_len;
}

typedef enum {
    TS_INFO_NAME,
    TS_INFO_TURN,
    TS_INFO_CHECK,
    TS_INFO_MEDIA,
    TS_INFO_FLIGHTPROXY,
    TS_INFO_NAT64,
    TS_INFO_ADDRESSES
} ts_frame_info_kind;

typedef struct ts_frame_info {
    struct ts_frame_info *next;     /* left later on the same frame */
    struct ts_frame_info *last;     /* of the frame; valid in its first info */
    ts_frame_info_kind kind;
} ts_frame_info;

/* An address and port; address.type is AT_NONE where unknown. */
typedef struct {
    address addr;
    uint16_t port;
} ts_endpoint;

/*
 * Why something is taken for Microsoft's (ms_turn.evidence, teams_stun.evidence)
 * and a frame for Teams traffic (teams.evidence), weakest first.
 */
typedef enum {
    TS_EVIDENCE_NONE,
    TS_EVIDENCE_PREFIX,         /* a published prefix with a port published for it */
    TS_EVIDENCE_ENDPOINT,       /* an address and port that an earlier message named; a relay of the open call, over TCP */
    TS_EVIDENCE_ADDRESS,        /* an address that a classified name gave */
    TS_EVIDENCE_CONVERSATION,   /* earlier frames of the flow */
    TS_EVIDENCE_NAME,           /* the frame carries a classified DNS name */
    TS_EVIDENCE_SERVER_NAME,    /* ... or TLS or QUIC server name */
    TS_EVIDENCE_FLIGHTPROXY,
    TS_EVIDENCE_MEDIA,          /* media on a checked pair or inside an allocation */
    TS_EVIDENCE_CHECK,          /* a Microsoft connectivity check */
    TS_EVIDENCE_ENCLOSED,       /* inside a message that is Microsoft's */
    TS_EVIDENCE_SESSION,        /* a multiplexed TURN session, of a payload: one seen before */
    TS_EVIDENCE_SHAPE,          /* flightproxy or FF10 layout with a matching port */
    TS_EVIDENCE_ATTRIBUTE,      /* an attribute that only Microsoft sends */
    TS_EVIDENCE_TURN,           /* an MS-TURN message */
    TS_EVIDENCE_COOKIE,         /* the MS-TURN magic cookie */
    TS_EVIDENCE_COUNT
} ts_evidence;

/* "cookie", "attribute", ...; "" for none: the text that fields show. NULL after the last one. */
const char *ts_evidence_name(unsigned evidence);

/* ---- names (teams_dns) ---- */

typedef enum {
    TS_ROLE_QUESTION,       /* a DNS query, or the question of a response without answers */
    TS_ROLE_ALIAS,          /* an owner or CNAME in an answer */
    TS_ROLE_SERVER_NAME,    /* TLS or QUIC server_name */
    TS_ROLE_PROXY           /* where a client asks a proxy to connect to */
} ts_name_role;

/* One classified (or not) name with what its own chain adds to it. */
typedef struct {
    const char *name;           /* as on the wire, without trailing dot */
    ts_product product;         /* TS_PRODUCT_UNKNOWN where nothing matches */
    ts_service service;
    ts_stage stage;
    ts_infra infra;
    ts_cloud cloud;
    ts_trust trust;
    ts_confidence confidence;
    const char *region;         /* canonical tokens; "" where none */
    const char *continent;
    const char *datacenter;
    const char *environment;
    const char *required;       /* endpoint set, "" where none */
    bool addresses_published;   /* Microsoft publishes the addresses of that set */
    bool anchored;              /* the chain begins in a Microsoft-owned name */
    bool client_only;           /* only a client of Teams or Skype asks for it: tells that one is there */
    const char *description;    /* of the row, "" where none */
} ts_name_class;

typedef struct {
    ts_endpoint end;            /* port 0 */
    const ts_prefix_row *prefix;    /* NULL where none covers it */
    unsigned link;              /* its owner among the message's links: region and host are that one's */
} ts_name_address;

/* One problem that a message shows. */
typedef struct {
    const ts_expert_row *row;       /* of teams-dns */
    const char *name;               /* that it is about */
} ts_name_problem;

/*
 * One DNS message (one question) or one server name. A response carries the
 * whole chain: links[0] is the question, the last one the owner of the
 * addresses.
 */
typedef struct {
    ts_frame_info head;
    ts_name_role role;              /* QUESTION or SERVER_NAME */
    bool response;
    bool tcp;                       /* DNS over TCP (or TLS, HTTPS) */
    bool iterative;                 /* DNS between a resolver and a server that answers for its own zones alone */
    uint16_t qtype;                 /* 0 for server names */
    uint16_t id;                    /* DNS transaction id */
    uint8_t rcode;
    bool incomplete;                /* not all answers are here: the TC bit is set, or the capture cut the frame */
    bool truncated;                 /* an answer over UDP that says so: the client has to ask again over TCP, and waits on */
    bool after_truncated;           /* the question over TCP that follows one */
    uint32_t request_frame;         /* the matching query's frame, 0: none or this is the query */
    nstime_t answer_time;           /* of a response with request_frame; over TCP from the first question on, to which a truncated answer came */
    double late_since;              /* of an answer, seconds since its question where nobody waits so long; else 0. Then request_frame is 0 */
    bool retransmission;            /* the same question (or answer) was seen before */
    const ts_name_class *links;
    unsigned link_count;            /* at least 1 */
    const ts_name_class *whole;      /* what the whole chain says: product, service, stage from the
                                     * first link that has them, region from the last; cloud any */
    const ts_name_address *addresses;
    unsigned address_count;
    const ts_name_problem *problems;
    unsigned problem_count;
    const ts_expert_table *table;   /* all rows of teams-dns, for what only the end of the capture shows */
    const ts_name_question *question;   /* of DNS: as it stands at the end of the capture when that is over */
    const ts_name_client *client;       /* the same */
} ts_name_info;

/* ---- TURN (ms_turn) ---- */

/* One MS-TURN message, or one FF10 frame (type TS_MUX_CHANNEL). */
typedef struct {
    ts_frame_info head;
    uint16_t type;                  /* 0x0003, 0x0103, ...; 0xFF10 */
    bool from_client;
    bool tcp;                       /* MS framing or FF10 on TCP, pseudo-TLS included */
    bool pseudo_tls;
    uint32_t allocation;            /* number from 1; 0: none could be told */
    const char *state;              /* allocation.state after this message, "" unknown */
    ts_endpoint client;             /* the client's own end of the flow */
    ts_endpoint server;             /* the relay's end of the flow */
    ts_endpoint relayed;            /* MAPPED-ADDRESS of the allocation */
    ts_endpoint reflexive;          /* MS-XOR-MAPPED-ADDRESS of the allocation */
    bool has_lifetime;
    uint32_t lifetime;              /* seconds, of this message */
    uint16_t stream_type;           /* MS-SERVICE-QUALITY: 1 audio, 2 video, 3, 4 data; 0: not said */
    uint16_t error_code;            /* 0: none */
    const char *realm;              /* of the allocation, as its relay named it; "" unknown */
    uint32_t credential;            /* hash of this message's USERNAME: equal ones are one client's; 0: none */
    bool credential_expired;        /* it says so itself, by the time of the capture */
    uint32_t request_frame;         /* of a response; 0: not seen */
    nstime_t response_time;
} ts_turn_info;

/* ---- connectivity checks (teams_stun) ---- */

typedef enum {
    TS_PAIR_FROZEN,
    TS_PAIR_CHECKING,
    TS_PAIR_SUCCEEDED,
    TS_PAIR_NOMINATED,
    TS_PAIR_FAILED,
    TS_PAIR_STATE_COUNT
} ts_pair_state;

/* "frozen", "checking", ...; NULL after the last one. */
const char *ts_pair_state_name(unsigned state);

/* IMPLEMENTATION-VERSION up to which a client's two formats of a check may be the same bytes, one right behind the other. */
#define TS_LAST_VERSION_WITH_TWINS 2

/* One Binding message of a candidate pair. */
typedef struct {
    ts_frame_info head;
    uint16_t type;                  /* 0x0001, 0x0101, 0x0111, 0x0011 */
    uint32_t pair;                  /* number from 1 */
    ts_pair_state state;            /* after this message */
    bool from_local;
    ts_endpoint local;              /* the side that the capture was taken on, else the first sender */
    ts_endpoint remote;             /* the peer, behind a relay the relayed address */
    const char *local_type;         /* "host", "server-reflexive", "peer-reflexive", "relayed"; "" */
    const char *remote_type;
    uint32_t allocation;            /* the check ran inside this allocation; 0: plain */
    bool use_candidate;
    bool tcp;
    bool measured;                  /* response_time is valid: the first answer to a check that the capturing side sent */
    nstime_t response_time;
    ts_endpoint mapped;             /* XOR-MAPPED-ADDRESS of this message */
    ts_endpoint mapped_before;      /* what the same peer named until now, where a NAT has changed it */
    bool consent_back;              /* the call's consent, found lost before, is there again */
    uint32_t version;               /* IMPLEMENTATION-VERSION last seen on the pair, 0: none; 7 is of Teams and of Skype since 2018 */
    const char *ufrag_local;        /* "" where unknown */
    const char *ufrag_remote;
} ts_check_info;

/* ---- media (teams_stun) ---- */

typedef enum {
    TS_MEDIA_RTP,
    TS_MEDIA_SRTCP,             /* encrypted but for its first header */
    TS_MEDIA_RTCP,              /* in clear */
    TS_MEDIA_DTLS,
    TS_MEDIA_OTHER,
    TS_MEDIA_KIND_COUNT
} ts_media_kind;

typedef struct {
    ts_frame_info head;
    uint32_t pair;                  /* 0: no check seen */
    uint32_t allocation;            /* relayed by one of the client's own allocations; 0: no */
    uint32_t ssrc;
    uint32_t timestamp;
    const char *payload_name;       /* "" where unknown */
    uint32_t clock_rate;            /* Hz, by the payload type; 0 where unknown */
    uint32_t measured_clock;        /* Hz, by the timestamps; 0 as long as they have not told it */
    uint16_t sequence;
    uint16_t length;                /* bytes of payload datagram */
    uint8_t payload_type;           /* RTP; RTCP packet type for SRTCP */
    uint8_t kind;                   /* ts_media_kind */
    uint8_t modality;               /* ts_modality */
    bool no_audio;                  /* where it is not known: no port makes it audio */
    bool multiplexed;               /* inside FF10 */
    bool direct_routing;            /* between an SBC and a media processor of Direct Routing */
    bool to_processor;              /* of these: towards the media processor */
    bool tcp;
    bool encrypted;                 /* SRTP: header in clear, payload not */
    bool consent_lost;              /* the consent of the call (all pairs of the socket or session) is found lost in this frame */
    bool consent_back;              /* it is there again from this frame on */
} ts_media_info;

/* ---- flightproxy (teams_flightproxy) ---- */

typedef struct {
    ts_frame_info head;
    bool from_client;
} ts_flightproxy_info;

/* ---- NAT64 (teams_dns) ---- */

/* An answer that tells a NAT64 prefix of the network: the address begins with it. */
typedef struct {
    ts_frame_info head;
    uint8_t address[16];
    unsigned bits;
} ts_nat64_info;

/* ---- addresses of names that no table knows (teams_dns) ---- */

/* Addresses that an answer gave, of a message without a ts_name_info. First pass only, packet scope. */
typedef struct {
    ts_frame_info head;
    const char *name;               /* the question */
    const address *addresses;
    unsigned count;
} ts_addresses_info;

/*
 * Looks "teams" up; call once in a plugin's handoff. ts_frame_info_wanted()
 * is false where it is absent or disabled, and ts_frame_info_keep() returns NULL.
 */
void ts_frame_info_init(void);
bool ts_frame_info_wanted(void);

/*
 * A new zeroed info of size bytes at the end of the frame's list, which the
 * caller fills at once; NULL where none is wanted. To be left on every pass.
 */
void *ts_frame_info_add(packet_info *pinfo, ts_frame_info_kind kind, size_t size);

/* The same for one that is kept with the frame, in file scope; NULL on every pass but the first. */
void *ts_frame_info_keep(packet_info *pinfo, ts_frame_info_kind kind, size_t size);

/* Says that the frame has an expert item of ours of this severity (PI_*). To be said on every pass. */
void ts_frame_info_add_problem(packet_info *pinfo, int severity);

/* The worst severity that was said so, 0 for none. */
int ts_frame_info_problem(packet_info *pinfo);

/* The first info of a frame, or NULL. */
const ts_frame_info *ts_frame_info_first(packet_info *pinfo);

#endif /* TEAMSHARK_COMMON_FRAME_INFO_H */
