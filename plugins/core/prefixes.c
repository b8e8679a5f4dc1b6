/* prefixes.c
 * Published Teams and Microsoft 365 address prefixes, by cloud and date
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/prefixes.h"

#include <string.h>

#include "core/prefixes_data.h"

#define NAT64_RESERVED  8           /* the byte that no IPv4 address uses */
#define FIRST_SECOND    1041379200  /* 2003, the year of Skype; clocks that were never set are before it */

bool
ts_network_covers(const uint8_t *network, unsigned bits, const uint8_t *address)
{
    const unsigned whole = bits / 8;
    const unsigned rest = bits % 8;

    return memcmp(network, address, whole) == 0 && (rest == 0 || ((network[whole] ^ address[whole]) & (0xFF00u >> rest) & 0xFF) == 0);
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

/* The IPv4 address within an IPv6 address of the well-known NAT64 prefix (RFC 6052), or NULL. */
static const uint8_t *
nat64_ipv4(const uint8_t *address6)
{
    static const uint8_t well_known[12] = { 0x00, 0x64, 0xff, 0x9b };

    return memcmp(address6, well_known, sizeof well_known) == 0 ? address6 + sizeof well_known : NULL;
}

/* Every prefix that covers the address is on the way from that row to the root. */
static const ts_prefix_row *
find(uint8_t family, const uint8_t *address, bool media_only, uint32_t yyyymm)
{
    const uint8_t *within = family == 6 ? nat64_ipv4(address) : NULL;

    if (within != NULL)
        return find(4, within, media_only, yyyymm);

    const ts_prefix_node *nodes = family == 4 ? ts_prefixes4 : ts_prefixes6;
    const size_t count = family == 4 ? ts_prefixes4_count : ts_prefixes6_count;

    for (int i = last_not_above(nodes, count, address, family == 4 ? 4 : 16); i >= 0; i = nodes[i].parent) {
        const ts_prefix_row *row = &nodes[i].row;

        if (ts_network_covers(row->network, row->bits, address) && ts_prefix_current(row, yyyymm) && (!media_only || row->use == TS_PREFIX_MEDIA))
            return row;
    }
    return NULL;
}

void
ts_nat64_extract(const uint8_t *address6, unsigned bits, uint8_t *ipv4)
{
    unsigned at = bits / 8;

    for (unsigned i = 0; i < 4; i++, at++) {
        if (at == NAT64_RESERVED)
            at++;
        ipv4[i] = address6[at];
    }
}

unsigned
ts_nat64_bits(const uint8_t *address6)
{
    static const uint8_t lengths[] = { 96, 64, 56, 48, 40, 32 };
    static const uint8_t network[3] = { 192, 0, 0 };
    uint8_t ipv4[4];

    for (size_t i = 0; i < sizeof lengths; i++) {
        ts_nat64_extract(address6, lengths[i], ipv4);
        if (memcmp(ipv4, network, sizeof network) == 0 && (ipv4[3] == 170 || ipv4[3] == 171))
            return lengths[i];
    }
    return 0;
}

/* Days to a date of the Gregorian calendar, in years that begin in March. */
uint32_t
ts_month_of(int64_t unix_seconds)
{
    const int64_t days = unix_seconds / 86400 + 719468;     /* since 0000-03-01 */

    if (unix_seconds < FIRST_SECOND)
        return 0;
    const uint32_t day_of_era = (uint32_t)(days % 146097);
    const uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const uint32_t month = (5 * day_of_year + 2) / 153;     /* 0: March */
    const uint32_t year = (uint32_t)(days / 146097) * 400 + year_of_era + (month >= 10 ? 1 : 0);

    return year * 100 + (month < 10 ? month + 3 : month - 9);
}

const ts_prefix_row *
ts_prefix_find(uint8_t family, const uint8_t *address, uint32_t yyyymm)
{
    return find(family, address, false, yyyymm);
}

const ts_prefix_row *
ts_prefix_find_media(uint8_t family, const uint8_t *address, uint32_t yyyymm)
{
    return find(family, address, true, yyyymm);
}

bool
ts_prefix_current(const ts_prefix_row *row, uint32_t yyyymm)
{
    return yyyymm == 0 || (yyyymm >= row->valid_from && (row->valid_to == 0 || yyyymm <= row->valid_to));
}
