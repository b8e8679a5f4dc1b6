#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark on an interface with a ring buffer, and traffic whose identifiers never come again: its memory on the way.

Runs in a network namespace of its own (unshare --net), which takes root. Prints KiB of resident memory after each part of the frames, as JSON."""

import argparse
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

import growth_kinds
import harness

PARTS, FRAMES_A_FILE, BATCH, SECONDS_A_BATCH = 8, 2500, 100, 0.05
NEAR, FAR = "near0", "far0"
REPORTS = [word for name in harness.REPORTS for word in ("-z", f"teams,{name}")]
KINDS = [growth_kinds.ALL_KINDS[kind] for kind in ("calls", "names", "allocations", "server names")]
CAPABILITIES = ["--inh-caps=+net_raw,+net_admin", "--ambient-caps=+net_raw,+net_admin"]
PATIENCE_S = 60


def run(*words):
    subprocess.run(words, check=True, capture_output=True)


def interfaces():
    run("ip", "link", "add", NEAR, "type", "veth", "peer", "name", FAR)
    for device in (NEAR, FAR):
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6").write_text("1", encoding="ascii")
        run("ip", "link", "set", device, "up")


def tshark(side):
    home = harness.new_home()
    plugins = harness.workspace() / "no-plugins" if side == "stock" else harness.loaded_plugins(harness.stage_dir())
    env = harness.environment(home, plugins)
    for name in ("WIRESHARK_ABORT_ON_DISSECTOR_BUG", "WIRESHARK_DEBUG_WMEM_OVERRIDE"):
        env.pop(name)
    # The 8 MiB blocks of wmem go back to the system when they are freed: in the heap they would leave holes that hide a leak.
    env["MALLOC_MMAP_THRESHOLD_"] = str(1 << 20)
    # Stock keeps of each session what it reads from its data folder.
    (home / "data").mkdir()
    env["WIRESHARK_DATA_DIR"] = str(home / "data")
    ring = [] if side == "no-ring" else ["-b", f"packets:{FRAMES_A_FILE}"]
    # With a tree stock keeps each address for as long as the process runs, and ours has it make one.
    reports = ["-P", "-T", "fields", "-e", "ip.src_host"] if side == "stock" else REPORTS
    command = harness.unprivileged([harness.tshark_program(), "-n", "-i", FAR, "-q", *ring, "-w", home / "ring.pcapng", *reports], env)
    if command[0] == "setpriv":
        command[1:1] = CAPABILITIES
    process = subprocess.Popen(command, cwd=home, stdout=(home / "out").open("wb"), stderr=(home / "log").open("wb"))
    wait(lambda: "Capturing" in (home / "log").read_text(encoding="utf-8"), process, home)
    return process, home


def wait(until, process, home):
    end = time.monotonic() + PATIENCE_S
    while not until():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit("tshark does not capture: " + (home / "log").read_text(encoding="utf-8")[-300:])
        time.sleep(0.1)


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")).group(1))


def cpu_ticks(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[13:15]


def settle(pid):
    """Until it has read what there is."""
    before = None
    while cpu_ticks(pid) != before:
        before = cpu_ticks(pid)
        time.sleep(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("side", choices=("ours", "stock", "no-ring"), help="with the plugins, without them, with the plugins and one file")
    parser.add_argument("frames", type=int, help="how many to send; a file of the ring has %s" % FRAMES_A_FILE)
    arguments = parser.parse_args()
    frames = arguments.frames
    if any(name != "lo" for _, name in socket.if_nameindex()):
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    interfaces()
    process, home = tshark(arguments.side)
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind((NEAR, 0))
    sizes = []
    for number in range(frames):
        sender.send(KINDS[number % len(KINDS)](number // len(KINDS)))
        if number % BATCH == BATCH - 1:
            time.sleep(SECONDS_A_BATCH)
        if number % (frames // PARTS) == frames // PARTS - 1:
            settle(process.pid)
            sizes.append(resident_kib(process.pid))
    process.send_signal(2)
    process.wait()
    files = sorted(home.glob("ring*.pcapng"))
    counts = subprocess.run(["capinfos", "-T", "-r", "-M", "-c", *map(str, files)], capture_output=True, text=True, check=True).stdout
    print(json.dumps({"kib": sizes, "files": len(files), "captured": sum(int(line.split()[-1]) for line in counts.splitlines()),
                      "parts": (home / "out").read_text(encoding="utf-8").count("Teams Sign-In, part"), "root": os.geteuid() == 0}))


if __name__ == "__main__":
    main()
