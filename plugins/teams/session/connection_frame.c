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
    teams_connection_tls_handoff(wanted, fields_of_hosts);
    teams_connection_http_handoff(wanted);
    teams_connection_certificate_handoff();
    teams_requests_handoff();
    ts_want_fields(postdissector, wanted);
}

/* ---- TCP ---- */

/* Bytes of new payload in this frame: by how far stock's highest sequence number went on. */
static unsigned
new_payload(const packet_info *pinfo, teams_connection *c, const struct tcp_analysis *tcp, bool from_client)
{
    const tcp_analyze_seq_flow_info_t *seen = tcp->fwd->tcp_analyze_seq_info;
    const uint8_t own_syn = from_client ? TCP_SEEN_SYN : TCP_SEEN_SYN_ACK;

    c->p->behind_hole = false;
    if (seen == NULL)
        return 0;
    if (!c->p->started[from_client]) {
        c->p->started[from_client] = true;
        c->p->next[from_client] = tcp->conversation_completeness & own_syn ? tcp->fwd->base_seq + 1 : seen->nextseq;
    }
    const uint32_t grown = seen->nextseq - c->p->next[from_client];

    c->p->behind_hole = grown > pinfo->fd->pkt_len && grown < PAYLOAD_MAX;
    /* A FIN behind bytes that the capture lacks brings none of them. */
    if (c->p->behind_hole && pinfo->fd->pkt_len <= BARE_FRAME_MAX)
        return 0;
    c->p->next[from_client] = seen->nextseq;
    /* A FIN counts as one; TLS and HTTP never send a byte alone. */
    return grown > 1 && grown < PAYLOAD_MAX ? grown : 0;
}

static void
note_acknowledged(teams_connection *c, const struct tcp_analysis *tcp, bool from_client)
{
    const uint32_t latest = tcp->fwd->tcp_analyze_seq_info == NULL ? 0 : tcp->fwd->tcp_analyze_seq_info->lastack;

    if (latest == 0 || (c->p->acknowledging[from_client] && (int32_t)(latest - c->p->acknowledged[from_client]) <= 0))
        return;     /* a SYN or a RST without one, or nothing new */
    c->p->acknowledging[from_client] = true;
    c->p->acknowledged[from_client] = latest;
}

/* Its IPv6 and IPv4 addresses are a client's by the model, or by the address of its network card. */
static bool
same_client(const teams_connection *a, const teams_connection *b)
{
    const teams_client *of_a = teams_net_model_client(a->p->client);

    return (of_a != NULL && of_a == teams_net_model_client(b->p->client)) ||
        (a->p->card.type != AT_NONE && addresses_equal(&a->p->card, &b->p->card));
}

/* IPv6 to the name was not answered, and IPv4 now is: what did that cost? */
static void
check_ipv6(packet_info *pinfo, teams_connection *c)
{
    const teams_connection *dead = c->name == NULL || c->server_end.addr.type != AT_IPv4 ? NULL
        : (const teams_connection *)wmem_map_lookup(teams_net_get()->ipv6, c->name);

    if (dead == NULL || dead->state != TEAMS_CONNECTION_UNANSWERED || !same_client(dead, c))
        return;
    const double cost = ts_seconds(&dead->start, &c->start);

    if (cost < 0 || cost > IPV6_COST_MAX)
        return;
    c->p->dead_ipv6 = dead;
    if (cost >= IPV6_COST)
        teams_connection_tell(pinfo, c, TEAMS_EXPERT_IPV6_DEAD, "%s at %s: %u SYNs without an answer; IPv4 %.1f s later",
            c->name, dead->endpoint, dead->syns, cost);
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
answered(packet_info *pinfo, teams_connection *c, const struct tcp_analysis *tcp)
{
    const bool late = c->frame == pinfo->num;      /* found in the middle: stock has measured the handshake */

    c->state = TEAMS_CONNECTION_CONNECTED;
    const nstime_t measured = connect_time(tcp);

    if (late && (tcp->conversation_completeness & TCP_SEEN_SYN) && !nstime_is_zero(&tcp->ts_first_rtt))
        teams_connection_step(pinfo, c, TEAMS_STEP_CONNECT, &measured);
    else if (!late)
        teams_connection_step_between(pinfo, c, TEAMS_STEP_CONNECT, &c->start);
    if (!late)
        check_ipv6(pinfo, c);
}

static void
unanswered_syn(packet_info *pinfo, teams_connection *c)
{
    if (c->syns == 0 && c->server_end.addr.type == AT_IPv6 && c->name != NULL)
        wmem_map_insert(teams_net_get()->ipv6, c->name, c);
    if (++c->syns == SYNS_REPORTED)
        teams_connection_tell(pinfo, c, TEAMS_EXPERT_TCP_UNANSWERED, "%s: %u SYNs in %.1f s",
            teams_connection_text(pinfo->pool, c), c->syns, ts_seconds(&c->start, teams_time(pinfo)));
}

/* The server's answer to the SYN, and nothing of the client's after it but its SYN again. */
static void
unacknowledged(packet_info *pinfo, teams_connection *c)
{
    if (++c->p->syn_acks == SYNS_REPORTED && c->p->syn_after)
        teams_connection_tell(pinfo, c, TEAMS_EXPERT_SYN_ACK, "%s: SYN/ACK %u times in %.1f s", teams_connection_text(pinfo->pool, c),
            c->p->syn_acks, ts_seconds(&c->start, teams_time(pinfo)));
}

static void
refused(packet_info *pinfo, teams_connection *c)
{
    c->state = TEAMS_CONNECTION_REFUSED;
    teams_connection_tell(pinfo, c, TEAMS_EXPERT_TCP_REFUSED, "%s", teams_connection_text(pinfo->pool, c));
}

/* The end of a connection whose handshake was not done, or whose request has no answer. */
static void
ended_early(packet_info *pinfo, teams_connection *c, bool from_client)
{
    const char *text = teams_connection_text(pinfo->pool, c);
    const double since_hello = ts_seconds(&c->p->hello_time, teams_time(pinfo));

    if (c->state == TEAMS_CONNECTION_HELLO_UNANSWERED && !from_client) {
        c->state = TEAMS_CONNECTION_HELLO_RESET;
        teams_connection_tell(pinfo, c, TEAMS_EXPERT_HELLO_RESET, "%s, ClientHello in frame %u", text, c->hello_frame);
    } else if (c->state == TEAMS_CONNECTION_HELLO_UNANSWERED && teams_connection_is_heard(c) && !teams_connection_lacks_data(c) &&
            c->p->large_frame == 0 && since_hello >= ANSWER_SECONDS)
        teams_connection_tell(pinfo, c, TEAMS_EXPERT_HELLO_UNANSWERED, "%s: ClientHello in frame %u, %.1f s", text, c->hello_frame, since_hello);
    else if (from_client && teams_connection_is_left(c, teams_time(pinfo)) && (c->state == TEAMS_CONNECTION_SECURED || c->p->hole_frame == 0))
        teams_connection_tell(pinfo, c, TEAMS_EXPERT_HANDSHAKE_ENDED, "%s, %s%s", text, c->version,
            c->state == TEAMS_CONNECTION_SECURED ? ", without a request" : "");
    else if (from_client && c->p->large_frame == 0 && !c->p->lost && !c->p->answered && teams_connection_gave_up(c, teams_time(pinfo)))
        teams_connection_tell(pinfo, c, TEAMS_EXPERT_NO_DATA, "%s: %.1f s", text, ts_seconds(&c->p->request_time, teams_time(pinfo)));
    else if (c->state == TEAMS_CONNECTION_SECURED && c->p->answer_bytes > 0)
        c->state = TEAMS_CONNECTION_USED;
}

static void
ended(packet_info *pinfo, teams_connection *c, bool from_client, teams_connection_end how)
{
    if (c->end != TEAMS_CONNECTION_OPEN)
        return;
    c->end = how;
    c->ended_by_client = from_client;
    c->end_frame = pinfo->num;
    c->ended = *teams_time(pinfo);
    teams_connection_note_end(pinfo, c);
    ended_early(pinfo, c, from_client);
}

/* A segment of the server's is missing, and later ones are here. */
static void
check_hole(packet_info *pinfo, teams_connection *c, const struct tcp_analysis *tcp)
{
    const tcp_analyze_seq_flow_info_t *seen = tcp->fwd->tcp_analyze_seq_info;
    const bool hole = seen != NULL && c->hello_frame != 0 && (int32_t)(seen->nextseq - seen->maxseqtobeacked) > LARGE_FRAME / 2;

    if (!hole)
        c->p->hole_frame = 0;
    else if (c->p->hole_frame == 0) {
        c->p->hole_frame = pinfo->num;
        c->p->hole_sequence = seen->maxseqtobeacked;
        c->p->hole_since = *teams_time(pinfo);
    }
}

/* Then what is lost is not lost for its size. */
static bool
large_got_through(const teams_connection *c)
{
    return c->p->large_sent && c->p->acknowledging[FROM_SERVER] && (int32_t)(c->p->acknowledged[FROM_SERVER] - c->p->large_end) >= 0 && !c->p->large_split;
}

/* The client sends the same large segment again and again, and nothing large ever gets through. */
static void
check_large(packet_info *pinfo, teams_connection *c, unsigned payload, bool again)
{
    const bool large = pinfo->fd->pkt_len >= LARGE_FRAME;

    c->p->large_split = c->p->large_split || (again && !large && c->p->large_frame != 0);
    if (payload > 0) {
        c->p->large_retransmissions = 0;
        if (large && !c->p->large_sent) {
            c->p->large_sent = true;
            c->p->large_end = c->p->next[FROM_CLIENT];
        }
        return;
    }
    if (!again || !large || large_got_through(c))
        return;
    if (++c->p->large_retransmissions == LARGE_REPORTED && !c->p->hole_reported) {
        c->p->hole_reported = true;
        c->p->large_frame = pinfo->num;
        teams_connection_tell(pinfo, c, TEAMS_EXPERT_MTU, "%s: a frame of %u bytes sent %u times without an acknowledgement",
            teams_connection_text(pinfo->pool, c), pinfo->fd->pkt_len, LARGE_REPORTED + 1);
    }
}

static void
note_window(const packet_info *pinfo, teams_connection *c, bool from_client, bool zero)
{
    if (zero) {
        c->zero_windows++;
        if (nstime_is_zero(&c->p->zero_since)) {
            c->p->zero_since = *teams_time(pinfo);
            c->p->zero_by_client = from_client;
        }
        c->p->zero_longest = MAX(c->p->zero_longest, ts_seconds(&c->p->zero_since, teams_time(pinfo)));
    } else if (from_client == c->p->zero_by_client && !nstime_is_zero(&c->p->zero_since)) {
        c->p->zero_longest = MAX(c->p->zero_longest, ts_seconds(&c->p->zero_since, teams_time(pinfo)));
        nstime_set_zero(&c->p->zero_since);
    }
}

static void
count(packet_info *pinfo, proto_tree *tree, teams_connection *c, bool from_client, unsigned payload)
{
    const bool again = ts_stock_field_present(tree, &field_retransmission);

    c->packets[from_client]++;
    c->bytes[from_client] += payload;
    /* What was sent again though it had been acknowledged was not lost. */
    if (again && c->state != TEAMS_CONNECTION_UNANSWERED && !ts_stock_field_present(tree, &field_spurious))
        c->retransmissions[from_client]++;
    teams_connection_note_vain(pinfo, c, from_client, again, ts_stock_field_present(tree, &field_keep_alive), payload);
    note_window(pinfo, c, from_client, ts_stock_field_present(tree, &field_zero_window));
    if (from_client && c->hello_frame != 0)
        check_large(pinfo, c, payload, again);
}

/* TURN stands in clear behind it. */
static void
pseudo_tls_frame(teams_connection *c, bool from_client, unsigned payload)
{
    if (!from_client && payload > 0 && c->bytes[FROM_CLIENT] > 0)
        c->state = TEAMS_CONNECTION_USED;
}

static void
tcp_frame(packet_info *pinfo, proto_tree *tree, teams_connection *c, const struct tcp_analysis *tcp, bool from_client)
{
    const uint8_t seen = tcp->conversation_completeness;
    const uint8_t fresh = seen & (uint8_t)~c->p->seen;
    const unsigned payload = new_payload(pinfo, c, tcp, from_client);

    c->p->seen = seen;
    note_acknowledged(c, tcp, from_client);
    teams_connection_find_signin(c);
    /* Who acknowledges or sends data has had an answer: the capture lacks that direction. */
    if (c->state == TEAMS_CONNECTION_UNANSWERED && from_client && (seen & (TCP_SEEN_ACK | TCP_SEEN_DATA)) && !(seen & TCP_SEEN_SYN_ACK))
        c->state = TEAMS_CONNECTION_JOINED;
    if (c->state == TEAMS_CONNECTION_UNANSWERED && from_client && !(seen & (TCP_SEEN_SYN_ACK | TCP_SEEN_RST)))
        unanswered_syn(pinfo, c);
    if (c->state <= TEAMS_CONNECTION_UNANSWERED && (seen & TCP_SEEN_SYN_ACK))
        answered(pinfo, c, tcp);
    if (teams_connection_is_half_open(c)) {
        if (from_client)
            c->p->syn_after = true;     /* a SYN, for nothing else leaves it so */
        else
            unacknowledged(pinfo, c);
    }
    count(pinfo, tree, c, from_client, payload);
    teams_connection_note_idle(pinfo, c, from_client, payload);
    if (!from_client) {
        check_hole(pinfo, c, tcp);
        if (c->end == TEAMS_CONNECTION_OPEN && large_got_through(c))
            c->p->large_frame = 0;
    }
    if (c->http2)
        teams_connection_http2(pinfo, tree, c, from_client);
    else if (c->proxy && !c->p->tunnel)
        teams_connection_http(pinfo, tree, c, from_client);
    if (c->http2)
        ;   /* the session's own TLS is the proxy's, and that of its tunnels is not seen */
    else if (c->pseudo_tls)
        pseudo_tls_frame(c, from_client, payload);
    else
        teams_connection_tls(pinfo, tree, c, from_client, payload);
    /* Requests in early data are in the frame of the ClientHello. */
    if (!c->pseudo_tls)
        teams_requests_frame(pinfo, tree, c, from_client, payload);
    if (fresh & TCP_SEEN_RST) {
        if (c->state == TEAMS_CONNECTION_UNANSWERED && !from_client)
            refused(pinfo, c);
        ended(pinfo, c, from_client, TEAMS_CONNECTION_RESET);
    } else if (fresh & TCP_SEEN_FIN)
        ended(pinfo, c, from_client, TEAMS_CONNECTION_CLOSED);
    if (!from_client && c->end != TEAMS_CONNECTION_RESET) {
        c->p->lost = false;
        c->p->heard = *teams_time(pinfo);
    }
    c->last = *teams_time(pinfo);
    c->last_frame = pinfo->num;
}

/*
 * The SYN of a client of ours to a published address of identity, of which no name in this capture tells: from then on it is a host.
 * Names and certificates are not needed to see that nobody answers there.
 */
static teams_net_host *
identity_by_address(packet_info *pinfo)
{
    teams_net *net = teams_net_get();

    if (pinfo->ptype != PT_TCP || pinfo->destport != HTTPS_PORT || pinfo->fd->pkt_len > BARE_FRAME_MAX ||
            (net->stranger.type != AT_NONE && addresses_equal(&net->stranger, &pinfo->dst)))
        return NULL;
    const ts_prefix_row *prefix = ts_address_prefix(&pinfo->dst, pinfo);

    if (prefix == NULL || prefix->use != TS_PREFIX_IDENTITY) {
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

    host->identity = true;
    return host;
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
    return port == HTTPS_PORT || port == HTTP_PORT || (host->proxy_port != 0 ? port == host->proxy_port : port >= FIRST_USER_PORT);
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
    teams_connection *c = teams_connection_of_frame(pinfo, tcp, from_client);

    if (!c->p->ignored && ts_duplicate_of(pinfo).frame == 0)
        tcp_frame(pinfo, tree, c, tcp, from_client);
}

/* ---- QUIC ---- */

static void
quic_frame(packet_info *pinfo, proto_tree *tree, teams_connection *c, bool from_client)
{
    teams_connection_find_signin(c);
    c->packets[from_client]++;
    c->bytes[from_client] += pinfo->fd->pkt_len;
    c->last = *teams_time(pinfo);
    c->last_frame = pinfo->num;
    if (!from_client)
        c->p->heard = *teams_time(pinfo);
    if (!from_client && c->state == TEAMS_CONNECTION_UNANSWERED)
        c->state = TEAMS_CONNECTION_USED;
    if (from_client && c->state == TEAMS_CONNECTION_UNANSWERED && c->packets[FROM_CLIENT] == QUIC_REPORTED)
        teams_connection_tell(pinfo, c, TEAMS_EXPERT_QUIC_UNANSWERED, "%s: %u packets in %.1f s",
            teams_connection_text(pinfo->pool, c), c->packets[FROM_CLIENT], ts_seconds(&c->start, teams_time(pinfo)));
    teams_requests_frame(pinfo, tree, c, from_client, pinfo->fd->pkt_len);
}

/* Named by its server name (teams_connection_names()); a ClientHello in pieces, or one that is not decrypted, shows none. */
static teams_connection *
quic_by_host(packet_info *pinfo)
{
    if (!proto_is_frame_protocol(pinfo->layers, "quic"))
        return NULL;
    teams_connection *c = teams_connection_new(pinfo, true, true);

    c->state = TEAMS_CONNECTION_UNANSWERED;
    teams_connection_name_by_host(c);
    return c;
}

static void
any_udp_frame(packet_info *pinfo, proto_tree *tree, const teams_net_host *to)
{
    const bool from_client = to != NULL;

    if ((from_client ? pinfo->destport : pinfo->srcport) != HTTPS_PORT)
        return;
    const ts_endpoint source = ts_endpoint_source(pinfo);
    const ts_endpoint destination = ts_endpoint_destination(pinfo);
    teams_connection *c = teams_connection_find(true, from_client ? &source : &destination, from_client ? &destination : &source);

    if (c == NULL && from_client && wmem_array_get_count(to->names) > 0)
        c = quic_by_host(pinfo);
    if (c != NULL && !c->p->ignored && ts_duplicate_of(pinfo).frame == 0)
        quic_frame(pinfo, tree, c, from_client);
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
    if (client->dns_refusals++ > 0)
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
    teams_connection *c = teams_connection_find(false, &refusal.source, &refusal.destination);

    if (c == NULL || c->p->ignored)
        return;
    c->icmp_text = refusal.text;
    if (c->icmp_router == NULL)
        c->icmp_router = address_to_str(wmem_file_scope(), &pinfo->src);
    if (c->state != TEAMS_CONNECTION_UNANSWERED)
        return;
    c->state = TEAMS_CONNECTION_PROHIBITED;
    c->end_frame = pinfo->num;
    teams_connection_tell(pinfo, c, TEAMS_EXPERT_TCP_PROHIBITED, "%s: ICMP %s from %s",
        teams_connection_text(pinfo->pool, c), refusal.text, c->icmp_router);
}

static void
ask_for_fields_of_hosts(void)
{
    if (teams_net_get()->asked)
        return;
    teams_net_get()->asked = true;
    ts_want_more_fields(fields_of_hosts);
}

void
teams_connection_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_frame_info *infos)
{
    teams_connection_names(pinfo, infos);
    teams_connection_http_any(pinfo, tree);
    if (pinfo->srcport == DNS_PORT)
        teams_resolver_heard(pinfo);
    if (wmem_map_size(teams_net_get()->hosts) == 0)
        return;
    ask_for_fields_of_hosts();
    teams_certificates_wait(pinfo);
    if (ts_frame_has_icmp(pinfo)) {
        refusal_frame(tvb, pinfo);
        return;
    }
    const teams_net_host *from = teams_net_host_of(&pinfo->src, false);
    const teams_net_host *to = teams_net_host_of(&pinfo->dst, false);

    if (to == NULL && from == NULL)
        to = identity_by_address(pinfo);
    if (from != NULL && from->probe)
        teams_connection_http_probe(pinfo, tree);
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
