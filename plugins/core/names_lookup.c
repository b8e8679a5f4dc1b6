/* names_lookup.c
 * The best pattern for a name, out of the index
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * names_table.h says how the index is made.
 */

#include "core/names_table.h"

#include <string.h>

typedef struct {
    const ts_name_index *index;
    const ts_name_text *name;
    const ts_name_row *row;     /* the best one so far; NULL: nothing yet */
    uint32_t number;
    uint32_t rank;
} lookup;

static inline bool
may_have(const ts_name_index *index, uint64_t key)
{
    const uint64_t bits = ts_filter_bits(key);

    return (*ts_filter_word(index, key) & bits) == bits;
}

/* Whoever asked reads the row next: its way to the cache may begin while the pattern is compared. */
static inline const ts_name_row *
coming_row(const ts_name_index *index, uint32_t number)
{
    const ts_name_row *row = ts_index_row(index, number);

#ifdef __GNUC__
    __builtin_prefetch(row);
#endif
    return row;
}

/* ---- globs ---- */

/* What stands between the literal ends is left to the rules of globs. */
static bool
fits(const char *pattern, size_t pattern_length, const ts_shape *ends, const ts_name_text *name)
{
    const size_t literals = (size_t)ends->head + ends->tail;

    return memcmp(pattern, name->text, ends->head) == 0 &&
        memcmp(pattern + pattern_length - ends->tail, name->text + name->length - ends->tail, ends->tail) == 0 &&
        ts_glob_match(pattern + ends->head, pattern_length - literals, name->text + ends->head, name->length - literals);
}

/* False when neither this one nor a worse one is worth a try. */
static bool
try_glob(lookup *at, const ts_glob *glob, const ts_shape *ends)
{
    if (glob->rank < at->rank || (glob->rank == at->rank && glob->row > at->number))
        return false;

    const ts_name_row *row = coming_row(at->index, glob->row);
    if (!fits(at->index->texts + glob->text, glob->length, ends, at->name))
        return true;
    at->row = row;
    at->number = glob->row;
    at->rank = glob->rank;
    return false;
}

static void
try_cell(lookup *at, const ts_cell *cell, const ts_shape *ends)
{
    if (cell->globs.many.none != 0) {
        try_glob(at, &cell->globs.one, ends);
        return;
    }
    for (uint32_t i = 0; i < cell->globs.many.count; i++) {
        if (!try_glob(at, &at->index->globs[cell->globs.many.first + i], ends))
            return;
    }
}

static void
try_key(lookup *at, uint64_t hash, const ts_shape *ends)
{
    const ts_name_index *index = at->index;
    const uint64_t key = ts_hash_mix(hash);

    if (!may_have(index, key))
        return;
    for (uint32_t i = (uint32_t)key & index->cell_mask; index->cells[i].tag != 0; i = (i + 1) & index->cell_mask) {
        if (index->cells[i].tag == ts_key_tag(key))
            try_cell(at, &index->cells[i], ends);
    }
}

/* Each place between the ends where the middle may stand. */
static void
try_middles(lookup *at, uint64_t hash, const ts_shape *ends)
{
    const ts_name_text *name = at->name;
    const size_t last = name->length - ends->tail;

    for (size_t i = ends->head; i + ends->middle <= last; i++) {
        if (name->text[i] != ends->inside)
            continue;

        const uint64_t middle = ts_hash_between(name->tail[i], name->tail[i + ends->middle], ends->middle);
        try_key(at, ts_middle_hash(hash, middle, ends->middle), ends);
    }
}

static void
try_shape(lookup *at, const ts_shape *ends)
{
    const ts_name_text *name = at->name;

    if ((size_t)ends->head + ends->tail > name->length ||
        (ends->head > 0 && name->text[ends->head - 1] != ends->before) ||
        (ends->tail > 0 && name->text[name->length - ends->tail] != ends->after))
        return;

    const uint64_t head = ts_hash_between(name->tail[0], name->tail[ends->head], ends->head);
    const uint64_t hash = ts_ends_hash(head, name->tail[name->length - ends->tail], ends);
    if (ends->middle == 0)
        try_key(at, hash, ends);
    else
        try_middles(at, hash, ends);
}

static void
try_shapes(lookup *at, uint32_t first)
{
    if (first == TS_NO_SHAPES)
        return;
    for (const ts_shape *ends = &at->index->shapes[first];; ends++) {
        try_shape(at, ends);
        if (ends->last)
            return;
    }
}

/* ---- whole labels ---- */

/* Is the node's row the best so far? Its pattern is the run that the name ends in from start on. */
static void
try_run(lookup *at, const ts_node *node, size_t start, uint32_t rank)
{
    if (rank <= at->rank)
        return;

    const ts_name_row *row = coming_row(at->index, node->row);
    if (strcmp(at->index->texts + node->text, at->name->text + start) != 0)
        return;
    at->row = row;
    at->number = node->row;
    at->rank = rank;
}

/* Wins whatever else there is. */
static bool
try_exact(lookup *at)
{
    const ts_name_index *index = at->index;
    const uint64_t key = ts_hash_mix(at->name->tail[0]);

    if (!may_have(index, key))
        return false;
    for (uint32_t i = (uint32_t)key & index->node_mask; index->nodes[i].tag != 0; i = (i + 1) & index->node_mask) {
        if (index->nodes[i].tag == ts_key_tag(key) && index->nodes[i].match == TS_MATCH_EXACT)
            try_run(at, &index->nodes[i], 0, UINT32_MAX);
    }
    return at->row != NULL;
}

/* False when no pattern ends in the run. */
static bool
try_labels(lookup *at, size_t start)
{
    const ts_name_index *index = at->index;
    const uint64_t key = ts_hash_mix(at->name->tail[start]);
    bool known = false;

    if (!may_have(index, key))
        return false;
    for (uint32_t i = (uint32_t)key & index->node_mask; index->nodes[i].tag != 0; i = (i + 1) & index->node_mask) {
        const ts_node *node = &index->nodes[i];

        if (node->tag != ts_key_tag(key))
            continue;
        known = true;
        if (node->match == TS_MATCH_SUFFIX)
            try_run(at, node, start, ts_index_rank(index, node->row, at->name->length - start, TS_MATCH_SUFFIX));
        try_shapes(at, node->shapes);
    }
    return known;
}

const ts_name_row *
ts_name_index_find(const ts_name_index *index, const ts_name_text *name, bool *user)
{
    lookup at = { .index = index, .name = name };

    if (!try_exact(&at)) {
        try_shapes(&at, index->root_shapes);
        for (size_t i = 0; i < name->labels && try_labels(&at, name->start[i]); i++)
            ;
    }
    *user = at.number < index->user_count;
    return at.row;
}
