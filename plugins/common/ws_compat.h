/* ws_compat.h
 * What differs between the Wireshark releases that Teamshark supports
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The code is written in the dialect of Wireshark 4.4 (bool, uint8_t,
 * tvb_get_uint8); this file maps it down to 4.0 and 4.2 and up to 4.6. It is
 * the only file that may know about releases, and prefers what the build
 * probed (cmake/TeamsharkWireshark.cmake, TS_HAVE_*) to version numbers.
 * Built and tested on 4.0, 4.4 and 4.6; written for, but not tested on, 4.2.
 */

#ifndef TEAMSHARK_WS_COMPAT_H
#define TEAMSHARK_WS_COMPAT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <wireshark.h>

#include <epan/packet.h>
#include <epan/proto.h>
#include <epan/tvbuff.h>

#ifdef TS_HAVE_WSUTIL_PLUGINS_H
#include <wsutil/plugins.h>
#endif

/*
 * The type of booleans in Wireshark's callbacks and of the variables behind
 * boolean preferences: gboolean (an int) before 4.4, bool since.
 */
#ifdef TS_HAVE_BOOL_CALLBACKS
typedef bool ws_bool;
#else
typedef gboolean ws_bool;
#endif

#ifndef TS_HAVE_TVB_GET_UINT8
#define tvb_get_uint8(tvb, offset) tvb_get_guint8((tvb), (offset))
#endif

/* The value of a field as the fvalue_* functions take it. */
#ifdef TS_HAVE_FVALUE_POINTER
#define ws_finfo_value(finfo) ((finfo)->value)
#else
#define ws_finfo_value(finfo) (&(finfo)->value)
#endif

/* The callbacks of conversation filters, and their registration. */
#ifdef TS_HAVE_CONV_FILTER_DATA
#define WS_CONV_FILTER_DATA , void *user_data _U_
#define ws_register_conversation_filter(proto, name, valid, build) \
    register_conversation_filter((proto), (name), (valid), (build), NULL)
#else
#define WS_CONV_FILTER_DATA
#define ws_register_conversation_filter(proto, name, valid, build) \
    register_conversation_filter((proto), (name), (valid), (build))
#endif

/* What the init callback of a statistic returns: void before 4.6, where refusing means to end, as stock's own do. */
#ifdef TS_HAVE_STAT_TAP_BOOL
#define WS_STAT_INIT_TYPE bool
#define WS_STAT_INIT_RETURN(ok) return (ok)
#else
#define WS_STAT_INIT_TYPE void
#define WS_STAT_INIT_RETURN(ok) do { if (!(ok)) exit(EXIT_FAILURE); return; } while (0)
#endif

/*
 * What stock rtp keeps on each frame (epan/dissectors/packet-rtp.h), and the
 * key under which its protocol id has it.
 */
#ifdef TS_HAVE_RTP_PACKET_INFO
#define ws_rtp_packet_info _rtp_packet_info
#define WS_RTP_PACKET_INFO_KEY RTP_CONVERSATION_PROTO_DATA
#else
#define ws_rtp_packet_info _rtp_conversation_info
#define WS_RTP_PACKET_INFO_KEY 0
#endif

#ifdef TS_HAVE_RTP_CHANNELS
#define ws_rtp_dyn_payload_insert(payloads, type, name, rate, channels) \
    rtp_dyn_payload_insert((payloads), (type), (name), (rate), (channels))
#else
#define ws_rtp_dyn_payload_insert(payloads, type, name, rate, channels) \
    rtp_dyn_payload_insert((payloads), (type), (name), (rate))
#endif

/*
 * The symbols that make a module a Wireshark plugin. Use once per plugin,
 * with the functions that register its protocols and their handoffs. A plugin built for one
 * series (X.Y) is refused by another; Wireshark prints which it was built for.
 */
#ifdef WS_PLUGIN_DESC_DISSECTOR
#define WS_PLUGIN_DESCRIBE \
    WS_DLL_PUBLIC uint32_t plugin_describe(void); \
    uint32_t plugin_describe(void) { return WS_PLUGIN_DESC_DISSECTOR; }
#else
#define WS_PLUGIN_DESCRIBE
#endif

#define WS_PLUGIN(register_protocols, register_handoffs) \
    WS_DLL_PUBLIC_DEF const char plugin_version[] = TEAMSHARK_VERSION; \
    WS_DLL_PUBLIC_DEF const int plugin_want_major = TEAMSHARK_WIRESHARK_MAJOR; \
    WS_DLL_PUBLIC_DEF const int plugin_want_minor = TEAMSHARK_WIRESHARK_MINOR; \
    WS_PLUGIN_DESCRIBE \
    WS_DLL_PUBLIC void plugin_register(void); \
    void plugin_register(void) \
    { \
        static proto_plugin plugin = { register_protocols, register_handoffs }; \
        proto_register_plugin(&plugin); \
    }

#endif /* TEAMSHARK_WS_COMPAT_H */
