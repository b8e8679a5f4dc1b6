/* names_tokens.c
 * Regions, datacenters and environments in the labels of a name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/names_index.h"

#include <glib.h>
#include <string.h>

#include "core/names_data.h"

#define TOKEN_MAX   24u     /* no token is longer; the generator's limit is a label's */
#define GLUED_MAX   1024u

/* A run of characters of a name. */
typedef struct {
    const char *text;
    size_t length;
} part;

/* One part of a label, split at '-', and what is around it. */
typedef struct {
    part self;
    part before;        /* empty at the start of a label */
    part after;         /* empty at the end of a label */
    part next_label;
    bool first_label;
} place;

/* Which of two regions of one name is nearer to the host. */
enum { RANK_NONE, RANK_EXO, RANK_GEO, RANK_AZURE_3, RANK_AZURE, RANK_AZURE_LONG };

typedef struct {
    ts_name_result *info;
    int rank;           /* of info->region */
} reading;

/* ---- the dictionary ---- */

static GHashTable *dictionary;                  /* of each token: its first row, plus one */
static uint16_t glued_from[257];                /* by first character, in glued */
static struct {
    uint16_t row;                               /* of a token that may be glued to others */
    uint16_t length;
} glued[GLUED_MAX];

static bool
equals(part text, const char *word)
{
    return strlen(word) == text.length && memcmp(word, text.text, text.length) == 0;
}

/* Short geographies would make "usage" of "us" and "age". */
static bool
may_be_glued(size_t row)
{
    switch (ts_token_kinds[row]) {
    case TS_TOKEN_PART:
    case TS_TOKEN_ENVIRONMENT:
    case TS_TOKEN_AZURE_REGION_3:
    case TS_TOKEN_AZURE_REGION_LONG:
        return true;
    case TS_TOKEN_GEO:
        return strlen(ts_token_rows[row].token) >= 4;
    default:
        return false;
    }
}

static void
build_dictionary(void)
{
    size_t count = 0;

    g_return_if_fail(ts_token_count < GLUED_MAX);
    dictionary = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = ts_token_count; i-- > 0;) {
        if (ts_token_kinds[i] != TS_TOKEN_OTHER)
            g_hash_table_insert(dictionary, (gpointer)ts_token_rows[i].token, GSIZE_TO_POINTER(i + 1));
    }
    /* Rows are sorted by token, so those of one first character stand together. */
    for (unsigned c = 0, i = 0; c < 256; c++) {
        glued_from[c] = (uint16_t)count;
        for (; i < ts_token_count && (uint8_t)ts_token_rows[i].token[0] == c; i++) {
            if (may_be_glued(i)) {
                glued[count].row = (uint16_t)i;
                glued[count++].length = (uint16_t)strlen(ts_token_rows[i].token);
            }
        }
    }
    glued_from[256] = (uint16_t)count;
}

static void
dictionary_ready(void)
{
    static gsize done;

    if (g_once_init_enter(&done)) {
        build_dictionary();
        g_once_init_leave(&done, 1);
    }
}

/* The first row of the token, ts_token_count where it is none. */
static size_t
find_token(part text)
{
    if (text.length < 2 || text.length > TOKEN_MAX)
        return ts_token_count;

    char word[TOKEN_MAX + 1];

    memcpy(word, text.text, text.length);
    word[text.length] = '\0';
    const size_t found = GPOINTER_TO_SIZE(g_hash_table_lookup(dictionary, word));
    return found > 0 ? found - 1 : ts_token_count;
}

static const ts_token_row *
find_kind(part text, uint8_t kind)
{
    for (size_t i = find_token(text); i < ts_token_count && equals(text, ts_token_rows[i].token); i++) {
        if (ts_token_kinds[i] == kind)
            return &ts_token_rows[i];
    }
    return NULL;
}

/* ---- what a token may stand for at its place ---- */

static bool
is_one_of(part text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (equals(text, words[i]))
            return true;
    }
    return false;
}

/*
 * Two letters are a country or a geography only where the grammar has one:
 * "in" is India in in-prod.asyncgw and a word in in.appcenter.ms.
 */
static bool
geo_fits(const place *at, const ts_name_row *row)
{
    static const char *const followers[] = {
        "api", "prod", "client", "server", "storage", "distr", "teams", "ic3", "mobile", "v10", "v20"
    };
    static const char *const leaders[] = { "go", "api", "gateway", "prod", "geo", "ss" };
    static const char *const variants[] = { "teams", "skype" };

    if (at->self.length > 2)
        return true;
    if (at->before.length == 0)
        return at->after.length == 0 ? at->first_label && row->match != TS_MATCH_EXACT :
            is_one_of(at->after, followers, G_N_ELEMENTS(followers)) || find_kind(at->after, TS_TOKEN_ENVIRONMENT) != NULL;
    return is_one_of(at->before, leaders, G_N_ELEMENTS(leaders)) &&
        (at->after.length == 0 || is_one_of(at->after, variants, G_N_ELEMENTS(variants)));
}

/* bn3p-client-dc, db5-client-s; and whole labels in the chains of the old messenger. */
static bool
datacenter_fits(const place *at, const ts_name_row *row)
{
    if (at->before.length > 0 || !at->first_label || at->self.length != 3)
        return false;
    return equals(at->after, "client") || (at->after.length == 0 && row->service == TS_SERVICE_CHAT);
}

static int
region_rank(const place *at, const ts_name_row *row, uint8_t kind)
{
    /* Exchange's geographies stand before loki.delve: "aus" is Australia there. */
    const bool exchange = equals(at->next_label, "loki");

    switch (kind) {
    case TS_TOKEN_AZURE_REGION_LONG: return RANK_AZURE_LONG;
    case TS_TOKEN_AZURE_REGION:      return RANK_AZURE;
    case TS_TOKEN_AZURE_REGION_3:    return exchange ? RANK_NONE : RANK_AZURE_3;
    case TS_TOKEN_GEO:               return geo_fits(at, row) ? RANK_GEO : RANK_NONE;
    case TS_TOKEN_EXO_GEO:           return exchange ? RANK_EXO : RANK_NONE;
    default:                         return RANK_NONE;
    }
}

static void
take(reading *into, const place *at, size_t index)
{
    const ts_name_row *row = into->info->row;
    const ts_token_row *token = &ts_token_rows[index];
    const uint8_t kind = ts_token_kinds[index];

    if (token->canonical[0] == '\0' || (row->tokens == TS_TOKENS_REGION && kind != TS_TOKEN_AZURE_REGION_LONG))
        return;
    if (kind == TS_TOKEN_ENVIRONMENT) {
        into->info->environment = token;
    } else if (kind == TS_TOKEN_O365_DC) {
        if (datacenter_fits(at, row))
            into->info->datacenter = token;
    } else {
        const int rank = region_rank(at, row, kind);

        /* <region>.cloudapp.azure.com is Azure's own label, what stands before it is not. */
        if (rank > into->rank || (rank == RANK_AZURE_LONG && rank == into->rank)) {
            into->rank = rank;
            into->info->region = token;
        }
    }
}

/* ---- parts ---- */

/*
 * Words that are glued together and end in digits: skypedata prd col neu 04.
 * Fills rows with what they are; the number of words, 0 where some are unknown.
 */
static unsigned
split_glued(part text, uint16_t *rows, unsigned room)
{
    const uint8_t first = (uint8_t)text.text[0];

    if (room == 0)
        return 0;
    /* Backwards: longer tokens sort behind their beginnings, and eus2 is not eus. */
    for (unsigned i = glued_from[first + 1u]; i-- > glued_from[first];) {
        const size_t length = glued[i].length;

        if (length > text.length || memcmp(ts_token_rows[glued[i].row].token, text.text, length) != 0)
            continue;

        part rest = { text.text + length, text.length - length };
        while (rest.length > 0 && g_ascii_isdigit(rest.text[0])) {
            rest.text++;
            rest.length--;
        }
        const unsigned more = rest.length == 0 ? 0 : split_glued(rest, rows + 1, room - 1);
        if (rest.length == 0 || more > 0) {
            rows[0] = glued[i].row;
            return more + 1;
        }
    }
    return 0;
}

static void
read_part(reading *into, const place *at)
{
    uint16_t words[6];
    const part text = at->self;
    size_t i = find_token(text);

    if (i < ts_token_count) {
        for (; i < ts_token_count && equals(text, ts_token_rows[i].token); i++)
            take(into, at, i);
    } else if (text.length == 4 && text.text[3] == 'p' && equals(at->after, "client")) {
        place shorter = *at;

        shorter.self.length = 3;
        read_part(into, &shorter);
    } else if (text.length > 3) {
        const unsigned count = split_glued(text, words, G_N_ELEMENTS(words));

        for (unsigned w = 0; w < count; w++)
            take(into, at, words[w]);
    }
}

static part
cut(const char *from, const char *end, char at)
{
    const char *stop = (const char *)memchr(from, at, (size_t)(end - from));

    return (part) { from, (size_t)((stop != NULL ? stop : end) - from) };
}

static part
label_at(const ts_name_text *name, size_t from_left)
{
    const size_t i = name->labels - 1 - from_left;
    const size_t end = i == 0 ? name->length : name->start[i - 1] - 1u;

    return (part) { name->text + name->start[i], end - name->start[i] };
}

static void
read_label(reading *into, part label, part next_label, bool first)
{
    const char *end = label.text + label.length;
    place at = { .next_label = next_label, .first_label = first, .self = cut(label.text, end, '-') };

    for (;;) {
        const char *rest = at.self.text + at.self.length;

        at.after = rest < end ? cut(rest + 1, end, '-') : (part) { end, 0 };
        read_part(into, &at);
        if (rest >= end)
            return;
        at.before = at.self;
        at.self = at.after;
    }
}

/* ---- Lync and Skype for Business ---- */

static bool
starts_with(part *text, const char *word)
{
    const size_t length = strlen(word);

    if (text->length < length || memcmp(text->text, word, length) != 0)
        return false;
    text->text += length;
    text->length -= length;
    return true;
}

/* "2a" or "au1" */
static bool
is_forest(part text)
{
    return (text.length == 2 && g_ascii_isdigit(text.text[0]) && g_ascii_isalpha(text.text[1])) ||
        (text.length == 3 && g_ascii_isalpha(text.text[0]) && g_ascii_isalpha(text.text[1]) &&
         g_ascii_isdigit(text.text[2]));
}

static void
set_forest(ts_name_result *info, part forest)
{
    for (size_t i = 0; i < forest.length; i++)
        info->forest[i] = g_ascii_toupper(forest.text[i]);
    info->forest[forest.length] = '\0';
    info->region = find_kind(forest, TS_TOKEN_SFB_FOREST);
}

/* dm12a17: datacenter DM1, forest 2A, pool 17 */
static bool
read_pool(ts_name_result *info, part text)
{
    if (text.length != 7 && text.length != 8)
        return false;

    const part datacenter = { text.text, 3 };
    const part forest = { text.text + 3, text.length - 5 };
    const char *number = text.text + text.length - 2;
    if (!g_ascii_isalpha(text.text[0]) || !g_ascii_isalpha(text.text[1]) || !g_ascii_isalnum(text.text[2]) ||
        !is_forest(forest) || !g_ascii_isdigit(number[0]) || !g_ascii_isdigit(number[1]))
        return false;

    info->datacenter = find_kind(datacenter, TS_TOKEN_O365_DC);
    if (info->datacenter == NULL)
        info->datacenter = find_kind((part) { text.text, 2 }, TS_TOKEN_O365_DC);
    info->pool = (int16_t)((number[0] - '0') * 10 + (number[1] - '0'));
    set_forest(info, forest);
    return true;
}

/* Directors and pools; those outside the test ring are production. */
static bool
read_lync(const ts_name_text *name, ts_name_result *info)
{
    part host = label_at(name, 0);
    const part zone = label_at(name, 1);
    bool found = false;

    if (equals(zone, "infra") && (starts_with(&host, "webpool") || starts_with(&host, "sippool"))) {
        found = read_pool(info, host);
    } else if ((equals(zone, "online") || equals(zone, "tip")) &&
               (starts_with(&host, "webdir") || starts_with(&host, "sipdir")) && is_forest(host)) {
        set_forest(info, host);
        found = true;
    }
    if (found)
        info->environment = find_kind(equals(zone, "tip") ? zone : (part) { "prod", 4 }, TS_TOKEN_ENVIRONMENT);
    return found;
}

void
ts_tokens_read(const ts_name_text *name, ts_name_result *info)
{
    reading into = { .info = info };

    if (info->row->tokens == TS_TOKENS_NONE || name->labels < 3)
        return;
    dictionary_ready();
    if (info->row->product == TS_PRODUCT_SFB_ONLINE && read_lync(name, info))
        return;
    /* The last two labels are the zone: "us" and "de" there are top level domains. */
    for (size_t i = 0; i + 2 < name->labels; i++)
        read_label(&into, label_at(name, i), label_at(name, i + 1), i == 0);
}
