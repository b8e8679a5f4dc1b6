/* client_ends.h
 * The ends that belong to a client's socket: its relayed and reflexive addresses
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_MS_STUN_CLIENT_ENDS_H
#define TEAMSHARK_MS_STUN_CLIENT_ENDS_H

#include "demux.h"

/* Of one client socket and kind. File scope. */
typedef struct {
    const ts_known_address *end;          /* NULL: none */
    ts_endpoint where;
} ts_client_end;

/* Says that end, at where, belongs to client. First pass only. */
void ts_client_ends_add(ts_demux_state *shared, ts_known_address *end, const ts_endpoint *where, const ts_endpoint *client);

/* The latest end of that kind, or NULL. First pass only. */
const ts_client_end *ts_client_ends_latest(const ts_demux_state *shared, const ts_endpoint *client, ts_address_kind kind);

#endif /* TEAMSHARK_MS_STUN_CLIENT_ENDS_H */
