# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's windows with the plugins and the profile, driven under a virtual X server.

tests/gui/tour.py goes through the windows as an ordinary user and writes down
what it finds there (texts, by the way of assistive technology) and pictures;
here it is judged. Needs what `packages_for gui` in cmake/setup lists; skipped
aloud where that is missing.
"""

import collections
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

import harness
import profile_files

PROGRAMS = ("wireshark", "Xvfb", "xvfb-run", "dbus-run-session", "openbox", "xdotool", "import", "convert")
SCREEN = "1600x1000x24"
TOUR_TIMEOUT_S = 240
# A colour counts as shown from this many pixels on: more than a few rows' text.
PIXELS_MIN = 2000
# Python that sees the introspection bindings of the distribution.
PYTHON = "/usr/bin/python3"


def missing():
    """What the windows cannot be driven without, of what is not here."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    probe = 'import gi; gi.require_version("Atspi", "2.0"); from gi.repository import Atspi'
    if subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False).returncode:
        absent.append("gir1.2-atspi-2.0")
    return absent


pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no windows: {', '.join(missing())} not installed")


def stops():
    """Name of each stop -> the capture that it needs, from the tour's own table, without the tour's bindings."""
    text = (harness.ROOT / "tests/gui/tour.py").read_text()
    constants = dict(re.findall(r'^([A-Z]+) = "(.*)"$', text, re.MULTILINE))
    return {name: constants[capture] for capture, name in re.findall(r"@stop\((\w+)\)\ndef (\w+)\(", text)}


@functools.lru_cache(maxsize=None)
def tour():
    """Makes the whole tour once; the folder with what it found, and why it ended early or ""."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tour-", dir=harness.workspace()))
    shutil.copytree(harness.ROOT / "tests/gui", folder / "gui", ignore=shutil.ignore_patterns("__pycache__"))
    captures = []
    for name in sorted(set(stops().values())):
        captures.append(shutil.copy(harness.bundled(name), folder))
    harness.open_to_all(folder)
    folder.chmod(0o777)
    command = ["xvfb-run", "-a", "-s", f"-screen 0 {SCREEN}", "dbus-run-session", "--",
               PYTHON, folder / "gui/tour.py", folder, ",".join(stops()), *captures]
    plugins = harness.loaded_plugins(harness.stage_dir())
    done = harness.run(command, plugins=plugins, profile="Teams", timeout=TOUR_TIMEOUT_S,
                       env={"XDG_RUNTIME_DIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"})
    keep_pictures(folder)
    return folder, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}" if done.returncode else ""


def keep_pictures(folder):
    """Copies the pictures to TEAMSHARK_PICTURES, for somebody to look at."""
    target = os.environ.get("TEAMSHARK_PICTURES")
    if target:
        for picture in folder.glob("*.png"):
            shutil.copy(picture, target)


def seen(stop):
    folder, trouble = tour()
    assert (folder / f"{stop}.json").exists(), f"the tour did not get there\n{trouble}"
    found = json.loads((folder / f"{stop}.json").read_text())
    assert "error" not in found, found["error"]
    return found


@functools.lru_cache(maxsize=None)
def colours(stop):
    """Colour (red, green, blue of 255) -> pixels of it in a picture."""
    command = ["convert", str(tour()[0] / f"{stop}.png"), "-depth", "8", "-format", "%c", "histogram:info:-"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    counts = collections.Counter()
    for count, red, green, blue in re.findall(r"(\d+): \( *(\d+), *(\d+), *(\d+)", listing):
        counts[int(red), int(green), int(blue)] += int(count)
    return counts


def shows(stop, rule_name):
    """Whether a picture shows the background of a colour rule."""
    rule = next(rule for rule in profile_files.colour_rules() if rule.name == rule_name)
    return colours(stop)[tuple(round(value * 255) for value in rule.background)] >= PIXELS_MIN


def packets(found):
    """Packets displayed, out of the status line."""
    return int((re.search(r"Displayed: (\d+)", found["status"]) or re.search(r"Packets: (\d+)", found["status"]))[1])


@pytest.mark.parametrize("stop", stops())
def test_no_error_and_no_blank_window(stop):
    found = seen(stop)
    assert found["alive"]
    assert found["alarms"] == []
    assert not [title for title in found["titles"] if "rror" in title]
    assert len(colours(stop)) > 20, "the picture is blank"


def test_profile_is_in_force():
    found = seen("packet_list")
    assert found["profile"] == "Profile: Teams"
    assert [title for title in profile_files.columns() if title not in found["headings"]] == []
    assert [label for label in profile_files.buttons() if label not in found["buttons"]] == []


def test_button_shows_the_sign_in_only():
    everything, signin = packets(seen("packet_list")), packets(seen("button"))
    assert 0 < signin <= everything


@pytest.mark.parametrize("stop, rule", [
    ("packet_list", "Teams: telemetry and rest"),
    ("tree_check", "Teams: connectivity check"),
    ("tree_media", "Teams: connectivity check"),
])
def test_packet_list_is_coloured(stop, rule):
    assert shows(stop, rule)


def test_reports_and_filters_are_in_the_menus():
    found = seen("packet_list")
    assert {"Teams Sign-In", "Teams Names", "Teams Calls", "Teams Flows"} <= set(found["statistics"])
    assert {"Teams flow", "Teams call", "Teams sign-in"} <= set(found["filters"])


def test_conversation_filter_selects_the_call():
    shown = packets(seen("conversation"))
    assert 8303 <= shown < packets(seen("packet_list"))


def holds(stop, *texts):
    """Whether a window shows all of the texts, each as a part of one of its own."""
    return [text for text in texts if not any(text in shown for shown in seen(stop)["texts"])] == []


def test_report_of_the_sign_in_shows_names_and_stages():
    assert holds("report_signin", "teams.microsoft.com", "login.microsoftonline.com", "identity", "18")


def test_report_of_names_shows_services():
    assert holds("report_names", "us-api.asm.skype.com", "Chat")


def test_report_of_calls_shows_the_far_end():
    assert holds("report_calls", "23.100.65.165")


def test_report_of_flows_shows_ends():
    assert holds("report_flows", "13.107.3.128:443", "192.168.1.20:50102")


def test_expert_window_shows_our_items():
    assert holds("expert", "ms_turn") or holds("expert", "MS-TURN")


def test_media_is_among_the_rtp_streams():
    assert holds("rtp_streams", "23.100.65.165")


def test_preferences_have_the_table_of_names():
    assert holds("preferences", "Names", "Product", "Description")
