/* calls.c
 * Which call a frame belongs to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/calls.h"

#define CALL_GAP        30.0    /* seconds without any frame */
#define NAME_WINDOW     60.0    /* a call's first name is no older than this */
#define MEDIA_GAP       2.0     /* a call without media for longer has ended, or is held */

static bool
is_open(const teams_call *call, const packet_info *pinfo)
{
    return teams_seconds(&call->last, &pinfo->abs_ts) <= CALL_GAP;
}

static teams_call *
call_at(const teams_client *client, unsigned i)
{
    return *(teams_call **)wmem_array_index(client->calls, i);
}

static const teams_leg *
leg_in(const wmem_list_frame_t *at)
{
    return (const teams_leg *)wmem_list_frame_data(at);
}

static teams_leg *
leg_of_port(const teams_call *call, uint16_t port)
{
    for (wmem_list_frame_t *at = wmem_list_head(call->legs); at != NULL; at = wmem_list_frame_next(at))
        if (leg_in(at)->port == port)
            return (teams_leg *)wmem_list_frame_data(at);
    return NULL;
}

teams_call *
teams_call_open(const packet_info *pinfo, const teams_client *client)
{
    for (unsigned i = wmem_array_get_count(client->calls); i-- > 0;)
        if (is_open(call_at(client, i), pinfo))
            return call_at(client, i);
    return NULL;
}

/* ---- calls and the sockets they have ---- */

static teams_call *
call_new(teams_model *model, const packet_info *pinfo, teams_client *client)
{
    teams_call *call = wmem_new0(wmem_file_scope(), teams_call);

    call->number = ++model->call_count;
    call->frame = pinfo->num;
    call->start = call->last = pinfo->abs_ts;
    call->client = client;
    call->signin = client->signin;
    call->legs = wmem_list_new(wmem_file_scope());
    if (client->setup_frame != 0 && teams_seconds(&client->setup_time, &pinfo->abs_ts) <= NAME_WINDOW) {
        call->name_frame = client->setup_frame;
        call->name_time = client->setup_time;
    }
    wmem_array_append_one(client->calls, call);
    return call;
}

/* Is the socket part of the call? The surest of its sockets is heard, but for one that says no. */
static teams_leg_verdict
judge(const teams_call *call, const teams_leg *leg)
{
    teams_leg_verdict best = TEAMS_LEG_UNDECIDED;
    bool other = false;

    for (wmem_list_frame_t *at = wmem_list_head(call->legs); at != NULL; at = wmem_list_frame_next(at)) {
        const teams_leg_verdict verdict = leg_in(at) == leg ? TEAMS_LEG_UNDECIDED : teams_leg_compare(leg, leg_in(at));

        other = other || verdict == TEAMS_LEG_OTHER;
        best = MAX(best, verdict);
    }
    return other && best != TEAMS_LEG_COMPONENTS ? TEAMS_LEG_OTHER : best;
}

static bool
has_far_end(const teams_call *call, const address *addr)
{
    for (wmem_list_frame_t *at = wmem_list_head(call->legs); at != NULL; at = wmem_list_frame_next(at))
        if (teams_leg_has_far_end(leg_in(at), addr))
            return true;
    return false;
}

static bool
is_established(const teams_call *call)
{
    for (wmem_list_frame_t *at = wmem_list_head(call->legs); at != NULL; at = wmem_list_frame_next(at))
        if (leg_in(at)->established)
            return true;
    return false;
}

/* Media was there, and is no longer. */
static bool
is_quiet(const teams_call *call, const packet_info *pinfo)
{
    return !nstime_is_zero(&call->last_media) && teams_seconds(&call->last_media, &pinfo->abs_ts) > MEDIA_GAP;
}

/* How well the socket fits the call: below 0 not at all. */
static int
rank(const teams_call *call, const packet_info *pinfo, const teams_leg *leg, const address *remote)
{
    const teams_leg_verdict verdict = judge(call, leg);
    const bool there = has_far_end(call, remote);

    if (verdict == TEAMS_LEG_OTHER)
        return -1;
    if (verdict != TEAMS_LEG_UNDECIDED)
        return verdict + 1;
    if (leg->modality == TS_MODALITY_UNKNOWN && is_established(call) && (!there || is_quiet(call, pinfo)))
        return -1;
    return there ? 1 : 0;
}

/* The open call that the socket fits best, the latest of equals; but not one that it has just left. */
static teams_call *
find_call(const teams_client *client, const packet_info *pinfo, const teams_leg *leg, const address *remote,
    const teams_call *left)
{
    teams_call *best = NULL;
    int best_rank = -1;

    for (unsigned i = wmem_array_get_count(client->calls); i-- > 0;) {
        teams_call *call = call_at(client, i);
        const int fits = call == left || !is_open(call, pinfo) ? -1 : rank(call, pinfo, leg, remote);

        if (fits > best_rank) {
            best = call;
            best_rank = fits;
        }
    }
    return best;
}

/* ---- one frame ---- */

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

/* The open call that the frame is known to belong to, and its socket there, NULL where it has none yet. */
static teams_call *
known_call(const teams_model *model, const packet_info *pinfo, const teams_flow *flow, const teams_call_hint *hint,
    teams_leg **leg)
{
    const teams_client *client = flow->client;

    for (unsigned i = wmem_array_get_count(client->calls); i-- > 0;) {
        teams_call *call = call_at(client, i);

        *leg = is_open(call, pinfo) ? leg_of_port(call, hint->leg.local_port) : NULL;
        if (*leg != NULL)
            return call;
    }
    teams_call *call = call_of_number(model->allocations, hint->allocation, pinfo);

    if (call == NULL)
        call = call_of_number(model->pairs, hint->pair, pinfo);
    if (call == NULL && flow->call != NULL && is_open(flow->call, pinfo))
        call = flow->call;
    return call;
}

/* The call that a socket goes on in, after news of it or of another one of its client; call where it stays. */
static teams_call *
move(teams_model *model, const packet_info *pinfo, teams_call *call, teams_leg *leg, const address *remote)
{
    const teams_leg_verdict verdict = judge(call, leg);

    if (verdict > TEAMS_LEG_UNDECIDED || wmem_list_count(call->legs) == 1)
        return call;
    teams_call *better = find_call(call->client, pinfo, leg, remote, call);

    if (verdict == TEAMS_LEG_UNDECIDED && (better == NULL || judge(better, leg) == TEAMS_LEG_UNDECIDED))
        return call;
    if (better == NULL)
        better = call_new(model, pinfo, call->client);
    wmem_list_remove(call->legs, leg);
    wmem_list_append(better->legs, leg);
    return better;
}

static teams_call *
join(teams_model *model, const packet_info *pinfo, teams_client *client, const teams_leg_hint *hint, teams_leg **leg,
    const teams_call *left)
{
    *leg = teams_leg_new(hint->local_port);
    teams_leg_learn(*leg, hint);
    teams_call *call = find_call(client, pinfo, *leg, &hint->far_end.end.addr, left);

    if (call == NULL)
        call = call_new(model, pinfo, client);
    wmem_list_append(call->legs, *leg);
    client->news++;
    return call;
}

teams_call *
teams_call_of(teams_model *model, packet_info *pinfo, teams_flow *flow, const teams_call_hint *hint)
{
    teams_client *client = flow->client;
    teams_leg *leg = NULL;
    teams_call *call = known_call(model, pinfo, flow, hint, &leg);

    if (leg != NULL && teams_leg_is_reused(leg, &hint->leg)) {
        wmem_list_remove(call->legs, leg);
        call = join(model, pinfo, client, &hint->leg, &leg, call);
    } else if (call == NULL) {
        call = join(model, pinfo, client, &hint->leg, &leg, NULL);
    } else if (leg == NULL) {
        leg = teams_leg_new(hint->leg.local_port);
        wmem_list_append(call->legs, leg);
    }
    const bool settled = leg->established && leg->modality != TS_MODALITY_UNKNOWN;

    if (teams_leg_learn(leg, &hint->leg))
        client->news++;
    if (!settled && leg->judged != client->news) {
        leg->judged = client->news;
        call = move(model, pinfo, call, leg, &hint->leg.far_end.end.addr);
    }
    call_add_number(model->allocations, hint->allocation, call);
    call_add_number(model->pairs, hint->pair, call);
    call->last = pinfo->abs_ts;
    if (hint->media)
        call->last_media = pinfo->abs_ts;
    flow->call = call;
    return call;
}
