/* names_required.c
 * Which names Microsoft lists as required
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A hash of the whole labels at the end of each pattern, asked for every such
 * end of a name: a few probes, however long the list.
 */

#include "core/names.h"

#include <string.h>

#include "core/names_data.h"
#include "core/names_hash.h"
#include "core/names_index.h"

#define SLOTS       512     /* a power of two */
#define ROWS_MAX    512
#define NO_ROW      UINT16_MAX

static uint16_t slots[SLOTS];       /* the first row */
static uint16_t next_row[ROWS_MAX]; /* of the same slot, in the order of the list */
static uint64_t keys[ROWS_MAX];
static bool ready;

static unsigned
slot_of(uint64_t key)
{
    return (unsigned)(ts_hash_mix(key) % SLOTS);
}

/* Where the whole labels begin that follow the last wildcard. */
static size_t
key_offset(const ts_required_row *row)
{
    const char *wildcard = row->match == TS_MATCH_EXACT ? NULL : strrchr(row->pattern, '*');

    if (wildcard == NULL)
        return 0;
    const char *dot = strchr(wildcard, '.');

    return dot == NULL ? row->length : (size_t)(dot + 1 - row->pattern);
}

static void
prepare(void)
{
    memset(slots, 0xff, sizeof slots);
    for (size_t i = ts_required_count < ROWS_MAX ? ts_required_count : ROWS_MAX; i-- > 0;) {
        const ts_required_row *row = &ts_required_rows[i];
        const size_t offset = key_offset(row);

        keys[i] = ts_hash_run(row->pattern + offset, row->length - offset);
        next_row[i] = slots[slot_of(keys[i])];
        slots[slot_of(keys[i])] = (uint16_t)i;
    }
    ready = true;
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

static bool
row_matches(const ts_required_row *row, const ts_name_text *text)
{
    if (row->match == TS_MATCH_EXACT)
        return row->length == text->length && memcmp(row->pattern, text->text, text->length) == 0;
    return ts_glob_match(row->pattern, row->length, text->text, text->length);
}

/* The first row of the list with this key that holds, if it comes before the best so far. */
static uint16_t
probe(uint64_t key, const ts_name_text *text, ts_cloud cloud, uint16_t best)
{
    for (uint16_t i = slots[slot_of(key)]; i < best; i = next_row[i])
        if (keys[i] == key && list_applies(ts_required_rows[i].cloud, cloud) && row_matches(&ts_required_rows[i], text))
            return i;
    return best;
}

const char *
ts_names_required_set(const char *name, size_t length, ts_cloud cloud)
{
    ts_name_text text;

    if (!ts_name_text_set(&text, name, length))
        return NULL;
    if (!ready)
        prepare();

    uint16_t best = probe(0, &text, cloud, NO_ROW);

    for (size_t i = 0; i < text.labels; i++)
        best = probe(text.tail[text.start[i]], &text, cloud, best);
    return best == NO_ROW ? NULL : ts_required_rows[best].set;
}
