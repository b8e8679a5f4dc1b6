/* report_verdicts.c
 * Lists of findings: counted, told the worst first, in text and in JSON
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/util.h"

#include <string.h>

#define DETAILS_SHOWN 3     /* of one finding, in text; JSON has all */

static void
verdict_clear(void *data)
{
    g_ptr_array_unref(((teams_verdict *)data)->details);
}

GArray *
teams_verdicts_new(void)
{
    GArray *verdicts = g_array_new(FALSE, TRUE, sizeof(teams_verdict));

    g_array_set_clear_func(verdicts, verdict_clear);
    return verdicts;
}

void
teams_verdicts_free(GArray *verdicts)
{
    g_array_free(verdicts, TRUE);
}

static teams_verdict *
verdict_of(GArray *verdicts, int severity, const char *code, const char *summary, const char *advice, uint32_t frame)
{
    for (unsigned i = 0; i < verdicts->len; i++) {
        teams_verdict *known = &g_array_index(verdicts, teams_verdict, i);

        if (strcmp(known->code, code) == 0 && strcmp(known->summary, summary) == 0)
            return known;
    }
    const teams_verdict verdict = {
        .severity = severity, .code = code, .summary = summary, .advice = advice,
        .details = teams_texts_new(), .frame = frame,
    };

    g_array_append_val(verdicts, verdict);
    return &g_array_index(verdicts, teams_verdict, verdicts->len - 1);
}

void
teams_verdicts_add(GArray *verdicts, int severity, const char *code, const char *summary, const char *advice,
    const char *detail, uint32_t frame)
{
    teams_verdict *verdict = verdict_of(verdicts, severity, code, summary, advice, frame);

    teams_texts_add(verdict->details, detail);
    verdict->count++;
}

bool
teams_verdicts_have(const GArray *verdicts, const char *summary, const char *detail)
{
    for (unsigned i = 0; i < verdicts->len; i++) {
        const teams_verdict *verdict = &g_array_index(verdicts, teams_verdict, i);

        if (strcmp(verdict->summary, summary) == 0 &&
            g_ptr_array_find_with_equal_func(verdict->details, detail, g_str_equal, NULL))
            return true;
    }
    return false;
}

void
teams_verdicts_add_all(GArray *verdicts, const GArray *from)
{
    for (unsigned i = 0; i < from->len; i++) {
        const teams_verdict *other = &g_array_index(from, teams_verdict, i);
        teams_verdict *verdict = verdict_of(verdicts, other->severity, other->code, other->summary, other->advice, other->frame);

        for (unsigned d = 0; d < other->details->len; d++)
            teams_texts_add(verdict->details, (const char *)g_ptr_array_index(other->details, d));
        verdict->count += other->count;
    }
}

/* The particulars of a finding, names in them as reports show them. New string. */
static char *
masked_detail(const char *detail)
{
    char **words = g_strsplit(detail, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        char *masked = teams_report_name(*word);

        g_free(*word);
        *word = masked;
    }
    char *text = g_strjoinv(" ", words);

    g_strfreev(words);
    return text;
}

void
teams_verdicts_add_finding(GArray *verdicts, const teams_problem *finding, uint32_t frame)
{
    const ts_expert_row *row = finding->row;
    char *detail = masked_detail(finding->detail);

    teams_verdicts_add(verdicts, row->severity, row->code, row->summary, row->advice, detail, frame);
    g_free(detail);
}

void
teams_verdicts_add_name(GArray *verdicts, const ts_name_info *info, uint32_t frame)
{
    for (unsigned i = 0; i < info->problem_count; i++) {
        const ts_expert_row *row = info->problems[i].row;
        char *shown = teams_report_name(info->problems[i].name);

        teams_verdicts_add(verdicts, row->severity, row->code, row->summary, row->advice, shown, frame);
        g_free(shown);
    }
}

int
teams_verdicts_worst(const GArray *verdicts)
{
    int worst = PI_CHAT;

    for (unsigned i = 0; i < verdicts->len; i++)
        worst = MAX(worst, g_array_index(verdicts, teams_verdict, i).severity);
    return worst;
}

static void
verdict_text(const teams_verdict *verdict, FILE *out, unsigned indent)
{
    GString *line = g_string_new(NULL);

    g_string_append_printf(line, "[%s] %s", ts_severity_name(verdict->severity), verdict->summary);
    for (unsigned i = 0; i < MIN(verdict->details->len, DETAILS_SHOWN); i++)
        g_string_append_printf(line, "%s %s", i == 0 ? ":" : ",", (const char *)g_ptr_array_index(verdict->details, i));
    if (verdict->details->len > DETAILS_SHOWN)
        g_string_append_printf(line, " and %u more", verdict->details->len - DETAILS_SHOWN);
    g_string_append_printf(line, " (%s", verdict->code);
    if (verdict->frame != 0)
        g_string_append_printf(line, ", frame %u", verdict->frame);
    if (verdict->count > 1)
        g_string_append_printf(line, ", %u times", verdict->count);
    g_string_append_c(line, ')');
    teams_print(out, indent, "%s", line->str);
    if (verdict->advice[0] != '\0')
        teams_print(out, indent + 2, g_str_has_suffix(verdict->advice, ".") ? "%s" : "%s.", verdict->advice);
    g_string_free(line, TRUE);
}

/* The worst first. */
void
teams_verdicts_text(const GArray *verdicts, FILE *out, unsigned indent)
{
    static const int severities[] = { PI_ERROR, PI_WARN, PI_NOTE, PI_CHAT };

    for (unsigned s = 0; s < G_N_ELEMENTS(severities); s++)
        for (unsigned i = 0; i < verdicts->len; i++) {
            const teams_verdict *verdict = &g_array_index(verdicts, teams_verdict, i);

            if (verdict->severity == severities[s])
                verdict_text(verdict, out, indent);
        }
}

void
teams_verdicts_json(const GArray *verdicts, json_dumper *out)
{
    teams_json_array(out, "findings");
    for (unsigned i = 0; i < verdicts->len; i++) {
        const teams_verdict *verdict = &g_array_index(verdicts, teams_verdict, i);

        json_dumper_begin_object(out);
        teams_json_string(out, "code", verdict->code);
        teams_json_string(out, "severity", ts_severity_name(verdict->severity));
        teams_json_string(out, "summary", verdict->summary);
        teams_json_texts(out, "details", verdict->details);
        teams_json_string(out, "advice", verdict->advice);
        teams_json_uint(out, "frame", verdict->frame);
        teams_json_uint(out, "count", verdict->count);
        json_dumper_end_object(out);
    }
    json_dumper_end_array(out);
}
