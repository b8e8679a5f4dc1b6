/* names_index.c
 * Names made ready for look-ups, and the best pattern for a name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A hash table has a node for each run of whole labels that a pattern ends in
 * ("net", "cloudapp.net"). A look-up goes from the last label to the first and
 * ends at the first run that no pattern has.
 */

#include "core/names_index.h"

#include <glib.h>
#include <string.h>

#include "core/names_data.h"

/* Of two matches the one of the higher rank wins, of equals the earlier row. */
typedef struct {
    const ts_name_row *row;
    uint32_t rank;
    uint8_t length;         /* of a glob's pattern, */
    uint8_t head;           /* and its literal characters before the first wildcard, */
    uint8_t tail;           /* and after the last one */
} candidate;

typedef struct {
    candidate exact;        /* of the run itself; row is NULL where there is none */
    candidate suffix;
    GArray *globs;          /* of candidate, the best first; NULL where none ends in the run */
} node;

struct ts_name_index {
    GHashTable *nodes;      /* by run; "" has the globs without a whole label at their end */
};

/* ---- names ---- */

bool
ts_name_text_set(ts_name_text *name, const char *text, size_t length)
{
    if (length > 0 && text[length - 1] == '.')
        length--;
    if (length == 0 || length > TS_NAME_MAX || memchr(text, '\0', length) != NULL)
        return false;

    size_t end = length;    /* of the label that is read */

    name->text[length] = '\0';
    name->length = length;
    name->labels = 0;
    for (size_t i = length; i-- > 0;) {
        name->text[i] = g_ascii_tolower(text[i]);
        if (text[i] != '.')
            continue;
        if (i + 1 == end)
            return false;
        name->start[name->labels++] = (uint8_t)(i + 1);
        end = i;
    }
    name->start[name->labels++] = 0;
    return end > 0;
}

/* ---- globs ---- */

/*
 * Of the wildcards passed only the last '*' and the last '**' can need another
 * try: what an earlier one might take more of, the later one could take too.
 */
bool
ts_glob_match(const char *pattern, size_t pattern_length, const char *text, size_t length)
{
    size_t p = 0, t = 0;
    size_t star_p = SIZE_MAX, star_t = 0;       /* after the last '*', and where it ends */
    size_t stars_p = SIZE_MAX, stars_t = 0;     /* the same for '**' */

    for (;;) {
        if (p + 1 < pattern_length && pattern[p] == '*' && pattern[p + 1] == '*') {
            if (t < length) {
                stars_p = p += 2;
                stars_t = ++t;
                star_p = SIZE_MAX;
                continue;
            }
        } else if (p < pattern_length && pattern[p] == '*') {
            star_p = ++p;
            star_t = t;
            continue;
        } else if (p < pattern_length && t < length && pattern[p] == text[t]) {
            p++;
            t++;
            continue;
        } else if (p == pattern_length && t == length) {
            return true;
        }
        if (star_p != SIZE_MAX && star_t < length && text[star_t] != '.') {
            p = star_p;
            t = ++star_t;
        } else if (stars_p != SIZE_MAX && stars_t < length) {
            p = stars_p;
            t = ++stars_t;
            star_p = SIZE_MAX;
        } else {
            return false;
        }
    }
}

const char *
ts_pattern_run(const char *pattern)
{
    const char *wildcard = strrchr(pattern, '*');
    const char *dot = wildcard != NULL ? strchr(wildcard, '.') : NULL;

    return wildcard == NULL ? pattern : dot != NULL ? dot + 1 : "";
}

/* ---- making the index ---- */

static void
node_free(gpointer data)
{
    node *entry = (node *)data;

    if (entry->globs != NULL)
        g_array_free(entry->globs, TRUE);
    g_free(entry);
}

/* The node of a run, which gets one if it is new, as do the shorter ones that it ends in. */
static node *
node_of(ts_name_index *index, const char *run)
{
    node *entry = (node *)g_hash_table_lookup(index->nodes, run);

    if (entry != NULL)
        return entry;
    entry = g_new0(node, 1);
    g_hash_table_insert(index->nodes, (gpointer)run, entry);
    if (strchr(run, '.') != NULL)
        node_of(index, strchr(run, '.') + 1);
    return entry;
}

static candidate
candidate_of(const ts_name_row *row, bool user)
{
    const size_t length = strlen(row->pattern);
    candidate added = { .row = row, .length = (uint8_t)length, .head = (uint8_t)strcspn(row->pattern, "*") };
    uint32_t literals = 0;

    for (size_t i = 0; i < length; i++)
        literals += row->pattern[i] != '*';
    while (added.tail < length && row->pattern[length - added.tail - 1] != '*')
        added.tail++;
    /* Most literal characters, then the user's, then suffix before glob. */
    added.rank = literals << 2 | (user ? 2u : 0u) | (row->match == TS_MATCH_SUFFIX ? 1u : 0u);
    return added;
}

static void
add_row(ts_name_index *index, const ts_name_row *row, bool user)
{
    const candidate added = candidate_of(row, user);
    node *entry = node_of(index, row->match == TS_MATCH_GLOB ? ts_pattern_run(row->pattern) : row->pattern);

    if (row->match == TS_MATCH_GLOB) {
        if (entry->globs == NULL)
            entry->globs = g_array_new(FALSE, FALSE, sizeof(candidate));
        g_array_append_val(entry->globs, added);
    } else if (row->match == TS_MATCH_EXACT && entry->exact.row == NULL) {
        entry->exact = added;
    } else if (row->match == TS_MATCH_SUFFIX && entry->suffix.row == NULL) {
        entry->suffix = added;
    }
}

/* g_array_sort() keeps the order of equals: the earlier row stays before. */
static gint
better_first(gconstpointer left, gconstpointer right)
{
    const candidate *a = (const candidate *)left, *b = (const candidate *)right;

    return a->rank < b->rank ? 1 : a->rank > b->rank ? -1 : 0;
}

static void
sort_globs(gpointer run, gpointer value, gpointer data)
{
    node *entry = (node *)value;

    (void)run, (void)data;
    if (entry->globs != NULL)
        g_array_sort(entry->globs, better_first);
}

ts_name_index *
ts_name_index_new(const ts_name_row *user, size_t user_count, const ts_name_row *shipped, size_t shipped_count)
{
    ts_name_index *index = g_new0(ts_name_index, 1);

    index->nodes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, node_free);
    node_of(index, "");
    for (size_t i = 0; i < user_count; i++)
        add_row(index, &user[i], true);
    for (size_t i = 0; i < shipped_count; i++)
        add_row(index, &shipped[i], false);
    g_hash_table_foreach(index->nodes, sort_globs, NULL);
    return index;
}

const ts_name_index *
ts_name_index_shipped(void)
{
    static gsize shipped;

    if (g_once_init_enter(&shipped))
        g_once_init_leave(&shipped, (gsize)ts_name_index_new(NULL, 0, ts_shipped_rows, ts_shipped_count));
    return (const ts_name_index *)shipped;
}

void
ts_name_index_free(ts_name_index *index)
{
    if (index == NULL)
        return;
    g_hash_table_destroy(index->nodes);
    g_free(index);
}

/* ---- look-ups ---- */

/* Rows of one rank are of one list. */
static bool
is_better(const candidate *glob, const candidate *best)
{
    return best == NULL || glob->rank > best->rank || (glob->rank == best->rank && glob->row < best->row);
}

/* Both literal ends first: they refuse nearly all. */
static bool
glob_fits(const candidate *glob, const ts_name_text *name)
{
    const char *pattern = glob->row->pattern;

    return (size_t)glob->head + glob->tail <= name->length && memcmp(pattern, name->text, glob->head) == 0 &&
        memcmp(pattern + glob->length - glob->tail, name->text + name->length - glob->tail, glob->tail) == 0 &&
        ts_glob_match(pattern, glob->length, name->text, name->length);
}

static void
try_globs(const node *entry, const ts_name_text *name, const candidate **best)
{
    for (guint i = 0; entry->globs != NULL && i < entry->globs->len; i++) {
        const candidate *glob = &g_array_index(entry->globs, candidate, i);

        if (!is_better(glob, *best))
            return;
        if (glob_fits(glob, name)) {
            *best = glob;
            return;
        }
    }
}

const ts_name_row *
ts_name_index_find(const ts_name_index *index, const ts_name_text *name, bool *user)
{
    const node *entry = (const node *)g_hash_table_lookup(index->nodes, "");
    const candidate *best = NULL;

    try_globs(entry, name, &best);
    for (size_t i = 0; i < name->labels; i++) {
        entry = (const node *)g_hash_table_lookup(index->nodes, name->text + name->start[i]);
        if (entry == NULL)
            break;
        if (i + 1 == name->labels && entry->exact.row != NULL) {
            best = &entry->exact;
            break;
        }
        if (entry->suffix.row != NULL && is_better(&entry->suffix, best))
            best = &entry->suffix;
        try_globs(entry, name, &best);
    }
    *user = best != NULL && (best->rank & 2u) != 0;
    return best != NULL ? best->row : NULL;
}
