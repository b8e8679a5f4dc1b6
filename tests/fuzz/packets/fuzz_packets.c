/* fuzz_packets.c
 * libFuzzer over libwireshark with the plugins: an input is a sequence of packets (sequence.h)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * With TEAMSHARK_FUZZ_WRITE=FILE the frames of each input are written as a capture first.
 */

#include <stdio.h>
#include <stdlib.h>

#include "oracles.h"

#include <epan/packet.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    session_start((*argv)[0]);
    return 0;
}

/* A pcap file of the byte order of this machine, its link type Ethernet or raw IP. */
static void
write_capture(const char *path, const frame *frames, unsigned count, bool ethernet)
{
    const uint32_t head[] = { 0xA1B2C3D4, 2 | 4 << 16, 0, 0, 0x40000, ethernet ? 1 : 101 };
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        return;
    fwrite(head, sizeof head, 1, file);
    for (unsigned i = 0; i < count; i++) {
        const frame *f = &frames[i];
        const uint32_t record[] = {
            (uint32_t)(f->microseconds / 1000000), (uint32_t)(f->microseconds % 1000000), f->captured, f->reported
        };

        fwrite(record, sizeof record, 1, file);
        fwrite(f->bytes, f->captured, 1, file);
    }
    fclose(file);
}

static void
set_options(uint8_t options)
{
    heur_dtbl_entry_t *dns = find_heur_dissector_by_unique_short_name("dns_udp");

    session_prefer((options & TS_OPTION_PREFERENCES) != 0);
    session_enable((options & TS_OPTION_DISABLED) >> 4);
    if (dns != NULL)
        dns->enabled = (options & TS_OPTION_NO_DNS_HEURISTIC) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sequence s;
    unsigned count;
    size_t length;

    sequence_read(&s, data, size);
    const frame *frames = sequence_frames(&s, &count);
    if (count == 0)
        return 0;
    if (getenv("TEAMSHARK_FUZZ_WRITE") != NULL)
        write_capture(getenv("TEAMSHARK_FUZZ_WRITE"), frames, count, (s.options & TS_OPTION_ETHERNET) != 0);
    set_options(s.options);
    session_open(frames, count, (s.options & TS_OPTION_ETHERNET) != 0);
    if ((s.options & TS_OPTION_DARK_FIRST) != 0)
        session_pass(TS_DARK, NULL, NULL);
    session_pass(TS_TREE_AND_TAPS, oracle_labels, NULL);
    char *reports = session_reports(&length);
    session_close();
    oracle_bugs(&s, frames, count);
    oracle_text("reports", reports, length);
    oracle_json(reports);
    g_free(reports);
    if ((s.options & TS_OPTION_TWO_PASSES) != 0)
        oracle_passes(&s, frames, count);
    return 0;
}
