/* modality.c
 * Audio, video, sharing or data: by ports, payload type and allocation
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In order of weight: the payload itself (the codec that its type stands for,
 * and the clock that its timestamps run with), the server port of the flow
 * (3479 audio, 3480 video, 3481 sharing), the client's port range, and last
 * the stream type that the allocation asked for (clients were observed to ask
 * for video on audio allocations too, so it contradicts nothing). A payload
 * with the clock of video that may be a shared screen as well says only that it
 * is no audio: the first of the others that does not say audio decides then.
 */

#include <stdio.h>

#include "media.h"

typedef struct {
    ts_modality modality;
    const char *evidence;       /* interned: one string per port or payload type */
} modality_evidence;

static const char server_side[] = "server";
static const char client_side[] = "client";

/* Streams of a call, both ways, ask for the same again and again. */
#define PORTS_KEPT 16
#define PAYLOADS_KEPT 128

/* "server port 3479". Interned. */
static const char *
port_evidence(const char *side, uint16_t port)
{
    static struct {
        const char *side;
        uint16_t port;
        const char *text;
    } kept[PORTS_KEPT];
    const unsigned slot = port % PORTS_KEPT;

    if (side != kept[slot].side || port != kept[slot].port) {
        char text[sizeof "server port 65535"];

        snprintf(text, sizeof text, "%s port %u", side, port);
        kept[slot].text = g_intern_string(text);
        kept[slot].side = side;
        kept[slot].port = port;
    }
    return kept[slot].text;
}

static const char *
payload_evidence(const ts_payload_type *payload)
{
    static struct {
        const ts_payload_type *payload;
        const char *text;
    } kept[PAYLOADS_KEPT];
    const unsigned slot = payload->number % PAYLOADS_KEPT;

    if (payload != kept[slot].payload) {
        char text[64];

        snprintf(text, sizeof text, "payload type %u (%s)", payload->number, payload->name);
        kept[slot].text = g_intern_string(text);
        kept[slot].payload = payload;
    }
    return kept[slot].text;
}

static bool
is_same(const modality_evidence *a, const modality_evidence *b)
{
    return a->modality == b->modality && a->evidence == b->evidence;
}

static const char *
name_of(ts_modality modality)
{
    return modality == TS_MODALITY_UNKNOWN ? "no audio" : ts_modality_name(modality);
}

/* "server port 3479 says audio, payload type 107 (H264) says video". Interned; the last one is kept. */
static const char *
conflict_text(const modality_evidence *one, const modality_evidence *other)
{
    static modality_evidence last_one;
    static modality_evidence last_other;
    static const char *last;

    if (!is_same(one, &last_one) || !is_same(other, &last_other)) {
        char text[192];

        snprintf(text, sizeof text, "%s says %s, %s says %s", one->evidence, name_of(one->modality), other->evidence,
            name_of(other->modality));
        last = g_intern_string(text);
        last_one = *one;
        last_other = *other;
    }
    return last;
}

/* The first of both ports that says something. */
static modality_evidence
by_ports(uint16_t one, uint16_t other, ts_modality (*says)(uint16_t port), const char *side)
{
    const uint16_t ports[2] = { one, other };

    for (unsigned i = 0; i < 2; i++) {
        const ts_modality modality = says(ports[i]);

        if (modality != TS_MODALITY_UNKNOWN)
            return (modality_evidence) { modality, port_evidence(side, ports[i]) };
    }
    return (modality_evidence) { TS_MODALITY_UNKNOWN, "" };
}

static modality_evidence
by_client_port(const ts_path *path, bool from_local)
{
    const uint16_t source = path->src.port, destination = path->dst.port;

    /* Through a relay only the client's own socket; the peer's address is its relay's. */
    if (path->server.addr.type != AT_NONE)
        return by_ports(path->from_client ? source : destination, 0, ts_modality_of_client_port, client_side);
    return by_ports(from_local ? source : destination, from_local ? destination : source, ts_modality_of_client_port, client_side);
}

/* "clock of 16000 Hz". Interned, as the others. */
static const char *
clock_evidence(uint32_t rate)
{
    char text[sizeof "clock of 4294967295 Hz"];

    snprintf(text, sizeof text, "clock of %u Hz", rate);
    return g_intern_string(text);
}

/* An unknown modality without evidence says nothing; with it, that it is no audio. */
static modality_evidence
by_payload(const ts_modality_payload *payload)
{
    const ts_payload_type *type = payload->type;
    modality_evidence found = { TS_MODALITY_UNKNOWN, "" };

    if (payload->no_audio) {
        found.evidence = type != NULL ? payload_evidence(type) : payload->clock_rate != 0 ? clock_evidence(payload->clock_rate) : "RTP of the same flow";
    } else if (payload->of_flow != TS_MODALITY_UNKNOWN) {
        found.modality = payload->of_flow;
        found.evidence = "RTP of the same flow";
    } else if (type != NULL && type->modality != TS_MODALITY_UNKNOWN) {
        found.modality = type->modality;
        found.evidence = payload_evidence(type);
    } else if (payload->clock_rate != 0 && payload->clock_rate < TS_VIDEO_CLOCK) {
        found.modality = TS_MODALITY_AUDIO;
        found.evidence = clock_evidence(payload->clock_rate);
    }
    return found;
}

/* [MS-TURN] 2.2.2.22. */
static modality_evidence
by_stream_type(uint16_t stream_type)
{
    static const ts_modality modalities[] = {
        TS_MODALITY_UNKNOWN, TS_MODALITY_AUDIO, TS_MODALITY_VIDEO, TS_MODALITY_VIDEO, TS_MODALITY_DATA
    };
    modality_evidence found = { TS_MODALITY_UNKNOWN, "" };

    if (stream_type >= 1 && stream_type < G_N_ELEMENTS(modalities)) {
        found.modality = modalities[stream_type];
        found.evidence = "stream type of the allocation (weak)";
    }
    return found;
}

ts_modality_result
ts_modality_find(const packet_info *pinfo, const ts_path *path, bool from_local, const ts_modality_payload *payload,
    uint16_t stream_type)
{
    const modality_evidence none = { TS_MODALITY_UNKNOWN, "" };
    const modality_evidence telephony = { TS_MODALITY_AUDIO, "Direct Routing" };
    const modality_evidence of_payload = by_payload(payload);
    const modality_evidence others[] = {
        by_ports((uint16_t)pinfo->destport, (uint16_t)pinfo->srcport, ts_modality_of_relay_port, server_side),
        payload->direct_routing ? none : by_client_port(path, from_local),
        payload->direct_routing ? telephony : by_stream_type(stream_type),
    };
    const unsigned weak = G_N_ELEMENTS(others) - 1;     /* the last contradicts nothing */
    const modality_evidence *first = of_payload.evidence[0] != '\0' ? &of_payload : NULL;
    ts_modality_result result = { TS_MODALITY_UNKNOWN, "", NULL };

    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        const modality_evidence *other = &others[i];
        const bool open = first == NULL || (first->modality == TS_MODALITY_UNKNOWN && other->modality != TS_MODALITY_AUDIO);

        if (other->modality == TS_MODALITY_UNKNOWN)
            continue;
        if (open)
            first = other;
        else if (other->modality != first->modality && result.conflict == NULL && i != weak)
            result.conflict = conflict_text(first, other);
    }
    if (first != NULL && first->modality != TS_MODALITY_UNKNOWN) {
        result.modality = first->modality;
        result.evidence = first->evidence;
    }
    return result;
}
