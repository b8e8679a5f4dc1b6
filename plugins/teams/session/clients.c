/* clients.c
 * Which addresses are one client's
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A host has an IPv4 address and some IPv6 addresses. On its own segment they
 * have one MAC, and so has a router for whatever it forwards. A MAC stands for
 * one host for as long as it has sent for no more than one IPv4 address and a
 * few IPv6 addresses, and the IPv4 address is private: outside a NAT a router
 * has one public address, too. Once it is known for a router, addresses that
 * are new are clients of their own; those that were put together stay so, as
 * everything does that the first pass gave a frame.
 */

#include "session/model.h"

#include <epan/address.h>

#include "common/endpoint.h"

/* Stable, temporary, the latter's predecessor, link-local, unique local: and some to spare. */
#define MAX_IPV6_ADDRESSES 8

/* 127.0.0.1 and ::1, and some to spare: there are 16 million. */
#define MAX_LOOPBACK_ADDRESSES 8

/* A MAC address, and what it has sent for. */
typedef struct {
    address mac;
    address ipv4;               /* AT_NONE: none yet */
    address latest;             /* the address of its latest frame: counted already */
    wmem_map_t *ipv6;           /* address -> itself */
    const address *first;       /* of the addresses that were asked about: the others are this client's, too */
    bool router;
} link_host;

static void
keep_address(address *to, const address *from)
{
    copy_address_wmem(wmem_file_scope(), to, from);
}

static link_host *
link_host_of(teams_model *model, const address *mac)
{
    link_host *host = (link_host *)wmem_map_lookup(model->link_hosts, mac);

    if (host == NULL) {
        host = wmem_new0(wmem_file_scope(), link_host);
        keep_address(&host->mac, mac);
        host->ipv6 = wmem_map_new(wmem_file_scope(), ts_address_hash, ts_address_key_equal);
        wmem_map_insert(model->link_hosts, &host->mac, host);
    }
    return host;
}

static void
count_ipv4(link_host *host, const address *addr)
{
    if (host->ipv4.type == AT_NONE)
        keep_address(&host->ipv4, addr);
    else if (!addresses_equal(&host->ipv4, addr))
        host->router = true;
    if (!ts_address_is_private(addr))
        host->router = true;
}

static void
count_ipv6(link_host *host, const address *addr)
{
    if (wmem_map_contains(host->ipv6, addr))
        return;
    address *kept = wmem_new0(wmem_file_scope(), address);

    keep_address(kept, addr);
    wmem_map_insert(host->ipv6, kept, kept);
    if (wmem_map_size(host->ipv6) > MAX_IPV6_ADDRESSES)
        host->router = true;
}

static void
count_address(link_host *host, const address *addr)
{
    if (host->router || addresses_equal(&host->latest, addr))
        return;
    if (addr->type == AT_IPv4)
        count_ipv4(host, addr);
    else
        count_ipv6(host, addr);
    keep_address(&host->latest, addr);
}

static bool
is_ip(const address *addr)
{
    return addr->type == AT_IPv4 || addr->type == AT_IPv6;
}

void
teams_clients_count(teams_model *model, const packet_info *pinfo)
{
    if (wmem_map_size(model->link_hosts) != 0 && pinfo->dl_src.type == AT_ETHER && is_ip(&pinfo->net_src))
        count_address(link_host_of(model, &pinfo->dl_src), &pinfo->net_src);
}

/* The MAC that the address has in this frame; NULL where it has none, or is inside a tunnel. */
static const address *
mac_of(const packet_info *pinfo, const address *addr)
{
    if (addresses_equal(&pinfo->net_src, addr))
        return pinfo->dl_src.type == AT_ETHER ? &pinfo->dl_src : NULL;
    if (addresses_equal(&pinfo->net_dst, addr))
        return pinfo->dl_dst.type == AT_ETHER ? &pinfo->dl_dst : NULL;
    return NULL;
}

/* Programs of one host have one address on loopback, or the other. */
static const address *
of_the_host(teams_model *model, const address *loopback)
{
    if (model->own.loopback == NULL)
        model->own.loopback = loopback;
    if (model->own.loopback_count == MAX_LOOPBACK_ADDRESSES)
        return loopback;
    return model->own.loopback_count++ == 0 ? loopback : (const address *)wmem_map_lookup(model->client_addresses, model->own.loopback);
}

const address *
teams_client_address(teams_model *model, const packet_info *pinfo, const address *addr)
{
    const address *known = (const address *)wmem_map_lookup(model->client_addresses, addr);
    const address *mac = known == NULL && pinfo != NULL && is_ip(addr) ? mac_of(pinfo, addr) : NULL;

    if (known != NULL || pinfo == NULL)
        return known;
    address *kept = wmem_new0(wmem_file_scope(), address);

    keep_address(kept, addr);
    known = ts_address_is_loopback(addr) ? of_the_host(model, kept) : kept;
    if (mac != NULL) {
        link_host *host = link_host_of(model, mac);

        count_address(host, addr);
        if (!host->router && host->first != NULL)
            known = host->first;
        else if (host->first == NULL)
            host->first = kept;
    }
    wmem_map_insert(model->client_addresses, kept, (void *)known);
    return known;
}

teams_client *
teams_client_of(teams_model *model, const packet_info *pinfo, const address *addr, bool add)
{
    const address *key = teams_client_address(model, pinfo, addr);
    teams_client *client = key == NULL ? NULL : (teams_client *)wmem_map_lookup(model->clients, key);

    if (client == NULL && add && key != NULL) {
        client = wmem_new0(wmem_file_scope(), teams_client);
        keep_address(&client->addr, key);
        keep_address(&client->shown, key);
        client->number = ++model->client_count;
        client->frame = pinfo->num;
        client->calls = wmem_list_new(wmem_file_scope());
        client->sockets = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
        wmem_map_insert(model->clients, &client->addr, client);
    }
    return client;
}
