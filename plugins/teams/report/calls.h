/* report_calls.h
 * What the report of calls gathers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_REPORT_CALLS_H
#define TEAMSHARK_TEAMS_REPORT_CALLS_H

#include "report/util.h"
#include "report/stream_stats.h"

enum { CALLS_SENT, CALLS_RECEIVED };

/* One far end: a relay, a peer, a media server. All its ports of UDP together, and all of TCP. */
typedef struct {
    address addr;
    bool tcp;
    GArray *ports;              /* uint16_t, in order of appearance */
    teams_path path;
    teams_transport transport;
    ts_modality modality;
    const char *name;           /* file scope; NULL */
    const ts_prefix_row *prefix;
    uint32_t first_frame;
    uint32_t last_frame;
    nstime_t first;
    nstime_t last;
    uint64_t packets[2];
    uint64_t bytes[2];          /* whole frames */
    uint64_t media_packets;
    bool signalling;            /* flightproxy: no relay and no peer */
} calls_remote;

typedef struct {
    uint32_t number;
    uint32_t frame;
    nstime_t time;
    ts_endpoint client;
    ts_endpoint server;
    ts_endpoint relayed;
    ts_endpoint reflexive;
    uint16_t stream_type;
    const char *state;
    uint32_t lifetime;
    uint32_t granted_frame;     /* 0: never */
    uint16_t error_code;        /* of the latest Allocate that was refused; no challenge */
    uint32_t error_frame;
    double response_time;       /* of the answer that granted it; negative: not known */
    bool tcp;
} calls_allocation;

typedef struct {
    uint32_t number;
    uint32_t frame;
    ts_endpoint local;
    ts_endpoint remote;
    const char *local_type;
    const char *remote_type;
    uint32_t allocation;
    ts_pair_state state;
    unsigned requests;
    unsigned answers;
    double rtt_min;
    double rtt_max;
    double rtt_sum;
    unsigned rtt_count;
    uint32_t nominated_frame;   /* in an earlier call where it is before this one */
    bool asked_again;           /* to nominate it, in this call */
    bool tcp;
    const char *ufrag_local;
    const char *ufrag_remote;
    bool consent_lost;          /* and not found again so far */
} calls_pair;

typedef struct {
    const teams_flow *flow;
    uint32_t ssrc;
    unsigned direction;
    uint32_t frame;
    uint8_t payload_type;
    const char *payload_name;
    bool encrypted;             /* SRTP */
    ts_modality modality;
    uint32_t pair;              /* that carried it last, 0: no check seen */
    uint64_t bytes;             /* of RTP */
    teams_stream_stats stats;
} calls_stream;

/* One local port and where it went. */
typedef struct {
    const teams_flow *flow;     /* the first one */
    uint16_t port;
    uint16_t remote_port;
    ts_modality modality;       /* as evidence says it */
    uint64_t packets;
    uint32_t frame;
    uint32_t dscp[2][64];       /* packets by code point */
} calls_port;

/* What the network refused of one flow: an error and how often it came. */
typedef struct {
    const teams_flow *flow;
    const char *detail;         /* file scope */
    uint32_t frame;             /* the first one */
    unsigned count;
} calls_refusal;

/* When something happened first, by the time; frame 0: never. */
typedef struct {
    uint32_t frame;
    nstime_t time;
} calls_moment;

typedef struct {
    const teams_call *call;
    const GHashTable *two_sided;    /* the report's: clients with a call that has both directions */
    uint32_t first_frame;
    uint32_t last_frame;
    nstime_t first;             /* the earliest and the latest: frames may be out of their order */
    nstime_t last;
    uint64_t packets[2];
    uint64_t bytes[2];
    uint64_t media_packets[2];
    GArray *remotes;            /* calls_remote */
    GArray *allocations;        /* calls_allocation */
    GArray *pairs;              /* calls_pair */
    GArray *streams;            /* calls_stream */
    GArray *ports;              /* calls_port */
    GArray *refusals;           /* calls_refusal */
    GHashTable *rows;           /* of allocations, pairs and streams: key -> index + 1 */
    GArray *verdicts;
    calls_moment allocation;
    calls_moment check;
    calls_moment nomination;
    uint32_t nominated_before;  /* frame of an earlier call that nominated a pair which goes on; 0: none */
    calls_moment media;
    unsigned media_paths;       /* bit n: media took teams_path n */
    bool has_dscp;
} calls_entry;

calls_entry *calls_entry_new(const teams_call *call, const GHashTable *two_sided);
void calls_entry_free(void *entry);

/* One frame of the call. dscp is negative where it is not known. */
void calls_entry_add(calls_entry *entry, packet_info *pinfo, const teams_tap *tap, int dscp);

/* An ICMP error about a datagram of the call. */
void calls_entry_refuse(calls_entry *entry, const packet_info *pinfo, const teams_tap *tap);

/* What it turns out to be. */
typedef enum {
    CALLS_CALL,
    CALLS_PROBE,        /* a connectivity test */
    CALLS_VISIT,        /* TLS with a relay for a moment */
    CALLS_KIND_COUNT
} calls_kind;

/* The steps of the set-up, in their order. */
typedef struct {
    const char *key;
    const char *label;
    size_t offset;      /* of a calls_moment in a calls_entry */
} calls_step;

extern const calls_step calls_steps[];
extern const unsigned calls_step_count;

const calls_moment *calls_step_moment(const calls_entry *entry, unsigned step);

/* Per cent of the call's bytes. */
double calls_share(const calls_entry *entry, const calls_remote *remote);
const char *calls_pair_state(const calls_pair *pair);

/* The entry's pair of that number, NULL where it has none. */
calls_pair *calls_pair_find(const calls_entry *entry, uint32_t number);

/* The call that a socket left this one for when it turned out to be another's; NULL where it stayed. */
const teams_call *calls_port_moved_to(const calls_entry *entry, const calls_port *port);

/* ---- report_calls_text.c, report_calls_json.c ---- */

void calls_entry_text(const calls_entry *entry, FILE *out);
void calls_entry_json(const calls_entry *entry, json_dumper *out);

/* ---- report_calls_roles.c ---- */

calls_kind calls_kind_of(const calls_entry *entry);
/* "Call", as a title, and "call", in JSON. */
const char *calls_kind_title(calls_kind kind);
const char *calls_kind_name(calls_kind kind);
/* The verdict, where the kind says all; else NULL. */
const char *calls_kind_outcome(calls_kind kind);
bool calls_has_nomination(const calls_entry *entry);
/* Did it get as far as media? */
bool calls_got_through(const calls_entry *entry);
/* The far end of a flow, NULL where no frame of it was looked at. */
const calls_remote *calls_remote_find(const calls_entry *entry, const teams_flow *flow);
/* Did the network refuse all that went to relays over UDP? */
bool calls_is_blocked(const calls_entry *entry);
/* Was the consent of a pair that media uses lost, and not found again? */
bool calls_is_cut_off(const calls_entry *entry);
/* The far end that carried most of it; NULL where there is none. */
const calls_remote *calls_settled(const calls_entry *entry);
/* Is the prefix one that Microsoft publishes (and not only seen in captures)? */
bool calls_is_published(const calls_remote *remote);
/* Is it an address that Microsoft announces from many places? */
bool calls_is_anycast(const calls_remote *remote);
/* What part a far end had: "anycast, then handed over", "carried the traffic", ... */
const char *calls_role(const calls_entry *entry, const calls_remote *remote);
/* ---- report_calls_verdict.c ---- */

/* What frames said and what is to be said of the call as a whole; a list of the caller's. */
GArray *calls_judge(const calls_entry *entry);
const char *calls_outcome(const calls_entry *entry, const GArray *verdicts);

/* The documented range that a client's media port is in: "Teams audio 50000-50019", "" none. */
const char *calls_port_range(uint16_t port);

#endif /* TEAMSHARK_TEAMS_REPORT_CALLS_H */
