/* connection_http.c
 * What HTTP said in clear: proxies, proxy configurations, connectivity checks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_private.h"

#include <string.h>

#include "common/duplicate.h"
#include "common/endpoint.h"

enum { HTTP_OK = 200, HTTP_REDIRECT = 300, HTTP_ERROR = 400, HTTP_FORBIDDEN = 403, HTTP_PROXY_AUTHENTICATION = 407,
       HTTP_PORTAL = 511 };

enum { SOCKS_SUCCEEDED = 0, SOCKS4_GRANTED = 90, SOCKS_NO_METHOD = 0xFF };

static ts_stock_field field_status;
static ts_stock_field field_location;
static ts_stock_field field_uri;
static ts_stock_field field_method;
static ts_stock_field field_socks_command;
static ts_stock_field field_socks_address;
static ts_stock_field field_socks_address6;
static ts_stock_field field_socks_method;
static ts_stock_field field_socks_status;
static ts_stock_field field_socks_result;
static ts_stock_field field_authenticate;
static ts_stock_field field_http2_type;
static ts_stock_field field_http2_stream;
static ts_stock_field field_http2_authority;
static ts_stock_field field_http2_status;
static ts_stock_field field_socks_version;
static ts_stock_field field_source_port;
static ts_stock_field field_destination_port;

/* int: what proxies and hosts of probes answer; asked for from the frame after the first of one. */
static GArray *fields_of_answers;

void
teams_connection_http_handoff(GArray *wanted)
{
    GArray *answers = g_array_new(FALSE, FALSE, (unsigned)sizeof(int));

    fields_of_answers = answers;
    field_status = ts_stock_field_wanted(answers, "http.response.code");
    field_location = ts_stock_field_wanted(answers, "http.location");
    field_uri = ts_stock_field_wanted(wanted, "http.request.uri");
    field_method = ts_stock_field_wanted(wanted, "http.request.method");
    field_authenticate = ts_stock_field_wanted(answers, "http.proxy_authenticate");
    field_http2_type = ts_stock_field_wanted(wanted, "http2.type");
    field_http2_stream = ts_stock_field_wanted(wanted, "http2.streamid");
    field_http2_authority = ts_stock_field_wanted(wanted, "http2.headers.authority");
    field_http2_status = ts_stock_field_wanted(answers, "http2.headers.status");
    field_source_port = ts_stock_field_wanted(answers, "tcp.srcport");
    field_destination_port = ts_stock_field_wanted(answers, "tcp.dstport");
    field_socks_command = ts_stock_field_wanted(wanted, "socks.command");
    field_socks_address = ts_stock_field_wanted(wanted, "socks.dst");
    field_socks_address6 = ts_stock_field_wanted(wanted, "socks.dstV6");
    field_socks_method = ts_stock_field_wanted(wanted, "socks.auth_accepted_method");
    field_socks_version = ts_stock_field_wanted(answers, "socks.version");
    field_socks_status = ts_stock_field_wanted(wanted, "socks.auth_status");
    field_socks_result = ts_stock_field_wanted(wanted, "socks.results");
}

static void
ask_for_answers(void)
{
    if (!teams_net_get()->asked_for_answers)
        ts_want_more_fields(fields_of_answers);
    teams_net_get()->asked_for_answers = true;
}

static const char *
text_at(packet_info *pinfo, proto_tree *tree, const ts_stock_field *field, unsigned n)
{
    const field_info *found = ts_stock_field_at(tree, field, n);

    return found == NULL ? NULL : fvalue_to_string_repr(pinfo->pool, ws_finfo_value((field_info *)found), FTREPR_DISPLAY, BASE_NONE);
}

/* ---- proxies ---- */

/*
 * NTLM and Negotiate take several answers with 407 until the client is let in
 * (RFC 4559 4, 6): one that holds a token goes on with that, and refuses nothing.
 */
static bool
goes_on_with_token(packet_info *pinfo, proto_tree *tree)
{
    static const char *const schemes[] = { "NTLM ", "Negotiate " };

    for (unsigned n = 0; ts_stock_field_at(tree, &field_authenticate, n) != NULL; n++) {
        const char *text = text_at(pinfo, tree, &field_authenticate, n);

        for (unsigned i = 0; text != NULL && i < G_N_ELEMENTS(schemes); i++)
            if (g_ascii_strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
                return true;
    }
    return false;
}

static char *
status_text(wmem_allocator_t *scope, unsigned status)
{
    static const value_string texts[] = {
        { 403, "403 Forbidden" }, { 407, "407 Proxy Authentication Required" }, { 502, "502 Bad Gateway" },
        { 503, "503 Service Unavailable" }, { 504, "504 Gateway Timeout" }, { 0, NULL }
    };
    const char *text = try_val_to_str(status, texts);

    return text != NULL ? wmem_strdup(scope, text) : wmem_strdup_printf(scope, status < HTTP_ERROR ? "%u, a redirection" : "%u", status);
}

/* RFC 1928 6, and the numbers of SOCKS 4 (its protocol, CD). */
static char *
socks_text(wmem_allocator_t *scope, unsigned reply)
{
    static const char *const texts[] = { NULL, "a failure", "not allowed by its rules", "network unreachable", "host unreachable",
        "connection refused", "TTL expired", "command not supported", "address type not supported" };

    if (reply >= SOCKS4_GRANTED + 1 && reply <= SOCKS4_GRANTED + 3)
        return wmem_strdup_printf(scope, "SOCKS 4: reply %u, %s", reply, reply == SOCKS4_GRANTED + 1 ? "rejected or failed"
            : "the proxy cannot tell who the user is");
    return reply < G_N_ELEMENTS(texts) && texts[reply] != NULL ? wmem_strdup_printf(scope, "SOCKS: %s", texts[reply])
                                                               : wmem_strdup_printf(scope, "SOCKS: reply %u", reply);
}

char *
teams_proxy_answer_text(wmem_allocator_t *scope, const teams_connection *conn)
{
    return conn->socks ? socks_text(scope, conn->priv->socks_reply) : status_text(scope, conn->proxy_status);
}

static void
proxy_refused(packet_info *pinfo, proto_tree *tree, teams_connection *conn, uint32_t status)
{
    conn->state = TEAMS_CONNECTION_PROXY_REFUSED;
    if (status == HTTP_PROXY_AUTHENTICATION) {
        conn->priv->challenge_cost += ts_seconds(&conn->priv->connect_asked, teams_time(pinfo));
        if (conn->priv->challenge_frame == 0)
            conn->priv->challenge_frame = pinfo->num;
        if (goes_on_with_token(pinfo, tree))
            return;
        if (++conn->proxy_challenges == 2)
            teams_connection_tell(pinfo, conn, TEAMS_EXPERT_PROXY_CREDENTIALS_REFUSED, "%s: 407 again", teams_connection_text(pinfo->pool, conn));
    } else
        teams_connection_tell(pinfo, conn, status == HTTP_FORBIDDEN ? TEAMS_EXPERT_PROXY_FORBIDDEN : TEAMS_EXPERT_PROXY_FAILED, "%s: %s",
            teams_connection_text(pinfo->pool, conn), teams_proxy_answer_text(pinfo->pool, conn));
}

static void
proxy_asked(const packet_info *pinfo, teams_connection *conn)
{
    conn->priv->proxy_pending = true;
    conn->priv->pending_frame = pinfo->num;
    conn->priv->pending_since = *teams_time(pinfo);
    conn->priv->proxy_bytes = conn->bytes[FROM_SERVER];
}

static void
proxy_answer(packet_info *pinfo, proto_tree *tree, teams_connection *conn, uint32_t status)
{
    conn->priv->proxy_pending = conn->priv->proxy_pending && status < HTTP_OK;      /* 100 Continue answers nothing */
    conn->proxy_status = status;
    conn->proxy_status_frame = pinfo->num;
    conn->priv->proxy_bytes = conn->bytes[FROM_SERVER];
    /* RFC 9110 9.3.6: but for 2xx there is no tunnel, and a client goes nowhere that CONNECT is redirected to. */
    if (status >= HTTP_ERROR || (status >= HTTP_REDIRECT && !conn->clear_http))
        proxy_refused(pinfo, tree, conn, status);
    else if (conn->clear_http && status >= HTTP_OK)
        conn->state = TEAMS_CONNECTION_USED;
    else if (status >= HTTP_OK && status < HTTP_REDIRECT) {
        conn->priv->tunnel = true;
        conn->state = TEAMS_CONNECTION_CONNECTED;
    }
}

/* RFC 1928 6: what SOCKS refuses, in the words of HTTP's answers. */
static void
socks_answer(packet_info *pinfo, proto_tree *tree, teams_connection *conn, uint32_t result)
{
    enum { NOT_ALLOWED = 2 };

    conn->priv->socks_reply = result;
    if (result == SOCKS_SUCCEEDED || result == SOCKS4_GRANTED)
        proxy_answer(pinfo, tree, conn, HTTP_OK);
    else
        proxy_answer(pinfo, tree, conn, result == NOT_ALLOWED ? HTTP_FORBIDDEN : 502);
}

/* Stock counts messages: where the capture lacks one, the server's part of a handshake of TLS may stand for the reply. SOCKS 4 answers with version 0. */
static bool
is_of_socks(proto_tree *tree)
{
    uint32_t version;

    return ts_stock_field_number(tree, &field_socks_version, &version) && version <= 5;
}

/* The client goes on with what is no request, and acknowledges what the capture lacks: that let it through. */
static bool
is_let_through_unseen(const packet_info *pinfo, const teams_connection *conn, const char *method, unsigned payload)
{
    return payload > 0 && method == NULL && !conn->clear_http && conn->priv->proxy_pending && conn->priv->pending_frame != pinfo->num && teams_connection_lacks_data(conn);
}

void
teams_connection_http(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client, unsigned payload)
{
    const char *method = from_client ? ts_stock_field_text(pinfo, tree, &field_method) : NULL;
    uint32_t status;

    ask_for_answers();
    if (method != NULL)
        conn->clear_http = strcmp(method, "CONNECT") != 0;
    if (from_client && conn->priv->connect_frame != 0 && (method != NULL || conn->priv->connect_frame == pinfo->num))
        proxy_asked(pinfo, conn);
    else if (from_client && is_let_through_unseen(pinfo, conn, method, payload)) {
        conn->priv->proxy_pending = false;
        conn->priv->tunnel = conn->priv->gap[FROM_SERVER] = true;
        conn->state = TEAMS_CONNECTION_CONNECTED;
    }
    if (from_client || conn->priv->connect_frame == 0)
        return;
    if (ts_stock_field_number(tree, &field_status, &status))
        proxy_answer(pinfo, tree, conn, status);
    else if (ts_stock_field_number(tree, &field_socks_result, &status) && is_of_socks(tree)) {
        conn->socks = true;
        socks_answer(pinfo, tree, conn, status);
    }
}

/* ---- HTTP/2: each tunnel is a stream of one connection ---- */

enum { HTTP2_DATA = 0, HTTP2_HEADERS = 1, HTTP2_RST_STREAM = 3 };

/* "name:443" was asked for on this stream. */
static void
name_stream(const packet_info *pinfo, const teams_connection *session, uint32_t id, const char *authority)
{
    for (wmem_list_frame_t *each = wmem_list_head(session->priv->new_tunnels); each != NULL; each = wmem_list_frame_next(each)) {
        teams_connection *conn = (teams_connection *)wmem_list_frame_data(each);
        const size_t length = strlen(conn->name);

        if (g_ascii_strncasecmp(conn->name, authority, length) == 0 && (authority[length] == ':' || authority[length] == '\0')) {
            wmem_map_insert(session->priv->tunnels, GUINT_TO_POINTER(id), conn);
            proxy_asked(pinfo, conn);
            wmem_list_remove_frame(session->priv->new_tunnels, each);
            return;
        }
    }
}

/* The frame that names a tunnel has its stream, too. */
static void
forget_new_tunnels(const teams_connection *session)
{
    while (wmem_list_count(session->priv->new_tunnels) > 0)
        wmem_list_remove_frame(session->priv->new_tunnels, wmem_list_head(session->priv->new_tunnels));
}

static uint32_t
number_at(proto_tree *tree, const ts_stock_field *field, unsigned n)
{
    const field_info *found = ts_stock_field_at(tree, field, n);

    return found == NULL ? 0 : (uint32_t)fvalue_get_uinteger(ws_finfo_value((field_info *)found));
}

static void
tunnel_data(packet_info *pinfo, teams_connection *conn, bool from_client)
{
    conn->packets[from_client]++;
    conn->last = *teams_time(pinfo);
    conn->last_frame = pinfo->num;
    if (!from_client && conn->state == TEAMS_CONNECTION_CONNECTED && conn->packets[FROM_CLIENT] > 0)
        conn->state = TEAMS_CONNECTION_USED;
}

/* Each HEADERS frame has one authority, or one status: they come in the order of the frames. */
void
teams_connection_http2(packet_info *pinfo, proto_tree *tree, teams_connection *session, bool from_client)
{
    unsigned headers = 0;

    ask_for_answers();
    for (unsigned i = 0; ts_stock_field_at(tree, &field_http2_type, i) != NULL; i++) {
        const uint32_t type = number_at(tree, &field_http2_type, i);
        const uint32_t id = number_at(tree, &field_http2_stream, i);
        const char *text = type != HTTP2_HEADERS ? NULL : text_at(pinfo, tree, from_client ? &field_http2_authority : &field_http2_status, headers++);

        if (text != NULL && from_client)
            name_stream(pinfo, session, id, text);
        teams_connection *conn = (teams_connection *)wmem_map_lookup(session->priv->tunnels, GUINT_TO_POINTER(id));

        if (conn == NULL || id == 0)
            continue;
        if (text != NULL && !from_client)
            proxy_answer(pinfo, tree, conn, (uint32_t)strtoul(text, NULL, 10));
        else if (type == HTTP2_DATA)
            tunnel_data(pinfo, conn, from_client);
        else if (type == HTTP2_RST_STREAM && nstime_is_zero(&conn->priv->pending_until)) {
            conn->priv->pending_until = *teams_time(pinfo);
            conn->priv->pending_left = from_client;
            conn->priv->reset_frame = pinfo->num;
        }
    }
    forget_new_tunnels(session);
}

/* ---- any host ---- */

/* A proxy configuration that the client fetches in clear. */
static void
check_pac(packet_info *pinfo, proto_tree *tree)
{
    /* Since 4.2 an answer repeats the URI that it is about. */
    const char *uri = ts_stock_field_text(pinfo, tree, &field_method) == NULL ? NULL : ts_stock_field_text(pinfo, tree, &field_uri);

    if (uri == NULL || !(g_str_has_suffix(uri, "/wpad.dat") || g_str_has_suffix(uri, ".pac")))
        return;
    teams_net_client *client = teams_net_client_of(&pinfo->src, true);

    if (client->pac_frame == 0) {
        client->pac_frame = pinfo->num;
        client->pac_uri = wmem_strdup(wmem_file_scope(), uri);
    }
}

void
teams_connection_http_probe(packet_info *pinfo, proto_tree *tree)
{
    uint32_t status;
    teams_net_client *client = teams_net_client_of(&pinfo->dst, false);

    ask_for_answers();
    if (client == NULL || client->redirect_frame != 0 || !ts_stock_field_number(tree, &field_status, &status))
        return;
    const char *location = ts_stock_field_text(pinfo, tree, &field_location);

    if (status == HTTP_PORTAL || (status > HTTP_REDIRECT && status < HTTP_ERROR && location != NULL)) {
        client->redirect_frame = pinfo->num;
        client->redirect_to = location == NULL ? "" : wmem_strdup(wmem_file_scope(), location);
    }
}

/* ---- SOCKS, before and around what a name was said on ---- */

#define REFUSALS_APART  300.0   /* seconds: refusals after a longer pause are others */
#define REFUSALS_SEARCHED 16    /* proxies of one client that refuse it at the same time; more are told apart */

static teams_socks_refusals *
refusals_of(const packet_info *pinfo, teams_net_client *client, teams_socks_kind kind, uint32_t status)
{
    const ts_endpoint proxy = ts_endpoint_source(pinfo);
    unsigned n = 0;

    for (teams_socks_refusals *each = client->socks_refusals; each != NULL && n < REFUSALS_SEARCHED; each = each->before, n++)
        if (each->kind == kind && ts_endpoint_equal(&each->proxy, &proxy) && ts_seconds(&each->last, teams_time(pinfo)) <= REFUSALS_APART)
            return each;
    teams_socks_refusals *fresh = wmem_new0(wmem_file_scope(), teams_socks_refusals);

    fresh->before = client->socks_refusals;
    fresh->kind = kind;
    fresh->proxy = ts_endpoint_shared(&proxy);
    fresh->endpoint = ts_endpoint_text(wmem_file_scope(), &fresh->proxy);
    fresh->status = status;
    fresh->first_frame = pinfo->num;
    fresh->first = *teams_time(pinfo);
    return client->socks_refusals = fresh;
}

static void
socks_refused(const packet_info *pinfo, teams_socks_kind kind, uint32_t status)
{
    teams_socks_refusals *refusals = refusals_of(pinfo, teams_net_client_of(&pinfo->dst, true), kind, status);

    refusals->count++;
    refusals->last_frame = pinfo->num;
    refusals->last = *teams_time(pinfo);
}

static void
socks_granted(const packet_info *pinfo)
{
    teams_net_client *client = teams_net_client_of(&pinfo->dst, true);
    const ts_endpoint proxy = ts_endpoint_source(pinfo);

    if (client->socks_granted == NULL)
        client->socks_granted = wmem_map_new(wmem_file_scope(), ts_endpoint_hash, ts_endpoint_key_equal);
    teams_socks_grants *grants = (teams_socks_grants *)wmem_map_lookup(client->socks_granted, &proxy);

    if (grants == NULL) {
        grants = wmem_new0(wmem_file_scope(), teams_socks_grants);
        grants->proxy = ts_endpoint_shared(&proxy);
        grants->first = *teams_time(pinfo);
        wmem_map_insert(client->socks_granted, &grants->proxy, grants);
    }
    grants->last = *teams_time(pinfo);
}

static void
check_socks(packet_info *pinfo, proto_tree *tree)
{
    uint32_t number;

    if (ts_stock_field_present(tree, &field_socks_command)) {
        const field_info *six = ts_stock_field_at(tree, &field_socks_address6, 0);
        const field_info *found = six != NULL ? six : ts_stock_field_at(tree, &field_socks_address, 0);
        address addr;

        if (found == NULL || found->length != (six != NULL ? 16 : 4) || found->ds_tvb == NULL)
            return;
        set_address_tvb(&addr, six != NULL ? AT_IPv6 : AT_IPv4, found->length, found->ds_tvb, found->start);
        teams_connection_socks_request(pinfo, &addr);
    } else if (ts_stock_field_number(tree, &field_socks_method, &number) && number == SOCKS_NO_METHOD)
        socks_refused(pinfo, TEAMS_SOCKS_METHOD, number);
    else if (ts_stock_field_number(tree, &field_socks_status, &number) && number != 0)
        socks_refused(pinfo, TEAMS_SOCKS_CREDENTIALS, number);
    else if (ts_stock_field_number(tree, &field_socks_result, &number) && (number == SOCKS_SUCCEEDED || number == SOCKS4_GRANTED))
        socks_granted(pinfo);
}

void
teams_connection_own_ends(packet_info *pinfo, proto_tree *tree)
{
    uint32_t source, destination;

    if (pinfo->ptype != PT_TCP || tree == NULL || !teams_net_get()->asked_for_answers || !ts_stock_field_number(tree, &field_source_port, &source) ||
            !ts_stock_field_number(tree, &field_destination_port, &destination))
        return;
    copy_address_shallow(&pinfo->src, &pinfo->net_src);
    copy_address_shallow(&pinfo->dst, &pinfo->net_dst);
    pinfo->srcport = source;
    pinfo->destport = destination;
}

void
teams_connection_http_any(packet_info *pinfo, proto_tree *tree)
{
    if (pinfo->ptype != PT_TCP || tree == NULL)
        return;
    check_pac(pinfo, tree);
    if (proto_is_frame_protocol(pinfo->layers, "socks") && ts_duplicate_of(pinfo).frame == 0)
        check_socks(pinfo, tree);
}
