/* follow.c
 * What the first pass finds out about a message
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything is decided once and stored per message, so that later passes
 * show the same.
 */

#include "allocations.h"

#include <epan/proto_data.h>

#include "client_ends.h"
#include "relay_peer.h"
#include "turn_diagnostics.h"

bool
ms_turn_from_client(const packet_info *pinfo, uint16_t type)
{
    if (type == TS_MUX_CHANNEL)
        return !ts_port_is_relay((uint16_t)pinfo->srcport) || ts_port_is_relay((uint16_t)pinfo->destport);
    return ms_turn_is_request(type);
}

/* ---- what other plugins may know ---- */

static void
share_end(packet_info *pinfo, ts_shared *shared, ts_end_kind kind, const ts_endpoint *where,
    const ms_turn_view *view, const ms_turn_client *client)
{
    if (!ts_endpoint_known(where))
        return;
    ts_end *end = ts_shared_add_end(shared, pinfo, kind, where);

    if (kind == TS_END_SERVER || end == NULL || (end->allocation != 0 && end->allocation != view->number))
        return;
    end->allocation = view->number;
    end->stream_type = view->stream_type;
    end->session_id = view->session_id;
    ts_client_ends_add(shared, end, where, &client->end);
}

static void
share(packet_info *pinfo, ts_shared *shared, const ms_turn_client *client, const ts_endpoint *server,
    const ms_turn_allocation *allocation)
{
    const ms_turn_view *view = allocation->view;

    share_end(pinfo, shared, TS_END_SERVER, server, view, client);
    share_end(pinfo, shared, TS_END_SERVER, &view->relay, view, client);
    share_end(pinfo, shared, TS_END_RELAYED, &view->relayed, view, client);
    share_end(pinfo, shared, TS_END_REFLEXIVE, &view->reflexive, view, client);
    if (view->has_session) {
        ts_session *session = ts_shared_add_session(shared, pinfo, view->session_id);
        if (session != NULL && session->allocation == 0)
            session->allocation = view->number;
    }
}

/* ---- one message ---- */

static void
follow_allocate(packet_info *pinfo, const ts_demux_call *call, const ms_turn_facts *facts, ms_turn_client *client,
    const ts_endpoint *server, ms_turn_record *record)
{
    const bool request = ms_turn_is_request(facts->type);
    const bool first = request && !ms_turn_has(facts, MS_TURN_ATTR_INTEGRITY);
    ms_turn_transaction *transaction = request ? ms_turn_transaction_open(pinfo, call, facts, server, record) :
        ms_turn_transaction_of(facts);
    ms_turn_allocation *allocation = transaction == NULL ? NULL : transaction->allocation;

    if (!request)
        ms_turn_transaction_close(pinfo, transaction, server, record);
    record->transaction = transaction;
    record->response = !request;
    if (allocation == NULL)
        allocation = first ? ms_turn_allocation_of_first(client, facts, server) : ms_turn_allocation_of(client, facts, server);
    if (allocation == NULL)
        allocation = ms_turn_allocation_new(client, call->shared, "requested");
    if (transaction != NULL)
        transaction->allocation = allocation;

    if (!record->retransmission) {
        record->diagnostics |= ms_turn_allocate(pinfo, client, allocation, facts, server,
            transaction != NULL && transaction->authenticated);
        share(pinfo, call->shared, client, server, allocation);
    }
    record->view = allocation->view;
}

/* [MS-TURN] 3.2.5.3: from the success on, the relay passes on what has no header. An error leaves it as it was. */
static void
follow_set_active(packet_info *pinfo, const ts_demux_call *call, const ms_turn_facts *facts, const ms_turn_client *client,
    const ts_endpoint *server, ms_turn_record *record)
{
    record->response = !ms_turn_is_request(facts->type);
    if (!record->response) {
        record->transaction = ms_turn_transaction_open(pinfo, call, facts, server, record);
        return;
    }
    ms_turn_transaction *transaction = ms_turn_transaction_of(facts);

    ms_turn_transaction_close(pinfo, transaction, server, record);
    if (transaction != NULL && ms_turn_is_success(facts->type) && !record->retransmission &&
        ts_endpoint_known(&transaction->destination))
        ts_relay_peer_set(transaction->flow, pinfo, &client->end, &transaction->destination);
}

/* Send Request, Data Indication, Set Active Destination. */
static void
follow_use(packet_info *pinfo, const ts_demux_call *call, const ms_turn_facts *facts, ms_turn_client *client,
    const ts_endpoint *server, ms_turn_record *record)
{
    ms_turn_allocation *allocation = ms_turn_allocation_of(client, facts, server);

    if ((facts->type & MS_TURN_METHOD_MASK) == MS_TURN_SET_ACTIVE)
        follow_set_active(pinfo, call, facts, client, server, record);
    if (allocation == NULL) {
        allocation = ms_turn_allocation_new(client, call->shared, "active");
        ms_turn_allocation_add_server(allocation, server);
        ms_turn_view view = *allocation->view;
        ts_endpoint_keep(&view.relay, server);
        allocation->view = (const ms_turn_view *)wmem_memdup(wmem_file_scope(), &view, sizeof view);
        share(pinfo, call->shared, client, server, allocation);
    }
    if (ms_turn_allocation_expires(allocation, pinfo))
        record->diagnostics |= MS_TURN_BIT(allocation_expired);
    record->view = allocation->view;
}

static void
follow_mux(packet_info *pinfo, const ts_demux_call *call, uint64_t session_id, ms_turn_record *record)
{
    const ts_session *session = ts_shared_session(call->shared, pinfo, session_id);

    if (session == NULL)
        record->diagnostics |= MS_TURN_BIT(session_unknown);
    if (!ms_turn_session_fits(session_id, ms_turn_from_client(pinfo, TS_MUX_CHANNEL) ? &pinfo->dst : &pinfo->src))
        record->diagnostics |= MS_TURN_BIT(session_relay_mismatch);
    record->remote_session = session != NULL && session->allocation == 0;
    if (session == NULL || session->allocation == 0)
        return;

    ms_turn_allocation *allocation = ms_turn_allocation_by_number(session->allocation);
    if (allocation == NULL)
        return;
    if (ms_turn_allocation_expires(allocation, pinfo))
        record->diagnostics |= MS_TURN_BIT(allocation_expired);
    record->view = allocation->view;
}

static bool
is_enclosed_in_turn(const ts_demux_call *call)
{
    for (const ts_layer *layer = call->outer; layer != NULL; layer = layer->outer) {
        if (layer->wire.kind == TS_WIRE_MS_TURN)
            return true;
    }
    return false;
}

static void
follow(packet_info *pinfo, const ts_demux_call *call, const ms_turn_facts *facts, uint64_t session_id, ms_turn_record *record)
{
    if (facts == NULL) {
        follow_mux(pinfo, call, session_id, record);
        return;
    }
    /* TURN within TURN belongs to somebody else than the frame's addresses. */
    if (is_enclosed_in_turn(call))
        return;

    const bool from_client = ms_turn_from_client(pinfo, facts->type);
    const ts_endpoint source = ts_endpoint_source(pinfo);
    const ts_endpoint destination = ts_endpoint_destination(pinfo);
    ms_turn_client *client = ms_turn_client_of(from_client ? &source : &destination, call->tcp);
    const ts_endpoint *server = from_client ? &destination : &source;

    if ((facts->type & MS_TURN_METHOD_MASK) == MS_TURN_ALLOCATE)
        follow_allocate(pinfo, call, facts, client, server, record);
    else
        follow_use(pinfo, call, facts, client, server, record);
}

/* Messages that only use an allocation, most of all those around media, share one record while nothing changes. */
static const ms_turn_record *
keep_record(const ms_turn_record *record)
{
    const bool plain = record->transaction == NULL && record->diagnostics == 0 && !record->response && !record->retransmission;
    static const ms_turn_record nothing, remote = { .remote_session = true };

    if (plain && record->view == NULL)
        return record->remote_session ? &remote : &nothing;

    ms_turn_allocation *allocation = plain && !record->remote_session ? ms_turn_allocation_by_number(record->view->number) : NULL;
    if (allocation != NULL && allocation->use != NULL && allocation->use->view == record->view)
        return allocation->use;

    const ms_turn_record *kept = (const ms_turn_record *)wmem_memdup(wmem_file_scope(), record, sizeof *record);
    if (allocation != NULL)
        allocation->use = kept;
    return kept;
}

const ms_turn_record *
ms_turn_follow(packet_info *pinfo, int proto, const ts_demux_call *call, const ms_turn_facts *facts, uint64_t session_id)
{
    static const ms_turn_record nothing;

    /* Messages of a frame are numbered in the order of dissection, which is the same on every pass. */
    const uint32_t key = 1 + GPOINTER_TO_UINT(p_get_proto_data(pinfo->pool, pinfo, proto, 0));
    p_set_proto_data(pinfo->pool, pinfo, proto, 0, GUINT_TO_POINTER(key));

    const ms_turn_record *kept = (const ms_turn_record *)p_get_proto_data(wmem_file_scope(), pinfo, proto, key);
    if (kept == NULL && !PINFO_FD_VISITED(pinfo)) {
        ms_turn_record record = { .transaction = NULL };

        follow(pinfo, call, facts, session_id, &record);
        kept = keep_record(&record);
        p_add_proto_data(wmem_file_scope(), pinfo, proto, key, (void *)kept);
    }
    return kept != NULL ? kept : &nothing;
}

void
ms_turn_follow_register(void)
{
    ms_turn_transactions_init();
    ms_turn_allocations_init();
}
