/* demux_facts.c
 * What is known of flows, addresses and sessions, and since which frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "demux_private.h"

#include "common/endpoint.h"

static ts_shared *shared;

/* ---- addresses and sessions of the whole capture ---- */

ts_shared *
ts_demux_shared(void)
{
    if (shared == NULL) {
        shared = wmem_new0(wmem_file_scope(), ts_shared);
        shared->ends = wmem_map_new(wmem_file_scope(), ts_endpoint_hash, ts_endpoint_key_equal);
        shared->sessions = wmem_map_new(wmem_file_scope(), wmem_int64_hash, g_int64_equal);
    }
    return shared;
}

static void
forget(void)
{
    shared = NULL;      /* freed with the file scope */
}

void
ts_facts_register(void)
{
    register_cleanup_routine(forget);
}

ts_end *
ts_shared_add_end(ts_shared *facts, const packet_info *pinfo, ts_end_kind kind, const ts_endpoint *where)
{
    ts_end *end = (ts_end *)wmem_map_lookup(facts->ends, where);

    if (end != NULL || PINFO_FD_VISITED(pinfo))
        return end;

    ts_endpoint *key = wmem_new0(wmem_file_scope(), ts_endpoint);
    ts_endpoint_keep(key, where);
    end = wmem_new0(wmem_file_scope(), ts_end);
    end->kind = kind;
    end->since = pinfo->num;
    wmem_map_insert(facts->ends, key, end);
    return end;
}

ts_end *
ts_shared_end(ts_shared *facts, const packet_info *pinfo, const address *addr, uint16_t port)
{
    ts_endpoint key = { .port = port };

    copy_address_shallow(&key.addr, addr);
    ts_end *end = (ts_end *)wmem_map_lookup(facts->ends, &key);

    return end != NULL && ts_since(end->since, pinfo) ? end : NULL;
}

bool
ts_demux_knows_end(const packet_info *pinfo)
{
    return shared != NULL &&
        (ts_shared_end(shared, pinfo, &pinfo->src, (uint16_t)pinfo->srcport) != NULL ||
         ts_shared_end(shared, pinfo, &pinfo->dst, (uint16_t)pinfo->destport) != NULL);
}

ts_session *
ts_shared_add_session(ts_shared *facts, const packet_info *pinfo, uint64_t id)
{
    ts_session *session = (ts_session *)wmem_map_lookup(facts->sessions, &id);

    if (session == NULL && !PINFO_FD_VISITED(pinfo)) {
        session = wmem_new0(wmem_file_scope(), ts_session);
        session->id = id;
        session->since = pinfo->num;
        wmem_map_insert(facts->sessions, &session->id, session);
    }
    return session;
}

ts_session *
ts_shared_session(ts_shared *facts, const packet_info *pinfo, uint64_t id)
{
    ts_session *session = (ts_session *)wmem_map_lookup(facts->sessions, &id);

    return session != NULL && ts_since(session->since, pinfo) ? session : NULL;
}

bool
ts_demux_knows_session(const packet_info *pinfo, uint64_t id)
{
    return shared != NULL && ts_shared_session(shared, pinfo, id) != NULL;
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
        flow->number = ++ts_demux_shared()->flows;
        conversation_add_proto_data(conversation, ts_demux.proto, flow);
    }
    return flow;
}

void
ts_learn(uint32_t *since, const packet_info *pinfo)
{
    if (*since == 0)
        *since = pinfo->num;
}

void
ts_flow_accept(ts_flow *flow, const packet_info *pinfo, ts_evidence evidence, bool stun)
{
    if (evidence != TS_EVIDENCE_NONE && flow->ms_since == 0) {
        flow->ms_since = pinfo->num;
        flow->evidence = evidence;
    }
    if (stun)
        ts_learn(&flow->stun_since, pinfo);
}
