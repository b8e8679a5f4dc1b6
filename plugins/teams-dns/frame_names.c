/* frame_names.c
 * What a frame shows of its names: made on the first pass, shown on every pass
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "teams-dns.h"

#include <string.h>

/* By the name's text: what was kept of names alone, and of whole chains that begin with one. */
static wmem_map_t *single_names;
static wmem_map_t *whole_chains;

/* "pipe.skype.com: Telemetry (Skype shared), akamai-gtm, northeurope" */
static const char *
summary(const ts_message *message)
{
    wmem_strbuf_t *text = wmem_strbuf_new(message->pinfo->pool, message->whole.name);
    const ts_name_class *whole = &message->whole;
    ts_infra last = TS_INFRA_SERVICE_NAME;

    wmem_strbuf_append(text, ": ");
    if (whole->service != TS_SERVICE_UNKNOWN)
        wmem_strbuf_append(text, ts_service_label(whole->service));
    if (whole->product != TS_PRODUCT_UNKNOWN)
        wmem_strbuf_append_printf(text, "%s(%s)", whole->service != TS_SERVICE_UNKNOWN ? " " : "",
            ts_product_label(whole->product));
    for (unsigned i = 0; i < message->chain_length; i++) {
        ts_infra infra = message->links[i].kind.infra;

        if (infra != TS_INFRA_UNKNOWN && infra != TS_INFRA_SERVICE_NAME && infra != last)
            wmem_strbuf_append_printf(text, ", %s", ts_infra_name(infra));
        last = infra;
    }
    if (whole->region[0] != '\0')
        wmem_strbuf_append_printf(text, ", %s", whole->region);
    if (whole->datacenter[0] != '\0')
        wmem_strbuf_append_printf(text, ", %s", whole->datacenter);
    return ts_history_text(wmem_strbuf_get_str(text));
}

void
ts_frame_names_register(void)
{
    single_names = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
    whole_chains = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
}

/* The copy that was kept last for the name where it says the same, as most do; else one more. */
static const ts_name_class *
keep_class(wmem_map_t *kept, const ts_name_class *kind)
{
    ts_name_class *known = (ts_name_class *)wmem_map_lookup(kept, kind->name);

    if (known != NULL && memcmp(known, kind, sizeof *kind) == 0)
        return known;
    known = (ts_name_class *)wmem_memdup(wmem_file_scope(), kind, sizeof *kind);
    wmem_map_insert(kept, kind->name, known);
    return known;
}

static const ts_name_class *
keep_classes(const ts_message *message)
{
    if (message->link_count == 1)
        return keep_class(single_names, &message->links[0].kind);

    ts_name_class *classes = wmem_alloc_array(wmem_file_scope(), ts_name_class, message->link_count);

    for (unsigned i = 0; i < message->link_count; i++)
        classes[i] = message->links[i].kind;
    return classes;
}

static const ts_name_class *
keep_whole(const ts_message *message, const ts_name_class *classes)
{
    if (!message->any_shown || memcmp(&message->whole, classes, sizeof *classes) == 0)
        return classes;
    return keep_class(whole_chains, &message->whole);
}

/* Keeps the shown names; where says at which index each link went, -1 for none. */
static void
keep_names(const ts_message *message, const ts_name_class *classes, ts_shown_message *shown, int *where)
{
    shown->names = wmem_alloc0_array(wmem_file_scope(), ts_shown_name, message->link_count);
    for (unsigned i = 0; i < message->link_count; i++) {
        const ts_link *link = &message->links[i];

        where[i] = -1;
        if (!link->shown)
            continue;
        where[i] = (int)shown->name_count;

        ts_shown_name *name = &shown->names[shown->name_count++];

        name->kind = &classes[i];
        name->role = i == 0 ? message->role : TS_ROLE_ALIAS;
        name->possible = link->possible && !link->kind.anchored;
        name->prefix = link->prefix;
    }
}

static void
keep_problems(wmem_array_t *problems, const int *where, ts_shown_message *shown)
{
    if (problems == NULL)
        return;
    shown->problem_count = wmem_array_get_count(problems);
    shown->problems = wmem_alloc_array(wmem_file_scope(), ts_shown_problem, shown->problem_count);
    for (unsigned i = 0; i < shown->problem_count; i++) {
        const ts_dns_problem *problem = (const ts_dns_problem *)wmem_array_index(problems, i);

        shown->problems[i].row = problem->row;
        shown->problems[i].name = where[problem->link];
        shown->problems[i].detail = wmem_strdup(wmem_file_scope(), problem->detail);
    }
}

static const ts_name_address *
keep_addresses(const ts_message *message)
{
    ts_name_address *kept;

    if (message->address_count == 0)
        return NULL;
    kept = wmem_alloc0_array(wmem_file_scope(), ts_name_address, message->address_count);
    for (unsigned i = 0; i < message->address_count; i++) {
        kept[i] = message->addresses[i];
        copy_address_wmem(wmem_file_scope(), &kept[i].end.addr, &message->addresses[i].end.addr);
    }
    return kept;
}

static void
keep_owners(const ts_message *message, const int *where, ts_shown_message *shown)
{
    int *owners = message->address_count == 0 ? NULL : wmem_alloc_array(wmem_file_scope(), int, message->address_count);

    for (unsigned i = 0; i < message->address_count; i++)
        owners[i] = where[message->addresses[i].link];
    shown->address_names = owners;
}

static const ts_name_problem *
info_problems(wmem_array_t *problems)
{
    if (problems == NULL)
        return NULL;
    ts_name_problem *kept = wmem_alloc_array(wmem_file_scope(), ts_name_problem, wmem_array_get_count(problems));

    for (unsigned i = 0; i < wmem_array_get_count(problems); i++) {
        const ts_dns_problem *problem = (const ts_dns_problem *)wmem_array_index(problems, i);

        kept[i].row = &ts_dns_expert_table.rows[problem->row];
        kept[i].name = ts_history_text(problem->about);
    }
    return kept;
}

static void
leave_info(const ts_message *message, const ts_name_class *classes, const ts_name_address *addresses, wmem_array_t *problems)
{
    ts_name_info *info = (ts_name_info *)ts_frame_info_keep(message->pinfo, TS_INFO_NAME, sizeof *info);

    if (info == NULL)
        return;
    info->role = message->role;
    info->response = message->dns->response;
    info->tcp = message->tcp;
    info->iterative = message->iterative;
    info->qtype = message->dns->qtype;
    info->id = message->dns->id;
    info->rcode = message->dns->rcode;
    info->incomplete = message->dns->response && !ts_dns_is_whole(message->dns);
    info->truncated = ts_is_truncated(message);
    info->after_truncated = message->after_truncated;
    info->request_frame = message->request == NULL ? 0 : message->request->frame;
    info->answer_time = message->answer_time;
    info->late_since = message->late_since;
    info->retransmission = message->retransmission;
    info->links = classes;
    info->link_count = message->link_count;
    info->whole = keep_whole(message, classes);
    info->addresses = addresses;
    info->address_count = message->address_count;
    info->problems = info_problems(problems);
    info->problem_count = problems == NULL ? 0 : wmem_array_get_count(problems);
    info->table = &ts_dns_expert_table;
    info->question = message->question == NULL ? NULL : &message->question->state;
    info->client = message->history == NULL ? NULL : &message->history->state;
}

ts_shown_message *
ts_frame_names_keep(ts_message *message, wmem_array_t *problems)
{
    int where[TS_CHAIN_MAX];
    ts_shown_message *shown;
    const ts_name_class *classes;

    if (!message->any_shown && problems == NULL) {
        /* A stranger's server name takes the flow from whoever its address belongs to. */
        if (message->role == TS_ROLE_SERVER_NAME) {
            ts_keep_names(message);
            leave_info(message, keep_classes(message), NULL, NULL);
        }
        return NULL;
    }
    if (!message->any_shown)
        ts_keep_names(message);

    shown = wmem_new0(wmem_file_scope(), ts_shown_message);
    shown->summary = message->any_shown ? summary(message) : message->links[0].kind.name;
    classes = keep_classes(message);
    shown->chain = classes;
    shown->chain_length = message->any_shown ? message->chain_length : 0;
    shown->addresses = keep_addresses(message);
    shown->address_count = message->address_count;
    keep_names(message, classes, shown, where);
    keep_owners(message, where, shown);
    keep_problems(problems, where, shown);
    leave_info(message, classes, shown->addresses, problems);
    return shown;
}
