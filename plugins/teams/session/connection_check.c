/* connection_check.c
 * What the connections of a sign-in say together, at the end of the capture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_check.h"

#include <string.h>

#include "session/signin.h"

#define NAMES_SHOWN 3

const ts_expert_row teams_conclusions[TEAMS_CONCLUSION_COUNT] = {
#define DIAGNOSTIC TS_EXPERT_ROW
#include "session/connection_conclusions.def"
#undef DIAGNOSTIC
};

/* ---- what is checked ---- */

const teams_connection *
teams_check_connection(const teams_check *j, unsigned n)
{
    return *(const teams_connection **)wmem_array_index(j->connections, n);
}

unsigned
teams_check_connection_count(const teams_check *j)
{
    return wmem_array_get_count(j->connections);
}

teams_name_result *
teams_check_name(const teams_check *j, unsigned n)
{
    return *(teams_name_result **)wmem_array_index(j->names, n);
}

unsigned
teams_check_name_count(const teams_check *j)
{
    return wmem_array_get_count(j->names);
}

teams_name_result *
teams_check_name_of(const teams_check *j, const char *name)
{
    char *lower = g_ascii_strdown(name, -1);
    teams_name_result *found = (teams_name_result *)wmem_map_lookup(j->by_name, lower);

    g_free(lower);
    return found;
}

bool
teams_name_matters(const teams_name_result *name)
{
    return name->stage != TS_STAGE_TELEMETRY && name->stage != TS_STAGE_DISCOVERY_LEGACY &&
        (name->required || name->stage == TS_STAGE_IDENTITY || teams_name_weigh(name->product) >= TEAMS_NAME_OWN);
}

bool
teams_check_time_passed(const teams_check *j, const nstime_t *since, double seconds)
{
    return ts_seconds(since, &j->end) >= seconds;
}

bool
teams_check_is_portal(const teams_check *j, const teams_connection *c)
{
    for (unsigned i = 0; i < wmem_array_get_count(j->clients); i++) {
        const teams_net_client *client = *(const teams_net_client **)wmem_array_index(j->clients, i);

        if (client->one_address_frame != 0 && strncmp(c->endpoint, client->one_address, strlen(client->one_address)) == 0)
            return true;
    }
    return false;
}

static void
forget_addresses(void *key _U_, void *value, void *data _U_)
{
    teams_client *client = teams_net_model_client((const teams_net_client *)value);

    if (client != NULL)
        client->addresses = NULL;
}

static void
join_address(void *key _U_, void *value, void *data _U_)
{
    teams_net_client *address = (teams_net_client *)value;
    teams_client *client = teams_net_model_client(address);

    if (client == NULL)
        return;
    address->next_address = (teams_net_client *)client->addresses;
    client->addresses = address;
}

/* Two addresses may turn out to be one client's at any frame: joined anew where the capture went on. */
static void
join_addresses(const nstime_t *end)
{
    teams_net *net = teams_net_get();

    if (net->joined == wmem_map_size(net->clients) && nstime_cmp(&net->joined_at, end) == 0)
        return;
    wmem_map_foreach(net->clients, forget_addresses, NULL);
    wmem_map_foreach(net->clients, join_address, NULL);
    net->joined = wmem_map_size(net->clients);
    net->joined_at = *end;
}

static void
gather_clients(teams_check *j)
{
    join_addresses(&j->end);
    for (const teams_net_client *address = j->signin->client->addresses; address != NULL; address = address->next_address)
        wmem_array_append_one(j->clients, address);
}

static teams_name_result *
name_result(teams_check *j, const char *name)
{
    teams_name_result *known = teams_check_name_of(j, name);

    if (known != NULL)
        return known;
    teams_name_result *fresh = wmem_new0(j->scope, teams_name_result);
    char *lower = g_ascii_strdown(name, -1);

    fresh->name = name;
    wmem_array_append_one(j->names, fresh);
    wmem_map_insert(j->by_name, wmem_strdup(j->scope, lower), fresh);
    g_free(lower);
    return fresh;
}

static void
gather_names(teams_check *j, const teams_net_client *client)
{
    for (const teams_asked_name *asked = client->first_name; asked != NULL; asked = asked->next) {
        if (asked->signin != j->signin)
            continue;
        teams_name_result *name = name_result(j, asked->name);

        name->asked = asked;
        name->product = asked->product;
        name->service = asked->service;
        name->stage = asked->stage;
        name->required = asked->required;
    }
}

static void
gather_connections(teams_check *j, const teams_net_client *client)
{
    for (unsigned i = 0; i < wmem_array_get_count(client->connections); i++) {
        const teams_connection *c = *(const teams_connection **)wmem_array_index(client->connections, i);

        if (c->p->signin != j->signin || c->p->ignored)
            continue;
        wmem_array_append_one(j->connections, c);
        if (c->proxy)
            j->result->proxy = c->endpoint;
        if (c->name == NULL)
            continue;
        teams_name_result *name = name_result(j, c->name);

        name->tried++;
        name->by_proxy = name->by_proxy || c->proxy;
        const bool used = c->state == TEAMS_CONNECTION_USED || (c->p->answer_bytes > 0 && !teams_connection_gave_up(c, &j->end));

        name->refused = used && (name->refused || !name->reached) && teams_requests_all_refused(c);
        name->reached = name->reached || used;
        if (name->product == TS_PRODUCT_UNKNOWN) {
            name->product = c->product;
            name->service = c->service;
            name->stage = c->stage;
        }
        name->required = name->required || c->required;
    }
}

/* Sorted by GLib, which keeps the order of equals: not every C library's qsort() does. */
static int
by_number(const void *a, const void *b, void *data _U_)
{
    const teams_connection *x = *(const teams_connection *const *)a;
    const teams_connection *y = *(const teams_connection *const *)b;

    return x->number < y->number ? -1 : x->number > y->number;
}

/* ---- problems ---- */

/* What a sign-in's problem says better than the expert items on its frames. */
static const struct {
    const char *code;
    const char *explains;
    const char *of_name;
} explanations[] = {
    { "name-missing", " D1 ", " D3 D7 " },
    { "name-without-address", "", " D3 " },
    { "name-unanswered", "", " D2 " },
    { "name-failed", "", " D1 D3 " },
    { "chain-cut", " D7 ", " D1 D3 " },
    { "mtu", " handshake-ended ", "" },
    { "ipv6-dead", " tcp-unanswered tcp-refused tcp-prohibited ", "" },
    { "quic-unanswered", " network-refused ", "" },
    { "slow-resolver", " D19 ", "" },
    { "resolver-silent", " D2 ", "" },
    { "resolver-refused", " D2 ", "" },
    { "captive-portal", " D3 D4 D5 D6 one-address tcp-refused tls-intercepted tls-intercepted-refused certificate-refused handshake-ended certificate-time ", "" },
    { "private-address-dead", " D4 tcp-unanswered ", "" },
    { "private-address", " D4 ", "" },
    { "aaaa-refused", " D3 ", "" },
    { "proxy-unanswered", " tcp-unanswered ", "" },
    { "request-unauthorized", " http-401 http-claims-challenge ", "" },
    { "request-forbidden", " http-403 http-claims-challenge ", "" },
    { "request-gone", " http-410 ", "" },
    { "request-throttled", " http-429 ", "" },
    { "request-failed", " http-5xx ", "" },
};

static void
set_explained(teams_connection_problem *problem)
{
    problem->explains = problem->explains_of_name = "";
    for (unsigned i = 0; i < G_N_ELEMENTS(explanations); i++)
        if (strcmp(explanations[i].code, problem->code) == 0) {
            problem->explains = explanations[i].explains;
            problem->explains_of_name = explanations[i].of_name;
        }
}

void
teams_check_add(teams_check *j, const ts_expert_row *row, int severity, teams_problem_place place, const char *format, ...)
{
    teams_connection_problem problem = {
        .code = row->code,
        .filter = row->filter,
        .severity = severity,
        .advice = row->advice,
        .frame = place.frame,
        .actor = place.actor,
        .name = place.name,
        .names = place.names,
        .fatal = place.fatal,
    };
    va_list arguments;

    set_explained(&problem);
    va_start(arguments, format);
    problem.sentence = wmem_strdup_vprintf(j->scope, format, arguments);
    va_end(arguments);
    wmem_array_append_one(j->problems, problem);
}

static int
worst_first(const void *a, const void *b, void *data _U_)
{
    const teams_connection_problem *x = (const teams_connection_problem *)a;
    const teams_connection_problem *y = (const teams_connection_problem *)b;

    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x->fatal != y->fatal)
        return x->fatal ? -1 : 1;
    return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* ---- lists of names ---- */

teams_name_list
teams_name_list_new(teams_check *j)
{
    teams_name_list list = { .j = j, .text = wmem_strbuf_new(j->scope, ""), .all_lost = true };

    list.seen = wmem_map_new(j->scope, wmem_str_hash, g_str_equal);
    return list;
}

void
teams_name_list_add(teams_name_list *list, const char *name, uint32_t frame)
{
    const teams_name_result *result = teams_check_name_of(list->j, name);

    list->count++;
    if (list->frame == 0 || frame < list->frame)
        list->frame = frame;
    if (wmem_map_contains(list->seen, name))
        return;
    wmem_map_insert(list->seen, name, (void *)name);
    if (list->first == NULL)
        list->first = name;
    if (++list->names <= NAMES_SHOWN)
        wmem_strbuf_append_printf(list->text, "%s%s", list->names == 1 ? "" : ", ", name);
    const bool lost = result == NULL || !result->reached;

    list->all_lost = list->all_lost && lost;
    list->any_lost = list->any_lost || lost;
    list->matters = list->matters || (lost && result != NULL && teams_name_matters(result));
    list->identity = list->identity || (lost && result != NULL && result->stage == TS_STAGE_IDENTITY);
}

const char *
teams_name_list_text(const teams_name_list *list)
{
    if (list->names <= NAMES_SHOWN)
        return wmem_strbuf_get_str(list->text);
    return wmem_strdup_printf(list->j->scope, "%s and %u more", wmem_strbuf_get_str(list->text), list->names - NAMES_SHOWN);
}

int
teams_name_list_severity(const teams_name_list *list)
{
    return list->matters ? PI_ERROR : list->any_lost ? PI_NOTE : PI_WARN;
}

const char *
teams_name_list_tail(const teams_name_list *list)
{
    if (!list->identity || list->j->result->identity_reached)
        return "";
    list->j->identity_reported = true;
    return "; identity was not reached";
}

/* ---- times ---- */

static int
slowest_first(const void *a, const void *b, void *data _U_)
{
    const teams_name_timing *x = (const teams_name_timing *)a;
    const teams_name_timing *y = (const teams_name_timing *)b;

    return x->total > y->total ? -1 : x->total < y->total;
}

/* Seconds from the first try that did not connect to this one, which did: a client waits before it tries another address. */
static double
first_try_before(const teams_check *j, const teams_connection *c)
{
    for (unsigned i = 0; i < teams_check_connection_count(j); i++) {
        const teams_connection *each = teams_check_connection(j, i);

        if (each->number >= c->number)
            break;
        if (!each->quic && each->name != NULL && g_ascii_strcasecmp(each->name, c->name) == 0)
            return each->state < TEAMS_CONNECTION_CONNECTED && each->state != TEAMS_CONNECTION_JOINED ? ts_seconds(&each->start, &c->start) : 0;
    }
    return 0;
}

static bool
has_times(const teams_connection *c)
{
    for (unsigned step = 0; step < TEAMS_STEP_COUNT; step++)
        if (c->steps[step].frame != 0)
            return true;
    return false;
}

static void
add_timing(teams_check *j, wmem_array_t *timings, const teams_connection *c)
{
    teams_name_timing timing = { .name = c->name, .frame = c->frame };

    teams_name_result *name = teams_check_name_of(j, c->name);

    if (name->timed || !has_times(c))
        return;     /* its first use counts */
    name->timed = true;
    timing.failed = timing.total = first_try_before(j, c);
    j->result->failed += timing.failed;
    for (unsigned step = 0; step < TEAMS_STEP_COUNT; step++) {
        timing.steps[step] = c->steps[step].frame == 0 ? -1 : nstime_to_sec(&c->steps[step].time);
        if (c->steps[step].frame == 0)
            continue;
        timing.total += timing.steps[step];
        j->result->totals[step] += timing.steps[step];
    }
    wmem_array_append_one(timings, timing);
}

static void
check_times(teams_check *j)
{
    wmem_array_t *timings = wmem_array_new(j->scope, sizeof(teams_name_timing));

    for (unsigned i = 0; i < teams_check_connection_count(j); i++) {
        const teams_connection *c = teams_check_connection(j, i);

        if (c->name != NULL && c->state >= TEAMS_CONNECTION_CONNECTED && !c->quic)
            add_timing(j, timings, c);
    }
    j->result->timing_count = wmem_array_get_count(timings);
    j->result->timings = (teams_name_timing *)wmem_array_get_raw(timings);
    if (j->result->timing_count > 1)
        g_qsort_with_data(j->result->timings, (int)j->result->timing_count, sizeof(teams_name_timing), slowest_first, NULL);
}

/* ---- what was reached ---- */

static void
check_reached(teams_check *j)
{
    for (unsigned i = 0; i < teams_check_name_count(j); i++) {
        const teams_name_result *name = teams_check_name(j, i);

        if (name->stage == TS_STAGE_IDENTITY) {
            j->result->identity_asked = true;
            j->result->identity_reached = j->result->identity_reached || name->reached;
        }
        if (teams_signin_is_past_identity(UINT32_C(1) << name->stage) && name->reached && !name->refused) {
            j->result->beyond_reached = true;
            j->result->services_reached = j->result->services_reached || name->stage != TS_STAGE_MEDIA;
        }
    }
}

teams_signin_result *
teams_connections_check(wmem_allocator_t *scope, const teams_signin *signin)
{
    teams_check j = { .scope = scope, .signin = signin, .end = teams_model_get()->last };

    j.result = wmem_new0(scope, teams_signin_result);
    j.clients = wmem_array_new(scope, sizeof(const teams_net_client *));
    j.connections = wmem_array_new(scope, sizeof(const teams_connection *));
    j.names = wmem_array_new(scope, sizeof(teams_name_result *));
    j.by_name = wmem_map_new(scope, wmem_str_hash, g_str_equal);
    j.problems = wmem_array_new(scope, sizeof(teams_connection_problem));
    gather_clients(&j);
    for (unsigned i = 0; i < wmem_array_get_count(j.clients); i++)
        gather_names(&j, *(const teams_net_client **)wmem_array_index(j.clients, i));
    for (unsigned i = 0; i < wmem_array_get_count(j.clients); i++)
        gather_connections(&j, *(const teams_net_client **)wmem_array_index(j.clients, i));
    if (teams_check_connection_count(&j) > 1)
        g_qsort_with_data(wmem_array_get_raw(j.connections), (int)teams_check_connection_count(&j), sizeof(const teams_connection *), by_number, NULL);
    check_reached(&j);
    teams_check_requests(&j);
    teams_check_dns(&j);
    teams_check_tcp(&j);
    teams_check_tls(&j);
    teams_check_proxy(&j);
    teams_check_signin(&j);
    check_times(&j);
    j.result->problem_count = wmem_array_get_count(j.problems);
    j.result->problems = (teams_connection_problem *)wmem_array_get_raw(j.problems);
    if (j.result->problem_count > 1)
        g_qsort_with_data(j.result->problems, (int)j.result->problem_count, sizeof(teams_connection_problem), worst_first, NULL);
    j.result->connection_count = teams_check_connection_count(&j);
    j.result->connections = (const teams_connection **)wmem_array_get_raw(j.connections);
    return j.result;
}
