/* report_names.c
 * -z teams,names: the names by product and service, with hosts and providers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/util.h"

#include <string.h>

#include "session/signin.h"

/* One name that was asked for or sent as a server name. */
typedef struct {
    char *key;                  /* lower case, as on the wire */
    char *name;                 /* as shown */
    ts_product product;
    ts_service service;
    ts_stage stage;
    ts_cloud cloud;
    uint32_t frame;             /* the first one */
    unsigned frames;            /* DNS messages and server names that carry it */
    GPtrArray *hosts;           /* last names of its chains */
    GPtrArray *providers;
    GPtrArray *regions;
    GPtrArray *addresses;
    char *description;
} entry;

typedef struct {
    GPtrArray *entries;         /* entry, in order of appearance */
    GHashTable *by_name;        /* key -> index + 1 */
} names_state;

static void
entry_free(void *data)
{
    entry *e = (entry *)data;

    g_free(e->key);
    g_free(e->name);
    g_free(e->description);
    g_ptr_array_unref(e->hosts);
    g_ptr_array_unref(e->providers);
    g_ptr_array_unref(e->regions);
    g_ptr_array_unref(e->addresses);
    g_free(e);
}

static void *
names_start(void)
{
    names_state *state = g_new0(names_state, 1);

    state->entries = g_ptr_array_new_with_free_func(entry_free);
    state->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    return state;
}

static void
names_free(void *data)
{
    names_state *state = (names_state *)data;

    g_hash_table_destroy(state->by_name);
    g_ptr_array_unref(state->entries);
    g_free(state);
}

static int
entry_index(names_state *state, const packet_info *pinfo, const char *name)
{
    char *key = g_ascii_strdown(name, -1);
    const int found = GPOINTER_TO_INT(g_hash_table_lookup(state->by_name, key));

    if (found != 0) {
        g_free(key);
        return found - 1;
    }
    entry *e = g_new0(entry, 1);

    e->key = key;
    e->name = teams_report_name(name);
    e->frame = pinfo->num;
    e->hosts = teams_texts_new();
    e->providers = teams_texts_new();
    e->regions = teams_texts_new();
    e->addresses = teams_texts_new();
    g_ptr_array_add(state->entries, e);
    g_hash_table_insert(state->by_name, key, GINT_TO_POINTER((int)state->entries->len));
    return (int)state->entries->len - 1;
}

static void
entry_add(entry *e, const ts_name_info *record, const teams_frame_info *view)
{
    const ts_name_class *last = &record->links[record->link_count - 1];
    const bool by_chain = teams_name_weigh(record->whole->product) <= TEAMS_NAME_INFRA;

    e->frames++;
    if (e->product == TS_PRODUCT_UNKNOWN || !by_chain) {
        e->product = by_chain ? view->product : record->whole->product;
        e->service = by_chain ? view->service : record->whole->service;
        e->stage = by_chain ? view->stage : record->whole->stage;
    }
    if (record->whole->cloud != TS_CLOUD_UNKNOWN)
        e->cloud = record->whole->cloud;
    if (e->description == NULL && record->links[0].description != NULL && record->links[0].description[0] != '\0')
        e->description = g_strdup(record->links[0].description);
    for (unsigned i = 0; i < record->link_count; i++)
        if (record->links[i].infra != TS_INFRA_SERVICE_NAME)
            teams_texts_add(e->providers, ts_infra_label(record->links[i].infra));
    teams_texts_add(e->regions, record->whole->region);
    if (record->link_count > 1) {
        char *host = teams_report_name(last->name);

        teams_texts_add(e->hosts, host);
        g_free(host);
    }
    for (unsigned i = 0; i < record->address_count; i++) {
        char *address = teams_report_end(&record->addresses[i].end);

        teams_texts_add(e->addresses, address);
        g_free(address);
    }
}

static int
names_packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const teams_tap *tap)
{
    names_state *state = (names_state *)data;
    int changed = -1;

    for (const ts_frame_info *record = tap->infos; record != NULL; record = record->next) {
        const ts_name_info *name = (const ts_name_info *)record;

        if (record->kind != TS_INFO_NAME || name->link_count == 0 ||
            (teams_name_weigh(name->whole->product) <= TEAMS_NAME_INFRA && name->links[0].name != tap->info->name))
            continue;
        changed = entry_index(state, pinfo, name->links[0].name);
        entry_add((entry *)g_ptr_array_index(state->entries, changed), name, tap->info);
    }
    return changed;
}

/* By product, then service, then first frame. */
static int
compare(const void *a, const void *b)
{
    const entry *x = *(const entry *const *)a;
    const entry *y = *(const entry *const *)b;

    if (x->product != y->product)
        return x->product < y->product ? -1 : 1;
    if (x->service != y->service)
        return x->service < y->service ? -1 : 1;
    return x->frame < y->frame ? -1 : x->frame > y->frame;
}

static GPtrArray *
sorted(const names_state *state)
{
    GPtrArray *list = g_ptr_array_new();

    for (unsigned i = 0; i < state->entries->len; i++)
        g_ptr_array_add(list, g_ptr_array_index(state->entries, i));
    g_ptr_array_sort(list, compare);
    return list;
}

static void
list_text(FILE *out, const char *what, const GPtrArray *texts)
{
    if (texts->len == 0)
        return;
    char *joined = teams_texts_join(texts, ", ");

    teams_print(out, 6, "%s: %s", what, joined);
    g_free(joined);
}

static void
names_text(void *data, FILE *out)
{
    GPtrArray *list = sorted((const names_state *)data);
    const entry *previous = NULL;

    if (list->len == 0)
        fprintf(out, "No names in the frames looked at.\n");
    for (unsigned i = 0; i < list->len; i++) {
        const entry *e = (const entry *)g_ptr_array_index(list, i);

        if (previous == NULL || previous->product != e->product)
            fprintf(out, "\n%s\n", ts_product_label(e->product));
        if (previous == NULL || previous->product != e->product || previous->service != e->service)
            teams_print(out, 2, "%s (stage %s)", ts_service_label(e->service), ts_stage_name(e->stage));
        teams_print(out, 4, "%s, %u frame%s, first %u", e->name, e->frames, e->frames == 1 ? "" : "s", e->frame);
        list_text(out, "host", e->hosts);
        list_text(out, "provider", e->providers);
        list_text(out, "region", e->regions);
        list_text(out, "address", e->addresses);
        if (e->description != NULL)
            teams_print(out, 6, "%s", e->description);
        previous = e;
    }
    g_ptr_array_unref(list);
}

static void
names_json(void *data, json_dumper *out)
{
    GPtrArray *list = sorted((const names_state *)data);

    teams_json_array(out, "names");
    for (unsigned i = 0; i < list->len; i++) {
        const entry *e = (const entry *)g_ptr_array_index(list, i);

        json_dumper_begin_object(out);
        teams_json_string(out, "name", e->name);
        teams_json_string(out, "product", ts_product_name(e->product));
        teams_json_string(out, "service", ts_service_name(e->service));
        teams_json_string(out, "stage", ts_stage_name(e->stage));
        teams_json_string(out, "cloud", ts_cloud_name(e->cloud));
        teams_json_uint(out, "frame", e->frame);
        teams_json_uint(out, "frames", e->frames);
        teams_json_texts(out, "hosts", e->hosts);
        teams_json_texts(out, "providers", e->providers);
        teams_json_texts(out, "regions", e->regions);
        teams_json_texts(out, "addresses", e->addresses);
        teams_json_string(out, "description", e->description);
        json_dumper_end_object(out);
    }
    json_dumper_end_array(out);
    g_ptr_array_unref(list);
}

static stat_tap_table_item columns[] = {
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "First Frame", "%u" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Product", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Service", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Stage", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Name", "%s" },
    { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Frames", "%u" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Hosts", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Providers", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Regions", "%s" },
    { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Addresses", "%s" },
};

static void
names_row(void *data, unsigned index, stat_tap_table_item_type *items)
{
    const entry *e = (const entry *)g_ptr_array_index(((const names_state *)data)->entries, index);

    teams_cell_uint(items++, e->frame);
    teams_cell_string(items++, g_strdup(ts_product_label(e->product)));
    teams_cell_string(items++, g_strdup(ts_service_label(e->service)));
    teams_cell_string(items++, g_strdup(ts_stage_name(e->stage)));
    teams_cell_string(items++, g_strdup(e->name));
    teams_cell_uint(items++, e->frames);
    teams_cell_string(items++, teams_texts_join(e->hosts, ", "));
    teams_cell_string(items++, teams_texts_join(e->providers, ", "));
    teams_cell_string(items++, teams_texts_join(e->regions, ", "));
    teams_cell_string(items++, teams_texts_join(e->addresses, ", "));
}

const teams_report teams_report_names = {
    .name = "names",
    .title = "Teams Names",
    .start = names_start,
    .end = names_free,
    .packet = names_packet,
    .text = names_text,
    .json = names_json,
    .columns = columns,
    .column_count = G_N_ELEMENTS(columns),
    .row = names_row,
};
