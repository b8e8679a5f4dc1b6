/* paths.h
 * What the path of an HTTP request says: which service of a front door it asks for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rows are those of plugins/teams-dns/data/paths.csv, compiled into a table.
 * A host is a name or a pattern as in the taxonomy of names. A path is
 * segments with '/' before each: a word, '*' for any one segment, "{region}"
 * for a region of path_regions.csv, '**' at the end for any rest or none.
 * Case does not matter, nor does a '/' at the end.
 */

#ifndef TEAMSHARK_CORE_PATHS_H
#define TEAMSHARK_CORE_PATHS_H

#include "core/names.h"

typedef struct {
    const char *host;
    const char *method;         /* "" for any */
    const char *path;
    ts_product product;
    ts_service service;
    ts_stage stage;
    ts_confidence confidence;   /* low: one source shows it, or it is inferred from another cloud */
    uint32_t since;             /* yyyymm of the source that first shows it, 0: not known */
    const char *description;
    const char *source;
} ts_path_row;

#define TS_PATH_REGION_MAX 12

typedef struct {
    const ts_path_row *row;     /* NULL: the path is unknown */
    bool front_door;            /* the host has many services, told apart by path */
    bool identity;              /* the host is one to sign in at */
    char region[TS_PATH_REGION_MAX];    /* in lower case; "" where the path names none */
} ts_path_result;

/* The row with the most literal characters that fits. Always fills *result; true where one fits. */
bool ts_path_classify(const char *host, const char *method, const char *path, ts_path_result *result);

#define TS_PATH_SHOWN_MAX 256   /* bytes that ts_path_mask() writes at most, its end included */

/*
 * The path as it may be shown: without host, query and fragment, and with
 * "{id}" for each segment that may name a tenant, a user, a thread or a token.
 * What stays are words of the table, versions, the region and, at a front door,
 * words for collections. A word that is none of these is "{id}", too: it may be
 * a new service, and it may be a customer.
 */
void ts_path_mask(const char *path, const ts_path_result *result, char shown[TS_PATH_SHOWN_MAX]);

/* The part before the query, without scheme and host: where it begins, and its length. */
const char *ts_path_only(const char *uri, size_t *length);

#endif /* TEAMSHARK_CORE_PATHS_H */
