/* connection_private.h
 * What the files about connections share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_CONNECTION_PRIVATE_H
#define TEAMSHARK_TEAMS_CONNECTION_PRIVATE_H

#include "common/endpoint.h"
#include "session/connection.h"
#include "common/stock_fields.h"
#include "session/teams_expert.h"

/* Stock's tcp.completeness: what of a TCP connection was seen. */
enum {
    TCP_SEEN_SYN = 0x01,
    TCP_SEEN_SYN_ACK = 0x02,
    TCP_SEEN_ACK = 0x04,
    TCP_SEEN_DATA = 0x08,
    TCP_SEEN_FIN = 0x10,
    TCP_SEEN_RST = 0x20,
};

enum { FROM_SERVER, FROM_CLIENT };

/* The same for expert items on frames and for the reports at the end. */
#define UNANSWERED_SECONDS  3.0 /* a SYN without an answer by then has none: two repetitions fit in */
#define QUIC_SECONDS    1.0     /* the same of QUIC, which sends again sooner */
#define GOODBYE_MAX     64      /* bytes that may belong to an end, or ask whether the other side is there: an alert, PING, a frame that closes a WebSocket */
#define ANSWER_SECONDS  5.0     /* no answer to a ClientHello or a request in this time is none */
#define LONG_POLL_SECONDS 120.0 /* that a server may keep a request for news waiting */
#define REFUSAL_SECONDS 0.5     /* a client that looks at the certificate after the handshake ends the session by then */
#define HOLE_SECONDS    3.0     /* a segment that has not come by then is lost */
#define FLIGHT_MIN      600     /* bytes of a server's part of a handshake with a certificate */

/* Record types of DNS that name diagnostics tell apart. */
typedef enum { TEAMS_DNS_A, TEAMS_DNS_AAAA, TEAMS_DNS_OTHER, TEAMS_DNS_TYPE_COUNT } teams_dns_type;

/* A resolver, and what one client heard of it. */
typedef struct teams_resolver {
    address addr;
    unsigned asked;             /* about names of ours, repetitions included */
    uint32_t first_frame;       /* of these */
    uint32_t last_frame;
    nstime_t first;
    const struct teams_resolver *instead;   /* the latest one that answered what it was asked first; NULL: none */
} teams_resolver;

/* What a client's questions of one type about a name came to. */
typedef struct {
    unsigned asked;             /* repetitions included */
    teams_resolver *waits_for;  /* that the first of the questions since then went to; NULL: not kept */
    const teams_resolver *late_for;     /* that did not answer one which another answered; NULL: none */
    double late;                /* seconds from that question to the one which was answered */
    nstime_t waited;            /* from the first question to the latest answer */
    double waited_most;         /* seconds: the longest such time */
    nstime_t first;             /* of the questions since the latest answer, or since a pause */
    nstime_t last;
    bool pending;               /* a question has no answer yet */
    unsigned answered;
    unsigned addresses;         /* answers with addresses */
    unsigned empty;             /* answers without: the name is there */
    unsigned missing;           /* NXDOMAIN */
    unsigned failed;            /* any other refusal */
    bool cut_short;             /* what an answer has is in the part that was cut off (snap length) */
    uint8_t failure;            /* the code of the latest one that failed */
    uint32_t problem_frame;     /* the first answer without address */
    double slowest;             /* seconds */
    double fastest;
} teams_dns_outcome;

/* A name that a client asked for, and what became of it. */
typedef struct teams_asked_name {
    struct teams_asked_name *next;      /* of the client, in order */
    const struct teams_net_client *client;
    struct teams_asked_name *next_of_signin;    /* teams_signin_parts */
    struct teams_asked_name *next_private;
    const char *name;
    ts_product product;
    ts_service service;
    ts_stage stage;
    bool required;
    teams_dns_outcome *types[TEAMS_DNS_TYPE_COUNT];     /* NULL: never asked for; see teams_dns_of() */
    uint32_t frame;
    const teams_signin *signin; /* the latest of the client when it was last asked for; NULL: none */
    nstime_t first;
    nstime_t last;
    address resolver;           /* that answered last, or was asked first */
    uint32_t private_frame;     /* the first answer with a private address */
    uint32_t private_last;      /* the latest one */
    nstime_t public_until;      /* when the last public one came; zero: none */
    nstime_t private_until;     /* when that came */
    const char *private_text;   /* of the first one */
    const teams_signin *private_signin; /* of the client at that time; NULL: none */
    bool had_public;            /* an answer with an address that is none */
    bool followed;              /* a connection to one of its addresses began after that, under whatever name */
    uint32_t cut_frame;         /* an answer whose chain of aliases ends without an address */
    const char *cut_name;       /* where */
} teams_asked_name;

/* What the client's questions of the type about the name came to; all zero where there were none. */
static inline const teams_dns_outcome *
teams_dns_of(const teams_asked_name *asked, teams_dns_type type)
{
    static const teams_dns_outcome none;

    return asked->types[type] == NULL ? &none : asked->types[type];
}

/* Did any answer to questions about the name have an address? */
static inline bool
teams_asked_has_address(const teams_asked_name *asked)
{
    return teams_dns_of(asked, TEAMS_DNS_A)->addresses + teams_dns_of(asked, TEAMS_DNS_AAAA)->addresses + teams_dns_of(asked, TEAMS_DNS_OTHER)->addresses > 0;
}

/* What a SOCKS proxy refuses before it is asked for anything. */
typedef enum {
    TEAMS_SOCKS_METHOD,         /* each way of authentication that the client offers: RFC 1928 3 */
    TEAMS_SOCKS_CREDENTIALS,    /* its user name and password: RFC 1929 2 */
    TEAMS_SOCKS_KIND_COUNT
} teams_socks_kind;

/* It refused a client so, again and again without a long pause. */
typedef struct teams_socks_refusals {
    struct teams_socks_refusals *before;    /* of the client */
    teams_socks_kind kind;
    ts_endpoint proxy;
    const char *endpoint;       /* the same as text */
    uint32_t status;            /* of the first */
    unsigned count;
    uint32_t first_frame;
    uint32_t last_frame;
    nstime_t first;
    nstime_t last;
} teams_socks_refusals;

/* What is known of a client, by its address. */
typedef struct teams_net_client {
    address addr;
    wmem_map_t *names;          /* name -> teams_asked_name */
    teams_asked_name *first_name, *last_name;
    wmem_array_t *connections;  /* teams_connection * */
    wmem_map_t *latest;         /* name -> its latest teams_connection */
    uint32_t pac_frame;         /* it fetched a proxy configuration */
    const char *pac_uri;
    uint32_t redirect_frame;    /* a connectivity check was redirected */
    const char *redirect_to;
    uint32_t one_address_frame; /* names of several services lead to one address */
    const char *one_address;
    teams_resolver **resolvers;
    unsigned resolver_count;
    uint32_t voice_frame;       /* a resolver said anything at all */
    bool deaf;                  /* it goes on, at any host, after a SYN/ACK that is not in the capture, and no resolver has spoken */
    nstime_t heard;             /* the latest frame of any server, in whichever sign-in */
    unsigned dns_refusals;      /* ICMP errors about its questions */
    uint32_t dns_refusal_frame;
    const char *dns_refusal_text;
    const char *dns_refusal_from;
    bool proxy_reported;
    teams_socks_refusals *socks_refusals;   /* the latest; NULL: none */
    wmem_map_t *socks_granted;  /* ts_endpoint of a proxy -> teams_socks_grants; NULL: none */
    struct {                    /* what it connects to and resolves that is not ours, since it asked for a name of ours: is that one host alone? */
        const char *name;       /* server name of the first ClientHello to it; NULL: none */
        const char *resolved;   /* the first name with a public address, or one of that host; NULL: none */
        bool several;           /* there are others */
        unsigned hellos;
        uint32_t frame;         /* of the first, and the time of the latest */
        nstime_t last;
    } others;
    struct teams_net_client *next_address;      /* of the same client; connection_check.c */
} teams_net_client;

/* What is of one sign-in, address by address of its client. */
typedef struct teams_signin_parts {
    uint32_t joined;            /* as teams_net has it; else all of it is over */
    teams_asked_name *names, *last_name;
    teams_asked_name *private_names, *last_private;     /* those that led to a private address in it */
    teams_connection *connections, *last_connection;
} teams_signin_parts;

/* When a SOCKS proxy let a client through, whatever it was asked for. */
typedef struct {
    ts_endpoint proxy;
    nstime_t first;
    nstime_t last;
} teams_socks_grants;

/* A name that led a client to an address. */
typedef struct {
    const teams_net_client *client;
    const char *name;
    ts_product product;
    ts_service service;
    ts_stage stage;
    bool required;
    bool alias;                 /* through an alias */
    uint32_t frame;
    nstime_t asked;
    nstime_t answer_time;       /* zero: no question seen */
} teams_host_name;

/* An address that is of interest. */
typedef struct {
    address addr;
    wmem_array_t *names;        /* teams_host_name */
    wmem_map_t *proxy_ports;    /* a host may have one for HTTP and one for SOCKS; NULL: it is no proxy */
    bool probe;                 /* of a connectivity check */
    bool resolver;
    const ts_prefix_row *published;     /* its address is: no name led to it; NULL otherwise */
} teams_net_host;

/* How a session ended that was silent before. */
typedef enum {
    TEAMS_CUT_NONE,             /* it did not, or was not */
    TEAMS_CUT_RESET,            /* by RST from the server's side */
    TEAMS_CUT_CLOSED,           /* by FIN from there */
    TEAMS_CUT_LOST,             /* the client gave up: what it sent then had no answer */
    TEAMS_CUT_BY_CLIENT,        /* by the client, which sent nothing before */
} teams_connection_cut;

struct teams_connection_private {
    teams_net_client *client;
    const teams_signin *signin; /* of the client when it was first seen with one; NULL: none */
    teams_connection *next_of_signin;   /* teams_signin_parts */
    const struct teams_connection *dead_ipv6;   /* that this one took the place of */
    struct teams_connection *before;    /* the client's latest one to the same name */
    uint32_t stream;
    uint8_t seen;               /* completeness before this frame */
    unsigned syn_acks;          /* without an acknowledgement */
    bool syn_after;             /* ... and the client's SYN came again after one: it did not get them */
    bool ignored;               /* somebody else's */
    bool named;                 /* by itself: server name or proxy's target */
    bool tunnel;                /* the proxy let it through */
    bool requested;             /* the client sent application data */
    bool early;                 /* ... with the ClientHello or right behind it (RFC 8446, 2.3), or says so: that may be its request */
    bool answered;              /* TLS 1.3: by records that are no session tickets, though maybe no more than SETTINGS of HTTP/2, or what of them was cut off is */
    bool flight_guessed;        /* ... what is there may be a certificate of the client's instead of its request; nothing of the server's since */
    bool flight_open;           /* TLS 1.3: of the client's flight only a part of a record was there */
    bool wait_server;           /* TLS 1.2: the client's part of the handshake is done */
    bool hole_reported;
    bool large_split;           /* what went out in large_frame was sent again in smaller segments */
    bool started[2];            /* next[] is known */
    uint32_t next[2];
    bool acknowledging[2];      /* acknowledged[] is known */
    uint32_t acknowledged[2];   /* by that side, of what the other one sent */
    uint16_t offered;           /* highest TLS version that the client offers */
    uint16_t chosen;
    nstime_t hello_time;
    nstime_t secured_time;
    nstime_t request_time;      /* valid where requested */
    double round_trip;          /* seconds: the shortest seen until the ServerHello; 0: none */
    bool behind_hole;           /* the frame at hand: bytes before its own are not in the capture, or come later */
    unsigned answer_bytes;      /* of the server after it, while they may be session tickets of TLS 1.3 alone */
    nstime_t answer_time;       /* of the latest of them */
    bool alert_likely;          /* TLS 1.3: the client answered that with a record as long as an alert, which cannot be read */
    wmem_map_t *tunnels;        /* of HTTP/2, by stream (teams_connection *), itself the first of them; NULL: none */
    wmem_list_t *new_tunnels;   /* of this frame, whose streams are not known yet */
    uint32_t connect_frame;     /* CONNECT to the proxy */
    bool cut_short[2];          /* by side: of frames with payload only a part was kept */
    uint32_t before_reset;      /* where the server's stream stood when the end was seen */
    bool quic_session[2];       /* by side: packets of an established session were seen */
    bool gap[2];                /* by side: the capture lacks some of what it sent */
    bool hello_in_part;         /* the server has acknowledged the first part of the ClientHello, and not the rest */
    uint32_t relay_frame;       /* that names a relay in it; 0: none */
    uint32_t socks_reply;       /* the number of its latest one, where it speaks SOCKS */
    nstime_t connect_asked;
    bool proxy_pending;         /* the latest request to the proxy has no answer yet */
    uint32_t pending_frame;     /* that request; valid then, as the time */
    nstime_t pending_since;
    nstime_t pending_until;     /* its stream of HTTP/2 was reset then; zero: not */
    bool pending_left;          /* by the client; valid then */
    uint32_t reset_frame;       /* that did; 0: none */
    uint64_t proxy_bytes;       /* from the proxy, until its latest request or answer */
    const struct teams_connection *session;     /* of HTTP/2, that the tunnel is in; NULL: it is no tunnel of one, or itself */
    uint32_t challenge_frame;   /* the proxy's first 407 */
    nstime_t zero_since;        /* a receiver's window is shut; zero: not */
    bool zero_by_client;
    double zero_longest;        /* seconds */
    double challenge_cost;      /* seconds from the request to it, of all */
    nstime_t hole_since;        /* from the server: a segment is missing since */
    uint32_t hole_frame;
    uint32_t hole_sequence;     /* where it begins */
    unsigned large_retransmissions;     /* of the client, one after the other, without progress */
    uint32_t large_frame;
    uint32_t large_end;         /* of the client's first large segment: where it ends; valid where large_sent */
    bool large_sent;
    bool beyond_hole;           /* the server acknowledged less than the ClientHello: what came behind it got through (RFC 5681, 4.2) */
    double idle;                /* seconds of the latest silence that the side which broke it alone went on after; 0: none */
    nstime_t idle_over;         /* when it was broken */
    bool idle_by_client;        /* by whom */
    unsigned idle_heard;        /* packets of the server's by then */
    bool goodbye;               /* ... and by a short record of the server's, as an alert, which nobody on the way can make */
    double survived;            /* the longest silence after which both sides went on */
    teams_connection_cut cut;   /* how it ended after one */
    unsigned vain[2];           /* retransmissions and keep-alives of that side since the other one was heard */
    nstime_t vain_since[2];     /* the first of them */
    unsigned vain_before;       /* the same of both, before the frame at hand */
    bool vain_by_client;        /* of whom they are */
    unsigned resent[2];         /* of these, the retransmissions */
    unsigned resent_before;     /* the same of both, before the frame at hand; from the end on, before that */
    nstime_t heard;             /* the latest frame of the server */
    nstime_t served;            /* the latest one of it with more data than a goodbye or a sign of life; zero: none */
    uint32_t lost_frame;        /* of the client's, by which it has sent in vain for so long that nothing answers any more */
    double lost_after;          /* seconds of silence before it sent that; 0: none to speak of */
    bool lost;                  /* ... and nothing did since */
    bool others_heard;          /* other servers were, while it sent in vain */
    const ts_prefix_row *published;     /* that the server's address is in, where no name led to it; NULL otherwise */
    address card;               /* the client's on the link; AT_NONE where it has none */
    const teams_connection *card_before;    /* the one that the card opened before, from another address; NULL: it is the same, or there is none */
    struct teams_requests *requests;    /* HTTP inside TLS that is decrypted; NULL: none seen */
};

/* ---- connection.c ---- */

typedef struct {
    wmem_map_t *hosts;          /* address -> teams_net_host */
    wmem_map_t *clients;        /* address -> teams_net_client */
    wmem_map_t *from_dns_port;  /* address that sends from the port of DNS -> map of the addresses that it sent to */
    wmem_map_t *by_client_end[2];   /* TCP, QUIC: ts_endpoint -> the latest teams_connection there */
    wmem_map_t *ipv6;           /* name -> the latest teams_connection over IPv6 */
    wmem_map_t *by_card[2];     /* of IPv4 and of IPv6: address of a network card -> the latest teams_connection that it opened */
    address stranger;           /* the latest address that is not published; AT_NONE: none yet */
    uint8_t stranger_bytes[16];
    bool asked;                 /* for the fields of hosts */
    bool asked_for_answers;     /* for those of what proxies and hosts of probes answer */
    bool certificates_due;      /* for those of certificates, for now */
    nstime_t latest_hello;      /* ClientHello to a host */
    uint32_t count;
    uint32_t joined;            /* the latest frame when addresses and sign-ins were last put together: connection_check_signin.c */
} teams_net;

teams_net *teams_net_get(void);
teams_net_host *teams_net_host_of(const address *addr, bool add);
void teams_net_host_add_proxy(teams_net_host *host, uint32_t port);
bool teams_net_host_is_proxy(const teams_net_host *host, uint32_t port);
teams_net_client *teams_net_client_of(const address *addr, bool add);
/* The client in the model, NULL where it is not known there. */
teams_client *teams_net_model_client(const teams_net_client *client);

/* The connection of the frame between these ends, NULL where there is none. */
teams_connection *teams_connection_find(bool quic, const ts_endpoint *client_end, const ts_endpoint *server_end);
teams_connection *teams_connection_new(packet_info *pinfo, bool quic, bool from_client);
/* Another tunnel in a session of HTTP/2 with a proxy. */
teams_connection *teams_connection_new_tunnel(packet_info *pinfo, teams_connection *session);
/* Gives it to its client's sign-in. */
void teams_connection_find_signin(teams_connection *conn);
/* It goes to this name. */
void teams_connection_set_name(teams_connection *conn, const char *name);
/* It goes to what this answer was about. */
void teams_connection_name_by_answer(teams_connection *conn, const teams_host_name *name);
/* Names it after what led to its address. */
void teams_connection_name_by_host(teams_connection *conn);
/* The frame completes a step: of the connection, or of a client without one yet. */
void teams_connection_keep_time(packet_info *pinfo, const teams_net_client *client, teams_step_kind step, const nstime_t *time);
void teams_connection_step(packet_info *pinfo, teams_connection *conn, teams_step_kind step, const nstime_t *time);
/* The same, from a time to this frame. */
void teams_connection_step_between(packet_info *pinfo, teams_connection *conn, teams_step_kind step, const nstime_t *from);
/* First pass: a problem on the frame, unless its client has no sign-in. detail is a format. */
void teams_connection_tell(packet_info *pinfo, const teams_connection *conn, teams_expert row, const char *format, ...) G_GNUC_PRINTF(4, 5);
void teams_connection_tell_client(packet_info *pinfo, const teams_net_client *client, teams_expert row, const char *format, ...) G_GNUC_PRINTF(4, 5);
/* A push channel is there to stay open: whoever cuts it for silence is no server of it. */
bool teams_connection_is_push(const teams_connection *conn);
/* Does it go to a published address of identity, and its name is not in the capture? */
static inline bool
teams_connection_is_identity_by_address(const teams_connection *conn)
{
    return conn->name == NULL && conn->stage == TS_STAGE_IDENTITY;
}

/*
 * Does it go to another address that Microsoft publishes, and did TCP not come about? What comes about may be anybody's, for most of these
 * prefixes front more than Teams.
 */
static inline bool
teams_connection_is_failed_by_address(const teams_connection *conn)
{
    return conn->name == NULL && conn->priv->published != NULL && conn->stage != TS_STAGE_IDENTITY &&
        (conn->state == TEAMS_CONNECTION_UNANSWERED || conn->state == TEAMS_CONNECTION_REFUSED || conn->state == TEAMS_CONNECTION_PROHIBITED);
}

/* Does nothing say where it goes: no name in it, none that led to its address, and no published address? */
static inline bool
teams_connection_is_nameless(const teams_connection *conn)
{
    return conn->name == NULL && !conn->proxy && !teams_connection_is_identity_by_address(conn) && !teams_connection_is_failed_by_address(conn);
}

/* Whose address it is, as far as its prefix tells; where that is published. */
const char *teams_connection_published_text(const teams_connection *conn);

/* "teams.microsoft.com (52.113.194.132:443)" */
const char *teams_connection_text(wmem_allocator_t *scope, const teams_connection *conn);

/* What stock knows of the frame's TCP, NULL where nothing. */
const struct tcp_analysis *teams_connection_tcp(packet_info *pinfo);
/* The connection of a frame between a client and a host of ours; a new one where this is its first frame. */
teams_connection *teams_connection_of_frame(packet_info *pinfo, const struct tcp_analysis *tcp, bool from_client);
/* The frame's TCP connection from its source, which opened it; found is what was found by its ends, or NULL. */
teams_connection *teams_connection_of_tcp(packet_info *pinfo, teams_connection *found, bool add);

/* ---- connection_idle.c ---- */

/* Each frame, once it is counted; then the frame that ends the connection. */
void teams_connection_note_idle(const packet_info *pinfo, teams_connection *conn, bool from_client, unsigned payload);
/* Before it: is it a retransmission, or a keep-alive? */
void teams_connection_note_vain(packet_info *pinfo, teams_connection *conn, bool from_client, bool resent, bool keep_alive, unsigned payload);
void teams_connection_note_end(packet_info *pinfo, teams_connection *conn);

/* ---- connection_resolvers.c ---- */

/* The frame asks; or answers a question of this time. */
void teams_resolver_asked(const packet_info *pinfo, teams_net_client *client, teams_dns_outcome *outcome);
void teams_resolver_answered(const packet_info *pinfo, teams_net_client *client, teams_dns_outcome *outcome, const nstime_t *asked);
/* The frame is from the port of DNS of any host. */
void teams_resolver_heard(const packet_info *pinfo);
/* Has one of its resolvers answered the client at all, whatever it asked? */
bool teams_resolvers_spoke(const teams_net_client *client);

/* ---- connection_names.c ---- */

/* The client asks a SOCKS proxy for an address: what name led it there? */
void teams_connection_socks_request(packet_info *pinfo, const address *addr);
/* What the frame's names say of hosts, clients and of its own connection. */
void teams_connection_names(packet_info *pinfo, const ts_frame_info *infos);

/* ---- connection_tls.c, connection_http.c: the fields of stock ---- */

/* of_hosts: what is read of frames after the one that names a host alone. */
void teams_connection_tls_handoff(GArray *wanted, GArray *of_hosts);
void teams_connection_tls(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client, unsigned payload);
void teams_connection_http_handoff(GArray *wanted);
/* A frame of a connection to a proxy. */
void teams_connection_http(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client, unsigned payload);
/* The same, of a session of HTTP/2. */
void teams_connection_http2(packet_info *pinfo, proto_tree *tree, teams_connection *session, bool from_client);
/* Any frame: proxy configurations. */
void teams_connection_http_any(packet_info *pinfo, proto_tree *tree);
/* A frame from the host of a connectivity check. */
void teams_connection_http_probe(packet_info *pinfo, proto_tree *tree);

/* Is anything from the server in the capture? Where nothing is, silence says nothing. */
static inline bool
teams_connection_is_heard(const teams_connection *conn)
{
    return conn->packets[FROM_SERVER] > 0 || (conn->priv->seen & TCP_SEEN_SYN_ACK);
}

/* Does the client go on after an answer to its SYN that is not in the capture? */
static inline bool
teams_connection_lacks_answers(const teams_connection *conn)
{
    return !conn->quic && (conn->state == TEAMS_CONNECTION_JOINED || conn->packets[FROM_CLIENT] > 0) &&
        !teams_connection_is_heard(conn);
}

/* Has the client acknowledged data of the server's that is not in the capture? Then silence says nothing either. */
static inline bool
teams_connection_lacks_data(const teams_connection *conn)
{
    return conn->priv->started[FROM_SERVER] && conn->priv->acknowledging[FROM_CLIENT] &&
        (int32_t)(conn->priv->acknowledged[FROM_CLIENT] - conn->priv->next[FROM_SERVER]) > 1;
}

/* Has the server's side acknowledged data of the client's that is not in the capture? */
static inline bool
teams_connection_lacks_requests(const teams_connection *conn)
{
    return conn->priv->started[FROM_CLIENT] && conn->priv->acknowledging[FROM_SERVER] &&
        (int32_t)(conn->priv->acknowledged[FROM_SERVER] - conn->priv->next[FROM_CLIENT]) > 1;
}

/* May a request be among what the capture lacks of the client's, or has cut short? */
static inline bool
teams_connection_hides_request(const teams_connection *conn)
{
    return conn->priv->gap[FROM_CLIENT] || conn->priv->cut_short[FROM_CLIENT];
}

/* Has the server's side acknowledged all that the client sent? Then nothing of it is lost, and the server may take its time. */
static inline bool
teams_connection_is_delivered(const teams_connection *conn)
{
    return conn->priv->started[FROM_CLIENT] && conn->priv->acknowledging[FROM_SERVER] &&
        (int32_t)(conn->priv->acknowledged[FROM_SERVER] - conn->priv->next[FROM_CLIENT]) >= -1;      /* a FIN counts as one */
}

/* Is the server of the customer's own, by a name in the customer's zone and no address of Microsoft's? Its certificate is the customer's, too. */
static inline bool
teams_connection_is_customers(const teams_connection *conn)
{
    return conn->product == TS_PRODUCT_LYNC_ONPREM && ts_address_prefix_at(&conn->server_end.addr, &conn->start) == NULL;
}

/* Is the certificate visible, and of an issuer that Microsoft's services do not use? */
static inline bool
teams_connection_is_foreign(const teams_connection *conn)
{
    return conn->certificate != NULL && !conn->certificate->known_issuer && !teams_connection_is_customers(conn);
}

/* Does a client that ends the connection then have seen the server's part of the handshake, and want nothing after it? */
static inline bool
teams_connection_is_left(const teams_connection *conn, const nstime_t *then)
{
    if (conn->priv->early)
        return false;
    /* Clients try the way to a relay before they need it: a handshake that is done is all they want. */
    if (conn->state == TEAMS_CONNECTION_SECURED && conn->service == TS_SERVICE_MEDIA_RELAY && !teams_connection_is_foreign(conn))
        return false;
    if (conn->state == TEAMS_CONNECTION_SECURED)
        return !conn->priv->requested && (teams_connection_is_foreign(conn) || ts_seconds(&conn->priv->secured_time, then) < REFUSAL_SECONDS);
    /* Where its ServerHello is not seen, what was sent is not known. */
    return conn->state == TEAMS_CONNECTION_HANDSHAKE_ENDED && !conn->priv->wait_server &&
        (conn->certificate != NULL || (conn->priv->chosen != 0 && conn->bytes[FROM_SERVER] >= FLIGHT_MIN));
}

/* Has the server answered the SYN, and the client sent neither an acknowledgement nor an end? */
static inline bool
teams_connection_is_half_open(const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_CONNECTED &&
        (conn->priv->seen & (TCP_SEEN_SYN | TCP_SEEN_SYN_ACK | TCP_SEEN_ACK | TCP_SEEN_DATA | TCP_SEEN_FIN | TCP_SEEN_RST)) == (TCP_SEEN_SYN | TCP_SEEN_SYN_ACK);
}

/* Retransmissions of the side after which the other one was not heard again: it is gone, which is no measure of loss. */
static inline unsigned
teams_connection_resent_in_vain(const teams_connection *conn, unsigned side)
{
    if (conn->end == TEAMS_CONNECTION_OPEN)
        return conn->priv->resent[side];
    return conn->vain > 0 && conn->vain_by_client == (side == FROM_CLIENT) ? conn->priv->resent_before : 0;
}

/* Did it carry what both sides had to say? */
static inline bool
teams_connection_carried(const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_USED || conn->priv->answer_bytes > 0 ||
        (conn->state == TEAMS_CONNECTION_JOINED && conn->bytes[FROM_SERVER] > 0 && conn->bytes[FROM_CLIENT] > 0);
}

/* Does the frame hold a session ticket, which answers nothing? Shown of TLS 1.3 only where it is decrypted. */
bool teams_connection_has_ticket(proto_tree *tree);

/* Was the request answered by nothing but what may be session tickets, for so long until then that it is not? */
bool teams_connection_gave_up(const teams_connection *conn, const nstime_t *until);

/* ---- requests.c: HTTP inside decrypted TLS ---- */

void teams_requests_handoff(void);
/* First pass, each frame of a connection, before its TLS is looked at; payload is 0 where there is nothing new. */
void teams_requests_frame(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client, unsigned payload);
/* Has the connection answers to read, and is there no success among them? */
bool teams_requests_all_refused(const teams_connection *conn);

/* ---- connection_certificate.c ---- */

void teams_connection_certificate_handoff(void);
/* The frame has a ClientHello to a host: its certificate may come in the next frame. */
void teams_certificates_expect(const packet_info *pinfo);
/* Is one still to be expected? */
void teams_certificates_wait(const packet_info *pinfo);
teams_certificate *teams_connection_certificate(packet_info *pinfo, proto_tree *tree);

/* "2026-11-25", of UTC */
const char *teams_date_text(wmem_allocator_t *scope, const nstime_t *time);

/* Does a client send it about the server's certificate? */
bool teams_alert_is_about_certificate(uint8_t alert);
/* Does its alert say that the client offers nothing acceptable? */
bool teams_connection_lacks_parameters(const teams_connection *conn);
/* "TLS 1.2" */
const char *teams_tls_version_text(uint16_t version);

#endif /* TEAMSHARK_TEAMS_CONNECTION_PRIVATE_H */
