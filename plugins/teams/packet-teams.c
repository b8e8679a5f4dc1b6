/* packet-teams.c
 * What it all means: the session that each frame of Teams or Skype is part of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A postdissector that runs after every other one: it reads the infos that
 * teams-dns and ms-stun left on the frame, decides on the first
 * pass what the frame is (assign_frame.c) and what happened to its connection
 * (connection_frame.c), and shows that on every pass.
 */

#include <string.h>

#include "common/duplicate.h"
#include "common/items.h"
#include "common/frame_info.h"
#include "common/frame_map.h"
#include "common/nat64.h"

#include <epan/conversation_filter.h>
#include <epan/tap.h>

#include "session/assign_frame.h"
#include "session/requests.h"
#include "session/teams_expert.h"
#include "session/model.h"
#include "session/translated.h"
#include "preferences.h"
#include "tenants.h"
#include "report/report.h"
#include "tap.h"

void proto_register_teams(void);
void proto_reg_handoff_teams(void);

static int proto_teams = -1;
static int teams_tap_id = -1;
static dissector_handle_t teams_handle;
static wmem_map_t *infos_of_frames;     /* teams_frame_info */
static int ett_teams = -1;

static int hf_teams_product = -1;
static int hf_teams_service = -1;
static int hf_teams_stage = -1;
static int hf_teams_modality = -1;
static int hf_teams_transport = -1;
static int hf_teams_path = -1;
static int hf_teams_endpoint_address = -1;
static int hf_teams_endpoint_ipv6 = -1;
static int hf_teams_endpoint_port = -1;
static int hf_teams_name = -1;
static int hf_teams_name_frame = -1;
static int hf_teams_evidence = -1;
static int hf_teams_flow = -1;
static int hf_teams_call = -1;
static int hf_teams_signin = -1;
static int hf_teams_duplicate_of = -1;
static int hf_teams_problem = -1;
static int hf_teams_prefix = -1;

/* ---- showing a frame ---- */

static void
add_string(proto_tree *tree, tvbuff_t *tvb, int hf, const char *text)
{
    if (text != NULL && text[0] != '\0')
        ts_add_text(tvb, tree, hf, text);
}

/* 0 where the frame (or the info) has none. */
static uint32_t
flow_number(const teams_frame_info *info)
{
    return info == NULL || info->flow == NULL ? 0 : info->flow->number;
}

static uint32_t
call_number(const teams_frame_info *info)
{
    return info == NULL || info->call == NULL ? 0 : info->call->number;
}

static uint32_t
signin_number(const teams_frame_info *info)
{
    return info == NULL || info->signin == NULL ? 0 : info->signin->number;
}

/* The protocol's item with what a connection completes here, and the frame's problems. NULL where nobody looks below it. */
static proto_tree *
show_protocol(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const char *label)
{
    ts_act_as(pinfo, "Teams");

    proto_item *item = ts_add_protocol(tvb, tree, proto_teams, 0, "Microsoft Teams: ", label);
    proto_tree *teams_tree = proto_field_is_referenced(tree, proto_teams) ? proto_item_add_subtree(item, ett_teams) : NULL;

    proto_item_set_generated(item);
    if (!teams_may_have_items(pinfo))
        return teams_tree;
    if (teams_tree != NULL) {
        teams_connection_show(tvb, pinfo, teams_tree);
        teams_requests_show(tvb, pinfo, teams_tree);
    }
    teams_problems_show(pinfo, item);
    return teams_tree;
}

/*
 * Whoever looks or not: a copy may come, and later passes look up what the first one found. Clients of old versions send
 * a check twice at once, which only the first pass can tell from a copy.
 */
static void
find_duplicate(packet_info *pinfo, const ts_frame_info *infos)
{
    const bool by_time = ts_duplicate_of(pinfo).by_time;
    const ts_check_info *check = infos != NULL && infos->kind == TS_INFO_CHECK ? (const ts_check_info *)infos : NULL;

    if (by_time && check != NULL && check->version != 0 && check->version <= TS_LAST_VERSION_WITH_TWINS)
        ts_duplicate_is_none(pinfo);
}

static void
show_info(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const teams_frame_info *info, const char *label)
{
    proto_tree *teams_tree = show_protocol(tvb, pinfo, tree, label);

    if (teams_tree == NULL)
        return;
    add_string(teams_tree, tvb, hf_teams_product, ts_product_name(info->product));
    add_string(teams_tree, tvb, hf_teams_service, ts_service_name(info->service));
    add_string(teams_tree, tvb, hf_teams_stage, ts_stage_name(info->stage));
    add_string(teams_tree, tvb, hf_teams_modality, ts_modality_name(info->modality));
    add_string(teams_tree, tvb, hf_teams_transport, teams_transport_name(info->transport));
    add_string(teams_tree, tvb, hf_teams_path, teams_path_name(info->path));
    if (info->flow != NULL)
        ts_add_endpoint(tvb, teams_tree, hf_teams_endpoint_address, hf_teams_endpoint_ipv6, hf_teams_endpoint_port,
            &info->flow->server_end);
    add_string(teams_tree, tvb, hf_teams_name, info->name);
    ts_add_number(tvb, teams_tree, hf_teams_name_frame, info->name_frame);
    add_string(teams_tree, tvb, hf_teams_evidence, ts_evidence_name(info->evidence));
    ts_add_number(tvb, teams_tree, hf_teams_flow, flow_number(info));
    ts_add_number(tvb, teams_tree, hf_teams_call, call_number(info));
    ts_add_number(tvb, teams_tree, hf_teams_signin, signin_number(info));
    ts_add_number(tvb, teams_tree, hf_teams_duplicate_of, ts_duplicate_of(pinfo).frame);
}

/* Warnings and errors of every plugin, whatever the frame is: at the root, since the frame may be nobody's. */
static void
show_problem(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const int severity = ts_frame_info_problem(pinfo);

    if (severity >= PI_WARN)
        ts_add_number(tvb, tree, hf_teams_problem, (uint32_t)severity);
}

static void
queue_tap(packet_info *pinfo, const teams_frame_info *info)
{
    if (!have_tap_listener(teams_tap_id))
        return;
    teams_tap *tap = wmem_new0(pinfo->pool, teams_tap);

    tap->info = info;
    tap->infos = ts_frame_info_first(pinfo);
    tap->problems = teams_problems_of(pinfo);
    tap->first_pass = !PINFO_FD_VISITED(pinfo);     /* a listener cannot tell any more */
    tap->duplicate_of = ts_duplicate_of(pinfo).frame;
    tap->from_client = info->flow != NULL && teams_flow_from_client(info->flow, pinfo);
    tap_queue_packet(teams_tap_id, pinfo, tap);
}

/* A frame with media, the bulk of a call, has the info that the ones before it in its flow have. */
static const ts_media_info *
media_of(const ts_frame_info *first)
{
    return first != NULL && first->kind == TS_INFO_MEDIA ? (const ts_media_info *)first : NULL;
}

static void
keep_info(packet_info *pinfo, const ts_frame_info *infos, const teams_frame_info *info)
{
    const ts_media_info *media = media_of(infos);

    if (media == NULL || info->flow == NULL) {
        ts_frame_map_keep(infos_of_frames, pinfo, info);
        return;
    }
    teams_flow *flow = info->flow;

    if (flow->media_infos[media->kind].latest == info)
        return;
    if (flow->media_infos[media->kind].changes == NULL)
        flow->media_infos[media->kind].changes = wmem_tree_new(wmem_file_scope());
    flow->media_infos[media->kind].latest = info;
    wmem_tree_insert32(flow->media_infos[media->kind].changes, pinfo->num, (void *)info);
}

/* A frame that is nobody's, as on the outer side of a NAT once that is known, has none, though the ones before it in its flow have. */
static void
keep_none(packet_info *pinfo, const ts_frame_info *infos)
{
    const ts_media_info *media = media_of(infos);
    teams_flow *flow = media == NULL ? NULL : teams_flow_of(teams_model_get(), pinfo, false, true);

    if (flow == NULL || flow->media_infos[media->kind].latest == NULL)
        return;
    flow->media_infos[media->kind].latest = NULL;
    wmem_tree_insert32(flow->media_infos[media->kind].changes, pinfo->num, NULL);
}

/* As the first pass kept it. */
static const teams_frame_info *
info_of(packet_info *pinfo)
{
    const ts_media_info *media = media_of(ts_frame_info_first(pinfo));
    const teams_flow *flow = media == NULL ? NULL : teams_flow_of(teams_model_get(), pinfo, false, true);

    if (flow == NULL || flow->media_infos[media->kind].changes == NULL)
        return (const teams_frame_info *)ts_frame_map_get(infos_of_frames, pinfo);
    return (const teams_frame_info *)wmem_tree_lookup32_le(flow->media_infos[media->kind].changes, pinfo->num);
}

/* What the frame is: decided on the first pass, the same on every later one. NULL where it is not ours. */
static const teams_frame_info *
find_info(tvbuff_t *tvb, packet_info *pinfo, const ts_frame_info *infos, bool translated)
{
    const teams_frame_info *info = NULL;

    if (PINFO_FD_VISITED(pinfo))
        return info_of(pinfo);
    if (!translated && ((info = teams_assign_frame(pinfo, infos)) != NULL || (info = teams_refusal_info(tvb, pinfo)) != NULL)) {
        keep_info(pinfo, infos, info);
        teams_model_get()->last_frame = pinfo->num;
    } else
        keep_none(pinfo, infos);
    return info;
}

/* "Teams identity: login.microsoftonline.com, Client Hello": with the name where nothing else in the column has it. */
static void
prepend_info(packet_info *pinfo, const teams_frame_info *info, const char *label)
{
    const char *text;

    if (!col_get_writable(pinfo->cinfo, COL_INFO))
        return;
    text = col_get_text(pinfo->cinfo, COL_INFO);
    if (info->what != TEAMS_WHAT_SERVICE || info->name == NULL || (text != NULL && strstr(text, info->name) != NULL))
        col_prepend_fence_fstr(pinfo->cinfo, COL_INFO, "%s: ", label);
    else
        col_prepend_fence_fstr(pinfo->cinfo, COL_INFO, "%s: %s, ", label, teams_shown_name(pinfo->pool, info->name));
}

/* A front door's name says "web-app" of every frame: what is asked for says more. */
static const char *
label_of(packet_info *pinfo, const teams_frame_info *info)
{
    const ts_service service = teams_may_have_items(pinfo) ? teams_requests_service(pinfo) : TS_SERVICE_UNKNOWN;

    return service == TS_SERVICE_UNKNOWN || info->what != TEAMS_WHAT_SERVICE ? teams_frame_info_label(info)
        : teams_frame_info_label_of(info, service);
}

static int
dissect_teams(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    const ts_frame_info *infos = PINFO_FD_VISITED(pinfo) ? NULL : ts_frame_info_first(pinfo);

    teams_connection_own_ends(pinfo, tree);
    teams_clock_frame(teams_model_get(), pinfo, infos);
    if (pinfo->ptype == PT_TCP && ts_frame_is_cut(pinfo))
        teams_model_get()->segments_cut = true;
    const bool translated = !PINFO_FD_VISITED(pinfo) && teams_translated_frame(pinfo, infos);
    const teams_frame_info *info = find_info(tvb, pinfo, infos, translated);

    if (!PINFO_FD_VISITED(pinfo) && !translated)
        teams_connection_frame(tvb, pinfo, tree, infos);
    if (info != NULL) {
        if (!PINFO_FD_VISITED(pinfo))
            find_duplicate(pinfo, infos);
        const char *label = label_of(pinfo, info);

        show_info(tvb, pinfo, tree, info, label);
        if (teams_prefs.info_column)
            prepend_info(pinfo, info, label);
        queue_tap(pinfo, info);
    } else if (teams_may_have_items(pinfo) && (teams_connection_has_items(pinfo) || teams_requests_has_items(pinfo)))
        show_protocol(tvb, pinfo, tree, "connection");
    if (info == NULL && proto_field_is_referenced(tree, hf_teams_prefix))
        add_string(tree, tvb, hf_teams_prefix, teams_shared_prefix(pinfo));
    if (proto_field_is_referenced(tree, hf_teams_problem))
        show_problem(tvb, pinfo, tree);
    return info == NULL ? 0 : (int)tvb_captured_length(tvb);
}

/* ---- conversation filters ---- */

/* The callbacks of one filter: releases before 4.4 hand them no data to tell the filters apart by. */
#define TEAMS_CONVERSATION_FILTER(item) \
    static ws_bool \
    item##_filter_valid(packet_info *pinfo WS_CONV_FILTER_DATA) \
    { \
        return item##_number(info_of(pinfo)) != 0; \
    } \
    static char * \
    item##_filter_build(packet_info *pinfo WS_CONV_FILTER_DATA) \
    { \
        return g_strdup_printf("teams." #item " == %u", item##_number(info_of(pinfo))); \
    }

TEAMS_CONVERSATION_FILTER(flow)
TEAMS_CONVERSATION_FILTER(call)
TEAMS_CONVERSATION_FILTER(signin)

static void
register_filters(void)
{
    ws_register_conversation_filter("teams", "Teams flow", flow_filter_valid, flow_filter_build);
    ws_register_conversation_filter("teams", "Teams call", call_filter_valid, call_filter_build);
    ws_register_conversation_filter("teams", "Teams sign-in", signin_filter_valid, signin_filter_build);
}

/* ---- registration ---- */

/* Reports first: they refer to the rest. */
static void
end_session(void)
{
    teams_reports_end_session();
    teams_connection_cleanup();
    teams_requests_cleanup();
    teams_translated_cleanup();
    teams_model_cleanup();
}

static void
register_handle(void)
{
    const int proto_session = proto_register_protocol_in_name_only("Microsoft Teams, of each frame", "Teams frame",
        "teamshark_session", proto_teams, FT_PROTOCOL);

    teams_handle = create_dissector_handle(dissect_teams, proto_session);
}

void
proto_register_teams(void)
{
    static hf_register_info hf[] = {
        { &hf_teams_product, { "Product", "teams.product", FT_STRING, BASE_NONE, NULL, 0,
            "Product that the frame belongs to, as in the naming taxonomy", HFILL } },
        { &hf_teams_service, { "Service", "teams.service", FT_STRING, BASE_NONE, NULL, 0,
            "Service at the remote end, as in the naming taxonomy", HFILL } },
        { &hf_teams_stage, { "Stage", "teams.stage", FT_STRING, BASE_NONE, NULL, 0,
            "Stage of sign-in or call that the service serves", HFILL } },
        { &hf_teams_modality, { "Modality", "teams.modality", FT_STRING, BASE_NONE, NULL, 0,
            "audio, video, sharing, signalling or data, where something says so", HFILL } },
        { &hf_teams_transport, { "Transport", "teams.transport", FT_STRING, BASE_NONE, NULL, 0,
            "udp, tcp, tls, quic or pseudo-tls", HFILL } },
        { &hf_teams_path, { "Path", "teams.path", FT_STRING, BASE_NONE, NULL, 0,
            "How media goes: direct, relayed, multiplexed or tcp_fallback", HFILL } },
        { &hf_teams_endpoint_address, { "Endpoint Address", "teams.endpoint.address", FT_IPv4, BASE_NONE, NULL, 0,
            "IPv4 address of the service's end of the flow", HFILL } },
        { &hf_teams_endpoint_ipv6, { "Endpoint IPv6 Address", "teams.endpoint.ipv6", FT_IPv6, BASE_NONE, NULL, 0,
            "IPv6 address of the service's end of the flow", HFILL } },
        { &hf_teams_endpoint_port, { "Endpoint Port", "teams.endpoint.port", FT_UINT16, BASE_DEC, NULL, 0,
            "Port of the service's end of the flow", HFILL } },
        { &hf_teams_name, { "Name", "teams.name", FT_STRING, BASE_NONE, NULL, 0,
            "Name of the service: in this frame, its server name, or the name that gave its address", HFILL } },
        { &hf_teams_name_frame, { "Name Frame", "teams.name.frame", FT_FRAMENUM, BASE_NONE, NULL, 0,
            "Frame that the name is from", HFILL } },
        { &hf_teams_evidence, { "Evidence", "teams.evidence", FT_STRING, BASE_NONE, NULL, 0,
            "Why the frame is taken for Teams or Skype traffic", HFILL } },
        { &hf_teams_flow, { "Flow", "teams.flow", FT_UINT32, BASE_DEC, NULL, 0,
            "Number of the flow in this capture, from 1", HFILL } },
        { &hf_teams_call, { "Call", "teams.call", FT_UINT32, BASE_DEC, NULL, 0,
            "Number of the call in this capture, from 1", HFILL } },
        { &hf_teams_signin, { "Sign-In", "teams.signin", FT_UINT32, BASE_DEC, NULL, 0,
            "Number of the sign-in in this capture, from 1", HFILL } },
        { &hf_teams_duplicate_of, { "Duplicate Of", "teams.duplicate_of", FT_FRAMENUM, BASE_NONE, NULL, 0,
            "Frame that had this packet first: the capture has it twice, and reports count it once", HFILL } },
        { &hf_teams_prefix, { "Microsoft, by prefix", "teams.prefix", FT_STRING, BASE_NONE, NULL, 0,
            "Published prefix of an address in a frame that nothing shows to be Teams: others answer in it, too", HFILL } },
        { &hf_teams_problem, { "Teams Problem", "teams.problem", FT_UINT32, BASE_HEX, NULL, 0,
            "The frame has a warning or an error of Teamshark: the worst severity of them", HFILL } },
    };
    static int *ett[] = { &ett_teams };

    proto_teams = proto_register_protocol("Microsoft Teams Session", "Teams", "teams");
    ts_hf_set_names(hf, array_length(hf), &hf_teams_problem, expert_severity_vals);
    proto_register_field_array(proto_teams, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    register_handle();
    infos_of_frames = ts_frame_map_new();
    teams_expert_register(proto_teams);
    ts_duplicates_register();
    teams_connection_register(proto_teams);
    teams_requests_register(proto_teams);
    teams_preferences_register(proto_teams);
    teams_tap_id = register_tap(TEAMS_TAP_NAME);
    register_cleanup_routine(end_session);
    ts_nat64_register();
    register_filters();
    teams_sequence_register(proto_teams);
    teams_reports_register();
}

/* After every handoff, so that it comes after the postdissectors that leave infos. */
static void
register_last(void)
{
    register_postdissector(teams_handle);
}

void
proto_reg_handoff_teams(void)
{
    static bool done = false;

    ts_frame_info_init();
    if (!done) {
        teams_connection_handoff(teams_handle);
        register_final_registration_routine(register_last);
    }
    done = true;
}
