/* sequence.c
 * An input of the packet fuzzer, read, written, and made into IP packets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/payload.h"

#include "sequence.h"

#define FIRST_MICROSECOND   (INT64_C(1600000000) * 1000000)
#define FRAGMENT_BYTES      64      /* of the datagram in the first of two fragments */

/* ---- bytes ---- */

static void
put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void
put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value & 0xFFFF);
}

void
sequence_read(sequence *s, const uint8_t *bytes, size_t length)
{
    size_t offset = 2;

    *s = (sequence) { 0 };
    if (length < 2)
        return;
    s->options = bytes[0];
    s->addresses = bytes[1] % (TS_ADDRESSES_MAX + 1);
    for (unsigned i = 0; i < s->addresses && offset + TS_ADDRESS_BYTES <= length; i++, offset += TS_ADDRESS_BYTES) {
        memcpy(s->address[i], bytes + offset, 16);
        s->card[i] = bytes[offset + 16];
    }
    while (offset + TS_PACKET_HEADER <= length && s->count < TS_PACKETS_MAX) {
        const uint8_t *p = bytes + offset;
        const size_t left = length - offset - TS_PACKET_HEADER;
        size_t size = ts_get_be16(p + 11);

        size = size < left ? size : left;
        offset += TS_PACKET_HEADER + size;
        size = size < TS_PAYLOAD_MAX ? size : TS_PAYLOAD_MAX;
        s->packets[s->count++] = (packet) {
            p[0], p[1], ts_get_be16(p + 2), ts_get_be16(p + 4), ts_get_be16(p + 6), p[8], p[9], p[10],
            (uint16_t)size, p + TS_PACKET_HEADER
        };
    }
}

size_t
sequence_write(const sequence *s, uint8_t *bytes, size_t room)
{
    size_t offset = 2 + TS_ADDRESS_BYTES * (size_t)s->addresses;

    if (room < offset)
        return 0;
    bytes[0] = s->options;
    bytes[1] = (uint8_t)s->addresses;
    for (unsigned i = 0; i < s->addresses; i++) {
        memcpy(bytes + 2 + i * TS_ADDRESS_BYTES, s->address[i], 16);
        bytes[2 + i * TS_ADDRESS_BYTES + 16] = s->card[i];
    }
    for (unsigned i = 0; i < s->count; i++) {
        const packet *packet = &s->packets[i];
        uint8_t *p = bytes + offset;

        if (room - offset < TS_PACKET_HEADER + (size_t)packet->length)
            continue;
        p[0] = packet->kind;
        p[1] = packet->ends;
        put16(p + 2, packet->source_port);
        put16(p + 4, packet->destination_port);
        put16(p + 6, packet->step);
        p[8] = packet->missing;
        p[9] = packet->flags;
        p[10] = packet->order;
        put16(p + 11, packet->length);
        memcpy(p + TS_PACKET_HEADER, packet->payload, packet->length);
        offset += TS_PACKET_HEADER + packet->length;
    }
    return offset;
}

/* ---- IP ---- */

static const uint8_t *
address_of(const sequence *s, unsigned index)
{
    static const uint8_t none[16];

    return s->addresses > 0 ? s->address[index % s->addresses] : none;
}

/* Bytes of the IP header that goes before so many bytes of a protocol. */
static unsigned
put_ip(const sequence *s, const packet *p, uint8_t *to, uint8_t protocol, unsigned length, unsigned identification, unsigned fragment)
{
    const uint8_t *source = address_of(s, p->ends >> 4), *destination = address_of(s, p->ends & 15);
    const uint8_t hops = (p->kind & TS_PACKET_ROUTED) != 0 ? 63 : 64;

    if ((p->kind & TS_PACKET_IPV6) != 0) {
        memset(to, 0, 8);
        to[0] = 0x60;
        put16(to + 4, length);
        to[6] = protocol;
        to[7] = hops;
        memcpy(to + 8, source, 16);
        memcpy(to + 24, destination, 16);
        return 40;
    }
    memset(to, 0, 20);
    to[0] = 0x45;
    put16(to + 2, 20 + length);
    put16(to + 4, identification);
    put16(to + 6, fragment);
    to[8] = hops;
    to[9] = protocol;
    memcpy(to + 12, source, 4);
    memcpy(to + 16, destination, 4);
    return 20;
}

/* The same one for copies of a datagram, as from both sides of a router, and another one for what is sent again. */
static unsigned
identification_of(const packet *p)
{
    unsigned sum = p->flags;

    if (p->flags == 0 || kind_of(p) == TS_TCP)
        return 0;
    for (unsigned i = 0; i < p->length; i++)
        sum = sum * 31 + p->payload[i];
    return sum & 0xFFFF;
}

static unsigned
put_udp(const packet *p, uint8_t *to)
{
    put16(to, p->source_port);
    put16(to + 2, p->destination_port);
    put16(to + 4, 8u + p->length + 4u * p->missing);
    put16(to + 6, 0);
    memcpy(to + 8, p->payload, p->length);
    return 8u + p->length;
}

/* ---- TCP ---- */

/* One direction of a connection: where its next byte belongs. */
typedef struct {
    const packet *first;
    uint32_t next;
    uint32_t before;        /* where the segment before began */
} direction;

static direction directions[TS_PACKETS_MAX];
static unsigned direction_count;

static direction *
direction_of(const packet *p, bool back)
{
    const uint8_t ends = back ? (uint8_t)(p->ends << 4 | p->ends >> 4) : p->ends;
    const uint16_t source = back ? p->destination_port : p->source_port, destination = back ? p->source_port : p->destination_port;

    for (unsigned i = 0; i < direction_count; i++) {
        const packet *first = directions[i].first;

        if (first->ends == ends && first->source_port == source && first->destination_port == destination)
            return &directions[i];
    }
    if (back || direction_count == TS_PACKETS_MAX)
        return NULL;
    directions[direction_count] = (direction) { p, 1000, 1000 };
    return &directions[direction_count++];
}

static unsigned
put_tcp(const packet *p, uint8_t *to)
{
    direction *here = direction_of(p, false);
    const direction *other = direction_of(p, true);
    uint32_t sequence_number = 1000;

    if (here != NULL) {
        sequence_number = p->order == 0 ? here->next : p->order == 1 ? here->before : here->next + p->order;
        here->before = sequence_number;
        here->next = sequence_number + p->length + 4u * p->missing + ((p->flags & 3) != 0 ? 1 : 0);
    }
    put16(to, p->source_port);
    put16(to + 2, p->destination_port);
    put32(to + 4, sequence_number);
    put32(to + 8, other == NULL ? 0 : (p->flags & TS_TCP_BEHIND) != 0 ? other->before : other->next);
    to[12] = 0x50;
    to[13] = p->flags & (uint8_t)~(TS_TCP_BEHIND | TS_TCP_NO_WINDOW);
    put16(to + 14, (p->flags & TS_TCP_NO_WINDOW) != 0 ? 0 : 0xFFFF);
    put32(to + 16, 0);
    memcpy(to + 20, p->payload, p->length);
    return 20u + p->length;
}

/* ---- Ethernet ---- */

static uint8_t
card_of(const sequence *s, unsigned index)
{
    return s->addresses > 0 ? s->card[index % s->addresses] : 0;
}

static void
put_card(uint8_t *to, uint8_t card)
{
    memset(to, 0, 6);
    to[0] = 2;          /* administered locally */
    to[5] = card;
}

static void
add_ethernet(const sequence *s, const packet *p, frame *f)
{
    const uint8_t source = card_of(s, p->ends >> 4), destination = card_of(s, p->ends & 15);

    memmove(f->bytes + TS_ETHERNET_HEADER, f->bytes, f->captured);
    put_card(f->bytes, destination);
    put_card(f->bytes + 6, source);
    put16(f->bytes + 12, (f->bytes[TS_ETHERNET_HEADER] & 0xF0) == 0x60 ? 0x86DD : 0x0800);
    f->captured += TS_ETHERNET_HEADER;
    f->reported += TS_ETHERNET_HEADER;
    f->way = (source & TS_OWN_CARD) != 0 ? TS_SENT : (destination & TS_OWN_CARD) != 0 ? TS_RECEIVED : TS_UNKNOWN_WAY;
}

/* ---- frames ---- */

static frame frames[2 * TS_PACKETS_MAX];
static const packet *packet_of[2 * TS_PACKETS_MAX];

static void
finish_frame(frame *f, unsigned captured, unsigned missing)
{
    f->captured = captured;
    f->reported = captured + missing;
}

/* Two fragments of an IPv4 datagram; IPv6 goes as a whole. */
static unsigned
make_fragments(const sequence *s, const packet *p, frame *f, unsigned identification)
{
    uint8_t whole[TS_FRAME_MAX];
    const unsigned length = put_udp(p, whole);
    unsigned header;

    if ((p->kind & TS_PACKET_IPV6) != 0 || length <= FRAGMENT_BYTES || p->missing > 0) {
        header = put_ip(s, p, f->bytes, 17, length + 4u * p->missing, 0, 0);
        memcpy(f->bytes + header, whole, length);
        finish_frame(f, header + length, 4u * p->missing);
        return 1;
    }
    header = put_ip(s, p, f->bytes, 17, FRAGMENT_BYTES, identification, 0x2000);
    memcpy(f->bytes + header, whole, FRAGMENT_BYTES);
    finish_frame(f, header + FRAGMENT_BYTES, 0);
    header = put_ip(s, p, f[1].bytes, 17, length - FRAGMENT_BYTES, identification, FRAGMENT_BYTES / 8);
    memcpy(f[1].bytes + header, whole + FRAGMENT_BYTES, length - FRAGMENT_BYTES);
    f[1].microseconds = f->microseconds;
    finish_frame(&f[1], header + length - FRAGMENT_BYTES, 0);
    return 2;
}

/* An error about an earlier frame, of which it quotes as much as the payload is long. */
static unsigned
make_icmp(const sequence *s, const packet *p, frame *f, unsigned made)
{
    uint8_t *to = f->bytes + (p->kind & TS_PACKET_IPV6 ? 40 : 20);
    unsigned quoted = 28u + p->length;

    memset(to, 0, 8);
    to[0] = p->kind & TS_PACKET_IPV6 ? 1 + (p->order >> 4) % 4 : (p->order >> 4) == 0 ? 3 : 11;
    to[1] = p->order & 15;
    if (made == 0)
        quoted = 0;
    else {
        const frame *about = &frames[made - 1 - p->flags % made];

        quoted = quoted < about->captured ? quoted : about->captured;
        quoted = quoted < TS_PAYLOAD_MAX ? quoted : TS_PAYLOAD_MAX;
        memcpy(to + 8, about->bytes, quoted);
    }
    finish_frame(f, put_ip(s, p, f->bytes, p->kind & TS_PACKET_IPV6 ? 58 : 1, 8 + quoted, 0, 0) + 8 + quoted, 0);
    return 1;
}

static unsigned
make_frames(const sequence *s, const packet *p, frame *f, unsigned made)
{
    const unsigned missing = 4u * p->missing, header = p->kind & TS_PACKET_IPV6 ? 40 : 20;
    unsigned length;

    switch (kind_of(p)) {
    case TS_RAW:
        memcpy(f->bytes, p->payload, p->length);
        finish_frame(f, p->length, missing);
        return p->length > 0;
    case TS_ICMP_ERROR:
        return make_icmp(s, p, f, made);
    case TS_UDP_FRAGMENTS:
        return make_fragments(s, p, f, made + 1);
    case TS_TCP:
        length = put_tcp(p, f->bytes + header);
        break;
    default:
        length = put_udp(p, f->bytes + header);
        break;
    }
    put_ip(s, p, f->bytes, kind_of(p) == TS_TCP ? 6 : 17, length + missing, identification_of(p), 0);
    finish_frame(f, header + length, missing);
    return 1;
}

const frame *
sequence_frames(const sequence *s, unsigned *count)
{
    static const int64_t units[] = { 1, 1000, 1000000, 60000000 };
    int64_t now = FIRST_MICROSECOND;

    *count = 0;
    direction_count = 0;
    for (unsigned i = 0; i < s->count; i++) {
        const packet *p = &s->packets[i];
        const int64_t step = p->step * units[p->kind >> 4 & 3];

        now += p->kind & TS_PACKET_BACKWARDS ? -step : step;
        now = now < 0 ? 0 : now;
        frames[*count].microseconds = now;
        packet_of[*count] = packet_of[*count + 1] = p;
        *count += make_frames(s, p, &frames[*count], *count);
    }
    /* Afterwards, since errors of ICMP quote frames from the IP header on. */
    for (unsigned i = 0; i < *count; i++) {
        frames[i].way = TS_UNKNOWN_WAY;
        if ((s->options & TS_OPTION_ETHERNET) != 0)
            add_ethernet(s, packet_of[i], &frames[i]);
    }
    return frames;
}
