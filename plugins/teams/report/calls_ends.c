/* calls_ends.c
 * Calls that are one: both clients are in the capture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each client that asks relays or sends checks has a call of its own. Two of
 * them are the ends of one where a socket of the one is the other's remote
 * end, or where both have the same user fragments the other way round.
 */

#include "report/calls.h"

/* At the same time: ports are used again. */
static bool
overlap(const calls_entry *a, const calls_entry *b)
{
    return nstime_cmp(&a->first, &b->last) <= 0 && nstime_cmp(&b->first, &a->last) <= 0;
}

static void
join_ends(GHashTable *ends, calls_entry *entry, char *key)
{
    calls_entry *other = (calls_entry *)g_hash_table_lookup(ends, key);

    if (other != NULL && other->call->client != entry->call->client && entry->other_end == NULL && other->other_end == NULL && overlap(entry, other)) {
        entry->other_end = other;
        other->other_end = entry;
    }
    g_free(key);
}

/* The first one that has it. Takes the key. */
static void
add_end(GHashTable *ends, calls_entry *entry, char *key)
{
    if (g_hash_table_contains(ends, key))
        g_free(key);
    else
        g_hash_table_insert(ends, key, entry);
}

typedef void (*each_end)(GHashTable *ends, calls_entry *entry, char *key);

/* Sockets and user fragments of the client, or of whom it talks to. */
static void
for_each_end(GHashTable *ends, calls_entry *entry, bool remote, each_end act)
{
    for (unsigned i = 0; i < entry->flows->len; i++) {
        const calls_flow *part = (const calls_flow *)g_ptr_array_index(entry->flows, i);

        /* A private address may be another host's elsewhere, which checks are sent to, too: only media both ways shows who is there. */
        if (!remote || (part->media_packets > 0 && part->packets[CALLS_SENT] > 0 && part->packets[CALLS_RECEIVED] > 0))
            act(ends, entry, report_endpoint(remote ? &part->flow->server_end : &part->flow->client_end));
    }
    for (unsigned i = 0; i < entry->pairs->len; i++) {
        const calls_pair *pair = &g_array_index(entry->pairs, calls_pair, i);

        if (pair->ufrag_local[0] != '\0' && pair->ufrag_remote[0] != '\0')
            act(ends, entry, g_strdup_printf("%s %s", remote ? pair->ufrag_remote : pair->ufrag_local, remote ? pair->ufrag_local : pair->ufrag_remote));
    }
}

void
calls_find_ends(const GPtrArray *entries)
{
    GHashTable *ends = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (unsigned remote = 0; remote < 2; remote++)
        for (unsigned i = 0; i < entries->len; i++) {
            calls_entry *entry = (calls_entry *)g_ptr_array_index(entries, i);

            if (remote == 0)
                entry->other_end = NULL;
            if (entry->kind == CALLS_CALL && !entry->direct_routing)
                for_each_end(ends, entry, remote != 0, remote != 0 ? join_ends : add_end);
        }
    g_hash_table_destroy(ends);
}
