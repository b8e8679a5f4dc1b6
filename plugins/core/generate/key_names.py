"""key_names.csv: the names that phishing imitates, and the zones that are Microsoft's own.

SPDX-License-Identifier: GPL-2.0-or-later
"""
import os

import table

COLUMNS = ["name", "kind", "distance", "imitates", "note", "source"]
KINDS = ["host", "zone", "owned", "brand"]


def read(data, codes):
    rows = table.read(os.path.join(data, "key_names.csv"), COLUMNS)
    for row in rows:
        row.one_of("kind", KINDS)
        table.check_pattern(row, row["name"], "exact")
        row.one_of("distance", ["0", "1", "2"])
        row.filled("imitates")
        table.check_source(row, codes)
    table.unique(rows, "name", "kind")
    return rows


def generate(rows):
    out = ["const ts_key_name ts_key_names[] = {"]
    for row in rows:
        out.append(f"    {{ {table.quote(row['name'])}, {len(row['name'])}, TS_KEY_{row['kind'].upper()}, "
                   f"{row['distance']}, {table.quote(row['imitates'])} }},")
    return out + ["};", f"const size_t ts_key_count = {len(rows)};"]
