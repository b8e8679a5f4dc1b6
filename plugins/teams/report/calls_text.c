/* report_calls_text.c
 * -z teams,calls: one call, to be read
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/calls.h"

#include <string.h>

#include <epan/to_str.h>

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

static void
remotes_text(const calls_entry *entry, FILE *out)
{
    fprintf(out, "\n  Far ends\n");
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = &g_array_index(entry->remotes, calls_remote, i);
        char *address = address_to_str(NULL, &remote->addr);
        char *ports = ports_list(remote->ports);
        char *volume = teams_report_volume(remote->packets[0] + remote->packets[1], remote->bytes[0] + remote->bytes[1]);
        char *frames = teams_report_frames(remote->first_frame, remote->last_frame);
        char *name = teams_report_name(remote->name == NULL || strcmp(remote->name, address) == 0 ? "" : remote->name);

        teams_print(out, 4, "%s port %s: %s", address, ports, calls_role(entry, remote));
        teams_print(out, 6, "%s (%.1f %% of the call), %s", volume, calls_share(entry, remote), frames);
        teams_print(out, 6, "%s%s%s%s%s, prefix %s", teams_transport_name(remote->transport),
            remote->path == TEAMS_PATH_UNKNOWN ? "" : ", ", teams_path_name(remote->path),
            name[0] == '\0' ? "" : ", ", name,
            calls_is_published(remote) ? remote->prefix->text : "not published");
        wmem_free(NULL, address);
        g_free(name);
        g_free(ports);
        g_free(volume);
        g_free(frames);
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
            remote, or_unknown(pair->remote_type), calls_pair_state(pair),
            pair->nominated_frame != 0 ? pair->nominated_frame : pair->frame);
        if (pair->rtt_count > 0)
            teams_print(out, 6, "round trip %.1f ms (%.1f to %.1f, %u measured)", pair->rtt_sum / pair->rtt_count * 1000,
                pair->rtt_min * 1000, pair->rtt_max * 1000, pair->rtt_count);
        else
            teams_print(out, 6, "%u request%s, %u answer%s", pair->requests, pair->requests == 1 ? "" : "s", pair->answers,
                pair->answers == 1 ? "" : "s");
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
            g_string_append_printf(list, "%s%u (%u packet%s)", list->len == 0 ? "" : ", ", dscp, port->dscp[direction][dscp],
                port->dscp[direction][dscp] == 1 ? "" : "s");
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
        char *packets = teams_report_count(port->packets, "packet");

        teams_print(out, 4, "%u -> %u  %s, %s (frame %u), %s", port->port, port->remote_port,
            port->modality == TS_MODALITY_UNKNOWN ? "modality unknown" : ts_modality_name(port->modality), packets,
            port->frame, range[0] == '\0' ? "outside the documented ranges" : range);
        if (sent[0] != '\0' || received[0] != '\0')
            teams_print(out, 6, "DSCP sent %s; received %s", sent[0] == '\0' ? "none" : sent, received[0] == '\0' ? "none" : received);
        if (calls_port_moved_to(entry, port) != NULL)
            teams_print(out, 6, "turned out to be of call %u, and goes on there", calls_port_moved_to(entry, port)->number);
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
        char *packets = teams_report_count(stats->received, "packet");

        teams_print(out, 6, "%s, %" PRIu64 " lost (%.2f %%)", packets, teams_stream_stats_lost(stats),
            teams_stream_stats_loss(stats));
        g_free(packets);
        if (stats->clock_rate != 0)
            teams_print(out, 6, "jitter %.2f ms, at most %.2f ms", teams_stream_stats_jitter(stats),
                teams_stream_stats_jitter_max(stats));
    }
}

static void
setup_text(const calls_entry *entry, FILE *out)
{
    fprintf(out, "\n  Set-up (from the first frame of the call)\n");
    if (entry->call->name_frame != 0)
        fprintf(out, "%12.3f s  first name or signalling, frame %u\n",
            teams_seconds(&entry->first, &entry->call->name_time), entry->call->name_frame);
    for (unsigned i = 0; i < calls_step_count; i++) {
        const calls_moment *m = calls_step_moment(entry, i);

        if (m->frame != 0)
            fprintf(out, "%12.3f s  %s, frame %u\n", teams_seconds(&entry->first, &m->time), calls_steps[i].label, m->frame);
        else if (m == &entry->nomination && entry->nominated_before != 0)
            fprintf(out, "%12s    %s: in an earlier call, frame %u\n", "-", calls_steps[i].label, entry->nominated_before);
        else
            fprintf(out, "%12s    %s: not seen\n", "-", calls_steps[i].label);
    }
}

void
calls_entry_text(const calls_entry *entry, FILE *out)
{
    char *client = address_to_str(NULL, &entry->call->client->addr);
    char *date = teams_report_date(&entry->first);
    char *volume = teams_report_volume(entry->packets[0] + entry->packets[1], entry->bytes[0] + entry->bytes[1]);
    char *frames = teams_report_frames(entry->first_frame, entry->last_frame);
    GArray *verdicts = calls_judge(entry);

    fprintf(out, "\n");
    teams_print(out, 0, "%s %u of %s, %s", calls_kind_title(calls_kind_of(entry)), entry->call->number,
        client, date);
    teams_print(out, 2, "%s, %.3f s, %s", frames, teams_seconds(&entry->first, &entry->last), volume);
    if (entry->call->signin != NULL)
        teams_print(out, 2, "after sign-in %u (frame %u)", entry->call->signin->number, entry->call->signin->frame);
    remotes_text(entry, out);
    allocations_text(entry, out);
    pairs_text(entry, out);
    ports_text(entry, out);
    streams_text(entry, out);
    if (calls_kind_of(entry) != CALLS_VISIT)
        setup_text(entry, out);
    fprintf(out, "\n");
    teams_verdicts_text(verdicts, out, 2);
    teams_print(out, 2, "Verdict: %s", calls_outcome(entry, verdicts));
    teams_verdicts_free(verdicts);
    wmem_free(NULL, client);
    g_free(date);
    g_free(volume);
    g_free(frames);
}
