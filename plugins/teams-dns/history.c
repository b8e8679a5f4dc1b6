/* history.c
 * What the names plugin remembers of a capture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "teams-dns.h"

#include <math.h>
#include <string.h>

#include <epan/to_str.h>
#include <wsutil/str_util.h>

#include "common/times.h"

#define DISCOVERY_SECONDS   10.0
#define EXPANSION_SECONDS   10.0
#define SHARED_NAMES        4

/* Names looked at for likeness; a new one takes the place of any other of its hash. */
#define LIKENESS_SLOTS      512

typedef struct {
    char *name;
    const char *real;       /* the name that it imitates, or NULL */
} likeness;

/* When something was, and which name it was. */
typedef struct {
    nstime_t time;
    const char *name;
} moment;

static likeness *likenesses;
static wmem_map_t *texts;
static wmem_map_t *clients;
static wmem_map_t *questions;
static wmem_map_t *anchors;
static wmem_map_t *discoveries;
static wmem_map_t *expansions;
static wmem_map_t *placements;
static wmem_map_t *shared_answers;

/* Questions are told apart by client, name (in lower case) and type. */
static unsigned
question_hash(const void *key)
{
    const ts_question *question = (const ts_question *)key;

    return add_address_to_hash(wmem_str_hash(question->state.name) ^ question->state.qtype, &question->client->addr);
}

static gboolean
question_equal(const void *a, const void *b)
{
    const ts_question *one = (const ts_question *)a, *other = (const ts_question *)b;

    return one->client == other->client && one->state.qtype == other->state.qtype &&
        strcmp(one->state.name, other->state.name) == 0;
}

static wmem_map_t *
text_map(void)
{
    return wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), wmem_str_hash, g_str_equal);
}

static void
forget_likenesses(void)
{
    likenesses = NULL;
}

void
ts_history_register(void)
{
    register_cleanup_routine(forget_likenesses);
    ts_nat64_register();
    texts = text_map();
    clients = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), ts_address_hash, ts_address_key_equal);
    questions = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), question_hash, question_equal);
    anchors = text_map();
    discoveries = text_map();
    expansions = text_map();
    placements = text_map();
    shared_answers = text_map();
}

const char *
ts_history_text(const char *text)
{
    char *kept;

    if (text == NULL || text[0] == '\0')
        return "";
    kept = (char *)wmem_map_lookup(texts, text);
    if (kept == NULL) {
        kept = wmem_strdup(wmem_file_scope(), text);
        wmem_map_insert(texts, kept, kept);
    }
    return kept;
}

/* The same, in lower case. */
static const char *
lower_name(packet_info *pinfo, const char *name)
{
    return ts_history_text(wmem_ascii_strdown(pinfo->pool, name, -1));
}

double
ts_history_since(const packet_info *pinfo, const nstime_t *then)
{
    return ts_seconds(then, &pinfo->abs_ts);
}

ts_client *
ts_history_client(const address *addr)
{
    ts_client *client = (ts_client *)wmem_map_lookup(clients, addr);

    if (client == NULL) {
        client = wmem_new0(wmem_file_scope(), ts_client);
        copy_address_wmem(wmem_file_scope(), &client->addr, addr);
        wmem_map_insert(clients, &client->addr, client);
    }
    return client;
}

static ts_question *
question_of(const ts_client *client, const char *lower, uint16_t qtype)
{
    const ts_question key = { .client = client, .state = { .name = lower, .qtype = qtype } };

    return (ts_question *)wmem_map_lookup(questions, &key);
}

/* Questions of other types know the A question for their name. */
static void
link_address_question(ts_question *question)
{
    static const uint16_t others[] = { TS_DNS_TYPE_AAAA, TS_DNS_TYPE_HTTPS };
    const char *name = question->state.name;

    if (question->state.qtype != TS_DNS_TYPE_A) {
        const ts_question *a = question_of(question->client, name, TS_DNS_TYPE_A);

        question->state.address = a == NULL ? NULL : &a->state;
        return;
    }
    for (size_t i = 0; i < array_length(others); i++) {
        ts_question *other = question_of(question->client, name, others[i]);

        if (other != NULL)
            other->state.address = &question->state;
    }
}

ts_question *
ts_history_question(packet_info *pinfo, const ts_client *client, const char *name, uint16_t qtype)
{
    const char *lower = wmem_ascii_strdown(pinfo->pool, name, -1);
    ts_question *question = question_of(client, lower, qtype);

    if (question == NULL) {
        question = wmem_new0(wmem_file_scope(), ts_question);
        question->client = client;
        question->state.name = ts_history_text(lower);
        question->state.qtype = qtype;
        wmem_map_insert(questions, question, question);
        link_address_question(question);
    }
    return question;
}

static bool
is_try(const ts_try *one, const address *server, uint16_t port, uint16_t id)
{
    return one->frame != 0 && one->id == id && one->port == port && addresses_equal(&one->server, server);
}

/* From the oldest on: a datagram that is sent again keeps its id. An old one's id may come up again. */
ts_try *
ts_history_match(ts_question *question, const packet_info *pinfo, const address *server, uint16_t port, uint16_t id)
{
    ts_try *found = NULL;

    for (unsigned i = 0; i < question->ring_size; i++) {
        ts_try *one = &question->ring[(question->ring_next + i) % question->ring_size];

        if (!is_try(one, server, port, id))
            continue;
        if (!one->answered && ts_history_since(pinfo, &one->time) <= TS_TRY_MAX_SECONDS) {
            found = one;
            break;
        }
        found = one;
    }
    for (unsigned i = 0; found != NULL && !found->answered && i < question->ring_size; i++) {
        ts_try *one = &question->ring[i];

        if (one != found && is_try(one, server, port, id))
            one->answered = true;
    }
    return found;
}

const nstime_t *
ts_history_asked_first(const ts_question *question, const ts_try *request)
{
    const nstime_t *first = &request->time;

    for (unsigned i = 0; i < question->ring_size; i++) {
        const ts_try *one = &question->ring[i];

        if (one->frame != 0 && !one->answered && addresses_equal(&one->server, &request->server) &&
            nstime_cmp(&one->time, &question->state.first_time) >= 0 && nstime_cmp(&one->time, first) < 0)
            first = &one->time;
    }
    return first;
}

bool
ts_history_was_truncated(const ts_question *question, const packet_info *pinfo)
{
    const ts_name_question *state = &question->state;

    return state->truncated_frame != 0 && ts_history_since(pinfo, &state->truncated_time) <= TS_TRY_MAX_SECONDS;
}

static void
begin_tries(ts_question *question, const packet_info *pinfo)
{
    ts_name_question *state = &question->state;

    state->tries = 1;
    if (!ts_history_was_truncated(question, pinfo)) {
        state->first_frame = pinfo->num;
        state->first_time = pinfo->abs_ts;
    }
    state->last_time = pinfo->abs_ts;
    state->no_answer_reported = false;
    state->unanswered_reported = false;
}

/* The place of the next sending: that of the oldest one where there is room for no more. */
static ts_try *
next_try(ts_question *question)
{
    if (question->ring_next == question->ring_size && question->ring_size < TS_QUESTION_TRIES) {
        const unsigned size = MAX(1, 2 * question->ring_size);

        question->ring = (ts_try *)wmem_realloc(wmem_file_scope(), question->ring, size * sizeof(ts_try));
        memset(&question->ring[question->ring_size], 0, (size - question->ring_size) * sizeof(ts_try));
        question->ring_size = size;
    }
    question->ring_next %= question->ring_size;
    return &question->ring[question->ring_next++];
}

void
ts_history_answered_early(ts_question *question, const packet_info *pinfo, uint16_t port, uint16_t id)
{
    question->early_frame = pinfo->num;
    question->early_time = pinfo->abs_ts;
    question->early_port = port;
    question->early_id = id;
}

static bool
is_answered_already(const ts_question *question, const packet_info *pinfo, uint16_t port, uint16_t id)
{
    return question->early_frame != 0 && question->early_port == port && question->early_id == id &&
        fabs(ts_history_since(pinfo, &question->early_time)) <= TS_EARLY_MAX_SECONDS;
}

bool
ts_history_ask(ts_question *question, const packet_info *pinfo, const address *server, uint16_t port, uint16_t id)
{
    ts_name_question *state = &question->state;
    ts_try *one = next_try(question);
    const double since = state->tries > 0 ? ts_history_since(pinfo, &state->last_time) : 0.0;
    const bool again = state->tries > 0 && since <= TS_TRY_MAX_SECONDS;

    if (!again) {
        begin_tries(question, pinfo);
    } else if (since >= TS_TRY_MIN_SECONDS) {
        state->tries++;
        state->last_time = pinfo->abs_ts;
    }

    one->frame = pinfo->num;
    one->time = pinfo->abs_ts;
    one->port = port;
    one->id = id;
    one->answered = false;
    if (!addresses_equal(&one->server, server)) {
        free_address_wmem(wmem_file_scope(), &one->server);
        copy_address_wmem(wmem_file_scope(), &one->server, server);
    }
    if (is_answered_already(question, pinfo, port, id)) {
        one->answered = true;
        state->tries = 0;
    }
    return again;
}

void
ts_history_went(packet_info *pinfo, const ts_client *client, const char *name)
{
    static const uint16_t types[] = { TS_DNS_TYPE_A, TS_DNS_TYPE_AAAA, TS_DNS_TYPE_HTTPS };
    const char *lower = wmem_ascii_strdown(pinfo->pool, name, -1);

    for (size_t i = 0; i < array_length(types); i++) {
        ts_question *question = question_of(client, lower, types[i]);

        if (question != NULL)
            question->state.tries = 0;
    }
}

void
ts_history_anchor(packet_info *pinfo, const char *name)
{
    const char *key = lower_name(pinfo, name);

    wmem_map_insert(anchors, key, (void *)key);
}

bool
ts_history_anchored(packet_info *pinfo, const char *name)
{
    return wmem_map_lookup(anchors, wmem_ascii_strdown(pinfo->pool, name, -1)) != NULL;
}

static const char *
client_key(packet_info *pinfo, const address *client, const char *name)
{
    return wmem_strdup_printf(pinfo->pool, "%s %s", address_to_str(pinfo->pool, client),
        wmem_ascii_strdown(pinfo->pool, name, -1));
}

static void
remember(wmem_map_t *map, packet_info *pinfo, const char *key, const char *name)
{
    moment *when = (moment *)wmem_map_lookup(map, key);

    if (when == NULL) {
        when = wmem_new0(wmem_file_scope(), moment);
        wmem_map_insert(map, wmem_strdup(wmem_file_scope(), key), when);
    }
    when->time = pinfo->abs_ts;
    when->name = ts_history_text(name);
}

static const moment *
remembered(wmem_map_t *map, const packet_info *pinfo, const char *key, double seconds)
{
    const moment *when = (const moment *)wmem_map_lookup(map, key);

    return when != NULL && ts_history_since(pinfo, &when->time) <= seconds ? when : NULL;
}

void
ts_history_discovery(packet_info *pinfo, const address *client, const char *domain)
{
    remember(discoveries, pinfo, client_key(pinfo, client, domain), NULL);
}

bool
ts_history_discovering(packet_info *pinfo, const address *client, const char *domain)
{
    return remembered(discoveries, pinfo, client_key(pinfo, client, domain), DISCOVERY_SECONDS) != NULL;
}

void
ts_history_expansion(packet_info *pinfo, const address *client, const char *name, const char *expanded)
{
    remember(expansions, pinfo, client_key(pinfo, client, name), expanded);
}

const char *
ts_history_expanded(packet_info *pinfo, const address *client, const char *name)
{
    const moment *when = wmem_map_size(expansions) == 0 ? NULL :
        remembered(expansions, pinfo, client_key(pinfo, client, name), EXPANSION_SECONDS);

    return when == NULL ? NULL : when->name;
}

ts_placement *
ts_history_placement(packet_info *pinfo, const char *name, uint16_t qtype)
{
    const char *key = wmem_strdup_printf(pinfo->pool, "%u %s", qtype, wmem_ascii_strdown(pinfo->pool, name, -1));
    ts_placement *placement = (ts_placement *)wmem_map_lookup(placements, key);

    if (placement == NULL) {
        placement = wmem_new0(wmem_file_scope(), ts_placement);
        wmem_map_insert(placements, ts_history_text(key), placement);
    }
    return placement;
}

/* Names of one address: more than SHARED_NAMES are not told apart. */
typedef struct {
    const char *names[SHARED_NAMES];
    unsigned count;
} shared_answer;

unsigned
ts_history_shared_answer(packet_info *pinfo, const address *addr, const char *name)
{
    const char *key = address_to_str(pinfo->pool, addr), *lower = lower_name(pinfo, name);
    shared_answer *answer = (shared_answer *)wmem_map_lookup(shared_answers, key);

    if (answer == NULL) {
        answer = wmem_new0(wmem_file_scope(), shared_answer);
        wmem_map_insert(shared_answers, ts_history_text(key), answer);
    }
    for (unsigned i = 0; i < answer->count; i++)
        if (answer->names[i] == lower)
            return answer->count;
    if (answer->count < SHARED_NAMES)
        answer->names[answer->count++] = lower;
    return answer->count;
}

const char *
ts_history_lookalike(const char *name)
{
    size_t length = strlen(name);
    likeness *slot;

    if (likenesses == NULL)
        likenesses = wmem_alloc0_array(wmem_file_scope(), likeness, LIKENESS_SLOTS);
    slot = &likenesses[wmem_strong_hash((const uint8_t *)name, length) % LIKENESS_SLOTS];
    if (slot->name == NULL || strcmp(slot->name, name) != 0) {
        wmem_free(wmem_file_scope(), slot->name);
        slot->name = wmem_strdup(wmem_file_scope(), name);
        slot->real = ts_names_lookalike(name, length);
    }
    return slot->real;
}
