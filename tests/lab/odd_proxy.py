#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An HTTP proxy that answers CONNECT for some names with one status, and connects the others.

Usage: odd_proxy.py ADDRESS STATUS PATTERN...     STATUS such as 502, or 0 to end the connection without an answer
"""
import fnmatch
import http
import socket
import sys
import threading


def carry(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for s in (source, target):
            try:
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass


def serve(client, status, patterns):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data:
            return
        head += data
    words = head.split(b"\r\n", 1)[0].decode("ascii", "replace").split()
    host, _, port = words[1].rpartition(":")
    if words[0] != "CONNECT" or any(fnmatch.fnmatch(host, pattern) for pattern in patterns):
        if not status:
            client.close()
            return
        reason = http.HTTPStatus(status).phrase
        body = f"<html><body><h1>{status} {reason}</h1></body></html>\n"
        client.sendall((f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
                        f"Connection: close\r\n\r\n{body}").encode())
        client.close()
        return
    server = socket.create_connection((host, int(port)), 20)
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    threading.Thread(target=carry, args=(server, client), daemon=True).start()
    carry(client, server)


def main():
    address, status, patterns = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    listener = socket.create_server((address, 3128))
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, status, patterns), daemon=True).start()


if __name__ == "__main__":
    main()
