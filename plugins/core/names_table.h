/* names_table.h
 * How the index over patterns of names lies in memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * With many rows a lookup costs what it reads from far memory, so the index
 * is made to be read in few places:
 *
 * A node stands for each run of whole labels that a pattern ends in ("net",
 * "cloudapp.net"). A lookup goes from the last label to the first and stops
 * at the first run that no pattern has. A node leads to the row whose pattern
 * is the run itself, and to the shapes of the globs whose literal end begins
 * within the label before it.
 *
 * A shape says how many literal characters stand before the first and after
 * the last wildcard. The literal ends of a name that it cuts are the key of a
 * cell, which has the globs that share both ends. Where those are many, the
 * longest literal run between their wildcards joins the key, and is looked
 * for at each place where its first character stands. Thus 100,000 globs cost
 * a few probes.
 *
 * The filter answers nearly all probes for keys that neither table has: it is
 * two or three bytes a key, so that it stays in a near cache where the tables
 * don't. Tables know their keys by the mixed hash's upper half alone. What is
 * found is therefore only a candidate until its pattern is compared; patterns
 * are copied to one block, and where they are stands in the table.
 */

#ifndef TEAMSHARK_CORE_NAMES_TABLE_H
#define TEAMSHARK_CORE_NAMES_TABLE_H

#include "core/names_hash.h"
#include "core/names_index.h"

#define TS_NO_SHAPES    UINT32_MAX

/* Open addressing in both tables: equal keys follow each other, tag 0 is a free slot. */

/* Rows are known by their number: the user's come first, then the shipped ones. */
typedef struct {
    uint32_t tag;
    uint32_t row : 30;
    uint32_t match : 2;     /* of the row; TS_MATCH_GLOB: there is no row for the run itself */
    uint32_t text;          /* the run, in index->texts */
    uint32_t shapes;        /* the first in index->shapes, or TS_NO_SHAPES */
} ts_node;

typedef struct {
    uint32_t row;
    uint32_t text;          /* the pattern, in index->texts */
    uint16_t rank;          /* of two matches the higher one wins */
    uint8_t length;         /* of the pattern */
} ts_glob;

/* A glob that is alone stands in its cell. */
typedef struct {
    uint32_t tag;
    union {
        ts_glob one;
        struct {
            uint32_t first; /* in index->globs, the best first */
            uint32_t count;
            uint32_t none;  /* where a glob has its length: 0 */
        } many;
    } globs;
} ts_cell;

typedef struct {
    uint8_t head;           /* literal characters before the first wildcard */
    uint8_t tail;           /* and after the last one */
    uint8_t middle;         /* and in the run between them that is part of the key, or 0 */
    char before;            /* the last of the head, '\0' where there is none */
    char after;             /* the first of the tail */
    char inside;            /* the first of the middle */
    bool last;              /* of its node */
} ts_shape;

struct ts_name_index {
    const ts_name_row *user;
    const ts_name_row *shipped;
    uint32_t user_count;
    uint32_t root_shapes;   /* of globs without a whole label at the end */
    uint32_t filter_mask;
    uint32_t node_mask;
    uint32_t cell_mask;
    uint64_t *filter;
    ts_node *nodes;
    ts_cell *cells;
    ts_shape *shapes;
    ts_glob *globs;
    char *texts;            /* each with its terminator */
};

static inline uint32_t
ts_key_tag(uint64_t key)
{
    return (uint32_t)(key >> 32) | 1u;
}

/* A key sets three bits of one word. */
static inline uint64_t
ts_filter_bits(uint64_t key)
{
    return UINT64_C(1) << (key >> 32 & 63) | UINT64_C(1) << (key >> 38 & 63) | UINT64_C(1) << (key >> 44 & 63);
}

static inline uint64_t *
ts_filter_word(const ts_name_index *index, uint64_t key)
{
    return &index->filter[(uint32_t)key & index->filter_mask];
}

static inline const ts_name_row *
ts_index_row(const ts_name_index *index, uint32_t number)
{
    return number < index->user_count ? &index->user[number] : &index->shipped[number - index->user_count];
}

/* Most literal characters, then the user's, then suffix (the lowest bit set) before glob. */
static inline uint32_t
ts_index_rank(const ts_name_index *index, uint32_t number, size_t literals, ts_name_match match)
{
    return (uint32_t)literals << 2 | (number < index->user_count ? 2u : 0u) | (match == TS_MATCH_SUFFIX ? 1u : 0u);
}

/* The key of the globs that have these ends. */
static inline uint64_t
ts_ends_hash(uint64_t head, uint64_t tail, const ts_shape *ends)
{
    return ts_hash_join(head, tail, (size_t)ends->head * 256 + ends->tail);
}

/* And this between their wildcards. */
static inline uint64_t
ts_middle_hash(uint64_t ends, uint64_t middle, size_t length)
{
    return ts_hash_join(ends, middle, length);
}

#endif /* TEAMSHARK_CORE_NAMES_TABLE_H */
