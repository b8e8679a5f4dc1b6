/* unusual_port.c
 * DNS about our names on UDP ports where stock does not look for it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Takes a datagram only if it is one DNS message from end to end whose one
 * question is a name of Microsoft's own zones, so nobody else's traffic can
 * be taken. The bytes go to the stock dissector (RFC 1035, 4.1).
 */

#include "teams-dns.h"

#define DNS_HEADER_LENGTH   12
#define DNS_QUESTION_TAIL   4       /* type and class */
#define DNS_RECORD_TAIL     10      /* type, class, lifetime, length */
#define DNS_LABEL_MAX       63
#define DNS_NAME_MAX        255
#define DNS_POINTER         0xc0
#define DNS_CLASS_INTERNET  1
#define DNS_RECORDS_MAX     256

static dissector_handle_t dns_handle;

/*
 * Passes over the name at *offset. Its labels go to text where that is set;
 * pointers end a name that is passed over, and are refused in one that is read.
 */
static bool
pass_name(tvbuff_t *tvb, unsigned *offset, wmem_strbuf_t *text)
{
    unsigned start = *offset;

    while (tvb_bytes_exist(tvb, *offset, 1) && *offset - start < DNS_NAME_MAX) {
        unsigned length = tvb_get_uint8(tvb, *offset);

        if ((length & DNS_POINTER) == DNS_POINTER && text == NULL && tvb_bytes_exist(tvb, *offset, 2)) {
            *offset += 2;
            return true;
        }
        *offset += 1;
        if (length == 0)
            return true;
        if (length > DNS_LABEL_MAX || !tvb_bytes_exist(tvb, *offset, length))
            return false;
        for (unsigned i = 0; text != NULL && i < length; i++) {
            uint8_t byte = tvb_get_uint8(tvb, *offset + i);

            if (!g_ascii_isalnum(byte) && byte != '-' && byte != '_')
                return false;
            wmem_strbuf_append_c(text, (char)byte);
        }
        if (text != NULL)
            wmem_strbuf_append_c(text, '.');
        *offset += length;
    }
    return false;
}

static bool
is_header(tvbuff_t *tvb)
{
    uint16_t flags = tvb_get_ntohs(tvb, 2);
    bool response = (flags & 0x8000) != 0;

    if ((flags & 0x7840) != 0)      /* a standard query, and the reserved bit */
        return false;
    if (tvb_get_ntohs(tvb, 4) != 1)
        return false;
    return response || ((flags & 0x058f) == 0 && tvb_get_ntohs(tvb, 6) == 0 && tvb_get_ntohs(tvb, 8) == 0);
}

static bool
is_whole_message(packet_info *pinfo, tvbuff_t *tvb)
{
    unsigned offset = DNS_HEADER_LENGTH;
    unsigned records = tvb_get_ntohs(tvb, 6) + tvb_get_ntohs(tvb, 8) + tvb_get_ntohs(tvb, 10);
    wmem_strbuf_t *name = wmem_strbuf_new(pinfo->pool, NULL);
    ts_name_result info;

    if (records > DNS_RECORDS_MAX || !pass_name(tvb, &offset, name)
            || !tvb_bytes_exist(tvb, offset, DNS_QUESTION_TAIL) || tvb_get_ntohs(tvb, offset + 2) != DNS_CLASS_INTERNET)
        return false;
    offset += DNS_QUESTION_TAIL;
    for (unsigned i = 0; i < records; i++) {
        if (!pass_name(tvb, &offset, NULL) || !tvb_bytes_exist(tvb, offset, DNS_RECORD_TAIL))
            return false;
        offset += DNS_RECORD_TAIL + tvb_get_ntohs(tvb, offset + 8);
    }
    return offset == tvb_reported_length(tvb)
        && ts_names_classify(ts_user_names(), wmem_strbuf_get_str(name), wmem_strbuf_get_len(name), &info)
        && ts_trust_is_owned(info.row->trust);
}

static ws_bool
dissect_unusual_port(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    if (tvb_captured_length(tvb) < DNS_HEADER_LENGTH || tvb_captured_length(tvb) != tvb_reported_length(tvb)
            || !is_header(tvb) || !is_whole_message(pinfo, tvb))
        return false;
    call_dissector(dns_handle, tvb, pinfo, tree);
    return true;
}

void
ts_unusual_port_handoff(int proto)
{
    dns_handle = find_dissector_add_dependency("dns", proto);
    if (dns_handle != NULL)
        heur_dissector_add("udp", dissect_unusual_port, "DNS of Teams names on unusual UDP ports", "teams_dns_udp", proto,
            HEURISTIC_ENABLE);
}
