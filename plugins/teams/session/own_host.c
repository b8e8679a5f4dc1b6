/* own_host.c
 * What the host that captured asks for: on loopback for its own programs, and of the next resolver for others
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Programs of the host that captured may ask a resolver on loopback, as
 * systemd-resolved and dnsmasq are, which asks the next one from the host's
 * own address, or over TLS: then the host connects to what it was answered.
 * What it is asked by others it asks the next one for them.
 */

#include "session/model.h"

#include <epan/address.h>

#include "common/endpoint.h"

#define FORWARD_SECONDS 0.1     /* in which a resolver on loopback asks the next one */
#define CONNECT_SECONDS 3.0     /* in which a program connects to what it asked for */

/* The host's own address is known now. Frames keep what they were given: the client of those before goes on where it can. */
static void
know_host(teams_model *model, const packet_info *pinfo, const address *addr)
{
    const address *loopback = (const address *)wmem_map_lookup(model->client_addresses, model->own.loopback);
    const address *host = teams_client_address(model, pinfo, addr);
    teams_client *asks = (teams_client *)wmem_map_lookup(model->clients, loopback);
    teams_client *connects = (teams_client *)wmem_map_lookup(model->clients, host);

    model->own.host = ts_address_kept(addr);
    if (asks != NULL && connects == NULL)
        wmem_map_insert(model->client_addresses, model->own.host, (void *)loopback);
    else
        wmem_map_insert(model->client_addresses, model->own.loopback, (void *)host);
    if (asks == NULL)
        return;
    copy_address_wmem(wmem_file_scope(), &asks->shown, addr);
    if (connects == NULL || asks->signin == NULL)
        return;
    if (connects->signin == NULL) {
        connects->signin = asks->signin;
        connects->signin->client = connects;
        asks->signin = NULL;
    } else
        asks->signin->joined = connects->signin;
}

/* Sent by the host that captured, where the capture tells directions: without them another host may ask the same at that moment. */
static bool
may_be_own(const teams_model *model, const packet_info *pinfo)
{
    return model->own.loopback != NULL && model->own.host == NULL && pinfo->p2p_dir == P2P_DIR_SENT && !ts_address_is_loopback(&pinfo->src);
}

static bool
was_asked(const teams_model *model, const packet_info *pinfo, const ts_name_info *info, bool by_others)
{
    for (unsigned i = 0; i < MIN(model->own.count, TEAMS_OWN_QUESTIONS); i++)
        if (model->own.latest[i].by_others == by_others && model->own.latest[i].qtype == info->qtype && g_ascii_strcasecmp(model->own.latest[i].name, info->links[0].name) == 0 &&
                ts_seconds(&model->own.latest[i].time, teams_time(pinfo)) <= FORWARD_SECONDS)
            return true;
    return false;
}

static void
note_asked(teams_model *model, const packet_info *pinfo, const ts_name_info *info, bool by_others)
{
    const unsigned at = model->own.count++ % TEAMS_OWN_QUESTIONS;

    model->own.latest[at].name = info->links[0].name;
    model->own.latest[at].qtype = info->qtype;
    model->own.latest[at].by_others = by_others;
    model->own.latest[at].time = *teams_time(pinfo);
}

void
teams_own_host_asks(teams_model *model, const packet_info *pinfo, const ts_name_info *info)
{
    if (ts_address_is_loopback(&pinfo->src)) {
        (void)teams_client_address(model, pinfo, &pinfo->src);
        note_asked(model, pinfo, info, false);
        return;
    }
    if (may_be_own(model, pinfo) && was_asked(model, pinfo, info, false))
        know_host(model, pinfo, &pinfo->src);
    if (pinfo->p2p_dir == P2P_DIR_RECV)
        note_asked(model, pinfo, info, true);
    /* A router that asks the next resolver for others, from its outer address. */
    else if (pinfo->p2p_dir == P2P_DIR_SENT && was_asked(model, pinfo, info, true))
        teams_host_of(model, &pinfo->src, true)->resolver = true;
}

void
teams_own_host_connects(teams_model *model, const packet_info *pinfo, const teams_learned *learned)
{
    if (!may_be_own(model, pinfo))
        return;
    const teams_client *asks = teams_client_of(model, NULL, model->own.loopback, false);

    if (asks != NULL && learned->client == asks && asks->signin != NULL && ts_seconds(&asks->signin->last, teams_time(pinfo)) <= CONNECT_SECONDS)
        know_host(model, pinfo, &pinfo->src);
}
