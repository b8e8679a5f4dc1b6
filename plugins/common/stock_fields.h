/* stock_fields.h
 * Fields of stock dissectors that a postdissector asks for and reads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_COMMON_STOCK_FIELDS_H
#define TEAMSHARK_COMMON_STOCK_FIELDS_H

#include "common/ws_compat.h"

/* ---- asking ---- */

/*
 * Asks for the fields (int each) of the plugin's one postdissector from the
 * next file on, if its protocol is enabled then. Call once, in the handoff; takes wanted over.
 *
 * Wireshark builds a tree for every frame where a postdissector wants fields,
 * even a disabled one, and some of stock's protocols do more where there is a tree.
 */
void ts_want_fields(dissector_handle_t postdissector, GArray *wanted);

/*
 * These (int each) as well, from the next frame to the end of the file: for
 * what few captures have. Wireshark asks each wanted field of each frame. more stays the caller's.
 */
void ts_want_more_fields(const GArray *more);

/* And these, until it is called again or the file ends; NULL: none. fields stays the caller's. */
void ts_want_fields_for_now(const GArray *fields);

/* ---- reading ---- */

/*
 * Does the frame have any of the fields that somebody asked for, a postdissector or
 * the user? Most frames have none, and need not be asked for one after the other.
 */
static inline bool
ts_has_wanted_fields(proto_tree *tree)
{
    return tree != NULL && PTREE_DATA(tree)->interesting_hfids != NULL && g_hash_table_size(PTREE_DATA(tree)->interesting_hfids) > 0;
}

/* Stock registers some names for several places in a message: each is a field of its own. */
#define TS_FIELD_IDS_MAX 6

typedef struct {
    int ids[TS_FIELD_IDS_MAX];
    unsigned count;                 /* 0: this Wireshark has none of that name */
} ts_stock_field;

/* Looks the field up, and adds what is found to the wanted ones of a postdissector. */
ts_stock_field ts_stock_field_wanted(GArray *wanted, const char *name);

/* The n-th occurrence in the frame, NULL where there are fewer. First pass. */
const field_info *ts_stock_field_at(proto_tree *tree, const ts_stock_field *field, unsigned n);

bool ts_stock_field_present(proto_tree *tree, const ts_stock_field *field);
/* The value of the first occurrence. */
bool ts_stock_field_number(proto_tree *tree, const ts_stock_field *field, uint32_t *value);
/* The same; packet scope, NULL where there is none. */
const char *ts_stock_field_text(packet_info *pinfo, proto_tree *tree, const ts_stock_field *field);

/* ---- walking ---- */

/*
 * What a walk over a tree looks for: a small number for each field, by its id, since every field of a frame is looked up.
 * Subtrees of what carries frames (frame, Ethernet, IP, TCP, UDP) are passed over: stock puts what is carried beside them.
 */
typedef struct {
    GByteArray *numbers;
} ts_stock_walk;

enum { TS_STOCK_WALK_NONE = 0, TS_STOCK_WALK_PASS_OVER = UINT8_MAX };   /* and any number between */

ts_stock_walk ts_stock_walk_new(void);
/* id may be -1: this Wireshark does not have the field. */
void ts_stock_walk_add(const ts_stock_walk *walk, int id, uint8_t number);

static inline uint8_t
ts_stock_walk_number(const ts_stock_walk *walk, const field_info *found)
{
    const unsigned id = (unsigned)found->hfinfo->id;

    return id < walk->numbers->len ? walk->numbers->data[id] : (uint8_t)TS_STOCK_WALK_NONE;
}

#endif /* TEAMSHARK_COMMON_STOCK_FIELDS_H */
