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
