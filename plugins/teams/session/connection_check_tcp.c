/* connection_check_tcp.c
 * Which connections of a sign-in did not come about or did not last, and who is to blame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_check.h"

#include <epan/to_str.h>

#include "common/endpoint.h"

#define SYN_ACKS_MIN        2       /* one may have been lost */
#define IPV6_COST           0.5
#define LOSS_PACKETS_MIN    50      /* fewer are no measure of loss */
#define LOSS_NOTE           0.02
#define LOSS_WARN           0.05
#define LOSS_FEW            5
#define LOSS_MANY           20      /* a tail that was sent twice in each of a few connections is no loss */
#define STALL_SECONDS       1.0     /* a receiver that keeps its window shut for so long is stuck */
#define ZERO_WINDOWS_MIN    3

/* Advice where others get through: no rule is in the way of the address alone. */
#define NOT_ALWAYS  "Other connections to the same address were answered: look for loss, for a full table of a firewall or NAT, or for a change in between"
#define NOT_ALWAYS_REFUSED  "Other connections with the same name were answered: compare their addresses and times; a server of several that is down refuses so, too"

#define PROXY_REFUSES  "Nothing listens at the proxy's port, or a rule refuses it: look at the proxy, or at the client's setting of it"

/* ... and where it would let the client through to somebody else. */
#define NOT_PUBLISHED  "The address is in no prefix that Microsoft publishes: look first at what the resolver answers for the name, which a filter or a zone " \
    "of its own may have rewritten. Content networks serve some names from addresses of theirs: allow the address and port only where it is the right one"

#define CUSTOMERS_OWN   "A server of the customer's own, which may be within reach of its network alone: clients go on without it"

/* ---- alike ---- */

/* IPv6, and the name was reached over IPv4; or some address of identity, and identity was reached, or the capture cannot show that. */
static bool
took_another_way(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = conn->name == NULL ? NULL : teams_check_name_of(check, conn->name);

    if (teams_connection_is_identity_by_address(conn))
        return check->result->identity_reached || check->result->one_way;
    if (conn->name == NULL)
        return check->result->one_way;
    return conn->server_end.addr.type == AT_IPv6 && name != NULL && name->reached;
}

/* What a sentence says of each that fits; it stays the same for all of a group. */
static teams_groups
gather(teams_check *check, bool (*fits)(const teams_check *check, const teams_connection *conn),
    const char *(*says)(const teams_check *check, const teams_connection *conn))
{
    teams_groups groups = teams_groups_new(check);

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (fits(check, conn))
            teams_groups_add(&groups, says(check, conn), conn, conn->end_frame == 0 ? conn->frame : conn->end_frame);
    }
    return groups;
}

/* A rule for an address that is not Microsoft's mends nothing: likely the resolver does not answer what it should. */
static bool
is_elsewhere(const teams_connection *conn)
{
    return !conn->proxy && ts_address_prefix_at(&conn->server_end.addr, &conn->start) == NULL;
}

/* NULL: that of the row. */
static const char *
advice_of_address(const teams_connection *conn)
{
    return teams_connection_is_customers(conn) ? CUSTOMERS_OWN : is_elsewhere(conn) ? NOT_PUBLISHED : NULL;
}

/* Of what does not come about at all; where an address alone tells whose it is, that is less. */
static int
severity_of(const teams_name_list *names)
{
    return names->by_address || names->matters ? teams_name_list_severity(names) : PI_WARN;
}

/* Did others to the same address get an answer after this one's first SYN, or none at all? */
static bool
is_dead_since(const teams_check *check, const teams_connection *first)
{
    const teams_connection *other = (const teams_connection *)wmem_map_lookup(check->answered, first->endpoint);

    return other == NULL || nstime_cmp(&other->priv->heard, &first->start) <= 0;
}

/* Nothing goes on without the proxy; names that were to go through it are not in the bytes. */
static bool
is_fatal_proxy(const teams_check *check, const teams_connection *first)
{
    return first->proxy && is_dead_since(check, first) && (!wmem_map_contains(check->answered, first->endpoint) ||
        (!check->result->services_reached && !check->result->beyond_missing));
}

static int
refusal_severity(const teams_check *check, const teams_group *all)
{
    if (all->first->proxy)
        return is_fatal_proxy(check, all->first) ? PI_ERROR : PI_WARN;
    return teams_name_list_severity(&all->names);
}

/* "the proxy 10.0.0.1:3128", "a, b (the first at 192.0.2.1:443)" */
static const char *
place_text(const teams_check *check, const teams_group *all, const char *more)
{
    if (all->first->proxy)
        return wmem_strdup_printf(check->scope, "the proxy %s", all->first->endpoint);
    return wmem_strdup_printf(check->scope, "%s (%s%s%s)", teams_name_list_text(&all->names), all->names.names > 1 || all->elsewhere ? "the first at " : "",
        all->first->endpoint, more);
}

/* ---- never answered ---- */

typedef struct {
    teams_name_list names;
    unsigned syns;
    unsigned connections;
    const teams_connection *first;
    nstime_t last;
    bool private_address;
} unanswered;

static bool
is_unanswered(const teams_check *check, const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_UNANSWERED && !conn->quic && conn->syns > 1 && !teams_connection_is_waiting(conn, &check->end);
}

static void
add_unanswered(unanswered *waiting, const teams_connection *conn)
{
    teams_name_list_add_connection(&waiting->names, conn, conn->frame);
    waiting->syns += conn->syns;
    waiting->connections++;
    waiting->last = conn->last;
    waiting->private_address = waiting->private_address || (conn->private_address && !teams_connection_is_customers(conn));
    if (waiting->first == NULL)
        waiting->first = conn;
}

static void
tell_unanswered(teams_check *check, const unanswered *waiting)
{
    const teams_name_list *names = &waiting->names;
    const bool answers = wmem_map_contains(check->answered, waiting->first->endpoint);
    const bool dead = is_dead_since(check, waiting->first);
    const char *never = !answers ? "never" : dead ? "no longer" : "not always";
    const char *elsewhere = answers || names->any_lost ? "" : "; the name was reached in another way";
    const double seconds = ts_seconds(&waiting->first->start, &waiting->last);
    const teams_problem_place place = { .frame = names->frame, .actor = TEAMS_BY_NETWORK, .name = names->first, .fatal = names->fatal,
        .advice = answers ? NOT_ALWAYS : waiting->private_address ? NULL : advice_of_address(waiting->first) };
    const int severity = severity_of(names);

    if (waiting->first->proxy)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_PROXY_DEAD], is_fatal_proxy(check, waiting->first) ? PI_ERROR : PI_WARN,
            (teams_problem_place) { .frame = names->frame, .actor = TEAMS_BY_PROXY, .fatal = is_fatal_proxy(check, waiting->first) },
            "TCP to the proxy %s is %s answered: %u SYNs in %.0f s", waiting->first->endpoint, never, waiting->syns, seconds);
    else if (waiting->private_address)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_PRIVATE_DEAD], severity, place,
            "%s lead%s to a private address (split DNS or a block page), and TCP to it (%s) is %s answered: %u SYNs on %u connection%s in %.0f s%s%s",
            teams_name_list_text(names), names->names == 1 ? "s" : "", waiting->first->endpoint, never, waiting->syns, waiting->connections,
            waiting->connections == 1 ? "" : "s", seconds, elsewhere, teams_name_list_tail(names));
    else
        teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_TCP_UNANSWERED], severity, place,
            "TCP to %s (%s) is %s answered: %u SYNs on %u connection%s in %.0f s, likely dropped on the way%s%s",
            teams_name_list_text(names), waiting->first->endpoint, never, waiting->syns, waiting->connections,
            waiting->connections == 1 ? "" : "s", seconds, elsewhere, teams_name_list_tail(names));
}

/* One problem for each address, and IPv6 only where IPv4 did not take its place. */
static void
check_unanswered(teams_check *check)
{
    wmem_map_t *by_endpoint = wmem_map_new(check->scope, wmem_str_hash, g_str_equal);
    wmem_array_t *order = wmem_array_new(check->scope, sizeof(unanswered *));

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (!is_unanswered(check, conn) || took_another_way(check, conn))
            continue;
        unanswered *waiting = (unanswered *)wmem_map_lookup(by_endpoint, conn->endpoint);

        if (waiting == NULL) {
            waiting = wmem_new0(check->scope, unanswered);
            waiting->names = teams_name_list_new(check);
            wmem_map_insert(by_endpoint, conn->endpoint, waiting);
            wmem_array_append_one(order, waiting);
        }
        add_unanswered(waiting, conn);
    }
    for (unsigned i = 0; i < wmem_array_get_count(order); i++)
        tell_unanswered(check, *(unanswered **)wmem_array_index(order, i));
}

/* ---- answered, and the answer is never acknowledged ---- */

static bool
is_unacknowledged(const teams_check *check, const teams_connection *conn)
{
    return teams_connection_is_half_open(conn) && conn->priv->syn_acks >= SYN_ACKS_MIN && conn->priv->syn_after &&
        teams_check_time_passed(check, &conn->start, UNANSWERED_SECONDS);
}

static void
tell_unacknowledged(teams_check *check, const teams_group *all)
{
    const teams_name_list *names = &all->names;

    teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_SYN_ACK], names->matters ? PI_ERROR : PI_WARN,
        (teams_problem_place) { .frame = names->frame, .actor = TEAMS_BY_UNKNOWN, .name = names->first, .fatal = names->fatal },
        "TCP to %s is answered, and the client never acknowledges the answer: SYN/ACK %u times on %u connection%s%s",
        place_text(check, all, ""), all->syn_acks, names->count,
        names->count == 1 ? "" : "s", teams_name_list_tail(names));
}

/* ---- refused ---- */

static bool
is_refused(const teams_check *check, const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_REFUSED && !took_another_way(check, conn) && !teams_check_is_portal(check, conn);
}

static const char *
says_who_refused(const teams_check *check, const teams_connection *conn)
{
    return conn->proxy || conn->name == NULL ? conn->endpoint : wmem_strdup_printf(check->scope, "%d %d %d", conn->private_address, is_elsewhere(conn), teams_connection_is_customers(conn));
}

static void
tell_refused(teams_check *check, const teams_group *all)
{
    const teams_name_list *names = &all->names;

    teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_TCP_REFUSED], refusal_severity(check, all),
        (teams_problem_place) { .frame = names->frame, .actor = all->first->proxy ? TEAMS_BY_PROXY : TEAMS_BY_NETWORK, .name = names->first,
            .fatal = names->fatal || is_fatal_proxy(check, all->first), .advice = all->first->proxy ? PROXY_REFUSES :
                !names->any_lost ? NOT_ALWAYS_REFUSED : advice_of_address(all->first) },
        "TCP to %s is refused with a reset (%u connection%s)%s%s",
        place_text(check, all, all->first->private_address && !teams_connection_is_customers(all->first) ? ", a private address: split DNS or a block page" : ""), names->count,
        names->count == 1 ? "" : "s", names->any_lost ? "" : ", and others with the same name work", teams_name_list_tail(names));
}

static bool
is_prohibited(const teams_check *check, const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_PROHIBITED && !took_another_way(check, conn);
}

static const char *
icmp_text(const teams_check *check, const teams_connection *conn)
{
    char *host = address_to_str(check->scope, &conn->server_end.addr);

    /* A server refuses so, too, and a firewall in its name. */
    return g_str_equal(host, conn->icmp_router) ? wmem_strdup_printf(check->scope, "%s from that address itself", conn->icmp_text)
        : wmem_strdup_printf(check->scope, "%s from the router %s", conn->icmp_text, conn->icmp_router);
}

static const char *
says_who_prohibited(const teams_check *check, const teams_connection *conn)
{
    return wmem_strdup_printf(check->scope, "%s %d %d %s", icmp_text(check, conn), is_elsewhere(conn), teams_connection_is_customers(conn), conn->name == NULL ? conn->endpoint : "");
}

static void
tell_prohibited(teams_check *check, const teams_group *all)
{
    const teams_name_list *names = &all->names;

    teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_TCP_PROHIBITED],
        all->first->proxy ? refusal_severity(check, all) : severity_of(names),
        (teams_problem_place) { .frame = names->frame, .actor = TEAMS_BY_NETWORK, .name = names->first,
            .fatal = names->fatal || is_fatal_proxy(check, all->first), .advice = advice_of_address(all->first) },
        "TCP to %s is refused by the network: ICMP %s (%u connection%s)%s%s", place_text(check, all, ""), icmp_text(check, all->first), names->count,
        names->count == 1 ? "" : "s", names->any_lost ? "" : "; the name was reached in another way", teams_name_list_tail(names));
}

/* ---- ended by the server's side ---- */

bool
teams_check_has_no_answer(const teams_connection *conn)
{
    /* What was cut off of the client's part may be a request. */
    if (conn->priv->cut_short[FROM_CLIENT] && !conn->priv->requested)
        return false;
    if (conn->state == TEAMS_CONNECTION_HANDSHAKE_ENDED)
        return !teams_connection_is_foreign(conn) && !conn->priv->alert_likely;
    /* Early data may be a request, which the server's part of the handshake answered. */
    return conn->state == TEAMS_CONNECTION_SECURED && !conn->priv->early && (!conn->priv->requested || conn->priv->answer_bytes == 0) &&
        !teams_connection_is_foreign(conn);
}

const char *
teams_check_when_ended(const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_HANDSHAKE_ENDED ? "within the TLS handshake"
        : conn->priv->requested ? "after data of the client's, which has no answer" : "after the client's part of the TLS handshake";
}

/* Is all that the client has of it a connection, a session or a part of one, and an end of it? */
static bool
has_no_answer(const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_CONNECTED ? conn->bytes[FROM_CLIENT] == 0 && conn->bytes[FROM_SERVER] == 0
        : teams_check_has_no_answer(conn);
}

/* A server may end what is not used, after a while, and one connection of several; not each of them at once. */
static bool
is_ended_by_server(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = conn->name == NULL ? NULL : teams_check_name_of(check, conn->name);

    if (conn->end == TEAMS_CONNECTION_OPEN || conn->ended_by_client || conn->quic || conn->proxy || !has_no_answer(conn))
        return false;
    return name != NULL && !name->reached && conn->idle_before_end < ANSWER_SECONDS && conn->priv->hole_frame == 0 &&
        conn->packets[FROM_CLIENT] > 0 && !teams_connection_lacks_data(conn) && !teams_connection_lacks_some(conn) && !teams_check_is_portal(check, conn);
}

static const char *
says_when_ended(const teams_check *check, const teams_connection *conn)
{
    const char *when = conn->state == TEAMS_CONNECTION_CONNECTED ? "right after TCP is connected" : teams_check_when_ended(conn);

    return wmem_strdup_printf(check->scope, "by %s %s", teams_end_text(conn), when);
}

static void
tell_ended_by_server(teams_check *check, const teams_group *all)
{
    const teams_name_list *names = &all->names;

    if (names->count == 1)
        return;
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_SERVER_ENDS], teams_name_list_severity(names),
        (teams_problem_place) { .frame = names->frame, .actor = TEAMS_BY_UNKNOWN, .name = names->first, .fatal = names->fatal },
        "The server's side ends the connections to %s %s (%u times)%s", teams_name_list_text(names), says_when_ended(check, all->first),
        names->count, teams_name_list_tail(names));
}

/* ---- a handshake that stops ---- */

/* Seconds of silence of both sides: until the client gives up, or the capture ends. */
static double
silent_for(const teams_check *check, const teams_connection *conn)
{
    return conn->end == TEAMS_CONNECTION_OPEN ? ts_seconds(&conn->last, &check->end) : conn->idle_before_end;
}

/* Does the client end it, or go on with another connection? One that sleeps or has left is silent, too. */
static bool
is_client_there(const teams_check *check, const teams_connection *conn)
{
    const teams_connection *latest = teams_check_connection(check, teams_check_connection_count(check) - 1);

    return conn->end != TEAMS_CONNECTION_OPEN || ts_seconds(&conn->last, &latest->start) >= ANSWER_SECONDS;
}

/* The ClientHello has an answer, and neither side sends anything after that, but at last the client's end. */
static bool
is_stuck(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = conn->name == NULL ? NULL : teams_check_name_of(check, conn->name);
    const bool ends = conn->end != TEAMS_CONNECTION_OPEN;

    if (conn->state != TEAMS_CONNECTION_HANDSHAKE_ENDED || conn->quic || name == NULL || name->reached || (ends && !conn->ended_by_client))
        return false;
    /* What the client does not like of the server's part is another rule's. */
    if (teams_connection_is_foreign(conn) || conn->priv->alert_likely || (ends && teams_connection_is_left(conn, &conn->ended)))
        return false;
    return silent_for(check, conn) >= ANSWER_SECONDS && is_client_there(check, conn) && conn->priv->hole_frame == 0 && conn->priv->large_frame == 0 && conn->vain == 0 &&
        conn->priv->vain[FROM_CLIENT] == 0 && teams_connection_is_delivered(conn) && !teams_connection_lacks_data(conn) &&
        !teams_connection_lacks_requests(conn) && !teams_connection_lacks_some(conn) && !teams_check_is_portal(check, conn);
}

static const char *
says_whose_turn(const teams_check *check _U_, const teams_connection *conn)
{
    return conn->priv->wait_server ? "server" : "";
}

static void
tell_stuck(teams_check *check, const teams_group *all)
{
    const teams_name_list *names = &all->names;

    if (names->count == 1)
        return;
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_HANDSHAKE_STOPS], teams_name_list_severity(names),
        (teams_problem_place) { .frame = all->first->hello_frame, .actor = TEAMS_BY_UNKNOWN, .name = names->first, .fatal = names->fatal },
        "The TLS handshake with %s (%s%s) stops: %s, and nothing more comes from either side for %.0f s (%u times)%s",
        teams_name_list_text(names), all->first->proxy ? "through the proxy " : names->names > 1 ? "the first at " : "", all->first->endpoint,
        all->first->priv->wait_server ? "the client's part of it is acknowledged and has no answer" : "the ClientHello is answered",
        silent_for(check, all->first), names->count, teams_name_list_tail(names));
}

/* ---- kinds of ends of which one sentence says the same ---- */

static const struct {
    bool (*fits)(const teams_check *check, const teams_connection *conn);
    const char *(*says)(const teams_check *check, const teams_connection *conn);
    void (*tell)(teams_check *check, const teams_group *all);
} ends[] = {
    { is_unacknowledged, teams_says_no_more, tell_unacknowledged },
    { is_refused, says_who_refused, tell_refused },
    { is_prohibited, says_who_prohibited, tell_prohibited },
    { is_ended_by_server, says_when_ended, tell_ended_by_server },
    { is_stuck, says_whose_turn, tell_stuck },
};

static void
check_ends(teams_check *check)
{
    for (unsigned kind = 0; kind < G_N_ELEMENTS(ends); kind++) {
        const teams_groups groups = gather(check, ends[kind].fits, ends[kind].says);

        for (unsigned i = 0; i < teams_groups_count(&groups); i++)
            ends[kind].tell(check, teams_groups_at(&groups, i));
    }
}

/* ---- fallbacks ---- */

/* Not answered, not even after IPv4 had taken its place: a SYN-ACK would have come all the same. */
static bool
is_dead_ipv6(const teams_check *check, const teams_connection *conn)
{
    if (conn->server_end.addr.type != AT_IPv6 || conn->quic || !took_another_way(check, conn))
        return false;
    return conn->state == TEAMS_CONNECTION_REFUSED || conn->state == TEAMS_CONNECTION_PROHIBITED ||
        (conn->state == TEAMS_CONNECTION_UNANSWERED && teams_check_time_passed(check, &conn->start, UNANSWERED_SECONDS));
}

static void
check_ipv6(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);
    const teams_connection *first = NULL;
    double cost = 0;

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);
        const teams_connection *dead = conn->priv->dead_ipv6;

        if (conn->server_end.addr.type == AT_IPv6 && conn->state >= TEAMS_CONNECTION_CONNECTED && !conn->quic)
            return;     /* it works */
        /* Where one is known to be dead, those that were left for IPv4 since are, too. */
        if (dead != NULL && dead->state == TEAMS_CONNECTION_UNANSWERED &&
                (list.count > 0 || teams_check_time_passed(check, &dead->start, UNANSWERED_SECONDS))) {
            cost += ts_seconds(&dead->start, &conn->start);
            teams_name_list_add(&list, conn->name, dead->frame);
        } else if (is_dead_ipv6(check, conn) && conn->state != TEAMS_CONNECTION_UNANSWERED)
            teams_name_list_add_connection(&list, conn, conn->frame);
        first = first == NULL ? dead != NULL ? dead : is_dead_ipv6(check, conn) ? conn : NULL : first;
    }
    if (first == NULL || (list.count < 2 && cost < IPV6_COST))
        return;
    const bool refused = first->state == TEAMS_CONNECTION_REFUSED || first->state == TEAMS_CONNECTION_PROHIBITED;

    teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_IPV6_DEAD], PI_WARN,
        (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_NETWORK, .name = list.first },
        "IPv6 to %s is %s, and IPv4 works: the fallback cost %.1f s (%u time%s)", teams_name_list_text(&list),
        refused ? "refused" : "not answered", cost, list.count, list.count == 1 ? "" : "s");
}

static void
check_quic(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->quic && conn->state == TEAMS_CONNECTION_UNANSWERED && conn->packets[FROM_CLIENT] > 1 &&
            !teams_connection_is_waiting(conn, &check->end))
            teams_name_list_add(&list, conn->name, conn->frame);
    }
    if (list.names > 0)
        teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_QUIC_UNANSWERED], PI_NOTE,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_NETWORK, .name = list.first },
            "QUIC (UDP 443) to %s is not answered%s", teams_name_list_text(&list), list.any_lost ? "" : "; TCP is used, which works");
}

/* ---- loss ---- */

/* What the client sends again and again; or what the server sent, of which it is known that it is missing, and no more. */
static void
check_mtu(teams_check *check, bool again)
{
    teams_name_list list = teams_name_list_new(check);

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (teams_check_has_mtu_hole(check, conn) && (conn->priv->large_frame != 0) == again)
            teams_name_list_add_connection(&list, conn, again ? conn->priv->large_frame : conn->priv->hole_frame);
    }
    if (list.names == 0)
        return;
    if (again)
        teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_MTU], list.matters ? PI_ERROR : PI_WARN,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_NETWORK, .name = list.first, .fatal = list.fatal },
            "Large segments to %s are lost again and again while small ones pass%s", teams_name_list_text(&list), teams_name_list_tail(&list));
    else
        teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_MTU], list.matters ? PI_ERROR : PI_WARN,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_NETWORK, .name = list.first, .fatal = list.fatal,
                .advice = "A tunnel on the way with a smaller MTU loses what is large: lower the MSS there, or let ICMP \"fragmentation needed\" and "
                    "\"packet too big\" through. A device that drops the answer for what it reads there, as the certificate, shows the same" },
            "The answer to the ClientHello, or part of it, from %s does not arrive, and segments that were sent after it do%s", teams_name_list_text(&list),
            teams_name_list_tail(&list));
}

/* What another problem tells already: a side does not answer, or only large segments are lost. */
static bool
resends_for_a_cause(const teams_check *check, const teams_connection *conn)
{
    return is_unacknowledged(check, conn) || conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED || conn->state == TEAMS_CONNECTION_HELLO_RESET || teams_check_has_mtu_hole(check, conn) ||
        conn->priv->zero_longest >= STALL_SECONDS;
}

/* What went out again when the other side was gone, as where a device forgot the connection, is no measure of loss. */
static unsigned
lost_segments(const teams_connection *conn, unsigned way)
{
    const unsigned in_vain = teams_connection_resent_in_vain(conn, way);

    return conn->retransmissions[way] - MIN(in_vain, conn->retransmissions[way]);
}

static void
check_loss(teams_check *check)
{
    unsigned packets[2] = { 0, 0 }, again[2] = { 0, 0 };
    uint32_t frame = 0;

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->quic || conn->state <= TEAMS_CONNECTION_PROHIBITED || resends_for_a_cause(check, conn))
            continue;
        for (unsigned way = 0; way < 2; way++) {
            packets[way] += conn->packets[way];
            again[way] += lost_segments(conn, way);
        }
        if (frame == 0 && lost_segments(conn, FROM_SERVER) + lost_segments(conn, FROM_CLIENT) > 0)
            frame = conn->frame;
    }
    for (unsigned way = 0; way < 2; way++)
        if (packets[way] >= LOSS_PACKETS_MIN && again[way] >= LOSS_NOTE * packets[way] && again[way] >= LOSS_FEW)
            teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_RETRANSMISSIONS], again[way] >= LOSS_WARN * packets[way] && again[way] >= LOSS_MANY ? PI_WARN : PI_NOTE,
                (teams_problem_place) { .frame = frame, .actor = TEAMS_BY_NETWORK },
                "%u of %u TCP segments from the %s are retransmissions", again[way], packets[way], way == FROM_CLIENT ? "client" : "servers");
}

static void
check_windows(teams_check *check)
{
    const teams_connection *first = NULL, *stalled = NULL;
    unsigned zero = 0;

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->priv->zero_longest >= STALL_SECONDS && (stalled == NULL || conn->priv->zero_longest > stalled->priv->zero_longest))
            stalled = conn;
        if (conn->quic || conn->state <= TEAMS_CONNECTION_PROHIBITED)
            continue;
        zero += conn->zero_windows;
        if (first == NULL && conn->zero_windows > 0)
            first = conn;
    }
    if (zero < ZERO_WINDOWS_MIN)
        return;
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_ZERO_WINDOW], stalled == NULL ? PI_NOTE : PI_WARN,
        (teams_problem_place) { .frame = stalled == NULL ? first->frame : stalled->frame, .name = stalled == NULL ? NULL : stalled->name,
            .actor = stalled == NULL ? TEAMS_BY_UNKNOWN : stalled->priv->zero_by_client ? TEAMS_BY_CLIENT : TEAMS_BY_SERVER },
        "A receiver stopped its sender %u times (zero window)%s%s", zero, stalled == NULL ? "" : ", the longest on the connection to ",
        stalled == NULL ? "" : wmem_strdup_printf(check->scope, "%s for %.1f s by the %s", teams_connection_text(check->scope, stalled),
            stalled->priv->zero_longest, stalled->priv->zero_by_client ? "client" : "server"));
}

void
teams_check_tcp(teams_check *check)
{
    check_unanswered(check);
    check_ends(check);
    check_ipv6(check);
    check_quic(check);
    check_mtu(check, true);
    check_mtu(check, false);
    check_loss(check);
    check_windows(check);
}
