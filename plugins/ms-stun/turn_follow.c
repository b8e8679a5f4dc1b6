/* turn_follow.c
 * What the first pass finds out about a message
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything is decided once and stored per message, so that later passes
 * show the same.
 */

#include "allocations.h"

#include <epan/proto_data.h>

#include "common/duplicate.h"
#include "experts.h"

bool
ms_turn_from_client(const packet_info *pinfo, uint16_t type)
{
    if (type == TS_MUX_CHANNEL)
        return !ts_port_is_relay((uint16_t)pinfo->srcport) || ts_port_is_relay((uint16_t)pinfo->destport);
    return ms_turn_is_request(type);
}

/* ---- what other plugins may know ---- */

static void
share_end(packet_info *pinfo, ts_demux_state *state, ts_address_kind kind, const ts_endpoint *where,
    const ms_turn_snapshot *snapshot, const ms_turn_client *client)
{
    if (!ts_endpoint_known(where))
        return;
    ts_known_address *end = ts_known_address_add(state, pinfo, kind, where);

    if (kind == TS_ADDRESS_SERVER || end == NULL || (end->allocation != 0 && end->allocation != snapshot->number))
        return;
    end->allocation = snapshot->number;
    end->stream_type = snapshot->stream_type;
    ts_client_address_add(state, end, where, &client->end);
}

static void
share(packet_info *pinfo, ts_demux_state *state, const ms_turn_client *client, const ts_endpoint *server,
    const ms_turn_allocation *allocation)
{
    const ms_turn_snapshot *snapshot = allocation->snapshot;

    share_end(pinfo, state, TS_ADDRESS_SERVER, server, snapshot, client);
    share_end(pinfo, state, TS_ADDRESS_SERVER, &snapshot->relay, snapshot, client);
    share_end(pinfo, state, TS_ADDRESS_RELAYED, &snapshot->relayed, snapshot, client);
    share_end(pinfo, state, TS_ADDRESS_REFLEXIVE, &snapshot->reflexive, snapshot, client);
    if (snapshot->has_session) {
        ts_known_session *session = ts_known_session_add(state, pinfo, snapshot->session_id);
        if (session != NULL && session->allocation == 0)
            session->allocation = snapshot->number;
    }
}

/* ---- one message ---- */

/* A response; transaction may be NULL. */
static void
close_transaction(const packet_info *pinfo, ms_turn_transaction *transaction, const ts_endpoint *server, ms_turn_frame_data *frame_data)
{
    if (transaction == NULL)
        return;
    frame_data->transaction = transaction;
    frame_data->retransmission = transaction->response_frame != 0;
    if (!frame_data->retransmission)
        transaction->response_frame = pinfo->num;
    nstime_delta(&frame_data->response_time, &pinfo->abs_ts, &transaction->request_time);
    if (!ts_endpoint_equal(&transaction->server, server))
        frame_data->diagnostics |= TS_EXPERT_BIT(MS_TURN_EXPERT_RESPONSE_ELSEWHERE);
}

static void
follow_allocate(packet_info *pinfo, const ts_demux_call *call, const stun_msg *msg, ms_turn_client *client,
    const ts_endpoint *server, ms_turn_frame_data *frame_data)
{
    const bool request = ms_turn_is_request(msg->type);
    const bool first = request && !stun_msg_has(msg, TS_ATTR_INTEGRITY);
    ms_turn_transaction *transaction = request ? ms_turn_transaction_open(pinfo, call, msg, server, &frame_data->retransmission) :
        ms_turn_transaction_of(msg);
    ms_turn_allocation *allocation = transaction == NULL ? NULL : transaction->allocation;

    if (!request)
        close_transaction(pinfo, transaction, server, frame_data);
    frame_data->transaction = transaction;
    frame_data->response = !request;
    if (allocation == NULL)
        allocation = first ? ms_turn_allocation_of_first(client, msg, server) : ms_turn_allocation_of(client, msg, server);
    if (allocation == NULL)
        allocation = ms_turn_allocation_new(client, call->state, "requested");
    if (transaction != NULL)
        transaction->allocation = allocation;

    if (!frame_data->retransmission) {
        frame_data->diagnostics |= ms_turn_allocate(pinfo, client, allocation, msg, server,
            transaction != NULL && transaction->authenticated);
        share(pinfo, call->state, client, server, allocation);
    }
    frame_data->snapshot = allocation->snapshot;
}

/* [MS-TURN] 3.2.5.3: from the success on, the relay passes on what has no header. An error leaves it as it was. */
static void
follow_set_active(packet_info *pinfo, const ts_demux_call *call, const stun_msg *msg, const ms_turn_client *client,
    const ts_endpoint *server, ms_turn_frame_data *frame_data)
{
    frame_data->response = !ms_turn_is_request(msg->type);
    if (!frame_data->response) {
        frame_data->transaction = ms_turn_transaction_open(pinfo, call, msg, server, &frame_data->retransmission);
        return;
    }
    ms_turn_transaction *transaction = ms_turn_transaction_of(msg);

    close_transaction(pinfo, transaction, server, frame_data);
    if (transaction != NULL && ms_turn_is_success(msg->type) && !frame_data->retransmission &&
        ts_endpoint_known(&transaction->destination))
        ts_relay_peer_set(transaction->flow, pinfo, &client->end, &transaction->destination);
}

/* Send Request, Data Indication, Set Active Destination. */
static void
follow_use(packet_info *pinfo, const ts_demux_call *call, const stun_msg *msg, ms_turn_client *client,
    const ts_endpoint *server, ms_turn_frame_data *frame_data)
{
    ms_turn_allocation *allocation = ms_turn_allocation_of(client, msg, server);

    if ((msg->type & MS_TURN_METHOD_MASK) == MS_TURN_SET_ACTIVE)
        follow_set_active(pinfo, call, msg, client, server, frame_data);
    if (allocation == NULL) {
        allocation = ms_turn_allocation_new(client, call->state, "active");
        ms_turn_allocation_add_server(allocation, server);
        ms_turn_snapshot snapshot = *allocation->snapshot;
        ts_endpoint_keep(&snapshot.relay, server);
        allocation->snapshot = (const ms_turn_snapshot *)wmem_memdup(wmem_file_scope(), &snapshot, sizeof snapshot);
        share(pinfo, call->state, client, server, allocation);
    }
    if (ms_turn_allocation_expires(allocation, pinfo))
        frame_data->diagnostics |= TS_EXPERT_BIT(MS_TURN_EXPERT_ALLOCATION_EXPIRED);
    frame_data->snapshot = allocation->snapshot;
}

static void
follow_mux(packet_info *pinfo, const ts_demux_call *call, uint64_t session_id, ms_turn_frame_data *frame_data)
{
    const ts_known_session *session = ts_known_session_find(call->state, pinfo, session_id);

    if (session == NULL)
        frame_data->diagnostics |= TS_EXPERT_BIT(MS_TURN_EXPERT_SESSION_UNKNOWN);
    frame_data->remote_session = session != NULL && session->allocation == 0;
    if (session == NULL || session->allocation == 0)
        return;

    ms_turn_allocation *allocation = ms_turn_allocation_by_number(session->allocation);
    if (allocation == NULL)
        return;
    if (ms_turn_allocation_expires(allocation, pinfo))
        frame_data->diagnostics |= TS_EXPERT_BIT(MS_TURN_EXPERT_ALLOCATION_EXPIRED);
    frame_data->snapshot = allocation->snapshot;
}

static bool
is_enclosed_in_turn(const ts_demux_call *call)
{
    for (const ts_layer *layer = call->outer; layer != NULL; layer = layer->outer) {
        if (layer->payload.kind == TS_PAYLOAD_MS_TURN)
            return true;
    }
    return false;
}

static void
follow(packet_info *pinfo, const ts_demux_call *call, const stun_msg *msg, uint64_t session_id, ms_turn_frame_data *frame_data)
{
    if (msg == NULL) {
        follow_mux(pinfo, call, session_id, frame_data);
        return;
    }
    /* TURN within TURN belongs to somebody else than the frame's addresses. */
    if (is_enclosed_in_turn(call))
        return;

    const bool from_client = ms_turn_from_client(pinfo, msg->type);

    frame_data->duplicate = ts_duplicate_of(pinfo).frame != 0;
    const ts_endpoint source = ts_endpoint_source(pinfo);
    const ts_endpoint destination = ts_endpoint_destination(pinfo);
    ms_turn_client *client = ms_turn_client_of(from_client ? &source : &destination, call->tcp);
    const ts_endpoint *server = from_client ? &destination : &source;

    if ((msg->type & MS_TURN_METHOD_MASK) == MS_TURN_ALLOCATE)
        follow_allocate(pinfo, call, msg, client, server, frame_data);
    else
        follow_use(pinfo, call, msg, client, server, frame_data);
}

/* Messages that only use an allocation, most of all those around media, share one frame data while nothing changes. */
static const ms_turn_frame_data *
keep_frame_data(const ms_turn_frame_data *frame_data)
{
    const bool plain = frame_data->transaction == NULL && frame_data->diagnostics == 0 && !frame_data->response && !frame_data->retransmission;
    static const ms_turn_frame_data nothing, remote = { .remote_session = true };

    if (plain && frame_data->snapshot == NULL)
        return frame_data->remote_session ? &remote : &nothing;

    ms_turn_allocation *allocation = plain && !frame_data->remote_session ? ms_turn_allocation_by_number(frame_data->snapshot->number) : NULL;
    if (allocation != NULL && allocation->use != NULL && allocation->use->snapshot == frame_data->snapshot)
        return allocation->use;

    const ms_turn_frame_data *kept = (const ms_turn_frame_data *)wmem_memdup(wmem_file_scope(), frame_data, sizeof *frame_data);
    if (allocation != NULL)
        allocation->use = kept;
    return kept;
}

const ms_turn_frame_data *
ms_turn_follow(packet_info *pinfo, int proto, const ts_demux_call *call, const stun_msg *msg, uint64_t session_id)
{
    static const ms_turn_frame_data nothing;

    /* Messages of a frame are numbered in the order of dissection, which is the same on every pass. */
    const uint32_t key = 1 + GPOINTER_TO_UINT(p_get_proto_data(pinfo->pool, pinfo, proto, 0));
    p_set_proto_data(pinfo->pool, pinfo, proto, 0, GUINT_TO_POINTER(key));

    const ms_turn_frame_data *kept = (const ms_turn_frame_data *)p_get_proto_data(wmem_file_scope(), pinfo, proto, key);
    if (kept == NULL && !PINFO_FD_VISITED(pinfo)) {
        ms_turn_frame_data frame_data = { .transaction = NULL };

        follow(pinfo, call, msg, session_id, &frame_data);
        kept = keep_frame_data(&frame_data);
        p_add_proto_data(wmem_file_scope(), pinfo, proto, key, (void *)kept);
    }
    return kept != NULL ? kept : &nothing;
}

void
ms_turn_follow_register(void)
{
    ts_transactions_init();
    ms_turn_allocations_init();
}
