/* clock.c
 * The capture's clock, and where it was set back
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A clock is set, files are joined one behind the other, interfaces have clocks
 * of their own: then a frame is earlier than those before it, by more than
 * packets overtake each other. What passes between two frames is measured by a
 * clock that stands still at such a place and goes on from there. Where the
 * capture's own clock fits again, as after one stray frame, that one counts. A
 * clock that is set forward cannot be told from silence, and is believed.
 */

#include "session/model.h"

#include "common/times.h"

#define BACK_SECONDS    5.0     /* a capture has its frames out of their order by less */
#define MAX_CHANGES     1000    /* two clocks in one capture: what comes later is believed as it is */

/* What is added to the time of a frame; NULL: nothing yet. */
static const nstime_t *
shift_at(const teams_model *model, uint32_t frame)
{
    return (const nstime_t *)wmem_tree_lookup32_le(model->clock.changes, frame);
}

static void
change_at(teams_model *model, uint32_t frame, const nstime_t *shift)
{
    wmem_tree_insert32(model->clock.changes, frame, wmem_memdup(wmem_file_scope(), shift, sizeof *shift));
    model->clock.shift = *shift;
    model->clock.change_count++;
}

static void
set_back(teams_model *model, const packet_info *pinfo, double seconds)
{
    nstime_t shift;

    nstime_delta(&shift, &model->clock.latest, &pinfo->abs_ts);
    if (model->clock.jumps++ == 0) {
        model->clock.first_jump = pinfo->num;
        model->clock.first_seconds = seconds;
    }
    change_at(model, pinfo->num, &shift);
}

/* First pass: does the clock go on from the frames before this one? */
static void
follow(teams_model *model, const packet_info *pinfo)
{
    static const nstime_t none = NSTIME_INIT_ZERO;
    nstime_t now;

    nstime_sum(&now, &pinfo->abs_ts, &model->clock.shift);
    const double ahead = ts_seconds(&model->clock.latest, &now);

    if (model->clock.change_count >= MAX_CHANGES || (ahead >= -BACK_SECONDS && ahead <= BACK_SECONDS))
        return;
    const double raw_ahead = ts_seconds(&model->clock.latest, &pinfo->abs_ts);

    if (ahead < 0)
        set_back(model, pinfo, -ahead);
    else if (raw_ahead >= -BACK_SECONDS && raw_ahead < ahead)
        change_at(model, pinfo->num, &none);
}

void
teams_clock_again(teams_model *model, const packet_info *pinfo)
{
    const nstime_t *shift = shift_at(model, pinfo->num);

    model->clock.now = pinfo->abs_ts;
    if (shift != NULL)
        nstime_add(&model->clock.now, shift);
}

void
teams_clock_frame(teams_model *model, const packet_info *pinfo)
{
    if (PINFO_FD_VISITED(pinfo)) {
        teams_clock_again(model, pinfo);
        return;
    }
    if (model->clock.changes == NULL) {
        model->clock.changes = wmem_tree_new(wmem_file_scope());
        model->clock.latest = model->first = model->last = pinfo->abs_ts;
    }
    follow(model, pinfo);
    nstime_sum(&model->clock.now, &pinfo->abs_ts, &model->clock.shift);
    if (nstime_cmp(&model->clock.now, &model->clock.latest) > 0)
        model->clock.latest = model->last = model->clock.now;
}

const nstime_t *
teams_time(const packet_info *pinfo _U_)
{
    return &teams_model_get()->clock.now;
}

nstime_t
teams_capture_time(const nstime_t *time, uint32_t frame)
{
    const teams_model *model = teams_model_get();
    const nstime_t *shift = model->clock.changes == NULL ? NULL : shift_at(model, frame);
    nstime_t told = *time;

    if (shift != NULL)
        nstime_subtract(&told, shift);
    return told;
}

unsigned
teams_clock_jumps(uint32_t *first_frame, double *seconds)
{
    const teams_model *model = teams_model_get();

    *first_frame = model->clock.first_jump;
    *seconds = model->clock.first_seconds;
    return model->clock.jumps;
}
