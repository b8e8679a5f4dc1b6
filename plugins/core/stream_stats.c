/* stream_stats.c
 * Loss and jitter of an RTP stream, from its clear headers (RFC 3550 A.1, A.3, A.8)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/stream_stats.h"

/* RFC 3550 A.1: a larger step forward or back is a restart. */
#define MAX_DROPOUT 3000
#define MAX_MISORDER 100

#define WORD_BITS 64u           /* two of them are more than MAX_MISORDER */

/* Ticks from number to number differ within a stream, where nothing is sent for a time, but hardly by more than this. */
#define MAX_UNEVEN 8.0

typedef enum { FOLLOWS, AGAIN, FAR } place;

/* After a time without packets, what the next one is late by is no jitter: the sender made a pause, or the path did. */
#define PAUSE_SECONDS   1.0
/* What is late by so much comes after such a time; what else is, or is early, has another beginning of the sender's clock: a mixer that goes over to another speaker. */
#define CLOCK_SECONDS   PAUSE_SECONDS

static void
start(ts_stream_stats *stats, uint16_t sequence, uint32_t timestamp)
{
    stats->highest = sequence;
    stats->first_timestamp = stats->highest_timestamp = timestamp;
    stats->window[0] = 1;
    stats->window[1] = 0;
    stats->progress = 0;
    stats->may_restart = false;
}

static void
shift(uint64_t window[2], unsigned step)
{
    if (step < WORD_BITS) {     /* at least 1 */
        window[1] = window[1] << step | window[0] >> (WORD_BITS - step);
        window[0] <<= step;
        return;
    }
    window[1] = step < 2 * WORD_BITS ? window[0] << (step - WORD_BITS) : 0;
    window[0] = 0;
}

static void
go_forward(ts_stream_stats *stats, uint16_t step, uint32_t timestamp)
{
    shift(stats->window, step);
    stats->window[0] |= 1;
    stats->progress += step;
    stats->highest = (uint16_t)(stats->highest + step);
    stats->highest_timestamp = timestamp;
    stats->lost += step - 1u;
}

/* Late, a second time, or from before the first one. */
static place
look_back(ts_stream_stats *stats, uint16_t step)
{
    uint64_t *word = &stats->window[step / WORD_BITS];
    const uint64_t bit = UINT64_C(1) << step % WORD_BITS;

    if (step > stats->progress)
        return FOLLOWS;
    if ((*word & bit) != 0) {
        stats->duplicates++;
        return AGAIN;
    }
    if (stats->lost > 0)
        stats->lost--;
    *word |= bit;
    return FOLLOWS;
}

/*
 * Is it of numbers that are long over, and not the first one of a new beginning? As in a capture joined from two places whose clocks differ. Its
 * timestamp lies back about as far as its number does.
 */
static bool
is_over(const ts_stream_stats *stats, uint16_t back, uint32_t timestamp)
{
    const uint32_t ticks = stats->highest_timestamp - timestamp;
    const uint32_t all = stats->highest_timestamp - stats->first_timestamp;

    return back <= INT16_MAX && back <= stats->progress && ticks > 0 && (double)ticks * (double)stats->progress <= MAX_UNEVEN * back * all;
}

static place
add_sequence(ts_stream_stats *stats, uint16_t sequence, uint32_t timestamp)
{
    const uint16_t step = (uint16_t)(sequence - stats->highest);
    const uint16_t back = (uint16_t)(stats->highest - sequence);
    const bool is_next = stats->may_restart && sequence == stats->restart;

    stats->may_restart = false;
    if (stats->received++ == 0)
        start(stats, sequence, timestamp);
    else if (step < MAX_DROPOUT && step > 0)
        go_forward(stats, step, timestamp);
    else if (back <= MAX_MISORDER)
        return look_back(stats, back);
    else if (is_over(stats, back, timestamp)) {
        stats->duplicates++;
        return AGAIN;
    } else if (is_next)
        start(stats, sequence, timestamp);      /* two in a row are there: the sender began anew */
    else {
        stats->may_restart = true;
        stats->restart = (uint16_t)(sequence + 1);
        return FAR;
    }
    return FOLLOWS;
}

static void
add_estimate(ts_stream_stats *stats, double difference)
{
    stats->jitter += (difference - stats->jitter) / 16;
    stats->jitter_sum += stats->jitter;
    stats->jitter_count++;
    if (stats->jitter > stats->jitter_max)
        stats->jitter_max = stats->jitter;
}

static void
add_arrival(ts_stream_stats *stats, uint32_t timestamp, double arrival)
{
    const double now = arrival * stats->clock_rate;

    /* Packets of one video frame share their timestamp: the first one counts. */
    if (stats->has_arrival && timestamp == stats->last_timestamp)
        return;
    if (stats->has_arrival) {
        /* Timestamps wrap: take the step modulo 2^32. */
        const int32_t step = (int32_t)(timestamp - stats->last_timestamp);
        double difference = now - stats->arrival - step;

        if (difference < 0)
            difference = -difference;
        if (difference < CLOCK_SECONDS * stats->clock_rate)
            add_estimate(stats, difference);
    }
    stats->has_arrival = true;
    stats->arrival = now;
    stats->last_timestamp = timestamp;
}

void
ts_stream_stats_add(ts_stream_stats *stats, uint16_t sequence, uint32_t timestamp, uint32_t clock_rate, double arrival)
{
    const bool paused = arrival - stats->latest >= PAUSE_SECONDS;
    const place found = add_sequence(stats, sequence, timestamp);

    if (stats->clock_rate == 0)
        stats->clock_rate = clock_rate;
    stats->latest = arrival;
    if (found == AGAIN)
        return;
    if (paused || found == FAR)
        stats->has_arrival = false;
    if (found == FOLLOWS && stats->clock_rate != 0)
        add_arrival(stats, timestamp, arrival);
}

bool
ts_stream_stats_correct_clock(ts_stream_stats *stats, uint32_t clock_rate)
{
    if (stats->clock_rate == 0 || clock_rate == 0 || stats->clock_rate == clock_rate)
        return false;
    stats->clock_rate = clock_rate;
    stats->has_arrival = false;
    stats->jitter = stats->jitter_max = stats->jitter_sum = 0;
    stats->jitter_count = 0;
    return true;
}

uint64_t
ts_stream_stats_expected(const ts_stream_stats *stats)
{
    return stats->received - stats->duplicates + stats->lost;
}

uint64_t
ts_stream_stats_lost(const ts_stream_stats *stats)
{
    return stats->lost;
}

double
ts_stream_stats_loss(const ts_stream_stats *stats)
{
    const uint64_t expected = ts_stream_stats_expected(stats);

    return expected == 0 ? 0 : 100.0 * (double)ts_stream_stats_lost(stats) / (double)expected;
}

static double
milliseconds(const ts_stream_stats *stats, double ticks)
{
    return stats->clock_rate == 0 ? 0 : ticks * 1000.0 / stats->clock_rate;
}

double
ts_stream_stats_jitter(const ts_stream_stats *stats)
{
    return milliseconds(stats, stats->jitter);
}

double
ts_stream_stats_jitter_mean(const ts_stream_stats *stats)
{
    return stats->jitter_count == 0 ? 0 : milliseconds(stats, stats->jitter_sum / (double)stats->jitter_count);
}

double
ts_stream_stats_jitter_max(const ts_stream_stats *stats)
{
    return milliseconds(stats, stats->jitter_max);
}
