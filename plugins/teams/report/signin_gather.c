/* signin_gather.c
 * What the report of sign-ins gathers from each frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/signin.h"

#include <math.h>
#include <string.h>

#include "session/signin.h"

static void
link_clear(void *data)
{
    g_free(((signin_link *)data)->name);
}

static void
step_free(void *data)
{
    signin_step *step = (signin_step *)data;

    g_free(step->question);
    g_free(step->name);
    g_free(step->region);
    g_free(step->datacenter);
    g_free(step->continent);
    g_free(step->required);
    g_free(step->description);
    g_free(step->server);
    g_array_free(step->links, TRUE);
    report_texts_free(step->providers);
    report_texts_free(step->addresses);
    report_texts_free(step->types);
    g_free(step);
}

static void
session_free(void *data)
{
    signin_session *session = (signin_session *)data;

    signin_conclusion_clear(session);
    g_hash_table_destroy(session->by_target);
    g_hash_table_destroy(session->by_name);
    g_hash_table_destroy(session->asked);
    g_hash_table_destroy(session->clients);
    g_ptr_array_unref(session->steps);
    g_ptr_array_unref(session->questions);
    g_array_free(session->calls, TRUE);
    report_problems_free(session->seen);
    g_free(session);
}

void *
signin_start(void)
{
    signin_state *state = g_new0(signin_state, 1);

    state->sessions = g_ptr_array_new_with_free_func(session_free);
    state->joined = g_ptr_array_new_with_free_func(session_free);
    state->by_signin = g_hash_table_new(g_direct_hash, g_direct_equal);
    state->rows = g_ptr_array_new();
    return state;
}

void
signin_free(void *data)
{
    signin_state *state = (signin_state *)data;

    g_ptr_array_unref(state->rows);
    g_hash_table_destroy(state->by_signin);
    g_ptr_array_unref(state->sessions);
    g_ptr_array_unref(state->joined);
    g_free(state);
}

static signin_session *
session_new(signin_state *state, const teams_signin *signin)
{
    signin_session *session = g_new0(signin_session, 1);

    session->signin = signin;
    session->steps = g_ptr_array_new_with_free_func(step_free);
    session->by_name = g_hash_table_new(wmem_str_hash, g_str_equal);
    session->by_target = g_hash_table_new_full(wmem_str_hash, g_str_equal, g_free, NULL);
    session->seen = report_problems_new();
    session->questions = g_ptr_array_new();
    session->asked = g_hash_table_new(g_direct_hash, g_direct_equal);
    session->clients = g_hash_table_new(g_direct_hash, g_direct_equal);
    session->calls = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_ptr_array_add(state->sessions, session);
    g_hash_table_insert(state->by_signin, (void *)signin, session);
    return session;
}

/* ---- names ---- */

static signin_step *
step_new(signin_state *state, signin_session *session, const teams_sighting *seen)
{
    const char *name = seen->info->links[0].name;
    signin_step *fresh = g_new0(signin_step, 1);

    fresh->signin = session->signin;
    fresh->question = g_ascii_strdown(name, -1);
    fresh->name = report_name(name);
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
    fresh->providers = report_texts_new();
    fresh->addresses = report_texts_new();
    fresh->types = report_texts_new();
    fresh->answer_time = NAN;
    fresh->row = state->rows->len;
    g_ptr_array_add(state->rows, fresh);
    g_ptr_array_add(session->steps, fresh);
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
step_classify(signin_step *step, const ts_name_info *info)
{
    const ts_name_class *whole = info->whole;

    if (step->product == TS_PRODUCT_UNKNOWN || whole->product != TS_PRODUCT_MS_INFRA) {
        step->product = whole->product;
        step->service = whole->service;
        step->stage = whole->stage;
    }
    if (whole->cloud != TS_CLOUD_UNKNOWN)
        step->cloud = whole->cloud;
    /* A question or server name alone knows less of the place than the chain that was answered. */
    if (info->link_count > 1 || step->links->len == 0) {
        keep_text(&step->region, whole->region);
        keep_text(&step->datacenter, whole->datacenter);
        keep_text(&step->continent, whole->continent);
    }
    keep_text(&step->required, info->links[0].required);
    if (step->description[0] == '\0')
        keep_text(&step->description, info->links[0].description);
}

/* ---- where a name leads ---- */

/* Keeps a host that is called as an address is from that address. */
enum { LEADS_TO_ADDRESS = '@', LEADS_TO_HOST = '>' };

static char *
lead_key(const char *question, char kind, const char *where)
{
    char *key = g_strdup_printf("%s\n%c%s", question, kind, where), *lower = g_ascii_strdown(key, -1);

    g_free(key);
    return lower;
}

static signin_step *
step_that_leads(const signin_session *session, const char *question, char kind, const char *where)
{
    char *key = lead_key(question, kind, where);
    signin_step *found = (signin_step *)g_hash_table_lookup(session->by_target, key);

    g_free(key);
    return found;
}

/* The first of the steps of the name stays. */
static void
note_lead(signin_session *session, signin_step *step, char kind, const char *where)
{
    char *key = lead_key(step->question, kind, where);
    const signin_step *known = (const signin_step *)g_hash_table_lookup(session->by_target, key);

    if (known != NULL && known->row <= step->row)
        g_free(key);
    else
        g_hash_table_insert(session->by_target, key, step);
}

static void
note_leads(signin_session *session, signin_step *step, const ts_name_info *info)
{
    for (unsigned i = 0; i < info->address_count; i++) {
        char *address = report_endpoint(&info->addresses[i].end);

        note_lead(session, step, LEADS_TO_ADDRESS, address);
        g_free(address);
    }
    if (step->links->len > 0)
        note_lead(session, step, LEADS_TO_HOST, g_array_index(step->links, signin_link, step->links->len - 1).name);
}

static void
answer_links(signin_step *step, const ts_name_info *info)
{
    if (step->links->len + 1 >= info->link_count)
        return;
    g_array_set_size(step->links, 0);
    for (unsigned i = 0; i < info->link_count; i++) {
        const ts_name_class *name = &info->links[i];
        const signin_link link = { report_name(name->name), name->infra, name->product };

        if (name->infra != TS_INFRA_SERVICE_NAME)
            report_texts_add(step->providers, ts_infra_label(name->infra));
        if (i == 0)
            g_free(link.name);
        else
            g_array_append_val(step->links, link);
    }
}

static void
step_answer(signin_session *session, signin_step *step, const teams_sighting *seen)
{
    const ts_name_info *info = seen->info;

    report_texts_add_type(step->types, info->qtype);
    report_texts_add_addresses(step->addresses, info);
    if (step->answer_frame == 0 || step->truncated) {
        step->truncated = info->truncated;
        step->answer_frame = seen->frame;
        step->rcode = info->rcode;
        if (info->request_frame != 0)
            step->answer_time = nstime_to_sec(&info->answer_time);
    } else if (info->rcode == 0)
        step->rcode = 0;
    answer_links(step, info);
    note_leads(session, step, info);
}

/* A link of a chain is for what the chain is for: the frame says so. */
static void
step_classify_link(signin_step *step, const teams_frame_info *frame)
{
    if (teams_name_weigh(step->product) <= TEAMS_NAME_INFRA && frame->name != NULL &&
        g_ascii_strcasecmp(frame->name, step->question) == 0) {
        step->product = frame->product;
        step->service = frame->service;
        step->stage = frame->stage;
    }
}

/* The step whose answers gave the address of "address:port"; NULL: none. */
static signin_step *
step_with_server(const signin_session *session, const char *question, const char *server)
{
    const char *port = strrchr(server, ':');
    const bool bracketed = server[0] == '[';
    char *address = port == NULL ? g_strdup(server) : g_strndup(server + bracketed, (size_t)(port - server) - 2 * bracketed);
    signin_step *found = step_that_leads(session, question, LEADS_TO_ADDRESS, address);

    g_free(address);
    return found;
}

/* In which step of its name is the message told? NULL: in none of them. */
static signin_step *
step_that_takes(const signin_session *session, signin_step *first, const teams_sighting *seen)
{
    const ts_name_info *info = seen->info;

    if (info->role != TS_ROLE_QUESTION)
        return seen->endpoint == NULL ? NULL : step_with_server(session, first->question, seen->endpoint);
    if (!info->response || info->link_count < 2)
        return first;       /* a question, or an answer that leads nowhere */
    if (first->links->len == 0 && report_texts_count(first->addresses) == 0)
        return first;
    char *last = report_name(info->links[info->link_count - 1].name);
    signin_step *found = step_that_leads(session, first->question, LEADS_TO_HOST, last);

    g_free(last);
    return found;
}

/* A step of a name that has one: what it was answered with is another host's. */
static signin_step *
step_split(signin_state *state, signin_session *session, signin_step *first, const teams_sighting *seen)
{
    const ts_name_info *info = seen->info;
    signin_step *fresh = step_new(state, session, seen);

    first->has_others = true;
    fresh->is_other = true;
    fresh->asked = GPOINTER_TO_UINT(g_hash_table_lookup(session->asked, info->question));
    if (info->request_frame != 0) {
        fresh->frame = info->request_frame;
        nstime_subtract(&fresh->time, &info->answer_time);
    }
    return fresh;
}

static signin_step *
step_of(signin_state *state, signin_session *session, const teams_sighting *seen)
{
    char *key = g_ascii_strdown(seen->info->links[0].name, -1);
    signin_step *first = (signin_step *)g_hash_table_lookup(session->by_name, key);

    g_free(key);
    if (first == NULL) {
        first = step_new(state, session, seen);
        g_hash_table_insert(session->by_name, first->question, first);
        return first;
    }
    signin_step *found = step_that_takes(session, first, seen);

    if (found != NULL)
        return found;
    return seen->info->role == TS_ROLE_QUESTION ? step_split(state, session, first, seen) : first;
}

static void
add_question(signin_session *session, signin_step *step, const ts_name_info *info)
{
    const void *key = info->question;

    if (info->after_truncated)
        return;
    const unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(session->asked, key)) + 1;

    if (key != NULL && count == 1)
        g_ptr_array_add(session->questions, (void *)key);
    g_hash_table_insert(session->asked, (void *)key, GUINT_TO_POINTER(count));
    step->asked = MAX(step->asked, key == NULL ? 1 : count);
}

static void
note_stage(signin_session *session, ts_stage stage, uint32_t frame)
{
    if (session->first_stage_frame[stage] == 0)
        session->first_stage_frame[stage] = frame;
    if (session->first_name_frame[stage] == 0)
        session->first_name_frame[stage] = frame;
}

/* frame is what the frame was given, NULL where it comes before the sign-in. */
static void
add_name(signin_state *state, signin_session *session, const teams_sighting *seen, const teams_frame_info *frame)
{
    const ts_name_info *info = seen->info;
    signin_step *found = step_of(state, session, seen);

    session->changed = found;
    step_classify(found, info);
    if (frame != NULL)
        step_classify_link(found, frame);
    /* What other programs of Microsoft 365 did before says nothing of how far this sign-in got. */
    if (frame != NULL || !teams_signin_is_past_identity(UINT32_C(1) << found->stage))
        note_stage(session, found->stage, seen->frame);
    for (unsigned i = 0; i < info->link_count; i++)
        teams_generation_add(&session->generation, &info->links[i]);
    session->name_table = info->table;
    report_problems_add_names(session->seen, info, seen->frame);
    if (info->client != NULL)
        g_hash_table_add(session->clients, (void *)info->client);

    if (info->role != TS_ROLE_QUESTION) {
        if (found->server_name_frame == 0 && seen->endpoint != NULL) {
            found->server_name_frame = seen->frame;
            found->by_proxy = info->role == TS_ROLE_PROXY;
            keep_text(&found->server, seen->endpoint);
        }
    } else if (info->response)
        step_answer(session, found, seen);
    else
        add_question(session, found, info);
}

static signin_session *
session_of(signin_state *state, const teams_signin *signin)
{
    if (signin->joined != NULL)
        signin = signin->joined;
    signin_session *session = (signin_session *)g_hash_table_lookup(state->by_signin, signin);

    if (session != NULL)
        return session;
    session = session_new(state, signin);
    if (signin->earlier != NULL)
        for (wmem_list_frame_t *each = wmem_list_head(signin->earlier); each != NULL; each = wmem_list_frame_next(each))
            add_name(state, session, (const teams_sighting *)wmem_list_frame_data(each), NULL);
    return session;
}

/* Problems that are a call's where they are on a frame of one: the calls report tells them. */
static const teams_expert of_calls[] = {
    TEAMS_EXPERT_UDP_BLOCKED, TEAMS_EXPERT_RELAY_UNNAMED, TEAMS_EXPERT_RELAY_WITHOUT_SIGNIN, TEAMS_EXPERT_REFUSED,
};

static bool
is_of_call(const teams_tap *tap, const teams_problem *problem)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(of_calls); i++)
        if (problem->row == &teams_expert_table.rows[of_calls[i]])
            return tap->info->call != NULL;
    return false;
}

static void
add_problems(signin_session *session, const packet_info *pinfo, const teams_tap *tap)
{
    for (const teams_problem *problem = tap->problems; problem != NULL; problem = problem->next)
        if (!is_of_call(tap, problem))
            report_problems_add_expert(session->seen, problem, pinfo->num);
}

static void
add_names(signin_state *state, signin_session *session, const packet_info *pinfo, const teams_tap *tap)
{
    for (const ts_frame_info *info = tap->infos; info != NULL; info = info->next) {
        const ts_name_info *name = (const ts_name_info *)info;

        if (info->kind == TS_INFO_NAME && name->link_count > 0 &&
            (teams_name_weigh(name->whole->product) > TEAMS_NAME_INFRA || name->links[0].name == tap->info->name)) {
            const teams_sighting seen = { name, pinfo->num, *teams_time(pinfo), tap->info->endpoint };

            add_name(state, session, &seen, tap->info);
        }
    }
}

static void
add_call(signin_session *session, const teams_call *call)
{
    if (call == NULL)
        return;
    if (session->calls->len == 0 || g_array_index(session->calls, uint32_t, session->calls->len - 1) < call->number)
        g_array_append_val(session->calls, call->number);
}

/* The last row that the frame added, else the one that it was told in; -1 for none. */
static int
changed_row(const signin_state *state, const signin_session *session, const packet_info *pinfo, const teams_tap *tap, unsigned before)
{
    if (state->rows->len > before)
        return (int)state->rows->len - 1;
    if (tap->info->name_frame != pinfo->num || tap->info->name == NULL)
        return -1;
    return session->changed == NULL ? -1 : (int)session->changed->row;
}

int
signin_packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const teams_tap *tap)
{
    signin_state *state = (signin_state *)data;
    const unsigned before = state->rows->len;

    if (tap->info->signin == NULL)
        return -1;
    signin_session *session = session_of(state, tap->info->signin);

    session->frames++;
    add_problems(session, pinfo, tap);
    add_names(state, session, pinfo, tap);
    if (session->first_stage_frame[tap->info->stage] == 0)
        session->first_stage_frame[tap->info->stage] = pinfo->num;
    add_call(session, tap->info->call);
    return changed_row(state, session, pinfo, tap, before);
}

bool
signin_step_has_infra(const signin_step *step, ts_infra infra)
{
    for (unsigned i = 0; i < step->links->len; i++)
        if (g_array_index(step->links, signin_link, i).infra == infra)
            return true;
    return false;
}
