# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's windows with the plugins and the profile, driven under a virtual X server.

tests/gui/tour.py makes the stops of tests/gui/stops.py as an ordinary user and
writes down what it finds there (texts, by the way of assistive technology,
colours of rows) and pictures; here it is judged. Needs what `packages_for gui`
in cmake/setup lists; skipped aloud where that is missing.

TEAMSHARK_PICTURES=FOLDER keeps the pictures; docs/generate/pictures.py makes
those of the documentation from them.
"""

import collections
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

import harness
import profile_files

sys.path.insert(0, str(harness.ROOT / "tests/gui"))
sys.path.insert(0, str(harness.ROOT / "docs/generate"))
import pictures  # noqa: E402  (beside the documentation that it is for)
import stops  # noqa: E402  (beside the tour that it is for)

PROGRAMS = ("wireshark", "Xvfb", "xvfb-run", "dbus-run-session", "openbox", "xdotool", "import", "convert")
SCREEN = "1600x1000x24"
TOUR_TIMEOUT_S = 3600
# A tour that broke off, or whose stops did not find what they looked for, is gone on with in a new session.
TOURS_MAX = 3
# Tests that are judged again by new looks. More that fail have another cause than a look that went wrong.
LOOKS_AGAIN_MAX = 4
# Where graphs are drawn in their window: neither their list nor the legend that some versions have.
DRAWING = "780x480+0+0"
# A line counts as drawn from this many pixels on, of colours that differ from its own by no more
# (red, green and blue together), since lines are blended with what is around.
LINE_PIXELS_MIN = 10
MARK_PIXELS_MIN = 5     # one thin mark: the call has few round trips
LINE_DIFFERENCE_MAX = 60
# Python that sees the introspection bindings of the distribution.
PYTHON = "/usr/bin/python3"
NAMES = [stop.name for stop in stops.STOPS]


def missing():
    """What the windows cannot be driven without, of what is not here."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    probe = 'import gi; gi.require_version("Atspi", "2.0"); from gi.repository import Atspi'
    if subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False).returncode:
        absent.append("gir1.2-atspi-2.0")
    return absent


pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no windows: {', '.join(missing())} not installed")


# --- The tour ------------------------------------------------------------------

@functools.lru_cache(maxsize=None)
def workplace():
    """The folder in which tours are made and write down what they find."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tour-", dir=harness.workspace()))
    shutil.copytree(harness.ROOT / "tests/gui", folder / "gui", ignore=shutil.ignore_patterns("__pycache__"))
    for name in {stop.capture for stop in stops.STOPS}:
        (folder / "captures" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(harness.bundled(name), folder / "captures" / name)
    harness.open_to_all(folder)
    folder.chmod(0o777)
    return folder


@functools.lru_cache(maxsize=None)
def tour():
    """Makes those stops that are not made yet; the folder with what they found, and why the tour ended early or ""."""
    folder = workplace()
    command = ["xvfb-run", "-a", "-s", f"-screen 0 {SCREEN} -fbdir {folder}", "dbus-run-session", "--",
               PYTHON, folder / "gui/tour.py", folder, folder / "captures"]
    plugins = harness.loaded_plugins(harness.stage_dir())
    for _ in range(TOURS_MAX):
        done = harness.run(command, plugins=plugins, profile="Teams", timeout=TOUR_TIMEOUT_S,
                           env={"XDG_RUNTIME_DIR": str(folder), "TEAMSHARK_SCREEN": str(folder), "PYTHONDONTWRITEBYTECODE": "1"})
        if done.returncode == 0:
            break
    keep(folder)
    return folder, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}" if done.returncode else ""


# Stops that the test looked at; how often looks were made again.
looked_at = set()
looks_again = 0


def look_again():
    """Has the stops that a failed test looked at made anew, in a session of their own; False where that was done often enough.

    Beside other work an X server now and then loses a key or draws late: that does not come twice, a fault of the plugins does."""
    global looks_again      # pylint: disable=global-statement
    looks_again += 1
    if looks_again > LOOKS_AGAIN_MAX:
        return False
    for stop in looked_at:
        (workplace() / f"{stop}.json").unlink(missing_ok=True)
    tour.cache_clear()
    colours.cache_clear()
    return True


def keep(folder):
    """Copies what the tour made to TEAMSHARK_PICTURES, for somebody to look at."""
    target = os.environ.get("TEAMSHARK_PICTURES")
    if target:
        for path in [*folder.glob("*.png"), *folder.glob("*.json")]:
            shutil.copy(path, target)


def seen(stop):
    looked_at.add(stop)
    folder, trouble = tour()
    assert (folder / f"{stop}.json").exists(), f"the tour did not get there\n{trouble}"
    found = json.loads((folder / f"{stop}.json").read_text())
    assert "error" not in found, found["error"]
    return found


@functools.lru_cache(maxsize=None)
def colours(stop, *crop):
    """Colour (red, green, blue of 255) -> pixels of it in a picture."""
    command = ["convert", str(tour()[0] / f"{stop}.png"), *crop, "-depth", "8", "-format", "%c", "histogram:info:-"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    counts = collections.Counter()
    for count, red, green, blue in re.findall(r"(\d+): \( *(\d+), *(\d+), *(\d+)", listing):
        counts[int(red), int(green), int(blue)] += int(count)
    return counts


def absent(stop, *texts):
    """Those of the texts that a window does not show, not even as a part of one of its own."""
    shown = seen(stop)["texts"] + seen(stop).get("more", [])
    return [text for text in texts if not any(str(text) in own for own in shown)]


def packets(found):
    """Packets displayed, out of the status line."""
    return int((re.search(r"Displayed: (\d+)", found["status"]) or re.search(r"Packets: (\d+)", found["status"]))[1])


@functools.lru_cache(maxsize=None)
def selected(expression, capture=stops.ARTICLE):
    """The frames that tshark selects with a filter."""
    frames = harness.fields(harness.bundled(capture), [], expression, "display-filter")
    return {int(frame["frame.number"][0]) for frame in frames}


# --- Nothing goes wrong, and it would be seen -----------------------------------

@pytest.mark.parametrize("stop", stops.STOPS, ids=NAMES)
def test_no_trouble_and_no_blank_window(stop):
    found = seen(stop.name)
    assert found["alive"]
    assert found["trouble"] == []
    assert len(found["titles"]) == 1 and pathlib.Path(stop.capture).name in found["titles"][0], "a window was left open"
    assert len(colours(stop.name)) > 20, "the picture is blank"


def test_trouble_is_seen():
    assert "Broken rule" in " ".join(seen(stops.BROKEN_STOP)["trouble"]) or \
        "no_such_field" in " ".join(seen(stops.BROKEN_STOP)["trouble"])


# --- The profile -----------------------------------------------------------------

def test_profile_is_in_force():
    found = seen("packet_list")
    assert found["profile"] == "Profile: Teams"
    assert [title for title in profile_files.columns() if title not in found["headings"]] == []
    assert [label for label in profile_files.buttons() if label not in found["buttons"]] == []


def test_button_shows_the_sign_in_only():
    assert packets(seen("button")) == len(selected(profile_files.buttons()["Sign-in"])) < packets(seen("packet_list"))


ROWS = [stop for stop in stops.STOPS if stop.do in ("opening", "tree")]


def background(rule):
    return [round(value * 255) for value in rule.background]


@functools.lru_cache(maxsize=None)
def rules_by_frame(capture):
    """Frame -> name of the colour rule that tshark applies."""
    output = harness.tshark("--color", "-r", harness.bundled(capture), "-T", "fields",
                            "-e", "frame.coloring_rule.name", profile="Teams")
    return dict(enumerate(output.splitlines(), 1))


@pytest.mark.parametrize("stop", ROWS, ids=lambda stop: stop.name)
def test_rows_have_the_colours_of_their_rules(stop):
    backgrounds = {rule.name: background(rule) for rule in profile_files.colour_rules()}
    backgrounds[""] = [255, 255, 255]
    rows = seen(stop.name)["rows"]
    assert len(rows) >= 6
    for frame, colour in rows.items():
        assert colour == backgrounds[rules_by_frame(stop.capture)[int(frame)]], f"frame {frame}"


def test_every_rule_is_in_sight_somewhere():
    in_sight = {rules_by_frame(stop.capture)[int(frame)] for stop in ROWS for frame in seen(stop.name)["rows"]}
    assert {rule.name for rule in profile_files.colour_rules()} - in_sight == set()


# --- Packet details ----------------------------------------------------------------

# What the details of a frame have to show: lines by the beginning of what they say.
LINES = {
    "tree_name": ["[Teams Names", "[Service: chat]", "[Datacenter: BN3]", "[Chain: amer-client-ss.msg.skype.com",
                  "[Microsoft Teams: Teams chat]", "[Stage: sync]"],
    "tree_signalling": ["[Teams Names", "[Service: call-controller]", "[Microsoft Teams: Teams call-controller]",
                        "[Stage: call-setup]"],
    "tree_allocation": ["Microsoft TURN", "[Allocation: 1, active]", "[Relayed Address: 52.112.193.10 (52.112.193.10)]", "[Relayed Port: 52085]",
                        "[Response To: 192]", "[Microsoft Teams: Teams audio relay]"],
    "tree_check": ["Microsoft ICE", "[Pair: ", "[State: ", "[Response To: ", "[Microsoft Teams: Teams check]"],
    "tree_media": ["Microsoft ICE media", "[Media: rtp]", "[Payload Name: SILK/16000", "[Pair: 5]",
                   "[Microsoft Teams: Teams audio media]", "[Path: direct]", "[Endpoint Port: 51261]"],
}


@pytest.mark.parametrize("stop", LINES)
def test_details_show_our_layers(stop):
    shown = seen(stop)["texts"]
    assert [line for line in LINES[stop] if not any(text.startswith(line) for text in shown)] == []


# --- Menus and windows ---------------------------------------------------------------

CONVERSATIONS = ["Teams flow", "Teams call", "Teams sign-in"]


def test_reports_and_filters_are_in_the_menus():
    found = seen("packet_list")
    assert {"Teams Calls", "Teams Problems", "Teams Flows", "Teams Names", "Teams Sign-In", "Teams Sign-In Steps", "Teams Summary"} <= set(found["statistics"])
    assert set(CONVERSATIONS) <= set(found["filters"])


@pytest.mark.parametrize("stop, field", [("filter_flow", "teams.flow"), ("filter_call", "teams.call"),
                                         ("filter_signin", "teams.signin")])
def test_conversation_filter_selects(stop, field):
    number = harness.fields(harness.bundled(stops.ARTICLE), [field], f"frame.number == {stops.ALLOCATION}",
                            "display-filter")[0][field][0]
    found = seen(stop)
    assert found["filter"] == f"{field} == {number}"
    assert packets(found) == len(selected(found["filter"]))


@pytest.mark.parametrize("stop, field", [("colour_flow", "teams.flow"), ("colour_call", "teams.call"), ("colour_signin", "teams.signin")])
def test_colorize_conversation_colours_all_of_it_and_nothing_else(stop, field):
    found = seen(stop)
    chosen, = harness.fields(harness.bundled(stops.ARTICLE), [field], f"frame.number == {stops.CALL_BEGINS}")
    expression = f"{field} == {chosen[field][0]}"
    assert set(CONVERSATIONS) <= set(found["offered"])
    assert found["before"].keys() == found["after"].keys() and len(found["before"]) >= 10
    changed = {int(frame) for frame, colour in found["before"].items() if found["after"][frame] != colour}
    assert changed == {frame for frame in map(int, found["before"]) if frame in selected(expression)} != set()
    assert len({tuple(found["after"][str(frame)]) for frame in changed}) == 1


def test_report_of_the_sign_in_shows_names_and_stages():
    signin = json.loads(harness.report(harness.bundled(stops.ARTICLE), "teams,signin,json"))["signins"][0]
    texts = [step[key] for step in signin["steps"] for key in ("name", "stage")]
    assert absent("report_signin", *texts, "Akamai GTM") == []


def test_windows_begin_with_the_verdict():
    data = json.loads(harness.report(harness.bundled(stops.ARTICLE), "teams,summary,json"))["summary"]
    assert absent("report_summary", *(item["verdict"] for item in data), "Worst Problem", "Advice") == []
    assert absent("report_verdict", data[0]["verdict"], "Severity", "Worst Problem", "Advice") == []
    assert absent("report_calls", data[1]["verdict"], "Worst Problem", "Advice") == []


def test_window_of_problems_has_all_of_them_with_a_filter():
    data = json.loads(harness.report(harness.bundled(stops.ARTICLE), "teams,summary,json"))["summary"]
    assert absent("report_problems", *(problem["summary"] for item in data for problem in item["problems"]), "teams.call == 1", "sign-in 1 of 192.168.1.20") == []


def test_report_of_names_shows_services():
    names = json.loads(harness.report(harness.bundled(stops.ARTICLE), "teams,names,json"))["names"]
    assert absent("report_names", *(name["name"] for name in names), "Chat", "Identity") == []


def test_report_of_calls_shows_the_far_end():
    assert absent("report_calls", "192.168.1.20", "23.100.65.165", "direct", "8447") == []


def test_report_of_flows_shows_ends():
    flows = json.loads(harness.report(harness.bundled(stops.ARTICLE), "teams,flows,json"))["flows"]
    assert len(flows) == len({flow for frame in harness.fields(harness.bundled(stops.ARTICLE), ["teams.flow"]) for flow in frame["teams.flow"]})
    assert absent("report_flows", *(flow[end] for flow in flows for end in ("client", "server"))) == []


def test_expert_window_shows_our_items():
    assert absent("expert", "MS-TURN", "The server asks for credentials (401)", "Teams Names",
                  "A Teams client looks up Skype for Business", "Media relay without any DNS name") == []


def test_flow_graph_shows_our_info():
    lines = [text for text in seen("flow_graph")["more"] if re.match(r"Packet \d+: ", text)]
    assert lines and all(re.search(r": Teams (web-app|identity): ", line) for line in lines), lines
    assert absent("flow_graph", "16 node(s)") == []


def test_rtp_streams_are_those_of_the_call():
    """Three media, two directions; the ports are those of the article."""
    assert absent("rtp_streams", "6 streams", "23.100.65.165", 8085, 20878, 26563, 51261, 53692, 59150, "SILK") == []


def test_graph_draws_each_modality():
    drawn = colours("io_graph", "-crop", DRAWING)
    for record in profile_files.uat("io_graphs"):
        if record[0] == "Enabled":
            colour = bytes.fromhex(record[3][1:])
            near = [other for other in drawn if sum(map(abs, map(int.__sub__, colour, other))) <= LINE_DIFFERENCE_MAX]
            least = LINE_PIXELS_MIN if record[4] in ("Line", "Bar") else MARK_PIXELS_MIN
            assert sum(drawn[other] for other in near) >= least, record[1]
            assert absent("io_graph", record[1]) == []


def test_preferences_have_the_table_of_names():
    assert absent("preferences", "Teams Names", "Product", "Service", "Stage", "Description") == []


# --- The pictures of the documentation -------------------------------------------------

PICTURE_BYTES_MAX = 64 * 1024


def test_documentation_shows_each_picture():
    documents = [harness.ROOT / "README.md", *(harness.ROOT / "docs").glob("*.md")]
    shown = {name for path in documents for name in re.findall(r"images/([\w-]+\.png)", path.read_text())}
    assert shown == set(pictures.PICTURES) == {path.name for path in pictures.IMAGES.iterdir()}
    assert [path.name for path in pictures.IMAGES.iterdir() if path.stat().st_size > PICTURE_BYTES_MAX] == []
