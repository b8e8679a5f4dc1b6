/* demux_stream.c
 * A stream that is ours, PDU after PDU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "demux_private.h"

#include <epan/column-utils.h>
#include <epan/proto_data.h>

static dissector_handle_t tls_handle;

/* Each frame adds to the Info column what the ones before it in the segment left. */
static void
start_info(packet_info *pinfo, bool first)
{
    if (first)
        return;
    col_append_str(pinfo->cinfo, COL_INFO, ", ");
    col_set_fence(pinfo->cinfo, COL_INFO);
}

/* A call of "ms_turn" about something that only a stream has. */
static ts_demux_call
new_call(packet_info *pinfo, ts_payload_kind kind, uint16_t type)
{
    return (ts_demux_call) {
        .payload = { .kind = kind, .type = type },
        .evidence = TS_EVIDENCE_SHAPE,
        .tcp = true,
        .flow = ts_demux_flow(pinfo, true),
        .state = ts_demux_state_get(),
    };
}

/* ---- pseudo-TLS ---- */

static void
annotate_handshake(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_pdu *found)
{
    ts_demux_call call = new_call(pinfo, TS_PAYLOAD_PSEUDO_TLS,
        found->kind == TS_PDU_CLIENT_HELLO ? TS_PSEUDO_TLS_CLIENT : TS_PSEUDO_TLS_SERVER);

    ts_set_first_frame(&call.flow->pseudo_tls_frame, pinfo);
    call_dissector_only(ts_ms_turn_handle, tvb, pinfo, tree, &call);
}

static void
dissect_handshake(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_pdu *found)
{
    p_set_proto_data(pinfo->pool, pinfo, ts_demux.proto, TS_DEMUX_HANDSHAKE_KEY, GUINT_TO_POINTER(1));
    ts_stock_call(tls_handle, tvb, pinfo, tree);
    annotate_handshake(tvb, pinfo, tree, found);
}

/* ---- frames ---- */

static ts_layer *
new_layer(packet_info *pinfo, const ts_flow *flow, ts_payload_kind kind, uint16_t type)
{
    ts_layer *layer = wmem_new0(pinfo->pool, ts_layer);

    layer->payload.kind = kind;
    layer->payload.type = type;
    layer->tcp_frame = true;
    layer->evidence = flow != NULL && flow->evidence != TS_EVIDENCE_NONE ? flow->evidence : TS_EVIDENCE_SHAPE;
    return layer;
}

static void
dissect_payload(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_layer *layer)
{
    if (tvb_reported_length(tvb) == 0 || ts_demux_message(tvb, pinfo, tree, layer, true) > 0)
        return;
    call_data_dissector(tvb, pinfo, tree);
    col_clear(pinfo->cinfo, COL_INFO);
    col_append_fstr(pinfo->cinfo, COL_INFO, "Data (%u bytes)", tvb_reported_length(tvb));
}

/* RFC 4571 frames until the end of tvb; false where the lengths do not come out. */
static bool
dissect_rfc4571_frames(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_layer *layer)
{
    const int end = (int)tvb_reported_length(tvb);
    int offset = 0;

    while (offset + TS_RFC4571_HEADER_LENGTH <= end && tvb_captured_length_remaining(tvb, offset) >= TS_RFC4571_HEADER_LENGTH) {
        const int length = tvb_get_ntohs(tvb, offset);

        offset += TS_RFC4571_HEADER_LENGTH;
        if (offset + length > end)
            return false;
        start_info(pinfo, offset == TS_RFC4571_HEADER_LENGTH);
        if (layer->payload.kind == TS_PAYLOAD_OTHER)
            layer->rfc4571_frame = tvb_new_subset_length(tvb, offset - TS_RFC4571_HEADER_LENGTH, TS_RFC4571_HEADER_LENGTH + length);
        if (tvb_captured_length_remaining(tvb, offset) > 0)
            dissect_payload(tvb_new_subset_length(tvb, offset, length), pinfo, tree, layer);
        offset += length;
    }
    return offset == end;
}

static void
annotate_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_pdu *found)
{
    ts_demux_call call = new_call(pinfo, TS_PAYLOAD_MS_FRAME, tvb_get_uint8(tvb, 0));

    call.payload.length = (uint16_t)(found->length - TS_FRAME_HEADER_LENGTH);
    call.payload.walk_exact = found->exact;
    call_dissector_only(ts_ms_turn_handle, tvb, pinfo, tree, &call);
}

static void
dissect_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_pdu *found)
{
    const bool control = found->kind == TS_PDU_CONTROL;
    tvbuff_t *payload = tvb_new_subset_remaining(tvb, TS_FRAME_HEADER_LENGTH);
    ts_layer *layer = new_layer(pinfo, ts_demux_flow(pinfo, true), TS_PAYLOAD_MS_FRAME, control ? TS_FRAME_CONTROL : TS_FRAME_DATA);

    annotate_frame(tvb_new_subset_length(tvb, 0, TS_FRAME_HEADER_LENGTH), pinfo, tree, found);
    if (tvb_captured_length(payload) == 0)
        return;
    if (control)
        dissect_payload(payload, pinfo, tree, layer);
    else if (!found->exact || !dissect_rfc4571_frames(payload, pinfo, tree, layer))
        call_data_dissector(payload, pinfo, tree);
}

/* Bytes that are no frame: worth telling, unless it is the capture that lost what they belong to. */
static void
dissect_lost(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    ts_demux_call call = new_call(pinfo, TS_PAYLOAD_MS_FRAME_LOST, 0);

    call_data_dissector(tvb, pinfo, tree);
    if (!ts_is_reached(call.flow->cut_frame, pinfo))
        call_dissector_only(ts_ms_turn_handle, tvb, pinfo, tree, &call);
}

/* ---- PDUs ---- */

static void
dissect_pdu(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_pdu *found)
{
    ts_layer *layer = new_layer(pinfo, ts_demux_flow(pinfo, true), TS_PAYLOAD_OTHER, 0);

    switch (found->kind) {
    case TS_PDU_CLIENT_HELLO:
    case TS_PDU_SERVER_HELLO:
        dissect_handshake(tvb, pinfo, tree, found);
        break;
    case TS_PDU_CONTROL:
    case TS_PDU_DATA:
        dissect_frame(tvb, pinfo, tree, found);
        break;
    case TS_PDU_RFC4571:
        dissect_rfc4571_frames(tvb, pinfo, tree, layer);
        break;
    default:
        dissect_payload(tvb, pinfo, tree, layer);
        break;
    }
}

/* A PDU whose end is not at hand, and cannot be asked for, is one that the capture cut. */
static tvbuff_t *
pdu_tvb(tvbuff_t *tvb, packet_info *pinfo, size_t offset, ts_span here, size_t length)
{
    tvbuff_t *bytes = tvb_new_subset_length_caplen(tvb, (int)offset, (int)MIN(length, here.captured), (int)length);

    if (length > here.captured)
        ts_set_first_frame(&ts_demux_flow(pinfo, true)->cut_frame, pinfo);
    if (length > here.reported)
        tvb_set_fragment(bytes);
    return bytes;
}

void
ts_stream_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct tcpinfo *info, ts_find_pdu find)
{
    const ts_span whole = ts_span_of(tvb);
    size_t offset = 0;

    if (whole.captured < whole.reported)
        ts_set_first_frame(&ts_demux_flow(pinfo, true)->cut_frame, pinfo);
    while (offset < whole.reported && offset < whole.captured) {
        const ts_span here = ts_span_from(whole, offset);
        const ts_pdu found = find(here);

        if (found.kind != TS_PDU_NONE && (found.kind == TS_PDU_MORE || found.length > here.reported) && ts_stream_may_ask(pinfo, info)) {
            pinfo->desegment_offset = (int)offset;
            pinfo->desegment_len = found.kind == TS_PDU_MORE ? DESEGMENT_ONE_MORE_SEGMENT : (uint32_t)(found.length - here.reported);
            return;
        }
        start_info(pinfo, offset == 0);
        if (found.kind <= TS_PDU_MORE) {
            if (found.kind == TS_PDU_MORE)
                ts_set_first_frame(&ts_demux_flow(pinfo, true)->cut_frame, pinfo);
            const size_t skipped = ts_pdu_next(here, find);
            dissect_lost(tvb_new_subset_length(tvb, (int)offset, (int)skipped), pinfo, tree);
            ts_demux_drop_layers(pinfo);
            offset += skipped;
            continue;
        }
        dissect_pdu(pdu_tvb(tvb, pinfo, offset, here, found.length), pinfo, tree, &found);
        ts_demux_drop_layers(pinfo);
        offset += found.length;
    }
}

void
ts_stream_dissect_sure(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const ts_span whole = ts_span_of(tvb);
    size_t offset = 0;

    while (offset < whole.captured) {
        const ts_span here = ts_span_from(whole, offset);
        const ts_pdu found = ts_pdu_framed(here);

        if (found.kind <= TS_PDU_MORE || !found.sure || found.length > here.captured)
            return;
        tvbuff_t *bytes = tvb_new_subset_length(tvb, (int)offset, (int)found.length);
        start_info(pinfo, offset == 0);
        if (found.kind == TS_PDU_CLIENT_HELLO || found.kind == TS_PDU_SERVER_HELLO)
            annotate_handshake(bytes, pinfo, tree, &found);
        else
            dissect_pdu(bytes, pinfo, tree, &found);
        ts_demux_drop_layers(pinfo);
        offset += found.length;
    }
}

void
ts_stream_handoff(void)
{
    tls_handle = find_dissector("tls");
}
