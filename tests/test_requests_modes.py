# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP inside TLS that is decrypted: the same fields however a capture is looked at."""
import pytest

import harness
from test_requests import ANSWER, CAPTURES, EXPERTS, KIND, capture


@pytest.mark.parametrize("name", CAPTURES)
def test_the_same_in_all_modes(name):
    names = [*KIND, *ANSWER, "teams.http", "teams.http.token_region", "teams.http.retry_after", "teams.http.reason"]
    # A column drops empty values among several.
    harness.assert_same_in_all_modes(capture(name), names, "teams.http", modes=[mode for mode in harness.MODES if "columns" not in mode])
    full = [*KIND[:3], *ANSWER, "teams.http", "teams.http.token_region"]
    harness.assert_same_in_all_modes(capture(name), full, "teams.http", modes=[mode for mode in harness.MODES if "columns" in mode])


def test_experts_in_all_modes():
    names = [f"teams.http.{name}" for name in EXPERTS]
    harness.assert_same_in_all_modes(capture("answers"), names, "teams.http", modes=harness.MODES[:4])
