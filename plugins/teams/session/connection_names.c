/* connection_names.c
 * What names say of the hosts behind them: which addresses to follow, and what became of each question
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_private.h"

#include <string.h>

#include <epan/to_str.h>
#include <wsutil/inet_addr.h>
#include <wsutil/str_util.h>

#include "common/duplicate.h"
#include "common/endpoint.h"
#include "session/signin.h"

#define NAMES_OF_HOST_MAX   32      /* of one address: shared edges have any number of names */
#define ONE_ADDRESS_NAMES   3       /* so many names of different services at one address are no service's */

enum { QTYPE_A = 1, QTYPE_AAAA = 28 };
enum { RCODE_NOERROR = 0, RCODE_NXDOMAIN = 3 };

/* ---- which names count ---- */

static bool
is_own(const ts_name_info *info)
{
    return teams_name_weigh(info->whole->product) == TEAMS_NAME_OWN;
}

static bool
is_of_signin(const ts_name_info *info)
{
    return teams_name_weigh(info->whole->product) >= TEAMS_NAME_SHARED;
}

static bool
is_probe(const ts_name_info *info)
{
    return info->whole->service == TS_SERVICE_CONNECTIVITY_PROBE;
}

/* ---- hosts ---- */

static teams_host_name *
host_name_of(teams_net_host *host, const teams_net_client *client, const char *name)
{
    for (unsigned i = 0; i < wmem_array_get_count(host->names); i++) {
        teams_host_name *each = (teams_host_name *)wmem_array_index(host->names, i);

        if (each->client == client && g_ascii_strcasecmp(each->name, name) == 0)
            return each;
    }
    return NULL;
}

static void
learn_host(const packet_info *pinfo, const address *addr, const teams_net_client *client, const ts_name_info *info,
    const teams_dns_outcome *outcome)
{
    teams_net_host *host = teams_net_host_of(addr, true);
    const teams_host_name learned = {
        .client = client,
        .name = info->links[0].name,
        .product = info->whole->product,
        .service = info->whole->service,
        .stage = info->whole->stage,
        .required = info->links[0].required != NULL && info->links[0].required[0] != '\0',
        .alias = info->link_count > 1,
        .frame = pinfo->num,
        .answer_time = info->request_frame != 0 && outcome != NULL ? outcome->waited : (nstime_t)NSTIME_INIT_ZERO,
    };
    teams_host_name *known = host_name_of(host, client, learned.name);

    host->probe = host->probe || is_probe(info);
    if (known != NULL)
        *known = learned;
    else if (wmem_array_get_count(host->names) < NAMES_OF_HOST_MAX)
        wmem_array_append_one(host->names, learned);
}

/* ---- questions and answers ---- */

static teams_asked_name *
asked_name_of(packet_info *pinfo, teams_net_client *client, const ts_name_info *info)
{
    const char *key = wmem_ascii_strdown(pinfo->pool, info->links[0].name, -1);
    teams_asked_name *asked = (teams_asked_name *)wmem_map_lookup(client->names, key);

    if (asked == NULL) {
        asked = wmem_new0(wmem_file_scope(), teams_asked_name);
        asked->name = wmem_strdup(wmem_file_scope(), key);
        asked->client = client;
        asked->frame = pinfo->num;
        asked->first = *teams_time(pinfo);
        wmem_map_insert(client->names, asked->name, asked);
        if (client->last_name == NULL)
            client->first_name = asked;
        else
            client->last_name->next = asked;
        client->last_name = asked;
    }
    if (asked->product == TS_PRODUCT_UNKNOWN || is_own(info)) {
        asked->product = info->whole->product;
        asked->service = info->whole->service;
        asked->stage = info->whole->stage;
    }
    asked->required = asked->required || (info->links[0].required != NULL && info->links[0].required[0] != '\0');
    asked->last = *teams_time(pinfo);
    const teams_client *known = teams_net_model_client(client);

    if (known != NULL && known->signin != NULL)
        asked->signin = known->signin;
    return asked;
}

static teams_dns_outcome *
outcome_of(teams_asked_name *asked, uint16_t qtype)
{
    const teams_dns_type type = qtype == QTYPE_A ? TEAMS_DNS_A : qtype == QTYPE_AAAA ? TEAMS_DNS_AAAA : TEAMS_DNS_OTHER;

    if (asked->types[type] == NULL)
        asked->types[type] = wmem_new0(wmem_file_scope(), teams_dns_outcome);
    return asked->types[type];
}

static void
note_question(const packet_info *pinfo, teams_net_client *client, teams_asked_name *asked, teams_dns_outcome *outcome)
{
    teams_resolver_asked(pinfo, client, outcome);
    if (asked->resolver.type == AT_NONE)
        copy_address_wmem(wmem_file_scope(), &asked->resolver, &pinfo->dst);
    teams_net_host_of(&pinfo->dst, true)->resolver = true;
}

/* Where the question is in the capture: how long the client waited for the answer, and for whom. */
static void
note_wait(const packet_info *pinfo, teams_net_client *client, teams_asked_name *asked, teams_dns_outcome *outcome, const ts_name_info *info)
{
    nstime_t when;

    outcome->pending = outcome->pending && info->request_frame != 0;
    if (info->request_frame == 0 || info->truncated)
        return;
    if (!addresses_equal(&asked->resolver, &pinfo->src)) {
        free_address_wmem(wmem_file_scope(), &asked->resolver);
        copy_address_wmem(wmem_file_scope(), &asked->resolver, &pinfo->src);
    }
    nstime_delta(&when, teams_time(pinfo), &info->answer_time);
    teams_resolver_answered(pinfo, client, outcome, &when);
}

static void
note_time(const ts_name_info *info, teams_dns_outcome *outcome)
{
    /* Of the sending that is answered: one that was lost before is not the resolver's time. */
    const double seconds = nstime_to_sec(info->question == NULL || info->tcp ? &info->answer_time : &info->question->answer_time);

    if (info->request_frame == 0 || info->truncated)
        return;
    outcome->slowest = MAX(outcome->slowest, seconds);
    outcome->fastest = outcome->fastest == 0 ? seconds : MIN(outcome->fastest, seconds);
}

static void
note_private(const packet_info *pinfo, const teams_net_client *client, teams_asked_name *asked, const address *addr)
{
    const teams_client *known = teams_net_model_client(client);

    if (asked->private_frame == 0) {
        asked->private_frame = pinfo->num;
        asked->private_text = address_to_str(wmem_file_scope(), addr);
        asked->private_signin = known == NULL ? NULL : known->signin;
    }
    asked->private_last = pinfo->num;
    asked->private_until = *teams_time(pinfo);
}

static void
note_addresses(const packet_info *pinfo, const teams_net_client *client, teams_asked_name *asked, const ts_name_info *info)
{
    for (unsigned i = 0; i < info->address_count; i++) {
        const address *addr = &info->addresses[i].end.addr;

        if (ts_address_is_private(addr) && !ts_address_is_translated(addr, pinfo))
            note_private(pinfo, client, asked, addr);
        else {
            asked->had_public = true;
            asked->public_until = *teams_time(pinfo);
        }
    }
}

static void
note_answer(const packet_info *pinfo, teams_net_client *client, teams_asked_name *asked, teams_dns_outcome *outcome, const ts_name_info *info)
{
    /* What an answer lacks of which only a part is here says nothing, nor which of its names it says does not exist. */
    const bool in_part = info->incomplete && (info->rcode == RCODE_NOERROR || info->rcode == RCODE_NXDOMAIN);

    /* The question has its answer, by which the client goes on: what comes again behind it, without an address, is no answer to another one. */
    if (info->retransmission && info->address_count == 0 && outcome->addresses > 0)
        return;
    note_wait(pinfo, client, asked, outcome, info);
    outcome->answered++;
    note_time(info, outcome);
    note_addresses(pinfo, client, asked, info);
    if (info->address_count > 0)
        outcome->addresses++;
    if (in_part) {
        outcome->cut_short = outcome->cut_short || ts_frame_is_cut(pinfo);
        return;
    }
    if (info->address_count == 0 && info->rcode == RCODE_NOERROR)
        outcome->empty++;
    else if (info->address_count == 0 && info->rcode == RCODE_NXDOMAIN)
        outcome->missing++;
    else if (info->address_count == 0) {
        outcome->failed++;
        outcome->failure = info->rcode;
    }
    if (info->address_count == 0 && outcome->problem_frame == 0)
        outcome->problem_frame = pinfo->num;
    if (info->address_count == 0 && !info->incomplete && info->link_count > 1 && info->qtype == QTYPE_A && asked->cut_frame == 0) {
        asked->cut_frame = pinfo->num;
        asked->cut_name = info->links[info->link_count - 1].name;
    }
}

/* ---- one address for all ---- */

/* The last two labels, which tell the services of Microsoft apart well enough. */
static const char *
zone_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    while (dot != NULL && dot > name && *--dot != '.')
        ;
    return dot == NULL ? name : *dot == '.' ? dot + 1 : dot;
}

static void
check_one_address(packet_info *pinfo, teams_net_client *client, const address *addr)
{
    const teams_net_host *host = teams_net_host_of(addr, false);
    unsigned names = 0;
    const char *zone = NULL;
    bool zones = false;

    const uint8_t first = *(const uint8_t *)addr->data;

    /* 0.0.0.0, 127.0.0.1, :: and ::1 are how filters say no: nobody's host. */
    if (client->one_address_frame != 0 || host == NULL || first == 0 || (addr->type == AT_IPv4 && first == 127))
        return;
    for (unsigned i = 0; i < wmem_array_get_count(host->names); i++) {
        const teams_host_name *each = (const teams_host_name *)wmem_array_index(host->names, i);

        /* Real answers about these names have aliases, with few exceptions. */
        if (each->client != client || each->alias)
            continue;
        names++;
        zones = zones || (zone != NULL && g_ascii_strcasecmp(zone, zone_of(each->name)) != 0);
        zone = zone_of(each->name);
    }
    if (names < ONE_ADDRESS_NAMES || !zones)
        return;
    client->one_address_frame = pinfo->num;
    client->one_address = address_to_str(wmem_file_scope(), addr);
    teams_connection_tell_client(pinfo, client, TEAMS_EXPERT_ONE_ADDRESS, "%s", client->one_address);
}

/* ---- the kinds of names ---- */

static void
dns_name(packet_info *pinfo, const ts_name_info *info)
{
    teams_net_client *client = teams_net_client_of(info->response ? &pinfo->dst : &pinfo->src, true);
    const bool for_others = info->iterative || teams_signin_is_forwarded(teams_model_get(), pinfo, info);
    teams_asked_name *asked = is_of_signin(info) && !for_others ? asked_name_of(pinfo, client, info) : NULL;
    teams_dns_outcome *outcome = asked == NULL ? NULL : outcome_of(asked, info->qtype);

    if (asked != NULL && !info->response)
        note_question(pinfo, client, asked, outcome);
    if (!info->response)
        return;
    if (asked != NULL)
        note_answer(pinfo, client, asked, outcome, info);
    for (unsigned i = 0; i < info->address_count; i++) {
        learn_host(pinfo, &info->addresses[i].end.addr, client, info, outcome);
        if (asked != NULL && ts_address_prefix(&info->addresses[i].end.addr, pinfo) == NULL)
            check_one_address(pinfo, client, &info->addresses[i].end.addr);
    }
    if (asked != NULL && info->address_count > 0 && info->request_frame != 0 && !info->truncated)
        teams_connection_keep_time(pinfo, client, TEAMS_STEP_DNS, &outcome->waited);
}

static bool
is_literal(const char *name)
{
    ws_in6_addr v6;
    ws_in4_addr v4;

    return name != NULL && (ws_inet_pton4(name, &v4) || ws_inet_pton6(name, &v6));
}

static void
set_name(teams_connection *conn, const ts_name_info *info)
{
    /* Some clients send the address as server name: the name that led to it says more. */
    if (conn->name == NULL || !is_literal(info->links[0].name))
        teams_connection_set_name(conn, info->links[0].name);
    conn->product = info->whole->product;
    conn->service = info->whole->service;
    conn->stage = info->whole->stage;
    conn->required = info->links[0].required != NULL && info->links[0].required[0] != '\0';
    conn->priv->named = true;
    conn->priv->ignored = false;
}

static teams_connection *
frame_connection(packet_info *pinfo, bool add)
{
    const bool quic = pinfo->ptype == PT_UDP;
    const ts_endpoint source = ts_endpoint_source(pinfo);
    const ts_endpoint destination = ts_endpoint_destination(pinfo);
    teams_connection *conn = teams_connection_find(quic, &source, &destination);

    if (quic)
        return conn != NULL || !add ? conn : teams_connection_new(pinfo, true, true);
    return teams_connection_of_tcp(pinfo, conn, add);
}

/* Names that the client looked up itself go to a SOCKS proxy as addresses; the server name is inside then. */
static bool
is_in_socks(const packet_info *pinfo)
{
    return pinfo->ptype == PT_TCP && proto_is_frame_protocol(pinfo->layers, "socks");
}

static void
note_connect(packet_info *pinfo, teams_connection *conn)
{
    conn->priv->connect_frame = pinfo->num;
    conn->priv->connect_asked = *teams_time(pinfo);
    if (!conn->priv->client->proxy_reported) {
        conn->priv->client->proxy_reported = true;
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_PROXY, "%s", conn->endpoint);
    }
}

/* The client opens a session with the name: TLS, QUIC or a proxy. */
static void
session_name(packet_info *pinfo, const ts_name_info *info, bool proxy)
{
    const bool ours = is_of_signin(info);
    teams_connection *conn;

    if (ours) {
        teams_net_host *host = teams_net_host_of(&pinfo->dst, true);

        if (proxy)
            teams_net_host_add_proxy(host, pinfo->destport);
    }
    conn = frame_connection(pinfo, ours);
    if (conn == NULL)
        return;
    if (!ours) {
        conn->priv->ignored = !conn->priv->named;
        return;
    }
    const bool by_address = conn->priv->named && is_literal(conn->name);

    if (conn->priv->named && !proxy && conn->proxy && !by_address)
        return;     /* the server name inside the tunnel */
    if (proxy && proto_is_frame_protocol(pinfo->layers, "http2"))
        conn = teams_connection_new_tunnel(pinfo, conn);
    conn->socks = conn->socks || is_in_socks(pinfo);
    conn->proxy = conn->proxy || proxy || teams_is_through_proxy(pinfo);
    if (conn->quic && conn->state == TEAMS_CONNECTION_JOINED)
        conn->state = TEAMS_CONNECTION_UNANSWERED;
    /* It is of the sign-in that its name is of, which may have begun after its SYN. */
    if (!conn->priv->named) {
        conn->priv->signin = NULL;
        teams_connection_find_signin(conn);
    }
    set_name(conn, info);
    if (conn->proxy && conn->service == TS_SERVICE_MEDIA_RELAY && (by_address || conn->priv->connect_frame == 0)) {
        conn->priv->relay_frame = pinfo->num;
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_MEDIA_PROXY, "%s", teams_connection_text(pinfo->pool, conn));
    }
    if (!conn->proxy || conn->priv->connect_frame != 0)
        return;
    conn->priv->tunnel = !proxy;
    note_connect(pinfo, conn);
}

void
teams_connection_socks_request(packet_info *pinfo, const address *addr)
{
    const teams_net_host *asked_for = teams_net_host_of(addr, false);
    const teams_net_client *client = teams_net_client_of(&pinfo->src, false);
    const teams_host_name *name = NULL;

    for (unsigned i = 0; asked_for != NULL && i < wmem_array_get_count(asked_for->names); i++) {
        const teams_host_name *each = (const teams_host_name *)wmem_array_index(asked_for->names, i);

        name = each->client == client ? each : name;
    }
    if (name == NULL)
        return;
    teams_net_host_add_proxy(teams_net_host_of(&pinfo->dst, true), pinfo->destport);
    teams_connection *conn = frame_connection(pinfo, true);

    if (conn == NULL || conn->priv->connect_frame != 0)
        return;
    conn->proxy = conn->socks = true;
    teams_connection_name_by_answer(conn, name);
    note_connect(pinfo, conn);
}

static void
mark_pseudo_tls(packet_info *pinfo, const ts_turn_info *turn)
{
    teams_connection *conn = teams_connection_find(false, &turn->client, &turn->server);

    if (conn == NULL || teams_connection_of_tcp(pinfo, conn, false) != conn)
        return;
    conn->pseudo_tls = true;
    conn->version = "";
}

/* ---- names of others ---- */

/* Where all of a client's TLS goes to one host, that may be a proxy over TLS, in which nobody sees what it is asked for. */
static void
note_other_session(const packet_info *pinfo, const char *name)
{
    teams_net_client *client = teams_net_client_of(&pinfo->src, false);

    if (client == NULL)
        return;
    if (client->others.name == NULL) {
        client->others.name = name;
        client->others.frame = pinfo->num;
    }
    client->others.several = client->others.several || g_ascii_strcasecmp(client->others.name, name) != 0;
    client->others.hellos++;
    client->others.last = *teams_time(pinfo);
}

/* A resolver that gives addresses of others' public names, too, knows the world outside. */
static void
note_other_answer(const packet_info *pinfo, const ts_addresses_info *info)
{
    bool outside = false;

    for (unsigned i = 0; i < info->count; i++)
        outside = outside || !ts_address_is_private(&info->addresses[i]);
    teams_net_client *client = outside ? teams_net_client_of(&pinfo->dst, false) : NULL;

    if (client == NULL || info->name == NULL)
        return;
    if (client->others.resolved == NULL)
        client->others.resolved = wmem_strdup(wmem_file_scope(), info->name);
    client->others.several = client->others.several || g_ascii_strcasecmp(client->others.resolved, info->name) != 0;
}

void
teams_connection_names(packet_info *pinfo, const ts_frame_info *infos)
{
    /* What the capture has twice was asked, answered or sent once. */
    if (infos == NULL || ts_duplicate_of(pinfo).frame != 0)
        return;
    for (const ts_frame_info *each = infos; each != NULL; each = each->next) {
        const ts_name_info *info = (const ts_name_info *)each;

        if (each->kind == TS_INFO_TURN && ((const ts_turn_info *)each)->pseudo_tls)
            mark_pseudo_tls(pinfo, (const ts_turn_info *)each);
        if (each->kind == TS_INFO_ADDRESSES)
            note_other_answer(pinfo, (const ts_addresses_info *)each);
        if (each->kind != TS_INFO_NAME || info->link_count == 0 || info->whole == NULL || info->links[0].name == NULL)
            continue;
        if (info->role == TS_ROLE_SERVER_NAME && !is_of_signin(info) && !is_probe(info))
            note_other_session(pinfo, info->links[0].name);
        if (info->role == TS_ROLE_SERVER_NAME || info->role == TS_ROLE_PROXY)
            session_name(pinfo, info, info->role == TS_ROLE_PROXY);
        else if (is_of_signin(info) || is_probe(info))
            dns_name(pinfo, info);
    }
}
