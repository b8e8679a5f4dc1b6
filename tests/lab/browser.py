#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A client that does what a browser does and curl does not.

browser.py visit NAME BUNDLE RESOLVER [BYTES]     asks A, AAAA and HTTPS at once, races IPv6 against IPv4
browser.py hold NAME BUNDLE TIMES SECONDS USE     keeps a connection open until it is cut, or so long, TIMES times; asks every USE seconds
browser.py talk NAME BUNDLE SECONDS               asks again every two seconds, on one connection
browser.py stall NAME BUNDLE SECONDS              asks for a long page and does not read it for so long
"""
import secrets
import selectors
import socket
import ssl
import struct
import sys
import time

A, AAAA, HTTPS = 1, 28, 65
RACE_S = 0.25


def question(number, name, kind):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def skip_name(message, at):
    while message[at] and message[at] < 0xc0:
        at += 1 + message[at]
    return at + (2 if message[at] else 1)


def addresses_in(message):
    count, at = struct.unpack_from("!H", message, 6)[0], skip_name(message, 12) + 4
    for _ in range(count):
        at = skip_name(message, at)
        kind, _, _, length = struct.unpack_from("!HHIH", message, at)
        at += 10
        if kind in (A, AAAA):
            yield socket.inet_ntop(socket.AF_INET if kind == A else socket.AF_INET6, message[at: at + length])
        at += length


def resolve(name, resolver):
    """Addresses of a name, IPv6 first. Each question has a socket of its own and is asked up to three times."""
    found = []
    for attempt in range(3):
        selector = selectors.DefaultSelector()
        waiting = 0
        for kind in (A, AAAA, HTTPS):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.connect((resolver, 53))
            s.send(question(secrets.randbelow(65536), name, kind))
            selector.register(s, selectors.EVENT_READ)
            waiting += 1
        end = time.monotonic() + 2 + attempt * 2
        while waiting and time.monotonic() < end:
            for key, _ in selector.select(end - time.monotonic()):
                waiting -= 1
                selector.unregister(key.fileobj)
                try:
                    found += addresses_in(key.fileobj.recv(4096))
                except OSError:
                    pass
                key.fileobj.close()
        if waiting < 3:
            break
    return sorted(found, key=lambda address: ":" not in address)


def race(addresses, port=443, patience=8):
    """The first connection that is made: each further address is tried a quarter of a second later."""
    selector, trying, start = selectors.DefaultSelector(), {}, time.monotonic()
    waiting = list(addresses)
    while time.monotonic() - start < patience and (waiting or trying):
        if waiting and (not trying or time.monotonic() - start >= RACE_S * len(trying)):
            address = waiting.pop(0)
            s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            s.setblocking(False)
            s.connect_ex((address, port))
            trying[s] = address
            selector.register(s, selectors.EVENT_WRITE)
        for key, _ in selector.select(RACE_S):
            s = key.fileobj
            selector.unregister(s)
            if s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                for other in trying:
                    if other is not s:
                        other.close()
                s.setblocking(True)
                s.settimeout(patience)
                return s
            del trying[s]
            s.close()
    raise OSError("no address answers")


def tls(s, name, bundle):
    context = ssl.create_default_context(cafile=bundle)
    context.set_alpn_protocols(["http/1.1"])
    return context.wrap_socket(s, server_hostname=name)


def get(stream, name, path="/"):
    stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n"
                   "Connection: keep-alive\r\n\r\n".encode())


def visit(name, bundle, resolver, *upload):
    s = race(resolve(name, resolver))
    stream = tls(s, name, bundle)
    if upload:
        stream.sendall(f"POST / HTTP/1.1\r\nHost: {name}\r\nContent-Length: {upload[0]}\r\n\r\n".encode() + secrets.token_bytes(int(upload[0])))
    else:
        get(stream, name)
    stream.recv(65536)
    time.sleep(0.1)
    stream.close()


def hold(name, bundle, times, seconds, use):
    for _ in range(int(times)):
        stream = tls(socket.create_connection((name, 443), 10), name, bundle)
        get(stream, name, "/v4/c?tc=%7B%22cv%22%3A%222026%22%7D")
        stream.settimeout(float(seconds))
        try:
            while stream.recv(65536):
                if int(use):
                    time.sleep(int(use))
                    get(stream, name)
        except OSError:
            pass
        stream.close()
        time.sleep(1)


def talk(name, bundle, seconds):
    stream = tls(socket.create_connection((name, 443), 10), name, bundle)
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        get(stream, name)
        stream.settimeout(end - time.monotonic() + 1)
        stream.recv(65536)
        time.sleep(2)
    stream.close()


def stall(name, bundle, seconds):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(20)
    s.connect((name, 443))
    stream = tls(s, name, bundle)
    get(stream, name, "/long")
    stream.recv(1000)
    time.sleep(float(seconds))
    stream.close()


if __name__ == "__main__":
    try:
        {"visit": visit, "hold": hold, "talk": talk, "stall": stall}[sys.argv[1]](*sys.argv[2:])
    except OSError as reason:
        sys.exit(f"{sys.argv[1]} {sys.argv[2]}: {reason}")
