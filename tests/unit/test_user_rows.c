/* test_user_rows.c
 * Rows of the user's own: refused with a reason, or stronger than shipped ones
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "names_shipped.h"

static const struct {
    const char *pattern;
    ts_name_match match;
    const char *problem;    /* a part of the message, NULL where the row is good */
} checks[] = {
    { "voice.contoso.com", TS_MATCH_EXACT, NULL },
    { "VOICE.Contoso.com", TS_MATCH_SUFFIX, NULL },
    { "sbc*.contoso.com", TS_MATCH_GLOB, NULL },
    { "**.contoso.com", TS_MATCH_GLOB, NULL },
    { "_sip._tls.contoso.com", TS_MATCH_EXACT, NULL },
    { NULL, TS_MATCH_EXACT, "empty" },
    { "", TS_MATCH_EXACT, "empty" },
    { "a..b", TS_MATCH_EXACT, "empty label" },
    { ".a", TS_MATCH_SUFFIX, "empty label" },
    { "a.", TS_MATCH_SUFFIX, "empty label" },
    { "a b", TS_MATCH_EXACT, "character ' '" },
    { "m\xC3\xBCller.example", TS_MATCH_EXACT, "A-labels" },
    { "a\nb", TS_MATCH_EXACT, "not printable" },
    { "*.contoso.com", TS_MATCH_EXACT, "is no glob" },
    { "*.contoso.com", TS_MATCH_SUFFIX, "is no glob" },
    { "contoso.com", TS_MATCH_GLOB, "without a wildcard" },
    { "***.contoso.com", TS_MATCH_GLOB, "three stars" },
    { "**", TS_MATCH_GLOB, "every name" },
    { "*.*", TS_MATCH_GLOB, "every name" },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example", TS_MATCH_EXACT, "longer than 63" },
    { "contoso.com", (ts_name_match)7, "kind of match" }
};

static void
test_checks(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
        const ts_name_row row = { .pattern = checks[i].pattern, .match = checks[i].match };
        char *problem = ts_name_row_check(&row);
        char *error = NULL;
        ts_names *names = ts_names_new(&row, 1, &error);

        if (checks[i].problem == NULL) {
            g_assert_null(problem);
            g_assert_nonnull(names);
        } else {
            g_assert_nonnull(problem);
            g_test_message("%s", problem);
            g_assert_nonnull(strstr(problem, checks[i].problem));
            g_assert_null(names);
            g_assert_cmpstr(error, ==, problem);
        }
        ts_names_free(names);
        g_free(problem);
        g_free(error);
    }
}

static void
test_enumerations(void)
{
    ts_name_row row = { .pattern = "contoso.com", .match = TS_MATCH_EXACT, .product = TS_PRODUCT_COUNT };
    char *problem = ts_name_row_check(&row);

    g_assert_nonnull(strstr(problem, "unknown product"));
    g_free(problem);
    row.product = TS_PRODUCT_TEAMS;
    row.trust = (ts_trust)-1;
    problem = ts_name_row_check(&row);
    g_assert_nonnull(strstr(problem, "unknown trust"));
    g_free(problem);
    g_assert_null(ts_names_new(&row, 1, NULL));
}

#define MINE(p, m) { .pattern = p, .match = m, .product = TS_PRODUCT_ACS, .description = "mine", .source = "me" }

static void
test_overriding(void)
{
    const ts_name_row rows[] = {
        MINE("Teams.Microsoft.com", TS_MATCH_EXACT),
        MINE("skype.com", TS_MATCH_SUFFIX),
        MINE("*.cc.skype.com", TS_MATCH_GLOB),
        MINE("contoso.com", TS_MATCH_SUFFIX),
        MINE("*.contoso.com", TS_MATCH_GLOB),
        MINE("*.contoso.com", TS_MATCH_GLOB)
    };
    static const struct {
        const char *name;
        bool user;
    } expected[] = {
        { "teams.microsoft.com", true },
        { "api.teams.microsoft.com", false },   /* exact is exact */
        { "new.skype.com", true },
        { "emea.cc.skype.com", true },
        { "api.cc.skype.com", false },          /* a shipped exact row is closer */
        { "asm.skype.com", false },             /* and a longer suffix */
        { "sbc.contoso.com", true },
        { "a.b.contoso.com", true },
        { "contoso.com", true }
    };
    ts_names *names = ts_names_new(rows, G_N_ELEMENTS(rows), NULL);

    g_assert_nonnull(names);
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        ts_name_result info;

        g_test_message("%s", expected[i].name);
        g_assert_true(ts_names_classify(names, expected[i].name, strlen(expected[i].name), &info));
        g_assert_cmpint(info.user, ==, expected[i].user);
        g_assert_cmpint(info.row->product == TS_PRODUCT_ACS, ==, expected[i].user);
    }
    ts_names_free(names);
}

/* What the caller gave may go away. */
static void
test_copies(void)
{
    char pattern[] = "voice.contoso.com", text[] = "mine";
    ts_name_row row = { .pattern = pattern, .match = TS_MATCH_EXACT, .description = text };
    ts_names *names = ts_names_new(&row, 1, NULL);
    ts_name_result info;

    memset(pattern, 'x', sizeof pattern - 1);
    memset(text, 'x', sizeof text - 1);
    memset(&row, 0, sizeof row);
    g_assert_true(ts_names_classify(names, "voice.contoso.com", 17, &info));
    g_assert_true(info.user);
    g_assert_cmpstr(info.row->description, ==, "mine");
    g_assert_cmpstr(info.row->source, ==, "");
    ts_names_free(names);
    ts_names_free(NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/user-rows/checks", test_checks);
    g_test_add_func("/user-rows/enumerations", test_enumerations);
    g_test_add_func("/user-rows/overriding", test_overriding);
    g_test_add_func("/user-rows/copies", test_copies);
    return g_test_run();
}
