/* connection_idle.c
 * Connections that end after the same silence, or the same time, again and again: who ended them, and how
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A device that forgets an idle connection resets it, or lets the client send
 * into the void. A server or a proxy closes it. A client may end it for
 * reasons of its own, which is nobody's fault.
 */

#include "session/connection_check.h"

#define IDLE_MIN        10.0    /* seconds: silence that a connection may have been cut for */
#define IDLE_ALIKE      0.1     /* share by which two such silences differ at most */
#define RECONNECT       60.0    /* seconds within which a client that needs the connection is back */
#define RECONNECT_SOON  10.0    /* ... and one that waits for nothing else */
#define SURVIVED        0.95    /* a silence that it outlived is not what the same silence ended it for: share of it */
#define ASLEEP          900.0   /* seconds: a client that needs the connection and is silent for so long may have slept */
#define LOST_RESENT     3       /* so many retransmissions without an answer are no single loss */
#define WAITS_RESENT    2       /* who has sent again so often sends nothing new before it is acknowledged: RFC 6298 5.4, RFC 5681 3.1 */
#define END_SECONDS     1.0     /* what ended a silence, and the end that belongs to it */
#define LIFE_MIN        20.0    /* seconds: shorter connections are no push channels */
#define LIFE_ALIKE      0.03
#define LIVES_MIN       3       /* so many of the same length are no chance */

/* ---- frames ---- */

static void
outlived(struct teams_connection_private *priv)
{
    priv->survived = MAX(priv->survived, priv->idle);
    priv->idle = 0;
}

/* Seconds of silence before what the client now sends in vain; 0: none to speak of. */
static double
silence_before_vain(const teams_connection *conn)
{
    return conn->priv->idle_by_client && conn->packets[FROM_SERVER] == conn->priv->idle_heard ? conn->priv->idle : 0;
}

/* The connection has carried data, and what the client sends has no answer any more: a large segment alone may be too large. */
static void
note_lost(packet_info *pinfo, teams_connection *conn, unsigned resent)
{
    const double seconds = ts_seconds(&conn->priv->vain_since[FROM_CLIENT], teams_time(pinfo));

    if (conn->priv->lost || resent < LOST_RESENT || seconds < ANSWER_SECONDS || !teams_connection_carried(conn) || teams_connection_lacks_data(conn))
        return;
    conn->priv->lost = true;
    conn->priv->lost_frame = pinfo->num;
    conn->priv->lost_after = silence_before_vain(conn);
    if (conn->priv->large_frame == 0)
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_CONNECTION_LOST, "%s: sent again %u times in %.1f s, and nothing comes back",
            teams_connection_text(pinfo->pool, conn), resent, seconds);
}

/* Who sends again, or asks whether the other side is there, is not silent: that the other one is says nothing of a time without packets. */
void
teams_connection_note_vain(packet_info *pinfo, teams_connection *conn, bool from_client, bool resent, bool keep_alive, unsigned payload)
{
    struct teams_connection_private *priv = conn->priv;

    priv->vain_by_client = priv->vain[FROM_CLIENT] > 0;
    priv->vain_before = priv->vain[FROM_CLIENT] + priv->vain[FROM_SERVER];
    if (conn->end == TEAMS_CONNECTION_OPEN)
        priv->resent_before = priv->resent[FROM_CLIENT] + priv->resent[FROM_SERVER];
    priv->vain[!from_client] = priv->resent[!from_client] = 0;
    /* The capture lacks what acknowledged it. */
    if (from_client && !resent && payload > 0 && priv->resent[FROM_CLIENT] >= WAITS_RESENT) {
        priv->vain[FROM_CLIENT] = priv->resent[FROM_CLIENT] = 0;
        priv->lost = false;
    }
    if (!resent && !keep_alive)
        return;
    if (priv->vain[from_client]++ == 0)
        priv->vain_since[from_client] = *teams_time(pinfo);
    priv->resent[from_client] += resent;
    if (from_client)
        priv->others_heard = nstime_cmp(&priv->client->heard, &priv->vain_since[FROM_CLIENT]) > 0;
    if (from_client && conn->end == TEAMS_CONNECTION_OPEN)
        note_lost(pinfo, conn, priv->resent[FROM_CLIENT]);
}

/* The server's frames that came before are counted, this one included. */
void
teams_connection_note_idle(const packet_info *pinfo, teams_connection *conn, bool from_client, unsigned payload)
{
    struct teams_connection_private *priv = conn->priv;
    const double silence = ts_seconds(&conn->last, teams_time(pinfo));
    const bool heard = conn->packets[FROM_SERVER] > priv->idle_heard;

    if (silence >= IDLE_MIN && priv->vain_before == 0 && (priv->idle == 0 || heard)) {
        outlived(priv);
        priv->idle = silence;
        priv->idle_over = *teams_time(pinfo);
        priv->idle_heard = conn->packets[FROM_SERVER];
        priv->idle_by_client = from_client;
        priv->goodbye = false;
    } else if (payload > 0 && from_client != priv->idle_by_client)
        outlived(priv);    /* the other side goes on */
    if (!from_client && !priv->idle_by_client && payload > GOODBYE_MAX)
        outlived(priv);    /* it has something to say */
    priv->goodbye = priv->goodbye || (!from_client && !priv->idle_by_client && payload > 0);
}

/* Seconds of silence that the end belongs to. */
static double
idle_before(const packet_info *pinfo, const teams_connection *conn, bool from_client)
{
    const struct teams_connection_private *priv = conn->priv;
    const double now = priv->vain_before > 0 ? 0 : ts_seconds(&conn->last, teams_time(pinfo));
    const double since = ts_seconds(&priv->idle_over, teams_time(pinfo));
    const unsigned end = from_client ? 0 : 1;
    const bool unheard = priv->idle_by_client && conn->packets[FROM_SERVER] == priv->idle_heard + end;
    const bool in_vain = unheard && priv->resent_before == priv->vain_before;     /* data, and no keep-alives, which ask for an end */

    if (priv->idle == 0 || from_client != priv->idle_by_client)
        return priv->idle > 0 && !from_client && (since <= ANSWER_SECONDS || in_vain) ? priv->idle : now;
    return since <= END_SECONDS || (from_client && unheard) ? priv->idle : now;
}

static teams_connection_cut
cut_of(const packet_info *pinfo, const teams_connection *conn)
{
    if (conn->state < TEAMS_CONNECTION_SECURED || conn->idle_before_end < IDLE_MIN || conn->priv->survived >= SURVIVED * conn->idle_before_end)
        return TEAMS_CUT_NONE;
    if (!conn->ended_by_client)
        return conn->end == TEAMS_CONNECTION_RESET && !conn->priv->goodbye ? TEAMS_CUT_RESET : TEAMS_CUT_CLOSED;
    return ts_seconds(&conn->priv->idle_over, teams_time(pinfo)) >= ANSWER_SECONDS ? TEAMS_CUT_LOST : TEAMS_CUT_BY_CLIENT;
}

/* The end of the connection to the same name before this one, which the client came back after. */
static const teams_connection *
ended_before(const teams_connection *conn)
{
    const teams_connection *before = conn->priv->before;

    if (before == NULL || before->end == TEAMS_CONNECTION_OPEN)
        return NULL;
    const double gap = ts_seconds(&before->ended, &conn->start);

    return gap >= 0 && gap <= RECONNECT ? before : NULL;
}

static bool
is_alike(double a, double b, double share)
{
    return MAX(a, b) - MIN(a, b) <= MAX(1, share * MIN(a, b));
}

/* ... and it ended in the same way. */
static const teams_connection *
cut_before(const teams_connection *conn)
{
    const teams_connection *before = ended_before(conn);

    return before != NULL && conn->priv->cut != TEAMS_CUT_NONE && before->priv->cut == conn->priv->cut &&
        is_alike(before->idle_before_end, conn->idle_before_end, IDLE_ALIKE) ? before : NULL;
}

static const char *
how_text(teams_connection_cut cut)
{
    return cut == TEAMS_CUT_RESET ? "reset" : cut == TEAMS_CUT_CLOSED ? "closed" : "given up without an answer";
}

void
teams_connection_note_end(packet_info *pinfo, teams_connection *conn)
{
    conn->vain = conn->priv->vain_before;
    conn->vain_by_client = conn->priv->vain_by_client;
    conn->vain_seconds = conn->vain == 0 ? 0 : ts_seconds(&conn->priv->vain_since[conn->vain_by_client], teams_time(pinfo));
    conn->idle_before_end = idle_before(pinfo, conn, conn->ended_by_client);
    if (conn->vain_by_client && conn->vain > 0 && (conn->ended_by_client || conn->end == TEAMS_CONNECTION_RESET))
        note_lost(pinfo, conn, conn->priv->resent_before);
    conn->priv->cut = cut_of(pinfo, conn);
    const teams_connection *before = cut_before(conn);

    if (before != NULL && conn->priv->cut != TEAMS_CUT_BY_CLIENT && conn->name != NULL && teams_connection_is_push(conn))
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_IDLE_CUT, "%s: %s after %.0f s of silence, and before it in frame %u after %.0f s",
            teams_connection_text(pinfo->pool, conn), how_text(conn->priv->cut), conn->idle_before_end, before->end_frame, before->idle_before_end);
}

/* ---- the same silence ---- */

typedef struct {
    const teams_connection *first, *last;
    unsigned cuts;
    bool soon;              /* the client was back at once each time */
} cut_row;

/* From the last cut, which nothing alike came after, back to the first. */
static cut_row
follow_cuts(const teams_connection *last)
{
    cut_row row = { .first = last, .last = last, .cuts = 1, .soon = true };
    const teams_connection *before;

    while ((before = cut_before(row.first)) != NULL) {
        row.soon = row.soon && ts_seconds(&before->ended, &row.first->start) <= RECONNECT_SOON;
        row.first = before;
        row.cuts++;
    }
    return row;
}

static const char *
side_text(const teams_connection *conn)
{
    return conn->proxy ? "the proxy's side" : "the server's side";
}

static void
tell_by_client(teams_check *check, const cut_row *row)
{
    if (teams_connection_is_push(row->last))
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_CLOSED_BY_CLIENT], PI_NOTE,
            (teams_problem_place) { .frame = row->first->end_frame, .actor = TEAMS_BY_CLIENT, .name = row->last->name },
            "The client itself %s its connection to %s %u times after about %.0f s of silence",
            row->last->end == TEAMS_CONNECTION_RESET ? "resets" : "closes", teams_connection_text(check->scope, row->last), row->cuts,
            row->last->idle_before_end);
}

static const char *
closed_text(const teams_connection *conn)
{
    return !conn->priv->goodbye ? "FIN" : conn->end == TEAMS_CONNECTION_RESET ? "a record of TLS, then RST" : "a record of TLS, then FIN";
}

/* A warning where the connection is there to stay open, and the client was there to use it. */
static int
severity_of(const teams_connection *last)
{
    return teams_connection_is_push(last) && last->idle_before_end < ASLEEP ? PI_WARN : PI_NOTE;
}

static const char *
asleep_text(const teams_connection *last)
{
    return last->idle_before_end < ASLEEP ? "" : ", or the client slept";
}

/* Servers end connections that nobody uses, by FIN and by RST; a push channel is there to stay open. */
static void
tell_idle(teams_check *check, const cut_row *row)
{
    const teams_connection *last = row->last;
    const bool push = teams_connection_is_push(last);
    const teams_problem_place place = { .frame = row->first->end_frame, .actor = TEAMS_BY_NETWORK, .name = last->name };
    const ts_expert_row *problem = &teams_expert_table.rows[TEAMS_EXPERT_IDLE_CUT];
    const char *text = teams_connection_text(check->scope, last);

    if (last->priv->cut == TEAMS_CUT_LOST)
        teams_check_add(check, problem, severity_of(last), place,
            "After about %.0f s of silence what the client sends to %s has no answer, %u times, and the client connects again: "
            "likely an idle timeout on the way%s", last->idle_before_end, text, row->cuts, asleep_text(last));
    else if (last->priv->cut == TEAMS_CUT_RESET)
        teams_check_add(check, problem, severity_of(last), place,
            "%s is reset from %s %u times after about %.0f s of silence, and the client connects again: likely an idle timeout on the way%s%s",
            text, side_text(last), row->cuts, last->idle_before_end, push ? "" : " or at the server", asleep_text(last));
    else if (push)
        teams_check_add(check, problem, row->soon ? PI_WARN : PI_NOTE,
            (teams_problem_place) { .frame = row->first->end_frame, .actor = TEAMS_BY_UNKNOWN, .name = last->name,
                .advice = last->priv->goodbye ? "Where TLS is inspected on the way, raise the proxy's idle timeout; the server's own nobody but Microsoft can change" : NULL },
            "%s is closed (%s) from %s %u times after about %.0f s of silence, and the client connects again: an idle timeout %s",
            text, closed_text(last), side_text(last), row->cuts, last->idle_before_end,
            last->priv->goodbye ? "of the server, or of what ends its TLS on the way" : "on the way or at the server");
}

/* ---- the same time ---- */

static double
life_of(const teams_connection *conn)
{
    return ts_seconds(&conn->start, &conn->ended);
}

static bool
lived(const teams_connection *conn)
{
    return conn->end != TEAMS_CONNECTION_OPEN && !conn->ended_by_client && conn->state >= TEAMS_CONNECTION_SECURED &&
        (conn->priv->seen & TCP_SEEN_SYN) &&
        life_of(conn) >= LIFE_MIN;
}

static const teams_connection *
life_before(const teams_connection *conn)
{
    const teams_connection *before = ended_before(conn);

    return before != NULL && lived(conn) && lived(before) && before->end == conn->end &&
        is_alike(life_of(before), life_of(conn), LIFE_ALIKE) ? before : NULL;
}

/* However much it was used: a push channel that each time ends after the same time is ended for that. */
static void
tell_lives(teams_check *check, const teams_connection *last)
{
    const teams_connection *first = last, *before;
    unsigned lives = 1;

    while ((before = life_before(first)) != NULL) {
        first = before;
        lives++;
    }
    if (lives < LIVES_MIN)
        return;
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_REGULAR_CUT], PI_WARN,
        (teams_problem_place) { .frame = first->end_frame, .actor = TEAMS_BY_UNKNOWN, .name = last->name },
        "%s is %s from %s %u times, each time about %.0f s after it was opened, and the client connects again",
        teams_connection_text(check->scope, last), last->end == TEAMS_CONNECTION_RESET ? "reset" : "closed (FIN)", side_text(last), lives, life_of(last));
}

/* Backwards, so that the last of a row comes first. */
void
teams_check_idle(teams_check *check)
{
    wmem_map_t *cuts = wmem_map_new(check->scope, g_direct_hash, g_direct_equal);
    wmem_map_t *lives = wmem_map_new(check->scope, g_direct_hash, g_direct_equal);

    for (unsigned i = teams_check_connection_count(check); i-- > 0;) {
        const teams_connection *conn = teams_check_connection(check, i);
        const teams_connection *cut = cut_before(conn), *life = life_before(conn);

        if (cut != NULL)
            wmem_map_insert(cuts, cut, (void *)cut);
        if (life != NULL)
            wmem_map_insert(lives, life, (void *)life);
        if (conn->name == NULL)
            continue;
        if (cut != NULL) {
            wmem_map_insert(check->idle_cuts, conn, (void *)conn);
            wmem_map_insert(check->idle_cuts, cut, (void *)cut);
        }
        if (cut != NULL && !wmem_map_contains(cuts, conn)) {
            const cut_row row = follow_cuts(conn);

            (conn->priv->cut == TEAMS_CUT_BY_CLIENT ? tell_by_client : tell_idle)(check, &row);
        } else if (cut == NULL && life != NULL && !wmem_map_contains(cuts, conn) && !wmem_map_contains(lives, conn) && teams_connection_is_push(conn))
            tell_lives(check, conn);
    }
}
