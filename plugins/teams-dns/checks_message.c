/* checks_message.c
 * Diagnostics that one DNS message or server name gives evidence of by itself
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "diagnostics.h"

#include <string.h>

#include <epan/to_str.h>

#define CHAIN_DEEP          8           /* aliases; six are usual for outlook.office.com (observed) */
#define TTL_BALANCED        3600        /* seconds */
#define OLD_UNTIL           202112      /* yyyymm */
#define PREFIX_LIST_FROM    202207      /* yyyymm: the oldest list of prefixes that we have */
#define SET_OF_TEAMS        "12"        /* of the worldwide list; in others the number is another set */

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
        unsigned whole = unroutable[i].bits / 8, rest = unroutable[i].bits % 8;
        uint8_t mask = (uint8_t)(0xff << (8 - rest));

        if ((int)unroutable[i].type == addr->type && memcmp(bytes, unroutable[i].network, whole) == 0
                && (rest == 0 || (bytes[whole] & mask) == unroutable[i].network[whole]))
            return true;
    }
    return false;
}

static const char *
address_text(const ts_message *m, const address *addr)
{
    return address_to_str(m->pinfo->pool, addr);
}

/* The first address that a filter put there, or NULL. A block page may be on the resolver itself. */
static const address *
sinkhole(const ts_message *m)
{
    for (unsigned i = 0; i < m->address_count; i++) {
        const address *addr = &m->addresses[i].end.addr;

        if (is_unroutable(addr) || addresses_equal(addr, m->server))
            return addr;
    }
    return NULL;
}

/* Is a name seen here first? The question of an answer was looked at with its query. */
static bool
is_new(const ts_message *m, unsigned link)
{
    return link > 0 || !m->dns->response || m->request == NULL;
}

static void
check_rcode(const ts_message *m, wmem_array_t *findings)
{
    const ts_link *question = &m->links[0];
    bool failed = m->dns->rcode == TS_DNS_RCODE_SERVFAIL || m->dns->rcode == TS_DNS_RCODE_REFUSED;

    if (m->dns->rcode == TS_DNS_RCODE_NXDOMAIN && question->view.stage == TS_STAGE_DISCOVERY_LEGACY)
        ts_finding_add(m, findings, TS_DIAG_DISCOVERY_NXDOMAIN, 0, "%s", question->view.name);
    else if (m->dns->rcode == TS_DNS_RCODE_NXDOMAIN && ts_name_required(question))
        ts_finding_add(m, findings, TS_DIAG_NXDOMAIN_REQUIRED, 0, "%s", question->view.name);
    else if (failed && ts_name_required(question))
        ts_finding_add(m, findings, TS_DIAG_SERVER_FAILURE, 0, "%s, %s", question->view.name,
            m->dns->rcode == TS_DNS_RCODE_SERVFAIL ? "server failure" : "refused");
}

/* Names whose loss was reported to hurt mobile and Skype clients. */
static bool
telemetry_needed(const char *name)
{
    return g_str_has_prefix(name, "mobile.pipe.aria.") || g_str_has_prefix(name, "mobile.events.data.");
}

static void
check_sinkhole(const ts_message *m, wmem_array_t *findings)
{
    const char *name = m->links[0].view.name;
    const address *addr = m->whole.anchored ? sinkhole(m) : NULL;
    bool telemetry = m->whole.stage == TS_STAGE_TELEMETRY;

    if (addr != NULL)
        ts_finding_add(m, findings, telemetry ? TS_DIAG_SINKHOLE_TELEMETRY : TS_DIAG_SINKHOLE, 0,
            "%s is %s", name, address_text(m, addr));
    if (telemetry && m->whole.anchored && (addr != NULL || m->dns->rcode == TS_DNS_RCODE_NXDOMAIN))
        ts_finding_add(m, findings, telemetry_needed(name) ? TS_DIAG_TELEMETRY_NEEDED : TS_DIAG_TELEMETRY_BLOCKED, 0,
            "%s", name);
}

static void
check_prefixes(const ts_message *m, wmem_array_t *findings)
{
    const ts_name_class *view = &m->links[0].view;
    const bool worldwide = view->cloud == TS_CLOUD_WORLDWIDE || view->cloud == TS_CLOUD_GCC;

    if (!worldwide || strcmp(view->required, SET_OF_TEAMS) != 0 || sinkhole(m) != NULL)
        return;
    for (unsigned i = 0; i < m->address_count; i++) {
        if (m->addresses[i].prefix != NULL)
            continue;
        ts_finding_add(m, findings,
            ts_frame_month(m->pinfo) < PREFIX_LIST_FROM ? TS_DIAG_ADDRESS_UNLISTED : TS_DIAG_ADDRESS_OUTSIDE, 0,
            "%s is %s", m->links[0].view.name, address_text(m, &m->addresses[i].end.addr));
        return;
    }
}

static void
check_chain_end(const ts_message *m, wmem_array_t *findings)
{
    unsigned last = m->chain_length - 1;
    const char *name = m->links[last].view.name;

    if (!m->links[0].shown)
        return;
    if (m->loop)
        ts_finding_add(m, findings, TS_DIAG_CHAIN_BROKEN, last, "%s leads back into the chain", name);
    else if (last > CHAIN_DEEP)
        ts_finding_add(m, findings, TS_DIAG_CHAIN_BROKEN, last, "%u aliases", last);
    else if (last > 0 && m->dns->rcode == TS_DNS_RCODE_NXDOMAIN)
        ts_finding_add(m, findings, TS_DIAG_CHAIN_BROKEN, last, "%s does not exist", name);
    else if (last > 0 && m->dns->rcode == TS_DNS_RCODE_NOERROR && m->dns->qtype == TS_DNS_TYPE_A
            && m->address_count == 0 && !m->dns->truncated && ts_dns_answers_whole(m->dns))
        ts_finding_add(m, findings, TS_DIAG_CHAIN_BROKEN, last, "%s has no address", name);
}

static void
check_chain_zones(const ts_message *m, wmem_array_t *findings)
{
    const ts_link *question = &m->links[0];

    for (unsigned i = 1; question->view.anchored && i < m->chain_length; i++) {
        const ts_link *link = &m->links[i];

        if (link->info.row == NULL && !ts_zone_known(link->view.name)) {
            ts_finding_add(m, findings, TS_DIAG_CHAIN_LEAVES, 0, "%s leads to %s", question->view.name, link->view.name);
            return;
        }
    }
}

static void
check_unlisted_names(const ts_message *m, wmem_array_t *findings)
{
    if (!ts_name_required(&m->links[0]))
        return;
    for (unsigned i = 1; i < m->chain_length; i++) {
        const ts_name_class *view = &m->links[i].view;

        if (view->required[0] == '\0' && (view->infra == TS_INFRA_MS_EDGE || view->infra == TS_INFRA_AZURE_TM)) {
            ts_finding_add(m, findings, TS_DIAG_FQDN_RISK, i, "%s", view->name);
            return;
        }
    }
}

static void
check_ttl(const ts_message *m, wmem_array_t *findings)
{
    for (unsigned i = 0; i < m->chain_length && m->max_ttl > TTL_BALANCED; i++) {
        ts_infra infra = m->links[i].view.infra;

        if (infra == TS_INFRA_AZURE_TM || infra == TS_INFRA_AZURE_CLOUDSERVICE || infra == TS_INFRA_AZURE_VM) {
            ts_finding_add(m, findings, TS_DIAG_TTL_REWRITTEN, i, "%u s", m->max_ttl);
            return;
        }
    }
}

static bool
is_preproduction(const ts_name_class *view)
{
    for (size_t i = 0; i < array_length(preproduction); i++)
        if (strcmp(view->environment, preproduction[i]) == 0)
            return true;
    return g_str_has_suffix(view->name, INTERNAL_ZONE);
}

static void
check_name(const ts_message *m, unsigned i, wmem_array_t *findings)
{
    const ts_link *link = &m->links[i];
    const ts_name_class *view = &link->view;
    bool ours = link->shown && !link->imitation;

    if (ours && is_preproduction(view))
        ts_finding_add(m, findings, TS_DIAG_PREPRODUCTION, i, "%s", view->name);
    if (ours && ts_frame_month(m->pinfo) > OLD_UNTIL
            && (view->infra == TS_INFRA_AKAMAI_GTM || view->infra == TS_INFRA_AZURE_CLOUDSERVICE))
        ts_finding_add(m, findings, TS_DIAG_OLD_GENERATION, i, "%s", view->name);
    if (link->imitation)
        ts_finding_add(m, findings, TS_DIAG_UNPROVEN, i, "%s", view->name);
    if (ours && g_ascii_strncasecmp(view->name, "sip-all.pstnhub.", strlen("sip-all.pstnhub.")) == 0)
        ts_finding_add(m, findings, TS_DIAG_PSTN_RETIRED, i, "%s", view->name);
}

/*
 * A key name with labels after it is what a resolver's search list makes, until
 * somebody answers for it.
 */
static bool
is_expansion(const ts_message *m, const char *real)
{
    const char *name = m->links[0].view.name;
    size_t length = strlen(real);

    return m->dns->dns && g_ascii_strncasecmp(name, real, length) == 0 && name[length] == '.'
        && (!m->dns->response || m->dns->rcode == TS_DNS_RCODE_NXDOMAIN);
}

/* A question that the taxonomy doesn't know, but that somebody may take for Microsoft's. */
static void
check_stranger(const ts_message *m, wmem_array_t *findings)
{
    const char *name = m->links[0].view.name;
    const char *real = m->links[0].shown ? NULL : ts_history_lookalike(name);

    if (real != NULL && !is_expansion(m, real))
        ts_finding_add(m, findings, TS_DIAG_LOOKALIKE, 0, "%s is not %s", name, real);
    else if (real == NULL && !m->links[0].shown && ts_name_in_shared_zone(name))
        ts_finding_add(m, findings, TS_DIAG_UNPROVEN, 0, "%s", name);
}

void
ts_diagnose_message(const ts_message *m, wmem_array_t *findings)
{
    check_stranger(m, findings);
    if (!m->any_shown)
        return;
    for (unsigned i = 0; i < m->link_count; i++)
        if (is_new(m, i))
            check_name(m, i, findings);
    if (!m->dns->response)
        return;
    check_rcode(m, findings);
    check_sinkhole(m, findings);
    check_prefixes(m, findings);
    check_chain_end(m, findings);
    check_chain_zones(m, findings);
    check_unlisted_names(m, findings);
    check_ttl(m, findings);
    if (m->dns->truncated)
        ts_finding_add(m, findings, TS_DIAG_TRUNCATED, 0, "%s", m->links[0].view.name);
}
