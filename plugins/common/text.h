/* text.h
 * Text that a sender chose, as text to show
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_COMMON_TEXT_H
#define TEAMSHARK_COMMON_TEXT_H

#include "common/ws_compat.h"

/*
 * The text with everything escaped that is no character to see: controls (also
 * those above 127), line ends, marks of direction and other format characters,
 * bytes that are no UTF-8. The text itself where there is nothing of the kind.
 * Stock escapes only controls below 128 in its labels and nothing in values;
 * ours also go to a terminal in reports. Called where such text is read from a
 * frame, so that no label, expert item, report or column can forget it.
 */
const char *ts_clean_text(wmem_allocator_t *scope, const char *text);

/* Of what g_utf8_get_char_validated() answers: two numbers above every character are for bytes that are none. */
bool ts_is_character(gunichar c);

/* Is it a character to see? */
bool ts_is_visible(gunichar c);

#endif /* TEAMSHARK_COMMON_TEXT_H */
