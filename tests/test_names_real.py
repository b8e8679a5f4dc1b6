# SPDX-License-Identifier: GPL-2.0-or-later
"""Every Microsoft name of the real captures is classified as a hand-written table says,
and captures without any stay silent.

Names in names.csv were listed with stock tshark and classified by hand. Its
verdicts: a name that "must" be classified has exactly this; one that "may" (in a
zone that Microsoft shares or that no source lists) has this or nothing. An
empty cell is not compared; a region of "-" is none."""
import csv
import functools
import pathlib

import pytest

from harness import fields, shared, shared_names

EXPECTATIONS = pathlib.Path(__file__).parent / "expectations"
ATTRIBUTES = ("product", "service", "stage", "infra")
FIELDS = ["teams_dns.name", "teams_dns.role", "teams_dns.region",
          *(f"teams_dns.{attribute}" for attribute in ATTRIBUTES)]
# Products that say nothing of Teams by themselves.
NOT_OURS = {"", "unknown", "m365-shared", "ms-infra"}


def rows():
    with open(EXPECTATIONS / "names.csv", newline="", encoding="ascii") as table:
        return list(csv.DictReader(table))


def captures():
    return sorted({row["capture"] for row in rows()})


@functools.lru_cache(maxsize=None)
def classified(capture):
    """Frame number -> what is shown of each name: a list of dicts."""
    found = {}
    for frame in fields(shared(capture), FIELDS, "teams_dns"):
        count = len(frame["teams_dns.name"])
        columns = [frame[name] or [""] * count for name in FIELDS]
        assert all(len(column) == count for column in columns), "not one value per name"
        found[int(frame["frame.number"][0])] = [
            dict(zip((name.split(".")[1] for name in FIELDS), values)) for values in zip(*columns)]
    return found


@pytest.mark.parametrize("capture", captures())
def test_each_name_as_the_table_says(capture):
    frames = classified(capture)
    for row in rows():
        if row["capture"] != capture:
            continue
        for frame in map(int, row["frames"].split()):
            shown = [name for name in frames.get(frame, ()) if name["name"] == row["name"]
                     and name["product"] not in ("", "unknown")]
            where = f"{row['name']} in frame {frame}"
            if row["verdict"] == "must":
                assert shown, f"{where} is not classified"
                assert row["role"] in {name["role"] for name in shown}, where
            for name in shown:
                check(row, name, where)


def check(row, name, where):
    for attribute in ATTRIBUTES:
        assert row[attribute] in ("", name[attribute]), f"{attribute} of {where}"
    if row["region"]:
        assert name["region"] == row["region"].strip("-"), f"region of {where}"


@pytest.mark.parametrize("capture", captures())
def test_no_other_name_is_called_ours(capture):
    known = {row["name"] for row in rows() if row["capture"] == capture}
    others = {name["name"]: name["product"] for names in classified(capture).values()
              for name in names if name["name"] not in known}
    assert {product for product in others.values()} <= NOT_OURS, others


@pytest.mark.parametrize("capture", shared_names("negative"))
def test_negative_captures_are_silent(capture):
    claimed = "teams || ms_turn || teams_stun || teams_flightproxy"
    assert not fields(shared(capture), ["teams.evidence"], claimed)
    products = {product for frame in fields(shared(capture), ["teams_dns.product"], "teams_dns")
                for product in frame["teams_dns.product"]}
    assert products <= NOT_OURS
