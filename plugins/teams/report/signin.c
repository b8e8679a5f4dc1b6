/* signin.c
 * -z teams,signin: who signed in, in which order, and how it went
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/signin.h"

#include <math.h>

#include "report/report.h"

#define GAP_WORTH_A_LINE 5.0    /* seconds */

static void
signin_finish(void *data)
{
    const signin_state *state = (const signin_state *)data;

    for (unsigned i = state->sessions->len; i-- > 0;)
        if (((const signin_session *)g_ptr_array_index(state->sessions, i))->signin->joined != NULL)
            g_ptr_array_add(state->joined, g_ptr_array_steal_index(state->sessions, i));
    for (unsigned i = 0; i < state->sessions->len; i++)
        signin_conclude((signin_session *)g_ptr_array_index(state->sessions, i));
}

/* ---- columns ---- */

static const report_column link_columns[] = {
    { .key = "name", .kind = COLUMN_TEXT, .description = "the alias", COLUMN_MEMBER(signin_link, name) },
    { .key = "provider", .kind = COLUMN_WORD, .description = "whose infrastructure it is", .names = ts_infra_name, COLUMN_MEMBER(signin_link, infra) },
};
static const report_list links = { LIST_COLUMNS(link_columns), LIST_ARRAY, offsetof(signin_step, links), NULL };

COLUMN_GETTER(step_signin, signin_step, void) { value->number = row->signin->number; }
COLUMN_GETTER(step_time, signin_step, void) { value->real = ts_seconds(&row->signin->start, &row->time); }
COLUMN_GETTER(step_client, signin_step, void) { value->owned = report_address(&row->signin->client->shown); }
COLUMN_GETTER(step_anycast, signin_step, void) { value->number = signin_step_has_infra(row, TS_INFRA_MS_EDGE); }
COLUMN_GETTER(step_answer_ms, signin_step, void) { value->real = row->answer_time * 1000; }

static const report_column step_columns[] = {
    { .key = "frame", .title = "Frame", .kind = COLUMN_UINT, .description = "first frame that asks for it or sends it",
        COLUMN_MEMBER(signin_step, frame) },
    { .title = "Sign-In", .kind = COLUMN_UINT, .description = "number of the sign-in", .get = step_signin },
    { .key = "time", .title = "Time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "from the start of the sign-in",
        .get = step_time },
    { .title = "Client", .kind = COLUMN_TEXT, .description = "address of the client", .get = step_client },
    { .key = "stage", .title = "Stage", .kind = COLUMN_WORD, .description = "stage of the sign-in", .names = ts_stage_name, COLUMN_MEMBER(signin_step, stage) },
    { .key = "product", .kind = COLUMN_WORD, .description = "product", .names = ts_product_name, COLUMN_MEMBER(signin_step, product) },
    { .key = "service", .kind = COLUMN_WORD, .description = "service", .names = ts_service_name, COLUMN_MEMBER(signin_step, service) },
    { .key = "service_label", .kind = COLUMN_WORD, .description = "the same in words", .names = ts_service_label, COLUMN_MEMBER(signin_step, service) },
    { .title = "Service", .kind = COLUMN_WORD, .description = "service in words", .names = ts_service_label, COLUMN_MEMBER(signin_step, service) },
    { .key = "cloud", .kind = COLUMN_WORD, .description = "cloud", .names = ts_cloud_name, COLUMN_MEMBER(signin_step, cloud) },
    { .key = "name", .title = "Name", .kind = COLUMN_TEXT, .description = "name that was asked for or sent", COLUMN_MEMBER(signin_step, name) },
    { .key = "chain", .kind = COLUMN_LIST, .description = "aliases that the name leads over, in order", .list = &links },
    { .key = "providers", .title = "Providers", .kind = COLUMN_TEXTS, .description = "whose infrastructure the chain passes",
        COLUMN_MEMBER(signin_step, providers) },
    { .key = "region", .title = "Region", .kind = COLUMN_TEXT, .description = "region that the chain names",
        COLUMN_MEMBER(signin_step, region) },
    { .key = "datacenter", .kind = COLUMN_TEXT, .description = "datacenter that the chain names", COLUMN_MEMBER(signin_step, datacenter) },
    { .key = "continent", .kind = COLUMN_TEXT, .description = "continent of the region", COLUMN_MEMBER(signin_step, continent) },
    { .key = "types", .kind = COLUMN_TEXTS, .description = "types of the questions that were answered so", COLUMN_MEMBER(signin_step, types) },
    { .key = "addresses", .title = "Addresses", .kind = COLUMN_TEXTS, .description = "addresses that were answered",
        COLUMN_MEMBER(signin_step, addresses) },
    { .key = "required_set", .kind = COLUMN_TEXT, .description = "Microsoft endpoint ID that lists the name, empty: none",
        COLUMN_MEMBER(signin_step, required) },
    { .key = "description", .kind = COLUMN_TEXT, .description = "what the name is for", COLUMN_MEMBER(signin_step, description) },
    { .key = "anycast", .kind = COLUMN_BOOL, .description = "the nearest edge of Microsoft's network answers", .get = step_anycast },
    { .key = "asked", .kind = COLUMN_UINT, .description = "DNS questions for it, of the type that was asked most", COLUMN_MEMBER(signin_step, asked) },
    { .key = "answer_frame", .kind = COLUMN_UINT, .description = "first answer, 0: none", COLUMN_MEMBER(signin_step, answer_frame) },
    { .key = "answer_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "from the question to the first answer",
        COLUMN_MEMBER(signin_step, answer_time) },
    { .title = "Answer", .kind = COLUMN_REAL, .unit = "ms", .decimals = 1, .description = "from the question to the first answer",
        .get = step_answer_ms },
    { .key = "rcode", .kind = COLUMN_UINT, .description = "DNS response code of the answer", COLUMN_MEMBER(signin_step, rcode) },
    { .key = "server_name_frame", .kind = COLUMN_UINT, .description = "first TLS or QUIC server name of it, or request for it to a proxy, 0: none",
        COLUMN_MEMBER(signin_step, server_name_frame) },
    { .key = "server", .kind = COLUMN_TEXT, .description = "address and port that the server name or the request went to",
        COLUMN_MEMBER(signin_step, server) },
};
static const report_list steps = { LIST_COLUMNS(step_columns), LIST_POINTERS, offsetof(signin_session, steps), NULL };
static const report_list table = { LIST_COLUMNS(step_columns), LIST_POINTERS, offsetof(signin_state, rows), NULL };

static const report_column missing_columns[] = {
    { .key = "stage", .kind = COLUMN_WORD, .description = "stage that was not seen", .names = ts_stage_name, COLUMN_MEMBER(signin_missing, stage) },
    { .key = "explanation", .kind = COLUMN_TEXT, .description = "what may explain that, empty: a failure does",
        COLUMN_MEMBER(signin_missing, why) },
};
static const report_list missing = { LIST_COLUMNS(missing_columns), LIST_ARRAY, offsetof(signin_session, missing), NULL };

static const report_column disorder_columns[] = {
    { .key = "stage", .kind = COLUMN_WORD, .description = "stage that came too early", .names = ts_stage_name, COLUMN_MEMBER(signin_disorder, stage) },
    { .key = "expected_after", .kind = COLUMN_WORD, .description = "stage that it needs", .names = ts_stage_name, COLUMN_MEMBER(signin_disorder, expected_after) },
    { .key = "frame", .kind = COLUMN_UINT, .description = "where it came", COLUMN_MEMBER(signin_disorder, frame) },
};
static const report_list disorder = { LIST_COLUMNS(disorder_columns), LIST_ARRAY, offsetof(signin_session, disorder), NULL };

static const report_list problems = {
    report_problem_columns, REPORT_PROBLEM_COLUMNS, LIST_HELD, offsetof(signin_session, problems), NULL };

/* A step's seconds, NAN where it was not seen. */
static double
step_seconds(const teams_connection *connection, teams_step_kind step)
{
    return connection->steps[step].frame == 0 ? NAN : nstime_to_sec(&connection->steps[step].time);
}

COLUMN_GETTER(connection_name, teams_connection, signin_session) { value->owned = row->name == NULL ? NULL : report_name(row->name); }
COLUMN_GETTER(connection_start, teams_connection, signin_session) { value->real = ts_seconds(&parent->signin->start, &row->start); }
COLUMN_GETTER(connection_duration, teams_connection, signin_session) { value->real = ts_seconds(&row->start, &row->last); }
static const char *
connection_ends(unsigned n)
{
    static const char *const ends[] = { [TEAMS_CONNECTION_OPEN] = "open", [TEAMS_CONNECTION_CLOSED] = "closed", [TEAMS_CONNECTION_RESET] = "reset" };

    return n < G_N_ELEMENTS(ends) ? ends[n] : NULL;
}

static const char *
connection_enders(unsigned n)
{
    static const char *const enders[] = { "", "client", "server", NULL };

    return enders[n];
}

COLUMN_GETTER(connection_issuer, teams_connection, signin_session) { value->text = row->certificate == NULL ? "" : report_issuer(row->certificate->issuer); }
COLUMN_GETTER(connection_router, teams_connection, signin_session) { value->text = row->icmp_router == NULL ? "" : row->icmp_router; }

COLUMN_GETTER(connection_ended_by, teams_connection, signin_session)
{
    value->text = connection_enders(row->end == TEAMS_CONNECTION_OPEN ? 0 : row->ended_by_client ? 1 : 2);
}

COLUMN_GETTER(connection_idle, teams_connection, signin_session)
{
    value->real = row->end == TEAMS_CONNECTION_OPEN ? NAN : row->idle_before_end;
}

COLUMN_GETTER(connection_waiting, teams_connection, signin_session) { value->number = teams_connection_is_waiting(row, &teams_model_get()->last); }
COLUMN_GETTER(connection_dns, teams_connection, signin_session) { value->real = step_seconds(row, TEAMS_STEP_DNS); }
COLUMN_GETTER(connection_connect, teams_connection, signin_session) { value->real = step_seconds(row, TEAMS_STEP_CONNECT); }
COLUMN_GETTER(connection_tls, teams_connection, signin_session) { value->real = step_seconds(row, TEAMS_STEP_TLS); }
COLUMN_GETTER(connection_data, teams_connection, signin_session) { value->real = step_seconds(row, TEAMS_STEP_FIRST_DATA); }

static const report_column connection_columns[] = {
    { .key = "connection", .kind = COLUMN_UINT, .description = "number, in order of appearance", COLUMN_MEMBER(teams_connection, number) },
    { .key = "frame", .kind = COLUMN_UINT, .description = "first frame", COLUMN_MEMBER(teams_connection, frame) },
    { .key = "last_frame", .kind = COLUMN_UINT, .description = "last frame", COLUMN_MEMBER(teams_connection, last_frame) },
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "from the start of the sign-in", .get = connection_start },
    { .key = "duration", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "from its first frame to its last",
        .get = connection_duration },
    { .key = "name", .kind = COLUMN_TEXT, .description = "server name, target of a proxy, or name that gave the address",
        .get = connection_name },
    { .key = "client", .kind = COLUMN_ENDPOINT, .description = "the client's end", COLUMN_MEMBER(teams_connection, client_end) },
    { .key = "server", .kind = COLUMN_ENDPOINT, .description = "the server's end, or the proxy's",
        COLUMN_MEMBER(teams_connection, server_end) },
    { .key = "stage", .kind = COLUMN_WORD, .description = "stage that it is for", .names = ts_stage_name, COLUMN_MEMBER(teams_connection, stage) },
    { .key = "service", .kind = COLUMN_WORD, .description = "service", .names = ts_service_name, COLUMN_MEMBER(teams_connection, service) },
    { .key = "service_label", .kind = COLUMN_WORD, .description = "the same in words", .names = ts_service_label, COLUMN_MEMBER(teams_connection, service) },
    { .key = "quic", .kind = COLUMN_BOOL, .description = "QUIC, not TCP", COLUMN_MEMBER(teams_connection, quic) },
    { .key = "proxy", .kind = COLUMN_BOOL, .description = "the server's end is a proxy", COLUMN_MEMBER(teams_connection, proxy) },
    { .key = "state", .kind = COLUMN_WORD, .description = "how far it got", .texts = teams_connection_state_name, COLUMN_MEMBER(teams_connection, state) },
    { .key = "waiting", .kind = COLUMN_BOOL, .description = "the capture ends before the answer that it waits for was due",
        .get = connection_waiting },
    { .key = "syns", .kind = COLUMN_UINT, .description = "SYNs of the client without an answer", COLUMN_MEMBER(teams_connection, syns) },
    { .key = "tls_version", .kind = COLUMN_TEXT, .description = "TLS version that the server chose", COLUMN_MEMBER(teams_connection, version) },
    { .key = "issuer", .kind = COLUMN_TEXT, .description = "issuer of the certificate, empty: not visible", .get = connection_issuer },
    { .key = "alert", .kind = COLUMN_UINT, .description = "TLS alert that ended the handshake", COLUMN_MEMBER(teams_connection, alert) },
    { .key = "proxy_status", .kind = COLUMN_UINT, .description = "the proxy's last answer, of SOCKS what HTTP would say; 0: none", COLUMN_MEMBER(teams_connection, proxy_status) },
    { .key = "router", .kind = COLUMN_TEXT, .description = "who refused it by ICMP, empty: nobody", .get = connection_router },
    { .key = "end", .kind = COLUMN_WORD, .description = "how it ended", .texts = connection_ends, COLUMN_MEMBER(teams_connection, end) },
    { .key = "ended_by", .kind = COLUMN_TEXT, .description = "client or server (or a device in its name), empty: it was open at the end",
        .texts = connection_enders, .get = connection_ended_by },
    { .key = "idle_before_end", .kind = COLUMN_REAL, .unit = "s", .decimals = 3, .description = "silence of both sides before it ended",
        .get = connection_idle },
    { .key = "bytes_sent", .kind = COLUMN_UINT, .description = "payload from the client", COLUMN_MEMBER(teams_connection, bytes[1]) },
    { .key = "bytes_received", .kind = COLUMN_UINT, .description = "payload to the client", COLUMN_MEMBER(teams_connection, bytes[0]) },
    { .key = "dns_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "from the first question to the answer that was used",
        .get = connection_dns },
    { .key = "connect_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "from the first SYN to the answer",
        .get = connection_connect },
    { .key = "tls_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "from the ClientHello to the end of the handshake",
        .get = connection_tls },
    { .key = "first_data_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6,
        .description = "from the client's first request to the first answer", .get = connection_data },
};
static const report_list connections = {
    LIST_COLUMNS(connection_columns), LIST_POINTERS, offsetof(signin_session, connections), NULL };

static double
or_nan(double seconds)
{
    return seconds < 0 ? NAN : seconds;
}

COLUMN_GETTER(timing_name, teams_name_timing, signin_session) { value->owned = report_name(row->name); }
COLUMN_GETTER(timing_dns, teams_name_timing, signin_session) { value->real = or_nan(row->steps[TEAMS_STEP_DNS]); }
COLUMN_GETTER(timing_connect, teams_name_timing, signin_session) { value->real = or_nan(row->steps[TEAMS_STEP_CONNECT]); }
COLUMN_GETTER(timing_tls, teams_name_timing, signin_session) { value->real = or_nan(row->steps[TEAMS_STEP_TLS]); }
COLUMN_GETTER(timing_data, teams_name_timing, signin_session) { value->real = or_nan(row->steps[TEAMS_STEP_FIRST_DATA]); }

static const report_column timing_columns[] = {
    { .key = "name", .kind = COLUMN_TEXT, .description = "the name", .get = timing_name },
    { .key = "frame", .kind = COLUMN_UINT, .description = "first frame of its first use", COLUMN_MEMBER(teams_name_timing, frame) },
    { .key = "dns_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "DNS", .get = timing_dns },
    { .key = "connect_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "connecting", .get = timing_connect },
    { .key = "tls_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "TLS handshake", .get = timing_tls },
    { .key = "first_data_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "first answer", .get = timing_data },
    { .key = "failed_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6,
        .description = "from the first of the tries that failed right before the connection that is counted, such as over IPv6, to it", COLUMN_MEMBER(teams_name_timing, failed) },
    { .key = "total", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "all of these", COLUMN_MEMBER(teams_name_timing, total) },
};
static const report_list timings = { LIST_COLUMNS(timing_columns), LIST_ARRAY, offsetof(signin_session, timings), NULL };

static const char *
verdict_codes(unsigned n)
{
    return report_verdict_code(signin_verdicts, n);
}

COLUMN_GETTER(session_client, signin_session, void) { value->owned = report_address(&row->signin->client->shown); }
COLUMN_GETTER(session_start, signin_session, void) { value->owned = report_date(&row->signin->start, row->signin->frame); }
COLUMN_GETTER(session_time, signin_session, void) { value->real = report_time(&row->signin->start); }
COLUMN_GETTER(session_generation, signin_session, void) { value->text = teams_generation_name(teams_generation_of(&row->generation)); }

COLUMN_GETTER(session_generation_label, signin_session, void)
{
    value->text = teams_generation_label(teams_generation_of(&row->generation));
}

COLUMN_GETTER(session_worst, signin_session, void) { value->owned = report_problems_worst_text(row->problems); }
COLUMN_GETTER(session_advice, signin_session, void) { value->owned = report_problem_advice(report_problems_worst(row->problems)); }

static const report_column session_columns[] = {
    { .key = "signin", .title = "Sign-In", .kind = COLUMN_UINT, .description = "number, as teams.signin", COLUMN_BEHIND(signin_session, signin, teams_signin, number) },
    { .key = "severity", .title = "Severity", .kind = COLUMN_TEXT, .description = "severity of the verdict", .texts = report_severity_word,
        COLUMN_MEMBER(signin_session, verdict.word) },
    { .key = "verdict_code", .kind = COLUMN_TEXT, .description = "stable code of the verdict", .texts = verdict_codes,
        COLUMN_MEMBER(signin_session, verdict.code) },
    { .key = "verdict", .title = "Verdict", .kind = COLUMN_TEXT, .description = "the verdict in a sentence", COLUMN_MEMBER(signin_session, verdict.sentence) },
    { .title = "Worst Problem", .kind = COLUMN_TEXT, .description = "the worst problem", .get = session_worst },
    { .title = "Advice", .kind = COLUMN_TEXT, .description = "what to do about it", .get = session_advice },
    { .key = "problems", .kind = COLUMN_LIST, .description = "what is wrong or notable, the worst first", .list = &problems },
    { .key = "client", .title = "Client", .kind = COLUMN_TEXT, .description = "address of the client", .get = session_client },
    { .key = "frame", .title = "First Frame", .kind = COLUMN_UINT, .description = "first frame", COLUMN_BEHIND(signin_session, signin, teams_signin, frame) },
    { .key = "start", .kind = COLUMN_TEXT, .description = "date and time in UTC", .get = session_start },
    { .key = "time", .title = "Start", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "the same from the first frame of the capture",
        .get = session_time },
    { .key = "generation", .kind = COLUMN_TEXT, .description = "generation of client that the names resemble", .texts = teams_generation_name,
        .get = session_generation },
    { .key = "generation_label", .title = "Client Resembles", .kind = COLUMN_TEXT, .description = "the same in words", .get = session_generation_label },
    { .key = "identity_connected", .kind = COLUMN_BOOL, .description = "a TLS session with data both ways to identity",
        COLUMN_BEHIND(signin_session, result, teams_signin_result, identity_reached) },
    { .key = "later_connected", .kind = COLUMN_BOOL, .description = "the same to a service that needs a token", COLUMN_BEHIND(signin_session, result, teams_signin_result, services_reached) },
    { .key = "proxy", .title = "Proxy", .kind = COLUMN_TEXT, .description = "proxy that the client uses, empty: none seen", COLUMN_BEHIND(signin_session, result, teams_signin_result, proxy) },
    { .key = "steps", .kind = COLUMN_LIST, .description = "names in order, one row for each host that the answers for a name lead to", .list = &steps },
    { .key = "connections", .kind = COLUMN_LIST, .description = "connections to its hosts, in order", .list = &connections },
    { .key = "timings", .kind = COLUMN_LIST, .description = "how long the first use of each name took, the slowest first",
        .list = &timings },
    { .key = "requests", .kind = COLUMN_LIST, .description = "requests inside TLS that is decrypted, by host, method and path, in order",
        .list = &signin_requests },
    { .key = "stages", .kind = COLUMN_LIST, .description = "stages by the answers to their requests", .list = &signin_stage_answers },
    { .key = "web_sockets", .kind = COLUMN_LIST, .description = "WebSockets that requests opened, the push channel among them",
        .list = &signin_sockets },
    { .key = "token_region", .kind = COLUMN_TEXT, .description = "region that the token's answer gave, empty: none seen",
        COLUMN_BEHIND(signin_session, result, teams_signin_result, token_region) },
    { .key = "missing_stages", .kind = COLUMN_LIST, .description = "stages that sign-ins have and this one had not", .list = &missing },
    { .key = "out_of_order", .kind = COLUMN_LIST, .description = "stages that came before one that they need", .list = &disorder },
    { .key = "calls", .title = "Calls", .kind = COLUMN_UINTS, .description = "calls that followed", COLUMN_MEMBER(signin_session, calls) },
};
static const report_list sessions = { LIST_COLUMNS(session_columns), LIST_POINTERS, offsetof(signin_state, sessions), NULL };

/* ---- text ---- */

static void
step_title(const signin_step *step, const signin_session *in, FILE *out)
{
    char answer[24] = "";

    if (!isnan(step->answer_time))
        snprintf(answer, sizeof answer, "%.0f ms", step->answer_time * 1000);
    else if (step->asked > 0 && step->answer_frame == 0)
        snprintf(answer, sizeof answer, "no answer");
    fprintf(out, "%9.3f s  %-16s %-24s %9s  frame %u\n", ts_seconds(&in->signin->start, &step->time),
        ts_stage_name(step->stage), ts_service_label(step->service), answer, step->frame);
}

/* "2 CNAMEs, final name X, via Akamai GTM -> Azure Traffic Manager" */
static void
step_chain(const signin_step *step, FILE *out)
{
    char *addresses = report_texts_join(step->addresses, ", ");
    char *providers = report_texts_join(step->providers, " -> ");

    for (unsigned i = 0; i < step->links->len; i++) {
        const signin_link *link = &g_array_index(step->links, signin_link, i);

        if (link->infra == TS_INFRA_UNKNOWN)
            report_print(out, 15, "> %s", link->name);
        else
            report_print(out, 15, "> %s (%s)", link->name, ts_infra_label(link->infra));
    }
    if (addresses[0] != '\0')
        report_print(out, 15, "= %s", addresses);
    if (step->links->len > 0) {
        const signin_link *last = &g_array_index(step->links, signin_link, step->links->len - 1);

        report_print(out, 13, "final name %s %s%s, %u CNAME%s via %s", last->name,
            addresses[0] != '\0' ? "resolved to " : "without an address", addresses, step->links->len, step->links->len == 1 ? "" : "s",
            providers[0] == '\0' ? "its own zone" : providers);
    }
    g_free(addresses);
    g_free(providers);
}

/* Told where the answers for a name lead to different hosts: whose this one is. */
static void
step_types(const signin_step *step, GString *place)
{
    char *types = report_texts_join(step->types, ", ");

    g_string_append_printf(place, "answer for %s, others lead to other hosts; ", types);
    g_free(types);
}

static void
step_place(const signin_step *step, bool full, FILE *out)
{
    GString *place = g_string_new(NULL);

    if (step->frame < step->signin->frame)
        g_string_append(place, "before the first name of Teams or Skype; ");
    if (step->region[0] != '\0')
        g_string_append_printf(place, "region %s; ", step->region);
    if (step->datacenter[0] != '\0')
        g_string_append_printf(place, "datacenter %s; ", step->datacenter);
    if (signin_step_has_infra(step, TS_INFRA_MS_EDGE))
        g_string_append(place, "anycast: the nearest edge of Microsoft's network answers; ");
    if (full && step->required[0] != '\0')
        g_string_append_printf(place, "required by Microsoft (endpoint ID %s); ", step->required);
    if ((step->has_others || step->is_other) && report_texts_count(step->types) > 0)
        step_types(step, place);
    if (step->server_name_frame != 0)
        g_string_append_printf(place, "%s %s in frame %u; ", step->by_proxy ? "asked for at the proxy" : "TLS or QUIC to",
            step->server, step->server_name_frame);
    if (step->asked > 1)
        g_string_append_printf(place, "asked %u times; ", step->asked);
    if (place->len > 2) {
        g_string_truncate(place, place->len - 2);
        report_print(out, 13, "%s", place->str);
    }
    if (step->rcode != 0)
        report_print(out, 13, "answered with %s", step->rcode == 3 ? "NXDOMAIN: the name does not exist" : "a failure");
    g_string_free(place, TRUE);
}

static void
steps_text(const signin_session *session, bool full, FILE *out)
{
    const signin_step *previous = NULL;

    fprintf(out, "\n%11s  %-16s %-24s %9s\n", "time", "stage", "service", "answer");
    for (unsigned i = 0; i < session->steps->len; i++) {
        const signin_step *each = (const signin_step *)g_ptr_array_index(session->steps, i);
        const double gap = previous == NULL ? 0 : ts_seconds(&previous->time, &each->time);

        if (gap > GAP_WORTH_A_LINE)
            fprintf(out, "%13s... %.1f s without a new name ...\n", "", gap);
        step_title(each, session, out);
        report_print(out, 13, "%s", each->name);
        step_chain(each, out);
        step_place(each, full, out);
        if (full && each->description[0] != '\0')
            report_print(out, 13, "%s", each->description);
        signin_requests_text(session, each->question, out);
        previous = each;
    }
}

static void
stages_text(const signin_session *session, FILE *out)
{
    for (unsigned i = 0; i < session->disorder->len; i++) {
        const signin_disorder *row = &g_array_index(session->disorder, signin_disorder, i);

        report_print(out, 2, "order: %s (frame %u) came before %s (frame %u)", ts_stage_name(row->stage), row->frame,
            ts_stage_name(row->expected_after), row->expected_frame);
    }
    for (unsigned i = 0; i < session->missing->len; i++) {
        const signin_missing *row = &g_array_index(session->missing, signin_missing, i);

        if (row->why[0] != '\0')
            report_print(out, 2, "no name of stage \"%s\"; a usual reason: %s", ts_stage_name(row->stage), row->why);
    }
    for (unsigned i = 0; i < session->calls->len; i++)
        report_print(out, 2, "a call, or an exchange with a relay, followed: number %u of -z teams,calls", g_array_index(session->calls, uint32_t, i));
}

static void
session_title(const signin_session *session, FILE *out)
{
    const teams_generation generation = teams_generation_of(&session->generation);
    char *client = report_address(&session->signin->client->shown);
    char *date = report_date(&session->signin->start, session->signin->frame);

    fprintf(out, "\n");
    report_print(out, 0, "%s %u of %s, %s, from frame %u (%.3f s)", signin_has_names_alone(session) ? "Names" : "Sign-in", session->signin->number, client, date, session->signin->frame,
        report_time(&session->signin->start));
    report_verdict_text(&session->verdict, session->problems, out, 2);
    fprintf(out, "\n");
    report_print(out, 2, "resembles a %s", teams_generation_label(generation));
    if (session->generation.because[generation] != NULL) {
        char *name = report_name(session->generation.because[generation]);

        report_print(out, 2, "because of %s", name);
        g_free(name);
    }
    g_free(client);
    g_free(date);
}

static void
signin_text(const void *data, bool full, FILE *out)
{
    const signin_state *state = (const signin_state *)data;

    if (state->sessions->len == 0)
        fprintf(out, "No sign-in found.\n");
    for (unsigned i = 0; i < state->sessions->len; i++) {
        const signin_session *session = (const signin_session *)g_ptr_array_index(state->sessions, i);

        session_title(session, out);
        steps_text(session, full, out);
        signin_answers_text(session, out);
        report_connections_text(session->result, out);
        fprintf(out, "\n");
        stages_text(session, out);
    }
}

static const report_window windows[] = {
    { "signin", "Teams Sign-In Steps", &table, true },
    { "signins", "Teams Sign-In", &sessions, false },
    { NULL, NULL, NULL, false },
};

const teams_report teams_report_signin = {
    .name = "signin",
    .title = "Teams Sign-In",
    .start = signin_start,
    .end = signin_free,
    .packet = signin_packet,
    .finish = signin_finish,
    .text = signin_text,
    .key = "signins",
    .description = "sign-ins, in order of appearance",
    .list = &sessions,
    .table = &table,
    .windows = windows,
    .verdicts = signin_verdicts,
};
