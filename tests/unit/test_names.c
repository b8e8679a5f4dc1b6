/* test_names.c
 * What the shipped taxonomy says of names, against a table written by hand
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "names_shipped.h"

/* The names of the 2017 article in the order in which it met them. */
static const struct {
    const char *name, *product, *service, *stage, *infra, *trust, *region, *datacenter, *environment;
} article[] = {
    { "pipe.skype.com", "skype-shared", "telemetry", "telemetry", "service-name", "ms-owned", "", "", "" },
    { "pipe.prd.skypedata.akadns.net", "skype-shared", "telemetry", "telemetry", "akamai-gtm", "ms-owned-in-akadns", "", "", "prd" },
    { "pipe.cloudapp.aria.akadns.net", "skype-shared", "telemetry", "telemetry", "akamai-gtm", "ms-owned-in-akadns", "", "", "" },
    { "teams.microsoft.com", "teams", "web-app", "bootstrap", "service-name", "ms-owned", "", "", "" },
    { "s-0001.s-msedge.net", "ms-infra", "edge-frontdoor", "infra", "ms-edge", "ms-owned", "", "", "" },
    { "login.microsoftonline.com", "m365-shared", "identity", "identity", "service-name", "ms-owned", "", "", "" },
    { "us-api.asm.skype.com", "skype-shared", "async-media", "content", "service-name", "ms-owned", "us", "", "" },
    { "us-api.skype-asm.akadns.net", "skype-shared", "async-media", "content", "akamai-gtm", "ms-owned-in-akadns", "us", "", "" },
    { "amer-client-ss.msg.skype.com", "skype-shared", "chat", "sync", "service-name", "ms-owned", "amer", "", "" },
    { "amer-client-ss.msg.skype.com.akadns.net", "skype-shared", "chat", "sync", "akamai-gtm", "ms-owned-in-akadns", "amer", "", "" },
    { "skypechatspaces-amer-client-geo.msg.skype.com.akadns.net", "skype-shared", "chat", "sync", "akamai-gtm", "ms-owned-in-akadns", "amer", "", "" },
    { "bn3p-client-dc.msg.skype.com.akadns.net", "skype-shared", "chat", "sync", "akamai-gtm", "ms-owned-in-akadns", "", "BN3", "" },
    { "api.cc.skype.com", "skype-shared", "call-controller", "call-setup", "service-name", "ms-owned", "", "", "" },
    { "api-cc-skype.trafficmanager.net", "skype-shared", "call-controller", "call-setup", "azure-tm", "shared-azure", "", "", "" },
    { "a-cc-usea2-01-skype.cloudapp.net", "skype-shared", "call-controller", "call-setup", "azure-cloudservice", "shared-azure", "eastus2", "", "" },
    { "webdir.online.lync.com", "sfb-online", "autodiscover", "interop-legacy", "lync-director", "ms-owned", "", "", "" },
    { "webdir1a.online.lync.com", "sfb-online", "autodiscover", "interop-legacy", "lync-director", "ms-owned", "1A", "", "prod" },
    { "webdir2a.online.lync.com", "sfb-online", "autodiscover", "interop-legacy", "lync-director", "ms-owned", "2A", "", "prod" },
    { "webpooldm12a17.infra.lync.com", "sfb-online", "web-pool", "interop-legacy", "lync-infra", "ms-owned", "2A", "DM1", "prod" },
    { "akadns.net", "ms-infra", "dns-gtm", "infra", "akamai-gtm", "shared-cdn", "", "", "" },
    { "msedge.net", "ms-infra", "edge-frontdoor", "infra", "ms-edge", "ms-owned", "", "", "" },
    { "trafficmanager.net", "ms-infra", "dns-gtm", "infra", "azure-tm", "shared-azure", "", "", "" },
    { "cloudapp.net", "ms-infra", "cloud-host", "infra", "azure-cloudservice", "shared-azure", "", "", "" }
};

static void
test_article(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(article); i++) {
        const ts_name_result info = classify(article[i].name);

        g_test_message("%s", article[i].name);
        g_assert_nonnull(info.row);
        g_assert_false(info.user);
        g_assert_cmpstr(ts_product_name(info.row->product), ==, article[i].product);
        g_assert_cmpstr(ts_service_name(info.row->service), ==, article[i].service);
        g_assert_cmpstr(ts_stage_name(info.row->stage), ==, article[i].stage);
        g_assert_cmpstr(ts_infra_name(info.row->infra), ==, article[i].infra);
        g_assert_cmpstr(ts_trust_name(info.row->trust), ==, article[i].trust);
        g_assert_cmpstr(canonical(info.region), ==, article[i].region);
        g_assert_cmpstr(canonical(info.datacenter), ==, article[i].datacenter);
        g_assert_cmpstr(canonical(info.environment), ==, article[i].environment);
    }
}

/* Names of captures of 2020 and 2026 that no exact row has. */
static const struct {
    const char *name, *product, *service, *cloud;
} others[] = {
    { "euaz.tr.teams.microsoft.com", "teams", "media-relay", "worldwide" },
    { "euaz.tr.teams.trafficmanager.net", "teams", "media-relay", "worldwide" },
    { "b-tr-teams-euno-05.northeurope.cloudapp.azure.com", "teams", "media-relay", "worldwide" },
    { "emea.ng.msg.teams-msgapi.trafficmanager.net", "teams", "chat", "worldwide" },
    { "skypedataprdcolneu04.cloudapp.net", "skype-shared", "telemetry", "worldwide" },
    { "unheard-of.teams.microsoft.com", "teams", "web-app", "worldwide" },
    { "unheard.of.skype.com", "skype-shared", "web-app", "worldwide" },
    { "presence.gcc.teams.microsoft.com", "teams", "presence", "gcc" },
    { "unheard-of.gcc.teams.microsoft.com", "teams", "web-app", "gcc" },
    { "worldaz.relay.gov.teams.microsoft.us", "teams", "media-relay", "gcc-high" },
    { "worldaz.tr.dod.teams.microsoft.us", "teams", "media-relay", "dod" },
    { "api.flightproxy.gov.teams.microsoft.us", "teams", "flightproxy", "gcc-high" },
    { "go.trouter.dod.teams.microsoft.us", "teams", "push-realtime", "dod" },
    { "registrar.gov.teams.microsoft.us", "teams", "registrar", "gcc-high" },
    { "194339-ipv4mte.gr.global.aa-rt.sharepoint.com", "ms-infra", "connectivity-probe", "worldwide" },
    { "browser.pipe.aria.microsoft.com", "m365-shared", "telemetry", "worldwide" },
    { "presence.teams.live.com", "teams-consumer", "presence", "worldwide" },
    { "consumer.activity.roaming.windows.cloud.microsoft", "m365-shared", "cloud-host", "worldwide" },
    { "global.tr.skype.com", "skype-shared", "media-relay", "worldwide" },
    { "emea.tr.skype.com", "skype-shared", "media-relay", "worldwide" },
    { "api.flightproxy.skype.com", "skype-shared", "flightproxy", "worldwide" },
    { "teams-mrc-ww-acdcatm.trafficmanager.net", "teams", "edge-frontdoor", "worldwide" },
    { "gateway-world.az.relay.communications.svc.cloud.microsoft", "acs", "media-relay", "worldwide" },
    { "x.relay.communication.microsoft.com", "acs", "media-relay", "worldwide" },
    { "portal.usgovcloud.microsoft", "m365-shared", "cloud-host", "us-gov" },
    { "mmrprodgcc1iot.azure-devices.net", "teams", "device-mgmt", "gcc" },
    { "teams-ring.teams-9999.teams-msedge.net", "ms-infra", "edge-frontdoor", "worldwide" },
    { "gov.teams.microsoft.us", "teams", "web-app", "gcc-high" },
    { "api.dod.teams.microsoft.us", "teams", "web-app", "dod" },
    { "teams.microsoft.us", "teams", "web-app", "us-gov" },
    { "api.teams.microsoftonline.cn", "teams", "web-app", "china" },
    { "contoso.sharepoint.com", "m365-shared", "files", "worldwide" },
    { "lyncdiscover.contoso.com", "lync-onprem", "autodiscover", "any" },
    { "_sipfederationtls._tcp.contoso.com", "lync-onprem", "federation", "any" },
    { "www.apple.com.akadns.net", "ms-infra", "dns-gtm", "worldwide" }
};

static void
test_others(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        const ts_name_result info = classify(others[i].name);

        g_test_message("%s", others[i].name);
        g_assert_nonnull(info.row);
        g_assert_cmpstr(ts_product_name(info.row->product), ==, others[i].product);
        g_assert_cmpstr(ts_service_name(info.row->service), ==, others[i].service);
        g_assert_cmpstr(ts_cloud_name(info.row->cloud), ==, others[i].cloud);
    }
}

/* Names that no pattern may match, whatever they resemble. */
static const char *const unmatched[] = {
    "", ".", "..", "com", "skype", "teams.microsoft.com..", "teams..microsoft.com", ".skype.com",
    "teams.microsoft.com.evil.example", "teams.microsoft.com.corp.example", "notteams.microsoft.com.test",
    "xteams.microsoft.com", "notskype.com", "myskype.com", "skype.com.example", "skype.company.example",
    "skyperfect.example", "steams.com", "steamserver.net", "steamcommunity.com", "teamspeak.com", "teamviewer.com",
    "teamsbo.com", "www.teamsbo.com", "teams.replit.dev", "mylync.com", "lync.com.example", "clync.com",
    "_sip._udp.example.com", "_sips._tcp.example.com", "fastrouter.io", "ai.gateway.fastrouter.io",
    "msedge.network.example", "notmsedge.net", "s-msedge.net.example", "microsoftedge.com",
    "skypedataprdcol.evil.example", "teams.azurewebsites.net", "teamsfiles.blob.core.windows.net",
    "login.microsoftonline.com.phish.example", "login-microsoftonline.com", "rnicrosoft.com", "mircosoft.com",
    "microsftteams.example", "teams-microsoft.com", "teams.rnicrosoft.com", "xn--tems-1na.example",
    "teams.cloud.microsoft.example", "cloudmicrosoft.com", "teams.microsoft", "teams.microsoft.us.example",
    "teams.microsoftonline.cn.example", "partner.lync.cn.example", "52.114.250.152",
    "a-cc-usea2-01-skype.cloudapp.net.evil.example", "xn--teams-.example", "lyncdiscover", "sip"
};

static void
test_unmatched(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(unmatched); i++) {
        const ts_name_result info = classify(unmatched[i]);

        g_test_message("%s", unmatched[i]);
        g_assert_null(info.row);
        g_assert_null(info.region);
        g_assert_null(info.datacenter);
        g_assert_null(info.environment);
        g_assert_cmpstr(info.forest, ==, "");
        g_assert_cmpint(info.pool, ==, -1);
    }
}

/* Shared and customers' zones match, but prove nothing. */
static const char *const unproven[] = {
    "lyncdiscover.fortunepanda.com", "sip.voipprovider.example", "evil.trafficmanager.net",
    "teams-login.trafficmanager.net", "x-skype.cloudapp.net", "teams.azureedge.net", "www-apple-com.akadns.net",
    "p05-keyvalueservice.icloud.com.akadns.net", "part-0013.t-0009.t-msedge.net"
};

static void
test_unproven(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(unproven); i++) {
        const ts_name_result info = classify(unproven[i]);

        g_test_message("%s", unproven[i]);
        g_assert_nonnull(info.row);
        g_assert_false(ts_trust_is_owned(info.row->trust));
        g_assert_true(info.row->product == TS_PRODUCT_MS_INFRA || info.row->product == TS_PRODUCT_LYNC_ONPREM);
    }
}

static void
test_normalisation(void)
{
    static const char *const forms[] = { "pipe.skype.com", "pipe.skype.com.", "PIPE.SKYPE.COM", "Pipe.Skype.Com." };

    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++)
        g_assert_cmpstr(classify(forms[i]).row->pattern, ==, "pipe.skype.com");
    g_assert_nonnull(classify("_under_score.skype.com").row);
    g_assert_nonnull(classify("xn--tems-1na.skype.com").row);
}

static void
test_lengths(void)
{
    ts_name_result info;
    char name[300];
    const char *zone = ".skype.com";

    memset(name, 'a', sizeof name);
    for (size_t i = 60; i < 230; i += 60)
        name[i] = '.';
    memcpy(name + 253 - strlen(zone), zone, strlen(zone) + 1);
    g_assert_cmpuint(strlen(name), ==, 253);
    g_assert_cmpstr(classify(name).row->pattern, ==, "skype.com");
    /* The length counts, not a terminator. */
    g_assert_true(ts_names_classify(shipped(), "pipe.skype.comXYZ", 14, &info));
    g_assert_false(ts_names_classify(shipped(), "pipe.skype.com", 12, &info));
    /* One character more is no name any longer. */
    memmove(name + 1, name, 254);
    g_assert_null(classify(name).row);
    memset(name, 'a', sizeof name);
    g_assert_false(ts_names_classify(shipped(), name, sizeof name, &info));
    g_assert_false(ts_names_classify(shipped(), "\0\0.skype.co\0", 13, &info));
    /* A NUL within a label ends no name, and hides nothing after it. */
    g_assert_false(ts_names_classify(shipped(), "teams.microsoft.com\0.evil.example", 33, &info));
    g_assert_false(ts_names_classify(shipped(), "us\0api.asm.skype.com", 20, &info));
    g_assert_false(ts_names_classify(shipped(), "eu-prod\0.asyncgw.teams.microsoft.com", 36, &info));
    g_assert_null(ts_names_required("teams.microsoft.com\0", 20, TS_CLOUD_WORLDWIDE, 0));
}

static const struct {
    const char *name;
    ts_cloud cloud;
    const char *set;
    uint32_t yyyymm;
} required[] = {
    { "teams.microsoft.com", TS_CLOUD_WORLDWIDE, "12", 0 },
    { "EU-prod.asyncgw.teams.microsoft.com.", TS_CLOUD_WORLDWIDE, "12", 0 },
    { "webdir.online.lync.com", TS_CLOUD_WORLDWIDE, "12", 0 },
    { "lync.com", TS_CLOUD_WORLDWIDE, NULL, 0 },           /* "*.lync.com" is not lync.com */
    { "login.microsoftonline.com", TS_CLOUD_WORLDWIDE, "56", 0 },
    { "pipe.skype.com", TS_CLOUD_WORLDWIDE, "127", 0 },
    { "mobile.pipe.aria.microsoft.com", TS_CLOUD_WORLDWIDE, "69", 0 },
    { "fpc.msedge.net", TS_CLOUD_WORLDWIDE, NULL, 0 },    /* required until 2022 */
    { "quicktips.skypeforbusiness.com", TS_CLOUD_WORLDWIDE, NULL, 0 },     /* optional */
    { "smba.infra.gcc.teams.microsoft.com", TS_CLOUD_GCC, "12", 0 },
    { "gov.teams.microsoft.us", TS_CLOUD_GCC_HIGH, "31", 0 },
    { "gov.teams.microsoft.us", TS_CLOUD_WORLDWIDE, NULL, 0 },
    { "dod.teams.microsoft.us", TS_CLOUD_DOD, "7", 0 },
    { "statics.teams.microsoft.com", TS_CLOUD_GCC_HIGH, "21", 0 },
    { "login.microsoftonline.us", TS_CLOUD_US_GOV, "13", 0 },
    { "login.microsoftonline.com", TS_CLOUD_GCC_HIGH, "14", 0 },
    { "webdir.online.partner.lync.cn", TS_CLOUD_CHINA, "19", 0 },
    { "login.partner.microsoftonline.cn", TS_CLOUD_CHINA, "17", 0 },
    { "sipdir.online.skype.de", TS_CLOUD_GERMANY_MCD, "6", 0 },
    { "teams.microsoft.com.evil.example", TS_CLOUD_WORLDWIDE, NULL, 0 },
    { "", TS_CLOUD_WORLDWIDE, NULL, 0 },
    { "fpc.msedge.net", TS_CLOUD_WORLDWIDE, "26", 202207 },
    { "fpc.msedge.net", TS_CLOUD_WORLDWIDE, NULL, 202208 },
    { "compass-ssl.microsoft.com", TS_CLOUD_WORLDWIDE, "180", 202307 },
    { "compass-ssl.microsoft.com", TS_CLOUD_WORLDWIDE, NULL, 202608 },
    { "go.mstea.ms", TS_CLOUD_WORLDWIDE, NULL, 202608 },
    { "x.sfbassets.com", TS_CLOUD_WORLDWIDE, NULL, 202608 },
    { "broadcast.skype.com", TS_CLOUD_WORLDWIDE, "13", 202207 },
    { "broadcast.skype.com", TS_CLOUD_WORLDWIDE, "127", 202608 },
    { "5000.ecdn.microsoft.com", TS_CLOUD_WORLDWIDE, NULL, 202608 },
    { "m365.cloud.microsoft", TS_CLOUD_WORLDWIDE, "184", 202608 },
    { "outlook.cloud.microsoft", TS_CLOUD_WORLDWIDE, "1", 202608 },
    { "res.public.onecdn.static.microsoft", TS_CLOUD_WORLDWIDE, "193", 202608 },
    { "portal.apps.mil", TS_CLOUD_DOD, "12", 202608 },      /* nothing to do with the worldwide set 12 */
    { "webdir.online.gov.skypeforbusiness.us", TS_CLOUD_GCC_HIGH, NULL, 202608 }
};

static void
test_required(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(required); i++) {
        g_test_message("%s", required[i].name);
        const ts_required_row *row =
            ts_names_required(required[i].name, strlen(required[i].name), required[i].cloud, required[i].yyyymm);

        g_assert_cmpstr(row != NULL ? row->set : NULL, ==, required[i].set);
    }
    g_assert_true(ts_names_required("teams.microsoft.com", 19, TS_CLOUD_WORLDWIDE, 0)->addresses);
    g_assert_true(ts_names_required("dod.teams.microsoft.us", 22, TS_CLOUD_DOD, 0)->addresses);
    g_assert_false(ts_names_required("ic3.events.data.microsoft.com", 29, TS_CLOUD_WORLDWIDE, 0)->addresses);
    g_assert_false(ts_names_required("portal.apps.mil", 15, TS_CLOUD_DOD, 202608)->addresses);
}

static void
test_enumerations(void)
{
    g_assert_cmpstr(ts_product_name(TS_PRODUCT_UNKNOWN), ==, "");
    g_assert_cmpstr(ts_service_name(TS_SERVICE_MEDIA_RELAY), ==, "media-relay");
    g_assert_cmpstr(ts_service_label(TS_SERVICE_MEDIA_RELAY), ==, "Media relay");
    for (unsigned i = 0; i < TS_CLOUD_COUNT; i++)
        g_assert_cmpuint(ts_cloud_from_name(ts_cloud_name((ts_cloud)i)), ==, i);
    g_assert_cmpuint(ts_cloud_from_name("gcc-high"), ==, TS_CLOUD_GCC_HIGH);
    g_assert_cmpuint(ts_cloud_from_name("GCC"), ==, TS_CLOUD_UNKNOWN);
}

/* What Windows, Office and Edge ask for on every PC tells of no client of Teams. */
static void
test_asked_by(void)
{
    static const char *const shared[] = {
        "browser.pipe.aria.microsoft.com", "mobile.pipe.aria.microsoft.com", "config.edge.skype.com", "ecs.office.com",
        "substrate.office.com", "login.live.com", "login.microsoftonline.com", "fpc.msedge.net", "aka.ms", "pipe.skype.com",
        "statics.teams.cdn.office.net", "api.flightproxy.skype.com", "sip.pstnhub.microsoft.com", "admin.teams.microsoft.com"
    };
    static const char *const clients[] = {
        "teams.microsoft.com", "teams.live.com", "authsvc.teams.microsoft.com", "api.spaces.skype.com",
        "amer-client-ss.msg.skype.com", "webdir.online.lync.com", "gov.teams.microsoft.us", "web.skype.com"
    };

    for (size_t i = 0; i < G_N_ELEMENTS(shared); i++)
        g_assert_false(classify(shared[i]).row->client_only);
    for (size_t i = 0; i < G_N_ELEMENTS(clients); i++)
        g_assert_true(classify(clients[i]).row->client_only);
}

/* Every shipped row is found by its own pattern, with letters for wildcards. */
static void
test_each_row(void)
{
    size_t count;
    const ts_name_row *rows = ts_names_shipped(&count);

    g_assert_cmpuint(count, >=, 385);
    for (size_t i = 0; i < count; i++) {
        char **pieces = g_strsplit(rows[i].pattern, "*", -1);
        char *name = g_strjoinv("q", pieces);
        const ts_name_result info = classify(name);
        char *problem = ts_name_row_check(&rows[i]);

        g_test_message("%s as %s", rows[i].pattern, name);
        g_assert_null(problem);
        g_assert_nonnull(info.row);
        /* An exact row of the same name comes first. */
        g_assert_true(info.row == &rows[i] || info.row->match == TS_MATCH_EXACT);
        g_assert_null(ts_names_lookalike(name, rows[i].trust == TS_TRUST_CUSTOMER ? 0 : strlen(name)));
        g_strfreev(pieces);
        g_free(name);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/names/article", test_article);
    g_test_add_func("/names/others", test_others);
    g_test_add_func("/names/unmatched", test_unmatched);
    g_test_add_func("/names/unproven", test_unproven);
    g_test_add_func("/names/normalisation", test_normalisation);
    g_test_add_func("/names/lengths", test_lengths);
    g_test_add_func("/names/required", test_required);
    g_test_add_func("/names/enumerations", test_enumerations);
    g_test_add_func("/names/asked-by", test_asked_by);
    g_test_add_func("/names/each-row", test_each_row);
    return g_test_run();
}
