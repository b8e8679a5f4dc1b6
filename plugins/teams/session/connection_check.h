/* connection_check.h
 * What the files that check a sign-in's connections share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_CONNECTION_CHECK_H
#define TEAMSHARK_TEAMS_CONNECTION_CHECK_H

#include "session/connection_private.h"

typedef enum {
#define DIAGNOSTIC(id, code, filter, group, severity, summary, advice) TEAMS_CONCLUSION_##id,
#include "session/connection_conclusions.def"
#undef DIAGNOSTIC
    TEAMS_CONCLUSION_COUNT
} teams_conclusion;

extern const ts_expert_row teams_conclusions[TEAMS_CONCLUSION_COUNT];

/* Connections that the client left in or right after the TLS handshake. */
typedef struct {
    bool some;
    bool again;                     /* one that began when another had ended so: the client tried again, in vain */
    nstime_t ended;                 /* the first end of them */
} teams_left;

/* A name of the sign-in with what became of it. */
typedef struct {
    const char *name;
    ts_product product;
    ts_service service;
    ts_stage stage;
    bool required;
    const teams_asked_name *asked;  /* NULL: no question in the capture */
    unsigned tried;                 /* connections */
    bool reached;                   /* one of them has a TLS session with data both ways */
    bool unseen;                    /* whether one has is in the part of frames that was cut off (snap length) */
    bool missing;                   /* ... in frames that are missing */
    const char *instead;            /* another host of its service that was reached, and serves for it; NULL: it was reached itself, or none was */
    nstime_t heard;                 /* the latest frame of a server of it */
    bool refused;                   /* ... and no request that can be read there was served */
    bool by_proxy;
    unsigned challenges;            /* how often the proxy asked for credentials for it */
    bool reached_by_proxy;          /* ... through it, not around it */
    bool timed;
    const teams_connection *tried_from; /* the first of the latest tries over TCP that failed one after the other */
    const teams_connection *tried_last; /* ... and the latest of them; NULL: none */
    const teams_connection *first;  /* over TCP */
    nstime_t unread_last;           /* packet of sessions that went on and of whose requests nothing can be read; zero: none */
    wmem_array_t *used;             /* teams_used_session: over TCP with data both ways, by their beginnings */
    bool accepted;                  /* the client sent a request in TLS over TCP: it has nothing against the certificate */
    unsigned alerts_since;          /* likely alerts of the client after the latest of these */
    teams_left left;
} teams_name_result;

typedef struct {
    nstime_t start;
    nstime_t last;                  /* packet of this session and of all that began before */
} teams_used_session;

typedef struct {
    wmem_allocator_t *scope;
    const teams_signin *signin;
    nstime_t end;                   /* of the capture */
    const teams_signin_parts *parts;    /* of the sign-in */
    wmem_array_t *clients;          /* const teams_net_client *: its addresses */
    wmem_array_t *connections;      /* const teams_connection *, in order */
    wmem_array_t *names;            /* teams_name_result *, in order */
    wmem_map_t *by_name;            /* name in lower case -> teams_name_result */
    wmem_map_t *answered;           /* "address:port" to which TCP was answered */
    nstime_t heard;                 /* the latest frame of any server, of later sign-ins as well */
    bool by_proxy;                  /* a name was reached through a proxy */
    bool no_portal;                 /* names that all lead to one address are served there, or elsewhere */
    bool lost_all;                  /* connections to several servers stopped being answered, and none was after that */
    const teams_connection *outage; /* of the connections that the client last sent on in vain at one time, while no server was heard, the first; NULL: none yet */
    wmem_map_t *idle_cuts;          /* connections that an idle cut is told of */
    wmem_array_t *problems;         /* teams_connection_problem */
    teams_signin_result *result;
    bool identity_in_part;              /* whether a session with identity had data is in what was cut off of frames, or in frames that are missing */
    bool identity_missing;              /* in frames that are missing */
    bool identity_reported;             /* a problem has said that identity was not reached */
    bool loop_reported;                 /* ... that the client goes to identity again and again */
    const teams_net_client *other_way;  /* no name had an address, and all TLS of this client goes to one host of others; NULL: not so */
    bool any_accepted;                  /* the client sent a request in TLS to some name */
    teams_left left;                    /* of all names */
} teams_check;

/* What a problem is about, and who did it. */
typedef struct {
    uint32_t frame;
    teams_actor actor;
    const char *name;
    bool fatal;
    wmem_map_t *names;              /* all that it is about, where there are several; NULL: none but that */
    const char *advice;             /* where that of the row does not fit; NULL: it does */
    const char *explains;           /* where codes of its row do not fit; NULL: they do */
} teams_problem_place;

void teams_check_add(teams_check *check, const ts_expert_row *row, int severity, teams_problem_place place, const char *format, ...) G_GNUC_PRINTF(5, 6);

const teams_connection *teams_check_connection(const teams_check *check, unsigned n);
unsigned teams_check_connection_count(const teams_check *check);
teams_name_result *teams_check_name(const teams_check *check, unsigned n);
unsigned teams_check_name_count(const teams_check *check);
teams_name_result *teams_check_name_of(const teams_check *check, const char *name);

/* The frame is so long before the end that what did not follow it will not. */
bool teams_check_time_passed(const teams_check *check, const nstime_t *since, double seconds);
/* Was the client held by a captive portal at this address? */
bool teams_check_is_portal(const teams_check *check, const teams_connection *conn);

/* ---- names that a problem is about, each once ---- */

typedef struct {
    teams_check *check;
    const char *first;
    wmem_strbuf_t *text;
    unsigned names;
    unsigned count;                 /* of connections */
    uint32_t frame;
    bool all_lost;                  /* none of the names was reached */
    bool any_lost;
    bool matters;                   /* one that was lost matters */
    bool doubtful;                  /* one of identity beside another that was reached: it may be the one that the account needs; or another host of its service was */
    const char *instead;            /* that one, of the first such name */
    unsigned replaced;              /* names of which another host was reached */
    bool fatal;                     /* and is no relay: a sign-in needs none */
    bool identity;                  /* it is one of identity */
    bool by_address;                /* whose it is, an address alone tells */
    wmem_map_t *seen;
} teams_name_list;

/* Are large segments of it lost, and small ones not? */
bool teams_check_has_mtu_hole(const teams_check *check, const teams_connection *conn);

teams_name_list teams_name_list_new(teams_check *check);
void teams_name_list_add(teams_name_list *list, const char *name, uint32_t frame);
/* By its name; where none is known, by its address. */
void teams_name_list_add_connection(teams_name_list *list, const teams_connection *conn, uint32_t frame);
/* "a, b, c and 2 more" */
const char *teams_name_list_text(const teams_name_list *list);
/* Error where a name that matters was lost by it, a warning where it was reached after all. */
int teams_name_list_severity(const teams_name_list *list);
/* "; identity was not reached" or "" */
const char *teams_name_list_tail(const teams_name_list *list);

/* ---- connections of which one sentence says the same ---- */

typedef struct {
    teams_name_list names;
    const teams_connection *first;
    unsigned syn_acks;              /* of all */
    unsigned resent;                /* the client's in vain, of all */
    bool elsewhere;                 /* not all of them at the first one's address */
} teams_group;

typedef struct {
    teams_check *check;
    wmem_map_t *by_key;
    wmem_array_t *order;            /* teams_group * */
} teams_groups;

teams_groups teams_groups_new(teams_check *check);
/* Into the group whose sentence says this of it, besides names and counts; frame is its proof. */
void teams_groups_add(teams_groups *groups, const char *says, const teams_connection *conn, uint32_t frame);
unsigned teams_groups_count(const teams_groups *groups);
const teams_group *teams_groups_at(const teams_groups *groups, unsigned n);

/* For teams_groups_add(), where the sentence is the same of all. */
const char *teams_says_no_more(const teams_check *check, const teams_connection *conn);
/* "RST" or "FIN", of one that has ended. */
const char *teams_end_text(const teams_connection *conn);
/* Is all that the client has of TLS on it a session or a part of one, without an answer? Then when it ended. */
bool teams_check_has_no_answer(const teams_connection *conn);
const char *teams_check_when_ended(const teams_connection *conn);
/* Does the proxy's side end it, as each one of its names? Then not that but the proxy is told. */
bool teams_check_is_ended_by_proxy(const teams_check *check, const teams_connection *conn);

/* Who comes back to identity after that, seconds, begins anew. */
#define ROUND_GAP   300.0

/* After the first of these: which names that were not reached have another host of their service that was? */
void teams_check_nodes(teams_check *check);
/* "; another host of its service was reached: NAME"; "" where instead is NULL. */
const char *teams_check_instead_text(const teams_check *check, const char *instead);
void teams_check_dns(teams_check *check);
void teams_check_resolvers(teams_check *check);
void teams_check_tcp(teams_check *check);
void teams_check_idle(teams_check *check);
/* Before the others: which connections stopped being answered together? After them: tells it. */
void teams_check_lost_all(teams_check *check);
void teams_check_lost(teams_check *check);
void teams_check_tls(teams_check *check);
void teams_check_proxy(teams_check *check);
void teams_check_requests(teams_check *check);

/* After each rule that knows identity or the push channel as connected. */
void teams_check_push(teams_check *check);

#endif /* TEAMSHARK_TEAMS_CONNECTION_CHECK_H */
