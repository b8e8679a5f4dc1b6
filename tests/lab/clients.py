# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory's clients: what each kind runs to visit a name, and the client's order of a sign-in."""

import json
import pathlib
import subprocess
import sys
import time

import http_requests
import servers
import world

HERE = pathlib.Path(__file__).resolve().parent
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Teams/24.1"
KEYS = "/run/lab/keys.txt"
KINDS = ("curl", "wget", "openssl", "browser")


class Client:
    def __init__(self, kind, settings, bundle, gateway):
        self.kind, self.settings, self.bundle, self.gateway = kind, settings, str(bundle), gateway
        self.patience = settings.get("patience", 8)
        self.count = 0
        self.running = []
        self.log = open("/run/lab/client.log", "ab")

    def run(self, *arguments, feed=None, patience=None, environment=None):
        """A client's program, in its namespace; how it ends is the capture's matter, not ours."""
        command = ["nsenter", "--net=/run/netns/client", *map(str, arguments)]
        self.log.write(("$ " + " ".join(map(str, arguments)) + "\n").encode())
        self.log.flush()
        try:
            subprocess.run(command, input=feed, stdout=self.log, stderr=self.log, check=False,
                           timeout=patience or self.patience + 4, env=environment)
        except subprocess.TimeoutExpired:
            self.log.write(b"timed out\n")

    def visit(self, name, path="/"):
        """One name, by the kind of client; "mixed" is each kind in turn."""
        kind = self.kind if self.kind != "mixed" else KINDS[self.count % len(KINDS)]
        self.count += 1
        for _ in range(self.settings.get("tries", 1)):
            getattr(self, kind)(name, path)

    def curl(self, name, path="/", *more):
        s = self.settings
        arguments = ["curl", "-sS", "-o", "/dev/null", "-m", self.patience, "--cacert", self.bundle, "-A", AGENT, *more]
        if "client_tls" in s:
            if float(s["client_tls"]) < 1.2:
                arguments += ["--tlsv1.0", "--ciphers", "DEFAULT:@SECLEVEL=0"]
            arguments += ["--tls-max", s["client_tls"]]
        if "client_ciphers" in s:
            arguments += ["--ciphers", s["client_ciphers"]]
        if s.get("insecure"):
            arguments.append("-k")
        if "proxy" in s:
            scheme = {"http": f"http://{self.gateway}:3128", "socks5": f"socks5h://{self.gateway}:1080",
                      "socks5local": f"socks5://{self.gateway}:1080"}[s["proxy"]]
            arguments += ["-x", scheme]
            if s.get("proxy_auth", "missing") != "missing":
                arguments += ["-U", "alex:secret"] + (["--proxy-anyauth"] if s["proxy"] == "http" else [])
        self.run(*arguments, f"https://{name}{path}")

    def wget(self, name, path="/"):
        s = self.settings
        arguments = ["wget", "-q", "-O", "/dev/null", "--tries=1", f"--timeout={self.patience}",
                     f"--ca-certificate={self.bundle}", f"--user-agent={AGENT}"]
        if "client_tls" in s:
            arguments.append(f"--ciphers=NORMAL:-VERS-ALL:+VERS-TLS{s['client_tls']}")
        if s.get("insecure"):
            arguments.append("--no-check-certificate")
        environment = {"PATH": "/usr/sbin:/usr/bin", "HOME": "/nonexistent"}
        if s.get("proxy") == "http":
            environment["https_proxy"] = f"http://{self.gateway}:3128"
            if s.get("proxy_auth"):
                arguments += ["--proxy-user=alex", "--proxy-password=secret"]
        self.run(*arguments, f"https://{name}{path}", environment=environment)

    def openssl(self, name, path="/"):
        s = self.settings
        arguments = ["openssl", "s_client", "-connect", f"{name}:443", "-servername", name, "-CAfile", self.bundle,
                     "-brief", "-ign_eof"]
        if not s.get("insecure"):
            arguments.append("-verify_return_error")
        if "client_tls" in s:
            arguments.append("-tls" + s["client_tls"].replace(".", "_"))
            if float(s["client_tls"]) < 1.2:
                arguments += ["-cipher", "DEFAULT:@SECLEVEL=0"]
        if "client_ciphers" in s:
            arguments += ["-cipher", s["client_ciphers"]]
        if s.get("proxy") == "http":
            arguments += ["-proxy", f"{self.gateway}:3128"]
            if s.get("proxy_auth"):
                arguments += ["-proxy_user", "alex", "-proxy_pass", "pass:secret"]
        if "alpn" in s:
            arguments += ["-alpn", s["alpn"]]
        length = s.get("upload", 0)
        asked = f"POST {path} HTTP/1.1\r\nContent-Length: {length}" if length else f"GET {path} HTTP/1.1"
        request = f"{asked}\r\nHost: {name}\r\nConnection: close\r\n\r\n"
        self.run("timeout", self.patience, *arguments, feed=request.encode() + b"x" * length)

    def browser(self, name, path="/"):
        upload = self.settings.get("upload")
        more = [20000 if upload is True else upload] if upload else []
        self.run(sys.executable, HERE / "browser.py", "visit", name, self.bundle, self.gateway, *more,
                 patience=self.patience + 8)

    def requests(self, site):
        """The requests of a sign-in by path, in one curl that writes a key log."""
        asked = list(http_requests.requests(site, self.settings))
        version = ["--http" + str(self.settings.get("http", 2))]
        words = ["curl", "--cacert", self.bundle, "-A", AGENT, *version]
        for word in http_requests.curl_words(asked, self.patience):
            words += [word, "--cacert", self.bundle, "-A", AGENT, *version] if word == "--next" else [word]
        self.run(*words, patience=self.patience * len(asked), environment={"PATH": "/usr/bin", "SSLKEYLOGFILE": KEYS})

    def chromium(self, name, path="/"):
        """A browser engine without a window, a page each time; it does not look at certificates, which the other clients do."""
        s = self.settings
        arguments = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--user-data-dir=/run/lab/chromium",
                     "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--disable-default-apps", *([] if s.get("strict") else ["--ignore-certificate-errors"]), f"--timeout={self.patience * 1000}"]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/run/lab"}
        if s.get("proxy") == "http":
            arguments.append(f"--proxy-server=http://{self.gateway}:3128")
        elif s.get("proxy") == "http2":
            arguments.append(f"--proxy-server=https://{servers.PROXY_NAME}:3129")
            environment["SSLKEYLOGFILE"] = KEYS
        self.run("timeout", self.patience + 3, *arguments, "--dump-dom", f"https://{name}{path}", environment=environment)

    def tunnels(self, names):
        """All names through one session with a proxy that speaks HTTP/2 over TLS, whose keys are written."""
        credentials = ["alex:secret"] if self.settings.get("proxy_auth") else []
        self.run(sys.executable, "-B", HERE / "tunnels.py", servers.PROXY_NAME, 3129, self.bundle, KEYS, *credentials, *names,
                 patience=self.patience * len(names))

    # --- What is more than a visit ---------------------------------------------------

    def hold(self, name, times, seconds):
        """The push channel: beside the rest, until it is cut so often."""
        use = self.settings.get("use", 0)
        if self.kind == "openssl":
            feed = f"(for m in $(seq {seconds // use if use else 1}); do printf 'GET /v4/c HTTP/1.1\\r\\nHost: {name}\\r\\n\\r\\n'; sleep {use or seconds}; done)"
            # -quiet does not end where the feed does.
            alone = f"timeout {seconds} " if "client_idle" in self.settings else ""
            once = f"{feed} | {alone}openssl s_client -connect {name}:443 -servername {name} -CAfile {self.bundle} -quiet"
            script = f"for n in $(seq {times}); do {once}; sleep 1; done"
            command = ["sh", "-c", script]
        else:
            command = [sys.executable, HERE / "browser.py", "hold", name, self.bundle, times, seconds, use]
        self.running.append(world.start(*command, ns="client", log="/run/lab/client.log"))

    def talk(self, name, seconds):
        """A request every two seconds on one connection, beside the rest, and patience until the end."""
        requests, url = seconds // 2, f"https://{name}/"
        command = {
            "curl": ["curl", "-sS", "-m", seconds, "--rate", "30/m", "--cacert", self.bundle, *["-o", "/dev/null", url] * requests],
            "wget": ["wget", "-q", "-O", "/dev/null", "--tries=1", f"--timeout={seconds}", "--wait=2", f"--ca-certificate={self.bundle}", *[url] * requests],
            "openssl": ["sh", "-c", f"for n in $(seq {requests}); do printf 'GET / HTTP/1.1\\r\\nHost: {name}\\r\\n\\r\\n'; sleep 2; done | "
                        f"openssl s_client -connect {name}:443 -servername {name} -CAfile {self.bundle} -quiet"],
        }.get(self.kind, [sys.executable, HERE / "browser.py", "talk", name, self.bundle, seconds])
        self.running.append(world.start("timeout", seconds, *command, ns="client", log="/run/lab/client.log"))

    def stall(self, name, seconds):
        self.run(sys.executable, HERE / "browser.py", "stall", name, self.bundle, seconds, patience=seconds + 30)

    def plain(self, url, *more):
        self.run("curl", "-sS", "-o", "/dev/null", "-m", self.patience, "-A", "Microsoft NCSI", *more, url)

    def quic(self, name, seconds):
        """HTTP/3, before anything else is tried. An address instead of the name would be sent as "localhost"."""
        self.run("timeout", seconds, "gtlsclient", "-q", "--exit-on-all-streams-close", name, "443", f"https://{name}/")

    def call(self, relays, media_server):
        """A call of so many seconds; see calls.py."""
        settings = {key: self.settings[key] for key in ("deaf", "tcp", "direct", "dscp", "restart") if key in self.settings}
        settings["direct"] = self.settings.get("direct", 1) != 0
        seconds = self.settings["call"]
        self.run(sys.executable, "-B", HERE / "calls.py", "call", ",".join(relay.name for relay in relays), media_server,
                 self.bundle, seconds, json.dumps(settings), patience=seconds + 40)

    def finish(self, patience):
        end = time.monotonic() + patience
        for process in self.running:
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
