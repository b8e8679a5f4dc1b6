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
 * globs that share both ends. Thus 100,000 globs cost a lookup or two as long
 * as they differ in an end; those that differ only between their wildcards
 * are tried one by one.
 */

#include "core/names_index.h"

#include <glib.h>
#include <string.h>

#define HASH_SEED   UINT64_C(0x9E3779B97F4A7C15)
#define HASH_FACTOR UINT64_C(0x00000100000001B3)
#define NONE        UINT32_MAX

typedef struct {
    const ts_name_row *row;
    uint32_t rank;          /* of two matches the higher one wins */
    uint8_t length;
    bool user;
} entry;

typedef struct {
    uint8_t head;           /* literal characters before the first wildcard */
    uint8_t tail;           /* and after the last one */
    char before;            /* the last of the head, '\0' where there is none */
    char after;             /* the first of the tail */
} shape;

typedef struct {
    uint64_t hash;
    const char *text;
    uint8_t length;
    uint32_t shapes;        /* in index->shapes, from */
    uint32_t first_shape;
    uint32_t exact;         /* in index->entries */
    uint32_t suffix;
} node;

typedef struct {
    uint64_t hash;
    uint32_t first;         /* in index->globs */
    uint32_t count;
} cell;

/* Open addressing: a slot holds a position plus one, 0 is free. */
typedef struct {
    uint32_t *slots;
    uint32_t mask;
} slots;

struct ts_name_index {
    entry *entries;
    uint32_t entry_count;
    GArray *nodes;
    slots node_slots;
    shape *shapes;
    cell *cells;
    slots cell_slots;
    uint32_t *globs;        /* entries, cell by cell, the best first */
};

/* ---- hashes ---- */

static inline uint64_t
hash_step(uint64_t hash, char c)
{
    return (hash ^ (uint8_t)c) * HASH_FACTOR;
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

static inline uint32_t
slot_of(uint64_t hash, uint32_t mask)
{
    hash ^= hash >> 32;
    hash *= UINT64_C(0xD6E8FEB86659FD93);
    return (uint32_t)(hash >> 32) & mask;
}

static uint64_t
cell_hash(uint64_t head, uint64_t tail, const shape *ends)
{
    return (head ^ (tail << 21 | tail >> 43)) * HASH_SEED + (uint64_t)ends->head * 256 + ends->tail;
}

static void
slots_init(slots *table, size_t count)
{
    size_t size = 16;

    while (size < count * 2)
        size *= 2;
    table->slots = g_new0(uint32_t, size);
    table->mask = (uint32_t)size - 1;
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

/* Most literal characters, then the user's, then suffix before glob. */
static uint32_t
rank_of(const ts_name_row *row, size_t length, bool user)
{
    size_t literals = 0;

    for (size_t i = 0; i < length; i++)
        literals += row->pattern[i] != '*';
    return (uint32_t)literals << 2 | (user ? 2u : 0u) | (row->match == TS_MATCH_SUFFIX ? 1u : 0u);
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
    const uint32_t mask = index->node_slots.mask;

    for (uint32_t i = slot_of(hash, mask); index->node_slots.slots[i] != 0; i = (i + 1) & mask) {
        const node *found = &nodes[index->node_slots.slots[i] - 1];

        if (found->hash == hash && found->length == length && memcmp(found->text, text, length) == 0)
            return index->node_slots.slots[i] - 1;
    }
    return NONE;
}

static void
place(slots *table, uint64_t hash, uint32_t position)
{
    uint32_t i = slot_of(hash, table->mask);

    while (table->slots[i] != 0)
        i = (i + 1) & table->mask;
    table->slots[i] = position + 1;
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
    if ((size_t)index->nodes->len * 2 > index->node_slots.mask) {
        g_free(index->node_slots.slots);
        slots_init(&index->node_slots, (size_t)index->nodes->len * 2);
        for (uint32_t i = 0; i < index->nodes->len; i++)
            place(&index->node_slots, g_array_index(index->nodes, node, i).hash, i);
    } else {
        place(&index->node_slots, hash, position);
    }
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

/* Keeps the better of two patterns of one kind and text; the earlier one on a tie. */
static void
keep_better(const ts_name_index *index, uint32_t *kept, uint32_t position)
{
    if (*kept == NONE || index->entries[position].rank > index->entries[*kept].rank)
        *kept = position;
}

/* A glob on its way into its cell. */
typedef struct {
    uint32_t node;
    uint32_t position;
    uint32_t rank;
    uint64_t hash;
    shape ends;
} draft;

static int
compare_cells(const void *left, const void *right)
{
    const draft *a = (const draft *)left, *b = (const draft *)right;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    return a->position < b->position ? -1 : 1;
}

static int
compare_shapes(const void *left, const void *right)
{
    const draft *a = (const draft *)left, *b = (const draft *)right;

    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    return memcmp(&a->ends, &b->ends, sizeof a->ends);
}

static void
build_cells(ts_name_index *index, draft *drafts, uint32_t count)
{
    uint32_t cells = 0;

    qsort(drafts, count, sizeof *drafts, compare_cells);
    index->globs = g_new(uint32_t, count);
    index->cells = g_new(cell, count);
    for (uint32_t i = 0; i < count; i++) {
        index->globs[i] = drafts[i].position;
        if (i == 0 || drafts[i].hash != drafts[i - 1].hash)
            index->cells[cells++] = (cell) { .hash = drafts[i].hash, .first = i };
        index->cells[cells - 1].count++;
    }
    slots_init(&index->cell_slots, cells);
    for (uint32_t i = 0; i < cells; i++)
        place(&index->cell_slots, index->cells[i].hash, i);
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

static void
add_row(ts_name_index *index, const ts_name_row *row, bool user, GArray *drafts)
{
    const size_t length = strlen(row->pattern);
    const uint32_t position = index->entry_count++;
    const uint32_t home = add_nodes(index, row, length);
    node *at = &g_array_index(index->nodes, node, home);

    index->entries[position] = (entry) {
        .row = row,
        .rank = rank_of(row, length, user),
        .length = (uint8_t)length,
        .user = user
    };
    if (row->match == TS_MATCH_EXACT) {
        keep_better(index, &at->exact, position);
    } else if (row->match == TS_MATCH_SUFFIX) {
        keep_better(index, &at->suffix, position);
    } else {
        const shape ends = shape_of(row->pattern, length);
        const draft glob = {
            .node = home,
            .position = position,
            .rank = index->entries[position].rank,
            .hash = cell_hash(hash_head(row->pattern, ends.head),
                              hash_tail(row->pattern + length - ends.tail, ends.tail), &ends),
            .ends = ends
        };
        g_array_append_val(drafts, glob);
    }
}

ts_name_index *
ts_name_index_new(const ts_name_row *user, size_t user_count, const ts_name_row *shipped, size_t shipped_count)
{
    ts_name_index *index = g_new0(ts_name_index, 1);
    GArray *drafts = g_array_new(FALSE, FALSE, sizeof(draft));

    index->entries = g_new0(entry, user_count + shipped_count);
    index->nodes = g_array_new(FALSE, FALSE, sizeof(node));
    slots_init(&index->node_slots, 1024);
    node_for(index, "", 0);     /* the root, always node 0 */
    for (size_t i = 0; i < user_count; i++)
        add_row(index, &user[i], true, drafts);
    for (size_t i = 0; i < shipped_count; i++)
        add_row(index, &shipped[i], false, drafts);
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
    g_free(index->node_slots.slots);
    g_free(index->cell_slots.slots);
    g_free(index->entries);
    g_free(index->shapes);
    g_free(index->cells);
    g_free(index->globs);
    g_free(index);
}

/* ---- looking up ---- */

static const entry *
better_in_cell(const ts_name_index *index, const cell *globs, const ts_name_text *name, const entry *best)
{
    for (uint32_t i = 0; i < globs->count; i++) {
        const entry *candidate = &index->entries[index->globs[globs->first + i]];

        if (best != NULL && candidate->rank <= best->rank)
            break;
        if (ts_glob_match(candidate->row->pattern, candidate->length, name->text, name->length))
            return candidate;
    }
    return best;
}

static const entry *
better_glob(const ts_name_index *index, const node *at, const ts_name_text *name, const entry *best)
{
    for (uint32_t i = 0; i < at->shapes; i++) {
        const shape *ends = &index->shapes[at->first_shape + i];

        if ((size_t)ends->head + ends->tail > name->length ||
            (ends->head > 0 && name->text[ends->head - 1] != ends->before) ||
            (ends->tail > 0 && name->text[name->length - ends->tail] != ends->after))
            continue;

        const uint64_t hash = cell_hash(hash_head(name->text, ends->head), name->tail[name->length - ends->tail], ends);
        const uint32_t mask = index->cell_slots.mask;
        for (uint32_t s = slot_of(hash, mask); index->cell_slots.slots[s] != 0; s = (s + 1) & mask) {
            const cell *found = &index->cells[index->cell_slots.slots[s] - 1];

            if (found->hash == hash) {
                best = better_in_cell(index, found, name, best);
                break;
            }
        }
    }
    return best;
}

const ts_name_row *
ts_name_index_find(const ts_name_index *index, const ts_name_text *name, bool *user)
{
    const node *nodes = (const node *)(void *)index->nodes->data;
    const entry *best = better_glob(index, &nodes[0], name, NULL);

    for (size_t i = 0; i < name->labels; i++) {
        const size_t start = name->start[i];
        const uint32_t position = find_node(index, name->text + start, name->length - start, name->tail[start]);

        if (position == NONE)
            break;

        const node *at = &nodes[position];
        if (start == 0 && at->exact != NONE) {
            best = &index->entries[at->exact];
            break;
        }
        if (at->suffix != NONE && (best == NULL || index->entries[at->suffix].rank > best->rank))
            best = &index->entries[at->suffix];
        if (at->shapes > 0)
            best = better_glob(index, at, name, best);
    }
    if (best == NULL)
        return NULL;
    *user = best->user;
    return best->row;
}
