/* text.c
 * Text that a sender chose, as text to show
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/text.h"

#include <glib.h>

bool
ts_is_character(gunichar c)
{
    return c <= 0x10ffff;
}

bool
ts_is_visible(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SURROGATE:
        return false;
    default:
        return true;
    }
}

/* Below 128 as stock writes it in labels. */
static void
append_escaped(wmem_strbuf_t *out, gunichar c)
{
    if (c == '\n')
        wmem_strbuf_append(out, "\\n");
    else if (c == '\r')
        wmem_strbuf_append(out, "\\r");
    else if (c == '\t')
        wmem_strbuf_append(out, "\\t");
    else
        wmem_strbuf_append_printf(out, c < 0x80 ? "\\%03o" : "\\u%04x", c);
}

const char *
ts_clean_text(wmem_allocator_t *scope, const char *text)
{
    const char *at = text;

    while (*at != '\0' && ts_is_character(g_utf8_get_char_validated(at, -1)) && ts_is_visible(g_utf8_get_char(at)))
        at = g_utf8_next_char(at);
    if (*at == '\0')
        return text;

    wmem_strbuf_t *out = wmem_strbuf_new(scope, "");

    for (at = text; *at != '\0'; ) {
        const gunichar c = g_utf8_get_char_validated(at, -1);

        if (!ts_is_character(c)) {
            wmem_strbuf_append_printf(out, "\\x%02x", (unsigned)(unsigned char)*at++);
            continue;
        }
        if (ts_is_visible(c))
            wmem_strbuf_append_unichar(out, c);
        else
            append_escaped(out, c);
        at = g_utf8_next_char(at);
    }
    return wmem_strbuf_finalize(out);
}
