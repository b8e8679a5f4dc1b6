/* report_util.c
 * What the reports share: lists of texts, masked names, wrapped text, JSON members
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/util.h"

#include <stdarg.h>
#include <string.h>

#include <epan/to_str.h>

#include "preferences.h"

/* ---- lists of texts ---- */

GPtrArray *
teams_texts_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

void
teams_texts_add(GPtrArray *texts, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    for (unsigned i = 0; i < texts->len; i++)
        if (g_ascii_strcasecmp((const char *)g_ptr_array_index(texts, i), text) == 0)
            return;
    g_ptr_array_add(texts, g_strdup(text));
}

char *
teams_texts_join(const GPtrArray *texts, const char *separator)
{
    GString *joined = g_string_new(NULL);

    for (unsigned i = 0; i < texts->len; i++)
        g_string_append_printf(joined, "%s%s", i == 0 ? "" : separator, (const char *)g_ptr_array_index(texts, i));
    return g_string_free(joined, FALSE);
}

/* ---- names ---- */

/* Names that hold a customer's own name: what begins or ends them, and which part is the customer's. */
static const struct {
    const char *affix;
    bool is_prefix;         /* the customer's part follows, else it precedes */
} tenant_names[] = {
    { "lyncdiscoverinternal.", true },
    { "lyncdiscover.", true },
    { "_sipinternaltls._tcp.", true },
    { "_sipinternal._tcp.", true },
    { "_sip._tls.", true },
    { "_sipfederationtls._tcp.", true },
    { "sipinternal.", true },
    { "sipexternal.", true },
    { "ucupdates-r2.", true },
    { "sip.", true },
    { ".sharepoint.com", false },
    { ".sharepoint.us", false },
    { ".sharepoint.cn", false },
    { ".onmicrosoft.com", false },
    { ".onmicrosoft.us", false },
};

/* Names of Microsoft's own that a prefix above would take for a customer's. */
static const char *const own_zones[] = {
    ".microsoft.com", ".microsoft.us", ".lync.com", ".skype.com", ".skypeforbusiness.us", ".lync.cn", ".skypeforbusiness.com",
};

static bool
has_suffix(const char *name, const char *suffix)
{
    const size_t length = strlen(name);
    const size_t suffix_length = strlen(suffix);

    return length > suffix_length && g_ascii_strcasecmp(name + length - suffix_length, suffix) == 0;
}

static bool
is_own_zone(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(own_zones); i++)
        if (has_suffix(name, own_zones[i]))
            return true;
    return false;
}

char *
teams_report_name(const char *name)
{
    if (teams_preference_show_tenants() || is_own_zone(name))
        return g_strdup(name);
    for (unsigned i = 0; i < G_N_ELEMENTS(tenant_names); i++) {
        const char *affix = tenant_names[i].affix;

        if (tenant_names[i].is_prefix && g_ascii_strncasecmp(name, affix, strlen(affix)) == 0)
            return g_strdup_printf("%s<tenant>", affix);
        if (!tenant_names[i].is_prefix && has_suffix(name, affix))
            return g_strdup_printf("<tenant>%s", affix);
    }
    return g_strdup(name);
}

char *
teams_report_end(const ts_endpoint *end)
{
    if (end->addr.type == AT_NONE)
        return g_strdup("");
    char *text = address_to_str(NULL, &end->addr);
    char *result = end->port == 0 ? g_strdup(text) :
        g_strdup_printf(end->addr.type == AT_IPv6 ? "[%s]:%u" : "%s:%u", text, end->port);

    wmem_free(NULL, text);
    return result;
}

double
teams_report_time(const nstime_t *time)
{
    return teams_seconds(&teams_model_get()->first, time);
}

char *
teams_report_date(const nstime_t *time)
{
    GDateTime *date = g_date_time_new_from_unix_utc((gint64)time->secs);

    if (date == NULL)
        return g_strdup("");
    char *day = g_date_time_format(date, "%Y-%m-%dT%H:%M:%S");
    char *text = g_strdup_printf("%s.%03dZ", day, time->nsecs / 1000000);

    g_free(day);
    g_date_time_unref(date);
    return text;
}

char *
teams_report_count(uint64_t count, const char *thing)
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
teams_report_volume(uint64_t packets, uint64_t bytes)
{
    if (packets == 0)
        return g_strdup("nothing");
    char *packets_text = teams_report_count(packets, "packet");
    char *bytes_text = teams_report_count(bytes, "byte");
    char *volume = g_strdup_printf("%s, %s", packets_text, bytes_text);

    g_free(packets_text);
    g_free(bytes_text);
    return volume;
}

char *
teams_report_frames(uint32_t first, uint32_t last)
{
    return first == last ? g_strdup_printf("frame %u", first) : g_strdup_printf("frames %u to %u", first, last);
}

/* ---- text ---- */

/* How much of the text fits into width columns: up to a blank, or a whole word. */
static size_t
line_length(const char *text, size_t width)
{
    const size_t length = strlen(text);

    if (length <= width)
        return length;
    for (size_t i = width; i > 0; i--)
        if (text[i] == ' ')
            return i;
    const char *blank = strchr(text, ' ');

    return blank == NULL ? length : (size_t)(blank - text);
}

void
teams_print(FILE *out, unsigned indent, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);

    unsigned column = indent;
    for (const char *rest = text; rest[0] != '\0' || rest == text;) {
        const size_t length = line_length(rest, TEAMS_REPORT_WIDTH - column);

        fprintf(out, "%*s%.*s\n", (int)column, "", (int)length, rest);
        rest += length;
        while (rest[0] == ' ')
            rest++;
        if (rest[0] == '\0')
            break;
        column = indent + 2;
    }
    g_free(text);
}

/* ---- JSON ---- */

void
teams_json_string(json_dumper *out, const char *key, const char *value)
{
    json_dumper_set_member_name(out, key);
    json_dumper_value_string(out, value == NULL ? "" : value);
}

void
teams_json_uint(json_dumper *out, const char *key, uint64_t value)
{
    json_dumper_set_member_name(out, key);
    json_dumper_value_anyf(out, "%" PRIu64, value);
}

void
teams_json_bool(json_dumper *out, const char *key, bool value)
{
    json_dumper_set_member_name(out, key);
    json_dumper_value_anyf(out, "%s", value ? "true" : "false");
}

void
teams_json_real(json_dumper *out, const char *key, double value, int decimals)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    char format[8];

    snprintf(format, sizeof format, "%%.%df", decimals);
    json_dumper_set_member_name(out, key);
    json_dumper_value_anyf(out, "%s", g_ascii_formatd(text, sizeof text, format, value));
}

void
teams_json_null(json_dumper *out, const char *key)
{
    json_dumper_set_member_name(out, key);
    json_dumper_value_anyf(out, "null");
}

void
teams_json_texts(json_dumper *out, const char *key, const GPtrArray *texts)
{
    teams_json_array(out, key);
    for (unsigned i = 0; i < texts->len; i++)
        json_dumper_value_string(out, (const char *)g_ptr_array_index(texts, i));
    json_dumper_end_array(out);
}

void
teams_json_array(json_dumper *out, const char *key)
{
    json_dumper_set_member_name(out, key);
    json_dumper_begin_array(out);
}

void
teams_json_object(json_dumper *out, const char *key)
{
    json_dumper_set_member_name(out, key);
    json_dumper_begin_object(out);
}

/* ---- cells ---- */

void
teams_cell_string(stat_tap_table_item_type *item, char *owned)
{
    item->type = TABLE_ITEM_STRING;
    item->value.string_value = owned;
}

void
teams_cell_uint(stat_tap_table_item_type *item, uint64_t value)
{
    item->type = TABLE_ITEM_UINT;
    item->value.uint_value = (unsigned)MIN(value, UINT_MAX);
}

void
teams_cell_real(stat_tap_table_item_type *item, double value)
{
    item->type = TABLE_ITEM_FLOAT;
    item->value.float_value = value;
}
