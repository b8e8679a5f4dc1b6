# SPDX-License-Identifier: GPL-2.0-or-later
"""The bundled captures are what their generators make, and each is described."""
import os
import re
import subprocess
import sys

import pytest

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                      "test-captures")
SMALL = 200 * 1024
LARGER = {"article-2017.pcapng": 1536 * 1024}


def bundled():
    """Names of all captures, relative to their folder."""
    found = []
    for folder, _, files in os.walk(FOLDER):
        found += [os.path.relpath(os.path.join(folder, name), FOLDER) for name in files
                  if name.endswith((".pcap", ".pcapng"))]
    return sorted(found)


@pytest.fixture(scope="module")
def made_anew(tmp_path_factory):
    pytest.importorskip("scapy", reason="generators need python3-scapy")
    pytest.importorskip("cryptography", reason="generators need python3-cryptography")
    folder = tmp_path_factory.mktemp("captures")
    subprocess.run([sys.executable, os.path.join(FOLDER, "generate", "all.py"), str(folder)],
                   check=True)
    return folder


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as capture:
        return capture.read()


def test_every_generator_has_its_captures(made_anew):
    made = {os.path.relpath(os.path.join(folder, name), made_anew)
            for folder, _, files in os.walk(made_anew) for name in files}
    assert made == set(bundled())


@pytest.mark.parametrize("name", bundled())
def test_made_anew_byte_for_byte(made_anew, name):
    assert read(made_anew, name) == read(FOLDER, name), f"run test-captures/generate/all.py . {name}"


def test_each_capture_has_one_line_in_the_readme():
    with open(os.path.join(FOLDER, "README.md"), encoding="utf-8") as readme:
        rows = re.findall(r"^\| (\S+\.pcap(?:ng)?) \| .{20,} \|$", readme.read(), re.MULTILINE)
    assert sorted(rows) == bundled()


@pytest.mark.parametrize("name", bundled())
def test_small(name):
    assert os.path.getsize(os.path.join(FOLDER, name)) <= LARGER.get(name, SMALL)
