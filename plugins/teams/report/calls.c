/* calls.c
 * -z teams,calls: where each call went, how it was set up, and what was wrong
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/calls.h"

#include <math.h>
#include <string.h>

#include <epan/dissectors/packet-tcp.h>
#include <epan/epan_dissect.h>

#include "report/report.h"

typedef struct {
    GPtrArray *entries;         /* calls_entry, in order of appearance */
    GHashTable *by_call;        /* teams_call -> index + 1 */
    GHashTable *directions;     /* teams_flow -> bits of the directions that were seen */
    GHashTable *sides[2];       /* teams_flow over TCP -> stock's tcp_flow_t of what the client sent, and of what it received; file scope */
    GHashTable *two_sided;      /* teams_client: a flow of it has both directions */
    GHashTable *held;           /* calls_held_new() */
    int hf_dscp;
    int hf_dscp6;
} calls_state;

static void *
calls_start(void)
{
    calls_state *state = g_new0(calls_state, 1);

    state->entries = g_ptr_array_new_with_free_func(calls_entry_free);
    state->by_call = g_hash_table_new(g_direct_hash, g_direct_equal);
    state->directions = g_hash_table_new(g_direct_hash, g_direct_equal);
    state->sides[CALLS_SENT] = g_hash_table_new(g_direct_hash, g_direct_equal);
    state->sides[CALLS_RECEIVED] = g_hash_table_new(g_direct_hash, g_direct_equal);
    state->two_sided = g_hash_table_new(g_direct_hash, g_direct_equal);
    state->held = calls_held_new();
    state->hf_dscp = proto_registrar_get_id_byname("ip.dsfield.dscp");
    state->hf_dscp6 = proto_registrar_get_id_byname("ipv6.tclass.dscp");
    return state;
}

static void
calls_free(void *data)
{
    calls_state *state = (calls_state *)data;

    g_hash_table_destroy(state->by_call);
    g_hash_table_destroy(state->directions);
    g_hash_table_destroy(state->sides[CALLS_SENT]);
    g_hash_table_destroy(state->sides[CALLS_RECEIVED]);
    g_hash_table_destroy(state->two_sided);
    g_hash_table_destroy(state->held);
    g_ptr_array_unref(state->entries);
    g_free(state);
}

const GPtrArray *
calls_entries(const void *state)
{
    return ((const calls_state *)state)->entries;
}

/* ---- frames ---- */

/* The innermost value of a field in the tree, -1 where there is none. */
static int
last_value(epan_dissect_t *edt, int hf)
{
    GPtrArray *found = edt == NULL || edt->tree == NULL || hf <= 0 ? NULL : proto_get_finfo_ptr_array(edt->tree, hf);

    if (found == NULL || found->len == 0)
        return -1;
    field_info *field = (field_info *)g_ptr_array_index(found, found->len - 1);

    return (int)fvalue_get_uinteger(ws_finfo_value(field));
}

static bool
has_sent(const tcp_flow_t *side)
{
    return side != NULL && side->tcp_analyze_seq_info != NULL && side->tcp_analyze_seq_info->nextseqframe != 0;
}

/* More than SYN and FIN count for. */
static bool
has_sent_data(const tcp_flow_t *side)
{
    return has_sent(side) && side->tcp_analyze_seq_info->nextseq - side->base_seq > 2;
}

/* A port that is used again has another connection. */
static void
add_side(GHashTable *sides, teams_flow *flow, tcp_flow_t *side)
{
    const tcp_flow_t *known = (const tcp_flow_t *)g_hash_table_lookup(sides, flow);

    if (known != side && !has_sent_data(known))
        g_hash_table_insert(sides, flow, side);
}

/* Segments without a message of their own, such as a SYN/ACK before it is known whose it is, are in no flow: stock counts them. */
static void
add_sides(calls_state *state, packet_info *pinfo, const teams_tap *tap)
{
    conversation_t *conversation = pinfo->ptype == PT_TCP ? teams_conversation_of(pinfo) : NULL;

    if (conversation == NULL)
        return;
    struct tcp_analysis *tcp = get_tcp_conversation_data(conversation, pinfo);

    add_side(state->sides[CALLS_SENT], tap->info->flow, tap->from_client ? tcp->fwd : tcp->rev);
    add_side(state->sides[CALLS_RECEIVED], tap->info->flow, tap->from_client ? tcp->rev : tcp->fwd);
}

/* Of calls and of everything else that the client did: then the capture has both directions. */
static void
add_direction(calls_state *state, packet_info *pinfo, const teams_tap *tap)
{
    teams_flow *flow = tap->info->flow;

    if (flow == NULL || tap->info->what == TEAMS_WHAT_REFUSAL)
        return;
    const unsigned before = GPOINTER_TO_UINT(g_hash_table_lookup(state->directions, flow));
    const unsigned after = before | (tap->from_client ? 1 : 2);

    add_sides(state, pinfo, tap);
    if (after == before)
        return;
    g_hash_table_insert(state->directions, flow, GUINT_TO_POINTER(after));
    if (after == 3)
        g_hash_table_add(state->two_sided, flow->client);
}

static int
entry_index(calls_state *state, teams_call *call)
{
    const int index = GPOINTER_TO_INT(g_hash_table_lookup(state->by_call, call)) - 1;

    if (index >= 0)
        return index;
    g_ptr_array_add(state->entries, calls_entry_new(call, state->two_sided));
    g_hash_table_insert(state->by_call, call, GUINT_TO_POINTER(state->entries->len));
    return (int)state->entries->len - 1;
}

static int
calls_packet(void *data, packet_info *pinfo, epan_dissect_t *edt, const teams_tap *tap)
{
    calls_state *state = (calls_state *)data;
    teams_call *call = tap->info->call;

    add_direction(state, pinfo, tap);
    if (tap->info->flow == NULL || tap->info->flow->rejected)
        return -1;
    if (call == NULL && !calls_held_takes(state->held, tap))
        return -1;
    const int dscp = last_value(edt, pinfo->src.type == AT_IPv6 ? state->hf_dscp6 : state->hf_dscp);

    if (call == NULL) {
        calls_held_add(state->held, pinfo, tap, dscp);
        return -1;
    }
    const int index = entry_index(state, call);
    calls_entry *entry = (calls_entry *)g_ptr_array_index(state->entries, index);

    calls_held_release(state->held, entry, pinfo, tap);
    if (tap->info->what == TEAMS_WHAT_REFUSAL)
        calls_entry_refuse(entry, pinfo, tap);
    else
        calls_entry_add(entry, pinfo, tap, dscp);
    return index;
}

/* Calls of which no frame is left are none, nor are those that turned out to be part of another one, before their media. */
static void
remove_empty(calls_state *state)
{
    for (unsigned i = 0; i < state->entries->len;) {
        calls_entry *entry = (calls_entry *)g_ptr_array_index(state->entries, i);

        if (!wmem_map_contains(teams_model_get()->joined, GUINT_TO_POINTER(entry->call->number)) && calls_entry_finish(entry)) {
            g_hash_table_insert(state->by_call, (void *)entry->call, GUINT_TO_POINTER(++i));
            continue;
        }
        g_hash_table_remove(state->by_call, entry->call);
        g_ptr_array_remove_index(state->entries, i);
    }
}

static const tcp_flow_t *
side_of(const calls_state *state, unsigned direction, const teams_flow *flow)
{
    return (const tcp_flow_t *)g_hash_table_lookup(state->sides[direction], flow);
}

static bool
is_connected(const calls_state *state, const teams_flow *flow)
{
    return has_sent(side_of(state, CALLS_SENT, flow)) && has_sent(side_of(state, CALLS_RECEIVED, flow));
}

/* Data over TCP is sent to who has answered. */
static void
note_silence(const calls_state *state, const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        calls_remote *remote = (calls_remote *)g_ptr_array_index(entry->remotes, i);

        remote->silent = remote->tcp;
        remote->unseen = false;
    }
    for (unsigned i = 0; i < entry->flows->len; i++) {
        const calls_flow *part = (const calls_flow *)g_ptr_array_index(entry->flows, i);
        const tcp_flow_t *received = side_of(state, CALLS_RECEIVED, part->flow);

        if (!is_connected(state, part->flow) || has_sent_data(received))
            part->remote->silent = false;
        if (has_sent_data(side_of(state, CALLS_SENT, part->flow)) && !has_sent(received))
            part->remote->unseen = true;
    }
}

/* Both sides of a connection are in the capture, whatever became of their messages. */
static void
add_connected(calls_state *state)
{
    GHashTableIter iterator;
    void *flow;

    g_hash_table_iter_init(&iterator, state->sides[CALLS_RECEIVED]);
    while (g_hash_table_iter_next(&iterator, &flow, NULL))
        if (is_connected(state, (const teams_flow *)flow))
            g_hash_table_add(state->two_sided, ((const teams_flow *)flow)->client);
    for (unsigned i = 0; i < state->entries->len; i++)
        note_silence(state, (const calls_entry *)g_ptr_array_index(state->entries, i));
}

static void
calls_finish(void *data)
{
    calls_state *state = (calls_state *)data;

    remove_empty(state);
    add_connected(state);
    calls_find_elsewhere(state->entries);
    for (unsigned i = 0; i < state->entries->len; i++)
        calls_conclude((calls_entry *)g_ptr_array_index(state->entries, i));
    calls_find_ends(state->entries);
}

/* ---- values ---- */

static const char *
directions(unsigned n)
{
    static const char *const names[] = { "sent", "received", NULL };

    return names[n];
}

/* The call that a socket left this one for when it turned out to be another's; NULL where it stayed. */
static const teams_call *
moved_to(const calls_entry *entry, const calls_port *port)
{
    const teams_call *call = port->flow->call;

    return call == NULL || call == entry->call || call->frame > entry->last_frame ? NULL : call;
}

COLUMN_GETTER(remote_prefix, calls_remote, calls_entry) { value->text = calls_is_published(row) ? row->prefix->text : ""; }
COLUMN_GETTER(remote_packets, calls_remote, calls_entry) { value->number = calls_remote_packets(row); }
COLUMN_GETTER(remote_bytes, calls_remote, calls_entry) { value->number = row->bytes[CALLS_SENT] + row->bytes[CALLS_RECEIVED]; }
COLUMN_GETTER(remote_share, calls_remote, calls_entry) { value->real = calls_share(parent, row); }

COLUMN_GETTER(remote_time, calls_remote, calls_entry) { value->real = ts_seconds(&parent->first, &row->first); }
COLUMN_GETTER(allocation_time, calls_allocation, calls_entry) { value->real = ts_seconds(&parent->first, &row->when); }

COLUMN_GETTER(allocation_granted_time, calls_allocation, calls_entry)
{
    value->real = row->granted_frame == 0 ? NAN : ts_seconds(&parent->first, &row->granted);
}

COLUMN_GETTER(pair_time, calls_pair, calls_entry) { value->real = ts_seconds(&parent->first, &row->when); }

COLUMN_GETTER(pair_nominated_time, calls_pair, calls_entry)
{
    value->real = nstime_is_zero(&row->nominated) ? NAN : ts_seconds(&parent->first, &row->nominated);
}

COLUMN_GETTER(port_range, calls_port, calls_entry) { value->text = calls_port_range(row->port); }
COLUMN_GETTER(port_moved_to, calls_port, calls_entry) { value->number = moved_to(parent, row) == NULL ? 0 : moved_to(parent, row)->number; }

COLUMN_GETTER(stream_ssrc, calls_stream, calls_entry) { value->owned = g_strdup_printf("0x%08x", row->ssrc); }
COLUMN_GETTER(stream_expected, calls_stream, calls_entry) { value->number = ts_stream_stats_expected(&row->stats); }
COLUMN_GETTER(stream_lost, calls_stream, calls_entry) { value->number = ts_stream_stats_lost(&row->stats); }

COLUMN_GETTER(stream_time, calls_stream, calls_entry) { value->real = ts_seconds(&parent->first, &row->when); }
COLUMN_GETTER(stream_duration, calls_stream, calls_entry) { value->real = row->over_time.latest - row->over_time.earliest; }
COLUMN_GETTER(slice_length, over_time_slice, calls_stream) { value->real = parent->over_time.seconds; }

COLUMN_GETTER(slice_time, over_time_slice, calls_stream)
{
    const size_t index = (size_t)(row - (const over_time_slice *)(const void *)parent->over_time.slices->data);

    value->real = (double)index * parent->over_time.seconds;
}

COLUMN_GETTER(stream_type, calls_stream, calls_entry)
{
    value->number = g_array_index(row->payloads, calls_payload, 0).type;
}

COLUMN_GETTER(stream_payload, calls_stream, calls_entry)
{
    value->text = g_array_index(row->payloads, calls_payload, 0).name;
}

COLUMN_GETTER(stream_jitter, calls_stream, calls_entry)
{
    value->real = !calls_has_jitter(row) ? NAN : ts_stream_stats_jitter(&row->stats);
}

COLUMN_GETTER(stream_jitter_mean, calls_stream, calls_entry)
{
    value->real = !calls_has_jitter(row) ? NAN : ts_stream_stats_jitter_mean(&row->stats);
}
COLUMN_GETTER(stream_jitter_lasting, calls_stream, calls_entry)
{
    value->real = row->jitter.worst_frame == 0 ? NAN : row->jitter.worst;
}
COLUMN_GETTER(stream_jitter_max, calls_stream, calls_entry)
{
    value->real = !calls_has_jitter(row) ? NAN : ts_stream_stats_jitter_max(&row->stats);
}

COLUMN_GETTER(entry_client, calls_entry, void) { value->owned = report_address(&row->call->client->shown); }
COLUMN_GETTER(entry_signin, calls_entry, void) { value->number = row->call->signin == NULL ? 0 : row->call->signin->number; }
COLUMN_GETTER(entry_other_end, calls_entry, void) { value->number = row->other_end == NULL ? 0 : row->other_end->call->number; }
COLUMN_GETTER(entry_start, calls_entry, void) { value->owned = report_date(&row->first, row->first_frame); }
COLUMN_GETTER(entry_time, calls_entry, void) { value->real = report_time(&row->first); }
COLUMN_GETTER(entry_duration, calls_entry, void) { value->real = ts_seconds(&row->first, &row->last); }
COLUMN_GETTER(entry_packets, calls_entry, void) { value->number = row->packets[CALLS_SENT] + row->packets[CALLS_RECEIVED]; }
COLUMN_GETTER(entry_bytes, calls_entry, void) { value->number = row->bytes[CALLS_SENT] + row->bytes[CALLS_RECEIVED]; }
COLUMN_GETTER(entry_allocations, calls_entry, void) { value->number = row->allocations->len; }
COLUMN_GETTER(entry_pairs, calls_entry, void) { value->number = row->pairs->len; }
COLUMN_GETTER(entry_streams, calls_entry, void) { value->number = row->streams->len; }

COLUMN_GETTER(entry_remote, calls_entry, void)
{
    const calls_remote *selected = calls_selected(row);

    value->owned = selected == NULL ? g_strdup("") : report_address(&selected->addr);
}

COLUMN_GETTER(entry_worst, calls_entry, void) { value->owned = report_problems_worst_text(row->problems); }
COLUMN_GETTER(entry_advice, calls_entry, void) { value->owned = report_problem_advice(report_problems_worst(row->problems)); }
COLUMN_GETTER(entry_path, calls_entry, void) { value->text = teams_path_name(calls_path(row)); }

/* ---- columns ---- */

static const report_column remote_columns[] = {
    { .key = "address", .kind = COLUMN_ADDRESS, .description = "remote address", COLUMN_MEMBER(calls_remote, addr) },
    { .key = "ports", .kind = COLUMN_UINTS, .description = "its ports, in order of appearance", COLUMN_MEMBER(calls_remote, ports) },
    { .key = "role", .kind = COLUMN_TEXT, .description = "what part it had, a stable code", COLUMN_MEMBER(calls_remote, role) },
    { .key = "role_label", .kind = COLUMN_TEXT, .description = "the same in words", COLUMN_MEMBER(calls_remote, role_label) },
    { .key = "selected", .kind = COLUMN_BOOL, .description = "the call went here: by media, else by the nominated pair",
        COLUMN_MEMBER(calls_remote, selected) },
    { .key = "anycast", .kind = COLUMN_BOOL, .description = "an address that Microsoft announces from many places",
        COLUMN_MEMBER(calls_remote, anycast) },
    { .key = "path", .kind = COLUMN_WORD, .description = "path of its traffic", .texts = teams_path_name, COLUMN_MEMBER(calls_remote, path) },
    { .key = "transport", .kind = COLUMN_WORD, .description = "what carries it", .texts = teams_transport_name, COLUMN_MEMBER(calls_remote, transport) },
    { .key = "modality", .kind = COLUMN_WORD, .description = "of its first traffic that tells", .texts = ts_modality_name,
        COLUMN_MEMBER(calls_remote, modality) },
    { .key = "name", .kind = COLUMN_TEXT, .description = "name that its address was learned from", COLUMN_MEMBER(calls_remote, name) },
    { .key = "prefix", .kind = COLUMN_TEXT, .description = "published prefix that covers it, empty: none", .get = remote_prefix },
    { .key = "packets", .kind = COLUMN_UINT, .description = "packets in both directions", .get = remote_packets },
    { .key = "packets_sent", .kind = COLUMN_UINT, .description = "packets from the client", COLUMN_MEMBER(calls_remote, packets[CALLS_SENT]) },
    { .key = "packets_received", .kind = COLUMN_UINT, .description = "packets to the client", COLUMN_MEMBER(calls_remote, packets[CALLS_RECEIVED]) },
    { .key = "bytes", .kind = COLUMN_UINT, .description = "whole frames, in both directions", .get = remote_bytes },
    { .key = "share", .kind = COLUMN_REAL, .unit = "%", .decimals = 1, .description = "share of the call's bytes", .get = remote_share },
    { .key = "first_frame", .kind = COLUMN_UINT, .description = "first frame", COLUMN_MEMBER(calls_remote, first_frame) },
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "of its earliest frame, from the first frame of the call",
        .get = remote_time },
    { .key = "last_frame", .kind = COLUMN_UINT, .description = "last frame", COLUMN_MEMBER(calls_remote, last_frame) },
};
static const report_list remotes = { LIST_COLUMNS(remote_columns), LIST_POINTERS, offsetof(calls_entry, remotes), NULL };

static const report_column allocation_columns[] = {
    { .key = "allocation", .kind = COLUMN_UINT, .description = "number, as ms_turn.allocation",
        COLUMN_MEMBER(calls_allocation, number) },
    { .key = "frame", .kind = COLUMN_UINT, .description = "first frame", COLUMN_MEMBER(calls_allocation, frame) },
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "of that frame, from the first frame of the call",
        .get = allocation_time },
    { .key = "client", .kind = COLUMN_ENDPOINT, .description = "the client's end", COLUMN_MEMBER(calls_allocation, client) },
    { .key = "server", .kind = COLUMN_ENDPOINT, .description = "the relay's end", COLUMN_MEMBER(calls_allocation, server) },
    { .key = "relayed", .kind = COLUMN_ENDPOINT, .description = "relayed address, where peers send to",
        COLUMN_MEMBER(calls_allocation, relayed) },
    { .key = "reflexive", .kind = COLUMN_ENDPOINT, .description = "how the relay sees the client",
        COLUMN_MEMBER(calls_allocation, reflexive) },
    { .key = "state", .kind = COLUMN_TEXT, .description = "last state", COLUMN_MEMBER(calls_allocation, state) },
    { .key = "lifetime", .kind = COLUMN_UINT, .unit = "s", .description = "granted lifetime", COLUMN_MEMBER(calls_allocation, lifetime) },
    { .key = "tcp", .kind = COLUMN_BOOL, .description = "over TCP", COLUMN_MEMBER(calls_allocation, tcp) },
    { .key = "granted_frame", .kind = COLUMN_UINT, .description = "frame that granted it, 0: none",
        COLUMN_MEMBER(calls_allocation, granted_frame) },
    { .key = "granted_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "of that frame, from the first frame of the call",
        .get = allocation_granted_time },
    { .key = "response_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "time to the answer that granted it",
        COLUMN_MEMBER(calls_allocation, response_time) },
    { .key = "error_code", .kind = COLUMN_UINT, .description = "of the refusal that was no challenge, 0: none",
        COLUMN_MEMBER(calls_allocation, error_code) },
    { .key = "error_frame", .kind = COLUMN_UINT, .description = "frame of that refusal", COLUMN_MEMBER(calls_allocation, error_frame) },
    { .key = "refusals", .kind = COLUMN_UINT, .description = "requests in a row that were refused with that error",
        COLUMN_MEMBER(calls_allocation, refusals) },
};
static const report_list allocations = { LIST_COLUMNS(allocation_columns), LIST_ARRAY, offsetof(calls_entry, allocations), NULL };

static const report_column pair_columns[] = {
    { .key = "pair", .kind = COLUMN_UINT, .description = "number, as teams_stun.pair", COLUMN_MEMBER(calls_pair, number) },
    { .key = "frame", .kind = COLUMN_UINT, .description = "first frame", COLUMN_MEMBER(calls_pair, frame) },
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "of that frame, from the first frame of the call",
        .get = pair_time },
    { .key = "local", .kind = COLUMN_ENDPOINT, .description = "local candidate", COLUMN_MEMBER(calls_pair, local) },
    { .key = "local_type", .kind = COLUMN_TEXT, .description = "its type, empty: not known", COLUMN_MEMBER(calls_pair, local_type) },
    { .key = "remote", .kind = COLUMN_ENDPOINT, .description = "remote candidate", COLUMN_MEMBER(calls_pair, remote) },
    { .key = "remote_type", .kind = COLUMN_TEXT, .description = "its type, empty: not known", COLUMN_MEMBER(calls_pair, remote_type) },
    { .key = "state", .kind = COLUMN_WORD, .description = "last state", .texts = ts_pair_state_name, COLUMN_MEMBER(calls_pair, state) },
    { .key = "nominated_frame", .kind = COLUMN_UINT, .description = "frame that nominated it, which may be in an earlier call, 0: none",
        COLUMN_MEMBER(calls_pair, nominated_frame) },
    { .key = "nominated_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6,
        .description = "when it was nominated, from the first frame of the call, null: not in this call", .get = pair_nominated_time },
    { .key = "allocation", .kind = COLUMN_UINT, .description = "allocation that the checks ran inside, 0: none",
        COLUMN_MEMBER(calls_pair, allocation) },
    { .key = "requests", .kind = COLUMN_UINT, .description = "checks, both ways", COLUMN_MEMBER(calls_pair, requests) },
    { .key = "answers", .kind = COLUMN_UINT, .description = "successful answers, both ways", COLUMN_MEMBER(calls_pair, answers) },
    { .key = "round_trip_count", .kind = COLUMN_UINT, .description = "how many round trips were measured: checks that the client sent",
        COLUMN_MEMBER(calls_pair, round_trip_count) },
    { .key = "round_trip_min", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "shortest",
        COLUMN_MEMBER(calls_pair, round_trip_min) },
    { .key = "round_trip_mean", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "mean",
        COLUMN_MEMBER(calls_pair, round_trip_mean) },
    { .key = "round_trip_max", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "longest",
        COLUMN_MEMBER(calls_pair, round_trip_max) },
    { .key = "ufrag_local", .kind = COLUMN_TEXT, .description = "user name fragment of this side", COLUMN_MEMBER(calls_pair, ufrag_local) },
    { .key = "ufrag_remote", .kind = COLUMN_TEXT, .description = "user name fragment of the other side",
        COLUMN_MEMBER(calls_pair, ufrag_remote) },
};
static const report_list pairs = { LIST_COLUMNS(pair_columns), LIST_ARRAY, offsetof(calls_entry, pairs), NULL };

static const report_column dscp_columns[] = {
    { .key = "dscp", .kind = COLUMN_UINT, .description = "code point", COLUMN_MEMBER(calls_dscp, dscp) },
    { .key = "packets", .kind = COLUMN_UINT, .description = "packets with it", COLUMN_MEMBER(calls_dscp, packets) },
};
static const report_list dscp_sent = { LIST_COLUMNS(dscp_columns), LIST_ARRAY, offsetof(calls_port, dscp[CALLS_SENT]), NULL };
static const report_list dscp_received = { LIST_COLUMNS(dscp_columns), LIST_ARRAY, offsetof(calls_port, dscp[CALLS_RECEIVED]), NULL };

static const report_column port_columns[] = {
    { .key = "port", .kind = COLUMN_UINT, .description = "the client's port", COLUMN_MEMBER(calls_port, port) },
    { .key = "remote_port", .kind = COLUMN_UINT, .description = "the other end's port", COLUMN_MEMBER(calls_port, remote_port) },
    { .key = "modality", .kind = COLUMN_WORD, .description = "as evidence says it", .texts = ts_modality_name, COLUMN_MEMBER(calls_port, modality) },
    { .key = "range", .kind = COLUMN_TEXT, .description = "documented range that the client's port is in, empty: none", .get = port_range },
    { .key = "packets", .kind = COLUMN_UINT, .description = "packets in both directions", COLUMN_MEMBER(calls_port, packets) },
    { .key = "frame", .kind = COLUMN_UINT, .description = "first frame", COLUMN_MEMBER(calls_port, frame) },
    { .key = "moved_to_call", .kind = COLUMN_UINT, .description = "call that the port turned out to belong to, 0: this one",
        .get = port_moved_to },
    { .key = "dscp_sent", .kind = COLUMN_LIST, .description = "DSCP of what the client sent", .list = &dscp_sent },
    { .key = "dscp_received", .kind = COLUMN_LIST, .description = "DSCP of what the client received", .list = &dscp_received },
};
static const report_list ports = { LIST_COLUMNS(port_columns), LIST_ARRAY, offsetof(calls_entry, ports), NULL };

static const report_column payload_columns[] = {
    { .key = "payload_type", .kind = COLUMN_UINT, .description = "RTP payload type", COLUMN_MEMBER(calls_payload, type) },
    { .key = "payload_name", .kind = COLUMN_TEXT, .description = "its name, empty: not known", COLUMN_MEMBER(calls_payload, name) },
    { .key = "packets", .kind = COLUMN_UINT, .description = "packets with it", COLUMN_MEMBER(calls_payload, packets) },
};
static const report_list payloads = { LIST_COLUMNS(payload_columns), LIST_ARRAY, offsetof(calls_stream, payloads), NULL };

static const report_column gap_columns[] = {
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 3, .description = "when it began, from the first frame of the call",
        COLUMN_MEMBER(calls_gap, time) },
    { .key = "seconds", .kind = COLUMN_REAL, .unit = "s", .decimals = 3, .description = "how long it was",
        COLUMN_MEMBER(calls_gap, seconds) },
    { .key = "first_frame", .kind = COLUMN_UINT, .description = "last packet before it", COLUMN_MEMBER(calls_gap, first_frame) },
    { .key = "last_frame", .kind = COLUMN_UINT, .description = "first packet after it", COLUMN_MEMBER(calls_gap, last_frame) },
    { .key = "missing", .kind = COLUMN_UINT, .description = "packets that are missing", COLUMN_MEMBER(calls_gap, missing) },
};
static const report_list gaps = { LIST_COLUMNS(gap_columns), LIST_ARRAY, offsetof(calls_stream, gaps), NULL };

static const report_column slice_columns[] = {
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 3, .description = "when it begins, from the first packet of the stream",
        .get = slice_time },
    { .key = "seconds", .kind = COLUMN_REAL, .unit = "s", .decimals = 3, .description = "how long it is", .get = slice_length },
    { .key = "packets", .kind = COLUMN_UINT, .description = "packets in it", COLUMN_MEMBER(over_time_slice, packets) },
    { .key = "bytes", .kind = COLUMN_UINT, .description = "bytes of RTP in it", COLUMN_MEMBER(over_time_slice, bytes) },
    { .key = "lost", .kind = COLUMN_UINT, .description = "packets that were missing when later ones came in it",
        COLUMN_MEMBER(over_time_slice, lost) },
    { .key = "jitter_max_ms", .kind = COLUMN_REAL, .unit = "ms", .decimals = 3, .description = "the highest jitter in it, null: not known",
        COLUMN_MEMBER(over_time_slice, jitter_max) },
};
static const report_list slices = { LIST_COLUMNS(slice_columns), LIST_ARRAY, offsetof(calls_stream, over_time.slices), NULL };

static const report_column stream_columns[] = {
    { .key = "ssrc", .kind = COLUMN_TEXT, .description = "synchronisation source", .get = stream_ssrc },
    { .key = "direction", .kind = COLUMN_WORD, .description = "as the client sees it", .texts = directions, COLUMN_MEMBER(calls_stream, direction) },
    { .key = "encrypted", .kind = COLUMN_BOOL, .description = "SRTP; false where that cannot be told",
        COLUMN_MEMBER(calls_stream, encrypted) },
    { .key = "payload_type", .kind = COLUMN_UINT, .description = "RTP payload type of most packets", .get = stream_type },
    { .key = "payload_name", .kind = COLUMN_TEXT, .description = "its name, empty: not known", .get = stream_payload },
    { .key = "payloads", .kind = COLUMN_LIST, .description = "all payload types, most packets first", .list = &payloads },
    { .key = "modality", .kind = COLUMN_WORD, .description = "what it carries", .texts = ts_modality_name, COLUMN_MEMBER(calls_stream, modality) },
    { .key = "frame", .kind = COLUMN_UINT, .description = "first frame", COLUMN_MEMBER(calls_stream, frame) },
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "of that frame, from the first frame of the call",
        .get = stream_time },
    { .key = "duration", .kind = COLUMN_REAL, .unit = "s", .decimals = 3, .description = "from its earliest packet to its latest",
        .get = stream_duration },
    { .key = "pair", .kind = COLUMN_UINT, .description = "candidate pair that carried it last, 0: no check seen",
        COLUMN_MEMBER(calls_stream, pair) },
    { .key = "packets", .kind = COLUMN_UINT, .description = "packets, duplicates included", COLUMN_MEMBER(calls_stream, stats.received) },
    { .key = "bytes", .kind = COLUMN_UINT, .description = "bytes of RTP", COLUMN_MEMBER(calls_stream, bytes) },
    { .key = "expected", .kind = COLUMN_UINT, .description = "packets that the sequence numbers promise", .get = stream_expected },
    { .key = "lost", .kind = COLUMN_UINT, .description = "packets missing among them", .get = stream_lost },
    { .key = "gaps", .kind = COLUMN_LIST, .description = "times in which it lost all packets; these are among the lost", .list = &gaps },
    { .key = "jitter_ms", .kind = COLUMN_REAL, .unit = "ms", .decimals = 3, .description = "jitter of RFC 3550 at the last packet",
        .get = stream_jitter },
    { .key = "jitter_mean_ms", .kind = COLUMN_REAL, .unit = "ms", .decimals = 3, .description = "the mean of what it was at each packet",
        .get = stream_jitter_mean },
    { .key = "jitter_15s_ms", .kind = COLUMN_REAL, .unit = "ms", .decimals = 3,
        .description = "the highest mean over 15 seconds, which the warning is about; null: too few packets, or not known", .get = stream_jitter_lasting },
    { .key = "jitter_max_ms", .kind = COLUMN_REAL, .unit = "ms", .decimals = 3, .description = "the highest it was",
        .get = stream_jitter_max },
    { .key = "over_time", .kind = COLUMN_LIST, .description = "the stream in at most 60 parts of equal length", .list = &slices },
};
static const report_list streams = { LIST_COLUMNS(stream_columns), LIST_ARRAY, offsetof(calls_entry, streams), NULL };

static bool
moment_is_there(const void *moment)
{
    return ((const calls_moment *)moment)->frame != 0;
}

static const report_column moment_columns[] = {
    { .key = "frame", .kind = COLUMN_UINT, .description = "frame", COLUMN_MEMBER(calls_moment, frame) },
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "from the first frame of the call",
        COLUMN_MEMBER(calls_moment, time) },
};
#define MOMENT(member) { LIST_COLUMNS(moment_columns), LIST_MEMBER, offsetof(calls_entry, member), moment_is_there }
static const report_list moment_name = MOMENT(name);
static const report_list moment_allocation = MOMENT(allocation);
static const report_list moment_check = MOMENT(check);
static const report_list moment_nomination = MOMENT(nomination);
static const report_list moment_media = MOMENT(media);

static const report_column setup_columns[] = {
    { .key = "name", .title = "latest name or signalling before it", .kind = COLUMN_OBJECT,
        .description = "the latest name of call set-up or media, or signalling, before the call",
        .list = &moment_name },
    { .key = "allocation", .title = "first allocation", .kind = COLUMN_OBJECT, .description = "first Allocate request",
        .list = &moment_allocation },
    { .key = "check", .title = "first check", .kind = COLUMN_OBJECT, .description = "first connectivity check", .list = &moment_check },
    { .key = "nomination", .title = "nomination", .kind = COLUMN_OBJECT, .description = "first nomination in this call",
        .list = &moment_nomination },
    { .key = "media", .title = "first media", .kind = COLUMN_OBJECT, .description = "first packet that was recognised as media",
        .list = &moment_media },
    { .key = "nominated_before", .kind = COLUMN_UINT, .description = "frame of an earlier call that nominated a pair which goes on, 0: none",
        COLUMN_MEMBER(calls_entry, nominated_before) },
};
static const report_list setup = { LIST_COLUMNS(setup_columns), LIST_MEMBER, 0, NULL };

static const report_list problems = {
    report_problem_columns, REPORT_PROBLEM_COLUMNS, LIST_HELD, offsetof(calls_entry, problems), NULL };

static const char *
verdict_codes(unsigned n)
{
    return report_verdict_code(calls_verdicts, n);
}

static const report_column entry_columns[] = {
    { .key = "call", .title = "Call", .kind = COLUMN_UINT, .description = "number, as teams.call", COLUMN_BEHIND(calls_entry, call, teams_call, number) },
    { .key = "kind", .kind = COLUMN_WORD, .description = "what it turned out to be", .texts = calls_kind_name, COLUMN_MEMBER(calls_entry, kind) },
    { .key = "severity", .title = "Severity", .kind = COLUMN_TEXT, .description = "severity of the verdict", .late = true,
        .texts = report_severity_word, COLUMN_MEMBER(calls_entry, verdict.word) },
    { .key = "verdict_code", .title = "Verdict Code", .kind = COLUMN_TEXT, .description = "stable code of the verdict", .no_window = true,
        .texts = verdict_codes, COLUMN_MEMBER(calls_entry, verdict.code) },
    { .key = "verdict", .title = "Verdict", .kind = COLUMN_TEXT, .description = "the verdict in a sentence", .late = true,
        COLUMN_MEMBER(calls_entry, verdict.sentence) },
    { .title = "Worst Problem", .kind = COLUMN_TEXT, .description = "the worst problem", .late = true, .get = entry_worst },
    { .title = "Advice", .kind = COLUMN_TEXT, .description = "what to do about it", .late = true, .get = entry_advice },
    { .key = "problems", .kind = COLUMN_LIST, .description = "what is wrong or notable, the worst first", .list = &problems },
    { .key = "first_frame", .title = "First Frame", .kind = COLUMN_UINT, .description = "first frame",
        COLUMN_MEMBER(calls_entry, first_frame) },
    { .key = "last_frame", .kind = COLUMN_UINT, .description = "last frame", COLUMN_MEMBER(calls_entry, last_frame) },
    { .key = "client", .title = "Client", .kind = COLUMN_TEXT, .description = "address of the client", .get = entry_client },
    { .key = "start", .kind = COLUMN_TEXT, .description = "date and time in UTC of its earliest frame", .get = entry_start },
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "the same from the first frame of the capture",
        .get = entry_time },
    { .key = "duration", .title = "Duration", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "first to last frame",
        .get = entry_duration },
    { .key = "remote", .title = "Remote Address", .kind = COLUMN_TEXT, .description = "where the call went: by media, else by the nominated pair",
        .get = entry_remote },
    { .key = "path", .title = "Path", .kind = COLUMN_TEXT, .description = "path of the call", .texts = teams_path_name, .get = entry_path },
    { .key = "packets", .title = "Packets", .kind = COLUMN_UINT, .description = "packets in both directions", .get = entry_packets },
    { .key = "bytes", .title = "Bytes", .kind = COLUMN_UINT, .description = "whole frames, in both directions", .get = entry_bytes },
    { .title = "Allocations", .kind = COLUMN_UINT, .description = "allocations", .get = entry_allocations },
    { .title = "Pairs", .kind = COLUMN_UINT, .description = "candidate pairs", .get = entry_pairs },
    { .title = "Streams", .kind = COLUMN_UINT, .description = "media streams", .get = entry_streams },
    { .key = "signin", .title = "Sign-In", .kind = COLUMN_UINT, .description = "sign-in of the client at that time, 0: none",
        .get = entry_signin },
    { .key = "other_end", .kind = COLUMN_UINT, .description = "number under which its other client has the same call, 0: that is not in the capture",
        .get = entry_other_end },
    { .key = "remotes", .kind = COLUMN_LIST, .description = "remote addresses: one row over UDP, one over TCP", .list = &remotes },
    { .key = "allocations", .kind = COLUMN_LIST, .description = "TURN allocations", .list = &allocations },
    { .key = "pairs", .kind = COLUMN_LIST, .description = "candidate pairs", .list = &pairs },
    { .key = "client_ports", .kind = COLUMN_LIST, .description = "the client's ports and where they went", .list = &ports },
    { .key = "streams", .kind = COLUMN_LIST, .description = "RTP streams", .list = &streams },
    { .key = "setup", .kind = COLUMN_OBJECT, .description = "when each step of the set-up was seen first", .list = &setup },
};
static const report_list entries = { LIST_COLUMNS(entry_columns), LIST_POINTERS, offsetof(calls_state, entries), NULL };

/* ---- text ---- */

static const char *
or_unknown(const char *text)
{
    return text == NULL || text[0] == '\0' ? "unknown" : text;
}

/* Its ports from which something came back, or those from which nothing did. */
static char *
ports_list(const calls_entry *entry, const calls_remote *remote, bool heard)
{
    GString *list = g_string_new(NULL);

    for (unsigned i = 0; i < remote->ports->len; i++) {
        const uint16_t port = g_array_index(remote->ports, uint16_t, i);

        if (calls_is_port_heard(entry, remote, port) == heard)
            g_string_append_printf(list, "%s%u", list->len == 0 ? "" : ", ", port);
    }
    return g_string_free(list, FALSE);
}

static void
remote_text(const calls_entry *entry, const calls_remote *remote, FILE *out)
{
    const bool heard = remote->packets[CALLS_RECEIVED] > 0;
    char *address = report_address(&remote->addr);
    char *port_list = ports_list(entry, remote, heard);
    char *silent_list = ports_list(entry, remote, !heard);    /* what answers on one port may be silent on another */
    char *volume = report_volume(calls_remote_packets(remote), remote->bytes[CALLS_SENT] + remote->bytes[CALLS_RECEIVED]);
    char *frames = report_frames(remote->first_frame, remote->last_frame);
    const char *name = remote->name == NULL || strcmp(remote->name, address) == 0 ? "" : remote->name;

    report_print(out, 4, "%s port %s: %s", address, port_list, remote->role_label);
    if (silent_list[0] != '\0')
        report_print(out, 6, "%s came back from port %s", remote->tcp ? "no message" : "nothing", silent_list);
    report_print(out, 6, "%s (%.1f %% of the call), %s", volume, calls_share(entry, remote), frames);
    report_print(out, 6, "%s%s%s%s%s, prefix %s", teams_transport_name(remote->transport),
        remote->path == TEAMS_PATH_UNKNOWN ? "" : ", ", teams_path_name(remote->path), name[0] == '\0' ? "" : ", ", name,
        calls_is_published(remote) ? remote->prefix->text : "not published");
    g_free(address);
    g_free(port_list);
    g_free(silent_list);
    g_free(volume);
    g_free(frames);
}

static void
remotes_text(const calls_entry *entry, FILE *out)
{
    fprintf(out, "\n  Remote addresses\n");
    for (unsigned i = 0; i < entry->remotes->len; i++)
        remote_text(entry, (const calls_remote *)g_ptr_array_index(entry->remotes, i), out);
}

static void
allocation_text(const calls_allocation *allocation, FILE *out)
{
    char *client = report_endpoint(&allocation->client);
    char *server = report_endpoint(&allocation->server);
    char *relayed = report_endpoint(&allocation->relayed);
    char *reflexive = report_endpoint(&allocation->reflexive);

    report_print(out, 4, "%u  %s at %s%s, %s (frame %u)", allocation->number, client, server, allocation->tcp ? " over TCP" : "",
        or_unknown(allocation->state), allocation->frame);
    /* A challenge has the addresses, too, and no lifetime. */
    if (relayed[0] != '\0' && allocation->granted_frame == 0)
        report_print(out, 6, "relayed %s, client seen as %s", relayed, or_unknown(reflexive));
    else if (relayed[0] != '\0')
        report_print(out, 6, "relayed %s, client seen as %s, lifetime %u s", relayed, or_unknown(reflexive), allocation->lifetime);
    if (!isnan(allocation->response_time))
        report_print(out, 6, "granted in frame %u after %.1f ms", allocation->granted_frame, allocation->response_time * 1000);
    if (allocation->error_code != 0)
        report_print(out, 6, "refused with error %u in frame %u (%u time%s)", allocation->error_code, allocation->error_frame, allocation->refusals,
            allocation->refusals == 1 ? "" : "s in a row");
    g_free(client);
    g_free(server);
    g_free(relayed);
    g_free(reflexive);
}

static void
allocations_text(const calls_entry *entry, FILE *out)
{
    if (entry->allocations->len > 0)
        fprintf(out, "\n  Allocations\n");
    for (unsigned i = 0; i < entry->allocations->len; i++)
        allocation_text(&g_array_index(entry->allocations, calls_allocation, i), out);
}

static void
pair_text(const calls_pair *pair, FILE *out)
{
    char *local = report_endpoint(&pair->local);
    char *remote = report_endpoint(&pair->remote);

    report_print(out, 4, "%u  %s (%s) to %s (%s): %s (frame %u)", pair->number, local, or_unknown(pair->local_type), remote,
        or_unknown(pair->remote_type), ts_pair_state_name(pair->state), pair->nominated_frame != 0 ? pair->nominated_frame : pair->frame);
    if (pair->round_trip_count > 0)
        report_print(out, 6, "round trip %.1f ms (%.1f to %.1f, %u measured)", pair->round_trip_mean * 1000,
            pair->round_trip_min * 1000, pair->round_trip_max * 1000, pair->round_trip_count);
    else
        report_print(out, 6, "%u request%s, %u answer%s", pair->requests, pair->requests == 1 ? "" : "s", pair->answers,
            pair->answers == 1 ? "" : "s");
    if (pair->allocation != 0)
        report_print(out, 6, "inside allocation %u", pair->allocation);
    g_free(local);
    g_free(remote);
}

/* Pairs that were checked in vain beside one that was nominated help only sometimes. */
static bool
is_pair_shown(const calls_entry *entry, const calls_pair *pair, bool full)
{
    return full || pair->nominated_frame != 0 || pair->answers > 0 || (entry->nomination.frame == 0 && entry->nominated_before == 0);
}

static void
pairs_text(const calls_entry *entry, bool full, FILE *out)
{
    unsigned hidden = 0;

    if (entry->pairs->len > 0)
        fprintf(out, "\n  Candidate pairs\n");
    for (unsigned i = 0; i < entry->pairs->len; i++) {
        const calls_pair *pair = &g_array_index(entry->pairs, calls_pair, i);

        if (is_pair_shown(entry, pair, full))
            pair_text(pair, out);
        else
            hidden++;
    }
    if (hidden > 0)
        report_print(out, 4, "and %u without any answer (-z teams,calls,full)", hidden);
}

/* "46 (120 packets), 0 (3 packets)" */
static char *
dscp_list(const GArray *counts)
{
    GString *list = g_string_new(NULL);

    for (unsigned i = counts->len; i-- > 0;) {
        const calls_dscp *dscp = &g_array_index(counts, calls_dscp, i);

        g_string_append_printf(list, "%s%u (%u packet%s)", list->len == 0 ? "" : ", ", dscp->dscp, dscp->packets,
            dscp->packets == 1 ? "" : "s");
    }
    return g_string_free(list, FALSE);
}

static void
port_text(const calls_entry *entry, const calls_port *port, FILE *out)
{
    const char *range = calls_port_range(port->port);
    char *sent = dscp_list(port->dscp[CALLS_SENT]);
    char *received = dscp_list(port->dscp[CALLS_RECEIVED]);
    char *packets = report_count(port->packets, "packet");

    report_print(out, 4, "%u -> %u  %s, %s (frame %u)%s%s", port->port, port->remote_port,
        port->modality == TS_MODALITY_UNKNOWN ? "modality unknown" : ts_modality_name(port->modality), packets, port->frame,
        entry->teams ? ", " : "", !entry->teams ? "" : range[0] == '\0' ? "outside the documented ranges" : range);
    if (sent[0] != '\0' || received[0] != '\0')
        report_print(out, 6, "DSCP sent %s; received %s", sent[0] == '\0' ? "none" : sent, received[0] == '\0' ? "none" : received);
    if (moved_to(entry, port) != NULL)
        report_print(out, 6, "turned out to be of call %u, and goes on there", moved_to(entry, port)->number);
    g_free(sent);
    g_free(received);
    g_free(packets);
}

static void
ports_text(const calls_entry *entry, FILE *out)
{
    if (entry->ports->len > 0)
        fprintf(out, "\n  Client ports\n");
    for (unsigned i = 0; i < entry->ports->len; i++)
        port_text(entry, &g_array_index(entry->ports, calls_port, i), out);
}

#define PAYLOADS_SHOWN 3

/* "104 SILK (1,400 packets), 13 CN (20 packets)"; without the counts where there is one. */
static char *
payload_list(const GArray *payload_types)
{
    GString *list = g_string_new(NULL);

    for (unsigned i = 0; i < MIN(payload_types->len, PAYLOADS_SHOWN); i++) {
        const calls_payload *payload = &g_array_index(payload_types, calls_payload, i);

        g_string_append_printf(list, "%s%u%s%s", i == 0 ? "" : ", ", payload->type, payload->name[0] == '\0' ? "" : " ", payload->name);
        if (payload_types->len > 1)
            g_string_append_printf(list, " (%" PRIu64 ")", payload->packets);
    }
    if (payload_types->len > PAYLOADS_SHOWN)
        g_string_append_printf(list, " and %u more", payload_types->len - PAYLOADS_SHOWN);
    return g_string_free(list, FALSE);
}

static void
stream_text(const calls_entry *entry, const calls_stream *stream, FILE *out)
{
    const ts_stream_stats *stats = &stream->stats;
    char *types = payload_list(stream->payloads);
    char *packets = report_count(stats->received, "packet");

    report_print(out, 4, "%s SSRC 0x%08x %s, payload type %s%s%s (frame %u)", stream->encrypted ? "SRTP" : "RTP", stream->ssrc,
        directions(stream->direction), types, stream->modality == TS_MODALITY_UNKNOWN ? "" : ", ",
        ts_modality_name(stream->modality), stream->frame);
    if (stream->pair != 0)
        report_print(out, 6, "over candidate pair %u", stream->pair);
    const bool cut = calls_is_cut_inside(entry, stream);

    if (cut)
        report_print(out, 6, "%s; others may be in what was cut off of segments: how many were lost is not known", packets);
    else
        report_print(out, 6, "%s, %" PRIu64 " lost (%.2f %%)", packets, ts_stream_stats_lost(stats), ts_stream_stats_loss(stats));
    for (unsigned i = 0; i < stream->gaps->len && !cut; i++) {
        const calls_gap *gap = &g_array_index(stream->gaps, calls_gap, i);

        report_print(out, 6, "nothing for %.1f s from %.1f s on, frames %u to %u (%" PRIu64 " of the lost packets)", gap->seconds,
            gap->time, gap->first_frame, gap->last_frame, gap->missing);
    }
    if (calls_has_jitter(stream))
        report_print(out, 6, "jitter: mean %.2f ms, max %.2f ms", ts_stream_stats_jitter_mean(stats), ts_stream_stats_jitter_max(stats));
    else
        report_print(out, 6, "%s: no jitter", !teams_clock_is_fine() ? "times are whole tenths of a second" : stats->clock_rate == 0 ? "clock rate unknown" :
            "no two packets to compare");
    g_free(types);
    g_free(packets);
}

static void
streams_text(const calls_entry *entry, FILE *out)
{
    if (entry->streams->len > 0)
        fprintf(out, "\n  Media streams\n");
    for (unsigned i = 0; i < entry->streams->len; i++)
        stream_text(entry, &g_array_index(entry->streams, calls_stream, i), out);
}

static void
setup_text(const calls_entry *entry, FILE *out)
{
    fprintf(out, "\n  Set-up (from the first frame of the call)\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(setup_columns); i++) {
        const report_column *column = &setup_columns[i];

        if (column->kind != COLUMN_OBJECT || report_list_length(column->list, entry) == 0)
            continue;
        const calls_moment *moment = (const calls_moment *)report_list_row(column->list, entry, 0);

        fprintf(out, "    %9.3f s  %s, frame %u\n", moment->time, column->title, moment->frame);
    }
    if (entry->direct_routing && entry->pairs->len == 0)
        report_print(out, 4, "media is recognised by its third packet in a row: those before frame %u are in no count", entry->media.frame);
    if (entry->nominated_before != 0)
        report_print(out, 4, "goes on over a pair that was nominated in an earlier call, frame %u", entry->nominated_before);
}

static void
entry_text(const calls_entry *entry, bool full, FILE *out)
{
    char *client = report_address(&entry->call->client->shown);
    char *date = report_date(&entry->first, entry->first_frame);
    char *volume = report_volume(entry->packets[0] + entry->packets[1], entry->bytes[0] + entry->bytes[1]);
    char *frames = report_frames(entry->first_frame, entry->last_frame);

    fprintf(out, "\n");
    report_print(out, 0, "%s %u of %s, %s", calls_kind_title(entry->kind), entry->call->number, client, date);
    report_verdict_text(&entry->verdict, entry->problems, out, 2);
    fprintf(out, "\n");
    report_print(out, 2, "%s, %.3f s, %s", frames, ts_seconds(&entry->first, &entry->last), volume);
    if (entry->call->signin != NULL)
        report_print(out, 2, "after sign-in %u (frame %u)", entry->call->signin->number, entry->call->signin->frame);
    if (entry->other_end != NULL)
        report_print(out, 2, "the same call as call %u: both ends are in this capture", entry->other_end->call->number);
    remotes_text(entry, out);
    allocations_text(entry, out);
    pairs_text(entry, full, out);
    ports_text(entry, out);
    streams_text(entry, out);
    if (entry->kind != CALLS_EXCHANGE)
        setup_text(entry, out);
    g_free(client);
    g_free(date);
    g_free(volume);
    g_free(frames);
}

static void
calls_text(const void *data, bool full, FILE *out)
{
    const calls_state *state = (const calls_state *)data;

    if (state->entries->len == 0)
        fprintf(out, "No call found.\n");
    for (unsigned i = 0; i < state->entries->len; i++)
        entry_text((const calls_entry *)g_ptr_array_index(state->entries, i), full, out);
}

static const report_window windows[] = {
    { "calls", "Teams Calls", &entries, true },
    { NULL, NULL, NULL, false },
};

const teams_report teams_report_calls = {
    .name = "calls",
    .title = "Teams Calls",
    .fields = "ip.dsfield.dscp or ipv6.tclass.dscp",
    .start = calls_start,
    .end = calls_free,
    .packet = calls_packet,
    .finish = calls_finish,
    .text = calls_text,
    .key = "calls",
    .description = "what clients did with relays, checks and media, call by call",
    .list = &entries,
    .table = &entries,
    .windows = windows,
    .verdicts = calls_verdicts,
};
