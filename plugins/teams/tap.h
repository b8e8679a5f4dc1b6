/* tap.h
 * What the tap "teams" carries
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_TAP_H
#define TEAMSHARK_TEAMS_TAP_H

#include "session/teams_expert.h"
#include "session/model.h"

#define TEAMS_TAP_NAME "teams"

/* One attributed frame. Packet scope; what it points to is file scope. */
typedef struct {
    const teams_frame_info *info;
    const ts_frame_info *infos;           /* NULL where the frame carries none */
    const teams_problem *problems;
    uint32_t duplicate_of;                /* frame that had this packet first; 0: it is no duplicate */
    bool from_client;
    bool first_pass;                      /* what comes later is not known yet */
} teams_tap;

#endif /* TEAMSHARK_TEAMS_TAP_H */
