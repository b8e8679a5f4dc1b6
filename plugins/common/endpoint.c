/* endpoint.c
 * Transport addresses: compared, kept, used as keys
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/endpoint.h"

#include <epan/address.h>
#include <epan/to_str.h>

#include "common/nat64.h"
#include "core/prefixes.h"

#define PUBLISHED_KEPT  64

ts_endpoint
ts_endpoint_source(const packet_info *pinfo)
{
    ts_endpoint end = { .port = (uint16_t)pinfo->srcport };

    copy_address_shallow(&end.addr, &pinfo->src);
    return end;
}

ts_endpoint
ts_endpoint_destination(const packet_info *pinfo)
{
    ts_endpoint end = { .port = (uint16_t)pinfo->destport };

    copy_address_shallow(&end.addr, &pinfo->dst);
    return end;
}

bool
ts_endpoint_keep(ts_endpoint *to, const ts_endpoint *from)
{
    if (!ts_endpoint_known(from) || (ts_endpoint_known(to) && ts_endpoint_equal(to, from)))
        return false;
    copy_address_wmem(wmem_file_scope(), &to->addr, &from->addr);
    to->port = from->port;
    return true;
}

ts_endpoint
ts_endpoint_shared(const ts_endpoint *end)
{
    static wmem_map_t *ends;    /* ts_endpoint by itself */
    const ts_endpoint unknown = { .port = 0 };

    if (!ts_endpoint_known(end))
        return unknown;
    if (ends == NULL)
        ends = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), ts_endpoint_hash, ts_endpoint_key_equal);

    ts_endpoint *kept = (ts_endpoint *)wmem_map_lookup(ends, end);
    if (kept == NULL) {
        kept = wmem_new0(wmem_file_scope(), ts_endpoint);
        ts_endpoint_keep(kept, end);
        wmem_map_insert(ends, kept, kept);
    }
    return *kept;
}

const char *
ts_endpoint_text(wmem_allocator_t *scope, const ts_endpoint *end)
{
    if (!ts_endpoint_known(end))
        return "";

    char *addr = address_to_str(scope, &end->addr);
    const char *text = wmem_strdup_printf(scope, end->addr.type == AT_IPv6 ? "[%s]:%u" : "%s:%u", addr, end->port);

    wmem_free(scope, addr);
    return text;
}

static bool
ipv4_is_private(const uint8_t *a)
{
    return a[0] == 0 || a[0] == 10 || a[0] == 127 || (a[0] == 100 && (a[1] & 0xC0) == 64) || (a[0] == 169 && a[1] == 254) ||
        (a[0] == 172 && (a[1] & 0xF0) == 16) || (a[0] == 192 && a[1] == 168) || (a[0] == 198 && (a[1] & 0xFE) == 18);
}

bool
ts_address_is_private(const address *addr)
{
    static const uint8_t zero[15];
    static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    const uint8_t *bytes = (const uint8_t *)addr->data;
    uint8_t within[4];

    if (addr->type == AT_IPv4)
        return ipv4_is_private(bytes);
    if (addr->type != AT_IPv6)
        return true;
    if (ts_nat64_within(addr, NULL, within))
        return ipv4_is_private(within);
    if (memcmp(bytes, mapped, sizeof mapped) == 0)
        return ipv4_is_private(bytes + sizeof mapped);
    return (bytes[0] & 0xFE) == 0xFC || (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80) ||
        (memcmp(bytes, zero, sizeof zero) == 0 && bytes[15] <= 1);
}

bool
ts_address_is_loopback(const address *addr)
{
    static const uint8_t one[16] = { [15] = 1 };

    return addr->type == AT_IPv4 ? *(const uint8_t *)addr->data == 127 : addr->type == AT_IPv6 && memcmp(addr->data, one, sizeof one) == 0;
}

/* Is the address in any prefix of any date? Most are not. Frames of the same hosts follow each other, so the latest are kept. */
static bool
was_published(uint8_t family, const uint8_t *bytes)
{
    static struct {
        uint8_t family, bytes[16];
        bool published;
    } latest[PUBLISHED_KEPT];
    const unsigned length = family == 4 ? 4 : 16;
    const unsigned at = bytes[length - 1] % PUBLISHED_KEPT;

    if (latest[at].family != family || memcmp(latest[at].bytes, bytes, length) != 0) {
        latest[at].family = family;
        memcpy(latest[at].bytes, bytes, length);
        latest[at].published = ts_prefix_find(family, bytes, 0) != NULL;
    }
    return latest[at].published;
}

static const ts_prefix_row *
prefix_among(const ts_prefix_row *(*find)(uint8_t family, const uint8_t *address, uint32_t yyyymm), const address *addr,
    const packet_info *pinfo, const nstime_t *when)
{
    uint8_t within[4];

    if (addr->type != AT_IPv4 && addr->type != AT_IPv6)
        return NULL;
    const bool inside = ts_nat64_within(addr, pinfo, within);
    const uint8_t family = inside || addr->type == AT_IPv4 ? 4 : 6;
    const uint8_t *bytes = inside ? within : (const uint8_t *)addr->data;

    return was_published(family, bytes) ? find(family, bytes, ts_month_of(when->secs)) : NULL;
}

const ts_prefix_row *
ts_address_prefix(const address *addr, const packet_info *pinfo)
{
    return prefix_among(ts_prefix_find, addr, pinfo, &pinfo->abs_ts);
}

const ts_prefix_row *
ts_address_media_prefix(const address *addr, const packet_info *pinfo)
{
    return prefix_among(ts_prefix_find_media, addr, pinfo, &pinfo->abs_ts);
}

bool
ts_address_is_translated(const address *addr, const packet_info *pinfo)
{
    uint8_t within[4];
    address ipv4;

    if (addr->type != AT_IPv6)
        return false;
    ts_nat64_extract((const uint8_t *)addr->data, 96, within);
    set_address(&ipv4, AT_IPv4, sizeof within, within);
    return ts_address_prefix(&ipv4, pinfo) != NULL;
}

const ts_prefix_row *
ts_address_prefix_at(const address *addr, const nstime_t *when)
{
    return prefix_among(ts_prefix_find, addr, NULL, when);
}

address *
ts_address_kept(const address *addr)
{
    address *kept = wmem_new0(wmem_file_scope(), address);

    copy_address_wmem(wmem_file_scope(), kept, addr);
    return kept;
}

unsigned
ts_endpoint_hash(const void *endpoint)
{
    const ts_endpoint *end = (const ts_endpoint *)endpoint;

    return add_address_to_hash(end->port, &end->addr);
}

gboolean
ts_endpoint_key_equal(const void *a, const void *b)
{
    return ts_endpoint_equal((const ts_endpoint *)a, (const ts_endpoint *)b);
}

unsigned
ts_address_hash(const void *addr)
{
    return add_address_to_hash(0, (const address *)addr);
}

gboolean
ts_address_key_equal(const void *a, const void *b)
{
    return addresses_equal((const address *)a, (const address *)b);
}
