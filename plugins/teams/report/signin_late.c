/* report_signin_late.c
 * What the report of sign-ins says that no frame can say
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * That something is missing is known some time after it was due. An expert
 * item needs a later frame of the same client to be at; where the client is
 * silent from then on, or asks for nothing of ours, only the end of the
 * capture shows it. Waits are those of the expert items (signin.c and
 * checks_history.c of teams-dns).
 */

#include "report/signin.h"

#include <string.h>

#include "session/signin.h"

#define ANSWER_SECONDS  2.0
#define SBC_SECONDS     10.0

enum { QTYPE_A = 1, QTYPE_AAAA = 28, QTYPE_HTTPS = 65 };

/* ---- questions ---- */

static signin_question *
question_of(const signin_session *s, const char *name, uint16_t qtype)
{
    for (unsigned i = 0; i < s->questions->len; i++) {
        signin_question *known = &g_array_index(s->questions, signin_question, i);

        if (known->qtype == qtype && g_ascii_strcasecmp(known->name, name) == 0)
            return known;
    }
    return NULL;
}

static void
note_answer(signin_question *question, const teams_sighting *seen)
{
    const ts_name_info *record = seen->info;

    question->asked_frame = 0;
    if (record->address_count > 0)
        question->answered = seen->time;
    if (record->truncated && !record->tcp) {
        question->truncated_frame = seen->frame;
        question->truncated = seen->time;
    }
}

void
signin_note_question(signin_session *s, const teams_sighting *seen)
{
    const ts_name_info *record = seen->info;

    if (record->role != TS_ROLE_QUESTION)
        return;
    signin_question *question = question_of(s, record->links[0].name, record->qtype);

    if (question == NULL) {
        const signin_question fresh = { .name = g_strdup(record->links[0].name), .qtype = record->qtype };

        g_array_append_val(s->questions, fresh);
        question = &g_array_index(s->questions, signin_question, s->questions->len - 1);
    }
    if (record->tcp)
        question->truncated_frame = 0;
    if (record->response) {
        note_answer(question, seen);
        return;
    }
    if (question->asked_frame == 0) {
        question->asked_frame = seen->frame;
        question->first = seen->time;
    }
    question->last = seen->time;
}

/* ---- what is overdue ---- */

static void
add_session_row(GArray *verdicts, teams_expert diagnostic, const char *what, uint32_t frame, double seconds)
{
    const ts_expert_row *row = &teams_expert_table.rows[diagnostic];
    char *detail = g_strdup_printf("%s in frame %u, and nothing of it for %.0f s, to the end of the capture", what, frame, seconds);

    teams_verdicts_add(verdicts, row->severity, row->code, row->summary, row->advice, detail, frame);
    g_free(detail);
}

static void
add_stages(const teams_signin *signin, const nstime_t *end, GArray *verdicts)
{
    if (!signin->stalled && teams_signin_is_stalled(signin, end))
        add_session_row(verdicts, TEAMS_EXPERT_SIGNIN_STALLED, "identity", signin->identity_frame,
            teams_seconds(&signin->identity, end));
    if (!signin->media_missing && teams_signin_lacks_media(signin, end))
        add_session_row(verdicts, TEAMS_EXPERT_MEDIA_MISSING, "call set-up", signin->call_setup_frame,
            teams_seconds(&signin->call_setup, end));
}

/* Adds the row of this filter name, unless a frame said the same of the name already. */
static void
add_late(const signin_session *s, GArray *verdicts, const char *filter, const char *name, uint32_t frame)
{
    const ts_expert_row *row = s->name_table == NULL ? NULL : ts_expert_find(s->name_table, filter);
    char *shown = teams_report_name(name);

    if (row != NULL && !teams_verdicts_have(verdicts, row->summary, shown))
        teams_verdicts_add(verdicts, row->severity, row->code, row->summary, row->advice, shown, frame);
    g_free(shown);
}

/* D31: A was answered, and this was not. */
static bool
lacks_answer(const signin_session *s, const signin_question *question, const nstime_t *end)
{
    if (question->asked_frame == 0 || (question->qtype != QTYPE_AAAA && question->qtype != QTYPE_HTTPS) ||
        teams_seconds(&question->last, end) < ANSWER_SECONDS)
        return false;
    const signin_question *a = question_of(s, question->name, QTYPE_A);

    return a != NULL && !nstime_is_zero(&a->answered) && teams_seconds(&question->first, &a->answered) > -ANSWER_SECONDS;
}

/* D31 and D32 */
static void
add_answers(const signin_session *s, const nstime_t *end, GArray *verdicts)
{
    for (unsigned i = 0; i < s->questions->len; i++) {
        const signin_question *question = &g_array_index(s->questions, signin_question, i);

        if (lacks_answer(s, question, end))
            add_late(s, verdicts, "teams_dns.type_unanswered", question->name, question->asked_frame);
        if (question->truncated_frame != 0 && teams_seconds(&question->truncated, end) >= ANSWER_SECONDS)
            add_late(s, verdicts, "teams_dns.truncated_no_tcp", question->name, question->truncated_frame);
    }
}

/* D22: the first proxy of Direct Routing was asked for, its fallbacks never. */
static void
add_border_controller(const signin_session *s, const nstime_t *end, GArray *verdicts)
{
    const signin_step *first = NULL;

    for (unsigned i = 0; i < s->steps->len; i++) {
        const signin_step *each = (const signin_step *)g_ptr_array_index(s->steps, i);

        if (g_str_has_prefix(each->question, "sip2.pstnhub.") || g_str_has_prefix(each->question, "sip3.pstnhub."))
            return;
        if (first == NULL && g_str_has_prefix(each->question, "sip.pstnhub."))
            first = each;
    }
    if (first != NULL && teams_seconds(&first->time, end) >= SBC_SECONDS)
        add_late(s, verdicts, "teams_dns.pstn_single", first->question, first->frame);
}

void
signin_add_late(const signin_session *s, GArray *verdicts)
{
    const nstime_t *end = &teams_model_get()->last;

    add_stages(s->signin, end, verdicts);
    add_answers(s, end, verdicts);
    add_border_controller(s, end, verdicts);
}
