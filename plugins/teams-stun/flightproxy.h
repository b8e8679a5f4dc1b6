/* flightproxy.h
 * Registration of the flightproxy protocol
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_FLIGHTPROXY_H
#define TEAMSHARK_FLIGHTPROXY_H

/* Registers protocol and dissector "teams_flightproxy"; call once, when teams_stun registers. */
void ts_flightproxy_register(void);

#endif /* TEAMSHARK_FLIGHTPROXY_H */
