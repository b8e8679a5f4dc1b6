/* analysis.c
 * What one DNS message or server name says: its chain, and what it comes to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "teams-dns.h"

#include <string.h>

/* ---- the chain ---- */

static ts_link *
find_link(ts_message *message, const char *name)
{
    for (unsigned i = 0; i < message->link_count; i++)
        if (ts_same_name(message->links[i].kind.name, name))
            return &message->links[i];
    return NULL;
}

static bool
add_link(ts_message *message, const char *name, bool detached)
{
    if (message->link_count == message->link_max || name == NULL || name[0] == '\0' || name[0] == '<')
        return false;

    ts_link *link = &message->links[message->link_count++];

    ts_name_class_blank(&link->kind, name);
    link->detached = detached;
    return true;
}

static const ts_dns_answer *
answer_at(const ts_message *message, unsigned i)
{
    return (const ts_dns_answer *)wmem_array_index(message->dns->answers, i);
}

static unsigned
answer_count(const ts_message *message)
{
    return message->dns->dns ? wmem_array_get_count(message->dns->answers) : 0;
}

/* The record that leads on from a name, or NULL; servers may give records in any order. */
static const ts_dns_answer *
leading_on(const ts_message *message, const char *name)
{
    for (unsigned i = 0; i < answer_count(message); i++) {
        const ts_dns_answer *answer = answer_at(message, i);

        if (answer->target != NULL && answer->alias && ts_same_name(answer->owner, name))
            return answer;
    }
    return NULL;
}

static void
build_chain(ts_message *message)
{
    const ts_dns_answer *answer = leading_on(message, message->links[0].kind.name);

    while (answer != NULL && !message->loop) {
        message->loop = find_link(message, answer->target) != NULL;
        if (message->loop || !add_link(message, answer->target, false))
            break;
        answer = leading_on(message, answer->target);
    }
    message->chain_length = message->link_count;

    /* Then the records that lead from no question; of several questions, nobody can tell whose they are. */
    for (unsigned i = 0; i < answer_count(message) && !message->dns->shares_answers; i++) {
        const ts_dns_answer *rest = answer_at(message, i);

        if (find_link(message, rest->owner) == NULL)
            add_link(message, rest->owner, true);
        if (rest->target != NULL && find_link(message, rest->target) == NULL)
            add_link(message, rest->target, true);
    }
}

/* Does the row say what the name is for, not only which network carries it? */
static bool
says_product(const ts_name_class *kind)
{
    return kind->product != TS_PRODUCT_UNKNOWN && kind->product != TS_PRODUCT_MS_INFRA;
}

/* What the chain says as a whole: purpose from its start, place from its end. */
static void
sum_up(ts_message *message)
{
    ts_name_class *whole = &message->whole;
    bool purpose = false;

    ts_name_class_blank(whole, message->links[0].kind.name);
    for (unsigned i = 0; i < message->link_count; i++) {
        const ts_name_class *kind = &message->links[i].kind;

        if (!message->links[i].shown)
            continue;
        if (!purpose && (says_product(kind) || whole->product == TS_PRODUCT_UNKNOWN)) {
            whole->product = kind->product;
            whole->service = kind->service;
            whole->stage = kind->stage;
            whole->trust = kind->trust;
            whole->confidence = kind->confidence;
            whole->description = kind->description;
            whole->client_only = kind->client_only;
            purpose = says_product(kind);
        }
        if (kind->region[0] != '\0') {
            whole->region = kind->region;
            whole->continent = kind->continent;
        }
        if (kind->datacenter[0] != '\0')
            whole->datacenter = kind->datacenter;
        if (kind->environment[0] != '\0')
            whole->environment = kind->environment;
        if (whole->cloud == TS_CLOUD_UNKNOWN || whole->cloud == TS_CLOUD_ANY)
            whole->cloud = kind->cloud;
        if (kind->infra != TS_INFRA_UNKNOWN)
            whole->infra = kind->infra;
        whole->anchored = whole->anchored || kind->anchored;
    }
    whole->required = message->links[0].kind.required;
    whole->addresses_published = message->links[0].kind.addresses_published;
}

/* ---- addresses ---- */

static void
collect_addresses_of(ts_message *message, wmem_array_t *answers)
{
    for (unsigned i = 0; i < wmem_array_get_count(answers) && message->address_count < TS_ADDRESSES_MAX; i++) {
        const ts_dns_answer *answer = (const ts_dns_answer *)wmem_array_index(answers, i);

        const ts_link *owner = find_link(message, answer->owner);

        if (answer->addr.type == AT_NONE || (message->dns->shares_answers && owner == NULL))
            continue;

        ts_name_address *one = &message->addresses[message->address_count++];

        copy_address_shallow(&one->end.addr, &answer->addr);
        one->prefix = ts_address_prefix(&answer->addr, message->pinfo);
        one->link = owner == NULL ? message->chain_length - 1 : (unsigned)(owner - message->links);
        message->max_ttl = MAX(message->max_ttl, answer->ttl);
    }
}

static void
collect_addresses(ts_message *message)
{
    if (!message->dns->dns)
        return;
    const unsigned most = answer_count(message) + wmem_array_get_count(message->dns->hints);

    message->addresses = wmem_alloc0_array(message->pinfo->pool, ts_name_address, MIN(most, TS_ADDRESSES_MAX));
    collect_addresses_of(message, message->dns->answers);
    collect_addresses_of(message, message->dns->hints);
}

/* ---- questions and answers ---- */

static void
match_question(ts_message *message)
{
    packet_info *pinfo = message->pinfo;
    const ts_dns_message *dns = message->dns;
    ts_question *question = ts_history_question(pinfo, message->history, message->links[0].kind.name, dns->qtype);
    ts_name_question *state = &question->state;

    message->question = question;
    message->iterative = dns->iterative;
    if (!dns->response) {
        question->iterative = dns->iterative;
        message->after_truncated = message->tcp && ts_history_was_truncated(question, pinfo);
        message->retransmission = ts_history_ask(question, pinfo, message->server, message->client_port, dns->id);
        message->tries = state->tries;
        return;
    }

    ts_try *request = ts_history_match(question, pinfo, message->server, message->client_port, dns->id);

    const bool data = message->address_count > 0 || (dns->rcode == TS_DNS_RCODE_NOERROR && !ts_dns_answers_whole(dns));

    if (request == NULL) {
        ts_history_answered_early(question, pinfo, message->client_port, dns->id);
        state->answered_data = state->answered_data || data;
        return;
    }
    if (ts_history_since(pinfo, &request->time) > TS_ANSWER_MAX_SECONDS)
        message->late_since = ts_history_since(pinfo, &request->time);
    else if (ts_history_since(pinfo, &request->time) >= 0)     /* before its question, by another clock: it has no time */
        message->request = request;
    /* Whoever makes up an answer may not copy the bit. */
    message->iterative = question->iterative;
    message->retransmission = request->answered;
    message->after_data = request->answered && state->answered_data;
    if (!request->answered)
        question->failures = dns->rcode == TS_DNS_RCODE_SERVFAIL || dns->rcode == TS_DNS_RCODE_REFUSED ? question->failures + 1 : 0;
    const bool waits = state->tries > 0 && !request->answered;

    if (message->request != NULL)
        nstime_delta(&message->answer_time, &pinfo->abs_ts, message->tcp && state->tries > 0 ? &state->first_time :
            waits ? ts_history_asked_first(question, request) : &request->time);
    if (!request->answered) {
        message->tries = state->tries;
        message->waited = state->tries > 0 ? ts_history_since(pinfo, &state->first_time)
                                           : nstime_to_sec(&message->answer_time);
        if (message->request != NULL)
            nstime_delta(&state->answer_time, &pinfo->abs_ts, message->tcp && state->tries > 0 ? &state->first_time : &request->time);
    }
    request->answered = true;
    state->tries = 0;
    state->answered_frame = pinfo->num;
    state->answered_time = pinfo->abs_ts;
    state->answered_data = data || message->after_data;
}

/* Resolvers ask in the place of many clients, whose names say nothing of one another. */
static void
note_resolver(const ts_message *message)
{
    if (message->dns->dns && !message->dns->response)
        ts_history_client(message->server)->resolver = true;
    message->history->resolver = message->history->resolver || message->iterative;
}

/* Programs ask for A and AAAA, ask again, and get addresses; who checks a list asks for each name once. */
static void
note_manner(const ts_message *message)
{
    const ts_dns_message *dns = message->dns;
    const bool again = message->retransmission || (dns->dns && !dns->response && message->question->state.answered_frame != 0);
    const bool of_list = dns->dns && dns->qtype == TS_DNS_TYPE_A && !again && (!dns->response || dns->rcode == TS_DNS_RCODE_NXDOMAIN);

    message->history->like_a_client = message->history->like_a_client || !of_list;
    if (of_list && dns->response)
        message->history->denied++;
}

static void
set_ends(ts_message *message)
{
    packet_info *pinfo = message->pinfo;
    bool back = message->dns->dns && message->dns->response;

    message->client = back ? &pinfo->dst : &pinfo->src;
    message->server = back ? &pinfo->src : &pinfo->dst;
    message->client_port = (uint16_t)(back ? pinfo->destport : pinfo->srcport);
    message->tcp = pinfo->ptype == PT_TCP;
    message->role = message->dns->dns ? TS_ROLE_QUESTION : message->dns->proxy ? TS_ROLE_PROXY : TS_ROLE_SERVER_NAME;
}

void
ts_keep_names(ts_message *message)
{
    for (unsigned i = 0; i < message->link_count; i++)
        message->links[i].kind.name = ts_history_text(message->links[i].kind.name);
}

static const char *
first_name(const ts_dns_message *dns)
{
    if (dns->name != NULL || !dns->dns || wmem_array_get_count(dns->answers) == 0)
        return dns->name;
    return ((const ts_dns_answer *)wmem_array_index(dns->answers, 0))->owner;
}

#define NAT64_NAME  "ipv4only.arpa"

/* RFC 7050: what its resolver answers tells a host the NAT64 prefix of its network. */
void
ts_learn_nat64(packet_info *pinfo, const ts_dns_message *dns)
{
    if (!dns->dns || !dns->response || dns->name == NULL || !ts_same_name(dns->name, NAT64_NAME))
        return;
    for (unsigned i = 0; i < wmem_array_get_count(dns->answers); i++) {
        const ts_dns_answer *answer = (const ts_dns_answer *)wmem_array_index(dns->answers, i);
        const uint8_t *bytes = answer->addr.type == AT_IPv6 ? (const uint8_t *)answer->addr.data : NULL;
        const unsigned bits = bytes == NULL ? 0 : ts_nat64_bits(bytes);

        if (bits == 0)
            continue;
        ts_nat64_learn(bytes, bits, pinfo);
        ts_nat64_info *info = (ts_nat64_info *)ts_frame_info_keep(pinfo, TS_INFO_NAT64, sizeof *info);

        if (info != NULL) {
            memcpy(info->address, bytes, sizeof info->address);
            info->bits = bits;
        }
    }
}

bool
ts_analyse(packet_info *pinfo, const ts_dns_message *dns, ts_message *message)
{
    bool anchored = false;

    memset(message, 0, sizeof *message);
    message->pinfo = pinfo;
    message->dns = dns;
    /* Each record has an owner and leads to one name at most. */
    message->link_max = MIN(1 + 2 * answer_count(message), TS_CHAIN_MAX);
    message->links = wmem_alloc0_array(pinfo->pool, ts_link, message->link_max);
    set_ends(message);
    if (dns->opcode != 0 || !add_link(message, first_name(dns), false))
        return false;
    build_chain(message);

    if (dns->dns || !ts_classify_literal(message)) {
        for (unsigned i = 0; i < message->link_count; i++) {
            anchored = anchored && !message->links[i].detached;
            ts_classify_name(message, i, &anchored);
        }
    }
    if (!message->any_shown)
        return true;

    ts_keep_names(message);
    collect_addresses(message);
    sum_up(message);
    message->history = ts_history_client(message->client);
    if (dns->dns)
        match_question(message);
    else
        ts_history_went(pinfo, message->history, message->links[0].kind.name);
    if (message->role == TS_ROLE_SERVER_NAME && message->links[0].prefix == NULL)
        message->links[0].prefix = ts_address_prefix(message->server, pinfo);
    note_resolver(message);
    note_manner(message);
    return true;
}
