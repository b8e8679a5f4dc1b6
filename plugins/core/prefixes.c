/* prefixes.c
 * Published Teams and Microsoft 365 address prefixes, by cloud and date
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/prefixes.h"

#include <stddef.h>

const ts_prefix_row *
ts_prefix_find(uint8_t family, const uint8_t *address)
{
    (void)family;
    (void)address;
    return NULL;
}

const ts_prefix_row *
ts_prefix_find_media(uint8_t family, const uint8_t *address)
{
    return ts_prefix_find(family, address);
}

bool
ts_prefix_current(const ts_prefix_row *row, uint32_t yyyymm)
{
    return yyyymm >= row->valid_from && (row->valid_to == 0 || yyyymm <= row->valid_to);
}
