#!/usr/bin/env python3
"""Compiles the enumerations of the naming taxonomy into ts_taxonomy.h and .c.

SPDX-License-Identifier: GPL-2.0-or-later
Usage: taxonomy.py DATA_DIR OUTPUT_DIR
"""
import csv
import os
import sys


def main(data, output):
    kinds = {}
    with open(os.path.join(data, "enumerations.csv"), newline="", encoding="ascii") as handle:
        for row in csv.DictReader(handle):
            kinds.setdefault(row["kind"], []).append((row["value"], row["label"]))
    header = ["/* Generated from enumerations.csv; do not edit. */", "#ifndef TS_TAXONOMY_H", "#define TS_TAXONOMY_H"]
    source = ["/* Generated from enumerations.csv; do not edit. */", '#include "ts_taxonomy.h"', "#include <string.h>"]
    for kind, values in kinds.items():
        names = [f"TS_{kind.upper()}_UNKNOWN"] + [f"TS_{kind}_{value}".upper().replace("-", "_") for value, _ in values]
        header.append("typedef enum {\n    " + ",\n    ".join(names) + f",\n    TS_{kind.upper()}_COUNT\n}} ts_{kind};")
        header.append(f"const char *ts_{kind}_name(ts_{kind} value);")
        header.append(f"const char *ts_{kind}_label(ts_{kind} value);")
        header.append(f"ts_{kind} ts_{kind}_from_name(const char *text);")
        source.append(f"static const char *const {kind}_texts[][2] = {{\n    {{ \"\", \"\" }},\n" + "".join(
            f'    {{ "{value}", "{label}" }},\n' for value, label in values) + "};")
        for index, what in enumerate(("name", "label")):
            source.append(f"const char *ts_{kind}_{what}(ts_{kind} value)\n{{\n    return {kind}_texts[value][{index}];\n}}")
        source.append(f"ts_{kind} ts_{kind}_from_name(const char *text)\n{{\n    for (unsigned i = 1; i < TS_{kind.upper()}_COUNT; i++)\n"
                      f"        if (strcmp({kind}_texts[i][0], text) == 0)\n            return (ts_{kind})i;\n    return TS_{kind.upper()}_UNKNOWN;\n}}")
    header.append("#endif")
    for name, lines in (("ts_taxonomy.h", header), ("ts_taxonomy.c", source)):
        with open(os.path.join(output, name), "w", encoding="ascii") as handle:
            handle.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
