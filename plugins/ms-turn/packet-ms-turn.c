/* packet-ms-turn.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/front.h"

void proto_register_ms_turn(void);
void proto_reg_handoff_ms_turn(void);

static int proto_ms_turn = -1;
static int hf_ms_turn_evidence = -1;
static int ett_ms_turn = -1;

static int
dissect_ms_turn(tvbuff_t *tvb, packet_info *pinfo _U_, proto_tree *tree, void *data)
{
    const ts_front_call *call = (const ts_front_call *)data;

    if (call == NULL)
        return 0;
    proto_item *item = proto_tree_add_item(tree, proto_ms_turn, tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_ms_turn);
    item = proto_tree_add_string(sub, hf_ms_turn_evidence, tvb, 0, 0, ts_evidence_name(call->evidence));
    proto_item_set_generated(item);
    return (int)tvb_reported_length(tvb);
}

void
proto_register_ms_turn(void)
{
    static hf_register_info hf[] = {
        { &hf_ms_turn_evidence, { "Evidence", "ms_turn.evidence", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL } },
    };
    static int *ett[] = { &ett_ms_turn };

    proto_ms_turn = proto_register_protocol("MS-TURN", "MS-TURN", "ms_turn");
    proto_register_field_array(proto_ms_turn, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    register_dissector("ms_turn", dissect_ms_turn, proto_ms_turn);
    ts_front_register();
}

void
proto_reg_handoff_ms_turn(void)
{
    ts_record_init();
    ts_front_handoff();
}
