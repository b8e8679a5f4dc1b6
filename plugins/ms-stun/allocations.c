/* allocations.c
 * Clients of relays and their allocations: found, made, told apart
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "allocations.h"

#include "pairs.h"

#define MAX_SEARCHED    16  /* allocations of one socket */

static wmem_map_t *clients;     /* ms_turn_client by itself */
static wmem_map_t *by_number;   /* allocation number -> ms_turn_allocation */

/* ---- clients ---- */

static unsigned
client_hash(const void *key)
{
    const ms_turn_client *client = (const ms_turn_client *)key;

    return add_address_to_hash(client->end.port * 2u + client->tcp, &client->end.addr);
}

static gboolean
client_equal(const void *a, const void *b)
{
    const ms_turn_client *x = (const ms_turn_client *)a;
    const ms_turn_client *y = (const ms_turn_client *)b;

    return x->tcp == y->tcp && ts_endpoint_equal(&x->end, &y->end);
}

ms_turn_client *
ms_turn_client_of(const ts_endpoint *end, bool tcp)
{
    ms_turn_client key = { .tcp = tcp, .end = *end };
    ms_turn_client *client = (ms_turn_client *)wmem_map_lookup(clients, &key);

    if (client == NULL) {
        client = wmem_new0(wmem_file_scope(), ms_turn_client);
        client->tcp = tcp;
        ts_endpoint_keep(&client->end, end);
        wmem_map_insert(clients, client, client);
        ts_pairs_add_relay_client(&client->end.addr);
    }
    return client;
}

/* ---- allocations ---- */

static bool
has_server(const ms_turn_allocation *allocation, const ts_endpoint *server)
{
    for (unsigned i = 0; i < allocation->server_count; i++) {
        if (ts_endpoint_equal(&allocation->servers[i], server))
            return true;
    }
    return false;
}

void
ms_turn_allocation_add_server(ms_turn_allocation *allocation, const ts_endpoint *server)
{
    if (allocation->server_count < MS_TURN_MAX_SERVERS && ts_endpoint_known(server) && !has_server(allocation, server))
        ts_endpoint_keep(&allocation->servers[allocation->server_count++], server);
}

ms_turn_allocation *
ms_turn_allocation_new(ms_turn_client *client, ts_demux_state *demux, const char *state)
{
    ms_turn_allocation *allocation = wmem_new0(wmem_file_scope(), ms_turn_allocation);
    ms_turn_snapshot *snapshot = wmem_new0(wmem_file_scope(), ms_turn_snapshot);

    snapshot->number = ++demux->allocations;
    snapshot->state = state;
    allocation->snapshot = snapshot;
    allocation->older = client->newest;
    client->newest = allocation;
    wmem_map_insert(by_number, GUINT_TO_POINTER(snapshot->number), allocation);
    return allocation;
}

bool
ms_turn_allocation_was_handed(const ms_turn_allocation *allocation, const stun_msg *msg)
{
    if (stun_msg_has(msg, TS_ATTR_MUX_SESSION_ID) && allocation->snapshot->has_session)
        return allocation->snapshot->session_id == msg->session_id;
    return msg->nonce_length > 0 && allocation->nonce_length == msg->nonce_length &&
        memcmp(allocation->nonce, msg->nonce, msg->nonce_length) == 0;
}

/* A first request, without credentials: does it go on with this allocation? */
static bool
goes_on(const ms_turn_allocation *allocation, const ts_endpoint *server)
{
    if (allocation->closed)
        return false;
    if (ts_endpoint_known(&allocation->alternate))
        return ts_endpoint_equal(&allocation->alternate, server) || has_server(allocation, server);
    if (allocation->granted)
        return ts_endpoint_equal(&allocation->snapshot->relay, server);
    return has_server(allocation, server);
}

typedef enum { TEST_HANDED, TEST_FIRST_REQUEST, TEST_OPEN_SERVER, TEST_OPEN, TEST_SERVER } allocation_test;

static bool
passes(const ms_turn_allocation *allocation, const stun_msg *msg, const ts_endpoint *server, allocation_test test)
{
    switch (test) {
    case TEST_HANDED:
        return ms_turn_allocation_was_handed(allocation, msg);
    case TEST_FIRST_REQUEST:
        return goes_on(allocation, server);
    case TEST_OPEN_SERVER:
        return !allocation->closed && has_server(allocation, server);
    case TEST_OPEN:
        return !allocation->closed;
    default:
        return has_server(allocation, server);
    }
}

/* The newest allocation of the socket that passes the earliest test in the list. */
static ms_turn_allocation *
find_allocation(const ms_turn_client *client, const stun_msg *msg, const ts_endpoint *server,
    const allocation_test *tests, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned searched = 0;
        for (ms_turn_allocation *allocation = client->newest; allocation != NULL && searched < MAX_SEARCHED;
            allocation = allocation->older, searched++) {
            if (passes(allocation, msg, server, tests[i]))
                return allocation;
        }
    }
    return NULL;
}

static const allocation_test first_request_tests[] = { TEST_HANDED, TEST_FIRST_REQUEST };
static const allocation_test message_tests[] = { TEST_HANDED, TEST_OPEN_SERVER, TEST_OPEN, TEST_SERVER };

ms_turn_allocation *
ms_turn_allocation_of_first(const ms_turn_client *client, const stun_msg *msg, const ts_endpoint *server)
{
    return find_allocation(client, msg, server, first_request_tests, G_N_ELEMENTS(first_request_tests));
}

ms_turn_allocation *
ms_turn_allocation_of(const ms_turn_client *client, const stun_msg *msg, const ts_endpoint *server)
{
    return find_allocation(client, msg, server, message_tests, G_N_ELEMENTS(message_tests));
}

ms_turn_allocation *
ms_turn_allocation_by_number(uint32_t number)
{
    return (ms_turn_allocation *)wmem_map_lookup(by_number, GUINT_TO_POINTER(number));
}

bool
ms_turn_allocation_expires(ms_turn_allocation *allocation, const packet_info *pinfo)
{
    if (!allocation->granted || allocation->closed || allocation->expiry_reported || allocation->snapshot->lifetime == 0)
        return false;

    nstime_t since;
    nstime_delta(&since, &pinfo->abs_ts, &allocation->granted_at);
    allocation->expiry_reported = since.secs > (time_t)allocation->snapshot->lifetime;
    return allocation->expiry_reported;
}

void
ms_turn_allocations_init(void)
{
    clients = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), client_hash, client_equal);
    by_number = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
}
