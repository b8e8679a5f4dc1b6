# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions: which frames are ours and on what evidence, sign-ins, calls, problems.

Expected values are worked out from what each generated capture was made to hold
(test-captures/README.md) and from the bytes of the real ones, by hand."""
import functools
import json

import pytest

import harness
from harness import assert_same_in_all_modes, bundled, report, shared, shared_names, tshark

TEAMS_CALL = "teams/teams-signin-and-call.pcapng"
ALL = ["teams.product", "teams.service", "teams.stage", "teams.modality", "teams.transport", "teams.path",
       "teams.endpoint.address", "teams.endpoint.ipv6", "teams.endpoint.port", "teams.name", "teams.name.frame", "teams.evidence", "teams.flow", "teams.call", "teams.signin"]


@functools.lru_cache(maxsize=None)
def data(capture, name, prefs=()):
    path = shared(capture) if capture.startswith("teams/") else bundled(capture)
    return json.loads(report(path, f"teams,{name},json", prefs=dict(prefs)))


def signins(capture):
    return data(capture, "signin")["signins"]


def calls(capture):
    return data(capture, "calls")["calls"]


def codes(entry, severity=("error", "warning", "note")):
    return {(problem["code"], problem["severity"]) for problem in entry["problems"] if problem["severity"] in severity}


def frames(path, display_filter, *names):
    """One row per frame of tshark's -T fields."""
    arguments = [part for name in names for part in ("-e", name)]
    text = tshark("-r", str(path), "-Y", display_filter, "-T", "fields", *arguments)
    return [tuple(line.split("\t")) for line in text.splitlines()]


# ---- evidence ----

@pytest.mark.parametrize("name", shared_names("negative"))
def test_others_traffic_stays_silent(name):
    assert frames(shared(name), "teams", "frame.number") == []


def test_fields_are_the_same_in_all_modes():
    assert_same_in_all_modes(shared(TEAMS_CALL), ALL, "teams")


@pytest.mark.parametrize("capture, expression, expected", [
    ("article-2017.pcapng", "teams.endpoint.address == 52.112.193.0/24 && teams.endpoint.port == 3478", {("52.112.193.10", "", "3478")}),
    ("ipv6.pcap", "teams.endpoint.ipv6 == 2603:1063::/32", {("", "2603:1063:12::5", "443")}),
    ("ms-turn/ipv6.pcap", "teams.endpoint.ipv6 == 2001:db8::/32", {("", "2001:db8:ffff::141", "3478")}),
    ("article-2017.pcapng", "teams.endpoint.address == 203.0.113.0/24", set()),
])
def test_endpoint_is_an_address_that_a_subnet_matches(capture, expression, expected):
    """Relay of the article, a front door over IPv6, a relay over IPv6; and no network that is not there."""
    rows = frames(bundled(capture), expression, "teams.endpoint.address", "teams.endpoint.ipv6", "teams.endpoint.port")
    assert set(rows) == expected


def test_every_frame_of_the_call_is_attributed():
    """All frames of the real capture but the DNS of others and one foreign server, telemetry before the first name
    of Teams, and a TCP handshake in a prefix that others use, too."""
    strangers = {9, 10, 11, 12, 13, 32} | {1, 2} | {53, 54, 55}
    ours = {int(row[0]) for row in frames(shared(TEAMS_CALL), "teams", "frame.number")}
    assert ours == set(range(1, 138)) - strangers


@pytest.mark.parametrize("frame,expected", [
    (1, ("", "", "", "", "", "")),
    (4, ("m365-shared", "telemetry", "", "tls", "", "server_name")),
    (3, ("teams", "web-app", "", "tls", "", "server_name")),
    (5, ("m365-shared", "identity", "", "tls", "", "server_name")),
    (40, ("teams", "flightproxy", "signalling", "udp", "", "flightproxy")),
    (43, ("teams", "media-relay", "audio", "udp", "relayed", "turn")),
    (53, ("", "", "", "", "", "")),
    (56, ("teams", "media-relay", "audio", "tls", "", "server_name")),
    (87, ("teams", "", "audio", "udp", "direct", "check")),
    (90, ("teams", "media-relay", "audio", "udp", "relayed", "check")),
    (95, ("teams", "media-relay", "audio", "udp", "multiplexed", "check")),
    (105, ("teams", "", "audio", "udp", "direct", "media")),
    (113, ("teams", "", "audio", "udp", "direct", "media")),
])
def test_frames_of_the_real_call(frame, expected):
    names = ["teams.product", "teams.service", "teams.modality", "teams.transport", "teams.path", "teams.evidence"]
    assert frames(shared(TEAMS_CALL), f"frame.number == {frame}", *names) == [expected]


def test_learned_address_names_its_frame():
    """TCP to 13.107.3.128 after the answer in frame 20 that gives teams.microsoft.com that address."""
    rows = frames(bundled("article-signin-2017.pcap"), "tcp.flags.syn == 1 && ip.dst == 13.107.3.128",
                  "teams.name", "teams.name.frame", "teams.evidence", "teams.service")
    assert rows[0] == ("teams.microsoft.com", "20", "address", "web-app")


def test_telemetry_before_the_first_name_of_teams_is_nobodys():
    """pipe.skype.com, frames 1 to 18 of the article: every PC has such telemetry. The sign-in lists the name."""
    path = bundled("article-signin-2017.pcap")
    assert min(int(number) for number, in frames(path, "teams", "frame.number")) == 19
    first = signins("article-signin-2017.pcap")[0]["steps"][0]
    assert (first["name"], first["frame"]) == ("pipe.skype.com", 1)


def test_network_of_microsoft_is_told_where_nothing_more_is():
    """The TCP handshake of the real call's media relay: an address that others than Teams have, too."""
    rows = frames(shared(TEAMS_CALL), "teams.prefix", "frame.number", "teams.prefix", "teams.product")
    assert rows == [(str(number), "52.112.0.0/14", "") for number in (53, 54, 55)]


def test_server_name_of_a_stranger_takes_the_flow():
    rows = frames(bundled("sessions/shared-address.pcap"), "tcp", "tcp.stream", "teams.evidence")
    before, strangers, ours = ([evidence for stream, evidence in rows if stream == str(n)] for n in range(3))
    assert before[0] == "address" and "server_name" in before
    assert strangers[3:] == [""] * len(strangers[3:])       # from its ClientHello on
    assert "server_name" in ours and "" not in ours


def test_microsoft_365_alone_is_not_teams():
    path = bundled("sessions/two-clients.pcap")
    assert frames(path, "ip.addr == 192.168.1.22 && teams", "frame.number") == []
    assert frames(path, "ip.addr == 192.168.1.20 && teams.product == m365-shared", "frame.number")


# ---- sign-ins ----

def test_a_session_border_controller_signs_nobody_in():
    """It asks for sip.pstnhub.microsoft.com, which no client of Teams does: its frames are Teams', and no sign-in."""
    assert "192.168.1.33" not in {signin["client"] for signin in signins("sessions/silent-end.pcap")}
    rows = frames(bundled("sessions/silent-end.pcap"), "ip.addr == 192.168.1.33 && teams", "teams.service", "teams.signin")
    assert set(rows) == {("pstn-sip", "")}


def test_sign_ins_begin_where_they_should():
    """Running on is none; silence of ten minutes is one; bootstrap and identity again are one."""
    assert [round(signin["time"], 1) for signin in signins("sessions/signin-twice.pcap")] == [0.0, 660.0, 705.5]


def test_each_client_has_its_sign_in():
    found = {signin["client"]: signin for signin in signins("sessions/two-clients.pcap")}
    assert set(found) == {"192.168.1.20", "192.168.1.21"}
    for signin in found.values():
        assert [step["stage"] for step in signin["steps"]] == ["bootstrap", "identity", "config", "token", "sync"]


def test_identity_before_the_first_name_of_teams():
    """Listed where it was, for a minute; what other programs did meanwhile is no progress of the sign-in."""
    path = "sessions/identity-first.pcap"
    found = {signin["client"]: signin for signin in signins(path)}
    assert {client: [(round(step["time"]), step["stage"], step["answer_frame"] != 0) for step in signin["steps"]]
            for client, signin in found.items()} == {
        "192.168.1.40": [(-10, "identity", True), (-5, "sync", True), (0, "bootstrap", True)],
        "192.168.1.41": [(-1, "identity", True), (0, "bootstrap", True)],
        "192.168.1.42": [(-1, "identity", True), (0, "bootstrap", True)],
        "192.168.1.43": [(0, "bootstrap", True)]}
    identity = found["192.168.1.40"]["steps"][0]
    assert identity["server"] == "20.190.128.10:443" and identity["server_name_frame"] > identity["answer_frame"]
    missing = {client: {stage["stage"] for stage in signin["missing_stages"]} for client, signin in found.items()}
    assert "identity" in missing.pop("192.168.1.43")
    assert all("identity" not in stages and "sync" in stages for stages in missing.values())
    assert found["192.168.1.41"]["verdict"].startswith("Identity was asked for")
    assert ("D1", "error") in codes(found["192.168.1.42"])
    # The frames stay nobody's: what a first pass said holds on every pass.
    assert frames(bundled(path), "teams && frame.time_relative < 62 && !(ip.addr == 192.168.1.41)", "frame.number") == []


@pytest.mark.parametrize("capture,generation", [
    ("article-signin-2017.pcap", "2017"),
    ("modern-signin.pcap", "modern"),
    ("lync-discovery.pcap", "lync-discovery"),
    (TEAMS_CALL, "2020"),
    ("teams/skype-legacy-signin.pcap", "skype-classic"),
])
def test_generation_of_client(capture, generation):
    assert signins(capture)[0]["generation"] == generation


def test_a_generation_of_teams_takes_a_name_of_teams():
    """All three ask for api.cc.skype.com and a chat host of Skype's, .134 for teams.microsoft.com, too."""
    found = {signin["client"]: signin["generation"] for signin in signins("sessions/skype-personal.pcap")}
    assert found == {"192.168.1.132": "", "192.168.1.133": "", "192.168.1.134": "2017"}


def test_sign_in_links_to_its_call():
    assert signins(TEAMS_CALL)[0]["calls"] == [1]
    assert calls(TEAMS_CALL)[0]["signin"] == 1


# ---- problems of sessions ----

@pytest.mark.parametrize("capture,client,expected", [
    ("sessions/signin-stalled.pcap", "192.168.1.20", {("D15", "warning")}),
    ("sessions/signin-stalled.pcap", "192.168.1.21", set()),
    ("sessions/media-missing.pcap", "192.168.1.20", {("D16", "note")}),
    ("sessions/media-missing.pcap", "192.168.1.21", set()),
    ("sessions/regions.pcap", "192.168.1.20", {("D9", "note"), ("D9", "warning")}),
    ("sessions/unresolved.pcap", "192.168.1.20", {("D27", "note"), ("D27", "warning")}),
    ("sessions/udp-blocked.pcap", "192.168.1.20", set()),      # the matter of its call
    ("sessions/two-clients.pcap", "192.168.1.20", set()),
])
def test_problems(capture, client, expected):
    signin = next(signin for signin in signins(capture) if signin["client"] == client)
    assert codes(signin) == expected


@pytest.mark.parametrize("client,expected", [
    ("192.168.1.30", {("D15", "warning", 20)}),
    ("192.168.1.31", {("D16", "note", 82)}),
    ("192.168.1.32", {("D31", "note", 11), ("D32", "error", 45), ("D32", "note", 45)}),
])
def test_problems_that_only_the_end_of_the_capture_shows(client, expected):
    """At the frame that waits; no later frame of the host could carry an expert item."""
    signin = next(signin for signin in signins("sessions/silent-end.pcap") if signin["client"] == client)
    found = [problem for problem in signin["problems"] if problem["severity"] != "chat"]
    assert {(problem["code"], problem["severity"], problem["frame"]) for problem in found} == expected
    assert all(problem["advice"] and problem["details"] for problem in found)
    assert frames(bundled("sessions/silent-end.pcap"), "teams.signin_stalled || teams.media_missing || "
                  "teams_dns.type_unanswered || teams_dns.truncated_no_tcp || teams_dns.pstn_single", "frame.number") == []


def test_a_truncated_answer_is_told_by_its_own_name():
    """Wherever it is noticed: the error beside the note, not instead of it."""
    signin, = signins("sessions/truncated.pcap")
    assert [(problem["severity"], problem["details"], problem["count"]) for problem in signin["problems"]
            if problem["code"] == "D32"] == [("error", ["outlook.office.com", "substrate.office.com"], 2),
                                             ("note", ["outlook.office.com", "substrate.office.com"], 2)]


def test_problems_are_expert_items_with_filter_names():
    rows = frames(bundled("sessions/regions.pcap"), "teams.region_mismatch", "teams.name", "_ws.expert.severity")
    assert rows == [("usaz.tr.teams.microsoft.com", rows[0][1])]
    assert len(frames(bundled("sessions/regions.pcap"), "teams.region_mismatch_background", "frame.number")) == 1


def test_resolver_in_another_region_than_the_client():
    """D10: only where the user says where the client is."""
    path = bundled("sessions/regions.pcap")
    text = tshark("-r", str(path), "-Y", "teams.resolver_region", "-T", "fields", "-e", "teams.name",
                  "-o", "teams.client_continent:eu")
    assert text.split() == ["usaz.tr.teams.microsoft.com"]
    assert frames(path, "teams.resolver_region", "frame.number") == []


def test_blocked_udp_is_told_at_the_relay_over_tls():
    """D18: at the Client Hello to the relay, after requests over UDP in vain; not where a relay answers over UDP."""
    path = bundled("sessions/udp-blocked.pcap")
    hello = frames(path, "tls.handshake.type == 1 && ip.dst == 52.114.250.11", "frame.number")
    assert len(hello) == 1 and frames(path, "teams.udp_blocked", "frame.number") == hello
    assert frames(bundled("sessions/tls-beside-udp.pcap"), "teams.udp_blocked", "frame.number") == []


def test_a_server_that_no_answer_named():
    """D27: at the server name of each connection to an address of Teams that nothing in the capture resolved, once
    for the flow; not for others' names, and not for an address that is its own name."""
    assert frames(bundled("server-names.pcap"), "teams.name_not_resolved", "frame.number", "ip.dst") == [
        ("4", "52.113.194.132"), ("14", "52.123.170.40"), ("61", "52.113.194.132")]
    assert frames(bundled("name-forms.pcap"), "teams.name_not_resolved", "frame.number") == []


def test_relay_of_a_capture_that_begins_later():
    """D28 and the note on a host without sign-in: on the relay's first frame, once."""
    path = bundled("sessions/relay-only.pcap")
    assert frames(path, "teams.relay_not_named", "frame.number") == frames(path, "frame.number == 1", "frame.number")
    assert frames(path, "teams.relay_without_signin", "frame.number") == frames(path, "frame.number == 1", "frame.number")
    assert frames(bundled("sessions/udp-blocked.pcap"), "teams.relay_without_signin", "frame.number") == []


def test_relay_without_sign_in_and_without_name():
    call = calls("sessions/relay-only.pcap")[0]
    assert codes(call, ("note", "chat")) >= {("relay-without-sign-in", "note"), ("D28", "chat")}
    assert call["signin"] == 0


# ---- calls ----

def streams_of(call):
    return sorted({(port["port"], port["modality"]) for port in call["client_ports"]})


def test_calls_in_turn():
    found = calls("sessions/calls-in-turn.pcap")
    assert [call["time"] for call in found] == [0.0, 60.0]
    assert all(streams_of(call) == [(50002, "audio"), (50022, "video")] for call in found)


def test_calls_at_once():
    found = calls("sessions/calls-at-once.pcap")
    assert [(call["client"], streams_of(call)) for call in found] == [
        ("192.168.1.20", [(50002, "audio"), (50022, "video")]),
        ("192.168.1.20", [(50008, "audio")]),
        ("192.168.1.21", [(50004, "audio")]),
    ]


def test_the_real_call():
    call = calls(TEAMS_CALL)[0]
    settled = [end["address"] for end in call["remotes"] if end["selected"]]
    assert len(calls(TEAMS_CALL)) == 1 and settled == ["93.71.110.205"] and call["path"] == "direct"
    assert [allocation["relayed"] for allocation in call["allocations"]] == ["52.114.250.141:3480"] * 2
    nominated = [pair for pair in call["pairs"] if pair["state"] == "nominated"]
    assert [(pair["local"], pair["remote"]) for pair in nominated] == [("192.168.1.6:50016", "93.71.110.205:16332")]
    assert call["setup"]["allocation"]["frame"] == 43 and call["setup"]["media"]["frame"] == 113


def test_group_call_of_skype():
    """One remote, all 200 frames."""
    call = calls("teams/skype-conference-call.pcap")[0]
    assert (call["packets"], call["path"]) == (200, "direct")
    assert [end["address"] for end in call["remotes"]] == ["104.46.40.49"]


def test_connectivity_probe_is_no_call():
    assert [call["kind"] for call in calls("connectivity-probe.pcap")] == ["connectivity-probe"]


def test_fallback_to_tls():
    call = calls("sessions/udp-blocked.pcap")[0]
    paths = {end["address"]: end["path"] for end in call["remotes"]}
    assert paths == {"52.114.250.10": "relayed", "52.114.250.11": ""}     # TLS, and no media to be seen in it
    assert ("D18", "warning") in codes(call)


def test_media_without_its_set_up_is_not_said_to_be_relayed():
    """Media servers answer at the ports of relays, too."""
    call = calls("sessions/mid-call-relay.pcap")[0]
    assert (call["path"], call["verdict"]) == ("", "Media flowed; what path it took cannot be told.")


def test_tls_beside_media_makes_no_call_over_tls():
    call = calls("sessions/tls-beside-udp.pcap")[0]
    end, = (end for end in call["remotes"] if end["selected"])
    assert (end["ports"], end["transport"], end["path"]) == ([3478], "udp", "")
    assert {code for code, _ in codes(call)}.isdisjoint({"media-over-tcp", "client-ports"})


def test_ports_of_other_services_are_not_ours():
    path = bundled("sessions/tls-beside-udp.pcap")
    assert frames(path, "tcp.port == 22 || udp.port == 123", "frame.number")
    assert frames(path, "(tcp.port == 22 || udp.port == 123) && teams", "frame.number") == []


def test_what_never_connected_settled_nowhere():
    checked, asked = sorted(calls("sessions/never-connected.pcap"), key=lambda call: call["client"])
    assert {end["role"] for end in checked["remotes"] + asked["remotes"]} == {"unseen"}
    # Nothing that these hosts receive is in the capture: whether it was sent to them, bytes do not tell.
    for call in (checked, asked):
        assert ("one-sided-capture", "note") in codes(call) and call["kind"] == "call"
        assert not {"call-not-connected", "udp-unanswered"} & {code for code, _ in codes(call)}
    assert "unpublished-address" not in {code for code, _ in codes(checked)}


def test_nomination_of_an_earlier_call():
    first, second = calls("sessions/call-resumed.pcap")
    nominated = first["setup"]["nomination"]["frame"]
    assert first["setup"]["nominated_before"] == 0
    assert (second["setup"]["nomination"], second["setup"]["nominated_before"]) == (None, nominated)
    assert second["verdict"].startswith("The call went directly over UDP")


def test_nomination_again():
    """The second call of the pair nominates it again: the answer to its third check."""
    second = calls("sessions/calls-in-turn.pcap")[1]
    assert second["setup"]["nomination"]["time"] == pytest.approx(0.445)


def test_a_visit_to_a_relay_is_no_call():
    visit, = calls("sessions/relay-visit.pcap")
    assert visit["kind"] == "relay-exchange" and visit["verdict"].startswith("No call: a short exchange")
    assert {end["role"] for end in visit["remotes"]} == {"tried"}
    assert {code for code, _ in codes(visit)}.isdisjoint({"call-not-connected", "media-over-tcp", "best-effort"})
    assert "Short exchange with a relay 1 of 192.168.1.20" in report(bundled("sessions/relay-visit.pcap"), "teams,calls")


# ---- connections to relays, names in sight ----

@pytest.mark.parametrize("mode", harness.MODES)
def test_a_connection_to_a_relay_is_of_its_call_from_its_first_frame(mode):
    """fallback-one-call.pcap: frames 10 to 12 are the handshake with the relay that frame 1 asked over UDP."""
    rows = harness.fields(bundled("sessions/fallback-one-call.pcap"), ["teams.call", "teams.service", "teams.evidence"],
                          display_filter="tcp.flags.syn == 1 && !(tcp.flags.ack == 1) && frame.number == 10", mode=mode)
    assert [(row["teams.call"], row["teams.service"], row["teams.evidence"]) for row in rows] == [(["1"], ["media-relay"], ["endpoint"])]


def test_a_connection_to_a_relay_that_nobody_asked_is_of_no_call():
    """callers-over-tcp.pcap begins with its connections: nothing says yet that there is a relay."""
    first = harness.fields(bundled("sessions/callers-over-tcp.pcap"), ["teams.call"], display_filter="frame.number == 1 && tcp.flags.syn == 1")
    assert all(row["teams.call"] == [] for row in first) and first


def test_info_has_the_name_once():
    # The column, not the field _ws.col.info, which Wireshark fills before postdissectors since 4.4.
    lines = tshark("-r", bundled("article-2017.pcapng"), "-Y", "frame.number in {35, 37, 40, 200}",
                   prefs={"gui.column.format": '"Info","%i"'}).splitlines()
    assert lines[0].startswith("Teams identity: Standard query ") and lines[0].count("login.microsoftonline.com") == 1
    assert lines[1].startswith("Teams identity: login.microsoftonline.com, 50103 ") and lines[1].endswith("[SYN] Seq=0 Win=64240 Len=0")
    assert lines[2].count("login.microsoftonline.com") == 1 and "Client Hello" in lines[2]
    assert lines[3].startswith("Teams data check: ")


def test_what_is_not_known_of_a_name_keeps_its_place_and_is_not_shown():
    capture = bundled("article-2017.pcapng")
    frame, = harness.fields(capture, ["teams_dns.name", "teams_dns.region", "teams_dns.datacenter"], display_filter="frame.number == 84")
    assert len(frame["teams_dns.name"]) == len(frame["teams_dns.region"]) == len(frame["teams_dns.datacenter"]) == 4
    assert frame["teams_dns.datacenter"][:3] == ["", "", ""] and frame["teams_dns.datacenter"][3] == "BN3"
    text = tshark("-r", capture, "-Y", "frame.number == 84", "-O", "teams_dns")
    assert "[Datacenter: BN3]" in text and "[Datacenter: ]" not in text and not [line for line in text.splitlines() if line.endswith(": ]")]
