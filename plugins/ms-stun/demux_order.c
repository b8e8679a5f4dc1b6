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
 * keeps pointers to them with frames. A capture begins in that order, too:
 * while we are disabled, we are not asked, and others pass us.
 */

#include "demux_private.h"

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

#define MAX_LAYERS 128

/*
 * Wireshark counts the layers of messages one behind the other as if they were within each other, and ends with an assertion at 500,
 * which a segment of 64 kB, or a message with as many attributes of data, may well have.
 */
void
ts_demux_drop_layers(packet_info *pinfo)
{
    while (wmem_list_count(pinfo->layers) > MAX_LAYERS)
        wmem_list_remove_frame(pinfo->layers, wmem_list_tail(pinfo->layers));
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
    heur_dtbl_entry_t *entry;
    heur_dissector_t dissector;
} heuristic_before;

typedef struct {
    heur_dissector_t own;
    GArray *before;
    bool found;
    bool enabled;
} list_head;

/* Called for each entry of a list, in its order. */
static void
collect_before(const char *list _U_, heur_dtbl_entry_t *entry, void *data)
{
    list_head *head = (list_head *)data;

    if (head->found)
        return;
    if (entry->dissector == head->own) {
        head->found = true;
        head->enabled = entry->enabled && proto_is_protocol_enabled(entry->protocol);
        return;
    }

    const heuristic_before before = { entry, entry->dissector };

    g_array_append_val(head->before, before);
}

static void
set_declining(const GArray *before, bool declining)
{
    for (unsigned i = 0; i < before->len; i++) {
        const heuristic_before *one = &g_array_index(before, heuristic_before, i);

        one->entry->dissector = declining ? decline : one->dissector;
    }
}

static void
move_to_head(const heuristic_list *list, tvbuff_t *tvb, packet_info *pinfo)
{
    list_head head = { .own = list->dissector, .before = g_array_new(FALSE, FALSE, sizeof(heuristic_before)) };
    heur_dtbl_entry_t *matched;

    heur_dissector_table_foreach(list->name, collect_before, &head);
    /* Where ours is not asked, those after it would be. */
    if (head.enabled && head.before->len > 0) {
        set_declining(head.before, true);
        moving = true;
        dissector_try_heuristic(find_heur_dissector_list(list->name), tvb, pinfo, NULL, &matched, NULL);
        moving = false;
        set_declining(head.before, false);
    }
    g_array_free(head.before, TRUE);
}

/* Without a frame: no heuristic that is called looks at one. */
static void
order_at_start(void)
{
    wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
    packet_info pinfo = { .pool = pool, .layers = wmem_list_new(pool), .proto_layers = wmem_map_new(pool, g_direct_hash, g_direct_equal) };

    for (unsigned i = 0; i < array_length(lists); i++) {
        if (lists[i].dissector != NULL)
            move_to_head(&lists[i], NULL, &pinfo);
    }
    wmem_destroy_allocator(pool);
}

void
ts_heuristic_order_register(void)
{
    register_init_routine(order_at_start);
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
