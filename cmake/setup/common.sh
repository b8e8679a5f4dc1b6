# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What ./run, ./test and .ci/run share: messages, packages, the build, and how
# to run something without privileges. To be sourced; ROOT is the checkout.

ROOT=${ROOT:?}
CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/teamshark
UNPRIVILEGED_ID=65534

say() { printf 'teamshark: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        fail "this needs root's rights, and there is no sudo: $*"
    fi
}

# function_as_root NAME ARGUMENT...: the same for a function of these files.
function_as_root() {
    # shellcheck disable=SC2016 # for the inner shell
    as_root env ROOT="$ROOT" bash -c '
        set -euo pipefail
        . "$ROOT/cmake/setup/common.sh"
        . "$ROOT/cmake/setup/install.sh"
        "$@"' bash "$@"
}

# --- Packages ----------------------------------------------------------------

# packages_for USE...: the packages that packages.txt lists for these uses.
packages_for() {
    local use
    for use; do
        awk -v use="$use" '$1 == use { print $2 }' "$ROOT/cmake/setup/packages.txt"
    done
}

missing_packages() {
    local package
    for package in $(packages_for "$@"); do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null) == installed ]] || echo "$package"
    done
}

# need_packages USE...: installs what is missing, and says so. apt's own words go to a log.
need_packages() {
    local missing by_hand log=$CACHE/apt.log
    if ! command -v apt-get > /dev/null; then
        say "this is no Debian; where something is missing, install the like of: $(packages_for "$@" | xargs)"
        return
    fi
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    by_hand="apt-get install --no-install-recommends ${missing[*]}"
    ((EUID == 0)) || command -v sudo > /dev/null ||
        fail "packages are missing, and there is no sudo to install them; as root: $by_hand"
    say "installing with apt-get, which may take minutes (see $log): ${missing[*]}"
    mkdir -p "$CACHE"
    if ! {
        as_root apt-get -q update || say "some package lists could not be fetched; going on with the others"
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get -q -y --no-install-recommends install "${missing[@]}" < /dev/null
    } > "$log" 2>&1; then
        tail -20 "$log" >&2
        fail "the packages could not be installed; as root: $by_hand"
    fi
}

# --- Versions ----------------------------------------------------------------

# A series is the X.Y to which a plugin is bound; nothing where there is no tshark.
tshark_series() {
    command -v tshark > /dev/null || return 0
    tshark --version 2> /dev/null | sed -nE '1s/.*\(Wireshark\) ([0-9]+\.[0-9]+)\..*/\1/p'
}

developer_series() {
    pkg-config --modversion wireshark 2> /dev/null | sed -nE 's/^([0-9]+\.[0-9]+)\..*/\1/p'
}

# Plugins can only be built for the Wireshark whose headers are installed.
check_series() {
    local headers program
    headers=$(developer_series)
    program=$(tshark_series)
    [[ -n $headers ]] || fail "Wireshark's development files are missing (Debian: libwireshark-dev)"
    [[ -z $program || $headers == "$program" ]] ||
        fail "the tshark in PATH ($(command -v tshark)) is Wireshark $program, the development files are those of $headers: install the files of $program, or put the tshark of $headers first in PATH"
}

# --- Build -------------------------------------------------------------------

# build_folder PRESET: in the checkout, or in the cache where the checkout
# cannot be written (it, or an earlier build, is another user's).
build_folder() {
    local folder=$ROOT/build/$1 above
    above=$folder
    while [[ ! -e $above ]]; do above=$(dirname "$above"); done
    if [[ -w $above ]] && [[ ! -e $folder/CMakeCache.txt || -w $folder/CMakeCache.txt ]]; then
        echo "$folder"
    else
        echo "$CACHE/build/$(printf %s "$ROOT" | cksum | cut -d' ' -f1)/$1"
    fi
}

cached() { sed -n "s/^$2:[A-Z]*=//p" "$1/CMakeCache.txt"; }

# A build of a checkout that was moved or copied, or for another Wireshark,
# is of no use and would only confuse CMake.
forget_stale_build() {
    local folder=$1 built_for installed
    [[ -e $folder/CMakeCache.txt ]] || return 0
    installed=$(developer_series)
    built_for=$(cat "$folder/wireshark-series" 2> /dev/null || true)
    if [[ $(cached "$folder" CMAKE_HOME_DIRECTORY) != "$ROOT" ||
        $(cached "$folder" CMAKE_CACHEFILE_DIR) != "$folder" ]]; then
        say "$folder was configured elsewhere: building anew"
    elif [[ -n $built_for && $built_for != "$installed" ]]; then
        say "the plugins in $folder were built for Wireshark $built_for, and $installed is installed: building anew"
    else
        return 0
    fi
    rm -rf -- "$folder"
}

# build PRESET: configures and builds; prints what CMake says only if it fails.
# Sets BUILD to the build folder, STAGE to that of the staged plugins.
build() {
    local preset=$1 log
    BUILD=$(build_folder "$preset")
    # shellcheck disable=SC2034 # for those who source this
    STAGE=$BUILD/plugins-staged
    check_series
    forget_stale_build "$BUILD"
    mkdir -p "$BUILD"
    log=$BUILD/build.log
    say "building for Wireshark $(pkg-config --modversion wireshark) in $BUILD"
    if ! (cd "$ROOT" && cmake --preset "$preset" -B "$BUILD" && cmake --build "$BUILD" --parallel "$(nproc)") \
        > "$log" 2>&1 < /dev/null; then
        cat "$log" >&2
        fail "the build failed"
    fi
}

# pack_checkout: a tar of the files that git knows or would take, or where there is
# no git of all but builds, on standard output.
pack_checkout() {
    local files=(find . \( -name .git -o -path ./build -o -name __pycache__ \) -prune -o -type f -print0)
    if git -C "$ROOT" rev-parse --git-dir > /dev/null 2>&1; then
        files=(git ls-files -z --cached --others --exclude-standard --deduplicate)
    fi
    (cd "$ROOT" && "${files[@]}" | while IFS= read -r -d '' path; do
        if [[ -f $path ]]; then printf '%s\0' "$path"; fi
    done | tar --null -T - -cf -)
}

# --- Without privileges ------------------------------------------------------

# new_world: a temporary folder WORLD that goes away with the shell; HOME of
# what runs unprivileged.
new_world() {
    WORLD=$(mktemp -d "${TMPDIR:-/tmp}/teamshark-XXXXXX")
    trap 'rm -rf -- "$WORLD"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    mkdir "$WORLD/config"
    chmod 755 "$WORLD"
}

# As root the world belongs to whoever called sudo, or to nobody.
ordinary_uid() { echo "${SUDO_UID:-$UNPRIVILEGED_ID}"; }
ordinary_gid() { echo "${SUDO_GID:-$UNPRIVILEGED_ID}"; }

hand_over_world() {
    if ((EUID == 0)); then
        chown -R "$(ordinary_uid):$(ordinary_gid)" "$WORLD"
    fi
}

# as_ordinary COMMAND...: Wireshark takes no plugins from WIRESHARK_PLUGIN_DIR
# or a home folder while it runs as root.
as_ordinary() {
    local variables=(HOME="$WORLD" WIRESHARK_CONFIG_DIR="$WORLD/config" WIRESHARK_PLUGIN_DIR="$WORLD/plugins")
    if ((EUID == 0)); then
        setpriv --reuid="$(ordinary_uid)" --regid="$(ordinary_gid)" --clear-groups env "${variables[@]}" "$@"
    else
        env "${variables[@]}" "$@"
    fi
}
