/* signin.h
 * What the report of sign-ins gathers, and what it concludes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_REPORT_SIGNIN_H
#define TEAMSHARK_TEAMS_REPORT_SIGNIN_H

#include "report/problems.h"
#include "session/connection.h"
#include "tap.h"

/* ---- generation.c: which generation of client a sign-in resembles ---- */

typedef enum {
    TEAMS_GENERATION_UNKNOWN,
    TEAMS_GENERATION_SKYPE,
    TEAMS_GENERATION_LYNC,
    TEAMS_GENERATION_2017,
    TEAMS_GENERATION_2020,
    TEAMS_GENERATION_MODERN,
    TEAMS_GENERATION_COUNT
} teams_generation;

typedef struct {
    unsigned score[TEAMS_GENERATION_COUNT];
    bool teams;             /* a name that only clients of Teams ask for */
    const char *because[TEAMS_GENERATION_COUNT];    /* the first name that says so; of the info */
} teams_generation_score;

/* What one name adds. */
void teams_generation_add(teams_generation_score *score, const ts_name_class *link);

teams_generation teams_generation_of(const teams_generation_score *score);

/* "2017"; "" unknown, NULL after the last one. */
const char *teams_generation_name(unsigned generation);
/* "Teams client of 2017" */
const char *teams_generation_label(teams_generation generation);

/* ---- what is gathered ---- */

typedef struct {
    char *name;
    ts_infra infra;
    ts_product product;
} signin_link;

/* One name of a sign-in and one host that it leads to, from the first time it was asked for or sent. */
typedef struct {
    const teams_signin *signin;
    bool has_others;            /* the first of its name, and later steps have it, too: answers that lead elsewhere */
    bool is_other;              /* one of these */
    unsigned row;               /* in the table of all sign-ins */
    char *question;             /* as on the wire: the key */
    char *name;                 /* as shown */
    uint32_t frame;
    nstime_t time;
    ts_product product;
    ts_service service;
    ts_stage stage;
    ts_cloud cloud;
    char *region;
    char *datacenter;
    char *continent;
    char *required;
    char *description;
    GArray *links;              /* signin_link: what follows the question */
    report_texts *providers;    /* labels of the different infrastructures, in order */
    report_texts *addresses;
    report_texts *types;        /* of the questions that were answered so */
    uint32_t answer_frame;      /* 0: no answer seen */
    bool truncated;             /* that answer was, and another one is to come over TCP */
    double answer_time;         /* seconds; NAN: not known */
    uint8_t rcode;
    unsigned asked;             /* questions of the type that was asked most */
    uint32_t server_name_frame; /* TLS or QUIC to it, or a request to a proxy; 0: none */
    bool by_proxy;              /* the latter */
    char *server;               /* where that went, "" */
} signin_step;

/* A stage that sign-ins have, and what its absence can mean where nothing is wrong. */
typedef struct {
    ts_stage stage;
    const char *why;
} signin_missing;

/* A stage that came before the one that it needs. */
typedef struct {
    ts_stage stage;
    ts_stage expected_after;
    uint32_t frame;
    uint32_t expected_frame;
} signin_disorder;

typedef struct {
    const teams_signin *signin;
    GPtrArray *steps;           /* signin_step, in order */
    GHashTable *by_name;        /* question -> the first signin_step of it */
    GHashTable *by_target;        /* question and host or address that it leads to -> the first signin_step of both */
    const signin_step *changed; /* by the latest frame with a name */
    report_problems *seen;      /* what frames said */
    const ts_expert_table *name_table;  /* the rows of teams-dns; NULL: none of its names seen */
    GPtrArray *questions;       /* ts_name_question: what teams-dns knows of them at the end */
    GHashTable *asked;          /* ts_name_question -> how often it was asked here */
    GHashTable *clients;        /* ts_name_client: a set */
    teams_generation_score generation;
    GArray *calls;              /* uint32_t */
    uint32_t first_stage_frame[TS_STAGE_COUNT];
    uint32_t first_name_frame[TS_STAGE_COUNT];      /* the same by names alone: with a question or a server name something begins */
    unsigned frames;
    /* signin_conclude() */
    wmem_allocator_t *scope;            /* of the result */
    teams_signin_result *result;        /* what connections say; never NULL then */
    GPtrArray *connections;             /* teams_connection of it */
    GArray *timings;                    /* teams_name_timing of it */
    GArray *uses;                       /* teams_request_use of it */
    GHashTable *uses_by_host;           /* host -> GPtrArray of the same */
    GArray *answers;                    /* teams_stage_answers of it: the stages with an answer */
    GPtrArray *sockets;                 /* teams_request of it */
    GArray *missing;                    /* signin_missing */
    GArray *disorder;                   /* signin_disorder */
    report_problems *problems;
    report_verdict verdict;
} signin_session;

typedef struct {
    GPtrArray *sessions;        /* signin_session */
    GPtrArray *joined;          /* those that turned out to be of another one */
    GHashTable *by_signin;      /* teams_signin -> signin_session */
    GPtrArray *rows;            /* signin_step: of all sessions, for the table */
} signin_state;

/* ---- signin_gather.c ---- */

void *signin_start(void);
void signin_free(void *state);
int signin_packet(void *state, packet_info *pinfo, epan_dissect_t *edt, const teams_tap *tap);

/* Did the chain of the name pass such infrastructure? */
bool signin_step_has_infra(const signin_step *step, ts_infra infra);

/* ---- signin_verdict.c ---- */

/* At the end of the capture: what is overdue, what connections say, order, verdict. */
void signin_conclude(signin_session *session);
void signin_conclusion_clear(signin_session *session);

/* Are there names alone of which nobody knows whether a sign-in was behind them? Known with the verdict. */
bool signin_has_names_alone(const signin_session *session);

extern const report_verdict_row signin_verdicts[];

/* ---- connections.c ---- */

/* The sections "Connections" and "Why slow", or "Times" where nothing was; nothing where there is no connection. */
void report_connections_text(const teams_signin_result *result, FILE *out);

/* ---- signin_requests.c: where TLS is decrypted ---- */

/* Lists of signin_session: requests by host, method and path; stages by what was answered; WebSockets. */
extern const report_list signin_requests;
extern const report_list signin_stage_answers;
extern const report_list signin_sockets;

/* The requests to the host of this name, beneath it; each is told once. */
void signin_requests_text(const signin_session *session, const char *name, FILE *out);
/* Those to hosts that no name of the sign-in is, WebSockets and stages; nothing where no TLS is decrypted. */
void signin_answers_text(const signin_session *session, FILE *out);

#endif /* TEAMSHARK_TEAMS_REPORT_SIGNIN_H */
