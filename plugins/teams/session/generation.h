/* generation.h
 * Which generation of client a sign-in resembles
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_GENERATION_H
#define TEAMSHARK_TEAMS_GENERATION_H

#include "common/frame_info.h"

typedef enum {
    TEAMS_GENERATION_UNKNOWN,
    TEAMS_GENERATION_SKYPE,
    TEAMS_GENERATION_LYNC,
    TEAMS_GENERATION_2017,
    TEAMS_GENERATION_2020,
    TEAMS_GENERATION_MODERN,
    TEAMS_GENERATION_COUNT
} teams_generation;

typedef struct {
    unsigned score[TEAMS_GENERATION_COUNT];
    const char *because[TEAMS_GENERATION_COUNT];    /* the first name that says so; of the info */
} teams_generation_score;

/* What one name adds. */
void teams_generation_add(teams_generation_score *score, const ts_name_class *link);

teams_generation teams_generation_of(const teams_generation_score *score);

/* "2017"; "" unknown */
const char *teams_generation_name(teams_generation generation);
/* "Teams client of 2017" */
const char *teams_generation_label(teams_generation generation);

#endif /* TEAMSHARK_TEAMS_GENERATION_H */
