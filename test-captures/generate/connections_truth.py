# SPDX-License-Identifier: GPL-2.0-or-later
"""Ends and beginnings from which little or nothing follows, each beside one from which it does."""
import tls
from common import capture
from connections import ADDRESSES, AUTH, CHANGE, CONFIG, LOGIN, START, WEB, Client, reset


# ---- the client leaves in mid-handshake ----

def leave(who, when, name, sent=None):
    """After the server's part, by FIN: at once, or after what it sends then."""
    connection = who.open(when, name)
    who.handshake(when + 0.15, connection, name)
    if sent is not None:
        connection.send(when + 0.2, sent)
    connection.close(when + 0.25)


@capture("connections/left-handshakes.pcap", START)
def left_handshakes(c):
    """TLS 1.3 that the client leaves after the server's part. One end alone: .20 for configuration, .21 for identity, which worked a
    minute before, .22 of three connections at once. Again and again: .23 for identity, .24 for each name that it tries. After a record
    as long as an alert: .25 once for a name that worked before, .26 twice, .27 once for one that did not. .28 sends the Finished
    alone, once."""
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 29)]
    alert = CHANGE + tls.application_data("alert", 19)
    for who in clients:
        if who not in (clients[3], clients[4]):
            who.sign_in(0)
    leave(clients[0], 10, CONFIG)
    leave(clients[1], 60, LOGIN)
    three = [clients[2].open(10, CONFIG)] + [c.tcp(10.1, clients[2].end(), (ADDRESSES[CONFIG], 443)) for _ in range(2)]
    for connection in three:
        clients[2].handshake(10.15, connection, CONFIG)
        reset(connection, 10.25, from_client=True)
    clients[3].sign_in(0, (WEB, AUTH))
    for when in (10, 15):
        leave(clients[3], when, LOGIN)
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        leave(clients[4], 10 + n, name)
    leave(clients[5], 60, LOGIN, alert)
    for when in (60, 80):
        leave(clients[6], when, LOGIN, alert)
    leave(clients[7], 10, CONFIG, alert)
    connection = clients[8].open(10, CONFIG)
    clients[8].handshake(10.15, connection, CONFIG)
    clients[8].finish(10.2, connection, CONFIG)
    connection.close(10.3)
