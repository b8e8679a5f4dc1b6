"""Reads the data files: one row a line, every mistake with file, line and reason.

SPDX-License-Identifier: GPL-2.0-or-later
"""
import csv
import os


class DataError(Exception):
    """A row that can't be used. str() is "file:line: reason"."""

    def __init__(self, place, reason):
        super().__init__(f"{place}: {reason}")


class Row(dict):
    """The cells of one line by column name, and where it stands."""

    def __init__(self, cells, place):
        super().__init__(cells)
        self.place = place

    def fail(self, reason):
        raise DataError(self.place, reason)

    def one_of(self, column, allowed, what=None):
        value = self[column]
        if value not in allowed:
            self.fail(f"unknown {what or column} '{value}'")
        return value

    def filled(self, *columns):
        for column in columns:
            if not self[column]:
                self.fail(f"empty {column}")


def read(path, columns):
    """The rows of a CSV file that has exactly these columns."""
    shown = os.path.basename(path)
    with open(path, "rb") as handle:
        lines = handle.read().split(b"\n")
    text = []
    for number, line in enumerate(lines, 1):
        try:
            text.append(line.decode("ascii"))
        except UnicodeDecodeError as error:
            raise DataError(f"{shown}:{number}", f"byte {line[error.start]:#04x} is not ASCII") from None
    rows = []
    for number, line in enumerate(text, 1):
        if not line and number == len(text):
            break
        place = f"{shown}:{number}"
        if line.endswith("\r"):
            raise DataError(place, "the line ends in a carriage return")
        if not line.strip():
            raise DataError(place, "empty line")
        try:
            cells = next(csv.reader([line], strict=True))
        except csv.Error as error:
            raise DataError(place, f"not a CSV row ({error})") from None
        if number == 1:
            if cells != columns:
                raise DataError(place, f"the columns are {','.join(cells)}; expected {','.join(columns)}")
            continue
        if len(cells) != len(columns):
            raise DataError(place, f"{len(cells)} cells; expected {len(columns)}")
        for cell in cells:
            if cell != cell.strip():
                raise DataError(place, f"space around '{cell.strip()}'")
            if any(ord(char) < 32 for char in cell):
                raise DataError(place, "control character")
        rows.append(Row(zip(columns, cells), place))
    if not rows:
        raise DataError(f"{shown}:1", "no rows")
    return rows


def unique(rows, *columns):
    """Refuses two rows that are equal in these columns."""
    seen = {}
    for row in rows:
        key = tuple(row[column] for column in columns)
        if key in seen:
            row.fail(f"duplicate {' '.join(part for part in key if part)}, first in line {seen[key].split(':')[-1]}")
        seen[key] = row.place


def date(row, column):
    """A yyyy-mm cell as the number yyyymm, 0 where the cell is empty."""
    text = row[column]
    if not text:
        return 0
    year, dash, month = text.partition("-")
    if not (dash and len(year) == 4 and len(month) == 2 and year.isdigit() and month.isdigit()
            and 1990 <= int(year) <= 2100 and 1 <= int(month) <= 12):
        row.fail(f"{column} '{text}' is not yyyy-mm")
    return int(year) * 100 + int(month)


def period(row):
    first, last = date(row, "valid_from"), date(row, "valid_to")
    if first and last and first > last:
        row.fail(f"valid_from {row['valid_from']} is after valid_to {row['valid_to']}")
    return first, last


def check_pattern(row, pattern, match):
    """The rules of plugins/core/names.h for a pattern, see ts_name_row_check()."""
    if not pattern:
        row.fail("empty pattern")
    if pattern != pattern.lower():
        row.fail(f"pattern '{pattern}' is not in lower case")
    if len(pattern) > 253:
        row.fail("pattern longer than 253 characters")
    for char in pattern:
        if not (char.isalnum() or char in "-_.*"):
            row.fail(f"pattern '{pattern}' has the character '{char}'")
    if any(not label for label in pattern.split(".")):
        row.fail(f"pattern '{pattern}' has an empty label")
    if any(len(label) > 63 for label in pattern.split(".")):
        row.fail(f"pattern '{pattern}' has a label longer than 63 characters")
    if match == "glob":
        if "*" not in pattern:
            row.fail(f"glob '{pattern}' has no wildcard")
        if "***" in pattern:
            row.fail(f"glob '{pattern}' has three stars in a row")
        if not pattern.strip("*."):
            row.fail(f"glob '{pattern}' matches every name")
    elif "*" in pattern:
        row.fail(f"wildcard in {match} pattern '{pattern}'")


def source_codes(data):
    """The codes of the table in SOURCES.md."""
    codes = set()
    with open(os.path.join(data, "SOURCES.md"), encoding="ascii") as handle:
        for line in handle:
            if line.startswith("| `"):
                codes.add(line.split("`")[1])
    return codes


def check_source(row, codes):
    """Codes joined by ';', each with an optional #endpoint set."""
    row.filled("source")
    for code in row["source"].split(";"):
        if code.partition("#")[0] not in codes:
            row.fail(f"source '{code}' is not in SOURCES.md")


def quote(text):
    """A C string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("??", "?\\?") + '"'


def write(path, lines):
    with open(path, "w", encoding="ascii") as handle:
        handle.write("\n".join(lines) + "\n")
