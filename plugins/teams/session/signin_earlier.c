/* signin_earlier.c
 * Names of shared services that a client asked for just before its sign-in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Clients with a stored account ask for identity first, and for a name of
 * Teams a moment later. What a frame was given on the first pass stays, so the
 * earlier frames are nobody's; the sign-in remembers what they said.
 */

#include "session/signin.h"

/* How long before a sign-in, in seconds, and how many messages of a client. */
#define EARLIER_WINDOW  60.0
#define EARLIER_MAX     32

static void
drop_first(wmem_list_t *names)
{
    wmem_list_frame_t *first = wmem_list_head(names);

    wmem_free(wmem_file_scope(), wmem_list_frame_data(first));
    wmem_list_remove_frame(names, first);
}

static bool
first_is_too_old(const wmem_list_t *names, const nstime_t *now)
{
    const teams_sighting *first = (const teams_sighting *)wmem_list_frame_data(wmem_list_head(names));

    return ts_seconds(&first->time, now) > EARLIER_WINDOW;
}

static void
drop_old(wmem_list_t *names, const nstime_t *now)
{
    while (wmem_list_count(names) > 0 && first_is_too_old(names, now))
        drop_first(names);
}

void
teams_signin_note_earlier(teams_model *model, const packet_info *pinfo, const address *who, const ts_name_info *info, const char *endpoint)
{
    const teams_name_weight weight = teams_name_class_weigh(info->whole);

    if (weight < TEAMS_NAME_SHARED || weight == TEAMS_NAME_CLIENT)
        return;
    wmem_list_t *names = (wmem_list_t *)wmem_map_lookup(model->earlier_names, teams_client_address(model, pinfo, who));

    if (names == NULL) {
        address *key = wmem_new0(wmem_file_scope(), address);

        copy_address_wmem(wmem_file_scope(), key, teams_client_address(model, pinfo, who));
        names = wmem_list_new(wmem_file_scope());
        wmem_map_insert(model->earlier_names, key, names);
    }
    drop_old(names, &pinfo->abs_ts);
    if (wmem_list_count(names) == EARLIER_MAX)
        drop_first(names);
    teams_sighting *seen = wmem_new(wmem_file_scope(), teams_sighting);

    *seen = (teams_sighting) { .info = info, .frame = pinfo->num, .time = pinfo->abs_ts, .endpoint = endpoint };
    wmem_list_append(names, seen);
}

const wmem_list_t *
teams_signin_take_earlier(teams_model *model, const address *who, const nstime_t *now)
{
    wmem_list_t *names = (wmem_list_t *)wmem_map_remove(model->earlier_names, who);

    if (names != NULL)
        drop_old(names, now);
    return names;
}
