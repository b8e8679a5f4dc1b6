/* sequence.c
 * "Teams" among the kinds of Wireshark's Flow Graph
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The frames that make the story: names with their answers, allocations,
 * checks up to the nomination, signalling, and the first packet of media each
 * way. Flow Graph is in Statistics, and in tshark -z flow,teams,network.
 */

#include "report/report.h"

#include <epan/sequence_analysis.h>
#include <epan/tap.h>

#include "tap.h"

/* Methods that carry what peers say to each other; that has an info of its own. */
enum { TURN_SEND = 0x0004, TURN_DATA_INDICATION = 0x0115, TURN_MULTIPLEXED = 0xFF10 };

static bool
tells(const packet_info *pinfo, const teams_tap *tap, const ts_frame_info *info)
{
    const ts_name_info *name = (const ts_name_info *)info;
    const ts_turn_info *turn = (const ts_turn_info *)info;

    switch (info->kind) {
    case TS_INFO_NAME:
        return name->response || name->role != TS_ROLE_QUESTION;
    case TS_INFO_TURN:
        return turn->type != TURN_SEND && turn->type != TURN_DATA_INDICATION && turn->type != TURN_MULTIPLEXED;
    case TS_INFO_CHECK: {
        const uint32_t pair = ((const ts_check_info *)info)->pair;
        const uint32_t nominated = GPOINTER_TO_UINT(wmem_map_lookup(teams_model_get()->nominated, GUINT_TO_POINTER(pair)));

        return nominated == 0 || pinfo->num <= nominated;
    }
    case TS_INFO_MEDIA:
        return tap->info->flow != NULL && tap->info->flow->media_frame[tap->from_client] == pinfo->num;
    case TS_INFO_FLIGHTPROXY:
        return true;
    default:
        return false;
    }
}

static bool
is_part_of_story(const packet_info *pinfo, const teams_tap *tap)
{
    for (const ts_frame_info *info = tap->infos; info != NULL; info = info->next)
        if (tells(pinfo, tap, info))
            return true;
    return false;
}

/* What the frame's infos add to its label. */
static void
append_infos(GString *text, const ts_frame_info *info)
{
    for (; info != NULL; info = info->next) {
        const ts_turn_info *turn = (const ts_turn_info *)info;

        if (info->kind == TS_INFO_TURN && turn->allocation != 0)
            g_string_append_printf(text, ", allocation %u %s", turn->allocation, turn->state);
        if (info->kind == TS_INFO_CHECK && ((const ts_check_info *)info)->state == TS_PAIR_NOMINATED)
            g_string_append(text, ", nominated");
    }
}

/* "Call 2, nominated"; "Sign-in 1, token, authsvc.teams.microsoft.com" */
static char *
comment_of(const teams_tap *tap)
{
    GString *text = g_string_new(NULL);
    const teams_frame_info *frame = tap->info;

    if (frame->call != NULL)
        g_string_append_printf(text, "Call %u", frame->call->number);
    else if (frame->signin != NULL)
        g_string_append_printf(text, "Sign-in %u", frame->signin->number);
    if (frame->call == NULL && frame->stage != TS_STAGE_UNKNOWN)
        g_string_append_printf(text, ", %s", ts_stage_name(frame->stage));
    if (frame->name != NULL) {
        char *name = report_name(frame->name);

        g_string_append_printf(text, ", %s", name);
        g_free(name);
    }
    append_infos(text, tap->infos);
    return g_string_free(text, FALSE);
}

static tap_packet_status
sequence_packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *tapped, tap_flags_t flags _U_)
{
    seq_analysis_info_t *info = (seq_analysis_info_t *)data;
    const teams_tap *tap = (const teams_tap *)tapped;

    if (tap->duplicate_of != 0 || !is_part_of_story(pinfo, tap))
        return TAP_PACKET_DONT_REDRAW;
    seq_analysis_item_t *item = sequence_analysis_create_sai_with_addresses(pinfo, info);

    if (item == NULL)
        return TAP_PACKET_DONT_REDRAW;
    item->frame_number = pinfo->num;
    item->port_src = (uint16_t)pinfo->srcport;
    item->port_dst = (uint16_t)pinfo->destport;
    sequence_analysis_use_color_filter(pinfo, item);
    item->frame_label = g_strdup(teams_frame_info_label(tap->info));
    item->comment = comment_of(tap);
    item->conv_num = (uint16_t)(tap->info->call == NULL ? 0 : tap->info->call->number);
    item->line_style = 1;
    item->display = true;
    g_queue_push_tail(info->items, item);
    return TAP_PACKET_REDRAW;
}

void
teams_sequence_register(int proto)
{
    register_seq_analysis("teams", "Teams", proto, TEAMS_TAP_NAME, TL_REQUIRES_NOTHING, sequence_packet);
}
