/* connection.c
 * What happened to each connection: texts, and what every file of this subject shares
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection.h"

static const struct {
    const char *name;
    const char *label;
} states[TEAMS_CONNECTION_STATE_COUNT] = {
    [TEAMS_CONNECTION_JOINED] = { "joined", "open before the capture began" },
    [TEAMS_CONNECTION_UNANSWERED] = { "unanswered", "never answered" },
    [TEAMS_CONNECTION_REFUSED] = { "refused", "refused" },
    [TEAMS_CONNECTION_PROHIBITED] = { "prohibited", "refused by the network" },
    [TEAMS_CONNECTION_CONNECTED] = { "connected", "connected, no TLS seen" },
    [TEAMS_CONNECTION_PROXY_REFUSED] = { "proxy_refused", "refused by the proxy" },
    [TEAMS_CONNECTION_HELLO_UNANSWERED] = { "hello_unanswered", "no answer to the ClientHello" },
    [TEAMS_CONNECTION_HELLO_RESET] = { "hello_reset", "ended right after the ClientHello" },
    [TEAMS_CONNECTION_ALERT] = { "alert", "TLS handshake refused" },
    [TEAMS_CONNECTION_HANDSHAKE_ENDED] = { "handshake_ended", "TLS handshake not finished" },
    [TEAMS_CONNECTION_SECURED] = { "secured", "TLS session established" },
    [TEAMS_CONNECTION_USED] = { "used", "TLS session with data both ways" },
};

static const char *const actors[TEAMS_BY_COUNT] = { "", "client", "network", "proxy", "server" };

static const char *const steps[TEAMS_STEP_COUNT] = { "dns", "connect", "tls", "first_data" };

const char *
teams_connection_state_name(teams_connection_state state)
{
    return states[state].name;
}

const char *
teams_connection_state_label(teams_connection_state state)
{
    return states[state].label;
}

const char *
teams_actor_name(teams_actor actor)
{
    return actors[actor];
}

const char *
teams_step_name(teams_step_kind step)
{
    return steps[step];
}
