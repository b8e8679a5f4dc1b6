/* dns_message.h
 * DNS messages and server names, as the stock dissectors show them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Nothing is parsed here: the fields that stock DNS, TLS, DTLS and QUIC put
 * into the protocol tree are grouped into messages again. Hence every
 * transport that stock knows is understood (UDP, TCP, TLS, HTTPS, QUIC), and
 * several messages in one frame. mDNS and LLMNR share DNS's fields, but not its
 * protocol item, and are left out.
 */

#ifndef TEAMSHARK_DNS_MESSAGE_H
#define TEAMSHARK_DNS_MESSAGE_H

#include "common/ws_compat.h"

#define TS_DNS_TYPE_A       1
#define TS_DNS_TYPE_CNAME   5
#define TS_DNS_TYPE_AAAA    28
#define TS_DNS_TYPE_SRV     33
#define TS_DNS_TYPE_SVCB    64
#define TS_DNS_TYPE_HTTPS   65

#define TS_DNS_RCODE_NOERROR    0
#define TS_DNS_RCODE_SERVFAIL   2
#define TS_DNS_RCODE_NXDOMAIN   3
#define TS_DNS_RCODE_REFUSED    5

/* A record of the answer section. */
typedef struct {
    const char *owner;
    uint16_t type;
    uint32_t ttl;           /* seconds */
    const char *target;     /* of a CNAME, an SRV or an alias-mode HTTPS or SVCB; NULL in others */
    bool alias;             /* a CNAME, or HTTPS or SVCB in alias mode (RFC 9460 2.4.2) */
    address addr;           /* of an A or AAAA; AT_NONE in others */
} ts_dns_answer;

/* One DNS message, or one server name or proxy's target (dns is false, then only name is set). */
typedef struct {
    bool dns;
    bool proxy;                 /* no DNS: where a client asks a proxy to connect to */
    bool shares_answers;        /* one of several questions of a message: answers go by their owner */
    bool response;
    bool truncated;
    bool iterative;             /* RD is clear: a resolver asks, or a server that knows its own zones answers one */
    uint8_t opcode;
    uint8_t rcode;
    uint16_t id;
    uint16_t answer_count;      /* as the header says */
    const char *name;           /* the question or server name; NULL where there is none */
    uint16_t qtype;
    wmem_array_t *answers;      /* of ts_dns_answer, at most TS_DNS_MAX_ANSWERS */
    wmem_array_t *hints;        /* the same: addresses that HTTPS and SVCB records give (RFC 9460 7.3), as A or AAAA */
} ts_dns_message;

#define TS_DNS_MAX_ANSWERS  128
#define TS_DNS_MAX_MESSAGES 64

/* Were all answers read? Not where the capture cut the frame, or a record is broken. */
bool ts_dns_answers_whole(const ts_dns_message *message);

/* And did the server send all of them? */
static inline bool
ts_dns_is_whole(const ts_dns_message *message)
{
    return !message->truncated && ts_dns_answers_whole(message);
}

/* Looks the stock fields up and asks for them; a field that this Wireshark doesn't have is left out. */
void ts_dns_message_handoff(dissector_handle_t postdissector);

/*
 * The messages of a frame in the order of the tree, NULL where there is none.
 * Everything is in packet scope.
 */
wmem_array_t *ts_dns_messages(packet_info *pinfo, proto_tree *tree);

#endif /* TEAMSHARK_DNS_MESSAGE_H */
