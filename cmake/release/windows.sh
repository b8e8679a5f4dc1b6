#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# windows.sh ARCHIVES SERIES TSHARK EXPECTED FOLDER: in git's bash on Windows. Unpacks the zip into
# %APPDATA%\Wireshark, writes to FOLDER what TSHARK says then (say.sh), and fails where that is
# not what EXPECTED holds, the FOLDER of Linux.
set -euo pipefail

archives=$1 series=$2 tshark=$3 expected=$4 folder=$5
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

mkdir -p "$APPDATA/Wireshark"
unzip -q "$archives"/teamshark-*-wireshark-"$series"-windows-x64.zip -d "$APPDATA/Wireshark"
"$here/say.sh" "$tshark" "$folder"
diff -r "$expected" "$folder"
