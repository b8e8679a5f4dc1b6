# SPDX-License-Identifier: GPL-2.0-or-later
"""Two real ICE clients (libnice) on the loopback of a network namespace of their own."""

import os
import pathlib
import shlex
import shutil
import subprocess
import time

import pytest

import harness

SOURCE = pathlib.Path(__file__).parent / "peers" / "ice_pair.c"
MEDIA_PACKETS = 20


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    compiler = shutil.which("cc")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "nice"], capture_output=True, encoding="utf-8", check=False)
    if not compiler or flags.returncode:
        pytest.skip("no compiler or no libnice (libnice-dev): no live checks")
    path = tmp_path_factory.mktemp("peer") / "ice_pair"
    subprocess.run([compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", path, SOURCE, *shlex.split(flags.stdout)],
                   check=True)
    return path


def capture_of(program, dialect, folder):
    """A live capture and what the program printed."""
    if os.geteuid() or not all(map(shutil.which, ("unshare", "ip", "dumpcap"))):
        pytest.skip("capturing live needs root, unshare, ip and dumpcap")
    path = folder / f"{dialect}.pcapng"
    script = (f"ip link set lo up && {{ dumpcap -q -i lo -f udp -w {shlex.quote(str(path))} >/dev/null 2>&1 & pid=$!; }} && "
              f"n=0; until [ -s {shlex.quote(str(path))} ] || [ $n = 600 ]; do n=$((n+1)); sleep 0.1; done; sleep 0.5; "
              f"timeout 120 {shlex.quote(str(program))} {dialect}; result=$?; sleep 0.5; kill -INT $pid; wait $pid; exit $result")
    result = subprocess.run(["unshare", "-n", "sh", "-c", script], capture_output=True, encoding="utf-8", check=False)
    if not path.is_file():
        pytest.skip(f"capturing live is not allowed here: {result.stderr}")
    assert result.returncode == 0, result.stdout + result.stderr
    for _ in range(10):
        if path.stat().st_size:
            break
        time.sleep(0.1)
    path.chmod(0o644)
    return path, result.stdout.split("\n")


def values(capture, name, display_filter):
    return sum((frame[name] for frame in harness.fields(capture, [name], display_filter=display_filter)), [])


def test_microsofts_dialect(program, tmp_path):
    capture, said = capture_of(program, "oc2007r2", tmp_path)
    assert "ready" in said
    requests = "teams_stun.type == 1"
    assert set(values(capture, "teams_stun.implementation_version", requests)) == {"2"}
    assert values(capture, "teams_stun.foundation", requests)
    assert "nominated" in values(capture, "teams_stun.pair.state", "teams_stun.type")
    assert values(capture, "teams_stun.twin_of", requests), "libnice sends each check in two formats"
    assert values(capture, "teams_stun.response_to", "teams_stun.type == 0x101")
    assert set(values(capture, "teams_stun.fingerprint.status", "teams_stun.type")) == {"1"}
    assert values(capture, "rtp.p_type", "rtp") == ["104"] * MEDIA_PACKETS
    assert harness.fields(capture, [], display_filter="_ws.malformed") == []

    passwords = [option for line in said[:2] for option in
                 ("-o", 'uat:teams_ice_passwords:"{}","{}"'.format(*line.split()))]
    out = harness.tshark(*passwords, "-r", capture, "-Y", "teams_stun.integrity.status", "-T", "fields",
                         "-e", "teams_stun.integrity.status")
    found = set(out.split("\n")) - {""}
    assert found and found <= {"valid (draft-02)", "valid (RFC 5389)"}


def test_the_same_client_in_rfc_mode_is_not_microsofts(program, tmp_path):
    capture, _ = capture_of(program, "rfc5245", tmp_path)
    assert harness.fields(capture, [], display_filter="stun")
    assert harness.fields(capture, [], display_filter="teams_stun or teams_flightproxy or ms_turn") == []
