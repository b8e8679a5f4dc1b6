/* frame_names.h
 * What a frame shows of its names: made on the first pass, shown on every pass
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_FRAME_NAMES_H
#define TEAMSHARK_FRAME_NAMES_H

#include "diagnostics.h"

typedef struct {
    const ts_name_class *view;
    ts_name_role role;
    bool possible;
    const char *chain;
    unsigned chain_length;      /* names in the chain */
    const char *prefix;
} ts_shown_name;

typedef struct {
    ts_diagnostic diagnostic;
    int name;                   /* index of the name that it is about; -1: none that is shown */
    const char *text;
} ts_shown_finding;

/* A message of the frame; file scope. */
typedef struct ts_shown_message {
    struct ts_shown_message *next;
    const char *summary;
    ts_shown_name *names;
    unsigned name_count;
    ts_shown_finding *findings;
    unsigned finding_count;
} ts_shown_message;

/*
 * Keeps what a message says for later passes, and leaves a record of it for the
 * umbrella. findings may be NULL. NULL where there is nothing to show.
 */
ts_shown_message *ts_frame_names_keep(const ts_message *message, wmem_array_t *findings);

#endif /* TEAMSHARK_FRAME_NAMES_H */
