/* names_bench.c
 * Prints what a name lookup costs with the shipped table and with 1,000 user names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/names.h"

#define USER_ROWS   1000u
#define LOOKUPS     2000000u
#define ROUNDS      5u

/* What a client asks for in a day: some of it Microsoft's, most of it not. */
static const char *const mix[] = {
    "teams.microsoft.com", "pipe.skype.com", "login.microsoftonline.com", "www.google.com", "api.github.com",
    "euaz.tr.teams.microsoft.com", "b-tr-teams-euno-05.northeurope.cloudapp.azure.com", "graph.microsoft.com",
    "a-cc-usea2-01-skype.cloudapp.net", "webpooldm12a17.infra.lync.com", "www.wikipedia.org", "e4478.a.akamaiedge.net",
    "skypedataprdcolneu04.cloudapp.net", "lyncdiscover.contoso.com", "_sip._tls.contoso.com", "ntp.ubuntu.com",
    "amer-client-ss.msg.skype.com.akadns.net", "config.teams.trafficmanager.net", "fonts.gstatic.com",
    "callcontroller.maso-02.ic3-calling-callcontroller.malaysiasouth-prod.cosmic.office.net", "one.one.one.one",
    "ec2-198-51-100-7.eu-central-1.compute.amazonaws.com", "contoso-my.sharepoint.com", "4.3.2.1.in-addr.arpa",
    "a-very-long-host-name-of-a-content-network-with-many-parts.edge-07.fra.cdn.provider.example.net",
    "www.example.org", "s-0005.s-msedge.net", "clients4.google.com", "time.windows.com", "d1.awsstatic.com"
};

/* Of each kind of match; globs that differ at their end, at their start and in between. */
static char *
user_pattern(unsigned i)
{
    switch (i % 5) {
    case 0:  return g_strdup_printf("host-%u.users.contoso.com", i);
    case 1:  return g_strdup_printf("zone%u.example", i);
    case 2:  return g_strdup_printf("*-svc%u.cloud.fabrikam.net", i);
    case 3:  return g_strdup_printf("*-pool%u-*.fabrikam.net", i);
    default: return g_strdup_printf("gw%u-*.voice.contoso.com", i);
    }
}

static char *
user_name(unsigned i)
{
    switch (i % 5) {
    case 0:  return g_strdup_printf("host-%u.users.contoso.com", i);
    case 1:  return g_strdup_printf("www.zone%u.example", i);
    case 2:  return g_strdup_printf("a-svc%u.cloud.fabrikam.net", i);
    case 3:  return g_strdup_printf("a-pool%u-07.fabrikam.net", i);
    default: return g_strdup_printf("gw%u-b.voice.contoso.com", i);
    }
}

static ts_names *
with_user_rows(unsigned count)
{
    ts_name_row *rows = g_new0(ts_name_row, count);
    static const ts_name_match kinds[] = { TS_MATCH_EXACT, TS_MATCH_SUFFIX, TS_MATCH_GLOB, TS_MATCH_GLOB, TS_MATCH_GLOB };

    for (unsigned i = 0; i < count; i++) {
        rows[i].pattern = user_pattern(i);
        rows[i].match = kinds[i % 5];
        rows[i].product = TS_PRODUCT_TEAMS;
    }

    char *error = NULL;
    ts_names *names = ts_names_new(rows, count, &error);
    if (names == NULL)
        g_error("%s", error);
    for (unsigned i = 0; i < count; i++)
        g_free((char *)(gpointer)rows[i].pattern);
    g_free(rows);
    return names;
}

/* The least of some rounds, in nanoseconds of processor time: other load only adds. */
static double
measure(const ts_names *names, char *const *asked, const size_t *lengths, unsigned count, unsigned *hits)
{
    double least = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        const clock_t start = clock();

        *hits = 0;
        for (unsigned i = 0; i < LOOKUPS; i++) {
            ts_name_result info;
            const unsigned at = i % count;

            *hits += ts_names_classify(names, asked[at], lengths[at], &info);
        }

        const double spent = (double)(clock() - start) * 1e9 / CLOCKS_PER_SEC / LOOKUPS;
        least = round == 0 ? spent : MIN(least, spent);
    }
    return least;
}

/*
 * The questions, in random order and one behind the other in memory: a name
 * comes from a packet that was just read, only the index may be far.
 */
static char *
lay_out(char **asked, size_t *lengths, unsigned count)
{
    GString *block = g_string_new(NULL);
    size_t *starts = g_new(size_t, count);

    for (unsigned i = 0; i < count; i++) {
        const char *name = asked[(uint64_t)i * 2654435761u % count];

        starts[i] = block->len;
        lengths[i] = strlen(name);
        g_string_append_len(block, name, (gssize)lengths[i] + 1);
    }
    for (unsigned i = 0; i < count; i++) {
        g_free(asked[i]);
        asked[i] = block->str + starts[i];
    }
    g_free(starts);
    return g_string_free(block, FALSE);
}

static void
report(const char *what, unsigned user_rows, unsigned user_asked)
{
    const unsigned count = (unsigned)G_N_ELEMENTS(mix) + user_asked;
    ts_names *names = with_user_rows(user_rows);
    char **asked = g_new(char *, count);
    size_t *lengths = g_new(size_t, count);
    unsigned hits;

    for (unsigned i = 0; i < count; i++)
        asked[i] = i < user_asked ? user_name(i * (USER_ROWS / user_asked) + i % 5) : g_strdup(mix[i - user_asked]);

    char *block = lay_out(asked, lengths, count);
    const double spent = measure(names, asked, lengths, count, &hits);
    printf("%-52s %6.1f ns a lookup, %4.1f%% matched\n", what, spent, 100.0 * hits / LOOKUPS);
    ts_names_free(names);
    g_free(block);
    g_free(asked);
    g_free(lengths);
}

int
main(void)
{
    report("shipped table", 0, 0);
    report("1,000 user names, the same questions", USER_ROWS, 0);
    report("1,000 user names, half of the questions theirs", USER_ROWS, G_N_ELEMENTS(mix));
    report("1,000 user names, all of them asked", USER_ROWS, USER_ROWS);
    return 0;
}
