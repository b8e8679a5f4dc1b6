# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the files of a configuration profile as Wireshark does."""

import re
import typing

import harness

FOLDER = harness.ROOT / "profiles/Teams"

UAT_STRING = re.compile('"([^"]*)"')
UAT_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")
FILTER_LINE = re.compile(r'"([^"]*)" +(.+)')
COLOUR_RULE = re.compile(r"@([^@]+)@([^@]+)@\[(\d+),(\d+),(\d+)\]\[(\d+),(\d+),(\d+)\]")
COLUMN = re.compile(r'"([^"]*)", "([^"]*)"')
FIELD_OF_COLUMN = re.compile(r"%Cus:([^:]+):\d+:[RU]")


class ColourRule(typing.NamedTuple):
    name: str
    filter: str
    background: tuple   # red, green, blue; 0 to 1
    text: tuple


def lines(name):
    """The lines of a file that are neither empty nor a comment."""
    return [line for line in (FOLDER / name).read_text().splitlines() if line and not line.startswith("#")]


def uat(name):
    """The records of a user table, as lists of strings."""
    def unescape(text):
        return UAT_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return [[unescape(value) for value in UAT_STRING.findall(line)] for line in lines(name)]


def colour_rules():
    """The colour rules in their order, every line of the file being one."""
    rules = []
    for line in lines("colorfilters"):
        match = COLOUR_RULE.fullmatch(line)
        assert match, f"no colour rule: {line}"
        values = tuple(int(value) / 65535 for value in match.groups()[2:])
        rules.append(ColourRule(match[1], match[2], values[:3], values[3:]))
    return rules


def named_filters(name="dfilters"):
    """Name -> expression of a file of named filters, or of macros as Wireshark 4.4 and later keep them."""
    found = {}
    for line in lines(name):
        match = FILTER_LINE.fullmatch(line)
        assert match, f"no named filter: {line}"
        found[match[1]] = match[2]
    return found


def buttons():
    """Label -> expression of the filter buttons."""
    return {label: expression for _, label, expression, _ in uat("dfilter_buttons")}


def columns():
    """Title -> format of the columns."""
    text = (FOLDER / "preferences").read_text()
    start = text.index("gui.column.format:")
    return dict(COLUMN.findall(text[start:text.index("\n\n", start)]))


def column_fields():
    """The fields that columns show."""
    return [field for match in map(FIELD_OF_COLUMN.fullmatch, columns().values()) if match for field in match[1].split(" or ")]


def column_widths():
    """Format of a column, as the file of recent settings has it -> its width in pixels."""
    line, = lines("recent")
    words = line.removeprefix("column.width: ").split(", ")
    # Without quotes Wireshark drops the spaces of a format, and then does not find its column.
    assert not any(" " in word and not (word[0] == word[-1] == '"') for word in words[::2])
    return dict(zip((word.strip('"') for word in words[::2]), map(int, words[1::2])))


def preferences():
    """Name -> value of the preferences with a value on their own line."""
    pairs = (line.split(": ", 1) for line in lines("preferences") if ": " in line)
    return dict(pairs)
