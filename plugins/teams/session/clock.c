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
 * clock that is set forward cannot be told from silence, and is believed, unless
 * the first frame after a minute without any answers a SYN or a question of DNS
 * that was sent right before it: both would have been sent again.
 */

#include "session/model.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>

#include "common/times.h"

#include "session/connection_private.h"

#define BACK_SECONDS    5.0     /* a capture has its frames out of their order by less */
#define FORWARD_SECONDS 60.0    /* less is not told from a slow answer */
#define ANSWER_WAIT     1.0     /* that an answer had taken before the clock was set */
#define COARSE_NANOSECONDS  100000000   /* a tenth of a second: a clock of whole ones is coarse */
#define SILENCE_SECONDS 0.7     /* less is no silence that anyone asks about */
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

/* The clock was set: it stands still here. */
static void
stand_still(teams_model *model, const packet_info *pinfo, teams_clock_steps *steps, double seconds)
{
    nstime_t shift;

    nstime_delta(&shift, &model->clock.latest, &pinfo->abs_ts);
    if (steps->count++ == 0) {
        steps->first_frame = pinfo->num;
        steps->first_seconds = seconds;
    }
    change_at(model, pinfo->num, &shift);
}

/* How long the frame's sender took for an answer of DNS or to a SYN; 0: it is neither. */
static double
answer_seconds(packet_info *pinfo, const ts_frame_info *infos)
{
    for (const ts_frame_info *each = infos; each != NULL; each = each->next)
        if (each->kind == TS_INFO_NAME && ((const ts_name_info *)each)->late_since > 0)
            return ((const ts_name_info *)each)->late_since;
    conversation_t *conversation = pinfo->ptype == PT_TCP ? teams_conversation_of(pinfo) : NULL;
    const struct tcp_analysis *tcp = conversation == NULL ? NULL : get_tcp_conversation_data(conversation, pinfo);

    /* What comes later may come at any time. */
    return tcp == NULL || tcp->conversation_completeness != (TCP_SEEN_SYN | TCP_SEEN_SYN_ACK) ? 0 : ts_seconds(&tcp->ts_mru_syn, &pinfo->abs_ts);
}

/* Nothing was seen for this time before the frame, which answers what was sent right before that. */
static bool
is_set_forward(packet_info *pinfo, const ts_frame_info *infos, double silence)
{
    const double took = answer_seconds(pinfo, infos);

    return took >= silence && took <= silence + ANSWER_WAIT;
}

/* First pass: does the clock go on from the frames before this one? */
static void
follow(teams_model *model, packet_info *pinfo, const ts_frame_info *infos)
{
    static const nstime_t none = NSTIME_INIT_ZERO;
    nstime_t now;

    nstime_sum(&now, &pinfo->abs_ts, &model->clock.shift);
    const double ahead = ts_seconds(&model->clock.latest, &now);

    if (model->clock.change_count >= MAX_CHANGES || (ahead >= -BACK_SECONDS && ahead <= BACK_SECONDS))
        return;
    const double raw_ahead = ts_seconds(&model->clock.latest, &pinfo->abs_ts);

    if (ahead < 0)
        stand_still(model, pinfo, &model->clock.back, -ahead);
    else if (ahead > FORWARD_SECONDS && is_set_forward(pinfo, infos, ahead))
        stand_still(model, pinfo, &model->clock.forward, ahead);
    else if (raw_ahead >= -BACK_SECONDS && raw_ahead < ahead)
        change_at(model, pinfo->num, &none);
}

/* ---- times without any frame ---- */

typedef struct {
    nstime_t begin;
    nstime_t end;
    bool refuted;               /* a frame that came out of its order is of that time */
} silence;

/* They are in the order of their times: the first one that ends later. */
static unsigned
silence_after(const teams_model *model, const nstime_t *time)
{
    unsigned low = 0, high = model->clock.silences == NULL ? 0 : wmem_array_get_count(model->clock.silences);

    while (low < high) {
        const unsigned middle = low + (high - low) / 2;

        if (nstime_cmp(&((silence *)wmem_array_index(model->clock.silences, middle))->end, time) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static silence *
silence_at(const teams_model *model, unsigned i)
{
    return model->clock.silences == NULL || i >= wmem_array_get_count(model->clock.silences) ? NULL :
        (silence *)wmem_array_index(model->clock.silences, i);
}

/* First pass: before the frame is the latest one. */
static void
follow_silence(teams_model *model)
{
    const silence fresh = { .begin = model->clock.latest, .end = model->clock.now };

    if (nstime_cmp(&fresh.end, &fresh.begin) < 0) {
        silence *within = silence_at(model, silence_after(model, &fresh.end));

        if (within != NULL && nstime_cmp(&within->begin, &fresh.end) < 0)
            within->refuted = true;
        return;
    }
    if (model->call_count == 0 || ts_seconds(&fresh.begin, &fresh.end) < SILENCE_SECONDS)
        return;
    if (model->clock.silences == NULL)
        model->clock.silences = wmem_array_new(wmem_file_scope(), sizeof(silence));
    wmem_array_append_one(model->clock.silences, fresh);
}

bool
teams_clock_is_silent(const nstime_t *begin, const nstime_t *end, double around)
{
    const double seconds = ts_seconds(begin, end);
    nstime_t half, middle;

    nstime_delta(&half, end, begin);
    half = (nstime_t) { .secs = half.secs / 2, .nsecs = half.nsecs / 2 + half.secs % 2 * 500000000 };
    nstime_sum(&middle, begin, &half);
    /* A silence that is more than half of the time covers its middle: of many, that one alone need be looked at. */
    const silence *found = silence_at(teams_model_get(), silence_after(teams_model_get(), &middle));

    if (found == NULL || found->refuted || nstime_cmp(&found->begin, &middle) > 0)
        return false;
    const nstime_t *from = nstime_cmp(&found->begin, begin) > 0 ? &found->begin : begin;
    const nstime_t *to = nstime_cmp(&found->end, end) < 0 ? &found->end : end;

    return seconds - ts_seconds(from, to) <= around;
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
teams_clock_frame(teams_model *model, packet_info *pinfo, const ts_frame_info *infos)
{
    if (PINFO_FD_VISITED(pinfo)) {
        teams_clock_again(model, pinfo);
        return;
    }
    if (model->clock.changes == NULL) {
        model->clock.changes = wmem_tree_new(wmem_file_scope());
        model->clock.latest = model->first = model->last = pinfo->abs_ts;
    }
    model->clock.frame = pinfo->num;
    follow(model, pinfo, infos);
    nstime_sum(&model->clock.now, &pinfo->abs_ts, &model->clock.shift);
    follow_silence(model);
    model->clock.fine = model->clock.fine || pinfo->abs_ts.nsecs % COARSE_NANOSECONDS != 0;
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

bool
teams_clock_is_fine(void)
{
    return teams_model_get()->clock.fine;
}

const teams_clock_steps *
teams_clock_steps_back(void)
{
    return &teams_model_get()->clock.back;
}

const teams_clock_steps *
teams_clock_steps_forward(void)
{
    return &teams_model_get()->clock.forward;
}
