/* column.c
 * A column of a report: one row, from which JSON, table, CSV, schema and documentation come
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/column.h"

#include <math.h>
#include <string.h>

#include <epan/to_str.h>

/* ---- rows of a list ---- */

static const void *
member(const void *row, size_t offset)
{
    return (const char *)row + offset;
}

static GPtrArray *
pointers(const report_list *list, const void *parent)
{
    GPtrArray *const *at = (GPtrArray *const *)member(parent, list->offset);

    return list->kind == LIST_HELD ? **(GPtrArray *const *const *)(const void *)at : *at;
}

unsigned
report_list_length(const report_list *list, const void *parent)
{
    switch (list->kind) {
    case LIST_ARRAY:
        return (*(GArray *const *)member(parent, list->offset))->len;
    case LIST_POINTERS:
    case LIST_HELD:
        return pointers(list, parent)->len;
    default:
        return list->is_there == NULL || list->is_there(member(parent, list->offset)) ? 1 : 0;
    }
}

const void *
report_list_row(const report_list *list, const void *parent, unsigned index)
{
    if (list->kind == LIST_ARRAY) {
        GArray *array = *(GArray *const *)member(parent, list->offset);

        return array->data + (size_t)index * g_array_get_element_size(array);
    }
    if (list->kind != LIST_MEMBER)
        return g_ptr_array_index(pointers(list, parent), index);
    return member(parent, list->offset);
}

/* ---- values ---- */

static uint64_t
unsigned_member(const void *at, size_t size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)at;
    case 2:
        return *(const uint16_t *)at;
    case 4:
        return *(const uint32_t *)at;
    default:
        return *(const uint64_t *)at;
    }
}

/* Where the column's member is; NULL where what should have it is not there. */
static const void *
member_of(const report_column *column, const void *row)
{
    const void *at = member(row, column->offset);
    const void *behind = column->points ? *(const void *const *)at : NULL;

    return !column->points ? at : behind == NULL ? NULL : member(behind, column->behind);
}

static void
read_member(const report_column *column, const void *at, column_value *value)
{
    if (at == NULL)
        return;
    switch (column->kind) {
    case COLUMN_UINT:
        value->number = unsigned_member(at, column->size);
        break;
    case COLUMN_REAL:
        value->real = *(const double *)at;
        break;
    case COLUMN_BOOL:
        value->number = *(const bool *)at;
        break;
    case COLUMN_WORD:
        value->text = (column->names != NULL ? column->names : column->texts)((unsigned)unsigned_member(at, column->size));
        break;
    case COLUMN_TEXT:
        value->text = *(const char *const *)at;
        break;
    case COLUMN_ADDRESS:
        value->owned = report_address((const address *)at);
        break;
    case COLUMN_ENDPOINT:
        value->owned = report_endpoint((const ts_endpoint *)at);
        break;
    default:
        break;
    }
}

/* The value of a column that is no list. Its text is never NULL. */
static column_value
value_of(const report_column *column, const void *row, const void *parent)
{
    column_value value = { .text = NULL };

    if (column->get != NULL)
        column->get(row, parent, &value);
    else
        read_member(column, member_of(column, row), &value);
    if (value.owned != NULL)
        value.text = value.owned;
    else if (value.text == NULL)
        value.text = "";
    return value;
}

static const report_texts *
texts_of(const report_column *column, const void *row)
{
    return *(const report_texts *const *)member(row, column->offset);
}

static unsigned
uint_of(const GArray *numbers, unsigned i)
{
    const unsigned size = g_array_get_element_size((GArray *)numbers);

    return (unsigned)unsigned_member(numbers->data + (size_t)i * size, size);
}

static const GArray *
uints_of(const report_column *column, const void *row)
{
    return *(const GArray *const *)member(row, column->offset);
}

/* ---- JSON ---- */

static void row_json(const report_list *list, const void *parent, const void *row, json_dumper *out);

static void
real_json(json_dumper *out, double value, unsigned decimals)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    char format[8];

    snprintf(format, sizeof format, "%%.%uf", decimals);
    if (isnan(value))
        json_dumper_value_anyf(out, "null");
    else
        json_dumper_value_anyf(out, "%s", g_ascii_formatd(text, sizeof text, format, value));
}

static void
array_json(const report_column *column, const void *row, json_dumper *out)
{
    json_dumper_begin_array(out);
    if (column->kind == COLUMN_TEXTS)
        for (unsigned i = 0; i < report_texts_count(texts_of(column, row)); i++)
            report_json_text(out, report_texts_get(texts_of(column, row), i));
    else
        for (unsigned i = 0; i < uints_of(column, row)->len; i++)
            json_dumper_value_anyf(out, "%u", uint_of(uints_of(column, row), i));
    json_dumper_end_array(out);
}

static void
column_json(const report_column *column, const void *parent, const void *row, json_dumper *out)
{
    if (column->kind == COLUMN_LIST) {
        report_list_json(column->list, column->key, row, out);
        return;
    }
    json_dumper_set_member_name(out, column->key);
    if (column->kind == COLUMN_OBJECT) {
        if (report_list_length(column->list, row) == 0)
            json_dumper_value_anyf(out, "null");
        else
            row_json(column->list, row, report_list_row(column->list, row, 0), out);
        return;
    }
    if (column->kind == COLUMN_TEXTS || column->kind == COLUMN_UINTS) {
        array_json(column, row, out);
        return;
    }
    column_value value = value_of(column, row, parent);

    if (column->kind == COLUMN_UINT)
        json_dumper_value_anyf(out, "%" PRIu64, value.number);
    else if (column->kind == COLUMN_REAL)
        real_json(out, value.real, column->decimals);
    else if (column->kind == COLUMN_BOOL)
        json_dumper_value_anyf(out, "%s", value.number != 0 ? "true" : "false");
    else
        report_json_text(out, value.text);
    g_free(value.owned);
}

static void
row_json(const report_list *list, const void *parent, const void *row, json_dumper *out)
{
    json_dumper_begin_object(out);
    for (unsigned i = 0; i < list->column_count; i++)
        if (list->columns[i].key != NULL)
            column_json(&list->columns[i], parent, row, out);
    json_dumper_end_object(out);
}

void
report_list_json(const report_list *list, const char *key, const void *parent, json_dumper *out)
{
    json_dumper_set_member_name(out, key);
    json_dumper_begin_array(out);
    for (unsigned i = 0; i < report_list_length(list, parent); i++)
        row_json(list, parent, report_list_row(list, parent, i), out);
    json_dumper_end_array(out);
}

/* ---- tables ---- */

static bool
is_in_table(const report_column *column)
{
    return column->title != NULL && !column->no_window;
}

unsigned
report_list_titles(const report_list *list)
{
    unsigned count = 0;

    for (unsigned i = 0; i < list->column_count; i++)
        if (is_in_table(&list->columns[i]))
            count++;
    return count;
}

/* Windows are sorted by their first column, and its heading has an arrow: room for it, at the other end. */
static char *
heading(const report_column *column, bool first)
{
    const char *room = first ? "   " : "";

    return column->unit == NULL ? g_strdup_printf("%s%s", column->title, room) :
        g_strdup_printf("%s (%s)%s", column->title, column->unit, room);
}

stat_tap_table_item *
report_list_headings(const report_list *list)
{
    stat_tap_table_item *headings = g_new0(stat_tap_table_item, report_list_titles(list));
    stat_tap_table_item *next = headings;

    for (unsigned i = 0; i < list->column_count; i++) {
        const report_column *column = &list->columns[i];

        if (!is_in_table(column))
            continue;
        next->column_name = heading(column, next == headings);
        next->align = (column->kind == COLUMN_UINT || column->kind == COLUMN_REAL) && next != headings ? TAP_ALIGN_RIGHT : TAP_ALIGN_LEFT;
        next->type = column->kind == COLUMN_UINT ? TABLE_ITEM_UINT : TABLE_ITEM_STRING;
        next->field_format = column->kind == COLUMN_UINT ? "%u" : "%s";
        next++;
    }
    return headings;
}

/* Of a string that it frees, one that may be printed. */
static char *
escaped(char *text)
{
    char *shown = report_anonymous_text(text);
    char *clean = report_escape(shown);

    g_free(text);
    g_free(shown);
    return clean;
}

/* The value as one line of text; new string. */
static char *
cell_text(const report_column *column, const void *parent, const void *row)
{
    if (column->kind == COLUMN_TEXTS) {
        char *joined = report_texts_join(texts_of(column, row), ", ");

        return escaped(joined);
    }
    column_value value = value_of(column, row, parent);
    if (column->kind == COLUMN_BOOL)
        return g_strdup(value.number != 0 ? "yes" : "no");
    return escaped(value.owned != NULL ? value.owned : g_strdup(value.text));
}

static void
set_cell(const report_column *column, const void *parent, const void *row, stat_tap_table_item_type *item)
{
    if (column->kind == COLUMN_UINT) {
        item->type = TABLE_ITEM_UINT;
        item->value.uint_value = (unsigned)MIN(value_of(column, row, parent).number, UINT_MAX);
    } else if (column->kind == COLUMN_REAL) {
        const double real = value_of(column, row, parent).real;

        /* Windows show the number of an item with six decimals; as text with one, in a width that sorts. What was not measured is no 0. */
        item->type = TABLE_ITEM_STRING;
        item->value.string_value = isnan(real) ? g_strdup("") : g_strdup_printf("%9.1f", real);
    } else {
        item->type = TABLE_ITEM_STRING;
        item->value.string_value = cell_text(column, parent, row);
    }
}

void
report_list_cells(const report_list *list, const void *parent, const void *row, bool concluded, stat_tap_table_item_type *items)
{
    for (unsigned i = 0; i < list->column_count; i++) {
        const report_column *column = &list->columns[i];

        if (!is_in_table(column))
            continue;
        if (column->late && !concluded) {
            items->type = TABLE_ITEM_STRING;
            items->value.string_value = g_strdup("");
        } else
            set_cell(column, parent, row, items);
        items++;
    }
}

/* ---- CSV ---- */

static void
csv_text(const char *text, bool first, FILE *out)
{
    if (!first)
        fputc(',', out);
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

/* A cell that a spreadsheet would take for a formula is none. */
static void
csv_cell(const report_column *column, const void *parent, const void *row, bool first, FILE *out)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE] = "";

    if (column->kind == COLUMN_UINT)
        snprintf(number, sizeof number, "%" PRIu64, value_of(column, row, parent).number);
    else if (column->kind == COLUMN_REAL && !isnan(value_of(column, row, parent).real))
        g_ascii_formatd(number, sizeof number, "%.6f", value_of(column, row, parent).real);
    if (column->kind == COLUMN_UINT || column->kind == COLUMN_REAL) {
        csv_text(number, first, out);
        return;
    }
    char *text = cell_text(column, parent, row);
    char *safe = g_strdup_printf("%s%s", text[0] != '\0' && strchr("=+-@", text[0]) != NULL ? "'" : "", text);

    csv_text(safe, first, out);
    g_free(text);
    g_free(safe);
}

static bool
is_in_csv(const report_column *column)
{
    return column->title != NULL && !column->no_csv;
}

/* The key; of a column that only tables have, its heading written as one: "worst_problem". */
static void
csv_name(const report_column *column, bool first, FILE *out)
{
    char *name = g_ascii_strdown(column->key != NULL ? column->key : column->title, -1);

    csv_text(g_strdelimit(name, " -", '_'), first, out);
    g_free(name);
}

/* row NULL: the headings. */
static void
csv_line(const report_list *list, const void *parent, const void *row, FILE *out)
{
    bool first = true;

    for (unsigned i = 0; i < list->column_count; i++) {
        if (!is_in_csv(&list->columns[i]))
            continue;
        if (row == NULL)
            csv_name(&list->columns[i], first, out);
        else
            csv_cell(&list->columns[i], parent, row, first, out);
        first = false;
    }
    fputs("\r\n", out);
}

void
report_list_csv(const report_list *list, const void *parent, FILE *out)
{
    csv_line(list, parent, NULL, out);
    for (unsigned r = 0; r < report_list_length(list, parent); r++)
        csv_line(list, parent, report_list_row(list, parent, r), out);
}

/* ---- schema ---- */

void
report_schema_member(json_dumper *out, const char *key, const char *text)
{
    json_dumper_set_member_name(out, key);
    json_dumper_value_string(out, text);
}

static void
object_schema(const report_list *list, json_dumper *out)
{
    json_dumper_set_member_name(out, "additionalProperties");
    json_dumper_value_anyf(out, "false");
    json_dumper_set_member_name(out, "required");
    json_dumper_begin_array(out);
    for (unsigned i = 0; i < list->column_count; i++)
        if (list->columns[i].key != NULL)
            json_dumper_value_string(out, list->columns[i].key);
    json_dumper_end_array(out);
}

static const char *const schema_types[] = {
    [COLUMN_UINT] = "integer", [COLUMN_REAL] = "number", [COLUMN_BOOL] = "boolean", [COLUMN_TEXT] = "string", [COLUMN_WORD] = "string",
    [COLUMN_TEXTS] = "string", [COLUMN_UINTS] = "integer", [COLUMN_ADDRESS] = "string", [COLUMN_ENDPOINT] = "string",
    [COLUMN_LIST] = "array", [COLUMN_OBJECT] = "object",
};

/* A type that may also be null. */
static void
nullable_schema(const char *type, json_dumper *out)
{
    json_dumper_set_member_name(out, "type");
    json_dumper_begin_array(out);
    json_dumper_value_string(out, type);
    json_dumper_value_string(out, "null");
    json_dumper_end_array(out);
}

static void
values_schema(const report_column *column, json_dumper *out)
{
    if (column->texts == NULL)
        return;
    json_dumper_set_member_name(out, "enum");
    json_dumper_begin_array(out);
    for (unsigned n = 0; column->texts(n) != NULL; n++)
        json_dumper_value_string(out, column->texts(n));
    json_dumper_end_array(out);
}

static void properties_schema(const report_list *list, json_dumper *out);

static void
array_schema(const report_column *column, json_dumper *out)
{
    report_schema_member(out, "type", "array");
    json_dumper_set_member_name(out, "items");
    json_dumper_begin_object(out);
    report_schema_member(out, "type", schema_types[column->kind]);
    json_dumper_end_object(out);
}

static void
column_schema(const report_column *column, json_dumper *out)
{
    json_dumper_set_member_name(out, column->key);
    json_dumper_begin_object(out);
    if (column->unit != NULL) {
        char *text = g_strdup_printf("%s, in %s", column->description, column->unit);

        report_schema_member(out, "description", text);
        g_free(text);
    } else
        report_schema_member(out, "description", column->description);
    if (column->kind == COLUMN_LIST)
        report_list_schema(column->list, out);
    else if (column->kind == COLUMN_TEXTS || column->kind == COLUMN_UINTS)
        array_schema(column, out);
    else if (column->kind == COLUMN_OBJECT || column->kind == COLUMN_REAL)
        nullable_schema(schema_types[column->kind], out);
    else
        report_schema_member(out, "type", schema_types[column->kind]);
    if (column->kind == COLUMN_UINT) {
        json_dumper_set_member_name(out, "minimum");
        json_dumper_value_anyf(out, "0");
    }
    if (column->kind == COLUMN_OBJECT)
        properties_schema(column->list, out);
    values_schema(column, out);
    json_dumper_end_object(out);
}

static void
properties_schema(const report_list *list, json_dumper *out)
{
    object_schema(list, out);
    json_dumper_set_member_name(out, "properties");
    json_dumper_begin_object(out);
    for (unsigned i = 0; i < list->column_count; i++)
        if (list->columns[i].key != NULL)
            column_schema(&list->columns[i], out);
    json_dumper_end_object(out);
}

void
report_list_schema(const report_list *list, json_dumper *out)
{
    report_schema_member(out, "type", "array");
    json_dumper_set_member_name(out, "items");
    json_dumper_begin_object(out);
    report_schema_member(out, "type", "object");
    properties_schema(list, out);
    json_dumper_end_object(out);
}
