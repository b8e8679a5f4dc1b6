#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# linux.sh ARCHIVES SERIES FOLDER: as root, in a system that has tshark of that series and no
# Teamshark. Unpacks the tar.gz as a user does, and writes to FOLDER what his tshark says (say.sh).
set -euo pipefail

archives=$1 series=$2 folder=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
nobody=65534     # Wireshark takes nothing from root's home folder

home=$(mktemp -d)
trap 'rm -rf -- "$home"' EXIT
tar -xzf "$archives"/teamshark-*-wireshark-"$series"-linux-x86_64.tar.gz -C "$home" --no-same-owner
mkdir -p "$folder"
chmod -R u=rwX,go=rX "$home"
chown -R "$nobody:$nobody" "$home" "$folder"
setpriv --reuid="$nobody" --regid="$nobody" --clear-groups env HOME="$home" "$here/say.sh" tshark "$folder"
