/* payload.h
 * Recognises, from the bytes alone, what a datagram or message is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Documents: [MS-TURN] 2.2 (messages, no padding), 2.2.3 (multiplexed TURN),
 * 2.1.1 (pseudo-TLS), 2.1.4 (TCP framing); [MS-ICE2] 2.2; RFC 8489 5;
 * RFC 8656 12.4; RFC 7983 (demultiplexing by first byte); RFC 4571.
 */

#ifndef TEAMSHARK_CORE_PAYLOAD_H
#define TEAMSHARK_CORE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_STUN_HEADER_LENGTH   20
#define TS_STUN_COOKIE          UINT32_C(0x2112A442)    /* RFC 8489 5 */
#define TS_MS_TURN_COOKIE       UINT32_C(0x72C64BC6)    /* [MS-TURN] 2.2.2.8 */
#define TS_MUX_CHANNEL          0xFF10                  /* [MS-TURN] 2.2.3 */
#define TS_MUX_HEADER_LENGTH    12
#define TS_FLIGHTPROXY_ACK      0x03                    /* observed, as the next two */
#define TS_FLIGHTPROXY_CLIENT   0x06
#define TS_FLIGHTPROXY_SERVER   0x07

/* Attribute types that more than their own row of the attribute table speaks of. */
#define TS_ATTR_USERNAME                0x0006
#define TS_ATTR_INTEGRITY               0x0008
#define TS_ATTR_ERROR_CODE              0x0009
#define TS_ATTR_LIFETIME                0x000D
#define TS_ATTR_ALTERNATE_SERVER        0x000E
#define TS_ATTR_MAGIC_COOKIE            0x000F
#define TS_ATTR_DESTINATION_ADDRESS     0x0011
#define TS_ATTR_REMOTE_ADDRESS          0x0012
#define TS_ATTR_REALM                   0x0015
#define TS_ATTR_PRIORITY                0x0024
#define TS_ATTR_USE_CANDIDATE           0x0025
#define TS_ATTR_MS_VERSION              0x8008
#define TS_ATTR_MS_XOR_MAPPED_ADDRESS   0x8020
#define TS_ATTR_FINGERPRINT             0x8028
#define TS_ATTR_8033                    0x8033
#define TS_ATTR_8036                    0x8036
#define TS_ATTR_APP_ID                  0x8037
#define TS_ATTR_SEQUENCE_NUMBER         0x8050
#define TS_ATTR_CANDIDATE_IDENTIFIER    0x8054
#define TS_ATTR_BWM_MESSAGE             0x8056
#define TS_ATTR_BWM_RESERVATION         0x8057
#define TS_ATTR_BWM_AMOUNT              0x8058
#define TS_ATTR_BWM_REMOTE_SITE         0x8059
#define TS_ATTR_BWM_LOCAL_SITE          0x805B
#define TS_ATTR_BWM_LOCATION            0x8068
#define TS_ATTR_IMPLEMENTATION_VERSION  0x8070
#define TS_ATTR_MUX_SESSION_ID          0x8095

typedef enum {
    TS_PAYLOAD_OTHER,              /* nothing that the bytes alone can tell */
    TS_PAYLOAD_MS_TURN,            /* a TURN message with the MS magic cookie first */
    TS_PAYLOAD_STUN,               /* an RFC 8489 message (header cookie) */
    TS_PAYLOAD_MUX,                /* FF10 header and payload */
    TS_PAYLOAD_CHANNEL_DATA,       /* RFC 8656 ChannelData */
    TS_PAYLOAD_FLIGHTPROXY_ACK,    /* 03 and a GUID in ASCII (observed) */
    TS_PAYLOAD_FLIGHTPROXY_DATA,   /* 06 or 07 and 16n bytes (observed; weak alone) */
    TS_PAYLOAD_RTP,                /* first byte 128-191, not RTCP (weak alone) */
    TS_PAYLOAD_RTCP,               /* the same with an RTCP packet type (weak alone) */
    TS_PAYLOAD_DTLS,               /* a DTLS record header */
    /* Told by what is around the bytes, never by ts_payload_recognise(): */
    TS_PAYLOAD_TURN_WITHOUT_COOKIE, /* MS-TURN but for its cookie, which is not first */
    TS_PAYLOAD_MUX_CUT,             /* FF10 of a known session, its length wrong */
    TS_PAYLOAD_TOO_DEEP,            /* STUN, TURN or FF10 within too many others */
    TS_PAYLOAD_MS_FRAME,            /* TCP only: the header of MS framing; type 2 or 3 */
    TS_PAYLOAD_MS_FRAME_LOST,       /* TCP only: bytes where such a header should be */
    TS_PAYLOAD_PSEUDO_TLS           /* TCP only: half of the handshake; type 1 or 2 */
} ts_payload_kind;

/* ts_payload.type of TS_PAYLOAD_MS_FRAME and TS_PAYLOAD_PSEUDO_TLS. */
#define TS_FRAME_CONTROL        2
#define TS_FRAME_DATA           3
#define TS_PSEUDO_TLS_CLIENT    1
#define TS_PSEUDO_TLS_SERVER    2

typedef struct {
    ts_payload_kind kind;
    uint16_t type;              /* STUN message type; FF10 or channel number; flightproxy's first byte; else 0 */
    uint16_t length;            /* the length field of STUN, FF10 and ChannelData headers */
    bool header_cookie;         /* STUN: bytes 4-7 are TS_STUN_COOKIE */
    bool padded;                /* STUN: attributes are padded to 4 bytes (RFC 8489) */
    bool walk_exact;            /* STUN: the walk ends exactly at the message's end */
    bool ms_attribute;          /* STUN: carries an attribute that only Microsoft sends */
} ts_payload;

/* One attribute of a STUN message. The value lies in the caller's buffer. */
typedef struct {
    uint16_t type;
    uint16_t length;            /* as the header says */
    size_t offset;              /* of the attribute header, from the start of the message */
    const uint8_t *value;
    size_t available;           /* bytes of the value in the buffer; < length: truncated */
} ts_tlv;

typedef struct {
    const uint8_t *data;
    size_t captured;            /* bytes in data */
    size_t end;                 /* where the message ends by its own length field */
    size_t offset;              /* of the next attribute */
    bool padded;
} ts_tlv_walk;

/*
 * Recognises a whole datagram or framed message. captured is the number of
 * bytes at data, reported what was on the wire (captured < reported in a
 * capture with a snapshot length). Never reads past captured. A length field
 * that does not fit reported makes it TS_PAYLOAD_OTHER, except where a cookie or
 * an attribute of Microsoft leaves no doubt.
 */
ts_payload ts_payload_recognise(const uint8_t *data, size_t captured, size_t reported);

/* Starts a walk over the attributes of the STUN message at data. */
void ts_tlv_walk_init(ts_tlv_walk *walk, const uint8_t *data, size_t captured, bool padded);

/*
 * The next attribute; false at the end of the message or of the buffer. An
 * attribute whose length overruns the message is still returned, with
 * available cut at the message's end, and ends the walk.
 */
bool ts_tlv_next(ts_tlv_walk *walk, ts_tlv *tlv);

/* The first attribute of that type; false where there is none. */
bool ts_tlv_find(const uint8_t *data, size_t captured, bool padded, uint16_t type, ts_tlv *tlv);

/* "8-4-4-4-12" hexadecimal digits; data has at least 36 bytes. */
bool ts_is_ascii_guid(const uint8_t *data);

static inline uint16_t
ts_get_be16(const uint8_t *p)
{
    return (uint16_t)((p[0] << 8) | p[1]);
}

static inline uint32_t
ts_get_be32(const uint8_t *p)
{
    return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | p[3];
}

static inline uint64_t
ts_get_be64(const uint8_t *p)
{
    return ((uint64_t)ts_get_be32(p) << 32) | ts_get_be32(p + 4);
}

#endif /* TEAMSHARK_CORE_PAYLOAD_H */
