# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/reference.md says what the plugins register and what their tables hold."""

import sys

import pytest

import harness
import interface

sys.path.insert(0, str(harness.ROOT / "docs/generate"))
import reference  # noqa: E402  (beside the documentation)
import tables     # noqa: E402


def test_reference_is_up_to_date():
    written = (harness.ROOT / "docs/reference.md").read_text()
    assert written == reference.document(), "docs/generate/reference.py > docs/reference.md"


@pytest.mark.parametrize("plugin", tables.DIAGNOSTIC_TABLES)
def test_every_diagnostic_of_the_tables_is_registered(plugin):
    rows = tables.diagnostics(plugin)
    assert rows and {row.filter for row in rows} <= set(interface.registered())


@pytest.mark.parametrize("plugin", tables.DIAGNOSTIC_TABLES)
def test_every_expert_item_is_in_a_table(plugin):
    """Fields without a type are expert items or the trees of attributes and names."""
    items = {field.name for field in interface.registered().values()
             if field.name.startswith(f"{plugin}.") and field.type == "FT_NONE"}
    assert items - {row.filter for row in tables.diagnostics(plugin)} <= {f"{plugin}.{tree}" for tree in ("attr", "entry", "chain.names")}


def test_every_diagnostic_has_a_filter_name_of_its_own():
    """Of its protocol. Wireshark registers the same name twice without a word, and a filter would find both."""
    rows = [(plugin, row.filter) for plugin in tables.DIAGNOSTIC_TABLES for row in tables.diagnostics(plugin)]
    assert [name for plugin, name in rows if not name.startswith(f"{plugin}.")] == []
    assert len(rows) == len({name for _, name in rows}) > 100
