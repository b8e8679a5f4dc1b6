/* json.h
 * Is a text one JSON value (RFC 8259)?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_FUZZ_JSON_H
#define TEAMSHARK_FUZZ_JSON_H

#include <stdbool.h>

bool is_json(const char *text);

#endif /* TEAMSHARK_FUZZ_JSON_H */
