/* names_hash.h
 * Hashes of runs of characters, one from another in a step
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each character is turned by its place in the run and all are added without
 * carry. So the hash of what stands between two places of a text comes from
 * the hashes of the two ends that begin there (a cyclic polynomial).
 */

#ifndef TEAMSHARK_CORE_NAMES_HASH_H
#define TEAMSHARK_CORE_NAMES_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash of a run as part of a longer one that has so many characters before it. */
static inline uint64_t
ts_hash_turn(uint64_t hash, size_t characters)
{
    const unsigned by = (unsigned)(characters * 7) & 63u;

    return hash << by | hash >> (-by & 63u);
}

/* The hash of a run with one more character before it; that of an empty run is 0. */
static inline uint64_t
ts_hash_before(uint64_t hash, char c)
{
    return ts_hash_turn(hash, 1) ^ (uint8_t)c * UINT64_C(0x9E3779B97F4A7C15);
}

static inline uint64_t
ts_hash_run(const char *text, size_t length)
{
    uint64_t hash = 0;

    while (length > 0)
        hash = ts_hash_before(hash, text[--length]);
    return hash;
}

/* A run's hash from those of all that begins with it and of all that follows it. */
static inline uint64_t
ts_hash_between(uint64_t from, uint64_t to, size_t length)
{
    return from ^ ts_hash_turn(to, length);
}

/* One hash of two and a number. */
static inline uint64_t
ts_hash_join(uint64_t left, uint64_t right, size_t number)
{
    return ((left ^ number) * UINT64_C(0xD6E8FEB86659FD93)) ^ ts_hash_turn(right, 3);
}

/* All bits of this depend on all bits of the hash. */
static inline uint64_t
ts_hash_mix(uint64_t hash)
{
    hash = (hash ^ hash >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return hash ^ hash >> 32;
}

#endif /* TEAMSHARK_CORE_NAMES_HASH_H */
