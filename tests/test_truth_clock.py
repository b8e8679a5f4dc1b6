# SPDX-License-Identifier: GPL-2.0-or-later
"""Times of a capture that go back, go forward, stand still or are coarse: what happened is told as with the right ones."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from harness import bundled, report, shared, tshark, workspace
from truncate import frames, written

HOUR = 3600


def folder():
    path = pathlib.Path(tempfile.mkdtemp(dir=workspace()))
    path.chmod(0o755)
    return path


def as_pcap(path):
    if path.suffix == ".pcap":
        return path
    editcap = shutil.which("editcap") or pytest.skip("editcap is not installed")
    to = folder() / "capture.pcap"
    subprocess.run([editcap, "-F", "pcap", path, to], check=True)
    return to


def changed(path, change):
    """change is given number and time, in seconds, of each frame, and the number of frames; it returns the new time."""
    read = list(frames(as_pcap(path).read_bytes()))
    times = [change(n, seconds + micros / 1e6, len(read)) for n, (seconds, micros, _) in enumerate(read)]
    return written(folder(), [(int(time), round(time % 1 * 1e6) % 1000000, data) for time, (_, _, data) in zip(times, read)])


CHANGES = {
    "back": lambda n, time, count: time - HOUR * (n >= count // 2),
    "back by 20 s": lambda n, time, count: time - 20 * (n >= count // 2),
    "back twice": lambda n, time, count: time - HOUR * (n >= count // 3) - HOUR * (n >= count // 2),
    "one stray frame": lambda n, time, count: time - HOUR * (n == count // 2),
    "back and forward": lambda n, time, count: time - HOUR * (count // 3 <= n < count // 2),
}
CAPTURES = [lambda: shared("failures/00-control.pcapng"), lambda: shared("teams/teams-signin-and-call.pcapng"),
            lambda: bundled("sessions/callers-relayed.pcap"), lambda: bundled("article-signin-2017.pcap")]


def told(path, *mode):
    """What the summary says, without what a clock that stands still takes away from a duration: at most the step's own time."""
    data = json.loads(tshark(*mode, "-q", "-r", str(path), "-z", "teams,summary,json"))
    return ([(row["kind"], row["verdict_code"], row["severity"], row["path"], sorted(problem["code"] for problem in row["problems"]))
             for row in data["summary"]], [row["duration"] for row in data["summary"]], data["reports"][0]["steps_back"])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("number", range(len(CAPTURES)))
def test_times_that_go_back(number, change):
    path = CAPTURES[number]()
    right, durations, none = told(path)
    found, shown, steps = told(changed(path, CHANGES[change]))
    assert found == right and none == 0 and steps == (2 if change == "back twice" else 1)
    for duration, really in zip(shown, durations):
        assert duration is None or abs(duration - really) < 1


def test_the_report_says_so_and_dates_are_those_of_the_capture():
    """Half of the capture is an hour earlier: a call that begins there has its own date."""
    path = bundled("sessions/call-after-call.pcap")
    *before, second = json.loads(report(path, "teams,calls,json"))["calls"]
    at = second["first_frame"] - 1
    back = changed(path, lambda n, time, count: time - HOUR * (n >= at))
    text = " ".join(report(back, "teams,calls").split())
    assert f"at frame {at + 1}: durations are counted without that step." in text and "Times go back by 3600 s" in text
    calls = json.loads(report(back, "teams,calls,json"))["calls"]
    assert [call["start"] for call in calls] == [call["start"] for call in before] + [second["start"].replace(*hours(second["start"]))]
    assert "Times go back" not in report(path, "teams,calls")


def hours(date):
    """"T11:" and "T10:"."""
    hour = int(date[11:13])
    return f"T{hour:02}:", f"T{hour - 1:02}:"


def test_one_pass_is_as_two():
    back = changed(bundled("sessions/callers-relayed.pcap"), CHANGES["one stray frame"])
    assert told(back) == told(back, "-2")


@pytest.mark.parametrize("number", range(len(CAPTURES)))
def test_times_that_stand_still(number):
    """All at the epoch, as of tools that write no time: what happened in which order is known all the same."""
    path = CAPTURES[number]()
    found, _, steps = told(changed(path, lambda n, time, count: 0.0))
    right = told(path)[0]
    assert [(kind, code, where) for kind, code, _, where, _ in found] == [(kind, code, where) for kind, code, _, where, _ in right]
    assert steps == 0 and all(set(row[4]) <= set(old[4]) for row, old in zip(found, right)), "nothing is told that the right times do not tell"


@pytest.mark.parametrize("number", range(len(CAPTURES)))
def test_times_of_whole_seconds(number):
    path = CAPTURES[number]()
    found, _, _ = told(changed(path, lambda n, time, count: float(int(time))))
    assert [row[:3] for row in found if row[2] == "broken"] == []


def test_a_clock_that_goes_forward_is_believed():
    """Nobody can tell it from silence: two calls of the right length, with 30 seconds between them, and none of an hour."""
    path = shared("failures/00-control.pcapng")
    found, durations, steps = told(changed(path, lambda n, time, count: time + HOUR * (n >= count // 2)))
    assert steps == 0 and {row[2] for row in found} == {"OK"} and all(duration is None or duration < 16 for duration in durations)


FORWARD = [("dns.flags.response == 1", True), ("tcp.flags.syn == 1 && tcp.flags.ack == 1", True), ("tcp.analysis.acks_frame && tcp.len == 0 && tcp.flags.syn == 0", False),
           ("dns.flags.response == 0", False), ("tcp.flags.syn == 1 && tcp.flags.ack == 0", False), ("tls.app_data", False)]


@pytest.mark.parametrize("first,known", FORWARD)
@pytest.mark.parametrize("step", [61, HOUR])
def test_times_that_go_forward_before_an_answer(first, known, step):
    """In the middle of a sign-in, before the first frame of this kind there. A question and a SYN would have been sent
    again; what comes without one before it may come at any time."""
    path = bundled("modern-signin.pcap")
    numbers = [int(line) for line in tshark("-r", str(path), "-Y", first, "-T", "fields", "-e", "frame.number").splitlines()]
    at = numbers[len(numbers) // 2]
    later = changed(path, lambda n, time, count: time + step * (n >= at - 1))
    assert json.loads(report(later, "teams,signin,json"))["reports"][0]["steps_forward"] == int(known)
    text = " ".join(report(later, "teams,signin").split())
    assert (f"Times go forward by {step} s at frame {at}, which answers what was sent right before it" in text) == known
    if known:
        assert told(later)[0] == told(path)[0] and told(later) == told(later, "-2")
    seconds = [step["answer_time"] for signin in json.loads(report(later, "teams,signin,json"))["signins"] for step in signin["steps"]]
    assert all(time is None or time < 5 for time in seconds)


def test_an_answer_of_dns_that_nobody_waits_for_has_no_time():
    """Frames of other hosts in between: the clock is right, or nobody knows."""
    path = bundled("modern-signin.pcap")
    answer = int(tshark("-r", str(path), "-Y", "dns.flags.response == 1", "-T", "fields", "-e", "frame.number").splitlines()[-1])
    later = changed(path, lambda n, time, count: time + 40 * (n >= answer - 2) + 40 * (n >= answer - 1))
    assert "teams_dns.very_slow" not in report(later, "teams,signin")


def two_clocks(path, seconds):
    """Received frames by a clock that is behind, as that of another interface; in the order in which they came."""
    read = list(frames(as_pcap(path).read_bytes()))
    clients = {data[26:30] for _, _, data in read if data[23] == 17 and data[36:38] == b"\0\x35"}
    times = [secs * 1000000 + micros - round(seconds * 1e6) * (data[30:34] in clients) for secs, micros, data in read]
    return written(folder(), [(time // 1000000, time % 1000000, data) for time, (_, _, data) in zip(times, read)])


def times_of(path):
    """Answer times, and those of the steps of connections."""
    signins = json.loads(report(path, "teams,signin,json"))["signins"]
    return ([step["answer_time"] for signin in signins for step in signin["steps"]],
            [[row[key] for row in signin["timings"]] for signin in signins for key in ("dns_time", "connect_time", "tls_time", "first_data_time", "total")],
            [(signin["verdict_code"], signin["severity"]) for signin in signins])


@pytest.mark.parametrize("path", [lambda: shared("failures/00-control.pcapng"), lambda: bundled("connections/healthy.pcap"),
                                  lambda: bundled("connections/acknowledged.pcap")])
def test_an_answer_before_its_question_by_another_clock_has_no_time(path):
    answers, steps, verdicts = times_of(two_clocks(path(), 0))
    early_answers, early_steps, early_verdicts = times_of(two_clocks(path(), 0.5))
    assert early_verdicts == verdicts
    assert any(answers) and any(steps[0]) and not any(early_answers) and not any(early_steps[0])
    assert min(value for row in early_steps for value in row if value is not None) >= 0
    assert not re.search(r"-\d+ ms|took -", report(two_clocks(path(), 0.5), "teams,signin"))
