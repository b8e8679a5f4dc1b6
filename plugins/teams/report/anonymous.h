/* anonymous.h
 * Who it was, taken out of reports: client-1, peer-2, tenant-1
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The same text has the same word in all reports of a run. Names and addresses
 * of Microsoft's stay: names of the taxonomy but for the part that is a
 * customer's, addresses in published prefixes or answered for such a name.
 */

#ifndef TEAMSHARK_TEAMS_REPORT_ANONYMOUS_H
#define TEAMSHARK_TEAMS_REPORT_ANONYMOUS_H

#include "common/ws_compat.h"

/* For the rest of the run, whatever the preference says. */
void report_anonymous_ask(void);
bool report_anonymous_is_asked(void);

/* The text without what tells who it was. New string; with nothing asked a copy. */
char *report_anonymous_text(const char *text);

#endif /* TEAMSHARK_TEAMS_REPORT_ANONYMOUS_H */
