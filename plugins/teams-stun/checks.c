/* checks.c
 * Connectivity checks: what each one means for its pair
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * [MS-ICE2] 3.1.5.4 (validation), RFC 8445 7 (outcomes). Everything that
 * depends on other frames is decided once, on the first pass, and kept with
 * the frame; only response_in, a look ahead, is known later.
 */

#include "teams-stun.h"

#include <epan/to_str.h>
#include <wsutil/utf8_entities.h>

/* So many sendings without an answer make a check a failed one (Teams gives up after five, observed). */
#define UNANSWERED_SENDS    5
#define STUN_ROLE_CONFLICT  487

/* What the first pass found out about one message. File scope. */
typedef struct {
    uint32_t pair;
    ts_pair_state state;
    ts_candidate local_type;
    ts_candidate remote_type;
    const ts_attempt *attempt;
    uint32_t twin_of;
    uint32_t response_to;
    nstime_t rtt;
    bool request;
    bool retransmission;
    bool keep_alive;
    bool consent;               /* an answered check after nomination */
    ts_diag_set diagnostics;
    ts_fingerprint fingerprint;
    ts_integrity integrity;
    const char *pair_note;
} check_note;

static int hf_teams_stun_pair = -1;
static int hf_teams_stun_pair_state = -1;
static int hf_teams_stun_pair_local_type = -1;
static int hf_teams_stun_pair_remote_type = -1;
static int hf_teams_stun_twin_of = -1;
static int hf_teams_stun_retransmission = -1;
static int hf_teams_stun_response_to = -1;
static int hf_teams_stun_response_in = -1;
static int hf_teams_stun_rtt = -1;
static int hf_teams_stun_media = -1;
static int hf_teams_stun_evidence = -1;
static int hf_teams_stun_fingerprint_status = -1;
static int hf_teams_stun_integrity_status = -1;

static int ett_message = -1;
static int ett_pair = -1;

/* ---- the outcome for the pair; first pass ---- */

static bool
is_check(const ts_message *message)
{
    return message->has_username || message->has_priority || message->role != TS_ICE_ROLE_UNKNOWN || message->has_version ||
        message->observed_attribute || message->has_session;
}

static bool
session_has_succeeded_directly(const ts_pair *pair)
{
    for (const ts_pair *each = pair->ice == NULL ? NULL : pair->ice->pairs; each != NULL; each = each->next_of_ice) {
        if (each != pair && each->answered && !each->tcp && each->server.addr.type == AT_NONE &&
            each->remote_type != TS_CANDIDATE_RELAYED)
            return true;
    }
    return false;
}

static bool
whole_session_failed(const ts_pair *pair)
{
    if (pair->ice == NULL)
        return false;
    for (const ts_pair *each = pair->ice->pairs; each != NULL; each = each->next_of_ice) {
        if (each->state != TS_PAIR_FAILED)
            return false;
    }
    return true;
}

static void
request_outcome(ts_pair *pair, const ts_attempt *attempt, check_note *note)
{
    const bool unanswered = attempt->sends == UNANSWERED_SENDS && attempt->response_in == 0;

    if (pair->state == TS_PAIR_FROZEN || (pair->state == TS_PAIR_FAILED && attempt->sends == 1))
        pair->state = TS_PAIR_CHECKING;
    if (!unanswered)
        return;
    note->diagnostics |= TS_DIAG_BIT(TS_DIAG_CHECK_UNANSWERED);
    if (pair->answered)
        return;
    pair->state = TS_PAIR_FAILED;
    if (whole_session_failed(pair))
        note->diagnostics |= TS_DIAG_BIT(TS_DIAG_NO_PAIR_ANSWERED);
}

static void
nominate(packet_info *pinfo, ts_pair *pair, check_note *note)
{
    const bool relayed = pair->server.addr.type != AT_NONE || pair->remote_type == TS_CANDIDATE_RELAYED || pair->tcp;

    pair->state = TS_PAIR_NOMINATED;
    if (pair->nominated_frame != 0)
        return;
    pair->nominated_frame = pinfo->num;
    if (relayed && session_has_succeeded_directly(pair))
        note->diagnostics |= TS_DIAG_BIT(TS_DIAG_RELAYED_NOMINATION);
}

static void
success_outcome(packet_info *pinfo, ts_pair *pair, const ts_attempt *attempt, check_note *note)
{
    note->consent = pair->nominated_frame != 0;
    pair->answered = true;
    pair->exchange_frame = pinfo->num;
    pair->exchange_time = pinfo->abs_ts;
    pair->consent_lost = false;
    if (attempt != NULL && attempt->use_candidate)
        nominate(pinfo, pair, note);
    else if (pair->state != TS_PAIR_NOMINATED)
        pair->state = TS_PAIR_SUCCEEDED;
}

static void
error_outcome(ts_pair *pair, const ts_message *message, check_note *note)
{
    const bool conflict = message->error_code == STUN_ROLE_CONFLICT;

    note->diagnostics |= TS_DIAG_BIT(conflict ? TS_DIAG_ROLE_CONFLICT : TS_DIAG_ERROR_RESPONSE);
    if (!pair->answered)
        pair->state = conflict ? TS_PAIR_CHECKING : TS_PAIR_FAILED;
}

/* [MS-ICE2] 3.1.5.4 and 2.2: what a check must carry. */
static void
judge_contents(const ts_message *message, const ts_pair *pair, check_note *note)
{
    const bool microsoft = message->has_version || message->observed_attribute || (pair != NULL && pair->version != 0);

    if (!microsoft || message->type == TS_STUN_BINDING_INDICATION)
        return;
    if (!message->has_version && message->type != TS_STUN_BINDING_ERROR)
        note->diagnostics |= TS_DIAG_BIT(TS_DIAG_NO_IMPLEMENTATION_VERSION);
    if (message->type != TS_STUN_BINDING_REQUEST) {
        if (message->has_foundation)
            note->diagnostics |= TS_DIAG_BIT(TS_DIAG_CANDIDATE_IDENTIFIER_IN_RESPONSE);
        return;
    }
    if (note->keep_alive || (message->diagnostics & TS_DIAG_BIT(TS_DIAG_MESSAGE_SHORT)) != 0)
        return;
    if (!message->has_username || message->fingerprint_offset == 0)
        note->diagnostics |= TS_DIAG_BIT(TS_DIAG_DISCARDED_CHECK);
    if (message->integrity_offset == 0)
        note->diagnostics |= TS_DIAG_BIT(TS_DIAG_UNAUTHENTICATED_CHECK);
}

static const char *
pair_note(packet_info *pinfo, const ts_pair *pair)
{
    wmem_strbuf_t *text = wmem_strbuf_new(pinfo->pool, "");

    wmem_strbuf_append_printf(text, "%s:%u", address_to_str(pinfo->pool, &pair->local.addr), pair->local.port);
    if (pair->server.addr.type != AT_NONE) {
        wmem_strbuf_append_printf(text, " via relay %s:%u", address_to_str(pinfo->pool, &pair->server.addr), pair->server.port);
        if (pair->allocation != 0)
            wmem_strbuf_append_printf(text, " (allocation %u)", pair->allocation);
    }
    wmem_strbuf_append_printf(text, " %s %s:%u", UTF8_RIGHTWARDS_ARROW, address_to_str(pinfo->pool, &pair->remote.addr),
        pair->remote.port);
    if (pair->session_id != 0)
        wmem_strbuf_append_printf(text, ", session 0x%016" PRIx64, pair->session_id);
    return wmem_strbuf_get_str(text);
}

static void
leave_record(packet_info *pinfo, const ts_message *message, const ts_pair *pair, const check_note *note, bool from_local)
{
    ts_check_record *record = (ts_check_record *)ts_record_new(pinfo, TS_RECORD_CHECK, sizeof *record);

    if (record == NULL)
        return;
    record->type = message->type;
    record->pair = pair->number;
    record->state = note->state;
    record->from_local = from_local;
    record->local = pair->local;
    record->remote = pair->remote;
    record->local_type = ts_candidate_name(note->local_type);
    record->remote_type = ts_candidate_name(note->remote_type);
    record->allocation = pair->allocation;
    record->use_candidate = message->use_candidate;
    record->twin = note->twin_of != 0;
    record->retransmission = note->retransmission;
    record->tcp = pair->tcp;
    record->error_code = message->error_code;
    record->request_frame = note->response_to;
    record->rtt = note->rtt;
    if (message->has_mapped)
        ts_endpoint_keep(&record->mapped, &message->mapped);
    record->ufrag_local = record->ufrag_remote = "";
    if (message->ufrag_local != NULL) {
        const char *sender = wmem_strdup(wmem_file_scope(), message->ufrag_local);
        const char *receiver = wmem_strdup(wmem_file_scope(), message->ufrag_remote);
        record->ufrag_local = from_local ? sender : receiver;
        record->ufrag_remote = from_local ? receiver : sender;
    }
}

/* ---- following one message; first pass ---- */

/* The pair and transaction of the message; NULL where it is not a check. */
static ts_pair *
follow(packet_info *pinfo, const ts_front_call *call, const ts_message *message, check_note *note, bool *from_local)
{
    const ts_path path = ts_path_of(pinfo, call, message);
    ts_pair *pair;

    if (message->type == TS_STUN_BINDING_REQUEST) {
        pair = ts_pair_find(pinfo, call, &path, is_check(message), from_local);
        if (pair == NULL)
            return NULL;
        const ts_exchange exchange = ts_transaction_request(pinfo, message, pair, *from_local);
        note->attempt = exchange.attempt;
        note->retransmission = exchange.retransmission;
        note->twin_of = exchange.twin_of;
        return pair;
    }
    pair = ts_pair_find(pinfo, call, &path, false, from_local);
    if (message->type == TS_STUN_BINDING_INDICATION)
        return pair;

    const ts_exchange exchange = ts_transaction_response(pinfo, message, pair);
    note->attempt = exchange.attempt;
    note->retransmission = exchange.retransmission;
    note->twin_of = exchange.twin_of;
    note->response_to = exchange.response_to;
    note->rtt = exchange.rtt;
    if (exchange.attempt != NULL && exchange.attempt->pair != pair) {
        *from_local = !exchange.attempt->from_local;
        return exchange.attempt->pair;
    }
    if (pair == NULL && is_check(message))
        pair = ts_pair_find(pinfo, call, &path, true, from_local);
    return pair;
}

static check_note *
note_new(tvbuff_t *tvb, packet_info *pinfo, const ts_front_call *call, const ts_message *message)
{
    check_note *note = wmem_new0(wmem_file_scope(), check_note);
    const size_t captured = tvb_captured_length(tvb);
    const uint8_t *data = tvb_get_ptr(tvb, 0, (int)captured);
    bool from_local = false;

    note->request = message->type == TS_STUN_BINDING_REQUEST;
    note->keep_alive = note->request && !message->has_username && message->integrity_offset == 0 && !message->has_priority;
    note->fingerprint = ts_fingerprint_check(data, captured, message->fingerprint_offset);
    note->integrity = ts_integrity_check(data, captured, message->integrity_offset, message->ufrag_remote, message->ufrag_local);
    if (note->fingerprint == TS_FINGERPRINT_LEGACY)
        note->diagnostics |= TS_DIAG_BIT(TS_DIAG_LEGACY_FINGERPRINT);
    else if (note->fingerprint == TS_FINGERPRINT_BAD)
        note->diagnostics |= TS_DIAG_BIT(TS_DIAG_BAD_FINGERPRINT);
    if (note->integrity == TS_INTEGRITY_INVALID)
        note->diagnostics |= TS_DIAG_BIT(TS_DIAG_BAD_INTEGRITY);

    ts_pair *pair = follow(pinfo, call, message, note, &from_local);
    judge_contents(message, pair, note);
    if (note->twin_of != 0)
        note->diagnostics |= TS_DIAG_BIT(TS_DIAG_DUAL_FORMAT_TWIN);
    if (pair == NULL)
        return note;

    ts_pair_learn(pinfo, call, pair, message, from_local, &note->diagnostics);
    if (note->request)
        request_outcome(pair, note->attempt, note);
    else if (message->type == TS_STUN_BINDING_SUCCESS)
        success_outcome(pinfo, pair, note->attempt, note);
    else if (message->type == TS_STUN_BINDING_ERROR)
        error_outcome(pair, message, note);

    note->pair = pair->number;
    note->state = pair->state;
    note->local_type = pair->local_type;
    note->remote_type = pair->remote_type;
    note->pair_note = wmem_strdup(wmem_file_scope(), pair_note(pinfo, pair));
    leave_record(pinfo, message, pair, note, from_local);
    return note;
}

/* ---- display ---- */

void
ts_show_pair(tvbuff_t *tvb, proto_tree *tree, uint32_t number, ts_pair_state state, ts_candidate local, ts_candidate remote,
    const char *note)
{
    proto_item *item = proto_tree_add_uint(tree, hf_teams_stun_pair, tvb, 0, 0, number);
    proto_tree *sub = proto_item_add_subtree(item, ett_pair);

    proto_item_set_generated(item);
    if (note != NULL)
        proto_item_append_text(item, ": %s", note);
    item = proto_tree_add_string(sub, hf_teams_stun_pair_state, tvb, 0, 0, ts_pair_state_name(state));
    proto_item_set_generated(item);
    item = proto_tree_add_string(sub, hf_teams_stun_pair_local_type, tvb, 0, 0, ts_candidate_name(local));
    proto_item_set_generated(item);
    item = proto_tree_add_string(sub, hf_teams_stun_pair_remote_type, tvb, 0, 0, ts_candidate_name(remote));
    proto_item_set_generated(item);
}

void
ts_show_media(tvbuff_t *tvb, proto_tree *tree, const char *media)
{
    proto_item *item = proto_tree_add_string(tree, hf_teams_stun_media, tvb, 0, 0, media);

    proto_item_set_generated(item);
}

static void
show_frame(tvbuff_t *tvb, proto_tree *tree, int hf, uint32_t frame)
{
    if (frame == 0)
        return;
    proto_item *item = proto_tree_add_uint(tree, hf, tvb, 0, 0, frame);
    proto_item_set_generated(item);
}

static void
show_status(tvbuff_t *tvb, proto_tree *tree, int hf, const char *status)
{
    if (*status == '\0')
        return;
    proto_item *item = proto_tree_add_string(tree, hf, tvb, 0, 0, status);
    proto_item_set_generated(item);
}

static const char *
diagnostic_detail(packet_info *pinfo, const check_note *note, const ts_message *message, ts_diag diag)
{
    if (diag == TS_DIAG_DUAL_FORMAT_TWIN)
        return wmem_strdup_printf(pinfo->pool, "twin of frame %u", note->twin_of);
    if (diag == TS_DIAG_ERROR_RESPONSE || (diag == TS_DIAG_ROLE_CONFLICT && message->error_code != 0))
        return wmem_strdup_printf(pinfo->pool, "error %u", message->error_code);
    if (diag == TS_DIAG_SYMMETRIC_NAT)
        return wmem_strdup_printf(pinfo->pool, "%s:%u here", address_to_str(pinfo->pool, &message->mapped.addr), message->mapped.port);
    return NULL;
}

static void
show_note(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *root, const check_note *note, const ts_message *message)
{
    if (note->pair != 0)
        ts_show_pair(tvb, tree, note->pair, note->state, note->local_type, note->remote_type, note->pair_note);
    show_status(tvb, tree, hf_teams_stun_fingerprint_status, ts_fingerprint_name(note->fingerprint));
    show_status(tvb, tree, hf_teams_stun_integrity_status, ts_integrity_name(note->integrity));
    show_frame(tvb, tree, hf_teams_stun_twin_of, note->twin_of);
    if (note->retransmission) {
        proto_item *item = proto_tree_add_boolean(tree, hf_teams_stun_retransmission, tvb, 0, 0, 1);
        proto_item_set_generated(item);
    }
    show_frame(tvb, tree, hf_teams_stun_response_to, note->response_to);
    if (note->response_to != 0) {
        proto_item *item = proto_tree_add_time(tree, hf_teams_stun_rtt, tvb, 0, 0, &note->rtt);
        proto_item_set_generated(item);
    }
    if (note->request && note->attempt != NULL)
        show_frame(tvb, tree, hf_teams_stun_response_in, note->attempt->response_in);

    for (unsigned diag = 0; diag < TS_DIAG_COUNT; diag++) {
        if (note->diagnostics & TS_DIAG_BIT(diag))
            ts_diag_add(pinfo, root, (ts_diag)diag, diagnostic_detail(pinfo, note, message, (ts_diag)diag));
    }
}

static void
show_info(packet_info *pinfo, const check_note *note, const ts_message *message)
{
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "MS-ICE");
    /* Stock leaves a message alone whose end is missing. */
    if (message->diagnostics & TS_DIAG_BIT(TS_DIAG_MESSAGE_SHORT))
        col_add_str(pinfo->cinfo, COL_INFO, ts_message_type_name(message->type));
    if (note->keep_alive)
        col_append_str(pinfo->cinfo, COL_INFO, ", keep-alive");
    if (note->pair == 0)
        return;
    col_append_fstr(pinfo->cinfo, COL_INFO, ", pair %u", note->pair);
    if (note->local_type != TS_CANDIDATE_UNKNOWN || note->remote_type != TS_CANDIDATE_UNKNOWN)
        col_append_fstr(pinfo->cinfo, COL_INFO, " %s%s%s",
            note->local_type == TS_CANDIDATE_UNKNOWN ? "?" : ts_candidate_name(note->local_type), UTF8_RIGHTWARDS_ARROW,
            note->remote_type == TS_CANDIDATE_UNKNOWN ? "?" : ts_candidate_name(note->remote_type));
    col_append_fstr(pinfo->cinfo, COL_INFO, ", %s", ts_pair_state_name(note->state));
    if (note->twin_of != 0)
        col_append_fstr(pinfo->cinfo, COL_INFO, ", twin of frame %u", note->twin_of);
    else if (note->retransmission)
        col_append_str(pinfo->cinfo, COL_INFO, ", retransmission");
    else if (note->consent)
        col_append_str(pinfo->cinfo, COL_INFO, ", consent renewed");
}

int
ts_checks_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_front_call *call)
{
    ts_message message = { .type = 0 };

    if (try_val_to_str(call->wire.type, VALS(ts_message_types)) == NULL)
        return 0;

    proto_item *root = proto_tree_add_protocol_format(tree, proto_teams_stun, tvb, 0, -1, "Microsoft ICE, %s",
        ts_message_type_name(call->wire.type));
    proto_tree *sub = proto_item_add_subtree(root, ett_message);
    ts_message_dissect(tvb, pinfo, sub, &message);

    const uint32_t key = ts_payload_key(tvb, call);
    check_note *note = (check_note *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams_stun, key);
    if (note == NULL && !PINFO_FD_VISITED(pinfo)) {
        note = note_new(tvb, pinfo, call, &message);
        p_add_proto_data(wmem_file_scope(), pinfo, proto_teams_stun, key, note);
    }
    if (note != NULL) {
        show_note(tvb, pinfo, sub, root, note, &message);
        show_info(pinfo, note, &message);
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
        { &hf_teams_stun_rtt, { "Round Trip Time", "teams_stun.rtt", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, "Time since the check was first sent", HFILL } },
        { &hf_teams_stun_media, { "Media", "teams_stun.media", FT_STRING, BASE_NONE, NULL, 0, "What the payload is: stun, turn, rtp, rtcp, srtcp, dtls, channel, other (RFC 7983)", HFILL } },
        { &hf_teams_stun_evidence, { "Evidence", "teams_stun.evidence", FT_STRING, BASE_NONE, NULL, 0, "Why this is taken for Microsoft's", HFILL } },
        { &hf_teams_stun_fingerprint_status, { "Fingerprint Status", "teams_stun.fingerprint.status", FT_STRING, BASE_NONE, NULL, 0, "good, legacy (misprinted table of Windows Live Messenger 2009) or bad", HFILL } },
        { &hf_teams_stun_integrity_status, { "Integrity Status", "teams_stun.integrity.status", FT_STRING, BASE_NONE, NULL, 0, "Whether, and under which rule, MESSAGE-INTEGRITY fits a password of the preferences", HFILL } },
    };
    static int *ett[] = { &ett_message, &ett_pair };

    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
