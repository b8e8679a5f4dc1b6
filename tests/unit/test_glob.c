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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/glob/rules", test_rules);
    g_test_add_func("/glob/plain-rules", test_against_plain_rules);
    g_test_add_func("/glob/precedence", test_precedence);
    return g_test_run();
}
