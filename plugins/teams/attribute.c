/* attribute.c
 * Is a frame Teams or Skype traffic, and on what evidence?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "attribute.h"

#include <string.h>

#include <epan/to_str.h>

#include "calls.h"
#include "diagnostics.h"
#include "signin.h"

#define UNANSWERED_AFTER 1.0    /* seconds without an answer from a relay over UDP */
#define FIRST_USER_PORT  1024

/* What is gathered while the records of one frame are read. */
typedef struct {
    teams_model *model;
    packet_info *pinfo;
    teams_view view;
    teams_client *client;
    teams_call_hint hint;
} draft;

/* ---- what several kinds of records need ---- */

static void
stronger_path(draft *d, teams_path path)
{
    if (path > d->view.path)
        d->view.path = path;
}

static void
learn_modality(draft *d, ts_modality modality)
{
    if (d->view.modality == TS_MODALITY_UNKNOWN)
        d->view.modality = modality;
}

/* The kind of a frame is that of the innermost record, which comes first. */
static void
claim(draft *d, teams_what what, teams_evidence evidence)
{
    if (d->view.evidence == TEAMS_EVIDENCE_NONE) {
        d->view.what = what;
        d->view.evidence = evidence;
    }
}

static ts_modality
modality_of_stream_type(uint16_t stream_type)
{
    static const ts_modality modalities[] = {
        TS_MODALITY_UNKNOWN, TS_MODALITY_AUDIO, TS_MODALITY_VIDEO, TS_MODALITY_VIDEO, TS_MODALITY_DATA
    };

    return stream_type < G_N_ELEMENTS(modalities) ? modalities[stream_type] : TS_MODALITY_UNKNOWN;
}

/* The flow on the wire, with what is known of it as the start of the view. */
static teams_flow *
enter_flow(draft *d, bool to_server)
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

static void
name_flow(teams_flow *flow, const teams_learned *learned)
{
    flow->base.name = learned->name;
    flow->base.name_frame = learned->frame;
    flow->base.product = learned->product;
    flow->base.service = learned->service;
    flow->base.stage = learned->stage;
}

/* Names a new flow after its server's address. */
static void
name_by_address(draft *d, teams_flow *flow)
{
    const teams_learned *learned = flow->base.name == NULL ? learned_of(d->model, d->pinfo, &flow->server_end.addr, &flow->client_end.addr) : NULL;

    if (learned == NULL)
        return;
    flow->base.name = learned->name;
    flow->base.name_frame = learned->frame;
    d->view.name = learned->name;
    d->view.name_frame = learned->frame;
}

static void
set_service(draft *d, ts_service service, ts_stage stage)
{
    if (d->view.product == TS_PRODUCT_UNKNOWN || teams_name_weigh(d->view.product) != TEAMS_NAME_OWN)
        d->view.product = TS_PRODUCT_TEAMS;
    d->view.service = service;
    d->view.stage = stage;
}

/* What later frames of the flow are when they carry no record. */
static void
remember(const draft *d)
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

static bool
is_published(const packet_info *pinfo, const address *addr, uint32_t port)
{
    if (port != 443 && !(pinfo->ptype == PT_UDP && ts_port_is_relay((uint16_t)port)))
        return false;
    const ts_prefix_row *row = teams_address_prefix(addr);

    return row != NULL && port_fits_prefix(row, pinfo->ptype, port);
}

/* ---- names ---- */

static bool
may_learn(const address *addr, const teams_learned *what)
{
    return (addr->type == AT_IPv4 || addr->type == AT_IPv6) &&
        (what->product == TS_PRODUCT_LYNC_ONPREM || !teams_address_is_private(addr));
}

static void
learn_addresses(draft *d, const ts_name_record *record, const teams_learned *what)
{
    for (unsigned i = 0; i < record->address_count; i++) {
        const address *addr = &record->addresses[i].end.addr;

        if (may_learn(addr, what)) {
            teams_host *host = teams_host_of(d->model, addr, true);

            host->learned = (teams_learned *)wmem_memdup(wmem_file_scope(), what, sizeof *what);
        }
    }
}

/* D27: once per flow. */
static void
check_resolved(draft *d, teams_flow *flow, const teams_learned *what)
{
    const teams_host *host = teams_host_of(d->model, &flow->server_end.addr, false);

    if (flow->unresolved_reported || (host != NULL && host->learned != NULL))
        return;
    flow->unresolved_reported = true;
    const char *address_text = address_to_str(d->pinfo->pool, &flow->server_end.addr);

    if (strcmp(address_text, what->name) == 0)
        return;     /* an address needs no DNS */
    const bool outside = teams_address_prefix(&flow->server_end.addr) == NULL && what->product == TS_PRODUCT_TEAMS;

    teams_diagnostics_add(d->pinfo,
        outside ? TEAMS_DIAGNOSTIC_NAME_UNRESOLVED_OUTSIDE : TEAMS_DIAGNOSTIC_NAME_UNRESOLVED,
        wmem_strdup_printf(d->pinfo->pool, "%s at %s", what->name, address_text));
}

static void
apply_dns(draft *d, const ts_name_record *record)
{
    const address *who = record->response ? &d->pinfo->dst : &d->pinfo->src;
    teams_learned what;

    if (teams_name_weigh(record->whole->product) == TEAMS_NAME_FOREIGN &&
        wmem_map_lookup(d->model->chain_names, record->links[0].name) == NULL)
        return;
    const bool own = teams_name_weigh(record->whole->product) == TEAMS_NAME_OWN;
    teams_client *client = teams_client_of(d->model, d->pinfo, who, own);
    teams_signin *signin = client == NULL ? NULL : teams_signin_name(d->model, d->pinfo, client, record, &what);

    if (signin == NULL)
        return;
    learn_addresses(d, record, &what);
    if (d->view.evidence != TEAMS_EVIDENCE_NONE)
        return;
    d->client = client;
    claim(d, TEAMS_WHAT_NAME, TEAMS_EVIDENCE_NAME);
    d->view.product = what.product;
    d->view.service = what.service;
    d->view.stage = what.stage;
    d->view.name = what.name;
    d->view.name_frame = d->pinfo->num;
    d->view.transport = d->pinfo->ptype == PT_TCP ? TEAMS_TRANSPORT_TCP : TEAMS_TRANSPORT_UDP;
    d->view.signin = signin;
}

/* The server name says whose the flow is, whatever its address said before. */
static void
apply_server_name(draft *d, const ts_name_record *record)
{
    const bool own = teams_name_weigh(record->whole->product) == TEAMS_NAME_OWN;
    const bool claimed = teams_host_of(d->model, &d->pinfo->dst, false) != NULL ||
        is_published(d->pinfo, &d->pinfo->dst, d->pinfo->destport);

    if (!own && !claimed && teams_name_weigh(record->whole->product) == TEAMS_NAME_FOREIGN)
        return;
    teams_client *client = teams_client_of(d->model, d->pinfo, &d->pinfo->src, own);
    teams_learned what;
    teams_signin *signin = client == NULL ? NULL : teams_signin_name(d->model, d->pinfo, client, record, &what);

    if (signin == NULL) {
        /* A published prefix stays one, whatever name is used there. */
        if (!is_published(d->pinfo, &d->pinfo->dst, d->pinfo->destport))
            teams_flow_of(d->model, d->pinfo, true, true)->rejected = true;
        return;
    }
    teams_flow *flow = enter_flow(d, true);
    const bool quic = d->pinfo->ptype == PT_UDP;

    flow->rejected = false;
    name_flow(flow, &what);
    flow->base.transport = quic ? TEAMS_TRANSPORT_QUIC : TEAMS_TRANSPORT_TLS;
    claim(d, TEAMS_WHAT_SERVICE, TEAMS_EVIDENCE_SERVER_NAME);
    const teams_view was = d->view;
    memcpy(&d->view, &flow->base, sizeof d->view);
    d->view.evidence = was.evidence;
    check_resolved(d, flow, &what);
}

static void
apply_name(draft *d, const ts_record *record)
{
    const ts_name_record *name = (const ts_name_record *)record;

    if (name->link_count == 0 || name->whole == NULL || name->links[0].name == NULL)
        return;
    if (name->role == TS_ROLE_SERVER_NAME)
        apply_server_name(d, name);
    else
        apply_dns(d, name);
}

/* ---- relays, checks, media, flightproxy ---- */

static void
apply_turn(draft *d, const ts_record *record)
{
    const ts_turn_record *turn = (const ts_turn_record *)record;
    const bool multiplexed = turn->type == 0xFF10;

    teams_flow *flow = enter_flow(d, turn->from_client);

    claim(d, TEAMS_WHAT_RELAY, multiplexed ? TEAMS_EVIDENCE_SESSION : TEAMS_EVIDENCE_TURN);
    set_service(d, TS_SERVICE_MEDIA_RELAY, TS_STAGE_MEDIA);
    if (turn->stream_type != 0)
        flow->stream_modality = modality_of_stream_type(turn->stream_type);
    stronger_path(d, turn->tcp ? TEAMS_PATH_TCP_FALLBACK : multiplexed ? TEAMS_PATH_MULTIPLEXED : TEAMS_PATH_RELAYED);
    if (turn->pseudo_tls)
        d->view.transport = TEAMS_TRANSPORT_PSEUDO_TLS;
    if (d->hint.allocation == 0)
        d->hint.allocation = turn->allocation;
    d->hint.leg.credential = turn->credential;
}

/* What a check says of the client's socket. Where both ends are in the capture, the flow's client may be either. */
static void
hint_check(draft *d, const ts_check_record *check)
{
    const bool swapped = addresses_equal(&check->remote.addr, &d->view.flow->client_end.addr);
    const ts_endpoint *peer = swapped ? &check->local : &check->remote;

    d->hint.leg.ufrag_local = swapped ? check->ufrag_remote : check->ufrag_local;
    d->hint.leg.ufrag_remote = swapped ? check->ufrag_local : check->ufrag_remote;
    if (peer->addr.type != AT_NONE && !ts_port_is_relay(peer->port))
        d->hint.leg.peer = &peer->addr;
}

static void
apply_check(draft *d, const ts_record *record)
{
    const ts_check_record *check = (const ts_check_record *)record;
    const bool relayed = check->allocation != 0 || g_strcmp0(check->remote_type, "relayed") == 0;

    enter_flow(d, check->from_local);
    claim(d, TEAMS_WHAT_CHECK, TEAMS_EVIDENCE_CHECK);
    if (d->view.service == TS_SERVICE_UNKNOWN)
        set_service(d, relayed ? TS_SERVICE_MEDIA_RELAY : TS_SERVICE_UNKNOWN, TS_STAGE_MEDIA);
    stronger_path(d, relayed ? TEAMS_PATH_RELAYED : TEAMS_PATH_DIRECT);
    d->hint.pair = check->pair;
    d->hint.allocation = check->allocation;
    if (check->state == TS_PAIR_NOMINATED) {
        d->hint.leg.established = true;
        if (!wmem_map_contains(d->model->nominated, GUINT_TO_POINTER(check->pair)))
            wmem_map_insert(d->model->nominated, GUINT_TO_POINTER(check->pair), GUINT_TO_POINTER(d->pinfo->num));
    }
    hint_check(d, check);
}

/* Where no set-up was seen, only the far end's port can tell: relays have these ports, media servers do not. */
static teams_path
path_without_setup(const draft *d)
{
    const packet_info *pinfo = d->pinfo;
    const bool relay = pinfo->ptype == PT_UDP &&
        (is_published(pinfo, &pinfo->dst, pinfo->destport) || is_published(pinfo, &pinfo->src, pinfo->srcport));

    return relay ? TEAMS_PATH_RELAYED : TEAMS_PATH_DIRECT;
}

static void
apply_media(draft *d, const ts_record *record)
{
    const ts_media_record *media = (const ts_media_record *)record;
    const bool to_server = ts_port_is_relay((uint16_t)d->pinfo->destport) || !ts_port_is_relay((uint16_t)d->pinfo->srcport);

    enter_flow(d, to_server);
    claim(d, media->kind == TS_MEDIA_SRTCP ? TEAMS_WHAT_CONTROL : TEAMS_WHAT_MEDIA, TEAMS_EVIDENCE_MEDIA);
    if (d->view.service == TS_SERVICE_UNKNOWN)
        set_service(d, media->allocation != 0 ? TS_SERVICE_MEDIA_RELAY : TS_SERVICE_UNKNOWN, TS_STAGE_MEDIA);
    learn_modality(d, media->modality);
    stronger_path(d, media->tcp ? TEAMS_PATH_TCP_FALLBACK : media->multiplexed ? TEAMS_PATH_MULTIPLEXED :
        media->allocation != 0 ? TEAMS_PATH_RELAYED : d->view.flow->base.path != TEAMS_PATH_UNKNOWN ?
        d->view.flow->base.path : path_without_setup(d));
    d->hint.pair = media->pair;
    d->hint.allocation = media->allocation;
    d->hint.leg.established = d->hint.media = true;
    if (media->allocation == 0 && !ts_port_is_relay(d->view.flow->server_end.port))
        d->hint.leg.peer = &d->view.flow->server_end.addr;
}

static void
apply_flightproxy(draft *d, const ts_record *record)
{
    const ts_flightproxy_record *message = (const ts_flightproxy_record *)record;

    enter_flow(d, message->from_client);
    claim(d, TEAMS_WHAT_SIGNALLING, TEAMS_EVIDENCE_FLIGHTPROXY);
    set_service(d, TS_SERVICE_FLIGHTPROXY, TS_STAGE_CALL_SETUP);
    learn_modality(d, TS_MODALITY_SIGNALLING);
    d->client->setup_frame = d->pinfo->num;
    d->client->setup_time = d->pinfo->abs_ts;
}

static void (*const appliers[])(draft *d, const ts_record *record) = {
    [TS_RECORD_NAME] = apply_name,
    [TS_RECORD_TURN] = apply_turn,
    [TS_RECORD_CHECK] = apply_check,
    [TS_RECORD_MEDIA] = apply_media,
    [TS_RECORD_FLIGHTPROXY] = apply_flightproxy,
};

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
flow_by_address(draft *d)
{
    const packet_info *pinfo = d->pinfo;
    const teams_learned *to = learned_of(d->model, pinfo, &pinfo->dst, &pinfo->src);
    const teams_learned *from = to == NULL ? learned_of(d->model, pinfo, &pinfo->src, &pinfo->dst) : NULL;

    if ((to == NULL && from == NULL) || is_dns_port(pinfo))
        return NULL;
    if (to != NULL ? !is_service_port(to, pinfo->destport) : !is_service_port(from, pinfo->srcport))
        return NULL;
    teams_flow *flow = enter_flow(d, to != NULL);
    name_flow(flow, to != NULL ? to : from);
    claim(d, TEAMS_WHAT_SERVICE, TEAMS_EVIDENCE_ADDRESS);
    return flow;
}

static teams_flow *
flow_by_prefix(draft *d)
{
    const packet_info *pinfo = d->pinfo;
    const bool to = is_published(pinfo, &pinfo->dst, pinfo->destport);

    if (!to && !is_published(pinfo, &pinfo->src, pinfo->srcport))
        return NULL;
    teams_flow *flow = enter_flow(d, to);
    flow->base.product = TS_PRODUCT_TEAMS;
    if (pinfo->ptype == PT_UDP && ts_port_is_relay(flow->server_end.port)) {
        flow->base.service = TS_SERVICE_MEDIA_RELAY;
        flow->base.stage = TS_STAGE_MEDIA;
        flow->base.what = TEAMS_WHAT_RELAY;
    }
    claim(d, flow->base.what, TEAMS_EVIDENCE_PREFIX);
    return flow;
}

static bool
is_known_host(teams_model *model, const address *addr)
{
    return teams_host_of(model, addr, false) != NULL;
}

static void
apply_context(draft *d)
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
check_fallback(draft *d)
{
    teams_flow *flow = d->view.flow;
    teams_client *client = d->client;
    const nstime_t *now = &d->pinfo->abs_ts;

    if (d->view.service != TS_SERVICE_MEDIA_RELAY)
        return;
    if (d->pinfo->ptype == PT_TCP) {
        stronger_path(d, TEAMS_PATH_TCP_FALLBACK);
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
check_relay(draft *d)
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
assign_call(draft *d)
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
find_modality(draft *d)
{
    teams_flow *flow = d->view.flow;
    const bool media = (d->view.what > TEAMS_WHAT_NAME && d->view.what != TEAMS_WHAT_SIGNALLING) ||
        d->view.service == TS_SERVICE_MEDIA_RELAY;

    if (media)
        learn_modality(d, modality_of_ports(flow));
    flow->base.modality = d->view.modality;
    if (media)
        learn_modality(d, flow->stream_modality);
}

static void
note_media(draft *d)
{
    uint32_t *frame = &d->view.flow->media_frame[teams_flow_from_client(d->view.flow, d->pinfo)];

    if (d->view.what == TEAMS_WHAT_MEDIA && *frame == 0)
        *frame = d->pinfo->num;
}

static void
finish(draft *d)
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
    draft d = { .model = teams_model_get(), .pinfo = pinfo };

    memset(&d.view, 0, sizeof d.view);
    if (nstime_is_zero(&d.model->first))
        d.model->first = pinfo->abs_ts;
    if (nstime_cmp(&pinfo->abs_ts, &d.model->last) > 0)
        d.model->last = pinfo->abs_ts;

    for (const ts_record *record = ts_record_first(pinfo); record != NULL; record = record->next)
        if ((unsigned)record->kind < G_N_ELEMENTS(appliers))
            appliers[record->kind](&d, record);
    if (d.view.evidence == TEAMS_EVIDENCE_NONE)
        apply_context(&d);
    if (d.view.evidence == TEAMS_EVIDENCE_NONE)
        return NULL;
    finish(&d);
    return teams_view_keep(&d.view);
}
