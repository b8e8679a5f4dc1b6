# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's windows, driven as by a user.

Runs inside a session that has an X server, a session bus, a window manager and
nothing else (tests/test_gui.py makes one). Menus are chosen by their texts and
not by position, so that a tour goes the same way through every version of
Wireshark; what it waits for is a window, a text, or a screen that has come to rest.
"""

import os
import pathlib
import re
import struct
import subprocess
import time
import typing

import accessible
from accessible import NotThere, find, press, role, until

FIRST_TRY_S = 20
# The first start on a machine reads 300 MB of libraries and fonts from its disk, maybe beside other work.
START_S = 600
# A start that has had nothing to do for so long, and still shows no window, comes to nothing: it is given up for a new one.
IDLE_START_S = 30
STARTS_MAX = 4
# How long a screen has to stay as it is to count as at rest.
REST_S = 0.25
# Ticks of processor time in which Wireshark does no more than let its cursor blink.
IDLE_TICKS = 1
# What Wireshark opens by itself to tell that something went wrong.
ALARM_ROLES = ("alert",)
# What it writes on standard error for the same reason; Qt's own chatter (GUI) is no concern of ours.
COMPLAINT = re.compile(r"\[(?!GUI )\S* ?(WARNING|CRITICAL|ERROR)\]|Disabling color filter|terminate called")
KEYS = ("Right", "Return", "End")
# A context menu is not longer than this.
MENU_ITEMS_MAX = 40
CLICKS_MAX = 4
# Rows of the packet list that are looked at above and below a frame, and how near
# to the edges of the list (its headings, its scroll bar) they may be.
ROWS_AROUND = 30
EDGE = 30
# Between two looks that have to show the same.
LOOK_AGAIN_S = 1


def xdotool(*args):
    done = subprocess.run(["xdotool", *map(str, args)], capture_output=True, text=True, check=False)
    return done.stdout.split()


class Screen:
    """The colours of the whole screen at one moment, out of the file in which Xvfb keeps it (-fbdir, format XWD)."""

    FILE = "Xvfb_screen0"
    # Words of the header, whose own size is the first: of four bytes, the highest first.
    BYTES_PER_LINE, COLOURS = 12, 19
    HEADER_WORDS = 25
    BYTES_PER_COLOUR = 12
    BYTES_PER_PIXEL = 4     # blue, green, red, nothing

    def __init__(self):
        self.bytes = pathlib.Path(os.environ["TEAMSHARK_SCREEN"], self.FILE).read_bytes()
        header = struct.unpack_from(f">{self.HEADER_WORDS}I", self.bytes)
        self.line = header[self.BYTES_PER_LINE]
        self.start = header[0] + header[self.COLOURS] * self.BYTES_PER_COLOUR

    def at(self, x, y):
        """The colour of a pixel: red, green, blue."""
        place = self.start + y * self.line + x * self.BYTES_PER_PIXEL
        return list(reversed(self.bytes[place:place + 3]))


class Work(typing.NamedTuple):
    ticks: int      # of processor time, since the start
    waiting: bool   # for a processor or the disk

    def idle_since(self, before):
        return not self.waiting and self.ticks - before.ticks <= IDLE_TICKS


class Idle:
    """How long a Wireshark has had nothing to do."""

    def __init__(self, wireshark):
        self.wireshark = wireshark
        self.work, self.since = wireshark.work(), time.monotonic()

    def longer_than(self, seconds):
        before, self.work = self.work, self.wireshark.work()
        if not self.work.idle_since(before):
            self.since = time.monotonic()
        return time.monotonic() - self.since > seconds


class Wireshark:
    """One running Wireshark with a capture open."""

    def __init__(self, capture, profile, *options):
        self.capture = pathlib.Path(capture).name
        self.errors = pathlib.Path(f"{self.capture}.{profile}.stderr")
        self.command = ["wireshark", "-C", profile, *options, "-r", str(capture)]
        self.focus = accessible.Focus()
        self.main = None
        self.offered = {}
        self.process = self._start()

    def _start(self):
        environment = dict(os.environ, QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1")
        with self.errors.open("w", encoding="utf-8") as errors:
            return subprocess.Popen(self.command, env=environment, stderr=errors)

    def wait_open(self, size):
        """Waits for the window with the capture in it, as long as Wireshark lives: how long it takes is no matter here."""
        self.main = self._wait_main_window()
        until(self.status, "the number of packets", START_S)
        self.resize(self.capture, *size)

    def _wait_main_window(self):
        """The main window. Now and then Wireshark starts and assistive technology never hears of it: then it is started anew."""
        for _ in range(STARTS_MAX):
            window = until(lambda idle=Idle(self): self._main_window() or idle.longer_than(IDLE_START_S),
                           f"the window of {self.capture}", START_S)
            if window is not True:
                return window
            self.end()
            self.process = self._start()
        raise NotThere(f"the window of {self.capture} in {STARTS_MAX} starts; instead {self.trouble()}")

    def _main_window(self):
        assert self.alive(), f"Wireshark ended: {self.trouble()}"
        return self.window(self.capture)

    def _application(self):
        for application in accessible.children(accessible.desktop()):
            if "ireshark" in (application.get_name() or ""):
                return application
        return None

    def alive(self):
        return self.process.poll() is None

    def end(self):
        self.process.kill()
        self.process.wait()

    def settle(self):
        """Waits until Wireshark has nothing to do and the screen has come to rest.

        The screen alone will not do: beside other work it rests while Wireshark waits for a processor."""
        last = self.work(), Screen().bytes

        def same():
            nonlocal last
            time.sleep(REST_S)
            before, last = last, (self.work(), Screen().bytes)
            return last[0].idle_since(before[0]) and before[1] == last[1]
        until(same, "a screen at rest")

    def work(self):
        """What /proc says of the threads of Wireshark."""
        ticks, waiting = 0, False
        for path in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/stat"):
            try:
                state, *numbers = path.read_text().rpartition(")")[2].split()
            except OSError:     # a thread that has ended
                continue
            ticks += int(numbers[10]) + int(numbers[11])
            waiting |= state in "RD"
        return Work(ticks, waiting)

    # --- Looking ---

    def windows(self):
        """The windows that are open, the main one included."""
        application = self._application()
        if application is None:
            return []
        application.clear_cache()   # not every version tells of its windows' coming and going
        return accessible.children(application)

    def window(self, title):
        """An open window by a part of its title, or None."""
        return next((window for window in self.windows() if title in (window.get_name() or "")), None)

    def titles(self):
        return [window.get_name() for window in self.windows()]

    def wait_window(self, title, seconds=accessible.WAIT_S):
        return until(lambda: self.window(title), lambda: f"a window named {title}; open: {self.titles()}", seconds)

    def trouble(self):
        """What tells that something went wrong: message boxes, and complaints on standard error. There should be none."""
        boxes = [" ".join(accessible.texts(window)) for window in self.windows() if role(window) in ALARM_ROLES]
        lines = self.errors.read_text(encoding="utf-8", errors="replace").splitlines()
        return boxes + [line for line in lines if COMPLAINT.search(line)]

    def status(self):
        """What the status line says of packets, such as "Packets: 137 · Displayed: 28 (20.4%)"."""
        return self.status_label("Packets:")

    def status_label(self, beginning):
        """A text of the status line by its beginning, or ""."""
        label = find(find(self.main, "status bar", depth=1), "label", beginning)
        return label.get_name() if label else ""

    def details(self):
        """The lines of the packet details that are unfolded."""
        tree = find(self.main, "tree", "Packet details")
        return [cell.get_name() for cell in accessible.children(tree) if role(cell) != accessible.HEADING]

    def headings(self):
        """The titles of the packet list's columns."""
        table = find(self.main, "tree", "Packet list")
        return [item.get_name() for item in accessible.children(table, accessible.columns(table))]

    def cells(self, frames, column):
        """The cells of a column of the packet list, of a range of frames."""
        table = find(self.main, "tree", "Packet list")
        width = accessible.columns(table)   # frames count from 1, since the headings are row 0
        return [table.get_child_at_index(frame * width + column) for frame in frames]

    def row_colours(self, near, column):
        """Frame -> its colour, of the rows in sight around a frame. That frame's own row shows the selection instead.

        Looked at until two looks show the same: rows may still move while their places are asked for."""
        xdotool("mousemove", 0, 0)  # the pointer has colours of its own
        last = None

        def same():
            nonlocal last
            before, last = last, self._row_colours(near, column)
            time.sleep(LOOK_AGAIN_S)
            return last if last == before else None
        return until(same, f"rows at rest around frame {near}")

    def _row_colours(self, near, column):
        self.settle()
        screen = Screen()
        _, top, _, height = accessible.box(find(self.main, "tree", "Packet list"))
        if not self.all_displayed():    # frames are counted as rows
            raise NotThere(f"all packets in the list; {self.status()}")
        frames = range(max(1, near - ROWS_AROUND), near + ROWS_AROUND)
        found = {}
        for frame, cell in zip(frames, self.cells(frames, column)):
            if cell and frame != near:
                x, y, width, row = accessible.box(cell)
                if row > 0 and y > top + EDGE and y + row < top + height - EDGE:
                    # Above the letters, and where a text at the left ends last.
                    found[frame] = screen.at(x + width - 3, y + 1)
        return found

    # --- Doing ---

    def open_window(self, title, *path):
        """Opens a window by its menu item. Qt sometimes forgets to tell of one that follows another: then once more."""
        self.menu(*path)
        try:
            return self.wait_window(title, FIRST_TRY_S)
        except NotThere:
            self.key("Escape")
            self.menu(*path)
            return self.wait_window(title)

    def menu(self, *path):
        """Chooses a menu item by the beginnings of the texts on the way to it."""
        item = self.menu_item(*path)
        if item is None:
            raise NotThere(f"menu {' > '.join(path)}")
        press(item)
        self.settle()

    def menu_item(self, *path):
        """The item itself, or None."""
        return item_below(until(lambda: find(self.main, "menu bar", depth=2), "the menu bar"), *path)

    def context_items(self, frame, column, text, below):
        """What the menu of the right mouse button on a frame offers under the item that begins with a text.

        Text of each item there -> the item under it that begins with another text.
        Qt 5 tells of such items only the first time, so that they are kept."""
        if not self.offered:
            menu = self._context_item(frame, column, text)
            self.offered = {name: item_below(menu, name, below) for name in menu_texts(menu)}
            self.key("Escape")
        return self.offered

    def _context_item(self, frame, column, text):
        """The item of the menu on a frame. On a busy machine a click may come before the window takes it: then once more."""
        for attempt in range(CLICKS_MAX):
            x, y, width, height = accessible.box(self.cells([frame], column)[0])
            self.focus_main()
            xdotool("mousemove", x + width // 2, y + height // 2, "click", "3")
            self.settle()
            try:
                return self._item_by_keys(text)
            except NotThere:
                self.key("Escape")
                if attempt == CLICKS_MAX - 1:
                    raise
                self.go_to(frame)
        return None

    def _item_by_keys(self, text):
        for _ in range(MENU_ITEMS_MAX):
            item = self.focus.next(lambda: xdotool("key", "Down"), FIRST_TRY_S)
            if item.get_name().startswith(text):
                return item
        raise NotThere(f"{text} in the context menu")

    def close(self, window):
        """Closes a window by its own Close or Cancel button, or else by its title bar."""
        title = window.get_name()
        buttons = (find(window, "push button", name) for name in ("Close", "Cancel"))
        button = next(filter(None, buttons), None)
        if button:
            press(button)
        else:
            xdotool("search", "--name", title, "windowclose")
        until(lambda: self.window(title) is None, f"the end of {title}")

    def go_to(self, frame):
        """Selects a frame by its number."""
        entry = find(find(self.main, "filler"), "text")
        self.menu("Go", "Go to Packet")
        accessible.write(entry, str(frame))
        press(find(self.main, "push button", "Go to packet"))
        tree = find(self.main, "tree", "Packet details")
        until(lambda: find(tree, "table cell", f"Frame {frame}:", depth=1), f"the details of frame {frame}")

    def filter_bar(self):
        """The tool bar with the entry for filters and the filter buttons. Some versions give it no name."""
        bars = (bar for bar in accessible.children(self.main) if role(bar) == "tool bar")
        return next(bar for bar in bars if find(bar, "text", "Display filter entry"))

    def filter_buttons(self):
        """The labels of the filter buttons."""
        items = accessible.descendants(self.filter_bar())
        return [item.get_name() for item in items if role(item) == "push button" and item.get_name()]

    def filter_entry(self):
        return find(self.filter_bar(), "text", "Display filter entry")

    def filter(self, expression):
        """Applies a display filter that some frames do not pass, "" for none; until the status line tells that it is in force.

        Beside other work the key may come before the window takes it, or its answer late."""
        entry = self.filter_entry()
        accessible.write(entry, expression)

        def in_force():
            entry.grab_focus()
            self.focus_main()
            self.key("Return")
            return self.all_displayed() == (expression == "")
        until(in_force, lambda: f"the filter '{expression}' in force; {self.status()}")

    def all_displayed(self):
        """Whether the packet list has all packets of the capture."""
        displayed = re.search(r"Displayed: (\d+)", self.status())
        return displayed is None or displayed[1] == re.search(r"Packets: (\d+)", self.status())[1]

    def focus_main(self):
        xdotool("search", "--name", f"^{self.capture}", "windowactivate", "--sync")

    def key(self, *keys):
        """Presses keys in the window that has the focus."""
        xdotool("key", "--delay", "60", *keys)
        self.settle()

    def click(self, x, y):
        """Clicks at a place of the main window."""
        self.focus_main()
        window = xdotool("search", "--onlyvisible", "--name", f"^{self.capture}")[-1]
        xdotool("mousemove", "--window", window, x, y, "click", "1")
        self.settle()

    def type_in(self, title, *words):
        """Types into the tree at the left of a window: what begins with a word is selected, a key's name presses it."""
        window = xdotool("search", "--onlyvisible", "--name", title)[-1]
        xdotool("windowactivate", "--sync", window, "mousemove", "--window", window, "60", "20", "click", "1")
        for word in words:
            if word in KEYS:
                self.key(word)
            else:
                xdotool("type", "--delay", "20", word)
                self.settle()

    def point(self, title, x, y):
        """Moves the mouse over a place of a window."""
        window = xdotool("search", "--onlyvisible", "--name", title)[-1]
        for step in (0, 1):     # a mouse that jumps has not been moved over what is there
            xdotool("mousemove", "--window", window, x + step, y)
            self.settle()

    def resize(self, title, width, height):
        for window in xdotool("search", "--name", title):
            xdotool("windowsize", window, width, height)
            xdotool("windowmove", window, "20", "20")
        self.settle()

    def picture(self, path, title=None):
        """Takes a picture of the window with the title, by default of the main one."""
        xdotool("mousemove", 0, 0)  # what is under the pointer may look otherwise
        self.settle()
        ids = xdotool("search", "--onlyvisible", "--name", title or f"^{self.capture}")
        if not ids:
            raise NotThere(f"a visible window named {title}")
        subprocess.run(["import", "-window", ids[-1], str(path)], check=True)


def item_below(node, *path):
    """The menu item under a menu, menu bar or item by the beginnings of the texts on the way to it, or None."""
    for text in path:
        node = find(node, "menu item", text, depth=2)
        if node is None:
            return None
    return node


def menu_texts(node):
    """The texts in a menu."""
    return [item.get_name() for item in accessible.descendants(node, 2) if item.get_name()] if node else []
