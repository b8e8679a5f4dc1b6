/* calls.c
 * Which call a frame belongs to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "calls.h"

#define CALL_GAP        30.0    /* seconds without any frame */
#define NAME_WINDOW     60.0    /* a call's first name is no older than this */

static bool
is_open(const teams_call *call, const packet_info *pinfo)
{
    return teams_seconds(&call->last, &pinfo->abs_ts) <= CALL_GAP;
}

static teams_leg *
leg_of_port(const teams_call *call, uint16_t port)
{
    for (unsigned i = 0; i < wmem_array_get_count(call->legs); i++) {
        teams_leg *leg = (teams_leg *)wmem_array_index(call->legs, i);

        if (leg->port == port)
            return leg;
    }
    return NULL;
}

static bool
has_remote(const teams_call *call, const address *remote)
{
    for (unsigned i = 0; i < wmem_array_get_count(call->remotes); i++)
        if (addresses_equal((const address *)wmem_array_index(call->remotes, i), remote))
            return true;
    return false;
}

static bool
ports_are_neighbours(uint16_t a, uint16_t b)
{
    return a + 1 == b || b + 1 == a;
}

/* Can a new local socket be another stream of this call? */
static bool
takes_new_leg(const teams_call *call, const teams_call_hint *hint)
{
    bool established = false;

    for (unsigned i = 0; i < wmem_array_get_count(call->legs); i++) {
        const teams_leg *leg = (const teams_leg *)wmem_array_index(call->legs, i);

        if (ports_are_neighbours(leg->port, hint->local_port))
            return true;
        if (leg->established && hint->modality != TS_MODALITY_UNKNOWN && leg->modality == hint->modality)
            return false;
        established = established || leg->established;
    }
    return !established || hint->modality != TS_MODALITY_UNKNOWN || has_remote(call, hint->remote);
}

/* The latest open call for which fits() holds. */
static teams_call *
find_open(const teams_client *client, const packet_info *pinfo, const teams_call_hint *hint,
    bool (*fits)(const teams_call *call, const teams_call_hint *hint))
{
    for (unsigned i = wmem_array_get_count(client->calls); i-- > 0;) {
        teams_call *call = *(teams_call **)wmem_array_index(client->calls, i);

        if (is_open(call, pinfo) && fits(call, hint))
            return call;
    }
    return NULL;
}

static bool
has_leg(const teams_call *call, const teams_call_hint *hint)
{
    return leg_of_port(call, hint->local_port) != NULL;
}

/* ... and shares a far end with it, which says more. */
static bool
takes_new_leg_there(const teams_call *call, const teams_call_hint *hint)
{
    return has_remote(call, hint->remote) && takes_new_leg(call, hint);
}

static bool
any_call(const teams_call *call _U_, const teams_call_hint *hint _U_)
{
    return true;
}

teams_call *
teams_call_open(const packet_info *pinfo, const teams_client *client)
{
    return find_open(client, pinfo, NULL, any_call);
}

static teams_call *
call_new(teams_model *model, const packet_info *pinfo, teams_client *client)
{
    teams_call *call = wmem_new0(wmem_file_scope(), teams_call);

    call->number = ++model->call_count;
    call->frame = pinfo->num;
    call->start = pinfo->abs_ts;
    call->client = client;
    call->signin = client->signin;
    call->legs = wmem_array_new(wmem_file_scope(), sizeof(teams_leg));
    call->remotes = wmem_array_new(wmem_file_scope(), sizeof(address));
    if (client->setup_frame != 0 && teams_seconds(&client->setup_time, &pinfo->abs_ts) <= NAME_WINDOW) {
        call->name_frame = client->setup_frame;
        call->name_time = client->setup_time;
    }
    wmem_array_append_one(client->calls, call);
    return call;
}

/* A pair or allocation that is used again after a long silence begins another call. */
static teams_call *
call_of_number(wmem_map_t *map, uint32_t number, const packet_info *pinfo)
{
    teams_call *call = number == 0 ? NULL : (teams_call *)wmem_map_lookup(map, GUINT_TO_POINTER(number));

    return call != NULL && is_open(call, pinfo) ? call : NULL;
}

static void
call_add_number(wmem_map_t *map, uint32_t number, teams_call *call)
{
    if (number != 0 && wmem_map_lookup(map, GUINT_TO_POINTER(number)) != call)
        wmem_map_insert(map, GUINT_TO_POINTER(number), call);
}

static void
call_touch(teams_call *call, const packet_info *pinfo, const teams_call_hint *hint)
{
    teams_leg *leg = leg_of_port(call, hint->local_port);

    if (leg == NULL) {
        const teams_leg fresh = { .port = hint->local_port };

        wmem_array_append_one(call->legs, fresh);
        leg = leg_of_port(call, hint->local_port);
    }
    if (leg->modality == TS_MODALITY_UNKNOWN)
        leg->modality = hint->modality;
    leg->established = leg->established || hint->established;
    leg->last = pinfo->abs_ts;
    if (!has_remote(call, hint->remote)) {
        address kept;

        copy_address_wmem(wmem_file_scope(), &kept, hint->remote);
        wmem_array_append_one(call->remotes, kept);
    }
    call->last = pinfo->abs_ts;
}

teams_call *
teams_call_of(teams_model *model, packet_info *pinfo, teams_flow *flow, const teams_call_hint *hint)
{
    teams_call *call = call_of_number(model->allocations, hint->allocation, pinfo);

    if (call == NULL)
        call = call_of_number(model->pairs, hint->pair, pinfo);
    if (call == NULL && flow->call != NULL && is_open(flow->call, pinfo))
        call = flow->call;
    if (call == NULL)
        call = find_open(flow->client, pinfo, hint, has_leg);
    if (call == NULL)
        call = find_open(flow->client, pinfo, hint, takes_new_leg_there);
    if (call == NULL)
        call = find_open(flow->client, pinfo, hint, takes_new_leg);
    if (call == NULL)
        call = call_new(model, pinfo, flow->client);

    call_add_number(model->allocations, hint->allocation, call);
    call_add_number(model->pairs, hint->pair, call);
    call_touch(call, pinfo, hint);
    flow->call = call;
    return call;
}
