/* report_flows.c
 * -z teams,flows: one row per flow
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/util.h"

typedef struct {
    const teams_flow *flow;
    teams_frame_info view;            /* the latest service, the first evidence */
    uint32_t first_frame;
    uint32_t last_frame;
    nstime_t first;
    nstime_t last;
    uint64_t packets[2];        /* from the client, from the service */
    uint64_t bytes[2];          /* whole frames */
} row;

typedef struct {
    GArray *rows;
    GHashTable *by_flow;        /* teams_flow -> index + 1 */
} flows_state;

static void *
flows_start(void)
{
    flows_state *state = g_new0(flows_state, 1);

    state->rows = g_array_new(FALSE, TRUE, sizeof(row));
    state->by_flow = g_hash_table_new(g_direct_hash, g_direct_equal);
    return state;
}

static void
flows_free(void *data)
{
    flows_state *state = (flows_state *)data;

    g_hash_table_destroy(state->by_flow);
    g_array_free(state->rows, TRUE);
    g_free(state);
}

/* The row shows the best that any frame of the flow said. */
static void
row_merge(row *r, const teams_frame_info *view)
{
    const teams_evidence evidence = MAX(r->view.evidence, view->evidence);
    const ts_modality modality = view->modality != TS_MODALITY_UNKNOWN ? view->modality : r->view.modality;
    const teams_path path = MAX(r->view.path, view->path);
    const teams_transport transport = MAX(r->view.transport, view->transport);
    teams_call *call = view->call != NULL ? view->call : r->view.call;

    r->view = *view;
    r->view.evidence = evidence;
    r->view.modality = modality;
    r->view.path = path;
    r->view.transport = transport;
    r->view.call = call;
}

static int
flows_packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const teams_tap *tap)
{
    flows_state *state = (flows_state *)data;
    teams_flow *flow = tap->info->flow;

    if (flow == NULL || tap->info->what == TEAMS_WHAT_REFUSAL)
        return -1;
    int index = GPOINTER_TO_INT(g_hash_table_lookup(state->by_flow, flow)) - 1;
    if (index < 0) {
        const row fresh = { .flow = flow, .first_frame = pinfo->num, .first = pinfo->abs_ts, .last = pinfo->abs_ts };

        g_array_append_val(state->rows, fresh);
        index = (int)state->rows->len - 1;
        g_hash_table_insert(state->by_flow, flow, GINT_TO_POINTER(index + 1));
    }
    row *r = &g_array_index(state->rows, row, index);
    const unsigned direction = tap->from_client ? 0 : 1;

    row_merge(r, tap->info);
    r->last_frame = pinfo->num;
    if (nstime_cmp(&pinfo->abs_ts, &r->first) < 0)
        r->first = pinfo->abs_ts;
    if (nstime_cmp(&pinfo->abs_ts, &r->last) > 0)
        r->last = pinfo->abs_ts;
    r->packets[direction]++;
    r->bytes[direction] += pinfo->fd->pkt_len;
    return index;
}

static void
row_text(const row *r, FILE *out)
{
    char *client = teams_report_end(&r->flow->client_end);
    char *server = teams_report_end(&r->flow->server_end);
    char *sent = teams_report_volume(r->packets[0], r->bytes[0]);
    char *received = teams_report_volume(r->packets[1], r->bytes[1]);
    char *frames = teams_report_frames(r->first_frame, r->last_frame);
    GString *what = g_string_new(NULL);

    if (r->view.service != TS_SERVICE_UNKNOWN)
        g_string_append_printf(what, "%s, ", ts_service_label(r->view.service));
    if (r->view.modality != TS_MODALITY_UNKNOWN)
        g_string_append_printf(what, "%s, ", ts_modality_name(r->view.modality));
    if (r->view.path != TEAMS_PATH_UNKNOWN)
        g_string_append_printf(what, "%s, ", teams_path_name(r->view.path));
    g_string_append_printf(what, "%s", teams_transport_name(r->view.transport));
    if (r->view.call != NULL)
        g_string_append_printf(what, ", call %u", r->view.call->number);
    if (r->view.signin != NULL)
        g_string_append_printf(what, ", sign-in %u", r->view.signin->number);
    teams_print(out, 0, "%5u  %s -> %s", r->flow->number, client, server);
    teams_print(out, 7, "%s", what->str);
    if (r->view.name != NULL) {
        char *name = teams_report_name(r->view.name);

        teams_print(out, 7, "%s (frame %u)", name, r->view.name_frame);
        g_free(name);
    }
    teams_print(out, 7, "sent %s; received %s", sent, received);
    if (r->first_frame == r->last_frame)
        teams_print(out, 7, "%s, at %.3f s; evidence: %s", frames, teams_report_time(&r->first), teams_evidence_name(r->view.evidence));
    else
        teams_print(out, 7, "%s, %.3f s to %.3f s; evidence: %s", frames, teams_report_time(&r->first),
            teams_report_time(&r->last), teams_evidence_name(r->view.evidence));
    g_string_free(what, TRUE);
    g_free(client);
    g_free(server);
    g_free(sent);
    g_free(received);
    g_free(frames);
}

static void
flows_text(void *data, FILE *out)
{
    const flows_state *state = (const flows_state *)data;

    if (state->rows->len == 0)
        fprintf(out, "No flows in the frames looked at.\n");
    for (unsigned i = 0; i < state->rows->len; i++)
        row_text(&g_array_index(state->rows, row, i), out);
}

static void
row_json(const row *r, json_dumper *out)
{
    char *client = teams_report_end(&r->flow->client_end);
    char *server = teams_report_end(&r->flow->server_end);
    char *name = r->view.name == NULL ? g_strdup("") : teams_report_name(r->view.name);

    json_dumper_begin_object(out);
    teams_json_uint(out, "flow", r->flow->number);
    teams_json_string(out, "client", client);
    teams_json_string(out, "server", server);
    teams_json_string(out, "transport", teams_transport_name(r->view.transport));
    teams_json_string(out, "product", ts_product_name(r->view.product));
    teams_json_string(out, "service", ts_service_name(r->view.service));
    teams_json_string(out, "modality", ts_modality_name(r->view.modality));
    teams_json_string(out, "path", teams_path_name(r->view.path));
    teams_json_string(out, "name", name);
    teams_json_uint(out, "name_frame", r->view.name_frame);
    teams_json_string(out, "evidence", teams_evidence_name(r->view.evidence));
    teams_json_uint(out, "packets_sent", r->packets[0]);
    teams_json_uint(out, "packets_received", r->packets[1]);
    teams_json_uint(out, "bytes_sent", r->bytes[0]);
    teams_json_uint(out, "bytes_received", r->bytes[1]);
    teams_json_uint(out, "first_frame", r->first_frame);
    teams_json_uint(out, "last_frame", r->last_frame);
    teams_json_real(out, "first_time", teams_report_time(&r->first), 6);
    teams_json_real(out, "last_time", teams_report_time(&r->last), 6);
    teams_json_uint(out, "call", r->view.call == NULL ? 0 : r->view.call->number);
    teams_json_uint(out, "signin", r->view.signin == NULL ? 0 : r->view.signin->number);
    json_dumper_end_object(out);
    g_free(client);
    g_free(server);
    g_free(name);
}

static void
flows_json(void *data, json_dumper *out)
{
    const flows_state *state = (const flows_state *)data;

    teams_json_array(out, "flows");
    for (unsigned i = 0; i < state->rows->len; i++)
        row_json(&g_array_index(state->rows, row, i), out);
    json_dumper_end_array(out);
}

static stat_tap_table_item columns[] = {
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Flow", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "First Frame", "%u" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Client", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Service End", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Service", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Modality", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Path", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Transport", "%s" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Packets Sent", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Packets Received", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Bytes Sent", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Bytes Received", "%u" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Call", "%u" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Evidence", "%s" },
};

static void
flows_row(void *data, unsigned index, stat_tap_table_item_type *items)
{
    const row *r = &g_array_index(((const flows_state *)data)->rows, row, index);

    teams_cell_uint(items++, r->flow->number);
    teams_cell_uint(items++, r->first_frame);
    teams_cell_string(items++, teams_report_end(&r->flow->client_end));
    teams_cell_string(items++, teams_report_end(&r->flow->server_end));
    teams_cell_string(items++, g_strdup(ts_service_label(r->view.service)));
    teams_cell_string(items++, g_strdup(ts_modality_name(r->view.modality)));
    teams_cell_string(items++, g_strdup(teams_path_name(r->view.path)));
    teams_cell_string(items++, g_strdup(teams_transport_name(r->view.transport)));
    teams_cell_uint(items++, r->packets[0]);
    teams_cell_uint(items++, r->packets[1]);
    teams_cell_uint(items++, r->bytes[0]);
    teams_cell_uint(items++, r->bytes[1]);
    teams_cell_uint(items++, r->view.call == NULL ? 0 : r->view.call->number);
    teams_cell_string(items++, g_strdup(teams_evidence_name(r->view.evidence)));
}

const teams_report teams_report_flows = {
    .name = "flows",
    .title = "Teams Flows",
    .start = flows_start,
    .end = flows_free,
    .packet = flows_packet,
    .text = flows_text,
    .json = flows_json,
    .columns = columns,
    .column_count = G_N_ELEMENTS(columns),
    .row = flows_row,
};
