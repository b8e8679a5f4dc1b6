/* judge.h
 * What each name of a message says by itself, and by the names before it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_JUDGE_H
#define TEAMSHARK_JUDGE_H

#include "analysis.h"

bool ts_same_name(const char *a, const char *b);

/* A view that says nothing but the name. */
void ts_view_blank(ts_name_class *view, const char *name);

/* Judges the i-th name; anchored says whether the names before it anchor it, and is moved on. */
void ts_judge_name(ts_message *message, unsigned i, bool *anchored);

/* A server name that is an address: its prefix says what it is. False for other names. */
bool ts_judge_literal(ts_message *message);

#endif /* TEAMSHARK_JUDGE_H */
