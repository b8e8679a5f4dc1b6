/* connection_check_nodes.c
 * Hosts of one service that stand in for one another
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Services have a host for each geography or node: a client that finds one of
 * them missing goes to another. They have the same service, and their names
 * the same zone.
 */

#include "session/connection_check.h"

#include <string.h>

#include "session/signin.h"

/* Zones of one service, each of which has its nodes. */
static const struct {
    const char *zone;
    const char *first;
} same_zones[] = {
    { "trouter.communications.svc.cloud.microsoft", "trouter.teams.microsoft.com" },
};

/* In which zone a host may be one of several: that is its name, where others have a label before it, and what follows its first label. */
enum { ZONE_OWN, ZONE_ABOVE, ZONES };

/* What begins with these only tells the client its node. */
static bool
is_redirector(const teams_name_result *name)
{
    return name->service == TS_SERVICE_PUSH_REALTIME && g_ascii_strncasecmp(name->name, "go", 2) == 0 &&
        (name->name[2] == '.' || name->name[2] == '-');
}

/* Services with nodes: names of web applications and identity have the zone in common, and are no nodes. */
static bool
has_nodes(const teams_name_result *name)
{
    return name->service != TS_SERVICE_UNKNOWN && name->service != TS_SERVICE_WEB_APP && name->stage != TS_STAGE_IDENTITY &&
        teams_signin_is_past_identity(UINT32_C(1) << name->stage);
}

/* "21 1 5 trouter.teams.microsoft.com"; NULL where the zone is one of many services. */
static const char *
key_of(const teams_check *check, const teams_name_result *name, unsigned zone)
{
    const char *above = strchr(name->name, '.');
    const char *text = zone == ZONE_OWN ? name->name : above == NULL ? NULL : above + 1;
    const char *dot = text == NULL ? NULL : strchr(text, '.');

    if (dot == NULL || strchr(dot + 1, '.') == NULL)
        return NULL;
    for (unsigned i = 0; i < G_N_ELEMENTS(same_zones); i++)
        if (g_ascii_strcasecmp(text, same_zones[i].zone) == 0)
            text = same_zones[i].first;
    char *lower = g_ascii_strdown(text, -1);
    const char *key = wmem_strdup_printf(check->scope, "%d %d %d %s", name->product, name->service, name->stage, lower);

    g_free(lower);
    return key;
}

/* One that is no redirector serves for all; of these the one that was heard last. */
static bool
serves_better(const teams_name_result *name, const teams_name_result *known)
{
    return is_redirector(known) != is_redirector(name) ? is_redirector(known) : nstime_cmp(&name->heard, &known->heard) > 0;
}

static void
add_reached(const teams_check *check, wmem_map_t *reached, const teams_name_result *name)
{
    for (unsigned zone = 0; zone < ZONES; zone++) {
        const char *key = key_of(check, name, zone);
        const teams_name_result *known = key == NULL ? NULL : (const teams_name_result *)wmem_map_lookup(reached, key);

        if (key != NULL && (known == NULL || serves_better(name, known)))
            wmem_map_insert(reached, key, (void *)name);
    }
}

/* What was reached before the name was asked for, or tried, was reached for something else. */
static bool
is_heard_after(const teams_name_result *found, const teams_name_result *name)
{
    const nstime_t *since = name->asked != NULL ? &name->asked->first : name->first != NULL ? &name->first->start : NULL;

    return since != NULL && nstime_cmp(&found->heard, since) > 0;
}

static const teams_name_result *
find_instead(const teams_check *check, wmem_map_t *reached, const teams_name_result *name)
{
    for (unsigned zone = 0; zone < ZONES; zone++) {
        const char *key = key_of(check, name, zone);
        const teams_name_result *found = key == NULL ? NULL : (const teams_name_result *)wmem_map_lookup(reached, key);

        if (found != NULL && (!is_redirector(found) || is_redirector(name)) && is_heard_after(found, name))
            return found;
    }
    return NULL;
}

void
teams_check_nodes(teams_check *check)
{
    wmem_map_t *reached = wmem_map_new(check->scope, wmem_str_hash, g_str_equal);

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);

        if (name->reached && !name->refused && has_nodes(name))
            add_reached(check, reached, name);
    }
    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        teams_name_result *name = teams_check_name(check, i);
        const teams_name_result *found = name->reached || !has_nodes(name) ? NULL : find_instead(check, reached, name);

        name->instead = found == NULL ? NULL : found->name;
    }
}
