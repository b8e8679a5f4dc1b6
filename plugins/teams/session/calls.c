/* calls.c
 * Which call a frame belongs to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/calls.h"

#define NAME_WINDOW     60.0    /* a call's first name is no older than this */
#define MEDIA_GAP       2.0     /* a call without media for longer has ended, or is held */

/* How many open calls of a client, and sockets of a call, a socket is compared with: the latest. No client has so many. */
#define MAX_CALLS       16
#define MAX_SOCKETS     24

static bool
is_open(const teams_call *call, const packet_info *pinfo)
{
    return ts_seconds(&call->last, teams_time(pinfo)) <= TEAMS_CALL_GAP;
}

static teams_call *
call_at(const wmem_list_frame_t *at)
{
    return (teams_call *)wmem_list_frame_data(at);
}

static const teams_call_socket *
socket_at(const wmem_list_frame_t *at)
{
    return (const teams_call_socket *)wmem_list_frame_data(at);
}

/* The client's latest call that is open, at or before this place in its list; those that are over leave it. */
static wmem_list_frame_t *
open_call_at(const teams_client *client, const packet_info *pinfo, wmem_list_frame_t *at)
{
    while (at != NULL && !is_open(call_at(at), pinfo)) {
        wmem_list_frame_t *before = wmem_list_frame_prev(at);

        call_at(at)->at = NULL;
        wmem_list_remove_frame(client->calls, at);
        at = before;
    }
    return at;
}

teams_call *
teams_call_open(const packet_info *pinfo, const teams_client *client)
{
    const wmem_list_frame_t *at = open_call_at(client, pinfo, wmem_list_tail(client->calls));

    return at == NULL ? NULL : call_at(at);
}

/* ---- calls and the sockets they have ---- */

static teams_call *
call_new(teams_model *model, const packet_info *pinfo, teams_client *client)
{
    teams_call *call = wmem_new0(wmem_file_scope(), teams_call);

    call->number = ++model->call_count;
    call->frame = pinfo->num;
    call->start = call->last = *teams_time(pinfo);
    call->client = client;
    call->signin = client->signin;
    call->sockets = wmem_list_new(wmem_file_scope());
    if (client->setup_frame != 0 && ts_seconds(&client->setup_time, teams_time(pinfo)) <= NAME_WINDOW) {
        call->name_frame = client->setup_frame;
        call->name_time = client->setup_time;
    }
    wmem_list_append(client->calls, call);
    call->at = wmem_list_tail(client->calls);
    return call;
}

static void
enter(teams_call *call, teams_call_socket *socket)
{
    wmem_list_append(call->sockets, socket);
    socket->call = call;
    socket->at = wmem_list_tail(call->sockets);
    wmem_map_insert(call->client->sockets, GUINT_TO_POINTER(socket->port), socket);
}

static void
leave(teams_call_socket *socket)
{
    wmem_list_remove_frame(socket->call->sockets, socket->at);
}

/* Is the socket part of the call? The surest of its sockets is heard, but for one that says no. */
static teams_socket_relation
relation_to(const teams_call *call, const teams_call_socket *socket)
{
    teams_socket_relation best = TEAMS_SOCKETS_UNDECIDED;
    bool other = false;

    unsigned left = MAX_SOCKETS;

    for (wmem_list_frame_t *at = wmem_list_tail(call->sockets); at != NULL && left-- > 0; at = wmem_list_frame_prev(at)) {
        const teams_socket_relation relation = socket_at(at) == socket || socket_at(at)->goes_on ? TEAMS_SOCKETS_UNDECIDED : teams_call_sockets_compare(socket, socket_at(at));

        other = other || relation == TEAMS_SOCKETS_OTHER;
        best = MAX(best, relation);
    }
    return other && best != TEAMS_SOCKETS_COMPONENTS ? TEAMS_SOCKETS_OTHER : best;
}

static bool
has_remote(const teams_call *call, const address *addr)
{
    unsigned left = MAX_SOCKETS;

    for (wmem_list_frame_t *at = wmem_list_tail(call->sockets); at != NULL && left-- > 0; at = wmem_list_frame_prev(at))
        if (teams_call_socket_has_remote(socket_at(at), addr))
            return true;
    return false;
}

static bool
is_established(const teams_call *call)
{
    unsigned left = MAX_SOCKETS;

    for (wmem_list_frame_t *at = wmem_list_tail(call->sockets); at != NULL && left-- > 0; at = wmem_list_frame_prev(at))
        if (socket_at(at)->established)
            return true;
    return false;
}

/* Media was there, and is no longer. */
static bool
is_quiet(const teams_call *call, const packet_info *pinfo)
{
    return !nstime_is_zero(&call->last_media) && ts_seconds(&call->last_media, teams_time(pinfo)) > MEDIA_GAP;
}

/* How well the socket fits the call: below 0 not at all. */
static int
rank(const teams_call *call, const packet_info *pinfo, const teams_call_socket *socket, const address *remote)
{
    const teams_socket_relation relation = relation_to(call, socket);
    const bool there = has_remote(call, remote);

    if (relation == TEAMS_SOCKETS_OTHER)
        return -1;
    if (relation != TEAMS_SOCKETS_UNDECIDED)
        return relation + 1;
    if (socket->modality == TS_MODALITY_UNKNOWN && is_established(call) && (!there || is_quiet(call, pinfo)))
        return -1;
    return there ? 1 : 0;
}

/* The open call that the socket fits best, the latest of equals; but not one that it has just left. */
static teams_call *
find_call(const teams_client *client, const packet_info *pinfo, const teams_call_socket *socket, const address *remote,
    const teams_call *left)
{
    teams_call *best = NULL;
    int best_rank = -1;

    unsigned more = MAX_CALLS;
    wmem_list_frame_t *at = open_call_at(client, pinfo, wmem_list_tail(client->calls));

    for (; at != NULL && more-- > 0; at = open_call_at(client, pinfo, wmem_list_frame_prev(at))) {
        teams_call *call = call_at(at);
        const int fits = call == left ? -1 : rank(call, pinfo, socket, remote);

        if (fits > best_rank) {
            best = call;
            best_rank = fits;
        }
    }
    return best;
}

/* ---- streams that go on over another socket ---- */

#define STREAM_BACK     50      /* packets that may overtake one another, */
#define STREAM_AHEAD    1000    /* or be lost while the path changes */
#define STREAM_TICKS    (30 * 90000)

/* The next packets of the same stream? A new one has a random SSRC and begins at a random number (RFC 3550, 5.1). */
static bool
continues(const teams_call_socket *socket, const ts_media_info *rtp, bool from_client)
{
    const int16_t step = (int16_t)(rtp->sequence - socket->rtp[from_client].sequence);
    const int32_t ticks = (int32_t)(rtp->timestamp - socket->rtp[from_client].timestamp);

    return socket->rtp[from_client].known && socket->rtp[from_client].ssrc == rtp->ssrc && step >= -STREAM_BACK && step <= STREAM_AHEAD &&
        ticks >= -STREAM_TICKS && ticks <= STREAM_TICKS;
}

/* The open call that the first packet of a stream on this socket goes on with; NULL: none, or its own. */
static teams_call *
call_of_stream(const teams_client *client, const packet_info *pinfo, const teams_call_key *key, const teams_call_socket *socket)
{
    unsigned more = MAX_CALLS;

    if (key->rtp == NULL || (socket != NULL && socket->rtp[key->from_client].known))
        return NULL;
    wmem_list_frame_t *call = open_call_at(client, pinfo, wmem_list_tail(client->calls));

    for (; call != NULL && more-- > 0; call = open_call_at(client, pinfo, wmem_list_frame_prev(call))) {
        unsigned left = MAX_SOCKETS;

        for (wmem_list_frame_t *at = wmem_list_tail(call_at(call)->sockets); at != NULL && left-- > 0; at = wmem_list_frame_prev(at))
            if (socket_at(at) != socket && continues(socket_at(at), key->rtp, key->from_client))
                return socket == NULL || socket->call != call_at(call) ? call_at(call) : NULL;
    }
    return NULL;
}

static teams_call_socket *
go_on_in(teams_model *model, const packet_info *pinfo, teams_call *call, const teams_call_key *key, teams_call_socket *socket)
{
    if (socket == NULL)
        socket = teams_call_socket_new(wmem_file_scope(), key->socket.local_port, pinfo->num);
    else {
        leave(socket);
        if (wmem_list_count(socket->call->sockets) == 0) {
            wmem_map_insert(model->joined, GUINT_TO_POINTER(socket->call->number), call);
            if (socket->call->at != NULL)
                wmem_list_remove_frame(call->client->calls, socket->call->at);
            socket->call->at = NULL;
        }
    }
    enter(call, socket);
    socket->goes_on = true;
    return socket;
}

static void
note_rtp(teams_call_socket *socket, const teams_call_key *key)
{
    if (key->rtp == NULL)
        return;
    socket->rtp[key->from_client].known = true;
    socket->rtp[key->from_client].ssrc = key->rtp->ssrc;
    socket->rtp[key->from_client].sequence = key->rtp->sequence;
    socket->rtp[key->from_client].timestamp = key->rtp->timestamp;
}

/* ---- one frame ---- */

/* A pair or allocation that is used again after a long silence begins another call. */
static teams_call *
call_of_number(wmem_map_t *map, uint32_t number, const packet_info *pinfo)
{
    teams_call *call = number == 0 ? NULL : (teams_call *)wmem_map_lookup(map, GUINT_TO_POINTER(number));

    return call != NULL && is_open(call, pinfo) ? call : NULL;
}

static void
call_add_number(wmem_map_t *map, uint32_t number, teams_call *call)
{
    if (number != 0 && wmem_map_lookup(map, GUINT_TO_POINTER(number)) != call)
        wmem_map_insert(map, GUINT_TO_POINTER(number), call);
}

/* The open call that the frame is known to belong to, and its socket there, NULL where it has none yet. */
static teams_call *
known_call(const teams_model *model, const packet_info *pinfo, const teams_flow *flow, const teams_call_key *key,
    teams_call_socket **socket)
{
    *socket = (teams_call_socket *)wmem_map_lookup(flow->client->sockets, GUINT_TO_POINTER(key->socket.local_port));
    if (*socket != NULL && is_open((*socket)->call, pinfo))
        return (*socket)->call;
    *socket = NULL;
    teams_call *call = call_of_number(model->allocations, key->allocation, pinfo);

    if (call == NULL)
        call = call_of_number(model->pairs, key->pair, pinfo);
    if (call == NULL && flow->call != NULL && is_open(flow->call, pinfo))
        call = flow->call;
    while (call != NULL && wmem_map_contains(model->joined, GUINT_TO_POINTER(call->number)))
        call = (teams_call *)wmem_map_lookup(model->joined, GUINT_TO_POINTER(call->number));
    return call;
}

/* The call that a socket goes on in, after something new of it or of another one of its client; call where it stays. */
static teams_call *
move(teams_model *model, const packet_info *pinfo, teams_call *call, teams_call_socket *socket, const address *remote)
{
    const teams_socket_relation relation = relation_to(call, socket);

    if (relation > TEAMS_SOCKETS_UNDECIDED || wmem_list_count(call->sockets) == 1)
        return call;
    teams_call *better = find_call(call->client, pinfo, socket, remote, call);

    if (relation == TEAMS_SOCKETS_UNDECIDED && (better == NULL || relation_to(better, socket) == TEAMS_SOCKETS_UNDECIDED))
        return call;
    if (better == NULL)
        better = call_new(model, pinfo, call->client);
    leave(socket);
    enter(better, socket);
    return better;
}

static teams_call *
join(teams_model *model, const packet_info *pinfo, teams_client *client, const teams_socket_key *key, teams_call_socket **socket,
    const teams_call *left)
{
    *socket = teams_call_socket_new(wmem_file_scope(), key->local_port, pinfo->num);
    teams_call_socket_update(*socket, key);
    teams_call *call = find_call(client, pinfo, *socket, &key->remote.end.addr, left);

    if (call == NULL)
        call = call_new(model, pinfo, client);
    enter(call, *socket);
    client->changes++;
    return call;
}

/*
 * Beside a call that goes on, what a new socket asks a relay may be of that call or of
 * another one. Its checks and its media tell, or its credentials.
 */
static bool
is_undecided(const teams_client *client, packet_info *pinfo, const teams_call_key *key)
{
    bool running = false;
    unsigned left = MAX_CALLS;

    if (!key->relay || key->pair != 0 || key->media)
        return false;
    teams_call_socket *socket = teams_call_socket_new(pinfo->pool, key->socket.local_port, pinfo->num);
    wmem_list_frame_t *at = open_call_at(client, pinfo, wmem_list_tail(client->calls));

    teams_call_socket_update(socket, &key->socket);
    for (; at != NULL && left-- > 0; at = open_call_at(client, pinfo, wmem_list_frame_prev(at))) {
        const teams_call *call = call_at(at);
        const teams_socket_relation relation = relation_to(call, socket);

        if (relation > TEAMS_SOCKETS_UNDECIDED)
            return false;
        running = running || (relation == TEAMS_SOCKETS_UNDECIDED && is_established(call) && !is_quiet(call, pinfo));
    }
    return running;
}

teams_call *
teams_call_of(teams_model *model, packet_info *pinfo, teams_flow *flow, const teams_call_key *key)
{
    teams_client *client = flow->client;
    teams_call_socket *socket = NULL;
    teams_call *call = known_call(model, pinfo, flow, key, &socket);

    teams_call *goes_on = call_of_stream(client, pinfo, key, socket);

    if (goes_on != NULL) {
        socket = go_on_in(model, pinfo, goes_on, key, socket);
        call = goes_on;
    } else if (socket != NULL && teams_call_socket_is_reused(socket, &key->socket)) {
        leave(socket);
        call = join(model, pinfo, client, &key->socket, &socket, call);
    } else if (call == NULL) {
        if (is_undecided(client, pinfo, key))
            return NULL;
        call = join(model, pinfo, client, &key->socket, &socket, NULL);
    } else if (socket == NULL) {
        socket = teams_call_socket_new(wmem_file_scope(), key->socket.local_port, pinfo->num);
        enter(call, socket);
    }
    const bool decided = socket->goes_on || (socket->established && socket->modality != TS_MODALITY_UNKNOWN);

    note_rtp(socket, key);

    if (teams_call_socket_update(socket, &key->socket))
        client->changes++;
    /* Media of a flow are of the call that its set-up is of. */
    if (!decided && socket->checked != client->changes && !(key->media && flow->call == call)) {
        socket->checked = client->changes;
        call = move(model, pinfo, call, socket, &key->socket.remote.end.addr);
    }
    call_add_number(model->allocations, key->allocation, call);
    call_add_number(model->pairs, key->pair, call);
    call->last = *teams_time(pinfo);
    if (key->media)
        call->last_media = *teams_time(pinfo);
    flow->call = call;
    return call;
}
