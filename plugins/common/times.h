/* times.h
 * Times that pass between frames
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_COMMON_TIMES_H
#define TEAMSHARK_COMMON_TIMES_H

#include "common/ws_compat.h"

/* Seconds from one time to another, negative where to is the earlier one. */
static inline double
ts_seconds(const nstime_t *from, const nstime_t *to)
{
    nstime_t delta;

    nstime_delta(&delta, to, from);
    return nstime_to_sec(&delta);
}

#endif /* TEAMSHARK_COMMON_TIMES_H */
