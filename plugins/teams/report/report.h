/* report.h
 * Reports over the tap "teams": in tshark, as JSON, and as tables in Wireshark
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A report is one row of the table in report.c: a name, a title and the
 * functions below. It folds the tapped frames into a state of its own, so
 * that a display filter on the frames cuts it, and never looks at anything
 * that a frame did not say; the model serves for numbers and identities.
 */

#ifndef TEAMSHARK_TEAMS_REPORT_H
#define TEAMSHARK_TEAMS_REPORT_H

#include "common/ws_compat.h"

#include <stdio.h>

#include <epan/stat_tap_ui.h>
#include <wsutil/json_dumper.h>

#include "tap.h"

#define TEAMS_REPORT_WIDTH 80

typedef struct {
    const char *name;       /* "signin": -z teams,signin */
    const char *title;      /* in the menu and above the text */
    const char *fields;     /* further fields that packet() reads off the tree, as a filter; or NULL */

    void *(*start)(void);
    void (*end)(void *state);

    /* One frame. Returns the table row that it changed, or -1. */
    int (*packet)(void *state, packet_info *pinfo, epan_dissect_t *edt, const teams_tap *tap);

    void (*text)(void *state, FILE *out);
    void (*json)(void *state, json_dumper *out);    /* members of the top object */

    /* The table in Wireshark: its columns, and one row of it. Strings are g_strdup'ed. */
    stat_tap_table_item *columns;
    unsigned column_count;
    void (*row)(void *state, unsigned row, stat_tap_table_item_type *items);
} teams_report;

extern const teams_report teams_report_signin;
extern const teams_report teams_report_names;
extern const teams_report teams_report_calls;
extern const teams_report teams_report_flows;

void teams_reports_register(void);

/* ---- report_table.c ---- */

void teams_report_table_register(const teams_report *report);

#endif /* TEAMSHARK_TEAMS_REPORT_H */
