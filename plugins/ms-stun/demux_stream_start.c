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
    uint8_t *bytes;             /* file scope */
    uint32_t length;            /* 0: nothing kept */
    uint32_t next;              /* sequence number behind it */
} begin;

typedef struct {
    begin ways[2];
} begins;

static unsigned
way_of(const packet_info *pinfo)
{
    const int order = cmp_address(&pinfo->src, &pinfo->dst);

    return order < 0 || (order == 0 && pinfo->srcport < pinfo->destport) ? 0 : 1;
}

/* Kept beside the flow, which only traffic that is ours has. */
static begin *
find(packet_info *pinfo, bool create)
{
    conversation_t *conversation = create ? find_or_create_conversation(pinfo) : find_conversation_pinfo(pinfo, 0);

    if (conversation == NULL)
        return NULL;
    begins *both = (begins *)conversation_get_proto_data(conversation, ts_demux.proto_port);
    if (both == NULL) {
        if (!create)
            return NULL;
        both = wmem_new0(wmem_file_scope(), begins);
        conversation_add_proto_data(conversation, ts_demux.proto_port, both);
    }
    return &both->ways[way_of(pinfo)];
}

static void
drop(begin *kept)
{
    wmem_free(wmem_file_scope(), kept->bytes);
    memset(kept, 0, sizeof *kept);
}

/* What comes before this segment, on whatever pass. */
static const begin *
begin_of(packet_info *pinfo, const struct tcpinfo *info)
{
    if (info == NULL || info->is_reassembled)
        return NULL;
    const begin *kept = (const begin *)p_get_proto_data(wmem_file_scope(), pinfo, ts_demux.proto, TS_DEMUX_STREAM_START_KEY);
    if (kept == NULL && !PINFO_FD_VISITED(pinfo))
        kept = find(pinfo, false);
    return kept != NULL && kept->length > 0 && kept->next == info->seq ? kept : NULL;
}

tvbuff_t *
ts_stream_start_join(tvbuff_t *tvb, packet_info *pinfo, const struct tcpinfo *info, int *length)
{
    const begin *kept = begin_of(pinfo, info);

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
    begin *kept = find(pinfo, false);

    if (kept == NULL || PINFO_FD_VISITED(pinfo))
        return;
    p_add_proto_data(wmem_file_scope(), pinfo, ts_demux.proto, TS_DEMUX_STREAM_START_KEY,
        wmem_memdup(wmem_file_scope(), kept, sizeof *kept));
    memset(kept, 0, sizeof *kept);
}

void
ts_stream_start_keep(tvbuff_t *joined, packet_info *pinfo, const struct tcpinfo *info)
{
    const unsigned length = tvb_captured_length(joined);
    const ts_span here = { tvb_get_ptr(joined, 0, (int)length), length, tvb_reported_length(joined) };

    if (PINFO_FD_VISITED(pinfo) || info == NULL)
        return;

    const bool possible = !info->is_reassembled && length <= MAX_KEPT && ts_stream_may_start(here) != TS_PDU_NONE;
    begin *kept = find(pinfo, possible);
    if (kept == NULL)
        return;
    if (!possible) {
        if (kept->length > 0 && kept->next == info->seq)
            drop(kept);
        return;
    }
    drop(kept);
    kept->bytes = (uint8_t *)wmem_memdup(wmem_file_scope(), here.data, length);
    kept->length = length;
    kept->next = info->nxtseq;
}
