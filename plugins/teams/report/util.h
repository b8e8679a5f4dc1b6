/* util.h
 * What the reports share: sets of texts, masked names, text from strangers, wrapped lines, JSON members
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_REPORT_UTIL_H
#define TEAMSHARK_TEAMS_REPORT_UTIL_H

#include "common/frame_info.h"

#include <stdio.h>

#include <wsutil/json_dumper.h>

#define REPORT_WIDTH 80

/* ---- sets of texts, in order of appearance; case-insensitive ---- */

typedef struct report_texts report_texts;

report_texts *report_texts_new(void);
void report_texts_free(report_texts *texts);
/* Adds a copy unless it is "" (or NULL) or there already. */
void report_texts_add(report_texts *texts, const char *text);
bool report_texts_have(const report_texts *texts, const char *text);
unsigned report_texts_count(const report_texts *texts);
const char *report_texts_get(const report_texts *texts, unsigned index);
/* All of them with a separator between. New string. */
char *report_texts_join(const report_texts *texts, const char *separator);

/* ---- what a report says of a frame ---- */

/*
 * A name as reports show it: a tenant's part is "<tenant>" unless the user
 * wants to see it. New string.
 */
char *report_name(const char *name);
/* The same for each name in a sentence. New string. */
char *report_sentence(const char *sentence);

/* "address", and "address:port", IPv6 in brackets with a port; "" where not known. New strings. */
char *report_address(const address *addr);
char *report_endpoint(const ts_endpoint *end);

/* Adds what an answer is of, "A", "HTTPS", "type 99", and the addresses that it gave. */
void report_texts_add_type(report_texts *texts, uint16_t type);
void report_texts_add_addresses(report_texts *texts, const ts_name_info *info);

/* Seconds since the first frame of the capture. */
double report_time(const nstime_t *time);

/* Date and time in UTC, to the millisecond, as the capture has it at this frame. New string. */
char *report_date(const nstime_t *time, uint32_t frame);

/* "1,234,567 packets", "1 packet". New string. */
char *report_count(uint64_t count, const char *thing);

/* "12 packets, 3,456 bytes"; "nothing". New string. */
char *report_volume(uint64_t packets, uint64_t bytes);

/* "frames 3 to 9", "frame 3". New string. */
char *report_frames(uint32_t first, uint32_t last);

/*
 * ---- anonymous.c: who it was, taken out of reports: client-1, peer-2, tenant-1 ----
 *
 * The same text has the same word in all reports of a run. Names and addresses
 * of Microsoft's stay: names of the taxonomy but for the part that is a
 * customer's, addresses in published prefixes or answered for such a name.
 */

/* For the rest of the run, whatever the preference says. */
void report_anonymous_ask(void);
bool report_anonymous_is_asked(void);

/* The text without what tells who it was. New string; with nothing asked a copy. */
char *report_anonymous_text(const char *text);
/* Who issued a certificate, as a column of its own: the word for a stranger's. */
const char *report_issuer(const char *issuer);

/* ---- text ---- */

/*
 * Text from strangers as it may be printed: control characters, DEL, C1 and
 * marks that turn or hide text are escaped (\n, \033, \u202e), and so is what
 * is no UTF-8. New string.
 */
char *report_escape(const char *text);

/* Prints text from column indent on, escaped, broken at blanks so that lines stay within 80 columns. */
void report_print(FILE *out, unsigned indent, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* ---- JSON ---- */

/* A value: a string in which the same characters are escaped as JSON does. */
void report_json_text(json_dumper *out, const char *text);

void report_json_member_text(json_dumper *out, const char *key, const char *value);
void report_json_member_uint(json_dumper *out, const char *key, uint64_t value);

#endif /* TEAMSHARK_TEAMS_REPORT_UTIL_H */
