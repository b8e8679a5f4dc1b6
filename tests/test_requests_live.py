# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests by path of real peers: nginx with curl and Chromium, a WebSocket server, HTTP/3, each with a key log that is put into the file."""
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

import harness

PEERS = pathlib.Path(__file__).parent / "peers" / "web_peers.py"
MISSING = 77


@functools.lru_cache(maxsize=None)
def captured(client):
    """The folder with plain.pcapng and with.pcapng."""
    if os.geteuid() or not all(map(shutil.which, ("unshare", "ip", "dumpcap", "openssl", "editcap"))):
        pytest.skip("capturing live needs root, unshare, ip, dumpcap, openssl and editcap")
    folder = pathlib.Path(tempfile.mkdtemp(dir=harness.workspace()))
    folder.chmod(0o755)
    done = subprocess.run(["unshare", "-n", "-m", "--propagation", "private", "/usr/bin/python3", "-B", PEERS, folder, client],
                          capture_output=True, text=True, check=False, timeout=600)
    if done.returncode == MISSING:
        pytest.skip(f"a program for {client} is missing")
    if not (folder / "plain.pcapng").is_file():
        pytest.skip(f"capturing live is not allowed here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    subprocess.run(["editcap", "--inject-secrets", f"tls,{folder / 'keys.txt'}", folder / "plain.pcapng", folder / "with.pcapng"],
                   check=True, capture_output=True)
    (folder / "with.pcapng").chmod(0o644)
    return folder


def answered(path):
    """Method, path and service of each request, with the status of its answer."""
    rows = harness.fields(path, [f"teams.http.{name}" for name in ("method", "path", "service", "status")], "teams.http.status")
    return {tuple(row[f"teams.http.{name}"][n] if row[f"teams.http.{name}"] else "" for name in ("method", "path", "service", "status"))
            for row in rows for n in range(len(row["teams.http.status"]))}


def signin(path):
    return json.loads(harness.report(path, "teams,signin,json"))["signins"][0]


# What nginx is configured to answer (peers/web_peers.py).
DOOR = {("GET", "/v2", "web-app", "200"), ("POST", "/api/authsvc/v1.0/authz", "token", "200"),
        ("GET", "/api/csa/emea/api/v3/teams/users/me/updates", "chat-aggregator", "403"), ("GET", "/api/{id}/{id}", "", "404")}
MIDDLE = ("GET", "/api/mt/emea/beta/users/{id}", "middle-tier", "429")


@pytest.mark.parametrize("client, expected", [("curl-http1.1", DOOR | {MIDDLE}), ("curl-http2", DOOR | {MIDDLE}), ("chromium", DOOR)])
def test_requests_of_real_clients(client, expected):
    path = captured(client) / "with.pcapng"
    assert expected <= answered(path)
    found = signin(path)
    assert found["token_region"] == "emea"
    states = {row["stage"]: row["state"] for row in found["stages"]}
    assert (states["bootstrap"], states["token"], states["sync"]) == ("reached", "reached", "refused")
    harness.assert_same_in_all_modes(path, ["teams.http", "teams.http.method", "teams.http.path", "teams.http.status"], "teams.http")


@pytest.mark.parametrize("client", ["curl-http1.1", "curl-http2", "chromium", "websocket"])
def test_without_the_keys(client):
    path = captured(client) / "plain.pcapng"
    assert harness.fields(path, [], "teams.http") == []
    assert signin(path)["requests"] == []


def test_a_real_web_socket():
    path = captured("websocket") / "with.pcapng"
    assert answered(path) == {("GET", "/v4/c", "push-realtime", "101")}
    socket, = signin(path)["web_sockets"]
    assert (socket["messages_sent"], socket["messages_received"], socket["pings"], socket["pongs"]) == (1, 1, 1, 1)
    assert (socket["close_code"], socket["closed_by_client"]) == (1012, False)
    assert len(harness.fields(path, [], "teams.http.push_closed")) == 1


def test_early_data():
    """The request in the first flight is not read; the answer to it is not given to the next request, nor that one's to another."""
    path = captured("early-data") / "with.pcapng"
    # Stock shows all three: the first in the frame of the ClientHello.
    stock = harness.fields(path, ["http.request.uri", "tls.handshake.type"], "http.request", stock=True)
    assert len(stock) == 3 and "1" in stock[0]["tls.handshake.type"]
    assert answered(path) == {("GET", "/api/mt/emea/beta/{id}", "middle-tier", "200")}
    rows = {row["path"]: (row["status"], row["refused"]) for row in signin(path)["requests"]}
    assert rows == {"/api/csa/emea/api/{id}": (0, 0), "/api/mt/emea/beta/{id}": (200, 0)}
    assert "its answer is not told from others" in harness.report(path, "teams,signin").replace("\n                 ", " ")


def test_http3():
    """Wireshark decodes the headers of HTTP/3 since 4.6; before that nothing is said."""
    path = captured("http3") / "with.pcapng"
    decoded = re.search(r"\thttp3\.headers\.path\t", harness.tshark("-G", "fields"))
    assert harness.fields(path, [], "http3", stock=True), "stock does not open it: the keys are wrong"
    shown = answered(path)
    assert {row[:3] for row in shown} == ({("GET", "/v2", "web-app")} if decoded else set())
    # A request that QUIC sends again is one request.
    assert [row["count"] for row in signin(path)["requests"]] == ([1] if decoded else [])
    assert signin(path)["severity"] in ("OK", "unknown")


def test_early_data_of_http3():
    """RFC 9001, 4.6.1: what a resumed session asks in its first flight is a request as any other, once it is known that TLS is decrypted."""
    path = captured("http3-early-data") / "with.pcapng"
    decoded = re.search(r"\thttp3\.headers\.path\t", harness.tshark("-G", "fields"))
    early = harness.fields(path, ["frame.number"], "quic.long.packet_type == 1", stock=True)
    assert early, "no 0-RTT packet: the session was not resumed"
    requests = harness.fields(path, ["teams.http.path"], 'teams.http == "request"')
    assert [row["teams.http.path"] for row in requests] == ([["/v2"], ["/v2"]] if decoded else [])
    assert [row["frame.number"] for row in requests[1:]] == ([early[0]["frame.number"]] if decoded else [])
    answers = harness.fields(path, ["teams.http.request_in"], "teams.http.status")
    assert [row["teams.http.request_in"] for row in answers] == [row["frame.number"] for row in requests]


def test_early_data_alone():
    """Where the capture begins with it nothing has shown yet that TLS is decrypted: the request is not read, and its answer is nobody's."""
    folder = captured("http3-early-data")
    first = harness.fields(folder / "with.pcapng", ["frame.number"], "quic.long.packet_type == 1", stock=True)[0]["frame.number"][0]
    # The keys come after the cut: editcap of 4.0 does not write again what it wrote with keys.
    subprocess.run(["editcap", "-r", folder / "plain.pcapng", folder / "cut.pcapng", f"{first}-100000"], check=True, capture_output=True)
    subprocess.run(["editcap", "--inject-secrets", f"tls,{folder / 'keys.txt'}", folder / "cut.pcapng", folder / "alone.pcapng"], check=True,
                   capture_output=True)
    (folder / "alone.pcapng").chmod(0o644)
    assert harness.fields(folder / "alone.pcapng", [], "quic", stock=True)
    assert harness.fields(folder / "alone.pcapng", [], "teams.http") == []
