# SPDX-License-Identifier: GPL-2.0-or-later
"""The stops of the tour through Wireshark's windows, one row each. tour.py makes them, tests/test_gui.py judges."""

import typing

ARTICLE = "article-2017.pcapng"
FAILURE = "diagnostics/d01-nxdomain-required.pcap"
SIGNIN = "modern-signin.pcap"

# Frames of the article's session.
TELEMETRY, NAME, SIGNALLING, ALLOCATION, CHECK, MEDIA = 64, 84, 104, 194, 225, 363
# One of the call's first frames, in sight with the end of the sign-in above it.
CALL_BEGINS = 162
# What the flow graph is drawn of: the sign-in, relays, and the first checks.
GRAPH_FILTER = "teams && frame.number < 260"


class Stop(typing.NamedTuple):
    name: str
    do: str                 # a function of tour.py
    arguments: tuple = ()
    capture: str = ARTICLE


STOPS = [
    Stop("packet_list", "opening"),
    Stop("tree_telemetry", "tree", (TELEMETRY,)),
    Stop("tree_name", "tree", (NAME,)),
    Stop("tree_signalling", "tree", (SIGNALLING,)),
    Stop("tree_allocation", "tree", (ALLOCATION,)),
    Stop("tree_check", "tree", (CHECK,)),
    Stop("tree_media", "tree", (MEDIA,)),
    Stop("button", "button", ("Sign-in",)),
    Stop("expert", "window", ("Expert Information", "Analyze", "Expert Information")),
    Stop("report_summary", "window", ("Teams Summary", "Statistics", "Teams Summary")),
    Stop("report_problems", "window", ("Teams Problems", "Statistics", "Teams Problems")),
    Stop("report_verdict", "window", ("Teams Sign-In", "Statistics", "Teams Sign-In")),
    Stop("report_signin", "window", ("Teams Sign-In Steps", "Statistics", "Teams Sign-In Steps")),
    Stop("report_names", "window", ("Teams Names", "Statistics", "Teams Names")),
    Stop("report_calls", "window", ("Teams Calls", "Statistics", "Teams Calls")),
    Stop("report_flows", "window", ("Teams Flows", "Statistics", "Teams Flows")),
    Stop("rtp_streams", "window", ("RTP Streams", "Telephony", "RTP", "RTP Streams")),
    Stop("io_graph", "window", ("I/O Graph", "Statistics", "I/O Graph")),
    Stop("flow_graph", "flow_graph", (GRAPH_FILTER,)),
    Stop("preferences", "preferences"),
    Stop("filter_flow", "conversation_filter", ("Teams flow", ALLOCATION)),
    Stop("filter_call", "conversation_filter", ("Teams call", ALLOCATION)),
    Stop("filter_signin", "conversation_filter", ("Teams sign-in", ALLOCATION)),
    Stop("colour_flow", "colorize", ("Teams flow", CALL_BEGINS)),
    Stop("colour_call", "colorize", ("Teams call", CALL_BEGINS)),
    Stop("colour_signin", "colorize", ("Teams sign-in", CALL_BEGINS)),
    Stop("failure", "opening", capture=FAILURE),
    Stop("modern", "opening", capture=SIGNIN),
]

# A profile with a rule that no version can read, to see that trouble is seen.
BROKEN_PROFILE = "Broken"
BROKEN_RULE = "@Broken rule@teams.no_such_field == 1@[0,0,0][65535,65535,65535]\n"
BROKEN_STOP = "broken_profile"
