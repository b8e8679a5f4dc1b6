/* unusual_port.h
 * DNS about our names on UDP ports where stock does not look for it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_UNUSUAL_PORT_H
#define TEAMSHARK_UNUSUAL_PORT_H

#include "common/ws_compat.h"

/* Registers the heuristic dissector "teams_dns_udp" under the protocol. */
void ts_unusual_port_handoff(int proto);

#endif /* TEAMSHARK_UNUSUAL_PORT_H */
