/* demux_stock.c
 * Stock's dissectors on the same bytes
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

dissector_handle_t ts_ms_turn_handle;
dissector_handle_t ts_teams_stun_handle;
dissector_handle_t ts_flightproxy_handle;

static ws_bool pref_stock_dialect = true;

/* Values of stun.stunversion: the enumeration is not exported; its order is the same in 4.0 to 4.6. */
enum { STUN_AUTO = 0, STUN_DEFAULT = 3 };
static pref_t *stun_dialect;

bool
ts_handle_enabled(dissector_handle_t handle)
{
    return handle != NULL && proto_is_protocol_enabled(find_protocol_by_id(dissector_handle_get_protocol_index(handle)));
}

bool
ts_demux_enabled(void)
{
    return proto_is_protocol_enabled(find_protocol_by_id(ts_demux.proto)) &&
        (ts_handle_enabled(ts_ms_turn_handle) || ts_handle_enabled(ts_teams_stun_handle) || ts_handle_enabled(ts_flightproxy_handle));
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
 * By default stock reads every message as RFC 5389 and later; its dialect Auto
 * tells MS-TURN by the first attribute, for each message. It is in force while
 * one of ours is dissected, and only where the user has left the default. A
 * public call (prefs_set_pref) would change what the user's preferences show
 * and save, and what stock says where our protocols are disabled.
 */
static int
call_in_auto(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    prefs_set_enum_value(stun_dialect, STUN_AUTO, pref_current);
    const int taken = ts_stock_call(stun_udp_handle, tvb, pinfo, tree);
    prefs_set_enum_value(stun_dialect, STUN_DEFAULT, pref_current);
    return taken;
}

int
ts_stock_stun(const ts_payload *payload, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const bool ms_turn = payload->kind == TS_PAYLOAD_MS_TURN;

    if (ms_turn && !payload->header_cookie)
        return ts_stock_call(classicstun_handle, tvb, pinfo, tree);
    /* Stock reads padded ones right as it is. A user who disables ms_turn wants stock's own reading of its messages. */
    if (ms_turn && !payload->padded && pref_stock_dialect && ts_handle_enabled(ts_ms_turn_handle) && stun_dialect != NULL &&
        prefs_get_enum_value(stun_dialect, pref_current) == STUN_DEFAULT)
        return call_in_auto(tvb, pinfo, tree);
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
        "Let stock STUN tell MS-TURN messages from others",
        "Stock Wireshark marks MS-TURN messages as malformed unless its own version setting is Auto. "
        "With this set, Auto is used for MS-TURN messages where that setting has its default; it stays as it is",
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
