/* fuzz_core.c
 * libFuzzer over plugins/core: the first byte of an input chooses the subject, the rest is its input
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "subjects.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const subjects[])(const uint8_t *bytes, size_t length) = {
        fuzz_payload, fuzz_stream, fuzz_name, fuzz_name_of_pieces, fuzz_rows, fuzz_prefixes,
    };

    if (size > 0)
        subjects[data[0] % (sizeof subjects / sizeof subjects[0])](data + 1, size - 1);
    return 0;
}
