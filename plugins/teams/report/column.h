/* column.h
 * A column of a report: one row, from which JSON, table, CSV, schema and documentation come
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Most columns are a member of a C struct, or of one that a member points to, read
 * by its kind; what has to be worked out has a getter. A list is what its rows are
 * and where they lie.
 * Nothing else may name a key, a heading or a unit.
 */

#ifndef TEAMSHARK_TEAMS_REPORT_COLUMN_H
#define TEAMSHARK_TEAMS_REPORT_COLUMN_H

#include "common/ws_compat.h"

#include <stddef.h>
#include <stdio.h>

#include <epan/stat_tap_ui.h>
#include <wsutil/json_dumper.h>

#include "report/util.h"

typedef enum {
    COLUMN_UINT,        /* unsigned integer of any size */
    COLUMN_REAL,        /* double; NAN: not known */
    COLUMN_BOOL,        /* bool */
    COLUMN_TEXT,        /* const char *, NULL as "" */
    COLUMN_WORD,        /* an enumeration, as names() or texts() calls its values */
    COLUMN_TEXTS,       /* report_texts * */
    COLUMN_UINTS,       /* GArray * of uint16_t or uint32_t */
    COLUMN_ADDRESS,     /* address */
    COLUMN_ENDPOINT,    /* ts_endpoint */
    COLUMN_LIST,        /* rows of a list, in JSON only */
    COLUMN_OBJECT,      /* the one row of a list, or null, in JSON only */
} column_kind;

/* What a getter gives. */
typedef struct {
    uint64_t number;    /* COLUMN_UINT, COLUMN_BOOL */
    double real;
    const char *text;   /* lives as long as the row */
    char *owned;        /* instead of text: freed by the reader */
} column_value;

typedef struct report_list report_list;

typedef struct {
    const char *key;            /* in JSON; NULL: table only */
    const char *title;          /* heading in the table; NULL: JSON only */
    column_kind kind;
    const char *unit;           /* "ms"; NULL */
    const char *description;
    void (*get)(const void *row, const void *parent, column_value *value);   /* NULL: the member */
    size_t offset;              /* of the member in the row */
    size_t size;
    bool points;                /* the member points to the struct that has it, or is NULL: then 0 or "" */
    size_t behind;              /* of the member in that struct */
    unsigned decimals;          /* of COLUMN_REAL */
    const char *(*texts)(unsigned n);   /* all values of COLUMN_TEXT or COLUMN_WORD, NULL after the last; or no such list */
    const char *(*names)(unsigned n);   /* of COLUMN_WORD, of which the schema does not list the values */
    const report_list *list;    /* of COLUMN_LIST and COLUMN_OBJECT */
    bool late;                  /* known at the end only: an empty cell before */
    bool no_window;             /* its title is for CSV alone */
    bool no_csv;                /* its title is for the window alone */
} report_column;

/* Where the rows are: a member of their parent. */
typedef enum {
    LIST_ARRAY,         /* GArray * of structs */
    LIST_POINTERS,      /* GPtrArray * */
    LIST_HELD,          /* a pointer to what begins with a GPtrArray *: report_problems */
    LIST_MEMBER,        /* one struct inside the parent */
} list_kind;

struct report_list {
    const report_column *columns;
    unsigned column_count;
    list_kind kind;
    size_t offset;
    bool (*is_there)(const void *row);  /* LIST_MEMBER: else null; NULL: always */
};

#define COLUMN_MEMBER(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define COLUMN_BEHIND(type, pointer, pointed, member) \
    .offset = offsetof(type, pointer), .points = true, .behind = offsetof(pointed, member), .size = sizeof(((type *)NULL)->pointer->member)
/* A getter: COLUMN_GETTER(name, row's type, parent's type) { value->number = row->member; } */
#define COLUMN_GETTER(name, row_type, parent_type) \
    static void name##_of(const row_type *row, const parent_type *parent, column_value *value); \
    static void \
    name(const void *row, const void *parent, column_value *value) \
    { \
        name##_of((const row_type *)row, (const parent_type *)parent, value); \
    } \
    static void \
    name##_of(const row_type *row _U_, const parent_type *parent _U_, column_value *value)
#define LIST_COLUMNS(array) .columns = array, .column_count = G_N_ELEMENTS(array)

unsigned report_list_length(const report_list *list, const void *parent);
const void *report_list_row(const report_list *list, const void *parent, unsigned index);

/* The list as a member of that name. */
void report_list_json(const report_list *list, const char *key, const void *parent, json_dumper *out);

/* ---- tables: the columns that have a title ---- */

unsigned report_list_titles(const report_list *list);
/* Headings for the life of the process. */
stat_tap_table_item *report_list_headings(const report_list *list);
/* One row; strings are g_malloc'ed. concluded: the end of the capture was seen. */
void report_list_cells(const report_list *list, const void *parent, const void *row, bool concluded, stat_tap_table_item_type *items);
/* The same rows as comma-separated values, headings first (RFC 4180). */
void report_list_csv(const report_list *list, const void *parent, FILE *out);

/* ---- schema ---- */

/* A text of it as it is. */
void report_schema_member(json_dumper *out, const char *key, const char *text);
/* JSON Schema of the list: "type": "array", ... as members of the open object. */
void report_list_schema(const report_list *list, json_dumper *out);

#endif /* TEAMSHARK_TEAMS_REPORT_COLUMN_H */
