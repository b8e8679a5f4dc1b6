/* transactions.c
 * Which response answers which request
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A transaction is its identifier and method alone: a response may come from
 * another address than its request went to (a load balancer that answers for
 * relays; multiple addresses).
 */

#include "transactions.h"

#include "common/duplicate.h"
#include "common/times.h"

#define TRANSACTION_ID_LENGTH 16

typedef struct {
    uint8_t id[TRANSACTION_ID_LENGTH];
    uint16_t method;
} transaction_key;

typedef struct {
    transaction_key key;
    ms_turn_transaction *relay; /* the last request to a relay */
    ts_attempt *checks;         /* in order of appearance */
} transaction;

static wmem_map_t *transactions;    /* transaction_key -> transaction */

static unsigned
transaction_hash(const void *key)
{
    return wmem_strong_hash(((const transaction_key *)key)->id, TRANSACTION_ID_LENGTH);
}

static gboolean
transaction_equal(const void *a, const void *b)
{
    const transaction_key *x = (const transaction_key *)a;
    const transaction_key *y = (const transaction_key *)b;

    return x->method == y->method && memcmp(x->id, y->id, TRANSACTION_ID_LENGTH) == 0;
}

static transaction *
transaction_find(const stun_msg *msg, bool create)
{
    transaction_key key = { .method = msg->type & MS_TURN_METHOD_MASK };

    memcpy(key.id, msg->transaction_id, TRANSACTION_ID_LENGTH);
    transaction *found = (transaction *)wmem_map_lookup(transactions, &key);
    if (found == NULL && create) {
        found = wmem_new0(wmem_file_scope(), transaction);
        found->key = key;
        wmem_map_insert(transactions, &found->key, found);
    }
    return found;
}

void
ts_transactions_init(void)
{
    transactions = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), transaction_hash, transaction_equal);
}

/* ---- requests to relays ---- */

#define TRANSACTION_SECONDS 60  /* an id that comes again later is a new request */

ms_turn_transaction *
ms_turn_transaction_of(const stun_msg *msg)
{
    const transaction *found = transaction_find(msg, false);

    return found == NULL ? NULL : found->relay;
}

ms_turn_transaction *
ms_turn_transaction_open(const packet_info *pinfo, const ts_demux_call *call, const stun_msg *msg, const ts_endpoint *server,
    bool *retransmission)
{
    transaction *found = transaction_find(msg, true);

    *retransmission = found->relay != NULL && ts_seconds(&found->relay->request_time, &pinfo->abs_ts) < TRANSACTION_SECONDS;
    if (*retransmission)
        return found->relay;

    /* Earlier messages point to an old one, so there is a new one. */
    ms_turn_transaction *request = wmem_new0(wmem_file_scope(), ms_turn_transaction);
    request->request_frame = pinfo->num;
    request->request_time = pinfo->abs_ts;
    request->authenticated = stun_msg_has(msg, TS_ATTR_INTEGRITY);
    request->flow = call->flow;
    ts_endpoint_keep(&request->server, server);
    ts_endpoint_keep(&request->destination, &msg->destination);
    found->relay = request;
    return request;
}

/* ---- checks ----
 *
 * Under one identifier a sender may send the same bytes again (a retransmission),
 * the same check in another format (a twin, [MS-ICE2] 3.1.5.2), or, as Skype
 * does, the check again with USE-CANDIDATE. Each of these is an attempt.
 */

/*
 * libnice sends the twin of a draft-02 check right behind it, and the two are
 * the same bytes wherever the misprinted CRC table happens to give the right
 * FINGERPRINT. Nobody sends again that soon for want of an answer.
 */
#define TWIN_SECONDS 0.005

/* Of one identifier. Two formats on each path that a client tries at once are far fewer. */
#define MAX_ATTEMPTS 64

static bool
may_be_twin(const stun_msg *msg)
{
    return stun_msg_has(msg, TS_ATTR_IMPLEMENTATION_VERSION) && msg->implementation_version <= TS_LAST_VERSION_WITH_TWINS;
}

static bool
is_identical_twin(const packet_info *pinfo, const stun_msg *msg, const nstime_t *previous)
{
    return may_be_twin(msg) && ts_seconds(previous, &pinfo->abs_ts) <= TWIN_SECONDS;
}

static bool
same_check(const ts_attempt *attempt, const stun_msg *msg)
{
    return attempt->use_candidate == stun_msg_has(msg, TS_ATTR_USE_CANDIDATE) && attempt->role == msg->role;
}

/* Clients with old versions send the same bytes twice in a row: there the time tells nothing. */
static bool
is_duplicate(const packet_info *pinfo, const stun_msg *msg)
{
    const ts_duplicate duplicate = ts_duplicate_of(pinfo);

    return duplicate.frame != 0 && !(duplicate.by_time && may_be_twin(msg));
}

/* The same bytes on the same pair. */
static void
again(const packet_info *pinfo, const stun_msg *msg, ts_attempt *attempt, ts_exchange *exchange)
{
    exchange->attempt = attempt;
    if (exchange->duplicate) {
        exchange->twin_of = attempt->twin_of;
        return;
    }
    if (is_identical_twin(pinfo, msg, &attempt->last_time)) {
        exchange->twin_of = attempt->last_frame;
        return;
    }
    attempt->sends++;
    attempt->sent_after += ts_seconds(&attempt->time, &pinfo->abs_ts);
    attempt->last_frame = pinfo->num;
    attempt->last_time = pinfo->abs_ts;
    exchange->retransmission = true;
    exchange->twin_of = attempt->twin_of;
}

ts_exchange
ts_check_request(const packet_info *pinfo, const stun_msg *msg, ts_pair *pair, bool from_local)
{
    ts_exchange exchange = { .duplicate = is_duplicate(pinfo, msg) };
    ts_attempt **end = &transaction_find(msg, true)->checks;
    unsigned searched = 0;

    for (; *end != NULL; end = &(*end)->next) {
        ts_attempt *attempt = *end;

        if (++searched > MAX_ATTEMPTS)
            return exchange;
        if (attempt->pair != pair || attempt->from_local != from_local)
            continue;
        if (attempt->hash == msg->hash) {
            again(pinfo, msg, attempt, &exchange);
            return exchange;
        }
        if (same_check(attempt, msg) && exchange.twin_of == 0)
            exchange.twin_of = attempt->frame;
    }

    ts_attempt *attempt = wmem_new0(wmem_file_scope(), ts_attempt);
    attempt->hash = msg->hash;
    attempt->frame = pinfo->num;
    attempt->time = pinfo->abs_ts;
    attempt->last_frame = pinfo->num;
    attempt->last_time = pinfo->abs_ts;
    attempt->pair = pair;
    attempt->from_local = from_local;
    attempt->use_candidate = stun_msg_has(msg, TS_ATTR_USE_CANDIDATE);
    attempt->role = msg->role;
    attempt->sends = 1;
    attempt->twin_of = exchange.twin_of;
    *end = attempt;
    exchange.attempt = attempt;
    return exchange;
}

/*
 * The attempt that a response answers: of the same pair before others, the
 * first that has no answer yet before those that have one.
 */
static ts_attempt *
answered_attempt(const transaction *whole, const ts_pair *pair, uint32_t hash)
{
    ts_attempt *best = NULL;
    int best_rank = -1;

    for (ts_attempt *attempt = whole->checks; attempt != NULL; attempt = attempt->next) {
        const bool open = attempt->response_in == 0;
        const int rank = (attempt->pair == pair ? 4 : 0) + (open ? 2 : 0) + (!open && attempt->response_hash == hash ? 1 : 0);

        if (rank > best_rank) {
            best_rank = rank;
            best = attempt;
        }
    }
    return best;
}

/* Another check under this identifier that waits: with USE-CANDIDATE, say. A twin follows at once, and is answered in turn. */
static bool
others_wait(const transaction *whole, const ts_attempt *attempt)
{
    for (const ts_attempt *other = whole->checks; other != NULL; other = other->next)
        if (other != attempt && other->pair == attempt->pair && other->from_local == attempt->from_local && other->response_in == 0 &&
            other->twin_of == 0)
            return true;
    return false;
}

/*
 * One more answer. An answer says not which sending it is to (RFC 6298 3, Karn's algorithm): a check that was sent again has a time
 * only once there are as many answers as sendings, and it is their mean, whichever belongs to which.
 */
static void
count_answer(const packet_info *pinfo, const transaction *whole, ts_attempt *attempt, ts_exchange *exchange)
{
    attempt->answers++;
    attempt->answered_after += ts_seconds(&attempt->time, &pinfo->abs_ts);
    /* What is twice at once, as captures have it, leaves no doubt. */
    const bool once = ts_seconds(&attempt->time, &attempt->last_time) <= TWIN_SECONDS;

    exchange->measured = attempt->answers == (once ? 1 : attempt->sends) && !others_wait(whole, attempt);
    if (!exchange->measured)
        return;
    if (once)
        nstime_delta(&exchange->time, &pinfo->abs_ts, &attempt->time);
    else {
        const double mean = (attempt->answered_after - attempt->sent_after) / attempt->sends;

        exchange->time.secs = (time_t)mean;
        exchange->time.nsecs = (int)((mean - (double)exchange->time.secs) * 1e9);
    }
}

ts_exchange
ts_check_response(const packet_info *pinfo, const stun_msg *msg, const ts_pair *pair)
{
    ts_exchange exchange = { .duplicate = is_duplicate(pinfo, msg) };
    const transaction *whole = transaction_find(msg, false);

    if (whole == NULL)
        return exchange;

    ts_attempt *attempt = answered_attempt(whole, pair, msg->hash);
    if (attempt == NULL)
        return exchange;
    exchange.attempt = attempt;
    exchange.response_to = attempt->frame;
    if (attempt->response_in != 0 && exchange.duplicate)
        return exchange;
    if (attempt->response_in != 0) {
        if (attempt->response_hash == msg->hash && is_identical_twin(pinfo, msg, &attempt->response_time))
            exchange.twin_of = attempt->response_in;
        else {
            exchange.retransmission = true;
            count_answer(pinfo, whole, attempt, &exchange);
        }
        return exchange;
    }
    count_answer(pinfo, whole, attempt, &exchange);
    attempt->response_in = pinfo->num;
    attempt->response_time = pinfo->abs_ts;
    attempt->response_hash = msg->hash;
    if (attempt->twin_of != 0) {
        for (const ts_attempt *first = whole->checks; first != NULL; first = first->next) {
            if (first->frame == attempt->twin_of)
                exchange.twin_of = first->response_in;
        }
    }
    return exchange;
}
