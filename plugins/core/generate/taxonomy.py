"""taxonomy.csv: the patterns of names and what they say.

SPDX-License-Identifier: GPL-2.0-or-later
"""
import os

import enumerations
import table

COLUMNS = ["pattern", "match", "product", "service", "stage", "infra", "cloud", "trust", "asked_by", "valid_to", "tokens",
           "description", "source", "confidence"]
MATCHES = ["exact", "suffix", "glob"]
# A name that only a client of Teams or Skype asks for; shared: Windows, Office, browsers and servers do, too.
ASKED_BY = ["teams-client", "shared"]
TOKENS = ["all", "region", "none"]


def read(data, values, codes):
    rows = table.read(os.path.join(data, "taxonomy.csv"), COLUMNS)
    for row in rows:
        row.one_of("match", MATCHES)
        table.check_pattern(row, row["pattern"], row["match"])
        for kind in enumerations.KINDS:
            row.one_of(kind, enumerations.values(values, kind))
        row.one_of("asked_by", ASKED_BY)
        row.last = table.date(row, "valid_to")
        row.one_of("tokens", TOKENS)
        row.filled("description")
        table.check_source(row, codes)
    table.unique(rows, "pattern", "match")
    # One product after the other, in the order of enumerations.csv, by service within it.
    products = enumerations.values(values, "product")
    last = (-1, "")
    for row in rows:
        here = (products.index(row["product"]), row["service"])
        if here < last:
            row.fail(f"{row['product']} {row['service']} stands after {products[last[0]]} {last[1]}")
        last = here
    return rows


# Clouds with a Teams zone of their own have the hosts of the worldwide one below it, as far as is known.
ZONE = "teams.microsoft.com"
TWINS = [("gov.teams.microsoft.us", "gcc-high"), ("dod.teams.microsoft.us", "dod"), ("gcc.teams.microsoft.com", "gcc")]


def twins(rows):
    """The rows below ZONE for the other clouds, less confident, where no row of theirs says more."""
    known = {(row["pattern"], row["match"]) for row in rows}
    found = []
    for row in rows:
        if not row["pattern"].endswith("." + ZONE) or row["cloud"] != "worldwide":
            continue
        for zone, cloud in TWINS:
            pattern = row["pattern"][:-len(ZONE)] + zone
            if (pattern, row["match"]) not in known:
                found.append(table.Row({**row, "pattern": pattern, "cloud": cloud, "confidence": "low",
                                        "source": row["source"] + ";INFERRED"}, row.place))
                found[-1].last = row.last
    return found


def generate(rows):
    rows = rows + twins(rows)
    out = ["const ts_name_row ts_shipped_rows[] = {"]
    for row in rows:
        kinds = ", ".join(enumerations.constant(kind, row[kind]) for kind in enumerations.KINDS)
        out.append(f"    {{ {table.quote(row['pattern'])}, TS_MATCH_{row['match'].upper()}, "
                   f"TS_TOKENS_{row['tokens'].upper()}, {kinds},\n      "
                   f"{'true' if row['asked_by'] == 'teams-client' else 'false'}, {row.last},\n"
                   f"      {table.quote(row['description'])},\n"
                   f"      {table.quote(row['source'])} }},")
    return out + ["};", f"const size_t ts_shipped_count = {len(rows)};"]
