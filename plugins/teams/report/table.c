/* table.c
 * Reports as tables in Wireshark's Statistics menu, and as -z teams,NAME,table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A table has no callback for the end of the capture. When a window opens,
 * though, Wireshark has seen all frames before, and the model knows which one
 * is the last of ours: with that one, what the end shows is concluded. On a
 * first pass (a live capture, tshark without -2) nobody knows, and these cells
 * stay empty.
 */

#include "report/report.h"

#include <string.h>

#include <epan/tap.h>

#include "session/model.h"

/* Wireshark hands the ui back to every callback but the ones with a table. */
typedef struct {
    stat_tap_table_ui ui;       /* first: cast back from it */
    const teams_report *report;
    const report_window *window;
    void *state;
} report_table;

static GPtrArray *tables;       /* report_table, for the life of the process */

static report_table *
table_of(const stat_tap_table *table)
{
    for (unsigned i = 0; i < tables->len; i++) {
        report_table *candidate = (report_table *)g_ptr_array_index(tables, i);

        if (candidate->window->title == table->title)
            return candidate;
    }
    return NULL;
}

static void
free_item(stat_tap_table *table _U_, unsigned row _U_, unsigned column _U_, stat_tap_table_item_type *item)
{
    if (item->type == TABLE_ITEM_STRING)
        g_free((char *)item->value.string_value);
    item->type = TABLE_ITEM_NONE;
}

static void
reset_table(stat_tap_table *table)
{
    report_table *self = table_of(table);

    for (unsigned row = 0; row < table->num_elements; row++) {
        for (unsigned column = 0; column < table->num_fields; column++)
            free_item(table, row, column, stat_tap_get_field_data(table, row, column));
        g_free(table->elements[row]);
    }
    table->num_elements = 0;
    self->report->end(self->state);
    self->state = self->report->start();
}

/* A listener whose filter is always true, so that Wireshark dissects the fields that the report reads. */
static void
read_fields(const teams_report *report)
{
    static GHashTable *read;

    if (read == NULL)
        read = g_hash_table_new(wmem_str_hash, g_str_equal);
    if (report->fields == NULL || !g_hash_table_add(read, (gpointer)report->fields))
        return;
    char *filter = g_strdup_printf("frame or %s", report->fields);
    GString *error = register_tap_listener(TEAMS_TAP_NAME, (void *)report, filter, TL_REQUIRES_NOTHING, NULL, NULL, NULL, NULL);

    if (error != NULL)
        g_string_free(error, TRUE);
    g_free(filter);
}

static void
init_table(stat_tap_table_ui *ui)
{
    report_table *self = (report_table *)ui;
    stat_tap_table *table = stat_tap_find_table(ui, self->window->title);

    read_fields(self->report);
    if (table != NULL) {
        reset_table(table);
        return;
    }
    if (self->state != NULL)
        self->report->end(self->state);
    self->state = self->report->start();
    stat_tap_add_table(ui, stat_tap_init_table(self->window->title, (int)self->ui.nfields, 0, NULL));
}

/* The row as it is now; concluded: at the end of the capture. */
static void
set_row(const report_table *self, stat_tap_table *table, unsigned row, bool concluded)
{
    const report_list *list = self->window->rows;
    stat_tap_table_item_type *items = g_newa(stat_tap_table_item_type, self->ui.nfields);

    memset(items, 0, self->ui.nfields * sizeof *items);
    report_list_cells(list, self->state, report_list_row(list, self->state, row), concluded, items);
    for (unsigned column = 0; row < table->num_elements && column < table->num_fields; column++)
        free_item(table, row, column, stat_tap_get_field_data(table, row, column));
    stat_tap_init_table_row(table, row, (unsigned)self->ui.nfields, items);
}

static void
conclude(const report_table *self, stat_tap_table *table)
{
    if (self->report->finish != NULL)
        self->report->finish(self->state);
    for (unsigned row = 0; row < report_list_length(self->window->rows, self->state); row++)
        set_row(self, table, row, true);
}

static tap_packet_status
table_packet(void *data, packet_info *pinfo, epan_dissect_t *edt, const void *tap, tap_flags_t flags _U_)
{
    stat_data_t *stats = (stat_data_t *)data;
    report_table *self = (report_table *)stats->stat_tap_data;
    const int row = self->report->packet(self->state, pinfo, edt, (const teams_tap *)tap);
    stat_tap_table *table = g_array_index(self->ui.tables, stat_tap_table *, 0);

    if (!((const teams_tap *)tap)->first_pass && pinfo->num == teams_model_get()->last_frame) {
        conclude(self, table);
        return TAP_PACKET_REDRAW;
    }
    if (row < 0 || !self->window->by_frame)
        return TAP_PACKET_DONT_REDRAW;
    /* One frame can add several rows, of which the last is told. */
    for (unsigned each = MIN((unsigned)row, table->num_elements); each <= (unsigned)row; each++)
        set_row(self, table, each, false);
    return TAP_PACKET_REDRAW;
}

/* Nothing of a session outlives it but the cells' own text. */
void
teams_report_tables_end_session(void)
{
    for (unsigned i = 0; tables != NULL && i < tables->len; i++) {
        report_table *self = (report_table *)g_ptr_array_index(tables, i);

        if (self->state == NULL)
            continue;
        self->report->end(self->state);
        self->state = self->report->start();
    }
}

static void
register_window(const teams_report *report, const report_window *window)
{
    report_table *self = g_new0(report_table, 1);
    const stat_tap_table_ui ui = {
        .group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
        .title = window->title,
        .tap_name = TEAMS_TAP_NAME,
        .cli_string = g_strdup_printf("teams,%s,table", window->name),
        .stat_tap_init_cb = init_table,
        .packet_func = table_packet,
        .stat_tap_reset_table_cb = reset_table,
        .stat_tap_free_table_item_cb = free_item,
        .nfields = report_list_titles(window->rows),
        .fields = report_list_headings(window->rows),
    };

    self->ui = ui;
    self->report = report;
    self->window = window;
    if (tables == NULL)
        tables = g_ptr_array_new();
    g_ptr_array_add(tables, self);
    register_stat_tap_table_ui(&self->ui);
}

void
teams_report_windows_register(const teams_report *report)
{
    for (const report_window *window = report->windows; window->name != NULL; window++)
        register_window(report, window);
}
