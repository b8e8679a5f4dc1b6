/* connection_frame.c
 * The frames of connections to hosts of ours: how far each one got, by stock's analysis of TCP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A frame of other hosts costs two look-ups of an address. What TCP did is
 * read from what stock keeps of the connection (struct tcp_analysis), which is
 * there without a tree and on the first pass; the flags and sequence numbers
 * of the frame follow from how it changed.
 */

#include "session/connection_private.h"

#include <string.h>

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>

#include <epan/to_str.h>

#include "common/duplicate.h"
#include "common/endpoint.h"
#include "common/icmp_error.h"
#include "common/stock_fields.h"

enum { DNS_PORT = 53, HTTP_PORT = 80, HTTPS_PORT = 443, FIRST_USER_PORT = 1024 };

#define SYNS_REPORTED           3       /* the SYN that makes "not answered" worth telling; the SYN/ACK likewise */
#define QUIC_REPORTED           3       /* the same for packets of QUIC */
#define QUIC_SMALL              150     /* bytes of a frame of QUIC that carries no more than acknowledgements, a PING or an end */
#define BARE_FRAME_MAX      90          /* bytes of a frame without payload: Ethernet, IPv6, TCP with time stamps */
#define PAYLOAD_MAX         0x100000    /* more in one frame is no payload, but a connection that began anew */
#define LARGE_FRAME         1200    /* bytes: of these a path with a smaller MTU loses all */
#define LARGE_REPORTED          3
#define IPV6_COST           0.5     /* seconds that a dead IPv6 may cost before it is told: RFC 8305 waits 0.25 */
#define IPV6_COST_MAX       120.0

static ts_stock_field field_retransmission;
static ts_stock_field field_spurious;
static ts_stock_field field_keep_alive;
static ts_stock_field field_zero_window;
static ts_stock_field field_quic_short;

static dissector_handle_t postdissector;

/*
 * int: what TCP does to hosts of ours, and what TLS alerts; asked for from the frame after the first that names one.
 * A host is named by a question, an answer of DNS or a client, and never in the frame of what itself answers.
 */
static GArray *fields_of_hosts;

void
teams_connection_handoff(dissector_handle_t handle)
{
    GArray *wanted = g_array_new(FALSE, FALSE, (unsigned)sizeof(int));

    fields_of_hosts = g_array_new(FALSE, FALSE, (unsigned)sizeof(int));
    postdissector = handle;
    field_retransmission = ts_stock_field_wanted(fields_of_hosts, "tcp.analysis.retransmission");
    field_spurious = ts_stock_field_wanted(fields_of_hosts, "tcp.analysis.spurious_retransmission");
    field_keep_alive = ts_stock_field_wanted(fields_of_hosts, "tcp.analysis.keep_alive");
    field_zero_window = ts_stock_field_wanted(fields_of_hosts, "tcp.analysis.zero_window");
    field_quic_short = ts_stock_field_wanted(fields_of_hosts, "quic.short");
    teams_connection_tls_handoff(wanted, fields_of_hosts);
    teams_connection_http_handoff(wanted);
    teams_connection_certificate_handoff();
    teams_requests_handoff();
    ts_want_fields(postdissector, wanted);
}

/* ---- TCP ---- */

/* The most that a segment in this frame can hold: with the last fragment of IP comes what the ones before it brought, too. */
static unsigned
most_payload(const packet_info *pinfo)
{
    unsigned most = pinfo->fd->pkt_len;

    for (const GSList *source = pinfo->data_src; source != NULL; source = source->next)
        most = MAX(most, tvb_reported_length(get_data_source_tvb((const struct data_source *)source->data)));
    return most;
}

/* Without the SYN of this side: what the other one has acknowledged comes before the frame, where the rest fits into it. */
static uint32_t
first_number(const packet_info *pinfo, const teams_connection *conn, uint32_t nextseq, bool from_client)
{
    const uint32_t acknowledged = conn->priv->acknowledged[!from_client];

    return conn->priv->acknowledging[!from_client] && nextseq - acknowledged <= most_payload(pinfo) ? acknowledged : nextseq;
}

/* Bytes of new payload in this frame: by how far stock's highest sequence number went on. */
static unsigned
new_payload(const packet_info *pinfo, teams_connection *conn, const struct tcp_analysis *tcp, bool from_client)
{
    const tcp_analyze_seq_flow_info_t *seen = tcp->fwd->tcp_analyze_seq_info;
    const uint8_t own_syn = from_client ? TCP_SEEN_SYN : TCP_SEEN_SYN_ACK;

    conn->priv->behind_hole = false;
    if (seen == NULL)
        return 0;
    if (!conn->priv->started[from_client]) {
        conn->priv->started[from_client] = true;
        conn->priv->next[from_client] = tcp->conversation_completeness & own_syn ? tcp->fwd->base_seq + 1 : first_number(pinfo, conn, seen->nextseq, from_client);
    }
    const uint32_t grown = seen->nextseq - conn->priv->next[from_client];

    conn->priv->behind_hole = grown > pinfo->fd->pkt_len && grown < PAYLOAD_MAX && grown > most_payload(pinfo);
    /* A FIN behind bytes that the capture lacks brings none of them. */
    if (conn->priv->behind_hole && pinfo->fd->pkt_len <= BARE_FRAME_MAX)
        return 0;
    conn->priv->next[from_client] = seen->nextseq;
    /* A FIN counts as one; TLS and HTTP never send a byte alone. */
    return grown > 1 && grown < PAYLOAD_MAX ? grown : 0;
}

static void
note_acknowledged(teams_connection *conn, const struct tcp_analysis *tcp, bool from_client)
{
    const uint32_t latest = tcp->fwd->tcp_analyze_seq_info == NULL ? 0 : tcp->fwd->tcp_analyze_seq_info->lastack;

    if (latest == 0 || (conn->priv->acknowledging[from_client] && (int32_t)(latest - conn->priv->acknowledged[from_client]) <= 0))
        return;     /* a SYN or a RST without one, or nothing new */
    conn->priv->acknowledging[from_client] = true;
    conn->priv->acknowledged[from_client] = latest;
    if (!from_client && conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED)
        conn->priv->hello_in_part = !conn->priv->early && (int32_t)(conn->priv->next[FROM_CLIENT] - latest) > 0;
}

/* Does the server's side go on behind what the client has acknowledged? What fills a hole that was acknowledged, as in a capture out of order, ends there. */
static bool
is_beyond_acknowledged(const teams_connection *conn)
{
    return (int32_t)(conn->priv->next[FROM_SERVER] - conn->priv->acknowledged[FROM_CLIENT]) > 0;
}

/* Its IPv6 and IPv4 addresses are a client's by the model, or by the address of its network card. */
static bool
same_client(const teams_connection *a, const teams_connection *b)
{
    const teams_client *of_a = teams_net_model_client(a->priv->client);

    return (of_a != NULL && of_a == teams_net_model_client(b->priv->client)) ||
        (a->priv->card.type != AT_NONE && addresses_equal(&a->priv->card, &b->priv->card));
}

/* IPv6 to the name was not answered, and IPv4 now is: what did that cost? */
static void
check_ipv6(packet_info *pinfo, teams_connection *conn)
{
    const teams_connection *dead = conn->name == NULL || conn->server_end.addr.type != AT_IPv4 ? NULL
        : (const teams_connection *)wmem_map_lookup(teams_net_get()->ipv6, conn->name);

    if (dead == NULL || dead->state != TEAMS_CONNECTION_UNANSWERED || !same_client(dead, conn))
        return;
    const double cost = ts_seconds(&dead->start, &conn->start);

    if (cost < 0 || cost > IPV6_COST_MAX)
        return;
    conn->priv->dead_ipv6 = dead;
    if (cost >= IPV6_COST)
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_IPV6_DEAD, "%s at %s: %u SYNs without an answer; IPv4 %.1f s later",
            conn->name, dead->endpoint, dead->syns, cost);
}

/* Stock measures from the latest SYN on; the stream began with the first one. */
static nstime_t
connect_time(const struct tcp_analysis *tcp)
{
    nstime_t before, sum;

    nstime_delta(&before, &tcp->ts_mru_syn, &tcp->ts_first);
    nstime_sum(&sum, &before, &tcp->ts_first_rtt);
    return sum;
}

static void
answered(packet_info *pinfo, teams_connection *conn, const struct tcp_analysis *tcp)
{
    const bool late = conn->frame == pinfo->num;      /* found in the middle: stock has measured the handshake */

    conn->state = TEAMS_CONNECTION_CONNECTED;
    /* One that came with the SYN (RFC 7413) waits for TCP until then, and for TLS from then on. */
    if (conn->hello_frame != 0)
        conn->priv->hello_time = *teams_time(pinfo);
    const nstime_t measured = connect_time(tcp);

    conn->priv->round_trip = nstime_to_sec(&tcp->ts_first_rtt);

    if (late && (tcp->conversation_completeness & TCP_SEEN_SYN) && !nstime_is_zero(&tcp->ts_first_rtt))
        teams_connection_step(pinfo, conn, TEAMS_STEP_CONNECT, &measured);
    else if (!late)
        teams_connection_step_between(pinfo, conn, TEAMS_STEP_CONNECT, &conn->start);
    if (!late)
        check_ipv6(pinfo, conn);
}

static void
unanswered_syn(packet_info *pinfo, teams_connection *conn)
{
    if (conn->syns == 0 && conn->server_end.addr.type == AT_IPv6 && conn->name != NULL)
        wmem_map_insert(teams_net_get()->ipv6, conn->name, conn);
    if (++conn->syns == SYNS_REPORTED)
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_TCP_UNANSWERED, "%s: %u SYNs in %.1f s",
            teams_connection_text(pinfo->pool, conn), conn->syns, ts_seconds(&conn->start, teams_time(pinfo)));
}

/* The server's answer to the SYN, and nothing of the client's after it but its SYN again. */
static void
unacknowledged(packet_info *pinfo, teams_connection *conn)
{
    if (++conn->priv->syn_acks == SYNS_REPORTED && conn->priv->syn_after)
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_SYN_ACK, "%s: SYN/ACK %u times in %.1f s", teams_connection_text(pinfo->pool, conn),
            conn->priv->syn_acks, ts_seconds(&conn->start, teams_time(pinfo)));
}

static void
refused(packet_info *pinfo, teams_connection *conn)
{
    conn->state = TEAMS_CONNECTION_REFUSED;
    teams_connection_tell(pinfo, conn, TEAMS_EXPERT_TCP_REFUSED, "%s", teams_connection_text(pinfo->pool, conn));
}

/*
 * Does the capture lack what came before the server's end: an answer that the client acknowledges, or that its FIN stands behind (where a
 * RST stands in the stream may be made up), or something of the client's, as its own FIN?
 */
static bool
lacks_before_end(const teams_connection *conn)
{
    return teams_connection_lacks_data(conn) || (conn->end == TEAMS_CONNECTION_CLOSED && (conn->priv->behind_hole ||
        (int32_t)(conn->priv->acknowledged[FROM_SERVER] - conn->priv->next[FROM_CLIENT]) > 0));
}

/* The end of a connection whose handshake was not done, or whose request has no answer. */
static void
ended_early(packet_info *pinfo, teams_connection *conn, bool from_client)
{
    const char *text = teams_connection_text(pinfo->pool, conn);
    const double since_hello = ts_seconds(&conn->priv->hello_time, teams_time(pinfo));

    if (conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED && !from_client && lacks_before_end(conn)) {
        conn->state = TEAMS_CONNECTION_HANDSHAKE_ENDED;
        conn->priv->gap[FROM_SERVER] = true;
    } else if (conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED && !from_client) {
        conn->state = TEAMS_CONNECTION_HELLO_RESET;
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_HELLO_RESET, "%s, ClientHello in frame %u", text, conn->hello_frame);
    } else if (conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED && teams_connection_is_heard(conn) && !teams_connection_lacks_data(conn) &&
            conn->priv->large_frame == 0 && since_hello >= ANSWER_SECONDS)
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_HELLO_UNANSWERED, "%s: ClientHello in frame %u, %.1f s", text, conn->hello_frame,
            since_hello);
    else if (from_client && !teams_connection_hides_request(conn) && teams_connection_is_left(conn, teams_time(pinfo)) &&
        (conn->state == TEAMS_CONNECTION_SECURED || conn->priv->hole_frame == 0))
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_HANDSHAKE_ENDED, "%s, %s%s", text, conn->version,
            conn->state == TEAMS_CONNECTION_SECURED ? ", without a request" : "");
    else if (from_client && conn->priv->large_frame == 0 && !conn->priv->lost && !conn->priv->answered &&
        teams_connection_gave_up(conn, teams_time(pinfo)))
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_NO_DATA, "%s: %.1f s", text, ts_seconds(&conn->priv->request_time, teams_time(pinfo)));
    else if (conn->state == TEAMS_CONNECTION_SECURED && conn->priv->answer_bytes > 0)
        conn->state = TEAMS_CONNECTION_USED;
}

/* Does what ends it acknowledge a FIN of the other side's that the capture lacks? That came first. */
static bool
is_ended_already(const teams_connection *conn, bool from_client)
{
    return conn->priv->started[!from_client] && conn->priv->acknowledging[from_client] &&
        conn->priv->acknowledged[from_client] - conn->priv->next[!from_client] == 1;
}

static void
ended(packet_info *pinfo, teams_connection *conn, bool from_client, teams_connection_end how)
{
    if (conn->end != TEAMS_CONNECTION_OPEN)
        return;
    if (is_ended_already(conn, from_client)) {
        from_client = !from_client;
        how = TEAMS_CONNECTION_CLOSED;
    }
    conn->end = how;
    conn->ended_by_client = from_client;
    conn->end_frame = pinfo->num;
    conn->ended = *teams_time(pinfo);
    conn->priv->before_reset = conn->priv->next[FROM_SERVER];
    teams_connection_note_end(pinfo, conn);
    ended_early(pinfo, conn, from_client);
}

/*
 * The client acknowledges what the server sent after a RST: that one was none of theirs, or out of their window (RFC 9293, 3.5.2), and
 * the connection goes on.
 */
static void
note_reset_unheeded(teams_connection *conn)
{
    if (conn->end != TEAMS_CONNECTION_RESET || (int32_t)(conn->priv->acknowledged[FROM_CLIENT] - conn->priv->before_reset) <= 0)
        return;
    conn->end = TEAMS_CONNECTION_OPEN;
    conn->ended_by_client = false;
    conn->end_frame = 0;
    nstime_set_zero(&conn->ended);
    if (conn->state == TEAMS_CONNECTION_HELLO_RESET || conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED)
        conn->state = TEAMS_CONNECTION_HANDSHAKE_ENDED;
}

/* A segment of the server's is missing, and later ones are here. */
static void
check_hole(packet_info *pinfo, teams_connection *conn, const struct tcp_analysis *tcp)
{
    const tcp_analyze_seq_flow_info_t *seen = tcp->fwd->tcp_analyze_seq_info;
    const bool hole = seen != NULL && conn->hello_frame != 0 && (int32_t)(seen->nextseq - seen->maxseqtobeacked) > LARGE_FRAME / 2;

    if (!hole)
        conn->priv->hole_frame = 0;
    else if (conn->priv->hole_frame == 0) {
        conn->priv->hole_frame = pinfo->num;
        conn->priv->hole_sequence = seen->maxseqtobeacked;
        conn->priv->hole_since = *teams_time(pinfo);
    }
}

/* Then what is lost is not lost for its size. */
static bool
large_got_through(const teams_connection *conn)
{
    return conn->priv->large_sent && conn->priv->acknowledging[FROM_SERVER] &&
        (int32_t)(conn->priv->acknowledged[FROM_SERVER] - conn->priv->large_end) >= 0 && !conn->priv->large_split;
}

/* Has the server acknowledged something, but not all that the client sent? */
static bool
lacks_acknowledgement(const teams_connection *conn)
{
    return conn->priv->acknowledging[FROM_SERVER] && (int32_t)(conn->priv->next[FROM_CLIENT] - conn->priv->acknowledged[FROM_SERVER]) > 0;
}

/* A ClientHello of which nothing gets through is not lost for its size; nor is one of which the capture lacks the answers. */
static bool
is_size_shown(const teams_connection *conn)
{
    return (conn->state != TEAMS_CONNECTION_HELLO_UNANSWERED && conn->state != TEAMS_CONNECTION_JOINED) || conn->priv->beyond_hole;
}

static void
tell_large(packet_info *pinfo, teams_connection *conn)
{
    if (conn->priv->large_retransmissions < LARGE_REPORTED || conn->priv->hole_reported || !is_size_shown(conn))
        return;
    conn->priv->hole_reported = true;
    conn->priv->large_frame = pinfo->num;
    teams_connection_tell(pinfo, conn, TEAMS_EXPERT_MTU, "%s: a large frame was sent %u times without an acknowledgement",
        teams_connection_text(pinfo->pool, conn), conn->priv->large_retransmissions + 1);
}

/* The client sends the same large segment again and again, and nothing large ever gets through. */
static void
check_large(packet_info *pinfo, teams_connection *conn, unsigned payload, bool again)
{
    const bool large = pinfo->fd->pkt_len >= LARGE_FRAME;

    conn->priv->large_split = conn->priv->large_split || (again && !large && conn->priv->large_frame != 0);
    if (payload > 0) {
        conn->priv->large_retransmissions = 0;
        if (large && !conn->priv->large_sent) {
            conn->priv->large_sent = true;
            conn->priv->large_end = conn->priv->next[FROM_CLIENT];
        }
        return;
    }
    if (!again || !large || large_got_through(conn))
        return;
    conn->priv->large_retransmissions++;
    tell_large(pinfo, conn);
}

static void
note_window(const packet_info *pinfo, teams_connection *conn, bool from_client, bool zero)
{
    if (zero) {
        conn->zero_windows++;
        if (nstime_is_zero(&conn->priv->zero_since)) {
            conn->priv->zero_since = *teams_time(pinfo);
            conn->priv->zero_by_client = from_client;
        }
        conn->priv->zero_longest = MAX(conn->priv->zero_longest, ts_seconds(&conn->priv->zero_since, teams_time(pinfo)));
    } else if (from_client == conn->priv->zero_by_client && !nstime_is_zero(&conn->priv->zero_since)) {
        conn->priv->zero_longest = MAX(conn->priv->zero_longest, ts_seconds(&conn->priv->zero_since, teams_time(pinfo)));
        nstime_set_zero(&conn->priv->zero_since);
    }
}

static void
count(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client, unsigned payload)
{
    /* What is sent again is later; an earlier frame is out of its order in the capture alone. */
    const bool again = ts_stock_field_present(tree, &field_retransmission) && nstime_cmp(teams_time(pinfo), &conn->last) >= 0;

    conn->packets[from_client]++;
    conn->bytes[from_client] += payload;
    if (!from_client && payload > GOODBYE_MAX)
        conn->priv->served = *teams_time(pinfo);
    /* What was sent again though it had been acknowledged was not lost. */
    if (again && conn->state != TEAMS_CONNECTION_UNANSWERED && !ts_stock_field_present(tree, &field_spurious))
        conn->retransmissions[from_client]++;
    teams_connection_note_vain(pinfo, conn, from_client, again, ts_stock_field_present(tree, &field_keep_alive), payload);
    note_window(pinfo, conn, from_client, ts_stock_field_present(tree, &field_zero_window));
    if (from_client && conn->hello_frame != 0)
        check_large(pinfo, conn, payload, again);
    else if (conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED && payload == 0 && !again && lacks_acknowledgement(conn)) {
        conn->priv->beyond_hole = true;
        tell_large(pinfo, conn);
    }
}

/* TURN stands in clear behind it. */
static void
pseudo_tls_frame(teams_connection *conn, bool from_client, unsigned payload)
{
    if (!from_client && payload > 0 && conn->bytes[FROM_CLIENT] > 0)
        conn->state = TEAMS_CONNECTION_USED;
}

static void
tcp_frame(packet_info *pinfo, proto_tree *tree, teams_connection *conn, const struct tcp_analysis *tcp, bool from_client)
{
    const uint8_t seen = tcp->conversation_completeness;
    const uint8_t fresh = seen & (uint8_t)~conn->priv->seen;
    const bool lacked = teams_connection_lacks_data(conn);
    const unsigned payload = new_payload(pinfo, conn, tcp, from_client);

    conn->priv->gap[FROM_SERVER] = conn->priv->gap[FROM_SERVER] || (!from_client && lacked && (conn->priv->behind_hole || is_beyond_acknowledged(conn)));
    conn->priv->seen = seen;
    conn->priv->cut_short[from_client] = conn->priv->cut_short[from_client] || (payload > 0 && ts_frame_is_cut(pinfo));
    note_acknowledged(conn, tcp, from_client);
    if (from_client)
        note_reset_unheeded(conn);
    conn->priv->gap[FROM_CLIENT] = conn->priv->gap[FROM_CLIENT] || (from_client ? conn->priv->behind_hole : teams_connection_lacks_requests(conn));
    teams_connection_find_signin(conn);
    /* Who acknowledges or sends data has had an answer: the capture lacks that direction. */
    if (conn->state == TEAMS_CONNECTION_UNANSWERED && from_client && (seen & (TCP_SEEN_ACK | TCP_SEEN_DATA)) && !(seen & TCP_SEEN_SYN_ACK))
        conn->state = TEAMS_CONNECTION_JOINED;
    if (conn->state == TEAMS_CONNECTION_UNANSWERED && from_client && !(seen & (TCP_SEEN_SYN_ACK | TCP_SEEN_RST)))
        unanswered_syn(pinfo, conn);
    if (conn->state <= TEAMS_CONNECTION_UNANSWERED && (seen & TCP_SEEN_SYN_ACK))
        answered(pinfo, conn, tcp);
    if (teams_connection_is_half_open(conn)) {
        if (from_client)
            conn->priv->syn_after = true;     /* a SYN, for nothing else leaves it so */
        else
            unacknowledged(pinfo, conn);
    }
    count(pinfo, tree, conn, from_client, payload);
    teams_connection_note_idle(pinfo, conn, from_client, payload);
    if (!from_client) {
        check_hole(pinfo, conn, tcp);
        if (conn->end == TEAMS_CONNECTION_OPEN && large_got_through(conn))
            conn->priv->large_frame = 0;
    }
    if (conn->http2)
        teams_connection_http2(pinfo, tree, conn, from_client);
    else if (conn->proxy && !conn->priv->tunnel)
        teams_connection_http(pinfo, tree, conn, from_client, payload);
    if (conn->http2)
        ;   /* the session's own TLS is the proxy's, and that of its tunnels is not seen */
    else if (conn->pseudo_tls)
        pseudo_tls_frame(conn, from_client, payload);
    else
        teams_connection_tls(pinfo, tree, conn, from_client, payload);
    /* Requests in early data are in the frame of the ClientHello. */
    if (!conn->pseudo_tls)
        teams_requests_frame(pinfo, tree, conn, from_client, payload);
    if (fresh & TCP_SEEN_RST) {
        if (conn->state == TEAMS_CONNECTION_UNANSWERED && !from_client)
            refused(pinfo, conn);
        ended(pinfo, conn, from_client, TEAMS_CONNECTION_RESET);
    } else if (fresh & TCP_SEEN_FIN)
        ended(pinfo, conn, from_client, TEAMS_CONNECTION_CLOSED);
    if (!from_client && conn->end != TEAMS_CONNECTION_RESET) {
        conn->priv->lost = false;
        conn->priv->heard = conn->priv->client->heard = *teams_time(pinfo);
    }
    conn->last = *teams_time(pinfo);
    conn->last_frame = pinfo->num;
}

/*
 * The SYN of a client of ours to a published address, of which no name in this capture tells: from then on it is a host.
 * Names and certificates are not needed to see that nobody answers there.
 */
static teams_net_host *
host_by_address(packet_info *pinfo)
{
    teams_net *net = teams_net_get();

    if (pinfo->ptype != PT_TCP || pinfo->destport != HTTPS_PORT || pinfo->fd->pkt_len > BARE_FRAME_MAX ||
            (net->stranger.type != AT_NONE && addresses_equal(&net->stranger, &pinfo->dst)))
        return NULL;
    const ts_prefix_row *prefix = ts_address_prefix(&pinfo->dst, pinfo);

    if (prefix == NULL || prefix->use == TS_PREFIX_EDGE || !ts_prefix_is_published(prefix)) {
        if (pinfo->dst.len > 0 && (size_t)pinfo->dst.len <= sizeof net->stranger_bytes) {
            memcpy(net->stranger_bytes, pinfo->dst.data, (size_t)pinfo->dst.len);
            set_address(&net->stranger, pinfo->dst.type, pinfo->dst.len, net->stranger_bytes);
        }
        return NULL;
    }
    const teams_client *client = teams_client_of(teams_model_get(), NULL, &pinfo->src, false);
    const struct tcp_analysis *tcp = client == NULL || client->signin == NULL ? NULL : teams_connection_tcp(pinfo);

    if (tcp == NULL || tcp->conversation_completeness != TCP_SEEN_SYN)
        return NULL;
    teams_net_host *host = teams_net_host_of(&pinfo->dst, true);

    host->published = prefix;
    return host;
}

/* That of what comes to the client the capture has nothing show connections without a name, too: it may be cut off. */
static void
note_deaf(packet_info *pinfo)
{
    enum { SYN = 1, SYN_ACK = 2, DATA = 8 };

    if (pinfo->ptype != PT_TCP || pinfo->destport != HTTPS_PORT)
        return;
    teams_net_client *client = teams_net_client_of(&pinfo->src, false);
    const struct tcp_analysis *tcp = client == NULL || client->deaf || client->voice_frame != 0 ? NULL : teams_connection_tcp(pinfo);

    if (tcp != NULL && (tcp->conversation_completeness & (SYN | SYN_ACK | DATA)) == (SYN | DATA))
        client->deaf = true;
}

/* Stock knows the server's port from the SYN; without one the host is the server. */
static bool
is_from_client(const packet_info *pinfo, const struct tcp_analysis *tcp, bool to_host)
{
    if (tcp->server_port != 0 && pinfo->srcport != pinfo->destport)
        return pinfo->destport == tcp->server_port;
    return to_host;
}

/* Shared edges and resolvers answer on other ports too, which a name says nothing about. */
static bool
is_service_port(const teams_net_host *host, uint32_t port)
{
    return port == HTTPS_PORT || port == HTTP_PORT || (host->proxy_ports != NULL ? teams_net_host_is_proxy(host, port) : port >= FIRST_USER_PORT);
}

static void
any_tcp_frame(packet_info *pinfo, proto_tree *tree, const teams_net_host *to, const teams_net_host *from)
{
    const struct tcp_analysis *tcp = teams_connection_tcp(pinfo);

    if (tcp == NULL)
        return;
    const bool from_client = is_from_client(pinfo, tcp, to != NULL);

    const teams_net_host *host = from_client ? to : from;

    /* Where the host itself opens connections to others there is none. */
    if (host == NULL || !is_service_port(host, from_client ? pinfo->destport : pinfo->srcport))
        return;
    teams_connection *conn = teams_connection_of_frame(pinfo, tcp, from_client);

    if (!conn->priv->ignored && ts_duplicate_of(pinfo).frame == 0)
        tcp_frame(pinfo, tree, conn, tcp, from_client);
}

/* ---- QUIC ---- */

/*
 * Packets with a short header are those of a session (1-RTT: RFC 9000, 17.3.1), and what is larger than an end carries data. Version
 * negotiation, Retry, and an end within the handshake are answers, and no session.
 */
static void
note_quic_session(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client)
{
    if (!from_client && conn->state == TEAMS_CONNECTION_UNANSWERED)
        conn->state = TEAMS_CONNECTION_CONNECTED;
    conn->priv->cut_short[from_client] = conn->priv->cut_short[from_client] || ts_frame_is_cut(pinfo);
    if (ts_stock_field_present(tree, &field_quic_short) && (from_client || pinfo->fd->pkt_len > QUIC_SMALL))
        conn->priv->quic_session[from_client] = true;
    if (conn->state == TEAMS_CONNECTION_CONNECTED && conn->priv->quic_session[FROM_CLIENT] && conn->priv->quic_session[FROM_SERVER])
        conn->state = TEAMS_CONNECTION_USED;
}

static void
quic_frame(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client)
{
    teams_connection_find_signin(conn);
    conn->packets[from_client]++;
    conn->bytes[from_client] += pinfo->fd->pkt_len;
    conn->last = *teams_time(pinfo);
    conn->last_frame = pinfo->num;
    if (!from_client)
        conn->priv->heard = conn->priv->client->heard = *teams_time(pinfo);
    if (!from_client && pinfo->fd->pkt_len > QUIC_SMALL)
        conn->priv->served = *teams_time(pinfo);
    note_quic_session(pinfo, tree, conn, from_client);
    if (from_client && conn->state == TEAMS_CONNECTION_UNANSWERED && conn->packets[FROM_CLIENT] == QUIC_REPORTED)
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_QUIC_UNANSWERED, "%s: %u packets in %.1f s",
            teams_connection_text(pinfo->pool, conn), conn->packets[FROM_CLIENT], ts_seconds(&conn->start, teams_time(pinfo)));
    teams_requests_frame(pinfo, tree, conn, from_client, pinfo->fd->pkt_len);
}

/* Named by its server name (teams_connection_names()); a ClientHello in pieces, or one that is not decrypted, shows none. */
static teams_connection *
quic_by_host(packet_info *pinfo)
{
    if (!proto_is_frame_protocol(pinfo->layers, "quic"))
        return NULL;
    teams_connection *conn = teams_connection_new(pinfo, true, true);

    conn->state = TEAMS_CONNECTION_UNANSWERED;
    teams_connection_name_by_host(conn);
    return conn;
}

static void
any_udp_frame(packet_info *pinfo, proto_tree *tree, const teams_net_host *to)
{
    const bool from_client = to != NULL;

    if ((from_client ? pinfo->destport : pinfo->srcport) != HTTPS_PORT)
        return;
    const ts_endpoint source = ts_endpoint_source(pinfo);
    const ts_endpoint destination = ts_endpoint_destination(pinfo);
    teams_connection *conn = teams_connection_find(true, from_client ? &source : &destination, from_client ? &destination : &source);

    if (conn == NULL && from_client && wmem_array_get_count(to->names) > 0)
        conn = quic_by_host(pinfo);
    if (conn != NULL && !conn->priv->ignored && ts_duplicate_of(pinfo).frame == 0)
        quic_frame(pinfo, tree, conn, from_client);
}

/* ---- ICMP ---- */

/* A question about one of our names was refused: by the resolver's host, or on the way to it. */
static void
dns_refusal(packet_info *pinfo, const ts_icmp_refusal *refusal)
{
    teams_net_client *client = teams_net_client_of(&refusal->source.addr, false);
    const teams_net_host *host = teams_net_host_of(&refusal->destination.addr, false);

    if (client == NULL || host == NULL || !host->resolver || refusal->destination.port != DNS_PORT)
        return;
    if (ts_duplicate_of(pinfo).frame != 0 || client->dns_refusals++ > 0)
        return;
    client->dns_refusal_frame = pinfo->num;
    client->dns_refusal_text = refusal->text;
    client->dns_refusal_from = address_to_str(wmem_file_scope(), &pinfo->src);
}

static void
refusal_frame(tvbuff_t *tvb, packet_info *pinfo)
{
    ts_icmp_refusal refusal;

    if (ts_icmp_refusal_read(tvb, pinfo, PT_UDP, &refusal))
        dns_refusal(pinfo, &refusal);
    if (!ts_icmp_refusal_read(tvb, pinfo, PT_TCP, &refusal))
        return;
    teams_connection *conn = teams_connection_find(false, &refusal.source, &refusal.destination);

    if (conn == NULL || conn->priv->ignored)
        return;
    conn->icmp_text = refusal.text;
    if (conn->icmp_router == NULL)
        conn->icmp_router = address_to_str(wmem_file_scope(), &pinfo->src);
    if (conn->state != TEAMS_CONNECTION_UNANSWERED)
        return;
    conn->state = TEAMS_CONNECTION_PROHIBITED;
    conn->end_frame = pinfo->num;
    teams_connection_tell(pinfo, conn, TEAMS_EXPERT_TCP_PROHIBITED, "%s: ICMP %s from %s",
        teams_connection_text(pinfo->pool, conn), refusal.text, conn->icmp_router);
}

static void
ask_for_fields_of_hosts(void)
{
    if (teams_net_get()->asked)
        return;
    teams_net_get()->asked = true;
    ts_want_more_fields(fields_of_hosts);
}

/* Over UDP that is QUIC, and what a resolver answers: media, the bulk of a call, is neither. */
static bool
may_be_of_a_host(const packet_info *pinfo)
{
    return pinfo->ptype != PT_UDP || pinfo->destport == HTTPS_PORT || pinfo->srcport == HTTPS_PORT || pinfo->srcport == DNS_PORT;
}

bool
teams_connection_has_hosts(void)
{
    return wmem_map_size(teams_net_get()->hosts) > 0;
}

void
teams_connection_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_frame_info *infos)
{
    teams_connection_names(pinfo, infos);
    teams_connection_http_any(pinfo, tree);
    if (pinfo->srcport == DNS_PORT)
        teams_resolver_heard(pinfo);
    if (!teams_connection_has_hosts())
        return;
    ask_for_fields_of_hosts();
    teams_certificates_wait(pinfo);
    if (ts_frame_has_icmp(pinfo)) {
        refusal_frame(tvb, pinfo);
        return;
    }
    if (!may_be_of_a_host(pinfo))
        return;
    const teams_net_host *from = teams_net_host_of(&pinfo->src, false);
    const teams_net_host *to = teams_net_host_of(&pinfo->dst, false);

    if (to == NULL && from == NULL)
        to = host_by_address(pinfo);
    if (from != NULL && from->probe)
        teams_connection_http_probe(pinfo, tree);
    if (from == NULL)
        note_deaf(pinfo);
    if (to == NULL && from == NULL)
        return;
    if (pinfo->ptype == PT_TCP)
        any_tcp_frame(pinfo, tree, to, from);
    else if (pinfo->ptype == PT_UDP)
        any_udp_frame(pinfo, tree, to);
    if (from != NULL && from->resolver && pinfo->srcport == DNS_PORT) {
        teams_net_client *client = teams_net_client_of(&pinfo->dst, false);

        if (client != NULL && client->voice_frame == 0)
            client->voice_frame = pinfo->num;
    }
}
