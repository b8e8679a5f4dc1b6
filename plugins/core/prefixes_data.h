/* prefixes_data.h
 * The table that plugins/core/generate makes of prefixes.csv
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_CORE_PREFIXES_DATA_H
#define TEAMSHARK_CORE_PREFIXES_DATA_H

#include <stddef.h>

#include "core/prefixes.h"

/* Sorted by network, then by length; parent is the next wider row that covers this one, or -1. */
typedef struct {
    ts_prefix_row row;
    int parent;
} ts_prefix_node;

extern const ts_prefix_node ts_prefixes4[], ts_prefixes6[];
extern const size_t ts_prefixes4_count, ts_prefixes6_count;

#endif /* TEAMSHARK_CORE_PREFIXES_DATA_H */
