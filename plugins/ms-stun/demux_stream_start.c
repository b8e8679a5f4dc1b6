/* demux_stream_start.c
 * The start of a stream in segments too short to tell
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TCP may be asked to put segments together only for a stream that is known
 * to be ours: everybody else's would look different. So the first bytes of
 * what may become ours are kept, stock does with them what it does, and the
 * segment that proves the stream is dissected together with them. At most
 * MAX_KEPT bytes of each direction are kept, and none of most streams.
 */

#include "demux_private.h"

#include <epan/proto_data.h>

#define MAX_KEPT 2048

/* Of one direction of a conversation. */
typedef struct {
    uint32_t passed;            /* sequence number behind the last bytes that were not ours, on the port of STUN; 0: none */
    uint8_t *bytes;             /* file scope */
    uint32_t length;            /* 0: nothing kept */
    uint32_t next;              /* sequence number behind it */
} stream_start;

typedef struct {
    stream_start directions[2];
} stream_starts;

static unsigned
direction_of(const packet_info *pinfo)
{
    const int order = cmp_address(&pinfo->src, &pinfo->dst);

    return order < 0 || (order == 0 && pinfo->srcport < pinfo->destport) ? 0 : 1;
}

/* Kept beside the flow, which only traffic that is ours has. */
static stream_start *
find(packet_info *pinfo, bool create)
{
    conversation_t *conversation = create ? find_or_create_conversation(pinfo) : find_conversation_pinfo(pinfo, 0);

    if (conversation == NULL)
        return NULL;
    stream_starts *both = (stream_starts *)conversation_get_proto_data(conversation, ts_demux.proto_port);
    if (both == NULL) {
        if (!create)
            return NULL;
        both = wmem_new0(wmem_file_scope(), stream_starts);
        conversation_add_proto_data(conversation, ts_demux.proto_port, both);
    }
    return &both->directions[direction_of(pinfo)];
}

static void
drop(stream_start *kept)
{
    wmem_free(wmem_file_scope(), kept->bytes);
    kept->bytes = NULL;
    kept->length = 0;
}

/* What comes before this segment, on whatever pass. */
static const stream_start *
start_of(packet_info *pinfo, const struct tcpinfo *info)
{
    if (info == NULL || info->is_reassembled)
        return NULL;
    const stream_start *kept = (const stream_start *)p_get_proto_data(wmem_file_scope(), pinfo, ts_demux.proto, TS_DEMUX_STREAM_START_KEY);
    if (kept == NULL && !PINFO_FD_VISITED(pinfo))
        kept = find(pinfo, false);
    return kept != NULL && kept->length > 0 && kept->next == info->seq ? kept : NULL;
}

tvbuff_t *
ts_stream_start_join(tvbuff_t *tvb, packet_info *pinfo, const struct tcpinfo *info, int *length)
{
    const stream_start *kept = start_of(pinfo, info);

    if (kept == NULL)
        return NULL;

    const unsigned captured = tvb_captured_length(tvb);
    uint8_t *bytes = (uint8_t *)wmem_alloc(pinfo->pool, kept->length + captured);
    memcpy(bytes, kept->bytes, kept->length);
    tvb_memcpy(tvb, bytes + kept->length, 0, captured);
    *length = (int)kept->length;
    return tvb_new_child_real_data(tvb, bytes, kept->length + captured, (int)(kept->length + tvb_reported_length(tvb)));
}

void
ts_stream_start_proven(packet_info *pinfo)
{
    stream_start *kept = find(pinfo, false);

    if (kept == NULL || kept->length == 0 || PINFO_FD_VISITED(pinfo))
        return;
    p_add_proto_data(wmem_file_scope(), pinfo, ts_demux.proto, TS_DEMUX_STREAM_START_KEY,
        wmem_memdup(wmem_file_scope(), kept, sizeof *kept));
    kept->bytes = NULL;
    kept->length = 0;
}

void
ts_stream_start_keep(tvbuff_t *joined, packet_info *pinfo, const struct tcpinfo *info, bool stun_port)
{
    const ts_span here = ts_span_of(joined);

    if (PINFO_FD_VISITED(pinfo) || info == NULL)
        return;

    const bool possible = !info->is_reassembled && here.captured <= MAX_KEPT && ts_stream_may_start(here) != TS_PDU_NONE;
    stream_start *kept = find(pinfo, possible || stun_port);
    if (kept == NULL)
        return;
    if (kept->passed == 0 || GT_SEQ(info->nxtseq, kept->passed))
        kept->passed = info->nxtseq;
    if (!possible) {
        if (kept->length > 0 && kept->next == info->seq)
            drop(kept);
        return;
    }
    drop(kept);
    kept->bytes = (uint8_t *)wmem_memdup(wmem_file_scope(), here.data, here.captured);
    kept->length = (uint32_t)here.captured;
    kept->next = info->nxtseq;
}

/* ---- what may be asked for ---- */

/* Were bytes behind that sequence number not ours when they passed? First pass only. */
static bool
has_passed(packet_info *pinfo, uint32_t sequence)
{
    const stream_start *kept = find(pinfo, false);

    return kept != NULL && kept->passed != 0 && GT_SEQ(kept->passed, sequence);
}

/*
 * Has what comes next in this direction been seen before, out of order? Then
 * stock would put it together with this segment on later passes only. Where
 * the user lets it wait for lost segments, it brings them into order itself.
 */
static bool
is_overtaken(packet_info *pinfo, const struct tcpinfo *info)
{
    if (PINFO_FD_VISITED(pinfo))
        return p_get_proto_data(wmem_file_scope(), pinfo, ts_demux.proto, TS_DEMUX_OVERTAKEN_KEY) != NULL;

    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    const struct tcp_analysis *analysis = conversation == NULL ? NULL : get_tcp_conversation_data(conversation, pinfo);

    if (info == NULL || info->is_reassembled || analysis == NULL || analysis->fwd->ooo_segments != NULL ||
        analysis->fwd->tcp_analyze_seq_info == NULL)
        return false;
    /* info counts from the first byte of the stream unless a preference says otherwise. Stock begins anew with each SYN. */
    const uint32_t next = analysis->fwd->tcp_analyze_seq_info->nextseq;
    if ((next == info->nxtseq || !GT_SEQ(next - analysis->fwd->base_seq, info->nxtseq)) &&
        !has_passed(pinfo, info->nxtseq))
        return false;
    p_add_proto_data(wmem_file_scope(), pinfo, ts_demux.proto, TS_DEMUX_OVERTAKEN_KEY, GUINT_TO_POINTER(1));
    return true;
}

bool
ts_stream_may_ask(packet_info *pinfo, const struct tcpinfo *info)
{
    return pinfo->can_desegment != 0 && !is_overtaken(pinfo, info);
}
