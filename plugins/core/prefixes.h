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

/* What Microsoft publishes the prefix for; the last two are published nowhere. */
typedef enum {
    TS_PREFIX_MEDIA,        /* Teams transport relays and media, UDP 3478-3481 */
    TS_PREFIX_SERVICE,      /* Teams and Skype for Business over TCP 443 */
    TS_PREFIX_IDENTITY,     /* Entra ID sign-in */
    TS_PREFIX_EDGE,         /* Microsoft's anycast front doors */
    TS_PREFIX_OBSERVED_RELAY,       /* seen in captures as a relay */
    TS_PREFIX_OBSERVED_FLIGHTPROXY  /* seen in captures as a flightproxy */
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
    bool web_shared;        /* on ports 80 and 443 others than Teams answer, too: weak evidence there */
    const char *source;
} ts_prefix_row;

/* Are the first bits of the address (0 to 8 for each byte of both) those of the network? In network byte order. */
bool ts_network_covers(const uint8_t *network, unsigned bits, const uint8_t *address);

/* Year and month of a moment in UTC, yyyymm; 0, no date, for what no capture of Skype or Teams can have. */
uint32_t ts_month_of(int64_t unix_seconds);

/*
 * The longest prefix that covers an address in network byte order (4 bytes
 * for family 4, 16 for family 6) among those listed at yyyymm, or NULL: a
 * prefix says nothing before its first list, nor after its last one. Without
 * a date (0) all rows count. Of an IPv6 address that translates an IPv4 one
 * (RFC 6052), the IPv4 address counts. Rows are static.
 */
const ts_prefix_row *ts_prefix_find(uint8_t family, const uint8_t *address, uint32_t yyyymm);

/* The same among the rows whose use is media only (relays, UDP 3478-3481). */
const ts_prefix_row *ts_prefix_find_media(uint8_t family, const uint8_t *address, uint32_t yyyymm);

/* Is the row listed at yyyymm? */
bool ts_prefix_current(const ts_prefix_row *row, uint32_t yyyymm);

/* Does Microsoft publish the prefix? */
static inline bool
ts_prefix_is_published(const ts_prefix_row *row)
{
    return row->use < TS_PREFIX_OBSERVED_RELAY;
}

/*
 * The IPv4 address within an IPv6 address that begins with a NAT64 prefix of
 * so many bits: 32, 40, 48, 56, 64 or 96 (RFC 6052, 2.2).
 */
void ts_nat64_extract(const uint8_t *address6, unsigned bits, uint8_t *ipv4);

/*
 * How many bits of the address are a NAT64 prefix, where it is what AAAA of
 * ipv4only.arpa is answered with: 192.0.0.170 or 192.0.0.171 is within (RFC
 * 7050). 0: it is not.
 */
unsigned ts_nat64_bits(const uint8_t *address6);

#endif /* TEAMSHARK_CORE_PREFIXES_H */
