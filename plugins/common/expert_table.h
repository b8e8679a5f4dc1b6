/* expert_table.h
 * Expert items as table rows: one kind of row, one registration, for all protocols
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plugin lists its diagnostics in a *_expert.def of DIAGNOSTIC rows, in
 * one order of columns:
 *
 *   DIAGNOSTIC(id, code, filter, group, severity, summary, advice)
 *
 * id is the name of the enumeration's member, code what reports print ("D15";
 * "" where the filter name serves), filter the whole filter name, group and
 * severity are Wireshark's without PI_. summary says what is the case, advice
 * what to do about it, each without its last full stop. Everything that is
 * shown of a diagnostic comes from its row.
 */

#ifndef TEAMSHARK_COMMON_EXPERT_TABLE_H
#define TEAMSHARK_COMMON_EXPERT_TABLE_H

#include "common/ws_compat.h"

#include <epan/expert.h>

typedef struct {
    const char *code;
    const char *filter;
    int group;
    int severity;
    const char *summary;
    const char *advice;
} ts_expert_row;

/* A row as an element of an array of ts_expert_row. */
#define TS_EXPERT_ROW(id, code, filter, group, severity, summary, advice) \
    { code, filter, PI_##group, PI_##severity, summary, advice },

typedef struct {
    const ts_expert_row *rows;
    unsigned count;
    expert_field *fields;       /* count of them; filled by ts_expert_register() */
} ts_expert_table;

/* Registers the table's rows as expert items of proto. The table stays in use. */
void ts_expert_register(const ts_expert_table *table, int proto);

/* The row of a filter name, NULL where there is none. */
const ts_expert_row *ts_expert_find(const ts_expert_table *table, const char *filter);

/* "error", "warning", "note", "chat" */
const char *ts_severity_name(int severity);

/*
 * Adds the expert item of a row below item. A warning or an error makes the
 * frame one with "teams.problem".
 */
void ts_expert_add(const ts_expert_table *table, unsigned row, packet_info *pinfo, proto_item *item, const char *detail);

/* A row in a set of rows. */
#define TS_EXPERT_BIT(row) (UINT64_C(1) << (row))

/* The same for every row of the set. */
void ts_expert_add_all(const ts_expert_table *table, uint64_t rows, packet_info *pinfo, proto_item *item);

#endif /* TEAMSHARK_COMMON_EXPERT_TABLE_H */
