/* media.c
 * RTP, SRTCP and DTLS on checked pairs, told apart as RFC 7983 says
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RTP and DTLS go to stock. RTCP does too where it is not encrypted (every
 * header of the compound fits, to the last byte); of SRTCP only the first
 * header is in clear (RFC 3711 3.4), and only that is shown.
 *
 * Hardly anything is kept for a packet. What is said of it comes from its own bytes,
 * and from what its flow and pair were before this frame; that is kept with
 * these, each with the frame from which it holds.
 */

#include "teams-stun.h"

#define RTP_HEADER_LENGTH       12
#define RTP_EXTENSION_HEADER    4
#define RTCP_HEADER_LENGTH      8       /* with the sender's SSRC */

/* How long media may flow one way without an answered check, seconds. */
#define CONSENT_SECONDS         5.0

static dissector_handle_t rtp_handle;
static dissector_handle_t rtcp_handle;
static dissector_handle_t dtls_handle;

/* What media has shown of a flow. File scope. */
typedef struct {
    uint32_t since;             /* first frame with media */
    uint32_t clear_since;       /* first frame with RTCP in clear, 0: none */
    struct {
        ts_pair *pair;          /* found before for what has nothing around it; NULL: not yet */
        bool from_local;
    } plain[2];                 /* by direction */
} media_flow;

static wmem_map_t *flows;       /* ts_flow -> media_flow */

void
ts_media_reset(void)
{
    flows = NULL;       /* freed with the file scope */
}

static media_flow *
flow_of(const packet_info *pinfo, const ts_flow *flow)
{
    if (flows == NULL)
        flows = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    media_flow *found = (media_flow *)wmem_map_lookup(flows, flow);

    if (found == NULL) {
        found = wmem_new0(wmem_file_scope(), media_flow);
        found->since = pinfo->num;
        wmem_map_insert(flows, flow, found);
    }
    return found;
}

/* ---- recognition ---- */

/* RFC 3550 5.1: do CSRC list and header extension fit? */
static bool
rtp_header_fits(tvbuff_t *tvb)
{
    const unsigned reported = tvb_reported_length(tvb);

    if (tvb_captured_length(tvb) < RTP_HEADER_LENGTH || reported < RTP_HEADER_LENGTH)
        return false;
    const uint8_t first = tvb_get_uint8(tvb, 0);
    unsigned header = RTP_HEADER_LENGTH + (first & 0x0Fu) * 4;
    if ((first & 0x10) == 0)
        return header <= reported;
    if (header + RTP_EXTENSION_HEADER > reported)
        return false;
    if (header + RTP_EXTENSION_HEADER > tvb_captured_length(tvb))
        return true;    /* cut by the capture: nothing speaks against it */
    header += RTP_EXTENSION_HEADER + tvb_get_ntohs(tvb, (int)header + 2) * 4u;
    return header <= reported;
}

static bool
rtcp_header_fits(tvbuff_t *tvb)
{
    return tvb_captured_length(tvb) >= RTCP_HEADER_LENGTH &&
        (tvb_get_ntohs(tvb, 2) + 1u) * 4 <= tvb_reported_length(tvb);
}

/* RFC 3550 6.1: a compound whose headers lead exactly to its end is not encrypted. */
static bool
rtcp_is_clear(tvbuff_t *tvb)
{
    const unsigned reported = tvb_reported_length(tvb);
    unsigned offset = 0;

    while (offset + 4 <= reported && offset + 4 <= tvb_captured_length(tvb)) {
        const uint8_t type = tvb_get_uint8(tvb, (int)offset + 1);

        if ((tvb_get_uint8(tvb, (int)offset) & 0xC0) != 0x80 || type < 192 || type > 223)
            return false;
        offset += (tvb_get_ntohs(tvb, (int)offset + 2) + 1u) * 4;
    }
    return offset == reported;
}

/* False: not media that may be claimed. */
static bool
recognise(tvbuff_t *tvb, const packet_info *pinfo, const ts_demux_call *call, ts_payload_kind *kind, ts_diag_set *diagnostics)
{
    const bool checked = ts_since(call->flow->stun_since, pinfo);

    *diagnostics = 0;
    *kind = TS_PAYLOAD_OTHER;
    switch (call->wire.kind) {
    case TS_WIRE_RTP:
        if (rtp_header_fits(tvb))
            *kind = TS_PAYLOAD_RTP;
        else
            *diagnostics = TS_DIAG_BIT(TS_DIAG_NOT_RTP);
        break;
    case TS_WIRE_RTCP:
        if (rtcp_header_fits(tvb))
            *kind = rtcp_is_clear(tvb) ? TS_PAYLOAD_RTCP : TS_PAYLOAD_SRTCP;
        else
            *diagnostics = TS_DIAG_BIT(TS_DIAG_NOT_RTP);
        break;
    case TS_WIRE_DTLS:
        *kind = TS_PAYLOAD_DTLS;
        break;
    default:
        break;
    }
    return *kind != TS_PAYLOAD_OTHER || checked;
}

/* ---- what is known of it ---- */

static double
seconds_since(const packet_info *pinfo, const nstime_t *then)
{
    nstime_t delta;

    nstime_delta(&delta, &pinfo->abs_ts, then);
    return nstime_to_sec(&delta);
}

/* Consent (RFC 7675 as observed: checks go on during the call) and media by direction. */
static ts_diag_set
follow_consent(const packet_info *pinfo, ts_pair *pair, bool from_local)
{
    const unsigned direction = from_local ? 0 : 1;
    const unsigned other = 1 - direction;

    pair->has_media[direction] = true;
    pair->media_time[direction] = pinfo->abs_ts;
    if (pair->exchange_frame == 0 || pair->consent_lost || seconds_since(pinfo, &pair->exchange_time) <= CONSENT_SECONDS)
        return 0;
    if (pair->has_media[other] && seconds_since(pinfo, &pair->media_time[other]) <= CONSENT_SECONDS)
        return 0;
    pair->consent_lost = true;
    return TS_DIAG_BIT(TS_DIAG_CONSENT_LOST);
}

/* The pair of the path. What has nothing around it has the same one for its flow and direction for good. */
static ts_pair *
pair_of(packet_info *pinfo, const ts_demux_call *call, media_flow *flow, const ts_path *path, bool *from_local)
{
    if (call->outer != NULL || call->flow->relay_peers != NULL)
        return ts_pair_find(pinfo, call, path, false, from_local);

    const unsigned direction = ts_is_reverse(pinfo) ? 1 : 0;
    if (flow->plain[direction].pair == NULL)
        flow->plain[direction].pair = ts_pair_find(pinfo, call, path, false, &flow->plain[direction].from_local);
    *from_local = flow->plain[direction].from_local;
    return flow->plain[direction].pair;
}

static bool
is_clear(const packet_info *pinfo, media_flow *flow, ts_payload_kind kind)
{
    if (kind == TS_PAYLOAD_RTCP && flow->clear_since == 0)
        flow->clear_since = pinfo->num;
    return ts_since(flow->clear_since, pinfo);
}

/*
 * Two things that later passes cannot find again: that consent was lost here,
 * and what the pair became earlier in this same frame (TCP).
 */
typedef struct {
    const ts_pair_view *view;
    ts_diag_set diagnostics;
} kept_note;

static void
note_pair(packet_info *pinfo, uint32_t key, ts_pair *pair, bool from_local, ts_media_note *note)
{
    if (PINFO_FD_VISITED(pinfo)) {
        const kept_note *kept = (const kept_note *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams_stun, key);

        note->view = kept != NULL ? kept->view : ts_pair_before(pair, pinfo);
        note->diagnostics |= kept != NULL ? kept->diagnostics : 0;
    } else if (pair->view != NULL) {
        const ts_diag_set lost = follow_consent(pinfo, pair, from_local);

        note->view = pair->view;
        note->diagnostics |= lost;
        if (lost != 0 || pair->view->since == pinfo->num) {
            kept_note *kept = wmem_new0(wmem_file_scope(), kept_note);

            kept->view = pair->view;
            kept->diagnostics = lost;
            p_add_proto_data(wmem_file_scope(), pinfo, proto_teams_stun, key, kept);
        }
    }
    note->pair = note->view == NULL ? NULL : pair;
}

static void
make_note(tvbuff_t *tvb, packet_info *pinfo, const ts_demux_call *call, const ts_path *path, ts_media_note *note)
{
    media_flow *flow = flow_of(pinfo, call->flow);
    bool from_local = false;
    ts_pair *pair = pair_of(pinfo, call, flow, path, &from_local);

    if (pair != NULL)
        note_pair(pinfo, ts_payload_key(tvb, call), pair, from_local, note);
    if (note->pair != NULL) {
        note->dialect = note->view->dialect;
        note->setup_frame = pair->first_frame;
    } else {
        note->setup_frame = ts_since(call->flow->stun_since, pinfo) ? call->flow->stun_since : flow->since;
    }
    if (note->kind == TS_PAYLOAD_RTP)
        note->payload_type = ts_payload_type_find(tvb_get_uint8(tvb, 1) & 0x7F, note->dialect);
    note->modality = ts_modality_judge(pinfo, path, from_local, note->payload_type, note->pair == NULL ? 0 : pair->stream_type);
    if (note->modality.conflict != NULL)
        note->diagnostics |= TS_DIAG_BIT(TS_DIAG_MODALITY_CONFLICT);
    note->clear = is_clear(pinfo, flow, note->kind);
}

static void
leave_record(tvbuff_t *tvb, packet_info *pinfo, const ts_path *path, const ts_media_note *note)
{
    static const ts_media_kind kinds[] = { TS_MEDIA_RTP, TS_MEDIA_SRTCP, TS_MEDIA_SRTCP, TS_MEDIA_DTLS, TS_MEDIA_OTHER };
    ts_media_info *record = (ts_media_info *)ts_frame_info_add(pinfo, TS_INFO_MEDIA, sizeof *record);

    if (record == NULL)
        return;
    record->kind = (uint8_t)kinds[note->kind];
    record->pair = note->pair == NULL ? 0 : note->pair->number;
    record->allocation = path->server.addr.type != AT_NONE && note->pair != NULL ? note->pair->allocation : 0;
    record->multiplexed = path->multiplexed;
    record->tcp = path->tcp;
    record->payload_name = note->payload_type == NULL ? "" : note->payload_type->name;
    record->clock_rate = note->payload_type == NULL ? 0 : note->payload_type->clock_rate;
    record->length = (uint16_t)MIN(tvb_reported_length(tvb), UINT16_MAX);
    record->modality = (uint8_t)note->modality.modality;
    record->consent_lost = (note->diagnostics & TS_DIAG_BIT(TS_DIAG_CONSENT_LOST)) != 0;
    if (note->kind == TS_PAYLOAD_RTP) {
        record->payload_type = tvb_get_uint8(tvb, 1) & 0x7F;
        record->encrypted = !note->clear;
        record->sequence = tvb_get_ntohs(tvb, 2);
        record->timestamp = tvb_get_ntohl(tvb, 4);
        record->ssrc = tvb_get_ntohl(tvb, 8);
    } else if (note->kind == TS_PAYLOAD_SRTCP || note->kind == TS_PAYLOAD_RTCP) {
        record->payload_type = tvb_get_uint8(tvb, 1);
        record->ssrc = tvb_get_ntohl(tvb, 4);
    }
}

/* ---- one payload ---- */

/* Stock, where it may see the payload: SRTCP is never given to it. */
static void
hand_to_stock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_payload_kind kind)
{
    const dissector_handle_t handles[] = { rtp_handle, NULL, rtcp_handle, dtls_handle, NULL };

    ts_stock_call(handles[kind], tvb, pinfo, tree);
}

int
ts_media_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_demux_call *call)
{
    ts_media_note note = { .pair = NULL };

    if (!recognise(tvb, pinfo, call, &note.kind, &note.diagnostics))
        return 0;
    const ts_path path = ts_path_of(pinfo, call, NULL);

    make_note(tvb, pinfo, call, &path, &note);
    leave_record(tvb, pinfo, &path, &note);
    if (note.kind == TS_PAYLOAD_OTHER) {
        col_set_str(pinfo->cinfo, COL_PROTOCOL, "MS-ICE");
        col_add_fstr(pinfo->cinfo, COL_INFO, "Other payload, %u bytes", tvb_reported_length(tvb));
    }
    if (note.kind == TS_PAYLOAD_RTP)
        ts_rtp_info_set(tvb, pinfo, call->flow, &note);
    hand_to_stock(tvb, pinfo, tree, note.kind);
    ts_media_show(tvb, pinfo, tree, &note);
    return (int)tvb_reported_length(tvb);
}

void
ts_media_handoff(void)
{
    ts_rtp_info_handoff();
    rtp_handle = find_dissector("rtp");
    rtcp_handle = find_dissector("rtcp");
    dtls_handle = find_dissector("dtls");
}
