/* calls_jitter.c
 * Jitter of a media stream that lasts: its highest mean over 15 seconds
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The estimate of RFC 3550 follows the latest packets: at the end of a stream
 * it may have forgotten a bad minute, and one late packet lifts it. Microsoft's
 * limit is for "any 15 s interval", so the mean of the estimates in 15 seconds is
 * compared with it; a new interval begins each 5 seconds.
 */

#include "report/calls.h"

#include <string.h>

#define STEP_SECONDS    5.0
#define STEPS           CALLS_JITTER_STEPS
#define ESTIMATES_MIN   25      /* in an interval: fewer are those of single packets */

void
calls_jitter_end(calls_jitter *jitter)
{
    const calls_jitter_step *begin = NULL;
    const calls_jitter_step *high = NULL;
    uint64_t count = 0;
    double sum = 0;

    for (unsigned i = 0; i < STEPS; i++) {
        const calls_jitter_step *step = &jitter->steps[i];

        if (step->count == 0)
            continue;
        begin = begin == NULL ? step : begin;
        high = high == NULL || step->highest > high->highest ? step : high;
        count += step->count;
        sum += step->sum;
    }
    /* One late packet weighs too much in less than a step and a part of the next. */
    if (count < ESTIMATES_MIN || begin == &jitter->steps[STEPS - 1] || sum / (double)count <= jitter->worst)
        return;
    jitter->worst = sum / (double)count;
    jitter->worst_time = begin->start;
    jitter->worst_seconds = jitter->steps[STEPS - 1].last - begin->start;
    jitter->worst_frame = high->frame;
}

static void
next_step(calls_jitter *jitter, double now)
{
    const calls_jitter_step latest = jitter->steps[STEPS - 1];
    const double steps = (double)(uint64_t)MIN((now - latest.start) / STEP_SECONDS, 1e15);
    const unsigned shift = steps < STEPS ? (unsigned)steps : STEPS;

    calls_jitter_end(jitter);
    memmove(jitter->steps, jitter->steps + shift, (STEPS - shift) * sizeof jitter->steps[0]);
    memset(jitter->steps + STEPS - shift, 0, shift * sizeof jitter->steps[0]);
    jitter->steps[STEPS - 1].start = latest.start + steps * STEP_SECONDS;
}

void
calls_jitter_add(calls_jitter *jitter, double now, double estimate, uint32_t frame)
{
    calls_jitter_step *latest = &jitter->steps[STEPS - 1];

    if (!jitter->begun)
        latest->start = now;
    else if (now - latest->start >= STEP_SECONDS)
        next_step(jitter, now);
    jitter->begun = true;
    latest->last = now > latest->last ? now : latest->last;
    latest->count++;
    latest->sum += estimate;
    if (latest->frame == 0 || estimate > latest->highest) {
        latest->highest = estimate;
        latest->frame = frame;
    }
}
