# SPDX-License-Identifier: GPL-2.0-or-later
"""The build as the commands make it: modules, old builds, and plugins of another series."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

import harness

COMMON = harness.ROOT / "cmake/setup/common.sh"


def in_shell(script, **env):
    """Runs a few lines of bash after sourcing common.sh; a CompletedProcess."""
    return subprocess.run(["bash", "-euo", "pipefail", "-c", f". {COMMON}\n{script}"], stdin=subprocess.DEVNULL,
                          env={**os.environ, "ROOT": str(harness.ROOT), **env},
                          capture_output=True, text=True, check=False)


def modules():
    found = sorted(harness.stage_dir().glob("*/epan/*.so"))
    assert found
    return found


def test_modules_show_wireshark_what_it_asks_for_and_nothing_else():
    allowed = {"plugin_version", "plugin_want_major", "plugin_want_minor", "plugin_register", "plugin_describe"}
    for module in modules():
        listing = subprocess.run(["nm", "-D", "--defined-only", module], capture_output=True, text=True, check=True)
        names = {line.split()[-1] for line in listing.stdout.splitlines()}
        # A build with sanitizers has some of theirs.
        assert {name for name in names if not re.match("_+(asan|odr|ubsan)", name)} <= allowed, module.name


@pytest.mark.parametrize("key, reason", [
    ("CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere", "was configured elsewhere"),
    (None, "were built for Wireshark 3.6"),
])
def test_a_build_that_does_not_fit_is_made_anew(tmp_path, key, reason):
    folder = tmp_path / "build"
    folder.mkdir()
    (folder / "CMakeCache.txt").write_text(
        f"{key or f'CMAKE_HOME_DIRECTORY:INTERNAL={harness.ROOT}'}\nCMAKE_CACHEFILE_DIR:INTERNAL={folder}\n")
    (folder / "wireshark-series").write_text("3.6\n")
    result = in_shell(f"forget_stale_build {folder}")
    assert reason in result.stderr and not folder.exists(), result


def test_a_build_that_fits_stays(tmp_path):
    (tmp_path / "CMakeCache.txt").write_text(
        f"CMAKE_HOME_DIRECTORY:INTERNAL={harness.ROOT}\nCMAKE_CACHEFILE_DIR:INTERNAL={tmp_path}\n")
    series = in_shell("developer_series").stdout
    (tmp_path / "wireshark-series").write_text(series)
    assert in_shell(f"forget_stale_build {tmp_path}").stderr == "" and (tmp_path / "CMakeCache.txt").exists()


def test_packages_are_listed_once_per_use():
    lines = [line.split(None, 2) for line in (harness.ROOT / "cmake/setup/packages.txt").read_text().splitlines()
             if line and not line.startswith("#")]
    assert all(len(words) == 3 for words in lines), "use, package, why"
    pairs = [(words[0], words[1]) for words in lines]
    assert len(pairs) == len(set(pairs))


def test_wireshark_names_the_series_of_a_plugin_that_does_not_fit(tmp_path):
    """What docs/troubleshooting.md quotes: a module whose series was changed is refused by name."""
    copy = tmp_path / modules()[0].relative_to(harness.stage_dir())
    copy.parent.mkdir(parents=True)
    shutil.copy(modules()[0], copy)
    overwrite_int(copy, "plugin_want_minor", 2)
    tmp_path.chmod(0o755)
    place = pathlib.Path(shutil.copytree(tmp_path, harness.workspace() / "other-series"))
    harness.open_to_all(place)
    result = harness.run([harness.tshark_program(), "-G", "plugins"], plugins=place)
    assert re.search(rf"{copy.name}' was compiled for Wireshark version 4\.2", result.stderr), result.stderr
    assert str(place) not in result.stdout


def overwrite_int(module, symbol, value):
    """Sets a constant of a module: its place is that of the symbol within its section."""
    symbols = subprocess.run(["readelf", "-Ws", "--dyn-syms", module], capture_output=True, text=True, check=True).stdout
    row = next(line.split() for line in symbols.splitlines() if line.endswith(f" {symbol}"))
    sections = subprocess.run(["readelf", "-WS", module], capture_output=True, text=True, check=True).stdout
    number = re.escape(row[6])
    section = re.search(rf"\[ *{number}\] \S+ +\S+ +([0-9a-f]+) ([0-9a-f]+)", sections)
    data = bytearray(module.read_bytes())
    offset = int(row[1], 16) - int(section.group(1), 16) + int(section.group(2), 16)
    data[offset:offset + 4] = value.to_bytes(4, "little")
    module.write_bytes(data)
