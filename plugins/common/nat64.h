/* nat64.h
 * The NAT64 prefixes of the network in the capture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A host learns the prefix of its network from the AAAA answer for
 * ipv4only.arpa, a name that has IPv4 addresses alone (RFC 7050); so does a
 * plugin that reads DNS, or is told. Each plugin has its own copy.
 */

#ifndef TEAMSHARK_COMMON_NAT64_H
#define TEAMSHARK_COMMON_NAT64_H

#include "common/ws_compat.h"

/* Call once in a plugin's registration: prefixes go with their capture. */
void ts_nat64_register(void);

/* The address begins with a prefix of so many bits, known from this frame on: by its number, since the time of a capture may go backwards. */
void ts_nat64_learn(const uint8_t *address6, unsigned bits, const packet_info *pinfo);

/* Does the address translate an IPv4 one by a prefix that was known at the frame (NULL: ever)? That one. */
bool ts_nat64_within(const address *addr, const packet_info *pinfo, uint8_t *ipv4);

#endif /* TEAMSHARK_COMMON_NAT64_H */
