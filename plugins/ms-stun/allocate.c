/* allocate.c
 * What Allocate messages say of an allocation
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-TURN] 3.1.10, 3.2.5, 3.3.5
 */

#include "allocations.h"

#include "pairs.h"

#include "experts.h"

/* ---- what a message changes ---- */

static bool
set_state(ms_turn_snapshot *snapshot, const char *state)
{
    if (strcmp(snapshot->state, state) == 0)
        return false;
    snapshot->state = state;
    return true;
}

static bool
set_uint32(uint32_t *to, uint32_t from)
{
    const bool changed = *to != from;

    *to = from;
    return changed;
}

/* What any message of an allocation may tell. */
static bool
snapshot_update(ms_turn_snapshot *snapshot, const stun_msg *msg)
{
    bool changed = ts_endpoint_keep(&snapshot->relayed, &msg->relayed);

    changed |= ts_endpoint_keep(&snapshot->reflexive, &msg->reflexive);
    if (stun_msg_has(msg, TS_ATTR_MUX_SESSION_ID) && (!snapshot->has_session || snapshot->session_id != msg->session_id)) {
        snapshot->has_session = true;
        snapshot->session_id = msg->session_id;
        changed = true;
    }
    if (msg->bandwidth != 0)
        changed |= set_uint32(&snapshot->bandwidth, msg->bandwidth);
    if (msg->stream_type != 0 && snapshot->stream_type != msg->stream_type) {
        snapshot->stream_type = (uint16_t)msg->stream_type;
        changed = true;
    }
    return changed;
}

static void
remember_handed(ms_turn_allocation *allocation, const stun_msg *msg)
{
    if (msg->nonce_length > 0 && !ms_turn_allocation_was_handed(allocation, msg)) {
        allocation->nonce = (const uint8_t *)wmem_memdup(wmem_file_scope(), msg->nonce, msg->nonce_length);
        allocation->nonce_length = msg->nonce_length;
    }
}

static const char *
unquoted(wmem_allocator_t *scope, const char *realm)
{
    const size_t length = strlen(realm);

    return length >= 2 && realm[0] == '"' && realm[length - 1] == '"' ? wmem_strndup(scope, realm + 1, length - 2) : realm;
}

static uint64_t
check_realm(packet_info *pinfo, ms_turn_allocation *allocation, const stun_msg *msg)
{
    if (msg->realm == NULL)
        return 0;
    if (allocation->realm == NULL) {
        allocation->realm = wmem_strdup(wmem_file_scope(), msg->realm);
        return 0;
    }
    if (strcmp(allocation->realm, msg->realm) != 0 &&
        strcmp(unquoted(pinfo->pool, allocation->realm), unquoted(pinfo->pool, msg->realm)) == 0)
        return TS_EXPERT_BIT(MS_TURN_EXPERT_REALM_QUOTING);
    return 0;
}

/* ---- requests ---- */

static uint64_t
follow_request(packet_info *pinfo, ms_turn_allocation *allocation, ms_turn_snapshot *snapshot, bool *changed,
    const stun_msg *msg, const ts_endpoint *server, bool tcp)
{
    const bool authenticated = stun_msg_has(msg, TS_ATTR_INTEGRITY);
    const bool release = stun_msg_has(msg, TS_ATTR_LIFETIME) && msg->lifetime == 0;
    uint64_t bits = check_realm(pinfo, allocation, msg);

    if (release) {
        *changed |= set_state(snapshot, "releasing");
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_ALLOCATION_RELEASED);
    } else if (allocation->granted) {
        *changed |= set_state(snapshot, "refreshing");
    } else {
        *changed |= set_state(snapshot, authenticated ? "authenticating" : "requested");
    }
    if (!tcp && ts_endpoint_known(&allocation->alternate) && !ts_endpoint_equal(&allocation->alternate, server))
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_ALTERNATE_IGNORED);
    if (tcp && !authenticated && !allocation->granted)
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_TCP_RELAY);
    if (!ts_endpoint_known(&snapshot->relay))
        *changed |= ts_endpoint_keep(&snapshot->relay, server);
    return bits;
}

/* ---- responses ---- */

static uint64_t
check_reflexive(const packet_info *pinfo, ms_turn_client *client, const ts_endpoint *server, const stun_msg *msg)
{
    ts_endpoint before;

    if (!ts_endpoint_known(&msg->reflexive) || ts_nat_see(pinfo, &client->end, server, &msg->reflexive, &before) != TS_NAT_PER_PEER)
        return 0;
    return TS_EXPERT_BIT(MS_TURN_EXPERT_REFLEXIVE_DIFFERS);
}

static uint64_t
follow_success(packet_info *pinfo, ms_turn_allocation *allocation, ms_turn_snapshot *snapshot, bool *changed, const stun_msg *msg)
{
    const bool release = stun_msg_has(msg, TS_ATTR_LIFETIME) && msg->lifetime == 0;

    allocation->refusals = 0;
    allocation->alternate.addr.type = AT_NONE;
    if (release) {
        allocation->closed = true;
        *changed |= set_state(snapshot, "released");
    } else {
        *changed |= set_state(snapshot, allocation->granted ? "refreshed" : "active");
        allocation->granted = true;
        allocation->closed = false;
        allocation->expiry_reported = false;
        allocation->granted_at = pinfo->abs_ts;
    }
    if (stun_msg_has(msg, TS_ATTR_LIFETIME))
        *changed |= set_uint32(&snapshot->lifetime, msg->lifetime);
    return 0;
}

static uint64_t
follow_challenge(ms_turn_allocation *allocation, ms_turn_snapshot *snapshot, bool *changed, bool authenticated)
{
    *changed |= set_state(snapshot, "challenged");
    /* One client socket may ask several relays, and each challenges it once: that is no refusal. */
    if (!authenticated)
        return TS_EXPERT_BIT(MS_TURN_EXPERT_CHALLENGE);
    return ++allocation->refusals >= 2 ? TS_EXPERT_BIT(MS_TURN_EXPERT_CHALLENGE_REPEATED) : TS_EXPERT_BIT(MS_TURN_EXPERT_CHALLENGE_AGAIN);
}

static uint64_t
follow_error(ms_turn_allocation *allocation, ms_turn_snapshot *snapshot, bool *changed, const stun_msg *msg, bool authenticated)
{
    if (ts_endpoint_known(&msg->alternate)) {
        ts_endpoint_keep(&allocation->alternate, &msg->alternate);
        *changed |= ts_endpoint_keep(&snapshot->relay, &msg->alternate);
        ms_turn_allocation_add_server(allocation, &msg->alternate);
    }
    if (msg->error_code == 0 && !msg->complete)
        return 0;       /* cut off; it may be a challenge, as most are */
    switch (msg->error_code) {
    case 300:
        *changed |= set_state(snapshot, "redirected");
        return 0;
    case 401:
        return follow_challenge(allocation, snapshot, changed, authenticated);
    case 438:
        *changed |= set_state(snapshot, "stale");
        return 0;
    default:
        allocation->closed = true;
        *changed |= set_state(snapshot, "failed");
        return 0;
    }
}

static uint64_t
follow_response(packet_info *pinfo, ms_turn_client *client, ms_turn_allocation *allocation, ms_turn_snapshot *snapshot, bool *changed,
    const stun_msg *msg, const ts_endpoint *server, bool authenticated)
{
    uint64_t bits;

    if (ms_turn_is_success(msg->type))
        bits = follow_success(pinfo, allocation, snapshot, changed, msg);
    else
        bits = follow_error(allocation, snapshot, changed, msg, authenticated);
    if (!ts_endpoint_known(&snapshot->relay))
        *changed |= ts_endpoint_keep(&snapshot->relay, server);
    if (!client->tcp)
        bits |= check_reflexive(pinfo, client, server, msg);
    return bits | check_realm(pinfo, allocation, msg);
}

uint64_t
ms_turn_allocate(packet_info *pinfo, ms_turn_client *client, ms_turn_allocation *allocation, const stun_msg *msg,
    const ts_endpoint *server, bool authenticated)
{
    ms_turn_snapshot snapshot = *allocation->snapshot;
    bool changed = false;
    uint64_t bits;

    if (ms_turn_is_request(msg->type))
        bits = follow_request(pinfo, allocation, &snapshot, &changed, msg, server, client->tcp);
    else
        bits = follow_response(pinfo, client, allocation, &snapshot, &changed, msg, server, authenticated);
    changed |= snapshot_update(&snapshot, msg);
    if (snapshot.realm != allocation->realm) {
        snapshot.realm = allocation->realm;
        changed = true;
    }
    remember_handed(allocation, msg);
    ms_turn_allocation_add_server(allocation, server);
    if (changed)
        allocation->snapshot = (const ms_turn_snapshot *)wmem_memdup(wmem_file_scope(), &snapshot, sizeof snapshot);
    return bits;
}
