/* legs.c
 * The local sockets of calls, and what tells whether two of them belong together
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/legs.h"

#include <string.h>

/* Sockets and peers that are kept of each leg: no call has so many, and each frame looks through them. */
#define MAX_KEPT 32

teams_leg *
teams_leg_new(uint16_t port)
{
    wmem_allocator_t *scope = wmem_file_scope();
    teams_leg *leg = wmem_new0(scope, teams_leg);

    leg->port = port;
    leg->ufrag_local = leg->ufrag_remote = "";
    leg->far_ends = wmem_array_new(scope, sizeof(teams_far_end));
    leg->peers = wmem_array_new(scope, sizeof(address));
    return leg;
}

/* ---- what a socket is known to have done ---- */

static bool
has_socket(const teams_leg *leg, const teams_far_end *end)
{
    for (unsigned i = 0; i < wmem_array_get_count(leg->far_ends); i++) {
        const teams_far_end *known = (const teams_far_end *)wmem_array_index(leg->far_ends, i);

        if (known->end.port == end->end.port && known->ptype == end->ptype &&
            addresses_equal(&known->end.addr, &end->end.addr))
            return true;
    }
    return false;
}

static bool
has_peer(const teams_leg *leg, const address *peer)
{
    for (unsigned i = 0; i < wmem_array_get_count(leg->peers); i++)
        if (addresses_equal((const address *)wmem_array_index(leg->peers, i), peer))
            return true;
    return false;
}

bool
teams_leg_has_far_end(const teams_leg *leg, const address *addr)
{
    for (unsigned i = 0; i < wmem_array_get_count(leg->far_ends); i++)
        if (addresses_equal(&((const teams_far_end *)wmem_array_index(leg->far_ends, i))->end.addr, addr))
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
keep_peer(teams_leg *leg, const address *peer)
{
    address kept;

    copy_address_wmem(wmem_file_scope(), &kept, peer);
    wmem_array_append_one(leg->peers, kept);
}

bool
teams_leg_learn(teams_leg *leg, const teams_leg_hint *hint)
{
    bool news = hint->established && !leg->established;

    leg->established = leg->established || hint->established;
    leg->released = hint->releases || (leg->released && !hint->established);
    if (leg->modality == TS_MODALITY_UNKNOWN && hint->modality != TS_MODALITY_UNKNOWN) {
        leg->modality = hint->modality;
        news = true;
    }
    if (hint->credential != 0 && hint->credential != leg->credential) {
        leg->credential = hint->credential;
        news = true;
    }
    if (is_text(hint->ufrag_local) && leg->ufrag_local[0] == '\0') {
        leg->ufrag_local = hint->ufrag_local;
        leg->ufrag_remote = hint->ufrag_remote;
        news = true;
    }
    if (!is_full(leg->far_ends) && !has_socket(leg, &hint->far_end)) {
        const teams_far_end *far_end = &hint->far_end;

        wmem_array_append(leg->far_ends, far_end, 1);
        news = true;
    }
    if (hint->peer != NULL && !is_full(leg->peers) && !has_peer(leg, hint->peer)) {
        keep_peer(leg, hint->peer);
        news = true;
    }
    return news;
}

bool
teams_leg_is_reused(const teams_leg *leg, const teams_leg_hint *hint)
{
    if (leg->established && leg->released && hint->asks)
        return true;
    return hint->peer != NULL && wmem_array_get_count(leg->peers) > 0 && !has_peer(leg, hint->peer) &&
        leg->established && is_text(hint->ufrag_local) && leg->ufrag_local[0] != '\0' &&
        strcmp(leg->ufrag_local, hint->ufrag_local) != 0 && strcmp(leg->ufrag_remote, hint->ufrag_remote) != 0;
}

/* ---- witnesses ---- */

static bool
share_socket(const teams_leg *a, const teams_leg *b)
{
    for (unsigned i = 0; i < wmem_array_get_count(a->far_ends); i++)
        if (has_socket(b, (const teams_far_end *)wmem_array_index(a->far_ends, i)))
            return true;
    return false;
}

typedef enum { PEERS_UNKNOWN, PEERS_DISJOINT, PEERS_SHARED_PRIVATE, PEERS_SHARED } peers_verdict;

/* A private address may be that of different hosts in different networks. */
static peers_verdict
compare_peers(const teams_leg *a, const teams_leg *b)
{
    peers_verdict verdict = PEERS_DISJOINT;

    if (wmem_array_get_count(a->peers) == 0 || wmem_array_get_count(b->peers) == 0)
        return PEERS_UNKNOWN;
    for (unsigned i = 0; i < wmem_array_get_count(a->peers); i++) {
        const address *peer = (const address *)wmem_array_index(a->peers, i);

        if (has_peer(b, peer))
            verdict = MAX(verdict, teams_address_is_private(peer) ? PEERS_SHARED_PRIVATE : PEERS_SHARED);
    }
    return verdict;
}

static bool
know_ufrags(const teams_leg *a, const teams_leg *b)
{
    return a->ufrag_local[0] != '\0' && b->ufrag_local[0] != '\0';
}

static bool
same_ufrags(const teams_leg *a, const teams_leg *b)
{
    return know_ufrags(a, b) && strcmp(a->ufrag_local, b->ufrag_local) == 0 && strcmp(a->ufrag_remote, b->ufrag_remote) == 0;
}

static bool
know_credentials(const teams_leg *a, const teams_leg *b)
{
    return a->credential != 0 && b->credential != 0;
}

static bool
same_modality(const teams_leg *a, const teams_leg *b)
{
    return a->modality != TS_MODALITY_UNKNOWN && a->modality == b->modality;
}

static bool
different_modality(const teams_leg *a, const teams_leg *b)
{
    return a->modality != TS_MODALITY_UNKNOWN && b->modality != TS_MODALITY_UNKNOWN && a->modality != b->modality;
}

/* Relays give credentials to a client, for all its calls. */
static teams_leg_verdict
by_credential(const teams_leg *a, const teams_leg *b)
{
    return know_credentials(a, b) && a->credential != b->credential ? TEAMS_LEG_OTHER : TEAMS_LEG_UNDECIDED;
}

/* RTP and RTCP of a stream have neighbouring ports and one set of ICE credentials. */
static teams_leg_verdict
by_neighbour(const teams_leg *a, const teams_leg *b)
{
    const bool neighbours = a->port + 1 == b->port || b->port + 1 == a->port;

    return neighbours && (!know_ufrags(a, b) || same_ufrags(a, b)) ? TEAMS_LEG_COMPONENTS : TEAMS_LEG_UNDECIDED;
}

/*
 * A call has one socket per modality. While it is being set up, a NAT may show
 * one socket as several, but not towards one and the same far end.
 */
static teams_leg_verdict
by_modality(const teams_leg *a, const teams_leg *b)
{
    return same_modality(a, b) && (a->established || b->established || share_socket(a, b)) ?
        TEAMS_LEG_OTHER : TEAMS_LEG_UNDECIDED;
}

static teams_leg_verdict
by_session(const teams_leg *a, const teams_leg *b)
{
    return same_ufrags(a, b) ? TEAMS_LEG_SAME_SESSION : TEAMS_LEG_UNDECIDED;
}

/* Nobody sets up two calls in the same moments. */
static teams_leg_verdict
by_client(const teams_leg *a, const teams_leg *b)
{
    return know_credentials(a, b) && !a->established && !b->established ? TEAMS_LEG_SAME_CLIENT : TEAMS_LEG_UNDECIDED;
}

/* A meeting may have a server per modality; one stream has one peer. */
static teams_leg_verdict
by_peer(const teams_leg *a, const teams_leg *b)
{
    const peers_verdict peers = compare_peers(a, b);

    if (peers == PEERS_SHARED && different_modality(a, b))
        return TEAMS_LEG_SAME_PEER;
    return peers == PEERS_DISJOINT && !different_modality(a, b) ? TEAMS_LEG_OTHER : TEAMS_LEG_UNDECIDED;
}

static teams_leg_verdict (*const witnesses[])(const teams_leg *a, const teams_leg *b) = {
    by_credential, by_neighbour, by_modality, by_session, by_client, by_peer,
};

teams_leg_verdict
teams_leg_compare(const teams_leg *leg, const teams_leg *other)
{
    teams_leg_verdict verdict = TEAMS_LEG_UNDECIDED;

    for (unsigned i = 0; i < G_N_ELEMENTS(witnesses) && verdict == TEAMS_LEG_UNDECIDED; i++)
        verdict = witnesses[i](leg, other);
    return verdict;
}
