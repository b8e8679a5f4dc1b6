# SPDX-License-Identifier: GPL-2.0-or-later
"""What a decrypted capture holds and nobody may see: no tenant, user, thread, token, header or query in anything that Teamshark writes.

Secrets are what the generator put in, and what stock Wireshark shows of queries and bodies of the same file."""
import functools
import json
import subprocess
import sys

import pytest

import harness

sys.path.insert(0, str(harness.ROOT / "test-captures/generate"))
import signin_keys  # noqa: E402  pylint: disable=wrong-import-position

CAPTURES = ["modern-signin", "gcc-high-signin", "refused-token", "answers", "hostile-paths", "every-path", "denied-at-identity", "login-loop",
            "identity-loop", "redirects", "http2-sockets"]
FORMATS = ("", ",full", ",json", ",csv")
PAGE = harness.ROOT / "page/teamshark-page.py"
PUT_IN = [signin_keys.TENANT, signin_keys.USER, signin_keys.THREAD, signin_keys.THREAD[3:20], "orgid", "ada@", "ada%40", "contoso", "eeeeeeeeeeeeeeeeeeee",
          "xxxxxxxxxxxxxxxxxxxx", "eyJ", "client_id", "5e3ce6c0", "login_hint", "epid", "pageSize", "isPrefetch", "claims=", "Bearer", "callInvitation",
          "newservice", "finance", "secretproject", "ayoffs", "janedoe"]
# Columns of ours and of the packet list; the Info column itself, since its field is filled before postdissectors in later versions.
INFO = ("-o", 'gui.column.format:"Info","%i"')


def capture(name):
    return harness.bundled(f"keys/{name}.pcapng")


@functools.lru_cache(maxsize=None)
def secrets(name):
    """With each parameter of a query that stock shows."""
    rows = harness.fields(capture(name), ["http2.headers.path", "http.request.uri"], stock=True)
    queries = [uri.partition("?")[2] for row in rows for uri in row["http2.headers.path"] + row["http.request.uri"]]
    return {*PUT_IN, *(part for query in queries for part in query.split("&") if len(part) > 4)}


def seen(name, text):
    return sorted(secret for secret in secrets(name) if secret in text)


@pytest.mark.parametrize("anonymise", ["FALSE", "TRUE"])
@pytest.mark.parametrize("name", CAPTURES)
def test_reports(name, anonymise):
    text = harness.tshark("-q", "-r", capture(name), "-o", f"teams.anonymise:{anonymise}",
                          *(word for report in harness.REPORTS for form in FORMATS for word in ("-z", f"teams,{report}{form}")))
    assert "teams" in text and seen(name, text) == []


@pytest.mark.parametrize("name", CAPTURES)
def test_fields(name):
    """All that is below our protocols' items, in JSON: fields, titles of items, expert items."""
    text = harness.tshark("-r", capture(name), "-T", "json", "-J", "teams teams_dns ms_turn teams_stun teams_flightproxy")
    layers = [packet["_source"]["layers"] for packet in json.loads(text, object_pairs_hook=list_of_pairs)]
    ours = json.dumps([layer for frame in layers for layer in frame if layer[0].startswith(("teams", "ms_turn"))])
    assert "teams.http.path" in ours and seen(name, ours) == []


def list_of_pairs(pairs):
    """Keys come more than once in tshark's JSON; of the outer objects one of each is enough."""
    keys = [key for key, _ in pairs]
    return dict(pairs) if set(keys) <= {"_source", "layers", "_index", "_type", "_score"} else [list(pair) for pair in pairs]


@pytest.mark.parametrize("name", CAPTURES)
def test_info(name):
    """What stands before stock's own text."""
    ours = harness.tshark("-r", capture(name), *INFO).splitlines()
    stock = harness.stock_tshark("-r", capture(name), *INFO).splitlines()
    assert len(ours) == len(stock)
    added = [line[:-len(plain)] if plain and line.endswith(plain) else line for line, plain in zip(ours, stock) if line != plain]
    assert added and seen(name, "\n".join(added)) == []


@pytest.mark.parametrize("name", ["modern-signin", "refused-token"])
def test_page(name):
    options = [word for report in ("summary", "signin", "calls", "names") for word in ("-z", f"teams,{report},json")]
    made = subprocess.run([sys.executable, PAGE, "--json", "-", "--title", "a capture", "-o", "-"], input=harness.tshark("-q", "-r", capture(name), *options),
                          capture_output=True, text=True, check=True)
    assert "<html" in made.stdout and seen(name, made.stdout) == []


@pytest.mark.parametrize("name", ["modern-signin", "refused-token", "hostile-paths"])
def test_the_test_would_see_them(name):
    """They are in the file and stock shows them; so do we where the user asks for it."""
    stock = harness.stock_tshark("-r", capture(name), "-T", "json")
    assert len(seen(name, stock)) > 8
    shown = harness.report(capture(name), "teams,signin,json", prefs={"teams.show_tenants": "TRUE"})
    assert signin_keys.TENANT in seen(name, shown)
