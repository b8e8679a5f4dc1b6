/* name_rows.c
 * The diagnostics of single names, for reports: the rows of teams-dns
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/name_rows.h"

#include <string.h>

#include <epan/expert.h>

static const struct {
    const char *filter;
    const char *code;
    int severity;
    const char *summary;
    const char *advice;
} rows[] = {
#define TS_DIAGNOSTIC(id, number, filter, severity, group, summary, advice) \
    { filter, "D" #number, severity, summary, advice },
#include "teams-dns/diagnostic_rows.h"
#undef TS_DIAGNOSTIC
};

static void
add_row(GArray *verdicts, unsigned i, const char *name, uint32_t frame)
{
    char *shown = teams_report_name(name);

    teams_verdicts_add(verdicts, rows[i].severity, rows[i].code, rows[i].summary, rows[i].advice, shown, frame);
    g_free(shown);
}

void
teams_name_rows_add(GArray *verdicts, const ts_name_info *record, uint32_t frame)
{
    for (unsigned i = 0; i < record->finding_count; i++)
        if (record->findings[i].row < G_N_ELEMENTS(rows))
            add_row(verdicts, record->findings[i].row, record->findings[i].name, frame);
}

void
teams_name_rows_add_late(GArray *verdicts, const char *filter, const char *name, uint32_t frame)
{
    char *shown = teams_report_name(name);

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].filter, filter) == 0 && !teams_verdicts_have(verdicts, rows[i].summary, shown))
            add_row(verdicts, i, name, frame);
    g_free(shown);
}
