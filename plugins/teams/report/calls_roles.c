/* report_calls_roles.c
 * What a call turns out to be, and what part each far end had in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/calls.h"

#include <string.h>

#define PROBE_PACKETS       200     /* a connectivity test is no longer than this */
#define SHORT_PACKETS       100     /* an exchange that the traffic left again */
#define AT_ONCE             0.5     /* seconds between the starts of probes that run at once */

static uint64_t
remote_packets(const calls_remote *remote)
{
    return remote->packets[CALLS_SENT] + remote->packets[CALLS_RECEIVED];
}

const calls_remote *
calls_settled(const calls_entry *entry)
{
    const calls_remote *best = NULL;

    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = &g_array_index(entry->remotes, calls_remote, i);

        if (remote->signalling)
            continue;
        if (best == NULL || remote->media_packets > best->media_packets ||
            (remote->media_packets == best->media_packets && remote_packets(remote) > remote_packets(best)))
            best = remote;
    }
    return best;
}

/* Relay addresses that are the same in all regions, IPv4 in network byte order. */
static const struct {
    uint8_t address[4];
    const char *source;
} anycast[] = {
    { { 13, 107, 8, 22 }, "capture of a Teams client, 2017" },
    { { 52, 113, 192, 2 }, "msxfaq.de, Teams transport relay" },
};

bool
calls_is_anycast(const calls_remote *remote)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(anycast); i++)
        if (remote->addr.type == AT_IPv4 && memcmp(remote->addr.data, anycast[i].address, 4) == 0)
            return true;
    return remote->prefix != NULL && remote->prefix->use == TS_PREFIX_EDGE;
}

const calls_remote *
calls_remote_find(const calls_entry *entry, const teams_flow *flow)
{
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = &g_array_index(entry->remotes, calls_remote, i);

        if (!remote->tcp && addresses_equal(&remote->addr, &flow->server_end.addr))
            return remote;
    }
    return NULL;
}

static bool
is_refused(const calls_entry *entry, const calls_remote *remote)
{
    for (unsigned i = 0; i < entry->refusals->len; i++)
        if (calls_remote_find(entry, g_array_index(entry->refusals, calls_refusal, i).flow) == remote)
            return true;
    return false;
}

bool
calls_is_blocked(const calls_entry *entry)
{
    bool refused = false;

    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = &g_array_index(entry->remotes, calls_remote, i);

        if (remote->tcp || remote->signalling || !ts_port_is_relay(g_array_index(remote->ports, uint16_t, 0)))
            continue;
        if (remote->packets[CALLS_RECEIVED] > 0 || !is_refused(entry, remote))
            return false;
        refused = true;
    }
    return refused;
}

bool
calls_is_cut_off(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->pairs->len; i++)
        if (g_array_index(entry->pairs, calls_pair, i).consent_lost)
            return true;
    return false;
}

bool
calls_is_published(const calls_remote *remote)
{
    return remote->prefix != NULL && ts_prefix_is_published(remote->prefix);
}

bool
calls_has_nomination(const calls_entry *entry)
{
    return entry->nomination.frame != 0 || entry->nominated_before != 0;
}

static uint64_t
all_packets(const calls_entry *entry)
{
    return entry->packets[CALLS_SENT] + entry->packets[CALLS_RECEIVED];
}

static bool
has_second_address(const calls_entry *entry)
{
    for (unsigned i = 1; i < entry->remotes->len; i++)
        if (!addresses_equal(&g_array_index(entry->remotes, calls_remote, i).addr, &g_array_index(entry->remotes, calls_remote, 0).addr))
            return true;
    return false;
}

/* A short exchange with the anycast address, then with a second one. Where nobody answered, it is no test that ended. */
static bool
is_probe(const calls_entry *entry)
{
    if (!has_second_address(entry) || entry->packets[CALLS_RECEIVED] == 0)
        return false;
    return calls_is_anycast(&g_array_index(entry->remotes, calls_remote, 0)) && !calls_has_nomination(entry) &&
        entry->check.frame == 0 && all_packets(entry) <= PROBE_PACKETS;
}

/* TLS that relays answered, too little for media, and nothing of a call beside it. */
static bool
is_visit(const calls_entry *entry)
{
    if (entry->allocation.frame != 0 || entry->check.frame != 0 || entry->media.frame != 0 || entry->remotes->len == 0 ||
        entry->packets[CALLS_RECEIVED] == 0 || all_packets(entry) > SHORT_PACKETS)
        return false;
    for (unsigned i = 0; i < entry->remotes->len; i++)
        if (!g_array_index(entry->remotes, calls_remote, i).tcp)
            return false;
    return true;
}

/* One row per kind. */
static const struct {
    const char *name;
    const char *title;
    bool (*holds)(const calls_entry *entry);
    const char *outcome;        /* NULL: it depends */
} kinds[CALLS_KIND_COUNT] = {
    [CALLS_CALL] = { "call", "Call", NULL, NULL },
    [CALLS_PROBE] = { "connectivity-probe", "Connectivity probe", is_probe,
        "A connectivity test: a short STUN exchange with the anycast address and what it handed over to." },
    [CALLS_VISIT] = { "relay-visit", "Visit to a relay", is_visit,
        "No call: a short exchange with a relay over TCP or TLS, without any TURN message, check or media that can be seen. "
        "Clients try the way to a relay before they need it." },
};

calls_kind
calls_kind_of(const calls_entry *entry)
{
    for (unsigned kind = 0; kind < CALLS_KIND_COUNT; kind++)
        if (kinds[kind].holds != NULL && kinds[kind].holds(entry))
            return (calls_kind)kind;
    return CALLS_CALL;
}

const char *
calls_kind_title(calls_kind kind)
{
    return kinds[kind].title;
}

const char *
calls_kind_name(calls_kind kind)
{
    return kinds[kind].name;
}

const char *
calls_kind_outcome(calls_kind kind)
{
    return kinds[kind].outcome;
}

static bool
is_probed_at_once(const calls_entry *entry, const calls_remote *remote)
{
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *other = &g_array_index(entry->remotes, calls_remote, i);

        if (!addresses_equal(&other->addr, &remote->addr) && !other->signalling && !calls_is_anycast(other) &&
            ABS(teams_seconds(&other->first, &remote->first)) <= AT_ONCE)
            return true;
    }
    return false;
}

/* Inside TLS only the amount tells. */
bool
calls_got_through(const calls_entry *entry)
{
    const calls_remote *settled = calls_settled(entry);

    return entry->media.frame != 0 || calls_has_nomination(entry) ||
        (settled != NULL && settled->path == TEAMS_PATH_TCP_FALLBACK && remote_packets(settled) > SHORT_PACKETS);
}

const char *
calls_role(const calls_entry *entry, const calls_remote *remote)
{
    const calls_remote *settled = calls_settled(entry);

    if (remote->signalling)
        return "signalling (flightproxy)";
    if (calls_kind_of(entry) == CALLS_VISIT)
        return "visited";
    if (!calls_got_through(entry) && !is_probe(entry))
        return remote->packets[CALLS_RECEIVED] == 0 ? "asked, no answer" : "answered, no media";
    if (remote != settled && remote->packets[CALLS_RECEIVED] == 0 && entry->packets[CALLS_RECEIVED] > 0)
        return "asked, no answer";
    if (calls_is_anycast(remote))
        return remote == settled ? "anycast, kept the traffic" : "anycast, then handed over";
    if (remote == settled && entry->remotes->len > 1)
        return is_probed_at_once(entry, remote) ? "probed at once with others; the traffic settled here" : "the traffic settled here";
    if (remote == settled)
        return "carried the traffic";
    if (is_probed_at_once(entry, remote))
        return "probed at once with others, not kept";
    return remote_packets(remote) <= SHORT_PACKETS ? "short exchange, not kept" : "used, not kept";
}
