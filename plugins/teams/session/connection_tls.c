/* connection_tls.c
 * What TLS said on a connection: how far the handshake got, and who ended it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Messages and alerts are stock's fields. A handshake in TLS 1.3 ends inside
 * ciphertext: by what stands in clear, the client's first flight after the
 * server's is its Finished, which is longer than an alert can be.
 */

#include "session/connection_private.h"

#include <epan/ftypes/ftypes.h>

enum { HANDSHAKE_CLIENT_HELLO = 1, HANDSHAKE_SERVER_HELLO = 2, HANDSHAKE_TICKET = 4, HANDSHAKE_CLIENT_KEY_EXCHANGE = 16, HANDSHAKE_FINISHED = 20 };
enum { ALERT_FATAL = 2 };
enum { EXTENSION_EARLY_DATA = 42 };
enum { TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

/*
 * Bytes of a client's flight: an encrypted alert is at most 37 (with a
 * ChangeCipherSpec before it 43), a Finished at least 53.
 */
#define ALERT_MAX       37
#define FINISHED_MIN    50
#define ALERT_MIN       24      /* an encrypted one, in TLS 1.3 */
#define REQUEST_TOO     150     /* a flight whose records do not tell, and that has a request behind its Finished */
#define TICKET_MIN      50      /* bytes of a record with one: RFC 8446 4.6.1, with the least nonce, ticket and extensions that servers send */
#define TICKETS_MAX     600     /* bytes of session tickets that servers send of themselves in TLS 1.3 */

/* RFC 8446 6.2, RFC 5246 7.2, RFC 7301; a certificate's are those that the client sends about what the server showed. */
static const struct {
    uint8_t number;
    bool certificate;
    const char *text;
} alerts[] = {
    { 10, false, "unexpected message" },
    { 20, false, "bad record MAC" },
    { 21, false, "decryption failed" },
    { 22, false, "record overflow" },
    { 40, false, "handshake failure" },
    { 42, true, "bad certificate" },
    { 43, true, "unsupported certificate" },
    { 44, true, "certificate revoked" },
    { 45, true, "certificate expired" },
    { 46, true, "certificate unknown" },
    { 47, false, "illegal parameter" },
    { 48, true, "unknown CA" },
    { 49, false, "access denied" },
    { 50, false, "decode error" },
    { 51, false, "decrypt error" },
    { 70, false, "protocol version" },
    { 71, false, "insufficient security" },
    { 80, false, "internal error" },
    { 86, false, "inappropriate fallback" },
    { 109, false, "missing extension" },
    { 110, false, "unsupported extension" },
    { 112, false, "unrecognized name" },
    { 113, true, "bad certificate status response" },
    { 116, false, "certificate required" },
    { 120, false, "no application protocol" },
};

enum { ALERT_HANDSHAKE_FAILURE = 40, ALERT_CERTIFICATE_EXPIRED = 45, ALERT_PROTOCOL_VERSION = 70, ALERT_INSUFFICIENT_SECURITY = 71 };

static ts_stock_field field_type;
static ts_stock_field field_version;
static ts_stock_field field_supported_version;
static ts_stock_field field_extension;
static ts_stock_field field_data;
static ts_stock_field field_alert_message;
static ts_stock_field field_alert_level;
static ts_stock_field field_alert;

void
teams_connection_tls_handoff(GArray *wanted, GArray *of_hosts)
{
    field_type = ts_stock_field_wanted(wanted, "tls.handshake.type");
    field_version = ts_stock_field_wanted(wanted, "tls.handshake.version");
    field_supported_version = ts_stock_field_wanted(wanted, "tls.handshake.extensions.supported_version");
    field_extension = ts_stock_field_wanted(wanted, "tls.handshake.extension.type");
    field_data = ts_stock_field_wanted(of_hosts, "tls.app_data");
    field_alert_message = ts_stock_field_wanted(of_hosts, "tls.alert_message");
    field_alert_level = ts_stock_field_wanted(of_hosts, "tls.alert_message.level");
    field_alert = ts_stock_field_wanted(of_hosts, "tls.alert_message.desc");
}

const char *
teams_alert_text(uint8_t alert)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(alerts); i++)
        if (alerts[i].number == alert)
            return alerts[i].text;
    return "unknown";
}

bool
teams_alert_is_about_certificate(uint8_t alert)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(alerts); i++)
        if (alerts[i].number == alert)
            return alerts[i].certificate;
    return false;
}

const char *
teams_tls_version_text(uint16_t version)
{
    static const value_string texts[] = {
        { 0x0300, "SSL 3.0" }, { 0x0301, "TLS 1.0" }, { 0x0302, "TLS 1.1" }, { TLS_1_2, "TLS 1.2" }, { TLS_1_3, "TLS 1.3" }, { 0, NULL }
    };

    return val_to_str_const(version, texts, "");
}

/* ---- fields ---- */

static bool
has_number(proto_tree *tree, const ts_stock_field *field, unsigned number)
{
    const field_info *found;

    for (unsigned i = 0; (found = ts_stock_field_at(tree, field, i)) != NULL; i++)
        if (fvalue_get_uinteger(ws_finfo_value((field_info *)found)) == number)
            return true;
    return false;
}

static bool
has_message(proto_tree *tree, unsigned type)
{
    return has_number(tree, &field_type, type);
}

bool
teams_connection_has_ticket(proto_tree *tree)
{
    return has_message(tree, HANDSHAKE_TICKET);
}

/* The highest version in the frame that there is: GREASE (RFC 8701) is none. */
static uint16_t
highest_version(proto_tree *tree, const ts_stock_field *field)
{
    const field_info *found;
    uint16_t highest = 0;

    for (unsigned i = 0; (found = ts_stock_field_at(tree, field, i)) != NULL; i++) {
        const uint16_t version = (uint16_t)fvalue_get_uinteger(ws_finfo_value((field_info *)found));

        if (version > highest && version <= TLS_1_3 && teams_tls_version_text(version)[0] != '\0')
            highest = version;
    }
    return highest;
}

static uint16_t
version_of(proto_tree *tree)
{
    const uint16_t version = highest_version(tree, &field_supported_version);

    return version != 0 ? version : highest_version(tree, &field_version);
}

/* ---- the handshake ---- */

/* Was the first segment of a ClientHello acknowledged before the last one was sent? What a proxy acknowledges is its own. */
static bool
is_acknowledged_in_part(const teams_connection *conn)
{
    const uint32_t outstanding = conn->priv->next[FROM_CLIENT] - conn->priv->acknowledged[FROM_SERVER];

    return conn->priv->acknowledging[FROM_SERVER] && !conn->priv->early && !conn->proxy && outstanding > 0 && outstanding < conn->bytes[FROM_CLIENT];
}

static void
client_hello(packet_info *pinfo, proto_tree *tree, teams_connection *conn)
{
    if (conn->hello_frame != 0)
        return;     /* repeated after a HelloRetryRequest */
    conn->hello_frame = pinfo->num;
    conn->priv->hello_time = *teams_time(pinfo);
    teams_certificates_expect(pinfo);
    conn->priv->offered = version_of(tree);
    conn->priv->early = has_number(tree, &field_extension, EXTENSION_EARLY_DATA) || ts_stock_field_present(tree, &field_data);
    conn->priv->hello_in_part = is_acknowledged_in_part(conn);
    if (conn->state < TEAMS_CONNECTION_HELLO_UNANSWERED && !teams_connection_lacks_answers(conn))
        conn->state = TEAMS_CONNECTION_HELLO_UNANSWERED;
}

/*
 * The server answers a ClientHello that came with the SYN (RFC 7413), before TCP
 * was established, or one that stock takes for sent again, or that is not here.
 */
static void
server_hello_first(packet_info *pinfo, teams_connection *conn)
{
    if (conn->hello_frame == 0) {
        conn->hello_frame = pinfo->num;
        conn->priv->hello_time = *teams_time(pinfo);
        conn->priv->early = conn->priv->behind_hole = true;
        teams_certificates_expect(pinfo);
    }
    if (!teams_connection_lacks_answers(conn))
        conn->state = TEAMS_CONNECTION_HELLO_UNANSWERED;
}

/* The frame ends a step, where it is the first that does: behind a hole, the first may be what is missing. */
static void
step_done(packet_info *pinfo, teams_connection *conn, teams_step_kind step, const nstime_t *from)
{
    if (!conn->priv->behind_hole)
        teams_connection_step_between(pinfo, conn, step, from);
}

static void
secured(packet_info *pinfo, teams_connection *conn)
{
    conn->state = TEAMS_CONNECTION_SECURED;
    conn->priv->secured_time = *teams_time(pinfo);
    step_done(pinfo, conn, TEAMS_STEP_TLS, &conn->priv->hello_time);
}

/* The record that the client's Finished is in TLS 1.3, with SHA-256 and with SHA-384: RFC 8446 4.4.4 and 5.2, without padding. */
static bool
is_as_long_as_finished(int length)
{
    return length == 4 + 32 + 1 + 16 || length == 4 + 48 + 1 + 16;
}

/*
 * Has the client's flight data behind its Finished? In TLS 1.3 both are records of application data, as is a certificate of the client's
 * before it; the lengths stand in clear. Where keys show the Finished, it is none.
 */
static bool
brings_data(proto_tree *tree, const teams_connection *conn, unsigned payload)
{
    const bool hidden = (conn->priv->chosen == 0 || conn->priv->chosen == TLS_1_3) && !has_message(tree, HANDSHAKE_FINISHED);
    const field_info *record;
    bool finished = false;
    unsigned records = 0;

    for (; (record = ts_stock_field_at(tree, &field_data, records)) != NULL; records++) {
        if (finished)
            return true;
        finished = hidden && is_as_long_as_finished(record->length);
    }
    return records > 0 && (!hidden || (!finished && payload >= REQUEST_TOO));
}

/* What the frame has of the client's flight ends as a flight of the handshake does, behind a certificate of the client's. */
static bool
ends_with_finished(proto_tree *tree)
{
    const field_info *record, *last = NULL;

    for (unsigned records = 0; (record = ts_stock_field_at(tree, &field_data, records)) != NULL; records++)
        last = record;
    return last != NULL && is_as_long_as_finished(last->length) && !has_message(tree, HANDSHAKE_FINISHED);
}

/* Its first request: only that shows that the client accepts the certificate. */
static void
request(packet_info *pinfo, teams_connection *conn)
{
    if (teams_connection_is_foreign(conn))
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_INTERCEPTED, "%s: the certificate is " TEAMS_ISSUED_BY "%s",
            teams_connection_text(pinfo->pool, conn), conn->certificate->issuer);
    conn->priv->requested = true;
    conn->priv->request_time = *teams_time(pinfo);
}

/* The handshake is going on: the server has answered the ClientHello. */
static void
handshake_frame(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client, unsigned payload)
{
    if (!from_client) {
        if (conn->priv->wait_server)
            secured(pinfo, conn);
        else if (has_message(tree, HANDSHAKE_SERVER_HELLO)) {
            const double round_trip = ts_seconds(&conn->priv->hello_time, teams_time(pinfo));

            conn->priv->round_trip = conn->priv->round_trip == 0 ? round_trip : MIN(conn->priv->round_trip, round_trip);
            conn->priv->chosen = version_of(tree);
            conn->version = teams_tls_version_text(conn->priv->chosen);
        }
        return;
    }
    if (has_message(tree, HANDSHAKE_CLIENT_KEY_EXCHANGE))
        conn->priv->wait_server = true;
    else if (conn->priv->wait_server && teams_connection_lacks_data(conn) && ts_stock_field_present(tree, &field_data)) {
        /* It acknowledges what the capture lacks: the server's Finished. Without that, data comes before it (RFC 7918). */
        conn->state = TEAMS_CONNECTION_SECURED;
        request(pinfo, conn);
    } else if (!conn->priv->wait_server && payload >= FINISHED_MIN && !has_message(tree, HANDSHAKE_CLIENT_HELLO)) {
        secured(pinfo, conn);
        conn->priv->flight_open = conn->priv->chosen == TLS_1_3 && !ts_stock_field_present(tree, &field_data);
        if (brings_data(tree, conn, payload)) {
            request(pinfo, conn);
            conn->priv->flight_guessed = conn->priv->chosen == TLS_1_3 && !has_message(tree, HANDSHAKE_FINISHED);
        }
    } else if (conn->priv->chosen == TLS_1_3 && payload >= ALERT_MIN && payload < FINISHED_MIN)
        conn->priv->alert_likely = true;
}

/* An alert is no request: a record of its own in TLS 1.2, in TLS 1.3 known by its length alone. */
static bool
is_alert(proto_tree *tree, const teams_connection *conn, unsigned payload)
{
    return ts_stock_field_present(tree, &field_alert_message) || (conn->priv->chosen == TLS_1_3 && payload <= ALERT_MAX);
}

/* A session ticket that crosses the request on the way: what answers that takes a round trip. */
static bool
is_too_soon(const packet_info *pinfo, const teams_connection *conn, unsigned payload)
{
    return conn->priv->chosen == TLS_1_3 && conn->priv->answer_bytes == 0 && payload <= TICKETS_MAX &&
        ts_seconds(&conn->priv->request_time, teams_time(pinfo)) < conn->priv->round_trip / 2;
}

/* Frames of HTTP/2 are shorter, as its SETTINGS and their acknowledgement are. */
static bool
has_less_than_a_ticket(proto_tree *tree, unsigned payload)
{
    const field_info *record;

    for (unsigned records = 0; payload > 0 && (record = ts_stock_field_at(tree, &field_data, records)) != NULL; records++)
        if (record->length < TICKET_MIN)
            return true;
    return false;
}

static void
session_frame(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client, unsigned payload)
{
    const bool rest = conn->priv->flight_open;        /* of a flight that began in frames before */

    if (from_client) {
        conn->priv->flight_open = false;
        if (conn->priv->flight_guessed && payload > 0 && ends_with_finished(tree)) {
            conn->priv->requested = conn->priv->flight_guessed = false;
            return;
        }
        if (!conn->priv->requested && !is_alert(tree, conn, payload) && (!rest || brings_data(tree, conn, payload)))
            request(pinfo, conn);
        return;
    }
    conn->priv->flight_guessed = conn->priv->flight_guessed && payload == 0;
    if (!conn->priv->requested || is_alert(tree, conn, payload) || is_too_soon(pinfo, conn, payload))
        return;     /* a session ticket; an end */
    conn->priv->answered = conn->priv->answered || has_less_than_a_ticket(tree, payload) || ts_frame_is_cut(pinfo);
    if (conn->priv->answer_bytes == 0)
        step_done(pinfo, conn, TEAMS_STEP_FIRST_DATA, &conn->priv->request_time);
    conn->priv->answer_bytes += payload;
    conn->priv->answer_time = *teams_time(pinfo);
    if (conn->priv->chosen != TLS_1_3 || conn->priv->answer_bytes > TICKETS_MAX)
        conn->state = TEAMS_CONNECTION_USED;
}

/* How long may a request be without an answer, and nothing is wrong? Of a push channel, of presence and of chat it is one for news. */
static double
patience(const teams_connection *conn)
{
    const bool waits = conn->stage == TS_STAGE_REGISTER || conn->stage == TS_STAGE_SYNC;

    return waits && teams_connection_is_delivered(conn) ? LONG_POLL_SECONDS : ANSWER_SECONDS;
}

bool
teams_connection_gave_up(const teams_connection *conn, const nstime_t *until)
{
    const nstime_t *since = conn->priv->answer_bytes > 0 ? &conn->priv->answer_time : &conn->priv->request_time;

    return conn->state == TEAMS_CONNECTION_SECURED && conn->priv->requested && !teams_connection_lacks_data(conn) && !conn->priv->cut_short[FROM_CLIENT] &&
        ts_seconds(since, until) >= patience(conn);
}

/* ---- alerts ---- */

static void
certificate_alert(packet_info *pinfo, const teams_connection *conn, const char *what)
{
    const teams_certificate *certificate = conn->certificate;

    if (certificate == NULL)
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_CERTIFICATE_REFUSED, "%s: %s", teams_connection_text(pinfo->pool, conn), what);
    else if (teams_connection_is_foreign(conn))
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_INTERCEPTED_REFUSED, "%s: " TEAMS_ISSUED_BY "%s in frame %u; the client's alert: %s",
            teams_connection_text(pinfo->pool, conn), certificate->issuer, certificate->frame, what);
    else
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_CERTIFICATE_REFUSED, "%s: " TEAMS_ISSUED_BY "%s; %s",
            teams_connection_text(pinfo->pool, conn), certificate->issuer, what);
}

/* RFC 5246, 7.2.2: nothing that the client offers is acceptable. After a ServerHello, which chose, it is something else, as a certificate of the client's. */
bool
teams_connection_lacks_parameters(const teams_connection *conn)
{
    return (conn->alert == ALERT_HANDSHAKE_FAILURE || conn->alert == ALERT_INSUFFICIENT_SECURITY) && !conn->alert_from_client && conn->priv->chosen == 0 &&
        !conn->priv->gap[FROM_SERVER];
}

static void
tell_alert(packet_info *pinfo, const teams_connection *conn)
{
    const char *text = teams_alert_text(conn->alert);
    const char *what = wmem_strdup_printf(pinfo->pool, "%s (%u)", text, conn->alert);
    const char *who = conn->alert_from_client ? "client" : conn->proxy ? "server or proxy" : "server";

    if (conn->alert_from_client && teams_alert_is_about_certificate(conn->alert))
        certificate_alert(pinfo, conn, what);
    else if (conn->alert == ALERT_PROTOCOL_VERSION)
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_TLS_VERSION, "%s: the client offers at most %s; alert from the %s: %s",
            teams_connection_text(pinfo->pool, conn), teams_tls_version_text(conn->priv->offered), who, what);
    else if (teams_connection_lacks_parameters(conn))
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_TLS_PARAMETERS, "%s: alert from the %s: %s",
            teams_connection_text(pinfo->pool, conn), who, what);
    else
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_TLS_ALERT, "%s: alert from the %s: %s",
            teams_connection_text(pinfo->pool, conn), who, what);
}

static void
alert_frame(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client)
{
    uint32_t level, alert;

    /* Some clients look at the certificate after the handshake: shown where TLS is decrypted. */
    if (conn->state > TEAMS_CONNECTION_SECURED || conn->priv->answer_bytes > 0 || conn->alert_frame != 0)
        return;
    if (!ts_stock_field_number(tree, &field_alert, &alert) || !ts_stock_field_number(tree, &field_alert_level, &level) || level != ALERT_FATAL)
        return;
    conn->alert_frame = pinfo->num;
    conn->alert = (uint8_t)alert;
    conn->alert_from_client = from_client;
    if (conn->hello_frame != 0)
        conn->state = TEAMS_CONNECTION_ALERT;
    tell_alert(pinfo, conn);
}

/* ---- certificates ---- */

static void
certificate_frame(packet_info *pinfo, proto_tree *tree, teams_connection *conn)
{
    conn->certificate = teams_connection_certificate(pinfo, tree);
    if (conn->certificate != NULL && !conn->certificate->valid) {
        teams_connection_tell(pinfo, conn, TEAMS_EXPERT_CERTIFICATE_TIME, "%s: valid from %s to %s",
            teams_connection_text(pinfo->pool, conn), teams_date_text(pinfo->pool, &conn->certificate->not_before),
            teams_date_text(pinfo->pool, &conn->certificate->not_after));
    }
}

void
teams_connection_tls(packet_info *pinfo, proto_tree *tree, teams_connection *conn, bool from_client, unsigned payload)
{
    if (payload == 0 || conn->state == TEAMS_CONNECTION_USED || tree == NULL)
        return;
    if (from_client && conn->hello_frame == 0 && has_message(tree, HANDSHAKE_CLIENT_HELLO)) {
        client_hello(pinfo, tree, conn);
        return;
    }
    if (conn->state == TEAMS_CONNECTION_CONNECTED && !from_client && has_message(tree, HANDSHAKE_SERVER_HELLO))
        server_hello_first(pinfo, conn);
    if (conn->hello_frame == 0)
        return;
    /* What the capture lacks is the answer to the SYN alone. */
    if (!from_client && conn->state == TEAMS_CONNECTION_JOINED)
        conn->state = TEAMS_CONNECTION_HELLO_UNANSWERED;
    if (!from_client && conn->certificate == NULL)
        certificate_frame(pinfo, tree, conn);
    alert_frame(pinfo, tree, conn, from_client);
    if (conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED && from_client && ts_stock_field_present(tree, &field_data))
        conn->priv->early = true;
    if (conn->state == TEAMS_CONNECTION_HELLO_UNANSWERED && !from_client)
        conn->state = TEAMS_CONNECTION_HANDSHAKE_ENDED;
    if (conn->state == TEAMS_CONNECTION_SECURED)
        session_frame(pinfo, tree, conn, from_client, payload);
    else if (conn->state == TEAMS_CONNECTION_HANDSHAKE_ENDED)
        handshake_frame(pinfo, tree, conn, from_client, payload);
}
