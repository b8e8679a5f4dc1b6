# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command in the documentation does what the text says; documents.py tells which
is run where. A command has to succeed, to print something and to say nothing on standard
error. What is not run here is checked as far as that goes."""

import re
import shutil
import subprocess

import pytest

import documents
import harness
import interface

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
ELSEWHERE = re.compile(r"[a-z]+:")
CODE = re.compile(r"`([^`\n]+)`")
PLACE = re.compile(r"(?:plugins|tests|test-captures|cmake|docs|profiles/Teams)/?[\w./*-]+")
OURS = re.compile(r"(?<![\w./*-])(?:teams|teams_dns|teams_stun|teams_flightproxy|ms_turn|teamshark)\.[a-z0-9_.]*[a-z0-9]")
HOST_OR_FILE = re.compile(r"\.(com|microsoft|cn|so|dll)$")
ANY_LINES = "..."


@pytest.fixture(scope="module", name="folder")
def reader_folder():
    """What a reader has in the folder where the commands are typed."""
    folder = harness.workspace() / "reader"
    shutil.copytree(harness.ROOT / "test-captures", folder / "test-captures", ignore=shutil.ignore_patterns("generate"))
    harness.open_to_all(folder)
    return folder


def printed_as_told(told, printed):
    """Whether lines are as told, "..." standing for any of them, and in a line for anything in it."""
    def pattern_of(line):
        return "[^\n]*?".join(re.escape(part) for part in line.rstrip().split(ANY_LINES)) + "\n"
    pattern = "".join("(?:[^\n]*\n)*?" if line == ANY_LINES else pattern_of(line) for line in told.splitlines())
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in printed.splitlines()), re.DOTALL)


def test_every_block_says_what_it_is():
    """A block without language would be a command that no test runs."""
    assert not [str(block) for block in documents.BLOCKS if not block.language]
    assert not [str(block) for block in documents.BLOCKS if block.language == "sh" and block.word not in documents.WORDS]


def test_every_command_tells_what_it_prints():
    """That it succeeds is not enough: it may print nothing of what the text promises."""
    assert not [str(block) for block in documents.commands("") if not (block.output or "").replace(ANY_LINES, "").strip()]


@pytest.mark.parametrize("block", documents.commands(""), ids=str)
def test_command_works(block, folder):
    plugins = harness.loaded_plugins(harness.stage_dir())
    home = harness.new_home("Teams")
    for program in documents.MAY_BE_ABSENT:
        if re.search(rf"\b{program}\b", block.text) and not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    command = harness.unprivileged(["bash", "-euo", "pipefail", "-c", block.text], harness.environment(home, plugins))
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=harness.TIMEOUT_S)
    shutil.rmtree(home)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert printed_as_told(block.output, done.stdout), f"it prints\n{done.stdout}"


@pytest.mark.parametrize("block", documents.commands(*documents.WORDS[1:]), ids=str)
def test_command_that_is_not_run_here_is_shell(block):
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program", ["./run", "./test"])
def test_options_are_those_of_the_help(program):
    """In blocks and in running text."""
    told = subprocess.run([harness.ROOT / program, "--help"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"--[a-z-]+", told)) | {"-k", "-x"}
    lines = [line.split("#")[0] for block in documents.commands(*documents.WORDS) for line in block.text.splitlines()]
    texts = [*lines, *(code for document in documents.DOCUMENTS for code in CODE.findall(document.read_text()))]
    used = {word for text in texts if text.startswith(program)
            for word in re.findall(r"(?<= )--?[a-z-]+", text)}
    assert used and used <= known, used - known


def test_packages_are_those_that_run_installs():
    told = next(block.text for block in documents.commands("root") if "apt-get install cmake" in block.text)
    listed = (harness.ROOT / "cmake/setup/packages.txt").read_text()
    needed = {*re.findall(r"^build +(\S+)", listed, re.M), "tshark"}
    assert set(told.split()[3:]) == needed


def test_places_in_the_tree_are_there():
    wrong = []
    for document in documents.DOCUMENTS:
        for place in (code for code in CODE.findall(document.read_text()) if PLACE.fullmatch(code)):
            if not list(harness.ROOT.glob(place)) and not place.startswith("plugins/epan/"):
                wrong.append(f"{document.name}: {place}")
    assert not wrong


def test_fields_that_documents_name_exist():
    """Fields, the groups that they are in, and preferences; not those that are made up for an example, or that had another name once."""
    fields = set(interface.frozen())
    known = fields | {name[:at.start()] for name in fields for at in re.finditer(r"\.", name)}
    known |= {line.lstrip("#").split(":")[0] for line in harness.tshark("-G", "defaultprefs").splitlines() if ":" in line}
    wrong = []
    for document in documents.DOCUMENTS:
        if document.name in ("field-names.md", "reference.md", "adding-an-attribute.md", "adding-a-diagnostic.md"):
            continue
        for code in CODE.findall(document.read_text()):
            wrong += [f"{document.name}: {name}" for name in OURS.findall(code) if name not in known and not HOST_OR_FILE.search(name)]
    assert not wrong


@pytest.mark.parametrize("document", documents.DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    for target in LINK.findall(document.read_text()):
        if not ELSEWHERE.match(target):
            assert (document.parent / target).exists(), target


def test_output_with_gaps_is_compared():
    assert printed_as_told("one\n...\nfour\n", "one\ntwo\nthree\nfour\n")
    assert not printed_as_told("one\n...\nfour\n", "one\ntwo\n")
    assert not printed_as_told("one\n", "one\ntwo\n")
    assert printed_as_told("o...e\n", "one\n") and not printed_as_told("o...e\n", "o\ne\n") and not printed_as_told("...\nwo\n", "two\n")
