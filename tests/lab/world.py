# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory's network: a client, a link, a router and the internet, each a network namespace.

    client eth0 ---- middlebox ---- lan router wan ---- eth0 internet

Everything is made inside namespaces of this process alone (see `enter`) and is
gone when it ends, with every process in it. The middlebox is a program
(middlebox.py) that carries frames between two interfaces: it delays, loses,
resets, and cuts. The router is the kernel's, with nftables. The internet owns
the addresses of names.csv and runs the servers.
"""

import ctypes
import fcntl
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
EXTRA_ROOT = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "teamshark/lab"

# Client and router addresses of each link a variant may use.
LINKS = {
    "home": ("192.168.10.20", "192.168.10.1", "2001:db8:10::20", "2001:db8:10::1"),
    "office": ("10.44.7.113", "10.44.7.1", "2001:db8:44:7::71", "2001:db8:44:7::1"),
    "guest": ("172.20.3.55", "172.20.0.2", "2001:db8:20:3::55", "2001:db8:20:3::1"),
    "vpn": ("100.70.12.9", "100.70.0.1", "2001:db8:70::9", "2001:db8:70::1"),
}
PREFIX_LENGTH = 16
TOO_BUSY = 75            # exit status: this machine could not keep the time of a call
PROGRAMS = ("ip", "ss", "nsenter", "dumpcap", "tshark", "editcap", "dnsmasq", "nginx", "squid", "security_file_certgen", "microsocks",
            "nft", "gtlsclient", "gtlsserver", "curl", "wget", "openssl")


class Unavailable(Exception):
    """What the laboratory needs is not here; the reason is told, and nothing is made."""


# --- Namespaces of our own ------------------------------------------------------

def namespaces_allowed():
    """None, or why the kernel refuses namespaces to us."""
    if os.geteuid():
        return "network namespaces need root"
    if not shutil.which("unshare"):
        return "there is no unshare (util-linux)"
    result = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc",
                             "ip", "link", "add", "labtest0", "type", "veth", "peer", "name", "labtest1"],
                            capture_output=True, text=True, check=False)
    return f"no namespaces here: {result.stderr.strip()}" if result.returncode else None


def in_namespaces(arguments):
    """Runs a program in new namespaces, and ends whatever it leaves behind."""
    return subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                           *arguments], check=False).returncode


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True)


def lay_over():
    """The programs that were fetched, over our own view of /usr."""
    usr = EXTRA_ROOT / "root/usr"
    if usr.is_dir():
        mount("-t", "overlay", "overlay", "-o", f"lowerdir={usr}:/usr", "/usr")


def settle_in(resolver, patience, dead_resolver=None):
    """The private side of the file system: /run, /tmp of the servers, the programs fetched, resolv.conf."""
    lay_over()
    resolv = pathlib.Path(os.path.realpath("/etc/resolv.conf"))
    mount("-t", "tmpfs", "tmpfs", "/run")
    mount("-t", "tmpfs", "tmpfs", "/var/log")
    pathlib.Path("/run/netns").mkdir()
    pathlib.Path("/run/lab").mkdir(mode=0o755)
    if not resolv.exists():
        resolv.parent.mkdir(parents=True, exist_ok=True)
        resolv.touch()
    ours = pathlib.Path("/run/lab/resolv.conf")
    first = f"nameserver {dead_resolver}\n" if dead_resolver else ""
    ours.write_text(f"{first}nameserver {resolver}\noptions timeout:{patience} attempts:2\n", encoding="utf-8")
    mount("--bind", ours, resolv)
    hosts = pathlib.Path("/run/lab/hosts")
    hosts.write_text("127.0.0.1 localhost\n", encoding="utf-8")
    mount("--bind", hosts, "/etc/hosts")


def has_program(name):
    """Here, or among those that were fetched."""
    places = [EXTRA_ROOT / "root/usr/sbin", EXTRA_ROOT / "root/usr/bin", EXTRA_ROOT / "root/usr/lib/squid"]
    path = os.pathsep.join([*map(str, places), os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/squid"])
    return bool(shutil.which(name, path=path))


def missing_programs():
    """None, or which programs are missing."""
    missing = [name for name in PROGRAMS if not has_program(name)]
    return f"missing: {' '.join(missing)} (see tests/lab/fetch)" if missing else None


# --- Links -------------------------------------------------------------------------

def run(*arguments, ns=None, **keywords):
    """A command in a namespace; its failure ends the run with its own words."""
    command = (["nsenter", f"--net=/run/netns/{ns}"] if ns else []) + [str(word) for word in arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False, **keywords)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip()}")
    return result.stdout


def start(*arguments, ns=None, log=None, **keywords):
    """A program of the run in a namespace; it ends with the run."""
    command = (["nsenter", f"--net=/run/netns/{ns}"] if ns else []) + [str(word) for word in arguments]
    output = open(log, "ab") if log else subprocess.DEVNULL
    return subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, **keywords)


def no_offload(device):
    """Frames as they are on a wire: no segments of 64 KB, no missing checksums."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        # ETHTOOL_SRXCSUM, STXCSUM, SSG, STSO, SUFO, SGSO, SGRO of <linux/ethtool.h>
        for command in (0x15, 0x17, 0x19, 0x1f, 0x22, 0x24, 0x2c):
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP", device.encode(), ctypes.addressof(value))
            try:
                fcntl.ioctl(s, 0x8946, request)  # SIOCETHTOOL
            except OSError:
                pass


def quiet(ns, device):
    """No offload and none of IPv6's own chatter on a device."""
    code = f"import sys; sys.path.insert(0, {str(HERE)!r}); import world; world.no_offload({device!r})"
    run(sys.executable, "-c", code, ns=ns)


def sysctl(ns, **values):
    for name, value in values.items():
        path = "/proc/sys/net/" + name.replace("__", "/")
        try:
            run("sh", "-c", f"echo {value} > {path}", ns=ns)
        except RuntimeError:
            if "ipv6" not in name:
                raise


def build(link, server_addresses):
    """Makes the namespaces and links. server_addresses: those that the internet owns."""
    client, gateway, client6, gateway6 = LINKS[link]
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for ns in ("client", "router", "internet"):
        run("ip", "netns", "add", ns)
        sysctl(ns, ipv6__conf__all__accept_dad=0, ipv6__conf__default__accept_dad=0,
               ipv6__conf__default__router_solicitations=0,
               ipv6__conf__all__accept_ra=0, ipv4__icmp_ratelimit=0, ipv6__icmp__ratelimit=0, ipv4__icmp_ratemask=0)
        run("ip", "link", "set", "lo", "up", ns=ns)
    pairs = (("client", "eth0", None, "lab-client"), ("router", "lan", None, "lab-router"),
             ("router", "wan", "internet", "eth0"))
    for ns, device, peer_ns, peer in pairs:
        run("ip", "link", "add", peer, "type", "veth", "peer", "name", device, "netns", ns)
        if peer_ns:
            run("ip", "link", "set", peer, "netns", peer_ns)
        else:
            sysctl(None, **{f"ipv6__conf__{peer}__disable_ipv6": 1})
        for where, what in ((ns, device), (peer_ns, peer)):
            quiet(where, what)
            run("ip", "link", "set", what, "up", ns=where)

    addresses = (("client", "eth0", client, client6), ("router", "lan", gateway, gateway6),
                 ("router", "wan", "198.18.0.1", "2001:db8:ffff::1"),
                 ("internet", "eth0", "198.18.0.2", "2001:db8:ffff::2"))
    for ns, device, address, address6 in addresses:
        run("ip", "address", "add", f"{address}/{PREFIX_LENGTH}", "dev", device, ns=ns)
        run("ip", "address", "add", f"{address6}/64", "dev", device, "nodad", ns=ns)
    for ns, via, via6 in (("client", gateway, gateway6), ("router", "198.18.0.2", "2001:db8:ffff::2"),
                          ("internet", "198.18.0.1", "2001:db8:ffff::1")):
        run("ip", "route", "add", "default", "via", via, ns=ns)
        run("ip", "-6", "route", "add", "default", "via", via6, ns=ns)
    sysctl("router", ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
    for address in sorted(server_addresses):
        family, length = ("-6", 128) if ":" in address else ("-4", 32)
        run("ip", family, "address", "add", f"{address}/{length}", "dev", "lo",
            *(["nodad"] if ":" in address else []), ns="internet")


def settle_neighbours(link):
    """Address resolution is done before the capture starts, as on any link in use."""
    _client, gateway, _client6, gateway6 = LINKS[link]
    code = ("import socket,sys\n"
            "for f,a in ((socket.AF_INET,sys.argv[1]),(socket.AF_INET6,sys.argv[2])):\n"
            "    s=socket.socket(f,socket.SOCK_DGRAM); s.sendto(b'', (a, 9))\n")
    run(sys.executable, "-c", code, gateway, gateway6, ns="client")
    time.sleep(0.3)


# --- The capture ----------------------------------------------------------------------

class Capture:
    """dumpcap on the client's interface."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.process = start("dumpcap", "-q", "-i", "eth0", "-w", self.path, ns="client", log="/run/lab/dumpcap.log")
        for _ in range(100):
            if self.path.exists() and self.path.stat().st_size:
                break
            time.sleep(0.05)
        else:
            raise RuntimeError("dumpcap does not start: " + pathlib.Path("/run/lab/dumpcap.log").read_text("utf-8"))
        time.sleep(0.2)

    def stop(self):
        time.sleep(0.4)
        self.process.send_signal(2)
        self.process.wait(10)
        self.path.chmod(0o644)
