/* attribute_records.c
 * What the records of a frame say: names, relays, checks, media, signalling
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/assign_frame_private.h"

#include <string.h>

#include <epan/to_str.h>

#include "common/endpoint.h"

#include "session/diagnostics.h"
#include "session/signin.h"

/* ---- names ---- */

static bool
may_learn(const address *addr, const teams_learned *what)
{
    return (addr->type == AT_IPv4 || addr->type == AT_IPv6) &&
        (what->product == TS_PRODUCT_LYNC_ONPREM || !teams_address_is_private(addr));
}

static void
learn_addresses(teams_draft *d, const ts_name_info *record, const teams_learned *what)
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
check_resolved(teams_draft *d, teams_flow *flow, const teams_learned *what)
{
    const teams_host *host = teams_host_of(d->model, &flow->server_end.addr, false);

    if (flow->unresolved_reported || (host != NULL && host->learned != NULL))
        return;
    flow->unresolved_reported = true;
    const char *address_text = address_to_str(d->pinfo->pool, &flow->server_end.addr);

    if (strcmp(address_text, what->name) == 0)
        return;     /* an address needs no DNS */
    const bool outside = ts_address_prefix(&flow->server_end.addr) == NULL && what->product == TS_PRODUCT_TEAMS;

    teams_diagnostics_add(d->pinfo,
        outside ? TEAMS_DIAGNOSTIC_NAME_UNRESOLVED_OUTSIDE : TEAMS_DIAGNOSTIC_NAME_UNRESOLVED,
        wmem_strdup_printf(d->pinfo->pool, "%s at %s", what->name, address_text));
}

static void
apply_dns(teams_draft *d, const ts_name_info *record)
{
    const address *who = record->response ? &d->pinfo->dst : &d->pinfo->src;
    teams_learned what;

    if (teams_name_weigh(record->whole->product) == TEAMS_NAME_FOREIGN &&
        wmem_map_lookup(d->model->chain_names, record->links[0].name) == NULL)
        return;
    const bool own = teams_name_weigh(record->whole->product) == TEAMS_NAME_OWN;
    teams_client *client = teams_client_of(d->model, d->pinfo, who, own);
    teams_signin *signin = client == NULL ? NULL : teams_signin_name(d->model, d->pinfo, client, record, &what);

    if (signin == NULL) {
        teams_signin_note_earlier(d->model, d->pinfo, who, record, NULL);
        return;
    }
    learn_addresses(d, record, &what);
    if (d->view.evidence != TEAMS_EVIDENCE_NONE)
        return;
    d->client = client;
    teams_draft_claim(d, TEAMS_WHAT_NAME, TEAMS_EVIDENCE_NAME);
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
apply_server_name(teams_draft *d, const ts_name_info *record)
{
    const bool own = teams_name_weigh(record->whole->product) == TEAMS_NAME_OWN;
    const bool claimed = teams_host_of(d->model, &d->pinfo->dst, false) != NULL ||
        teams_is_published(d->pinfo, &d->pinfo->dst, d->pinfo->destport);

    if (!own && !claimed && teams_name_weigh(record->whole->product) == TEAMS_NAME_FOREIGN)
        return;
    teams_client *client = teams_client_of(d->model, d->pinfo, &d->pinfo->src, own);
    teams_learned what;
    teams_signin *signin = client == NULL ? NULL : teams_signin_name(d->model, d->pinfo, client, record, &what);

    if (signin == NULL) {
        teams_flow *other = teams_flow_of(d->model, d->pinfo, true, true);

        teams_signin_note_earlier(d->model, d->pinfo, &d->pinfo->src, record, other->endpoint);
        /* A published prefix stays one, whatever name is used there. */
        if (!teams_is_published(d->pinfo, &d->pinfo->dst, d->pinfo->destport))
            other->rejected = true;
        return;
    }
    teams_flow *flow = teams_draft_flow(d, true);
    const bool quic = d->pinfo->ptype == PT_UDP;

    flow->rejected = false;
    teams_flow_name(flow, &what);
    flow->base.transport = quic ? TEAMS_TRANSPORT_QUIC : TEAMS_TRANSPORT_TLS;
    teams_draft_claim(d, TEAMS_WHAT_SERVICE, TEAMS_EVIDENCE_SERVER_NAME);
    const teams_view was = d->view;
    memcpy(&d->view, &flow->base, sizeof d->view);
    d->view.evidence = was.evidence;
    check_resolved(d, flow, &what);
}

static void
apply_name(teams_draft *d, const ts_frame_info *record)
{
    const ts_name_info *name = (const ts_name_info *)record;

    if (name->link_count == 0 || name->whole == NULL || name->links[0].name == NULL)
        return;
    if (name->role == TS_ROLE_SERVER_NAME)
        apply_server_name(d, name);
    else
        apply_dns(d, name);
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

static void
apply_turn(teams_draft *d, const ts_frame_info *record)
{
    const ts_turn_info *turn = (const ts_turn_info *)record;
    const bool multiplexed = turn->type == 0xFF10;

    teams_flow *flow = teams_draft_flow(d, turn->from_client);

    teams_draft_claim(d, TEAMS_WHAT_RELAY, multiplexed ? TEAMS_EVIDENCE_SESSION : TEAMS_EVIDENCE_TURN);
    teams_draft_service(d, TS_SERVICE_MEDIA_RELAY, TS_STAGE_MEDIA);
    if (turn->stream_type != 0)
        flow->stream_modality = modality_of_stream_type(turn->stream_type);
    teams_draft_path(d, turn->tcp ? TEAMS_PATH_TCP_FALLBACK : multiplexed ? TEAMS_PATH_MULTIPLEXED : TEAMS_PATH_RELAYED);
    if (turn->pseudo_tls)
        d->view.transport = TEAMS_TRANSPORT_PSEUDO_TLS;
    if (d->hint.allocation == 0)
        d->hint.allocation = turn->allocation;
    d->hint.leg.credential = turn->credential;
    d->hint.leg.asks = turn->type == TURN_ALLOCATE_REQUEST && !(turn->has_lifetime && turn->lifetime == 0);
    d->hint.leg.releases = turn->type == TURN_ALLOCATE_RESPONSE && turn->has_lifetime && turn->lifetime == 0;
}

/* What a check says of the client's socket. Where both ends are in the capture, the flow's client may be either. */
static void
hint_check(teams_draft *d, const ts_check_info *check)
{
    const bool swapped = addresses_equal(&check->remote.addr, &d->view.flow->client_end.addr);
    const ts_endpoint *peer = swapped ? &check->local : &check->remote;

    d->hint.leg.ufrag_local = swapped ? check->ufrag_remote : check->ufrag_local;
    d->hint.leg.ufrag_remote = swapped ? check->ufrag_local : check->ufrag_remote;
    if (peer->addr.type != AT_NONE && !ts_port_is_relay(peer->port))
        d->hint.leg.peer = &peer->addr;
}

static void
apply_check(teams_draft *d, const ts_frame_info *record)
{
    const ts_check_info *check = (const ts_check_info *)record;
    const bool relayed = check->allocation != 0 || g_strcmp0(check->remote_type, "relayed") == 0;

    teams_draft_flow(d, check->from_local);
    teams_draft_claim(d, TEAMS_WHAT_CHECK, TEAMS_EVIDENCE_CHECK);
    if (d->view.service == TS_SERVICE_UNKNOWN)
        teams_draft_service(d, relayed ? TS_SERVICE_MEDIA_RELAY : TS_SERVICE_UNKNOWN, TS_STAGE_MEDIA);
    teams_draft_path(d, relayed ? TEAMS_PATH_RELAYED : TEAMS_PATH_DIRECT);
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
path_without_setup(const teams_draft *d)
{
    const packet_info *pinfo = d->pinfo;
    const bool relay = pinfo->ptype == PT_UDP &&
        (teams_is_published(pinfo, &pinfo->dst, pinfo->destport) || teams_is_published(pinfo, &pinfo->src, pinfo->srcport));

    return relay ? TEAMS_PATH_RELAYED : TEAMS_PATH_DIRECT;
}

/* What the flow's checks said goes for its media, too; TCP without that is the way to a relay. */
static teams_path
path_of_media(const teams_draft *d, const ts_media_info *media)
{
    const teams_path known = d->view.flow->base.path;

    if (media->tcp)
        return known == TEAMS_PATH_DIRECT && media->allocation == 0 ? TEAMS_PATH_DIRECT : TEAMS_PATH_TCP_FALLBACK;
    if (media->multiplexed)
        return TEAMS_PATH_MULTIPLEXED;
    if (media->allocation != 0)
        return TEAMS_PATH_RELAYED;
    return known != TEAMS_PATH_UNKNOWN ? known : path_without_setup(d);
}

static void
apply_media(teams_draft *d, const ts_frame_info *record)
{
    const ts_media_info *media = (const ts_media_info *)record;
    const bool to_server = ts_port_is_relay((uint16_t)d->pinfo->destport) || !ts_port_is_relay((uint16_t)d->pinfo->srcport);

    teams_draft_flow(d, to_server);
    teams_draft_claim(d, media->kind == TS_MEDIA_SRTCP ? TEAMS_WHAT_CONTROL : TEAMS_WHAT_MEDIA, TEAMS_EVIDENCE_MEDIA);
    if (d->view.service == TS_SERVICE_UNKNOWN)
        teams_draft_service(d, media->allocation != 0 ? TS_SERVICE_MEDIA_RELAY : TS_SERVICE_UNKNOWN, TS_STAGE_MEDIA);
    teams_draft_modality(d, media->modality);
    teams_draft_path(d, path_of_media(d, media));
    d->hint.pair = media->pair;
    d->hint.allocation = media->allocation;
    d->hint.leg.established = d->hint.media = true;
    if (media->allocation == 0 && !ts_port_is_relay(d->view.flow->server_end.port))
        d->hint.leg.peer = &d->view.flow->server_end.addr;
}

static void
apply_flightproxy(teams_draft *d, const ts_frame_info *record)
{
    const ts_flightproxy_info *message = (const ts_flightproxy_info *)record;

    teams_draft_flow(d, message->from_client);
    teams_draft_claim(d, TEAMS_WHAT_SIGNALLING, TEAMS_EVIDENCE_FLIGHTPROXY);
    teams_draft_service(d, TS_SERVICE_FLIGHTPROXY, TS_STAGE_CALL_SETUP);
    teams_draft_modality(d, TS_MODALITY_SIGNALLING);
    d->client->setup_frame = d->pinfo->num;
    d->client->setup_time = d->pinfo->abs_ts;
}

static void (*const appliers[])(teams_draft *d, const ts_frame_info *record) = {
    [TS_INFO_NAME] = apply_name,
    [TS_INFO_TURN] = apply_turn,
    [TS_INFO_CHECK] = apply_check,
    [TS_INFO_MEDIA] = apply_media,
    [TS_INFO_FLIGHTPROXY] = apply_flightproxy,
};

void
teams_draft_records(teams_draft *d)
{
    for (const ts_frame_info *record = ts_frame_info_first(d->pinfo); record != NULL; record = record->next)
        if ((unsigned)record->kind < G_N_ELEMENTS(appliers))
            appliers[record->kind](d, record);
}
