/* diagnostics.c
 * What can be wrong with a name, and what an administrator can do about it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "diagnostics.h"

static const ts_expert_row rows[] = {
#define TS_DIAGNOSTIC(id, number, filter, severity, group, summary, advice) \
    { "D" #number, "teams_dns." filter, group, severity, summary, advice },
#include "diagnostic_rows.h"
#undef TS_DIAGNOSTIC
};

static expert_field fields[TS_DIAG_COUNT];

const ts_expert_table ts_dns_expert_table = { rows, TS_DIAG_COUNT, fields };

const char *
ts_diagnostic_text(wmem_allocator_t *scope, const ts_finding *finding)
{
    bool more = finding->particulars[0] != '\0';

    return wmem_strdup_printf(scope, "%s%s%s. %s", rows[finding->diagnostic].summary, more ? ": " : "",
        finding->particulars, rows[finding->diagnostic].advice);
}

void
ts_diagnostic_show(packet_info *pinfo, proto_item *item, ts_diagnostic diagnostic, const char *text)
{
    expert_add_info_format(pinfo, item, &fields[diagnostic], "%s", text);
    ts_frame_info_add_problem(pinfo, rows[diagnostic].severity);
}

void
ts_finding_add(const ts_message *message, wmem_array_t *findings, ts_diagnostic diagnostic, unsigned link,
    const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    ts_finding finding = {
        .diagnostic = diagnostic,
        .link = link,
        .about = message->links[link].view.name,
        .particulars = wmem_strdup_vprintf(message->pinfo->pool, format, arguments),
    };
    va_end(arguments);
    wmem_array_append_one(findings, finding);
}

void
ts_finding_about(wmem_array_t *findings, const char *name)
{
    ((ts_finding *)wmem_array_index(findings, wmem_array_get_count(findings) - 1))->about = name;
}

bool
ts_name_required(const ts_link *link)
{
    const ts_name_class *view = &link->view;

    if (!link->shown || view->stage == TS_STAGE_TELEMETRY)
        return false;
    if (view->required[0] != '\0')
        return true;
    return link->info.row != NULL && link->info.row->match == TS_MATCH_EXACT && ts_trust_is_owned(view->trust)
        && (view->stage == TS_STAGE_BOOTSTRAP || view->stage == TS_STAGE_IDENTITY || view->stage == TS_STAGE_TOKEN);
}

uint32_t
ts_frame_month(const packet_info *pinfo)
{
    return ts_month_of(pinfo->abs_ts.secs);
}

wmem_array_t *
ts_diagnose(ts_message *message)
{
    wmem_array_t *findings = wmem_array_new(message->pinfo->pool, sizeof(ts_finding));

    ts_diagnose_message(message, findings);
    ts_diagnose_history(message, findings);
    return wmem_array_get_count(findings) > 0 ? findings : NULL;
}
