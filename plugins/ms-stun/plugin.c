/* plugin.c
 * Entry points of the ms-stun plugin: its protocols and the demultiplexer before them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/* Exports what this file declares; elsewhere it would export all of Wireshark's declarations. */
#define WS_BUILD_DLL
#include "common/ws_compat.h"

void proto_register_teamshark(void);
void proto_reg_handoff_teamshark(void);
void proto_register_ms_turn(void);
void proto_reg_handoff_ms_turn(void);
void proto_register_teams_stun(void);
void proto_reg_handoff_teams_stun(void);
void proto_register_teams_flightproxy(void);

static void
register_protocols(void)
{
    proto_register_teamshark();
    proto_register_ms_turn();
    proto_register_teams_stun();
    proto_register_teams_flightproxy();
}

static void
register_handoffs(void)
{
    proto_reg_handoff_ms_turn();
    proto_reg_handoff_teams_stun();
    proto_reg_handoff_teamshark();
}

WS_PLUGIN(register_protocols, register_handoffs)
