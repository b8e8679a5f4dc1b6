/* calls_held.c
 * Frames of which the call is known later
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a new socket asks a relay beside a call that goes on has no call of its
 * own (session/calls.h). Once a frame of the socket has one, what was asked
 * before is of that call, too. Where none ever has, nothing is said of it.
 */

#include "report/calls.h"

#include "session/calls.h"

#define MAX_HELD 100    /* messages of one socket: no client asks so often before it checks */

typedef struct {
    const teams_client *client;
    uint32_t port;
} socket_key;

static unsigned
key_hash(const void *data)
{
    const socket_key *key = (const socket_key *)data;

    return g_direct_hash(key->client) ^ key->port * 31;
}

static gboolean
key_equal(const void *a, const void *b)
{
    const socket_key *x = (const socket_key *)a;
    const socket_key *y = (const socket_key *)b;

    return x->client == y->client && x->port == y->port;
}

static void
frame_free(void *data)
{
    calls_held *frame = (calls_held *)data;

    free_address(&frame->pinfo.src);
    g_free(frame);
}

static void
frames_free(void *data)
{
    g_ptr_array_unref((GPtrArray *)data);
}

GHashTable *
calls_held_new(void)
{
    return g_hash_table_new_full(key_hash, key_equal, g_free, frames_free);
}

static socket_key
key_of(const teams_tap *tap)
{
    return (socket_key) { tap->info->flow->client, tap->info->flow->client_end.port };
}

/* Infos last as long as the packet; a frame that says nothing of its call has that of its message, at most. */
static const ts_frame_info *
keep_turn(calls_held *frame, const ts_frame_info *infos)
{
    while (infos != NULL && infos->kind != TS_INFO_TURN)
        infos = infos->next;
    if (infos == NULL)
        return NULL;
    frame->turn = *(const ts_turn_info *)infos;
    frame->turn.head.next = NULL;
    return &frame->turn.head;
}

bool
calls_held_takes(GHashTable *held, const teams_tap *tap)
{
    const teams_frame_info *info = tap->info;
    const socket_key key = key_of(tap);

    return info->what == TEAMS_WHAT_RELAY || (info->what == TEAMS_WHAT_SERVICE && info->service == TS_SERVICE_MEDIA_RELAY) ||
        (info->what == TEAMS_WHAT_REFUSAL && g_hash_table_contains(held, &key));
}

void
calls_held_add(GHashTable *held, const packet_info *pinfo, const teams_tap *tap, int dscp)
{
    const socket_key key = key_of(tap);
    GPtrArray *frames = (GPtrArray *)g_hash_table_lookup(held, &key);

    if (frames == NULL) {
        frames = g_ptr_array_new_with_free_func(frame_free);
        g_hash_table_insert(held, g_memdup2(&key, sizeof key), frames);
    }
    if (frames->len >= MAX_HELD)
        return;
    calls_held *frame = g_new(calls_held, 1);

    *frame = (calls_held) { .pinfo = *pinfo, .fd = *pinfo->fd, .tap = *tap, .when = *teams_time(pinfo), .dscp = dscp };
    frame->pinfo.fd = &frame->fd;
    frame->tap.infos = keep_turn(frame, tap->infos);
    copy_address(&frame->pinfo.src, &pinfo->src);
    g_ptr_array_add(frames, frame);
}

void
calls_held_release(GHashTable *held, calls_entry *entry, const packet_info *pinfo, const teams_tap *tap)
{
    const socket_key key = key_of(tap);
    const nstime_t now = *teams_time(pinfo);
    GPtrArray *frames = g_hash_table_size(held) == 0 ? NULL : (GPtrArray *)g_hash_table_lookup(held, &key);

    for (unsigned i = 0; frames != NULL && i < frames->len; i++) {
        calls_held *frame = (calls_held *)g_ptr_array_index(frames, i);

        if (ts_seconds(&frame->when, &now) > TEAMS_CALL_GAP)
            continue;       /* of an earlier socket with this port */
        teams_clock_again(teams_model_get(), &frame->pinfo);
        if (frame->tap.info->what == TEAMS_WHAT_REFUSAL)
            calls_entry_refuse(entry, &frame->pinfo, &frame->tap);
        else
            calls_entry_add(entry, &frame->pinfo, &frame->tap, frame->dscp);
    }
    if (frames == NULL)
        return;
    teams_clock_again(teams_model_get(), pinfo);
    g_hash_table_remove(held, &key);
}
