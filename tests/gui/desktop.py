# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's windows as an assistive technology sees them: by role, name and text.

Runs inside a session that has an X server, a session bus and nothing else
(tests/test_gui.py makes one). Menus are chosen by their texts and not by
position, so that a tour goes the same way through every version of Wireshark.
"""

import os
import subprocess
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  (the version has to be chosen first)

WAIT_S = 15
FIRST_TRY_S = 4
POLL_S = 0.2
SETTLE_S = 0.6
CHILDREN_MAX = 160
# What Wireshark opens by itself to tell that something went wrong.
KEYS = ("Right", "Return", "End")
ALARM_ROLES = ("alert",)
# Roles that newer versions of AT-SPI call otherwise.
RENAMED_ROLES = {"button": "push button"}


class NotThere(AssertionError):
    """What a step looked for did not appear."""


def until(condition, what, seconds=WAIT_S):
    """The first true value of condition(), asked again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            value = condition()
        except GLib.Error:      # a window went away while it was looked at
            value = None
        if value:
            return value
        time.sleep(POLL_S)
    raise NotThere(f"{what}: not within {seconds} s")


def children(node):
    """A node's children; of long tables only the first cells, since each costs a question to Wireshark."""
    count = min(node.get_child_count(), CHILDREN_MAX)
    return [child for child in map(node.get_child_at_index, range(count)) if child]


def descendants(node, depth=12):
    """A node's descendants, parents first."""
    for child in children(node):
        yield child
        if depth > 1:
            yield from descendants(child, depth - 1)


def role(node):
    name = node.get_role_name()
    return RENAMED_ROLES.get(name, name)


def find(node, wanted, name=None, depth=12):
    """The first descendant of the role whose name starts with the given one, or None."""
    for item in descendants(node, depth):
        if role(item) == wanted and (name is None or item.get_name().startswith(name)):
            return item
    return None


def press(item):
    """Does what a click on an item does. An action that opens a modal dialog may not answer; that is no failure."""
    try:
        Atspi.Action.do_action(item, 0)
    except GLib.Error:
        pass
    time.sleep(SETTLE_S)


def texts(node, depth=12):
    """Every name and text below a node, in order, for a test to look into."""
    found = []
    for item in descendants(node, depth):
        if item.get_name():
            found.append(item.get_name())
        elif role(item) == "text" and Atspi.Text.get_character_count(item):
            found.append(Atspi.Text.get_text(item, 0, -1))
    return found


class Wireshark:
    """One running Wireshark with a capture open."""

    def __init__(self, capture, profile, *options, size=(1560, 900)):
        environment = dict(os.environ, QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1")
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(["wireshark", "-C", profile, *options, "-r", capture], env=environment)
        self.capture = os.path.basename(capture)
        self.main = until(self._main_window, f"the window of {self.capture}")
        until(lambda: find(self.main, "label", "Packets:"), "the number of packets")
        time.sleep(SETTLE_S)
        self.resize(self.capture, *size)

    def _application(self):
        for application in children(Atspi.get_desktop(0)):
            if "ireshark" in (application.get_name() or ""):
                return application
        return None

    def _main_window(self):
        assert self.alive(), "Wireshark ended"
        return self.window(self.capture)

    def alive(self):
        return self.process.poll() is None

    def windows(self):
        """The windows that are open, the main one included."""
        application = self._application()
        if application is None:
            return []
        application.clear_cache()   # nobody handles the events that would keep it fresh
        return children(application)

    def window(self, title):
        """An open window by a part of its title, or None."""
        return next((window for window in self.windows() if title in (window.get_name() or "")), None)

    def wait_window(self, title, seconds=WAIT_S):
        return until(lambda: self.window(title), f"a window named {title}; open: {self.titles()}", seconds)

    def open_window(self, title, *path):
        """Opens a window by its menu item. Qt sometimes forgets to tell of one that follows another: then once more."""
        self.menu(*path)
        try:
            return self.wait_window(title, FIRST_TRY_S)
        except NotThere:
            self.key("Escape")
            self.menu(*path)
            return self.wait_window(title)

    def titles(self):
        return [window.get_name() for window in self.windows()]

    def alarms(self):
        """The texts of message boxes that are open: there should be none."""
        return [texts(window) for window in self.windows() if role(window) in ALARM_ROLES]

    def status(self):
        """What the status line says of packets, such as "Packets: 137 · Displayed: 28 (20.4%)"."""
        label = find(self.main, "label", "Packets:")
        return label.get_name() if label else ""

    # --- Doing ---

    def menu(self, *path):
        """Chooses a menu item by the beginnings of the texts on the way to it."""
        item = self.menu_item(*path)
        if item is None:
            raise NotThere(f"menu {' > '.join(path)}")
        press(item)

    def menu_item(self, *path):
        """The item itself, or None."""
        node = find(self.main, "menu bar", depth=2)
        for text in path:
            node = find(node, "menu item", text, depth=2)
            if node is None:
                return None
        return node

    def menu_texts(self, *path):
        """The texts in a menu."""
        node = self.menu_item(*path)
        return [item.get_name() for item in descendants(node, 2) if item.get_name()] if node else []

    def close(self, window):
        """Closes a window by its own Close or Cancel button, or else by its title bar."""
        title = window.get_name()
        for name in ("Close", "Cancel"):
            button = find(window, "push button", name)
            if button:
                press(button)
                break
        else:
            self.xdotool("search", "--name", title, "windowclose")
        until(lambda: self.window(title) is None, f"the end of {title}")

    def go_to(self, frame):
        """Selects a frame by its number."""
        field = find(find(self.main, "filler"), "text")
        self.menu("Go", "Go to Packet")
        Atspi.EditableText.set_text_contents(field, str(frame))
        press(find(self.main, "push button", "Go to packet"))

    def filter_bar(self):
        """The tool bar with the entry for filters and the filter buttons. Some versions give it no name."""
        bars = (bar for bar in children(self.main) if role(bar) == "tool bar")
        return next(bar for bar in bars if find(bar, "text", "Display filter entry"))

    def filter(self, expression):
        """Applies a display filter, "" for none."""
        entry = find(self.filter_bar(), "text", "Display filter entry")
        Atspi.EditableText.set_text_contents(entry, expression)
        entry.grab_focus()
        self.focus_main()
        self.xdotool("key", "Return")
        time.sleep(SETTLE_S)

    def focus_main(self):
        self.xdotool("search", "--name", f"^{self.capture}", "windowactivate", "--sync")

    def key(self, *keys):
        """Presses keys in the window that has the focus."""
        self.xdotool("key", "--delay", "60", *keys)
        time.sleep(SETTLE_S)

    def click(self, x, y):
        """Clicks at a place of the main window."""
        self.focus_main()
        window = self.xdotool("search", "--onlyvisible", "--name", f"^{self.capture}")[-1]
        self.xdotool("mousemove", "--window", window, str(x), str(y), "click", "1")
        time.sleep(SETTLE_S)

    def type_in(self, title, *words):
        """Types into the tree at the left of a window: what begins with a word is selected, a key's name presses it."""
        window = self.xdotool("search", "--onlyvisible", "--name", title)[-1]
        self.xdotool("windowactivate", "--sync", window, "mousemove", "--window", window, "60", "20", "click", "1")
        for word in words:
            if word in KEYS:
                self.key(word)
            else:
                self.xdotool("type", "--delay", "20", word)
                time.sleep(SETTLE_S)

    @staticmethod
    def xdotool(*args):
        done = subprocess.run(["xdotool", *args], capture_output=True, text=True, check=False)
        return done.stdout.split()

    def resize(self, title, width, height):
        for window in self.xdotool("search", "--name", title):
            self.xdotool("windowsize", window, str(width), str(height))
            self.xdotool("windowmove", window, "20", "20")
        time.sleep(SETTLE_S)

    def picture(self, path, title=None):
        """Takes a picture of the window with the title, by default of the main one."""
        time.sleep(SETTLE_S)
        ids = self.xdotool("search", "--onlyvisible", "--name", title or f"^{self.capture}")
        if not ids:
            raise NotThere(f"a visible window named {title}")
        subprocess.run(["import", "-window", ids[-1], path], check=True)

    def end(self):
        self.process.kill()
        self.process.wait()
