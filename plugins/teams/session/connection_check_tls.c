/* connection_check_tls.c
 * How TLS ended a sign-in's connections
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_check.h"

#define BESIDE_SECONDS  10.0

enum { ALERT_PROTOCOL_VERSION = 70 };

/* A kind of end, in order: a connection belongs to the first that fits. */
typedef struct {
    teams_expert row;
    teams_actor actor;          /* unknown: who sent the alert, where there is one */
    bool (*fits)(const teams_check *check, const teams_connection *conn);
    const char *(*says)(const teams_check *check, const teams_connection *conn);      /* what the sentence says besides names and counts */
    const char *(*sentence)(const teams_check *check, const teams_name_list *list, const teams_connection *first);
} tls_end;

static const char *
times(const teams_check *check, const teams_name_list *list)
{
    return list->count == 1 ? "" : wmem_strdup_printf(check->scope, " (%u times)", list->count);
}

static bool
others_work(const teams_check *check)
{
    for (unsigned i = 0; i < teams_check_name_count(check); i++)
        if (teams_check_name(check, i)->reached)
            return true;
    return false;
}

static const char *
others_text(const teams_check *check)
{
    return others_work(check) ? "; other names work" : "";
}

/* ---- what sentences say of a connection, in all that tells it from others ---- */

static const char *
says_versions(const teams_check *check, const teams_connection *conn)
{
    return wmem_strdup_printf(check->scope, "%u %u", conn->alert_from_client, conn->priv->offered);
}

static const char *
issuer_text(const teams_connection *conn)
{
    return conn->certificate == NULL ? "" : conn->certificate->issuer;
}

static const char *
says_alert(const teams_check *check, const teams_connection *conn)
{
    return wmem_strdup_printf(check->scope, "%u %u", conn->alert_from_client, conn->alert);
}

static const char *
says_alert_and_issuer(const teams_check *check, const teams_connection *conn)
{
    return wmem_strdup_printf(check->scope, "%u %u %s", conn->alert, conn->certificate != NULL, issuer_text(conn));
}

static const char *
says_issuer(const teams_check *check _U_, const teams_connection *conn)
{
    return issuer_text(conn);
}

static const char *
says_whether_tickets(const teams_check *check _U_, const teams_connection *conn)
{
    return conn->priv->answer_bytes > 0 ? "tickets" : "";
}

/* ---- the kinds ---- */

static bool
fits_reset(const teams_check *check, const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_HELLO_RESET && !teams_check_is_portal(check, conn) && !teams_check_is_ended_by_proxy(check, conn);
}

static const char *
say_reset(const teams_check *check, const teams_name_list *list, const teams_connection *first _U_)
{
    if (!list->any_lost)
        return wmem_strdup_printf(check->scope, "Connections to %s were reset or closed right after the server name%s, and others with the same name work",
            teams_name_list_text(list), times(check, list));
    return wmem_strdup_printf(check->scope, "Connections to %s are reset or closed right after the server name%s%s: likely a filter by server name",
        teams_name_list_text(list), times(check, list), others_text(check));
}

static bool
fits_silent(const teams_check *check, const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED && teams_connection_is_heard(conn) && !teams_connection_lacks_data(conn) &&
        !teams_check_is_portal(check, conn) && !teams_check_has_mtu_hole(check, conn) &&
        teams_check_time_passed(check, &conn->priv->hello_time, ANSWER_SECONDS) &&
        (conn->end == TEAMS_CONNECTION_OPEN || ts_seconds(&conn->priv->hello_time, &conn->ended) >= ANSWER_SECONDS);
}

static const char *
says_in_part(const teams_check *check _U_, const teams_connection *conn)
{
    return conn->priv->hello_in_part ? "in part" : "";
}

static const char *
say_silent(const teams_check *check, const teams_name_list *list, const teams_connection *first)
{
    if (first->priv->hello_in_part)
        return wmem_strdup_printf(check->scope, "TCP to %s is established, and only the first part of the ClientHello is acknowledged%s%s",
            teams_name_list_text(list), times(check, list), !list->any_lost ? ", and others with the same name work" : others_text(check));
    return wmem_strdup_printf(check->scope, "TCP to %s is established, and nothing comes back after the server name%s%s",
        teams_name_list_text(list), times(check, list), !list->any_lost ? ", and others with the same name work" : others_text(check));
}

static bool
fits_version(const teams_check *check, const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_ALERT && conn->alert == ALERT_PROTOCOL_VERSION && !teams_check_is_portal(check, conn);
}

static const char *
say_version(const teams_check *check, const teams_name_list *list, const teams_connection *first)
{
    return wmem_strdup_printf(check->scope, "The %s refuses the TLS version for %s%s: alert protocol version (70); the client offers at most %s",
        first->alert_from_client ? "client" : "server", teams_name_list_text(list), times(check, list), teams_tls_version_text(first->priv->offered));
}

static bool
fits_parameters(const teams_check *check, const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_ALERT && !teams_check_is_portal(check, conn) && teams_connection_lacks_parameters(conn);
}

static const char *
say_alert(const teams_check *check, const teams_name_list *list, const teams_connection *first)
{
    return wmem_strdup_printf(check->scope, "The %s ends the TLS handshake with %s%s: alert %s (%u)", first->alert_from_client ? "client" : "server",
        teams_name_list_text(list), times(check, list), teams_alert_text(first->alert), first->alert);
}

static bool
is_certificate_alert(const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_ALERT && conn->alert_from_client && teams_alert_is_about_certificate(conn->alert);
}

static bool
fits_intercepted_refused(const teams_check *check, const teams_connection *conn)
{
    return is_certificate_alert(conn) && teams_connection_is_foreign(conn) && !teams_check_is_portal(check, conn);
}

static const char *
say_intercepted_refused(const teams_check *check, const teams_name_list *list, const teams_connection *first)
{
    return wmem_strdup_printf(check->scope,
        "TLS to %s is intercepted: the certificate is " TEAMS_ISSUED_BY "\"%s\", and the client refuses it%s: alert %s (%u)",
        teams_name_list_text(list), first->certificate->issuer, times(check, list), teams_alert_text(first->alert), first->alert);
}

static bool
fits_certificate(const teams_check *check, const teams_connection *conn)
{
    return is_certificate_alert(conn) && !teams_connection_is_foreign(conn) && !teams_check_is_portal(check, conn);
}

/* What the alert says of a certificate that is not visible: RFC 8446 6.2. Some clients send "bad certificate" of one that is not valid yet. */
static const char *
hidden_text(uint8_t alert)
{
    enum { BAD = 42, REVOKED = 44, EXPIRED = 45 };

    switch (alert) {
    case EXPIRED: return "; the certificate is not visible: it has expired, or the client's clock is wrong";
    case REVOKED: return "; the certificate is not visible";
    case BAD: return "; the certificate is not visible: TLS interception or a wrong clock is likely";
    default: return "; the certificate is not visible, TLS interception is likely";
    }
}

static const char *
say_certificate(const teams_check *check, const teams_name_list *list, const teams_connection *first)
{
    return wmem_strdup_printf(check->scope, "The client refuses the certificate of %s%s: alert %s (%u)%s%s", teams_name_list_text(list), times(check, list),
        teams_alert_text(first->alert), first->alert, first->certificate != NULL ? "; it is " TEAMS_ISSUED_BY :
            teams_connection_is_customers(first) ? "; the certificate is not visible" : hidden_text(first->alert),
        first->certificate == NULL ? "" : first->certificate->issuer);
}

static bool
fits_alert(const teams_check *check, const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_ALERT && !is_certificate_alert(conn) && !teams_check_is_portal(check, conn) &&
        !fits_version(check, conn) && !fits_parameters(check, conn);
}

/* Does the client use the same name on another connection, at that time or soon? It has nothing against its certificate then. */
static bool
is_used_beside(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = teams_check_name_of(check, conn->name);
    unsigned from = 0, to = name == NULL || name->used == NULL ? 0 : wmem_array_get_count(name->used);

    while (from < to) {     /* the first that begins too late */
        const unsigned middle = (from + to) / 2;

        if (ts_seconds(&conn->ended, &((const teams_used_session *)wmem_array_index(name->used, middle))->start) <= BESIDE_SECONDS)
            from = middle + 1;
        else
            to = middle;
    }
    return from > 0 && ts_seconds(&((const teams_used_session *)wmem_array_index(name->used, from - 1))->last, &conn->start) <= BESIDE_SECONDS;
}

/* It goes on with it where it sends a request; a session without one says neither. */
static bool
is_accepted(const teams_connection *conn)
{
    return conn->priv->requested || conn->state == TEAMS_CONNECTION_USED;
}

/* Does the client end it after the server's part of the handshake, or after the handshake, without a request? */
static bool
is_left(const teams_connection *conn)
{
    /* Where a segment of the server's part is missing, the client had nothing to look at; where some of the client's is not here or cut short, it may be the request. */
    if (conn->end == TEAMS_CONNECTION_OPEN || !conn->ended_by_client || conn->priv->hole_frame != 0 || teams_connection_hides_request(conn))
        return false;
    return teams_connection_is_left(conn, &conn->ended);
}

static void
add_left(teams_left *left, const teams_connection *conn)
{
    left->again = left->again || (left->some && nstime_cmp(&conn->start, &left->ended) >= 0);
    if (!left->some || nstime_cmp(&conn->ended, &left->ended) < 0)
        left->ended = conn->ended;
    left->some = true;
}

/* A program that gives up a connection ends it as one does that refuses the certificate: the others tell. */
static void
gather_left(teams_check *check)
{
    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);
        teams_name_result *name = conn->name == NULL || conn->quic ? NULL : teams_check_name_of(check, conn->name);

        if (name == NULL)
            continue;
        if (is_accepted(conn)) {
            check->any_accepted = name->accepted = true;
            name->alerts_since = 0;
        } else if (is_left(conn)) {
            name->alerts_since += conn->priv->alert_likely;
            add_left(&name->left, conn);
            add_left(&check->left, conn);
        }
    }
}

/* Is it more than one end that has no reason: what is seen of the certificate, likely an alert, or no try that went further? */
static bool
is_telling(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = teams_check_name_of(check, conn->name);

    if (teams_connection_is_foreign(conn) || (conn->certificate != NULL && !conn->certificate->valid))
        return true;
    if (name == NULL || is_used_beside(check, conn))
        return false;
    if (conn->priv->alert_likely && conn->state == TEAMS_CONNECTION_HANDSHAKE_ENDED && (!name->accepted || name->alerts_since > 1))
        return true;
    return !name->accepted && (name->left.again || (!check->any_accepted && check->left.again));
}

static bool
fits_ended(const teams_check *check, const teams_connection *conn)
{
    return is_left(conn) && is_telling(check, conn);
}

/* Nothing is told where the name worked on another connection. */
static bool
fits_left(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = teams_check_name_of(check, conn->name);

    return is_left(conn) && !is_telling(check, conn) && name != NULL && !name->accepted;
}

static const char *
left_text(const teams_connection *conn)
{
    return conn->state == TEAMS_CONNECTION_SECURED ? "ends its sessions without a request, after the TLS handshake with"
        : "ends the TLS handshake after the server's part, with";
}

/* "(TLS 1.3), by FIN" */
static const char *
how_text(const teams_check *check, const teams_connection *conn)
{
    return wmem_strdup_printf(check->scope, "(%s), by %s", conn->version, teams_end_text(conn));
}

static const char *
says_how_left(const teams_check *check, const teams_connection *conn)
{
    return wmem_strdup_printf(check->scope, "%s %s", left_text(conn), how_text(check, conn));
}

static const char *
say_left(const teams_check *check, const teams_name_list *list, const teams_connection *first)
{
    return wmem_strdup_printf(check->scope, "The client %s %s%s %s: why is not in this capture", left_text(first),
        teams_name_list_text(list), times(check, list), how_text(check, first));
}

static const char *
alert_text(const teams_connection *conn)
{
    if (conn->alert_frame != 0)
        return "";
    return conn->priv->alert_likely ? " after a record as long as an alert, which cannot be read" : " and without an alert that can be read";
}

/* From how it ended on. */
static const char *
ended_text(const teams_check *check, const teams_connection *conn)
{
    return wmem_strdup_printf(check->scope, "%s%s: likely it does not accept the certificate%s%s%s", how_text(check, conn), alert_text(conn),
        conn->certificate == NULL ? "" : ", " TEAMS_ISSUED_BY, issuer_text(conn),
        conn->state == TEAMS_CONNECTION_SECURED ? ", or has no use for the session" : "");
}

static const char *
says_how_ended(const teams_check *check, const teams_connection *conn)
{
    return wmem_strdup_printf(check->scope, "%s %s", left_text(conn), ended_text(check, conn));
}

static const char *
say_ended(const teams_check *check, const teams_name_list *list, const teams_connection *first)
{
    return wmem_strdup_printf(check->scope, "The client %s %s%s %s", left_text(first), teams_name_list_text(list), times(check, list), ended_text(check, first));
}

static bool
fits_intercepted(const teams_check *check _U_, const teams_connection *conn)
{
    return conn->state >= TEAMS_CONNECTION_SECURED && teams_connection_is_foreign(conn) && is_accepted(conn);
}

static const char *
say_intercepted(const teams_check *check, const teams_name_list *list, const teams_connection *first)
{
    return wmem_strdup_printf(check->scope, "TLS to %s is " TEAMS_INTERCEPTED_BY "\"%s\", and the client accepts it%s", teams_name_list_text(list),
        first->certificate->issuer, times(check, list));
}

static bool
fits_unused(const teams_check *check, const teams_connection *conn)
{
    return (conn->state == TEAMS_CONNECTION_SECURED || conn->state == TEAMS_CONNECTION_HANDSHAKE_ENDED) &&
        teams_connection_is_foreign(conn) && !is_accepted(conn) &&
        !fits_ended(check, conn) && !teams_check_is_portal(check, conn);
}

static const char *
say_unused(const teams_check *check, const teams_name_list *list, const teams_connection *first)
{
    return wmem_strdup_printf(check->scope, "TLS to %s is " TEAMS_INTERCEPTED_BY "\"%s\"%s; whether the client accepts it is not in this capture",
        teams_name_list_text(list), first->certificate->issuer, times(check, list));
}

#define HELD_SECONDS    20.0    /* that requests for news are held open for, and few clients wait for an answer */

/*
 * Has the server's side acknowledged the request, and do others with the same name work; or does the client wait for long, and its
 * sign-in goes on? A request for news, which has none, looks like one that nobody serves.
 */
static bool
is_held(const teams_check *check, const teams_connection *conn)
{
    const teams_name_result *name = teams_check_name_of(check, conn->name);

    return conn->end != TEAMS_CONNECTION_OPEN && teams_connection_is_delivered(conn) && name != NULL &&
        (name->reached || (check->result->services_reached && ts_seconds(&conn->priv->request_time, &conn->ended) >= HELD_SECONDS));
}

static bool
has_no_data(const teams_check *check, const teams_connection *conn)
{
    /* A request that is lost on the way is no server's to answer. */
    if (conn->quic || conn->priv->lost || teams_check_has_mtu_hole(check, conn))
        return false;
    /* The client gave up; or it waits, and not even TCP says that the request has arrived. One that has may be waited for, for hours. */
    if (conn->end != TEAMS_CONNECTION_OPEN)
        return conn->ended_by_client && !conn->priv->answered && teams_connection_gave_up(conn, &conn->ended);
    return conn->priv->answer_bytes == 0 && !teams_connection_is_delivered(conn) && teams_connection_gave_up(conn, &check->end);
}

static bool
fits_no_data(const teams_check *check, const teams_connection *conn)
{
    return has_no_data(check, conn) && !is_held(check, conn);
}

static bool
fits_held(const teams_check *check, const teams_connection *conn)
{
    return has_no_data(check, conn) && is_held(check, conn);
}

static const char *
say_held(const teams_check *check, const teams_name_list *list, const teams_connection *first)
{
    return wmem_strdup_printf(check->scope, "What the client sends to %s in TLS is acknowledged and has no answer until the client ends the connection, "
        "%.0f s later%s, while others are answered: a request that waits for news (long poll) looks so, too",
        teams_name_list_text(list), ts_seconds(&first->priv->request_time, &first->ended), list->count == 1 ? "" : times(check, list));
}

static const char *
say_no_data(const teams_check *check, const teams_name_list *list, const teams_connection *first)
{
    return wmem_strdup_printf(check->scope, "TLS to %s is established, and what the client then sends has %s%s", teams_name_list_text(list),
        first->priv->answer_bytes > 0 ? "likely no answer: nothing came but what may be session tickets" : "no answer", times(check, list));
}

static const tls_end ends[] = {
    { TEAMS_EXPERT_HELLO_RESET, TEAMS_BY_NETWORK, fits_reset, teams_says_no_more, say_reset },
    { TEAMS_EXPERT_HELLO_UNANSWERED, TEAMS_BY_NETWORK, fits_silent, says_in_part, say_silent },
    { TEAMS_EXPERT_TLS_VERSION, TEAMS_BY_UNKNOWN, fits_version, says_versions, say_version },
    { TEAMS_EXPERT_TLS_PARAMETERS, TEAMS_BY_UNKNOWN, fits_parameters, says_alert, say_alert },
    { TEAMS_EXPERT_INTERCEPTED_REFUSED, TEAMS_BY_NETWORK, fits_intercepted_refused, says_alert_and_issuer, say_intercepted_refused },
    { TEAMS_EXPERT_CERTIFICATE_REFUSED, TEAMS_BY_CLIENT, fits_certificate, says_alert_and_issuer, say_certificate },
    { TEAMS_EXPERT_TLS_ALERT, TEAMS_BY_UNKNOWN, fits_alert, says_alert, say_alert },
    { TEAMS_EXPERT_HANDSHAKE_ENDED, TEAMS_BY_CLIENT, fits_ended, says_how_ended, say_ended },
    { TEAMS_EXPERT_HANDSHAKE_ENDED, TEAMS_BY_CLIENT, fits_left, says_how_left, say_left },
    { TEAMS_EXPERT_INTERCEPTED, TEAMS_BY_NETWORK, fits_intercepted, says_issuer, say_intercepted },
    { TEAMS_EXPERT_INTERCEPTED, TEAMS_BY_NETWORK, fits_unused, says_issuer, say_unused },
    { TEAMS_EXPERT_NO_DATA, TEAMS_BY_UNKNOWN, fits_no_data, says_whether_tickets, say_no_data },
    { TEAMS_EXPERT_NO_DATA, TEAMS_BY_UNKNOWN, fits_held, teams_says_no_more, say_held },
};

static uint32_t
proof_frame(const teams_connection *conn)
{
    const bool ended = conn->end_frame != 0 && (conn->state < TEAMS_CONNECTION_SECURED || (conn->ended_by_client && !is_accepted(conn)));

    return conn->alert_frame != 0 ? conn->alert_frame : ended ? conn->end_frame :
        conn->certificate != NULL ? conn->certificate->frame : conn->hello_frame;
}

/* Who sent the alert, where the kind of end does not tell who did it. */
static teams_actor
actor_of(const tls_end *kind, const teams_connection *first)
{
    if (kind->actor != TEAMS_BY_UNKNOWN || first->alert_frame == 0)
        return kind->actor;
    return first->alert_from_client ? TEAMS_BY_CLIENT : TEAMS_BY_SERVER;
}

/* Where the same names worked as well, it was not their name alone. */
static const char *
advice_of(const teams_name_list *list, const tls_end *kind, const teams_connection *first)
{
    if (kind->fits == fits_left)
        return "A program that gives up, or has no use for the connection, ends it so, too: where each try ends so, look for TLS inspection on the way";
    if (kind->row == TEAMS_EXPERT_CERTIFICATE_REFUSED && teams_connection_is_customers(first))
        return "A server of the customer's own: look at its certificate, and whether the client trusts the authority that issued it";
    if (kind->fits == fits_held)
        return "Nothing is wrong where the client waits for news. Where its user met an error at that time, look at a proxy or an inspecting firewall "
            "on the way, which may hold the request";
    if (kind->row == TEAMS_EXPERT_HELLO_UNANSWERED && first->priv->hello_in_part)
        return "The ClientHello is in several segments, as those with post-quantum keys are, and its rest is lost each time: likely a filter that reads the "
            "server name and does not reassemble them. Update it, or exempt the names of Teams and identity from it";
    if (list->any_lost && kind->row == TEAMS_EXPERT_HELLO_UNANSWERED && first->priv->large_retransmissions > 0)
        return "Likely a filter by server name; but the ClientHello is large here, and a tunnel on the way with a smaller MTU loses it, too: try a smaller MSS";
    if (list->any_lost || (kind->row != TEAMS_EXPERT_HELLO_RESET && kind->row != TEAMS_EXPERT_HELLO_UNANSWERED))
        return NULL;
    return "Other connections with the same name went through: look at what these have in common, as their time, their address and the program "
        "that made them, and compare a capture taken nearer to the Internet";
}

/* What only notes say, and what a name that was reached after all can have been. */
static int
severity_of(const teams_name_list *list, const tls_end *kind, unsigned count)
{
    const int severity = teams_expert_table.rows[kind->row].severity;

    if (severity == PI_NOTE || kind->fits == fits_left)
        return PI_NOTE;
    if (kind->fits == fits_held)
        return list->any_lost ? PI_WARN : PI_NOTE;
    if (list->matters)
        return severity == PI_WARN && list->all_lost && (count > 1 || kind->row == TEAMS_EXPERT_NO_DATA) ? PI_ERROR : severity;
    return list->any_lost ? PI_NOTE : PI_WARN;
}

/* Clients open sessions beforehand, and need not use them, whoever's certificate it was. */
static bool
may_be_unused(const tls_end *kind, const teams_connection *conn)
{
    return kind->row == TEAMS_EXPERT_HANDSHAKE_ENDED && conn->state == TEAMS_CONNECTION_SECURED;
}

/* Does the client leave when it has just been shown a certificate of which more is known than that it leaves? */
static bool
is_proved(const tls_end *kind, const teams_connection *conn)
{
    return kind->row == TEAMS_EXPERT_HANDSHAKE_ENDED && conn->certificate != NULL && !may_be_unused(kind, conn) &&
        (teams_connection_is_foreign(conn) || !conn->certificate->valid);
}

/* count: of connections that end so, in all groups */
static void
tell_end(teams_check *check, const tls_end *kind, const teams_group *group, bool unsure, unsigned count)
{
    const teams_name_list *list = &group->names;
    const teams_connection *first = group->first;
    const int usual = severity_of(list, kind, count);
    const int severity = list->matters && is_proved(kind, first) ? PI_ERROR : unsure && others_work(check) ? MIN(usual, PI_WARN) : usual;

    teams_check_add(check, &teams_expert_table.rows[kind->row], severity,
        (teams_problem_place) { .frame = list->frame, .name = list->first, .fatal = severity == PI_ERROR && list->fatal,
            .actor = actor_of(kind, first), .advice = advice_of(list, kind, first) },
        "%s%s", kind->sentence(check, list, first), severity > PI_NOTE ? teams_name_list_tail(list) : "");
}

static void
check_end(teams_check *check, const tls_end *kind)
{
    teams_groups groups = teams_groups_new(check);
    bool unsure = true;
    unsigned count = 0;

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->name == NULL || !kind->fits(check, conn))
            continue;
        unsure = unsure && may_be_unused(kind, conn);
        count++;
        teams_groups_add(&groups, kind->says(check, conn), conn, proof_frame(conn));
    }
    for (unsigned i = 0; i < teams_groups_count(&groups); i++)
        tell_end(check, kind, teams_groups_at(&groups, i), unsure, count);
}

/* ---- certificates out of their time ---- */

static const char *
says_dates(const teams_check *check, const teams_connection *conn)
{
    return wmem_strdup_printf(check->scope, "valid from %s to %s", teams_date_text(check->scope, &conn->certificate->not_before),
        teams_date_text(check->scope, &conn->certificate->not_after));
}

static void
check_certificate_time(teams_check *check)
{
    teams_groups groups = teams_groups_new(check);

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (conn->certificate != NULL && !conn->certificate->valid && conn->name != NULL)
            teams_groups_add(&groups, says_dates(check, conn), conn, conn->certificate->frame);
    }
    for (unsigned i = 0; i < teams_groups_count(&groups); i++) {
        const teams_group *group = teams_groups_at(&groups, i);

        teams_check_add(check, &teams_expert_table.rows[TEAMS_EXPERT_CERTIFICATE_TIME], group->names.matters ? PI_ERROR : PI_WARN,
            (teams_problem_place) { .frame = group->names.frame, .actor = TEAMS_BY_UNKNOWN, .name = group->names.first },
            "The certificate of %s is %s, not at the time of the capture: a wrong clock, or an expired certificate",
            teams_name_list_text(&group->names), says_dates(check, group->first));
    }
}

void
teams_check_tls(teams_check *check)
{
    gather_left(check);
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++)
        check_end(check, &ends[i]);
    check_certificate_time(check);
}
