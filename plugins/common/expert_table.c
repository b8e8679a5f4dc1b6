/* expert_table.c
 * Expert items as table rows: one kind of row, one registration, for all protocols
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/expert_table.h"

#include <string.h>

#include "common/frame_info.h"

void
ts_expert_register(const ts_expert_table *table, int proto)
{
    /* Wireshark keeps pointers to these for as long as it runs. */
    ei_register_info *infos = wmem_alloc0_array(wmem_epan_scope(), ei_register_info, table->count);

    for (unsigned i = 0; i < table->count; i++) {
        const ts_expert_row *row = &table->rows[i];
        const expert_field unregistered = EI_INIT;
        const ei_register_info info = { &table->fields[i], { row->filter, row->group, row->severity, row->summary, EXPFILL } };

        table->fields[i] = unregistered;
        infos[i] = info;
    }
    expert_register_field_array(expert_register_protocol(proto), infos, (int)table->count);
}

const ts_expert_row *
ts_expert_find(const ts_expert_table *table, const char *filter)
{
    for (unsigned i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].filter, filter) == 0)
            return &table->rows[i];
    return NULL;
}

const char *
ts_severity_name(int severity)
{
    switch (severity) {
    case PI_ERROR:
        return "error";
    case PI_WARN:
        return "warning";
    case PI_NOTE:
        return "note";
    default:
        return "chat";
    }
}

/* "Summary (detail). Advice." detail is "" for none. */
static const char *
expert_text(packet_info *pinfo, const ts_expert_row *row, const char *detail)
{
    if (detail == NULL || *detail == '\0')
        return wmem_strdup_printf(pinfo->pool, "%s. %s.", row->summary, row->advice);
    return wmem_strdup_printf(pinfo->pool, "%s (%s). %s.", row->summary, detail, row->advice);
}

void
ts_expert_add(const ts_expert_table *table, unsigned row, packet_info *pinfo, proto_item *item, const char *detail)
{
    expert_add_info_format(pinfo, item, &table->fields[row], "%s", expert_text(pinfo, &table->rows[row], detail));
    ts_frame_info_add_problem(pinfo, table->rows[row].severity);
}

void
ts_expert_add_all(const ts_expert_table *table, uint64_t rows, packet_info *pinfo, proto_item *item)
{
    for (unsigned i = 0; i < table->count; i++) {
        if (rows & TS_EXPERT_BIT(i))
            ts_expert_add(table, i, pinfo, item, "");
    }
}
