/* json.c
 * Is a text one JSON value (RFC 8259)? Wireshark's own check gives up at 1024 tokens
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include <glib.h>

#include "json.h"

#define DEPTH_MAX 64

static bool skip_value(const char **at, unsigned depth);

static void
skip_space(const char **at)
{
    *at += strspn(*at, " \t\r\n");
}

static bool
skip_word(const char **at, const char *word)
{
    if (!g_str_has_prefix(*at, word))
        return false;
    *at += strlen(word);
    return true;
}

static bool
skip_string(const char **at)
{
    const char *c = *at + 1;

    if (**at != '"')
        return false;
    for (; *c != '"'; c++) {
        if ((unsigned char)*c < 0x20)
            return false;
        if (*c == '\\') {
            c++;
            if (*c == 'u') {
                for (unsigned i = 0; i < 4; i++)
                    if (!g_ascii_isxdigit(*++c))
                        return false;
            } else if (*c == '\0' || strchr("\"\\/bfnrt", *c) == NULL)
                return false;
        }
    }
    *at = c + 1;
    return true;
}

static bool
skip_digits(const char **at)
{
    const size_t digits = strspn(*at, "0123456789");

    *at += digits;
    return digits > 0;
}

static bool
skip_number(const char **at)
{
    skip_word(at, "-");
    const char *first = *at;
    if (!skip_digits(at) || (first[0] == '0' && *at - first > 1))
        return false;
    if (skip_word(at, ".") && !skip_digits(at))
        return false;
    if (skip_word(at, "e") || skip_word(at, "E")) {
        if (!skip_word(at, "+"))
            skip_word(at, "-");
        return skip_digits(at);
    }
    return true;
}

/* An array, or an object, whose members have names. */
static bool
skip_members(const char **at, const char *end, unsigned depth)
{
    *at += 1;
    skip_space(at);
    if (skip_word(at, end))
        return true;
    do {
        skip_space(at);
        if (*end == '}') {
            if (!skip_string(at))
                return false;
            skip_space(at);
            if (!skip_word(at, ":"))
                return false;
        }
        if (!skip_value(at, depth + 1))
            return false;
        skip_space(at);
    } while (skip_word(at, ","));
    return skip_word(at, end);
}

static bool
skip_value(const char **at, unsigned depth)
{
    skip_space(at);
    if (depth > DEPTH_MAX)
        return false;
    switch (**at) {
    case '{': return skip_members(at, "}", depth);
    case '[': return skip_members(at, "]", depth);
    case '"': return skip_string(at);
    case 't': return skip_word(at, "true");
    case 'f': return skip_word(at, "false");
    case 'n': return skip_word(at, "null");
    default:  return skip_number(at);
    }
}

bool
is_json(const char *text)
{
    const char *at = text;

    if (!skip_value(&at, 0))
        return false;
    skip_space(&at);
    return *at == '\0';
}
