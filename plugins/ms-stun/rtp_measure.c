/* rtp_measure.c
 * Loss, jitter and gap of a stream at each of its packets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All three hang on the packets before, and later passes see packets in any
 * order: so the first pass keeps a row of 16 bytes for each packet.
 */

#include "media.h"

#include "common/times.h"

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

static const measured_row *
row_at(const ts_rtp_measure *measure, unsigned index)
{
    return (const measured_row *)wmem_array_index(measure->rows, index);
}

/* The first row of the frame, or of the one after it. */
static unsigned
first_row_of(const ts_rtp_measure *measure, uint32_t frame)
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
find_row(const ts_rtp_measure *measure, uint32_t frame, uint16_t sequence)
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
gap_since(const ts_rtp_measure *measure, const packet_info *pinfo)
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
add_packet(ts_rtp_measure *measure, const packet_info *pinfo, uint16_t sequence, uint32_t timestamp, uint32_t clock_rate, uint32_t measured_clock)
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

ts_rtp_measured
ts_rtp_measure_packet(ts_rtp_measure *measure, const packet_info *pinfo, uint16_t sequence, uint32_t timestamp, uint32_t clock_rate,
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
