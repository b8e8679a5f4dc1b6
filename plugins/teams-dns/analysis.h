/* analysis.h
 * What one DNS message or server name says: its chain, and each name of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_ANALYSIS_H
#define TEAMSHARK_ANALYSIS_H

#include "common/endpoint.h"

#include "dns_message.h"
#include "history.h"

/* Longer chains and more addresses than this are cut; no resolver gives them. */
#define TS_CHAIN_MAX        32
#define TS_ADDRESSES_MAX    64

/* One name of a message. */
typedef struct {
    ts_name_class view;          /* blank but for the name where not shown */
    ts_name_result info;
    bool shown;                 /* the taxonomy knows it, and it may say so */
    bool possible;              /* of a shared zone, listed, but no chain proves it */
    bool imitation;             /* of a shared zone, not listed, but called like Teams */
    bool detached;              /* in an answer, but not in the question's chain */
    const char *prefix;         /* of its addresses; "" where none */
} ts_link;

/* One message, in packet scope; texts are in file scope or static. */
typedef struct {
    packet_info *pinfo;
    const ts_dns_message *dns;
    ts_name_role role;
    bool tcp;
    const address *client;
    const address *server;
    uint16_t client_port;
    ts_link *links;
    unsigned link_count;        /* at least 1 */
    unsigned chain_length;      /* of these, the ones in the chain */
    bool loop;                  /* the chain comes back to itself */
    bool any_shown;
    const char *chain;          /* "a [akamai-gtm] > b [azure-tm]" */
    ts_name_class whole;
    ts_name_address *addresses;
    unsigned address_count;
    uint32_t max_ttl;           /* of the addresses, seconds */
    ts_question *question;      /* NULL where nothing is shown or for server names */
    const ts_try *request;      /* of a response, NULL where not seen */
    bool retransmission;
    nstime_t answer_time;       /* of a response with a request */
    unsigned tries;             /* of the question before this answer, or with this question */
    double waited;              /* seconds from the first of these tries to this answer */
} ts_message;

/*
 * Analyses a message and notes it in the history. False where it has no name
 * at all; a message without any_shown says nothing.
 */
bool ts_analyse(packet_info *pinfo, const ts_dns_message *dns, ts_message *message);

/* The row by which Microsoft's lists of the frame's time require the name in the cloud, or NULL. */
const ts_required_row *ts_required(const packet_info *pinfo, const char *name, ts_cloud cloud);

/* Is the name in a zone of Microsoft or of a provider that it uses, whether or not the taxonomy has it? */
bool ts_zone_known(const char *name);

/* Is the name called like Teams in a zone where any customer can register, but which the taxonomy doesn't have? */
bool ts_name_in_shared_zone(const char *name);

#endif /* TEAMSHARK_ANALYSIS_H */
