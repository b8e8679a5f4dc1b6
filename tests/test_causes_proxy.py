# SPDX-License-Identifier: GPL-2.0-or-later
"""Proxies that end what they took, or refuse the client itself; beside proxies that only look so."""
import pytest

from connection_captures import above_note, frames_of, of_code, told
from test_causes import AUTH_NAME, LOGIN_NAME

NAMES = f"teams.microsoft.com, {LOGIN_NAME}, {AUTH_NAME}"


# ---- the proxy's side ends each connection ----

@pytest.fixture(scope="module")
def ends():
    return told("proxy-ends")


@pytest.mark.parametrize("n, port, ways, last_of_first", [
    (20, 3128, "by RST before it answers the request (6 times)", "tcp.flags.reset == 1"),
    (21, 3128, "by FIN after it let the client through (6 times)", "tcp.flags.fin == 1"),
    (22, 3128, "by RST right after the ClientHello (6 times)", "tcp.flags.reset == 1"),
    (23, 3128, "by RST before it answers the request (6 times)", "tcp.flags.reset == 1"),
    (24, 1080, "by FIN before it answers the request (6 times)", "tcp.flags.fin == 1"),
    (25, 3128, "by RST_STREAM before it answers the request (3 times)", "http2.type == 3"),
    (26, 3128, "by FIN before it answers the request (4 times), by RST right after the ClientHello (2 times)", "tcp.flags.fin == 1"),
    (27, 3128, "by RST within the TLS handshake (6 times)", "tcp.flags.reset == 1")])
def test_a_proxy_that_ends_what_it_took(ends, n, port, ways, last_of_first):
    signin = ends[f"192.168.1.{n}"]
    problem, = above_note(signin).values()
    assert (problem["code"], problem["severity"], problem["actor"]) == ("proxy-ends", "error", "proxy")
    assert problem["summary"] == f"The proxy's side (192.168.1.8:{port}) ends the connections to {NAMES}: {ways}; identity was not reached"
    assert signin["verdict_code"] == "failed"
    assert str(problem["frame"]) == frames_of("proxy-ends", f"ip.dst == 192.168.1.{n} && {last_of_first}")[0]
    assert str(problem["frame"]) in frames_of("proxy-ends", problem["filter"])


@pytest.mark.parametrize("n, verdict, others", [
    (30, "went-through", []), (31, "asked-past-identity", []), (32, "asked-past-identity", []), (33, "error", ["reset-after-server-name"]),
    (34, "asked-past-identity", []), (35, "went-through", []), (36, "failed", ["proxy-forbidden"]), (37, "asked-past-identity", [])])
def test_a_proxy_that_ends_what_it_may(ends, n, verdict, others):
    """A name that gets through after it, tunnels that nothing was sent in, the client's own ends, one name among others, an answer that the
    capture lacks, one connection alone, and a refusal."""
    signin = ends[f"192.168.1.{n}"]
    assert signin["verdict_code"] == verdict and list(above_note(signin)) == others


# ---- SOCKS that refuses the client, or an address ----

@pytest.fixture(scope="module")
def socks():
    return told("socks-refuses")


@pytest.mark.parametrize("n, severity, words, tail, shown", [
    (20, "warning", "accepts none of the authentication methods that the client offers: 6 times", "", "socks.auth_accepted_method == 255"),
    (21, "warning", "does not accept the client's user name and password (status 1): 6 times", "", "socks.auth_status == 1"),
    (22, "error", "does not accept the client's user name and password (status 1): 3 times", " after that", "socks.auth_status == 1")])
def test_a_socks_proxy_that_refuses_the_client(socks, n, severity, words, tail, shown):
    """Before it hears a name: that it was for one of Teams is in the bytes only where it was asked for one on another connection."""
    problem, = of_code(socks[f"192.168.1.{n}"], "socks-refuses")
    found = frames_of("socks-refuses", f"{shown} && ip.dst == 192.168.1.{n}")
    assert problem["summary"] == (f"The SOCKS proxy 192.168.1.8:1080 {words}, frames {found[0]} to {found[-1]}, and no connection of the client's "
                                  f"goes through it{tail}")
    assert (problem["severity"], problem["actor"], str(problem["frame"])) == (severity, "proxy", found[0])
    assert found[0] in frames_of("socks-refuses", problem["filter"])


@pytest.mark.parametrize("n, code, reply", [(23, "proxy-failed", "SOCKS 4: reply 91, rejected or failed"), (25, "proxy-forbidden", "SOCKS: not allowed by its rules"),
                                            (24, "proxy-failed", "SOCKS 4: reply 93, the proxy cannot tell who the user is")])
def test_a_socks_proxy_that_refuses_an_address(socks, n, code, reply):
    """.23 and .25 ask for addresses that the resolver gave for the names, .24 for the names."""
    problem, = above_note(socks[f"192.168.1.{n}"]).values()
    assert (problem["code"], problem["severity"]) == (code, "error")
    assert problem["summary"] == f"The proxy 192.168.1.8:1080 refuses ({reply}) the connection to {NAMES} (3 times); identity was not reached"
    assert socks[f"192.168.1.{n}"]["verdict_code"] == "failed"


def test_a_socks_proxy_that_lets_the_client_in(socks):
    """At last, or the client goes around it, or is refused what is not ours; nobody signs in who has no name of ours."""
    assert not of_code(socks["192.168.1.30"], "socks-refuses")
    assert [problem["severity"] for problem in of_code(socks["192.168.1.31"], "socks-refuses")] == ["note"]
    for n in (30, 31, 33):
        assert socks[f"192.168.1.{n}"]["verdict_code"] == "went-through" and not above_note(socks[f"192.168.1.{n}"])
    assert "192.168.1.32" not in socks and not of_code(socks["192.168.1.33"], "proxy")
