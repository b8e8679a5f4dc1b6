# SPDX-License-Identifier: GPL-2.0-or-later
"""What windows hold as an assistive technology sees it: roles, names, texts, places."""

import re
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  (the version has to be chosen first)

# Long, since it costs time only where something is missing: what is there may come slowly beside other work.
WAIT_S = 120
POLL_S = 0.1
# Each cell costs a question to the program that has the table.
CELLS_MAX = 600
TABLES = ("tree", "table")
HEADING = "table column header"
# Roles that newer versions of AT-SPI call otherwise.
RENAMED_ROLES = {"button": "push button"}


class NotThere(AssertionError):
    """What a step looked for did not appear."""


def pump():
    """Lets the listeners hear what has happened."""
    while GLib.MainContext.default().iteration(False):
        pass


def until(condition, what, seconds=WAIT_S):
    """The first true value of condition(), asked again and again. What was waited for may be text or a function."""
    end = time.monotonic() + seconds
    while True:
        pump()
        try:
            value = condition()
        except GLib.Error:      # a window went away while it was looked at
            value = None
        if value:
            return value
        if time.monotonic() > end:
            raise NotThere(f"{what() if callable(what) else what}: not within {seconds} s")
        time.sleep(POLL_S)


def role(node):
    name = node.get_role_name()
    return RENAMED_ROLES.get(name, name)


def children(node, at_most=CELLS_MAX):
    """A node's children; of long tables only the first."""
    count = min(node.get_child_count(), at_most)
    return [child for child in map(node.get_child_at_index, range(count)) if child]


def descendants(node, depth=12, cells=False):
    """A node's descendants, parents first; those of tables only where cells are wanted."""
    for child in children(node):
        yield child
        if depth > 1 and (cells or role(child) not in TABLES):
            yield from descendants(child, depth - 1, cells)


def find(node, wanted, name=None, depth=12):
    """The first descendant of the role whose name starts with the given one, or None."""
    for item in descendants(node, depth):
        if role(item) == wanted and (name is None or item.get_name().startswith(name)):
            return item
    return None


def content(text):
    """The characters of an entry."""
    return Atspi.Text.get_text(text, 0, -1)


def texts(node, depth=12):
    """Every name and text below a node, in order, for a test to look into."""
    found = []
    for item in descendants(node, depth, cells=True):
        name = item.get_name() or (content(item) if role(item) == "text" else "")
        if name:
            found.append(plain(name))
    return found


def plain(text):
    """Text without the mark-up that some labels carry."""
    return re.sub(r"<[^>]+>", "", text).strip()


def columns(table):
    """How many columns a table has: its headings come before its cells."""
    count = 0
    while role(table.get_child_at_index(count)) == HEADING:
        count += 1
    return count


def press(item):
    """Does what a click on an item does. An action that opens a modal dialog may not answer; that is no failure."""
    try:
        Atspi.Action.do_action(item, 0)
    except GLib.Error:
        pass


def write(entry, text):
    Atspi.EditableText.set_text_contents(entry, text)


def box(node):
    """The place of a node on the screen: x, y, width, height."""
    found = node.get_extents(Atspi.CoordType.SCREEN)
    return found.x, found.y, found.width, found.height


def desktop():
    return Atspi.get_desktop(0)


class Focus:
    """Hears which item has the focus. Menus that pop up can be seen in no other way."""

    def __init__(self):
        self.item = None
        self.listener = Atspi.EventListener.new(self._hear)
        self.listener.register("object:state-changed:focused")

    def _hear(self, event):
        if event.detail1:
            self.item = event.source

    def next(self, act, seconds=WAIT_S):
        """The item that gets the focus after something was done."""
        pump()
        self.item = None
        act()
        return until(lambda: self.item, "another focus", seconds)
