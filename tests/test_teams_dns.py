# SPDX-License-Identifier: GPL-2.0-or-later
"""teams_dns: what each name of a frame shows, by hand from dns_taxonomy and the bytes.

Names of the real captures one by one: test_names_real.py; each diagnostic:
test_name_diagnostics.py. Here: whole subtrees, chains, anchoring, modes, users' names."""
import json
import re

import pytest

from harness import (MODES, TsharkError, assert_same_in_all_modes, bundled, fields, report, shared, shared_names,
                     stock_tshark, tshark)

# The order of the public interface.
ATTRIBUTES = ("name", "role", "product", "service", "stage", "infra", "cloud", "trust", "region", "datacenter",
              "environment", "confidence", "required", "anchored")
ALWAYS_KNOWN = ("name", "role", "product", "trust", "confidence", "anchored")
FIELDS = [f"teams_dns.{attribute}" for attribute in ATTRIBUTES]
TEAMS = "teams/teams-signin-and-call.pcapng"
AMBIGUOUS = "mixed/dns_ambiguous_names.pcap"


def frame_names(capture, number, **options):
    """The names that a frame shows: a dict per name."""
    frame = fields(capture, FIELDS, f"frame.number == {number}", **options)[0]
    columns = [frame[field] or [""] for field in FIELDS]    # one empty value is written as nothing
    assert len({len(column) for column in columns}) == 1, f"not one value per name: {frame}"
    return [dict(zip(ATTRIBUTES, values)) for values in zip(*columns)]


def test_a_response_shows_its_chain_name_by_name():
    chain = ["api.teams.skype.com", "teams-afd.trafficmanager.net", "teams-afd-trafficmanager-net.s-0004.s-msedge.net",
             "s-0004.s-msedge.net"]
    names = frame_names(shared(AMBIGUOUS), 6)
    assert [name["name"] for name in names] == chain
    assert [name["role"] for name in names] == ["question", "alias", "alias", "alias"]
    assert [name["infra"] for name in names] == ["service-name", "azure-tm", "ms-edge", "ms-edge"]
    assert [name["product"] for name in names] == ["teams", "teams", "teams", "ms-infra"]
    assert [name["trust"] for name in names] == ["ms-owned", "shared-azure", "ms-owned", "ms-owned"]
    # 52.113.194.131 is in endpoint set 11.
    frame, = fields(shared(AMBIGUOUS), [f"teams_dns.{name}" for name in ("chain", "chain.length", "address", "ipv6", "prefix")],
                    "frame.number == 6 && teams_dns.address == 52.113.194.0/24")
    assert frame["teams_dns.chain"] == chain and frame["teams_dns.chain.length"] == ["4"]
    assert (frame["teams_dns.address"], frame["teams_dns.ipv6"]) == (["52.113.194.131"], [])
    assert frame["teams_dns.prefix"] == ["52.112.0.0/14"]
    shown = tshark("-r", shared(AMBIGUOUS), "-Y", "frame.number == 6", "-V", "-O", "teams_dns")
    assert ("[Chain: api.teams.skype.com [service-name] > teams-afd.trafficmanager.net [azure-tm] > "
            "teams-afd-trafficmanager-net.s-0004.s-msedge.net [ms-edge] > s-0004.s-msedge.net [ms-edge]]") in shown
    assert {name["anchored"] for name in names} <= {"1", "True"}
    # *.skype.com is endpoint set 127, but Teams had left this name by 2020: nobody needs it in 2021. No set has the others.
    assert [name["required"] for name in names] == ["", "", "", ""]


def test_a_relay_name_has_its_region_and_host():
    names = frame_names(shared(TEAMS), 17)
    assert [name["region"] for name in names][-1] == "westeurope"
    assert {(name["product"], name["service"], name["stage"]) for name in names} == {
        ("skype-shared", "async-media", "content")}


def test_names_of_shared_zones_are_possible_until_a_chain_proves_them():
    asked = frame_names(shared(TEAMS), 29)[0]
    assert (asked["product"], asked["trust"]) == ("teams", "shared-azure")
    assert asked["anchored"] in ("0", "False") and asked["confidence"] != "high"
    proven = frame_names(shared(TEAMS), 34)
    assert {name["anchored"] for name in proven} <= {"1", "True"}


def test_middle_names_asked_again_are_anchored():
    seen = {}
    for frame in fields(bundled("middle-names.pcap"), ["teams_dns.name", "teams_dns.anchored"], "teams_dns"):
        for name, anchored in zip(frame["teams_dns.name"], frame["teams_dns.anchored"]):
            seen.setdefault(name, []).append(anchored in ("1", "True"))
    for name, values in seen.items():
        assert values == sorted(values), f"{name} loses its proof"


def test_an_address_as_server_name():
    name, = frame_names(shared(TEAMS), 56)
    assert (name["name"], name["role"]) == ("52.114.250.152", "server_name")
    assert (name["product"], name["service"], name["stage"]) == ("teams", "media-relay", "media")
    prefix, = fields(shared(TEAMS), ["teams_dns.prefix"], "frame.number == 56")
    assert prefix["teams_dns.prefix"] == ["52.112.0.0/14"]


def test_several_messages_in_one_segment():
    frames = fields(bundled("dns-over-tcp.pcap"), ["teams_dns.name", "dns.qry.name"], "teams_dns")
    together = next(frame for frame in frames if len(frame["dns.qry.name"]) > 1)
    assert set(together["dns.qry.name"]) <= set(together["teams_dns.name"])


def test_odd_messages():
    """A second question counts; order and letters of records do not; what an answer cut short lacks is nobody's fault."""
    frames = fields(bundled("odd-messages.pcap"), ["teams_dns.name", "teams_dns.role", "teams_dns.chain.length",
                                                   "teams_dns.chain_broken"])
    assert [frame["teams_dns.name"] for frame in frames] == [
        ["teams.microsoft.com"],
        ["TEAMS.microsoft.com", "teams.office.com", "teams-office-com.s-0005.dual-s-msedge.net"],
        ["teams.microsoft.com", "teams.office.com", "teams-office-com.s-0005.dual-s-msedge.net"],
        ["teams.microsoft.com", "teams.office.com", "login.microsoftonline.com"]]
    assert frames[0]["teams_dns.role"] == ["question"]
    assert frames[1]["teams_dns.chain.length"] == ["3"]
    assert not frames[2]["teams_dns.chain_broken"]
    assert frames[3]["teams_dns.role"] == ["question", "alias", "question"]
    assert frames[3]["teams_dns.chain.length"] == ["2", "1"]


def test_alias_mode_is_a_link_of_the_chain():
    """RFC 9460 2.4.2: SvcPriority 0. With another priority a record is the name's own."""
    frames = fields(bundled("alias-mode.pcap"), ["teams_dns.name", "teams_dns.chain"], "dns.flags.response == 1")
    edge = "s-0005.dual-s-msedge.net"
    assert [frame["teams_dns.name"] for frame in frames[:2]] == [["teams.microsoft.com", edge], ["teams.microsoft.com"]]
    assert frames[0]["teams_dns.chain"] == ["teams.microsoft.com", edge]
    assert frames[2]["teams_dns.chain"] == ["teams.microsoft.com"]


def test_addresses_of_two_questions_go_by_owner():
    names = json.loads(report(bundled("odd-messages.pcap"), "teams,names,json"))
    login = [name for name in names["names"] if name["name"] == "login.microsoftonline.com"]
    assert [name["addresses"] for name in login] == [["20.190.160.1"]]


def test_quic_server_name():
    name, = frame_names(shared("mixed/arkime_synthetic.pcap"), 625)
    assert (name["name"], name["role"], name["service"]) == ("config.edge.skype.com", "server_name", "config-ecs")


def test_a_server_names_trailing_dot_is_no_part_of_the_name():
    shown = [frame["teams_dns.name"] for frame in fields(bundled("name-forms.pcap"), ["teams_dns.name"], "tls && teams_dns")]
    assert shown == [["teams.microsoft.com"], ["TEAMS.Microsoft.COM"]]


def test_hints_of_addresses_are_addresses_of_the_name():
    """What HTTPS records give besides: no A record is needed to know whose a connection is."""
    path = bundled("address-hints.pcap")
    names = {name["name"]: name["addresses"] for name in json.loads(report(path, "teams,names,json"))["names"]}
    assert names == {"teams.cloud.microsoft": ["52.113.194.132", "52.113.194.133", "2620:1ec:42::132"],
                     "config.teams.microsoft.com": []}
    assert [frame["teams.name"] for frame in fields(path, ["teams.name"], "tcp")] == [["teams.cloud.microsoft"]] * 3


def test_dns_on_an_unusual_port():
    layers = fields(bundled("dns-unusual-port.pcap"), ["frame.protocols", "teams_dns.name"])
    assert layers[0]["frame.protocols"][0].endswith("udp:dns")
    assert layers[1]["teams_dns.name"][0] == "teams.microsoft.com"
    stock = stock_tshark("-r", bundled("dns-unusual-port.pcap"), "-T", "fields", "-e", "frame.protocols")
    without = tshark("--disable-heuristic", "teams_dns_udp", "-r", bundled("dns-unusual-port.pcap"),
                     "-T", "fields", "-e", "frame.protocols")
    assert without == stock


def test_generic_sip_is_not_lync():
    assert not fields(bundled("sip-without-lync.pcap"), [], "teams_dns")


@pytest.mark.parametrize("capture", [TEAMS, AMBIGUOUS])
def test_the_same_in_all_modes(capture):
    columns = [mode for mode in MODES if "columns" in mode]
    others = [mode for mode in MODES if mode not in columns]
    assert columns and others
    assert_same_in_all_modes(shared(capture), [*FIELDS, "_ws.expert.message"], "teams_dns", modes=others)
    # Columns leave empty values out.
    assert_same_in_all_modes(shared(capture), [f"teams_dns.{name}" for name in ALWAYS_KNOWN], "teams_dns", modes=columns)


@pytest.mark.parametrize("capture", shared_names("negative"))
def test_negatives_say_nothing_of_teams(capture):
    products = {product for frame in fields(shared(capture), ["teams_dns.product"], "teams_dns")
                for product in frame["teams_dns.product"]}
    assert products <= {"m365-shared", "ms-infra"}


def test_a_disabled_plugin_leaves_stocks_output():
    args = ("-r", shared(AMBIGUOUS), "-V")
    assert tshark("--disable-protocol", "teams_dns", *args) == stock_tshark(*args)


def user_names(*row):
    return ("-o", "uat:teams_dns_names:" + ",".join(f'"{value}"' for value in row))


def shown_with(*row):
    return tshark(*user_names(*row), "-r", shared(AMBIGUOUS), "-Y", "teams_dns", "-T", "fields", "-E", "aggregator=,",
                  "-e", "frame.number", "-e", "teams_dns.name", "-e", "teams_dns.product", "-e", "teams_dns.service")


def test_a_users_name_is_added():
    assert "7\talt2-mtalk.google.com\tacs\tchat\n" in shown_with(
        "*.google.com", "glob", "acs", "chat", "sync", "A chat of our own")


def test_a_users_name_overrides_a_shipped_one():
    assert "3\tteams.skype.com\tskype-consumer\tpeople\n" in shown_with(
        "teams.skype.com", "exact", "skype-consumer", "people", "sync", "")


@pytest.mark.parametrize("row, reason", [
    (("a..b", "exact", "teams", "chat", "sync", ""), "empty label"),
    (("a.example", "prefix", "teams", "chat", "sync", ""), "invalid value: prefix"),
    (("a.example", "exact", "groove", "chat", "sync", ""), "invalid value: groove"),
    (("", "exact", "teams", "chat", "sync", ""), "empty"),
])
def test_a_bad_row_is_refused_with_the_reason(row, reason):
    with pytest.raises(TsharkError, match=reason):
        shown_with(*row)


def test_keys_of_json_are_names_of_fields():
    """No prose: it would change with every name. Expert items are stock's, and have their own."""
    document = json.loads(tshark("-r", bundled("article-2017.pcapng"), "-Y", "frame.number == 1 || frame.number == 20 || frame.number == 159",
                                         "-T", "json", "-J", "teams_dns ms_turn teams_stun teams"), object_pairs_hook=list)
    keys, rest = set(), [document]
    while rest:
        value = rest.pop()
        if isinstance(value, list):
            rest.extend(entry[1] if isinstance(entry, tuple) else entry for entry in value)
            keys |= {entry[0] for entry in value if isinstance(entry, tuple)}
    ours = {key for key in keys if not key.startswith("_")}
    assert {"teams_dns.entry", "teams_dns.chain.names"} <= ours
    assert not [key for key in ours if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", key)]
