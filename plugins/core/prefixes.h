/* prefixes.h
 * Published Teams and Microsoft 365 address prefixes, by cloud and date
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rows are compiled from plugins/teams-dns/data/prefixes.csv.
 */

#ifndef TEAMSHARK_CORE_PREFIXES_H
#define TEAMSHARK_CORE_PREFIXES_H

#include <stdbool.h>
#include <stdint.h>

/* What Microsoft publishes the prefix for. */
typedef enum {
    TS_PREFIX_MEDIA,        /* Teams transport relays and media, UDP 3478-3481 */
    TS_PREFIX_SERVICE,      /* Teams and Skype for Business over TCP 443 */
    TS_PREFIX_IDENTITY,     /* Entra ID sign-in */
    TS_PREFIX_EDGE,         /* Microsoft's anycast front doors */
    TS_PREFIX_OBSERVED      /* seen in captures, published nowhere */
} ts_prefix_use;

typedef struct {
    const char *text;       /* "52.112.0.0/14" */
    uint8_t family;         /* 4 or 6 */
    uint8_t bits;
    uint8_t network[16];    /* network byte order, IPv4 in the first four */
    ts_prefix_use use;
    const char *cloud;      /* a ts_cloud name, for example "worldwide" */
    const char *set;        /* endpoint set, "11"; "" where none */
    uint32_t valid_from;    /* yyyymm of the first list that has it, 0: unknown */
    uint32_t valid_to;      /* yyyymm of the last list that has it, 0: still listed */
    const char *source;
} ts_prefix_row;

/*
 * The longest prefix that covers an address in network byte order (4 bytes
 * for family 4, 16 for family 6), or NULL. Dates do not take part: old
 * captures need old prefixes; ts_prefix_current() says whether a row is
 * still listed at a date. Rows are static.
 */
const ts_prefix_row *ts_prefix_find(uint8_t family, const uint8_t *address);

/* The same among the rows whose use is media only (relays, UDP 3478-3481). */
const ts_prefix_row *ts_prefix_find_media(uint8_t family, const uint8_t *address);

/*
 * The longest prefix that covers the address among the rows listed at yyyymm:
 * where a prefix was split or merged, the one of that time.
 */
const ts_prefix_row *ts_prefix_find_at(uint8_t family, const uint8_t *address, uint32_t yyyymm);

/* Is the row listed at yyyymm? */
bool ts_prefix_current(const ts_prefix_row *row, uint32_t yyyymm);

#endif /* TEAMSHARK_CORE_PREFIXES_H */
