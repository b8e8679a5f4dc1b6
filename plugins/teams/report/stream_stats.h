/* stream_stats.h
 * Loss and jitter of an RTP stream, from its clear headers (RFC 3550 A.1, A.3, A.8)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_STREAM_STATS_H
#define TEAMSHARK_TEAMS_STREAM_STATS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t received;          /* packets, duplicates included */
    uint64_t duplicates;
    uint32_t base;              /* first sequence number, extended */
    uint32_t highest;           /* highest one, extended by the cycles */
    uint16_t last;              /* of the latest packet, to find repeats */
    double transit;             /* of the latest packet, in clock ticks */
    double jitter;              /* smoothed, in clock ticks */
    double jitter_max;
    uint32_t clock_rate;        /* Hz; 0: no jitter */
    uint32_t last_timestamp;
} teams_stream_stats;

/* One packet; arrival in seconds from any fixed point. */
void teams_stream_stats_add(teams_stream_stats *stats, uint16_t sequence, uint32_t timestamp, uint32_t clock_rate, double arrival);

/* Packets that the sequence numbers between the first and the highest one promise. */
uint64_t teams_stream_stats_expected(const teams_stream_stats *stats);
/* Packets missing among them, 0 or more. */
uint64_t teams_stream_stats_lost(const teams_stream_stats *stats);
/* In percent of what was expected. */
double teams_stream_stats_loss(const teams_stream_stats *stats);
/* Milliseconds; 0 where the clock rate is not known. */
double teams_stream_stats_jitter(const teams_stream_stats *stats);
double teams_stream_stats_jitter_max(const teams_stream_stats *stats);

#endif /* TEAMSHARK_TEAMS_STREAM_STATS_H */
