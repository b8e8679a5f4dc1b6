/* turn_rules.c
 * What can be said of one MS-TURN message alone
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-TURN] 3.1.10, 3.2.5.1; [MS-TURNBWM] 3.3.5
 */

#include "turn.h"

static uint64_t
check_error(const stun_msg *msg, bool tcp)
{
    const bool alternate = stun_msg_has(msg, TS_ATTR_ALTERNATE_SERVER);

    switch (msg->error_code) {
    case 274:
    case 275:
        return TS_EXPERT_BIT(MS_TURN_EXPERT_CANDIDATE_DISABLED);
    case 300:
        return TS_EXPERT_BIT(MS_TURN_EXPERT_REDIRECTED) | (alternate ? 0 : TS_EXPERT_BIT(MS_TURN_EXPERT_ALTERNATE_MISSING));
    case 401:   /* the challenge itself is told with the requests before it */
        return alternate || tcp ? 0 : TS_EXPERT_BIT(MS_TURN_EXPERT_ALTERNATE_MISSING);
    case 430:
    case 431:
    case 436:
    case 441:
        return TS_EXPERT_BIT(MS_TURN_EXPERT_CREDENTIALS_REJECTED);
    case 438:
        return TS_EXPERT_BIT(MS_TURN_EXPERT_NONCE_STALE);
    default:
        return TS_EXPERT_BIT(MS_TURN_EXPERT_ERROR_RESPONSE);
    }
}

/* [MS-TURN] 3.2.5.1. Who releases has no use for any of it, so the answer to that may say less. */
static uint64_t
check_success(const stun_msg *msg)
{
    uint64_t bits = 0;

    if (stun_msg_has(msg, TS_ATTR_LIFETIME) && msg->lifetime == 0)
        return 0;
    if (!stun_msg_has(msg, TS_ATTR_MS_XOR_MAPPED_ADDRESS))
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_REFLEXIVE_MISSING);
    if (!stun_msg_has(msg, TS_ATTR_SEQUENCE_NUMBER))
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_SEQUENCE_MISSING);
    if (!stun_msg_has(msg, TS_ATTR_MS_VERSION))
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_VERSION_MISSING);
    return bits;
}

/* [MS-TURNBWM] 2.2.1: 0 check, 1 commit, 2 update. */
static uint64_t
check_bandwidth(const stun_msg *msg)
{
    if (msg->bwm_check_type == 2)
        return stun_msg_has(msg, TS_ATTR_BWM_RESERVATION) ? 0 : TS_EXPERT_BIT(MS_TURN_EXPERT_RESERVATION_MISSING);
    if (!stun_msg_has(msg, TS_ATTR_BWM_AMOUNT) || !stun_msg_has(msg, TS_ATTR_BWM_REMOTE_SITE) ||
        !stun_msg_has(msg, TS_ATTR_BWM_LOCATION) ||
        (msg->bwm_check_type == 1 && !stun_msg_has(msg, TS_ATTR_BWM_LOCAL_SITE)))
        return TS_EXPERT_BIT(MS_TURN_EXPERT_BANDWIDTH_INCOMPLETE);
    return 0;
}

/* [MS-TURN] 2.2.2.17: HMAC-SHA256 from version 3 on. */
static bool
integrity_fits(const stun_msg *msg)
{
    if (msg->integrity_length == 0 || !stun_msg_has(msg, TS_ATTR_MS_VERSION))
        return true;
    return (msg->version >= 3) == (msg->integrity_length == 32);
}

void
ms_turn_check_message(packet_info *pinfo, proto_item *item, const ts_payload *payload, const stun_msg *msg, bool tcp)
{
    uint64_t bits = 0;

    if (payload->kind != TS_PAYLOAD_MS_TURN)
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_COOKIE_MISSING);
    else if (payload->padded)
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_PADDED);
    if (!integrity_fits(msg))
        bits |= TS_EXPERT_BIT(MS_TURN_EXPERT_INTEGRITY_LENGTH);
    if (stun_msg_has(msg, TS_ATTR_ERROR_CODE))
        bits |= check_error(msg, tcp);
    if (msg->type == MS_TURN_ALLOCATE_SUCCESS)
        bits |= check_success(msg);
    if (msg->type == MS_TURN_ALLOCATE && stun_msg_has(msg, TS_ATTR_BWM_MESSAGE))
        bits |= check_bandwidth(msg);
    ts_expert_add_all(&ms_turn_expert_table, bits, pinfo, item);
}
