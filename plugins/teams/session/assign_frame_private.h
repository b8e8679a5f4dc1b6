/* attribute_draft.h
 * What is gathered while one frame is attributed; first pass, packet scope
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_ATTRIBUTE_DRAFT_H
#define TEAMSHARK_TEAMS_ATTRIBUTE_DRAFT_H

#include "session/calls.h"

typedef struct {
    teams_model *model;
    packet_info *pinfo;
    teams_view view;
    teams_client *client;
    teams_call_hint hint;
} teams_draft;

/* ---- attribute.c: what several kinds of records need ---- */

/* The stronger of the path so far and this one. */
void teams_draft_path(teams_draft *d, teams_path path);
/* The modality, unless it is known already. */
void teams_draft_modality(teams_draft *d, ts_modality modality);
/* The kind of a frame is that of the innermost record, which comes first. */
void teams_draft_claim(teams_draft *d, teams_what what, teams_evidence evidence);
/* The flow on the wire, with what is known of it as the start of the view. */
teams_flow *teams_draft_flow(teams_draft *d, bool to_server);
void teams_draft_service(teams_draft *d, ts_service service, ts_stage stage);
/* Names a flow, and says what it is for. */
void teams_flow_name(teams_flow *flow, const teams_learned *learned);
/* Is it an address and port that Microsoft publishes for Teams? */
bool teams_is_published(const packet_info *pinfo, const address *addr, uint32_t port);

/* ---- attribute_records.c ---- */

/* Reads the frame's records. */
void teams_draft_records(teams_draft *d);

#endif /* TEAMSHARK_TEAMS_ATTRIBUTE_DRAFT_H */
