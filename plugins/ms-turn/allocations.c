/* allocations.c
 * Requests with their responses, and the allocations that they are about
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything is decided on the first pass and stored per message, so that
 * later passes show the same. State grows with allocations and transactions;
 * Send Requests, Data Indications and FF10 frames leave one record each.
 *
 * An allocation belongs to a client socket. It is told apart from others of
 * the same socket by what the relay handed out for it (session id, nonce),
 * and only then by the server's address: a front address answers for many
 * relays, and relays answer through it ([MS-TURN] 3.1.10 and observed).
 */

#include "ms-turn.h"

#include <epan/proto_data.h>

#include "diagnostics.h"

#define MAX_SERVERS         4
#define MAX_SEARCHED        16  /* allocations of one socket */
#define TRANSACTION_SECONDS 60  /* an id that comes again later is a new request */

typedef struct ms_turn_allocation {
    struct ms_turn_allocation *older;   /* of the same socket */
    ts_endpoint servers[MAX_SERVERS];
    unsigned server_count;
    ts_endpoint alternate;              /* where the next request must go; AT_NONE: no matter */
    const uint8_t *nonce;
    unsigned nonce_length;
    const char *realm;
    unsigned refusals;                  /* challenges in spite of credentials, since the last success */
    bool granted;
    bool closed;                        /* released or failed */
    bool expiry_told;
    nstime_t granted_at;
    const ms_turn_view *view;
} ms_turn_allocation;

typedef struct {
    bool tcp;
    ts_endpoint end;
    ms_turn_allocation *newest;
    ts_endpoint reflexive;              /* as the latest relay saw it */
    ts_endpoint reflexive_relay;
} turn_client;

typedef struct {
    uint8_t id[16];
    uint16_t method;
} transaction_key;

static wmem_map_t *clients;         /* turn_client by itself */
static wmem_map_t *transactions;    /* transaction_key -> ms_turn_transaction */
static wmem_map_t *by_number;       /* allocation number -> ms_turn_allocation */

static int hf_ms_turn_response_to = -1;
static int hf_ms_turn_response_in = -1;
static int hf_ms_turn_response_time = -1;
static int hf_ms_turn_retransmission = -1;
static int hf_ms_turn_retransmission_of = -1;
static int hf_ms_turn_allocation = -1;
static int hf_ms_turn_allocation_state = -1;
static int hf_ms_turn_allocation_session_id = -1;
static int hf_ms_turn_allocation_bandwidth = -1;
static int hf_ms_turn_allocation_lifetime = -1;
static int hf_ms_turn_allocation_stream_type = -1;
static int hf_ms_turn_allocation_relay = -1;
static int hf_ms_turn_allocation_relayed = -1;
static int hf_ms_turn_allocation_reflexive = -1;
static int ett_ms_turn_allocation = -1;

/* ---- keys ---- */

static unsigned
client_hash(const void *key)
{
    const turn_client *client = (const turn_client *)key;

    return add_address_to_hash(client->end.port * 2u + client->tcp, &client->end.addr);
}

static gboolean
client_equal(const void *a, const void *b)
{
    const turn_client *x = (const turn_client *)a;
    const turn_client *y = (const turn_client *)b;

    return x->tcp == y->tcp && ms_turn_endpoint_equal(&x->end, &y->end);
}

static unsigned
transaction_hash(const void *key)
{
    return wmem_strong_hash(((const transaction_key *)key)->id, 16);
}

static gboolean
transaction_equal(const void *a, const void *b)
{
    const transaction_key *x = (const transaction_key *)a;
    const transaction_key *y = (const transaction_key *)b;

    return x->method == y->method && memcmp(x->id, y->id, sizeof x->id) == 0;
}

/* ---- ends ---- */

static bool
set_endpoint(ts_endpoint *to, const ts_endpoint *from)
{
    if (!ms_turn_endpoint_known(from) || (ms_turn_endpoint_known(to) && ms_turn_endpoint_equal(to, from)))
        return false;
    copy_address_wmem(wmem_file_scope(), &to->addr, &from->addr);
    to->port = from->port;
    return true;
}

static ts_endpoint
source_of(const packet_info *pinfo)
{
    ts_endpoint end = { .port = (uint16_t)pinfo->srcport };

    copy_address_shallow(&end.addr, &pinfo->src);
    return end;
}

static ts_endpoint
destination_of(const packet_info *pinfo)
{
    ts_endpoint end = { .port = (uint16_t)pinfo->destport };

    copy_address_shallow(&end.addr, &pinfo->dst);
    return end;
}

bool
ms_turn_from_client(const packet_info *pinfo, uint16_t type)
{
    if (type == TS_MUX_CHANNEL)
        return !ts_port_is_relay((uint16_t)pinfo->srcport) || ts_port_is_relay((uint16_t)pinfo->destport);
    return ms_turn_is_request(type);
}

static turn_client *
find_client(const ts_endpoint *end, bool tcp)
{
    turn_client key = { .tcp = tcp, .end = *end };
    turn_client *client = (turn_client *)wmem_map_lookup(clients, &key);

    if (client == NULL) {
        client = wmem_new0(wmem_file_scope(), turn_client);
        client->tcp = tcp;
        set_endpoint(&client->end, end);
        wmem_map_insert(clients, client, client);
    }
    return client;
}

/* ---- allocations ---- */

static bool
has_server(const ms_turn_allocation *allocation, const ts_endpoint *server)
{
    for (unsigned i = 0; i < allocation->server_count; i++) {
        if (ms_turn_endpoint_equal(&allocation->servers[i], server))
            return true;
    }
    return false;
}

static void
add_server(ms_turn_allocation *allocation, const ts_endpoint *server)
{
    if (allocation->server_count < MAX_SERVERS && ms_turn_endpoint_known(server) && !has_server(allocation, server))
        set_endpoint(&allocation->servers[allocation->server_count++], server);
}

static ms_turn_allocation *
new_allocation(turn_client *client, ts_shared *shared, const char *state)
{
    ms_turn_allocation *allocation = wmem_new0(wmem_file_scope(), ms_turn_allocation);
    ms_turn_view *view = wmem_new0(wmem_file_scope(), ms_turn_view);

    view->number = ++shared->allocations;
    view->state = state;
    allocation->view = view;
    allocation->older = client->newest;
    client->newest = allocation;
    wmem_map_insert(by_number, GUINT_TO_POINTER(view->number), allocation);
    return allocation;
}

static bool
was_handed(const ms_turn_allocation *allocation, const ms_turn_facts *facts)
{
    if (ms_turn_has(facts, MS_TURN_ATTR_SESSION_ID) && allocation->view->has_session)
        return allocation->view->session_id == facts->session_id;
    return facts->nonce_length > 0 && allocation->nonce_length == facts->nonce_length &&
        memcmp(allocation->nonce, facts->nonce, facts->nonce_length) == 0;
}

/* A first request, without credentials: does it go on with this allocation? */
static bool
goes_on(const ms_turn_allocation *allocation, const ts_endpoint *server)
{
    if (allocation->closed)
        return false;
    if (ms_turn_endpoint_known(&allocation->alternate))
        return ms_turn_endpoint_equal(&allocation->alternate, server) || has_server(allocation, server);
    if (allocation->granted)
        return ms_turn_endpoint_equal(&allocation->view->relay, server);
    return has_server(allocation, server);
}

typedef bool (*allocation_test)(const ms_turn_allocation *allocation, const ms_turn_facts *facts, const ts_endpoint *server);

static bool
test_handed(const ms_turn_allocation *allocation, const ms_turn_facts *facts, const ts_endpoint *server _U_)
{
    return was_handed(allocation, facts);
}

static bool
test_first_request(const ms_turn_allocation *allocation, const ms_turn_facts *facts _U_, const ts_endpoint *server)
{
    return goes_on(allocation, server);
}

static bool
test_open_server(const ms_turn_allocation *allocation, const ms_turn_facts *facts _U_, const ts_endpoint *server)
{
    return !allocation->closed && has_server(allocation, server);
}

static bool
test_open(const ms_turn_allocation *allocation, const ms_turn_facts *facts _U_, const ts_endpoint *server _U_)
{
    return !allocation->closed;
}

static bool
test_server(const ms_turn_allocation *allocation, const ms_turn_facts *facts _U_, const ts_endpoint *server)
{
    return has_server(allocation, server);
}

/* The newest allocation of the socket that passes the earliest test in the list. */
static ms_turn_allocation *
find_allocation(const turn_client *client, const ms_turn_facts *facts, const ts_endpoint *server,
    const allocation_test *tests, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned searched = 0;
        for (ms_turn_allocation *a = client->newest; a != NULL && searched < MAX_SEARCHED; a = a->older, searched++) {
            if (tests[i](a, facts, server))
                return a;
        }
    }
    return NULL;
}

static const allocation_test first_request_tests[] = { test_handed, test_first_request };
static const allocation_test message_tests[] = { test_handed, test_open_server, test_open, test_server };

#define FIND(client, facts, server, tests) find_allocation((client), (facts), (server), (tests), G_N_ELEMENTS(tests))

/* ---- what a message changes ---- */

static bool
set_state(ms_turn_view *view, const char *state)
{
    if (strcmp(view->state, state) == 0)
        return false;
    view->state = state;
    return true;
}

static bool
set_uint32(uint32_t *to, uint32_t from)
{
    const bool changed = *to != from;

    *to = from;
    return changed;
}

/* What any message of an allocation may tell. */
static bool
view_learn(ms_turn_view *view, const ms_turn_facts *facts)
{
    bool changed = set_endpoint(&view->relayed, &facts->relayed);

    changed |= set_endpoint(&view->reflexive, &facts->reflexive);
    if (ms_turn_has(facts, MS_TURN_ATTR_SESSION_ID) && (!view->has_session || view->session_id != facts->session_id)) {
        view->has_session = true;
        view->session_id = facts->session_id;
        changed = true;
    }
    if (facts->bandwidth != 0)
        changed |= set_uint32(&view->bandwidth, facts->bandwidth);
    if (facts->stream_type != 0 && view->stream_type != facts->stream_type) {
        view->stream_type = (uint16_t)facts->stream_type;
        changed = true;
    }
    return changed;
}

static void
remember_handed(ms_turn_allocation *allocation, const ms_turn_facts *facts)
{
    if (facts->nonce_length > 0 && !was_handed(allocation, facts)) {
        allocation->nonce = (const uint8_t *)wmem_memdup(wmem_file_scope(), facts->nonce, facts->nonce_length);
        allocation->nonce_length = facts->nonce_length;
    }
}

static const char *
unquoted(wmem_allocator_t *scope, const char *realm)
{
    const size_t length = strlen(realm);

    return length >= 2 && realm[0] == '"' && realm[length - 1] == '"' ? wmem_strndup(scope, realm + 1, length - 2) : realm;
}

static uint64_t
judge_realm(packet_info *pinfo, ms_turn_allocation *allocation, const ms_turn_facts *facts)
{
    if (facts->realm == NULL)
        return 0;
    if (allocation->realm == NULL) {
        allocation->realm = wmem_strdup(wmem_file_scope(), facts->realm);
        return 0;
    }
    if (strcmp(allocation->realm, facts->realm) != 0 &&
        strcmp(unquoted(pinfo->pool, allocation->realm), unquoted(pinfo->pool, facts->realm)) == 0)
        return MS_TURN_BIT(realm_quoting);
    return 0;
}

/* The session id of an IPv4 relay ends in octets 4 and 3 of its address (observed). */
static bool
session_fits(uint64_t session_id, const address *relay)
{
    if (relay->type != AT_IPv4)
        return true;
    const uint8_t *octets = (const uint8_t *)relay->data;
    return (session_id & 0xFF) == octets[2] && ((session_id >> 8) & 0xFF) == octets[3];
}

static uint64_t
judge_session(const ms_turn_view *view, const ms_turn_facts *facts)
{
    if (!ms_turn_has(facts, MS_TURN_ATTR_SESSION_ID) || session_fits(facts->session_id, &view->relay.addr))
        return 0;
    return MS_TURN_BIT(session_relay_mismatch);
}

static bool
has_expired(ms_turn_allocation *allocation, const packet_info *pinfo)
{
    if (!allocation->granted || allocation->closed || allocation->expiry_told || allocation->view->lifetime == 0)
        return false;

    nstime_t since;
    nstime_delta(&since, &pinfo->abs_ts, &allocation->granted_at);
    allocation->expiry_told = since.secs > (time_t)allocation->view->lifetime;
    return allocation->expiry_told;
}

/* ---- requests ---- */

static uint64_t
follow_allocate_request(packet_info *pinfo, ms_turn_allocation *allocation, ms_turn_view *view, bool *changed,
    const ms_turn_facts *facts, const ts_endpoint *server, bool tcp)
{
    const bool authenticated = ms_turn_has(facts, MS_TURN_ATTR_INTEGRITY);
    const bool release = ms_turn_has(facts, MS_TURN_ATTR_LIFETIME) && facts->lifetime == 0;
    uint64_t bits = judge_realm(pinfo, allocation, facts);

    if (release) {
        *changed |= set_state(view, "releasing");
        bits |= MS_TURN_BIT(allocation_released);
    } else if (allocation->granted) {
        *changed |= set_state(view, "refreshing");
    } else {
        *changed |= set_state(view, authenticated ? "authenticating" : "requested");
    }
    if (!tcp && ms_turn_endpoint_known(&allocation->alternate) && !ms_turn_endpoint_equal(&allocation->alternate, server))
        bits |= MS_TURN_BIT(alternate_ignored);
    if (tcp && !authenticated && !allocation->granted)
        bits |= MS_TURN_BIT(tcp_relay);
    if (!ms_turn_endpoint_known(&view->relay))
        *changed |= set_endpoint(&view->relay, server);
    return bits;
}

/* ---- responses ---- */

static uint64_t
judge_reflexive(turn_client *client, const ms_turn_view *view, const ms_turn_facts *facts)
{
    uint64_t bits = 0;

    if (!ms_turn_endpoint_known(&facts->reflexive))
        return 0;
    if (ms_turn_endpoint_known(&client->reflexive) && !ms_turn_endpoint_equal(&client->reflexive, &facts->reflexive) &&
        client->reflexive.addr.type == facts->reflexive.addr.type &&
        !ms_turn_endpoint_equal(&client->reflexive_relay, &view->relay))
        bits = MS_TURN_BIT(reflexive_differs);
    set_endpoint(&client->reflexive, &facts->reflexive);
    set_endpoint(&client->reflexive_relay, &view->relay);
    return bits;
}

static uint64_t
follow_success(packet_info *pinfo, ms_turn_allocation *allocation, ms_turn_view *view, bool *changed, const ms_turn_facts *facts)
{
    const bool release = ms_turn_has(facts, MS_TURN_ATTR_LIFETIME) && facts->lifetime == 0;

    allocation->refusals = 0;
    allocation->alternate.addr.type = AT_NONE;
    if (release) {
        allocation->closed = true;
        *changed |= set_state(view, "released");
    } else {
        *changed |= set_state(view, allocation->granted ? "refreshed" : "active");
        allocation->granted = true;
        allocation->closed = false;
        allocation->expiry_told = false;
        allocation->granted_at = pinfo->abs_ts;
    }
    if (ms_turn_has(facts, MS_TURN_ATTR_LIFETIME))
        *changed |= set_uint32(&view->lifetime, facts->lifetime);
    return 0;
}

static uint64_t
follow_challenge(ms_turn_allocation *allocation, ms_turn_view *view, bool *changed, bool authenticated)
{
    *changed |= set_state(view, "challenged");
    /* One client socket may ask several relays, and each challenges it once: that is no refusal. */
    if (!authenticated)
        return MS_TURN_BIT(challenge);
    return ++allocation->refusals >= 2 ? MS_TURN_BIT(challenge_repeated) : MS_TURN_BIT(challenge_again);
}

static uint64_t
follow_error(ms_turn_allocation *allocation, ms_turn_view *view, bool *changed, const ms_turn_facts *facts, bool authenticated)
{
    if (ms_turn_endpoint_known(&facts->alternate)) {
        set_endpoint(&allocation->alternate, &facts->alternate);
        *changed |= set_endpoint(&view->relay, &facts->alternate);
        add_server(allocation, &facts->alternate);
    }
    switch (facts->error_code) {
    case 300:
        *changed |= set_state(view, "redirected");
        return 0;
    case 401:
        return follow_challenge(allocation, view, changed, authenticated);
    case 438:
        *changed |= set_state(view, "stale");
        return 0;
    default:
        allocation->closed = true;
        *changed |= set_state(view, "failed");
        return 0;
    }
}

static uint64_t
follow_allocate_response(packet_info *pinfo, turn_client *client, ms_turn_allocation *allocation, ms_turn_view *view, bool *changed,
    const ms_turn_facts *facts, const ts_endpoint *server, bool authenticated)
{
    uint64_t bits;

    if (ms_turn_is_success(facts->type))
        bits = follow_success(pinfo, allocation, view, changed, facts);
    else
        bits = follow_error(allocation, view, changed, facts, authenticated);
    if (!ms_turn_endpoint_known(&view->relay))
        *changed |= set_endpoint(&view->relay, server);
    if (!client->tcp)
        bits |= judge_reflexive(client, view, facts);
    return bits | judge_realm(pinfo, allocation, facts);
}

/* ---- transactions ---- */

static ms_turn_transaction *
find_transaction(const ms_turn_facts *facts, bool create)
{
    transaction_key key = { .method = facts->type & 0x3EEF };

    memcpy(key.id, facts->transaction_id, sizeof key.id);
    ms_turn_transaction *transaction = (ms_turn_transaction *)wmem_map_lookup(transactions, &key);
    if (transaction == NULL && create) {
        transaction = wmem_new0(wmem_file_scope(), ms_turn_transaction);
        wmem_map_insert(transactions, wmem_memdup(wmem_file_scope(), &key, sizeof key), transaction);
    }
    return transaction;
}

static bool
is_recent(const ms_turn_transaction *transaction, const packet_info *pinfo)
{
    nstime_t age;

    nstime_delta(&age, &pinfo->abs_ts, &transaction->request_time);
    return age.secs < TRANSACTION_SECONDS;
}

static ms_turn_transaction *
open_transaction(packet_info *pinfo, const ms_turn_facts *facts, const ts_endpoint *server, bool tcp, ms_turn_record *record)
{
    ms_turn_transaction *transaction = find_transaction(facts, true);

    record->retransmission = transaction->request_frame != 0 && is_recent(transaction, pinfo);
    if (record->retransmission)
        return transaction;
    if (transaction->request_frame != 0) {
        /* Earlier messages point to the old one, so the key gets a new one. */
        transaction_key key = { .method = facts->type & 0x3EEF };

        memcpy(key.id, facts->transaction_id, sizeof key.id);
        transaction = wmem_new0(wmem_file_scope(), ms_turn_transaction);
        wmem_map_insert(transactions, wmem_memdup(wmem_file_scope(), &key, sizeof key), transaction);
    }
    transaction->request_frame = pinfo->num;
    transaction->request_time = pinfo->abs_ts;
    transaction->method = facts->type;
    transaction->authenticated = ms_turn_has(facts, MS_TURN_ATTR_INTEGRITY);
    transaction->tcp = tcp;
    set_endpoint(&transaction->server, server);
    return transaction;
}

static void
close_transaction(packet_info *pinfo, ms_turn_transaction *transaction, const ts_endpoint *server, ms_turn_record *record)
{
    if (transaction == NULL)
        return;
    record->transaction = transaction;
    record->retransmission = transaction->response_frame != 0;
    if (!record->retransmission)
        transaction->response_frame = pinfo->num;
    nstime_delta(&record->response_time, &pinfo->abs_ts, &transaction->request_time);
    if (!ms_turn_endpoint_equal(&transaction->server, server))
        record->diagnostics |= MS_TURN_BIT(response_elsewhere);
}

/* ---- what other plugins may know ---- */

static void
share_end(packet_info *pinfo, ts_shared *shared, ts_end_kind kind, const ts_endpoint *where,
    const ms_turn_view *view, const turn_client *client)
{
    if (!ms_turn_endpoint_known(where))
        return;
    ts_end *end = ts_shared_add_end(shared, pinfo, kind, where);

    if (kind == TS_END_SERVER || end == NULL || (end->allocation != 0 && end->allocation != view->number))
        return;
    end->allocation = view->number;
    end->stream_type = view->stream_type;
    end->session_id = view->session_id;
    set_endpoint(&end->client, &client->end);
}

static void
share(packet_info *pinfo, ts_shared *shared, const turn_client *client, const ts_endpoint *server,
    const ms_turn_allocation *allocation)
{
    const ms_turn_view *view = allocation->view;

    share_end(pinfo, shared, TS_END_SERVER, server, view, client);
    share_end(pinfo, shared, TS_END_SERVER, &view->relay, view, client);
    share_end(pinfo, shared, TS_END_RELAYED, &view->relayed, view, client);
    share_end(pinfo, shared, TS_END_REFLEXIVE, &view->reflexive, view, client);
    if (view->has_session) {
        ts_session *session = ts_shared_add_session(shared, pinfo, view->session_id);
        if (session != NULL && session->allocation == 0)
            session->allocation = view->number;
    }
}

/* ---- one message ---- */

static void
follow_allocate(packet_info *pinfo, const ts_front_call *call, const ms_turn_facts *facts, turn_client *client,
    const ts_endpoint *server, ms_turn_record *record)
{
    const bool request = ms_turn_is_request(facts->type);
    const bool first = request && !ms_turn_has(facts, MS_TURN_ATTR_INTEGRITY);
    ms_turn_transaction *transaction = request ? open_transaction(pinfo, facts, server, client->tcp, record) : find_transaction(facts, false);
    ms_turn_allocation *allocation = transaction == NULL ? NULL : transaction->allocation;

    if (!request)
        close_transaction(pinfo, transaction, server, record);
    record->transaction = transaction;
    record->response = !request;
    if (allocation == NULL)
        allocation = first ? FIND(client, facts, server, first_request_tests) : FIND(client, facts, server, message_tests);
    if (allocation == NULL)
        allocation = new_allocation(client, call->shared, "requested");
    if (transaction != NULL)
        transaction->allocation = allocation;

    if (!record->retransmission) {
        ms_turn_view view = *allocation->view;
        bool changed = false;

        if (request)
            record->diagnostics |= follow_allocate_request(pinfo, allocation, &view, &changed, facts, server, client->tcp);
        else
            record->diagnostics |= follow_allocate_response(pinfo, client, allocation, &view, &changed, facts, server,
                transaction != NULL && transaction->authenticated);
        record->diagnostics |= judge_session(&view, facts);
        changed |= view_learn(&view, facts);
        remember_handed(allocation, facts);
        add_server(allocation, server);
        if (changed)
            allocation->view = (const ms_turn_view *)wmem_memdup(wmem_file_scope(), &view, sizeof view);
        share(pinfo, call->shared, client, server, allocation);
    }
    record->view = allocation->view;
}

/* Send Request, Data Indication, Set Active Destination. */
static void
follow_use(packet_info *pinfo, const ts_front_call *call, const ms_turn_facts *facts, turn_client *client,
    const ts_endpoint *server, ms_turn_record *record)
{
    ms_turn_allocation *allocation = FIND(client, facts, server, message_tests);

    if ((facts->type & 0x3EEF) == MS_TURN_SET_ACTIVE) {
        record->response = !ms_turn_is_request(facts->type);
        if (record->response)
            close_transaction(pinfo, find_transaction(facts, false), server, record);
        else
            record->transaction = open_transaction(pinfo, facts, server, client->tcp, record);
    }
    if (allocation == NULL) {
        allocation = new_allocation(client, call->shared, "active");
        add_server(allocation, server);
        ms_turn_view view = *allocation->view;
        set_endpoint(&view.relay, server);
        allocation->view = (const ms_turn_view *)wmem_memdup(wmem_file_scope(), &view, sizeof view);
        share(pinfo, call->shared, client, server, allocation);
    }
    if (has_expired(allocation, pinfo))
        record->diagnostics |= MS_TURN_BIT(allocation_expired);
    record->view = allocation->view;
}

static void
follow_mux(packet_info *pinfo, const ts_front_call *call, uint64_t session_id, ms_turn_record *record)
{
    const ts_session *session = ts_shared_session(call->shared, pinfo, session_id);

    if (session == NULL)
        record->diagnostics |= MS_TURN_BIT(session_unknown);
    if (!session_fits(session_id, ms_turn_from_client(pinfo, TS_MUX_CHANNEL) ? &pinfo->dst : &pinfo->src))
        record->diagnostics |= MS_TURN_BIT(session_relay_mismatch);
    record->remote_session = session != NULL && session->allocation == 0;
    if (session == NULL || session->allocation == 0)
        return;

    ms_turn_allocation *allocation = (ms_turn_allocation *)wmem_map_lookup(by_number, GUINT_TO_POINTER(session->allocation));
    if (allocation == NULL)
        return;
    if (has_expired(allocation, pinfo))
        record->diagnostics |= MS_TURN_BIT(allocation_expired);
    record->view = allocation->view;
}

static bool
is_enclosed_in_turn(const ts_front_call *call)
{
    for (const ts_layer *layer = call->outer; layer != NULL; layer = layer->outer) {
        if (layer->wire.kind == TS_WIRE_MS_TURN)
            return true;
    }
    return false;
}

static void
follow(packet_info *pinfo, const ts_front_call *call, const ms_turn_facts *facts, uint64_t session_id, ms_turn_record *record)
{
    if (facts == NULL) {
        follow_mux(pinfo, call, session_id, record);
        return;
    }
    /* TURN within TURN belongs to somebody else than the frame's addresses. */
    if (is_enclosed_in_turn(call))
        return;

    const bool from_client = ms_turn_from_client(pinfo, facts->type);
    const ts_endpoint source = source_of(pinfo);
    const ts_endpoint destination = destination_of(pinfo);
    turn_client *client = find_client(from_client ? &source : &destination, call->tcp);
    const ts_endpoint *server = from_client ? &destination : &source;

    if ((facts->type & 0x3EEF) == MS_TURN_ALLOCATE)
        follow_allocate(pinfo, call, facts, client, server, record);
    else
        follow_use(pinfo, call, facts, client, server, record);
}

const ms_turn_record *
ms_turn_allocations_follow(packet_info *pinfo, int proto, const ts_front_call *call, const ms_turn_facts *facts, uint64_t session_id)
{
    static const ms_turn_record nothing;

    /* Messages of a frame are numbered in the order of dissection, which is the same on every pass. */
    const uint32_t key = 1 + GPOINTER_TO_UINT(p_get_proto_data(pinfo->pool, pinfo, proto, 0));
    p_set_proto_data(pinfo->pool, pinfo, proto, 0, GUINT_TO_POINTER(key));

    ms_turn_record *record = (ms_turn_record *)p_get_proto_data(wmem_file_scope(), pinfo, proto, key);
    if (record == NULL && !PINFO_FD_VISITED(pinfo)) {
        record = wmem_new0(wmem_file_scope(), ms_turn_record);
        follow(pinfo, call, facts, session_id, record);
        p_add_proto_data(wmem_file_scope(), pinfo, proto, key, record);
    }
    return record != NULL ? record : &nothing;
}

/* ---- display ---- */

static void
add_frame(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t frame)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, frame));
}

static void
add_text(proto_tree *tree, int hf, tvbuff_t *tvb, const char *text)
{
    proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, 0, 0, text));
}

static void
show_transaction(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ms_turn_record *record)
{
    const ms_turn_transaction *transaction = record->transaction;

    if (transaction == NULL)
        return;
    if (record->response && transaction->request_frame != 0) {
        add_frame(tree, hf_ms_turn_response_to, tvb, transaction->request_frame);
        proto_item_set_generated(proto_tree_add_time(tree, hf_ms_turn_response_time, tvb, 0, 0, &record->response_time));
    } else if (!record->response && transaction->response_frame != 0) {
        add_frame(tree, hf_ms_turn_response_in, tvb, transaction->response_frame);
    }
    if (record->retransmission) {
        const uint32_t original = record->response ? transaction->response_frame : transaction->request_frame;

        proto_item_set_generated(proto_tree_add_boolean(tree, hf_ms_turn_retransmission, tvb, 0, 0, true));
        if (original != pinfo->num)
            add_frame(tree, hf_ms_turn_retransmission_of, tvb, original);
    }
}

void
ms_turn_allocations_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ms_turn_record *record)
{
    const ms_turn_view *view = record->view;

    show_transaction(tvb, pinfo, tree, record);
    if (view == NULL)
        return;

    proto_item *item = proto_tree_add_uint(tree, hf_ms_turn_allocation, tvb, 0, 0, view->number);
    proto_tree *sub = proto_item_add_subtree(item, ett_ms_turn_allocation);
    proto_item_append_text(item, ", %s", view->state);
    proto_item_set_generated(item);
    add_text(sub, hf_ms_turn_allocation_state, tvb, view->state);
    add_text(sub, hf_ms_turn_allocation_relay, tvb, ms_turn_endpoint_text(pinfo, &view->relay));
    add_text(sub, hf_ms_turn_allocation_relayed, tvb, ms_turn_endpoint_text(pinfo, &view->relayed));
    add_text(sub, hf_ms_turn_allocation_reflexive, tvb, ms_turn_endpoint_text(pinfo, &view->reflexive));
    if (view->has_session)
        proto_item_set_generated(proto_tree_add_uint64(sub, hf_ms_turn_allocation_session_id, tvb, 0, 0, view->session_id));
    if (view->bandwidth != 0)
        proto_item_set_generated(proto_tree_add_uint(sub, hf_ms_turn_allocation_bandwidth, tvb, 0, 0, view->bandwidth));
    if (view->lifetime != 0)
        proto_item_set_generated(proto_tree_add_uint(sub, hf_ms_turn_allocation_lifetime, tvb, 0, 0, view->lifetime));
    if (view->stream_type != 0)
        add_text(sub, hf_ms_turn_allocation_stream_type, tvb, ms_turn_stream_type_name(view->stream_type));
}

void
ms_turn_allocations_register(int proto)
{
    static hf_register_info hf[] = {
        { &hf_ms_turn_response_to, { "Response To", "ms_turn.response_to", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "The request that this message answers", HFILL } },
        { &hf_ms_turn_response_in, { "Response In", "ms_turn.response_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0, "The first answer to this request", HFILL } },
        { &hf_ms_turn_response_time, { "Response Time", "ms_turn.response_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, "Time since the first request with this transaction id", HFILL } },
        { &hf_ms_turn_retransmission, { "Retransmission", "ms_turn.retransmission", FT_BOOLEAN, BASE_NONE, NULL, 0, "The same message was seen before", HFILL } },
        { &hf_ms_turn_retransmission_of, { "Retransmission Of", "ms_turn.retransmission_of", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RETRANS_PREV), 0, "Where the message was seen first", HFILL } },
        { &hf_ms_turn_allocation, { "Allocation", "ms_turn.allocation", FT_UINT32, BASE_DEC, NULL, 0, "Number of the allocation, in order of appearance", HFILL } },
        { &hf_ms_turn_allocation_state, { "State", "ms_turn.allocation.state", FT_STRING, BASE_NONE, NULL, 0, "Where the allocation stands after this message", HFILL } },
        { &hf_ms_turn_allocation_relay, { "Relay", "ms_turn.allocation.relay", FT_STRING, BASE_NONE, NULL, 0, "The relay's own address and port", HFILL } },
        { &hf_ms_turn_allocation_relayed, { "Relayed", "ms_turn.allocation.relayed", FT_STRING, BASE_NONE, NULL, 0, "Where the relay receives for the client", HFILL } },
        { &hf_ms_turn_allocation_reflexive, { "Reflexive", "ms_turn.allocation.reflexive", FT_STRING, BASE_NONE, NULL, 0, "The client as the relay sees it", HFILL } },
        { &hf_ms_turn_allocation_session_id, { "Session ID", "ms_turn.allocation.session_id", FT_UINT64, BASE_HEX, NULL, 0, "Multiplexed TURN session of the allocation", HFILL } },
        { &hf_ms_turn_allocation_bandwidth, { "Bandwidth", "ms_turn.allocation.bandwidth", FT_UINT32, BASE_DEC, NULL, 0, "Bandwidth asked for or granted, in kbit/s", HFILL } },
        { &hf_ms_turn_allocation_lifetime, { "Lifetime", "ms_turn.allocation.lifetime", FT_UINT32, BASE_DEC, NULL, 0, "Lifetime granted last, in seconds", HFILL } },
        { &hf_ms_turn_allocation_stream_type, { "Stream Type", "ms_turn.allocation.stream_type", FT_STRING, BASE_NONE, NULL, 0, "Media that the allocation is for", HFILL } },
    };
    static int *ett[] = { &ett_ms_turn_allocation };

    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    clients = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), client_hash, client_equal);
    transactions = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), transaction_hash, transaction_equal);
    by_number = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
}
