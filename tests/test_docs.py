# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command in the documentation does what the text says.

A block fenced as `sh` is run by bash in a folder that holds the bundled
captures, with tshark, the staged plugins and the profile as a reader has them
after installing. It has to succeed, to print something and to say nothing on
standard error. A block fenced as `text` right after it is what it prints; a
line of "..." in it stands for any lines.

A second word after `sh` says why a block is not run:
  sh window    opens a window (tests/test_gui.py drives those)
  sh install   changes what is installed on the machine
  sh build     builds or tests the project itself
  sh elsewhere is for another system, or needs the reader's own files
"""

import dataclasses
import pathlib
import re
import shutil
import subprocess

import pytest

import harness

DOCUMENTS = sorted([*harness.ROOT.glob("*.md"), *(harness.ROOT / "docs").glob("*.md"),
                    harness.ROOT / "test-captures/README.md"])
FENCE = re.compile(r"^```(\w*) ?(\w*)$")
NOT_RUN = ("window", "install", "build", "elsewhere")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
ELSEWHERE = re.compile(r"[a-z]+:")
ANY_LINES = "..."


@dataclasses.dataclass
class Block:
    document: pathlib.Path
    line: int
    language: str
    word: str
    text: str = ""
    output: str = None      # what the document says that it prints

    def __str__(self):
        return f"{self.document.name}:{self.line}"


def blocks(document):
    """The fenced blocks of a document; a `text` block right after a command is its output."""
    found, current, last_end = [], None, 0
    for number, line in enumerate(document.read_text().splitlines(), 1):
        match = FENCE.match(line)
        if match and current is None:
            current = Block(document, number, match[1], match[2])
            previous = found[-1] if found else None
            if current.language == "text" and previous and previous.language == "sh" and number - last_end <= 2:
                current.word = "output"
        elif line == "```" and current:
            if current.word == "output":
                found[-1].output = current.text
            else:
                found.append(current)
            current, last_end = None, number
        elif current:
            current.text += line + "\n"
    assert current is None, f"{current} is not closed"
    return found


COMMANDS = [block for document in DOCUMENTS for block in blocks(document) if block.language == "sh"]


@pytest.fixture(scope="module", name="folder")
def reader_folder():
    """What a reader has in the folder where the commands are typed."""
    folder = harness.workspace() / "reader"
    shutil.copytree(harness.ROOT / "test-captures", folder / "test-captures", ignore=shutil.ignore_patterns("generate"))
    harness.open_to_all(folder)
    return folder


def printed_as_told(told, printed):
    """Whether lines are as told, "..." standing for any of them."""
    pattern = "".join(".*?" if line == ANY_LINES else re.escape(line.rstrip()) + "\n" for line in told.splitlines())
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in printed.splitlines()), re.DOTALL)


def test_marks_are_known():
    assert {block.word for block in COMMANDS} <= {"", *NOT_RUN}


@pytest.mark.parametrize("block", [block for block in COMMANDS if not block.word], ids=str)
def test_command_works(block, folder):
    plugins = harness.loaded_plugins(harness.stage_dir())
    home = harness.new_home("Teams")
    command = harness.unprivileged(["bash", "-euo", "pipefail", "-c", block.text], harness.environment(home, plugins))
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=harness.TIMEOUT_S)
    shutil.rmtree(home)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert done.stdout, "it prints nothing"
    if block.output is not None:
        assert printed_as_told(block.output, done.stdout), f"it prints\n{done.stdout}"


@pytest.mark.parametrize("block", [block for block in COMMANDS if block.word], ids=str)
def test_command_that_is_not_run_is_shell(block):
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    for target in LINK.findall(document.read_text()):
        if not ELSEWHERE.match(target):
            assert (document.parent / target).exists(), target


def test_output_with_gaps_is_compared():
    assert printed_as_told("one\n...\nfour\n", "one\ntwo\nthree\nfour\n")
    assert not printed_as_told("one\n...\nfour\n", "one\ntwo\n")
    assert not printed_as_told("one\n", "one\ntwo\n")
