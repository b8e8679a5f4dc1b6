/* connection.h
 * What happened to each connection to a host of Teams, identity or a relay, and what that says of a sign-in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A connection is a TCP connection, or a QUIC conversation, to an address
 * that a name of ours gave, to a published relay, or to a proxy that was
 * asked for a name of ours. What TCP did is stock's analysis of it (struct
 * tcp_analysis), what TLS, HTTP and X.509 said stock's fields.
 *
 * It is followed on the first pass. What a frame completes or proves is kept
 * with that frame; what only the end of the capture can tell (a SYN that was
 * never answered, a name that was never reached) is for
 * teams_connections_check(), which reports call at the end.
 */

#ifndef TEAMSHARK_TEAMS_CONNECTION_H
#define TEAMSHARK_TEAMS_CONNECTION_H

#include "common/expert_table.h"
#include "session/model.h"

/* What sentences say before an issuer, and nothing else: anonymous reports find a stranger's words by it. */
#define TEAMS_ISSUED_BY         "issued by "
#define TEAMS_INTERCEPTED_BY    "intercepted by "

/* How far a connection got. */
typedef enum {
    TEAMS_CONNECTION_JOINED,            /* there before the capture, or without the server's direction: how far it got is not shown */
    TEAMS_CONNECTION_UNANSWERED,        /* TCP: no answer to any SYN; QUIC: none to any packet */
    TEAMS_CONNECTION_REFUSED,           /* RST in answer to the SYN */
    TEAMS_CONNECTION_PROHIBITED,        /* an ICMP error in answer to the SYN */
    TEAMS_CONNECTION_CONNECTED,         /* TCP is established, nothing more */
    TEAMS_CONNECTION_PROXY_REFUSED,     /* the proxy answered with an error */
    TEAMS_CONNECTION_HELLO_UNANSWERED,  /* nothing came back after the ClientHello */
    TEAMS_CONNECTION_HELLO_RESET,       /* reset, or closed, after the ClientHello and before any answer to it */
    TEAMS_CONNECTION_ALERT,             /* a fatal TLS alert ended the handshake */
    TEAMS_CONNECTION_HANDSHAKE_ENDED,   /* the handshake began, and was ended or never finished */
    TEAMS_CONNECTION_SECURED,           /* the handshake is done */
    TEAMS_CONNECTION_USED,              /* and the server answered what the client then sent */
    TEAMS_CONNECTION_STATE_COUNT
} teams_connection_state;

typedef enum {
    TEAMS_CONNECTION_OPEN,              /* at the end of the capture */
    TEAMS_CONNECTION_CLOSED,            /* FIN */
    TEAMS_CONNECTION_RESET,             /* RST */
} teams_connection_end;

/* Who did it, as far as the bytes tell. */
typedef enum {
    TEAMS_BY_UNKNOWN,
    TEAMS_BY_CLIENT,
    TEAMS_BY_NETWORK,                   /* a device on the way, or the resolver */
    TEAMS_BY_PROXY,
    TEAMS_BY_SERVER,
    TEAMS_BY_COUNT
} teams_actor;

/* A leaf certificate as the server showed it. Texts are "" where it does not say. */
typedef struct {
    const char *subject;                /* common name, else the first DNS name */
    const char *issuer;                 /* common name, else organisation */
    const char *issuer_organisation;
    nstime_t not_before;
    nstime_t not_after;
    uint32_t frame;
    bool known_issuer;                  /* one that Microsoft's services use */
    bool valid;                         /* at the time of the capture */
} teams_certificate;

/* How long each step took, and the frame that completed it; frame 0: not seen. */
typedef struct {
    nstime_t time;
    uint32_t frame;
} teams_step;

typedef enum {
    TEAMS_STEP_DNS,                     /* from the first question to the answer that was used */
    TEAMS_STEP_CONNECT,                 /* from the first SYN to the answer */
    TEAMS_STEP_TLS,                     /* from the ClientHello to the end of the handshake */
    TEAMS_STEP_FIRST_DATA,              /* from the client's first request to the first answer */
    TEAMS_STEP_COUNT
} teams_step_kind;

struct teams_connection_private;

typedef struct teams_connection {
    uint32_t number;                    /* from 1, in order of appearance */
    uint32_t frame;                     /* the first one */
    uint32_t last_frame;
    nstime_t start;
    nstime_t last;
    teams_client *client;
    const char *name;                   /* server name, proxy's target, else the name that gave the address; NULL where none */
    const char *endpoint;               /* "address:port" of the server's end: the proxy's where there is one */
    ts_endpoint client_end;
    ts_endpoint server_end;
    ts_product product;
    ts_service service;
    ts_stage stage;
    bool required;                      /* Microsoft lists the name as required */
    bool quic;
    bool proxy;                         /* the server's end is a proxy */
    bool socks;                         /* ... that speaks SOCKS */
    bool http2;                         /* a tunnel of its own inside a session of HTTP/2 with the proxy, which hides what is in it */
    bool clear_http;                    /* requests in clear through the proxy, no tunnel */
    bool pseudo_tls;                    /* a TLS handshake for show before TURN: nothing of TLS is told of it */
    bool private_address;               /* the name led to an address that is nobody's in the Internet */
    teams_connection_state state;
    teams_connection_end end;
    bool ended_by_client;               /* valid unless open */
    uint32_t end_frame;
    nstime_t ended;
    double idle_before_end;             /* seconds of silence of both sides before it ended */
    unsigned vain;                      /* retransmissions and keep-alives of one side in the time before it ended, after which nothing of the other side came */
    bool vain_by_client;                /* by which; valid where there are */
    double vain_seconds;                /* from the first of them to the end */
    unsigned syns;
    unsigned packets[2];                /* from the server, from the client */
    uint64_t bytes[2];                  /* of payload, the same */
    unsigned retransmissions[2];
    unsigned zero_windows;
    uint32_t hello_frame;               /* ClientHello; 0: none */
    uint32_t alert_frame;
    uint8_t alert;                      /* its number */
    bool alert_from_client;
    const char *version;                /* TLS version that the server chose; "" none */
    const char *icmp_text;              /* "communication administratively prohibited"; NULL none */
    const char *icmp_router;            /* who said so */
    unsigned proxy_status;              /* the proxy's last answer, of SOCKS what HTTP would say; 0: none */
    uint32_t proxy_status_frame;
    unsigned proxy_challenges;          /* how often it answered 407 */
    const teams_certificate *certificate;   /* NULL: not visible */
    teams_step steps[TEAMS_STEP_COUNT];
    struct teams_connection_private *priv;
} teams_connection;

/* ---- for reports, at the end of the capture ---- */

/* Something that is wrong with a sign-in, or worth telling of it. */
typedef struct {
    const char *code;                   /* stable, for scripts: "tcp-unanswered" */
    const char *filter;                 /* finds its frames; "" where no filter does */
    int severity;                       /* PI_ERROR, PI_WARN, PI_NOTE, PI_CHAT: in this sign-in */
    const char *sentence;               /* whole, without the last full stop; names as on the wire */
    const char *advice;                 /* the same; "" none */
    uint32_t frame;                     /* that proves it; 0: none */
    teams_actor actor;
    const char *name;                   /* that it is about, the first one; NULL: none in particular */
    wmem_map_t *names;                  /* all of them, where they are kept; NULL: that one */
    bool fatal;                         /* it explains why stages after it are missing */
    const char *explains;               /* codes of what frames show because of it, each between blanks: " D19 "; "" none */
    const char *explains_of_name;       /* the same, where frames show it of the problem's name */
} teams_connection_problem;

/* A name of the sign-in and how long its first use took; seconds, negative where not seen. */
typedef struct {
    const char *name;
    double steps[TEAMS_STEP_COUNT];
    double failed;                      /* from the first of the tries that failed right before the one that is counted, to it; 0: there were none */
    double total;                       /* of all these, as far as seen */
    uint32_t frame;
} teams_name_timing;

/* Requests of one kind (session/requests.h), where TLS is decrypted. */
typedef struct {
    const struct teams_request_kind *kind;
    const struct teams_request *first;
    const struct teams_request *last_answered;  /* NULL: none was */
    const struct teams_request *refused;    /* the latest refusal that no success followed; NULL none */
    unsigned refused_in_row;    /* up to it */
    bool asked_since;           /* after it, and what was answered is not told */
    bool beside;                /* an answer is not told from others */
    unsigned count;
    unsigned answered;
    unsigned succeeded;
    unsigned refusals;
    const char *statuses;       /* "401, 200": the different ones, in order */
    double time;                /* of the first answered one, seconds; negative: none was */
} teams_request_use;

/* What answers to requests by a path of the table say of a stage. */
typedef struct {
    ts_stage stage;
    const struct teams_request *reached;    /* the first success; NULL none */
    const struct teams_request *refused;    /* the latest refusal; NULL none */
} teams_stage_answers;

typedef struct {
    const teams_connection **connections;   /* in order */
    unsigned connection_count;
    bool client_connects;       /* the client has any, of this sign-in or not: they are in the capture */
    bool asks_alone;            /* it has none, although names led to public addresses: it asks for others, or they are not in the capture */
    teams_connection_problem *problems;              /* the worst first, then by frame */
    unsigned problem_count;
    teams_name_timing *timings;             /* the slowest first */
    unsigned timing_count;
    double totals[TEAMS_STEP_COUNT];        /* over all names, seconds */
    unsigned timed[TEAMS_STEP_COUNT];       /* the names of which the capture shows the step */
    double failed;                          /* the same */
    bool cut_short;                         /* frames of names, or of sessions not seen to carry data, are (snap length): what is not seen may have been */
    bool identity_asked;                    /* an identity name was asked for or connected to */
    bool identity_reached;                  /* a TLS session with an identity host has data both ways */
    bool beyond_reached;                    /* the same with any host of a stage after identity */
    bool beyond_missing;                    /* ... may have data both ways: the capture lacks frames of it */
    bool services_reached;                  /* the same without relays, which TLS reaches without a token, without push alone, and without shared ones */
    bool shared_reached;                    /* the same with a host that other programs of Microsoft 365 connect, too */
    bool push_reached;                      /* the same with a push channel */
    bool resolver_unheard;                  /* of what the resolver and a server answered the capture has nothing, and the client acknowledges it */
    bool one_way;                           /* of its connections and resolvers the capture has only what the client sent */
    bool identity_polled;                   /* the client asks identity by the clock, as for a sign-in on another device */
    bool services_unserved;                 /* one was connected, and served no request that can be read there */
    const char *proxy;                      /* endpoint of the proxy in use; NULL none */
    teams_request_use *uses;                /* in order of their first request */
    unsigned use_count;
    const struct teams_request **sockets;   /* requests that opened a WebSocket, in order */
    unsigned socket_count;
    teams_stage_answers answers[TS_STAGE_COUNT];    /* by stage */
    const char *token_region;               /* that the token's answer gave; "" none */
    bool token_used;                        /* the token was given, and a stage after it answered with success */
} teams_signin_result;

/* All of a sign-in's connections, checked at the end of the capture. Everything in scope, or in file scope. */
teams_signin_result *teams_connections_check(wmem_allocator_t *scope, const teams_signin *signin);

/* What the proxy answered last, in words: "403 Forbidden", "SOCKS: host unreachable". */
char *teams_proxy_answer_text(wmem_allocator_t *scope, const teams_connection *conn);
/* Texts for reports and JSON: "hello_reset", "client"; NULL after the last one. */
const char *teams_connection_state_name(unsigned state);
const char *teams_actor_name(unsigned actor);
/* "unknown CA" */
const char *teams_alert_text(uint8_t alert);
/* Does it wait for an answer that could still have come when the capture ended, then? Nothing follows from its absence. */
bool teams_connection_is_waiting(const teams_connection *conn, const nstime_t *end);
/* Has its latest request to a proxy no answer? */
bool teams_connection_is_pending_at_proxy(const teams_connection *conn);
/* Does the capture lack some of what was sent, or of the bytes of its frames (snap length)? Then a step that is not seen may have been. */
bool teams_connection_lacks_some(const teams_connection *conn);
bool teams_connection_is_cut(const teams_connection *conn);
/* Was it there before the capture: neither SYN nor SYN/ACK is seen? */
bool teams_connection_was_open(const teams_connection *conn);
/* Did the client end it so soon after its ClientHello that the answer could still have come? The same. */
bool teams_connection_is_given_up(const teams_connection *conn);
/* Of both: "ClientHello sent, and the capture ends 20 ms later". */
void teams_connection_append_cut_off(GString *line, const teams_connection *conn, const nstime_t *end);
/* In words: "reset after the server name". */
const char *teams_connection_state_label(teams_connection_state state);

/* ---- for the postdissector ---- */

void teams_connection_register(int proto);
void teams_connection_cleanup(void);
void teams_connection_handoff(dissector_handle_t postdissector);

/* Is the host of any connection that is followed known yet? */
bool teams_connection_has_hosts(void);
/*
 * Gives pinfo the ends of the TCP connection again. Stock's HTTP and SOCKS put the port of a tunnel's target there (Wireshark 4.6 its name, too,
 * for an address) while what is in it is dissected, and leave it where that ends in an exception: in a frame that is cut short, or malformed.
 */
void teams_connection_own_ends(packet_info *pinfo, proto_tree *tree);
/* First pass: follows the frame's connection, and keeps with the frame what it completes or proves. tvb is the whole frame. */
void teams_connection_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_frame_info *infos);

/* Every pass: has the frame times or problems to show? Shows the times. */
bool teams_connection_has_items(packet_info *pinfo);
void teams_connection_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *teams_tree);

#endif /* TEAMSHARK_TEAMS_CONNECTION_H */
