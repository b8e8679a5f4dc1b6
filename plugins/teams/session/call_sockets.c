/* call_sockets.c
 * The local sockets of calls, and what tells whether two of them belong together
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/call_sockets.h"

#include <string.h>

#include "common/endpoint.h"

/* Remote addresses and peers that are kept of each socket: no call has so many, and each frame looks through them. */
#define MAX_KEPT 32

teams_call_socket *
teams_call_socket_new(wmem_allocator_t *scope, uint16_t port, uint32_t frame)
{
    teams_call_socket *socket = wmem_new0(scope, teams_call_socket);

    socket->port = port;
    socket->frame = frame;
    socket->ufrag_local = socket->ufrag_remote = "";
    socket->remotes = wmem_array_new(scope, sizeof(teams_remote));
    socket->peers = wmem_array_new(scope, sizeof(address));
    return socket;
}

/* ---- what a socket is known to have done ---- */

static bool
has_socket(const teams_call_socket *socket, const teams_remote *end)
{
    for (unsigned i = 0; i < wmem_array_get_count(socket->remotes); i++) {
        const teams_remote *known = (const teams_remote *)wmem_array_index(socket->remotes, i);

        if (known->end.port == end->end.port && known->ptype == end->ptype &&
            addresses_equal(&known->end.addr, &end->end.addr))
            return true;
    }
    return false;
}

static bool
has_peer(const teams_call_socket *socket, const address *peer)
{
    for (unsigned i = 0; i < wmem_array_get_count(socket->peers); i++)
        if (addresses_equal((const address *)wmem_array_index(socket->peers, i), peer))
            return true;
    return false;
}

bool
teams_call_socket_has_remote(const teams_call_socket *socket, const address *addr)
{
    for (unsigned i = 0; i < wmem_array_get_count(socket->remotes); i++)
        if (addresses_equal(&((const teams_remote *)wmem_array_index(socket->remotes, i))->end.addr, addr))
            return true;
    return false;
}

static bool
is_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool
is_full(wmem_array_t *kept)
{
    return wmem_array_get_count(kept) >= MAX_KEPT;
}

static void
keep_peer(teams_call_socket *socket, const address *peer)
{
    address kept;

    copy_address_wmem(wmem_file_scope(), &kept, peer);
    wmem_array_append_one(socket->peers, kept);
}

bool
teams_call_socket_update(teams_call_socket *socket, const teams_socket_key *key)
{
    bool changed = key->established && !socket->established;

    socket->established = socket->established || key->established;
    socket->released = key->releases || (socket->released && !key->established);
    if (socket->modality == TS_MODALITY_UNKNOWN && key->modality != TS_MODALITY_UNKNOWN) {
        socket->modality = key->modality;
        changed = true;
    }
    if (key->credential != 0 && key->credential != socket->credential) {
        socket->credential = key->credential;
        changed = true;
    }
    if (is_text(key->ufrag_local) && socket->ufrag_local[0] == '\0') {
        socket->ufrag_local = key->ufrag_local;
        socket->ufrag_remote = key->ufrag_remote;
        changed = true;
    }
    if (!is_full(socket->remotes) && !has_socket(socket, &key->remote)) {
        const teams_remote *remote = &key->remote;

        wmem_array_append(socket->remotes, remote, 1);
        changed = true;
    }
    if (key->peer != NULL && !is_full(socket->peers) && !has_peer(socket, key->peer)) {
        keep_peer(socket, key->peer);
        changed = true;
    }
    return changed;
}

bool
teams_call_socket_is_reused(const teams_call_socket *socket, const teams_socket_key *key)
{
    if (socket->established && socket->released && key->asks)
        return true;
    return key->peer != NULL && wmem_array_get_count(socket->peers) > 0 && !has_peer(socket, key->peer) &&
        socket->established && is_text(key->ufrag_local) && socket->ufrag_local[0] != '\0' &&
        strcmp(socket->ufrag_local, key->ufrag_local) != 0 && strcmp(socket->ufrag_remote, key->ufrag_remote) != 0;
}

/* ---- rules ---- */

static bool
share_socket(const teams_call_socket *a, const teams_call_socket *b)
{
    for (unsigned i = 0; i < wmem_array_get_count(a->remotes); i++)
        if (has_socket(b, (const teams_remote *)wmem_array_index(a->remotes, i)))
            return true;
    return false;
}

typedef enum { PEERS_UNKNOWN, PEERS_DISJOINT, PEERS_SHARED_PRIVATE, PEERS_SHARED } peers_relation;

/* A private address may be that of different hosts in different networks. */
static peers_relation
compare_peers(const teams_call_socket *a, const teams_call_socket *b)
{
    peers_relation relation = PEERS_DISJOINT;

    if (wmem_array_get_count(a->peers) == 0 || wmem_array_get_count(b->peers) == 0)
        return PEERS_UNKNOWN;
    for (unsigned i = 0; i < wmem_array_get_count(a->peers); i++) {
        const address *peer = (const address *)wmem_array_index(a->peers, i);

        if (has_peer(b, peer))
            relation = MAX(relation, ts_address_is_private(peer) ? PEERS_SHARED_PRIVATE : PEERS_SHARED);
    }
    return relation;
}

static bool
know_ufrags(const teams_call_socket *a, const teams_call_socket *b)
{
    return a->ufrag_local[0] != '\0' && b->ufrag_local[0] != '\0';
}

static bool
same_ufrags(const teams_call_socket *a, const teams_call_socket *b)
{
    return know_ufrags(a, b) && strcmp(a->ufrag_local, b->ufrag_local) == 0 && strcmp(a->ufrag_remote, b->ufrag_remote) == 0;
}

/* One is of IPv4, the other of IPv6: they have no peer's address in common. */
static bool
other_family(const teams_call_socket *a, const teams_call_socket *b)
{
    return wmem_array_get_count(a->peers) > 0 && wmem_array_get_count(b->peers) > 0 &&
        ((const address *)wmem_array_index(a->peers, 0))->type != ((const address *)wmem_array_index(b->peers, 0))->type;
}

/* Sockets of several addresses or interfaces check the same peer at one time: RFC 8445, 5.1.1. */
static bool
same_session(const teams_call_socket *a, const teams_call_socket *b)
{
    return same_ufrags(a, b) && (compare_peers(a, b) >= PEERS_SHARED_PRIVATE || other_family(a, b)) && !a->released && !b->released;
}

static bool
know_credentials(const teams_call_socket *a, const teams_call_socket *b)
{
    return a->credential != 0 && b->credential != 0;
}

static bool
different_modality(const teams_call_socket *a, const teams_call_socket *b)
{
    return a->modality != TS_MODALITY_UNKNOWN && b->modality != TS_MODALITY_UNKNOWN && a->modality != b->modality;
}

/* The first that tells. */
teams_socket_relation
teams_call_sockets_compare(const teams_call_socket *a, const teams_call_socket *b)
{
    const bool neighbours = a->port + 1 == b->port || b->port + 1 == a->port;
    const bool older_works = a->frame < b->frame ? a->established : b->established;

    /* Relays give credentials to a client, for all its calls. */
    if (know_credentials(a, b) && a->credential != b->credential)
        return TEAMS_SOCKETS_OTHER;
    /* RTP and RTCP of a stream have neighbouring ports and one set of ICE credentials. */
    if (neighbours && (!know_ufrags(a, b) || same_ufrags(a, b)))
        return TEAMS_SOCKETS_COMPONENTS;
    /*
     * A call has one socket per modality. Before the one that works there may be
     * one that did not, such as that of UDP where the call went over TCP. While it
     * is being set up, a NAT may show one socket as several, but not towards one
     * and the same remote end.
     */
    if (a->modality != TS_MODALITY_UNKNOWN && a->modality == b->modality && (older_works || share_socket(a, b)) && !same_session(a, b))
        return TEAMS_SOCKETS_OTHER;
    if (same_ufrags(a, b))
        return TEAMS_SOCKETS_SAME_SESSION;
    /* Nobody sets up two calls in the same moments. */
    if (know_credentials(a, b) && !a->established && !b->established)
        return TEAMS_SOCKETS_SAME_CLIENT;
    /* A meeting may have a server per modality; one stream has one peer. */
    const peers_relation peers = compare_peers(a, b);

    if (peers == PEERS_SHARED && different_modality(a, b))
        return TEAMS_SOCKETS_SAME_PEER;
    return peers == PEERS_DISJOINT && !different_modality(a, b) ? TEAMS_SOCKETS_OTHER : TEAMS_SOCKETS_UNDECIDED;
}
