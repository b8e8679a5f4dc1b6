/* mutate.c
 * Changes to a sequence of packets that keep it worth dissecting
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/payload.h"

#include "mutate.h"

#define ROOMS 16

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size,
                                 uint8_t *out, size_t room, unsigned seed);

/* ---- chance and room ---- */

static uint64_t state;

void
mutate_seed(unsigned seed)
{
    state = (seed + UINT64_C(1)) * UINT64_C(0x9E3779B97F4A7C15);
}

unsigned
mutate_below(unsigned bound)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return bound == 0 ? 0 : (unsigned)(state >> 33) % bound;
}

static uint8_t rooms[ROOMS][TS_PAYLOAD_MAX];
static unsigned rooms_taken;

uint8_t *
mutate_room(void)
{
    return rooms_taken < ROOMS ? rooms[rooms_taken++] : NULL;
}

uint8_t *
mutate_copy(const packet *p)
{
    uint8_t *room = mutate_room();

    if (room != NULL)
        memcpy(room, p->payload, p->length);
    return room;
}

static packet *
any_packet(sequence *s)
{
    return &s->packets[mutate_below(s->count)];
}

const packet *
mutate_any(const sequence *s)
{
    return &s->packets[mutate_below(s->count)];
}

/* ---- changes of the order ---- */

static void
insert_at(sequence *s, unsigned at, packet p)
{
    if (s->count == TS_PACKETS_MAX)
        return;
    memmove(&s->packets[at + 1], &s->packets[at], (s->count - at) * sizeof p);
    s->packets[at] = p;
    s->count++;
}

static void
insert(sequence *s, packet p)
{
    insert_at(s, mutate_below(s->count + 1), p);
}

static void
repeat(sequence *s)
{
    insert(s, *any_packet(s));
}

static void
drop(sequence *s)
{
    const unsigned at = mutate_below(s->count);

    if (s->count < 2)
        return;
    memmove(&s->packets[at], &s->packets[at + 1], (s->count - at - 1) * sizeof s->packets[0]);
    s->count--;
}

static void
exchange(sequence *s)
{
    packet *one = any_packet(s), *two = any_packet(s);
    const packet kept = *one;

    *one = *two;
    *two = kept;
}

/* ---- changes of who, when and how ---- */

static uint8_t
ends_turned(const packet *p)
{
    return (uint8_t)(p->ends << 4 | p->ends >> 4);
}

static void
turn(packet *p)
{
    const uint16_t port = p->source_port;

    p->ends = ends_turned(p);
    p->source_port = p->destination_port;
    p->destination_port = port;
}

static void
turn_round(sequence *s)
{
    turn(any_packet(s));
}

static void
change_port(sequence *s)
{
    static const uint16_t ports[] = { 53, 3478, 3479, 3480, 3481, 443, 80, 853, 5353, 8080, 10053, 50000, 50020, 50040, 49152 };
    packet *p = any_packet(s);
    const packet *other = mutate_any(s);
    const uint16_t port = mutate_below(3) ? ports[mutate_below(sizeof ports / sizeof ports[0])] :
        mutate_below(2) ? other->source_port : other->destination_port;

    if (mutate_below(2))
        p->source_port = port;
    else
        p->destination_port = port;
}

static void
change_address(sequence *s)
{
    uint8_t *address = s->address[mutate_below(s->addresses)];

    if (mutate_below(2))
        any_packet(s)->ends = (uint8_t)mutate_below(256);
    else if (mutate_below(3) == 0)
        s->card[mutate_below(s->addresses)] = (uint8_t)(s->card[mutate_below(s->addresses)] ^ mutate_below(2) * TS_OWN_CARD);
    else
        memcpy(address, s->address[mutate_below(s->addresses)], 1 + mutate_below(16));
}

static void
change_time(sequence *s)
{
    packet *p = any_packet(s);

    p->step = (uint16_t)mutate_below(mutate_below(2) ? 100 : 65536);
    p->kind ^= (uint8_t)(mutate_below(4) << 4);
    if (mutate_below(8) == 0)
        p->kind ^= TS_PACKET_BACKWARDS;
}

/* All goes on for longer. */
static void
stretch(sequence *s)
{
    const unsigned factor = 2 + mutate_below(mutate_below(2) ? 10 : 1000);

    for (unsigned i = mutate_below(s->count); i < s->count; i++) {
        const unsigned step = s->packets[i].step * factor;

        s->packets[i].step = (uint16_t)(step < 65536 ? step : 65535);
    }
}

/* A copy from behind a router that translates addresses, or not. */
static void
route(sequence *s)
{
    const unsigned at = mutate_below(s->count);
    packet copy = s->packets[at];

    copy.kind ^= TS_PACKET_ROUTED;
    copy.kind &= (uint8_t)~(0x30 | TS_PACKET_BACKWARDS);        /* microseconds */
    copy.step = (uint16_t)mutate_below(1000);
    copy.ends = (uint8_t)((copy.ends & 15) | (mutate_below(2) ? copy.ends & 0xF0 : mutate_below(16) << 4));
    insert_at(s, at + 1, copy);
}

static void
change_kind(sequence *s)
{
    packet *p = any_packet(s);

    if (mutate_below(2))
        p->kind = (uint8_t)((p->kind & ~7u) | mutate_below(4));
    else
        p->kind ^= TS_PACKET_IPV6;
}

static void
change_tcp(sequence *s)
{
    static const uint8_t flags[] = { 0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x19 };
    packet *p = any_packet(s);

    if (mutate_below(2))
        p->flags = flags[mutate_below(sizeof flags)];
    else if (mutate_below(2))
        p->flags ^= mutate_below(2) ? TS_TCP_BEHIND : TS_TCP_NO_WINDOW;
    else
        p->order = (uint8_t)mutate_below(mutate_below(2) ? 3 : 256);
}

/* The capture cut it, or did not. */
static void
cut(sequence *s)
{
    packet *p = any_packet(s);
    const unsigned away = mutate_below(p->length);

    if (mutate_below(2)) {
        p->missing = (uint8_t)mutate_below(3);
        return;
    }
    p->length = (uint16_t)(p->length - away);
    p->missing = (uint8_t)(away / 4 < 255 ? away / 4 : 255);
}

static bool
is_answer(const packet *p, const packet *to)
{
    return kind_of(p) == kind_of(to) && p->ends == ends_turned(to) && p->source_port == to->destination_port && p->destination_port == to->source_port;
}

/* What a packet goes to is not heard from any more, and the packet is sent again in longer and longer steps. */
static void
fall_silent(sequence *s)
{
    const packet silent = *any_packet(s);
    const unsigned at = mutate_below(s->count);
    unsigned kept = at;

    for (unsigned i = at; i < s->count; i++)
        if (!is_answer(&s->packets[i], &silent))
            s->packets[kept++] = s->packets[i];
    s->count = kept;
    for (unsigned times = mutate_below(7), step = 1; times > 0 && s->count < TS_PACKETS_MAX; times--, step *= 2) {
        packet again = silent;

        again.kind = (uint8_t)((silent.kind & 0x0F) | 0x20);
        again.step = (uint16_t)step;
        again.order = 1;
        s->packets[s->count++] = again;
    }
}

/* A packet's flow ends somewhere, from either side, by RST or FIN; packets of it may follow. */
static void
end_flow(sequence *s)
{
    packet end = *any_packet(s);

    end.kind = (uint8_t)((end.kind & ~7u) | TS_TCP);
    end.flags = mutate_below(2) ? 0x14 : 0x11;
    end.length = 0;
    end.missing = 0;
    end.order = 0;
    if (mutate_below(2))
        turn(&end);
    insert(s, end);
}

static void
add_icmp_error(sequence *s)
{
    packet p = *any_packet(s);

    p.ends = ends_turned(&p);
    p.kind = (uint8_t)((p.kind & ~7u) | TS_ICMP_ERROR);
    p.flags = (uint8_t)mutate_below(4);
    p.order = (uint8_t)mutate_below(mutate_below(2) ? 16 : 256);
    insert(s, p);
}

/* ---- changes of the payload ---- */

/* libFuzzer's own; a message that was one stays one as to its length. */
static void
change_bytes(sequence *s)
{
    packet *p = any_packet(s);
    uint8_t *bytes = mutate_copy(p);

    if (bytes == NULL)
        return;
    p->length = (uint16_t)LLVMFuzzerMutate(bytes, p->length, TS_PAYLOAD_MAX);
    if (p->length >= TS_STUN_HEADER_LENGTH && bytes[0] < 4 && ts_get_be32(bytes + 4) == TS_STUN_COOKIE && mutate_below(4))
        mutate_put16(bytes + 2, p->length - TS_STUN_HEADER_LENGTH);
    p->payload = bytes;
}

static void
take_payload(sequence *s)
{
    const packet *from = mutate_any(s);
    packet *to = any_packet(s);

    to->payload = from->payload;
    to->length = from->length;
}

/* What may stand before a message: FF10, a control or a data frame, RFC 4571, ChannelData. */
static void
wrap(sequence *s)
{
    static const struct { uint8_t head[12]; uint8_t size, length_at, counted; } heads[] = {
        { { 0xFF, 0x10, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 }, 12, 2, 8 },
        { { 2, 0, 0, 0 }, 4, 2, 0 },
        { { 3, 0, 0, 0 }, 4, 2, 0 },
        { { 0, 0 }, 2, 0, 0 },
        { { 0x40, 1, 0, 0 }, 4, 2, 0 },
    };
    const unsigned choice = mutate_below(sizeof heads / sizeof heads[0]), size = heads[choice].size;
    packet *p = any_packet(s);
    uint8_t *bytes = mutate_room();

    if (bytes == NULL || p->length + size > TS_PAYLOAD_MAX)
        return;
    memcpy(bytes, heads[choice].head, size);
    mutate_put16(bytes + heads[choice].length_at, p->length + heads[choice].counted);
    memcpy(bytes + size, p->payload, p->length);
    p->payload = bytes;
    p->length = (uint16_t)(p->length + size);
}

/* Two segments of one, or one of two. */
static void
split(sequence *s)
{
    packet *p = any_packet(s);
    const unsigned at = 1 + mutate_below(p->length);

    if (p->length < 2 || at >= p->length || s->count == TS_PACKETS_MAX)
        return;
    memmove(p + 1, p, (size_t)(&s->packets[s->count] - p) * sizeof *p);
    s->count++;
    p[1].payload += at;
    p[1].length = (uint16_t)(p->length - at);
    p[1].step = 1;
    p->length = (uint16_t)at;
}

static void
join(sequence *s)
{
    const packet *from = mutate_any(s);
    packet *to = any_packet(s);
    uint8_t *bytes = mutate_copy(to);

    if (bytes == NULL || from->length + to->length > TS_PAYLOAD_MAX)
        return;
    memcpy(bytes + to->length, from->payload, from->length);
    to->payload = bytes;
    to->length = (uint16_t)(to->length + from->length);
}

/* The same again and again in one segment or datagram, as segmentation offload has it: up to what there is room for. */
static void
fill(sequence *s)
{
    packet *p = any_packet(s);
    const unsigned size = p->length;
    uint8_t *bytes = mutate_copy(p);

    if (bytes == NULL || size == 0)
        return;
    const unsigned times = mutate_below(TS_PAYLOAD_MAX / size);

    for (unsigned i = 1; i < times; i++)
        memcpy(bytes + i * size, p->payload, size);
    p->payload = bytes;
    p->length = (uint16_t)((times > 0 ? times : 1) * size);
}

/* ---- changes by what is in a payload ---- */

static void
change_message(sequence *s)
{
    for (unsigned tries = 0; tries < 8; tries++)
        if (mutate_stun(s, any_packet(s)))
            return;
}

static void
change_name(sequence *s)
{
    for (unsigned tries = 0; tries < 8; tries++)
        if (mutate_dns(any_packet(s)))
            return;
}

static void
change_request(sequence *s)
{
    for (unsigned tries = 0; tries < 8; tries++)
        if (mutate_http(any_packet(s)))
            return;
}

static void
change_options(sequence *s)
{
    s->options ^= (uint8_t)(1u << mutate_below(mutate_below(4) ? 4 : 8));
}

static const struct {
    void (*change)(sequence *s);
    unsigned weight;
} changes[] = {
    { repeat, 2 }, { drop, 2 }, { exchange, 2 }, { turn_round, 2 }, { change_port, 2 }, { change_address, 2 }, { change_time, 2 },
    { stretch, 1 }, { route, 1 }, { change_kind, 1 }, { change_tcp, 2 }, { fall_silent, 2 }, { end_flow, 1 }, { cut, 2 },
    { add_icmp_error, 1 }, { change_bytes, 6 }, { take_payload, 2 }, { wrap, 2 },
    { split, 2 }, { join, 1 }, { fill, 1 }, { change_message, 14 }, { change_name, 5 }, { change_request, 8 }, { change_options, 1 },
};

static void
change_once(sequence *s)
{
    unsigned total = 0, choice;

    for (unsigned i = 0; i < sizeof changes / sizeof changes[0]; i++)
        total += changes[i].weight;
    choice = mutate_below(total);
    for (unsigned i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (choice < changes[i].weight) {
            changes[i].change(s);
            return;
        }
        choice -= changes[i].weight;
    }
}

/* ---- what libFuzzer calls ---- */

/* Payloads lie in what is read, so what is written goes elsewhere first. */
static size_t
write_over(const sequence *s, uint8_t *data, size_t room)
{
    static uint8_t written[2 + TS_ADDRESS_BYTES * TS_ADDRESSES_MAX + TS_PACKETS_MAX * (TS_PACKET_HEADER + TS_PAYLOAD_MAX)];
    const size_t size = sequence_write(s, written, room < sizeof written ? room : sizeof written);

    memcpy(data, written, size);
    return size;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
    static sequence s;

    mutate_seed(seed);
    sequence_read(&s, data, size);
    if (s.count == 0 || mutate_below(40) == 0)
        return LLVMFuzzerMutate(data, size, room);
    rooms_taken = 0;
    for (unsigned times = 1 + mutate_below(4); times > 0; times--)
        change_once(&s);
    return write_over(&s, data, room);
}

/* The packets of one before or between those of another, on the addresses of the first. */
size_t
LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size,
                          uint8_t *out, size_t room, unsigned seed)
{
    static sequence s, other;

    mutate_seed(seed);
    sequence_read(&s, one, one_size);
    sequence_read(&other, two, two_size);
    if (mutate_below(2) && s.addresses < TS_ADDRESSES_MAX / 2) {
        memcpy(s.address[s.addresses], other.address, 16 * (size_t)(TS_ADDRESSES_MAX / 2));
        memcpy(&s.card[s.addresses], other.card, TS_ADDRESSES_MAX / 2);
        for (unsigned i = 0; i < other.count; i++)
            other.packets[i].ends = (uint8_t)(other.packets[i].ends + s.addresses * 0x11);
        s.addresses = TS_ADDRESSES_MAX / 2 + s.addresses;
    }
    if (s.count > 1 && mutate_below(2))
        s.count = 1 + mutate_below(s.count);
    for (unsigned i = mutate_below(2) ? 0 : mutate_below(other.count); i < other.count && s.count < TS_PACKETS_MAX; i++)
        s.packets[s.count++] = other.packets[i];
    return write_over(&s, out, room);
}
