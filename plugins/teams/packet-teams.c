/* packet-teams.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/record.h"

void proto_register_teams(void);
void proto_reg_handoff_teams(void);

static int proto_teams = -1;

void
proto_register_teams(void)
{
    proto_teams = proto_register_protocol("teams", "teams", "teams");
}

void
proto_reg_handoff_teams(void)
{
    ts_record_init();
}
