/* payload.c
 * Recognises, from the bytes alone, what a datagram or message is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/payload.h"

#include <glib.h>

#define TLV_HEADER_LENGTH 4

void
ts_tlv_walk_init(ts_tlv_walk *walk, const uint8_t *data, size_t captured, bool padded)
{
    walk->data = data;
    walk->captured = captured;
    walk->padded = padded;
    walk->offset = TS_STUN_HEADER_LENGTH;
    walk->end = captured < 4 ? 0 : (size_t)TS_STUN_HEADER_LENGTH + ts_get_be16(data + 2);
}

bool
ts_tlv_next(ts_tlv_walk *walk, ts_tlv *tlv)
{
    const size_t limit = MIN(walk->end, walk->captured);

    if (walk->offset + TLV_HEADER_LENGTH > limit)
        return false;

    const uint8_t *header = walk->data + walk->offset;
    const size_t value = walk->offset + TLV_HEADER_LENGTH;

    tlv->type = ts_get_be16(header);
    tlv->length = ts_get_be16(header + 2);
    tlv->offset = walk->offset;
    tlv->value = walk->data + value;
    tlv->available = MIN((size_t)tlv->length, limit - value);

    const size_t step = walk->padded ? (tlv->length + 3u) & ~3u : tlv->length;
    walk->offset = value + step;
    return true;
}

bool
ts_tlv_find(const uint8_t *data, size_t captured, bool padded, uint16_t type, ts_tlv *tlv)
{
    ts_tlv_walk walk;

    ts_tlv_walk_init(&walk, data, captured, padded);
    while (ts_tlv_next(&walk, tlv)) {
        if (tlv->type == type)
            return true;
    }
    return false;
}

bool
ts_is_ascii_guid(const uint8_t *data)
{
    for (unsigned i = 0; i < 36; i++) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? data[i] != '-' : !g_ascii_isxdigit(data[i]))
            return false;
    }
    return true;
}

/*
 * Attributes that only Microsoft sends, with the lengths it sends them in:
 * one of them is evidence. A length of -1 stands for any.
 */
static const struct {
    uint16_t type;
    int length;
} ms_only[] = {
    { TS_ATTR_IMPLEMENTATION_VERSION, 4 },  /* [MS-ICE2] 2.2 */
    { TS_ATTR_CANDIDATE_IDENTIFIER, -1 },   /* [MS-ICE2] 2.2 */
    { TS_ATTR_APP_ID, 4 },                  /* [MS-TURN] 2.2.2.19 */
    { TS_ATTR_MUX_SESSION_ID, 8 },          /* [MS-TURN] 2.2.2.24 */
    { TS_ATTR_8036, 4 },                    /* observed */
    { TS_ATTR_8033, 0 },                    /* observed */
};

static bool
is_ms_only(const ts_tlv *tlv)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ms_only); i++) {
        if (tlv->type == ms_only[i].type &&
            (ms_only[i].length < 0 || tlv->length == ms_only[i].length))
            return true;
    }
    return false;
}

/* Does a walk with or without padding end exactly where the message ends? */
static bool
walk_attributes(const uint8_t *data, size_t captured, bool padded, bool *ms_attribute)
{
    ts_tlv_walk walk;
    ts_tlv tlv;

    *ms_attribute = false;
    ts_tlv_walk_init(&walk, data, captured, padded);
    while (ts_tlv_next(&walk, &tlv)) {
        if (is_ms_only(&tlv))
            *ms_attribute = true;
    }
    return walk.offset == walk.end;
}

static bool
has_ms_turn_cookie(const uint8_t *data, size_t captured)
{
    return captured >= TS_STUN_HEADER_LENGTH + 8 &&
        ts_get_be16(data + 20) == TS_ATTR_MAGIC_COOKIE &&
        ts_get_be16(data + 22) == 4 &&
        ts_get_be32(data + 24) == TS_MS_TURN_COOKIE;
}

/*
 * A Binding message whose end is missing although nothing was cut off by the
 * capture: ours only where what is there says Microsoft.
 */
static void
recognise_short_check(const uint8_t *data, size_t captured, size_t reported, ts_payload *payload)
{
    bool ms_attribute;

    if (!payload->header_cookie || (payload->type & 0xFEEF) != 0x0001 || captured != reported ||
        (size_t)payload->length + TS_STUN_HEADER_LENGTH < reported)
        return;
    walk_attributes(data, captured, true, &ms_attribute);
    if (!ms_attribute)
        return;
    payload->kind = TS_PAYLOAD_STUN;
    payload->padded = true;
    payload->ms_attribute = true;
}

static void
recognise_stun(const uint8_t *data, size_t captured, size_t reported, ts_payload *payload)
{
    if (captured < TS_STUN_HEADER_LENGTH)
        return;

    payload->type = ts_get_be16(data);
    payload->length = ts_get_be16(data + 2);
    payload->header_cookie = ts_get_be32(data + 4) == TS_STUN_COOKIE;

    /* The cookie is proof enough where the length is wrong. */
    if (has_ms_turn_cookie(data, captured)) {
        payload->kind = TS_PAYLOAD_MS_TURN;
        /* [MS-TURN] 2.2.2 has no padding; some peers pad all the same. */
        payload->walk_exact = walk_attributes(data, captured, false, &payload->ms_attribute);
        if (!payload->walk_exact && walk_attributes(data, captured, true, &payload->ms_attribute)) {
            payload->walk_exact = true;
            payload->padded = true;
        }
        payload->ms_attribute = true;
    } else if ((size_t)payload->length + TS_STUN_HEADER_LENGTH != reported) {
        recognise_short_check(data, captured, reported, payload);
    } else if (payload->header_cookie) {
        payload->kind = TS_PAYLOAD_STUN;
        payload->padded = true;
        payload->walk_exact = walk_attributes(data, captured, true, &payload->ms_attribute);
    }
}

static void
recognise_mux(const uint8_t *data, size_t captured, size_t reported, ts_payload *payload)
{
    if (captured < TS_MUX_HEADER_LENGTH || ts_get_be16(data) != TS_MUX_CHANNEL)
        return;
    payload->type = TS_MUX_CHANNEL;
    payload->length = ts_get_be16(data + 2);
    if (payload->length >= 8 && (size_t)payload->length + 4 == reported)
        payload->kind = TS_PAYLOAD_MUX;
}

static void
recognise_channel_data(const uint8_t *data, size_t captured, size_t reported, ts_payload *payload)
{
    if (captured < 4)
        return;
    payload->type = ts_get_be16(data);
    payload->length = ts_get_be16(data + 2);
    /* RFC 8656 12: 0x4000-0x4FFF; padding to 4 bytes is allowed over UDP. */
    if (payload->type <= 0x4FFF &&
        ((size_t)payload->length + 4 == reported || ((payload->length + 7u) & ~3u) == reported))
        payload->kind = TS_PAYLOAD_CHANNEL_DATA;
}

static void
recognise_flightproxy(const uint8_t *data, size_t captured, size_t reported, ts_payload *payload)
{
    if (data[0] == TS_FLIGHTPROXY_ACK && reported == 37 && captured == 37 && ts_is_ascii_guid(data + 1))
        payload->kind = TS_PAYLOAD_FLIGHTPROXY_ACK;
    else if ((data[0] == TS_FLIGHTPROXY_CLIENT || data[0] == TS_FLIGHTPROXY_SERVER) && reported > 16 && reported % 16 == 1)
        payload->kind = TS_PAYLOAD_FLIGHTPROXY_DATA;
    if (payload->kind != TS_PAYLOAD_OTHER)
        payload->type = data[0];
}

ts_payload
ts_payload_recognise(const uint8_t *data, size_t captured, size_t reported)
{
    ts_payload payload = { .kind = TS_PAYLOAD_OTHER };

    if (captured == 0)
        return payload;

    /* RFC 7983 figure 3, with FF10 and flightproxy where Microsoft put them. */
    if (data[0] < 4 || data[0] == 0x06 || data[0] == 0x07) {
        recognise_stun(data, captured, reported, &payload);
        if (payload.kind == TS_PAYLOAD_OTHER)
            recognise_flightproxy(data, captured, reported, &payload);
    } else if (data[0] >= 20 && data[0] <= 63) {
        if (captured >= 13 && data[1] == 0xFE && (data[2] == 0xFF || data[2] == 0xFD || data[2] == 0xFC))
            payload.kind = TS_PAYLOAD_DTLS;
    } else if (data[0] >= 64 && data[0] <= 79) {
        recognise_channel_data(data, captured, reported, &payload);
    } else if (data[0] >= 128 && data[0] <= 191) {
        /* RFC 5761 4: RTCP packet types 192-223 in the second byte. */
        if (reported >= 8 && captured >= 2 && data[1] >= 192 && data[1] <= 223)
            payload.kind = TS_PAYLOAD_RTCP;
        else if (reported >= 12)
            payload.kind = TS_PAYLOAD_RTP;
    } else if (data[0] == 0xFF) {
        recognise_mux(data, captured, reported, &payload);
    }
    return payload;
}
