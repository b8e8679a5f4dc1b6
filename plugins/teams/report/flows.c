/* flows.c
 * -z teams,flows: one row per flow
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/report.h"

typedef struct {
    const teams_flow *flow;
    teams_frame_info info;           /* the latest service, the first evidence */
    uint32_t first_frame;
    uint32_t last_frame;
    nstime_t first;
    nstime_t last;
    uint64_t packets[2];        /* from the client, from the service */
    uint64_t bytes[2];          /* whole frames */
} flow_row;

typedef struct {
    GArray *rows;
    GHashTable *by_flow;        /* teams_flow -> index + 1 */
    GPtrArray *kept;            /* at the end: those of rows that no server name showed to be a stranger's */
} flows_state;

static void *
flows_start(void)
{
    flows_state *state = g_new0(flows_state, 1);

    state->rows = g_array_new(FALSE, TRUE, sizeof(flow_row));
    state->by_flow = g_hash_table_new(g_direct_hash, g_direct_equal);
    state->kept = g_ptr_array_new();
    return state;
}

static void
flows_free(void *data)
{
    flows_state *state = (flows_state *)data;

    g_hash_table_destroy(state->by_flow);
    g_ptr_array_unref(state->kept);
    g_array_free(state->rows, TRUE);
    g_free(state);
}

/* The row shows the best that any frame of the flow said. */
static void
row_merge(flow_row *row, const teams_frame_info *info)
{
    const ts_evidence evidence = MAX(row->info.evidence, info->evidence);
    const ts_modality modality = info->modality != TS_MODALITY_UNKNOWN ? info->modality : row->info.modality;
    const teams_path path = MAX(row->info.path, info->path);
    const teams_transport transport = MAX(row->info.transport, info->transport);
    teams_call *call = info->call != NULL ? info->call : row->info.call;

    row->info = *info;
    row->info.evidence = evidence;
    row->info.modality = modality;
    row->info.path = path;
    row->info.transport = transport;
    row->info.call = call;
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
        const flow_row fresh = { .flow = flow, .first_frame = pinfo->num, .first = *teams_time(pinfo), .last = *teams_time(pinfo) };

        g_array_append_val(state->rows, fresh);
        index = (int)state->rows->len - 1;
        g_hash_table_insert(state->by_flow, flow, GINT_TO_POINTER(index + 1));
    }
    flow_row *row = &g_array_index(state->rows, flow_row, index);
    const unsigned direction = tap->from_client ? 0 : 1;

    row_merge(row, tap->info);
    row->last_frame = pinfo->num;
    if (nstime_cmp(teams_time(pinfo), &row->first) < 0)
        row->first = *teams_time(pinfo);
    if (nstime_cmp(teams_time(pinfo), &row->last) > 0)
        row->last = *teams_time(pinfo);
    row->packets[direction]++;
    row->bytes[direction] += pinfo->fd->pkt_len;
    return index;
}

static void
flows_finish(void *data)
{
    flows_state *state = (flows_state *)data;

    g_ptr_array_set_size(state->kept, 0);
    for (unsigned i = 0; i < state->rows->len; i++)
        if (!g_array_index(state->rows, flow_row, i).flow->rejected)
            g_ptr_array_add(state->kept, &g_array_index(state->rows, flow_row, i));
}

static void
row_text(const flow_row *row, FILE *out)
{
    char *client = report_endpoint(&row->flow->client_end);
    char *server = report_endpoint(&row->flow->server_end);
    char *sent = report_volume(row->packets[0], row->bytes[0]);
    char *received = report_volume(row->packets[1], row->bytes[1]);
    char *frames = report_frames(row->first_frame, row->last_frame);
    GString *what = g_string_new(NULL);

    if (row->info.service != TS_SERVICE_UNKNOWN)
        g_string_append_printf(what, "%s, ", ts_service_label(row->info.service));
    if (row->info.modality != TS_MODALITY_UNKNOWN)
        g_string_append_printf(what, "%s, ", ts_modality_name(row->info.modality));
    if (row->info.path != TEAMS_PATH_UNKNOWN)
        g_string_append_printf(what, "%s, ", teams_path_name(row->info.path));
    g_string_append_printf(what, "%s", teams_transport_name(row->info.transport));
    if (row->info.call != NULL)
        g_string_append_printf(what, ", call %u", row->info.call->number);
    if (row->info.signin != NULL)
        g_string_append_printf(what, ", sign-in %u", row->info.signin->number);
    report_print(out, 0, "%5u  %s -> %s", row->flow->number, client, server);
    report_print(out, 7, "%s", what->str);
    if (row->info.name != NULL) {
        char *name = report_name(row->info.name);

        report_print(out, 7, "%s (frame %u)", name, row->info.name_frame);
        g_free(name);
    }
    report_print(out, 7, "sent %s; received %s", sent, received);
    if (row->first_frame == row->last_frame)
        report_print(out, 7, "%s, at %.3f s; evidence: %s", frames, report_time(&row->first), ts_evidence_name(row->info.evidence));
    else
        report_print(out, 7, "%s, %.3f s to %.3f s; evidence: %s", frames, report_time(&row->first),
            report_time(&row->last), ts_evidence_name(row->info.evidence));
    g_string_free(what, TRUE);
    g_free(client);
    g_free(server);
    g_free(sent);
    g_free(received);
    g_free(frames);
}

static void
flows_text(const void *data, bool full _U_, FILE *out)
{
    const flows_state *state = (const flows_state *)data;

    if (state->kept->len == 0)
        fprintf(out, "No flow found.\n");
    for (unsigned i = 0; i < state->kept->len; i++)
        row_text((const flow_row *)g_ptr_array_index(state->kept, i), out);
}

COLUMN_GETTER(flow_name, flow_row, void) { value->owned = row->info.name == NULL ? NULL : report_name(row->info.name); }
COLUMN_GETTER(flow_first, flow_row, void) { value->real = report_time(&row->first); }
COLUMN_GETTER(flow_last, flow_row, void) { value->real = report_time(&row->last); }
COLUMN_GETTER(flow_call, flow_row, void) { value->number = row->info.call == NULL ? 0 : row->info.call->number; }
COLUMN_GETTER(flow_signin, flow_row, void) { value->number = row->info.signin == NULL ? 0 : row->info.signin->number; }

static const report_column columns[] = {
    { .key = "flow", .title = "Flow", .kind = COLUMN_UINT, .description = "number, as teams.flow", COLUMN_BEHIND(flow_row, flow, teams_flow, number) },
    { .key = "first_frame", .title = "First Frame", .kind = COLUMN_UINT, .description = "first frame", COLUMN_MEMBER(flow_row, first_frame) },
    { .key = "last_frame", .kind = COLUMN_UINT, .description = "last frame", COLUMN_MEMBER(flow_row, last_frame) },
    { .key = "client", .title = "Client", .kind = COLUMN_ENDPOINT, .description = "the client's end", COLUMN_BEHIND(flow_row, flow, teams_flow, client_end) },
    { .key = "server", .title = "Service End", .kind = COLUMN_ENDPOINT, .description = "the service's end, or the peer's",
        COLUMN_BEHIND(flow_row, flow, teams_flow, server_end) },
    { .key = "product", .kind = COLUMN_WORD, .description = "product", .names = ts_product_name, COLUMN_MEMBER(flow_row, info.product) },
    { .key = "service", .kind = COLUMN_WORD, .description = "service", .names = ts_service_name, COLUMN_MEMBER(flow_row, info.service) },
    { .key = "service_label", .kind = COLUMN_WORD, .description = "the same in words", .names = ts_service_label, COLUMN_MEMBER(flow_row, info.service) },
    { .title = "Service", .kind = COLUMN_WORD, .description = "service in words", .names = ts_service_label, COLUMN_MEMBER(flow_row, info.service) },
    { .key = "modality", .title = "Modality", .kind = COLUMN_WORD, .description = "what it carries", .texts = ts_modality_name,
        COLUMN_MEMBER(flow_row, info.modality) },
    { .key = "path", .title = "Path", .kind = COLUMN_WORD, .description = "path of media", .texts = teams_path_name, COLUMN_MEMBER(flow_row, info.path) },
    { .key = "transport", .title = "Transport", .kind = COLUMN_WORD, .description = "what carries it", .texts = teams_transport_name,
        COLUMN_MEMBER(flow_row, info.transport) },
    { .key = "name", .kind = COLUMN_TEXT, .description = "name that it was learned from, empty: none", .get = flow_name },
    { .key = "name_frame", .kind = COLUMN_UINT, .description = "frame of that name, 0: none", COLUMN_MEMBER(flow_row, info.name_frame) },
    { .key = "packets_sent", .title = "Packets Sent", .kind = COLUMN_UINT, .description = "packets from the client", COLUMN_MEMBER(flow_row, packets[0]) },
    { .key = "packets_received", .title = "Packets Received", .kind = COLUMN_UINT, .description = "packets to the client",
        COLUMN_MEMBER(flow_row, packets[1]) },
    { .key = "bytes_sent", .title = "Bytes Sent", .kind = COLUMN_UINT, .description = "whole frames from the client",
        COLUMN_MEMBER(flow_row, bytes[0]) },
    { .key = "bytes_received", .title = "Bytes Received", .kind = COLUMN_UINT, .description = "whole frames to the client",
        COLUMN_MEMBER(flow_row, bytes[1]) },
    { .key = "first_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "earliest frame, from the first of the capture",
        .get = flow_first },
    { .key = "last_time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "latest frame, from the first of the capture",
        .get = flow_last },
    { .key = "call", .title = "Call", .kind = COLUMN_UINT, .description = "call, 0: none", .get = flow_call },
    { .key = "signin", .kind = COLUMN_UINT, .description = "sign-in, 0: none", .get = flow_signin },
    { .key = "evidence", .title = "Evidence", .kind = COLUMN_WORD, .description = "why it is taken for Teams traffic",
        .texts = ts_evidence_name, COLUMN_MEMBER(flow_row, info.evidence) },
};
static const report_list kept = { LIST_COLUMNS(columns), LIST_POINTERS, offsetof(flows_state, kept), NULL };
static const report_list rows = { LIST_COLUMNS(columns), LIST_ARRAY, offsetof(flows_state, rows), NULL };

static const report_window windows[] = {
    { "flows", "Teams Flows", &rows, true },
    { NULL, NULL, NULL, false },
};

const teams_report teams_report_flows = {
    .name = "flows",
    .title = "Teams Flows",
    .start = flows_start,
    .end = flows_free,
    .packet = flows_packet,
    .finish = flows_finish,
    .text = flows_text,
    .key = "flows",
    .description = "flows, in order of appearance",
    .list = &kept,
    .table = &rows,
    .windows = windows,
};
