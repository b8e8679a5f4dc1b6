/* integrity.h
 * FINGERPRINT and MESSAGE-INTEGRITY of connectivity checks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_MS_STUN_INTEGRITY_H
#define TEAMSHARK_MS_STUN_INTEGRITY_H

#include "common/ws_compat.h"

#include <epan/prefs.h>

typedef enum {
    TS_INTEGRITY_NONE,      /* no attribute */
    TS_INTEGRITY_NO_KEY,    /* no password in the preferences fits */
    TS_INTEGRITY_RFC5389,   /* valid under RFC 5389 15.4 */
    TS_INTEGRITY_DRAFT02,   /* valid under draft-ietf-behave-rfc3489bis-02 as [MS-ICE] uses it */
    TS_INTEGRITY_INVALID,
    TS_INTEGRITY_COUNT
} ts_integrity;

void ts_integrity_register_prefs(module_t *module);

/* FINGERPRINT over the first length bytes; with the misprinted table of Windows Live Messenger 2009, or the true one. */
uint32_t ts_fingerprint_compute(tvbuff_t *tvb, int length, bool misprinted);

/* ufrags may be NULL: then every password of the table is tried. */
ts_integrity ts_integrity_check(const uint8_t *data, size_t captured, unsigned offset, const char *ufrag_remote, const char *ufrag_local);
const char *ts_integrity_name(ts_integrity integrity);

#endif /* TEAMSHARK_MS_STUN_INTEGRITY_H */
