/* translated.c
 * Packets that a capture has before and after a translator of addresses (NAT)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A flow is told by the packet that opens it: to the same end, with the same
 * sequence number (TCP) and payload, within 0.2 s of another one from another
 * address, and with a smaller hop count, for a router takes one off. The
 * latest such packets are kept in a table of fixed size.
 */

#include "session/translated.h"

#include <string.h>

#include "common/duplicate.h"
#include "common/endpoint.h"
#include "session/connection.h"

#define SECONDS 0.2
#define PLACES  1024

/* The end of a client's on the outer side, and the service's. */
typedef struct {
    ts_endpoint outside;
    ts_endpoint server;
    port_type ptype;
} outer_flow;

typedef struct {
    uint64_t hash;
    nstime_t time;
    address source;
    uint8_t bytes[16];          /* of source */
    uint8_t hops;
} opening;

typedef struct {
    teams_translated found;
    wmem_map_t *flows;          /* outer_flow: a set */
    wmem_map_t *routers;        /* address: a set of their public ones, where calls are translated */
    opening latest[PLACES];
} translated_state;

static translated_state *state;

static unsigned
flow_hash(const void *data)
{
    const outer_flow *flow = (const outer_flow *)data;
    const unsigned hash = add_address_to_hash((unsigned)flow->ptype ^ ((unsigned)flow->outside.port << 16 | flow->server.port), &flow->outside.addr);

    return add_address_to_hash(hash, &flow->server.addr);
}

static gboolean
flow_equal(const void *a, const void *b)
{
    const outer_flow *x = (const outer_flow *)a;
    const outer_flow *y = (const outer_flow *)b;

    return x->ptype == y->ptype && x->outside.port == y->outside.port && x->server.port == y->server.port &&
        addresses_equal(&x->outside.addr, &y->outside.addr) && addresses_equal(&x->server.addr, &y->server.addr);
}

static translated_state *
get(void)
{
    if (state == NULL) {
        state = wmem_new0(wmem_file_scope(), translated_state);
        state->flows = wmem_map_new(wmem_file_scope(), flow_hash, flow_equal);
        state->routers = wmem_map_new(wmem_file_scope(), ts_address_hash, ts_address_key_equal);
    }
    return state;
}

const teams_translated *
teams_translated_get(void)
{
    return &get()->found;
}

void
teams_translated_cleanup(void)
{
    state = NULL;       /* freed with the file scope */
}

static bool
is_known(const packet_info *pinfo)
{
    const outer_flow sent = { ts_endpoint_source(pinfo), ts_endpoint_destination(pinfo), pinfo->ptype };
    const outer_flow received = { sent.server, sent.outside, pinfo->ptype };

    return wmem_map_contains(state->flows, &sent) || wmem_map_contains(state->flows, &received);
}

/* A question with an identifier of 0 is anybody's, as clients of DNS over HTTPS and simple programs send it. */
static bool
tells_client(const ts_name_info *name)
{
    return !name->response && (name->role != TS_ROLE_QUESTION || name->id != 0);
}

/* Names that are asked for or connected to, and relays and peers that are asked. */
static bool
may_open(packet_info *pinfo, const ts_frame_info *infos)
{
    if (infos == NULL)
        return pinfo->ptype == PT_TCP && teams_connection_has_hosts();      /* a SYN, as its bytes tell */
    if (infos->kind == TS_INFO_NAME)
        return tells_client((const ts_name_info *)infos);
    return infos->kind == TS_INFO_CHECK || (infos->kind == TS_INFO_TURN && teams_flow_of(teams_model_get(), pinfo, false, true) == NULL);
}

static void
keep(opening *place, const packet_info *pinfo, const ts_opening *packet)
{
    place->hash = packet->hash;
    place->hops = packet->hops;
    place->time = *teams_time(pinfo);
    memcpy(place->bytes, pinfo->src.data, MIN((size_t)pinfo->src.len, sizeof place->bytes));
    set_address(&place->source, pinfo->src.type, pinfo->src.len, place->bytes);
}

static bool
is_copy(const opening *seen, const packet_info *pinfo, const ts_opening *packet)
{
    const double passed = seen->hash == packet->hash ? ts_seconds(&seen->time, teams_time(pinfo)) : -1;

    return passed >= 0 && passed <= SECONDS && seen->hops > packet->hops && !addresses_equal(&seen->source, &pinfo->src);
}

static void
add_flow(const packet_info *pinfo, const ts_endpoint *outside, const ts_endpoint *server)
{
    outer_flow *flow = wmem_new0(wmem_file_scope(), outer_flow);

    ts_endpoint_keep(&flow->outside, outside);
    ts_endpoint_keep(&flow->server, server);
    flow->ptype = pinfo->ptype;
    wmem_map_insert(state->flows, flow, flow);
}

static bool
is_of_call(const packet_info *pinfo, const ts_frame_info *infos)
{
    return infos != NULL && pinfo->ptype == PT_UDP && (infos->kind == TS_INFO_CHECK || infos->kind == TS_INFO_TURN);
}

static void
add_sent(const packet_info *pinfo, const ts_frame_info *infos, const address *inside)
{
    const ts_endpoint outside = ts_endpoint_source(pinfo), server = ts_endpoint_destination(pinfo);

    add_flow(pinfo, &outside, &server);
    if (is_of_call(pinfo, infos) && !ts_address_is_private(&pinfo->src)) {
        address *kept = ts_address_kept(&pinfo->src);

        wmem_map_insert(state->routers, kept, kept);
    }
    if (state->found.first_frame != 0)
        return;
    state->found.first_frame = pinfo->num;
    copy_address_wmem(wmem_file_scope(), &state->found.inside, inside);
    copy_address_wmem(wmem_file_scope(), &state->found.outside, &pinfo->src);
}

/* What a peer sends before the client's first packet to it comes by: the public address is a router's, as other flows have shown. */
static bool
is_to_router(const packet_info *pinfo, const ts_frame_info *infos)
{
    return is_of_call(pinfo, infos) && !ts_address_is_private(&pinfo->src) && wmem_map_contains(state->routers, &pinfo->dst);
}

static bool
opens_outside(packet_info *pinfo, const ts_frame_info *infos)
{
    ts_opening packet;

    if (is_to_router(pinfo, infos)) {
        const ts_endpoint server = ts_endpoint_source(pinfo), outside = ts_endpoint_destination(pinfo);

        add_flow(pinfo, &outside, &server);
        return true;
    }
    if (!may_open(pinfo, infos) || !ts_opening_of(pinfo, infos == NULL, &packet))
        return false;
    opening *place = &state->latest[packet.hash % PLACES];

    if (is_copy(place, pinfo, &packet)) {
        add_sent(pinfo, infos, &place->source);
        return true;
    }
    keep(place, pinfo, &packet);
    return false;
}

bool
teams_translated_frame(packet_info *pinfo, const ts_frame_info *infos)
{
    if (pinfo->ptype != PT_TCP && pinfo->ptype != PT_UDP)
        return false;
    (void)get();
    if ((wmem_map_size(state->flows) == 0 || !is_known(pinfo)) && !opens_outside(pinfo, infos))
        return false;
    state->found.frames++;
    return true;
}
