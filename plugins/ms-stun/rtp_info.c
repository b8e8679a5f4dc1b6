/* rtp_info.c
 * Streams of RTP: their numbers, clock and measures, and what stock rtp is told of a packet
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Stock finds the names of dynamic payload types, and that the payload is
 * encrypted, in proto data of the frame. It reads it during the call only, so
 * one set serves all frames, filled anew before each call. Registering
 * addresses with it instead would pin it on ports that candidates share with
 * STUN.
 *
 * Loss, jitter and gap at a packet hang on the packets before, and later passes
 * see packets in any order: so the first pass keeps a row of 16 bytes for each.
 */

#include "media.h"

#include <epan/dissectors/packet-rtp.h>

#include "common/times.h"

#define RTP_SETUP_METHOD    "MS-ICE"
#define RTP_SETUP_SBC       "Teams SBC" /* Direct Routing; there is room for 11 characters */

/* Streams of one flow whose numbers are extended; a flow with more sources is none of a client's. */
#define MAX_STREAMS         256

/* What extends the numbers in a packet, from some frame on. */
typedef struct {
    uint16_t sequence;
    uint32_t timestamp;
} rtp_cycles;

/* Timestamps that have to pass before the clock is known: each may be early or late by one, which is 6 % of so many. */
#define CLOCK_STEPS         16
#define CLOCK_TOLERANCE     0.1

#define MICROSECONDS    1e6
#define NO_GAP          INT32_MIN
#define NO_JITTER       UINT32_MAX

typedef struct {
    uint32_t frame;
    int32_t gap;                /* microseconds */
    uint32_t jitter;            /* microseconds */
    uint16_t sequence;          /* a frame of TCP holds several packets */
    int16_t lost;
} measured_row;

/* One stream. File scope; zeroed before the first packet. */
typedef struct {
    ts_stream_stats stats;
    nstime_t last_time;
    uint32_t first_frame;       /* of the stream's first packet, which has no row */
    uint16_t first_sequence;
    wmem_array_t *rows;         /* of its packets but the first, in order of frames; NULL: none yet */
} rtp_measure;

/* One SSRC in one direction of a flow. File scope. */
struct ts_rtp_stream {
    const ts_flow *flow;
    uint32_t ssrc;
    bool reverse;
    uint32_t sequence;          /* extended; 0 before the first packet */
    uint64_t timestamp;         /* extended */
    rtp_cycles cycles;          /* of the last packet of the first pass */
    wmem_tree_t *changes;       /* frame -> rtp_cycles; NULL while they are the first ones */
    nstime_t first_time;        /* with first_timestamp: where the clock is measured from */
    uint64_t first_timestamp;
    unsigned steps;             /* timestamps since then */
    uint32_t likely_clock;      /* Hz, by the latest CLOCK_STEPS of them alone; 0: none */
    uint32_t clock_rate;        /* Hz, measured; from clock_frame on */
    uint32_t clock_frame;       /* 0: not known yet */
    uint32_t conflict_frame;    /* where a conflict of its modality is told, 0: nowhere */
    rtp_measure measure;
};
typedef struct ts_rtp_stream rtp_stream;

typedef struct {
    wmem_map_t *streams;
    wmem_map_t *counts;         /* ts_flow -> how many streams it has */
    rtp_dyn_payload_t *payloads[TS_DIALECT_COUNT];
    rtp_dyn_payload_t *none;
    struct ws_rtp_packet_info info;
} rtp_state;

/* Both numbers begin one cycle up, so that they may step back. */
static const rtp_cycles first_cycles = { 1, 1 };

static rtp_state *state;
static int proto_rtp = -1;

void
ts_rtp_info_reset(void)
{
    state = NULL;       /* freed with the file scope */
}

void
ts_rtp_info_handoff(void)
{
    proto_rtp = proto_get_id_by_filter_name("rtp");
}

static unsigned
stream_hash(const void *key)
{
    const rtp_stream *stream = (const rtp_stream *)key;

    return g_direct_hash(stream->flow) * 31u + stream->ssrc * 2u + (stream->reverse ? 1u : 0u);
}

static gboolean
stream_equal(const void *a, const void *b)
{
    const rtp_stream *x = (const rtp_stream *)a;
    const rtp_stream *y = (const rtp_stream *)b;

    return x->flow == y->flow && x->ssrc == y->ssrc && x->reverse == y->reverse;
}

static rtp_state *
rtp(void)
{
    if (state == NULL) {
        state = wmem_new0(wmem_file_scope(), rtp_state);
        state->streams = wmem_map_new(wmem_file_scope(), stream_hash, stream_equal);
        state->counts = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    }
    return state;
}

bool
ts_is_reverse(const packet_info *pinfo)
{
    return pinfo->srcport == pinfo->destport ? cmp_address(&pinfo->src, &pinfo->dst) > 0 : pinfo->srcport > pinfo->destport;
}

/* NULL where the flow has too many. */
static rtp_stream *
stream_of(const packet_info *pinfo, const ts_flow *flow, uint32_t ssrc)
{
    const rtp_stream key = { .flow = flow, .ssrc = ssrc, .reverse = ts_is_reverse(pinfo), .cycles = first_cycles };
    rtp_stream *stream = (rtp_stream *)wmem_map_lookup(rtp()->streams, &key);

    if (stream != NULL || PINFO_FD_VISITED(pinfo))
        return stream;
    const unsigned count = GPOINTER_TO_UINT(wmem_map_lookup(rtp()->counts, flow));
    if (count >= MAX_STREAMS)
        return NULL;
    wmem_map_insert(rtp()->counts, flow, GUINT_TO_POINTER(count + 1));
    stream = (rtp_stream *)wmem_memdup(wmem_file_scope(), &key, sizeof key);
    wmem_map_insert(rtp()->streams, stream, stream);
    return stream;
}

/* RFC 3550 A.1: the value nearest to the last one. */
static void
extend(rtp_stream *stream, uint16_t sequence, uint32_t timestamp)
{
    if (stream->sequence == 0) {
        stream->sequence = ((uint32_t)first_cycles.sequence << 16) + sequence;
        stream->timestamp = ((uint64_t)first_cycles.timestamp << 32) + timestamp;
        return;
    }
    stream->sequence += (uint32_t)(int16_t)(sequence - (uint16_t)stream->sequence);
    stream->timestamp += (uint64_t)(int64_t)(int32_t)(timestamp - (uint32_t)stream->timestamp);
}

/* RFC 3551 and what clients were observed to use; everything but 90,000 is audio. */
static const uint32_t clock_rates[] = { 8000, 12000, 16000, 24000, 32000, 48000, 90000 };

/* 0: none that is near. */
static uint32_t
nearest_clock(double rate)
{
    for (size_t i = 0; i < G_N_ELEMENTS(clock_rates); i++) {
        const double off = rate / clock_rates[i] - 1;

        if (off > -CLOCK_TOLERANCE && off < CLOCK_TOLERANCE)
            return clock_rates[i];
    }
    return 0;
}

/*
 * Timestamps run with the clock of the codec, whatever the payload type is called. Where a stream begins, packets may have waited for each
 * other, or be held: another clock than that of the type counts where it is measured twice in a row.
 */
static void
measure_clock(const packet_info *pinfo, rtp_stream *stream, uint64_t previous, uint32_t named_clock)
{
    if (stream->clock_frame != 0)
        return;
    if (stream->first_timestamp == 0) {
        stream->first_timestamp = stream->timestamp;
        stream->first_time = pinfo->abs_ts;
        return;
    }
    if (stream->timestamp <= previous || ++stream->steps < CLOCK_STEPS)
        return;
    const double seconds = ts_seconds(&stream->first_time, &pinfo->abs_ts);
    const uint32_t clock = seconds <= 0 ? 0 : nearest_clock((double)(stream->timestamp - stream->first_timestamp) / seconds);

    if (clock != 0 && (clock == named_clock || clock == stream->likely_clock)) {
        stream->clock_rate = clock;
        stream->clock_frame = pinfo->num;
        return;
    }
    stream->likely_clock = clock;
    stream->first_timestamp = stream->timestamp;
    stream->first_time = pinfo->abs_ts;
    stream->steps = 0;
}

/* The first pass counts, and keeps where the cycles change. */
static void
follow(const packet_info *pinfo, rtp_stream *stream, uint16_t sequence, uint32_t timestamp, uint32_t named_clock)
{
    const uint64_t previous = stream->timestamp;

    extend(stream, sequence, timestamp);
    measure_clock(pinfo, stream, previous, named_clock);
    const rtp_cycles now = { (uint16_t)(stream->sequence >> 16), (uint32_t)(stream->timestamp >> 32) };

    if (now.sequence == stream->cycles.sequence && now.timestamp == stream->cycles.timestamp)
        return;
    stream->cycles = now;
    if (stream->changes == NULL)
        stream->changes = wmem_tree_new(wmem_file_scope());
    wmem_tree_insert32(stream->changes, pinfo->num, wmem_memdup(wmem_file_scope(), &now, sizeof now));
}

static const rtp_cycles *
cycles_at(const packet_info *pinfo, const rtp_stream *stream)
{
    if (stream == NULL || stream->changes == NULL)
        return &first_cycles;
    const rtp_cycles *found = (const rtp_cycles *)wmem_tree_lookup32_le(stream->changes, pinfo->num);

    return found != NULL ? found : &first_cycles;
}

/* ---- loss, jitter and gap of a stream at each of its packets ---- */

static const measured_row *
row_at(const rtp_measure *measure, unsigned index)
{
    return (const measured_row *)wmem_array_index(measure->rows, index);
}

/* The first row of the frame, or of the one after it. */
static unsigned
first_row_of(const rtp_measure *measure, uint32_t frame)
{
    unsigned low = 0;
    unsigned high = wmem_array_get_count(measure->rows);

    while (low < high) {
        const unsigned middle = low + (high - low) / 2;

        if (row_at(measure, middle)->frame < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const measured_row *
find_row(const rtp_measure *measure, uint32_t frame, uint16_t sequence)
{
    if (measure->rows == NULL)
        return NULL;
    const unsigned count = wmem_array_get_count(measure->rows);
    const measured_row *last = row_at(measure, count - 1);

    /* On the first pass it is all but always the last one, or none. */
    if (last->frame < frame)
        return NULL;
    if (last->frame == frame && last->sequence == sequence)
        return last;
    for (unsigned i = first_row_of(measure, frame); i < count && row_at(measure, i)->frame == frame; i++)
        if (row_at(measure, i)->sequence == sequence)
            return row_at(measure, i);
    return NULL;
}

static int32_t
gap_since(const rtp_measure *measure, const packet_info *pinfo)
{
    const double gap = ts_seconds(&measure->last_time, &pinfo->abs_ts) * MICROSECONDS;

    return gap > INT32_MIN && gap < INT32_MAX ? (int32_t)(gap < 0 ? gap - 0.5 : gap + 0.5) : NO_GAP;
}

static uint32_t
jitter_of(const ts_stream_stats *stats)
{
    const double jitter = ts_stream_stats_jitter(stats) * 1000;

    return stats->clock_rate != 0 && jitter < UINT32_MAX - 1.0 ? (uint32_t)(jitter + 0.5) : NO_JITTER;
}

/* First pass. */
static void
add_packet(rtp_measure *measure, const packet_info *pinfo, uint16_t sequence, uint32_t timestamp, uint32_t clock_rate, uint32_t measured_clock)
{
    const bool first = measure->stats.received == 0;
    const uint64_t lost = ts_stream_stats_lost(&measure->stats);
    measured_row row = { .frame = pinfo->num, .sequence = sequence };

    ts_stream_stats_correct_clock(&measure->stats, measured_clock);
    ts_stream_stats_add(&measure->stats, sequence, timestamp, clock_rate, nstime_to_sec(&pinfo->abs_ts));
    if (!first) {
        row.lost = (int16_t)((int64_t)ts_stream_stats_lost(&measure->stats) - (int64_t)lost);
        row.gap = gap_since(measure, pinfo);
        row.jitter = jitter_of(&measure->stats);
        if (measure->rows == NULL)
            measure->rows = wmem_array_new(wmem_file_scope(), sizeof row);
        wmem_array_append_one(measure->rows, row);
    } else {
        measure->first_frame = pinfo->num;
        measure->first_sequence = sequence;
    }
    measure->last_time = pinfo->abs_ts;
}

/* Hz, 0 where it is not known: by the payload type, and by the timestamps, which go before. */
static ts_rtp_measured
measure_packet(rtp_measure *measure, const packet_info *pinfo, uint16_t sequence, uint32_t timestamp, uint32_t clock_rate,
    uint32_t measured_clock)
{
    /* The same packet twice in one frame has one row, or as the stream's first none: every pass finds that. */
    const bool is_first = measure->stats.received > 0 && measure->first_frame == pinfo->num && measure->first_sequence == sequence;

    if (!PINFO_FD_VISITED(pinfo) && !is_first && find_row(measure, pinfo->num, sequence) == NULL)
        add_packet(measure, pinfo, sequence, timestamp, clock_rate, measured_clock);
    const measured_row *row = find_row(measure, pinfo->num, sequence);

    if (row == NULL)
        return (ts_rtp_measured){ .known = false };
    return (ts_rtp_measured){
        .known = true,
        .lost = row->lost,
        .has_jitter = row->jitter != NO_JITTER,
        .jitter = row->jitter / 1000.0,
        .has_gap = row->gap != NO_GAP,
        .gap = row->gap / 1000.0,
    };
}

/* ---- what stock is told ---- */

static rtp_dyn_payload_t *
no_payloads(void)
{
    if (rtp()->none == NULL)
        rtp()->none = rtp_dyn_payload_new();
    return rtp()->none;
}

static rtp_dyn_payload_t *
dynamic_payloads(ts_dialect dialect)
{
    if (rtp()->payloads[dialect] == NULL) {
        rtp_dyn_payload_t *payloads = rtp_dyn_payload_new();

        for (unsigned number = 96; number < 128; number++) {
            const ts_payload_type *row = ts_payload_type_find((uint8_t)number, dialect);
            if (row != NULL)
                ws_rtp_dyn_payload_insert(payloads, number, row->name, (int)row->clock_rate, row->channels);
        }
        rtp()->payloads[dialect] = payloads;
    }
    return rtp()->payloads[dialect];
}

ts_rtp_stream *
ts_rtp_stream_follow(tvbuff_t *tvb, packet_info *pinfo, const ts_flow *flow, uint32_t named_clock)
{
    rtp_stream *stream = stream_of(pinfo, flow, tvb_get_ntohl(tvb, 8));

    if (stream != NULL && !PINFO_FD_VISITED(pinfo))
        follow(pinfo, stream, tvb_get_ntohs(tvb, 2), tvb_get_ntohl(tvb, 4), named_clock);
    return stream;
}

uint32_t
ts_rtp_stream_clock(const ts_rtp_stream *stream, const packet_info *pinfo)
{
    return stream != NULL && ts_is_reached(stream->clock_frame, pinfo) ? stream->clock_rate : 0;
}

ts_rtp_measured
ts_rtp_stream_measure(ts_rtp_stream *stream, tvbuff_t *tvb, const packet_info *pinfo, uint32_t clock_rate)
{
    if (stream == NULL)
        return (ts_rtp_measured){ .known = false };
    return measure_packet(&stream->measure, pinfo, tvb_get_ntohs(tvb, 2), tvb_get_ntohl(tvb, 4), clock_rate,
        ts_rtp_stream_clock(stream, pinfo));
}

uint32_t *
ts_rtp_stream_conflict(ts_rtp_stream *stream)
{
    return &stream->conflict_frame;
}

void
ts_rtp_info_set(tvbuff_t *tvb, packet_info *pinfo, const ts_rtp_stream *stream, const ts_media_frame_data *frame_data)
{
    /* What follows the payload (tag, MKI) is not known without the key exchange. */
    static struct srtp_info encrypted;

    if (proto_rtp <= 0)
        return;
    const uint16_t sequence = tvb_get_ntohs(tvb, 2);
    const uint32_t timestamp = tvb_get_ntohl(tvb, 4);
    const rtp_cycles *cycles = cycles_at(pinfo, stream);
    struct ws_rtp_packet_info *info = &rtp()->info;

    (void)g_strlcpy(info->method, frame_data->processor != TS_PROCESSOR_NONE ? RTP_SETUP_SBC : RTP_SETUP_METHOD, sizeof info->method);
    info->frame_number = frame_data->setup_frame;
    /* Stock looks for the type in it, and finds no name of one whose clock does not fit. */
    info->rtp_dyn_payload = frame_data->payload_type == NULL ? no_payloads() : dynamic_payloads(frame_data->dialect);
    info->srtp_info = frame_data->clear ? NULL : &encrypted;
    info->extended_seqno = (uint32_t)cycles->sequence << 16 | sequence;
    info->extended_timestamp = (uint64_t)cycles->timestamp << 32 | timestamp;
    p_set_proto_data(wmem_file_scope(), pinfo, proto_rtp, WS_RTP_PACKET_INFO_KEY, info);
}
