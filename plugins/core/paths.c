/* paths.c
 * What the path of an HTTP request says: which service of a front door it asks for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/paths.h"
#include "core/names_index.h"
#include "core/paths_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#define SEGMENTS_MAX    24      /* of a path that are looked at; more is "..." */
#define WORD_MAX        24      /* characters of a segment that may be a plain word */
#define REGION_WORD_MAX 6

typedef struct {
    const char *at;
    size_t length;
} segment;

/* ---- segments ---- */

const char *
ts_path_only(const char *uri, size_t *length)
{
    const char *scheme = strstr(uri, "://");
    const size_t before_query = strcspn(uri, "?#");
    const char *path = uri;

    if (scheme != NULL && (size_t)(scheme - uri) < before_query) {
        path = scheme + strlen("://");
        path += strcspn(path, "/?#");
    }
    *length = strcspn(path, "?#");
    return path;
}

/* The next segment from *at on, before end; false after the last. */
static bool
next_segment(const char **at, const char *end, segment *found)
{
    while (*at < end && **at == '/')
        (*at)++;
    const char *slash = *at < end ? (const char *)memchr(*at, '/', (size_t)(end - *at)) : NULL;

    found->at = *at;
    found->length = (size_t)((slash != NULL ? slash : end) - *at);
    *at += found->length;
    return found->length > 0;
}

static bool
is_text(const segment *part, const char *text)
{
    return strlen(text) == part->length && g_ascii_strncasecmp(part->at, text, part->length) == 0;
}

static int
compare_word(const void *key, const void *word)
{
    return strcmp((const char *)key, *(const char *const *)word);
}

static bool
is_region_code(const segment *part, size_t letters)
{
    char code[REGION_WORD_MAX + 1] = "";

    if (letters > REGION_WORD_MAX)
        return false;
    for (size_t i = 0; i < letters; i++)
        code[i] = g_ascii_tolower(part->at[i]);
    return bsearch(code, ts_path_regions, ts_path_region_count, sizeof ts_path_regions[0], compare_word) != NULL;
}

/* A region of the table, with the number of a partition: "emea", "fr", "emea-02", "amer01" */
static bool
is_region(const segment *part)
{
    size_t letters = 0;

    while (letters < part->length && g_ascii_isalpha(part->at[letters]))
        letters++;
    if (!is_region_code(part, letters))
        return false;
    const size_t dash = letters < part->length && part->at[letters] == '-' ? 1 : 0;
    const size_t digits = part->length - letters - dash;

    return (digits == 0 && dash == 0) ||
        (digits == 2 && g_ascii_isdigit(part->at[letters + dash]) && g_ascii_isdigit(part->at[letters + dash + 1]));
}

/* ---- rows ---- */

static void
keep_region(const segment *part, char region[TS_PATH_REGION_MAX])
{
    for (size_t i = 0; i < part->length && i + 1 < TS_PATH_REGION_MAX; i++)
        region[i] = g_ascii_tolower(part->at[i]);
}

/* Literal characters of the pattern where it fits, -1 where not. */
static int
fit(const char *pattern, const char *path, size_t length, char region[TS_PATH_REGION_MAX])
{
    const char *wanted_at = pattern, *wanted_end = pattern + strlen(pattern);
    const char *at = path, *end = path + length;
    segment wanted, part;
    int literal = 0;

    while (next_segment(&wanted_at, wanted_end, &wanted)) {
        if (is_text(&wanted, "**"))
            return literal;
        if (!next_segment(&at, end, &part))
            return -1;
        if (is_text(&wanted, "{region}")) {
            if (!is_region(&part))
                return -1;
            keep_region(&part, region);
        } else if (!is_text(&wanted, "*")) {
            if (wanted.length != part.length || g_ascii_strncasecmp(wanted.at, part.at, part.length) != 0)
                return -1;
            literal += (int)part.length;
        }
    }
    return next_segment(&at, end, &part) ? -1 : literal;
}

static bool
is_host(const ts_path_host *host, const ts_name_text *name)
{
    return host->pattern ? ts_glob_match(host->name, host->length, name->text, name->length)
        : host->length == name->length && memcmp(host->name, name->text, name->length) == 0;
}

/* Of the rows of a host the best, where it is better than best. */
static void
look_at(const ts_path_row *row, size_t count, const char *method, const char *path, size_t length, int *best, ts_path_result *result)
{
    for (; count > 0; row++, count--) {
        char region[TS_PATH_REGION_MAX] = "";

        result->front_door = result->front_door || row->service == TS_SERVICE_WEB_APP;
        result->identity = result->identity || row->stage == TS_STAGE_IDENTITY;
        if (row->method[0] != '\0' && strcmp(row->method, method) != 0)
            continue;
        const int literal = fit(row->path, path, length, region);

        if (literal > *best || (literal == *best && literal >= 0 && row->method[0] != '\0')) {
            *best = literal;
            result->row = row;
            memcpy(result->region, region, sizeof region);
        }
    }
}

bool
ts_path_classify(const char *host, const char *method, const char *uri, ts_path_result *result)
{
    ts_name_text name;
    size_t length;
    const char *path = ts_path_only(uri, &length);
    const ts_path_row *row = ts_path_rows;
    int best = -1;

    memset(result, 0, sizeof *result);
    if (!ts_name_text_set(&name, host, strlen(host)))
        return false;
    for (size_t i = 0; i < ts_path_host_count; i++) {
        if (is_host(&ts_path_hosts[i], &name))
            look_at(row, ts_path_hosts[i].rows, method, path, length, &best, result);
        row += ts_path_hosts[i].rows;
    }
    return result->row != NULL;
}

/* ---- what may be shown ---- */

/* Words for what a front door has many of or does, which name nobody themselves. */
static const char *const collections[] = {
    "users", "user", "threads", "conversations", "messages", "teams", "tenants", "tenant", "objects", "personal", "sites", "site",
    "drives", "items", "groups", "chats", "channels", "members", "contacts", "meetings", "events", "subscriptions", "calls",
    "organizations", "profiles", "devices", "people", "accounts", "name", "id", "u", "t",
    "thread", "conversation", "message", "team", "object", "group", "chat", "channel", "member", "contact", "meeting", "event", "call",
    "profile", "invite", "join", "meet", "search", "email", "emails", "mail", "tag", "tags", "l",
    "updates", "fetchshortprofile",
};

static bool
is_known_word(const char *word)
{
    return bsearch(word, ts_path_words, ts_path_word_count, sizeof ts_path_words[0], compare_word) != NULL;
}

/* "v1", "v1.0", "v2.0" */
static bool
is_version(const char *word)
{
    size_t i = 1;

    if (word[0] != 'v' || !g_ascii_isdigit(word[1]))
        return false;
    while (g_ascii_isdigit(word[i]) || (word[i] == '.' && g_ascii_isdigit(word[i + 1])))
        i++;
    return word[i] == '\0' && i <= 5;
}

static bool
is_collection(const char *word)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(collections); i++)
        if (strcmp(word, collections[i]) == 0)
            return true;
    return false;
}

/* No other word, however harmless it looks or wherever it stands: "/contoso", "/api/contoso", "/me/ada". */
static bool
may_be_shown(const char *word, const ts_path_result *result)
{
    const segment part = { word, strlen(word) };

    return is_known_word(word) || is_version(word) || (result->front_door && (is_collection(word) || is_region(&part))) ||
        (result->region[0] != '\0' && strcmp(word, result->region) == 0);
}

static void
lower_word(const segment *part, char word[WORD_MAX + 1])
{
    /* Too long for a word: what stands for it is none. */
    if (part->length > WORD_MAX) {
        memcpy(word, "-", 2);
        return;
    }
    for (size_t i = 0; i < part->length; i++)
        word[i] = g_ascii_tolower(part->at[i]);
    word[part->length] = '\0';
}

void
ts_path_mask(const char *uri, const ts_path_result *result, char shown[TS_PATH_SHOWN_MAX])
{
    size_t length, out = 0;
    const char *at = ts_path_only(uri, &length);
    const char *end = at + length;
    char word[WORD_MAX + 1];
    segment part;

    shown[0] = '\0';
    for (unsigned n = 0; next_segment(&at, end, &part); n++) {
        if (n == SEGMENTS_MAX || out + WORD_MAX + sizeof "//..." > TS_PATH_SHOWN_MAX) {
            memcpy(shown + out, "/...", sizeof "/...");
            return;
        }
        lower_word(&part, word);
        if (may_be_shown(word, result))
            out += (size_t)snprintf(shown + out, TS_PATH_SHOWN_MAX - out, "/%.*s", (int)part.length, part.at);
        else
            out += (size_t)snprintf(shown + out, TS_PATH_SHOWN_MAX - out, "/{id}");
    }
    if (out == 0)
        memcpy(shown, "/", sizeof "/");
}
