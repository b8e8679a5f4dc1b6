/* wanted_fields.h
 * Fields that a postdissector reads: asked for only while its protocol is enabled
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_COMMON_WANTED_FIELDS_H
#define TEAMSHARK_COMMON_WANTED_FIELDS_H

#include "common/ws_compat.h"

/*
 * Asks for the fields (int each) of the plugin's one postdissector from the
 * next file on, if its protocol is enabled then. Call once, in the handoff; takes wanted over.
 *
 * Wireshark builds a tree for every frame where a postdissector wants fields,
 * even a disabled one, and some of stock's protocols do more where there is a tree.
 */
void ts_want_fields(dissector_handle_t postdissector, GArray *wanted);

/*
 * These (int each) as well, from the next frame to the end of the file: for
 * what few captures have. Wireshark asks each wanted field of each frame. more stays the caller's.
 */
void ts_want_more_fields(const GArray *more);

#endif /* TEAMSHARK_COMMON_WANTED_FIELDS_H */
