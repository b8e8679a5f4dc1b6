/* frame_names.c
 * What a frame shows of its names: made on the first pass, shown on every pass
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "frame_names.h"

#include <string.h>

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
        ts_infra infra = message->links[i].view.infra;

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

static const char *
only_findings_summary(const ts_message *message)
{
    return ts_history_text(message->links[0].view.name);
}

static ts_name_class *
keep_views(const ts_message *message)
{
    ts_name_class *views = wmem_alloc_array(wmem_file_scope(), ts_name_class, message->link_count);

    for (unsigned i = 0; i < message->link_count; i++) {
        views[i] = message->links[i].view;
        views[i].name = ts_history_text(views[i].name);
    }
    return views;
}

/* Keeps the shown names; where says at which index each link went, -1 for none. */
static void
keep_names(const ts_message *message, const ts_name_class *views, ts_shown_message *shown, int *where)
{
    shown->names = wmem_alloc0_array(wmem_file_scope(), ts_shown_name, message->link_count);
    for (unsigned i = 0; i < message->link_count; i++) {
        const ts_link *link = &message->links[i];

        where[i] = -1;
        if (!link->shown)
            continue;
        where[i] = (int)shown->name_count;

        ts_shown_name *name = &shown->names[shown->name_count++];

        name->view = &views[i];
        name->role = i == 0 ? message->role : TS_ROLE_ALIAS;
        name->possible = link->possible && !link->view.anchored;
        name->chain = message->chain;
        name->chain_length = message->chain_length;
        name->prefix = link->prefix;
    }
}

static void
keep_findings(wmem_array_t *findings, const int *where, ts_shown_message *shown)
{
    if (findings == NULL)
        return;
    shown->finding_count = wmem_array_get_count(findings);
    shown->findings = wmem_alloc_array(wmem_file_scope(), ts_shown_finding, shown->finding_count);
    for (unsigned i = 0; i < shown->finding_count; i++) {
        const ts_finding *finding = (const ts_finding *)wmem_array_index(findings, i);

        shown->findings[i].diagnostic = finding->diagnostic;
        shown->findings[i].name = where[finding->link];
        shown->findings[i].text = ts_diagnostic_text(wmem_file_scope(), finding);
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

static const ts_name_problem *
record_findings(wmem_array_t *findings)
{
    if (findings == NULL)
        return NULL;
    ts_name_problem *kept = wmem_alloc_array(wmem_file_scope(), ts_name_problem, wmem_array_get_count(findings));

    for (unsigned i = 0; i < wmem_array_get_count(findings); i++) {
        const ts_finding *finding = (const ts_finding *)wmem_array_index(findings, i);

        kept[i].row = &ts_dns_expert_table.rows[finding->diagnostic];
        kept[i].name = ts_history_text(finding->about);
    }
    return kept;
}

static void
leave_record(const ts_message *message, const ts_name_class *views, wmem_array_t *findings)
{
    ts_name_info *record = (ts_name_info *)ts_frame_info_keep(message->pinfo, TS_INFO_NAME, sizeof *record);
    ts_name_class *whole;

    if (record == NULL)
        return;
    whole = wmem_new(wmem_file_scope(), ts_name_class);
    *whole = message->any_shown ? message->whole : views[0];
    record->role = message->role;
    record->response = message->dns->response;
    record->tcp = message->tcp;
    record->qtype = message->dns->qtype;
    record->id = message->dns->id;
    record->rcode = message->dns->rcode;
    record->truncated = message->dns->truncated;
    record->request_frame = message->request == NULL ? 0 : message->request->frame;
    record->answer_time = message->answer_time;
    record->retransmission = message->retransmission;
    record->links = views;
    record->link_count = message->link_count;
    record->whole = whole;
    record->addresses = keep_addresses(message);
    record->address_count = message->address_count;
    record->problems = record_findings(findings);
    record->problem_count = findings == NULL ? 0 : wmem_array_get_count(findings);
    record->table = &ts_dns_expert_table;
}

ts_shown_message *
ts_frame_names_keep(const ts_message *message, wmem_array_t *findings)
{
    int where[TS_CHAIN_MAX];
    ts_shown_message *shown;
    ts_name_class *views;

    if (!message->any_shown && findings == NULL) {
        /* A stranger's server name takes the flow from whoever its address belongs to. */
        if (message->role == TS_ROLE_SERVER_NAME) {
            message->links[0].view.name = ts_history_text(message->links[0].view.name);
            leave_record(message, keep_views(message), NULL);
        }
        return NULL;
    }

    shown = wmem_new0(wmem_file_scope(), ts_shown_message);
    shown->summary = message->any_shown ? summary(message) : only_findings_summary(message);
    views = keep_views(message);
    keep_names(message, views, shown, where);
    keep_findings(findings, where, shown);
    leave_record(message, views, findings);
    return shown;
}
