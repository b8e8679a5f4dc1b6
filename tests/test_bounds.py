# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/bounds.md has the numbers of the code, and beyond a bound nothing fails."""

import re
import struct
import sys

import pytest

import harness

sys.path.insert(0, str(harness.ROOT / "test-captures/generate"))
sys.path.insert(0, str(harness.ROOT / "tests/bench"))
import captures  # noqa: E402  pylint: disable=wrong-import-position
import stun      # noqa: E402  pylint: disable=wrong-import-position

ROW = re.compile(r"^\| [^|]+ \| ([\d,]+) \| `([^`]+)` (\w+) \| [^|]+ \|$", re.MULTILINE)
ROWS = ROW.findall((harness.ROOT / "docs/bounds.md").read_text(encoding="utf-8"))
CLIENT, RELAY, RESOLVER = ("192.0.2.10", 50010), ("52.114.7.7", 3478), ("192.0.2.53", 53)


def test_the_table_is_read():
    assert len(ROWS) == 32


@pytest.mark.parametrize("number, path, name", ROWS)
def test_a_bound_is_what_the_document_says(number, path, name):
    code = (harness.ROOT / "plugins" / path).read_text(encoding="utf-8")
    assert re.findall(rf"#define {name}\s+(\d+)\b", code) == [number.replace(",", "")]


@pytest.fixture(name="capture")
def writer(tmp_path):
    return lambda packets: harness.readable(captures.write(tmp_path / "bounds.pcap", iter(packets), 1000))


def values(path, *names):
    return harness.fields(path, names)


def nested(depth):
    """A check in so many multiplexed frames, each of a session of its own."""
    message = stun.message(stun.BINDING_REQUEST, stun.transaction(1), [(stun.USERNAME, b"Re2y:Lo1x"), (stun.IMPLEMENTATION_VERSION, stun.u32(7))])
    for session in range(depth):
        message = stun.multiplexed(session + 1, message)
    return captures.udp(CLIENT, RELAY, message)


@pytest.mark.parametrize("depth, shown, too_deep", [(4, 4, False), (5, 5, True), (6, 5, True), (40, 5, True)])
def test_depth(capture, depth, shown, too_deep):
    frame, = values(capture([nested(depth)]), "ms_turn.mux.session_id", "ms_turn.nested_deeply", "teams_stun.ufrag.remote")
    assert len(frame["ms_turn.mux.session_id"]) == shown
    assert bool(frame["ms_turn.nested_deeply"]) == too_deep
    assert bool(frame["teams_stun.ufrag.remote"]) == (not too_deep)


CHECK = stun.message(stun.BINDING_REQUEST, stun.transaction(1), [(stun.USERNAME, b"Re2y:Lo1x"), (stun.IMPLEMENTATION_VERSION, stun.u32(7))])


@pytest.mark.parametrize("frame, field", [
    (stun.control_frame(CHECK), "ms_turn.frame.type"), (stun.rfc4571(CHECK), "teams_stun.ufrag.remote"),
    (stun.data_frame(stun.rtp(104, 1, 320, 7, bytes(20))), "ms_turn.frame.type")], ids=["control", "RFC 4571", "data"])
@pytest.mark.parametrize("count", [20, 700])
def test_messages_of_a_segment(capture, frame, field, count):
    """As many as there is room for, though Wireshark counts the layers of all of them; of a few all layers are kept."""
    here, there = (CLIENT[0], 50443), ("52.114.7.7", 443) if field == "ms_turn.frame.type" else ("192.0.2.99", 50012)
    start = stun.turn(stun.ALLOCATE_REQUEST, stun.transaction(2), [(stun.MS_VERSION, stun.u32(6))])
    first = frame if frame == stun.rfc4571(CHECK) else stun.control_frame(start)
    packets = [captures.tcp(here, there, (0, 0), 0x02), captures.tcp(there, here, (0, 1), 0x12), captures.tcp(here, there, (1, 1), 0x18, first),
               captures.tcp(here, there, (1 + len(first), 1), 0x18, frame * count)]
    last = values(capture(packets), field, "frame.protocols")[-1]
    layers = last["frame.protocols"][0].split(":")
    assert len(last[field]) == count
    assert len(layers) > 20 if count == 20 else len(layers) < 128 + 10


@pytest.mark.parametrize("count", [1, 20, 600])
@pytest.mark.parametrize("tcp", [False, True])
def test_attributes_of_data_in_a_message(capture, tcp, count):
    """Each is a message of its own, whose layers Wireshark counts, too."""
    message = stun.turn(stun.DATA_INDICATION, stun.transaction(2), [
        (stun.MS_VERSION, stun.u32(6)), (stun.REMOTE_ADDRESS, stun.address("198.51.100.7", 50000)), *[(stun.DATA, CHECK)] * count])
    here, there = (CLIENT[0], 50443), ("52.114.7.7", 443)
    packets = [captures.udp(RELAY, CLIENT, message)] if not tcp else [
        captures.tcp(here, there, (0, 0), 0x02), captures.tcp(there, here, (0, 1), 0x12), captures.tcp(there, here, (1, 1), 0x18, stun.control_frame(message))]
    assert len(values(capture(packets), "teams_stun.ufrag.remote")[-1]["teams_stun.ufrag.remote"]) == count


def answer(names):
    """An answer whose first name is Teams', each an alias of the one before."""
    records = b""
    for owner, target in zip(names, names[1:]):
        data = captures.labels(target)
        records += captures.labels(owner) + struct.pack("!HHIH", 5, 1, 60, len(data)) + data
    head = struct.pack("!HHHHHH", 7, 0x8180, 1, len(names) - 1, 0, 0)
    return captures.udp(RESOLVER, CLIENT, head + captures.labels(names[0]) + b"\0\x01\0\x01" + records)


@pytest.mark.parametrize("aliases, length", [(30, 31), (31, 32), (32, 32), (100, 32)])
def test_chain(capture, aliases, length):
    names = ["teams.microsoft.com", *(f"l{number}.trafficmanager.net" for number in range(aliases))]
    frame, = values(capture([answer(names)]), "teams_dns.chain.length")
    assert {int(value) for value in frame["teams_dns.chain.length"]} == {length}


@pytest.mark.parametrize("label, product", [(227, "teams"), (233, "teams"), (234, None)])
def test_length_of_a_name(capture, label, product):
    """253 characters are a name; a server name of 254 is none, whatever it ends in."""
    head = ("x" * 60 + ".") * 3
    name = head + "y" * (label - len(head)) + ".teams.microsoft.com"
    assert (len(name) <= 253) == (product is not None)
    connection = list(captures.tls_connection(1, name, 0))
    found = [frame["teams_dns.product"] for frame in values(capture(connection), "teams_dns.product") if frame["teams_dns.product"]]
    assert found == ([[product]] if product else [])


def test_attributes_as_many_as_there_is_room_for(capture):
    attributes = [(stun.MS_VERSION, stun.u32(6)), *[(0x8FFF, b"")] * 15000]
    frame, = values(capture([captures.udp(CLIENT, RELAY, stun.turn(stun.ALLOCATE_REQUEST, stun.transaction(1, None), attributes))]), "ms_turn.attr.type")
    assert len(frame["ms_turn.attr.type"]) == 15002


# --- what is read of DNS ---

OWNER = b"\xc0\x0c"
NAME = "worldaz.tr.teams.microsoft.com"


def answer_of(*records):
    """A response about NAME with these (type, data), and the question before it."""
    number, here, there = 7, (CLIENT[0], 50053), RESOLVER
    asked = captures.labels(NAME) + b"\0\x01\0\x01"
    body = b"".join(OWNER + struct.pack("!HHIH", kind, 1, 60, len(data)) + data for kind, data in records)
    return [captures.udp(here, there, struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + asked),
            captures.udp(there, here, struct.pack("!HHHHHH", number, 0x8180, 1, len(records), 0, 0) + asked + body)]


def address_record(number):
    return 1, bytes([52, 112, number // 256, number % 256])


@pytest.mark.parametrize("given, shown", [(63, 63), (64, 64), (65, 64), (120, 64)])
def test_addresses_of_an_answer(capture, given, shown):
    rows = values(capture(answer_of(*map(address_record, range(given)))), "teams_dns.address")
    assert len(rows[1]["teams_dns.address"]) == shown


@pytest.mark.parametrize("before, shown", [(127, ["52.112.0.9"]), (128, [])])
def test_records_of_an_answer(capture, before, shown):
    text = (16, b"\x04text")
    rows = values(capture(answer_of(*[text] * before, address_record(9))), "teams_dns.address")
    assert rows[1]["teams_dns.address"] == shown


@pytest.mark.parametrize("sent, answered, matched", [(1, 1, True), (2, 1, True), (3, 2, True), (8, 1, True), (9, 1, False), (9, 2, True), (20, 12, False), (20, 13, True)])
def test_sendings_of_a_question(capture, sent, answered, matched):
    """The answer to one of several sendings is matched with it as long as it is one of the latest."""
    name = "teams.microsoft.com"
    packets = [captures.dns(number, name) for number in range(1, sent + 1)] + [captures.dns(answered, name, "52.113.194.132")]
    rows = values(capture(packets), "teams.dns_time")
    assert [bool(row["teams.dns_time"]) for row in rows] == [False] * sent + [matched]


@pytest.mark.parametrize("given, shown", [(64, 64), (65, 64), (90, 64)])
def test_messages_in_a_frame(capture, given, shown):
    """Questions over TCP, all in one segment."""
    questions = b"".join(
        struct.pack("!H", len(question)) + question for question in
        (struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + captures.labels(NAME) + b"\0\x01\0\x01" for number in range(given)))
    rows = values(capture([captures.tcp((CLIENT[0], 50053), RESOLVER, (1, 1), 0x18, questions)]), "teams_dns.name")
    assert rows[0]["teams_dns.name"] == [NAME] * shown
