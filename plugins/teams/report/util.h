/* report_util.h
 * What the reports share: lists of texts, masked names, wrapped text, JSON members
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_REPORT_UTIL_H
#define TEAMSHARK_TEAMS_REPORT_UTIL_H

#include "report/report.h"

/* ---- lists of different texts, in order of appearance ---- */

/* A list that owns its texts: g_ptr_array_unref. */
GPtrArray *teams_texts_new(void);
/* Adds a copy unless it is "" (or NULL) or there already. */
void teams_texts_add(GPtrArray *texts, const char *text);
/* All of them with a separator between. New string. */
char *teams_texts_join(const GPtrArray *texts, const char *separator);

/* ---- what a report says of a frame ---- */

/*
 * A name as reports show it: a tenant's part is "<tenant>" unless the user
 * wants to see it. New string.
 */
char *teams_report_name(const char *name);

/* "address" or "address:port", IPv6 in brackets with a port. New string. */
char *teams_report_end(const ts_endpoint *end);

/* Seconds since the first frame of the capture. */
double teams_report_time(const nstime_t *time);

/* Date and time in UTC, to the millisecond. New string. */
char *teams_report_date(const nstime_t *time);

/* "1,234,567 packets", "1 packet". New string. */
char *teams_report_count(uint64_t count, const char *thing);

/* "12 packets, 3,456 bytes"; "nothing". New string. */
char *teams_report_volume(uint64_t packets, uint64_t bytes);

/* "frames 3 to 9", "frame 3". New string. */
char *teams_report_frames(uint32_t first, uint32_t last);

/* ---- text ---- */

/* Prints text from column indent on, broken at blanks so that lines stay within 80 columns. */
void teams_print(FILE *out, unsigned indent, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* ---- JSON: one member each ---- */

void teams_json_string(json_dumper *out, const char *key, const char *value);
void teams_json_uint(json_dumper *out, const char *key, uint64_t value);
void teams_json_bool(json_dumper *out, const char *key, bool value);
/* A number with so many decimals. */
void teams_json_real(json_dumper *out, const char *key, double value, int decimals);
void teams_json_null(json_dumper *out, const char *key);
void teams_json_texts(json_dumper *out, const char *key, const GPtrArray *texts);
void teams_json_array(json_dumper *out, const char *key);
void teams_json_object(json_dumper *out, const char *key);

/* ---- cells of tables ---- */

void teams_cell_string(stat_tap_table_item_type *item, char *owned);
void teams_cell_uint(stat_tap_table_item_type *item, uint64_t value);
void teams_cell_real(stat_tap_table_item_type *item, double value);

/* ---- report_verdicts.c: findings and verdicts ---- */

typedef struct {
    int severity;           /* PI_ERROR, PI_WARN, PI_NOTE, PI_CHAT */
    const char *code;       /* "D15"; never "" */
    const char *summary;
    const char *advice;
    GPtrArray *details;     /* what in particular; owned */
    uint32_t frame;         /* the first one; 0: the whole session */
    unsigned count;
} teams_verdict;

/* A list of teams_verdict. */
GArray *teams_verdicts_new(void);
void teams_verdicts_free(GArray *verdicts);
/* Adds one; the same code and summary again is counted, and its detail kept. */
void teams_verdicts_add(GArray *verdicts, int severity, const char *code, const char *summary, const char *advice,
    const char *detail, uint32_t frame);
/* All of another list. */
void teams_verdicts_add_all(GArray *verdicts, const GArray *from);
/* What a name's info says is wrong with it. */
void teams_verdicts_add_name(GArray *verdicts, const ts_name_info *info, uint32_t frame);
void teams_verdicts_add_finding(GArray *verdicts, const teams_problem *finding, uint32_t frame);
/* Is the detail among those of the summary? */
bool teams_verdicts_have(const GArray *verdicts, const char *summary, const char *detail);
/* The worst severity, PI_CHAT for none. */
int teams_verdicts_worst(const GArray *verdicts);
void teams_verdicts_text(const GArray *verdicts, FILE *out, unsigned indent);
void teams_verdicts_json(const GArray *verdicts, json_dumper *out);

#endif /* TEAMSHARK_TEAMS_REPORT_UTIL_H */
