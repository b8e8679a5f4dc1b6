/* packet-teams.c
 * What it all means: the session that each frame of Teams or Skype is part of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A postdissector that runs after every other one: it reads the records that
 * teams-dns, ms-turn and teams-stun left on the frame, decides on the first
 * pass what the frame is (attribute.c), and shows that on every pass. It
 * needs no field of another dissector, and so makes nobody build a tree.
 */

#include "common/items.h"
#include "common/frame_info.h"

#include <epan/conversation_filter.h>
#include <epan/proto_data.h>
#include <epan/tap.h>

#include "session/assign_frame.h"
#include "session/diagnostics.h"
#include "session/model.h"
#include "preferences.h"
#include "session/refusal.h"
#include "report/report.h"
#include "report/sequence.h"
#include "tap.h"

#define VIEW_KEY 0

void proto_register_teams(void);
void proto_reg_handoff_teams(void);

static int proto_teams = -1;
static int teams_tap_id = -1;
static int ett_teams = -1;

static int hf_teams_product = -1;
static int hf_teams_service = -1;
static int hf_teams_stage = -1;
static int hf_teams_modality = -1;
static int hf_teams_transport = -1;
static int hf_teams_path = -1;
static int hf_teams_endpoint = -1;
static int hf_teams_name = -1;
static int hf_teams_name_frame = -1;
static int hf_teams_evidence = -1;
static int hf_teams_flow = -1;
static int hf_teams_call = -1;
static int hf_teams_signin = -1;

/* ---- showing a frame ---- */

static void
add_string(proto_tree *tree, tvbuff_t *tvb, int hf, const char *text)
{
    if (text != NULL && text[0] != '\0')
        ts_add_text(tvb, tree, hf, text);
}

/* 0 where the frame (or the view) has none. */
static uint32_t
flow_number(const teams_view *view)
{
    return view == NULL || view->flow == NULL ? 0 : view->flow->number;
}

static uint32_t
call_number(const teams_view *view)
{
    return view == NULL || view->call == NULL ? 0 : view->call->number;
}

static uint32_t
signin_number(const teams_view *view)
{
    return view == NULL || view->signin == NULL ? 0 : view->signin->number;
}

static void
show_view(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const teams_view *view, const char *label)
{
    proto_item *item = proto_tree_add_protocol_format(tree, proto_teams, tvb, 0, 0, "Microsoft Teams: %s", label);
    proto_tree *teams_tree = proto_item_add_subtree(item, ett_teams);

    proto_item_set_generated(item);
    add_string(teams_tree, tvb, hf_teams_product, ts_product_name(view->product));
    add_string(teams_tree, tvb, hf_teams_service, ts_service_name(view->service));
    add_string(teams_tree, tvb, hf_teams_stage, ts_stage_name(view->stage));
    add_string(teams_tree, tvb, hf_teams_modality, ts_modality_name(view->modality));
    add_string(teams_tree, tvb, hf_teams_transport, teams_transport_name(view->transport));
    add_string(teams_tree, tvb, hf_teams_path, teams_path_name(view->path));
    add_string(teams_tree, tvb, hf_teams_endpoint, view->endpoint);
    add_string(teams_tree, tvb, hf_teams_name, view->name);
    ts_add_number(tvb, teams_tree, hf_teams_name_frame, view->name_frame);
    add_string(teams_tree, tvb, hf_teams_evidence, teams_evidence_name(view->evidence));
    ts_add_number(tvb, teams_tree, hf_teams_flow, flow_number(view));
    ts_add_number(tvb, teams_tree, hf_teams_call, call_number(view));
    ts_add_number(tvb, teams_tree, hf_teams_signin, signin_number(view));
    teams_diagnostics_show(pinfo, item);
}

static void
queue_tap(packet_info *pinfo, const teams_view *view)
{
    if (!have_tap_listener(teams_tap_id))
        return;
    teams_tap *tap = wmem_new0(pinfo->pool, teams_tap);

    tap->view = view;
    tap->records = ts_frame_info_first(pinfo);
    tap->findings = teams_diagnostics_of(pinfo);
    tap->from_client = view->flow != NULL && teams_flow_from_client(view->flow, pinfo);
    tap_queue_packet(teams_tap_id, pinfo, tap);
}

/* A frame with media, the bulk of a call, has the view that the ones before it in its flow have. */
static const ts_media_info *
media_of(packet_info *pinfo)
{
    const ts_frame_info *first = ts_frame_info_first(pinfo);

    return first != NULL && first->kind == TS_INFO_MEDIA ? (const ts_media_info *)first : NULL;
}

static void
keep_view(packet_info *pinfo, const teams_view *view)
{
    const ts_media_info *media = media_of(pinfo);

    if (media == NULL || view->flow == NULL) {
        p_add_proto_data(wmem_file_scope(), pinfo, proto_teams, VIEW_KEY, (void *)view);
        return;
    }
    teams_flow *flow = view->flow;

    if (flow->media_views[media->kind].latest == view)
        return;
    if (flow->media_views[media->kind].changes == NULL)
        flow->media_views[media->kind].changes = wmem_tree_new(wmem_file_scope());
    flow->media_views[media->kind].latest = view;
    wmem_tree_insert32(flow->media_views[media->kind].changes, pinfo->num, (void *)view);
}

/* As the first pass kept it. */
static const teams_view *
view_of(packet_info *pinfo)
{
    const ts_media_info *media = media_of(pinfo);
    const teams_flow *flow = media == NULL ? NULL : teams_flow_of(teams_model_get(), pinfo, false, true);

    if (flow == NULL || flow->media_views[media->kind].changes == NULL)
        return (const teams_view *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams, VIEW_KEY);
    return (const teams_view *)wmem_tree_lookup32_le(flow->media_views[media->kind].changes, pinfo->num);
}

static int
dissect_teams(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    const teams_view *view;

    if (PINFO_FD_VISITED(pinfo))
        view = view_of(pinfo);
    else if ((view = teams_attribute(pinfo)) != NULL || (view = teams_refusal_view(tvb, pinfo)) != NULL)
        keep_view(pinfo, view);

    if (view == NULL)
        return 0;

    const char *label = teams_view_label(view);
    show_view(tvb, pinfo, tree, view, label);
    if (teams_preference_info_column())
        col_prepend_fence_fstr(pinfo->cinfo, COL_INFO, "%s: ", label);
    queue_tap(pinfo, view);
    return (int)tvb_captured_length(tvb);
}

/* ---- conversation filters ---- */

/* The callbacks of one filter: releases before 4.4 hand them no data to tell the filters apart by. */
#define TEAMS_CONVERSATION_FILTER(item) \
    static ws_bool \
    item##_filter_valid(packet_info *pinfo WS_CONV_FILTER_DATA) \
    { \
        return item##_number(view_of(pinfo)) != 0; \
    } \
    static char * \
    item##_filter_build(packet_info *pinfo WS_CONV_FILTER_DATA) \
    { \
        return g_strdup_printf("teams." #item " == %u", item##_number(view_of(pinfo))); \
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

void
proto_register_teams(void)
{
    static hf_register_info hf[] = {
        { &hf_teams_product, { "Product", "teams.product", FT_STRING, BASE_NONE, NULL, 0,
            "Product that the frame belongs to, as in the naming taxonomy", HFILL } },
        { &hf_teams_service, { "Service", "teams.service", FT_STRING, BASE_NONE, NULL, 0,
            "Service at the far end, as in the naming taxonomy", HFILL } },
        { &hf_teams_stage, { "Stage", "teams.stage", FT_STRING, BASE_NONE, NULL, 0,
            "Stage of sign-in or call that the service serves", HFILL } },
        { &hf_teams_modality, { "Modality", "teams.modality", FT_STRING, BASE_NONE, NULL, 0,
            "audio, video, sharing, signalling or data, where something says so", HFILL } },
        { &hf_teams_transport, { "Transport", "teams.transport", FT_STRING, BASE_NONE, NULL, 0,
            "udp, tcp, tls, quic or pseudo-tls", HFILL } },
        { &hf_teams_path, { "Path", "teams.path", FT_STRING, BASE_NONE, NULL, 0,
            "How media goes: direct, relayed, multiplexed or tcp_fallback", HFILL } },
        { &hf_teams_endpoint, { "Endpoint", "teams.endpoint", FT_STRING, BASE_NONE, NULL, 0,
            "Address and port of the service's end of the flow", HFILL } },
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
    };
    static int *ett[] = { &ett_teams };

    proto_teams = proto_register_protocol("Microsoft Teams Session", "Teams", "teams");
    proto_register_field_array(proto_teams, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    teams_diagnostics_register(proto_teams);
    teams_preferences_register(proto_teams);
    teams_tap_id = register_tap(TEAMS_TAP_NAME);
    register_cleanup_routine(teams_model_cleanup);
    register_filters();
    teams_sequence_register(proto_teams);
    teams_reports_register();
}

/* Registered here and not above, so that it comes after the postdissectors that leave records. */
void
proto_reg_handoff_teams(void)
{
    static bool done = false;

    ts_frame_info_init();
    if (!done)
        register_postdissector(create_dissector_handle(dissect_teams, proto_teams));
    done = true;
}
