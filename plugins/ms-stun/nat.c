/* nat.c
 * Which public address a NAT gives a socket, towards whom and when
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RFC 4787 4.1: a mapping that depends on the peer ("symmetric NAT") is
 * proven only by two mappings at the same time. A NAT also forgets a mapping,
 * restarts, or changes its own address; then everybody sees the new one.
 */

#include "pairs.h"

#include "common/times.h"

/* Peers of one socket that are looked at; a client has fewer. */
#define MAX_PEERS       8

/* Nobody's NAT changes a mapping that is in use within so short a time. */
#define SAME_TIME_S     2.0

typedef struct {
    ts_endpoint end;
    ts_endpoint mapped;
    nstime_t time;              /* when it was seen last */
    bool gone;                  /* another peer's answer shows that it no longer holds */
} nat_peer;

typedef struct {
    ts_endpoint local;
    nat_peer peers[MAX_PEERS];
    unsigned count;
    bool per_peer;              /* told */
} nat_socket;

static wmem_map_t *sockets;     /* local ts_endpoint -> nat_socket */

static nat_socket *
socket_of(const ts_endpoint *local)
{
    if (sockets == NULL)
        sockets = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), ts_endpoint_hash, ts_endpoint_key_equal);

    nat_socket *found = (nat_socket *)wmem_map_lookup(sockets, local);
    if (found == NULL) {
        found = wmem_new0(wmem_file_scope(), nat_socket);
        ts_endpoint_keep(&found->local, local);
        wmem_map_insert(sockets, &found->local, found);
    }
    return found;
}

static nat_peer *
peer_of(nat_socket *socket, const ts_endpoint *end)
{
    for (unsigned i = 0; i < socket->count; i++) {
        if (ts_endpoint_equal(&socket->peers[i].end, end))
            return &socket->peers[i];
    }
    return NULL;
}

/*
 * Does another peer see another public mapping while this one is in use? (Of
 * two NATs in a row a peer between them sees the inner one's.) It was seen
 * after this peer's mapping was, and this one is the same now; or just before.
 */
static bool
is_per_peer(const packet_info *pinfo, const nat_socket *socket, const nat_peer *peer, const ts_endpoint *mapped)
{
    for (unsigned i = 0; i < socket->count; i++) {
        const nat_peer *other = &socket->peers[i];

        if (other == peer || other->gone || ts_address_is_private(&other->mapped.addr) || other->mapped.addr.type != mapped->addr.type || ts_endpoint_equal(&other->mapped, mapped))
            continue;
        if (ts_seconds(&other->time, &pinfo->abs_ts) <= SAME_TIME_S || (peer != NULL && ts_seconds(&peer->time, &other->time) > 0))
            return true;
    }
    return false;
}

/* A mapping that changed has changed for every peer that saw it; they have not said so yet. */
static void
forget_mapping(nat_socket *socket, const ts_endpoint *mapped)
{
    for (unsigned i = 0; i < socket->count; i++)
        socket->peers[i].gone |= ts_endpoint_equal(&socket->peers[i].mapped, mapped);
}

ts_nat_mapping
ts_nat_see(const packet_info *pinfo, const ts_endpoint *local, const ts_endpoint *end, const ts_endpoint *mapped,
    ts_endpoint *before)
{
    nat_socket *socket = socket_of(local);
    nat_peer *peer = peer_of(socket, end);
    ts_nat_mapping result = TS_NAT_SAME;

    if (peer != NULL && peer->mapped.addr.type == mapped->addr.type && !ts_endpoint_equal(&peer->mapped, mapped)) {
        result = TS_NAT_CHANGED;
        *before = peer->mapped;
        forget_mapping(socket, &peer->mapped);
    } else if (!socket->per_peer && !ts_address_is_private(&mapped->addr) && is_per_peer(pinfo, socket, peer, mapped)) {
        socket->per_peer = true;
        result = TS_NAT_PER_PEER;
    }
    if (peer == NULL && socket->count < MAX_PEERS) {
        peer = &socket->peers[socket->count++];
        ts_endpoint_keep(&peer->end, end);
    }
    if (peer != NULL) {
        ts_endpoint_keep(&peer->mapped, mapped);
        peer->time = pinfo->abs_ts;
        peer->gone = false;
    }
    return result;
}
