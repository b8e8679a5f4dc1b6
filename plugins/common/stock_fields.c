/* stock_fields.c
 * Fields of stock dissectors that a postdissector asks for and reads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/stock_fields.h"

#include <string.h>

#include <epan/ftypes/ftypes.h>

#include "common/text.h"

/* ---- asking ---- */

static struct {
    dissector_handle_t postdissector;
    GArray *fields;
    GArray *more;           /* asked for in this file */
    const GArray *for_now;  /* asked for until another set is, or NULL */
} wanted_fields;

/* At the start of each file it is known what the user disabled. Wireshark frees what it got before. */
static void
ask(void)
{
    const bool enabled = proto_is_protocol_enabled(find_protocol_by_id(
        dissector_handle_get_protocol_index(wanted_fields.postdissector)));

    g_array_set_size(wanted_fields.more, 0);
    wanted_fields.for_now = NULL;
    set_postdissector_wanted_hfids(wanted_fields.postdissector, enabled ? g_array_copy(wanted_fields.fields) : NULL);
}

/* Each once: Wireshark asks each of each frame. */
static void
append_new(GArray *all, const GArray *fields)
{
    for (unsigned i = 0; i < fields->len; i++) {
        const int id = g_array_index(fields, int, i);
        bool has = false;

        for (unsigned k = 0; k < all->len && !has; k++)
            has = g_array_index(all, int, k) == id;
        if (!has)
            g_array_append_val(all, id);
    }
}

static void
ask_for_all(void)
{
    GArray *all = g_array_new(FALSE, FALSE, (unsigned)sizeof(int));

    append_new(all, wanted_fields.fields);
    append_new(all, wanted_fields.more);
    if (wanted_fields.for_now != NULL)
        append_new(all, wanted_fields.for_now);
    set_postdissector_wanted_hfids(wanted_fields.postdissector, all);
}

void
ts_want_more_fields(const GArray *more)
{
    g_array_append_vals(wanted_fields.more, more->data, more->len);
    ask_for_all();
}

void
ts_want_fields_for_now(const GArray *fields)
{
    wanted_fields.for_now = fields;
    ask_for_all();
}

void
ts_want_fields(dissector_handle_t postdissector, GArray *wanted)
{
    const bool registered = wanted_fields.fields != NULL;

    if (registered)
        g_array_free(wanted_fields.fields, TRUE);
    wanted_fields.postdissector = postdissector;
    wanted_fields.fields = wanted;
    if (!registered) {
        wanted_fields.more = g_array_new(FALSE, FALSE, (unsigned)sizeof(int));
        register_init_routine(ask);
    }
}

/* ---- reading ---- */

ts_stock_field
ts_stock_field_wanted(GArray *wanted, const char *name)
{
    ts_stock_field field = { .count = 0 };
    const header_field_info *info = proto_registrar_get_byname(name);

    while (info != NULL && info->same_name_prev_id != -1)
        info = proto_registrar_get_nth((unsigned)info->same_name_prev_id);
    for (; info != NULL && field.count < TS_FIELD_IDS_MAX; info = info->same_name_next) {
        field.ids[field.count++] = info->id;
        g_array_append_val(wanted, info->id);
    }
    return field;
}

const field_info *
ts_stock_field_at(proto_tree *tree, const ts_stock_field *field, unsigned n)
{
    for (unsigned i = 0; ts_has_wanted_fields(tree) && i < field->count; i++) {
        const GPtrArray *found = proto_get_finfo_ptr_array(tree, field->ids[i]);

        if (found == NULL)
            continue;
        if (n < found->len)
            return (const field_info *)g_ptr_array_index(found, n);
        n -= found->len;
    }
    return NULL;
}

bool
ts_stock_field_present(proto_tree *tree, const ts_stock_field *field)
{
    return ts_stock_field_at(tree, field, 0) != NULL;
}

bool
ts_stock_field_number(proto_tree *tree, const ts_stock_field *field, uint32_t *value)
{
    const field_info *found = ts_stock_field_at(tree, field, 0);

    if (found == NULL)
        return false;
    *value = fvalue_get_uinteger(ws_finfo_value((field_info *)found));
    return true;
}

const char *
ts_stock_field_text(packet_info *pinfo, proto_tree *tree, const ts_stock_field *field)
{
    const field_info *found = ts_stock_field_at(tree, field, 0);
    const char *text = found == NULL ? NULL : fvalue_get_string(ws_finfo_value((field_info *)found));

    return text == NULL ? NULL : ts_clean_text(pinfo->pool, wmem_strdup(pinfo->pool, text));
}

/* ---- walking ---- */

ts_stock_walk
ts_stock_walk_new(void)
{
    static const char *const carriers[] = { "frame", "eth", "ip", "ipv6", "tcp", "udp" };
    const ts_stock_walk walk = { g_byte_array_new() };

    for (size_t i = 0; i < array_length(carriers); i++)
        ts_stock_walk_add(&walk, proto_get_id_by_filter_name(carriers[i]), TS_STOCK_WALK_PASS_OVER);
    return walk;
}

void
ts_stock_walk_add(const ts_stock_walk *walk, int id, uint8_t number)
{
    const unsigned before = walk->numbers->len;

    if (id < 0)
        return;
    if ((unsigned)id >= before) {
        g_byte_array_set_size(walk->numbers, (unsigned)id + 1);
        memset(walk->numbers->data + before, TS_STOCK_WALK_NONE, (unsigned)id + 1 - before);
    }
    walk->numbers->data[id] = number;
}
