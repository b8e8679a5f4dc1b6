/* names_shipped.h
 * A classifier over the shipped taxonomy for the tests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TESTS_NAMES_SHIPPED_H
#define TEAMSHARK_TESTS_NAMES_SHIPPED_H

#include <glib.h>
#include <string.h>

#include "core/names.h"

static inline const ts_names *
shipped(void)
{
    static ts_names *names;

    if (names == NULL)
        names = ts_names_new(NULL, 0, NULL);
    g_assert_nonnull(names);
    return names;
}

static inline ts_name_result
classify(const char *name)
{
    ts_name_result info;
    const bool matched = ts_names_classify(shipped(), name, strlen(name), &info);

    g_assert_cmpint(matched, ==, info.row != NULL);
    return info;
}

static inline const char *
canonical(const ts_token_row *token)
{
    return token != NULL ? token->canonical : "";
}

#endif /* TEAMSHARK_TESTS_NAMES_SHIPPED_H */
