/* prefixes.c
 * Published Teams and Microsoft 365 address prefixes, by cloud and date
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/prefixes.h"

#include <string.h>

#include "core/prefixes_data.h"

static bool
covers(const ts_prefix_row *row, const uint8_t *address)
{
    const unsigned whole = row->bits / 8;
    const unsigned rest = row->bits % 8;

    return memcmp(row->network, address, whole) == 0 &&
        (rest == 0 || ((row->network[whole] ^ address[whole]) & (0xFF00u >> rest) & 0xFF) == 0);
}

/* The last row whose network is not above the address, -1 where none is. */
static int
last_not_above(const ts_prefix_node *nodes, size_t count, const uint8_t *address, size_t length)
{
    size_t low = 0, high = count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (memcmp(nodes[middle].row.network, address, length) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return (int)low - 1;
}

typedef bool (*row_test)(const ts_prefix_row *row, uint32_t argument);

/* Every prefix that covers the address is on the way from that row to the root. */
static const ts_prefix_row *
find(uint8_t family, const uint8_t *address, row_test wanted, uint32_t argument)
{
    const ts_prefix_node *nodes = family == 4 ? ts_prefixes4 : ts_prefixes6;
    const size_t count = family == 4 ? ts_prefixes4_count : ts_prefixes6_count;

    for (int i = last_not_above(nodes, count, address, family == 4 ? 4 : 16); i >= 0; i = nodes[i].parent) {
        const ts_prefix_row *row = &nodes[i].row;

        if (covers(row, address) && (wanted == NULL || wanted(row, argument)))
            return row;
    }
    return NULL;
}

static bool
has_use(const ts_prefix_row *row, uint32_t use)
{
    return row->use == (ts_prefix_use)use;
}

const ts_prefix_row *
ts_prefix_find(uint8_t family, const uint8_t *address)
{
    return find(family, address, NULL, 0);
}

const ts_prefix_row *
ts_prefix_find_media(uint8_t family, const uint8_t *address)
{
    return find(family, address, has_use, TS_PREFIX_MEDIA);
}

const ts_prefix_row *
ts_prefix_find_at(uint8_t family, const uint8_t *address, uint32_t yyyymm)
{
    return find(family, address, ts_prefix_current, yyyymm);
}

bool
ts_prefix_current(const ts_prefix_row *row, uint32_t yyyymm)
{
    return yyyymm >= row->valid_from && (row->valid_to == 0 || yyyymm <= row->valid_to);
}
