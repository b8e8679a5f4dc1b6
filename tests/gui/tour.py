# SPDX-License-Identifier: GPL-2.0-or-later
"""Goes through Wireshark's windows as a user would, writes down what is there, and takes pictures.

Usage: tour.py OUTPUT CAPTURES
CAPTURES is the folder of captures. What each stop of stops.py saw goes to
OUTPUT/STOP.json, its picture to OUTPUT/STOP.png. Stops that an earlier tour
made to that folder are passed over, so that a tour that broke off can be gone
to its end.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import traceback

import accessible
import desktop
import stops

MAIN_SIZE = (1560, 900)
WINDOW_SIZE = (1000, 640)
GRAPH_SIZE = (1200, 760)
# Places of lines in the drawing of the flow graph.
# On rows of the first service in the capture; what comes before is shared telemetry, which is nobody's alone.
GRAPH_LINES = ((400, 540), (400, 570), (400, 600), (400, 640))
# Somewhere in the packet details of the main window.
DETAILS = (200, 700)
# Pages of the preferences are made when they are first passed by, which takes as long as it takes.
PAGE_WAIT_S = 120
# How many frames after the one that matters are in sight, too.
FRAMES_BELOW = 11
# The column of the packet list whose cells tell the colour of a row: Protocol, which is always in sight.
PLAIN_COLUMN = 4
# How often a stop is made whose looks do not agree with each other.
TRIES_MAX = 4


def opening(wireshark, picture):
    """The window as it opens."""
    wireshark.menu("View", "Packet Bytes")
    wireshark.menu("View", "Resize Columns")
    picture()
    return {
        "status": wireshark.status(),
        "profile": wireshark.status_label("Profile:"),
        "headings": wireshark.headings(),
        "buttons": wireshark.filter_buttons(),
        "statistics": desktop.menu_texts(wireshark.menu_item("Statistics")),
        "filters": desktop.menu_texts(wireshark.menu_item("Analyze", "Conversation Filter")),
        "rows": wireshark.row_colours(1, PLAIN_COLUMN),
    }


def tree(wireshark, picture, frame):
    """A frame with the end of its details, where ours are, unfolded."""
    wireshark.go_to(frame + FRAMES_BELOW)
    wireshark.go_to(frame)
    wireshark.menu("View", "Expand All")
    wireshark.click(*DETAILS)
    wireshark.key("End")
    picture()
    return {"texts": wireshark.details(), "rows": wireshark.row_colours(frame, PLAIN_COLUMN)}


def button(wireshark, picture, label):
    """A filter button."""
    wireshark.menu("View", "Collapse All")
    accessible.press(accessible.find(wireshark.filter_bar(), "push button", label))
    wireshark.settle()
    picture()
    status = wireshark.status()
    wireshark.filter("")
    return {"status": status}


def window(wireshark, picture, title, *path, size=WINDOW_SIZE, look=lambda: []):
    """Opens the window of a menu item, looks (also at what a function finds in it), and closes it."""
    opened = wireshark.open_window(title, *path)
    wireshark.resize(title, *size)
    picture(title)
    found = {"texts": accessible.texts(opened), "more": look()}
    wireshark.close(opened)
    return found


def flow_graph(wireshark, picture, expression):
    """The flow graph, whose texts are drawn; those under the mouse it also writes below the drawing."""
    def look():
        found = []
        for place in GRAPH_LINES:
            wireshark.point("Flow", *place)
            found += accessible.texts(wireshark.window("Flow"))
        return found
    wireshark.filter(expression)
    found = window(wireshark, picture, "Flow", "Statistics", "Flow Graph", size=GRAPH_SIZE, look=look)
    wireshark.filter("")
    return found


def preferences(wireshark, picture):
    """Edit > Preferences > Protocols > Teams Names, and the table of the user's own names."""
    def look():
        page = wireshark.window("Preferences")
        accessible.press(accessible.find(page, "push button", "Edit"))
        table = wireshark.wait_window("Teams Names")
        wireshark.settle()
        texts = accessible.texts(table)
        wireshark.close(table)
        return texts

    def page_picture(title):
        def chosen():       # letters that come slowly begin another search in the tree
            wireshark.type_in(title, "Protocols", "Right", "Teams Names")
            return accessible.find(wireshark.window(title), "push button", "Edit")
        accessible.until(chosen, "the page of Teams Names", PAGE_WAIT_S)
        picture(title)
    return window(wireshark, page_picture, "Preferences", "Edit", "Preferences", size=(900, 560), look=look)


def conversation_filter(wireshark, picture, name, frame):
    """Analyze > Conversation Filter: what filter it builds."""
    wireshark.go_to(frame)
    wireshark.menu("Analyze", "Conversation Filter", name)
    picture()
    found = {"filter": accessible.content(wireshark.filter_entry()), "status": wireshark.status()}
    wireshark.filter("")
    return found


def colorize(wireshark, picture, name, frame):
    """Colorize Conversation of the packet list's context menu: the rows in sight before and after.

    What the rows look like without it is seen twice, before and after: a look that caught the list
    while it was still being drawn does not agree with the other, and the stop is made again."""
    for _ in range(TRIES_MAX):
        wireshark.go_to(frame)
        before = wireshark.row_colours(frame, PLAIN_COLUMN)
        offered = wireshark.context_items(frame, PLAIN_COLUMN, "Colorize Conversation", "Color 1")
        accessible.press(offered[name])
        picture()
        after = wireshark.row_colours(frame, PLAIN_COLUMN)
        wireshark.menu("View", "Colorize Conversation", "Reset")
        if wireshark.row_colours(frame, PLAIN_COLUMN) == before:
            break
    return {"offered": list(offered), "before": before, "after": after}


def observed(wireshark):
    """What has to be so after every stop."""
    return {"alive": wireshark.alive(), "trouble": wireshark.trouble(), "titles": wireshark.titles()}


def make(wireshark, output, stop):
    """Makes one stop, and writes down what it found or how it failed."""
    def picture(title=None):
        wireshark.picture(output / f"{stop.name}.png", title)
    try:
        found = globals()[stop.do](wireshark, picture, *stop.arguments)
    except (accessible.NotThere, AttributeError, KeyError, TypeError):
        found = {"error": traceback.format_exc()}
        picture()
    (output / f"{stop.name}.json").write_text(json.dumps({**found, **observed(wireshark)}))


def still_to_make(output):
    """The stops that no tour has made yet, or none without an error."""
    def made(stop):
        path = output / f"{stop.name}.json"
        return path.exists() and "error" not in json.loads(path.read_text())
    return [stop for stop in stops.STOPS if not made(stop)]


def go(output, captures):
    """Makes the stops, a new Wireshark for each capture."""
    todo = still_to_make(output)
    for capture in dict.fromkeys(stop.capture for stop in todo):
        wireshark = desktop.Wireshark(captures / capture, "Teams")
        try:
            wireshark.wait_open(MAIN_SIZE)
            for stop in todo:
                if stop.capture == capture:
                    make(wireshark, output, stop)
        finally:
            wireshark.end()


def break_profile(output, captures):
    """Opens a capture with a profile that cannot be read, and waits for Wireshark to say so."""
    profiles = pathlib.Path(os.environ["WIRESHARK_CONFIG_DIR"]) / "profiles"
    shutil.copytree(profiles / "Teams", profiles / stops.BROKEN_PROFILE, dirs_exist_ok=True)
    with (profiles / stops.BROKEN_PROFILE / "colorfilters").open("a", encoding="utf-8") as rules:
        rules.write(stops.BROKEN_RULE)
    wireshark = desktop.Wireshark(captures / stops.FAILURE, stops.BROKEN_PROFILE)
    try:
        trouble = accessible.until(wireshark.trouble, "a word about the broken profile")
    finally:
        wireshark.end()
    (output / f"{stops.BROKEN_STOP}.json").write_text(json.dumps({"trouble": trouble}))


def main():
    output, captures = map(pathlib.Path, sys.argv[1:])
    # xvfb-run waits three seconds for its X server and then goes on without: beside a load that is too short.
    accessible.until(lambda: desktop.xdotool("getdisplaygeometry"), "the X server", desktop.START_S)
    manager = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL)  # pylint: disable=consider-using-with
    try:
        go(output, captures)
        if not (output / f"{stops.BROKEN_STOP}.json").exists():
            break_profile(output, captures)
    finally:
        manager.kill()
    sys.exit(bool(still_to_make(output)))


if __name__ == "__main__":
    main()
