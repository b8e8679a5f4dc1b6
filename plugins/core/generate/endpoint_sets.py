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


# Sets whose addresses prefixes.csv has under another set or cloud, as its notes say.
SAME_ADDRESSES = {("worldwide", "12"), ("gcc-high", "31"), ("gcc-high", "13"), ("dod", "13")}


def generate(rows, prefixes):
    """What is required; optional names say nothing to the plugin."""
    listed = {(row["cloud"], row["set"]) for row in prefixes} | SAME_ADDRESSES
    out = ["const ts_required_row ts_required_rows[] = {"]
    rows = [row for row in rows if row["required"] == "yes"]
    for row in rows:
        out.append(f"    {{ {table.quote(row['pattern'])}, {len(row['pattern'])}, TS_MATCH_{row['match'].upper()}, "
                   f"TS_CLOUD_{row['cloud'].upper().replace('-', '_')}, {table.quote(row['set'])}, "
                   f"{'true' if (row['cloud'], row['set']) in listed else 'false'}, {row.period[0]}, {row.period[1]} }},")
    return out + ["};", f"const size_t ts_required_count = {len(rows)};"]
