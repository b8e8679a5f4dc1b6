/* test_prefixes.c
 * Longest match and dates of address prefixes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#ifdef _WIN32
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#endif

#include "core/prefixes.h"

static const struct {
    const char *address, *prefix, *media, *cloud, *set;
} addresses[] = {
    { "52.114.250.152", "52.112.0.0/14", "52.112.0.0/14", "worldwide", "11" },
    { "52.112.0.0", "52.112.0.0/14", "52.112.0.0/14", "worldwide", "11" },
    { "52.115.255.255", "52.112.0.0/14", "52.112.0.0/14", "worldwide", "11" },
    { "52.111.255.255", NULL, NULL, NULL, NULL },
    { "52.116.0.0", NULL, NULL, NULL, NULL },
    { "52.122.1.1", "52.122.0.0/15", "52.122.0.0/15", "worldwide", "11" },
    { "52.120.1.1", "52.120.0.0/14", "52.120.0.0/14", "worldwide", "11" },
    { "13.107.64.1", "13.107.64.0/18", "13.107.64.0/18", "worldwide", "11" },
    { "13.107.8.22", "13.107.8.22/32", NULL, "worldwide", "" },
    { "13.107.8.23", NULL, NULL, NULL, NULL },
    { "13.107.3.128", "13.107.3.0/24", NULL, "any", "" },
    { "104.44.195.205", "104.44.195.205/32", NULL, "worldwide", "" },
    { "23.100.65.165", "23.100.65.165/32", NULL, "worldwide", "" },
    { "23.100.65.164", NULL, NULL, NULL, NULL },
    { "52.238.119.141", "52.238.119.141/32", NULL, "worldwide", "12" },
    { "20.190.129.1", "20.190.128.0/18", NULL, "worldwide", "56" },
    { "52.127.88.1", "52.127.88.0/21", "52.127.88.0/21", "gcc-high", "7" },
    { "52.127.64.1", "52.127.64.0/21", "52.127.64.0/21", "dod", "7" },
    { "52.181.167.113", "52.181.167.113/32", NULL, "dod", "22" },
    { "42.159.34.100", "42.159.34.96/28", "42.159.34.96/28", "china", "3" },
    { "42.159.34.112", NULL, NULL, NULL, NULL },
    { "51.4.68.200", "51.4.68.128/25", "51.4.68.128/25", "germany-mcd", "6" },
    { "0.0.0.0", NULL, NULL, NULL, NULL },
    { "255.255.255.255", NULL, NULL, NULL, NULL },
    { "8.8.8.8", NULL, NULL, NULL, NULL },
    { "2603:1063::1", "2603:1063::/39", "2603:1063::/39", "worldwide", "11" },
    { "2603:1063:300::1", "2603:1063::/38", "2603:1063::/38", "worldwide", "11" },
    { "2603:1063:400::1", NULL, NULL, NULL, NULL },
    { "2603:1027::1", "2603:1027::/48", NULL, "worldwide", "12" },
    { "2603:1027:1::1", "2603:1027:1::/48", NULL, "worldwide", "56" },
    { "2620:1ec:7f::1", "2620:1ec:40::/42", NULL, "worldwide", "12" },
    { "2620:1ec:80::1", NULL, NULL, NULL, NULL },
    { "2a01:4180:4040:7::1", "2a01:4180:4040:7::/64", "2a01:4180:4040:7::/64", "germany-mcd", "6" },
    { "::", NULL, NULL, NULL, NULL },
    { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL, NULL, NULL }
};

static uint8_t
parse(const char *text, uint8_t *address)
{
    const uint8_t family = strchr(text, ':') != NULL ? 6 : 4;

    g_assert_cmpint(inet_pton(family == 6 ? AF_INET6 : AF_INET, text, address), ==, 1);
    return family;
}

static void
test_longest_match(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        uint8_t address[16];
        const uint8_t family = parse(addresses[i].address, address);
        const ts_prefix_row *row = ts_prefix_find(family, address, 0);
        const ts_prefix_row *media = ts_prefix_find_media(family, address, 0);

        g_test_message("%s", addresses[i].address);
        g_assert_cmpstr(row != NULL ? row->text : NULL, ==, addresses[i].prefix);
        g_assert_cmpstr(media != NULL ? media->text : NULL, ==, addresses[i].media);
        if (row != NULL) {
            g_assert_cmpuint(row->family, ==, family);
            g_assert_cmpstr(row->cloud, ==, addresses[i].cloud);
            g_assert_cmpstr(row->set, ==, addresses[i].set);
        }
    }
}

static const struct {
    const char *address;
    uint32_t yyyymm;
    const char *prefix;
} dated[] = {
    { "52.114.1.1", 201709, "52.112.0.0/14" },
    { "52.114.1.1", 202611, "52.112.0.0/14" },
    { "52.122.1.1", 202107, "52.120.0.0/14" },      /* before the narrower one */
    { "52.122.1.1", 202307, "52.122.0.0/15" },
    { "52.120.1.1", 202307, NULL },
    { "13.107.64.1", 202307, "13.107.64.0/18" },
    { "13.107.64.1", 202410, NULL },
    { "2603:1063::1", 202307, "2603:1063::/39" },
    { "2603:1063::1", 202501, "2603:1063::/38" },
    { "52.122.1.1", 202208, "52.122.0.0/15" },      /* between the lists */
    { "13.107.8.22", 201709, "13.107.8.22/32" },
    { "13.107.8.22", 201710, NULL },
    { "51.5.69.1", 202007, "51.5.69.0/26" },        /* Microsoft Cloud Germany */
    { "51.5.69.1", 202511, NULL },
    { "51.4.68.200", 202511, NULL },
    { "64:ff9b::3472:102", 202511, "52.112.0.0/14" },   /* NAT64 */
    { "64:ff9b::3405:4501", 202511, NULL },
    { "64:ff9b:1::3472:102", 202511, NULL }
};

static void
test_dates(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(dated); i++) {
        uint8_t address[16];
        const uint8_t family = parse(dated[i].address, address);
        const ts_prefix_row *row = ts_prefix_find(family, address, dated[i].yyyymm);

        g_test_message("%s at %u", dated[i].address, dated[i].yyyymm);
        g_assert_cmpstr(row != NULL ? row->text : NULL, ==, dated[i].prefix);
        g_assert_true(row == NULL || ts_prefix_current(row, dated[i].yyyymm));
        row = ts_prefix_find_media(family, address, dated[i].yyyymm);
        g_assert_cmpstr(row != NULL ? row->text : NULL, ==,
            dated[i].prefix != NULL && !g_str_has_prefix(dated[i].prefix, "13.107.8.") ? dated[i].prefix : NULL);
    }
}

static void
test_months(void)
{
    static const struct {
        int64_t seconds;
        uint32_t yyyymm;
    } months[] = {
        { 0, 0 }, { -1, 0 }, { INT64_MIN, 0 }, { 1041379199, 0 }, { 1041379200, 200301 },
        { 1078099199, 200402 }, { 1078099200, 200403 },     /* 2004-02-29 and the day after */
        { 1504224000, 201709 }, { 1504223999, 201708 }, { 1609459199, 202012 }, { 1609459200, 202101 },
        { 1795564800, 202611 }, { 4107542399, 210002 }, { 4107542400, 210003 }  /* 2100 has no leap day */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(months); i++)
        g_assert_cmpuint(ts_month_of(months[i].seconds), ==, months[i].yyyymm);
}

/* What is known to front others than Teams says so; relays of the US Government are not among it. */
static void
test_web_shared(void)
{
    static const struct {
        const char *address;
        bool shared;
    } fronts[] = {
        { "52.114.1.1", true }, { "2620:1ec:40::1", true }, { "2603:1063::1", true }, { "13.107.3.128", true },
        { "52.127.88.1", false }, { "20.190.128.1", false }
    };

    for (size_t i = 0; i < G_N_ELEMENTS(fronts); i++) {
        uint8_t address[16];
        const uint8_t family = parse(fronts[i].address, address);

        g_assert_cmpint(ts_prefix_find(family, address, 202611)->web_shared, ==, fronts[i].shared);
    }
}

/* The examples of RFC 6052, 2.4, and what RFC 7050 makes of them. */
static void
test_nat64(void)
{
    static const struct {
        const char *of_host;        /* 192.0.2.33 */
        const char *of_name;        /* 192.0.0.170, ipv4only.arpa */
        unsigned bits;
    } translated[] = {
        { "2001:db8:c000:221::", "2001:db8:c000:aa::", 32 },
        { "2001:db8:1c0:2:21::", "2001:db8:1c0:0:aa::", 40 },
        { "2001:db8:122:c000:2:2100::", "2001:db8:122:c000:0:aa00::", 48 },
        { "2001:db8:122:3c0:0:221::", "2001:db8:122:3c0:0:aa::", 56 },
        { "2001:db8:122:344:c0:2:2100::", "2001:db8:122:344:c0:0:aa00::", 64 },
        { "2001:db8:122:344::c000:221", "2001:db8:122:344::c000:aa", 96 }
    };
    static const uint8_t host[4] = { 192, 0, 2, 33 };

    for (size_t i = 0; i < G_N_ELEMENTS(translated); i++) {
        uint8_t address[16], within[4];

        parse(translated[i].of_host, address);
        ts_nat64_extract(address, translated[i].bits, within);
        g_assert_cmpmem(within, sizeof within, host, sizeof host);
        g_assert_cmpuint(ts_nat64_bits(address), ==, 0);
        parse(translated[i].of_name, address);
        g_assert_cmpuint(ts_nat64_bits(address), ==, translated[i].bits);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prefixes/longest-match", test_longest_match);
    g_test_add_func("/prefixes/dates", test_dates);
    g_test_add_func("/prefixes/months", test_months);
    g_test_add_func("/prefixes/web-shared", test_web_shared);
    g_test_add_func("/prefixes/nat64", test_nat64);
    return g_test_run();
}
