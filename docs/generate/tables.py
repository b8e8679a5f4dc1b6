# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the tables in the plugins' sources: each row is one place where a thing is defined."""

import csv
import pathlib
import re
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
ADJACENT_STRINGS = re.compile(r'"\s+"')
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
INCLUDED_TABLE = re.compile(r'^#include "([^"]+\.def)"$', re.MULTILINE)
SEVERITIES = {"ERROR": "error", "WARN": "warning", "NOTE": "note", "CHAT": "chat"}

# Where each protocol's diagnostics are, and what a row is there (common/expert_table.h).
DIAGNOSTIC_TABLES = {
    "teams_dns": "teams-dns/dns_expert.def",
    "ms_turn": "ms-stun/turn_expert.def",
    "teams_stun": "ms-stun/stun_expert.def",
    "teams_flightproxy": "ms-stun/flightproxy_expert.def",
    "teams": "teams/session/teams_expert.def",
}
DIAGNOSTIC_ROW = re.compile(
    r'^DIAGNOSTIC\(\w+, "[^"]*", "([^"]*)", \w+, (\w+),\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)"\)$', re.MULTILINE)
ATTRIBUTE_TABLES = {
    "ms_turn": "ms-stun/turn_attributes.c",
    "teams_stun": "ms-stun/stun_attributes.c",
}
ATTRIBUTE_ROW = re.compile(r"^    \{ (?:0x([0-9A-F]{4})|(TS_ATTR_\w+)), +\"([^\"]*)\",(.*)\},$", re.MULTILINE)


class Diagnostic(typing.NamedTuple):
    filter: str
    severity: str       # "error", "warning", "note", "chat"
    summary: str
    advice: str


class Attribute(typing.NamedTuple):
    type: int
    name: str
    where: str          # specification and messages, "" where the table does not say


def source(path):
    """A source file without comments, with the tables that it includes, adjacent string literals being joined."""
    text = INCLUDED_TABLE.sub(lambda found: source(f"{path.split('/')[0]}/{found[1]}"), (PLUGINS / path).read_text())
    return ADJACENT_STRINGS.sub("", COMMENT.sub("", text))


def diagnostics(plugin):
    """The diagnostics of a protocol, in the order of its table."""
    text = source(DIAGNOSTIC_TABLES[plugin])
    return [Diagnostic(name, SEVERITIES[severity], summary, advice)
            for name, severity, summary, advice in DIAGNOSTIC_ROW.findall(text)]


def all_diagnostics():
    return [row for plugin in DIAGNOSTIC_TABLES for row in diagnostics(plugin)]


def constants():
    """Names -> numbers of the attribute types that have a name of their own."""
    text = "\n".join(path.read_text() for path in sorted(PLUGINS.glob("*/*.h")))
    pairs = re.findall(r"\b(TS_ATTR_\w+)\s*=?\s*(0x[0-9A-Fa-f]{4})\b", text)
    return {name: int(value, 16) for name, value in pairs}


def attributes(plugin):
    """The attributes that a plugin decodes, by type."""
    names = constants()
    found = []
    for number, constant, name, rest in ATTRIBUTE_ROW.findall(source(ATTRIBUTE_TABLES[plugin])):
        value = int(number, 16) if number else names[constant]
        found.append(Attribute(value, name, "; ".join(STRING.findall(rest))))
    return sorted(found)


def csv_rows(name):
    with open(PLUGINS / "teams-dns/data" / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
