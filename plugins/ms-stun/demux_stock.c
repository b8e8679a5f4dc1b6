/* demux_stock.c
 * Stock's dissectors on the same bytes, in the dialect that fits
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "demux_private.h"

#include <epan/exceptions.h>
#include <epan/prefs-int.h>
#include <epan/show_exception.h>

static dissector_handle_t stun_udp_handle;
static dissector_handle_t stun_tcp_handle;
static dissector_handle_t classicstun_handle;

static ws_bool pref_stock_dialect = true;

/* stun.stunversion: the enumeration is not exported; its order is the same in 4.0 to 4.6. */
enum { STUN_DIALECT_MS_TURN = 1 };
static pref_t *stun_dialect;
static int user_dialect = -1;   /* what the user chose, while another is in force; else -1 */

bool
ts_handle_enabled(dissector_handle_t handle)
{
    return handle != NULL && proto_is_protocol_enabled(find_protocol_by_id(dissector_handle_get_protocol_index(handle)));
}

int
ts_stock_call(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    volatile int taken = 0;

    if (handle == NULL)
        return 0;
    TRY {
        taken = call_dissector_only(handle, tvb, pinfo, tree, NULL);
    }
    CATCH_BOUNDS_AND_DISSECTOR_ERRORS {
        show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE);
        taken = (int)tvb_reported_length(tvb);
    }
    ENDTRY;
    return taken;
}

/*
 * Stock reads MS-TURN right only in its MS-TURN dialect, and everything else
 * only in another one, so the dialect is set for this one message and then
 * put back: what the user chose is never changed. A message within a message
 * gets the user's choice again, unless it is MS-TURN too.
 */
static int
call_in_dialect(dissector_handle_t handle, int dialect, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const int outer_user_dialect = user_dialect;
    const int before = prefs_get_enum_value(stun_dialect, pref_current);

    if (user_dialect < 0)
        user_dialect = before;
    prefs_set_enum_value(stun_dialect, dialect, pref_current);
    const int taken = ts_stock_call(handle, tvb, pinfo, tree);
    prefs_set_enum_value(stun_dialect, before, pref_current);
    user_dialect = outer_user_dialect;
    return taken;
}

int
ts_stock_stun(const ts_payload *payload, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    if (payload->kind == TS_PAYLOAD_MS_TURN && !payload->header_cookie)
        return ts_stock_call(classicstun_handle, tvb, pinfo, tree);
    /* A user who disables ms_turn wants stock's own reading of its messages. */
    const bool may_choose = pref_stock_dialect && (ts_demux.ms_turn == NULL || ts_handle_enabled(ts_demux.ms_turn));

    if (stun_dialect != NULL && may_choose) {
        if (payload->kind == TS_PAYLOAD_MS_TURN && !payload->padded)
            return call_in_dialect(stun_udp_handle, STUN_DIALECT_MS_TURN, tvb, pinfo, tree);
        if (user_dialect >= 0)
            return call_in_dialect(stun_udp_handle, user_dialect, tvb, pinfo, tree);
    }
    return ts_stock_call(stun_udp_handle, tvb, pinfo, tree);
}

int
ts_stock_stun_frame(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree)
{
    /* Whole, or cut by the capture: there is nothing to ask for. */
    const uint16_t can_desegment = pinfo->can_desegment;

    pinfo->can_desegment = 0;
    const int taken = ts_stock_call(stun_tcp_handle, frame, pinfo, tree);
    pinfo->can_desegment = can_desegment;
    return taken;
}

int
ts_stock_stun_udp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    return call_dissector_only(stun_udp_handle, tvb, pinfo, tree, NULL);
}

/* Free to ask for more of the stream as it is when TCP calls it. */
int
ts_stock_stun_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    pinfo->can_desegment = pinfo->saved_can_desegment;
    return call_dissector_only(stun_tcp_handle, tvb, pinfo, tree, data);
}

void
ts_stock_register(module_t *module)
{
    prefs_register_bool_preference(module, "stock_dialect",
        "Let stock STUN read MS-TURN messages in its MS-TURN dialect",
        "Stock Wireshark marks MS-TURN messages as malformed unless its own dialect setting fits. "
        "With this set, the dialect is chosen for each message; your STUN preferences stay as they are",
        &pref_stock_dialect);
}

void
ts_stock_handoff(void)
{
    module_t *stun = prefs_find_module("stun");

    stun_dialect = stun == NULL ? NULL : prefs_find_preference(stun, "stunversion");
    stun_udp_handle = find_dissector("stun-udp");
    stun_tcp_handle = find_dissector("stun-tcp");
    classicstun_handle = find_dissector("classicstun");
}
