/* report_signin.c
 * -z teams,signin: who signed in, in which order, and how it went
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report_util.h"

#include <string.h>

#include <epan/to_str.h>

#include "generation.h"
#include "name_rows.h"
#include "signin.h"

#define GAP_WORTH_A_LINE 5.0    /* seconds */

/* ---- what is gathered ---- */

typedef struct {
    char *name;
    ts_infra infra;
    ts_product product;
} chain_link;

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
    GArray *links;              /* chain_link: what follows the question */
    GPtrArray *providers;       /* labels of the different infrastructures, in order */
    GPtrArray *addresses;
    uint32_t answer_frame;      /* 0: no answer seen */
    double answer_time;         /* seconds; negative: not known */
    uint8_t rcode;
    unsigned asked;
    uint32_t server_name_frame; /* TLS or QUIC to it; 0: none */
    char *server;               /* where that went, "" */
} step;

typedef struct {
    const teams_signin *signin;
    GPtrArray *steps;           /* step, in order */
    GHashTable *by_name;        /* question -> step */
    GArray *verdicts;
    teams_generation_score generation;
    GArray *calls;              /* numbers */
    uint32_t first_stage_frame[TS_STAGE_COUNT];
    unsigned frames;
} session;

typedef struct {
    GPtrArray *sessions;        /* session */
    GPtrArray *rows;            /* step: of all sessions, for the table */
} signin_state;

static void
link_clear(void *data)
{
    g_free(((chain_link *)data)->name);
}

static void
step_free(void *data)
{
    step *s = (step *)data;

    g_free(s->question);
    g_free(s->name);
    g_free(s->region);
    g_free(s->datacenter);
    g_free(s->continent);
    g_free(s->required);
    g_free(s->description);
    g_free(s->server);
    g_array_free(s->links, TRUE);
    g_ptr_array_unref(s->providers);
    g_ptr_array_unref(s->addresses);
    g_free(s);
}

static void
session_free(void *data)
{
    session *s = (session *)data;

    g_hash_table_destroy(s->by_name);
    g_ptr_array_unref(s->steps);
    g_array_free(s->calls, TRUE);
    teams_verdicts_free(s->verdicts);
    g_free(s);
}

static void *
signin_start(void)
{
    signin_state *state = g_new0(signin_state, 1);

    state->sessions = g_ptr_array_new_with_free_func(session_free);
    state->rows = g_ptr_array_new();
    return state;
}

static void
signin_free(void *data)
{
    signin_state *state = (signin_state *)data;

    g_ptr_array_unref(state->rows);
    g_ptr_array_unref(state->sessions);
    g_free(state);
}

static session *
session_of(signin_state *state, const teams_signin *signin)
{
    for (unsigned i = state->sessions->len; i-- > 0;) {
        session *s = (session *)g_ptr_array_index(state->sessions, i);

        if (s->signin == signin)
            return s;
    }
    session *s = g_new0(session, 1);

    s->signin = signin;
    s->steps = g_ptr_array_new_with_free_func(step_free);
    s->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    s->verdicts = teams_verdicts_new();
    s->calls = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_ptr_array_add(state->sessions, s);
    return s;
}

static step *
step_new(session *s, const packet_info *pinfo, const ts_name_record *record)
{
    step *fresh = g_new0(step, 1);

    fresh->signin = s->signin;
    fresh->question = g_ascii_strdown(record->links[0].name, -1);
    fresh->name = teams_report_name(record->links[0].name);
    fresh->frame = pinfo->num;
    fresh->time = pinfo->abs_ts;
    fresh->region = g_strdup("");
    fresh->datacenter = g_strdup("");
    fresh->continent = g_strdup("");
    fresh->required = g_strdup("");
    fresh->description = g_strdup("");
    fresh->server = g_strdup("");
    fresh->links = g_array_new(FALSE, TRUE, sizeof(chain_link));
    g_array_set_clear_func(fresh->links, link_clear);
    fresh->providers = teams_texts_new();
    fresh->addresses = teams_texts_new();
    fresh->answer_time = -1;
    g_ptr_array_add(s->steps, fresh);
    g_hash_table_insert(s->by_name, fresh->question, fresh);
    return fresh;
}

static void
keep_text(char **kept, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    g_free(*kept);
    *kept = g_strdup(text);
}

static void
step_classify(step *s, const ts_name_record *record)
{
    const ts_name_view *whole = record->whole;

    if (s->product == TS_PRODUCT_UNKNOWN || whole->product != TS_PRODUCT_MS_INFRA) {
        s->product = whole->product;
        s->service = whole->service;
        s->stage = whole->stage;
    }
    if (whole->cloud != TS_CLOUD_UNKNOWN)
        s->cloud = whole->cloud;
    keep_text(&s->region, whole->region);
    keep_text(&s->datacenter, whole->datacenter);
    keep_text(&s->continent, whole->continent);
    keep_text(&s->required, record->links[0].required);
    if (s->description[0] == '\0')
        keep_text(&s->description, record->links[0].description);
}

static void
step_answer(step *s, const packet_info *pinfo, const ts_name_record *record)
{
    for (unsigned i = 0; i < record->address_count; i++) {
        char *address = teams_report_end(&record->addresses[i].end);

        teams_texts_add(s->addresses, address);
        g_free(address);
    }
    if (s->answer_frame == 0) {
        s->answer_frame = pinfo->num;
        s->rcode = record->rcode;
        if (record->request_frame != 0)
            s->answer_time = nstime_to_sec(&record->answer_time);
    } else if (record->rcode == 0)
        s->rcode = 0;
    if (s->links->len + 1 >= record->link_count)
        return;
    g_array_set_size(s->links, 0);
    for (unsigned i = 0; i < record->link_count; i++) {
        const ts_name_view *view = &record->links[i];
        const chain_link link = { teams_report_name(view->name), view->infra, view->product };

        if (view->infra != TS_INFRA_SERVICE_NAME)
            teams_texts_add(s->providers, ts_infra_label(view->infra));
        if (i == 0)
            g_free(link.name);
        else
            g_array_append_val(s->links, link);
    }
}

static void
add_name(signin_state *state, session *s, packet_info *pinfo, const ts_name_record *record, const teams_view *view)
{
    char *key = g_ascii_strdown(record->links[0].name, -1);
    step *found = (step *)g_hash_table_lookup(s->by_name, key);

    g_free(key);
    if (found == NULL) {
        found = step_new(s, pinfo, record);
        g_ptr_array_add(state->rows, found);
    }
    step_classify(found, record);
    if (teams_name_weigh(found->product) <= TEAMS_NAME_INFRA && view->name != NULL &&
        g_ascii_strcasecmp(view->name, record->links[0].name) == 0) {
        found->product = view->product;
        found->service = view->service;
        found->stage = view->stage;
    }
    if (s->first_stage_frame[found->stage] == 0)
        s->first_stage_frame[found->stage] = pinfo->num;
    for (unsigned i = 0; i < record->link_count; i++)
        teams_generation_add(&s->generation, &record->links[i]);
    teams_name_rows_add(s->verdicts, record, pinfo->num);

    if (record->role == TS_ROLE_SERVER_NAME) {
        if (found->server_name_frame == 0 && view->endpoint != NULL) {
            found->server_name_frame = pinfo->num;
            keep_text(&found->server, view->endpoint);
        }
    } else if (record->response)
        step_answer(found, pinfo, record);
    else
        found->asked++;
}

static int
signin_packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const teams_tap *tap)
{
    signin_state *state = (signin_state *)data;
    const unsigned before = state->rows->len;
    int changed = -1;

    if (tap->view->signin == NULL)
        return -1;
    session *s = session_of(state, tap->view->signin);

    s->frames++;
    for (const teams_finding *finding = tap->findings; finding != NULL; finding = finding->next)
        teams_verdicts_add_finding(s->verdicts, finding, pinfo->num);
    for (const ts_record *record = tap->records; record != NULL; record = record->next) {
        const ts_name_record *name = (const ts_name_record *)record;

        if (record->kind == TS_RECORD_NAME && name->link_count > 0 &&
            (teams_name_weigh(name->whole->product) > TEAMS_NAME_INFRA || name->links[0].name == tap->view->name))
            add_name(state, s, pinfo, name, tap->view);
    }
    if (s->first_stage_frame[tap->view->stage] == 0)
        s->first_stage_frame[tap->view->stage] = pinfo->num;
    if (tap->view->call != NULL) {
        const uint32_t number = tap->view->call->number;

        if (s->calls->len == 0 || g_array_index(s->calls, uint32_t, s->calls->len - 1) < number)
            g_array_append_val(s->calls, number);
    }
    /* The row of an older step may have changed instead: found by its question. */
    if (state->rows->len > before)
        changed = (int)state->rows->len - 1;
    else if (tap->view->name_frame == pinfo->num)
        for (unsigned i = 0; i < state->rows->len; i++) {
            const step *row = (const step *)g_ptr_array_index(state->rows, i);

            if (row->signin == tap->view->signin && g_ascii_strcasecmp(row->question, tap->view->name) == 0)
                changed = (int)i;
        }
    return changed;
}

/* ---- stages that are missing, and order ---- */

static const struct {
    ts_stage stage;
    const char *why;        /* what its absence can mean */
} expected_stages[] = {
    { TS_STAGE_BOOTSTRAP, "the page is cached, or the capture began later" },
    { TS_STAGE_IDENTITY, "a token was still valid, or the capture began later" },
    { TS_STAGE_CONFIG, "cached, or asked for through the front door" },
    { TS_STAGE_TOKEN, "part of the front door's own name in most clients" },
    { TS_STAGE_REGISTER, "the push channel was up already, or goes through the front door" },
    { TS_STAGE_SYNC, "chat and presence are paths on the front door in current clients" },
    { TS_STAGE_CONTENT, "no file or picture was needed" },
    { TS_STAGE_CALL_SETUP, "no call was prepared" },
    { TS_STAGE_MEDIA, "relays come as addresses inside encrypted signalling; normal" },
};

/* What has to come before what (hard constraints only). */
static const struct {
    ts_stage first;
    ts_stage then;
} stage_order[] = {
    { TS_STAGE_IDENTITY, TS_STAGE_TOKEN },
    { TS_STAGE_TOKEN, TS_STAGE_REGISTER },
    { TS_STAGE_TOKEN, TS_STAGE_SYNC },
    { TS_STAGE_TOKEN, TS_STAGE_CALL_SETUP },
};

static bool
is_discovery(const session *s)
{
    return teams_generation_of(&s->generation) == TEAMS_GENERATION_LYNC;
}

static bool
order_is_broken(const session *s, unsigned i)
{
    const uint32_t first = s->first_stage_frame[stage_order[i].first];
    const uint32_t then = s->first_stage_frame[stage_order[i].then];

    return first != 0 && then != 0 && then < first;
}

/* ---- the verdict ---- */

static const char *
outcome(const session *s)
{
    const int worst = teams_verdicts_worst(s->verdicts);
    const bool identity = s->first_stage_frame[TS_STAGE_IDENTITY] != 0;
    bool past = false;

    for (unsigned stage = 1; stage < TS_STAGE_COUNT; stage++)
        past = past || (s->first_stage_frame[stage] != 0 && teams_signin_is_past_identity(UINT32_C(1) << stage));
    if (worst == PI_ERROR)
        return "The sign-in has errors that the user is likely to have noticed; see the findings.";
    if (is_discovery(s))
        return past || s->first_stage_frame[TS_STAGE_INTEROP_LEGACY] != 0 ?
            "Lync discovery found a service and went on." :
            "Lync discovery only: no further stage was seen in this capture.";
    if (past && worst == PI_WARN)
        return "The sign-in got past identity, with warnings; see the findings.";
    if (past)
        return "The sign-in went through: stages after identity were reached.";
    if (identity)
        return "Identity was reached; nothing after it was seen in this capture.";
    return "Names of the service were seen, but no identity stage and nothing after it.";
}

/* ---- text ---- */

static void
step_title(const step *s, const session *in, FILE *out)
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
step_chain(const step *s, FILE *out)
{
    char *addresses = teams_texts_join(s->addresses, ", ");
    char *providers = teams_texts_join(s->providers, " -> ");

    for (unsigned i = 0; i < s->links->len; i++) {
        const chain_link *link = &g_array_index(s->links, chain_link, i);

        teams_print(out, 15, "> %s (%s)", link->name, ts_infra_label(link->infra));
    }
    if (s->addresses->len > 0)
        teams_print(out, 15, "= %s", addresses);
    if (s->links->len > 0) {
        const chain_link *last = &g_array_index(s->links, chain_link, s->links->len - 1);

        teams_print(out, 13, "final name %s %s%s, %u CNAME%s via %s", last->name,
            s->addresses->len > 0 ? "resolved to " : "without an address", addresses, s->links->len, s->links->len == 1 ? "" : "s",
            providers[0] == '\0' ? "its own zone" : providers);
    }
    g_free(addresses);
    g_free(providers);
}

static bool
step_has_infra(const step *s, ts_infra infra)
{
    for (unsigned i = 0; i < s->links->len; i++)
        if (g_array_index(s->links, chain_link, i).infra == infra)
            return true;
    return false;
}

static void
step_place(const step *s, FILE *out)
{
    GString *place = g_string_new(NULL);

    if (s->region[0] != '\0')
        g_string_append_printf(place, "region %s; ", s->region);
    if (s->datacenter[0] != '\0')
        g_string_append_printf(place, "datacenter %s; ", s->datacenter);
    if (step_has_infra(s, TS_INFRA_MS_EDGE))
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
steps_text(const session *s, FILE *out)
{
    const step *previous = NULL;

    for (unsigned i = 0; i < s->steps->len; i++) {
        const step *each = (const step *)g_ptr_array_index(s->steps, i);
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
stages_text(const session *s, FILE *out)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(stage_order); i++)
        if (order_is_broken(s, i))
            teams_print(out, 2, "order: %s (frame %u) came before %s (frame %u)",
                ts_stage_name(stage_order[i].then), s->first_stage_frame[stage_order[i].then],
                ts_stage_name(stage_order[i].first), s->first_stage_frame[stage_order[i].first]);
    if (is_discovery(s))
        return;
    for (unsigned i = 0; i < G_N_ELEMENTS(expected_stages); i++)
        if (s->first_stage_frame[expected_stages[i].stage] == 0)
            teams_print(out, 2, "no stage \"%s\": %s", ts_stage_name(expected_stages[i].stage), expected_stages[i].why);
}

static void
session_text(const session *s, FILE *out)
{
    const teams_generation generation = teams_generation_of(&s->generation);
    char *client = address_to_str(NULL, &s->signin->client->addr);
    char *date = teams_report_date(&s->signin->start);

    fprintf(out, "\nSign-in %u of %s, %s, from frame %u (%.3f s)\n", s->signin->number, client, date,
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
    teams_verdicts_text(s->verdicts, out, 2);
    teams_print(out, 2, "Verdict: %s", outcome(s));
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
        session_text((const session *)g_ptr_array_index(state->sessions, i), out);
}

/* ---- JSON ---- */

static void
step_json(const step *s, const session *in, json_dumper *out)
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
        const chain_link *link = &g_array_index(s->links, chain_link, i);

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
    teams_json_bool(out, "anycast", step_has_infra(s, TS_INFRA_MS_EDGE));
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
stages_json(const session *s, json_dumper *out)
{
    teams_json_array(out, "missing_stages");
    for (unsigned i = 0; i < G_N_ELEMENTS(expected_stages) && !is_discovery(s); i++)
        if (s->first_stage_frame[expected_stages[i].stage] == 0) {
            json_dumper_begin_object(out);
            teams_json_string(out, "stage", ts_stage_name(expected_stages[i].stage));
            teams_json_string(out, "explanation", expected_stages[i].why);
            json_dumper_end_object(out);
        }
    json_dumper_end_array(out);
    teams_json_array(out, "out_of_order");
    for (unsigned i = 0; i < G_N_ELEMENTS(stage_order); i++)
        if (order_is_broken(s, i)) {
            json_dumper_begin_object(out);
            teams_json_string(out, "stage", ts_stage_name(stage_order[i].then));
            teams_json_string(out, "expected_after", ts_stage_name(stage_order[i].first));
            teams_json_uint(out, "frame", s->first_stage_frame[stage_order[i].then]);
            json_dumper_end_object(out);
        }
    json_dumper_end_array(out);
}

static void
session_json(const session *s, json_dumper *out)
{
    const teams_generation generation = teams_generation_of(&s->generation);
    char *client = address_to_str(NULL, &s->signin->client->addr);
    char *date = teams_report_date(&s->signin->start);

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
        step_json((const step *)g_ptr_array_index(s->steps, i), s, out);
    json_dumper_end_array(out);
    stages_json(s, out);
    teams_json_array(out, "calls");
    for (unsigned i = 0; i < s->calls->len; i++)
        json_dumper_value_anyf(out, "%u", g_array_index(s->calls, uint32_t, i));
    json_dumper_end_array(out);
    teams_verdicts_json(s->verdicts, out);
    teams_json_string(out, "severity", teams_severity_name(teams_verdicts_worst(s->verdicts)));
    teams_json_string(out, "verdict", outcome(s));
    json_dumper_end_object(out);
    wmem_free(NULL, client);
    g_free(date);
}

static void
signin_json(void *data, json_dumper *out)
{
    const signin_state *state = (const signin_state *)data;

    teams_json_array(out, "signins");
    for (unsigned i = 0; i < state->sessions->len; i++)
        session_json((const session *)g_ptr_array_index(state->sessions, i), out);
    json_dumper_end_array(out);
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
    const step *s = (const step *)g_ptr_array_index(state->rows, index);
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
    .free = signin_free,
    .packet = signin_packet,
    .text = signin_text,
    .json = signin_json,
    .columns = columns,
    .column_count = G_N_ELEMENTS(columns),
    .row = signin_row,
};
