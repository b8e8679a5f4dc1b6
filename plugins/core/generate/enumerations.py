"""enumerations.csv: the values that rows of the taxonomy may have.

SPDX-License-Identifier: GPL-2.0-or-later
"""
import os
import re

import table

COLUMNS = ["kind", "value", "label", "description"]
KINDS = ["product", "service", "stage", "infra", "cloud", "trust", "confidence"]
SHOWN = ["product", "service", "infra"]     # to people, by their labels
READ = ["cloud"]                           # from text


def read(data):
    rows = table.read(os.path.join(data, "enumerations.csv"), COLUMNS)
    for row in rows:
        row.one_of("kind", KINDS)
        row.filled(*COLUMNS)
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["value"]):
            row.fail(f"value '{row['value']}' is not lower case words joined by '-'")
    table.unique(rows, "kind", "value")
    table.unique(rows, "kind", "label")
    return rows


def values(rows, kind):
    return [row["value"] for row in rows if row["kind"] == kind]


def constant(kind, value):
    return f"TS_{kind}_{value or 'unknown'}".upper().replace("-", "_")


def generate(rows):
    """The lines of ts_taxonomy.h and of ts_taxonomy.c: a value's name as in the tables, its label for people, and the way back."""
    header = ["/* Generated from enumerations.csv; do not edit. */", "#ifndef TS_TAXONOMY_H", "#define TS_TAXONOMY_H"]
    source = ["/* Generated from enumerations.csv; do not edit. */", '#include "ts_taxonomy.h"', "#include <string.h>"]
    texts = (("name", "value", KINDS), ("label", "label", SHOWN))
    for kind in KINDS:
        part = [row for row in rows if row["kind"] == kind]
        header.append("typedef enum {")
        header += [f"    {constant(kind, value)}," for value in [""] + values(rows, kind)]
        header += [f"    {constant(kind, 'count')}", f"}} ts_{kind};"]
        for what, column, kinds in texts:
            if kind not in kinds:
                continue
            source.append(f"static const char *const {kind}_{what}s[] = {{\n    \"\",")
            source += [f"    {table.quote(row[column])}," for row in part]
            source.append("};")
            header.append(f"const char *ts_{kind}_{what}(unsigned value);")
            source.append(f"const char *ts_{kind}_{what}(unsigned value)\n{{\n    return {kind}_{what}s[value];\n}}")
        if kind not in READ:
            continue
        header.append(f"ts_{kind} ts_{kind}_from_name(const char *text);")
        source.append(f"ts_{kind} ts_{kind}_from_name(const char *text)\n{{\n"
                      f"    for (unsigned i = 1; i < {constant(kind, 'count')}; i++) {{\n"
                      f"        if (strcmp({kind}_names[i], text) == 0)\n            return (ts_{kind})i;\n    }}\n"
                      f"    return {constant(kind, '')};\n}}")
    header.append("#endif")
    return header, source
