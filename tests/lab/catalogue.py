# SPDX-License-Identifier: GPL-2.0-or-later
"""The catalogue as objects: catalogue.txt (one row per capture), codes.txt (how the reports name a cause) and names.csv (what a site's client asks for)."""

import dataclasses
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SEVERITIES = ("ok", "note", "warning", "error")
LISTS = {"nx", "empty", "fail", "spoil", "where", "mute", "steps", "proxy_deny", "refuse_types", "reset_sni", "swallow_sni",
         "swallow_cert", "idle_hosts", "drop_tcp", "drop_udp", "drop_tcp6", "admin_tcp", "admin_tcp6", "admin_udp", "rst_tcp",
         "rst_tcp6", "unreachable_tcp", "unreachable_udp", "port_udp", "port_tcp", "more_relays", "deaf_tcp", "lose", "talk",
         "reject", "quiet", "hold_host", "lookup"}
MAPS = {"point", "extra", "cut", "status", "answer", "first", "repeat"}
WORDS = {"server_tls", "server_ciphers", "client_tls", "client_ciphers", "intercept", "proxy_status"}


@dataclasses.dataclass(frozen=True)
class Name:
    """A row of names.csv."""
    site: str
    stage: str
    name: str
    aliases: tuple
    address: str
    address6: str


@dataclasses.dataclass(frozen=True)
class Proof:
    """A display filter of stock Wireshark and how many frames it must find: "3+", "0", "1-9"."""
    least: int
    most: int
    filter: str

    def holds(self, count):
        return self.least <= count <= self.most

    def __str__(self):
        most = "or more" if self.most == sys.maxsize else f"to {self.most}"
        return f"{self.least} {most} of {self.filter}"


@dataclasses.dataclass(frozen=True)
class Row:
    cause: str
    variant: str
    site: str
    link: str
    client: str
    settings: dict
    severity: str
    expected: str
    shows: tuple

    @property
    def name(self):
        return f"{self.cause}-{self.variant}"

    @property
    def words(self):
        """Each must be in the report, in any case; a|b means either."""
        return [word.strip() for word in self.expected.split(",") if word.strip()]

    @property
    def codes(self):
        """Those of docs/causes.md that the report needs."""
        return CODES.get((self.cause, self.variant), CODES.get((self.cause, None), ()))

    def names(self):
        """The site's names without its relays."""
        return [name for name in NAMES if name.site == self.site and name.stage != "media"]

    def relays(self):
        """Those of the site, and more_relays (addresses) with names of their own."""
        more = [Name(self.site, "media", f"more{n}.relay.teams.microsoft.com", (), address, "")
                for n, address in enumerate(self.settings.get("more_relays", []))]
        return [name for name in NAMES if name.site == self.site and name.stage == "media"] + more


def value(key, text):
    if key in LISTS:
        return [int(word) if key == "refuse_types" else word for word in text.split(",")]
    if key in MAPS:
        pairs = dict(entry.split(">") for entry in text.split(","))
        return {k: int(v) for k, v in pairs.items()} if key in ("cut", "status") else pairs
    if key in WORDS:
        return text.replace(",", " ")
    if re.fullmatch(r"\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"\d*\.\d+", text) else text


def settings(text):
    """Words KEY=VALUE, or KEY alone for yes."""
    pairs = (word.partition("=") for word in text.split())
    return {key: value(key, given) if sign else True for key, sign, given in pairs}


def proof(text):
    least, most, rest = re.fullmatch(r"(?:(\d+)(\+|-\d+)?\s+)?(.+)", text.strip()).groups()
    if least is None:
        return Proof(1, sys.maxsize, rest)
    if most is None:
        return Proof(int(least), int(least), rest)
    return Proof(int(least), sys.maxsize if most == "+" else int(most[1:]), rest)


def lines(file):
    for line in (HERE / file).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def read_names():
    for line in lines("names.csv"):
        site, stage, name, aliases, address, address6 = line.split(",")
        yield Name(site, stage, name, tuple(aliases.split()), address, address6)


def read_rows():
    """A ditto mark (") stands for the field of the row above."""
    above = None
    for line in lines("catalogue.txt"):
        fields = [field.strip() for field in line.split(" | ")]
        if len(fields) != 9:
            raise ValueError(f"catalogue.txt: nine fields are wanted: {line}")
        fields = [above[n] if field == '"' else field for n, field in enumerate(fields)]
        above = fields
        cause, variant, site, link, client, given, severity, expected, shows = fields
        if severity not in SEVERITIES:
            raise ValueError(f"catalogue.txt: severity {severity}")
        yield Row(cause, variant, site, link, client, settings("" if given == "-" else given), severity,
                  "" if expected == "-" else expected, tuple(map(proof, shows.split(" ; "))))


def read_codes():
    """Of a cause (variant None), or of one of its rows."""
    for line in lines("codes.txt"):
        place, codes = line.split(" | ")
        cause, _, variant = place.strip().partition(" ")
        yield (cause, variant or None), () if codes.strip() == "-" else tuple(codes.split())


NAMES = list(read_names())
CODES = dict(read_codes())
ROWS = list(read_rows())


def find(cause, variant=None):
    for row in ROWS:
        if row.cause == cause and variant in (None, row.variant):
            return row
    sys.exit(f"lab: no such capture: {cause} {variant or ''} (see --list)")
