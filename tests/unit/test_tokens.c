/* test_tokens.c
 * Regions, datacenters, environments and Lync pools in names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "names_shipped.h"

static const struct {
    const char *name, *region, *continent, *datacenter, *environment;
} names[] = {
    /* host grammars */
    { "a-cc-usea2-01-skype.cloudapp.net", "eastus2", "na", "", "" },
    { "c-flightproxy-euno-01-teams.cloudapp.net", "northeurope", "eu", "", "" },
    { "a-broker-asse-01-skype.cloudapp.net", "southeastasia", "as", "", "" },
    { "b-tr-teams-euno-05.northeurope.cloudapp.azure.com", "northeurope", "eu", "", "" },
    { "a-ups-presence13-prod-azsc.centralus.cloudapp.azure.com", "centralus", "na", "", "prod" },
    { "skypedataprdcolneu04.cloudapp.net", "northeurope", "eu", "", "prd" },
    { "skypedataprdcolcus05.cloudapp.net", "centralus", "na", "", "prd" },
    { "onedscolprdaus00.australiasoutheast.cloudapp.azure.com", "australiasoutheast", "oc", "", "prd" },
    { "onedscolprdeus08.eastus.cloudapp.azure.com", "eastus", "na", "", "prd" },
    { "cc-maso-02-prod-aks.cc.skype.com", "malaysiasouth", "as", "", "prod" },
    { "conv-swce-03-prod-aks.conv.skype.com", "swedencentral", "eu", "", "prod" },
    { "ep-euno-03-prod-aks.flightproxy.teams.microsoft.com", "northeurope", "eu", "", "prod" },
    { "callcontroller.maso-02.ic3-calling-callcontroller.malaysiasouth-prod.cosmic.office.net", "malaysiasouth", "as", "", "prod" },
    { "eastus-msit.cosmic.office.net", "eastus", "na", "", "msit" },
    { "trouter2-azsc-auea-0-a.trouter.teams.microsoft.com", "australiaeast", "oc", "", "" },
    { "trouter2-asse-a.cloudapp.net", "southeastasia", "as", "", "" },
    { "pub-ent-euwe-10-t.trouter.teams.microsoft.com", "westeurope", "eu", "", "" },
    { "southeastasia-prod-2.notifications.teams.microsoft.com", "southeastasia", "as", "", "prod" },
    { "northeurope.notifications.teams.microsoft.com", "northeurope", "eu", "", "" },
    { "northeuropecns.trafficmanager.net", "northeurope", "eu", "", "" },
    { "northeuropecns-32.northeurope.cloudapp.azure.com", "northeurope", "eu", "", "" },
    { "se-prod.asyncgw.teams.microsoft.com", "se", "eu", "", "prod" },
    { "amer-client-ss.msg.skype.com", "amer", "na", "", "" },
    { "emea-server-ss.msg.skype.com", "emea", "eu", "", "" },
    { "bn3p-client-dc.msg.skype.com.akadns.net", "", "", "BN3", "" },
    { "dm2p-client-ss.msg.skype.com", "", "", "DM2", "" },
    { "db5-client-s.gateway.messenger.live.com", "", "", "DB5", "" },
    { "azeus1-client-s.gateway.messenger.live.com", "eastus", "na", "", "" },
    { "138-trouter-cus-b.drip.trouter.io", "centralus", "na", "", "" },
    { "euwe-1.api.microsoftstream.com", "westeurope", "eu", "", "" },
    { "neu1-api.asm.skype.com", "northeurope", "eu", "", "" },
    { "asm-api-prod-eu.trafficmanager.net", "eu", "eu", "", "prod" },
    { "asm-api-golocal-geo-eu-teams.trafficmanager.net", "eu", "eu", "", "" },
    { "go-eu.trouter.teams.microsoft.com", "eu", "eu", "", "" },
    { "gateway-eu.az.relay.teams.cloud.microsoft", "eu", "eu", "", "" },
    { "api-emea.flightproxy.teams.microsoft.com", "emea", "eu", "", "" },
    { "noamdf.presence.teams.microsoft.com", "noam", "na", "", "df" },
    { "noammeetings.lync.com", "noam", "na", "", "" },
    { "mmrprodnoamiot.azure-devices.net", "noam", "na", "", "prod" },
    { "int.presence.services.sfb.trafficmanager.net", "", "", "", "int" },
    { "worldaz.relay.teams.microsoft.com", "worldaz", "", "", "" },
    { "eu-teams.events.data.microsoft.com", "eu", "eu", "", "" },
    { "nam.loki.delve.office.com", "nam", "na", "", "" },
    /* one token, several meanings: the place decides */
    { "ch-prod.asyncgw.teams.microsoft.com", "ch", "eu", "", "prod" },
    { "in-prod.asyncgw.teams.microsoft.com", "in", "as", "", "prod" },
    { "in.appcenter.ms", "", "", "", "" },
    { "as-api.asm.skype.com", "as", "as", "", "" },
    { "ea-api.asm.skype.com", "ea", "as", "", "" },
    { "aus.loki.delve.office.com", "aus", "oc", "", "" },
    { "login.microsoftonline.us", "", "", "", "" },
    { "dod.teams.microsoft.us", "", "", "", "" },
    { "sipdir.online.skype.de", "", "", "", "" },
    { "asm-api-prod-geo-am-skype.trafficmanager.net", "", "", "", "prod" },
    /* labels that belong to customers */
    { "us.sharepoint.com", "", "", "", "" },
    { "contoso-prod.sharepoint.com", "", "", "", "" },
    { "lyncdiscover.us-prod.contoso.com", "", "", "", "" },
    { "euno-prod.trafficmanager.net", "", "", "", "" },
    { "prod-eastus.westeurope.cloudapp.azure.com", "westeurope", "eu", "", "" },
    /* words that begin like tokens */
    { "usage.skype.com", "", "", "", "" },
    { "user-eustace.skype.com", "", "", "", "" },
    { "production.skype.com", "", "", "", "" },
    { "testing-developer.skype.com", "", "", "", "" }
};

static void
test_grammars(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const ts_name_result info = classify(names[i].name);

        g_test_message("%s", names[i].name);
        g_assert_nonnull(info.row);
        g_assert_cmpstr(canonical(info.region), ==, names[i].region);
        g_assert_cmpstr(info.region != NULL ? info.region->continent : "", ==, names[i].continent);
        g_assert_cmpstr(canonical(info.datacenter), ==, names[i].datacenter);
        g_assert_cmpstr(canonical(info.environment), ==, names[i].environment);
        g_assert_cmpint(info.pool, ==, -1);
    }
}

static const struct {
    const char *name, *datacenter, *forest, *environment;
    int pool;
} pools[] = {
    { "sippoolbl20a04.infra.lync.com", "BL2", "0A", "prod", 4 },
    { "sippoolsn20a07.infra.lync.com", "SN2", "0A", "prod", 7 },
    { "sippooldm21a05.infra.lync.com", "DM2", "1A", "prod", 5 },
    { "sippoolbn10M02.infra.lync.com", "BN1", "0M", "prod", 2 },
    { "sippoolDB42E12.infra.lync.com", "DB4", "2E", "prod", 12 },
    { "sippoolAM33E09.infra.lync.com", "AM3", "3E", "prod", 9 },
    { "sippoolAM30E26.infra.lync.com", "AM3", "0E", "prod", 26 },
    { "sippoolams0e04.infra.lync.com", "AMS", "0E", "prod", 4 },
    { "sippoolme1au103.infra.lync.com", "ME1", "AU1", "prod", 3 },
    { "webpoolhkn0f03.infra.lync.com", "HKN", "0F", "prod", 3 },
    { "webpoolbl20r02.infra.lync.com", "BL2", "0R", "prod", 2 },
    { "webpoolblu3a16.infra.lync.com", "BLU", "3A", "prod", 16 },
    { "webpooldm12a17.infra.lync.com", "DM1", "2A", "prod", 17 },
    { "webpoolch10a01.infra.lync.com", "CH1", "0A", "prod", 1 },    /* Chicago, not Switzerland */
    { "webpooldm90a01.infra.lync.com", "DM", "0A", "prod", 1 },     /* the site, not the building */
    { "webpoolzz10a01.infra.lync.com", "", "0A", "prod", 1 },
    { "webdir0a.online.lync.com", "", "0A", "prod", -1 },
    { "webdirJP1.online.lync.com", "", "JP1", "prod", -1 },
    { "sipdir2e.online.lync.com", "", "2E", "prod", -1 },
    { "webdir2g.online.gov.skypeforbusiness.us", "", "2G", "prod", -1 },
    { "webdir0d.tip.lync.com", "", "0D", "tip", -1 },
    { "webdir.online.lync.com", "", "", "", -1 },
    { "webpool.infra.lync.com", "", "", "", -1 },
    { "webpooldm12a1.infra.lync.com", "", "", "", -1 },
    { "webpooldm12a177.infra.lync.com", "", "", "", -1 },
    { "webpooldm12ab17.infra.lync.com", "", "", "", -1 },
    { "webpool1m12a17.infra.lync.com", "", "", "", -1 },
    { "webpooldm12a1x.infra.lync.com", "", "", "", -1 },
    { "edgepooldm12a17.infra.lync.com", "", "", "", -1 }
};

static void
test_pools(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pools); i++) {
        const ts_name_result info = classify(pools[i].name);

        g_test_message("%s", pools[i].name);
        g_assert_nonnull(info.row);
        g_assert_cmpstr(info.forest, ==, pools[i].forest);
        g_assert_cmpstr(canonical(info.region), ==, pools[i].forest);
        g_assert_cmpstr(canonical(info.datacenter), ==, pools[i].datacenter);
        g_assert_cmpstr(canonical(info.environment), ==, pools[i].environment);
        g_assert_cmpint(info.pool, ==, pools[i].pool);
    }
}

static void
test_table(void)
{
    size_t count;
    const ts_token_row *tokens = ts_names_tokens(&count);

    g_assert_cmpuint(count, >=, 223);
    for (size_t i = 0; i < count; i++) {
        g_assert_true(tokens[i].token[0] != '\0' && tokens[i].meaning[0] != '\0');
        if (i > 0)
            g_assert_cmpint(strcmp(tokens[i - 1].token, tokens[i].token), <=, 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tokens/grammars", test_grammars);
    g_test_add_func("/tokens/pools", test_pools);
    g_test_add_func("/tokens/table", test_table);
    return g_test_run();
}
