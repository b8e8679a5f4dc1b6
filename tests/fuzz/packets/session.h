/* session.h
 * libwireshark in this process, as tshark uses it: a fresh session for each sequence of frames
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_FUZZ_SESSION_H
#define TEAMSHARK_FUZZ_SESSION_H

#include <wireshark.h>
#include <epan/epan_dissect.h>

#include "sequence.h"

/* Called with each frame that was dissected with a tree. */
typedef void (*session_look)(epan_dissect_t *edt, unsigned frame, void *data);

/* Loads Wireshark, the plugins and the user's preferences, and asks for every report. */
void session_start(const char *program);

/* Enables all of the plugins' protocols but, where it is not 0, that one; TS_NONE_ENABLED leaves none. */
#define TS_NONE_ENABLED 7
void session_enable(unsigned disabled);

/* Sets the user's preferences of reports: two sets of them. */
void session_prefer(bool others);

void session_open(const frame *frames, unsigned count, bool ethernet);
void session_close(void);

typedef enum { TS_DARK, TS_TREE, TS_TREE_AND_TAPS } session_way;

/* Dissects all frames, once more where that was done before. look may be NULL. */
void session_pass(session_way way, session_look look, void *data);

/* What the reports print about the last pass with taps. To be freed with g_free. */
char *session_reports(size_t *length);

#endif /* TEAMSHARK_FUZZ_SESSION_H */
