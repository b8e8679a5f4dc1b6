#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the pictures of the documentation from those that the tests of the windows take.

Usage: TEAMSHARK_PICTURES=FOLDER ./test tests/test_gui.py tests/test_page.py, then docs/generate/pictures.py FOLDER
"""

import pathlib
import subprocess
import sys

IMAGES = pathlib.Path(__file__).resolve().parent.parent / "images"
# Picture -> the stop of the tour (tests/gui/stops.py) that takes it, or the size of the page (tests/test_page.py).
PICTURES = {
    "call.png": "tree_media",
    "expert.png": "expert",
    "flow-graph.png": "flow_graph",
    "flows.png": "report_flows",
    "io-graph.png": "io_graph",
    "page.png": "page_1280",
    "sign-in.png": "report_signin",
}
# Enough for each colour of a picture to stay its own, and few enough for a small file.
COLOURS = 64
COLOURS_OF = {"call.png": 32}


def make(picture, folder):
    source, target = folder / f"{PICTURES[picture]}.png", IMAGES / picture
    subprocess.run(["convert", str(source), "-strip", "+dither", "-colors", str(COLOURS_OF.get(picture, COLOURS)),
                    "-define", "png:compression-level=9", f"PNG8:{target}"], check=True)


def main():
    for picture in PICTURES:
        make(picture, pathlib.Path(sys.argv[1]))


if __name__ == "__main__":
    main()
