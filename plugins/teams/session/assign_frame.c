/* attribute.c
 * Is a frame Teams or Skype traffic, and on what evidence?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/assign_frame.h"

#include <string.h>

#include <epan/to_str.h>

#include "common/endpoint.h"

#include "session/assign_frame_private.h"
#include "session/diagnostics.h"
#include "session/signin.h"

#define UNANSWERED_AFTER 1.0    /* seconds without an answer from a relay over UDP */
#define FIRST_USER_PORT  1024

/* ---- what several kinds of records need ---- */

void
teams_draft_path(teams_draft *d, teams_path path)
{
    if (path > d->view.path)
        d->view.path = path;
}

void
teams_draft_modality(teams_draft *d, ts_modality modality)
{
    if (d->view.modality == TS_MODALITY_UNKNOWN)
        d->view.modality = modality;
}

void
teams_draft_claim(teams_draft *d, teams_what what, teams_evidence evidence)
{
    if (d->view.evidence == TEAMS_EVIDENCE_NONE) {
        d->view.what = what;
        d->view.evidence = evidence;
    }
}

teams_flow *
teams_draft_flow(teams_draft *d, bool to_server)
{
    teams_flow *flow = teams_flow_of(d->model, d->pinfo, true, to_server);

    d->client = flow->client;
    if (d->view.flow == NULL) {
        const teams_view gathered = d->view;

        memcpy(&d->view, &flow->base, sizeof d->view);
        d->view.flow = flow;
        d->view.evidence = gathered.evidence;
        d->view.what = gathered.what;
        d->view.path = TEAMS_PATH_UNKNOWN;
    }
    return flow;
}

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
    return addresses_equal(&learned->client->addr, client) && nstime_cmp(&pinfo->abs_ts, &learned->until) <= 0 ? learned : NULL;
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

/* Names a new flow after its server's address. */
static void
name_by_address(teams_draft *d, teams_flow *flow)
{
    const teams_learned *learned = flow->base.name == NULL ? learned_of(d->model, d->pinfo, &flow->server_end.addr, &flow->client_end.addr) : NULL;

    if (learned == NULL)
        return;
    flow->base.name = learned->name;
    flow->base.name_frame = learned->frame;
    d->view.name = learned->name;
    d->view.name_frame = learned->frame;
}

void
teams_draft_service(teams_draft *d, ts_service service, ts_stage stage)
{
    if (d->view.product == TS_PRODUCT_UNKNOWN || teams_name_weigh(d->view.product) != TEAMS_NAME_OWN)
        d->view.product = TS_PRODUCT_TEAMS;
    d->view.service = service;
    d->view.stage = stage;
}

/* What later frames of the flow are when they carry no record. */
static void
remember(const teams_draft *d)
{
    teams_flow *flow = d->view.flow;

    flow->base.product = d->view.product;
    flow->base.service = d->view.service;
    flow->base.stage = d->view.stage;
    flow->base.path = d->view.path;
    flow->base.what = d->view.what;
    if (d->view.transport == TEAMS_TRANSPORT_PSEUDO_TLS)
        flow->base.transport = TEAMS_TRANSPORT_PSEUDO_TLS;
}

/* ---- published prefixes ---- */

/* Is port one that Microsoft publishes for the prefix? */
static bool
port_fits_prefix(const ts_prefix_row *row, port_type ptype, uint32_t port)
{
    if (ptype == PT_UDP && ts_port_is_relay((uint16_t)port))
        return row->use == TS_PREFIX_MEDIA || row->use == TS_PREFIX_SERVICE || row->use == TS_PREFIX_OBSERVED;
    return port == 443 && (row->use == TS_PREFIX_MEDIA || row->use == TS_PREFIX_SERVICE);
}

bool
teams_is_published(const packet_info *pinfo, const address *addr, uint32_t port)
{
    if (port != 443 && !(pinfo->ptype == PT_UDP && ts_port_is_relay((uint16_t)port)))
        return false;
    const ts_prefix_row *row = ts_address_prefix(addr);

    return row != NULL && port_fits_prefix(row, pinfo->ptype, port);
}

/* ---- frames without records ---- */

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
flow_by_address(teams_draft *d)
{
    const packet_info *pinfo = d->pinfo;
    const teams_learned *to = learned_of(d->model, pinfo, &pinfo->dst, &pinfo->src);
    const teams_learned *from = to == NULL ? learned_of(d->model, pinfo, &pinfo->src, &pinfo->dst) : NULL;

    if ((to == NULL && from == NULL) || is_dns_port(pinfo))
        return NULL;
    if (to != NULL ? !is_service_port(to, pinfo->destport) : !is_service_port(from, pinfo->srcport))
        return NULL;
    teams_flow *flow = teams_draft_flow(d, to != NULL);
    teams_flow_name(flow, to != NULL ? to : from);
    teams_draft_claim(d, TEAMS_WHAT_SERVICE, TEAMS_EVIDENCE_ADDRESS);
    return flow;
}

static teams_flow *
flow_by_prefix(teams_draft *d)
{
    const packet_info *pinfo = d->pinfo;
    const bool to = teams_is_published(pinfo, &pinfo->dst, pinfo->destport);

    if (!to && !teams_is_published(pinfo, &pinfo->src, pinfo->srcport))
        return NULL;
    teams_flow *flow = teams_draft_flow(d, to);
    flow->base.product = TS_PRODUCT_TEAMS;
    if (pinfo->ptype == PT_UDP && ts_port_is_relay(flow->server_end.port)) {
        flow->base.service = TS_SERVICE_MEDIA_RELAY;
        flow->base.stage = TS_STAGE_MEDIA;
        flow->base.what = TEAMS_WHAT_RELAY;
    }
    teams_draft_claim(d, flow->base.what, TEAMS_EVIDENCE_PREFIX);
    return flow;
}

static bool
is_known_host(teams_model *model, const address *addr)
{
    return teams_host_of(model, addr, false) != NULL;
}

static void
apply_context(teams_draft *d)
{
    const packet_info *pinfo = d->pinfo;

    if (pinfo->ptype != PT_UDP && pinfo->ptype != PT_TCP)
        return;
    const bool known = wmem_map_size(d->model->hosts) != 0 &&
        (is_known_host(d->model, &pinfo->dst) || is_known_host(d->model, &pinfo->src));
    teams_flow *flow = known ? teams_flow_of(d->model, d->pinfo, false, true) : NULL;
    teams_evidence evidence = TEAMS_EVIDENCE_CONVERSATION;

    if (flow != NULL && flow->rejected)
        return;
    if (flow == NULL && known) {
        flow = flow_by_address(d);
        evidence = TEAMS_EVIDENCE_ADDRESS;
    }
    if (flow == NULL) {
        flow = flow_by_prefix(d);
        evidence = TEAMS_EVIDENCE_PREFIX;
    }
    if (flow == NULL)
        return;
    memcpy(&d->view, &flow->base, sizeof d->view);
    d->view.evidence = evidence;
    d->client = flow->client;
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
check_fallback(teams_draft *d)
{
    teams_flow *flow = d->view.flow;
    teams_client *client = d->client;
    const nstime_t *now = &d->pinfo->abs_ts;

    if (d->view.service != TS_SERVICE_MEDIA_RELAY)
        return;
    if (d->pinfo->ptype == PT_TCP) {
        teams_draft_path(d, TEAMS_PATH_TCP_FALLBACK);
        if (client->relay_asked && !client->relay_answered && !client->fallback_reported &&
            teams_seconds(&client->relay_asked_time, now) >= UNANSWERED_AFTER) {
            client->fallback_reported = true;
            teams_diagnostics_add(d->pinfo, TEAMS_DIAGNOSTIC_UDP_BLOCKED, flow->endpoint);
        }
    } else if (!teams_flow_from_client(flow, d->pinfo))
        client->relay_answered = true;
    else if (!client->relay_asked) {
        client->relay_asked = true;
        client->relay_asked_time = *now;
    }
}

/* Relay traffic without a name (D28) or without a sign-in: once per call and client. */
static void
check_relay(teams_draft *d)
{
    teams_call *call = d->view.call;

    if (d->view.service != TS_SERVICE_MEDIA_RELAY || call == NULL)
        return;
    if (!call->unnamed_reported && !d->client->relay_named && d->view.name == NULL) {
        call->unnamed_reported = true;
        teams_diagnostics_add(d->pinfo, TEAMS_DIAGNOSTIC_RELAY_UNNAMED, d->view.endpoint);
    }
    if (!d->client->unsigned_relay_reported && d->client->signin == NULL) {
        d->client->unsigned_relay_reported = true;
        teams_diagnostics_add(d->pinfo, TEAMS_DIAGNOSTIC_RELAY_WITHOUT_SIGNIN, "");
    }
}

static void
assign_call(teams_draft *d)
{
    teams_flow *flow = d->view.flow;

    if (d->view.what == TEAMS_WHAT_SIGNALLING || d->view.what == TEAMS_WHAT_NAME) {
        d->view.call = teams_call_open(d->pinfo, d->client);
        return;
    }
    const bool media = d->view.what != TEAMS_WHAT_SERVICE || d->view.service == TS_SERVICE_MEDIA_RELAY;

    if (!media)
        return;
    d->hint.leg.local_port = flow->client_end.port;
    d->hint.leg.far_end.end = flow->server_end;
    d->hint.leg.far_end.ptype = d->pinfo->ptype;
    d->hint.leg.modality = flow->base.modality;
    d->view.call = teams_call_of(d->model, d->pinfo, flow, &d->hint);
}

/* Teams has been seen to say "video" for each of its allocations, so the stream type comes last and is shown only. */
static void
find_modality(teams_draft *d)
{
    teams_flow *flow = d->view.flow;
    const bool media = (d->view.what > TEAMS_WHAT_NAME && d->view.what != TEAMS_WHAT_SIGNALLING) ||
        d->view.service == TS_SERVICE_MEDIA_RELAY;

    if (media)
        teams_draft_modality(d, modality_of_ports(flow));
    flow->base.modality = d->view.modality;
    if (media)
        teams_draft_modality(d, flow->stream_modality);
}

static void
note_media(teams_draft *d)
{
    uint32_t *frame = &d->view.flow->media_frame[teams_flow_from_client(d->view.flow, d->pinfo)];

    if (d->view.what == TEAMS_WHAT_MEDIA && *frame == 0)
        *frame = d->pinfo->num;
}

static void
finish(teams_draft *d)
{
    teams_flow *flow = d->view.flow;

    if (flow != NULL) {
        if (flow->number == 0) {
            flow->number = ++d->model->flow_count;
            flow->frame = d->pinfo->num;
        }
        name_by_address(d, flow);
        find_modality(d);
        note_media(d);
        check_fallback(d);
        assign_call(d);
        check_relay(d);
        d->view.signin = d->client->signin;
        remember(d);
    }
    teams_signin_frame(d->pinfo, d->client, &d->view);
}

const teams_view *
teams_attribute(packet_info *pinfo)
{
    teams_draft d = { .model = teams_model_get(), .pinfo = pinfo };

    memset(&d.view, 0, sizeof d.view);
    if (nstime_is_zero(&d.model->first))
        d.model->first = pinfo->abs_ts;
    if (nstime_cmp(&pinfo->abs_ts, &d.model->last) > 0)
        d.model->last = pinfo->abs_ts;

    teams_draft_records(&d);
    if (d.view.evidence == TEAMS_EVIDENCE_NONE)
        apply_context(&d);
    if (d.view.evidence == TEAMS_EVIDENCE_NONE)
        return NULL;
    finish(&d);
    return teams_view_keep(&d.view);
}
