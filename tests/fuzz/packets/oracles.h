/* oracles.h
 * What has to hold of any sequence of frames; each ends the program where it does not
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_FUZZ_ORACLES_H
#define TEAMSHARK_FUZZ_ORACLES_H

#include "session.h"

/* Reports and labels are UTF-8 without what steers a terminal or reorders a line. */
void oracle_text(const char *what, const char *text, size_t length);

/* The JSON document among the reports is one. */
void oracle_json(const char *text);

/* The labels of our items in a frame, and Wireshark's word of a dissector bug. A session_look. */
void oracle_labels(epan_dissect_t *edt, unsigned frame, void *data);

/* Wireshark told of no dissector bug in the session before, or does so without us, too. */
void oracle_bugs(const sequence *s, const frame *frames, unsigned count);

/* Two passes say what one pass says, where stock's do. */
void oracle_passes(const sequence *s, const frame *frames, unsigned count);

#endif /* TEAMSHARK_FUZZ_ORACLES_H */
