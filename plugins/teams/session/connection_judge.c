/* connection_judge.c
 * What the connections of a sign-in say together, at the end of the capture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection.h"

teams_signin_result *
teams_connections_judge(wmem_allocator_t *scope, const teams_signin *signin _U_)
{
    return wmem_new0(scope, teams_signin_result);
}
