/* over_time.c
 * A media stream over time: packets, bytes, loss and jitter in slices of equal length
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/calls.h"

#include <math.h>

#define MOST_SLICES     60
#define FIRST_LENGTH    1.0     /* seconds */

static over_time_slice *
slice_at(const over_time *stream, unsigned index)
{
    return &g_array_index(stream->slices, over_time_slice, index);
}

static double
higher(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

/* Two neighbours become one. */
static void
double_length(over_time *stream)
{
    const unsigned half = (stream->slices->len + 1) / 2;

    for (unsigned i = 0; i < half; i++) {
        over_time_slice sum = *slice_at(stream, 2 * i);

        if (2 * i + 1 < stream->slices->len) {
            const over_time_slice *second = slice_at(stream, 2 * i + 1);

            sum.packets += second->packets;
            sum.bytes += second->bytes;
            sum.lost += second->lost;
            sum.jitter_max = higher(sum.jitter_max, second->jitter_max);
        }
        *slice_at(stream, i) = sum;
    }
    g_array_set_size(stream->slices, half);
    stream->seconds *= 2;
}

static unsigned
index_of(over_time *stream, double now)
{
    if (stream->slices == NULL) {
        stream->slices = g_array_new(FALSE, TRUE, sizeof(over_time_slice));
        stream->start = stream->earliest = stream->latest = now;
        stream->seconds = FIRST_LENGTH;
    }
    stream->earliest = MIN(stream->earliest, now);
    stream->latest = MAX(stream->latest, now);
    const double since = now > stream->start ? now - stream->start : 0;

    while (since >= MOST_SLICES * stream->seconds)
        double_length(stream);
    return (unsigned)(since / stream->seconds);
}

static void
grow(over_time *stream, unsigned index)
{
    const over_time_slice empty = { 0, 0, 0, NAN };

    while (stream->slices->len <= index)
        g_array_append_val(stream->slices, empty);
}

/* A packet that comes late was counted as lost in this slice or in an earlier one. */
static void
take_back(over_time *stream, unsigned index, uint64_t count)
{
    for (unsigned i = index + 1; i-- > 0 && count > 0;) {
        over_time_slice *slice = slice_at(stream, i);
        const uint64_t taken = MIN(count, slice->lost);

        slice->lost -= taken;
        count -= taken;
    }
}

void
over_time_add(over_time *stream, double now, uint32_t bytes, int64_t lost, double jitter)
{
    const unsigned index = index_of(stream, now);

    grow(stream, index);
    over_time_slice *slice = slice_at(stream, index);

    slice->packets++;
    slice->bytes += bytes;
    slice->jitter_max = higher(slice->jitter_max, jitter);
    if (lost >= 0)
        slice->lost += (uint64_t)lost;
    else
        take_back(stream, stream->slices->len - 1, (uint64_t)-lost);
}

void
over_time_clear(over_time *stream)
{
    if (stream->slices != NULL)
        g_array_free(stream->slices, TRUE);
    stream->slices = NULL;
}
