/* name_question.c
 * Questions of DNS that a client waits for: the one home of the rules on what is missing
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/name_question.h"

#include "common/times.h"

#define TRIES_AGAIN         2u
#define HOPELESS_SECONDS    10.0    /* resolvers of Windows and Linux give up within this */
#define ANSWER_SECONDS      5.0     /* the usual wait for one answer */
#define ANSWER_FACTOR       3.0     /* of what A took: a slow resolver is slow for all types */
#define FALLBACK_SECONDS    300.0   /* border controllers check their proxies every minute */

enum { QTYPE_AAAA = 28, QTYPE_HTTPS = 65 };

static bool
is_extra_type(const ts_name_question *question)
{
    return question->qtype == QTYPE_AAAA || question->qtype == QTYPE_HTTPS;
}

/* Was A answered, with addresses, since about the time of this question? */
static bool
has_address(const ts_name_question *question)
{
    const ts_name_question *a = question->address;

    return a != NULL && a->answered_frame != 0 && a->answered_data &&
        ts_seconds(&question->first_time, &a->answered_time) > -ANSWER_SECONDS;
}

bool
ts_question_lacks_answer(const ts_name_question *question, const nstime_t *now)
{
    return question->required && question->tries >= TRIES_AGAIN && ts_seconds(&question->first_time, now) >= HOPELESS_SECONDS &&
        !(is_extra_type(question) && has_address(question));
}

bool
ts_question_lacks_type(const ts_name_question *question, const nstime_t *now)
{
    if (question->tries == 0 || !is_extra_type(question) || !has_address(question))
        return false;

    /* A resolver that was silent about everything is silent about this type only from then on when it answered A. */
    const double waited = MIN(ts_seconds(&question->first_time, now), ts_seconds(&question->address->answered_time, now));
    return waited >= ANSWER_SECONDS && waited >= ANSWER_FACTOR * nstime_to_sec(&question->address->answer_time);
}

bool
ts_question_lacks_tcp(const ts_name_question *question, const nstime_t *now)
{
    return question->truncated_frame != 0 && ts_seconds(&question->truncated_time, now) >= ANSWER_SECONDS;
}

bool
ts_client_lacks_fallback(const ts_name_client *client, const nstime_t *now)
{
    return client->pstn_name != NULL && !client->pstn_fallback && ts_seconds(&client->pstn_time, now) >= FALLBACK_SECONDS;
}
