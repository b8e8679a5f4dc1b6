/* sequence.h
 * "Teams" among the kinds of Wireshark's Flow Graph
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_SEQUENCE_H
#define TEAMSHARK_TEAMS_SEQUENCE_H

/* After the tap was registered. Does nothing where Wireshark's header for it is not installed. */
void teams_sequence_register(int proto);

#endif /* TEAMSHARK_TEAMS_SEQUENCE_H */
