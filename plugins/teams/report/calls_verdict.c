/* report_calls_verdict.c
 * What the report of calls concludes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Limits are those that Microsoft gives for a connection to its network
 * (round trip 100 ms, loss 1 %, jitter 30 ms); one stream of a capture is
 * measured where it was taken, so they are warnings and no more.
 */

#include "report/calls.h"

#include "common/endpoint.h"

#define LIMIT_RTT           0.100   /* seconds */
#define LIMIT_LOSS          1.0     /* percent */
#define LIMIT_JITTER        30.0    /* milliseconds */
#define MEASURED_PACKETS    50      /* too few say nothing of loss and jitter */

/* ---- ports ---- */

/* Client ports that Microsoft documents, of Teams and of Skype for Business before it. */
static const struct {
    uint16_t low;
    uint16_t high;
    ts_modality modality;
    const char *label;
} port_ranges[] = {
    { 50000, 50019, TS_MODALITY_AUDIO, "Teams audio 50000-50019" },
    { 50020, 50039, TS_MODALITY_VIDEO, "Teams video 50020-50039" },
    { 50040, 50059, TS_MODALITY_SHARING, "Teams sharing 50040-50059" },
    { 58000, 58019, TS_MODALITY_VIDEO, "Skype for Business video 58000-58019" },
    { 42000, 42019, TS_MODALITY_SHARING, "Skype for Business sharing 42000-42019" },
    { 42020, 42039, TS_MODALITY_DATA, "Skype for Business file transfer 42020-42039" },
};

const char *
calls_port_range(uint16_t port)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(port_ranges); i++)
        if (port >= port_ranges[i].low && port <= port_ranges[i].high)
            return port_ranges[i].label;
    return "";
}

/* ---- what can be said of a call ---- */

/* Media is sent only where a check was answered: then the capture lacks the answers. */
static bool
udp_unanswered(const calls_entry *entry)
{
    bool asked = false;

    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = &g_array_index(entry->remotes, calls_remote, i);

        if (remote->signalling || remote->tcp)
            continue;
        if (remote->packets[CALLS_RECEIVED] > 0 || remote->media_packets > 0)
            return false;
        asked = true;
    }
    return asked;
}

static bool
over_tcp(const calls_entry *entry)
{
    const calls_remote *settled = calls_settled(entry);

    return settled != NULL && settled->path == TEAMS_PATH_TCP_FALLBACK && calls_got_through(entry);
}

static bool
never_connected(const calls_entry *entry)
{
    return entry->check.frame != 0 && entry->media.frame == 0 && !calls_has_nomination(entry) && calls_kind_of(entry) != CALLS_PROBE &&
        entry->packets[CALLS_SENT] > 0;
}

static bool
one_way(const calls_entry *entry)
{
    const uint64_t sent = entry->media_packets[CALLS_SENT];
    const uint64_t received = entry->media_packets[CALLS_RECEIVED];

    return (sent == 0 && received > MEASURED_PACKETS) || (received == 0 && sent > MEASURED_PACKETS);
}

/* An unanswered call is not the capture's fault where the client got errors, or anything in its other calls. */
static bool
one_sided(const calls_entry *entry)
{
    if (g_hash_table_contains((GHashTable *)entry->two_sided, entry->call->client) || entry->refusals->len > 0)
        return false;
    return entry->packets[CALLS_SENT] == 0 || entry->packets[CALLS_RECEIVED] == 0;
}

static bool
ports_outside(const calls_entry *entry)
{
    if (!calls_got_through(entry))
        return false;
    for (unsigned i = 0; i < entry->ports->len; i++) {
        const calls_port *port = &g_array_index(entry->ports, calls_port, i);

        /* HTTPS beside media over UDP has any port. */
        if (calls_port_range(port->port)[0] == '\0' && (port->remote_port != 443 || over_tcp(entry)))
            return true;
    }
    return false;
}

static bool
only_3478(const calls_entry *entry)
{
    bool relay = false;

    if (!calls_got_through(entry))
        return false;
    for (unsigned i = 0; i < entry->ports->len; i++) {
        const uint16_t port = g_array_index(entry->ports, calls_port, i).remote_port;

        if (ts_modality_of_relay_port(port) != TS_MODALITY_UNKNOWN)
            return false;
        relay = relay || port == 3478;
    }
    return relay;
}

static bool
best_effort(const calls_entry *entry)
{
    bool seen = false;

    if (!calls_got_through(entry))
        return false;
    for (unsigned i = 0; i < entry->ports->len; i++) {
        const calls_port *port = &g_array_index(entry->ports, calls_port, i);

        for (unsigned dscp = 1; dscp < 64; dscp++)
            if (port->dscp[CALLS_SENT][dscp] != 0)
                return false;
        seen = seen || port->dscp[CALLS_SENT][0] != 0;
    }
    return seen;
}

static bool
slow_pair(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->pairs->len; i++) {
        const calls_pair *pair = &g_array_index(entry->pairs, calls_pair, i);

        if (pair->state == TS_PAIR_NOMINATED && pair->rtt_count > 0 && pair->rtt_sum / pair->rtt_count > LIMIT_RTT)
            return true;
    }
    return false;
}

static bool
lossy(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->streams->len; i++) {
        const teams_stream_stats *stats = &g_array_index(entry->streams, calls_stream, i).stats;

        if (stats->received >= MEASURED_PACKETS && teams_stream_stats_loss(stats) > LIMIT_LOSS)
            return true;
    }
    return false;
}

static bool
jittery(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->streams->len; i++) {
        const calls_stream *stream = &g_array_index(entry->streams, calls_stream, i);

        if (stream->stats.received >= MEASURED_PACKETS && stream->modality == TS_MODALITY_AUDIO &&
            teams_stream_stats_jitter(&stream->stats) > LIMIT_JITTER)
            return true;
    }
    return false;
}

static bool
unpublished(const calls_entry *entry)
{
    const calls_remote *settled = calls_settled(entry);

    return settled != NULL && calls_got_through(entry) && !calls_is_published(settled) && !ts_address_is_private(&settled->addr);
}

static bool
allocation_failed(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->allocations->len; i++)
        if (g_array_index(entry->allocations, calls_allocation, i).error_code != 0)
            return true;
    return false;
}

/* One row per thing to be said; tests see the whole call. */
static const struct {
    const char *code;
    int severity;
    bool (*holds)(const calls_entry *entry);
    const char *summary;
    const char *advice;
} rules[] = {
    { "call-not-connected", PI_ERROR, never_connected,
        "Candidates were checked, but no pair was nominated and no media flowed",
        "Look at the candidate pairs: where none answers, a firewall between client and relay or peer drops UDP." },
    { "udp-unanswered", PI_WARN, udp_unanswered,
        "Nothing that was sent over UDP had an answer",
        "Allow UDP 3478-3481 to the published media prefixes." },
    { "media-over-tcp", PI_WARN, over_tcp,
        "The traffic settled on TCP or TLS",
        "UDP is blocked or was slower to answer: open UDP 3478-3481, for TCP turns loss into delay." },
    { "allocation-failed", PI_WARN, allocation_failed,
        "A relay refused an allocation",
        "See the allocation's error code; wrong or expired credentials point to the client's clock or sign-in." },
    { "one-way-media", PI_WARN, one_way,
        "Media in one direction only",
        "A firewall or NAT lets one direction through, or the capture shows one side; compare with the far end." },
    { "one-sided-capture", PI_NOTE, one_sided,
        "Only one direction of the traffic is in the capture",
        "Capture where both directions pass; round trips and answers can't be judged." },
    { "loss", PI_WARN, lossy,
        "More than 1 % of a stream is missing",
        "Look for congestion or a bad link on the side where the stream comes from." },
    { "jitter", PI_WARN, jittery,
        "More than 30 ms of jitter on audio",
        "Look for congestion and for wireless; see the DSCP of the client ports." },
    { "round-trip", PI_NOTE, slow_pair,
        "The chosen pair's round trip is above 100 ms",
        "Check that traffic leaves locally and names were resolved near the client." },
    { "client-ports", PI_NOTE, ports_outside,
        "Client ports outside the ranges documented for QoS (50000-50059)",
        "Set the media port ranges in the meeting settings, else QoS by port can't work." },
    { "best-effort", PI_NOTE, best_effort,
        "All that the client sent is marked best effort (DSCP 0)",
        "Mark by port range: 46 audio, 34 video, 18 sharing." },
    { "unpublished-address", PI_NOTE, unpublished,
        "The traffic settled on an address outside Microsoft's published prefixes",
        "Known by its STUN and TURN, not by its address: a peer, or a server of that time. Address filters would miss it." },
    { "port-3478-only", PI_CHAT, only_3478,
        "No packet on the ports per modality, UDP 3479-3481",
        "Normal for clients that use 3478 for all media." },
};

/* Where something of a far end came back, one refusal more or less did not decide the call. */
static void
judge_refusals(const calls_entry *entry, GArray *verdicts)
{
    const ts_expert_row *row = &teams_expert_table.rows[TEAMS_EXPERT_REFUSED];

    for (unsigned i = 0; i < entry->refusals->len; i++) {
        const calls_refusal *refusal = &g_array_index(entry->refusals, calls_refusal, i);
        const calls_remote *remote = calls_remote_find(entry, refusal->flow);
        const bool answered = remote != NULL && remote->packets[CALLS_RECEIVED] > 0;

        char *detail = refusal->count == 1 ? g_strdup_printf("%s (frame %u)", refusal->detail, refusal->frame) :
            g_strdup_printf("%s (frame %u, %u times)", refusal->detail, refusal->frame, refusal->count);

        for (unsigned n = 0; n < refusal->count; n++)
            teams_verdicts_add(verdicts, answered ? PI_NOTE : PI_ERROR, row->code,
                answered ? "The network refused what the client sent to a far end that answered otherwise" : row->summary,
                row->advice, detail, refusal->frame);
        g_free(detail);
    }
}

GArray *
calls_judge(const calls_entry *entry)
{
    GArray *verdicts = teams_verdicts_new();

    teams_verdicts_add_all(verdicts, entry->verdicts);
    if (calls_kind_of(entry) != CALLS_CALL)
        return verdicts;
    judge_refusals(entry, verdicts);
    for (unsigned i = 0; i < G_N_ELEMENTS(rules); i++)
        if (rules[i].holds(entry))
            teams_verdicts_add(verdicts, rules[i].severity, rules[i].code, rules[i].summary, rules[i].advice, "", 0);
    return verdicts;
}

/* Whom a call went to; a peer's public address can't be told from that of a gateway. */
static const char *
direct_outcome(const calls_remote *settled, bool warned)
{
    if (settled->transport == TEAMS_TRANSPORT_TCP)
        return warned ? "The call went directly over TCP, with warnings; see the findings." : "The call went directly over TCP.";
    if (settled->prefix != NULL)
        return warned ? "The call went directly to a media server in Microsoft's cloud over UDP, with warnings; see the findings." :
            "The call went directly to a media server in Microsoft's cloud over UDP.";
    if (ts_address_is_private(&settled->addr))
        return warned ? "The call went directly to a peer in a private network over UDP, with warnings; see the findings." :
            "The call went directly to a peer in a private network over UDP.";
    return warned ? "The call went directly over UDP, to a peer or gateway outside Microsoft's cloud, with warnings; see the findings." :
        "The call went directly over UDP, to a peer or gateway outside Microsoft's cloud.";
}

const char *
calls_outcome(const calls_entry *entry, const GArray *verdicts)
{
    const calls_remote *settled = calls_settled(entry);
    const int worst = teams_verdicts_worst(verdicts);
    const char *of_kind = calls_kind_outcome(calls_kind_of(entry));

    if (of_kind != NULL)
        return of_kind;
    if (calls_is_blocked(entry))
        return over_tcp(entry) ? "UDP is blocked: the network refused it to all relays. The call went through a relay over TCP or TLS." :
            "UDP is blocked: the network refused all that was sent to relays.";
    if (never_connected(entry))
        return "The call did not connect in this capture.";
    if (settled == NULL || !calls_got_through(entry))
        return "Set-up only: no nominated pair and no media in this capture.";
    if (calls_is_cut_off(entry))
        return "The call connected, but then the far end fell silent while media was still sent; see the findings.";
    if (settled->path == TEAMS_PATH_TCP_FALLBACK)
        return "The call went through a relay over TCP or TLS.";
    if (settled->path == TEAMS_PATH_DIRECT)
        return direct_outcome(settled, worst >= PI_WARN);
    return worst >= PI_WARN ? "The call went through a relay over UDP, with warnings; see the findings." :
        "The call went through a relay over UDP.";
}
