/* calls_verdict.c
 * What the report of calls concludes: kind, roles of the remotes, problems, verdict
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Limits are those that Microsoft gives for a connection to its network
 * (round trip 100 ms, loss 1 %, jitter 30 ms); one stream of a capture is
 * measured where it was taken, so they are warnings and no more.
 */

#include "report/calls.h"

#include <math.h>
#include <string.h>

#include "common/endpoint.h"
#include "preferences.h"

#define LIMIT_ROUND_TRIP    0.100   /* seconds */
#define LIMIT_LOSS          1.0     /* percent */
#define LIMIT_JITTER        30.0    /* milliseconds */
#define JITTER_BESIDE_LOSS  10.0    /* no problem of its own, but congestion does both */
#define PROBE_PACKETS       200     /* a connectivity test is no longer than this */
#define SHORT_PACKETS       100     /* an exchange that the traffic left again */
#define AT_ONCE             0.5     /* seconds between the starts of probes that run at once */
#define SILENT_PACKETS      3       /* sent to a relay over SILENT_SECONDS without a packet back: it is silent */
#define SILENT_SECONDS      1.0
#define SILENT_TO_END       5.0     /* or asked at all so long before the call's last frame */
#define FRAMES_AROUND       0.25    /* seconds: what a gap may be longer than the silence in it, by its first and last packet */
#define SILENT_RELAYS       2       /* beside one that answers */

/* ---- addresses and ports ---- */

const char *
calls_port_range(uint16_t port)
{
    const ts_port_range *range = ts_client_port_range(port);

    return range == NULL ? "" : range->label;
}

/* Relay addresses that are the same in all regions, IPv4 in network byte order. */
static const struct {
    uint8_t address[4];
    const char *source;
} anycast[] = {
    { { 13, 107, 8, 22 }, "capture of a Teams client, 2017" },
    { { 52, 113, 192, 2 }, "msxfaq.de, Teams transport relay" },
};

static bool
is_anycast(const calls_remote *remote)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(anycast); i++)
        if (remote->addr.type == AT_IPv4 && memcmp(remote->addr.data, anycast[i].address, 4) == 0)
            return true;
    return remote->prefix != NULL && remote->prefix->use == TS_PREFIX_EDGE;
}

bool
calls_is_published(const calls_remote *remote)
{
    return remote->prefix != NULL && ts_prefix_is_published(remote->prefix);
}

double
calls_share(const calls_entry *entry, const calls_remote *remote)
{
    const uint64_t all = entry->bytes[0] + entry->bytes[1];

    return all == 0 ? 0 : 100.0 * (double)(remote->bytes[0] + remote->bytes[1]) / (double)all;
}

static uint64_t
all_packets(const calls_entry *entry)
{
    return entry->packets[CALLS_SENT] + entry->packets[CALLS_RECEIVED];
}

static const calls_remote *
remote_at(const calls_entry *entry, unsigned i)
{
    return (const calls_remote *)g_ptr_array_index(entry->remotes, i);
}

static const calls_pair *
pair_at(const calls_entry *entry, unsigned i)
{
    return &g_array_index(entry->pairs, calls_pair, i);
}

static const calls_allocation *
allocation_at(const calls_entry *entry, unsigned i)
{
    return &g_array_index(entry->allocations, calls_allocation, i);
}

static const calls_stream *
stream_at(const calls_entry *entry, unsigned i)
{
    return &g_array_index(entry->streams, calls_stream, i);
}

static const calls_port *
port_at(const calls_entry *entry, unsigned i)
{
    return &g_array_index(entry->ports, calls_port, i);
}

/* ---- the path ---- */

/* Of one connection: tries one after the other add up to no media. */
static bool
is_inside_tls(const calls_entry *entry)
{
    const calls_remote *tls = entry->tls;

    return tls != NULL && !entry->udp_relay_answered &&
        tls->most_packets > SHORT_PACKETS && tls->packets[CALLS_SENT] > 0 && tls->packets[CALLS_RECEIVED] > 0;
}

const calls_remote *
calls_selected(const calls_entry *entry)
{
    if (entry->best != NULL)
        return entry->best;
    return is_inside_tls(entry) ? entry->tls : NULL;
}

static bool
has_nomination(const calls_entry *entry)
{
    return entry->nomination.frame != 0 || entry->nominated_before != 0;
}

static bool
got_through(const calls_entry *entry)
{
    return entry->media.frame != 0 || has_nomination(entry) || calls_selected(entry) != NULL;
}

bool
calls_got_through(const calls_entry *entry)
{
    return got_through(entry);
}

teams_path
calls_path(const calls_entry *entry)
{
    const calls_remote *selected = calls_selected(entry);

    if (selected == NULL)
        return TEAMS_PATH_UNKNOWN;
    return entry->best == NULL ? TEAMS_PATH_TCP_FALLBACK : selected->path;
}

static bool
is_over_tcp(const calls_entry *entry)
{
    return calls_path(entry) == TEAMS_PATH_TCP_FALLBACK;
}

const calls_pair *
calls_main_pair(const calls_entry *entry)
{
    const calls_pair *best = NULL;

    for (unsigned i = 0; i < entry->pairs->len; i++) {
        const calls_pair *pair = pair_at(entry, i);
        const bool nominated = pair->nominated_frame != 0;

        if (pair->round_trip_count == 0)
            continue;
        if (best == NULL || (nominated && best->nominated_frame == 0) ||
            (nominated == (best->nominated_frame != 0) && pair->round_trip_count > best->round_trip_count))
            best = pair;
    }
    return best;
}

/* ---- what it is ---- */

static bool
has_second_address(const calls_entry *entry)
{
    for (unsigned i = 1; i < entry->remotes->len; i++)
        if (!addresses_equal(&remote_at(entry, i)->addr, &remote_at(entry, 0)->addr))
            return true;
    return false;
}

static bool
is_cut_short(const calls_entry *entry)
{
    return entry->cut_packets[CALLS_SENT] > 0 || entry->cut_packets[CALLS_RECEIVED] > 0;
}

/* A short exchange with the anycast address, then with a second one. Where nobody answered, it is no test that ended. */
static bool
is_probe(const calls_entry *entry)
{
    if (!has_second_address(entry) || entry->packets[CALLS_RECEIVED] == 0 || is_cut_short(entry))
        return false;
    return is_anycast(remote_at(entry, 0)) && !has_nomination(entry) && entry->check.frame == 0 &&
        all_packets(entry) <= PROBE_PACKETS;
}

/* TLS that relays answered, too little for media, and nothing of a call beside it. */
static bool
is_exchange(const calls_entry *entry)
{
    if (entry->allocation.frame != 0 || entry->check.frame != 0 || entry->media.frame != 0 || entry->remotes->len == 0 ||
        entry->packets[CALLS_RECEIVED] == 0)
        return false;
    const bool cut = entry->cut_segments[CALLS_SENT] || entry->cut_segments[CALLS_RECEIVED];

    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = remote_at(entry, i);

        /* What is in TLS is not seen, cut off or not. */
        if (!remote->tcp || remote->silent || remote->most_packets > SHORT_PACKETS || (cut && remote->transport != TEAMS_TRANSPORT_TLS))
            return false;
    }
    return true;
}

static bool
is_of_another_address(const calls_entry *entry)
{
    return entry->elsewhere != NULL && !got_through(entry) && entry->control_packets == 0;
}

/* One row per kind. */
static const struct {
    const char *name;
    const char *title;
    bool (*holds)(const calls_entry *entry);
} kinds[CALLS_KIND_COUNT] = {
    [CALLS_CALL] = { "call", "Call", NULL },
    [CALLS_PROBE] = { "connectivity-probe", "Connectivity probe", is_probe },
    [CALLS_OTHER_ADDRESS] = { "other-address", "Checks of a call from another address", is_of_another_address },
    [CALLS_EXCHANGE] = { "relay-exchange", "Short exchange with a relay", is_exchange },
};

static calls_kind
kind_of(const calls_entry *entry)
{
    for (unsigned kind = 0; kind < CALLS_KIND_COUNT; kind++)
        if (kinds[kind].holds != NULL && kinds[kind].holds(entry))
            return (calls_kind)kind;
    return CALLS_CALL;
}

const char *
calls_kind_title(calls_kind kind)
{
    return kinds[kind].title;
}

const char *
calls_kind_name(unsigned kind)
{
    return kind < CALLS_KIND_COUNT ? kinds[kind].name : NULL;
}

/* ---- what the capture lacks ---- */

/* The one side answers checks, and none is in the capture: what the other side sends arrives there, and passes the capture by. */
static bool
passes_by(const calls_entry *entry, unsigned direction)
{
    const unsigned other = direction == CALLS_SENT ? CALLS_RECEIVED : CALLS_SENT;

    return entry->checks[direction] == 0 && entry->check_answers[other] > 1;
}

/* An unanswered call is not the capture's fault where the client got errors, or anything else in this capture. */
static bool
lacks_direction(const calls_entry *entry)
{
    return !g_hash_table_contains((GHashTable *)entry->two_sided, entry->call->client) && entry->refusals->len == 0 &&
        (entry->packets[CALLS_SENT] == 0 || entry->packets[CALLS_RECEIVED] == 0);
}

/* ---- roles ---- */

typedef enum {
    ROLE_SIGNALLING, ROLE_TRIED, ROLE_CONNECTED, ROLE_UNSEEN, ROLE_SILENT, ROLE_UNUSED, ROLE_ANYCAST_KEPT, ROLE_ANYCAST_LEFT, ROLE_SELECTED_OF_MANY,
    ROLE_SELECTED, ROLE_AGREED, ROLE_PROBED, ROLE_SHORT, ROLE_USED
} remote_role;

static const struct {
    const char *code;
    const char *label;
} roles[] = {
    [ROLE_SIGNALLING] = { "signalling", "signalling (flightproxy)" },
    [ROLE_TRIED] = { "tried", "tried for a moment" },
    [ROLE_CONNECTED] = { "tcp-only", "answered over TCP, and no data from it is in the capture" },
    [ROLE_UNSEEN] = { "unseen", "only what was sent to it is in the capture" },
    [ROLE_SILENT] = { "no-answer", "did not answer" },
    [ROLE_UNUSED] = { "answered", "answered; no media with it is known in this capture" },
    [ROLE_ANYCAST_KEPT] = { "anycast-selected", "anycast, and the call stayed there" },
    [ROLE_ANYCAST_LEFT] = { "anycast", "anycast, then handed over to another address" },
    [ROLE_SELECTED_OF_MANY] = { "selected-of-several", "probed at once with others; the call went here" },
    [ROLE_SELECTED] = { "selected", "carried the call" },
    [ROLE_AGREED] = { "agreed", "agreed for the call; no media of it is known in this capture" },
    [ROLE_PROBED] = { "probed", "probed at once with others, not used" },
    [ROLE_SHORT] = { "short", "short exchange, then not used" },
    [ROLE_USED] = { "used", "used, but not for most of the media" },
};

static remote_role
role_of(const calls_entry *entry, const calls_remote *remote)
{
    const bool unheard = !remote->selected && remote->packets[CALLS_RECEIVED] == 0;

    if (remote->signalling)
        return ROLE_SIGNALLING;
    if (entry->kind == CALLS_EXCHANGE)
        return ROLE_TRIED;
    if (!remote->selected && remote->silent)
        return ROLE_CONNECTED;
    if (unheard && (remote->unseen || lacks_direction(entry)))
        return ROLE_UNSEEN;
    if (unheard && (entry->packets[CALLS_RECEIVED] > 0 || !got_through(entry)))
        return ROLE_SILENT;
    if (!got_through(entry) && entry->kind != CALLS_PROBE)
        return ROLE_UNUSED;
    if (remote->selected && has_nomination(entry) && entry->media.frame == 0)
        return ROLE_AGREED;
    if (remote->anycast)
        return remote->selected ? ROLE_ANYCAST_KEPT : ROLE_ANYCAST_LEFT;
    if (remote->selected)
        return remote->probed_at_once ? ROLE_SELECTED_OF_MANY : ROLE_SELECTED;
    if (remote->probed_at_once)
        return ROLE_PROBED;
    return calls_remote_packets(remote) <= SHORT_PACKETS ? ROLE_SHORT : ROLE_USED;
}

static int
by_start(const void *a, const void *b)
{
    return nstime_cmp(&(*(const calls_remote *const *)a)->first, &(*(const calls_remote *const *)b)->first);
}

/* Neighbours in time: two rows of one address (UDP, TCP) are no two probes, so the next but one counts too. */
static void
mark_probes(const calls_entry *entry)
{
    GPtrArray *sorted = g_ptr_array_new();

    for (unsigned i = 0; i < entry->remotes->len; i++)
        if (!remote_at(entry, i)->signalling && !is_anycast(remote_at(entry, i)))
            g_ptr_array_add(sorted, g_ptr_array_index(entry->remotes, i));
    g_ptr_array_sort(sorted, by_start);
    for (unsigned i = 0; i < sorted->len; i++)
        for (unsigned j = i + 1; j < sorted->len && j <= i + 2; j++) {
            calls_remote *one = (calls_remote *)g_ptr_array_index(sorted, i);
            calls_remote *other = (calls_remote *)g_ptr_array_index(sorted, j);

            if (!addresses_equal(&one->addr, &other->addr) && ts_seconds(&one->first, &other->first) <= AT_ONCE)
                one->probed_at_once = other->probed_at_once = true;
        }
    g_ptr_array_unref(sorted);
}

static void
conclude_remotes(calls_entry *entry)
{
    mark_probes(entry);
    for (unsigned i = 0; i < entry->refusals->len; i++) {
        calls_remote *remote = calls_remote_find(entry, g_array_index(entry->refusals, calls_refusal, i).flow);

        if (remote != NULL)
            remote->refused = true;
    }
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        calls_remote *remote = (calls_remote *)g_ptr_array_index(entry->remotes, i);

        remote->selected = remote == entry->selected;
        remote->anycast = is_anycast(remote);
        const remote_role role = role_of(entry, remote);

        remote->role = roles[role].code;
        remote->role_label = roles[role].label;
    }
}

/* ---- problems ---- */

/* What shows a problem. Who asks only whether there is one passes NULL for it. */
typedef struct {
    report_texts *details;
    uint32_t frame;     /* the first one; 0: only the whole call shows it */
} calls_proof;

static void
add_frame(calls_proof *proof, uint32_t frame)
{
    if (proof != NULL && frame != 0 && (proof->frame == 0 || frame < proof->frame))
        proof->frame = frame;
}

/* One detail, and its frame or 0. */
G_GNUC_PRINTF(3, 4)
static void
add_detail(calls_proof *proof, uint32_t frame, const char *format, ...)
{
    va_list arguments;

    if (proof == NULL)
        return;
    va_start(arguments, format);
    char *detail = g_strdup_vprintf(format, arguments);
    va_end(arguments);

    report_texts_add(proof->details, detail);
    add_frame(proof, frame);
    g_free(detail);
}

double
calls_stream_loss(const calls_stream *stream)
{
    const uint64_t expected = ts_stream_stats_expected(&stream->stats);
    const uint64_t lost = ts_stream_stats_lost(&stream->stats);

    if (lost < stream->missing_in_gaps || expected <= stream->missing_in_gaps)
        return 0;
    return 100.0 * (double)(lost - stream->missing_in_gaps) / (double)(expected - stream->missing_in_gaps);
}

static bool
is_one_sided(const calls_entry *entry, calls_proof *proof)
{
    if (!lacks_direction(entry))
        return false;
    add_detail(proof, 0, "what the client %s", entry->packets[CALLS_SENT] > 0 ? "sent" : "received");
    return true;
}

static int
frames_in_order(const void *a, const void *b)
{
    return GPOINTER_TO_UINT(a) < GPOINTER_TO_UINT(b) ? -1 : GPOINTER_TO_UINT(a) > GPOINTER_TO_UINT(b);
}

static bool
is_consent_lost(const calls_entry *entry, calls_proof *proof)
{
    if (is_one_sided(entry, NULL) || passes_by(entry, CALLS_RECEIVED))
        return false;
    GList *frames = g_list_sort(g_hash_table_get_values(entry->consent_lost), frames_in_order);

    for (const GList *at = frames; at != NULL; at = at->next)
        add_detail(proof, GPOINTER_TO_UINT(at->data), "frame %u", GPOINTER_TO_UINT(at->data));
    g_list_free(frames);
    return g_hash_table_size(entry->consent_lost) > 0;
}

/* Adds a detail about a stream: "received audio 8.1 %". */
G_GNUC_PRINTF(3, 4)
static void
stream_detail(calls_proof *proof, const calls_stream *stream, const char *format, ...)
{
    const char *modality = ts_modality_name(stream->modality);
    va_list arguments;

    va_start(arguments, format);
    char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);

    add_detail(proof, 0, "%s %s %s (SSRC 0x%08x)", stream->direction == CALLS_SENT ? "sent" : "received",
        modality[0] == '\0' ? "media" : modality, what, stream->ssrc);
    g_free(what);
}

/* Something came back from a relay or a peer: whatever happened to the rest, UDP as such is not blocked. */
static bool
has_udp_answer(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = remote_at(entry, i);

        if (!remote->tcp && !remote->signalling && remote->packets[CALLS_RECEIVED] > 0)
            return true;
    }
    return false;
}

/* Where nothing came back over UDP, the way of the call may be one over TCP, which is not seen to be a relay's where it is cut short. */
static bool
may_be_over_cut_tcp(const calls_entry *entry)
{
    return teams_model_get()->segments_cut && !has_udp_answer(entry);
}

/* All relays that were asked over UDP. */
static bool
are_relays_refused(const calls_entry *entry)
{
    bool refused = false;

    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = remote_at(entry, i);

        if (remote->tcp || remote->signalling || !ts_port_is_relay(g_array_index(remote->ports, uint16_t, 0)))
            continue;
        if (remote->packets[CALLS_RECEIVED] > 0 || !remote->refused)
            return false;
        refused = true;
    }
    return refused;
}

/*
 * Media is sent only where a check was answered: then the capture lacks the answers. Within a second of the first packet some may be on
 * their way. Peers alone may not answer because nobody takes the call.
 */
static bool
is_udp_unanswered(const calls_entry *entry, calls_proof *proof)
{
    bool asked = false;

    if (is_one_sided(entry, NULL) || ts_seconds(&entry->first, &entry->last) < SILENT_SECONDS)
        return false;
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = remote_at(entry, i);

        if (remote->signalling || remote->tcp)
            continue;
        if (remote->packets[CALLS_RECEIVED] > 0 || remote->media_packets > 0)
            return false;
        asked = asked || ts_port_is_relay(g_array_index(remote->ports, uint16_t, 0));
    }
    for (unsigned i = 0; i < entry->remotes->len && proof != NULL; i++) {
        const calls_remote *remote = remote_at(entry, i);

        if (remote->signalling || remote->tcp)
            continue;
        char *address = report_address(&remote->addr);

        add_detail(proof, remote->first_frame, "%s (%" PRIu64 " packets)", address, remote->packets[CALLS_SENT]);
        g_free(address);
    }
    return asked;
}

/*
 * Who wants to connect sends a check again until it is answered. Messages that
 * stand alone, as those of a document do, are no call that failed.
 */
static bool
is_in_earnest(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->pairs->len; i++) {
        const calls_pair *pair = pair_at(entry, i);

        /* One answered check of one pair may keep a path alive that was agreed before the capture. */
        if (pair->requests > 1 || (pair->round_trip_count > 0 && entry->pairs->len > 1))
            return true;
    }
    return entry->refusals->len > 0 || entry->allocations->len > 0;
}

/* Was a check of the client's answered in this frame or later? Then what it sends arrives, and something comes back. */
static bool
is_answered_from(const calls_entry *entry, uint32_t frame)
{
    for (unsigned i = 0; i < entry->pairs->len; i++)
        if (pair_at(entry, i)->answered_frame > frame)
            return true;
    return false;
}

/* RTCP or a check of the other side's came where media had been sent: the way back is open, too. */
static bool
is_heard(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->flows->len; i++) {
        const calls_flow *part = (const calls_flow *)g_ptr_array_index(entry->flows, i);

        if (part->sent_frame != 0 && part->heard_frame > part->sent_frame)
            return true;
    }
    return false;
}

/* Clients check while the other side rings, and one that declines or takes the call elsewhere answers nothing. */
static bool
was_given_time(const calls_entry *entry)
{
    return entry->refusals->len > 0 || ts_seconds(&entry->check.when, &entry->last) >= SILENT_TO_END;
}

/* A path was there: what became of the call is another matter, which may come after the capture. */
static bool
is_only_answered(const calls_entry *entry)
{
    return entry->check.frame != 0 && !got_through(entry) && is_answered_from(entry, 0) && is_in_earnest(entry);
}

/* RTCP reports about media that went the same way, before the capture began or where it does not show it. */
static bool
has_reports_alone(const calls_entry *entry)
{
    return entry->control_packets > 0 && !got_through(entry);
}

static bool
never_connected(const calls_entry *entry, calls_proof *proof _U_)
{
    return entry->check.frame != 0 && !is_only_answered(entry) && !got_through(entry) && !has_reports_alone(entry) &&
        entry->kind != CALLS_PROBE && entry->packets[CALLS_SENT] > 0 && !is_cut_short(entry) && !may_be_over_cut_tcp(entry) && !is_one_sided(entry, NULL) && is_in_earnest(entry) &&
        was_given_time(entry);
}

/* Asked over UDP several times, or long ago. What was refused is told as that. */
static bool
is_silent_relay(const calls_entry *entry, const calls_remote *remote)
{
    const bool asked_again = remote->packets[CALLS_SENT] >= SILENT_PACKETS && ts_seconds(&remote->first, &remote->last) >= SILENT_SECONDS;

    return !remote->refused && remote->packets[CALLS_RECEIVED] == 0 &&
        (asked_again || ts_seconds(&remote->last, &entry->last) >= SILENT_TO_END);
}

/* Without one that did, TCP may as well be the client's choice, or UDP was tried before the capture. */
static bool
has_relay_failed_over_udp(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->remotes->len && !is_one_sided(entry, NULL); i++) {
        const calls_remote *remote = remote_at(entry, i);

        if (remote->tcp || remote->signalling || !ts_port_is_relay(g_array_index(remote->ports, uint16_t, 0)))
            continue;
        if (remote->refused || is_silent_relay(entry, remote))
            return true;
    }
    return false;
}

static bool
is_over_tcp_for_udp(const calls_entry *entry, calls_proof *proof _U_)
{
    return is_over_tcp(entry) && !entry->udp_relay_answered && has_relay_failed_over_udp(entry);
}

static bool
is_over_tcp_unexplained(const calls_entry *entry, calls_proof *proof _U_)
{
    return is_over_tcp(entry) && !entry->udp_relay_answered && !has_relay_failed_over_udp(entry);
}

static bool
is_over_tcp_beside_udp(const calls_entry *entry, calls_proof *proof _U_)
{
    return is_over_tcp(entry) && entry->udp_relay_answered;
}

/* 401 to credentials, and those that say why: RFC 8489, [MS-TURN]. */
static bool
is_credential_error(const calls_allocation *allocation)
{
    return (allocation->error_code == 401 && allocation->credential != 0) || allocation->error_code == 430 || allocation->error_code == 431 ||
        allocation->error_code == 436 || allocation->error_code == 441;
}

static bool
any_refused(const calls_entry *entry, calls_proof *proof, bool credentials)
{
    bool refused = false;

    for (unsigned i = 0; i < entry->allocations->len; i++) {
        const calls_allocation *allocation = allocation_at(entry, i);

        if (allocation->error_code == 0 || is_credential_error(allocation) != credentials)
            continue;
        refused = true;
        char *server = report_endpoint(&allocation->server);

        if (allocation->refusals > 1)
            add_detail(proof, allocation->error_frame, "error %u from %s (%u times, the last in frame %u)", allocation->error_code, server,
                allocation->refusals, allocation->error_frame);
        else
            add_detail(proof, allocation->error_frame, "error %u from %s (frame %u)", allocation->error_code, server, allocation->error_frame);
        g_free(server);
    }
    return refused;
}

static bool
credentials_refused(const calls_entry *entry, calls_proof *proof)
{
    return any_refused(entry, proof, true);
}

/* By the time in the user name and that of the capture; what the relay made of them is told with it. */
static bool
credentials_expired(const calls_entry *entry, calls_proof *proof)
{
    bool expired = false;

    for (unsigned i = 0; i < entry->allocations->len; i++) {
        const calls_allocation *allocation = allocation_at(entry, i);

        if (allocation->expired_frame == 0)
            continue;
        expired = true;
        char *server = report_endpoint(&allocation->server);

        add_detail(proof, allocation->expired_frame, "to %s (frame %u), which %s", server, allocation->expired_frame,
            allocation->error_code != 0 ? "refused them" :
            allocation->granted_frame > allocation->expired_frame ? "accepted them" : "did not answer");
        g_free(server);
    }
    return expired;
}

static bool
allocation_refused(const calls_entry *entry, calls_proof *proof)
{
    return any_refused(entry, proof, false);
}

static bool
any_granted(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->allocations->len; i++)
        if (allocation_at(entry, i)->granted_frame != 0)
            return true;
    return false;
}

static bool
is_udp_relay(const calls_remote *remote)
{
    return !remote->tcp && remote->asked;
}

static bool
are_relays_silent(const calls_entry *entry, calls_proof *proof)
{
    const calls_remote *answered = NULL;
    unsigned silent = 0;

    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = remote_at(entry, i);

        if (!is_udp_relay(remote))
            continue;
        if (remote->packets[CALLS_RECEIVED] > 0 && answered != NULL)
            return false;
        if (remote->packets[CALLS_RECEIVED] > 0)
            answered = remote;
        else
            silent += is_silent_relay(entry, remote) ? 1 : 0;
    }
    if (answered == NULL || silent < SILENT_RELAYS)
        return false;
    for (unsigned i = 0; i < entry->remotes->len; i++) {
        const calls_remote *remote = remote_at(entry, i);

        if (remote != answered && (!is_udp_relay(remote) || !is_silent_relay(entry, remote)))
            continue;
        char *address = report_address(&remote->addr);

        if (remote == answered)
            add_detail(proof, 0, "%s answered", address);
        else
            add_detail(proof, remote->first_frame, "%s: %" PRIu64 " sent, none received", address, remote->packets[CALLS_SENT]);
        g_free(address);
    }
    return true;
}

/* A capture of one direction says nothing of the other. */
static bool
went_one_way(const calls_entry *entry, unsigned with, unsigned without)
{
    return entry->media_packets[without] == 0 && entry->media_packets[with] > CALLS_MEASURED_PACKETS && entry->cut_packets[without] == 0 &&
        !entry->cut_segments[without] && !is_one_sided(entry, NULL) && !passes_by(entry, without);
}

static bool
only_sent(const calls_entry *entry, calls_proof *proof _U_)
{
    return !entry->direct_routing && went_one_way(entry, CALLS_SENT, CALLS_RECEIVED);
}

static bool
only_received(const calls_entry *entry, calls_proof *proof _U_)
{
    return !entry->direct_routing && went_one_way(entry, CALLS_RECEIVED, CALLS_SENT);
}

/* Of Direct Routing the signalling is inside TLS: no frame tells whether such a call was answered, or is on hold. */
static bool
is_only_sent_by_sbc(const calls_entry *entry, calls_proof *proof _U_)
{
    return entry->direct_routing && went_one_way(entry, CALLS_SENT, CALLS_RECEIVED);
}

static bool
is_only_received_by_sbc(const calls_entry *entry, calls_proof *proof _U_)
{
    return entry->direct_routing && went_one_way(entry, CALLS_RECEIVED, CALLS_SENT);
}

/* Since media flows, checks were answered: then no firewall or NAT lets only one direction through. */
static bool
only_sent_on_open_path(const calls_entry *entry, calls_proof *proof)
{
    return only_sent(entry, proof) && is_answered_from(entry, entry->media.frame);
}

static bool
only_sent_but_heard(const calls_entry *entry, calls_proof *proof)
{
    return only_sent(entry, proof) && !is_answered_from(entry, entry->media.frame) && is_heard(entry);
}

static bool
is_dark(const calls_entry *entry)
{
    return only_sent(entry, NULL) && !is_answered_from(entry, entry->media.frame) && !is_heard(entry);
}

/* Whoever connects sends before the other side does, and may hang up, or the capture end, before that. */
static bool
is_dark_for_a_moment(const calls_entry *entry)
{
    return is_dark(entry) && ts_seconds(&entry->media.when, &entry->sent) < SILENT_TO_END;
}

static bool
only_sent_into_the_dark(const calls_entry *entry, calls_proof *proof _U_)
{
    return is_dark(entry) && !is_dark_for_a_moment(entry);
}

static bool
only_received_on_open_path(const calls_entry *entry, calls_proof *proof)
{
    return only_received(entry, proof) && is_answered_from(entry, entry->media.frame);
}

static bool
only_received_unproven(const calls_entry *entry, calls_proof *proof)
{
    return only_received(entry, proof) && !is_answered_from(entry, entry->media.frame);
}

bool
calls_is_gap_of_capture(const calls_gap *gap)
{
    return teams_clock_is_silent(&gap->begin, &gap->end, FRAMES_AROUND);
}

typedef enum { GAP_RECEIVED, GAP_SENT, GAP_CAPTURE } gap_kind;

static gap_kind
gap_kind_of(const calls_stream *stream, const calls_gap *gap)
{
    return calls_is_gap_of_capture(gap) ? GAP_CAPTURE : stream->direction == CALLS_SENT ? GAP_SENT : GAP_RECEIVED;
}

/* A segment has several packets: those in what was cut off of it are missing in the capture alone. */
bool
calls_is_cut_inside(const calls_entry *entry, const calls_stream *stream)
{
    const teams_transport transport = stream->flow->base.transport;

    return (transport == TEAMS_TRANSPORT_TCP || transport == TEAMS_TRANSPORT_PSEUDO_TLS) && entry->cut_segments[stream->direction];
}

static bool
has_gaps_of(const calls_entry *entry, gap_kind kind, calls_proof *proof)
{
    bool found = false;

    for (unsigned i = 0; i < entry->streams->len; i++)
        for (unsigned g = 0; g < stream_at(entry, i)->gaps->len; g++) {
            const calls_gap *gap = &g_array_index(stream_at(entry, i)->gaps, calls_gap, g);

            if (gap_kind_of(stream_at(entry, i), gap) != kind || calls_is_cut_inside(entry, stream_at(entry, i)))
                continue;
            found = true;
            add_frame(proof, gap->last_frame);      /* the first one after it */
            stream_detail(proof, stream_at(entry, i), "missing for %.1f s from %.1f s of the call on, frames %u to %u",
                gap->seconds, gap->time, gap->first_frame, gap->last_frame);
        }
    return found;
}

static bool
has_gaps(const calls_entry *entry, calls_proof *proof)
{
    return has_gaps_of(entry, GAP_RECEIVED, proof);
}

static bool
has_sent_gaps(const calls_entry *entry, calls_proof *proof)
{
    return has_gaps_of(entry, GAP_SENT, proof);
}

static bool
has_capture_gaps(const calls_entry *entry, calls_proof *proof)
{
    return has_gaps_of(entry, GAP_CAPTURE, proof);
}

/* The frame is the first one that packets are missing before, of the worst stream. */
static bool
is_lossy(const calls_entry *entry, calls_proof *proof)
{
    const calls_stream *worst = NULL;

    for (unsigned i = 0; i < entry->streams->len; i++) {
        const calls_stream *stream = stream_at(entry, i);
        const double loss = calls_stream_loss(stream), jitter = ts_stream_stats_jitter_mean(&stream->stats);

        if (stream->stats.received < CALLS_MEASURED_PACKETS || loss <= LIMIT_LOSS || calls_is_cut_inside(entry, stream))
            continue;
        worst = worst == NULL || loss > calls_stream_loss(worst) ? stream : worst;
        if (jitter >= JITTER_BESIDE_LOSS && jitter <= LIMIT_JITTER)
            stream_detail(proof, stream, "%.1f %%, with %.0f ms of jitter", loss, jitter);
        else
            stream_detail(proof, stream, "%.1f %%", loss);
    }
    add_frame(proof, worst == NULL ? 0 : worst->lost_frame);
    return worst != NULL;
}

/* For 15 seconds, and not at one packet. The frame is where it was highest in them. */
static bool
is_jittery(const calls_entry *entry, calls_proof *proof)
{
    const calls_stream *worst = NULL;

    for (unsigned i = 0; i < entry->streams->len; i++) {
        const calls_stream *stream = stream_at(entry, i);
        const calls_jitter *jitter = &stream->jitter;

        if (stream->stats.received < CALLS_MEASURED_PACKETS || stream->modality != TS_MODALITY_AUDIO || jitter->worst <= LIMIT_JITTER)
            continue;
        worst = worst == NULL || jitter->worst > worst->jitter.worst ? stream : worst;
        stream_detail(proof, stream, "%.1f ms over %.1f s from %.1f s of the call on, mean of the stream %.1f ms", jitter->worst,
            jitter->worst_seconds, jitter->worst_time - report_time(&entry->first), ts_stream_stats_jitter_mean(&stream->stats));
    }
    add_frame(proof, worst == NULL ? 0 : worst->jitter.worst_frame);
    return worst != NULL;
}

/* The frame is the slowest answer on such a pair. */
static bool
is_far(const calls_entry *entry, calls_proof *proof)
{
    const calls_pair *worst = NULL;

    for (unsigned i = 0; i < entry->pairs->len; i++) {
        const calls_pair *pair = pair_at(entry, i);

        if (pair->state != TS_PAIR_NOMINATED || pair->round_trip_count == 0 || pair->round_trip_mean <= LIMIT_ROUND_TRIP)
            continue;
        char *remote = report_endpoint(&pair->remote);

        worst = worst == NULL || pair->round_trip_max > worst->round_trip_max ? pair : worst;
        add_detail(proof, 0, "%.0f ms to %s (pair %u)", pair->round_trip_mean * 1000, remote, pair->number);
        g_free(remote);
    }
    add_frame(proof, worst == NULL ? 0 : worst->slowest_frame);
    return worst != NULL;
}

/* A public address over IPv4 is that of a NAT for the most part, and so are its ports. */
static bool
is_of_translator(const address *client)
{
    return client->type == AT_IPv4 && !ts_address_is_private(client);
}

static bool
has_ports_outside(const calls_entry *entry, calls_proof *proof)
{
    bool found = false;

    /* HTTPS beside media over UDP has any port, and so have session border controllers and clients of other products. */
    for (unsigned i = 0; i < entry->ports->len && got_through(entry) && entry->teams && !entry->direct_routing; i++) {
        const calls_port *port = port_at(entry, i);

        if (calls_port_range(port->port)[0] != '\0' || (port->remote_port == 443 && !is_over_tcp(entry)) || is_of_translator(&port->flow->client_end.addr))
            continue;
        found = true;
        add_detail(proof, port->frame, "%u", port->port);
    }
    return found;
}

static bool
uses_only_3478(const calls_entry *entry, calls_proof *proof _U_)
{
    bool relay = false;

    for (unsigned i = 0; i < entry->ports->len && got_through(entry); i++) {
        const uint16_t port = port_at(entry, i)->remote_port;

        if (ts_modality_of_relay_port(port) != TS_MODALITY_UNKNOWN)
            return false;
        relay = relay || port == 3478;
    }
    return relay;
}

static bool
is_best_effort(const calls_entry *entry, calls_proof *proof _U_)
{
    bool seen = false;

    for (unsigned i = 0; i < entry->ports->len && got_through(entry); i++) {
        const GArray *sent = port_at(entry, i)->dscp[CALLS_SENT];

        for (unsigned d = 0; d < sent->len; d++)
            if (g_array_index(sent, calls_dscp, d).dscp != 0)
                return false;
        seen = seen || sent->len > 0;
    }
    return seen;
}

/* Most packets' code point in a direction, -1 where there are too few. */
static int
main_dscp(const GArray *counts)
{
    uint32_t all = 0;
    uint32_t most = 0;
    int dscp = -1;

    for (unsigned i = 0; i < counts->len; i++) {
        const calls_dscp *row = &g_array_index(counts, calls_dscp, i);

        all += row->packets;
        if (row->packets > most) {
            most = row->packets;
            dscp = row->dscp;
        }
    }
    return all < CALLS_MEASURED_PACKETS ? -1 : dscp;
}

/* Sent with a mark, received without one: who took it or did not set it, a capture at one place cannot tell. */
static bool
is_unmarked_back(const calls_entry *entry, calls_proof *proof)
{
    bool found = false;

    for (unsigned i = 0; i < entry->ports->len && got_through(entry); i++) {
        const calls_port *port = port_at(entry, i);
        const int sent = main_dscp(port->dscp[CALLS_SENT]);

        if (sent <= 0 || main_dscp(port->dscp[CALLS_RECEIVED]) != 0)
            continue;
        found = true;
        add_detail(proof, 0, "port %u: DSCP %d sent, 0 received", port->port, sent);
    }
    return found;
}

/* ---- VPN pools that the user names ---- */

static const address *
local_address(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->pairs->len; i++) {
        const calls_pair *pair = pair_at(entry, i);

        if (pair->state == TS_PAIR_NOMINATED)
            return &pair->local.addr;
    }
    return &entry->call->client->shown;
}

/* From an address of a pool: to one of a pool, directly, or to any other. */
static bool
is_from_vpn(const calls_entry *entry, bool to_vpn, calls_proof *proof)
{
    if (entry->selected == NULL || !got_through(entry))
        return false;
    const address *local = local_address(entry);
    char *pool = teams_preference_vpn_pool(local);
    char *other = teams_preference_vpn_pool(&entry->selected->addr);
    const bool peers = other != NULL && entry->selected->path == TEAMS_PATH_DIRECT;
    /* Two clients of one host need no VPN. */
    const bool found = pool != NULL && peers == to_vpn && !addresses_equal(local, &entry->selected->addr);

    if (found) {
        char *own = report_address(local), *remote = report_address(&entry->selected->addr);

        if (to_vpn)
            add_detail(proof, 0, "%s in %s, %s in %s", own, pool, remote, other);
        else
            add_detail(proof, 0, "%s in %s, to %s", own, pool, remote);
        g_free(own);
        g_free(remote);
    }
    g_free(pool);
    g_free(other);
    return found;
}

static bool
is_vpn_hairpin(const calls_entry *entry, calls_proof *proof)
{
    return is_from_vpn(entry, false, proof);
}

static bool
are_vpn_peers(const calls_entry *entry, calls_proof *proof)
{
    return is_from_vpn(entry, true, proof);
}

static bool
is_unpublished(const calls_entry *entry, calls_proof *proof)
{
    const calls_remote *selected = entry->selected;

    if (selected == NULL || calls_is_published(selected) || ts_address_is_private(&selected->addr))
        return false;
    char *address = report_address(&selected->addr);

    add_detail(proof, 0, "%s", address);
    g_free(address);
    return true;
}

/* ---- the frame that shows it, where details have none ---- */

static uint32_t
selected_frame(const calls_entry *entry)
{
    return entry->selected == NULL ? 0 : entry->selected->first_frame;
}

static uint32_t
media_frame(const calls_entry *entry)
{
    return entry->media.frame;
}

/* ---- how bad it is, where the row alone does not say ---- */

/* Where what the client itself sent is missing, too, no network behind this place did it. */
static int
capture_gap_severity(const calls_entry *entry)
{
    for (unsigned i = 0; i < entry->streams->len; i++)
        for (unsigned g = 0; g < stream_at(entry, i)->gaps->len; g++)
            if (stream_at(entry, i)->direction == CALLS_SENT && calls_is_gap_of_capture(&g_array_index(stream_at(entry, i)->gaps, calls_gap, g)))
                return PI_NOTE;
    return PI_WARN;
}

/* Silence over UDP is what the call failed by, where nothing else carried it. */
static int
udp_unanswered_severity(const calls_entry *entry)
{
    return never_connected(entry, NULL) ? PI_ERROR : PI_WARN;
}

/* Refused everywhere, and no other way: that is what the call failed by. Else another relay, or another way, carried it. */
static int
refused_severity(const calls_entry *entry)
{
    return any_granted(entry) || got_through(entry) ? PI_WARN : PI_ERROR;
}

static int
credentials_expired_severity(const calls_entry *entry)
{
    return credentials_refused(entry, NULL) ? PI_WARN : PI_NOTE;
}

static int
vpn_severity(const calls_entry *entry)
{
    return is_far(entry, NULL) ? PI_WARN : PI_NOTE;
}

#define ADVICE_SBC_ONE_WAY \
    "Before an answer (ringing tones, announcements) and on hold, media may go one way. Otherwise look at the media address that the SBC " \
    "gives, and at the firewall or NAT between it and Microsoft"

/* One row per thing to be said; tests see the whole call. */
static const struct {
    report_problem what;
    bool (*holds)(const calls_entry *entry, calls_proof *proof);
    uint32_t (*frame)(const calls_entry *entry);    /* NULL: the first of the details */
    int (*severity)(const calls_entry *entry);      /* NULL: always the row's */
} rules[] = {
    { { .code = "udp-unanswered", .severity = PI_WARN, .actor = TEAMS_BY_NETWORK,
        .summary = "Nothing that was sent over UDP had an answer",
        .advice = "Allow UDP 3478-3481 to the published media prefixes" },
        is_udp_unanswered, NULL, udp_unanswered_severity },
    { { .code = "call-not-connected", .severity = PI_ERROR,
        .summary = "Candidates were checked, but no pair was nominated and no media flowed",
        .advice = "A call that nobody took may end so. Otherwise look at the candidate pairs: where none answers, a firewall between client "
            "and relay or peer drops UDP" },
        never_connected, NULL, NULL },
    { { .code = "credentials-refused", .severity = PI_ERROR, .actor = TEAMS_BY_SERVER,
        .summary = "A relay refused the client's credentials",
        .advice = "No firewall does this: the credentials are wrong or have expired. Check the client's clock, and sign in again" },
        credentials_refused, NULL, refused_severity },
    { { .code = "credentials-expired", .severity = PI_WARN, .actor = TEAMS_BY_CLIENT,
        .summary = "The client sent a relay credentials that had expired before",
        .advice = "No firewall does this. Where the relay refused them, let the client sign in again; where it did not, compare the clock "
            "of the capture with the relay's" },
        credentials_expired, NULL, credentials_expired_severity },
    { { .code = "allocation-failed", .severity = PI_WARN, .actor = TEAMS_BY_SERVER,
        .summary = "A relay refused an allocation",
        .advice = "See the error code; the relay itself answered, so the network lets the client reach it" },
        allocation_refused, NULL, refused_severity },
    { { .code = "relays-silent", .severity = PI_WARN, .actor = TEAMS_BY_NETWORK,
        .summary = "Of the relays that were asked over UDP, only one answered",
        .advice = "Allow UDP 3478-3481 to all published media prefixes, not to single addresses: calls depend on one relay, which may be far" },
        are_relays_silent, NULL, NULL },
    { { .code = "media-over-tcp", .severity = PI_WARN, .actor = TEAMS_BY_NETWORK,
        .summary = "The call went over TCP or TLS, and a relay did not answer over UDP",
        .advice = "Open UDP 3478-3481: over TCP, packet loss becomes delay" },
        is_over_tcp_for_udp, selected_frame, NULL },
    { { .code = "media-over-tcp", .severity = PI_WARN,
        .summary = "The call went over TCP or TLS; the capture shows no try of a relay over UDP that failed",
        .advice = "Over TCP, packet loss becomes delay. Capture from before the call on to see whether the client tries UDP 3478-3481" },
        is_over_tcp_unexplained, selected_frame, NULL },
    { { .code = "media-over-tcp-beside-udp", .severity = PI_WARN,
        .summary = "The call went over TCP or TLS although a relay answered over UDP",
        .advice = "UDP to that relay is open. See the candidate pairs for why none over UDP was chosen" },
        is_over_tcp_beside_udp, selected_frame, NULL },
    { { .code = "consent-lost", .severity = PI_WARN,
        .summary = "Media went one way for more than 5 seconds, and no check was answered",
        .advice = "The other side is gone or its packets do not arrive: look for a change of network, for a firewall or NAT that "
            "forgot the flow, and at the other side" },
        is_consent_lost, NULL, NULL },
    { { .code = "one-way-media", .severity = PI_WARN,
        .summary = "Media was sent, and none was received",
        .advice = "Normal where the other side only listens or watches. Otherwise what it sends does not arrive: look for a firewall or NAT "
            "that lets only one direction through" },
        only_sent_into_the_dark, media_frame, NULL },
    { { .code = "one-way-media", .severity = PI_WARN,
        .summary = "Media was sent, and none was received",
        .advice = "Normal where the other side only listens or watches. Its answers to checks do arrive, so look at the other side "
            "before any firewall or NAT" },
        only_sent_on_open_path, media_frame, NULL },
    { { .code = "one-way-media", .severity = PI_WARN,
        .summary = "Media was sent, and none was received",
        .advice = "Normal where the other side only listens or watches. RTCP or checks from there do arrive. Where the client's checks "
            "have no answer meanwhile, what the client sends is lost: look at the way out; otherwise look at the other side first" },
        only_sent_but_heard, media_frame, NULL },
    { { .code = "one-way-media", .severity = PI_WARN,
        .summary = "Media was received, and none was sent",
        .advice = "Normal for a client that only listens or watches. Otherwise look at the client's microphone and firewall" },
        only_received_unproven, media_frame, NULL },
    { { .code = "one-way-media", .severity = PI_NOTE,
        .summary = "Media was received, and none was sent",
        .advice = "Normal for a client that only listens or watches. Its checks are answered, so what it sends does arrive: otherwise look "
            "at the client's microphone" },
        only_received_on_open_path, media_frame, NULL },
    { { .code = "one-way-media", .severity = PI_WARN,
        .summary = "Media was sent, and none was received",
        .advice = ADVICE_SBC_ONE_WAY },
        is_only_sent_by_sbc, media_frame, NULL },
    { { .code = "one-way-media", .severity = PI_WARN,
        .summary = "Media was received, and none was sent",
        .advice = ADVICE_SBC_ONE_WAY },
        is_only_received_by_sbc, media_frame, NULL },
    { { .code = "one-sided-capture", .severity = PI_NOTE,
        .summary = "Only one direction of this call is in the capture",
        .advice = "Round trips and answers cannot be told. Capture where both directions pass; where other traffic of this host has both, nothing answered" },
        is_one_sided, NULL, NULL },
    { { .code = "media-gap", .filter = "teams_stun.rtp.gap >= 1000", .severity = PI_WARN,
        .summary = "A stream was missing for a time",
        .advice = "All packets were lost at once, which is an interruption and no congestion: look for a change of network, "
            "a NAT or firewall that forgot the flow, or wireless roaming at that time" },
        has_gaps, NULL, NULL },
    { { .code = "sent-gap", .filter = "teams_stun.rtp.gap >= 1000", .severity = PI_WARN,
        .summary = "What the client sent is missing for a time where the capture was taken",
        .advice = "The capture lost it, the client did not send it here, or it was lost between the two. Look at the client, at its link, and at "
            "the count of dropped packets (capinfos): what is behind this place did not cause it" },
        has_sent_gaps, NULL, NULL },
    { { .code = "capture-gap", .filter = "teams_stun.rtp.gap >= 1000", .severity = PI_NOTE,
        .summary = "The capture has no frame at all for a time, in which packets of a stream are missing",
        .advice = "The capture may have lost them, or nothing passed where it was taken: it does not tell whether the call was interrupted. "
            "Look at the count of dropped packets (capinfos)" },
        has_capture_gaps, NULL, capture_gap_severity },
    { { .code = "loss", .filter = "teams_stun.rtp.lost > 0", .severity = PI_WARN,
        .summary = "More than 1 % of a stream is missing",
        .advice = "Look for congestion or a bad link between here and the side where the stream comes from" },
        is_lossy, NULL, NULL },
    { { .code = "jitter", .filter = "teams_stun.rtp.jitter > 30", .severity = PI_WARN,
        .summary = "More than 30 ms of jitter on audio, as a mean over up to 15 seconds",
        .advice = "Look for congestion and for a weak wireless link. See the DSCP of the client ports" },
        is_jittery, NULL, NULL },
    { { .code = "round-trip", .filter = "teams_stun.response_time > 0.1", .severity = PI_WARN,
        .summary = "The round trip of the chosen pair is above 100 ms",
        .advice = "Check that traffic leaves the network near the client, not through a VPN or a central site, and that names "
            "were resolved near it" },
        is_far, NULL, NULL },
    { { .code = "vpn-hairpin", .severity = PI_NOTE,
        .summary = "The call goes out from an address of a VPN pool (preference teams.vpn_pools)",
        .advice = "Take the published media prefixes (UDP 3478-3481) out of the tunnel: what goes through it makes a detour" },
        is_vpn_hairpin, selected_frame, vpn_severity },
    { { .code = "vpn-peers", .severity = PI_NOTE,
        .summary = "Both ends of the call have addresses of a VPN pool (preference teams.vpn_pools): it goes through the VPN twice",
        .advice = "Look at the round trip: where clients are far from the VPN, keep calls between them out of it" },
        are_vpn_peers, selected_frame, vpn_severity },
    { { .code = "client-ports", .severity = PI_NOTE, .actor = TEAMS_BY_CLIENT,
        .summary = "Client ports outside the ranges documented for QoS (50000-50059)",
        .advice = "Set the media port ranges in the meeting settings. Otherwise port-based QoS cannot work" },
        has_ports_outside, NULL, NULL },
    { { .code = "best-effort", .severity = PI_NOTE,
        .summary = "All that the client sent is marked best effort (DSCP 0)",
        .advice = "Mark by port range: 46 audio, 34 video, 18 sharing" },
        is_best_effort, NULL, NULL },
    { { .code = "dscp-one-way", .severity = PI_NOTE,
        .summary = "What the client sends is marked for QoS, and what it receives is not",
        .advice = "The mark was removed on the way here, as Internet providers and VPNs do, or the other side sets none: let the "
            "network mark what comes in by address and port" },
        is_unmarked_back, NULL, NULL },
    { { .code = "unpublished-address", .severity = PI_NOTE,
        .summary = "The call went to an address outside Microsoft's published prefixes",
        .advice = "Known by its STUN and TURN, not by its address: rules and filters that name only the published prefixes miss it" },
        is_unpublished, selected_frame, NULL },
    { { .code = "port-3478-only", .severity = PI_CHAT,
        .summary = "No packet on the ports per modality, UDP 3479-3481",
        .advice = "Normal for clients that use 3478 for all media" },
        uses_only_3478, NULL, NULL },
};

/* Clients try the private addresses of a peer, too, which are out of reach from most networks: the call went another way. */
static bool
is_private_try(const calls_entry *entry, const calls_remote *remote)
{
    return remote != NULL && got_through(entry) && ts_address_is_private(&remote->addr);
}

/* Where something of a remote came back, one refusal more or less did not decide the call; where media found another way, it cost quality. */
static int
refusal_severity(const calls_entry *entry, bool harmless)
{
    return harmless ? PI_NOTE : got_through(entry) ? PI_WARN : PI_ERROR;
}

static const char *
refusal_summary(const calls_refusal *refusal, bool answered, bool private)
{
    if (private)
        return "What the client sent to a private address was refused, and the call went another way";
    if (refusal->by_host)
        return answered ? "A host refused something that the client sent, and answered otherwise" : "A host refused what the client sent";
    return answered ? "The network refused something that the client sent to an address that answered otherwise" : "The network refused what the client sent";
}

static void
add_refusals(calls_entry *entry)
{
    const ts_expert_row *row = &teams_expert_table.rows[TEAMS_EXPERT_REFUSED];

    for (unsigned i = 0; i < entry->refusals->len; i++) {
        const calls_refusal *refusal = &g_array_index(entry->refusals, calls_refusal, i);
        const calls_remote *remote = calls_remote_find(entry, refusal->flow);
        const bool answered = remote != NULL && remote->packets[CALLS_RECEIVED] > 0;
        const bool private = !answered && is_private_try(entry, remote);
        const report_problem what = {
            .severity = refusal_severity(entry, answered || private), .code = row->code, .advice = row->advice, .frame = refusal->frame,
            .summary = refusal_summary(refusal, answered, private),
            .actor = refusal->by_host ? TEAMS_BY_UNKNOWN : TEAMS_BY_NETWORK,     /* a firewall may answer in the name of a host */
        };

        char *detail = refusal->count == 1 ? g_strdup_printf("%s (frame %u)", refusal->detail, refusal->frame) :
            g_strdup_printf("%s (frame %u, %u times)", refusal->detail, refusal->frame, refusal->count);

        report_problems_add(entry->problems, &what, detail, refusal->count);
        g_free(detail);
    }
}

static bool
has_problem(const calls_entry *entry, const char *code)
{
    for (unsigned i = 0; i < entry->problems->list->len; i++)
        if (strcmp(((const report_problem *)g_ptr_array_index(entry->problems->list, i))->code, code) == 0)
            return true;
    return false;
}

/* One cause is told once: each row says what the next one would say again. */
static const struct {
    const char *cause;
    const char *effect;
} effects[] = {
    { "D18", "udp-unanswered" },
    { "D18", "media-over-tcp" },
    { "udp-unanswered", "media-over-tcp" },
    { "udp-unanswered", "call-not-connected" },
};

static bool
is_effect(const calls_entry *entry, const char *code)
{
    /* What was refused to all relays has no answer, and the call goes another way or none. */
    if (are_relays_refused(entry) && (strcmp(code, "udp-unanswered") == 0 || strcmp(code, "media-over-tcp") == 0 || strcmp(code, "call-not-connected") == 0))
        return true;
    for (unsigned i = 0; i < G_N_ELEMENTS(effects); i++)
        if (strcmp(effects[i].effect, code) == 0 && has_problem(entry, effects[i].cause))
            return true;
    return false;
}

static void
add_rules(calls_entry *entry)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(rules); i++) {
        calls_proof proof = { report_texts_new(), 0 };

        if (!is_effect(entry, rules[i].what.code) && rules[i].holds(entry, &proof)) {
            report_problem what = rules[i].what;

            what.severity = rules[i].severity == NULL ? what.severity : rules[i].severity(entry);
            what.frame = rules[i].frame == NULL ? proof.frame : rules[i].frame(entry);
            report_problems_add(entry->problems, &what, "", 1);
            for (unsigned d = 0; d < report_texts_count(proof.details); d++)
                report_problems_add(entry->problems, &what, report_texts_get(proof.details, d), 0);
        }
        report_texts_free(proof.details);
    }
}

/* ---- the verdict ---- */

REPORT_VERDICT(holds_probe, calls_entry) { return row->kind == CALLS_PROBE; }
REPORT_VERDICT(holds_exchange, calls_entry) { return row->kind == CALLS_EXCHANGE; }
REPORT_VERDICT(holds_other_address, calls_entry) { return row->kind == CALLS_OTHER_ADDRESS; }
REPORT_VERDICT(holds_one_sided, calls_entry) { return is_one_sided(row, NULL) && row->media.frame == 0; }
REPORT_VERDICT(holds_refused_tcp, calls_entry) { return are_relays_refused(row) && !has_udp_answer(row) && is_over_tcp(row); }
REPORT_VERDICT(holds_refused, calls_entry) { return are_relays_refused(row) && !has_udp_answer(row) && !got_through(row); }

static bool
is_udp_dead(const calls_entry *entry)
{
    return entry->udp_relay_asked && !has_udp_answer(entry);
}

/* A request a moment before the call went over TCP may still have been on its way. */
static bool
was_udp_awaited(const calls_entry *entry)
{
    return is_udp_dead(entry) && (has_relay_failed_over_udp(entry) || has_problem(entry, teams_expert_table.rows[TEAMS_EXPERT_UDP_BLOCKED].code));
}

REPORT_VERDICT(holds_dead_tcp, calls_entry) { return was_udp_awaited(row) && is_over_tcp(row) && row->best != NULL; }
REPORT_VERDICT(holds_dead_tls, calls_entry) { return was_udp_awaited(row) && is_over_tcp(row); }

/* Too little to tell whether a call is in it. */
REPORT_VERDICT(holds_dead_tried_tls, calls_entry)
{
    return is_udp_dead(row) && !got_through(row) && row->tls != NULL && row->tls->packets[CALLS_RECEIVED] > 0 && !row->tls->silent;
}

/* With what was cut off, more media than where most of it is seen to go. */
static bool
may_have_gone_elsewhere(const calls_entry *entry)
{
    const uint64_t cut = entry->cut_packets[CALLS_SENT] + entry->cut_packets[CALLS_RECEIVED];

    for (unsigned i = 0; i < entry->remotes->len && cut > 0 && entry->best != NULL; i++)
        if (remote_at(entry, i) != entry->best && remote_at(entry, i)->media_packets + cut > entry->best->media_packets)
            return true;
    return false;
}

/* Where nothing at all came back, there is nothing that it could have carried. */
REPORT_VERDICT(holds_cut, calls_entry)
{
    if (row->media.frame != 0)
        return may_have_gone_elsewhere(row);
    return row->cut_segments[CALLS_RECEIVED] || (is_cut_short(row) && !is_udp_unanswered(row, NULL)) || (row->cut_checks && is_only_answered(row));
}

REPORT_VERDICT(holds_credentials, calls_entry) { return !got_through(row) && !any_granted(row) && credentials_refused(row, NULL); }
REPORT_VERDICT(holds_allocation_refused, calls_entry) { return !got_through(row) && !any_granted(row) && allocation_refused(row, NULL); }
REPORT_VERDICT(holds_dead, calls_entry) { return !got_through(row) && is_udp_unanswered(row, NULL) && !may_be_over_cut_tcp(row); }
REPORT_VERDICT(holds_reports_alone, calls_entry) { return has_reports_alone(row); }
REPORT_VERDICT(holds_only_answered, calls_entry) { return is_only_answered(row); }
REPORT_VERDICT(holds_not_connected, calls_entry) { return never_connected(row, NULL); }
REPORT_VERDICT(holds_single_checks, calls_entry) { return row->check.frame != 0 && !got_through(row) && !is_in_earnest(row); }
REPORT_VERDICT(holds_brief_checks, calls_entry) { return row->checks[CALLS_SENT] > 0 && !got_through(row) && !was_given_time(row); }
REPORT_VERDICT(holds_setup, calls_entry) { return !got_through(row); }
/* Not where media of the other side still comes to another socket. */
static bool
is_cut_off(const calls_entry *entry)
{
    GHashTableIter iterator;
    void *frame;

    if (!is_consent_lost(entry, NULL))
        return false;
    if (entry->received_frame == 0 || ts_seconds(&entry->received, &entry->sent) >= SILENT_TO_END)
        return true;
    g_hash_table_iter_init(&iterator, entry->consent_lost);
    while (g_hash_table_iter_next(&iterator, NULL, &frame))
        if (entry->received_frame > GPOINTER_TO_UINT(frame))
            return false;
    return true;
}

/* What the other side sends came to the client's other address then. */
REPORT_VERDICT(holds_goes_on, calls_entry) { return is_cut_off(row) && row->goes_on != NULL; }
REPORT_VERDICT(holds_cut_off, calls_entry) { return is_cut_off(row); }
REPORT_VERDICT(holds_only_sent, calls_entry) { return only_sent(row, NULL); }
REPORT_VERDICT(holds_brief_media, calls_entry) { return is_dark_for_a_moment(row); }
REPORT_VERDICT(holds_only_sent_on_open_path, calls_entry) { return only_sent_on_open_path(row, NULL); }
REPORT_VERDICT(holds_only_sent_but_heard, calls_entry) { return only_sent_but_heard(row, NULL); }
REPORT_VERDICT(holds_direct_routing_one_way, calls_entry) { return is_only_sent_by_sbc(row, NULL) || is_only_received_by_sbc(row, NULL); }
REPORT_VERDICT(holds_direct_routing, calls_entry) { return row->direct_routing; }
REPORT_VERDICT(holds_inside_tls, calls_entry) { return row->best == NULL && row->selected != NULL; }
REPORT_VERDICT(holds_no_media, calls_entry) { return row->media.frame == 0; }

static bool
is_direct(const calls_entry *entry)
{
    return entry->selected != NULL && entry->selected->path == TEAMS_PATH_DIRECT;
}

REPORT_VERDICT(holds_tcp, calls_entry) { return is_over_tcp(row); }
REPORT_VERDICT(holds_direct_tcp, calls_entry) { return is_direct(row) && row->selected->transport == TEAMS_TRANSPORT_TCP; }
REPORT_VERDICT(holds_direct_cloud, calls_entry) { return is_direct(row) && row->selected->prefix != NULL; }
REPORT_VERDICT(holds_direct_private, calls_entry) { return is_direct(row) && ts_address_is_private(&row->selected->addr); }

/* A peer's public address cannot be told from that of a gateway. */
REPORT_VERDICT(holds_direct, calls_entry) { return is_direct(row); }
REPORT_VERDICT(holds_relayed, calls_entry)
{
    return row->selected != NULL && (row->selected->path == TEAMS_PATH_RELAYED || row->selected->path == TEAMS_PATH_MULTIPLEXED);
}

const report_verdict_row calls_verdicts[] = {
    { "connectivity-test", REPORT_OK,
        "A connectivity test: a short STUN exchange with the anycast address and what it handed over to.",
        "at most 200 packets, the first address anycast, an answer, a second address, no connectivity check", holds_probe, REPORT_ENDS },
    { "relay-exchange", REPORT_OK,
        "No call: a short exchange with a relay over TCP or TLS. Clients try the way to a relay before they need it.",
        "at most 100 packets on a connection, with relays over TCP or TLS alone, answered, without TURN message, check or media in the clear; no segments that are cut short but in TLS",
        holds_exchange, REPORT_ENDS },
    { "other-address", REPORT_OK,
        "No call of its own: checks of a call that connected from another address of its client.",
        "checks with the same user fragments, the same way round, as those of another call in this capture at the same time, which connected; neither a "
        "nominated pair nor media", holds_other_address, REPORT_ENDS },
    { "one-direction", REPORT_UNKNOWN,
        "Only one direction of this call is in the capture, which does not tell how it went.",
        "no frame of this host in the other direction, in no flow of the capture that is known for Teams or Skype, no ICMP error, and no media", holds_one_sided, REPORT_ENDS },
    { "udp-refused-tcp", REPORT_CHECK,
        "UDP is blocked: it is refused to all relays (ICMP). The call went through a relay over TCP or TLS.",
        "ICMP errors about every relay that was asked over UDP, no packet from any nor from a peer; media or much TLS with a relay", holds_refused_tcp, REPORT_ENDS },
    { "udp-refused", REPORT_BROKEN,
        "UDP is blocked: all that was sent to relays is refused (ICMP).",
        "ICMP errors about every relay that was asked over UDP, no packet from any nor from a peer; no nomination and no media", holds_refused, REPORT_ENDS },
    { "udp-unanswered-tcp", REPORT_CHECK,
        "UDP is blocked: no relay answered over UDP. The call went through a relay over TCP.",
        "relays asked over UDP 3478-3481 for a second or more, no answer from any nor from a peer; media in the clear over TCP or pseudo-TLS with a relay",
        holds_dead_tcp, REPORT_ENDS },
    { "udp-unanswered-tls", REPORT_CHECK,
        "UDP is blocked: no relay answered over UDP. The call's traffic went inside TLS to a relay, where a capture cannot "
        "see what it is.",
        "relays asked over UDP 3478-3481 for a second or more, no answer from any nor from a peer; more than 100 packets on one connection, both ways, over TLS with a relay",
        holds_dead_tls, REPORT_ENDS },
    { "udp-unanswered-tried-tls", REPORT_CHECK,
        "UDP is blocked: no relay answered over UDP. The client went on with TLS to a relay; too little of it is in this capture "
        "to tell whether a call went through it.",
        "relays asked over UDP 3478-3481, no answer from any nor from a peer; at most 100 packets on a connection over TLS with a relay, answered; no nomination and "
        "no media", holds_dead_tried_tls, REPORT_ENDS },
    { "cut-short", REPORT_UNKNOWN,
        "Packets of the call are cut short in this capture (snap length), so that what they carry, and how the call went, cannot be told.",
        "packets over UDP of which the capture has too little to tell what they carry, or segments of TCP that are cut short, some of them received, and no media, or less than may "
        "have gone elsewhere in such packets; or what answered-only rests on, with checks that are cut short, which may nominate a pair", holds_cut, REPORT_ENDS },
    { "credentials-refused", REPORT_BROKEN,
        "The relay refused the client's credentials, and no other path was found.",
        "an Allocate error about credentials (401 to credentials, 430, 431, 436, 441), and no allocation granted; no nomination and no media",
        holds_credentials, REPORT_ENDS },
    { "allocation-refused", REPORT_BROKEN,
        "The relay gave the client no allocation, and no other path was found.",
        "an Allocate error that is no challenge and not about credentials, and no allocation granted; no nomination and no media",
        holds_allocation_refused, REPORT_ENDS },
    { "udp-unanswered", REPORT_BROKEN,
        "The call did not connect: nothing that was sent over UDP had an answer.",
        "relays asked over UDP for a second or more, no packet from any nor from a peer; no nomination and no media; no frames over TCP that are cut short", holds_dead, REPORT_ENDS },
    { "reports-only", REPORT_UNKNOWN,
        "A path was in use: reports about media (RTCP) went over it. No media that is known to belong to the call is in this capture, which does not tell how it went.",
        "RTCP beside connectivity checks, as in a capture that begins in the midst of a call; no nomination and no media",
        holds_reports_alone, REPORT_ENDS },
    { "answered-only", REPORT_UNKNOWN,
        "Connectivity checks were answered, but no pair was nominated, and no media that is known to belong to the call is in this capture: the "
        "capture may end before, or nobody took the call.",
        "connectivity checks of the client, some of them answered, of several pairs or sent again, or a relay that was asked for an "
        "allocation; neither a nominated pair nor media", holds_only_answered, REPORT_ENDS },
    { "not-connected", REPORT_BROKEN,
        "The call did not connect in this capture.",
        "connectivity checks of the client without an answer, and neither a nominated pair nor media; no frames over TCP that are cut short, but where something was answered over UDP", holds_not_connected, REPORT_ENDS },
    { "single-checks", REPORT_UNKNOWN,
        "Single connectivity checks, none of which was sent again: too little to tell whether there was a call, or one goes on.",
        "connectivity checks, each of which was sent once, of one pair, or of several without an answer; no relay that was asked for an "
        "allocation, no ICMP error; neither a nominated pair nor media", holds_single_checks, REPORT_ENDS },
    { "brief-checks", REPORT_UNKNOWN,
        "No connectivity check of the client was answered in less than 5 seconds, and nothing followed: the capture may end before, or nobody "
        "took the call.",
        "connectivity checks of the client without an answer, the first one less than 5 seconds before the last packet of the call; no ICMP error; neither a "
        "nominated pair nor media", holds_brief_checks, REPORT_ENDS },
    { "setup-only", REPORT_UNKNOWN,
        "Set-up only: no nominated pair and no media that is known to belong to it.",
        "relays or signalling, but neither a connectivity check nor media", holds_setup, REPORT_ENDS },
    { "goes-on-elsewhere", REPORT_CHECK,
        "The call went on from another address of its client.",
        "what cut-off rests on, and another call in this capture, in which streams of this one (SSRC and numbers) were sent from another address later on, and media was "
        "received to the end of this one", holds_goes_on, REPORT_ENDS },
    { "cut-off", REPORT_BROKEN,
        "The call connected, but then the other side fell silent while media was still sent.",
        "media sent for more than 5 seconds without media or an answered check back, to the end, although other frames to this host are "
        "in the capture", holds_cut_off, REPORT_ENDS },
    { "direct-routing-one-way", REPORT_CHECK,
        "Direct Routing: media went only one way between the SBC and Microsoft's media processor",
        "what direct-routing rests on, and more than 50 packets of media in one direction and none in the other, although other frames of this "
        "host were", holds_direct_routing_one_way, REPORT_PROCESSOR },
    { "direct-routing", REPORT_OK,
        "Direct Routing: media between the SBC and Microsoft's media processor",
        "RTP with UDP ports 49152-53247 of a published media prefix, by a host that exchanged TCP with a host named *.pstnhub.* in the "
        "5 minutes before", holds_direct_routing, REPORT_PROCESSOR },
    { "one-way-open", REPORT_CHECK,
        "The call connected, and media was only sent, on a path on which checks were still answered.",
        "more than 50 packets of media sent, none received, although other frames of this host were, and a check of the client's answered "
        "after the first of them", holds_only_sent_on_open_path, REPORT_ENDS },
    { "one-way-heard", REPORT_CHECK,
        "The call connected, and media was only sent, on a path on which RTCP or checks of the other side still came.",
        "more than 50 packets of media sent, none received, although other frames of this host were; RTCP or a check received from where media had "
        "been sent before, and no check of the client's answered since", holds_only_sent_but_heard, REPORT_ENDS },
    { "one-way-brief", REPORT_UNKNOWN,
        "The call connected, and media was only sent, for less than 5 seconds: too little to tell how it went.",
        "more than 50 packets of media sent in less than 5 seconds, none received, and no RTCP, check or answer to a check since", holds_brief_media, REPORT_ENDS },
    { "one-way", REPORT_BROKEN,
        "The call connected, but media was only sent and none was received.",
        "more than 50 packets of media sent in 5 seconds or more, none received, although other frames of this host were; the client did not answer several checks that the "
        "capture lacks", holds_only_sent, REPORT_ENDS },
    { "inside-tls", REPORT_CHECK,
        "The call's traffic went inside TLS to a relay, where a capture cannot see what it is.",
        "more than 100 packets on one connection, both ways, over TLS with a relay; no relay asked over UDP for a second or more, or a peer that answered over UDP; no nominated pair and no media in the clear",
        holds_inside_tls, REPORT_ENDS },
    { "path-agreed", REPORT_UNKNOWN,
        "A path was agreed, but no media that is known to belong to the call is in this capture.",
        "a nominated pair, and no media", holds_no_media, REPORT_ENDS },
    { "tcp", REPORT_CHECK,
        "The call went through a relay over TCP or TLS.",
        "media in the clear over TCP or pseudo-TLS with a relay", holds_tcp, REPORT_PATH_CHANGE },
    { "direct-tcp", REPORT_OK,
        "The call went directly over TCP.",
        "media over TCP on a checked pair that is no relay's", holds_direct_tcp, REPORT_PATH_CHANGE },
    { "direct-cloud", REPORT_OK,
        "The call went directly to a media server in Microsoft's cloud over UDP.",
        "media on a checked pair with an address in a prefix that Microsoft publishes or that was observed", holds_direct_cloud, REPORT_PATH_CHANGE },
    { "direct-private", REPORT_OK,
        "The call went directly to a peer in a private network over UDP.",
        "media on a checked pair with a private address", holds_direct_private, REPORT_PATH_CHANGE },
    { "direct-public", REPORT_OK,
        "The call went directly over UDP, to a public address outside Microsoft's published prefixes.",
        "media on a checked pair with a public address outside those prefixes", holds_direct, REPORT_PATH_CHANGE },
    { "relayed", REPORT_OK,
        "The call went through a relay over UDP.",
        "media inside an allocation, or multiplexed, over UDP", holds_relayed, REPORT_PATH_CHANGE },
    { "media", REPORT_OK,
        "Media flowed; what path it took cannot be told.",
        "media with an address of which neither allocation nor check is in the capture; or with a relay's port, where no answer to a check tells whether a relay or a media server is there", NULL, REPORT_ENDS },
};

/* ---- all together ---- */

static void
conclude_moment(const calls_entry *entry, calls_moment *moment)
{
    moment->time = ts_seconds(&entry->first, &moment->when);
}

static int
by_packets(const void *a, const void *b)
{
    const uint64_t x = ((const calls_payload *)a)->packets;
    const uint64_t y = ((const calls_payload *)b)->packets;

    return x < y ? 1 : x > y ? -1 : 0;
}

static int
by_code_point(const void *a, const void *b)
{
    return ((const calls_dscp *)a)->dscp - ((const calls_dscp *)b)->dscp;
}

bool
calls_has_jitter(const calls_stream *stream)
{
    return teams_clock_is_fine() && stream->stats.clock_rate != 0 && stream->stats.jitter_count > 0;
}

static void
forget_jitter(calls_stream *stream)
{
    stream->jitter = (calls_jitter) { .begun = false };
    for (unsigned i = 0; stream->over_time.slices != NULL && i < stream->over_time.slices->len; i++)
        g_array_index(stream->over_time.slices, over_time_slice, i).jitter_max = NAN;
}

/* By a coarse clock an answer, or the next packet, seems to come at once, or much later. */
static void
forget_times(calls_entry *entry)
{
    for (unsigned i = 0; i < entry->streams->len; i++)
        forget_jitter(&g_array_index(entry->streams, calls_stream, i));
    for (unsigned i = 0; i < entry->pairs->len; i++) {
        calls_pair *pair = &g_array_index(entry->pairs, calls_pair, i);

        pair->round_trip_count = 0;
        pair->round_trip_sum = 0;
        pair->round_trip_min = pair->round_trip_max = pair->round_trip_mean = NAN;
    }
    for (unsigned i = 0; i < entry->allocations->len; i++)
        g_array_index(entry->allocations, calls_allocation, i).response_time = NAN;
}

static void
conclude_arrays(calls_entry *entry)
{
    for (unsigned i = 0; i < entry->streams->len; i++)
        g_array_sort(stream_at(entry, i)->payloads, by_packets);
    for (unsigned i = 0; i < entry->ports->len; i++) {
        g_array_sort(port_at(entry, i)->dscp[CALLS_SENT], by_code_point);
        g_array_sort(port_at(entry, i)->dscp[CALLS_RECEIVED], by_code_point);
    }
}

/* Takes more. */
static void
extend_sentence(calls_entry *entry, char *more)
{
    char *sentence = g_strdup_printf("%s %s", entry->verdict.sentence, more);

    g_free(more);
    g_free(entry->verdict.sentence);
    entry->verdict.sentence = sentence;
}

static void
add_elsewhere(calls_entry *entry)
{
    if (entry->kind == CALLS_OTHER_ADDRESS)
        extend_sentence(entry, g_strdup_printf("It is call %u.", entry->elsewhere->call->number));
    else if (strcmp(entry->verdict.code, "goes-on-elsewhere") == 0)
        extend_sentence(entry, g_strdup_printf("That is call %u.", entry->goes_on->call->number));
}

static void
add_processor(calls_entry *entry)
{
    if (entry->verdict.ending != REPORT_PROCESSOR || entry->selected == NULL)
        return;
    char *processor = report_address(&entry->selected->addr);

    extend_sentence(entry, g_strdup_printf("%s.", processor));
    g_free(processor);
}

static const char *
way_words(teams_path path)
{
    return path == TEAMS_PATH_DIRECT ? "directly to" : "through the relay";
}

static void
add_path_change(calls_entry *entry)
{
    const calls_path_change *change = &entry->path_change;

    if (entry->path_changes == 0 || entry->verdict.ending != REPORT_PATH_CHANGE)
        return;
    char *before = report_address(&change->before->server_end.addr);
    char *then = report_address(&change->then->server_end.addr);

    extend_sentence(entry, g_strdup_printf("Its media changed path in frame %u%s: before %s %s, then %s %s.", change->frame,
        entry->path_changes > 1 ? ", and again later" : "", way_words(change->before_path), before, way_words(change->then_path), then));
    g_free(before);
    g_free(then);
}

/* What a frame said of UDP before a relay answered over it, or where answers were not captured; or of a sign-in before there was one. */
static bool
is_refuted(const calls_entry *entry, const report_problem *problem)
{
    return ((entry->udp_relay_answered || lacks_direction(entry)) && strcmp(problem->code, teams_expert_table.rows[TEAMS_EXPERT_UDP_BLOCKED].code) == 0) ||
        (entry->call->client->signin != NULL && strcmp(problem->code, teams_expert_table.rows[TEAMS_EXPERT_RELAY_WITHOUT_SIGNIN].code) == 0);
}

static int
by_frame(const void *a, const void *b)
{
    const uint32_t x = (*(const report_problem *const *)a)->frame;
    const uint32_t y = (*(const report_problem *const *)b)->frame;

    return x < y ? -1 : x > y ? 1 : 0;
}

static void
add_unrefuted(const calls_entry *entry, const report_problems *said, GPtrArray *list)
{
    for (unsigned i = 0; said != NULL && i < said->list->len; i++)
        if (!is_refuted(entry, (const report_problem *)g_ptr_array_index(said->list, i)))
            g_ptr_array_add(list, g_ptr_array_index(said->list, i));
}

/* What frames said, flow by flow, in their order. */
static void
add_seen(const calls_entry *entry)
{
    GPtrArray *list = g_ptr_array_new();

    add_unrefuted(entry, entry->seen, list);
    for (unsigned i = 0; i < entry->flows->len; i++)
        add_unrefuted(entry, ((const calls_flow *)g_ptr_array_index(entry->flows, i))->seen, list);
    g_ptr_array_sort(list, by_frame);
    for (unsigned i = 0; i < list->len; i++)
        report_problems_add_again(entry->problems, (const report_problem *)g_ptr_array_index(list, i));
    g_ptr_array_unref(list);
}

void
calls_conclude(calls_entry *entry)
{
    report_verdict_clear(&entry->verdict);
    report_problems_free(entry->problems);
    entry->problems = report_problems_new();
    entry->kind = kind_of(entry);
    entry->selected = calls_selected(entry);
    entry->name.frame = entry->call->name_frame;
    entry->name.when = entry->call->name_time;
    if (!teams_clock_is_fine())
        forget_times(entry);
    conclude_moment(entry, &entry->name);
    conclude_moment(entry, &entry->allocation);
    conclude_moment(entry, &entry->check);
    conclude_moment(entry, &entry->nomination);
    conclude_moment(entry, &entry->media);
    conclude_arrays(entry);
    conclude_remotes(entry);
    add_seen(entry);
    if (entry->kind == CALLS_CALL) {
        add_refusals(entry);
        add_rules(entry);
    }
    report_problems_sort(entry->problems);
    entry->verdict = report_verdict_of(calls_verdicts, entry, entry->problems);
    add_elsewhere(entry);
    add_processor(entry);
    add_path_change(entry);
}
