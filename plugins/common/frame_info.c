/* frame_info.c
 * What the plugins tell "teams" about a frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/frame_info.h"

#define TEAMS_FILTER_NAME "teams"

/* Distinct from every other key that that protocol itself uses (small numbers). */
#define INFO_KEY (UINT32_C(0x54530000) + TS_FRAME_INFO_ABI)

#define PROBLEM_KEY (INFO_KEY + 0x100)

static int proto_teams = -1;

const char *
ts_evidence_name(unsigned evidence)
{
    static const char *const names[TS_EVIDENCE_COUNT] = {
        "", "prefix", "endpoint", "address", "conversation", "name", "server_name", "flightproxy", "media", "check", "enclosed",
        "session", "shape", "attribute", "turn", "cookie"
    };

    return evidence < TS_EVIDENCE_COUNT ? names[evidence] : NULL;
}

const char *
ts_pair_state_name(unsigned state)
{
    static const char *const names[TS_PAIR_STATE_COUNT] = { "frozen", "checking", "succeeded", "nominated", "failed" };

    return state < TS_PAIR_STATE_COUNT ? names[state] : NULL;
}

void
ts_frame_info_init(void)
{
    proto_teams = proto_get_id_by_filter_name(TEAMS_FILTER_NAME);
}

bool
ts_frame_info_wanted(void)
{
    return proto_teams > 0 && proto_is_protocol_enabled(find_protocol_by_id(proto_teams));
}

static void *
append(wmem_allocator_t *scope, packet_info *pinfo, ts_frame_info_kind kind, size_t size)
{
    ts_frame_info *info = (ts_frame_info *)wmem_alloc0(scope, size);
    ts_frame_info *first = (ts_frame_info *)p_get_proto_data(scope, pinfo, proto_teams, INFO_KEY);

    info->kind = kind;
    if (first == NULL)
        p_add_proto_data(scope, pinfo, proto_teams, INFO_KEY, info);
    else
        first->last->next = info;
    (first == NULL ? info : first)->last = info;
    return info;
}

void *
ts_frame_info_add(packet_info *pinfo, ts_frame_info_kind kind, size_t size)
{
    return ts_frame_info_wanted() ? append(pinfo->pool, pinfo, kind, size) : NULL;
}

void *
ts_frame_info_keep(packet_info *pinfo, ts_frame_info_kind kind, size_t size)
{
    return PINFO_FD_VISITED(pinfo) || !ts_frame_info_wanted() ? NULL : append(wmem_file_scope(), pinfo, kind, size);
}

void
ts_frame_info_add_problem(packet_info *pinfo, int severity)
{
    if (ts_frame_info_wanted() && severity > ts_frame_info_problem(pinfo))
        p_set_proto_data(pinfo->pool, pinfo, proto_teams, PROBLEM_KEY, GINT_TO_POINTER(severity));
}

int
ts_frame_info_problem(packet_info *pinfo)
{
    return proto_teams <= 0 ? 0 : GPOINTER_TO_INT(p_get_proto_data(pinfo->pool, pinfo, proto_teams, PROBLEM_KEY));
}

/* Names come after the rest: they are read by a postdissector. */
const ts_frame_info *
ts_frame_info_first(packet_info *pinfo)
{
    if (proto_teams <= 0)
        return NULL;

    ts_frame_info *kept = (ts_frame_info *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams, INFO_KEY);
    ts_frame_info *passing = (ts_frame_info *)p_get_proto_data(pinfo->pool, pinfo, proto_teams, INFO_KEY);

    if (passing == NULL)
        return kept;
    passing->last->next = kept;
    return passing;
}
