/* turn_diagnostics.c
 * The expert items of ms_turn
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "turn_diagnostics.h"

#include "common/frame_info.h"

#include <epan/expert.h>

static expert_field diagnostic_fields[] = {
#define DIAGNOSTIC(name, group, severity, what, advice) EI_INIT,
#include "turn_diagnostics.def"
#undef DIAGNOSTIC
};

static ei_register_info diagnostics[] = {
#define DIAGNOSTIC(name, group, severity, what, advice) \
    { &diagnostic_fields[MS_TURN_DIAGNOSTIC_##name], \
      { "ms_turn." #name, PI_##group, PI_##severity, what ". " advice, EXPFILL } },
#include "turn_diagnostics.def"
#undef DIAGNOSTIC
};

static const struct {
    const char *what;
    const char *advice;
} texts[] = {
#define DIAGNOSTIC(name, group, severity, what, advice) { what, advice },
#include "turn_diagnostics.def"
#undef DIAGNOSTIC
};

G_STATIC_ASSERT(MS_TURN_DIAGNOSTIC_COUNT <= 64);

void
ms_turn_diagnostics_register(int proto)
{
    expert_register_field_array(expert_register_protocol(proto), diagnostics, array_length(diagnostics));
}

void
ms_turn_diagnose(packet_info *pinfo, proto_item *item, ms_turn_diagnostic diagnostic, const char *detail)
{
    if (detail[0] == '\0')
        expert_add_info(pinfo, item, &diagnostic_fields[diagnostic]);
    else
        expert_add_info_format(pinfo, item, &diagnostic_fields[diagnostic], "%s (%s). %s",
            texts[diagnostic].what, detail, texts[diagnostic].advice);
    ts_frame_info_add_problem(pinfo, diagnostics[diagnostic].eiinfo.severity);
}

void
ms_turn_diagnose_all(packet_info *pinfo, proto_item *item, uint64_t bits)
{
    for (unsigned i = 0; i < MS_TURN_DIAGNOSTIC_COUNT; i++) {
        if (bits & (UINT64_C(1) << i))
            ms_turn_diagnose(pinfo, item, (ms_turn_diagnostic)i, "");
    }
}
