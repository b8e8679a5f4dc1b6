/* name_rows.c
 * The diagnostics of single names, for reports: the rows of teams-dns
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "name_rows.h"

#include <epan/expert.h>

static const struct {
    unsigned number;
    const char *code;
    int severity;
    const char *summary;
    const char *advice;
} rows[] = {
#define TS_DIAGNOSTIC(id, number, filter, severity, group, summary, advice) \
    { number, "D" #number, severity, summary, advice },
#include "teams-dns/diagnostic_rows.h"
#undef TS_DIAGNOSTIC
};

bool
teams_name_rows_has(const ts_name_record *record, unsigned number)
{
    return (record->diagnostics >> (number - 1) & 1) != 0;
}

/*
 * Where a number has rows of two severities, a record only says that one of
 * them holds: telemetry takes the milder one, which comes second.
 */
static bool
fits(unsigned i, const ts_name_record *record)
{
    const bool telemetry = record->whole->stage == TS_STAGE_TELEMETRY;
    const bool has_milder = i + 1 < G_N_ELEMENTS(rows) && rows[i + 1].number == rows[i].number;
    const bool is_milder = i > 0 && rows[i - 1].number == rows[i].number;

    return telemetry ? !has_milder : !is_milder;
}

void
teams_name_rows_add(GArray *verdicts, const ts_name_record *record, uint32_t frame)
{
    if (record->diagnostics == 0)
        return;
    char *name = teams_report_name(record->links[0].name);

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        if (teams_name_rows_has(record, rows[i].number) && fits(i, record))
            teams_verdicts_add(verdicts, rows[i].severity, rows[i].code, rows[i].summary, rows[i].advice, name, frame);
    g_free(name);
}
