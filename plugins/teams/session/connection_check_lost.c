/* connection_check_lost.c
 * Connections that worked and then stopped being answered: all at once, or some while others go on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the client sends goes out again and again, and nothing comes back
 * until it gives up, or the capture ends (note_lost() of connection_idle.c).
 */

#include "session/connection_check.h"

#include <epan/to_str.h>

#include "common/endpoint.h"

#define ADDRESSES_MAX   8u      /* that a client has one after the other; a card of more is a router's */

/* Was nothing of any server heard after that? */
static bool
is_last(const teams_check *check, const teams_connection *conn)
{
    return nstime_cmp(&check->heard, &conn->priv->vain_since[FROM_CLIENT]) <= 0;
}

static bool
is_lost(const teams_connection *conn)
{
    return conn->priv->lost && !conn->quic;
}

/* A large segment alone may be too large for the way; a small one beside it is not. */
void
teams_check_lost_all(teams_check *check)
{
    const teams_connection *first = NULL;
    bool several = false, small = false;

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (!is_lost(conn) || !is_last(check, conn))
            continue;
        several = several || (first != NULL && !addresses_equal(&first->server_end.addr, &conn->server_end.addr));
        small = small || conn->priv->large_frame == 0;
        first = first == NULL ? conn : first;
    }
    check->lost_all = several && small;
}

/* Did it stop being answered when all others did? */
static bool
is_lost_with_all(const teams_check *check, const teams_connection *conn)
{
    return check->lost_all && is_lost(conn) && is_last(check, conn);
}

bool
teams_check_has_mtu_hole(const teams_check *check, const teams_connection *conn)
{
    /* What the client acknowledges is missing in the capture alone. */
    const bool got = conn->priv->acknowledging[FROM_CLIENT] && (int32_t)(conn->priv->acknowledged[FROM_CLIENT] - conn->priv->hole_sequence) > 0;

    return (conn->priv->large_frame != 0 && !is_lost_with_all(check, conn)) || (conn->priv->hole_frame != 0 && !got &&
        teams_check_time_passed(check, &conn->priv->hole_since, HOLE_SECONDS) && conn->state < TEAMS_CONNECTION_SECURED);
}

/* Did the client get through to the name later? */
static bool
is_back(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = conn->name == NULL ? NULL : teams_check_name_of(check, conn->name);

    return name != NULL && nstime_cmp(&name->heard, &conn->priv->vain_since[FROM_CLIENT]) > 0;
}

/* After a silence the client may have slept, or a device have forgotten the connection: a new one works. */
static bool
is_forgotten(const teams_check *check, const teams_connection *conn)
{
    return conn->priv->lost_after > 0 && !is_lost_with_all(check, conn);
}

/* Others are answered, but only after the time in which the client sent in vain. */
static bool
is_in_outage(const teams_check *check, const teams_connection *conn)
{
    return !is_last(check, conn) && !is_forgotten(check, conn) && !conn->priv->others_heard;
}

/* The first one of those that the client sent on in vain at the same time. */
static const teams_connection *
outage_of(teams_check *check, const teams_connection *conn)
{
    const teams_connection *first = check->outage;

    if (first == NULL || nstime_cmp(&conn->priv->vain_since[FROM_CLIENT], &first->last) > 0 ||
            nstime_cmp(&first->priv->vain_since[FROM_CLIENT], &conn->last) > 0)
        check->outage = conn;
    return check->outage;
}

static const teams_connection *
first_of_address(const teams_connection *conn)
{
    return *(const teams_connection **)wmem_array_index(conn->priv->client->connections, 0);
}

/*
 * The connection by which its network card goes on from another address, of which nothing is seen before, and nothing comes to the old
 * one any more: the client moved, or got another address, and is answered there. NULL: none. Many clients have the card of a router's;
 * the address of one of them at least is older.
 */
static const teams_connection *
moved_to(const teams_check *check, const teams_connection *conn)
{
    const teams_connection *latest = conn->priv->card.type == AT_NONE ? NULL :
        (const teams_connection *)wmem_map_lookup(teams_net_get()->by_card[conn->client_end.addr.type == AT_IPv6], &conn->priv->card);

    if (latest == NULL || !is_last(check, conn) || latest->priv->client == conn->priv->client)
        return NULL;
    const teams_connection *begin = first_of_address(latest), *each = begin;

    if (nstime_is_zero(&latest->priv->heard) && nstime_is_zero(&begin->priv->heard))
        return NULL;
    for (unsigned n = 0; each != NULL && n < ADDRESSES_MAX; n++) {
        if (each->priv->client == conn->priv->client)
            return begin;
        each = first_of_address(each);
        if (nstime_cmp(&each->start, &conn->priv->heard) <= 0)
            return NULL;
        each = each->priv->card_before;
    }
    return NULL;
}

/* One sentence for each server; one for all that were silent before. */
static const char *
says_lost(teams_check *check, const teams_connection *conn)
{
    if (moved_to(check, conn) != NULL)
        return "moved";
    if (is_lost_with_all(check, conn))
        return "all";
    if (is_forgotten(check, conn))
        return "forgotten";
    if (is_in_outage(check, conn))
        return wmem_strdup_printf(check->scope, "outage %u", outage_of(check, conn)->number);
    return wmem_strdup_printf(check->scope, "%s %d %d", conn->endpoint, is_last(check, conn), is_back(check, conn));
}

/* "60 s into the capture" */
static const char *
when_text(const teams_check *check, const teams_connection *conn)
{
    return wmem_strdup_printf(check->scope, "%.0f s into the capture", ts_seconds(&teams_model_get()->first, &conn->priv->vain_since[FROM_CLIENT]));
}

static void
tell_all(teams_check *check, const teams_group *group)
{
    const teams_name_list *names = &group->names;

    teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_CONNECTION_LOST], PI_ERROR,
        (teams_problem_place) { .frame = names->frame, .actor = TEAMS_BY_NETWORK, .name = names->first,
            .advice = "Look at the client's link, its Wi-Fi, its VPN and the way to the Internet at that time" },
        "%u connections, to %s, stop being answered, and nothing of other servers comes after that: from about %s on what the client sends goes out "
        "again, %u times, in vain", names->count, teams_name_list_text(names), when_text(check, group->first), group->resent);
}

static void
tell_some(teams_check *check, const teams_group *group)
{
    const teams_name_list *names = &group->names;
    const teams_connection *first = group->first;
    const bool forgotten = is_forgotten(check, first), outage = is_in_outage(check, first);

    teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_CONNECTION_LOST], forgotten ? PI_NOTE : PI_WARN,
        (teams_problem_place) { .frame = names->frame, .actor = TEAMS_BY_NETWORK, .name = names->first, .advice = forgotten ?
            "A client that slept, or a firewall or NAT that forgets idle connections, shows this: it mends itself, and costs the time that is waited for an answer" :
            outage && group->elsewhere ? "Look at the client's link, its Wi-Fi, its VPN and the way to these servers at that time" : NULL },
        "%s to %s (%s%s) stop%s being answered%s, about %s: what the client sends goes out again %u times, and nothing comes back%s%s",
        names->count == 1 ? "The connection" : wmem_strdup_printf(check->scope, "%u connections", names->count), teams_name_list_text(names),
        first->proxy ? "through the proxy " : names->names > 1 ? "the first at " : "", first->endpoint,
        names->count == 1 ? "s" : "", forgotten ? " after a silence" : "", when_text(check, first), group->resent,
        forgotten || is_last(check, first) ? "" : outage ? "; servers are heard again after that" : ", while others are answered",
        !forgotten && is_back(check, first) ? "; the client connects again" : "");
}

static void
tell_moved(teams_check *check, const teams_group *group)
{
    const teams_name_list *names = &group->names;
    const teams_connection *moved = moved_to(check, group->first);

    teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_CONNECTION_LOST], PI_NOTE,
        (teams_problem_place) { .frame = moved->frame, .actor = TEAMS_BY_CLIENT, .name = names->first,
            .advice = "A client that changes its network, or gets another address, loses its connections and opens them anew: look at why it changed" },
        "%u connection%s, to %s, stop%s being answered, about %s, and the same network card connects from %s %.0f s into the capture: likely the client "
        "changed its address", names->count, names->count == 1 ? "" : "s", teams_name_list_text(names), names->count == 1 ? "s" : "",
        when_text(check, group->first), address_to_str(check->scope, &moved->client_end.addr), ts_seconds(&teams_model_get()->first, &moved->start));
}

void
teams_check_lost(teams_check *check)
{
    teams_groups groups = teams_groups_new(check);

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (is_lost(conn) && !teams_check_has_mtu_hole(check, conn) && !wmem_map_contains(check->idle_cuts, conn))
            teams_groups_add(&groups, says_lost(check, conn), conn, conn->priv->lost_frame);
    }
    for (unsigned i = 0; i < teams_groups_count(&groups); i++) {
        const teams_group *group = teams_groups_at(&groups, i);

        if (moved_to(check, group->first) != NULL)
            tell_moved(check, group);
        else
            (is_lost_with_all(check, group->first) ? tell_all : tell_some)(check, group);
    }
}
