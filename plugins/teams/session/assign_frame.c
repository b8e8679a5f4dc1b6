/* assign_frame.c
 * Is a frame Teams or Skype traffic, and on what evidence?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/assign_frame.h"

#include <string.h>

#include <epan/to_str.h>

#include "common/endpoint.h"

#include "session/teams_expert.h"
#include "session/signin.h"

#define UNANSWERED_AFTER 1.0    /* seconds without an answer from a relay over UDP */
#define FIRST_USER_PORT  1024

/*
 * The name that the service's address was learned from, if it counts for the
 * client: that of a service which all of Microsoft 365 shares does so only for
 * who asked, and for a while.
 */
static const teams_learned *
learned_of(teams_model *model, const packet_info *pinfo, const address *addr, const address *client)
{
    const teams_host *host = teams_host_of(model, addr, false);
    const teams_learned *learned = host == NULL ? NULL : host->learned;

    if (learned == NULL || nstime_is_zero(&learned->until))
        return learned;
    return teams_client_of(model, pinfo, client, false) == learned->client && nstime_cmp(teams_time(pinfo), &learned->until) <= 0 ? learned : NULL;
}

/* Names a new flow after its server's address. */
static void
name_by_address(teams_frame_builder *builder, teams_flow *flow)
{
    const teams_learned *learned = flow->base.name == NULL ? learned_of(builder->model, builder->pinfo, &flow->server_end.addr, &flow->client_end.addr) : NULL;

    if (learned == NULL)
        return;
    flow->base.name = learned->name;
    flow->base.name_frame = learned->frame;
    builder->info.name = learned->name;
    builder->info.name_frame = learned->frame;
}

/* What later frames of the flow are when they carry no info. */
static void
remember(const teams_frame_builder *builder)
{
    teams_flow *flow = builder->info.flow;

    flow->base.product = builder->info.product;
    flow->base.service = builder->info.service;
    flow->base.stage = builder->info.stage;
    flow->base.path = builder->info.path;
    flow->base.what = builder->info.what;
    if (builder->info.transport == TEAMS_TRANSPORT_PSEUDO_TLS)
        flow->base.transport = TEAMS_TRANSPORT_PSEUDO_TLS;
}

/* ---- published prefixes ---- */

const char *
teams_shared_prefix(const packet_info *pinfo)
{
    const bool to_server = pinfo->destport == 443 || pinfo->destport == 80;
    const bool from = pinfo->srcport == 443 || pinfo->srcport == 80;
    const ts_prefix_row *row = NULL;

    if (pinfo->ptype != PT_UDP && pinfo->ptype != PT_TCP)
        return NULL;
    if (to_server)
        row = ts_address_prefix(&pinfo->dst, pinfo);
    if (row == NULL && from)
        row = ts_address_prefix(&pinfo->src, pinfo);
    return row != NULL && row->web_shared ? row->text : NULL;
}

/* ---- frames without infos ---- */

static bool
is_dns_port(const packet_info *pinfo)
{
    return pinfo->srcport == 53 || pinfo->destport == 53 || pinfo->srcport == 853 || pinfo->destport == 853;
}

/*
 * Shared edges answer on ports of other services too (NTP, SSH), which a name
 * says nothing about. On premises a server has whatever ports its roles need.
 */
static bool
is_service_port(const teams_learned *learned, uint32_t port)
{
    return port >= FIRST_USER_PORT || port == 80 || port == 443 || learned->product == TS_PRODUCT_LYNC_ONPREM;
}

static teams_flow *
flow_by_address(teams_frame_builder *builder)
{
    const packet_info *pinfo = builder->pinfo;
    const teams_learned *to = learned_of(builder->model, pinfo, &pinfo->dst, &pinfo->src);
    const teams_learned *from = to == NULL ? learned_of(builder->model, pinfo, &pinfo->src, &pinfo->dst) : NULL;

    if ((to == NULL && from == NULL) || is_dns_port(pinfo))
        return NULL;
    if (to != NULL ? !is_service_port(to, pinfo->destport) : !is_service_port(from, pinfo->srcport))
        return NULL;
    if (to != NULL)
        teams_own_host_connects(builder->model, pinfo, to);
    teams_flow *flow = teams_builder_set_flow(builder, to != NULL);
    teams_flow_name(flow, to != NULL ? to : from);
    teams_builder_set_kind(builder, TEAMS_WHAT_SERVICE, TS_EVIDENCE_ADDRESS);
    return flow;
}

/* A client of an open call, and a relay that was asked before: what connects the two is of the call from its first frame on. */
static bool
goes_to_relay(const teams_frame_builder *builder, const address *relay, uint32_t port, const address *client)
{
    const teams_host *host = port == 443 || ts_port_is_relay((uint16_t)port) ? teams_host_of(builder->model, relay, false) : NULL;
    const teams_client *known = host != NULL && host->relay ? teams_client_of(builder->model, builder->pinfo, client, false) : NULL;

    return known != NULL && teams_call_open(builder->pinfo, known) != NULL;
}

static teams_flow *
flow_by_relay(teams_frame_builder *builder)
{
    const packet_info *pinfo = builder->pinfo;
    const bool to_relay = pinfo->ptype == PT_TCP && goes_to_relay(builder, &pinfo->dst, pinfo->destport, &pinfo->src);

    if (pinfo->ptype != PT_TCP || (!to_relay && !goes_to_relay(builder, &pinfo->src, pinfo->srcport, &pinfo->dst)))
        return NULL;
    teams_flow *flow = teams_builder_set_flow(builder, to_relay);
    flow->base.product = teams_builder_product(builder);
    flow->base.service = TS_SERVICE_MEDIA_RELAY;
    flow->base.stage = TS_STAGE_MEDIA;
    flow->base.what = TEAMS_WHAT_RELAY;
    teams_builder_set_kind(builder, flow->base.what, TS_EVIDENCE_ENDPOINT);
    return flow;
}

static teams_flow *
flow_by_prefix(teams_frame_builder *builder)
{
    const packet_info *pinfo = builder->pinfo;
    const bool to_server = teams_is_published(pinfo, &pinfo->dst, pinfo->destport);

    if (!to_server && !teams_is_published(pinfo, &pinfo->src, pinfo->srcport))
        return NULL;
    teams_flow *flow = teams_builder_set_flow(builder, to_server);
    flow->base.product = TS_PRODUCT_TEAMS;
    if (pinfo->ptype == PT_UDP && ts_port_is_relay(flow->server_end.port)) {
        flow->base.service = TS_SERVICE_MEDIA_RELAY;
        flow->base.stage = TS_STAGE_MEDIA;
        flow->base.what = TEAMS_WHAT_RELAY;
    }
    teams_builder_set_kind(builder, flow->base.what, TS_EVIDENCE_PREFIX);
    return flow;
}

static bool
is_known_host(teams_model *model, const address *addr)
{
    return teams_host_of(model, addr, false) != NULL;
}

static void
apply_context(teams_frame_builder *builder)
{
    const packet_info *pinfo = builder->pinfo;

    if (pinfo->ptype != PT_UDP && pinfo->ptype != PT_TCP)
        return;
    const bool known = wmem_map_size(builder->model->hosts) != 0 &&
        (is_known_host(builder->model, &pinfo->dst) || is_known_host(builder->model, &pinfo->src));
    teams_flow *flow = known ? teams_flow_of(builder->model, builder->pinfo, false, true) : NULL;
    ts_evidence evidence = TS_EVIDENCE_CONVERSATION;

    if (flow != NULL && flow->rejected)
        return;
    if (flow == NULL && known) {
        flow = flow_by_address(builder);
        evidence = TS_EVIDENCE_ADDRESS;
    }
    if (flow == NULL && known) {
        flow = flow_by_relay(builder);
        evidence = TS_EVIDENCE_ENDPOINT;
    }
    if (flow == NULL) {
        flow = flow_by_prefix(builder);
        evidence = TS_EVIDENCE_PREFIX;
    }
    if (flow == NULL)
        return;
    memcpy(&builder->info, &flow->base, sizeof builder->info);
    builder->info.evidence = evidence;
    builder->client = flow->client;
}

/* ---- what follows from the whole ---- */

static ts_modality
modality_of_ports(const teams_flow *flow)
{
    const ts_modality server = ts_modality_of_relay_port(flow->server_end.port);

    return server != TS_MODALITY_UNKNOWN ? server : ts_modality_of_client_port(flow->client_end.port);
}

/* D18: does the client get any answer from relays over UDP? */
static void
check_fallback(teams_frame_builder *builder)
{
    teams_flow *flow = builder->info.flow;
    teams_client *client = builder->client;
    const nstime_t *now = teams_time(builder->pinfo);

    if (builder->info.service != TS_SERVICE_MEDIA_RELAY)
        return;
    if (builder->pinfo->ptype == PT_TCP) {
        if (client->relay_asked && !client->relay_answered && !client->fallback_reported &&
            ts_seconds(&client->relay_asked_time, now) >= UNANSWERED_AFTER) {
            client->fallback_reported = true;
            teams_expert_add(builder->pinfo, TEAMS_EXPERT_UDP_BLOCKED, flow->endpoint);
        }
    } else if (!teams_flow_from_client(flow, builder->pinfo))
        client->relay_answered = true;
    else if (!client->relay_asked) {
        client->relay_asked = true;
        client->relay_asked_time = *now;
    }
}

/* Relay traffic without a name (D28) or without a sign-in: once per call and client. */
static void
check_relay(teams_frame_builder *builder)
{
    teams_call *call = builder->info.call;

    if (builder->info.service != TS_SERVICE_MEDIA_RELAY || call == NULL)
        return;
    if (!call->unnamed_reported && !builder->client->relay_named && builder->info.name == NULL) {
        call->unnamed_reported = true;
        teams_expert_add(builder->pinfo, TEAMS_EXPERT_RELAY_UNNAMED, builder->info.endpoint);
    }
    if (!builder->client->unsigned_relay_reported && builder->client->signin == NULL) {
        builder->client->unsigned_relay_reported = true;
        teams_expert_add(builder->pinfo, TEAMS_EXPERT_RELAY_WITHOUT_SIGNIN, "");
    }
}

static void
assign_call(teams_frame_builder *builder)
{
    teams_flow *flow = builder->info.flow;

    if (builder->info.what == TEAMS_WHAT_SIGNALLING || builder->info.what == TEAMS_WHAT_NAME) {
        builder->info.call = teams_call_open(builder->pinfo, builder->client);
        return;
    }
    const bool media = builder->info.what != TEAMS_WHAT_SERVICE || builder->info.service == TS_SERVICE_MEDIA_RELAY;

    if (!media)
        return;
    builder->key.socket.local_port = flow->client_end.port;
    builder->key.socket.remote.end = flow->server_end;
    builder->key.socket.remote.ptype = builder->pinfo->ptype;
    builder->key.socket.modality = flow->base.modality;
    builder->key.relay = builder->info.what == TEAMS_WHAT_RELAY || builder->info.what == TEAMS_WHAT_SERVICE;
    builder->info.call = teams_call_of(builder->model, builder->pinfo, flow, &builder->key);
}

/* What ports and allocations say, but not against the media. */
static void
set_weak_modality(teams_frame_builder *builder, ts_modality modality)
{
    if (modality != TS_MODALITY_AUDIO || !builder->info.flow->no_audio)
        teams_builder_set_modality(builder, modality);
}

/* Teams has been seen to say "video" for each of its allocations, so the stream type comes last and is shown only. */
static void
find_modality(teams_frame_builder *builder)
{
    teams_flow *flow = builder->info.flow;
    const bool media = (builder->info.what > TEAMS_WHAT_NAME && builder->info.what != TEAMS_WHAT_SIGNALLING) ||
        builder->info.service == TS_SERVICE_MEDIA_RELAY;

    if (media)
        set_weak_modality(builder, modality_of_ports(flow));
    /* The first media speaks for the flow; of several kinds on one port each frame has its own. */
    if (flow->base.modality == TS_MODALITY_UNKNOWN ||
        (builder->info.what == TEAMS_WHAT_MEDIA && flow->media_frame[false] == 0 && flow->media_frame[true] == 0))
        flow->base.modality = builder->info.modality;
    if (media)
        set_weak_modality(builder, flow->stream_modality);
}

static void
note_media(teams_frame_builder *builder)
{
    uint32_t *frame = &builder->info.flow->media_frame[teams_flow_from_client(builder->info.flow, builder->pinfo)];

    if (builder->info.what == TEAMS_WHAT_MEDIA && *frame == 0)
        *frame = builder->pinfo->num;
}

static void
finish(teams_frame_builder *builder)
{
    teams_flow *flow = builder->info.flow;

    if (flow != NULL) {
        if (flow->number == 0) {
            flow->number = ++builder->model->flow_count;
            flow->frame = builder->pinfo->num;
        }
        name_by_address(builder, flow);
        find_modality(builder);
        note_media(builder);
        check_fallback(builder);
        assign_call(builder);
        check_relay(builder);
        builder->info.signin = builder->client->signin;
        remember(builder);
    }
    teams_signin_frame(builder->pinfo, builder->client, &builder->info);
}

const teams_frame_info *
teams_assign_frame(packet_info *pinfo, const ts_frame_info *infos)
{
    teams_frame_builder builder = { .model = teams_model_get(), .pinfo = pinfo, .infos = infos };

    memset(&builder.info, 0, sizeof builder.info);
    teams_clients_count(builder.model, pinfo);
    teams_builder_add_infos(&builder);
    if (builder.info.evidence == TS_EVIDENCE_NONE)
        apply_context(&builder);
    if (builder.info.evidence == TS_EVIDENCE_NONE)
        return NULL;
    finish(&builder);
    return teams_frame_info_shared(&builder.info);
}
