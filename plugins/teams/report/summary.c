/* summary.c
 * -z teams,summary: all sign-ins and calls of a capture on one screen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/report.h"

#include <math.h>
#include <string.h>

#include <epan/expert.h>
#include <epan/tap.h>

#include "report/calls.h"
#include "report/signin.h"

#define PROBLEMS_SHOWN  2       /* of one sign-in or call: the worst warnings and errors, and notes that is_worth_a_note() */
/* So that text fits a screen; ,full and JSON have all. */
#define ALL_AT_LENGTH   3       /* so many are all told at length */
#define SOME_AT_LENGTH  2       /* of more, the worst */
#define LINES_SHOWN     14      /* and so many of the rest in a line each */

/* One sign-in or call; or that there is none. */
typedef struct {
    const char *kind;
    uint32_t number;
    uint32_t other_end;         /* number under which the other client has the same call, 0: none */
    unsigned place;             /* from 1, the worst first: in this order the window has them */
    char *client;
    char *start;
    double time;                /* NAN: nothing was found */
    double duration;            /* of a call; NAN */
    const report_verdict *verdict;
    const report_problems *problems;
    const char *path;
    const char *transport;
    const char *path_label;     /* both for the text; set with the remote */
    const char *transport_label;
    char *remote;               /* where the call went */
    char *name;                 /* of it */
    char *region;
    double round_trip;          /* NAN: not measured */
    double loss[2];             /* NAN: no stream in that direction */
    double gap;                 /* s, the longest one; NAN: none */
    double jitter;              /* mean, of audio; NAN: not measured */
    char *filter;
} summary_item;

/* A problem of one of them. */
typedef struct {
    unsigned number;            /* from 1 */
    const summary_item *item;
    const report_problem *problem;
} summary_problem;

typedef struct {
    signin_state *signins;
    void *calls;
    GPtrArray *items;           /* summary_item */
    GArray *problems;           /* summary_problem, the worst first */
    GHashTable *flows;          /* teams_flow: those of the frames of ours */
    bool named;                 /* a name of ours was asked for or answered */
    report_verdict nothing;
    report_problems *no_problems;
} summary_state;

/* ---- what else is in the capture, for the reason why nothing was found ---- */

#define REFUSAL "tcp.flags.reset == 1 && tcp.flags.ack == 1 && tcp.srcport < 1024 && tcp.ack == 1"

enum { SEEN_FRAMES, SEEN_DNS, SEEN_SERVER_NAMES, SEEN_CUT_NAMES, SEEN_ENCRYPTED_DNS, SEEN_SYNS_AGAIN, SEEN_REFUSALS, SEEN_MORE, SEEN_COUNT };

static const char *const seen_filters[SEEN_COUNT] = {
    [SEEN_FRAMES] = NULL,
    [SEEN_DNS] = "dns && !mdns && !llmnr",
    [SEEN_SERVER_NAMES] = "tls.handshake.extensions_server_name",
    /* What of a frame is captured may be too little for DNS or TLS to be seen at all. */
    [SEEN_CUT_NAMES] = "(udp.port == 53 && !dns.qry.name) || (dns && !dns.qry.name) || (tcp.dstport == 443 && tcp.len > 0 && "
        "(!tls || tls.record.content_type == 22) && !tls.handshake.extensions_server_name)",
    [SEEN_ENCRYPTED_DNS] = "tcp.port == 853 || udp.port == 853 || tls.handshake.extensions_server_name == \"dns.google\" || "
        "tls.handshake.extensions_server_name contains \"cloudflare-dns.com\" || "
        "tls.handshake.extensions_server_name == \"dns.quad9.net\"",
    /* Of ours: SYNs that had no answer, resets of the server's side that answer one, and what is neither. A capture may hold nothing but SYNs. */
    [SEEN_SYNS_AGAIN] = "teams && tcp.flags.syn == 1 && tcp.flags.ack == 0 && tcp.analysis.retransmission",
    [SEEN_REFUSALS] = "teams && " REFUSAL,
    [SEEN_MORE] = "teams && !(tcp.flags.syn == 1 && tcp.flags.ack == 0) && !(" REFUSAL ")",
};

static unsigned seen[SEEN_COUNT];       /* of the capture; the listeners live as long as the process */

static void
reset_seen(void *data)
{
    *(unsigned *)data = 0;
}

static tap_packet_status
count_seen(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *tap _U_, tap_flags_t flags _U_)
{
    (*(unsigned *)data)++;
    return TAP_PACKET_DONT_REDRAW;
}

static tap_packet_status
count_cut(void *data, packet_info *pinfo, epan_dissect_t *edt, const void *tap, tap_flags_t flags)
{
    return ts_frame_is_cut(pinfo) ? count_seen(data, pinfo, edt, tap, flags) : TAP_PACKET_DONT_REDRAW;
}

static void
listen_once(void)
{
    static bool listening;

    for (unsigned i = 0; i < SEEN_COUNT && !listening; i++) {
        GString *error = register_tap_listener("frame", &seen[i], seen_filters[i], TL_REQUIRES_NOTHING, reset_seen,
            i == SEEN_CUT_NAMES ? count_cut : count_seen, NULL, NULL);

        if (error != NULL)
            g_string_free(error, TRUE);
    }
    listening = true;
}

REPORT_VERDICT(holds_empty, void) { return seen[SEEN_FRAMES] == 0; }

/* Names or flows of ours, of which no server name showed that they are a stranger's. */
static bool
holds_traces(const void *entry)
{
    const summary_state *state = (const summary_state *)entry;
    GHashTableIter iter;
    void *flow;
    bool traces = state->named;

    g_hash_table_iter_init(&iter, state->flows);
    while (!traces && g_hash_table_iter_next(&iter, &flow, NULL))
        traces = !((const teams_flow *)flow)->rejected;
    return traces;
}

/* All of ours are SYNs, again and again, to addresses that tell by themselves whose they are. */
static bool
holds_unanswered(const void *entry)
{
    return !((const summary_state *)entry)->named && holds_traces(entry) && seen[SEEN_SYNS_AGAIN] + seen[SEEN_REFUSALS] > 1 && seen[SEEN_MORE] == 0;
}

REPORT_VERDICT(holds_cut_names, void) { return seen[SEEN_CUT_NAMES] > 0; }
REPORT_VERDICT(holds_encrypted, void) { return seen[SEEN_ENCRYPTED_DNS] > 0; }
REPORT_VERDICT(holds_no_names, void) { return seen[SEEN_DNS] == 0 && seen[SEEN_SERVER_NAMES] == 0; }

static const report_verdict_row nothing_verdicts[] = {
    { "empty", REPORT_UNKNOWN, "No Teams or Skype traffic found: the capture is empty.", "no frame", holds_empty, REPORT_ENDS },
    { "addresses-unanswered", REPORT_UNKNOWN,
        "No sign-in and no call found. Clients send SYNs to addresses that Microsoft publishes for Teams alone, and TCP comes about with none of them: "
        "not answered, or refused (teams,flows has the addresses). No name in this capture tells what they are for.",
        "SYNs to such addresses that were sent again or refused, two or more, and nothing else of Teams or Skype but refusals of them", holds_unanswered, REPORT_ENDS },
    { "traces", REPORT_UNKNOWN,
        "No sign-in and no call found. Names or flows of Teams or Skype are in this capture: see teams,names and teams,flows.",
        "DNS names, server names or flows of Teams or Skype that open no sign-in and are of no call", holds_traces, REPORT_ENDS },
    { "cut-names", REPORT_UNKNOWN,
        "No Teams or Skype traffic found. Frames that carry names are cut short in this capture (snap length), so that names in them "
        "cannot be read.",
        "DNS messages or TLS handshakes of clients that are cut before the name; nothing of Teams or Skype", holds_cut_names, REPORT_ENDS },
    { "encrypted-dns", REPORT_UNKNOWN,
        "No Teams or Skype traffic found. DNS is encrypted in this capture, so that names cannot be read.",
        "port 853, or a server name of a known resolver over HTTPS; nothing of Teams or Skype", holds_encrypted, REPORT_ENDS },
    { "no-names", REPORT_UNKNOWN,
        "No Teams or Skype traffic found. There is no DNS and no server name in this capture: it may have begun after names were "
        "asked for.",
        "neither a DNS message nor a TLS or QUIC server name; nothing of Teams or Skype", holds_no_names, REPORT_ENDS },
    { "nothing-found", REPORT_UNKNOWN,
        "No Teams or Skype traffic found: no DNS name, server name or address in this capture is one that only Teams or Skype uses.",
        "DNS messages or server names, none of which only Teams or Skype uses", NULL, REPORT_ENDS },
};

/* ---- state ---- */

static void
item_free(void *data)
{
    summary_item *item = (summary_item *)data;

    g_free(item->client);
    g_free(item->start);
    g_free(item->remote);
    g_free(item->name);
    g_free(item->region);
    g_free(item->filter);
    g_free(item);
}

static void *
summary_start(void)
{
    summary_state *state = g_new0(summary_state, 1);

    listen_once();
    state->signins = (signin_state *)teams_report_signin.start();
    state->calls = teams_report_calls.start();
    state->items = g_ptr_array_new_with_free_func(item_free);
    state->flows = g_hash_table_new(g_direct_hash, g_direct_equal);
    state->problems = g_array_new(FALSE, FALSE, sizeof(summary_problem));
    state->no_problems = report_problems_new();
    return state;
}

static void
summary_free(void *data)
{
    summary_state *state = (summary_state *)data;

    g_ptr_array_unref(state->items);
    g_array_unref(state->problems);
    g_hash_table_destroy(state->flows);
    report_verdict_clear(&state->nothing);
    report_problems_free(state->no_problems);
    teams_report_signin.end(state->signins);
    teams_report_calls.end(state->calls);
    g_free(state);
}

static int
summary_packet(void *data, packet_info *pinfo, epan_dissect_t *edt, const teams_tap *tap)
{
    summary_state *state = (summary_state *)data;

    teams_report_signin.packet(state->signins, pinfo, edt, tap);
    teams_report_calls.packet(state->calls, pinfo, edt, tap);
    if (tap->info->flow != NULL)
        g_hash_table_add(state->flows, tap->info->flow);
    else
        state->named = true;
    return -1;
}

/* ---- items ---- */

static summary_item *
item_new(summary_state *state, const char *kind, const report_verdict *verdict, const report_problems *problems)
{
    summary_item *item = g_new0(summary_item, 1);

    item->kind = kind;
    item->verdict = verdict;
    item->problems = problems;
    item->time = item->duration = item->round_trip = item->loss[CALLS_SENT] = item->loss[CALLS_RECEIVED] = item->jitter = item->gap = NAN;
    item->path = item->transport = "";
    g_ptr_array_add(state->items, item);
    return item;
}

static void
add_signin(summary_state *state, const signin_session *session)
{
    summary_item *item = item_new(state, signin_has_names_alone(session) ? "names" : "signin", &session->verdict, session->problems);

    item->number = session->signin->number;
    item->client = report_address(&session->signin->client->shown);
    item->start = report_date(&session->signin->start, session->signin->frame);
    item->time = report_time(&session->signin->start);
    item->filter = g_strdup_printf("teams.signin == %u", item->number);
    if (session->result->token_region[0] != '\0')
        item->region = g_strdup(session->result->token_region);
}

/* The region that the name's chain told in a sign-in. */
static char *
region_of(const summary_state *state, const char *name)
{
    for (unsigned i = 0; i < state->signins->sessions->len && name != NULL; i++) {
        const signin_session *session = (const signin_session *)g_ptr_array_index(state->signins->sessions, i);
        const signin_step *step = (const signin_step *)g_hash_table_lookup(session->by_name, name);

        if (step != NULL && step->region[0] != '\0')
            return g_strdup(step->region);
    }
    return NULL;
}

/* The worst stream of the direction, of those that can be measured. What is missing in its gaps is no congestion, and told apart. */
static double
loss_of(const calls_entry *entry, unsigned direction)
{
    double worst = NAN;

    for (unsigned i = 0; i < entry->streams->len; i++) {
        const calls_stream *stream = &g_array_index(entry->streams, calls_stream, i);
        const double loss = calls_stream_loss(stream);

        if (stream->stats.received < CALLS_MEASURED_PACKETS || calls_is_cut_inside(entry, stream))
            continue;
        if (stream->direction == direction && (isnan(worst) || loss > worst))
            worst = loss;
    }
    return worst;
}

/* The longest time in which a stream lost all packets. */
static double
gap_of(const calls_entry *entry)
{
    double longest = NAN;

    for (unsigned i = 0; i < entry->streams->len; i++) {
        const calls_stream *stream = &g_array_index(entry->streams, calls_stream, i);

        if (calls_is_cut_inside(entry, stream))
            continue;
        for (unsigned g = 0; g < stream->gaps->len; g++) {
            const calls_gap *gap = &g_array_index(stream->gaps, calls_gap, g);

            if (calls_is_gap_of_capture(gap))
                continue;       /* what passed in that time is not known */

            longest = isnan(longest) || gap->seconds > longest ? gap->seconds : longest;
        }
    }
    return longest;
}

/* The worst stream of audio that can be measured, in either direction. */
static double
jitter_of(const calls_entry *entry)
{
    double worst = NAN;

    for (unsigned i = 0; i < entry->streams->len; i++) {
        const calls_stream *stream = &g_array_index(entry->streams, calls_stream, i);
        const double jitter = ts_stream_stats_jitter_mean(&stream->stats);

        if (stream->stats.received < CALLS_MEASURED_PACKETS || stream->modality != TS_MODALITY_AUDIO || !calls_has_jitter(stream))
            continue;
        if (isnan(worst) || jitter > worst)
            worst = jitter;
    }
    return worst;
}

static void
add_call(summary_state *state, const calls_entry *entry)
{
    summary_item *item = item_new(state, calls_kind_name(entry->kind), &entry->verdict, entry->problems);
    const calls_pair *pair = calls_main_pair(entry);

    item->number = entry->call->number;
    item->other_end = entry->other_end == NULL ? 0 : entry->other_end->call->number;
    item->client = report_address(&entry->call->client->shown);
    item->start = report_date(&entry->first, entry->first_frame);
    item->time = report_time(&entry->first);
    item->duration = ts_seconds(&entry->first, &entry->last);
    item->filter = g_strdup_printf("teams.call == %u", item->number);
    if (entry->selected != NULL) {
        item->path = teams_path_name(calls_path(entry));
        item->transport = teams_transport_name(entry->selected->transport);
        item->path_label = teams_path_label(calls_path(entry));
        item->transport_label = teams_transport_label(entry->selected->transport);
        item->remote = report_address(&entry->selected->addr);
        item->name = g_strdup(entry->selected->name);
        item->region = region_of(state, entry->selected->name);
    }
    if (pair != NULL)
        item->round_trip = pair->round_trip_mean * 1000;
    item->loss[CALLS_SENT] = loss_of(entry, CALLS_SENT);
    item->loss[CALLS_RECEIVED] = loss_of(entry, CALLS_RECEIVED);
    item->jitter = jitter_of(entry);
    item->gap = gap_of(entry);
}

/* The worst first, and those of one severity in the order of their sign-ins and calls. */
static void
list_problems(summary_state *state)
{
    static const int severities[] = { PI_ERROR, PI_WARN, PI_NOTE, PI_CHAT };

    g_array_set_size(state->problems, 0);
    for (unsigned s = 0; s < G_N_ELEMENTS(severities); s++)
        for (unsigned i = 0; i < state->items->len; i++) {
            const summary_item *item = (const summary_item *)g_ptr_array_index(state->items, i);

            for (unsigned p = 0; p < item->problems->list->len; p++) {
                const summary_problem listed = { state->problems->len + 1, item, (const report_problem *)g_ptr_array_index(item->problems->list, p) };

                if (listed.problem->severity == severities[s])
                    g_array_append_val(state->problems, listed);
            }
        }
}

static int
worst_first(const void *a, const void *b)
{
    return (int)(*(const summary_item *const *)b)->verdict->severity - (int)(*(const summary_item *const *)a)->verdict->severity;
}

/* Those of one severity stay in their order: the sort is stable, as GLib promises. */
static void
set_places(const GPtrArray *items)
{
    GPtrArray *sorted = g_ptr_array_new();

    for (unsigned i = 0; i < items->len; i++)
        g_ptr_array_add(sorted, g_ptr_array_index(items, i));
    g_ptr_array_sort(sorted, worst_first);
    for (unsigned i = 0; i < sorted->len; i++)
        ((summary_item *)g_ptr_array_index(sorted, i))->place = i + 1;
    g_ptr_array_unref(sorted);
}

static void
summary_finish(void *data)
{
    summary_state *state = (summary_state *)data;
    const GPtrArray *calls = calls_entries(state->calls);

    g_ptr_array_set_size(state->items, 0);
    teams_report_signin.finish(state->signins);
    teams_report_calls.finish(state->calls);
    for (unsigned i = 0; i < state->signins->sessions->len; i++)
        add_signin(state, (const signin_session *)g_ptr_array_index(state->signins->sessions, i));
    for (unsigned i = 0; i < calls->len; i++)
        add_call(state, (const calls_entry *)g_ptr_array_index(calls, i));
    report_verdict_clear(&state->nothing);
    state->nothing = report_verdict_of(nothing_verdicts, state, state->no_problems);
    if (state->items->len == 0)
        item_new(state, "nothing", &state->nothing, state->no_problems);
    set_places(state->items);
    list_problems(state);
}

/* ---- columns ---- */

static const char *
kinds(unsigned n)
{
    static const char *const others[] = { "signin", "names", "nothing", NULL };

    return n < CALLS_KIND_COUNT ? calls_kind_name(n) : others[n - CALLS_KIND_COUNT];
}

COLUMN_GETTER(item_problem, summary_item, summary_state)
{
    const report_problem *worst = report_problems_worst(row->problems);

    value->owned = worst == NULL ? NULL : report_problem_text(worst);
}

COLUMN_GETTER(item_actor, summary_item, summary_state)
{
    const report_problem *worst = report_problems_worst(row->problems);

    value->text = worst == NULL ? "" : teams_actor_name(worst->actor);
}

COLUMN_GETTER(item_advice, summary_item, summary_state)
{
    const report_problem *worst = report_problems_worst(row->problems);

    value->text = worst == NULL ? "" : worst->advice;
}

static const report_list problems = {
    report_problem_columns, REPORT_PROBLEM_COLUMNS, LIST_HELD, offsetof(summary_item, problems), NULL };

static const report_column item_columns[] = {
    { .title = "No.", .kind = COLUMN_UINT, .description = "the worst first", .no_csv = true, COLUMN_MEMBER(summary_item, place) },
    { .key = "kind", .title = "Kind", .kind = COLUMN_TEXT, .description = "signin, names of a client without a known sign-in, a kind of call, or that nothing was found",
        .texts = kinds, COLUMN_MEMBER(summary_item, kind) },
    { .key = "number", .title = "Number", .kind = COLUMN_UINT, .description = "number of the sign-in or call",
        COLUMN_MEMBER(summary_item, number) },
    { .key = "severity", .title = "Severity", .kind = COLUMN_TEXT, .description = "severity of the verdict",
        .texts = report_severity_word, COLUMN_BEHIND(summary_item, verdict, report_verdict, word) },
    { .key = "verdict_code", .title = "Verdict Code", .kind = COLUMN_TEXT, .description = "stable code of the verdict", .no_window = true,
        COLUMN_BEHIND(summary_item, verdict, report_verdict, code) },
    { .key = "verdict", .title = "Verdict", .kind = COLUMN_TEXT, .description = "the verdict in a sentence", COLUMN_BEHIND(summary_item, verdict, report_verdict, sentence) },
    { .title = "Worst Problem", .kind = COLUMN_TEXT, .description = "the worst problem", .get = item_problem },
    { .title = "Actor", .kind = COLUMN_TEXT, .description = "who did it: client, network, proxy or server; empty: not told by the capture",
        .get = item_actor },
    { .title = "Advice", .kind = COLUMN_TEXT, .description = "what to do about it", .get = item_advice },
    { .key = "problems", .kind = COLUMN_LIST, .description = "what is wrong or notable, the worst first", .list = &problems },
    { .key = "client", .title = "Client", .kind = COLUMN_TEXT, .description = "address of the client", COLUMN_MEMBER(summary_item, client) },
    { .key = "start", .title = "Start", .kind = COLUMN_TEXT, .description = "date and time in UTC", COLUMN_MEMBER(summary_item, start) },
    { .key = "time", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "the same from the first frame of the capture",
        COLUMN_MEMBER(summary_item, time) },
    { .key = "duration", .title = "Duration", .kind = COLUMN_REAL, .unit = "s", .decimals = 6, .description = "length of the call",
        COLUMN_MEMBER(summary_item, duration) },
    { .key = "path", .title = "Path", .kind = COLUMN_TEXT, .description = "path of the call", COLUMN_MEMBER(summary_item, path) },
    { .key = "transport", .title = "Transport", .kind = COLUMN_TEXT, .description = "what carried it",
        COLUMN_MEMBER(summary_item, transport) },
    { .key = "remote", .title = "Remote Address", .kind = COLUMN_TEXT, .description = "where the call went",
        COLUMN_MEMBER(summary_item, remote) },
    { .key = "remote_name", .kind = COLUMN_TEXT, .description = "name that the address was learned from",
        COLUMN_MEMBER(summary_item, name) },
    { .key = "region", .title = "Region", .kind = COLUMN_TEXT, .description = "region that this name tells; of a sign-in the one that the token's answer gave", COLUMN_MEMBER(summary_item, region) },
    { .key = "round_trip", .title = "Round Trip", .kind = COLUMN_REAL, .unit = "ms", .decimals = 1,
        .description = "mean round trip of the nominated pair, else of the pair measured most", COLUMN_MEMBER(summary_item, round_trip) },
    { .key = "loss_sent", .title = "Loss Sent", .kind = COLUMN_REAL, .unit = "%", .decimals = 4,
        .description = "loss of the worst stream of 50 packets or more that the client sent, where the capture was taken, without its gaps", COLUMN_MEMBER(summary_item, loss[CALLS_SENT]) },
    { .key = "loss_received", .title = "Loss Received", .kind = COLUMN_REAL, .unit = "%", .decimals = 4,
        .description = "loss of the worst stream of 50 packets or more that the client received, without its gaps", COLUMN_MEMBER(summary_item, loss[CALLS_RECEIVED]) },
    { .key = "jitter", .title = "Mean Jitter", .kind = COLUMN_REAL, .unit = "ms", .decimals = 3,
        .description = "mean jitter of the worst stream of audio of 50 packets or more, where the capture was taken", COLUMN_MEMBER(summary_item, jitter) },
    { .key = "gap", .title = "Gap", .kind = COLUMN_REAL, .unit = "s", .decimals = 3,
        .description = "the longest time in which a stream lost all packets, none of those in which the capture has no frame at all", COLUMN_MEMBER(summary_item, gap) },
    { .key = "other_end", .kind = COLUMN_UINT, .description = "number under which its other client has the same call, 0: that is not in the capture",
        COLUMN_MEMBER(summary_item, other_end) },
    { .key = "filter", .title = "Filter", .kind = COLUMN_TEXT, .description = "display filter that shows its frames",
        COLUMN_MEMBER(summary_item, filter) },
};
static const report_list items = { LIST_COLUMNS(item_columns), LIST_POINTERS, offsetof(summary_state, items), NULL };

COLUMN_GETTER(problem_severity, summary_problem, summary_state) { value->text = ts_severity_name(row->problem->severity); }
COLUMN_GETTER(problem_what, summary_problem, summary_state) { value->owned = report_problem_text(row->problem); }
COLUMN_GETTER(problem_advice, summary_problem, summary_state) { value->owned = report_problem_advice(row->problem); }
COLUMN_GETTER(problem_actor, summary_problem, summary_state) { value->text = teams_actor_name(row->problem->actor); }

static bool
is_signin(const summary_item *item)
{
    return strcmp(item->kind, "signin") == 0;
}

/* "sign-in 2 of 192.0.2.1" */
COLUMN_GETTER(problem_where, summary_problem, summary_state)
{
    value->owned = row->item->number == 0 ? g_strdup(row->item->kind) :
        g_strdup_printf("%s %u of %s", is_signin(row->item) ? "sign-in" : row->item->kind, row->item->number, row->item->client);
}

/* The problem's own frames, else those of the sign-in or call. */
COLUMN_GETTER(problem_filter, summary_problem, summary_state)
{
    const char *own = row->problem->filter;

    value->owned = own[0] == '\0' ? g_strdup(row->item->filter) :
        row->item->filter == NULL ? g_strdup(own) : g_strdup_printf("%s && %s", row->item->filter, own);
}

static const report_column problem_columns[] = {
    { .title = "No.", .kind = COLUMN_UINT, .description = "the worst first", COLUMN_MEMBER(summary_problem, number) },
    { .title = "Severity", .kind = COLUMN_TEXT, .description = "how bad it is", .get = problem_severity },
    { .title = "Where", .kind = COLUMN_TEXT, .description = "sign-in or call", .get = problem_where },
    { .title = "Frame", .kind = COLUMN_UINT, .description = "the first frame that shows it, 0: the whole session", COLUMN_BEHIND(summary_problem, problem, report_problem, frame) },
    { .title = "Problem", .kind = COLUMN_TEXT, .description = "what it is", .get = problem_what },
    { .title = "Advice", .kind = COLUMN_TEXT, .description = "what to do", .get = problem_advice },
    { .title = "Actor", .kind = COLUMN_TEXT, .description = "who did it", .get = problem_actor },
    { .title = "Filter", .kind = COLUMN_TEXT, .description = "display filter that finds its frames", .get = problem_filter },
};
static const report_list all_problems = { LIST_COLUMNS(problem_columns), LIST_ARRAY, offsetof(summary_state, problems), NULL };

/* ---- text ---- */

static bool
is_call(const summary_item *item)
{
    return strcmp(item->kind, calls_kind_name(CALLS_CALL)) == 0;
}

/* Of a client, of which nobody knows whether a sign-in was behind them. */
static bool
is_names(const summary_item *item)
{
    return strcmp(item->kind, "names") == 0;
}

static const char *
kind_word(const summary_item *item)
{
    return is_signin(item) ? "Sign-in" : is_names(item) ? "Names" : "Call";
}

/* "Direct over UDP to 192.0.2.1; round trip 45 ms; loss 0.0 % sent, 0.3 % received; mean jitter 4 ms" */
static void
path_text(const summary_item *item, FILE *out)
{
    GString *line = g_string_new(NULL);

    if (item->remote != NULL)
        g_string_append_printf(line, "%s over %s to %s", item->path_label, item->transport_label, item->remote);
    if (item->name != NULL && strcmp(item->name, item->remote) != 0)
        g_string_append_printf(line, " (%s%s%s)", item->name, item->region == NULL ? "" : ", region ", item->region == NULL ? "" : item->region);
    if (!isnan(item->round_trip))
        g_string_append_printf(line, "%sround trip %.0f ms", line->len == 0 ? "" : "; ", item->round_trip);
    if (!isnan(item->loss[CALLS_SENT]))
        g_string_append_printf(line, "%sloss %.1f %% sent", line->len == 0 ? "" : "; ", item->loss[CALLS_SENT]);
    if (!isnan(item->loss[CALLS_RECEIVED]))
        g_string_append_printf(line, "%s%.1f %% received", isnan(item->loss[CALLS_SENT]) ? "; loss " : ", ", item->loss[CALLS_RECEIVED]);
    if (!isnan(item->gap))
        g_string_append_printf(line, "%sa stream missing for %.1f s", line->len == 0 ? "" : "; ", item->gap);
    if (!isnan(item->jitter))
        g_string_append_printf(line, "%smean jitter %.0f ms", line->len == 0 ? "" : "; ", item->jitter);
    if (line->len > 0)
        report_print(out, 2, "%s", line->str);
    g_string_free(line, TRUE);
}

/* Nothing is wrong where these are seen, but whoever asks why a sign-in is slow, or what is on the way, asks for them first. */
static bool
is_worth_a_note(const report_problem *problem)
{
    static const char *const codes[] = { "proxy", "proxy-asks-credentials", "quic-unanswered" };

    for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++)
        if (strcmp(problem->code, codes[i]) == 0)
            return true;
    return false;
}

/* The verdict may have told the first one. */
static void
problem_text(const report_problem *problem, bool told, FILE *out)
{
    char *text = told ? report_problem_proof(problem) : report_problem_text(problem);

    report_print(out, told ? 4 : 2, told ? "(%s)" : "- %s", text);
    if (problem->advice[0] != '\0')
        report_print(out, 4, "%s.", problem->advice);
    g_free(text);
}

static void
problems_text(const summary_item *item, FILE *out)
{
    for (unsigned i = 0, shown = 0; i < item->problems->list->len && shown < PROBLEMS_SHOWN; i++) {
        const report_problem *problem = (const report_problem *)g_ptr_array_index(item->problems->list, i);

        if (problem->severity >= PI_WARN || is_worth_a_note(problem)) {
            problem_text(problem, i == 0 && item->verdict->ending == REPORT_WORST_PROBLEM, out);
            shown++;
        }
    }
}

static void
item_text(const summary_item *item, FILE *out)
{
    char *duration = isnan(item->duration) ? g_strdup("") : g_strdup_printf(", %.1f s", item->duration);

    fprintf(out, "\n");
    report_print(out, 0, "%s: %s %u of %s, %s%s", report_severity_heading(item->verdict->severity), kind_word(item), item->number,
        item->client, item->start, duration);
    report_print(out, 2, "%s", item->verdict->sentence);
    if (is_signin(item) && item->region != NULL)
        report_print(out, 2, "The token's answer gives the region %s.", item->region);
    if (item->other_end != 0)
        report_print(out, 2, "The same call as call %u: both ends are in this capture.", item->other_end);
    path_text(item, out);
    problems_text(item, out);
    report_print(out, 2, "Filter: %s", item->filter);
    g_free(duration);
}

/* What it is for, in a word: the worst warning or error, else the verdict. */
static const char *
reason_of(const summary_item *item)
{
    const report_problem *worst = report_problems_worst(item->problems);

    if (worst == NULL || worst->severity < PI_WARN)
        return item->verdict->code;
    return report_problem_name(worst);
}

/* The same in a line: "CHECK   Call      3  03-02 10:00:00  192.0.2.1  loss, 45 ms". */
static void
item_line(const summary_item *item, FILE *out)
{
    const bool dated = strlen(item->start) > strlen("2026-03-02T10:00:00");
    GString *line = g_string_new(NULL);

    g_string_append_printf(line, "%-7s %-7s %3u  %.5s %.8s  %s  %s", report_severity_heading(item->verdict->severity), kind_word(item), item->number,
        dated ? item->start + strlen("2026-") : "", dated ? item->start + strlen("2026-03-02T") : "", item->client, reason_of(item));
    if (!isnan(item->round_trip))
        g_string_append_printf(line, ", %.0f ms", item->round_trip);
    if (item->other_end != 0)
        g_string_append_printf(line, ", also call %u", item->other_end);
    report_print(out, 0, "%s", line->str);
    g_string_free(line, TRUE);
}

static unsigned
count_kind(const summary_state *state, const char *kind)
{
    unsigned count = 0;

    for (unsigned i = 0; i < state->items->len; i++)
        if (strcmp(((const summary_item *)g_ptr_array_index(state->items, i))->kind, kind) == 0)
            count++;
    return count;
}

/* What there is beside, and what there is not. */
static void
rest_text(const summary_state *state, FILE *out)
{
    const unsigned probes = count_kind(state, calls_kind_name(CALLS_PROBE));
    const unsigned exchanges = count_kind(state, calls_kind_name(CALLS_EXCHANGE));

    fprintf(out, "\n");
    if (count_kind(state, "signin") == 0)
        report_print(out, 0, seen[SEEN_CUT_NAMES] > 0 ?
            "No sign-in found. Frames that carry names are cut short in this capture (snap length), so that names in them cannot be read." :
            count_kind(state, "names") > 0 ? "No sign-in found: names were asked for, and nothing shows that a sign-in was behind them." :
            "No sign-in found: no name that only Teams or Skype asks for is in this capture.");
    if (count_kind(state, calls_kind_name(CALLS_CALL)) == 0)
        report_print(out, 0, "No call found.");
    if (probes > 0)
        report_print(out, 0, "Beside that: %u connectivity test%s.", probes, probes == 1 ? "" : "s");
    if (exchanges > 0)
        report_print(out, 0, "Beside that: %u short exchange%s with a relay.", exchanges, exchanges == 1 ? "" : "s");
    report_print(out, 0, "More: -z teams,signin, teams,calls, teams,names, teams,flows; each also with ,json or ,full.");
}

/* Sign-ins and calls, in their order. */
static GPtrArray *
items_listed(const summary_state *state)
{
    GPtrArray *listed = g_ptr_array_new();

    for (unsigned i = 0; i < state->items->len; i++) {
        summary_item *item = (summary_item *)g_ptr_array_index(state->items, i);

        if (is_signin(item) || is_names(item) || is_call(item))
            g_ptr_array_add(listed, item);
    }
    return listed;
}

/* "27 sign-ins and calls: 2 broken, 25 OK. The worst first:" */
static void
count_text(bool names, const GPtrArray *listed, FILE *out)
{
    GString *counts = g_string_new(NULL);
    unsigned ends = 0;

    for (int severity = REPORT_BROKEN; severity >= REPORT_OK; severity--) {
        unsigned count = 0;

        for (unsigned i = 0; i < listed->len; i++)
            count += (int)((const summary_item *)g_ptr_array_index(listed, i))->verdict->severity == severity ? 1 : 0;
        if (count > 0)
            g_string_append_printf(counts, "%s%u %s", counts->len == 0 ? "" : ", ", count, report_severity_word((unsigned)severity));
    }
    for (unsigned i = 0; i < listed->len; i++)
        ends += ((const summary_item *)g_ptr_array_index(listed, i))->other_end != 0 ? 1 : 0;
    if (ends > 0)
        g_string_append_printf(counts, ". Both ends of %u call%s are among them", ends / 2, ends == 2 ? "" : "s");
    fprintf(out, "\n");
    report_print(out, 0, "%u sign-ins%s and calls: %s. The worst first:", listed->len, names ? ", names" : "", counts->str);
    g_string_free(counts, TRUE);
}

/* The worst at length, then a line each. */
static void
short_text(bool names, GPtrArray *listed, FILE *out)
{
    const unsigned lines = MIN(listed->len - SOME_AT_LENGTH, LINES_SHOWN);

    count_text(names, listed, out);
    g_ptr_array_sort(listed, worst_first);        /* stable, as GLib promises */
    for (unsigned i = 0; i < SOME_AT_LENGTH; i++)
        item_text((const summary_item *)g_ptr_array_index(listed, i), out);
    fprintf(out, "\n");
    for (unsigned i = SOME_AT_LENGTH; i < SOME_AT_LENGTH + lines; i++)
        item_line((const summary_item *)g_ptr_array_index(listed, i), out);
    if (listed->len > SOME_AT_LENGTH + lines)
        report_print(out, 0, "And %u more, none of them worse.", listed->len - SOME_AT_LENGTH - lines);
    report_print(out, 0, "All at length: -z teams,summary,full.");
}

static void
summary_text(const void *data, bool full, FILE *out)
{
    const summary_state *state = (const summary_state *)data;

    if (count_kind(state, "nothing") > 0) {
        report_print(out, 0, "%s", state->nothing.sentence);
        return;
    }
    GPtrArray *listed = items_listed(state);

    if (!full && listed->len > ALL_AT_LENGTH)
        short_text(count_kind(state, "names") > 0, listed, out);
    else
        for (unsigned i = 0; i < listed->len; i++)
            item_text((const summary_item *)g_ptr_array_index(listed, i), out);
    rest_text(state, out);
    g_ptr_array_unref(listed);
}

/* What windows call a table is filled packet by packet; a verdict is known at the end only. */
static const report_window windows[] = {
    { "summary", "Teams Summary", &items, false },
    { "problems", "Teams Problems", &all_problems, false },
    { NULL, NULL, NULL, REPORT_ENDS },
};

const teams_report teams_report_summary = {
    .name = "summary",
    .title = "Teams Summary",
    .fields = "ip.dsfield.dscp or ipv6.tclass.dscp",
    .start = summary_start,
    .end = summary_free,
    .packet = summary_packet,
    .finish = summary_finish,
    .text = summary_text,
    .key = "summary",
    .description = "all sign-ins and calls, with verdicts; one row of kind nothing where there is none",
    .list = &items,
    .table = &items,
    .windows = windows,
    .verdicts = nothing_verdicts,
    .says_nothing_itself = true,
};
