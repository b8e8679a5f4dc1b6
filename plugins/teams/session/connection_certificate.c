/* connection_certificate.c
 * The server's certificate, where it is visible, as stock's X.509 fields show it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/connection_private.h"

#include <string.h>

#include <epan/ftypes/ftypes.h>

#include "ts_issuers.h"
#include "common/text.h"

#define FIRST_DATE  631152000   /* 1990: the times of a capture that begins before it are none */

/* Object identifiers of the parts of a name (X.520), as their bytes: 2.5.4.3 and 2.5.4.10. */
enum { OID_LENGTH = 3, OID_COMMON_NAME = 0x550403, OID_ORGANISATION = 0x55040A };

static const char *const string_fields[] = {
    "x509sat.uTF8String", "x509sat.printableString", "x509sat.teletexString", "x509sat.bmpString", "x509sat.universalString",
};

static ts_stock_field field_issuer;
static ts_stock_field field_subject;
static ts_stock_field field_not_before;
static ts_stock_field field_not_after;
static ts_stock_field field_oid;
static ts_stock_field field_dns_name;
static ts_stock_field field_strings[G_N_ELEMENTS(string_fields)];

/*
 * int: these are many, and every wanted field costs in every frame. A server that answers at all
 * sends its certificate within seconds, so they are asked for so long after the latest ClientHello.
 */
static GArray *wanted;

#define CERTIFICATE_SECONDS 60

void
teams_connection_certificate_handoff(void)
{
    wanted = g_array_new(FALSE, FALSE, (unsigned)sizeof(int));
    field_issuer = ts_stock_field_wanted(wanted, "x509af.issuer");
    field_subject = ts_stock_field_wanted(wanted, "x509af.subject");
    field_not_before = ts_stock_field_wanted(wanted, "x509af.notBefore");
    field_not_after = ts_stock_field_wanted(wanted, "x509af.notAfter");
    field_oid = ts_stock_field_wanted(wanted, "x509if.oid");
    field_dns_name = ts_stock_field_wanted(wanted, "x509ce.dNSName");
    for (unsigned i = 0; i < G_N_ELEMENTS(string_fields); i++)
        field_strings[i] = ts_stock_field_wanted(wanted, string_fields[i]);
}

static void
ask(bool due)
{
    if (teams_net_get()->certificates_due != due)
        ts_want_fields_for_now(due ? wanted : NULL);
    teams_net_get()->certificates_due = due;
}

void
teams_certificates_expect(const packet_info *pinfo)
{
    teams_net_get()->latest_hello = *teams_time(pinfo);
    ask(true);
}

void
teams_certificates_wait(const packet_info *pinfo)
{
    if (teams_net_get()->certificates_due)
        ask(ts_seconds(&teams_net_get()->latest_hello, teams_time(pinfo)) <= CERTIFICATE_SECONDS);
}

/* Is it a name of an issuer that Microsoft's services use? */
static bool
is_known_issuer(const char *issuer, const char *organisation)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(issuers); i++) {
        const bool name = issuers[i].prefix ? g_str_has_prefix(issuer, issuers[i].issuer) : strcmp(issuer, issuers[i].issuer) == 0;

        if (name && (issuers[i].organisation[0] == '\0' || strcmp(organisation, issuers[i].organisation) == 0))
            return true;
    }
    return false;
}

/* ---- fields: the leaf's come first ---- */

static bool
is_inside(const field_info *inner, const field_info *outer)
{
    return inner->ds_tvb == outer->ds_tvb && inner->start >= outer->start &&
        inner->start + inner->length <= outer->start + outer->length;
}

static unsigned
oid_value(const field_info *oid)
{
    if (oid->length != OID_LENGTH || oid->ds_tvb == NULL || !tvb_bytes_exist(oid->ds_tvb, oid->start, OID_LENGTH))
        return 0;
    return tvb_get_ntoh24(oid->ds_tvb, oid->start);
}

/* The text that follows the object identifier. */
static const char *
text_after(proto_tree *tree, const field_info *oid, const field_info *name)
{
    const field_info *next = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(field_strings); i++) {
        const field_info *text;

        for (unsigned j = 0; (text = ts_stock_field_at(tree, &field_strings[i], j)) != NULL; j++) {
            if (is_inside(text, name) && text->start > oid->start && (next == NULL || text->start < next->start))
                next = text;
        }
    }
    return next == NULL ? "" : fvalue_get_string(ws_finfo_value((field_info *)next));
}

/* A part of the name, "" where it has none; file scope. */
static const char *
part_of(proto_tree *tree, const field_info *name, unsigned part)
{
    const field_info *oid;

    for (unsigned i = 0; (oid = ts_stock_field_at(tree, &field_oid, i)) != NULL; i++) {
        if (is_inside(oid, name) && oid_value(oid) == part)
            return ts_clean_text(wmem_file_scope(), wmem_strdup(wmem_file_scope(), text_after(tree, oid, name)));
    }
    return "";
}

/* ---- times ---- */

enum { TAG_UTC_TIME = 0x17, TAG_GENERALIZED_TIME = 0x18, TIME_HEADER = 2 };

static int
digits(const char *text, unsigned from, unsigned count)
{
    int value = 0;

    for (unsigned i = from; i < from + count; i++) {
        if (!g_ascii_isdigit(text[i]))
            return -1;
        value = value * 10 + text[i] - '0';
    }
    return value;
}

/* RFC 5280 4.1.2.5: years of two digits are those from 1950 to 2049, and the time is Zulu. */
static bool
read_time(const field_info *field, nstime_t *time)
{
    char text[16];

    if (field == NULL || field->ds_tvb == NULL || field->length < TIME_HEADER + 13 || field->length > TIME_HEADER + 15)
        return false;
    const bool utc = tvb_get_uint8(field->ds_tvb, field->start) == TAG_UTC_TIME;
    const unsigned year_digits = utc ? 2 : 4;

    if (field->length != TIME_HEADER + 11 + (int)year_digits)
        return false;
    memset(text, 0, sizeof text);
    tvb_memcpy(field->ds_tvb, text, field->start + TIME_HEADER, (size_t)field->length - TIME_HEADER);
    const int year = digits(text, 0, year_digits);
    GDateTime *when = g_date_time_new_utc(utc ? year + (year < 50 ? 2000 : 1900) : year, digits(text, year_digits, 2),
        digits(text, year_digits + 2, 2), digits(text, year_digits + 4, 2), digits(text, year_digits + 6, 2),
        digits(text, year_digits + 8, 2));

    if (when == NULL)
        return false;
    time->secs = (time_t)g_date_time_to_unix(when);
    time->nsecs = 0;
    g_date_time_unref(when);
    return true;
}

const char *
teams_date_text(wmem_allocator_t *scope, const nstime_t *time)
{
    GDateTime *when = g_date_time_new_from_unix_utc((gint64)time->secs);
    char *text = when == NULL ? g_strdup("?") : g_date_time_format(when, "%Y-%m-%d");
    const char *kept = wmem_strdup(scope, text);

    g_free(text);
    if (when != NULL)
        g_date_time_unref(when);
    return kept;
}

/* ---- the certificate ---- */

static const char *
first_dns_name(packet_info *pinfo, proto_tree *tree)
{
    const char *name = ts_stock_field_text(pinfo, tree, &field_dns_name);

    return name == NULL ? "" : wmem_strdup(wmem_file_scope(), name);
}

teams_certificate *
teams_connection_certificate(packet_info *pinfo, proto_tree *tree)
{
    const field_info *issuer = ts_stock_field_at(tree, &field_issuer, 0);
    const field_info *subject = ts_stock_field_at(tree, &field_subject, 0);

    if (issuer == NULL || subject == NULL)
        return NULL;
    teams_certificate *certificate = wmem_new0(wmem_file_scope(), teams_certificate);
    const char *name = part_of(tree, issuer, OID_COMMON_NAME);

    certificate->issuer_organisation = part_of(tree, issuer, OID_ORGANISATION);
    certificate->issuer = name[0] != '\0' ? name : certificate->issuer_organisation;
    certificate->subject = part_of(tree, subject, OID_COMMON_NAME);
    if (certificate->subject[0] == '\0')
        certificate->subject = first_dns_name(pinfo, tree);
    certificate->frame = pinfo->num;
    certificate->known_issuer = is_known_issuer(certificate->issuer, certificate->issuer_organisation);
    if (!certificate->known_issuer)
        teams_model_add_stranger(teams_model_get(), certificate->issuer);
    certificate->valid = true;
    if (read_time(ts_stock_field_at(tree, &field_not_before, 0), &certificate->not_before) &&
            read_time(ts_stock_field_at(tree, &field_not_after, 0), &certificate->not_after))
        certificate->valid = pinfo->abs_ts.secs < FIRST_DATE || (nstime_cmp(&pinfo->abs_ts, &certificate->not_before) >= 0 &&
            nstime_cmp(&pinfo->abs_ts, &certificate->not_after) <= 0);
    return certificate;
}
