/* connection_check_dns.c
 * What the answers of the resolver did to a sign-in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_check.h"

#include <string.h>

#include <epan/to_str.h>

#include "common/name_question.h"
#include "session/signin.h"

#define RESOLVER_SECONDS    3.0     /* a resolver that has not answered by then does not */
#define QUESTIONS_MIN       3       /* of one name, before silence is told */
#define HOPELESS_SECONDS    10.0    /* clients give up a name within this (common/name_question.h) */
#define SLOW_SECONDS        1.0
#define SLOW_NAMES_MIN      3
#define OTHER_HELLOS_MIN    3       /* to one host, where all TLS goes there */

enum { RCODE_FORMERR = 1, RCODE_NOTIMP = 4 };

static unsigned
questions(const teams_asked_name *asked)
{
    unsigned count = 0;

    for (unsigned type = 0; type < TEAMS_DNS_TYPE_COUNT; type++)
        count += teams_dns_of(asked, type)->asked;
    return count;
}

static unsigned
answers(const teams_asked_name *asked)
{
    unsigned count = 0;

    for (unsigned type = 0; type < TEAMS_DNS_TYPE_COUNT; type++)
        count += teams_dns_of(asked, type)->answered;
    return count;
}

static const char *
resolver_text(const teams_check *check, const teams_asked_name *asked)
{
    return asked->resolver.type == AT_NONE ? "the resolver" : address_to_str(check->scope, &asked->resolver);
}

/* Behind "the resolver": its address, where a question is in the capture. */
static const char *
which_resolver(const teams_check *check, const teams_asked_name *asked)
{
    return asked->resolver.type == AT_NONE ? "" : wmem_strdup_printf(check->scope, " %s", address_to_str(check->scope, &asked->resolver));
}

/*
 * Has the client, of a connection that begins in the capture, acknowledged what
 * is not there? Then the way to the client was not captured, and silence says nothing.
 */
static bool
lacks_answers(const teams_check *check)
{
    for (unsigned i = 0; i < wmem_array_get_count(check->clients); i++)
        if ((*(const teams_net_client **)wmem_array_index(check->clients, i))->deaf)
            return true;
    for (unsigned i = 0; i < teams_check_connection_count(check); i++)
        if (teams_connection_lacks_answers(teams_check_connection(check, i)))
            return true;
    return false;
}

static bool
resolver_spoke(const teams_check *check)
{
    for (unsigned i = 0; i < wmem_array_get_count(check->clients); i++)
        if (teams_resolvers_spoke(*(const teams_net_client **)wmem_array_index(check->clients, i)))
            return true;
    return false;
}

/* "*.teams.microsoft.com" is a pattern, which no client connects to. */
static bool
is_needed(const teams_name_result *name)
{
    return ts_name_is_needed(name->product, name->stage, name->required) && strchr(name->name, '*') == NULL;
}

/* ---- another way ---- */

/* The latest question about a needed name; NULL where none was asked for, or something of the service was found. */
static const teams_asked_name *
latest_in_vain(const teams_check *check)
{
    const teams_asked_name *latest = NULL;

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);

        if (name->tried > 0 || (name->asked != NULL && teams_asked_has_address(name->asked)))
            return NULL;
        if (name->asked != NULL && is_needed(name) && (latest == NULL || nstime_cmp(&name->asked->first, &latest->first) > 0))
            latest = name->asked;
    }
    return latest;
}

/* Does the client, after the first question about each name, go on with TLS to one host of others, and does no resolver give it other public names? */
static bool
has_other_way(const teams_net_client *client, const teams_asked_name *asked)
{
    return client->others.name != NULL && !client->others.several && client->others.hellos >= OTHER_HELLOS_MIN &&
        (client->others.resolved == NULL || g_ascii_strcasecmp(client->others.resolved, client->others.name) == 0) &&
        ts_seconds(&asked->first, &client->others.last) > 0;
}

static void
check_other_way(teams_check *check)
{
    const teams_asked_name *asked = latest_in_vain(check);

    for (unsigned i = 0; i < wmem_array_get_count(check->clients) && asked != NULL && check->other_way == NULL; i++) {
        const teams_net_client *client = *(const teams_net_client **)wmem_array_index(check->clients, i);

        if (has_other_way(client, asked))
            check->other_way = client;
    }
    if (check->other_way != NULL)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_OTHER_WAY], PI_WARN,
            (teams_problem_place) { .frame = check->other_way->others.frame, .actor = TEAMS_BY_UNKNOWN, .name = asked->name },
            "No name of the service had an address, and since the first was asked for the client's ClientHellos name %s alone (%u): whether the service was reached through "
            "that, as through a proxy over TLS or a VPN, this capture does not tell", check->other_way->others.name, check->other_way->others.hellos);
}

/* ---- no answer ---- */

static bool
is_unanswered(const teams_check *check, const teams_asked_name *asked)
{
    return asked != NULL && answers(asked) == 0 && questions(asked) >= QUESTIONS_MIN && teams_check_time_passed(check, &asked->last, RESOLVER_SECONDS);
}

/* Does the client need its resolver? Not where all names were reached without it, nor where a proxy, which resolves them, reached some. */
static bool
needs_resolver(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);

        if (name->reached_by_proxy)
            return false;
        if (name->asked != NULL)
            teams_name_list_add(&list, name->name, name->asked->frame);
    }
    return list.names == 0 || list.any_lost;
}

static const char without_it[] = "; names were reached without it";

static bool
check_refused(teams_check *check)
{
    const bool needed = needs_resolver(check);

    for (unsigned i = 0; i < wmem_array_get_count(check->clients); i++) {
        const teams_net_client *client = *(const teams_net_client **)wmem_array_index(check->clients, i);

        if (client->dns_refusals == 0 || teams_resolvers_spoke(client))
            continue;
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_RESOLVER_REFUSED], needed ? PI_ERROR : PI_WARN,
            (teams_problem_place) { .frame = client->dns_refusal_frame, .actor = TEAMS_BY_NETWORK, .fatal = needed },
            "DNS questions are refused and none is answered: ICMP %s from %s (%u time%s)%s", client->dns_refusal_text,
            client->dns_refusal_from, client->dns_refusals, client->dns_refusals == 1 ? "" : "s", needed ? "" : without_it);
        return true;
    }
    return false;
}

static void
check_silence(teams_check *check)
{
    const teams_asked_name *first = NULL, *last = NULL;
    unsigned names = 0, count = 0;

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_asked_name *asked = teams_check_name(check, i)->asked;

        if (asked == NULL)
            continue;
        if (answers(asked) > 0)
            return;
        first = first == NULL ? asked : first;
        last = asked;
        names++;
        count += questions(asked);
    }
    if (first == NULL || count < QUESTIONS_MIN || resolver_spoke(check) || check->result->resolver_unheard || !teams_check_time_passed(check, &first->first, RESOLVER_SECONDS))
        return;
    const bool needed = needs_resolver(check), fatal = needed && check->other_way == NULL;

    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_RESOLVER_SILENT], fatal ? PI_ERROR : PI_WARN,
        (teams_problem_place) { .frame = first->frame, .actor = TEAMS_BY_NETWORK, .name = first->name, .fatal = fatal },
        "No DNS answer at all from %s: %u questions about %u name%s in %.1f s%s", resolver_text(check, first), count, names,
        names == 1 ? "" : "s", ts_seconds(&first->first, &last->last), needed ? "" : without_it);
}

static void
check_unanswered(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);

    if (!resolver_spoke(check))
        return;
    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);

        if (is_unanswered(check, name->asked))
            teams_name_list_add(&list, name->name, name->asked->frame);
    }
    if (list.names > 0)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_NAME_UNANSWERED],
            check->other_way == NULL ? teams_name_list_severity(&list) : MIN(teams_name_list_severity(&list), PI_WARN),
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_NETWORK, .name = list.first, .names = list.seen,
                .fatal = list.fatal && check->other_way == NULL },
            "DNS questions about %s are never answered, though the resolver answers others%s", teams_name_list_text(&list),
            teams_name_list_tail(&list));
}

/* The same for some time only, as of a resolver that wakes up. */
static void
check_unanswered_before(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);
    double most = 0;

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);
        const double waited = name->asked == NULL ? 0 : MAX(teams_dns_of(name->asked, TEAMS_DNS_A)->waited_most,
            teams_dns_of(name->asked, TEAMS_DNS_AAAA)->waited_most);

        if (waited < HOPELESS_SECONDS || !teams_asked_has_address(name->asked) || !is_needed(name))
            continue;
        most = MAX(most, waited);
        teams_name_list_add(&list, name->name, name->asked->frame);
    }
    if (list.names > 0)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_NAME_UNANSWERED], PI_WARN,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_NETWORK, .name = list.first, .names = list.seen,
                .advice = "Look for loss or a filter on port 53 between this host and its resolver at that time, and whether the resolver was alive then" },
            "DNS questions about %s had no answer for %s%.0f s, and then were answered with an address", teams_name_list_text(&list),
            list.names == 1 ? "" : "up to ", most);
}

/* ---- answers without an address ---- */

/* Nothing is lost of a service that was reached at another of its hosts, and perhaps nothing where there is another way. */
static int
loss_severity(const teams_check *check, const teams_name_result *name, bool fatal)
{
    return fatal ? PI_ERROR : (name->instead != NULL || check->other_way != NULL) && is_needed(name) ? PI_WARN : PI_NOTE;
}

/* A resolver that looks at aliases blocks one of them, with any answer that it gives to names that it blocks. */
static void
tell_cut(teams_check *check, const teams_name_result *name, bool fatal, const char *how)
{
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_CHAIN_CUT], loss_severity(check, name, fatal),
        (teams_problem_place) { .frame = name->asked->cut_frame, .actor = TEAMS_BY_NETWORK, .name = name->name, .fatal = fatal },
        "The chain of aliases of %s ends at %s: %s%s%s", name->name, name->asked->cut_name, how, which_resolver(check, name->asked),
        teams_check_instead_text(check, name->instead));
}

static void
tell_missing(teams_check *check, const teams_name_result *name, bool fatal)
{
    const teams_dns_outcome *outcome = teams_dns_of(name->asked, TEAMS_DNS_A);
    const unsigned count = outcome->missing + teams_dns_of(name->asked, TEAMS_DNS_AAAA)->missing;
    const uint32_t frame = outcome->problem_frame != 0 ? outcome->problem_frame : teams_dns_of(name->asked, TEAMS_DNS_AAAA)->problem_frame;

    if (name->asked->cut_frame != 0)
        tell_cut(check, name, fatal, "NXDOMAIN: that alias does not exist for the resolver");
    else
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_NAME_MISSING], loss_severity(check, name, fatal),
            /* A name that nobody needs may exist nowhere. */
            (teams_problem_place) { .frame = frame, .actor = fatal ? TEAMS_BY_NETWORK : TEAMS_BY_UNKNOWN, .name = name->name, .fatal = fatal },
            "%s does not exist for the resolver%s (NXDOMAIN, %u answer%s)%s", name->name, which_resolver(check, name->asked),
            count, count == 1 ? "" : "s", teams_check_instead_text(check, name->instead));
}

static void
tell_empty(teams_check *check, const teams_name_result *name, bool fatal)
{
    const teams_dns_outcome *outcome = teams_dns_of(name->asked, TEAMS_DNS_A);
    const unsigned count = outcome->empty + teams_dns_of(name->asked, TEAMS_DNS_AAAA)->empty;
    const teams_problem_place place = { .frame = outcome->problem_frame, .actor = TEAMS_BY_NETWORK, .name = name->name, .fatal = fatal };
    const int severity = loss_severity(check, name, fatal);

    if (name->asked->cut_frame != 0)
        tell_cut(check, name, fatal, "no address from the resolver");
    else
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_NAME_EMPTY], severity, place,
            "%s exists for the resolver%s, but has no address (%u answer%s without one)%s", name->name,
            which_resolver(check, name->asked), count, count == 1 ? "" : "s", teams_check_instead_text(check, name->instead));
}

/* How servers without EDNS refuse it, to be asked again without (RFC 6891, 7): that costs nobody anything. */
static bool
is_about_edns(const teams_dns_outcome *outcome)
{
    return outcome->failure == RCODE_FORMERR || outcome->failure == RCODE_NOTIMP;
}

static const char *
failure_text(uint8_t rcode)
{
    return rcode == RCODE_FORMERR ? "FORMERR" : rcode == 2 ? "SERVFAIL" : rcode == RCODE_NOTIMP ? "NOTIMP" : rcode == 5 ? "REFUSED" : "a failure";
}

static void
tell_failed(teams_check *check, const teams_name_result *name, bool fatal)
{
    const teams_dns_outcome *outcome = teams_dns_of(name->asked, TEAMS_DNS_A);

    if (name->asked->cut_frame != 0) {
        tell_cut(check, name, fatal, wmem_strdup_printf(check->scope, "%s from the resolver", failure_text(outcome->failure)));
        return;
    }
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_NAME_FAILED], loss_severity(check, name, fatal),
        (teams_problem_place) { .frame = outcome->problem_frame, .actor = TEAMS_BY_NETWORK, .name = name->name, .fatal = fatal },
        "The resolver%s answers %s to questions about %s (%u time%s)%s", which_resolver(check, name->asked), failure_text(outcome->failure), name->name,
        outcome->failed, outcome->failed == 1 ? "" : "s", teams_check_instead_text(check, name->instead));
}

/* Some of the questions about addresses failed, and others did not: the client lost time by it, and no more. */
static void
check_failed_before(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);
    const teams_asked_name *first = NULL;
    unsigned count = 0;

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);
        const teams_dns_outcome *outcome = name->asked == NULL ? NULL : teams_dns_of(name->asked, TEAMS_DNS_A);

        if (outcome == NULL || outcome->failed == 0 || is_about_edns(outcome) || !teams_asked_has_address(name->asked) || !is_needed(name))
            continue;
        first = first == NULL ? name->asked : first;
        count += outcome->failed;
        teams_name_list_add(&list, name->name, outcome->problem_frame);
    }
    if (first != NULL)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_NAME_FAILED], PI_WARN,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_NETWORK, .name = list.first, .names = list.seen },
            "%u question%s about %s failed (%s), and others were answered with an address", count, count == 1 ? "" : "s",
            teams_name_list_text(&list), failure_text(teams_dns_of(first, TEAMS_DNS_A)->failure));
}

/* The same of names that did not exist for one resolver, or for some time. */
static void
check_missing_before(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);
    unsigned count = 0;

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);
        const teams_dns_outcome *outcome = name->asked == NULL ? NULL : teams_dns_of(name->asked, TEAMS_DNS_A);

        if (outcome == NULL || outcome->missing == 0 || !teams_asked_has_address(name->asked) || !is_needed(name))
            continue;
        count += outcome->missing;
        teams_name_list_add(&list, name->name, outcome->problem_frame);
    }
    if (list.names > 0)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_NAME_MISSING], PI_WARN,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_NETWORK, .name = list.first, .names = list.seen,
                .advice = "Look which resolver said so, and when: it may be one of several that does not know names of the Internet, as that of a VPN, or a filter may have changed" },
            "%u question%s about %s had NXDOMAIN, and others were answered with an address", count, count == 1 ? "" : "s", teams_name_list_text(&list));
}

/* How many of the names do not exist; 0 where one of them was not asked for once, for A alone. */
static unsigned
missing_of_list(const teams_check *check)
{
    unsigned missing = 0;

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_asked_name *asked = teams_check_name(check, i)->asked;

        if (asked == NULL || questions(asked) != 1 || teams_dns_of(asked, TEAMS_DNS_A)->asked != 1)
            return 0;
        missing += teams_dns_of(asked, TEAMS_DNS_A)->missing > 0;
    }
    return missing;
}

/*
 * Some of several names do not exist, each was asked for once and for one type,
 * and the client tried no connection: a list of names is checked. A program that
 * needs a name asks for A and AAAA, or again, and connects to the others.
 */
static bool
is_list(const teams_check *check)
{
    return teams_check_connection_count(check) == 0 && missing_of_list(check) >= TS_LIST_MIN;
}

static void
tell_list(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_asked_name *asked = teams_check_name(check, i)->asked;

        if (teams_dns_of(asked, TEAMS_DNS_A)->missing > 0)
            teams_name_list_add(&list, asked->name, teams_dns_of(asked, TEAMS_DNS_A)->problem_frame);
    }
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_NAME_MISSING], PI_WARN,
        (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_UNKNOWN, .name = list.first, .names = list.seen, .explains = " D1 " },
        "%s exist%s for the resolver%s (NXDOMAIN): %s; each was asked for once, as somebody does who checks a list",
        list.names == teams_check_name_count(check) ? "No name that was asked for" : "Some of the names that were asked for do not",
        list.names == teams_check_name_count(check) ? "s" : "", which_resolver(check, teams_check_name(check, 0)->asked), teams_name_list_text(&list));
}

/* Has it an address, or may it have one in an answer of which only a part is here? */
static bool
may_have_address(const teams_asked_name *asked)
{
    return teams_asked_has_address(asked) || teams_dns_of(asked, TEAMS_DNS_A)->cut_short || teams_dns_of(asked, TEAMS_DNS_AAAA)->cut_short;
}

static void
check_addresses(teams_check *check)
{
    const bool list = is_list(check);

    if (list)
        tell_list(check);
    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);
        const teams_dns_outcome *outcome = name->asked == NULL ? NULL : teams_dns_of(name->asked, TEAMS_DNS_A);

        if (outcome == NULL || may_have_address(name->asked) || outcome->answered == 0 || name->stage == TS_STAGE_DISCOVERY_LEGACY)
            continue;
        const bool fatal = is_needed(name) && !name->reached && name->instead == NULL && check->other_way == NULL && !list;

        if (outcome->failed > 0)
            tell_failed(check, name, fatal);
        else if (outcome->missing > 0 && !list)
            tell_missing(check, name, fatal);
        else if (outcome->empty > 0)
            tell_empty(check, name, fatal);
    }
}

/* Addresses of IPv6 alone, where the client asks again for IPv4, and nobody connects to them. */
static bool
lacks_ipv4(const teams_check *check, const teams_name_result *name)
{
    const teams_asked_name *asked = name->asked;

    return asked != NULL && teams_dns_of(asked, TEAMS_DNS_A)->empty > 1 && teams_dns_of(asked, TEAMS_DNS_A)->addresses == 0 &&
        teams_dns_of(asked, TEAMS_DNS_AAAA)->addresses > 0 && is_needed(name) && name->tried == 0 && !asked->followed &&
        check->result->client_connects && teams_check_time_passed(check, &asked->last, HOPELESS_SECONDS);
}

static void
check_ipv4(teams_check *check)
{
    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);

        if (!lacks_ipv4(check, name))
            continue;
        const teams_dns_outcome *outcome = teams_dns_of(name->asked, TEAMS_DNS_A);

        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_NAME_EMPTY], PI_WARN,
            (teams_problem_place) { .frame = outcome->problem_frame, .actor = TEAMS_BY_UNKNOWN, .name = name->name },
            "%s has no IPv4 address for the resolver%s (%u answers without one), and no connection to its IPv6 addresses followed", name->name,
            which_resolver(check, name->asked), outcome->empty);
    }
}

/* ---- the wrong address ---- */

static const char *
identity_tail(teams_check *check)
{
    if (!check->result->identity_asked || check->result->identity_reached || check->result->asks_alone)
        return "";
    check->identity_reported = true;
    return "; identity was not reached";
}

/* Did a public address come after the last other one, and did the client connect to it then? */
static bool
is_over(const teams_asked_name *asked)
{
    const teams_connection *latest = (const teams_connection *)wmem_map_lookup(asked->client->latest, asked->name);

    return asked->had_public && latest != NULL && !latest->private_address && !latest->proxy &&
        latest->state >= TEAMS_CONNECTION_CONNECTED && nstime_cmp(&asked->private_until, &asked->public_until) < 0 &&
        nstime_cmp(&asked->private_until, &latest->start) < 0;
}

/* Is that so of all names of the sign-in that led to a private address? */
static bool
all_are_over(const teams_check *check)
{
    for (const teams_asked_name *asked = check->parts->private_names; asked != NULL; asked = asked->next_private)
        if (!is_over(asked))
            return false;
    return check->parts->private_names != NULL;
}

/* Services after identity that carry data there, as behind a proxy that reads server names, or elsewhere, where nothing connected there. NULL: none do. */
static const char *
portal_refuted(const teams_check *check)
{
    bool tried = false;

    for (unsigned i = 0; i < teams_check_connection_count(check); i++) {
        const teams_connection *conn = teams_check_connection(check, i);

        if (!teams_check_is_portal(check, conn))
            continue;
        if (conn->state == TEAMS_CONNECTION_USED && teams_signin_is_past_identity(UINT32_C(1) << conn->stage))
            return "sessions with services after identity carry data there: a proxy, or a filter that lets them through";
        tried = true;
    }
    if (all_are_over(check))
        return "later elsewhere, where the client connected: a captive portal that let the client in, or a filter that was lifted";
    return !tried && check->result->services_reached ? "the client went elsewhere, and reached services: a DNS filter, or answers that somebody else put in" : NULL;
}

static void
check_portal(teams_check *check)
{
    const char *refuted = portal_refuted(check);

    for (unsigned i = 0; i < wmem_array_get_count(check->clients); i++) {
        const teams_net_client *client = *(const teams_net_client **)wmem_array_index(check->clients, i);
        const uint32_t frame = client->redirect_frame != 0 ? client->redirect_frame : client->one_address_frame;
        const teams_problem_place place = { .frame = frame, .actor = TEAMS_BY_NETWORK, .fatal = true,
            .advice = client->redirect_frame != 0 ? NULL : "Log in at the portal where there is one; else look at what the resolver has for these names: "
                "a zone of its own, or a filter" };

        if (client->one_address_frame != 0 && client->redirect_frame == 0 && refuted != NULL) {
            check->no_portal = true;    /* and how connections there end is told */
            teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_CAPTIVE_PORTAL], PI_WARN,
                (teams_problem_place) { .frame = frame, .actor = TEAMS_BY_NETWORK, .advice = "Find out what is behind the address, and who gives it for these names" },
                "Names of different services all lead to %s, and %s", client->one_address, refuted);
        } else if (client->one_address_frame != 0)
            teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_CAPTIVE_PORTAL], PI_ERROR, place,
                "Names of different services all lead to %s%s%s: a captive portal or a DNS filter%s", client->one_address,
                client->redirect_frame == 0 ? "" : ", and the connectivity check is redirected to ",
                client->redirect_frame == 0 ? "" : client->redirect_to, identity_tail(check));
        else if (client->redirect_frame != 0 && !check->result->identity_reached)
            teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_CAPTIVE_PORTAL], PI_ERROR, place,
                "The connectivity check is redirected to %s: a captive portal%s", client->redirect_to, identity_tail(check));
    }
}

static bool
behind_portal(const teams_check *check)
{
    for (unsigned i = 0; i < wmem_array_get_count(check->clients); i++)
        if ((*(const teams_net_client **)wmem_array_index(check->clients, i))->one_address_frame != 0)
            return true;
    return false;
}

/* Of an address that is private. */
typedef enum { PRIVATE_ALIVE, PRIVATE_UNTRIED, PRIVATE_NOBODY } private_kind;

/* "This network" and loopback (RFC 6890): what a client sends there never leaves it. */
static bool
is_nobody(const char *addr)
{
    return g_str_has_prefix(addr, "0.") || g_str_has_prefix(addr, "127.") || strcmp(addr, "::") == 0 || strcmp(addr, "::1") == 0;
}

static bool
is_private(const teams_name_result *name, private_kind kind)
{
    const teams_asked_name *asked = name->asked;

    /* In a customer's own zone his own servers are. */
    if (asked == NULL || asked->private_frame == 0 || asked->had_public || asked->product == TS_PRODUCT_LYNC_ONPREM)
        return false;
    return kind == PRIVATE_ALIVE ? name->reached : name->tried == 0 && is_nobody(asked->private_text) == (kind == PRIVATE_NOBODY);
}

/* A private address that answers, or that was never tried: dead ones are told with their connections. */
static void
check_private(teams_check *check, private_kind kind)
{
    static const char *const says[] = {
        [PRIVATE_ALIVE] = "and a server answers there: split DNS, a proxy or a block page",
        [PRIVATE_UNTRIED] = "which the client did not connect to: split DNS or a block page",
        [PRIVATE_NOBODY] = "where no server can be: so a filter of names answers",
    };
    teams_name_list list = teams_name_list_new(check);
    const char *addr = NULL;

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_name_result *name = teams_check_name(check, i);

        if (!is_private(name, kind))
            continue;
        teams_name_list_add(&list, name->name, name->asked->private_frame);
        addr = addr == NULL ? name->asked->private_text : addr;
    }
    if (list.names > 0 && !behind_portal(check))
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_PRIVATE_ADDRESS], kind == PRIVATE_ALIVE ? PI_WARN : list.matters ? PI_ERROR : PI_NOTE,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_NETWORK, .name = list.first, .fatal = list.fatal,
                .advice = kind == PRIVATE_NOBODY ? "A DNS filter, at the resolver or on the client, blocks the name: allow the names of Teams and identity there" : NULL },
            list.names == 1 ? "%s leads to %s (%s), %s" : "%s lead to %s (the first to %s), %s", teams_name_list_text(&list),
            kind == PRIVATE_NOBODY ? list.names == 1 ? "a null or loopback address" : "null or loopback addresses" : list.names == 1 ? "a private address" : "private addresses", addr,
            kind == PRIVATE_UNTRIED && check->result->asks_alone ? "as split DNS or a block page shows" : says[kind]);
}

/* A filter that was lifted, or split DNS that a client left: what the frames say of the names was true up to then. */
static void
check_private_before(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);
    const char *addr = NULL;
    uint32_t last = 0;
    bool needed = false;

    for (const teams_asked_name *asked = check->parts->private_names; asked != NULL; asked = asked->next_private) {
        if (!is_over(asked))
            continue;
        teams_name_list_add(&list, asked->name, asked->private_frame);
        addr = addr == NULL ? asked->private_text : addr;
        last = MAX(last, asked->private_last);
        needed = needed || ts_name_is_needed(asked->product, asked->stage, asked->required);
    }
    if (list.names > 0)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_PRIVATE_ADDRESS], needed ? PI_WARN : PI_NOTE,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_NETWORK, .name = list.first, .names = list.seen, .explains = "",
                .advice = "Ask what changed at that time: a filter of names that was lifted, a zone of the resolver, or a VPN" },
            "From frame %u to %u %s %s answered with a %s address (%s%s), and after that with public ones, to which the client connected",
            list.frame, last, teams_name_list_text(&list), list.names == 1 ? "was" : "were", is_nobody(addr) ? "null or loopback" : "private",
            list.names == 1 ? "" : "the first with ", addr);
}

/* ---- refused types, and time ---- */

/* Where some are answered, or those about A fail as well, it is not the type that the resolver refuses. */
static bool
is_always_refused(const teams_asked_name *asked, teams_dns_type type)
{
    const teams_dns_outcome *outcome = teams_dns_of(asked, type);

    return outcome->failed > 0 && outcome->failed == outcome->answered;
}

static void
check_refused_types(teams_check *check)
{
    teams_name_list list = teams_name_list_new(check);

    if (behind_portal(check))
        return;     /* it answers in its own way */
    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_asked_name *asked = teams_check_name(check, i)->asked;
        const bool refused = asked != NULL && (is_always_refused(asked, TEAMS_DNS_AAAA) || is_always_refused(asked, TEAMS_DNS_OTHER));

        if (refused && teams_dns_of(asked, TEAMS_DNS_A)->addresses > 0 && teams_dns_of(asked, TEAMS_DNS_A)->failed == 0)
            teams_name_list_add(&list, asked->name, is_always_refused(asked, TEAMS_DNS_AAAA) ?
                teams_dns_of(asked, TEAMS_DNS_AAAA)->problem_frame : teams_dns_of(asked, TEAMS_DNS_OTHER)->problem_frame);
    }
    if (list.names > 0)
        teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_AAAA_REFUSED], PI_NOTE,
            (teams_problem_place) { .frame = list.frame, .actor = TEAMS_BY_NETWORK, .name = list.first },
            "The resolver refuses questions about AAAA or HTTPS records of %s, and answers those about A", teams_name_list_text(&list));
}

static void
check_slow(teams_check *check)
{
    double slowest = 0, fastest = 0;
    unsigned slow = 0, measured = 0;
    const teams_asked_name *first = NULL;

    for (unsigned i = 0; i < teams_check_name_count(check); i++) {
        const teams_asked_name *asked = teams_check_name(check, i)->asked;
        const teams_dns_outcome *outcome = asked == NULL ? NULL : teams_dns_of(asked, TEAMS_DNS_A);

        if (outcome == NULL || outcome->fastest <= 0)
            continue;
        measured++;
        slow += outcome->fastest >= SLOW_SECONDS;
        first = first == NULL ? asked : first;
        slowest = MAX(slowest, outcome->slowest);
        fastest = fastest == 0 ? outcome->fastest : MIN(fastest, outcome->fastest);
    }
    if (slow < SLOW_NAMES_MIN || slow * 10 < measured * 9)
        return;
    teams_check_add(check, &teams_conclusions[TEAMS_CONCLUSION_SLOW_RESOLVER], PI_WARN,
        (teams_problem_place) { .frame = first->frame, .actor = TEAMS_BY_NETWORK },
        "The resolver%s takes %s s for every name (%u names)", which_resolver(check, first),
        slowest - fastest < 0.01 ? wmem_strdup_printf(check->scope, "%.2f", fastest) : wmem_strdup_printf(check->scope, "%.2f to %.2f", fastest, slowest),
        measured);
}

void
teams_check_dns(teams_check *check)
{
    check->result->resolver_unheard = !resolver_spoke(check) && lacks_answers(check);
    check_other_way(check);
    if (!check_refused(check))
        check_silence(check);
    check_unanswered(check);
    check_unanswered_before(check);
    check_addresses(check);
    check_ipv4(check);
    check_failed_before(check);
    check_missing_before(check);
    check_portal(check);
    check_private(check, PRIVATE_UNTRIED);
    check_private(check, PRIVATE_NOBODY);
    check_private(check, PRIVATE_ALIVE);
    check_private_before(check);
    check_refused_types(check);
    check_slow(check);
}
