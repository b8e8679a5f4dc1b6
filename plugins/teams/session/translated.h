/* translated.h
 * Packets that a capture has before and after a translator of addresses (NAT)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A capture at both sides of it has each packet twice, with another address,
 * and maybe another port, of the client. The later ones are nobody's: they
 * would be another client that does the same.
 */

#ifndef TEAMSHARK_TEAMS_TRANSLATED_H
#define TEAMSHARK_TEAMS_TRANSLATED_H

#include "session/model.h"

/* What the capture has of it. */
typedef struct {
    unsigned frames;            /* of the outer side */
    uint32_t first_frame;
    address inside;             /* of the first flow */
    address outside;
} teams_translated;

const teams_translated *teams_translated_get(void);

/* First pass, each frame: is it of the outer side? infos: what other plugins left on it. */
bool teams_translated_frame(packet_info *pinfo, const ts_frame_info *infos);

void teams_translated_cleanup(void);

#endif /* TEAMSHARK_TEAMS_TRANSLATED_H */
