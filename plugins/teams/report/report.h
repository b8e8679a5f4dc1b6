/* report.h
 * Reports over the tap "teams": in tshark, as JSON and CSV, and as tables in Wireshark
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A report is one row of the table in report.c: a name, a title, its columns
 * (column.h) and the functions below. It folds the tapped frames into a state
 * of its own, so that a display filter on the frames cuts it, and never looks
 * at anything that a frame did not say; the model serves for numbers and
 * identities.
 */

#ifndef TEAMSHARK_TEAMS_REPORT_H
#define TEAMSHARK_TEAMS_REPORT_H

#include "common/ws_compat.h"

#include <stdio.h>

#include "report/column.h"
#include "report/problems.h"
#include "tap.h"

/* A window of the Statistics menu. */
typedef struct {
    const char *name;       /* "signin": -z teams,signin,table; NULL after the last */
    const char *title;      /* in the menu */
    const report_list *rows;    /* a member of the state */
    bool by_frame;          /* packet() tells which row a frame changed; else all rows come with the last frame */
} report_window;

typedef struct {
    const char *name;       /* "signin": -z teams,signin */
    const char *title;      /* in the menu and above the text */
    const char *fields;     /* further fields that packet() reads off the tree, as a filter; or NULL */

    void *(*start)(void);
    void (*end)(void *state);

    /* One frame. Returns the table row that it changed, or -1. */
    int (*packet)(void *state, packet_info *pinfo, epan_dissect_t *edt, const teams_tap *tap);
    /* Before text, JSON and CSV: what the end of the capture shows. May come again. NULL: nothing. */
    void (*finish)(void *state);

    void (*text)(const void *state, bool full, FILE *out);

    const char *key;                    /* of the list in the JSON document */
    const char *description;            /* of that list */
    const report_list *list;            /* what JSON has, as a member of the state */
    const report_list *table;           /* rows of CSV, as a member of the state */
    const report_window *windows;
    const report_verdict_row *verdicts; /* NULL: it gives none */
    bool says_nothing_itself;           /* text() also tells why there is nothing */
} teams_report;

extern const teams_report teams_report_summary;
extern const teams_report teams_report_signin;
extern const teams_report teams_report_names;
extern const teams_report teams_report_calls;
extern const teams_report teams_report_flows;

void teams_reports_register(void);

/* Before what the reports refer to is freed with the session. */
void teams_reports_end_session(void);

/* ---- sequence.c: "Teams" among the kinds of Wireshark's Flow Graph ---- */

/* After the tap was registered. Does nothing where Wireshark's header for it is not installed. */
void teams_sequence_register(int proto);

/* ---- table.c ---- */

/* All windows of the report. */
void teams_report_windows_register(const teams_report *report);
void teams_report_tables_end_session(void);

#endif /* TEAMSHARK_TEAMS_REPORT_H */
