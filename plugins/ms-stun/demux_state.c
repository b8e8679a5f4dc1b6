/* demux_state.c
 * What is known of flows, addresses and sessions, and from which frame on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "demux_private.h"

#include "common/endpoint.h"

ts_demux_module ts_demux = { .proto = -1, .proto_demux = -1, .proto_port = -1 };

static ts_demux_state *current;
static uint32_t changed_frame;  /* the last one that added something */

/* ---- addresses and sessions of the whole capture ---- */

ts_demux_state *
ts_demux_state_get(void)
{
    if (current == NULL) {
        current = wmem_new0(wmem_file_scope(), ts_demux_state);
        current->addresses = wmem_map_new(wmem_file_scope(), ts_endpoint_hash, ts_endpoint_key_equal);
        current->sessions = wmem_map_new(wmem_file_scope(), wmem_int64_hash, g_int64_equal);
    }
    return current;
}

static void
forget(void)
{
    current = NULL;      /* freed with the file scope */
    changed_frame = 0;
}

bool
ts_demux_changed_in(const packet_info *pinfo)
{
    return changed_frame == pinfo->num;
}

void
ts_demux_state_register(void)
{
    register_cleanup_routine(forget);
}

ts_known_address *
ts_known_address_add(ts_demux_state *state, const packet_info *pinfo, ts_address_kind kind, const ts_endpoint *where)
{
    ts_known_address *end = (ts_known_address *)wmem_map_lookup(state->addresses, where);

    if (end != NULL || PINFO_FD_VISITED(pinfo))
        return end;

    ts_endpoint *key = wmem_new0(wmem_file_scope(), ts_endpoint);
    ts_endpoint_keep(key, where);
    end = wmem_new0(wmem_file_scope(), ts_known_address);
    end->kind = kind;
    end->first_frame = changed_frame = pinfo->num;
    wmem_map_insert(state->addresses, key, end);
    return end;
}

ts_known_address *
ts_known_address_find(ts_demux_state *state, const packet_info *pinfo, const address *addr, uint16_t port)
{
    ts_endpoint key = { .port = port };

    copy_address_shallow(&key.addr, addr);
    ts_known_address *end = (ts_known_address *)wmem_map_lookup(state->addresses, &key);

    return end != NULL && ts_is_reached(end->first_frame, pinfo) ? end : NULL;
}

bool
ts_demux_knows_address(const packet_info *pinfo)
{
    return current != NULL &&
        (ts_known_address_find(current, pinfo, &pinfo->src, (uint16_t)pinfo->srcport) != NULL ||
         ts_known_address_find(current, pinfo, &pinfo->dst, (uint16_t)pinfo->destport) != NULL);
}

ts_known_session *
ts_known_session_add(ts_demux_state *state, const packet_info *pinfo, uint64_t id)
{
    ts_known_session *session = (ts_known_session *)wmem_map_lookup(state->sessions, &id);

    if (session == NULL && !PINFO_FD_VISITED(pinfo)) {
        session = wmem_new0(wmem_file_scope(), ts_known_session);
        session->id = id;
        session->first_frame = changed_frame = pinfo->num;
        wmem_map_insert(state->sessions, &session->id, session);
    }
    return session;
}

ts_known_session *
ts_known_session_find(ts_demux_state *state, const packet_info *pinfo, uint64_t id)
{
    ts_known_session *session = (ts_known_session *)wmem_map_lookup(state->sessions, &id);

    return session != NULL && ts_is_reached(session->first_frame, pinfo) ? session : NULL;
}

bool
ts_demux_knows_session(const packet_info *pinfo, uint64_t id)
{
    return current != NULL && ts_known_session_find(current, pinfo, id) != NULL;
}

/* ---- flows ---- */

ts_flow *
ts_demux_flow(packet_info *pinfo, bool create)
{
    conversation_t *conversation = create ? find_or_create_conversation(pinfo) : find_conversation_pinfo(pinfo, 0);

    if (conversation == NULL)
        return NULL;

    ts_flow *flow = (ts_flow *)conversation_get_proto_data(conversation, ts_demux.proto);
    if (flow == NULL && create) {
        flow = wmem_new0(wmem_file_scope(), ts_flow);
        flow->number = ++ts_demux_state_get()->flows;
        conversation_add_proto_data(conversation, ts_demux.proto, flow);
    }
    return flow;
}

void
ts_demux_pin(packet_info *pinfo)
{
    if (pinfo->ptype == PT_UDP && !PINFO_FD_VISITED(pinfo) && !pinfo->flags.in_error_pkt)
        conversation_set_dissector(find_or_create_conversation(pinfo), ts_demux.handle);
}

void
ts_set_first_frame(uint32_t *frame, const packet_info *pinfo)
{
    if (*frame == 0 && !PINFO_FD_VISITED(pinfo))
        *frame = changed_frame = pinfo->num;
}

void
ts_flow_accept(ts_flow *flow, const packet_info *pinfo, ts_evidence evidence, bool stun)
{
    if (evidence != TS_EVIDENCE_NONE && flow->ms_frame == 0 && !PINFO_FD_VISITED(pinfo)) {
        ts_set_first_frame(&flow->ms_frame, pinfo);
        flow->evidence = evidence;
    }
    if (stun)
        ts_set_first_frame(&flow->stun_frame, pinfo);
}

/* ---- the addresses that belong to a client's socket ---- */

typedef struct {
    ts_endpoint client;
    ts_client_address latest[TS_ADDRESS_KINDS];
} client_addresses;

void
ts_client_address_add(ts_demux_state *state, ts_known_address *end, const ts_endpoint *where, const ts_endpoint *client)
{
    ts_endpoint_keep(&end->client, client);
    if (state->client_addresses == NULL)
        state->client_addresses = wmem_map_new(wmem_file_scope(), ts_endpoint_hash, ts_endpoint_key_equal);

    client_addresses *ends = (client_addresses *)wmem_map_lookup(state->client_addresses, client);
    if (ends == NULL) {
        ends = wmem_new0(wmem_file_scope(), client_addresses);
        ts_endpoint_keep(&ends->client, client);
        wmem_map_insert(state->client_addresses, &ends->client, ends);
    }
    ts_client_address *latest = &ends->latest[end->kind];
    if (latest->end != NULL && latest->end->first_frame >= end->first_frame)
        return;
    latest->end = end;
    ts_endpoint_keep(&latest->where, where);
}

const ts_client_address *
ts_client_address_latest(const ts_demux_state *state, const ts_endpoint *client, ts_address_kind kind)
{
    const client_addresses *ends = state->client_addresses == NULL ? NULL :
        (const client_addresses *)wmem_map_lookup(state->client_addresses, client);

    return ends == NULL || ends->latest[kind].end == NULL ? NULL : &ends->latest[kind];
}

/* ---- where a relay passes on what has no TURN header around it ---- */

void
ts_relay_peer_set(ts_flow *flow, const packet_info *pinfo, const ts_endpoint *client, const ts_endpoint *peer)
{
    ts_relay_peer *entry = wmem_new0(wmem_file_scope(), ts_relay_peer);

    ts_endpoint_keep(&entry->client, client);
    ts_endpoint_keep(&entry->peer, peer);
    if (flow->relay_peers == NULL)
        flow->relay_peers = wmem_tree_new(wmem_file_scope());
    wmem_tree_insert32(flow->relay_peers, pinfo->num, entry);
}

const ts_relay_peer *
ts_relay_peer_at(const ts_flow *flow, const packet_info *pinfo)
{
    return flow->relay_peers == NULL ? NULL : (const ts_relay_peer *)wmem_tree_lookup32_le(flow->relay_peers, pinfo->num);
}
