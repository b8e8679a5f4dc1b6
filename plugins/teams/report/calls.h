/* calls.h
 * What the report of calls gathers, and what it concludes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_REPORT_CALLS_H
#define TEAMSHARK_TEAMS_REPORT_CALLS_H

#include "report/problems.h"
#include "core/stream_stats.h"
#include "tap.h"

/* ---- over_time.c: a media stream in slices of equal length ---- */

typedef struct {
    uint64_t packets;
    uint64_t bytes;             /* of RTP */
    uint64_t lost;
    double jitter_max;          /* ms; NAN: not known */
} over_time_slice;

/* However long the stream is, there are few slices: they double their length instead. */
typedef struct {
    GArray *slices;             /* over_time_slice, from the first packet on; NULL before it */
    double start;               /* of the first slice: the first packet of the capture */
    double earliest;            /* packets may lie in a capture in another order than they passed */
    double latest;
    double seconds;             /* length of a slice */
} over_time;

/* One packet at a time in seconds; what it changed in the count of lost packets, less than 0 for a late one. */
void over_time_add(over_time *stream, double now, uint32_t bytes, int64_t lost, double jitter);
void over_time_clear(over_time *stream);

/* ---- calls_jitter.c: jitter that lasts ---- */

#define CALLS_JITTER_STEPS 3

typedef struct {
    double start;
    double last;
    double sum;                 /* of the estimates in it, ms */
    double highest;
    uint64_t count;
    uint32_t frame;             /* of the highest */
} calls_jitter_step;

typedef struct {
    calls_jitter_step steps[CALLS_JITTER_STEPS];    /* the latest last; together 15 seconds */
    bool begun;
    double worst;               /* highest mean of 15 seconds, ms; 0: none yet */
    double worst_time;          /* when these begin */
    double worst_seconds;       /* less where the stream is shorter */
    uint32_t worst_frame;       /* of the highest estimate in them */
} calls_jitter;

/* An estimate at a packet, in milliseconds; and the end of the stream. */
void calls_jitter_add(calls_jitter *jitter, double now, double estimate, uint32_t frame);
void calls_jitter_end(calls_jitter *jitter);

/* ---- what is gathered ---- */

enum { CALLS_SENT, CALLS_RECEIVED };

/* One remote address: a relay, a peer, a media server. All its UDP ports together, and all of TCP. */
typedef struct {
    address addr;
    bool tcp;
    GArray *ports;              /* uint16_t, in order of appearance */
    teams_path path;
    teams_transport transport;
    ts_modality modality;
    bool by_media;              /* media said so, and not a port alone */
    char *name;                 /* as shown; NULL */
    const ts_prefix_row *prefix;
    uint32_t first_frame;
    uint32_t last_frame;
    nstime_t first;
    nstime_t last;
    uint64_t packets[2];
    uint64_t bytes[2];          /* whole frames */
    uint64_t media_packets;
    uint64_t most_packets;      /* of one of its flows, both ways */
    bool nominated;             /* a pair with it was */
    bool asked;                 /* for an allocation: a relay */
    bool signalling;            /* flightproxy: no relay and no peer */
    bool silent;                /* over TCP, which it took part in: nothing that it sent has data */
    bool unseen;                /* over TCP: it has answered what the capture has data to, and none of that is there */
    /* calls_conclude() */
    bool refused;
    bool probed_at_once;
    bool selected;
    bool anycast;
    const char *role;           /* code */
    const char *role_label;
} calls_remote;

/* What one flow adds to the call: taken away again where a server name shows later that it is a stranger's. */
typedef struct {
    const teams_flow *flow;
    calls_remote *remote;
    uint32_t first_frame;
    uint32_t last_frame;
    nstime_t first;
    nstime_t last;
    uint64_t packets[2];
    uint64_t bytes[2];
    uint64_t media_packets;
    uint32_t sent_frame;        /* its first media of the client, and the latest RTCP or check of the other side; 0: none */
    uint32_t heard_frame;
    report_problems *seen;      /* what its frames said; NULL: nothing */
} calls_flow;

typedef struct {
    uint32_t number;
    uint32_t frame;
    nstime_t when;              /* of that frame */
    ts_endpoint client;
    ts_endpoint server;
    ts_endpoint relayed;
    ts_endpoint reflexive;
    const char *state;
    uint32_t lifetime;
    uint32_t granted_frame;     /* 0: never */
    nstime_t granted;
    uint32_t credential;        /* of the latest request; 0: none */
    uint16_t error_code;        /* of the latest Allocate that was refused; no challenge */
    uint32_t error_frame;
    uint32_t error_request;     /* the request that it answers, 0: not known */
    unsigned refusals;          /* requests in a row that were refused with that error */
    uint32_t expired_frame;     /* the first request whose credentials had expired; 0: none */
    double response_time;       /* of the answer that granted it; NAN: not known */
    bool tcp;
} calls_allocation;

typedef struct {
    uint32_t number;
    uint32_t frame;
    nstime_t when;              /* of that frame */
    ts_endpoint local;
    ts_endpoint remote;
    const char *local_type;
    const char *remote_type;
    uint32_t allocation;
    ts_pair_state state;
    unsigned requests;
    unsigned answers;
    double round_trip_min;      /* NAN: none measured */
    double round_trip_max;
    double round_trip_mean;
    double round_trip_sum;
    unsigned round_trip_count;
    uint32_t slowest_frame;     /* of the answer that took round_trip_max */
    uint32_t answered_frame;    /* the last answer to a check of the client's */
    uint32_t nominated_frame;   /* in an earlier call where it is before this one */
    nstime_t nominated;         /* 0: not in this call */
    bool asked_again;           /* to nominate it, in this call */
    bool tcp;
    const char *ufrag_local;
    const char *ufrag_remote;
} calls_pair;

typedef struct {
    uint8_t type;
    const char *name;
    uint64_t packets;
} calls_payload;

/* An interval in which a stream lost all packets. */
typedef struct {
    double time;                /* since the start of the call */
    double seconds;
    uint32_t first_frame;       /* the last one before it */
    uint32_t last_frame;        /* the first one after it */
    uint64_t missing;
    nstime_t begin;             /* of the first frame */
    nstime_t end;
} calls_gap;

typedef struct {
    const teams_flow *flow;
    uint32_t ssrc;
    unsigned direction;
    uint32_t frame;
    nstime_t when;              /* of that frame */
    GArray *payloads;           /* calls_payload; calls_conclude(): most packets first */
    bool encrypted;             /* SRTP */
    ts_modality modality;
    uint32_t pair;              /* that carried it last, 0: no check seen */
    uint64_t bytes;             /* of RTP */
    uint32_t last_frame;
    nstime_t last_when;
    GArray *gaps;               /* calls_gap */
    uint64_t missing_in_gaps;
    uint32_t lost_frame;        /* the first one that packets are missing before, and no gap; 0: none */
    calls_jitter jitter;
    ts_stream_stats stats;
    over_time over_time;
} calls_stream;

typedef struct {
    uint8_t dscp;
    uint32_t packets;
} calls_dscp;

/* One local port and where it went. */
typedef struct {
    const teams_flow *flow;     /* the first one */
    uint16_t port;
    uint16_t remote_port;
    bool alone;                 /* of that flow only, which a server name may take away */
    ts_modality modality;       /* as evidence says it */
    bool by_media;              /* media said so, and not a port alone */
    uint64_t packets;
    uint32_t frame;
    GArray *dscp[2];            /* calls_dscp */
} calls_port;

/* What was refused (ICMP) of one flow: an error and how often it came. */
typedef struct {
    const teams_flow *flow;
    const char *detail;         /* file scope */
    uint32_t frame;             /* the first one */
    unsigned count;
    bool by_host;               /* the host itself says no, and no router */
} calls_refusal;

/* Where a stream is sent to, and where it has begun to. */
typedef struct {
    const teams_flow *flow;
    teams_path path;
    unsigned packets;           /* so far, and so for the next one */
    const teams_flow *next;     /* NULL: to none */
    teams_path next_path;
    unsigned next_packets;
    uint32_t next_frame;        /* the first one */
} calls_sending;

/* Media of a stream that went another way from a frame on. */
typedef struct {
    uint32_t frame;
    const teams_flow *before;
    teams_path before_path;
    const teams_flow *then;
    teams_path then_path;
} calls_path_change;

/* When something happened first, by the time; frame 0: never. */
typedef struct {
    uint32_t frame;
    double time;                /* since the start of the call: calls_conclude() */
    nstime_t when;
} calls_moment;

/* What it turns out to be. */
typedef enum {
    CALLS_CALL,
    CALLS_PROBE,                /* a connectivity test */
    CALLS_EXCHANGE,             /* TLS with a relay for a moment */
    CALLS_OTHER_ADDRESS,        /* checks of a call that connected from another address of its client */
    CALLS_KIND_COUNT
} calls_kind;

typedef struct calls_entry {
    const teams_call *call;
    const GHashTable *two_sided;    /* the report's: clients of which frames in both directions were seen */
    uint32_t first_frame;
    uint32_t last_frame;
    nstime_t first;             /* the earliest and the latest: frames may be out of their order */
    nstime_t last;
    uint64_t packets[2];
    uint64_t bytes[2];
    uint64_t media_packets[2];
    uint64_t control_packets;   /* RTCP */
    uint64_t cut_packets[2];    /* over UDP, of which the capture has too little to tell what they carry */
    bool cut_segments[2];       /* over TCP: messages are in what was cut off */
    bool cut_checks;            /* a nomination may be in what was cut off */
    GPtrArray *flows;           /* calls_flow */
    GPtrArray *remotes;         /* calls_remote */
    GArray *allocations;        /* calls_allocation */
    GArray *pairs;              /* calls_pair */
    GArray *streams;            /* calls_stream */
    GArray *ports;              /* calls_port */
    GArray *refusals;           /* calls_refusal */
    GArray *sendings;           /* calls_sending */
    calls_path_change path_change;      /* the first one */
    unsigned path_changes;      /* of all streams */
    GHashTable *by_flow;        /* teams_flow -> calls_flow */
    GHashTable *by_address[2];  /* address -> calls_remote, over UDP and over TCP */
    GHashTable *rows;           /* of the arrays: key -> index + 1 */
    GHashTable *consent_lost;   /* the client's port -> frame: consent that is lost and has not come back */
    report_problems *seen;      /* what frames said together */
    calls_moment allocation;
    calls_moment check;
    calls_moment nomination;
    uint32_t nominated_before;  /* frame of an earlier call that nominated a pair which goes on; 0: none */
    calls_moment media;
    unsigned checks[2];         /* by direction */
    unsigned check_answers[2];
    uint32_t received_frame;    /* the latest media of the other side; 0: none */
    nstime_t received;          /* when that was; valid then */
    nstime_t sent;              /* the latest media of the client; valid where some was */
    const calls_remote *best;   /* with most media, else with a nominated pair; NULL: none has either */
    const calls_remote *tls;    /* most packets over TCP or TLS */
    bool direct_routing;        /* media with a media processor of Direct Routing */
    bool teams;                 /* of a client of Teams, whose client ports are documented */
    bool udp_relay_asked;
    bool udp_relay_answered;
    /* calls_conclude() */
    calls_kind kind;
    calls_moment name;          /* of the name or signalling before it */
    const calls_remote *selected;
    report_problems *problems;
    report_verdict verdict;
    const struct calls_entry *elsewhere;    /* the call that it is part of, from another address of its client; NULL: none. calls_find_elsewhere() */
    const struct calls_entry *goes_on;      /* the call in which its streams go on, from another address; NULL: none. calls_find_elsewhere() */
    struct calls_entry *other_end;      /* the same call, as its other client has it; NULL: not in the capture. calls_find_ends() */
} calls_entry;

calls_entry *calls_entry_new(const teams_call *call, const GHashTable *two_sided);
void calls_entry_free(void *entry);

/* One frame of the call. dscp is negative where it is not known. */
void calls_entry_add(calls_entry *entry, packet_info *pinfo, const teams_tap *tap, int dscp);

/* Takes away what flows added of which a server name showed later that they are a stranger's. False: no frame is left. */
bool calls_entry_finish(calls_entry *entry);

/* An ICMP error about a datagram of the call. */
void calls_entry_refuse(calls_entry *entry, const packet_info *pinfo, const teams_tap *tap);

/* Its remote of a flow over UDP; NULL where it has none. */
calls_remote *calls_remote_find(const calls_entry *entry, const teams_flow *flow);
/* Did anything come back from this port of the remote? */
bool calls_is_port_heard(const calls_entry *entry, const calls_remote *remote, uint16_t port);
/* Both ways. */
uint64_t calls_remote_packets(const calls_remote *remote);

/* ---- calls_ends.c: calls that are one ---- */

/* Before they are concluded. */
void calls_find_elsewhere(const GPtrArray *entries);

/* Once they are concluded. */
void calls_find_ends(const GPtrArray *entries);

/* ---- calls_held.c: frames of which the call is known later ---- */

typedef struct {
    packet_info pinfo;          /* of its own are src and fd: a report looks at no more of it that lasts as long as the packet */
    frame_data fd;
    teams_tap tap;
    ts_turn_info turn;          /* what the frame carries */
    nstime_t when;
    int dscp;
} calls_held;

/* Socket of a client -> frames. */
GHashTable *calls_held_new(void);

/* Is it a message of a relay, or an error about one that is held? */
bool calls_held_takes(GHashTable *held, const teams_tap *tap);
/* Such a frame, of no call yet. */
void calls_held_add(GHashTable *held, const packet_info *pinfo, const teams_tap *tap, int dscp);

/* To the entry: what is held of the socket that the frame is of. */
void calls_held_release(GHashTable *held, calls_entry *entry, const packet_info *pinfo, const teams_tap *tap);

/* ---- calls_verdict.c ---- */

/* At the end of the capture: kind, roles, problems and verdict. */
void calls_conclude(calls_entry *entry);

/* What the traffic is known to have used so far: media, else a nominated pair, else TLS beside UDP that nobody answered. */
const calls_remote *calls_selected(const calls_entry *entry);
/* Its path: that of TLS which carried the call is tcp_fallback. */
teams_path calls_path(const calls_entry *entry);

/* Has a pair been nominated, or did anything of the call go through? */
bool calls_got_through(const calls_entry *entry);

/* Has the capture no frame at all in the time of the gap? */
bool calls_is_gap_of_capture(const calls_gap *gap);

/* "Call", as a title, and "call", in JSON; NULL after the last. */
const char *calls_kind_title(calls_kind kind);
const char *calls_kind_name(unsigned kind);

/* Per cent of the call's bytes. */
double calls_share(const calls_entry *entry, const calls_remote *remote);

/* Is the prefix one that Microsoft publishes (and not only seen in captures)? */
bool calls_is_published(const calls_remote *remote);

/* The documented range that a client's media port is in: "Teams audio 50000-50019", "" none. */
const char *calls_port_range(uint16_t port);

#define CALLS_MEASURED_PACKETS  50      /* fewer of a stream say nothing of loss and jitter */

/* Is it over TCP, in segments of which some are cut short? Its packets in what was cut off are missing in the capture alone. */
bool calls_is_cut_inside(const calls_entry *entry, const calls_stream *stream);

/* Missing in per cent of what was expected, both without the gaps. */
double calls_stream_loss(const calls_stream *stream);

/* Can it be told? Not by coarse times, nor where no two packets can be compared. */
bool calls_has_jitter(const calls_stream *stream);

/* Of the pairs that were nominated, else that answered: the one with most round trips; NULL none. */
const calls_pair *calls_main_pair(const calls_entry *entry);

extern const report_verdict_row calls_verdicts[];

/* ---- calls.c ---- */

/* The state of the report: its entries, for the summary. */
const GPtrArray *calls_entries(const void *state);

#endif /* TEAMSHARK_TEAMS_REPORT_CALLS_H */
