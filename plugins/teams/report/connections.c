/* connections.c
 * The connections of a sign-in, and how long its steps took
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/signin.h"

#include "session/model.h"

#define ALIKE_MAX   30      /* lines; many clients open more connections than anybody reads */
#define SLOW_SHOWN  3
#define SLOW_SECONDS 1.0    /* of a name, its first connection: that is felt */

/* ---- connections: those of one name, endpoint and end in one line ---- */

typedef struct {
    const teams_connection *first;
    unsigned count;
} alike;

/* Did the capture, or the client, end it before an answer was due? */
static bool
is_cut_off(const teams_connection *conn)
{
    return teams_connection_is_waiting(conn, &teams_model_get()->last) || teams_connection_is_given_up(conn);
}

static bool
is_alike(const teams_connection *a, const teams_connection *b)
{
    return g_strcmp0(a->name, b->name) == 0 && g_str_equal(a->endpoint, b->endpoint) && a->state == b->state && a->end == b->end &&
        a->quic == b->quic && a->alert == b->alert && is_cut_off(a) == is_cut_off(b);
}

/* Nothing is known of those, and there may be many: they are told together. */
static bool
is_joined(const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_JOINED && conn->end != TEAMS_CONNECTION_RESET;
}

static GArray *
group(const teams_signin_result *result)
{
    GArray *groups = g_array_new(FALSE, TRUE, sizeof(alike));

    for (unsigned i = 0; i < result->connection_count; i++) {
        if (is_joined(result->connections[i]))
            continue;
        const alike fresh = { result->connections[i], 1 };
        alike *last = groups->len == 0 ? NULL : &g_array_index(groups, alike, groups->len - 1);

        if (last != NULL && is_alike(last->first, fresh.first))
            last->count++;
        else
            g_array_append_val(groups, fresh);
    }
    return groups;
}

/* In words, where they are not those of TLS. */
static const char *
label_of(const teams_connection *conn)
{
    if (teams_connection_is_pending_at_proxy(conn))
        return "no answer of the proxy";
    if (conn->http2 && conn->state == TEAMS_CONNECTION_CONNECTED)
        return "tunnel of HTTP/2, no data";
    if (conn->state == TEAMS_CONNECTION_CONNECTED && teams_connection_is_cut(conn))
        return "connected; what follows is cut short (snap length)";
    if (conn->quic && conn->state == TEAMS_CONNECTION_CONNECTED)
        return "answered, no session with data seen";
    if (conn->state == TEAMS_CONNECTION_HANDSHAKE_ENDED && teams_connection_lacks_some(conn))
        return "TLS handshake, of which the capture lacks a part";
    if (conn->state != TEAMS_CONNECTION_USED)
        return teams_connection_state_label(conn->state);
    return conn->pseudo_tls ? "pseudo-TLS, data both ways" : conn->http2 ? "tunnel of HTTP/2 with data both ways" : conn->clear_http ?
        "HTTP in clear, answered" : teams_connection_state_label(conn->state);
}

/* Silence is that of both sides: one that sends in vain is not silent. */
static void
append_reset(GString *line, const teams_connection *conn)
{
    const char *server = conn->proxy ? "proxy" : "server";

    g_string_append_printf(line, ", reset from the %s's side", conn->ended_by_client ? "client" : server);
    if (conn->vain > 0)
        g_string_append_printf(line, " after the %s sent %u time%s in vain in %.0f s", conn->vain_by_client ? "client" : server, conn->vain,
            conn->vain == 1 ? "" : "s", conn->vain_seconds);
    else
        g_string_append_printf(line, " after %.0f s of silence", conn->idle_before_end);
}

static void
append_state(GString *line, const teams_connection *conn)
{
    if (is_cut_off(conn))
        teams_connection_append_cut_off(line, conn, &teams_model_get()->last);
    else
        g_string_append(line, label_of(conn));
    if (conn->state == TEAMS_CONNECTION_UNANSWERED && !conn->quic)
        g_string_append_printf(line, " (%u SYN%s)", conn->syns, conn->syns == 1 ? "" : "s");
    if (conn->state == TEAMS_CONNECTION_PROHIBITED)
        g_string_append_printf(line, ": ICMP %s from %s", conn->icmp_text, conn->icmp_router);
    if (conn->state == TEAMS_CONNECTION_ALERT)
        g_string_append_printf(line, ": alert %u (%s) from the %s", conn->alert, teams_alert_text(conn->alert), conn->alert_from_client ? "client" : "server");
    if (conn->state == TEAMS_CONNECTION_PROXY_REFUSED) {
        char *answer = teams_proxy_answer_text(NULL, conn);

        g_string_append_printf(line, ": %s", answer);
        wmem_free(NULL, answer);
    }
    if (conn->version[0] != '\0')
        g_string_append_printf(line, ", %s", conn->version);
    if (conn->certificate != NULL)
        g_string_append_printf(line, ", " TEAMS_ISSUED_BY "%s", conn->certificate->issuer);
    if (conn->end == TEAMS_CONNECTION_RESET && conn->state >= TEAMS_CONNECTION_SECURED)
        append_reset(line, conn);
}

/* The host, as it is shown. New string. */
static char *
title_of(const teams_connection *conn)
{
    char *name = conn->name != NULL ? report_name(conn->name) : g_strdup(conn->proxy ? "to the proxy" : conn->endpoint);
    char *title = g_strdup_printf("%s%s", name, conn->quic ? " (QUIC)" : conn->proxy && conn->name != NULL ? " through the proxy" : "");

    g_free(name);
    return title;
}

static void
connection_text(const alike *group_of, FILE *out)
{
    const teams_connection *conn = group_of->first;
    GString *line = g_string_new(NULL);
    char *title = title_of(conn);

    g_string_append_printf(line, "%s: ", title);
    append_state(line, conn);
    if (group_of->count > 1)
        g_string_append_printf(line, ", %u times", group_of->count);
    g_string_append_printf(line, " (%s, frame %u)", conn->endpoint, conn->frame);
    report_print(out, 4, "%s", line->str);
    g_string_free(line, TRUE);
    g_free(title);
}

/* ---- connections that the capture joined late, or whose answers it lacks: by host ---- */

static GPtrArray *
joined_hosts(const teams_signin_result *result, GHashTable *counts, unsigned *all)
{
    GPtrArray *hosts = g_ptr_array_new();

    for (unsigned i = 0; i < result->connection_count; i++) {
        const teams_connection *conn = result->connections[i];

        if (!is_joined(conn))
            continue;
        char *title = title_of(conn);
        const unsigned before = GPOINTER_TO_UINT(g_hash_table_lookup(counts, title));

        if (before == 0)
            g_ptr_array_add(hosts, (void *)conn);
        g_hash_table_insert(counts, title, GUINT_TO_POINTER(before + 1));
        (*all)++;
    }
    return hosts;
}

static void
append_host(GString *line, const teams_connection *conn, GHashTable *counts)
{
    char *title = title_of(conn);
    const unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, title));

    g_string_append_printf(line, "%s (frame %u", title, conn->frame);
    if (count > 1)
        g_string_append_printf(line, ", %u times", count);
    g_string_append_c(line, ')');
    g_free(title);
}

static void
joined_text(const teams_signin_result *result, FILE *out)
{
    GHashTable *counts = g_hash_table_new_full(wmem_str_hash, g_str_equal, g_free, NULL);
    unsigned all = 0;
    GPtrArray *hosts = joined_hosts(result, counts, &all);
    GString *line = g_string_new(NULL);

    g_string_append_printf(line, "%u connection%s: %s: ", all, all == 1 ? "" : "s", teams_connection_state_label(TEAMS_CONNECTION_JOINED));
    for (unsigned i = 0; i < MIN(hosts->len, ALIKE_MAX); i++) {
        g_string_append(line, i == 0 ? "" : ", ");
        append_host(line, (const teams_connection *)g_ptr_array_index(hosts, i), counts);
    }
    if (hosts->len > ALIKE_MAX)
        g_string_append_printf(line, " and %u more hosts (see the JSON)", hosts->len - ALIKE_MAX);
    if (all > 0)
        report_print(out, 4, "%s", line->str);
    g_string_free(line, TRUE);
    g_ptr_array_unref(hosts);
    g_hash_table_destroy(counts);
}

/* ---- times ---- */

static const char *const step_labels[TEAMS_STEP_COUNT] = { "DNS", "TCP connect", "TLS", "first data" };

static void
timing_text(const teams_name_timing *timing, FILE *out)
{
    GString *line = g_string_new(NULL);
    char *name = report_name(timing->name);

    g_string_append_printf(line, "%s: %.0f ms", name, timing->total * 1000);
    if (timing->failed > 0)
        g_string_append_printf(line, ", failed tries %.0f", timing->failed * 1000);
    for (unsigned step = 0; step < TEAMS_STEP_COUNT; step++)
        if (timing->steps[step] >= 0)
            g_string_append_printf(line, ", %s %.0f", step_labels[step], timing->steps[step] * 1000);
    g_string_append_printf(line, " (frame %u)", timing->frame);
    report_print(out, 4, "%s", line->str);
    g_string_free(line, TRUE);
    g_free(name);
}

/* " DNS 0.05 s (2 of them), TCP connect 0.30 s": a step that the capture shows of no name took no known time, and is not told. */
static void
append_totals(GString *line, const teams_signin_result *result)
{
    const char *between = "";

    for (unsigned step = 0; step < TEAMS_STEP_COUNT; step++) {
        if (result->timed[step] == 0)
            continue;
        g_string_append_printf(line, "%s %s %.2f s", between, step_labels[step], result->totals[step]);
        if (result->timed[step] < result->timing_count)
            g_string_append_printf(line, " (%u of them)", result->timed[step]);
        between = ",";
    }
}

static void
times_text(const teams_signin_result *result, FILE *out)
{
    double sum = result->failed;

    if (result->timing_count == 0)
        return;
    /* The slowest name tells: where nothing was slow there is no reason to give. */
    GString *line = g_string_new(result->timings[0].total >= SLOW_SECONDS ? "Why slow: " : "Times: ");

    for (unsigned step = 0; step < TEAMS_STEP_COUNT; step++)
        sum += result->totals[step];
    g_string_append_printf(line, "the first connection to %s%u name%s took %.2f s%s:", result->timing_count == 1 ? "" : "each of ",
        result->timing_count, result->timing_count == 1 ? "" : "s", sum,
        result->timing_count == 1 ? "" : ", added up though some may overlap");
    append_totals(line, result);
    if (result->failed > 0)
        g_string_append_printf(line, ", failed tries %.2f s", result->failed);
    fprintf(out, "\n");
    report_print(out, 2, "%s. %s", line->str, result->timing_count == 1 ? "It:" : "The slowest:");
    for (unsigned i = 0; i < MIN(result->timing_count, SLOW_SHOWN); i++)
        timing_text(&result->timings[i], out);
    g_string_free(line, TRUE);
}

void
report_connections_text(const teams_signin_result *result, FILE *out)
{
    GArray *groups = group(result);

    if (result->connection_count > 0)
        fprintf(out, "\n  Connections:\n");
    for (unsigned i = 0; i < MIN(groups->len, ALIKE_MAX); i++)
        connection_text(&g_array_index(groups, alike, i), out);
    if (groups->len > ALIKE_MAX)
        report_print(out, 4, "and %u more (see the JSON)", groups->len - ALIKE_MAX);
    joined_text(result, out);
    times_text(result, out);
    g_array_free(groups, TRUE);
}
