/* packet-ms-turn.c
 * MS-TURN: messages, multiplexed frames, TCP framing and pseudo-TLS
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-TURN], [MS-TURNBWM]. Called by the demultiplexer (demux.h)
 * after the stock dissector, on the same bytes.
 */

#include "turn.h"
#include "pairs.h"

#include "common/items.h"

void proto_register_ms_turn(void);
void proto_reg_handoff_ms_turn(void);

static int proto_ms_turn = -1;

static int hf_ms_turn_evidence = -1;
static int hf_ms_turn_frame_type = -1;
static int hf_ms_turn_frame_length = -1;
static int hf_ms_turn_mux_session_id = -1;
static int hf_ms_turn_mux_length = -1;
static int hf_ms_turn_mux_remote = -1;
static int hf_ms_turn_pseudo_tls = -1;
static int hf_ms_turn_response_to = -1;
static int hf_ms_turn_response_in = -1;
static int hf_ms_turn_response_time = -1;
static int hf_ms_turn_retransmission = -1;
static int hf_ms_turn_retransmission_of = -1;
static int hf_ms_turn_allocation = -1;
static int hf_ms_turn_allocation_state = -1;
static int hf_ms_turn_allocation_session_id = -1;
static int hf_ms_turn_allocation_bandwidth = -1;
static int hf_ms_turn_allocation_lifetime = -1;
static int hf_ms_turn_allocation_stream_type = -1;
static int hf_ms_turn_allocation_relay_address = -1;
static int hf_ms_turn_allocation_relay_ipv6 = -1;
static int hf_ms_turn_allocation_relay_port = -1;
static int hf_ms_turn_allocation_relayed_address = -1;
static int hf_ms_turn_allocation_relayed_ipv6 = -1;
static int hf_ms_turn_allocation_relayed_port = -1;
static int hf_ms_turn_allocation_reflexive_address = -1;
static int hf_ms_turn_allocation_reflexive_ipv6 = -1;
static int hf_ms_turn_allocation_reflexive_port = -1;

static int ett_ms_turn = -1;
static int ett_ms_turn_allocation = -1;

/* ---- columns ---- */

static const char *
peer_text(packet_info *pinfo, const stun_msg *msg)
{
    if (ts_endpoint_known(&msg->destination))
        return wmem_strdup_printf(pinfo->pool, " to %s", ts_endpoint_text(pinfo->pool, &msg->destination));
    if (ts_endpoint_known(&msg->remote))
        return wmem_strdup_printf(pinfo->pool, " from %s", ts_endpoint_text(pinfo->pool, &msg->remote));
    return "";
}

static void
append_msg(packet_info *pinfo, wmem_strbuf_t *info, const stun_msg *msg)
{
    if (msg->error_code != 0)
        wmem_strbuf_append_printf(info, ", %u %s", msg->error_code, msg->error_reason);
    if (stun_msg_has(msg, TS_ATTR_LIFETIME))
        wmem_strbuf_append_printf(info, msg->lifetime == 0 ? ", release" : ", lifetime %u s", msg->lifetime);
    if (ts_endpoint_known(&msg->alternate))
        wmem_strbuf_append_printf(info, ", alternate %s", ts_endpoint_text(pinfo->pool, &msg->alternate));
    if (ms_turn_is_success(msg->type) && ts_endpoint_known(&msg->relayed))
        wmem_strbuf_append_printf(info, ", relayed %s", ts_endpoint_text(pinfo->pool, &msg->relayed));
    if (ts_endpoint_known(&msg->reflexive))
        wmem_strbuf_append_printf(info, ", reflexive %s", ts_endpoint_text(pinfo->pool, &msg->reflexive));
    if (ms_turn_is_request(msg->type) && stun_msg_has(msg, TS_ATTR_REALM))
        wmem_strbuf_append_printf(info, ", realm %s", msg->realm);
}

static void
set_columns(packet_info *pinfo, const char *info, const char *inner)
{
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "MS-TURN");
    col_clear(pinfo->cinfo, COL_INFO);

    /* What others fenced in stays. */
    const char *kept = col_get_text(pinfo->cinfo, COL_INFO);
    if (kept != NULL && kept[0] != '\0' && !g_str_has_suffix(kept, ", "))
        col_append_str(pinfo->cinfo, COL_INFO, ", ");
    col_append_str(pinfo->cinfo, COL_INFO, info);
    if (inner != NULL)
        col_append_fstr(pinfo->cinfo, COL_INFO, " | %s", inner);
}

/* ---- what "teams" is told ---- */

static void
fill_allocation(ts_turn_info *info, const ms_turn_snapshot *snapshot)
{
    info->allocation = snapshot->number;
    info->state = snapshot->state;
    /* File scope already. */
    info->relayed = snapshot->relayed;
    info->reflexive = snapshot->reflexive;
    info->stream_type = snapshot->stream_type;
    if (snapshot->realm != NULL)
        info->realm = snapshot->realm;
}

static ts_turn_info *
attach_info(packet_info *pinfo, const ts_demux_call *call, const ms_turn_frame_data *found)
{
    ts_turn_info *info = (ts_turn_info *)ts_frame_info_add(pinfo, TS_INFO_TURN, sizeof *info);

    if (info == NULL)
        return NULL;

    const ts_endpoint source = ts_endpoint_source(pinfo);
    const ts_endpoint destination = ts_endpoint_destination(pinfo);

    info->type = call->payload.type;
    info->from_client = ms_turn_from_client(pinfo, call->payload.type);
    info->tcp = call->tcp;
    info->pseudo_tls = ts_is_reached(call->flow->pseudo_tls_frame, pinfo);
    info->state = info->realm = "";
    info->client = ts_endpoint_shared(info->from_client ? &source : &destination);
    info->server = ts_endpoint_shared(info->from_client ? &destination : &source);
    if (found->snapshot != NULL)
        fill_allocation(info, found->snapshot);
    if (found->response && found->transaction != NULL) {
        info->request_frame = found->transaction->request_frame;
        info->response_time = found->response_time;
    }
    return info;
}

static void
attach_message_info(packet_info *pinfo, const ts_demux_call *call, const ms_turn_frame_data *found, const stun_msg *msg)
{
    ts_turn_info *info = attach_info(pinfo, call, found);

    if (info == NULL)
        return;
    info->has_lifetime = stun_msg_has(msg, TS_ATTR_LIFETIME);
    info->lifetime = msg->lifetime;
    info->error_code = (uint16_t)msg->error_code;
    info->credential = msg->credential;
    info->credential_expired = msg->credential_expired;
}

/* ---- what can be said of one message alone: [MS-TURN] 3.1.10, 3.2.5.1; [MS-TURNBWM] 3.3.5 ---- */

static uint64_t
check_error(const stun_msg *msg, bool tcp)
{
    const bool alternate = stun_msg_has(msg, TS_ATTR_ALTERNATE_SERVER);

    switch (msg->error_code) {
    case 274:
    case 275:
        return TS_EXPERT_BIT(MS_TURN_EXPERT_CANDIDATE_DISABLED);
    case 300:
        return TS_EXPERT_BIT(MS_TURN_EXPERT_REDIRECTED) | (alternate ? 0 : TS_EXPERT_BIT(MS_TURN_EXPERT_ALTERNATE_MISSING));
    case 401:   /* the challenge itself is told with the requests before it */
        return alternate || tcp ? 0 : TS_EXPERT_BIT(MS_TURN_EXPERT_ALTERNATE_MISSING);
    case 430:
    case 431:
    case 436:
    case 441:
        return TS_EXPERT_BIT(MS_TURN_EXPERT_CREDENTIALS_REJECTED);
    case 438:
        return TS_EXPERT_BIT(MS_TURN_EXPERT_NONCE_STALE);
    default:
        return TS_EXPERT_BIT(MS_TURN_EXPERT_ERROR_RESPONSE);
    }
}

/* [MS-TURN] 3.2.5.1. Who releases has no use for any of it, so the answer to that may say less. */
static uint64_t
check_success(const stun_msg *msg)
{
    uint64_t bits = 0;

    if (stun_msg_has(msg, TS_ATTR_LIFETIME) && msg->lifetime == 0)
        return 0;
    if (!stun_msg_has(msg, TS_ATTR_MS_XOR_MAPPED_ADDRESS))
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_REFLEXIVE_MISSING);
    if (!stun_msg_has(msg, TS_ATTR_SEQUENCE_NUMBER))
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_SEQUENCE_MISSING);
    if (!stun_msg_has(msg, TS_ATTR_MS_VERSION))
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_VERSION_MISSING);
    return bits;
}

/* [MS-TURNBWM] 2.2.1: 0 check, 1 commit, 2 update. */
static uint64_t
check_bandwidth(const stun_msg *msg)
{
    if (msg->bwm_check_type == 2)
        return stun_msg_has(msg, TS_ATTR_BWM_RESERVATION) ? 0 : TS_EXPERT_BIT(MS_TURN_EXPERT_RESERVATION_MISSING);
    if (!stun_msg_has(msg, TS_ATTR_BWM_AMOUNT) || !stun_msg_has(msg, TS_ATTR_BWM_REMOTE_SITE) ||
        !stun_msg_has(msg, TS_ATTR_BWM_LOCATION) ||
        (msg->bwm_check_type == 1 && !stun_msg_has(msg, TS_ATTR_BWM_LOCAL_SITE)))
        return TS_EXPERT_BIT(MS_TURN_EXPERT_BANDWIDTH_INCOMPLETE);
    return 0;
}

/* [MS-TURN] 2.2.2.17: HMAC-SHA256 from version 3 on. */
static bool
integrity_fits(const stun_msg *msg)
{
    if (msg->integrity_length == 0 || !stun_msg_has(msg, TS_ATTR_MS_VERSION))
        return true;
    return (msg->version >= 3) == (msg->integrity_length == 32);
}

static void
check_message(packet_info *pinfo, proto_item *item, const ts_payload *payload, const stun_msg *msg, bool tcp)
{
    uint64_t bits = 0;

    if (payload->kind != TS_PAYLOAD_MS_TURN)
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_COOKIE_MISSING);
    else if (payload->padded)
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_PADDED);
    if (!integrity_fits(msg))
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_INTEGRITY_LENGTH);
    if (stun_msg_has(msg, TS_ATTR_ERROR_CODE))
        bits |= check_error(msg, tcp);
    if (msg->type == MS_TURN_ALLOCATE_SUCCESS)
        bits |= check_success(msg);
    if (msg->type == MS_TURN_ALLOCATE && stun_msg_has(msg, TS_ATTR_BWM_MESSAGE))
        bits |= check_bandwidth(msg);
    ts_expert_add_all(&ms_turn_expert_table, bits, pinfo, item);
}

/* ---- what was found out about it ---- */

static void
show_transaction(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ms_turn_frame_data *frame_data)
{
    const ms_turn_transaction *transaction = frame_data->transaction;

    if (transaction == NULL)
        return;
    if (frame_data->response && transaction->request_frame != 0) {
        ts_add_number(tvb, tree, hf_ms_turn_response_to, transaction->request_frame);
        if (!frame_data->retransmission)
            proto_item_set_generated(proto_tree_add_time(tree, hf_ms_turn_response_time, tvb, 0, 0, &frame_data->response_time));
    } else if (!frame_data->response && transaction->response_frame != 0) {
        ts_add_number(tvb, tree, hf_ms_turn_response_in, transaction->response_frame);
    }
    if (frame_data->retransmission && !frame_data->duplicate) {
        const uint32_t original = frame_data->response ? transaction->response_frame : transaction->request_frame;

        ts_add_flag(tvb, tree, hf_ms_turn_retransmission);
        if (original != pinfo->num)
            ts_add_number(tvb, tree, hf_ms_turn_retransmission_of, original);
    }
}

static void
show_frame_data(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ms_turn_frame_data *frame_data)
{
    const ms_turn_snapshot *snapshot = frame_data->snapshot;

    show_transaction(tvb, pinfo, tree, frame_data);
    if (snapshot == NULL)
        return;

    proto_item *item = proto_tree_add_uint(tree, hf_ms_turn_allocation, tvb, 0, 0, snapshot->number);
    proto_tree *sub = proto_item_add_subtree(item, ett_ms_turn_allocation);
    proto_item_append_text(item, ", %s", snapshot->state);
    proto_item_set_generated(item);
    ts_add_text(tvb, sub, hf_ms_turn_allocation_state, snapshot->state);
    ts_add_endpoint(tvb, sub, hf_ms_turn_allocation_relay_address, hf_ms_turn_allocation_relay_ipv6, hf_ms_turn_allocation_relay_port,
        &snapshot->relay);
    ts_add_endpoint(tvb, sub, hf_ms_turn_allocation_relayed_address, hf_ms_turn_allocation_relayed_ipv6, hf_ms_turn_allocation_relayed_port,
        &snapshot->relayed);
    ts_add_endpoint(tvb, sub, hf_ms_turn_allocation_reflexive_address, hf_ms_turn_allocation_reflexive_ipv6, hf_ms_turn_allocation_reflexive_port,
        &snapshot->reflexive);
    if (snapshot->has_session)
        proto_item_set_generated(proto_tree_add_uint64(sub, hf_ms_turn_allocation_session_id, tvb, 0, 0, snapshot->session_id));
    ts_add_number(tvb, sub, hf_ms_turn_allocation_bandwidth, snapshot->bandwidth);
    ts_add_number(tvb, sub, hf_ms_turn_allocation_lifetime, snapshot->lifetime);
    ts_add_number(tvb, sub, hf_ms_turn_allocation_stream_type, snapshot->stream_type);
}

/* ---- messages ---- */

static void
dissect_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, const ts_demux_call *call)
{
    stun_msg msg = { .type = 0 };
    wmem_strbuf_t *info = wmem_strbuf_new(pinfo->pool, stun_message_name(pinfo->pool, call->payload.type));

    if (call->payload.length + (unsigned)TS_STUN_HEADER_LENGTH != tvb_reported_length(tvb))
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_MESSAGE_LENGTH, pinfo, item, "");
    stun_msg_dissect(STUN_MS_TURN, tvb, pinfo, tree, call->payload.padded, &msg);
    check_message(pinfo, item, &call->payload, &msg, call->tcp);

    const ms_turn_frame_data *frame_data = ms_turn_follow(pinfo, proto_ms_turn, call, &msg, 0);
    ts_expert_add_all(&ms_turn_expert_table, frame_data->diagnostics, pinfo, item);
    show_frame_data(tvb, pinfo, tree, frame_data);
    attach_message_info(pinfo, call, frame_data, &msg);

    wmem_strbuf_append(info, peer_text(pinfo, &msg));
    proto_item_append_text(item, ", %s", wmem_strbuf_get_str(info));
    append_msg(pinfo, info, &msg);
    if (frame_data->retransmission && !frame_data->duplicate)
        wmem_strbuf_append(info, " [retransmission]");
    set_columns(pinfo, wmem_strbuf_get_str(info), call->inner_info);
}

/* [MS-TURN] 2.2.3: FF10, length of what follows, session id, payload. */
static void
dissect_mux(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, const ts_demux_call *call)
{
    const uint64_t session_id = tvb_get_ntoh64(tvb, 4);
    const ms_turn_frame_data *frame_data = ms_turn_follow(pinfo, proto_ms_turn, call, NULL, session_id);

    proto_tree_add_item(tree, hf_ms_turn_mux_length, tvb, 2, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_ms_turn_mux_session_id, tvb, 4, 8, ENC_BIG_ENDIAN);
    if (frame_data->remote_session)
        proto_item_set_generated(proto_tree_add_boolean(tree, hf_ms_turn_mux_remote, tvb, 4, 8, true));
    proto_item_append_text(item, ", Multiplexed TURN, Session 0x%016" PRIx64, session_id);
    if (tvb_get_ntohs(tvb, 2) + 4u != tvb_reported_length(tvb))
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_MUX_LENGTH, pinfo, item, "");
    ts_expert_add_all(&ms_turn_expert_table, frame_data->diagnostics, pinfo, item);
    show_frame_data(tvb, pinfo, tree, frame_data);

    attach_info(pinfo, call, frame_data);
    set_columns(pinfo, wmem_strdup_printf(pinfo->pool, "Multiplexed TURN, session 0x%016" PRIx64, session_id), call->inner_info);
}

/* ---- TCP ---- */

static const value_string frame_type_names[] = {
    { TS_FRAME_CONTROL, "control" },
    { TS_FRAME_DATA, "end-to-end data" },
    { 0, NULL }
};

/* [MS-TURN] 2.1.4: type, reserved, length; the demultiplexer has checked what follows. */
static void
dissect_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, const ts_demux_call *call)
{
    if (call->payload.kind == TS_PAYLOAD_MS_FRAME_LOST) {
        proto_item_append_text(item, ", Not a Frame (%u bytes)", tvb_reported_length(tvb));
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_FRAME_TYPE, pinfo, item, "");
        set_columns(pinfo, "Not an MS-TURN frame", NULL);
        return;
    }
    const char *name = val_to_str_const(call->payload.type, frame_type_names, "unknown");

    proto_tree_add_item(tree, hf_ms_turn_frame_type, tvb, 0, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_ms_turn_frame_length, tvb, 2, 2, ENC_BIG_ENDIAN);
    proto_item_append_text(item, ", Framing, %s, %u bytes", name, call->payload.length);
    if (tvb_get_uint8(tvb, 1) != 0)
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_FRAME_RESERVED, pinfo, item, "");
    if (!call->payload.walk_exact)
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_FRAME_LENGTH, pinfo, item, "");
    set_columns(pinfo, wmem_strdup_printf(pinfo->pool, "MS-TURN Framing, %s", name), NULL);
}

/* By the type of the handshake message that it imitates. */
static const value_string pseudo_tls_names[] = {
    { TS_PSEUDO_TLS_CLIENT, "client" },
    { TS_PSEUDO_TLS_SERVER, "server" },
    { 0, NULL }
};

/* [MS-TURN] 2.1.1 */
static void
dissect_pseudo_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item, const ts_demux_call *call)
{
    const char *name = val_to_str_const(call->payload.type, pseudo_tls_names, "unknown");

    proto_tree_add_uint(tree, hf_ms_turn_pseudo_tls, tvb, 0, (int)tvb_reported_length(tvb), call->payload.type);
    proto_item_append_text(item, ", Pseudo-TLS, %s handshake", name);
    ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_NOT_ENCRYPTED, pinfo, item, "");
    set_columns(pinfo, wmem_strdup_printf(pinfo->pool, "Pseudo-TLS %s handshake", name), NULL);
}

/* RFC 8656 12.4: channel number, length, payload. MS-TURN has no channels; other relays' traffic is shown for what it is. */
static void
dissect_channel_data(tvbuff_t *tvb, packet_info *pinfo, proto_item *item, const ts_demux_call *call)
{
    const char *text = wmem_strdup_printf(pinfo->pool, "ChannelData, channel 0x%04x, %u bytes", tvb_get_ntohs(tvb, 0), tvb_get_ntohs(tvb, 2));

    proto_item_append_text(item, ", %s", text);
    set_columns(pinfo, text, call->inner_info);
}

/* ---- entry ---- */

static int
dissect_ms_turn(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const ts_demux_call *call = (const ts_demux_call *)data;

    if (call == NULL)
        return 0;

    proto_item *item = proto_tree_add_item(tree, proto_ms_turn, tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_ms_turn);

    switch (call->payload.kind) {
    case TS_PAYLOAD_MUX:
    case TS_PAYLOAD_MUX_CUT:
        dissect_mux(tvb, pinfo, sub, item, call);
        break;
    case TS_PAYLOAD_MS_FRAME:
    case TS_PAYLOAD_MS_FRAME_LOST:
        dissect_frame(tvb, pinfo, sub, item, call);
        break;
    case TS_PAYLOAD_PSEUDO_TLS:
        dissect_pseudo_tls(tvb, pinfo, sub, item, call);
        break;
    case TS_PAYLOAD_CHANNEL_DATA:
        dissect_channel_data(tvb, pinfo, item, call);
        break;
    case TS_PAYLOAD_TOO_DEEP:
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_NESTED_DEEPLY, pinfo, item, "");
        break;
    default:
        dissect_message(tvb, pinfo, sub, item, call);
        break;
    }
    if (call->payload.kind == TS_PAYLOAD_MUX || call->payload.kind == TS_PAYLOAD_MUX_CUT || call->payload.kind == TS_PAYLOAD_CHANNEL_DATA)
        ts_show_media(tvb, sub, "channel");
    else if (call->payload.kind == TS_PAYLOAD_MS_TURN || call->payload.kind == TS_PAYLOAD_TURN_WITHOUT_COOKIE)
        ts_show_media(tvb, sub, "turn");
    ts_add_text(tvb, sub, hf_ms_turn_evidence, ts_evidence_name(call->evidence));
    return (int)tvb_reported_length(tvb);
}

void
proto_register_ms_turn(void)
{
    static hf_register_info hf[] = {
        { &hf_ms_turn_evidence, { "Evidence", "ms_turn.evidence", FT_STRING, BASE_NONE, NULL, 0, "Why this is taken for MS-TURN: cookie, session, enclosed, conversation", HFILL } },
        { &hf_ms_turn_frame_type, { "Frame Type", "ms_turn.frame.type", FT_UINT8, BASE_DEC, VALS(frame_type_names), 0, "TCP framing: what the frame carries", HFILL } },
        { &hf_ms_turn_frame_length, { "Frame Length", "ms_turn.frame.length", FT_UINT16, BASE_DEC, NULL, 0, "Bytes after the 4-byte frame header", HFILL } },
        { &hf_ms_turn_mux_session_id, { "Session ID", "ms_turn.mux.session_id", FT_UINT64, BASE_HEX, NULL, 0, "Session that the multiplexed frame belongs to", HFILL } },
        { &hf_ms_turn_mux_length, { "Length", "ms_turn.mux.length", FT_UINT16, BASE_DEC, NULL, 0, "Bytes of session id and payload", HFILL } },
        { &hf_ms_turn_mux_remote, { "Remote Relay's Session", "ms_turn.mux.remote", FT_BOOLEAN, BASE_NONE, NULL, 0, "The session was told by the peer, for its own relay", HFILL } },
        { &hf_ms_turn_pseudo_tls, { "Pseudo-TLS Handshake", "ms_turn.pseudo_tls", FT_UINT8, BASE_DEC, VALS(pseudo_tls_names), 0, "Sender of this half of the handshake", HFILL } },
        { &hf_ms_turn_response_to, { "Response To", "ms_turn.response_to", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "The request that this message answers", HFILL } },
        { &hf_ms_turn_response_in, { "Response In", "ms_turn.response_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0, "The first answer to this request", HFILL } },
        { &hf_ms_turn_response_time, { "Response Time", "ms_turn.response_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, "Time from the first request with this transaction id to its first answer", HFILL } },
        { &hf_ms_turn_retransmission, { "Retransmission", "ms_turn.retransmission", FT_BOOLEAN, BASE_NONE, NULL, 0, "The same message was seen before", HFILL } },
        { &hf_ms_turn_retransmission_of, { "Retransmission Of", "ms_turn.retransmission_of", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RETRANS_PREV), 0, "Where the message was seen first", HFILL } },
        { &hf_ms_turn_allocation, { "Allocation", "ms_turn.allocation", FT_UINT32, BASE_DEC, NULL, 0, "Number of the allocation, in order of appearance", HFILL } },
        { &hf_ms_turn_allocation_state, { "State", "ms_turn.allocation.state", FT_STRING, BASE_NONE, NULL, 0, "Where the allocation stands after this message", HFILL } },
        { &hf_ms_turn_allocation_relay_address, { "Relay Address", "ms_turn.allocation.relay.address", FT_IPv4, BASE_NONE, NULL, 0, "The relay's own address", HFILL } },
        { &hf_ms_turn_allocation_relay_ipv6, { "Relay IPv6 Address", "ms_turn.allocation.relay.ipv6", FT_IPv6, BASE_NONE, NULL, 0, "The relay's own address", HFILL } },
        { &hf_ms_turn_allocation_relay_port, { "Relay Port", "ms_turn.allocation.relay.port", FT_UINT16, BASE_DEC, NULL, 0, "The relay's own address", HFILL } },
        { &hf_ms_turn_allocation_relayed_address, { "Relayed Address", "ms_turn.allocation.relayed.address", FT_IPv4, BASE_NONE, NULL, 0, "Where the relay receives for the client", HFILL } },
        { &hf_ms_turn_allocation_relayed_ipv6, { "Relayed IPv6 Address", "ms_turn.allocation.relayed.ipv6", FT_IPv6, BASE_NONE, NULL, 0, "Where the relay receives for the client", HFILL } },
        { &hf_ms_turn_allocation_relayed_port, { "Relayed Port", "ms_turn.allocation.relayed.port", FT_UINT16, BASE_DEC, NULL, 0, "Where the relay receives for the client", HFILL } },
        { &hf_ms_turn_allocation_reflexive_address, { "Reflexive Address", "ms_turn.allocation.reflexive.address", FT_IPv4, BASE_NONE, NULL, 0, "The client as the relay sees it", HFILL } },
        { &hf_ms_turn_allocation_reflexive_ipv6, { "Reflexive IPv6 Address", "ms_turn.allocation.reflexive.ipv6", FT_IPv6, BASE_NONE, NULL, 0, "The client as the relay sees it", HFILL } },
        { &hf_ms_turn_allocation_reflexive_port, { "Reflexive Port", "ms_turn.allocation.reflexive.port", FT_UINT16, BASE_DEC, NULL, 0, "The client as the relay sees it", HFILL } },
        { &hf_ms_turn_allocation_session_id, { "Session ID", "ms_turn.allocation.session_id", FT_UINT64, BASE_HEX, NULL, 0, "Multiplexed TURN session of the allocation", HFILL } },
        { &hf_ms_turn_allocation_bandwidth, { "Bandwidth", "ms_turn.allocation.bandwidth", FT_UINT32, BASE_DEC, NULL, 0, "Bandwidth asked for or granted, in kbit/s", HFILL } },
        { &hf_ms_turn_allocation_lifetime, { "Lifetime", "ms_turn.allocation.lifetime", FT_UINT32, BASE_DEC, NULL, 0, "Lifetime granted last, in seconds", HFILL } },
        { &hf_ms_turn_allocation_stream_type, { "Stream Type", "ms_turn.allocation.stream_type", FT_UINT16, BASE_DEC, VALS(stun_stream_type_names), 0, "Media that the allocation is for", HFILL } },
    };
    static int *ett[] = { &ett_ms_turn, &ett_ms_turn_allocation };

    proto_ms_turn = proto_register_protocol("Microsoft TURN", "MS-TURN", "ms_turn");
    proto_register_field_array(proto_ms_turn, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    stun_msg_register_ms_turn(proto_ms_turn);
    ms_turn_follow_register();
    ts_expert_register(&ms_turn_expert_table, proto_ms_turn);
    ts_ms_turn_handle = create_dissector_handle(dissect_ms_turn, proto_ms_turn);
}

void
proto_reg_handoff_ms_turn(void)
{
    ts_frame_info_init();
}
