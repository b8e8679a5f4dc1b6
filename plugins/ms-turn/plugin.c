/* plugin.c
 * Entry points of the ms-turn plugin
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/ws_compat.h"

void proto_register_ms_turn(void);
void proto_reg_handoff_ms_turn(void);

static void
register_ms_turn(void)
{
    static proto_plugin plugin;

    plugin.register_protoinfo = proto_register_ms_turn;
    plugin.register_handoff = proto_reg_handoff_ms_turn;
    proto_register_plugin(&plugin);
}

WS_PLUGIN(register_ms_turn)
