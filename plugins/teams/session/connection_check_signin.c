/* connection_check_signin.c
 * What the connections of a sign-in say together, at the end of the capture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_check.h"

#include "common/endpoint.h"

#include "session/requests.h"
#include "session/signin.h"

#define LOOP_MIN            4       /* visits to identity without anything after it */
#define LOOP_SURE           6       /* of them, after which the capture may end at once */
#define LOOP_GAP            2.0     /* seconds */
#define LOOP_AFTER          5.0     /* seconds at least in which a client in a loop is back at identity */
#define POLL_MIN            4.5     /* the same: RFC 8628, 3.2 and 3.5 has 5 for a client that polls */
#define WATCH_MIN           30.0    /* the same of one that goes elsewhere between: no page waits so long before it sends the user back */
#define POLL_ALIKE          1.0     /* by which intervals of one that polls differ at most */
#define TRIES_APART         30.0    /* seconds from the last packet of a try that failed within which a client that waited for it tries again */

/* ---- what is checked ---- */

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

/* NULL where the sign-in is of another client, or none. */
static teams_signin_parts *
parts_of(const teams_signin *signin, const teams_client *client)
{
    if (signin == NULL || signin->client != client)
        return NULL;
    if (signin->parts == NULL)
        ((teams_signin *)signin)->parts = wmem_new0(wmem_file_scope(), teams_signin_parts);
    if (signin->parts->joined != teams_net_get()->joined)
        *signin->parts = (teams_signin_parts) { .joined = teams_net_get()->joined };
    return signin->parts;
}

static void
add_name(teams_signin_parts *parts, teams_asked_name *asked)
{
    asked->next_of_signin = NULL;
    *(parts->names == NULL ? &parts->names : &parts->last_name->next_of_signin) = asked;
    parts->last_name = asked;
}

static void
add_private_name(teams_signin_parts *parts, teams_asked_name *asked)
{
    asked->next_private = NULL;
    *(parts->private_names == NULL ? &parts->private_names : &parts->last_private->next_private) = asked;
    parts->last_private = asked;
}

static void
add_connection(teams_signin_parts *parts, teams_connection *conn)
{
    conn->priv->next_of_signin = NULL;
    *(parts->connections == NULL ? &parts->connections : &parts->last_connection->priv->next_of_signin) = conn;
    parts->last_connection = conn;
}

static void
add_to_signins(const teams_net_client *address, const teams_client *client)
{
    for (teams_asked_name *asked = address->first_name; asked != NULL; asked = asked->next) {
        teams_signin_parts *parts = parts_of(asked->signin, client);
        teams_signin_parts *private_parts = asked->private_frame == 0 ? NULL : parts_of(asked->private_signin, client);

        if (parts != NULL)
            add_name(parts, asked);
        if (private_parts != NULL)
            add_private_name(private_parts, asked);
    }
    for (unsigned i = 0; i < wmem_array_get_count(address->connections); i++) {
        teams_connection *conn = *(teams_connection **)wmem_array_index(address->connections, i);
        teams_signin_parts *parts = parts_of(conn->priv->signin, client);

        if (parts != NULL)
            add_connection(parts, conn);
    }
}

/* The addresses in the order of the client's list. */
static void
add_addresses(void *key _U_, void *value, void *data _U_)
{
    const teams_client *client = teams_net_model_client((const teams_net_client *)value);

    if (client == NULL || client->addresses != value)
        return;
    for (const teams_net_client *address = client->addresses; address != NULL; address = address->next_address)
        add_to_signins(address, client);
}

/* Two addresses may turn out to be one client's at any frame, and a name of another sign-in: joined anew where the capture went on. */
static void
join_addresses(void)
{
    teams_net *net = teams_net_get();

    if (net->joined == teams_model_get()->clock.frame)
        return;
    net->joined = teams_model_get()->clock.frame;
    wmem_map_foreach(net->clients, forget_addresses, NULL);
    wmem_map_foreach(net->clients, join_address, NULL);
    wmem_map_foreach(net->clients, add_addresses, NULL);
}

static void
gather_clients(teams_check *check)
{
    static const teams_signin_parts none;

    join_addresses();
    check->parts = check->signin->parts == NULL || check->signin->parts->joined != teams_net_get()->joined ? &none : check->signin->parts;
    for (const teams_net_client *address = check->signin->client->addresses; address != NULL; address = address->next_address)
        wmem_array_append_one(check->clients, address);
    for (unsigned i = 0; i < wmem_array_get_count(check->clients) && !check->result->client_connects; i++)
        check->result->client_connects = wmem_array_get_count((*(const teams_net_client **)wmem_array_index(check->clients, i))->connections) > 0;
}

static teams_name_result *
name_result(teams_check *check, const char *name)
{
    teams_name_result *known = teams_check_name_of(check, name);

    if (known != NULL)
        return known;
    teams_name_result *fresh = wmem_new0(check->scope, teams_name_result);
    char *lower = g_ascii_strdown(name, -1);

    fresh->name = name;
    wmem_array_append_one(check->names, fresh);
    wmem_map_insert(check->by_name, wmem_strdup(check->scope, lower), fresh);
    g_free(lower);
    return fresh;
}

/* Of a name that was asked for from two addresses: where one had an answer with an address, and a resolver that is not on the host itself. */
static bool
tells_more(const teams_asked_name *asked, const teams_asked_name *known, const teams_net_client *client)
{
    return teams_asked_has_address(asked) != teams_asked_has_address(known) ? teams_asked_has_address(asked) : !ts_address_is_loopback(&client->addr);
}

static void
gather_names(teams_check *check)
{
    for (const teams_asked_name *asked = check->parts->names; asked != NULL; asked = asked->next_of_signin) {
        teams_name_result *name = name_result(check, asked->name);

        if (name->asked == NULL || tells_more(asked, name->asked, asked->client))
            name->asked = asked;
        name->product = asked->product;
        name->service = asked->service;
        name->stage = asked->stage;
        name->required = asked->required;
    }
}

/* What a host asks for that connects nowhere was not to be had, for it or for others: who knows what became of that. */
static void
check_asks_alone(teams_check *check)
{
    for (unsigned i = 0; i < teams_check_name_count(check) && !check->result->client_connects; i++) {
        const teams_asked_name *asked = teams_check_name(check, i)->asked;

        check->result->asks_alone = check->result->asks_alone || (asked != NULL && asked->had_public);
    }
}

/* Has it data both ways? */
static bool
is_used(const teams_check *check, const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_USED || (conn->priv->answer_bytes > 0 && !teams_connection_gave_up(conn, &check->end));
}

static bool
is_before_data(const teams_connection *conn)
{
    return conn->state >= TEAMS_CONNECTION_CONNECTED && conn->state < TEAMS_CONNECTION_USED;
}

/* Is the session not seen to carry data, and the client's part of it cut short? The server's certificates are, wherever frames are. */
static bool
is_cut_before_data(const teams_connection *conn)
{
    return is_before_data(conn) && conn->priv->cut_short[FROM_CLIENT];
}

/* The same of frames that are missing. */
static bool
is_missing_before_data(const teams_connection *conn)
{
    return is_before_data(conn) && (teams_connection_lacks_some(conn) || teams_connection_lacks_data(conn));
}

/* Does the capture lack frames of a session that the server answered, and did not end? */
static bool
is_missing(const teams_check *check, const teams_connection *conn)
{
    return !is_used(check, conn) && conn->state != TEAMS_CONNECTION_PROXY_REFUSED && (conn->bytes[FROM_SERVER] > 0 || teams_connection_lacks_data(conn)) &&
        (conn->end == TEAMS_CONNECTION_OPEN || conn->ended_by_client) && (conn->state == TEAMS_CONNECTION_JOINED || is_missing_before_data(conn));
}

/* May data both ways be in what was cut off? Not where an answer was read that ends it, or nothing came. */
static bool
is_unseen(const teams_check *check, const teams_connection *conn)
{
    return !is_used(check, conn) && is_cut_before_data(conn) && (conn->state < TEAMS_CONNECTION_PROXY_REFUSED || conn->state > TEAMS_CONNECTION_ALERT);
}

static void
gather_connections(teams_check *check)
{
    for (const teams_connection *conn = check->parts->connections; conn != NULL; conn = conn->priv->next_of_signin) {
        if (conn->priv->ignored || teams_connection_is_nameless(conn))
            continue;
        wmem_array_append_one(check->connections, conn);
        if (conn->proxy)
            check->result->proxy = conn->endpoint;
        if (conn->name == NULL)
            continue;
        teams_name_result *name = name_result(check, conn->name);

        name->tried++;
        name->by_proxy = name->by_proxy || conn->proxy;
        name->challenges += conn->proxy_challenges;
        const bool used = is_used(check, conn);

        name->refused = used && (name->refused || !name->reached) && teams_requests_all_refused(conn);
        name->reached = name->reached || used;
        name->unseen = name->unseen || is_unseen(check, conn);
        name->missing = name->missing || is_missing(check, conn);
        name->reached_by_proxy = name->reached_by_proxy || (used && conn->proxy);
        check->by_proxy = check->by_proxy || name->reached_by_proxy;
        if (name->product == TS_PRODUCT_UNKNOWN) {
            name->product = conn->product;
            name->service = conn->service;
            name->stage = conn->stage;
        }
        name->required = name->required || conn->required;
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

static void
note_used(const teams_check *check, teams_name_result *name, const teams_connection *conn)
{
    teams_used_session session = { .start = conn->start, .last = conn->last };

    if (name->used == NULL)
        name->used = wmem_array_new(check->scope, sizeof(teams_used_session));
    else {
        const teams_used_session *before =
            (const teams_used_session *)wmem_array_index(name->used, wmem_array_get_count(name->used) - 1);

        if (nstime_cmp(&before->last, &session.last) > 0)
            session.last = before->last;
    }
    wmem_array_append_one(name->used, session);
}

static bool
is_unread(const teams_connection *conn)
{
    const wmem_array_t *requests = teams_requests_of(conn);

    return requests == NULL || wmem_array_get_count((wmem_array_t *)requests) == 0;
}

/* What is asked of many connections about all others of the name. */
static void
index_by_name(const teams_check *check, const teams_connection *conn)
{
    teams_name_result *name = teams_check_name_of(check, conn->name);

    if (!conn->quic && name->first == NULL)
        name->first = conn;
    if (nstime_cmp(&conn->priv->heard, &name->heard) > 0)
        name->heard = conn->priv->heard;
    if (conn->state != TEAMS_CONNECTION_USED)
        return;
    if (!conn->quic)
        note_used(check, name, conn);
    if (is_unread(conn) && nstime_cmp(&conn->last, &name->unread_last) > 0)
        name->unread_last = conn->last;
}

static void
index_connections(teams_check *check)
{
    check->answered = wmem_map_new(check->scope, wmem_str_hash, g_str_equal);
    check->idle_cuts = wmem_map_new(check->scope, g_direct_hash, g_direct_equal);
    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (!conn->quic && conn->state >= TEAMS_CONNECTION_CONNECTED)
            wmem_map_insert(check->answered, conn->endpoint, (void *)conn);
        if (conn->name != NULL)
            index_by_name(check, conn);
    }
    for (unsigned i = 0; i < wmem_array_get_count(check->clients); i++) {
        const teams_net_client *client = *(const teams_net_client **)wmem_array_index(check->clients, i);

        if (nstime_cmp(&client->heard, &check->heard) > 0)
            check->heard = client->heard;
    }
}

/* ---- times ---- */

static int
slowest_first(const void *a, const void *b, void *data _U_)
{
    const teams_name_timing *x = (const teams_name_timing *)a;
    const teams_name_timing *y = (const teams_name_timing *)b;

    return x->total > y->total ? -1 : x->total < y->total;
}

/* A client waits for an answer before it tries another address; one that is silent for longer than that does something else. */
static bool
goes_on_from_tries(const teams_name_result *name, const teams_connection *conn)
{
    return name->tried_last != NULL && ts_seconds(&name->tried_last->last, &conn->start) <= TRIES_APART;
}

static void
note_failed_try(teams_name_result *name, const teams_connection *conn)
{
    if (!goes_on_from_tries(name, conn))
        name->tried_from = conn;
    name->tried_last = conn;
}

static bool
has_times(const teams_connection *conn)
{
    for (unsigned step = 0; step < TEAMS_STEP_COUNT; step++)
        if (conn->steps[step].frame != 0)
            return true;
    return false;
}

static void
add_timing(teams_check *check, wmem_array_t *timings, const teams_connection *conn)
{
    teams_name_timing timing = { .name = conn->name, .frame = conn->frame };

    teams_name_result *name = teams_check_name_of(check, conn->name);

    if (name->timed || !has_times(conn))
        return;     /* its first use counts */
    name->timed = true;
    timing.failed = timing.total = goes_on_from_tries(name, conn) ? ts_seconds(&name->tried_from->start, &conn->start) : 0;
    check->result->failed += timing.failed;
    for (unsigned step = 0; step < TEAMS_STEP_COUNT; step++) {
        timing.steps[step] = conn->steps[step].frame == 0 ? -1 : nstime_to_sec(&conn->steps[step].time);
        if (conn->steps[step].frame == 0)
            continue;
        timing.total += timing.steps[step];
        check->result->totals[step] += timing.steps[step];
        check->result->timed[step]++;
    }
    wmem_array_append_one(timings, timing);
}

static void
check_times(teams_check *check)
{
    if (!teams_clock_is_fine())
        return;
    wmem_array_t *timings = wmem_array_new(check->scope, sizeof(teams_name_timing));

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->name == NULL || conn->quic)
            continue;
        if (conn->state >= TEAMS_CONNECTION_CONNECTED)
            add_timing(check, timings, conn);
        else if (conn->state != TEAMS_CONNECTION_JOINED)
            note_failed_try(teams_check_name_of(check, conn->name), conn);
    }
    check->result->timing_count = wmem_array_get_count(timings);
    check->result->timings = (teams_name_timing *)wmem_array_get_raw(timings);
    if (check->result->timing_count > 1)
        g_qsort_with_data(check->result->timings, (int)check->result->timing_count, sizeof(teams_name_timing), slowest_first, NULL);
}

/* ---- what was reached ---- */

static void
check_sessions_in_part(teams_check *check)
{
    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->stage == TS_STAGE_IDENTITY)
            check->identity_in_part = check->identity_in_part || is_unseen(check, conn) || is_missing(check, conn);
        if (!is_missing(check, conn))
            continue;
        check->identity_missing = check->identity_missing || conn->stage == TS_STAGE_IDENTITY;
        check->result->beyond_missing = check->result->beyond_missing ||
            (conn->name != NULL && teams_signin_is_past_identity(UINT32_C(1) << conn->stage));
    }
}

/* A session without a name, which was cut off, is encrypted, or came before the capture, is with identity by its address. */
static bool
is_identity_reached_by_address(const teams_check *check)
{
    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (teams_connection_is_identity_by_address(conn) && is_used(check, conn))
            return true;
    }
    return false;
}

static void
check_reached(teams_check *check)
{
    check_sessions_in_part(check);
    check->result->identity_reached = is_identity_reached_by_address(check);
    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);

        if (name->stage == TS_STAGE_IDENTITY) {
            check->result->identity_asked = true;
            check->result->identity_reached = check->result->identity_reached || name->reached;
        }
        if (!teams_signin_is_past_identity(UINT32_C(1) << name->stage) || !name->reached)
            continue;
        if (name->refused)
            check->result->services_unserved = true;
        else {
            const bool push = teams_signin_is_push(name->service);
            const bool own = teams_name_weigh(name->product) >= TEAMS_NAME_OWN;

            check->result->beyond_reached = true;
            check->result->push_reached = check->result->push_reached || push;
            check->result->shared_reached = check->result->shared_reached || !own;
            check->result->services_reached = check->result->services_reached || (own && name->stage != TS_STAGE_MEDIA && !push);
        }
    }
    teams_check_push(check);
}

/* Neither a resolver nor a server says anything: the capture has one direction, or nothing came back. */
static void
check_directions(teams_check *check)
{
    bool heard = teams_check_connection_count(check) == 0;

    for (unsigned i = 0; i < wmem_array_get_count(check->clients); i++)
        heard = heard || (*(const teams_net_client **)wmem_array_index(check->clients, i))->voice_frame != 0;
    for (unsigned i = 0; i < teams_check_connection_count(check); i++)
        heard = heard || teams_connection_is_heard(teams_check_connection(check, i));
    check->result->one_way = !heard;
}

/* ---- what identity and the order of connections say ---- */

/*
 * A visit begins when an earlier one to the name is over, or long ago: one visit
 * opens several connections at once. Where identity answers nothing, the client
 * tries again and goes round in no loop.
 */
static bool
is_visit(const teams_check *check, const teams_connection *conn, const teams_connection *last)
{
    const bool identity = conn->stage == TS_STAGE_IDENTITY && is_used(check, conn);

    if (!identity || last == NULL)
        return identity;
    return ts_seconds(&last->start, &conn->start) >= LOOP_GAP ||
        (last->end != TEAMS_CONNECTION_OPEN && ts_seconds(&last->ended, &conn->start) > 0);
}

/* Visits to one name of identity, none of them long after the one before. */
typedef struct {
    const teams_connection *first;      /* NULL: none */
    const teams_connection *last;
    wmem_array_t *gaps;                 /* double: seconds from each to the next */
    bool between;                       /* the client went somewhere else, and came back */
} identity_visits;

/* The latest connection but telemetry, and the latest one to another name. */
typedef struct {
    const teams_connection *latest;
    const teams_connection *other;
} latest_connections;

static unsigned
visit_count(const identity_visits *visits)
{
    return visits->first == NULL ? 0 : wmem_array_get_count(visits->gaps) + 1;
}

static bool
is_same_name(const teams_connection *a, const teams_connection *b)
{
    return a->name != NULL && b->name != NULL && g_ascii_strcasecmp(a->name, b->name) == 0;
}

static void
add_latest(latest_connections *seen, const teams_connection *conn)
{
    if (conn->stage == TS_STAGE_TELEMETRY)
        return;
    if (seen->latest != NULL && !is_same_name(seen->latest, conn))
        seen->other = seen->latest;
    seen->latest = conn;
}

/* Was the client somewhere else since this one? */
static bool
was_elsewhere(const latest_connections *seen, const teams_connection *since)
{
    const teams_connection *other = is_same_name(seen->latest, since) ? seen->other : seen->latest;

    return other != NULL && other->number > since->number;
}

static void
add_visit(const teams_check *check, identity_visits *visits, const latest_connections *seen, const teams_connection *conn)
{
    const double gap = visits->last == NULL ? 0 : ts_seconds(&visits->last->start, &conn->start);

    if (visits->first == NULL || (visit_count(visits) < LOOP_MIN && gap > ROUND_GAP)) {
        *visits = (identity_visits) { .first = conn, .last = conn, .gaps = wmem_array_new(check->scope, sizeof(double)) };
        return;
    }
    wmem_array_append_one(visits->gaps, gap);
    visits->between = visits->between || was_elsewhere(seen, visits->last);
    visits->last = conn;
}

static identity_visits *
visits_of(const teams_check *check, wmem_map_t *by_name, const teams_connection *conn)
{
    const teams_name_result *name = teams_check_name_of(check, conn->name);
    identity_visits *visits = (identity_visits *)wmem_map_lookup(by_name, name);

    if (visits == NULL) {
        visits = wmem_new0(check->scope, identity_visits);
        wmem_map_insert(by_name, name, visits);
    }
    return visits;
}

/* Of the name that was visited most: a page of identity has others beside it. */
static identity_visits
gather_visits(const teams_check *check)
{
    wmem_map_t *by_name = wmem_map_new(check->scope, g_direct_hash, g_direct_equal);
    identity_visits none = { .first = NULL };
    const identity_visits *most = &none;
    latest_connections seen = { .latest = NULL };

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->name != NULL && conn->stage == TS_STAGE_IDENTITY) {
            identity_visits *visits = visits_of(check, by_name, conn);

            if (is_visit(check, conn, visits->last))
                add_visit(check, visits, &seen, conn);
            most = visit_count(visits) > visit_count(most) ? visits : most;
        }
        add_latest(&seen, conn);
    }
    return *most;
}

static int
shortest_first(const void *a, const void *b, void *data _U_)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Seconds between visits, where all but few are alike, as those of a client that polls; 0: they are not. Gaps are sorted. */
static double
poll_interval(const identity_visits *visits)
{
    const unsigned count = wmem_array_get_count(visits->gaps);
    const double *gaps = (const double *)wmem_array_get_raw(visits->gaps);
    const double usual = gaps[count / 2];
    unsigned alike = 0;

    for (unsigned i = 0; i < count; i++)
        alike += gaps[i] >= usual - POLL_ALIKE && gaps[i] <= usual + POLL_ALIKE;
    return alike * 4 >= count * 3 ? usual : 0;
}

static void
tell_polled(teams_check *check, const identity_visits *visits, double interval)
{
    const char *watches = "Ask which program of this host does so: a monitor of these sites signs nobody in; of a client of Teams look at the sign-in log in Entra ID";

    check->result->identity_polled = true;
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_IDENTITY_POLLED], visits->between ? PI_WARN : PI_NOTE,
        (teams_problem_place) { .frame = visits->first->frame, .actor = TEAMS_BY_CLIENT, .name = visits->first->name, .advice = visits->between ? watches : NULL },
        "The client connects to identity (%s) %u times, about every %.0f s, and to no service%s: it %s or tries again by the clock",
        visits->first->name, visit_count(visits), interval, visits->between ? " that needs a token" : " between", visits->between ? "watches sites" : "polls");
}

/* Seconds in which a client in a loop would be back at identity. Gaps are sorted. */
static double
round_limit(const identity_visits *visits)
{
    return MAX(LOOP_AFTER, 2 * *(const double *)wmem_array_index(visits->gaps, wmem_array_get_count(visits->gaps) - 1));
}

/* Does the front door, which serves all of Teams, go on answering when a client in a loop would have been back at identity? */
static bool
went_on(const teams_check *check, const identity_visits *visits)
{
    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->service == TS_SERVICE_WEB_APP && is_used(check, conn) && ts_seconds(&visits->last->start, &conn->priv->served) > round_limit(visits))
            return true;
    }
    return false;
}

static void
tell_loop(teams_check *check, const identity_visits *visits)
{
    const unsigned count = visit_count(visits);
    const bool shown = count >= LOOP_SURE || teams_check_time_passed(check, &visits->last->start, round_limit(visits));
    const char *name = visits->first->name;
    const teams_problem_place place = { .frame = visits->first->frame, .actor = TEAMS_BY_UNKNOWN, .name = name, .fatal = shown,
        .advice = shown ? NULL : "Capture for longer, until the client has signed in or says that it has not" };
    const double seconds = ts_seconds(&visits->first->start, &visits->last->start);

    if (shown)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_LOGIN_LOOP], PI_ERROR, place,
            "The client connects to identity (%s) %u times in %.0f s and to no service that needs a token: a login loop, for which "
            "conditional access is a likely cause", name, count, seconds);
    else
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_LOGIN_LOOP], PI_WARN, place,
            "The client connects to identity (%s) %u times in %.0f s, and the capture ends %.1f s after that: a login loop begins so, and so may a "
            "sign-in that is still going on", name, count, seconds, ts_seconds(&visits->last->start, &check->end));
}

/* A client in a loop goes to its service and back, as fast as pages load; one that asks identity alone, and by the clock, polls. */
static void
check_loop(teams_check *check)
{
    if (check->result->beyond_reached || check->loop_reported || check->result->identity_polled)
        return;
    const identity_visits visits = gather_visits(check);

    if (visit_count(&visits) < LOOP_MIN)
        return;
    g_qsort_with_data(wmem_array_get_raw(visits.gaps), (int)wmem_array_get_count(visits.gaps), sizeof(double), shortest_first, NULL);
    const double interval = poll_interval(&visits);

    if (interval >= (visits.between ? WATCH_MIN : POLL_MIN))
        tell_polled(check, &visits, interval);
    else if (!went_on(check, &visits))
        tell_loop(check, &visits);
}

static void
check_cut(teams_check *check)
{
    check->result->cut_short = check->signin->names_cut;
    for (unsigned i = 0; i < teams_check_connection_count(check) && !check->result->cut_short; i++)
        check->result->cut_short = is_cut_before_data(teams_check_connection(check, i));
}

/* Where no problem has said so, and one explains it: connections that are still being made at the end prove nothing. */
static void
check_identity(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);
    bool explained = false;

    if (!check->result->identity_asked || check->result->identity_reached || check->identity_reported)
        return;
    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->stage != TS_STAGE_IDENTITY)
            continue;
        /* Also where its name is what was cut off. */
        if (teams_connection_is_waiting(conn, &check->end) || conn->state == TEAMS_CONNECTION_JOINED || is_cut_before_data(conn) || is_missing_before_data(conn))
            return;
        if (conn->name != NULL)
            teams_name_list_add(&list, conn->name, conn->frame);
    }
    for (unsigned i = 0; i < wmem_array_get_count(check->problems); i++)
        explained = explained || ((const teams_connection_problem *)wmem_array_index(check->problems, i))->severity == PI_ERROR;
    if (list.names > 0 && explained)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_IDENTITY_UNREACHED], PI_ERROR,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_UNKNOWN, .name = list.first },
            "No session with identity (%s) came about", teams_name_list_text(&list));
}

static void
check_never_connected(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);

    if (teams_check_connection_count(check) == 0)
        return;
    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);

        if (name->stage != TS_STAGE_MEDIA && name->tried == 0 && name->asked != NULL && name->asked->had_public &&
            !name->asked->followed && teams_check_time_passed(check, &name->asked->last, 1))
            teams_name_list_add(&list, name->name, name->asked->frame);
    }
    if (list.names > 0)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_NEVER_CONNECTED], PI_CHAT,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_CLIENT, .name = list.first },
            "%s: asked for and answered, and no connection to these addresses followed", teams_name_list_text(&list));
}

/* ---- all of it ---- */

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

teams_signin_result *
teams_connections_check(wmem_allocator_t *scope, const teams_signin *signin)
{
    teams_check check = { .scope = scope, .signin = signin, .end = teams_model_get()->last };

    check.result = wmem_new0(scope, teams_signin_result);
    check.clients = wmem_array_new(scope, sizeof(const teams_net_client *));
    check.connections = wmem_array_new(scope, sizeof(const teams_connection *));
    check.names = wmem_array_new(scope, sizeof(teams_name_result *));
    check.by_name = wmem_map_new(scope, wmem_str_hash, g_str_equal);
    check.problems = wmem_array_new(scope, sizeof(teams_connection_problem));
    gather_clients(&check);
    gather_names(&check);
    gather_connections(&check);
    if (teams_check_connection_count(&check) > 1)
        g_qsort_with_data(wmem_array_get_raw(check.connections), (int)teams_check_connection_count(&check), sizeof(const teams_connection *), by_number, NULL);
    check_asks_alone(&check);
    index_connections(&check);
    check_directions(&check);
    check_reached(&check);
    check_cut(&check);
    teams_check_nodes(&check);
    teams_check_requests(&check);
    teams_check_dns(&check);
    teams_check_resolvers(&check);
    teams_check_lost_all(&check);
    teams_check_tcp(&check);
    teams_check_idle(&check);
    teams_check_lost(&check);
    teams_check_tls(&check);
    teams_check_proxy(&check);
    check_loop(&check);
    check_identity(&check);
    check_never_connected(&check);
    check_times(&check);
    check.result->problem_count = wmem_array_get_count(check.problems);
    check.result->problems = (teams_connection_problem *)wmem_array_get_raw(check.problems);
    if (check.result->problem_count > 1)
        g_qsort_with_data(check.result->problems, (int)check.result->problem_count, sizeof(teams_connection_problem), worst_first, NULL);
    check.result->connection_count = teams_check_connection_count(&check);
    check.result->connections = (const teams_connection **)wmem_array_get_raw(check.connections);
    return check.result;
}
