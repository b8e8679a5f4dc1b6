/* report_signin_gather.c
 * What the report of sign-ins gathers from each frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/signin.h"

#include <string.h>

#include "session/signin.h"

static void
link_clear(void *data)
{
    g_free(((signin_link *)data)->name);
}

static void
question_clear(void *data)
{
    g_free(((signin_question *)data)->name);
}

static void
step_free(void *data)
{
    signin_step *s = (signin_step *)data;

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
    signin_session *s = (signin_session *)data;

    g_hash_table_destroy(s->by_name);
    g_ptr_array_unref(s->steps);
    g_array_free(s->calls, TRUE);
    g_array_free(s->questions, TRUE);
    teams_verdicts_free(s->verdicts);
    g_free(s);
}

void *
signin_start(void)
{
    signin_state *state = g_new0(signin_state, 1);

    state->sessions = g_ptr_array_new_with_free_func(session_free);
    state->rows = g_ptr_array_new();
    return state;
}

void
signin_free(void *data)
{
    signin_state *state = (signin_state *)data;

    g_ptr_array_unref(state->rows);
    g_ptr_array_unref(state->sessions);
    g_free(state);
}

static signin_session *
session_find(const signin_state *state, const teams_signin *signin)
{
    for (unsigned i = state->sessions->len; i-- > 0;) {
        signin_session *s = (signin_session *)g_ptr_array_index(state->sessions, i);

        if (s->signin == signin)
            return s;
    }
    return NULL;
}

static signin_session *
session_new(signin_state *state, const teams_signin *signin)
{
    signin_session *s = g_new0(signin_session, 1);

    s->signin = signin;
    s->steps = g_ptr_array_new_with_free_func(step_free);
    s->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    s->verdicts = teams_verdicts_new();
    s->questions = g_array_new(FALSE, TRUE, sizeof(signin_question));
    g_array_set_clear_func(s->questions, question_clear);
    s->calls = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_ptr_array_add(state->sessions, s);
    return s;
}

static signin_step *
step_new(signin_session *s, const teams_sighting *seen)
{
    const char *name = seen->info->links[0].name;
    signin_step *fresh = g_new0(signin_step, 1);

    fresh->signin = s->signin;
    fresh->question = g_ascii_strdown(name, -1);
    fresh->name = teams_report_name(name);
    fresh->frame = seen->frame;
    fresh->time = seen->time;
    fresh->region = g_strdup("");
    fresh->datacenter = g_strdup("");
    fresh->continent = g_strdup("");
    fresh->required = g_strdup("");
    fresh->description = g_strdup("");
    fresh->server = g_strdup("");
    fresh->links = g_array_new(FALSE, TRUE, sizeof(signin_link));
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
step_classify(signin_step *s, const ts_name_info *record)
{
    const ts_name_class *whole = record->whole;

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
step_answer(signin_step *s, const teams_sighting *seen)
{
    const ts_name_info *record = seen->info;

    for (unsigned i = 0; i < record->address_count; i++) {
        char *address = teams_report_end(&record->addresses[i].end);

        teams_texts_add(s->addresses, address);
        g_free(address);
    }
    if (s->answer_frame == 0) {
        s->answer_frame = seen->frame;
        s->rcode = record->rcode;
        if (record->request_frame != 0)
            s->answer_time = nstime_to_sec(&record->answer_time);
    } else if (record->rcode == 0)
        s->rcode = 0;
    if (s->links->len + 1 >= record->link_count)
        return;
    g_array_set_size(s->links, 0);
    for (unsigned i = 0; i < record->link_count; i++) {
        const ts_name_class *view = &record->links[i];
        const signin_link link = { teams_report_name(view->name), view->infra, view->product };

        if (view->infra != TS_INFRA_SERVICE_NAME)
            teams_texts_add(s->providers, ts_infra_label(view->infra));
        if (i == 0)
            g_free(link.name);
        else
            g_array_append_val(s->links, link);
    }
}

/* A link of a chain is for what the chain is for: the frame's view says so. */
static void
step_classify_link(signin_step *s, const teams_frame_info *view)
{
    if (teams_name_weigh(s->product) <= TEAMS_NAME_INFRA && view->name != NULL &&
        g_ascii_strcasecmp(view->name, s->question) == 0) {
        s->product = view->product;
        s->service = view->service;
        s->stage = view->stage;
    }
}

static signin_step *
step_of(signin_state *state, signin_session *s, const teams_sighting *seen)
{
    char *key = g_ascii_strdown(seen->info->links[0].name, -1);
    signin_step *found = (signin_step *)g_hash_table_lookup(s->by_name, key);

    g_free(key);
    if (found == NULL) {
        found = step_new(s, seen);
        g_ptr_array_add(state->rows, found);
    }
    return found;
}

/* view is that of the frame, NULL where it comes before the sign-in. */
static void
add_name(signin_state *state, signin_session *s, const teams_sighting *seen, const teams_frame_info *view)
{
    const ts_name_info *record = seen->info;
    signin_step *found = step_of(state, s, seen);

    step_classify(found, record);
    if (view != NULL)
        step_classify_link(found, view);
    /* What other programs of Microsoft 365 did before says nothing of how far this sign-in got. */
    if (s->first_stage_frame[found->stage] == 0 &&
        (view != NULL || !teams_signin_is_past_identity(UINT32_C(1) << found->stage)))
        s->first_stage_frame[found->stage] = seen->frame;
    for (unsigned i = 0; i < record->link_count; i++)
        teams_generation_add(&s->generation, &record->links[i]);
    s->name_table = record->table;
    teams_verdicts_add_name(s->verdicts, record, seen->frame);
    signin_note_question(s, seen);

    if (record->role != TS_ROLE_QUESTION) {
        if (found->server_name_frame == 0 && seen->endpoint != NULL) {
            found->server_name_frame = seen->frame;
            keep_text(&found->server, seen->endpoint);
        }
    } else if (record->response)
        step_answer(found, seen);
    else
        found->asked++;
}

static signin_session *
session_of(signin_state *state, const teams_signin *signin)
{
    signin_session *s = session_find(state, signin);

    if (s != NULL)
        return s;
    s = session_new(state, signin);
    if (signin->earlier != NULL)
        for (wmem_list_frame_t *each = wmem_list_head(signin->earlier); each != NULL; each = wmem_list_frame_next(each))
            add_name(state, s, (const teams_sighting *)wmem_list_frame_data(each), NULL);
    return s;
}

int
signin_packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const teams_tap *tap)
{
    signin_state *state = (signin_state *)data;
    const unsigned before = state->rows->len;
    int changed = -1;

    if (tap->info->signin == NULL)
        return -1;
    signin_session *s = session_of(state, tap->info->signin);

    s->frames++;
    for (const teams_problem *finding = tap->problems; finding != NULL; finding = finding->next)
        teams_verdicts_add_finding(s->verdicts, finding, pinfo->num);
    for (const ts_frame_info *record = tap->infos; record != NULL; record = record->next) {
        const ts_name_info *name = (const ts_name_info *)record;

        if (record->kind == TS_INFO_NAME && name->link_count > 0 &&
            (teams_name_weigh(name->whole->product) > TEAMS_NAME_INFRA || name->links[0].name == tap->info->name)) {
            const teams_sighting seen = { name, pinfo->num, pinfo->abs_ts, tap->info->endpoint };

            add_name(state, s, &seen, tap->info);
        }
    }
    if (s->first_stage_frame[tap->info->stage] == 0)
        s->first_stage_frame[tap->info->stage] = pinfo->num;
    if (tap->info->call != NULL) {
        const uint32_t number = tap->info->call->number;

        if (s->calls->len == 0 || g_array_index(s->calls, uint32_t, s->calls->len - 1) < number)
            g_array_append_val(s->calls, number);
    }
    /* The row of an older step may have changed instead: found by its question. */
    if (state->rows->len > before)
        changed = (int)state->rows->len - 1;
    else if (tap->info->name_frame == pinfo->num)
        for (unsigned i = 0; i < state->rows->len; i++) {
            const signin_step *row = (const signin_step *)g_ptr_array_index(state->rows, i);

            if (row->signin == tap->info->signin && g_ascii_strcasecmp(row->question, tap->info->name) == 0)
                changed = (int)i;
        }
    return changed;
}

bool
signin_step_has_infra(const signin_step *s, ts_infra infra)
{
    for (unsigned i = 0; i < s->links->len; i++)
        if (g_array_index(s->links, signin_link, i).infra == infra)
            return true;
    return false;
}
