#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Lets CMake build plugins against an installed Wireshark.app, of which only programs and libraries are there.

Usage: macos-sdk.py APP VERSION SOURCE GLIB-HEADERS SDK

SOURCE is the source tree of the same VERSION (X.Y.Z), for its headers; GLIB-HEADERS the folder
with glib.h and glibconfig.h below it. Writes SDK, for -DWireshark_DIR=SDK/lib/cmake/wireshark
and PKG_CONFIG_LIBDIR=SDK/lib/pkgconfig. Not yet run on a Mac.
"""

import pathlib
import re
import sys

CONFIG = """\
set(Wireshark_MAJOR_VERSION {major})
set(Wireshark_MINOR_VERSION {minor})
set(Wireshark_PATCH_VERSION {patch})
set(Wireshark_VERSION {major}.{minor}.{patch})
set(Wireshark_PLUGINS_ENABLED 1)
set(Wireshark_PLUGIN_LIBDIR "plugins/{major}-{minor}")
set(Wireshark_INSTALL_PREFIX "{app}/Contents")
set(Wireshark_LIB_DIR "{frameworks}")
if(NOT TARGET epan)
    add_library(epan INTERFACE IMPORTED)
    set_target_properties(epan PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "{sdk}/include;{source}/include;{source};{glib};{glib_configuration}"
        INTERFACE_LINK_LIBRARIES "{libraries}")
endif()
"""

# The one header that Wireshark's build makes and its public headers ask for.
WS_VERSION_H = """\
#define WIRESHARK_VERSION_MAJOR {major}
#define WIRESHARK_VERSION_MINOR {minor}
#define WIRESHARK_VERSION_MICRO {patch}
"""

GLIB_PC = """\
Name: GLib
Description: the GLib in Wireshark.app
Version: 2.72
Libs: {library}
Cflags: -I{glib} -I{glib_configuration}
"""


def library(frameworks, name):
    """The one file of a library, whatever its version."""
    found = sorted(path for path in frameworks.glob(f"lib{name}*.dylib") if re.fullmatch(rf"lib{re.escape(name)}(\.\d+)*\.dylib", path.name))
    if not found:
        sys.exit(f"no lib{name} in {frameworks}")
    return found[-1]


def main(app, version, source, glib_headers, sdk):
    app, source, glib_headers, sdk = (pathlib.Path(path).resolve() for path in (app, source, glib_headers, sdk))
    frameworks = app / "Contents/Frameworks"
    major, minor, patch = version.split(".")
    glib = next(glib_headers.rglob("glib.h")).parent
    glib_configuration = next(glib_headers.rglob("glibconfig.h")).parent
    for folder in ("include", "lib/cmake/wireshark", "lib/pkgconfig"):
        (sdk / folder).mkdir(parents=True, exist_ok=True)
    (sdk / "include/ws_version.h").write_text(WS_VERSION_H.format(major=major, minor=minor, patch=patch))
    libraries = ";".join(str(library(frameworks, name)) for name in ("wireshark", "wiretap", "wsutil"))
    (sdk / "lib/cmake/wireshark/WiresharkConfig.cmake").write_text(CONFIG.format(
        major=major, minor=minor, patch=patch, app=app, sdk=sdk, frameworks=frameworks, source=source, glib=glib,
        glib_configuration=glib_configuration, libraries=libraries))
    (sdk / "lib/pkgconfig/glib-2.0.pc").write_text(GLIB_PC.format(
        library=library(frameworks, "glib-2.0"), glib=glib, glib_configuration=glib_configuration))


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
