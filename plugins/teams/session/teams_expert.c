/* teams_expert.c
 * What is wrong or worth knowing about a session: kept with the frame, shown on every pass
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/teams_expert.h"
#include "session/model.h"

#include <epan/proto_data.h>

#define PROBLEMS_KEY 1

static int proto_teams = -1;
static expert_field fields[TEAMS_EXPERT_COUNT];

static const ts_expert_row rows[] = {
#define DIAGNOSTIC TS_EXPERT_ROW
#include "session/teams_expert.def"
#undef DIAGNOSTIC
};

const ts_expert_table teams_expert_table = { rows, TEAMS_EXPERT_COUNT, fields };

void
teams_expert_register(int proto)
{
    proto_teams = proto;
    ts_expert_register(&teams_expert_table, proto);
}

void
teams_expert_add(packet_info *pinfo, teams_expert row, const char *detail)
{
    teams_problem *problem = wmem_new0(wmem_file_scope(), teams_problem);
    teams_problem *last = (teams_problem *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams, PROBLEMS_KEY);

    problem->row = &rows[row];
    problem->detail = wmem_strdup(wmem_file_scope(), detail);
    if (last == NULL) {
        p_add_proto_data(wmem_file_scope(), pinfo, proto_teams, PROBLEMS_KEY, problem);
        teams_model_get()->last_with_items = pinfo->num;
        return;
    }
    while (last->next != NULL)
        last = last->next;
    last->next = problem;
}

const teams_problem *
teams_problems_of(packet_info *pinfo)
{
    return (const teams_problem *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams, PROBLEMS_KEY);
}

void
teams_problems_show(packet_info *pinfo, proto_item *item)
{
    for (const teams_problem *problem = teams_problems_of(pinfo); problem != NULL; problem = problem->next)
        ts_expert_add(&teams_expert_table, (unsigned)(problem->row - rows), pinfo, item, problem->detail);
}
