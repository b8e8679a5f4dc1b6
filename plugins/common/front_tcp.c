/* front_tcp.c
 * MS-TURN on TCP: takes messages out of the stream and hands them to the front
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-TURN] 2.1.1 (pseudo-TLS), 2.1.4 (framing), 2.2.3
 * (multiplexed TURN); RFC 4571 and RFC 6544 (ICE over TCP).
 *
 * What a stream carries is told by its first segment that leaves no doubt;
 * from then on the conversation is ours. Where the stream lost bytes, reading
 * goes on at the next frame that leaves no doubt. Everything else stays with
 * stock: TLS on its port above all, from which a pseudo-TLS connection is
 * taken over only after its client handshake was seen.
 */

#include "common/front_private.h"

#include <epan/column-utils.h>
#include <epan/proto_data.h>

#define FRAME_HEADER_LENGTH     4
#define RFC4571_HEADER_LENGTH   2
#define CLIENT_HELLO_LENGTH     50
#define SERVER_HELLO_LENGTH     83

/* Key of packet-scope data of "teamshark": a handshake was dissected inline. Layers have key 0. */
#define HANDSHAKE_SEEN_KEY 1

static int proto_owner = -1;
static dissector_handle_t stream_handle;        /* pinned on conversations that are ours */
static dissector_handle_t stun_stream_handle;   /* pinned where stock's STUN would be */
static dissector_handle_t stun_tcp_handle;
static dissector_handle_t tls_handle;

/* A stretch of the segment at hand. */
typedef struct {
    const uint8_t *data;
    size_t captured;
    size_t reported;
} stretch;

typedef enum {
    UNIT_NONE,          /* nothing of ours begins here */
    UNIT_MORE,          /* too few bytes to tell, and nothing against it */
    UNIT_CONTROL,
    UNIT_DATA,
    UNIT_MUX,
    UNIT_MESSAGE,       /* an MS-TURN message without frame (observed of test clients) */
    UNIT_CLIENT_HELLO,
    UNIT_SERVER_HELLO,
    UNIT_RFC4571
} unit_kind;

/* What begins at some place of a stream. */
typedef struct {
    unit_kind kind;
    size_t length;      /* bytes, header included */
    bool sure;          /* what is inside leaves no doubt */
    bool exact;         /* lengths within it fit */
} unit;

static stretch
stretch_from(stretch whole, size_t offset)
{
    return (stretch) {
        whole.data + MIN(offset, whole.captured),
        whole.captured - MIN(offset, whole.captured),
        whole.reported - MIN(offset, whole.reported)
    };
}

/* ---- pseudo-TLS ---- */

static bool
matches(const uint8_t *data, const uint8_t *pattern, size_t length)
{
    return memcmp(data, pattern, length) == 0;
}

/* One record with one ClientHello: no session, cipher suite 0x0018 alone, no extensions. */
static bool
is_client_hello(const uint8_t *data)
{
    static const uint8_t head[] = { 0x16, 0x03, 0x01, 0x00, 0x2D, 0x01, 0x00, 0x00, 0x29, 0x03, 0x01 };
    static const uint8_t tail[] = { 0x00, 0x00, 0x02, 0x00, 0x18, 0x01, 0x00 };

    return matches(data, head, sizeof head) && matches(data + CLIENT_HELLO_LENGTH - sizeof tail, tail, sizeof tail);
}

/* One record with ServerHello (32-byte session, cipher suite 0x0018) and ServerHelloDone. */
static bool
is_server_hello(const uint8_t *data)
{
    static const uint8_t head[] = { 0x16, 0x03, 0x01, 0x00, 0x4E, 0x02, 0x00, 0x00, 0x46, 0x03, 0x01 };
    static const uint8_t tail[] = { 0x00, 0x18, 0x00, 0x0E, 0x00, 0x00, 0x00 };

    return matches(data, head, sizeof head) && data[43] == 0x20 &&
        matches(data + SERVER_HELLO_LENGTH - sizeof tail, tail, sizeof tail);
}

static unit
find_handshake(stretch here)
{
    const uint8_t type = here.captured > 5 ? here.data[5] : 0;
    const size_t length = type == 2 ? SERVER_HELLO_LENGTH : CLIENT_HELLO_LENGTH;

    if (here.captured < 11 && here.captured == here.reported && memcmp(here.data, "\x16\x03\x01", MIN(here.captured, 3)) == 0)
        return (unit) { .kind = UNIT_MORE };
    if (here.captured < 11 || here.data[0] != 0x16 || here.data[1] != 0x03 || here.data[2] != 0x01 ||
        ts_get_be16(here.data + 3) + 5u != length)
        return (unit) { .kind = UNIT_NONE };
    if (here.reported < length)
        return (unit) { .kind = UNIT_MORE };
    if (here.captured < length)
        return (unit) { .kind = UNIT_NONE };
    if (type == 1 && is_client_hello(here.data))
        return (unit) { UNIT_CLIENT_HELLO, length, true, true };
    if (type == 2 && is_server_hello(here.data))
        return (unit) { UNIT_SERVER_HELLO, length, true, true };
    return (unit) { .kind = UNIT_NONE };
}

/* ---- frames ---- */

/* Could a message or media packet of length bytes begin so? sure where a cookie says it. */
static bool
payload_fits(stretch payload, size_t length, bool *sure)
{
    const uint8_t *p = payload.data;
    const size_t n = payload.captured;

    *sure = false;
    if (n == 0)
        return true;
    if ((p[0] & 0xC0) == 0x80)
        return length >= 8;
    if (p[0] >= 20 && p[0] <= 63)
        return length >= 13 && (n < 2 || p[1] == 0xFE);
    if (p[0] == 0xFF)
        return length >= TS_MUX_HEADER_LENGTH && (n < 4 || (ts_get_be16(p) == TS_MUX_CHANNEL && ts_get_be16(p + 2) + 4u == length));
    if (p[0] > 3 || length < TS_STUN_HEADER_LENGTH || (n >= 4 && ts_get_be16(p + 2) + (size_t)TS_STUN_HEADER_LENGTH != length))
        return false;
    *sure = (n >= 8 && ts_get_be32(p + 4) == TS_STUN_COOKIE) || (n >= 28 && ts_get_be32(p + 24) == TS_MS_TURN_COOKIE);
    return true;
}

static unit
find_control(stretch here, size_t length)
{
    unit found = { UNIT_CONTROL, FRAME_HEADER_LENGTH + length, false, false };

    found.exact = payload_fits(stretch_from(here, FRAME_HEADER_LENGTH), length, &found.sure);
    return found;
}

/* The payload has RFC 4571 framing of its own. */
static unit
find_data(stretch here, size_t length)
{
    unit found = { UNIT_DATA, FRAME_HEADER_LENGTH + length, false, false };

    if (here.captured < FRAME_HEADER_LENGTH + RFC4571_HEADER_LENGTH)
        found.exact = length >= RFC4571_HEADER_LENGTH;
    else if (ts_get_be16(here.data + 4) + (size_t)RFC4571_HEADER_LENGTH <= length)
        found.exact = payload_fits(stretch_from(here, FRAME_HEADER_LENGTH + RFC4571_HEADER_LENGTH), ts_get_be16(here.data + 4), &found.sure);
    return found;
}

static unit
find_mux(stretch here, size_t length)
{
    unit found = { UNIT_MUX, FRAME_HEADER_LENGTH + length, false, false };

    if (length < 8)
        return (unit) { .kind = UNIT_NONE };
    found.exact = payload_fits(stretch_from(here, TS_MUX_HEADER_LENGTH), length - 8, &found.sure);
    return found;
}

static bool
is_bare_message(stretch here)
{
    return here.captured >= TS_STUN_HEADER_LENGTH + 8 && (here.data[0] & 0xC0) == 0 &&
        ts_get_be16(here.data + 20) == TS_ATTR_MAGIC_COOKIE && ts_get_be32(here.data + 24) == TS_MS_TURN_COOKIE;
}

/* What begins here in a stream with MS framing. */
static unit
find_framed(stretch here)
{
    if (here.captured > 0 && here.data[0] == 0x16)
        return find_handshake(here);
    if (is_bare_message(here))
        return (unit) { UNIT_MESSAGE, (size_t)TS_STUN_HEADER_LENGTH + ts_get_be16(here.data + 2), true, true };
    if (here.captured < FRAME_HEADER_LENGTH) {
        if (here.captured < here.reported || here.captured == 0)
            return (unit) { .kind = UNIT_NONE };
        const bool possible = here.data[0] == 0xFF ? here.captured < 2 || here.data[1] == 0x10
            : (here.data[0] == TS_FRAME_CONTROL || here.data[0] == TS_FRAME_DATA) && (here.captured < 2 || here.data[1] == 0);
        return (unit) { .kind = possible ? UNIT_MORE : UNIT_NONE };
    }

    const size_t length = ts_get_be16(here.data + 2);
    unit found = { .kind = UNIT_NONE };
    if (here.data[0] == TS_FRAME_CONTROL)
        found = find_control(here, length);
    else if (here.data[0] == TS_FRAME_DATA)
        found = find_data(here, length);
    else if (ts_get_be16(here.data) == TS_MUX_CHANNEL)
        return find_mux(here, length);

    /* A wrong reserved byte or inner length is told, where the frame holds otherwise. */
    const bool reserved = here.data[1] != 0;
    if (reserved ? !found.sure : !found.exact && found.length != here.reported)
        found.kind = UNIT_NONE;
    return found;
}

static unit
find_rfc4571(stretch here)
{
    unit found = { .kind = UNIT_RFC4571 };

    if (here.captured < RFC4571_HEADER_LENGTH)
        return (unit) { .kind = here.captured < here.reported ? UNIT_NONE : UNIT_MORE };
    found.length = RFC4571_HEADER_LENGTH + (size_t)ts_get_be16(here.data);
    found.exact = found.length == RFC4571_HEADER_LENGTH ||
        payload_fits(stretch_from(here, RFC4571_HEADER_LENGTH), found.length - RFC4571_HEADER_LENGTH, &found.sure);
    if (!found.exact)
        found.kind = UNIT_NONE;
    return found;
}

typedef unit (*find_unit)(stretch here);

/* Bytes to skip to the next unit that leaves no doubt; all where there is none. */
static size_t
find_next(stretch here, find_unit find)
{
    for (size_t skip = 1; skip < here.captured; skip++) {
        const unit found = find(stretch_from(here, skip));
        if (found.kind > UNIT_MORE && found.sure)
            return skip;
    }
    return here.reported;
}

/* ---- first contact ---- */

/* Does the segment consist of frames throughout, the last one ending with it? */
static bool
is_chain(stretch here)
{
    size_t offset = 0;

    while (offset < here.reported) {
        const unit found = find_framed(stretch_from(here, offset));
        if (found.kind <= UNIT_MORE || !found.exact)
            return false;
        offset += found.length;
    }
    return offset == here.reported;
}

/* The begin of a control frame in a segment too short to hold the cookie. */
static bool
may_become_control(stretch here)
{
    return here.captured == here.reported && here.captured >= 8 && here.captured < 32 &&
        ts_get_be16(here.data) == 0x0200 && ts_get_be16(here.data + 6) + (unsigned)TS_STUN_HEADER_LENGTH == ts_get_be16(here.data + 2) &&
        (here.data[4] & 0xFC) == 0;
}

static bool
is_sure_control(stretch here)
{
    return here.captured >= 32 && here.data[0] == TS_FRAME_CONTROL && is_bare_message(stretch_from(here, FRAME_HEADER_LENGTH));
}

/* Does this segment, of which nothing is known yet, begin a stream with MS framing? */
static unit_kind
first_framed(packet_info *pinfo, stretch here)
{
    const unit found = find_framed(here);

    switch (found.kind) {
    case UNIT_CLIENT_HELLO:
    case UNIT_SERVER_HELLO:
    case UNIT_MESSAGE:
        return found.kind;
    case UNIT_CONTROL:
        if (is_sure_control(here))
            return found.kind;
        return may_become_control(here) ? UNIT_MORE : UNIT_NONE;
    case UNIT_DATA:
        return found.exact && (found.sure || is_chain(here)) ? found.kind : UNIT_NONE;
    case UNIT_MUX:
        if (found.exact && (found.sure || (is_chain(here) && ts_front_is_known_end(pinfo))))
            return found.kind;
        if (here.captured >= TS_MUX_HEADER_LENGTH &&
            ts_shared_session(ts_front_shared(), pinfo, ts_get_be64(here.data + 4)) != NULL)
            return found.kind;
        return UNIT_NONE;
    default:
        return UNIT_NONE;
    }
}

/* ICE over TCP: the first frame has to be a check with an attribute that only Microsoft sends. */
static bool
first_rfc4571(stretch here)
{
    const unit found = find_rfc4571(here);

    if (found.kind != UNIT_RFC4571 || !found.sure || found.length > here.reported)
        return false;

    const stretch payload = stretch_from(here, RFC4571_HEADER_LENGTH);
    const size_t length = found.length - RFC4571_HEADER_LENGTH;
    const ts_wire wire = ts_wire_recognise(payload.data, MIN(payload.captured, length), length);

    return wire.kind == TS_WIRE_MS_TURN || (wire.kind == TS_WIRE_STUN && wire.ms_attribute);
}

/* ---- dissection ---- */

/* Each frame adds to the Info column what the ones before it in the segment left. */
static void
begin_info(packet_info *pinfo, bool first)
{
    if (first)
        return;
    col_append_str(pinfo->cinfo, COL_INFO, ", ");
    col_set_fence(pinfo->cinfo, COL_INFO);
}

static ts_front_call
new_call(packet_info *pinfo, ts_wire_kind kind, uint16_t type)
{
    return (ts_front_call) {
        .wire = { .kind = kind, .type = type },
        .evidence = TS_EVIDENCE_SHAPE,
        .tcp = true,
        .flow = ts_front_flow(pinfo, true),
        .shared = ts_front_shared(),
    };
}

static void
dissect_handshake(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool client)
{
    ts_front_call call = new_call(pinfo, TS_WIRE_PSEUDO_TLS, client ? TS_PSEUDO_TLS_CLIENT : TS_PSEUDO_TLS_SERVER);

    if (call.flow->pseudo_tls_since == 0)
        call.flow->pseudo_tls_since = pinfo->num;
    p_set_proto_data(pinfo->pool, pinfo, proto_owner, HANDSHAKE_SEEN_KEY, GUINT_TO_POINTER(1));
    ts_front_call_stock(tls_handle, tvb, pinfo, tree);
    ts_front_annotate_ms_turn(tvb, pinfo, tree, &call);
}

static ts_layer *
new_layer(packet_info *pinfo, const ts_flow *flow, ts_wire_kind kind, uint16_t type)
{
    ts_layer *layer = wmem_new0(pinfo->pool, ts_layer);

    layer->wire.kind = kind;
    layer->wire.type = type;
    layer->tcp_frame = true;
    layer->evidence = flow != NULL && flow->evidence != TS_EVIDENCE_NONE ? flow->evidence : TS_EVIDENCE_SHAPE;
    return layer;
}

static void
dissect_payload(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_layer *layer)
{
    if (tvb_reported_length(tvb) == 0 || ts_front_message(tvb, pinfo, tree, layer, true) > 0)
        return;
    call_data_dissector(tvb, pinfo, tree);
    col_clear(pinfo->cinfo, COL_INFO);
    col_append_fstr(pinfo->cinfo, COL_INFO, "Data (%u bytes)", tvb_reported_length(tvb));
}

/* RFC 4571 frames until the end of tvb; false where the lengths do not come out. */
static bool
dissect_rfc4571_frames(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_layer *layer)
{
    const int end = (int)tvb_reported_length(tvb);
    int offset = 0;

    while (offset + RFC4571_HEADER_LENGTH <= end && tvb_captured_length_remaining(tvb, offset) >= RFC4571_HEADER_LENGTH) {
        const int length = tvb_get_ntohs(tvb, offset);

        offset += RFC4571_HEADER_LENGTH;
        if (offset + length > end)
            return false;
        begin_info(pinfo, offset == RFC4571_HEADER_LENGTH);
        if (tvb_captured_length_remaining(tvb, offset) > 0)
            dissect_payload(tvb_new_subset_length(tvb, offset, length), pinfo, tree, layer);
        offset += length;
    }
    return offset == end;
}

static void
annotate_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ts_wire_kind kind, const unit *found)
{
    ts_front_call call = new_call(pinfo, kind, tvb_get_uint8(tvb, 0));

    call.wire.length = (uint16_t)(found->length - FRAME_HEADER_LENGTH);
    call.wire.walk_exact = found->exact;
    ts_front_annotate_ms_turn(tvb, pinfo, tree, &call);
}

static void
dissect_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const unit *found)
{
    const bool control = found->kind == UNIT_CONTROL;
    tvbuff_t *payload = tvb_new_subset_remaining(tvb, FRAME_HEADER_LENGTH);
    ts_layer *layer = new_layer(pinfo, ts_front_flow(pinfo, true), TS_WIRE_MS_FRAME, control ? TS_FRAME_CONTROL : TS_FRAME_DATA);

    annotate_frame(tvb_new_subset_length(tvb, 0, FRAME_HEADER_LENGTH), pinfo, tree, TS_WIRE_MS_FRAME, found);
    if (tvb_captured_length(payload) == 0)
        return;
    if (control)
        dissect_payload(payload, pinfo, tree, layer);
    else if (!found->exact || !dissect_rfc4571_frames(payload, pinfo, tree, layer))
        call_data_dissector(payload, pinfo, tree);
}

/* Bytes that are no frame. */
static void
dissect_lost(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    ts_front_call call = new_call(pinfo, TS_WIRE_MS_FRAME_LOST, 0);

    call_data_dissector(tvb, pinfo, tree);
    ts_front_annotate_ms_turn(tvb, pinfo, tree, &call);
}

static void
dissect_unit(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const unit *found)
{
    ts_layer *layer = new_layer(pinfo, ts_front_flow(pinfo, true), TS_WIRE_OTHER, 0);

    switch (found->kind) {
    case UNIT_CLIENT_HELLO:
    case UNIT_SERVER_HELLO:
        dissect_handshake(tvb, pinfo, tree, found->kind == UNIT_CLIENT_HELLO);
        break;
    case UNIT_CONTROL:
    case UNIT_DATA:
        dissect_frame(tvb, pinfo, tree, found);
        break;
    case UNIT_RFC4571:
        dissect_rfc4571_frames(tvb, pinfo, tree, layer);
        break;
    default:
        dissect_payload(tvb, pinfo, tree, layer);
        break;
    }
}

static void
dissect_stream(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, find_unit find)
{
    const size_t captured = tvb_captured_length(tvb);
    const stretch whole = { tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb) };
    size_t offset = 0;

    while (offset < whole.reported && offset < captured) {
        const stretch here = stretch_from(whole, offset);
        unit found = find(here);

        if (pinfo->can_desegment && found.kind != UNIT_NONE && (found.kind == UNIT_MORE || found.length > here.reported)) {
            pinfo->desegment_offset = (int)offset;
            pinfo->desegment_len = found.kind == UNIT_MORE ? DESEGMENT_ONE_MORE_SEGMENT : (uint32_t)(found.length - here.reported);
            return;
        }
        begin_info(pinfo, offset == 0);
        if (found.kind <= UNIT_MORE) {
            const size_t skipped = find_next(here, find);
            dissect_lost(tvb_new_subset_length(tvb, (int)offset, (int)skipped), pinfo, tree);
            offset += skipped;
            continue;
        }
        const size_t length = MIN(found.length, here.reported);
        dissect_unit(tvb_new_subset_length_caplen(tvb, (int)offset, (int)MIN(length, here.captured), (int)length), pinfo, tree, &found);
        offset += length;
    }
}

/* ---- entry points ---- */

static void
take_over(packet_info *pinfo, uint32_t *since)
{
    if (*since != 0 || PINFO_FD_VISITED(pinfo))
        return;
    *since = pinfo->num;
    conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num, stream_handle);
}

/* Takes the segment if its stream is ours, or shows now that it is; returns the bytes taken, else 0. */
static int
take_segment(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const size_t captured = tvb_captured_length(tvb);
    const stretch here = { tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb) };
    ts_flow *flow = ts_front_flow(pinfo, false);
    find_unit find = NULL;

    if (flow != NULL && (ts_since(flow->framed_since, pinfo) || ts_since(flow->pseudo_tls_since, pinfo))) {
        find = find_framed;
    } else if (flow != NULL && ts_since(flow->rfc4571_since, pinfo)) {
        find = find_rfc4571;
    } else {
        const unit_kind kind = first_framed(pinfo, here);
        if (kind == UNIT_MORE && pinfo->can_desegment) {
            pinfo->desegment_offset = 0;
            pinfo->desegment_len = DESEGMENT_ONE_MORE_SEGMENT;
            return (int)tvb_reported_length(tvb);
        }
        if (kind > UNIT_MORE)
            find = find_framed;
        else if (first_rfc4571(here))
            find = find_rfc4571;
        else
            return 0;
        flow = ts_front_flow(pinfo, true);
        take_over(pinfo, find == find_framed ? &flow->framed_since : &flow->rfc4571_since);
    }
    dissect_stream(tvb, pinfo, tree, find);
    return (int)tvb_reported_length(tvb);
}

static int
dissect_own_stream(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return ts_front_enabled() ? take_segment(tvb, pinfo, tree) : 0;
}

/* Stock's STUN in our place, free to ask for more of the stream as it is when TCP calls it. */
static int
call_stock_stream(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    pinfo->can_desegment = pinfo->saved_can_desegment;
    return call_dissector_only(stun_tcp_handle, tvb, pinfo, tree, data);
}

/*
 * Could stock's STUN make sense of it? Bytes from the middle of a message
 * would make it wait for a length that never was, and hide what follows.
 */
static bool
is_for_stock(tvbuff_t *tvb)
{
    const unsigned captured = tvb_captured_length(tvb);

    if (captured < 8)
        return true;
    const uint8_t first = tvb_get_uint8(tvb, 0);
    if ((first & 0xC0) == 0x40)
        return true;        /* ChannelData */
    return ((first & 0xC0) == 0 && tvb_get_ntohl(tvb, 4) == TS_STUN_COOKIE) ||
        (captured >= 10 && (tvb_get_uint8(tvb, RFC4571_HEADER_LENGTH) & 0xC0) == 0 && tvb_get_ntohl(tvb, 6) == TS_STUN_COOKIE);
}

/* A frame that leaves no doubt, after bytes of one whose begin is not in the capture; 0 where there is none. */
static int
take_from_the_next_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const size_t captured = tvb_captured_length(tvb);
    const stretch whole = { tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb) };

    for (size_t skip = 1; skip + FRAME_HEADER_LENGTH + TS_STUN_HEADER_LENGTH + 8 <= captured; skip++) {
        if (!is_sure_control(stretch_from(whole, skip)))
            continue;
        take_over(pinfo, &ts_front_flow(pinfo, true)->framed_since);
        dissect_stream(tvb, pinfo, tree, find_framed);
        return (int)tvb_reported_length(tvb);
    }
    return 0;
}

/* TCP 3478 and conversations that stock would have pinned its STUN on. */
static int
dissect_stun_stream(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!ts_front_enabled())
        return call_stock_stream(tvb, pinfo, tree, data);

    const int taken = take_segment(tvb, pinfo, tree);
    if (taken > 0)
        return taken;
    return is_for_stock(tvb) ? call_stock_stream(tvb, pinfo, tree, data) : take_from_the_next_frame(tvb, pinfo, tree);
}

/*
 * A whole STUN message that nothing marks as Microsoft's, as stock's own
 * heuristic would take it: pinning ourselves in its place lets later messages
 * of the conversation still show what they are.
 */
static bool
pass_through(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const unsigned captured = tvb_captured_length(tvb);
    int offset = 0;

    if (captured < TS_STUN_HEADER_LENGTH + RFC4571_HEADER_LENGTH)
        return false;
    if (tvb_get_ntohl(tvb, 6) == TS_STUN_COOKIE)
        offset = RFC4571_HEADER_LENGTH;
    if ((tvb_get_uint8(tvb, offset) & 0xC0) != 0 || tvb_get_ntohl(tvb, offset + 4) != TS_STUN_COOKIE ||
        tvb_reported_length(tvb) < tvb_get_ntohs(tvb, offset + 2) + (unsigned)TS_STUN_HEADER_LENGTH + (unsigned)offset)
        return false;
    conversation_set_dissector(find_or_create_conversation(pinfo), stun_stream_handle);
    call_stock_stream(tvb, pinfo, tree, data);
    return true;
}

static ws_bool
front_tcp_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    ts_front_drop_own_layer(pinfo);
    if (!ts_front_enabled())
        return false;
    return take_segment(tvb, pinfo, tree) > 0 || pass_through(tvb, pinfo, tree, data);
}

/*
 * Where TLS has the port, or its heuristic comes first, stock dissects the
 * pseudo-TLS handshake; it is found at the end of the frame (4 bytes before
 * it, where the capture holds the frame check sequence) or of what TCP put
 * together from segments that end with it, and what follows on the connection
 * is ours. Cheap for every other frame.
 */
static tvbuff_t *
find_missed_handshake(tvbuff_t *tvb, int length, bool (*is_hello)(const uint8_t *))
{
    static const int trailers[] = { 0, 4 };
    const int captured = (int)tvb_captured_length(tvb);

    for (unsigned i = 0; i < array_length(trailers); i++) {
        const int offset = captured - length - trailers[i];
        if (offset >= 0 && tvb_get_uint8(tvb, offset) == 0x16 && is_hello(tvb_get_ptr(tvb, offset, length)))
            return tvb_new_subset_length(tvb, offset, length);
    }
    return NULL;
}

static int
front_tcp_after(tvbuff_t *tvb _U_, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    if (pinfo->ptype != PT_TCP || !ts_front_enabled() ||
        p_get_proto_data(pinfo->pool, pinfo, proto_owner, HANDSHAKE_SEEN_KEY) != NULL)
        return 0;

    tvbuff_t *client = NULL, *server = NULL;
    for (const GSList *source = pinfo->data_src; source != NULL && client == NULL && server == NULL; source = source->next) {
        tvbuff_t *bytes = get_data_source_tvb((const struct data_source *)source->data);
        client = find_missed_handshake(bytes, CLIENT_HELLO_LENGTH, is_client_hello);
        server = client != NULL ? NULL : find_missed_handshake(bytes, SERVER_HELLO_LENGTH, is_server_hello);
    }
    if (client == NULL && server == NULL)
        return 0;

    ts_front_call call = new_call(pinfo, TS_WIRE_PSEUDO_TLS, client != NULL ? TS_PSEUDO_TLS_CLIENT : TS_PSEUDO_TLS_SERVER);
    if (call.flow->pseudo_tls_since == 0 && !PINFO_FD_VISITED(pinfo)) {
        call.flow->pseudo_tls_since = pinfo->num;
        conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num + 1, stream_handle);
    }
    /* Later releases close the columns before postdissectors. */
    const bool writable = col_get_writable(pinfo->cinfo, -1);
    col_set_writable(pinfo->cinfo, -1, true);
    ts_front_annotate_ms_turn(client != NULL ? client : server, pinfo, tree, &call);
    col_set_writable(pinfo->cinfo, -1, writable);
    return 0;
}

void
ts_front_tcp_register(int proto_teamshark, int proto_front)
{
    proto_owner = proto_teamshark;
    register_postdissector(create_dissector_handle(front_tcp_after, proto_front));
}

void
ts_front_tcp_handoff(int proto_front, int proto_port)
{
    tls_handle = find_dissector("tls");
    stun_tcp_handle = find_dissector("stun-tcp");
    stream_handle = create_dissector_handle(dissect_own_stream, proto_front);
    stun_stream_handle = create_dissector_handle(dissect_stun_stream, proto_port);
    heur_dissector_add("tcp", front_tcp_heuristic, "Microsoft TURN over TCP", "teamshark_tcp", proto_owner, HEURISTIC_ENABLE);
    dissector_add_uint("tcp.port", 3478, stun_stream_handle);
}
