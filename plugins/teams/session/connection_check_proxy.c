/* connection_check_proxy.c
 * What a proxy did to a sign-in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_check.h"

#define GOES_ON_SECONDS 1.0     /* who has credentials sends them at once */
#define HOLDS_SECONDS   20.0    /* a proxy that has not connected by then is not about to */
#define RETRY_SECONDS   3.0     /* whoever has credentials, or a user to ask for them, is likely back by then */

#define REDIRECTED      "Browsers alone can follow it, as to a page for signing in at the proxy or to one that says why: look at what the proxy's log has of the name, and exempt the names of Teams and identity there"

enum { HTTP_REDIRECT = 300, HTTP_ERROR = 400, HTTP_FORBIDDEN = 403, HTTP_PROXY_AUTHENTICATION = 407 };

static bool
is_redirected(const teams_connection *conn)
{
    return conn->proxy_status >= HTTP_REDIRECT && conn->proxy_status < HTTP_ERROR;
}

static const char *
says_refusal(const teams_check *check, const teams_connection *conn)
{
    return wmem_strdup_printf(check->scope, "%s %s %u", conn->endpoint, teams_proxy_answer_text(check->scope, conn), teams_connection_is_push(conn));
}

/*
 * Did the proxy ask once on this connection, which ended with that, and let the
 * name through on another? A client may answer on a new connection.
 */
static bool
is_let_in_later(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = conn->name == NULL ? NULL : teams_check_name_of(check, conn->name);

    return conn->proxy_status == HTTP_PROXY_AUTHENTICATION && conn->proxy_challenges <= 1 && name != NULL && name->reached_by_proxy;
}

static bool
was_let_in(const teams_check *check, const teams_connection *conn)
{
    return conn->priv->challenge_frame != 0 && (conn->state != TEAMS_CONNECTION_PROXY_REFUSED || is_let_in_later(check, conn));
}

/* What all connections say of the client's credentials. */
typedef struct {
    bool some;          /* the proxy let it in after it had asked for them */
    unsigned lacking;   /* connections that ended with 407 */
} credentials;

static credentials
gather_credentials(const teams_check *check)
{
    credentials found = { .some = false };

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        found.some = found.some || was_let_in(check, conn);
        found.lacking += conn->state == TEAMS_CONNECTION_PROXY_REFUSED && conn->proxy_status == HTTP_PROXY_AUTHENTICATION &&
            !is_let_in_later(check, conn);
    }
    return found;
}

/* Does the client begin another connection to the proxy a second later, when it could have come back? */
static bool
goes_on(const teams_check *check, const teams_connection *conn)
{
    const teams_connection *last = teams_check_connection(check, teams_check_connection_count(check) - 1);

    return last->proxy && ts_seconds(&conn->last, &last->start) >= GOES_ON_SECONDS;
}

/*
 * Did the proxy ask for credentials for the name once and no more, as it asks
 * for every name, and the client has not come back? No refusal: it has some,
 * or the capture ends at once. Who goes on to other names without has none.
 */
static bool
is_asked_once(const teams_check *check, const teams_connection *conn, credentials known)
{
    const teams_name_result *name = conn->name == NULL ? NULL : teams_check_name_of(check, conn->name);

    return conn->state == TEAMS_CONNECTION_PROXY_REFUSED && conn->proxy_status == HTTP_PROXY_AUTHENTICATION && name != NULL &&
        name->challenges == 1 &&
        !name->reached && (known.some || (known.lacking == 1 && !goes_on(check, conn) &&
        !teams_check_time_passed(check, &conn->last, RETRY_SECONDS)));
}

static void
check_asked_once(teams_check *check, credentials known)
{
    teams_name_list list = teams_name_list_new(check);
    const teams_connection *first = NULL;
    bool over = false;

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (!is_asked_once(check, conn, known))
            continue;
        first = first == NULL ? conn : first;
        over = over || teams_check_time_passed(check, &conn->last, RETRY_SECONDS);
        teams_name_list_add(&list, conn->name, conn->proxy_status_frame);
    }
    if (first != NULL)
        teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_PROXY_CREDENTIALS_REFUSED], over && list.matters ? PI_WARN : PI_NOTE,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_CLIENT, .name = list.first,
                .advice = over ? "The client gave up, or its program has no credentials: exempt the names of Teams and identity from authentication at the proxy"
                    : "The capture ends before the client could answer: take a longer one" },
            "The proxy %s asks for credentials (407) for %s once%s, and the client does not come back with any%s%s", first->endpoint,
            teams_name_list_text(&list), list.names == 1 ? "" : " each", over ? "" : " before the capture ends", over ? teams_name_list_tail(&list) : "");
}

static void
tell_refusal(teams_check *check, teams_expert row, const teams_group *group)
{
    const teams_name_list *list = &group->names;

    teams_check_add(check, &teams_expert_table.rows[row], teams_name_list_severity(list),
        (teams_problem_place) { .frame = list->frame, .actor = TEAMS_BY_PROXY, .name = list->first, .fatal = list->fatal,
            .advice = is_redirected(group->first) ? REDIRECTED : NULL },
        "The proxy %s refuses (%s) the connection to %s%s (%u time%s)%s", group->first->endpoint, teams_proxy_answer_text(check->scope, group->first),
        teams_connection_is_push(group->first) ? "the push channel " : "", teams_name_list_text(list), list->count, list->count == 1 ? "" : "s",
        teams_name_list_tail(list));
}

/* The connections whose last answer was one of these; 0 stands for any other error. */
static void
check_refusal(teams_check *check, unsigned status, teams_expert row, credentials known)
{
    teams_groups groups = teams_groups_new(check);

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);
        const bool other = conn->proxy_status != HTTP_FORBIDDEN && conn->proxy_status != HTTP_PROXY_AUTHENTICATION;

        if (conn->state == TEAMS_CONNECTION_PROXY_REFUSED && (status == 0 ? other : conn->proxy_status == status) &&
                !is_let_in_later(check, conn) && !is_asked_once(check, conn, known))
            teams_groups_add(&groups, says_refusal(check, conn), conn, conn->proxy_status_frame);
    }
    for (unsigned i = 0; i < teams_groups_count(&groups); i++)
        tell_refusal(check, row, teams_groups_at(&groups, i));
}

/* Where the request of HTTP/2 is one of several, its TCP is that of the session. */
static const teams_connection *
tcp_of(const teams_connection *conn)
{
    return conn->priv->session == NULL ? conn : conn->priv->session;
}

/* Seconds for which the proxy has not answered, until the stream or the connection ended, or the capture. */
static double
held_for(const teams_check *check, const teams_connection *conn)
{
    if (!nstime_is_zero(&conn->priv->pending_until))
        return ts_seconds(&conn->priv->pending_since, &conn->priv->pending_until);
    return ts_seconds(&conn->priv->pending_since, tcp_of(conn)->end == TEAMS_CONNECTION_OPEN ? &check->end : &tcp_of(conn)->ended);
}

static bool
is_open(const teams_connection *conn)
{
    return nstime_is_zero(&conn->priv->pending_until) && tcp_of(conn)->end == TEAMS_CONNECTION_OPEN;
}

static const char *
until_text(const teams_connection *conn)
{
    const bool reset = !nstime_is_zero(&conn->priv->pending_until);

    if (is_open(conn))
        return "the capture ends";
    if (reset ? conn->priv->pending_left : tcp_of(conn)->ended_by_client)
        return "the client gives up";
    return reset ? "it resets the stream" : "it ends the connection";
}

/* A request for news may wait. Where answers are not in the capture, that there is none says nothing. */
static bool
is_held(const teams_check *check, const teams_connection *conn)
{
    const bool waits = conn->clear_http && (conn->stage == TS_STAGE_REGISTER || conn->stage == TS_STAGE_SYNC);

    const teams_connection *tcp = tcp_of(conn);

    return conn->priv->proxy_pending && teams_connection_is_heard(tcp) && teams_connection_is_delivered(tcp) && !teams_connection_lacks_data(tcp) &&
        held_for(check, conn) >= (waits ? LONG_POLL_SECONDS : ANSWER_SECONDS);
}

static void
check_held(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);
    const teams_connection *longest = NULL;
    bool over = false;

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->name == NULL || !is_held(check, conn))
            continue;
        longest = longest == NULL || held_for(check, conn) > held_for(check, longest) ? conn : longest;
        over = over || !is_open(conn) || held_for(check, conn) >= HOLDS_SECONDS;
        teams_name_list_add(&list, conn->name, conn->priv->pending_frame);
    }
    if (longest == NULL)
        return;
    const int severity = over ? teams_name_list_severity(&list) : MIN(teams_name_list_severity(&list), PI_WARN);

    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_PROXY_HOLDS], severity,
        (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_PROXY, .name = list.first, .fatal = severity == PI_ERROR && list.fatal },
        "The proxy %s takes the request for %s and does not answer it (%u time%s): in %.0f s, until %s%s", longest->endpoint,
        teams_name_list_text(&list), list.count, list.count == 1 ? "" : "s", held_for(check, longest),
        until_text(longest),
        severity > PI_NOTE ? teams_name_list_tail(&list) : "");
}

static void
check_credentials(teams_check *check)
{
    unsigned challenged = 0;
    double cost = 0;
    const teams_connection *first = NULL;

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (!was_let_in(check, conn))
            continue;
        first = first == NULL ? conn : first;
        challenged++;
        cost += conn->priv->challenge_cost;
    }
    if (first != NULL)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_PROXY_CREDENTIALS], PI_NOTE,
            (teams_problem_place) { .frame = first->priv->challenge_frame, .actor = TEAMS_BY_PROXY },
            "The proxy %s asks for credentials (407) and gets them, on %u connection%s; that costs %.0f ms in all", first->endpoint, challenged,
            challenged == 1 ? "" : "s", cost * 1000);
}

/* One line for a proxy in use. */
static void
check_use(teams_check *check)
{
    unsigned names = 0, reached = 0;
    uint32_t frame = 0;
    bool media = false, socks = false, refused = false;
    const char *relay = NULL;

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);

        if (!name->by_proxy)
            continue;
        names++;
        reached += name->reached_by_proxy;
        if (name->service == TS_SERVICE_MEDIA_RELAY) {
            media = true;
            relay = name->name;
        }
    }
    for (unsigned i = 0; frame == 0 && i < teams_check_connection_count(check); i++)
        if (teams_check_connection(check, i)->proxy) {
            frame = teams_check_connection(check, i)->priv->connect_frame;
            socks = teams_check_connection(check, i)->socks;
        }
    for (unsigned i = 0; i < teams_check_connection_count(check); i++)
        refused = refused || teams_check_connection(check, i)->state == TEAMS_CONNECTION_PROXY_REFUSED;
    if (names == 0)
        return;
    /* Where none was refused, what was in the tunnels may not be in the capture. */
    const char *count = reached == 0 && !refused ? wmem_strdup_printf(check->scope, "it asks it for %u name%s", names, names == 1 ? "" : "s")
        : wmem_strdup_printf(check->scope, "%u of %u names were reached through it", reached, names);

    teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_PROXY], PI_NOTE,
        (teams_problem_place) { .frame = frame, .actor = TEAMS_BY_CLIENT },
        "The client uses the %s %s: %s", socks ? "SOCKS proxy" : "proxy", check->result->proxy, count);
    if (media)
        teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_MEDIA_PROXY], PI_WARN,
            (teams_problem_place) { .frame = frame, .actor = TEAMS_BY_CLIENT, .name = relay },
            "Media is to go through the proxy: the client asks it for the relay %s", relay);
}

static void
check_configuration(teams_check *check)
{
    for (unsigned i = 0; i < wmem_array_get_count(check->clients); i++) {
        const teams_net_client *client = *(const teams_net_client **)wmem_array_index(check->clients, i);

        if (client->pac_frame != 0)
            teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_PROXY_CONFIG], PI_CHAT,
                (teams_problem_place) { .frame = client->pac_frame, .actor = TEAMS_BY_CLIENT },
                "The client fetches a proxy configuration (%s)", client->pac_uri);
    }
}

void
teams_check_proxy(teams_check *check)
{
    const credentials known = gather_credentials(check);

    check_use(check);
    check_credentials(check);
    check_asked_once(check, known);
    check_refusal(check, HTTP_PROXY_AUTHENTICATION, TEAMS_EXPERT_PROXY_CREDENTIALS_REFUSED, known);
    check_refusal(check, HTTP_FORBIDDEN, TEAMS_EXPERT_PROXY_FORBIDDEN, known);
    check_refusal(check, 0, TEAMS_EXPERT_PROXY_FAILED, known);
    check_held(check);
    check_configuration(check);
}
