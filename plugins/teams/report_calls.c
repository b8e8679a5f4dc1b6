/* report_calls.c
 * -z teams,calls: where each call went, how it was set up, and what was wrong
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report_calls.h"

#include <epan/epan_dissect.h>
#include <epan/to_str.h>

typedef struct {
    GPtrArray *entries;         /* calls_entry, in order of appearance */
    GHashTable *by_call;        /* teams_call -> index + 1 */
    int hf_dscp;
    int hf_dscp6;
} calls_state;

static void *
calls_start(void)
{
    calls_state *state = g_new0(calls_state, 1);

    state->entries = g_ptr_array_new_with_free_func(calls_entry_free);
    state->by_call = g_hash_table_new(g_direct_hash, g_direct_equal);
    state->hf_dscp = proto_registrar_get_id_byname("ip.dsfield.dscp");
    state->hf_dscp6 = proto_registrar_get_id_byname("ipv6.tclass.dscp");
    return state;
}

static void
calls_free(void *data)
{
    calls_state *state = (calls_state *)data;

    g_hash_table_destroy(state->by_call);
    g_ptr_array_unref(state->entries);
    g_free(state);
}

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

static int
calls_packet(void *data, packet_info *pinfo, epan_dissect_t *edt, const teams_tap *tap)
{
    calls_state *state = (calls_state *)data;
    teams_call *call = tap->view->call;

    if (call == NULL)
        return -1;
    int index = GPOINTER_TO_INT(g_hash_table_lookup(state->by_call, call)) - 1;
    if (index < 0) {
        g_ptr_array_add(state->entries, calls_entry_new(call));
        index = (int)state->entries->len - 1;
        g_hash_table_insert(state->by_call, call, GINT_TO_POINTER(index + 1));
    }
    const int dscp = last_value(edt, pinfo->src.type == AT_IPv6 ? state->hf_dscp6 : state->hf_dscp);

    calls_entry_add((calls_entry *)g_ptr_array_index(state->entries, index), pinfo, tap, dscp);
    return index;
}

/* ---- text ---- */

static const char *const pair_states[] = { "frozen", "checking", "succeeded", "nominated", "failed" };

static const char *
or_unknown(const char *text)
{
    return text == NULL || text[0] == '\0' ? "unknown" : text;
}

static char *
ports_list(const GArray *ports)
{
    GString *list = g_string_new(NULL);

    for (unsigned i = 0; i < ports->len; i++)
        g_string_append_printf(list, "%s%u", i == 0 ? "" : ", ", g_array_index(ports, uint16_t, i));
    return g_string_free(list, FALSE);
}

static double
share_of(const calls_entry *entry, const calls_remote *remote)
{
    const uint64_t all = entry->bytes[0] + entry->bytes[1];

    return all == 0 ? 0 : 100.0 * (double)(remote->bytes[0] + remote->bytes[1]) / (double)all;
}

static void
remotes_text(const calls_entry *entry, FILE *out)
{
    fprintf(out, "\n  Far ends\n");
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = &g_array_index(entry->remotes, calls_remote, i);
        char *address = address_to_str(NULL, &remote->addr);
        char *ports = ports_list(remote->ports);
        char *packets = teams_report_count(remote->packets[0] + remote->packets[1]);
        char *bytes = teams_report_count(remote->bytes[0] + remote->bytes[1]);
        char *name = teams_report_name(remote->name == NULL ? "" : remote->name);

        teams_print(out, 4, "%s port %s: %s", address, ports, calls_role(entry, remote));
        teams_print(out, 6, "%s packets, %s bytes (%.1f %% of the call), frames %u to %u", packets, bytes,
            share_of(entry, remote), remote->first_frame, remote->last_frame);
        teams_print(out, 6, "%s%s%s%s%s, prefix %s", teams_transport_name(remote->transport),
            remote->path == TEAMS_PATH_UNKNOWN ? "" : ", ", teams_path_name(remote->path),
            name[0] == '\0' ? "" : ", ", name,
            calls_is_published(remote) ? remote->prefix->text : "not published");
        wmem_free(NULL, address);
        g_free(name);
        g_free(ports);
        g_free(packets);
        g_free(bytes);
    }
}

static void
allocations_text(const calls_entry *entry, FILE *out)
{
    if (entry->allocations->len > 0)
        fprintf(out, "\n  Allocations\n");
    for (unsigned i = 0; i < entry->allocations->len; i++) {
        const calls_allocation *a = &g_array_index(entry->allocations, calls_allocation, i);
        char *client = teams_report_end(&a->client);
        char *server = teams_report_end(&a->server);
        char *relayed = teams_report_end(&a->relayed);
        char *reflexive = teams_report_end(&a->reflexive);

        teams_print(out, 4, "%u  %s at %s%s, %s (frame %u)", a->number, client, server, a->tcp ? " over TCP" : "",
            or_unknown(a->state), a->frame);
        if (relayed[0] != '\0')
            teams_print(out, 6, "relayed %s, client seen as %s, lifetime %u s", relayed, or_unknown(reflexive),
                a->lifetime);
        if (a->response_time >= 0)
            teams_print(out, 6, "granted in frame %u after %.1f ms", a->granted_frame, a->response_time * 1000);
        if (a->error_code != 0)
            teams_print(out, 6, "refused with error %u in frame %u", a->error_code, a->error_frame);
        g_free(client);
        g_free(server);
        g_free(relayed);
        g_free(reflexive);
    }
}

static void
pairs_text(const calls_entry *entry, FILE *out)
{
    if (entry->pairs->len > 0)
        fprintf(out, "\n  Candidate pairs\n");
    for (unsigned i = 0; i < entry->pairs->len; i++) {
        const calls_pair *pair = &g_array_index(entry->pairs, calls_pair, i);
        char *local = teams_report_end(&pair->local);
        char *remote = teams_report_end(&pair->remote);

        teams_print(out, 4, "%u  %s (%s) to %s (%s): %s (frame %u)", pair->number, local, or_unknown(pair->local_type),
            remote, or_unknown(pair->remote_type), pair_states[pair->state],
            pair->nominated_frame != 0 ? pair->nominated_frame : pair->frame);
        if (pair->rtt_count > 0)
            teams_print(out, 6, "round trip %.1f ms (%.1f to %.1f, %u measured)", pair->rtt_sum / pair->rtt_count * 1000,
                pair->rtt_min * 1000, pair->rtt_max * 1000, pair->rtt_count);
        else
            teams_print(out, 6, "%u requests, %u answers", pair->requests, pair->answers);
        if (pair->allocation != 0)
            teams_print(out, 6, "inside allocation %u", pair->allocation);
        g_free(local);
        g_free(remote);
    }
}

/* "46 (120 packets), 0 (3 packets)" */
static char *
dscp_list(const calls_port *port, unsigned direction)
{
    GString *list = g_string_new(NULL);

    for (unsigned dscp = 64; dscp-- > 0;)
        if (port->dscp[direction][dscp] != 0)
            g_string_append_printf(list, "%s%u (%u packets)", list->len == 0 ? "" : ", ", dscp, port->dscp[direction][dscp]);
    return g_string_free(list, FALSE);
}

static void
ports_text(const calls_entry *entry, FILE *out)
{
    if (entry->ports->len > 0)
        fprintf(out, "\n  Client ports\n");
    for (unsigned i = 0; i < entry->ports->len; i++) {
        const calls_port *port = &g_array_index(entry->ports, calls_port, i);
        const char *range = calls_port_range(port->port);
        char *sent = dscp_list(port, CALLS_SENT);
        char *received = dscp_list(port, CALLS_RECEIVED);
        char *packets = teams_report_count(port->packets);

        teams_print(out, 4, "%u -> %u  %s, %s packets (frame %u), %s", port->port, port->remote_port,
            port->modality == TS_MODALITY_UNKNOWN ? "modality unknown" : ts_modality_name(port->modality), packets,
            port->frame, range[0] == '\0' ? "outside the documented ranges" : range);
        if (sent[0] != '\0' || received[0] != '\0')
            teams_print(out, 6, "DSCP sent %s; received %s", sent[0] == '\0' ? "none" : sent, received[0] == '\0' ? "none" : received);
        g_free(sent);
        g_free(received);
        g_free(packets);
    }
}

static void
streams_text(const calls_entry *entry, FILE *out)
{
    if (entry->streams->len > 0)
        fprintf(out, "\n  Media streams\n");
    for (unsigned i = 0; i < entry->streams->len; i++) {
        const calls_stream *stream = &g_array_index(entry->streams, calls_stream, i);
        const teams_stream_stats *stats = &stream->stats;

        teams_print(out, 4, "%s SSRC 0x%08x %s, payload type %u%s%s%s%s (frame %u)",
            stream->encrypted ? "SRTP" : "RTP", stream->ssrc,
            stream->direction == CALLS_SENT ? "sent" : "received", stream->payload_type,
            stream->payload_name[0] == '\0' ? "" : " ", stream->payload_name,
            stream->modality == TS_MODALITY_UNKNOWN ? "" : ", ", ts_modality_name(stream->modality), stream->frame);
        if (stream->pair != 0)
            teams_print(out, 6, "over candidate pair %u", stream->pair);
        teams_print(out, 6, "%" PRIu64 " packets, %" PRIu64 " lost (%.2f %%)", stats->received,
            teams_stream_stats_lost(stats), teams_stream_stats_loss(stats));
        if (stats->clock_rate != 0)
            teams_print(out, 6, "jitter %.2f ms, at most %.2f ms", teams_stream_stats_jitter(stats),
                teams_stream_stats_jitter_max(stats));
    }
}

/* The steps of the set-up, in their order. */
static const struct {
    const char *key;
    const char *label;
    size_t offset;
} moments[] = {
    { "allocation", "first allocation", offsetof(calls_entry, allocation) },
    { "check", "first check", offsetof(calls_entry, check) },
    { "nomination", "nomination", offsetof(calls_entry, nomination) },
    { "media", "first media", offsetof(calls_entry, media) },
};

static const calls_moment *
moment_of(const calls_entry *entry, unsigned i)
{
    return (const calls_moment *)(const void *)((const char *)entry + moments[i].offset);
}

static void
setup_text(const calls_entry *entry, FILE *out)
{
    fprintf(out, "\n  Set-up (from the first frame of the call)\n");
    if (entry->call->name_frame != 0)
        fprintf(out, "%12.3f s  first name or signalling, frame %u\n",
            teams_seconds(&entry->first, &entry->call->name_time), entry->call->name_frame);
    for (unsigned i = 0; i < G_N_ELEMENTS(moments); i++) {
        const calls_moment *m = moment_of(entry, i);

        if (m->frame != 0)
            fprintf(out, "%12.3f s  %s, frame %u\n", teams_seconds(&entry->first, &m->time), moments[i].label, m->frame);
        else
            fprintf(out, "%12s    %s: not seen\n", "-", moments[i].label);
    }
}

static GArray *
judged(const calls_entry *entry)
{
    GArray *verdicts = teams_verdicts_new();

    teams_verdicts_add_all(verdicts, entry->verdicts);
    calls_judge(entry, verdicts);
    return verdicts;
}

static void
entry_text(const calls_entry *entry, FILE *out)
{
    char *client = address_to_str(NULL, &entry->call->client->addr);
    char *date = teams_report_date(&entry->first);
    char *packets = teams_report_count(entry->packets[0] + entry->packets[1]);
    char *bytes = teams_report_count(entry->bytes[0] + entry->bytes[1]);
    GArray *verdicts = judged(entry);

    fprintf(out, "\n%s %u of %s, %s\n", calls_is_probe(entry) ? "Connectivity probe" : "Call", entry->call->number,
        client, date);
    teams_print(out, 2, "frames %u to %u, %.3f s, %s packets, %s bytes", entry->first_frame, entry->last_frame,
        teams_seconds(&entry->first, &entry->last), packets, bytes);
    if (entry->call->signin != NULL)
        teams_print(out, 2, "after sign-in %u (frame %u)", entry->call->signin->number, entry->call->signin->frame);
    remotes_text(entry, out);
    allocations_text(entry, out);
    pairs_text(entry, out);
    ports_text(entry, out);
    streams_text(entry, out);
    setup_text(entry, out);
    fprintf(out, "\n");
    teams_verdicts_text(verdicts, out, 2);
    teams_print(out, 2, "Verdict: %s", calls_outcome(entry, verdicts));
    teams_verdicts_free(verdicts);
    wmem_free(NULL, client);
    g_free(date);
    g_free(packets);
    g_free(bytes);
}

static void
calls_text(void *data, FILE *out)
{
    const calls_state *state = (const calls_state *)data;

    if (state->entries->len == 0)
        fprintf(out, "No call in the frames looked at.\n");
    for (unsigned i = 0; i < state->entries->len; i++)
        entry_text((const calls_entry *)g_ptr_array_index(state->entries, i), out);
}

/* ---- JSON ---- */

static void
end_json(json_dumper *out, const char *key, const ts_endpoint *end)
{
    char *text = teams_report_end(end);

    teams_json_string(out, key, text);
    g_free(text);
}

static void
remotes_json(const calls_entry *entry, json_dumper *out)
{
    const calls_remote *settled = calls_settled(entry);

    teams_json_array(out, "far_ends");
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = &g_array_index(entry->remotes, calls_remote, i);
        char *address = address_to_str(NULL, &remote->addr);
        char *name = teams_report_name(remote->name == NULL ? "" : remote->name);

        json_dumper_begin_object(out);
        teams_json_string(out, "address", address);
        teams_json_array(out, "ports");
        for (unsigned p = 0; p < remote->ports->len; p++)
            json_dumper_value_anyf(out, "%u", g_array_index(remote->ports, uint16_t, p));
        json_dumper_end_array(out);
        teams_json_string(out, "role", calls_role(entry, remote));
        teams_json_bool(out, "settled", remote == settled);
        teams_json_bool(out, "anycast", calls_is_anycast(remote));
        teams_json_string(out, "path", teams_path_name(remote->path));
        teams_json_string(out, "transport", teams_transport_name(remote->transport));
        teams_json_string(out, "modality", ts_modality_name(remote->modality));
        teams_json_string(out, "name", name);
        teams_json_string(out, "prefix", calls_is_published(remote) ? remote->prefix->text : "");
        teams_json_uint(out, "packets", remote->packets[0] + remote->packets[1]);
        teams_json_uint(out, "packets_sent", remote->packets[0]);
        teams_json_uint(out, "packets_received", remote->packets[1]);
        teams_json_uint(out, "bytes", remote->bytes[0] + remote->bytes[1]);
        teams_json_real(out, "share", share_of(entry, remote), 1);
        teams_json_uint(out, "first_frame", remote->first_frame);
        teams_json_uint(out, "last_frame", remote->last_frame);
        json_dumper_end_object(out);
        g_free(name);
        wmem_free(NULL, address);
    }
    json_dumper_end_array(out);
}

static void
allocations_json(const calls_entry *entry, json_dumper *out)
{
    teams_json_array(out, "allocations");
    for (unsigned i = 0; i < entry->allocations->len; i++) {
        const calls_allocation *a = &g_array_index(entry->allocations, calls_allocation, i);

        json_dumper_begin_object(out);
        teams_json_uint(out, "allocation", a->number);
        teams_json_uint(out, "frame", a->frame);
        end_json(out, "client", &a->client);
        end_json(out, "server", &a->server);
        end_json(out, "relayed", &a->relayed);
        end_json(out, "reflexive", &a->reflexive);
        teams_json_string(out, "state", a->state);
        teams_json_uint(out, "lifetime", a->lifetime);
        teams_json_bool(out, "tcp", a->tcp);
        teams_json_uint(out, "granted_frame", a->granted_frame);
        if (a->response_time >= 0)
            teams_json_real(out, "response_time", a->response_time, 6);
        else
            teams_json_null(out, "response_time");
        teams_json_uint(out, "error_code", a->error_code);
        json_dumper_end_object(out);
    }
    json_dumper_end_array(out);
}

static void
pairs_json(const calls_entry *entry, json_dumper *out)
{
    teams_json_array(out, "pairs");
    for (unsigned i = 0; i < entry->pairs->len; i++) {
        const calls_pair *pair = &g_array_index(entry->pairs, calls_pair, i);

        json_dumper_begin_object(out);
        teams_json_uint(out, "pair", pair->number);
        teams_json_uint(out, "frame", pair->frame);
        end_json(out, "local", &pair->local);
        teams_json_string(out, "local_type", pair->local_type);
        end_json(out, "remote", &pair->remote);
        teams_json_string(out, "remote_type", pair->remote_type);
        teams_json_string(out, "state", pair_states[pair->state]);
        teams_json_uint(out, "nominated_frame", pair->nominated_frame);
        teams_json_uint(out, "allocation", pair->allocation);
        teams_json_uint(out, "requests", pair->requests);
        teams_json_uint(out, "answers", pair->answers);
        teams_json_uint(out, "rtt_count", pair->rtt_count);
        teams_json_real(out, "rtt_min", pair->rtt_min, 6);
        teams_json_real(out, "rtt_mean", pair->rtt_count == 0 ? 0 : pair->rtt_sum / pair->rtt_count, 6);
        teams_json_real(out, "rtt_max", pair->rtt_max, 6);
        teams_json_string(out, "ufrag_local", pair->ufrag_local);
        teams_json_string(out, "ufrag_remote", pair->ufrag_remote);
        json_dumper_end_object(out);
    }
    json_dumper_end_array(out);
}

static void
dscp_json(const calls_port *port, unsigned direction, const char *key, json_dumper *out)
{
    teams_json_array(out, key);
    for (unsigned dscp = 0; dscp < 64; dscp++)
        if (port->dscp[direction][dscp] != 0) {
            json_dumper_begin_object(out);
            teams_json_uint(out, "dscp", dscp);
            teams_json_uint(out, "packets", port->dscp[direction][dscp]);
            json_dumper_end_object(out);
        }
    json_dumper_end_array(out);
}

static void
ports_json(const calls_entry *entry, json_dumper *out)
{
    teams_json_array(out, "client_ports");
    for (unsigned i = 0; i < entry->ports->len; i++) {
        const calls_port *port = &g_array_index(entry->ports, calls_port, i);

        json_dumper_begin_object(out);
        teams_json_uint(out, "port", port->port);
        teams_json_uint(out, "remote_port", port->remote_port);
        teams_json_string(out, "modality", ts_modality_name(port->modality));
        teams_json_string(out, "range", calls_port_range(port->port));
        teams_json_uint(out, "packets", port->packets);
        teams_json_uint(out, "frame", port->frame);
        dscp_json(port, CALLS_SENT, "dscp_sent", out);
        dscp_json(port, CALLS_RECEIVED, "dscp_received", out);
        json_dumper_end_object(out);
    }
    json_dumper_end_array(out);
}

static void
streams_json(const calls_entry *entry, json_dumper *out)
{
    teams_json_array(out, "streams");
    for (unsigned i = 0; i < entry->streams->len; i++) {
        const calls_stream *stream = &g_array_index(entry->streams, calls_stream, i);
        char ssrc[16];

        snprintf(ssrc, sizeof ssrc, "0x%08x", stream->ssrc);
        json_dumper_begin_object(out);
        teams_json_string(out, "ssrc", ssrc);
        teams_json_string(out, "direction", stream->direction == CALLS_SENT ? "sent" : "received");
        teams_json_bool(out, "encrypted", stream->encrypted);
        teams_json_uint(out, "payload_type", stream->payload_type);
        teams_json_string(out, "payload_name", stream->payload_name);
        teams_json_string(out, "modality", ts_modality_name(stream->modality));
        teams_json_uint(out, "frame", stream->frame);
        teams_json_uint(out, "pair", stream->pair);
        teams_json_uint(out, "packets", stream->stats.received);
        teams_json_uint(out, "bytes", stream->bytes);
        teams_json_uint(out, "expected", teams_stream_stats_expected(&stream->stats));
        teams_json_uint(out, "lost", teams_stream_stats_lost(&stream->stats));
        if (stream->stats.clock_rate != 0) {
            teams_json_real(out, "jitter_ms", teams_stream_stats_jitter(&stream->stats), 3);
            teams_json_real(out, "jitter_max_ms", teams_stream_stats_jitter_max(&stream->stats), 3);
        } else {
            teams_json_null(out, "jitter_ms");
            teams_json_null(out, "jitter_max_ms");
        }
        json_dumper_end_object(out);
    }
    json_dumper_end_array(out);
}

static void
moment_json(json_dumper *out, const char *key, uint32_t frame, double time)
{
    if (frame == 0) {
        teams_json_null(out, key);
        return;
    }
    teams_json_object(out, key);
    teams_json_uint(out, "frame", frame);
    teams_json_real(out, "time", time, 6);
    json_dumper_end_object(out);
}

static void
setup_json(const calls_entry *entry, json_dumper *out)
{
    teams_json_object(out, "setup");
    moment_json(out, "name", entry->call->name_frame, teams_seconds(&entry->first, &entry->call->name_time));
    for (unsigned i = 0; i < G_N_ELEMENTS(moments); i++) {
        const calls_moment *m = moment_of(entry, i);

        moment_json(out, moments[i].key, m->frame, teams_seconds(&entry->first, &m->time));
    }
    json_dumper_end_object(out);
}

static void
entry_json(const calls_entry *entry, json_dumper *out)
{
    const calls_remote *settled = calls_settled(entry);
    char *client = address_to_str(NULL, &entry->call->client->addr);
    char *date = teams_report_date(&entry->first);
    GArray *verdicts = judged(entry);

    json_dumper_begin_object(out);
    teams_json_uint(out, "call", entry->call->number);
    teams_json_string(out, "kind", calls_is_probe(entry) ? "connectivity-probe" : "call");
    teams_json_string(out, "client", client);
    teams_json_uint(out, "signin", entry->call->signin == NULL ? 0 : entry->call->signin->number);
    teams_json_string(out, "start", date);
    teams_json_real(out, "time", teams_report_time(&entry->first), 6);
    teams_json_real(out, "duration", teams_seconds(&entry->first, &entry->last), 6);
    teams_json_uint(out, "first_frame", entry->first_frame);
    teams_json_uint(out, "last_frame", entry->last_frame);
    teams_json_uint(out, "packets", entry->packets[0] + entry->packets[1]);
    teams_json_uint(out, "bytes", entry->bytes[0] + entry->bytes[1]);
    teams_json_string(out, "path", settled == NULL ? "" : teams_path_name(settled->path));
    remotes_json(entry, out);
    allocations_json(entry, out);
    pairs_json(entry, out);
    ports_json(entry, out);
    streams_json(entry, out);
    setup_json(entry, out);
    teams_verdicts_json(verdicts, out);
    teams_json_string(out, "severity", teams_severity_name(teams_verdicts_worst(verdicts)));
    teams_json_string(out, "verdict", calls_outcome(entry, verdicts));
    json_dumper_end_object(out);
    teams_verdicts_free(verdicts);
    wmem_free(NULL, client);
    g_free(date);
}

static void
calls_json(void *data, json_dumper *out)
{
    const calls_state *state = (const calls_state *)data;

    teams_json_array(out, "calls");
    for (unsigned i = 0; i < state->entries->len; i++)
        entry_json((const calls_entry *)g_ptr_array_index(state->entries, i), out);
    json_dumper_end_array(out);
}

/* ---- table ---- */

static stat_tap_table_item columns[] = {
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Call", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "First Frame", "%u" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Client", "%s" },
    { TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Duration (s)", "%.3f" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Settled On", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Path", "%s" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Packets", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Bytes", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Allocations", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Pairs", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Streams", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Sign-In", "%u" },
};

static void
calls_row(void *data, unsigned index, stat_tap_table_item_type *items)
{
    const calls_entry *entry = (const calls_entry *)g_ptr_array_index(((const calls_state *)data)->entries, index);
    const calls_remote *settled = calls_settled(entry);
    char *client = address_to_str(NULL, &entry->call->client->addr);
    char *remote = settled == NULL ? NULL : address_to_str(NULL, &settled->addr);

    teams_cell_uint(items++, entry->call->number);
    teams_cell_uint(items++, entry->first_frame);
    teams_cell_string(items++, g_strdup(client));
    teams_cell_real(items++, teams_seconds(&entry->first, &entry->last));
    teams_cell_string(items++, g_strdup(remote == NULL ? "" : remote));
    teams_cell_string(items++, g_strdup(settled == NULL ? "" : teams_path_name(settled->path)));
    teams_cell_uint(items++, entry->packets[0] + entry->packets[1]);
    teams_cell_uint(items++, entry->bytes[0] + entry->bytes[1]);
    teams_cell_uint(items++, entry->allocations->len);
    teams_cell_uint(items++, entry->pairs->len);
    teams_cell_uint(items++, entry->streams->len);
    teams_cell_uint(items++, entry->call->signin == NULL ? 0 : entry->call->signin->number);
    wmem_free(NULL, client);
    wmem_free(NULL, remote);
}

const teams_report teams_report_calls = {
    .name = "calls",
    .title = "Teams Calls",
    .fields = "ip.dsfield.dscp or ipv6.tclass.dscp",
    .start = calls_start,
    .free = calls_free,
    .packet = calls_packet,
    .text = calls_text,
    .json = calls_json,
    .columns = columns,
    .column_count = G_N_ELEMENTS(columns),
    .row = calls_row,
};
