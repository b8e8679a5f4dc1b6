/* request_fields.c
 * What stock shows of HTTP: the fields of a frame, put together to messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A frame can hold messages of several streams. Stock adds their fields in the
 * order of the bytes, in HTTP/2 the number of a stream before what the stream
 * carries: a walk over the tree in that order tells which field is of which
 * message, whether or not stock makes subtrees for them. In QUIC the numbers of
 * all streams come first. There a packet with more than one stream of requests
 * is passed over.
 */

#include "session/requests_private.h"

#include <string.h>

#include "common/stock_fields.h"

#define DEPTH_MAX 64        /* of the tree */

/* Messages of the handshake that only a decrypted session shows: TLS 1.3 sends the first encrypted, as TLS 1.2 the second. */
enum { HANDSHAKE_ENCRYPTED_EXTENSIONS = 8, HANDSHAKE_FINISHED = 20 };

typedef enum {
    FIELD_STREAM,
    FIELD_METHOD,
    FIELD_URI,
    FIELD_HOST,
    FIELD_STATUS,
    FIELD_LOCATION,
    FIELD_RETRY_AFTER,
    FIELD_AUTHENTICATE,
    FIELD_UPGRADE,
    FIELD_LINE,
    FIELD_OPCODE,
    FIELD_CLOSE_CODE,
    FIELD_JSON_STRING,
    FIELD_JSON_PATH,
    FIELD_BYTES,
    FIELD_GAVE_UP,
} field_kind;

/* What is asked for together, when it is needed: Wireshark asks each wanted field of each frame, whatever the frame is. */
typedef enum {
    GROUP_HTTP,             /* once TLS is decrypted */
    GROUP_HTTP3,            /* and there is QUIC with a host of ours */
    GROUP_WEB_SOCKET,       /* a request of HTTP/1 asks for one */
    GROUP_JSON,             /* a token is asked for */
    GROUP_BYTES,            /* a stream of HTTP/2 is a WebSocket */
    GROUP_COUNT
} field_group;

/* Version of HTTP; 0: something else. */
static const struct {
    const char *name;
    field_kind kind;
    field_group group;
    unsigned version;
} names[] = {
    { "http.request.method", FIELD_METHOD, GROUP_HTTP, 1 },
    { "http.request.uri", FIELD_URI, GROUP_HTTP, 1 },
    { "http.host", FIELD_HOST, GROUP_HTTP, 1 },
    { "http.response.code", FIELD_STATUS, GROUP_HTTP, 1 },
    { "http.location", FIELD_LOCATION, GROUP_HTTP, 1 },
    { "http.www_authenticate", FIELD_AUTHENTICATE, GROUP_HTTP, 1 },
    { "http.upgrade", FIELD_UPGRADE, GROUP_HTTP, 1 },
    { "http.response.line", FIELD_LINE, GROUP_HTTP, 1 },
    { "http2.streamid", FIELD_STREAM, GROUP_HTTP, 2 },
    { "http2.headers.method", FIELD_METHOD, GROUP_HTTP, 2 },
    { "http2.headers.path", FIELD_URI, GROUP_HTTP, 2 },
    { "http2.headers.authority", FIELD_HOST, GROUP_HTTP, 2 },
    { "http2.headers.status", FIELD_STATUS, GROUP_HTTP, 2 },
    { "http2.headers.location", FIELD_LOCATION, GROUP_HTTP, 2 },
    { "http2.headers.retry_after", FIELD_RETRY_AFTER, GROUP_HTTP, 2 },
    { "http2.headers.www_authenticate", FIELD_AUTHENTICATE, GROUP_HTTP, 2 },
    { "quic.stream.stream_id", FIELD_STREAM, GROUP_HTTP3, 3 },
    { "http3.headers.method", FIELD_METHOD, GROUP_HTTP3, 3 },
    { "http3.headers.path", FIELD_URI, GROUP_HTTP3, 3 },
    { "http3.headers.authority", FIELD_HOST, GROUP_HTTP3, 3 },
    { "http3.headers.status", FIELD_STATUS, GROUP_HTTP3, 3 },
    { "http3.headers.location", FIELD_LOCATION, GROUP_HTTP3, 3 },
    { "http3.headers.retry_after", FIELD_RETRY_AFTER, GROUP_HTTP3, 3 },
    { "http3.headers.www_authenticate", FIELD_AUTHENTICATE, GROUP_HTTP3, 3 },
    { "websocket.opcode", FIELD_OPCODE, GROUP_WEB_SOCKET, 0 },
    { "websocket.payload.close.status_code", FIELD_CLOSE_CODE, GROUP_WEB_SOCKET, 0 },
    { "json.value.string", FIELD_JSON_STRING, GROUP_JSON, 0 },
    { "json.path", FIELD_JSON_PATH, GROUP_JSON, 0 },
    { "http2.data.data", FIELD_BYTES, GROUP_BYTES, 2 },
    { "_ws.unreassembled", FIELD_GAVE_UP, GROUP_BYTES, 0 },
};

static GArray *wanted[GROUP_COUNT];     /* int */
static bool asked[GROUP_COUNT];
static bool quic_seen;
static ts_stock_walk fields_walk;       /* a field's number is 1 + its row in names[] */
static ts_stock_field field_handshake;
static ts_stock_field field_request;

G_STATIC_ASSERT(G_N_ELEMENTS(names) < TS_STOCK_WALK_PASS_OVER);

void
teams_request_fields_handoff(void)
{
    GArray *basic = g_array_new(FALSE, FALSE, (unsigned)sizeof(int));

    for (unsigned group = 0; group < GROUP_COUNT; group++)
        wanted[group] = g_array_new(FALSE, FALSE, (unsigned)sizeof(int));
    fields_walk = ts_stock_walk_new();
    ts_stock_walk_add(&fields_walk, proto_get_id_by_filter_name("tls"), TS_STOCK_WALK_PASS_OVER);      /* what it carries is beside it, too */
    for (unsigned row = 0; row < G_N_ELEMENTS(names); row++) {
        const ts_stock_field field = ts_stock_field_wanted(wanted[names[row].group], names[row].name);

        for (unsigned i = 0; i < field.count; i++)
            ts_stock_walk_add(&fields_walk, field.ids[i], (uint8_t)(row + 1));
    }
    /* connection_tls.c and connection_http.c ask for them. */
    field_handshake = ts_stock_field_wanted(basic, "tls.handshake.type");
    field_request = ts_stock_field_wanted(basic, "http.request.method");
    g_array_free(basic, TRUE);
}

bool
teams_request_fields_active(void)
{
    return asked[GROUP_HTTP];
}

void
teams_request_fields_reset(void)
{
    memset(asked, 0, sizeof asked);     /* and Wireshark asks for the fields of before at the start of each file */
    quic_seen = false;
}

static void
ask_for(field_group group)
{
    if (!asked[group])
        ts_want_more_fields(wanted[group]);
    asked[group] = true;
}

static bool
shows_decrypted_handshake(proto_tree *tree)
{
    const field_info *found;

    for (unsigned i = 0; (found = ts_stock_field_at(tree, &field_handshake, i)) != NULL; i++) {
        const uint32_t type = fvalue_get_uinteger(ws_finfo_value((field_info *)found));

        if (type == HANDSHAKE_ENCRYPTED_EXTENSIONS || type == HANDSHAKE_FINISHED)
            return true;
    }
    return false;
}

unsigned
teams_request_fields_watch(proto_tree *tree)
{
    unsigned unread = 0;

    while (ts_stock_field_at(tree, &field_request, unread) != NULL)
        unread++;
    if (unread > 0 || shows_decrypted_handshake(tree)) {
        ask_for(GROUP_HTTP);
        if (quic_seen)
            ask_for(GROUP_HTTP3);
    }
    return unread;
}

void
teams_request_fields_quic(void)
{
    quic_seen = true;
    if (asked[GROUP_HTTP])
        ask_for(GROUP_HTTP3);
}

void
teams_request_fields_want_web_socket(bool in_stream)
{
    ask_for(in_stream ? GROUP_BYTES : GROUP_WEB_SOCKET);
}

void
teams_request_fields_want_body(void)
{
    ask_for(GROUP_JSON);
}

/* ---- the walk ---- */

typedef struct {
    packet_info *pinfo;
    teams_http_message message;
    bool open;                  /* the message has a field that counts */
    const char *json_string;    /* the latest */
    teams_web_socket_frame socket;
    bool socket_open;
    bool quic;                  /* a stream of requests was seen: its number is the message's */
    bool quic_many;             /* more than one of them */
    unsigned record;            /* bytes of the TLS record that the latest bytes are of; 0: they are not its last ones */
    bool gave_up;               /* stock ended in the middle of something */
    const teams_request_walk *told;
} walk;

static void
end_message(walk *state)
{
    if (state->open && !state->quic_many)
        state->told->message(&state->message, state->told->data);
    state->open = false;
    memset(&state->message, 0, sizeof state->message);
}

static void
end_socket_frame(walk *state)
{
    if (state->socket_open)
        state->told->web_socket(&state->socket, state->told->data);
    state->socket_open = false;
    memset(&state->socket, 0, sizeof state->socket);
}

static const char *
text_of(const walk *state, const field_info *found)
{
    const char *text = fvalue_get_string(ws_finfo_value((field_info *)found));

    return text == NULL ? NULL : wmem_strdup(state->pinfo->pool, text);
}

static uint64_t
number_of(const field_info *found)
{
    return found->hfinfo->type == FT_UINT64 ? fvalue_get_uinteger64(ws_finfo_value((field_info *)found))
        : fvalue_get_uinteger(ws_finfo_value((field_info *)found));
}

/* A header that has no field of its own. */
static void
header_line(walk *state, const char *line)
{
    static const char retry_after[] = "retry-after:";

    if (line != NULL && g_ascii_strncasecmp(line, retry_after, sizeof retry_after - 1) == 0)
        state->message.retry_after = line + sizeof retry_after - 1;
}

/* RFC 9000, 2.1: requests go on bidirectional streams of the client. */
static void
quic_stream(walk *state, uint64_t stream)
{
    if (stream % 4 != 0)
        return;
    state->quic_many = state->quic_many || (state->quic && stream != state->message.stream);
    state->quic = true;
    state->message.multiplexed = true;
    state->message.stream = stream;
}

static void
begin(walk *state, field_kind kind, unsigned version, const field_info *found)
{
    if (version == 2 && kind == FIELD_STREAM) {
        end_message(state);
        state->message.multiplexed = true;
        state->message.stream = number_of(found);
    } else if (version == 1 && (kind == FIELD_METHOD || kind == FIELD_STATUS))
        end_message(state);
    state->open = state->open || kind == FIELD_METHOD || kind == FIELD_STATUS;
}

static void
web_socket_field(walk *state, field_kind kind, const field_info *found)
{
    if (kind == FIELD_OPCODE) {
        end_socket_frame(state);
        state->socket_open = true;
        state->socket.opcode = (uint8_t)number_of(found);
    } else {
        state->socket.has_code = true;
        state->socket.code = (uint16_t)number_of(found);
    }
}

static void
json_field(walk *state, field_kind kind, const field_info *found)
{
    const char *text = text_of(state, found);

    if (kind == FIELD_JSON_STRING)
        state->json_string = text;
    else if (text != NULL && strcmp(text, "/region") == 0 && state->json_string != NULL) {
        state->message.token_region = state->json_string;
        state->open = true;
    }
}

/* Where the text of a field goes; 0: it has none that is kept as it is. */
static const size_t text_members[] = {
    [FIELD_METHOD] = offsetof(teams_http_message, method), [FIELD_URI] = offsetof(teams_http_message, uri),
    [FIELD_HOST] = offsetof(teams_http_message, host), [FIELD_LOCATION] = offsetof(teams_http_message, location),
    [FIELD_RETRY_AFTER] = offsetof(teams_http_message, retry_after), [FIELD_AUTHENTICATE] = offsetof(teams_http_message, authenticate),
    [FIELD_UPGRADE] = offsetof(teams_http_message, upgrade),
};

static void
http_field(walk *state, field_kind kind, unsigned version, const field_info *found)
{
    teams_http_message *message = &state->message;

    if (version == 3 && kind == FIELD_STREAM) {
        quic_stream(state, number_of(found));
        return;
    }
    begin(state, kind, version, found);
    if (kind == FIELD_STATUS) {
        message->has_status = true;
        message->status = (uint32_t)number_of(found);
    } else if (kind == FIELD_LINE)
        header_line(state, text_of(state, found));
    else if (kind < G_N_ELEMENTS(text_members) && text_members[kind] != 0)
        *(const char **)(void *)((char *)message + text_members[kind]) = text_of(state, found);
}

/* Of a DATA frame, whose stream came before. */
static void
bytes_field(walk *state, const field_info *found)
{
    const unsigned size = found->ds_tvb == NULL ? 0 : tvb_captured_length(found->ds_tvb);

    state->record = (unsigned)(found->start + found->length) == size ? size : 0;
    if (asked[GROUP_BYTES] && state->message.multiplexed && !state->open && found->ds_tvb != NULL && found->length > 0 &&
            tvb_bytes_exist(found->ds_tvb, found->start, found->length))
        state->told->bytes(state->message.stream, tvb_get_ptr(found->ds_tvb, found->start, found->length), (size_t)found->length, state->told->data);
}

static void
visit(walk *state, unsigned row, const field_info *found)
{
    const field_kind kind = names[row].kind;

    if (kind == FIELD_OPCODE || kind == FIELD_CLOSE_CODE)
        web_socket_field(state, kind, found);
    else if (kind == FIELD_JSON_STRING || kind == FIELD_JSON_PATH)
        json_field(state, kind, found);
    else if (kind == FIELD_BYTES)
        bytes_field(state, found);
    else if (kind == FIELD_GAVE_UP)
        state->gave_up = true;
    else
        http_field(state, kind, names[row].version, found);
}

/* What lies deeper is inside a body that somebody nested to be looked at for long. */
static void
walk_tree(walk *state, const proto_node *node, unsigned depth)
{
    for (const proto_node *child = node->first_child; child != NULL && depth < DEPTH_MAX; child = child->next) {
        const uint8_t number = child->finfo == NULL ? (uint8_t)TS_STOCK_WALK_NONE : ts_stock_walk_number(&fields_walk, child->finfo);

        if (number == TS_STOCK_WALK_PASS_OVER)
            continue;
        if (number != TS_STOCK_WALK_NONE)
            visit(state, number - 1u, child->finfo);
        if (child->first_child != NULL)
            walk_tree(state, child, depth + 1);
    }
}

/*
 * Later versions read a WebSocket in HTTP/2, too, each DATA frame for itself. Where a message goes on in the next one they
 * give up, and what stands behind in the same packet is in no tree: nothing does where the record ends there, and the packet
 * with it. A record is 5 bytes and 16 to 24 more than its content (RFC 8446, 5.2; RFC 5288, 3).
 */
static bool
loses_bytes(const walk *state, unsigned payload)
{
    enum { RECORD_MORE_MIN = 21, RECORD_MORE_MAX = 29 };

    return state->gave_up && (state->record == 0 || payload < state->record + RECORD_MORE_MIN || payload > state->record + RECORD_MORE_MAX);
}

void
teams_request_fields_walk(packet_info *pinfo, proto_tree *tree, unsigned payload, const teams_request_walk *told)
{
    walk state = { .pinfo = pinfo, .told = told };

    walk_tree(&state, tree, 0);
    end_message(&state);
    end_socket_frame(&state);
    if (loses_bytes(&state, payload))
        told->lost(told->data);
}
