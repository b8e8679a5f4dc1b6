/* stream_stats.c
 * Loss and jitter of an RTP stream, from its clear headers (RFC 3550 A.1, A.3, A.8)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/stream_stats.h"

/* RFC 3550 A.1: a larger step forward or back is a restart. */
#define MAX_DROPOUT 3000
#define MAX_MISORDER 100

#define WINDOW_BITS 64

/* After a time without packets, what the next one is late by is no jitter: the sender made a pause, or the path did. */
#define PAUSE_SECONDS   1.0
/* What is late by so much comes after such a time; what else is, or is early, has another beginning of the sender's clock: a mixer that goes over to another speaker. */
#define CLOCK_SECONDS   PAUSE_SECONDS

static void
start(ts_stream_stats *stats, uint16_t sequence)
{
    stats->highest = sequence;
    stats->window = 1;
    stats->progress = 0;
    stats->may_restart = false;
}

static void
go_forward(ts_stream_stats *stats, uint16_t step)
{
    stats->window = (step < WINDOW_BITS ? stats->window << step : 0) | 1;
    stats->progress += step;
    stats->highest = (uint16_t)(stats->highest + step);
    stats->lost += step - 1u;
}

/* Late, a second time, or from before the first one. */
static void
look_back(ts_stream_stats *stats, uint16_t step)
{
    const uint64_t bit = step < WINDOW_BITS ? UINT64_C(1) << step : 0;

    if (step > stats->progress)
        return;
    if ((stats->window & bit) != 0)
        stats->duplicates++;
    else if (stats->lost > 0)
        stats->lost--;
    stats->window |= bit;
}

/* False: far from the others, as the first one of a new beginning is. */
static bool
add_sequence(ts_stream_stats *stats, uint16_t sequence)
{
    const uint16_t step = (uint16_t)(sequence - stats->highest);
    const uint16_t back = (uint16_t)(stats->highest - sequence);

    if (stats->received++ == 0)
        start(stats, sequence);
    else if (step == 0)
        stats->duplicates++;
    else if (step < MAX_DROPOUT)
        go_forward(stats, step);
    else if (back <= MAX_MISORDER)
        look_back(stats, back);
    else if (stats->may_restart && sequence == stats->restart)
        start(stats, sequence);     /* two in a row are there: the sender began anew */
    else {
        stats->may_restart = true;
        stats->restart = (uint16_t)(sequence + 1);
        return false;
    }
    return true;
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
    const bool follows = add_sequence(stats, sequence);

    if (stats->clock_rate == 0)
        stats->clock_rate = clock_rate;
    stats->latest = arrival;
    if (paused || !follows)
        stats->has_arrival = false;
    if (follows && stats->clock_rate != 0)
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
