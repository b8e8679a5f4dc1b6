/* connection_check_proxy.c
 * What a proxy did to a sign-in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_check.h"

#include <string.h>

#define GOES_ON_SECONDS 1.0     /* who has credentials sends them at once */
#define AT_ONCE         1.0     /* seconds in which a client uses a tunnel that it needs */
#define HOLDS_SECONDS   20.0    /* a proxy that has not connected by then is not about to */
#define RETRY_SECONDS   3.0     /* whoever has credentials, or a user to ask for them, is likely back by then */

#define SOCKS_BEFORE    4       /* bytes of SOCKS before its reply, which count late where the request is what shows that it is SOCKS */

#define SOCKS_BEFORE_SECONDS 60.0   /* that a client may try a proxy before its first name */

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

/* Has the proxy sent nothing since, of which nobody could read what it is? */
static bool
is_silent_since(const teams_connection *conn)
{
    return conn->http2 || conn->bytes[FROM_SERVER] - conn->priv->proxy_bytes <= (conn->socks ? SOCKS_BEFORE : 0);
}

/* The proxy asked once on this connection, which ended with that: a client may answer on a new one. */
static const teams_name_result *
name_asked_once(const teams_check *check, const teams_connection *conn)
{
    return conn->proxy_status != HTTP_PROXY_AUTHENTICATION || conn->proxy_challenges > 1 || conn->name == NULL ? NULL : teams_check_name_of(check, conn->name);
}

/* Did the proxy let the name through on another? */
static bool
is_let_in_later(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = name_asked_once(check, conn);

    return name != NULL && name->reached_by_proxy;
}

/* Or is what it did on another, or what it sent on this one since, in what was cut off? */
static bool
may_be_let_in_later(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = name_asked_once(check, conn);

    if (conn->proxy_status == HTTP_PROXY_AUTHENTICATION && conn->priv->cut_short[FROM_SERVER] && !is_silent_since(conn))
        return true;
    return name != NULL && (name->reached_by_proxy || name->unseen);
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
            !may_be_let_in_later(check, conn);
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
        name->challenges == 1 && !name->reached && !name->unseen && !teams_check_is_ended_by_proxy(check, conn) && (known.some || (known.lacking == 1 && !goes_on(check, conn) &&
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
                !may_be_let_in_later(check, conn) && !is_asked_once(check, conn, known) && !teams_check_is_ended_by_proxy(check, conn))
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

/* Of a session of HTTP/2, which goes on for other tunnels: may the answer be in what was cut off, or in frames that are missing? */
static bool
may_be_answered(const teams_connection *session)
{
    return session->http2 && (session->priv->cut_short[FROM_SERVER] || session->priv->gap[FROM_SERVER]);
}

/* A request for news may wait. Where answers are not in the capture, that there is none says nothing. */
static bool
is_held(const teams_check *check, const teams_connection *conn)
{
    const bool waits = conn->clear_http && (conn->stage == TS_STAGE_REGISTER || conn->stage == TS_STAGE_SYNC);

    const teams_connection *tcp = tcp_of(conn);

    return conn->priv->proxy_pending && is_silent_since(conn) && !may_be_answered(tcp) && teams_connection_is_heard(tcp) && teams_connection_is_delivered(tcp) && !teams_connection_lacks_data(tcp) &&
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

/* ---- ended by the proxy's side ---- */

static bool
is_ended(const teams_connection *conn)
{
    if (!nstime_is_zero(&conn->priv->pending_until))
        return !conn->priv->pending_left;
    return tcp_of(conn)->end != TEAMS_CONNECTION_OPEN && !tcp_of(conn)->ended_by_client;
}

/* Had the client by then (a tunnel that it opened beforehand may stay unused) neither an answer nor a session through it? */
static bool
has_nothing(const teams_connection *conn)
{
    /* Asked for credentials, the client asked again. */
    if (conn->state == TEAMS_CONNECTION_PROXY_REFUSED && (conn->proxy_status != HTTP_PROXY_AUTHENTICATION || conn->proxy_challenges > 1))
        return false;
    if (conn->priv->proxy_pending)
        return is_silent_since(conn);
    if (conn->state == TEAMS_CONNECTION_CONNECTED)
        return conn->priv->tunnel && is_silent_since(conn) && tcp_of(conn)->idle_before_end < AT_ONCE;
    return conn->state == TEAMS_CONNECTION_HELLO_RESET || teams_check_has_no_answer(conn);
}

/*
 * It may end what is not used, after a while, and one connection of several: not each of a name, and not at once. After the server name,
 * where it lets other names through, that tells more.
 */
bool
teams_check_is_ended_by_proxy(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = conn->name == NULL ? NULL : teams_check_name_of(check, conn->name);
    const teams_connection *tcp = tcp_of(conn);

    if (!conn->proxy || conn->quic || name == NULL || name->reached || name->unseen || !is_ended(conn) || !has_nothing(conn))
        return false;
    return !is_held(check, conn) && tcp->idle_before_end < ANSWER_SECONDS && tcp->priv->hole_frame == 0 && !teams_connection_lacks_data(tcp) &&
        !teams_connection_lacks_requests(tcp) && !teams_connection_lacks_some(tcp) && !(conn->state == TEAMS_CONNECTION_HELLO_RESET && check->by_proxy);
}

static const char *
way_text(const teams_check *check, const teams_connection *conn)
{
    const char *how = !nstime_is_zero(&conn->priv->pending_until) ? "RST_STREAM" : teams_end_text(tcp_of(conn));
    const char *when = conn->priv->proxy_pending ? "before it answers the request" :
        conn->state == TEAMS_CONNECTION_CONNECTED ? "after it let the client through" :
        conn->state == TEAMS_CONNECTION_HELLO_RESET ? "right after the ClientHello" : teams_check_when_ended(conn);

    return wmem_strdup_printf(check->scope, "by %s %s", how, when);
}

/* Of each proxy "by RST before it answers the request", with how often where there are several ways. */
static wmem_map_t *
ways_texts(const teams_check *check, const teams_groups *ways)
{
    wmem_map_t *texts = wmem_map_new(check->scope, wmem_str_hash, g_str_equal);

    for (unsigned i = 0; i < teams_groups_count(ways); i++) {
        const teams_group *way = teams_groups_at(ways, i);
        wmem_strbuf_t *text = (wmem_strbuf_t *)wmem_map_lookup(texts, way->first->endpoint);
        const bool first = text == NULL;

        if (first) {
            text = wmem_strbuf_new(check->scope, "");
            wmem_map_insert(texts, way->first->endpoint, text);
        }
        wmem_strbuf_append_printf(text, "%s%s (%u time%s)", first ? "" : ", ", way_text(check, way->first), way->names.count,
            way->names.count == 1 ? "" : "s");
    }
    return texts;
}

static void
check_ended(teams_check *check)
{
    teams_groups proxies = teams_groups_new(check), ways = teams_groups_new(check);

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (!teams_check_is_ended_by_proxy(check, conn))
            continue;
        const uint32_t frame = conn->priv->reset_frame != 0 ? conn->priv->reset_frame : tcp_of(conn)->end_frame;

        teams_groups_add(&proxies, conn->endpoint, conn, frame);
        teams_groups_add(&ways, wmem_strdup_printf(check->scope, "%s %s", conn->endpoint, way_text(check, conn)), conn, frame);
    }
    wmem_map_t *texts = ways_texts(check, &ways);

    for (unsigned i = 0; i < teams_groups_count(&proxies); i++) {
        const teams_group *group = teams_groups_at(&proxies, i);

        if (group->names.count > 1 || group->first->state == TEAMS_CONNECTION_HELLO_RESET)
            teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_PROXY_ENDS], teams_name_list_severity(&group->names),
                (teams_problem_place) { .frame = group->names.frame, .actor = TEAMS_BY_PROXY, .name = group->names.first, .fatal = group->names.fatal },
                "The proxy's side (%s) ends the connections to %s: %s%s", group->first->endpoint, teams_name_list_text(&group->names),
                wmem_strbuf_get_str((wmem_strbuf_t *)wmem_map_lookup(texts, group->first->endpoint)), teams_name_list_tail(&group->names));
    }
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

/* ---- a SOCKS proxy that refuses the client itself ---- */

/* Was it at the time of the sign-in, or right before? */
static bool
is_of_signin(const teams_check *check, const teams_socks_refusals *refusals)
{
    const teams_signin *signin = check->signin;

    return ts_seconds(&refusals->last, &signin->start) < SOCKS_BEFORE_SECONDS && ts_seconds(&signin->last, &refusals->first) < ROUND_GAP &&
        (signin->next == NULL || ts_seconds(&refusals->last, &signin->next->start) > 0);
}

/* The proxies that were asked for a name of ours, on some connection. */
static wmem_map_t *
socks_with_names(const teams_check *check)
{
    wmem_map_t *found = wmem_map_new(check->scope, wmem_str_hash, g_str_equal);

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->socks && conn->name != NULL)
            wmem_map_insert(found, conn->endpoint, (void *)conn);
    }
    return found;
}

static const char *
frames_text(const teams_check *check, const teams_socks_refusals *refusals)
{
    if (refusals->count == 1)
        return "once";
    return wmem_strdup_printf(check->scope, "%u times, frames %u to %u", refusals->count, refusals->first_frame, refusals->last_frame);
}

static void
tell_socks(teams_check *check, const teams_net_client *client, const teams_socks_refusals *refusals, wmem_map_t *with_names)
{
    const teams_socks_grants *grants = client->socks_granted == NULL ? NULL
        : (const teams_socks_grants *)wmem_map_lookup(client->socks_granted, &refusals->proxy);
    const int severity = check->result->services_reached ? PI_NOTE : wmem_map_contains(with_names, refusals->endpoint) ? PI_ERROR : PI_WARN;

    /* Let in after it: the client has what the proxy wants. */
    if (grants != NULL && nstime_cmp(&grants->last, &refusals->first) > 0)
        return;
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_SOCKS_REFUSES], severity,
        (teams_problem_place) { .frame = refusals->first_frame, .actor = TEAMS_BY_PROXY, .fatal = severity == PI_ERROR },
        "The SOCKS proxy %s %s%s: %s, and no connection of the client's goes through it%s", refusals->endpoint,
        refusals->kind == TEAMS_SOCKS_METHOD ? "accepts none of the authentication methods that the client offers"
            : "does not accept the client's user name and password",
        refusals->kind == TEAMS_SOCKS_METHOD ? "" : wmem_strdup_printf(check->scope, " (status %u)", refusals->status),
        frames_text(check, refusals), grants == NULL ? "" : " after that");
}

static void
check_socks(teams_check *check)
{
    wmem_map_t *with_names = socks_with_names(check);

    for (unsigned i = 0; i < wmem_array_get_count(check->clients); i++) {
        const teams_net_client *client = *(const teams_net_client **)wmem_array_index(check->clients, i);

        for (const teams_socks_refusals *each = client->socks_refusals; each != NULL; each = each->before)
            if (is_of_signin(check, each))
                tell_socks(check, client, each, with_names);
    }
}

/* Where the proxy was asked for the relay; 0: that is in no frame. */
static uint32_t
frame_of_relay(const teams_check *check, const char *relay)
{
    uint32_t frame = 0;

    for (unsigned i = 0; frame == 0 && i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->proxy && conn->name != NULL && g_ascii_strcasecmp(conn->name, relay) == 0)
            frame = conn->priv->relay_frame != 0 ? conn->priv->relay_frame : conn->priv->connect_frame;
    }
    return frame;
}

/* One line for a proxy in use. */
static void
check_use(teams_check *check)
{
    unsigned names = 0, reached = 0;
    uint32_t frame = 0;
    bool socks = false, refused = false, unseen = false;
    const char *relay = NULL;

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);

        if (!name->by_proxy)
            continue;
        names++;
        reached += name->reached_by_proxy;
        unseen = unseen || ((name->unseen || name->missing) && !name->reached_by_proxy);
        if (name->service == TS_SERVICE_MEDIA_RELAY)
            relay = name->name;
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
    const char *count = unseen || (reached == 0 && !refused) ? wmem_strdup_printf(check->scope, "it was asked for %u name%s", names, names == 1 ? "" : "s")
        : wmem_strdup_printf(check->scope, "%u of %u name%s %s reached through it", reached, names, names == 1 ? "" : "s", reached == 1 ? "was" : "were");

    teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_PROXY], PI_NOTE,
        (teams_problem_place) { .frame = frame, .actor = TEAMS_BY_CLIENT },
        "The client uses the %s %s: %s", socks ? "SOCKS proxy" : "proxy", check->result->proxy, count);
    if (relay == NULL)
        return;
    const uint32_t relay_frame = frame_of_relay(check, relay);

    teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_MEDIA_PROXY], PI_WARN,
        (teams_problem_place) { .frame = relay_frame != 0 ? relay_frame : frame, .actor = TEAMS_BY_CLIENT, .name = relay },
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
    check_ended(check);
    check_socks(check);
    check_configuration(check);
}
