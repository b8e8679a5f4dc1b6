/* turn_frame_items.c
 * The items that show what was found out about a message
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "turn.h"

#include "common/items.h"

static int hf_ms_turn_response_to = -1;
static int hf_ms_turn_response_in = -1;
static int hf_ms_turn_response_time = -1;
static int hf_ms_turn_retransmission = -1;
static int hf_ms_turn_retransmission_of = -1;
static int hf_ms_turn_allocation = -1;
static int hf_ms_turn_allocation_state = -1;
static int hf_ms_turn_allocation_session_id = -1;
static int hf_ms_turn_allocation_bandwidth = -1;
static int hf_ms_turn_allocation_lifetime = -1;
static int hf_ms_turn_allocation_stream_type = -1;
static int hf_ms_turn_allocation_relay_address = -1;
static int hf_ms_turn_allocation_relay_ipv6 = -1;
static int hf_ms_turn_allocation_relay_port = -1;
static int hf_ms_turn_allocation_relayed_address = -1;
static int hf_ms_turn_allocation_relayed_ipv6 = -1;
static int hf_ms_turn_allocation_relayed_port = -1;
static int hf_ms_turn_allocation_reflexive_address = -1;
static int hf_ms_turn_allocation_reflexive_ipv6 = -1;
static int hf_ms_turn_allocation_reflexive_port = -1;
static int ett_ms_turn_allocation = -1;

static void
show_transaction(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ms_turn_frame_data *frame_data)
{
    const ms_turn_transaction *transaction = frame_data->transaction;

    if (transaction == NULL)
        return;
    if (frame_data->response && transaction->request_frame != 0) {
        ts_add_number(tvb, tree, hf_ms_turn_response_to, transaction->request_frame);
        if (!frame_data->retransmission)
            proto_item_set_generated(proto_tree_add_time(tree, hf_ms_turn_response_time, tvb, 0, 0, &frame_data->response_time));
    } else if (!frame_data->response && transaction->response_frame != 0) {
        ts_add_number(tvb, tree, hf_ms_turn_response_in, transaction->response_frame);
    }
    if (frame_data->retransmission && !frame_data->duplicate) {
        const uint32_t original = frame_data->response ? transaction->response_frame : transaction->request_frame;

        ts_add_flag(tvb, tree, hf_ms_turn_retransmission);
        if (original != pinfo->num)
            ts_add_number(tvb, tree, hf_ms_turn_retransmission_of, original);
    }
}

void
ms_turn_frame_data_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ms_turn_frame_data *frame_data)
{
    const ms_turn_snapshot *snapshot = frame_data->snapshot;

    show_transaction(tvb, pinfo, tree, frame_data);
    if (snapshot == NULL)
        return;

    proto_item *item = proto_tree_add_uint(tree, hf_ms_turn_allocation, tvb, 0, 0, snapshot->number);
    proto_tree *sub = proto_item_add_subtree(item, ett_ms_turn_allocation);
    proto_item_append_text(item, ", %s", snapshot->state);
    proto_item_set_generated(item);
    ts_add_text(tvb, sub, hf_ms_turn_allocation_state, snapshot->state);
    ts_add_endpoint(tvb, sub, hf_ms_turn_allocation_relay_address, hf_ms_turn_allocation_relay_ipv6, hf_ms_turn_allocation_relay_port,
        &snapshot->relay);
    ts_add_endpoint(tvb, sub, hf_ms_turn_allocation_relayed_address, hf_ms_turn_allocation_relayed_ipv6, hf_ms_turn_allocation_relayed_port,
        &snapshot->relayed);
    ts_add_endpoint(tvb, sub, hf_ms_turn_allocation_reflexive_address, hf_ms_turn_allocation_reflexive_ipv6, hf_ms_turn_allocation_reflexive_port,
        &snapshot->reflexive);
    if (snapshot->has_session)
        proto_item_set_generated(proto_tree_add_uint64(sub, hf_ms_turn_allocation_session_id, tvb, 0, 0, snapshot->session_id));
    ts_add_number(tvb, sub, hf_ms_turn_allocation_bandwidth, snapshot->bandwidth);
    ts_add_number(tvb, sub, hf_ms_turn_allocation_lifetime, snapshot->lifetime);
    ts_add_number(tvb, sub, hf_ms_turn_allocation_stream_type, snapshot->stream_type);
}

void
ms_turn_frame_data_register(int proto)
{
    static hf_register_info hf[] = {
        { &hf_ms_turn_response_to, { "Response To", "ms_turn.response_to", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "The request that this message answers", HFILL } },
        { &hf_ms_turn_response_in, { "Response In", "ms_turn.response_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0, "The first answer to this request", HFILL } },
        { &hf_ms_turn_response_time, { "Response Time", "ms_turn.response_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, "Time from the first request with this transaction id to its first answer", HFILL } },
        { &hf_ms_turn_retransmission, { "Retransmission", "ms_turn.retransmission", FT_BOOLEAN, BASE_NONE, NULL, 0, "The same message was seen before", HFILL } },
        { &hf_ms_turn_retransmission_of, { "Retransmission Of", "ms_turn.retransmission_of", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RETRANS_PREV), 0, "Where the message was seen first", HFILL } },
        { &hf_ms_turn_allocation, { "Allocation", "ms_turn.allocation", FT_UINT32, BASE_DEC, NULL, 0, "Number of the allocation, in order of appearance", HFILL } },
        { &hf_ms_turn_allocation_state, { "State", "ms_turn.allocation.state", FT_STRING, BASE_NONE, NULL, 0, "Where the allocation stands after this message", HFILL } },
        { &hf_ms_turn_allocation_relay_address, { "Relay Address", "ms_turn.allocation.relay.address", FT_IPv4, BASE_NONE, NULL, 0, "The relay's own address", HFILL } },
        { &hf_ms_turn_allocation_relay_ipv6, { "Relay IPv6 Address", "ms_turn.allocation.relay.ipv6", FT_IPv6, BASE_NONE, NULL, 0, "The relay's own address", HFILL } },
        { &hf_ms_turn_allocation_relay_port, { "Relay Port", "ms_turn.allocation.relay.port", FT_UINT16, BASE_DEC, NULL, 0, "The relay's own address", HFILL } },
        { &hf_ms_turn_allocation_relayed_address, { "Relayed Address", "ms_turn.allocation.relayed.address", FT_IPv4, BASE_NONE, NULL, 0, "Where the relay receives for the client", HFILL } },
        { &hf_ms_turn_allocation_relayed_ipv6, { "Relayed IPv6 Address", "ms_turn.allocation.relayed.ipv6", FT_IPv6, BASE_NONE, NULL, 0, "Where the relay receives for the client", HFILL } },
        { &hf_ms_turn_allocation_relayed_port, { "Relayed Port", "ms_turn.allocation.relayed.port", FT_UINT16, BASE_DEC, NULL, 0, "Where the relay receives for the client", HFILL } },
        { &hf_ms_turn_allocation_reflexive_address, { "Reflexive Address", "ms_turn.allocation.reflexive.address", FT_IPv4, BASE_NONE, NULL, 0, "The client as the relay sees it", HFILL } },
        { &hf_ms_turn_allocation_reflexive_ipv6, { "Reflexive IPv6 Address", "ms_turn.allocation.reflexive.ipv6", FT_IPv6, BASE_NONE, NULL, 0, "The client as the relay sees it", HFILL } },
        { &hf_ms_turn_allocation_reflexive_port, { "Reflexive Port", "ms_turn.allocation.reflexive.port", FT_UINT16, BASE_DEC, NULL, 0, "The client as the relay sees it", HFILL } },
        { &hf_ms_turn_allocation_session_id, { "Session ID", "ms_turn.allocation.session_id", FT_UINT64, BASE_HEX, NULL, 0, "Multiplexed TURN session of the allocation", HFILL } },
        { &hf_ms_turn_allocation_bandwidth, { "Bandwidth", "ms_turn.allocation.bandwidth", FT_UINT32, BASE_DEC, NULL, 0, "Bandwidth asked for or granted, in kbit/s", HFILL } },
        { &hf_ms_turn_allocation_lifetime, { "Lifetime", "ms_turn.allocation.lifetime", FT_UINT32, BASE_DEC, NULL, 0, "Lifetime granted last, in seconds", HFILL } },
        { &hf_ms_turn_allocation_stream_type, { "Stream Type", "ms_turn.allocation.stream_type", FT_UINT16, BASE_DEC, VALS(stun_stream_type_names), 0, "Media that the allocation is for", HFILL } },
    };
    static int *ett[] = { &ett_ms_turn_allocation };

    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
