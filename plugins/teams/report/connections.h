/* connections.h
 * The connections of a sign-in, and why it was slow
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_REPORT_CONNECTIONS_H
#define TEAMSHARK_TEAMS_REPORT_CONNECTIONS_H

#include "report/util.h"
#include "session/connection.h"

/* The sections "Connections" and "Why slow" of the sign-in report; nothing where there is no connection. */
void report_connections_text(const teams_signin_result *result, FILE *out);

#endif /* TEAMSHARK_TEAMS_REPORT_CONNECTIONS_H */
