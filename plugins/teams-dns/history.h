/* history.h
 * What the names plugin remembers of a capture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * File scope, read and written on the first pass only: what a frame shows is
 * stored with the frame. Only names that the taxonomy knows get in here, once
 * each per client, so it grows with names and clients.
 */

#ifndef TEAMSHARK_HISTORY_H
#define TEAMSHARK_HISTORY_H

#include "common/ws_compat.h"

#include "core/names.h"

#define TS_QUESTION_TRIES   8
#define TS_CLIENT_PENDING   8

/* A repeated question this soon is the same datagram seen twice, or asked of two resolvers at once. */
#define TS_TRY_MIN_SECONDS  0.05
/* A question asked again after this long begins anew. */
#define TS_TRY_MAX_SECONDS  60.0

typedef struct {
    uint32_t frame;             /* 0: none */
    nstime_t time;
    address server;
    uint16_t port;              /* the client's */
    uint16_t id;
    bool answered;
} ts_try;

/* One name and type that a client asked for. */
typedef struct {
    const char *name;           /* lower case */
    uint16_t qtype;
    unsigned tries;             /* since the last answer */
    uint32_t first_frame;       /* of these tries */
    nstime_t first_time;
    nstime_t last_time;
    ts_try ring[TS_QUESTION_TRIES];
    unsigned ring_next;
    uint32_t answered_frame;    /* the last answer, 0: none yet */
    nstime_t answered_time;
    bool answered_data;         /* it had addresses */
    uint32_t truncated_frame;   /* a truncated answer that nothing followed yet, 0: none */
    nstime_t truncated_time;
    bool unanswered_said;       /* the diagnostic was given */
    bool truncated_said;
} ts_question;

/* What a client (an address) has looked up so far; frames of the first time, 0: never. */
typedef struct {
    uint32_t teams;             /* a Teams or shared Skype service */
    uint32_t work;              /* Teams or Skype for Business for work accounts */
    uint32_t consumer;          /* Teams or Skype for personal accounts */
    const char *consumer_name;
    const char *sovereign_name; /* the first name of a sovereign cloud */
    ts_cloud sovereign;
    const char *worldwide_name; /* the first Teams name of the worldwide cloud */
    bool mix_said;
    uint32_t sbc_first;         /* sip.pstnhub, and any of its fallbacks */
    uint32_t sbc_fallback;
    nstime_t sbc_time;
    ts_question *pending[TS_CLIENT_PENDING];    /* questions that may lack their answer */
    unsigned pending_next;
} ts_client;

/* Where one resolver last placed a name. */
typedef struct {
    address resolver;
    const char *region;
    nstime_t time;
    uint32_t frame;
} ts_placement;

void ts_history_register(void);

/* One copy of a text for the whole capture; the second puts it in lower case. */
const char *ts_history_text(const char *text);
const char *ts_history_name(packet_info *pinfo, const char *name);

/* What a client or question is known for; created on demand where create is set, else NULL where unknown. */
ts_client *ts_history_client(packet_info *pinfo, const address *client);
ts_question *ts_history_question(packet_info *pinfo, const address *client, const char *name, uint16_t qtype, bool create);

/* The try that an answer belongs to, or NULL. */
ts_try *ts_history_match(ts_question *question, const address *server, uint16_t port, uint16_t id);
/* Notes a question; true where it repeats one that has no answer yet. */
bool ts_history_ask(ts_question *question, const packet_info *pinfo, const address *server, uint16_t port, uint16_t id);

/* Names of shared zones that a chain from a Microsoft-owned name led to. */
void ts_history_anchor(packet_info *pinfo, const char *name);
bool ts_history_anchored(packet_info *pinfo, const char *name);

/* Lync's lookups in a customer's zone: notes one; was there one just before? */
void ts_history_discovery(packet_info *pinfo, const address *client, const char *domain);
bool ts_history_discovering(packet_info *pinfo, const address *client, const char *domain);

/* Failed lookups of a name with a search suffix: notes one; the expanded name, if it was just before, or NULL. */
void ts_history_expansion(packet_info *pinfo, const address *client, const char *name, const char *expanded);
const char *ts_history_expanded(packet_info *pinfo, const address *client, const char *name);

/* Where the name was placed before; a new one is zeroed. */
ts_placement *ts_history_placement(packet_info *pinfo, const char *name);

/* ts_names_lookalike() with its last answers kept: hosts ask for the same few names again and again. */
const char *ts_history_lookalike(const char *name);

/* Seconds from then to the frame. */
double ts_history_since(const packet_info *pinfo, const nstime_t *then);

#endif /* TEAMSHARK_HISTORY_H */
