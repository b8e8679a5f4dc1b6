/* exact_buffer.h
 * Bytes that end where the buffer ends, so that a sanitizer sees one read too many
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TESTS_EXACT_BUFFER_H
#define TEAMSHARK_TESTS_EXACT_BUFFER_H

#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A copy in a block of just that size; free() it. */
static inline uint8_t *
exact_copy(const void *bytes, size_t length)
{
    uint8_t *copy = (uint8_t *)malloc(length > 0 ? length : 1);

    g_assert_nonnull(copy);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

#endif /* TEAMSHARK_TESTS_EXACT_BUFFER_H */
