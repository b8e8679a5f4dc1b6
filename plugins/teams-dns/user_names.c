/* user_names.c
 * The classifier, with the names that the user adds in the preferences
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/ws_compat.h"

#include <wsutil/wslog.h>
#include <epan/uat.h>

#include "teams-dns.h"

/* One row of the table; enumerations are kept as their values. */
typedef struct {
    char *pattern;
    unsigned match;
    unsigned product;
    unsigned service;
    unsigned stage;
    char *description;
} user_name;

static user_name *user_names;
static unsigned user_name_count;
static ts_names *names;
static ts_names *shipped;

static const value_string match_vals[] = {
    { TS_MATCH_EXACT,   "exact" },
    { TS_MATCH_SUFFIX,  "suffix" },
    { TS_MATCH_GLOB,    "glob" },
    { 0, NULL }
};

/* The choices of the table's columns; filled from the taxonomy's own enumerations. */
static value_string product_vals[TS_PRODUCT_COUNT + 1];
static value_string service_vals[TS_SERVICE_COUNT + 1];
static value_string stage_vals[TS_STAGE_COUNT + 1];

UAT_CSTRING_CB_DEF(user_name, pattern, user_name)
UAT_VS_DEF(user_name, match, user_name, unsigned, TS_MATCH_EXACT, "exact")
UAT_VS_DEF(user_name, product, user_name, unsigned, 0, "")
UAT_VS_DEF(user_name, service, user_name, unsigned, 0, "")
UAT_VS_DEF(user_name, stage, user_name, unsigned, 0, "")
UAT_CSTRING_CB_DEF(user_name, description, user_name)

/*
 * What the table doesn't ask for is taken from the shipped row that covers the
 * pattern; elsewhere the name is the user's own zone.
 */
static ts_name_row
user_row(const user_name *user)
{
    ts_name_result info;
    ts_name_row row = {
        .pattern = user->pattern == NULL ? "" : user->pattern,
        .match = (ts_name_match)user->match,
        .product = (ts_product)user->product,
        .service = (ts_service)user->service,
        .stage = (ts_stage)user->stage,
        .infra = TS_INFRA_SERVICE_NAME,
        .cloud = TS_CLOUD_ANY,
        .trust = TS_TRUST_CUSTOMER,
        .confidence = TS_CONFIDENCE_HIGH,
        .client_only = user->product != TS_PRODUCT_UNKNOWN && user->product != TS_PRODUCT_M365_SHARED &&
            user->product != TS_PRODUCT_MS_INFRA,
        .description = user->description == NULL ? "" : user->description,
        .source = "user",
    };
    char *example = g_strdelimit(g_strdup(row.pattern), "*", 'x');

    if (ts_names_classify(shipped, example, strlen(example), &info)) {
        row.infra = info.row->infra;
        row.cloud = info.row->cloud;
        row.trust = info.row->trust;
        row.client_only = info.row->client_only;
    }
    g_free(example);
    return row;
}

static void *
user_name_copy(void *to, const void *from, size_t length _U_)
{
    const user_name *old = (const user_name *)from;
    user_name *copy = (user_name *)to;

    *copy = *old;
    copy->pattern = g_strdup(old->pattern);
    copy->description = g_strdup(old->description);
    return to;
}

static void
user_name_free(void *record)
{
    user_name *user = (user_name *)record;

    g_free(user->pattern);
    g_free(user->description);
}

static ws_bool
user_name_update(void *record, char **error)
{
    ts_name_row row = user_row((const user_name *)record);

    *error = ts_name_row_check(&row);
    return *error == NULL;
}

static void
user_names_reset(void)
{
    if (names != shipped)
        ts_names_free(names);
    names = shipped;
}

static void
user_names_changed(void)
{
    if (user_name_count == 0) {
        user_names_reset();
        return;
    }
    ts_name_row *rows = g_new0(ts_name_row, user_name_count);
    char *error = NULL;
    ts_names *changed;

    for (unsigned i = 0; i < user_name_count; i++)
        rows[i] = user_row(&user_names[i]);
    changed = ts_names_new(rows, user_name_count, &error);
    g_free(rows);
    if (changed == NULL) {
        /* Every row was checked before; keep what worked. */
        ws_warning("teams_dns.names: %s", error == NULL ? "not usable" : error);
        g_free(error);
        return;
    }
    user_names_reset();
    names = changed;
}

const ts_names *
ts_user_names(void)
{
    return names;
}

static uat_field_t user_name_fields[] = {
    UAT_FLD_CSTRING(user_name, pattern, "Name", "The name, or a pattern for it: * stands within a label, ** for any labels"),
    UAT_FLD_VS(user_name, match, "Match", match_vals, "exact: this name; suffix: it and all below it; glob: the pattern"),
    UAT_FLD_VS(user_name, product, "Product", product_vals, "The product that the name belongs to"),
    UAT_FLD_VS(user_name, service, "Service", service_vals, "The service behind the name"),
    UAT_FLD_VS(user_name, stage, "Stage", stage_vals, "The stage of a sign-in or call"),
    UAT_FLD_CSTRING(user_name, description, "Description", "What the name is for, in your own words"),
    UAT_END_FIELDS
};

void
ts_user_names_register(module_t *module)
{
    char *error = NULL;
    uat_t *table;

    for (unsigned i = 0; i < TS_PRODUCT_COUNT; i++)
        product_vals[i] = (value_string) { i, ts_product_name((ts_product)i) };
    for (unsigned i = 0; i < TS_SERVICE_COUNT; i++)
        service_vals[i] = (value_string) { i, ts_service_name((ts_service)i) };
    for (unsigned i = 0; i < TS_STAGE_COUNT; i++)
        stage_vals[i] = (value_string) { i, ts_stage_name((ts_stage)i) };

    shipped = ts_names_new(NULL, 0, &error);
    if (shipped == NULL)
        ws_error("The shipped taxonomy of names can't be used: %s", error);
    names = shipped;

    table = uat_new("Teams Names", sizeof(user_name), "teams_dns_names", true,
        &user_names, &user_name_count, UAT_AFFECTS_DISSECTION, NULL,
        user_name_copy, user_name_update, user_name_free, user_names_changed, user_names_reset,
        user_name_fields);
    prefs_register_uat_preference(module, "names", "Names",
        "Names of your own: they add to the shipped taxonomy, and win over its rows of the same pattern", table);
}
