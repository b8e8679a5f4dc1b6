/* packet-teams-dns.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/record.h"

void proto_register_teams_dns(void);
void proto_reg_handoff_teams_dns(void);

static int proto_teams_dns = -1;

void
proto_register_teams_dns(void)
{
    proto_teams_dns = proto_register_protocol("teams-dns", "teams-dns", "teams_dns");
}

void
proto_reg_handoff_teams_dns(void)
{
    ts_record_init();
}
