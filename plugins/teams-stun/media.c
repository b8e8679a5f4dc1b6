/* media.c
 * RTP, SRTCP and DTLS on checked pairs, told apart as RFC 7983 says
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RTP and DTLS go to stock. RTCP does too where it is not encrypted (every
 * header of the compound fits, to the last byte); of SRTCP only the first
 * header is in clear (RFC 3711 3.4), and only that is shown.
 *
 * Stock's rtp finds what it needs to know of a packet (names of dynamic
 * payload types, that the payload is encrypted) in a record on the frame,
 * which is set here before the call. Registering addresses with it
 * instead would pin it on ports that candidates share with STUN.
 */

#include "teams-stun.h"

#include <epan/dissectors/packet-rtp.h>
#include <wsutil/utf8_entities.h>

#define RTP_HEADER_LENGTH       12
#define RTP_EXTENSION_HEADER    4
#define RTP_ONE_BYTE_EXTENSION  0xBEDE  /* RFC 8285 4.2 */
#define RTCP_HEADER_LENGTH      8       /* with the sender's SSRC */
#define RTP_SETUP_METHOD        "MS-ICE"

/* How long media may flow one way without an answered check, seconds. */
#define CONSENT_SECONDS         5.0

static int hf_teams_stun_payload_name = -1;
static int hf_teams_stun_dialect = -1;
static int hf_teams_stun_header_extension = -1;
static int hf_teams_stun_rtcp_version = -1;
static int hf_teams_stun_rtcp_padding = -1;
static int hf_teams_stun_rtcp_count = -1;
static int hf_teams_stun_rtcp_type = -1;
static int hf_teams_stun_rtcp_length = -1;
static int hf_teams_stun_rtcp_ssrc = -1;
static int hf_teams_stun_payload = -1;

static int ett_media = -1;

static int proto_rtp = -1;
static dissector_handle_t rtp_handle;
static dissector_handle_t rtcp_handle;
static dissector_handle_t dtls_handle;

typedef enum { MEDIA_RTP, MEDIA_SRTCP, MEDIA_RTCP, MEDIA_DTLS, MEDIA_OTHER } media_kind;

/* As teams_stun.media has them. */
static const char *const media_names[] = { "rtp", "srtcp", "rtcp", "dtls", "other" };

/* What the first pass found out; shared by the frames of a stream while nothing changes. File scope. */
typedef struct {
    media_kind kind;
    uint32_t pair;
    ts_pair_state state;
    ts_candidate local_type;
    ts_candidate remote_type;
    ts_dialect dialect;
    const ts_payload_type *payload;
    ts_modality modality;
    const char *modality_evidence;
    const char *modality_conflict;
    uint32_t setup_frame;
    bool clear;                 /* not encrypted */
    uint16_t sequence_cycle;    /* of RTP: what extends the numbers in the packet */
    uint32_t timestamp_cycle;
    ts_diag_set diagnostics;
    const char *title;          /* texts of the above, made with the note that is kept */
    const char *payload_name;
    const char *payload_text;
    struct ws_rtp_packet_info rtp;
} media_note;

/* One direction of a flow and one SSRC (0 for what has none). File scope. */
typedef struct {
    const ts_flow *flow;
    uint32_t ssrc;
    bool reverse;               /* from the lower to the higher address, for what that matters */
    media_note *note;           /* of the last frame */
    uint32_t sequence;          /* extended */
    uint64_t timestamp;         /* extended */
} media_stream;

typedef struct {
    wmem_map_t *streams;
    wmem_map_t *clear_flows;    /* ts_flow -> first frame with RTCP in clear */
    rtp_dyn_payload_t *payloads[TS_DIALECT_TEAMS + 1];
} media_state;

static media_state *state;

void
ts_media_reset(void)
{
    state = NULL;
}

static unsigned
stream_hash(const void *key)
{
    const media_stream *stream = (const media_stream *)key;

    return g_direct_hash(stream->flow) * 31u + stream->ssrc * 2u + (stream->reverse ? 1u : 0u);
}

static gboolean
stream_equal(const void *a, const void *b)
{
    const media_stream *x = (const media_stream *)a;
    const media_stream *y = (const media_stream *)b;

    return x->flow == y->flow && x->ssrc == y->ssrc && x->reverse == y->reverse;
}

static media_state *
media(void)
{
    if (state == NULL) {
        state = wmem_new0(wmem_file_scope(), media_state);
        state->streams = wmem_map_new(wmem_file_scope(), stream_hash, stream_equal);
        state->clear_flows = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    }
    return state;
}

static media_stream *
stream_of(const packet_info *pinfo, const ts_flow *flow, uint32_t ssrc)
{
    const bool reverse = pinfo->srcport == pinfo->destport ? cmp_address(&pinfo->src, &pinfo->dst) > 0 : pinfo->srcport > pinfo->destport;
    const media_stream key = { .flow = flow, .ssrc = ssrc, .reverse = reverse };
    media_stream *stream = (media_stream *)wmem_map_lookup(media()->streams, &key);

    if (stream == NULL) {
        stream = wmem_new0(wmem_file_scope(), media_stream);
        *stream = key;
        wmem_map_insert(media()->streams, stream, stream);
    }
    return stream;
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
recognise(tvbuff_t *tvb, const packet_info *pinfo, const ts_front_call *call, media_kind *kind, ts_diag_set *diagnostics)
{
    const bool checked = ts_since(call->flow->stun_since, pinfo);

    *diagnostics = 0;
    *kind = MEDIA_OTHER;
    switch (call->wire.kind) {
    case TS_WIRE_RTP:
        if (rtp_header_fits(tvb))
            *kind = MEDIA_RTP;
        else
            *diagnostics = TS_DIAG_BIT(TS_DIAG_NOT_RTP);
        break;
    case TS_WIRE_RTCP:
        if (rtcp_header_fits(tvb))
            *kind = rtcp_is_clear(tvb) ? MEDIA_RTCP : MEDIA_SRTCP;
        else
            *diagnostics = TS_DIAG_BIT(TS_DIAG_NOT_RTP);
        break;
    case TS_WIRE_DTLS:
        *kind = MEDIA_DTLS;
        break;
    default:
        break;
    }
    return *kind != MEDIA_OTHER || checked;
}

static ts_dialect
dialect_of(const ts_pair *pair)
{
    if (pair == NULL || pair->version == 0)
        return TS_DIALECT_ANY;
    /* 7 was observed with Teams only, lower ones with Lync and Skype only. */
    return pair->version >= 7 ? TS_DIALECT_TEAMS : TS_DIALECT_LYNC;
}

/* ---- the first pass ---- */

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

static void
leave_record(tvbuff_t *tvb, packet_info *pinfo, const ts_path *path, const ts_pair *pair, const media_note *note)
{
    static const ts_media_kind kinds[] = { TS_MEDIA_RTP, TS_MEDIA_SRTCP, TS_MEDIA_SRTCP, TS_MEDIA_DTLS, TS_MEDIA_OTHER };
    ts_media_record *record = (ts_media_record *)ts_record_new(pinfo, TS_RECORD_MEDIA, sizeof *record);

    if (record == NULL)
        return;
    record->kind = (uint8_t)kinds[note->kind];
    record->pair = note->pair;
    record->allocation = path->server.addr.type != AT_NONE && pair != NULL ? pair->allocation : 0;
    record->multiplexed = path->multiplexed;
    record->tcp = path->tcp;
    record->payload_name = note->payload == NULL ? "" : note->payload->name;
    record->clock_rate = note->payload == NULL ? 0 : note->payload->clock_rate;
    record->length = (uint16_t)MIN(tvb_reported_length(tvb), UINT16_MAX);
    record->modality = (uint8_t)note->modality;
    if (note->kind == MEDIA_RTP) {
        record->payload_type = tvb_get_uint8(tvb, 1) & 0x7F;
        record->encrypted = !note->clear;
        record->sequence = tvb_get_ntohs(tvb, 2);
        record->timestamp = tvb_get_ntohl(tvb, 4);
        record->ssrc = tvb_get_ntohl(tvb, 8);
    } else if (note->kind == MEDIA_SRTCP || note->kind == MEDIA_RTCP) {
        record->payload_type = tvb_get_uint8(tvb, 1);
        record->ssrc = tvb_get_ntohl(tvb, 4);
    }
}

/* ---- what stock rtp is told ---- */

static rtp_dyn_payload_t *
dynamic_payloads(ts_dialect dialect)
{
    if (media()->payloads[dialect] == NULL) {
        rtp_dyn_payload_t *payloads = rtp_dyn_payload_new();

        for (unsigned number = 96; number < 128; number++) {
            const ts_payload_type *row = ts_payload_type_find((uint8_t)number, dialect);
            if (row != NULL)
                ws_rtp_dyn_payload_insert(payloads, number, row->name, (int)row->clock_rate, row->channels);
        }
        media()->payloads[dialect] = payloads;
    }
    return media()->payloads[dialect];
}

/* RFC 3550 A.1: the value nearest to the last one. Both begin one cycle up, so that they may step back. */
static void
extend(media_stream *stream, uint16_t sequence, uint32_t timestamp)
{
    if (stream->sequence == 0) {
        stream->sequence = UINT32_C(0x10000) + sequence;
        stream->timestamp = UINT64_C(0x100000000) + timestamp;
        return;
    }
    stream->sequence += (uint32_t)(int16_t)(sequence - (uint16_t)stream->sequence);
    stream->timestamp += (uint64_t)(int64_t)(int32_t)(timestamp - (uint32_t)stream->timestamp);
}

/* All but the packet's own numbers. */
static void
note_rtp_info(media_note *note)
{
    /* What follows the payload (tag, MKI) is not known without the key exchange. */
    static struct srtp_info encrypted;

    (void)g_strlcpy(note->rtp.method, RTP_SETUP_METHOD, sizeof note->rtp.method);
    note->rtp.frame_number = note->setup_frame;
    note->rtp.rtp_dyn_payload = dynamic_payloads(note->dialect);
    note->rtp.srtp_info = note->clear ? NULL : &encrypted;
}

/* The record that stock rtp looks for on the frame; one for all frames of a note, so each call sets the numbers. */
static void
set_rtp_info(tvbuff_t *tvb, packet_info *pinfo, media_note *note)
{
    if (proto_rtp <= 0)
        return;
    note->rtp.extended_seqno = (uint32_t)note->sequence_cycle << 16 | tvb_get_ntohs(tvb, 2);
    note->rtp.extended_timestamp = (uint64_t)note->timestamp_cycle << 32 | tvb_get_ntohl(tvb, 4);
    p_set_proto_data(wmem_file_scope(), pinfo, proto_rtp, WS_RTP_PACKET_INFO_KEY, &note->rtp);
}

static bool
same_note(const media_note *a, const media_note *b)
{
    return a->kind == b->kind && a->pair == b->pair && a->state == b->state && a->local_type == b->local_type &&
        a->remote_type == b->remote_type && a->dialect == b->dialect && a->payload == b->payload &&
        a->modality == b->modality && a->modality_evidence == b->modality_evidence &&
        a->modality_conflict == b->modality_conflict && a->setup_frame == b->setup_frame &&
        a->clear == b->clear && a->sequence_cycle == b->sequence_cycle && a->timestamp_cycle == b->timestamp_cycle &&
        a->diagnostics == b->diagnostics;
}

/* As in SDP: name, clock rate, and channels where there are several. File scope; "" for NULL. */
static const char *
payload_label(const ts_payload_type *payload)
{
    if (payload == NULL)
        return "";
    if (payload->channels > 1)
        return wmem_strdup_printf(wmem_file_scope(), "%s/%u/%u", payload->name, payload->clock_rate, payload->channels);
    return wmem_strdup_printf(wmem_file_scope(), "%s/%u", payload->name, payload->clock_rate);
}

/* Every frame of a stream has the same texts, so they are made once. */
static void
note_texts(media_note *note)
{
    wmem_strbuf_t *title = wmem_strbuf_new(wmem_file_scope(), "Microsoft ICE media, ");

    wmem_strbuf_append(title, media_names[note->kind]);
    if (note->modality != TS_MODALITY_UNKNOWN)
        wmem_strbuf_append_printf(title, ", %s by %s", ts_modality_name(note->modality), note->modality_evidence);
    note->payload_name = payload_label(note->payload);
    if (note->payload != NULL) {
        wmem_strbuf_append_printf(title, ", %s", note->payload_name);
        note->payload_text = wmem_strdup_printf(wmem_file_scope(), "Payload Name: %s (payload type %u, by convention; %s)",
            note->payload_name, note->payload->number, note->payload->source);
    }
    note->title = wmem_strbuf_finalize(title);
}

static media_note *
note_keep(media_stream *stream, const media_note *note)
{
    if (stream->note == NULL || !same_note(stream->note, note)) {
        stream->note = (media_note *)wmem_memdup(wmem_file_scope(), note, sizeof *note);
        note_texts(stream->note);
        if (note->kind == MEDIA_RTP)
            note_rtp_info(stream->note);
    }
    return stream->note;
}

static bool
flow_is_clear(const packet_info *pinfo, const ts_flow *flow, media_kind kind)
{
    if (kind == MEDIA_RTCP && !wmem_map_contains(media()->clear_flows, flow))
        wmem_map_insert(media()->clear_flows, flow, GUINT_TO_POINTER(pinfo->num));
    return wmem_map_contains(media()->clear_flows, flow);
}

static media_note *
note_new(tvbuff_t *tvb, packet_info *pinfo, const ts_front_call *call, media_kind kind, ts_diag_set diagnostics)
{
    const ts_path path = ts_path_of(pinfo, call, NULL);
    bool from_local = false;
    ts_pair *pair = ts_pair_find(pinfo, call, &path, false, &from_local);
    media_note note = { .kind = kind, .dialect = dialect_of(pair), .setup_frame = call->flow->stun_since };

    note.diagnostics = diagnostics;
    if (kind == MEDIA_RTP)
        note.payload = ts_payload_type_find(tvb_get_uint8(tvb, 1) & 0x7F, note.dialect);
    if (pair != NULL) {
        note.pair = pair->number;
        note.state = pair->state;
        note.local_type = pair->local_type;
        note.remote_type = pair->remote_type;
        note.setup_frame = pair->first_frame;
        note.diagnostics |= follow_consent(pinfo, pair, from_local);
    }
    if (note.setup_frame == 0)
        note.setup_frame = pinfo->num;
    const ts_modality_verdict verdict = ts_modality_judge(pinfo, &path, from_local, note.payload,
        pair == NULL ? 0 : pair->stream_type);
    note.modality = verdict.modality;
    note.modality_evidence = verdict.evidence;
    note.modality_conflict = verdict.conflict;
    if (verdict.conflict != NULL)
        note.diagnostics |= TS_DIAG_BIT(TS_DIAG_MODALITY_CONFLICT);
    note.clear = flow_is_clear(pinfo, call->flow, kind);

    media_stream *stream = stream_of(pinfo, call->flow, kind == MEDIA_RTP ? tvb_get_ntohl(tvb, 8) : 0);
    leave_record(tvb, pinfo, &path, pair, &note);
    if (kind == MEDIA_RTP) {
        extend(stream, tvb_get_ntohs(tvb, 2), tvb_get_ntohl(tvb, 4));
        note.sequence_cycle = (uint16_t)(stream->sequence >> 16);
        note.timestamp_cycle = (uint32_t)(stream->timestamp >> 32);
    }
    return note_keep(stream, &note);
}

/* ---- display ---- */

static const value_string rtcp_types[] = {
    { 192, "Full Intra-frame Request" }, { 193, "Negative Acknowledgement" },
    { 200, "Sender Report" }, { 201, "Receiver Report" }, { 202, "Source Description" }, { 203, "Goodbye" },
    { 204, "Application-defined" }, { 205, "Transport Feedback" }, { 206, "Payload-specific Feedback" },
    { 207, "Extended Report" },
    { 0, NULL }
};

static void
show_rtcp_header(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *root)
{
    const uint8_t type = tvb_get_uint8(tvb, 1);
    const char *name = val_to_str_const(type, rtcp_types, "RTCP");

    proto_tree_add_item(tree, hf_teams_stun_rtcp_version, tvb, 0, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_teams_stun_rtcp_padding, tvb, 0, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_teams_stun_rtcp_count, tvb, 0, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_teams_stun_rtcp_type, tvb, 1, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_teams_stun_rtcp_length, tvb, 2, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_teams_stun_rtcp_ssrc, tvb, 4, 4, ENC_BIG_ENDIAN);
    proto_item_append_text(root, ", %s", name);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "SRTCP");
    col_add_fstr(pinfo->cinfo, COL_INFO, "%s, SSRC=0x%08X, %u bytes, encrypted", name, tvb_get_ntohl(tvb, 4), tvb_reported_length(tvb));
}

/* Header extensions as Teams' SDP declares them (observed); RFC 8285 4.2 layout. */
static const value_string extension_names[] = {
    { 1, "abs-send-time" },
    { 3, "fast_bandwidth_feedback" },
    { 0, NULL }
};

static void
show_header_extension(tvbuff_t *tvb, proto_tree *tree, const ts_payload_type *payload _U_)
{
    const uint8_t first = tvb_get_uint8(tvb, 0);
    const int at = RTP_HEADER_LENGTH + (first & 0x0F) * 4;

    if ((first & 0x10) == 0 || !tvb_bytes_exist(tvb, at, RTP_EXTENSION_HEADER) ||
        tvb_get_ntohs(tvb, at) != RTP_ONE_BYTE_EXTENSION)
        return;
    const int end = at + RTP_EXTENSION_HEADER + tvb_get_ntohs(tvb, at + 2) * 4;
    for (int offset = at + RTP_EXTENSION_HEADER; offset < end && tvb_bytes_exist(tvb, offset, 1);) {
        const uint8_t header = tvb_get_uint8(tvb, offset);
        const unsigned id = header >> 4;
        const int length = (header & 0x0F) + 1;

        if (header == 0) {
            offset++;
            continue;
        }
        if (id == 15 || offset + 1 + length > end || !tvb_bytes_exist(tvb, offset + 1, length))
            return;
        proto_tree_add_string_format_value(tree, hf_teams_stun_header_extension, tvb, offset, 1 + length,
            val_to_str_const(id, extension_names, "unknown"), "%s (id %u, %d bytes)",
            val_to_str_const(id, extension_names, "unknown"), id, length);
        offset += 1 + length;
    }
}

static void
show_rtp(tvbuff_t *tvb, proto_tree *tree, const media_note *note)
{
    proto_item *item = note->payload == NULL ?
        proto_tree_add_string(tree, hf_teams_stun_payload_name, tvb, 1, 1, "") :
        proto_tree_add_string_format(tree, hf_teams_stun_payload_name, tvb, 1, 1, note->payload_name, "%s", note->payload_text);

    proto_item_set_generated(item);
    if (note->dialect != TS_DIALECT_ANY) {
        item = proto_tree_add_string(tree, hf_teams_stun_dialect, tvb, 0, 0, ts_dialect_name(note->dialect));
        proto_item_set_generated(item);
    }
    show_header_extension(tvb, tree, note->payload);
}

static int
call_stock(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    return handle == NULL ? 0 : call_dissector_only(handle, tvb, pinfo, tree, NULL);
}

/* Does stock take it? SRTCP is never given to it. */
static bool
hand_to_stock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, media_kind kind)
{
    const dissector_handle_t handles[] = { rtp_handle, NULL, rtcp_handle, dtls_handle, NULL };

    return call_stock(handles[kind], tvb, pinfo, tree) > 0;
}

static void
show_note(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const media_note *note)
{
    proto_item *root = proto_tree_add_protocol_format(tree, proto_teams_stun, tvb, 0, -1, "%s", note->title);
    proto_tree *sub = proto_item_add_subtree(root, ett_media);

    ts_show_media(tvb, sub, media_names[note->kind]);
    if (note->kind == MEDIA_RTP)
        show_rtp(tvb, sub, note);
    else if (note->kind == MEDIA_SRTCP)
        show_rtcp_header(tvb, pinfo, sub, root);
    else if (note->kind == MEDIA_OTHER)
        proto_tree_add_item(sub, hf_teams_stun_payload, tvb, 0, -1, ENC_NA);
    if (note->pair != 0)
        ts_show_pair(tvb, sub, note->pair, note->state, note->local_type, note->remote_type, NULL);

    for (unsigned diag = 0; diag < TS_DIAG_COUNT; diag++) {
        if (note->diagnostics & TS_DIAG_BIT(diag))
            ts_diag_add(pinfo, root, (ts_diag)diag, diag == TS_DIAG_MODALITY_CONFLICT ? note->modality_conflict : NULL);
    }
}

int
ts_media_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_front_call *call)
{
    const uint32_t key = ts_payload_key(tvb, call);
    media_note *note = (media_note *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams_stun, key);
    media_kind kind;
    ts_diag_set diagnostics;

    if (note == NULL && (PINFO_FD_VISITED(pinfo) || !recognise(tvb, pinfo, call, &kind, &diagnostics)))
        return 0;
    if (note == NULL) {
        note = note_new(tvb, pinfo, call, kind, diagnostics);
        p_add_proto_data(wmem_file_scope(), pinfo, proto_teams_stun, key, note);
    }

    if (note->kind == MEDIA_OTHER) {
        col_set_str(pinfo->cinfo, COL_PROTOCOL, "MS-ICE");
        col_add_fstr(pinfo->cinfo, COL_INFO, "Other payload, %u bytes", tvb_reported_length(tvb));
    }
    if (note->kind == MEDIA_RTP)
        set_rtp_info(tvb, pinfo, note);
    hand_to_stock(tvb, pinfo, tree, note->kind);
    show_note(tvb, pinfo, tree, note);
    return (int)tvb_reported_length(tvb);
}

/* ---- registration ---- */

void
ts_media_register(int proto)
{
    static hf_register_info hf[] = {
        { &hf_teams_stun_payload_name, { "Payload Name", "teams_stun.payload_name", FT_STRING, BASE_NONE, NULL, 0, "Codec and clock rate that Microsoft's clients use this payload type for; empty where unknown", HFILL } },
        { &hf_teams_stun_dialect, { "Dialect", "teams_stun.dialect", FT_STRING, BASE_NONE, NULL, 0, "Whose payload type numbers apply, by IMPLEMENTATION-VERSION of the checks", HFILL } },
        { &hf_teams_stun_header_extension, { "Header Extension", "teams_stun.header_extension", FT_STRING, BASE_NONE, NULL, 0, "Element of the RTP header extension, as Teams' SDP declares it (observed)", HFILL } },
        { &hf_teams_stun_rtcp_version, { "Version", "teams_stun.rtcp.version", FT_UINT8, BASE_DEC, NULL, 0xC0, "Version of RTCP, 2", HFILL } },
        { &hf_teams_stun_rtcp_padding, { "Padding", "teams_stun.rtcp.padding", FT_BOOLEAN, 8, NULL, 0x20, "Padding at the end of the encrypted part", HFILL } },
        { &hf_teams_stun_rtcp_count, { "Count or Format", "teams_stun.rtcp.count", FT_UINT8, BASE_DEC, NULL, 0x1F, "Number of reports, or format of a feedback message", HFILL } },
        { &hf_teams_stun_rtcp_type, { "Packet Type", "teams_stun.rtcp.type", FT_UINT8, BASE_DEC, VALS(rtcp_types), 0, "Type of the first packet of the compound; the rest is encrypted", HFILL } },
        { &hf_teams_stun_rtcp_length, { "Length", "teams_stun.rtcp.length", FT_UINT16, BASE_DEC, NULL, 0, "32-bit words of the first packet, less one", HFILL } },
        { &hf_teams_stun_rtcp_ssrc, { "Sender SSRC", "teams_stun.rtcp.ssrc", FT_UINT32, BASE_HEX, NULL, 0, "Synchronization source of the sender", HFILL } },
        { &hf_teams_stun_payload, { "Payload", "teams_stun.payload", FT_BYTES, BASE_NONE, NULL, 0, "Bytes that are none of STUN, RTP, RTCP and DTLS", HFILL } },
    };
    static int *ett[] = { &ett_media };

    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}

void
ts_media_handoff(void)
{
    proto_rtp = proto_get_id_by_filter_name("rtp");
    rtp_handle = find_dissector("rtp");
    rtcp_handle = find_dissector("rtcp");
    dtls_handle = find_dissector("dtls");
}
