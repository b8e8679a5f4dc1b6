/* web_socket.c
 * Frames of a WebSocket in a stream of bytes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Stock reads WebSockets that begin in HTTP/1.1. Inside a stream of HTTP/2
 * (RFC 8441) it shows bytes, of which this reads the heads of frames, and the
 * code of a Close frame. Contents are passed over.
 */

#include "session/requests_private.h"

enum { HEAD_MIN = 2, MASK_SIZE = 4, LENGTH_16 = 126, LENGTH_64 = 127, CONTROL_MAX = 125 };
enum { BIT_FIN = 0x80, BITS_RESERVED = 0x30, BITS_OPCODE = 0x0f, BIT_CONTROL = 0x08, BIT_MASK = 0x80, BITS_LENGTH = 0x7f };
enum { OPCODE_BINARY = 2, OPCODE_CLOSE = 8, OPCODE_PONG = 10 };

/* Bytes of the head as far as its first two say. */
static unsigned
head_size(const uint8_t *head)
{
    const unsigned length = head[1] & BITS_LENGTH;

    return HEAD_MIN + (length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0) + ((head[1] & BIT_MASK) != 0 ? MASK_SIZE : 0);
}

/* RFC 6455, 5.2 to 5.5: clients mask and servers do not; control frames are short and whole. The first reserved bit is of compression (RFC 7692). */
static bool
is_head(const uint8_t *head, bool from_client)
{
    const unsigned opcode = head[0] & BITS_OPCODE;
    const bool control = (opcode & BIT_CONTROL) != 0;

    if ((head[0] & BITS_RESERVED) != 0 || ((head[1] & BIT_MASK) != 0) != from_client)
        return false;
    if (control)
        return opcode <= OPCODE_PONG && (head[0] & BIT_FIN) != 0 && (head[1] & BITS_LENGTH) <= CONTROL_MAX;
    return opcode <= OPCODE_BINARY;
}

static uint64_t
content_length(const uint8_t *head)
{
    const unsigned length = head[1] & BITS_LENGTH;
    const unsigned bytes = length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0;
    uint64_t value = bytes == 0 ? length : 0;

    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | head[HEAD_MIN + i];
    return value;
}

static void
tell(const struct teams_web_socket_reader *reader, teams_web_socket_func frame, void *data)
{
    teams_web_socket_frame told = { .opcode = reader->head[0] & BITS_OPCODE };

    if (reader->code_length == sizeof reader->code) {
        told.has_code = true;
        told.code = (uint16_t)(reader->code[0] << 8 | reader->code[1]);
    }
    frame(&told, data);
}

static bool
is_close(const struct teams_web_socket_reader *reader)
{
    return (reader->head[0] & BITS_OPCODE) == OPCODE_CLOSE;
}

/* A Close frame is told when its code is known, any other with its head. Returns the bytes that were used. */
static size_t
read_head(struct teams_web_socket_reader *reader, bool from_client, const uint8_t *bytes, size_t length, teams_web_socket_func frame, void *data)
{
    size_t used = 0;

    while (used < length && (reader->length < HEAD_MIN || reader->length < head_size(reader->head))) {
        reader->head[reader->length++] = bytes[used++];
        if (reader->length == HEAD_MIN && !is_head(reader->head, from_client)) {
            reader->broken = true;
            return length;
        }
    }
    if (reader->length < HEAD_MIN || reader->length < head_size(reader->head))
        return used;
    reader->left = content_length(reader->head);
    reader->code_length = 0;
    if (!is_close(reader) || reader->left < sizeof reader->code)
        tell(reader, frame, data);
    if (reader->left == 0)
        reader->length = 0;
    return used;
}

static void
read_code(struct teams_web_socket_reader *reader, uint8_t byte, teams_web_socket_func frame, void *data)
{
    const uint8_t *mask = (reader->head[1] & BIT_MASK) != 0 ? reader->head + reader->length - MASK_SIZE : NULL;

    reader->code[reader->code_length] = (uint8_t)(byte ^ (mask == NULL ? 0 : mask[reader->code_length]));
    if (++reader->code_length == sizeof reader->code)
        tell(reader, frame, data);
}

static size_t
read_content(struct teams_web_socket_reader *reader, const uint8_t *bytes, size_t length, teams_web_socket_func frame, void *data)
{
    const size_t used = (size_t)MIN((uint64_t)length, reader->left);
    const bool has_code = is_close(reader) && reader->left + reader->code_length >= sizeof reader->code;

    for (size_t i = 0; has_code && i < used && reader->code_length < sizeof reader->code; i++)
        read_code(reader, bytes[i], frame, data);
    reader->left -= used;
    if (reader->left == 0)
        reader->length = 0;
    return used;
}

static bool
is_broken(const struct teams_web_socket_reader *reader)
{
    return reader->broken || *reader->lost_frame >= reader->opened;
}

void
teams_web_socket_read(struct teams_web_socket_reader *reader, bool from_client, const uint8_t *bytes, size_t length,
    teams_web_socket_func frame, void *data)
{
    for (size_t at = 0; at < length && !is_broken(reader);)
        at += reader->left > 0 ? read_content(reader, bytes + at, length - at, frame, data)
            : read_head(reader, from_client, bytes + at, length - at, frame, data);
}

bool
teams_web_socket_is_broken(const teams_web_socket *socket)
{
    return socket->readers != NULL && (is_broken(&socket->readers[0]) || is_broken(&socket->readers[1]));
}
