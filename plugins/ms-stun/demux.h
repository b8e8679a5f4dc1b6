/* demux.h
 * The one place where Teamshark takes datagrams: recognise, call stock, annotate
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The protocols of this plugin do not fight for ports and heuristic slots:
 * the demultiplexer (filter name "teamshark") has them all. It
 *   1. recognises what a payload is (core/payload.h) and whether it is ours,
 *   2. calls the stock dissector on the same bytes, so that its fields stay,
 *   3. calls the annotating dissectors with a ts_demux_call as data:
 *      ms_turn            MS-TURN messages, FF10, MS framing, pseudo-TLS
 *      teams_stun         other STUN messages, then media (RTP, SRTCP, DTLS)
 *      teams_flightproxy  flightproxy datagrams
 *      One whose protocol is disabled is passed over.
 * Payloads inside (DATA, FF10, ChannelData) come back to the demultiplexer through
 * stock's heuristic lists "stun" and "classicstun", where it is first.
 *
 * With all annotating dissectors disabled the output is stock's.
 */

#ifndef TEAMSHARK_MS_STUN_DEMUX_H
#define TEAMSHARK_MS_STUN_DEMUX_H

#include "common/ws_compat.h"

#include <epan/conversation.h>

#include "common/frame_info.h"
#include "core/payload.h"

#define TS_DEMUX_FILTER_NAME        "teamshark"

#define TS_DEMUX_MAX_DEPTH 5

/* The annotating dissectors, made by their own files. As handles, so that stock knows of their layers. */
extern dissector_handle_t ts_ms_turn_handle;
extern dissector_handle_t ts_teams_stun_handle;
extern dissector_handle_t ts_flightproxy_handle;

/*
 * What the demultiplexer knows of a conversation; file scope. A *_frame member is the
 * frame from which the fact holds (0: never), so that a second pass decides
 * on each frame as the first one did: test with ts_is_reached().
 */
typedef struct {
    uint32_t number;            /* of the flow, from 1, in order of appearance */
    uint32_t ms_frame;          /* known to be Microsoft's */
    ts_evidence evidence;       /* of ms_frame */
    uint32_t stun_frame;        /* a STUN or MS-TURN message was accepted */
    uint32_t flightproxy_frame;
    uint32_t pseudo_tls_frame;  /* TCP: the pseudo-TLS handshake */
    uint32_t framing_frame;     /* TCP: MS framing or FF10 */
    uint32_t rfc4571_frame;     /* TCP: plain RFC 4571 frames */
    uint32_t direct_routing_frame;  /* media of Direct Routing (direct_routing.h) */
    uint32_t cut_frame;         /* TCP: a segment is cut by the capture, so the next ones may begin within a frame */
    wmem_tree_t *relay_peers;   /* frame -> ts_relay_peer; NULL: none */
} ts_flow;

static inline bool
ts_is_reached(uint32_t frame, const packet_info *pinfo)
{
    return frame != 0 && frame <= pinfo->num;
}

/*
 * What addresses are, told by one protocol and needed by another, for the
 * whole capture (file scope). Keyed by address and port.
 */
typedef enum {
    TS_ADDRESS_SERVER,              /* a relay's own address and port */
    TS_ADDRESS_RELAYED,             /* allocated by a relay: MAPPED-ADDRESS of Allocate */
    TS_ADDRESS_REFLEXIVE,           /* a client's public address, by a relay or a check */
    TS_ADDRESS_KINDS
} ts_address_kind;

typedef struct {
    ts_address_kind kind;
    uint32_t first_frame;   /* first frame that says so */
    uint32_t allocation;    /* number; 0 where none */
    uint16_t stream_type;   /* of the allocation, 0 unknown */
    ts_endpoint client;     /* the client socket that it belongs to */
} ts_known_address;

typedef struct {
    wmem_map_t *addresses;          /* ts_endpoint -> ts_known_address */
    wmem_map_t *client_addresses;   /* client ts_endpoint -> its own addresses */
    wmem_map_t *sessions;           /* multiplexed session id -> ts_known_session */
    uint32_t allocations;           /* how many were numbered so far */
    uint32_t flows;
} ts_demux_state;

typedef struct {
    uint64_t id;
    uint32_t first_frame;
    uint32_t allocation;        /* 0: handed out to somebody else */
} ts_known_session;

/* Adds what addr:port is, or returns what is known already. First pass only. */
ts_known_address *ts_known_address_add(ts_demux_state *state, const packet_info *pinfo, ts_address_kind kind, const ts_endpoint *end);
/* What addr:port is known to be at this frame, or NULL. */
ts_known_address *ts_known_address_find(ts_demux_state *state, const packet_info *pinfo, const address *addr, uint16_t port);
/* The same for session ids. */
ts_known_session *ts_known_session_add(ts_demux_state *state, const packet_info *pinfo, uint64_t id);
ts_known_session *ts_known_session_find(ts_demux_state *state, const packet_info *pinfo, uint64_t id);

/* Of one client socket and kind. File scope. */
typedef struct {
    const ts_known_address *end;    /* NULL: none */
    ts_endpoint where;
} ts_client_address;

/* Says that end, at where, belongs to client. First pass only. */
void ts_client_address_add(ts_demux_state *state, ts_known_address *end, const ts_endpoint *where, const ts_endpoint *client);

/* The latest end of that kind, or NULL. First pass only. */
const ts_client_address *ts_client_address_latest(const ts_demux_state *state, const ts_endpoint *client, ts_address_kind kind);

/*
 * [MS-TURN] 3.2.5.3: after Set Active Destination the client sends payloads
 * for that peer as they are, and gets the peer's as they are. File scope, never changed.
 */
typedef struct {
    ts_endpoint client;         /* whose relay it is */
    ts_endpoint peer;
} ts_relay_peer;

/* From this frame on, plain payloads between client and relay are the peer's. First pass only; copies both ends. */
void ts_relay_peer_set(ts_flow *flow, const packet_info *pinfo, const ts_endpoint *client, const ts_endpoint *peer);

/* With whom the relay connects the flow at this frame, or NULL. */
const ts_relay_peer *ts_relay_peer_at(const ts_flow *flow, const packet_info *pinfo);

/* What encloses a payload: a TURN message with DATA, FF10, ChannelData, a TCP frame. */
typedef struct ts_layer {
    struct ts_layer *outer;     /* NULL at the top */
    ts_payload payload;
    bool tcp_frame;             /* MS framing or RFC 4571 on TCP */
    tvbuff_t *rfc4571_frame;    /* the frame with its length, of a stream that has no other framing; else NULL */
    ts_evidence evidence;
    ts_endpoint peer;           /* DESTINATION- or REMOTE-ADDRESS; AT_NONE where none */
    uint64_t session_id;        /* of FF10, else 0 */
    const char *inner_info;     /* the Info text that the innermost payload set, or NULL */
} ts_layer;

/* What an annotating dissector gets as data. Packet scope. */
typedef struct {
    ts_payload payload;
    ts_evidence evidence;
    bool tcp;                   /* arrived over TCP */
    unsigned depth;             /* 0: not enclosed */
    const ts_layer *outer;      /* what encloses it, NULL at the top */
    ts_flow *flow;              /* of the conversation of the packet, never NULL */
    ts_demux_state *state;
    const char *inner_info;     /* Info text of the payload within, NULL where none */
} ts_demux_call;

/*
 * One whole message: a datagram, a payload, or a frame taken out of a TCP
 * stream (layer says which). Returns the bytes taken, 0 where it is not ours.
 */
int ts_demux_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_layer *outer, bool tcp);

/* The flow of the frame's conversation; created on demand when create is set. */
ts_flow *ts_demux_flow(packet_info *pinfo, bool create);

/* Is the protocol of a dissector enabled? */
bool ts_handle_enabled(dissector_handle_t handle);

/* Is any annotating dissector enabled? */
bool ts_demux_enabled(void);

ts_demux_state *ts_demux_state_get(void);

/*
 * Stock on the same bytes; what it throws is shown as stock would show it and
 * goes no further, so that our own tree still follows. Returns the bytes taken.
 */
int ts_stock_call(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

#endif /* TEAMSHARK_MS_STUN_DEMUX_H */
