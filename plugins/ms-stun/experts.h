/* experts.h
 * The expert items of ms_turn, teams_stun and teams_flightproxy
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_MS_STUN_EXPERTS_H
#define TEAMSHARK_MS_STUN_EXPERTS_H

#include "common/expert_table.h"

typedef enum {
#define DIAGNOSTIC(id, code, filter, group, severity, summary, advice) MS_TURN_EXPERT_##id,
#include "turn_expert.def"
#undef DIAGNOSTIC
    MS_TURN_EXPERT_COUNT
} ms_turn_expert;

typedef enum {
#define DIAGNOSTIC(id, code, filter, group, severity, summary, advice) TEAMS_STUN_EXPERT_##id,
#include "stun_expert.def"
#undef DIAGNOSTIC
    TEAMS_STUN_EXPERT_COUNT
} teams_stun_expert;

typedef enum {
#define DIAGNOSTIC(id, code, filter, group, severity, summary, advice) FLIGHTPROXY_EXPERT_##id,
#include "flightproxy_expert.def"
#undef DIAGNOSTIC
    FLIGHTPROXY_EXPERT_COUNT
} flightproxy_expert;

/* The rows, by the enumerations above. */
extern const ts_expert_table ms_turn_expert_table;
extern const ts_expert_table teams_stun_expert_table;
extern const ts_expert_table flightproxy_expert_table;

#endif /* TEAMSHARK_MS_STUN_EXPERTS_H */
