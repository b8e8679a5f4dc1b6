# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged captures and made up ones: no crash, no sanitizer's report, no dissector bug, no hang.

Half a minute of each fuzzer (README.md), more with TEAMSHARK_FUZZ_SECONDS. Then all captures, damaged by editcap in two ways, go through tshark under the sanitizers:
every frame in full, every report. TEAMSHARK_FUZZ_SEEDS asks for more than a short run.
A capture that fails is kept in build/fuzz/found."""

import os
import shutil
import subprocess
import sys

import pytest

import harness

SEEDS = range(1, 1 + int(os.environ.get("TEAMSHARK_FUZZ_SEEDS", "1")))
ERROR_RATES = (0.01, 0.1)
# Bytes of a frame that stay: an Ethernet, IPv4 and UDP header are 42.
SNAP_LENGTHS = (58, 110) if len(SEEDS) == 1 else (46, 50, 58, 70, 82, 110, 200)
REPORTS = ("teams,summary", "teams,signin", "teams,names", "teams,calls", "teams,flows")
LARGEST_BYTES = 100_000
TIMEOUT_S = 180
NO_ABORT = {"WIRESHARK_ABORT_ON_DISSECTOR_BUG": None}


def sources():
    """Every small capture there is: the bundled ones, and the real ones of the product's own traffic."""
    bundled = (harness.ROOT / "test-captures").rglob("*.pcap*")
    real = (harness.shared_dir() / "teams").glob("*.pcap*")
    return [path for path in sorted(bundled) + sorted(real) if path.stat().st_size <= LARGEST_BYTES]


def run(*command):
    subprocess.run([str(word) for word in command], check=True, capture_output=True, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    merged = tmp_path_factory.mktemp("fuzz") / "everything.pcapng"
    run("mergecap", "-a", "-w", merged, *sources())
    return merged


def bugs(text):
    """Dissector bugs that tshark reports, without those inside stock dissectors: these have some of their own."""
    return {line.strip() for line in text.splitlines() if "Dissector bug" in line and "epan/dissectors/" not in line}


def stock(*args):
    command = [harness.tshark_program(), "-n", *args]
    return harness.run(command, timeout=TIMEOUT_S, env=NO_ABORT)


def keep(capture):
    folder = harness.ROOT / "build/fuzz/found"
    folder.mkdir(parents=True, exist_ok=True)
    return shutil.copy(capture, folder)


def complaint(*args):
    """What is wrong with a run under the sanitizers, None where nothing is."""
    try:
        result = harness.sanitized_run(*args, timeout=TIMEOUT_S, env=NO_ABORT)
    except subprocess.TimeoutExpired:
        return f"took longer than {TIMEOUT_S} s"
    if result.returncode != 0 or "runtime error:" in result.stderr:
        return result.stderr[-4000:]
    found = bugs(result.stdout)
    return found - bugs(stock(*args[:3]).stdout) if found else None


def survive(capture):
    options = [word for report in REPORTS for word in ("-z", report)]
    capture = harness.readable(capture)
    for args in (("-r", capture, "-V", *options), ("-r", capture, "-2", "-T", "fields", "-e", "teams.flow")):
        wrong = complaint(*args)
        if wrong and stock(*args[:3]).returncode != 0:
            pytest.skip(f"stock Wireshark fails on {capture.name}, too")
        assert not wrong, f"kept as {keep(capture)}: {wrong}"


@pytest.mark.parametrize("rate", ERROR_RATES)
@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_bytes(everything, seed, rate):
    damaged = everything.with_name(f"damaged-{seed}-{rate}.pcapng")
    # From byte 42 on, lest most of the damage is to addresses and lengths of lower layers.
    run("editcap", "-E", rate, "-o", "42", "--seed", seed, everything, damaged)
    survive(damaged)


@pytest.mark.parametrize("length", SNAP_LENGTHS)
def test_frames_cut_short(everything, length):
    cut = everything.with_name(f"cut-{length}.pcapng")
    run("editcap", "-s", length, everything, cut)
    survive(cut)


# --- the fuzzers ---

# Edges of their code that those few of the inputs to begin with cover alone, nearly, which a short run reads.
LEAST_COVERED = {"core": 500, "packets": 2500, "requests": 2500}


@pytest.fixture(scope="module", name="fuzz")
def the_command():
    return harness.command("fuzz/fuzz")


def test_memory_is_that_of_the_fuzzer(fuzz):
    """Not of the test that starts it, which may have needed more than the limit."""
    block = bytearray(os.urandom(1 << 20) * 200)
    peak = [sys.executable, "-I", "-S", "-c", "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"]
    said = subprocess.run(fuzz.from_small_process(peak), capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    assert 0 < int(said) < len(block) / 2


@pytest.mark.parametrize("name", LEAST_COVERED)
def test_nothing_is_found_by_the_fuzzers(fuzz, name):
    if name not in fuzz.programs():
        pytest.skip("not built (cmake --preset fuzz; packets for Wireshark 4.0 alone)")
    total = fuzz.run([name], int(os.environ.get("TEAMSHARK_FUZZ_SECONDS", "30")))[name]
    assert not total.found, total.found
    assert total.tried > 0 and total.covered > LEAST_COVERED[name], total
