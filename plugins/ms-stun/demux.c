/* demux.c
 * Where Wireshark calls the demultiplexer: heuristics, ports and conversations
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "demux_private.h"
#include "direct_routing.h"

#include "common/duplicate.h"

void proto_register_teamshark(void);
void proto_reg_handoff_teamshark(void);

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
    const int taken = ts_stock_stun_udp(tvb, pinfo, tree);
    if (taken > 0)
        ts_demux_pin(pinfo);
    return taken;
}

static ws_bool
demux_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    ts_demux_drop_own_layer(pinfo);
    ts_demux_drop_layers(pinfo);
    if (ts_heuristic_is_moving())
        return true;
    if (!ts_demux_enabled())
        return false;
    return ts_heuristic_result(pinfo, ts_demux_message(tvb, pinfo, tree, NULL, false) > 0 || pass_through(tvb, pinfo, tree) > 0);
}

static ws_bool
demux_heuristic_inner(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    ts_layer *outer = ts_demux_current_layer(pinfo);

    ts_demux_drop_own_layer(pinfo);
    ts_demux_drop_layers(pinfo);
    if (ts_heuristic_is_moving())
        return true;
    if (!ts_demux_enabled())
        return false;
    return ts_heuristic_result(pinfo, ts_demux_message(tvb, pinfo, tree, outer, ts_layer_is_on_tcp(outer)) > 0);
}

/* Pinned on conversations whose first STUN message came through us. */
static int
demux_conversation(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    const int taken = ts_demux_enabled() ? ts_demux_message(tvb, pinfo, tree, NULL, false) : 0;

    /* Stock would have pinned itself, and takes ChannelData then. */
    return taken > 0 ? taken : ts_stock_stun_udp(tvb, pinfo, tree);
}

/* UDP 3478: stock's own port, so stock is asked where we decline. */
static int
demux_port_stun(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return demux_conversation(tvb, pinfo, tree, NULL);
}

static int
demux_port(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return ts_demux_enabled() ? ts_demux_message(tvb, pinfo, tree, NULL, false) : 0;
}

static int
after_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    ts_heuristic_restore_order(tvb, pinfo);
    ts_tls_after(tvb, pinfo, tree);
    ts_decisions_keep(pinfo);
    ts_direct_routing_names(pinfo, tree);
    return 0;
}

void
proto_register_teamshark(void)
{
    ts_demux.proto = proto_register_protocol("Teamshark", "Teamshark", TS_DEMUX_FILTER_NAME);
    ts_demux.proto_port = proto_register_protocol_in_name_only("Teamshark on the STUN port", "Teamshark STUN port",
        "teamshark_port", proto_get_id_by_filter_name("stun"), FT_PROTOCOL);
    ts_demux.proto_demux = proto_register_protocol_in_name_only("Teamshark demultiplexer", "Teamshark demultiplexer",
        "teamshark_demux", ts_demux.proto, FT_PROTOCOL);

    ts_stock_register(prefs_register_protocol(ts_demux.proto, NULL));
    ts_demux_state_register();
    ts_decisions_register();
    ts_tls_register();
    ts_direct_routing_register();
    ts_duplicates_register();
    ts_heuristic_order_register();
}

static void
take_heuristics(void)
{
    ts_heuristic_add("udp", demux_heuristic, "Microsoft STUN and TURN over UDP", "teamshark_udp");
    ts_heuristic_add("stun", demux_heuristic_inner, "Microsoft STUN and media inside STUN", "teamshark_stun");
    ts_heuristic_add("classicstun", demux_heuristic_inner, "Microsoft STUN and media inside classic STUN", "teamshark_classicstun");
}

static void
take_ports(void)
{
    dissector_handle_t port_handle = create_dissector_handle(demux_port, ts_demux.proto_demux);

    dissector_add_uint("udp.port", 3478, create_dissector_handle(demux_port_stun, ts_demux.proto_port));
    dissector_add_uint_range_with_preference("udp.port", "3479-3481", port_handle);
}

void
proto_reg_handoff_teamshark(void)
{
    static bool done = false;

    if (done)
        return;
    done = true;

    ts_demux.handle = create_dissector_handle(demux_conversation, ts_demux.proto_demux);

    ts_stock_handoff();
    take_heuristics();
    take_ports();
    ts_stream_handoff();
    ts_tcp_handoff();
    ts_tls_handoff();
    /* Here, so that it comes after the names of the frame. Each postdissector costs every frame, so there is one. */
    register_postdissector(create_dissector_handle(after_frame, ts_demux.proto_demux));
}
