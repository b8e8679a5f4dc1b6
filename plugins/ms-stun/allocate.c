/* allocate.c
 * What Allocate messages say of an allocation
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-TURN] 3.1.10, 3.2.5, 3.3.5
 */

#include "allocations.h"

#include "turn_diagnostics.h"

/* ---- what a message changes ---- */

static bool
set_state(ms_turn_view *view, const char *state)
{
    if (strcmp(view->state, state) == 0)
        return false;
    view->state = state;
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
view_learn(ms_turn_view *view, const ms_turn_facts *facts)
{
    bool changed = ts_endpoint_keep(&view->relayed, &facts->relayed);

    changed |= ts_endpoint_keep(&view->reflexive, &facts->reflexive);
    if (ms_turn_has(facts, MS_TURN_ATTR_SESSION_ID) && (!view->has_session || view->session_id != facts->session_id)) {
        view->has_session = true;
        view->session_id = facts->session_id;
        changed = true;
    }
    if (facts->bandwidth != 0)
        changed |= set_uint32(&view->bandwidth, facts->bandwidth);
    if (facts->stream_type != 0 && view->stream_type != facts->stream_type) {
        view->stream_type = (uint16_t)facts->stream_type;
        changed = true;
    }
    return changed;
}

static void
remember_handed(ms_turn_allocation *allocation, const ms_turn_facts *facts)
{
    if (facts->nonce_length > 0 && !ms_turn_allocation_was_handed(allocation, facts)) {
        allocation->nonce = (const uint8_t *)wmem_memdup(wmem_file_scope(), facts->nonce, facts->nonce_length);
        allocation->nonce_length = facts->nonce_length;
    }
}

static const char *
unquoted(wmem_allocator_t *scope, const char *realm)
{
    const size_t length = strlen(realm);

    return length >= 2 && realm[0] == '"' && realm[length - 1] == '"' ? wmem_strndup(scope, realm + 1, length - 2) : realm;
}

static uint64_t
judge_realm(packet_info *pinfo, ms_turn_allocation *allocation, const ms_turn_facts *facts)
{
    if (facts->realm == NULL)
        return 0;
    if (allocation->realm == NULL) {
        allocation->realm = wmem_strdup(wmem_file_scope(), facts->realm);
        return 0;
    }
    if (strcmp(allocation->realm, facts->realm) != 0 &&
        strcmp(unquoted(pinfo->pool, allocation->realm), unquoted(pinfo->pool, facts->realm)) == 0)
        return MS_TURN_BIT(realm_quoting);
    return 0;
}

/* The session id of an IPv4 relay ends in octets 4 and 3 of its address (observed). */
static uint64_t
judge_session(const ms_turn_view *view, const ms_turn_facts *facts)
{
    if (!ms_turn_has(facts, MS_TURN_ATTR_SESSION_ID) || ms_turn_session_fits(facts->session_id, &view->relay.addr))
        return 0;
    return MS_TURN_BIT(session_relay_mismatch);
}

/* ---- requests ---- */

static uint64_t
follow_request(packet_info *pinfo, ms_turn_allocation *allocation, ms_turn_view *view, bool *changed,
    const ms_turn_facts *facts, const ts_endpoint *server, bool tcp)
{
    const bool authenticated = ms_turn_has(facts, MS_TURN_ATTR_INTEGRITY);
    const bool release = ms_turn_has(facts, MS_TURN_ATTR_LIFETIME) && facts->lifetime == 0;
    uint64_t bits = judge_realm(pinfo, allocation, facts);

    if (release) {
        *changed |= set_state(view, "releasing");
        bits |= MS_TURN_BIT(allocation_released);
    } else if (allocation->granted) {
        *changed |= set_state(view, "refreshing");
    } else {
        *changed |= set_state(view, authenticated ? "authenticating" : "requested");
    }
    if (!tcp && ts_endpoint_known(&allocation->alternate) && !ts_endpoint_equal(&allocation->alternate, server))
        bits |= MS_TURN_BIT(alternate_ignored);
    if (tcp && !authenticated && !allocation->granted)
        bits |= MS_TURN_BIT(tcp_relay);
    if (!ts_endpoint_known(&view->relay))
        *changed |= ts_endpoint_keep(&view->relay, server);
    return bits;
}

/* ---- responses ---- */

static uint64_t
judge_reflexive(ms_turn_client *client, const ms_turn_view *view, const ms_turn_facts *facts)
{
    uint64_t bits = 0;

    if (!ts_endpoint_known(&facts->reflexive))
        return 0;
    if (ts_endpoint_known(&client->reflexive) && !ts_endpoint_equal(&client->reflexive, &facts->reflexive) &&
        client->reflexive.addr.type == facts->reflexive.addr.type &&
        !ts_endpoint_equal(&client->reflexive_relay, &view->relay))
        bits = MS_TURN_BIT(reflexive_differs);
    ts_endpoint_keep(&client->reflexive, &facts->reflexive);
    ts_endpoint_keep(&client->reflexive_relay, &view->relay);
    return bits;
}

static uint64_t
follow_success(packet_info *pinfo, ms_turn_allocation *allocation, ms_turn_view *view, bool *changed, const ms_turn_facts *facts)
{
    const bool release = ms_turn_has(facts, MS_TURN_ATTR_LIFETIME) && facts->lifetime == 0;

    allocation->refusals = 0;
    allocation->alternate.addr.type = AT_NONE;
    if (release) {
        allocation->closed = true;
        *changed |= set_state(view, "released");
    } else {
        *changed |= set_state(view, allocation->granted ? "refreshed" : "active");
        allocation->granted = true;
        allocation->closed = false;
        allocation->expiry_told = false;
        allocation->granted_at = pinfo->abs_ts;
    }
    if (ms_turn_has(facts, MS_TURN_ATTR_LIFETIME))
        *changed |= set_uint32(&view->lifetime, facts->lifetime);
    return 0;
}

static uint64_t
follow_challenge(ms_turn_allocation *allocation, ms_turn_view *view, bool *changed, bool authenticated)
{
    *changed |= set_state(view, "challenged");
    /* One client socket may ask several relays, and each challenges it once: that is no refusal. */
    if (!authenticated)
        return MS_TURN_BIT(challenge);
    return ++allocation->refusals >= 2 ? MS_TURN_BIT(challenge_repeated) : MS_TURN_BIT(challenge_again);
}

static uint64_t
follow_error(ms_turn_allocation *allocation, ms_turn_view *view, bool *changed, const ms_turn_facts *facts, bool authenticated)
{
    if (ts_endpoint_known(&facts->alternate)) {
        ts_endpoint_keep(&allocation->alternate, &facts->alternate);
        *changed |= ts_endpoint_keep(&view->relay, &facts->alternate);
        ms_turn_allocation_add_server(allocation, &facts->alternate);
    }
    switch (facts->error_code) {
    case 300:
        *changed |= set_state(view, "redirected");
        return 0;
    case 401:
        return follow_challenge(allocation, view, changed, authenticated);
    case 438:
        *changed |= set_state(view, "stale");
        return 0;
    default:
        allocation->closed = true;
        *changed |= set_state(view, "failed");
        return 0;
    }
}

static uint64_t
follow_response(packet_info *pinfo, ms_turn_client *client, ms_turn_allocation *allocation, ms_turn_view *view, bool *changed,
    const ms_turn_facts *facts, const ts_endpoint *server, bool authenticated)
{
    uint64_t bits;

    if (ms_turn_is_success(facts->type))
        bits = follow_success(pinfo, allocation, view, changed, facts);
    else
        bits = follow_error(allocation, view, changed, facts, authenticated);
    if (!ts_endpoint_known(&view->relay))
        *changed |= ts_endpoint_keep(&view->relay, server);
    if (!client->tcp)
        bits |= judge_reflexive(client, view, facts);
    return bits | judge_realm(pinfo, allocation, facts);
}

uint64_t
ms_turn_allocate(packet_info *pinfo, ms_turn_client *client, ms_turn_allocation *allocation, const ms_turn_facts *facts,
    const ts_endpoint *server, bool authenticated)
{
    ms_turn_view view = *allocation->view;
    bool changed = false;
    uint64_t bits;

    if (ms_turn_is_request(facts->type))
        bits = follow_request(pinfo, allocation, &view, &changed, facts, server, client->tcp);
    else
        bits = follow_response(pinfo, client, allocation, &view, &changed, facts, server, authenticated);
    bits |= judge_session(&view, facts);
    changed |= view_learn(&view, facts);
    remember_handed(allocation, facts);
    ms_turn_allocation_add_server(allocation, server);
    if (changed)
        allocation->view = (const ms_turn_view *)wmem_memdup(wmem_file_scope(), &view, sizeof view);
    return bits;
}
