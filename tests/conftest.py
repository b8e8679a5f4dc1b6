# SPDX-License-Identifier: GPL-2.0-or-later
"""Says at the top of a test run what is tested, and at its end what was skipped and why."""

import subprocess

import harness


def pytest_report_header():
    version = subprocess.run([harness.tshark_program(), "--version"], capture_output=True, text=True, check=False)
    shared = harness.shared_dir()
    return [
        "tshark: " + (version.stdout.splitlines() or ["not found"])[0],
        f"plugins: {harness.stage_dir()}",
        f"real captures: {shared if shared.is_dir() else 'absent, their tests are skipped'}",
    ]


def pytest_terminal_summary(terminalreporter):
    for skipped in terminalreporter.stats.get("skipped", []):
        reason = skipped.longrepr[2] if isinstance(skipped.longrepr, tuple) else skipped.longrepr
        terminalreporter.write_line(f"SKIPPED {skipped.nodeid}: {reason}")
