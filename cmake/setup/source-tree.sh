# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Teamshark as a folder of a Wireshark source tree, the way docs/building.md tells. The
# tree is a copy under $CACHE/source-tree with its own build folder, kept for the
# next time: building libwireshark takes half an hour and 1.5 GB.

SOURCE_TREES=$CACHE/source-tree
IN_TREE_TARGETS=(teams teams-dns ms-stun tshark)

# What tshark needs and no more; unoptimised, since only its loading our plugins matters.
IN_TREE_OPTIONS=(-G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O0
    -DBUILD_wireshark=OFF -DBUILD_mmdbresolve=OFF -DENABLE_PCAP=OFF -DENABLE_GNUTLS=OFF
    -DENABLE_LUA=OFF -DENABLE_SMI=OFF -DENABLE_KERBEROS=OFF -DENABLE_LIBXML2=OFF)

# source_lists FOLDER: apt's sources again in FOLDER, each for sources too. The machine's own stay as they are.
source_lists() {
    local list
    mkdir -p "$1/parts" "$1/lists/partial"
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        if [[ -f $list ]]; then sed -n 's/^deb /deb-src /p' "$list" > "$1/parts/$(basename "$list" .list).list"; fi
    done
    for list in /etc/apt/sources.list.d/*.sources; do
        if [[ -f $list ]]; then sed 's/^Types:.*/Types: deb-src/' "$list" > "$1/parts/$(basename "$list")"; fi
    done
}

# fetch_source FOLDER: Debian's source of the installed Wireshark, by apt-get source.
fetch_source() {
    local folder=$1 version apt
    version=$(dpkg-query -W -f '${source:Version}' libwireshark-dev)
    say "fetching Debian's source of Wireshark $version into $folder"
    rm -rf -- "$folder.partial"
    mkdir -p "$folder.partial"
    source_lists "$folder.partial/apt"
    apt=(apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$folder.partial/apt/parts"
        -o Dir::State::Lists="$folder.partial/apt/lists")
    # Where a list cannot be fetched the others may hold it.
    if ! (cd "$folder.partial" && { "${apt[@]}" update || true; } && "${apt[@]}" source "wireshark=$version") \
        > "$folder.partial/fetch.log" 2>&1; then
        tail -5 "$folder.partial/fetch.log" >&2
        fail "apt-get source failed; give a tree: ./test --source-tree=FOLDER"
    fi
    mv -- "$folder.partial"/wireshark-*/ "$folder"
    rm -rf -- "$folder.partial"
}

# copy_source TREE FOLDER: somebody's tree is left as it is.
copy_source() {
    [[ -f $1/epan/packet.h ]] || fail "$1 is no Wireshark source tree"
    say "copying the Wireshark source tree $1 into $2"
    rm -rf -- "$2.partial"
    mkdir -p "$(dirname "$2")"
    cp -rL -- "$1" "$2.partial"
    mv -- "$2.partial" "$2"
}

# plant FOLDER: the steps 1 and 2 of docs/building.md. Files keep their times, so
# that only what has changed since is built again.
plant() {
    local place=$1/plugins/epan/teamshark
    rm -rf -- "$place"
    mkdir -p "$place"
    pack_checkout | tar -C "$place" -xf -
    echo 'set(CUSTOM_PLUGIN_SRC_DIR plugins/epan/teamshark)' > "$1/CMakeListsCustom.txt"
}

# build_in_tree [TREE]: sets TEAMSHARK_SOURCE_TREE to the build folder.
build_in_tree() {
    local tree=${1:-} folder log
    need_packages build run source-tree
    if [[ -n $tree ]]; then
        tree=$(realpath -- "$tree")
        folder=$SOURCE_TREES/$(printf %s "$tree" | cksum | cut -d' ' -f1)
        [[ -d $folder ]] || copy_source "$tree" "$folder"
    else
        folder=$SOURCE_TREES/wireshark-$(pkg-config --modversion wireshark)
        [[ -d $folder ]] || fetch_source "$folder"
    fi
    plant "$folder"
    log=$folder/build.log
    say "building Wireshark with Teamshark in it, in $folder/build (a while at first; see $log)"
    if ! nice -n 19 cmake "${IN_TREE_OPTIONS[@]}" -S "$folder" -B "$folder/build" > "$log" 2>&1 ||
        ! nice -n 19 cmake --build "$folder/build" --parallel "$(nproc)" \
            --target "${IN_TREE_TARGETS[@]}" >> "$log" 2>&1; then
        tail -30 "$log" >&2
        fail "the build in the source tree failed: $log"
    fi
    export TEAMSHARK_SOURCE_TREE=$folder/build
}
