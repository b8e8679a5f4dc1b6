/* record.c
 * What the plugins tell the umbrella ("teams") about a frame
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "common/record.h"

#define UMBRELLA_FILTER_NAME "teams"

/* Distinct from every other key that the umbrella itself uses (small numbers). */
#define RECORD_KEY (UINT32_C(0x54530000) + TS_RECORD_ABI)

static int proto_umbrella = -1;

void
ts_record_init(void)
{
    proto_umbrella = proto_get_id_by_filter_name(UMBRELLA_FILTER_NAME);
}

bool
ts_record_wanted(void)
{
    return proto_umbrella > 0 && proto_is_protocol_enabled(find_protocol_by_id(proto_umbrella));
}

static void *
append(wmem_allocator_t *scope, packet_info *pinfo, ts_record_kind kind, size_t size)
{
    ts_record *record = (ts_record *)wmem_alloc0(scope, size);
    ts_record *first = (ts_record *)p_get_proto_data(scope, pinfo, proto_umbrella, RECORD_KEY);

    record->kind = kind;
    if (first == NULL)
        p_add_proto_data(scope, pinfo, proto_umbrella, RECORD_KEY, record);
    else
        first->last->next = record;
    (first == NULL ? record : first)->last = record;
    return record;
}

void *
ts_record_leave(packet_info *pinfo, ts_record_kind kind, size_t size)
{
    return ts_record_wanted() ? append(pinfo->pool, pinfo, kind, size) : NULL;
}

void *
ts_record_new(packet_info *pinfo, ts_record_kind kind, size_t size)
{
    return PINFO_FD_VISITED(pinfo) || !ts_record_wanted() ? NULL : append(wmem_file_scope(), pinfo, kind, size);
}

/* Names come after the rest: they are read by a postdissector. */
const ts_record *
ts_record_first(packet_info *pinfo)
{
    if (proto_umbrella <= 0)
        return NULL;

    ts_record *kept = (ts_record *)p_get_proto_data(wmem_file_scope(), pinfo, proto_umbrella, RECORD_KEY);
    ts_record *passing = (ts_record *)p_get_proto_data(pinfo->pool, pinfo, proto_umbrella, RECORD_KEY);

    if (passing == NULL)
        return kept;
    passing->last->next = kept;
    return passing;
}
