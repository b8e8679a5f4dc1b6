/* nat.h
 * Which public address a NAT gives a socket, towards whom and when
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_MS_STUN_NAT_H
#define TEAMSHARK_MS_STUN_NAT_H

#include "common/endpoint.h"

typedef enum {
    TS_NAT_SAME,            /* nothing new, or nothing that is proven */
    TS_NAT_CHANGED,         /* towards the same peer: another mapping than before */
    TS_NAT_PER_PEER         /* two peers see two mappings that exist at the same time; said once for a socket */
} ts_nat_mapping;

/*
 * An answer of peer names mapped as the address that local comes from. *before
 * is what it named before, with TS_NAT_CHANGED; file scope. First pass only.
 */
ts_nat_mapping ts_nat_see(const packet_info *pinfo, const ts_endpoint *local, const ts_endpoint *peer, const ts_endpoint *mapped,
    ts_endpoint *before);

#endif /* TEAMSHARK_MS_STUN_NAT_H */
