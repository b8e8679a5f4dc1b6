# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugins as ./test --source-tree built them inside a Wireshark source tree, with that tree's own tshark."""

import os
import pathlib
import subprocess

import pytest

import harness

PLUGINS = ("ms-turn.so", "teams-dns.so", "teams-stun.so", "teams.so")
BUILD = os.environ.get("TEAMSHARK_SOURCE_TREE")
pytestmark = pytest.mark.skipif(not BUILD, reason="no build in a Wireshark source tree (./test --source-tree)")


def tshark(*args):
    """The tree's tshark finds its plugins beside itself, for root, too."""
    env = {"PATH": os.environ["PATH"], "HOME": str(harness.new_home()), "LANG": "C.UTF-8",
           "WIRESHARK_ABORT_ON_DISSECTOR_BUG": "1", "WIRESHARK_DEBUG_WMEM_OVERRIDE": "strict"}
    result = subprocess.run([pathlib.Path(BUILD) / "run/tshark", *map(str, args)], env=env, stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=harness.TIMEOUT_S, check=True)
    assert not any(complaint in result.stderr for complaint in harness.COMPLAINTS), result.stderr
    return result.stdout


def test_plugins_lie_beside_those_of_the_tree():
    listing = tshark("-G", "plugins")
    for name in PLUGINS:
        place = next(pathlib.Path(BUILD).glob(f"run/plugins/*/epan/{name}"))
        assert str(place) in listing, listing


def test_fields_of_the_tree_are_those_of_the_installed_wireshark():
    """Names, allocations, checks and attribution, from each plugin of the tree."""
    columns = ["frame.number", "teams_dns.name", "ms_turn.type", "teams_stun.pair.state", "teams.stage", "teams.call"]
    options = ["-n", "-r", harness.bundled("article-2017.pcapng"), "-Y", "frame.number < 400", "-T", "fields",
               *(word for column in columns for word in ("-e", column))]
    expected = harness.tshark(*options)
    assert all(word in expected for word in ("api.cc.skype.com", "Allocate", "checking", "call-setup"))
    assert tshark(*options) == expected
