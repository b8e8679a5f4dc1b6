/* turn_transactions.c
 * Requests with their responses
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * By transaction id alone: a front address may answer for the relay.
 */

#include "allocations.h"

#include "common/times.h"

#include "experts.h"

#define TRANSACTION_SECONDS 60  /* an id that comes again later is a new request */

typedef struct {
    uint8_t id[16];
    uint16_t method;
} transaction_key;

static wmem_map_t *transactions;    /* transaction_key -> ms_turn_transaction */

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

static ms_turn_transaction *
insert(const transaction_key *key)
{
    ms_turn_transaction *transaction = wmem_new0(wmem_file_scope(), ms_turn_transaction);

    wmem_map_insert(transactions, wmem_memdup(wmem_file_scope(), key, sizeof *key), transaction);
    return transaction;
}

static transaction_key
key_of(const stun_msg *msg)
{
    transaction_key key = { .method = msg->type & MS_TURN_METHOD_MASK };

    memcpy(key.id, msg->transaction_id, sizeof key.id);
    return key;
}

ms_turn_transaction *
ms_turn_transaction_of(const stun_msg *msg)
{
    const transaction_key key = key_of(msg);

    return (ms_turn_transaction *)wmem_map_lookup(transactions, &key);
}

static bool
is_recent(const ms_turn_transaction *transaction, const packet_info *pinfo)
{
    return ts_seconds(&transaction->request_time, &pinfo->abs_ts) < TRANSACTION_SECONDS;
}

ms_turn_transaction *
ms_turn_transaction_open(packet_info *pinfo, const ts_demux_call *call, const stun_msg *msg, const ts_endpoint *server,
    ms_turn_frame_data *frame_data)
{
    const transaction_key key = key_of(msg);
    ms_turn_transaction *transaction = (ms_turn_transaction *)wmem_map_lookup(transactions, &key);

    frame_data->retransmission = transaction != NULL && transaction->request_frame != 0 && is_recent(transaction, pinfo);
    if (frame_data->retransmission)
        return transaction;
    /* Earlier messages point to an old one, so the key gets a new one. */
    if (transaction == NULL || transaction->request_frame != 0)
        transaction = insert(&key);
    transaction->request_frame = pinfo->num;
    transaction->request_time = pinfo->abs_ts;
    transaction->method = msg->type;
    transaction->authenticated = stun_msg_has(msg, TS_ATTR_INTEGRITY);
    transaction->tcp = call->tcp;
    transaction->flow = call->flow;
    ts_endpoint_keep(&transaction->server, server);
    ts_endpoint_keep(&transaction->destination, &msg->destination);
    return transaction;
}

void
ms_turn_transaction_close(packet_info *pinfo, ms_turn_transaction *transaction, const ts_endpoint *server, ms_turn_frame_data *frame_data)
{
    if (transaction == NULL)
        return;
    frame_data->transaction = transaction;
    frame_data->retransmission = transaction->response_frame != 0;
    if (!frame_data->retransmission)
        transaction->response_frame = pinfo->num;
    nstime_delta(&frame_data->response_time, &pinfo->abs_ts, &transaction->request_time);
    if (!ts_endpoint_equal(&transaction->server, server))
        frame_data->diagnostics |= TS_EXPERT_BIT(MS_TURN_EXPERT_RESPONSE_ELSEWHERE);
}

void
ms_turn_transactions_init(void)
{
    transactions = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), transaction_hash, transaction_equal);
}
