# SPDX-License-Identifier: GPL-2.0-or-later
"""The article, statement by statement: what one administrator found by hand in 2017,
a report says of the replayed capture by itself, or corrects with evidence.

Each row is the statement (in our words), the report that speaks of it and what it
says. Figures are the article's; frames are those that stock tshark gives."""
import functools
import json
import re

import pytest

from harness import bundled, report

ARTICLE = "article-2017.pcapng"
PROBE = "connectivity-probe.pcap"

ANYCAST, SECOND = "13.107.8.22", "52.112.193.10"
PROBED, SETTLED = "104.44.195.205", "23.100.65.165"
AKAMAI, EDGE = "akamai-gtm", "ms-edge"
TRAFFIC_MANAGER, CLOUD_SERVICE = "azure-tm", "azure-cloudservice"


@functools.lru_cache(maxsize=None)
def data(name, capture=ARTICLE):
    return json.loads(report(bundled(capture), f"teams,{name},json"))


@functools.lru_cache(maxsize=None)
def text(name, capture=ARTICLE):
    """The report for people, its line breaks undone."""
    return re.sub(r"\s+", " ", report(bundled(capture), f"teams,{name}"))


# ---- looking things up in reports ----

def signin():
    assert len(data("signin")["signins"]) == 1
    return data("signin")["signins"][0]


def call():
    assert len(data("calls")["calls"]) == 1
    return data("calls")["calls"][0]


def step(name):
    """The first step of the sign-in that asks for that name."""
    return next(step for step in signin()["steps"] if step["name"] == name)


def place(name):
    return signin()["steps"].index(step(name))


def chain(name):
    """The aliases that the name leads over, with who provides them."""
    return [(link["name"], link["provider"]) for link in step(name)["chain"]]


def remote(address):
    return next(end for end in call()["remotes"] if end["address"].split(":")[0] == address)


def stream(port_modality):
    """What streams of a modality carry: the names of their payloads."""
    return {stream["payload_name"] for stream in call()["streams"]
            if stream["modality"] == port_modality}


def flows_to(address):
    return [flow for flow in data("flows")["flows"] if flow["server"].startswith(address + ":")]


def says(name, *patterns, capture=ARTICLE):
    return all(re.search(pattern, text(name, capture), re.IGNORECASE) for pattern in patterns)


def leads(name, *links, to):
    """The chain of a name: (alias, provider) each, and the address at its end."""
    assert chain(name) == list(links)
    assert to in step(name)["addresses"]
    assert says("signin", re.escape(name), re.escape(links[-1][0]), re.escape(to))
    return True


# ---- "Sign In Process Information" ----

SIGN_IN = [
    ("the client first asks for pipe.skype.com",
     lambda: place("pipe.skype.com") == 0 and step("pipe.skype.com")["frame"] == 1),
    ("two aliases at Akamai lead to 40.117.100.83",
     lambda: leads("pipe.skype.com", ("pipe.prd.skypedata.akadns.net", AKAMAI),
                   ("pipe.cloudapp.aria.akadns.net", AKAMAI), to="40.117.100.83")),
    ("akadns.net is Akamai's, part of its network: traffic management, not yet a cache",
     lambda: "Akamai GTM" in step("pipe.skype.com")["providers"] and says("signin", "Akamai GTM")),
    ("much TLS follows to that address, under pipe.skype.com",
     lambda: any(flow["name"] == "pipe.skype.com" and flow["packets_sent"] > 3
                 for flow in flows_to("40.117.100.83"))),
    ("what pipe is for, which the article does not say: telemetry",
     lambda: step("pipe.skype.com")["service"] == "telemetry"),
    ("then teams.microsoft.com, by way of the edge, at 13.107.3.128",
     lambda: place("teams.microsoft.com") > place("pipe.skype.com")
     and leads("teams.microsoft.com", ("s-0001.s-msedge.net", EDGE), to="13.107.3.128")),
    ("the edge is anycast: one address for the whole world",
     lambda: step("teams.microsoft.com")["anycast"]),
    ("then authentication at login.microsoftonline.com",
     lambda: place("login.microsoftonline.com") > place("teams.microsoft.com")
     and step("login.microsoftonline.com")["stage"] == "identity"),
    ("which is outside of what Microsoft lists for Teams: shared by Microsoft 365",
     lambda: step("login.microsoftonline.com")["product"] == "m365-shared"),
    ("afterwards the client goes on with pipe.cloudapp.aria.akadns.net",
     lambda: place("pipe.cloudapp.aria.akadns.net") > place("login.microsoftonline.com")
     and step("pipe.cloudapp.aria.akadns.net")["service"] == "telemetry"),
    ("then us-api.asm.skype.com, by way of Akamai, at 40.123.43.195",
     lambda: place("us-api.asm.skype.com") > place("pipe.cloudapp.aria.akadns.net")
     and leads("us-api.asm.skype.com", ("us-api.skype-asm.akadns.net", AKAMAI),
               to="40.123.43.195")),
    ("corrected: us-api is no front end but the asynchronous media service",
     lambda: step("us-api.asm.skype.com")["service"] == "async-media"
     and step("us-api.asm.skype.com")["stage"] == "content"
     and says("signin", "async.{0,20}media")),
    ("shortly thereafter a name for one region: amer-client-ss.msg.skype.com",
     lambda: place("amer-client-ss.msg.skype.com") == place("us-api.asm.skype.com") + 1),
    ("three aliases lead to 40.84.28.125",
     lambda: leads("amer-client-ss.msg.skype.com",
                   ("amer-client-ss.msg.skype.com.akadns.net", AKAMAI),
                   ("skypechatspaces-amer-client-geo.msg.skype.com.akadns.net", AKAMAI),
                   ("bn3p-client-dc.msg.skype.com.akadns.net", AKAMAI), to="40.84.28.125")),
    ("several layers of placing the client, down to a datacenter: BN3 in Virginia",
     lambda: step("amer-client-ss.msg.skype.com")["datacenter"] == "BN3"),
    ("the addresses will differ for others: the region is told",
     lambda: step("amer-client-ss.msg.skype.com")["region"] == "amer"),
]

# ---- "Big Deal...So Where's Azure?" ----

AZURE = [
    ("api.cc.skype.com leads to Traffic Manager and to a cloud service",
     lambda: leads("api.cc.skype.com", ("api-cc-skype.trafficmanager.net", TRAFFIC_MANAGER),
                   ("a-cc-usea2-01-skype.cloudapp.net", CLOUD_SERVICE), to="40.70.147.11")),
    ("it is the call controller, in East US 2",
     lambda: step("api.cc.skype.com")["service"] == "call-controller"
     and step("api.cc.skype.com")["region"] == "eastus2"),
    ("both zones are Azure's, the proof that Teams runs there",
     lambda: says("signin", "azure") and says("names", "azure")),
]

# ---- "What About Skype4B Interop?" ----

INTEROP_NAMES = ["webdir.online.lync.com", "webdir1a.online.lync.com",
                 "webdir2a.online.lync.com", "webpooldm12a17.infra.lync.com"]
INTEROP = [
    ("the client looks up parts of Skype for Business Online, in this order",
     lambda: [step["name"] for step in signin()["steps"]
              if step["product"] == "sfb-online"] == INTEROP_NAMES),
    ("for compatibility with it",
     lambda: {step(name)["stage"] for name in INTEROP_NAMES} == {"interop-legacy"}),
    ("the pool is in DM1, Des Moines, forest 2A",
     lambda: step("webpooldm12a17.infra.lync.com")["datacenter"] == "DM1"
     and step("webpooldm12a17.infra.lync.com")["region"] == "2A"),
    ("a behaviour of that client and not of a configuration: the generation of 2017",
     lambda: "2017" in signin()["generation"] + signin()["generation_label"]
     and says("signin", "2017", "interop")),
]

# ---- "But What About Media?" ----

MEDIA = [
    ("ICE, STUN and TURN are used: allocations at relays, candidate pairs",
     lambda: len(call()["allocations"]) == 3 and len(call()["pairs"]) >= 6
     and any(pair["state"] == "nominated" for pair in call()["pairs"])),
    ("audio is SILK, video is H.264UC",
     lambda: any("SILK" in name for name in stream("audio"))
     and any("H264" in name.replace(".", "").upper() for name in stream("video"))),
    ("media is SRTP", lambda: says("calls", "SRTP")
     and all(stream["encrypted"] for stream in call()["streams"])),
    ("a conference with audio, video and screen sharing",
     lambda: {"audio", "video", "sharing"} <= {stream["modality"]
                                               for stream in call()["streams"]}),
]

# ---- "1 - Skype AnyCast Servers are in the Mix" ----

ANYCAST_FIRST = [
    ("STUN goes to the global anycast address 13.107.8.22, 33 packets to and fro",
     lambda: remote(ANYCAST)["packets"] == 33 and remote(ANYCAST)["anycast"]),
    ("the traffic does not stay there: it is handed to a second address",
     lambda: not remote(ANYCAST)["selected"] and says("calls", "anycast", "hand")),
    ("the second is short-lived as well, 51 packets in total",
     lambda: remote(SECOND)["packets"] == 51 and not remote(SECOND)["selected"]),
    ("the Skype Network Testing Tool does the same: a connectivity probe",
     lambda: [call["kind"] for call in data("calls", PROBE)["calls"]]
     == ["connectivity-probe"]
     and says("calls", "probe", capture=PROBE)),
]

# ---- "2 - Teams Edge Servers?" ----

EDGE_SERVERS = [
    ("for a time the same checks go to 104.44.195.205 and 23.100.65.165",
     lambda: remote(PROBED)["packets"] == 60
     and says("calls", re.escape(PROBED), re.escape(SETTLED), "at once|same time|at the same")),
    ("the traffic settles on 23.100.65.165, 8,303 packets",
     lambda: remote(SETTLED)["selected"] and remote(SETTLED)["packets"] == 8303
     and not remote(PROBED)["selected"] and says("calls", "8[, ]?303")),
    ("on what appears to be a direct path",
     lambda: remote(SETTLED)["path"] == "direct" and call()["path"] == "direct"),
    ("much like a call through the 50,000 port range of an edge server",
     lambda: all(50000 <= port["remote_port"] <= 59999
                 for port in call()["client_ports"] if port["packets"] > 1000)),
]

# ---- "3 - Source Ports seem to be Different" ----

PORTS = {8085: (51261, 4028, "audio"), 20878: (53692, 2836, "video"),
         26563: (59150, 1439, "sharing")}


def port(number):
    """What the client port has with the address that the traffic settled on."""
    return next(port for port in call()["client_ports"]
                if port["port"] == number and port["remote_port"] in remote(SETTLED)["ports"])


SOURCE_PORTS = [
    ("the three client ports and theirs: 8085-51261, 20878-53692, 26563-59150",
     lambda: {number: port(number)["remote_port"] for number in PORTS}
     == {number: remote for number, (remote, _, _) in PORTS.items()}),
    ("8085 is audio; and the other two, which the article cannot tell, video and sharing",
     lambda: {number: (port(number)["packets"], port(number)["modality"]) for number in PORTS}
     == {number: (packets, modality) for number, (_, packets, modality) in PORTS.items()}),
    ("they are outside of 50,000-50,059, which worries who has to police quality",
     lambda: says("calls", r"50[, ]?000\s*-\s*50[, ]?059", "outside", "QoS|DSCP|quality")),
]

# ---- "4 - STUN Ports Still Standard (Mostly)" ----

STUN_PORTS = [
    ("3478 is used",
     lambda: all(str(port) == "3478" for address in (ANYCAST, SECOND)
                 for port in remote(address)["ports"])),
    ("not one packet uses 3479-3481",
     lambda: says("calls", r"no packet (on|used|uses)[^.]*3479")),
]

SECTIONS = {"sign-in": SIGN_IN, "azure": AZURE, "interop": INTEROP, "media": MEDIA,
            "anycast": ANYCAST_FIRST, "edge": EDGE_SERVERS, "source-ports": SOURCE_PORTS,
            "stun-ports": STUN_PORTS}


@pytest.mark.parametrize("holds", [
    pytest.param(holds, id=f"{section}: {statement}")
    for section, rows in SECTIONS.items() for statement, holds in rows])
def test_statement(holds):
    assert holds()


def test_names_report_agrees_with_the_sign_in():
    """Each name of the article is in the report by product and service as well."""
    named = {row["name"]: (row["product"], row["service"]) for row in data("names")["names"]}
    for step_ in signin()["steps"]:
        assert named[step_["name"]] == (step_["product"], step_["service"])


def test_the_sign_in_alone_reads_the_same():
    """The smaller capture of the sign-in only tells the same sequence."""
    alone = data("signin", "article-signin-2017.pcap")["signins"][0]["steps"]
    assert [step["name"] for step in alone] == [step["name"] for step in signin()["steps"]]
