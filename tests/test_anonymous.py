# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports that say of nobody who it was: option and preference "anonymise"."""

import csv
import functools
import ipaddress
import json
import re

import jsonschema
import pytest

import harness
from harness import ROOT, bundled, report, shared, stock_tshark, tshark

REPORTS = harness.REPORTS
FORMATS = ("", ",full", ",json", ",csv")
CAPTURES = ["article-2017.pcapng", "modern-signin.pcap", "lync-discovery.pcap", "ipv6.pcap", "diagnostics/d17-search-suffix.pcap",
            "diagnostics/d13-discovery-nxdomain.pcap", "connections/tcp.pcap", "connections/proxy.pcap", "connections/proxy-forms.pcap",
            "connections/certificates.pcap", "ice-symmetric-nat.pcap", "ice-ipv6.pcap", "sessions/calls-at-once.pcap",
            "sessions/udp-blocked.pcap", "sessions/lync-pools.pcap"]
REAL = ["teams/teams-signin-and-call.pcapng", "teams/skype-conference-call.pcap", "teams/skype-legacy-signin.pcap"]
# Zones of customers, and of nobody outside, in the captures; written by hand.
PRIVATE = re.compile(r"(contoso|fabrikam|example|corp|local|lan|internal|home|test)\b[a-z.]*$")
ADDRESSES = ["ip.src", "ip.dst", "ipv6.src", "ipv6.dst"]
ANSWERS = ["dns.a", "dns.aaaa"]


def capture_of(name):
    return shared(name) if name.startswith("teams/") else bundled(name)


@functools.lru_cache(maxsize=None)
def published():
    with (ROOT / "plugins/teams-dns/data/prefixes.csv").open(encoding="utf-8") as rows:
        return [ipaddress.ip_network(row["prefix"]) for row in csv.DictReader(line for line in rows if not line.startswith("#"))]


def everything(capture, *options):
    """Every report of a capture in every form."""
    return tshark("-q", "-r", capture, *options, *(word for name in REPORTS for form in FORMATS for word in ("-z", f"teams,{name}{form}")))


def column_values(capture, names):
    words = [word for name in names for word in ("-e", name)]
    lines = stock_tshark("-r", capture, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,", *words).splitlines()
    return {value for line in lines for value in re.split("[\t,]", line) if value}


def private_addresses(capture):
    """Of the IP headers: what is in no published prefix and no DNS answer."""
    answered = column_values(capture, ANSWERS)
    return {text for text in column_values(capture, ADDRESSES) - answered
            if not any(ipaddress.ip_address(text) in network for network in published()
                       if network.version == ipaddress.ip_address(text).version)}


def private_names(capture):
    names = column_values(capture, ["dns.qry.name", "dns.cname", "tls.handshake.extensions_server_name"])
    return {name.lower() for name in names if PRIVATE.search(name.lower())}


def shown(text, word):
    return re.search(rf"(?<![\w.:-]){re.escape(word)}(?![\w:-]|\.\w)", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("name", CAPTURES + REAL)
def test_nobody_is_named(name):
    capture = capture_of(name)
    text = everything(capture, "-o", "teams.anonymise:TRUE")
    told = [word for word in sorted(private_addresses(capture) | private_names(capture)) if shown(text, word)]
    assert told == []


def test_the_test_would_see_them():
    """Without it, the same look finds clients, peers and names of customers."""
    assert shown(everything(bundled("article-2017.pcapng")), "192.168.1.20")
    assert private_addresses(bundled("article-2017.pcapng")) >= {"192.168.1.20"}
    assert private_names(bundled("diagnostics/d17-search-suffix.pcap"))


def tenants(capture):
    return [name for name in column_values(capture, ["dns.qry.name"]) if name.startswith("lyncdiscover.")]


def test_customers_are_tenants():
    capture = bundled("lync-discovery.pcap")
    name, = tenants(capture)
    text = tshark("-q", "-r", capture, "-z", "teams,signin,anonymise")
    assert "lyncdiscover.tenant-1" in text and "sip.tenant-1" in text and "_sipinternaltls._tcp.tenant-1" in text
    assert name.split(".")[1] not in text


@pytest.mark.parametrize("form", FORMATS)
def test_one_word_in_all_reports(form):
    """Two clients, two peers: numbered as they first come, and the same word for the same one everywhere in a run."""
    capture = bundled("sessions/calls-at-once.pcap")
    options = [word for name in REPORTS for word in ("-z", f"teams,{name}{form}")]
    plain = tshark("-q", "-r", capture, *options)
    hidden = tshark("-q", "-r", capture, *options[:-1], f"{options[-1]},anonymise")
    assert hidden == tshark("-q", "-r", capture, "-o", "teams.anonymise:TRUE", *options)
    words = {}
    for before, after in zip(re.findall(r"[\w.:-]+", plain), re.findall(r"[\w.:-]+", hidden)) if form in (",json", ",csv") else []:
        if before != after:
            assert words.setdefault(before, after) == after
    assert form in ("", ",full") or (any(word.startswith("client-") for word in words.values()) and words)


def test_names_and_addresses_of_microsoft_stay():
    text = tshark("-q", "-r", bundled("article-2017.pcapng"), "-z", "teams,signin,anonymise", "-z", "teams,calls,anonymise")
    for word in ("login.microsoftonline.com", "s-0001.s-msedge.net", "13.107.3.128", "52.112.193.10", "52.112.0.0/14", "40.117.100.83"):
        assert word in text


def test_json_keeps_its_schema():
    schema = json.loads((ROOT / "docs/schema/reports.json").read_text())
    data = json.loads(report(bundled("lync-discovery.pcap"), "teams,signin,json,anonymise"))
    jsonschema.validate(data, schema)
    assert {signin["client"] for signin in data["signins"]} == {"client-1"}


ISSUER = re.compile(rb"(?:Contoso|Fabrikam|Example|Go Daddy)(?: \w+)* (?:CA 1|CA|Shield|Authority - G2)")
WITH_ISSUERS = sorted(str(path.relative_to(ROOT / "test-captures")) for path in (ROOT / "test-captures").rglob("*.pcap*") if ISSUER.search(path.read_bytes()))


@pytest.mark.parametrize("name", WITH_ISSUERS)
def test_an_issuer_of_certificates_is_hidden(name):
    """In whatever is said of it: these captures have each sentence that names one."""
    capture = bundled(name)
    issuers = {text.decode() for text in ISSUER.findall(capture.read_bytes())}
    shown, hidden = (everything(capture, "-o", f"teams.anonymise:{asked}") for asked in ("FALSE", "TRUE"))
    assert len(WITH_ISSUERS) > 5 and [issuer for issuer in issuers if issuer in hidden] == []
    assert ("issuer-1" in hidden) == any(issuer in shown for issuer in issuers)


@pytest.mark.parametrize("issuer", ["Contoso Inspection CA", "the client accepts it", "the client refuses it", "authsvc.teams.microso"])
def test_only_the_issuer_is_hidden(issuer, tmp_path):
    """certificates.pcap with an issuer of the same length, whose words are the report's own: those stay where they are."""
    capture = tmp_path / "certificates.pcap"
    capture.write_bytes(bundled("connections/certificates.pcap").read_bytes().replace(b"Contoso Inspection CA", issuer.ljust(21).encode()))
    harness.open_to_all(tmp_path)
    shown, hidden = (re.sub(r"\s+", " ", tshark("-q", "-r", capture, "-z", f"teams,signin{form}")) for form in ("", ",anonymise"))
    said = 'is intercepted by "%s", and the client accepts it', 'the certificate is issued by "%s", and the client refuses it', ", TLS 1.2, issued by %s ("
    assert all(sentence % issuer.ljust(21).replace("  ", " ") in shown and sentence % "issuer-1" in hidden for sentence in said)
    assert "to authsvc.teams.microsoft.com is intercepted" in hidden


@pytest.mark.parametrize("last", ["xn--p1a", "branch1", "lan-net", "lan_net"])
def test_customers_of_any_zone_are_tenants(last, tmp_path):
    """lync-discovery.pcap with a zone of the same length: those of other scripts, and those inside companies, end in whatever there is."""
    capture = tmp_path / "discovery.pcap"
    capture.write_bytes(bundled("lync-discovery.pcap").read_bytes().replace(b"\7contoso\7example", b"\7fabrika\7" + last.encode())
                        .replace(b"contoso.example", b"fabrika." + last.encode()))
    harness.open_to_all(tmp_path)
    assert capture.read_bytes().count(b"fabrika") > 10
    text = everything(capture, "-o", "teams.anonymise:TRUE")
    assert "lyncdiscover.tenant-1" in text and last not in text and "fabrika" not in text


@pytest.mark.parametrize("address", ["http://portal.hotel.example/login", "http://portal.hotel.example?u=bob", "http://jdoe@portal?user=bob.smith",
                                     "http://portal:8080/users/bob-smit", "http://portal/u/o'bob?smith=jdoe1", 'http://portal/u/"bob"/smith?q=joe',
                                     "http://j'doe@portal/a?user=smith1"])
def test_an_address_of_the_web_tells_nobody(address, tmp_path):
    """22-captive-portal.pcapng with other addresses of the same length that it leads to."""
    source = shared("failures/22-captive-portal.pcapng").read_bytes()
    assert len(address) == 33 and source.count(b"http://portal.hotel.example/login")
    capture = tmp_path / "portal.pcapng"
    capture.write_bytes(source.replace(b"http://portal.hotel.example/login", address.encode()))
    harness.open_to_all(tmp_path)
    plain, hidden = (tshark("-q", "-r", capture, "-z", f"teams,signin,json{option}") for option in ("", ",anonymise"))
    assert json.dumps(address)[1:-1] in plain and re.search(r"redirected to http://name-1(:8080)?/<path>: a captive portal", hidden)
    assert [word for word in ("portal.hotel", "portal:", "portal?", "bob", "doe", "smith", "joe", "login:") if word in hidden.split('"problems"')[1]] == []


def test_a_filter_of_the_user_is_no_way_around():
    data = report(bundled("article-2017.pcapng"), "teams,calls,json,anonymise,ip.addr == 192.168.1.20")
    assert "192.168.1.20" not in data and json.loads(data)["calls"]


def test_packet_details_stay_as_they_are():
    one, other = (harness.tshark("-r", bundled("lync-discovery.pcap"), "-V", "-o", f"teams.anonymise:{value}") for value in ("TRUE", "FALSE"))
    assert one == other
