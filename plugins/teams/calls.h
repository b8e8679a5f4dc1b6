/* calls.h
 * Which call a frame belongs to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A call gathers what one client does with relays, checks and media from one
 * start to its end. A frame belongs, in this order, to the call
 *   - of its allocation or candidate pair, of its flow, or of its local
 *     socket, where that call is open (used in the last 30 seconds),
 *   - that the client has open, one with the same far end first, unless that
 *     call already has an established stream of the same modality from
 *     another local socket (next to it in number: the same stream's RTCP), or
 *     unless the modality is not known, the call is established and has
 *     nothing to do with the same far end,
 * and otherwise begins a new one. What a frame was given stays.
 */

#ifndef TEAMSHARK_TEAMS_CALLS_H
#define TEAMSHARK_TEAMS_CALLS_H

#include "model.h"

/* What a frame says of the call it belongs to. */
typedef struct {
    uint32_t allocation;        /* 0: none */
    uint32_t pair;
    uint16_t local_port;        /* the client's */
    const address *remote;      /* peer or relay */
    ts_modality modality;
    bool established;           /* media, or a nominated pair */
} teams_call_hint;

/* First pass only. */
teams_call *teams_call_of(teams_model *model, packet_info *pinfo, teams_flow *flow, const teams_call_hint *hint);

/* The call of the client that a signalling frame belongs to, NULL where none is open. */
teams_call *teams_call_open(const packet_info *pinfo, const teams_client *client);

#endif /* TEAMSHARK_TEAMS_CALLS_H */
