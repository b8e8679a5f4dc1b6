/* media.h
 * Payloads of conversations that carry checks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-RTP], RFC 7983. What no document says is called "observed"
 * where it is shown.
 */

#ifndef TEAMSHARK_MS_STUN_MEDIA_H
#define TEAMSHARK_MS_STUN_MEDIA_H

#include "direct_routing.h"
#include "pairs.h"

#include "core/stream_stats.h"

/* ---- payload_types.c, modality.c ---- */

typedef struct {
    uint8_t number;             /* RTP payload type */
    const char *name;           /* as SDP writes it */
    uint32_t clock_rate;        /* Hz */
    uint8_t channels;
    ts_dialect dialect;
    ts_modality modality;       /* unknown where the number says nothing of it */
    const char *source;
} ts_payload_type;

const char *ts_dialect_name(ts_dialect dialect);
/* The row of a payload type; with TS_DIALECT_ANY only where all dialects agree. NULL: none. */
const ts_payload_type *ts_payload_type_find(uint8_t number, ts_dialect dialect);
/* Once, before the others. */
void ts_payload_types_init(void);
/* Does it stand in streams of other codecs, with their clock: noise, tones, redundancy? */
bool ts_payload_type_is_guest(const ts_payload_type *row);
/* As in SDP: "SILK/16000", with channels where there are several. */
const char *ts_payload_type_label(const ts_payload_type *row);
/* The same with number and source. */
const char *ts_payload_type_text(const ts_payload_type *row);

typedef struct ts_rtp_stream ts_rtp_stream;

/* RTP timestamps of video and shared screens run with this clock, those of audio with a slower one. */
#define TS_VIDEO_CLOCK 90000

/* What a flow carries, by the strongest evidence there is. */
typedef struct {
    ts_modality modality;
    const char *evidence;       /* "server port 3479"; static; "" with unknown */
    const char *conflict;       /* what contradicts it, static; NULL: nothing */
} ts_modality_result;

/* What speaks for itself in a payload: the row of its type, and its clock as measured. */
typedef struct {
    const ts_payload_type *type;    /* NULL: no row that fits the clock */
    uint32_t clock_rate;            /* 0: not measured */
    bool direct_routing;            /* no client of Teams: the ports say nothing, and calls are audio */
    ts_modality of_flow;            /* what all RTP of the flow is, where this payload is none; else unknown */
    bool no_audio;                  /* video or a shared screen: by its clock, or by that of the RTP of its flow */
} ts_modality_payload;

ts_modality_result ts_modality_find(const packet_info *pinfo, const ts_path *path, bool from_local, const ts_modality_payload *payload,
    uint16_t stream_type);

/* What one packet says of its stream. */
typedef struct {
    bool known;                 /* false for the first packet: nothing was before it */
    int32_t lost;               /* missing before it; -1: it comes late */
    bool has_jitter;            /* the clock is known */
    double jitter;              /* milliseconds */
    bool has_gap;               /* not for more than half an hour */
    double gap;                 /* milliseconds; negative where frames are not in order of time */
} ts_rtp_measured;

/* What is known of one payload, the same on every pass. Packet scope. */
typedef struct {
    ts_media_kind kind;
    const ts_pair *pair;                    /* NULL: no check seen before */
    const ts_pair_snapshot *snapshot;       /* of the pair */
    ts_dialect dialect;
    const ts_payload_type *payload_type;    /* of RTP; NULL: no row */
    ts_modality_result modality;
    bool no_audio;                          /* whatever the ports say */
    ts_rtp_stream *stream;                  /* of RTP; NULL: none, or too many */
    ts_rtp_measured measured;               /* of RTP */
    uint32_t setup_frame;
    bool clear;                             /* not encrypted */
    ts_processor_end processor;             /* of Direct Routing */
    uint64_t diagnostics;
} ts_media_frame_data;

/* ---- media_items.c ---- */

void ts_media_items_register(int proto);
void ts_media_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_media_frame_data *frame_data);

/* ---- rtp_info.c ---- */

void ts_rtp_info_handoff(void);
/* The stream of the packet; NULL where its flow has too many. Once for each packet, on every pass; named_clock is that of its payload type, 0 unknown. */
ts_rtp_stream *ts_rtp_stream_follow(tvbuff_t *tvb, packet_info *pinfo, const ts_flow *flow, uint32_t named_clock);
/* Its clock in Hz by its timestamps, where they have told it by this frame; else 0. */
uint32_t ts_rtp_stream_clock(const ts_rtp_stream *stream, const packet_info *pinfo);
/* What the packet says of its stream (stream may be NULL). Once for each packet, on every pass; clock_rate 0 where unknown. */
ts_rtp_measured ts_rtp_stream_measure(ts_rtp_stream *stream, tvbuff_t *tvb, const packet_info *pinfo, uint32_t clock_rate);
/* Where a conflict of its modality is told; 0: nowhere yet. */
uint32_t *ts_rtp_stream_conflict(ts_rtp_stream *stream);
/* Tells stock rtp what it cannot know of the packet; before the call, on every pass. */
void ts_rtp_info_set(tvbuff_t *tvb, packet_info *pinfo, const ts_rtp_stream *stream, const ts_media_frame_data *frame_data);
/* From the lower to the higher port: which of its two directions a packet of a flow goes. */
bool ts_is_reverse(const packet_info *pinfo);

/* ---- media.c ---- */

void ts_media_handoff(void);
int ts_media_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_demux_call *call);
/* Per-capture state begins anew with each file. */
void ts_rtp_info_reset(void);

#endif /* TEAMSHARK_MS_STUN_MEDIA_H */
