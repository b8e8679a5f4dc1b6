/* rtp_measure.h
 * Loss, jitter and gap of a stream at each of its packets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_RTP_MEASURE_H
#define TEAMSHARK_RTP_MEASURE_H

#include "common/ws_compat.h"

#include "core/stream_stats.h"

/* One stream. File scope; zeroed before the first packet. */
typedef struct {
    ts_stream_stats stats;
    nstime_t last_time;
    uint32_t first_frame;       /* of the stream's first packet, which has no row */
    uint16_t first_sequence;
    wmem_array_t *rows;         /* of its packets but the first, in order of frames; NULL: none yet */
} ts_rtp_measure;

/* What one packet says of its stream. */
typedef struct {
    bool known;                 /* false for the first packet: nothing was before it */
    int32_t lost;               /* missing before it; -1: it comes late */
    bool has_jitter;            /* the clock is known */
    double jitter;              /* milliseconds */
    bool has_gap;               /* not for more than half an hour */
    double gap;                 /* milliseconds; negative where frames are not in order of time */
} ts_rtp_measured;

/* Once for each packet, on every pass; clock_rate in Hz, 0 where it is not known. */
ts_rtp_measured ts_rtp_measure_packet(ts_rtp_measure *measure, const packet_info *pinfo, uint16_t sequence, uint32_t timestamp,
    uint32_t clock_rate);

#endif /* TEAMSHARK_RTP_MEASURE_H */
