/* problems.c
 * What is wrong or notable in a sign-in or call: counted, told the worst first; and the verdict
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/problems.h"

#include <string.h>

#include <epan/expert.h>

#define DETAILS_SHOWN 3     /* of one problem, in text; JSON has all */

/* ---- lists ---- */

static void
problem_free(void *data)
{
    report_problem *problem = (report_problem *)data;

    report_texts_free(problem->details);
    g_free(problem);
}

report_problems *
report_problems_new(void)
{
    report_problems *problems = g_new(report_problems, 1);

    problems->list = g_ptr_array_new_with_free_func(problem_free);
    problems->known = g_hash_table_new_full(wmem_str_hash, g_str_equal, g_free, NULL);
    return problems;
}

void
report_problems_free(report_problems *problems)
{
    if (problems == NULL)
        return;
    g_hash_table_destroy(problems->known);
    g_ptr_array_unref(problems->list);
    g_free(problems);
}

static report_problem *
find_problem(const report_problems *problems, const char *code, const char *summary)
{
    char *key = g_strdup_printf("%s %s", code, summary);
    report_problem *found = (report_problem *)g_hash_table_lookup(problems->known, key);

    g_free(key);
    return found;
}

static report_problem *
problem_of(report_problems *problems, const report_problem *what)
{
    report_problem *known = find_problem(problems, what->code, what->summary);

    if (known != NULL)
        return known;
    known = g_new0(report_problem, 1);
    known->filter = what->filter == NULL ? "" : what->filter;
    known->severity = what->severity;
    known->code = what->code;
    known->summary = what->summary;
    known->advice = what->advice;
    known->frame = what->frame;
    known->actor = what->actor;
    known->details = report_texts_new();
    g_ptr_array_add(problems->list, known);
    g_hash_table_insert(problems->known, g_strdup_printf("%s %s", what->code, what->summary), known);
    return known;
}

void
report_problems_add(report_problems *problems, const report_problem *what, const char *detail, unsigned count)
{
    report_problem *problem = problem_of(problems, what);

    report_texts_add(problem->details, detail);
    problem->count += count;
}

/* What no device but one on the way can do. */
static teams_actor
actor_of_row(const ts_expert_row *row)
{
    return row == &teams_expert_table.rows[TEAMS_EXPERT_UDP_BLOCKED] ? TEAMS_BY_NETWORK : TEAMS_BY_UNKNOWN;
}

report_problem
report_problem_of_row(const ts_expert_row *row, uint32_t frame)
{
    const report_problem problem = {
        .filter = row->filter, .severity = row->severity, .code = row->code, .summary = row->summary, .advice = row->advice, .frame = frame,
        .actor = actor_of_row(row),
    };

    return problem;
}

void
report_problems_add_expert(report_problems *problems, const teams_problem *problem, uint32_t frame)
{
    const report_problem what = report_problem_of_row(problem->row, frame);
    char *detail = report_sentence(problem->detail);

    report_problems_add(problems, &what, detail, 1);
    g_free(detail);
}

void
report_problems_add_again(report_problems *problems, const report_problem *other)
{
    report_problem *problem = problem_of(problems, other);

    for (unsigned d = 0; d < report_texts_count(other->details); d++)
        report_texts_add(problem->details, report_texts_get(other->details, d));
    problem->count += other->count;
}

void
report_problems_add_names(report_problems *problems, const ts_name_info *info, uint32_t frame)
{
    for (unsigned i = 0; i < info->problem_count; i++) {
        const report_problem what = report_problem_of_row(info->problems[i].row, frame);
        char *shown = report_name(info->problems[i].name);

        report_problems_add(problems, &what, shown, 1);
        g_free(shown);
    }
}

bool
report_problems_have(const report_problems *problems, const char *code, const char *summary, const char *detail)
{
    const report_problem *problem = find_problem(problems, code, summary);

    return problem != NULL && report_texts_have(problem->details, detail);
}

/* ---- told ---- */

static int
compare(const void *a, const void *b)
{
    const report_problem *x = *(const report_problem *const *)a;
    const report_problem *y = *(const report_problem *const *)b;

    return y->severity - x->severity;
}

void
report_problems_sort(report_problems *problems)
{
    g_ptr_array_sort(problems->list, compare);      /* stable, as GLib promises */
}

const report_problem *
report_problems_worst(const report_problems *problems)
{
    return problems->list->len == 0 ? NULL : (const report_problem *)g_ptr_array_index(problems->list, 0);
}

/* A diagnostic's code is a number, which tells nobody anything: its filter does, and can be pasted. */
const char *
report_problem_name(const report_problem *problem)
{
    const bool numbered = problem->code[0] == 'D' && g_ascii_isdigit(problem->code[1]);

    return numbered && problem->filter[0] != '\0' ? problem->filter : problem->code;
}

char *
report_problem_proof(const report_problem *problem)
{
    GString *text = g_string_new(report_problem_name(problem));

    if (problem->actor != TEAMS_BY_UNKNOWN)
        g_string_append_printf(text, ", by the %s", teams_actor_name(problem->actor));
    if (problem->frame != 0)
        g_string_append_printf(text, ", frame %u", problem->frame);
    if (problem->count > 1)
        g_string_append_printf(text, ", %u times", problem->count);
    return g_string_free(text, FALSE);
}

char *
report_problem_text(const report_problem *problem)
{
    char *proof = report_problem_proof(problem);
    GString *line = g_string_new(problem->summary);
    const unsigned details = report_texts_count(problem->details);

    for (unsigned i = 0; i < MIN(details, DETAILS_SHOWN); i++)
        g_string_append_printf(line, "%s %s", i == 0 ? ":" : ",", report_texts_get(problem->details, i));
    if (details > DETAILS_SHOWN)
        g_string_append_printf(line, " and %u more", details - DETAILS_SHOWN);
    g_string_append_printf(line, " (%s)", proof);
    g_free(proof);
    return g_string_free(line, FALSE);
}

static void
problems_text(const report_problems *problems, FILE *out, unsigned indent)
{
    for (unsigned i = 0; i < problems->list->len; i++) {
        const report_problem *problem = (const report_problem *)g_ptr_array_index(problems->list, i);
        char *text = report_problem_text(problem);

        report_print(out, indent, "[%s] %s", ts_severity_name(problem->severity), text);
        if (problem->advice[0] != '\0')
            report_print(out, indent + 2, "%s.", problem->advice);
        g_free(text);
    }
}

static const char *
severity_names(unsigned n)
{
    static const int severities[] = { PI_CHAT, PI_NOTE, PI_WARN, PI_ERROR };

    return n < G_N_ELEMENTS(severities) ? ts_severity_name(severities[n]) : NULL;
}

COLUMN_GETTER(get_severity, report_problem, void) { value->text = ts_severity_name(row->severity); }

char *
report_problem_advice(const report_problem *problem)
{
    return problem == NULL || problem->advice[0] == '\0' ? NULL : g_strdup_printf("%s.", problem->advice);
}

char *
report_problems_worst_text(const report_problems *problems)
{
    const report_problem *worst = report_problems_worst(problems);

    return worst == NULL ? NULL : report_problem_text(worst);
}

COLUMN_GETTER(get_advice, report_problem, void) { value->owned = report_problem_advice(row); }

const report_column report_problem_columns[REPORT_PROBLEM_COLUMNS] = {
    { .key = "code", .kind = COLUMN_TEXT, .description = "stable code of the problem",
        COLUMN_MEMBER(report_problem, code) },
    { .key = "severity", .kind = COLUMN_TEXT, .description = "how bad it is", .texts = severity_names, .get = get_severity },
    { .key = "actor", .kind = COLUMN_WORD, .description = "who did it: the client, the network (a device on the way, or the resolver), "
        "the proxy or the server; empty: not told by the capture", .texts = teams_actor_name, COLUMN_MEMBER(report_problem, actor) },
    { .key = "summary", .kind = COLUMN_TEXT, .description = "what it is", COLUMN_MEMBER(report_problem, summary) },
    { .key = "details", .kind = COLUMN_TEXTS, .description = "what it is about in particular",
        COLUMN_MEMBER(report_problem, details) },
    { .key = "advice", .kind = COLUMN_TEXT, .description = "what to do", .get = get_advice },
    { .key = "frame", .kind = COLUMN_UINT, .description = "the first frame that shows it, 0: the whole session",
        COLUMN_MEMBER(report_problem, frame) },
    { .key = "filter", .kind = COLUMN_TEXT, .description = "display filter that finds its frames, empty: none",
        COLUMN_MEMBER(report_problem, filter) },
    { .key = "count", .kind = COLUMN_UINT, .description = "how often it was seen", COLUMN_MEMBER(report_problem, count) },
};

/* ---- verdicts ---- */

const char *
report_severity_word(unsigned severity)
{
    static const char *const words[REPORT_SEVERITY_COUNT + 1] = { "OK", "unknown", "check", "broken", NULL };

    return words[severity];
}

/* "the sign-in failed: TCP to X is never answered." */
static char *
sentence_of(const report_verdict_row *row, const report_problem *worst)
{
    if (row->ending != REPORT_WORST_PROBLEM || worst == NULL)
        return g_strdup(row->sentence);
    if (report_texts_count(worst->details) == 0)
        return g_strdup_printf("%s: %s.", row->sentence, worst->summary);
    return g_strdup_printf("%s: %s: %s.", row->sentence, worst->summary, report_texts_get(worst->details, 0));
}

const char *
report_severity_heading(report_severity severity)
{
    static const char *const headings[REPORT_SEVERITY_COUNT] = { "OK", "UNKNOWN", "CHECK", "BROKEN" };

    return headings[severity];
}

report_verdict
report_verdict_of(const report_verdict_row *rows, const void *entry, const report_problems *problems)
{
    const report_problem *worst = report_problems_worst(problems);

    while (rows->holds != NULL && !rows->holds(entry))
        rows++;
    report_severity severity = rows->severity;

    if (severity < REPORT_CHECK && worst != NULL && worst->severity >= PI_WARN)
        severity = REPORT_CHECK;
    const report_verdict verdict = { severity, report_severity_word(severity), rows->code, sentence_of(rows, worst), rows->ending };

    return verdict;
}

void
report_verdict_clear(report_verdict *verdict)
{
    g_free(verdict->sentence);
    verdict->sentence = NULL;
}

void
report_verdict_text(const report_verdict *verdict, const report_problems *problems, FILE *out, unsigned indent)
{
    report_print(out, indent, "%s: %s", report_severity_heading(verdict->severity), verdict->sentence);
    problems_text(problems, out, indent);
}

const char *
report_verdict_code(const report_verdict_row *rows, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (rows[i].holds == NULL)
            return NULL;
    return rows[n].code;
}

void
report_verdicts_schema(const report_verdict_row *rows, json_dumper *out)
{
    json_dumper_set_member_name(out, "x-verdicts");
    json_dumper_begin_array(out);
    for (bool last = false; !last; rows++) {
        last = rows->holds == NULL;
        json_dumper_begin_object(out);
        report_json_member_text(out, "code", rows->code);
        report_json_member_text(out, "severity", report_severity_word(rows->severity));
        report_json_member_text(out, "sentence", rows->sentence);
        report_json_member_text(out, "rests_on", rows->rests_on);
        json_dumper_end_object(out);
    }
    json_dumper_end_array(out);
}
