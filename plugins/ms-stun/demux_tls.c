/* demux_tls.c
 * Pseudo-TLS where stock's TLS has the port, or its heuristic comes first
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TLS is never kept from anything that may be its own. Of a connection to its
 * port the demultiplexer only looks at what is coming, before TLS does, and declines
 * unless it is the pseudo-TLS handshake ([MS-TURN] 2.1.1) or a frame with the
 * MS-TURN cookie. It is asked from the second frame of the connection on,
 * usually the SYN's answer, and no more once a TLS record was seen.
 *
 * What stock dissected before the demultiplexer was asked is found after: a
 * handshake at the end of a frame, and anything in the first one.
 */

#include "demux_private.h"

#include <epan/proto_data.h>

#define TLS_PORT 443

static dissector_handle_t watch_handle;
static wmem_map_t *first_frames;    /* of connections to the port: number -> itself */
static uint32_t streams_seen;       /* stock's count of TCP connections, after the frame before */

static void
forget_streams(void)
{
    streams_seen = 0;
}

/* A handshake, or a frame with the cookie: what on the port of TLS is ours. */
static ts_pdu
find_proof(ts_span here)
{
    const ts_pdu found = ts_pdu_framed(here);

    if (found.kind == TS_PDU_CLIENT_HELLO || found.kind == TS_PDU_SERVER_HELLO ||
        (found.kind == TS_PDU_CONTROL && ts_pdu_is_sure_control(here)))
        return found;
    return (ts_pdu) { .kind = TS_PDU_NONE };
}

/* ---- before TLS ---- */

/* A record header of a version that there is, and no half of the pseudo-TLS handshake. */
static bool
is_tls(ts_span here)
{
    return here.captured >= 11 && here.data[0] >= 0x14 && here.data[0] <= 0x17 && here.data[1] == 0x03 && here.data[2] <= 0x04 &&
        ts_stream_may_start(ts_span_until(here, 11)) == TS_PDU_NONE;
}

/*
 * A dissector that took the connection for the whole of it, as stock's
 * heuristics do (FB_ZERO has this port, too), would be hidden by ours, which
 * is set from a later frame on.
 */
static dissector_handle_t
find_owner(packet_info *pinfo)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);

    return conversation == NULL ? NULL : conversation_get_dissector(conversation, conversation->setup_frame);
}

static int
hand_over(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data, dissector_handle_t owner)
{
    if (!PINFO_FD_VISITED(pinfo))
        conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num, owner);
    return call_dissector_only(owner, tvb, pinfo, tree, data);
}

static int
dissect_watched(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const ts_span here = ts_span_of(tvb);
    const dissector_handle_t owner = find_owner(pinfo);

    if (owner != NULL)
        return hand_over(tvb, pinfo, tree, data, owner);
    if (!ts_demux_enabled())
        return 0;
    if (ts_tcp_known_framing(pinfo) == NULL) {
        if (find_proof(here).kind == TS_PDU_NONE) {
            if (is_tls(here) && !PINFO_FD_VISITED(pinfo))
                conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num + 1, NULL);
            return 0;
        }
        ts_tcp_take_framed(pinfo, pinfo->num);
    }
    ts_stream_dissect(tvb, pinfo, tree, (const struct tcpinfo *)data, ts_pdu_framed);
    return (int)tvb_reported_length(tvb);
}

/* Has stock counted a connection since the last time? Most frames need not look for theirs then. */
static bool
has_new_stream(void)
{
    const uint32_t count = get_tcp_stream_count();
    const bool grown = count != streams_seen;

    streams_seen = count;
    return grown;
}

/* Is it the first frame of a connection to the port of TLS? Found on the first pass. */
static bool
is_first_on_port(packet_info *pinfo)
{
    if (pinfo->srcport != TLS_PORT && pinfo->destport != TLS_PORT)
        return false;
    if (PINFO_FD_VISITED(pinfo))
        return wmem_map_contains(first_frames, GUINT_TO_POINTER(pinfo->num));
    if (!has_new_stream())
        return false;
    const conversation_t *conversation = find_conversation_pinfo(pinfo, 0);

    if (conversation == NULL || conversation->setup_frame != pinfo->num)
        return false;
    wmem_map_insert(first_frames, GUINT_TO_POINTER(pinfo->num), GUINT_TO_POINTER(pinfo->num));
    return true;
}

static void
watch(packet_info *pinfo)
{
    if (!PINFO_FD_VISITED(pinfo))
        conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num + 1, watch_handle);
}

/* ---- after TLS ---- */

/*
 * The handshake is at the end of the frame (4 bytes before it, where the
 * capture holds the frame check sequence) or of what TCP put together from
 * segments that end with it. Cheap for every other frame.
 */
static tvbuff_t *
find_hello(tvbuff_t *tvb)
{
    static const struct {
        bool (*is_hello)(const uint8_t *);
        int length;
    } hellos[] = { { ts_is_client_hello, TS_CLIENT_HELLO_LENGTH }, { ts_is_server_hello, TS_SERVER_HELLO_LENGTH } };
    static const int trailers[] = { 0, 4 };
    const int captured = (int)tvb_captured_length(tvb);
    const uint8_t *bytes = captured == 0 ? NULL : tvb_get_ptr(tvb, 0, captured);

    for (unsigned kind = 0; kind < array_length(hellos); kind++)
        for (unsigned i = 0; i < array_length(trailers); i++) {
            const int offset = captured - hellos[kind].length - trailers[i];

            if (offset >= 0 && bytes[offset] == 0x16 && hellos[kind].is_hello(bytes + offset))
                return tvb_new_subset_length(tvb, offset, hellos[kind].length);
        }
    return NULL;
}

static tvbuff_t *
find_missed_handshake(packet_info *pinfo)
{
    tvbuff_t *found = NULL;

    for (const GSList *source = pinfo->data_src; source != NULL && found == NULL; source = source->next)
        found = find_hello(get_data_source_tvb((const struct data_source *)source->data));
    return found;
}

/* The first bytes of ours in the frame, and all behind them; NULL where there are none. */
static tvbuff_t *
find_anywhere(tvbuff_t *frame)
{
    const ts_span whole = ts_span_of(frame);
    const size_t skipped = ts_pdu_next(whole, find_proof);

    return skipped < whole.captured ? tvb_new_subset_remaining(frame, (int)skipped) : NULL;
}

void
ts_tls_after(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    if (pinfo->ptype != PT_TCP || pinfo->flags.in_error_pkt)
        return;
    const bool first = is_first_on_port(pinfo);
    tvbuff_t *missed = first ? find_anywhere(tvb) : NULL;

    if (missed == NULL)
        missed = find_missed_handshake(pinfo);
    if ((!first && missed == NULL) || !ts_demux_enabled() ||
        p_get_proto_data(pinfo->pool, pinfo, ts_demux.proto, TS_DEMUX_HANDSHAKE_KEY) != NULL)
        return;
    if (first)
        watch(pinfo);
    if (missed == NULL)
        return;

    /* This frame is TLS on later passes, too. */
    ts_tcp_take_framed(pinfo, pinfo->num + 1);
    /* Later releases close the columns before postdissectors. */
    const bool writable = col_get_writable(pinfo->cinfo, -1);
    col_set_writable(pinfo->cinfo, -1, true);
    ts_stream_dissect_sure(missed, pinfo, tree);
    col_set_writable(pinfo->cinfo, -1, writable);
}

void
ts_tls_register(void)
{
    first_frames = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
    register_init_routine(forget_streams);
}

void
ts_tls_handoff(void)
{
    watch_handle = create_dissector_handle(dissect_watched, ts_demux.proto_demux);
}
