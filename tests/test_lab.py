# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that the laboratory makes now: stock tshark sees their cause, the report names it, and the catalogue is complete."""

import collections
import concurrent.futures
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys

import pytest

import harness

LAB = harness.ROOT / "tests/lab"
sys.path.insert(0, str(LAB))
import catalogue  # noqa: E402
import judge  # noqa: E402
import timing  # noqa: E402
import world  # noqa: E402

# A handful that takes seconds each; tests/lab/lab --all makes the others.
MADE = ("control emea-curl", "nxdomain login", "syn-refused trouter", "icmp-refused authsvc", "reset-by-name gov",
        "intercepted-refused antivirus-openssl", "tls-version old-client", "proxy-403 trouter", "http-403 policy-token")


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    reason = world.namespaces_allowed() or world.missing_programs()
    if reason:
        pytest.skip(f"the laboratory makes no captures here: {reason}")
    folder = tmp_path_factory.mktemp("lab")
    folder.chmod(0o755)

    def make(words):
        path = folder / (words.replace(" ", "-") + ".pcapng")
        result = subprocess.run([LAB / "lab", *words.split(), "-o", path], capture_output=True, text=True, check=False)
        return words, path if result.returncode == 0 else result.stderr
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(pool.map(make, MADE))


@pytest.mark.parametrize("words", MADE)
def test_a_capture_shows_its_cause(captures, words):
    path = captures[words]
    assert isinstance(path, pathlib.Path), path
    shown = subprocess.run([LAB / "lab", "--check", path, *words.split()], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stdout


@pytest.mark.parametrize("words", MADE[1:])
def test_the_healthy_capture_does_not_show_it(captures, words):
    shown = subprocess.run([LAB / "lab", "--check", captures[MADE[0]], *words.split()], capture_output=True, text=True, check=False)
    assert shown.returncode == 1, shown.stdout


@pytest.mark.parametrize("words", MADE)
def test_the_report_names_the_cause(captures, words):
    """With the severity of the catalogue; of the healthy capture nothing above a note."""
    row = catalogue.find(*words.split())
    told = judge.Told(row, captures[words])
    assert told.problems or row.severity == "ok"
    assert told.right, (told.codes, told.missing, told.text)


def test_each_cause_has_three_variants():
    variants = collections.defaultdict(set)
    for row in catalogue.ROWS:
        assert row.variant not in variants[row.cause], row
        variants[row.cause].add(row.variant)
    assert {cause for cause, known in variants.items() if len(known) < 3} <= {"quic-works"}


def test_each_row_can_be_understood():
    sites = {name.site for name in catalogue.NAMES}
    for row in catalogue.ROWS:
        assert row.site in sites and row.link in world.LINKS, row
        assert row.severity in ("ok", "note") or row.words, row
        assert row.shows, row


CALL_S = 8      # 400 packets of voice a way, of which a twentieth is 20


@pytest.mark.parametrize("late, told", ((0, 0), (19, 0), (20, 0), (21, 21), (300, 300)))
def test_a_busy_machine_is_no_bad_network(tmp_path, late, told):
    """Where too many packets of a call left late the machine did it, and the capture is none of its row."""
    file = tmp_path / "late"
    if late:
        file.write_bytes(b"." * late)
    assert timing.too_late(CALL_S, file) == told
    assert timing.too_late(None, file) == 0


@pytest.mark.parametrize("lateness, noted", ((0, 0), (0.049, 0), (0.051, 1), (0.3, 1)))
def test_what_left_late_is_noted(tmp_path, monkeypatch, lateness, noted):
    monkeypatch.setattr(timing, "FILE", tmp_path / "late")
    timing.sent_after(lateness)
    assert timing.FILE.exists() == bool(noted)


@pytest.mark.parametrize("codes, tries, made", (((0,), 1, True), ((1,), 1, False), ((75, 0), 2, True), ((75, 75, 75), 3, False)))
def test_a_call_on_a_busy_machine_is_tried_again(monkeypatch, tmp_path, capsys, codes, tries, made):
    """No other failure is."""
    loader = importlib.machinery.SourceFileLoader("lab_program", str(LAB / "lab"))
    program = importlib.util.module_from_spec(importlib.util.spec_from_loader("lab_program", loader))
    loader.exec_module(program)
    left = list(codes)
    monkeypatch.setattr(program.world, "in_namespaces", lambda arguments: left.pop(0))
    assert program.make(catalogue.find("call", "gov"), tmp_path / "call.pcapng") is made
    assert len(codes) - len(left) == tries
    assert ("not made" in capsys.readouterr().err) is not made
