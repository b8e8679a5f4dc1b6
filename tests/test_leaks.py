# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing that our plugins take stays behind when tshark ends.

The leak sanitizer lists what nobody holds at the end, Wireshark's own leaks among it; only
those in whose stacks one of our modules is are counted. GLib keeps the modules in
memory, so that what their variables hold is held, and stacks have names."""

import re
import subprocess

import pytest

import harness

GROUPS = {"names": "diagnostics/*", "sign-in": "*-signin.pcap", "ms-turn": "ms-turn/*", "checks": "ice-*",
          "calls": "sessions/*"}
REPORTS = [word for name in ("signin", "names", "calls", "flows", "signin,json", "calls,json")
           for word in ("-z", f"teams,{name}")]
# Each allocation costs a walk over the stack: larger captures only take longer.
LARGEST = 15_000
OPTIONS = {"ASAN_OPTIONS": "detect_leaks=1:fast_unwind_on_malloc=0:exitcode=0", "G_DEBUG": "resident-modules"}
MODULE = re.compile(r"/plugins/|/epan/(?:ms-stun|teams\S*)\.so")


def merged(group):
    captures = sorted(path for path in (harness.ROOT / "test-captures").glob(GROUPS[group])
                      if path.stat().st_size < LARGEST)
    path = harness.workspace() / f"leaks-{group}.pcapng"
    subprocess.run(["mergecap", "-a", "-w", path, *captures], check=True, capture_output=True)
    path.chmod(0o644)
    return path


def leaks(said):
    """The stacks of a leak sanitizer's report that lead through our modules."""
    return [block for block in re.split(r"\n\n+", said) if " leak of " in block and MODULE.search(block)]


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_is_left(group):
    result = harness.sanitized_run("-2", "-V", "-r", merged(group), *REPORTS, env=OPTIONS, timeout=1200)
    if "LeakSanitizer has encountered a fatal error" in result.stderr:
        pytest.skip("the leak sanitizer cannot work here (it needs ptrace)")
    assert result.returncode == 0 and "ERROR: AddressSanitizer" not in result.stderr, result.stderr[-3000:]
    assert not leaks(result.stderr), "\n".join(leaks(result.stderr))


def test_a_leak_of_ours_is_told_from_one_of_wireshark():
    ours = "Direct leak of 7 byte(s)\n    #0 malloc\n    #1 f /src/teamshark/plugins/teams/report.c:1\n"
    theirs = "Direct leak of 9 byte(s)\n    #0 malloc\n    #1 g (/lib/libwireshark.so.16+0x1)\n"
    assert leaks(f"=1==ERROR\n\n{ours}\n{theirs}\nSUMMARY") == [ours.rstrip()]
