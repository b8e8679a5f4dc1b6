# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugins as ./test --source-tree built them inside a Wireshark source tree, with that tree's own tshark,
and what Wireshark's own checks of sources say about ours."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import harness

PLUGINS = ("ms-stun.so", "teams-dns.so", "teams.so")
BUILD = os.environ.get("TEAMSHARK_SOURCE_TREE")
pytestmark = pytest.mark.skipif(not BUILD, reason="no build in a Wireshark source tree (./test --source-tree)")


@pytest.fixture(scope="module", name="tree_tshark")
def tshark_of_the_tree():
    """Runs the tree's tshark on a copy of what lies beside it, which the unprivileged user can read."""
    copy = harness.workspace() / "source-tree"
    shutil.copytree(pathlib.Path(BUILD) / "run", copy, symlinks=True, ignore=shutil.ignore_patterns("*.a", "extcap"))
    for path in copy.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755)

    def tshark(*args):
        result = harness.run([copy / "tshark", *args], plugins=copy / "plugins", env={"LD_LIBRARY_PATH": str(copy)})
        return harness.checked(result, (0,))
    return tshark


def test_plugins_lie_beside_those_of_the_tree(tree_tshark):
    listing = tree_tshark("-G", "plugins")
    assert all(f"/epan/{name}" in listing for name in PLUGINS), listing


def test_fields_of_the_tree_are_those_of_the_installed_wireshark(tree_tshark):
    """Names, allocations, checks and attribution, from each plugin of the tree."""
    columns = ["frame.number", "teams_dns.name", "ms_turn.message", "teams_stun.pair.state", "teams.stage", "teams.call"]
    options = ["-n", "-r", harness.readable(harness.bundled("article-2017.pcapng")), "-Y", "frame.number < 400", "-T", "fields",
               *(word for column in columns for word in ("-e", column))]
    expected = harness.tshark(*options)
    assert all(word in expected for word in ("api.cc.skype.com", "Allocate", "checking", "call-setup"))
    assert tree_tshark(*options) == expected


def tool(name, *args):
    """What a tool of the tree prints."""
    path = pathlib.Path(BUILD).parent / "tools" / name
    interpreter = "perl" if path.suffix == ".pl" else sys.executable
    done = subprocess.run([interpreter, path, *args], cwd=path.parent.parent, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    return done.returncode, done.stdout + done.stderr


def test_no_function_that_wireshark_forbids():
    """Reports print, and ws_compat.h ends tshark for them as stock's taps do; both are forbidden in a dissector only.

    A member or a variable that is called as a function of the C library hides nothing, so that is not looked for."""
    reports = [path for path in sources("*.[ch]") if path.parent.name == "report" or path.name == "ws_compat.h"]
    dissectors = sorted(set(sources("*.[ch]")) - set(reports))
    groups = ("-g", "dissectors-prohibited", "-g", "dissectors-restricted")
    assert tool("checkAPIs.pl", "--nocheck-shadow", *groups, *dissectors) == (0, "")
    assert tool("checkAPIs.pl", "--nocheck-shadow", *reports) == (0, "")


def test_every_field_is_registered_and_used():
    assert tool("checkhf.pl", *sources("*.c")) == (0, "")


def test_items_are_added_with_the_calls_of_their_types():
    status, said = tool("check_typed_item_calls.py", "--folder", harness.ROOT / "plugins", "--mask", "--label", "--missing-items")
    assert status == 0 and "\n0 warnings" in said and "Error" not in said, said


def sources(pattern):
    return sorted((harness.ROOT / "plugins").rglob(pattern))
