# SPDX-License-Identifier: GPL-2.0-or-later
"""The profile "Teams": it parses on this version of Wireshark, its colours win where they should and can be read."""

import itertools
import re
import sys

import pytest

import harness
import interface
import profile_files

sys.path.insert(0, str(harness.ROOT / "docs/generate"))
import tables  # noqa: E402  (beside the documentation that it is for)

# A frame whose text is read on a rule's colour needs this contrast (WCAG 2.1, 1.4.6, level AAA).
CONTRAST_MIN = 7.0
# Two colours that differ by less (CIE 1976 Delta E) are taken for one at a glance; 2.3 is just noticeable.
DIFFERENCE_MIN = 10.0
# What a window shows where no rule applies, in Qt's light and dark themes.
THEMES = {"light": (1.0, 1.0, 1.0), "dark": (0.12, 0.12, 0.12)}

# How colour-blind people see linear RGB, complete deficiency (Machado, Oliveira and Fernandes 2009, table 1).
VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def run(args, profile="Teams"):
    command = harness.command_line(args, profile, None)
    return harness.run(command, plugins=harness.loaded_plugins(harness.stage_dir()), profile=profile)


def with_profile(*args):
    """tshark with the profile: its standard output; it must have nothing to complain of."""
    result = run(args)
    assert result.returncode == 0 and not result.stderr, result.stderr
    return result.stdout


def complaint(expression, profile=None):
    """What tshark says against a display filter, "" where it takes it."""
    result = run(["-r", harness.bundled("article-signin-2017.pcap"), "-c", "1", "-Y", expression], profile)
    return result.stderr if result.returncode or result.stderr else ""


# --- Its colours win where they should -------------------------------------------

# A capture and frames of it by stock's fields -> the rule that has to colour them.
WINS = [
    ("article-2017.pcapng", 'dns.qry.name == "login.microsoftonline.com"', "sign-in"),
    ("article-2017.pcapng", 'tls.handshake.extensions_server_name == "teams.microsoft.com"', "sign-in"),
    ("article-2017.pcapng", 'dns.qry.name == "webdir.online.lync.com"', "sign-in"),
    ("article-2017.pcapng", 'dns.qry.name == "amer-client-ss.msg.skype.com"', "chat and sync"),
    ("article-2017.pcapng", 'dns.qry.name == "us-api.asm.skype.com"', "chat and sync"),
    ("article-2017.pcapng", 'dns.qry.name == "api.cc.skype.com"', "signalling"),
    ("article-2017.pcapng", 'dns.qry.name == "pipe.cloudapp.aria.akadns.net"', "telemetry and rest"),
    ("article-2017.pcapng", "stun.type == 0x0003 && ip.dst == 52.112.193.10", "allocation and relay"),
    ("article-2017.pcapng", "stun.type == 0x0103", "allocation and relay"),
    ("article-2017.pcapng", "stun.type == 0x0001", "connectivity check"),
    ("article-2017.pcapng", "rtp.p_type == 104", "audio"),
    ("article-2017.pcapng", "rtp.p_type == 122", "video"),
    ("article-2017.pcapng", "rtp.p_type == 127", "sharing and data"),
    ("flightproxy.pcap", "udp.srcport == 3478", "signalling"),
    ("diagnostics/d01-nxdomain-required.pcap", 'dns.flags.rcode == 3 && dns.qry.name == "teams.microsoft.com"', "problem"),
    ("diagnostics/d21-sip-all.pcap", 'dns.qry.name == "sip2.pstnhub.microsoft.com"', "signalling"),
    ("diagnostics/d21-sip-all.pcap", 'dns.qry.name == "sip-all.pstnhub.microsoft.com" && dns.flags.response == 0',
     "problem"),
    ("modern-signin.pcap", 'dns.qry.name == "euaz.relay.teams.microsoft.com"', "allocation and relay"),
    ("diagnostics/d01-nxdomain-required.pcap", 'dns.qry.name == "www.example.org"', ""),
]


@pytest.mark.parametrize("capture, frames, rule", WINS)
def test_rule_wins(capture, frames, rule):
    listing = with_profile("--color", "-r", harness.bundled(capture), "-Y", frames,
                           "-T", "fields", "-e", "frame.coloring_rule.name").splitlines()
    assert listing, "no such frame"
    assert set(listing) == {f"Teams: {rule}" if rule else ""}


def test_every_rule_has_to_win_somewhere():
    assert {rule.name for rule in profile_files.colour_rules()} == {f"Teams: {rule}" for _, _, rule in WINS if rule}


# --- It parses -----------------------------------------------------------------

def test_whole_profile_loads_without_a_word():
    with_profile("--color", "-r", harness.bundled("article-signin-2017.pcap"))


@pytest.mark.parametrize("rule", profile_files.colour_rules(), ids=lambda rule: rule.name)
def test_colour_rule_parses(rule):
    assert complaint(rule.filter) == ""


@pytest.mark.parametrize("label, expression", profile_files.buttons().items())
def test_button_parses(label, expression):
    assert complaint(expression) == "", label


@pytest.mark.parametrize("name, expression", profile_files.named_filters().items())
def test_named_filter_parses(name, expression):
    assert complaint(expression) == "", name


# How each macro is called, with what it then stands for.
MACRO_CALLS = {
    "teams_call": ("${teams_call:1}", "teams.call == 1"),
    "teams_flow": ("${teams_flow:1}", "teams.flow == 1"),
    "teams_signin": ("${teams_signin:1}", "teams.signin == 1"),
    "teams_with": ("${teams_with:192.0.2.1}", "teams && ip.addr == 192.0.2.1"),
    "teams_service": ('${teams_service:"chat"}', 'teams.service == "chat" || teams_dns.service == "chat"'),
    "teams_slower": ("${teams_slower:0.1}", "dns.time > 0.1 || ms_turn.response_time > 0.1 || teams_stun.response_time > 0.1"),
}


def macros():
    """The macros in the spelling of the file that the running version reads."""
    old = dict(profile_files.uat("dfilter_macros"))
    assert old == profile_files.named_filters("dmacros"), "dmacros and dfilter_macros say different things"
    return old


def test_macros_are_all_listed_here():
    assert set(macros()) == set(MACRO_CALLS)


@pytest.mark.parametrize("name", MACRO_CALLS)
def test_macro_parses(name):
    call, _ = MACRO_CALLS[name]
    assert complaint(call, "Teams") == ""


@pytest.mark.parametrize("name", MACRO_CALLS)
def test_macro_stands_for(name):
    call, meaning = MACRO_CALLS[name]
    arguments = re.search(":(.*)}", call)[1].split(";")
    assert re.sub(r"\$(\d)", lambda match: arguments[int(match[1]) - 1], macros()[name]) == meaning


@pytest.mark.parametrize("record", profile_files.uat("io_graphs"), ids=lambda record: record[1])
def test_graph_is_one_that_every_version_draws(record):
    enabled, _, expression, colour, style, axis, field, average, factor = record
    assert enabled in ("Enabled", "Disabled") and re.fullmatch("#[0-9a-f]{6}", colour)
    assert style in ("Line", "Impulse", "Bar", "Stacked Bar", "Dot", "Square", "Diamond", "Cross", "Circle", "Plus")
    assert axis in ("Packets", "Bytes", "Bits") or axis.endswith("(Y Field)")
    assert bool(field) == axis.endswith("(Y Field)") and average == "None"
    # A field of seconds is drawn in milliseconds, as its name says; everything else as it is.
    assert factor == ("1000" if field == "teams_stun.response_time" else "1")
    assert complaint(expression) == ""
    assert not field or complaint(field) == ""


@pytest.mark.parametrize("record", profile_files.uat("plots"), ids=lambda record: record[2])
def test_plot_is_one_that_is_read(record):
    """Wireshark 4.6 takes TRUE here where I/O graphs have "Enabled", and passes over a whole file with a row that it cannot read."""
    enabled, group, name, expression, colour, style, field, factor = record
    assert enabled == "TRUE" and group.isdecimal() and re.fullmatch("#[0-9a-f]{6}", colour) and style in ("Dot", "Diamond")
    assert name.endswith(", ms") and factor == ("1000" if field == "teams_stun.response_time" else "1")
    assert complaint(expression) == "" and complaint(field) == ""


def test_columns_show_registered_fields():
    shown = profile_files.column_fields()
    assert shown == ["teams.name", "teams.modality"]
    assert set(shown) <= set(interface.registered())


# What a screen of 1280 pixels leaves to the columns, and what Info needs of it to be read.
SCREEN_WIDTH, INFO_WIDTH = 1230, 300


def test_info_is_in_sight_on_a_small_screen():
    """Each column has its width, custom ones under the names that releases write; a letter of 15 points has 12 pixels."""
    widths = profile_files.column_widths()
    formats = [re.sub(r":0:R$", "", column) for column in profile_files.columns().values()]
    assert set(formats) <= set(widths)
    assert sum(widths[column] for column in formats[:-1]) <= SCREEN_WIDTH - INFO_WIDTH
    for column, words in (("%p", "MS-TURN"), ("%s", "192.168.100.20"), ("%t", "61.100000"), ("%m", "86050")):
        assert widths[column] >= 12 * len(words) + 10, column


def test_columns_are_those_of_tshark_too():
    line = with_profile("-r", harness.bundled("article-signin-2017.pcap"), "-Y", 'dns.qry.name == "login.microsoftonline.com"', "-T", "tabs").splitlines()[0]
    shown = [text.strip() for text in line.split("\t")]
    shown.remove("→")       # between source and destination
    assert dict(zip(profile_files.columns(), shown))["Name or medium"] == "login.microsoftonline.com"
    assert len(shown) == len(profile_files.columns())


def test_addresses_show_what_the_capture_resolved():
    """As with -N nd: names out of the capture, and none out of the system's resolver."""
    assert profile_files.preferences()["nameres.use_external_name_resolver"] == "FALSE"
    program, _, *args = harness.command_line(["-r", harness.bundled("article-signin-2017.pcap"), "-T", "fields",
                                              "-e", "_ws.col.Destination"], "Teams", None)
    result = harness.run([program, *args], plugins=harness.loaded_plugins(harness.stage_dir()), profile="Teams")
    assert "s-0001.s-msedge.net" in result.stdout.split()


def test_problems_have_the_first_colour_and_a_button():
    assert profile_files.colour_rules()[0].filter == "teams.problem"
    assert profile_files.buttons()["Problems"] == "teams.problem"


@pytest.mark.parametrize("capture", ["article-2017.pcapng", "ice-broken-checks.pcap", "ms-turn/lengths.pcap", "diagnostics/d03-servfail-refused.pcap",
                                     "diagnostics/d04-sinkhole.pcap", "ice-consent-lost.pcap", "address-hints.pcap"])
def test_problems_are_our_warnings_and_errors(capture):
    """Also on frames that are no part of a session, and in every mode the same."""
    ours = " || ".join(row.filter for row in tables.all_diagnostics() if row.severity in ("warning", "error"))
    fields = ("-T", "fields", "-e", "frame.number")
    expected = harness.tshark("-r", harness.bundled(capture), "-Y", ours, *fields)
    assert harness.tshark("-r", harness.bundled(capture), "-Y", "teams.problem", *fields) == expected
    if expected:
        harness.assert_same_in_all_modes(harness.bundled(capture), ["teams.problem"], "teams.problem")


# --- Its colours can be read ---------------------------------------------------

def linear(colour):
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in colour]


def product(matrix, vector):
    return [min(1.0, max(0.0, sum(a * b for a, b in zip(row, vector)))) for row in matrix]


def luminance(colour):
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear(colour)))


def contrast(one, other):
    """WCAG 2.1 contrast ratio of two sRGB colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def lab(colour, vision):
    """CIE L*a*b* (D65) of an sRGB colour as somebody with this vision sees it."""
    red, green, blue = product(VISION[vision], linear(colour))
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def difference(one, other, vision):
    return sum((a - b) ** 2 for a, b in zip(lab(one, vision), lab(other, vision))) ** 0.5


def test_contrast_of_known_colours():
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert contrast((0x77 / 255,) * 3, (1, 1, 1)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("rule", profile_files.colour_rules(), ids=lambda rule: rule.name)
def test_text_stands_out_from_its_background(rule):
    assert contrast(rule.text, rule.background) >= CONTRAST_MIN


@pytest.mark.parametrize("vision", VISION)
def test_rules_look_different_to_everybody(vision):
    for one, other in itertools.combinations(profile_files.colour_rules(), 2):
        assert difference(one.background, other.background, vision) >= DIFFERENCE_MIN, f"{one.name}, {other.name}"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISION)
def test_coloured_rows_look_different_from_others(vision, theme):
    for rule in profile_files.colour_rules():
        assert difference(rule.background, THEMES[theme], vision) >= DIFFERENCE_MIN, rule.name
