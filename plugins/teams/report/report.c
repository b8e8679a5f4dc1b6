/* report.c
 * Reports over the tap "teams": registration, arguments and running
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * -z teams,NAME[,json][,FILTER]
 */

#include "report/report.h"

#include <string.h>

#include <epan/tap.h>

/* One row per report. */
static const teams_report *const reports[] = {
    &teams_report_signin,
    &teams_report_names,
    &teams_report_calls,
    &teams_report_flows,
};

/* A report as asked for by one -z. */
typedef struct {
    const teams_report *report;
    void *state;
    bool json;
    unsigned frames;
} report_run;

static void
run_reset(void *data)
{
    report_run *run = (report_run *)data;

    run->report->end(run->state);
    run->state = run->report->start();
    run->frames = 0;
}

static tap_packet_status
run_packet(void *data, packet_info *pinfo, epan_dissect_t *edt, const void *tap, tap_flags_t flags _U_)
{
    report_run *run = (report_run *)data;

    run->frames++;
    run->report->packet(run->state, pinfo, edt, (const teams_tap *)tap);
    return TAP_PACKET_REDRAW;
}

static void
draw_json(const report_run *run)
{
    json_dumper dumper = { .output_file = stdout, .flags = JSON_DUMPER_FLAGS_PRETTY_PRINT };

    json_dumper_begin_object(&dumper);
    json_dumper_set_member_name(&dumper, "report");
    json_dumper_value_string(&dumper, run->report->name);
    json_dumper_set_member_name(&dumper, "version");
    json_dumper_value_anyf(&dumper, "1");
    json_dumper_set_member_name(&dumper, "frames");
    json_dumper_value_anyf(&dumper, "%u", run->frames);
    run->report->json(run->state, &dumper);
    json_dumper_end_object(&dumper);
    json_dumper_finish(&dumper);
}

static void
draw_text(const report_run *run)
{
    static const char rule[] = "================================================================================";

    printf("\n%s\n%s\n%s\n", rule, run->report->title, rule);
    if (run->frames == 0)
        printf("No Teams or Skype traffic in the frames looked at.\n");
    else
        run->report->text(run->state, stdout);
    printf("%s\n", rule);
}

static void
run_draw(void *data)
{
    const report_run *run = (const report_run *)data;

    if (run->json)
        draw_json(run);
    else
        draw_text(run);
    fflush(stdout);
}

static void
run_finish(void *data)
{
    report_run *run = (report_run *)data;

    run->report->end(run->state);
    g_free(run);
}

/*
 * Adds a part to the listener's filter that is always true and only makes
 * Wireshark dissect the fields that the report reads.
 */
static void
read_fields(report_run *run, const char *filter)
{
    const char *fields = run->report->fields;

    if (fields == NULL)
        return;
    char *whole = filter[0] == '\0' ? g_strdup_printf("frame or %s", fields) :
        g_strdup_printf("(%s) and (frame or %s)", filter, fields);
    GString *error = set_tap_dfilter(run, whole);

    if (error != NULL)
        g_string_free(error, TRUE);
    g_free(whole);
}

/* Takes "json" off the demultiplexer of the arguments, if it is there. */
static const char *
take_json(const char *arguments, bool *json)
{
    *json = strncmp(arguments, "json", 4) == 0 && (arguments[4] == '\0' || arguments[4] == ',');
    if (!*json)
        return arguments;
    return arguments[4] == ',' ? arguments + 5 : arguments + 4;
}

static WS_STAT_INIT_TYPE
report_init(const char *argument, void *data)
{
    const teams_report *report = (const teams_report *)data;
    const char *rest = argument + strlen("teams,") + strlen(report->name);
    report_run *run = g_new0(report_run, 1);

    run->report = report;
    run->state = report->start();
    rest = take_json(rest[0] == ',' ? rest + 1 : rest, &run->json);

    /* The user's filter by itself first: an error is about what the user wrote. */
    GString *error = register_tap_listener(TEAMS_TAP_NAME, run, rest[0] == '\0' ? NULL : rest, 0, run_reset, run_packet,
        run_draw, run_finish);
    if (error != NULL) {
        fprintf(stderr, "teams,%s: %s\n", report->name, error->str);
        g_string_free(error, TRUE);
        run_finish(run);
        WS_STAT_INIT_RETURN(false);
    }
    read_fields(run, rest);
    WS_STAT_INIT_RETURN(true);
}

void
teams_reports_register(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(reports); i++) {
        stat_tap_ui ui = {
            .group = REGISTER_STAT_GROUP_GENERIC,
            .title = NULL,
            .cli_string = wmem_strdup_printf(wmem_epan_scope(), "teams,%s", reports[i]->name),
            .tap_init_cb = report_init,
        };

        register_stat_tap_ui(&ui, (void *)reports[i]);
        teams_report_table_register(reports[i]);
    }
}
