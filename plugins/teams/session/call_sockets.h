/* call_sockets.h
 * The local sockets of calls, and what tells whether two of them belong together
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Behind one address there may be several clients, and one client may have
 * several calls at once. Whether two sockets are of one call is asked of a
 * table of rules, the strongest first; the first one that says something
 * about the two is heard. Addresses and ports alone prove nothing: each
 * modality of a call has a socket of its own.
 */

#ifndef TEAMSHARK_TEAMS_CALL_SOCKETS_H
#define TEAMSHARK_TEAMS_CALL_SOCKETS_H

#include "session/model.h"

/* Of two sockets, or of a socket and a call. Above TEAMS_SOCKETS_UNDECIDED: the higher, the surer. */
typedef enum {
    TEAMS_SOCKETS_OTHER = -1,       /* not of one call */
    TEAMS_SOCKETS_UNDECIDED,
    TEAMS_SOCKETS_SAME_CLIENT,      /* and neither is established yet */
    TEAMS_SOCKETS_SAME_SESSION,     /* one set of ICE credentials */
    TEAMS_SOCKETS_SAME_PEER,
    TEAMS_SOCKETS_COMPONENTS        /* RTP and RTCP of one stream */
} teams_socket_relation;

/* What one frame says of its local socket. */
typedef struct {
    uint16_t local_port;        /* the client's */
    teams_remote remote;        /* on the wire */
    const address *peer;        /* the other party, where it is not a relay; NULL */
    ts_modality modality;       /* TS_MODALITY_UNKNOWN also where the rule is weak */
    bool established;           /* media, or a nominated pair */
    bool asks;                  /* for an allocation */
    bool releases;              /* its allocation */
    uint32_t credential;        /* 0: none */
    const char *ufrag_local;    /* file scope; NULL or "" where not known */
    const char *ufrag_remote;
} teams_socket_key;

teams_call_socket *teams_call_socket_new(wmem_allocator_t *scope, uint16_t port, uint32_t frame);

/* Adds what the frame says. Returns true where it changes what a result may rest on. */
bool teams_call_socket_update(teams_call_socket *socket, const teams_socket_key *key);

/* Has an earlier session ended that had the socket before what the frame says? */
bool teams_call_socket_is_reused(const teams_call_socket *socket, const teams_socket_key *key);

bool teams_call_socket_has_remote(const teams_call_socket *socket, const address *addr);

/* Are the two of one call? */
teams_socket_relation teams_call_sockets_compare(const teams_call_socket *socket, const teams_call_socket *other);

#endif /* TEAMSHARK_TEAMS_CALL_SOCKETS_H */
