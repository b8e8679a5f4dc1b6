/* generation.c
 * Which generation of client a sign-in resembles
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/signin.h"

#include <string.h>

static const struct {
    const char *name;
    const char *label;
} generations[TEAMS_GENERATION_COUNT] = {
    [TEAMS_GENERATION_UNKNOWN] = { "", "client of unknown generation" },
    [TEAMS_GENERATION_SKYPE] = { "skype-classic", "classic Skype client (before 2017)" },
    [TEAMS_GENERATION_LYNC] = { "lync-discovery", "Lync or Skype for Business client (discovery in the customer's zone)" },
    [TEAMS_GENERATION_2017] = { "2017", "Teams client of 2017 (Akamai GTM and Azure cloud services)" },
    [TEAMS_GENERATION_2020] = { "2020", "Teams client of 2020 or later (Azure Traffic Manager, a name per service)" },
    [TEAMS_GENERATION_MODERN] = { "modern", "current Teams client (one host for most services, Kubernetes hosts, cloud.microsoft)" },
};

/* What in a name tells a generation: a part of it, and how much it weighs. */
static const struct {
    teams_generation generation;
    const char *part;
    unsigned weight;
} signs[] = {
    { TEAMS_GENERATION_SKYPE, "conn.skype", 4 },
    { TEAMS_GENERATION_SKYPE, ".d.skype.net", 4 },
    { TEAMS_GENERATION_SKYPE, ".r.skype.net", 4 },
    { TEAMS_GENERATION_SKYPE, "ui.skype.com", 2 },
    { TEAMS_GENERATION_SKYPE, "b.config.skype.com", 2 },
    { TEAMS_GENERATION_LYNC, "lyncdiscover", 6 },
    { TEAMS_GENERATION_LYNC, "_sipinternaltls.", 6 },
    { TEAMS_GENERATION_LYNC, "_sip._tls.", 4 },
    { TEAMS_GENERATION_2017, ".skypedata.akadns.net", 4 },
    { TEAMS_GENERATION_2017, ".aria.akadns.net", 4 },
    { TEAMS_GENERATION_2017, ".msg.skype.com.akadns.net", 4 },
    { TEAMS_GENERATION_2017, ".skype-asm.akadns.net", 4 },
    { TEAMS_GENERATION_2017, "api.cc.skype.com", 3 },
    { TEAMS_GENERATION_2017, "pipe.skype.com", 2 },
    { TEAMS_GENERATION_2017, "client-ss.msg.skype.com", 2 },
    { TEAMS_GENERATION_2017, "webdir.online.lync.com", 2 },
    { TEAMS_GENERATION_2020, ".teams.trafficmanager.net", 3 },
    { TEAMS_GENERATION_2020, "asyncgw.teams.microsoft.com", 2 },
    { TEAMS_GENERATION_2020, "chatsvcagg", 3 },
    { TEAMS_GENERATION_2020, "presence.services.sfb", 3 },
    { TEAMS_GENERATION_2020, ".tr.teams.", 3 },
    { TEAMS_GENERATION_2020, "mobile.pipe.aria.microsoft.com", 2 },
    { TEAMS_GENERATION_2020, "asm-api-prod-", 2 },
    { TEAMS_GENERATION_2020, ".ng.msg.teams.microsoft.com", 2 },
    { TEAMS_GENERATION_MODERN, "teams.cloud.microsoft", 6 },
    { TEAMS_GENERATION_MODERN, ".cosmic.office.net", 6 },
    { TEAMS_GENERATION_MODERN, "-prod-aks", 6 },
    { TEAMS_GENERATION_MODERN, "cdn.office.net", 4 },
    { TEAMS_GENERATION_MODERN, "teams.static.microsoft", 4 },
    { TEAMS_GENERATION_MODERN, "authsvc.teams.microsoft.com", 2 },
    { TEAMS_GENERATION_MODERN, "ecs.office.com", 3 },
    { TEAMS_GENERATION_MODERN, "dual-s-msedge.net", 3 },
    { TEAMS_GENERATION_MODERN, ".trouter.teams.microsoft.com", 3 },
    { TEAMS_GENERATION_MODERN, ".relay.teams.microsoft.com", 3 },
    { TEAMS_GENERATION_MODERN, ".svc.cloud.microsoft", 4 },
};

void
teams_generation_add(teams_generation_score *score, const ts_name_class *link)
{
    if (!link->client_only)
        return;
    score->teams = score->teams || link->product == TS_PRODUCT_TEAMS || link->product == TS_PRODUCT_TEAMS_CONSUMER;
    for (unsigned i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (strstr(link->name, signs[i].part) == NULL)
            continue;
        score->score[signs[i].generation] += signs[i].weight;
        if (score->because[signs[i].generation] == NULL)
            score->because[signs[i].generation] = link->name;
    }
}

/* Clients of Teams ask for Lync's discovery, and those of Skype for the names that both have. */
static bool
is_possible(teams_generation generation, const teams_generation_score *score)
{
    return generation == TEAMS_GENERATION_SKYPE || (generation == TEAMS_GENERATION_LYNC) != score->teams;
}

teams_generation
teams_generation_of(const teams_generation_score *score)
{
    teams_generation best = TEAMS_GENERATION_UNKNOWN;

    for (unsigned i = 1; i < TEAMS_GENERATION_COUNT; i++)
        if (score->score[i] > score->score[best] && is_possible((teams_generation)i, score))
            best = (teams_generation)i;
    return best;
}

const char *
teams_generation_name(unsigned generation)
{
    return generation < TEAMS_GENERATION_COUNT ? generations[generation].name : NULL;
}

const char *
teams_generation_label(teams_generation generation)
{
    return generations[generation].label;
}
