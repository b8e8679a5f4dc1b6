/* names.h
 * What a DNS name says: the Teams, Skype and Lync naming taxonomy
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The enumerations (ts_product, ts_service, ts_stage, ts_infra, ts_cloud,
 * ts_trust, ts_confidence) and their texts are generated from
 * plugins/teams-dns/data/enumerations.csv into ts_taxonomy.h: value 0 is the
 * unknown one, whose text is "", the others are TS_<KIND>_<VALUE> with '-'
 * as '_', for example TS_SERVICE_MEDIA_RELAY, TS_PRODUCT_SKYPE_SHARED. Each has
 *     const char *ts_<kind>_name(unsigned value);      "media-relay"
 * products, services and infrastructure for people, too, and clouds the way back:
 *     const char *ts_<kind>_label(unsigned value);     "Media relay"
 *     ts_cloud ts_cloud_from_name(const char *text);   0 where unknown
 */

#ifndef TEAMSHARK_CORE_NAMES_H
#define TEAMSHARK_CORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ts_taxonomy.h"

typedef enum {
    TS_MATCH_EXACT,     /* the whole name */
    TS_MATCH_SUFFIX,    /* the pattern, or "." and the pattern at the end */
    TS_MATCH_GLOB       /* '*': within a label; '**': one or more characters */
} ts_name_match;

/* What may be read of a name that matched a row. */
typedef enum {
    TS_TOKENS_ALL,
    TS_TOKENS_REGION,   /* the Azure region alone: the other labels are a customer's */
    TS_TOKENS_NONE      /* nothing: all labels are a customer's */
} ts_name_tokens;

/* One row of the taxonomy. Texts belong to the row's owner. */
typedef struct {
    const char *pattern;
    ts_name_match match;
    ts_name_tokens tokens;
    ts_product product;
    ts_service service;
    ts_stage stage;
    ts_infra infra;
    ts_cloud cloud;
    ts_trust trust;
    ts_confidence confidence;
    bool client_only;       /* only a client of Teams or Skype asks for it */
    uint32_t valid_to;      /* yyyymm of its last use, 0: in use */
    const char *description;
    const char *source;
} ts_name_row;

/* One token of a name: a region, a datacenter, an environment. */
typedef struct {
    const char *token;
    const char *kind;       /* "geo", "azure-region", "o365-dc", ... as in tokens.csv */
    const char *canonical;  /* what reports show: "northeurope", "DM1", "prod"; "" nothing */
    const char *meaning;    /* "North Europe (Ireland)" */
    const char *continent;  /* "eu", "na", "sa", "as", "oc", "af", "me"; "" unknown */
    ts_confidence confidence;
} ts_token_row;

/* What one name says by itself, without its chain. */
typedef struct {
    const ts_name_row *row;             /* NULL: no pattern matches */
    bool user;                          /* the row is the user's own */
    const ts_token_row *region;         /* a place or a Lync forest; NULL where none */
    const ts_token_row *datacenter;
    const ts_token_row *environment;
    char forest[4];                     /* Skype for Business forest, "2A"; "" where none */
    int16_t pool;                       /* pool number in a Lync pool name; -1 where none */
} ts_name_result;

typedef struct ts_names ts_names;

/*
 * A classifier over the shipped taxonomy and the user's rows, which win over
 * shipped ones of the same match and literal length. rows and what they point
 * to are copied. Returns NULL, with a message in *error (g_free), when a row
 * is bad (ts_name_row_check). Free with ts_names_free.
 */
ts_names *ts_names_new(const ts_name_row *user_rows, size_t count, char **error);
void ts_names_free(ts_names *names);

/*
 * Classifies a name of the given length (no terminator needed; case and one
 * trailing dot do not matter, A-labels stay as they are). Always fills *info;
 * true when a pattern matched. Tokens are read only for matched names.
 */
bool ts_names_classify(const ts_names *names, const char *name, size_t length, ts_name_result *info);

/* Why a row can't be used, as a new string (g_free); NULL when it is good. */
char *ts_name_row_check(const ts_name_row *row);

/* A name or pattern that Microsoft lists as required. */
typedef struct {
    const char *pattern;
    uint8_t length;
    ts_name_match match;
    ts_cloud cloud;         /* whose list it is: sets of two clouds have nothing but their number in common */
    const char *set;        /* endpoint set, "12" */
    bool addresses;         /* the set publishes addresses, too */
    uint32_t valid_from;    /* yyyymm of the first list that has it, 0: unknown */
    uint32_t valid_to;      /* yyyymm of the last one, 0: still listed */
} ts_required_row;

/* The row by which the name is required at yyyymm (0: by the newest lists), or NULL. cloud selects the list. */
const ts_required_row *ts_names_required(const char *name, size_t length, ts_cloud cloud, uint32_t yyyymm);

/*
 * Is the name a lookalike of one of Microsoft's key sign-in names (edit
 * distance 1-2, homoglyph, extra or missing separator)? The name it imitates,
 * or NULL. Names that the taxonomy owns are never lookalikes.
 */
const char *ts_names_lookalike(const char *name, size_t length);

/* Is the trust one that proves a Microsoft product by itself? */
static inline bool
ts_trust_is_owned(ts_trust trust)
{
    return trust == TS_TRUST_MS_OWNED || trust == TS_TRUST_MS_OWNED_IN_AKADNS;
}

/*
 * Does a sign-in fail without the name? One that Microsoft does not list, or no
 * longer, may well be gone; Teams' sign-in does not wait for Outlook, nor for
 * pictures, files and live events. listed: Microsoft lists it as required. The
 * names of personal Teams are in no list, for these are of work and school.
 */
static inline bool
ts_name_is_needed(ts_product product, ts_stage stage, bool listed)
{
    const bool own = product != TS_PRODUCT_UNKNOWN && product != TS_PRODUCT_M365_SHARED && product != TS_PRODUCT_MS_INFRA;

    if (stage == TS_STAGE_CONTENT || stage == TS_STAGE_TELEMETRY || stage == TS_STAGE_DISCOVERY_LEGACY)
        return false;
    return stage == TS_STAGE_IDENTITY || product == TS_PRODUCT_TEAMS_CONSUMER || (listed && own);
}

/* Was the row's name out of use at yyyymm? */
static inline bool
ts_name_row_ended(const ts_name_row *row, uint32_t yyyymm)
{
    return row->valid_to != 0 && yyyymm > row->valid_to;
}

/* The shipped rows and tokens, for generated documentation and tests. */
const ts_name_row *ts_names_shipped(size_t *count);
const ts_token_row *ts_names_tokens(size_t *count);

#endif /* TEAMSHARK_CORE_NAMES_H */
