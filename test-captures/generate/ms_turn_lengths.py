# SPDX-License-Identifier: GPL-2.0-or-later
"""Every attribute of MS-TURN with every length around those that are right."""
import stun
from common import capture
from ms_turn import CLIENT, RELAY

FIXED = {0x000d: 4, 0x000f: 4, 0x0010: 4, 0x0017: 4, 0x8006: 4, 0x8008: 4, 0x8037: 4, 0x8055: 4,
         0x8056: 4, 0x8057: 16, 0x8058: 16, 0x805d: 12, 0x805e: 12, 0x805f: 12, 0x8060: 12,
         0x8068: 4, 0x8090: 20, 0x8095: 8}
ADDRESSES = (0x0001, 0x000e, 0x0011, 0x0012, 0x8020, 0x8059, 0x805a, 0x805b, 0x805c)
LONGEST = {**FIXED, **dict.fromkeys(ADDRESSES, 20), 0x0008: 32, 0x8050: 24,
           **dict.fromkeys((0x0006, 0x0009, 0x000a, 0x0013, 0x0014, 0x0015, 0x8022, 0x8032, 0x8039,
                            0x8061, 0x8062), 12)}
# Comes last in each message: still there, however wrong what is before it.
LAST = (stun.SOFTWARE, b"last")


@capture("ms-turn/lengths.pcap", "2026-03-02T09:00:00")
def lengths(c):
    number = 0
    for code, longest in sorted(LONGEST.items()):
        for length in range(longest + 3):
            value = (b"\0\x01\x10\x00" + bytes(range(1, 41)))[:length]
            tid = stun.transaction(f"length {code} {length}")
            c.udp(number / 100, RELAY, CLIENT,
                  stun.turn(stun.ALLOCATE_RESPONSE, tid, [(code, value), LAST]))
            number += 1
