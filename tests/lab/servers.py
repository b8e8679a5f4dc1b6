# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory's servers: certificates, dnsmasq, nginx, squid, microsocks, gtlsserver and nftables' rules."""

import datetime
import fnmatch
import ipaddress
import json
import pathlib
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import http_requests
import world

LAB = pathlib.Path("/run/lab")
HERE = pathlib.Path(__file__).resolve().parent

# Issuer: organisation, name of the root, name of the one below it. The first is what Microsoft's services show.
ISSUERS = {
    "microsoft": ("Microsoft Corporation", "DigiCert Global Root G2", "Microsoft Azure RSA TLS Issuing CA 04"),
    "contoso": ("Contoso Ltd", "Contoso Root CA", "Contoso Proxy CA"),
    "inspector": ("Example Inspection Inc.", "Example Inspection Root", "Example Inspection Intermediate Root CA (inspect.example)"),
    "antivirus": ("Fabrikam Security", "Fabrikam Web Shield Root", "Fabrikam Web/Mail Shield"),
}


# --- Certificates ---------------------------------------------------------------------

def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(thing):
    if hasattr(thing, "private_bytes"):
        return thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                   serialization.NoEncryption())
    return thing.public_bytes(serialization.Encoding.PEM)


def subject(common, organisation, country="US"):
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, country),
                      x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
                      x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certificate(name, key, issuer, issuer_key, start, end, extensions):
    builder = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


class Authority:
    """A root and an issuer below it; signs a certificate for each name."""

    def __init__(self, which):
        organisation, root, below = ISSUERS[which]
        self.organisation = organisation
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)
        self.now, years = now, datetime.timedelta(days=3650)
        self.root_key, self.key = new_key(), new_key()
        root_owner = "DigiCert Inc" if which == "microsoft" else organisation
        ca = [(x509.BasicConstraints(ca=True, path_length=None), True),
              (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)]

        def identified(key):
            return [*ca, (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)]
        self.root_name, self.name = subject(root, root_owner), subject(below, organisation)
        self.root = certificate(self.root_name, self.root_key, self.root_name, self.root_key,
                                now - years, now + years, identified(self.root_key))
        self.below = certificate(self.name, self.key, self.root_name, self.root_key,
                                 now - years / 2, now + years / 2, identified(self.key))

    def sign(self, name, key, validity):
        """A leaf with its chain; validity is ok, expired or future."""
        day = datetime.timedelta(days=1)
        start, end = {"ok": (-60 * day, 120 * day), "expired": (-400 * day, -35 * day),
                      "future": (20 * day, 380 * day)}[validity]
        leaf = certificate(subject(name, "Microsoft Corporation" if self.organisation.startswith("Micro") else
                                   self.organisation), key, self.name, self.key, self.now + start, self.now + end,
                           [(x509.SubjectAlternativeName([x509.DNSName(name)]), False),
                            (x509.BasicConstraints(ca=False, path_length=None), True),
                            (x509.KeyUsage(True, False, True, False, False, False, False, False, False), True),
                            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
                            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False)])
        return pem(leaf) + pem(self.below)


class Pki:
    """Certificates of a run in LAB/certs, and the bundle of roots that the client trusts."""

    def __init__(self, names, settings):
        self.folder = LAB / "certs"
        self.folder.mkdir()
        self.key = new_key()
        (self.folder / "key.pem").write_bytes(pem(self.key))
        self.authorities = {"microsoft": Authority("microsoft")}
        other = settings.get("issuer", "microsoft")
        if other not in self.authorities:
            self.authorities[other] = Authority(other)
        for name in names:
            spoiled = matches(settings.get("spoil", ["*"]), name)
            authority = self.authorities[other if spoiled else "microsoft"]
            chain = authority.sign(name, self.key, settings.get("validity", "ok") if spoiled else "ok")
            (self.folder / f"{name}.pem").write_bytes(chain)
        (LAB / "trusted-roots.pem").write_bytes(pem(self.authorities["microsoft"].root))
        self.bundle = LAB / "trusted.pem"
        trusted = ["microsoft"] + ([other] if settings.get("trusted") else [])
        self.bundle.write_bytes(b"".join(pem(self.authorities[which].root) for which in trusted))
        if other != "microsoft":
            ca = self.authorities[other]
            (self.folder / "proxy-ca.pem").write_bytes(pem(ca.below) + pem(ca.key) + pem(ca.root))


def matches(patterns, name):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


# --- Names -------------------------------------------------------------------------------

def resolver(site, settings, gateway):
    """dnsmasq on the router, as the variant wants it; or the small odd one for what dnsmasq cannot."""
    kind = settings.get("dns", "dnsmasq")
    if kind == "none":
        return None
    if kind == "silent":
        rules(["udp dport 53 drop", "tcp dport 53 drop"], hook="input")
        return None
    zone = {"names": [[row.name, row.aliases, row.address, row.address6 if settings.get("ipv6") else ""]
                      for row in site], **{key: settings[key] for key in ("nx", "empty", "refuse_types", "fail", "cut", "point", "extra", "quiet")
                                           if key in settings}}
    if kind == "odd" or "refuse_types" in settings or "fail" in settings or "cut" in settings or "quiet" in settings:
            return serve("odd_resolver", [gateway], [sys.executable, HERE / "odd_resolver.py", gateway, json.dumps(zone)],
                     "router", udp=True)
    lines = ["no-resolv", "no-hosts", "no-daemon", "user=root", "bind-interfaces", f"listen-address={gateway}",
             "local-ttl=60", "cache-size=0", "address=/#/"]
    for row in site:
        lines += dns_lines(row, settings)
    for name, address in settings.get("extra", {}).items():
        lines.append(f"host-record={name},{address}")
    path = LAB / "dnsmasq.conf"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return serve("dnsmasq", [gateway], ["dnsmasq", f"--conf-file={path}"], "router", udp=True)


def dns_lines(row, settings):
    if matches(settings.get("nx", []), row.name):
        return []
    if matches(settings.get("empty", []), row.name):
        return [f"txt-record={row.name},"]
    for pattern, address in settings.get("point", {}).items():
        if matches([pattern], row.name):
            return [f"host-record={row.name},{address}"]
    chain = [row.name, *row.aliases]
    address6 = f",{row.address6}" if settings.get("ipv6") and row.address6 else ""
    return [f"host-record={chain[-1]},{row.address}{address6}",
            *(f"cname={name},{target}" for name, target in zip(chain, chain[1:]))]


def serve(name, addresses, command, ns, udp=False, port=None):
    """Starts a server and waits until it listens."""
    process = world.start(*command, ns=ns, log=LAB / f"{name}.log")
    port = port or 53
    for _ in range(200):
        listening = world.run("ss", "-Hln" + ("u" if udp else "t"), f"sport = :{port}", ns=ns)
        if listening.strip():
            return process
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"{name} does not serve: " + (LAB / f"{name}.log").read_text("utf-8", "replace")[-800:])


# --- The web ------------------------------------------------------------------------------------

NGINX = """user root; daemon off; worker_processes 1; pid {lab}/nginx.pid; error_log {lab}/nginx-error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; server_tokens off;
  client_body_temp_path {lab}/body; proxy_temp_path {lab}/proxy; fastcgi_temp_path {lab}/fcgi;
  uwsgi_temp_path {lab}/uwsgi; scgi_temp_path {lab}/scgi;
  keepalive_timeout 900s; client_header_timeout 900s; send_timeout 900s; server_names_hash_bucket_size 128;
  ssl_certificate {lab}/certs/$ssl_server_name.pem; ssl_certificate_key {lab}/certs/key.pem;
  ssl_session_tickets off;
{more}{servers}
}}
"""


def web(site, settings):
    """nginx on every address of the site, one server for each name that has its own manners."""
    asked = list(http_requests.requests(site[0].site, settings)) if settings.get("requests") else []
    (LAB / "page.bin").write_bytes(bytes(range(256)) * 12)
    (LAB / "long.bin").write_bytes(bytes(range(256)) * 16384)
    by_address = {}
    for row in site:
        for address in filter(None, (row.address, row.address6)):
            by_address.setdefault(address, []).append(row)
    for pattern, address in settings.get("point", {}).items() if settings.get("alive") else ():
        by_address.setdefault(address, []).extend(row for row in site if matches([pattern], row.name))
    blocks = [server_block(address, rows, settings, asked) for address, rows in by_address.items()]
    more = http_requests.nginx_maps(asked) if asked else ""
    (LAB / "nginx.conf").write_text(NGINX.format(lab=LAB, servers="\n".join(blocks), more=more), encoding="utf-8")
    return serve("nginx", [], ["nginx", "-c", LAB / "nginx.conf"], "internet", port=443)


def portal(gateway):
    return f"location / {{ return 302 http://{gateway}/login?from=$host; }}"


def server_block(address, rows, settings, asked=()):
    host = f"[{address}]" if ":" in address else address
    names = [row.name for row in rows]
    mine = any(matches(settings.get("where", ["*"]), name) for name in names)
    protocols = settings.get("server_tls", "TLSv1.2 TLSv1.3") if mine else "TLSv1.2 TLSv1.3"
    lines = [f"listen {host}:443 ssl{' http2' if settings.get('requests') else ''}; listen {host}:80;", f"ssl_protocols {protocols};"]
    if asked:
        return "  server { " + " ".join([*lines, http_requests.nginx_server(asked)]) + " }"
    if mine and "server_ciphers" in settings:
        lines.append(f"ssl_ciphers {settings['server_ciphers']};")
    if settings.get("server_idle") and any(row.stage == "register" for row in rows):
        lines.append(f"keepalive_timeout {settings['server_idle']}s;")
    if settings.get("server_life") and any(row.stage == "register" for row in rows):
        lines.append(f"keepalive_time {settings['server_life']}s;")
    if any(matches(settings.get("reject", []), name) for name in names):
        lines.append("ssl_reject_handshake on;")
    place = f"root {LAB}; try_files /page.bin =404;"
    if any(matches(settings.get("mute", []), name) for name in names):
        place = "proxy_pass http://240.0.0.1:9; proxy_connect_timeout 900s;"
    for pattern, status in settings.get("status", {}).items():
        if any(matches([pattern], name) for name in names):
            place = f"return {status};"
    lines += [f"location /long {{ root {LAB}; try_files /long.bin =404; }}", f"location / {{ {place} }}"]
    return "  server { " + " ".join(lines) + " }"


def captive_portal(gateway):
    """nginx on the router: every name leads here, and plain HTTP is redirected to the portal's page."""
    block = (f"  server {{ listen {gateway}:80; location /login {{ root {LAB}; try_files /page.bin =404; }} "
             f"{portal(gateway)} }}")
    (LAB / "portal.conf").write_text(NGINX.format(lab=LAB / "portal", servers=block, more=""), encoding="utf-8")
    (LAB / "portal").mkdir()
    text = (LAB / "portal.conf").read_text("utf-8").replace(f"{LAB}/portal/certs", f"{LAB}/certs")
    (LAB / "portal.conf").write_text(text, encoding="utf-8")
    return serve("portal", [], ["nginx", "-c", LAB / "portal.conf"], "router", port=80)


def wpad(gateway):
    """The page of proxy auto-configuration, from the router."""
    (LAB / "wpad").mkdir()
    (LAB / "wpad.dat").write_text(f'function FindProxyForURL(url, host) {{ return "PROXY {gateway}:3128"; }}\n', encoding="utf-8")
    block = f"  server {{ listen {gateway}:80; location / {{ root {LAB}; try_files /wpad.dat =404; }} }}"
    text = NGINX.format(lab=LAB / "wpad", servers=block, more="").replace(f"{LAB}/wpad/certs", f"{LAB}/certs")
    (LAB / "wpad.conf").write_text(text, encoding="utf-8")
    return serve("wpad", [], ["nginx", "-c", LAB / "wpad.conf"], "router", port=80)


def quic(row):
    """HTTP/3 on a name's address."""
    return serve("gtlsserver", [], ["gtlsserver", "-q", row.address, "443", LAB / "certs/key.pem",
                                    LAB / f"certs/{row.name}.pem"], "internet", udp=True, port=443)


MEDIA_SERVERS = {"emea": "52.114.60.7", "amer": "52.115.120.41", "gcchigh": "52.127.91.20", "personal": "52.114.61.9", "dod": "52.127.71.20"}


def media_server(site, settings):
    """Of the site, or a peer in another network."""
    return settings.get("peer", MEDIA_SERVERS[site])


def media(relays, site, settings):
    """The relay of a site and the media server behind it."""
    call = {key: settings[key] for key in ("refuse", "mute_media", "dscp") if key in settings}
    call["mute"] = call.pop("mute_media", False)
    return serve("calls", [], [sys.executable, "-B", HERE / "calls.py", "serve", ",".join(row.address for row in relays),
                               media_server(site, settings), LAB / f"certs/{relays[0].name}.pem", LAB / "certs/key.pem", json.dumps(call)],
                 "internet", udp=True, port=3479)


# --- Proxies ---------------------------------------------------------------------------------------

PROXY_NAME = "proxy.corp.example"

SQUID = """cache_effective_user proxy
cache_effective_group proxy
pid_filename none
visible_hostname proxy.corp.example
cache deny all
access_log none
cache_log {folder}/cache.log
coredump_dir {folder}
netdb_filename none
pinger_enable off
dns_nameservers {gateway}
shutdown_lifetime 0 seconds
connect_timeout {connect_timeout} seconds
forward_timeout {connect_timeout} seconds
acl SSL_ports port 443
acl CONNECT method CONNECT
{lines}
"""


def squid(settings, gateway):
    """squid on the router: a proxy that clients are told of, or one that takes port 443 unasked."""
    folder = LAB / "squid"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    lines, port = [f"http_port {gateway}:3128"], 3128
    if settings.get("proxy_auth"):
        (folder / "passwords").write_text("alex:$apr1$lab00000$" "\n", encoding="utf-8")
        lines += [f"auth_param basic program {auth_helper(settings['proxy_auth'])}",
                  "auth_param basic realm Contoso proxy", "auth_param basic credentialsttl 2 hours",
                  "acl known proxy_auth REQUIRED"]
    if "proxy_deny" in settings:
        patterns = " ".join(pattern.replace("*.", ".", 1) for pattern in settings["proxy_deny"])
        lines += [f"acl denied dstdomain {patterns}", "http_access deny denied"]
    if "intercept" in settings:
        # security_file_certgen insists on making its own folder.
        world.run("/usr/lib/squid/security_file_certgen", "-c", "-s", folder / "db", "-M", "4MB")
        world.run("chown", "-R", "proxy", folder / "db")
        options = "NO_TLSv1_3" if settings["intercept"] == "1.2" else "NO_SSLv3"
        lines[0] = (f"http_port {gateway}:3128\nhttps_port {gateway}:3130 intercept ssl-bump generate-host-certificates=on "
                    f"dynamic_cert_mem_cache_size=4MB cert={LAB}/certs/proxy-ca.pem options={options}")
        lines += [f"sslcrtd_program /usr/lib/squid/security_file_certgen -s {folder}/db -M 4MB", "sslcrtd_children 2",
                  "acl step1 at_step SslBump1", "ssl_bump peek step1", "ssl_bump bump all",
                  "host_verify_strict off", f"tls_outgoing_options cafile={LAB}/trusted-roots.pem"]
        port = 3130
    lines.append("http_access allow " + ("known" if settings.get("proxy_auth") else "all"))
    (folder / "squid.conf").write_text(
        SQUID.format(folder=folder, gateway=gateway, lines="\n".join(lines),
                     connect_timeout=settings.get("proxy_patience", 60)), encoding="utf-8")
    process = serve("squid", [], ["squid", "-N", "-f", folder / "squid.conf"], "router", port=port)
    if "intercept" in settings:
        rules([f"iifname lan tcp dport 443 dnat ip to {gateway}:3130"], hook="prerouting", kind="nat")
    return process


def auth_helper(kind):
    """A helper of ours for squid's basic authentication: it says OK to all, or ERR to all."""
    path = LAB / "squid/auth"
    path.write_text("#!/bin/sh\nwhile read -r line; do echo " + ("OK" if kind == "once" else "ERR") + "; done\n",
                    encoding="utf-8")
    path.chmod(0o755)
    return path


def http2_proxy(gateway):
    """nghttpx before squid: HTTP/2 over TLS with the client, CONNECT of HTTP/1.1 with squid."""
    return serve("nghttpx", [], ["nghttpx", f"--frontend={gateway},3129", f"--backend={gateway},3128;;proto=http/1.1", "--http2-proxy",
                                 "--workers=1", "--no-ocsp", "--conf=/dev/null", LAB / "certs/key.pem", LAB / f"certs/{PROXY_NAME}.pem"],
                 "router", port=3129)


def socks(gateway, settings):
    """microsocks; with the client's credentials, or others, where it wants some (of a client that may have none: missing)."""
    wanted = settings.get("proxy_auth")
    credentials = ["-u", "alex" if wanted == "once" else "sam", "-P", "secret"] if wanted else []
    return serve("microsocks", [], ["microsocks", "-i", gateway, "-p", "1080", *credentials], "router", port=1080)


def odd_proxy(gateway, settings):
    """A proxy that answers every CONNECT, or those for some names, with one status."""
    return serve("odd_proxy", [], [sys.executable, HERE / "odd_proxy.py", gateway, settings["proxy_status"],
                                   *settings.get("where", ["*"])], "router", port=3128)


# --- Rules of the router ---------------------------------------------------------------------------------

def rules(lines, hook="forward", kind="filter", ns="router"):
    priority = "dstnat" if kind == "nat" else "filter"
    policy = f"table inet lab_{hook} {{\nchain {hook} {{\ntype {kind} hook {hook} priority {priority}; policy accept;\n" \
             + "\n".join(lines) + "\n}\n}\n"
    path = LAB / f"nft-{hook}"
    path.write_text(policy, encoding="utf-8")
    world.run("nft", "-f", path, ns=ns)


VERDICTS = {"drop": "drop", "admin": "reject with icmpx type admin-prohibited", "rst": "reject with tcp reset",
            "unreachable": "reject with icmpx type host-unreachable", "port": "reject with icmpx type port-unreachable"}


def router(site, settings):
    """nftables on the router: what is dropped or refused, by name, family and transport."""
    lines = []
    for key, verdict in VERDICTS.items():
        for transport in ("tcp", "udp"):
            for family, suffix in (("ip", ""), ("ip6", "6")):
                for entry in settings.get(f"{key}_{transport}{suffix}", []):
                    lines += rule(site, settings, entry, family, transport, verdict)
    if "strip_dscp" in settings:
        lines.append("ip dscp set cs0")
    if lines:
        rules(lines)
    held = [row.address for row in site if matches(settings.get("hold_host", []), row.name)]
    if held:
        # What a proxy on the router sends there is lost: it waits, and so does its client.
        rules([f"ip daddr {{ {', '.join(held)} }} tcp dport 443 drop"], hook="output")
    deaf = [row.address for row in site if matches(settings.get("deaf_tcp", []), row.name)]
    if deaf:
        # The capture sees what the client's own filter then drops.
        rules([f"ip saddr {{ {', '.join(deaf)} }} tcp flags & (syn | ack) == syn | ack drop"], hook="input", ns="client")


def rule(site, settings, entry, family, transport, verdict):
    """entry is a pattern of names, and ports after a colon (443 by default)."""
    pattern, _, ports = entry.partition(":")
    ports = ports.replace("+", ", ") or "443"
    version = 4 if family == "ip" else 6
    found = set(MEDIA_SERVERS.values()) if pattern == "media-server" else set()
    found |= {address for row in site if matches([pattern], row.name) for address in (row.address, row.address6) if address}
    found |= {address for key, address in settings.get("point", {}).items() if key == pattern}
    found = [a for a in sorted(found) if ipaddress.ip_address(a).version == version]
    match = f"iifname lan {transport} dport {{ {ports} }} "
    if pattern != "*":
        if not found:
            return []
        match += f"{family} daddr {{ {', '.join(found)} }} "
    else:
        match += f"meta nfproto ipv{version} "
    return [match + verdict]
