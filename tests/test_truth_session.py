# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin teams says of sessions is carried by the capture: each kind of false sentence, and its healthy neighbour.

Expected values are those of ../shared/captures/cases/index.csv and failures/truth.csv, and what generated captures
(test-captures/generate/sessions_truth.py) were made to hold."""
import functools
import json
import pathlib
import struct
import tempfile

import pytest

from harness import ROOT, bundled, fields, report, shared, shared_names, tshark, workspace
from truncate import frames, written


@functools.lru_cache(maxsize=None)
def data(path, name):
    return json.loads(report(path, f"teams,{name},json"))


def signins(path):
    return data(path, "signin")["signins"]


def calls(path):
    return data(path, "calls")["calls"]


def rows(path, display_filter, *names):
    """One tuple per frame of tshark's -T fields."""
    arguments = [part for name in names for part in ("-e", name)]
    text = tshark("-r", str(path), "-Y", display_filter, "-T", "fields", *arguments)
    return [tuple(line.split("\t")) for line in text.splitlines()]


# ---- nothing of Teams: no sign-in, call or flow ----

@pytest.mark.parametrize("name", shared_names("negative"))
def test_no_session_where_there_is_no_teams(name):
    path = shared(name)
    assert (signins(path), calls(path), data(path, "flows")["flows"]) == ([], [], [])


# ---- names that every PC asks for ----

@pytest.mark.parametrize("name", ["d15-false-edge-office", "false-signin-edge-browser", "false-signin-fp-probe"])
def test_names_of_edge_windows_and_office_are_no_sign_in(name):
    path = shared(f"cases/{name}.pcap")
    assert signins(path) == []
    assert rows(path, "teams.signin || teams.signin_stalled || teams.name_not_resolved_outside", "frame.number") == []


def test_shared_names_are_listed_with_a_sign_in_and_make_none():
    """Edge, Windows and Office at .50 to .52; .53 asks for the same names and for those of Teams."""
    signin, = signins(bundled("sessions/shared-names.pcap"))
    assert signin["client"] == "192.168.1.53"
    names = {step["name"] for step in signin["steps"]}
    assert {"config.edge.skype.com", "substrate.office.com", "browser.pipe.aria.microsoft.com", "ecs.office.com",
            "login.live.com", "teams.microsoft.com"} <= names
    assert rows(bundled("sessions/shared-names.pcap"), "teams.signin_stalled", "frame.number") == []


def test_presence_alone_is_no_sign_in():
    """Outlook asks for it at .172 to .174 and connects, under three names; .175 is a client of Teams."""
    path = bundled("sessions/presence-alone.pcap")
    assert [(signin["client"], signin["verdict_code"]) for signin in signins(path)] == [("192.168.1.175", "went-through")]
    assert {row["name"] for row in data(path, "names")["names"]} >= {
        "presence.teams.microsoft.com", "emea.presence.teams.microsoft.com", "presence.teams.live.com"}
    assert rows(path, "teams.signin && !(ip.addr == 192.168.1.175)", "frame.number") == []


# ---- networks that Microsoft's other services share ----

@pytest.mark.parametrize("name", ["azureedge", "linkedin", "msn", "v10-events"])
def test_a_strangers_server_name_is_not_teams(name):
    path = shared(f"cases/{name}-claimed-as-teams.pcap")
    assert rows(path, "teams", "frame.number") == []
    assert data(path, "flows")["flows"] == []
    assert rows(path, "teams.prefix", "teams.prefix")       # but it says whose network it is


def test_a_shared_prefix_alone_claims_nothing():
    """Connections 0 to 3 have strangers' names, 4 has none; 5 and 6 are a sign-in."""
    path = bundled("sessions/shared-prefixes.pcap")
    claimed = {int(stream) for stream, in rows(path, "teams && tcp", "tcp.stream")}
    assert claimed == {5, 6}
    said = {(int(stream), prefix) for stream, prefix in rows(path, "teams.prefix", "tcp.stream", "teams.prefix")}
    assert said == {(0, "52.122.0.0/15"), (1, "52.112.0.0/14"), (2, "52.112.0.0/14"), (3, "2620:1ec:40::/42"),
                    (4, "52.112.0.0/14")}


@pytest.mark.parametrize("mode", [[], ["-2"]], ids=["one-pass", "two-pass"])
def test_only_flows_of_the_call_count_for_it(mode):
    """.81 and .83 speak to LinkedIn at the relay's address, .85 does nothing else; .82 and .84 speak to the relay there."""
    path = bundled("sessions/strangers-at-relay.pcap")
    told = json.loads(tshark(*mode, "-r", str(path), "-q", "-z", "teams,calls,json"))["calls"]
    calls = {call["client"]: call for call in told}
    assert len(told) == 4 and sorted(calls) == [f"192.168.1.{n}" for n in (81, 82, 83, 84)]
    for host, over_tcp in ((81, False), (82, True), (83, False), (84, True)):
        call = calls[f"192.168.1.{host}"]
        streams = rows(path, f"udp && ip.addr == 192.168.1.{host}" + (f" || (tcp && ip.addr == 192.168.1.{host})" if over_tcp else ""),
                       "frame.number", "frame.len")
        assert [call["first_frame"], call["last_frame"]] == [int(streams[0][0]), int(streams[-1][0])]
        assert sum(remote["packets"] for remote in call["remotes"]) == len(streams)
        assert sum(remote["bytes"] for remote in call["remotes"]) == sum(int(length) for _, length in streams)
        assert (443 in {port["remote_port"] for port in call["client_ports"]}) == over_tcp
    assert [calls[f"192.168.1.{n}"]["verdict_code"] for n in (83, 84)] == ["udp-unanswered", "udp-unanswered-tls"]
    assert "D18" not in {problem["code"] for problem in calls["192.168.1.83"]["problems"]}


# ---- one client and not two ----

def test_a_host_with_ipv4_and_ipv6_is_one_client():
    """One PC, one MAC."""
    path = shared("cases/dual-stack-one-host-three-signins.pcap")
    assert len({signin["client"] for signin in signins(path)}) == 1
    assert len(signins(path)) == 1


def test_addresses_of_one_mac_are_one_client_unless_a_router_has_it():
    """IPv4 and two IPv6 addresses of one MAC; then two hosts behind a router's MAC, and two outside a NAT."""
    path = bundled("sessions/dual-stack.pcap")
    first, *others = signins(path)
    assert {step["name"]: step["stage"] for step in first["steps"]}["authsvc.teams.microsoft.com"] == "token"
    assert [signin["client"] for signin in others] == ["10.7.0.5", "2001:db8:7::5", "203.0.113.9", "2001:db8:9::5"]
    of_first = {(four, six) for four, six in rows(path, "teams.signin == 1 && dns.flags.response == 0", "ip.src", "ipv6.src")}
    assert of_first == {("192.168.1.60", ""), ("", "2001:db8:1::60"), ("", "2001:db8:1::abcd")}


def without_ethernet(path):
    """The same packets in a capture of raw IP."""
    raw = written(pathlib.Path(tempfile.mkdtemp(dir=workspace())), [(seconds, micros, frame[14:]) for seconds, micros, frame in frames(path.read_bytes())
                                                                    if frame[12:14] in (b"\x08\0", b"\x86\xdd")])
    raw.write_bytes(raw.read_bytes()[:20] + struct.pack("<I", 101) + raw.read_bytes()[24:])
    raw.parent.chmod(0o755)
    return raw


def test_without_ethernet_addresses_each_address_is_a_client():
    """docs/reports.md, Which addresses are one client: then it gives up; and tells nothing of what the other address has."""
    document = (ROOT / "docs/reports.md").read_text(encoding="utf-8")
    assert "in a capture without Ethernet addresses, and inside a tunnel.\n\nThen each address is a client of its own." in document
    found = signins(without_ethernet(bundled("sessions/dual-stack.pcap")))
    assert [signin["client"] for signin in found[:3]] == ["192.168.1.60", "2001:db8:1::abcd", "2001:db8:1::60"]
    assert not {problem["code"] for signin in found for problem in signin["problems"]} & {"D11", "D15", "D31"}


# ---- one call and not two ----

def test_a_call_that_fell_back_to_tcp_is_one_call():
    """UDP dropped, then pseudo-TLS to the same relay."""
    path = shared("failures/14a-udp-dropped-pseudo-tls.pcapng")
    assert {call for call, in rows(path, "teams.call", "teams.call")} == {"1"}


def test_fallback_with_credentials_of_another_realm_is_one_call():
    """31001 over UDP in vain, 42007 over TCP; 33511 is another client's."""
    path = bundled("sessions/fallback-one-call.pcap")
    found = {}
    for call, udp, tcp in rows(path, 'teams.call && (teams_stun.pair || teams_stun.media == "rtp")', "teams.call", "udp.port", "tcp.port"):
        found.setdefault(call, set()).update(int(port) for port in (udp or tcp).split(",") if int(port) in (31001, 42007, 33511))
    assert found == {"1": {31001, 42007}, "2": {33511}}


@pytest.mark.parametrize("capture", ["sessions/fallback-one-call.pcap", "sessions/callers-over-tcp.pcap",
                                     "sessions/callers-at-once.pcap", "article-2017.pcapng"])
def test_no_flow_is_cut_at_its_first_media_frame(capture):
    """The media of a flow are of the call that its latest check is of."""
    latest = {}
    for stream, media, pair, call in rows(bundled(capture), "teams.call && (teams_stun.pair || teams_stun.media)",
                                          "teams.flow", "teams_stun.media", "teams_stun.pair.state", "teams.call"):
        if pair and "rtp" not in media:
            latest[stream] = call
        elif stream in latest:
            assert call == latest[stream]


# ---- whose product ----

@pytest.mark.parametrize("path, product", [
    (lambda: shared("teams/skype-conference-call.pcap"), "skype-shared"),   # version 3 in its checks, no name of Teams
    (lambda: bundled("sessions/calls-at-once.pcap"), "skype-shared"),       # the same
    (lambda: bundled("article-2017.pcapng"), "teams"),                      # version 3, but names of Teams
    (lambda: shared("teams/teams-signin-and-call.pcapng"), "teams"),        # version 7
])
def test_product_of_a_call_follows_names_and_version(path, product):
    assert {value for value, in rows(path(), "teams.call && teams_stun.pair", "teams.product")} == {product}


def products(host, display_filter):
    return {value for value, in rows(bundled("sessions/relay-realms.pcap"), f"teams.call && ip.addr == 192.168.1.{host} && ({display_filter})", "teams.product")}


@pytest.mark.parametrize("host, product", [(40, "lync-onprem"), (41, "lync-onprem"), (42, "lync-onprem"), (43, "teams"), (44, "teams")])
def test_a_realm_tells_whose_relay_it_is(host, product):
    """From the first answer on, which names the realm; the request before it cannot know. Then what the relay's client sends to peers."""
    assert products(host, "ms_turn.realm") == products(host, "teams_stun.pair || rtp") == {product}


def test_a_client_of_teams_may_use_a_relay_of_its_own_organisation():
    assert products(45, "ms_turn.realm && ip.addr == 203.0.113.140") == {"lync-onprem"}
    assert products(45, "ms_turn.realm && ip.addr == 52.114.250.10") == {"teams"}


# ---- each answer by itself ----

APART = [("52.114.250.123", "A", "northeurope", "b-tr-teams-euno-05.northeurope.cloudapp.azure.com"),
         ("2603:1063::1", "AAAA", "westeurope", "b-tr-teams-weu-01.westeurope.cloudapp.azure.com"),
         (None, "HTTPS", "australiaeast", "b-tr-teams-aue-02.australiaeast.cloudapp.azure.com")]


def answers_apart(name, key):
    found = data(bundled("sessions/answers-apart.pcap"), name)
    return [row for row in (found["signins"][0]["steps"] if name == "signin" else found["names"]) if row["name"] == key]


def test_answers_that_lead_to_different_hosts_are_steps_of_their_own():
    steps = answers_apart("signin", "euaz.tr.teams.microsoft.com")
    assert [(step["addresses"], step["types"], step["region"], step["chain"][-1]["name"]) for step in steps] == [
        ([address] if address else [], [kind], region, host) for address, kind, region, host in APART]
    assert [step["server"] for step in steps] == ["", "[2603:1063::1]:443", ""]


def test_answers_that_lead_to_different_hosts_are_rows_of_their_own():
    names = answers_apart("names", "euaz.tr.teams.microsoft.com")
    assert [(row["addresses"], row["types"], row["regions"][-1], row["hosts"]) for row in names] == [
        ([address] if address else [], [kind], region, [host]) for address, kind, region, host in APART]


def test_answers_that_lead_to_one_host_are_one_step():
    for name in ("signin", "names"):
        row, = answers_apart(name, "authsvc.teams.microsoft.com")
        assert (row["addresses"], row["types"]) == (["52.113.194.134", "2603:1063::2"], ["A", "AAAA"])


# ---- push channels that are connected again ----

@pytest.mark.parametrize("host, verdicts", [
    (20, ["went-through"]), (21, ["went-through"]), (22, ["went-through", "push-connected"]), (23, ["went-through", "went-through"]),
    (24, []), (25, ["push-connected"])])
def test_a_push_channel_that_is_connected_again_is_no_sign_in_that_went_through(host, verdicts):
    """Half an hour after the sign-in, or without it; .23 signs in again, with all that belongs to it."""
    found = signins(bundled("connections/push-again.pcap"))
    assert [signin["verdict_code"] for signin in found if signin["client"] == f"192.168.1.{host}"] == verdicts


# ---- names and the connections that follow ----

@pytest.mark.parametrize("host,followed", [(62, True), (63, True), (64, True), (65, False)])
def test_a_connection_under_another_name_followed_all_the_same(host, followed):
    """An alias was asked for; the server name is an address; it is a stranger's. At .65 there is none."""
    signin, = [signin for signin in signins(bundled("sessions/names-followed.pcap")) if signin["client"] == f"192.168.1.{host}"]
    found = [problem for problem in signin["problems"] if problem["code"] == "never-connected"]
    assert bool(found) != followed
    assert followed or found[0]["summary"].startswith("presence.teams.microsoft.com: asked for and answered, and no connection to these addresses")


def test_the_real_client_connected_to_what_it_asked_for():
    """Three aliases of frames 25, 29 and 33: their addresses are those of the ClientHellos in 28, 31 and 35."""
    signin, = signins(shared("teams/teams-signin-and-call.pcapng"))
    assert "never-connected" not in {problem["code"] for problem in signin["problems"]}


# ---- names that nobody needs ----

MISSING = bundled("sessions/names-missing.pcap")


@pytest.mark.parametrize("client,name,severity", [
    ("192.168.1.70", "teams.cloud.microsoft", "error"),
    ("192.168.1.71", "outlook.cloud.microsoft", "note"),
    ("192.168.1.72", "broadcast.skype.com", "note")])
def test_a_missing_name_breaks_a_sign_in_that_needs_it(client, name, severity):
    signin, = [signin for signin in signins(MISSING) if signin["client"] == client]
    found, = [problem for problem in signin["problems"] if problem["code"] == "name-missing"]
    assert (found["summary"].split(" ")[0], found["severity"]) == (name, severity)
    assert (signin["severity"] == "broken") == (severity == "error")


def test_patterns_of_lists_and_pages_in_a_browser_open_no_sign_in():
    """The capture holds three sign-ins and no more."""
    assert [signin["client"] for signin in signins(MISSING)] == ["192.168.1.70", "192.168.1.71", "192.168.1.72"]
    assert rows(MISSING, "teams_dns.nxdomain_required && ip.dst == 192.168.1.73", "frame.number") == []
    assert signins(shared("mixed/sites.pcapng")) == []
    asked, = signins(shared("mixed/dns_ambiguous_names.pcap"))      # for teams.skype.com, and for a pattern in vain
    assert asked["severity"] == "unknown"


def test_microsofts_own_private_address_is_no_filter():
    """Windows asks for dns.msftncsi.com: fd3e:4f5a:5b81::1 is what Microsoft answers."""
    assert rows(MISSING, "teams_dns.sinkhole", "ip.dst", "dns.aaaa") == [("192.168.1.76", "fd00::1")]
    assert rows(shared("negative/emix.pcap"), "teams_dns.sinkhole", "frame.number") == []


# ---- regions ----

def test_a_name_is_not_compared_with_itself():
    """Its A, AAAA and HTTPS answers lead to three continents; two names that do are told (sessions/regions.pcap)."""
    assert rows(bundled("diagnostics/d19-sent-again.pcap"), "teams.region_mismatch || teams.region_mismatch_background", "frame.number") == []
    assert rows(bundled("sessions/regions.pcap"), "teams.region_mismatch", "frame.number") != []


def test_chat_that_is_asked_for_by_a_region_is_no_resolvers_choice():
    path = bundled("sessions/home-region.pcap")
    assert {row[0] for row in rows(path, "teams.region_mismatch", "ip.dst")} <= {"192.168.1.23"}
    assert rows(path, "teams.region_mismatch", "ip.dst") != [] and rows(path, "teams.region_mismatch_background", "frame.number") == []


# ---- addresses that a network translates ----

NAT64 = bundled("sessions/nat64.pcap")


@pytest.mark.parametrize("client", ["2001:db8:64::80", "2001:db8:65::80", "2001:db8:66::80"])
def test_what_nat64_translates_counts_as_the_address_within(client):
    """52.113.194.132, 20.190.128.10 and 52.123.128.14 behind prefixes that ipv4only.arpa told."""
    prefixes = [prefix for prefix, in rows(NAT64, f"teams_dns.ipv6 && ipv6.dst == {client}", "teams_dns.prefix")]
    assert prefixes == ["52.112.0.0/14", "20.190.128.0/18", "52.122.0.0/15"]
    assert rows(NAT64, f"(teams_dns.sinkhole || teams.name_not_resolved_outside) && ipv6.addr == {client}", "frame.number") == []
    signin, = [signin for signin in signins(NAT64) if signin["client"] == client]
    assert (signin["verdict_code"], signin["severity"]) == ("went-through", "OK")


def test_a_private_prefix_that_is_not_told_translates_nevertheless():
    """2001:db8:67::80, with fd00:67::3471:c284, which is 52.113.194.132: no filter answers with Microsoft's address in its own.
    Ones that translate others' are own-prefixes.pcap's."""
    assert rows(NAT64, "teams_dns.sinkhole", "ipv6.dst", "dns.aaaa") == []
    assert not [problem for signin in signins(NAT64) for problem in signin["problems"] if problem["code"] == "private-address"]


# ---- one name alone ----

@pytest.mark.parametrize("host,alone", [(166, True), (167, True), (168, True), (169, False), (170, False), (171, False)])
def test_a_name_that_a_browser_prepares_for_is_no_sign_in_that_stopped(host, alone):
    """The one at .169 connects there, .170 connects nowhere, and at .171 the capture ends."""
    signin, = [signin for signin in signins(bundled("sessions/prepared-for.pcap")) if signin["client"] == f"192.168.1.{host}"]
    assert (signin["verdict_code"] == "asked-alone") == alone
    assert "D15" not in {problem["code"] for problem in signin["problems"]} or host == 169
    assert rows(bundled("sessions/prepared-for.pcap"), f"teams.signin_stalled && ip.addr == 192.168.1.{host}", "frame.number") == []


def test_names_without_a_known_sign_in_are_not_called_one():
    """Of .166 to .168 one name alone is there, of .190 to .192 questions alone; .169 and .193 connect."""
    for path, names in (("sessions/prepared-for.pcap", 3), ("sessions/upstream-alone.pcap", 3)):
        kinds = [row["kind"] for row in json.loads(report(bundled(path), "teams,summary,json"))["summary"]]
        assert kinds[:names] == ["names"] * names and set(kinds[names:]) == {"signin"}
        for name in ("summary,full", "signin"):
            text = report(bundled(path), f"teams,{name}")
            assert text.count("Names ") >= names and text.count("Sign-in ") == len(kinds) - names, text
    D15 = rows(bundled("sessions/signin-stalled.pcap"), "teams.signin_stalled", "frame.number")
    assert len(D15) == 1        # and where a sign-in is known to have begun, the frame says what lacks


@pytest.mark.parametrize("client,verdict", [("192.168.1.190", "questions-alone"), ("192.168.1.191", "questions-alone"),
                                            ("2001:db8:1::192", "questions-alone"), ("192.168.1.193", "error")])
def test_of_a_host_that_only_asks_no_failed_sign_in_is_told(client, verdict):
    """A name that does not exist, one without an answer, one with a private address; .193 asks the same as .190, and connects."""
    signin, = [signin for signin in signins(bundled("sessions/upstream-alone.pcap")) if signin["client"] == client]
    assert (signin["verdict_code"], signin["severity"]) == (verdict, "broken" if verdict == "error" else "check")
    if verdict == "questions-alone":
        assert "no connection of this host to them is in this capture" in signin["verdict"]     # .190 has one to a stranger
        assert not any("not reached" in problem["summary"] or "not connect" in problem["summary"] for problem in signin["problems"])
        assert "never-connected" not in {problem["code"] for problem in signin["problems"]}


# ---- addresses that a stranger's name got ----

TAKEN = bundled("sessions/addresses-taken.pcap")


def test_an_address_that_a_strangers_name_got_since_is_not_ours():
    """Seconds of the ClientHellos without a server name after the sign-in: at 10, 20 and 30 a stranger's name had got the address, of
    this client, of another one, of Edge's. At 9 it had not yet; at 40 and 50 an alias was asked for by itself; at 60 nothing was."""
    claimed = {int(float(time)) for time, in rows(TAKEN, "tls.handshake.type == 1 && frame.time_relative > 8 && teams.name", "frame.time_relative")}
    assert claimed == {9, 40, 50, 60, 70}
    flows = {int(float(time)) for time, in rows(TAKEN, "teams && tcp && frame.time_relative > 8 && ip.src == 192.168.1.143", "frame.time_relative")}
    assert not flows & {10, 20, 30}


def test_connections_to_such_an_address_are_not_listed():
    signin, = signins(TAKEN)
    frames_at = {second: {int(number) for number, in rows(TAKEN, f"tcp.flags.syn == 1 && frame.time_relative >= {second} && "
                                                          f"frame.time_relative < {second + 1}", "frame.number")} for second in (9, 10, 20, 30, 40, 50, 60, 70)}
    listed = {connection["frame"] for connection in signin["connections"]}
    assert {second for second, numbers in frames_at.items() if numbers & listed} == {9, 40, 50, 60, 70}


# ---- lookups: what they say and what they do not ----

@pytest.mark.parametrize("client,row", [("192.168.1.100", None), ("2001:db8:1::101", None), ("192.168.1.102", None),
                                        ("192.168.1.103", "name_not_resolved_outside"), ("192.168.1.104", "name_not_resolved_outside")])
def test_an_address_that_an_answer_about_another_name_gave_is_resolved(client, row):
    """By A, AAAA and the hint of HTTPS. At .103 the answer comes after the ClientHello, at .104 it gave another address."""
    signin, = [signin for signin in signins(bundled("sessions/aliases-alone.pcap")) if signin["client"] == client]
    assert [problem["filter"] for problem in signin["problems"] if problem["code"] == "D27"] == ([f"teams.{row}"] if row else [])


@pytest.mark.parametrize("client,outside", [("192.168.1.158", False), ("2001:db8:1::159", False), ("192.168.1.160", False), ("192.168.1.161", True)])
def test_an_address_that_a_search_domain_gave_is_resolved(client, outside):
    signin, = [signin for signin in signins(bundled("sessions/search-domain.pcap")) if signin["client"] == client]
    assert ("D27" in {problem["code"] for problem in signin["problems"]}) == outside


@pytest.mark.parametrize("client,told", [("192.168.1.154", False), ("192.168.1.155", False), ("192.168.1.156", False), ("192.168.1.157", True)])
def test_a_server_without_edns_is_no_failure(client, told):
    signin, = [signin for signin in signins(bundled("sessions/questions-refused-once.pcap")) if signin["client"] == client]
    assert ("name-failed" in {problem["code"] for problem in signin["problems"]}) == told


def test_the_old_client_asked_for_aliases_and_connected_where_they_lead():
    """Frames 17 and 51 answer 23.223.73.34 and 23.206.33.166 for hosts of Akamai; the ClientHellos of 24, 59 and 1028 go there."""
    signin, = signins(shared("teams/skype-legacy-signin.pcap"))
    codes = [problem["code"] for problem in signin["problems"]]
    assert "D27" not in codes and codes.count("name-unanswered") == 1
    assert "D2" not in codes                                    # of ui.skype.com, which is among those that are never answered


@pytest.mark.parametrize("path", ["sessions/answers-in-between.pcap", "sessions/answers-apart.pcap", "cases/dual-stack-one-host-three-signins.pcap"])
def test_names_are_told_in_the_order_of_their_questions(path):
    for signin in signins(shared(path) if path.startswith("cases") else bundled(path)):
        asked = [step["frame"] for step in signin["steps"]]
        assert len(asked) > 2 and asked == sorted(asked)


def test_an_answer_that_came_after_all_takes_its_lack_back():
    """HTTPS is answered after 6.5 s, A after 18 ms: frame 28 says what lacks up to then, the report does not; nobody waited for it."""
    capture = bundled("sessions/answers-in-between.pcap")
    assert rows(capture, "teams_dns.type_unanswered", "frame.number") == [("28",)]
    signin, = signins(capture)
    assert {problem["code"] for problem in signin["problems"]} & {"D31", "D19"} == set()


@pytest.mark.parametrize("host,severity,expert", [(110, "warning", "nxdomain_of_list"), (111, "error", "nxdomain_required"),
                                                  (112, "error", "nxdomain_required"), (113, "warning", "nxdomain_required"),
                                                  (114, "error", "nxdomain_required")])
def test_a_list_that_somebody_checks_is_no_client_that_misses_a_name(host, severity, expert):
    """At .110 none of six names exists, at .113 one does, each of which was asked for once, and none connected."""
    capture = bundled("sessions/lists-looked-up.pcap")
    signin, = [signin for signin in signins(capture) if signin["client"] == f"192.168.1.{host}"]
    missing = [problem for problem in signin["problems"] if problem["code"] == "name-missing"]
    assert missing[0]["severity"] == severity and (len(missing) == 1) == (severity == "warning")
    assert (signin["severity"] == "broken") == (severity == "error")
    name = 'dns.qry.name == "teams.cloud.microsoft"'
    assert rows(capture, f"ip.dst == 192.168.1.{host} && {name} && dns.qry.type == 1 && teams_dns.{expert}", "frame.number") != []


def test_the_list_of_retired_sets_breaks_no_sign_in():
    """Eleven names, each asked for once, none of which exists."""
    signin, = signins(shared("cases/nxdomain-retired-sets.pcap"))
    assert signin["severity"] == "check" and "error" not in {problem["severity"] for problem in signin["problems"]}
    assert rows(shared("cases/nxdomain-retired-sets.pcap"), "_ws.expert.severity == error", "frame.number") == []


# ---- candidates and ports: only what the capture tells ----

def test_without_gathering_the_kind_of_a_candidate_stays_unknown():
    """The client is behind a NAT (frame 4 names another address than its own), and no allocation is in the capture."""
    call, = calls(shared("teams/skype-conference-call.pcap"))
    assert [pair["local_type"] for pair in call["pairs"]] == [""]
    assert "client-ports" not in {problem["code"] for problem in call["problems"]}      # documented for Teams; this is Skype
    assert "published prefixes" in call["verdict"]


def test_with_gathering_it_is_told():
    """Frame 49: the relay sees 80.181.206.72:57543; frame 104: so does the peer."""
    call, = calls(shared("teams/teams-signin-and-call.pcapng"))
    assert [pair["local_type"] for pair in call["pairs"]] == ["host", "server-reflexive", "relayed", "host"]


# ---- a sign-in ends where the client's next one begins ----

@pytest.mark.parametrize("host,code,until", [(116, "D15", "2400 s, to the client's next sign-in"), (118, "D16", "2397 s, to the client's next sign-in"),
                                             (117, "D15", "2404 s, to the end of the capture")])
def test_what_a_sign_in_lacks_is_told_up_to_the_next_one(host, code, until):
    """The times are those of the generator; the capture ends 4 s after 2400."""
    found = [signin for signin in signins(bundled("sessions/stalled-twice.pcap")) if signin["client"] == f"192.168.1.{host}"]
    problem, = [problem for problem in found[0]["problems"] if problem["code"] == code]
    assert until in problem["details"][0]
    assert "of this sign-in" in found[0]["verdict"] or host == 118
    assert all(not {"D15", "D16"} & {problem["code"] for problem in later["problems"]} and later["severity"] == "OK" for later in found[1:])


# ---- one direction: what is not in the capture did not fail ----

def test_who_could_not_answer_in_this_capture_is_not_blamed():
    """Calls 2 to 5 have one direction alone; frame 2 of the first answers the check of frame 1."""
    told = [[end["role"] for end in call["remotes"]] for call in calls(shared("teams/ms-ice2-hexvectors.pcap"))]
    assert told[1:] == [["unseen"]] * 4


def test_packets_before_direct_routing_is_recognised_are_in_no_count():
    """RTP begins in frame 7; frame 11 is the third packet of its direction. 100 packets were sent."""
    text = tshark("-q", "-r", shared("cases/sbc.pcap"), "-z", "teams,calls")
    assert "those before frame 11 are in no count" in " ".join(text.split())
    assert "RTP SSRC 0x00001111" in text and "SRTP" not in text


# ---- who asks for others, and who is seen by names alone ----

FORWARDERS = bundled("sessions/forwarders.pcap")


def test_a_resolver_that_asks_another_one_does_not_sign_in():
    """192.168.1.1 and 2001:db8:1::1 forward questions; 192.168.1.9 does, too, and speaks TLS to Teams itself, from 30 s on."""
    found = {signin["client"]: signin for signin in signins(FORWARDERS)}
    assert set(found) == {"192.168.1.120", "2001:db8:1::121", "192.168.1.122", "192.168.1.9", "192.0.2.123"}
    assert found["192.168.1.9"]["time"] >= 30


@pytest.mark.parametrize("client,stalled", [("192.0.2.123", False), ("2001:db8:1::121", False), ("192.168.1.120", True)])
def test_names_alone_do_not_tell_that_a_sign_in_stalled(client, stalled):
    """Where no connection of the client is in the capture, what it connected to is not, either."""
    signin, = [signin for signin in signins(FORWARDERS) if signin["client"] == client]
    assert ("D15" in {problem["code"] for problem in signin["problems"]}) == stalled


def test_what_a_forwarders_clients_ask_for_is_no_matter_of_its_own_sign_in():
    """192.168.1.11 signs in and asks for three clients: a name that does not exist, one without an answer, one with a private address,
    one that nobody connects to. 192.168.1.153 asks the same for itself."""
    found = {signin["client"]: signin for signin in signins(bundled("sessions/forwarder-signs-in.pcap"))}
    about_names = {"name-missing", "name-unanswered", "private-address", "never-connected"}
    assert not {problem["code"] for problem in found["192.168.1.11"]["problems"]} & about_names
    assert {step["name"] for step in found["192.168.1.11"]["steps"]} == {"teams.microsoft.com", "login.microsoftonline.com"}
    assert {problem["code"] for problem in found["192.168.1.153"]["problems"]} >= {"name-missing", "private-address", "never-connected"}


ITERATING = bundled("sessions/resolvers-iterate.pcap")


def test_a_resolver_that_goes_from_server_to_server_does_not_sign_in():
    """192.0.2.125 asks without RD (RFC 1035 4.1.1), and so does the PC 192.168.1.126, whose ClientHellos come 35 s after the start."""
    found = {signin["client"]: signin for signin in signins(ITERATING)}
    assert set(found) == {f"192.168.1.{n}" for n in (126, 127, 128, 129, 130, 131)}
    assert found["192.168.1.126"]["verdict_code"] == "went-through"
    assert {step["name"] for step in found["192.168.1.126"]["steps"]} == {"teams.microsoft.com", "authsvc.teams.microsoft.com"}


def test_what_one_server_answers_a_resolver_is_no_failure():
    """A chain that goes on at another server, a code of one server of several, a server that is silent: the resolver asks the next one."""
    assert rows(ITERATING, "ip.addr == 192.0.2.125 && (teams_dns.chain_broken || teams_dns.nxdomain_required || teams_dns.server_failure_once"
                " || teams_dns.no_answer)", "frame.number") == []


@pytest.mark.parametrize("client,code", [("192.168.1.127", "chain-cut"), ("192.168.1.128", "name-missing")])
def test_what_a_client_is_answered_is_one_with_and_without_the_bit(client, code):
    """Both asked with RD; the answers to .128 lack it, as what a filter makes up may."""
    signin, = [signin for signin in signins(ITERATING) if signin["client"] == client]
    assert code in {problem["code"] for problem in signin["problems"]}


def test_names_that_a_resolver_asks_for_say_nothing_of_one_another():
    """192.168.1.10 asks for clients of work, personal and GCC High accounts. .131 itself asks for names of two clouds."""
    mixed = rows(ITERATING, "teams_dns.consumer || teams_dns.cloud_mix || teams_dns.legacy_interop", "ip.src")
    assert set(mixed) == {("192.168.1.131",)}


LYNC_INSIDE = bundled("sessions/lync-inside.pcap")


@pytest.mark.parametrize("client,expected", [(135, set()), (136, set()), (137, {"private-address"})])
def test_private_addresses_are_right_in_a_customers_own_zone(client, expected):
    signin, = [signin for signin in signins(LYNC_INSIDE) if signin["client"] == f"192.168.1.{client}"]
    assert {problem["code"] for problem in signin["problems"]} & {"private-address", "private-address-dead"} == expected


def test_an_alias_of_no_known_network_has_no_network_beside_it():
    text = tshark("-q", "-r", str(LYNC_INSIDE), "-z", "teams,signin")
    assert "> <tenant>\n" in text and "()" not in text


@pytest.mark.parametrize("client,told", [(140, False), (141, False), (142, True)])
def test_a_sign_in_after_the_relay_refutes_that_there_is_none(client, told):
    call, = [call for call in calls(bundled("sessions/relay-first.pcap")) if call["client"] == f"192.168.1.{client}"]
    assert ("relay-without-sign-in" in {problem["code"] for problem in call["problems"]}) == told


# ---- what is sent says more than the port ----

@pytest.mark.parametrize("client,modality", [(40, "audio"), (41, "audio"), (42, "video"), (43, "audio"), (44, "video")])
def test_media_tells_the_modality_of_its_port_and_flow(client, modality):
    """SILK (payload type 104) on the server's and on the client's port for video, RTVideo (121) on the client's for audio; each at its own."""
    path = bundled("sessions/modality-by-payload.pcap")
    call, = [call for call in calls(path) if call["client"] == f"192.168.1.{client}"]
    assert {row["modality"] for part in ("client_ports", "remotes", "streams") for row in call[part]} == {modality}
    assert [flow["modality"] for flow in data(path, "flows")["flows"] if flow["client"].startswith(f"192.168.1.{client}:")] == [modality]


def test_media_of_two_kinds_on_one_port_has_each_its_own():
    """SILK, and RTVideo two seconds later; the first one speaks for the port."""
    call, = [call for call in calls(bundled("sessions/modality-by-payload.pcap")) if call["client"] == "192.168.1.45"]
    assert {(stream["payload_type"], stream["modality"]) for stream in call["streams"]} == {(104, "audio"), (121, "video")}
    assert [row["modality"] for row in call["client_ports"]] == ["audio"]


@pytest.mark.parametrize("client,first,conflict", [
    (50, "", "payload type 122 (X-H264UC) says no audio, server port 3479 says audio"),
    (51, "", "payload type 123 (x-ulpfecuc) says no audio, client port 50005 says audio"),
    (52, "audio", "clock of 90000 Hz says no audio, server port 3479 says audio"), (53, "video", None), (54, "audio", None)])
def test_no_port_makes_audio_of_video_or_sharing(client, first, conflict):
    """Twice sixteen timestamps tell the clock of .52: then its port was believed too long, and the stream's first packets said audio."""
    path = bundled("sessions/modality-open.pcap")
    found = fields(path, ["teams_stun.modality_conflict", "teams.modality", "rtp.p_type"], f"ip.addr == 192.168.1.{client} && rtp")
    assert [frame["teams.modality"][0] if frame["teams.modality"] else "" for frame in found][::len(found) - 1] == \
        [first, first if conflict is None else ""]
    told = fields(path, ["_ws.expert.message"], f"ip.addr == 192.168.1.{client} && teams_stun.modality_conflict")
    assert [conflict in message for frame in told for message in frame["_ws.expert.message"]].count(True) == (2 if conflict else 0)
    call, = [call for call in calls(path) if call["client"] == f"192.168.1.{client}"]
    rows = {row["modality"] for part in ("client_ports", "remotes", "streams") for row in call[part]}
    assert rows == ({""} if conflict else {first})


# ---- a capture that begins in the midst of a call ----

@pytest.mark.parametrize("first,left", [(100, True), (150, True), (186, True), (188, False)])
def test_reports_about_media_tell_that_a_path_was_in_use(first, left):
    """From these frames of the real call on, the check of 185 or its answer in 187 and RTCP are left of it; then no check at all."""
    read = list(frames(shared("teams/skype-conference-call.pcap").read_bytes()))[first - 1:]
    path = written(pathlib.Path(tempfile.mkdtemp(dir=workspace())), read)
    assert [(call["verdict_code"], call["severity"]) for call in calls(path)] == ([("reports-only", "unknown")] if left else [])


# ---- a proxy that refuses, and a handshake that the capture does not show to its end ----

def test_the_proxy_refuses_and_nothing_is_said_of_identity():
    """Frame 17 is the 407 for authsvc; the client begins three more connections, until 1.8 s later. Identity's ClientHello, frame 12,
    is sent once, 2.5 s before the end: whether it had an answer is not shown."""
    signin, = signins(shared("cases/proxy.pcap"))
    found = {problem["code"]: problem for problem in signin["problems"]}
    assert (found["proxy-credentials"]["severity"], found["proxy-credentials"]["frame"]) == ("error", 17)
    assert "identity-unreached" not in found and signin["verdict_code"] == "failed"


# ---- a resolver on loopback ----

@pytest.mark.parametrize("name,clients", [("forwarded", {"192.168.1.20": 3, "192.168.1.30": 3}), ("running", {"192.168.1.20": 4}),
                                          ("encrypted", {"192.168.1.20": 3}), ("alone", {"127.0.0.1": 0})])
def test_what_programs_ask_on_loopback_is_the_hosts(name, clients):
    """Asked at 127.0.0.53 and forwarded, with another host beside it; at 127.0.0.1 of a host that was connected before; at ::1 and sent on
    over TLS, where the connections tell; and where nothing but loopback was captured."""
    path = bundled(f"sessions/loopback-{name}.pcap")
    for mode in ([], ["-2"]):
        found = json.loads(tshark(*mode, "-r", str(path), "-q", "-z", "teams,signin,json"))["signins"]
        assert {signin["client"]: len(signin["connections"]) for signin in found} == clients and len(found) == len(clients)
    summary = [(row["kind"], row["client"]) for row in data(path, "summary")["summary"]]
    assert summary == [("signin", client) for client in clients] or name == "alone"


@pytest.mark.parametrize("name,resolver", [("forwarded", "192.168.1.1"), ("encrypted", "::1")])
def test_what_does_not_exist_by_way_of_loopback_does_not(name, resolver):
    signin = next(signin for signin in signins(bundled(f"sessions/loopback-{name}.pcap")) if signin["client"] == "192.168.1.20")
    found = [problem for problem in signin["problems"] if problem["code"] == "name-missing"]
    assert [problem["severity"] for problem in found] == ["error"] and f"presence.teams.microsoft.com does not exist for the resolver {resolver} " in found[0]["summary"]


def test_another_host_may_ask_for_the_same_at_the_same_moment():
    """loopback-unmarked.pcap tells no directions: what does not exist for a program of the host that captured does for the other host."""
    signin = next(signin for signin in signins(bundled("sessions/loopback-unmarked.pcap")) if signin["client"] == "192.168.1.30")
    assert signin["verdict_code"] == "went-through" and [problem for problem in signin["problems"] if problem["code"] == "name-missing"] == []


# ---- both sides of a NAT ----

@pytest.mark.parametrize("name,clients,frames,outside", [
    ("both-sides", {"192.168.1.20": 4}, 46, 46), ("two-clients", {"192.168.1.20": 3, "192.168.1.30": 3}, 86, 66),
    ("joined", {"192.168.1.20": 3}, 35, 30), ("neighbours", {"192.168.1.20": 3, "192.168.1.30": 3}, 75, 0)])
def test_what_a_nat_translates_is_one_sign_in(name, clients, frames, outside):
    """Ports kept; two clients, other ports, and a router that asks for them; connections that began before, told by their ClientHellos; and
    two hosts that do the same at the same time."""
    path = bundled(f"sessions/nat-{name}.pcap")
    for mode in ([], ["-2"]):
        found = json.loads(tshark(*mode, "-r", str(path), "-q", "-z", "teams,signin,json"))
        assert {signin["client"]: len(signin["connections"]) for signin in found["signins"]} == clients and len(found["signins"]) == len(clients)
        assert found["reports"][0]["translated"] == outside
    assert rows(path, "teams.flow && ip.addr == 203.0.113.9 && tls", "frame.number") == []
    text = " ".join(report(path, "teams,signin").split())
    assert (f"{outside} frames have the packets of others again, with an address that a translator (NAT) changed, first 192.168.1.20 to 203.0.113.9 "
            "in frame" in text) == (outside > 0)


def test_what_has_no_answer_behind_a_nat_is_counted_once():
    signin, = signins(bundled("sessions/nat-both-sides.pcap"))
    problem, = [problem for problem in signin["problems"] if problem["code"] == "tcp-unanswered"]
    assert "3 SYNs on 1 connection" in problem["summary"]


def test_a_call_of_a_host_that_translates_for_others_is_its_own():
    path = bundled("sessions/nat-own-call.pcap")
    call, = data(path, "calls")["calls"]
    assert (call["client"], call["verdict_code"]) == ("203.0.113.9", "direct-public")
    assert [signin["client"] for signin in signins(path)] == ["172.17.0.2"]


def test_media_outside_of_a_router_is_nobodys_from_where_that_is_known():
    """In every mode: before, nothing in the capture tells it from a client's own."""
    path = bundled("sessions/nat-shown-late.pcap")
    outside = [tshark(*mode, "-r", path, "-Y", "ip.addr == 203.0.113.9 && rtp", "-T", "fields", "-e", "frame.number", "-e", "teams.call").splitlines()
               for mode in ((), ("-2",))]
    assert outside[0] == outside[1]
    known = tshark("-r", path, "-Y", "ip.src == 192.168.1.20 && stun.type == 0x0001", "-T", "fields", "-e", "frame.number").split()[-1]
    ours = {int(number) < int(known) for number, call in (line.split("\t") for line in outside[0]) if call}
    nobodys = {int(number) > int(known) for number, call in (line.split("\t") for line in outside[0]) if not call}
    assert ours == {True} and nobodys == {True}


def packets_of(path):
    """(microseconds, bytes) of each enhanced packet block (pcapng, of one interface in microseconds)."""
    read, at = path.read_bytes(), 0
    while at < len(read):
        kind, length, _, high, low, captured = struct.unpack_from("<IIIIII", read, at)
        if kind == 6:
            yield (high << 32) + low, read[at + 28:at + 28 + captured]
        at += length


def at_both_sides(packets, inside, outside):
    """And each IPv4 packet between inside and a public address again, 0.3 ms nearer to the other end, one hop on or back."""
    for time, frame in packets:
        yield time, frame
        source, destination = frame[26:30], frame[30:34]
        sent = source == inside
        if frame[12:14] != b"\x08\0" or inside not in (source, destination) or (destination if sent else source)[:2] == b"\xc0\xa8":
            continue
        outer = bytearray(frame)
        outer[26:34] = outside + destination if sent else source + outside
        outer[22] += -1 if sent else 1
        yield time + (300 if sent else -300), bytes(outer)


def test_a_real_call_at_both_sides_of_a_nat_is_one():
    """Its peer's first check comes before the client's, on the outer side first."""
    real = shared("teams/teams-signin-and-call.pcapng")
    both = sorted(at_both_sides(packets_of(real), bytes([192, 168, 1, 6]), bytes([203, 0, 113, 9])), key=lambda packet: packet[0])
    path = written(pathlib.Path(tempfile.mkdtemp(dir=workspace())), [(time // 1000000, time % 1000000, frame) for time, frame in both])
    path.parent.chmod(0o755)
    assert len(both) > 2 * 90
    assert [(signin["client"], signin["verdict_code"]) for signin in signins(path)] == [("192.168.1.6", "relay-connected")]
    assert [(call["client"], call["verdict_code"]) for call in calls(path)] == [(call["client"], call["verdict_code"]) for call in calls(real)]
    assert {call["client"] for call in calls(path)} == {"192.168.1.6"}
