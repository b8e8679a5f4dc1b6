"""tokens.csv: what parts of names stand for.

SPDX-License-Identifier: GPL-2.0-or-later
"""
import os

import table

COLUMNS = ["token", "kind", "canonical", "meaning", "continent", "source", "confidence"]
# Kinds that are read from names come first; the others are for people.
READ = ["geo", "exo-geo", "azure-region", "azure-region-3", "azure-region-long", "o365-dc", "sfb-forest",
        "environment", "part"]
KINDS = READ + ["dc-suffix", "cloud", "routing", "role", "infra-suffix"]
CONTINENTS = ["", "eu", "na", "sa", "as", "oc", "af", "me"]


def read(data, confidences, codes):
    rows = table.read(os.path.join(data, "tokens.csv"), COLUMNS)
    for row in rows:
        row.one_of("kind", KINDS)
        row.filled("token", "meaning")
        row.one_of("continent", CONTINENTS)
        row.one_of("confidence", confidences)
        if row["token"] != row["token"].lower():
            row.fail(f"token '{row['token']}' is not in lower case")
        if row["kind"] in READ and not row["token"].isalnum():
            row.fail(f"token '{row['token']}' is not letters and digits")
        if len(row["token"]) > 63:
            row.fail("token longer than a label")
        table.check_source(row, codes)
    table.unique(rows, "token", "kind")
    return rows


def generate(rows):
    """Sorted by token, so that the rows of one token stand together."""
    rows = sorted(rows, key=lambda row: (row["token"], KINDS.index(row["kind"])))
    out = ["const ts_token_row ts_token_rows[] = {"]
    for row in rows:
        cells = ", ".join(table.quote(row[column]) for column in COLUMNS[:5])
        out.append(f"    {{ {cells}, TS_CONFIDENCE_{row['confidence'].upper()} }},")
    out += ["};", f"const size_t ts_token_count = {len(rows)};", "const uint8_t ts_token_kinds[] = {"]
    for row in rows:
        kind = row["kind"] if row["kind"] in READ else "other"
        out.append(f"    TS_TOKEN_{kind.upper().replace('-', '_')},")
    return out + ["};"]
