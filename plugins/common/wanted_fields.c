/* wanted_fields.c
 * Fields that a postdissector reads: asked for only while its protocol is enabled
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/wanted_fields.h"

static struct {
    dissector_handle_t postdissector;
    GArray *fields;
    GArray *more;       /* asked for in this file */
} wanted_fields;

/* At the start of each file it is known what the user disabled. Wireshark frees what it got before. */
static void
ask(void)
{
    const bool enabled = proto_is_protocol_enabled(find_protocol_by_id(
        dissector_handle_get_protocol_index(wanted_fields.postdissector)));

    g_array_set_size(wanted_fields.more, 0);
    set_postdissector_wanted_hfids(wanted_fields.postdissector, enabled ? g_array_copy(wanted_fields.fields) : NULL);
}

void
ts_want_more_fields(const GArray *more)
{
    GArray *all = g_array_copy(wanted_fields.fields);

    g_array_append_vals(wanted_fields.more, more->data, more->len);
    g_array_append_vals(all, wanted_fields.more->data, wanted_fields.more->len);
    set_postdissector_wanted_hfids(wanted_fields.postdissector, all);
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
