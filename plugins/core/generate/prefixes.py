"""prefixes.csv: address prefixes by use, cloud, endpoint set and date.

SPDX-License-Identifier: GPL-2.0-or-later
"""
import ipaddress
import os

import table

COLUMNS = ["prefix", "use", "cloud", "set", "valid_from", "valid_to", "web", "source", "note"]
# In the order of ts_prefix_use: where two rows have one prefix, the first use wins.
USES = ["media", "service", "identity", "edge", "observed-relay", "observed-flightproxy"]


def read(data, clouds, codes):
    rows = table.read(os.path.join(data, "prefixes.csv"), COLUMNS)
    for row in rows:
        try:
            row.network = ipaddress.ip_network(row["prefix"])
        except ValueError as error:
            row.fail(f"bad prefix: {error}")
        if str(row.network) != row["prefix"]:
            row.fail(f"prefix '{row['prefix']}' is written '{row.network}'")
        row.one_of("use", USES)
        row.one_of("cloud", clouds)
        # shared: on ports 80 and 443 others than Teams answer, too.
        row.one_of("web", ["", "shared"])
        if row["set"] and not row["set"].isdigit():
            row.fail(f"endpoint set '{row['set']}' is not a number")
        row.period = table.period(row)
        if row["use"].startswith("observed") and 0 in row.period:
            row.fail("an observed prefix needs both dates")
        table.check_source(row, codes)
    table.unique(rows, "prefix", "cloud", "use")
    return rows


def parents(rows):
    """For each row of the sorted list the next wider one that covers it, or -1."""
    result, stack = [], []
    for index, row in enumerate(rows):
        while stack and not row.network.subnet_of(rows[stack[-1]].network):
            stack.pop()
        result.append(stack[-1] if stack else -1)
        stack.append(index)
    return result


def generate(rows):
    out = ['#include "core/prefixes_data.h"']
    for family in (4, 6):
        part = [row for row in rows if row.network.version == family]
        part.sort(key=lambda row: (int(row.network.network_address), row.network.prefixlen, -USES.index(row["use"])))
        out.append(f"const ts_prefix_node ts_prefixes{family}[] = {{")
        for row, parent in zip(part, parents(part)):
            packed = ", ".join(f"0x{byte:02x}" for byte in row.network.network_address.packed)
            out.append(f"    {{ {{ {table.quote(row['prefix'])}, {family}, {row.network.prefixlen}, {{ {packed} }}, "
                       f"TS_PREFIX_{row['use'].upper().replace('-', '_')},\n        {table.quote(row['cloud'])}, {table.quote(row['set'])}, "
                       f"{row.period[0]}, {row.period[1]}, {'true' if row['web'] else 'false'}, {table.quote(row['source'])} }}, {parent} }},")
        out.append("};")
        out.append(f"const size_t ts_prefixes{family}_count = {len(part)};")
    return out
