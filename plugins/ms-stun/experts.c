/* experts.c
 * The expert items of ms_turn, teams_stun and teams_flightproxy
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "experts.h"

/* Sets of them are kept as bits. */
G_STATIC_ASSERT(MS_TURN_EXPERT_COUNT <= 64);
G_STATIC_ASSERT(TEAMS_STUN_EXPERT_COUNT <= 64);

#define DIAGNOSTIC TS_EXPERT_ROW

static const ts_expert_row ms_turn_rows[] = {
#include "turn_expert.def"
};

static const ts_expert_row teams_stun_rows[] = {
#include "stun_expert.def"
};

static const ts_expert_row flightproxy_rows[] = {
#include "flightproxy_expert.def"
};

#undef DIAGNOSTIC

static expert_field ms_turn_fields[MS_TURN_EXPERT_COUNT];
static expert_field teams_stun_fields[TEAMS_STUN_EXPERT_COUNT];
static expert_field flightproxy_fields[FLIGHTPROXY_EXPERT_COUNT];

const ts_expert_table ms_turn_expert_table = { ms_turn_rows, MS_TURN_EXPERT_COUNT, ms_turn_fields };
const ts_expert_table teams_stun_expert_table = { teams_stun_rows, TEAMS_STUN_EXPERT_COUNT, teams_stun_fields };
const ts_expert_table flightproxy_expert_table = { flightproxy_rows, FLIGHTPROXY_EXPERT_COUNT, flightproxy_fields };
