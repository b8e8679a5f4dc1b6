/* names_data.h
 * The tables that plugins/core/generate makes of the data files
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_CORE_NAMES_DATA_H
#define TEAMSHARK_CORE_NAMES_DATA_H

#include "core/names.h"

extern const ts_name_row ts_shipped_rows[];
extern const size_t ts_shipped_count;

/* Kinds of tokens.csv that are read from names. */
enum {
    TS_TOKEN_GEO,
    TS_TOKEN_EXO_GEO,
    TS_TOKEN_AZURE_REGION,
    TS_TOKEN_AZURE_REGION_3,
    TS_TOKEN_AZURE_REGION_LONG,
    TS_TOKEN_O365_DC,
    TS_TOKEN_SFB_FOREST,
    TS_TOKEN_ENVIRONMENT,
    TS_TOKEN_PART,          /* a word that is glued to tokens */
    TS_TOKEN_OTHER          /* explained to people, not read */
};

/* Sorted by token; ts_token_kinds has the kind of each row. */
extern const ts_token_row ts_token_rows[];
extern const uint8_t ts_token_kinds[];
extern const size_t ts_token_count;

extern const ts_required_row ts_required_rows[];
extern const size_t ts_required_count;

typedef enum {
    TS_KEY_HOST,            /* a name that users sign in at */
    TS_KEY_ZONE,            /* Microsoft's zone whose own name is imitated */
    TS_KEY_OWNED,           /* Microsoft's zone: nothing in it is a lookalike */
    TS_KEY_BRAND            /* a label that imitations misspell */
} ts_key_kind;

typedef struct {
    const char *name;
    uint8_t length;
    ts_key_kind kind;
    uint8_t distance;       /* 0: by its looks alone, 1: and one slip, 2: and two edits */
    const char *imitates;
} ts_key_name;

extern const ts_key_name ts_key_names[];
extern const size_t ts_key_count;

#endif /* TEAMSHARK_CORE_NAMES_DATA_H */
