/* anonymous.c
 * Who it was, taken out of reports: client-1, peer-2, tenant-1
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Works on the texts that reports write, so that no report can forget it: a
 * text is cut into words, and a word that is an address or a name is looked up.
 * What a stranger said in words of his own (an issuer of certificates) is
 * known to the model.
 */

#include "report/util.h"

#include <string.h>

#include <epan/to_str.h>
#include <wsutil/inet_addr.h>

#include "common/endpoint.h"
#include "core/names.h"
#include "preferences.h"
#include "session/connection.h"
#include "tenants.h"

#define DELIMITERS " \t\r\n/,=()<>\"';|&!{}"
#define PATH "<path>"

typedef struct {
    GHashTable *words;          /* kind and text, lower case -> word */
    GHashTable *counts;         /* kind -> how many it has */
    ts_names *names;            /* the shipped taxonomy */
} anonymous_state;

static anonymous_state *state;
static bool asked;

void
report_anonymous_ask(void)
{
    asked = true;
}

bool
report_anonymous_is_asked(void)
{
    return asked || teams_prefs.anonymise;
}

/* Kept for the life of the process: a capture that is read again has the same words. */
static const anonymous_state *
words(void)
{
    if (state == NULL) {
        char *error = NULL;

        state = g_new0(anonymous_state, 1);
        state->words = g_hash_table_new_full(wmem_str_hash, g_str_equal, g_free, g_free);
        state->counts = g_hash_table_new(wmem_str_hash, g_str_equal);
        state->names = ts_names_new(NULL, 0, &error);
        g_free(error);
    }
    return state;
}

/* "client-1": the word for the text; kind is static. */
static const char *
word_for(const char *kind, const char *text)
{
    char *lower = g_ascii_strdown(text, -1);
    char *key = g_strdup_printf("%s %s", kind, lower);
    char *word = (char *)g_hash_table_lookup(words()->words, key);

    g_free(lower);
    if (word != NULL) {
        g_free(key);
        return word;
    }
    const unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(state->counts, kind)) + 1;

    g_hash_table_insert(state->counts, (gpointer)kind, GUINT_TO_POINTER(count));
    word = g_strdup_printf("%s-%u", kind, count);
    g_hash_table_insert(state->words, key, word);
    return word;
}

/* ---- addresses ---- */

/* Nobody's: null, loopback, multicast, all ones. */
static bool
is_nobodys(const address *addr)
{
    static const uint8_t zero[15];
    const uint8_t *bytes = (const uint8_t *)addr->data;

    if (addr->type == AT_IPv4)
        return bytes[0] == 0 || bytes[0] == 127 || bytes[0] >= 224;
    return bytes[0] == 0xFF || (memcmp(bytes, zero, sizeof zero) == 0 && bytes[15] <= 1);
}

static bool is_microsoft_name(const char *name);

static bool
is_microsoft_address(const address *addr)
{
    const teams_model *model = teams_model_get();
    const teams_host *host = (const teams_host *)wmem_map_lookup(model->hosts, addr);

    if (ts_address_prefix_at(addr, &model->last) != NULL)
        return true;
    return host != NULL && host->learned != NULL && !ts_address_is_private(addr) && is_microsoft_name(host->learned->name);
}

static void
append_address(GString *out, const address *addr, const char *text)
{
    teams_model *model = teams_model_get();
    const teams_client *client = teams_client_of(model, NULL, addr, false);

    if (client != NULL) {
        char *known = address_to_str(NULL, &client->addr);

        g_string_append(out, word_for("client", known));
        wmem_free(NULL, known);
    } else if (is_nobodys(addr) || is_microsoft_address(addr))
        g_string_append(out, text);
    else
        g_string_append(out, word_for(wmem_map_lookup(model->hosts, addr) != NULL ? "peer" : "host", text));
}

static bool
add_address(GString *out, const char *text)
{
    ws_in4_addr ipv4;
    ws_in6_addr ipv6;
    address addr;

    if (ws_inet_pton4(text, &ipv4))
        set_address(&addr, AT_IPv4, sizeof ipv4, &ipv4);
    else if (ws_inet_pton6(text, &ipv6))
        set_address(&addr, AT_IPv6, sizeof ipv6, &ipv6);
    else
        return false;
    append_address(out, &addr, text);
    return true;
}

/* ---- names ---- */

static const ts_name_row *
row_of(const char *name)
{
    ts_name_result result;

    return words()->names != NULL && ts_names_classify(state->names, name, strlen(name), &result) ? result.row : NULL;
}

static bool
is_microsoft_row(const ts_name_row *row)
{
    return row != NULL && row->trust != TS_TRUST_CUSTOMER && row->tokens == TS_TOKENS_ALL;
}

static bool
is_microsoft_name(const char *name)
{
    return is_microsoft_row(row_of(name));
}

/* Field names are no names of hosts, and numbers none. The last part of a name may be "xn--p1ai", and inside a company anything. */
static bool
is_name(const char *text)
{
    const char *last = strrchr(text, '.');

    if (last == NULL || last == text || strlen(last) < 3 || g_ascii_isdigit(last[1]) || proto_registrar_get_byname(text) != NULL)
        return false;
    for (const char *c = last + 1; *c != '\0'; c++)
        if (g_ascii_ispunct(*c) && *c != '-' && *c != '_')
            return false;
    return true;
}

/* The customer's part of "contoso-my.sharepoint.com" and of "contoso.com" is the same one. */
static const char *
tenant_word(const char *part, size_t length)
{
    char *whole = g_strndup(part, length);
    char *key = g_strndup(whole, strcspn(whole, "."));
    const char *word;

    if (g_str_has_suffix(key, "-my"))
        key[strlen(key) - strlen("-my")] = '\0';
    else if (g_str_has_suffix(key, "-admin"))
        key[strlen(key) - strlen("-admin")] = '\0';
    word = word_for("tenant", key[0] == '\0' ? whole : key);
    g_free(key);
    g_free(whole);
    return word;
}

static void
append_name(GString *out, const char *name)
{
    size_t from, length;

    if (teams_tenant_part(name, &from, &length) && name[length] != '\0') {
        g_string_append_len(out, name, (gssize)from);
        g_string_append(out, tenant_word(name + from, length));
        g_string_append(out, name + from + length);
        return;
    }
    const ts_name_row *row = row_of(name);

    if (is_microsoft_row(row))
        g_string_append(out, name);
    else if (row != NULL && row->match == TS_MATCH_SUFFIX && g_ascii_strcasecmp(name, row->pattern) == 0)
        g_string_append(out, name);
    else if (row != NULL && row->match == TS_MATCH_SUFFIX)
        g_string_append_printf(out, "%s.%s",
            word_for(row->product == TS_PRODUCT_M365_SHARED ? "tenant" : "name", name), row->pattern);
    else
        g_string_append(out, word_for("name", name));
}

/* ---- texts ---- */

static void
append_host(GString *out, const char *host)
{
    if (host[0] == '\0' || add_address(out, host))
        return;
    if (is_name(host))
        append_name(out, host);
    else
        g_string_append(out, host);
}

/* "host", "host:port", "[address]:port", an address of IPv6; with the full stop or colon of a sentence. */
static void
append_word(GString *out, const char *begin, size_t length)
{
    const size_t bare = length - (length > 0 && strchr(".:?", begin[length - 1]) != NULL ? 1 : 0);
    char *word = g_strndup(begin, bare);
    char *end = word[0] == '[' ? strchr(word, ']') : NULL;
    ws_in6_addr ipv6;

    if (end != NULL) {
        *end = '\0';
        g_string_append_c(out, '[');
        append_host(out, word + 1);
        g_string_append_printf(out, "]%s", end + 1);
    } else if (ws_inet_pton6(word, &ipv6))
        append_host(out, word);
    else {
        const size_t host = strcspn(word, ":");
        char *alone = g_strndup(word, host);

        append_host(out, alone);
        g_string_append(out, word + host);
        g_free(alone);
    }
    g_string_append_len(out, begin + bare, (gssize)(length - bare));
    g_free(word);
}

/* A quotation mark of the sentence: nothing but its punctuation follows, such as "),". One within a path or a host is anybody's. */
static bool
is_closing(const char *mark)
{
    const char *after = mark + 1;

    for (unsigned i = 0; i < 2 && *after != '\0' && strchr(".:,;)", *after) != NULL; i++)
        after++;
    return *after == '\0' || g_ascii_isspace(*after);
}

static bool
ends_address(const char *at)
{
    return *at == '\0' || g_ascii_isspace(*at) || ((*at == '"' || *at == '\'') && is_closing(at));
}

/* How long the text is up to one of these characters, or to the end of the address. */
static size_t
address_length(const char *text, const char *ends)
{
    size_t length = 0;

    while (!ends_address(text + length) && strchr(ends, text[length]) == NULL)
        length++;
    return length;
}

/* A path may have anybody's name in it. */
static bool
begins_path(const char *text, const char *slash)
{
    return (slash == text || strchr(" \t\"'(", slash[-1]) != NULL) && slash[1] != '/' && !ends_address(slash + 1);
}

/* The end of a path, before what belongs to the sentence. */
static const char *
end_of_path(const char *path)
{
    const char *end = path + address_length(path, "");

    return strchr(".:,;)", end[-1]) != NULL ? end - 1 : end;
}

/* What follows the slashes of an address of the web: perhaps a user, a host, which may have one label alone, and what is asked of it. */
static const char *
append_web(GString *out, const char *at)
{
    const size_t length = address_length(at, "/?#");
    const char *user = g_strrstr_len(at, (gssize)length, "@");
    const char *host = user == NULL ? at : user + 1;
    const size_t label = MIN(strcspn(host, ":."), (size_t)(at + length - host));
    const char *end = at + length;

    if (label > 0 && (host[label] != '.' || host + label + 1 == end) && host[0] != '[') {
        char *alone = g_strndup(host, label);

        g_string_append(out, word_for("name", alone));
        g_string_append_len(out, host + label, end - host - (gssize)label);
        g_free(alone);
    } else
        append_word(out, host, (size_t)(end - host));
    if (*end == '\0' || strchr("/?#", *end) == NULL || (*end == '/' && ends_address(end + 1)))
        return end;
    g_string_append(out, "/" PATH);
    return end_of_path(end);
}

static char *
without_words(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const char *at = text; *at != '\0';) {
        const size_t length = strcspn(at, DELIMITERS);

        append_word(out, at, length);
        at += length;
        if (*at == '\0')
            break;
        if (g_str_has_prefix(at, "//") && at > text && at[-1] == ':') {
            g_string_append(out, "//");
            at = append_web(out, at + 2);
        } else if (*at == '/' && begins_path(text, at)) {
            g_string_append(out, "/" PATH);
            at = end_of_path(at);
        } else
            g_string_append_c(out, *at++);
    }
    return g_string_free(out, FALSE);
}

const char *
report_issuer(const char *issuer)
{
    return report_anonymous_is_asked() && wmem_map_contains(teams_model_get()->strangers, issuer) ? word_for("issuer", issuer) : issuer;
}

/* What comes before a stranger's words in a sentence, some with a quotation mark. The same words elsewhere are the report's: an issuer may be called "the". */
static const char *const leads[] = { TEAMS_ISSUED_BY, TEAMS_INTERCEPTED_BY };

static const char *
next_lead(const char *text, size_t *length)
{
    const char *next = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(leads); i++) {
        const char *found = strstr(text, leads[i]);

        if (found == NULL || (next != NULL && found >= next))
            continue;
        next = found;
        *length = strlen(leads[i]);
        *length += next[*length] == '"';
    }
    return next;
}

/* What strangers said in words of their own: replaced as a whole. */
static char *
without_strangers(const char *text)
{
    GString *result = g_string_new(NULL);
    const char *lead;
    size_t length = 0;

    for (; (lead = next_lead(text, &length)) != NULL; text = lead) {
        lead += length;
        g_string_append_len(result, text, lead - text);
        const char *said = teams_model_find_stranger(teams_model_get(), lead);

        if (said == NULL || g_ascii_isalnum(lead[strlen(said)]))
            continue;
        g_string_append(result, word_for("issuer", said));
        lead += strlen(said);
    }
    g_string_append(result, text);
    return g_string_free(result, FALSE);
}

char *
report_anonymous_text(const char *text)
{
    if (!report_anonymous_is_asked())
        return g_strdup(text);
    char *known = without_strangers(text);
    char *result = without_words(known);

    g_free(known);
    return result;
}
