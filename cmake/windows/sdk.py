#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes what a plugin for Windows is built against, from a Linux installation of the same series.

Usage: sdk.py SERIES ROOT GLIB-ROOT SDK

ROOT is the root folder of a Debian that has the development files of Wireshark SERIES,
GLIB-ROOT that of one with GLib's. SDK, which is made anew, gets their headers, import
libraries for the DLLs of the official Wireshark, and what CMake and pkg-config look for.
Nothing of Wireshark or GLib is compiled: an import library is a list of names, and both
systems' libraries have the same ones.
"""

import pathlib
import re
import shutil
import subprocess
import sys

TOOLS = "x86_64-w64-mingw32"
LIBRARIES = "usr/lib/x86_64-linux-gnu"

# As the official build names them: GLib has no "lib" in front there.
DLLS = {"wireshark": "libwireshark.dll", "wsutil": "libwsutil.dll", "wiretap": "libwiretap.dll", "glib-2.0": "glib-2.0-0.dll"}

# The oldest GLib that a Wireshark of a supported series brings on Windows. What came
# later is no part of the import library, so that its use fails here and not there.
GLIB_LIMIT = (2, 72)

# Names that the linker makes, in every library.
LINKERS = re.compile(r"_(init|fini|edata|end|_bss_start)")


def exports(library):
    """Name -> is it data, of all that a shared library offers."""
    listing = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in listing.splitlines():
        _, kind, name = line.split(maxsplit=2)
        name = name.split("@")[0]
        if not LINKERS.fullmatch(name):
            found[name] = kind in "DBRVG"
    return found


def newer_than_limit(include):
    """The functions of GLib that its headers say came after GLIB_LIMIT."""
    found = set()
    for header in include.rglob("*.h"):
        text = header.read_text(encoding="utf-8", errors="replace")
        for major, minor, name in re.findall(r"\bG\w+_AVAILABLE_(?:ENUMERATOR_)?IN_(\d+)_(\d+)\b[^;{}]*?\b(g_\w+)\s*\(", text):
            if (int(major), int(minor)) > GLIB_LIMIT:
                found.add(name)
    return found


def import_library(sdk, name, names):
    """lib/libNAME.dll.a, and the list that it is made from."""
    lines = [f"  {symbol}{' DATA' if data else ''}" for symbol, data in sorted(names.items())]
    definition = sdk / "lib" / f"{name}.def"
    # Without the quotes a name with dots gives an empty library, and no error.
    definition.write_text("\n".join([f'LIBRARY "{DLLS[name]}"', "EXPORTS", *lines, ""]))
    subprocess.run([f"{TOOLS}-dlltool", "-m", "i386:x86-64", "-d", definition, "-D", DLLS[name],
                    "-l", sdk / "lib" / f"lib{name}.dll.a"], check=True)


def glib_configuration(text):
    """glibconfig.h of 64-bit Linux -> that of 64-bit Windows, where a long has 32 bits."""
    changes = (
        (r"\bsigned long gint64\b", "signed long long gint64"), (r"\bunsigned long guint64\b", "unsigned long long guint64"),
        (r"\bsigned long gssize\b", "signed long long gssize"), (r"\bunsigned long gsize\b", "unsigned long long gsize"),
        (r"\bsigned long gintptr\b", "signed long long gintptr"), (r"\bunsigned long guintptr\b", "unsigned long long guintptr"),
        (r'(define G_G(?:U?INT64|S?SIZE|U?INTPTR)_(?:MODIFIER|FORMAT)\s+)"l', r'\1"ll'),
        (r"\(val##L\)", "(G_GNUC_EXTENSION (val##LL))"), (r"\(val##UL\)", "(G_GNUC_EXTENSION (val##ULL))"),
        (r"\bG_(MIN|MAX)LONG\b(?=\s*$)", r"G_\1INT64"), (r"\bG_MAXULONG\b(?=\s*$)", "G_MAXUINT64"),
        (r"(define GLIB_SIZEOF_LONG\s+)8", r"\g<1>4"),
        (r"\((gint|guint)\)(\s+)\(g(u?)long\) \(p\)", r"(\1)\2(g\3intptr) (p)"), (r"\(gpointer\) \(g(u?)long\) \(([iu])\)", r"(gpointer) (g\1intptr) (\2)"),
        (r"\((g(?:u)?long)\) G(U?)INT64_TO_(LE|BE)", r"(\1) G\2INT32_TO_\3"), (r'(define G_MODULE_SUFFIX\s+)"so"', r'\1"dll"'),
        (r"define G_OS_UNIX", "define G_OS_WIN32\n#define G_PLATFORM_WIN32"),
        (r"typedef int GPid;", "typedef void *GPid;"), (r'(define G_PID_FORMAT\s+)"i"', r'\1"p"'),
    )
    for pattern, replacement in changes:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


# GLib's own is in no Linux package. The plugins use nothing of what it declares.
GWIN32 = """\
#ifndef __G_WIN32_H__
#define __G_WIN32_H__
#include <glib/gtypes.h>
#endif
"""

WIRESHARK_CONFIG = """\
set(Wireshark_MAJOR_VERSION {major})
set(Wireshark_MINOR_VERSION {minor})
set(Wireshark_PATCH_VERSION {patch})
set(Wireshark_VERSION {version})
set(Wireshark_PLUGINS_ENABLED 1)
set(Wireshark_PLUGIN_LIBDIR "plugins/{major}.{minor}")
get_filename_component(Wireshark_INSTALL_PREFIX "${{CMAKE_CURRENT_LIST_DIR}}/../../.." ABSOLUTE)
set(Wireshark_LIB_DIR "${{Wireshark_INSTALL_PREFIX}}/lib")
set(Wireshark_INCLUDE_DIR "${{Wireshark_INSTALL_PREFIX}}/include/wireshark")
if(NOT TARGET epan)
    add_library(epan INTERFACE IMPORTED)
    set_target_properties(epan PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${{Wireshark_INCLUDE_DIR}};${{Wireshark_INSTALL_PREFIX}}/include/glib-2.0"
        INTERFACE_LINK_LIBRARIES "${{Wireshark_LIB_DIR}}/libwireshark.dll.a;${{Wireshark_LIB_DIR}}/libwiretap.dll.a;${{Wireshark_LIB_DIR}}/libwsutil.dll.a")
endif()
"""

GLIB_PC = """\
prefix={sdk}
Name: GLib
Description: the GLib of Wireshark for Windows
Version: {version}
Libs: -L${{prefix}}/lib -lglib-2.0
Cflags: -I${{prefix}}/include/glib-2.0
"""


def package_version(root, package):
    text = (root / LIBRARIES / "pkgconfig" / f"{package}.pc").read_text()
    return re.search(r"^Version: *([\d.]+)", text, re.MULTILINE)[1]


def copy_headers(root, glib_root, sdk):
    shutil.copytree(root / "usr/include/wireshark", sdk / "include/wireshark")
    shutil.copytree(glib_root / "usr/include/glib-2.0", sdk / "include/glib-2.0")
    configuration = (glib_root / LIBRARIES / "glib-2.0/include/glibconfig.h").read_text()
    (sdk / "include/glib-2.0/glibconfig.h").write_text(glib_configuration(configuration))
    (sdk / "include/glib-2.0/glib/gwin32.h").write_text(GWIN32)


def main(series, root, glib_root, sdk):
    root, glib_root, sdk = map(pathlib.Path, (root, glib_root, sdk))
    version = package_version(root, "wireshark")
    major, minor, patch = version.split(".")[:3]
    if f"{major}.{minor}" != series:
        sys.exit(f"{root} has Wireshark {version}, not {series}")
    shutil.rmtree(sdk, ignore_errors=True)
    for folder in ("include", "lib/cmake/wireshark", "lib/pkgconfig"):
        (sdk / folder).mkdir(parents=True)
    copy_headers(root, glib_root, sdk)
    for name in ("wireshark", "wsutil", "wiretap"):
        import_library(sdk, name, exports((root / LIBRARIES / f"lib{name}.so").resolve(strict=True)))
    glib = exports((glib_root / LIBRARIES / "libglib-2.0.so").resolve(strict=True))
    for name in newer_than_limit(sdk / "include/glib-2.0"):
        glib.pop(name, None)
    import_library(sdk, "glib-2.0", glib)
    (sdk / "lib/cmake/wireshark/WiresharkConfig.cmake").write_text(
        WIRESHARK_CONFIG.format(major=major, minor=minor, patch=patch, version=version))
    (sdk / "lib/pkgconfig/glib-2.0.pc").write_text(GLIB_PC.format(sdk=sdk, version=package_version(glib_root, "glib-2.0")))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
