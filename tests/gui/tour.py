# SPDX-License-Identifier: GPL-2.0-or-later
"""Goes through Wireshark's windows as a user would, writes down what is there, and takes pictures.

Usage: tour.py OUTPUT STOPS CAPTURE...
STOPS are names of the functions below marked as stops, joined by commas. What
each saw goes to OUTPUT/STOP.json, pictures to OUTPUT/STOP.png.
"""

import json
import pathlib
import subprocess
import sys
import traceback

import desktop

STOPS = {}


def stop(capture):
    """Marks a function as a stop of the tour, in a Wireshark that has this capture open."""
    def mark(function):
        STOPS[function.__name__] = (capture, function)
        return function
    return mark


ARTICLE = "article-2017.pcapng"
# Frames of that capture, one for the tree of each plugin.
# Somewhere in the packet details of the main window.
DETAILS = (200, 700)
# How many frames after the one that matters are in sight, too.
FRAMES_BELOW = 11
NAME_FRAME, ALLOCATION_FRAME, CHECK_FRAME, MEDIA_FRAME = 84, 194, 225, 363


def labels(wireshark, role, depth=12):
    return [item.get_name() for item in desktop.descendants(wireshark.main, depth)
            if desktop.role(item) == role and item.get_name()]


@stop(ARTICLE)
def packet_list(wireshark, picture):
    """The window as it opens."""
    wireshark.menu("View", "Packet Bytes")
    wireshark.menu("View", "Resize Columns")
    picture()
    return {
        "status": wireshark.status(),
        "profile": desktop.find(wireshark.main, "label", "Profile:").get_name(),
        "headings": labels(wireshark, "table column header"),
        "buttons": labels(wireshark, "push button", 4),
        "statistics": wireshark.menu_texts("Statistics"),
        "filters": wireshark.menu_texts("Analyze", "Conversation Filter"),
    }


def tree_of(wireshark, picture, frame, protocol):
    """Shows a frame with the end of its details, where ours are, unfolded."""
    wireshark.go_to(frame + FRAMES_BELOW)
    wireshark.go_to(frame)
    wireshark.menu("View", "Expand All")
    wireshark.click(*DETAILS)
    wireshark.key("End")
    picture()
    return {"status": wireshark.status(), "protocol": protocol}


@stop(ARTICLE)
def tree_name(wireshark, picture):
    return tree_of(wireshark, picture, NAME_FRAME, "teams_dns")


@stop(ARTICLE)
def tree_allocation(wireshark, picture):
    return tree_of(wireshark, picture, ALLOCATION_FRAME, "ms_turn")


@stop(ARTICLE)
def tree_check(wireshark, picture):
    return tree_of(wireshark, picture, CHECK_FRAME, "teams_stun")


@stop(ARTICLE)
def tree_media(wireshark, picture):
    return tree_of(wireshark, picture, MEDIA_FRAME, "teams_stun")


@stop(ARTICLE)
def button(wireshark, picture):
    """A filter button."""
    wireshark.menu("View", "Collapse All")
    desktop.press(desktop.find(wireshark.filter_bar(), "push button", "Sign-in"))
    picture()
    status = wireshark.status()
    wireshark.filter("")
    return {"status": status}


@stop(ARTICLE)
def expert(wireshark, picture):
    """Analyze > Expert Information."""
    return window_of(wireshark, picture, ("Analyze", "Expert Information"), "Expert Information")


def window_of(wireshark, picture, path, title, size=(1000, 640)):
    """Opens the window of a menu item, looks, and closes it."""
    window = wireshark.open_window(title, *path)
    wireshark.resize(title, *size)
    picture(title)
    texts = desktop.texts(window)
    wireshark.close(window)
    return {"texts": texts}


@stop(ARTICLE)
def report_signin(wireshark, picture):
    return window_of(wireshark, picture, ("Statistics", "Teams Sign-In"), "Teams Sign-In")


@stop(ARTICLE)
def report_names(wireshark, picture):
    return window_of(wireshark, picture, ("Statistics", "Teams Names"), "Teams Names")


@stop(ARTICLE)
def report_calls(wireshark, picture):
    return window_of(wireshark, picture, ("Statistics", "Teams Calls"), "Teams Calls")


@stop(ARTICLE)
def report_flows(wireshark, picture):
    return window_of(wireshark, picture, ("Statistics", "Teams Flows"), "Teams Flows")


@stop(ARTICLE)
def rtp_streams(wireshark, picture):
    return window_of(wireshark, picture, ("Telephony", "RTP", "RTP Streams"), "RTP Streams")


@stop(ARTICLE)
def flow_graph(wireshark, picture):
    wireshark.filter("teams && frame.number < 260")
    found = window_of(wireshark, picture, ("Statistics", "Flow Graph"), "Flow", (1200, 760))
    wireshark.filter("")
    return found


@stop(ARTICLE)
def io_graph(wireshark, picture):
    return window_of(wireshark, picture, ("Statistics", "I/O Graph"), "I/O Graph", (1000, 700))


@stop(ARTICLE)
def preferences(wireshark, picture):
    """Edit > Preferences > Protocols > Teams Names, and the table of the user's own names."""
    window = wireshark.open_window("Preferences", "Edit", "Preferences")
    wireshark.resize("Preferences", 900, 560)
    wireshark.type_in("Preferences", "Protocols", "Right", "Teams Names")
    picture("Preferences")
    texts = desktop.texts(window)
    desktop.press(desktop.find(window, "push button", "Edit"))
    table = wireshark.wait_window("Teams Names")
    texts += desktop.texts(table)
    wireshark.close(table)
    wireshark.close(window)
    return {"texts": texts}


@stop(ARTICLE)
def conversation(wireshark, picture):
    """View > Colorize Conversation, and the filter of the call."""
    wireshark.go_to(MEDIA_FRAME)
    wireshark.menu("Analyze", "Conversation Filter", "Teams call")
    status = wireshark.status()
    wireshark.filter("")
    wireshark.go_to(MEDIA_FRAME)
    wireshark.menu("View", "Colorize Conversation", "Color 1")
    picture()
    return {"status": status}


def observed(wireshark):
    """What has to be so after every stop."""
    return {"alive": wireshark.alive(), "alarms": wireshark.alarms(), "titles": wireshark.titles()}


def go(output, names, captures):
    """Makes the stops, a new Wireshark for each capture."""
    for capture in captures:
        wireshark = desktop.Wireshark(str(capture), "Teams")
        try:
            for name in names:
                wanted, function = STOPS[name]
                if wanted != capture.name:
                    continue

                def picture(title=None, name=name):
                    wireshark.picture(str(output / f"{name}.png"), title)

                try:
                    found = function(wireshark, picture)
                except (desktop.NotThere, AttributeError, TypeError):
                    found = {"error": traceback.format_exc()}
                    picture()
                (output / f"{name}.json").write_text(json.dumps({**found, **observed(wireshark)}))
        finally:
            wireshark.end()


def main():
    output, names, *captures = sys.argv[1:]
    manager = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL)  # pylint: disable=consider-using-with
    try:
        go(pathlib.Path(output), names.split(","), [pathlib.Path(path) for path in captures])
    finally:
        manager.kill()


if __name__ == "__main__":
    main()
