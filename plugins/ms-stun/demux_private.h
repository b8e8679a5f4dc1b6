/* demux_private.h
 * What the files of the demultiplexer share among themselves
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * demux.c           where Wireshark calls: heuristics, ports, registration
 * demux_message.c   one whole message: layers, what was decided about it, whom to call
 * demux_evidence.c  what a payload is taken for, and whether it is Microsoft's
 * direct_routing.c  ... of media with an SBC, which nothing of its own marks
 * demux_state.c     what is known of flows, addresses and sessions
 * demux_stock.c     stock's dissectors on the same bytes
 * demux_order.c     stays first in the heuristic lists
 * demux_tcp.c       where Wireshark calls for TCP, and whose a stream is
 * demux_stream_start.c  the start of a stream in segments too short to tell
 * demux_stream.c    a stream that is ours, PDU after PDU (core/stream.h)
 * demux_tls.c       pseudo-TLS where stock's TLS comes first
 */

#ifndef TEAMSHARK_MS_STUN_DEMUX_PRIVATE_H
#define TEAMSHARK_MS_STUN_DEMUX_PRIVATE_H

#include "demux.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/prefs.h>

#include "core/stream.h"

/* Of the module that owns the demultiplexer. */
typedef struct {
    int proto;                  /* "teamshark" */
    int proto_demux;            /* in name only: adds no layer to frame.protocols */
    int proto_port;             /* in name only, child of stock stun: ports */
    dissector_handle_t handle;  /* pinned on conversations */
} ts_demux_module;

extern ts_demux_module ts_demux;

typedef ts_pdu (*ts_find_pdu)(ts_span here);

static inline ts_span
ts_span_of(tvbuff_t *tvb)
{
    const size_t captured = tvb_captured_length(tvb);

    return (ts_span) { tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb) };
}

/* Data of "teamshark" on a frame: the first two in packet scope, the others in file scope. */
enum {
    TS_DEMUX_LAYER_KEY,         /* the ts_layer that encloses what comes next */
    TS_DEMUX_HANDSHAKE_KEY,     /* set: a pseudo-TLS handshake was dissected inline */
    TS_DEMUX_STREAM_START_KEY,  /* what earlier segments brought of the start of this one's stream */
    TS_DEMUX_OVERTAKEN_KEY,     /* set: what comes behind the segment was seen before it */
    TS_DEMUX_DECISIONS_KEY      /* see demux_message.c */
};

/* ---- demux_order.c ---- */

/* heur_dissector_add() for one that stays first in its list. */
void ts_heuristic_add(const char *list, heur_dissector_t dissector, const char *title, const char *name);

/* Is a heuristic of ours called only to bring it to the head? Then it accepts, and does nothing. */
bool ts_heuristic_is_moving(void);

/* Takes the layer that a heuristic adds for our protocol out again. */
void ts_demux_drop_own_layer(packet_info *pinfo);
/* Takes out the latest layers of a frame that has too many of them. */
void ts_demux_drop_layers(packet_info *pinfo);

/* What a heuristic of ours returns: tells that another one may match now. */
bool ts_heuristic_result(const packet_info *pinfo, bool taken);

/* Each capture begins with our heuristics at the head of their lists. */
void ts_heuristic_order_register(void);

/* After each frame: our heuristics are first again. */
void ts_heuristic_restore_order(tvbuff_t *tvb, packet_info *pinfo);

/* ---- demux_message.c ---- */

/* The layer that the payload at hand lies in, NULL at the top. */
ts_layer *ts_demux_current_layer(packet_info *pinfo);
bool ts_layer_is_on_tcp(const ts_layer *layer);

/* At the end of the frame: what was decided about its messages, for later passes. */
void ts_decisions_keep(packet_info *pinfo);
void ts_decisions_register(void);

/* ---- demux_evidence.c ---- */

/* What a whole message is, by its bytes and by what it lies in (NULL at the top). */
ts_payload ts_demux_recognise(const ts_layer *outer, const uint8_t *data, size_t captured, size_t reported);

/* Why it is Microsoft's; TS_EVIDENCE_NONE where nothing says so. flow may be NULL. */
ts_evidence ts_demux_find_evidence(packet_info *pinfo, const ts_payload *payload, const ts_flow *flow, const ts_layer *outer,
    const uint8_t *data, size_t captured, size_t reported);

/* Is either end of the frame one that an earlier message named, or a published relay? */
bool ts_demux_is_known_address(packet_info *pinfo);

/* ---- demux_state.c ---- */

/* Registers that all of it goes with the file. */
void ts_demux_state_register(void);

/* Later datagrams of this conversation come to the demultiplexer, not to stock's STUN. First pass only; not for TCP. */
void ts_demux_pin(packet_info *pinfo);

/* The frame is the first one of something, unless *frame is set. First pass only. */
void ts_set_first_frame(uint32_t *frame, const packet_info *pinfo);

/* A message of this flow was accepted on that evidence; stun: STUN or MS-TURN. */
void ts_flow_accept(ts_flow *flow, const packet_info *pinfo, ts_evidence evidence, bool stun);

/* Has this frame added something to the state? First pass only. */
bool ts_demux_changed_in(const packet_info *pinfo);

/* Is this session id known at this frame? Nothing is created. */
bool ts_demux_knows_session(const packet_info *pinfo, uint64_t id);

/* Is either end of the frame known? Nothing is created. */
bool ts_demux_knows_address(const packet_info *pinfo);

/* ---- demux_stock.c ---- */

/* Adds the preference that lets stock be switched. */
void ts_stock_register(module_t *module);
void ts_stock_handoff(void);

/* ts_stock_call() for STUN, MS-TURN, FF10 and ChannelData, with its dialect Auto for MS-TURN. */
int ts_stock_stun(const ts_payload *payload, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* The same for a frame of RFC 4571: with what stock shows of it and of the PDU. */
int ts_stock_stun_frame(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree);

/* Stock's STUN as it would be without us: its own errors, its own choice to decline. data is tcpinfo. */
int ts_stock_stun_udp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);
int ts_stock_stun_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/* ---- demux_tcp.c ---- */

void ts_tcp_handoff(void);

/* Takes the conversation over as one with MS framing, from that frame on: this one or the next. First pass only. */
void ts_tcp_take_framed(packet_info *pinfo, uint32_t frame);

/* How the PDUs of the frame's flow are found, where that is known at this frame; else NULL. */
ts_find_pdu ts_tcp_known_framing(packet_info *pinfo);

/* ---- demux_stream_start.c ---- */

/*
 * What earlier segments brought of the start of this stream, and this
 * segment; NULL where they brought nothing. *kept is how many bytes come
 * before the segment's own. info is what TCP hands to its subdissectors.
 */
tvbuff_t *ts_stream_start_join(tvbuff_t *tvb, packet_info *pinfo, const struct tcpinfo *info, int *kept);

/* The start is proven, and shown with this frame. */
void ts_stream_start_proven(packet_info *pinfo);

/* Keeps the segment, which is not ours, if it may begin a stream of ours (joined: continue one). First pass only. */
void ts_stream_start_keep(tvbuff_t *joined, packet_info *pinfo, const struct tcpinfo *info, bool stun_port);

/* May TCP be asked for what comes behind this segment? */
bool ts_stream_may_ask(packet_info *pinfo, const struct tcpinfo *info);

/* ---- demux_stream.c ---- */

void ts_stream_handoff(void);

/* All PDUs of a segment, or of what TCP put together from several; asks for more where the last one is cut. */
void ts_stream_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct tcpinfo *info, ts_find_pdu find);

/* The whole PDUs that leave no doubt at the start of tvb, after stock dissected it: without asking for more. */
void ts_stream_dissect_sure(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* ---- demux_tls.c ---- */

/* After stock's TLS has had the frame. */
void ts_tls_after(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);
void ts_tls_register(void);
void ts_tls_handoff(void);

#endif /* TEAMSHARK_MS_STUN_DEMUX_PRIVATE_H */
