/* preferences.h
 * What the user can choose about "teams"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_PREFERENCES_H
#define TEAMSHARK_TEAMS_PREFERENCES_H

#include <epan/address.h>

#include "common/ws_compat.h"

typedef struct {
    ws_bool info_column;        /* begin the Info column of attributed frames with what they are */
    ws_bool show_tenants;       /* customers' own domains and tenant names in reports */
    ws_bool anonymise;          /* say of nobody in reports who it was */
    int client_continent;       /* see teams_preference_client_continent() */
    const char *vpn_pools;      /* see teams_preference_vpn_pool() */
} teams_preferences;

extern teams_preferences teams_prefs;

void teams_preferences_register(int proto);

/* Where the clients are: a continent of tokens.csv ("eu", "na", ...); "" not said. */
const char *teams_preference_client_continent(void);

/* The network of VPN clients that the user named and the address is in, as a new string; NULL: none. */
char *teams_preference_vpn_pool(const address *addr);

/* "Europe" for "eu"; the code itself where it is unknown. */
const char *teams_continent_name(const char *code);

#endif /* TEAMSHARK_TEAMS_PREFERENCES_H */
