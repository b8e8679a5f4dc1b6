# SPDX-License-Identifier: GPL-2.0-or-later
"""The archives for Linux at work in the Debian releases they were made for and in others, and
what a user sees where they do not fit: docs/troubleshooting.md has it in the same words.

Each release is a userland (cmake/setup/userlands.txt), entered with chroot. ./test --windows
makes archives and userlands and runs this.

Environment: as for test_archives.py.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

import pytest

import harness
from test_archives import MODULES, RELEASES, USERLANDS, archive, exported, section

LIBRARIES = "usr/lib/x86_64-linux-gnu"
# What libwireshark is called in a series.
VERSIONS = {"4.0": 16, "4.4": 18, "4.6": 19}
PAIRS = [(own, other) for own in RELEASES for other in RELEASES if own != other]
REPORT = ("-n", "-q", "-r", "article-2017.pcapng", "-z", "teams,summary")
TROUBLESHOOTING = (harness.ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root's rights")


class System:
    """A Debian release with its Wireshark, and a folder in it where an ordinary user's home folders are."""

    def __init__(self, series):
        self.series = series
        self.root = USERLANDS / RELEASES[series]
        if not (self.root / "usr/bin/tshark").is_file():
            pytest.skip(f"no userland with tshark {series}: ./test --windows")
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="teamshark-", dir=self.root / "srv"))
        self.place.chmod(0o755)

    def run(self, *command, home=None, **environment):
        """As nobody in there, in the folder: a CompletedProcess."""
        place = self.inside(self.place)
        variables = {"HOME": self.inside(home or self.place), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environment}
        line = ["chroot", "--userspec=65534:65534", self.root, "env", "-i", "-C", place, *(f"{name}={value}" for name, value in variables.items())]
        return subprocess.run([*map(str, line), *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True,
                              encoding="utf-8", errors="replace", timeout=harness.TIMEOUT_S, check=False)

    def inside(self, path):
        return "/" + str(pathlib.Path(path).relative_to(self.root))

    def home(self, name, series):
        """A home folder in which the tar.gz of a series was unpacked, and one of the plugins' folder."""
        home = self.place / name
        home.mkdir()
        subprocess.run(["tar", "-xzf", archive(series, "linux-x86_64.tar.gz"), "-C", home, "--no-same-owner"], check=True)
        return home, home / ".local/lib/wireshark/plugins"


@pytest.fixture(name="system")
def system_of_a_release(request):
    system = System(request.param)
    shutil.copy(harness.bundled("article-2017.pcapng"), system.place)
    yield system
    shutil.rmtree(system.place)


def on_each(*more):
    """Parametrised by release, or by release and the series of an archive."""
    if more:
        return pytest.mark.parametrize("system, series", [(other, own) for own, other in PAIRS], indirect=["system"])
    return pytest.mark.parametrize("system", RELEASES, indirect=True)


def plugins(system, home, **environment):
    """Modules of ours that are listed, and what is said beside that."""
    harness.open_to_all(home)
    result = system.run("tshark", "-G", "plugins", home=home, **environment)
    assert result.returncode == 0, result.stderr
    return [module for module in MODULES if f"{module}.so" in result.stdout], result.stderr


@on_each()
def test_archive_of_the_series_works(system):
    home, _ = system.home("home", system.series)
    assert plugins(system, home) == (list(MODULES), "")
    result = system.run("tshark", *REPORT, home=home)
    assert result.returncode == 0 and "sign-in" in result.stdout.lower(), result


@on_each()
def test_archive_is_removed_as_the_document_says(system):
    home, _ = system.home("home", system.series)
    command = re.search(r"^tar -tzf .*$", (harness.ROOT / "docs/building.md").read_text(encoding="utf-8"), re.M)[0]
    subprocess.run(["bash", "-c", command], check=True, env={**os.environ, "HOME": str(home), "archive": str(archive(system.series, "linux-x86_64.tar.gz"))})
    assert not [path for path in home.rglob("*") if path.is_file()]


def commands(text):
    """The lines of a README.txt that stand further in than its text and its points."""
    return [line.strip() for line in text.splitlines() if re.match(r" {4}(   )?\S", line)]


@on_each()
def test_readme_followed(system):
    """Its steps one by one, each as it stands there: unpack, see that it loaded, make a report and a page, remove."""
    packed = archive(system.series, "linux-x86_64.tar.gz")
    with tarfile.open(packed) as files:
        readme = files.extractfile(".local/share/doc/teamshark/README.txt").read().decode()
    home = system.place / "home"
    home.mkdir()

    def follow(command, folder):
        # cd and ~ are the shell's, which has to find the home folder outside.
        return subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, env={**os.environ, "HOME": str(home)}, check=True)

    unpack, *there = commands(section(readme, "Install"))
    assert unpack == f"tar -xzf {packed.name} -C ~"
    follow(f"{unpack} --no-same-owner", packed.parent)
    for line in there:
        named = re.match(r"~/(\S+)", line)[1].removesuffix("...")
        assert (home / named).exists(), named

    see, = commands(section(readme, "Did it load?").split("If not:")[0])
    subprocess.run(["chown", "-R", f"{harness.UNPRIVILEGED_ID}:{harness.UNPRIVILEGED_ID}", home], check=True)
    listing = system.run("bash", "-c", see, home=home).stdout.splitlines()
    assert [line.split()[0] for line in listing] == [f"{module}.so" for module in MODULES]

    report, page = commands(section(readme, "Use"))
    said = system.run(*report.replace("FILE.pcapng", "article-2017.pcapng").split(), home=home)
    assert said.returncode == 0 and "sign-in" in said.stdout.lower(), said
    said = system.run("bash", "-euc", f"cd ~ && {page.replace('FILE', '../article-2017')}", home=home)
    assert said.returncode == 0 and (home / "article-2017.html").stat().st_size > 10000, said
    (home / "article-2017.html").unlink()

    for command in commands(section(readme, "Remove")):
        follow(command, home)
    assert not [path for path in home.rglob("*") if path.is_file()]
    assert plugins(system, home) == ([], "")


@on_each("series")
def test_archive_of_another_series_is_passed_over_without_a_word(system, series):
    home, _ = system.home("home", series)
    assert plugins(system, home) == ([], "")
    assert "**says nothing** of what lies in the old one" in TROUBLESHOOTING


@on_each("series")
def test_modules_of_another_series_are_refused_in_the_words_of_the_document(system, series):
    home, folder = system.home("home", series)
    (folder / series).rename(folder / system.series)
    loaded, said = plugins(system, home)
    assert not loaded
    for module in MODULES:
        assert f"Couldn't load plugin '{module}.so': libwireshark.so.{VERSIONS[series]}: cannot open shared object file" in said
    assert "`Couldn't load plugin 'teams.so': libwireshark.so.16: cannot open shared object file`" in TROUBLESHOOTING
    assert f"{VERSIONS[series]} is {series}" in TROUBLESHOOTING


@on_each()
@pytest.mark.parametrize("wrong", ["a level too high", "without the series", "in a folder for Lua"])
def test_modules_in_a_wrong_folder_are_passed_over_without_a_word(system, wrong):
    home, folder = system.home("home", system.series)
    right = folder / system.series / "epan"
    to = {"a level too high": right.parent, "without the series": folder / "epan", "in a folder for Lua": folder}[wrong]
    to.mkdir(exist_ok=True)
    for module in MODULES:
        (right / f"{module}.so").rename(to / f"{module}.so")
    assert plugins(system, home) == ([], "")


@on_each()
def test_modules_installed_twice_are_told_of(system):
    home, folder = system.home("home", system.series)
    system.home("other", system.series)
    harness.open_to_all(system.place)
    loaded, said = plugins(system, home, WIRESHARK_PLUGIN_DIR=system.inside(system.place / "other/.local/lib/wireshark/plugins"))
    assert loaded == list(MODULES)
    assert "The plugin 'teams.so' was found in multiple directories" in said
    assert "`The plugin 'teams.so' was found in multiple directories`" in TROUBLESHOOTING


def test_root_gets_none_of_them():
    """As docs/troubleshooting.md says of sudo."""
    system = System("4.0")
    try:
        home, _ = system.home("home", "4.0")
        harness.open_to_all(home)
        result = subprocess.run(["chroot", system.root, "env", "-i", f"HOME={system.inside(home)}", "PATH=/usr/bin", "tshark", "-G", "plugins"],
                                capture_output=True, text=True, check=True)
        assert "teams" not in result.stdout
    finally:
        shutil.rmtree(system.place)


# --- Another release's C library and GLib --------------------------------------------

def stand_in(system, series, module):
    """Libraries of Wireshark's names in which each function that a module asks for does nothing."""
    listing = subprocess.run(["nm", "-D", "--undefined-only", module], capture_output=True, text=True, check=True).stdout
    wanted = {line.split()[-1] for line in listing.splitlines()}
    needed = re.findall(r"NEEDED\s+(\S+)", subprocess.run(["objdump", "-p", module], capture_output=True, text=True, check=True).stdout)
    for name in (name for name in needed if re.match(r"lib(wireshark|wsutil|wiretap)\.", name)):
        theirs = next((USERLANDS / RELEASES[series] / LIBRARIES).glob(name))
        names = sorted(wanted & exported(theirs))
        source = system.place / "stand-in.c"
        source.write_text("".join(f"void {symbol}(void) {{}}\n" for symbol in names))
        subprocess.run(["gcc", "-shared", "-nostdlib", "-fno-builtin", "-w", f"-Wl,-soname,{name}", "-o", system.place / name, source], check=True)


@on_each("series")
def test_nothing_is_missing_in_another_release(system, series):
    """Its own Wireshark would not start there, so a stand-in takes its place: every other name is found at once, or this fails."""
    home, folder = system.home("home", series)
    for module in sorted(folder.rglob("*.so")):
        stand_in(system, series, module)
        harness.open_to_all(system.place)
        program = "import ctypes, os, sys; ctypes.CDLL(sys.argv[1], mode=os.RTLD_NOW | os.RTLD_LOCAL)"
        result = system.run("python3", "-c", program, system.inside(module), home=home, LD_LIBRARY_PATH=system.inside(system.place))
        assert result.returncode == 0, result.stderr


def carried_over(system, series):
    """tshark of a series with all its libraries but the C library, GLib and GLib's own, in a folder of another release."""
    origin = System(series)
    shutil.rmtree(origin.place)
    listing = subprocess.run(["chroot", origin.root, "ldd", "/usr/bin/tshark"], capture_output=True, text=True, check=True).stdout
    folder = system.place / "carried"
    folder.mkdir()
    shutil.copy(origin.root / "usr/bin/tshark", folder)
    for name, path in re.findall(r"(\S+) => (/\S+)", listing):
        if not re.match(r"lib(c|m|resolv|dl|pthread|rt|pcre2-8|glib-2\.0|gmodule-2\.0|gthread-2\.0)\.so|ld-linux", name):
            shutil.copy((origin.root / path.lstrip("/")).resolve(), folder / name)
    return folder


@pytest.mark.parametrize("system, series", [("4.4", "4.0"), ("4.6", "4.4")], indirect=["system"])
def test_archive_works_with_a_newer_c_library_and_glib(system, series):
    """The series' own tshark, taken to the next release. (4.0 does not start two releases on, without plugins either.)"""
    home, _ = system.home("home", series)
    folder = carried_over(system, series)
    harness.open_to_all(system.place)
    (folder / "tshark").chmod(0o755)
    result = system.run(system.inside(folder / "tshark"), *REPORT, home=home, LD_LIBRARY_PATH=system.inside(folder))
    assert result.returncode == 0 and "sign-in" in result.stdout.lower(), result.stderr
