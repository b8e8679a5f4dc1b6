/* demux_message.c
 * One whole message: the layer it makes, and whom to call for it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "demux_private.h"

#include <epan/column-info.h>
#include <epan/proto_data.h>

/* ---- layers ---- */

ts_layer *
ts_demux_current_layer(packet_info *pinfo)
{
    return (ts_layer *)p_get_proto_data(pinfo->pool, pinfo, ts_demux.proto, TS_DEMUX_LAYER_KEY);
}

static void
set_current_layer(packet_info *pinfo, ts_layer *layer)
{
    p_set_proto_data(pinfo->pool, pinfo, ts_demux.proto, TS_DEMUX_LAYER_KEY, layer);
}

bool
ts_layer_is_on_tcp(const ts_layer *layer)
{
    while (layer != NULL && !layer->tcp_frame)
        layer = layer->outer;
    return layer != NULL;
}

static unsigned
layer_depth(const ts_layer *layer)
{
    unsigned depth = 0;

    for (; layer != NULL; layer = layer->outer)
        depth++;
    return depth;
}

/* The peer that a Send Request or Data Indication names; packet scope. */
static void
layer_peer(ts_layer *layer, tvbuff_t *tvb, const uint8_t *data, size_t captured)
{
    ts_tlv tlv;

    if (layer->payload.kind != TS_PAYLOAD_MS_TURN)
        return;
    if (!ts_tlv_find(data, captured, layer->payload.padded, TS_ATTR_DESTINATION_ADDRESS, &tlv) &&
        !ts_tlv_find(data, captured, layer->payload.padded, TS_ATTR_REMOTE_ADDRESS, &tlv))
        return;
    const int offset = (int)(tlv.value - data);
    if (tlv.available >= 8 && tlv.value[1] == 1)
        set_address_tvb(&layer->peer.addr, AT_IPv4, 4, tvb, offset + 4);
    else if (tlv.available >= 20 && tlv.value[1] == 2)
        set_address_tvb(&layer->peer.addr, AT_IPv6, 16, tvb, offset + 4);
    else
        return;
    layer->peer.port = ts_get_be16(tlv.value + 2);
}

/* ---- what the first pass decided ---- */

/*
 * Whether a message is Microsoft's may hang on what is known of its flow,
 * addresses and sessions. On a later pass each frame finds the same again as
 * long as all of that is from an earlier frame. Where a frame itself adds
 * something, a message before that place must not profit from it, so what was
 * decided about the messages of such a frame is kept with it, and only there:
 * it is by far the smallest part.
 */

/* Of one message, told apart by where it lies. */
typedef struct {
    uint32_t offset;            /* from the start of its data source */
    uint32_t length;            /* bytes on the network */
    unsigned depth;
    ts_evidence evidence;       /* TS_EVIDENCE_NONE: left to stock */
} decision;

static GArray *decided;         /* decision: of the frame that the first pass is at */
static uint32_t decided_frame;

static void
forget_decisions(void)
{
    decided_frame = 0;
}

void
ts_decisions_register(void)
{
    decided = g_array_new(FALSE, FALSE, (unsigned)sizeof(decision));
    register_cleanup_routine(forget_decisions);
}

static void
decision_add(tvbuff_t *tvb, packet_info *pinfo, unsigned depth, ts_evidence evidence)
{
    const decision made = { (uint32_t)tvb_raw_offset(tvb), tvb_reported_length(tvb), depth, evidence };

    if (PINFO_FD_VISITED(pinfo))
        return;
    if (decided_frame != pinfo->num)
        g_array_set_size(decided, 0);
    decided_frame = pinfo->num;
    g_array_append_val(decided, made);
}

static bool
decision_find(tvbuff_t *tvb, packet_info *pinfo, unsigned depth, ts_evidence *evidence)
{
    wmem_array_t *decisions = !PINFO_FD_VISITED(pinfo) ? NULL :
        (wmem_array_t *)p_get_proto_data(wmem_file_scope(), pinfo, ts_demux.proto, TS_DEMUX_DECISIONS_KEY);
    const unsigned count = decisions == NULL ? 0 : wmem_array_get_count(decisions);
    const uint32_t offset = (uint32_t)tvb_raw_offset(tvb);
    const uint32_t length = tvb_reported_length(tvb);

    for (unsigned i = 0; i < count; i++) {
        const decision *made = (const decision *)wmem_array_index(decisions, i);
        if (made->offset != offset || made->length != length || made->depth != depth)
            continue;
        *evidence = made->evidence;
        return true;
    }
    return false;
}

void
ts_decisions_keep(packet_info *pinfo)
{
    if (PINFO_FD_VISITED(pinfo) || !ts_demux_changed_in(pinfo) || decided_frame != pinfo->num)
        return;
    wmem_array_t *kept = wmem_array_sized_new(wmem_file_scope(), sizeof(decision), decided->len);

    wmem_array_append(kept, decided->data, decided->len);
    p_add_proto_data(wmem_file_scope(), pinfo, ts_demux.proto, TS_DEMUX_DECISIONS_KEY, kept);
}

/* ---- whom to call ---- */

/* Stock first, with this message as the layer that its payload will find. */
static void
stock_in_layer(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_demux_call *call, ts_layer *outer,
    const uint8_t *data, size_t captured)
{
    ts_layer *layer = wmem_new0(pinfo->pool, ts_layer);

    layer->outer = outer;
    layer->payload = call->payload;
    layer->evidence = call->evidence;
    if (call->payload.kind == TS_PAYLOAD_MUX)
        layer->session_id = ts_get_be64(data + 4);
    layer_peer(layer, tvb, data, captured);

    set_current_layer(pinfo, layer);
    if (outer != NULL && outer->rfc4571_frame != NULL && call->payload.kind == TS_PAYLOAD_STUN)
        ts_stock_stun_frame(outer->rfc4571_frame, pinfo, tree);
    else
        ts_stock_stun(&call->payload, tvb, pinfo, tree);
    set_current_layer(pinfo, outer);
    call->inner_info = layer->inner_info;
}

/*
 * A session id in a check is one that the peer's relay gave to the peer: what
 * goes there must be wrapped with it ([MS-TURN] 2.2.3).
 */
static void
keep_session(packet_info *pinfo, const ts_demux_call *call, const uint8_t *data, size_t captured)
{
    ts_tlv tlv;

    if (call->payload.ms_attribute && ts_tlv_find(data, captured, call->payload.padded, TS_ATTR_MUX_SESSION_ID, &tlv) &&
        tlv.length == 8 && tlv.available == 8)
        ts_known_session_add(call->state, pinfo, ts_get_be64(tlv.value));
}

static int
take_stun(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_layer *outer, ts_demux_call *call,
    const uint8_t *data, size_t captured)
{
    ts_flow_accept(call->flow, pinfo, call->evidence, true);
    if (outer == NULL && !call->tcp)
        ts_demux_pin(pinfo);
    stock_in_layer(tvb, pinfo, tree, call, outer, data, captured);

    if (call->payload.kind == TS_PAYLOAD_STUN) {
        keep_session(pinfo, call, data, captured);
        call_dissector_only(ts_teams_stun_handle, tvb, pinfo, tree, call);
    } else {
        call_dissector_only(ts_ms_turn_handle, tvb, pinfo, tree, call);
    }
    return (int)tvb_reported_length(tvb);
}

static int
take_flightproxy(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_demux_call *call)
{
    ts_set_first_frame(&call->flow->flightproxy_frame, pinfo);
    return call_dissector_only(ts_flightproxy_handle, tvb, pinfo, tree, call);
}

/* Kept from others' heuristics, which would see in it what it is not. */
static int
take_too_deep(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_layer *outer, ts_payload payload)
{
    ts_demux_call call = { .payload = payload, .evidence = TS_EVIDENCE_ENCLOSED, .depth = layer_depth(outer), .outer = outer };

    if (outer->evidence == TS_EVIDENCE_NONE ||
        (payload.kind != TS_PAYLOAD_MS_TURN && payload.kind != TS_PAYLOAD_STUN && payload.kind != TS_PAYLOAD_MUX && payload.kind != TS_PAYLOAD_CHANNEL_DATA))
        return 0;
    call.payload.kind = TS_PAYLOAD_TOO_DEEP;
    call_data_dissector(tvb, pinfo, tree);
    call_dissector_only(ts_ms_turn_handle, tvb, pinfo, tree, &call);
    return (int)tvb_reported_length(tvb);
}

static int
take(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_layer *outer, ts_demux_call *call,
    const uint8_t *data, size_t captured)
{
    switch (call->payload.kind) {
    case TS_PAYLOAD_MS_TURN:
    case TS_PAYLOAD_TURN_WITHOUT_COOKIE:
    case TS_PAYLOAD_STUN:
    case TS_PAYLOAD_MUX:
    case TS_PAYLOAD_MUX_CUT:
    case TS_PAYLOAD_CHANNEL_DATA:
        return take_stun(tvb, pinfo, tree, outer, call, data, captured);
    case TS_PAYLOAD_FLIGHTPROXY_ACK:
    case TS_PAYLOAD_FLIGHTPROXY_DATA:
        return take_flightproxy(tvb, pinfo, tree, call);
    default:
        return call_dissector_only(ts_teams_stun_handle, tvb, pinfo, tree, call);
    }
}

/* ---- the message ---- */

/*
 * Of a datagram in fragments that were not put together, and of one that an
 * ICMP error quotes, the start alone is at hand: to everything below as if
 * the capture had cut it. tvb itself where its message is whole.
 */
static tvbuff_t *
with_missing_end(tvbuff_t *tvb, const packet_info *pinfo)
{
    const unsigned captured = tvb_captured_length(tvb);

    if ((!pinfo->fragmented && !pinfo->flags.in_error_pkt) || captured < TS_STUN_HEADER_LENGTH || (tvb_get_uint8(tvb, 0) & 0xC0) != 0)
        return tvb;
    const unsigned length = TS_STUN_HEADER_LENGTH + tvb_get_ntohs(tvb, 2);
    if (length <= tvb_reported_length(tvb))
        return tvb;
    tvbuff_t *whole = tvb_new_subset_length_caplen(tvb, 0, (int)captured, (int)length);
    tvb_set_fragment(whole);
    return whole;
}

/* The Info text, but for what earlier messages of the frame left; packet scope, NULL where there is none. */
static const char *
info_after_fence(packet_info *pinfo)
{
    const char *text = col_get_text(pinfo->cinfo, COL_INFO);

    if (text == NULL)
        return NULL;
    for (int i = 0; i < pinfo->cinfo->num_cols; i++) {
        const col_item_t *column = &pinfo->cinfo->columns[i];
        if (column->fmt_matx[COL_INFO] && column->col_fence > 0 && (size_t)column->col_fence <= strlen(text))
            return wmem_strdup(pinfo->pool, text + column->col_fence);
    }
    return wmem_strdup(pinfo->pool, text);
}

/*
 * What an ICMP error quotes was sent before, by the frame's receiver: stock
 * shows it, in the dialect that fits; nothing is kept of it.
 */
static int
take_quoted(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_payload *payload)
{
    switch (payload->kind) {
    case TS_PAYLOAD_MS_TURN:
    case TS_PAYLOAD_STUN:
    case TS_PAYLOAD_MUX:
        ts_stock_stun(payload, tvb, pinfo, tree);
        return (int)tvb_reported_length(tvb);
    default:
        return 0;
    }
}

/* In a known flightproxy conversation the first byte is enough: the dissector says what is wrong with the rest. */
static void
recognise_by_flow(ts_payload *payload, const packet_info *pinfo, const ts_flow *flow, uint8_t first)
{
    if (payload->kind != TS_PAYLOAD_OTHER || flow == NULL || !ts_is_reached(flow->flightproxy_frame, pinfo))
        return;
    if (first == TS_FLIGHTPROXY_ACK || first == TS_FLIGHTPROXY_CLIENT || first == TS_FLIGHTPROXY_SERVER) {
        payload->kind = first == TS_FLIGHTPROXY_ACK ? TS_PAYLOAD_FLIGHTPROXY_ACK : TS_PAYLOAD_FLIGHTPROXY_DATA;
        payload->type = first;
    }
}

int
ts_demux_message(tvbuff_t *datagram, packet_info *pinfo, proto_tree *tree, ts_layer *outer, bool tcp)
{
    tvbuff_t *tvb = with_missing_end(datagram, pinfo);
    const size_t captured = tvb_captured_length(tvb);
    const size_t reported = tvb_reported_length(tvb);

    if (captured == 0)
        return 0;

    const uint8_t *data = tvb_get_ptr(tvb, 0, (int)captured);
    if (layer_depth(outer) >= TS_DEMUX_MAX_DEPTH)
        return take_too_deep(tvb, pinfo, tree, outer, ts_payload_recognise(data, captured, reported));

    ts_demux_call call = {
        .payload = ts_demux_recognise(outer, data, captured, reported),
        .tcp = tcp,
        .depth = layer_depth(outer),
        .outer = outer,
        .flow = ts_demux_flow(pinfo, false),
    };

    if (outer == NULL && !tcp)
        recognise_by_flow(&call.payload, pinfo, call.flow, data[0]);
    if (!decision_find(tvb, pinfo, call.depth, &call.evidence))
        call.evidence = ts_demux_find_evidence(pinfo, &call.payload, call.flow, outer, data, captured, reported);
    if (call.evidence == TS_EVIDENCE_NONE) {
        decision_add(tvb, pinfo, call.depth, TS_EVIDENCE_NONE);
        return 0;
    }

    if (pinfo->flags.in_error_pkt)
        return take_quoted(tvb, pinfo, tree, &call.payload);

    call.state = ts_demux_state_get();
    if (call.flow == NULL)
        call.flow = ts_demux_flow(pinfo, true);

    const int taken = take(tvb, pinfo, tree, outer, &call, data, captured);
    decision_add(tvb, pinfo, call.depth, taken > 0 ? call.evidence : TS_EVIDENCE_NONE);
    if (taken > 0 && outer != NULL)
        outer->inner_info = info_after_fence(pinfo);
    return MIN(taken, (int)tvb_reported_length(datagram));
}
