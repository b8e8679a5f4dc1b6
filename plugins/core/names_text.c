/* names_text.c
 * The text of a name made ready for look-ups, and the rules of globs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/names_hash.h"
#include "core/names_index.h"

static inline char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Without branches on what the name says: they can't be foretold. */
bool
ts_name_text_set(ts_name_text *name, const char *text, size_t length)
{
    if (length > 0 && text[length - 1] == '.')
        length--;
    if (length == 0 || length > TS_NAME_MAX)
        return false;

    uint64_t hash = 0;
    size_t labels = 0;
    bool next_dot = true, empty = false;

    name->text[length] = '\0';
    name->tail[length] = hash;
    for (size_t i = length; i-- > 0;) {
        const char c = lower(text[i]);
        const bool dot = c == '.';

        empty |= dot & next_dot;
        next_dot = dot;
        name->start[labels] = (uint8_t)(i + 1);
        labels += dot;
        name->text[i] = c;
        name->tail[i] = hash = ts_hash_before(hash, c);
    }
    name->start[labels++] = 0;
    name->labels = labels;
    name->length = length;
    return !empty && !next_dot;
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
