#!/usr/bin/env python3
"""Compiles the data files of plugins/teams-dns/data into C tables.

SPDX-License-Identifier: GPL-2.0-or-later
Usage: compile.py DATA_DIR OUTPUT_DIR
A bad row ends it with "file:line: reason" on standard error and status 1.
"""
import os
import sys

import endpoint_sets
import enumerations
import key_names
import paths
import prefixes
import table
import taxonomy
import tokens

DATA_HEADER = ["/* Generated from plugins/teams-dns/data; do not edit. */", '#include "core/names_data.h"']


def main(data, output):
    codes = table.source_codes(data)
    values = enumerations.read(data)
    clouds = enumerations.values(values, "cloud")
    confidences = enumerations.values(values, "confidence")
    header, source = enumerations.generate(values)
    names = DATA_HEADER + taxonomy.generate(taxonomy.read(data, values, codes))
    names += tokens.generate(tokens.read(data, confidences, codes))
    networks = prefixes.read(data, clouds, codes)
    names += endpoint_sets.generate(endpoint_sets.read(data, clouds, codes), networks)
    names += key_names.generate(key_names.read(data, codes))
    requests = DATA_HEADER[:1] + paths.generate(paths.read(data, values, codes), paths.read_regions(data, confidences, codes))
    addresses = DATA_HEADER[:1] + prefixes.generate(networks)
    # Nothing is written before everything is read: a failed build leaves no half of a table.
    table.write(os.path.join(output, "ts_taxonomy.h"), header)
    table.write(os.path.join(output, "ts_taxonomy.c"), source)
    table.write(os.path.join(output, "ts_names_data.c"), names)
    table.write(os.path.join(output, "ts_prefixes_data.c"), addresses)
    table.write(os.path.join(output, "ts_paths_data.c"), requests)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except table.DataError as problem:
        sys.exit(str(problem))
