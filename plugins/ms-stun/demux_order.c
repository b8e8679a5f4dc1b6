/* demux_order.c
 * Stays first in the heuristic lists, whatever else a capture holds
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Stock moves the heuristic that matched last to the head of its list, for
 * the rest of the process: one classic STUN packet of some host would then
 * take the MS-TURN messages of another. So after a frame in which we were
 * asked and declined, our heuristic goes back to the head, by stock's own
 * means: those before it are made to decline while the list is tried once,
 * and ours accepts. Entries are never deleted and added anew, since stock
 * keeps pointers to them with frames.
 */

#include "demux_private.h"

#define MAX_BEFORE 32   /* matched since the last time; more than one only where frames hold several packets */

typedef struct {
    const char *name;
    heur_dissector_t dissector;     /* ours; NULL: not registered */
    const char *parent;             /* the protocol whose payload the list is for, where "data" after it says that none matched */
    int proto_parent;
    bool declined;                  /* since the list was in order */
} heuristic_list;

static heuristic_list lists[] = {
    { .name = "udp", .parent = "udp" },
    { .name = "tcp", .parent = "tcp" },
    { .name = "stun" },
    { .name = "classicstun" },
};

static bool moving;
static bool any_declined;
static int proto_data = -1;

void
ts_heuristic_add(const char *list, heur_dissector_t dissector, const char *title, const char *name)
{
    for (unsigned i = 0; i < array_length(lists); i++) {
        if (strcmp(lists[i].name, list) != 0)
            continue;
        lists[i].dissector = dissector;
        lists[i].proto_parent = lists[i].parent == NULL ? -1 : proto_get_id_by_filter_name(lists[i].parent);
    }
    proto_data = proto_get_id_by_filter_name("data");
    heur_dissector_add(list, dissector, title, name, ts_demux.proto, HEURISTIC_ENABLE);
}

bool
ts_heuristic_is_moving(void)
{
    return moving;
}

bool
ts_heuristic_result(const packet_info *pinfo, bool taken)
{
    if (taken)
        return true;
    for (unsigned i = 0; i < array_length(lists); i++) {
        if (strcmp(lists[i].name, pinfo->heur_list_name) == 0)
            lists[i].declined = any_declined = true;
    }
    return false;
}

/*
 * Heuristics add a layer for their protocol. Ours only hands on to stock, so
 * it takes itself out of the layers: frame.protocols and layer counts stay
 * what stock makes of the frame. A protocol in name only does not help: lists
 * of heuristics add the layer of those too. (Stock removes layers beyond the count it
 * saved, so one that is gone already does no harm.)
 */
void
ts_demux_drop_own_layer(packet_info *pinfo)
{
    wmem_list_frame_t *last = wmem_list_tail(pinfo->layers);

    if (last == NULL || GPOINTER_TO_INT(wmem_list_frame_data(last)) != ts_demux.proto)
        return;
    wmem_list_remove_frame(pinfo->layers, last);
    pinfo->curr_layer_num--;

    int *count = (int *)wmem_map_lookup(pinfo->proto_layers, GINT_TO_POINTER(ts_demux.proto));
    if (count != NULL && *count > 0)
        (*count)--;
}

/* Did every payload of that protocol in the frame remain data? */
static bool
is_all_data(const packet_info *pinfo, int parent)
{
    for (wmem_list_frame_t *layer = wmem_list_head(pinfo->layers); layer != NULL; layer = wmem_list_frame_next(layer)) {
        const wmem_list_frame_t *next = wmem_list_frame_next(layer);

        if (GPOINTER_TO_INT(wmem_list_frame_data(layer)) == parent &&
            (next == NULL || GPOINTER_TO_INT(wmem_list_frame_data(next)) != proto_data))
            return false;
    }
    return true;
}

static ws_bool
decline(tvbuff_t *tvb _U_, packet_info *pinfo _U_, proto_tree *tree _U_, void *data _U_)
{
    return false;
}

typedef struct {
    heur_dissector_t own;
    heur_dtbl_entry_t *before[MAX_BEFORE];
    heur_dissector_t dissectors[MAX_BEFORE];
    unsigned count;
    bool found;
} list_head;

/* Called for each entry of a list, in its order. */
static void
collect_before(const char *list _U_, heur_dtbl_entry_t *entry, void *data)
{
    list_head *head = (list_head *)data;

    if (head->found || entry->dissector == head->own) {
        head->found = true;
        return;
    }
    if (head->count < MAX_BEFORE) {
        head->before[head->count] = entry;
        head->dissectors[head->count] = entry->dissector;
    }
    head->count++;
}

static void
move_to_head(const heuristic_list *list, tvbuff_t *tvb, packet_info *pinfo)
{
    list_head head = { .own = list->dissector };
    heur_dtbl_entry_t *matched;

    heur_dissector_table_foreach(list->name, collect_before, &head);
    if (!head.found || head.count == 0 || head.count > MAX_BEFORE)
        return;
    for (unsigned i = 0; i < head.count; i++)
        head.before[i]->dissector = decline;
    moving = true;
    dissector_try_heuristic(find_heur_dissector_list(list->name), tvb, pinfo, NULL, &matched, NULL);
    moving = false;
    for (unsigned i = 0; i < head.count; i++)
        head.before[i]->dissector = head.dissectors[i];
}

void
ts_heuristic_restore_order(tvbuff_t *tvb, packet_info *pinfo)
{
    if (!any_declined)
        return;
    any_declined = false;
    for (unsigned i = 0; i < array_length(lists); i++) {
        if (!lists[i].declined)
            continue;
        lists[i].declined = false;
        if (lists[i].proto_parent <= 0 || !is_all_data(pinfo, lists[i].proto_parent))
            move_to_head(&lists[i], tvb, pinfo);
    }
}
