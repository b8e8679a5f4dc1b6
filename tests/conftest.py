# SPDX-License-Identifier: GPL-2.0-or-later
"""Says at the top of a test run what is tested, and at its end what was skipped and why."""

import subprocess

import pytest

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


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """A test of a module that can look again at what it judges (look_again) fails only if it does so twice."""
    module = pyfuncitem.module
    if not hasattr(module, "look_again"):
        return None
    module.looked_at.clear()
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    try:
        pyfuncitem.obj(**arguments)
    except AssertionError as failure:
        if not module.look_again():
            raise
        print(f"looked at again: {failure}")
        return None     # pytest makes the second try
    return True
