/* paths_data.h
 * The tables that plugins/core/generate makes of paths.csv and path_regions.csv
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_CORE_PATHS_DATA_H
#define TEAMSHARK_CORE_PATHS_DATA_H

#include "core/paths.h"

extern const ts_path_row ts_path_rows[];
extern const size_t ts_path_count;

/* All words of paths, sorted. */
extern const char *const ts_path_words[];
extern const size_t ts_path_word_count;

/* Regions as paths name them, sorted. */
extern const char *const ts_path_regions[];
extern const size_t ts_path_region_count;

#endif /* TEAMSHARK_CORE_PATHS_DATA_H */
