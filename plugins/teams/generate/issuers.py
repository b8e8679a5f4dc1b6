#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiles data/issuers.csv, whose certificates Microsoft's services use, into a table: issuers.py CSV HEADER."""

import csv
import pathlib
import sys


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main():
    source, target = map(pathlib.Path, sys.argv[1:])
    lines = [f"/* Generated from {source.name}. */", "",
             "static const struct {", "    const char *issuer;", "    bool prefix;", "    const char *organisation;",
             "} issuers[] = {"]
    with source.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["match"] not in ("exact", "prefix") or not row["source"]:
                sys.exit(f"{source}: {row['issuer']}: match or source is missing")
            prefix = "true" if row["match"] == "prefix" else "false"
            lines.append(f"    {{ {quoted(row['issuer'])}, {prefix}, {quoted(row['organisation'])} }},")
    target.write_text("\n".join(lines + ["};", ""]), encoding="utf-8")


main()
