/* front.c
 * The one place where Teamshark takes datagrams: recognise, call stock, annotate
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/front_private.h"

#include <epan/address.h>
#include <epan/column-info.h>
#include <epan/exceptions.h>
#include <epan/prefs.h>
#include <epan/prefs-int.h>
#include <epan/proto_data.h>
#include <epan/show_exception.h>

#include "core/prefixes.h"

/* ---- state of the owning module ---- */

static bool owner;
static int proto_teamshark = -1;
static int proto_front = -1;    /* in name only: adds no layer to frame.protocols */
static int proto_port = -1;     /* in name only, child of stock stun: ports */

static dissector_handle_t front_handle;         /* pinned on conversations */
static dissector_handle_t stun_udp_handle;
static dissector_handle_t stun_tcp_handle;
static dissector_handle_t classicstun_handle;
static dissector_handle_t ms_turn_handle;
static dissector_handle_t teams_stun_handle;
static dissector_handle_t flightproxy_handle;

static ts_shared *shared;

static ws_bool pref_stock_dialect = true;

/* stun.stunversion: the enumeration is not exported; its order is the same in 4.0 to 4.6. */
enum { STUN_DIALECT_MS_TURN = 1 };
static pref_t *stun_dialect;
static int user_dialect = -1;   /* what the user chose, while another is in force; else -1 */

static const char *const evidence_names[] = {
    [TS_EVIDENCE_NONE] = "",
    [TS_EVIDENCE_PREFIX] = "prefix",
    [TS_EVIDENCE_ENDPOINT] = "endpoint",
    [TS_EVIDENCE_CONVERSATION] = "conversation",
    [TS_EVIDENCE_ENCLOSED] = "enclosed",
    [TS_EVIDENCE_SESSION] = "session",
    [TS_EVIDENCE_SHAPE] = "shape",
    [TS_EVIDENCE_ATTRIBUTE] = "attribute",
    [TS_EVIDENCE_COOKIE] = "cookie",
};

const char *
ts_evidence_name(ts_evidence evidence)
{
    return evidence_names[evidence];
}

/* ---- shared facts ---- */

static unsigned
end_hash(const void *key)
{
    const ts_endpoint *end = (const ts_endpoint *)key;

    return add_address_to_hash(end->port, &end->addr);
}

static gboolean
end_equal(const void *a, const void *b)
{
    const ts_endpoint *x = (const ts_endpoint *)a;
    const ts_endpoint *y = (const ts_endpoint *)b;

    return x->port == y->port && addresses_equal(&x->addr, &y->addr);
}

ts_shared *
ts_front_shared(void)
{
    if (shared == NULL) {
        shared = wmem_new0(wmem_file_scope(), ts_shared);
        shared->ends = wmem_map_new(wmem_file_scope(), end_hash, end_equal);
        shared->sessions = wmem_map_new(wmem_file_scope(), wmem_int64_hash, g_int64_equal);
    }
    return shared;
}

static void
front_cleanup(void)
{
    shared = NULL;      /* freed with the file scope */
}

ts_end *
ts_shared_add_end(ts_shared *facts, const packet_info *pinfo, ts_end_kind kind, const ts_endpoint *where)
{
    ts_end *end = (ts_end *)wmem_map_lookup(facts->ends, where);

    if (end != NULL || PINFO_FD_VISITED(pinfo))
        return end;

    ts_endpoint *key = wmem_new0(wmem_file_scope(), ts_endpoint);
    copy_address_wmem(wmem_file_scope(), &key->addr, &where->addr);
    key->port = where->port;
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

/* ---- flows ---- */

ts_flow *
ts_front_flow(packet_info *pinfo, bool create)
{
    conversation_t *conversation = create ? find_or_create_conversation(pinfo) : find_conversation_pinfo(pinfo, 0);

    if (conversation == NULL)
        return NULL;

    ts_flow *flow = (ts_flow *)conversation_get_proto_data(conversation, proto_teamshark);
    if (flow == NULL && create) {
        flow = wmem_new0(wmem_file_scope(), ts_flow);
        flow->number = ++ts_front_shared()->flows;
        conversation_add_proto_data(conversation, proto_teamshark, flow);
    }
    return flow;
}

static void
learn(uint32_t *since, const packet_info *pinfo)
{
    if (*since == 0)
        *since = pinfo->num;
}

static void
flow_accept(ts_flow *flow, const packet_info *pinfo, ts_evidence evidence, bool stun)
{
    if (evidence != TS_EVIDENCE_NONE && flow->ms_since == 0) {
        flow->ms_since = pinfo->num;
        flow->evidence = evidence;
    }
    if (stun)
        learn(&flow->stun_since, pinfo);
}

static void
flow_pin(packet_info *pinfo, bool tcp)
{
    if (!tcp && pinfo->ptype == PT_UDP && !PINFO_FD_VISITED(pinfo))
        conversation_set_dissector(find_or_create_conversation(pinfo), front_handle);
}

/* ---- evidence ---- */

static bool
in_media_prefix(const address *addr)
{
    if (addr->type == AT_IPv4)
        return ts_prefix_find_media(4, (const uint8_t *)addr->data) != NULL;
    if (addr->type == AT_IPv6)
        return ts_prefix_find_media(6, (const uint8_t *)addr->data) != NULL;
    return false;
}

static bool
end_is_published_relay(const address *addr, uint32_t port)
{
    return ts_port_is_relay((uint16_t)port) && in_media_prefix(addr);
}

/* Evidence that does not depend on the payload. */
static ts_evidence
context_evidence(const packet_info *pinfo, const ts_flow *flow, const ts_layer *outer)
{
    if (outer != NULL && outer->evidence != TS_EVIDENCE_NONE)
        return TS_EVIDENCE_ENCLOSED;
    if (flow != NULL && ts_since(flow->ms_since, pinfo))
        return TS_EVIDENCE_CONVERSATION;
    if (shared != NULL &&
        (ts_shared_end(shared, pinfo, &pinfo->src, (uint16_t)pinfo->srcport) != NULL ||
         ts_shared_end(shared, pinfo, &pinfo->dst, (uint16_t)pinfo->destport) != NULL))
        return TS_EVIDENCE_ENDPOINT;
    if (end_is_published_relay(&pinfo->src, pinfo->srcport) || end_is_published_relay(&pinfo->dst, pinfo->destport))
        return TS_EVIDENCE_PREFIX;
    return TS_EVIDENCE_NONE;
}

static bool
has_relay_port(const packet_info *pinfo)
{
    return ts_port_is_relay((uint16_t)pinfo->srcport) || ts_port_is_relay((uint16_t)pinfo->destport);
}

bool
ts_front_is_known_end(packet_info *pinfo)
{
    return context_evidence(pinfo, NULL, NULL) != TS_EVIDENCE_NONE;
}

/* FF10 by itself: its length fits, and what it carries is STUN, RTP or RTCP. */
static ts_evidence
mux_evidence(const packet_info *pinfo, const uint8_t *data, size_t captured, size_t reported)
{
    if (shared != NULL && ts_shared_session(shared, pinfo, ts_get_be64(data + 4)) != NULL)
        return TS_EVIDENCE_SESSION;
    if (reported == TS_MUX_HEADER_LENGTH)
        return TS_EVIDENCE_NONE;

    const ts_wire inner = ts_wire_recognise(data + TS_MUX_HEADER_LENGTH, captured - TS_MUX_HEADER_LENGTH,
        reported - TS_MUX_HEADER_LENGTH);

    if (inner.kind == TS_WIRE_STUN || inner.kind == TS_WIRE_MS_TURN)
        return TS_EVIDENCE_SHAPE;
    if ((inner.kind == TS_WIRE_RTP || inner.kind == TS_WIRE_RTCP || inner.kind == TS_WIRE_DTLS) && has_relay_port(pinfo))
        return TS_EVIDENCE_SHAPE;
    return TS_EVIDENCE_NONE;
}

/*
 * Flightproxy data where neither address nor acknowledgement helps: client
 * data towards port 3478 and server data back, each with its own first byte
 * and a length of 16n + 1. Holds from the second kind on. Kept beside the
 * flow, which only traffic that is ours has.
 */
typedef struct {
    uint32_t client_since;
    uint32_t server_since;
} flightproxy_sides;

static bool
flightproxy_both_ways(packet_info *pinfo, const ts_wire *wire)
{
    const bool from_client = wire->type == TS_FLIGHTPROXY_CLIENT;

    if (wire->kind != TS_WIRE_FLIGHTPROXY_DATA || (from_client ? pinfo->destport : pinfo->srcport) != 3478)
        return false;

    conversation_t *conversation = find_or_create_conversation(pinfo);
    flightproxy_sides *sides = (flightproxy_sides *)conversation_get_proto_data(conversation, proto_front);
    if (sides == NULL) {
        sides = wmem_new0(wmem_file_scope(), flightproxy_sides);
        conversation_add_proto_data(conversation, proto_front, sides);
    }
    learn(from_client ? &sides->client_since : &sides->server_since, pinfo);
    return ts_since(from_client ? sides->server_since : sides->client_since, pinfo);
}

static ts_evidence
flightproxy_evidence(packet_info *pinfo, const ts_wire *wire, const ts_flow *flow)
{
    if (flow != NULL && ts_since(flow->flightproxy_since, pinfo))
        return TS_EVIDENCE_CONVERSATION;
    if (pinfo->srcport != 3478 && pinfo->destport != 3478)
        return TS_EVIDENCE_NONE;
    if (wire->kind == TS_WIRE_FLIGHTPROXY_ACK)
        return TS_EVIDENCE_SHAPE;
    if (in_media_prefix(pinfo->srcport == 3478 ? &pinfo->src : &pinfo->dst))
        return TS_EVIDENCE_PREFIX;
    return flightproxy_both_ways(pinfo, wire) ? TS_EVIDENCE_SHAPE : TS_EVIDENCE_NONE;
}

/* ---- calling stock ---- */

static bool
handle_enabled(dissector_handle_t handle)
{
    return handle != NULL && proto_is_protocol_enabled(find_protocol_by_id(dissector_handle_get_protocol_index(handle)));
}

/*
 * Stock on the same bytes. What it throws is shown as stock would show it and
 * goes no further, so that our own tree still follows.
 */
static int
call_stock(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    volatile int taken = 0;

    if (handle == NULL)
        return 0;
    TRY {
        taken = call_dissector_only(handle, tvb, pinfo, tree, NULL);
    }
    CATCH_BOUNDS_AND_DISSECTOR_ERRORS {
        show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE);
        taken = (int)tvb_reported_length(tvb);
    }
    ENDTRY;
    return taken;
}

/*
 * Stock reads MS-TURN right only in its MS-TURN dialect, and everything else
 * only in another one, so the dialect is set for this one message and then
 * put back: what the user chose is never changed. A message within a message
 * gets the user's choice again, unless it is MS-TURN too.
 */
static int
call_stock_in_dialect(dissector_handle_t handle, int dialect, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const int outer_user_dialect = user_dialect;
    const int before = prefs_get_enum_value(stun_dialect, pref_current);

    if (user_dialect < 0)
        user_dialect = before;
    prefs_set_enum_value(stun_dialect, dialect, pref_current);
    const int taken = call_stock(handle, tvb, pinfo, tree);
    prefs_set_enum_value(stun_dialect, before, pref_current);
    user_dialect = outer_user_dialect;
    return taken;
}

static int
call_stock_stun(const ts_wire *wire, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool tcp)
{
    dissector_handle_t handle = tcp ? stun_tcp_handle : stun_udp_handle;

    if (wire->kind == TS_WIRE_MS_TURN && !wire->header_cookie)
        return call_stock(classicstun_handle, tvb, pinfo, tree);
    /* A user who disables ms_turn wants stock's own reading of its messages. */
    const bool may_choose = pref_stock_dialect && (ms_turn_handle == NULL || handle_enabled(ms_turn_handle));

    if (stun_dialect != NULL && may_choose) {
        if (wire->kind == TS_WIRE_MS_TURN && !wire->padded)
            return call_stock_in_dialect(handle, STUN_DIALECT_MS_TURN, tvb, pinfo, tree);
        if (user_dialect >= 0)
            return call_stock_in_dialect(handle, user_dialect, tvb, pinfo, tree);
    }
    return call_stock(handle, tvb, pinfo, tree);
}

int
ts_front_call_stock(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    return call_stock(handle, tvb, pinfo, tree);
}

/* ---- layers ---- */

static ts_layer *
current_layer(packet_info *pinfo)
{
    return (ts_layer *)p_get_proto_data(pinfo->pool, pinfo, proto_teamshark, 0);
}

static void
set_current_layer(packet_info *pinfo, ts_layer *layer)
{
    p_set_proto_data(pinfo->pool, pinfo, proto_teamshark, 0, layer);
}

static bool
layer_is_on_tcp(const ts_layer *layer)
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

    if (layer->wire.kind != TS_WIRE_MS_TURN)
        return;
    if (!ts_tlv_find(data, captured, layer->wire.padded, 0x0011, &tlv) &&
        !ts_tlv_find(data, captured, layer->wire.padded, 0x0012, &tlv))
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

/* ---- one message ---- */

static void
annotate(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_front_call *call)
{
    if (handle != NULL)
        call_dissector_only(handle, tvb, pinfo, tree, call);
}

void
ts_front_annotate_ms_turn(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_front_call *call)
{
    annotate(ms_turn_handle, tvb, pinfo, tree, call);
}

/* Stock first, with this message as the layer that its payload will find. */
static void
stock_in_layer(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_front_call *call, ts_layer *outer,
    const uint8_t *data, size_t captured)
{
    ts_layer *layer = wmem_new0(pinfo->pool, ts_layer);

    layer->outer = outer;
    layer->wire = call->wire;
    layer->evidence = call->evidence;
    if (call->wire.kind == TS_WIRE_MUX)
        layer->session_id = ts_get_be64(data + 4);
    layer_peer(layer, tvb, data, captured);

    set_current_layer(pinfo, layer);
    call_stock_stun(&call->wire, tvb, pinfo, tree, false);
    set_current_layer(pinfo, outer);
    call->inner_info = layer->inner_info;
}

static ts_evidence
judge(packet_info *pinfo, const ts_wire *wire, const ts_flow *flow, const ts_layer *outer,
    const uint8_t *data, size_t captured, size_t reported)
{
    switch (wire->kind) {
    case TS_WIRE_MS_TURN:
        return TS_EVIDENCE_COOKIE;
    case TS_WIRE_MUX_CUT:
        return shared != NULL && ts_shared_session(shared, pinfo, ts_get_be64(data + 4)) != NULL ? TS_EVIDENCE_SESSION : TS_EVIDENCE_NONE;
    case TS_WIRE_STUN:
        return wire->ms_attribute ? TS_EVIDENCE_ATTRIBUTE : context_evidence(pinfo, flow, outer);
    case TS_WIRE_MUX: {
        const ts_evidence own = mux_evidence(pinfo, data, captured, reported);
        return own != TS_EVIDENCE_NONE ? own : context_evidence(pinfo, flow, outer);
    }
    case TS_WIRE_FLIGHTPROXY_ACK:
    case TS_WIRE_FLIGHTPROXY_DATA:
        return outer == NULL ? flightproxy_evidence(pinfo, wire, flow) : TS_EVIDENCE_NONE;
    default:
        return context_evidence(pinfo, flow, outer);
    }
}

/*
 * A session id in a check is one that the peer's relay gave to the peer: what
 * goes there must be wrapped with it ([MS-TURN] 2.2.3).
 */
static void
learn_session(packet_info *pinfo, const ts_front_call *call, const uint8_t *data, size_t captured)
{
    ts_tlv tlv;

    if (call->wire.ms_attribute && ts_tlv_find(data, captured, call->wire.padded, TS_ATTR_MUX_SESSION_ID, &tlv) &&
        tlv.length == 8 && tlv.available == 8)
        ts_shared_add_session(call->shared, pinfo, ts_get_be64(tlv.value));
}

static int
take_stun(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_layer *outer, ts_front_call *call,
    const uint8_t *data, size_t captured)
{
    flow_accept(call->flow, pinfo, call->evidence, true);
    if (outer == NULL)
        flow_pin(pinfo, call->tcp);
    stock_in_layer(tvb, pinfo, tree, call, outer, data, captured);

    if (call->wire.kind == TS_WIRE_STUN) {
        learn_session(pinfo, call, data, captured);
        annotate(teams_stun_handle, tvb, pinfo, tree, call);
    } else {
        annotate(ms_turn_handle, tvb, pinfo, tree, call);
    }
    return (int)tvb_reported_length(tvb);
}

static int
take_flightproxy(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_front_call *call)
{
    if (flightproxy_handle == NULL)
        return 0;
    learn(&call->flow->flightproxy_since, pinfo);
    return call_dissector_only(flightproxy_handle, tvb, pinfo, tree, call);
}

static int
take_other(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_front_call *call)
{
    if (teams_stun_handle == NULL)
        return 0;
    return call_dissector_only(teams_stun_handle, tvb, pinfo, tree, call);
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

/* FF10 with a wrong length: only a session id that is known can tell it from anything else. */
static void
recognise_cut_mux(ts_wire *wire, const uint8_t *data, size_t captured)
{
    if (wire->kind != TS_WIRE_OTHER || captured < TS_MUX_HEADER_LENGTH || ts_get_be16(data) != TS_MUX_CHANNEL)
        return;
    wire->kind = TS_WIRE_MUX_CUT;
    wire->type = TS_MUX_CHANNEL;
    wire->length = ts_get_be16(data + 2);
}

/*
 * TURN that does not begin with the MS-TURN cookie where nothing else can be:
 * in a control frame of MS framing. And TURN that has the cookie, but later.
 */
static void
recognise_turn_without_cookie(ts_wire *wire, const ts_layer *outer, const uint8_t *data, size_t captured, size_t reported)
{
    const bool in_control_frame = outer != NULL && outer->wire.kind == TS_WIRE_MS_FRAME && outer->wire.type == TS_FRAME_CONTROL;
    ts_tlv tlv;

    if (captured < TS_STUN_HEADER_LENGTH || (data[0] & 0xC0) != 0 ||
        ts_get_be16(data + 2) + (size_t)TS_STUN_HEADER_LENGTH != reported)
        return;
    if (!in_control_frame && !(wire->kind == TS_WIRE_STUN &&
        ts_tlv_find(data, captured, wire->walk_exact, TS_ATTR_MAGIC_COOKIE, &tlv) && tlv.available == 4 &&
        ts_get_be32(tlv.value) == TS_MS_TURN_COOKIE))
        return;
    if (wire->kind == TS_WIRE_STUN || wire->kind == TS_WIRE_OTHER) {
        wire->kind = TS_WIRE_TURN_WITHOUT_COOKIE;
        wire->type = ts_get_be16(data);
        wire->length = ts_get_be16(data + 2);
        wire->padded = wire->walk_exact;
    }
}

/* Kept from others' heuristics, which would see in it what it is not. */
static int
take_too_deep(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_layer *outer, ts_wire wire)
{
    ts_front_call call = { .wire = wire, .evidence = TS_EVIDENCE_ENCLOSED, .depth = layer_depth(outer), .outer = outer };

    if (outer->evidence == TS_EVIDENCE_NONE ||
        (wire.kind != TS_WIRE_MS_TURN && wire.kind != TS_WIRE_STUN && wire.kind != TS_WIRE_MUX && wire.kind != TS_WIRE_CHANNEL_DATA))
        return 0;
    call.wire.kind = TS_WIRE_TOO_DEEP;
    call_data_dissector(tvb, pinfo, tree);
    annotate(ms_turn_handle, tvb, pinfo, tree, &call);
    return (int)tvb_reported_length(tvb);
}

int
ts_front_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_layer *outer, bool tcp)
{
    const size_t captured = tvb_captured_length(tvb);
    const size_t reported = tvb_reported_length(tvb);

    if (captured == 0)
        return 0;

    const uint8_t *data = tvb_get_ptr(tvb, 0, (int)captured);
    if (layer_depth(outer) >= TS_FRONT_MAX_DEPTH)
        return take_too_deep(tvb, pinfo, tree, outer, ts_wire_recognise(data, captured, reported));

    ts_front_call call = {
        .wire = ts_wire_recognise(data, captured, reported),
        .tcp = tcp,
        .depth = layer_depth(outer),
        .outer = outer,
        .flow = ts_front_flow(pinfo, false),
    };

    recognise_turn_without_cookie(&call.wire, outer, data, captured, reported);
    recognise_cut_mux(&call.wire, data, captured);
    call.evidence = judge(pinfo, &call.wire, call.flow, outer, data, captured, reported);
    if (call.evidence == TS_EVIDENCE_NONE)
        return 0;

    call.shared = ts_front_shared();
    if (call.flow == NULL)
        call.flow = ts_front_flow(pinfo, true);

    int taken;
    switch (call.wire.kind) {
    case TS_WIRE_MS_TURN:
    case TS_WIRE_TURN_WITHOUT_COOKIE:
    case TS_WIRE_STUN:
    case TS_WIRE_MUX:
    case TS_WIRE_MUX_CUT:
    case TS_WIRE_CHANNEL_DATA:
        taken = take_stun(tvb, pinfo, tree, outer, &call, data, captured);
        break;
    case TS_WIRE_FLIGHTPROXY_ACK:
    case TS_WIRE_FLIGHTPROXY_DATA:
        taken = take_flightproxy(tvb, pinfo, tree, &call);
        break;
    default:
        taken = take_other(tvb, pinfo, tree, &call);
        break;
    }
    if (taken > 0 && outer != NULL)
        outer->inner_info = info_after_fence(pinfo);
    return taken;
}

/* ---- entry points ---- */

bool
ts_front_enabled(void)
{
    return proto_is_protocol_enabled(find_protocol_by_id(proto_teamshark)) &&
        (handle_enabled(ms_turn_handle) || handle_enabled(teams_stun_handle) || handle_enabled(flightproxy_handle));
}

/*
 * Heuristics add a layer for their protocol. Ours only hands on to stock, so
 * it takes itself out of the layers: frame.protocols and layer counts stay
 * what stock makes of the frame. (Stock removes layers beyond the count it
 * saved, so one that is gone already does no harm.)
 */
void
ts_front_drop_own_layer(packet_info *pinfo)
{
    wmem_list_frame_t *last = wmem_list_tail(pinfo->layers);

    if (last == NULL || GPOINTER_TO_INT(wmem_list_frame_data(last)) != proto_teamshark)
        return;
    wmem_list_remove_frame(pinfo->layers, last);
    pinfo->curr_layer_num--;

    int *count = (int *)wmem_map_lookup(pinfo->proto_layers, GINT_TO_POINTER(proto_teamshark));
    if (count != NULL && *count > 0)
        (*count)--;
}

/*
 * STUN that nothing marks as Microsoft's, as stock's own heuristic would take
 * it; pinning ourselves in its place lets later messages of the conversation
 * still show what they are.
 */
static int
pass_through(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    if (tvb_captured_length(tvb) < TS_STUN_HEADER_LENGTH || tvb_get_ntohl(tvb, 4) != TS_STUN_COOKIE ||
        (tvb_get_uint8(tvb, 0) & 0xC0) != 0)
        return 0;
    const int taken = call_dissector_only(stun_udp_handle, tvb, pinfo, tree, NULL);
    if (taken > 0)
        flow_pin(pinfo, false);
    return taken;
}

static ws_bool
front_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    ts_front_drop_own_layer(pinfo);
    if (!ts_front_enabled())
        return false;
    return ts_front_message(tvb, pinfo, tree, NULL, false) > 0 || pass_through(tvb, pinfo, tree) > 0;
}

static ws_bool
front_heuristic_inner(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    ts_layer *outer = current_layer(pinfo);

    ts_front_drop_own_layer(pinfo);
    return ts_front_enabled() && ts_front_message(tvb, pinfo, tree, outer, layer_is_on_tcp(outer)) > 0;
}

/* Pinned on conversations whose first STUN message came through us. */
static int
front_conversation(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    const int taken = ts_front_enabled() ? ts_front_message(tvb, pinfo, tree, NULL, false) : 0;

    /* Stock would have pinned itself, and takes ChannelData then. */
    return taken > 0 ? taken : call_dissector_only(stun_udp_handle, tvb, pinfo, tree, NULL);
}

/* UDP 3478: stock's own port, so stock is asked where we decline. */
static int
front_port_stun(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return front_conversation(tvb, pinfo, tree, NULL);
}

static int
front_port(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return ts_front_enabled() ? ts_front_message(tvb, pinfo, tree, NULL, false) : 0;
}

void
ts_front_register(void)
{
    if (proto_get_id_by_filter_name(TS_FRONT_FILTER_NAME) > 0)
        return;
    owner = true;

    proto_teamshark = proto_register_protocol("Teamshark", "Teamshark", TS_FRONT_FILTER_NAME);
    proto_port = proto_register_protocol_in_name_only("Teamshark on the STUN port", "Teamshark STUN port",
        "teamshark_port", proto_get_id_by_filter_name("stun"), FT_PROTOCOL);
    proto_front = proto_register_protocol_in_name_only("Teamshark front", "Teamshark front",
        "teamshark_front", proto_teamshark, FT_PROTOCOL);

    module_t *module = prefs_register_protocol(proto_teamshark, NULL);
    prefs_register_bool_preference(module, "stock_dialect",
        "Let stock STUN read MS-TURN messages in its MS-TURN dialect",
        "Stock Wireshark marks MS-TURN messages as malformed unless its own dialect setting fits. "
        "With this set, the dialect is chosen for each message; your STUN preferences stay as they are",
        &pref_stock_dialect);

    register_cleanup_routine(front_cleanup);
    ts_front_tcp_register(proto_teamshark, proto_front);
}

void
ts_front_handoff(void)
{
    static bool done = false;

    if (!owner || done)
        return;
    done = true;

    module_t *stun = prefs_find_module("stun");
    stun_dialect = stun == NULL ? NULL : prefs_find_preference(stun, "stunversion");

    stun_udp_handle = find_dissector("stun-udp");
    stun_tcp_handle = find_dissector("stun-tcp");
    classicstun_handle = find_dissector("classicstun");
    ms_turn_handle = find_dissector(TS_ANNOTATE_MS_TURN);
    teams_stun_handle = find_dissector(TS_ANNOTATE_TEAMS_STUN);
    flightproxy_handle = find_dissector(TS_ANNOTATE_FLIGHTPROXY);

    front_handle = create_dissector_handle(front_conversation, proto_front);
    heur_dissector_add("udp", front_heuristic, "Microsoft STUN and TURN over UDP", "teamshark_udp", proto_teamshark, HEURISTIC_ENABLE);
    heur_dissector_add("stun", front_heuristic_inner, "Microsoft STUN and media inside STUN", "teamshark_stun", proto_teamshark, HEURISTIC_ENABLE);
    heur_dissector_add("classicstun", front_heuristic_inner, "Microsoft STUN and media inside classic STUN", "teamshark_classicstun", proto_teamshark, HEURISTIC_ENABLE);

    dissector_add_uint("udp.port", 3478, create_dissector_handle(front_port_stun, proto_port));
    dissector_handle_t port_handle = create_dissector_handle(front_port, proto_front);
    for (unsigned port = 3479; port <= 3481; port++)
        dissector_add_uint("udp.port", port, port_handle);
    ts_front_tcp_handoff(proto_front, proto_port);
}
