/* report_signin_json.c
 * -z teams,signin,json: the report of sign-ins for programs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/signin.h"

#include <epan/to_str.h>

static void
step_json(const signin_step *s, const signin_session *in, json_dumper *out)
{
    json_dumper_begin_object(out);
    teams_json_uint(out, "frame", s->frame);
    teams_json_real(out, "time", teams_seconds(&in->signin->start, &s->time), 6);
    teams_json_string(out, "stage", ts_stage_name(s->stage));
    teams_json_string(out, "product", ts_product_name(s->product));
    teams_json_string(out, "service", ts_service_name(s->service));
    teams_json_string(out, "cloud", ts_cloud_name(s->cloud));
    teams_json_string(out, "name", s->name);
    teams_json_array(out, "chain");
    for (unsigned i = 0; i < s->links->len; i++) {
        const signin_link *link = &g_array_index(s->links, signin_link, i);

        json_dumper_begin_object(out);
        teams_json_string(out, "name", link->name);
        teams_json_string(out, "provider", ts_infra_name(link->infra));
        json_dumper_end_object(out);
    }
    json_dumper_end_array(out);
    teams_json_texts(out, "providers", s->providers);
    teams_json_texts(out, "addresses", s->addresses);
    teams_json_string(out, "region", s->region);
    teams_json_string(out, "datacenter", s->datacenter);
    teams_json_string(out, "continent", s->continent);
    teams_json_string(out, "required_set", s->required);
    teams_json_string(out, "description", s->description);
    teams_json_bool(out, "anycast", signin_step_has_infra(s, TS_INFRA_MS_EDGE));
    teams_json_uint(out, "asked", s->asked);
    teams_json_uint(out, "answer_frame", s->answer_frame);
    if (s->answer_time >= 0)
        teams_json_real(out, "answer_time", s->answer_time, 6);
    else
        teams_json_null(out, "answer_time");
    teams_json_uint(out, "rcode", s->rcode);
    teams_json_uint(out, "server_name_frame", s->server_name_frame);
    teams_json_string(out, "server", s->server);
    json_dumper_end_object(out);
}

static void
stages_json(const signin_session *s, json_dumper *out)
{
    teams_json_array(out, "missing_stages");
    for (unsigned i = 0; i < signin_expected_stage_count && !signin_is_discovery(s); i++)
        if (s->first_stage_frame[signin_expected_stages[i].stage] == 0) {
            json_dumper_begin_object(out);
            teams_json_string(out, "stage", ts_stage_name(signin_expected_stages[i].stage));
            teams_json_string(out, "explanation", signin_expected_stages[i].why);
            json_dumper_end_object(out);
        }
    json_dumper_end_array(out);
    teams_json_array(out, "out_of_order");
    for (unsigned i = 0; i < signin_stage_order_count; i++)
        if (signin_order_is_broken(s, i)) {
            json_dumper_begin_object(out);
            teams_json_string(out, "stage", ts_stage_name(signin_stage_orders[i].then));
            teams_json_string(out, "expected_after", ts_stage_name(signin_stage_orders[i].first));
            teams_json_uint(out, "frame", s->first_stage_frame[signin_stage_orders[i].then]);
            json_dumper_end_object(out);
        }
    json_dumper_end_array(out);
}

static void
session_json(const signin_session *s, json_dumper *out)
{
    const teams_generation generation = teams_generation_of(&s->generation);
    char *client = address_to_str(NULL, &s->signin->client->addr);
    char *date = teams_report_date(&s->signin->start);
    GArray *verdicts = signin_judge(s);

    json_dumper_begin_object(out);
    teams_json_uint(out, "signin", s->signin->number);
    teams_json_string(out, "client", client);
    teams_json_uint(out, "frame", s->signin->frame);
    teams_json_string(out, "start", date);
    teams_json_real(out, "time", teams_report_time(&s->signin->start), 6);
    teams_json_string(out, "generation", teams_generation_name(generation));
    teams_json_string(out, "generation_label", teams_generation_label(generation));
    teams_json_array(out, "steps");
    for (unsigned i = 0; i < s->steps->len; i++)
        step_json((const signin_step *)g_ptr_array_index(s->steps, i), s, out);
    json_dumper_end_array(out);
    stages_json(s, out);
    teams_json_array(out, "calls");
    for (unsigned i = 0; i < s->calls->len; i++)
        json_dumper_value_anyf(out, "%u", g_array_index(s->calls, uint32_t, i));
    json_dumper_end_array(out);
    teams_verdicts_json(verdicts, out);
    teams_json_string(out, "severity", ts_severity_name(teams_verdicts_worst(verdicts)));
    teams_json_string(out, "verdict", signin_outcome(s, verdicts));
    teams_verdicts_free(verdicts);
    json_dumper_end_object(out);
    wmem_free(NULL, client);
    g_free(date);
}

void
signin_json(void *data, json_dumper *out)
{
    const signin_state *state = (const signin_state *)data;

    teams_json_array(out, "signins");
    for (unsigned i = 0; i < state->sessions->len; i++)
        session_json((const signin_session *)g_ptr_array_index(state->sessions, i), out);
    json_dumper_end_array(out);
}
