# SPDX-License-Identifier: GPL-2.0-or-later
"""Names and sessions that get there another way than the first one, each beside a client that does not get there."""
import pytest

import harness
from connection_captures import above_note, frames_of, of_code, reported, told
from test_causes import AUTH_NAME, CONFIG_NAME, LOGIN_NAME


# ---- addresses of the other family ----

@pytest.fixture(scope="module")
def family():
    return told("other-family")


@pytest.mark.parametrize("n", [20, 21, 22])
def test_a_name_with_addresses_of_ipv6_alone_is_no_broken_chain(family, n):
    signin = family[f"2001:db8:1::{n}"]
    assert not of_code(signin, "chain-cut") and not of_code(signin, "D7") and signin["severity"] != "broken"


@pytest.mark.parametrize("n", [23, 24])
def test_a_name_without_any_address_is_one(family, n):
    signin = family[f"2001:db8:1::{n}"]
    assert len(of_code(signin, "chain-cut")) == 2 and signin["verdict_code"] == "failed"


@pytest.mark.parametrize("n, told_of", [(20, None), (22, None), (25, "login.microsoftonline.com has no IPv4 address for the resolver 2001:db8:1::53 (3 answers"), (26, None)])
def test_a_name_of_ipv6_alone_that_the_client_asks_for_again_in_vain(family, n, told_of):
    """It connects to it at ::20 and ::22; ::26 asks once, as who prepares."""
    found = of_code(family[f"2001:db8:1::{n}"], "name-without-address")
    assert [(problem["severity"], problem["summary"].startswith(told_of)) for problem in found] == ([("warning", True)] if told_of else [])
    for problem in found:
        assert str(problem["frame"]) in frames_of("other-family", problem["filter"])


@pytest.mark.parametrize("n, expected", [
    (20, 0),    # AAAA was answered before
    (21, 0),    # AAAA is answered after it
    (22, 2),    # nobody had asked for AAAA as yet: it holds up to its frame
    (23, 2),    # with the second answer of each name
    (24, 2),
])
def test_the_frame_waits_for_the_other_family(n, expected):
    assert len(frames_of("other-family", f"teams_dns.chain_broken && ipv6.dst == 2001:db8:1::{n}")) == expected


# ---- a resolver that nobody needs ----

@pytest.fixture(scope="module")
def around():
    return told("resolver-around")


@pytest.mark.parametrize("n, code", [(20, "resolver-silent"), (21, "resolver-refused"), (22, "resolver-silent")])
def test_a_dead_resolver_breaks_no_sign_in_that_does_without(around, n, code):
    signin = around[f"192.168.1.{n}"]
    problem, = of_code(signin, code)
    assert problem["severity"] == "warning" and problem["summary"].endswith("; names were reached without it")
    assert signin["verdict_code"] == "went-through" and signin["severity"] == "check"


def test_what_the_proxy_refuses_is_not_blamed_on_the_resolver(around):
    signin = around["192.168.1.23"]
    assert signin["severity"] == "broken" and [each["code"] for each in signin["problems"] if each["severity"] == "error"] == ["proxy-forbidden"]


def test_a_dead_resolver_without_a_way_around_it_is_the_cause(around):
    problem, = of_code(around["192.168.1.24"], "resolver-silent")
    assert problem["severity"] == "error" and "without it" not in problem["summary"]
    assert around["192.168.1.24"]["verdict_code"] == "failed"


# ---- one address for all names ----

@pytest.fixture(scope="module")
def leads_on():
    return told("leads-on")


@pytest.mark.parametrize("n, address", [(20, "10.50.0.3"), (21, "198.51.100.50"), (24, "198.51.100.60")])
def test_one_address_that_keeps_nobody_from_the_services_is_no_portal(leads_on, n, address):
    signin = leads_on[f"192.168.1.{n}"]
    problem, = of_code(signin, "captive-portal")
    assert problem["severity"] == "warning" and address in problem["summary"] and "portal" not in problem["summary"] + problem["advice"]
    assert signin["verdict_code"] == "went-through" and signin["severity"] == "check"


@pytest.mark.parametrize("n, code", [(25, "reset-after-server-name"), (26, "tls-intercepted-refused")])
def test_what_ends_at_an_address_that_is_no_portal_is_told(leads_on, n, code):
    signin = leads_on[f"192.168.1.{n}"]
    assert of_code(signin, "captive-portal")[0]["severity"] == "warning"
    problem, = of_code(signin, code)
    assert problem["severity"] == "error" and "login.microsoftonline.com" in problem["summary"] and signin["severity"] == "broken"


@pytest.mark.parametrize("n", [22, 23])
def test_one_address_without_services_is_one(leads_on, n):
    problem, = of_code(leads_on[f"192.168.1.{n}"], "captive-portal")
    assert problem["severity"] == "error" and "captive portal" in problem["summary"]
    assert leads_on[f"192.168.1.{n}"]["verdict_code"] == "failed"


# ---- null addresses that right ones follow ----

@pytest.fixture(scope="module")
def null_at_first():
    """The first sign-in of each client: the second one, of 30 s later, is all well."""
    found = {}
    for signin in reported(harness.bundled("connections/null-at-first.pcap")):
        found.setdefault(signin["client"], signin)
    return found


@pytest.mark.parametrize("n, words", [
    (20, f"teams.microsoft.com, {LOGIN_NAME}, {AUTH_NAME} were answered with a null or loopback address (the first with 0.0.0.0)"),
    (21, f"teams.microsoft.com, {LOGIN_NAME}, {AUTH_NAME} were answered with a null or loopback address (the first with ::)"),
    (22, f"teams.microsoft.com, {LOGIN_NAME}, {AUTH_NAME} were answered with a null or loopback address (the first with 127.0.0.1)"),
    (23, f"teams.microsoft.com, {LOGIN_NAME}, {AUTH_NAME} were answered with a private address (the first with 10.9.9.1)"),
    (24, f"{LOGIN_NAME} was answered with a null or loopback address (0.0.0.0)")])
def test_a_filter_that_is_lifted_breaks_no_sign_in(null_at_first, n, words):
    """From the first such answer to the last one: those of stock's fields."""
    signin = null_at_first[f"192.168.1.{n}"]
    problem, = above_note(signin).values()
    shown = frames_of("null-at-first", f"ip.dst == 192.168.1.{n} && (dns.a == 0.0.0.0 || dns.a == 127.0.0.1 || dns.a == 10.0.0.0/8 || dns.aaaa == ::)")
    assert (problem["code"], problem["severity"], problem["frame"]) == ("private-address", "warning", int(shown[0]))
    assert problem["summary"] == f"From frame {shown[0]} to {shown[-1]} {words}, and after that with public ones, to which the client connected"
    assert signin["severity"] == "check"


def test_a_portal_that_lets_the_client_in(null_at_first):
    signin = null_at_first["192.168.1.28"]
    assert {problem["code"]: problem["severity"] for problem in above_note(signin).values()} == {"captive-portal": "warning", "private-address": "warning"}
    assert of_code(signin, "captive-portal")[0]["summary"].startswith("Names of different services all lead to 10.9.9.9, and later elsewhere, where the client connected")
    assert signin["severity"] == "check"


@pytest.mark.parametrize("n, code, severity", [(25, "private-address", "broken"), (26, "D4", "check"), (27, "D4", "broken")])
def test_a_filter_that_is_not_is_an_error(null_at_first, n, code, severity):
    """Until the end; until the client asks alone, of which nothing more is told; and after it was in."""
    signin = null_at_first[f"192.168.1.{n}"]
    assert of_code(signin, code)[0]["severity"] == "error" and signin["severity"] == severity


# ---- a ClientHello that is not where it is looked for ----

@pytest.fixture(scope="module")
def hello():
    return told("hello-elsewhere")


@pytest.mark.parametrize("n", [20, 21, 22])
def test_a_server_that_answers_had_a_client_hello(hello, n):
    signin = hello[f"192.168.1.{n}"]
    assert signin["verdict_code"] == "went-through" and not above_note(signin)
    assert {each["state"] for each in signin["connections"]} == {"used"}


def test_tcp_alone_shows_no_tls(hello):
    assert {each["state"] for each in hello["192.168.1.23"]["connections"]} == {"connected"}
    assert hello["192.168.1.23"]["verdict_code"] == "asked-past-identity"


# ---- lists, and other records than addresses ----

@pytest.fixture(scope="module")
def listed():
    return told("listed-and-there")


@pytest.mark.parametrize("n, there", [(20, [" teams.microsoft.com", LOGIN_NAME]), (21, ["emea.ng.msg"])])
def test_a_list_has_names_that_exist_as_well(listed, n, there):
    signin = listed[f"192.168.1.{n}"]
    problem, = of_code(signin, "name-missing")
    assert problem["severity"] == "warning" and problem["summary"].startswith("Some of the names that were asked for do not exist")
    assert not any(name in problem["summary"] for name in there) and signin["severity"] == "check"


@pytest.mark.parametrize("n", [22, 23])
def test_who_connects_or_asks_again_checks_no_list(listed, n):
    found = of_code(listed[f"192.168.1.{n}"], "name-missing")
    assert len(found) == 6 and {each["severity"] for each in found} == {"error"}
    assert any(AUTH_NAME in each["summary"] for each in found) and any(CONFIG_NAME in each["summary"] for each in found)


def test_other_records_than_addresses_begin_no_sign_in():
    """Of .22, what asks for an address begins it: the question at 22 s, frame 15, and not the one for NS before it."""
    found = told("other-records")
    assert list(found) == ["192.168.1.22"] and found["192.168.1.22"]["frame"] == 15


# ---- monitors ----

@pytest.fixture(scope="module")
def watched():
    return told("watched")


@pytest.mark.parametrize("n, words", [(20, f"({LOGIN_NAME}) 5 times, about every 60 s"), (21, "5 times, about every 30 s"),
                                      (22, "(login.microsoftonline.us) 5 times, about every 120 s")])
def test_who_looks_at_sites_by_the_clock_is_in_no_loop(watched, n, words):
    signin = watched[f"192.168.1.{n}"]
    problem, = of_code(signin, "identity-polled")
    assert words in problem["summary"] and "watches sites" in problem["summary"] and problem["severity"] == "warning"
    assert not of_code(signin, "login-loop") and signin["severity"] == "check"


@pytest.mark.parametrize("n", [23, 24])
def test_who_goes_round_at_all_times_or_faster_is(watched, n):
    assert of_code(watched[f"192.168.1.{n}"], "login-loop") and watched[f"192.168.1.{n}"]["verdict_code"] == "failed"


# ---- a proxy that is asked for addresses ----

@pytest.fixture(scope="module")
def by_address():
    return told("proxy-by-address")


@pytest.mark.parametrize("n", [20, 21, 22])
def test_an_address_that_a_proxy_is_asked_for_is_no_relay(by_address, n):
    """52.112.0.0/14, 52.122.0.0/15 and 2603:1063::/38 are of media, and of all services of Teams; the server name inside tells."""
    signin = by_address[f"192.168.1.{n}"]
    assert not above_note(signin) and not of_code(signin, "media-proxy") and not of_code(signin, "never-connected")
    assert signin["verdict_code"] == "went-through" and of_code(signin, "proxy")[0]["summary"].split(": ")[1].startswith("3 of 3")
    assert {connection["name"] for connection in signin["connections"]} == {"teams.microsoft.com", LOGIN_NAME, AUTH_NAME}
    assert not frames_of("proxy-by-address", f"ip.addr == 192.168.1.{n} && (teams.service == media-relay || teams.call)")


def test_a_relay_through_a_proxy_is_told_by_the_server_name_inside(by_address):
    assert "52.114.250.11" in of_code(by_address["192.168.1.23"], "media-proxy")[0]["summary"]
    told_in, = frames_of("proxy-by-address", "teams.media_proxy")
    assert told_in in frames_of("proxy-by-address", 'tls.handshake.extensions_server_name == "52.114.250.11"')


def test_an_address_that_the_proxy_refuses_may_be_of_anything(by_address):
    signin = by_address["192.168.1.24"]
    assert not of_code(signin, "media-proxy") and of_code(signin, "proxy-forbidden")[0]["severity"] == "note" and signin["severity"] != "broken"


# ---- hosts of one service ----

@pytest.fixture(scope="module")
def nodes():
    return told("nodes")


@pytest.mark.parametrize("n, code, name, instead", [
    (20, "name-missing", "pub-weu.trouter.teams.microsoft.com", "trouter2-azsc-euno-0-a.trouter.teams.microsoft.com"),
    (21, "name-missing", "emea.ng.msg.teams.microsoft.com", "amer.ng.msg.teams.microsoft.com"),
    (22, "name-failed", "go-eu.trouter.teams.microsoft.com", "pub-neu.trouter.communications.svc.cloud.microsoft"),
    (23, "name-without-address", "emea.presence.teams.microsoft.com", "presence.teams.microsoft.com"),
    (24, "tcp-unanswered", "pub-weu.trouter.teams.microsoft.com", "trouter2-azsc-euno-0-a.trouter.teams.microsoft.com")])
def test_a_host_that_another_one_of_its_service_stands_in_for(nodes, n, code, name, instead):
    signin = nodes[f"192.168.1.{n}"]
    problem, = of_code(signin, code)
    assert problem["severity"] == "warning" and name in problem["summary"]
    assert problem["summary"].endswith(f"; another host of its service was reached: {instead}")
    assert (signin["verdict_code"], signin["severity"]) == ("went-through", "check")


@pytest.mark.parametrize("n, name", [(25, "pub-weu.trouter"), (26, "emea.ng.msg"), (27, "pub-weu.trouter"), (28, CONFIG_NAME), (29, "pub-weu.trouter"),
                                     (30, "emea.ng.msg"), (31, "TCP to pub-weu.trouter")])
def test_a_host_that_none_stands_in_for(nodes, n, name):
    """Its redirector, another service, one that is not reached either, another service of the zone, personal accounts, one that was reached before."""
    signin = nodes[f"192.168.1.{n}"]
    problem, = of_code(signin, "name-missing") if n != 31 else of_code(signin, "tcp-unanswered")
    assert problem["severity"] == "error" and problem["summary"].startswith(name) and "another host" not in problem["summary"]
    assert signin["verdict_code"] == "error"


# ---- another way ----

@pytest.fixture(scope="module")
def another():
    return told("another-way")


@pytest.mark.parametrize("n, host", [(20, "proxy.corp.example alone (4)"), (21, "proxy.corp.example alone (4)"), (22, "vpn.contoso.example alone (3)")])
def test_names_without_addresses_where_all_tls_goes_one_way_tell_no_failure(another, n, host):
    signin = another[f"192.168.1.{n}"]
    problem, = of_code(signin, "another-way")
    assert problem["severity"] == "warning" and host in problem["summary"] and problem["summary"].endswith("this capture does not tell")
    assert not [each for each in signin["problems"] if each["severity"] == "error"] and signin["severity"] == "check"
    assert {"name-missing", "resolver-silent"} & {each["code"] for each in above_note(signin).values()}
    assert "not go through" not in signin["verdict"]


@pytest.mark.parametrize("n", [23, 24, 25, 26, 27])
def test_names_without_addresses_are_a_failure_elsewhere(another, n):
    signin = another[f"192.168.1.{n}"]
    assert not of_code(signin, "another-way") and signin["severity"] == "broken"
    assert {each["severity"] for each in of_code(signin, "name-missing")} == {"error"}
