/* demux_evidence.c
 * What a payload is taken for, and what says that it is Microsoft's
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "demux_private.h"
#include "direct_routing.h"

#include "common/endpoint.h"

#define FLIGHTPROXY_PORT    3478
#define COOKIE_END          (TS_STUN_HEADER_LENGTH + 8u)    /* of an MS-TURN message */

/* ---- recognition ---- */

/* FF10 with a wrong length: only a session id that is known can tell it from anything else. */
static void
recognise_cut_mux(ts_payload *payload, const uint8_t *data, size_t captured)
{
    if (payload->kind != TS_PAYLOAD_OTHER || captured < TS_MUX_HEADER_LENGTH || ts_get_be16(data) != TS_MUX_CHANNEL)
        return;
    payload->kind = TS_PAYLOAD_MUX_CUT;
    payload->type = TS_MUX_CHANNEL;
    payload->length = ts_get_be16(data + 2);
}

/*
 * TURN that does not begin with the MS-TURN cookie where nothing else can be:
 * in a control frame of MS framing. And TURN that has the cookie, but later.
 */
static void
recognise_turn_without_cookie(ts_payload *payload, const ts_layer *outer, const uint8_t *data, size_t captured, size_t reported)
{
    const bool in_control_frame = outer != NULL && outer->payload.kind == TS_PAYLOAD_MS_FRAME && outer->payload.type == TS_FRAME_CONTROL;
    ts_tlv tlv;

    if (captured < TS_STUN_HEADER_LENGTH || (data[0] & 0xC0) != 0 ||
        ts_get_be16(data + 2) + (size_t)TS_STUN_HEADER_LENGTH != reported)
        return;
    if (!in_control_frame && !(payload->kind == TS_PAYLOAD_STUN &&
        ts_tlv_find(data, captured, payload->walk_exact, TS_ATTR_MAGIC_COOKIE, &tlv) && tlv.available == 4 &&
        ts_get_be32(tlv.value) == TS_MS_TURN_COOKIE))
        return;
    if (payload->kind == TS_PAYLOAD_STUN || payload->kind == TS_PAYLOAD_OTHER) {
        /* The capture may have cut the cookie off. */
        payload->kind = captured < MIN(reported, COOKIE_END) ? TS_PAYLOAD_MS_TURN : TS_PAYLOAD_TURN_WITHOUT_COOKIE;
        payload->type = ts_get_be16(data);
        payload->length = ts_get_be16(data + 2);
        payload->padded = payload->walk_exact;
    }
}

ts_payload
ts_demux_recognise(const ts_layer *outer, const uint8_t *data, size_t captured, size_t reported)
{
    ts_payload payload = ts_payload_recognise(data, captured, reported);

    recognise_turn_without_cookie(&payload, outer, data, captured, reported);
    recognise_cut_mux(&payload, data, captured);
    return payload;
}

/* ---- evidence around the payload ---- */

static bool
end_is_published_relay(const packet_info *pinfo, const address *addr, uint32_t port)
{
    return ts_port_is_relay((uint16_t)port) && ts_address_media_prefix(addr, pinfo) != NULL;
}

static ts_evidence
context_evidence(const packet_info *pinfo, const ts_flow *flow, const ts_layer *outer)
{
    if (outer != NULL && outer->evidence != TS_EVIDENCE_NONE)
        return TS_EVIDENCE_ENCLOSED;
    if (flow != NULL && ts_is_reached(flow->ms_frame, pinfo))
        return TS_EVIDENCE_CONVERSATION;
    if (ts_demux_knows_address(pinfo))
        return TS_EVIDENCE_ENDPOINT;
    if (end_is_published_relay(pinfo, &pinfo->src, pinfo->srcport) ||
        end_is_published_relay(pinfo, &pinfo->dst, pinfo->destport))
        return TS_EVIDENCE_PREFIX;
    return TS_EVIDENCE_NONE;
}

bool
ts_demux_is_known_address(packet_info *pinfo)
{
    return context_evidence(pinfo, NULL, NULL) != TS_EVIDENCE_NONE;
}

/* ---- evidence of single kinds ---- */

/* FF10 by itself: its length fits, and what it carries is STUN, RTP or RTCP. */
static ts_evidence
mux_evidence(const packet_info *pinfo, const uint8_t *data, size_t captured, size_t reported)
{
    if (ts_demux_knows_session(pinfo, ts_get_be64(data + 4)))
        return TS_EVIDENCE_SESSION;
    if (reported == TS_MUX_HEADER_LENGTH)
        return TS_EVIDENCE_NONE;

    const ts_payload inner = ts_payload_recognise(data + TS_MUX_HEADER_LENGTH, captured - TS_MUX_HEADER_LENGTH,
        reported - TS_MUX_HEADER_LENGTH);

    if (inner.kind == TS_PAYLOAD_STUN || inner.kind == TS_PAYLOAD_MS_TURN)
        return TS_EVIDENCE_SHAPE;
    if ((inner.kind == TS_PAYLOAD_RTP || inner.kind == TS_PAYLOAD_RTCP || inner.kind == TS_PAYLOAD_DTLS) &&
        (ts_port_is_relay((uint16_t)pinfo->srcport) || ts_port_is_relay((uint16_t)pinfo->destport)))
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
    uint32_t client_frame;
    uint32_t server_frame;
} flightproxy_sides;

static bool
flightproxy_both_ways(packet_info *pinfo, const ts_payload *payload)
{
    const bool from_client = payload->type == TS_FLIGHTPROXY_CLIENT;

    if (payload->kind != TS_PAYLOAD_FLIGHTPROXY_DATA || (from_client ? pinfo->destport : pinfo->srcport) != FLIGHTPROXY_PORT)
        return false;

    conversation_t *conversation = find_or_create_conversation(pinfo);
    flightproxy_sides *sides = (flightproxy_sides *)conversation_get_proto_data(conversation, ts_demux.proto_demux);
    if (sides == NULL) {
        sides = wmem_new0(wmem_file_scope(), flightproxy_sides);
        conversation_add_proto_data(conversation, ts_demux.proto_demux, sides);
    }
    ts_set_first_frame(from_client ? &sides->client_frame : &sides->server_frame, pinfo);
    return ts_is_reached(from_client ? sides->server_frame : sides->client_frame, pinfo);
}

static ts_evidence
flightproxy_evidence(packet_info *pinfo, const ts_payload *payload, const ts_flow *flow)
{
    if (flow != NULL && ts_is_reached(flow->flightproxy_frame, pinfo))
        return TS_EVIDENCE_CONVERSATION;
    if (pinfo->srcport != FLIGHTPROXY_PORT && pinfo->destport != FLIGHTPROXY_PORT)
        return TS_EVIDENCE_NONE;
    if (payload->kind == TS_PAYLOAD_FLIGHTPROXY_ACK)
        return TS_EVIDENCE_SHAPE;
    if (ts_address_media_prefix(pinfo->srcport == FLIGHTPROXY_PORT ? &pinfo->src : &pinfo->dst, pinfo) != NULL)
        return TS_EVIDENCE_PREFIX;
    return flightproxy_both_ways(pinfo, payload) ? TS_EVIDENCE_SHAPE : TS_EVIDENCE_NONE;
}

ts_evidence
ts_demux_find_evidence(packet_info *pinfo, const ts_payload *payload, const ts_flow *flow, const ts_layer *outer,
    const uint8_t *data, size_t captured, size_t reported)
{
    switch (payload->kind) {
    case TS_PAYLOAD_MS_TURN:
        return TS_EVIDENCE_COOKIE;
    case TS_PAYLOAD_MUX_CUT:
        return ts_demux_knows_session(pinfo, ts_get_be64(data + 4)) ? TS_EVIDENCE_SESSION : TS_EVIDENCE_NONE;
    case TS_PAYLOAD_STUN:
        return payload->ms_attribute ? TS_EVIDENCE_ATTRIBUTE : context_evidence(pinfo, flow, outer);
    case TS_PAYLOAD_MUX: {
        const ts_evidence own = mux_evidence(pinfo, data, captured, reported);
        return own != TS_EVIDENCE_NONE ? own : context_evidence(pinfo, flow, outer);
    }
    case TS_PAYLOAD_FLIGHTPROXY_ACK:
    case TS_PAYLOAD_FLIGHTPROXY_DATA:
        return outer == NULL ? flightproxy_evidence(pinfo, payload, flow) : TS_EVIDENCE_NONE;
    default: {
        const ts_evidence around = context_evidence(pinfo, flow, outer);

        return around == TS_EVIDENCE_NONE && outer == NULL && ts_direct_routing_begins(pinfo, payload, data, captured, reported) ?
            TS_EVIDENCE_PREFIX : around;
    }
    }
}
