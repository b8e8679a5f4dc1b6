# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents and the fenced blocks in them.

Every block names its language. One fenced as `sh` is run by a test in a folder that
holds the bundled captures, with tshark, the plugins and the profile as a reader has
them after installing (tests/test_docs.py). A second word says what else it needs, or
why it is not run; what can be checked of it without running it, is:

  sh checkout   typed in the checkout; FILE stands for a capture of the reader's
                (tests/test_install.py)
  sh install    the same, with a home folder of its own that is empty afterwards
  sh root       changes the machine, as root: only in a throw-away userland
  sh window     opens a window: tests/test_gui.py drives those
  sh tests      runs tests or benchmarks, this one among them
  sh elsewhere  is for another system, or needs what the reader has

A block fenced as `text` right after a command is what that prints: a line of "..." in
it stands for any lines, and "..." in a line for anything in that line. Every command that
a test runs has one."""

import dataclasses
import pathlib
import re

import harness

DOCUMENTS = sorted([*harness.ROOT.glob("*.md"), *(harness.ROOT / "docs").rglob("*.md"),
                    harness.ROOT / "test-captures/README.md"])
WORDS = ("", "checkout", "install", "root", "window", "tests", "elsewhere")
MAY_BE_ABSENT = ("jq", "sqlite3", "sharkd")     # programs that readers of some pages have
FENCE = re.compile(r"^ *```(\w*) ?(\w*)$")


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
        elif match and not match[1] and current:
            if current.word == "output":
                found[-1].output = current.text
            else:
                found.append(current)
            current, last_end = None, number
        elif current:
            current.text += line + "\n"
    assert current is None, f"{current} is not closed"
    return found


BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]


def commands(*words):
    """The blocks of commands that are marked with one of these words; "" is no mark."""
    return [block for block in BLOCKS if block.language == "sh" and block.word in words]
