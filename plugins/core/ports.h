/* ports.h
 * The UDP ports of Teams and Skype for Business, and what they say of media
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_CORE_PORTS_H
#define TEAMSHARK_CORE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    TS_MODALITY_UNKNOWN,
    TS_MODALITY_AUDIO,
    TS_MODALITY_VIDEO,
    TS_MODALITY_SHARING,
    TS_MODALITY_SIGNALLING,
    TS_MODALITY_DATA
} ts_modality;

/* "audio", "video", "sharing", "signalling", "data"; "" for unknown, NULL after the last one. */
static inline const char *
ts_modality_name(unsigned modality)
{
    static const char *const names[] = { "", "audio", "video", "sharing", "signalling", "data" };

    return modality <= TS_MODALITY_DATA ? names[modality] : NULL;
}

/* Relay ports: 3478 for all, 3479 audio, 3480 video, 3481 sharing. */
static inline bool
ts_port_is_relay(uint16_t port)
{
    return port >= 3478 && port <= 3481;
}

/* Media processors of Direct Routing (Microsoft: "Plan Direct Routing"), beside the relay ports. */
static inline bool
ts_port_is_media_processor(uint16_t port)
{
    return port >= 49152 && port <= 53247;
}

static inline ts_modality
ts_modality_of_relay_port(uint16_t port)
{
    switch (port) {
    case 3479: return TS_MODALITY_AUDIO;
    case 3480: return TS_MODALITY_VIDEO;
    case 3481: return TS_MODALITY_SHARING;
    default:   return TS_MODALITY_UNKNOWN;
    }
}

typedef struct {
    uint16_t first;
    uint16_t last;
    ts_modality modality;   /* that a port of the range tells; unknown for those before Teams */
    const char *label;
} ts_port_range;

/* The range that a client's port is in of those that Microsoft documents for QoS, or NULL. */
static inline const ts_port_range *
ts_client_port_range(uint16_t port)
{
    static const ts_port_range ranges[] = {
        { 50000, 50019, TS_MODALITY_AUDIO,   "Teams audio 50000-50019" },
        { 50020, 50039, TS_MODALITY_VIDEO,   "Teams video 50020-50039" },
        { 50040, 50059, TS_MODALITY_SHARING, "Teams sharing 50040-50059" },
        { 58000, 58019, TS_MODALITY_UNKNOWN, "Skype for Business video 58000-58019" },
        { 42000, 42019, TS_MODALITY_UNKNOWN, "Skype for Business sharing 42000-42019" },
        { 42020, 42039, TS_MODALITY_UNKNOWN, "Skype for Business file transfer 42020-42039" },
    };

    for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (port >= ranges[i].first && port <= ranges[i].last)
            return &ranges[i];
    return NULL;
}

static inline ts_modality
ts_modality_of_client_port(uint16_t port)
{
    const ts_port_range *range = ts_client_port_range(port);

    return range ? range->modality : TS_MODALITY_UNKNOWN;
}

#endif /* TEAMSHARK_CORE_PORTS_H */
