/* checks_history.c
 * Diagnostics that take what the capture said before this message
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each is raised where its evidence becomes complete, on the first pass.
 */

#include "diagnostics.h"

#include <string.h>

#include <epan/to_str.h>

#include "user_names.h"

#define TRIES_HOPELESS      3
#define SLOW_SECONDS        0.3
#define VERY_SLOW_SECONDS   1.0
#define SAME_MINUTE         60.0
#define PENDING_SECONDS     2.0     /* without an answer until something is missing */
#define SBC_SECONDS         10.0    /* a border controller asks for all its names at once */

static bool
is_query(const ts_message *m)
{
    return m->dns->dns && !m->dns->response;
}

static bool
has_prefix(const char *name, const char *prefix)
{
    return g_ascii_strncasecmp(name, prefix, strlen(prefix)) == 0;
}

/* Was the A question for the same name answered since about the time of this one? */
static bool
address_answered(const ts_message *m, const ts_question *question)
{
    const ts_question *a = ts_history_question(m->pinfo, m->client, question->name, TS_DNS_TYPE_A, false);
    nstime_t delta;

    if (a == NULL || a->answered_frame == 0 || !a->answered_data)
        return false;
    nstime_delta(&delta, &a->answered_time, &question->first_time);
    return nstime_to_sec(&delta) > -PENDING_SECONDS;
}

static void
check_tries(const ts_message *m, wmem_array_t *findings)
{
    ts_question *question = m->question;
    bool extra = question->qtype == TS_DNS_TYPE_AAAA || question->qtype == TS_DNS_TYPE_HTTPS;

    if (question->tries < TRIES_HOPELESS || question->unanswered_said || !ts_name_required(&m->links[0])
            || (extra && address_answered(m, question)))
        return;
    question->unanswered_said = true;
    ts_finding_add(m, findings, TS_DIAG_NO_ANSWER, 0, "%s, first in frame %u, %.3f s before",
        m->links[0].view.name, question->first_frame, ts_history_since(m->pinfo, &question->first_time));
}

static void
check_speed(const ts_message *m, wmem_array_t *findings)
{
    ts_stage stage = m->whole.stage;
    bool matters = stage == TS_STAGE_BOOTSTRAP || stage == TS_STAGE_IDENTITY || stage == TS_STAGE_MEDIA;

    if (!matters || m->request == NULL || m->retransmission)
        return;
    if (m->waited > VERY_SLOW_SECONDS)
        ts_finding_add(m, findings, TS_DIAG_VERY_SLOW, 0, "%s, %.3f s", m->links[0].view.name, m->waited);
    else if (m->waited > SLOW_SECONDS || m->tries > 2)
        ts_finding_add(m, findings, TS_DIAG_SLOW, 0, "%s, %.3f s, asked %u times", m->links[0].view.name, m->waited,
            m->tries);
}

/* Only the same kind of place can be compared: the region, or where there is none the datacenter. */
static void
check_placement(const ts_message *m, wmem_array_t *findings)
{
    const char *region = m->whole.region[0] != '\0' ? m->whole.region : m->whole.datacenter;
    ts_placement *before;

    if (m->address_count == 0 || region[0] == '\0' || m->chain_length < 2)
        return;
    before = ts_history_placement(m->pinfo, m->links[0].view.name);
    if (before->frame != 0 && !addresses_equal(&before->resolver, m->server) && strcmp(before->region, region) != 0
            && ts_history_since(m->pinfo, &before->time) <= SAME_MINUTE)
        ts_finding_add(m, findings, TS_DIAG_REGIONS_DIFFER, 0, "%s is in %s by %s, but in %s by %s (frame %u)",
            m->links[0].view.name, region, address_to_str(m->pinfo->pool, m->server),
            before->region, address_to_str(m->pinfo->pool, &before->resolver), before->frame);
    if (!addresses_equal(&before->resolver, m->server)) {
        free_address_wmem(wmem_file_scope(), &before->resolver);
        copy_address_wmem(wmem_file_scope(), &before->resolver, m->server);
    }
    before->region = region;
    before->time = m->pinfo->abs_ts;
    before->frame = m->pinfo->num;
}

/* ---- what the client looked up before ---- */

static bool
is_work(const ts_name_class *view)
{
    return (view->product == TS_PRODUCT_TEAMS && view->service == TS_SERVICE_WEB_APP)
        || view->product == TS_PRODUCT_SFB_ONLINE;
}

static bool
is_consumer(const ts_name_class *view)
{
    return view->product == TS_PRODUCT_TEAMS_CONSUMER || has_prefix(view->name, "api.flightproxy.skype.com")
        || g_str_has_suffix(view->name, "gateway.messenger.live.com");
}

static void
check_accounts(const ts_message *m, ts_client *client, wmem_array_t *findings)
{
    const ts_name_class *view = &m->links[0].view;

    bool again = m->dns->response && m->request != NULL;

    if (is_consumer(view) && client->work != 0 && !again)
        ts_finding_add(m, findings, TS_DIAG_CONSUMER, 0, "%s, after work's in frame %u", view->name, client->work);
    if (is_work(view) && client->work == 0 && client->consumer != 0)
        ts_finding_add(m, findings, TS_DIAG_CONSUMER, 0, "%s in frame %u", client->consumer_name, client->consumer);
    if (is_work(view) && client->work == 0)
        client->work = m->pinfo->num;
    if (is_consumer(view) && client->consumer == 0) {
        client->consumer = m->pinfo->num;
        client->consumer_name = view->name;
    }
}

static void
check_interop(const ts_message *m, ts_client *client, wmem_array_t *findings)
{
    const ts_name_class *view = &m->links[0].view;

    if (client->teams == 0 && ts_trust_is_owned(view->trust)
            && (view->product == TS_PRODUCT_TEAMS || view->product == TS_PRODUCT_SKYPE_SHARED))
        client->teams = m->pinfo->num;
    if (client->teams != 0 && is_query(m) && view->product == TS_PRODUCT_SFB_ONLINE
            && (view->service == TS_SERVICE_AUTODISCOVER || view->service == TS_SERVICE_WEB_POOL
                || view->service == TS_SERVICE_SIP_REGISTRAR || view->service == TS_SERVICE_SIP_POOL))
        ts_finding_add(m, findings, TS_DIAG_LEGACY_INTEROP, 0, "%s", view->name);
}

static bool
is_sovereign(ts_cloud cloud)
{
    return cloud == TS_CLOUD_GCC_HIGH || cloud == TS_CLOUD_DOD || cloud == TS_CLOUD_US_GOV
        || cloud == TS_CLOUD_CHINA || cloud == TS_CLOUD_GERMANY_MCD;
}

static bool
clouds_agree(ts_cloud a, ts_cloud b)
{
    bool us = (a == TS_CLOUD_US_GOV && b != TS_CLOUD_CHINA && b != TS_CLOUD_GERMANY_MCD)
        || (b == TS_CLOUD_US_GOV && a != TS_CLOUD_CHINA && a != TS_CLOUD_GERMANY_MCD);

    return a == b || us;
}

/* Sign-in, telemetry and static content are shared between clouds: only Teams' and Skype's own services tell. */
static bool
tells_cloud(const ts_link *link)
{
    const ts_name_class *view = &link->view;
    bool service = view->product == TS_PRODUCT_TEAMS || view->product == TS_PRODUCT_SKYPE_SHARED
        || view->product == TS_PRODUCT_SFB_ONLINE;

    return link->shown && service && ts_trust_is_owned(view->trust) && view->service != TS_SERVICE_STATIC_CDN
        && view->stage != TS_STAGE_TELEMETRY && view->stage != TS_STAGE_UPDATE && view->stage != TS_STAGE_PROBE
        && view->stage != TS_STAGE_INFRA;
}

static bool
shared_with_sovereign(const packet_info *pinfo, const char *name)
{
    return ts_required(pinfo, name, TS_CLOUD_GCC_HIGH) != NULL || ts_required(pinfo, name, TS_CLOUD_DOD) != NULL
        || ts_required(pinfo, name, TS_CLOUD_CHINA) != NULL;
}

static void
check_clouds(const ts_message *m, ts_client *client, wmem_array_t *findings)
{
    const char *other = NULL;

    for (unsigned i = 0; i < m->link_count; i++) {
        const ts_name_class *view = &m->links[i].view;

        if (!tells_cloud(&m->links[i]))
            continue;
        if (is_sovereign(view->cloud)) {
            if (client->sovereign_name == NULL) {
                client->sovereign_name = view->name;
                client->sovereign = view->cloud;
            } else if (!clouds_agree(client->sovereign, view->cloud)) {
                other = view->name;
            }
        } else if (view->cloud == TS_CLOUD_WORLDWIDE && client->worldwide_name == NULL
                && !shared_with_sovereign(m->pinfo, view->name)) {
            client->worldwide_name = view->name;
        }
    }
    if (other == NULL)
        other = client->worldwide_name;
    if (client->mix_said || client->sovereign_name == NULL || other == NULL)
        return;
    client->mix_said = true;
    ts_finding_add(m, findings, TS_DIAG_CLOUD_MIX, 0, "%s (%s) and %s", client->sovereign_name,
        ts_cloud_name(client->sovereign), other);
}

static void
check_border_controller(const ts_message *m, ts_client *client, wmem_array_t *findings)
{
    const char *name = m->links[0].view.name;

    if (!is_query(m))
        return;
    if (has_prefix(name, "sip2.pstnhub.") || has_prefix(name, "sip3.pstnhub."))
        client->sbc_fallback = m->pinfo->num;
    if (!has_prefix(name, "sip.pstnhub."))
        return;
    if (client->sbc_first == 0) {
        client->sbc_first = m->pinfo->num;
        client->sbc_time = m->pinfo->abs_ts;
    } else if (client->sbc_fallback == 0 && ts_history_since(m->pinfo, &client->sbc_time) >= SBC_SECONDS) {
        ts_finding_add(m, findings, TS_DIAG_PSTN_SINGLE, 0, "%s since frame %u", name, client->sbc_first);
        client->sbc_time = m->pinfo->abs_ts;
    }
}

/* ---- answers that are missing ---- */

static void
add_pending(const ts_message *m, ts_client *client)
{
    for (unsigned i = 0; i < TS_CLIENT_PENDING; i++)
        if (client->pending[i] == m->question)
            return;
    client->pending[client->pending_next] = m->question;
    client->pending_next = (client->pending_next + 1) % TS_CLIENT_PENDING;
}

static void
check_pending(const ts_message *m, ts_client *client, wmem_array_t *findings)
{
    for (unsigned i = 0; i < TS_CLIENT_PENDING; i++) {
        ts_question *question = client->pending[i];
        bool repeated;

        if (question == NULL)
            continue;
        repeated = question == m->question && is_query(m) && !m->tcp;
        if (question->truncated_frame != 0
                && (repeated || ts_history_since(m->pinfo, &question->truncated_time) >= PENDING_SECONDS)) {
            ts_finding_add(m, findings, TS_DIAG_TRUNCATED_NO_TCP, 0, "%s, answer in frame %u", question->name,
                question->truncated_frame);
            ts_finding_about(findings, question->name);
            question->truncated_frame = 0;
            question->truncated_said = true;
        }
        if (question->tries > 0 && !question->unanswered_said && question->qtype != TS_DNS_TYPE_A
                && ((repeated && question->tries > 1)
                    || ts_history_since(m->pinfo, &question->last_time) >= PENDING_SECONDS)
                && address_answered(m, question)) {
            question->unanswered_said = true;
            ts_finding_add(m, findings, TS_DIAG_TYPE_UNANSWERED, 0, "%s, type %s, first in frame %u", question->name,
                question->qtype == TS_DNS_TYPE_AAAA ? "AAAA" : "HTTPS", question->first_frame);
            ts_finding_about(findings, question->name);
        }
        if (question->tries == 0 && question->truncated_frame == 0)
            client->pending[i] = NULL;
    }
}

static void
note_pending(const ts_message *m, ts_client *client)
{
    ts_question *question = m->question;

    if (m->dns->response && m->dns->truncated && !m->tcp && !question->truncated_said) {
        question->truncated_frame = m->pinfo->num;
        question->truncated_time = m->pinfo->abs_ts;
        add_pending(m, client);
    }
    if (is_query(m) && (question->qtype == TS_DNS_TYPE_AAAA || question->qtype == TS_DNS_TYPE_HTTPS))
        add_pending(m, client);
}

/* ---- search suffixes ---- */

/*
 * A name that does not exist and begins with a Microsoft name, which is not at
 * its end: a search suffix was appended. Remembered for the bare name's question.
 */
static void
note_expansion(const ts_message *m)
{
    const char *name = m->links[0].view.name;

    if (!m->dns->response || m->dns->rcode != TS_DNS_RCODE_NXDOMAIN || m->links[0].shown)
        return;
    for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        ts_name_result info;
        size_t length = (size_t)(dot - name);

        if (ts_names_classify(ts_user_names(), name, length, &info) && ts_trust_is_owned(info.row->trust))
            ts_history_expansion(m->pinfo, m->client, wmem_strndup(m->pinfo->pool, name, length), name);
    }
}

static void
check_expansion(const ts_message *m, wmem_array_t *findings)
{
    const char *expanded = is_query(m) ? ts_history_expanded(m->pinfo, m->client, m->links[0].view.name) : NULL;

    if (expanded != NULL)
        ts_finding_add(m, findings, TS_DIAG_SEARCH_SUFFIX, 0, "%s does not exist", expanded);
}

void
ts_diagnose_history(const ts_message *m, wmem_array_t *findings)
{
    ts_client *client;

    note_expansion(m);
    if (!m->any_shown)
        return;
    client = ts_history_client(m->pinfo, m->client);
    check_expansion(m, findings);
    if (is_query(m))
        check_tries(m, findings);
    else if (m->dns->response) {
        check_speed(m, findings);
        check_placement(m, findings);
    }
    check_accounts(m, client, findings);
    check_interop(m, client, findings);
    check_clouds(m, client, findings);
    check_border_controller(m, client, findings);
    if (m->question != NULL && m->tcp) {
        m->question->truncated_frame = 0;
        m->question->truncated_said = false;
    }
    check_pending(m, client, findings);
    if (m->question != NULL)
        note_pending(m, client);
}
