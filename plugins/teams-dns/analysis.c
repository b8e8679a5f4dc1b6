/* analysis.c
 * What one DNS message or server name says: its chain, and each name of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "analysis.h"

#include <string.h>

#include <wsutil/inet_addr.h>

#include "user_names.h"

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
};

/* Zones of Azure's customers that the taxonomy has no row for. */
static const char *const customer_zones[] = {
    "blob.core.windows.net", "file.core.windows.net", "web.core.windows.net", "azurewebsites.net", "azure-api.net",
    "azurestaticapps.net", "azurecontainerapps.io",
};

static bool
same_name(const char *a, const char *b)
{
    return g_ascii_strcasecmp(a, b) == 0;
}

const ts_prefix_row *
ts_address_prefix(const address *addr)
{
    if (addr->type == AT_IPv4 || addr->type == AT_IPv6)
        return ts_prefix_find(addr->type == AT_IPv4 ? 4 : 6, (const uint8_t *)addr->data);
    return NULL;
}

const char *
ts_required_set(const char *name, ts_cloud cloud)
{
    const char *set = ts_names_required_set(name, strlen(name), cloud);

    return set == NULL ? "" : set;
}

static void
blank_view(ts_name_view *view, const char *name)
{
    memset(view, 0, sizeof *view);
    view->name = name;
    view->region = view->continent = view->datacenter = view->environment = "";
    view->required = view->description = "";
}

/* The zone of the list that the name is in, or NULL. */
static const char *
find_zone(const char *name, const char *const *zones, size_t count)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < count; i++) {
        size_t zone = strlen(zones[i]);

        if (length >= zone && same_name(name + length - zone, zones[i])
                && (length == zone || name[length - zone - 1] == '.'))
            return zones[i];
    }
    return NULL;
}

bool
ts_zone_known(const char *name)
{
    return find_zone(name, known_zones, array_length(known_zones)) != NULL;
}

/* ---- one name ---- */

static void
token_texts(ts_name_view *view, const ts_name_info *info)
{
    if (info->region != NULL) {
        view->region = info->region->canonical;
        view->continent = info->region->continent;
    } else if (info->forest[0] != '\0') {
        view->region = ts_history_text(info->forest);
    }
    if (info->datacenter != NULL) {
        view->datacenter = info->datacenter->canonical;
        if (view->continent[0] == '\0')
            view->continent = info->datacenter->continent;
    }
    if (info->environment != NULL)
        view->environment = info->environment->canonical;
}

static void
fill_view(ts_link *link)
{
    const ts_name_row *row = link->info.row;
    ts_name_view *view = &link->view;

    view->product = row->product;
    view->service = row->service;
    view->stage = row->stage;
    view->infra = row->infra;
    view->cloud = row->cloud;
    view->trust = row->trust;
    view->confidence = row->confidence;
    view->description = link->info.user ? ts_history_text(row->description) : row->description;
    view->required = ts_required_set(view->name, row->cloud);
    token_texts(view, &link->info);
    if (link->possible && (row->match != TS_MATCH_EXACT || row->confidence == TS_CONFIDENCE_LOW))
        view->confidence = TS_CONFIDENCE_LOW;
    else if (link->possible)
        view->confidence = TS_CONFIDENCE_MEDIUM;
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
judge_shared(ts_link *link)
{
    const ts_name_row *row = link->info.row;

    if (row->match == TS_MATCH_SUFFIX) {
        link->imitation = called_like_teams(link->view.name, row->pattern);
        link->shown = link->imitation || same_name(link->view.name, row->pattern);
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
    return link->view.name + strlen(link->info.row->pattern) - strlen("**");
}

/* sip.<domain> and lyncdiscover.<domain> are Lync's only amid Lync's own lookups, or where the alias is a Lync director. */
static void
judge_discovery(ts_message *message, ts_link *link, const char *alias)
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

/* Judges the i-th name; anchored says whether the names before it anchor it, and is moved on. */
static void
judge(ts_message *message, unsigned i, bool *anchored)
{
    ts_link *link = &message->links[i];
    const char *name = link->view.name;
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
        judge_discovery(message, link, in_chain ? message->links[i + 1].view.name : NULL);
    else if (is_shared(link->info.row->trust) && !*anchored && !link->info.user)
        judge_shared(link);
    else
        link->shown = true;

    if (!link->shown)
        return;
    fill_view(link);
    link->view.anchored = *anchored;
    message->any_shown = true;
    if (*anchored && is_shared(link->info.row->trust))
        ts_history_anchor(message->pinfo, name);
}

/* A server name that is an address: its prefix says what it is. */
static bool
judge_literal(ts_message *message)
{
    ts_link *link = &message->links[0];
    ws_in4_addr ipv4;
    ws_in6_addr ipv6;
    const ts_prefix_row *prefix;

    if (ws_inet_pton4(link->view.name, &ipv4)) {
        prefix = ts_prefix_find_media(4, (const uint8_t *)&ipv4);
        prefix = prefix != NULL ? prefix : ts_prefix_find(4, (const uint8_t *)&ipv4);
    } else if (ws_inet_pton6(link->view.name, &ipv6)) {
        prefix = ts_prefix_find_media(6, (const uint8_t *)&ipv6);
        prefix = prefix != NULL ? prefix : ts_prefix_find(6, (const uint8_t *)&ipv6);
    } else {
        return false;
    }

    for (size_t i = 0; prefix != NULL && i < array_length(literals); i++) {
        if (literals[i].use != prefix->use)
            continue;
        link->view.product = literals[i].product;
        link->view.service = literals[i].service;
        link->view.stage = literals[i].stage;
        link->view.description = literals[i].description;
        link->view.cloud = ts_cloud_from_name(prefix->cloud);
        link->view.trust = TS_TRUST_MS_OWNED;
        link->view.confidence = TS_CONFIDENCE_MEDIUM;
        link->view.required = prefix->set;
        link->view.anchored = true;
        link->prefix = prefix->text;
        link->shown = message->any_shown = true;
    }
    return true;
}

/* ---- the chain ---- */

static ts_link *
find_link(ts_message *message, const char *name)
{
    for (unsigned i = 0; i < message->link_count; i++)
        if (same_name(message->links[i].view.name, name))
            return &message->links[i];
    return NULL;
}

static bool
add_link(ts_message *message, const char *name, bool detached)
{
    if (message->link_count == TS_CHAIN_MAX || name == NULL || name[0] == '\0' || name[0] == '<')
        return false;

    ts_link *link = &message->links[message->link_count++];

    blank_view(&link->view, name);
    link->detached = detached;
    link->prefix = "";
    return true;
}

static const ts_dns_answer *
answer_at(const ts_message *message, unsigned i)
{
    return (const ts_dns_answer *)wmem_array_index(message->dns->answers, i);
}

static unsigned
answer_count(const ts_message *message)
{
    return message->dns->dns ? wmem_array_get_count(message->dns->answers) : 0;
}

/* The record that leads on from a name, or NULL; servers may give records in any order. */
static const ts_dns_answer *
leading_on(const ts_message *message, const char *name)
{
    for (unsigned i = 0; i < answer_count(message); i++) {
        const ts_dns_answer *answer = answer_at(message, i);

        if (answer->target != NULL && answer->alias && same_name(answer->owner, name))
            return answer;
    }
    return NULL;
}

static void
build_chain(ts_message *message)
{
    const ts_dns_answer *answer = leading_on(message, message->links[0].view.name);

    while (answer != NULL && !message->loop) {
        message->loop = find_link(message, answer->target) != NULL;
        if (message->loop || !add_link(message, answer->target, false))
            break;
        answer = leading_on(message, answer->target);
    }
    message->chain_length = message->link_count;

    /* Then the records that lead from no question; of several questions, nobody can tell whose they are. */
    for (unsigned i = 0; i < answer_count(message) && !message->dns->shares_answers; i++) {
        const ts_dns_answer *rest = answer_at(message, i);

        if (find_link(message, rest->owner) == NULL)
            add_link(message, rest->owner, true);
        if (rest->target != NULL && find_link(message, rest->target) == NULL)
            add_link(message, rest->target, true);
    }
}

static void
write_chain(ts_message *message)
{
    wmem_strbuf_t *text = wmem_strbuf_new(message->pinfo->pool, NULL);

    for (unsigned i = 0; i < message->chain_length; i++) {
        const ts_name_view *view = &message->links[i].view;

        wmem_strbuf_append_printf(text, "%s%s", i > 0 ? " > " : "", view->name);
        if (view->infra != TS_INFRA_UNKNOWN)
            wmem_strbuf_append_printf(text, " [%s]", ts_infra_name(view->infra));
    }
    message->chain = ts_history_text(wmem_strbuf_get_str(text));
}

/* Does the row say what the name is for, not only which network carries it? */
static bool
says_product(const ts_name_view *view)
{
    return view->product != TS_PRODUCT_UNKNOWN && view->product != TS_PRODUCT_MS_INFRA;
}

/* What the chain says as a whole: purpose from its start, place from its end (facts: "a chain inherits"). */
static void
sum_up(ts_message *message)
{
    ts_name_view *whole = &message->whole;
    bool purpose = false;

    blank_view(whole, message->links[0].view.name);
    for (unsigned i = 0; i < message->link_count; i++) {
        const ts_name_view *view = &message->links[i].view;

        if (!message->links[i].shown)
            continue;
        if (!purpose && (says_product(view) || whole->product == TS_PRODUCT_UNKNOWN)) {
            whole->product = view->product;
            whole->service = view->service;
            whole->stage = view->stage;
            whole->trust = view->trust;
            whole->confidence = view->confidence;
            whole->description = view->description;
            purpose = says_product(view);
        }
        if (view->region[0] != '\0') {
            whole->region = view->region;
            whole->continent = view->continent;
        }
        if (view->datacenter[0] != '\0')
            whole->datacenter = view->datacenter;
        if (view->environment[0] != '\0')
            whole->environment = view->environment;
        if (whole->cloud == TS_CLOUD_UNKNOWN || whole->cloud == TS_CLOUD_ANY)
            whole->cloud = view->cloud;
        if (view->infra != TS_INFRA_UNKNOWN)
            whole->infra = view->infra;
        whole->anchored = whole->anchored || view->anchored;
    }
    whole->required = message->links[0].view.required;
}

/* ---- addresses ---- */

/* Adds a prefix to the list at a name, once each, separated by spaces. */
static void
add_prefix(ts_message *message, ts_link *link, const char *prefix)
{
    if (link == NULL || g_strrstr(link->prefix, prefix) != NULL)
        return;
    link->prefix = link->prefix[0] == '\0' ? prefix
        : ts_history_text(wmem_strdup_printf(message->pinfo->pool, "%s %s", link->prefix, prefix));
}

static void
collect_addresses(ts_message *message)
{
    message->addresses = wmem_alloc0_array(message->pinfo->pool, ts_name_address, TS_ADDRESSES_MAX);
    for (unsigned i = 0; i < answer_count(message) && message->address_count < TS_ADDRESSES_MAX; i++) {
        const ts_dns_answer *answer = answer_at(message, i);

        if (answer->addr.type == AT_NONE || (message->dns->shares_answers && find_link(message, answer->owner) == NULL))
            continue;

        ts_name_address *one = &message->addresses[message->address_count++];

        copy_address_shallow(&one->end.addr, &answer->addr);
        one->ttl = answer->ttl;
        one->prefix = ts_address_prefix(&answer->addr);
        message->max_ttl = MAX(message->max_ttl, answer->ttl);
        if (one->prefix != NULL)
            add_prefix(message, find_link(message, answer->owner), one->prefix->text);
    }
}

/* ---- questions and answers ---- */

static void
match_question(ts_message *message)
{
    packet_info *pinfo = message->pinfo;
    const ts_dns_message *dns = message->dns;
    ts_question *question = ts_history_question(pinfo, message->client, message->links[0].view.name, dns->qtype, true);

    message->question = question;
    if (!dns->response) {
        message->retransmission = ts_history_ask(question, pinfo, message->server, message->client_port, dns->id);
        message->tries = question->tries;
        return;
    }

    ts_try *request = ts_history_match(question, message->server, message->client_port, dns->id);

    if (request == NULL)
        return;
    message->request = request;
    message->retransmission = request->answered;
    nstime_delta(&message->answer_time, &pinfo->abs_ts, &request->time);
    if (!request->answered) {
        message->tries = question->tries;
        message->waited = question->tries > 0 ? ts_history_since(pinfo, &question->first_time)
                                              : nstime_to_sec(&message->answer_time);
    }
    request->answered = true;
    question->tries = 0;
    question->answered_frame = pinfo->num;
    question->answered_time = pinfo->abs_ts;
    question->answered_data = message->address_count > 0;
}

static void
set_ends(ts_message *message)
{
    packet_info *pinfo = message->pinfo;
    bool back = message->dns->dns && message->dns->response;

    message->client = back ? &pinfo->dst : &pinfo->src;
    message->server = back ? &pinfo->src : &pinfo->dst;
    message->client_port = (uint16_t)(back ? pinfo->destport : pinfo->srcport);
    message->tcp = pinfo->ptype == PT_TCP;
    message->role = message->dns->dns ? TS_ROLE_QUESTION : TS_ROLE_SERVER_NAME;
}

/* Texts that outlive the packet; only messages that are shown need them. */
static void
keep_names(ts_message *message)
{
    for (unsigned i = 0; i < message->link_count; i++)
        message->links[i].view.name = ts_history_text(message->links[i].view.name);
}

static const char *
first_name(const ts_dns_message *dns)
{
    if (dns->name != NULL || !dns->dns || wmem_array_get_count(dns->answers) == 0)
        return dns->name;
    return ((const ts_dns_answer *)wmem_array_index(dns->answers, 0))->owner;
}

bool
ts_analyse(packet_info *pinfo, const ts_dns_message *dns, ts_message *message)
{
    bool anchored = false;

    memset(message, 0, sizeof *message);
    message->pinfo = pinfo;
    message->dns = dns;
    message->links = wmem_alloc0_array(pinfo->pool, ts_link, TS_CHAIN_MAX);
    set_ends(message);
    if (dns->opcode != 0 || !add_link(message, first_name(dns), false))
        return false;
    build_chain(message);

    if (dns->dns || !judge_literal(message)) {
        for (unsigned i = 0; i < message->link_count; i++) {
            anchored = anchored && !message->links[i].detached;
            judge(message, i, &anchored);
        }
    }
    if (!message->any_shown)
        return true;

    keep_names(message);
    write_chain(message);
    collect_addresses(message);
    sum_up(message);
    if (dns->dns)
        match_question(message);
    else if (message->links[0].prefix[0] == '\0' && ts_address_prefix(message->server) != NULL)
        message->links[0].prefix = ts_address_prefix(message->server)->text;
    return true;
}
