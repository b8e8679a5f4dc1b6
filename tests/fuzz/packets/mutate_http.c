/* mutate_http.c
 * Changes to HTTP/1.1 and HTTP/2 in clear, or in TLS that encrypts nothing
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "mutate.h"

#define RECORD_HEADER   5
#define MAC_BYTES       20
#define FRAME_HEADER    9
#define HEADERS         1
#define PLACES_MAX      64

/* What requests and answers are told by, and what is odd. */
static const char *const words[] = {
    "GET", "POST", "HEAD", "OPTIONS", "CONNECT", "PRI", "M-SEARCH", "HTTP/1.1 ", "HTTP/1.0 ", "HTTP/9.9", "100", "101", "200", "202", "204",
    "302", "401", "403", "404", "407", "429", "500", "503", "999", "-1", "00200", "Host: ", "Location: ", "Retry-After: ", "120", "99999999999",
    "WWW-Authenticate: ", "Bearer error=\"invalid_token\"", "error=\"insufficient_claims\"", "error=\"", "Upgrade: websocket\r\n",
    "Content-Length: ", "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", "Content-Encoding: gzip\r\n", "\r\n", "\r\n\r\n", "\n",
    "teams.microsoft.com", "login.microsoftonline.com", "go.trouter.teams.microsoft.com", "api.flightproxy.teams.microsoft.com",
    "https://", "http://a@b:1/", "//", "/", "/../", "?", "#", "%00", "%", "*", "{id}", "/api/authsvc/v1.0/authz", "/oauth2/v2.0/token", "/common/",
    "/v2/", "/trap/tokens", "/api/v2/epconv", "/api/chatsvc/emea/v1/users/ME/conversations", "/registrar/prod/V2/registrations", "/v4/c?",
    "{\"region\": \"emea\"}", "{\"region\": {\"region\": \"\"}}", "[[[[[[[[[[[[[[[[", "\"", "\\u0000", "\\ud800", "\xE2\x80\xAE", "\x1B[2K", "\x7F", "\xC2\x9B",
    "\xFF", "\x88\x02\x03\xE9", "\x81\x03\x31::", "\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
};

typedef struct {
    uint8_t *bytes;         /* the whole payload, a copy */
    unsigned start;         /* of what is inside, after the record's header */
    unsigned length;        /* of what is inside */
    unsigned after;         /* bytes behind it: the MAC and further records */
} content;

static unsigned
get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static bool
is_text(const uint8_t *bytes, unsigned length)
{
    unsigned i = 0;

    while (i < length && i < 8 && bytes[i] >= 0x20 && bytes[i] < 0x7F)
        i++;
    return i == 8;
}

/* Application data of TLS, or what looks like HTTP/1.1. */
static bool
find_content(const packet *p, content *c)
{
    if (kind_of(p) != TS_TCP || p->length < 8)
        return false;
    if (p->payload[0] == 23 && p->payload[1] == 3 && p->length > RECORD_HEADER + MAC_BYTES) {
        const unsigned size = get16(p->payload + 3);

        if (size <= MAC_BYTES || RECORD_HEADER + size > p->length)
            return false;
        c->start = RECORD_HEADER;
        c->length = size - MAC_BYTES;
    } else if (is_text(p->payload, p->length)) {
        c->start = 0;
        c->length = p->length;
    } else {
        return false;
    }
    c->after = p->length - c->start - c->length;
    return (c->bytes = mutate_copy(p)) != NULL;
}

/* Bytes at a place of the content are replaced by others, if there is room. */
static bool
replace(content *c, unsigned at, unsigned size, const void *by, unsigned by_size)
{
    uint8_t *place = c->bytes + c->start + at;

    if (at + size > c->length || c->start + c->length - size + by_size + c->after > TS_PAYLOAD_MAX)
        return false;
    memmove(place + by_size, place + size, c->length - at - size + c->after);
    memcpy(place, by, by_size);
    c->length = c->length - size + by_size;
    return true;
}

static const char *
any_word(void)
{
    return words[mutate_below(sizeof words / sizeof words[0])];
}

/* ---- text ---- */

static void
change_text(content *c)
{
    const unsigned at = mutate_below(c->length), size = mutate_below(c->length - at + 1);
    const char *word = any_word();
    uint8_t slice[256];

    switch (mutate_below(4)) {
    case 0: replace(c, at, 0, word, (unsigned)strlen(word)); break;
    case 1: replace(c, at, size < 24 ? size : mutate_below(24), word, (unsigned)strlen(word)); break;
    case 2: replace(c, at, size < 64 ? size : mutate_below(64), "", 0); break;
    default: {
        const unsigned again = size < sizeof slice ? size : (unsigned)sizeof slice;

        memcpy(slice, c->bytes + c->start + at, again);
        replace(c, mutate_below(c->length), 0, slice, again);
    }
    }
}

/* A word in the place of one between two spaces or ends of lines. */
static void
change_word(content *c)
{
    unsigned places[PLACES_MAX], count = 0;
    const uint8_t *text = c->bytes + c->start;

    places[count++] = 0;
    for (unsigned i = 0; i + 1 < c->length && count < PLACES_MAX; i++)
        if (text[i] == ' ' || text[i] == '\n' || text[i] == '/')
            places[count++] = i + 1;
    const unsigned at = places[mutate_below(count)];
    unsigned end = at;
    while (end < c->length && text[end] > ' ')
        end++;
    const char *word = any_word();
    replace(c, at, end - at, word, (unsigned)strlen(word));
}

/* ---- HTTP/2 ---- */

static unsigned
frame_size(const uint8_t *frame)
{
    return FRAME_HEADER + ((unsigned)frame[0] << 16 | get16(frame + 1));
}

/* A frame of those in the content; false where it does not consist of frames. */
static bool
find_frame(const content *c, unsigned *start)
{
    unsigned places[PLACES_MAX], count = 0, at = 0;
    const uint8_t *bytes = c->bytes + c->start;

    if (c->length > 24 && memcmp(bytes, "PRI * HTTP/2.0", 14) == 0)
        at = 24;
    while (at + FRAME_HEADER <= c->length && frame_size(bytes + at) <= c->length - at && count < PLACES_MAX) {
        places[count++] = at;
        at += frame_size(bytes + at);
    }
    if (count == 0 || bytes[places[0] + 3] > 9)
        return false;
    *start = places[mutate_below(count)];
    return true;
}

static void
resize_frame(content *c, unsigned frame, int by)
{
    uint8_t *bytes = c->bytes + c->start + frame;
    const unsigned size = (unsigned)((int)(frame_size(bytes) - FRAME_HEADER) + by);

    bytes[0] = (uint8_t)(size >> 16);
    mutate_put16(bytes + 1, size);
}

/* The value of a literal field gets another word (RFC 7541, 6.2.2), lengths of one byte. */
static void
change_field(content *c, unsigned frame)
{
    unsigned places[PLACES_MAX], count = 0;
    const uint8_t *bytes = c->bytes + c->start;
    const unsigned end = frame + frame_size(bytes + frame);

    for (unsigned at = frame + FRAME_HEADER; at + 2 < end && bytes[at] == 0 && count < PLACES_MAX;) {
        const unsigned name = bytes[at + 1], value_at = at + 2 + name;

        if (name >= 127 || value_at >= end || bytes[value_at] >= 127 || value_at + 1 + bytes[value_at] > end)
            break;
        places[count++] = value_at;
        at = value_at + 1 + bytes[value_at];
    }
    if (count == 0)
        return;
    const unsigned at = places[mutate_below(count)], size = bytes[at];
    const char *word = any_word();
    const unsigned length = (unsigned)strlen(word);

    if (!replace(c, at + 1, size, word, length))
        return;
    c->bytes[c->start + at] = (uint8_t)length;
    resize_frame(c, frame, (int)length - (int)size);
}

static void
change_frame(content *c, unsigned frame)
{
    uint8_t *bytes = c->bytes + c->start + frame;
    uint8_t again[512];
    const unsigned size = frame_size(bytes);

    switch (mutate_below(6)) {
    case 0: bytes[3] = (uint8_t)mutate_below(12); break;
    case 1: bytes[4] ^= (uint8_t)(1u << mutate_below(8)); break;
    case 2: bytes[8] = (uint8_t)mutate_below(16); break;
    case 3:
        if (size <= sizeof again) {
            memcpy(again, bytes, size);
            replace(c, frame, 0, again, size);
        }
        break;
    default:
        if (bytes[3] == HEADERS)
            change_field(c, frame);
        else if (size > FRAME_HEADER + 1) {
            const char *word = any_word();

            if (replace(c, frame + FRAME_HEADER + mutate_below(size - FRAME_HEADER), 0, word, (unsigned)strlen(word)))
                resize_frame(c, frame, (int)strlen(word));
        }
    }
}

bool
mutate_http(packet *p)
{
    content c;
    unsigned frame;

    if (!find_content(p, &c))
        return false;
    if (find_frame(&c, &frame) && mutate_below(5))
        change_frame(&c, frame);
    else if (mutate_below(2))
        change_word(&c);
    else
        change_text(&c);
    if (c.start == RECORD_HEADER && mutate_below(16))
        mutate_put16(c.bytes + 3, c.length + MAC_BYTES);
    p->payload = c.bytes;
    p->length = (uint16_t)(c.start + c.length + c.after);
    return true;
}
