/* tenants.c
 * Names that tell whose they are, and what is shown of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "tenants.h"

#include <string.h>

#include "preferences.h"
#include "session/model.h"

/* Names that hold a customer's own name: what begins or ends them, and which part is the customer's. */
static const struct {
    const char *affix;
    bool is_prefix;         /* the customer's part follows, else it precedes */
} tenant_names[] = {
    { "lyncdiscoverinternal.", true },
    { "lyncdiscover.", true },
    { "_sipinternaltls._tcp.", true },
    { "_sipinternal._tcp.", true },
    { "_sip._tls.", true },
    { "_sipfederationtls._tcp.", true },
    { "sipinternal.", true },
    { "sipexternal.", true },
    { "ucupdates-r2.", true },
    { "sip.", true },
    { ".sharepoint.com", false },
    { ".sharepoint.us", false },
    { ".sharepoint-mil.us", false },
    { ".sharepoint.cn", false },
    { ".usercontent.microsoft", false },
    { ".usgovcloud-usercontent.microsoft", false },
    { ".sovcloud-usercontent.cn", false },
    { ".communication.azure.com", false },
    { ".onmicrosoft.com", false },
    { ".onmicrosoft.us", false },
    { ".mail.protection.outlook.com", false },
    { ".mail.protection.office365.us", false },
    { ".mail.protection.partner.outlook.cn", false },
};

/* Names of Microsoft's own that a prefix above would take for a customer's. */
static const char *const own_zones[] = {
    ".microsoft.com", ".microsoft.us", ".lync.com", ".skype.com", ".skypeforbusiness.us", ".lync.cn", ".skypeforbusiness.com",
};

static bool
has_suffix(const char *name, const char *suffix)
{
    const size_t length = strlen(name);
    const size_t suffix_length = strlen(suffix);

    return length > suffix_length && g_ascii_strcasecmp(name + length - suffix_length, suffix) == 0;
}

bool
teams_is_own_name(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(own_zones); i++)
        if (has_suffix(name, own_zones[i]))
            return true;
    return false;
}

/* As the pool of servers that a customer's own name is an alias of. */
static bool
is_of_customer(const char *name)
{
    const teams_learned *link = (const teams_learned *)wmem_map_lookup(teams_model_get()->chain_names, name);

    return link != NULL && link->of_customer;
}

bool
teams_tenant_part(const char *name, size_t *from, size_t *length)
{
    if (teams_is_own_name(name))
        return false;
    for (unsigned i = 0; i < G_N_ELEMENTS(tenant_names); i++) {
        const char *affix = tenant_names[i].affix;
        const bool is_prefix = tenant_names[i].is_prefix;

        if (is_prefix ? g_ascii_strncasecmp(name, affix, strlen(affix)) != 0 : !has_suffix(name, affix))
            continue;
        *from = is_prefix ? strlen(affix) : 0;
        *length = strlen(name) - strlen(affix);
        return *length > 0;
    }
    *from = 0;
    *length = strlen(name);
    return is_of_customer(name);
}

char *
teams_shown_name(wmem_allocator_t *scope, const char *name)
{
    size_t from, length;

    if (teams_prefs.show_tenants || !teams_tenant_part(name, &from, &length))
        return wmem_strdup(scope, name);
    return wmem_strdup_printf(scope, "%.*s<tenant>%s", (int)from, name, name + from + length);
}
