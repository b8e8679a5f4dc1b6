/* report_signin_verdict.c
 * What the report of sign-ins concludes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/signin.h"

#include "session/signin.h"

/* ---- stages that are missing, and order ---- */

const signin_expected_stage signin_expected_stages[] = {
    { TS_STAGE_BOOTSTRAP, "the page is cached, or the capture began later" },
    { TS_STAGE_IDENTITY, "a token was still valid, or the capture began later" },
    { TS_STAGE_CONFIG, "cached, or asked for through the front door" },
    { TS_STAGE_TOKEN, "part of the front door's own name in most clients" },
    { TS_STAGE_REGISTER, "the push channel was up already, or goes through the front door" },
    { TS_STAGE_SYNC, "chat and presence are paths on the front door in current clients" },
    { TS_STAGE_CONTENT, "no file or picture was needed" },
    { TS_STAGE_CALL_SETUP, "no call was prepared" },
    { TS_STAGE_MEDIA, "relays come as addresses inside encrypted signalling; normal" },
};

const unsigned signin_expected_stage_count = G_N_ELEMENTS(signin_expected_stages);

/* Hard constraints only. */
const signin_stage_order signin_stage_orders[] = {
    { TS_STAGE_IDENTITY, TS_STAGE_TOKEN },
    { TS_STAGE_TOKEN, TS_STAGE_REGISTER },
    { TS_STAGE_TOKEN, TS_STAGE_SYNC },
    { TS_STAGE_TOKEN, TS_STAGE_CALL_SETUP },
};

const unsigned signin_stage_order_count = G_N_ELEMENTS(signin_stage_orders);

bool
signin_is_discovery(const signin_session *s)
{
    return teams_generation_of(&s->generation) == TEAMS_GENERATION_LYNC;
}

bool
signin_order_is_broken(const signin_session *s, unsigned i)
{
    const uint32_t first = s->first_stage_frame[signin_stage_orders[i].first];
    const uint32_t then = s->first_stage_frame[signin_stage_orders[i].then];

    return first != 0 && then != 0 && then < first;
}

/* ---- the verdict ---- */

GArray *
signin_judge(const signin_session *s)
{
    GArray *verdicts = teams_verdicts_new();

    teams_verdicts_add_all(verdicts, s->verdicts);
    signin_add_late(s, verdicts);
    return verdicts;
}

const char *
signin_outcome(const signin_session *s, const GArray *verdicts)
{
    const int worst = teams_verdicts_worst(verdicts);
    const bool identity = s->first_stage_frame[TS_STAGE_IDENTITY] != 0;
    bool past = false;

    for (unsigned stage = 1; stage < TS_STAGE_COUNT; stage++)
        past = past || (s->first_stage_frame[stage] != 0 && teams_signin_is_past_identity(UINT32_C(1) << stage));
    if (worst == PI_ERROR)
        return "The sign-in has errors that the user is likely to have noticed; see the findings.";
    if (signin_is_discovery(s))
        return past || s->first_stage_frame[TS_STAGE_INTEROP_LEGACY] != 0 ?
            "Lync discovery found a service and went on." :
            "Lync discovery only: no further stage was seen in this capture.";
    if (past && worst == PI_WARN)
        return "The sign-in got past identity, with warnings; see the findings.";
    if (past)
        return "The sign-in went through: stages after identity were reached.";
    if (identity)
        return "Identity was reached; nothing after it was seen in this capture.";
    return "Names of the service were seen, but no identity stage and nothing after it.";
}
