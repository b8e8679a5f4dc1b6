/* checks.c
 * Connectivity checks: what each one means for its pair
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * [MS-ICE2] 3.1.5.4 (validation), RFC 8445 7 (outcomes). Everything that
 * depends on other frames is decided once, on the first pass, and kept with
 * the frame; only response_in, a look ahead, is known later.
 */

#include "pairs.h"

#include <wsutil/utf8_entities.h>

#include "common/items.h"
#include "integrity.h"

/* So many sendings without an answer make a check a failed one (Teams gives up after five, observed). */
#define UNANSWERED_SENDS    5
#define STUN_ROLE_CONFLICT  487

/* What the first pass found out about one message. File scope. */
typedef struct {
    const ts_pair *pair;        /* NULL: no check */
    const ts_pair_snapshot *snapshot;   /* of the pair, after this frame */
    const char *pair_text;
    const ts_attempt *attempt;
    uint32_t twin_of;
    uint32_t response_to;
    nstime_t time;
    bool request;
    bool retransmission;
    bool duplicate;
    bool round_trip;            /* time is that of a check which the capturing side sent */
    bool answer_time;           /* time is what the capturing side took to answer */
    bool keep_alive;
    bool consent;               /* an answered check after nomination */
    uint64_t diagnostics;
    ts_integrity integrity;
    bool from_local;
    ts_endpoint mapped_before;      /* with NAT_CHANGED */
} check_frame_data;

int proto_teams_stun = -1;

static int hf_teams_stun_pair = -1;
static int hf_teams_stun_pair_state = -1;
static int hf_teams_stun_pair_local_type = -1;
static int hf_teams_stun_pair_remote_type = -1;
static int hf_teams_stun_twin_of = -1;
static int hf_teams_stun_retransmission = -1;
static int hf_teams_stun_response_to = -1;
static int hf_teams_stun_response_in = -1;
static int hf_teams_stun_response_time = -1;
static int hf_teams_stun_answer_time = -1;
static int hf_teams_stun_media = -1;
static int hf_teams_stun_evidence = -1;
static int hf_teams_stun_integrity_status = -1;

static int ett_message = -1;
static int ett_pair = -1;

/* ---- the outcome for the pair; first pass ---- */

static bool
is_check(const stun_msg *msg)
{
    return stun_msg_has(msg, TS_ATTR_USERNAME) || stun_msg_has(msg, TS_ATTR_PRIORITY) || msg->role != TS_ICE_ROLE_UNKNOWN || stun_msg_is_microsoft(msg) || stun_msg_has(msg, TS_ATTR_MUX_SESSION_ID);
}

static bool
session_has_succeeded_directly(const ts_pair *pair)
{
    unsigned searched = 0;

    for (const ts_pair *each = pair->ice == NULL ? NULL : pair->ice->pairs; each != NULL && searched < TS_MAX_SIBLINGS;
         each = each->next_of_ice, searched++) {
        if (each != pair && each->answered && !each->tcp && each->server.addr.type == AT_NONE &&
            each->remote_type != TS_CANDIDATE_RELAYED)
            return true;
    }
    return false;
}

static void
request_outcome(ts_pair *pair, const ts_attempt *attempt, check_frame_data *frame_data)
{
    const unsigned sends = attempt == NULL ? 1 : attempt->sends;
    const bool unanswered = sends == UNANSWERED_SENDS && attempt->response_in == 0;

    if (pair->state == TS_PAIR_FROZEN || (pair->state == TS_PAIR_FAILED && sends == 1))
        ts_pair_set_state(pair, TS_PAIR_CHECKING);
    if (!unanswered)
        return;
    frame_data->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_CHECK_UNANSWERED);
    if (pair->answered)
        return;
    ts_pair_set_state(pair, TS_PAIR_FAILED);
    if (pair->ice != NULL && pair->ice->failed == pair->ice->count)
        frame_data->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_NO_PAIR_ANSWERED);
}

static void
nominate(packet_info *pinfo, ts_pair *pair, check_frame_data *frame_data)
{
    const bool relayed = pair->server.addr.type != AT_NONE || pair->remote_type == TS_CANDIDATE_RELAYED || pair->tcp;

    ts_pair_set_state(pair, TS_PAIR_NOMINATED);
    if (pair->nominated_frame != 0)
        return;
    pair->nominated_frame = pinfo->num;
    if (relayed && session_has_succeeded_directly(pair))
        frame_data->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_RELAYED_NOMINATION);
}

static void
success_outcome(packet_info *pinfo, ts_pair *pair, const ts_attempt *attempt, check_frame_data *frame_data)
{
    frame_data->consent = pair->nominated_frame != 0;
    pair->answered = true;
    if (ts_consent_answered(pinfo, pair) == TS_CONSENT_BACK)
        frame_data->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_CONSENT_BACK);
    if (attempt != NULL && attempt->use_candidate)
        nominate(pinfo, pair, frame_data);
    else if (pair->state != TS_PAIR_NOMINATED)
        ts_pair_set_state(pair, TS_PAIR_SUCCEEDED);
}

static void
error_outcome(ts_pair *pair, const stun_msg *msg, check_frame_data *frame_data)
{
    const bool conflict = msg->error_code == STUN_ROLE_CONFLICT;

    frame_data->diagnostics |= TS_EXPERT_BIT(conflict ? TEAMS_STUN_EXPERT_ROLE_CONFLICT : TEAMS_STUN_EXPERT_ERROR_RESPONSE);
    if (!pair->answered)
        ts_pair_set_state(pair, conflict ? TS_PAIR_CHECKING : TS_PAIR_FAILED);
}

/* [MS-ICE2] 3.1.5.4 and 2.2: what a check must carry. */
static void
check_contents(const stun_msg *msg, const ts_pair *pair, check_frame_data *frame_data)
{
    const bool microsoft = stun_msg_is_microsoft(msg) || (pair != NULL && pair->version != 0);

    if (!microsoft || msg->type == TS_STUN_BINDING_INDICATION)
        return;
    if (!stun_msg_has(msg, TS_ATTR_IMPLEMENTATION_VERSION) && msg->type != TS_STUN_BINDING_ERROR)
        frame_data->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_NO_IMPLEMENTATION_VERSION);
    if (msg->type != TS_STUN_BINDING_REQUEST) {
        if (stun_msg_has(msg, TS_ATTR_CANDIDATE_IDENTIFIER))
            frame_data->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_CANDIDATE_IDENTIFIER_IN_RESPONSE);
        return;
    }
    if (frame_data->keep_alive || !msg->complete)
        return;
    if (!stun_msg_has(msg, TS_ATTR_USERNAME) || !stun_msg_has(msg, TS_ATTR_FINGERPRINT))
        frame_data->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_DISCARDED_CHECK);
    if (msg->integrity_offset == 0)
        frame_data->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_UNAUTHENTICATED_CHECK);
}

/* ---- what "teams" is told ---- */

static void
fill_ufrags(packet_info *pinfo, const stun_msg *msg, bool from_local, ts_check_info *info)
{
    const ts_ice_session *session = ts_ice_session_of(pinfo, msg, false);

    info->ufrag_local = info->ufrag_remote = "";
    if (session == NULL)
        return;
    const unsigned sender = strcmp(session->ufrag[0], msg->ufrag_local) == 0 ? 0 : 1;
    const unsigned local = from_local ? sender : 1 - sender;

    info->ufrag_local = session->ufrag[local];
    info->ufrag_remote = session->ufrag[1 - local];
}

static void
attach_info(packet_info *pinfo, const stun_msg *msg, const check_frame_data *frame_data)
{
    const ts_pair *pair = frame_data->pair;
    ts_check_info *info = (ts_check_info *)ts_frame_info_add(pinfo, TS_INFO_CHECK, sizeof *info);

    if (info == NULL)
        return;
    info->type = msg->type;
    info->pair = pair->number;
    info->state = frame_data->snapshot->state;
    info->from_local = frame_data->from_local;
    info->local = pair->local;
    info->remote = pair->remote;
    info->local_type = ts_candidate_name(frame_data->snapshot->local_type);
    info->remote_type = ts_candidate_name(frame_data->snapshot->remote_type);
    info->allocation = pair->allocation;
    info->use_candidate = stun_msg_has(msg, TS_ATTR_USE_CANDIDATE);
    info->tcp = pair->tcp;
    info->version = pair->version;
    info->measured = frame_data->round_trip;
    if (frame_data->round_trip)
        info->response_time = frame_data->time;
    info->mapped_before = frame_data->mapped_before;
    info->consent_back = (frame_data->diagnostics & TS_EXPERT_BIT(TEAMS_STUN_EXPERT_CONSENT_BACK)) != 0;
    if (ts_endpoint_known(&msg->reflexive))
        info->mapped = ts_endpoint_shared(&msg->reflexive);
    fill_ufrags(pinfo, msg, frame_data->from_local, info);
}

/* ---- following one message; first pass ---- */

/* Only whoever captures at the sender of a check sees its round trip; at the other end it is the time to answer. */
static void
set_kind_of_time(const ts_attempt *attempt, check_frame_data *frame_data)
{
    const ts_side side = ts_pair_capturing_side(attempt->pair);

    if (side == TS_SIDE_UNKNOWN)
        return;
    frame_data->round_trip = attempt->from_local == (side == TS_SIDE_LOCAL);
    frame_data->answer_time = !frame_data->round_trip;
}

/* The pair and transaction of the message; NULL where it is not a check. */
static ts_pair *
follow(packet_info *pinfo, const ts_demux_call *call, const stun_msg *msg, check_frame_data *frame_data, bool *from_local)
{
    const ts_path path = ts_path_of(pinfo, call, msg);
    ts_pair *pair;

    if (msg->type == TS_STUN_BINDING_REQUEST) {
        pair = ts_pair_find(pinfo, call, &path, is_check(msg), from_local);
        if (pair == NULL)
            return NULL;
        const ts_exchange exchange = ts_check_request(pinfo, msg, pair, *from_local);
        frame_data->attempt = exchange.attempt;
        frame_data->retransmission = exchange.retransmission;
        frame_data->duplicate = exchange.duplicate;
        frame_data->twin_of = exchange.twin_of;
        return pair;
    }
    pair = ts_pair_find(pinfo, call, &path, false, from_local);
    if (msg->type == TS_STUN_BINDING_INDICATION)
        return pair;

    const ts_exchange exchange = ts_check_response(pinfo, msg, pair);
    frame_data->attempt = exchange.attempt;
    frame_data->retransmission = exchange.retransmission;
    frame_data->duplicate = exchange.duplicate;
    frame_data->twin_of = exchange.twin_of;
    frame_data->response_to = exchange.response_to;
    frame_data->time = exchange.time;
    if (exchange.measured)
        set_kind_of_time(exchange.attempt, frame_data);
    if (exchange.attempt != NULL && exchange.attempt->pair != pair) {
        *from_local = !exchange.attempt->from_local;
        return exchange.attempt->pair;
    }
    if (pair == NULL && is_check(msg))
        pair = ts_pair_find(pinfo, call, &path, true, from_local);
    return pair;
}

static check_frame_data *
frame_data_new(tvbuff_t *tvb, packet_info *pinfo, const ts_demux_call *call, const stun_msg *msg)
{
    check_frame_data *frame_data = wmem_new0(wmem_file_scope(), check_frame_data);
    const size_t captured = tvb_captured_length(tvb);
    const uint8_t *data = tvb_get_ptr(tvb, 0, (int)captured);

    frame_data->request = msg->type == TS_STUN_BINDING_REQUEST;
    frame_data->keep_alive = frame_data->request && !stun_msg_has(msg, TS_ATTR_USERNAME) && msg->integrity_offset == 0 && !stun_msg_has(msg, TS_ATTR_PRIORITY);
    frame_data->integrity = ts_integrity_check(data, captured, msg->integrity_offset, msg->ufrag_remote, msg->ufrag_local);
    if (frame_data->integrity == TS_INTEGRITY_INVALID)
        frame_data->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_BAD_INTEGRITY);

    ts_pair *pair = follow(pinfo, call, msg, frame_data, &frame_data->from_local);
    check_contents(msg, pair, frame_data);
    if (frame_data->twin_of != 0)
        frame_data->diagnostics |= TS_EXPERT_BIT(TEAMS_STUN_EXPERT_DUAL_FORMAT_TWIN);
    if (pair == NULL)
        return frame_data;

    ts_pair_changes changes = { .diagnostics = 0 };
    ts_pair_update(pinfo, call, pair, msg, frame_data->from_local, &changes);
    frame_data->diagnostics |= changes.diagnostics;
    frame_data->mapped_before = changes.mapped_before;
    if (frame_data->duplicate)
        ;       /* its outcome is that of the first copy */
    else if (frame_data->request)
        request_outcome(pair, frame_data->attempt, frame_data);
    else if (msg->type == TS_STUN_BINDING_SUCCESS)
        success_outcome(pinfo, pair, frame_data->attempt, frame_data);
    else if (msg->type == TS_STUN_BINDING_ERROR)
        error_outcome(pair, msg, frame_data);

    frame_data->pair = pair;
    frame_data->snapshot = ts_pair_take_snapshot(pinfo, pair);
    frame_data->pair_text = pair->text;
    return frame_data;
}

/* ---- what checks and media share ---- */

uint32_t
ts_frame_data_key(tvbuff_t *tvb, const ts_demux_call *call)
{
    const uint32_t kind = call->payload.kind == TS_PAYLOAD_STUN ? 1 : 0;

    /* Checks and media keep different things: their keys must never meet. */
    return kind << 31 | (call->depth & 0x7) << 28 | (tvb_reported_length(tvb) & 0x3FFF) << 14 |
        ((uint32_t)tvb_raw_offset(tvb) & 0x3FFF);
}

void
ts_show_pair(tvbuff_t *tvb, proto_tree *tree, const ts_pair *pair, const ts_pair_snapshot *snapshot, const char *text)
{
    proto_item *item = proto_tree_add_uint(tree, hf_teams_stun_pair, tvb, 0, 0, pair->number);
    proto_tree *sub = proto_item_add_subtree(item, ett_pair);

    proto_item_set_generated(item);
    if (text != NULL)
        proto_item_append_text(item, ": %s", text);
    ts_add_text(tvb, sub, hf_teams_stun_pair_state, ts_pair_state_name(snapshot->state));
    ts_add_text(tvb, sub, hf_teams_stun_pair_local_type, ts_candidate_name(snapshot->local_type));
    ts_add_text(tvb, sub, hf_teams_stun_pair_remote_type, ts_candidate_name(snapshot->remote_type));
}

void
ts_show_media(tvbuff_t *tvb, proto_tree *tree, const char *media)
{
    if (ts_handle_enabled(ts_teams_stun_handle))
        ts_add_text(tvb, tree, hf_teams_stun_media, media);
}

static void
show_status(tvbuff_t *tvb, proto_tree *tree, int hf, const char *status)
{
    if (*status != '\0')
        ts_add_text(tvb, tree, hf, status);
}

/* ---- display ---- */

static const char *
diagnostic_detail(packet_info *pinfo, const check_frame_data *frame_data, const stun_msg *msg, teams_stun_expert diag)
{
    if (diag == TEAMS_STUN_EXPERT_DUAL_FORMAT_TWIN)
        return wmem_strdup_printf(pinfo->pool, "twin of frame %u", frame_data->twin_of);
    if (diag == TEAMS_STUN_EXPERT_ERROR_RESPONSE || (diag == TEAMS_STUN_EXPERT_ROLE_CONFLICT && msg->error_code != 0))
        return wmem_strdup_printf(pinfo->pool, "error %u", msg->error_code);
    if (diag == TEAMS_STUN_EXPERT_SYMMETRIC_NAT)
        return wmem_strdup_printf(pinfo->pool, "%s here", ts_endpoint_text(pinfo->pool, &msg->reflexive));
    if (diag == TEAMS_STUN_EXPERT_NAT_CHANGED)
        return wmem_strdup_printf(pinfo->pool, "%s before, %s now", ts_endpoint_text(pinfo->pool, &frame_data->mapped_before),
            ts_endpoint_text(pinfo->pool, &msg->reflexive));
    return NULL;
}

static void
show_frame_data(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *root, const check_frame_data *frame_data, const stun_msg *msg)
{
    if (frame_data->pair != NULL)
        ts_show_pair(tvb, tree, frame_data->pair, frame_data->snapshot, frame_data->pair_text);
    show_status(tvb, tree, hf_teams_stun_integrity_status, ts_integrity_name(frame_data->integrity));
    ts_add_number(tvb, tree, hf_teams_stun_twin_of, frame_data->twin_of);
    if (frame_data->retransmission)
        ts_add_flag(tvb, tree, hf_teams_stun_retransmission);
    ts_add_number(tvb, tree, hf_teams_stun_response_to, frame_data->response_to);
    if (frame_data->round_trip || frame_data->answer_time) {
        const int hf = frame_data->round_trip ? hf_teams_stun_response_time : hf_teams_stun_answer_time;

        proto_item_set_generated(proto_tree_add_time(tree, hf, tvb, 0, 0, &frame_data->time));
    }
    if (frame_data->request && frame_data->attempt != NULL)
        ts_add_number(tvb, tree, hf_teams_stun_response_in, frame_data->attempt->response_in);

    for (unsigned diag = 0; diag < TEAMS_STUN_EXPERT_COUNT; diag++) {
        if (frame_data->diagnostics & TS_EXPERT_BIT(diag))
            ts_expert_add(&teams_stun_expert_table, diag, pinfo, root, diagnostic_detail(pinfo, frame_data, msg, diag));
    }
}

static void
show_info(packet_info *pinfo, const check_frame_data *frame_data, const stun_msg *msg)
{
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "MS-ICE");
    /* Stock leaves a message alone whose end is missing. */
    if (msg->end_missing)
        col_add_str(pinfo->cinfo, COL_INFO, stun_message_name(pinfo->pool, msg->type));
    if (frame_data->keep_alive)
        col_append_str(pinfo->cinfo, COL_INFO, ", keep-alive");
    if (frame_data->pair == NULL)
        return;
    const ts_pair_snapshot *snapshot = frame_data->snapshot;

    col_append_fstr(pinfo->cinfo, COL_INFO, ", pair %u", frame_data->pair->number);
    if (snapshot->local_type != TS_CANDIDATE_UNKNOWN || snapshot->remote_type != TS_CANDIDATE_UNKNOWN)
        col_append_fstr(pinfo->cinfo, COL_INFO, " %s%s%s",
            snapshot->local_type == TS_CANDIDATE_UNKNOWN ? "?" : ts_candidate_name(snapshot->local_type), UTF8_RIGHTWARDS_ARROW,
            snapshot->remote_type == TS_CANDIDATE_UNKNOWN ? "?" : ts_candidate_name(snapshot->remote_type));
    col_append_fstr(pinfo->cinfo, COL_INFO, ", %s", ts_pair_state_name(snapshot->state));
    if (frame_data->twin_of != 0)
        col_append_fstr(pinfo->cinfo, COL_INFO, ", twin of frame %u", frame_data->twin_of);
    else if (frame_data->retransmission)
        col_append_str(pinfo->cinfo, COL_INFO, ", retransmission");
    else if (frame_data->consent)
        col_append_str(pinfo->cinfo, COL_INFO, ", consent renewed");
}

int
ts_checks_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_demux_call *call)
{
    stun_msg msg = { .type = 0 };

    if ((call->payload.type & MS_TURN_METHOD_MASK) != TS_STUN_BINDING_REQUEST)
        return 0;

    proto_item *root = proto_tree_add_protocol_format(tree, proto_teams_stun, tvb, 0, -1, "Microsoft ICE, %s",
        stun_message_name(pinfo->pool, call->payload.type));
    proto_tree *sub = proto_item_add_subtree(root, ett_message);
    stun_msg_dissect(STUN_CHECKS, tvb, pinfo, sub, true, &msg);
    if (msg.end_missing)
        ts_expert_add(&teams_stun_expert_table, TEAMS_STUN_EXPERT_MESSAGE_SHORT, pinfo, root, "");

    const uint32_t key = ts_frame_data_key(tvb, call);
    check_frame_data *frame_data = (check_frame_data *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams_stun, key);
    if (frame_data == NULL && !PINFO_FD_VISITED(pinfo)) {
        frame_data = frame_data_new(tvb, pinfo, call, &msg);
        p_add_proto_data(wmem_file_scope(), pinfo, proto_teams_stun, key, frame_data);
    }
    if (frame_data != NULL) {
        if (frame_data->pair != NULL)
            attach_info(pinfo, &msg, frame_data);
        show_frame_data(tvb, pinfo, sub, root, frame_data, &msg);
        show_info(pinfo, frame_data, &msg);
    }
    ts_show_media(tvb, sub, "stun");
    show_status(tvb, sub, hf_teams_stun_evidence, ts_evidence_name(call->evidence));
    return (int)tvb_reported_length(tvb);
}

void
ts_checks_register(int proto)
{
    static hf_register_info hf[] = {
        { &hf_teams_stun_pair, { "Pair", "teams_stun.pair", FT_UINT32, BASE_DEC, NULL, 0, "Number of the candidate pair in this capture, from 1", HFILL } },
        { &hf_teams_stun_pair_state, { "State", "teams_stun.pair.state", FT_STRING, BASE_NONE, NULL, 0, "State of the pair after this frame: frozen, checking, succeeded, nominated, failed", HFILL } },
        { &hf_teams_stun_pair_local_type, { "Local Type", "teams_stun.pair.local_type", FT_STRING, BASE_NONE, NULL, 0, "Type of the near candidate: host, server-reflexive, peer-reflexive, relayed; empty where unknown", HFILL } },
        { &hf_teams_stun_pair_remote_type, { "Remote Type", "teams_stun.pair.remote_type", FT_STRING, BASE_NONE, NULL, 0, "Type of the far candidate: host, server-reflexive, peer-reflexive, relayed; empty where unknown", HFILL } },
        { &hf_teams_stun_twin_of, { "Twin Of", "teams_stun.twin_of", FT_FRAMENUM, BASE_NONE, NULL, 0, "The same check in the other message format ([MS-ICE2] 3.1.5.2)", HFILL } },
        { &hf_teams_stun_retransmission, { "Retransmission", "teams_stun.retransmission", FT_BOOLEAN, BASE_NONE, NULL, 0, "The same bytes were sent on this pair before", HFILL } },
        { &hf_teams_stun_response_to, { "Response To", "teams_stun.response_to", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "Frame of the check that this answers, as first sent", HFILL } },
        { &hf_teams_stun_response_in, { "Response In", "teams_stun.response_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0, "Frame of the answer to this check", HFILL } },
        { &hf_teams_stun_response_time, { "Response Time", "teams_stun.response_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, "Round trip: time from a check that the capturing side sent to its answer; not where it was sent again, unless each sending was answered", HFILL } },
        { &hf_teams_stun_answer_time, { "Answer Time", "teams_stun.answer_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, "Time that the capturing side took to answer a check of its peer; says nothing of the path", HFILL } },
        { &hf_teams_stun_media, { "Media", "teams_stun.media", FT_STRING, BASE_NONE, NULL, 0, "What each payload of the frame is, the innermost first: stun, turn, rtp, rtcp, srtcp, dtls, channel (FF10 or ChannelData), other (RFC 7983)", HFILL } },
        { &hf_teams_stun_evidence, { "Evidence", "teams_stun.evidence", FT_STRING, BASE_NONE, NULL, 0, "Why this is taken for Microsoft's", HFILL } },
        { &hf_teams_stun_integrity_status, { "Integrity Status", "teams_stun.integrity.status", FT_STRING, BASE_NONE, NULL, 0, "Whether, and under which rule, MESSAGE-INTEGRITY fits a password of the preferences", HFILL } },
    };
    static int *ett[] = { &ett_message, &ett_pair };

    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
