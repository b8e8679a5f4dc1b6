/* nat64.c
 * The NAT64 prefixes of the network in the capture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/nat64.h"

#include <string.h>

#include "core/prefixes.h"

#define PREFIX_BYTES_MAX 12

/* A network has one; a capture may hold some networks, and answers that were made up. */
static struct {
    uint8_t prefix[PREFIX_BYTES_MAX];
    unsigned bytes;
    uint32_t since;         /* the frame that told it */
} known[4];

static unsigned known_count;

static void
forget(void)
{
    known_count = 0;
}

void
ts_nat64_register(void)
{
    register_cleanup_routine(forget);
}

void
ts_nat64_learn(const uint8_t *address6, unsigned bits, const packet_info *pinfo)
{
    for (unsigned i = 0; i < known_count; i++)
        if (known[i].bytes == bits / 8 && memcmp(known[i].prefix, address6, known[i].bytes) == 0)
            return;
    if (known_count == array_length(known) || bits / 8 > PREFIX_BYTES_MAX)
        return;
    known[known_count].bytes = bits / 8;
    memcpy(known[known_count].prefix, address6, known[known_count].bytes);
    known[known_count++].since = pinfo->num;
}

bool
ts_nat64_within(const address *addr, const packet_info *pinfo, uint8_t *ipv4)
{
    for (unsigned i = 0; i < known_count && addr->type == AT_IPv6; i++)
        if (memcmp(known[i].prefix, addr->data, known[i].bytes) == 0 && (pinfo == NULL || known[i].since <= pinfo->num)) {
            ts_nat64_extract((const uint8_t *)addr->data, known[i].bytes * 8, ipv4);
            return true;
        }
    return false;
}
