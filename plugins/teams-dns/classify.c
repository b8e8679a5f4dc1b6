/* classify.c
 * What each name of a message says by itself, and by the names before it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "teams-dns.h"

#include <string.h>

#include <wsutil/inet_addr.h>

/* What an address literal as a server name stands for, by the use of its prefix. */
static const struct {
    ts_prefix_use use;
    ts_product product;
    ts_service service;
    ts_stage stage;
    const char *description;
} literals[] = {
    { TS_PREFIX_MEDIA, TS_PRODUCT_TEAMS, TS_SERVICE_MEDIA_RELAY, TS_STAGE_MEDIA,
      "Address of a Teams transport relay, used as the server name of TURN over TLS (observed)" },
    { TS_PREFIX_SERVICE, TS_PRODUCT_TEAMS, TS_SERVICE_UNKNOWN, TS_STAGE_UNKNOWN,
      "Address of a Teams or Skype for Business service" },
    { TS_PREFIX_IDENTITY, TS_PRODUCT_M365_SHARED, TS_SERVICE_IDENTITY, TS_STAGE_IDENTITY,
      "Address of Microsoft Entra sign-in" },
    { TS_PREFIX_EDGE, TS_PRODUCT_MS_INFRA, TS_SERVICE_EDGE_FRONTDOOR, TS_STAGE_INFRA,
      "Address of Microsoft's edge" },
};

/*
 * Patterns of lookups in customers' zones that nothing but Lync and Skype for
 * Business makes. lyncdiscover.** is not among them: it is a public name that
 * other sites have, too, and clients ask for lyncdiscoverinternal.** before it.
 */
static const char *const discovery_patterns[] = {
    "lyncdiscoverinternal.**",
    "_sipinternaltls._tcp.**", "_sipinternal._tcp.**", "_sip._tls.**", "_sipfederationtls._tcp.**",
};

/* Words that make a name in a shared zone look like Teams, at the start of a part of a label. */
static const char *const product_words[] = { "teams", "msteams", "skype", "lync" };

/*
 * Zones of Microsoft and of the providers that it uses, beyond the taxonomy: an
 * alias there is no stranger. Observed in chains of Microsoft 365 names.
 */
static const char *const known_zones[] = {
    "microsoft.com", "microsoft", "office.com", "office365.com", "office.net", "live.com", "live.net", "msn.com",
    "outlook.com", "windows.com", "windows.net", "windowsazure.com", "azure.com", "azure.net", "microsoftonline.com",
    "microsoftonline-p.com", "msidentity.com", "msftauth.net", "msauth.net", "sharepoint.com", "svc.ms", "skype.com",
    "skype.net", "skypeassets.com", "lync.com", "bing.com", "bing.net", "msecnd.net", "afdentry.net", "a-afdentry.net",
    "nsatc.net", "msft.net", "azurewebsites.net", "msappproxy.net", "usgovcloudapi.net", "usgovtrafficmanager.net",
    "microsoft.us", "microsoftonline.us", "office365.us", "skypeforbusiness.us", "azure.us", "chinacloudapi.cn",
    "trafficmanager.cn", "microsoftonline.cn", "lync.cn", "azure.cn", "partner.outlook.cn", "skype.de",
    "akamai.net", "akamaiedge.net", "akamaihd.net", "akamaized.net", "akam.net", "akadns6.net", "edgekey.net",
    "edgesuite.net", "gtm.akamai.net", "v0cdn.net", "v1cdn.net", "gammacdn.net", "alphacdn.net", "edgecastcdn.net",
    "edgecastdns.net", "omegacdn.net", "systemcdn.net", "nucdn.net", "mucdn.net", "zetacdn.net",
};

/* Microsoft's own edges have a zone for each of their rings: s-msedge.net, spov-msedge.net, teams-msedge.net. */
#define EDGE_ZONES  "-msedge.net"

/* Zones of Azure's customers that the taxonomy has no row for. */
static const char *const customer_zones[] = {
    "blob.core.windows.net", "file.core.windows.net", "web.core.windows.net", "azurewebsites.net", "azure-api.net",
    "azurestaticapps.net", "azurecontainerapps.io",
};

bool
ts_same_name(const char *a, const char *b)
{
    return g_ascii_strcasecmp(a, b) == 0;
}

const ts_required_row *
ts_required(const packet_info *pinfo, const char *name, ts_cloud cloud)
{
    return ts_names_required(name, strlen(name), cloud, ts_month_of(pinfo->abs_ts.secs));
}

void
ts_name_class_blank(ts_name_class *kind, const char *name)
{
    memset(kind, 0, sizeof *kind);
    kind->name = name;
    kind->region = kind->continent = kind->datacenter = kind->environment = "";
    kind->required = kind->description = "";
}

/* The zone of the list that the name is in, or NULL. */
static const char *
find_zone(const char *name, const char *const *zones, size_t count)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < count; i++) {
        size_t zone = strlen(zones[i]);

        if (length >= zone && ts_same_name(name + length - zone, zones[i])
                && (length == zone || name[length - zone - 1] == '.'))
            return zones[i];
    }
    return NULL;
}

bool
ts_zone_known(const char *name)
{
    const size_t length = strlen(name), edge = strlen(EDGE_ZONES);

    return find_zone(name, known_zones, array_length(known_zones)) != NULL ||
        (length > edge && ts_same_name(name + length - edge, EDGE_ZONES));
}

/* ---- one name ---- */

static void
token_texts(ts_name_class *kind, const ts_name_result *info)
{
    if (info->region != NULL) {
        kind->region = info->region->canonical;
        kind->continent = info->region->continent;
    } else if (info->forest[0] != '\0') {
        kind->region = ts_history_text(info->forest);
    }
    if (info->datacenter != NULL) {
        kind->datacenter = info->datacenter->canonical;
        if (kind->continent[0] == '\0')
            kind->continent = info->datacenter->continent;
    }
    if (info->environment != NULL)
        kind->environment = info->environment->canonical;
}

/* "*.teams.microsoft.com" is of a list or of a zone: a person or a script asked for it, no client. */
static bool
is_pattern(const char *name)
{
    return strchr(name, '*') != NULL;
}

static void
fill_class(const packet_info *pinfo, ts_link *link)
{
    const ts_name_row *row = link->info.row;
    ts_name_class *kind = &link->kind;
    /* What its product has left nobody needs, though a list may still hold a zone that covers it; nor is a list's own pattern a host. */
    const bool ended = ts_name_row_ended(row, ts_month_of(pinfo->abs_ts.secs));
    const ts_required_row *required = ended || is_pattern(kind->name) ? NULL : ts_required(pinfo, kind->name, row->cloud);

    kind->product = row->product;
    kind->service = row->service;
    kind->stage = row->stage;
    kind->infra = row->infra;
    kind->cloud = row->cloud;
    kind->trust = row->trust;
    kind->confidence = row->confidence;
    kind->description = link->info.user ? ts_history_text(row->description) : row->description;
    if (required != NULL) {
        kind->required = required->set;
        kind->addresses_published = required->addresses;
    }
    token_texts(kind, &link->info);
    if (link->possible && (row->match != TS_MATCH_EXACT || row->confidence == TS_CONFIDENCE_LOW))
        kind->confidence = TS_CONFIDENCE_LOW;
    else if (link->possible)
        kind->confidence = TS_CONFIDENCE_MEDIUM;
}

static bool
called_like_teams(const char *name, const char *zone)
{
    size_t length = strlen(name), zone_length = strlen(zone);
    bool start = true;

    for (size_t i = 0; i + zone_length < length; i++) {
        for (size_t w = 0; start && w < array_length(product_words); w++)
            if (g_ascii_strncasecmp(name + i, product_words[w], strlen(product_words[w])) == 0)
                return true;
        start = !g_ascii_isalnum(name[i]);
    }
    return false;
}

bool
ts_name_in_shared_zone(const char *name)
{
    const char *zone = find_zone(name, customer_zones, array_length(customer_zones));

    return zone != NULL && called_like_teams(name, zone);
}

static bool
is_shared(ts_trust trust)
{
    return trust == TS_TRUST_SHARED_AZURE || trust == TS_TRUST_SHARED_CDN;
}

/*
 * A shared zone proves nothing: a listed name in it is possible until a chain
 * leads to it, and any other name says something only when it is called like Teams.
 */
static void
classify_shared(ts_link *link)
{
    const ts_name_row *row = link->info.row;

    if (row->match == TS_MATCH_SUFFIX) {
        link->imitation = called_like_teams(link->kind.name, row->pattern);
        link->shown = link->imitation || ts_same_name(link->kind.name, row->pattern);
    } else {
        link->possible = true;
        link->shown = true;
    }
}

static bool
is_discovery(const ts_link *link)
{
    return link->info.row != NULL && !link->info.user && link->info.row->stage == TS_STAGE_DISCOVERY_LEGACY
        && link->info.row->trust == TS_TRUST_CUSTOMER && link->info.row->match == TS_MATCH_GLOB;
}

/* The customer's domain in a discovery name: what the "**" of the pattern stands for. */
static const char *
discovery_domain(const ts_link *link)
{
    return link->kind.name + strlen(link->info.row->pattern) - strlen("**");
}

/* sip.<domain> and lyncdiscover.<domain> are Lync's only amid Lync's own lookups, or where the alias is a Lync director. */
static void
classify_discovery(ts_message *message, ts_link *link, const char *alias)
{
    const char *domain = discovery_domain(link);

    for (size_t i = 0; i < array_length(discovery_patterns); i++)
        link->shown = link->shown || strcmp(link->info.row->pattern, discovery_patterns[i]) == 0;
    if (!link->shown && alias != NULL)
        link->shown = g_ascii_strncasecmp(alias, "sipdir", 6) == 0 || g_ascii_strncasecmp(alias, "webdir", 6) == 0;
    if (link->shown)
        ts_history_discovery(message->pinfo, message->client, domain);
    else
        link->shown = ts_history_discovering(message->pinfo, message->client, domain);
}

void
ts_classify_name(ts_message *message, unsigned i, bool *anchored)
{
    ts_link *link = &message->links[i];
    const char *name = link->kind.name;
    bool in_chain = i + 1 < message->chain_length;

    if (!ts_names_classify(ts_user_names(), name, strlen(name), &link->info)) {
        *anchored = *anchored && ts_zone_known(name);
        return;
    }
    if (ts_trust_is_owned(link->info.row->trust))
        *anchored = true;
    else if (is_shared(link->info.row->trust))
        *anchored = *anchored || ts_history_anchored(message->pinfo, name);
    else
        *anchored = false;

    if (is_discovery(link))
        classify_discovery(message, link, in_chain ? message->links[i + 1].kind.name : NULL);
    else if (is_shared(link->info.row->trust) && !*anchored && !link->info.user)
        classify_shared(link);
    else
        link->shown = true;

    if (!link->shown)
        return;
    fill_class(message->pinfo, link);
    link->kind.anchored = *anchored;
    link->kind.client_only = link->info.row->client_only && !is_pattern(name) && (!is_shared(link->info.row->trust) || *anchored);
    message->any_shown = true;
    if (*anchored && is_shared(link->info.row->trust))
        ts_history_anchor(message->pinfo, name);
}

bool
ts_classify_literal(ts_message *message)
{
    ts_link *link = &message->links[0];
    ws_in4_addr ipv4;
    ws_in6_addr ipv6;
    const ts_prefix_row *prefix;
    address addr = ADDRESS_INIT_NONE;

    if (ws_inet_pton4(link->kind.name, &ipv4))
        set_address(&addr, AT_IPv4, 4, &ipv4);
    else if (ws_inet_pton6(link->kind.name, &ipv6))
        set_address(&addr, AT_IPv6, 16, &ipv6);
    else
        return false;
    prefix = ts_address_media_prefix(&addr, message->pinfo);
    if (prefix == NULL)
        prefix = ts_address_prefix(&addr, message->pinfo);

    /* A proxy is asked for addresses by clients that look names up themselves: any service may be there. */
    const bool any_service = prefix != NULL && prefix->use == TS_PREFIX_MEDIA && message->role == TS_ROLE_PROXY;
    const ts_prefix_use use = any_service || prefix == NULL ? TS_PREFIX_SERVICE : prefix->use;

    for (size_t i = 0; prefix != NULL && i < array_length(literals); i++) {
        if (literals[i].use != use)
            continue;
        link->kind.product = literals[i].product;
        link->kind.service = literals[i].service;
        link->kind.stage = literals[i].stage;
        link->kind.description = literals[i].description;
        link->kind.cloud = ts_cloud_from_name(prefix->cloud);
        link->kind.trust = TS_TRUST_MS_OWNED;
        link->kind.confidence = TS_CONFIDENCE_MEDIUM;
        link->kind.required = prefix->set;
        link->kind.anchored = true;
        link->prefix = prefix;
        link->shown = message->any_shown = true;
    }
    return true;
}
