/* mutate_stun.c
 * Changes to the attributes of a STUN or MS-TURN message, wherever in a payload it is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/payload.h"

#include "mutate.h"

#define ATTRIBUTES_MAX 64
#define ATTRIBUTE_HEADER 4

/* A message in a copy of a payload. */
typedef struct {
    uint8_t *payload;
    unsigned length;        /* of the payload */
    unsigned start;         /* of the message */
    bool padded;
    unsigned count;
    unsigned offset[ATTRIBUTES_MAX];    /* of each attribute, from the start of the payload */
    unsigned size[ATTRIBUTES_MAX];      /* with its header and padding */
} message;

/* Is there one? In MS-TURN the first attribute has the cookie, in RFC 8489 the header. */
static bool
is_message(const uint8_t *bytes, unsigned length)
{
    if (length < TS_STUN_HEADER_LENGTH || bytes[0] >= 4)
        return false;
    return ts_get_be32(bytes + 4) == TS_STUN_COOKIE ||
        (length >= TS_STUN_HEADER_LENGTH + 8 && ts_get_be32(bytes + TS_STUN_HEADER_LENGTH + ATTRIBUTE_HEADER) == TS_MS_TURN_COOKIE);
}

/* A message somewhere in the payload: the outermost or, where chance has it, one within. */
static bool
find_message(const packet *p, unsigned *start)
{
    bool found = false;

    for (unsigned at = 0; at + TS_STUN_HEADER_LENGTH <= p->length; at++) {
        if (is_message(p->payload + at, p->length - at)) {
            *start = at;
            found = true;
            if (mutate_below(3))
                break;
        }
    }
    return found;
}

static void
find_attributes(message *m)
{
    unsigned at = m->start + TS_STUN_HEADER_LENGTH;

    m->padded = ts_get_be32(m->payload + m->start + 4) == TS_STUN_COOKIE;
    for (m->count = 0; m->count < ATTRIBUTES_MAX && at + ATTRIBUTE_HEADER <= m->length; m->count++) {
        const unsigned value = ts_get_be16(m->payload + at + 2);
        unsigned size = ATTRIBUTE_HEADER + (m->padded ? (value + 3) & ~3u : value);

        size = size < m->length - at ? size : m->length - at;
        m->offset[m->count] = at;
        m->size[m->count] = size;
        at += size;
    }
}

/* ---- changes ---- */

static unsigned
any_type(const message *m)
{
    const unsigned choice = mutate_below(m->count);

    switch (mutate_below(6)) {
    case 0:
        return m->count > 0 ? ts_get_be16(m->payload + m->offset[choice]) : TS_ATTR_USERNAME;
    case 1:
        return 1 + mutate_below(0x30);
    case 2:
        return 0xC000 + mutate_below(0x60);
    case 3:
        return 0x8020 + mutate_below(0x10);
    default:
        return 0x8000 + mutate_below(0xA0);
    }
}

static void
remove_attribute(message *m, unsigned i)
{
    memmove(m->payload + m->offset[i], m->payload + m->offset[i] + m->size[i], m->length - m->offset[i] - m->size[i]);
    m->length -= m->size[i];
}

/* Opens a gap before an attribute, or at the end; false where there is no room. */
static bool
open_gap(message *m, unsigned i, unsigned size, unsigned *at)
{
    *at = i < m->count ? m->offset[i] : m->length;
    if (m->length + size > TS_PAYLOAD_MAX)
        return false;
    memmove(m->payload + *at + size, m->payload + *at, m->length - *at);
    m->length += size;
    return true;
}

static void
add_attribute(message *m, unsigned i, unsigned type, const uint8_t *value, unsigned length)
{
    const unsigned size = ATTRIBUTE_HEADER + (m->padded ? (length + 3) & ~3u : length);
    unsigned at;

    if (!open_gap(m, i, size, &at))
        return;
    memset(m->payload + at, 0, size);
    mutate_put16(m->payload + at, type);
    mutate_put16(m->payload + at + 2, length);
    memcpy(m->payload + at + ATTRIBUTE_HEADER, value, length);
}

static void
add_random(message *m, unsigned i)
{
    uint8_t value[64];
    const unsigned length = mutate_below(mutate_below(2) ? 10 : sizeof value);

    for (unsigned k = 0; k < length; k++)
        value[k] = (uint8_t)(mutate_below(3) ? mutate_below(256) : 0);
    add_attribute(m, i, any_type(m), value, length);
}

/* Once more, or as often as there is room for. */
static void
repeat_attribute(message *m, unsigned i)
{
    uint8_t copy[TS_PAYLOAD_MAX];
    const unsigned size = m->size[i];
    unsigned at;

    memcpy(copy, m->payload + m->offset[i], size);
    for (unsigned times = mutate_below(4) ? 1 : mutate_below(TS_PAYLOAD_MAX / (size + 1)); times > 0; times--)
        if (open_gap(m, mutate_below(m->count + 1), size, &at))
            memcpy(m->payload + at, copy, size);
}

static void
change_value(message *m, unsigned i)
{
    const unsigned length = m->size[i] - (m->size[i] < ATTRIBUTE_HEADER ? m->size[i] : ATTRIBUTE_HEADER);

    if (length > 0)
        LLVMFuzzerMutate(m->payload + m->offset[i] + ATTRIBUTE_HEADER, length, length);
}

/* Text of another kind than what is expected. */
static void
change_text(message *m, unsigned i)
{
    static const char *const texts[] = {
        "\x1B[31m", "\r\n", "\xFF\xFE", "\xE2\x80\xAE", "\xC2\x9B", "\"\\</script>", "%s%n", "\x7F\x08", "a:b", ":", "\xED\xA0\x80", "",
    };
    const char *text = texts[mutate_below(sizeof texts / sizeof texts[0])];

    add_attribute(m, i, ts_get_be16(m->payload + m->offset[i]), (const uint8_t *)text, (unsigned)strlen(text));
    find_attributes(m);
    if (i + 1 < m->count)
        remove_attribute(m, i + 1);
}

/* A whole packet in DATA, in either way of writing it. */
static void
enclose(message *m, const packet *p)
{
    if (p->length < 1500)
        add_attribute(m, m->count, 0x0013, p->payload, p->length);
}

static void
change_head(message *m, const packet *other)
{
    static const uint16_t types[] = {
        0x001, 0x101, 0x111, 0x011, 0x003, 0x103, 0x113, 0x004, 0x104, 0x114, 0x115, 0x016, 0x017, 0x006, 0x106, 0x116,
        0x007, 0x107, 0x008, 0x108, 0x118, 0x009, 0x109, 0x119, 0x005, 0x002, 0x00A, 0x10A,
    };
    uint8_t *head = m->payload + m->start;
    unsigned at;

    if (mutate_below(2))
        mutate_put16(head, types[mutate_below(sizeof types / sizeof types[0])]);
    else if (find_message(other, &at))
        memcpy(head + 4, other->payload + at + 4, 16);
    else
        head[8 + mutate_below(12)] ^= 1;
}

static void
change_attributes(message *m, const packet *other)
{
    const unsigned i = mutate_below(m->count), j = mutate_below(m->count);

    switch (mutate_below(m->count == 0 ? 2 : 9)) {
    case 0: add_random(m, mutate_below(m->count + 1)); break;
    case 1: enclose(m, other); break;
    case 2: remove_attribute(m, i); break;
    case 3: repeat_attribute(m, i); break;
    case 4: mutate_put16(m->payload + m->offset[i], any_type(m)); break;
    case 5: mutate_put16(m->payload + m->offset[i] + 2, mutate_below(mutate_below(3) ? 40 : 65536)); break;
    case 6: change_text(m, i); break;
    case 7: memcpy(m->payload + m->offset[i], m->payload + m->offset[j], m->size[i] < m->size[j] ? m->size[i] : m->size[j]); break;
    default: change_value(m, i); break;
    }
}

/* Lengths of the message and of a frame or FF10 header that ends with it. */
static void
fit_lengths(message *m)
{
    uint8_t *bytes = m->payload;

    mutate_put16(bytes + m->start + 2, m->length - m->start - TS_STUN_HEADER_LENGTH);
    if (m->start >= 4 && (bytes[0] == 2 || bytes[0] == 3 || bytes[0] == 0x40 || bytes[0] == 0xFF))
        mutate_put16(bytes + 2, m->length - 4);
    else if (m->start == 2)
        mutate_put16(bytes, m->length - 2);
}

bool
mutate_stun(sequence *s, packet *p)
{
    const packet *other = mutate_any(s);
    message m = { .length = p->length };

    if (!find_message(p, &m.start) || (m.payload = mutate_copy(p)) == NULL)
        return false;
    find_attributes(&m);
    if (mutate_below(5) == 0)
        change_head(&m, other);
    else
        change_attributes(&m, other);
    if (mutate_below(10))
        fit_lengths(&m);
    p->payload = m.payload;
    p->length = (uint16_t)m.length;
    return true;
}
