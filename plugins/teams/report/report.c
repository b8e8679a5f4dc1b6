/* report.c
 * Reports over the tap "teams": registration, arguments and running
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * -z teams,NAME[,json|,csv][,full][,anonymise][,FILTER], and -z teams,schema
 *
 * All reports that one run asks for as JSON are one document, which is
 * written when the last of them is drawn.
 *
 * What reports refer to lasts as long as Wireshark's session. A session may end
 * before tshark draws, with each file of a ring buffer and with -M: then its
 * reports are written there and then, and the next ones are of a new part.
 */

#include "report/report.h"

#include <string.h>

#include <epan/tap.h>

#include "session/translated.h"

#define JSON_VERSION 2      /* raised with what a program could trip over */

/* One row per report. */
static const teams_report *const reports[] = {
    &teams_report_summary,
    &teams_report_signin,
    &teams_report_names,
    &teams_report_calls,
    &teams_report_flows,
};

/* A report as asked for by one -z. */
typedef struct {
    const teams_report *report;
    void *state;
    char *filter;
    bool json;
    bool csv;
    bool full;
    bool drawn;             /* and waits for the other ones of the document */
    bool fresh;             /* has frames that no drawing has told yet */
    unsigned frames;
    unsigned duplicates;    /* and packets that the capture has twice, not among them */
} report_run;

static GPtrArray *runs;         /* report_run, in the order of the command line; NULL: none yet */
static GPtrArray *json_runs;    /* those of them that are JSON */
static unsigned parts;          /* sessions that ended before they were drawn */

/* ---- frames ---- */

static void
run_reset(void *data)
{
    report_run *run = (report_run *)data;

    run->report->end(run->state);
    run->state = run->report->start();
    run->frames = run->duplicates = 0;
    run->drawn = run->fresh = false;
}

static tap_packet_status
run_packet(void *data, packet_info *pinfo, epan_dissect_t *edt, const void *tap, tap_flags_t flags _U_)
{
    report_run *run = (report_run *)data;

    run->fresh = true;
    if (((const teams_tap *)tap)->duplicate_of != 0) {
        run->duplicates++;
        return TAP_PACKET_REDRAW;
    }
    run->frames++;
    run->report->packet(run->state, pinfo, edt, (const teams_tap *)tap);
    return TAP_PACKET_REDRAW;
}

/* ---- JSON ---- */

COLUMN_GETTER(run_translated, report_run, void) { value->number = teams_translated_get()->frames; }
COLUMN_GETTER(run_steps_back, report_run, void) { value->number = teams_clock_steps_back()->count; }
COLUMN_GETTER(run_steps_forward, report_run, void) { value->number = teams_clock_steps_forward()->count; }

static const report_column run_columns[] = {
    { .key = "report", .kind = COLUMN_TEXT, .description = "name of the report", COLUMN_BEHIND(report_run, report, teams_report, name) },
    { .key = "frames", .kind = COLUMN_UINT, .description = "frames of Teams or Skype that it looked at", COLUMN_MEMBER(report_run, frames) },
    { .key = "duplicates", .kind = COLUMN_UINT, .description = "further frames that have a packet of these again: counted once",
        COLUMN_MEMBER(report_run, duplicates) },
    { .key = "translated", .kind = COLUMN_UINT, .get = run_translated,
        .description = "frames of the capture that have packets of others again with an address that a NAT changed: left out" },
    { .key = "steps_back", .kind = COLUMN_UINT,
        .description = "how often the capture's times go back by more than 5 s: durations are counted without these steps", .get = run_steps_back },
    { .key = "steps_forward", .kind = COLUMN_UINT, .get = run_steps_forward,
        .description = "how often they go forward by more than a minute before a frame that answers what was sent right before: the same" },
    { .key = "filter", .kind = COLUMN_TEXT, .description = "display filter that cut it, empty: none", COLUMN_MEMBER(report_run, filter) },
};
static const report_list run_list = { LIST_COLUMNS(run_columns), LIST_POINTERS, 0, NULL };

static void
write_document(void)
{
    json_dumper dumper = { .output_file = stdout, .flags = JSON_DUMPER_FLAGS_PRETTY_PRINT };

    json_dumper_begin_object(&dumper);
    report_json_member_uint(&dumper, "version", JSON_VERSION);
    report_list_json(&run_list, "reports", &json_runs, &dumper);
    for (unsigned i = 0; i < json_runs->len; i++) {
        report_run *run = (report_run *)g_ptr_array_index(json_runs, i);

        report_list_json(run->report->list, run->report->key, run->state, &dumper);
        run->drawn = false;
    }
    json_dumper_end_object(&dumper);
    json_dumper_finish(&dumper);
}

static bool
is_document_complete(void)
{
    for (unsigned i = 0; i < json_runs->len; i++)
        if (!((const report_run *)g_ptr_array_index(json_runs, i))->drawn)
            return false;
    return true;
}

/* ---- drawing ---- */

static void
draw_steps(const teams_clock_steps *steps, const char *where, const char *why)
{
    if (steps->count == 1)
        report_print(stdout, 0, "Times go %s by %.0f s at frame %u%s: durations are counted without that step.", where,
            steps->first_seconds, steps->first_frame, why);
    else if (steps->count > 1)
        report_print(stdout, 0, "Times go %s %u times, first by %.0f s at frame %u%s: durations are counted without these steps.", where,
            steps->count, steps->first_seconds, steps->first_frame, why);
}

static void
draw_translated(void)
{
    const teams_translated *translated = teams_translated_get();

    if (translated->frames == 0)
        return;
    char *inside = report_address(&translated->inside), *outside = report_address(&translated->outside);

    report_print(stdout, 0, "%u frame%s the packets of others again, with an address that a translator (NAT) changed, first %s to %s in frame %u: "
        "they are left out.", translated->frames, translated->frames == 1 ? " has" : "s have", inside, outside, translated->first_frame);
    g_free(inside);
    g_free(outside);
}

static void
draw_clock(void)
{
    draw_steps(teams_clock_steps_back(), "back", "");
    draw_steps(teams_clock_steps_forward(), "forward", ", which answers what was sent right before it");
}

static void
draw_text(const report_run *run)
{
    static const char rule[] = "================================================================================";

    printf("\n%s\n%s", rule, run->report->title);
    if (parts > 0)
        printf(", part %u of the capture", parts);
    printf("\n%s\n", rule);
    if (run->duplicates > 0)
        printf("%u frame%s a packet again that an earlier one has; each packet is counted\nonce.\n", run->duplicates, run->duplicates == 1 ? " has" : "s have");
    if (run->frames > 0) {
        draw_translated();
        draw_clock();
    }
    if (run->frames == 0 && !run->report->says_nothing_itself)
        printf("No Teams or Skype traffic found.\n");
    else
        run->report->text(run->state, run->full, stdout);
    printf("%s\n", rule);
}

static void
run_draw(void *data)
{
    report_run *run = (report_run *)data;

    if (run->report->finish != NULL)
        run->report->finish(run->state);
    run->drawn = true;
    run->fresh = false;
    if (!run->json && run->csv)
        report_list_csv(run->report->table, run->state, stdout);
    else if (!run->json)
        draw_text(run);
    else if (is_document_complete())
        write_document();
    fflush(stdout);
}

static void
run_finish(void *data)
{
    report_run *run = (report_run *)data;

    if (run->json)
        g_ptr_array_remove(json_runs, run);
    g_ptr_array_remove(runs, run);
    run->report->end(run->state);
    g_free(run->filter);
    g_free(run);
}

/* ---- the end of a session ---- */

static bool
is_any_fresh(void)
{
    for (unsigned i = 0; i < runs->len; i++)
        if (((const report_run *)g_ptr_array_index(runs, i))->fresh)
            return true;
    return false;
}

void
teams_reports_end_session(void)
{
    teams_report_tables_end_session();
    if (runs == NULL)
        return;
    const bool draw = is_any_fresh();

    parts += draw && parts == 0;
    for (unsigned i = 0; draw && i < runs->len; i++)
        run_draw(g_ptr_array_index(runs, i));
    for (unsigned i = 0; i < runs->len; i++)
        run_reset(g_ptr_array_index(runs, i));
    parts += draw;
}

/* ---- asking ---- */

/*
 * Adds a part to the listener's filter that is always true and only makes
 * Wireshark dissect the fields that the report reads.
 */
static void
read_fields(report_run *run)
{
    const char *fields = run->report->fields;

    if (fields == NULL)
        return;
    char *whole = run->filter[0] == '\0' ? g_strdup_printf("frame or %s", fields) :
        g_strdup_printf("(%s) and (frame or %s)", run->filter, fields);
    GString *error = set_tap_dfilter(run, whole);

    if (error != NULL)
        g_string_free(error, TRUE);
    g_free(whole);
}

/* Takes a word off the front of the arguments, if it is there. */
static bool
take_word(const char **arguments, const char *word)
{
    const size_t length = strlen(word);

    if (strncmp(*arguments, word, length) != 0 || ((*arguments)[length] != '\0' && (*arguments)[length] != ','))
        return false;
    *arguments += (*arguments)[length] == ',' ? length + 1 : length;
    return true;
}

static void
take_words(report_run *run, const char *arguments)
{
    bool found = true;

    while (found) {
        found = false;
        if (take_word(&arguments, "json"))
            run->json = found = true;
        if (take_word(&arguments, "csv"))
            run->csv = found = true;
        if (take_word(&arguments, "full"))
            run->full = found = true;
        if (take_word(&arguments, "anonymise")) {
            report_anonymous_ask();
            found = true;
        }
    }
    run->filter = g_strdup(arguments);
}

/* Two of one kind would be one key twice. */
static bool
is_asked_twice(const report_run *run)
{
    for (unsigned i = 0; i < json_runs->len; i++)
        if (((const report_run *)g_ptr_array_index(json_runs, i))->report == run->report)
            return true;
    return false;
}

static void
refuse(report_run *run, const char *why)
{
    fprintf(stderr, "teams,%s: %s\n", run->report->name, why);
    run->json = false;
    run_finish(run);
}

static WS_STAT_INIT_TYPE
report_init(const char *argument, void *data)
{
    const teams_report *report = (const teams_report *)data;
    const char *rest = argument + strlen("teams,") + strlen(report->name);
    report_run *run = g_new0(report_run, 1);

    run->report = report;
    run->state = report->start();
    take_words(run, rest[0] == ',' ? rest + 1 : rest);
    if (runs == NULL) {
        runs = g_ptr_array_new();
        json_runs = g_ptr_array_new();
    }
    if (run->json && is_asked_twice(run)) {
        refuse(run, "asked for twice as JSON; one document has each report once");
        WS_STAT_INIT_RETURN(false);
    }

    /* The user's filter by itself first: an error is about what the user wrote. */
    GString *error = register_tap_listener(TEAMS_TAP_NAME, run, run->filter[0] == '\0' ? NULL : run->filter, 0, run_reset,
        run_packet, run_draw, run_finish);
    if (error != NULL) {
        refuse(run, error->str);
        g_string_free(error, TRUE);
        WS_STAT_INIT_RETURN(false);
    }
    g_ptr_array_add(runs, run);
    if (run->json)
        g_ptr_array_add(json_runs, run);
    read_fields(run);
    WS_STAT_INIT_RETURN(true);
}

/* ---- schema ---- */

static void
report_schema(const teams_report *report, json_dumper *out)
{
    json_dumper_set_member_name(out, report->key);
    json_dumper_begin_object(out);
    report_schema_member(out, "description", report->description);
    if (report->verdicts != NULL)
        report_verdicts_schema(report->verdicts, out);
    report_list_schema(report->list, out);
    json_dumper_end_object(out);
}

static void
properties_schema(json_dumper *out)
{
    json_dumper_set_member_name(out, "properties");
    json_dumper_begin_object(out);
    json_dumper_set_member_name(out, "version");
    json_dumper_begin_object(out);
    report_json_member_uint(out, "const", JSON_VERSION);
    report_json_member_text(out, "description", "raised when something changes that a program could trip over");
    json_dumper_end_object(out);
    json_dumper_set_member_name(out, "reports");
    json_dumper_begin_object(out);
    report_schema_member(out, "description", "reports that the document has, in the order of the command line");
    report_list_schema(&run_list, out);
    json_dumper_end_object(out);
    for (unsigned i = 0; i < G_N_ELEMENTS(reports); i++)
        report_schema(reports[i], out);
    json_dumper_end_object(out);
}

/* The schema of the document, from the rows that write it. */
static WS_STAT_INIT_TYPE
schema_init(const char *argument _U_, void *data _U_)
{
    json_dumper dumper = { .output_file = stdout, .flags = JSON_DUMPER_FLAGS_PRETTY_PRINT };

    json_dumper_begin_object(&dumper);
    report_schema_member(&dumper, "$schema", "http://json-schema.org/draft-07/schema#");
    report_schema_member(&dumper, "$id", "urn:teamshark:reports:" G_STRINGIFY(JSON_VERSION));
    report_schema_member(&dumper, "title", "Reports of Teamshark: -z teams,NAME,json");
    report_schema_member(&dumper, "type", "object");
    json_dumper_set_member_name(&dumper, "additionalProperties");
    json_dumper_value_anyf(&dumper, "false");
    json_dumper_set_member_name(&dumper, "required");
    json_dumper_begin_array(&dumper);
    json_dumper_value_string(&dumper, "version");
    json_dumper_value_string(&dumper, "reports");
    json_dumper_end_array(&dumper);
    properties_schema(&dumper);
    json_dumper_end_object(&dumper);
    json_dumper_finish(&dumper);
    fflush(stdout);
    WS_STAT_INIT_RETURN(true);
}

/* ---- registration ---- */

/* data is the report, NULL for the schema. */
static void
register_statistic(const char *command, void *data)
{
    stat_tap_ui ui = {
        .group = REGISTER_STAT_GROUP_GENERIC,
        .title = NULL,
        .cli_string = command,
        .tap_init_cb = data == NULL ? schema_init : report_init,
    };

    register_stat_tap_ui(&ui, data);
}

void
teams_reports_register(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(reports); i++) {
        register_statistic(wmem_strdup_printf(wmem_epan_scope(), "teams,%s", reports[i]->name), (void *)reports[i]);
        teams_report_windows_register(reports[i]);
    }
    register_statistic("teams,schema", NULL);
}
