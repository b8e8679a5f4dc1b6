/* name_question.h
 * Questions of DNS that a client waits for: the one home of the rules on what is missing
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * teams-dns keeps one ts_name_question for each client, name and type, and a
 * ts_name_client for each client, fills them on the first pass, and raises
 * expert items by these rules where a later frame can carry one. Records of
 * names (frame_info.h) point to both, so that reports can ask the same rules
 * at the end of the capture.
 *
 * A rule waits until no usual client would still wait, so that hardly any
 * later frame can refute it.
 */

#ifndef TEAMSHARK_COMMON_NAME_QUESTION_H
#define TEAMSHARK_COMMON_NAME_QUESTION_H

#include "common/ws_compat.h"

typedef struct ts_name_question {
    const char *name;           /* lower case */
    uint16_t qtype;
    unsigned tries;             /* sendings since the last answer; 0: no answer is due */
    uint32_t first_frame;       /* of these */
    nstime_t first_time;
    nstime_t last_time;
    uint32_t answered_frame;    /* the last answer, 0: none yet */
    nstime_t answered_time;
    nstime_t answer_time;       /* that it took */
    bool answered_data;         /* it had addresses, or may have had in the part that the capture lacks */
    uint32_t truncated_frame;   /* a truncated answer that nothing over TCP followed yet, 0: none */
    nstime_t truncated_time;
    const struct ts_name_question *address;     /* the A question of the client for this name; NULL: none, or this one */
    bool required;              /* a client can't do without the name */
    bool no_answer_reported;    /* an expert item of this series of tries says so */
    bool unanswered_reported;
    bool truncated_reported;
    const char *dead_end;       /* of A: the last alias of an answer without an address; NULL: none */
    bool dead_end_reported;
} ts_name_question;

typedef struct {
    const char *pstn_name;      /* sip.pstnhub, as it was asked for first; NULL: never */
    uint32_t pstn_frame;
    nstime_t pstn_time;
    bool pstn_fallback;         /* sip2 or sip3.pstnhub was asked for, too */
    bool pstn_reported;
} ts_name_client;

/* Names that do not exist, each asked for once, before they are taken for a list that somebody checks. */
#define TS_LIST_MIN 5

/* D2: a required name, sent again and again, and no answer within ten seconds. */
bool ts_question_lacks_answer(const ts_name_question *question, const nstime_t *now);

/* D31: AAAA or HTTPS without an answer for five seconds, of which A was answered for as long, and three times as long as A took. */
bool ts_question_lacks_type(const ts_name_question *question, const nstime_t *now);

/* D32: nothing over TCP within five seconds of a truncated answer. */
bool ts_question_lacks_tcp(const ts_name_question *question, const nstime_t *now);

/* D22: the first proxy of Direct Routing asked for, and none of its fallbacks in five minutes. */
bool ts_client_lacks_fallback(const ts_name_client *client, const nstime_t *now);

#endif /* TEAMSHARK_COMMON_NAME_QUESTION_H */
