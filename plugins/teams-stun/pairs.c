/* pairs.c
 * Candidate pairs: who talks with whom, over which relay, and in which state
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RFC 8445 6.1.2 and 7.2.5 as far as an observer can follow them: a pair is
 * the two transport addresses of its candidates, found by either direction.
 * What relays put around a payload is taken off first: DATA has the peer's
 * address beside it, and FF10 goes to the address that the peer was allocated.
 */

#include "teams-stun.h"

#include "common/relay_peer.h"

typedef struct {
    ts_endpoint local;
    ts_endpoint remote;
    ts_endpoint server;
} pair_key;

typedef struct {
    wmem_map_t *pairs;          /* pair_key -> ts_pair */
    wmem_map_t *sessions;       /* "ufrag:ufrag" in order -> ts_ice_session */
    wmem_map_t *locals;         /* address of a host that the capture is local to -> itself */
    wmem_map_t *reflexive;      /* local ts_endpoint -> first public ts_endpoint seen for it */
    uint32_t count;
} pair_state;

static pair_state *state;

void
ts_pairs_reset(void)
{
    state = NULL;       /* freed with the file scope */
}

const char *
ts_candidate_name(ts_candidate candidate)
{
    static const char *const names[] = { "", "host", "server-reflexive", "peer-reflexive", "relayed" };

    return names[candidate];
}

const char *
ts_pair_state_name(ts_pair_state pair_state_value)
{
    static const char *const names[] = { "frozen", "checking", "succeeded", "nominated", "failed" };

    return names[pair_state_value];
}

/* RFC 1918, RFC 6598, loopback and link-local; for IPv6 RFC 4193, link-local and loopback. */
bool
ts_address_is_private(const address *addr)
{
    const uint8_t *bytes = (const uint8_t *)addr->data;

    if (addr->type == AT_IPv4) {
        return bytes[0] == 10 || bytes[0] == 127 || (bytes[0] == 172 && (bytes[1] & 0xF0) == 16) ||
            (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254) ||
            (bytes[0] == 100 && (bytes[1] & 0xC0) == 64);
    }
    if (addr->type == AT_IPv6) {
        static const uint8_t loopback[16] = { [15] = 1 };
        return (bytes[0] & 0xFE) == 0xFC || (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80) ||
            memcmp(bytes, loopback, sizeof loopback) == 0;
    }
    return false;
}

static unsigned
key_hash(const void *data)
{
    const pair_key *key = (const pair_key *)data;

    return ts_endpoint_hash(&key->local) * 31u + ts_endpoint_hash(&key->remote);
}

static gboolean
key_equal(const void *a, const void *b)
{
    const pair_key *x = (const pair_key *)a;
    const pair_key *y = (const pair_key *)b;

    return ts_endpoint_equal(&x->local, &y->local) && ts_endpoint_equal(&x->remote, &y->remote) &&
        ts_endpoint_equal(&x->server, &y->server);
}

static pair_state *
pairs(void)
{
    if (state == NULL) {
        state = wmem_new0(wmem_file_scope(), pair_state);
        state->pairs = wmem_map_new(wmem_file_scope(), key_hash, key_equal);
        state->sessions = wmem_map_new(wmem_file_scope(), wmem_str_hash, g_str_equal);
        state->locals = wmem_map_new(wmem_file_scope(), ts_address_hash, ts_address_key_equal);
        state->reflexive = wmem_map_new(wmem_file_scope(), ts_endpoint_hash, ts_endpoint_key_equal);
    }
    return state;
}

/* ---- paths ---- */

/* A relay that was told whom to connect: its end of the flow stands for that peer. */
static void
path_beyond_relay(const packet_info *pinfo, const ts_front_call *call, ts_path *path)
{
    const ts_relay_peer *known = ts_relay_peer_at(call->flow, pinfo);

    if (known == NULL)
        return;
    path->from_client = ts_endpoint_equal(&known->client, &path->src);
    ts_endpoint *relay = path->from_client ? &path->dst : &path->src;

    path->server = *relay;
    *relay = known->peer;
}

ts_path
ts_path_of(packet_info *pinfo, const ts_front_call *call, const ts_message *message)
{
    ts_path path = { .tcp = call->tcp, .src = ts_endpoint_source(pinfo), .dst = ts_endpoint_destination(pinfo) };

    for (const ts_layer *layer = call->outer; layer != NULL; layer = layer->outer) {
        if (layer->wire.kind == TS_WIRE_MUX && !path.multiplexed) {
            path.multiplexed = true;
            path.session_id = layer->session_id;
        }
        /* The innermost relay is the one that speaks with the peer. */
        if (layer->wire.kind == TS_WIRE_MS_TURN && layer->peer.addr.type != AT_NONE && path.server.addr.type == AT_NONE) {
            const bool indication = layer->wire.type == 0x0115;

            path.from_client = !indication;
            path.server = indication ? path.src : path.dst;
            *(indication ? &path.src : &path.dst) = layer->peer;
        }
    }
    if (path.server.addr.type == AT_NONE)
        path_beyond_relay(pinfo, call, &path);
    /* A message names its sender's session: that of the client itself says nothing about the peer. */
    const bool own = path.server.addr.type != AT_NONE && path.from_client;
    if (message != NULL && message->has_session && path.session_id == 0 && !own)
        path.session_id = message->session_id;
    return path;
}

/* ---- finding and making pairs ---- */

static ts_pair *
lookup(const ts_endpoint *local, const ts_endpoint *remote, const ts_endpoint *server)
{
    const pair_key key = { .local = *local, .remote = *remote, .server = *server };

    return (ts_pair *)wmem_map_lookup(pairs()->pairs, &key);
}

/* Several allocations of one relay share an address; the session id tells them apart. */
static ts_pair *
of_session(ts_pair *pair, uint64_t session_id, bool first_pass)
{
    ts_pair *unknown = NULL;

    if (session_id == 0)
        return pair;
    for (ts_pair *each = pair; each != NULL; each = each->next_session) {
        if (each->session_id == session_id)
            return each;
        if (each->session_id == 0)
            unknown = each;
    }
    if (unknown != NULL && first_pass)
        unknown->session_id = session_id;
    return unknown;
}

static bool
is_local(const address *addr)
{
    return wmem_map_contains(pairs()->locals, addr);
}

/* Is the sender the side that the capture was taken on? */
static bool
sender_is_local(const ts_path *path)
{
    if (path->server.addr.type != AT_NONE)
        return path->from_client;

    const bool src_known = is_local(&path->src.addr);
    const bool dst_known = is_local(&path->dst.addr);
    if (src_known != dst_known)
        return src_known;
    if (path->multiplexed)      /* FF10 goes to relays, never from them */
        return true;

    const bool src_private = ts_address_is_private(&path->src.addr);
    const bool dst_private = ts_address_is_private(&path->dst.addr);
    if (src_private != dst_private)
        return src_private;
    return true;
}

static void
learn_local(const address *addr)
{
    if (is_local(addr))
        return;
    address *kept = wmem_new0(wmem_file_scope(), address);
    copy_address_wmem(wmem_file_scope(), kept, addr);
    wmem_map_insert(pairs()->locals, kept, kept);
}

typedef struct {
    const packet_info *pinfo;
    const ts_endpoint *client;
    ts_end_kind kind;
    const ts_endpoint *where;
    const ts_end *end;
} end_search;

static void
match_end(void *key, void *value, void *user_data)
{
    end_search *search = (end_search *)user_data;
    const ts_end *end = (const ts_end *)value;

    if (end->kind == search->kind && ts_since(end->since, search->pinfo) && ts_endpoint_equal(&end->client, search->client) &&
        (search->end == NULL || end->since > search->end->since)) {
        search->end = end;
        search->where = (const ts_endpoint *)key;
    }
}

/* The latest end of that kind that belongs to a client's socket. Ends grow with flows; called once or twice per pair. */
static end_search
end_of_client(const packet_info *pinfo, ts_shared *shared, const ts_endpoint *client, ts_end_kind kind)
{
    end_search search = { .pinfo = pinfo, .client = client, .kind = kind };

    wmem_map_foreach(shared->ends, match_end, &search);
    return search;
}

static ts_candidate
first_guess_remote(packet_info *pinfo, const ts_front_call *call, const ts_path *path, const ts_endpoint *remote)
{
    const ts_end *end = ts_shared_end(call->shared, pinfo, &remote->addr, remote->port);

    if (path->multiplexed || path->session_id != 0)
        return TS_CANDIDATE_RELAYED;
    if (end != NULL && end->kind != TS_END_REFLEXIVE)
        return TS_CANDIDATE_RELAYED;
    if (end != NULL)
        return TS_CANDIDATE_SERVER_REFLEXIVE;
    return ts_address_is_private(&remote->addr) ? TS_CANDIDATE_HOST : TS_CANDIDATE_UNKNOWN;
}

static ts_pair *
pair_new(packet_info *pinfo, const ts_front_call *call, const ts_path *path, bool from_local, ts_pair *same_ends)
{
    const ts_endpoint *local = from_local ? &path->src : &path->dst;
    const ts_endpoint *remote = from_local ? &path->dst : &path->src;
    ts_pair *pair = wmem_new0(wmem_file_scope(), ts_pair);

    pair->number = ++pairs()->count;
    pair->first_frame = pinfo->num;
    ts_endpoint_keep(&pair->local, local);
    ts_endpoint_keep(&pair->remote, remote);
    ts_endpoint_keep(&pair->server, &path->server);
    pair->session_id = path->session_id;
    pair->tcp = path->tcp && path->server.addr.type == AT_NONE;
    pair->state = TS_PAIR_FROZEN;
    pair->remote_type = first_guess_remote(pinfo, call, path, remote);
    pair->remote_first = !from_local;

    if (path->server.addr.type != AT_NONE)
        pair->local_type = TS_CANDIDATE_RELAYED;
    else if (ts_address_is_private(&local->addr))
        pair->local_type = TS_CANDIDATE_HOST;

    const end_search own = end_of_client(pinfo, call->shared, local, TS_END_RELAYED);
    if (own.end != NULL) {
        pair->stream_type = own.end->stream_type;
        if (path->server.addr.type != AT_NONE)
            pair->allocation = own.end->allocation;
    }
    learn_local(&local->addr);

    if (same_ends != NULL) {
        pair->next_session = same_ends->next_session;
        same_ends->next_session = pair;
    } else {
        pair_key *key = wmem_new0(wmem_file_scope(), pair_key);
        key->local = pair->local;
        key->remote = pair->remote;
        key->server = pair->server;
        wmem_map_insert(pairs()->pairs, key, pair);
    }
    return pair;
}

ts_pair *
ts_pair_find(packet_info *pinfo, const ts_front_call *call, const ts_path *path, bool create, bool *from_local)
{
    const bool first_pass = !PINFO_FD_VISITED(pinfo);
    bool local_sends = true;
    ts_pair *same_ends = lookup(&path->src, &path->dst, &path->server);

    if (same_ends == NULL) {
        same_ends = lookup(&path->dst, &path->src, &path->server);
        local_sends = same_ends == NULL ? sender_is_local(path) : false;
    }
    ts_pair *pair = same_ends == NULL ? NULL : of_session(same_ends, path->session_id, first_pass);
    if (pair == NULL && create && first_pass)
        pair = pair_new(pinfo, call, path, local_sends, same_ends);
    if (from_local != NULL)
        *from_local = local_sends;
    return pair;
}

/* ---- what messages say of candidates ---- */

static ts_ice_session *
ice_session(packet_info *pinfo, const ts_message *message)
{
    const char *a = message->ufrag_remote;
    const char *b = message->ufrag_local;

    if (a == NULL || b == NULL)
        return NULL;
    if (strcmp(a, b) > 0) {
        const char *swap = a;
        a = b;
        b = swap;
    }
    const char *name = wmem_strdup_printf(pinfo->pool, "%s:%s", a, b);
    ts_ice_session *session = (ts_ice_session *)wmem_map_lookup(pairs()->sessions, name);

    if (session == NULL) {
        session = wmem_new0(wmem_file_scope(), ts_ice_session);
        session->ufrag[0] = wmem_strdup(wmem_file_scope(), a);
        session->ufrag[1] = wmem_strdup(wmem_file_scope(), b);
        wmem_map_insert(pairs()->sessions, wmem_strdup(wmem_file_scope(), name), session);
    }
    return session;
}

static void
join_session(ts_pair *pair, ts_ice_session *session)
{
    if (session == NULL || pair->ice == session)
        return;
    if (pair->ice != NULL)
        return;         /* an ICE restart on the same ports keeps its first session for its siblings */
    pair->ice = session;
    pair->next_of_ice = session->pairs;
    session->pairs = pair;
}

/*
 * What the other pairs of the session say of a public remote address: the
 * same host from another port is a NAT that maps per destination, so this one
 * was learned from the check itself; a private candidate of the same peer
 * makes its public one the reflexive one that it announced.
 */
static ts_candidate
remote_type_by_siblings(const ts_pair *pair)
{
    ts_candidate type = TS_CANDIDATE_UNKNOWN;

    for (const ts_pair *each = pair->ice == NULL ? NULL : pair->ice->pairs; each != NULL; each = each->next_of_ice) {
        if (each == pair)
            continue;
        if (pair->remote_first && each->first_frame < pair->first_frame && ts_endpoint_equal(&each->local, &pair->local) &&
            addresses_equal(&each->remote.addr, &pair->remote.addr) && each->remote.port != pair->remote.port)
            return TS_CANDIDATE_PEER_REFLEXIVE;
        if (each->remote_type == TS_CANDIDATE_HOST || ts_endpoint_equal(&each->remote, &pair->remote))
            type = TS_CANDIDATE_SERVER_REFLEXIVE;
    }
    return type;
}

static void
learn_remote_type(ts_pair *pair, const ts_message *message, bool from_local)
{
    if (message->has_session && !from_local)
        pair->remote_type = TS_CANDIDATE_RELAYED;
    if (pair->remote_type == TS_CANDIDATE_UNKNOWN)
        pair->remote_type = remote_type_by_siblings(pair);
}

/* The answer to a check of ours names the address that the peer saw us come from. */
static void
learn_local_type(packet_info *pinfo, const ts_front_call *call, ts_pair *pair, const ts_endpoint *mapped, ts_diag_set *diagnostics)
{
    if (pair->local_type == TS_CANDIDATE_RELAYED)
        return;
    if (ts_endpoint_equal(mapped, &pair->local)) {
        pair->local_type = TS_CANDIDATE_HOST;
        return;
    }
    if (pair->local_type != TS_CANDIDATE_SERVER_REFLEXIVE && pair->local_type != TS_CANDIDATE_PEER_REFLEXIVE) {
        const end_search search = end_of_client(pinfo, call->shared, &pair->local, TS_END_REFLEXIVE);
        const bool announced = search.where != NULL && ts_endpoint_equal(search.where, mapped);

        pair->local_type = announced ? TS_CANDIDATE_SERVER_REFLEXIVE : TS_CANDIDATE_PEER_REFLEXIVE;
    }
    if (ts_address_is_private(&mapped->addr))
        return;

    const ts_endpoint *known = (const ts_endpoint *)wmem_map_lookup(pairs()->reflexive, &pair->local);
    if (known == NULL) {
        const end_search search = end_of_client(pinfo, call->shared, &pair->local, TS_END_REFLEXIVE);

        ts_endpoint *key = wmem_new0(wmem_file_scope(), ts_endpoint);
        ts_endpoint *kept = wmem_new0(wmem_file_scope(), ts_endpoint);
        *key = pair->local;
        ts_endpoint_keep(kept, search.where != NULL ? search.where : mapped);
        wmem_map_insert(pairs()->reflexive, key, kept);
        known = kept;
    }
    if (!ts_endpoint_equal(known, mapped))
        *diagnostics |= TS_DIAG_BIT(TS_DIAG_SYMMETRIC_NAT);

    ts_end *learned = ts_shared_add_end(call->shared, pinfo, TS_END_REFLEXIVE, mapped);
    if (learned != NULL && learned->client.addr.type == AT_NONE)
        learned->client = pair->local;
}

static void
learn_role(ts_ice_session *session, const ts_message *message, ts_diag_set *diagnostics)
{
    if (session == NULL || message->role == TS_ICE_ROLE_UNKNOWN)
        return;
    const unsigned side = strcmp(session->ufrag[0], message->ufrag_local) == 0 ? 0 : 1;

    session->role[side] = message->role;
    if (session->role[1 - side] == message->role)
        *diagnostics |= TS_DIAG_BIT(TS_DIAG_ROLE_CONFLICT);
}

void
ts_pair_learn(packet_info *pinfo, const ts_front_call *call, ts_pair *pair, const ts_message *message, bool from_local,
    ts_diag_set *diagnostics)
{
    ts_ice_session *session = ice_session(pinfo, message);

    join_session(pair, session);
    if (pair->checked_since == 0)
        pair->checked_since = pinfo->num;
    if (message->has_version)
        pair->version = message->version;
    if (message->type == TS_STUN_BINDING_REQUEST)
        learn_role(session, message, diagnostics);
    learn_remote_type(pair, message, from_local);
    if (message->type == TS_STUN_BINDING_SUCCESS && message->has_mapped && !from_local)
        learn_local_type(pinfo, call, pair, &message->mapped, diagnostics);
}
