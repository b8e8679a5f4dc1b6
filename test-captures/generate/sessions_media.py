# SPDX-License-Identifier: GPL-2.0-or-later
"""What the times and the sequence numbers of a stream show, and what they do not: jitter that lasts and
single late packets, packets that are missing and times in which nothing was sent."""
import stun
from common import capture
from sessions import connect, stream

STEP = 0.04     # seconds a packet of audio
TICKS = 640     # the same of a clock of 16 kHz


def audio(c, host):
    """A call of that client's, set up."""
    made = stream(c, f"audio{host}", 50002, (f"203.0.113.{host}", 50010), f"192.168.1.{host}")
    connect(made, 0.01 * host, packets=0)
    return made


def received(made, when, number, timestamp=None):
    """The packet of that number."""
    made.down(when, made.settled, stun.rtp(104, number & 0xffff, number * TICKS if timestamp is None else timestamp, 0x4a495400,
                                           stun.opaque((made.name, number), 22)))


@capture("sessions/jitter.pcap", "2026-03-02T09:00:00")
def jitter(c):
    """Audio of 45 s. At .51 each second packet is 36 ms late from 15 s to 30 s; at .52 the last packet is 800 ms late; at .53 each
    second one is 20 ms late; at .54 each second one is 36 ms late for 2 s; at .55 nothing comes for 20 s, and then it goes on with the
    same sequence numbers and timestamps (a call that was held); at .56 the timestamps go on as the time does (silence)."""
    for host in range(51, 57):
        made = audio(c, host)
        for number in range(1125):
            at = number * STEP
            late = {51: 0.036 if 15 <= at < 30 and number % 2 else 0, 52: 0.8 if number == 1124 else 0, 53: 0.02 if number % 2 else 0,
                    54: 0.036 if 20 <= at < 22 and number % 2 else 0}.get(host, 20 if number >= 500 else 0)
            received(made, 2 + 0.01 * host + at + late, number, (number + 500) * TICKS if host == 56 and number >= 500 else None)


@capture("sessions/pauses.pcap", "2026-03-02T09:00:00")
def pauses(c):
    """Audio of 20 s around 10 s in which nothing comes. At .61 no sequence number is missing (silence, or a call that was held); at .62 those
    of 10 s are; at .63 every 20th packet is missing beside, and nothing in the pause; at .64 both."""
    for host in range(61, 65):
        made = audio(c, host)
        for number in range(500):
            paused = number >= 250
            if host in (63, 64) and number % 20 == 10:
                continue
            received(made, 2 + 0.01 * host + number * STEP + 10 * paused, number + 250 * (paused and host in (62, 64)), (number + 250 * paused) * TICKS)
