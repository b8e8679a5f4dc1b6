/* test_glob.c
 * The rules of '*' and '**', and which of several patterns wins
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "core/names.h"
#include "core/names_index.h"

static const struct {
    const char *pattern, *text;
    bool matches;
} globs[] = {
    { "a*b.example", "ab.example", true },              /* '*': none */
    { "a*b.example", "axyb.example", true },
    { "a*b.example", "ax.b.example", false },           /* no dot in it */
    { "*.example", "a.example", true },
    { "*.example", "a.b.example", false },
    { "*.example", "example", false },
    { "**.example", "a.b.example", true },
    { "**.example", ".example", false },                /* '**': one or more */
    { "**.example", "example", false },
    { "a.**", "a.b", true },
    { "a.**", "a.", false },
    { "a**", "ab.c", true },
    { "a**", "a", false },
    { "**a", "bca", true },
    { "*a*a*", "aa", true },
    { "*a*a*", "a", false },
    { "*-cc-*-skype.cloudapp.net", "a-cc-usea2-01-skype.cloudapp.net", true },
    { "*-cc-*-skype.cloudapp.net", "a-cc--skype.cloudapp.net", true },
    { "*-cc-*-skype.cloudapp.net", "a-cc-skype.cloudapp.net", false },
    { "*-cc-*-skype.cloudapp.net", "a-cc-x.y-skype.cloudapp.net", false },
    { "**.x.*.example", "a.x.x.b.example", true },      /* the later try of '**' */
    { "**.x.*.example", "x.b.example", false },
    { "**-*.b", "a-c.d-e.b", true },
    { "**aab", "aaab", true },
    { "*x*.y**z", "axb.yz.z", true },
    { "*x*.y**z", "axb.yz", false },
    { "**b**", "abc", true },
    { "**b**", "ab", false },
    { "", "", true },
    { "*", "", true },
    { "*", "abc", true },
    { "*", "a.b", false },
    { "**", "", false },
    { "**", "a.b", true }
};

static void
test_rules(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(globs); i++) {
        g_test_message("%s on %s", globs[i].pattern, globs[i].text);
        g_assert_cmpint(ts_glob_match(globs[i].pattern, strlen(globs[i].pattern), globs[i].text, strlen(globs[i].text)),
                        ==, globs[i].matches);
    }
}

/* The rules word by word, without any cleverness. */
static bool
plain_match(const char *pattern, const char *text)
{
    if (pattern[0] == '*' && pattern[1] == '*') {
        for (const char *rest = text; *rest != '\0'; rest++) {
            if (plain_match(pattern + 2, rest + 1))
                return true;
        }
        return false;
    }
    if (pattern[0] == '*') {
        for (const char *rest = text;; rest++) {
            if (plain_match(pattern + 1, rest))
                return true;
            if (*rest == '\0' || *rest == '.')
                return false;
        }
    }
    if (pattern[0] == '\0' || text[0] == '\0')
        return pattern[0] == text[0];
    return pattern[0] == text[0] && plain_match(pattern + 1, text + 1);
}

/* Short texts of few letters meet every corner of the rules soon. */
static void
test_against_plain_rules(void)
{
    GRand *random = g_rand_new_with_seed(20170928);

    for (unsigned i = 0; i < 200000; i++) {
        char pattern[12] = "", text[12] = "";

        for (int c = g_rand_int_range(random, 0, 8); c > 0; c--)
            pattern[c - 1] = "ab.**"[g_rand_int_range(random, 0, 5)];
        for (int c = g_rand_int_range(random, 0, 9); c > 0; c--)
            text[c - 1] = "ab."[g_rand_int_range(random, 0, 3)];
        if (strstr(pattern, "***") != NULL)
            continue;
        if (ts_glob_match(pattern, strlen(pattern), text, strlen(text)) != plain_match(pattern, text))
            g_error("%s on %s", pattern, text);
    }
    g_rand_free(random);
}

#define ROW(p, m) { .pattern = p, .match = m, .description = "", .source = "" }

static const ts_name_row rows[] = {
    ROW("example", TS_MATCH_SUFFIX),
    ROW("teams.example", TS_MATCH_SUFFIX),
    ROW("sip.**", TS_MATCH_GLOB),
    ROW("*.teams.example", TS_MATCH_GLOB),
    ROW("api*.teams.example", TS_MATCH_GLOB),
    ROW("api-*-eu.teams.example", TS_MATCH_GLOB),
    ROW("api-*.teams.example", TS_MATCH_GLOB),
    ROW("teams.example", TS_MATCH_EXACT),
    ROW("sip.teams.example", TS_MATCH_EXACT),
    ROW("*middle*", TS_MATCH_GLOB),
    ROW("**.deep.example", TS_MATCH_GLOB),
    ROW("x*z.example", TS_MATCH_GLOB),
    ROW("xy*z.example", TS_MATCH_GLOB)
};

static const struct {
    const char *name, *pattern;
    ts_name_match match;
} winners[] = {
    { "example", "example", TS_MATCH_SUFFIX },
    { "a.example", "example", TS_MATCH_SUFFIX },
    { "teams.example", "teams.example", TS_MATCH_EXACT },
    { "a.b.teams.example", "teams.example", TS_MATCH_SUFFIX },
    { "a.teams.example", "*.teams.example", TS_MATCH_GLOB },        /* one literal more than the suffix */
    { "api.teams.example", "api*.teams.example", TS_MATCH_GLOB },
    { "api-x.teams.example", "api-*.teams.example", TS_MATCH_GLOB },
    { "api-x-eu.teams.example", "api-*-eu.teams.example", TS_MATCH_GLOB },
    { "sip.teams.example", "sip.teams.example", TS_MATCH_EXACT },
    { "sip.a.teams.example", "teams.example", TS_MATCH_SUFFIX },    /* beats sip.** */
    { "sip.a", "sip.**", TS_MATCH_GLOB },
    { "sip.example", "example", TS_MATCH_SUFFIX },
    { "themiddle", "*middle*", TS_MATCH_GLOB },
    { "middle.org", NULL, TS_MATCH_EXACT },
    { "a.b.deep.example", "**.deep.example", TS_MATCH_GLOB },
    { "deep.example", "example", TS_MATCH_SUFFIX },
    { "xyz.example", "xy*z.example", TS_MATCH_GLOB },
    { "xz.example", "x*z.example", TS_MATCH_GLOB },
    { "notexample", NULL, TS_MATCH_EXACT }
};

static void
test_precedence(void)
{
    ts_name_index *index = ts_name_index_new(NULL, 0, rows, G_N_ELEMENTS(rows));

    for (size_t i = 0; i < G_N_ELEMENTS(winners); i++) {
        ts_name_text text;
        bool user;
        const ts_name_row *found;

        g_test_message("%s", winners[i].name);
        g_assert_true(ts_name_text_set(&text, winners[i].name, strlen(winners[i].name)));
        found = ts_name_index_find(index, &text, &user);
        if (winners[i].pattern == NULL) {
            g_assert_null(found);
            continue;
        }
        g_assert_nonnull(found);
        g_assert_cmpstr(found->pattern, ==, winners[i].pattern);
        g_assert_cmpint(found->match, ==, winners[i].match);
    }
    ts_name_index_free(index);
}

/* ---- the index against all rows one by one ---- */

#define ROWS_MOST 300

static char *
random_text(GRand *random, const char *letters, int most)
{
    char *text = g_new0(char, (size_t)most + 1);

    for (int i = g_rand_int_range(random, 1, most + 1); i > 0; i--)
        text[i - 1] = letters[g_rand_int_range(random, 0, (gint32)strlen(letters))];
    return text;
}

static size_t
literals_of(const char *pattern)
{
    size_t count = strlen(pattern);

    for (; *pattern != '\0'; pattern++)
        count -= *pattern == '*';
    return count;
}

static bool
row_matches(const ts_name_row *row, const char *name)
{
    const size_t length = strlen(row->pattern), name_length = strlen(name);

    if (row->match == TS_MATCH_GLOB)
        return plain_match(row->pattern, name);
    if (strcmp(row->pattern, name) == 0)
        return true;
    return row->match == TS_MATCH_SUFFIX && name_length > length && name[name_length - length - 1] == '.' &&
        strcmp(name + name_length - length, row->pattern) == 0;
}

/* Exact, then literal characters, then the user's, then suffix, then the earlier row. */
static size_t
weight(const ts_name_row *row, bool user)
{
    return (row->match == TS_MATCH_EXACT ? 10000u : 0u) + literals_of(row->pattern) * 4 + (user ? 2u : 0u) +
        (row->match == TS_MATCH_SUFFIX ? 1u : 0u);
}

static size_t
random_rows(GRand *random, ts_name_row *out)
{
    size_t count = 0;

    for (int tries = g_rand_int_range(random, 1, ROWS_MOST); tries > 0; tries--) {
        ts_name_row row = { .match = (ts_name_match)g_rand_int_range(random, 0, 3) };
        /* Now and then many with equal ends, which differ between their wildcards alone. */
        char *text = random_text(random, row.match == TS_MATCH_GLOB ? "ab.**" : "ab.", 7);
        char *problem;

        row.pattern = row.match == TS_MATCH_GLOB && tries % 2 == 0 ? g_strdup_printf("b*%s*.a", text) : g_strdup(text);
        g_free(text);
        problem = ts_name_row_check(&row);
        if (problem == NULL)
            out[count++] = row;
        else
            g_free((char *)(gpointer)row.pattern);
        g_free(problem);
    }
    return count;
}

static void
test_index_against_all_rows(void)
{
    GRand *random = g_rand_new_with_seed(5349);
    ts_name_row *set = g_new(ts_name_row, ROWS_MOST);

    for (unsigned round = 0; round < 60; round++) {
        const size_t count = random_rows(random, set), users = count / 3;
        ts_name_index *index = ts_name_index_new(set, users, set + users, count - users);

        for (unsigned i = 0; i < 1000; i++) {
            char *name = random_text(random, "aab.", 14);
            const ts_name_row *expected = NULL;
            size_t most = 0;
            ts_name_text text;
            bool user;

            if (ts_name_text_set(&text, name, strlen(name))) {
                name[text.length] = '\0';
                for (size_t r = 0; r < count; r++) {
                    if (row_matches(&set[r], name) && (expected == NULL || weight(&set[r], r < users) > most)) {
                        expected = &set[r];
                        most = weight(expected, r < users);
                    }
                }
                if (ts_name_index_find(index, &text, &user) != expected)
                    g_error("%s: expected %s", name, expected != NULL ? expected->pattern : "nothing");
            }
            g_free(name);
        }
        ts_name_index_free(index);
        for (size_t i = 0; i < count; i++)
            g_free((char *)(gpointer)set[i].pattern);
    }
    g_free(set);
    g_rand_free(random);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/glob/rules", test_rules);
    g_test_add_func("/glob/plain-rules", test_against_plain_rules);
    g_test_add_func("/glob/precedence", test_precedence);
    g_test_add_func("/glob/index-against-all-rows", test_index_against_all_rows);
    return g_test_run();
}
