/* requests.c
 * HTTP requests inside TLS that stock Wireshark decrypts: what each asks for, and what became of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/requests_private.h"

#include <string.h>

#include <epan/proto_data.h>

#include "common/items.h"
#include "common/text.h"
#include "core/paths.h"
#include "preferences.h"
#include "tenants.h"

#define REQUESTS_KEY    4
#define METHOD_MAX      16      /* characters of a method */
#define RAW_PATH_MAX    512     /* bytes of a path that is shown as it is */

enum {
    STATUS_CONTINUE_LAST = 199, STATUS_SWITCHING = 101, STATUS_OK = 200, STATUS_REDIRECT = 300, STATUS_NOT_MODIFIED = 304,
    STATUS_BAD_REQUEST = 400, STATUS_UNAUTHORIZED = 401, STATUS_FORBIDDEN = 403, STATUS_GONE = 410, STATUS_THROTTLED = 429,
    STATUS_SERVER_ERROR = 500, STATUS_LAST = 599
};

/* RFC 6455, 5.2 */
enum { OPCODE_TEXT = 1, OPCODE_BINARY = 2, OPCODE_CLOSE = 8, OPCODE_PING = 9, OPCODE_PONG = 10 };
enum { CLOSE_NORMAL = 1000, CLOSE_GOING_AWAY = 1001, CLOSE_NO_CODE = 1005, CLOSE_OWN = 3000 };

/* ---- texts ---- */

static const char *const role_names[TEAMS_REQUEST_ROLE_COUNT] = { "", "name", "path" };

const char *
teams_request_role_name(unsigned role)
{
    return role < TEAMS_REQUEST_ROLE_COUNT ? role_names[role] : NULL;
}

/* RFC 6750 3.1, and what Entra ID adds: no other text of a header is kept. */
static const struct {
    const char *code;
    const char *text;
} reasons[] = {
    { "insufficient_claims", "claims challenge" },
    { "invalid_token", "invalid token" },
    { "insufficient_scope", "insufficient scope" },
    { "invalid_request", "invalid request" },
};

static const char *
reason_text(const char *code)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (strcmp(reasons[i].code, code) == 0)
            return reasons[i].text;
    return code;
}

static const char *
reason_of(const char *authenticate)
{
    const char *error = authenticate == NULL ? NULL : strstr(authenticate, "error=\"");

    for (unsigned i = 0; error != NULL && i < G_N_ELEMENTS(reasons); i++)
        if (g_str_has_prefix(error + strlen("error=\""), reasons[i].code) &&
                error[strlen("error=\"") + strlen(reasons[i].code)] == '"')
            return reasons[i].code;
    return NULL;
}

/* Seconds, or that there is a date. */
static const char *
retry_of(const char *header)
{
    if (header == NULL)
        return NULL;
    while (*header == ' ' || *header == '\t')
        header++;
    const size_t digits = strspn(header, "0123456789");

    if (digits > 0 && digits <= 6 && (header[digits] == '\0' || header[digits] == '\r' || header[digits] == '\n'))
        return wmem_strdup_printf(wmem_file_scope(), "%.*s s", (int)digits, header);
    return digits == 0 && g_ascii_isalpha(*header) ? "a date" : NULL;
}

const char *
teams_request_status_text(wmem_allocator_t *scope, const teams_request *request)
{
    if (request->retry_after != NULL)
        return wmem_strdup_printf(scope, "%u (retry after %s)", request->status, request->retry_after);
    if (request->reason != NULL)
        return wmem_strdup_printf(scope, "%u (%s)", request->status, reason_text(request->reason));
    return wmem_strdup_printf(scope, "%u", request->status);
}

/* RFC 6455, 7.4.1 and the registry of IANA */
const char *
teams_close_code_text(uint16_t code)
{
    static const char *const texts[] = {
        "normal", "going away", "protocol error", "unsupported data", "", "", "", "invalid data", "policy violation", "message too big",
        "extension missing", "server error", "service restart", "try again later", "bad gateway",
    };

    return code >= CLOSE_NORMAL && code - CLOSE_NORMAL < (int)G_N_ELEMENTS(texts) ? texts[code - CLOSE_NORMAL] : "";
}

/* ---- what an answer says ---- */

bool
teams_request_is_of_stage(const teams_request *request)
{
    return request->kind->role == TEAMS_REQUEST_BY_PATH && strcmp(request->kind->method, "HEAD") != 0;
}

bool
teams_request_succeeded(const teams_request *request)
{
    if (request->answer_frame == 0)
        return false;
    /* What the page of identity is for. */
    if (request->kind->stage == TS_STAGE_IDENTITY && request->brings_result)
        return true;
    return request->status == STATUS_SWITCHING || (request->status >= STATUS_OK && request->status < STATUS_REDIRECT) ||
        request->status == STATUS_NOT_MODIFIED;
}

bool
teams_request_refused(const teams_request *request)
{
    if (request->answer_frame == 0)
        return false;
    /* RFC 6749, 5.2: how a token is refused. */
    if (request->status == STATUS_BAD_REQUEST)
        return request->kind->stage == TS_STAGE_IDENTITY;
    return request->status == STATUS_UNAUTHORIZED || request->status == STATUS_FORBIDDEN || request->status == STATUS_GONE ||
        request->status == STATUS_THROTTLED || request->status >= STATUS_SERVER_ERROR;
}

static void
tell_answer(packet_info *pinfo, const teams_connection *conn, const teams_request *request)
{
    const char *status = teams_request_status_text(pinfo->pool, request);
    teams_expert row;

    if (request->reason != NULL && strcmp(request->reason, "insufficient_claims") == 0)
        row = TEAMS_EXPERT_HTTP_CLAIMS;
    else if (request->status == STATUS_UNAUTHORIZED)
        row = TEAMS_EXPERT_HTTP_UNAUTHORIZED;
    else if (request->status == STATUS_FORBIDDEN)
        row = TEAMS_EXPERT_HTTP_FORBIDDEN;
    else if (request->status == STATUS_GONE)
        row = TEAMS_EXPERT_HTTP_GONE;
    else if (request->status == STATUS_THROTTLED)
        row = TEAMS_EXPERT_HTTP_THROTTLED;
    else if (request->status >= STATUS_SERVER_ERROR)
        row = TEAMS_EXPERT_HTTP_SERVER_ERROR;
    else
        return;
    teams_connection_tell(pinfo, conn, row, "%s %s at %s : %s", request->kind->method, request->kind->path,
        teams_shown_name(pinfo->pool, request->kind->host), status);
}

/* ---- kinds ---- */

static wmem_map_t *kinds;       /* "METHOD host path" -> teams_request_kind */
static uint32_t request_count;

void
teams_requests_cleanup(void)
{
    kinds = NULL;       /* freed with the file scope */
    request_count = 0;
    teams_request_fields_reset();
}

static bool
is_method(const char *method)
{
    const size_t length = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

    return length > 0 && length <= METHOD_MAX && method[length] == '\0';
}

/* RFC 8441, 4: a CONNECT that has a path; a proxy's has none (RFC 9113, 8.5). */
static bool
opens_web_socket(const teams_http_message *message)
{
    return message->multiplexed && strcmp(message->method, "CONNECT") == 0;
}

/* A preflight of the browser and a proxy's tunnel ask for nothing of the service. */
static bool
is_about_service(const teams_http_message *message)
{
    return is_method(message->method) && message->uri != NULL && strcmp(message->method, "OPTIONS") != 0 &&
        (strcmp(message->method, "CONNECT") != 0 || opens_web_socket(message));
}

/* Packet scope; NULL where the text is no name. */
static char *
host_name(packet_info *pinfo, const char *host)
{
    const size_t length = host == NULL ? 0 : strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    if (length == 0 || length > 253 || (host[length] != '\0' && host[length] != ':'))
        return NULL;
    char *name = wmem_strndup(pinfo->pool, host, length);

    for (char *at = name; *at != '\0'; at++)
        *at = g_ascii_tolower(*at);
    return name;
}

static const char *
shown_path(packet_info *pinfo, const char *uri, const ts_path_result *path)
{
    char shown[TS_PATH_SHOWN_MAX];
    size_t length;

    if (!teams_prefs.show_tenants) {
        ts_path_mask(uri, path, shown);
        return wmem_strdup(pinfo->pool, shown);
    }
    const char *raw = ts_path_only(uri, &length);

    return ts_clean_text(pinfo->pool, wmem_strndup(pinfo->pool, raw, MIN(length, RAW_PATH_MAX)));
}

static void
classify(teams_request_kind *kind, const teams_connection *conn, const ts_path_result *path)
{
    kind->region = "";
    kind->description = "";
    if (path->row != NULL) {
        kind->role = TEAMS_REQUEST_BY_PATH;
        kind->product = path->row->product;
        kind->service = path->row->service;
        kind->stage = path->row->stage;
        kind->confidence = path->row->confidence;
        kind->region = wmem_strdup(wmem_file_scope(), path->region);
        kind->description = path->row->description;
    } else if (!path->front_door && conn->name != NULL && g_ascii_strcasecmp(conn->name, kind->host) == 0) {
        kind->role = TEAMS_REQUEST_BY_NAME;
        kind->product = conn->product;
        kind->service = conn->service;
        kind->stage = conn->stage;
    }
}

/* Any client can write any name there: one that nothing else vouches for may be a customer's. */
static const char *
shown_host(const teams_connection *conn, const char *host, const ts_path_result *path)
{
    size_t from, length;

    if (teams_prefs.show_tenants || path->row != NULL || path->front_door || path->identity || teams_is_own_name(host) ||
            teams_tenant_part(host, &from, &length) || (conn->name != NULL && g_ascii_strcasecmp(conn->name, host) == 0) ||
            wmem_map_contains(conn->priv->client->names, host))
        return host;
    return "<host>";
}

static const teams_request_kind *
kind_of(packet_info *pinfo, const teams_connection *conn, const teams_http_message *message, const char *host)
{
    ts_path_result path;

    /* RFC 8441, 5: in the place of GET. */
    ts_path_classify(host, opens_web_socket(message) ? "GET" : message->method, message->uri, &path);
    const char *shown = shown_path(pinfo, message->uri, &path);

    host = shown_host(conn, host, &path);
    const char *key = wmem_strdup_printf(pinfo->pool, "%s %s %s", message->method, host, shown);

    if (kinds == NULL)
        kinds = wmem_map_new(wmem_file_scope(), wmem_str_hash, g_str_equal);
    teams_request_kind *kind = (teams_request_kind *)wmem_map_lookup(kinds, key);

    if (kind != NULL)
        return kind;
    kind = wmem_new0(wmem_file_scope(), teams_request_kind);
    kind->host = wmem_strdup(wmem_file_scope(), host);
    kind->method = wmem_strdup(wmem_file_scope(), message->method);
    kind->path = wmem_strdup(wmem_file_scope(), shown);
    classify(kind, conn, &path);
    wmem_map_insert(kinds, wmem_strdup(wmem_file_scope(), key), kind);
    return kind;
}

static bool
is_identity_host(const char *host)
{
    ts_path_result path;

    ts_path_classify(host, "GET", "/", &path);
    return path.identity;
}

/* Where the URL leads, packet scope: a relative one (RFC 3986, 4.2) stays at the host. NULL: it cannot be told. */
static const char *
host_of_location(packet_info *pinfo, const char *location, const char *asked)
{
    const size_t scheme = strspn(location, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    const char *at = location + (location[scheme] == ':' ? scheme + 1 : 0);

    if (!g_str_has_prefix(at, "//"))
        return at == location && location[0] != '\0' ? asked : NULL;
    at += strlen("//");
    return host_name(pinfo, wmem_strndup(pinfo->pool, at, strcspn(at, "/?#")));
}

/* RFC 6749, 4.1.2 and 4.2.2, and OpenID Connect Core, 3.2.2.5: in the query or the fragment. */
static bool
brings_result(const char *location)
{
    static const char *const results[] = { "code=", "access_token=", "id_token=" };

    for (const char *at = strpbrk(location, "?#&"); at != NULL; at = strpbrk(at + 1, "?#&"))
        for (unsigned i = 0; i < G_N_ELEMENTS(results); i++)
            if (g_str_has_prefix(at + 1, results[i]))
                return true;
    return false;
}

static void
take_location(packet_info *pinfo, const char *location, teams_request *request)
{
    const bool redirects = request->status >= STATUS_REDIRECT && request->status < STATUS_BAD_REQUEST;
    const char *host = redirects && location != NULL ? host_of_location(pinfo, location, request->kind->host) : NULL;

    if (host == NULL)
        return;
    request->leads_to = g_str_hash(host);
    request->to_identity = is_identity_host(host);
    request->brings_result = !request->to_identity && is_identity_host(request->kind->host) && brings_result(location);
}

/* ---- what is kept with a frame ---- */

typedef struct frame_request {
    struct frame_request *next;
    const teams_request *request;
    bool answer;
    bool region;                /* the frame has the body that gives the region */
} frame_request;

typedef struct {
    frame_request *first;
    frame_request *last;
} frame_requests;

static int proto_teams = -1;

static frame_request *
first_of(packet_info *pinfo)
{
    const frame_requests *list = (const frame_requests *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams, REQUESTS_KEY);

    return list == NULL ? NULL : list->first;
}

static frame_request *
keep_with_frame(packet_info *pinfo, const teams_request *request)
{
    frame_request *fresh = wmem_new0(wmem_file_scope(), frame_request);
    frame_requests *list = (frame_requests *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams, REQUESTS_KEY);

    fresh->request = request;
    if (list == NULL) {
        list = wmem_new0(wmem_file_scope(), frame_requests);
        list->first = fresh;
        p_add_proto_data(wmem_file_scope(), pinfo, proto_teams, REQUESTS_KEY, list);
        teams_model_get()->last_with_items = pinfo->num;
    } else
        list->last->next = fresh;
    list->last = fresh;
    return fresh;
}

/* ---- requests and answers ---- */

typedef struct {
    packet_info *pinfo;
    teams_connection *conn;
    struct teams_requests *requests;
    bool from_client;
} frame_context;

static struct teams_requests *
requests_of(teams_connection *conn)
{
    if (conn->priv->requests == NULL) {
        conn->priv->requests = wmem_new0(wmem_file_scope(), struct teams_requests);
        conn->priv->requests->all = wmem_array_new(wmem_file_scope(), sizeof(teams_request *));
        conn->priv->requests->streams = wmem_map_new(wmem_file_scope(), wmem_int64_hash, g_int64_equal);
    }
    return conn->priv->requests;
}

/* A stream has one request: QUIC sends a lost one's bytes again, and stock shows them again. */
static bool
is_repeated(const struct teams_requests *requests, const teams_http_message *message)
{
    const gint64 stream = (gint64)message->stream;

    return message->multiplexed && wmem_map_contains(requests->streams, &stream);
}

static void
keep_stream(struct teams_requests *requests, uint64_t stream, teams_request *request)
{
    gint64 *key = wmem_new(wmem_file_scope(), gint64);

    *key = (gint64)stream;
    wmem_map_insert(requests->streams, key, request);
}

/*
 * HTTP/1. A server may refuse a request, or take it, before all of its body is there (RFC 9112, 9.5), and stock shows a request with
 * its last byte: then the answer is over already, and no later one is for it.
 */
static bool
waits_for_answer(struct teams_requests *requests)
{
    requests->latest = NULL;
    nstime_set_zero(&requests->first_byte);
    if (requests->early > 0) {
        requests->early--;
        return false;
    }
    requests->several = requests->unanswered++ > 0;
    return true;
}

static void
request_message(const frame_context *context, const teams_http_message *message)
{
    struct teams_requests *requests = context->requests;
    const char *host = host_name(context->pinfo, message->host);

    const bool answered_early = !message->multiplexed && !waits_for_answer(requests);

    if (host == NULL)
        host = host_name(context->pinfo, context->conn->name);
    if (host == NULL || !is_about_service(message) || is_repeated(requests, message))
        return;
    if (opens_web_socket(message) || message->upgrade != NULL)
        teams_request_fields_want_web_socket(message->multiplexed);
    teams_request *request = wmem_new0(wmem_file_scope(), teams_request);

    request->number = ++request_count;
    request->kind = kind_of(context->pinfo, context->conn, message, host);
    if (request->kind->service == TS_SERVICE_TOKEN)
        teams_request_fields_want_body();
    request->frame = context->pinfo->num;
    request->time = *teams_time(context->pinfo);
    wmem_array_append_one(requests->all, request);
    request->beside = answered_early;
    if (message->multiplexed)
        keep_stream(requests, message->stream, request);
    else if (!answered_early)
        requests->latest = request;
    keep_with_frame(context->pinfo, request);
}

static void
mark_waiting(const struct teams_requests *requests, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        teams_request *request = *(teams_request **)wmem_array_index(requests->all, i);

        request->beside = request->beside || request->answer_frame == 0;
    }
}

/* HTTP/1: the answer is that of one of those which wait. Each is looked at once: what has an answer keeps it. */
static void
mark_beside(struct teams_requests *requests)
{
    const unsigned count = wmem_array_get_count(requests->all);
    const unsigned first = count - MIN(count, requests->unanswered);

    if (first > requests->looked_to)
        requests->looked_from = requests->looked_to = first;
    mark_waiting(requests, first, requests->looked_from);
    mark_waiting(requests, requests->looked_to, count);
    requests->looked_from = MIN(requests->looked_from, first);
    requests->looked_to = count;
}

static teams_request *
asked_for(const frame_context *context, const teams_http_message *message)
{
    const gint64 stream = (gint64)message->stream;

    if (message->multiplexed)
        return (teams_request *)wmem_map_lookup(context->requests->streams, &stream);
    if (context->requests->several && message->has_status)
        mark_beside(context->requests);
    return context->requests->several ? NULL : context->requests->latest;
}

static void
token_region(const frame_context *context, const teams_http_message *message, teams_request *request)
{
    const size_t letters = strspn(message->token_region, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    /* Other answers of the same service have a member of that name, too. */
    if (request->kind->service != TS_SERVICE_TOKEN || request->kind->stage != TS_STAGE_TOKEN || !teams_request_succeeded(request) ||
            request->token_region != NULL || letters == 0 || letters >= TS_PATH_REGION_MAX || message->token_region[letters] != '\0')
        return;
    request->token_region = wmem_strdup(wmem_file_scope(), message->token_region);
    frame_request *kept = first_of(context->pinfo);

    while (kept != NULL && kept->request != request)
        kept = kept->next;
    if (kept == NULL)
        kept = keep_with_frame(context->pinfo, request);
    kept->region = true;
}

static struct teams_web_socket_reader *
new_readers(const frame_context *context)
{
    struct teams_web_socket_reader *readers = wmem_alloc0_array(wmem_file_scope(), struct teams_web_socket_reader, 2);

    for (unsigned i = 0; i < 2; i++) {
        readers[i].lost_frame = &context->requests->lost_frame[i];
        readers[i].opened = context->pinfo->num;
    }
    return readers;
}

/* HTTP/3 (RFC 9220) shows no bytes of streams. */
static void
take_socket(const frame_context *context, const teams_http_message *message, teams_request *request)
{
    const bool in_stream = message->multiplexed && !context->conn->quic && strcmp(request->kind->method, "CONNECT") == 0 &&
        request->status >= STATUS_OK && request->status < STATUS_REDIRECT;

    if (!in_stream && (message->multiplexed || request->status != STATUS_SWITCHING || message->upgrade == NULL ||
            g_ascii_strcasecmp(message->upgrade, "websocket") != 0))
        return;
    request->socket = wmem_new0(wmem_file_scope(), teams_web_socket);
    if (in_stream)
        request->socket->readers = new_readers(context);
    else
        context->requests->socket = request;
}

/* That a host answers at its root, or that something is there (HEAD), shows no service. */
static bool
asks_for_something(const teams_request_kind *kind)
{
    return strcmp(kind->method, "HEAD") != 0 && strcmp(kind->path, "/") != 0;
}

static void
take_answer(const frame_context *context, const teams_http_message *message, teams_request *request)
{
    const bool early = !message->multiplexed && !nstime_is_zero(&context->requests->first_byte);

    request->answer_frame = context->pinfo->num;
    request->status = (uint16_t)message->status;
    nstime_delta(&request->answer_time, early ? &context->requests->first_byte : teams_time(context->pinfo), &request->time);
    take_location(context->pinfo, message->location, request);
    request->retry_after = retry_of(message->retry_after);
    request->reason = reason_of(message->authenticate);
    take_socket(context, message, request);
    context->requests->answered = true;
    context->requests->succeeded = context->requests->succeeded || (teams_request_succeeded(request) && asks_for_something(request->kind));
    keep_with_frame(context->pinfo, request)->answer = true;
    tell_answer(context->pinfo, context->conn, request);
}

/* HTTP/1 */
static void
answer_over(struct teams_requests *requests)
{
    if (requests->unanswered == 0)
        requests->early++;
    else
        requests->several = --requests->unanswered > 0 && requests->several;
}

static void
answer_message(const frame_context *context, const teams_http_message *message)
{
    teams_request *request = asked_for(context, message);

    /* An answer that something else follows is not the last one. */
    if (message->has_status && (message->status > STATUS_CONTINUE_LAST || message->status == STATUS_SWITCHING) &&
            message->status <= STATUS_LAST) {
        if (request != NULL && request->answer_frame == 0)
            take_answer(context, message, request);
        if (!message->multiplexed)
            answer_over(context->requests);
    } else if (message->has_status && !message->multiplexed)
        nstime_set_zero(&context->requests->first_byte);
    if (message->token_region != NULL && request != NULL)
        token_region(context, message, request);
}

static void
message_seen(const teams_http_message *message, void *data)
{
    const frame_context *context = (const frame_context *)data;

    if (context->from_client && message->method != NULL)
        request_message(context, message);
    else if (!context->from_client && message->method == NULL)
        answer_message(context, message);
}

/* ---- WebSockets ---- */

/* What codes from 3000 on say is the business of those who use them. */
static bool
is_close_error(uint16_t code)
{
    return code > CLOSE_GOING_AWAY && code < CLOSE_OWN && code != CLOSE_NO_CODE;
}

static void
socket_closed(const frame_context *context, const teams_web_socket_frame *frame, const teams_request *request)
{
    teams_web_socket *socket = request->socket;

    /* The other side's answer to it; it may be one, too, where what that side sent is not all read. */
    if (socket->close_frame != 0 || teams_web_socket_is_broken(socket))
        return;
    socket->close_frame = context->pinfo->num;
    socket->close_code = frame->has_code ? frame->code : 0;
    socket->closed_by_client = context->from_client;
    if (request->kind->service == TS_SERVICE_PUSH_REALTIME && frame->has_code && is_close_error(frame->code))
        teams_connection_tell(context->pinfo, context->conn, TEAMS_EXPERT_PUSH_CLOSED, "%s closed by the %s with %u%s%s",
            teams_shown_name(context->pinfo->pool, request->kind->host), context->from_client ? "client" : "server", frame->code,
            teams_close_code_text(frame->code)[0] == '\0' ? "" : ", ", teams_close_code_text(frame->code));
}

static void
socket_frame(const frame_context *context, const teams_web_socket_frame *frame, const teams_request *request)
{
    teams_web_socket *socket = request->socket;

    if (frame->opcode == OPCODE_PING)
        socket->pings++;
    else if (frame->opcode == OPCODE_PONG)
        socket->pongs++;
    else if (frame->opcode == OPCODE_TEXT || frame->opcode == OPCODE_BINARY)
        socket->messages[context->from_client]++;
    else if (frame->opcode == OPCODE_CLOSE)
        socket_closed(context, frame, request);
}

static void
socket_frame_seen(const teams_web_socket_frame *frame, void *data)
{
    const frame_context *context = (const frame_context *)data;

    if (context->requests->socket != NULL)
        socket_frame(context, frame, context->requests->socket);
}

typedef struct {
    const frame_context *frame;
    const teams_request *request;
} stream_context;

static void
stream_frame_seen(const teams_web_socket_frame *frame, void *data)
{
    const stream_context *seen = (const stream_context *)data;

    socket_frame(seen->frame, frame, seen->request);
}

static void
stream_bytes_seen(uint64_t stream, const uint8_t *bytes, size_t length, void *data)
{
    const frame_context *context = (const frame_context *)data;
    const gint64 key = (gint64)stream;
    stream_context seen = { context, (const teams_request *)wmem_map_lookup(context->requests->streams, &key) };

    if (seen.request != NULL && seen.request->socket != NULL && seen.request->socket->readers != NULL)
        teams_web_socket_read(&seen.request->socket->readers[context->from_client], context->from_client, bytes, length, stream_frame_seen, &seen);
}

/* Of which stream they are is not known. */
static void
stream_bytes_lost(void *data)
{
    const frame_context *context = (const frame_context *)data;

    context->requests->lost_frame[context->from_client] = context->pinfo->num;
}

/* ---- frames ---- */

/* Requests of HTTP/1 that were not read: the answers to come are nobody's until they are over. */
static void
pass_over(struct teams_requests *requests, unsigned count)
{
    requests->unanswered += count;
    requests->several = true;
}

void
teams_requests_frame(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client, unsigned payload)
{
    if (payload == 0 || tree == NULL || (conn->hello_frame == 0 && !conn->quic))
        return;
    if (conn->quic)
        teams_request_fields_quic();
    if (!teams_request_fields_active()) {
        const unsigned unread = teams_request_fields_watch(tree);

        if (unread > 0)
            pass_over(requests_of(conn), unread);
        return;
    }
    const frame_context context = { pinfo, conn, requests_of(conn), from_client };

    if (!from_client && context.requests->unanswered == 1 && !context.requests->several && nstime_is_zero(&context.requests->first_byte) &&
        !teams_connection_has_ticket(tree))
        context.requests->first_byte = *teams_time(pinfo);
    const teams_request_walk told = { message_seen, socket_frame_seen, stream_bytes_seen, stream_bytes_lost, (void *)&context };

    teams_request_fields_walk(pinfo, tree, payload, &told);
}

const wmem_array_t *
teams_requests_of(const teams_connection *conn)
{
    return conn->priv->requests == NULL ? NULL : conn->priv->requests->all;
}

bool
teams_requests_all_refused(const teams_connection *conn)
{
    return conn->priv->requests != NULL && conn->priv->requests->answered && !conn->priv->requests->succeeded;
}

/* ---- showing ---- */

static int ett_request = -1;
static int hf_teams_http = -1;
static int hf_teams_http_host = -1;
static int hf_teams_http_method = -1;
static int hf_teams_http_path = -1;
static int hf_teams_http_role = -1;
static int hf_teams_http_product = -1;
static int hf_teams_http_service = -1;
static int hf_teams_http_stage = -1;
static int hf_teams_http_region = -1;
static int hf_teams_http_confidence = -1;
static int hf_teams_http_status = -1;
static int hf_teams_http_time = -1;
static int hf_teams_http_request_in = -1;
static int hf_teams_http_response_in = -1;
static int hf_teams_http_retry_after = -1;
static int hf_teams_http_reason = -1;
static int hf_teams_http_token_region = -1;

bool
teams_requests_has_items(packet_info *pinfo)
{
    return first_of(pinfo) != NULL;
}

ts_service
teams_requests_service(packet_info *pinfo)
{
    ts_service service = TS_SERVICE_UNKNOWN;

    for (const frame_request *kept = first_of(pinfo); kept != NULL; kept = kept->next) {
        const teams_request_kind *kind = kept->request->kind;

        if (kind->role != TEAMS_REQUEST_BY_PATH || (service != TS_SERVICE_UNKNOWN && service != kind->service))
            return TS_SERVICE_UNKNOWN;
        service = kind->service;
    }
    return service;
}

static void
show_kind(tvbuff_t *tvb, proto_tree *tree, const teams_request_kind *kind, const char *shown_host)
{
    ts_add_text(tvb, tree, hf_teams_http_host, shown_host);
    ts_add_text(tvb, tree, hf_teams_http_method, kind->method);
    ts_add_text(tvb, tree, hf_teams_http_path, kind->path);
    ts_add_text(tvb, tree, hf_teams_http_role, teams_request_role_name(kind->role));
    ts_add_text(tvb, tree, hf_teams_http_product, ts_product_name(kind->product));
    ts_add_text(tvb, tree, hf_teams_http_service, ts_service_name(kind->service));
    ts_add_text(tvb, tree, hf_teams_http_stage, ts_stage_name(kind->stage));
    ts_add_text(tvb, tree, hf_teams_http_region, kind->region);
    ts_add_text(tvb, tree, hf_teams_http_confidence, ts_confidence_name(kind->confidence));
}

static void
show_answer(tvbuff_t *tvb, proto_tree *tree, const teams_request *request)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf_teams_http_status, tvb, 0, 0, request->status));
    proto_item_set_generated(proto_tree_add_time(tree, hf_teams_http_time, tvb, 0, 0, &request->answer_time));
    ts_add_number(tvb, tree, hf_teams_http_request_in, request->frame);
    if (request->retry_after != NULL)
        ts_add_text(tvb, tree, hf_teams_http_retry_after, request->retry_after);
    if (request->reason != NULL)
        ts_add_text(tvb, tree, hf_teams_http_reason, request->reason);
}

static void
show_request(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const frame_request *kept)
{
    const teams_request *request = kept->request;
    const teams_request_kind *kind = request->kind;
    const bool is_request = !kept->answer && !kept->region;
    const char *service = kind->role == TEAMS_REQUEST_UNKNOWN ? "unknown path" : ts_service_label(kind->service);
    proto_item *item = proto_tree_add_string_format(tree, hf_teams_http, tvb, 0, 0, is_request ? "request" : kept->answer ? "answer" : "body",
        "%s: %s %s (%s)", is_request ? "Request" : kept->answer ? "Answer" : "Body of the answer", kind->method, kind->path, service);
    proto_tree *request_tree = proto_item_add_subtree(item, ett_request);

    proto_item_set_generated(item);
    show_kind(tvb, request_tree, kind, teams_shown_name(pinfo->pool, kind->host));
    if (kept->answer)
        show_answer(tvb, request_tree, request);
    else if (is_request)
        ts_add_number(tvb, request_tree, hf_teams_http_response_in, request->answer_frame);
    if (kept->region)
        ts_add_text(tvb, request_tree, hf_teams_http_token_region, request->token_region);
}

void
teams_requests_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    for (const frame_request *kept = first_of(pinfo); kept != NULL; kept = kept->next)
        show_request(tvb, pinfo, tree, kept);
}

/* ---- registration ---- */

void
teams_requests_handoff(void)
{
    teams_request_fields_handoff();
}

void
teams_requests_register(int proto)
{
    static hf_register_info hf[] = {
        { &hf_teams_http, { "HTTP", "teams.http", FT_STRING, BASE_NONE, NULL, 0,
            "A request inside TLS that is decrypted, an answer to one, or the body of an answer", HFILL } },
        { &hf_teams_http_host, { "Host", "teams.http.host", FT_STRING, BASE_NONE, NULL, 0,
            "Host that the request asks", HFILL } },
        { &hf_teams_http_method, { "Method", "teams.http.method", FT_STRING, BASE_NONE, NULL, 0,
            "Method of the request", HFILL } },
        { &hf_teams_http_path, { "Path", "teams.http.path", FT_STRING, BASE_NONE, NULL, 0,
            "Path of the request without its query; what may name a tenant, a user, a thread or a token is {id}, unless the preference "
            "teams.show_tenants is set", HFILL } },
        { &hf_teams_http_role, { "Role", "teams.http.role", FT_STRING, BASE_NONE, NULL, 0,
            "What says which service is asked for: path, name (the host has this service alone); empty: a path that is not known", HFILL } },
        { &hf_teams_http_product, { "Product", "teams.http.product", FT_STRING, BASE_NONE, NULL, 0,
            "Product that the request is for", HFILL } },
        { &hf_teams_http_service, { "Service", "teams.http.service", FT_STRING, BASE_NONE, NULL, 0,
            "Service that the request is for, as in the naming taxonomy", HFILL } },
        { &hf_teams_http_stage, { "Stage", "teams.http.stage", FT_STRING, BASE_NONE, NULL, 0,
            "Stage of sign-in or call that the service serves", HFILL } },
        { &hf_teams_http_region, { "Region", "teams.http.region", FT_STRING, BASE_NONE, NULL, 0,
            "Region that the path names", HFILL } },
        { &hf_teams_http_confidence, { "Confidence", "teams.http.confidence", FT_STRING, BASE_NONE, NULL, 0,
            "How sure the meaning of the path is; low: observed by one source, or inferred from another cloud", HFILL } },
        { &hf_teams_http_status, { "Status", "teams.http.status", FT_UINT16, BASE_DEC, NULL, 0,
            "Status code of the answer", HFILL } },
        { &hf_teams_http_time, { "Time", "teams.http.time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
            "Time from the request to the first byte of the answer (HTTP/2 and HTTP/3: to its header)", HFILL } },
        { &hf_teams_http_request_in, { "Request In", "teams.http.request_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0,
            "Frame of the request that this answers", HFILL } },
        { &hf_teams_http_response_in, { "Response In", "teams.http.response_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0,
            "Frame of the answer to this request", HFILL } },
        { &hf_teams_http_retry_after, { "Retry After", "teams.http.retry_after", FT_STRING, BASE_NONE, NULL, 0,
            "How long the service asks the client to wait", HFILL } },
        { &hf_teams_http_reason, { "Reason", "teams.http.reason", FT_STRING, BASE_NONE, NULL, 0,
            "Error code of WWW-Authenticate: insufficient_claims is a claims challenge, of conditional access or after a token was "
            "revoked", HFILL } },
        { &hf_teams_http_token_region, { "Token Region", "teams.http.token_region", FT_STRING, BASE_NONE, NULL, 0,
            "Region of the user that the token's answer gives", HFILL } },
    };
    static int *ett[] = { &ett_request };

    proto_teams = proto;
    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
