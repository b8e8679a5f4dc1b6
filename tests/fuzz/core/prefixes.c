/* prefixes.c
 * Address prefixes: the longest row that covers an address, by looking at every row
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/prefixes_data.h"
#include "../../unit/exact_buffer.h"

#include "subjects.h"

static bool
covers(const ts_prefix_row *row, const uint8_t *address)
{
    for (unsigned bit = 0; bit < row->bits; bit++)
        if (((row->network[bit / 8] ^ address[bit / 8]) & (0x80u >> bit % 8)) != 0)
            return false;
    return true;
}

/* Bits of the longest one, -1 where none covers it. */
static int
longest(uint8_t family, const uint8_t *address, uint32_t month, bool media)
{
    const ts_prefix_node *nodes = family == 4 ? ts_prefixes4 : ts_prefixes6;
    const size_t count = family == 4 ? ts_prefixes4_count : ts_prefixes6_count;
    int best = -1;

    for (size_t i = 0; i < count; i++) {
        const ts_prefix_row *row = &nodes[i].row;

        if (covers(row, address) && (month == 0 || ts_prefix_current(row, month)) &&
            (!media || row->use == TS_PREFIX_MEDIA) && row->bits > best)
            best = row->bits;
    }
    return best;
}

static void
compare(uint8_t family, const uint8_t *address, uint32_t month)
{
    static const uint8_t well_known[12] = { 0x00, 0x64, 0xff, 0x9b };      /* NAT64, RFC 6052 2.1 */
    const bool translated = family == 6 && memcmp(address, well_known, sizeof well_known) == 0;
    const ts_prefix_row *row = ts_prefix_find(family, address, month);
    const ts_prefix_row *media = ts_prefix_find_media(family, address, month);

    if (translated) {
        family = 4;
        address += sizeof well_known;
    }
    g_assert_cmpint(row ? row->bits : -1, ==, longest(family, address, month, false));
    g_assert_cmpint(media ? media->bits : -1, ==, longest(family, address, month, true));
}

void
fuzz_prefixes(const uint8_t *bytes, size_t length)
{
    static const uint8_t years[] = { 17, 18, 19, 20, 21, 22, 23, 24, 25, 26 };
    uint8_t address[16] = { 0 };

    if (length < 5)
        return;
    const uint32_t month = bytes[0] % 13u == 0 ? 0 : (2000u + years[bytes[1] % sizeof years]) * 100 + bytes[0] % 13u;
    const uint8_t *row = address;

    memcpy(address, bytes + 4, MIN(length - 4, sizeof address));
    /* An odd byte begins with the network of a row, lest hardly any address is covered. */
    if (bytes[2] & 1) {
        const unsigned choice = bytes[2] >> 1 | bytes[3] << 7;
        const bool six = length > 8;

        row = six ? ts_prefixes6[choice % ts_prefixes6_count].row.network : ts_prefixes4[choice % ts_prefixes4_count].row.network;
        for (unsigned i = 0; i < sizeof address; i++)
            address[i] ^= row[i];
    }
    uint8_t *exact4 = exact_copy(address, 4), *exact6 = exact_copy(address, 16);

    compare(4, exact4, month);
    compare(6, exact6, month);
    free(exact4);
    free(exact6);
}
