/* candidates.c
 * What checks say of the candidates of a pair, and of who sends them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RFC 8445 5.1.1 and 7.2.5.3.1. First pass only.
 */

#include "pairs.h"

static wmem_map_t *sessions;        /* "ufrag:ufrag" in order -> ts_ice_session */

ts_ice_session *
ts_ice_session_of(packet_info *pinfo, const stun_msg *msg, bool create)
{
    const char *a = msg->ufrag_remote;
    const char *b = msg->ufrag_local;

    if (a == NULL || b == NULL)
        return NULL;
    if (strcmp(a, b) > 0) {
        const char *swap = a;
        a = b;
        b = swap;
    }
    const char *name = wmem_strdup_printf(pinfo->pool, "%s:%s", a, b);
    if (sessions == NULL)
        sessions = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), wmem_str_hash, g_str_equal);
    ts_ice_session *session = (ts_ice_session *)wmem_map_lookup(sessions, name);

    if (session == NULL && create) {
        session = wmem_new0(wmem_file_scope(), ts_ice_session);
        session->ufrag[0] = wmem_strdup(wmem_file_scope(), a);
        session->ufrag[1] = wmem_strdup(wmem_file_scope(), b);
        wmem_map_insert(sessions, wmem_strdup(wmem_file_scope(), name), session);
    }
    return session;
}

static void
join_session(ts_pair *pair, ts_ice_session *session)
{
    if (session == NULL || pair->ice == session)
        return;
    if (pair->ice != NULL)
        return;         /* an ICE restart on the same ports keeps its first session for its siblings */
    pair->ice = session;
    ts_consent_join(pair, session);
    pair->next_of_ice = session->pairs;
    session->pairs = pair;
    session->count++;
    session->failed += pair->state == TS_PAIR_FAILED;
}

/*
 * What the other pairs of the session say of a public remote address: the
 * same host from another port is a NAT that maps per destination, so this one
 * was learned from the check itself; a private candidate of the same peer
 * makes its public one the reflexive one that it announced.
 */
static ts_candidate
remote_type_by_siblings(const ts_pair *pair)
{
    ts_candidate type = TS_CANDIDATE_UNKNOWN;
    unsigned searched = 0;

    for (const ts_pair *each = pair->ice == NULL ? NULL : pair->ice->pairs; each != NULL && searched < TS_MAX_SIBLINGS;
         each = each->next_of_ice, searched++) {
        if (each == pair)
            continue;
        if (pair->remote_first && each->first_frame < pair->first_frame && ts_endpoint_equal(&each->local, &pair->local) &&
            addresses_equal(&each->remote.addr, &pair->remote.addr) && each->remote.port != pair->remote.port)
            return TS_CANDIDATE_PEER_REFLEXIVE;
        if (each->remote_type == TS_CANDIDATE_HOST || ts_endpoint_equal(&each->remote, &pair->remote))
            type = TS_CANDIDATE_SERVER_REFLEXIVE;
    }
    return type;
}

static void
update_remote_type(ts_pair *pair, const stun_msg *msg, bool from_local)
{
    if (stun_msg_has(msg, TS_ATTR_MUX_SESSION_ID) && !from_local)
        pair->remote_type = TS_CANDIDATE_RELAYED;
    if (pair->remote_type == TS_CANDIDATE_UNKNOWN)
        pair->remote_type = remote_type_by_siblings(pair);
}

/*
 * Of a client behind a NAT: the address that a relay told its socket is the
 * one that it announced, and another one it learned from the check itself.
 * Where the capture has no allocation of that socket, it may have been told
 * either before, and the type stays unknown.
 */
static ts_candidate
type_of_mapped(const packet_info *pinfo, const ts_demux_call *call, const ts_pair *pair, const ts_endpoint *mapped)
{
    const ts_known_address *known = ts_known_address_find(call->state, pinfo, &mapped->addr, mapped->port);

    if (known != NULL && known->kind == TS_ADDRESS_REFLEXIVE && known->allocation != 0 && ts_endpoint_equal(&known->client, &pair->local))
        return TS_CANDIDATE_SERVER_REFLEXIVE;
    return ts_client_address_latest(call->state, &pair->local, TS_ADDRESS_RELAYED) != NULL ? TS_CANDIDATE_PEER_REFLEXIVE : TS_CANDIDATE_UNKNOWN;
}

/*
 * On the way to a relay's port the peer saw us come from the relay: it passes on what has no header, too ([MS-TURN] 3.2.5.3), since a Set Active
 * Destination before the capture, or in what was cut off.
 */
static bool
is_passed_on(const packet_info *pinfo, const ts_pair *pair, const ts_endpoint *mapped)
{
    return pair->server.addr.type == AT_NONE && !pair->tcp && ts_port_is_relay(pair->remote.port) &&
        (addresses_equal(&mapped->addr, &pair->remote.addr) || ts_address_media_prefix(&mapped->addr, pinfo) != NULL);
}

/* The answer to a check of ours names the address that the peer saw us come from. */
static void
update_local_type(packet_info *pinfo, const ts_demux_call *call, ts_pair *pair, const ts_endpoint *mapped, ts_pair_changes *changes)
{
    if (is_passed_on(pinfo, pair, mapped))
        pair->local_type = TS_CANDIDATE_RELAYED;
    if (pair->local_type == TS_CANDIDATE_RELAYED)
        return;
    if (ts_endpoint_equal(mapped, &pair->local)) {
        pair->local_type = TS_CANDIDATE_HOST;
        return;
    }
    if (pair->local_type != TS_CANDIDATE_SERVER_REFLEXIVE && pair->local_type != TS_CANDIDATE_PEER_REFLEXIVE)
        pair->local_type = type_of_mapped(pinfo, call, pair, mapped);
    switch (ts_nat_see(pinfo, &pair->local, &pair->remote, mapped, &changes->mapped_before)) {
    case TS_NAT_CHANGED:
        changes->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_NAT_CHANGED);
        break;
    case TS_NAT_PER_PEER:
        changes->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_SYMMETRIC_NAT);
        break;
    default:
        break;
    }

    if (ts_address_is_private(&mapped->addr))
        return;     /* it may be that of other hosts elsewhere */
    ts_known_address *known = ts_known_address_add(call->state, pinfo, TS_ADDRESS_REFLEXIVE, mapped);
    if (known != NULL && known->client.addr.type == AT_NONE)
        ts_client_address_add(call->state, known, mapped, &pair->local);
}

static void
update_role(ts_ice_session *session, const stun_msg *msg, ts_pair_changes *changes)
{
    if (session == NULL || msg->role == TS_ICE_ROLE_UNKNOWN)
        return;
    const unsigned side = strcmp(session->ufrag[0], msg->ufrag_local) == 0 ? 0 : 1;

    session->role[side] = msg->role;
    if (session->role[1 - side] == msg->role)
        changes->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_ROLE_CONFLICT);
}

void
ts_pair_update(packet_info *pinfo, const ts_demux_call *call, ts_pair *pair, const stun_msg *msg, bool from_local,
    ts_pair_changes *changes)
{
    ts_ice_session *session = ts_ice_session_of(pinfo, msg, true);

    join_session(pair, session);
    if (stun_msg_has(msg, TS_ATTR_IMPLEMENTATION_VERSION))
        pair->version = msg->implementation_version;
    if (msg->type == TS_STUN_BINDING_REQUEST)
        update_role(session, msg, changes);
    update_remote_type(pair, msg, from_local);
    if (msg->type == TS_STUN_BINDING_SUCCESS && ts_endpoint_known(&msg->reflexive) && !from_local)
        update_local_type(pinfo, call, pair, &msg->reflexive, changes);
}
