#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# macos.sh ARCHITECTURE VERSION SOURCE EXPECTED FOLDER: builds against the installed Wireshark.app of
# that VERSION with the headers of its SOURCE, packs build/macos/*.tar.gz, unpacks that in the home folder,
# writes to FOLDER what tshark says then (say.sh), and fails where that is not what EXPECTED holds,
# the FOLDER of Linux. Not yet run on a Mac.
set -euo pipefail

architecture=$1 version=$2 source=$3 expected=$4 folder=$5
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
app=/Applications/Wireshark.app
sdk=$PWD/build/macos-sdk
export PKG_CONFIG_LIBDIR=$sdk/lib/pkgconfig

python3 "$here/macos-sdk.py" "$app" "$version" "$source" "$(brew --prefix glib)" "$sdk"
cmake -G Ninja -S . -B build/macos -DCMAKE_BUILD_TYPE=Release -DTEAMSHARK_TESTS=OFF \
    -DCMAKE_OSX_ARCHITECTURES="$architecture" -DWireshark_DIR="$sdk/lib/cmake/wireshark"
cmake --build build/macos
(cd build/macos && cpack -G TGZ)
tar -xzf build/macos/teamshark-*-macos-"$architecture".tar.gz -C ~
# The app holds both kinds of program, and arch starts all that follows as one of them.
arch "-$architecture" /bin/bash "$here/say.sh" "$app/Contents/MacOS/tshark" "$folder"
diff -r "$expected" "$folder"
