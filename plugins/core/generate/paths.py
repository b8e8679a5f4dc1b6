"""paths.csv: what is asked for at a host by the path of an HTTP request; path_regions.csv: what stands for a region in one.

SPDX-License-Identifier: GPL-2.0-or-later
"""
import collections
import os
import re

import enumerations
import table

COLUMNS = ["host", "method", "path", "product", "service", "stage", "since", "description", "source", "confidence"]
REGION_COLUMNS = ["code", "meaning", "source", "confidence"]
REGION = re.compile(r"[a-z]{2,6}")
KINDS = ["product", "service", "stage"]
METHODS = ["", "GET", "POST", "PUT", "PATCH", "DELETE"]
SEGMENT = re.compile(r"\*\*?|\{region\}|[a-z0-9._-]+")
# Sources that are their owner's own word: one of them is enough for more than "low".
DOCUMENTS = ["ENTRADOC", "GRAPHDOC", "AZSDKIOS"]

# Clouds with a front door of their own: its paths are those of the worldwide one, as far as is known.
FRONT_DOOR = "teams.microsoft.com"
TWINS = ["gov.teams.microsoft.us", "dod.teams.microsoft.us", "gcc.teams.microsoft.com"]


def segments(path):
    return [part for part in path.split("/") if part]


def _check_path(row):
    path = row["path"]
    parts = segments(path)
    if path != "/" + "/".join(parts):
        row.fail(f"path '{path}' is not segments with a '/' before each")
    for part in parts:
        if not SEGMENT.fullmatch(part):
            row.fail(f"path '{path}' has the segment '{part}'")
    if "**" in parts[:-1]:
        row.fail(f"path '{path}' has '**' before its end")


def read(data, values, codes):
    rows = table.read(os.path.join(data, "paths.csv"), COLUMNS)
    for row in rows:
        row.filled("host", "path", "service", "stage", "description")
        for host in row["host"].split("|"):
            table.check_pattern(row, host, "glob" if "*" in host else "exact")
        row.one_of("method", METHODS)
        _check_path(row)
        for kind in KINDS + ["confidence"]:
            row.one_of(kind, enumerations.values(values, kind))
        table.date(row, "since")
        table.check_source(row, codes)
        sources = row["source"].split(";")
        if len(sources) == 1 and sources[0] not in DOCUMENTS and row["confidence"] != "low":
            row.fail(f"one source that is no document, and the confidence is {row['confidence']}")
    table.unique(rows, "host", "method", "path")
    return rows


def read_regions(data, confidences, codes):
    rows = table.read(os.path.join(data, "path_regions.csv"), REGION_COLUMNS)
    for row in rows:
        row.filled("code", "meaning")
        if not REGION.fullmatch(row["code"]):
            row.fail(f"code '{row['code']}' is not two to six letters in lower case")
        row.one_of("confidence", confidences)
        table.check_source(row, codes)
    table.unique(rows, "code")
    return rows


def expand(rows):
    """One row for each host; those of the front door again for other clouds, less confident, where no row of theirs is."""
    known = {(host, row["method"], row["path"]) for row in rows for host in row["host"].split("|")}
    for row in rows:
        hosts = row["host"].split("|")
        for host in hosts:
            yield table.Row({**row, "host": host}, row.place)
        for twin in TWINS if FRONT_DOOR in hosts else []:
            if (twin, row["method"], row["path"]) not in known:
                yield table.Row({**row, "host": twin, "confidence": "low", "source": row["source"] + ";INFERRED"}, row.place)


def generate(rows, regions):
    rows = sorted(expand(rows), key=lambda row: row["host"])    # those of one host together, in the order of the table
    words = sorted({part for row in rows for part in segments(row["path"]) if "*" not in part and "{" not in part})
    out = ['#include "core/paths_data.h"', "const ts_path_row ts_path_rows[] = {"]
    for row in rows:
        kinds = ", ".join(enumerations.constant(kind, row[kind]) for kind in KINDS + ["confidence"])
        out.append(f"    {{ {table.quote(row['host'])}, {table.quote(row['method'])}, {table.quote(row['path'])}, {kinds},\n"
                   f"      {table.date(row, 'since')}, {table.quote(row['description'])}, {table.quote(row['source'])} }},")
    out += ["};", "const ts_path_host ts_path_hosts[] = {"]
    counts = collections.Counter(row["host"] for row in rows)      # in their order
    out += [f"    {{ {table.quote(host)}, {len(host)}, {str('*' in host).lower()}, {count} }}," for host, count in counts.items()]
    out += ["};", f"const size_t ts_path_host_count = {len(counts)};", "const char *const ts_path_words[] = {"]
    out += [f"    {table.quote(word)}," for word in words]
    out += ["};", f"const size_t ts_path_word_count = {len(words)};", "const char *const ts_path_regions[] = {"]
    out += [f"    {table.quote(code)}," for code in sorted(row["code"] for row in regions)]
    return out + ["};", f"const size_t ts_path_region_count = {len(regions)};"]
