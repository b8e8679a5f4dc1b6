/* connections.c
 * The connections of a sign-in, and why it was slow
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/signin.h"

#define ALIKE_MAX   30      /* lines; many clients open more connections than anybody reads */
#define SLOW_SHOWN  3

/* ---- connections: those of one name, endpoint and end in one line ---- */

typedef struct {
    const teams_connection *first;
    unsigned count;
} alike;

static bool
is_alike(const teams_connection *a, const teams_connection *b)
{
    return g_strcmp0(a->name, b->name) == 0 && g_str_equal(a->endpoint, b->endpoint) && a->state == b->state && a->end == b->end &&
        a->quic == b->quic && a->alert == b->alert;
}

static GArray *
group(const teams_signin_result *result)
{
    GArray *groups = g_array_new(FALSE, TRUE, sizeof(alike));

    for (unsigned i = 0; i < result->connection_count; i++) {
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
label_of(const teams_connection *c)
{
    if (c->http2 && c->state == TEAMS_CONNECTION_CONNECTED)
        return "tunnel of HTTP/2, no data";
    if (c->state != TEAMS_CONNECTION_USED)
        return teams_connection_state_label(c->state);
    return c->pseudo_tls ? "pseudo-TLS, data both ways" : c->http2 ? "tunnel of HTTP/2 with data both ways" : c->clear_http ?
        "HTTP in clear, answered" : teams_connection_state_label(c->state);
}

static void
append_state(GString *line, const teams_connection *c)
{
    g_string_append(line, label_of(c));
    if (c->state == TEAMS_CONNECTION_UNANSWERED && !c->quic)
        g_string_append_printf(line, " (%u SYNs)", c->syns);
    if (c->state == TEAMS_CONNECTION_PROHIBITED)
        g_string_append_printf(line, ": ICMP %s from %s", c->icmp_text, c->icmp_router);
    if (c->state == TEAMS_CONNECTION_ALERT)
        g_string_append_printf(line, ": alert %u (%s) from the %s", c->alert, teams_alert_text(c->alert), c->alert_from_client ? "client" : "server");
    if (c->state == TEAMS_CONNECTION_PROXY_REFUSED)
        g_string_append_printf(line, ": %u", c->proxy_status);
    if (c->version[0] != '\0')
        g_string_append_printf(line, ", %s", c->version);
    if (c->certificate != NULL)
        g_string_append_printf(line, ", issued by %s", c->certificate->issuer);
    if (c->end == TEAMS_CONNECTION_RESET && c->state >= TEAMS_CONNECTION_SECURED)
        g_string_append_printf(line, ", reset after %.0f s of silence", c->idle_before_end);
}

static void
connection_text(const alike *group_of, FILE *out)
{
    const teams_connection *c = group_of->first;
    GString *line = g_string_new(NULL);
    char *name = c->name == NULL ? g_strdup(c->endpoint) : report_name(c->name);

    g_string_append_printf(line, "%s%s: ", name, c->quic ? " (QUIC)" : c->proxy ? " through the proxy" : "");
    append_state(line, c);
    if (group_of->count > 1)
        g_string_append_printf(line, ", %u times", group_of->count);
    g_string_append_printf(line, " (%s, frame %u)", c->endpoint, c->frame);
    report_print(out, 4, "%s", line->str);
    g_string_free(line, TRUE);
    g_free(name);
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

static void
times_text(const teams_signin_result *result, FILE *out)
{
    GString *line = g_string_new("Why slow: ");
    double sum = result->failed;

    if (result->timing_count == 0) {
        g_string_free(line, TRUE);
        return;
    }
    for (unsigned step = 0; step < TEAMS_STEP_COUNT; step++)
        sum += result->totals[step];
    g_string_append_printf(line, "the first connection to %s%u name%s took %.2f s in all:", result->timing_count == 1 ? "" : "each of ",
        result->timing_count, result->timing_count == 1 ? "" : "s", sum);
    for (unsigned step = 0; step < TEAMS_STEP_COUNT; step++)
        g_string_append_printf(line, "%s %s %.2f s", step == 0 ? "" : ",", step_labels[step], result->totals[step]);
    if (result->failed > 0)
        g_string_append_printf(line, ", failed tries %.2f s", result->failed);
    fprintf(out, "\n");
    report_print(out, 2, "%s. The slowest:", line->str);
    for (unsigned i = 0; i < MIN(result->timing_count, SLOW_SHOWN); i++)
        timing_text(&result->timings[i], out);
    g_string_free(line, TRUE);
}

void
report_connections_text(const teams_signin_result *result, FILE *out)
{
    GArray *groups = group(result);

    if (groups->len > 0)
        fprintf(out, "\n  Connections:\n");
    for (unsigned i = 0; i < MIN(groups->len, ALIKE_MAX); i++)
        connection_text(&g_array_index(groups, alike, i), out);
    if (groups->len > ALIKE_MAX)
        report_print(out, 4, "and %u more (see the JSON)", groups->len - ALIKE_MAX);
    times_text(result, out);
    g_array_free(groups, TRUE);
}
