# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin teams says of sessions is carried by the capture: each kind of false sentence, and its healthy neighbour.

Expected values are those of ../shared/captures/cases/index.csv and failures/truth.csv, and what generated captures
(test-captures/generate/sessions_truth.py) were made to hold."""
import functools
import json

import pytest

from harness import bundled, report, shared, shared_names, tshark


@functools.lru_cache(maxsize=None)
def data(path, name):
    return json.loads(report(path, f"teams,{name},json"))


def signins(path):
    return data(path, "signin")["signins"]


def calls(path):
    return data(path, "calls")["calls"]


def rows(path, display_filter, *names):
    """One tuple per frame of tshark's -T fields."""
    arguments = [part for name in names for part in ("-e", name)]
    text = tshark("-r", str(path), "-Y", display_filter, "-T", "fields", *arguments)
    return [tuple(line.split("\t")) for line in text.splitlines()]


# ---- nothing of Teams: no sign-in, call or flow ----

@pytest.mark.parametrize("name", shared_names("negative"))
def test_no_session_where_there_is_no_teams(name):
    path = shared(name)
    assert (signins(path), calls(path), data(path, "flows")["flows"]) == ([], [], [])


# ---- names that every PC asks for ----

@pytest.mark.parametrize("name", ["d15-false-edge-office", "false-signin-edge-browser", "false-signin-fp-probe"])
def test_names_of_edge_windows_and_office_are_no_sign_in(name):
    path = shared(f"cases/{name}.pcap")
    assert signins(path) == []
    assert rows(path, "teams.signin || teams.signin_stalled || teams.name_not_resolved_outside", "frame.number") == []


def test_shared_names_are_listed_with_a_sign_in_and_make_none():
    """Edge, Windows and Office at .50 to .52; .53 asks for the same names and for those of Teams."""
    signin, = signins(bundled("sessions/shared-names.pcap"))
    assert signin["client"] == "192.168.1.53"
    names = {step["name"] for step in signin["steps"]}
    assert {"config.edge.skype.com", "substrate.office.com", "browser.pipe.aria.microsoft.com", "ecs.office.com",
            "login.live.com", "teams.microsoft.com"} <= names
    assert rows(bundled("sessions/shared-names.pcap"), "teams.signin_stalled", "frame.number") == []


# ---- networks that Microsoft's other services share ----

@pytest.mark.parametrize("name", ["azureedge", "linkedin", "msn", "v10-events"])
def test_a_strangers_server_name_is_not_teams(name):
    path = shared(f"cases/{name}-claimed-as-teams.pcap")
    assert rows(path, "teams", "frame.number") == []
    assert data(path, "flows")["flows"] == []
    assert rows(path, "teams.prefix", "teams.prefix")       # but it says whose network it is


def test_a_shared_prefix_alone_claims_nothing():
    """Connections 0 to 3 have strangers' names, 4 has none; 5 and 6 are a sign-in."""
    path = bundled("sessions/shared-prefixes.pcap")
    claimed = {int(stream) for stream, in rows(path, "teams && tcp", "tcp.stream")}
    assert claimed == {5, 6}
    said = {(int(stream), prefix) for stream, prefix in rows(path, "teams.prefix", "tcp.stream", "teams.prefix")}
    assert said == {(0, "52.122.0.0/15"), (1, "52.112.0.0/14"), (2, "52.112.0.0/14"), (3, "2620:1ec:40::/42"),
                    (4, "52.112.0.0/14")}
