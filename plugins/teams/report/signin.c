/* report_signin.c
 * -z teams,signin: who signed in, in which order, and how it went
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/signin.h"

#include <epan/to_str.h>

#define GAP_WORTH_A_LINE 5.0    /* seconds */

/* ---- text ---- */

static void
step_title(const signin_step *s, const signin_session *in, FILE *out)
{
    char answer[24] = "";

    if (s->answer_time >= 0)
        snprintf(answer, sizeof answer, "%.0f ms", s->answer_time * 1000);
    else if (s->asked > 0 && s->answer_frame == 0)
        snprintf(answer, sizeof answer, "no answer");
    fprintf(out, "%9.3f s  %-16s %-24s %9s  frame %u\n", teams_seconds(&in->signin->start, &s->time),
        ts_stage_name(s->stage), ts_service_label(s->service), answer, s->frame);
}

/* "2 CNAMEs, final name X, via Akamai GTM -> Azure Traffic Manager" */
static void
step_chain(const signin_step *s, FILE *out)
{
    char *addresses = teams_texts_join(s->addresses, ", ");
    char *providers = teams_texts_join(s->providers, " -> ");

    for (unsigned i = 0; i < s->links->len; i++) {
        const signin_link *link = &g_array_index(s->links, signin_link, i);

        teams_print(out, 15, "> %s (%s)", link->name, ts_infra_label(link->infra));
    }
    if (s->addresses->len > 0)
        teams_print(out, 15, "= %s", addresses);
    if (s->links->len > 0) {
        const signin_link *last = &g_array_index(s->links, signin_link, s->links->len - 1);

        teams_print(out, 13, "final name %s %s%s, %u CNAME%s via %s", last->name,
            s->addresses->len > 0 ? "resolved to " : "without an address", addresses, s->links->len, s->links->len == 1 ? "" : "s",
            providers[0] == '\0' ? "its own zone" : providers);
    }
    g_free(addresses);
    g_free(providers);
}

static void
step_place(const signin_step *s, FILE *out)
{
    GString *place = g_string_new(NULL);

    if (s->frame < s->signin->frame)
        g_string_append(place, "before the first name of Teams or Skype; ");
    if (s->region[0] != '\0')
        g_string_append_printf(place, "region %s; ", s->region);
    if (s->datacenter[0] != '\0')
        g_string_append_printf(place, "datacenter %s; ", s->datacenter);
    if (signin_step_has_infra(s, TS_INFRA_MS_EDGE))
        g_string_append(place, "anycast: the nearest edge of Microsoft's network answers; ");
    if (s->required[0] != '\0')
        g_string_append_printf(place, "required by Microsoft (set %s); ", s->required);
    if (s->server_name_frame != 0)
        g_string_append_printf(place, "TLS or QUIC to %s in frame %u; ", s->server, s->server_name_frame);
    if (s->asked > 1)
        g_string_append_printf(place, "asked %u times; ", s->asked);
    if (place->len > 2) {
        g_string_truncate(place, place->len - 2);
        teams_print(out, 13, "%s", place->str);
    }
    if (s->rcode != 0)
        teams_print(out, 13, "answered with %s", s->rcode == 3 ? "NXDOMAIN: the name does not exist" : "a failure");
    g_string_free(place, TRUE);
}

static void
steps_text(const signin_session *s, FILE *out)
{
    const signin_step *previous = NULL;

    for (unsigned i = 0; i < s->steps->len; i++) {
        const signin_step *each = (const signin_step *)g_ptr_array_index(s->steps, i);
        const double gap = previous == NULL ? 0 : teams_seconds(&previous->time, &each->time);

        if (gap > GAP_WORTH_A_LINE)
            fprintf(out, "%13s... %.1f s without a new name ...\n", "", gap);
        step_title(each, s, out);
        teams_print(out, 13, "%s", each->name);
        step_chain(each, out);
        step_place(each, out);
        if (each->description[0] != '\0')
            teams_print(out, 13, "%s", each->description);
        previous = each;
    }
}

static void
stages_text(const signin_session *s, FILE *out)
{
    for (unsigned i = 0; i < signin_stage_order_count; i++)
        if (signin_order_is_broken(s, i))
            teams_print(out, 2, "order: %s (frame %u) came before %s (frame %u)",
                ts_stage_name(signin_stage_orders[i].then), s->first_stage_frame[signin_stage_orders[i].then],
                ts_stage_name(signin_stage_orders[i].first), s->first_stage_frame[signin_stage_orders[i].first]);
    if (signin_is_discovery(s))
        return;
    for (unsigned i = 0; i < signin_expected_stage_count; i++)
        if (s->first_stage_frame[signin_expected_stages[i].stage] == 0)
            teams_print(out, 2, "no stage \"%s\": %s", ts_stage_name(signin_expected_stages[i].stage), signin_expected_stages[i].why);
}

static void
session_text(const signin_session *s, FILE *out)
{
    const teams_generation generation = teams_generation_of(&s->generation);
    char *client = address_to_str(NULL, &s->signin->client->addr);
    char *date = teams_report_date(&s->signin->start);
    GArray *verdicts = signin_judge(s);

    fprintf(out, "\n");
    teams_print(out, 0, "Sign-in %u of %s, %s, from frame %u (%.3f s)", s->signin->number, client, date,
        s->signin->frame, teams_report_time(&s->signin->start));
    teams_print(out, 2, "resembles a %s", teams_generation_label(generation));
    if (s->generation.because[generation] != NULL) {
        char *name = teams_report_name(s->generation.because[generation]);

        teams_print(out, 2, "because of %s", name);
        g_free(name);
    }
    fprintf(out, "\n%11s  %-16s %-24s %9s\n", "time", "stage", "service", "answer");
    steps_text(s, out);
    fprintf(out, "\n");
    stages_text(s, out);
    for (unsigned i = 0; i < s->calls->len; i++)
        fprintf(out, "  call %u followed (-z teams,calls)\n", g_array_index(s->calls, uint32_t, i));
    teams_verdicts_text(verdicts, out, 2);
    teams_print(out, 2, "Verdict: %s", signin_outcome(s, verdicts));
    teams_verdicts_free(verdicts);
    wmem_free(NULL, client);
    g_free(date);
}

static void
signin_text(void *data, FILE *out)
{
    const signin_state *state = (const signin_state *)data;

    if (state->sessions->len == 0)
        fprintf(out, "No sign-in in the frames looked at.\n");
    for (unsigned i = 0; i < state->sessions->len; i++)
        session_text((const signin_session *)g_ptr_array_index(state->sessions, i), out);
}

/* ---- table ---- */

static stat_tap_table_item columns[] = {
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Frame", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Sign-In", "%u" },
    { TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Time", "%.3f" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Client", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Stage", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Service", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Name", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Providers", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Region", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Addresses", "%s" },
    { TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Answer (ms)", "%.1f" },
};

static void
signin_row(void *data, unsigned index, stat_tap_table_item_type *items)
{
    const signin_state *state = (const signin_state *)data;
    const signin_step *s = (const signin_step *)g_ptr_array_index(state->rows, index);
    char *client = address_to_str(NULL, &s->signin->client->addr);

    teams_cell_uint(items++, s->frame);
    teams_cell_uint(items++, s->signin->number);
    teams_cell_real(items++, teams_seconds(&s->signin->start, &s->time));
    teams_cell_string(items++, g_strdup(client));
    teams_cell_string(items++, g_strdup(ts_stage_name(s->stage)));
    teams_cell_string(items++, g_strdup(ts_service_label(s->service)));
    teams_cell_string(items++, g_strdup(s->name));
    teams_cell_string(items++, teams_texts_join(s->providers, ", "));
    teams_cell_string(items++, g_strdup(s->region));
    teams_cell_string(items++, teams_texts_join(s->addresses, ", "));
    teams_cell_real(items++, MAX(s->answer_time, 0) * 1000);
    wmem_free(NULL, client);
}

const teams_report teams_report_signin = {
    .name = "signin",
    .title = "Teams Sign-In",
    .start = signin_start,
    .end = signin_free,
    .packet = signin_packet,
    .text = signin_text,
    .json = signin_json,
    .columns = columns,
    .column_count = G_N_ELEMENTS(columns),
    .row = signin_row,
};
