/* connection_check.c
 * What the checks of connections share: names, problems, lists of names
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
teams_check_connection(const teams_check *check, unsigned n)
{
    return *(const teams_connection **)wmem_array_index(check->connections, n);
}

unsigned
teams_check_connection_count(const teams_check *check)
{
    return wmem_array_get_count(check->connections);
}

teams_name_result *
teams_check_name(const teams_check *check, unsigned n)
{
    return *(teams_name_result **)wmem_array_index(check->names, n);
}

unsigned
teams_check_name_count(const teams_check *check)
{
    return wmem_array_get_count(check->names);
}

teams_name_result *
teams_check_name_of(const teams_check *check, const char *name)
{
    char *lower = g_ascii_strdown(name, -1);
    teams_name_result *found = (teams_name_result *)wmem_map_lookup(check->by_name, lower);

    g_free(lower);
    return found;
}

/* Is the service one without which the sign-in fails? Telemetry is none. */
static bool
name_matters(const teams_name_result *name)
{
    /* Of an address alone nobody knows which service it is. */
    return name->stage != TS_STAGE_UNKNOWN && name->stage != TS_STAGE_TELEMETRY && name->stage != TS_STAGE_DISCOVERY_LEGACY &&
        (name->required || name->stage == TS_STAGE_IDENTITY || teams_name_weigh(name->product) >= TEAMS_NAME_OWN);
}

bool
teams_check_time_passed(const teams_check *check, const nstime_t *since, double seconds)
{
    return ts_seconds(since, &check->end) >= seconds;
}

/* "10.0.0.1:443" and "[fd00::1]:443" are at an address, "10.0.0.10:443" is at another. */
static bool
is_at_address(const char *endpoint, const char *addr)
{
    const char *start = endpoint[0] == '[' ? endpoint + 1 : endpoint;
    const size_t length = strlen(addr);

    return strncmp(start, addr, length) == 0 && (start[length] == ':' || start[length] == ']') && (endpoint[0] == '[') == (start[length] == ']');
}

bool
teams_check_is_portal(const teams_check *check, const teams_connection *conn)
{
    for (unsigned i = 0; i < wmem_array_get_count(check->clients) && !check->no_portal; i++) {
        const teams_net_client *client = *(const teams_net_client **)wmem_array_index(check->clients, i);

        if (client->one_address_frame != 0 && is_at_address(conn->endpoint, client->one_address))
            return true;
    }
    return false;
}

/* ---- problems ---- */

/* What a sign-in's problem says better than the expert items on its frames. */
static const struct {
    const char *code;
    const char *explains;
    const char *of_name;
} explanations[] = {
    { "name-missing", "", " D1 D3 D7 " },
    { "name-without-address", "", " D3 " },
    { "name-unanswered", "", " D2 D19 " },
    { "name-failed", "", " D1 D3 " },
    { "chain-cut", " D7 ", " D1 D3 " },
    { "mtu", " handshake-ended ", "" },
    { "idle-cut", " connection-lost ", "" },
    { "connection-lost", " mtu ", "" },
    { "ipv6-dead", " tcp-unanswered tcp-refused tcp-prohibited ", "" },
    { "quic-unanswered", " network-refused ", "" },
    { "slow-resolver", " D19 ", "" },
    { "resolver-silent", " D2 ", "" },
    { "one-resolver-silent", " D19 ", "" },
    { "resolver-refused", " D2 ", "" },
    { "captive-portal", " D3 D4 D5 D6 one-address tcp-refused reset-after-server-name hello-unanswered tls-alert tls-version tls-parameters tls-intercepted tls-intercepted-refused certificate-refused handshake-ended certificate-time ", "" },
    { "private-address-dead", " D4 tcp-unanswered ", "" },
    { "private-address", " D4 ", "" },
    { "aaaa-refused", " D3 ", "" },
    { "identity-polled", " D15 ", "" },
    { "proxy-unanswered", " tcp-unanswered ", "" },
    { "proxy-ends", " reset-after-server-name ", "" },
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
teams_check_add(teams_check *check, const ts_expert_row *row, int severity, teams_problem_place place, const char *format, ...)
{
    teams_connection_problem problem = {
        .code = row->code,
        .filter = row->filter,
        .severity = severity,
        .advice = place.advice != NULL ? place.advice : row->advice,
        .frame = place.frame,
        .actor = place.actor,
        .name = place.name,
        .names = place.names,
        .fatal = place.fatal,
    };
    va_list arguments;

    set_explained(&problem);
    if (place.explains != NULL)
        problem.explains = place.explains;
    va_start(arguments, format);
    problem.sentence = wmem_strdup_vprintf(check->scope, format, arguments);
    va_end(arguments);
    wmem_array_append_one(check->problems, problem);
}

/* ---- lists of names ---- */

teams_name_list
teams_name_list_new(teams_check *check)
{
    teams_name_list list = { .check = check, .text = wmem_strbuf_new(check->scope, ""), .all_lost = true };

    list.seen = wmem_map_new(check->scope, wmem_str_hash, g_str_equal);
    return list;
}

/* Is the text new to the list? */
static bool
add_text(teams_name_list *list, const char *text, uint32_t frame)
{
    list->count++;
    if (list->frame == 0 || frame < list->frame)
        list->frame = frame;
    if (wmem_map_contains(list->seen, text))
        return false;
    wmem_map_insert(list->seen, text, (void *)text);
    if (++list->names <= NAMES_SHOWN)
        wmem_strbuf_append_printf(list->text, "%s%s", list->names == 1 ? "" : ", ", text);
    return true;
}

/* Which name of identity is not known: it is told of where none was reached, and was needed where no service has a token. */
static void
add_identity(teams_name_list *list, const teams_connection *conn, uint32_t frame)
{
    const bool needed = !list->check->result->services_reached && !list->check->identity_missing;

    if (!add_text(list, "an address of identity", frame))
        return;
    if (list->first == NULL)
        list->first = conn->endpoint;
    list->any_lost = true;
    list->identity = list->identity || !list->check->identity_in_part;
    list->matters = list->matters || needed;
    list->doubtful = list->doubtful || (list->check->identity_missing && !list->check->result->services_reached);
    list->fatal = list->fatal || needed;
}

/* Nothing says that the sign-in needed it. */
static void
add_published(teams_name_list *list, const teams_connection *conn, uint32_t frame)
{
    if (list->first == NULL)
        list->first = conn->endpoint;
    list->any_lost = list->by_address = true;
    add_text(list, teams_connection_published_text(conn), frame);
}

void
teams_name_list_add_connection(teams_name_list *list, const teams_connection *conn, uint32_t frame)
{
    if (teams_connection_is_identity_by_address(conn))
        add_identity(list, conn, frame);
    else if (teams_connection_is_failed_by_address(conn))
        add_published(list, conn, frame);
    else
        teams_name_list_add(list, conn->name == NULL ? conn->endpoint : conn->name, frame);
}

void
teams_name_list_add(teams_name_list *list, const char *name, uint32_t frame)
{
    const teams_name_result *result = teams_check_name_of(list->check, name);

    if (!add_text(list, name, frame))
        return;
    if (list->first == NULL)
        list->first = name;
    const bool lost = result == NULL || !result->reached;

    list->all_lost = list->all_lost && lost;
    list->any_lost = list->any_lost || lost;
    const bool identity = result != NULL && result->stage == TS_STAGE_IDENTITY;
    /* Any name of identity may do: which one an account needs is not in the bytes. */
    const bool instead = identity && (list->check->result->identity_reached || list->check->identity_missing);
    const bool replaced = lost && result != NULL && result->instead != NULL;
    const bool missing = lost && result != NULL && result->missing;
    const bool matters = lost && result != NULL && !instead && !replaced && !missing && name_matters(result);

    list->matters = list->matters || matters;
    list->doubtful = list->doubtful || (lost && instead && !list->check->result->services_reached) || ((replaced || missing) && name_matters(result));
    if (replaced && list->replaced++ == 0)
        list->instead = result->instead;
    list->fatal = list->fatal || (matters && result->stage != TS_STAGE_MEDIA);
    list->identity = list->identity || (lost && identity && !list->check->identity_in_part);
}

const char *
teams_name_list_text(const teams_name_list *list)
{
    if (list->names <= NAMES_SHOWN)
        return wmem_strbuf_get_str(list->text);
    return wmem_strdup_printf(list->check->scope, "%s and %u more", wmem_strbuf_get_str(list->text), list->names - NAMES_SHOWN);
}

int
teams_name_list_severity(const teams_name_list *list)
{
    if (list->by_address && !list->matters)
        return list->check->result->services_reached ? PI_NOTE : PI_WARN;
    return list->matters ? PI_ERROR : list->any_lost && !list->doubtful ? PI_NOTE : PI_WARN;
}

const char *
teams_check_instead_text(const teams_check *check, const char *instead)
{
    return instead == NULL ? "" : wmem_strdup_printf(check->scope, "; another host of its service was reached: %s", instead);
}

const char *
teams_name_list_tail(const teams_name_list *list)
{
    if (list->replaced > 0 && list->replaced == list->names)
        return list->names == 1 ? teams_check_instead_text(list->check, list->instead) : "; other hosts of their services were reached";
    if (!list->identity || list->check->result->identity_reached || list->check->result->asks_alone)
        return "";
    list->check->identity_reported = true;
    return "; identity was not reached";
}

/* ---- groups ---- */

teams_groups
teams_groups_new(teams_check *check)
{
    return (teams_groups) { .check = check, .by_key = wmem_map_new(check->scope, wmem_str_hash, g_str_equal),
        .order = wmem_array_new(check->scope, sizeof(teams_group *)) };
}

void
teams_groups_add(teams_groups *groups, const char *says, const teams_connection *conn, uint32_t frame)
{
    teams_group *group = (teams_group *)wmem_map_lookup(groups->by_key, says);

    if (group == NULL) {
        group = wmem_new0(groups->check->scope, teams_group);
        group->names = teams_name_list_new(groups->check);
        group->first = conn;
        wmem_map_insert(groups->by_key, says, group);
        wmem_array_append_one(groups->order, group);
    }
    group->elsewhere = group->elsewhere || strcmp(conn->endpoint, group->first->endpoint) != 0;
    group->syn_acks += conn->priv->syn_acks;
    group->resent += teams_connection_resent_in_vain(conn, FROM_CLIENT);
    teams_name_list_add_connection(&group->names, conn, frame);
}

unsigned
teams_groups_count(const teams_groups *groups)
{
    return wmem_array_get_count(groups->order);
}

const teams_group *
teams_groups_at(const teams_groups *groups, unsigned n)
{
    return *(const teams_group **)wmem_array_index(groups->order, n);
}

const char *
teams_says_no_more(const teams_check *check _U_, const teams_connection *conn _U_)
{
    return "";
}

const char *
teams_end_text(const teams_connection *conn)
{
    return conn->end == TEAMS_CONNECTION_RESET ? "RST" : "FIN";
}

/* A push channel alone is opened again by a client that signed in long ago. */
void
teams_check_push(teams_check *check)
{
    check->result->services_reached = check->result->services_reached || (check->result->push_reached && check->result->identity_reached);
}
