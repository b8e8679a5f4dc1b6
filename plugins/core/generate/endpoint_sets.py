"""endpoint_sets.csv: the names that Microsoft lists, by cloud and endpoint set.

SPDX-License-Identifier: GPL-2.0-or-later
"""
import os

import table

COLUMNS = ["cloud", "set", "category", "required", "pattern", "match", "valid_from", "valid_to", "source"]
CATEGORIES = ["Optimize", "Allow", "Default"]


def read(data, clouds, codes):
    rows = table.read(os.path.join(data, "endpoint_sets.csv"), COLUMNS)
    for row in rows:
        row.one_of("cloud", clouds)
        if not row["set"].isdigit():
            row.fail(f"endpoint set '{row['set']}' is not a number")
        row.one_of("category", CATEGORIES)
        row.one_of("required", ["yes", "no"])
        row.one_of("match", ["exact", "suffix", "glob"])
        table.check_pattern(row, row["pattern"], row["match"])
        row.period = table.period(row)
        table.check_source(row, codes)
    table.unique(rows, "cloud", "set", "pattern", "match", "valid_from")
    return rows


def generate(rows):
    """What is required by the newest list known: the others say nothing to the plugin."""
    out = ["const ts_required_row ts_required_rows[] = {"]
    rows = [row for row in rows if row["required"] == "yes" and not row.period[1]]
    for row in rows:
        out.append(f"    {{ {table.quote(row['pattern'])}, {len(row['pattern'])}, TS_MATCH_{row['match'].upper()}, "
                   f"TS_CLOUD_{row['cloud'].upper().replace('-', '_')}, {table.quote(row['set'])} }},")
    return out + ["};", f"const size_t ts_required_count = {len(rows)};"]
