/* test_lookalike.c
 * Which names imitate Microsoft's sign-in names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "core/names.h"

static const struct {
    const char *name, *imitates;
} imitations[] = {
    { "teams.microsoft.com.evil.example", "teams.microsoft.com" },
    { "teams.microsoft.com.corp.example", "teams.microsoft.com" },  /* or a search suffix: the answer tells */
    { "login.microsoftonline.com.phish.example", "login.microsoftonline.com" },
    { "login-microsoftonline.com", "login.microsoftonline.com" },
    { "loginmicrosoftonline.com", "login.microsoftonline.com" },
    { "rnicrosoft.com", "microsoft.com" },
    { "mircosoft.com", "microsoft.com" },
    { "micosoft.com", "microsoft.com" },
    { "microssoft.com", "microsoft.com" },
    { "micros0ft.com", "microsoft.com" },
    { "mlcrosoft.com", "microsoft.com" },
    { "microsftteams.example", "teams.microsoft.com" },
    { "teams-microsoft.com", "teams.microsoft.com" },
    { "teams.rnicrosoft.com", "teams.microsoft.com" },
    { "TEAMS.RNICROSOFT.COM.", "teams.microsoft.com" },
    { "teams.micosoft.com", "teams.microsoft.com" },
    { "taems.micosoft.com", "teams.microsoft.com" },
    { "teams.micro.soft.com", "teams.microsoft.com" },
    { "teams.microsoft.online.com", "teams.microsoft.com" },        /* one label more */
    { "www.teams-microsoft.com", "teams.microsoft.com" },
    { "evil.teams.microsoft.com.example", "teams.microsoft.com" },
    { "teams.cloud.microsoft.example", "teams.cloud.microsoft" },
    { "cloudmicrosoft.com", "cloud.microsoft" },
    { "teams.cloud-microsoft.com", "teams.cloud.microsoft" },
    { "teams-live.com", "teams.live.com" },
    { "teams.1ive.com", "teams.live.com" },
    { "teams.microsoft.us.example", "gov.teams.microsoft.us" },
    { "teams.microsoftonline.cn.example", "teams.microsoftonline.cn" },
    { "teams.microsoft.com-login.example", "teams.microsoft.com" },
    { "secure.login.microsoftonline.com-auth.example", "login.microsoftonline.com" },
    { "teams.cloud.microsoft-login.example", "teams.cloud.microsoft" }
};

static void
test_imitations(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(imitations); i++) {
        g_test_message("%s", imitations[i].name);
        g_assert_cmpstr(ts_names_lookalike(imitations[i].name, strlen(imitations[i].name)), ==, imitations[i].imitates);
    }
}

static const char *const others[] = {
    "", ".", "com", "microsoft",
    /* Microsoft's own */
    "teams.microsoft.com", "login.microsoftonline.com", "xteams.microsoft.com", "login2.microsoftonline.com",
    "teams.microsoft", "tearns.live.com", "teams.microsoft.de", "www.microsoft.com", "login.windows.net",
    "teams.cloud.microsoft", "teem.cloud.microsoft", "login.microsoftonline-p.com", "teamsfiles.blob.core.windows.net",
    /* zones the taxonomy knows: another diagnostic's business */
    "teams-login.trafficmanager.net", "teams.microsoft.com.edgekey.net", "teams.azureedge.net",
    "login.microsoftonline.com.nsatc.net", "www-apple-com.akadns.net", "teams.microsoft.com-c-3.edgekey.net",
    /* ordinary names */
    "steams.com", "teamspeak.com", "teamviewer.com", "teamsbo.com", "www.teamsbo.com", "steamserver.net",
    "steamcommunity.com", "teams.replit.dev", "teams.com", "teams.example", "login.com", "login.example.com",
    "login.line.com", "login.like.com", "teams.line.com", "login.yahoo.com", "outlook.com", "macrosoft.com",
    "microsoft.xyz", "microsoft.fr", "www.microsoft.com.c.footprint.net", "microsoftedge.com",
    "www.microsoft.com-c-3.example.net", "cloud.microsoft-partner.example", "steams.microsoft.com-x.example",
    "microsoft-teams.en.softonic.com", "microsoftteams.uservoice.com", "skyperfect.example", "fastrouter.io",
    /* imitations of other names */
    "notskype.com", "myskype.com", "skype.com.example", "skype.company.example", "mylync.com", "clync.com",
    "lync.com.example", "partner.lync.cn.example", "msedge.network.example", "notmsedge.net", "s-msedge.net.example",
    "notteams.microsoft.com.test", "skypedataprdcol.evil.example", "a-cc-usea2-01-skype.cloudapp.net.evil.example",
    /* compared as written, never decoded */
    "xn--tems-1na.example", "52.114.250.152", "_sip._udp.example.com", "sip.voipprovider.example",
    "lyncdiscover.fortunepanda.com"
};

static void
test_others(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_test_message("%s", others[i]);
        g_assert_null(ts_names_lookalike(others[i], strlen(others[i])));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lookalike/imitations", test_imitations);
    g_test_add_func("/lookalike/others", test_others);
    return g_test_run();
}
