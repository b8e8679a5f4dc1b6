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
} entry;

typedef struct {
    GPtrArray *entries;         /* entry, in order of appearance */
    GHashTable *by_name;        /* key -> index + 1, of the first with the name */
    GHashTable *by_host;        /* key, line end and host that the name leads to -> index + 1 */
    GPtrArray *sorted;          /* at the end: by product, then service, then first frame */
} names_state;

static void
entry_free(void *data)
{
    entry *e = (entry *)data;

    g_free(e->key);
    g_free(e->name);
    g_free(e->description);
    report_texts_free(e->hosts);
    report_texts_free(e->types);
    report_texts_free(e->providers);
    report_texts_free(e->regions);
    report_texts_free(e->addresses);
    g_free(e);
}

static void *
names_start(void)
{
    names_state *state = g_new0(names_state, 1);

    state->entries = g_ptr_array_new_with_free_func(entry_free);
    state->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    state->by_host = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
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

static entry *
entry_at(const names_state *state, int number)
{
    return (entry *)g_ptr_array_index(state->entries, number - 1);
}

/* Its index + 1. */
static int
entry_new(names_state *state, const packet_info *pinfo, const char *name)
{
    entry *e = g_new0(entry, 1);

    e->key = g_ascii_strdown(name, -1);
    e->name = report_name(name);
    e->frame = pinfo->num;
    e->hosts = report_texts_new();
    e->types = report_texts_new();
    e->providers = report_texts_new();
    e->regions = report_texts_new();
    e->addresses = report_texts_new();
    g_ptr_array_add(state->entries, e);
    return (int)state->entries->len;
}

/* The entry, index + 1, of an answer that leads to a host: the name's first while that leads nowhere, else that of the host. */
static int
entry_of_host(names_state *state, const packet_info *pinfo, const ts_name_info *info, int first)
{
    const entry *e = entry_at(state, first);
    char *host = report_name(info->links[info->link_count - 1].name), *lower = g_ascii_strdown(host, -1);
    char *key = g_strdup_printf("%s\n%s", e->key, lower);
    int found = GPOINTER_TO_INT(g_hash_table_lookup(state->by_host, key));

    g_free(lower);
    g_free(host);
    if (found == 0) {
        const bool leads_nowhere = report_texts_count(e->hosts) == 0 && report_texts_count(e->addresses) == 0;

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
entry_add(entry *e, const ts_name_info *info, const teams_frame_info *frame)
{
    const ts_name_class *last = &info->links[info->link_count - 1];
    const bool by_chain = teams_name_weigh(info->whole->product) <= TEAMS_NAME_INFRA;

    e->frames++;
    if (e->product == TS_PRODUCT_UNKNOWN || !by_chain) {
        e->product = by_chain ? frame->product : info->whole->product;
        e->service = by_chain ? frame->service : info->whole->service;
        e->stage = by_chain ? frame->stage : info->whole->stage;
    }
    if (info->whole->cloud != TS_CLOUD_UNKNOWN)
        e->cloud = info->whole->cloud;
    if (e->description == NULL && info->links[0].description != NULL && info->links[0].description[0] != '\0')
        e->description = g_strdup(info->links[0].description);
    for (unsigned i = 0; i < info->link_count; i++)
        if (info->links[i].infra != TS_INFRA_SERVICE_NAME)
            report_texts_add(e->providers, ts_infra_label(info->links[i].infra));
    report_texts_add(e->regions, info->whole->region);
    if (info->link_count > 1) {
        char *host = report_name(last->name);

        report_texts_add(e->hosts, host);
        g_free(host);
    }
    if (info->response)
        report_texts_add_type(e->types, info->qtype);
    report_texts_add_addresses(e->addresses, info);
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
    const entry *previous = NULL;

    if (list->len == 0)
        fprintf(out, "No name found.\n");
    for (unsigned i = 0; i < list->len; i++) {
        const entry *e = (const entry *)g_ptr_array_index(list, i);

        if (previous == NULL || previous->product != e->product)
            fprintf(out, "\n%s\n", ts_product_label(e->product));
        if (previous == NULL || previous->product != e->product || previous->service != e->service)
            report_print(out, 2, "%s (stage %s)", ts_service_label(e->service), ts_stage_name(e->stage));
        report_print(out, 4, "%s, %u frame%s, first %u", e->name, e->frames, e->frames == 1 ? "" : "s", e->frame);
        list_text(out, "host", e->hosts);
        if (full)
            list_text(out, "answers", e->types);
        list_text(out, "provider", e->providers);
        list_text(out, "region", e->regions);
        list_text(out, "address", e->addresses);
        if (full && e->description != NULL)
            report_print(out, 6, "%s", e->description);
        previous = e;
    }
}

static const report_column columns[] = {
    { .key = "frame", .title = "First Frame", .kind = COLUMN_UINT, .description = "first frame that carries it",
        COLUMN_MEMBER(entry, frame) },
    { .key = "product", .kind = COLUMN_WORD, .description = "product", .names = ts_product_name, COLUMN_MEMBER(entry, product) },
    { .title = "Product", .kind = COLUMN_WORD, .description = "product in words", .names = ts_product_label, COLUMN_MEMBER(entry, product) },
    { .key = "service", .kind = COLUMN_WORD, .description = "service", .names = ts_service_name, COLUMN_MEMBER(entry, service) },
    { .key = "service_label", .kind = COLUMN_WORD, .description = "the same in words", .names = ts_service_label, COLUMN_MEMBER(entry, service) },
    { .title = "Service", .kind = COLUMN_WORD, .description = "service in words", .names = ts_service_label, COLUMN_MEMBER(entry, service) },
    { .key = "stage", .title = "Stage", .kind = COLUMN_WORD, .description = "stage of a sign-in that it is for", .names = ts_stage_name, COLUMN_MEMBER(entry, stage) },
    { .key = "cloud", .kind = COLUMN_WORD, .description = "cloud", .names = ts_cloud_name, COLUMN_MEMBER(entry, cloud) },
    { .key = "name", .title = "Name", .kind = COLUMN_TEXT, .description = "the name", COLUMN_MEMBER(entry, name) },
    { .key = "frames", .title = "Frames", .kind = COLUMN_UINT, .description = "DNS messages and server names that carry it",
        COLUMN_MEMBER(entry, frames) },
    { .key = "hosts", .title = "Hosts", .kind = COLUMN_TEXTS, .description = "last name of its alias chain: a name whose answers lead to several has a row for each", COLUMN_MEMBER(entry, hosts) },
    { .key = "types", .kind = COLUMN_TEXTS, .description = "types of the questions that were answered so", COLUMN_MEMBER(entry, types) },
    { .key = "providers", .title = "Providers", .kind = COLUMN_TEXTS, .description = "whose infrastructure the chains pass",
        COLUMN_MEMBER(entry, providers) },
    { .key = "regions", .title = "Regions", .kind = COLUMN_TEXTS, .description = "regions that the chains name",
        COLUMN_MEMBER(entry, regions) },
    { .key = "addresses", .title = "Addresses", .kind = COLUMN_TEXTS, .description = "addresses that were answered",
        COLUMN_MEMBER(entry, addresses) },
    { .key = "description", .kind = COLUMN_TEXT, .description = "what it is for", COLUMN_MEMBER(entry, description) },
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
