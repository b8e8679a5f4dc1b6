# SPDX-License-Identifier: GPL-2.0-or-later
"""What ./run --windows and --linux made: no plugin asks for what its Wireshark has not got.

Nothing is run here. A missing import shows nowhere but on the user's machine, where
Windows says "the procedure entry point could not be located" and the plugin is not there.

Environment:
  TEAMSHARK_ARCHIVES   the folder of archives (default build/archives)
  TEAMSHARK_USERLANDS  the userlands that they were made in
"""

import os
import pathlib
import re
import subprocess
import tarfile
import zipfile

import pytest

from harness import ROOT

ARCHIVES = pathlib.Path(os.environ.get("TEAMSHARK_ARCHIVES") or ROOT / "build/archives")
USERLANDS = pathlib.Path(os.environ.get("TEAMSHARK_USERLANDS") or pathlib.Path.home() / ".cache/teamshark/userland")
RELEASES = {row[2]: row[0] for row in (line.split() for line in (ROOT / "cmake/setup/userlands.txt").read_text().splitlines())
            if len(row) == 3 and not row[0].startswith("#")}
MODULES = ("ms-stun", "teams-dns", "teams")

# The libraries of the official Wireshark for Windows, by its own names.
LIBRARIES = {"libwireshark.dll": "libwireshark.so", "libwsutil.dll": "libwsutil.so", "libwiretap.dll": "libwiretap.so",
             "glib-2.0-0.dll": "libglib-2.0.so.0"}
# What Windows itself has: the universal C run-time, and never the old msvcrt.
SYSTEM = re.compile(r"KERNEL32\.dll|api-ms-win-crt-[a-z]+-l1-1-0\.dll")
ENTRY_POINTS = {"plugin_version", "plugin_want_major", "plugin_want_minor", "plugin_register"}
# Since 4.4 Wireshark asks a plugin what it is.
LATER_ENTRY_POINTS = {"4.0": set()}
GLIB_LIMIT = (2, 72)
# What the oldest distributions with these series have.
GLIBC_LIMIT = (2, 17)


def archive(series, kind):
    found = sorted(ARCHIVES.glob(f"teamshark-*-wireshark-{series}-{kind}"))
    if not found:
        pytest.skip(f"no archive of {series} for {kind.split('-')[0]} in {ARCHIVES}: ./run --{kind.split('-')[0]} {series}")
    return found[-1]


def section(readme, title):
    """What stands under a title of a README.txt."""
    return re.search(rf"^{re.escape(title)}\n-+\n(.*?)(?=\n\n[^\n]+\n---|\Z)", readme, re.M | re.S)[1]


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


def library(series, name):
    return next((USERLANDS / RELEASES[series] / "usr/lib/x86_64-linux-gnu").glob(name), None) or \
        pytest.skip(f"no userland with Wireshark {series}")


def exported(path):
    """The names that a shared library offers, without versions."""
    return {line.split()[-1].split("@")[0] for line in run("nm", "-D", "--defined-only", path).splitlines()}


def later_glib():
    """Functions that GLib's own headers say came after GLIB_LIMIT."""
    found = set()
    for header in (USERLANDS / RELEASES["4.6"] / "usr/include/glib-2.0").rglob("*.h"):
        for declaration in header.read_text(errors="replace").split(";"):
            since = re.search(r"AVAILABLE_IN_(\d+)_(\d+)[^{]*?\b(g_\w+)\s*\(", declaration)
            if since and (int(since[1]), int(since[2])) > GLIB_LIMIT:
                found.add(since[3])
    return found


@pytest.fixture(scope="module", name="folder")
def unpacked(tmp_path_factory):
    return tmp_path_factory.mktemp("archives")


def dll(folder, series, module):
    with zipfile.ZipFile(archive(series, "windows-x64.zip")) as packed:
        return pathlib.Path(packed.extract(f"plugins/{series}/epan/{module}.dll", folder / series))


def imports(path):
    """DLL -> names that are asked of it."""
    found, current = {}, None
    for line in run("objdump", "-p", path).splitlines():
        name = re.search(r"DLL Name: (\S+)", line)
        entry = re.fullmatch(r"\s*[0-9a-f]+\s+(?:<none>\s+)?(?:\d+|[0-9a-f]+)\s+(?:[0-9a-f]+\s+)?([A-Za-z_]\w*)", line)
        if name:
            current = found.setdefault(name[1], set())
        elif entry and current is not None:
            current.add(entry[1])
        elif line.startswith("There is an export table"):
            break
    return found


def entry_points(path):
    table = run("objdump", "-p", path).split("[Ordinal/Name Pointer] Table")[1].split("\n\n")[0]
    return set(re.findall(r"\b(plugin_\w+|\w+)$", table, re.MULTILINE)) - {"Base"}


@pytest.mark.parametrize("series", RELEASES)
def test_zip_is_laid_out_for_wiresharks_folder(series):
    with zipfile.ZipFile(archive(series, "windows-x64.zip")) as packed:
        names = {name for name in packed.namelist() if not name.endswith("/")}
        readme = packed.read("Teamshark/README.txt").decode()
    plugins = {name for name in names if name.startswith("plugins/")}
    assert plugins == {f"plugins/{series}/epan/{module}.dll" for module in MODULES}
    profile = {f"profiles/Teams/{path.name}" for path in (ROOT / "profiles/Teams").iterdir()}
    assert {name for name in names if name.startswith("profiles/")} == profile
    assert {"Teamshark/COPYING.txt", "Teamshark/docs/troubleshooting.md", "Teamshark/teamshark-page.py", "Teamshark/page.html"} <= names
    assert all(name.split("/")[0] in ("plugins", "profiles", "Teamshark") for name in names)
    assert f"for Wireshark {series} " in readme and "@" not in readme and readme.count("\r\n") == readme.count("\n")
    assert max(map(len, readme.splitlines())) <= 100


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("series", RELEASES)
def test_dll_asks_only_for_what_is_there(folder, series, module):
    asked = imports(dll(folder, series, module))
    unknown = [name for name in asked if name not in LIBRARIES and not SYSTEM.fullmatch(name)]
    assert not unknown
    assert {"libwireshark.dll", "glib-2.0-0.dll"} <= set(asked)
    for name, names in asked.items():
        assert names, f"nothing was read of {name}"
        if name in LIBRARIES:
            assert not names - exported(library(series, LIBRARIES[name]))
    assert not asked["glib-2.0-0.dll"] & later_glib()


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("series", RELEASES)
def test_dll_offers_a_plugins_entry_points_and_no_more(folder, series, module):
    expected = ENTRY_POINTS | LATER_ENTRY_POINTS.get(series, {"plugin_describe"})
    assert entry_points(dll(folder, series, module)) == expected


def test_newer_functions_of_glib_are_known():
    """The check above is worth nothing where the headers are not understood."""
    if not (USERLANDS / RELEASES["4.6"]).is_dir():
        pytest.skip("no userland with GLib's headers")
    assert {"g_string_free_and_steal", "g_prefix_error_literal"} & later_glib()
    assert "g_hash_table_new" not in later_glib()


@pytest.mark.parametrize("series", RELEASES)
def test_tar_is_laid_out_for_a_home_folder(series):
    with tarfile.open(archive(series, "linux-x86_64.tar.gz")) as packed:
        names = {member.name.removeprefix("./") for member in packed if not member.isdir()}
        readme = packed.extractfile(".local/share/doc/teamshark/README.txt").read().decode()
        licence = packed.extractfile(".local/share/doc/teamshark/COPYING.txt").read()
    plugins = {name for name in names if name.startswith(".local/lib/")}
    assert plugins == {f".local/lib/wireshark/plugins/{series}/epan/{module}.so" for module in MODULES}
    profile = {f".config/wireshark/profiles/Teams/{path.name}" for path in (ROOT / "profiles/Teams").iterdir()}
    assert {name for name in names if name.startswith(".config/")} == profile
    rest = names - plugins - profile
    assert {".local/bin/teamshark-page", ".local/share/teamshark/page.html", ".local/share/doc/teamshark/docs/troubleshooting.md"} <= rest
    assert all(name.startswith((".local/bin/teamshark-page", ".local/share/teamshark/", ".local/share/doc/teamshark/")) for name in rest)
    assert licence == (ROOT / "COPYING").read_bytes()
    assert f"for Wireshark {series} " in readme and "@" not in readme and max(map(len, readme.splitlines())) <= 100


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("series", RELEASES)
def test_module_for_linux_loads_on_older_systems(folder, series, module):
    place = f".local/lib/wireshark/plugins/{series}/epan/{module}.so"
    with tarfile.open(archive(series, "linux-x86_64.tar.gz")) as packed:
        packed.extract(place, folder / f"linux-{series}")
    path = folder / f"linux-{series}" / place
    symbols = run("nm", "-D", path)
    glibc = [tuple(map(int, version.split("."))) for version in re.findall(r"@GLIBC_([\d.]+)", symbols)]
    assert glibc and max(glibc)[:2] <= GLIBC_LIMIT
    assert not set(re.findall(r" U (g_\w+)", symbols)) & later_glib()
    needed = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", path))
    assert all(re.fullmatch(r"lib(wireshark|wsutil|wiretap|glib-2\.0|c|gcrypt)\.so\.\d+", name) for name in needed)
