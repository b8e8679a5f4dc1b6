/* demux_tcp.c
 * Where Wireshark calls the demultiplexer for TCP, and whose a stream is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a stream carries is told by its first segment that leaves no doubt;
 * from then on the conversation is ours. Where the stream lost bytes, reading
 * goes on at the next frame that leaves no doubt. Everything else stays with
 * stock: TLS on its port above all, from which a pseudo-TLS connection is
 * taken over only after its client handshake was seen (demux_tls.c).
 */

#include "demux_private.h"

#define TLS_RECORD_HEADER_LENGTH 5

static dissector_handle_t stream_handle;        /* pinned on conversations that are ours */
static dissector_handle_t stun_stream_handle;   /* pinned where stock's STUN would be */

/* ---- first contact ---- */

static ts_pdu_kind
first_framed(packet_info *pinfo, ts_span here)
{
    const ts_pdu found = ts_pdu_framed(here);

    switch (found.kind) {
    case TS_PDU_CLIENT_HELLO:
    case TS_PDU_SERVER_HELLO:
    case TS_PDU_MESSAGE:
        return found.kind;
    case TS_PDU_CONTROL:
        return ts_pdu_is_sure_control(here) ? found.kind : TS_PDU_NONE;
    case TS_PDU_DATA:
        return found.exact && (found.sure || ts_pdus_fill(here)) ? found.kind : TS_PDU_NONE;
    case TS_PDU_MUX:
        if (found.exact && (found.sure || (ts_pdus_fill(here) && ts_demux_is_known_address(pinfo))))
            return found.kind;
        return here.captured >= TS_MUX_HEADER_LENGTH && ts_demux_knows_session(pinfo, ts_get_be64(here.data + 4))
            ? found.kind : TS_PDU_NONE;
    default:
        return TS_PDU_NONE;
    }
}

/* ICE over TCP: the first frame has to be a check with an attribute that only Microsoft sends. */
static bool
first_rfc4571(ts_span here)
{
    const ts_pdu found = ts_pdu_rfc4571(here);

    if (found.kind != TS_PDU_RFC4571 || !found.sure || found.length > here.reported)
        return false;

    const ts_span rest = ts_span_from(here, TS_RFC4571_HEADER_LENGTH);
    const size_t length = found.length - TS_RFC4571_HEADER_LENGTH;
    const ts_payload payload = ts_payload_recognise(rest.data, MIN(rest.captured, length), length);

    return payload.kind == TS_PAYLOAD_MS_TURN || (payload.kind == TS_PAYLOAD_STUN && payload.ms_attribute);
}

/* ---- taking a stream ---- */

/* From that frame on, the next segment's or this one's. */
static void
take_over(packet_info *pinfo, uint32_t *since, uint32_t frame)
{
    if (*since != 0 || PINFO_FD_VISITED(pinfo))
        return;
    *since = frame;
    conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), frame, stream_handle);
}

void
ts_tcp_take_framed(packet_info *pinfo, uint32_t frame)
{
    take_over(pinfo, &ts_demux_flow(pinfo, true)->framing_frame, frame);
}

ts_find_pdu
ts_tcp_known_framing(packet_info *pinfo)
{
    const ts_flow *flow = ts_demux_flow(pinfo, false);

    if (flow == NULL)
        return NULL;
    if (ts_is_reached(flow->framing_frame, pinfo))
        return ts_pdu_framed;
    return ts_is_reached(flow->rfc4571_frame, pinfo) ? ts_pdu_rfc4571 : NULL;
}

/* Tells by its first bytes how the PDUs of a stream are found; NULL where it is not ours. */
static ts_find_pdu
first_framing(packet_info *pinfo, ts_span here)
{
    if (first_framed(pinfo, here) > TS_PDU_MORE)
        return ts_pdu_framed;
    return first_rfc4571(here) ? ts_pdu_rfc4571 : NULL;
}

static void
take_framing(packet_info *pinfo, ts_find_pdu find)
{
    ts_flow *flow = ts_demux_flow(pinfo, true);

    take_over(pinfo, find == ts_pdu_framed ? &flow->framing_frame : &flow->rfc4571_frame, pinfo->num);
}

/*
 * May TCP be asked for more, though it is not sure yet whose the stream is?
 * Only where stock would ask, too: its STUN on its port, whose idea of how
 * much is missing would be wrong, and its TLS from a record header on.
 */
static bool
may_wait(ts_span here, bool stun_port)
{
    switch (ts_stream_may_start(here)) {
    case TS_PDU_CLIENT_HELLO:
    case TS_PDU_SERVER_HELLO:
        return here.captured >= TLS_RECORD_HEADER_LENGTH;
    case TS_PDU_CONTROL:
        return stun_port;
    default:
        return false;
    }
}

/*
 * The segment behind what was kept of the start. It proves the stream only
 * with the whole first PDU, so that nothing of what was kept is asked for; or
 * the other direction has proven it.
 */
static bool
take_joined(tvbuff_t *joined, int kept, packet_info *pinfo, proto_tree *tree, const struct tcpinfo *info)
{
    const ts_span here = ts_span_of(joined);
    ts_find_pdu find = ts_tcp_known_framing(pinfo);

    if (find == NULL) {
        find = first_framing(pinfo, here);
        if (find == NULL || find(here).length > here.reported)
            return false;
        take_framing(pinfo, find);
    }
    ts_stream_start_proven(pinfo);
    add_new_data_source(pinfo, joined, "Start of the stream");
    ts_stream_dissect(joined, pinfo, tree, info, find);
    if (pinfo->desegment_len != 0)
        pinfo->desegment_offset -= kept;
    return true;
}

/* Takes the segment if its stream is ours, or shows now that it is; returns the bytes taken, else 0. */
static int
take_segment(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct tcpinfo *info, bool stun_port)
{
    const int length = (int)tvb_reported_length(tvb);
    ts_find_pdu find;
    int kept = 0;
    tvbuff_t *joined = ts_stream_start_join(tvb, pinfo, info, &kept);

    if (joined != NULL && take_joined(joined, kept, pinfo, tree, info))
        return length;
    find = ts_tcp_known_framing(pinfo);
    if (find == NULL) {
        const ts_span here = ts_span_of(tvb);

        find = first_framing(pinfo, here);
        if (find == NULL && joined == NULL && may_wait(here, stun_port) && ts_stream_may_ask(pinfo, info)) {
            pinfo->desegment_offset = 0;
            pinfo->desegment_len = DESEGMENT_ONE_MORE_SEGMENT;
            return length;
        }
        if (find == NULL) {
            ts_stream_start_keep(joined != NULL ? joined : tvb, pinfo, info, stun_port);
            return 0;
        }
        take_framing(pinfo, find);
    }
    ts_stream_dissect(tvb, pinfo, tree, info, find);
    return length;
}

/* A frame that leaves no doubt, after bytes of one whose start is not in the capture; 0 where there is none. */
static int
take_from_the_next_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct tcpinfo *info)
{
    const ts_span whole = ts_span_of(tvb);

    for (size_t skip = 1; skip < whole.captured; skip++) {
        if (!ts_pdu_is_sure_control(ts_span_from(whole, skip)))
            continue;
        ts_tcp_take_framed(pinfo, pinfo->num);
        ts_stream_dissect(tvb, pinfo, tree, info, ts_pdu_framed);
        return (int)tvb_reported_length(tvb);
    }
    return 0;
}

/* ---- entry points ---- */

/* What an ICMP error quotes is a piece of a stream at best, and was seen before. */
static bool
takes_part(const packet_info *pinfo)
{
    return ts_demux_enabled() && !pinfo->flags.in_error_pkt;
}

static int
dissect_own_stream(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return takes_part(pinfo) ? take_segment(tvb, pinfo, tree, (const struct tcpinfo *)data, false) : 0;
}

/*
 * Could stock's STUN make sense of it? Bytes from the middle of a message
 * would make it wait for a length that never was, and hide what follows.
 */
static bool
is_for_stock(tvbuff_t *tvb)
{
    const unsigned captured = tvb_captured_length(tvb);

    if (captured < 8)
        return true;
    const uint8_t first = tvb_get_uint8(tvb, 0);
    if ((first & 0xC0) == 0x40)
        return true;        /* ChannelData */
    return ((first & 0xC0) == 0 && tvb_get_ntohl(tvb, 4) == TS_STUN_COOKIE) ||
        (captured >= 10 && (tvb_get_uint8(tvb, TS_RFC4571_HEADER_LENGTH) & 0xC0) == 0 && tvb_get_ntohl(tvb, 6) == TS_STUN_COOKIE);
}

/* TCP 3478 and conversations that stock would have pinned its STUN on. */
static int
dissect_stun_stream(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!takes_part(pinfo))
        return ts_stock_stun_tcp(tvb, pinfo, tree, data);

    const int taken = take_segment(tvb, pinfo, tree, (const struct tcpinfo *)data, true);
    if (taken > 0)
        return taken;
    return is_for_stock(tvb) ? ts_stock_stun_tcp(tvb, pinfo, tree, data) : take_from_the_next_frame(tvb, pinfo, tree, (const struct tcpinfo *)data);
}

/*
 * A whole STUN message that nothing marks as Microsoft's, as stock's own
 * heuristic would take it: pinning ourselves in its place lets later messages
 * of the conversation still show what they are.
 */
static bool
pass_through(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const unsigned captured = tvb_captured_length(tvb);
    int offset = 0;

    if (captured < TS_STUN_HEADER_LENGTH + TS_RFC4571_HEADER_LENGTH)
        return false;
    if (tvb_get_ntohl(tvb, 6) == TS_STUN_COOKIE)
        offset = TS_RFC4571_HEADER_LENGTH;
    if ((tvb_get_uint8(tvb, offset) & 0xC0) != 0 || tvb_get_ntohl(tvb, offset + 4) != TS_STUN_COOKIE ||
        tvb_reported_length(tvb) < tvb_get_ntohs(tvb, offset + 2) + (unsigned)TS_STUN_HEADER_LENGTH + (unsigned)offset)
        return false;
    conversation_set_dissector(find_or_create_conversation(pinfo), stun_stream_handle);
    ts_stock_stun_tcp(tvb, pinfo, tree, data);
    return true;
}

static ws_bool
demux_tcp_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    ts_demux_drop_own_layer(pinfo);
    if (ts_heuristic_is_moving())
        return true;
    if (!takes_part(pinfo))
        return false;
    return ts_heuristic_result(pinfo,
        take_segment(tvb, pinfo, tree, (const struct tcpinfo *)data, false) > 0 || pass_through(tvb, pinfo, tree, data));
}

void
ts_tcp_handoff(void)
{
    stream_handle = create_dissector_handle(dissect_own_stream, ts_demux.proto_demux);
    stun_stream_handle = create_dissector_handle(dissect_stun_stream, ts_demux.proto_port);
    ts_heuristic_add("tcp", demux_tcp_heuristic, "Microsoft TURN over TCP", "teamshark_tcp");
    dissector_add_uint("tcp.port", 3478, stun_stream_handle);
}
