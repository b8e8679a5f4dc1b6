/* diagnostics.h
 * What can be wrong with a name, and what an administrator can do about it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_DNS_DIAGNOSTICS_H
#define TEAMSHARK_DNS_DIAGNOSTICS_H

#include "common/expert_table.h"

#include "analysis.h"

/*
 * The rows, in the order of diagnostic_rows.h: identifier, number (the n of Dn), filter name,
 * severity, group, what is wrong, what to do.
 */
typedef enum {
#define TS_DIAGNOSTIC(id, number, filter, severity, group, summary, advice) TS_DIAG_##id,
#include "diagnostic_rows.h"
#undef TS_DIAGNOSTIC
    TS_DIAG_COUNT
} ts_diagnostic;

/* One finding: the name of the message that it is about, and the particulars. */
typedef struct {
    ts_diagnostic diagnostic;
    unsigned link;
    const char *about;          /* the name that it is about, of this message or of an earlier one */
    const char *particulars;    /* packet scope, "" where there is nothing to add */
} ts_finding;

/* The rows, by ts_diagnostic. */
extern const ts_expert_table ts_dns_expert_table;

/* Adds the expert item. text is what ts_diagnostic_text made. */
void ts_diagnostic_show(packet_info *pinfo, proto_item *item, ts_diagnostic diagnostic, const char *text);
const char *ts_diagnostic_text(wmem_allocator_t *scope, const ts_finding *finding);

/* Everything that the message gives evidence of: ts_finding in packet scope, NULL for nothing. First pass only. */
wmem_array_t *ts_diagnose(ts_message *message);

/* Two halves of it: what the message says by itself, and what takes the messages before it. */
void ts_diagnose_message(const ts_message *message, wmem_array_t *findings);
void ts_diagnose_history(const ts_message *message, wmem_array_t *findings);

void ts_finding_add(const ts_message *message, wmem_array_t *findings, ts_diagnostic diagnostic, unsigned link,
    const char *format, ...) G_GNUC_PRINTF(5, 6);

/* The finding added last is about another name than that of its link; name is file scope. */
void ts_finding_about(wmem_array_t *findings, const char *name);

/* Is the name one that a client can't do without? */
bool ts_name_required(const ts_link *link);

/* Year and month of the frame, yyyymm. */
uint32_t ts_frame_month(const packet_info *pinfo);

#endif /* TEAMSHARK_DNS_DIAGNOSTICS_H */
