# SPDX-License-Identifier: GPL-2.0-or-later
"""What the times and the sequence numbers of a stream show, and what they do not: jitter that lasts and
single late packets, packets that are missing and times in which nothing was sent."""
import stun
from common import capture
from sessions import connect, stream
from twice import routed

STEP = 0.04         # seconds a packet of audio
LONG_STEP = 0.06    # the same where the stream is long
CLOCK = 16000
LONG = range(600)   # numbers of a long stream


def audio(c, host):
    """A call of that client's, set up."""
    made = stream(c, f"audio{host}", 50002, (f"203.0.113.{host}", 50010), f"192.168.1.{host}")
    connect(made, 0.01 * host, packets=0)
    return made


def received(made, when, number, ticks):
    """The packet of that number."""
    made.down(when, made.settled, stun.rtp(104, number & 0xffff, int(ticks), 0x4a495400, stun.opaque((made.name, number), 8)))


@capture("sessions/jitter.pcap", "2026-03-02T09:00:00")
def jitter(c):
    """Audio of 36 s, 60 ms a packet. At .51 each second packet is 36 ms late from 10 s to 25 s; at .52 the last packet is 800 ms late; at .53
    each second one is 20 ms late; at .54 each second one is 36 ms late for 2 s. At .57 audio of 2 s, of which one packet is 800 ms late."""
    for host in (51, 52, 53, 54, 57):
        made = audio(c, host)
        for number in LONG if host != 57 else range(34):
            at = number * LONG_STEP
            late = {51: 0.036 if 10 <= at < 25 and number % 2 else 0, 52: 0.8 if number == LONG[-1] else 0, 53: 0.02 if number % 2 else 0,
                    54: 0.036 if 20 <= at < 22 and number % 2 else 0}.get(host, 0.8 if number == 1 else 0)
            received(made, 2 + 0.01 * host + at + late, number, number * LONG_STEP * CLOCK)


@capture("sessions/held.pcap", "2026-03-02T09:00:00")
def held(c):
    """Audio of 36 s around 20 s in which nothing comes. At .55 it goes on with the same sequence numbers and timestamps (a call that was
    held); at .56 the timestamps go on as the time does (silence)."""
    for host in (55, 56):
        made = audio(c, host)
        for number in LONG:
            at = number * LONG_STEP
            pause = 20 if number >= 300 else 0
            received(made, 2 + 0.01 * host + at + pause, number, (at + (pause if host == 56 else 0)) * CLOCK)


@capture("sessions/pauses.pcap", "2026-03-02T09:00:00")
def pauses(c):
    """Audio of 20 s around 10 s in which nothing comes. At .61 no sequence number is missing (silence, or a call that was held); at .62 those
    of 10 s are; at .63 every 20th packet is missing beside, and nothing in the pause; at .64 both. At .65 twelve numbers are missing in the pause."""
    for host in range(61, 66):
        made = audio(c, host)
        for number in range(500 if host < 65 else 350):
            paused = number >= 250
            if host in (63, 64) and number % 20 == 10:
                continue
            received(made, 2 + 0.01 * host + number * STEP + 10 * paused, number + (250 if host in (62, 64) else 12 if host == 65 else 0) * paused, (number + 250 * paused) * STEP * CLOCK)


@capture("sessions/speakers.pcap", "2026-03-02T09:00:00")
def speakers(c):
    """Audio of 24 s of a mixer that goes over to another speaker each 1.2 s: the numbers go on, and the timestamps go forward by 3 s. At .71 without
    jitter; at .72 each second packet is 36 ms late."""
    for host in (71, 72):
        made = audio(c, host)
        for number in range(600):
            late = 0.036 * (host == 72 and number % 2)
            received(made, 2 + 0.01 * host + number * STEP + late, number, (number * STEP + number // 30 * 3) * CLOCK)


@capture("sessions/stream-begins.pcap", "2026-03-02T09:00:00")
def stream_begins(c):
    """Audio of 8 s, 20 ms a packet, that does not begin evenly. At .81 the first packets have waited and come all but at once; at .82 each of the first
    17 has waited longer than the one before, and those after the 60th have not; at .83 (48,000 Hz) nothing comes for 1.6 s after the tenth. At .84
    packets of a type of 16,000 Hz come evenly, and their timestamps run with 48,000 Hz."""
    late = {81: lambda number: max(0, 0.12 - number * 0.0196), 82: lambda number: 0.02 * min(number, 17) * (number < 60), 83: lambda number: 1.62 * (number > 9),
            84: lambda _: 0}
    for host, wait in late.items():
        made = audio(c, host)
        for number in range(400):
            packet = stun.rtp(111 if host == 83 else 104, number, number * (320 if host < 83 else 960), 0x53544154, stun.opaque((host, number), 8))
            made.down(2 + 0.01 * host + number * 0.02 + wait(number), made.settled, packet)


@capture("sessions/joined-clocks.pcap", "2026-03-02T09:00:00")
def joined_clocks(c):
    """Audio of 5 s without each 20th packet, joined from two places whose clocks differ, by 3 s at .91, by 1.4 s at .92, and over IPv6 at ::93 by 0.5 s; at
    .94 video by 3 s, five packets a picture. At .95 there is one place, and the sender begins anew in the midst, with numbers and timestamps that were before."""
    for host, apart in ((91, 3), (92, 1.4), (93, 0.5), (94, 3), (95, 0)):
        made = audio(c, host)
        if host == 93:
            made = stream(c, "audio93", 50002, ("2001:db8:7::93", 50010), "2001:db8::93")
            connect(made, 0.93, packets=0)
        first = len(c.frames)
        for number in range(250):
            sent, picture = number + (20000 if host == 95 and number < 125 else 0), number // 5 * 5
            packet = stun.rtp(122 if host == 94 else 104, sent, picture * 1800 if host == 94 else (sent + 700000 * (sent != number)) * 320, 0x4a4f494e, b"")
            if number % 20 != 10:
                made.down(3 + 0.001 * host + 0.02 * (picture if host == 94 else number) + 0.0001 * (number % 5), made.settled, packet)
        for when, frame, _ in c.frames[first:] if apart else ():
            frame = routed(frame)
            c.frames.append((when + round(apart * 1000000), frame, len(frame)))
