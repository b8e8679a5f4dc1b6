/* duplicate.c
 * Packets that the capture has twice
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The latest packets are kept in a table of fixed size, by a hash of what does
 * not change on the way; of duplicates their numbers, for later passes.
 */

#include "common/duplicate.h"

#include <string.h>

#include <wiretap/wtap.h>

#include "common/times.h"

/* Between the first of them and a copy. */
#define SECONDS_NUMBERED 1.0    /* where the sender numbers its packets, and this number was seen with these bytes */
#define SECONDS_BY_HOPS 0.2     /* where the hop count is another one: a second place on the way, with what buffers there */
#define SECONDS         0.05    /* where the frame header is, or the sender may number them; senders wait longer before they send again */
#define SECONDS_BY_TIME 0.003   /* where nothing is: what a mirror port takes */

#define MIRRORED_MIN    3       /* copies that show a mirror port which makes two of most packets */

#define SETS            1024
#define WAYS            4

#define SENDERS         256     /* of which it is known whether they number their packets: one of each hash */

#define MAX_BELOW_IP    160     /* bytes: tunnels included */
#define BARE_FRAME_MAX  160     /* bytes of a frame with a SYN, at most */
#define MAX_HEADERS     80      /* bytes of IP and transport headers in which fields are left out of the hash */
#define LINK_HEADER     18      /* bytes: Ethernet with a VLAN tag; counters of tunnels come later */

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, TCP_HEADER = 20, UDP_HEADER = 8 };

typedef struct {
    uint64_t hash;
    uint64_t below;             /* hash of what is below IP */
    nstime_t time;
    uint32_t frame;             /* 0: free */
    uint8_t hops;
} seen_packet;

/* Has each packet a number of its own, the identification of IPv4? Some senders give none, or all packets the same. */
typedef enum { NUMBERED_NO, NUMBERED_LIKELY, NUMBERED_YES } numbering;

typedef struct {
    uint64_t sender;            /* hash of its address; 0: none */
    uint64_t packet;            /* hash of its latest packet */
    unsigned number;            /* identification of that */
    numbering numbers;          /* likely until a second packet tells */
} seen_sender;

typedef struct {
    seen_packet seen[SETS][WAYS];
    seen_sender senders[SENDERS];
    wmem_map_t *found;          /* frame -> ts_duplicate */
    unsigned alike;             /* packets that only time tells from the same bytes sent twice, acknowledgements aside */
    unsigned alike_twice;       /* and how many of them there are again */
    uint32_t last_frame;        /* asked last, and the answer */
    ts_duplicate last;
} duplicates;

static duplicates *state;

static void
forget(void)
{
    state = NULL;       /* freed with the file scope */
}

void
ts_duplicates_register(void)
{
    register_cleanup_routine(forget);
}

static duplicates *
get(void)
{
    if (state == NULL) {
        state = wmem_new0(wmem_file_scope(), duplicates);
        state->found = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    }
    return state;
}

/* ---- what a packet is told by ---- */

typedef struct {
    const uint8_t *bytes;       /* from the IP header on */
    unsigned length;            /* of what is captured of the packet */
    unsigned below;             /* bytes before it in the frame */
    bool ipv6;
    unsigned header;            /* of IP, without IPv6 extension headers */
} ip_packet;

/* The header with the addresses that the frame has, whatever is below it. */
static bool
find_ip(const packet_info *pinfo, const uint8_t *frame, unsigned captured, ip_packet *packet)
{
    const bool ipv6 = pinfo->net_src.type == AT_IPv6;
    const unsigned header = ipv6 ? IPV6_HEADER : IPV4_HEADER;
    const unsigned size = ipv6 ? 16 : 4;

    for (unsigned at = 0; at < MAX_BELOW_IP && at + header <= captured; at++) {
        const uint8_t *ip = frame + at;

        if (ip[0] >> 4 != (ipv6 ? 6 : 4) || memcmp(ip + header - 2 * size, pinfo->net_src.data, size) != 0 ||
            memcmp(ip + header - size, pinfo->net_dst.data, size) != 0)
            continue;
        const unsigned total = ipv6 ? IPV6_HEADER + (unsigned)(ip[4] << 8 | ip[5]) : (unsigned)(ip[2] << 8 | ip[3]);

        packet->bytes = ip;
        packet->length = total < header ? captured - at : MIN(captured - at, total);
        packet->below = at;
        packet->ipv6 = ipv6;
        packet->header = ipv6 ? IPV6_HEADER : (ip[0] & 0x0Fu) * 4;
        return true;
    }
    return false;
}

static uint64_t
hash_bytes(uint64_t hash, const uint8_t *bytes, unsigned length)
{
    const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);

    for (; length >= sizeof(uint64_t); bytes += sizeof(uint64_t), length -= (unsigned)sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, bytes, sizeof word);
        hash = (hash ^ word) * factor;
        hash ^= hash >> 29;
    }
    for (; length > 0; bytes++, length--)
        hash = (hash ^ *bytes) * factor;
    return hash ^ hash >> 32;
}

/* Checksums are left out: a network card may fill them in after the capture's first place. */
static uint64_t
hash_packet(const packet_info *pinfo, const ip_packet *packet)
{
    const unsigned count = MIN(packet->length, MAX_HEADERS);
    const unsigned checksum = packet->header + (pinfo->ptype == PT_TCP ? 16u : 6u);
    uint8_t headers[MAX_HEADERS] = { 0 };

    memcpy(headers, packet->bytes, count);
    if (packet->ipv6) {
        headers[0] &= 0xF0;             /* traffic class */
        headers[1] &= 0x0F;
        headers[7] = 0;                 /* hop limit */
    } else {
        headers[1] = 0;                 /* type of service */
        headers[8] = 0;                 /* time to live */
        headers[10] = headers[11] = 0;  /* header checksum */
    }
    if ((pinfo->ptype == PT_UDP || pinfo->ptype == PT_TCP) && checksum + 2 <= MAX_HEADERS)
        headers[checksum] = headers[checksum + 1] = 0;
    return hash_bytes(hash_bytes(packet->length, headers, count), packet->bytes + count, packet->length - count);
}

/* From the sequence number on, without what a translator may change: checksum, options (MSS). */
static uint64_t
hash_of_client(const packet_info *pinfo, const ip_packet *packet)
{
    const uint8_t *transport = packet->bytes + packet->header;
    const unsigned left = packet->length - packet->header;
    const unsigned header = pinfo->ptype == PT_TCP ? MIN((transport[12] >> 4) * 4u, left) : UDP_HEADER;
    uint64_t hash = hash_bytes(pinfo->destport, (const uint8_t *)pinfo->net_dst.data, (unsigned)pinfo->net_dst.len);

    if (pinfo->ptype == PT_TCP)
        hash = hash_bytes(hash, transport + 4, 4);
    return hash_bytes(hash, transport + header, left - header);
}

static uint64_t
hash_below(const packet_info *pinfo, const ip_packet *packet)
{
    const uint64_t number = pinfo->rec->presence_flags & WTAP_HAS_INTERFACE_ID ? pinfo->rec->rec_header.packet_header.interface_id : 0;

    return hash_bytes(number, packet->bytes - packet->below, MIN(packet->below, LINK_HEADER));
}

static numbering
numbering_of(const packet_info *pinfo, const ip_packet *packet, uint64_t hash)
{
    const unsigned number = packet->ipv6 ? 0 : (unsigned)(packet->bytes[4] << 8 | packet->bytes[5]);
    const uint64_t sender = hash_bytes(1, (const uint8_t *)pinfo->net_src.data, (unsigned)pinfo->net_src.len);
    seen_sender *known = &state->senders[sender % SENDERS];

    if (number == 0)
        return NUMBERED_NO;
    if (known->sender != sender)
        *known = (seen_sender) { .sender = sender, .numbers = NUMBERED_LIKELY };
    else if (known->packet != hash)
        known->numbers = known->number != number ? NUMBERED_YES : NUMBERED_NO;
    known->packet = hash;
    known->number = number;
    return known->numbers;
}

/* Acknowledgements and RSTs are sent several times in a row, the same to the last byte: copies only where most other packets have one, too. */
static bool
is_bare_acknowledgement(const packet_info *pinfo, const ip_packet *packet)
{
    const uint8_t *tcp = packet->bytes + packet->header;

    return pinfo->ptype == PT_TCP && packet->length >= packet->header + TCP_HEADER && (tcp[13] & 0x03) == 0 &&
        packet->length <= packet->header + (tcp[12] >> 4) * 4u;
}

/* ---- looking one up ---- */

static bool
is_same(const packet_info *pinfo, const ip_packet *packet, numbering numbered, const seen_packet *seen, const seen_packet *now, bool *by_time)
{
    const double limit = numbered == NUMBERED_YES ? SECONDS_NUMBERED : seen->hops != now->hops ? SECONDS_BY_HOPS : SECONDS;
    const double passed = ts_seconds(&seen->time, &now->time);
    const double seconds = passed < 0 ? -passed : passed;

    if (seen->frame == 0 || seen->hash != now->hash || seconds > limit)
        return false;
    *by_time = numbered == NUMBERED_NO && seen->hops == now->hops && seen->below == now->below;
    if (!*by_time)
        return true;
    return seconds <= SECONDS_BY_TIME && (!is_bare_acknowledgement(pinfo, packet) ||
        (state->alike_twice >= MIRRORED_MIN && state->alike_twice * 2 > state->alike));
}

static void
count(const packet_info *pinfo, const ip_packet *packet, numbering numbered, const ts_duplicate *result)
{
    if (numbered != NUMBERED_NO || is_bare_acknowledgement(pinfo, packet))
        return;
    if (result->frame == 0)
        state->alike++;
    else if (result->by_time)
        state->alike_twice++;
}

/* The place of what was the same packet, else the oldest of the set. */
static seen_packet *
place_of(seen_packet *set, uint64_t hash)
{
    seen_packet *oldest = &set[0];

    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].frame != 0 && set[i].hash == hash)
            return &set[i];
        if (set[i].frame < oldest->frame)
            oldest = &set[i];
    }
    return oldest;
}

static bool
find_packet(const packet_info *pinfo, ip_packet *packet)
{
    if (pinfo->data_src == NULL || (pinfo->net_src.type != AT_IPv4 && pinfo->net_src.type != AT_IPv6) ||
        pinfo->net_dst.type != pinfo->net_src.type)
        return false;
    tvbuff_t *frame = get_data_source_tvb((const struct data_source *)pinfo->data_src->data);
    const unsigned captured = tvb_captured_length(frame);

    return captured != 0 && find_ip(pinfo, tvb_get_ptr(frame, 0, (int)captured), captured, packet);
}

bool
ts_opening_of(const packet_info *pinfo, bool syn, ts_opening *opening)
{
    enum { FIN_SYN_RST_ACK = 0x17, SYN = 0x02, TCP_PROTOCOL = 6, UDP_PROTOCOL = 17 };
    const bool tcp = pinfo->ptype == PT_TCP;
    ip_packet packet;

    if ((syn && pinfo->fd->pkt_len > BARE_FRAME_MAX) || !find_packet(pinfo, &packet) || packet.length < packet.header + (tcp ? TCP_HEADER : UDP_HEADER) ||
        packet.bytes[packet.ipv6 ? 6 : 9] != (tcp ? TCP_PROTOCOL : UDP_PROTOCOL))
        return false;
    if (syn && (packet.bytes[packet.header + 13] & FIN_SYN_RST_ACK) != SYN)
        return false;
    opening->hash = hash_of_client(pinfo, &packet);
    opening->hops = packet.bytes[packet.ipv6 ? 7 : 8];
    return true;
}

static ts_duplicate
look_up(const packet_info *pinfo)
{
    const ts_duplicate none = { 0, false };
    ts_duplicate result = none;
    ip_packet packet;

    if (!find_packet(pinfo, &packet))
        return none;
    const seen_packet now = {
        .hash = hash_packet(pinfo, &packet), .below = hash_below(pinfo, &packet), .time = pinfo->abs_ts, .frame = pinfo->num,
        .hops = packet.bytes[packet.ipv6 ? 7 : 8],
    };
    const numbering numbered = numbering_of(pinfo, &packet, now.hash);
    seen_packet *place = place_of(state->seen[now.hash % SETS], now.hash);

    if (is_same(pinfo, &packet, numbered, place, &now, &result.by_time))
        result.frame = place->frame;
    else
        *place = now;
    count(pinfo, &packet, numbered, &result);
    return result.frame == 0 ? none : result;
}

/* What the first pass found. */
static ts_duplicate
find(uint32_t frame)
{
    const ts_duplicate none = { 0, false };
    const ts_duplicate *found = (const ts_duplicate *)wmem_map_lookup(state->found, GUINT_TO_POINTER(frame));

    return found == NULL ? none : *found;
}

ts_duplicate
ts_duplicate_of(const packet_info *pinfo)
{
    (void)get();
    if (state->last_frame == pinfo->num)
        return state->last;
    if (PINFO_FD_VISITED(pinfo))
        return find(pinfo->num);
    state->last_frame = pinfo->num;
    state->last = look_up(pinfo);
    if (state->last.frame != 0)
        wmem_map_insert(state->found, GUINT_TO_POINTER(pinfo->num), wmem_memdup(wmem_file_scope(), &state->last, sizeof state->last));
    return state->last;
}

void
ts_duplicate_is_none(const packet_info *pinfo)
{
    const ts_duplicate none = { 0, false };

    wmem_map_remove(get()->found, GUINT_TO_POINTER(pinfo->num));
    if (state->last_frame == pinfo->num)
        state->last = none;
}
