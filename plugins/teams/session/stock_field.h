/* stock_field.h
 * Fields of stock dissectors that are read off the tree
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_STOCK_FIELD_H
#define TEAMSHARK_TEAMS_STOCK_FIELD_H

#include "common/ws_compat.h"

/* Stock registers some names for several places in a message: each is a field of its own. */
#define TEAMS_FIELD_IDS_MAX 6

typedef struct {
    int ids[TEAMS_FIELD_IDS_MAX];
    unsigned count;                 /* 0: this Wireshark has none of that name */
} teams_stock_field;

/* Looks the field up, and adds what is found to the wanted ones of a postdissector. */
teams_stock_field teams_stock_field_wanted(GArray *wanted, const char *name);

/* The n-th occurrence in the frame, NULL where there are fewer. First pass. */
const field_info *teams_stock_field_at(proto_tree *tree, const teams_stock_field *field, unsigned n);

bool teams_stock_field_present(proto_tree *tree, const teams_stock_field *field);
/* The value of the first occurrence. */
bool teams_stock_field_number(proto_tree *tree, const teams_stock_field *field, uint32_t *value);
/* The same; packet scope, NULL where there is none. */
const char *teams_stock_field_text(packet_info *pinfo, proto_tree *tree, const teams_stock_field *field);

#endif /* TEAMSHARK_TEAMS_STOCK_FIELD_H */
