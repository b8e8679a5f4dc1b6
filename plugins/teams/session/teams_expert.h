/* teams_expert.h
 * What is wrong or worth knowing about a session: kept with the frame, shown on every pass
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_EXPERT_H
#define TEAMSHARK_TEAMS_EXPERT_H

#include "common/expert_table.h"

typedef enum {
#define DIAGNOSTIC(id, code, filter, group, severity, summary, advice) TEAMS_EXPERT_##id,
#include "session/teams_expert.def"
#undef DIAGNOSTIC
    TEAMS_EXPERT_COUNT
} teams_expert;

/* The rows, by teams_expert. */
extern const ts_expert_table teams_expert_table;

/* One problem on a frame; file scope. */
typedef struct teams_problem {
    struct teams_problem *next;
    const ts_expert_row *row;
    const char *detail;         /* what in particular, "" where the summary says all */
} teams_problem;

/* Registers the expert items of the table. */
void teams_expert_register(int proto);

/* First pass: keeps a problem with the frame. detail is copied. */
void teams_expert_add(packet_info *pinfo, teams_expert row, const char *detail);

/* The problems of a frame, or NULL; and the same shown as expert items. */
const teams_problem *teams_problems_of(packet_info *pinfo);
void teams_problems_show(packet_info *pinfo, proto_item *item);

#endif /* TEAMSHARK_TEAMS_EXPERT_H */
