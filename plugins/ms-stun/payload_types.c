/* payload_types.c
 * The RTP payload types of Lync, Skype and Teams: one row each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The numbers are agreed per call in SDP, which is encrypted; Microsoft's
 * clients keep to the same ones, so these are conventions, not certainties.
 * source: RFC 3551 for static numbers; "SDP" for offers that users published;
 * "observed" for captures; "unverified" where only one secondary source has it.
 */

#include "media.h"

#include <string.h>

static const ts_payload_type rows[] = {
    {   0, "PCMU",            8000, 1, TS_DIALECT_ANY,   TS_MODALITY_AUDIO,   "RFC 3551" },
    {   3, "GSM",             8000, 1, TS_DIALECT_LYNC,  TS_MODALITY_AUDIO,   "RFC 3551" },
    {   4, "G723",            8000, 1, TS_DIALECT_LYNC,  TS_MODALITY_AUDIO,   "RFC 3551" },
    {   8, "PCMA",            8000, 1, TS_DIALECT_ANY,   TS_MODALITY_AUDIO,   "RFC 3551" },
    {   9, "G722",            8000, 1, TS_DIALECT_ANY,   TS_MODALITY_AUDIO,   "RFC 3551" },
    {  13, "CN",              8000, 1, TS_DIALECT_ANY,   TS_MODALITY_AUDIO,   "RFC 3389" },
    {  34, "H263",           90000, 1, TS_DIALECT_LYNC,  TS_MODALITY_VIDEO,   "[MS-H26XPF]" },
    {  96, "x-much3",        48000, 2, TS_DIALECT_TEAMS, TS_MODALITY_AUDIO,   "SDP, unverified" },
    {  97, "RED",             8000, 1, TS_DIALECT_ANY,   TS_MODALITY_AUDIO,   "SDP" },
    {  99, "rtx",            90000, 1, TS_DIALECT_TEAMS, TS_MODALITY_VIDEO,   "SDP" },
    { 100, "SILK_V3",        24000, 1, TS_DIALECT_LYNC,  TS_MODALITY_AUDIO,   "SDP" },
    { 100, "VP8",            90000, 1, TS_DIALECT_TEAMS, TS_MODALITY_VIDEO,   "SDP" },
    { 101, "telephone-event", 8000, 1, TS_DIALECT_ANY,   TS_MODALITY_AUDIO,   "SDP" },
    { 102, "OPUS",           48000, 2, TS_DIALECT_TEAMS, TS_MODALITY_AUDIO,   "SDP" },
    { 103, "SILK",            8000, 1, TS_DIALECT_ANY,   TS_MODALITY_AUDIO,   "SDP" },
    { 104, "SILK",           16000, 1, TS_DIALECT_ANY,   TS_MODALITY_AUDIO,   "SDP, observed" },
    { 106, "OPUS",           48000, 1, TS_DIALECT_TEAMS, TS_MODALITY_AUDIO,   "unverified" },
    { 107, "H264",           90000, 1, TS_DIALECT_TEAMS, TS_MODALITY_VIDEO,   "SDP" },
    { 111, "SIREN",          16000, 1, TS_DIALECT_LYNC,  TS_MODALITY_AUDIO,   "SDP" },
    { 112, "G7221",          16000, 1, TS_DIALECT_LYNC,  TS_MODALITY_AUDIO,   "SDP" },
    { 114, "x-msrta",        16000, 1, TS_DIALECT_LYNC,  TS_MODALITY_AUDIO,   "SDP" },
    { 115, "x-msrta",         8000, 1, TS_DIALECT_LYNC,  TS_MODALITY_AUDIO,   "SDP" },
    { 116, "AAL2-G726-32",    8000, 1, TS_DIALECT_LYNC,  TS_MODALITY_AUDIO,   "SDP" },
    { 117, "G722",            8000, 2, TS_DIALECT_LYNC,  TS_MODALITY_AUDIO,   "SDP" },
    { 118, "CN",             16000, 1, TS_DIALECT_ANY,   TS_MODALITY_AUDIO,   "SDP, observed" },
    { 119, "CN",             24000, 1, TS_DIALECT_LYNC,  TS_MODALITY_AUDIO,   "SDP" },
    { 121, "x-rtvc1",        90000, 1, TS_DIALECT_LYNC,  TS_MODALITY_VIDEO,   "SDP" },
    { 122, "X-H264UC",       90000, 1, TS_DIALECT_ANY,   TS_MODALITY_UNKNOWN, "SDP; video and screen sharing" },
    { 123, "x-ulpfecuc",     90000, 1, TS_DIALECT_ANY,   TS_MODALITY_UNKNOWN, "SDP; video and screen sharing" },
    { 126, "x-data",         90000, 1, TS_DIALECT_TEAMS, TS_MODALITY_DATA,    "SDP" },
    { 127, "x-data",         90000, 1, TS_DIALECT_TEAMS, TS_MODALITY_DATA,    "SDP" },
    { 127, "x-data",         90000, 1, TS_DIALECT_LYNC,  TS_MODALITY_SHARING, "SDP; RTP data of application sharing" },
};

/* Filled from the rows. */
static const char *labels[G_N_ELEMENTS(rows)];
static const char *texts[G_N_ELEMENTS(rows)];
static const ts_payload_type *by_number[TS_DIALECT_COUNT][128];

const char *
ts_dialect_name(ts_dialect dialect)
{
    static const char *const names[TS_DIALECT_COUNT] = { "", "Lync and earlier Skype", "Teams and later Skype" };

    return names[dialect];
}

static const ts_payload_type *
find(unsigned number, ts_dialect dialect)
{
    const ts_payload_type *found = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const ts_payload_type *row = &rows[i];

        if (row->number != number)
            continue;
        if (row->dialect == TS_DIALECT_ANY || row->dialect == dialect)
            return row;
        if (dialect != TS_DIALECT_ANY)
            continue;
        if (found != NULL)
            return NULL;        /* the dialects disagree */
        found = row;
    }
    return found;
}

void
ts_payload_types_init(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        labels[i] = rows[i].channels > 1 ?
            wmem_strdup_printf(wmem_epan_scope(), "%s/%u/%u", rows[i].name, rows[i].clock_rate, rows[i].channels) :
            wmem_strdup_printf(wmem_epan_scope(), "%s/%u", rows[i].name, rows[i].clock_rate);
        texts[i] = wmem_strdup_printf(wmem_epan_scope(), "Payload Name: %s (payload type %u, by convention; %s)", labels[i],
            rows[i].number, rows[i].source);
    }
    for (unsigned dialect = TS_DIALECT_ANY; dialect < TS_DIALECT_COUNT; dialect++) {
        for (unsigned number = 0; number < G_N_ELEMENTS(by_number[0]); number++)
            by_number[dialect][number] = find(number, (ts_dialect)dialect);
    }
}

const ts_payload_type *
ts_payload_type_find(uint8_t number, ts_dialect dialect)
{
    return by_number[dialect][number & 0x7F];
}

bool
ts_payload_type_is_guest(const ts_payload_type *row)
{
    static const char *const guests[] = { "CN", "RED", "telephone-event" };

    for (size_t i = 0; i < G_N_ELEMENTS(guests); i++)
        if (strcmp(row->name, guests[i]) == 0)
            return true;
    return false;
}

const char *
ts_payload_type_label(const ts_payload_type *row)
{
    return labels[row - rows];
}

const char *
ts_payload_type_text(const ts_payload_type *row)
{
    return texts[row - rows];
}
