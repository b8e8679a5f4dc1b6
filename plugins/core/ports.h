/* ports.h
 * The UDP ports of Teams and Skype for Business, and what they say of media
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_CORE_PORTS_H
#define TEAMSHARK_CORE_PORTS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    TS_MODALITY_UNKNOWN,
    TS_MODALITY_AUDIO,
    TS_MODALITY_VIDEO,
    TS_MODALITY_SHARING,
    TS_MODALITY_SIGNALLING,
    TS_MODALITY_DATA
} ts_modality;

/* "audio", "video", "sharing", "signalling", "data"; "" for unknown. */
static inline const char *
ts_modality_name(ts_modality modality)
{
    static const char *const names[] = { "", "audio", "video", "sharing", "signalling", "data" };

    return names[modality];
}

/* Relay ports: 3478 for all, 3479 audio, 3480 video, 3481 sharing. */
static inline bool
ts_port_is_relay(uint16_t port)
{
    return port >= 3478 && port <= 3481;
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

/* Client port ranges that Microsoft documents for QoS: 50000-50059. */
static inline ts_modality
ts_modality_of_client_port(uint16_t port)
{
    if (port >= 50000 && port <= 50019)
        return TS_MODALITY_AUDIO;
    if (port >= 50020 && port <= 50039)
        return TS_MODALITY_VIDEO;
    if (port >= 50040 && port <= 50059)
        return TS_MODALITY_SHARING;
    return TS_MODALITY_UNKNOWN;
}

#endif /* TEAMSHARK_CORE_PORTS_H */
