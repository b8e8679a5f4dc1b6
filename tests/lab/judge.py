#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what the reports say of the laboratory's captures with the catalogue.

Usage: judge.py FOLDER [CAUSE...]    FOLDER as `lab --all FOLDER` makes it; of the staged build (TEAMSHARK_STAGE)

Prints a line for each capture: the worst severity that was told and the one that is
due, the words and codes that are missing, and the codes of all problems above a chat.
"""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]

import catalogue  # noqa: E402
import harness  # noqa: E402

TOLD = {"chat": 0, "note": 1, "warning": 2, "error": 3}


def problems_of(value):
    """All problems of a JSON report, wherever they stand in it."""
    if isinstance(value, dict):
        found = list(value.get("problems") or [])
        for key, inner in value.items():
            if key != "problems":
                found += problems_of(inner)
        return found
    return [problem for inner in value for problem in problems_of(inner)] if isinstance(value, list) else []


def verdicts_of(value):
    if isinstance(value, dict):
        found = [value["verdict"]] if isinstance(value.get("verdict"), str) else []
        return found + [text for inner in value.values() for text in verdicts_of(inner)]
    return [text for inner in value for text in verdicts_of(inner)] if isinstance(value, list) else []


class Told:
    """What the reports say of a capture: verdicts and problems of sign-ins, and of calls where the row has one."""

    def __init__(self, row, path):
        reports = ["signin"] + (["calls"] if "call" in row.settings else [])
        documents = [json.loads(harness.tshark("-r", path, "-q", "-z", f"teams,{report},json")) for report in reports]
        self.problems = [p for p in problems_of(documents) if isinstance(p, dict)]
        self.text = " ".join([*verdicts_of(documents), json.dumps(self.problems)]).lower()
        self.lacking = sorted(set(row.codes) - {p["code"] for p in self.problems})
        self.codes = sorted({p["code"] for p in self.problems if TOLD.get(p["severity"], 0)})
        self.worst = max((TOLD.get(p["severity"], 0) for p in self.problems), default=0)
        self.missing = [word for word in row.words if not any(form.lower() in self.text for form in word.split("/"))]
        self.due = catalogue.SEVERITIES.index(row.severity)

    @property
    def right(self):
        """On a healthy capture a note may stand: nothing is wrong, but a busy machine does make retransmissions."""
        return not self.missing and not self.lacking and max(self.worst, 1) == max(self.due, 1)


def main(folder, *causes):
    wrong = 0
    for row in catalogue.ROWS:
        path = pathlib.Path(folder) / f"{row.name}.pcapng"
        if (causes and row.cause not in causes) or not path.exists():
            continue
        told = Told(row, path)
        wrong += not told.right
        print(f"{'ok   ' if told.right else 'WRONG'} {row.name:38} {catalogue.SEVERITIES[told.worst]:8} due {row.severity:8} "
              f"{' '.join(told.codes)}" + (f"; missing {told.missing + told.lacking}" if told.missing or told.lacking else ""), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) > 1 else __doc__)
