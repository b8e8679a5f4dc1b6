/* signin_requests.c
 * The requests of a sign-in whose TLS is decrypted: by path beneath their name, and the stages that they reached
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/signin.h"

#include <math.h>
#include <string.h>

#include "session/requests.h"

#define OTHER_HOSTS_MAX 20      /* lines for hosts without a name of the sign-in */

/* ---- columns: requests ---- */

COLUMN_GETTER(use_host, teams_request_use, signin_session) { value->owned = report_name(row->kind->host); }
COLUMN_GETTER(use_start, teams_request_use, signin_session) { value->real = ts_seconds(&parent->signin->start, &row->first->time); }
COLUMN_GETTER(use_time, teams_request_use, signin_session) { value->real = row->time < 0 ? NAN : row->time; }

static const report_column use_columns[] = {
    { .key = "host", .kind = COLUMN_TEXT, .description = "host that was asked", .get = use_host },
    { .key = "method", .kind = COLUMN_TEXT, .description = "method", COLUMN_BEHIND(teams_request_use, kind, teams_request_kind, method) },
    { .key = "path", .kind = COLUMN_TEXT, .description = "path without query and identifiers", COLUMN_BEHIND(teams_request_use, kind, teams_request_kind, path) },
    { .key = "role", .kind = COLUMN_WORD, .description = "what says which service it is for, empty: a path that is not known", .texts = teams_request_role_name,
        COLUMN_BEHIND(teams_request_use, kind, teams_request_kind, role) },
    { .key = "product", .kind = COLUMN_WORD, .description = "product", .names = ts_product_name, COLUMN_BEHIND(teams_request_use, kind, teams_request_kind, product) },
    { .key = "service", .kind = COLUMN_WORD, .description = "service", .names = ts_service_name, COLUMN_BEHIND(teams_request_use, kind, teams_request_kind, service) },
    { .key = "stage", .kind = COLUMN_WORD, .description = "stage that it is for", .names = ts_stage_name, COLUMN_BEHIND(teams_request_use, kind, teams_request_kind, stage) },
    { .key = "region", .kind = COLUMN_TEXT, .description = "region that the path names", COLUMN_BEHIND(teams_request_use, kind, teams_request_kind, region) },
    { .key = "confidence", .kind = COLUMN_WORD, .description = "how sure the meaning of the path is; low: observed by one source, or inferred",
        .names = ts_confidence_name, COLUMN_BEHIND(teams_request_use, kind, teams_request_kind, confidence) },
    { .key = "description", .kind = COLUMN_TEXT, .description = "what the path is for", COLUMN_BEHIND(teams_request_use, kind, teams_request_kind, description) },
    { .key = "frame", .kind = COLUMN_UINT, .description = "first request", COLUMN_BEHIND(teams_request_use, first, teams_request, frame) },
    { .key = "start", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "the same from the start of the sign-in",
        .get = use_start },
    { .key = "count", .kind = COLUMN_UINT, .description = "requests", COLUMN_MEMBER(teams_request_use, count) },
    { .key = "answered", .kind = COLUMN_UINT, .description = "of them, those whose answer is told", COLUMN_MEMBER(teams_request_use, answered) },
    { .key = "succeeded", .kind = COLUMN_UINT, .description = "answers with success", COLUMN_MEMBER(teams_request_use, succeeded) },
    { .key = "refused", .kind = COLUMN_UINT, .description = "answers that refuse", COLUMN_MEMBER(teams_request_use, refusals) },
    { .key = "status", .kind = COLUMN_UINT, .description = "status code of the last answer, 0: none seen", COLUMN_BEHIND(teams_request_use, last_answered, teams_request, status) },
    { .key = "answer_frame", .kind = COLUMN_UINT, .description = "the last answer, 0: none seen", COLUMN_BEHIND(teams_request_use, last_answered, teams_request, answer_frame) },
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "from the first request that was answered to its answer",
        .get = use_time },
    { .key = "retry_after", .kind = COLUMN_TEXT, .description = "how long the last answer asks to wait", COLUMN_BEHIND(teams_request_use, last_answered, teams_request, retry_after) },
    { .key = "reason", .kind = COLUMN_TEXT, .description = "error code that the last answer names", COLUMN_BEHIND(teams_request_use, last_answered, teams_request, reason) },
};
const report_list signin_requests = { LIST_COLUMNS(use_columns), LIST_ARRAY, offsetof(signin_session, uses), NULL };

/* ---- columns: stages ---- */

static const char *
stage_states(unsigned n)
{
    static const char *const states[] = { "reached", "refused" };

    return n < G_N_ELEMENTS(states) ? states[n] : NULL;
}

/* The success of any request makes it reached: others may have been refused. */
static const char *
stage_state(const teams_stage_answers *answers)
{
    return stage_states(answers->reached != NULL ? 0 : 1);
}

static const teams_request *
stage_request(const teams_stage_answers *answers)
{
    return answers->reached != NULL ? answers->reached : answers->refused;
}

/* That its path names, or that the token's answer gives; "" none. */
static const char *
stage_region(const teams_stage_answers *answers)
{
    const teams_request *request = stage_request(answers);

    return request->token_region != NULL ? request->token_region : request->kind->region;
}

COLUMN_GETTER(answers_state, teams_stage_answers, signin_session) { value->text = stage_state(row); }
COLUMN_GETTER(answers_service, teams_stage_answers, signin_session) { value->text = ts_service_name(stage_request(row)->kind->service); }
COLUMN_GETTER(answers_region, teams_stage_answers, signin_session) { value->text = stage_region(row); }
COLUMN_GETTER(answers_frame, teams_stage_answers, signin_session) { value->number = stage_request(row)->answer_frame; }
COLUMN_GETTER(answers_status, teams_stage_answers, signin_session) { value->number = stage_request(row)->status; }
COLUMN_GETTER(answers_time, teams_stage_answers, signin_session) { value->real = nstime_to_sec(&stage_request(row)->answer_time); }

static const report_column answers_columns[] = {
    { .key = "stage", .kind = COLUMN_WORD, .description = "the stage", .names = ts_stage_name, COLUMN_MEMBER(teams_stage_answers, stage) },
    { .key = "state", .kind = COLUMN_TEXT, .description = "reached: a request for it succeeded; refused: none did", .texts = stage_states,
        .get = answers_state },
    { .key = "service", .kind = COLUMN_TEXT, .description = "service that answered", .get = answers_service },
    { .key = "region", .kind = COLUMN_TEXT, .description = "region that the path names, or that the token's answer gives, empty: none",
        .get = answers_region },
    { .key = "frame", .kind = COLUMN_UINT, .description = "first success, else the last refusal", .get = answers_frame },
    { .key = "status", .kind = COLUMN_UINT, .description = "its status code", .get = answers_status },
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "from the request to this answer", .get = answers_time },
};
const report_list signin_stage_answers = { LIST_COLUMNS(answers_columns), LIST_ARRAY, offsetof(signin_session, answers), NULL };

/* ---- columns: WebSockets ---- */

COLUMN_GETTER(socket_host, teams_request, signin_session) { value->owned = report_name(row->kind->host); }

static const report_column socket_columns[] = {
    { .key = "host", .kind = COLUMN_TEXT, .description = "host that it goes to", .get = socket_host },
    { .key = "service", .kind = COLUMN_WORD, .description = "service", .names = ts_service_name, COLUMN_BEHIND(teams_request, kind, teams_request_kind, service) },
    { .key = "frame", .kind = COLUMN_UINT, .description = "answer that opened it", COLUMN_MEMBER(teams_request, answer_frame) },
    { .key = "pings", .kind = COLUMN_UINT, .description = "Ping frames", COLUMN_BEHIND(teams_request, socket, teams_web_socket, pings) },
    { .key = "pongs", .kind = COLUMN_UINT, .description = "Pong frames", COLUMN_BEHIND(teams_request, socket, teams_web_socket, pongs) },
    { .key = "messages_sent", .kind = COLUMN_UINT, .description = "messages from the client", COLUMN_BEHIND(teams_request, socket, teams_web_socket, messages[1]) },
    { .key = "messages_received", .kind = COLUMN_UINT, .description = "messages to the client", COLUMN_BEHIND(teams_request, socket, teams_web_socket, messages[0]) },
    { .key = "close_frame", .kind = COLUMN_UINT, .description = "Close frame, 0: none seen", COLUMN_BEHIND(teams_request, socket, teams_web_socket, close_frame) },
    { .key = "close_code", .kind = COLUMN_UINT, .description = "code of the Close frame, 0: none", COLUMN_BEHIND(teams_request, socket, teams_web_socket, close_code) },
    { .key = "closed_by_client", .kind = COLUMN_BOOL, .description = "the client sent the Close frame", COLUMN_BEHIND(teams_request, socket, teams_web_socket, closed_by_client) },
};
const report_list signin_sockets = { LIST_COLUMNS(socket_columns), LIST_POINTERS, offsetof(signin_session, sockets), NULL };

/* ---- text ---- */

static const teams_request_use *
use_at(const signin_session *session, unsigned n)
{
    return &g_array_index(session->uses, teams_request_use, n);
}

/* "POST /api/authsvc/v1.0/authz: 200 in 90 ms, token, region emea, frame 41" */
static void
use_text(const teams_request_use *use, FILE *out)
{
    const teams_request_kind *kind = use->kind;
    GString *line = g_string_new(NULL);

    g_string_append_printf(line, "%s %s: ", kind->method, kind->path);
    if (use->last_answered == NULL)
        g_string_append(line, use->beside ? "its answer is not told from others" : "no answer seen");
    else
        g_string_append_printf(line, "%s in %.0f ms", use->statuses, use->time * 1000);
    if (use->count > 1)
        g_string_append_printf(line, ", %u times", use->count);
    if (use->answered > 0 && use->answered < use->count)
        g_string_append_printf(line, " (%u %s)", use->count - use->answered, use->beside ? "with no answer that is told from others" : "with no answer seen");
    if (kind->role == TEAMS_REQUEST_UNKNOWN)
        g_string_append(line, ", unknown path");
    else
        g_string_append_printf(line, ", %s (%s)%s", ts_stage_name(kind->stage), ts_service_label(kind->service),
            kind->confidence == TS_CONFIDENCE_LOW ? ", observed" : "");
    if (kind->region[0] != '\0')
        g_string_append_printf(line, ", region %s", kind->region);
    g_string_append_printf(line, ", frame %u", use->first->frame);
    report_print(out, 15, "%s", line->str);
    g_string_free(line, TRUE);
}

void
signin_requests_text(const signin_session *session, const char *name, FILE *out)
{
    const GPtrArray *of_host = (const GPtrArray *)g_hash_table_lookup(session->uses_by_host, name);

    for (unsigned i = 0; of_host != NULL && i < of_host->len; i++)
        use_text((const teams_request_use *)g_ptr_array_index(of_host, i), out);
}

static void
other_hosts_text(const signin_session *session, FILE *out)
{
    unsigned shown = 0;

    for (unsigned i = 0; i < session->uses->len && shown < OTHER_HOSTS_MAX; i++) {
        if (g_hash_table_contains(session->by_name, use_at(session, i)->kind->host))
            continue;
        char *host = report_name(use_at(session, i)->kind->host);

        if (shown++ == 0)
            fprintf(out, "\n  Requests to hosts that were not asked for by name:\n");
        report_print(out, 13, "%s", host);
        use_text(use_at(session, i), out);
        g_free(host);
    }
}

static void
socket_text(const teams_request *request, FILE *out)
{
    const teams_web_socket *socket = request->socket;
    GString *line = g_string_new(NULL);
    char *host = report_name(request->kind->host);

    g_string_append_printf(line, "%s (%s): opened in frame %u; messages: %u sent, %u received; pings: %u, pongs: %u", host,
        request->kind->role == TEAMS_REQUEST_UNKNOWN ? "unknown path" : ts_service_label(request->kind->service), request->answer_frame,
        socket->messages[1], socket->messages[0], socket->pings, socket->pongs);
    if (socket->close_frame == 0)
        g_string_append(line, teams_web_socket_is_broken(socket) ? "; not all of it can be read, so whether it was closed is not known"
            : "; no Close frame in this capture");
    else {
        const char *meaning = teams_close_code_text(socket->close_code);

        g_string_append_printf(line, "; closed by the %s in frame %u", socket->closed_by_client ? "client" : "server", socket->close_frame);
        if (socket->close_code != 0)
            g_string_append_printf(line, " with %u%s%s", socket->close_code, meaning[0] == '\0' ? "" : ", ", meaning);
    }
    report_print(out, 4, "%s", line->str);
    g_string_free(line, TRUE);
    g_free(host);
}

static void
stage_text(const signin_session *session, const teams_stage_answers *answers, FILE *out)
{
    const teams_request *request = stage_request(answers);
    const char *region = stage_region(answers);

    report_print(out, 4, "%-10s %s: %s %s, %s in %.0f ms%s%s (frame %u)", ts_stage_name(answers->stage), stage_state(answers),
        request->kind->method, request->kind->path, teams_request_status_text(session->scope, request),
        nstime_to_sec(&request->answer_time) * 1000, region[0] == '\0' ? "" : ", region ", region, request->answer_frame);
}

void
signin_answers_text(const signin_session *session, FILE *out)
{
    if (session->uses->len == 0)
        return;
    other_hosts_text(session, out);
    if (session->answers->len > 0)
        fprintf(out, "\n  Stages, by what was answered inside TLS:\n");
    for (unsigned i = 0; i < session->answers->len; i++)
        stage_text(session, &g_array_index(session->answers, teams_stage_answers, i), out);
    if (session->result->token_region[0] != '\0')
        report_print(out, 4, "The token's answer gives the region %s.", session->result->token_region);
    if (session->sockets->len > 0)
        fprintf(out, "\n  WebSockets:\n");
    for (unsigned i = 0; i < session->sockets->len; i++)
        socket_text((const teams_request *)g_ptr_array_index(session->sockets, i), out);
}
