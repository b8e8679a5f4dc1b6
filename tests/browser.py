# SPDX-License-Identifier: GPL-2.0-or-later
"""A Chromium without a window, driven through pipes by its own protocol: what a page looks like, what a
screen reader is told of it, and what keys do. Nothing but Debian's chromium is needed."""

import base64
import contextlib
import json
import os
import subprocess
import time

OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync")
WAIT_S = 240        # machines are busy
KEYS = {"Tab": 9, "Enter": 13, " ": 32}


class Browser:
    """One page in one Chromium."""

    def __init__(self, sending, receiving):
        self.sending, self.receiving = sending, receiving
        self.buffer, self.last, self.session, self.said = b"", 0, None, []

    def call(self, method, **parameters):
        """The answer to a command; what comes between is looked through for complaints of the page."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.sending, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.said.append(answer["params"])
            if answer.get("id") == self.last:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def read(self):
        while b"\0" not in self.buffer:
            read = os.read(self.receiving, 1 << 16)
            assert read, "Chromium ended"
            self.buffer += read
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def open(self, address):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Accessibility"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=address)
        self.until("document.readyState == 'complete' && location.href != 'about:blank'")

    def value(self, expression):
        """What an expression of JavaScript gives in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, expression):
        end = time.monotonic() + WAIT_S
        while not self.value(expression):
            assert time.monotonic() < end, f"waited in vain: {expression}"
            time.sleep(0.05)

    def size(self, width, height, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def media(self, name="screen", scheme="light"):
        self.call("Emulation.setEmulatedMedia", media=name, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def press(self, key):
        more = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        about = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": KEYS[key]}
        self.call("Input.dispatchKeyEvent", type="keyDown", **about, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def tree(self):
        """What assistive technology is told, from the top down: role, name, properties."""
        for node in self.call("Accessibility.getFullAXTree")["nodes"]:
            if not node.get("ignored"):
                yield (node["role"]["value"], node.get("name", {}).get("value", ""),
                       {row["name"]: row["value"].get("value") for row in node.get("properties", [])})

    def picture(self, path, whole=False):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextlib.contextmanager
def opened(page, folder):
    """A browser with the page in it."""
    to_browser, sending = os.pipe()
    receiving, from_browser = os.pipe()
    command = ["bash", "-c", f'exec "$@" 3<&{to_browser} 4>&{from_browser}', "chromium", "chromium", *OPTIONS, "--remote-debugging-pipe",
               f"--user-data-dir={folder / 'browser'}"]
    with subprocess.Popen(command, pass_fds=(to_browser, from_browser), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        os.close(to_browser)
        os.close(from_browser)
        browser = Browser(sending, receiving)
        try:
            browser.open(page.as_uri())
            yield browser
        finally:
            process.kill()
            os.close(sending)
            os.close(receiving)
