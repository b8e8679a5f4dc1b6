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

#define NUMBERS_MISSED  100     /* packets that may be lost while a client goes over to another address */

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

/* ---- one end, from several addresses of its client ---- */

static char *
session_key(const calls_pair *pair)
{
    return pair->ufrag_local[0] == '\0' || pair->ufrag_remote[0] == '\0' ? NULL : g_strdup_printf("%s %s", pair->ufrag_local, pair->ufrag_remote);
}

static void
add_sessions(GHashTable *connected, calls_entry *entry)
{
    for (unsigned i = 0; i < entry->pairs->len; i++) {
        char *key = session_key(&g_array_index(entry->pairs, calls_pair, i));

        if (key != NULL)
            add_end(connected, entry, key);
    }
}

/* All of its sessions are those of a call that connected. */
static const calls_entry *
find_connected(GHashTable *connected, const calls_entry *entry)
{
    const calls_entry *found = NULL;

    for (unsigned i = 0; i < entry->pairs->len; i++) {
        char *key = session_key(&g_array_index(entry->pairs, calls_pair, i));
        const calls_entry *other = key == NULL ? NULL : (const calls_entry *)g_hash_table_lookup(connected, key);

        g_free(key);
        if (other == NULL || other->call->client == entry->call->client || !overlap(entry, other))
            return NULL;
        found = other;
    }
    return found;
}

/* The latest stream of that SSRC, with its call. */
typedef struct {
    const calls_entry *entry;
    const calls_stream *stream;
} sender;

static void
add_senders(GHashTable *senders, const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->streams->len; i++) {
        const calls_stream *stream = &g_array_index(entry->streams, calls_stream, i);
        const sender latest = { entry, stream };

        if (stream->direction == CALLS_SENT)
            g_hash_table_insert(senders, GUINT_TO_POINTER(stream->ssrc), g_memdup2(&latest, sizeof latest));
    }
}

static uint16_t
first_number(const ts_stream_stats *stats)
{
    return (uint16_t)(stats->highest - stats->progress);
}

/* Do its numbers go on where those of the other one are, or end? Two clients may well have the same SSRC, as 1. */
static bool
numbers_go_on(const ts_stream_stats *earlier, const ts_stream_stats *later)
{
    const uint16_t ahead = (uint16_t)(first_number(later) - first_number(earlier));

    return ahead > 0 && ahead <= earlier->progress + NUMBERS_MISSED;
}

/* Begun later, and with media that came when this one had none any more. */
static const calls_entry *
find_later(GHashTable *senders, const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->streams->len; i++) {
        const calls_stream *stream = &g_array_index(entry->streams, calls_stream, i);
        const sender *latest = stream->direction != CALLS_SENT ? NULL :
            (const sender *)g_hash_table_lookup(senders, GUINT_TO_POINTER(stream->ssrc));
        const calls_entry *other = latest == NULL ? NULL : latest->entry;

        if (other != NULL && other != entry && other->call->client != entry->call->client && other->first_frame > stream->frame &&
            other->received_frame > entry->received_frame && overlap(entry, other) && numbers_go_on(&stream->stats, &latest->stream->stats))
            return other;
    }
    return NULL;
}

static void
find_going_on(const GPtrArray *entries)
{
    GHashTable *senders = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);

    for (unsigned i = 0; i < entries->len; i++)
        add_senders(senders, (const calls_entry *)g_ptr_array_index(entries, i));
    for (unsigned i = 0; i < entries->len; i++) {
        calls_entry *entry = (calls_entry *)g_ptr_array_index(entries, i);

        entry->goes_on = find_later(senders, entry);
    }
    g_hash_table_destroy(senders);
}

void
calls_find_elsewhere(const GPtrArray *entries)
{
    GHashTable *connected = g_hash_table_new_full(wmem_str_hash, g_str_equal, g_free, NULL);

    for (unsigned i = 0; i < entries->len; i++) {
        calls_entry *entry = (calls_entry *)g_ptr_array_index(entries, i);

        if (calls_got_through(entry))
            add_sessions(connected, entry);
    }
    for (unsigned i = 0; i < entries->len; i++) {
        calls_entry *entry = (calls_entry *)g_ptr_array_index(entries, i);

        entry->elsewhere = calls_got_through(entry) ? NULL : find_connected(connected, entry);
    }
    g_hash_table_destroy(connected);
    find_going_on(entries);
}

void
calls_find_ends(const GPtrArray *entries)
{
    GHashTable *ends = g_hash_table_new_full(wmem_str_hash, g_str_equal, g_free, NULL);

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
