/* names.c
 * Names: case and a trailing dot do not matter, and rows of the user's match what a plain matcher says
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/names_index.h"
#include "../../unit/exact_buffer.h"
#include "../../unit/names_shipped.h"

#include "subjects.h"

#define ROWS_MAX 40

/* ---- one name ---- */

static const ts_name_row *
row_of_copy(const char *name, size_t length, bool upper, bool dot)
{
    char *copy = (char *)malloc(length + 1);
    ts_name_result info;

    g_assert_nonnull(copy);
    for (size_t i = 0; i < length; i++)
        copy[i] = upper ? g_ascii_toupper(name[i]) : name[i];
    copy[length] = '.';
    ts_names_classify(shipped(), copy, length + dot, &info);
    free(copy);
    return info.row;
}

void
fuzz_name(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = exact_copy(bytes, length);
    const char *name = (const char *)copy;
    ts_name_result info;

    if (ts_names_classify(shipped(), name, length, &info)) {
        g_assert_nonnull(info.row);
        g_assert_cmpuint(strlen(info.forest), <=, 3);
        if (info.row->trust != TS_TRUST_CUSTOMER)
            g_assert_null(ts_names_lookalike(name, length));
    } else {
        g_assert_null(info.row);
        g_assert_null(info.region);
        ts_names_lookalike(name, length);
    }
    for (int cloud = 0; cloud < TS_CLOUD_COUNT; cloud++)
        ts_names_required(name, length, (ts_cloud)cloud, 202001);
    g_assert_true(row_of_copy(name, length, true, false) == info.row);
    if (length > 0 && name[length - 1] != '.')
        g_assert_true(row_of_copy(name, length, false, true) == info.row);
    free(copy);
}

static void
append_piece(GString *name, unsigned choice)
{
    size_t rows, tokens;
    const ts_name_row *row = ts_names_shipped(&rows);
    const ts_token_row *token = ts_names_tokens(&tokens);

    choice %= (unsigned)(rows + tokens);
    g_string_append(name, choice < rows ? row[choice].pattern : token[choice - rows].token);
}

void
fuzz_name_of_pieces(const uint8_t *bytes, size_t length)
{
    GString *name = g_string_new(NULL);

    for (size_t i = 0; i < length && name->len < 2 * TS_NAME_MAX; i++) {
        if (bytes[i] < 0x80 || i + 1 == length)
            g_string_append_c(name, (char)bytes[i]);
        else if (bytes[i] == 0xFF)
            g_string_append_c(name, (char)bytes[++i]);
        else {
            append_piece(name, (bytes[i] & 0x7Fu) << 8 | bytes[i + 1]);
            i++;
        }
    }
    fuzz_name((const uint8_t *)name->str, name->len);
    g_string_free(name, TRUE);
}

/* ---- rows of the user's ---- */

static bool
same_letter(char a, char b)
{
    return g_ascii_tolower(a) == g_ascii_tolower(b);
}

/* The matcher as the description of patterns has it, by trying everything. *steps bounds what that costs. */
static bool
glob_fits(const char *pattern, const char *text, const char *end, unsigned *steps)
{
    if (*steps == 0)
        return false;
    --*steps;
    if (pattern[0] == '\0')
        return text == end;
    if (pattern[0] == '*') {
        const bool any = pattern[1] == '*';

        for (const char *rest = text + any; rest <= end; rest++) {
            if (glob_fits(pattern + 1 + any, rest, end, steps))
                return true;
            if (rest < end && *rest == '.' && !any)
                return false;
        }
        return false;
    }
    return text < end && same_letter(*pattern, *text) && glob_fits(pattern + 1, text + 1, end, steps);
}

static bool
row_fits(const ts_name_row *row, const char *name, size_t length, unsigned *steps)
{
    const size_t size = strlen(row->pattern);

    switch (row->match) {
    case TS_MATCH_EXACT:
        return size == length && g_ascii_strncasecmp(row->pattern, name, length) == 0;
    case TS_MATCH_SUFFIX:
        return size <= length && g_ascii_strncasecmp(row->pattern, name + length - size, size) == 0 &&
            (size == length || name[length - size - 1] == '.');
    default:
        return glob_fits(row->pattern, name, name + length, steps);
    }
}

static void
compare_with_rows(const ts_names *names, const ts_name_row *rows, size_t count, const char *name, size_t length)
{
    unsigned steps = 200000;
    bool any = false, exact = false, found;
    ts_name_result info;
    ts_name_text text;

    found = ts_names_classify(names, name, length, &info);
    if (!ts_name_text_set(&text, name, length)) {
        g_assert_false(found);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const bool fits = row_fits(&rows[i], text.text, text.length, &steps);

        any = any || fits;
        exact = exact || (fits && rows[i].match == TS_MATCH_EXACT);
        if (found && info.user && g_ascii_strcasecmp(info.row->pattern, rows[i].pattern) == 0 &&
            info.row->match == rows[i].match && steps > 0)
            g_assert_true(fits);
    }
    if (steps == 0)
        return;
    if (any)
        g_assert_true(found);
    if (exact)
        g_assert_true(info.user);
    if (found && info.user)
        g_assert_true(any);
}

void
fuzz_rows(const uint8_t *bytes, size_t length)
{
    char *text = g_strndup((const char *)bytes, length);
    char **lines = g_strsplit(text, "\n", ROWS_MAX + 1);
    const size_t last = g_strv_length(lines);
    ts_name_row rows[ROWS_MAX];
    size_t count = 0;

    for (size_t i = 0; i + 1 < last; i++) {
        rows[count] = (ts_name_row) {
            .match = (ts_name_match)((uint8_t)lines[i][0] % 4), .pattern = lines[i][0] ? lines[i] + 1 : "",
            .description = "", .source = "user",
        };
        char *problem = ts_name_row_check(&rows[count]);

        count += problem == NULL;
        g_free(problem);
    }
    if (last > 0) {
        char *error = NULL;
        ts_names *names = ts_names_new(rows, count, &error);
        const size_t size = strlen(lines[last - 1]);
        uint8_t *name = exact_copy(lines[last - 1], size);

        g_assert_nonnull(names);
        compare_with_rows(names, rows, count, (const char *)name, size);
        free(name);
        ts_names_free(names);
    }
    g_strfreev(lines);
    g_free(text);
}
