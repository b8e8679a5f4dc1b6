/* connection_check_signin.c
 * What identity and the order of connections say of the sign-in as a whole
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_check.h"

#define LOOP_MIN            4       /* visits to identity without anything after it */
#define LOOP_GAP            2.0     /* seconds */

/* A visit begins when an earlier one to the name is over, or long ago: one visit opens several connections at once. */
static bool
is_visit(const teams_connection *c, const teams_connection *last)
{
    const bool identity = c->stage == TS_STAGE_IDENTITY && c->state >= TEAMS_CONNECTION_SECURED;

    if (!identity || last == NULL)
        return identity;
    return ts_seconds(&last->start, &c->start) >= LOOP_GAP ||
        (last->end != TEAMS_CONNECTION_OPEN && ts_seconds(&last->ended, &c->start) > 0);
}

static void
check_loop(teams_check *j)
{
    unsigned visits = 0;
    const teams_connection *first = NULL, *last = NULL;

    if (j->result->beyond_reached || j->loop_reported)
        return;
    for (unsigned i = 0; i < teams_check_connection_count(j); i++) {
        const teams_connection *c = teams_check_connection(j, i);

        if (!is_visit(c, last))
            continue;
        first = first == NULL ? c : first;
        last = c;
        visits++;
    }
    if (visits >= LOOP_MIN)
        teams_check_add(j, &teams_conclusions[TEAMS_CONCLUSION_LOGIN_LOOP], PI_ERROR,
            (teams_problem_place) { .frame = first->frame, .actor = TEAMS_BY_UNKNOWN, .name = first->name, .fatal = true },
            "The client connects to identity (%s) %u times in %.0f s and to no service that needs a token: a login loop, for which "
            "conditional access is a likely cause", first->name, visits, ts_seconds(&first->start, &last->start));
}

/* Where no problem has said so, and one explains it: connections that are still being made at the end prove nothing. */
static void
check_identity(teams_check *j)
{
    teams_name_list list = teams_name_list_new(j);
    bool explained = false;

    if (!j->result->identity_asked || j->result->identity_reached || j->identity_reported)
        return;
    for (unsigned i = 0; i < teams_check_connection_count(j); i++)
        if (teams_check_connection(j, i)->stage == TS_STAGE_IDENTITY && teams_check_connection(j, i)->name != NULL)
            teams_name_list_add(&list, teams_check_connection(j, i)->name, teams_check_connection(j, i)->frame);
    for (unsigned i = 0; i < wmem_array_get_count(j->problems); i++)
        explained = explained || ((const teams_connection_problem *)wmem_array_index(j->problems, i))->severity == PI_ERROR;
    if (list.names > 0 && explained)
        teams_check_add(j, &teams_conclusions[TEAMS_CONCLUSION_IDENTITY_UNREACHED], PI_ERROR,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_UNKNOWN, .name = list.first },
            "No session with identity (%s) came about", teams_name_list_text(&list));
}

static void
check_never_connected(teams_check *j)
{
    teams_name_list list = teams_name_list_new(j);

    if (teams_check_connection_count(j) == 0)
        return;
    for (unsigned i = 0; i < teams_check_name_count(j); i++) {
        const teams_name_result *name = teams_check_name(j, i);

        if (name->stage != TS_STAGE_MEDIA && name->tried == 0 && name->asked != NULL && name->asked->had_public && teams_check_time_passed(j, &name->asked->last, 1))
            teams_name_list_add(&list, name->name, name->asked->frame);
    }
    if (list.names > 0)
        teams_check_add(j, &teams_conclusions[TEAMS_CONCLUSION_NEVER_CONNECTED], PI_CHAT,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_CLIENT, .name = list.first },
            "%s: asked for and answered, and no connection followed", teams_name_list_text(&list));
}

void
teams_check_signin(teams_check *j)
{
    check_loop(j);
    check_identity(j);
    check_never_connected(j);
}
