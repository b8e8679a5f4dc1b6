/* names_required.c
 * Which names Microsoft lists as required
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A hash of the whole labels at the end of each pattern, asked for every such
 * end of a name: a few look-ups, however long the list.
 */

#include "core/names.h"

#include <glib.h>
#include <string.h>

#include "core/names_data.h"
#include "core/names_index.h"

static GHashTable *runs;    /* of the labels at the end: the first row, plus one */
static uint16_t *next_row;  /* with the same end, plus one; 0: none */

static void
build(void)
{
    runs = g_hash_table_new(g_str_hash, g_str_equal);
    next_row = g_new0(uint16_t, ts_required_count);
    for (size_t i = ts_required_count; i-- > 0;) {
        const char *run = ts_pattern_run(ts_required_rows[i].pattern);

        next_row[i] = (uint16_t)GPOINTER_TO_SIZE(g_hash_table_lookup(runs, run));
        g_hash_table_insert(runs, (gpointer)run, GSIZE_TO_POINTER(i + 1));
    }
}

/* GCC is on the worldwide list; an undecided US Government name is on either. */
static bool
list_applies(ts_cloud list, ts_cloud cloud)
{
    switch (cloud) {
    case TS_CLOUD_GCC_HIGH:
    case TS_CLOUD_DOD:
    case TS_CLOUD_CHINA:
    case TS_CLOUD_GERMANY_MCD:
        return list == cloud;
    case TS_CLOUD_US_GOV:
        return list == TS_CLOUD_GCC_HIGH || list == TS_CLOUD_DOD;
    default:
        return list == TS_CLOUD_WORLDWIDE;
    }
}

/* Without a date the newest lists count. */
static bool
is_current(const ts_required_row *row, uint32_t yyyymm)
{
    return yyyymm == 0 ? row->valid_to == 0 :
        yyyymm >= row->valid_from && (row->valid_to == 0 || yyyymm <= row->valid_to);
}

static bool
row_matches(const ts_required_row *row, const ts_name_text *text)
{
    if (row->match == TS_MATCH_EXACT)
        return row->length == text->length && memcmp(row->pattern, text->text, text->length) == 0;
    return ts_glob_match(row->pattern, row->length, text->text, text->length);
}

/* The first row with this end that holds, if it comes before the best so far; rows are counted from 1. */
static size_t
probe(const char *run, const ts_name_text *text, ts_cloud cloud, uint32_t yyyymm, size_t best)
{
    for (size_t i = GPOINTER_TO_SIZE(g_hash_table_lookup(runs, run)); i != 0 && i < best; i = next_row[i - 1]) {
        const ts_required_row *row = &ts_required_rows[i - 1];

        if (list_applies(row->cloud, cloud) && is_current(row, yyyymm) && row_matches(row, text))
            return i;
    }
    return best;
}

const ts_required_row *
ts_names_required(const char *name, size_t length, ts_cloud cloud, uint32_t yyyymm)
{
    static gsize ready;
    ts_name_text text;
    size_t best = SIZE_MAX;

    if (!ts_name_text_set(&text, name, length))
        return NULL;
    if (g_once_init_enter(&ready)) {
        build();
        g_once_init_leave(&ready, 1);
    }
    best = probe("", &text, cloud, yyyymm, best);
    for (size_t i = 0; i < text.labels; i++)
        best = probe(text.text + text.start[i], &text, cloud, yyyymm, best);
    return best == SIZE_MAX ? NULL : &ts_required_rows[best - 1];
}
