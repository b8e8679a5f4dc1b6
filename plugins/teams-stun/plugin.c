/* plugin.c
 * Entry points of the teams-stun plugin
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/ws_compat.h"

void proto_register_teams_stun(void);
void proto_reg_handoff_teams_stun(void);

static void
register_teams_stun(void)
{
    static proto_plugin plugin;

    plugin.register_protoinfo = proto_register_teams_stun;
    plugin.register_handoff = proto_reg_handoff_teams_stun;
    proto_register_plugin(&plugin);
}

WS_PLUGIN(register_teams_stun)
