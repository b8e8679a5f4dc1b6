/* names_lookalike.c
 * Names that imitate Microsoft's sign-in names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/names.h"

const char *
ts_names_lookalike(const char *name, size_t length)
{
    (void)name;
    (void)length;
    return NULL;
}
