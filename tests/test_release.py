# SPDX-License-Identifier: GPL-2.0-or-later
"""The release workflow, as far as it can be tried without its systems: its scripts, and what it runs."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

import harness

WORKFLOW = harness.ROOT / ".github/workflows/release.yml"
RELEASE = harness.ROOT / "cmake/release"


def workflow():
    return WORKFLOW.read_text(encoding="utf-8")


def tell(folder, plugins, program="tshark"):
    """say.sh as an ordinary user with these plugins: a CompletedProcess."""
    place = pathlib.Path(shutil.copytree(harness.ROOT / "test-captures", folder / "test-captures")).parent
    for name in ("cmake/release/say.sh", "tests/interface.txt"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(harness.ROOT / name, place / name)
    harness.open_to_all(place)
    (place / "said").mkdir()
    (place / "said").chmod(0o777)
    return harness.run(["bash", place / "cmake/release/say.sh", program, place / "said"], plugins=plugins)


@pytest.fixture(name="folder")
def folder_of_everybody():
    folder = harness.workspace() / "release"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def test_every_action_is_pinned_by_its_commit():
    used = re.findall(r"uses: (.*)", workflow())
    assert used and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", line) for line in used)


def test_scripts_and_parts_that_it_runs_are_there():
    scripts = set(re.findall(r"cmake/release/[\w.]+", workflow()))
    assert {f"cmake/release/{name}.sh" for name in ("linux", "windows", "macos")} <= scripts
    assert all(os.access(harness.ROOT / name, os.X_OK) for name in scripts)
    parts = {line.split()[0] for line in (harness.ROOT / "tests/parts.txt").read_text().splitlines() if line and line[0] != "#"}
    words = re.search(r"run: \./test ((?:[\w-]+ )+)-k", workflow())[1].split()
    assert words and set(words) <= parts


def test_every_series_is_tried():
    series = [row.split()[2] for row in (harness.ROOT / "cmake/setup/userlands.txt").read_text().splitlines() if row and row[0] != "#"]
    jobs = {name: text for name, text in re.findall(r"^  (\w+):\n(.*?)(?=^  \w|\Z)", workflow().split("jobs:")[1], re.M | re.S)}
    for job in ("said", "windows"):
        assert re.findall(r'series: "([\d.]+)"', jobs[job]) == series
    versions = re.findall(r'series: "([\d.]+)", version: "([\d.]+)"', jobs["windows"])
    assert len(versions) == len(series) and all(version.startswith(f"{name}.") for name, version in versions)


@pytest.mark.parametrize("line, version", [
    ("TShark (Wireshark) 4.6.0 (v4.6.0-0-gcdfb6721e77c).", "4.6.0"),    # the official build
    ("TShark (Wireshark) 4.6.9.", "4.6.9"),
    ("TShark (Wireshark) 4.0.17 (Git v4.0.17 packaged as 4.0.17-0+deb12u3).", "4.0.17"),
])
def test_version_of_the_app_is_understood(line, version):
    script = re.search(r"sed -nE '([^']+)'", workflow())[1]
    result = subprocess.run(["sed", "-nE", script], input=f"{line}\n", capture_output=True, text=True, check=True)
    assert result.stdout == f"{version}\n"


def test_two_captures_are_told_of(folder):
    result = tell(folder, harness.loaded_plugins(harness.stage_dir()))
    assert result.returncode == 0, result.stderr
    files = sorted(path.name for path in (folder / "said").iterdir())
    assert len(files) == 2 * (1 + 2 * 4)
    frames = (folder / "said/article-2017.pcapng.fields").read_text().splitlines()
    names = [line for line in (harness.ROOT / "tests/interface.txt").read_text().splitlines() if line and line[0] != "#"]
    assert len(frames[0].split("\t")) == 1 + len(names)


def test_silence_is_no_success(folder):
    """Without plugins Wireshark knows none of the fields: nothing that could be compared may come of it."""
    result = tell(folder, None)
    assert result.returncode != 0


def test_a_checkout_on_windows_has_the_same_bytes(tmp_path):
    """git for Windows is set to write CR LF, with which no script and no list of names works."""
    if shutil.which("git") is None or \
            subprocess.run(["git", "-C", harness.ROOT, "rev-parse", "HEAD"], capture_output=True, check=False).returncode:
        pytest.skip("no git here")
    command = ["git", "-c", "core.autocrlf=true", "-c", "safe.directory=*", "clone", "-q", "--no-hardlinks", harness.ROOT, tmp_path / "checkout"]
    subprocess.run(command, check=True, capture_output=True)
    for name in ("cmake/release/say.sh", "tests/interface.txt", "test-captures/README.md"):
        assert b"\r" not in (tmp_path / "checkout" / name).read_bytes()


def source_tree(folder):
    """The installed headers where they are in Wireshark's source, without those that its build makes."""
    installed = pathlib.Path(subprocess.run(["pkg-config", "--variable=includedir", "wireshark"], capture_output=True, text=True, check=True)
                             .stdout.strip()) / "wireshark"
    for path in installed.rglob("*.h"):
        if path.name not in ("ws_version.h", "config.h"):
            place = folder / path.relative_to(installed) if path.parent != installed else folder / "include" / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    return folder


def test_headers_for_macos_compile(tmp_path):
    """What macos-sdk.py makes of an app, which has libraries only, and of a source tree that was never built."""
    frameworks = tmp_path / "Wireshark.app/Contents/Frameworks"
    frameworks.mkdir(parents=True)
    for name in ("libwireshark.19.dylib", "libwiresharkish.1.dylib", "libwiretap.16.dylib", "libwsutil.17.dylib", "libglib-2.0.0.dylib"):
        (frameworks / name).touch()
    glib = tmp_path / "glib"
    for option in subprocess.run(["pkg-config", "--cflags-only-I", "glib-2.0"], capture_output=True, text=True, check=True).stdout.split():
        shutil.copytree(option[2:], glib / option[2:].strip("/"), dirs_exist_ok=True)
    sdk = tmp_path / "sdk"
    source = source_tree(tmp_path / "source")
    subprocess.run([RELEASE / "macos-sdk.py", tmp_path / "Wireshark.app", "4.6.0", source, glib, sdk], check=True, stdin=subprocess.DEVNULL)
    config = (sdk / "lib/cmake/wireshark/WiresharkConfig.cmake").read_text()
    assert "set(Wireshark_MINOR_VERSION 6)" in config and "libwireshark.19.dylib" in config
    folders = re.search(r'INTERFACE_INCLUDE_DIRECTORIES "(.*)"', config)[1].split(";")
    program = tmp_path / "program.c"
    program.write_text("#include <wireshark.h>\n#include <epan/packet.h>\n#include <epan/stat_tap_ui.h>\n"
                       "int version(void);\nint version(void) { return WIRESHARK_VERSION_MINOR; }\n")
    result = subprocess.run(["gcc", "-fsyntax-only", "-DHAVE_SSIZE_T", *(f"-isystem{name}" for name in folders), program],
                            capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
