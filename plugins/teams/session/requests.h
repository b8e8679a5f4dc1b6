/* requests.h
 * HTTP requests inside TLS that stock Wireshark decrypts: what each asks for, and what became of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Read on the first pass from the fields of stock, on connections that are
 * followed anyhow (session/connection.h) and only after a frame has shown that
 * TLS is decrypted: until then not one field more is asked of stock, and a
 * capture without keys costs nothing. What a frame asks or answers is kept
 * with the frame and shown on every pass.
 *
 * Paths are kept as ts_path_mask() shows them; queries, headers and bodies never.
 */

#ifndef TEAMSHARK_TEAMS_REQUESTS_H
#define TEAMSHARK_TEAMS_REQUESTS_H

#include "session/connection.h"

/* What says which service a request is for. */
typedef enum {
    TEAMS_REQUEST_UNKNOWN,      /* a path of a front door that no row has */
    TEAMS_REQUEST_BY_NAME,      /* the host has this service alone */
    TEAMS_REQUEST_BY_PATH,
    TEAMS_REQUEST_ROLE_COUNT
} teams_request_role;

/* What requests to one host with one method and masked path have in common; file scope, one each. */
typedef struct teams_request_kind {
    const char *host;           /* in lower case */
    const char *method;
    const char *path;           /* masked */
    teams_request_role role;
    ts_product product;
    ts_service service;
    ts_stage stage;
    ts_confidence confidence;
    const char *region;         /* that the path names; "" none */
    const char *description;    /* of the path's row; "" none */
} teams_request_kind;

/* A WebSocket that a request opened. */
typedef struct {
    unsigned pings;
    unsigned pongs;
    unsigned messages[2];       /* from the server, from the client */
    uint32_t close_frame;       /* 0: not closed by a Close frame */
    uint16_t close_code;        /* 0: it carries none */
    bool closed_by_client;
    struct teams_web_socket_reader *readers;    /* of both directions, in HTTP/2; NULL: stock reads its frames */
} teams_web_socket;

typedef struct teams_request {
    uint32_t number;            /* from 1, in order of appearance */
    const teams_request_kind *kind;
    uint32_t frame;
    nstime_t time;
    uint32_t answer_frame;      /* 0: none seen */
    bool beside;                /* HTTP/1: an answer came while others were waited for, too, or before the request was shown: whose it is is not known */
    nstime_t answer_time;       /* from the request to the first byte of the answer */
    uint16_t status;
    bool to_identity;           /* the answer redirects to a host of identity */
    bool brings_result;         /* identity redirects elsewhere with a code or a token */
    unsigned leads_to;          /* of a redirect: a number for the host */
    const char *retry_after;    /* seconds or a date, as text; NULL none */
    const char *reason;         /* error code of WWW-Authenticate; NULL none that is known */
    const char *token_region;   /* that the token's answer gives; NULL none */
    teams_web_socket *socket;   /* NULL: the request opened none */
} teams_request;

/* The text of the field, "" for unknown, NULL after the last one. */
const char *teams_request_role_name(unsigned role);

/* Does the answer say something of the stage? Only by a path of the table, and where more is asked for than whether something is there. */
bool teams_request_is_of_stage(const teams_request *request);
/* Did the answer give what was asked for, or refuse it? Some answers do neither. */
bool teams_request_succeeded(const teams_request *request);
bool teams_request_refused(const teams_request *request);
/* "401 (claims challenge)", "429 (retry after 30 s)" */
const char *teams_request_status_text(wmem_allocator_t *scope, const teams_request *request);
/* RFC 6455, 7.4.1: "going away"; "" where the code has no meaning of its own */
const char *teams_close_code_text(uint16_t code);

/* HTTP/2: did one side send what is none of a WebSocket's? */
bool teams_web_socket_is_broken(const teams_web_socket *socket);

/* Every pass: what the frame asks or answers. */
bool teams_requests_has_items(packet_info *pinfo);
/* The one service that all its paths are for; TS_SERVICE_UNKNOWN where there is none, or more than one. */
ts_service teams_requests_service(packet_info *pinfo);
void teams_requests_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);
void teams_requests_register(int proto);
void teams_requests_cleanup(void);

/* The connection's requests in order; NULL where there are none. */
const wmem_array_t *teams_requests_of(const teams_connection *connection);

#endif /* TEAMSHARK_TEAMS_REQUESTS_H */
