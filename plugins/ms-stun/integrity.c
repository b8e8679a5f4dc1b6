/* integrity.c
 * FINGERPRINT and MESSAGE-INTEGRITY of connectivity checks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RFC 8489 14.5 and 14.7; the draft-02 rule of [MS-ICE] and [MS-ICE2] 3.1.5.2
 * differs in two ways: the header's length field is taken as it was sent, and
 * the text is padded with zeros to a multiple of 64 bytes.
 */

#include "integrity.h"

#include <epan/crc32-tvb.h>
#include <epan/prefs.h>
#include <epan/uat.h>
#include <wsutil/crc32.h>

#include "stun_msg.h"

#define FINGERPRINT_XOR     UINT32_C(0x5354554E)
#define HMAC_SHA1_LENGTH    20
#define HMAC_BLOCK          64

/* ---- fingerprint ---- */

/* The entry of the CRC-32 table that Windows Live Messenger 2009 misprints. */
#define CRC32_TRUE_ENTRY    UINT32_C(0x8BBEB8EA)
#define CRC32_WLM_ENTRY     UINT32_C(0x08BBE8EA)

static uint32_t
crc32_misprinted(const uint8_t *data, int length)
{
    uint32_t crc = UINT32_MAX;

    for (int i = 0; i < length; i++) {
        uint32_t entry = crc32_ccitt_table_lookup((uint8_t)(crc ^ data[i]));
        if (entry == CRC32_TRUE_ENTRY)
            entry = CRC32_WLM_ENTRY;
        crc = entry ^ (crc >> 8);
    }
    return ~crc;
}

uint32_t
ts_fingerprint_compute(tvbuff_t *tvb, int length, bool misprinted)
{
    const uint32_t crc = misprinted ? crc32_misprinted(tvb_get_ptr(tvb, 0, length), length) :
        crc32_ccitt_tvb(tvb, (unsigned)length);

    return crc ^ FINGERPRINT_XOR;
}

/* ---- message integrity ---- */

typedef struct {
    char *ufrag;
    char *password;
} password_row;

static password_row *passwords;
static unsigned password_count;

UAT_CSTRING_CB_DEF(passwords, ufrag, password_row)
UAT_CSTRING_CB_DEF(passwords, password, password_row)

static void *
password_copy(void *target, const void *source, size_t size _U_)
{
    const password_row *from = (const password_row *)source;
    password_row *to = (password_row *)target;

    to->ufrag = g_strdup(from->ufrag);
    to->password = g_strdup(from->password);
    return to;
}

static void
password_free(void *record)
{
    password_row *row = (password_row *)record;

    g_free(row->ufrag);
    g_free(row->password);
}

void
ts_integrity_register_prefs(module_t *module)
{
    static uat_field_t columns[] = {
        UAT_FLD_CSTRING(passwords, ufrag, "User fragment",
            "The user fragment (ufrag) that the password belongs to; empty to try it on every message"),
        UAT_FLD_CSTRING(passwords, password, "Password", "The ICE password, as in a=ice-pwd"),
        UAT_END_FIELDS
    };
    uat_t *table = uat_new("ICE passwords", sizeof(password_row), "teams_ice_passwords", true, &passwords, &password_count,
        UAT_AFFECTS_DISSECTION, NULL, password_copy, NULL, password_free, NULL, NULL, columns);

    prefs_register_uat_preference(module, "passwords", "ICE passwords",
        "Passwords of ICE sessions, with which the MESSAGE-INTEGRITY of checks is verified", table);
}

/* draft02: header length as sent, zero padding; else RFC 5389. */
static bool
hmac_fits(const uint8_t *data, unsigned offset, const char *password, bool draft02)
{
    static const uint8_t zeros[HMAC_BLOCK];
    const uint16_t adjusted = (uint16_t)(offset + STUN_ATTRIBUTE_HEADER + HMAC_SHA1_LENGTH - TS_STUN_HEADER_LENGTH);
    const uint8_t header[4] = {
        data[0], data[1],
        draft02 ? data[2] : (uint8_t)(adjusted >> 8),
        draft02 ? data[3] : (uint8_t)adjusted
    };
    uint8_t digest[HMAC_SHA1_LENGTH];
    gsize digest_length = sizeof digest;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, (const uint8_t *)password, strlen(password));

    g_hmac_update(hmac, header, sizeof header);
    g_hmac_update(hmac, data + sizeof header, (gssize)(offset - sizeof header));
    if (draft02 && offset % HMAC_BLOCK != 0)
        g_hmac_update(hmac, zeros, (gssize)(HMAC_BLOCK - offset % HMAC_BLOCK));
    g_hmac_get_digest(hmac, digest, &digest_length);
    g_hmac_unref(hmac);
    return memcmp(digest, data + offset + STUN_ATTRIBUTE_HEADER, sizeof digest) == 0;
}

static bool
row_applies(const password_row *row, const char *ufrag_remote, const char *ufrag_local)
{
    if (row->password == NULL || *row->password == '\0')
        return false;
    if (row->ufrag == NULL || *row->ufrag == '\0' || ufrag_remote == NULL)
        return true;
    return g_strcmp0(row->ufrag, ufrag_remote) == 0 || g_strcmp0(row->ufrag, ufrag_local) == 0;
}

ts_integrity
ts_integrity_check(const uint8_t *data, size_t captured, unsigned offset, const char *ufrag_remote, const char *ufrag_local)
{
    bool named = false;

    if (offset == 0 || offset + STUN_ATTRIBUTE_HEADER + HMAC_SHA1_LENGTH > captured)
        return TS_INTEGRITY_NONE;
    for (unsigned i = 0; i < password_count; i++) {
        const password_row *row = &passwords[i];

        if (!row_applies(row, ufrag_remote, ufrag_local))
            continue;
        if (hmac_fits(data, offset, row->password, false))
            return TS_INTEGRITY_RFC5389;
        if (hmac_fits(data, offset, row->password, true))
            return TS_INTEGRITY_DRAFT02;
        /* Only a row that names the receiver's user fragment must fit. */
        if (ufrag_remote != NULL && g_strcmp0(row->ufrag, ufrag_remote) == 0)
            named = true;
    }
    return named ? TS_INTEGRITY_INVALID : TS_INTEGRITY_NO_KEY;
}

const char *
ts_integrity_name(ts_integrity integrity)
{
    static const char *const names[TS_INTEGRITY_COUNT] = { "", "not checked", "valid (RFC 5389)", "valid (draft-02)", "invalid" };

    return names[integrity];
}
