/* stream_stats.c
 * Loss and jitter of an RTP stream, from its clear headers (RFC 3550 A.1, A.3, A.8)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/stream_stats.h"

#define MAX_DROPOUT 3000        /* RFC 3550 A.1: a larger step is a restart */

static void
add_sequence(teams_stream_stats *stats, uint16_t sequence)
{
    const uint16_t step = (uint16_t)(sequence - (uint16_t)stats->highest);

    if (stats->received == 0) {
        stats->base = sequence;
        stats->highest = sequence;
    } else if (step == 0 || sequence == stats->last)
        stats->duplicates++;
    else if (step < MAX_DROPOUT)
        stats->highest += step;
    /* Anything else is late, or a restart that the next packets will not confirm as progress. */
    stats->received++;
    stats->last = sequence;
}

static void
add_arrival(teams_stream_stats *stats, uint32_t timestamp, double arrival)
{
    const double transit = arrival * stats->clock_rate - (double)timestamp;

    if (stats->received > 1 && timestamp != stats->last_timestamp) {
        /* Timestamps wrap: take the step modulo 2^32. */
        const int32_t step = (int32_t)(timestamp - stats->last_timestamp);
        double difference = transit + (double)timestamp - (stats->transit + (double)stats->last_timestamp) - step;

        if (difference < 0)
            difference = -difference;
        stats->jitter += (difference - stats->jitter) / 16;
        if (stats->jitter > stats->jitter_max)
            stats->jitter_max = stats->jitter;
    }
    if (stats->received == 1 || timestamp != stats->last_timestamp) {
        stats->transit = transit;
        stats->last_timestamp = timestamp;
    }
}

void
teams_stream_stats_add(teams_stream_stats *stats, uint16_t sequence, uint32_t timestamp, uint32_t clock_rate, double arrival)
{
    if (stats->clock_rate == 0)
        stats->clock_rate = clock_rate;
    add_sequence(stats, sequence);
    if (stats->clock_rate != 0)
        add_arrival(stats, timestamp, arrival);
}

uint64_t
teams_stream_stats_expected(const teams_stream_stats *stats)
{
    return stats->received == 0 ? 0 : (uint64_t)(stats->highest - stats->base) + 1;
}

uint64_t
teams_stream_stats_lost(const teams_stream_stats *stats)
{
    const uint64_t unique = stats->received - stats->duplicates;
    const uint64_t expected = teams_stream_stats_expected(stats);

    return expected > unique ? expected - unique : 0;
}

double
teams_stream_stats_loss(const teams_stream_stats *stats)
{
    const uint64_t expected = teams_stream_stats_expected(stats);

    return expected == 0 ? 0 : 100.0 * (double)teams_stream_stats_lost(stats) / (double)expected;
}

static double
milliseconds(const teams_stream_stats *stats, double ticks)
{
    return stats->clock_rate == 0 ? 0 : ticks * 1000.0 / stats->clock_rate;
}

double
teams_stream_stats_jitter(const teams_stream_stats *stats)
{
    return milliseconds(stats, stats->jitter);
}

double
teams_stream_stats_jitter_max(const teams_stream_stats *stats)
{
    return milliseconds(stats, stats->jitter_max);
}
