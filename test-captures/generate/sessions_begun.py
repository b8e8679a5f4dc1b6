# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that began before the capture, or whose first packet is the other side's."""
import direct_routing
from common import capture
from sessions_calls import SERVER, Line

MEDIA = (SERVER, 3479)
PROCESSOR = ("52.113.216.179", 52004)
SBC = ("203.0.113.5", 20010)


@capture("sessions/begun-before.pcap", "2026-03-02T10:00:00")
def begun_before(c):
    """Media with a media server from before the first check in the capture: at .20 audio, at ::21 audio and video over IPv6."""
    six = {"address": "2001:db8::21"}
    for n, line in enumerate((Line(c, "begun20", "audio", 50004, MEDIA, address="192.168.1.20"),
                              Line(c, "begun21", "audio", 50004, ("2603:1063:9::4", 3479), **six),
                              Line(c, "begun22", "video", 50024, ("2603:1063:9::4", 3480), **six))):
        line.talk(1 + n * 0.001, 4)
        line.sent = 100
        line.check(5.1 + n * 0.001, line.settled)
        line.talk(5.2 + n * 0.001, 4)


@capture("sessions/server-first.pcap", "2026-03-02T10:00:00")
def server_first(c):
    """The first packet of each call is a check of the other side's. It is a media server of Microsoft's and the client has a public
    address: IPv4 at .20, IPv6 at ::21; a session border controller at .5, of media bypass. Between .70 and .71 neither is."""
    clients = (("203.0.113.20", MEDIA), ("2001:db8::21", ("2603:1063:9::4", 3479)), ("203.0.113.70", ("198.51.100.71", 50010)))
    for n, (address, far) in enumerate(clients):
        line = Line(c, f"first{n}", "audio", 50004, far, address=address)
        line.checked(1 + n * 0.01, far)
        line.check(1.2 + n * 0.01, far)
        line.talk(2 + n * 0.001, 3)
    direct_routing.signal(c, 0, SBC[0])
    bypass = Line(c, "bypass", "audio", SBC[1], PROCESSOR, address=SBC[0])
    bypass.checked(1.1, PROCESSOR)
    for outwards in (False, True):
        direct_routing.talk(c, 2, SBC, PROCESSOR, outwards, 3)
