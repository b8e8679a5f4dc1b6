/* packet-teams-stun.c
 * Connectivity checks and media of Microsoft Teams, Skype and Lync
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Called by the demultiplexer with everything but MS-TURN that belongs to Microsoft:
 * STUN messages after stock has shown them, and the other payloads of
 * conversations that carry them.
 */

#include "media.h"

#include "integrity.h"

#include <epan/prefs.h>

void proto_register_teams_stun(void);
void proto_reg_handoff_teams_stun(void);

static int
dissect_teams_stun(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const ts_demux_call *call = (const ts_demux_call *)data;

    if (call == NULL)
        return 0;       /* only the demultiplexer knows whose payload it is */
    if (call->payload.kind == TS_PAYLOAD_STUN)
        return ts_checks_dissect(tvb, pinfo, tree, call);
    return ts_media_dissect(tvb, pinfo, tree, call);
}

static void
reset(void)
{
    ts_pairs_reset();
    ts_rtp_info_reset();
}

void
proto_register_teams_stun(void)
{
    proto_teams_stun = proto_register_protocol("Microsoft ICE and Teams media", "MS-ICE", "teams_stun");
    ts_checks_register(proto_teams_stun);
    stun_msg_register_checks(proto_teams_stun);
    ts_payload_types_init();
    ts_media_items_register(proto_teams_stun);
    ts_expert_register(&teams_stun_expert_table, proto_teams_stun);
    ts_integrity_register_prefs(prefs_register_protocol(proto_teams_stun, NULL));
    ts_teams_stun_handle = create_dissector_handle(dissect_teams_stun, proto_teams_stun);
    register_cleanup_routine(reset);
}

void
proto_reg_handoff_teams_stun(void)
{
    ts_frame_info_init();
    ts_media_handoff();
}
