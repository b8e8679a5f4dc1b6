# SPDX-License-Identifier: GPL-2.0-or-later
"""Inside the namespaces: builds the network of one catalogue row, runs its client, and keeps the capture.

Usage: scene.py CAUSE VARIANT FILE, started by lab.
"""

import fnmatch
import json
import os
import pathlib
import shutil
import sys
import time
import traceback

import catalogue
import clients
import servers
import timing
import world

MIDDLEBOX = ("delay", "jitter", "burst", "loss", "loss_up", "dns_delay", "reset_sni", "swallow_sni", "swallow_cert", "mtu_down",
             "mtu_up", "idle_cut", "age_cut", "loss_tcp_up", "idle_hosts", "lose_after", "lose_hosts", "rebind")
TALK_S = 24              # that a client goes on asking where nothing answers any more
CONNECTIVITY_CHECK = "www.msftconnecttest.com"


def matches(patterns, name):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


class Scene:
    def __init__(self, row):
        self.row, self.settings = row, dict(row.settings)
        self.client_address, self.gateway, self.client6, _ = world.LINKS[row.link]
        self.site = row.names()
        self.quiet_hosts()

    def quiet_hosts(self):
        """What follows from the settings: addresses that exist, hosts whose flows are cut."""
        s = self.settings
        self.addresses = {a for name in (*self.site, *self.row.relays()) for a in (name.address, name.address6) if a}
        self.addresses.add(servers.media_server(self.row.site, s))
        if s.get("alive"):
            self.addresses |= set(s["point"].values())
        if s.get("idle_cut") or s.get("age_cut"):
            s["idle_hosts"] = [name.address for name in self.site if name.stage == "register"]
        if s.get("lose"):
            s["lose_hosts"] = ["*"] if s["lose"] == ["*"] else [
                a for name in self.site if matches(s["lose"], name.name) for a in (name.address, name.address6) if a]
        if s.get("captive"):
            s["point"] = {"*": self.gateway}
            s["extra"] = {CONNECTIVITY_CHECK: self.gateway}
        if s.get("pac"):
            s["extra"] = {} if s["pac"] == "none" else {"wpad.corp.example": self.gateway}
        if s.get("proxy") == "http2":
            s["extra"] = {servers.PROXY_NAME: self.gateway}
        if s.get("quic") in ("dropped", "admin"):
            s[f"{'drop' if s['quic'] == 'dropped' else 'admin'}_udp"] = ["*"]

    # --- The network ---------------------------------------------------------------

    def build(self):
        s = self.settings
        world.settle_in(self.gateway, s.get("dns_patience", 2), s.get("dead_resolver"))
        world.build(self.row.link, self.addresses)
        box = {key: s[key] for key in MIDDLEBOX if key in s}
        world.start(sys.executable, "-B", world.HERE / "middlebox.py", "lab-client", "lab-router", json.dumps(box),
                    log=servers.LAB / "middlebox.log")
        everything = [*self.site, *self.row.relays()]
        self.pki = servers.Pki([*(name.name for name in everything), servers.PROXY_NAME], s)
        servers.resolver(everything, s, self.gateway)
        if s.get("captive"):
            servers.captive_portal(self.gateway)
        else:
            servers.web(self.site + (self.row.relays() if s.get("visit_relays") else []), s)
        servers.router(everything, s)
        if s.get("call"):
            servers.media(self.row.relays(), self.row.site, s)
        self.proxies()
        world.settle_neighbours(self.row.link)

    def proxies(self):
        s = self.settings
        if "proxy_status" in s:
            servers.odd_proxy(self.gateway, s)
        elif s.get("proxy") in ("http", "http2") or "intercept" in s:
            servers.squid(s, self.gateway)
            if s.get("proxy") == "http2":
                servers.http2_proxy(self.gateway)
        elif str(s.get("proxy")).startswith("socks5"):
            servers.socks(self.gateway, s)
        if s.get("dead_resolver"):
            world.run("ip", "route", "add", "blackhole", s["dead_resolver"], ns="router")
        for pattern in s.get("drop_host", "").split():
            for name in self.site:
                if matches([pattern], name.name):
                    world.run("ip", "route", "add", "blackhole", name.address, ns="router")
        if s.get("pac") is True:
            servers.wpad(self.gateway)
        if s.get("quic") == "works":
            for name in self.quic_names():
                servers.quic(name)

    def quic_names(self):
        return [name for name in self.site if matches([self.settings["quic_names"]], name.name)]

    # --- The client ------------------------------------------------------------------

    def play(self):
        s = self.settings
        client = clients.Client(self.row.client, s, self.pki.bundle, self.gateway)
        if s.get("captive") is True:
            client.plain(f"http://{CONNECTIVITY_CHECK}/connecttest.txt", "-L")
        if s.get("pac"):
            client.plain("http://wpad.corp.example/wpad.dat")
        if s.get("requests"):
            client.requests(self.row.site)
            return
        if s.get("proxy") == "http2" and self.row.client != "chromium":
            client.tunnels([name.name for name in self.site if "steps" not in s or matches(s["steps"], name.name)])
            return
        visited = [name for name in self.site if "steps" not in s or matches(s["steps"], name.name)]
        for n, name in enumerate(visited * s.get("loop", 1)):
            if n == 2 and "no_proxy" in s:
                servers.rules([f"tcp dport {{ 1080, 3128 }} {servers.VERDICTS[s['no_proxy']]}"], hook="input")
            self.step(client, name)
        for relay in self.row.relays() if s.get("visit_relays") else []:
            client.visit(relay.name)
        if s.get("call"):
            client.call(self.row.relays(), servers.media_server(self.row.site, s))
        if s.get("captive") == "last":
            client.plain(f"http://{CONNECTIVITY_CHECK}/connecttest.txt", "-L")
        client.finish(s.get("lose_after", 0) + TALK_S + s.get("push", 0) * (self.push_s() + 12) + 5)

    def push_s(self):
        """Seconds that a push channel lasts, or is silent."""
        return max(self.settings.get(key, 0) for key in ("idle_cut", "server_idle", "age_cut", "server_life", "client_idle"))

    def step(self, client, name):
        s = self.settings
        if s.get("quic") and name in self.quic_names():
            client.quic(name.name, 3)
        if s.get("push") and name.stage == "register":
            client.hold(name.name, s["push"], self.push_s() + (0 if "client_idle" in s else 10))
        elif matches(s.get("lookup", []), name.name):
            client.run("getent", "ahosts", name.name)
        elif matches(s.get("talk", []), name.name):
            client.talk(name.name, s["lose_after"] + TALK_S)
        elif s.get("stall") and name.stage == "sync":
            client.stall(name.name, s["stall"])
        else:
            for again in range(s.get("poll", 1) if name.stage == "identity" else 1):
                time.sleep(s["poll_s"] if again else 0)
                client.visit(name.name)
        time.sleep(s.get("pause", 0.1))


def keep(path, target):
    """With the key log inside where a client wrote one."""
    keys = pathlib.Path("/run/lab/keys.txt")
    if keys.exists():
        world.run("editcap", "--inject-secrets", f"tls,{keys}", path, target)
    else:
        shutil.copyfile(path, target)


def main():
    cause, variant, target = sys.argv[1:]
    row = catalogue.find(cause, variant)
    scene = Scene(row)
    try:
        scene.build()
        capture = world.Capture("/run/lab/capture.pcapng")
        scene.play()
        capture.stop()
        if late := timing.too_late(row.settings.get("call")):
            print(f"{late} packets left more than {timing.LATE_S * 1000:.0f} ms late: the machine is too busy for a call", file=sys.stderr)
            return world.TOO_BUSY
        keep(capture.path, target)
        pathlib.Path(target).chmod(0o644)
    except Exception:  # whatever it was, it is told with the servers' own words
        traceback.print_exc()
        tell_logs()
        return 1
    if os.environ.get("LAB_VERBOSE"):
        tell_logs()
    return 0


def tell_logs():
    for log in sorted(pathlib.Path("/run/lab").glob("**/*.log")):
        text = log.read_text("utf-8", "replace").strip()
        if text:
            print(f"--- {log.name}\n{text[-4000:]}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
