/* over_time.h
 * A media stream over time: packets, bytes, loss and jitter in slices of equal length
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_OVER_TIME_H
#define TEAMSHARK_TEAMS_OVER_TIME_H

#include <stdint.h>

#include <glib.h>

typedef struct {
    uint64_t packets;
    uint64_t bytes;             /* of RTP */
    uint64_t lost;
    double jitter_max;          /* ms; NAN: not known */
} over_time_slice;

/* However long the stream is, there are few slices: they double their length instead. */
typedef struct {
    GArray *slices;             /* over_time_slice, from the first packet on; NULL before it */
    double start;               /* of the first slice: the first packet of the capture */
    double earliest;            /* packets may lie in a capture in another order than they passed */
    double latest;
    double seconds;             /* length of a slice */
} over_time;

/* One packet at a time in seconds; what it changed in the count of lost packets, less than 0 for a late one. */
void over_time_add(over_time *stream, double now, uint32_t bytes, int64_t lost, double jitter);
void over_time_clear(over_time *stream);

#endif /* TEAMSHARK_TEAMS_OVER_TIME_H */
