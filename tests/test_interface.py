# SPDX-License-Identifier: GPL-2.0-or-later
"""Field names and types are frozen in interface.txt, and follow Wireshark's conventions."""

import re

import pytest

import harness
import interface

HF_ROW = re.compile(r'\{\s*&(hf_\w+)\s*,\s*\{\s*"[^"]*"\s*,\s*"([^"]+)"')
EI_ROW = re.compile(r'\{\s*&(ei_\w+)\s*,\s*\{\s*"([^"]+)"')


def sources():
    return sorted((harness.ROOT / "plugins").rglob("*.[ch]"))


def test_every_frozen_field_is_registered_with_its_type():
    registered = interface.registered()
    wrong = [f"{name}: {type_}, registered {registered[name].type if name in registered else 'not at all'}"
             for name, type_ in interface.frozen().items()
             if type_ != interface.PENDING and (name not in registered or registered[name].type != type_)]
    assert not wrong, "a released name is for ever: " + "\n".join(wrong)


def test_every_registered_field_is_frozen():
    extra = sorted(set(interface.registered()) - set(interface.frozen()))
    assert not extra, f"add to tests/interface.txt once the names are final: {extra}"


def test_nothing_is_pending():
    registered = interface.registered()
    pending = [name for name, type_ in interface.frozen().items() if type_ == interface.PENDING]
    landed = [name for name in pending if name in registered]
    assert not landed, f"no longer pending, write their type into tests/interface.txt: {landed}"
    if pending:
        pytest.xfail(f"{len(pending)} names of the public interface are still to come: {pending}")


def test_protocols_are_registered():
    listing = harness.tshark("-G", "protocols").splitlines()
    names = {line.split("\t")[2] for line in listing}
    assert set(interface.PROTOCOLS) <= names


def test_field_labels_read_like_those_of_stock():
    wrong = [f"{field.name}: {field.label!r}" for field in interface.registered().values()
             if not (field.label[:1].isupper() or field.label[:1].isdigit()) or field.label.rstrip(".: ") != field.label]
    assert not wrong


def test_descriptions_add_to_labels():
    wrong = [field.name for field in interface.registered().values()
             if field.blurb and field.blurb.lower() == field.label.lower()]
    assert not wrong


def test_filter_names_are_lower_case_words():
    wrong = [name for name in interface.registered() if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", name)]
    assert not wrong


@pytest.mark.parametrize("pattern", [HF_ROW, EI_ROW], ids=["hf", "ei"])
def test_variables_are_named_after_their_filter(pattern):
    wrong = []
    for path in sources():
        for variable, name in pattern.findall(path.read_text(encoding="utf-8")):
            if variable[3:] != name.replace(".", "_"):
                wrong.append(f"{path.relative_to(harness.ROOT)}: {variable} is {name}")
    assert not wrong


# ---- docs/field-names.md: from old names to new ones ----

OLD_NAMES = [line.split()[0] for line in (harness.ROOT / "tests/expectations/old-names.txt").read_text(encoding="utf-8").splitlines()
             if not line.startswith("#")]
NAME = re.compile(r"(?:%s)(?:\.[a-z0-9_]+)*|json:\S+" % "|".join(interface.PROTOCOLS))


def renames():
    """(old names, new names) of each row of the table."""
    table = re.findall(r"^\| (.*) \| (.*) \| (.*) \|$", (harness.ROOT / "docs/field-names.md").read_text(encoding="utf-8"), re.MULTILINE)
    return [tuple([code for code in re.findall(r"`([^`]+)`", cell) if NAME.fullmatch(code)] for cell in row[:2]) for row in table]


@pytest.mark.parametrize("name", OLD_NAMES)
def test_an_old_name_is_in_the_table_in_full(name):
    """A key of JSON may be told by the one that it is under."""
    told = [old for row in renames() for old in row[0]]
    assert any(name == old or (name.startswith("json:") and name.startswith((old + ".", old + "["))) for old in told), "add a row to docs/field-names.md"


def test_new_names_of_the_table_are_registered():
    promised = {new for row in renames() for new in row[1] if not new.startswith("json:")}
    assert len(promised) > 20 and promised <= set(interface.frozen())


def test_old_names_that_have_another_now_are_gone():
    gone = {old for olds, new in renames() for old in olds if not old.startswith("json:") and old not in new}
    assert gone >= {"teams.endpoint", "teams_stun.rtt"}
    assert not (gone & set(interface.frozen())) - {"ms_turn.type", "teams_dns.chain", "teams_dns.prefix", "teams_dns.chain_leaves"}
