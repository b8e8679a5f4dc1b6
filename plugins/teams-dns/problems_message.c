/* problems_message.c
 * What can be wrong with a name, and what one DNS message or server name gives evidence of by itself
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "teams-dns.h"

#include <string.h>

#include <epan/to_str.h>

#define CHAIN_DEEP          8           /* aliases; six are usual for outlook.office.com (observed) */
#define FAILURES_MIN        3           /* of one question, until which clients try again */
#define MANY_NAMES          3           /* with one address, over a zone that nobody knows */
#define TTL_BALANCED        3600        /* seconds */
#define PREFIX_LIST_FROM    202207      /* yyyymm: the oldest list of prefixes that we have */
#define SET_OF_TEAMS        "12"        /* of the worldwide list; in others the number is another set */

/* ---- what both halves share ---- */

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

/* ---- what a message says ---- */

/* Environments that customers' clients do not meet. */
static const char *const preproduction[] = { "int", "dev", "test", "df", "msit", "tip", "ppe" };
#define INTERNAL_ZONE ".teams.internal.office.com"

/* Networks that no Microsoft name leads to. */
static const struct {
    address_type type;
    uint8_t network[16];
    uint8_t bits;
} unroutable[] = {
    { AT_IPv4, { 0 }, 8 },
    { AT_IPv4, { 10 }, 8 },
    { AT_IPv4, { 127 }, 8 },
    { AT_IPv4, { 169, 254 }, 16 },
    { AT_IPv4, { 172, 16 }, 12 },
    { AT_IPv4, { 192, 168 }, 16 },
    { AT_IPv6, { 0 }, 128 },
    { AT_IPv6, { [15] = 1 }, 128 },
    { AT_IPv6, { 0xfc }, 7 },
    { AT_IPv6, { 0xfe, 0x80 }, 10 },
};

static bool
is_unroutable(const address *addr)
{
    const uint8_t *bytes = (const uint8_t *)addr->data;

    for (size_t i = 0; i < array_length(unroutable); i++) {
        if ((int)unroutable[i].type == addr->type && ts_network_covers(unroutable[i].network, unroutable[i].bits, bytes))
            return true;
    }
    return false;
}

static const char *
address_text(const ts_message *message, const address *addr)
{
    return address_to_str(message->pinfo->pool, addr);
}

/* Windows' probe of DNS: Microsoft itself publishes a unique local address for it. */
static bool
is_published_so(const char *name, const address *addr)
{
    static const uint8_t probe[16] = { 0xfd, 0x3e, 0x4f, 0x5a, 0x5b, 0x81, [15] = 1 };

    return ts_same_name(name, "dns.msftncsi.com") && addr->type == AT_IPv6 && memcmp(addr->data, probe, sizeof probe) == 0;
}

/* The first address that a filter put there, or NULL. A block page may be on the resolver itself. */
static const address *
sinkhole(const ts_message *message)
{
    for (unsigned i = 0; i < message->address_count; i++) {
        const address *addr = &message->addresses[i].end.addr;

        uint8_t within[4];

        address translated;

        /* The translator's own prefix may be private; what counts is whom it leads to. */
        if (ts_nat64_within(addr, message->pinfo, within)) {
            set_address(&translated, AT_IPv4, sizeof within, within);
            if (is_unroutable(&translated))
                return addr;
            continue;
        }
        if (ts_address_is_translated(addr, message->pinfo))
            continue;
        if ((is_unroutable(addr) && !is_published_so(message->links[0].kind.name, addr)) || addresses_equal(addr, message->server))
            return addr;
    }
    return NULL;
}

/* Is a name seen here first? The question of an answer was looked at with its query. */
static bool
is_new(const ts_message *message, unsigned link)
{
    return link > 0 || !message->dns->response || message->request == NULL;
}

static const char *
rcode_text(uint8_t rcode)
{
    return rcode == TS_DNS_RCODE_NXDOMAIN ? "does not exist"
         : rcode == TS_DNS_RCODE_SERVFAIL ? "server failure" : "refused";
}

/* Answers in a row without success, this one included: copies of it count once. */
static unsigned
failures(const ts_message *message)
{
    return message->question == NULL ? 0 : message->question->failures;
}

/* Does somebody look a list of names up, of which none exists here? That is no client that misses one. */
static bool
is_list(const ts_message *message)
{
    return !message->history->like_a_client && message->history->denied >= TS_LIST_MIN;
}

/* What one type's answer says of the name counts only for A: others are refused, filtered and faked by themselves. */
static void
check_rcode(const ts_message *message, wmem_array_t *problems)
{
    const ts_link *question = &message->links[0];
    const bool missing = message->dns->rcode == TS_DNS_RCODE_NXDOMAIN;

    if (!missing && message->dns->rcode != TS_DNS_RCODE_SERVFAIL && message->dns->rcode != TS_DNS_RCODE_REFUSED)
        return;
    if (missing && !ts_dns_is_whole(message->dns))
        return;     /* an alias of which only a part is here may be what does not exist */
    if (message->after_data)
        return;     /* the client has its address */
    if (question->kind.stage == TS_STAGE_DISCOVERY_LEGACY) {
        if (missing)
            ts_problem_add(message, problems, TS_DNS_DISCOVERY_NXDOMAIN, 0, "%s", question->kind.name);
        return;
    }
    if (!ts_name_required(message->pinfo, question))
        return;
    const bool needed = ts_name_is_needed(question->kind.product, question->kind.stage, question->kind.required[0] != '\0');

    if (message->dns->qtype != TS_DNS_TYPE_A)
        ts_problem_add(message, problems, TS_DNS_TYPE_FAILURE, 0, "%s, type %u, %s", question->kind.name, message->dns->qtype,
            rcode_text(message->dns->rcode));
    else if (missing)
        ts_problem_add(message, problems, !needed ? TS_DNS_NXDOMAIN_LISTED : is_list(message) ? TS_DNS_NXDOMAIN_OF_LIST : TS_DNS_NXDOMAIN_REQUIRED, 0,
            "%s", question->kind.name);
    else
        ts_problem_add(message, problems, needed && failures(message) >= FAILURES_MIN ? TS_DNS_SERVER_FAILURE : TS_DNS_SERVER_FAILURE_ONCE, 0, "%s, %s",
            question->kind.name, rcode_text(message->dns->rcode));
}

/* Names whose loss was reported to hurt mobile and Skype clients. */
static bool
telemetry_needed(const char *name)
{
    return g_str_has_prefix(name, "mobile.pipe.aria.") || g_str_has_prefix(name, "mobile.events.data.");
}

static void
check_sinkhole(const ts_message *message, wmem_array_t *problems)
{
    const char *name = message->links[0].kind.name;
    const address *addr = message->whole.anchored ? sinkhole(message) : NULL;
    bool telemetry = message->whole.stage == TS_STAGE_TELEMETRY;

    if (addr != NULL)
        ts_problem_add(message, problems, telemetry ? TS_DNS_SINKHOLE_TELEMETRY : TS_DNS_SINKHOLE, 0,
            "%s is %s", name, address_text(message, addr));
    if (telemetry && message->whole.anchored && (addr != NULL || message->dns->rcode == TS_DNS_RCODE_NXDOMAIN))
        ts_problem_add(message, problems, telemetry_needed(name) ? TS_DNS_TELEMETRY_NEEDED : TS_DNS_TELEMETRY_BLOCKED, 0,
            "%s", name);
}

/* Akamai serves content for Microsoft from addresses of its own. */
static bool
is_at_akamai(const ts_message *message)
{
    for (unsigned i = 1; i < message->chain_length; i++)
        if (message->links[i].kind.infra == TS_INFRA_AKAMAI_EDGE)
            return true;
    return false;
}

static void
check_prefixes(const ts_message *message, wmem_array_t *problems)
{
    const ts_name_class *kind = &message->links[0].kind;
    const bool worldwide = kind->cloud == TS_CLOUD_WORLDWIDE || kind->cloud == TS_CLOUD_GCC;

    if (!worldwide || strcmp(kind->required, SET_OF_TEAMS) != 0 || sinkhole(message) != NULL || is_at_akamai(message))
        return;
    for (unsigned i = 0; i < message->address_count; i++) {
        if (message->addresses[i].prefix != NULL || ts_address_is_translated(&message->addresses[i].end.addr, message->pinfo))
            continue;
        ts_problem_add(message, problems,
            ts_month_of(message->pinfo->abs_ts.secs) < PREFIX_LIST_FROM ? TS_DNS_ADDRESS_UNLISTED : TS_DNS_ADDRESS_OUTSIDE, 0,
            "%s is %s", message->links[0].kind.name, address_text(message, &message->addresses[i].end.addr));
        return;
    }
}

/*
 * Aliases without an address behind them. Addresses of either family do, so of
 * a client that asks for both, this is known when the second question is answered.
 */
static bool
is_dead_end(const ts_message *message, unsigned last)
{
    const ts_dns_message *dns = message->dns;
    const bool v6 = dns->qtype == TS_DNS_TYPE_AAAA;

    if (last == 0 || dns->rcode != TS_DNS_RCODE_NOERROR || (dns->qtype != TS_DNS_TYPE_A && !v6) || message->address_count > 0
            || !ts_dns_is_whole(dns))
        return false;
    const ts_name_question *other = &ts_history_question(message->pinfo, message->history, message->links[0].kind.name,
        v6 ? TS_DNS_TYPE_A : TS_DNS_TYPE_AAAA)->state;

    if (v6)
        return other->dead_end != NULL && !other->dead_end_reported && !other->answered_data;
    ts_name_question *state = &message->question->state;

    state->dead_end = ts_history_text(message->links[last].kind.name);
    /* Where questions are not in the capture, whether the other family was asked for is not known. */
    state->dead_end_reported = message->request != NULL && other->tries == 0 && !other->answered_data;
    return state->dead_end_reported;
}

static void
check_chain_end(const ts_message *message, wmem_array_t *problems)
{
    unsigned last = message->chain_length - 1;
    const char *name = message->links[last].kind.name;

    if (!message->links[0].shown)
        return;
    if (message->loop)
        ts_problem_add(message, problems, TS_DNS_CHAIN_BROKEN, last, "%s leads back into the chain", name);
    else if (last > CHAIN_DEEP)
        ts_problem_add(message, problems, TS_DNS_CHAIN_BROKEN, last, "%u aliases", last);
    else if (last > 0 && message->dns->rcode == TS_DNS_RCODE_NXDOMAIN && ts_dns_is_whole(message->dns))
        ts_problem_add(message, problems, TS_DNS_CHAIN_BROKEN, last, "%s does not exist", name);
    else if (is_dead_end(message, last))
        ts_problem_add(message, problems, TS_DNS_CHAIN_BROKEN, last, "%s has no address", name);
}

/*
 * That the table doesn't know a zone is no sign of anything. An answer that was
 * rewritten shows by its address: a private one, or one for many names.
 */
static void
check_unknown_zone(const ts_message *message, const ts_link *link, wmem_array_t *problems)
{
    const char *name = message->links[0].kind.name;
    const address *addr = sinkhole(message);
    unsigned names = 0;

    for (unsigned i = 0; addr == NULL && i < message->address_count && names < MANY_NAMES; i++)
        names = ts_history_shared_answer(message->pinfo, &message->addresses[i].end.addr, name);
    if (addr != NULL)
        ts_problem_add(message, problems, TS_DNS_CHAIN_LEAVES, 0, "%s leads to %s at %s", name, link->kind.name,
            address_text(message, addr));
    else if (names >= MANY_NAMES)
        ts_problem_add(message, problems, TS_DNS_CHAIN_LEAVES, 0, "%s leads to %s, whose address is that of %u other names",
            name, link->kind.name, names - 1);
    else
        ts_problem_add(message, problems, TS_DNS_CHAIN_UNKNOWN, 0, "%s leads to %s", name, link->kind.name);
}

static void
check_chain_zones(const ts_message *message, wmem_array_t *problems)
{
    for (unsigned i = 1; message->links[0].kind.anchored && i < message->chain_length; i++) {
        const ts_link *link = &message->links[i];

        if (link->info.row == NULL && !ts_zone_known(link->kind.name)) {
            check_unknown_zone(message, link, problems);
            return;
        }
    }
}

static void
check_unlisted_names(const ts_message *message, wmem_array_t *problems)
{
    if (!ts_name_required(message->pinfo, &message->links[0]))
        return;
    for (unsigned i = 1; i < message->chain_length; i++) {
        const ts_name_class *kind = &message->links[i].kind;

        if (kind->required[0] == '\0' && (kind->infra == TS_INFRA_MS_EDGE || kind->infra == TS_INFRA_AZURE_TM)) {
            ts_problem_add(message, problems, TS_DNS_FQDN_RISK, i, "%s", kind->name);
            return;
        }
    }
}

static void
check_ttl(const ts_message *message, wmem_array_t *problems)
{
    for (unsigned i = 0; i < message->chain_length && message->max_ttl > TTL_BALANCED; i++) {
        ts_infra infra = message->links[i].kind.infra;

        if (infra == TS_INFRA_AZURE_TM || infra == TS_INFRA_AZURE_CLOUDSERVICE || infra == TS_INFRA_AZURE_VM) {
            ts_problem_add(message, problems, TS_DNS_TTL_REWRITTEN, i, "%u s", message->max_ttl);
            return;
        }
    }
}

static bool
is_preproduction(const ts_name_class *kind)
{
    for (size_t i = 0; i < array_length(preproduction); i++)
        if (strcmp(kind->environment, preproduction[i]) == 0)
            return true;
    return g_str_has_suffix(kind->name, INTERNAL_ZONE);
}

static void
check_name(const ts_message *message, unsigned i, wmem_array_t *problems)
{
    const ts_link *link = &message->links[i];
    const ts_name_class *kind = &link->kind;
    bool ours = link->shown && !link->imitation;

    if (ours && is_preproduction(kind))
        ts_problem_add(message, problems, TS_DNS_PREPRODUCTION, i, "%s", kind->name);
    if (ours && link->info.row != NULL && ts_name_row_ended(link->info.row, ts_month_of(message->pinfo->abs_ts.secs)))
        ts_problem_add(message, problems, TS_DNS_OLD_GENERATION, i, "%s, in use until %u-%02u", kind->name,
            link->info.row->valid_to / 100, link->info.row->valid_to % 100);
    if (link->imitation)
        ts_problem_add(message, problems, TS_DNS_UNPROVEN, i, "%s", kind->name);
    if (ours && g_ascii_strncasecmp(kind->name, "sip-all.pstnhub.", strlen("sip-all.pstnhub.")) == 0)
        ts_problem_add(message, problems, TS_DNS_PSTN_RETIRED, i, "%s", kind->name);
}

/*
 * A key name with labels after it is what a resolver's search list makes, and
 * what an imitation may be: the name does not tell which.
 */
static bool
has_suffix(const ts_message *message, const char *real)
{
    const char *name = message->links[0].kind.name;
    size_t length = strlen(real);
    bool within = false;        /* with hosts below the key name before it, too */

    for (const char *label = name; label != NULL && !within; label = strchr(label, '.')) {
        label += *label == '.';
        within = g_ascii_strncasecmp(label, real, length) == 0 && label[length] == '.';
    }
    return within;
}

static bool
gives_address(const ts_dns_message *dns)
{
    for (unsigned i = 0; dns->response && i < wmem_array_get_count(dns->answers); i++)
        if (((const ts_dns_answer *)wmem_array_index(dns->answers, i))->addr.type != AT_NONE)
            return true;
    return false;
}

/* A question that the taxonomy doesn't know, but that somebody may take for Microsoft's. */
static void
check_stranger(const ts_message *message, wmem_array_t *problems)
{
    const char *name = message->links[0].kind.name;
    const char *real = message->links[0].shown ? NULL : ts_history_lookalike(name);

    if (real != NULL && message->dns->dns && has_suffix(message, real)) {
        if (gives_address(message->dns))
            ts_problem_add(message, problems, TS_DNS_LOOKALIKE_SUFFIX, 0, "%s is not %s", name, real);
    } else if (real != NULL)
        ts_problem_add(message, problems, TS_DNS_LOOKALIKE, 0, "%s is not %s", name, real);
    else if (real == NULL && !message->links[0].shown && ts_name_in_shared_zone(name))
        ts_problem_add(message, problems, TS_DNS_UNPROVEN, 0, "%s", name);
}

void
ts_check_message(const ts_message *message, wmem_array_t *problems)
{
    check_stranger(message, problems);
    if (!message->any_shown)
        return;
    for (unsigned i = 0; i < message->link_count; i++)
        if (is_new(message, i))
            check_name(message, i, problems);
    if (!message->dns->response)
        return;
    /* A server tells its own zones alone: where a chain leaves them, the resolver asks the next one. */
    if (!message->iterative) {
        check_rcode(message, problems);
        check_chain_end(message, problems);
    }
    check_sinkhole(message, problems);
    check_prefixes(message, problems);
    check_chain_zones(message, problems);
    check_unlisted_names(message, problems);
    check_ttl(message, problems);
    if (message->dns->truncated)
        ts_problem_add(message, problems, TS_DNS_TRUNCATED, 0, "%s", message->links[0].kind.name);
}
