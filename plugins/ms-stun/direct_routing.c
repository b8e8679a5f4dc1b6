/* direct_routing.c
 * Media between a session border controller and Microsoft's media processors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A session border controller (SBC) sends plain RTP, with or without ICE: no
 * byte of it is Microsoft's. What tells it is around it:
 *   1. the host of the SBC exchanges TCP with a host that a name of the SIP
 *      proxies (*.pstnhub.*) led to, no longer ago than SESSION_SECONDS,
 *   2. the other end is in a published media prefix of that date and has a
 *      port of the media processors,
 *   3. the packets of one direction are RTP of one SSRC whose sequence rises,
 *      RTP_PACKETS one after the other.
 * Packets before that are left to stock, on every pass.
 */

#include "direct_routing.h"
#include "demux_private.h"

#include <wsutil/str_util.h>

#include "common/endpoint.h"
#include "common/icmp_error.h"
#include "common/stock_fields.h"

#define SESSION_SECONDS     300.0   /* both sides send SIP OPTIONS every minute */
#define RTP_PACKETS         3
#define RTP_HEADER_LENGTH   12
#define MAX_STEP            100     /* of sequence numbers: two seconds */

/* Of one host that speaks SIP with a proxy of Direct Routing. File scope. */
typedef struct {
    address addr;
    nstime_t last;              /* its latest frame with the proxy */
} sip_host;

/* What may become a stream of RTP, by direction. File scope. */
typedef struct {
    struct {
        uint32_t ssrc;
        uint16_t sequence;
        unsigned packets;       /* 0: none yet */
    } stream[2];
} candidate;

static wmem_map_t *proxies;     /* address, of the SIP proxies */
static wmem_map_t *hosts;       /* address -> sip_host */
static wmem_map_t *candidates;  /* conversation -> candidate */

void
ts_direct_routing_register(void)
{
    proxies = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), ts_address_hash, ts_address_key_equal);
    hosts = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), ts_address_hash, ts_address_key_equal);
    candidates = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
}

/* ---- SIP sessions ---- */

static void
add_proxy(const address *addr)
{
    if (wmem_map_contains(proxies, addr))
        return;
    address *kept = ts_address_kept(addr);

    wmem_map_insert(proxies, kept, kept);
}

/* Operator Connect has names of the same service: the label says whose it is. */
static bool
is_proxy_name(const packet_info *pinfo, const ts_name_info *info)
{
    if (info->link_count == 0 || info->whole == NULL || info->whole->service != TS_SERVICE_PSTN_SIP || info->links[0].name == NULL)
        return false;
    return strstr(wmem_ascii_strdown(pinfo->pool, info->links[0].name, -1), ".pstnhub.") != NULL;
}

static void
add_names(packet_info *pinfo)
{
    for (const ts_frame_info *info = ts_frame_info_first(pinfo); info != NULL; info = info->next) {
        const ts_name_info *name = (const ts_name_info *)info;

        if (info->kind != TS_INFO_NAME || !is_proxy_name(pinfo, name))
            continue;
        if (name->role == TS_ROLE_SERVER_NAME)
            add_proxy(&pinfo->dst);
        for (unsigned i = 0; i < name->address_count; i++)
            add_proxy(&name->addresses[i].end.addr);
    }
}

static void
add_session(const packet_info *pinfo)
{
    const address *addr = wmem_map_contains(proxies, &pinfo->dst) ? &pinfo->src :
        wmem_map_contains(proxies, &pinfo->src) ? &pinfo->dst : NULL;

    if (addr == NULL)
        return;
    sip_host *host = (sip_host *)wmem_map_lookup(hosts, addr);

    if (host == NULL) {
        host = wmem_new0(wmem_file_scope(), sip_host);
        copy_address_wmem(wmem_file_scope(), &host->addr, addr);
        wmem_map_insert(hosts, &host->addr, host);
    }
    host->last = pinfo->abs_ts;
}

void
ts_direct_routing_names(packet_info *pinfo, proto_tree *tree)
{
    if (PINFO_FD_VISITED(pinfo))
        return;
    if (ts_has_wanted_fields(tree))     /* which names are read from */
        add_names(pinfo);
    if (wmem_map_size(proxies) > 0 && pinfo->ptype == PT_TCP && !ts_frame_has_icmp(pinfo))
        add_session(pinfo);
}

static bool
has_session(const packet_info *pinfo, const address *addr)
{
    const sip_host *host = (const sip_host *)wmem_map_lookup(hosts, addr);
    nstime_t passed;

    if (host == NULL)
        return false;
    nstime_delta(&passed, &pinfo->abs_ts, &host->last);
    return nstime_to_sec(&passed) <= SESSION_SECONDS;
}

/* ---- media ---- */

static bool
is_processor(const packet_info *pinfo, const address *addr, uint32_t port)
{
    return ts_port_is_media_processor((uint16_t)port) && ts_address_media_prefix(addr, pinfo) != NULL;
}

static ts_processor_end
processor_end(const packet_info *pinfo)
{
    if (pinfo->ptype != PT_UDP)
        return TS_PROCESSOR_NONE;
    if (is_processor(pinfo, &pinfo->dst, pinfo->destport))
        return TS_PROCESSOR_DESTINATION;
    return is_processor(pinfo, &pinfo->src, pinfo->srcport) ? TS_PROCESSOR_SOURCE : TS_PROCESSOR_NONE;
}

static ts_processor_end
end_with_session(const packet_info *pinfo)
{
    const ts_processor_end end = wmem_map_size(hosts) == 0 ? TS_PROCESSOR_NONE : processor_end(pinfo);

    return end != TS_PROCESSOR_NONE && has_session(pinfo, end == TS_PROCESSOR_DESTINATION ? &pinfo->src : &pinfo->dst) ?
        end : TS_PROCESSOR_NONE;
}

/* RFC 3550 5.1: version 2 is what made it RTP; fixed header and CSRC list fit, and so does the header of an extension. */
static bool
is_rtp(const ts_payload *payload, const uint8_t *data, size_t captured, size_t reported)
{
    return payload->kind == TS_PAYLOAD_RTP && captured >= RTP_HEADER_LENGTH &&
        RTP_HEADER_LENGTH + (data[0] & 0x0Fu) * 4 + ((data[0] & 0x10) != 0 ? 4u : 0u) <= reported;
}

static candidate *
candidate_of(packet_info *pinfo)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    candidate *found = (candidate *)wmem_map_lookup(candidates, conversation);

    if (found == NULL) {
        found = wmem_new0(wmem_file_scope(), candidate);
        wmem_map_insert(candidates, conversation, found);
    }
    return found;
}

/*
 * How many packets in a row go on with what the first of them began. The same
 * one again changes nothing: it was captured twice, or its conversation and
 * the heuristics both ask.
 */
static unsigned
packets_in_row(candidate *tracked, unsigned direction, const uint8_t *data)
{
    const uint16_t sequence = ts_get_be16(data + 2);
    const uint32_t ssrc = ts_get_be32(data + 8);
    const uint16_t step = (uint16_t)(sequence - tracked->stream[direction].sequence);
    const bool goes_on = tracked->stream[direction].packets > 0 && tracked->stream[direction].ssrc == ssrc && step <= MAX_STEP;

    if (goes_on && step == 0)
        return tracked->stream[direction].packets;
    tracked->stream[direction].packets = goes_on ? tracked->stream[direction].packets + 1 : 1;
    tracked->stream[direction].ssrc = ssrc;
    tracked->stream[direction].sequence = sequence;
    return tracked->stream[direction].packets;
}

bool
ts_direct_routing_begins(packet_info *pinfo, const ts_payload *payload, const uint8_t *data, size_t captured, size_t reported)
{
    if (PINFO_FD_VISITED(pinfo) || pinfo->flags.in_error_pkt || pinfo->fragmented)
        return false;
    const ts_processor_end end = end_with_session(pinfo);

    if (end == TS_PROCESSOR_NONE)
        return false;
    candidate *tracked = candidate_of(pinfo);
    const unsigned direction = end == TS_PROCESSOR_DESTINATION ? 0 : 1;

    if (!is_rtp(payload, data, captured, reported)) {
        if (payload->kind == TS_PAYLOAD_OTHER)
            tracked->stream[direction].packets = 0;
        return false;
    }
    if (packets_in_row(tracked, direction, data) < RTP_PACKETS)
        return false;
    ts_flow *flow = ts_demux_flow(pinfo, true);

    ts_flow_accept(flow, pinfo, TS_EVIDENCE_PREFIX, false);
    ts_set_first_frame(&flow->direct_routing_frame, pinfo);
    ts_demux_pin(pinfo);
    return true;
}

ts_processor_end
ts_direct_routing_follow(packet_info *pinfo, ts_flow *flow, bool rtp)
{
    if (rtp && flow->direct_routing_frame == 0 && !PINFO_FD_VISITED(pinfo) && end_with_session(pinfo) != TS_PROCESSOR_NONE)
        ts_set_first_frame(&flow->direct_routing_frame, pinfo);
    return ts_is_reached(flow->direct_routing_frame, pinfo) ? processor_end(pinfo) : TS_PROCESSOR_NONE;
}
