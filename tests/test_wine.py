# SPDX-License-Identifier: GPL-2.0-or-later
"""The zip for Windows at work: a Windows tshark under wine says what the native one says.

./test --wine builds that tshark, of Wireshark 4.0, once, and runs these tests. It proves
the plugins' code and its C run-time, not the official build of Wireshark.

Environment:
  TEAMSHARK_WINDOWS_TSHARK  the folder with tshark.exe
  TEAMSHARK_ARCHIVES        the folder of archives (default build/archives)
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import zipfile

import pytest

import harness
from test_archives import ARCHIVES, MODULES, archive
from test_captures import bundled

SERIES = "4.0"
RUN = pathlib.Path(os.environ.get("TEAMSHARK_WINDOWS_TSHARK") or pathlib.Path.home() / ".cache/teamshark/windows-tshark-4.0")
# A person's name as Windows allows it in a folder.
USER = "Jürgen Östlund 山田"
TIMEOUT_S = 300
OURS = re.compile(r"(teams|teams_dns|ms_turn|teams_stun|teams_flightproxy)(\.|$)")
REPORTS = ("signin", "names", "calls", "flows", "summary")

pytestmark = pytest.mark.skipif(not (RUN / "tshark.exe").is_file() or not shutil.which("wine"),
                                reason="no tshark for Windows or no wine here: ./test --wine")


def windows_path(path):
    return "Z:" + str(path).replace("/", "\\")


class Windows:
    """A user's Windows: a wine prefix, and the personal folder of Wireshark."""

    def __init__(self, place):
        self.place = place
        self.appdata = place / "users" / USER / "AppData" / "Wireshark"
        self.appdata.mkdir(parents=True)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(place), "WINEPREFIX": str(place / "wine"), "WINEDEBUG": "-all",
                            "WINEDLLOVERRIDES": "mscoree,mshtml=", "TZ": "UTC", "LANG": "C.UTF-8",
                            "WINEPATH": windows_path(RUN), "WIRESHARK_APPDATA": windows_path(self.appdata)}

    def run(self, program, *args):
        """Standard output as bytes of a program that did well. Wine's own server fails at times: once more then."""
        for _ in range(2):
            result = subprocess.run(["wine", str(program), *map(str, args)], env=self.environment, stdin=subprocess.DEVNULL,
                                    capture_output=True, timeout=TIMEOUT_S, check=False, cwd=self.place)
            if b"wine client error" not in result.stderr:
                break
        assert result.returncode == 0, result.stderr.decode(errors="replace")[-2000:]
        return result.stdout

    def tshark(self, *args):
        return self.run(RUN / "tshark.exe", *args).decode("utf-8").replace("\r\n", "\n")


@pytest.fixture(scope="module", name="fresh")
def without_plugins(tmp_path_factory):
    return Windows(tmp_path_factory.mktemp("windows"))


@pytest.fixture(scope="module", name="windows")
def with_plugins(tmp_path_factory):
    """After the steps of the zip's README.txt: unpacked in the personal folder."""
    windows = Windows(tmp_path_factory.mktemp("windows"))
    install(windows)
    return windows


def install(windows):
    with zipfile.ZipFile(archive(SERIES, "windows-x64.zip")) as packed:
        packed.extractall(windows.appdata)


def own_fields():
    """Names of all fields of ours, as the native tshark lists them."""
    listing = (row.split("\t") for row in harness.tshark("-G", "fields").splitlines())
    return sorted({row[2] for row in listing if row[0] == "F" and OURS.match(row[2])})


def everything(capture):
    """Arguments that print all fields of ours of each frame, then each report as text and as JSON: in one run, since wine starts slowly."""
    options = ["-r", capture, "-T", "fields", "-e", "frame.number"]
    for name in own_fields():
        options += ["-e", name]
    for kind in ("", ",json"):
        for name in REPORTS:
            options += ["-z", f"teams,{name}{kind}"]
    return options


@pytest.mark.parametrize("name", bundled())
def test_says_what_the_native_one_says(windows, name):
    arguments = everything(harness.bundled(name))
    assert windows.tshark("-n", *arguments) == harness.tshark(*arguments)


def test_readme_followed(fresh):
    """Unpack, see that it loaded, make a report, remove: nothing of ours is left."""
    before = {path for path in fresh.appdata.rglob("*") if path.is_file()}
    install(fresh)
    listing = fresh.tshark("-G", "plugins")
    assert [module for module in MODULES if f"{module}.dll" in listing] == list(MODULES)
    readme = (fresh.appdata / "Teamshark" / "README.txt").read_text(encoding="utf-8")
    assert "-z teams,summary" in readme
    assert "sign-in" in fresh.tshark("-q", "-r", harness.bundled("article-2017.pcapng"), "-z", "teams,summary").lower()
    for module in MODULES:
        (fresh.appdata / "plugins" / SERIES / "epan" / f"{module}.dll").unlink()
    shutil.rmtree(fresh.appdata / "profiles" / "Teams")
    shutil.rmtree(fresh.appdata / "Teamshark")
    left = {path for path in fresh.appdata.rglob("*") if path.is_file()} - before
    assert not left
    assert "teams" not in fresh.tshark("-G", "plugins").lower()


def test_capture_in_a_folder_with_spaces_and_letters_of_any_script(windows):
    folder = windows.place / "Meine Mitschnitte – 会議"
    folder.mkdir()
    capture = folder / "article 2017.pcapng"
    shutil.copy(harness.bundled("article-2017.pcapng"), capture)
    said = json.loads(windows.tshark("-n", "-q", "-r", windows_path(capture), "-z", "teams,summary,json"))
    assert said == json.loads(harness.report(harness.bundled("article-2017.pcapng"), "teams,summary,json"))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_table_of_own_names_with_either_line_end(windows, line_end):
    """Editors of Windows end lines with CR LF: names of a user's table are found all the same."""
    profile = windows.appdata / "profiles" / "Own"
    profile.mkdir(parents=True, exist_ok=True)
    rows = ['"login.microsoftonline.com","exact","teams","chat","sync","Front desk"', '"*.example.net","glob","teams","chat","sync",""']
    (profile / "teams_dns_names").write_bytes("".join(row + line_end for row in rows).encode())
    capture = harness.bundled("article-2017.pcapng")
    said = windows.tshark("-n", "-C", "Own", "-r", capture, "-Y", 'teams_dns.name == "login.microsoftonline.com"', "-T", "fields",
                          "-e", "teams_dns.service")
    assert set(said.split()) == {"chat"}


@pytest.mark.parametrize("subject", ["names", "glob", "tokens", "lookalike", "user_rows", "prefixes", "payload", "stream", "random"])
def test_unit_tests(windows, subject):
    program = ARCHIVES / f"unit-{SERIES}-windows-x64" / f"unit-{subject}.exe"
    if not program.is_file():
        pytest.skip(f"{program} was not built: ./test --wine")
    windows.run(program)
