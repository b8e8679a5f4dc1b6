/* mutate_dns.c
 * Changes to the name and the header of a DNS message
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/names.h"

#include "mutate.h"

#define DNS_HEADER 12
#define NAME_MAX_BYTES 255

/* Over UDP it begins with the payload, over TCP after its length. */
static unsigned
message_start(const packet *p)
{
    return kind_of(p) == TS_TCP ? 2 : 0;
}

static bool
is_dns(const packet *p)
{
    const bool port = p->source_port == 53 || p->destination_port == 53 || p->source_port == 5353 || p->destination_port == 5353 ||
        p->source_port == 10053 || p->destination_port == 10053;

    return port && kind_of(p) != TS_RAW && p->length > message_start(p) + DNS_HEADER + 4;
}

/* A name that a shipped pattern matches, or nearly so, as labels. */
static unsigned
any_name(uint8_t *labels)
{
    size_t rows;
    const ts_name_row *row = ts_names_shipped(&rows);
    const char *pattern = row[mutate_below((unsigned)rows)].pattern;
    unsigned size = 1, start = 0;

    for (const char *c = pattern; *c != '\0' && size < NAME_MAX_BYTES - 6; c++) {
        if (*c == '.') {
            labels[start] = (uint8_t)(size - start - 1);
            start = size++;
        } else {
            labels[size++] = (uint8_t)(*c == '*' ? "ax0-"[mutate_below(4)] : *c);
        }
    }
    if (mutate_below(6) == 0)
        labels[1 + mutate_below(size - 1)] = (uint8_t)mutate_below(256);
    labels[start] = (uint8_t)(size - start - 1);
    labels[size++] = 0;
    return size;
}

static void
change_question(packet *p, uint8_t *bytes, unsigned start)
{
    const unsigned name = start + DNS_HEADER;
    uint8_t labels[NAME_MAX_BYTES + 1];
    const unsigned size = any_name(labels);
    unsigned end = name;

    while (end < p->length && bytes[end] != 0 && bytes[end] < 0xC0)
        end += bytes[end] + 1u;
    end += 1;
    if (end > p->length || p->length - (end - name) + size > TS_PAYLOAD_MAX)
        return;
    memmove(bytes + name + size, bytes + end, p->length - end);
    memcpy(bytes + name, labels, size);
    p->length = (uint16_t)(p->length - (end - name) + size);
}

static void
change_header(uint8_t *header)
{
    switch (mutate_below(4)) {
    case 0: header[3] = (uint8_t)((header[3] & 0xF0) | mutate_below(11)); break;
    case 1: header[2] ^= (uint8_t)(1u << mutate_below(8)); break;
    case 2: header[1] = (uint8_t)mutate_below(4); break;
    default: header[4 + mutate_below(8)] = (uint8_t)mutate_below(8); break;
    }
}

/* A pointer or a type somewhere in the records. */
static void
change_record(const packet *p, uint8_t *bytes, unsigned start)
{
    static const uint16_t values[] = { 0xC00C, 0xC00D, 0xC0FF, 1, 5, 16, 28, 33, 65, 0, 0xFFFF };
    const unsigned at = start + DNS_HEADER + mutate_below(p->length - start - DNS_HEADER - 2);

    mutate_put16(bytes + at, values[mutate_below(sizeof values / sizeof values[0])]);
}

bool
mutate_dns(packet *p)
{
    uint8_t *bytes;

    if (!is_dns(p) || (bytes = mutate_copy(p)) == NULL)
        return false;
    const unsigned start = message_start(p);

    p->payload = bytes;
    switch (mutate_below(3)) {
    case 0: change_question(p, bytes, start); break;
    case 1: change_header(bytes + start); break;
    default: change_record(p, bytes, start); break;
    }
    if (start == 2 && mutate_below(8))
        mutate_put16(bytes, p->length - 2u);
    return true;
}
