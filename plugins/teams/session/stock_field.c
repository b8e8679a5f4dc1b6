/* stock_field.c
 * Fields of stock dissectors that are read off the tree
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/stock_field.h"
#include "common/text.h"

#include <epan/ftypes/ftypes.h>

teams_stock_field
teams_stock_field_wanted(GArray *wanted, const char *name)
{
    teams_stock_field field = { .count = 0 };
    const header_field_info *info = proto_registrar_get_byname(name);

    while (info != NULL && info->same_name_prev_id != -1)
        info = proto_registrar_get_nth((unsigned)info->same_name_prev_id);
    for (; info != NULL && field.count < TEAMS_FIELD_IDS_MAX; info = info->same_name_next) {
        field.ids[field.count++] = info->id;
        g_array_append_val(wanted, info->id);
    }
    return field;
}

const field_info *
teams_stock_field_at(proto_tree *tree, const teams_stock_field *field, unsigned n)
{
    for (unsigned i = 0; tree != NULL && i < field->count; i++) {
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
teams_stock_field_present(proto_tree *tree, const teams_stock_field *field)
{
    return teams_stock_field_at(tree, field, 0) != NULL;
}

bool
teams_stock_field_number(proto_tree *tree, const teams_stock_field *field, uint32_t *value)
{
    const field_info *found = teams_stock_field_at(tree, field, 0);

    if (found == NULL)
        return false;
    *value = fvalue_get_uinteger(ws_finfo_value((field_info *)found));
    return true;
}

const char *
teams_stock_field_text(packet_info *pinfo, proto_tree *tree, const teams_stock_field *field)
{
    const field_info *found = teams_stock_field_at(tree, field, 0);
    const char *text = found == NULL ? NULL : fvalue_get_string(ws_finfo_value((field_info *)found));

    return text == NULL ? NULL : ts_clean_text(pinfo->pool, wmem_strdup(pinfo->pool, text));
}
