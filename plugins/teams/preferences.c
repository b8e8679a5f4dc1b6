/* preferences.c
 * What the user can choose about "teams"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "preferences.h"

#include <string.h>

#include <epan/params.h>
#include <epan/prefs.h>
#include <wsutil/inet_addr.h>

#include "core/prefixes.h"

teams_preferences teams_prefs = { .info_column = true, .vpn_pools = "" };

/* Name on the command line, title, and the codes of the naming taxonomy by number. */
static const enum_val_t continents[] = {
    { "none", "Not said", 0 },
    { "eu", "Europe", 1 },
    { "na", "North America", 2 },
    { "sa", "South America", 3 },
    { "as", "Asia", 4 },
    { "oc", "Oceania", 5 },
    { "af", "Africa", 6 },
    { "me", "Middle East", 7 },
    { NULL, NULL, 0 }
};

void
teams_preferences_register(int proto)
{
    module_t *module = prefs_register_protocol(proto, NULL);

    prefs_register_bool_preference(module, "info_column", "Say in the Info column what a frame is",
        "Begin the Info column of each Teams or Skype frame with its part in the session, so that the packet list "
        "and the flow graph tell the story", &teams_prefs.info_column);
    prefs_register_bool_preference(module, "show_tenants", "Show tenants' names in reports",
        "Names such as <tenant>.sharepoint.com and lyncdiscover.<domain> identify customers. Reports, the Info column and the items "
        "of HTTP replace that part unless this is set; other packet details always show names as they are", &teams_prefs.show_tenants);
    prefs_register_bool_preference(module, "anonymise", "Take out of reports who it was",
        "Reports name clients, peers, tenants and other hosts client-1, peer-2, tenant-1; Microsoft's own names and addresses "
        "stay. Packet details always show everything", &teams_prefs.anonymise);
    prefs_register_enum_preference(module, "client_continent", "Where the clients are",
        "Continent of the captured clients. Where it is given, relay and edge names that were answered for "
        "another continent are reported", &teams_prefs.client_continent, continents, false);
    prefs_register_string_preference(module, "vpn_pools", "Addresses of VPN clients",
        "Networks that a VPN gives its clients addresses of, such as \"10.99.0.0/16, 2001:db8:99::/48\". Calls from there are told as "
        "going through the VPN, and calls between two of them as going through it twice", &teams_prefs.vpn_pools);
}

const char *
teams_preference_client_continent(void)
{
    return teams_prefs.client_continent == 0 ? "" : continents[teams_prefs.client_continent].name;
}

/* "10.99.0.0/16"; an address without a length is a network of one. */
static bool
is_in_network(const address *addr, const char *network)
{
    char **parts = g_strsplit(network, "/", 2);
    guint64 bits = addr->type == AT_IPv4 ? 32 : 128;
    ws_in4_addr v4;
    ws_in6_addr v6;
    const uint8_t *bytes = NULL;

    if (addr->type == AT_IPv4 && parts[0] != NULL && ws_inet_pton4(parts[0], &v4))
        bytes = (const uint8_t *)&v4;
    else if (addr->type == AT_IPv6 && parts[0] != NULL && ws_inet_pton6(parts[0], &v6))
        bytes = v6.bytes;
    if (bytes != NULL && parts[1] != NULL && !g_ascii_string_to_unsigned(parts[1], 10, 0, bits, &bits, NULL))
        bytes = NULL;
    const bool inside = bytes != NULL && ts_network_covers(bytes, (unsigned)bits, (const uint8_t *)addr->data);

    g_strfreev(parts);
    return inside;
}

char *
teams_preference_vpn_pool(const address *addr)
{
    char **networks = g_strsplit_set(teams_prefs.vpn_pools, ", ;", -1);
    char *found = NULL;

    for (char **each = networks; *each != NULL && found == NULL; each++)
        if ((*each)[0] != '\0' && is_in_network(addr, *each))
            found = g_strdup(*each);
    g_strfreev(networks);
    return found;
}

const char *
teams_continent_name(const char *code)
{
    for (const enum_val_t *row = continents + 1; row->name != NULL; row++)
        if (strcmp(row->name, code) == 0)
            return row->description;
    return code;
}
