/* requests_private.h
 * What the files about requests share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_REQUESTS_PRIVATE_H
#define TEAMSHARK_TEAMS_REQUESTS_PRIVATE_H

#include "session/connection_private.h"
#include "session/requests.h"

/* What a connection keeps of its requests; file scope. */
struct teams_requests {
    wmem_array_t *all;          /* teams_request *, in order */
    wmem_map_t *streams;        /* HTTP/2 and 3: stream -> its teams_request */
    teams_request *latest;      /* HTTP/1: the one without an answer */
    unsigned unanswered;        /* HTTP/1: requests */
    bool several;               /* HTTP/1: of them, or were until all were answered: it is not known for sure which is answered */
    unsigned looked_from, looked_to;    /* HTTP/1: of all, those that an answer was already seen beside */
    unsigned early;             /* HTTP/1: answers that came before stock showed what they answer */
    nstime_t first_byte;        /* HTTP/1: of the answer to come; zero: none yet */
    teams_request *socket;      /* HTTP/1: the connection is now its WebSocket */
    uint32_t lost_frame[2];     /* HTTP/2: the latest with bytes of streams from the server, or the client, that are not shown; 0 none */
    bool answered;              /* any of them */
    bool succeeded;             /* one that asks for more than whether something is there */
};

/* A message as the fields of a frame show it. Texts are packet scope, NULL where there is none. */
typedef struct {
    bool multiplexed;           /* HTTP/2 or 3 */
    uint64_t stream;
    const char *method;
    const char *uri;
    const char *host;
    bool has_status;
    uint32_t status;
    const char *location;
    const char *retry_after;
    const char *authenticate;
    const char *upgrade;        /* HTTP/1: what to (RFC 9110, 7.8) */
    const char *token_region;   /* member "region" of a JSON body */
} teams_http_message;

typedef void (*teams_http_message_func)(const teams_http_message *message, void *data);

typedef struct {
    uint8_t opcode;
    bool has_code;
    uint16_t code;
} teams_web_socket_frame;

typedef void (*teams_web_socket_func)(const teams_web_socket_frame *frame, void *data);

/* Bytes of a stream of HTTP/2, once its WebSocket is open. */
typedef void (*teams_stream_bytes_func)(uint64_t stream, const uint8_t *bytes, size_t length, void *data);

typedef struct {
    teams_http_message_func message;
    teams_web_socket_func web_socket;
    teams_stream_bytes_func bytes;
    void (*lost)(void *data);           /* there are bytes of streams in the frame that stock does not show */
    void *data;
} teams_request_walk;

/* ---- request_fields.c: what stock shows of HTTP ---- */

void teams_request_fields_handoff(void);
/* Has an earlier frame shown that TLS is decrypted, so that there are fields of HTTP? */
bool teams_request_fields_active(void);
/*
 * First pass: does this frame show it? Asks for the fields from the next frame
 * on. Returns the requests of HTTP/1 that it has already, in early data (RFC 8446, 2.3).
 */
unsigned teams_request_fields_watch(proto_tree *tree);
void teams_request_fields_reset(void);
/* There is QUIC with a host of ours: where TLS is decrypted, HTTP/3 is asked for, too. */
void teams_request_fields_quic(void);
/* Asks for more from the next frame on, which few captures have: frames of a WebSocket (or the bytes of a stream that is one), the body of an answer. */
void teams_request_fields_want_web_socket(bool in_stream);
void teams_request_fields_want_body(void);
/* Walks the frame's messages, WebSocket frames and bytes, in order. payload: bytes of TCP. */
void teams_request_fields_walk(packet_info *pinfo, proto_tree *tree, unsigned payload, const teams_request_walk *told);

/* ---- web_socket.c: frames of a WebSocket in a stream of bytes (RFC 6455, 5.2) ---- */

#define TEAMS_WEB_SOCKET_HEAD 14    /* bytes, the longest */

/* One direction. */
struct teams_web_socket_reader {
    uint8_t head[TEAMS_WEB_SOCKET_HEAD];
    uint8_t length;             /* of head */
    uint64_t left;              /* bytes of the frame's content that are to come */
    uint8_t code[2];            /* of a Close frame */
    uint8_t code_length;
    bool broken;                /* the bytes are none of a WebSocket's, or some are missing: nothing more is read */
    const uint32_t *lost_frame; /* of the connection */
    uint32_t opened;            /* frame */
};

void teams_web_socket_read(struct teams_web_socket_reader *reader, bool from_client, const uint8_t *bytes, size_t length,
    teams_web_socket_func frame, void *data);

#endif /* TEAMSHARK_TEAMS_REQUESTS_PRIVATE_H */
