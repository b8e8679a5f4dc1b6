#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the pictures of the documentation from those that the tests of the windows take.

Usage: TEAMSHARK_PICTURES=FOLDER ./test tests/test_gui.py, then docs/generate/pictures.py FOLDER

Each picture carries, as its comment, the series of Wireshark and a digest of the
texts that its window held, so that a test can tell when it is out of date.
"""

import hashlib
import json
import pathlib
import subprocess
import sys

IMAGES = pathlib.Path(__file__).resolve().parent.parent / "images"
# Picture -> the stop of the tour (tests/gui/stops.py) that takes it.
PICTURES = {
    "call.png": "tree_media",
    "expert.png": "expert",
    "flow-graph.png": "flow_graph",
    "flows.png": "report_flows",
    "io-graph.png": "io_graph",
    "sign-in.png": "report_signin",
}


def series():
    """The X.Y of the installed Wireshark."""
    said = subprocess.run(["wireshark", "--version"], capture_output=True, text=True, check=True).stdout
    return ".".join(next(word for word in said.split() if word[0].isdigit()).split(".")[:2])


def comment(found):
    """What a picture carries of what its stop found."""
    digest = hashlib.sha256("\n".join(found["texts"]).encode()).hexdigest()
    return f"Wireshark {series()} {digest}"


def carried(picture):
    """The comment of a picture of the documentation."""
    command = ["identify", "-format", "%c", str(IMAGES / picture)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def make(picture, folder):
    found = json.loads((folder / f"{PICTURES[picture]}.json").read_text(encoding="utf-8"))
    source, target = folder / f"{PICTURES[picture]}.png", IMAGES / picture
    subprocess.run(["convert", str(source), "+profile", "*", "+dither", "-colors", "64", "-set", "comment", comment(found),
                    "-define", "png:compression-level=9", "-define", "png:exclude-chunks=date,tIME,gAMA,cHRM", f"PNG8:{target}"], check=True)


def main():
    for picture in PICTURES:
        make(picture, pathlib.Path(sys.argv[1]))


if __name__ == "__main__":
    main()
