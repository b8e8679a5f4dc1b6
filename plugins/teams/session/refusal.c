/* refusal.c
 * ICMP errors about datagrams of known flows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/refusal.h"

#include <string.h>

#include <epan/to_str.h>

#include "common/icmp_error.h"

#include "session/teams_expert.h"

/* The flow that a client's refused datagram was sent on, NULL where there is none. */
static teams_flow *
refused_flow(const ts_icmp_refusal *refusal)
{
    teams_flow *flow = teams_flow_between(teams_model_get(), &refusal->source, &refusal->destination);
    const bool by_client = flow != NULL && flow->client_end.port == refusal->source.port &&
        addresses_equal(&flow->client_end.addr, &refusal->source.addr);

    return by_client && flow->number != 0 && !flow->rejected ? flow : NULL;
}

const teams_frame_info *
teams_refusal_info(tvbuff_t *tvb, packet_info *pinfo)
{
    ts_icmp_refusal refusal;
    teams_frame_info info;

    if (!ts_frame_has_icmp(pinfo) || !ts_icmp_refusal_read(tvb, pinfo, PT_UDP, &refusal))
        return NULL;
    teams_flow *flow = refused_flow(&refusal);

    if (flow == NULL)
        return NULL;
    memcpy(&info, &flow->base, sizeof info);
    info.what = TEAMS_WHAT_REFUSAL;
    info.evidence = TS_EVIDENCE_CONVERSATION;
    info.path = TEAMS_PATH_UNKNOWN;
    info.call = flow->call;
    info.signin = flow->call != NULL ? NULL : flow->client->signin;     /* a call's peer is no matter of the sign-in */
    const bool by_host = addresses_equal(&pinfo->src, &refusal.destination.addr);

    teams_expert_add(pinfo, TEAMS_EXPERT_REFUSED,
        wmem_strdup_printf(pinfo->pool, "ICMP %s for %s from %s%s", refusal.text, flow->endpoint, by_host ? "that host" : "the router ",
            by_host ? "" : address_to_str(pinfo->pool, &pinfo->src)));
    return teams_frame_info_shared(&info);
}
