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

#include "pairs.h"

#include <wsutil/utf8_entities.h>

typedef struct {
    ts_endpoint local;
    ts_endpoint remote;
    ts_endpoint server;
} pair_key;

/* A host on whose side the capture was taken, as far as can be told. File scope. */
typedef struct {
    address addr;
    bool proven;                /* by a relay, FF10 or addresses; else it was only the first to send */
} near_host;

typedef struct {
    wmem_map_t *pairs;          /* pair_key -> ts_pair */
    wmem_map_t *hosts;          /* address -> near_host */
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
        state->hosts = wmem_map_new(wmem_file_scope(), ts_address_hash, ts_address_key_equal);
    }
    return state;
}

/* ---- paths ---- */

/* A relay that was told whom to connect: its end of the flow stands for that peer. */
static void
path_beyond_relay(const packet_info *pinfo, const ts_demux_call *call, ts_path *path)
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
ts_path_of(packet_info *pinfo, const ts_demux_call *call, const stun_msg *msg)
{
    ts_path path = { .tcp = call->tcp, .src = ts_endpoint_source(pinfo), .dst = ts_endpoint_destination(pinfo) };

    for (const ts_layer *layer = call->outer; layer != NULL; layer = layer->outer) {
        if (layer->payload.kind == TS_PAYLOAD_MUX && !path.multiplexed) {
            path.multiplexed = true;
            path.session_id = layer->session_id;
        }
        /* The innermost relay is the one that speaks with the peer. */
        if (layer->payload.kind == TS_PAYLOAD_MS_TURN && layer->peer.addr.type != AT_NONE && path.server.addr.type == AT_NONE) {
            const bool indication = layer->payload.type == 0x0115;

            path.from_client = !indication;
            path.server = indication ? path.src : path.dst;
            *(indication ? &path.src : &path.dst) = layer->peer;
        }
    }
    if (path.server.addr.type == AT_NONE)
        path_beyond_relay(pinfo, call, &path);
    /* A message names its sender's session: that of the client itself says nothing about the peer. */
    const bool own = path.server.addr.type != AT_NONE && path.from_client;
    if (msg != NULL && stun_msg_has(msg, TS_ATTR_MUX_SESSION_ID) && path.session_id == 0 && !own)
        path.session_id = msg->session_id;
    return path;
}

/* ---- looking pairs up, and making them ---- */

/* File scope: every message of the pair shows it. */
static const char *
pair_text(packet_info *pinfo, const ts_pair *pair)
{
    wmem_strbuf_t *text = wmem_strbuf_new(pinfo->pool, "");

    wmem_strbuf_append(text, ts_endpoint_text(pinfo->pool, &pair->local));
    if (pair->server.addr.type != AT_NONE) {
        wmem_strbuf_append_printf(text, " via relay %s", ts_endpoint_text(pinfo->pool, &pair->server));
        if (pair->allocation != 0)
            wmem_strbuf_append_printf(text, " (allocation %u)", pair->allocation);
    }
    wmem_strbuf_append_printf(text, " %s %s", UTF8_RIGHTWARDS_ARROW, ts_endpoint_text(pinfo->pool, &pair->remote));
    if (pair->session_id != 0)
        wmem_strbuf_append_printf(text, ", session 0x%016" PRIx64, pair->session_id);
    return wmem_strdup(wmem_file_scope(), wmem_strbuf_get_str(text));
}

static ts_pair *
lookup(const ts_endpoint *local, const ts_endpoint *remote, const ts_endpoint *server)
{
    const pair_key key = { .local = *local, .remote = *remote, .server = *server };

    return (ts_pair *)wmem_map_lookup(pairs()->pairs, &key);
}

/* Several allocations of one relay share an address; the session id tells them apart. */
static ts_pair *
of_session(packet_info *pinfo, ts_pair *pair, uint64_t session_id)
{
    ts_pair *unknown = NULL;
    unsigned searched = 0;

    if (session_id == 0)
        return pair;
    for (ts_pair *each = pair; each != NULL && searched < TS_MAX_SIBLINGS; each = each->next_session, searched++) {
        if (each->session_id == session_id)
            return each;
        if (each->session_id == 0)
            unknown = each;
    }
    if (unknown != NULL && !PINFO_FD_VISITED(pinfo)) {
        unknown->session_id = session_id;
        unknown->text = pair_text(pinfo, unknown);
    }
    /* No relay gives one client so many sessions. */
    return unknown == NULL && searched == TS_MAX_SIBLINGS ? pair : unknown;
}

static near_host *
host_of(const address *addr)
{
    return (near_host *)wmem_map_lookup(pairs()->hosts, addr);
}

static bool
is_proven(const address *addr)
{
    const near_host *host = host_of(addr);

    return host != NULL && host->proven;
}

/* Is the sender the side that the capture was taken on? *proven: something says so. */
static bool
sender_is_local(packet_info *pinfo, const ts_path *path, bool *proven)
{
    const bool src_proven = is_proven(&path->src.addr);
    const bool dst_proven = is_proven(&path->dst.addr);

    *proven = true;
    if (path->server.addr.type != AT_NONE)
        return path->from_client;
    if (src_proven != dst_proven)
        return src_proven;
    if (path->multiplexed)      /* FF10 goes to relays, never from them */
        return true;

    const bool src_private = ts_address_is_private(&path->src.addr);
    const bool dst_private = ts_address_is_private(&path->dst.addr);
    if (src_private != dst_private)
        return src_private;
    *proven = false;

    /* Whoever sends first: a media server of Microsoft's is the far end. Clients have public addresses, too, above all over IPv6. */
    const bool src_server = ts_address_media_prefix(&path->src.addr, pinfo) != NULL;
    const bool dst_server = ts_address_media_prefix(&path->dst.addr, pinfo) != NULL;
    if (src_server != dst_server)
        return dst_server;
    return host_of(&path->src.addr) != NULL || host_of(&path->dst.addr) == NULL;
}

static void
add_host(const address *addr, bool proven)
{
    near_host *host = host_of(addr);

    if (host == NULL) {
        host = wmem_new0(wmem_file_scope(), near_host);
        copy_address_wmem(wmem_file_scope(), &host->addr, addr);
        wmem_map_insert(pairs()->hosts, &host->addr, host);
    }
    host->proven |= proven;
}

void
ts_pairs_add_relay_client(const address *addr)
{
    add_host(addr, true);
}

ts_side
ts_pair_capturing_side(const ts_pair *pair)
{
    const bool local = pair->server.addr.type != AT_NONE || is_proven(&pair->local.addr);
    const bool remote = pair->server.addr.type == AT_NONE && is_proven(&pair->remote.addr);

    return local == remote ? TS_SIDE_UNKNOWN : local ? TS_SIDE_LOCAL : TS_SIDE_REMOTE;
}

static ts_candidate
first_guess_remote(packet_info *pinfo, const ts_demux_call *call, const ts_path *path, const ts_endpoint *remote)
{
    const ts_known_address *end = ts_known_address_find(call->state, pinfo, &remote->addr, remote->port);

    if (path->multiplexed || path->session_id != 0)
        return TS_CANDIDATE_RELAYED;
    if (end != NULL && end->kind != TS_ADDRESS_REFLEXIVE)
        return TS_CANDIDATE_RELAYED;
    if (end != NULL)
        return TS_CANDIDATE_SERVER_REFLEXIVE;
    return ts_address_is_private(&remote->addr) ? TS_CANDIDATE_HOST : TS_CANDIDATE_UNKNOWN;
}

static ts_pair *
pair_new(packet_info *pinfo, const ts_demux_call *call, const ts_path *path, bool from_local, bool proven, ts_pair *same_ends)
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

    const ts_client_address *own = ts_client_address_latest(call->state, local, TS_ADDRESS_RELAYED);
    if (own != NULL) {
        pair->stream_type = own->end->stream_type;
        if (path->server.addr.type != AT_NONE)
            pair->allocation = own->end->allocation;
    }
    add_host(&local->addr, proven);
    ts_consent_add_pair(pair);
    pair->text = pair_text(pinfo, pair);

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
ts_pair_find(packet_info *pinfo, const ts_demux_call *call, const ts_path *path, bool create, bool *from_local)
{
    bool local_sends = true;
    bool proven = false;
    ts_pair *same_ends = lookup(&path->src, &path->dst, &path->server);

    if (same_ends == NULL) {
        same_ends = lookup(&path->dst, &path->src, &path->server);
        local_sends = same_ends == NULL ? sender_is_local(pinfo, path, &proven) : false;
    }
    ts_pair *pair = same_ends == NULL ? NULL : of_session(pinfo, same_ends, path->session_id);
    if (pair == NULL && create && !PINFO_FD_VISITED(pinfo))
        pair = pair_new(pinfo, call, path, local_sends, proven, same_ends);
    if (from_local != NULL)
        *from_local = local_sends;
    return pair;
}

/* ---- from when on ---- */

static ts_dialect
dialect_of(const ts_pair *pair)
{
    if (pair->version == 0)
        return TS_DIALECT_ANY;
    /* 7 was observed with Teams and with Skype of 2018, lower ones with Lync and earlier Skype. */
    return pair->version >= 7 ? TS_DIALECT_TEAMS : TS_DIALECT_LYNC;
}

const ts_pair_snapshot *
ts_pair_take_snapshot(packet_info *pinfo, ts_pair *pair)
{
    const ts_pair_snapshot now = {
        .first_frame = pinfo->num, .state = pair->state, .local_type = pair->local_type, .remote_type = pair->remote_type,
        .dialect = dialect_of(pair),
    };
    const ts_pair_snapshot *was = pair->snapshot;

    if (was != NULL && was->state == now.state && was->local_type == now.local_type && was->remote_type == now.remote_type &&
        was->dialect == now.dialect)
        return was;
    if (was == NULL)
        pair->snapshots = wmem_tree_new(wmem_file_scope());
    pair->snapshot = (const ts_pair_snapshot *)wmem_memdup(wmem_file_scope(), &now, sizeof now);
    wmem_tree_insert32(pair->snapshots, now.first_frame, (void *)pair->snapshot);
    return pair->snapshot;
}

const ts_pair_snapshot *
ts_pair_before(const ts_pair *pair, const packet_info *pinfo)
{
    if (pair->snapshot == NULL || pair->snapshot->first_frame < pinfo->num)
        return pair->snapshot;
    return (const ts_pair_snapshot *)wmem_tree_lookup32_le(pair->snapshots, pinfo->num - 1);
}

void
ts_pair_set_state(ts_pair *pair, ts_pair_state new_state)
{
    if (pair->ice != NULL)
        pair->ice->failed += (unsigned)(new_state == TS_PAIR_FAILED) - (unsigned)(pair->state == TS_PAIR_FAILED);
    pair->state = new_state;
}
