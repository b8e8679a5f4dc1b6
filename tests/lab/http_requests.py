# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests of a sign-in by path, and how the servers answer them: requests.csv, and what the row of the catalogue changes of it.

The client is curl with a key log, which goes into the capture. A request that is asked
several times has its number in the query, so that nginx can answer each in its own way.
"""

import csv
import dataclasses
import fnmatch

import catalogue

# What the catalogue calls an answer: status and headers. {identity} is a page of the site's identity host.
BEARER = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="{}"'
ANSWERS = {
    "claims": ("401", {"WWW-Authenticate": BEARER.format("insufficient_claims") + ', claims="eyJ4Ijp7fX0="'}),
    "policy": ("403", {"WWW-Authenticate": BEARER.format("insufficient_claims")}),
    "throttled": ("429", {"Retry-After": "30"}),
    "busy": ("503", {"Retry-After": "120"}),
    "to-identity": ("302", {"Location": "{identity}"}),
    "relative": ("302", {"Location": "/common/reprocess?ctx=x"}),
}
HEADERS = ("WWW-Authenticate", "Retry-After", "Location")
REGIONS = {"emea": "emea", "amer": "amer", "gcchigh": "gcch"}
AUTHORIZE = "/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/oauth2/v2.0/authorize"


@dataclasses.dataclass(frozen=True)
class Request:
    name: str
    method: str
    uri: str            # with the number
    status: str
    headers: tuple      # values in the order of HEADERS, "" where there is none
    body: str


def _answer(word, identity):
    """A status, or a word of ANSWERS."""
    status, headers = ANSWERS.get(word, (word, {}))
    return status, tuple(headers.get(header, "").format(identity=identity) for header in HEADERS)


def _found(changes, path):
    """The value of the pattern that fits the path."""
    return next((value for pattern, value in changes.items() if fnmatch.fnmatch(path, pattern)), None)


def _body(path, site):
    if "authz" in path:
        return f'{{"tokens":{{"skypeToken":"x"}},"region":"{REGIONS[site]}","partition":"{REGIONS[site]}01"}}'
    return "{}"


def _requests_of(line, site, settings, identity):
    """One row of requests.csv as often as the catalogue wants it: "answer" for all, "first" for the first one alone."""
    answer, first = (_found(settings.get(key, {}), line["path"]) for key in ("answer", "first"))
    for n in range(int(_found(settings.get("repeat", {}), line["path"]) or 1)):
        status, headers = _answer(first if first and n == 0 else answer or "200", identity)
        yield Request(line["name"], line["method"], f"{line['path']}?n={n}", status, headers, _body(line["path"], site))


def requests(site, settings):
    """In order. The rounds of "loop" ask rows that repeat by turns: a redirect leads to the next host."""
    identity_host = next(name.name for name in catalogue.NAMES if name.site == site and name.stage == "identity")
    identity = f"https://{identity_host}{AUTHORIZE}?client_id=5e3ce6c0"
    with open(catalogue.HERE / "requests.csv", encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(row for row in file if not row.startswith("#")) if line["site"] == site]
    queues = [list(_requests_of(line, site, settings, identity)) for line in lines]
    if "until" in settings:
        queues = queues[:settings["until"]]
    for round_number in range(max(map(len, queues))):
        yield from (queue[round_number] for queue in queues if round_number < len(queue))


def _map(variable, pairs, default):
    lines = "".join(f'  "{key}" \'{value}\';\n' for key, value in pairs)
    return f'map "$ssl_server_name $request_method $request_uri" ${variable} {{\n  default "{default}";\n{lines}}}\n'


def nginx_maps(asked):
    """For the http block: what is answered to each request."""
    keyed = [(f"{r.name} {r.method} {r.uri}", r) for r in asked]
    out = "map_hash_bucket_size 1024; map_hash_max_size 4096;\n"
    out += _map("lab_status", [(key, r.status) for key, r in keyed], "404") + _map("lab_body", [(key, r.body) for key, r in keyed], "")
    for n, header in enumerate(HEADERS):
        variable = "lab_" + header.lower().replace("-", "_")
        out += _map(variable, [(key, r.headers[n]) for key, r in keyed if r.headers[n]], "")
    return out


def nginx_server(asked):
    """For each server block."""
    headers = "".join(f"add_header {header} $lab_{header.lower().replace('-', '_')} always; " for header in HEADERS if header != "Location")
    out = ""
    for status in sorted({r.status for r in asked} | {"404"}):
        answer = f"{status} $lab_location" if status == "302" else f"{status} $lab_body"
        out += f"if ($lab_status = {status}) {{ return {answer}; }} "
    return f"default_type application/json; {headers}{out}"


def curl_words(asked, patience):
    """One curl, which keeps its connections, as a browser does."""
    words = []
    for r in asked:
        words += ["--next"] if words else []
        words += ["-sS", "-o", "/dev/null", "-m", str(patience), "-X", r.method]
        words += ["-H", "Content-Type: application/json", "-d", "{}"] if r.method == "POST" else []
        words.append(f"https://{r.name}{r.uri}")
    return words
