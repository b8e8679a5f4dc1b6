/* legs.h
 * The local sockets of calls, and what tells whether two of them belong together
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Behind one address there may be several clients, and one client may have
 * several calls at once. Whether two sockets are of one call is asked of a
 * table of witnesses, the strongest first; the first one that says something
 * about the two is heard. Addresses and ports alone prove nothing: each
 * modality of a call has a socket of its own.
 */

#ifndef TEAMSHARK_TEAMS_LEGS_H
#define TEAMSHARK_TEAMS_LEGS_H

#include "session/model.h"

/* Of two sockets, or of a socket and a call. Above TEAMS_LEG_UNDECIDED: the higher, the surer. */
typedef enum {
    TEAMS_LEG_OTHER = -1,       /* not of one call */
    TEAMS_LEG_UNDECIDED,
    TEAMS_LEG_SAME_CLIENT,      /* and neither is established yet */
    TEAMS_LEG_SAME_SESSION,     /* one set of ICE credentials */
    TEAMS_LEG_SAME_PEER,
    TEAMS_LEG_COMPONENTS        /* RTP and RTCP of one stream */
} teams_leg_verdict;

/* What one frame says of its local socket. */
typedef struct {
    uint16_t local_port;        /* the client's */
    teams_far_end far_end;      /* on the wire */
    const address *peer;        /* the other party, where it is not a relay; NULL */
    ts_modality modality;       /* TS_MODALITY_UNKNOWN also where the witness is weak */
    bool established;           /* media, or a nominated pair */
    bool asks;                  /* for an allocation */
    bool releases;              /* its allocation */
    uint32_t credential;        /* 0: none */
    const char *ufrag_local;    /* file scope; NULL or "" where not known */
    const char *ufrag_remote;
} teams_leg_hint;

teams_leg *teams_leg_new(uint16_t port);

/* Adds what the frame says. Returns true where it is news that a verdict may rest on. */
bool teams_leg_learn(teams_leg *leg, const teams_leg_hint *hint);

/* Has an earlier session ended that had the socket before what the frame says? */
bool teams_leg_is_reused(const teams_leg *leg, const teams_leg_hint *hint);

bool teams_leg_has_far_end(const teams_leg *leg, const address *addr);

/* Are the two of one call? */
teams_leg_verdict teams_leg_compare(const teams_leg *leg, const teams_leg *other);

#endif /* TEAMSHARK_TEAMS_LEGS_H */
