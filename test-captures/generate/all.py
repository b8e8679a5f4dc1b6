#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes every test capture anew, byte for byte the same each time.

Usage: all.py [FOLDER [NAME...]]    FOLDER is test-captures/ by default,
NAME one of the captures (article-2017.pcapng), all by default.
"""
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
HELPERS = ("all.py", "common.py", "resolver.py", "stun.py", "tls.py", "tls_keys.py", "http_peers.py")


def main(arguments):
    sys.path.insert(0, HERE)
    common = importlib.import_module("common")
    for module in sorted(os.listdir(HERE)):
        if module.endswith(".py") and module not in HELPERS:
            importlib.import_module(module[:-3])
    folder = arguments[0] if arguments else os.path.dirname(HERE)
    for name in arguments[1:] or sorted(common.CAPTURES):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        common.write(name, path)


if __name__ == "__main__":
    main(sys.argv[1:])
