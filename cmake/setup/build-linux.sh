#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The archives for Linux, in a Debian that has the series; called by cmake/setup/archives.sh.
# ../archives takes them.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$ROOT/cmake/setup/common.sh"
build release
cd "$ROOT/../archives"
cpack -G 'TGZ;DEB' --config "$BUILD/CPackConfig.cmake" > "$BUILD/cpack.log" 2>&1 < /dev/null || {
    tail -40 "$BUILD/cpack.log" >&2
    exit 1
}
rm -rf _CPack_Packages
