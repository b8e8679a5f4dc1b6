# SPDX-License-Identifier: GPL-2.0-or-later
"""What the report says of the clients of a capture in test-captures/connections, or in the folder that its name has."""
import json

import harness


def path_of(name):
    return harness.bundled(f"{name}.pcap" if "/" in name else f"connections/{name}.pcap")


def reported(path):
    """The sign-ins of a capture as the report's JSON has them."""
    return json.loads(harness.report(path, "teams,signin,json"))["signins"]


def of_clients(path):
    return {signin["client"]: signin for signin in reported(path)}


def told(name):
    """The sign-in of each client."""
    return of_clients(path_of(name))


def of_code(signin, code):
    return [problem for problem in signin["problems"] if problem["code"] == code]


def above_note(signin):
    return {problem["code"]: problem for problem in signin["problems"] if problem["severity"] in ("warning", "error")}


def frames_of(name, display_filter):
    return harness.tshark("-r", path_of(name), "-Y", display_filter, "-T", "fields", "-e", "frame.number").split()
