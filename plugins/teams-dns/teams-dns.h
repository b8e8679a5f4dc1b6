/* teams-dns.h
 * What the files of the names plugin share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The way of a frame: dns_message.c groups stock's fields into messages,
 * analysis.c and classify.c tell what the names of a message say, the problems
 * files what is wrong with them, frame_names.c keeps that with the frame, and
 * packet-teams-dns.c shows it. history.c is what is remembered meanwhile.
 */

#ifndef TEAMSHARK_TEAMS_DNS_H
#define TEAMSHARK_TEAMS_DNS_H

#include "common/endpoint.h"
#include "common/name_question.h"
#include "common/nat64.h"

#include <epan/prefs.h>

#include "core/names.h"

#include "dns_message.h"

/* ---- the user's names (user_names.c) ---- */

/* Adds the table "Names" to the protocol's preferences (file teams_dns_names in the profile). */
void ts_user_names_register(module_t *module);

/*
 * The shipped taxonomy with the user's rows; never NULL. Results that point to a
 * user's row stay valid until the table is edited: copy what is kept.
 */
const ts_names *ts_user_names(void);

/* ---- DNS on unusual ports (unusual_port.c) ---- */

/* Registers the heuristic dissector "teams_dns_udp" under the protocol. */
void ts_unusual_port_handoff(int proto);

/* ---- what is remembered of a capture (history.c) ----
 *
 * File scope, read and written on the first pass only: what a frame shows is
 * stored with the frame. Only names that the taxonomy knows get in here, once
 * each per client, so it grows with names and clients.
 */

#define TS_QUESTION_TRIES   8
#define TS_CLIENT_PENDING   16

/* A repeated question this soon is the same datagram seen twice, or asked of two resolvers at once. */
#define TS_TRY_MIN_SECONDS  0.05
/* A question asked again after this long begins anew. */
#define TS_TRY_MAX_SECONDS  15.0

/* An answer stands before its question where two places of capture, or two queues of one card, are merged. */
#define TS_EARLY_MAX_SECONDS 1.0

/* Nobody waits so long for an answer: a clock was set, or the capture has a hole. */
#define TS_ANSWER_MAX_SECONDS 60.0

/* One sending of a question. */
typedef struct {
    uint32_t frame;             /* 0: none */
    nstime_t time;
    address server;
    uint16_t port;              /* the client's */
    uint16_t id;
    bool answered;
} ts_try;

typedef struct ts_client ts_client;

/* One name and type that a client asked for. */
typedef struct {
    ts_name_question state;     /* what reports may read, too */
    const ts_client *client;
    unsigned failures;          /* SERVFAIL and REFUSED since the latest other answer */
    bool iterative;             /* asked without RD, as no client asks */
    ts_try *ring;               /* grows up to TS_QUESTION_TRIES: most are asked once */
    unsigned ring_size;
    unsigned ring_next;
    uint32_t early_frame;       /* the latest answer whose question the capture has not, or has later; 0: none */
    nstime_t early_time;
    uint16_t early_port;        /* the client's */
    uint16_t early_id;
} ts_question;

/* What a client (an address) has looked up so far; frames of the first time, 0: never. */
struct ts_client {
    address addr;
    ts_name_client state;       /* what reports may read, too */
    uint32_t teams;             /* a Teams or shared Skype service */
    uint32_t work;              /* Teams or Skype for Business for work accounts */
    uint32_t consumer;          /* Teams or Skype for personal accounts */
    const char *consumer_name;
    const char *sovereign_name; /* the first name of a sovereign cloud */
    ts_cloud sovereign;
    const char *worldwide_name; /* the first Teams name of the worldwide cloud */
    bool mix_reported;
    unsigned denied;            /* names that do not exist, each asked for once and for A alone */
    bool resolver;              /* asks for others: was asked itself, or asks without RD */
    bool like_a_client;         /* something else was asked or answered, or a server name sent */
    ts_question *pending[TS_CLIENT_PENDING];    /* questions that may lack their answer */
    unsigned pending_next;
};

/* Where one resolver last placed a name. */
typedef struct {
    address resolver;
    const char *continent;
    const char *region;
    nstime_t time;
    uint32_t frame;
} ts_placement;

void ts_history_register(void);

/* One copy of a text for the whole capture. */
const char *ts_history_text(const char *text);

/* What a client or question is known for; made on demand. */
ts_client *ts_history_client(const address *addr);
ts_question *ts_history_question(packet_info *pinfo, const ts_client *client, const char *name, uint16_t qtype);

/* The first sending of the question that an answer belongs to, or NULL. Valid until the question is asked again. */
ts_try *ts_history_match(ts_question *question, const packet_info *pinfo, const address *server, uint16_t port, uint16_t id);

/* When a question that waits for its answer was first sent to the server of this sending: under another id or from another port it is the same one. */
const nstime_t *ts_history_asked_first(const ts_question *question, const ts_try *request);
/* Was the latest answer truncated, so that the client, which waits since its first question, asks again? */
bool ts_history_was_truncated(const ts_question *question, const packet_info *pinfo);
/* Keeps an answer to no question that the capture has so far. */
void ts_history_answered_early(ts_question *question, const packet_info *pinfo, uint16_t port, uint16_t id);
/* The client goes to the name: it had an answer, or does without. */
void ts_history_went(packet_info *pinfo, const ts_client *client, const char *name);
/* Keeps a question; true where it repeats one that has no answer yet. */
bool ts_history_ask(ts_question *question, const packet_info *pinfo, const address *server, uint16_t port, uint16_t id);

/* Names of shared zones that a chain from a Microsoft-owned name led to. */
void ts_history_anchor(packet_info *pinfo, const char *name);
bool ts_history_anchored(packet_info *pinfo, const char *name);

/* Lync's lookups in a customer's zone: keeps one; was there one just before? */
void ts_history_discovery(packet_info *pinfo, const address *client, const char *domain);
bool ts_history_discovering(packet_info *pinfo, const address *client, const char *domain);

/* Failed lookups of a name with a search suffix: keeps one; the expanded name, if it was just before, or NULL. */
void ts_history_expansion(packet_info *pinfo, const address *client, const char *name, const char *expanded);
const char *ts_history_expanded(packet_info *pinfo, const address *client, const char *name);

/* Where the name was placed before by answers to this type of question; a new one is zeroed. */
ts_placement *ts_history_placement(packet_info *pinfo, const char *name, uint16_t qtype);

/* How many different names were answered with the address over a zone that nobody knows, this one included. */
unsigned ts_history_shared_answer(packet_info *pinfo, const address *addr, const char *name);

/* ts_names_lookalike() with its last answers kept: hosts ask for the same few names again and again. */
const char *ts_history_lookalike(const char *name);

/* Seconds from then to the frame. */
double ts_history_since(const packet_info *pinfo, const nstime_t *then);

/* ---- what a message says (analysis.c, classify.c) ---- */

/* Longer chains and more addresses than this are cut; no resolver gives them. */
#define TS_CHAIN_MAX        32
#define TS_ADDRESSES_MAX    64

/* One name of a message. */
typedef struct {
    ts_name_class kind;         /* blank but for the name where not shown; compared as bytes: zeroed by ts_name_class_blank() */
    ts_name_result info;
    bool shown;                 /* the taxonomy knows it, and it may say so */
    bool possible;              /* of a shared zone, listed, but no chain proves it */
    bool imitation;             /* of a shared zone, not listed, but called like Teams */
    bool detached;              /* in an answer, but not in the question's chain */
    const ts_prefix_row *prefix;    /* of a server name: that of the server's address, or of the literal; else NULL */
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
    unsigned link_max;          /* that there is room for */
    unsigned chain_length;      /* of these, the ones in the chain */
    bool loop;                  /* the chain comes back to itself */
    bool any_shown;
    ts_name_class whole;
    ts_name_address *addresses;
    unsigned address_count;
    uint32_t max_ttl;           /* of the addresses, seconds */
    ts_question *question;      /* NULL where nothing is shown or for server names */
    ts_client *history;         /* of the client, the same */
    const ts_try *request;      /* of a response, NULL where not seen */
    bool iterative;             /* between a resolver and a server that answers for its own zones alone (RFC 1034 4.3.1) */
    bool retransmission;
    bool after_data;            /* a second answer to a question, the first of which had addresses */
    bool after_truncated;       /* a question over TCP that follows a truncated answer */
    nstime_t answer_time;       /* of a response with a request: since its first sending; over TCP: since the first of these tries */
    unsigned tries;             /* of the question before this answer, or with this question */
    double waited;              /* seconds from the first of these tries to this answer */
    double late_since;          /* of an answer, seconds since its question where nobody waits so long: then there is no request; else 0 */
} ts_message;

/*
 * Analyses a message and keeps it in the history. False where it has no name
 * at all; a message without any_shown says nothing.
 */
bool ts_analyse(packet_info *pinfo, const ts_dns_message *dns, ts_message *message);

/* An answer over UDP that says so: the client has to ask again over TCP. */
static inline bool
ts_is_truncated(const ts_message *message)
{
    return message->dns->response && message->dns->truncated && !message->tcp;
}

/* First pass: keeps the NAT64 prefix that a message tells, and tells it on. */
void ts_learn_nat64(packet_info *pinfo, const ts_dns_message *dns);

/* Names that outlive the packet, one copy of each: for messages of which anything is kept. */
void ts_keep_names(ts_message *message);

/*
 * Classifies the i-th name of a message; anchored says whether the names before
 * it anchor it, and is moved on. Whatever gives a message a name may use this.
 */
void ts_classify_name(ts_message *message, unsigned i, bool *anchored);

/* A server name that is an address: its prefix says what it is. False for other names. */
bool ts_classify_literal(ts_message *message);

/* Says nothing but the name. */
void ts_name_class_blank(ts_name_class *kind, const char *name);

bool ts_same_name(const char *a, const char *b);

/* The row by which Microsoft's lists of the frame's time require the name in the cloud, or NULL. */
const ts_required_row *ts_required(const packet_info *pinfo, const char *name, ts_cloud cloud);

/* Is the name in a zone of Microsoft or of a provider that it uses, whether or not the taxonomy has it? */
bool ts_zone_known(const char *name);

/* Is the name called like Teams in a zone where any customer can register, but which the taxonomy doesn't have? */
bool ts_name_in_shared_zone(const char *name);

/* ---- what is wrong (problems*.c, dns_expert.def) ---- */

typedef enum {
#define DIAGNOSTIC(id, code, filter, group, severity, summary, advice) TS_DNS_##id,
#include "dns_expert.def"
#undef DIAGNOSTIC
    TS_DNS_EXPERT_COUNT
} ts_dns_expert;

/* The rows, by ts_dns_expert. */
extern const ts_expert_table ts_dns_expert_table;

/* One problem of a message. */
typedef struct {
    ts_dns_expert row;
    unsigned link;
    const char *about;          /* the name that it is about, of this message or of an earlier one */
    const char *detail;         /* packet scope, "" where there is nothing to add */
} ts_dns_problem;

/* Everything that the message gives evidence of: ts_dns_problem in packet scope, NULL for nothing. First pass only. */
wmem_array_t *ts_check(ts_message *message);

/* The half of it that the message says by itself. */
void ts_check_message(const ts_message *message, wmem_array_t *problems);

void ts_problem_add(const ts_message *message, wmem_array_t *problems, ts_dns_expert row, unsigned link,
    const char *format, ...) G_GNUC_PRINTF(5, 6);

/* The problem added last is about another name than that of its link; name is file scope. */
void ts_problem_about(wmem_array_t *problems, const char *name);

/* Is the name one that a client can't do without? */
bool ts_name_required(const packet_info *pinfo, const ts_link *link);

/* ---- what a frame shows (frame_names.c) ---- */

typedef struct {
    const ts_name_class *kind;
    ts_name_role role;
    bool possible;
    const ts_prefix_row *prefix;    /* of a server name; NULL where none */
} ts_shown_name;

typedef struct {
    ts_dns_expert row;
    int name;                   /* index of the name that it is about; -1: none that is shown */
    const char *detail;
} ts_shown_problem;

/* A message of the frame; file scope. */
typedef struct ts_shown_message {
    struct ts_shown_message *next;
    const char *summary;
    const ts_name_class *chain;     /* the names from the question to the host */
    unsigned chain_length;
    ts_shown_name *names;
    unsigned name_count;
    const ts_name_address *addresses;
    const int *address_names;       /* of each address: the index of the name that it belongs to; -1: none that is shown */
    unsigned address_count;
    ts_shown_problem *problems;
    unsigned problem_count;
} ts_shown_message;

void ts_frame_names_register(void);

/*
 * Keeps what a message says for later passes, and leaves it for "teams".
 * problems may be NULL. NULL where there is nothing to show.
 */
ts_shown_message *ts_frame_names_keep(ts_message *message, wmem_array_t *problems);

#endif /* TEAMSHARK_TEAMS_DNS_H */
