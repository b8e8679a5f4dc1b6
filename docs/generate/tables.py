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
ATTRIBUTE_TABLE = "ms-stun/stun_attributes.c"
# Protocol -> the carriers of the rows that it decodes.
ATTRIBUTE_CARRIERS = {
    "ms_turn": ("MS_TURN", "BOTH"),
    "teams_stun": ("CHECKS", "BOTH"),
}
ATTRIBUTE_ROW = re.compile(
    r'^    \{ 0x([0-9A-F]{4}), "([^"]*)", STUN_IN_(\w+), .*, "([^"]*)", "([^"]*)" \},$', re.MULTILINE)


class Diagnostic(typing.NamedTuple):
    filter: str
    severity: str       # "error", "warning", "note", "chat"
    summary: str
    advice: str


class Attribute(typing.NamedTuple):
    type: int
    name: str
    where: str          # specification and messages


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


def conclusions():
    """The codes of what the end of the capture shows of a sign-in's connections."""
    return re.findall(r'^DIAGNOSTIC\(\w+, "([^"]+)"', source("teams/session/connection_conclusions.def"), re.MULTILINE)


def attributes(protocol):
    """The attributes that a protocol decodes, by type."""
    return sorted(Attribute(int(number, 16), name, f"{section}; {where}")
                  for number, name, carriers, section, where in ATTRIBUTE_ROW.findall(source(ATTRIBUTE_TABLE))
                  if carriers in ATTRIBUTE_CARRIERS[protocol])


def csv_rows(name):
    with open(PLUGINS / "teams-dns/data" / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
