/* assign_frame.h
 * Is a frame Teams or Skype traffic, and on what evidence?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_ASSIGN_FRAME_H
#define TEAMSHARK_TEAMS_ASSIGN_FRAME_H

#include "session/calls.h"

/*
 * First pass: what the frame is, or NULL where nothing proves it to be ours.
 * Updates the model; what it returns is file scope. infos are the frame's (ts_frame_info_first()).
 */
const teams_frame_info *teams_assign_frame(packet_info *pinfo, const ts_frame_info *infos);

/*
 * The published prefix that one end of a web connection is in, where others
 * than Teams answer in it, too; NULL for other frames. Says whose network it
 * is, and no more.
 */
const char *teams_shared_prefix(const packet_info *pinfo);

/*
 * First pass: the info of an ICMP or ICMPv6 Destination Unreachable about what
 * a client sent over UDP on a known flow, its diagnostic noted on the frame;
 * NULL for every other frame. tvb is the whole frame.
 */
const teams_frame_info *teams_refusal_info(tvbuff_t *tvb, packet_info *pinfo);

/* ---- between the two files: what is gathered while one frame is attributed; first pass, packet scope ---- */

typedef struct {
    teams_model *model;
    packet_info *pinfo;
    const ts_frame_info *infos;     /* that the other plugins left on the frame */
    teams_frame_info info;
    teams_client *client;
    teams_call_key key;
} teams_frame_builder;

/* The modality, unless it is known already. */
void teams_builder_set_modality(teams_frame_builder *builder, ts_modality modality);
/* The kind of a frame is that of the innermost info, which comes first. */
void teams_builder_set_kind(teams_frame_builder *builder, teams_what what, ts_evidence evidence);
/* The flow on the wire, with what is known of it as the start of the info. */
teams_flow *teams_builder_set_flow(teams_frame_builder *builder, bool to_server);
/* Whose relays and media are these? The client's names say it first; Teams asks for names of Skype's, too, but not the other way. */
ts_product teams_builder_product(const teams_frame_builder *builder);
/* Names a flow, and says what it is for. */
void teams_flow_name(teams_flow *flow, const teams_learned *learned);
/* Is it an address and port that Microsoft publishes for Teams? */
bool teams_is_published(const packet_info *pinfo, const address *addr, uint32_t port);

/* Reads the frame's infos. */
void teams_builder_add_infos(teams_frame_builder *builder);

#endif /* TEAMSHARK_TEAMS_ASSIGN_FRAME_H */
