/* sequence.h
 * An input of the packet fuzzer: addresses, and packets between them in the order in which they were captured
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bytes, numbers big-endian:
 *   options                 TS_OPTION_...
 *   number of addresses     then TS_ADDRESS_BYTES each: 16 of the address, of which IPv4 takes the first four, and one for the card, see sequence
 *   packets                 a header of TS_PACKET_HEADER bytes each, see packet, then the payload
 * Headers of lower layers are made from a packet's fields, so that what is changed is what the plugins read.
 */

#ifndef TEAMSHARK_FUZZ_SEQUENCE_H
#define TEAMSHARK_FUZZ_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_ADDRESSES_MAX    16
#define TS_ADDRESS_BYTES    17
#define TS_PACKETS_MAX      640
#define TS_PACKET_HEADER    13
#define TS_PAYLOAD_MAX      16000
#define TS_ETHERNET_HEADER  14
#define TS_FRAME_MAX        (TS_PAYLOAD_MAX + 128)

enum {
    TS_OPTION_TWO_PASSES = 1,       /* the fields of both passes are compared */
    TS_OPTION_DARK_FIRST = 2,       /* the first of two passes has the tree of tshark -2: what postdissectors want */
    TS_OPTION_NO_DNS_HEURISTIC = 4, /* stock's heuristic for DNS is off */
    TS_OPTION_ETHERNET = 8,         /* the capture tells network cards, and which way a packet went */
    TS_OPTION_DISABLED = 0x70,      /* which protocol the user disabled; see session.c */
    TS_OPTION_PREFERENCES = 0x80    /* the user's preferences are others; see session.c */
};

typedef enum { TS_UDP, TS_TCP, TS_UDP_FRAGMENTS, TS_ICMP_ERROR, TS_RAW, TS_KINDS } packet_kind;

typedef struct {
    uint8_t kind;           /* packet_kind, then 0x08 IPv6, 0x30 unit of the time step, 0x40 backwards, 0x80 through a router */
    uint8_t ends;           /* indexes of the source's address and the destination's */
    uint16_t source_port;
    uint16_t destination_port;
    uint16_t step;          /* since the packet before, in microseconds, milliseconds, seconds or minutes */
    uint8_t missing;        /* four times as many bytes were on the wire and not captured */
    uint8_t flags;          /* TCP flags and TS_TCP_...; of an ICMP error how far back the packet is that it quotes; UDP: which copy
                               of the same bytes was sent, for the identification of IPv4, 0 where its sender gives none */
    uint8_t order;          /* TCP: 0 in sequence, 1 sent again, more: as many bytes are missing; ICMP: type and code */
    uint16_t length;        /* of the payload; TS_RAW: a whole IP packet */
    const uint8_t *payload;
} packet;

typedef struct {
    uint8_t options;
    unsigned addresses;
    uint8_t address[TS_ADDRESSES_MAX][16];
    uint8_t card[TS_ADDRESSES_MAX];     /* several addresses may have one; TS_OWN_CARD: of the host that captured */
    unsigned count;
    packet packets[TS_PACKETS_MAX];
} sequence;

#define TS_OWN_CARD         0x80

#define TS_TCP_BEHIND       0x80    /* acknowledges what was sent before the latest */
#define TS_TCP_NO_WINDOW    0x40

#define TS_PACKET_IPV6      0x08
#define TS_PACKET_BACKWARDS 0x40
#define TS_PACKET_ROUTED    0x80

static inline packet_kind
kind_of(const packet *p)
{
    return (packet_kind)((p->kind & 7) % TS_KINDS);
}

/* Reads what is there; payloads stay where they are. */
void sequence_read(sequence *s, const uint8_t *bytes, size_t length);

/* Bytes written; packets that find no room are left out. */
size_t sequence_write(const sequence *s, uint8_t *bytes, size_t room);

typedef enum { TS_UNKNOWN_WAY, TS_RECEIVED, TS_SENT } frame_way;

/* A frame of the capture: an IP packet, with an Ethernet header before it where the sequence has these, and when it came. */
typedef struct {
    int64_t microseconds;
    frame_way way;
    uint32_t captured;
    uint32_t reported;
    uint8_t bytes[TS_FRAME_MAX];
} frame;

/* The frames of a sequence, one or two of each packet; they belong to the function until it is called again. */
const frame *sequence_frames(const sequence *s, unsigned *count);

#endif /* TEAMSHARK_FUZZ_SEQUENCE_H */
