/* report_calls_gather.c
 * What the report of calls gathers from each frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/calls.h"

#include <string.h>

#include "common/endpoint.h"

/* ---- rows that are many: found by what they are of ---- */

typedef enum { ROW_ALLOCATION, ROW_PAIR, ROW_SENT, ROW_RECEIVED } row_kind;

typedef struct {
    row_kind kind;
    uint32_t number;            /* of the allocation or pair; SSRC */
    const teams_flow *flow;     /* of a stream */
} row_key;

static unsigned
row_hash(const void *data)
{
    const row_key *key = (const row_key *)data;

    return g_direct_hash(key->flow) ^ g_int_hash(&key->number) * 31 ^ (unsigned)key->kind;
}

static gboolean
row_equal(const void *a, const void *b)
{
    const row_key *x = (const row_key *)a;
    const row_key *y = (const row_key *)b;

    return x->kind == y->kind && x->number == y->number && x->flow == y->flow;
}

/* Its index, -1 where there is none. */
static int
find_row(const calls_entry *entry, const row_key *key)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(entry->rows, key)) - 1;
}

static void
keep_row(calls_entry *entry, const row_key *key, unsigned index)
{
    g_hash_table_insert(entry->rows, g_memdup2(key, sizeof *key), GUINT_TO_POINTER(index + 1));
}

/* ---- entries ---- */

static void
remote_clear(void *data)
{
    g_array_free(((calls_remote *)data)->ports, TRUE);
}

calls_entry *
calls_entry_new(const teams_call *call, const GHashTable *two_sided)
{
    calls_entry *entry = g_new0(calls_entry, 1);

    entry->call = call;
    entry->two_sided = two_sided;
    entry->remotes = g_array_new(FALSE, TRUE, sizeof(calls_remote));
    g_array_set_clear_func(entry->remotes, remote_clear);
    entry->allocations = g_array_new(FALSE, TRUE, sizeof(calls_allocation));
    entry->pairs = g_array_new(FALSE, TRUE, sizeof(calls_pair));
    entry->streams = g_array_new(FALSE, TRUE, sizeof(calls_stream));
    entry->ports = g_array_new(FALSE, TRUE, sizeof(calls_port));
    entry->refusals = g_array_new(FALSE, TRUE, sizeof(calls_refusal));
    entry->rows = g_hash_table_new_full(row_hash, row_equal, g_free, NULL);
    entry->verdicts = teams_verdicts_new();
    return entry;
}

void
calls_entry_free(void *data)
{
    calls_entry *entry = (calls_entry *)data;

    g_array_free(entry->remotes, TRUE);
    g_array_free(entry->allocations, TRUE);
    g_array_free(entry->pairs, TRUE);
    g_array_free(entry->streams, TRUE);
    g_array_free(entry->ports, TRUE);
    g_array_free(entry->refusals, TRUE);
    g_hash_table_destroy(entry->rows);
    teams_verdicts_free(entry->verdicts);
    g_free(entry);
}

static void
moment(calls_moment *m, const packet_info *pinfo)
{
    if (m->frame != 0 && nstime_cmp(&m->time, &pinfo->abs_ts) <= 0)
        return;
    m->frame = pinfo->num;
    m->time = pinfo->abs_ts;
}

static void
add_time(nstime_t *first, nstime_t *last, const nstime_t *time)
{
    if (nstime_cmp(time, first) < 0)
        *first = *time;
    if (nstime_cmp(time, last) > 0)
        *last = *time;
}

/* ---- far ends and ports ---- */

static void
add_port_number(GArray *ports, uint16_t port)
{
    for (unsigned i = 0; i < ports->len; i++)
        if (g_array_index(ports, uint16_t, i) == port)
            return;
    g_array_append_val(ports, port);
}

static calls_remote *
remote_of(calls_entry *entry, const packet_info *pinfo, const teams_flow *flow)
{
    const bool tcp = pinfo->ptype == PT_TCP;

    for (unsigned i = 0; i < entry->remotes->len; i++) {
        calls_remote *remote = &g_array_index(entry->remotes, calls_remote, i);

        if (remote->tcp == tcp && addresses_equal(&remote->addr, &flow->server_end.addr))
            return remote;
    }
    calls_remote fresh = {
        .tcp = tcp,
        .ports = g_array_new(FALSE, FALSE, sizeof(uint16_t)),
        .prefix = ts_address_prefix(&flow->server_end.addr, &pinfo->abs_ts),
        .first_frame = pinfo->num,
        .first = pinfo->abs_ts,
        .last = pinfo->abs_ts,
    };

    copy_address_shallow(&fresh.addr, &flow->server_end.addr);  /* file scope, as the flow */
    g_array_append_val(entry->remotes, fresh);
    return &g_array_index(entry->remotes, calls_remote, entry->remotes->len - 1);
}

static void
add_remote(calls_entry *entry, const packet_info *pinfo, const teams_frame_info *view, unsigned direction)
{
    calls_remote *remote = remote_of(entry, pinfo, view->flow);

    add_port_number(remote->ports, view->flow->server_end.port);
    remote->path = MAX(remote->path, view->path);
    remote->transport = MAX(remote->transport, view->transport);
    if (remote->modality == TS_MODALITY_UNKNOWN)
        remote->modality = view->modality;
    if (remote->name == NULL)
        remote->name = view->name;
    remote->signalling = view->what == TEAMS_WHAT_SIGNALLING;
    remote->last_frame = pinfo->num;
    add_time(&remote->first, &remote->last, &pinfo->abs_ts);
    remote->packets[direction]++;
    remote->bytes[direction] += pinfo->fd->pkt_len;
    if (view->what == TEAMS_WHAT_MEDIA)
        remote->media_packets++;
}

static void
add_port(calls_entry *entry, const packet_info *pinfo, const teams_frame_info *view, unsigned direction, int dscp)
{
    const uint16_t port = view->flow->client_end.port;
    const uint16_t remote_port = view->flow->server_end.port;
    calls_port *row = NULL;

    for (unsigned i = 0; i < entry->ports->len && row == NULL; i++) {
        calls_port *known = &g_array_index(entry->ports, calls_port, i);

        if (known->port == port && known->remote_port == remote_port)
            row = known;
    }
    if (row == NULL) {
        const calls_port fresh = { .flow = view->flow, .port = port, .remote_port = remote_port, .frame = pinfo->num };

        g_array_append_val(entry->ports, fresh);
        row = &g_array_index(entry->ports, calls_port, entry->ports->len - 1);
    }
    if (row->modality == TS_MODALITY_UNKNOWN)
        row->modality = view->modality;
    row->packets++;
    if (dscp >= 0 && dscp < 64) {
        row->dscp[direction][dscp]++;
        entry->has_dscp = true;
    }
}

/* ---- records ---- */

static calls_allocation *
allocation_of(calls_entry *entry, const packet_info *pinfo, const ts_turn_info *turn)
{
    const row_key key = { ROW_ALLOCATION, turn->allocation, NULL };
    const int index = find_row(entry, &key);

    if (index >= 0)
        return &g_array_index(entry->allocations, calls_allocation, index);
    const calls_allocation fresh = {
        .number = turn->allocation, .frame = pinfo->num, .time = pinfo->abs_ts,
        .client = turn->client, .server = turn->server, .state = "", .response_time = -1, .tcp = turn->tcp,
    };

    g_array_append_val(entry->allocations, fresh);
    keep_row(entry, &key, entry->allocations->len - 1);
    return &g_array_index(entry->allocations, calls_allocation, entry->allocations->len - 1);
}

enum { TURN_ALLOCATE_REQUEST = 0x0003, TURN_ALLOCATE_RESPONSE = 0x0103, TURN_ALLOCATE_ERROR = 0x0113 };

/* What the client answers by asking again, with credentials, a new nonce or another server. */
static bool
is_challenge(uint16_t error_code)
{
    return error_code == 300 || error_code == 401 || error_code == 438;
}

static void
add_turn(calls_entry *entry, const packet_info *pinfo, const ts_frame_info *record, const teams_tap *tap _U_)
{
    const ts_turn_info *turn = (const ts_turn_info *)record;

    if (turn->type == TURN_ALLOCATE_REQUEST)
        moment(&entry->allocation, pinfo);
    if (turn->allocation == 0)
        return;
    calls_allocation *a = allocation_of(entry, pinfo, turn);

    if (turn->state != NULL && turn->state[0] != '\0')
        a->state = turn->state;
    if (turn->relayed.addr.type != AT_NONE)
        a->relayed = turn->relayed;
    if (turn->reflexive.addr.type != AT_NONE)
        a->reflexive = turn->reflexive;
    if (turn->stream_type != 0)
        a->stream_type = turn->stream_type;
    if (turn->type == TURN_ALLOCATE_RESPONSE && turn->has_lifetime && turn->lifetime > 0) {
        a->lifetime = turn->lifetime;
        a->server = turn->server;
        if (a->granted_frame == 0) {
            a->granted_frame = pinfo->num;
            if (turn->request_frame != 0)
                a->response_time = nstime_to_sec(&turn->response_time);
        }
    }
    if (turn->type == TURN_ALLOCATE_ERROR && !is_challenge(turn->error_code)) {
        a->error_code = turn->error_code;
        a->error_frame = pinfo->num;
    }
}

calls_pair *
calls_pair_find(const calls_entry *entry, uint32_t number)
{
    const row_key key = { ROW_PAIR, number, NULL };
    const int index = find_row(entry, &key);

    return index < 0 ? NULL : &g_array_index(entry->pairs, calls_pair, index);
}

static calls_pair *
pair_of(calls_entry *entry, const packet_info *pinfo, const ts_check_info *check)
{
    calls_pair *known = calls_pair_find(entry, check->pair);

    if (known != NULL)
        return known;
    const row_key key = { ROW_PAIR, check->pair, NULL };
    const calls_pair fresh = {
        .number = check->pair, .frame = pinfo->num, .local = check->local, .remote = check->remote,
        .local_type = "", .remote_type = "", .ufrag_local = "", .ufrag_remote = "", .tcp = check->tcp,
    };

    g_array_append_val(entry->pairs, fresh);
    keep_row(entry, &key, entry->pairs->len - 1);
    return &g_array_index(entry->pairs, calls_pair, entry->pairs->len - 1);
}

static void
known_text(const char **kept, const char *text)
{
    if (text != NULL && text[0] != '\0')
        *kept = text;
}

static void
pair_rtt(calls_pair *pair, const ts_check_info *check)
{
    const double rtt = nstime_to_sec(&check->rtt);

    pair->answers++;
    pair->consent_lost = false;
    if (!check->measured || rtt < 0)
        return;
    if (pair->rtt_count == 0 || rtt < pair->rtt_min)
        pair->rtt_min = rtt;
    if (rtt > pair->rtt_max)
        pair->rtt_max = rtt;
    pair->rtt_sum += rtt;
    pair->rtt_count++;
}

static uint32_t
nominated_frame(uint32_t pair, const packet_info *pinfo)
{
    const uint32_t frame = GPOINTER_TO_UINT(wmem_map_lookup(teams_model_get()->nominated, GUINT_TO_POINTER(pair)));

    return frame == 0 ? pinfo->num : frame;
}

/* A pair of an earlier call may be nominated again: by a request that says so, and its answer. */
static void
add_nomination(calls_entry *entry, calls_pair *pair, const packet_info *pinfo, const ts_check_info *check)
{
    const bool answer = (check->type & 0x0110) == 0x0100;

    if (pair->nominated_frame == 0) {
        pair->nominated_frame = nominated_frame(check->pair, pinfo);
        if (pair->nominated_frame >= entry->call->frame)
            moment(&entry->nomination, pinfo);
        else if (entry->nominated_before == 0)
            entry->nominated_before = pair->nominated_frame;
    }
    if (check->use_candidate)
        pair->asked_again = true;
    else if (answer && pair->asked_again)
        moment(&entry->nomination, pinfo);
}

static void
add_check(calls_entry *entry, const packet_info *pinfo, const ts_frame_info *record, const teams_tap *tap _U_)
{
    const ts_check_info *check = (const ts_check_info *)record;

    moment(&entry->check, pinfo);
    if (check->pair == 0)
        return;
    calls_pair *pair = pair_of(entry, pinfo, check);

    pair->state = check->state;
    if (pair->allocation == 0)
        pair->allocation = check->allocation;
    known_text(&pair->local_type, check->local_type);
    known_text(&pair->remote_type, check->remote_type);
    known_text(&pair->ufrag_local, check->ufrag_local);
    known_text(&pair->ufrag_remote, check->ufrag_remote);
    if ((check->type & 0x0110) == 0)
        pair->requests++;
    else if ((check->type & 0x0110) == 0x0100)
        pair_rtt(pair, check);
    if (check->state == TS_PAIR_NOMINATED)
        add_nomination(entry, pair, pinfo, check);
}

static calls_stream *
stream_of(calls_entry *entry, const packet_info *pinfo, const ts_media_info *media, const teams_flow *flow,
    unsigned direction)
{
    const row_key key = { direction == CALLS_SENT ? ROW_SENT : ROW_RECEIVED, media->ssrc, flow };
    const int index = find_row(entry, &key);

    if (index >= 0)
        return &g_array_index(entry->streams, calls_stream, index);
    const calls_stream fresh = {
        .flow = flow, .ssrc = media->ssrc, .direction = direction, .frame = pinfo->num, .payload_type = media->payload_type,
        .payload_name = media->payload_name == NULL ? "" : media->payload_name, .encrypted = media->encrypted,
    };

    g_array_append_val(entry->streams, fresh);
    keep_row(entry, &key, entry->streams->len - 1);
    return &g_array_index(entry->streams, calls_stream, entry->streams->len - 1);
}

/* The far end is there when it answers a check, or sends media. */
static void
add_consent(calls_entry *entry, const packet_info *pinfo, const ts_media_info *media, unsigned direction)
{
    calls_pair *pair = calls_pair_find(entry, media->pair);

    if (media->consent_lost)
        teams_verdicts_add(entry->verdicts, PI_WARN, "consent-lost",
            "Media went one way for more than 5 seconds and no check was answered: consent was lost",
            "The far end is gone or its packets do not arrive: look for a change of network, for a firewall or NAT that "
            "forgot the flow, and at the far end.", "", pinfo->num);
    if (pair != NULL && (media->consent_lost || direction == CALLS_RECEIVED))
        pair->consent_lost = media->consent_lost;
}

static void
add_media(calls_entry *entry, const packet_info *pinfo, const ts_frame_info *record, const teams_tap *tap)
{
    const ts_media_info *media = (const ts_media_info *)record;
    const unsigned direction = tap->from_client ? CALLS_SENT : CALLS_RECEIVED;

    if (media->kind == TS_MEDIA_RTP || media->kind == TS_MEDIA_OTHER) {
        moment(&entry->media, pinfo);
        entry->media_packets[direction]++;
    }
    add_consent(entry, pinfo, media, direction);
    if (media->kind != TS_MEDIA_RTP)
        return;
    calls_stream *stream = stream_of(entry, pinfo, media, tap->info->flow, direction);

    if (stream->modality == TS_MODALITY_UNKNOWN)
        stream->modality = media->modality;
    if (media->pair != 0)
        stream->pair = media->pair;
    stream->bytes += media->length;
    teams_stream_stats_add(&stream->stats, media->sequence, media->timestamp, media->clock_rate,
        teams_report_time(&pinfo->abs_ts));
}

void
calls_entry_refuse(calls_entry *entry, const packet_info *pinfo, const teams_tap *tap)
{
    const char *detail = tap->problems == NULL ? "" : tap->problems->detail;

    for (unsigned i = 0; i < entry->refusals->len; i++) {
        calls_refusal *known = &g_array_index(entry->refusals, calls_refusal, i);

        if (known->flow == tap->info->flow && strcmp(known->detail, detail) == 0) {
            known->count++;
            return;
        }
    }
    const calls_refusal fresh = { .flow = tap->info->flow, .detail = detail, .frame = pinfo->num, .count = 1 };

    g_array_append_val(entry->refusals, fresh);
}

static void (*const adders[])(calls_entry *entry, const packet_info *pinfo, const ts_frame_info *record, const teams_tap *tap) = {
    [TS_INFO_NAME] = NULL,
    [TS_INFO_TURN] = add_turn,
    [TS_INFO_CHECK] = add_check,
    [TS_INFO_MEDIA] = add_media,
    [TS_INFO_FLIGHTPROXY] = NULL,
};

void
calls_entry_add(calls_entry *entry, packet_info *pinfo, const teams_tap *tap, int dscp)
{
    const teams_frame_info *view = tap->info;
    const unsigned direction = tap->from_client ? CALLS_SENT : CALLS_RECEIVED;

    if (entry->first_frame == 0) {
        entry->first_frame = pinfo->num;
        entry->first = entry->last = pinfo->abs_ts;
    }
    entry->last_frame = pinfo->num;
    add_time(&entry->first, &entry->last, &pinfo->abs_ts);
    entry->packets[direction]++;
    entry->bytes[direction] += pinfo->fd->pkt_len;
    for (const teams_problem *finding = tap->problems; finding != NULL; finding = finding->next)
        teams_verdicts_add_finding(entry->verdicts, finding, pinfo->num);
    for (const ts_frame_info *record = tap->infos; record != NULL; record = record->next)
        if ((unsigned)record->kind < G_N_ELEMENTS(adders) && adders[record->kind] != NULL)
            adders[record->kind](entry, pinfo, record, tap);
    if (view->flow == NULL)
        return;
    add_remote(entry, pinfo, view, direction);
    if (view->what != TEAMS_WHAT_SIGNALLING) {
        add_port(entry, pinfo, view, direction, dscp);
        if (view->what == TEAMS_WHAT_MEDIA)
            entry->media_paths |= 1u << view->path;
    }
}
