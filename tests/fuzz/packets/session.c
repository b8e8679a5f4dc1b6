/* session.c
 * libwireshark in this process, as tshark uses it: a fresh session for each sequence of frames
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE     /* memfd_create */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "session.h"

#include <epan/column.h>
#include <epan/column-info.h>
#include <epan/epan.h>
#include <epan/packet.h>
#include <epan/prefs.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>
#include <epan/timestamp.h>
#include <wiretap/wtap.h>
#include <wsutil/filesystem.h>
#include <wsutil/privileges.h>
#include <wsutil/wslog.h>

/* In libwireshark, for the programs that are built with it. */
void build_column_format_array(column_info *cinfo, const int columns, const gboolean reset_fences);

struct packet_provider_data {
    frame_data *data;
    unsigned count;
};

static struct {
    epan_t *epan;
    const frame *frames;
    int encapsulation;
    struct packet_provider_data provider;
    column_info columns;
    int passes;
    int reports;        /* a file in memory that stands for the standard output */
} session;

/* ---- start ---- */

static void
stop(const char *problem)
{
    fprintf(stderr, "fuzz: %s\n", problem);
    exit(2);
}

static void
set_preferences(const char *const *preferences)
{
    for (; *preferences != NULL; preferences++) {
        char *words = g_strdup(*preferences), *error = NULL;

        if (prefs_set_pref(words, &error) != PREFS_SET_OK)
            stop(*preferences);
        g_free(words);
    }
    prefs_apply_all();
}

/* Rows of the user's own, so that what needs them is reached. */
static void
set_rows(void)
{
    static const char *const rows[] = {
        "uat:teams_ice_passwords:\"\",\"secretpassword\"",
        "uat:teams_dns_names:\"voice*.contoso.com\",\"glob\",\"teams\",\"flightproxy\",\"call-setup\",\"mine\"",
        NULL
    };

    set_preferences(rows);
}

void
session_prefer(bool others)
{
    static const char *const preferences[][5] = {
        { "teams.client_continent:eu", "teams.anonymise:FALSE", "teams.show_tenants:FALSE", "teams.vpn_pools:", NULL },
        { "teams.client_continent:none", "teams.anonymise:TRUE", "teams.show_tenants:TRUE", "teams.vpn_pools:10.0.0.0/8, 2001:db8::/32", NULL }
    };
    static int set = -1;

    if (set != others)
        set_preferences(preferences[others]);
    set = others;
}

static void
ask_for_reports(void)
{
    static const char *const names[] = { "summary", "signin", "names", "calls", "flows" };
    static const char *const forms[] = { "", ",full", ",csv", ",json" };

    for (unsigned form = 0; form < G_N_ELEMENTS(forms); form++) {
        for (unsigned name = 0; name < G_N_ELEMENTS(names); name++) {
            char *report = g_strdup_printf("teams,%s%s", names[name], forms[form]);

            if (!process_stat_cmd_arg(report))
                stop(report);
            g_free(report);
        }
    }
    start_requested_stats();
    fflush(stdout);
    session.reports = memfd_create("reports", 0);
    if (session.reports < 0 || dup2(session.reports, STDOUT_FILENO) < 0)
        stop("no file in memory");
}

void
session_start(const char *program)
{
    ws_log_init("fuzz", NULL);
    init_process_policies();
    g_free(configuration_init(program, NULL));
    timestamp_set_type(TS_RELATIVE);
    timestamp_set_precision(TS_PREC_AUTO);
    timestamp_set_seconds_type(TS_SECONDS_DEFAULT);
    wtap_init(FALSE);
    if (!epan_init(NULL, NULL, TRUE))
        stop("libwireshark does not start");
    const e_prefs *preferences = epan_load_settings();
    if (proto_get_id_by_filter_name("teams") < 0 || proto_get_id_by_filter_name("ms_turn") < 0 ||
        proto_get_id_by_filter_name("teams_dns") < 0)
        stop("a plugin is not loaded (WIRESHARK_PLUGIN_DIR)");
    set_rows();
    build_column_format_array(&session.columns, preferences->num_cols, TRUE);
    ask_for_reports();
}

void
session_enable(unsigned disabled)
{
    static const char *const protocols[] = { "teamshark", "ms_turn", "teams_stun", "teams_flightproxy", "teams_dns", "teams" };

    for (unsigned i = 0; i < G_N_ELEMENTS(protocols); i++)
        proto_set_decoding(proto_get_id_by_filter_name(protocols[i]), disabled != i + 1 && disabled != TS_NONE_ENABLED);
}

/* ---- a session ---- */

static const nstime_t *
time_of_frame(struct packet_provider_data *provider, guint32 number)
{
    return number >= 1 && number <= provider->count ? &provider->data[number - 1].abs_ts : NULL;
}

void
session_open(const frame *frames, unsigned count, bool ethernet)
{
    static const struct packet_provider_funcs functions = { time_of_frame, NULL, NULL, NULL };

    session.frames = frames;
    session.encapsulation = ethernet ? WTAP_ENCAP_ETHERNET : WTAP_ENCAP_RAW_IP;
    session.passes = 0;
    session.provider = (struct packet_provider_data) { g_new0(frame_data, count), count };
    reset_tap_listeners();
    session.epan = epan_new(&session.provider, &functions);
}

void
session_close(void)
{
    epan_free(session.epan);
    for (unsigned i = 0; i < session.provider.count; i++)
        frame_data_destroy(&session.provider.data[i]);
    g_free(session.provider.data);
}

static wtap_rec
record_of(const frame *f)
{
    wtap_rec record;

    memset(&record, 0, sizeof record);
    record.rec_type = REC_TYPE_PACKET;
    record.presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN;
    record.ts.secs = (time_t)(f->microseconds / 1000000);
    record.ts.nsecs = (int)(f->microseconds % 1000000) * 1000;
    record.rec_header.packet_header.caplen = f->captured;
    record.rec_header.packet_header.len = f->reported;
    record.rec_header.packet_header.pkt_encap = session.encapsulation;
    if (f->way != TS_UNKNOWN_WAY) {
        record.block = wtap_block_create(WTAP_BLOCK_PACKET);
        wtap_block_add_uint32_option(record.block, OPT_PKT_FLAGS, f->way == TS_SENT ? PACK_FLAGS_DIRECTION_OUTBOUND : PACK_FLAGS_DIRECTION_INBOUND);
    }
    return record;
}

void
session_pass(session_way way, session_look look, void *data)
{
    const frame_data *reference = NULL, *previous = NULL;
    epan_dissect_t *edt = epan_dissect_new(session.epan, way != TS_DARK || postdissectors_want_hfids(), way != TS_DARK);
    nstime_t elapsed = NSTIME_INIT_ZERO;
    guint32 bytes = 0;

    for (unsigned i = 0; i < session.provider.count; i++) {
        const frame *f = &session.frames[i];
        frame_data *fd = &session.provider.data[i];
        wtap_rec record = record_of(f);

        if (session.passes == 0)
            frame_data_init(fd, i + 1, &record, 0, bytes);
        prime_epan_dissect_with_postdissector_wanted_hfids(edt);
        frame_data_set_before_dissect(fd, &elapsed, &reference, previous);
        if (reference == NULL)
            reference = fd;
        tvbuff_t *tvb = tvb_new_real_data(f->bytes, f->captured, (int)f->reported);
        if (way == TS_TREE_AND_TAPS)
            epan_dissect_run_with_taps(edt, WTAP_FILE_TYPE_SUBTYPE_UNKNOWN, &record, tvb, fd, &session.columns);
        else
            epan_dissect_run(edt, WTAP_FILE_TYPE_SUBTYPE_UNKNOWN, &record, tvb, fd, way == TS_TREE ? &session.columns : NULL);
        if (look != NULL && way != TS_DARK)
            look(edt, i, data);
        frame_data_set_after_dissect(fd, &bytes);
        previous = fd;
        epan_dissect_reset(edt);
        wtap_block_unref(record.block);
    }
    epan_dissect_free(edt);
    session.passes++;
}

char *
session_reports(size_t *length)
{
    fflush(stdout);
    if (lseek(session.reports, 0, SEEK_SET) != 0 || ftruncate(session.reports, 0) != 0)
        stop("the file in memory cannot be emptied");
    draw_tap_listeners(TRUE);
    fflush(stdout);
    *length = (size_t)lseek(session.reports, 0, SEEK_CUR);
    char *text = (char *)g_malloc(*length + 1);
    if (pread(session.reports, text, *length, 0) != (ssize_t)*length)
        stop("the file in memory cannot be read");
    text[*length] = '\0';
    return text;
}
