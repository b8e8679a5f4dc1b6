/* connection_check_requests.c
 * What the answers to a sign-in's requests say together, where TLS is decrypted
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_check.h"
#include "session/requests.h"

#include "session/signin.h"

#include <string.h>

#define REDIRECTS_MIN   4       /* to identity without a token */
#define RETURN_GAP      2.0     /* seconds: pages ask identity for several results, one after the other */
#define ASKS_AGAIN      2.0     /* seconds after a refusal */
#define STATUSES_SHOWN  4       /* of one kind */

/* ---- all requests, in order ---- */

static int
by_request_number(const void *a, const void *b, void *data _U_)
{
    const teams_request *x = *(const teams_request *const *)a;
    const teams_request *y = *(const teams_request *const *)b;

    return x->number < y->number ? -1 : x->number > y->number;
}

static wmem_array_t *
gather_requests(const teams_check *check)
{
    wmem_array_t *requests = wmem_array_new(check->scope, sizeof(const teams_request *));

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const wmem_array_t *of_connection = teams_requests_of(teams_check_connection(check, i));

        if (of_connection != NULL && wmem_array_get_count((wmem_array_t *)of_connection) > 0)
            wmem_array_append(requests, wmem_array_get_raw((wmem_array_t *)of_connection), wmem_array_get_count((wmem_array_t *)of_connection));
    }
    if (wmem_array_get_count(requests) > 1)
        g_qsort_with_data(wmem_array_get_raw(requests), (int)wmem_array_get_count(requests), sizeof(const teams_request *), by_request_number, NULL);
    return requests;
}

static const teams_request *
request_at(wmem_array_t *requests, unsigned n)
{
    return *(const teams_request **)wmem_array_index(requests, n);
}

/* ---- by kind ---- */

static bool
has_status(const char *statuses, const char *status)
{
    const char *found = strstr(statuses, status);

    return found != NULL && (found == statuses || found[-1] == ' ');
}

static void
add_status(const teams_check *check, teams_request_use *use, unsigned status)
{
    const char *text = wmem_strdup_printf(check->scope, "%u", status);
    unsigned shown = 0;

    for (const char *at = use->statuses; *at != '\0'; at++)
        shown += *at == ',';
    if (has_status(use->statuses, text) || shown + 1 >= STATUSES_SHOWN)
        return;
    use->statuses = use->statuses[0] == '\0' ? text : wmem_strdup_printf(check->scope, "%s, %s", use->statuses, text);
}

static void
add_use(const teams_check *check, teams_request_use *use, const teams_request *request)
{
    use->count++;
    use->beside = use->beside || request->beside;
    if (request->answer_frame == 0) {
        use->asked_since = use->refused != NULL;
        return;
    }
    use->answered++;
    if (use->last_answered == NULL)
        use->time = nstime_to_sec(&request->answer_time);
    use->last_answered = request;
    add_status(check, use, request->status);
    if (teams_request_succeeded(request)) {
        use->succeeded++;
        use->refused = NULL;
        use->refused_in_row = 0;
    } else if (teams_request_refused(request)) {
        use->refusals++;
        use->refused_in_row++;
        use->refused = request;
        use->asked_since = false;
    }
}

static void
gather_uses(teams_check *check, wmem_array_t *requests)
{
    wmem_array_t *uses = wmem_array_new(check->scope, sizeof(teams_request_use));
    wmem_map_t *by_kind = wmem_map_new(check->scope, g_direct_hash, g_direct_equal);

    for (unsigned i = 0; i < wmem_array_get_count(requests); i++) {
        const teams_request *request = request_at(requests, i);
        unsigned at = GPOINTER_TO_UINT(wmem_map_lookup(by_kind, request->kind));

        if (at == 0) {
            const teams_request_use fresh = { .kind = request->kind, .first = request, .statuses = "", .time = -1 };

            wmem_array_append_one(uses, fresh);
            at = wmem_array_get_count(uses);
            wmem_map_insert(by_kind, request->kind, GUINT_TO_POINTER(at));
        }
        add_use(check, (teams_request_use *)wmem_array_index(uses, at - 1), request);
    }
    check->result->use_count = wmem_array_get_count(uses);
    check->result->uses = (teams_request_use *)wmem_array_get_raw(uses);
}

/* ---- what is not in the capture ---- */

/* A session with the host that went on, of whose requests nothing can be read: the client may have asked again there. */
static bool
has_unread_session(const teams_check *check, const teams_request *refused)
{
    const teams_name_result *name = teams_check_name_of(check, refused->kind->host);

    return name != NULL && !nstime_is_zero(&name->unread_last) &&
        ts_seconds(&refused->time, &name->unread_last) > nstime_to_sec(&refused->answer_time);
}

/* A client asks again at once: does the capture end too early to show it? */
static bool
is_at_end(const teams_check *check, const teams_request_use *use)
{
    return use->refused_in_row == 1 && !teams_check_time_passed(check, &use->refused->time, nstime_to_sec(&use->refused->answer_time) + ASKS_AGAIN);
}

/* Whether a later request succeeded. */
static bool
is_sequel_unknown(const teams_check *check, const teams_request_use *use)
{
    return use->asked_since || is_at_end(check, use) || has_unread_session(check, use->refused);
}

/* ---- by stage ---- */

/* CONNECT opens other things in a stream, too (RFC 9298): their bytes are no frames of a WebSocket. */
static bool
is_web_socket(const teams_request *request)
{
    const teams_web_socket *socket = request->socket;

    return socket != NULL && (socket->readers == NULL || socket->pings + socket->pongs + socket->messages[0] + socket->messages[1] > 0 ||
        socket->close_frame != 0 || !teams_web_socket_is_broken(socket));
}

static void
gather_answers(teams_check *check, wmem_array_t *requests)
{
    wmem_array_t *sockets = wmem_array_new(check->scope, sizeof(const teams_request *));

    check->result->token_region = "";
    for (unsigned i = 0; i < wmem_array_get_count(requests); i++) {
        const teams_request *request = request_at(requests, i);
        teams_stage_answers *answers = &check->result->answers[request->kind->stage];

        answers->stage = request->kind->stage;
        if (is_web_socket(request))
            wmem_array_append_one(sockets, request);
        if (request->token_region != NULL)
            check->result->token_region = request->token_region;
        if (!teams_request_is_of_stage(request))
            continue;
        if (teams_request_refused(request))
            answers->refused = request;
        else if (answers->reached == NULL && teams_request_succeeded(request))
            answers->reached = request;
    }
    check->result->socket_count = wmem_array_get_count(sockets);
    check->result->sockets = (const teams_request **)wmem_array_get_raw(sockets);
}

static bool
is_reached(const teams_check *check, ts_stage stage)
{
    return check->result->answers[stage].reached != NULL;
}

/* Success that only a token gives: the push channel opens without one. Other applications have tokens for what is not Teams' own. */
static bool
shows_token(const teams_request *request, bool teams_only)
{
    const teams_request_kind *kind = request->kind;

    return teams_request_is_of_stage(request) && teams_request_succeeded(request) && kind->stage != TS_STAGE_TOKEN &&
        teams_signin_is_past_identity(UINT32_C(1) << kind->stage) && kind->service != TS_SERVICE_PUSH_REALTIME &&
        !(teams_only && kind->product == TS_PRODUCT_M365_SHARED);
}

static void
check_stages(teams_check *check, wmem_array_t *requests)
{
    teams_signin_result *result = check->result;
    const teams_request *token = is_reached(check, TS_STAGE_TOKEN) ? NULL : result->answers[TS_STAGE_TOKEN].refused;

    if (is_reached(check, TS_STAGE_IDENTITY))
        result->identity_asked = result->identity_reached = true;
    teams_check_push(check);
    /* Data both ways stand for a token only where none is seen to be refused. */
    if (token != NULL && !has_unread_session(check, token))
        result->beyond_reached = result->services_reached = result->shared_reached = false;
    for (unsigned i = 0; i < wmem_array_get_count(requests); i++) {
        const teams_request *request = request_at(requests, i);

        if (shows_token(request, token != NULL)) {
            const bool own = teams_name_weigh(request->kind->product) >= TEAMS_NAME_OWN;

            result->beyond_reached = true;
            result->services_reached = result->services_reached || own;
            result->shared_reached = result->shared_reached || !own;
            result->token_used = is_reached(check, TS_STAGE_TOKEN);
        } else if (request->answer_frame != 0 && teams_request_is_of_stage(request) &&
                teams_signin_is_past_identity(UINT32_C(1) << request->kind->stage))
            result->services_unserved = true;
    }
}

/* ---- refusals that no success followed ---- */

static teams_conclusion
conclusion_of(unsigned status)
{
    switch (status) {
    case 400:
        return TEAMS_CONCLUSION_REQUEST_DENIED;
    case 401:
        return TEAMS_CONCLUSION_REQUEST_UNAUTHORIZED;
    case 403:
        return TEAMS_CONCLUSION_REQUEST_FORBIDDEN;
    case 410:
        return TEAMS_CONCLUSION_REQUEST_GONE;
    case 429:
        return TEAMS_CONCLUSION_REQUEST_THROTTLED;
    default:
        return TEAMS_CONCLUSION_REQUEST_FAILED;
    }
}

/* What is gathered over all kinds before one of them is checked. */
typedef struct {
    bool served[TS_SERVICE_COUNT];      /* a request for the service succeeded */
    wmem_map_t *alike;                  /* service and status -> kinds that end in it; none left where a problem tells of them */
} refusals;

static void *
alike_key(const teams_request_use *use)
{
    return GUINT_TO_POINTER((unsigned)use->kind->service * 1000 + use->refused->status);
}

static refusals
gather_refusals(const teams_check *check)
{
    refusals all = { .alike = wmem_map_new(check->scope, g_direct_hash, g_direct_equal) };

    for (unsigned i = 0; i < check->result->use_count; i++) {
        const teams_request_use *use = &check->result->uses[i];

        all.served[use->kind->service] = all.served[use->kind->service] || use->succeeded > 0;
        if (use->refused != NULL)
            wmem_map_insert(all.alike, alike_key(use), GUINT_TO_POINTER(GPOINTER_TO_UINT(wmem_map_lookup(all.alike, alike_key(use))) + 1));
    }
    return all;
}

static bool
is_token_path_of_identity(const teams_request_kind *kind)
{
    return kind->stage == TS_STAGE_IDENTITY && strcmp(kind->method, "POST") == 0 &&
        (g_str_has_suffix(kind->path, "/token") || g_str_has_suffix(kind->path, "/oauth20_token.srf"));
}

/* Where identity's page is seen and its token is not given; it may yet be while the user still types. */
static bool
is_token_of_identity(const teams_check *check, const teams_request_kind *kind)
{
    return is_token_path_of_identity(kind) && !is_reached(check, TS_STAGE_TOKEN) && !check->result->beyond_reached;
}

/* RFC 8628, 3.5: whoever polls for a token is refused with 400 until the user has signed in elsewhere. */
static bool
awaits_other_device(const teams_check *check, const teams_request_use *use)
{
    if (use->refused->status != 400 || !is_token_path_of_identity(use->kind))
        return false;
    for (unsigned i = 0; i < check->result->use_count; i++) {
        const teams_request_use *asked = &check->result->uses[i];

        if (asked->succeeded > 0 && asked->kind->stage == TS_STAGE_IDENTITY && g_str_has_suffix(asked->kind->path, "/devicecode") &&
                asked->first->number < use->refused->number)
            return true;
    }
    return false;
}

/* Without a token nothing goes on; a service that never answers well is missed by the user; else one path of many is meant. */
static int
severity_of(const teams_check *check, const refusals *all, const teams_request_use *use)
{
    const teams_request_kind *kind = use->kind;
    const bool unknown = is_sequel_unknown(check, use) || awaits_other_device(check, use);

    if (!unknown && (kind->stage == TS_STAGE_TOKEN || kind->stage == TS_STAGE_IDENTITY) && teams_request_is_of_stage(use->refused) &&
            !is_reached(check, kind->stage) && !check->result->beyond_reached)
        return PI_ERROR;
    if (kind->stage == TS_STAGE_TELEMETRY || kind->service == TS_SERVICE_UNKNOWN)
        return PI_CHAT;
    if (unknown)
        return PI_NOTE;
    if (is_token_of_identity(check, kind))
        return PI_WARN;
    return all->served[kind->service] ? PI_NOTE : PI_WARN;
}

/* Proxies and inspection forbid and fail in a service's name. */
static teams_actor
refused_by(unsigned status)
{
    return status == 403 || status >= 500 ? TEAMS_BY_UNKNOWN : TEAMS_BY_SERVER;
}

/* Other kinds of the same service that end in the same status: one problem tells of all, about the worst. */
static void
check_refused(teams_check *check, const refusals *all, const teams_request_use *use, int severity)
{
    const teams_request_kind *kind = use->kind;

    if (use->refused == NULL || !wmem_map_contains(all->alike, alike_key(use)) || severity_of(check, all, use) != severity)
        return;
    const bool polls = awaits_other_device(check, use);
    const unsigned alike = GPOINTER_TO_UINT(wmem_map_remove(all->alike, alike_key(use))) - 1;
    const char *others = alike == 0 ? "" : wmem_strdup_printf(check->scope, "; the same of %u other path%s of this service", alike, alike == 1 ? "" : "s");

    teams_check_add(check, &teams_conclusions[conclusion_of(use->refused->status)], severity,
        (teams_problem_place) { .frame = use->refused->answer_frame, .actor = refused_by(use->refused->status), .name = kind->host, .fatal = severity == PI_ERROR },
        "%s: %s %s at %s was refused %swith %s, and %s%s",
        kind->service == TS_SERVICE_UNKNOWN ? "Unknown path" : ts_service_label(kind->service), kind->method, kind->path, kind->host,
        use->refusals == 1 ? "" : wmem_strdup_printf(check->scope, "%u times, at last ", use->refusals),
        teams_request_status_text(check->scope, use->refused),
        polls ? "the client polls for a sign-in on another device (device code), as which it is normal" :
        is_sequel_unknown(check, use) ? "whether a later request succeeded is not seen" : "no later request succeeded", others);
    if (kind->stage == TS_STAGE_IDENTITY)
        check->identity_reported = true;
    check->result->identity_polled = check->result->identity_polled || polls;
}

/* ---- to identity again and again ---- */

/* Rounds of one kind, none of them long after the one before. */
typedef struct {
    unsigned count;
    const teams_request *first;
    const teams_request *last;
} redirects;

/* Asked for while the one before was still to be answered: frames of one page, out of sight, and no round. */
static bool
is_beside(const teams_request *before, const teams_request *request)
{
    const double gap = ts_seconds(&before->time, &request->time);

    return gap < nstime_to_sec(&before->answer_time) || (request->brings_result && gap < RETURN_GAP);
}

/* A service sends the client to identity by any of its paths; at identity it goes round by one, and back to one host: others are other applications. */
static const char *
round_key(const teams_check *check, const teams_request *request)
{
    const teams_request_kind *kind = request->kind;

    if (kind->stage != TS_STAGE_IDENTITY)
        return kind->host;
    return wmem_strdup_printf(check->scope, "%s %s %s %u", kind->method, kind->host, kind->path, request->brings_result ? request->leads_to : 0);
}

static const redirects *
add_round(const teams_check *check, wmem_map_t *rounds, const teams_request *request)
{
    const char *key = round_key(check, request);
    redirects *seen = (redirects *)wmem_map_lookup(rounds, key);

    if (seen == NULL) {
        seen = wmem_new0(check->scope, redirects);
        wmem_map_insert(rounds, key, seen);
    }
    if (seen->count > 0 && is_beside(seen->last, request))
        return seen;
    if (seen->count > 0 && ts_seconds(&seen->last->time, &request->time) > ROUND_GAP)
        seen->count = 0;
    seen->first = seen->count == 0 ? request : seen->first;
    seen->last = request;
    seen->count++;
    return seen;
}

/* The most rounds of a service, and of identity. */
static void
gather_rounds(const teams_check *check, wmem_array_t *requests, redirects *services, redirects *identity)
{
    wmem_map_t *rounds = wmem_map_new(check->scope, wmem_str_hash, g_str_equal);

    for (unsigned i = 0; i < wmem_array_get_count(requests); i++) {
        const teams_request *request = request_at(requests, i);
        redirects *most = request->kind->stage == TS_STAGE_IDENTITY ? identity : services;

        if (!request->to_identity && !request->brings_result)
            continue;
        const redirects *seen = add_round(check, rounds, request);

        if (seen->count > most->count)
            *most = *seen;
    }
}

static bool
gives_token_of_identity(const teams_request_use *use)
{
    return use->succeeded > 0 && is_token_path_of_identity(use->kind);
}

/* What does not follow: an access token of identity is none that a service has accepted. */
static const char *
what_is_missing(const teams_check *check)
{
    for (unsigned i = 0; i < check->result->use_count; i++)
        if (gives_token_of_identity(&check->result->uses[i]))
            return "no service that needs a token answers with success";
    return "no token follows";
}

static void
add_loop(teams_check *check, const redirects *seen, const char *what)
{
    check->loop_reported = true;
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_LOGIN_LOOP], PI_ERROR,
        (teams_problem_place) { .frame = seen->first->answer_frame, .actor = TEAMS_BY_SERVER, .name = seen->first->kind->host, .fatal = true },
        "%s at %s sends the client %s %u times in %.0f s, and %s: a login loop",
        seen->first->kind->stage == TS_STAGE_IDENTITY ? "Identity" : "The service", seen->first->kind->host, what, seen->count,
        ts_seconds(&seen->first->time, &seen->last->time), what_is_missing(check));
}

static void
check_redirects(teams_check *check, wmem_array_t *requests)
{
    redirects services = { 0 }, identity = { 0 };

    if (is_reached(check, TS_STAGE_TOKEN) || check->result->beyond_reached)
        return;
    gather_rounds(check, requests, &services, &identity);
    if (services.count >= REDIRECTS_MIN)
        add_loop(check, &services, "back to identity");
    else if (identity.count >= REDIRECTS_MIN)
        add_loop(check, &identity, identity.first->to_identity ? "to identity again" : "back to the service");
}

void
teams_check_requests(teams_check *check)
{
    wmem_array_t *requests = gather_requests(check);

    gather_uses(check, requests);
    gather_answers(check, requests);
    check_stages(check, requests);
    const refusals all = gather_refusals(check);

    static const int severities[] = { PI_ERROR, PI_WARN, PI_NOTE, PI_CHAT };

    for (unsigned s = 0; s < G_N_ELEMENTS(severities); s++)
        for (unsigned i = 0; i < check->result->use_count; i++)
            check_refused(check, &all, &check->result->uses[i], severities[s]);
    check_redirects(check, requests);
}
