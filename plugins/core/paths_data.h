/* paths_data.h
 * The tables that plugins/core/generate makes of paths.csv and path_regions.csv
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_CORE_PATHS_DATA_H
#define TEAMSHARK_CORE_PATHS_DATA_H

#include "core/paths.h"

/* Those of one host stand together. */
extern const ts_path_row ts_path_rows[];

/* The hosts of the rows, in their order: most requests are for none of them. */
typedef struct {
    const char *name;
    size_t length;
    bool pattern;               /* with '*' */
    size_t rows;
} ts_path_host;

extern const ts_path_host ts_path_hosts[];
extern const size_t ts_path_host_count;

/* All words of paths, sorted. */
extern const char *const ts_path_words[];
extern const size_t ts_path_word_count;

/* Regions as paths name them, sorted. */
extern const char *const ts_path_regions[];
extern const size_t ts_path_region_count;

#endif /* TEAMSHARK_CORE_PATHS_DATA_H */
