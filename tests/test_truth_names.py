# SPDX-License-Identifier: GPL-2.0-or-later
"""What teams_dns says of names is carried by the answer, the tables and their dates.

Expected values are those of ../shared/captures/cases/index.csv. Each kind has generated captures
beside it, with healthy neighbours: test-captures/diagnostics, test_name_diagnostics.py."""
import csv
import json

import pytest

import harness
from harness import bundled, fields, shared, tshark

OURS = ("teams_dns", "teams", "ms_turn", "teams_stun", "teams_flightproxy")


def frames(case, display_filter, *names):
    return fields(shared(f"cases/{case}.pcap"), list(names), display_filter)


# Capture, and the expert items that must not be on any of its frames.
SILENT = [
    ("d2-answered", "teams_dns.no_answer"),
    ("d31-answered", "teams_dns.type_unanswered"),
    ("d11-geo-telemetry", "teams_dns.regions_differ"),
    ("d24-current-chain", "teams_dns.old_generation"),
    ("d24-graph-2025", "teams_dns.old_generation"),
    ("d24-dec2025", "teams_dns.old_generation"),
    ("d24-june2026", "teams_dns.old_generation"),
    ("d8-azure-cdn-verizon", "teams_dns.chain_leaves"),
    ("d8-spov-msedge", "teams_dns.chain_leaves || teams_dns.chain_unknown"),
    ("d8-teams-msedge-net", "teams_dns.chain_leaves || teams_dns.chain_unknown"),
    ("flightproxy-beside-work-account", "teams_dns.consumer"),
]


@pytest.mark.parametrize("case,display_filter", SILENT, ids=lambda value: value.split(".")[0])
def test_not_said(case, display_filter):
    assert frames(case, "teams_dns") and frames(case, display_filter) == []


def test_retired_sets_are_not_required():
    """Eleven names do not exist. The seven that Microsoft retired are required by nobody. The other four are of sets 1, 12, 184
    and 193 of the list of 2026-08-14, three days before the capture: required names, of which a sign-in needs Teams' own alone. Each
    was asked for once, for A alone, and none exists: a list that is checked, no client that fails."""
    required, of_list, listed = ({frame["dns.qry.name"][0] for frame in frames("nxdomain-retired-sets", f"teams_dns.{row}", "dns.qry.name")}
                                 for row in ("nxdomain_required", "nxdomain_of_list", "nxdomain_listed"))
    assert required == set() and of_list == {"teams.cloud.microsoft"}
    assert listed == {"outlook.cloud.microsoft", "m365.cloud.microsoft", "res.public.onecdn.static.microsoft"}


def test_an_answer_has_its_own_chain_region_and_address():
    """A, AAAA and HTTPS lead to three hosts."""
    found = {(frame["teams_dns.address"] + [""])[0]: frame for frame in
             frames("merged-answers", "dns.flags.response == 1", "teams_dns.address", "teams_dns.region", "teams_dns.chain")}
    answer = found["40.79.167.8"]
    assert answer["teams_dns.region"][-1] == "australiaeast" and len(answer["teams_dns.region"]) == 3
    assert answer["teams_dns.chain"][-1] == "onedscolprdaue02.australiaeast.cloudapp.azure.com"


def test_each_type_has_its_own_answer():
    answers = fields(bundled("diagnostics/d19-sent-again.pcap"),
                     ["teams_dns.address", "teams_dns.ipv6", "teams_dns.region", "teams_dns.chain"], "dns.flags.response == 1")
    assert [(frame["teams_dns.address"], frame["teams_dns.ipv6"], frame["teams_dns.region"][-1]) for frame in answers] == [
        (["52.114.250.123"], [], "northeurope"), ([], ["2603:1063::1"], "westeurope"), ([], [], "australiaeast")]


def test_the_times_of_each_type():
    """As stock's dns.time, from the first sending; six questions are two of each type."""
    for frame in fields(bundled("diagnostics/d19-sent-again.pcap"), ["dns.time", "_ws.expert.message"], "teams_dns.slow"):
        assert any("0.795 s, sent 2 times" in text for text in frame["_ws.expert.message"])
        assert round(float(frame["dns.time"][0]), 3) == 0.795


def test_prefixes_count_while_they_are_listed():
    listed = fields(bundled("diagnostics/d06-prefixes-of-2022.pcap"), ["teams_dns.prefix"], "dns.flags.response == 1")
    assert [frame["teams_dns.prefix"] for frame in listed] == [["13.107.64.0/18"], ["52.120.0.0/14"], ["52.238.119.141/32"]]
    given_up = fields(bundled("diagnostics/d06-prefixes-of-2026.pcap"), ["teams_dns.prefix"], "dns.flags.response == 1")
    assert [frame["teams_dns.prefix"] for frame in given_up] == [[], [], [], ["52.112.0.0/14"], ["52.112.0.0/14"]]


def test_answer_times_count_from_the_first_sending():
    """As stock's dns.time; A and AAAA were sent twice each, and that is no four times."""
    slow = frames("answer-time", "teams_dns.slow", "dns.time", "_ws.expert.message")
    assert len(slow) == 2
    for frame in slow:
        text = next(text for text in frame["_ws.expert.message"] if "login.live.com" in text and "sent" in text)
        assert f"{float(frame['dns.time'][0]):.3f} s, sent 2 times" in text


@pytest.mark.parametrize("host", range(180, 185))
def test_a_question_under_another_id_is_the_same_question(host):
    """Sent twice, a second apart: with another id, from another port, for AAAA, with the same id; at .184 an answer to the first one
    comes last, for which nobody waits any more. The answer is 0.1 s behind the second sending."""
    path = bundled("sessions/asked-anew.pcap")
    signin, = [signin for signin in json.loads(harness.report(path, "teams,signin,json"))["signins"] if signin["client"] == f"192.168.1.{host}"]
    step, = [step for step in signin["steps"] if step["name"] == "login.microsoftonline.com"]
    assert (step["asked"], round(step["answer_time"], 3)) == (2, 1.1)
    assert [round(row["dns_time"], 3) for row in signin["connections"] if row["name"] == step["name"]] == [1.1] * (host != 182)
    assert len(fields(path, [], f"(teams_dns.slow || teams_dns.very_slow) && ip.dst == 192.168.1.{host}")) == 1
    assert {problem["code"] for problem in signin["problems"]} & {"D2", "D31", "resolver-silent"} == set()


# Client, seconds from the first question about a name to the answer over TCP, and how often it was asked.
TRUNCATED = [("192.168.1.146", 0.56, 1), ("192.168.1.147", 1.56, 2), ("192.168.1.149", 0.02, 1)]


@pytest.mark.parametrize("client,seconds,asked", TRUNCATED)
def test_the_time_of_a_truncated_try_counts(client, seconds, asked):
    """A question over UDP, an answer that is truncated, and the same over TCP. At .147 the first one over UDP has no answer; at .149
    there is only TCP."""
    path = bundled("sessions/answers-truncated.pcap")
    answers = fields(path, ["teams.dns_time"], f"dns.flags.response == 1 && tcp && ip.dst == {client}")
    assert [round(float(frame["teams.dns_time"][0]), 2) for frame in answers] == [seconds] * 3
    assert fields(path, [], f"teams.dns_time && udp && ip.dst == {client}") == []
    signin, = [signin for signin in json.loads(harness.report(path, "teams,signin,json"))["signins"] if signin["client"] == client]
    assert [(round(step["answer_time"], 2), step["asked"]) for step in signin["steps"]] == [(seconds, asked)] * 3


def test_a_truncated_answer_with_nothing_after_it_has_no_time_of_its_own():
    path = bundled("sessions/answers-truncated.pcap")
    assert fields(path, [], "teams_dns.truncated && ip.dst == 192.168.1.148") and fields(path, [], "teams.dns_time && ip.dst == 192.168.1.148") == []
    assert fields(path, [], "(teams_dns.slow || teams_dns.very_slow) && udp") == []


def test_a_slow_resolver_is_no_middlebox():
    """2.03 s for every type."""
    path = shared("failures/21-slow-dns.pcapng")
    assert fields(path, [], "teams_dns.type_unanswered || teams_dns.no_answer") == []


def test_prefixes_of_the_time_of_the_frame():
    """In 2026 the prefixes of Microsoft Cloud Germany are Azure Virtual Desktop's."""
    path = shared("cases/stun-prefixes-2026.pcap")
    germany = "ip.addr == 51.5.69.0/26 || ip.addr == 51.5.69.128/25"
    assert fields(path, [], germany) and fields(path, [], f"({germany}) && (teams || ms_turn || teams_stun)") == []


@pytest.mark.parametrize("disabled", [OURS, ("teams", "teams_dns")], ids=["all", "readers"])
@pytest.mark.parametrize("mode", [(), ("-2",), ("-V",)], ids=["one-pass", "two-pass", "tree"])
def test_disabled_is_stock(disabled, mode):
    """Where a tree is built, VNC shows more malformed frames: none is built for protocols that are disabled."""
    path = shared("cases/vnc-more-malformed.pcap")
    off = [part for name in disabled for part in ("--disable-protocol", name)]
    assert tshark(*off, *mode, "-r", path) == harness.stock_tshark(*mode, "-r", path)


# Subordinate authorities of Microsoft's list (azure-ca-details, read in 2025), and authorities that are public: nobody else gets a
# certificate for a name of Microsoft's from them.
AUTHORITIES = [
    ("Microsoft Azure RSA TLS Issuing CA 04", "Microsoft Corporation"), ("Microsoft Azure ECC TLS Issuing CA 08", "Microsoft Corporation"),
    ("Microsoft RSA TLS Issuing AOC CA 01", "Microsoft Corporation"), ("Microsoft ECC TLS Issuing EOC CA 02", "Microsoft Corporation"),
    ("Microsoft TLS G2 RSA CA OCSP 02", "Microsoft Corporation"), ("DigiCert Cloud Services CA-1", "DigiCert Inc"),
    ("DigiCert Basic RSA CN CA G2", "DigiCert Inc"), ("Entrust Certification Authority - L1K", "Entrust, Inc."),
    ("GlobalSign Organization Validation CA - SHA256 - G3", "GlobalSign nv-sa"), ("VeriSign Class 3 Secure Server CA - G3", "VeriSign, Inc."),
]
IMITATIONS = [("Microsoft RSA TLS Issuing AOC CA 01", "Contoso Inspection"), ("Contoso GlobalSign", "GlobalSign nv-sa"), ("Zscaler Root CA", "Zscaler Inc.")]


@pytest.mark.parametrize("issuer, organisation", [*AUTHORITIES, *IMITATIONS])
def test_an_authority_of_microsofts_is_no_interception(issuer, organisation):
    with open(harness.ROOT / "plugins/teams/data/issuers.csv", newline="", encoding="utf-8") as table:
        known = any((issuer.startswith(row["issuer"]) if row["match"] == "prefix" else issuer == row["issuer"])
                    and row["organisation"] in ("", organisation) for row in csv.DictReader(table))
    assert known == ((issuer, organisation) in AUTHORITIES)
