# SPDX-License-Identifier: GPL-2.0-or-later
"""The public interface: what tshark says our protocols and fields are, and what is frozen.

Run as a script it prints the lines that tests/interface.txt lacks, to be looked at
before they are added there."""

import pathlib
import typing

import harness

PROTOCOLS = ("teams_dns", "ms_turn", "teams_stun", "teams_flightproxy", "teams")
FROZEN = pathlib.Path(__file__).with_name("interface.txt")
PENDING = "pending"


class Field(typing.NamedTuple):
    label: str
    name: str
    type: str
    blurb: str


def registered():
    """Name -> Field of every field of ours, expert items among them."""
    found = {}
    for line in harness.tshark("-G", "fields").splitlines():
        kind, *columns = line.split("\t")
        if kind == "F" and columns[1].split(".")[0] in PROTOCOLS:
            found[columns[1]] = Field(columns[0], columns[1], columns[2], columns[6] if len(columns) > 6 else "")
    return found


def frozen():
    """Name -> type in tests/interface.txt; PENDING as the type of what is still to come."""
    lines = (line.split() for line in FROZEN.read_text(encoding="utf-8").splitlines())
    return {words[0]: words[1] for words in lines if words and not words[0].startswith("#")}


if __name__ == "__main__":
    known = frozen()
    for name, field in sorted(registered().items()):
        if known.get(name) != field.type:
            print(f"{name:40} {field.type}")
