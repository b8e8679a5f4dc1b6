/* report_signin.h
 * What the report of sign-ins gathers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_REPORT_SIGNIN_H
#define TEAMSHARK_TEAMS_REPORT_SIGNIN_H

#include "session/generation.h"
#include "report/util.h"

typedef struct {
    char *name;
    ts_infra infra;
    ts_product product;
} signin_link;

/* One name of a sign-in, from the first time it was asked for or sent. */
typedef struct {
    const teams_signin *signin;
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
    GPtrArray *providers;       /* labels of the different infrastructures, in order */
    GPtrArray *addresses;
    uint32_t answer_frame;      /* 0: no answer seen */
    double answer_time;         /* seconds; negative: not known */
    uint8_t rcode;
    unsigned asked;
    uint32_t server_name_frame; /* TLS or QUIC to it; 0: none */
    char *server;               /* where that went, "" */
} signin_step;

/* A name and type that were asked for, and what came back; frames 0: none. */
typedef struct {
    char *name;
    uint16_t qtype;
    uint32_t asked_frame;       /* since the last answer */
    nstime_t first;             /* of these questions */
    nstime_t last;
    nstime_t answered;          /* the last answer with addresses; zero: none */
    uint32_t truncated_frame;   /* an answer that nothing over TCP has followed */
    nstime_t truncated;
} signin_question;

typedef struct {
    const teams_signin *signin;
    GPtrArray *steps;           /* signin_step, in order */
    GHashTable *by_name;        /* question -> signin_step */
    GArray *verdicts;           /* what frames said */
    const ts_expert_table *name_table;  /* the rows of teams-dns; NULL before the first name */
    GArray *questions;          /* signin_question */
    teams_generation_score generation;
    GArray *calls;              /* numbers */
    uint32_t first_stage_frame[TS_STAGE_COUNT];
    unsigned frames;
} signin_session;

typedef struct {
    GPtrArray *sessions;        /* signin_session */
    GPtrArray *rows;            /* signin_step: of all sessions, for the table */
} signin_state;

/* ---- report_signin_gather.c ---- */

void *signin_start(void);
void signin_free(void *state);
int signin_packet(void *state, packet_info *pinfo, epan_dissect_t *edt, const teams_tap *tap);

/* Did the chain of the name pass such infrastructure? */
bool signin_step_has_infra(const signin_step *step, ts_infra infra);

/* ---- report_signin_verdict.c ---- */

/* A stage that sign-ins have, and what its absence can mean. */
typedef struct {
    ts_stage stage;
    const char *why;
} signin_expected_stage;

extern const signin_expected_stage signin_expected_stages[];
extern const unsigned signin_expected_stage_count;

/* What has to come before what. */
typedef struct {
    ts_stage first;
    ts_stage then;
} signin_stage_order;

extern const signin_stage_order signin_stage_orders[];
extern const unsigned signin_stage_order_count;

/* Only Lync's discovery, which has other stages? */
bool signin_is_discovery(const signin_session *session);
/* Did the second stage of this order come before the first? */
bool signin_order_is_broken(const signin_session *session, unsigned order);

/* What frames said and what the end of the capture adds; a list of the caller's. */
GArray *signin_judge(const signin_session *session);
const char *signin_outcome(const signin_session *session, const GArray *verdicts);

/* ---- report_signin_late.c ---- */

/* Adds what is overdue at the end of the capture, and what no later frame of the client could say. */
void signin_add_late(const signin_session *session, GArray *verdicts);
/* Notes a question or an answer for it. */
void signin_note_question(signin_session *session, const teams_sighting *seen);

/* ---- report_signin_json.c ---- */

void signin_json(void *state, json_dumper *out);

#endif /* TEAMSHARK_TEAMS_REPORT_SIGNIN_H */
