/* packet-teams-stun.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/front.h"

void proto_register_teams_stun(void);
void proto_reg_handoff_teams_stun(void);

static int proto_teams_stun = -1;
static int hf_teams_stun_evidence = -1;
static int ett_teams_stun = -1;

static int
dissect_teams_stun(tvbuff_t *tvb, packet_info *pinfo _U_, proto_tree *tree, void *data)
{
    const ts_front_call *call = (const ts_front_call *)data;

    if (call == NULL)
        return 0;
    proto_item *item = proto_tree_add_item(tree, proto_teams_stun, tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_teams_stun);
    item = proto_tree_add_string(sub, hf_teams_stun_evidence, tvb, 0, 0, ts_evidence_name(call->evidence));
    proto_item_set_generated(item);
    return (int)tvb_reported_length(tvb);
}

void
proto_register_teams_stun(void)
{
    static hf_register_info hf[] = {
        { &hf_teams_stun_evidence, { "Evidence", "teams_stun.evidence", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL } },
    };
    static int *ett[] = { &ett_teams_stun };

    proto_teams_stun = proto_register_protocol("TEAMS-STUN", "TEAMS-STUN", "teams_stun");
    proto_register_field_array(proto_teams_stun, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    register_dissector("teams_stun", dissect_teams_stun, proto_teams_stun);
    ts_front_register();
}

void
proto_reg_handoff_teams_stun(void)
{
    ts_record_init();
    ts_front_handoff();
}
