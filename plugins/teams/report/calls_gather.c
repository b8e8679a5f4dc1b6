/* calls_gather.c
 * What the report of calls gathers from each frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/calls.h"

#include <math.h>
#include <string.h>

#include "common/endpoint.h"

#define GAP_SECONDS     1.0     /* of a stream without any packet, with packets missing: a gap */
#define GAP_PACKETS     10
#define GAP_SHARE       0.2     /* of what the stream would have sent by its rate: what paused, and lost less than that, was not interrupted all the time */

/* So many packets of media on a path, and none on another one between them, are no probe of it. */
#define PATH_PACKETS    25

enum { TURN_ALLOCATE_REQUEST = 0x0003, TURN_ALLOCATE_RESPONSE = 0x0103, TURN_ALLOCATE_ERROR = 0x0113 };

/* ---- rows that are many: found by what they are of ---- */

typedef enum { ROW_ALLOCATION, ROW_PAIR, ROW_SENT, ROW_RECEIVED, ROW_PORT, ROW_REFUSAL, ROW_REMOTE_PORT, ROW_HEARD_PORT, ROW_SENDING } row_kind;

typedef struct {
    row_kind kind;
    uint32_t number;            /* of the allocation or pair; SSRC; ports */
    const void *owner;          /* flow of a stream or refusal, remote of a port */
    const char *text;           /* of a refusal */
} row_key;

static unsigned
row_hash(const void *data)
{
    const row_key *key = (const row_key *)data;

    const unsigned hash = g_direct_hash(key->owner) ^ g_int_hash(&key->number) * 31 ^ (unsigned)key->kind;

    return key->text == NULL ? hash : hash ^ wmem_str_hash(key->text);
}

static gboolean
row_equal(const void *a, const void *b)
{
    const row_key *x = (const row_key *)a;
    const row_key *y = (const row_key *)b;

    return x->kind == y->kind && x->number == y->number && x->owner == y->owner && g_strcmp0(x->text, y->text) == 0;
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
remote_free(void *data)
{
    calls_remote *remote = (calls_remote *)data;

    g_array_free(remote->ports, TRUE);
    g_free(remote->name);
    g_free(remote);
}

static void
flow_free(void *data)
{
    report_problems_free(((calls_flow *)data)->seen);
    g_free(data);
}

static void
stream_clear(void *data)
{
    g_array_free(((calls_stream *)data)->payloads, TRUE);
    g_array_free(((calls_stream *)data)->gaps, TRUE);
    over_time_clear(&((calls_stream *)data)->over_time);
}

static void
port_clear(void *data)
{
    g_array_free(((calls_port *)data)->dscp[CALLS_SENT], TRUE);
    g_array_free(((calls_port *)data)->dscp[CALLS_RECEIVED], TRUE);
}

calls_entry *
calls_entry_new(const teams_call *call, const GHashTable *two_sided)
{
    calls_entry *entry = g_new0(calls_entry, 1);

    entry->call = call;
    entry->two_sided = two_sided;
    entry->flows = g_ptr_array_new_with_free_func(flow_free);
    entry->remotes = g_ptr_array_new_with_free_func(remote_free);
    entry->allocations = g_array_new(FALSE, TRUE, sizeof(calls_allocation));
    entry->pairs = g_array_new(FALSE, TRUE, sizeof(calls_pair));
    entry->streams = g_array_new(FALSE, TRUE, sizeof(calls_stream));
    g_array_set_clear_func(entry->streams, stream_clear);
    entry->ports = g_array_new(FALSE, TRUE, sizeof(calls_port));
    g_array_set_clear_func(entry->ports, port_clear);
    entry->refusals = g_array_new(FALSE, TRUE, sizeof(calls_refusal));
    entry->sendings = g_array_new(FALSE, TRUE, sizeof(calls_sending));
    entry->by_flow = g_hash_table_new(g_direct_hash, g_direct_equal);
    entry->by_address[false] = g_hash_table_new(ts_address_hash, ts_address_key_equal);
    entry->by_address[true] = g_hash_table_new(ts_address_hash, ts_address_key_equal);
    entry->rows = g_hash_table_new_full(row_hash, row_equal, g_free, NULL);
    entry->consent_lost = g_hash_table_new(g_direct_hash, g_direct_equal);
    entry->seen = report_problems_new();
    return entry;
}

void
calls_entry_free(void *data)
{
    calls_entry *entry = (calls_entry *)data;

    g_hash_table_destroy(entry->by_flow);
    g_hash_table_destroy(entry->by_address[false]);
    g_hash_table_destroy(entry->by_address[true]);
    g_hash_table_destroy(entry->rows);
    g_hash_table_destroy(entry->consent_lost);
    g_ptr_array_unref(entry->flows);
    g_ptr_array_unref(entry->remotes);
    g_array_free(entry->allocations, TRUE);
    g_array_free(entry->pairs, TRUE);
    g_array_free(entry->streams, TRUE);
    g_array_free(entry->ports, TRUE);
    g_array_free(entry->refusals, TRUE);
    g_array_free(entry->sendings, TRUE);
    report_problems_free(entry->seen);
    report_problems_free(entry->problems);
    report_verdict_clear(&entry->verdict);
    g_free(entry);
}

static void
add_moment(calls_moment *moment, const packet_info *pinfo)
{
    if (moment->frame != 0 && nstime_cmp(&moment->when, teams_time(pinfo)) <= 0)
        return;
    moment->frame = pinfo->num;
    moment->when = *teams_time(pinfo);
}

static void
add_time(nstime_t *first, nstime_t *last, const nstime_t *time)
{
    if (nstime_cmp(time, first) < 0)
        *first = *time;
    if (nstime_cmp(time, last) > 0)
        *last = *time;
}

/* ---- remotes and ports ---- */

uint64_t
calls_remote_packets(const calls_remote *remote)
{
    return remote->packets[CALLS_SENT] + remote->packets[CALLS_RECEIVED];
}

calls_remote *
calls_remote_find(const calls_entry *entry, const teams_flow *flow)
{
    return (calls_remote *)g_hash_table_lookup(entry->by_address[false], &flow->server_end.addr);
}

static void
add_port_number(calls_entry *entry, calls_remote *remote, uint16_t port, bool heard)
{
    const row_key key = { ROW_REMOTE_PORT, port, remote, NULL };
    const row_key heard_key = { ROW_HEARD_PORT, port, remote, NULL };

    if (find_row(entry, &key) < 0) {
        g_array_append_val(remote->ports, port);
        keep_row(entry, &key, 0);
    }
    if (heard && find_row(entry, &heard_key) < 0)
        keep_row(entry, &heard_key, 0);
}

bool
calls_is_port_heard(const calls_entry *entry, const calls_remote *remote, uint16_t port)
{
    const row_key key = { ROW_HEARD_PORT, port, remote, NULL };

    return find_row(entry, &key) >= 0;
}

static calls_remote *
remote_of(calls_entry *entry, const packet_info *pinfo, const teams_flow *flow)
{
    const bool tcp = pinfo->ptype == PT_TCP;
    calls_remote *remote = (calls_remote *)g_hash_table_lookup(entry->by_address[tcp], &flow->server_end.addr);

    if (remote != NULL)
        return remote;
    remote = g_new0(calls_remote, 1);
    remote->tcp = tcp;
    remote->ports = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    remote->prefix = ts_address_prefix(&flow->server_end.addr, pinfo);
    remote->first_frame = pinfo->num;
    remote->first = remote->last = *teams_time(pinfo);
    copy_address_shallow(&remote->addr, &flow->server_end.addr);    /* file scope, as the flow */
    g_ptr_array_add(entry->remotes, remote);
    g_hash_table_insert(entry->by_address[tcp], &remote->addr, remote);
    return remote;
}

/* Media decides, then nomination; never how much there was of anything else. */
static void
update_best(calls_entry *entry, const calls_remote *remote)
{
    const calls_remote *best = entry->best;

    if (remote->media_packets == 0 && !remote->nominated)
        return;
    if (best == NULL || remote->media_packets > best->media_packets ||
        (remote->media_packets == best->media_packets && remote->nominated && !best->nominated))
        entry->best = remote;
}

static void
update_relays(calls_entry *entry, const calls_remote *remote)
{
    if (remote->tcp) {
        if (!remote->signalling && (entry->tls == NULL || calls_remote_packets(remote) > calls_remote_packets(entry->tls)))
            entry->tls = remote;
    } else if (!remote->signalling && ts_port_is_relay(g_array_index(remote->ports, uint16_t, 0))) {
        entry->udp_relay_asked = entry->udp_relay_asked || remote->packets[CALLS_SENT] > 0;
        entry->udp_relay_answered = entry->udp_relay_answered || remote->packets[CALLS_RECEIVED] > 0;
    }
}

static bool
asks_for_allocation(const ts_frame_info *info)
{
    for (; info != NULL; info = info->next)
        if (info->kind == TS_INFO_TURN && ((const ts_turn_info *)info)->type == TURN_ALLOCATE_REQUEST)
            return true;
    return false;
}

static bool
says_nominated(const ts_frame_info *info)
{
    for (; info != NULL; info = info->next)
        if (info->kind == TS_INFO_CHECK && ((const ts_check_info *)info)->state == TS_PAIR_NOMINATED)
            return true;
    return false;
}

/* Ports speak first, and media over them, also where it leaves open which of video and sharing it is: the first of each that tells counts. */
static void
take_modality(ts_modality *kept, bool *by_media, const teams_frame_info *info)
{
    const bool media = info->what == TEAMS_WHAT_MEDIA;

    const bool left_open = media && info->modality == TS_MODALITY_UNKNOWN && info->flow->no_audio;

    if (left_open || (media && !*by_media) || (*kept == TS_MODALITY_UNKNOWN && (media || !*by_media)))
        *kept = info->modality;
    *by_media = *by_media || media;
}

static calls_remote *
add_remote(calls_entry *entry, const packet_info *pinfo, const teams_tap *tap, unsigned direction)
{
    const teams_frame_info *info = tap->info;
    calls_remote *remote = remote_of(entry, pinfo, info->flow);

    add_port_number(entry, remote, info->flow->server_end.port, direction == CALLS_RECEIVED);
    remote->path = MAX(remote->path, info->path);
    remote->transport = MAX(remote->transport, info->transport);
    take_modality(&remote->modality, &remote->by_media, info);
    if (remote->name == NULL && info->name != NULL)
        remote->name = report_name(info->name);
    remote->signalling = info->what == TEAMS_WHAT_SIGNALLING;
    remote->last_frame = pinfo->num;
    add_time(&remote->first, &remote->last, teams_time(pinfo));
    remote->packets[direction]++;
    remote->bytes[direction] += pinfo->fd->pkt_len;
    if (info->what == TEAMS_WHAT_MEDIA)
        remote->media_packets++;
    if (says_nominated(tap->infos))
        remote->nominated = true;
    if (asks_for_allocation(tap->infos))
        remote->asked = true;
    update_best(entry, remote);
    update_relays(entry, remote);
    return remote;
}

static void
add_dscp(GArray *counts, uint8_t dscp)
{
    for (unsigned i = 0; i < counts->len; i++)      /* at most 64 */
        if (g_array_index(counts, calls_dscp, i).dscp == dscp) {
            g_array_index(counts, calls_dscp, i).packets++;
            return;
        }
    const calls_dscp fresh = { dscp, 1 };

    g_array_append_val(counts, fresh);
}

static row_key
port_key(const teams_flow *flow, bool alone)
{
    const row_key key = { ROW_PORT, (uint32_t)flow->client_end.port << 16 | flow->server_end.port, alone ? flow : NULL, NULL };

    return key;
}

static calls_port *
port_of(calls_entry *entry, const packet_info *pinfo, const teams_flow *flow)
{
    const uint16_t port = flow->client_end.port;
    const uint16_t remote_port = flow->server_end.port;
    const bool alone = pinfo->ptype == PT_TCP || remote_port == 443;
    const row_key key = port_key(flow, alone);
    const int index = find_row(entry, &key);

    if (index >= 0)
        return &g_array_index(entry->ports, calls_port, index);
    const calls_port fresh = {
        .flow = flow, .port = port, .remote_port = remote_port, .alone = alone, .frame = pinfo->num,
        .dscp = { g_array_new(FALSE, FALSE, sizeof(calls_dscp)), g_array_new(FALSE, FALSE, sizeof(calls_dscp)) },
    };

    g_array_append_val(entry->ports, fresh);
    keep_row(entry, &key, entry->ports->len - 1);
    return &g_array_index(entry->ports, calls_port, entry->ports->len - 1);
}

static void
add_port(calls_entry *entry, const packet_info *pinfo, const teams_frame_info *info, unsigned direction, int dscp)
{
    calls_port *row = port_of(entry, pinfo, info->flow);

    take_modality(&row->modality, &row->by_media, info);
    row->packets++;
    if (dscp >= 0 && dscp < 64)
        add_dscp(row->dscp[direction], (uint8_t)dscp);
}

/* ---- what each flow adds ---- */

static calls_flow *
flow_of(calls_entry *entry, const packet_info *pinfo, const teams_flow *flow)
{
    calls_flow *part = (calls_flow *)g_hash_table_lookup(entry->by_flow, flow);

    if (part != NULL)
        return part;
    part = g_new0(calls_flow, 1);
    part->flow = flow;
    part->first_frame = pinfo->num;
    part->first = part->last = *teams_time(pinfo);
    g_ptr_array_add(entry->flows, part);
    g_hash_table_insert(entry->by_flow, (void *)flow, part);
    return part;
}

static void
note_most_packets(const calls_flow *part)
{
    part->remote->most_packets = MAX(part->remote->most_packets, part->packets[CALLS_SENT] + part->packets[CALLS_RECEIVED]);
}

static void
add_flow(calls_entry *entry, const packet_info *pinfo, const teams_tap *tap, unsigned direction)
{
    calls_flow *part = flow_of(entry, pinfo, tap->info->flow);

    part->remote = add_remote(entry, pinfo, tap, direction);
    part->last_frame = pinfo->num;
    add_time(&part->first, &part->last, teams_time(pinfo));
    part->packets[direction]++;
    part->bytes[direction] += pinfo->fd->pkt_len;
    note_most_packets(part);
    if (tap->info->what == TEAMS_WHAT_MEDIA)
        part->media_packets++;
    for (const teams_problem *problem = tap->problems; problem != NULL; problem = problem->next) {
        if (part->seen == NULL)
            part->seen = report_problems_new();
        report_problems_add_expert(part->seen, problem, pinfo->num);
    }
}

/* Rows after those that go have other indices. All at once: a call may have as many as there are flows. */
static void
withdraw_ports(calls_entry *entry)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < entry->ports->len; i++) {
        calls_port *port = &g_array_index(entry->ports, calls_port, i);
        const row_key key = port_key(port->flow, port->alone);

        if (port->alone && port->flow->rejected) {
            g_hash_table_remove(entry->rows, &key);
            continue;
        }
        keep_row(entry, &key, kept);
        /* What goes is at the end then, and cleared there. */
        const calls_port gone = g_array_index(entry->ports, calls_port, kept);

        g_array_index(entry->ports, calls_port, kept++) = *port;
        *port = gone;
    }
    g_array_set_size(entry->ports, kept);
}

/* In their order, and frees the others. */
static void
keep_only(GPtrArray *rows, bool (*is_kept)(const void *row))
{
    unsigned kept = 0;

    for (unsigned i = 0; i < rows->len; i++) {
        void *row = rows->pdata[i];

        if (!is_kept(row))
            continue;
        rows->pdata[i] = rows->pdata[kept];
        rows->pdata[kept++] = row;
    }
    g_ptr_array_set_size(rows, (int)kept);
}

static void
withdraw_flow(calls_entry *entry, const calls_flow *part)
{
    for (unsigned direction = CALLS_SENT; direction <= CALLS_RECEIVED; direction++) {
        entry->packets[direction] -= part->packets[direction];
        entry->bytes[direction] -= part->bytes[direction];
        part->remote->packets[direction] -= part->packets[direction];
        part->remote->bytes[direction] -= part->bytes[direction];
    }
    part->remote->media_packets -= part->media_packets;
    g_hash_table_remove(entry->by_flow, part->flow);
}

static bool
has_packets(const void *remote)
{
    return calls_remote_packets((const calls_remote *)remote) > 0;
}

static bool
is_of_call(const void *part)
{
    return !((const calls_flow *)part)->flow->rejected;
}

/* Remotes without any frame go; what the others have begins and ends with the flows that are left. */
static void
forget_remotes(calls_entry *entry)
{
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        calls_remote *remote = (calls_remote *)g_ptr_array_index(entry->remotes, i);

        if (!has_packets(remote))
            g_hash_table_remove(entry->by_address[remote->tcp], &remote->addr);
        for (unsigned port = 0; port < remote->ports->len; port++) {
            const row_key key = { ROW_REMOTE_PORT, g_array_index(remote->ports, uint16_t, port), remote, NULL };
            const row_key heard_key = { ROW_HEARD_PORT, key.number, remote, NULL };

            g_hash_table_remove(entry->rows, &key);
            g_hash_table_remove(entry->rows, &heard_key);
        }
        g_array_set_size(remote->ports, 0);
        remote->first_frame = 0;
        remote->most_packets = 0;
    }
    keep_only(entry->remotes, has_packets);
}

static void
add_bounds(const calls_flow *part, uint32_t *first_frame, uint32_t *last_frame, nstime_t *first, nstime_t *last)
{
    if (*first_frame == 0) {
        *first_frame = part->first_frame;
        *last_frame = part->last_frame;
        *first = part->first;
        *last = part->last;
        return;
    }
    *first_frame = MIN(*first_frame, part->first_frame);
    *last_frame = MAX(*last_frame, part->last_frame);
    add_time(first, last, &part->first);
    add_time(first, last, &part->last);
}

static void
recount(calls_entry *entry)
{
    forget_remotes(entry);
    entry->first_frame = 0;
    for (unsigned i = 0; i < entry->flows->len; i++) {
        const calls_flow *part = (const calls_flow *)g_ptr_array_index(entry->flows, i);
        calls_remote *remote = part->remote;

        add_port_number(entry, remote, part->flow->server_end.port, part->packets[CALLS_RECEIVED] > 0);
        note_most_packets(part);
        add_bounds(part, &remote->first_frame, &remote->last_frame, &remote->first, &remote->last);
        add_bounds(part, &entry->first_frame, &entry->last_frame, &entry->first, &entry->last);
    }
    entry->best = entry->tls = NULL;
    entry->udp_relay_asked = entry->udp_relay_answered = false;
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        update_best(entry, (const calls_remote *)g_ptr_array_index(entry->remotes, i));
        update_relays(entry, (const calls_remote *)g_ptr_array_index(entry->remotes, i));
    }
}

bool
calls_entry_finish(calls_entry *entry)
{
    const unsigned before = entry->flows->len;

    for (unsigned i = 0; i < before; i++)
        if (!is_of_call(entry->flows->pdata[i]))
            withdraw_flow(entry, (const calls_flow *)entry->flows->pdata[i]);
    keep_only(entry->flows, is_of_call);
    if (entry->flows->len != before) {
        withdraw_ports(entry);
        recount(entry);
    }
    for (unsigned i = 0; i < entry->streams->len; i++)
        calls_jitter_end(&g_array_index(entry->streams, calls_stream, i).jitter);
    return entry->flows->len > 0 || before == 0;
}

/* ---- what the frames carry ---- */

static calls_allocation *
allocation_of(calls_entry *entry, const packet_info *pinfo, const ts_turn_info *turn)
{
    const row_key key = { ROW_ALLOCATION, turn->allocation, NULL, NULL };
    const int index = find_row(entry, &key);

    if (index >= 0)
        return &g_array_index(entry->allocations, calls_allocation, index);
    const calls_allocation fresh = {
        .number = turn->allocation, .frame = pinfo->num, .when = *teams_time(pinfo), .client = turn->client, .server = turn->server, .state = "",
        .response_time = NAN, .tcp = turn->tcp,
    };

    g_array_append_val(entry->allocations, fresh);
    keep_row(entry, &key, entry->allocations->len - 1);
    return &g_array_index(entry->allocations, calls_allocation, entry->allocations->len - 1);
}

/* What the client answers by asking again: for credentials that it did not send, a new nonce or another server. */
static bool
is_challenge(const calls_allocation *allocation, uint16_t error_code)
{
    return error_code == 300 || error_code == 438 || (error_code == 401 && allocation->credential == 0);
}

static void
add_grant(calls_allocation *allocation, const packet_info *pinfo, const ts_turn_info *turn)
{
    allocation->lifetime = turn->lifetime;
    allocation->server = turn->server;
    allocation->error_code = 0;
    if (allocation->granted_frame != 0)
        return;
    allocation->granted_frame = pinfo->num;
    allocation->granted = *teams_time(pinfo);
    if (turn->request_frame != 0)
        allocation->response_time = nstime_to_sec(&turn->response_time);
}

/* Several answers to one request, as where that was sent again, are one refusal. */
static void
add_refusal(calls_allocation *allocation, const packet_info *pinfo, const ts_turn_info *turn)
{
    const bool same = allocation->error_code == turn->error_code;

    if (!same)
        allocation->refusals = 1;
    else if (turn->request_frame == 0 || turn->request_frame != allocation->error_request)
        allocation->refusals++;
    allocation->error_code = turn->error_code;
    allocation->error_frame = pinfo->num;
    allocation->error_request = turn->request_frame;
}

static void
add_turn(calls_entry *entry, const packet_info *pinfo, const ts_frame_info *info, const teams_tap *tap _U_)
{
    const ts_turn_info *turn = (const ts_turn_info *)info;

    if (turn->type == TURN_ALLOCATE_REQUEST)
        add_moment(&entry->allocation, pinfo);
    if (turn->allocation == 0)
        return;
    calls_allocation *allocation = allocation_of(entry, pinfo, turn);

    if (turn->type == TURN_ALLOCATE_REQUEST && turn->credential_expired && allocation->expired_frame == 0)
        allocation->expired_frame = pinfo->num;

    if (turn->state != NULL && turn->state[0] != '\0')
        allocation->state = turn->state;
    if (turn->relayed.addr.type != AT_NONE)
        allocation->relayed = turn->relayed;
    /* As it was granted: what a later answer says is a change, told as such. */
    if (turn->reflexive.addr.type != AT_NONE && allocation->granted_frame == 0)
        allocation->reflexive = turn->reflexive;
    if (turn->type == TURN_ALLOCATE_REQUEST)
        allocation->credential = turn->credential;
    if (turn->type == TURN_ALLOCATE_RESPONSE && turn->has_lifetime && turn->lifetime > 0)
        add_grant(allocation, pinfo, turn);
    if (turn->type == TURN_ALLOCATE_ERROR && !is_challenge(allocation, turn->error_code))
        add_refusal(allocation, pinfo, turn);
}

static calls_pair *
pair_find(const calls_entry *entry, uint32_t number)
{
    const row_key key = { ROW_PAIR, number, NULL, NULL };
    const int index = find_row(entry, &key);

    return index < 0 ? NULL : &g_array_index(entry->pairs, calls_pair, index);
}

static calls_pair *
pair_of(calls_entry *entry, const packet_info *pinfo, const ts_check_info *check)
{
    calls_pair *known = pair_find(entry, check->pair);

    if (known != NULL)
        return known;
    const row_key key = { ROW_PAIR, check->pair, NULL, NULL };
    const calls_pair fresh = {
        .number = check->pair, .frame = pinfo->num, .when = *teams_time(pinfo), .local = check->local, .remote = check->remote,
        .local_type = "", .remote_type = "", .ufrag_local = "", .ufrag_remote = "", .tcp = check->tcp,
        .round_trip_min = NAN, .round_trip_max = NAN, .round_trip_mean = NAN,
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

/*
 * The round trip is that of a check which the local side sent: what this side
 * took to answer the other one says nothing of the network.
 */
static void
add_round_trip(calls_pair *pair, const packet_info *pinfo, const ts_check_info *check)
{
    const double round_trip = nstime_to_sec(&check->response_time);

    if (check->from_local || !check->measured || round_trip < 0)
        return;
    if (pair->round_trip_count == 0 || round_trip < pair->round_trip_min)
        pair->round_trip_min = round_trip;
    if (pair->round_trip_count == 0 || round_trip > pair->round_trip_max) {
        pair->round_trip_max = round_trip;
        pair->slowest_frame = pinfo->num;
    }
    pair->round_trip_sum += round_trip;
    pair->round_trip_count++;
    pair->round_trip_mean = pair->round_trip_sum / pair->round_trip_count;
}

/* A NAT gave the flow another address or port in mid-call: the same peer names another one. */
static void
add_mapped(calls_entry *entry, const packet_info *pinfo, const ts_check_info *check)
{
    const bool is_public = !ts_address_is_private(&check->mapped_before.addr) && !ts_address_is_private(&check->mapped.addr);
    const report_problem changed = {
        .severity = PI_WARN, .code = "nat-rebinding", .frame = pinfo->num,
        .summary = is_public ? "The client's public address or port changed during the call" :
            "The client's address or port, as the other side sees it, changed during the call",
        .advice = "A NAT or firewall forgot the flow, or the network changed: look for short UDP timeouts and for the device "
            "that gives the public address",
    };

    if (!ts_endpoint_known(&check->mapped_before))
        return;
    char *before = report_endpoint(&check->mapped_before);
    char *after = report_endpoint(&check->mapped);
    char *detail = g_strdup_printf("from %s to %s in frame %u", before, after, pinfo->num);

    report_problems_add(entry->seen, &changed, detail, 1);
    g_free(before);
    g_free(after);
    g_free(detail);
}

/* ---- consent: lost and come back, socket by socket ---- */

static void
lose_consent(calls_entry *entry, const packet_info *pinfo, const teams_flow *flow)
{
    g_hash_table_insert(entry->consent_lost, GUINT_TO_POINTER(flow->client_end.port), GUINT_TO_POINTER(pinfo->num));
}

static void
regain_consent(calls_entry *entry, const packet_info *pinfo, const teams_flow *flow)
{
    const uint32_t lost = GPOINTER_TO_UINT(g_hash_table_lookup(entry->consent_lost, GUINT_TO_POINTER(flow->client_end.port)));
    const report_problem interrupted = {
        .severity = PI_NOTE, .code = "consent-interrupted", .frame = lost,
        .summary = "Media went one way for more than 5 seconds until a check was answered again",
        .advice = "Look for a change of network or a NAT that forgot the flow at that time",
    };

    if (lost == 0)
        return;
    char *detail = report_frames(lost, pinfo->num);

    report_problems_add(entry->seen, &interrupted, detail, 1);
    g_hash_table_remove(entry->consent_lost, GUINT_TO_POINTER(flow->client_end.port));
    g_free(detail);
}

static void
add_answer(calls_entry *entry, calls_pair *pair, const packet_info *pinfo, const ts_check_info *check)
{
    pair->answers++;
    if (!check->from_local)
        pair->answered_frame = pinfo->num;
    add_round_trip(pair, pinfo, check);
    add_mapped(entry, pinfo, check);
}

static uint32_t
nominated_frame(uint32_t pair, const packet_info *pinfo)
{
    const uint32_t frame = GPOINTER_TO_UINT(wmem_map_lookup(teams_model_get()->nominated, GUINT_TO_POINTER(pair)));

    return frame == 0 ? pinfo->num : frame;
}

/* By the class of its type (RFC 8489, 5). */
static bool
is_request(const ts_check_info *check)
{
    return (check->type & 0x0110) == 0;
}

static bool
is_answer(const ts_check_info *check)
{
    return (check->type & 0x0110) == 0x0100;
}

/* A pair of an earlier call may be nominated again: by a request that says so, and its answer. */
static void
add_nomination(calls_entry *entry, calls_pair *pair, const packet_info *pinfo, const ts_check_info *check)
{
    if (pair->nominated_frame == 0) {
        pair->nominated_frame = nominated_frame(check->pair, pinfo);
        if (pair->nominated_frame >= entry->call->frame) {
            if (pair->nominated_frame == pinfo->num)
                pair->nominated = *teams_time(pinfo);
            add_moment(&entry->nomination, pinfo);
        } else if (entry->nominated_before == 0)
            entry->nominated_before = pair->nominated_frame;
    }
    if (check->use_candidate)
        pair->asked_again = true;
    else if (is_answer(check) && pair->asked_again)
        add_moment(&entry->nomination, pinfo);
}

static void
add_check(calls_entry *entry, const packet_info *pinfo, const ts_frame_info *info, const teams_tap *tap)
{
    const ts_check_info *check = (const ts_check_info *)info;
    const unsigned direction = tap->from_client ? CALLS_SENT : CALLS_RECEIVED;

    add_moment(&entry->check, pinfo);
    if (tap->info->flow != NULL && !tap->from_client && is_request(check))
        flow_of(entry, pinfo, tap->info->flow)->heard_frame = pinfo->num;
    if (check->consent_back && tap->info->flow != NULL)
        regain_consent(entry, pinfo, tap->info->flow);
    if (check->pair == 0)
        return;
    calls_pair *pair = pair_of(entry, pinfo, check);

    pair->state = check->state;
    if (pair->allocation == 0)
        pair->allocation = check->allocation;
    pair->local_type = check->local_type;      /* a NAT takes "host" back */
    known_text(&pair->remote_type, check->remote_type);
    known_text(&pair->ufrag_local, check->ufrag_local);
    known_text(&pair->ufrag_remote, check->ufrag_remote);
    if (is_request(check)) {
        pair->requests++;
        entry->checks[direction]++;
    } else if (is_answer(check)) {
        add_answer(entry, pair, pinfo, check);
        /* What it answers at the capture's very begin may have come before that. */
        if (ts_seconds(&teams_model_get()->first, teams_time(pinfo)) > 1)
            entry->check_answers[direction]++;
    }
    if (check->state == TS_PAIR_NOMINATED)
        add_nomination(entry, pair, pinfo, check);
}

/* ---- media ---- */

static calls_stream *
stream_of(calls_entry *entry, const packet_info *pinfo, const ts_media_info *media, const teams_flow *flow,
    unsigned direction)
{
    const row_key key = { direction == CALLS_SENT ? ROW_SENT : ROW_RECEIVED, media->ssrc, flow, NULL };
    const int index = find_row(entry, &key);

    if (index >= 0)
        return &g_array_index(entry->streams, calls_stream, index);
    const calls_stream fresh = {
        .flow = flow, .ssrc = media->ssrc, .direction = direction, .frame = pinfo->num, .when = *teams_time(pinfo), .encrypted = media->encrypted && !media->direct_routing,
        .payloads = g_array_new(FALSE, FALSE, sizeof(calls_payload)), .gaps = g_array_new(FALSE, FALSE, sizeof(calls_gap)),
    };

    g_array_append_val(entry->streams, fresh);
    keep_row(entry, &key, entry->streams->len - 1);
    return &g_array_index(entry->streams, calls_stream, entry->streams->len - 1);
}

static void
add_payload(calls_stream *stream, const ts_media_info *media)
{
    for (unsigned i = 0; i < stream->payloads->len; i++) {      /* at most 128 */
        calls_payload *payload = &g_array_index(stream->payloads, calls_payload, i);

        if (payload->type == media->payload_type) {
            payload->packets++;
            /* A clock that the name does not fit takes it back. */
            if (media->measured_clock != 0 && media->payload_name != NULL)
                payload->name = media->payload_name;
            else if (payload->name[0] == '\0')
                known_text(&payload->name, media->payload_name);
            return;
        }
    }
    const calls_payload fresh = { media->payload_type, media->payload_name == NULL ? "" : media->payload_name, 1 };

    g_array_append_val(stream->payloads, fresh);
}

static void
add_rtp(calls_stream *stream, const packet_info *pinfo, const ts_media_info *media, double now)
{
    if (ts_stream_stats_correct_clock(&stream->stats, media->measured_clock))
        stream->jitter = (calls_jitter) { .begun = false };
    const uint64_t estimates = stream->stats.jitter_count;

    ts_stream_stats_add(&stream->stats, media->sequence, media->timestamp, media->clock_rate, now);
    if (stream->stats.jitter_count != estimates)
        calls_jitter_add(&stream->jitter, now, ts_stream_stats_jitter(&stream->stats), pinfo->num);
}

/* Of RTCP that comes back the header alone may be readable: it shows that the way back is open, and no more. */
static void
add_way_back(calls_entry *entry, const packet_info *pinfo, const ts_media_info *media, const teams_flow *flow, unsigned direction)
{
    const bool is_control = media->kind == TS_MEDIA_SRTCP || media->kind == TS_MEDIA_RTCP;
    calls_flow *part = flow_of(entry, pinfo, flow);

    if (is_control && direction == CALLS_RECEIVED)
        part->heard_frame = pinfo->num;
    else if (!is_control && direction == CALLS_SENT) {
        part->sent_frame = part->sent_frame == 0 ? pinfo->num : part->sent_frame;
        entry->sent = *teams_time(pinfo);
    } else if (!is_control && direction == CALLS_RECEIVED) {
        entry->received_frame = pinfo->num;
        entry->received = *teams_time(pinfo);
    }
}

static bool
is_gap(const calls_stream *stream, double seconds, uint64_t missing)
{
    const double before = ts_seconds(&stream->when, &stream->last_when);
    const double rate = before > 0 ? (double)stream->stats.received / before : 0;

    return stream->last_frame != 0 && seconds >= GAP_SECONDS && missing >= GAP_PACKETS && (double)missing >= GAP_SHARE * rate * seconds;
}

/* Packets that are missing all at once, for a time: no congestion. */
static void
add_gap(const calls_entry *entry, calls_stream *stream, const packet_info *pinfo, uint64_t lost_before)
{
    const uint64_t lost = ts_stream_stats_lost(&stream->stats);

    const double seconds = ts_seconds(&stream->last_when, teams_time(pinfo));

    if (lost > lost_before && is_gap(stream, seconds, lost - lost_before)) {
        const calls_gap gap = {
            .time = ts_seconds(&entry->first, &stream->last_when), .seconds = seconds, .first_frame = stream->last_frame,
            .last_frame = pinfo->num, .missing = lost - lost_before, .begin = stream->last_when, .end = *teams_time(pinfo),
        };

        g_array_append_val(stream->gaps, gap);
        stream->missing_in_gaps += gap.missing;
    } else if (stream->lost_frame == 0 && lost > lost_before)
        stream->lost_frame = pinfo->num;
    stream->last_frame = pinfo->num;
    stream->last_when = *teams_time(pinfo);
}

/* ---- the way that a stream is sent, from whatever port, and where it changes ---- */

static calls_sending *
sending_of(calls_entry *entry, uint32_t ssrc)
{
    const row_key key = { ROW_SENDING, ssrc, NULL, NULL };
    const int index = find_row(entry, &key);
    const calls_sending fresh = { .flow = NULL };

    if (index >= 0)
        return &g_array_index(entry->sendings, calls_sending, index);
    g_array_append_val(entry->sendings, fresh);
    keep_row(entry, &key, entry->sendings->len - 1);
    return &g_array_index(entry->sendings, calls_sending, entry->sendings->len - 1);
}

static bool
is_way(const teams_flow *a, teams_path a_path, const teams_flow *b, teams_path b_path)
{
    return a != NULL && a_path == b_path && addresses_equal(&a->server_end.addr, &b->server_end.addr);
}

static void
add_sending(calls_entry *entry, const packet_info *pinfo, uint32_t ssrc, const teams_flow *flow, teams_path path)
{
    calls_sending *sending = sending_of(entry, ssrc);

    if (sending->flow == NULL || is_way(sending->flow, sending->path, flow, path)) {
        *sending = (calls_sending) { .flow = flow, .path = path, .packets = sending->packets + 1 };
        return;
    }
    if (!is_way(sending->next, sending->next_path, flow, path)) {
        sending->next = flow;
        sending->next_path = path;
        sending->next_packets = 0;
        sending->next_frame = pinfo->num;
    }
    if (++sending->next_packets < PATH_PACKETS)
        return;
    const calls_path_change change = { sending->next_frame, sending->flow, sending->path, flow, path };

    if (sending->packets >= PATH_PACKETS && (entry->path_changes++ == 0 || change.frame < entry->path_change.frame))
        entry->path_change = change;
    *sending = (calls_sending) { .flow = flow, .path = path, .packets = sending->next_packets };
}

static void
add_media(calls_entry *entry, const packet_info *pinfo, const ts_frame_info *info, const teams_tap *tap)
{
    const ts_media_info *media = (const ts_media_info *)info;
    const unsigned direction = tap->from_client ? CALLS_SENT : CALLS_RECEIVED;

    if (media->kind == TS_MEDIA_RTP || media->kind == TS_MEDIA_OTHER) {
        add_moment(&entry->media, pinfo);
        entry->media_packets[direction]++;
    }
    if (media->kind == TS_MEDIA_SRTCP || media->kind == TS_MEDIA_RTCP)
        entry->control_packets++;
    entry->direct_routing = entry->direct_routing || media->direct_routing;
    if (media->consent_lost && tap->from_client)    /* a client that only receives hears the other side */
        lose_consent(entry, pinfo, tap->info->flow);
    /* By media: no check was answered again. What was lost in between, its numbers say. */
    if (media->consent_back)
        g_hash_table_remove(entry->consent_lost, GUINT_TO_POINTER(tap->info->flow->client_end.port));
    add_way_back(entry, pinfo, media, tap->info->flow, direction);
    if (media->kind != TS_MEDIA_RTP)
        return;
    if (direction == CALLS_SENT && tap->info->path != TEAMS_PATH_UNKNOWN)  /* before the first check: no other way */
        add_sending(entry, pinfo, media->ssrc, tap->info->flow, tap->info->path);
    calls_stream *stream = stream_of(entry, pinfo, media, tap->info->flow, direction);
    const uint64_t lost_before = ts_stream_stats_lost(&stream->stats);
    const double now = report_time(teams_time(pinfo));

    /* The clock tells more than the first packets do. */
    if (media->modality != TS_MODALITY_UNKNOWN || media->no_audio)
        stream->modality = media->modality;
    if (media->pair != 0)
        stream->pair = media->pair;
    stream->bytes += media->length;
    add_payload(stream, media);
    add_rtp(stream, pinfo, media, now);
    over_time_add(&stream->over_time, now, media->length, (int64_t)ts_stream_stats_lost(&stream->stats) - (int64_t)lost_before,
        stream->stats.clock_rate == 0 ? NAN : ts_stream_stats_jitter(&stream->stats));
    add_gap(entry, stream, pinfo, lost_before);
}

void
calls_entry_refuse(calls_entry *entry, const packet_info *pinfo, const teams_tap *tap)
{
    const char *detail = tap->problems == NULL ? "" : tap->problems->detail;
    const row_key key = { ROW_REFUSAL, 0, tap->info->flow, detail };
    const int index = find_row(entry, &key);

    if (index >= 0) {
        g_array_index(entry->refusals, calls_refusal, index).count++;
        return;
    }
    const calls_refusal fresh = { .flow = tap->info->flow, .detail = detail, .frame = pinfo->num, .count = 1,
        .by_host = addresses_equal(&pinfo->src, &tap->info->flow->server_end.addr) };

    g_array_append_val(entry->refusals, fresh);
    keep_row(entry, &key, entry->refusals->len - 1);
}

static void (*const adders[])(calls_entry *entry, const packet_info *pinfo, const ts_frame_info *info, const teams_tap *tap) = {
    [TS_INFO_NAME] = NULL,
    [TS_INFO_TURN] = add_turn,
    [TS_INFO_CHECK] = add_check,
    [TS_INFO_MEDIA] = add_media,
    [TS_INFO_FLIGHTPROXY] = NULL,
};

static bool
is_about_allocation(const ts_turn_info *turn)
{
    return turn->type == TURN_ALLOCATE_REQUEST || turn->type == TURN_ALLOCATE_RESPONSE || turn->type == TURN_ALLOCATE_ERROR;
}

/* Says the frame what it carries? The message of a relay around it, or the header of a multiplexed session, does not. */
static bool
is_understood(const ts_frame_info *info)
{
    for (; info != NULL; info = info->next)
        if (info->kind == TS_INFO_CHECK || info->kind == TS_INFO_MEDIA || (info->kind == TS_INFO_TURN && is_about_allocation((const ts_turn_info *)info)))
            return true;
    return false;
}

static bool
is_check_request(const ts_frame_info *info)
{
    for (; info != NULL; info = info->next)
        if (info->kind == TS_INFO_CHECK && is_request((const ts_check_info *)info))
            return true;
    return false;
}

static void
note_cut(calls_entry *entry, const packet_info *pinfo, const teams_tap *tap, unsigned direction)
{
    if (!ts_frame_is_cut(pinfo) || tap->info->what == TEAMS_WHAT_SIGNALLING)
        return;
    if (pinfo->ptype == PT_TCP)
        entry->cut_segments[direction] = true;
    else if (!is_understood(tap->infos))
        entry->cut_packets[direction]++;
    else if (is_check_request(tap->infos))
        entry->cut_checks = true;
}

void
calls_entry_add(calls_entry *entry, packet_info *pinfo, const teams_tap *tap, int dscp)
{
    const unsigned direction = tap->from_client ? CALLS_SENT : CALLS_RECEIVED;

    if (entry->first_frame == 0) {
        entry->first_frame = pinfo->num;
        entry->first = entry->last = *teams_time(pinfo);
    }
    entry->last_frame = pinfo->num;
    add_time(&entry->first, &entry->last, teams_time(pinfo));
    entry->packets[direction]++;
    entry->bytes[direction] += pinfo->fd->pkt_len;
    entry->teams = entry->teams || tap->info->product == TS_PRODUCT_TEAMS;
    note_cut(entry, pinfo, tap, direction);
    for (const ts_frame_info *info = tap->infos; info != NULL; info = info->next)
        if ((unsigned)info->kind < G_N_ELEMENTS(adders) && adders[info->kind] != NULL)
            adders[info->kind](entry, pinfo, info, tap);
    add_flow(entry, pinfo, tap, direction);
    if (tap->info->what != TEAMS_WHAT_SIGNALLING)
        add_port(entry, pinfo, tap->info, direction, dscp);
}
