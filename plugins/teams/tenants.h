/* tenants.h
 * Names that tell whose they are, and what is shown of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_TEAMS_TENANTS_H
#define TEAMSHARK_TEAMS_TENANTS_H

#include <stdbool.h>
#include <stddef.h>

#include <epan/wmem_scopes.h>

/* Which part of the name is a customer's; false: none. */
bool teams_tenant_part(const char *name, size_t *from, size_t *length);

/* Is it in a zone of Microsoft's own for these services? */
bool teams_is_own_name(const char *name);

/* The name with "<tenant>" for that part, unless the preference teams.show_tenants is set. */
char *teams_shown_name(wmem_allocator_t *scope, const char *name);

#endif /* TEAMSHARK_TEAMS_TENANTS_H */
