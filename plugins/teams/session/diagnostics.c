/* diagnostics.c
 * What is wrong or worth knowing about a session: one table row each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/diagnostics.h"

#include <epan/proto_data.h>

#define FINDINGS_KEY 1

static int proto_teams = -1;
static expert_field items[TEAMS_DIAGNOSTIC_COUNT];

const teams_diagnostic_row teams_diagnostics[TEAMS_DIAGNOSTIC_COUNT] = {
    [TEAMS_DIAGNOSTIC_REGION_NOTE] = {
        "D9", "teams.region_mismatch_background", PI_NOTE, PI_SEQUENCE,
        "Telemetry or push service on another continent than the rest of the session",
        "Seen in working clients. Look into it only when other services are far away too." },
    [TEAMS_DIAGNOSTIC_REGION_WARN] = {
        "D9", "teams.region_mismatch", PI_WARN, PI_SEQUENCE,
        "Names of one session resolve to different continents",
        "Check which resolver answered: a resolver far from the client (VPN, forwarding to a central site) sends it to far servers." },
    [TEAMS_DIAGNOSTIC_RESOLVER_REGION] = {
        "D10", "teams.resolver_region", PI_WARN, PI_SEQUENCE,
        "Media or edge name answered for another continent than the client's (preference teams.client_continent)",
        "Resolve names where the client is (local DNS egress), so that it gets the relay next to it." },
    [TEAMS_DIAGNOSTIC_SIGNIN_STALLED] = {
        "D15", "teams.signin_stalled", PI_WARN, PI_SEQUENCE,
        "Identity stage without any token, registration or synchronisation within 60 seconds",
        "Check conditional access, TLS inspection and proxies between the client and Microsoft 365." },
    [TEAMS_DIAGNOSTIC_MEDIA_MISSING] = {
        "D16", "teams.media_missing", PI_WARN, PI_SEQUENCE,
        "Call set-up without a relay name or UDP 3478-3481 within 30 seconds",
        "Allow UDP 3478-3481 to the published media prefixes; without it expect media over TLS 443. Normal where no call was made." },
    [TEAMS_DIAGNOSTIC_UDP_BLOCKED] = {
        "D18", "teams.udp_blocked", PI_WARN, PI_SEQUENCE,
        "Media relay over TCP or TLS while UDP to a relay had no answer",
        "Open UDP 3478-3481 to the published media prefixes: media over TCP suffers from loss and delay." },
    [TEAMS_DIAGNOSTIC_NAME_UNRESOLVED] = {
        "D27", "teams.name_not_resolved", PI_NOTE, PI_SEQUENCE,
        "TLS or QUIC to an address that no DNS answer in this capture gave",
        "Usually cached, encrypted DNS or a capture begun later; a hosts file is possible." },
    [TEAMS_DIAGNOSTIC_NAME_UNRESOLVED_OUTSIDE] = {
        "D27", "teams.name_not_resolved_outside", PI_WARN, PI_SEQUENCE,
        "TLS or QUIC server name of a service on an address neither resolved in this capture nor published by Microsoft",
        "Check for a proxy, a hosts file or a redirecting firewall." },
    [TEAMS_DIAGNOSTIC_RELAY_UNNAMED] = {
        "D28", "teams.relay_not_named", PI_CHAT, PI_SEQUENCE,
        "Media relay without any DNS name",
        "Normal: relay addresses arrive inside encrypted signalling." },
    [TEAMS_DIAGNOSTIC_RELAY_WITHOUT_SIGNIN] = {
        "relay-without-sign-in", "teams.relay_without_signin", PI_NOTE, PI_SECURITY,
        "Relay traffic from a host without any sign-in in this capture",
        "Normal in a capture begun later. Otherwise find the program: relays have been used to hide other traffic." },
    [TEAMS_DIAGNOSTIC_REFUSED] = {
        "network-refused", "teams.refused", PI_WARN, PI_RESPONSE_CODE,
        "The network refused what the client sent",
        "Look at who sent the ICMP error: a firewall that prohibits needs a rule for UDP 3478-3481 to the published media "
        "prefixes; a peer whose port is unreachable is gone." },
};

const char *
teams_severity_name(int severity)
{
    switch (severity) {
    case PI_ERROR:
        return "error";
    case PI_WARN:
        return "warning";
    case PI_NOTE:
        return "note";
    default:
        return "chat";
    }
}

void
teams_diagnostics_register(int proto)
{
    static ei_register_info ei[TEAMS_DIAGNOSTIC_COUNT];

    proto_teams = proto;
    for (unsigned i = 0; i < TEAMS_DIAGNOSTIC_COUNT; i++) {
        const teams_diagnostic_row *row = &teams_diagnostics[i];
        const expert_field unregistered = EI_INIT;
        const ei_register_info info = { &items[i], { row->filter, row->group, row->severity, row->summary, EXPFILL } };

        items[i] = unregistered;
        ei[i] = info;
    }
    expert_register_field_array(expert_register_protocol(proto), ei, TEAMS_DIAGNOSTIC_COUNT);
}

void
teams_diagnostics_add(packet_info *pinfo, teams_diagnostic diagnostic, const char *detail)
{
    teams_finding *finding = wmem_new0(wmem_file_scope(), teams_finding);
    teams_finding *last = (teams_finding *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams, FINDINGS_KEY);

    finding->diagnostic = diagnostic;
    finding->detail = wmem_strdup(wmem_file_scope(), detail);
    if (last == NULL) {
        p_add_proto_data(wmem_file_scope(), pinfo, proto_teams, FINDINGS_KEY, finding);
        return;
    }
    while (last->next != NULL)
        last = last->next;
    last->next = finding;
}

const teams_finding *
teams_diagnostics_of(packet_info *pinfo)
{
    return (const teams_finding *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams, FINDINGS_KEY);
}

void
teams_diagnostics_show(packet_info *pinfo, proto_item *item)
{
    for (const teams_finding *finding = teams_diagnostics_of(pinfo); finding != NULL; finding = finding->next) {
        const teams_diagnostic_row *row = &teams_diagnostics[finding->diagnostic];

        if (finding->detail[0] == '\0')
            expert_add_info(pinfo, item, &items[finding->diagnostic]);
        else
            expert_add_info_format(pinfo, item, &items[finding->diagnostic], "%s: %s", row->summary, finding->detail);
    }
}
