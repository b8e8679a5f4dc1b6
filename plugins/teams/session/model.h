/* model.h
 * What a capture is made of: clients, sign-ins, calls and flows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Built once, on the first pass over the frames, from the infos that the
 * other plugins leave (common/frame_info.h). Everything here is file scope and
 * grows with clients, sign-ins, calls and flows. A frame points to a
 * teams_frame_info, which the frames of a flow share for as long as nothing about
 * them changes; what a frame was given on the first pass never changes, so
 * that every later pass shows the same.
 */

#ifndef TEAMSHARK_TEAMS_MODEL_H
#define TEAMSHARK_TEAMS_MODEL_H

#include "common/frame_info.h"
#include "common/times.h"

#include <epan/address.h>
#include <epan/conversation.h>

typedef enum {
    TEAMS_TRANSPORT_UNKNOWN,
    TEAMS_TRANSPORT_UDP,
    TEAMS_TRANSPORT_TCP,
    TEAMS_TRANSPORT_TLS,
    TEAMS_TRANSPORT_QUIC,
    TEAMS_TRANSPORT_PSEUDO_TLS,
    TEAMS_TRANSPORT_COUNT
} teams_transport;

/* In rank order: where two hold for one frame, the later one is shown. */
typedef enum {
    TEAMS_PATH_UNKNOWN,
    TEAMS_PATH_DIRECT,
    TEAMS_PATH_RELAYED,
    TEAMS_PATH_MULTIPLEXED,
    TEAMS_PATH_TCP_FALLBACK,
    TEAMS_PATH_COUNT
} teams_path;

/* What kind of frame it is; the Info column says so. */
typedef enum {
    TEAMS_WHAT_SERVICE,             /* HTTPS and the like to a named service */
    TEAMS_WHAT_NAME,                /* a DNS message */
    TEAMS_WHAT_RELAY,
    TEAMS_WHAT_CHECK,
    TEAMS_WHAT_MEDIA,
    TEAMS_WHAT_CONTROL,             /* SRTCP */
    TEAMS_WHAT_SIGNALLING,          /* flightproxy */
    TEAMS_WHAT_REFUSAL,             /* an ICMP error about a datagram of the flow: no traffic of it */
    TEAMS_WHAT_COUNT
} teams_what;

typedef struct teams_client teams_client;
typedef struct teams_signin teams_signin;
typedef struct teams_call teams_call;
typedef struct teams_flow teams_flow;

/* What is shown of a frame. Compared as bytes: zero one before filling it in. */
typedef struct {
    const char *name;               /* NULL where none */
    const char *endpoint;           /* "address:port" of the service's end, NULL where none */
    teams_flow *flow;
    teams_call *call;
    teams_signin *signin;
    uint32_t name_frame;
    ts_product product;
    ts_service service;
    ts_stage stage;
    ts_modality modality;
    teams_transport transport;
    teams_path path;
    ts_evidence evidence;
    teams_what what;
} teams_frame_info;

/* A name that an address was learned from. */
typedef struct {
    const char *name;               /* the question */
    ts_product product;
    ts_service service;
    ts_stage stage;
    uint32_t frame;
    teams_client *client;           /* who learned it */
    nstime_t until;                 /* shared services: flows that begin later are not ours; zero: own */
    int weight;                     /* teams_name_weight of signin.h */
    bool of_customer;               /* of a link of a chain: a name that no table knows, to which one of a customer's zone leads */
} teams_learned;

/* A DNS message or server name, where it was seen. */
typedef struct {
    const ts_name_info *info;
    uint32_t frame;
    nstime_t time;
    const char *endpoint;           /* "address:port" that a server name went to; NULL elsewhere */
} teams_sighting;

/* An address that a name gave, or that a flow has as its remote end. */
typedef struct {
    address addr;
    teams_learned *learned;         /* the latest name for it, NULL where none */
    bool taken;                     /* an answer about a stranger's name gave it after that: whose a flow is, its address does not tell */
    bool relay;                     /* was asked as a relay, or answered as one */
    bool resolver;                  /* was asked for names of ours, or asks without RD: what it asks for itself is for others */
} teams_host;

struct teams_flow {
    uint32_t number;                /* from 1, in order of appearance; 0: no frame of it is ours yet */
    uint32_t frame;                 /* the first attributed one */
    teams_client *client;
    ts_endpoint client_end;
    ts_endpoint server_end;
    const char *endpoint;           /* text of server_end */
    teams_frame_info base;          /* what holds for all its frames from now on */
    ts_modality stream_modality;    /* by its allocation's stream type: where nothing better tells */
    bool no_audio;                  /* its media is video or a shared screen: ports and stream type make nothing of it audio */
    teams_call *call;
    bool rejected;                  /* its server name says that it is somebody else's */
    bool unresolved_reported;
    bool proxy;                     /* the server's end is a proxy: its address says nothing of a name */
    uint32_t media_frame[2];        /* its first frame of media: from the service, from the client; 0: none yet */
    const teams_frame_info *latest; /* what teams_frame_info_shared() gave last; NULL: nothing yet */
    struct {                        /* of frames with media, by ts_media_kind: kept where it changes, not per frame */
        const teams_frame_info *latest;
        wmem_tree_t *changes;       /* frame -> teams_frame_info */
    } media_infos[TS_MEDIA_OTHER + 1];
};

/* Where a local socket went on the wire: a relay, a peer, a media server. */
typedef struct {
    ts_endpoint end;
    port_type ptype;
} teams_remote;

/* One local socket of a call: a modality's own, or one of its components; call_sockets.h. */
typedef struct {
    uint16_t port;
    teams_call *call;               /* that it is part of now */
    wmem_list_frame_t *at;          /* and its place there */
    uint32_t frame;                 /* the first one */
    ts_modality modality;           /* not by the stream type of an allocation, which is weak */
    bool established;               /* a pair was nominated, or media flowed */
    bool released;                  /* it gave its allocation back, and had no media since */
    uint32_t credential;            /* for relays, the latest; 0: none seen */
    const char *ufrag_local;        /* of its first check; "" none seen */
    const char *ufrag_remote;
    wmem_array_t *remotes;          /* teams_remote */
    wmem_array_t *peers;            /* address: remote addresses of checks and media that are no relays */
    struct {                        /* its latest RTP packet, from the service and from the client */
        bool known;
        uint16_t sequence;
        uint32_t ssrc;
        uint32_t timestamp;
    } rtp[2];
    bool goes_on;                   /* a stream of its call goes on over it */
    unsigned checked;               /* its client's changes when its call was last asked about */
} teams_call_socket;

struct teams_call {
    uint32_t number;
    uint32_t frame;                 /* the first one */
    nstime_t start;
    nstime_t last;
    nstime_t last_media;            /* zero: none yet */
    teams_client *client;
    teams_signin *signin;           /* the client's at that time, NULL where none */
    uint32_t name_frame;            /* of the call-setup or media name before it, 0: none */
    nstime_t name_time;
    wmem_list_t *sockets;           /* teams_call_socket * */
    wmem_list_frame_t *at;          /* its place in the client's list; NULL: it has left it */
    bool unnamed_reported;
};

struct teams_signin {
    uint32_t number;
    uint32_t frame;
    teams_client *client;
    nstime_t start;
    nstime_t last;                  /* its latest name */
    nstime_t last_own;              /* its latest name of a product of ours */
    uint32_t stages;                /* bit n: ts_stage n was seen */
    nstime_t identity;              /* first name of each; valid when the stage's bit is set */
    nstime_t call_setup;
    uint32_t identity_frame;
    uint32_t call_setup_frame;
    const char *only_name;          /* of a product of ours, in DNS alone: while there is no other and nothing else of it, nothing shows a sign-in */
    bool shown;                     /* there is */
    bool relay_seen;                /* a relay's name, or relay traffic */
    bool names_cut;                 /* frames with names are cut short: others may be behind what is left */
    bool front_door_used;           /* HTTPS to the web application after identity */
    bool stalled;                   /* D15 was raised */
    bool media_missing;             /* D16 was raised */
    nstime_t repeated_bootstrap;    /* when a bootstrap name was asked again; zero: not */
    const teams_signin *next;       /* of the client, which ends it; NULL: none yet */
    struct teams_signin_parts *parts;   /* what is known of its names and connections; connection_check_signin.c; NULL: nothing yet */
    const teams_signin *joined;     /* that it turned out to be of: the client is the same; NULL: none */
    const char *continent;          /* where its services are: of the first one that says so */
    const char *continent_name;     /* that name */
    const wmem_list_t *earlier;     /* teams_sighting *: shared names just before it; NULL where none */
};

struct teams_net_client;

struct teams_client {
    const struct teams_net_client *addresses;   /* what is known of connections by each of its addresses; connection_check.c */
    uint32_t number;
    uint32_t frame;
    address addr;                   /* by which the model knows it */
    address shown;                  /* that reports name: the same, but for a host whose questions on loopback came first */
    teams_signin *signin;           /* the latest, NULL before the first */
    ts_product product;             /* that its names are of: Teams where any is */
    bool foreign_realm;             /* a relay of its named another provider than Microsoft */
    uint32_t check_version;         /* IMPLEMENTATION-VERSION of its latest checks, 0: none seen */
    wmem_list_t *calls;             /* teams_call *, in order: the open ones, and some that are over */
    wmem_map_t *sockets;            /* port -> teams_call_socket, the latest */
    unsigned changes;               /* counts what is learned of the sockets of its calls */
    uint32_t setup_frame;           /* latest call-setup or media name */
    nstime_t setup_time;
    bool relay_named;               /* a relay's name was seen */
    bool relay_asked;               /* over UDP */
    bool relay_answered;
    bool fallback_reported;         /* D18 */
    nstime_t relay_asked_time;      /* the first time */
    bool unsigned_relay_reported;
};

/* How often the capture's clock was set: at which frame first, and by how many seconds there. */
typedef struct {
    unsigned count;
    uint32_t first_frame;
    double first_seconds;
} teams_clock_steps;

#define TEAMS_OWN_QUESTIONS 16

typedef struct {
    wmem_map_t *hosts;              /* address -> teams_host */
    wmem_map_t *resolved;           /* address: a set of those that an answer in the capture gave, strangers' included */
    wmem_map_t *clients;            /* address -> teams_client */
    wmem_map_t *link_hosts;         /* MAC -> what clients.c knows of it */
    wmem_map_t *client_addresses;   /* address -> address of the client that has it */
    wmem_map_t *flows;              /* five-tuple -> teams_flow */
    wmem_map_t *allocations;        /* number -> teams_call */
    wmem_map_t *pairs;              /* number -> teams_call */
    wmem_map_t *joined;             /* number of a call -> the call that all of its sockets turned out to be of */
    wmem_map_t *nominated;          /* number of a pair -> frame that nominated it first */
    wmem_map_t *chain_names;        /* name (case-insensitive) -> teams_learned: links of our chains */
    wmem_map_t *earlier_names;      /* address -> list of teams_sighting *: a client's shared names of no sign-in */
    wmem_map_t *infos;              /* a set: what frames were given (teams_frame_info) */
    wmem_map_t *strangers;          /* a set: what strangers said in words of their own (const char *): who issues certificates */
    wmem_array_t *strangers_by_text;    /* the same, sorted up to the count below */
    unsigned strangers_sorted;
    uint32_t client_count;
    uint32_t signin_count;
    uint32_t call_count;
    uint32_t flow_count;
    uint32_t last_frame;            /* of ours, so far */
    uint32_t last_with_items;       /* frame with which a problem, a time or a request was kept */
    nstime_t first;                 /* of the capture: of its first frame, and the latest so far */
    nstime_t last;
    struct {                        /* own_host.c: what the host that captured is asked, by its own programs on loopback or by others */
        const address *loopback;    /* the first such address; NULL: none asked yet */
        unsigned loopback_count;    /* of those that are the host's */
        const address *host;        /* the host's own address; NULL: not known */
        struct {
            const char *name;
            uint16_t qtype;
            bool by_others;
            nstime_t time;
        } latest[TEAMS_OWN_QUESTIONS];
        unsigned count;
    } own;
    struct {                        /* clock.c */
        wmem_tree_t *changes;       /* frame -> what is added to times from there on; NULL: no frame yet */
        nstime_t shift;             /* the latest */
        nstime_t now;               /* of the frame that is dissected */
        nstime_t latest;            /* of any frame so far */
        uint32_t frame;             /* the latest one of the first pass */
        unsigned change_count;
        wmem_array_t *silences;     /* without any frame, once there is a call; NULL: none */
        bool fine;                  /* times are no whole tenths of a second */
        teams_clock_steps back;
        teams_clock_steps forward;
    } clock;
    struct {                        /* teams_conversation_of() */
        uint32_t frame;             /* asked about last, and the answer */
        conversation_t *found;
    } conversation;
    bool segments_cut;              /* frames over TCP are cut short (snap length): which of them go to a relay is not seen */
} teams_model;

/* The capture's model; created on first use, freed with the capture. */
teams_model *teams_model_get(void);

/* Of a TCP frame that is dissected already: flow and connection both ask, and Wireshark looks for it in several tables. */
conversation_t *teams_conversation_of(packet_info *pinfo);

/* Can a problem, a time or a request be kept with the frame? The first pass knows without a look that most frames have none. */
static inline bool
teams_may_have_items(const packet_info *pinfo)
{
    return PINFO_FD_VISITED(pinfo) || teams_model_get()->last_with_items == pinfo->num;
}
void teams_model_cleanup(void);

/* Texts of the fields; "" for unknown, NULL after the last one. */
const char *teams_transport_name(unsigned transport);
const char *teams_path_name(unsigned path);
const char *teams_transport_label(teams_transport transport);
const char *teams_path_label(teams_path path);

/* Keeps a stranger's words; text is file scope. */
void teams_model_add_stranger(teams_model *model, const char *text);
/* The longest of these that the text begins with, NULL: none. */
const char *teams_model_find_stranger(teams_model *model, const char *text);

/* What is known of an address; add makes it when it is not. */
teams_host *teams_host_of(teams_model *model, const address *addr, bool add);
/* Names the hosts of an answer's addresses. */
void teams_hosts_name(teams_model *model, const ts_name_info *info, const teams_learned *what);
/* A stranger's name leads to the address now; an alias of ours that is asked for by itself is no stranger. */
void teams_host_take(teams_model *model, const address *addr, const char *name);

/* ---- clients.c ---- */

/* The client that has the address, of the frame; NULL where there is none and add is false. Without a frame: that is known already. */
teams_client *teams_client_of(teams_model *model, const packet_info *pinfo, const address *addr, bool add);

/* The address by which the client that has addr is known: its first one that was asked about. File scope. */
const address *teams_client_address(teams_model *model, const packet_info *pinfo, const address *addr);

/* First pass, each frame: which addresses a MAC sends for. */
void teams_clients_count(teams_model *model, const packet_info *pinfo);

/* ---- own_host.c ---- */

/* First pass, each question of DNS: whose are those on loopback? */
void teams_own_host_asks(teams_model *model, const packet_info *pinfo, const ts_name_info *info);
/* ... and each frame to an address that this name gave, of no flow as yet. */
void teams_own_host_connects(teams_model *model, const packet_info *pinfo, const teams_learned *learned);

/* ---- clock.c ---- */

/* Each frame, before anything else: later passes look up what the first one found. infos: of the first pass. */
void teams_clock_frame(teams_model *model, packet_info *pinfo, const ts_frame_info *infos);

/* A report comes back to a frame that it has seen, and then to the one that is dissected. */
void teams_clock_again(teams_model *model, const packet_info *pinfo);

/*
 * The time of the frame, which is the one that is dissected, by a clock that goes on where that of the
 * capture was set: what passes between two frames is measured by it.
 */
const nstime_t *teams_time(const packet_info *pinfo);

/* The time that the capture itself gives the frame, of such a time. */
nstime_t teams_capture_time(const nstime_t *time, uint32_t frame);

/* Has the capture no frame between these but for so many seconds, in all? They are a second or more apart, and the seconds less than half of that. */
bool teams_clock_is_silent(const nstime_t *begin, const nstime_t *end, double around);

/* False where the capture has times in whole tenths of a second, or coarser: by these nobody can measure what takes less, such as jitter or a round trip. */
bool teams_clock_is_fine(void);

const teams_clock_steps *teams_clock_steps_back(void);
const teams_clock_steps *teams_clock_steps_forward(void);

/* ---- flows ---- */

/*
 * The flow of the frame; NULL where there is none and add is false. to_server
 * says which end is the service's, and is used for a new flow only.
 */
teams_flow *teams_flow_of(teams_model *model, packet_info *pinfo, bool add, bool to_server);

/* The UDP flow between two ends, NULL where there is none. */
teams_flow *teams_flow_between(const teams_model *model, const ts_endpoint *a, const ts_endpoint *b);

/* The shared copy of an info in its flow, or a new one where it has none. */
const teams_frame_info *teams_frame_info_shared(const teams_frame_info *info);

/* How the Info column begins: "Teams audio relay". Only of what teams_frame_info_shared() returned. */
const char *teams_frame_info_label(const teams_frame_info *info);
/* The same with another service, of the same family. */
const char *teams_frame_info_label_of(const teams_frame_info *info, ts_service service);

/* Is the frame going from the flow's client to the service? */
bool teams_flow_from_client(const teams_flow *flow, const packet_info *pinfo);
/* Does the frame carry TLS through a proxy: inside HTTP's CONNECT, or SOCKS? */
bool teams_is_through_proxy(const packet_info *pinfo);

#endif /* TEAMSHARK_TEAMS_MODEL_H */
