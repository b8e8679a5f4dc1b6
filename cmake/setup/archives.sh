# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ./run --windows and --linux: archives for people who do not build. Each is made from a
# copy of the checkout in a userland of the Debian release that has the Wireshark series
# (userlands.txt); for Windows, MinGW of Debian 13 compiles against headers and import
# libraries that are made from those packages (cmake/windows/sdk.py).

ROOT=${ROOT:?}
ARCHIVES=$ROOT/build/archives
WINDOWS_TSHARK=$CACHE/windows-tshark-4.0
COMPILER_RELEASE=trixie     # the first Debian with MinGW for the universal C run-time

# series_of_userlands: lines of series, release, debootstrap's script.
series_of_userlands() { awk '!/^#/ && NF { print $3, $1, $2 }' "$ROOT/cmake/setup/userlands.txt"; }

# release_of SERIES: release and script. Fails where no userland has the series.
release_of() { series_of_userlands | awk -v series="$1" '$1 == series { print $2, $3; found = 1 } END { exit !found }'; }

# in_userland RELEASE PLACE COMMAND...: in the copy of the checkout under PLACE/checkout.
in_userland() {
    local userland=$USERLANDS/$1 place=$2
    shift 2
    # shellcheck disable=SC2016 # for the inner shell
    enter "${place#"$userland"}" "$userland" bash -c 'cd "$1/checkout"; shift; "$@"' bash "${place#"$userland"}" "$@"
}

# open_place RELEASE: sets PLACE to a new folder of the userland with a copy of the checkout.
open_place() {
    new_place "$1"
    as_root mkdir "$PLACE/checkout" "$PLACE/shared" "$PLACE/archives"
    pack_checkout | as_root tar -C "$PLACE/checkout" --no-same-owner -xf -
}

close_place() { as_root rm -rf --one-file-system -- "$PLACE"; }

# What a userland lacks for these uses (packages.txt).
userland_packages() {
    local release=$1
    shift
    # shellcheck disable=SC2016 # for the inner shell
    in_userland "$release" "$PLACE" bash -c 'ROOT=$PWD; . cmake/setup/common.sh; need_packages "$@"' bash "$@"
}

# take_archives: what was made, out of the userland.
take_archives() {
    mkdir -p "$ARCHIVES"
    (cd "$PLACE/archives" && tar -cf - .) | tar -C "$ARCHIVES" --no-same-owner -xf -
    (cd "$PLACE/archives" && printf '%s\n' *.zip *.tar.gz) | sed "/\*/d; s,^,$ARCHIVES/,"
}

# build_windows SERIES [unit]: the zip, and programs of the unit tests beside it where asked for.
build_windows() {
    local series=$1 release script status=0 series_root
    read -r release script < <(release_of "$series") || fail "no userland has Wireshark $series (cmake/setup/userlands.txt)"
    need_userland "$release" "$script" && need_userland "$COMPILER_RELEASE" "$COMPILER_RELEASE" || return "$?"
    open_place "$release"
    userland_packages "$release" build || status=$?
    close_place
    ((status == 0)) || return "$status"

    open_place "$COMPILER_RELEASE"
    series_root=$PLACE/series
    as_root mkdir -p "$series_root/usr/include" "$series_root/usr/lib/x86_64-linux-gnu/pkgconfig"
    as_root cp -rL "$USERLANDS/$release/usr/include/wireshark" "$series_root/usr/include/"
    as_root cp -L "$USERLANDS/$release"/usr/lib/x86_64-linux-gnu/lib{wireshark,wsutil,wiretap}.so "$series_root/usr/lib/x86_64-linux-gnu/"
    as_root cp -L "$USERLANDS/$release/usr/lib/x86_64-linux-gnu/pkgconfig/wireshark.pc" "$series_root/usr/lib/x86_64-linux-gnu/pkgconfig/"
    say "building for Windows, Wireshark $series"
    {
        userland_packages "$COMPILER_RELEASE" windows &&
            in_userland "$COMPILER_RELEASE" "$PLACE" cmake/windows/build.sh "$@" &&
            take_archives
    } || status=$?
    close_place
    return "$status"
}

# source_packages RELEASE FOLDER PACKAGE...: Debian's sources, unpacked.
source_packages() {
    local release=$1 folder=$2
    shift 2
    userland_packages "$release" source || return "$?"
    # shellcheck disable=SC2016 # for the inner shell
    in_userland "$release" "$PLACE" bash -c 'mkdir -p ../src && cd ../src && apt-get -q update && apt-get -q source "$@"' bash "$@" \
        > "$CACHE/source.log" 2>&1 || { tail -5 "$CACHE/source.log" >&2; return 1; }
    as_root mkdir -p "$folder"
    as_root cp -r "$PLACE/src/." "$folder/"
}

# build_windows_tshark: a tshark of Wireshark 4.0 for Windows in WINDOWS_TSHARK, where there is none yet.
# It takes some twelve minutes of a processor, and 3 GB of the userland meanwhile.
build_windows_tshark() {
    local folder place status=0
    [[ ! -x $WINDOWS_TSHARK/tshark.exe ]] || return 0
    need_userland bookworm bookworm && need_userland "$COMPILER_RELEASE" "$COMPILER_RELEASE" || return "$?"
    say "building a tshark for Windows of Wireshark 4.0, once: this takes long"
    open_place "$COMPILER_RELEASE"
    place=$PLACE folder=$PLACE/tshark
    open_place bookworm
    source_packages bookworm "$folder/src" wireshark c-ares pcre2 nghttp2 || status=$COULD_NOT_MAKE
    close_place
    PLACE=$place
    if ((status == 0)); then
        source_packages "$COMPILER_RELEASE" "$folder/src" glib2.0 || status=$COULD_NOT_MAKE
    fi
    if ((status == 0)); then
        {
            userland_packages "$COMPILER_RELEASE" windows windows-tshark &&
                in_userland "$COMPILER_RELEASE" "$PLACE" cmake/windows/tshark.sh "${folder#"$USERLANDS/$COMPILER_RELEASE"}"
        } > "$CACHE/windows-tshark.log" 2>&1 || status=1
        ((status == 0)) || tail -20 "$CACHE/windows-tshark.log" >&2
    fi
    if ((status == 0)); then
        rm -rf -- "$WINDOWS_TSHARK.partial"
        mkdir -p "$WINDOWS_TSHARK.partial"
        (cd "$folder/run" && tar -cf - .) | tar -C "$WINDOWS_TSHARK.partial" --no-same-owner -xf -
        mv -- "$WINDOWS_TSHARK.partial" "$WINDOWS_TSHARK"
    fi
    close_place
    return "$status"
}

# build_linux SERIES: the tar.gz for a home folder and the .deb.
build_linux() {
    local series=$1 release script status=0
    read -r release script < <(release_of "$series") || fail "no userland has Wireshark $series (cmake/setup/userlands.txt)"
    need_userland "$release" "$script" || return "$?"
    open_place "$release"
    say "building for Linux, Wireshark $series"
    {
        userland_packages "$release" build package run &&
            in_userland "$release" "$PLACE" cmake/setup/build-linux.sh &&
            take_archives
    } || status=$?
    close_place
    return "$status"
}

# build_archives KIND [SERIES]: of all series where none is named.
build_archives() {
    local kind=$1 series status=0
    while read -r series _; do
        [[ -z ${2:-} || $2 == "$series" ]] || continue
        "build_$kind" "$series" || status=$?
    done < <(series_of_userlands)
    [[ -z ${2:-} ]] || release_of "$2" > /dev/null || fail "no userland has Wireshark $2: $(series_of_userlands | cut -d' ' -f1 | xargs)"
    return "$status"
}
