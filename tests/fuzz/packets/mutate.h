/* mutate.h
 * Changes to a sequence of packets that keep it worth dissecting
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_FUZZ_MUTATE_H
#define TEAMSHARK_FUZZ_MUTATE_H

#include "sequence.h"

/* libFuzzer's own changes to some bytes: the new length. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

/* A number below the bound; 0 for the bound 0. Repeats for the same seed. */
void mutate_seed(unsigned seed);
unsigned mutate_below(unsigned bound);

/* A copy of a payload with room for TS_PAYLOAD_MAX bytes, which lasts for this mutation; NULL where there is no room. */
uint8_t *mutate_copy(const packet *p);
uint8_t *mutate_room(void);

/* The payload of another packet of the sequence, or of none. */
const packet *mutate_any(const sequence *s);

static inline void
mutate_put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

/* Changes a STUN message, a DNS message or HTTP in the payload, where there is one: false where there is none. */
bool mutate_stun(sequence *s, packet *p);
bool mutate_dns(packet *p);
bool mutate_http(packet *p);

#endif /* TEAMSHARK_FUZZ_MUTATE_H */
