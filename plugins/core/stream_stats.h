/* stream_stats.h
 * Loss and jitter of an RTP stream, from its clear headers (RFC 3550 A.1, A.3, A.8)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_CORE_STREAM_STATS_H
#define TEAMSHARK_CORE_STREAM_STATS_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed before the first packet. */
typedef struct {
    uint64_t received;          /* packets, duplicates included */
    uint64_t duplicates;        /* with those that come too late to tell whether they are */
    uint64_t lost;              /* missing so far: one that comes late is taken off again */
    uint64_t window[2];         /* bit n: the packet n before the highest one was received */
    uint64_t progress;          /* from the first sequence number to the highest one */
    double latest;              /* arrival of the packet before, in seconds */
    double arrival;             /* of last_timestamp, in clock ticks */
    double jitter;              /* smoothed, in clock ticks */
    double jitter_max;
    double jitter_sum;          /* of all estimates so far */
    uint64_t jitter_count;
    uint32_t clock_rate;        /* Hz; 0: no jitter */
    uint32_t last_timestamp;
    uint32_t first_timestamp;   /* with progress */
    uint32_t highest_timestamp; /* of the highest sequence number */
    uint16_t highest;           /* sequence number */
    uint16_t restart;           /* that would follow a packet far from the others; with may_restart */
    bool may_restart;
    bool has_arrival;
} ts_stream_stats;

/* One packet; arrival in seconds from any fixed point. Jitter is measured anew after a second without packets, and where numbers or timestamps begin anew. */
void ts_stream_stats_add(ts_stream_stats *stats, uint16_t sequence, uint32_t timestamp, uint32_t clock_rate, double arrival);

/* The clock is another one than was thought: jitter is measured anew. False where it is the same, none was known, or clock_rate is 0. */
bool ts_stream_stats_correct_clock(ts_stream_stats *stats, uint32_t clock_rate);

/* Different packets that the sequence numbers promise. */
uint64_t ts_stream_stats_expected(const ts_stream_stats *stats);
/* Packets missing among them. */
uint64_t ts_stream_stats_lost(const ts_stream_stats *stats);
/* In percent of what was expected. */
double ts_stream_stats_loss(const ts_stream_stats *stats);
/* Milliseconds; 0 where the clock rate is not known. */
double ts_stream_stats_jitter(const ts_stream_stats *stats);
/* Of the estimates at each packet, as stock's RTP Streams have it. */
double ts_stream_stats_jitter_mean(const ts_stream_stats *stats);
double ts_stream_stats_jitter_max(const ts_stream_stats *stats);

#endif /* TEAMSHARK_CORE_STREAM_STATS_H */
