#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real web servers and clients on the loopback of network and mount namespaces of their own, captured with their key log.

web_peers.py FOLDER CLIENT    CLIENT is curl-http1.1, curl-http2, chromium, websocket, early-data, http3 or http3-early-data
Leaves FOLDER/plain.pcapng and FOLDER/keys.txt. Ends with 77 where a program is missing.
"""
import asyncio
import os
import pathlib
import shutil
import signal
import socket as sockets
import ssl
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))
import world  # noqa: E402

DOOR, PUSH = ("teams.microsoft.com", "52.113.194.132"), ("go-eu.trouter.teams.microsoft.com", "52.123.130.30")
CLIENT = "192.168.7.7"
MISSING = 77
PATIENCE = 120      # seconds, for what takes one beside nothing else
LISTENING = {"tcp": "0A", "udp": "07"}     # state in /proc/net
NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; {user}
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  server {{
    listen {address}:443 ssl http2; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location /v2 {{ default_type text/html; return 200 '<html><script>
      for (const [method, path] of [["POST", "/api/authsvc/v1.0/authz"], ["GET", "/api/csa/emea/api/v3/teams/users/me/updates"], ["GET", "/api/new/thing"]])
        fetch(path, {{ method: method }});
      </script></html>'; }}
    location = /api/authsvc/v1.0/authz {{ default_type application/json;
      return 200 '{{"tokens":{{"skypeToken":"x"}},"region":"emea","partition":"emea01"}}'; }}
    location /api/csa/ {{ return 403; }}
    location /api/mt/ {{ add_header Retry-After 30 always; return 429; }}
    location / {{ return 404; }}
  }}
}}
"""
PATHS = [("GET", "/v2"), ("POST", "/api/authsvc/v1.0/authz"), ("GET", "/api/csa/emea/api/v3/teams/users/me/updates?x=y"),
         ("GET", "/api/mt/emea/beta/users/8:orgid:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/"), ("GET", "/api/new/thing")]


def need(*programs):
    if not all(map(shutil.which, programs)):
        sys.exit(MISSING)


def wait_for(what, done):
    """No fixed sleep is right on a machine that is busy."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise RuntimeError(f"not in {PATIENCE} seconds: {what}")
        time.sleep(0.05)


def wait_for_server(protocol):
    """Without a packet that would be in the capture."""
    def listens():
        rows = [line.split() for line in pathlib.Path("/proc/net", protocol).read_text(encoding="ascii").splitlines()[1:]]
        return any(row[1].endswith(":01BB") and row[3] == LISTENING[protocol] for row in rows)
    wait_for(f"a server at {protocol} port 443", listens)


def wait_for_capture(path, word):
    """All that was sent before is in the file when this is: a datagram to a socket of our own."""
    with sockets.socket(sockets.AF_INET, sockets.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))

        def written():
            own.sendto(word, own.getsockname())
            return path.is_file() and word in path.read_bytes()
        wait_for("the capture", written)


def certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                   check=True, capture_output=True)


def curl(folder, option):
    need("nginx", "curl")
    args = []
    for method, path in PATHS:
        args += ["--next"] if args else []
        args += ["-s", "-k", option, "--resolve", f"{DOOR[0]}:443:{DOOR[1]}", "-X", method, "-o", "/dev/null", f"https://{DOOR[0]}{path}"]
    subprocess.run(["curl", *args], env={**os.environ, "SSLKEYLOGFILE": str(folder / "keys.txt")}, check=True, timeout=PATIENCE)


def chromium(folder):
    need("nginx", "chromium")
    subprocess.run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--ignore-certificate-errors",
                    f"--host-resolver-rules=MAP * {DOOR[1]}", f"--user-data-dir={folder}/profile", "--virtual-time-budget=4000",
                    f"--ssl-key-log-file={folder}/keys.txt", "--dump-dom", f"https://{DOOR[0]}/v2"],
                   env={**os.environ, "HOME": str(folder)}, check=True, timeout=PATIENCE, capture_output=True)


def websocket(folder):
    try:
        import websockets  # noqa: E402  (only here)
    except ImportError:
        sys.exit(MISSING)
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname, client_context.verify_mode = False, ssl.CERT_NONE
    client_context.keylog_filename = str(folder / "keys.txt")

    async def serve(socket, _path=None):
        await socket.send("1::")
        await socket.recv()
        await (await socket.ping())
        await socket.close(1012, "restart")

    async def both():
        async with websockets.serve(serve, [DOOR[1], PUSH[1]], 443, ssl=server_context):
            # The name that begins a sign-in.
            _, door = await asyncio.open_connection(DOOR[1], 443, ssl=client_context, server_hostname=DOOR[0])
            uri = f"wss://{PUSH[0]}/v4/c?epid=secret"
            async with websockets.connect(uri, host=PUSH[1], port=443, ssl=client_context, server_hostname=PUSH[0]) as client:
                await client.recv()
                await client.send("5:::{}")
                await client.wait_closed()
            door.close()

    asyncio.run(both())


def http3(folder, *times):
    """As often as there are times, with what the one before left: the second sends its request in the first flight (RFC 9001, 4.6)."""
    need("gtlsserver", "gtlsclient")
    # The client takes the server name from what it is told to connect to, which only a file of the system's can lead here.
    (folder / "hosts").write_text(f"{DOOR[1]} {DOOR[0]}\n")
    subprocess.run(["mount", "--bind", folder / "hosts", "/etc/hosts"], check=True)
    server = subprocess.Popen(["gtlsserver", "-q", DOOR[1], "443", folder / "key.pem", folder / "cert.pem"], cwd=folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_server("udp")
    for _ in times:
        subprocess.run(["gtlsclient", "-q", "--exit-on-all-streams-close", f"--session-file={folder / 'session'}", f"--tp-file={folder / 'parameters'}",
                        DOOR[0], "443", f"https://{DOOR[0]}/v2"],
                       env={**os.environ, "SSLKEYLOGFILE": str(folder / "keys.txt")}, timeout=20, check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    server.terminate()
    server.wait()


def early_data(folder):
    """TLS 1.3 resumed, with a request in the first flight (RFC 8446, 2.3), and a second one before the first is answered."""
    asks = [f"GET {path} HTTP/1.1\r\nHost: {DOOR[0]}\r\n\r\n".encode() for path in ("/v2?token=secret", "/api/csa/emea/api/x", "/api/mt/emea/beta/x")]
    answers = [f"HTTP/1.1 {status} Said\r\nContent-Length: 2\r\n\r\nab".encode() for status in (200, 403, 200)]
    (folder / "first.txt").write_bytes(asks[0])
    said = open(folder / "server.txt", "wb")
    server = subprocess.Popen(["openssl", "s_server", "-accept", f"{DOOR[1]}:443", "-cert", folder / "cert.pem", "-key", folder / "key.pem", "-tls1_3",
                               "-early_data", "-no_anti_replay", "-quiet"], stdin=subprocess.PIPE, stdout=said, stderr=subprocess.DEVNULL)
    wait_for_server("tcp")
    connect = ["openssl", "s_client", "-connect", f"{DOOR[1]}:443", "-servername", DOOR[0], "-tls1_3", "-quiet"]

    def client(*more):
        return subprocess.Popen([*connect, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(peer, n):
        peer.stdin.write(asks[n])
        peer.stdin.flush()
        wait_for("a request", lambda: asks[n] in (folder / "server.txt").read_bytes())

    # Without a key log: the ticket alone is wanted, which comes before what the server says.
    with client("-sess_out", folder / "session.pem") as first:
        server.stdin.write(b"x" * 10)
        server.stdin.flush()
        first.stdout.read(10)
        wait_for("the session", (folder / "session.pem").is_file)
        first.kill()
    with client("-sess_in", folder / "session.pem", "-early_data", folder / "first.txt", "-keylogfile", folder / "keys.txt") as second:
        wait_for("the key log", lambda: b"SERVER_TRAFFIC_SECRET_0" in (folder / "keys.txt").read_bytes() if (folder / "keys.txt").is_file() else False)
        ask(second, 1)
        for n, answer in enumerate(answers):
            if n == 2:
                ask(second, 2)
            server.stdin.write(answer)
            server.stdin.flush()
            second.stdout.read(len(answer))
        second.kill()
    server.kill()
    server.wait()
    said.close()


CLIENTS = {"early-data": early_data, "curl-http1.1": lambda folder: curl(folder, "--http1.1"), "curl-http2": lambda folder: curl(folder, "--http2"),
           "chromium": chromium, "websocket": websocket, "http3": lambda folder: http3(folder, 1), "http3-early-data": lambda folder: http3(folder, 1, 2)}


def main(folder, client):
    world.lay_over()
    need("ip", "dumpcap", "openssl")
    folder = pathlib.Path(folder)
    for command in (["ip", "link", "set", "lo", "up"], *(["ip", "addr", "add", f"{address}/32", "dev", "lo"] for address in (DOOR[1], PUSH[1], CLIENT))):
        subprocess.run(command, check=True)
    # Who goes there comes from the client's address.
    for _, address in (DOOR, PUSH):
        subprocess.run(["ip", "route", "replace", "local", f"{address}/32", "dev", "lo", "table", "local", "src", CLIENT], check=True)
    certificate(folder, PUSH[0] if client == "websocket" else DOOR[0])
    nginx = None
    if client.startswith(("curl", "chromium")):
        need("nginx")
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, address=DOOR[1], user="user root;"))
        nginx = subprocess.Popen(["nginx", "-c", folder / "nginx.conf"])
        wait_for_server("tcp")
    with open(folder / "dumpcap.log", "wb") as log:
        capture = subprocess.Popen(["dumpcap", "-q", "-i", "lo", "-w", folder / "plain.pcapng"], stderr=log, stdout=log)
    try:
        wait_for_capture(folder / "plain.pcapng", b"the capture began")
        CLIENTS[client](folder)
        wait_for_capture(folder / "plain.pcapng", b"the capture ends")
    finally:
        for process in filter(None, (nginx, capture)):
            process.send_signal(signal.SIGTERM if process is nginx else signal.SIGINT)
            process.wait()
    for name in ("plain.pcapng", "keys.txt"):
        (folder / name).chmod(0o644)


if __name__ == "__main__":
    main(*sys.argv[1:])
