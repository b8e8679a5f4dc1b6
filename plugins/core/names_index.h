/* names_index.h
 * Names made ready for look-ups, the best pattern for a name, and the tokens in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_CORE_NAMES_INDEX_H
#define TEAMSHARK_CORE_NAMES_INDEX_H

#include "core/names.h"

#define TS_NAME_MAX 253     /* RFC 1035 2.3.4, without the root's dot */

/* A name in lower case, without a trailing dot. */
typedef struct {
    size_t length;
    size_t labels;
    char text[TS_NAME_MAX + 1];
    uint8_t start[TS_NAME_MAX + 1];     /* of each label, the last label first */
} ts_name_text;

/* False for what can't be a name: empty, too long, with an empty label or a NUL. */
bool ts_name_text_set(ts_name_text *name, const char *text, size_t length);

/* '*' stands for characters within a label, '**' for one or more of any. */
bool ts_glob_match(const char *pattern, size_t pattern_length, const char *text, size_t length);

/* The whole labels that a pattern ends in, "" for none: each name that it matches ends in them, too. */
const char *ts_pattern_run(const char *pattern);

typedef struct ts_name_index ts_name_index;

/*
 * The rows must outlive the index and be good ones (ts_name_row_check). Rows
 * of the first list, the user's, win over equals of the second.
 */
ts_name_index *ts_name_index_new(const ts_name_row *user, size_t user_count,
                                 const ts_name_row *shipped, size_t shipped_count);
void ts_name_index_free(ts_name_index *index);

/* Of the shipped rows alone: made once, for whoever asks, and kept. */
const ts_name_index *ts_name_index_shipped(void);

/* The row with the best match, NULL where none matches; *user: from the first list. */
const ts_name_row *ts_name_index_find(const ts_name_index *index, const ts_name_text *name, bool *user);

/* ---- names_tokens.c ---- */

/*
 * Reads the tokens of a name that matched info->row into info, whose token
 * fields are empty. The grammar of Microsoft's host names, by observation:
 *   <geo>-client-ss.msg...           us-api.asm, eu-prod.asyncgw, go-eu.trouter
 *   <slot>-<service>-<region>-<nn>   a-cc-usea2-01-skype, ep-euno-03-prod-aks
 *   <word><env>col<region><nn>       skypedataprdcolneu04
 *   <dc>[p]-client-...               bn3p-client-dc
 *   (web or sip)pool<dc><forest><nn>.infra.lync.com
 *   (web or sip)dir<forest>.online.lync.com
 */
void ts_tokens_read(const ts_name_text *name, ts_name_result *info);

#endif /* TEAMSHARK_CORE_NAMES_INDEX_H */
