/* icmp_error.c
 * Frames that only quote what was sent before
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The ends of what is quoted are read from the frame's bytes: stock says
 * them in the tree alone, which is not always there, and many routers quote
 * no more than the ports (RFC 792), over which no dissector is called.
 */

#include "common/icmp_error.h"

#include <string.h>

/* Asked of every frame: by id, which proto_is_frame_protocol() has to find by name in each layer. */
bool
ts_frame_has_icmp(const packet_info *pinfo)
{
    static int icmp, icmpv6;

    if (icmp == 0) {
        icmp = proto_get_id_by_filter_name("icmp");
        icmpv6 = proto_get_id_by_filter_name("icmpv6");
    }
    for (wmem_list_frame_t *layer = wmem_list_head(pinfo->layers); layer != NULL; layer = wmem_list_frame_next(layer)) {
        const int proto = GPOINTER_TO_INT(wmem_list_frame_data(layer));

        if (proto == icmp || proto == icmpv6)
            return true;
    }
    return false;
}

/* ---- what was refused ---- */

enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_ICMPV6 = 58 };
enum { ICMP_HEADER = 8, PORTS = 4 };

/* One version of IP: where things are in its header (RFC 791, RFC 8200), and its Destination Unreachable. */
typedef struct {
    address_type type;
    unsigned version;
    unsigned header;            /* bytes, without options */
    unsigned protocol;          /* offset */
    unsigned addresses;         /* offset of the source; the destination follows */
    unsigned length;            /* of an address */
    uint8_t icmp;               /* protocol number */
    uint8_t unreachable;        /* type of the message */
} ip_layout;

static const ip_layout layouts[] = {
    { AT_IPv4, 4, 20, 9, 12, 4, PROTOCOL_ICMP, 3 },
    { AT_IPv6, 6, 40, 6, 8, 16, PROTOCOL_ICMPV6, 1 },
};

/* Codes that say no (RFC 792, RFC 1812 5.2.7.1, RFC 4443 3.1): a datagram that is too big is none of them. */
static const struct {
    unsigned version;
    uint8_t code;
    const char *text;
} codes[] = {
    { 4, 0, "network unreachable" },
    { 4, 1, "host unreachable" },
    { 4, 2, "protocol unreachable" },
    { 4, 3, "port unreachable" },
    { 4, 6, "network unknown" },
    { 4, 7, "host unknown" },
    { 4, 9, "network administratively prohibited" },
    { 4, 10, "host administratively prohibited" },
    { 4, 11, "network unreachable for this type of service" },
    { 4, 12, "host unreachable for this type of service" },
    { 4, 13, "communication administratively prohibited" },
    { 6, 0, "no route to destination" },
    { 6, 1, "communication administratively prohibited" },
    { 6, 2, "beyond the scope of the source address" },
    { 6, 3, "address unreachable" },
    { 6, 4, "port unreachable" },
    { 6, 5, "source address failed policy" },
    { 6, 6, "route to destination rejected" },
};

static const char *
code_text(const ip_layout *ip, uint8_t code)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++)
        if (codes[i].version == ip->version && codes[i].code == code)
            return codes[i].text;
    return NULL;
}

/* Bytes of the IP header at data, 0 where there is none with that protocol. IPv6 with extension headers is none. */
static size_t
header_length(const ip_layout *ip, const uint8_t *data, size_t length, uint8_t protocol)
{
    if (length < ip->header || data[0] >> 4 != ip->version || data[ip->protocol] != protocol)
        return 0;
    if (ip->version == 6)
        return ip->header;
    const size_t whole = (data[0] & 0x0F) * 4u;
    const bool later_fragment = (data[6] & 0x1F) != 0 || data[7] != 0;

    return whole >= ip->header && whole <= length && !later_fragment ? whole : 0;
}

/* The Destination Unreachable below the IP header that has the frame's addresses; NULL where there is none. */
static const uint8_t *
find_error(const ip_layout *ip, const packet_info *pinfo, const uint8_t *data, const uint8_t *end)
{
    for (; data + ip->header + ICMP_HEADER <= end; data++) {
        const uint8_t *source = data + ip->addresses;

        if (memcmp(source, pinfo->src.data, ip->length) != 0 || memcmp(source + ip->length, pinfo->dst.data, ip->length) != 0)
            continue;
        const size_t header = header_length(ip, data, (size_t)(end - data), ip->icmp);

        if (header != 0 && header + ICMP_HEADER <= (size_t)(end - data) && data[header] == ip->unreachable)
            return data + header;
    }
    return NULL;
}

/* The ends of the quoted datagram; their addresses point into the frame. */
static bool
read_quote(const ip_layout *ip, const uint8_t *quote, const uint8_t *end, uint8_t protocol, ts_endpoint *source, ts_endpoint *destination)
{
    const size_t header = header_length(ip, quote, (size_t)(end - quote), protocol);

    if (header == 0 || header + PORTS > (size_t)(end - quote))
        return false;
    set_address(&source->addr, ip->type, (int)ip->length, quote + ip->addresses);
    set_address(&destination->addr, ip->type, (int)ip->length, quote + ip->addresses + ip->length);
    source->port = (uint16_t)(quote[header] << 8 | quote[header + 1]);
    destination->port = (uint16_t)(quote[header + 2] << 8 | quote[header + 3]);
    return true;
}

static bool
read_refusal(const ip_layout *ip, tvbuff_t *tvb, const packet_info *pinfo, uint8_t protocol, ts_icmp_refusal *refusal)
{
    const size_t captured = tvb_captured_length(tvb);
    const uint8_t *data = tvb_get_ptr(tvb, 0, (int)captured);
    const uint8_t *error = find_error(ip, pinfo, data, data + captured);

    refusal->text = error == NULL ? NULL : code_text(ip, error[1]);
    return refusal->text != NULL &&
        read_quote(ip, error + ICMP_HEADER, data + captured, protocol, &refusal->source, &refusal->destination);
}

bool
ts_icmp_refusal_read(tvbuff_t *tvb, const packet_info *pinfo, port_type ptype, ts_icmp_refusal *refusal)
{
    const uint8_t protocol = ptype == PT_TCP ? PROTOCOL_TCP : PROTOCOL_UDP;

    memset(refusal, 0, sizeof *refusal);
    for (unsigned i = 0; i < G_N_ELEMENTS(layouts); i++)
        if (pinfo->src.type == (int)layouts[i].type && pinfo->dst.type == (int)layouts[i].type)
            return read_refusal(&layouts[i], tvb, pinfo, protocol, refusal);
    return false;
}
