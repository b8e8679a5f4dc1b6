/* sequence_none.c
 * In place of sequence.c, where Wireshark's header for it is not installed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report/report.h"

void
teams_sequence_register(int proto)
{
    (void)proto;
}
