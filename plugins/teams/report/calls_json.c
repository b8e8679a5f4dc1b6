/* report_calls_json.c
 * -z teams,calls,json: one call, for programs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/calls.h"

#include <epan/to_str.h>

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
        teams_json_real(out, "share", calls_share(entry, remote), 1);
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
        teams_json_string(out, "state", calls_pair_state(pair));
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
        teams_json_uint(out, "moved_to_call", calls_port_moved_to(entry, port) == NULL ? 0 : calls_port_moved_to(entry, port)->number);
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
    for (unsigned i = 0; i < calls_step_count; i++) {
        const calls_moment *m = calls_step_moment(entry, i);

        moment_json(out, calls_steps[i].key, m->frame, teams_seconds(&entry->first, &m->time));
    }
    teams_json_uint(out, "nominated_before", entry->nominated_before);
    json_dumper_end_object(out);
}

void
calls_entry_json(const calls_entry *entry, json_dumper *out)
{
    const calls_remote *settled = calls_settled(entry);
    const calls_kind kind = calls_kind_of(entry);
    char *client = address_to_str(NULL, &entry->call->client->addr);
    char *date = teams_report_date(&entry->first);
    GArray *verdicts = calls_judge(entry);

    json_dumper_begin_object(out);
    teams_json_uint(out, "call", entry->call->number);
    teams_json_string(out, "kind", calls_kind_name(kind));
    teams_json_string(out, "client", client);
    teams_json_uint(out, "signin", entry->call->signin == NULL ? 0 : entry->call->signin->number);
    teams_json_string(out, "start", date);
    teams_json_real(out, "time", teams_report_time(&entry->first), 6);
    teams_json_real(out, "duration", teams_seconds(&entry->first, &entry->last), 6);
    teams_json_uint(out, "first_frame", entry->first_frame);
    teams_json_uint(out, "last_frame", entry->last_frame);
    teams_json_uint(out, "packets", entry->packets[0] + entry->packets[1]);
    teams_json_uint(out, "bytes", entry->bytes[0] + entry->bytes[1]);
    teams_json_string(out, "path", settled == NULL || kind == CALLS_VISIT ? "" : teams_path_name(settled->path));
    remotes_json(entry, out);
    allocations_json(entry, out);
    pairs_json(entry, out);
    ports_json(entry, out);
    streams_json(entry, out);
    setup_json(entry, out);
    teams_verdicts_json(verdicts, out);
    teams_json_string(out, "severity", ts_severity_name(teams_verdicts_worst(verdicts)));
    teams_json_string(out, "verdict", calls_outcome(entry, verdicts));
    json_dumper_end_object(out);
    teams_verdicts_free(verdicts);
    wmem_free(NULL, client);
    g_free(date);
}
