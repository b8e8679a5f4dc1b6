/* consent.c
 * Whether the remote side of a stream still answers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RFC 7675 as observed: checks go on during the call. A client may send
 * through its own relay and receive over another path, so one pair alone says
 * nothing: all pairs of a local socket count together, and all sockets of one
 * session of user fragments. First pass only.
 */

#include "pairs.h"

#include "common/times.h"

/* How long media may go one way without an answered check. */
#define CONSENT_SECONDS 5.0

struct ts_consent_socket {
    ts_endpoint local;
    ts_consent *consent;
};

static wmem_map_t *sockets;     /* local ts_endpoint -> ts_consent_socket */

static ts_consent_socket *
socket_of(const ts_endpoint *local)
{
    return sockets == NULL ? NULL : (ts_consent_socket *)wmem_map_lookup(sockets, local);
}

void
ts_consent_add_pair(ts_pair *pair)
{
    if (sockets == NULL)
        sockets = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), ts_endpoint_hash, ts_endpoint_key_equal);

    ts_consent_socket *found = socket_of(&pair->local);
    if (found == NULL) {
        found = wmem_new0(wmem_file_scope(), ts_consent_socket);
        ts_endpoint_keep(&found->local, &pair->local);
        found->consent = wmem_new0(wmem_file_scope(), ts_consent);
        wmem_map_insert(sockets, &found->local, found);
    }
    pair->consent = found;
}

void
ts_consent_join(ts_pair *pair, ts_ice_session *session)
{
    if (session->consent == NULL)
        session->consent = pair->consent->consent;
    pair->consent->consent = session->consent;
}

static bool
is_media(ts_media_kind kind)
{
    return kind == TS_MEDIA_RTP || kind == TS_MEDIA_OTHER;
}

static bool
is_recent(const packet_info *pinfo, bool known, const nstime_t *time)
{
    return known && ts_seconds(time, &pinfo->abs_ts) <= CONSENT_SECONDS;
}

static ts_consent_change
set_lost(ts_consent *consent, bool lost)
{
    if (consent->lost == lost)
        return TS_CONSENT_SAME;
    consent->lost = lost;
    return lost ? TS_CONSENT_LOST : TS_CONSENT_BACK;
}

ts_consent_change
ts_consent_answered(const packet_info *pinfo, const ts_pair *pair)
{
    ts_consent *consent = pair->consent->consent;

    consent->exchanged = true;
    consent->exchange_time = pinfo->abs_ts;
    return set_lost(consent, false);
}

/*
 * Media after a pause of both sides, or where the capture's clock was set, has not gone one way all the time before. Reports (RTCP) and DTLS
 * are no media, and go on where a call is held: they only show that their sender is there.
 */
static void
add_media(const packet_info *pinfo, ts_consent *consent, unsigned direction, ts_media_kind kind)
{
    const double pause = consent->has_media[direction] ? ts_seconds(&consent->media_time[direction], &pinfo->abs_ts) : 0;

    consent->is_heard[direction] = true;
    consent->heard_time[direction] = pinfo->abs_ts;
    if (!is_media(kind))
        return;
    if (!consent->has_media[direction] || pause > CONSENT_SECONDS || pause < -CONSENT_SECONDS)
        consent->media_since[direction] = pinfo->abs_ts;
    consent->has_media[direction] = true;
    consent->media_time[direction] = pinfo->abs_ts;
}

static ts_consent_change
follow_media(const packet_info *pinfo, ts_consent *consent, bool from_local, ts_media_kind kind)
{
    const unsigned direction = from_local ? 0 : 1;
    const unsigned other = 1 - direction;

    add_media(pinfo, consent, direction, kind);
    if (!consent->exchanged)
        return TS_CONSENT_SAME;
    if (is_recent(pinfo, true, &consent->exchange_time) || is_recent(pinfo, consent->is_heard[other], &consent->heard_time[other]))
        return set_lost(consent, false);
    if (!is_media(kind) || ts_seconds(&consent->media_since[direction], &pinfo->abs_ts) < CONSENT_SECONDS)
        return TS_CONSENT_SAME;
    return set_lost(consent, true);
}

ts_consent_change
ts_consent_media(const packet_info *pinfo, const ts_pair *pair, bool from_local, ts_media_kind kind)
{
    return follow_media(pinfo, pair->consent->consent, from_local, kind);
}

void
ts_consent_media_beside(const packet_info *pinfo, const ts_path *path, ts_media_kind kind)
{
    const ts_consent_socket *sender = socket_of(&path->src);
    const ts_consent_socket *receiver = sender != NULL ? NULL : socket_of(&path->dst);
    const ts_consent_socket *found = sender != NULL ? sender : receiver;

    if (found == NULL)
        return;
    add_media(pinfo, found->consent, sender != NULL ? 0 : 1, kind);
}
