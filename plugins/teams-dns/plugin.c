/* plugin.c
 * Entry points of the teams-dns plugin
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/* Exports what this file declares; elsewhere it would export all of Wireshark's declarations. */
#define WS_BUILD_DLL
#include "common/ws_compat.h"

void proto_register_teams_dns(void);
void proto_reg_handoff_teams_dns(void);

WS_PLUGIN(proto_register_teams_dns, proto_reg_handoff_teams_dns)
