/* diagnostics.h
 * What is wrong or worth knowing about a session: one table row each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_DIAGNOSTICS_H
#define TEAMSHARK_TEAMS_DIAGNOSTICS_H

#include "session/model.h"

#include <epan/expert.h>

typedef enum {
    TEAMS_DIAGNOSTIC_REGION_NOTE,
    TEAMS_DIAGNOSTIC_REGION_WARN,
    TEAMS_DIAGNOSTIC_RESOLVER_REGION,
    TEAMS_DIAGNOSTIC_SIGNIN_STALLED,
    TEAMS_DIAGNOSTIC_MEDIA_MISSING,
    TEAMS_DIAGNOSTIC_UDP_BLOCKED,
    TEAMS_DIAGNOSTIC_NAME_UNRESOLVED,
    TEAMS_DIAGNOSTIC_NAME_UNRESOLVED_OUTSIDE,
    TEAMS_DIAGNOSTIC_RELAY_UNNAMED,
    TEAMS_DIAGNOSTIC_RELAY_WITHOUT_SIGNIN,
    TEAMS_DIAGNOSTIC_REFUSED,
    TEAMS_DIAGNOSTIC_COUNT
} teams_diagnostic;

typedef struct {
    const char *code;           /* "D9": as in the documentation */
    const char *filter;         /* filter name of the expert item */
    int severity;               /* PI_ERROR, PI_WARN, PI_NOTE, PI_CHAT */
    int group;
    const char *summary;
    const char *advice;         /* what an administrator can do */
} teams_diagnostic_row;

extern const teams_diagnostic_row teams_diagnostics[TEAMS_DIAGNOSTIC_COUNT];

/* One finding on a frame; file scope. */
typedef struct teams_finding {
    struct teams_finding *next;
    teams_diagnostic diagnostic;
    const char *detail;         /* what in particular, "" where the summary says all */
} teams_finding;

/* "error", "warning", "note", "chat" */
const char *teams_severity_name(int severity);

/* Registers the expert items of the table. */
void teams_diagnostics_register(int proto);

/* First pass: notes a finding on the frame. detail is copied. */
void teams_diagnostics_add(packet_info *pinfo, teams_diagnostic diagnostic, const char *detail);

/* The findings of a frame, or NULL; and the same shown as expert items. */
const teams_finding *teams_diagnostics_of(packet_info *pinfo);
void teams_diagnostics_show(packet_info *pinfo, proto_item *item);

#endif /* TEAMSHARK_TEAMS_DIAGNOSTICS_H */
