/* name_rows.h
 * The diagnostics of single names, for reports: the rows of teams-dns
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_NAME_ROWS_H
#define TEAMSHARK_TEAMS_NAME_ROWS_H

#include "report/util.h"

/* Adds what the record says is wrong with its name. */
void teams_name_rows_add(GArray *verdicts, const ts_name_info *record, uint32_t frame);

/* Adds the row of this filter name, without "teams_dns.", unless a frame said the same of the name already. */
void teams_name_rows_add_late(GArray *verdicts, const char *filter, const char *name, uint32_t frame);

#endif /* TEAMSHARK_TEAMS_NAME_ROWS_H */
