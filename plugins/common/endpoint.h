/* endpoint.h
 * Transport addresses: compared, kept, used as keys
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_COMMON_ENDPOINT_H
#define TEAMSHARK_COMMON_ENDPOINT_H

#include "common/frame_info.h"

static inline bool
ts_endpoint_known(const ts_endpoint *end)
{
    return end->addr.type != AT_NONE;
}

static inline bool
ts_endpoint_equal(const ts_endpoint *a, const ts_endpoint *b)
{
    return a->port == b->port && addresses_equal(&a->addr, &b->addr);
}

/* The frame's own ends; packet scope. */
ts_endpoint ts_endpoint_source(const packet_info *pinfo);
ts_endpoint ts_endpoint_destination(const packet_info *pinfo);

/*
 * Copies from to to, the address in file scope. Does nothing where from is not
 * known or to is the same already; tells whether to has changed.
 */
bool ts_endpoint_keep(ts_endpoint *to, const ts_endpoint *from);

/* The same end in file scope: one copy for the whole capture. */
ts_endpoint ts_endpoint_shared(const ts_endpoint *end);

/* "192.0.2.1:3478", "[2001:db8::1]:3478"; "" where it is not known. */
const char *ts_endpoint_text(wmem_allocator_t *scope, const ts_endpoint *end);

/*
 * Not of the public Internet, by the IANA registries of special-purpose
 * addresses (RFC 6890): private, shared, loopback, link-local, "this network"
 * with the unspecified address, benchmarking; IPv6 unique local, link-local,
 * loopback and unspecified. Documentation addresses count as public, since
 * they stand for such. Of an IPv4-mapped address, and of one with a NAT64
 * prefix of the capture (common/nat64.h), the IPv4 address counts; what is no
 * IP address is not of the Internet.
 */
bool ts_address_is_private(const address *addr);
/* 127.0.0.0/8 or ::1: of the host itself. */
bool ts_address_is_loopback(const address *addr);

/* A copy in file scope. */
address *ts_address_kept(const address *addr);

/* The prefix of Microsoft's that covers the address at the time of a frame (ts_prefix_find), or NULL; and the same of media alone. */
const ts_prefix_row *ts_address_prefix(const address *addr, const packet_info *pinfo);
const ts_prefix_row *ts_address_media_prefix(const address *addr, const packet_info *pinfo);

/* Is it one of Microsoft's behind a network's own prefix for NAT64, of which the capture need not tell (RFC 6052 2.2, 96 bits)? */
bool ts_address_is_translated(const address *addr, const packet_info *pinfo);

/* The same at a time, with all that the capture told until now. */
const ts_prefix_row *ts_address_prefix_at(const address *addr, const nstime_t *when);

/* For maps with const ts_endpoint * or const address * as keys. */
unsigned ts_endpoint_hash(const void *endpoint);
gboolean ts_endpoint_key_equal(const void *a, const void *b);
unsigned ts_address_hash(const void *addr);
gboolean ts_address_key_equal(const void *a, const void *b);

#endif /* TEAMSHARK_COMMON_ENDPOINT_H */
