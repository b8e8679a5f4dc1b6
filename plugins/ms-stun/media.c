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

#include "media.h"

#define RTP_HEADER_LENGTH       12
#define RTP_EXTENSION_HEADER    4
#define RTCP_HEADER_LENGTH      8       /* with the sender's SSRC */
#define COOKIE_END              (TS_STUN_HEADER_LENGTH + 8u)    /* of an MS-TURN message: what is shorter may be one */

static dissector_handle_t rtp_handle;
static dissector_handle_t rtcp_handle;
static dissector_handle_t dtls_handle;

/* What media has shown of a flow. File scope. */
typedef struct {
    uint32_t first_frame;             /* first frame with media */
    uint32_t clear_frame;       /* first frame with RTCP in clear, 0: none */
    ts_modality rtp_modality;   /* that the payload types of RTP speak for, from rtp_frame on */
    uint32_t rtp_frame;
    uint32_t mixed_frame;       /* from which on they speak for several, 0: never */
    uint32_t no_audio_frame;    /* the first RTP that is video or a shared screen, of which it is not known; 0: none */
    uint32_t conflict_frame;    /* where a conflict of what is no RTP is told */
    struct {
        ts_pair *pair;          /* found before for what has nothing around it; NULL: not yet */
        bool from_local;
    } plain[2];                 /* by direction */
} media_flow;

static wmem_map_t *flows;       /* ts_flow -> media_flow */

static media_flow *
flow_of(const packet_info *pinfo, const ts_flow *flow)
{
    if (flows == NULL)
        flows = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
    media_flow *found = (media_flow *)wmem_map_lookup(flows, flow);

    if (found == NULL) {
        found = wmem_new0(wmem_file_scope(), media_flow);
        found->first_frame = pinfo->num;
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

/* Too little of it is in the capture to tell what it is. */
static bool
is_cut(tvbuff_t *tvb, ts_payload_kind kind)
{
    return tvb_captured_length(tvb) < (kind == TS_PAYLOAD_OTHER ? COOKIE_END : RTP_HEADER_LENGTH) && tvb_captured_length(tvb) < tvb_reported_length(tvb);
}

/* False: not media that may be claimed. */
static bool
recognise(tvbuff_t *tvb, const packet_info *pinfo, const ts_demux_call *call, ts_media_kind *kind, uint64_t *diagnostics)
{
    const bool checked = ts_is_reached(call->flow->stun_frame, pinfo);

    *diagnostics = 0;
    *kind = TS_MEDIA_OTHER;
    switch (call->payload.kind) {
    case TS_PAYLOAD_RTP:
        if (rtp_header_fits(tvb))
            *kind = TS_MEDIA_RTP;
        else
            *diagnostics = TS_EXPERT_BIT(TEAMS_STUN_EXPERT_NOT_RTP);
        break;
    case TS_PAYLOAD_RTCP:
        if (rtcp_header_fits(tvb))
            *kind = rtcp_is_clear(tvb) ? TS_MEDIA_RTCP : TS_MEDIA_SRTCP;
        else
            *diagnostics = TS_EXPERT_BIT(TEAMS_STUN_EXPERT_NOT_RTP);
        break;
    case TS_PAYLOAD_DTLS:
        *kind = TS_MEDIA_DTLS;
        break;
    default:
        break;
    }
    if (*kind == TS_MEDIA_OTHER && is_cut(tvb, call->payload.kind))
        *diagnostics = 0;
    return *kind != TS_MEDIA_OTHER || (checked && !is_cut(tvb, call->payload.kind));
}

/* ---- what is known of it ---- */

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
is_clear(const packet_info *pinfo, media_flow *flow, ts_media_kind kind)
{
    if (kind == TS_MEDIA_RTCP && flow->clear_frame == 0)
        flow->clear_frame = pinfo->num;
    return ts_is_reached(flow->clear_frame, pinfo);
}

static uint64_t
consent_change(const packet_info *pinfo, const ts_pair *pair, bool from_local, ts_media_kind kind)
{
    switch (ts_consent_media(pinfo, pair, from_local, kind)) {
    case TS_CONSENT_LOST:
        return TS_EXPERT_BIT(TEAMS_STUN_EXPERT_CONSENT_LOST);
    case TS_CONSENT_BACK:
        return TS_EXPERT_BIT(TEAMS_STUN_EXPERT_CONSENT_BACK);
    default:
        return 0;
    }
}

/*
 * Two things that later passes cannot find again: that consent was lost or is
 * back here, and what the pair became earlier in this same frame (TCP).
 */
typedef struct {
    const ts_pair_snapshot *snapshot;
    uint64_t diagnostics;
} kept_frame_data;

static void
find_pair_state(packet_info *pinfo, uint32_t key, ts_pair *pair, bool from_local, ts_media_frame_data *frame_data)
{
    if (PINFO_FD_VISITED(pinfo)) {
        const kept_frame_data *kept = (const kept_frame_data *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams_stun, key);

        frame_data->snapshot = kept != NULL ? kept->snapshot : ts_pair_before(pair, pinfo);
        frame_data->diagnostics |= kept != NULL ? kept->diagnostics : 0;
    } else if (pair->snapshot != NULL) {
        const uint64_t change = consent_change(pinfo, pair, from_local, frame_data->kind);

        frame_data->snapshot = pair->snapshot;
        frame_data->diagnostics |= change;
        if (change != 0 || pair->snapshot->first_frame == pinfo->num) {
            kept_frame_data *kept = wmem_new0(wmem_file_scope(), kept_frame_data);

            kept->snapshot = pair->snapshot;
            kept->diagnostics = change;
            p_add_proto_data(wmem_file_scope(), pinfo, proto_teams_stun, key, kept);
        }
    }
    frame_data->pair = frame_data->snapshot == NULL ? NULL : pair;
}

/* Video and shared screens have this clock, no audio has. */
static bool
is_no_audio(const ts_payload_type *type, uint32_t measured)
{
    return type == NULL ? measured == TS_VIDEO_CLOCK : type->modality == TS_MODALITY_UNKNOWN && type->clock_rate == TS_VIDEO_CLOCK;
}

/* What the RTP of a flow speaks for, told also of what is no RTP beside it. First pass only. */
static void
follow_rtp_modality(const packet_info *pinfo, media_flow *flow, const ts_payload_type *type, ts_modality modality, bool no_audio)
{
    if (PINFO_FD_VISITED(pinfo))
        return;
    if (no_audio && flow->no_audio_frame == 0)
        flow->no_audio_frame = pinfo->num;
    if (type == NULL || type->modality == TS_MODALITY_UNKNOWN || type->modality != modality)
        return;
    if (flow->rtp_frame == 0) {
        flow->rtp_frame = pinfo->num;
        flow->rtp_modality = modality;
    } else if (flow->rtp_modality != modality && flow->mixed_frame == 0) {
        flow->mixed_frame = pinfo->num;
    }
}

/* A codec has its clock: with another one the type stands for another codec in this call, as numbers of browsers do. */
static bool
clock_fits(const ts_payload_type *type, uint32_t measured)
{
    if (type == NULL || measured == 0 || type->clock_rate == measured)
        return true;
    return ts_payload_type_is_guest(type) && measured < TS_VIDEO_CLOCK;
}

static void
find_modality(const packet_info *pinfo, const ts_path *path, bool from_local, media_flow *flow, const ts_pair *pair,
    ts_media_frame_data *frame_data)
{
    const bool rtp = frame_data->kind == TS_MEDIA_RTP;
    const bool by_flow = !rtp && ts_is_reached(flow->rtp_frame, pinfo) && !ts_is_reached(flow->mixed_frame, pinfo);
    const uint32_t clock_rate = ts_rtp_stream_clock(frame_data->stream, pinfo);
    uint32_t *conflict_frame = frame_data->stream != NULL ? ts_rtp_stream_conflict(frame_data->stream) : &flow->conflict_frame;
    const ts_modality_payload payload = {
        .type = frame_data->payload_type,
        .clock_rate = clock_rate,
        .direct_routing = frame_data->processor != TS_PROCESSOR_NONE,
        .of_flow = by_flow ? flow->rtp_modality : TS_MODALITY_UNKNOWN,
        .no_audio = rtp ? is_no_audio(frame_data->payload_type, clock_rate) : !by_flow && ts_is_reached(flow->no_audio_frame, pinfo),
    };

    frame_data->modality = ts_modality_find(pinfo, path, from_local, &payload, frame_data->pair == NULL ? 0 : pair->stream_type);
    if (rtp)
        follow_rtp_modality(pinfo, flow, frame_data->payload_type, frame_data->modality.modality, payload.no_audio);
    frame_data->no_audio = payload.no_audio;
    /* What is no RTP repeats what was told of the RTP beside it. */
    if (frame_data->modality.conflict == NULL || by_flow || (!rtp && payload.no_audio))
        return;
    if (*conflict_frame == 0 && !PINFO_FD_VISITED(pinfo))
        *conflict_frame = pinfo->num;
    if (*conflict_frame == pinfo->num)
        frame_data->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_MODALITY_CONFLICT);
}

static void
find_frame_data(tvbuff_t *tvb, packet_info *pinfo, const ts_demux_call *call, const ts_path *path, ts_media_frame_data *frame_data)
{
    media_flow *flow = flow_of(pinfo, call->flow);
    frame_data->processor = call->outer != NULL ? TS_PROCESSOR_NONE :
        ts_direct_routing_follow(pinfo, call->flow, frame_data->kind == TS_MEDIA_RTP);
    bool from_local = false;
    ts_pair *pair = pair_of(pinfo, call, flow, path, &from_local);

    if (pair == NULL && !PINFO_FD_VISITED(pinfo))
        ts_consent_media_beside(pinfo, path, frame_data->kind);
    if (pair != NULL)
        find_pair_state(pinfo, ts_frame_data_key(tvb, call), pair, from_local, frame_data);
    if (frame_data->pair != NULL) {
        frame_data->dialect = frame_data->snapshot->dialect;
        frame_data->setup_frame = pair->first_frame;
    } else {
        frame_data->setup_frame = ts_is_reached(call->flow->stun_frame, pinfo) ? call->flow->stun_frame : flow->first_frame;
    }
    if (frame_data->kind == TS_MEDIA_RTP) {
        frame_data->payload_type = ts_payload_type_find(tvb_get_uint8(tvb, 1) & 0x7F, frame_data->dialect);
        frame_data->stream = ts_rtp_stream_follow(tvb, pinfo, call->flow, frame_data->payload_type == NULL ? 0 : frame_data->payload_type->clock_rate);
        if (!clock_fits(frame_data->payload_type, ts_rtp_stream_clock(frame_data->stream, pinfo)))
            frame_data->payload_type = NULL;
        frame_data->measured = ts_rtp_stream_measure(frame_data->stream, tvb, pinfo,
            frame_data->payload_type == NULL ? 0 : frame_data->payload_type->clock_rate);
    }
    find_modality(pinfo, path, from_local, flow, pair, frame_data);
    frame_data->clear = is_clear(pinfo, flow, frame_data->kind);
}

static void
attach_info(tvbuff_t *tvb, packet_info *pinfo, const ts_path *path, const ts_media_frame_data *frame_data)
{
    ts_media_info *info = (ts_media_info *)ts_frame_info_add(pinfo, TS_INFO_MEDIA, sizeof *info);

    if (info == NULL)
        return;
    info->kind = (uint8_t)frame_data->kind;
    info->pair = frame_data->pair == NULL ? 0 : frame_data->pair->number;
    info->allocation = path->server.addr.type != AT_NONE && frame_data->pair != NULL ? frame_data->pair->allocation : 0;
    info->multiplexed = path->multiplexed;
    info->direct_routing = frame_data->processor != TS_PROCESSOR_NONE;
    info->to_processor = frame_data->processor == TS_PROCESSOR_DESTINATION;
    info->tcp = path->tcp;
    info->payload_name = frame_data->payload_type == NULL ? "" : frame_data->payload_type->name;
    info->clock_rate = frame_data->payload_type == NULL ? 0 : frame_data->payload_type->clock_rate;
    info->measured_clock = ts_rtp_stream_clock(frame_data->stream, pinfo);
    info->length = (uint16_t)MIN(tvb_reported_length(tvb), UINT16_MAX);
    info->modality = (uint8_t)frame_data->modality.modality;
    info->no_audio = frame_data->no_audio;
    info->consent_back = (frame_data->diagnostics & TS_EXPERT_BIT(TEAMS_STUN_EXPERT_CONSENT_BACK)) != 0;
    info->consent_lost = (frame_data->diagnostics & TS_EXPERT_BIT(TEAMS_STUN_EXPERT_CONSENT_LOST)) != 0;
    if (frame_data->kind == TS_MEDIA_RTP) {
        info->payload_type = tvb_get_uint8(tvb, 1) & 0x7F;
        info->encrypted = !frame_data->clear;
        info->sequence = tvb_get_ntohs(tvb, 2);
        info->timestamp = tvb_get_ntohl(tvb, 4);
        info->ssrc = tvb_get_ntohl(tvb, 8);
    } else if (frame_data->kind == TS_MEDIA_SRTCP || frame_data->kind == TS_MEDIA_RTCP) {
        info->payload_type = tvb_get_uint8(tvb, 1);
        info->ssrc = tvb_get_ntohl(tvb, 4);
    }
}

/* ---- one payload ---- */

/* Stock, where it may see the payload: SRTCP is never given to it. */
static void
hand_to_stock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_media_kind kind)
{
    const dissector_handle_t handles[] = { rtp_handle, NULL, rtcp_handle, dtls_handle, NULL };

    ts_stock_call(handles[kind], tvb, pinfo, tree);
}

int
ts_media_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_demux_call *call)
{
    ts_media_frame_data frame_data = { .pair = NULL };

    if (!recognise(tvb, pinfo, call, &frame_data.kind, &frame_data.diagnostics))
        return 0;
    const ts_path path = ts_path_of(pinfo, call, NULL);

    find_frame_data(tvb, pinfo, call, &path, &frame_data);
    attach_info(tvb, pinfo, &path, &frame_data);
    if (frame_data.kind == TS_MEDIA_OTHER) {
        col_set_str(pinfo->cinfo, COL_PROTOCOL, "MS-ICE");
        col_add_fstr(pinfo->cinfo, COL_INFO, "Other payload, %u bytes", tvb_reported_length(tvb));
    }
    if (frame_data.kind == TS_MEDIA_RTP)
        ts_rtp_info_set(tvb, pinfo, frame_data.stream, &frame_data);
    hand_to_stock(tvb, pinfo, tree, frame_data.kind);
    ts_media_show(tvb, pinfo, tree, &frame_data);
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
