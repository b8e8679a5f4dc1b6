/* oracles.c
 * What has to hold of any sequence of frames; each ends the program where it does not
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "oracles.h"

#include <epan/proto.h>

/* ---- text ---- */

/* Control characters, and those that change the direction of writing. Lines of CSV end in CR and LF. */
static bool
is_steering(gunichar c)
{
    return (c < 0x20 && c != '\n') || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
        (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void
oracle_text(const char *what, const char *text, size_t length)
{
    const char *end;

    if (!g_utf8_validate(text, (gssize)length, &end)) {
        fprintf(stderr, "ORACLE %s: not UTF-8 after %.100s\n", what, end - MIN(end - text, 100));
        abort();
    }
    for (const char *c = text; c < text + length; c = g_utf8_next_char(c)) {
        if (is_steering(g_utf8_get_char(c)) && !(c[0] == '\r' && c[1] == '\n')) {
            fprintf(stderr, "ORACLE %s: U+%04X after %.*s\n", what, g_utf8_get_char(c), (int)MIN(c - text, 100), c - MIN(c - text, 100));
            abort();
        }
    }
}

/* It begins and ends with a line of its own; no line of a report in words is only a brace. */
void
oracle_json(const char *text)
{
    const char *start = strstr(text, "\n{\n"), *end = start == NULL ? NULL : strstr(start, "\n}\n");

    if (start == NULL && g_str_has_prefix(text, "{\n")) {
        start = text;
        end = strstr(text, "\n}\n");
    }
    char *document = end == NULL ? g_strdup("") : g_strndup(start, (gsize)(end + 2 - start));
    if (!is_json(document)) {
        fprintf(stderr, "ORACLE JSON: no document: %s\n", document);
        abort();
    }
    g_free(document);
}

static bool
is_ours(const header_field_info *field)
{
    return field != NULL && (g_str_has_prefix(field->abbrev, "teams") || g_str_has_prefix(field->abbrev, "ms_turn"));
}

/* The first dissector bug that Wireshark tells of since it was looked for last; NULL: none. */
static char *bug;

static void
note_bug(const field_info *finfo)
{
    if (bug == NULL && finfo->hfinfo != NULL && strcmp(finfo->hfinfo->abbrev, "_ws.malformed") == 0 && finfo->rep != NULL &&
        strstr(finfo->rep->representation, "Dissector bug") != NULL)
        bug = g_strdup(finfo->rep->representation);
}

static void
look_at_label(proto_node *node, gpointer data)
{
    field_info *finfo = PNODE_FINFO(node);

    if (finfo != NULL)
        note_bug(finfo);
    if (finfo != NULL && is_ours(finfo->hfinfo)) {
        char label[ITEM_LABEL_LENGTH];

        if (finfo->rep != NULL)
            oracle_text(finfo->hfinfo->abbrev, finfo->rep->representation, strlen(finfo->rep->representation));
        else {
            proto_item_fill_label(finfo, label);
            oracle_text(finfo->hfinfo->abbrev, label, strlen(label));
        }
    }
    proto_tree_children_foreach(node, look_at_label, data);
}

void
oracle_labels(epan_dissect_t *edt, unsigned frame, void *data)
{
    (void)frame;
    proto_tree_children_foreach(edt->tree, look_at_label, data);
}

void
oracle_bugs(const sequence *s, const frame *frames, unsigned count)
{
    char *found = bug;

    bug = NULL;
    if (found == NULL)
        return;
    session_enable(TS_NONE_ENABLED);
    session_open(frames, count, (s->options & TS_OPTION_ETHERNET) != 0);
    session_pass(TS_TREE, oracle_labels, NULL);
    session_close();
    session_enable((s->options & TS_OPTION_DISABLED) >> 4);
    if (bug == NULL) {
        fprintf(stderr, "ORACLE %s\n", found);
        abort();
    }
    g_free(bug);
    g_free(found);
    bug = NULL;
}

/* ---- passes ---- */

/* What only a later frame can know. */
static bool
is_forward(const char *abbrev)
{
    return g_str_has_suffix(abbrev, "_in");
}

static bool
is_of_stock(const header_field_info *field)
{
    return !is_ours(field) && (field->type == FT_PROTOCOL || g_str_has_prefix(field->abbrev, "stun.") || g_str_has_prefix(field->abbrev, "dns.")) &&
        strstr(field->abbrev, "response") == NULL && strstr(field->abbrev, "retransmi") == NULL && strstr(field->abbrev, "duplicate") == NULL;
}

/* What one frame says: our fields, and stock's. */
typedef struct {
    GString *ours, *stock;
} statement;

static void
list_field(proto_node *node, gpointer data)
{
    statement *said = (statement *)data;
    field_info *finfo = PNODE_FINFO(node);

    if (finfo != NULL && finfo->hfinfo != NULL) {
        const header_field_info *field = finfo->hfinfo;

        if (is_of_stock(field)) {
            g_string_append_printf(said->stock, "%s\n", field->abbrev);
        } else if (is_ours(field) && !is_forward(field->abbrev)) {
            char *value = field->type == FT_PROTOCOL || field->type == FT_NONE ? NULL :
                fvalue_to_string_repr(NULL, &finfo->value, FTREPR_DFILTER, field->display);

            g_string_append_printf(said->ours, "%s=%s\n", field->abbrev, value == NULL ? "" : value);
            wmem_free(NULL, value);
        }
    }
    proto_tree_children_foreach(node, list_field, data);
}

static void
note_frame(epan_dissect_t *edt, unsigned frame, void *data)
{
    statement *said = &((statement *)data)[frame];

    *said = (statement) { g_string_new(NULL), g_string_new(NULL) };
    proto_tree_children_foreach(edt->tree, list_field, said);
}

static void
statements_free(statement *said, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_string_free(said[i].ours, TRUE);
        g_string_free(said[i].stock, TRUE);
    }
    g_free(said);
}

/* What all frames say in one pass, and in the second of two. */
typedef struct {
    statement *one, *two;
} passes;

static passes
passes_new(const sequence *s, const frame *frames, unsigned count)
{
    const passes p = { g_new0(statement, count), g_new0(statement, count) };
    const bool ethernet = (s->options & TS_OPTION_ETHERNET) != 0;

    session_open(frames, count, ethernet);
    session_pass(TS_TREE, note_frame, p.one);
    if ((s->options & TS_OPTION_DARK_FIRST) != 0) {
        session_close();
        session_open(frames, count, ethernet);
        session_pass(TS_DARK, NULL, NULL);
    }
    session_pass(TS_TREE, note_frame, p.two);
    session_close();
    return p;
}

static void
passes_free(passes p, unsigned count)
{
    statements_free(p.one, count);
    statements_free(p.two, count);
}

/* The first frame of which they say different things; count where there is none. */
static unsigned
first_of_ours(passes p, unsigned count)
{
    unsigned i = 0;

    while (i < count && g_string_equal(p.one[i].ours, p.two[i].ours))
        i++;
    return i;
}

static bool
is_stock_settled(passes p, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!g_string_equal(p.one[i].stock, p.two[i].stock))
            return false;
    }
    return true;
}

static bool
is_stock_settled_alone(const sequence *s, const frame *frames, unsigned count)
{
    session_enable(TS_NONE_ENABLED);
    const passes alone = passes_new(s, frames, count);
    session_enable((s->options & TS_OPTION_DISABLED) >> 4);
    const bool settled = is_stock_settled(alone, count);

    passes_free(alone, count);
    return settled;
}

/* What stock says otherwise on a second pass, by itself or beneath us, is what ours is read from. */
void
oracle_passes(const sequence *s, const frame *frames, unsigned count)
{
    const passes p = passes_new(s, frames, count);
    const unsigned i = first_of_ours(p, count);

    if (i < count && is_stock_settled(p, count) && is_stock_settled_alone(s, frames, count)) {
        fprintf(stderr, "ORACLE passes differ in frame %u of %u\n--- one\n%s--- two\n%s", i + 1, count, p.one[i].ours->str, p.two[i].ours->str);
        abort();
    }
    passes_free(p, count);
}
