/* names.c
 * -z teams,names: the names by product and service, with hosts and providers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/report.h"

#include <string.h>

#include "session/signin.h"

/* One name that was asked for or sent as a server name, and one host that its answers lead to. */
typedef struct {
    char *key;                  /* lower case, as on the wire */
    char *name;                 /* as shown */
    ts_product product;
    ts_service service;
    ts_stage stage;
    ts_cloud cloud;
    uint32_t frame;             /* the first one */
    unsigned frames;            /* DNS messages and server names that carry it */
    report_texts *hosts;           /* last name of its chains; none yet */
    report_texts *types;           /* of the questions that were answered so */
    report_texts *providers;
    report_texts *regions;
    report_texts *addresses;
    char *description;
} names_entry;

typedef struct {
    GPtrArray *entries;         /* entry, in order of appearance */
    GHashTable *by_name;        /* key -> index + 1, of the first with the name */
    GHashTable *by_host;        /* key, line end and host that the name leads to -> index + 1 */
    GPtrArray *sorted;          /* at the end: by product, then service, then first frame */
} names_state;

static void
entry_free(void *data)
{
    names_entry *entry = (names_entry *)data;

    g_free(entry->key);
    g_free(entry->name);
    g_free(entry->description);
    report_texts_free(entry->hosts);
    report_texts_free(entry->types);
    report_texts_free(entry->providers);
    report_texts_free(entry->regions);
    report_texts_free(entry->addresses);
    g_free(entry);
}

static void *
names_start(void)
{
    names_state *state = g_new0(names_state, 1);

    state->entries = g_ptr_array_new_with_free_func(entry_free);
    state->by_name = g_hash_table_new(wmem_str_hash, g_str_equal);
    state->by_host = g_hash_table_new_full(wmem_str_hash, g_str_equal, g_free, NULL);
    state->sorted = g_ptr_array_new();
    return state;
}

static void
names_free(void *data)
{
    names_state *state = (names_state *)data;

    g_hash_table_destroy(state->by_host);
    g_hash_table_destroy(state->by_name);
    g_ptr_array_unref(state->sorted);
    g_ptr_array_unref(state->entries);
    g_free(state);
}

static names_entry *
entry_at(const names_state *state, int number)
{
    return (names_entry *)g_ptr_array_index(state->entries, number - 1);
}

/* Its index + 1. */
static int
entry_new(names_state *state, const packet_info *pinfo, const char *name)
{
    names_entry *entry = g_new0(names_entry, 1);

    entry->key = g_ascii_strdown(name, -1);
    entry->name = report_name(name);
    entry->frame = pinfo->num;
    entry->hosts = report_texts_new();
    entry->types = report_texts_new();
    entry->providers = report_texts_new();
    entry->regions = report_texts_new();
    entry->addresses = report_texts_new();
    g_ptr_array_add(state->entries, entry);
    return (int)state->entries->len;
}

/* The entry, index + 1, of an answer that leads to a host: the name's first while that leads nowhere, else that of the host. */
static int
entry_of_host(names_state *state, const packet_info *pinfo, const ts_name_info *info, int first)
{
    const names_entry *entry = entry_at(state, first);
    char *host = report_name(info->links[info->link_count - 1].name), *lower = g_ascii_strdown(host, -1);
    char *key = g_strdup_printf("%s\n%s", entry->key, lower);
    int found = GPOINTER_TO_INT(g_hash_table_lookup(state->by_host, key));

    g_free(lower);
    g_free(host);
    if (found == 0) {
        const bool leads_nowhere = report_texts_count(entry->hosts) == 0 && report_texts_count(entry->addresses) == 0;

        found = leads_nowhere ? first : entry_new(state, pinfo, info->links[0].name);
        g_hash_table_insert(state->by_host, key, GINT_TO_POINTER(found));
    } else
        g_free(key);
    return found;
}

/* The index of the entry that the message is told in: a question or an answer that leads nowhere in the first of its name. */
static int
entry_index(names_state *state, const packet_info *pinfo, const ts_name_info *info)
{
    const char *name = info->links[0].name;
    char *key = g_ascii_strdown(name, -1);
    int found = GPOINTER_TO_INT(g_hash_table_lookup(state->by_name, key));

    g_free(key);
    if (found == 0) {
        found = entry_new(state, pinfo, name);
        g_hash_table_insert(state->by_name, entry_at(state, found)->key, GINT_TO_POINTER(found));
    }
    if (info->response && info->link_count >= 2)
        found = entry_of_host(state, pinfo, info, found);
    return found - 1;
}

static void
entry_add(names_entry *entry, const ts_name_info *info, const teams_frame_info *frame)
{
    const ts_name_class *last = &info->links[info->link_count - 1];
    const bool by_chain = teams_name_weigh(info->whole->product) <= TEAMS_NAME_INFRA;

    entry->frames++;
    if (entry->product == TS_PRODUCT_UNKNOWN || !by_chain) {
        entry->product = by_chain ? frame->product : info->whole->product;
        entry->service = by_chain ? frame->service : info->whole->service;
        entry->stage = by_chain ? frame->stage : info->whole->stage;
    }
    if (info->whole->cloud != TS_CLOUD_UNKNOWN)
        entry->cloud = info->whole->cloud;
    if (entry->description == NULL && info->links[0].description != NULL && info->links[0].description[0] != '\0')
        entry->description = g_strdup(info->links[0].description);
    for (unsigned i = 0; i < info->link_count; i++)
        if (info->links[i].infra != TS_INFRA_SERVICE_NAME)
            report_texts_add(entry->providers, ts_infra_label(info->links[i].infra));
    report_texts_add(entry->regions, info->whole->region);
    if (info->link_count > 1) {
        char *host = report_name(last->name);

        report_texts_add(entry->hosts, host);
        g_free(host);
    }
    if (info->response)
        report_texts_add_type(entry->types, info->qtype);
    report_texts_add_addresses(entry->addresses, info);
}

static int
names_packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const teams_tap *tap)
{
    names_state *state = (names_state *)data;
    int changed = -1;

    for (const ts_frame_info *info = tap->infos; info != NULL; info = info->next) {
        const ts_name_info *name = (const ts_name_info *)info;

        if (info->kind != TS_INFO_NAME || name->link_count == 0 ||
            (teams_name_weigh(name->whole->product) <= TEAMS_NAME_INFRA && name->links[0].name != tap->info->name))
            continue;
        changed = entry_index(state, pinfo, name);
        entry_add((names_entry *)g_ptr_array_index(state->entries, changed), name, tap->info);
    }
    return changed;
}

/* By product, then service, then first frame. */
static int
compare(const void *a, const void *b)
{
    const names_entry *x = *(const names_entry *const *)a;
    const names_entry *y = *(const names_entry *const *)b;

    if (x->product != y->product)
        return x->product < y->product ? -1 : 1;
    if (x->service != y->service)
        return x->service < y->service ? -1 : 1;
    return x->frame < y->frame ? -1 : x->frame > y->frame;
}

static void
names_finish(void *data)
{
    names_state *state = (names_state *)data;

    g_ptr_array_set_size(state->sorted, 0);
    for (unsigned i = 0; i < state->entries->len; i++)
        g_ptr_array_add(state->sorted, g_ptr_array_index(state->entries, i));
    g_ptr_array_sort(state->sorted, compare);
}

static void
list_text(FILE *out, const char *what, const report_texts *texts)
{
    if (report_texts_count(texts) == 0)
        return;
    char *joined = report_texts_join(texts, ", ");

    report_print(out, 6, "%s: %s", what, joined);
    g_free(joined);
}

static void
names_text(const void *data, bool full, FILE *out)
{
    const GPtrArray *list = ((const names_state *)data)->sorted;
    const names_entry *previous = NULL;

    if (list->len == 0)
        fprintf(out, "No name found.\n");
    for (unsigned i = 0; i < list->len; i++) {
        const names_entry *entry = (const names_entry *)g_ptr_array_index(list, i);

        if (previous == NULL || previous->product != entry->product)
            fprintf(out, "\n%s\n", ts_product_label(entry->product));
        if (previous == NULL || previous->product != entry->product || previous->service != entry->service)
            report_print(out, 2, "%s (stage %s)", ts_service_label(entry->service), ts_stage_name(entry->stage));
        report_print(out, 4, "%s, %u frame%s, first %u", entry->name, entry->frames, entry->frames == 1 ? "" : "s", entry->frame);
        list_text(out, "host", entry->hosts);
        if (full)
            list_text(out, "answers", entry->types);
        list_text(out, "provider", entry->providers);
        list_text(out, "region", entry->regions);
        list_text(out, "address", entry->addresses);
        if (full && entry->description != NULL)
            report_print(out, 6, "%s", entry->description);
        previous = entry;
    }
}

static const report_column columns[] = {
    { .key = "frame", .title = "First Frame", .kind = COLUMN_UINT, .description = "first frame that carries it",
        COLUMN_MEMBER(names_entry, frame) },
    { .key = "product", .kind = COLUMN_WORD, .description = "product", .names = ts_product_name, COLUMN_MEMBER(names_entry, product) },
    { .title = "Product", .kind = COLUMN_WORD, .description = "product in words", .names = ts_product_label, COLUMN_MEMBER(names_entry, product) },
    { .key = "service", .kind = COLUMN_WORD, .description = "service", .names = ts_service_name, COLUMN_MEMBER(names_entry, service) },
    { .key = "service_label", .kind = COLUMN_WORD, .description = "the same in words", .names = ts_service_label, COLUMN_MEMBER(names_entry, service) },
    { .title = "Service", .kind = COLUMN_WORD, .description = "service in words", .names = ts_service_label, COLUMN_MEMBER(names_entry, service) },
    { .key = "stage", .title = "Stage", .kind = COLUMN_WORD, .description = "stage of a sign-in that it is for", .names = ts_stage_name, COLUMN_MEMBER(names_entry, stage) },
    { .key = "cloud", .kind = COLUMN_WORD, .description = "cloud", .names = ts_cloud_name, COLUMN_MEMBER(names_entry, cloud) },
    { .key = "name", .title = "Name", .kind = COLUMN_TEXT, .description = "the name", COLUMN_MEMBER(names_entry, name) },
    { .key = "frames", .title = "Frames", .kind = COLUMN_UINT, .description = "DNS messages and server names that carry it",
        COLUMN_MEMBER(names_entry, frames) },
    { .key = "hosts", .title = "Hosts", .kind = COLUMN_TEXTS, .description = "last name of its alias chain: a name whose answers lead to several has a row for each", COLUMN_MEMBER(names_entry, hosts) },
    { .key = "types", .kind = COLUMN_TEXTS, .description = "types of the questions that were answered so", COLUMN_MEMBER(names_entry, types) },
    { .key = "providers", .title = "Providers", .kind = COLUMN_TEXTS, .description = "whose infrastructure the chains pass",
        COLUMN_MEMBER(names_entry, providers) },
    { .key = "regions", .title = "Regions", .kind = COLUMN_TEXTS, .description = "regions that the chains name",
        COLUMN_MEMBER(names_entry, regions) },
    { .key = "addresses", .title = "Addresses", .kind = COLUMN_TEXTS, .description = "addresses that were answered",
        COLUMN_MEMBER(names_entry, addresses) },
    { .key = "description", .kind = COLUMN_TEXT, .description = "what it is for", COLUMN_MEMBER(names_entry, description) },
};
static const report_list in_order = { LIST_COLUMNS(columns), LIST_POINTERS, offsetof(names_state, entries), NULL };
static const report_list by_product = { LIST_COLUMNS(columns), LIST_POINTERS, offsetof(names_state, sorted), NULL };

static const report_window windows[] = {
    { "names", "Teams Names", &in_order, true },
    { NULL, NULL, NULL, false },
};

const teams_report teams_report_names = {
    .name = "names",
    .title = "Teams Names",
    .start = names_start,
    .end = names_free,
    .packet = names_packet,
    .finish = names_finish,
    .text = names_text,
    .key = "names",
    .description = "names of Teams and Skype, by product, service and first frame",
    .list = &by_product,
    .table = &in_order,
    .windows = windows,
};
