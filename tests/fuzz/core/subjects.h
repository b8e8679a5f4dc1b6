/* subjects.h
 * What plugins/core has to hold for any bytes: run by libFuzzer and, on random bytes, by unit-random
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each ends the program where something does not hold.
 */

#ifndef TEAMSHARK_FUZZ_SUBJECTS_H
#define TEAMSHARK_FUZZ_SUBJECTS_H

#include <stddef.h>
#include <stdint.h>

/* A datagram; its first byte says how much more of it was on the wire. */
void fuzz_payload(const uint8_t *bytes, size_t length);

/* A piece of a TCP stream, the same. */
void fuzz_stream(const uint8_t *bytes, size_t length);

/* A name as it is. */
void fuzz_name(const uint8_t *bytes, size_t length);

/*
 * A name in pieces: a byte below 0x80 is that character, 0xFF makes the next
 * byte one, any other and the next byte choose a pattern or a token.
 */
void fuzz_name_of_pieces(const uint8_t *bytes, size_t length);

/* Rows of a user's own, each a kind of match and a pattern, then the name that is looked for: one a line. */
void fuzz_rows(const uint8_t *bytes, size_t length);

/* A month and an address. */
void fuzz_prefixes(const uint8_t *bytes, size_t length);

#endif /* TEAMSHARK_FUZZ_SUBJECTS_H */
