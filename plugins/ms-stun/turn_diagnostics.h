/* turn_diagnostics.h
 * The expert items of ms_turn
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_MS_TURN_DIAGNOSTICS_H
#define TEAMSHARK_MS_TURN_DIAGNOSTICS_H

#include "common/ws_compat.h"

typedef enum {
#define DIAGNOSTIC(name, group, severity, what, advice) MS_TURN_DIAGNOSTIC_##name,
#include "turn_diagnostics.def"
#undef DIAGNOSTIC
    MS_TURN_DIAGNOSTIC_COUNT
} ms_turn_diagnostic;

#define MS_TURN_BIT(name) (UINT64_C(1) << MS_TURN_DIAGNOSTIC_##name)

void ms_turn_diagnostics_register(int proto);

/* Adds the expert item; detail ("" for none) follows what it says. */
void ms_turn_diagnose(packet_info *pinfo, proto_item *item, ms_turn_diagnostic diagnostic, const char *detail);

/* The same for every bit that is set. */
void ms_turn_diagnose_all(packet_info *pinfo, proto_item *item, uint64_t diagnostics);

#endif /* TEAMSHARK_MS_TURN_DIAGNOSTICS_H */
