/* names.c
 * What a DNS name says: the Teams, Skype and Lync naming taxonomy
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/names.h"

#include <glib.h>
#include <string.h>

#include "core/names_data.h"
#include "core/names_index.h"

struct ts_names {
    ts_name_index *own;             /* of the user's rows and the shipped ones; NULL: there are only those */
    const ts_name_index *index;     /* own, or that of the shipped rows */
    ts_name_row *rows;              /* the user's */
    GStringChunk *texts;
};

/* ---- checks ---- */

static const char *
label_problem(const char *pattern)
{
    size_t length = 0;

    for (const char *c = pattern;; c++) {
        if (*c == '.' || *c == '\0') {
            if (length == 0)
                return "has an empty label";
            if (length > 63)
                return "has a label longer than 63 characters";
            if (*c == '\0')
                return NULL;
            length = 0;
        } else {
            length++;
        }
    }
}

static const char *
wildcard_problem(const char *pattern, ts_name_match match)
{
    if (match != TS_MATCH_GLOB)
        return strchr(pattern, '*') != NULL ? "has a wildcard but is no glob" : NULL;
    if (strchr(pattern, '*') == NULL)
        return "is a glob without a wildcard";
    if (strstr(pattern, "***") != NULL)
        return "has three stars in a row";
    if (pattern[strspn(pattern, "*.")] == '\0')
        return "matches every name";
    return NULL;
}

static const char *
enumeration_problem(const ts_name_row *row)
{
    if ((unsigned)row->match > TS_MATCH_GLOB)
        return "has an unknown kind of match";
    if ((unsigned)row->product >= TS_PRODUCT_COUNT)
        return "has an unknown product";
    if ((unsigned)row->service >= TS_SERVICE_COUNT)
        return "has an unknown service";
    if ((unsigned)row->stage >= TS_STAGE_COUNT)
        return "has an unknown stage";
    if ((unsigned)row->infra >= TS_INFRA_COUNT)
        return "has an unknown infrastructure";
    if ((unsigned)row->cloud >= TS_CLOUD_COUNT)
        return "has an unknown cloud";
    if ((unsigned)row->trust >= TS_TRUST_COUNT)
        return "has an unknown trust";
    if ((unsigned)row->confidence >= TS_CONFIDENCE_COUNT)
        return "has an unknown confidence";
    if ((unsigned)row->tokens > TS_TOKENS_NONE)
        return "has an unknown kind of tokens";
    return NULL;
}

char *
ts_name_row_check(const ts_name_row *row)
{
    const char *pattern = row->pattern;

    if (pattern == NULL || pattern[0] == '\0')
        return g_strdup("The pattern is empty.");
    if (strlen(pattern) > TS_NAME_MAX)
        return g_strdup_printf("The pattern is longer than %d characters.", TS_NAME_MAX);
    for (const char *c = pattern; *c != '\0'; c++) {
        if (!g_ascii_isalnum(*c) && strchr("-_.*", *c) == NULL)
            return g_ascii_isprint(*c) ?
                g_strdup_printf("The pattern has the character '%c'; names have letters, digits, '-', '_' and '.', patterns '*' too.", *c) :
                g_strdup("The pattern has a character that is not printable ASCII; write international names as A-labels (xn--).");
    }

    const char *problem = enumeration_problem(row);
    if (problem == NULL)
        problem = label_problem(pattern);
    if (problem == NULL)
        problem = wildcard_problem(pattern, row->match);
    return problem == NULL ? NULL : g_strdup_printf("The pattern %s %s.", pattern, problem);
}

/* ---- the classifier ---- */

static const char *
keep_text(ts_names *names, const char *text)
{
    return g_string_chunk_insert_const(names->texts, text != NULL ? text : "");
}

static void
keep_row(ts_names *names, size_t i, const ts_name_row *row)
{
    ts_name_row *copy = &names->rows[i];
    char *pattern = g_ascii_strdown(row->pattern, -1);

    *copy = *row;
    copy->pattern = keep_text(names, pattern);
    copy->description = keep_text(names, row->description);
    copy->source = keep_text(names, row->source);
    g_free(pattern);
}

ts_names *
ts_names_new(const ts_name_row *user_rows, size_t count, char **error)
{
    for (size_t i = 0; i < count; i++) {
        char *problem = ts_name_row_check(&user_rows[i]);

        if (problem != NULL) {
            if (error != NULL)
                *error = problem;
            else
                g_free(problem);
            return NULL;
        }
    }

    ts_names *names = g_new0(ts_names, 1);
    names->texts = g_string_chunk_new(4096);
    names->rows = g_new0(ts_name_row, count);
    for (size_t i = 0; i < count; i++)
        keep_row(names, i, &user_rows[i]);
    names->own = count == 0 ? NULL : ts_name_index_new(names->rows, count, ts_shipped_rows, ts_shipped_count);
    names->index = count == 0 ? ts_name_index_shipped() : names->own;
    return names;
}

void
ts_names_free(ts_names *names)
{
    if (names == NULL)
        return;
    ts_name_index_free(names->own);
    g_free(names->rows);
    g_string_chunk_free(names->texts);
    g_free(names);
}

bool
ts_names_classify(const ts_names *names, const char *name, size_t length, ts_name_result *info)
{
    ts_name_text text;

    *info = (ts_name_result) { .pool = -1 };
    if (!ts_name_text_set(&text, name, length))
        return false;
    info->row = ts_name_index_find(names->index, &text, &info->user);
    if (info->row == NULL)
        return false;
    ts_tokens_read(&text, info);
    return true;
}

/* ---- names that Microsoft lists as required ---- */

/*
 * A hash of the whole labels at the end of each pattern, asked for every such
 * end of a name: a few look-ups, however long the list.
 */
static GHashTable *runs;    /* of the labels at the end: the first row, plus one */
static uint16_t *next_row;  /* with the same end, plus one; 0: none */

static void
build_required(void)
{
    runs = g_hash_table_new(g_str_hash, g_str_equal);
    next_row = g_new0(uint16_t, ts_required_count);
    for (size_t i = ts_required_count; i-- > 0;) {
        const char *run = ts_pattern_run(ts_required_rows[i].pattern);

        next_row[i] = (uint16_t)GPOINTER_TO_SIZE(g_hash_table_lookup(runs, run));
        g_hash_table_insert(runs, (gpointer)run, GSIZE_TO_POINTER(i + 1));
    }
}

/* GCC is on the worldwide list; an undecided US Government name is on either. */
static bool
list_applies(ts_cloud list, ts_cloud cloud)
{
    switch (cloud) {
    case TS_CLOUD_GCC_HIGH:
    case TS_CLOUD_DOD:
    case TS_CLOUD_CHINA:
    case TS_CLOUD_GERMANY_MCD:
        return list == cloud;
    case TS_CLOUD_US_GOV:
        return list == TS_CLOUD_GCC_HIGH || list == TS_CLOUD_DOD;
    default:
        return list == TS_CLOUD_WORLDWIDE;
    }
}

/* Without a date the newest lists count. */
static bool
is_required_then(const ts_required_row *row, uint32_t yyyymm)
{
    return yyyymm == 0 ? row->valid_to == 0 :
        yyyymm >= row->valid_from && (row->valid_to == 0 || yyyymm <= row->valid_to);
}

static bool
required_matches(const ts_required_row *row, const ts_name_text *text)
{
    if (row->match == TS_MATCH_EXACT)
        return row->length == text->length && memcmp(row->pattern, text->text, text->length) == 0;
    return ts_glob_match(row->pattern, row->length, text->text, text->length);
}

/* The first row with this end that holds, if it comes before the best so far; rows are counted from 1. */
static size_t
probe_required(const char *run, const ts_name_text *text, ts_cloud cloud, uint32_t yyyymm, size_t best)
{
    for (size_t i = GPOINTER_TO_SIZE(g_hash_table_lookup(runs, run)); i != 0 && i < best; i = next_row[i - 1]) {
        const ts_required_row *row = &ts_required_rows[i - 1];

        if (list_applies(row->cloud, cloud) && is_required_then(row, yyyymm) && required_matches(row, text))
            return i;
    }
    return best;
}

const ts_required_row *
ts_names_required(const char *name, size_t length, ts_cloud cloud, uint32_t yyyymm)
{
    static gsize ready;
    ts_name_text text;
    size_t best = SIZE_MAX;

    if (!ts_name_text_set(&text, name, length))
        return NULL;
    if (g_once_init_enter(&ready)) {
        build_required();
        g_once_init_leave(&ready, 1);
    }
    best = probe_required("", &text, cloud, yyyymm, best);
    for (size_t i = 0; i < text.labels; i++)
        best = probe_required(text.text + text.start[i], &text, cloud, yyyymm, best);
    return best == SIZE_MAX ? NULL : &ts_required_rows[best - 1];
}

/* ---- the shipped rows ---- */

const ts_name_row *
ts_names_shipped(size_t *count)
{
    *count = ts_shipped_count;
    return ts_shipped_rows;
}

const ts_token_row *
ts_names_tokens(size_t *count)
{
    *count = ts_token_count;
    return ts_token_rows;
}
