/* user_names.h
 * The classifier, with the names that the user adds in the preferences
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_USER_NAMES_H
#define TEAMSHARK_USER_NAMES_H

#include <epan/prefs.h>

#include "core/names.h"

/* Adds the table "Names" to the protocol's preferences (file teams_dns_names in the profile). */
void ts_user_names_register(module_t *module);

/*
 * The shipped taxonomy with the user's rows; never NULL. Results that point to a
 * user's row stay valid until the table is edited: copy what is kept.
 */
const ts_names *ts_user_names(void);

#endif /* TEAMSHARK_USER_NAMES_H */
