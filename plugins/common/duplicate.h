/* duplicate.h
 * Packets that the capture has twice
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A mirror port that copies both directions, or several VLANs, and a capture
 * at several places on the way have one packet in several frames. The later
 * ones are duplicates: the same IP packet but for what changes on the way (hop
 * count, header checksum, traffic class, everything below IP).
 *
 * What is sent again is another packet. Over IPv4 its identification tells
 * them apart, for a second; where a sender has it zero or always the same, and
 * over IPv6, only another hop count, another frame header or another interface
 * do, for a shorter time, or that the whole frame is there again within a time
 * in which nobody sends again.
 */

#ifndef TEAMSHARK_COMMON_DUPLICATE_H
#define TEAMSHARK_COMMON_DUPLICATE_H

#include "common/ws_compat.h"

typedef struct {
    uint32_t frame;     /* that had the packet first; 0: this is no duplicate */
    bool by_time;       /* nothing but the short time between the two tells it from the same bytes sent twice */
} ts_duplicate;

/* Once per plugin, when it registers its protocols. */
void ts_duplicates_register(void);

/*
 * Is the packet of this frame in the capture already? To be asked for every
 * frame of ours: only those can be found again. The same answer on every pass
 * and however often it is asked.
 */
ts_duplicate ts_duplicate_of(const packet_info *pinfo);

/* What a translator of addresses leaves of a packet that a client sends. */
typedef struct {
    uint64_t hash;      /* of the end that it goes to, sequence number (TCP) and payload */
    uint8_t hops;
} ts_opening;

/* syn: only where the packet is a SYN. False where it is none, or its bytes are not found. */
bool ts_opening_of(const packet_info *pinfo, bool syn, ts_opening *opening);

/* The packet is no copy, as its content tells: on the first pass only, before anybody shows it. */
void ts_duplicate_is_none(const packet_info *pinfo);

#endif /* TEAMSHARK_COMMON_DUPLICATE_H */
