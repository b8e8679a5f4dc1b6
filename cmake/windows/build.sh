#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# build.sh SERIES [unit]: the zip for Windows, in a Debian with MinGW; called by cmake/setup/archives.sh.
# ../series holds headers and libraries of that series, ../archives takes the zip, and with
# "unit" the programs of the unit tests.
set -euo pipefail

series=$1
tests=${2:+ON}
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
place=$(dirname "$checkout")
log=$place/build.log
export TEAMSHARK_SDK=$place/sdk

{
    python3 "$checkout/cmake/windows/sdk.py" "$series" "$place/series" / "$TEAMSHARK_SDK" &&
        cmake -G Ninja -S "$checkout" -B "$place/build" -DCMAKE_BUILD_TYPE=Release -DTEAMSHARK_TESTS="${tests:-OFF}" \
            -DCMAKE_TOOLCHAIN_FILE="$checkout/cmake/toolchains/windows-x64.cmake" \
            -DWireshark_DIR="$TEAMSHARK_SDK/lib/cmake/wireshark" &&
        cmake --build "$place/build" &&
        (cd "$place/archives" && cpack -G ZIP --config "$place/build/CPackConfig.cmake" &&
            rm -rf _CPack_Packages) &&
        { [[ -z $tests ]] || install -D -t "$place/archives/unit-$series-windows-x64" "$place"/build/tests/unit/unit-*.exe; }
} > "$log" 2>&1 < /dev/null || {
    tail -40 "$log" >&2
    exit 1
}
