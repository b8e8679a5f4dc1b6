# SPDX-License-Identifier: GPL-2.0-or-later
"""Each diagnostic of names shows where it ought to, and nowhere else.

A row of diagnostics.csv gives the frames of one capture in groups: at least one
frame of each group has the diagnostic (a condition may be known at a question
or only at its answer), and no frame outside the groups has it."""
import csv
import functools
import pathlib

import pytest

from harness import bundled, fields

EXPECTATIONS = pathlib.Path(__file__).parent / "expectations"
SEVERITIES = {"chat": 0x200000, "note": 0x400000, "warn": 0x600000, "error": 0x800000}


def rows():
    with open(EXPECTATIONS / "diagnostics.csv", newline="", encoding="ascii") as table:
        return list(csv.DictReader(table))


def label(row):
    return f"{row['diagnostic']}-{row['filter']}"


@functools.lru_cache(maxsize=None)
def frames_with(capture, filter_name, mode):
    """Frame number -> the severities of its expert items, of frames with the diagnostic."""
    found = fields(bundled(f"diagnostics/{capture}.pcap"), ["_ws.expert.severity"],
                   f"teams_dns.{filter_name}", mode)
    return {int(frame["frame.number"][0]): {int(value, 0) for value in frame["_ws.expert.severity"]}
            for frame in found}


@pytest.mark.parametrize("row", rows(), ids=label)
def test_shows_where_it_ought_to(row):
    shown = frames_with(row["capture"], row["filter"], "display-filter")
    groups = [[int(frame) for frame in group.split()] for group in row["frames"].split(";")]
    for group in groups:
        assert shown.keys() & set(group), f"none of frames {group}: {row['why']}"
    assert shown.keys() <= {frame for group in groups for frame in group}, "shown on a control"
    for frame, severities in shown.items():
        assert SEVERITIES[row["severity"]] in severities, f"frame {frame}"


@pytest.mark.parametrize("row", rows(), ids=label)
def test_the_same_in_two_passes(row):
    assert (frames_with(row["capture"], row["filter"], "two-pass-filter").keys()
            == frames_with(row["capture"], row["filter"], "display-filter").keys())


@pytest.mark.parametrize("capture", sorted({row["capture"] for row in rows()}))
def test_frames_without_names_of_ours_are_not_claimed(capture):
    """What is said of others' names (unproven, lookalike) does not make them Teams traffic."""
    foreign = 'dns.qry.name matches "example"'
    found = fields(bundled(f"diagnostics/{capture}.pcap"), ["teams.evidence", "dns.qry.name"],
                   f"teams && {foreign} && !(dns.qry.name contains \"lync\") && "
                   "!(dns.qry.name contains \"_sip\")")
    assert not found


def test_a_search_suffix_is_no_imitation_until_somebody_answers_for_it():
    assert not frames_with("d17-search-suffix", "lookalike || teams_dns.answered_with_suffix", "display-filter")


def test_a_wildcard_of_the_search_domain_is_not_called_phishing():
    """A for two domains and AAAA for one: names that a search list makes, which a zone answers."""
    found = fields(bundled("sessions/search-domain.pcap"), ["teams_dns.lookalike", "_ws.expert.message"], "teams_dns.answered_with_suffix")
    assert len(found) == 4 and not any(frame["teams_dns.lookalike"] for frame in found)
    assert not any("imitat" in text or "hishing" in text for frame in found for text in frame["_ws.expert.message"])


def test_names_are_not_old_while_they_were_in_use():
    assert not frames_with("d24-in-use", "old_generation", "display-filter")
