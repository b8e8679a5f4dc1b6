# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Userlands of other Debian releases, in which ./test --matrix runs itself.
# They are plain folders under $CACHE/userland. What has to be mounted for a run is
# mounted in a mount namespace of that run, so that nothing stays behind.

USERLANDS=$CACHE/userland
COULD_NOT_MAKE=77

# The archive that this machine itself installs from, or TEAMSHARK_MIRROR.
mirror() {
    local uri=${TEAMSHARK_MIRROR:-}
    [[ -n $uri ]] || uri=$(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' |
        sed -n 's,/*$,,; /\/debian$/{p;q}')
    [[ -n $uri ]] || { say "no Debian archive among apt's sources: set TEAMSHARK_MIRROR"; return 1; }
    printf '%s\n' "$uri"
}

# userlands: lines of release and debootstrap script. A script of an older
# debootstrap does for a release that it does not know by name.
# The series that is installed is tested without one.
userlands() {
    awk -v installed="$(developer_series)" '!/^#/ && NF && $3 != installed { print $1, $2 }' "$ROOT/cmake/setup/userlands.txt"
}

# The archive of testing may carry a signature date that has passed. These
# userlands are thrown away and hold nobody's data, so that does not matter here.
accept_old_signatures() {
    say "$1: signature dates of the archive that have passed are accepted in this userland"
    printf 'Acquire::Check-Valid-Until "false";\n' |
        as_root tee "$USERLANDS/$1/etc/apt/apt.conf.d/99teamshark" > /dev/null
}

add_sources() {
    printf 'deb %s %s main\ndeb-src %s %s main\n' "$2" "$1" "$2" "$1" |
        as_root tee "$USERLANDS/$1/etc/apt/sources.list" > /dev/null
}

# make_userland RELEASE SCRIPT: under another name until it is whole.
make_userland() {
    local release=$1 script=$2 partial=$USERLANDS/$1.partial from
    need_packages matrix
    from=$(mirror) || return "$COULD_NOT_MAKE"
    say "making a userland of Debian $release with debootstrap in $USERLANDS/$release"
    mkdir -p "$USERLANDS"
    as_root rm -rf --one-file-system -- "$partial"
    as_root debootstrap --variant=minbase --include=ca-certificates "$release" "$partial" "$from" "$script" \
        > "$USERLANDS/$release.log" 2>&1 < /dev/null || {
        tail -20 "$USERLANDS/$release.log" >&2
        say "debootstrap failed for $release"
        return "$COULD_NOT_MAKE"
    }
    as_root mv -- "$partial" "$USERLANDS/$release"
    add_sources "$release" "$from"
    accept_old_signatures "$release"
}

userland_is_whole() {
    [[ -x $USERLANDS/$1/usr/bin/apt-get && -s $USERLANDS/$1/var/lib/dpkg/status ]]
}

# need_userland RELEASE SCRIPT: makes it where it is missing.
need_userland() {
    if ! userland_is_whole "$1"; then
        make_userland "$1" "$2" || return "$?"
    elif [[ ! -e $USERLANDS/$1/etc/apt/apt.conf.d/99teamshark ]]; then
        accept_old_signatures "$1"
    fi
    as_root cp -L /etc/resolv.conf "$USERLANDS/$1/etc/resolv.conf" || true
    can_mount || {
        say "mounting is not permitted here (no unshare --mount), so nothing can be run in a userland"
        return "$COULD_NOT_MAKE"
    }
}

can_mount() { as_root unshare --mount --propagation private true 2> /dev/null; }

# enter FOLDER-IN-USERLAND USERLAND COMMAND...: with /proc, /dev, the real captures
# read-only, and nothing of the caller's environment. The mounts end with the command.
enter() {
    local place=$1 userland=$2 captures=
    shift 2
    if [[ -d $ROOT/../shared/captures ]]; then captures=$(realpath "$ROOT/../shared"); fi
    # shellcheck disable=SC2016 # for the inner shell
    as_root unshare --mount --propagation private bash -c '
        set -euo pipefail
        userland=$1 place=$2 captures=$3
        shift 3
        mount -t proc proc "$userland/proc"
        mount --rbind /dev "$userland/dev"
        if [[ -n $captures ]]; then
            mount --bind "$captures" "$userland$place/shared"
            mount -o remount,ro,bind "$userland$place/shared"
        fi
        exec chroot "$userland" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
            CI="${CI:-}" TEAMSHARK_USERLAND=yes "$@"' bash "$userland" "$place" "$captures" "$@" < /dev/null
}

# new_place RELEASE: sets PLACE to a new folder of the userland, which goes away with the shell at the
# latest, also where a time limit ends that.
PLACES=()
new_place() {
    PLACE=$(as_root mktemp -d "$USERLANDS/$1/srv/teamshark-XXXXXX")
    PLACES+=("$PLACE")
    trap 'as_root rm -rf --one-file-system -- "${PLACES[@]}"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# test_in_userland RELEASE SCRIPT ARGUMENT...: runs ./test on a copy of the checkout in there.
test_in_userland() {
    local release=$1 userland=$USERLANDS/$1 place status=0
    need_userland "$release" "$2" || return "$?"
    shift 2
    new_place "$release"
    place=$PLACE
    as_root mkdir "$place/checkout" "$place/shared"
    pack_checkout | as_root tar -C "$place/checkout" --no-same-owner -xf -
    say "$release: ./test in $userland"
    enter "${place#"$userland"}" "$userland" "${place#"$userland"}/checkout/test" "$@" || status=$?
    as_root rm -rf --one-file-system -- "$place"
    return "$status"
}
