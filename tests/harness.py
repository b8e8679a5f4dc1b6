# SPDX-License-Identifier: GPL-2.0-or-later
"""What every field test stands on: tshark with the staged plugins, as an ordinary user.

Wireshark ignores WIRESHARK_PLUGIN_DIR in a privileged process, so as root the
harness drops to an unprivileged uid. That user may be unable to read the
checkout (a clone under a root-only folder), therefore the staged plugins, the
profile and, where necessary, captures are copied to a temporary folder first.

Environment:
  TEAMSHARK_STAGE    staged plugins (default build/development/plugins-staged)
  TEAMSHARK_SHARED   real captures (default ../shared/captures beside the checkout)
  TEAMSHARK_TSHARK   the tshark to run (default: the one in PATH)
  TEAMSHARK_PRELOAD  library to preload into tshark (the sanitizers' run-time)
  TEAMSHARK_SANITIZED_STAGE, TEAMSHARK_SANITIZER
                     plugins built with sanitizers, and the library they need
"""

import atexit
import datetime
import functools
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
UNPRIVILEGED_ID = 65534
TIMEOUT_S = 300

# -z teams,NAME, in the order of the documentation: the rows of the one table of reports.
REPORTS = tuple(re.findall(r"&teams_report_(\w+),", (ROOT / "plugins/teams/report/report.c").read_text(encoding="utf-8")))

# Each way in which a frame can be looked at; all have to give the same fields.
MODES = ("one-pass", "two-pass", "display-filter", "two-pass-filter",
         "json", "two-pass-json", "columns", "two-pass-columns")
# tshark renumbers the frames that a read filter leaves: to look at, not to compare.
READ_FILTER_MODE = "two-pass-read-filter"
FILTERED_MODES = ("display-filter", "two-pass-filter", READ_FILTER_MODE)

# What separates fields and occurrences in tshark's output: nothing a value holds.
SEPARATOR = "\x1e"
AGGREGATOR = "\x1f"

HEX_WITH_COLONS = re.compile("[0-9a-f]{2}(:[0-9a-f]{2})+")

# What tshark writes when something is wrong though its exit status may be 0.
COMPLAINTS = ("Dissector bug", "Dissector writer didn't bother", "couldn't load", "Couldn't load plugin",
              "has no \"plugin", "was compiled for",
              "AddressSanitizer", "runtime error:")


class TsharkError(AssertionError):
    """tshark failed, complained, or did not load the plugins."""


# --- Places ------------------------------------------------------------------

def stage_dir():
    """The folder that holds X.Y/epan/*.so of the build under test."""
    return pathlib.Path(os.environ.get("TEAMSHARK_STAGE") or ROOT / "build/development/plugins-staged")


def sanitized():
    """Staged plugins built with sanitizers and the library to preload for them. Skips where they are not built."""
    stage = pathlib.Path(os.environ.get("TEAMSHARK_SANITIZED_STAGE") or ROOT / "build/sanitizers/plugins-staged")
    library = os.environ.get("TEAMSHARK_SANITIZER") or subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=False).stdout.strip()
    if not stage.is_dir() or not os.path.isabs(library):
        pytest.skip("no build with sanitizers (cmake --preset sanitizers)", allow_module_level=True)
    return stage, os.path.realpath(library)


def shared_dir():
    """The folder of real captures, which are no part of the project."""
    return pathlib.Path(os.environ.get("TEAMSHARK_SHARED") or ROOT.parent / "shared/captures")


def shared(name):
    """Path of a real capture, such as "teams/teams-signin-and-call.pcapng". Skips the test where it is absent."""
    path = shared_dir() / name
    if not path.is_file():
        pytest.skip(f"real capture {name} is not here (TEAMSHARK_SHARED)", allow_module_level=True)
    return path


def shared_names(folder):
    """Names, for shared(), of all real captures in a folder: [] where there are none."""
    found = (path for path in (shared_dir() / folder).glob("*") if ".pcap" in path.name or path.suffix == ".cap")
    return sorted(f"{folder}/{path.name}" for path in found)


def bundled(name):
    """Path of a capture in test-captures/."""
    path = ROOT / "test-captures" / name
    assert path.is_file(), f"test-captures/{name} is missing"
    return path


def command(name):
    """A command of tests/, which has no .py at its end, as a module."""
    loader = importlib.machinery.SourceFileLoader(pathlib.Path(name).name, str(ROOT / "tests" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


# --- The temporary world in which tshark runs --------------------------------

@functools.lru_cache(maxsize=None)
def workspace():
    """A folder of this test run, readable by everybody and removed at its end."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="teamshark-tests-"))
    path.chmod(0o755)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    for name in ("no-plugins", "captures"):
        (path / name).mkdir()
    return path


@functools.lru_cache(maxsize=None)
def staged_copy(stage):
    """The staged plugins where the unprivileged user can read them."""
    modules = sorted(stage.glob("*/epan/*.so"))
    if not modules:
        raise TsharkError(f"no plugins in {stage}: build first, or set TEAMSHARK_STAGE")
    copy = pathlib.Path(tempfile.mkdtemp(prefix="plugins-", dir=workspace()))
    for module in modules:
        target = copy / module.relative_to(stage)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(module, target)
    open_to_all(copy)
    return copy


def open_to_all(folder):
    """Lets everybody read what is under a folder, whatever the umask was."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def world_readable(path):
    """Whether any user can read a file, judged by its and its folders' permissions."""
    def has(target, bit):
        return bool(target.stat().st_mode & bit)
    path = path.resolve()
    return has(path, stat.S_IROTH) and all(has(folder, stat.S_IXOTH) for folder in path.parents)


@functools.lru_cache(maxsize=None)
def readable(path):
    """The path itself, or that of a copy where only root could read it."""
    path = pathlib.Path(path)
    if os.geteuid() != 0 or world_readable(path):
        return path
    folder = pathlib.Path(tempfile.mkdtemp(dir=workspace() / "captures"))
    folder.chmod(0o755)
    copy = folder / path.name
    shutil.copyfile(path, copy)
    copy.chmod(0o644)
    return copy


def new_home(profile=None):
    """A fresh home folder of the unprivileged user, with a configuration that holds the given profile."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="home-", dir=workspace()))
    config = home / "config"
    config.mkdir()
    if profile:
        shutil.copytree(ROOT / "profiles" / profile, config / "profiles" / profile)
        open_to_all(config)
    if os.geteuid() == 0:
        for path in [home, *home.rglob("*")]:
            os.chown(path, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
    return home


def environment(home, plugins, preload=None):
    """The environment of a program under test: nothing of the caller's but PATH."""
    env = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "WIRESHARK_CONFIG_DIR": str(home / "config"),
        "WIRESHARK_PLUGIN_DIR": str(plugins),
        # Capture tools are of no use here, and hang where a sanitizer is preloaded.
        "WIRESHARK_EXTCAP_DIR": str(workspace() / "no-plugins"),
        "WIRESHARK_ABORT_ON_DISSECTOR_BUG": "1",
        "WIRESHARK_DEBUG_WMEM_OVERRIDE": "strict",
    }
    preload = preload or os.environ.get("TEAMSHARK_PRELOAD")
    if preload:
        # strict wmem hides overruns from the address sanitizer, plain malloc shows them.
        env.update(LD_PRELOAD=preload, WIRESHARK_DEBUG_WMEM_OVERRIDE="simple",
                   ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "detect_leaks=0"),
                   UBSAN_OPTIONS=os.environ.get("UBSAN_OPTIONS", "print_stacktrace=1"))
    return env


def unprivileged(command, env):
    """The command line that runs a command with exactly this environment and no privileges."""
    command = ["env", "-i", *(f"{name}={value}" for name, value in env.items()), *map(str, command)]
    if os.geteuid() == 0:
        ids = [f"--reuid={UNPRIVILEGED_ID}", f"--regid={UNPRIVILEGED_ID}", "--clear-groups"]
        command = ["setpriv", *ids, *command]
    return command


def run(command, *, plugins=None, profile=None, timeout=TIMEOUT_S, env=None, preload=None, text=""):
    """Runs a command unprivileged in a fresh home; a CompletedProcess with text output.

    Variables in env come on top of those of environment(); None takes one away. It reads text."""
    home = new_home(profile)
    full = {**environment(home, plugins or workspace() / "no-plugins", preload), **(env or {})}
    full = {name: value for name, value in full.items() if value is not None}
    try:
        return subprocess.run(unprivileged(command, full), input=text, capture_output=True,
                              cwd=home, timeout=timeout, check=False, encoding="utf-8", errors="replace")
    finally:
        shutil.rmtree(home, ignore_errors=True)


# Starts a command in silence and says how it ended and what it took. exec(2) keeps the highest peak of memory that the process
# ever had, also that of the program it was forked from: of a small one that is nothing.
SMALL_PARENT = """
import os, sys
nowhere = os.open(os.devnull, os.O_RDWR)
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, n) for n in range(3)])
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, file=sys.__stdout__)
"""


def spent(command, folder):
    """Seconds of processor time and peak memory in bytes of a command that succeeds, its output thrown away."""
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", SMALL_PARENT, *map(str, command)], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True) as process:
        status, seconds, peak = process.communicate()[0].split()
    assert status == "0", f"status {status}: {command}"
    return float(seconds), int(peak)


# --- tshark ------------------------------------------------------------------

def tshark_program():
    return os.environ.get("TEAMSHARK_TSHARK") or shutil.which("tshark") or "tshark"


def command_line(args, profile, prefs):
    options = ["-C", profile] if profile else []
    for name, value in (prefs or {}).items():
        options += ["-o", f"{name}:{value}"]
    args = [readable(arg) if before == "-r" else arg for before, arg in zip([None, *args], args)]
    # -G has to come first.
    return [tshark_program(), *args] if "-G" in args[:1] else [tshark_program(), "-n", *options, *args]


def checked(result, accept):
    """The standard output of a tshark that did well, otherwise an error that holds all it said."""
    said = result.stdout[-4000:] + result.stderr[-4000:]
    if result.returncode not in accept:
        raise TsharkError(f"tshark ended with {result.returncode}: {result.args}\n{said}")
    # A listing holds stock's own expert items, "Dissector bug" among them.
    heard = result.stderr if "-G" in result.args else result.stderr + result.stdout
    for complaint in COMPLAINTS:
        if complaint in heard:
            raise TsharkError(f"tshark complained ({complaint}): {result.args}\n{said}")
    return result.stdout


@functools.lru_cache(maxsize=None)
def loaded_plugins(stage, preload=None):
    """The staged plugins, all of which tshark lists as loaded."""
    staged = staged_copy(stage)
    result = run([tshark_program(), "-G", "plugins"], plugins=staged, preload=preload)
    listing = checked(result, (0,))
    missing = [path.name for path in staged.glob("*/epan/*.so") if str(path) not in listing]
    if missing:
        version = run([tshark_program(), "--version"]).stdout.splitlines()[:1]
        raise TsharkError(f"{version} did not load {missing} from {staged}: {listing}\n{result.stderr}")
    return staged


def tshark(*args, profile=None, prefs=None, accept=(0,), timeout=TIMEOUT_S, env=None):
    """Standard output of tshark with the staged plugins, unprivileged and without name resolution.

    Raises TsharkError on another exit status than those accepted, on a dissector bug
    or a sanitizer's report, and where a plugin did not load."""
    command = command_line(args, profile, prefs)
    plugins = loaded_plugins(stage_dir())
    return checked(run(command, plugins=plugins, profile=profile, timeout=timeout, env=env), accept)


def sanitized_run(*args, prefs=None, timeout=TIMEOUT_S, env=None):
    """tshark under the address and undefined behaviour sanitizers: a CompletedProcess, not checked."""
    stage, library = sanitized()
    plugins = loaded_plugins(stage, library)
    return run(command_line(args, None, prefs), plugins=plugins, timeout=timeout, env=env, preload=library)


def sanitized_tshark(*args, prefs=None, accept=(0,), timeout=TIMEOUT_S, env=None):
    """tshark() under the sanitizers."""
    return checked(sanitized_run(*args, prefs=prefs, timeout=timeout, env=env), accept)


def stock_tshark(*args, prefs=None, accept=(0,), timeout=TIMEOUT_S, env=None):
    """The same without our plugins: what Wireshark says by itself."""
    return checked(run(command_line(args, None, prefs), timeout=timeout, env=env), accept)


def sharkd_columns(captures, names):
    """What these fields of the last capture show where one process opens the captures one after the other.

    A list of texts for each frame; None where there is no sharkd."""
    program = shutil.which("sharkd")
    if program is None:
        return None
    asked = [("load", {"file": str(readable(str(capture)))}) for capture in captures]
    asked += [("frames", {f"column{n}": f"{name}:1" for n, name in enumerate(names)}), ("bye", {})]
    text = "".join(json.dumps({"jsonrpc": "2.0", "id": n, "method": method, "params": params}) + "\n"
                   for n, (method, params) in enumerate(asked, 1))
    result = run([program, "-"], plugins=loaded_plugins(stage_dir()), text=text)
    answers = {answer["id"]: answer["result"] for answer in map(json.loads, checked(result, (0,)).splitlines())}
    return [frame["c"] for frame in answers[len(captures) + 1]]


def report(capture, name, prefs=None, profile=None):
    """What a report, such as "teams,signin", prints about a capture."""
    return tshark("-q", "-r", capture, "-z", name, prefs=prefs, profile=profile)


# --- Fields ------------------------------------------------------------------

def fields(capture, names, display_filter=None, mode="one-pass", prefs=None, profile=None, stock=False):
    """The values of fields: one dict per frame, of name -> list of values as text.

    "frame.number" is always among the names. A mode that is named after a filter
    needs one; any other mode applies it, too, where it is given."""
    assert mode in (*MODES, READ_FILTER_MODE), f"{mode} is none of {MODES}"
    assert display_filter or mode not in FILTERED_MODES, f"{mode} needs a display filter"
    names = ["frame.number", *(name for name in names if name != "frame.number")]
    args = ["-r", capture]
    if mode.startswith("two-pass"):
        args += ["-2"]
    if display_filter:
        args += ["-R" if mode == READ_FILTER_MODE else "-Y", display_filter]
    runner = functools.partial(stock_tshark if stock else functools.partial(tshark, profile=profile))
    reader = read_json if "json" in mode else read_columns if "columns" in mode else read_fields
    return reader(runner, args, names, dict(prefs or {}))


def read_fields(runner, args, names, prefs):
    options = ["-T", "fields", "-E", f"separator={SEPARATOR}", "-E", f"aggregator={AGGREGATOR}"]
    for name in names:
        options += ["-e", name]
    rows = (line.split(SEPARATOR) for line in runner(*args, *options, prefs=prefs).split("\n") if line)
    return [{name: split_values(value, AGGREGATOR) for name, value in zip(names, row)} for row in rows]


def split_values(text, separator):
    return text.split(separator) if text else []


def read_json(runner, args, names, prefs):
    text = runner(*args, "-T", "json", prefs=prefs)
    frames = json.loads(text, object_pairs_hook=list) if text.strip() else []
    return [values_in(frame, names) for frame in frames]


def values_in(frame, names):
    """The values of the named fields in a frame of -T json, in the order of the tree.

    Objects come as lists of pairs since keys occur more than once in them."""
    found = {name: [] for name in names}

    def walk(node):
        for pair in node:
            if isinstance(pair, tuple):
                key, value = pair
                if key in found and isinstance(value, str):
                    found[key].append(value)
                elif isinstance(value, list):
                    walk(value)
            elif isinstance(pair, list):
                walk(pair)

    walk(frame)
    return found


def read_columns(runner, args, names, prefs):
    columns = ",".join(f'"{name}","%Cus:{name}:0:U"' for name in names)
    prefs["gui.column.format"] = columns
    rows = (line.split("\t") for line in runner(*args, "-T", "tabs", prefs=prefs).split("\n") if line)
    return [{name: split_values(value.strip(), ",") for name, value in zip(names, row)} for row in rows]


def assert_same_in_all_modes(capture, names, display_filter, prefs=None, profile=None, modes=MODES):
    """Each mode gives the same values of the fields and selects the same frames.

    The reference is one pass with -T fields alone. Leave out names whose value only a
    later pass can know (forward references)."""
    everything = fields(capture, names, prefs=prefs, profile=profile)
    reference = {frame["frame.number"][0]: frame for frame in everything}
    selected = [frame["frame.number"][0]
                for frame in fields(capture, [], display_filter, prefs=prefs, profile=profile)]
    assert selected, f"{display_filter} selects no frame of {capture}"
    for mode in modes:
        if mode == "one-pass":
            continue        # the reference itself
        got = fields(capture, names, display_filter if mode in FILTERED_MODES else None,
                     mode, prefs=prefs, profile=profile)
        expected = selected if mode in FILTERED_MODES else list(reference)
        assert_same_frames(mode, got, [reference[number] for number in expected], len(expected))


def assert_same_frames(mode, got, expected, count):
    assert len(got) == count, f"{mode}: {len(got)} frames, expected {count}"
    for frame, other in zip(got, expected):
        for name, values in other.items():
            assert comparable(mode, frame[name]) == comparable(mode, values), \
                f"{mode}: {name} of frame {other['frame.number'][0]} differs from one pass"


def comparable(mode, values):
    """Values as far as every mode can write them: a column joins them with commas and cuts the rest off."""
    if "columns" in mode:
        return ",".join(map(plain, values))[:200]
    # A single empty value and none at all look the same with -T fields.
    return [] if values == [""] else [plain(value) for value in values]


def instant(value):
    """A time field as "2020-04-23 09:02:15": Wireshark 4.6 writes ISO 8601, older ones "Apr 23, 2020 09:02:15"."""
    if re.match(r"\d{4}-", value):
        return value[:19].replace("T", " ")
    return datetime.datetime.strptime(value.split(".")[0], "%b %d, %Y %H:%M:%S").strftime("%Y-%m-%d %H:%M:%S")


def plain(value):
    """One spelling for what modes spell differently: booleans, bytes, and the white space around a value."""
    value = value.strip()
    if HEX_WITH_COLONS.fullmatch(value):
        return value.replace(":", "")
    return {"True": "1", "False": "0"}.get(value, value)
