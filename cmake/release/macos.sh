#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# macos.sh ARCHITECTURE SOURCE: builds against the installed Wireshark.app, with the headers of
# the same release's SOURCE, and installs plugins and profile for this user. The plugins' folder has a
# dash there (4-6). Not yet run on a Mac.
set -euo pipefail

architecture=$1 source=$2
app=/Applications/Wireshark.app
sdk=$PWD/build/macos-sdk
export PKG_CONFIG_LIBDIR=$sdk/lib/pkgconfig

python3 cmake/release/macos-sdk.py "$app" "$source" "$(brew --prefix glib)" "$sdk"
cmake -G Ninja -S . -B build/macos -DCMAKE_BUILD_TYPE=Release -DTEAMSHARK_TESTS=OFF \
    -DCMAKE_OSX_ARCHITECTURES="$architecture" -DWireshark_DIR="$sdk/lib/cmake/wireshark"
cmake --build build/macos
series=$(sed 's/\./-/' build/macos/wireshark-series)
mkdir -p ~/.local/lib/wireshark/plugins/"$series"/epan ~/.config/wireshark/profiles
cp build/macos/plugins-staged/*/epan/*.so ~/.local/lib/wireshark/plugins/"$series"/epan/
cp -R profiles/Teams ~/.config/wireshark/profiles/
# A plugin from the internet is quarantined; one that was built here is not.
xattr -dr com.apple.quarantine ~/.local/lib/wireshark/plugins/"$series" 2> /dev/null || true
