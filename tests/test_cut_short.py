# SPDX-License-Identifier: GPL-2.0-or-later
"""What a snapshot length cut off may be what is missing: nothing is told of it, and what is left is read, inside a proxy's tunnel, too."""
import json

import pytest

import harness
from connection_captures import above_note, of_clients, of_code, path_of, told
from test_causes_told import cut, without
from test_truth_clock import folder
from truncate import frames, written


def cut_at(name, length):
    return of_clients(cut(path_of(name), length))


def codes_of(signin):
    return {problem["code"] for problem in signin["problems"]}


# ---- inside the tunnel of a proxy ----

@pytest.mark.parametrize("name, length, clients", [
    ("proxy-credentials", 180, [20]), ("proxy-credentials", 300, [20]), ("proxy-ports", 200, [20, 21, 22]), ("proxy-ends", 250, [30, 35])])
def test_what_is_left_in_a_tunnel_is_read(name, length, clients):
    """Stock leaves the port of the tunnel's target where a frame should have the proxy's: by HTTP, by SOCKS, and both on one host."""
    found, whole = cut_at(name, length), told(name)
    for client in (f"192.168.1.{n}" for n in clients):
        assert (found[client]["verdict_code"], codes_of(found[client])) == ("went-through", codes_of(whole[client]))


@pytest.mark.parametrize("name, client, port", [("proxy-credentials", "192.168.1.20", "3128"), ("proxy-ports", "192.168.1.21", "1080"), ("proxy-ports", "192.168.1.22", "3128")])
def test_frames_of_a_tunnel_are_the_proxys_where_they_are_malformed(name, client, port):
    """The server's part of each handshake has a session identifier longer than it is: whole frames, of which stock cannot read all."""
    ours = []
    for seconds, micros, frame in frames(path_of(name).read_bytes()):
        hello = frame.find(b"\x16\x03\x03") if len(frame) > 900 else -1
        ours.append((seconds, micros, frame if hello < 0 else frame[:hello + 48] + b"\xff" + frame[hello + 49:]))
    path = written(folder(), ours)
    malformed = harness.tshark("-r", path, "-Y", f"_ws.malformed && ip.addr == {client}", "-T", "fields", "-e", "teams.endpoint.port").split("\n")[:-1]
    assert len(malformed) > 2 and set(malformed) == {port}
    assert (of_clients(path)[client]["verdict_code"], codes_of(of_clients(path)[client])) == ("went-through", codes_of(told(name)[client]))


def test_credentials_of_which_only_a_part_is_here_may_have_been_sent():
    """At .20 the proxy lets the client in, in what was cut off; at .21 it is read to refuse it twice on one connection."""
    found = cut_at("proxy-credentials", 90)
    assert not of_code(found["192.168.1.20"], "proxy-credentials") and found["192.168.1.20"]["severity"] != "broken"
    assert not any("0 of" in problem["summary"] for problem in of_code(found["192.168.1.20"], "proxy"))
    assert of_code(found["192.168.1.21"], "proxy-credentials")


def test_an_answer_that_cannot_be_read_is_one():
    """proxy-holds.pcap at 90 bytes: at .24 the proxy answers after 4 s; at .20, .21 and .26 it never does."""
    found = cut_at("proxy-holds", 90)
    assert not of_code(found["192.168.1.24"], "proxy-holds")
    assert all(of_code(found[f"192.168.1.{n}"], "proxy-holds") for n in (20, 21, 26))


# ---- a host that is a proxy on two ports ----

@pytest.mark.parametrize("n, names", [(20, 3), (21, 4), (22, 3)])
def test_a_host_may_be_a_proxy_on_two_ports(n, names):
    signin = told("proxy-ports")[f"192.168.1.{n}"]
    assert signin["verdict_code"] == "went-through" and not above_note(signin)
    assert f"{names} of {names} names were reached through it" in of_code(signin, "proxy")[0]["summary"]


def test_the_one_that_does_not_answer_is_told():
    problem, = above_note(told("proxy-ports")["192.168.1.23"]).values()
    assert problem["code"] == "proxy-holds" and "in 30 s, until the client gives up" in problem["summary"]


# ---- what is told of identity ----

@pytest.mark.parametrize("length", [90, 150, 250])
def test_identity_may_have_been_reached_at_an_address_without_a_name(length):
    """by-address.pcap: at .22 a first address is not answered and a second one is, whose server name may be cut off; at .20 none is."""
    found = cut_at("by-address", length)
    assert found["192.168.1.22"]["severity"] != "broken" and "identity was not reached" not in str(found["192.168.1.22"]["problems"])
    assert "identity was not reached" in str(of_code(found["192.168.1.20"], "tcp-unanswered"))


# ---- DNS ----

def test_an_alias_that_was_cut_off_may_be_what_does_not_exist():
    """blocked-aliases.pcap: NXDOMAIN is about an alias that is cut off."""
    path = cut(path_of("blocked-aliases"), 90)
    assert not of_code(of_clients(path)["192.168.1.20"], "name-missing") and not harness.tshark("-r", path, "-Y", "teams_dns.nxdomain_required")


@pytest.mark.parametrize("name, length, client", [("one-knows-nothing", 90, "192.168.1.20"), ("spelled-names", 90, "192.168.1.20"), ("other-family", 150, "2001:db8:1::20")])
def test_an_address_may_be_in_what_was_cut_off(name, length, client):
    """Of another resolver's answer, or of the other family's."""
    path = cut(path_of(name), length)
    assert not {"name-missing", "name-empty", "chain-cut", "D7"} & codes_of(of_clients(path)[client])


# ---- data ----

@pytest.mark.parametrize("name, length, n, code", [("nothing-asked", 250, 22, "no-data"), ("flights", 250, 22, "server-ends"), ("server-ends", 150, 21, "server-ends")])
def test_data_may_be_in_what_was_cut_off(name, length, n, code):
    """Records behind a ticket, early data in the ClientHello's frame, a request behind the Finished."""
    assert not of_code(cut_at(name, length)[f"192.168.1.{n}"], code)


def test_media_over_tcp_may_be_in_what_was_cut_off():
    """Of segments that are cut no message is put together, while those of the other side are short enough to be whole."""
    path = cut(harness.bundled("sessions/callers-over-tcp.pcap"), 150)
    assert "none was sent" not in harness.report(path, "teams,calls") and "Media streams" in harness.report(path, "teams,calls")


# ---- frames that are missing ----

@pytest.mark.parametrize("name, client", [("proxy-forms", "192.168.1.20"), ("proxy-ports", "192.168.1.21"), ("socks-refuses", "192.168.1.30")])
def test_a_handshake_is_no_reply_of_socks(name, client):
    """Without the server's choice of a method stock takes each of its messages for the one before: the part of TLS for the reply."""
    found = of_clients(without(name, f"socks.auth_accepted_method && ip.dst == {client}"))[client]
    assert "SOCKS: " not in str(of_code(found, "proxy-failed")) + str(of_code(found, "proxy-forbidden"))


@pytest.mark.parametrize("lacks", ["tcp.len == 161 && frame.time_relative > 20", "tcp.len == 1205", "tcp.len == 64 && frame.time_relative > 20"])
def test_identity_may_have_been_reached_by_a_session_that_the_capture_has_in_part(lacks):
    """server-ends.pcap: at .25 two connections end without an answer, and a third one has one, of which a frame and the request are missing."""
    path = without("server-ends", f"ip.addr == 192.168.1.25 && ip.addr == 20.190.128.10 && ({lacks} || tcp.len == 185)")
    found = of_clients(path)["192.168.1.25"]
    assert found["severity"] != "broken" and "identity was not reached" not in str(found["problems"])
    assert "identity was not reached" in str(told("server-ends")["192.168.1.22"]["problems"])


# ---- calls ----

def calls_at(name, length):
    """By client, the first of each."""
    found = {}
    for call in json.loads(harness.report(cut(harness.bundled(f"{name}.pcap"), length), "teams,calls,json"))["calls"]:
        found.setdefault(call["client"], call)
    return found


@pytest.mark.parametrize("name", ["sessions/both-ends-relayed", "sessions/callers-relayed", "sessions/path-changed"])
@pytest.mark.parametrize("length", [60, 64, 68])
def test_a_relays_message_of_which_too_little_is_here_is_no_media(name, length):
    """Data Indications, whose cookie was cut off. What is neither STUN nor RTP is told of ice-media-kinds.pcap with as little."""
    assert not harness.tshark("-r", cut(harness.bundled(f"{name}.pcap"), length), "-Y", 'teams_stun.media == "other"')
    assert all((call["severity"], call["verdict_code"]) != ("OK", "media") for call in calls_at(name, length).values())
    assert harness.tshark("-r", cut(harness.bundled("ice-media-kinds.pcap"), 70), "-Y", 'teams_stun.media == "other"')


@pytest.mark.parametrize("length, nominated", [(70, "cut-short"), (80, "cut-short"), (96, "cut-short"), (128, "path-agreed")])
def test_a_nomination_may_be_in_what_was_cut_off(length, nominated):
    """relays-refused.pcap: checks that are answered at .24, and one at .30 that nominates its pair."""
    found = calls_at("sessions/relays-refused", length)
    assert (found["192.168.1.24"]["verdict_code"], found["192.168.1.30"]["verdict_code"]) == ("cut-short", nominated)
    assert calls_at("sessions/relays-refused", 2000)["192.168.1.24"]["verdict_code"] == "answered-only"


@pytest.mark.parametrize("length", [70, 96, 128])
def test_most_of_the_media_may_be_in_what_was_cut_off(length):
    """path-changed.pcap, .21: a stream goes through a relay, directly, and through the relay again; .20, which goes directly all the time, is told."""
    found = calls_at("sessions/path-changed", length)
    assert (found["192.168.1.21"]["verdict_code"], found["192.168.1.20"]["verdict_code"]) == ("cut-short", "direct-public")


@pytest.mark.parametrize("length", [100, 112, 128])
def test_a_destination_that_was_cut_off_is_no_change_of_the_nat(length):
    """ice-set-active-destination.pcap: what the relay passes on without a header is answered with the relay's address."""
    call = calls_at("ice-set-active-destination", length)["192.168.1.10"]
    assert not of_code(call, "nat-rebinding") and call["severity"] != "broken"
