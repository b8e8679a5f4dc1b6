/* media_items.c
 * The items that media have beside what stock shows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>

#include "media.h"

#include "common/items.h"

#define RTP_HEADER_LENGTH       12
#define RTP_EXTENSION_HEADER    4
#define RTP_ONE_BYTE_EXTENSION  0xBEDE  /* RFC 8285 4.2 */

static int hf_teams_stun_payload_name = -1;
static int hf_teams_stun_dialect = -1;
static int hf_teams_stun_header_extension = -1;
static int hf_teams_stun_rtp_lost = -1;
static int hf_teams_stun_rtp_jitter = -1;
static int hf_teams_stun_rtp_gap = -1;
static int hf_teams_stun_rtcp_version = -1;
static int hf_teams_stun_rtcp_padding = -1;
static int hf_teams_stun_rtcp_count = -1;
static int hf_teams_stun_rtcp_type = -1;
static int hf_teams_stun_rtcp_length = -1;
static int hf_teams_stun_rtcp_ssrc = -1;
static int hf_teams_stun_payload = -1;
static int ett_media = -1;

/* As teams_stun.media has it. */
static const char *
kind_name(ts_media_kind kind)
{
    static const char *const names[TS_MEDIA_KIND_COUNT] = { "rtp", "srtcp", "rtcp", "dtls", "other" };

    return names[kind];
}

static const value_string rtcp_types[] = {
    { 192, "Full Intra-frame Request" }, { 193, "Negative Acknowledgement" },
    { 200, "Sender Report" }, { 201, "Receiver Report" }, { 202, "Source Description" }, { 203, "Goodbye" },
    { 204, "Application-defined" }, { 205, "Transport Feedback" }, { 206, "Payload-specific Feedback" },
    { 207, "Extended Report" },
    { 0, NULL }
};

static void
set_rtcp_columns(tvbuff_t *tvb, packet_info *pinfo, proto_item *root)
{
    const char *name = val_to_str_const(tvb_get_uint8(tvb, 1), rtcp_types, "RTCP");

    proto_item_append_text(root, ", %s", name);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "SRTCP");
    col_add_fstr(pinfo->cinfo, COL_INFO, "%s, SSRC=0x%08X, %u bytes, encrypted", name, tvb_get_ntohl(tvb, 4), tvb_reported_length(tvb));
}

static void
show_rtcp_header(tvbuff_t *tvb, proto_tree *tree)
{
    proto_tree_add_item(tree, hf_teams_stun_rtcp_version, tvb, 0, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_teams_stun_rtcp_padding, tvb, 0, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_teams_stun_rtcp_count, tvb, 0, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_teams_stun_rtcp_type, tvb, 1, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_teams_stun_rtcp_length, tvb, 2, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_teams_stun_rtcp_ssrc, tvb, 4, 4, ENC_BIG_ENDIAN);
}

/* Header extensions as Teams' SDP declares them (observed); RFC 8285 4.2 layout. */
static const value_string extension_names[] = {
    { 1, "abs-send-time" },
    { 3, "fast_bandwidth_feedback" },
    { 0, NULL }
};

static void
show_header_extension(tvbuff_t *tvb, proto_tree *tree)
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
        proto_tree_add_uint_format_value(tree, hf_teams_stun_header_extension, tvb, offset, 1 + length, id, "%s (id %u, %d bytes)",
            val_to_str_const(id, extension_names, "unknown"), id, length);
        offset += 1 + length;
    }
}

static void
show_measured(tvbuff_t *tvb, proto_tree *tree, const ts_rtp_measured *measured)
{
    if (!measured->known)
        return;
    proto_item *item = proto_tree_add_int(tree, hf_teams_stun_rtp_lost, tvb, 0, 0, measured->lost);

    proto_item_set_generated(item);
    /* A line less in nearly every packet; filters and graphs have the 0. */
    if (measured->lost == 0)
        proto_item_set_hidden(item);
    else if (measured->lost < 0)
        proto_item_append_text(item, " (comes late: it was counted as missing)");
    if (measured->has_jitter)
        proto_item_set_generated(proto_tree_add_double(tree, hf_teams_stun_rtp_jitter, tvb, 0, 0, measured->jitter));
    if (measured->has_gap)
        proto_item_set_generated(proto_tree_add_double(tree, hf_teams_stun_rtp_gap, tvb, 0, 0, measured->gap));
}

static void
show_rtp(tvbuff_t *tvb, proto_tree *tree, const ts_media_frame_data *frame_data)
{
    const ts_payload_type *row = frame_data->payload_type;
    proto_item *item = row == NULL ? proto_tree_add_string(tree, hf_teams_stun_payload_name, tvb, 1, 1, "") :
        proto_tree_add_string_format(tree, hf_teams_stun_payload_name, tvb, 1, 1, ts_payload_type_label(row), "%s",
            ts_payload_type_text(row));

    proto_item_set_generated(item);
    if (frame_data->dialect != TS_DIALECT_ANY)
        ts_add_text(tvb, tree, hf_teams_stun_dialect, ts_dialect_name(frame_data->dialect));
    show_measured(tvb, tree, &frame_data->measured);
    show_header_extension(tvb, tree);
}

/* Both ways of the streams of a call have their titles again and again. */
#define TITLES_KEPT 8

typedef struct {
    ts_media_kind kind;
    ts_modality modality;
    const char *evidence;
    const ts_payload_type *type;
    bool direct_routing;
    const char *text;           /* interned, as what it is made of: there are few */
} media_title;

static const char *
title_text(const media_title *title)
{
    const bool known = title->modality != TS_MODALITY_UNKNOWN;
    char text[160];

    snprintf(text, sizeof text, "%s media, %s%s%s%s%s%s%s", title->direct_routing ? "Direct Routing" : "Microsoft ICE",
        kind_name(title->kind),
        known ? ", " : "", known ? ts_modality_name(title->modality) : "",
        known ? " by " : "", known ? title->evidence : "",
        title->type == NULL ? "" : ", ", title->type == NULL ? "" : ts_payload_type_label(title->type));
    return g_intern_string(text);
}

static const char *
title_of(const ts_media_frame_data *frame_data)
{
    static media_title kept[TITLES_KEPT];
    media_title title = {
        .kind = frame_data->kind,
        .modality = frame_data->modality.modality,
        .evidence = frame_data->modality.evidence,
        .type = frame_data->payload_type,
        .direct_routing = frame_data->processor != TS_PROCESSOR_NONE,
    };
    media_title *slot = &kept[(GPOINTER_TO_SIZE(title.evidence) / 8 + GPOINTER_TO_SIZE(title.type) / sizeof *title.type) % TITLES_KEPT];

    if (slot->text == NULL || slot->kind != title.kind || slot->modality != title.modality || slot->evidence != title.evidence ||
        slot->type != title.type || slot->direct_routing != title.direct_routing) {
        title.text = title_text(&title);
        *slot = title;
    }
    return slot->text;
}

static void
show_fields(tvbuff_t *tvb, proto_tree *tree, const ts_media_frame_data *frame_data)
{
    ts_show_media(tvb, tree, kind_name(frame_data->kind));
    if (frame_data->kind == TS_MEDIA_RTP)
        show_rtp(tvb, tree, frame_data);
    else if (frame_data->kind == TS_MEDIA_SRTCP)
        show_rtcp_header(tvb, tree);
    else if (frame_data->kind == TS_MEDIA_OTHER)
        proto_tree_add_item(tree, hf_teams_stun_payload, tvb, 0, -1, ENC_NA);
    if (frame_data->pair != NULL)
        ts_show_pair(tvb, tree, frame_data->pair, frame_data->snapshot, NULL);
}

void
ts_media_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_media_frame_data *frame_data)
{
    proto_item *root = ts_add_protocol(tvb, tree, proto_teams_stun, -1, "", title_of(frame_data));
    /* Media are the bulk of a call: where nobody asks for a field below the item, none is made. */
    proto_tree *sub = proto_field_is_referenced(tree, proto_teams_stun) ? proto_item_add_subtree(root, ett_media) : NULL;

    if (frame_data->kind == TS_MEDIA_SRTCP)
        set_rtcp_columns(tvb, pinfo, root);
    if (sub != NULL)
        show_fields(tvb, sub, frame_data);

    for (unsigned diag = 0; frame_data->diagnostics >> diag != 0; diag++) {
        if (frame_data->diagnostics & TS_EXPERT_BIT(diag))
            ts_expert_add(&teams_stun_expert_table, diag, pinfo, root,
                diag == TEAMS_STUN_EXPERT_MODALITY_CONFLICT ? frame_data->modality.conflict : NULL);
    }
}

void
ts_media_items_register(int proto)
{
    static hf_register_info hf[] = {
        { &hf_teams_stun_payload_name, { "Payload Name", "teams_stun.payload_name", FT_STRING, BASE_NONE, NULL, 0, "Codec and clock rate that Microsoft's clients use this payload type for; empty where unknown", HFILL } },
        { &hf_teams_stun_dialect, { "Dialect", "teams_stun.dialect", FT_STRING, BASE_NONE, NULL, 0, "Whose payload type numbers apply, by IMPLEMENTATION-VERSION of the checks: 7 is of Teams and of Skype since 2018", HFILL } },
        { &hf_teams_stun_header_extension, { "Header Extension", "teams_stun.header_extension", FT_UINT8, BASE_DEC, VALS(extension_names), 0, "Element of the RTP header extension, as Teams' SDP declares it (observed)", HFILL } },
        { &hf_teams_stun_rtp_lost, { "Lost", "teams_stun.rtp.lost", FT_INT32, BASE_DEC, NULL, 0, "Packets of the stream that are missing before this one; -1 for one that comes late, since it was counted: the sum is what the stream has lost", HFILL } },
        { &hf_teams_stun_rtp_jitter, { "Jitter (ms)", "teams_stun.rtp.jitter", FT_DOUBLE, BASE_NONE, NULL, 0, "Interarrival jitter of the stream so far in milliseconds (RFC 3550 6.4.1); of packets that share a timestamp the first one counts; absent where the clock is not known", HFILL } },
        { &hf_teams_stun_rtp_gap, { "Gap (ms)", "teams_stun.rtp.gap", FT_DOUBLE, BASE_NONE, NULL, 0, "Milliseconds since the previous packet of the stream; absent after more than half an hour", HFILL } },
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
