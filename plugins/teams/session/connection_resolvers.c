/* connection_resolvers.c
 * A resolver that answers nothing while another one answers in its place, and what waiting for it costs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_check.h"

#include <epan/to_str.h>

#include "common/endpoint.h"

#include "session/signin.h"

#define RESOLVERS_MAX   8       /* of one client */
#define TRY_SECONDS     15.0    /* a question that is asked again later is another one */
#define QUESTIONS_MIN   3       /* before silence is told */
#define COST_MIN        1.0     /* seconds that a user may notice */
#define COST_TOLD       0.05    /* seconds: less, and both were asked at once */

/* ---- questions and answers ---- */

static teams_resolver *
resolver_of(teams_net_client *client, const address *addr, bool add)
{
    for (unsigned i = 0; i < client->resolver_count; i++)
        if (addresses_equal(&client->resolvers[i]->addr, addr))
            return client->resolvers[i];
    if (!add || client->resolver_count == RESOLVERS_MAX)
        return NULL;
    teams_resolver *fresh = wmem_new0(wmem_file_scope(), teams_resolver);

    if (client->resolvers == NULL)
        client->resolvers = wmem_alloc_array(wmem_file_scope(), teams_resolver *, RESOLVERS_MAX);
    copy_address_wmem(wmem_file_scope(), &fresh->addr, addr);
    client->resolvers[client->resolver_count++] = fresh;
    return fresh;
}

void
teams_resolver_asked(const packet_info *pinfo, teams_net_client *client, teams_dns_outcome *outcome)
{
    teams_resolver *resolver = resolver_of(client, &pinfo->dst, true);
    const bool again = outcome->pending && ts_seconds(&outcome->last, teams_time(pinfo)) <= TRY_SECONDS;

    outcome->asked++;
    outcome->last = *teams_time(pinfo);
    outcome->pending = true;
    if (!again) {
        outcome->first = *teams_time(pinfo);
        outcome->waits_for = resolver;
    }
    if (resolver == NULL)
        return;
    resolver->asked++;
    resolver->last_frame = pinfo->num;
    if (resolver->first_frame == 0) {
        resolver->first_frame = pinfo->num;
        resolver->first = *teams_time(pinfo);
    }
}

/* The time from the first question on, which may have gone to another resolver; asked is that of the one which is answered. */
void
teams_resolver_answered(const packet_info *pinfo, teams_net_client *client, teams_dns_outcome *outcome, const nstime_t *asked)
{
    teams_resolver *resolver = resolver_of(client, &pinfo->src, false);

    if (!outcome->pending && outcome->addresses > 0)
        return;         /* nobody waited for it any more */
    if (outcome->pending)
        nstime_delta(&outcome->waited, teams_time(pinfo), &outcome->first);
    else
        nstime_delta(&outcome->waited, teams_time(pinfo), asked);
    outcome->waited_most = MAX(outcome->waited_most, nstime_to_sec(&outcome->waited));
    if (outcome->pending && resolver != NULL && outcome->waits_for != NULL && outcome->waits_for != resolver) {
        outcome->late_for = outcome->waits_for;
        outcome->late += MAX(0, ts_seconds(&outcome->first, asked));
        outcome->waits_for->instead = resolver;
    }
    outcome->pending = false;
}

void
teams_resolver_heard(const packet_info *pinfo)
{
    wmem_map_t *from_dns_port = teams_net_get()->from_dns_port;
    wmem_map_t *heard_by = (wmem_map_t *)wmem_map_lookup(from_dns_port, &pinfo->src);

    if (heard_by == NULL) {
        heard_by = wmem_map_new(wmem_file_scope(), ts_address_hash, ts_address_key_equal);
        wmem_map_insert(from_dns_port, ts_address_kept(&pinfo->src), heard_by);
    }
    if (!wmem_map_contains(heard_by, &pinfo->dst)) {
        address *listener = ts_address_kept(&pinfo->dst);

        wmem_map_insert(heard_by, listener, listener);
    }
}

static bool
is_heard(const teams_net_client *client, const teams_resolver *resolver)
{
    wmem_map_t *heard_by = (wmem_map_t *)wmem_map_lookup(teams_net_get()->from_dns_port, &resolver->addr);

    return heard_by != NULL && wmem_map_contains(heard_by, &client->addr);
}

bool
teams_resolvers_spoke(const teams_net_client *client)
{
    for (unsigned i = 0; i < client->resolver_count; i++)
        if (is_heard(client, client->resolvers[i]))
            return true;
    return client->voice_frame != 0;
}

/* ---- at the end ---- */

typedef struct {
    unsigned names;
    double cost;            /* of all names */
    double least, most;     /* of one */
} waits;

/* A client asks for A and AAAA at once: a name has waited as long as its slower question. */
static void
add_wait(waits *waiting, const teams_asked_name *asked, const teams_resolver *dead)
{
    double cost = -1;

    for (unsigned type = 0; type < TEAMS_DNS_TYPE_COUNT; type++)
        if (teams_dns_of(asked, type)->late_for == dead)
            cost = MAX(cost, teams_dns_of(asked, type)->late);
    if (cost < 0)
        return;
    waiting->least = waiting->names == 0 ? cost : MIN(waiting->least, cost);
    waiting->most = MAX(waiting->most, cost);
    waiting->cost += cost;
    waiting->names++;
}

static const char *
cost_text(const teams_check *check, const waits *waiting)
{
    const char *each = waiting->most - waiting->least < 0.1 ? wmem_strdup_printf(check->scope, "%.1f", waiting->most)
        : wmem_strdup_printf(check->scope, "%.1f to %.1f", waiting->least, waiting->most);

    if (waiting->most < COST_TOLD)
        return "";
    return wmem_strdup_printf(check->scope, ", which costs %s s for %s%u name%s, %.1f s in all", each,
        waiting->names == 1 ? "" : "each of ", waiting->names, waiting->names == 1 ? "" : "s", waiting->cost);
}

static void
check_resolver(teams_check *check, const teams_net_client *client, const teams_resolver *dead)
{
    waits waiting = { 0 };

    /* Who answers questions about others' names is not dead. */
    if (is_heard(client, dead) || dead->instead == NULL || dead->asked < QUESTIONS_MIN)
        return;
    for (unsigned i = 0; i < teams_check_name_count(check); i++)
        if (teams_check_name(check, i)->asked != NULL)
            add_wait(&waiting, teams_check_name(check, i)->asked, dead);
    if (waiting.names == 0)
        return;
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_ONE_RESOLVER_SILENT], waiting.cost >= COST_MIN ? PI_WARN : PI_NOTE,
        (teams_problem_place) { .frame = dead->first_frame, .actor = TEAMS_BY_NETWORK },
        "The resolver %s answers nothing: %u questions, frames %u to %u; the resolver %s answers in its place%s", address_to_str(check->scope, &dead->addr),
        dead->asked, dead->first_frame, dead->last_frame, address_to_str(check->scope, &dead->instead->addr), cost_text(check, &waiting));
}

void
teams_check_resolvers(teams_check *check)
{
    for (unsigned i = 0; i < wmem_array_get_count(check->clients); i++) {
        const teams_net_client *client = *(const teams_net_client **)wmem_array_index(check->clients, i);

        for (unsigned n = 0; n < client->resolver_count; n++)
            check_resolver(check, client, client->resolvers[n]);
    }
}
