/* signin_verdict.c
 * What the report of sign-ins concludes at the end of the capture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * That something is missing is known some time after it was due. An expert
 * item needs a later frame of the same client to be at; where the client is
 * silent from then on, or asks for nothing of ours, only the end of the
 * capture shows it. The rules are those of the expert items (session/signin.c
 * and common/name_question.h).
 */

#include "report/signin.h"

#include <string.h>

#include "common/name_question.h"
#include "session/requests.h"
#include "session/signin.h"

#define PREPARED_SECONDS 10.0   /* who asks for a name to connect has done so by then */

#define TYPE_UNANSWERED "teams_dns.type_unanswered"     /* D31 */
#define CHAIN_BROKEN    "teams_dns.chain_broken"        /* D7 */
#define NXDOMAIN_LISTED     "teams_dns.nxdomain_listed"
#define TELEMETRY_BLOCKED   "teams_dns.telemetry_blocked"

/* A failure that explains what is missing after it, of which nothing else is said then. */
static bool
has_fatal(const signin_session *session)
{
    for (unsigned i = 0; i < session->result->problem_count; i++)
        if (session->result->problems[i].fatal)
            return true;
    return false;
}

/* ---- what is overdue ---- */

/* Up to the client's next sign-in, which begins anew. */
static const nstime_t *
end_of(const teams_signin *signin)
{
    return signin->next != NULL ? &signin->next->start : &teams_model_get()->last;
}

static void
add_overdue_stage(signin_session *session, teams_expert row, int severity, const char *what, uint32_t frame, const nstime_t *since)
{
    report_problem problem = report_problem_of_row(&teams_expert_table.rows[row], frame);
    char *detail = g_strdup_printf("%s in frame %u, and none for %.0f s, to %s", what, frame, ts_seconds(since, end_of(session->signin)),
        session->signin->next != NULL ? "the client's next sign-in" : "the end of the capture");

    problem.severity = severity;
    report_problems_add(session->problems, &problem, detail, 1);
    g_free(detail);
}

/* Of a client of which the capture has names alone: what it connected to went another way, or was not captured. */
static bool
has_names_alone(const signin_session *session)
{
    return session->result->connection_count == 0;
}

static bool
is_connected_to(const signin_session *session, const char *name)
{
    for (unsigned i = 0; i < session->connections->len; i++) {
        const teams_connection *conn = (const teams_connection *)g_ptr_array_index(session->connections, i);

        if (conn->name != NULL && g_ascii_strcasecmp(conn->name, name) == 0)
            return true;
    }
    return false;
}

/* The only name of Teams or Skype, of one that was asked for in DNS alone; NULL: there are others, more of it, or identity after it. */
static const signin_step *
single_question(const signin_session *session)
{
    const signin_step *only = NULL;

    for (unsigned i = 0; i < session->steps->len; i++) {
        const signin_step *each = (const signin_step *)g_ptr_array_index(session->steps, i);

        if (each->stage == TS_STAGE_IDENTITY && each->frame > session->signin->frame)
            return NULL;
        if (teams_name_weigh(each->product) != TEAMS_NAME_OWN || each->product == TS_PRODUCT_SKYPE_SHARED)
            continue;
        if (each->server_name_frame != 0 || (only != NULL && strcmp(only->question, each->question) != 0))
            return NULL;
        only = only == NULL ? each : only;
    }
    return only;
}

/* Answered, and the client, which connects to others, does not connect there: browsers prepare so for the links in a page. */
static bool
is_prepared_for(const signin_session *session)
{
    const signin_step *only = session->result->client_connects ? single_question(session) : NULL;

    return only != NULL && report_texts_count(only->addresses) > 0 && !is_connected_to(session, only->question) &&
        ts_seconds(&only->time, &teams_model_get()->last) >= PREPARED_SECONDS;
}

/* Is there no need to ask why nothing came after identity? */
static bool
is_explained(const signin_session *session)
{
    return has_fatal(session) || has_names_alone(session) || is_prepared_for(session);
}

/* A frame can only say so far; what never came, and has no other cause, is a warning. */
static bool
is_stalled(const signin_session *session)
{
    return !is_explained(session) && !session->result->identity_polled && teams_signin_is_stalled(session->signin, end_of(session->signin));
}

static void
add_overdue_stages(signin_session *session)
{
    const teams_signin *signin = session->signin;

    if (is_stalled(session))
        add_overdue_stage(session, TEAMS_EXPERT_SIGNIN_STALLED, PI_WARN, "identity", signin->identity_frame, &signin->identity);
    if (!signin->media_missing && teams_signin_lacks_media(signin, end_of(signin)))
        add_overdue_stage(session, TEAMS_EXPERT_MEDIA_MISSING, PI_NOTE, "call set-up", signin->call_setup_frame, &signin->call_setup);
}

/* ---- what connections say ---- */

/* In the session's scope. */
static const char *
masked(const signin_session *session, const char *sentence)
{
    char *text = report_sentence(sentence);
    const char *kept = wmem_strdup(session->scope, text);

    g_free(text);
    return kept;
}

static void
add_connection_problems(signin_session *session)
{
    for (unsigned i = 0; i < session->result->problem_count; i++) {
        const teams_connection_problem *found = &session->result->problems[i];
        const report_problem problem = {
            .filter = found->filter, .severity = found->severity, .code = found->code, .summary = masked(session, found->sentence),
            .advice = found->advice, .frame = found->frame, .actor = found->actor,
        };

        report_problems_add(session->problems, &problem, "", 1);
    }
}

/* Each code of a list that has blanks between them, about a name or about any. */
static void
add_codes(GHashTable *replaced, const char *codes, const char *name)
{
    char **each = g_strsplit(codes, " ", -1);

    for (char **code = each; *code != NULL; code++)
        if ((*code)[0] != '\0')
            g_hash_table_add(replaced, name == NULL ? g_strdup(*code) : g_strdup_printf("%s %s", *code, name));
    g_strfreev(each);
}

typedef struct {
    GHashTable *replaced;
    const teams_connection_problem *problem;
} replaced_names;

/* Some clients spell a name with other capitals in each question. */
static char *
key_of_name(const char *name)
{
    char *shown = report_name(name);
    char *key = g_ascii_strdown(shown, -1);

    g_free(shown);
    return key;
}

static void
add_replaced_name(void *key, void *value _U_, void *data)
{
    const replaced_names *names = (const replaced_names *)data;
    char *shown = key_of_name((const char *)key);

    g_hash_table_add(names->replaced, g_strdup_printf("%s %s", names->problem->filter, shown));
    add_codes(names->replaced, names->problem->explains_of_name, shown);
    g_free(shown);
}

/* What a frame can say only up to then: connections tell at the end whether it stayed so. */
static const teams_expert told_at_the_end[] = { TEAMS_EXPERT_TCP_UNANSWERED, TEAMS_EXPERT_SYN_ACK, TEAMS_EXPERT_QUIC_UNANSWERED,
    TEAMS_EXPERT_HELLO_RESET, TEAMS_EXPERT_HELLO_UNANSWERED, TEAMS_EXPERT_NO_DATA, TEAMS_EXPERT_HANDSHAKE_ENDED, TEAMS_EXPERT_IPV6_DEAD, TEAMS_EXPERT_PROXY_CREDENTIALS_REFUSED, TEAMS_EXPERT_PROXY_FORBIDDEN,
    TEAMS_EXPERT_PROXY_FAILED, TEAMS_EXPERT_CONNECTION_LOST, TEAMS_EXPERT_MTU };

/* An answer came after all: what a frame said of the missing one was true up to then. */
static void
take_back_answered(const signin_session *session, GHashTable *replaced)
{
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < session->questions->len; i++) {
            const ts_name_question *question = (const ts_name_question *)g_ptr_array_index(session->questions, i);
            const bool answered = question->tries == 0;

            if (!question->unanswered_reported || answered != (pass == 0))
                continue;
            char *shown = report_name(question->name);
            char *key = g_strdup_printf(TYPE_UNANSWERED " %s", shown);

            g_free(shown);
            if (answered)
                g_hash_table_add(replaced, key);
            else {
                g_hash_table_remove(replaced, key);     /* another type of the name still has none */
                g_free(key);
            }
        }
}

static void
add_replaced(GHashTable *replaced, const char *filter, const char *name)
{
    char *shown = key_of_name(name);

    g_hash_table_add(replaced, g_strdup_printf("%s %s", filter, shown));
    g_free(shown);
}

/* An address came after all, of this family or of the other one. */
static void
take_back_dead_ends(const signin_session *session, GHashTable *replaced)
{
    for (unsigned i = 0; i < session->questions->len; i++) {
        const ts_name_question *question = (const ts_name_question *)g_ptr_array_index(session->questions, i);
        const ts_name_question *a = question->address != NULL ? question->address : question;

        if (question->answered_data && a->dead_end != NULL)
            add_replaced(replaced, CHAIN_BROKEN, a->dead_end);
    }
}

/* A name that a session was opened to with data both ways exists, whatever one of several resolvers said: it is not blocked. */
static void
take_back_reached(const signin_session *session, GHashTable *replaced)
{
    for (unsigned i = 0; i < session->result->connection_count; i++) {
        const teams_connection *conn = session->result->connections[i];

        if (conn->state != TEAMS_CONNECTION_USED || conn->name == NULL)
            continue;
        add_replaced(replaced, NXDOMAIN_LISTED, conn->name);
        add_replaced(replaced, TELEMETRY_BLOCKED, conn->name);
    }
}

/* What connections say of the sign-in stands for what single frames said: the same code, one that it explains, or filter and name. */
static GHashTable *
replaced_details(const signin_session *session)
{
    GHashTable *replaced = g_hash_table_new_full(wmem_str_hash, g_str_equal, g_free, NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(told_at_the_end); i++)
        g_hash_table_add(replaced, g_strdup(teams_expert_table.rows[told_at_the_end[i]].code));
    /* Where answers are not in the capture, that none gave an address says nothing. */
    if (session->result->one_way)
        g_hash_table_add(replaced, g_strdup(teams_expert_table.rows[TEAMS_EXPERT_NAME_UNRESOLVED].code));
    if (session->result->resolver_unheard)
        add_codes(replaced, " D2 ", NULL);
    if (is_explained(session) || is_stalled(session))
        g_hash_table_add(replaced, g_strdup(teams_expert_table.rows[TEAMS_EXPERT_SIGNIN_STALLED].code));
    for (unsigned i = 0; i < session->result->problem_count; i++) {
        const teams_connection_problem *found = &session->result->problems[i];

        add_codes(replaced, found->explains, NULL);
        g_hash_table_add(replaced, g_strdup(found->code));
        if (found->name == NULL || found->filter[0] == '\0')
            continue;
        replaced_names names = { replaced, found };

        if (found->names != NULL)
            wmem_map_foreach(found->names, add_replaced_name, &names);
        else
            add_replaced_name((void *)found->name, NULL, &names);
    }
    take_back_answered(session, replaced);
    take_back_dead_ends(session, replaced);
    take_back_reached(session, replaced);
    return replaced;
}

static bool
is_replaced(GHashTable *replaced, const report_problem *problem, const char *detail)
{
    char *name = g_ascii_strdown(detail, -1);
    char *by_filter = g_strdup_printf("%s %s", problem->filter, name);
    char *by_code = g_strdup_printf("%s %s", problem->code, name);
    const bool found = g_hash_table_contains(replaced, by_filter) || g_hash_table_contains(replaced, by_code);

    g_free(name);
    g_free(by_filter);
    g_free(by_code);
    return found;
}

static void
add_seen_problem(signin_session *session, GHashTable *replaced, const report_problem *problem)
{
    const unsigned details = report_texts_count(problem->details);
    unsigned kept = 0;

    if (g_hash_table_contains(replaced, problem->code))
        return;
    for (unsigned d = 0; d < details; d++)
        if (!is_replaced(replaced, problem, report_texts_get(problem->details, d)))
            kept++;
    if (details == kept) {
        report_problems_add_again(session->problems, problem);
        return;
    }
    for (unsigned d = 0; d < details; d++)
        if (!is_replaced(replaced, problem, report_texts_get(problem->details, d)))
            report_problems_add(session->problems, problem, report_texts_get(problem->details, d), 1);
}

static void
add_seen_problems(signin_session *session, GHashTable *replaced)
{
    for (unsigned i = 0; i < session->seen->list->len; i++)
        add_seen_problem(session, replaced, (const report_problem *)g_ptr_array_index(session->seen->list, i));
}

/* A stage was reached where a request for it succeeded, whatever name it went to. */
static void
conclude_requests(signin_session *session)
{
    g_array_append_vals(session->uses, session->result->uses, session->result->use_count);
    for (unsigned i = 0; i < session->result->use_count; i++) {
        const teams_request_use *use = &session->result->uses[i];
        GPtrArray *of_host = (GPtrArray *)g_hash_table_lookup(session->uses_by_host, use->kind->host);

        if (of_host == NULL) {
            of_host = g_ptr_array_new();
            g_hash_table_insert(session->uses_by_host, (void *)use->kind->host, of_host);
        }
        g_ptr_array_add(of_host, (void *)use);
    }
    for (unsigned i = 0; i < session->result->socket_count; i++)
        g_ptr_array_add(session->sockets, (void *)session->result->sockets[i]);
    for (unsigned stage = 1; stage < TS_STAGE_COUNT; stage++) {
        const teams_stage_answers *answers = &session->result->answers[stage];

        if (answers->reached != NULL || answers->refused != NULL)
            g_array_append_vals(session->answers, answers, 1);
        if (answers->reached != NULL && session->first_stage_frame[stage] == 0)
            session->first_stage_frame[stage] = answers->reached->frame;
    }
}

static void
conclude_connections(signin_session *session)
{
    session->result = teams_connections_check(session->scope, session->signin);
    for (unsigned i = 0; i < session->result->connection_count; i++)
        g_ptr_array_add(session->connections, (void *)session->result->connections[i]);
    g_array_append_vals(session->timings, session->result->timings, session->result->timing_count);
    conclude_requests(session);
}

/* ---- what only the end of the capture shows of names ---- */

/* Adds the row of this filter name, unless a frame or a connection said the same of the name already. */
static void
add_late_name(signin_session *session, GHashTable *replaced, const char *filter, const char *name, uint32_t frame)
{
    const ts_expert_row *row = session->name_table == NULL ? NULL : ts_expert_find(session->name_table, filter);
    char *shown = report_name(name);

    if (row != NULL && !report_problems_have(session->problems, row->code, row->summary, shown)) {
        const report_problem problem = report_problem_of_row(row, frame);

        if (!g_hash_table_contains(replaced, row->code) && !is_replaced(replaced, &problem, shown))
            report_problems_add(session->problems, &problem, shown, 1);
    }
    g_free(shown);
}

/* One row per rule of what a question lacks: with the frame that waits. */
static const struct {
    const char *filter;
    bool (*holds)(const ts_name_question *question, const nstime_t *now);
    size_t reported;            /* a bool of the question: an expert item says it already */
    size_t frame;
} question_rules[] = {
    { "teams_dns.no_answer", ts_question_lacks_answer, offsetof(ts_name_question, no_answer_reported),
        offsetof(ts_name_question, first_frame) },
    { TYPE_UNANSWERED, ts_question_lacks_type, offsetof(ts_name_question, unanswered_reported),
        offsetof(ts_name_question, first_frame) },
    { "teams_dns.truncated_no_tcp", ts_question_lacks_tcp, offsetof(ts_name_question, truncated_reported),
        offsetof(ts_name_question, truncated_frame) },
};

static void
add_late_questions(signin_session *session, GHashTable *replaced, const nstime_t *end)
{
    for (unsigned i = 0; i < session->questions->len; i++)
        for (unsigned r = 0; r < G_N_ELEMENTS(question_rules); r++) {
            const ts_name_question *question = (const ts_name_question *)g_ptr_array_index(session->questions, i);
            const char *at = (const char *)question;

            if (!*(const bool *)(at + question_rules[r].reported) && question_rules[r].holds(question, end))
                add_late_name(session, replaced, question_rules[r].filter, question->name,
                    *(const uint32_t *)(const void *)(at + question_rules[r].frame));
        }
}

static void
add_late_clients(signin_session *session, GHashTable *replaced, const nstime_t *end)
{
    GHashTableIter iterator;
    void *key;

    g_hash_table_iter_init(&iterator, session->clients);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        const ts_name_client *client = (const ts_name_client *)key;

        if (!client->pstn_reported && ts_client_lacks_fallback(client, end))
            add_late_name(session, replaced, "teams_dns.pstn_single", client->pstn_name, client->pstn_frame);
    }
}

/* ---- stages that are missing, and order ---- */

static const signin_missing expected_stages[] = {
    { TS_STAGE_BOOTSTRAP, "the page is cached, or the capture began later" },
    { TS_STAGE_IDENTITY, "a token was still valid, or the capture began later" },
    { TS_STAGE_CONFIG, "cached, or a path of the web application's host" },
    { TS_STAGE_TOKEN, "in most clients it is a path of the web application's host" },
    { TS_STAGE_REGISTER, "the push channel was up already, or goes through the web application's host" },
    { TS_STAGE_SYNC, "chat and presence are paths of the web application's host in current clients" },
    { TS_STAGE_CONTENT, "no file or picture was needed" },
    { TS_STAGE_CALL_SETUP, "no call was prepared" },
    { TS_STAGE_MEDIA, "relays come as addresses inside encrypted signalling" },
};

/* Hard constraints only. */
static const struct {
    ts_stage first;
    ts_stage then;
} stage_orders[] = {
    { TS_STAGE_IDENTITY, TS_STAGE_TOKEN },
    { TS_STAGE_TOKEN, TS_STAGE_REGISTER },
    { TS_STAGE_TOKEN, TS_STAGE_SYNC },
    { TS_STAGE_TOKEN, TS_STAGE_CALL_SETUP },
};

/* Lync's discovery, which has other stages? A client of Teams may ask for its names, too, and begins with its own. */
static bool
is_discovery(const signin_session *session)
{
    return teams_generation_of(&session->generation) == TEAMS_GENERATION_LYNC && session->first_stage_frame[TS_STAGE_BOOTSTRAP] == 0;
}

static bool
has_error(const signin_session *session)
{
    const report_problem *worst = report_problems_worst(session->problems);

    return worst != NULL && worst->severity >= PI_ERROR;
}

/* Whatever was answered: what a request is seen for is not missing. */
static bool
is_asked_by_path(const signin_session *session, ts_stage stage)
{
    for (unsigned i = 0; i < session->uses->len; i++) {
        const teams_request *first = g_array_index(session->uses, teams_request_use, i).first;

        if (first->kind->stage == stage && teams_request_is_of_stage(first))
            return true;
    }
    return false;
}

/* They were part of others. */
static void
forget_joined_calls(signin_session *session)
{
    for (unsigned i = session->calls->len; i-- > 0;)
        if (wmem_map_contains(teams_model_get()->joined, GUINT_TO_POINTER(g_array_index(session->calls, uint32_t, i))))
            g_array_remove_index(session->calls, i);
}

/* A failure explains what is missing after it: nothing is explained away beside one. */
static void
conclude_missing(signin_session *session)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(expected_stages) && !is_discovery(session); i++) {
        signin_missing missing = expected_stages[i];

        if (session->first_stage_frame[missing.stage] != 0 || is_asked_by_path(session, missing.stage))
            continue;
        if (has_fatal(session) || has_error(session))
            missing.why = "";
        else if (missing.stage == TS_STAGE_CALL_SETUP && session->calls->len > 0)
            missing.why = "the call that followed was set up where names do not show it";
        g_array_append_val(session->missing, missing);
    }
}

/* Was a connection of identity or of a stage after it open before the capture? Then the client had signed in, and the order is not in the capture. */
static bool
was_running(const signin_session *session)
{
    for (unsigned i = 0; i < session->result->connection_count; i++) {
        const teams_connection *conn = session->result->connections[i];

        if (teams_connection_was_open(conn) && (conn->stage == TS_STAGE_IDENTITY || teams_signin_is_past_identity(UINT32_C(1) << conn->stage)))
            return true;
    }
    return false;
}

static void
conclude_order(signin_session *session)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(stage_orders) && !was_running(session); i++) {
        const uint32_t first = session->first_stage_frame[stage_orders[i].first];
        const uint32_t then = session->first_name_frame[stage_orders[i].then];
        const signin_disorder disorder = { stage_orders[i].then, stage_orders[i].first, then, first };

        if (first != 0 && then != 0 && then < first)
            g_array_append_val(session->disorder, disorder);
    }
}

/* ---- the verdict ---- */

static bool
is_past_identity(const signin_session *session)
{
    for (unsigned stage = 1; stage < TS_STAGE_COUNT; stage++)
        if (session->first_stage_frame[stage] != 0 && teams_signin_is_past_identity(UINT32_C(1) << stage))
            return true;
    /* Asked for by path, whatever was answered. */
    for (unsigned i = 0; i < session->uses->len; i++) {
        const teams_request_kind *kind = g_array_index(session->uses, teams_request_use, i).kind;

        if (kind->role == TEAMS_REQUEST_BY_PATH && teams_signin_is_past_identity(UINT32_C(1) << kind->stage))
            return true;
    }
    return false;
}

/* Skype's classic clients sign in by a protocol of their own: names and TLS do not show whether that went through. */
REPORT_VERDICT(holds_failed, signin_session)
{
    return !row->result->beyond_reached && !row->result->beyond_missing && has_fatal(row) && has_error(row) && teams_generation_of(&row->generation) != TEAMS_GENERATION_SKYPE;
}

/* What is not seen of it may be in what is cut off. */
REPORT_VERDICT(holds_cut, signin_session) { return row->result->cut_short && !row->result->beyond_reached && has_error(row); }
REPORT_VERDICT(holds_error, signin_session) { return has_error(row); }

/* Whether and how a sign-in failed that nobody is seen to have tried. */
REPORT_VERDICT(holds_asks_alone, signin_session) { return row->result->asks_alone && row->calls->len == 0 && has_error(row); }

REPORT_VERDICT(holds_discovery_found, signin_session)
{
    return is_discovery(row) && (is_past_identity(row) || row->first_stage_frame[TS_STAGE_INTEROP_LEGACY] != 0);
}

REPORT_VERDICT(holds_discovery, signin_session) { return is_discovery(row); }
REPORT_VERDICT(holds_services_reached, signin_session) { return row->result->services_reached; }
REPORT_VERDICT(holds_shared_reached, signin_session) { return row->result->beyond_reached && row->result->shared_reached; }
REPORT_VERDICT(holds_push_reached, signin_session) { return row->result->beyond_reached && row->result->push_reached; }
REPORT_VERDICT(holds_relay_reached, signin_session) { return row->result->beyond_reached; }
REPORT_VERDICT(holds_token_used, signin_session) { return row->result->token_used; }
REPORT_VERDICT(holds_unserved, signin_session) { return row->result->services_unserved; }
REPORT_VERDICT(holds_prepared_for, signin_session) { return is_prepared_for(row); }
REPORT_VERDICT(holds_identity_reached, signin_session) { return row->result->identity_reached && is_past_identity(row); }
REPORT_VERDICT(holds_identity_only, signin_session) { return row->result->identity_reached; }
REPORT_VERDICT(holds_past_asked, signin_session) { return is_past_identity(row); }
REPORT_VERDICT(holds_identity_asked, signin_session) { return row->first_stage_frame[TS_STAGE_IDENTITY] != 0; }

const report_verdict_row signin_verdicts[] = {
    { "questions-alone", REPORT_UNKNOWN,
        "Names of the service were asked for, and no connection of this host to them is in this capture: it may ask for others, as a DNS forwarder "
        "does. "
        "Whether there was a sign-in is not known.",
        "DNS alone: names of Teams or Skype with a public address, a problem of severity error with others, and no connection of the host "
        "to a name or an address of a sign-in",
        holds_asks_alone, REPORT_ENDS },
    { "cut-short", REPORT_UNKNOWN,
        "Frames of the sign-in are cut short in this capture (snap length), so that how it went cannot be told.",
        "a problem of severity error; of frames with names, or of TLS sessions that are not seen to carry data, the capture has only a part; no session "
        "with data to a service after identity", holds_cut, REPORT_ENDS },
    { "failed", REPORT_BROKEN,
        "The sign-in did not go through",
        "a problem of severity error that explains why the stages after it are missing, and no TLS session with data to a "
        "service that needs a token, nor one that was answered and of which the capture lacks frames; not of classic Skype, whose sign-in has a protocol of its own", holds_failed, REPORT_WORST_PROBLEM },
    { "error", REPORT_BROKEN,
        "The sign-in met an error that the user is likely to have noticed",
        "a problem of severity error on a frame of the sign-in or of one of its connections", holds_error, REPORT_WORST_PROBLEM },
    { "discovery-found", REPORT_OK,
        "Lync discovery was asked for, and then a service that it leads to.",
        "names of Lync discovery, then names of Skype for Business Online or of a later stage", holds_discovery_found, REPORT_ENDS },
    { "discovery", REPORT_UNKNOWN,
        "Lync discovery only: no further stage is in this capture.",
        "names of Lync discovery and no others", holds_discovery, REPORT_ENDS },
    { "signed-in", REPORT_OK,
        "The sign-in went through: the token was given, and services that need it answered with success.",
        "TLS is decrypted: success in answer to a request of the token stage, and to one of a stage that needs a token", holds_token_used,
        false },
    { "went-through", REPORT_OK,
        "The sign-in went through: services that need a token were connected, with data both ways.",
        "a TLS or QUIC session with data both ways to a host of Teams or Skype of a stage after identity that is no relay, and no push channel "
        "unless identity was connected, too; not where TLS is decrypted and the token is seen to be refused", holds_services_reached, REPORT_ENDS },
    { "asked-alone", REPORT_UNKNOWN,
        "One name of the service was asked for, and no connection to it followed: browsers ask so for the names of links in a page, too.",
        "one name of Teams or Skype, in DNS alone, answered with an address 10 seconds or more before the capture's end; no connection to it, "
        "no name of identity after it, and connections of the client to others", holds_prepared_for, REPORT_ENDS },
    { "shared-connected", REPORT_UNKNOWN,
        "Services that other programs of Microsoft 365 use as well were connected, with data both ways. This capture does not show whether the "
        "client of Teams had a token.",
        "the same with a host that other programs connect, too, as that of Outlook or Graph, and with none of Teams or Skype alone but relays, "
        "nor a push channel together with identity", holds_shared_reached, REPORT_ENDS },
    { "push-connected", REPORT_UNKNOWN,
        "A push channel was connected, with data both ways: a client that signed in earlier connects it again, too. This capture does not show "
        "whether other services after identity were connected.",
        "a TLS or QUIC session with data both ways to a push channel, and none to identity or to another host of a stage after it but relays",
        holds_push_reached, REPORT_ENDS },
    { "relay-connected", REPORT_UNKNOWN,
        "A media relay was connected, with data both ways. This capture does not show whether other services after identity were connected.",
        "a TLS session with data both ways to a media relay, and none to another host of a stage after identity", holds_relay_reached, REPORT_ENDS },
    { "not-served", REPORT_UNKNOWN,
        "Services after identity were connected; this capture does not show whether one of them served a request that needs a token.",
        "TLS is decrypted: sessions with data both ways to hosts of stages after identity, or answers to requests by a path of such a stage, "
        "and nowhere success in answer to a request of these stages for more than whether the host is there", holds_unserved, REPORT_ENDS },
    { "identity-connected", REPORT_UNKNOWN,
        "Identity was connected, with data both ways. Services after it were asked for; this capture does not show whether "
        "they were connected.",
        "a TLS session with data both ways to an identity host; names of later stages, in DNS or TLS", holds_identity_reached, REPORT_ENDS },
    { "identity-only", REPORT_UNKNOWN,
        "Identity was connected, with data both ways; no name of a later service of this sign-in is in this capture.",
        "a TLS session with data both ways to an identity host; no name of a later stage", holds_identity_only, REPORT_ENDS },
    { "asked-past-identity", REPORT_UNKNOWN,
        "Services after identity were asked for; this capture does not show whether they were connected.",
        "names of stages after identity, in DNS or TLS, and no TLS session with data to one of them", holds_past_asked, REPORT_ENDS },
    { "identity-asked", REPORT_UNKNOWN,
        "Identity was asked for; no name of a later service of this sign-in is in this capture.",
        "names of identity, in DNS or TLS, and of no later stage", holds_identity_asked, REPORT_ENDS },
    { "names-only", REPORT_UNKNOWN,
        "Names of the service were asked for, but none of identity and none after it.",
        "names of Teams or Skype, in DNS or TLS, none of identity or of a later stage", NULL, REPORT_ENDS },
};

bool
signin_has_names_alone(const signin_session *session)
{
    const char *code = session->verdict.code;

    return strcmp(code, "asked-alone") == 0 || strcmp(code, "questions-alone") == 0;
}

/* ---- all together ---- */

void
signin_conclusion_clear(signin_session *session)
{
    if (session->scope == NULL)
        return;
    report_verdict_clear(&session->verdict);
    report_problems_free(session->problems);
    g_array_free(session->missing, TRUE);
    g_array_free(session->disorder, TRUE);
    g_array_free(session->timings, TRUE);
    g_array_free(session->uses, TRUE);
    g_hash_table_destroy(session->uses_by_host);
    g_array_free(session->answers, TRUE);
    g_ptr_array_unref(session->sockets);
    g_ptr_array_unref(session->connections);
    wmem_destroy_allocator(session->scope);
    session->scope = NULL;
}

/* A name that an answer led to another host of is told from its question on: other names may have come in between. */
static int
by_frame(const void *a, const void *b)
{
    const signin_step *x = *(const signin_step *const *)a;
    const signin_step *y = *(const signin_step *const *)b;

    if (x->frame != y->frame)
        return x->frame < y->frame ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

void
signin_conclude(signin_session *session)
{
    const nstime_t *end = &teams_model_get()->last;

    signin_conclusion_clear(session);
    g_ptr_array_sort(session->steps, by_frame);
    session->scope = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
    session->connections = g_ptr_array_new();
    session->timings = g_array_new(FALSE, FALSE, sizeof(teams_name_timing));
    session->uses = g_array_new(FALSE, FALSE, sizeof(teams_request_use));
    session->uses_by_host = g_hash_table_new_full(wmem_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    session->answers = g_array_new(FALSE, FALSE, sizeof(teams_stage_answers));
    session->sockets = g_ptr_array_new();
    session->missing = g_array_new(FALSE, FALSE, sizeof(signin_missing));
    session->disorder = g_array_new(FALSE, FALSE, sizeof(signin_disorder));
    session->problems = report_problems_new();
    forget_joined_calls(session);
    conclude_connections(session);
    add_connection_problems(session);
    GHashTable *replaced = replaced_details(session);

    add_seen_problems(session, replaced);
    add_overdue_stages(session);
    add_late_questions(session, replaced, end);
    add_late_clients(session, replaced, end);
    g_hash_table_destroy(replaced);
    report_problems_sort(session->problems);
    conclude_missing(session);
    conclude_order(session);
    session->verdict = report_verdict_of(signin_verdicts, session, session->problems);
}
