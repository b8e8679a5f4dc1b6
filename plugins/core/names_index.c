/* names_index.c
 * An index over patterns of names: the best one for a name, fast
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A hash table has one node for every run of whole labels that a pattern ends
 * in ("net", "cloudapp.net"), so that a lookup goes from the last label to
 * the first and stops at the first run that no pattern has. A node holds the
 * exact and the suffix pattern of its name, and the shapes of the globs whose
 * literal end begins there. A shape says how many literal characters stand
 * before the first and after the last wildcard; with it the literal ends of
 * a name are hashed and looked up in a second table, whose cells list the
 * globs that share both ends. Where those are many, the longest literal run
 * between their wildcards joins the key, and is looked for at each place
 * where its first character stands. Thus 100,000 globs cost a few probes.
 */

#include "core/names_index.h"

#include <glib.h>
#include <string.h>

#define HASH_SEED   UINT64_C(0x9E3779B97F4A7C15)
#define NONE        UINT32_MAX
#define CELL_FEW    8u      /* globs that are as well tried one by one */

/* Rows are known by their number: the user's come first, then the shipped ones. */
typedef struct {
    uint32_t row;
    uint32_t rank;          /* of two matches the higher one wins */
    uint32_t length;
} glob;

typedef struct {
    uint8_t head;           /* literal characters before the first wildcard */
    uint8_t tail;           /* and after the last one */
    uint8_t middle;         /* and in the run between them that is part of the key, or 0 */
    char before;            /* the last of the head, '\0' where there is none */
    char after;             /* the first of the tail */
    char inside;            /* the first of the middle */
} shape;

typedef struct {
    uint64_t hash;
    const char *text;
    uint8_t length;
    uint32_t shapes;        /* in index->shapes, from */
    uint32_t first_shape;
    uint32_t exact;         /* row, or NONE */
    uint32_t suffix;
} node;

/* Both hash tables use open addressing; a slot without a count is free. */
typedef struct {
    uint64_t hash;
    uint32_t first;         /* in index->globs */
    uint32_t count;
} cell;

typedef struct {
    uint32_t tag;           /* of the hash */
    uint32_t node;          /* its number plus one, 0 is free */
} node_slot;

struct ts_name_index {
    const ts_name_row *user;
    const ts_name_row *shipped;
    uint32_t user_count;
    GArray *nodes;
    node_slot *node_slots;
    uint32_t node_mask;
    shape *shapes;
    cell *cells;
    uint32_t cell_mask;
    glob *globs;            /* cell by cell, the best first */
};

/* ---- hashes ---- */

static inline uint64_t
hash_step(uint64_t hash, char c)
{
    return (hash << 7 | hash >> 57) + (uint8_t)c;
}

static uint64_t
hash_head(const char *text, size_t length)
{
    uint64_t hash = HASH_SEED;

    for (size_t i = 0; i < length; i++)
        hash = hash_step(hash, text[i]);
    return hash;
}

static uint64_t
hash_tail(const char *text, size_t length)
{
    uint64_t hash = HASH_SEED;

    while (length > 0)
        hash = hash_step(hash, text[--length]);
    return hash;
}

/* The upper half spreads best: its low bits are the slot, all of it is the tag. */
static inline uint32_t
spread(uint64_t hash)
{
    return (uint32_t)((hash ^ hash >> 32) * UINT64_C(0xD6E8FEB86659FD93) >> 32);
}

static uint64_t
cell_hash(uint64_t head, uint64_t tail, const shape *ends)
{
    return (head ^ (tail << 21 | tail >> 43)) * HASH_SEED + (uint64_t)ends->head * 256 + ends->tail;
}

/* The key of a cell whose globs have this between their wildcards too. */
static uint64_t
middle_hash(uint64_t hash, const char *middle, size_t length)
{
    return (hash ^ hash_head(middle, length)) * HASH_SEED + length;
}

/* A table size for so many entries, less one. */
static uint32_t
mask_for(size_t count)
{
    uint32_t size = 16;

    while (size < count * 2)
        size *= 2;
    return size - 1;
}

/* ---- names ---- */

static inline char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool
ts_name_text_set(ts_name_text *name, const char *text, size_t length)
{
    if (length > 0 && text[length - 1] == '.')
        length--;
    if (length == 0 || length > TS_NAME_MAX)
        return false;

    uint64_t hash = HASH_SEED;
    char next = '.';
    size_t labels = 0;

    for (size_t i = length; i-- > 0;) {
        const char c = lower(text[i]);

        if (c == '.') {
            if (next == '.')
                return false;
            name->start[labels++] = (uint8_t)(i + 1);
        }
        name->text[i] = next = c;
        name->tail[i] = hash = hash_step(hash, c);
    }
    if (next == '.')
        return false;
    name->start[labels++] = 0;
    name->labels = labels;
    name->length = length;
    name->text[length] = '\0';
    name->tail[length] = HASH_SEED;
    return true;
}

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

/* ---- building ---- */

static const ts_name_row *
row_at(const ts_name_index *index, uint32_t number)
{
    return number < index->user_count ? &index->user[number] : &index->shipped[number - index->user_count];
}

static size_t
count_literals(const char *pattern)
{
    size_t count = 0;

    for (; *pattern != '\0'; pattern++)
        count += *pattern != '*';
    return count;
}

/* Most literal characters, then the user's, then suffix (the lowest bit set) before glob. */
static uint32_t
rank_of(const ts_name_index *index, uint32_t number, size_t literals)
{
    return (uint32_t)literals << 2 | (number < index->user_count ? 2u : 0u);
}

/* The literal characters at both ends of a glob. */
static shape
shape_of(const char *pattern, size_t length)
{
    const size_t head = strcspn(pattern, "*");
    size_t tail = 0;

    while (pattern[length - tail - 1] != '*')
        tail++;
    return (shape) {
        .head = (uint8_t)head,
        .tail = (uint8_t)tail,
        .before = head > 0 ? pattern[head - 1] : '\0',
        .after = tail > 0 ? pattern[length - tail] : '\0'
    };
}

/* Where the whole labels begin that a pattern ends in. */
static size_t
key_start(const ts_name_row *row, size_t length)
{
    if (row->match != TS_MATCH_GLOB)
        return 0;

    size_t start = length - shape_of(row->pattern, length).tail;
    while (start < length && row->pattern[start] != '.')
        start++;
    return MIN(start + 1, length);
}

static uint32_t
find_node(const ts_name_index *index, const char *text, size_t length, uint64_t hash)
{
    const node *nodes = (const node *)(void *)index->nodes->data;
    const uint32_t tag = spread(hash);

    for (uint32_t i = tag & index->node_mask; index->node_slots[i].node != 0; i = (i + 1) & index->node_mask) {
        const node *found = &nodes[index->node_slots[i].node - 1];

        if (index->node_slots[i].tag == tag && found->length == length && memcmp(found->text, text, length) == 0)
            return index->node_slots[i].node - 1;
    }
    return NONE;
}

static void
place_node(ts_name_index *index, uint64_t hash, uint32_t position)
{
    const uint32_t tag = spread(hash);
    uint32_t i = tag & index->node_mask;

    while (index->node_slots[i].node != 0)
        i = (i + 1) & index->node_mask;
    index->node_slots[i] = (node_slot) { .tag = tag, .node = position + 1 };
}

static void
grow_nodes(ts_name_index *index)
{
    g_free(index->node_slots);
    index->node_mask = mask_for((size_t)index->nodes->len * 2);
    index->node_slots = g_new0(node_slot, (size_t)index->node_mask + 1);
    for (uint32_t i = 0; i < index->nodes->len; i++)
        place_node(index, g_array_index(index->nodes, node, i).hash, i);
}

static uint32_t
node_for(ts_name_index *index, const char *text, size_t length)
{
    const uint64_t hash = hash_tail(text, length);
    uint32_t position = find_node(index, text, length, hash);

    if (position != NONE)
        return position;

    const node fresh = { .hash = hash, .text = text, .length = (uint8_t)length, .exact = NONE, .suffix = NONE };
    position = index->nodes->len;
    g_array_append_val(index->nodes, fresh);
    if ((size_t)index->nodes->len * 2 > index->node_mask)
        grow_nodes(index);
    else
        place_node(index, hash, position);
    return position;
}

/* The node of a pattern's whole labels, and one for each shorter run of them. */
static uint32_t
add_nodes(ts_name_index *index, const ts_name_row *row, size_t length)
{
    const size_t start = key_start(row, length);

    for (size_t i = length; i > start; i--) {
        if (i < length && row->pattern[i] == '.')
            node_for(index, row->pattern + i + 1, length - i - 1);
    }
    return node_for(index, row->pattern + start, length - start);
}

/* A glob on its way into its cell. */
typedef struct {
    uint32_t node;
    uint64_t hash;
    glob glob;
    shape ends;
} draft;

static int
compare_cells(const void *left, const void *right)
{
    const draft *a = (const draft *)left, *b = (const draft *)right;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->glob.rank != b->glob.rank)
        return a->glob.rank > b->glob.rank ? -1 : 1;
    return a->glob.row < b->glob.row ? -1 : 1;
}

static int
compare_shapes(const void *left, const void *right)
{
    const draft *a = (const draft *)left, *b = (const draft *)right;

    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    return memcmp(&a->ends, &b->ends, sizeof a->ends);
}

/* The longest literal run between the first and the last wildcard; its start. */
static size_t
longest_middle(const char *pattern, const shape *ends, size_t length, size_t *run)
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
add_middles(const ts_name_index *index, draft *drafts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *pattern = row_at(index, drafts[i].glob.row)->pattern;
        size_t run;
        const size_t start = longest_middle(pattern, &drafts[i].ends, drafts[i].glob.length, &run);

        if (run == 0)
            continue;
        drafts[i].ends.middle = (uint8_t)run;
        drafts[i].ends.inside = pattern[start];
        drafts[i].hash = middle_hash(drafts[i].hash, pattern + start, run);
    }
}

static void
part_large_cells(const ts_name_index *index, draft *drafts, uint32_t count)
{
    uint32_t first = 0;

    for (uint32_t i = 1; i <= count; i++) {
        if (i < count && drafts[i].hash == drafts[first].hash)
            continue;
        if (i - first > CELL_FEW)
            add_middles(index, drafts + first, i - first);
        first = i;
    }
}

static cell *
cell_slot(const ts_name_index *index, uint64_t hash)
{
    uint32_t i = spread(hash) & index->cell_mask;

    while (index->cells[i].count != 0 && index->cells[i].hash != hash)
        i = (i + 1) & index->cell_mask;
    return &index->cells[i];
}

static void
build_cells(ts_name_index *index, draft *drafts, uint32_t count)
{
    index->globs = g_new(glob, count);
    index->cell_mask = mask_for(count);
    index->cells = g_new0(cell, (size_t)index->cell_mask + 1);
    qsort(drafts, count, sizeof *drafts, compare_cells);
    part_large_cells(index, drafts, count);
    qsort(drafts, count, sizeof *drafts, compare_cells);
    for (uint32_t i = 0; i < count; i++) {
        cell *home = cell_slot(index, drafts[i].hash);

        if (home->count++ == 0) {
            home->hash = drafts[i].hash;
            home->first = i;
        }
        index->globs[i] = drafts[i].glob;
    }
}

static void
build_shapes(ts_name_index *index, draft *drafts, uint32_t count)
{
    uint32_t shapes = 0;

    qsort(drafts, count, sizeof *drafts, compare_shapes);
    index->shapes = g_new(shape, count);
    for (uint32_t i = 0; i < count; i++) {
        node *home = &g_array_index(index->nodes, node, drafts[i].node);

        if (i == 0 || compare_shapes(&drafts[i], &drafts[i - 1]) != 0) {
            if (home->shapes++ == 0)
                home->first_shape = shapes;
            index->shapes[shapes++] = drafts[i].ends;
        }
    }
}

/* Of equal patterns of one kind the first wins: the user's come first. */
static void
add_row(ts_name_index *index, uint32_t number, GArray *drafts)
{
    const ts_name_row *row = row_at(index, number);
    const size_t length = strlen(row->pattern);
    const uint32_t home = add_nodes(index, row, length);
    node *at = &g_array_index(index->nodes, node, home);

    if (row->match == TS_MATCH_EXACT) {
        at->exact = MIN(at->exact, number);
    } else if (row->match == TS_MATCH_SUFFIX) {
        at->suffix = MIN(at->suffix, number);
    } else {
        const shape ends = shape_of(row->pattern, length);
        const draft fresh = {
            .node = home,
            .hash = cell_hash(hash_head(row->pattern, ends.head),
                              hash_tail(row->pattern + length - ends.tail, ends.tail), &ends),
            .glob = { .row = number, .rank = rank_of(index, number, count_literals(row->pattern)),
                      .length = (uint32_t)length },
            .ends = ends
        };
        g_array_append_val(drafts, fresh);
    }
}

ts_name_index *
ts_name_index_new(const ts_name_row *user, size_t user_count, const ts_name_row *shipped, size_t shipped_count)
{
    ts_name_index *index = g_new0(ts_name_index, 1);
    /* With room for one at least: qsort() must not see NULL, not even for no globs. */
    GArray *drafts = g_array_sized_new(FALSE, FALSE, sizeof(draft), 64);

    index->user = user;
    index->user_count = (uint32_t)user_count;
    index->shipped = shipped;
    index->nodes = g_array_new(FALSE, FALSE, sizeof(node));
    grow_nodes(index);
    node_for(index, "", 0);     /* the root, always node 0 */
    for (uint32_t i = 0; i < user_count + shipped_count; i++)
        add_row(index, i, drafts);
    build_cells(index, (draft *)(void *)drafts->data, drafts->len);
    build_shapes(index, (draft *)(void *)drafts->data, drafts->len);
    g_array_free(drafts, TRUE);
    return index;
}

void
ts_name_index_free(ts_name_index *index)
{
    if (index == NULL)
        return;
    g_array_free(index->nodes, TRUE);
    g_free(index->node_slots);
    g_free(index->shapes);
    g_free(index->cells);
    g_free(index->globs);
    g_free(index);
}

/* ---- looking up ---- */

typedef struct {
    uint32_t row;           /* NONE: nothing yet */
    uint32_t rank;
} match;

static void
try_cell(const ts_name_index *index, const cell *candidates, const ts_name_text *name, match *best)
{
    for (uint32_t i = 0; i < candidates->count; i++) {
        const glob *candidate = &index->globs[candidates->first + i];

        if (candidate->rank < best->rank || (candidate->rank == best->rank && candidate->row > best->row))
            return;
        if (ts_glob_match(row_at(index, candidate->row)->pattern, candidate->length, name->text, name->length)) {
            *best = (match) { .row = candidate->row, .rank = candidate->rank };
            return;
        }
    }
}

/* Each place between the ends where the middle may stand. */
static void
try_middles(const ts_name_index *index, const shape *ends, uint64_t hash, const ts_name_text *name, match *best)
{
    const size_t last = name->length - ends->tail;

    for (size_t i = ends->head; i + ends->middle <= last; i++) {
        if (name->text[i] == ends->inside)
            try_cell(index, cell_slot(index, middle_hash(hash, name->text + i, ends->middle)), name, best);
    }
}

static void
try_globs(const ts_name_index *index, const node *at, const ts_name_text *name, match *best)
{
    for (uint32_t i = 0; i < at->shapes; i++) {
        const shape *ends = &index->shapes[at->first_shape + i];

        if ((size_t)ends->head + ends->tail > name->length ||
            (ends->head > 0 && name->text[ends->head - 1] != ends->before) ||
            (ends->tail > 0 && name->text[name->length - ends->tail] != ends->after))
            continue;

        const uint64_t hash = cell_hash(hash_head(name->text, ends->head), name->tail[name->length - ends->tail], ends);
        if (ends->middle == 0)
            try_cell(index, cell_slot(index, hash), name, best);
        else
            try_middles(index, ends, hash, name, best);
    }
}

const ts_name_row *
ts_name_index_find(const ts_name_index *index, const ts_name_text *name, bool *user)
{
    const node *nodes = (const node *)(void *)index->nodes->data;
    match best = { .row = NONE };

    try_globs(index, &nodes[0], name, &best);
    for (size_t i = 0; i < name->labels; i++) {
        const size_t start = name->start[i];
        const uint32_t position = find_node(index, name->text + start, name->length - start, name->tail[start]);

        if (position == NONE)
            break;

        const node *at = &nodes[position];
        if (start == 0 && at->exact != NONE) {
            best.row = at->exact;
            break;
        }
        if (at->suffix != NONE) {
            const uint32_t rank = rank_of(index, at->suffix, name->length - start) | 1;

            if (rank > best.rank)
                best = (match) { .row = at->suffix, .rank = rank };
        }
        try_globs(index, at, name, &best);
    }
    if (best.row == NONE)
        return NULL;
    *user = best.row < index->user_count;
    return row_at(index, best.row);
}
