# SPDX-License-Identifier: GPL-2.0-or-later
"""The tree itself: what every file has, and what none may hold."""

import re
import shutil
import subprocess

import pytest

import harness

SOURCES = (".c", ".h", ".py", ".sh")
SHELL = ("run", "test", ".ci/run")
LICENCE = "SPDX-License-Identifier: GPL-2.0-or-later"
# Folders of one machine. Documents name /usr, /opt and the like, which are everybody's.
MACHINE_PATHS = re.compile(r"(?<![\w$.}-])/(?:work|home/\w+|root|tmp/(?!teamshark)\w+)/[\w.]")
VERSION_TESTS = re.compile(r"^\s*#\s*(?:el)?if.*\b(?:WIRESHARK_VERSION|VERSION_M(?:AJOR|INOR)|TS_HAVE_\w+)", re.M)


def tree():
    """All files of the project: git's, or without git all but builds."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=harness.ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0 and listing.stdout:
        found = [harness.ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        skipped = ("build", ".git", "__pycache__")
        found = [path for path in harness.ROOT.rglob("*")
                 if not set(skipped) & set(path.relative_to(harness.ROOT).parts)]
    return sorted(path for path in found if path.is_file())


def texts():
    """Relative path -> text of the files that are text."""
    found = {}
    for path in tree():
        try:
            found[str(path.relative_to(harness.ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def test_every_source_names_its_licence():
    wrong = [name for name, text in texts().items() if name.endswith(SOURCES) and LICENCE not in text[:600]]
    assert not wrong


def test_c_sources_begin_with_their_name():
    wrong = [name for name, text in texts().items()
             if name.endswith((".c", ".h")) and not text.startswith(f"/* {name.rsplit('/', 1)[-1]}\n")]
    assert not wrong


def test_no_path_of_one_machine():
    wrong = [f"{name}: {found.group()}" for name, text in texts().items()
             for found in MACHINE_PATHS.finditer(text) if not name.startswith("tests/test_build_tree")]
    assert not wrong


def test_only_one_file_knows_versions():
    wrong = [name for name, text in texts().items()
             if name.startswith("plugins/") and not name.endswith("ws_compat.h") and VERSION_TESTS.search(text)]
    assert not wrong


def test_text_files_end_in_one_newline_and_lines_in_no_blanks():
    wrong = [name for name, text in texts().items()
             if text and name.endswith((*SOURCES, ".txt", ".cmake", ".md")) and
             (not text.endswith("\n") or re.search(r"[ \t]+$", text, re.M))]
    assert not wrong


def test_shell_code_is_clean():
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    files = [*SHELL, *(str(path.relative_to(harness.ROOT)) for path in (harness.ROOT / "cmake").rglob("*.sh"))]
    result = subprocess.run(["shellcheck", "-x", "-P", "SCRIPTDIR", *files], cwd=harness.ROOT,
                            capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_versions_agree():
    version = re.search(r"VERSION (\d+\.\d+\.\d+)", texts()["CMakeLists.txt"].split("project(")[1]).group(1)
    assert f"## {version}" in texts()["CHANGELOG.md"]
