/* connection.c
 * What happened to each connection: texts, and what every file of this subject shares
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_private.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/to_str.h>

#include "common/endpoint.h"
#include "common/frame_map.h"

static const struct {
    const char *name;
    const char *label;
} states[TEAMS_CONNECTION_STATE_COUNT] = {
    [TEAMS_CONNECTION_JOINED] = { "joined", "beginning or answers not in the capture" },
    [TEAMS_CONNECTION_UNANSWERED] = { "unanswered", "not answered" },
    [TEAMS_CONNECTION_REFUSED] = { "refused", "refused" },
    [TEAMS_CONNECTION_PROHIBITED] = { "prohibited", "refused by the network" },
    [TEAMS_CONNECTION_CONNECTED] = { "connected", "connected, no TLS seen" },
    [TEAMS_CONNECTION_PROXY_REFUSED] = { "proxy_refused", "refused by the proxy" },
    [TEAMS_CONNECTION_HELLO_UNANSWERED] = { "hello_unanswered", "no answer to the ClientHello" },
    [TEAMS_CONNECTION_HELLO_RESET] = { "hello_reset", "ended right after the ClientHello" },
    [TEAMS_CONNECTION_ALERT] = { "alert", "TLS handshake refused" },
    [TEAMS_CONNECTION_HANDSHAKE_ENDED] = { "handshake_ended", "TLS handshake not finished" },
    [TEAMS_CONNECTION_SECURED] = { "secured", "TLS session established" },
    [TEAMS_CONNECTION_USED] = { "used", "TLS session with data both ways" },
};

static const char *const actors[TEAMS_BY_COUNT] = { "", "client", "network", "proxy", "server" };

const char *
teams_connection_state_name(unsigned state)
{
    return state < TEAMS_CONNECTION_STATE_COUNT ? states[state].name : NULL;
}

const char *
teams_connection_state_label(teams_connection_state state)
{
    return states[state].label;
}

/* The latest packet alone may have no answer yet; the second but one of three had the time of both. */
static bool
waits_since(const teams_connection *conn, unsigned sent, const nstime_t *end, double seconds)
{
    return ts_seconds(sent > 2 ? &conn->start : &conn->last, end) < seconds;
}

bool
teams_connection_is_waiting(const teams_connection *conn, const nstime_t *end)
{
    if (conn->end != TEAMS_CONNECTION_OPEN)
        return false;
    if (conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED)
        return ts_seconds(&conn->priv->hello_time, end) < ANSWER_SECONDS;
    if (conn->priv->proxy_pending && nstime_is_zero(&conn->priv->pending_until))
        return ts_seconds(&conn->priv->pending_since, end) < ANSWER_SECONDS;
    if (conn->state != TEAMS_CONNECTION_UNANSWERED)
        return false;
    return conn->quic ? waits_since(conn, conn->packets[FROM_CLIENT], end, QUIC_SECONDS) : waits_since(conn, conn->syns, end, UNANSWERED_SECONDS);
}

bool
teams_connection_is_pending_at_proxy(const teams_connection *conn)
{
    return conn->priv->proxy_pending;
}

bool
teams_connection_was_open(const teams_connection *conn)
{
    return !conn->quic && !conn->http2 && (conn->priv->seen & (TCP_SEEN_SYN | TCP_SEEN_SYN_ACK)) == 0;
}

bool
teams_connection_is_given_up(const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED && conn->end != TEAMS_CONNECTION_OPEN && conn->ended_by_client &&
        ts_seconds(&conn->priv->hello_time, &conn->ended) < ANSWER_SECONDS;
}

void
teams_connection_append_cut_off(GString *line, const teams_connection *conn, const nstime_t *end)
{
    const bool hello = conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED, open = conn->end == TEAMS_CONNECTION_OPEN;
    const nstime_t *sent = hello ? &conn->priv->hello_time : conn->priv->proxy_pending ? &conn->priv->pending_since : &conn->last;
    const double later = ts_seconds(sent, open ? end : &conn->ended);

    g_string_append_printf(line, "%s sent, and the %s ", hello ? "ClientHello" : conn->priv->proxy_pending ? "request to it"
        : conn->quic ? "QUIC" : "SYN",
        open ? "capture ends" : conn->end == TEAMS_CONNECTION_RESET ? "client resets it" : "client closes it");
    if (later < 1)
        g_string_append_printf(line, "%.0f ms later", later * 1000);
    else
        g_string_append_printf(line, "%.1f s later", later);
}

const char *
teams_actor_name(unsigned actor)
{
    return actor < TEAMS_BY_COUNT ? actors[actor] : NULL;
}

/* ---- tables of the capture ---- */

static teams_net *net;

teams_net *
teams_net_get(void)
{
    if (net == NULL) {
        wmem_allocator_t *scope = wmem_file_scope();

        net = wmem_new0(scope, teams_net);
        net->hosts = wmem_map_new(scope, ts_address_hash, ts_address_key_equal);
        net->from_dns_port = wmem_map_new(scope, ts_address_hash, ts_address_key_equal);
        net->clients = wmem_map_new(scope, ts_address_hash, ts_address_key_equal);
        net->ipv6 = wmem_map_new(scope, wmem_str_hash, g_str_equal);
        for (unsigned v6 = 0; v6 < 2; v6++)
            net->by_card[v6] = wmem_map_new(scope, ts_address_hash, ts_address_key_equal);
        for (unsigned quic = 0; quic < 2; quic++)
            net->by_client_end[quic] = wmem_map_new(scope, ts_endpoint_hash, ts_endpoint_key_equal);
    }
    return net;
}

void
teams_connection_cleanup(void)
{
    net = NULL;     /* freed with the file scope */
}

teams_net_host *
teams_net_host_of(const address *addr, bool add)
{
    teams_net_host *host = (teams_net_host *)wmem_map_lookup(teams_net_get()->hosts, addr);

    if (host == NULL && add) {
        host = wmem_new0(wmem_file_scope(), teams_net_host);
        copy_address_wmem(wmem_file_scope(), &host->addr, addr);
        host->names = wmem_array_new(wmem_file_scope(), sizeof(teams_host_name));
        wmem_map_insert(net->hosts, &host->addr, host);
    }
    return host;
}

void
teams_net_host_add_proxy(teams_net_host *host, uint32_t port)
{
    if (host->proxy_ports == NULL)
        host->proxy_ports = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    wmem_map_insert(host->proxy_ports, GUINT_TO_POINTER(port), host);
}

bool
teams_net_host_is_proxy(const teams_net_host *host, uint32_t port)
{
    return host->proxy_ports != NULL && wmem_map_contains(host->proxy_ports, GUINT_TO_POINTER(port));
}

teams_net_client *
teams_net_client_of(const address *addr, bool add)
{
    teams_net_client *client = (teams_net_client *)wmem_map_lookup(teams_net_get()->clients, addr);

    if (client == NULL && add) {
        client = wmem_new0(wmem_file_scope(), teams_net_client);
        copy_address_wmem(wmem_file_scope(), &client->addr, addr);
        client->names = wmem_map_new(wmem_file_scope(), wmem_str_hash, g_str_equal);
        client->latest = wmem_map_new(wmem_file_scope(), wmem_str_hash, g_str_equal);
        client->connections = wmem_array_new(wmem_file_scope(), sizeof(teams_connection *));
        wmem_map_insert(net->clients, &client->addr, client);
    }
    return client;
}

teams_client *
teams_net_model_client(const teams_net_client *client)
{
    return teams_client_of(teams_model_get(), NULL, &client->addr, false);
}

/* ---- connections ---- */

teams_connection *
teams_connection_find(bool quic, const ts_endpoint *client_end, const ts_endpoint *server_end)
{
    teams_connection *conn = (teams_connection *)wmem_map_lookup(teams_net_get()->by_client_end[quic], client_end);

    return conn != NULL && ts_endpoint_equal(&conn->server_end, server_end) ? conn : NULL;
}

static void
keep_connection(teams_connection *conn)
{
    wmem_map_insert(teams_net_get()->by_client_end[conn->quic], &conn->client_end, conn);
    wmem_array_append_one(conn->priv->client->connections, conn);
}

/* Marks the names that were answered with the address it goes to. */
static void
follow_names(const teams_connection *conn)
{
    const teams_net_host *host = teams_net_host_of(&conn->server_end.addr, false);

    for (unsigned i = 0; host != NULL && i < wmem_array_get_count(host->names); i++) {
        const teams_host_name *each = (const teams_host_name *)wmem_array_index(host->names, i);
        char *key = g_ascii_strdown(each->name, -1);
        teams_asked_name *asked = (teams_asked_name *)wmem_map_lookup(each->client->names, key);

        if (asked != NULL)
            asked->followed = true;
        g_free(key);
    }
}

static void
note_card(teams_connection *conn, const address *card)
{
    wmem_map_t *by_card = teams_net_get()->by_card[conn->client_end.addr.type == AT_IPv6];
    const teams_connection *before = (const teams_connection *)wmem_map_lookup(by_card, card);

    copy_address_wmem(wmem_file_scope(), &conn->priv->card, card);
    wmem_map_insert(by_card, &conn->priv->card, conn);
    if (before != NULL && before->priv->client != conn->priv->client)
        conn->priv->card_before = before;
}

teams_connection *
teams_connection_new(packet_info *pinfo, bool quic, bool from_client)
{
    teams_connection *conn = wmem_new0(wmem_file_scope(), teams_connection);
    const ts_endpoint source = ts_endpoint_source(pinfo);
    const ts_endpoint destination = ts_endpoint_destination(pinfo);

    conn->priv = wmem_new0(wmem_file_scope(), struct teams_connection_private);
    conn->number = ++teams_net_get()->count;
    conn->frame = pinfo->num;
    conn->start = conn->last = *teams_time(pinfo);
    conn->client_end = ts_endpoint_shared(from_client ? &source : &destination);
    conn->server_end = ts_endpoint_shared(from_client ? &destination : &source);
    conn->quic = quic;
    conn->version = "";
    conn->private_address = ts_address_is_private(&conn->server_end.addr) && !ts_address_is_translated(&conn->server_end.addr, pinfo);
    conn->endpoint = ts_endpoint_text(wmem_file_scope(), &conn->server_end);
    conn->priv->client = teams_net_client_of(&conn->client_end.addr, true);
    if (from_client && pinfo->dl_src.type == AT_ETHER)
        note_card(conn, &pinfo->dl_src);
    keep_connection(conn);
    follow_names(conn);
    return conn;
}

teams_connection *
teams_connection_new_tunnel(packet_info *pinfo, teams_connection *session)
{
    teams_connection *conn;

    if (session->priv->tunnels == NULL) {
        session->priv->tunnels = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
        session->priv->new_tunnels = wmem_list_new(wmem_file_scope());
        conn = session;
    } else {
        conn = wmem_new0(wmem_file_scope(), teams_connection);
        conn->priv = wmem_new0(wmem_file_scope(), struct teams_connection_private);
        conn->number = ++teams_net_get()->count;
        conn->frame = conn->last_frame = pinfo->num;
        conn->start = conn->last = *teams_time(pinfo);
        conn->client_end = session->client_end;
        conn->server_end = session->server_end;
        conn->endpoint = session->endpoint;
        conn->version = "";
        conn->priv->client = session->priv->client;
        conn->priv->stream = session->priv->stream;
        conn->priv->session = session;
        wmem_array_append_one(conn->priv->client->connections, conn);
    }
    conn->http2 = true;
    conn->state = TEAMS_CONNECTION_CONNECTED;
    wmem_list_prepend(session->priv->new_tunnels, conn);
    teams_connection_find_signin(conn);
    return conn;
}

static const teams_host_name *
name_of_host(const teams_net_host *host, const teams_net_client *client)
{
    const teams_host_name *best = NULL;

    for (unsigned i = 0; i < wmem_array_get_count(host->names); i++) {
        const teams_host_name *each = (const teams_host_name *)wmem_array_index(host->names, i);

        if (best == NULL || each->client == client || best->client != client)
            best = each;
    }
    return best;
}

void
teams_connection_find_signin(teams_connection *conn)
{
    const teams_client *client = conn->priv->signin == NULL ? teams_net_model_client(conn->priv->client) : NULL;

    if (client != NULL)
        conn->priv->signin = client->signin;
}

void
teams_connection_set_name(teams_connection *conn, const char *name)
{
    teams_connection *latest = (teams_connection *)wmem_map_lookup(conn->priv->client->latest, name);

    conn->name = name;
    if (latest == conn)
        return;
    conn->priv->before = latest;
    wmem_map_insert(conn->priv->client->latest, name, conn);
}

void
teams_connection_name_by_host(teams_connection *conn)
{
    const teams_net_host *host = teams_net_host_of(&conn->server_end.addr, false);
    const teams_host *model_host = teams_host_of(teams_model_get(), &conn->server_end.addr, false);
    const bool taken = model_host != NULL && model_host->taken;
    const teams_host_name *name = host == NULL || taken ? NULL : name_of_host(host, conn->priv->client);

    conn->proxy = host != NULL && teams_net_host_is_proxy(host, conn->server_end.port);
    if (name == NULL && host != NULL && host->published != NULL && !taken && !conn->proxy) {
        conn->priv->published = host->published;
        conn->stage = host->published->use == TS_PREFIX_IDENTITY ? TS_STAGE_IDENTITY : TS_STAGE_UNKNOWN;
    }
    if (name != NULL && !conn->proxy)
        teams_connection_name_by_answer(conn, name);
}

void
teams_connection_name_by_answer(teams_connection *conn, const teams_host_name *name)
{
    teams_connection_set_name(conn, name->name);
    conn->product = name->product;
    conn->service = name->service;
    conn->stage = name->stage;
    conn->required = name->required;
    if (name->client == conn->priv->client && nstime_to_sec(&name->answer_time) > 0) {
        conn->steps[TEAMS_STEP_DNS].time = name->answer_time;
        conn->steps[TEAMS_STEP_DNS].frame = name->frame;
    }
}

const struct tcp_analysis *
teams_connection_tcp(packet_info *pinfo)
{
    conversation_t *conversation = teams_conversation_of(pinfo);

    return conversation == NULL ? NULL : get_tcp_conversation_data(conversation, pinfo);
}

/* Stock keeps the time of the frame; durations are measured by the clock that leaves steps out. No connection begins after now. */
static nstime_t
start_of(const packet_info *pinfo, const struct tcp_analysis *tcp)
{
    const nstime_t *now = teams_time(pinfo);
    nstime_t since, start;

    nstime_delta(&since, &pinfo->abs_ts, &tcp->ts_first);
    if (nstime_to_sec(&since) < 0)
        return *now;
    nstime_delta(&start, now, &since);
    return start;
}

/* A SYN that is sent again after a RST refused it, with which later releases of stock begin another stream. */
static bool
is_refused_syn_again(const teams_connection *conn, const struct tcp_analysis *tcp, bool from_client)
{
    return from_client && conn->state == TEAMS_CONNECTION_REFUSED && tcp->conversation_completeness == TCP_SEEN_SYN &&
        tcp->fwd->base_seq + 1 == conn->priv->next[FROM_CLIENT];
}

teams_connection *
teams_connection_of_frame(packet_info *pinfo, const struct tcp_analysis *tcp, bool from_client)
{
    const ts_endpoint source = ts_endpoint_source(pinfo);
    const ts_endpoint destination = ts_endpoint_destination(pinfo);
    teams_connection *conn = teams_connection_find(false, from_client ? &source : &destination, from_client ? &destination : &source);

    if (conn != NULL && is_refused_syn_again(conn, tcp, from_client))
        conn->priv->stream = tcp->stream;
    if (conn != NULL && conn->priv->stream == tcp->stream)
        return conn;
    conn = teams_connection_new(pinfo, false, from_client);
    conn->priv->stream = tcp->stream;
    if (tcp->conversation_completeness & TCP_SEEN_SYN) {
        conn->state = TEAMS_CONNECTION_UNANSWERED;
        conn->start = start_of(pinfo, tcp);
    }
    teams_connection_name_by_host(conn);
    return conn;
}

teams_connection *
teams_connection_of_tcp(packet_info *pinfo, teams_connection *found, bool add)
{
    const struct tcp_analysis *tcp = teams_connection_tcp(pinfo);

    if (tcp == NULL)
        return NULL;
    return add || (found != NULL && found->priv->stream == tcp->stream) ? teams_connection_of_frame(pinfo, tcp, true) : NULL;
}

bool
teams_connection_lacks_some(const teams_connection *conn)
{
    return conn->priv->gap[FROM_CLIENT] || conn->priv->gap[FROM_SERVER];
}

bool
teams_connection_is_cut(const teams_connection *conn)
{
    return conn->priv->cut_short[FROM_CLIENT] || conn->priv->cut_short[FROM_SERVER];
}

bool
teams_connection_is_push(const teams_connection *conn)
{
    return conn->service == TS_SERVICE_PUSH_REALTIME;
}

const char *
teams_connection_published_text(const teams_connection *conn)
{
    return conn->priv->published->web_shared ? "an address in a prefix of Microsoft's that Teams and other services use" : "an address that Microsoft publishes for Teams";
}

const char *
teams_connection_text(wmem_allocator_t *scope, const teams_connection *conn)
{
    if (teams_connection_is_identity_by_address(conn))
        return wmem_strdup_printf(scope, "an address of identity (%s)", conn->endpoint);
    if (teams_connection_is_failed_by_address(conn))
        return wmem_strdup_printf(scope, "%s (%s)", teams_connection_published_text(conn), conn->endpoint);
    if (conn->name == NULL)
        return conn->endpoint;
    return conn->proxy ? wmem_strdup_printf(scope, "%s through the proxy %s", conn->name, conn->endpoint)
                    : wmem_strdup_printf(scope, "%s (%s)", conn->name, conn->endpoint);
}

/* ---- what is kept with a frame ---- */

typedef struct {
    nstime_t time[TEAMS_STEP_COUNT];
    bool done[TEAMS_STEP_COUNT];
} frame_steps;

static wmem_map_t *steps_of_frames;    /* frame_steps */
static int hf_steps[TEAMS_STEP_COUNT] = { -1, -1, -1, -1 };

static frame_steps *
steps_of(packet_info *pinfo)
{
    return (frame_steps *)ts_frame_map_get(steps_of_frames, pinfo);
}

static bool
has_signin(const teams_net_client *client)
{
    const teams_client *known = teams_net_model_client(client);

    return known != NULL && known->signin != NULL;
}

void
teams_connection_keep_time(packet_info *pinfo, const teams_net_client *client, teams_step_kind step, const nstime_t *time)
{
    frame_steps *kept = steps_of(pinfo);

    if (!has_signin(client))
        return;
    if (kept == NULL) {
        kept = wmem_new0(wmem_file_scope(), frame_steps);
        ts_frame_map_keep(steps_of_frames, pinfo, kept);
        teams_model_get()->last_with_items = pinfo->num;
    }
    kept->time[step] = *time;
    kept->done[step] = true;
}

void
teams_connection_step(packet_info *pinfo, teams_connection *conn, teams_step_kind step, const nstime_t *time)
{
    /* Two clocks, as those of two interfaces, may have the answer before what it answers. */
    if (conn->steps[step].frame != 0 || nstime_to_sec(time) < 0)
        return;
    conn->steps[step].time = *time;
    conn->steps[step].frame = pinfo->num;
    if (!teams_connection_is_nameless(conn))
        teams_connection_keep_time(pinfo, conn->priv->client, step, time);
}

void
teams_connection_step_between(packet_info *pinfo, teams_connection *conn, teams_step_kind step, const nstime_t *from)
{
    nstime_t time;

    nstime_delta(&time, teams_time(pinfo), from);
    teams_connection_step(pinfo, conn, step, &time);
}

static void
tell(packet_info *pinfo, const teams_net_client *client, teams_expert row, const char *format, va_list arguments)
{
    if (has_signin(client))
        teams_expert_add(pinfo, row, wmem_strdup_vprintf(pinfo->pool, format, arguments));
}

void
teams_connection_tell(packet_info *pinfo, const teams_connection *conn, teams_expert row, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (!teams_connection_is_nameless(conn))
        tell(pinfo, conn->priv->client, row, format, arguments);
    va_end(arguments);
}

void
teams_connection_tell_client(packet_info *pinfo, const teams_net_client *client, teams_expert row, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tell(pinfo, client, row, format, arguments);
    va_end(arguments);
}

bool
teams_connection_has_items(packet_info *pinfo)
{
    return steps_of(pinfo) != NULL || teams_problems_of(pinfo) != NULL;
}

void
teams_connection_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const frame_steps *kept = steps_of(pinfo);

    for (unsigned step = 0; kept != NULL && step < TEAMS_STEP_COUNT; step++)
        if (kept->done[step])
            proto_item_set_generated(proto_tree_add_time(tree, hf_steps[step], tvb, 0, 0, &kept->time[step]));
}

/* ---- registration ---- */

void
teams_connection_register(int proto)
{
    static hf_register_info hf[] = {
        { &hf_steps[TEAMS_STEP_DNS], { "DNS Time", "teams.dns_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
            "Time from the first question about a name of the sign-in to this answer", HFILL } },
        { &hf_steps[TEAMS_STEP_CONNECT], { "Connect Time", "teams.connect_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
            "Time from the first SYN to the answer (to a proxy: shown in the first request to it)", HFILL } },
        { &hf_steps[TEAMS_STEP_TLS], { "TLS Time", "teams.tls_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
            "Time from the ClientHello to this frame, which ends the TLS handshake", HFILL } },
        { &hf_steps[TEAMS_STEP_FIRST_DATA], { "First Data Time", "teams.first_data_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
            "Time from the client's first request to the server's first data after it", HFILL } },
    };

    steps_of_frames = ts_frame_map_new();
    proto_register_field_array(proto, hf, array_length(hf));
}
