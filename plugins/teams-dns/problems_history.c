/* problems_history.c
 * Problems that take what the capture said before this message
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each is raised where its evidence becomes complete, on the first pass.
 */

#include "teams-dns.h"

#include <string.h>

#include <epan/to_str.h>

#define SLOW_SECONDS        0.3
#define VERY_SLOW_SECONDS   1.0
#define SAME_MINUTE         60.0

static bool
is_query(const ts_message *message)
{
    return message->dns->dns && !message->dns->response;
}

static bool
has_prefix(const char *name, const char *prefix)
{
    return g_ascii_strncasecmp(name, prefix, strlen(prefix)) == 0;
}

/* Resolvers of operating systems wait for A and AAAA together; for HTTPS records clients don't, once they have an address. */
static bool
is_waited_for(const ts_message *message)
{
    const ts_name_question *a = message->question == NULL ? NULL : message->question->state.address;

    return message->dns->qtype != TS_DNS_TYPE_HTTPS || a == NULL || !a->answered_data || nstime_to_sec(&a->answer_time) > SLOW_SECONDS;
}

static void
check_speed(const ts_message *message, wmem_array_t *problems)
{
    const ts_name_class *asked = &message->links[0].kind;
    const ts_stage stage = message->whole.stage;
    const bool waited = stage == TS_STAGE_BOOTSTRAP || stage == TS_STAGE_IDENTITY || stage == TS_STAGE_MEDIA ||
        ts_name_is_needed(asked->product, asked->stage, ts_name_required(message->pinfo, &message->links[0]));

    if (!waited || message->request == NULL || message->tries == 0 || ts_is_truncated(message) || !is_waited_for(message))
        return;
    if (message->waited > VERY_SLOW_SECONDS)
        ts_problem_add(message, problems, TS_DNS_VERY_SLOW, 0, "%s, %.3f s", message->links[0].kind.name, message->waited);
    else if (message->waited > SLOW_SECONDS || message->tries > 2)
        ts_problem_add(message, problems, TS_DNS_SLOW, 0, "%s, %.3f s, sent %u times", message->links[0].kind.name, message->waited,
            message->tries);
}

/*
 * Load balancers give hosts in several regions near to one client, and telemetry
 * goes wherever there is room; another continent is another matter.
 */
static void
check_placement(const ts_message *message, wmem_array_t *problems)
{
    const ts_name_class *whole = &message->whole;
    const char *region = whole->region[0] != '\0' ? whole->region : whole->datacenter;
    ts_placement *before;

    if (message->address_count == 0 || whole->continent[0] == '\0' || message->chain_length < 2 || whole->stage == TS_STAGE_TELEMETRY)
        return;
    before = ts_history_placement(message->pinfo, message->links[0].kind.name, message->dns->qtype);
    if (before->frame != 0 && !addresses_equal(&before->resolver, message->server)
            && strcmp(before->continent, whole->continent) != 0
            && ts_history_since(message->pinfo, &before->time) <= SAME_MINUTE)
        ts_problem_add(message, problems, TS_DNS_REGIONS_DIFFER, 0, "%s is in %s by %s, but in %s by %s (frame %u)",
            message->links[0].kind.name, region, address_to_str(message->pinfo->pool, message->server),
            before->region, address_to_str(message->pinfo->pool, &before->resolver), before->frame);
    if (!addresses_equal(&before->resolver, message->server)) {
        free_address_wmem(wmem_file_scope(), &before->resolver);
        copy_address_wmem(wmem_file_scope(), &before->resolver, message->server);
    }
    before->continent = whole->continent;
    before->region = region;
    before->time = message->pinfo->abs_ts;
    before->frame = message->pinfo->num;
}

/* ---- what the client looked up before ---- */

static bool
is_work(const ts_name_class *kind)
{
    return (kind->product == TS_PRODUCT_TEAMS && kind->service == TS_SERVICE_WEB_APP)
        || kind->product == TS_PRODUCT_SFB_ONLINE;
}

/* Remote Help and Communication Services use Skype's names on work accounts, too: those say nothing. */
static bool
is_consumer(const ts_name_class *kind)
{
    return kind->client_only && (kind->product == TS_PRODUCT_TEAMS_CONSUMER
        || g_str_has_suffix(kind->name, "gateway.messenger.live.com"));
}

static void
check_accounts(const ts_message *message, ts_client *client, wmem_array_t *problems)
{
    const ts_name_class *kind = &message->links[0].kind;

    bool again = message->dns->response && message->request != NULL;

    if (is_consumer(kind) && client->work != 0 && !again)
        ts_problem_add(message, problems, TS_DNS_CONSUMER, 0, "%s, after work's in frame %u", kind->name, client->work);
    if (is_work(kind) && client->work == 0 && client->consumer != 0)
        ts_problem_add(message, problems, TS_DNS_CONSUMER, 0, "%s in frame %u", client->consumer_name, client->consumer);
    if (is_work(kind) && client->work == 0)
        client->work = message->pinfo->num;
    if (is_consumer(kind) && client->consumer == 0) {
        client->consumer = message->pinfo->num;
        client->consumer_name = kind->name;
    }
}

static void
check_interop(const ts_message *message, ts_client *client, wmem_array_t *problems)
{
    const ts_name_class *kind = &message->links[0].kind;

    if (client->teams == 0 && ts_trust_is_owned(kind->trust)
            && (kind->product == TS_PRODUCT_TEAMS || kind->product == TS_PRODUCT_SKYPE_SHARED))
        client->teams = message->pinfo->num;
    if (client->teams != 0 && is_query(message) && kind->product == TS_PRODUCT_SFB_ONLINE
            && (kind->service == TS_SERVICE_AUTODISCOVER || kind->service == TS_SERVICE_WEB_POOL
                || kind->service == TS_SERVICE_SIP_REGISTRAR || kind->service == TS_SERVICE_SIP_POOL))
        ts_problem_add(message, problems, TS_DNS_LEGACY_INTEROP, 0, "%s", kind->name);
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
    const ts_name_class *kind = &link->kind;
    bool service = kind->product == TS_PRODUCT_TEAMS || kind->product == TS_PRODUCT_SKYPE_SHARED
        || kind->product == TS_PRODUCT_SFB_ONLINE;

    return link->shown && service && ts_trust_is_owned(kind->trust) && kind->service != TS_SERVICE_STATIC_CDN
        && kind->stage != TS_STAGE_TELEMETRY && kind->stage != TS_STAGE_UPDATE && kind->stage != TS_STAGE_PROBE
        && kind->stage != TS_STAGE_INFRA;
}

static bool
shared_with_sovereign(const packet_info *pinfo, const char *name)
{
    return ts_required(pinfo, name, TS_CLOUD_GCC_HIGH) != NULL || ts_required(pinfo, name, TS_CLOUD_DOD) != NULL
        || ts_required(pinfo, name, TS_CLOUD_CHINA) != NULL;
}

static void
check_clouds(const ts_message *message, ts_client *client, wmem_array_t *problems)
{
    const char *other = NULL;

    for (unsigned i = 0; i < message->link_count; i++) {
        const ts_name_class *kind = &message->links[i].kind;

        if (!tells_cloud(&message->links[i]))
            continue;
        if (is_sovereign(kind->cloud)) {
            if (client->sovereign_name == NULL) {
                client->sovereign_name = kind->name;
                client->sovereign = kind->cloud;
            } else if (!clouds_agree(client->sovereign, kind->cloud)) {
                other = kind->name;
            }
        } else if (kind->cloud == TS_CLOUD_WORLDWIDE && client->worldwide_name == NULL
                && !shared_with_sovereign(message->pinfo, kind->name)) {
            client->worldwide_name = kind->name;
        }
    }
    if (other == NULL)
        other = client->worldwide_name;
    if (client->mix_reported || client->sovereign_name == NULL || other == NULL)
        return;
    client->mix_reported = true;
    ts_problem_add(message, problems, TS_DNS_CLOUD_MIX, 0, "%s (%s) and %s", client->sovereign_name,
        ts_cloud_name(client->sovereign), other);
}

static void
check_border_controller(const ts_message *message, ts_client *client, wmem_array_t *problems)
{
    const char *name = message->links[0].kind.name;
    ts_name_client *state = &client->state;

    if (!is_query(message))
        return;
    if (has_prefix(name, "sip2.pstnhub.") || has_prefix(name, "sip3.pstnhub."))
        state->pstn_fallback = true;
    if (!has_prefix(name, "sip.pstnhub."))
        return;
    if (state->pstn_name == NULL) {
        state->pstn_name = name;
        state->pstn_frame = message->pinfo->num;
        state->pstn_time = message->pinfo->abs_ts;
    } else if (!state->pstn_reported && ts_client_lacks_fallback(state, &message->pinfo->abs_ts)) {
        state->pstn_reported = true;
        ts_problem_add(message, problems, TS_DNS_PSTN_SINGLE, 0, "%s since frame %u", name, state->pstn_frame);
    }
}

/* ---- answers that are missing ---- */

static void
add_pending(const ts_message *message, ts_client *client)
{
    for (unsigned i = 0; i < TS_CLIENT_PENDING; i++)
        if (client->pending[i] == message->question)
            return;
    client->pending[client->pending_next] = message->question;
    client->pending_next = (client->pending_next + 1) % TS_CLIENT_PENDING;
}

static void
check_question(const ts_message *message, ts_name_question *question, wmem_array_t *problems)
{
    const nstime_t *now = &message->pinfo->abs_ts;

    if (!question->truncated_reported && ts_question_lacks_tcp(question, now)) {
        question->truncated_reported = true;
        ts_problem_add(message, problems, TS_DNS_TRUNCATED_NO_TCP, 0, "%s, answer in frame %u", question->name,
            question->truncated_frame);
        ts_problem_about(problems, question->name);
    }
    if (!question->unanswered_reported && ts_question_lacks_type(question, now)) {
        question->unanswered_reported = true;
        ts_problem_add(message, problems, TS_DNS_TYPE_UNANSWERED, 0, "%s, type %s, first in frame %u", question->name,
            question->qtype == TS_DNS_TYPE_AAAA ? "AAAA" : "HTTPS", question->first_frame);
        ts_problem_about(problems, question->name);
    } else if (!question->no_answer_reported && ts_question_lacks_answer(question, now)) {
        question->no_answer_reported = true;
        ts_problem_add(message, problems, TS_DNS_NO_ANSWER, 0, "%s, sent %u times since frame %u, %.3f s before",
            question->name, question->tries, question->first_frame, ts_history_since(message->pinfo, &question->first_time));
        ts_problem_about(problems, question->name);
    }
}

static void
check_pending(const ts_message *message, ts_client *client, wmem_array_t *problems)
{
    for (unsigned i = 0; i < TS_CLIENT_PENDING; i++) {
        ts_question *question = client->pending[i];

        if (question == NULL)
            continue;
        check_question(message, &question->state, problems);
        if (question->state.tries == 0 && question->state.truncated_frame == 0)
            client->pending[i] = NULL;
    }
}

static void
keep_pending(const ts_message *message, ts_client *client)
{
    ts_name_question *state = &message->question->state;

    state->required = ts_name_required(message->pinfo, &message->links[0]);
    if (message->tcp) {
        state->truncated_frame = 0;
        state->truncated_reported = false;
    } else if (message->dns->response && message->dns->truncated && state->truncated_frame == 0) {
        state->truncated_frame = message->pinfo->num;
        state->truncated_time = message->pinfo->abs_ts;
    }
    if (state->tries > 0 || state->truncated_frame != 0)
        add_pending(message, client);
}

/* ---- search suffixes ---- */

/*
 * A name that does not exist and begins with a Microsoft name, which is not at
 * its end: a search suffix was appended. Remembered for the bare name's question.
 */
static void
keep_expansion(const ts_message *message)
{
    const char *name = message->links[0].kind.name;

    if (!message->dns->response || message->dns->rcode != TS_DNS_RCODE_NXDOMAIN || message->links[0].shown)
        return;
    for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        ts_name_result info;
        size_t length = (size_t)(dot - name);

        if (ts_names_classify(ts_user_names(), name, length, &info) && ts_trust_is_owned(info.row->trust))
            ts_history_expansion(message->pinfo, message->client, wmem_strndup(message->pinfo->pool, name, length), name);
    }
}

static void
check_expansion(const ts_message *message, wmem_array_t *problems)
{
    const char *expanded = is_query(message) ? ts_history_expanded(message->pinfo, message->client, message->links[0].kind.name) : NULL;

    if (expanded != NULL)
        ts_problem_add(message, problems, TS_DNS_SEARCH_SUFFIX, 0, "%s does not exist", expanded);
}

static void
check_history(const ts_message *message, wmem_array_t *problems)
{
    ts_client *client = message->history;

    keep_expansion(message);
    /* A resolver goes from server to server until one answers, and no client waits for any single one. */
    if (!message->any_shown || message->iterative)
        return;
    check_expansion(message, problems);
    if (message->dns->response) {
        check_speed(message, problems);
        check_placement(message, problems);
    }
    if (message->role != TS_ROLE_QUESTION || !client->resolver) {
        check_accounts(message, client, problems);
        check_interop(message, client, problems);
        check_clouds(message, client, problems);
        check_border_controller(message, client, problems);
    }
    if (message->question != NULL)
        keep_pending(message, client);
    check_pending(message, client, problems);
}

wmem_array_t *
ts_check(ts_message *message)
{
    wmem_array_t *problems = wmem_array_new(message->pinfo->pool, sizeof(ts_dns_problem));

    ts_check_message(message, problems);
    check_history(message, problems);
    return wmem_array_get_count(problems) > 0 ? problems : NULL;
}
