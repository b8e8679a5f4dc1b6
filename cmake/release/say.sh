#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# say.sh TSHARK FOLDER: writes to FOLDER what a tshark that has Teamshark says of two bundled
# captures. Two systems say the same if "diff -r" of their folders is silent.
set -euo pipefail

tshark=$1 folder=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
captures=(article-2017.pcapng gcc-high-signin.pcap)
reports=(signin names calls flows)

mkdir -p "$folder"
fields=()
while read -r name _; do
    fields+=(-e "$name")
done < <(sed '/^#/d; /^$/d' "$root/tests/interface.txt")

# Windows ends its lines with CR LF.
for capture in "${captures[@]}"; do
    file=$root/test-captures/$capture
    "$tshark" -n -r "$file" -T fields -e frame.number "${fields[@]}" | tr -d '\r' > "$folder/$capture.fields"
    for report in "${reports[@]}"; do
        "$tshark" -n -q -r "$file" -z "teams,$report" | tr -d '\r' > "$folder/$capture.$report.txt"
        "$tshark" -n -q -r "$file" -z "teams,$report,json" | tr -d '\r' > "$folder/$capture.$report.json"
    done
    [[ -s $folder/$capture.fields && $(wc -l < "$folder/$capture.signin.txt") -gt 5 ]] || {
        echo "nothing is said of $capture: the plugins did not load" >&2
        exit 1
    }
done
