/* assign_infos.c
 * What the infos of a frame say: names, relays, checks, media, signalling
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/assign_frame.h"

#include <string.h>

#include <epan/to_str.h>

#include "common/endpoint.h"
#include "common/icmp_error.h"
#include "common/nat64.h"

#include "session/teams_expert.h"
#include "session/signin.h"

/* ---- what several kinds of infos need ---- */

/* The stronger of the path so far and this one. */
static void
set_path(teams_frame_builder *builder, teams_path path)
{
    if (path > builder->info.path)
        builder->info.path = path;
}

void
teams_builder_set_modality(teams_frame_builder *builder, ts_modality modality)
{
    if (builder->info.modality == TS_MODALITY_UNKNOWN)
        builder->info.modality = modality;
}

void
teams_builder_set_kind(teams_frame_builder *builder, teams_what what, ts_evidence evidence)
{
    if (builder->info.evidence == TS_EVIDENCE_NONE) {
        builder->info.what = what;
        builder->info.evidence = evidence;
    }
}

teams_flow *
teams_builder_set_flow(teams_frame_builder *builder, bool to_server)
{
    teams_flow *flow = teams_flow_of(builder->model, builder->pinfo, true, to_server);

    builder->client = flow->client;
    if (builder->info.flow == NULL) {
        const teams_frame_info gathered = builder->info;

        memcpy(&builder->info, &flow->base, sizeof builder->info);
        builder->info.flow = flow;
        builder->info.evidence = gathered.evidence;
        builder->info.what = gathered.what;
        builder->info.path = TEAMS_PATH_UNKNOWN;
    }
    return flow;
}

/* Observed: Skype and Skype for Business say 3 in their checks, older ones less; 7 is said by Teams, and by Skype since 2018. */
#define LAST_VERSION_BEFORE_TEAMS 3

ts_product
teams_builder_product(const teams_frame_builder *builder)
{
    const ts_product named = builder->client->product;
    const uint32_t version = builder->client->check_version;

    if (named == TS_PRODUCT_SKYPE_CONSUMER || named == TS_PRODUCT_SFB_ONLINE || named == TS_PRODUCT_LYNC_ONPREM)
        return named;
    if (named == TS_PRODUCT_UNKNOWN && builder->client->foreign_realm)
        return TS_PRODUCT_LYNC_ONPREM;
    return named == TS_PRODUCT_UNKNOWN && version != 0 && version <= LAST_VERSION_BEFORE_TEAMS ?
        TS_PRODUCT_SKYPE_SHARED : TS_PRODUCT_TEAMS;
}

static void
set_service(teams_frame_builder *builder, ts_service service, ts_stage stage)
{
    if (builder->info.product == TS_PRODUCT_UNKNOWN || teams_name_weigh(builder->info.product) != TEAMS_NAME_OWN)
        builder->info.product = teams_builder_product(builder);
    builder->info.service = service;
    builder->info.stage = stage;
}

void
teams_flow_name(teams_flow *flow, const teams_learned *learned)
{
    flow->base.name = learned->name;
    flow->base.name_frame = learned->frame;
    flow->base.product = learned->product;
    flow->base.service = learned->service;
    flow->base.stage = learned->stage;
}

/*
 * Is port one that Microsoft publishes for the prefix, and on which nobody
 * else answers? On the web's ports many prefixes front Bing, LinkedIn or
 * Windows, too: there only a name makes a flow one of Teams.
 */
static bool
port_fits_prefix(const ts_prefix_row *row, port_type ptype, uint32_t port)
{
    if (ptype == PT_UDP && ts_port_is_relay((uint16_t)port))
        return row->use == TS_PREFIX_MEDIA || row->use == TS_PREFIX_OBSERVED_RELAY;
    return port == 443 && !row->web_shared && (row->use == TS_PREFIX_MEDIA || row->use == TS_PREFIX_SERVICE);
}

bool
teams_is_published(const packet_info *pinfo, const address *addr, uint32_t port)
{
    if (port != 443 && !(pinfo->ptype == PT_UDP && ts_port_is_relay((uint16_t)port)))
        return false;
    const ts_prefix_row *row = ts_address_prefix(addr, pinfo);

    return row != NULL && port_fits_prefix(row, pinfo->ptype, port);
}

/* ---- names ---- */

/* D27: once per flow. */
static void
check_resolved(teams_frame_builder *builder, teams_flow *flow, const teams_learned *what, bool addresses_published)
{
    const teams_host *host = teams_host_of(builder->model, &flow->server_end.addr, false);

    if (flow->proxy || flow->unresolved_reported || (host != NULL && host->learned != NULL) ||
            wmem_map_contains(builder->model->resolved, &flow->server_end.addr))
        return;
    flow->unresolved_reported = true;
    const char *address_text = address_to_str(builder->pinfo->pool, &flow->server_end.addr);

    if (strcmp(address_text, what->name) == 0)
        return;     /* an address needs no DNS */
    const bool outside = ts_address_prefix(&flow->server_end.addr, builder->pinfo) == NULL &&
        what->product == TS_PRODUCT_TEAMS && addresses_published;

    teams_expert_add(builder->pinfo,
        outside ? TEAMS_EXPERT_NAME_UNRESOLVED_OUTSIDE : TEAMS_EXPERT_NAME_UNRESOLVED,
        wmem_strdup_printf(builder->pinfo->pool, "%s at %s", what->name, address_text));
}

/* An answer gave the address, whoever asked, and whatever for. */
static void
mark_resolved(teams_model *model, const address *addr)
{
    if (wmem_map_contains(model->resolved, addr))
        return;
    address *kept = ts_address_kept(addr);

    wmem_map_insert(model->resolved, kept, kept);
}

/* A name of no sign-in leads to these addresses now. That of a network may be an alias of ours, asked for by itself. */
static void
take_hosts(teams_model *model, const ts_name_info *info)
{
    if (teams_name_weigh(info->links[0].product) == TEAMS_NAME_INFRA)
        return;
    for (unsigned i = 0; i < info->address_count; i++)
        teams_host_take(model, &info->addresses[i].end.addr, info->links[0].name);
}

static void
apply_dns(teams_frame_builder *builder, const ts_name_info *info)
{
    const address *who = info->response ? &builder->pinfo->dst : &builder->pinfo->src;
    const teams_name_weight weight = teams_name_class_weigh(info->whole);
    teams_signin *signin = NULL;
    teams_learned what;

    if (!info->response)
        teams_own_host_asks(builder->model, builder->pinfo, info);
    for (unsigned i = 0; i < info->address_count; i++) {
        mark_resolved(builder->model, &info->addresses[i].end.addr);
        teams_host_of(builder->model, &info->addresses[i].end.addr, true);
    }
    if (!info->response && weight > TEAMS_NAME_FOREIGN && !addresses_equal(&builder->pinfo->src, &builder->pinfo->dst))
        teams_host_of(builder->model, &builder->pinfo->dst, true)->resolver = true;
    if (info->iterative && weight > TEAMS_NAME_FOREIGN)
        teams_host_of(builder->model, who, true)->resolver = true;
    if (weight == TEAMS_NAME_FOREIGN && wmem_map_lookup(builder->model->chain_names, info->links[0].name) == NULL) {
        take_hosts(builder->model, info);
        return;
    }
    teams_client *client = teams_client_of(builder->model, builder->pinfo, who, weight >= TEAMS_NAME_OWN);
    const bool ours = client != NULL && teams_signin_name(builder->model, builder->pinfo, client, info, &what, &signin);

    if (signin == NULL && !info->iterative)
        teams_signin_note_earlier(builder->model, builder->pinfo, who, info, NULL);
    if (!ours) {
        take_hosts(builder->model, info);
        return;
    }
    teams_hosts_name(builder->model, info, &what);
    if (builder->info.evidence != TS_EVIDENCE_NONE)
        return;
    builder->client = client;
    teams_builder_set_kind(builder, TEAMS_WHAT_NAME, TS_EVIDENCE_NAME);
    builder->info.product = what.product;
    builder->info.service = what.service;
    builder->info.stage = what.stage;
    builder->info.name = what.name;
    builder->info.name_frame = builder->pinfo->num;
    builder->info.transport = builder->pinfo->ptype == PT_TCP ? TEAMS_TRANSPORT_TCP : TEAMS_TRANSPORT_UDP;
    builder->info.signin = signin;
}

static void
note_earlier_server_name(teams_frame_builder *builder, const ts_name_info *info)
{
    const teams_flow *flow = teams_flow_of(builder->model, builder->pinfo, true, true);

    teams_signin_note_earlier(builder->model, builder->pinfo, &builder->pinfo->src, info, flow->endpoint);
}

/* The server name says whose the flow is, whatever its address said before. */
static void
apply_server_name(teams_frame_builder *builder, const ts_name_info *info)
{
    const teams_name_weight weight = teams_name_class_weigh(info->whole);
    const bool known = teams_host_of(builder->model, &builder->pinfo->dst, false) != NULL ||
        teams_is_published(builder->pinfo, &builder->pinfo->dst, builder->pinfo->destport);

    if (weight == TEAMS_NAME_FOREIGN && !known)
        return;
    teams_client *client = teams_client_of(builder->model, builder->pinfo, &builder->pinfo->src, weight >= TEAMS_NAME_OWN);
    teams_signin *signin = NULL;
    teams_learned what;
    const bool ours = client != NULL && teams_signin_name(builder->model, builder->pinfo, client, info, &what, &signin);

    if (signin == NULL)
        note_earlier_server_name(builder, info);
    if (!ours && info->role == TS_ROLE_PROXY)
        return;
    if (!ours) {
        teams_flow_of(builder->model, builder->pinfo, true, true)->rejected = true;
        return;
    }
    teams_flow *flow = teams_builder_set_flow(builder, true);
    const bool quic = builder->pinfo->ptype == PT_UDP;

    flow->rejected = false;
    flow->proxy = flow->proxy || info->role == TS_ROLE_PROXY || teams_is_through_proxy(builder->pinfo);
    teams_flow_name(flow, &what);
    flow->base.transport = info->role == TS_ROLE_PROXY ? TEAMS_TRANSPORT_TCP : quic ? TEAMS_TRANSPORT_QUIC : TEAMS_TRANSPORT_TLS;
    teams_builder_set_kind(builder, TEAMS_WHAT_SERVICE, TS_EVIDENCE_SERVER_NAME);
    const teams_frame_info was = builder->info;
    memcpy(&builder->info, &flow->base, sizeof builder->info);
    builder->info.evidence = was.evidence;
    check_resolved(builder, flow, &what, info->whole->addresses_published);
}

static void
apply_name(teams_frame_builder *builder, const ts_frame_info *info)
{
    const ts_name_info *name = (const ts_name_info *)info;

    if (name->link_count == 0 || name->whole == NULL || name->links[0].name == NULL)
        return;
    if (name->role == TS_ROLE_SERVER_NAME || name->role == TS_ROLE_PROXY)
        apply_server_name(builder, name);
    else
        apply_dns(builder, name);
}

/* ---- relays, checks, media, flightproxy ---- */

static ts_modality
modality_of_stream_type(uint16_t stream_type)
{
    static const ts_modality modalities[] = {
        TS_MODALITY_UNKNOWN, TS_MODALITY_AUDIO, TS_MODALITY_VIDEO, TS_MODALITY_VIDEO, TS_MODALITY_DATA
    };

    return stream_type < G_N_ELEMENTS(modalities) ? modalities[stream_type] : TS_MODALITY_UNKNOWN;
}

enum { TURN_ALLOCATE_REQUEST = 0x0003, TURN_ALLOCATE_RESPONSE = 0x0103 };

/*
 * The realm SHOULD be the domain name of who provides the relay ([MS-TURN] 2.2.2.14). Microsoft's own relays say
 * "rtcmedia", which is no domain and so may be said by others, too; another realm is that of a server elsewhere.
 */
static bool
is_of_another_provider(const teams_frame_builder *builder, const ts_turn_info *turn)
{
    const char *realm = turn->realm == NULL ? "" : turn->realm;

    return realm[0] != '\0' && strcmp(realm, "rtcmedia") != 0 && strcmp(realm, "\"rtcmedia\"") != 0 &&
        ts_address_prefix(&turn->server.addr, builder->pinfo) == NULL;
}

static void
apply_turn(teams_frame_builder *builder, const ts_frame_info *info)
{
    const ts_turn_info *turn = (const ts_turn_info *)info;
    const bool multiplexed = turn->type == 0xFF10;

    teams_flow *flow = teams_builder_set_flow(builder, turn->from_client);

    teams_builder_set_kind(builder, TEAMS_WHAT_RELAY, multiplexed ? TS_EVIDENCE_SESSION : TS_EVIDENCE_TURN);
    set_service(builder, TS_SERVICE_MEDIA_RELAY, TS_STAGE_MEDIA);
    if (is_of_another_provider(builder, turn)) {
        builder->client->foreign_realm = true;
        builder->info.product = TS_PRODUCT_LYNC_ONPREM;
    }
    teams_host_of(builder->model, &flow->server_end.addr, true)->relay = true;
    if (turn->stream_type != 0)
        flow->stream_modality = modality_of_stream_type(turn->stream_type);
    set_path(builder, multiplexed ? TEAMS_PATH_MULTIPLEXED : TEAMS_PATH_RELAYED);
    if (turn->pseudo_tls)
        builder->info.transport = TEAMS_TRANSPORT_PSEUDO_TLS;
    if (builder->key.allocation == 0)
        builder->key.allocation = turn->allocation;
    builder->key.socket.credential = turn->credential;
    builder->key.socket.asks = turn->type == TURN_ALLOCATE_REQUEST && !(turn->has_lifetime && turn->lifetime == 0);
    builder->key.socket.releases = turn->type == TURN_ALLOCATE_RESPONSE && turn->has_lifetime && turn->lifetime == 0;
}

/* What a check says of the client's socket. Where both ends are in the capture, the flow's client may be either. */
static void
key_of_check(teams_frame_builder *builder, const ts_check_info *check)
{
    const bool swapped = addresses_equal(&check->remote.addr, &builder->info.flow->client_end.addr);
    const ts_endpoint *peer = swapped ? &check->local : &check->remote;

    builder->key.socket.ufrag_local = swapped ? check->ufrag_remote : check->ufrag_local;
    builder->key.socket.ufrag_remote = swapped ? check->ufrag_local : check->ufrag_remote;
    if (peer->addr.type != AT_NONE && !ts_port_is_relay(peer->port))
        builder->key.socket.peer = &peer->addr;
}

/* Where no set-up was seen, nothing tells what is at a port of relays: media servers answer there, too. */
static teams_path
path_without_setup(const teams_frame_builder *builder)
{
    const packet_info *pinfo = builder->pinfo;
    const bool either = pinfo->ptype == PT_UDP &&
        (teams_is_published(pinfo, &pinfo->dst, pinfo->destport) || teams_is_published(pinfo, &pinfo->src, pinfo->srcport));

    return either ? TEAMS_PATH_UNKNOWN : TEAMS_PATH_DIRECT;
}

/* A relay may pass on what has no header: only an answer tells, which names the address that the far end saw the client at. */
static teams_path
path_of_check(const teams_frame_builder *builder, const ts_check_info *check, bool relayed)
{
    if (relayed)
        return TEAMS_PATH_RELAYED;
    if (builder->info.flow->base.path != TEAMS_PATH_UNKNOWN || (ts_endpoint_known(&check->mapped) && !check->from_local))
        return TEAMS_PATH_DIRECT;
    return path_without_setup(builder);
}

static void
apply_check(teams_frame_builder *builder, const ts_frame_info *info)
{
    const ts_check_info *check = (const ts_check_info *)info;
    const bool relayed = check->allocation != 0 || g_strcmp0(check->remote_type, "relayed") == 0 || g_strcmp0(check->local_type, "relayed") == 0;

    teams_builder_set_flow(builder, check->from_local);
    teams_builder_set_kind(builder, TEAMS_WHAT_CHECK, TS_EVIDENCE_CHECK);
    if (check->version != 0)
        builder->client->check_version = check->version;
    if (builder->info.service == TS_SERVICE_UNKNOWN)
        set_service(builder, relayed ? TS_SERVICE_MEDIA_RELAY : TS_SERVICE_UNKNOWN, TS_STAGE_MEDIA);
    set_path(builder, path_of_check(builder, check, relayed));
    builder->key.pair = check->pair;
    builder->key.allocation = check->allocation;
    if (check->state == TS_PAIR_NOMINATED) {
        builder->key.socket.established = true;
        if (!wmem_map_contains(builder->model->nominated, GUINT_TO_POINTER(check->pair)))
            wmem_map_insert(builder->model->nominated, GUINT_TO_POINTER(check->pair), GUINT_TO_POINTER(builder->pinfo->num));
    }
    key_of_check(builder, check);
}

/* What the flow's checks said goes for its media, too; TCP without that is the way to a relay. */
static teams_path
path_of_media(const teams_frame_builder *builder, const ts_media_info *media)
{
    const teams_path known = builder->info.flow->base.path;

    if (media->tcp)
        return known == TEAMS_PATH_DIRECT && media->allocation == 0 ? TEAMS_PATH_DIRECT : TEAMS_PATH_TCP_FALLBACK;
    if (media->multiplexed)
        return TEAMS_PATH_MULTIPLEXED;
    if (media->allocation != 0)
        return TEAMS_PATH_RELAYED;
    return known != TEAMS_PATH_UNKNOWN ? known : path_without_setup(builder);
}

static void
apply_media(teams_frame_builder *builder, const ts_frame_info *info)
{
    const ts_media_info *media = (const ts_media_info *)info;
    const bool to_server = media->direct_routing ? media->to_processor :
        ts_port_is_relay((uint16_t)builder->pinfo->destport) || !ts_port_is_relay((uint16_t)builder->pinfo->srcport);

    teams_flow *flow = teams_builder_set_flow(builder, to_server);

    teams_builder_set_kind(builder, media->kind == TS_MEDIA_SRTCP || media->kind == TS_MEDIA_RTCP ? TEAMS_WHAT_CONTROL : TEAMS_WHAT_MEDIA,
        TS_EVIDENCE_MEDIA);
    if (builder->info.service == TS_SERVICE_UNKNOWN)
        set_service(builder, media->allocation != 0 ? TS_SERVICE_MEDIA_RELAY : TS_SERVICE_UNKNOWN, TS_STAGE_MEDIA);
    /* What is sent says more than the ports, which spoke before. */
    if (media->modality != TS_MODALITY_UNKNOWN || media->no_audio)
        builder->info.modality = media->modality;
    if (media->no_audio && !flow->no_audio) {
        flow->no_audio = true;
        flow->base.modality = media->modality;
    }
    set_path(builder, path_of_media(builder, media));
    builder->key.pair = media->pair;
    builder->key.allocation = media->allocation;
    builder->key.socket.established = builder->key.media = true;
    builder->key.rtp = media->kind == TS_MEDIA_RTP ? media : NULL;
    builder->key.from_client = teams_flow_from_client(flow, builder->pinfo);
    if (media->allocation == 0 && !ts_port_is_relay(builder->info.flow->server_end.port))
        builder->key.socket.peer = &builder->info.flow->server_end.addr;
}

static void
apply_flightproxy(teams_frame_builder *builder, const ts_frame_info *info)
{
    const ts_flightproxy_info *message = (const ts_flightproxy_info *)info;

    teams_builder_set_flow(builder, message->from_client);
    teams_builder_set_kind(builder, TEAMS_WHAT_SIGNALLING, TS_EVIDENCE_FLIGHTPROXY);
    set_service(builder, TS_SERVICE_FLIGHTPROXY, TS_STAGE_CALL_SETUP);
    teams_builder_set_modality(builder, TS_MODALITY_SIGNALLING);
    builder->client->setup_frame = builder->pinfo->num;
    builder->client->setup_time = *teams_time(builder->pinfo);
}

static void
apply_nat64(teams_frame_builder *builder, const ts_frame_info *info)
{
    const ts_nat64_info *told = (const ts_nat64_info *)info;

    ts_nat64_learn(told->address, told->bits, builder->pinfo);
}

/* An alias that is asked for by itself may be in no table: what it led to is resolved all the same, and no host of ours by that. */
static void
apply_addresses(teams_frame_builder *builder, const ts_frame_info *info)
{
    const ts_addresses_info *told = (const ts_addresses_info *)info;

    for (unsigned i = 0; i < told->count; i++) {
        mark_resolved(builder->model, &told->addresses[i]);
        teams_host_take(builder->model, &told->addresses[i], told->name);
    }
}

static void (*const appliers[])(teams_frame_builder *builder, const ts_frame_info *info) = {
    [TS_INFO_NAME] = apply_name,
    [TS_INFO_TURN] = apply_turn,
    [TS_INFO_CHECK] = apply_check,
    [TS_INFO_MEDIA] = apply_media,
    [TS_INFO_FLIGHTPROXY] = apply_flightproxy,
    [TS_INFO_NAT64] = apply_nat64,
    [TS_INFO_ADDRESSES] = apply_addresses,
};

void
teams_builder_add_infos(teams_frame_builder *builder)
{
    for (const ts_frame_info *info = builder->infos; info != NULL; info = info->next)
        if ((unsigned)info->kind < G_N_ELEMENTS(appliers))
            appliers[info->kind](builder, info);
}

/* ---- ICMP errors about datagrams of known flows ----
 *
 * What an error quotes was sent before and is no traffic; but that the network refused it is the
 * best evidence of a blocked port or a peer that is gone.
 */

/* The flow that a client's refused datagram was sent on, NULL where there is none. */
static teams_flow *
refused_flow(const ts_icmp_refusal *refusal)
{
    teams_flow *flow = teams_flow_between(teams_model_get(), &refusal->source, &refusal->destination);
    const bool by_client = flow != NULL && flow->client_end.port == refusal->source.port &&
        addresses_equal(&flow->client_end.addr, &refusal->source.addr);

    return by_client && flow->number != 0 && !flow->rejected ? flow : NULL;
}

const teams_frame_info *
teams_refusal_info(tvbuff_t *tvb, packet_info *pinfo)
{
    ts_icmp_refusal refusal;
    teams_frame_info info;

    if (wmem_map_size(teams_model_get()->flows) == 0 || !ts_frame_has_icmp(pinfo) || !ts_icmp_refusal_read(tvb, pinfo, PT_UDP, &refusal))
        return NULL;
    teams_flow *flow = refused_flow(&refusal);

    if (flow == NULL)
        return NULL;
    memcpy(&info, &flow->base, sizeof info);
    info.what = TEAMS_WHAT_REFUSAL;
    info.evidence = TS_EVIDENCE_CONVERSATION;
    info.path = TEAMS_PATH_UNKNOWN;
    info.call = flow->call;
    info.signin = flow->call != NULL || flow->base.what == TEAMS_WHAT_RELAY ? NULL : flow->client->signin;     /* a call's peer is no matter of the sign-in */
    const bool by_host = addresses_equal(&pinfo->src, &refusal.destination.addr);

    teams_expert_add(pinfo, TEAMS_EXPERT_REFUSED,
        wmem_strdup_printf(pinfo->pool, "ICMP %s for %s from %s%s", refusal.text, flow->endpoint, by_host ? "that host" : "the router ",
            by_host ? "" : address_to_str(pinfo->pool, &pinfo->src)));
    return teams_frame_info_shared(&info);
}
