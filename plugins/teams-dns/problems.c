/* problems.c
 * What can be wrong with a name, and what an administrator can do about it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "teams-dns.h"

static const ts_expert_row rows[] = {
#define DIAGNOSTIC TS_EXPERT_ROW
#include "dns_expert.def"
#undef DIAGNOSTIC
};

static expert_field fields[TS_DNS_EXPERT_COUNT];

const ts_expert_table ts_dns_expert_table = { rows, TS_DNS_EXPERT_COUNT, fields };

void
ts_problem_add(const ts_message *message, wmem_array_t *problems, ts_dns_expert row, unsigned link, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    ts_dns_problem problem = {
        .row = row,
        .link = link,
        .about = message->links[link].kind.name,
        .detail = wmem_strdup_vprintf(message->pinfo->pool, format, arguments),
    };
    va_end(arguments);
    wmem_array_append_one(problems, problem);
}

void
ts_problem_about(wmem_array_t *problems, const char *name)
{
    ((ts_dns_problem *)wmem_array_index(problems, wmem_array_get_count(problems) - 1))->about = name;
}

bool
ts_name_required(const packet_info *pinfo, const ts_link *link)
{
    const ts_name_class *kind = &link->kind;
    const ts_name_row *row = link->info.row;

    if (!link->shown || kind->stage == TS_STAGE_TELEMETRY
            || (row != NULL && ts_name_row_ended(row, ts_month_of(pinfo->abs_ts.secs))))
        return false;
    if (kind->required[0] != '\0')
        return true;
    return row != NULL && row->match == TS_MATCH_EXACT && ts_trust_is_owned(kind->trust)
        && (kind->stage == TS_STAGE_BOOTSTRAP || kind->stage == TS_STAGE_IDENTITY || kind->stage == TS_STAGE_TOKEN);
}

wmem_array_t *
ts_check(ts_message *message)
{
    wmem_array_t *problems = wmem_array_new(message->pinfo->pool, sizeof(ts_dns_problem));

    ts_check_message(message, problems);
    ts_check_history(message, problems);
    return wmem_array_get_count(problems) > 0 ? problems : NULL;
}
