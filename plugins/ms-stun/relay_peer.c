/* relay_peer.c
 * Where a relay passes on what has no TURN header around it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "relay_peer.h"

#include "common/endpoint.h"

void
ts_relay_peer_set(ts_flow *flow, const packet_info *pinfo, const ts_endpoint *client, const ts_endpoint *peer)
{
    ts_relay_peer *entry = wmem_new0(wmem_file_scope(), ts_relay_peer);

    ts_endpoint_keep(&entry->client, client);
    ts_endpoint_keep(&entry->peer, peer);
    if (flow->relay_peers == NULL)
        flow->relay_peers = wmem_tree_new(wmem_file_scope());
    wmem_tree_insert32(flow->relay_peers, pinfo->num, entry);
}

const ts_relay_peer *
ts_relay_peer_at(const ts_flow *flow, const packet_info *pinfo)
{
    return flow->relay_peers == NULL ? NULL : (const ts_relay_peer *)wmem_tree_lookup32_le(flow->relay_peers, pinfo->num);
}
