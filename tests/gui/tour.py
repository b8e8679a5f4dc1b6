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


SIGNIN = "article-signin-2017.pcap"
CALL = "call-relayed.pcapng"


def expand_all(wireshark):
    wireshark.menu("View", "Expand All")


@stop(SIGNIN)
def packet_list(wireshark, picture):
    """The window as it opens."""
    wireshark.menu("View", "Resize Columns")
    picture()
    return {
        "status": wireshark.status(),
        "profile": desktop.find(wireshark.main, "label", "Profile:").get_name(),
        "headings": [item.get_name() for item in desktop.descendants(wireshark.main)
                     if desktop.role(item) == "table column header" and item.get_name()],
        "buttons": [item.get_name() for item in desktop.descendants(wireshark.main, 4)
                    if desktop.role(item) == "push button" and item.get_name()],
    }


@stop(SIGNIN)
def button(wireshark, picture):
    """A filter button."""
    press_button(wireshark, "Sign-in")
    picture()
    return {"status": wireshark.status()}


def press_button(wireshark, label):
    desktop.press(desktop.find(wireshark.filter_bar(), "push button", label))


@stop(SIGNIN)
def expert(wireshark, picture):
    """Analyze > Expert Information."""
    wireshark.menu("Analyze", "Expert Information")
    window = wireshark.wait_window("Expert Information")
    wireshark.resize("Expert Information", 1000, 600)
    picture("Expert Information")
    texts = desktop.texts(window)
    wireshark.close(window)
    return {"texts": texts}


@stop(SIGNIN)
def preferences(wireshark, picture):
    """Edit > Preferences, the page of a protocol of ours."""
    wireshark.menu("Edit", "Preferences")
    window = wireshark.wait_window("Preferences")
    picture("Preferences")
    texts = desktop.texts(window)
    wireshark.close(window)
    return {"texts": texts}


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
