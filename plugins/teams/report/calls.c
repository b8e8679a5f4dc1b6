/* report_calls.c
 * -z teams,calls: where each call went, how it was set up, and what was wrong
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/calls.h"

#include <epan/epan_dissect.h>
#include <epan/to_str.h>

typedef struct {
    GPtrArray *entries;         /* calls_entry, in order of appearance */
    GHashTable *by_call;        /* teams_call -> index + 1 */
    GHashTable *two_sided;      /* teams_client: a call of it has both directions */
    int hf_dscp;
    int hf_dscp6;
} calls_state;

static void *
calls_start(void)
{
    calls_state *state = g_new0(calls_state, 1);

    state->entries = g_ptr_array_new_with_free_func(calls_entry_free);
    state->by_call = g_hash_table_new(g_direct_hash, g_direct_equal);
    state->two_sided = g_hash_table_new(g_direct_hash, g_direct_equal);
    state->hf_dscp = proto_registrar_get_id_byname("ip.dsfield.dscp");
    state->hf_dscp6 = proto_registrar_get_id_byname("ipv6.tclass.dscp");
    return state;
}

static void
calls_free(void *data)
{
    calls_state *state = (calls_state *)data;

    g_hash_table_destroy(state->by_call);
    g_hash_table_destroy(state->two_sided);
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
    teams_call *call = tap->info->call;

    if (call == NULL)
        return -1;
    int index = GPOINTER_TO_INT(g_hash_table_lookup(state->by_call, call)) - 1;
    if (index < 0) {
        g_ptr_array_add(state->entries, calls_entry_new(call, state->two_sided));
        index = (int)state->entries->len - 1;
        g_hash_table_insert(state->by_call, call, GINT_TO_POINTER(index + 1));
    }
    if (tap->info->what == TEAMS_WHAT_REFUSAL) {
        calls_entry_refuse((calls_entry *)g_ptr_array_index(state->entries, index), pinfo, tap);
        return index;
    }
    const int dscp = last_value(edt, pinfo->src.type == AT_IPv6 ? state->hf_dscp6 : state->hf_dscp);

    calls_entry *entry = (calls_entry *)g_ptr_array_index(state->entries, index);

    calls_entry_add(entry, pinfo, tap, dscp);
    if (entry->packets[CALLS_SENT] > 0 && entry->packets[CALLS_RECEIVED] > 0)
        g_hash_table_add(state->two_sided, call->client);
    return index;
}

/* ---- what text and JSON share ---- */

static const char *const pair_states[] = { "frozen", "checking", "succeeded", "nominated", "failed" };

const char *
calls_pair_state(const calls_pair *pair)
{
    return pair_states[pair->state];
}

double
calls_share(const calls_entry *entry, const calls_remote *remote)
{
    const uint64_t all = entry->bytes[0] + entry->bytes[1];

    return all == 0 ? 0 : 100.0 * (double)(remote->bytes[0] + remote->bytes[1]) / (double)all;
}

const calls_step calls_steps[] = {
    { "allocation", "first allocation", offsetof(calls_entry, allocation) },
    { "check", "first check", offsetof(calls_entry, check) },
    { "nomination", "nomination", offsetof(calls_entry, nomination) },
    { "media", "first media", offsetof(calls_entry, media) },
};

const unsigned calls_step_count = G_N_ELEMENTS(calls_steps);

const calls_moment *
calls_step_moment(const calls_entry *entry, unsigned i)
{
    return (const calls_moment *)(const void *)((const char *)entry + calls_steps[i].offset);
}

const teams_call *
calls_port_moved_to(const calls_entry *entry, const calls_port *port)
{
    const teams_call *call = port->flow->call;

    return call == NULL || call == entry->call || call->frame > entry->last_frame ? NULL : call;
}

/* ---- text and JSON ---- */

static void
calls_text(void *data, FILE *out)
{
    const calls_state *state = (const calls_state *)data;

    if (state->entries->len == 0)
        fprintf(out, "No call in the frames looked at.\n");
    for (unsigned i = 0; i < state->entries->len; i++)
        calls_entry_text((const calls_entry *)g_ptr_array_index(state->entries, i), out);
}

static void
calls_json(void *data, json_dumper *out)
{
    const calls_state *state = (const calls_state *)data;

    teams_json_array(out, "calls");
    for (unsigned i = 0; i < state->entries->len; i++)
        calls_entry_json((const calls_entry *)g_ptr_array_index(state->entries, i), out);
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
    .end = calls_free,
    .packet = calls_packet,
    .text = calls_text,
    .json = calls_json,
    .columns = columns,
    .column_count = G_N_ELEMENTS(columns),
    .row = calls_row,
};
