/* name_rows.h
 * The diagnostics of single names, for reports: the rows of teams-dns
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_NAME_ROWS_H
#define TEAMSHARK_TEAMS_NAME_ROWS_H

#include "report_util.h"

/* Adds what a record's diagnostics say to the verdicts. */
void teams_name_rows_add(GArray *verdicts, const ts_name_record *record, uint32_t frame);

/* Does the record carry diagnostic Dn? */
bool teams_name_rows_has(const ts_name_record *record, unsigned number);

#endif /* TEAMSHARK_TEAMS_NAME_ROWS_H */
