/* names_build.c
 * Makes the index over patterns of names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * names_table.h says what it is made of.
 */

#include "core/names_table.h"

#include <glib.h>
#include <string.h>

#define CELL_FEW    8u              /* globs that are as well tried one by one */
#define CACHE_LINE  64u             /* bytes, nearly everywhere; elsewhere only slower */
#define ROWS_MAX    (1u << 23)      /* the longest patterns of so many have places in texts that are numbers of 32 bits */
#define NO_ROW      UINT32_MAX

/* A run of whole labels on its way into its nodes. */
typedef struct {
    const char *run;
    uint32_t exact;                 /* row, or NO_ROW */
    uint32_t suffix;
    uint32_t shapes;
} run_draft;

/* A glob on its way into its cell. */
typedef struct {
    uint32_t run;
    uint32_t row;
    uint32_t rank;
    uint32_t length;
    uint64_t hash;
    ts_shape ends;
} glob_draft;

typedef struct {
    ts_name_index *index;
    GHashTable *run_numbers;        /* of a run, plus one */
    GArray *runs;                   /* run_draft; the first is the root, "" */
    GArray *globs;                  /* glob_draft */
    GByteArray *texts;
} building;

static run_draft *
run_at(const building *b, uint32_t number)
{
    return &g_array_index(b->runs, run_draft, number);
}

/* ---- rows ---- */

static size_t
count_literals(const char *pattern)
{
    size_t count = 0;

    for (; *pattern != '\0'; pattern++)
        count += *pattern != '*';
    return count;
}

/* The literal characters at both ends of a glob. */
static ts_shape
shape_of(const char *pattern, size_t length)
{
    const size_t head = strcspn(pattern, "*");
    size_t tail = 0;

    while (pattern[length - tail - 1] != '*')
        tail++;
    return (ts_shape) {
        .head = (uint8_t)head,
        .tail = (uint8_t)tail,
        .before = head > 0 ? pattern[head - 1] : '\0',
        .after = tail > 0 ? pattern[length - tail] : '\0'
    };
}

/* The whole labels that a pattern ends in. */
static const char *
run_of(const ts_name_row *row)
{
    if (row->match != TS_MATCH_GLOB)
        return row->pattern;

    const char *dot = strchr(strrchr(row->pattern, '*'), '.');
    return dot != NULL ? dot + 1 : "";
}

/* The number of a run, which gets one if it is new, as do the shorter ones that it ends in. */
static uint32_t
add_run(building *b, const char *run)
{
    uint32_t first = NO_ROW;

    for (const char *rest = run;;) {
        const uint32_t known = GPOINTER_TO_UINT(g_hash_table_lookup(b->run_numbers, rest));

        if (known != 0)
            return first != NO_ROW ? first : known - 1;

        const run_draft fresh = { .run = rest, .exact = NO_ROW, .suffix = NO_ROW, .shapes = TS_NO_SHAPES };
        if (first == NO_ROW)
            first = b->runs->len;
        g_array_append_val(b->runs, fresh);
        g_hash_table_insert(b->run_numbers, (gpointer)rest, GUINT_TO_POINTER(b->runs->len));

        const char *dot = strchr(rest, '.');
        if (dot == NULL)
            return first;
        rest = dot + 1;
    }
}

static void
add_glob(building *b, const ts_name_row *row, uint32_t number, uint32_t run)
{
    const size_t length = strlen(row->pattern);
    const ts_shape ends = shape_of(row->pattern, length);
    const glob_draft fresh = {
        .run = run,
        .row = number,
        .rank = ts_index_rank(b->index, number, count_literals(row->pattern), TS_MATCH_GLOB),
        .length = (uint32_t)length,
        .hash = ts_ends_hash(ts_hash_run(row->pattern, ends.head),
                             ts_hash_run(row->pattern + length - ends.tail, ends.tail), &ends),
        .ends = ends
    };

    g_array_append_val(b->globs, fresh);
}

/* Of equal patterns of one kind the first wins: the user's come first. */
static void
add_row(building *b, uint32_t number)
{
    const ts_name_row *row = ts_index_row(b->index, number);
    const uint32_t run = add_run(b, run_of(row));

    if (row->match == TS_MATCH_EXACT)
        run_at(b, run)->exact = MIN(run_at(b, run)->exact, number);
    else if (row->match == TS_MATCH_SUFFIX)
        run_at(b, run)->suffix = MIN(run_at(b, run)->suffix, number);
    else
        add_glob(b, row, number, run);
}

/* ---- tables ---- */

/* A table size for so many entries, less one. Dense: the filter keeps away those who look in vain. */
static uint32_t
mask_for(size_t count)
{
    uint32_t size = 16;

    while (size < count + count / 2)
        size *= 2;
    return size - 1;
}

/* Its place in texts. What fits in one line of the cache doesn't stand in two. */
static uint32_t
keep_text(building *b, const char *text)
{
    static const guint8 gap[CACHE_LINE];
    const guint size = (guint)strlen(text) + 1;
    const guint room = CACHE_LINE - b->texts->len % CACHE_LINE;

    if (size > room && size <= CACHE_LINE)
        g_byte_array_append(b->texts, gap, room);

    const guint place = b->texts->len;
    g_byte_array_append(b->texts, (const guint8 *)text, size);
    return place;
}

static char *
aligned_texts(const building *b)
{
    char *texts = (char *)g_aligned_alloc(b->texts->len + 1, 1, CACHE_LINE);

    memcpy(texts, b->texts->data, b->texts->len);
    return texts;
}

/* 16 bits for each key at least, which lets about one absent key in a hundred pass. */
static void
make_filter(ts_name_index *index, size_t keys)
{
    index->filter_mask = mask_for(keys / 6 + 1);
    index->filter = g_new0(uint64_t, (size_t)index->filter_mask + 1);
}

static uint64_t
filtered_key(ts_name_index *index, uint64_t hash)
{
    const uint64_t key = ts_hash_mix(hash);

    *ts_filter_word(index, key) |= ts_filter_bits(key);
    return key;
}

static void
place_node(ts_name_index *index, uint64_t key, ts_node node)
{
    uint32_t i = (uint32_t)key & index->node_mask;

    while (index->nodes[i].tag != 0)
        i = (i + 1) & index->node_mask;
    node.tag = ts_key_tag(key);
    index->nodes[i] = node;
}

static uint32_t
count_nodes(const building *b)
{
    uint32_t count = 0;

    for (uint32_t i = 1; i < b->runs->len; i++)
        count += run_at(b, i)->exact != NO_ROW && run_at(b, i)->suffix != NO_ROW ? 2 : 1;
    return count;
}

/* One node for each row; for a run without rows one that leads to the shapes and to longer runs. */
static void
place_run(building *b, const run_draft *draft)
{
    const uint64_t key = filtered_key(b->index, ts_hash_run(draft->run, strlen(draft->run)));
    ts_node node = { .shapes = draft->shapes };

    if (draft->exact == NO_ROW && draft->suffix == NO_ROW) {
        node.match = TS_MATCH_GLOB;
        place_node(b->index, key, node);
        return;
    }
    node.text = keep_text(b, draft->run);
    if (draft->exact != NO_ROW) {
        node.match = TS_MATCH_EXACT;
        node.row = draft->exact;
        place_node(b->index, key, node);
        node.shapes = TS_NO_SHAPES;
    }
    if (draft->suffix != NO_ROW) {
        node.match = TS_MATCH_SUFFIX;
        node.row = draft->suffix;
        place_node(b->index, key, node);
    }
}

static void
build_nodes(building *b)
{
    b->index->root_shapes = run_at(b, 0)->shapes;
    b->index->node_mask = mask_for(count_nodes(b));
    b->index->nodes = g_new0(ts_node, (size_t)b->index->node_mask + 1);
    for (uint32_t i = 1; i < b->runs->len; i++)
        place_run(b, run_at(b, i));
}

/* ---- globs ---- */

static int
compare_cells(const void *left, const void *right)
{
    const glob_draft *a = (const glob_draft *)left, *b = (const glob_draft *)right;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    return a->row < b->row ? -1 : 1;
}

static int
compare_shapes(const void *left, const void *right)
{
    const glob_draft *a = (const glob_draft *)left, *b = (const glob_draft *)right;

    if (a->run != b->run)
        return a->run < b->run ? -1 : 1;
    return memcmp(&a->ends, &b->ends, sizeof a->ends);
}

/* The longest literal run between the first and the last wildcard; its start. */
static size_t
longest_middle(const char *pattern, const ts_shape *ends, size_t length, size_t *run)
{
    size_t best = 0;

    *run = 0;
    for (size_t i = ends->head; i < length - ends->tail;) {
        const size_t literals = strcspn(pattern + i, "*");

        if (i + literals < length - ends->tail && literals > *run) {
            *run = literals;
            best = i;
        }
        i += literals + 1;
    }
    return best;
}

/* Parts the globs that share their ends by what stands between the wildcards. */
static void
add_middles(const ts_name_index *index, glob_draft *drafts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *pattern = ts_index_row(index, drafts[i].row)->pattern;
        size_t run;
        const size_t start = longest_middle(pattern, &drafts[i].ends, drafts[i].length, &run);

        if (run == 0)
            continue;
        drafts[i].ends.middle = (uint8_t)run;
        drafts[i].ends.inside = pattern[start];
        drafts[i].hash = ts_middle_hash(drafts[i].hash, ts_hash_run(pattern + start, run), run);
    }
}

/* How many at the demultiplexer share a cell. */
static uint32_t
cell_mates(const glob_draft *drafts, uint32_t count)
{
    uint32_t mates = 1;

    while (mates < count && drafts[mates].hash == drafts[0].hash)
        mates++;
    return mates;
}

static void
part_large_cells(const ts_name_index *index, glob_draft *drafts, uint32_t count)
{
    for (uint32_t i = 0; i < count;) {
        const uint32_t mates = cell_mates(drafts + i, count - i);

        if (mates > CELL_FEW)
            add_middles(index, drafts + i, mates);
        i += mates;
    }
}

static void
place_cell(ts_name_index *index, uint32_t first, uint32_t count, uint64_t hash)
{
    const uint64_t key = filtered_key(index, hash);
    ts_cell cell = { .tag = ts_key_tag(key) };
    uint32_t i = (uint32_t)key & index->cell_mask;

    if (count == 1) {
        cell.globs.one = index->globs[first];
    } else {
        cell.globs.many.first = first;
        cell.globs.many.count = count;
    }
    while (index->cells[i].tag != 0)
        i = (i + 1) & index->cell_mask;
    index->cells[i] = cell;
}

static void
build_cells(building *b, glob_draft *drafts, uint32_t count)
{
    ts_name_index *index = b->index;

    index->globs = g_new(ts_glob, count);
    index->cell_mask = mask_for(count);
    index->cells = g_new0(ts_cell, (size_t)index->cell_mask + 1);
    for (uint32_t i = 0; i < count; i++) {
        index->globs[i] = (ts_glob) {
            .row = drafts[i].row,
            .text = keep_text(b, ts_index_row(index, drafts[i].row)->pattern),
            .rank = (uint16_t)drafts[i].rank,
            .length = (uint8_t)drafts[i].length
        };
    }
    for (uint32_t i = 0; i < count;) {
        const uint32_t mates = cell_mates(drafts + i, count - i);

        place_cell(index, i, mates, drafts[i].hash);
        i += mates;
    }
}

static void
build_shapes(building *b, glob_draft *drafts, uint32_t count)
{
    ts_shape *shapes = g_new(ts_shape, count);
    uint32_t made = 0;

    qsort(drafts, count, sizeof *drafts, compare_shapes);
    for (uint32_t i = 0; i < count; i++) {
        run_draft *home = run_at(b, drafts[i].run);

        if (i > 0 && compare_shapes(&drafts[i], &drafts[i - 1]) == 0)
            continue;
        if (home->shapes == TS_NO_SHAPES)
            home->shapes = made;
        else
            shapes[made - 1].last = false;
        shapes[made] = drafts[i].ends;
        shapes[made++].last = true;
    }
    b->index->shapes = shapes;
}

/* ---- the whole ---- */

static void
build_tables(building *b)
{
    glob_draft *drafts = (glob_draft *)(void *)b->globs->data;
    const uint32_t count = b->globs->len;

    make_filter(b->index, (size_t)b->runs->len + count);
    qsort(drafts, count, sizeof *drafts, compare_cells);
    part_large_cells(b->index, drafts, count);
    qsort(drafts, count, sizeof *drafts, compare_cells);
    build_cells(b, drafts, count);
    build_shapes(b, drafts, count);
    build_nodes(b);
}

ts_name_index *
ts_name_index_new(const ts_name_row *user, size_t user_count, const ts_name_row *shipped, size_t shipped_count)
{
    building b = {
        .index = g_new0(ts_name_index, 1),
        .run_numbers = g_hash_table_new(g_str_hash, g_str_equal),
        .runs = g_array_new(FALSE, FALSE, sizeof(run_draft)),
        /* With room for one at least: qsort() must not see NULL, not even for no globs. */
        .globs = g_array_sized_new(FALSE, FALSE, sizeof(glob_draft), 64),
        .texts = g_byte_array_sized_new(64)
    };

    g_assert(user_count + shipped_count < ROWS_MAX);
    b.index->user = user;
    b.index->user_count = (uint32_t)user_count;
    b.index->shipped = shipped;
    add_run(&b, "");
    for (uint32_t i = 0; i < user_count + shipped_count; i++)
        add_row(&b, i);
    build_tables(&b);
    b.index->texts = aligned_texts(&b);
    g_byte_array_free(b.texts, TRUE);
    g_array_free(b.globs, TRUE);
    g_array_free(b.runs, TRUE);
    g_hash_table_destroy(b.run_numbers);
    return b.index;
}

void
ts_name_index_free(ts_name_index *index)
{
    if (index == NULL)
        return;
    g_free(index->filter);
    g_free(index->nodes);
    g_free(index->cells);
    g_free(index->shapes);
    g_free(index->globs);
    g_aligned_free(index->texts);
    g_free(index);
}
