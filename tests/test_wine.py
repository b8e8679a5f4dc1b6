# SPDX-License-Identifier: GPL-2.0-or-later
"""The zip for Windows at work: a Windows tshark under wine says what the native one says.

./test --wine builds that tshark, of Wireshark 4.0, once, and runs these tests. It proves
the plugins' code and its C run-time, not the official build of Wireshark.

Environment:
  TEAMSHARK_WINDOWS_TSHARK  the folder with tshark.exe
  TEAMSHARK_ARCHIVES        the folder of archives (default build/archives)
"""

import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import zipfile

import pytest

import harness
from test_archives import ARCHIVES, MODULES, RELEASES, archive, section
from test_captures import bundled
from test_release import tell

SERIES = "4.0"
RUN = pathlib.Path(os.environ.get("TEAMSHARK_WINDOWS_TSHARK") or pathlib.Path.home() / ".cache/teamshark/windows-tshark-4.0")
# A person's name as Windows allows it in a folder.
USER = "Jürgen Östlund 山田"
TIMEOUT_S = 300
TRIES = 4
TROUBLESHOOTING = (harness.ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
OURS = re.compile(r"(teams|teams_dns|ms_turn|teams_stun|teams_flightproxy)(\.|$)")
REPORTS = ("signin", "names", "calls", "flows", "summary")

pytestmark = pytest.mark.skipif(not (RUN / "tshark.exe").is_file() or not shutil.which("wine"),
                                reason="no tshark for Windows or no wine here: ./test --wine")


def windows_path(path):
    return "Z:" + str(path).replace("/", "\\")


class Windows:
    """A user's Windows: a wine prefix, whose user gives his name to %APPDATA%, and Wireshark's folder in that."""

    def __init__(self, place):
        self.place = place
        self.appdata = place / "wine/drive_c/users" / USER / "AppData/Roaming/Wireshark"
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(place), "WINEPREFIX": str(place / "wine"), "WINEDEBUG": "-all",
                            "WINEDLLOVERRIDES": "mscoree,mshtml=", "TZ": "UTC", "LANG": "C.UTF-8", "USER": USER,
                            "WINEPATH": windows_path(RUN)}
        (place / "wine").mkdir()
        # Wine's server and the services that it starts stay a while: starting them takes longer than tshark does.
        subprocess.run(["wineserver", "-p60"], env=self.environment, check=True)
        self.tshark("--version")
        self.appdata.mkdir(exist_ok=True)

    def close(self):
        subprocess.run(["wineserver", "-k"], env=self.environment, check=False)

    def run(self, program, *args):
        """What a program that did well wrote to standard output and to standard error, as bytes. Wine's own server fails at times: again then.

        Exit status 1 is wine's for that. tshark has the same one for a field that it does not know, as where the zip is older than the native plugins."""
        for _ in range(TRIES):
            # Into files: the services that start with the first program would hold a pipe open.
            with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
                result = subprocess.run(["wine", str(program), *map(str, args)], env=self.environment, stdin=subprocess.DEVNULL,
                                        stdout=output, stderr=complaint, timeout=TIMEOUT_S, check=False, cwd=self.place)
                output.seek(0)
                complaint.seek(0)
                said = output.read(), complaint.read()
            if b"wine client error" not in said[1]:
                break
        assert result.returncode == 0, f"exit status {result.returncode}: {said[1].decode(errors='replace')[-2000:]}"
        return said

    def tshark(self, *args):
        return self.run(RUN / "tshark.exe", *args)[0].decode("utf-8").replace("\r\n", "\n")

    def plugins(self):
        """Modules of ours that are loaded, and what Wireshark complains of."""
        listing, said = self.run(RUN / "tshark.exe", "-G", "plugins")
        return [module for module in MODULES if f"{module}.dll".encode() in listing], said.decode("utf-8").replace("\r\n", "\n")

    def clear(self):
        shutil.rmtree(self.appdata)
        self.appdata.mkdir()


@pytest.fixture(scope="module", name="fresh")
def without_plugins(tmp_path_factory):
    windows = Windows(tmp_path_factory.mktemp("windows"))
    yield windows
    windows.close()


@pytest.fixture(scope="module", name="windows")
def with_plugins(tmp_path_factory):
    """After the steps of the zip's README.txt: unpacked in the personal folder."""
    windows = Windows(tmp_path_factory.mktemp("windows"))
    install(windows)
    yield windows
    windows.close()


def install(windows, series=SERIES, folder=""):
    with zipfile.ZipFile(archive(series, "windows-x64.zip")) as packed:
        packed.extractall(windows.appdata / folder)


@functools.lru_cache(maxsize=None)
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


def headers_stay_closed(windows, capture):
    """Whether a capture has compressed headers of HTTP/2, and the tshark that is built for this nothing to open them with."""
    return "without nghttp2" in windows.tshark("--version") and bool(harness.tshark("-r", capture, "-Y", "http2.header"))


@pytest.mark.parametrize("name", bundled())
def test_says_what_the_native_one_says(windows, name):
    capture = harness.bundled(name)
    arguments = everything(capture)
    said, expected = windows.tshark("-n", *arguments), harness.tshark(*arguments)
    if said != expected and headers_stay_closed(windows, capture):
        pytest.skip("the tshark for Windows that is built here cannot open HTTP/2's compressed headers")
    assert said == expected


def named_files(text):
    """Paths in lines such as "plugins\\4.0\\epan\\ms-stun.dll   (and teams-dns.dll, teams.dll)"."""
    found = []
    for line in text.splitlines():
        first, *more = re.findall(r"[\w.\\-]+", line.replace("(and", "").replace("(this text)", ""))
        if first:
            found += [first, *(first.rsplit("\\", 1)[0] + "\\" + name for name in more)]
    return [pathlib.PurePosixPath(name.rstrip("\\.").replace("\\", "/")) for name in found]


def test_readme_followed(fresh):
    """Its steps one by one, each as it stands there: unpack, see that it loaded, make a report, remove. Nothing of ours is left."""
    before = {path for path in fresh.appdata.rglob("*") if path.is_file()}
    install(fresh)
    readme = (fresh.appdata / "Teamshark" / "README.txt").read_text(encoding="utf-8")
    there = section(readme, "Install").split("Then these are there:")[1].split("5. ")[0]
    files = named_files(there.strip())
    assert len(files) == 3 + 1 + 1 and all((fresh.appdata.parent / path).exists() for path in files)
    assert set(re.findall(r"[\w-]+\.dll", section(readme, "Did it load?").splitlines()[0])) == {f"{module}.dll" for module in MODULES}
    assert fresh.plugins() == (list(MODULES), "")
    command = re.search(r'^    "C:\\Program Files\\Wireshark\\tshark\.exe" (.*)$', section(readme, "Use"), re.M)[1]
    words = [str(harness.bundled("article-2017.pcapng")) if word == "FILE.pcapng" else word for word in command.split()]
    assert "sign-in" in fresh.tshark(*words).lower()
    removed = named_files("\n".join(line.strip() for line in section(readme, "Remove").splitlines() if line.startswith("    ")))
    assert len(removed) == 3 + 1 + 1
    for path in (fresh.appdata / path for path in removed):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    left = {path for path in fresh.appdata.rglob("*") if path.is_file()} - before
    assert not left
    assert fresh.plugins() == ([], "")


def test_folder_is_the_one_of_the_readme(fresh):
    """%APPDATA%\\Wireshark, of a user with letters of any script in his name."""
    folders = dict(line.split(":", 1) for line in fresh.tshark("-G", "folders").splitlines() if ":" in line)
    home = f"C:\\users\\{USER}\\AppData\\Roaming\\Wireshark"
    assert folders["Personal configuration"].strip() == home
    assert folders["Personal Plugins"].strip() == f"{home}\\plugins\\{SERIES}"


# --- Where it does not load: docs/troubleshooting.md has the same words ------------------

@pytest.mark.parametrize("series", [series for series in RELEASES if series != SERIES])
def test_zip_of_another_series_is_passed_over_without_a_word(fresh, series):
    fresh.clear()
    install(fresh, series)
    assert fresh.plugins() == ([], "")


@pytest.mark.parametrize("series", [series for series in RELEASES if series != SERIES])
def test_modules_of_another_series_are_refused_in_the_words_of_the_document(fresh, series):
    """Wine puts something in the place of a function that is missing. Windows does not, and has the other sentence of the document then."""
    fresh.clear()
    install(fresh, series)
    plugins = fresh.appdata / "plugins"
    (plugins / series).rename(plugins / SERIES)
    loaded, complaint = fresh.plugins()
    assert not loaded
    for module in MODULES:
        assert f"The plugin '{module}.dll' was compiled for Wireshark version {series}" in complaint
    assert "`The plugin 'teams.dll' was compiled for Wireshark version 4.4`" in TROUBLESHOOTING


@pytest.mark.parametrize("wrong", ["a folder of the zip's name", "a level too high", "a folder with a dash"])
def test_wrong_folder_is_passed_over_without_a_word(fresh, wrong):
    fresh.clear()
    plugins = fresh.appdata / "plugins"
    if wrong == "a folder of the zip's name":
        install(fresh, folder=archive(SERIES, "windows-x64.zip").stem)
    else:
        install(fresh)
        if wrong == "a folder with a dash":
            (plugins / SERIES).rename(plugins / SERIES.replace(".", "-"))
        else:
            for module in MODULES:
                (plugins / SERIES / "epan" / f"{module}.dll").rename(plugins / SERIES / f"{module}.dll")
    assert fresh.plugins() == ([], "")


def test_damaged_module_is_refused_and_the_others_work(fresh):
    fresh.clear()
    install(fresh)
    damaged = fresh.appdata / "plugins" / SERIES / "epan/teams.dll"
    damaged.write_bytes(damaged.read_bytes()[:40000])
    loaded, complaint = fresh.plugins()
    assert loaded == ["ms-stun", "teams-dns"]
    assert "Couldn't load plugin 'teams.dll':" in complaint and "`Couldn't load plugin 'teams.dll': ...`" in TROUBLESHOOTING


def test_release_script_finds_no_difference(fresh, tmp_path):
    """cmake/release/windows.sh, which the release workflow runs with the official Wireshark."""
    archive(SERIES, "windows-x64.zip")      # skips where there is none
    fresh.clear()
    program = tmp_path / "tshark"
    program.write_text(f'#!/bin/sh\nexec wine {RUN}/tshark.exe "$@"\n')
    program.chmod(0o755)
    environment = {**fresh.environment, "APPDATA": str(fresh.appdata.parent)}
    expected = tell(harness.workspace() / "said-by-linux", harness.loaded_plugins(harness.stage_dir()))
    assert expected.returncode == 0, expected.stderr
    command = [harness.ROOT / "cmake/release/windows.sh", ARCHIVES, SERIES, program, harness.workspace() / "said-by-linux/said", tmp_path / "said"]
    result = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]


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
    question = ("-r", capture, "-Y", 'teams_dns.name == "login.microsoftonline.com"', "-T", "fields", "-e", "teams_dns.service")
    assert set(windows.tshark("-n", "-C", "Own", *question).split()) == {"chat"}
    assert "chat" not in harness.tshark(*question)


@pytest.mark.parametrize("subject", sorted(path.stem.removeprefix("test_") for path in (harness.ROOT / "tests/unit").glob("test_*.c")))
def test_unit_tests(windows, subject):
    program = ARCHIVES / f"unit-{SERIES}-windows-x64" / f"unit-{subject}.exe"
    if not program.is_file():
        pytest.skip(f"{program} was not built: ./test --wine")
    windows.run(program)
