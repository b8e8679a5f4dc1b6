/* names_lookalike.c
 * Names that imitate Microsoft's sign-in names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The names worth imitating are rows of key_names.csv. A name is compared in
 * windows of whole labels, so that teams.microsoft.com.example and
 * teams-microsoft.com are found wherever the imitation stands. Nothing in a
 * zone of Microsoft's, and nothing that the taxonomy knows, is a lookalike.
 */

#include "core/names.h"

#include <glib.h>
#include <string.h>

#include "core/names_data.h"
#include "core/names_index.h"

#define LABELS_MAX  (TS_NAME_MAX / 2 + 1)

typedef struct {
    const char *text;
    size_t length;
} run;

/* A name, label by label, as written and as it looks. */
typedef struct {
    const ts_name_text *name;
    size_t count;
    size_t start[LABELS_MAX + 1];       /* of each label in the text, from the left */
    size_t looks_start[LABELS_MAX + 1]; /* and in looks */
    uint64_t letters[LABELS_MAX];       /* of each label */
    char looks[TS_NAME_MAX + 1];
} labels;

/* A row of key_names.csv with what every comparison asks of it. */
typedef struct {
    const ts_key_name *row;
    run real;
    run looks;
    run base_looks;         /* without the top level domain */
    uint64_t letters;
    size_t labels;
} key;

/* ---- what looks alike ---- */

/* Drops separators and joins characters that look alike; the new length. */
static size_t
squash(run text, char *out)
{
    size_t length = 0;

    for (size_t i = 0; i < text.length; i++) {
        const char c = text.text[i];
        const char next = i + 1 < text.length ? text.text[i + 1] : '\0';

        if (c == '-' || c == '.')
            continue;
        if ((c == 'r' && next == 'n') || (c == 'v' && next == 'v')) {
            out[length++] = c == 'r' ? 'm' : 'w';
            i++;
        } else if (c == '0') {
            out[length++] = 'o';
        } else {
            out[length++] = c == '1' || c == 'i' ? 'l' : c;
        }
    }
    return length;
}

/* Which characters a text has, a bit each; separators do not count. */
static uint64_t
letters_of(run text)
{
    uint64_t letters = 0;

    for (size_t i = 0; i < text.length; i++) {
        if (text.text[i] != '.')
            letters |= UINT64_C(1) << (text.text[i] & 63);
    }
    return letters;
}

/*
 * Can texts with these letters be so few edits apart? An edit brings in one
 * letter and takes out one, so most names need no comparison.
 */
static bool
letters_allow(uint64_t a, uint64_t b, unsigned edits)
{
    uint64_t only_a = a & ~b, only_b = b & ~a;

    for (; edits > 0; edits--) {
        only_a &= only_a - 1;
        only_b &= only_b - 1;
    }
    return only_a == 0 && only_b == 0;
}

static bool
same(run a, run b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static void
labels_set(labels *all, const ts_name_text *name)
{
    size_t length = 0;

    all->name = name;
    all->count = name->labels;
    for (size_t i = 0; i < all->count; i++) {
        const size_t start = name->start[all->count - 1 - i];
        const size_t end = i + 1 < all->count ? name->start[all->count - 2 - i] - 1u : name->length;

        all->start[i] = start;
        all->looks_start[i] = length;
        all->letters[i] = letters_of((run) { name->text + start, end - start });
        length += squash((run) { name->text + start, end - start }, all->looks + length);
    }
    all->start[all->count] = name->length + 1;
    all->looks_start[all->count] = length;
}

/* Labels first to last, last not among them. */
static run
window(const labels *all, size_t first, size_t last)
{
    return (run) { all->name->text + all->start[first], all->start[last] - 1 - all->start[first] };
}

static run
window_looks(const labels *all, size_t first, size_t last)
{
    return (run) { all->looks + all->looks_start[first], all->looks_start[last] - all->looks_start[first] };
}

static size_t
count_labels(run text)
{
    size_t count = 1;

    for (size_t i = 0; i < text.length; i++)
        count += text.text[i] == '.';
    return count;
}

static run
without_last_label(run text)
{
    while (text.length > 0 && text.text[text.length - 1] != '.')
        text.length--;
    if (text.length > 0)
        text.length--;
    return text;
}

/* Edits and swaps of neighbours between two texts (optimal string alignment), or more than most. */
static unsigned
edit_distance(run a, run b, unsigned most)
{
    uint8_t rows[3][TS_NAME_MAX + 2];
    uint8_t *before = rows[0], *last = rows[1], *here = rows[2];

    if (a.length > b.length + most || b.length > a.length + most)
        return most + 1;
    for (size_t j = 0; j <= b.length; j++)
        last[j] = (uint8_t)j;
    for (size_t i = 1; i <= a.length; i++) {
        uint8_t least = here[0] = (uint8_t)i;

        for (size_t j = 1; j <= b.length; j++) {
            const bool equal = a.text[i - 1] == b.text[j - 1];
            uint8_t best = (uint8_t)(last[j - 1] + !equal);

            best = MIN(best, (uint8_t)(last[j] + 1));
            best = MIN(best, (uint8_t)(here[j - 1] + 1));
            if (i > 1 && j > 1 && a.text[i - 1] == b.text[j - 2] && a.text[i - 2] == b.text[j - 1])
                best = MIN(best, (uint8_t)(before[j - 2] + 1));
            here[j] = best;
            least = MIN(least, best);
        }
        if (least > most)
            return most + 1;

        uint8_t *spare = before;
        before = last;
        last = here;
        here = spare;
    }
    return last[b.length];
}

/* A slip of the finger: one letter left out, doubled, or swapped with its neighbour. */
static bool
is_slip(run real, run typed)
{
    size_t i = 0;

    if (edit_distance(real, typed, 1) != 1)
        return false;
    while (i < real.length && i < typed.length && real.text[i] == typed.text[i])
        i++;
    if (typed.length > real.length)
        return i > 0 && typed.text[i] == typed.text[i - 1];
    return typed.length < real.length || (i + 1 < typed.length && real.text[i] == typed.text[i + 1]);
}

/* ---- the kinds of keys ---- */

static bool
window_letters_allow(const labels *all, const key *like, size_t first, size_t last)
{
    uint64_t letters = 0;

    for (size_t i = first; i < last; i++)
        letters |= all->letters[i];
    return letters_allow(letters, like->letters, 2);
}

/* The same looks, with other separators or characters where that is needed. */
static bool
looks_like(const labels *all, const key *like, size_t first, size_t last)
{
    const run looks = window_looks(all, first, last);

    if (same(looks, like->looks))
        return like->row->kind == TS_KEY_HOST || !same(window(all, first, last), like->real);
    /* Without the top level domain too, for names that are long enough to mean it. */
    if (like->row->kind == TS_KEY_HOST && like->row->distance < 2)
        return false;

    const run base = without_last_label(like->real);
    return base.length >= 9 && same(looks, like->base_looks) && !same(window(all, first, last), base);
}

/* The whole name, and a hyphen where its top level domain should end: teams.microsoft.com-login.example. */
static bool
goes_on_with_hyphen(run typed, run real)
{
    return typed.length > real.length && memcmp(typed.text, real.text, real.length) == 0 && typed.text[real.length] == '-';
}

static bool
window_imitates_host(const labels *all, const key *like, size_t first, size_t last)
{
    const size_t count = last - first;

    if (looks_like(all, like, first, last) || (count == like->labels && goes_on_with_hyphen(window(all, first, last), like->real)))
        return true;
    if (count + 1 < like->labels || count > like->labels + 1 || !window_letters_allow(all, like, first, last))
        return false;
    /* In short names a replaced letter makes another word: only slips count. */
    return like->row->distance < 2 ? like->row->distance == 1 && is_slip(like->real, window(all, first, last)) :
        edit_distance(window(all, first, last), like->real, 2) <= 2;
}

/* One label more than the key has, somewhere in it. */
static bool
has_extra_label(const labels *all, const key *like)
{
    if (all->count != like->labels + 1)
        return false;
    for (size_t extra = 0; extra < all->count; extra++) {
        char joined[TS_NAME_MAX + 1];
        size_t length = all->start[extra];

        memcpy(joined, all->name->text, length);
        if (extra + 1 < all->count) {
            const run rest = window(all, extra + 1, all->count);

            memcpy(joined + length, rest.text, rest.length);
            length += rest.length;
        } else if (length > 0) {
            length--;
        }
        if (same((run) { joined, length }, like->real))
            return true;
    }
    return false;
}

static bool
window_imitates_zone(const labels *all, const key *like, size_t first, size_t last)
{
    const run real = like->real;
    const run base = without_last_label(real);
    const run typed = window(all, first, last);
    const run typed_base = without_last_label(typed);

    if (looks_like(all, like, first, last))
        return true;
    /* Typing errors count in the registered name alone, and under the same top level domain. */
    return last == all->count && last - first == like->labels && window_letters_allow(all, like, first, last) &&
        same((run) { real.text + base.length, real.length - base.length },
             (run) { typed.text + typed_base.length, typed.length - typed_base.length }) &&
        is_slip(base, typed_base);
}

static bool
imitates(const labels *all, const key *like)
{
    if (like->row->kind == TS_KEY_OWNED)
        return false;
    if (like->row->kind == TS_KEY_HOST && has_extra_label(all, like))
        return true;
    for (size_t first = 0; first < all->count; first++) {
        const size_t most = like->row->kind == TS_KEY_BRAND ? first + 1 : MIN(all->count, first + 5);

        for (size_t last = first + 1; last <= most; last++) {
            if (like->row->kind == TS_KEY_BRAND ?
                window_letters_allow(all, like, first, last) && is_slip(like->real, window(all, first, last)) :
                like->row->kind == TS_KEY_HOST ? window_imitates_host(all, like, first, last) :
                window_imitates_zone(all, like, first, last))
                return true;
        }
    }
    return false;
}

/* ---- what is Microsoft's ---- */

static bool
is_in_zone(const ts_name_text *name, const char *zone, size_t length)
{
    return name->length >= length && memcmp(name->text + name->length - length, zone, length) == 0 &&
        (name->length == length || name->text[name->length - length - 1] == '.');
}

static bool
is_known(const ts_name_text *name)
{
    bool user;

    for (size_t i = 0; i < ts_key_count; i++) {
        if (ts_key_names[i].kind == TS_KEY_OWNED && is_in_zone(name, ts_key_names[i].name, ts_key_names[i].length))
            return true;
    }
    const ts_name_row *row = ts_name_index_find(ts_name_index_shipped(), name, &user);

    return row != NULL && row->trust != TS_TRUST_CUSTOMER;
}

/* ---- the keys ---- */

static run
squashed(run text)
{
    char *looks = (char *)g_malloc(text.length + 1);
    const size_t length = squash(text, looks);

    return (run) { looks, length };
}

/* All keys, made once and kept. */
static const key *
all_keys(void)
{
    static gsize keys;

    if (g_once_init_enter(&keys)) {
        key *made = g_new0(key, ts_key_count);

        for (size_t i = 0; i < ts_key_count; i++) {
            const run real = { ts_key_names[i].name, ts_key_names[i].length };

            made[i] = (key) {
                .row = &ts_key_names[i],
                .real = real,
                .looks = squashed(real),
                .base_looks = squashed(without_last_label(real)),
                .letters = letters_of(real),
                .labels = count_labels(real),
            };
        }
        g_once_init_leave(&keys, (gsize)made);
    }
    return (const key *)keys;
}

const char *
ts_names_lookalike(const char *name, size_t length)
{
    ts_name_text text;
    labels all;

    if (!ts_name_text_set(&text, name, length) || is_known(&text))
        return NULL;
    labels_set(&all, &text);

    const key *keys = all_keys();
    for (size_t i = 0; i < ts_key_count; i++) {
        if (imitates(&all, &keys[i]))
            return keys[i].row->imitates;
    }
    return NULL;
}
