/* demux_decisions.c
 * What the first pass decided about each message of a frame, for later passes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a message is Microsoft's may hang on what is known of its flow,
 * addresses and sessions. On a later pass each frame finds the same again as
 * long as all of that is from an earlier frame. Where a frame itself adds
 * something, a message before that place must not profit from it, so what was
 * decided about the messages of such a frame is kept with it, and only there:
 * it is by far the smallest part.
 */

#include "demux_private.h"

#include <epan/proto_data.h>

/* Of one message, told apart by where it lies. */
typedef struct {
    uint32_t offset;            /* from the start of its data source */
    uint32_t length;            /* bytes on the network */
    unsigned depth;
    ts_evidence evidence;       /* TS_EVIDENCE_NONE: left to stock */
} decision;

static wmem_array_t *
decisions_of(packet_info *pinfo, wmem_allocator_t *scope)
{
    return (wmem_array_t *)p_get_proto_data(scope, pinfo, ts_demux.proto, TS_DEMUX_DECISIONS_KEY);
}

void
ts_decision_add(tvbuff_t *tvb, packet_info *pinfo, unsigned depth, ts_evidence evidence)
{
    const decision made = { (uint32_t)tvb_raw_offset(tvb), tvb_reported_length(tvb), depth, evidence };

    if (PINFO_FD_VISITED(pinfo))
        return;
    wmem_array_t *decisions = decisions_of(pinfo, pinfo->pool);
    if (decisions == NULL) {
        decisions = wmem_array_new(pinfo->pool, sizeof(decision));
        p_add_proto_data(pinfo->pool, pinfo, ts_demux.proto, TS_DEMUX_DECISIONS_KEY, decisions);
    }
    wmem_array_append_one(decisions, made);
}

bool
ts_decision_find(tvbuff_t *tvb, packet_info *pinfo, unsigned depth, ts_evidence *evidence)
{
    wmem_array_t *decisions = PINFO_FD_VISITED(pinfo) ? decisions_of(pinfo, wmem_file_scope()) : NULL;
    const unsigned count = decisions == NULL ? 0 : wmem_array_get_count(decisions);
    const uint32_t offset = (uint32_t)tvb_raw_offset(tvb);
    const uint32_t length = tvb_reported_length(tvb);

    for (unsigned i = 0; i < count; i++) {
        const decision *made = (const decision *)wmem_array_index(decisions, i);
        if (made->offset != offset || made->length != length || made->depth != depth)
            continue;
        *evidence = made->evidence;
        return true;
    }
    return false;
}

void
ts_decisions_keep(packet_info *pinfo)
{
    wmem_array_t *decisions = PINFO_FD_VISITED(pinfo) || !ts_demux_changed_in(pinfo) ? NULL : decisions_of(pinfo, pinfo->pool);

    if (decisions == NULL)
        return;
    wmem_array_t *kept = wmem_array_sized_new(wmem_file_scope(), sizeof(decision), wmem_array_get_count(decisions));
    wmem_array_append(kept, wmem_array_get_raw(decisions), wmem_array_get_count(decisions));
    p_add_proto_data(wmem_file_scope(), pinfo, ts_demux.proto, TS_DEMUX_DECISIONS_KEY, kept);
}
