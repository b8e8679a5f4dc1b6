/* client_ends.c
 * The ends that belong to a client's socket: its relayed and reflexive addresses
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "client_ends.h"

#include "common/endpoint.h"

typedef struct {
    ts_endpoint client;
    ts_client_end latest[TS_ADDRESS_KINDS];
} client_ends;

void
ts_client_ends_add(ts_demux_state *shared, ts_known_address *end, const ts_endpoint *where, const ts_endpoint *client)
{
    ts_endpoint_keep(&end->client, client);
    if (shared->client_ends == NULL)
        shared->client_ends = wmem_map_new(wmem_file_scope(), ts_endpoint_hash, ts_endpoint_key_equal);

    client_ends *ends = (client_ends *)wmem_map_lookup(shared->client_ends, client);
    if (ends == NULL) {
        ends = wmem_new0(wmem_file_scope(), client_ends);
        ts_endpoint_keep(&ends->client, client);
        wmem_map_insert(shared->client_ends, &ends->client, ends);
    }
    ts_client_end *latest = &ends->latest[end->kind];
    if (latest->end != NULL && latest->end->first_frame >= end->first_frame)
        return;
    latest->end = end;
    ts_endpoint_keep(&latest->where, where);
}

const ts_client_end *
ts_client_ends_latest(const ts_demux_state *shared, const ts_endpoint *client, ts_address_kind kind)
{
    const client_ends *ends = shared->client_ends == NULL ? NULL : (const client_ends *)wmem_map_lookup(shared->client_ends, client);

    return ends == NULL || ends->latest[kind].end == NULL ? NULL : &ends->latest[kind];
}
