/* util.c
 * What the reports share: sets of texts, masked names, text from strangers, wrapped lines, JSON members
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/util.h"

#include <stdarg.h>
#include <string.h>

#include <epan/to_str.h>

#include "common/text.h"
#include "session/model.h"
#include "tenants.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

/* ---- sets of texts ---- */

/* Most sets have one text or none, and there are several of each name: what finds one of many is made when there are many. */
#define FEW_TEXTS 8

struct report_texts {
    GPtrArray *list;        /* NULL: none yet */
    GHashTable *known;      /* lower case; NULL: no more than a few */
};

report_texts *
report_texts_new(void)
{
    return g_new0(report_texts, 1);
}

void
report_texts_free(report_texts *texts)
{
    g_clear_pointer(&texts->known, g_hash_table_destroy);
    g_clear_pointer(&texts->list, g_ptr_array_unref);
    g_free(texts);
}

static void
keep_known(report_texts *texts)
{
    if (texts->known == NULL)
        texts->known = g_hash_table_new_full(wmem_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = g_hash_table_size(texts->known); i < texts->list->len; i++)
        g_hash_table_add(texts->known, g_ascii_strdown(report_texts_get(texts, i), -1));
}

void
report_texts_add(report_texts *texts, const char *text)
{
    if (text == NULL || text[0] == '\0' || report_texts_have(texts, text))
        return;
    if (texts->list == NULL)
        texts->list = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(texts->list, g_strdup(text));
    if (texts->list->len > FEW_TEXTS)
        keep_known(texts);
}

bool
report_texts_have(const report_texts *texts, const char *text)
{
    bool found = false;

    if (texts->known != NULL) {
        char *key = g_ascii_strdown(text, -1);

        found = g_hash_table_contains(texts->known, key);
        g_free(key);
        return found;
    }
    for (unsigned i = 0; i < report_texts_count(texts) && !found; i++)
        found = g_ascii_strcasecmp(report_texts_get(texts, i), text) == 0;
    return found;
}

unsigned
report_texts_count(const report_texts *texts)
{
    return texts->list == NULL ? 0 : texts->list->len;
}

const char *
report_texts_get(const report_texts *texts, unsigned index)
{
    return (const char *)g_ptr_array_index(texts->list, index);
}

char *
report_texts_join(const report_texts *texts, const char *separator)
{
    GString *joined = g_string_new(NULL);

    for (unsigned i = 0; i < report_texts_count(texts); i++)
        g_string_append_printf(joined, "%s%s", i == 0 ? "" : separator, report_texts_get(texts, i));
    return g_string_free(joined, FALSE);
}

/* ---- names ---- */

char *
report_name(const char *name)
{
    /* What is anonymous gets its word where it is written. */
    return report_anonymous_is_asked() ? g_strdup(name) : teams_shown_name(NULL, name);
}

char *
report_sentence(const char *sentence)
{
    GString *out = g_string_new(NULL);

    for (const char *at = sentence; *at != '\0';) {
        const size_t length = strspn(at, NAME_CHARACTERS);
        /* The full stop of the sentence is no part of a name. */
        const size_t bare = length > 0 && at[length - 1] == '.' ? length - 1 : length;
        char *word = g_strndup(at, bare);
        char *shown = report_name(word);

        g_string_append(out, shown);
        g_free(shown);
        g_free(word);
        at += bare;
        if (*at != '\0')
            g_string_append_c(out, *at++);
    }
    return g_string_free(out, FALSE);
}

char *
report_address(const address *addr)
{
    if (addr->type == AT_NONE)
        return g_strdup("");
    char *text = address_to_str(NULL, addr);
    char *result = g_strdup(text);

    wmem_free(NULL, text);
    return result;
}

char *
report_endpoint(const ts_endpoint *end)
{
    char *text = report_address(&end->addr);

    if (end->port == 0 || text[0] == '\0')
        return text;
    char *result = g_strdup_printf(end->addr.type == AT_IPv6 ? "[%s]:%u" : "%s:%u", text, end->port);

    g_free(text);
    return result;
}

void
report_texts_add_type(report_texts *texts, uint16_t type)
{
    static const value_string types[] = {
        { 1, "A" }, { 5, "CNAME" }, { 16, "TXT" }, { 28, "AAAA" }, { 33, "SRV" }, { 64, "SVCB" }, { 65, "HTTPS" }, { 0, NULL }
    };
    const char *known = try_val_to_str(type, types);
    char *text = known != NULL ? g_strdup(known) : g_strdup_printf("type %u", type);

    report_texts_add(texts, text);
    g_free(text);
}

void
report_texts_add_addresses(report_texts *texts, const ts_name_info *info)
{
    for (unsigned i = 0; i < info->address_count; i++) {
        char *address = report_endpoint(&info->addresses[i].end);

        report_texts_add(texts, address);
        g_free(address);
    }
}

double
report_time(const nstime_t *time)
{
    return ts_seconds(&teams_model_get()->first, time);
}

char *
report_date(const nstime_t *time, uint32_t frame)
{
    const nstime_t told = teams_capture_time(time, frame);
    GDateTime *date = g_date_time_new_from_unix_utc((gint64)told.secs);

    if (date == NULL)
        return g_strdup("");
    char *day = g_date_time_format(date, "%Y-%m-%dT%H:%M:%S");
    char *text = g_strdup_printf("%s.%03dZ", day, told.nsecs / 1000000);

    g_free(day);
    g_date_time_unref(date);
    return text;
}

char *
report_count(uint64_t count, const char *thing)
{
    char *digits = g_strdup_printf("%" PRIu64, count);
    const size_t length = strlen(digits);
    GString *grouped = g_string_new(NULL);

    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            g_string_append_c(grouped, ',');
        g_string_append_c(grouped, digits[i]);
    }
    g_free(digits);
    g_string_append_printf(grouped, " %s%s", thing, count == 1 ? "" : "s");
    return g_string_free(grouped, FALSE);
}

char *
report_volume(uint64_t packets, uint64_t bytes)
{
    if (packets == 0)
        return g_strdup("nothing");
    char *packets_text = report_count(packets, "packet");
    char *bytes_text = report_count(bytes, "byte");
    char *volume = g_strdup_printf("%s, %s", packets_text, bytes_text);

    g_free(packets_text);
    g_free(bytes_text);
    return volume;
}

char *
report_frames(uint32_t first, uint32_t last)
{
    return first == last ? g_strdup_printf("frame %u", first) : g_strdup_printf("frames %u to %u", first, last);
}

/* ---- text ---- */

char *
report_escape(const char *text)
{
    const char *clean = ts_clean_text(NULL, text);

    return clean == text ? g_strdup(text) : (char *)clean;
}

#define UTF8_MAX 4      /* bytes of a character */

/* How many bytes of the text fit into width columns: up to a blank, or a whole word. */
static size_t
line_length(const char *text, size_t width)
{
    /* Of the rest of a long text no more is counted than a line holds. */
    if ((size_t)g_utf8_strlen(text, (gssize)(UTF8_MAX * (width + 1))) <= width)
        return strlen(text);
    for (const char *at = g_utf8_offset_to_pointer(text, (glong)width); at > text; at--)
        if (*at == ' ')
            return (size_t)(at - text);
    const char *blank = strchr(text, ' ');

    return blank == NULL ? strlen(text) : (size_t)(blank - text);
}

void
report_print(FILE *out, unsigned indent, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *raw = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    char *shown = report_anonymous_text(raw);
    char *text = report_escape(shown);

    unsigned column = indent;
    for (const char *rest = text; rest[0] != '\0' || rest == text;) {
        const size_t length = line_length(rest, REPORT_WIDTH - column);

        fprintf(out, "%*s%.*s\n", (int)column, "", (int)length, rest);
        rest += length;
        while (rest[0] == ' ')
            rest++;
        if (rest[0] == '\0')
            break;
        column = indent + 2;
    }
    g_free(raw);
    g_free(shown);
    g_free(text);
}

/* ---- JSON ---- */

void
report_json_text(json_dumper *out, const char *value)
{
    char *shown = report_anonymous_text(value);
    const char *text = shown;
    GString *quoted = g_string_new("\"");

    while (text[0] != '\0') {
        const gunichar c = g_utf8_get_char_validated(text, -1);
        const bool valid = ts_is_character(c);

        if (!valid)
            g_string_append(quoted, "\\ufffd");
        else if (c == '"' || c == '\\')
            g_string_append_printf(quoted, "\\%c", (char)c);
        else if (ts_is_visible(c) || c > 0xffff)
            g_string_append_unichar(quoted, c);
        else
            g_string_append_printf(quoted, "\\u%04x", c);
        text = valid ? g_utf8_next_char(text) : text + 1;
    }
    json_dumper_value_anyf(out, "%s\"", quoted->str);
    g_string_free(quoted, TRUE);
    g_free(shown);
}

void
report_json_member_text(json_dumper *out, const char *key, const char *value)
{
    json_dumper_set_member_name(out, key);
    report_json_text(out, value);
}

void
report_json_member_uint(json_dumper *out, const char *key, uint64_t value)
{
    json_dumper_set_member_name(out, key);
    json_dumper_value_anyf(out, "%" PRIu64, value);
}
