# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ./run --install and --uninstall. What is installed is written to a manifest
# first, so that even an interrupted installation can be taken away exactly:
#   folder PATH            a folder that was made
#   file CHECKSUM PATH     a file that was copied

PERSONAL_MANIFEST=${XDG_DATA_HOME:-${HOME:-/root}/.local/share}/teamshark/manifest
SYSTEM_MANIFEST=/var/lib/teamshark/manifest

# wireshark_folder LABEL: what "tshark -G folders" says, such as "Personal Plugins".
wireshark_folder() {
    tshark -G folders 2> /dev/null | sed -nE "s/^$1:[[:space:]]+//p" | head -1
}

checksum() { sha256sum -- "$1" | cut -d' ' -f1; }

# new_folders FOLDER: those of its parents and itself that do not exist, topmost first.
new_folders() {
    local folder=$1 found=()
    while [[ ! -d $folder ]]; do
        found=("$folder" "${found[@]}")
        folder=$(dirname "$folder")
    done
    printf '%s\n' "${found[@]}"
}

# plan_tree SOURCE DESTINATION: the manifest of copying one tree into a folder.
plan_tree() {
    local source=$1 destination=$2 path
    (cd "$source" && find . -type f -printf '%P\n' | LC_ALL=C sort) | while read -r path; do
        new_folders "$(dirname "$destination/$path")" | sed '/^$/d; s/^/folder /'
        echo "file $(checksum "$source/$path") $destination/$path"
    done | awk '!seen[$0]++'
}

# Files that are there and are none of ours must not be lost.
refuse_to_overwrite() {
    local kind sum path
    while read -r kind sum path; do
        if [[ $kind == file && -e $path && $(checksum "$path") != "$sum" ]]; then
            fail "$path is there already and was not put there by --install: move it away first"
        fi
    done
}

# install_tree MANIFEST SOURCE DESTINATION [SOURCE DESTINATION...]
install_tree() {
    local manifest=$1 plan source destination path mode
    shift
    plan=$(while (($#)); do
        plan_tree "$1" "$2"
        shift 2
    done)
    refuse_to_overwrite <<< "$plan"
    plan=$(new_folders "$(dirname "$manifest")" | sed '/^$/d; s/^/folder /')$'\n'$plan
    mkdir -p "$(dirname "$manifest")"
    sed '/^$/d' <<< "$plan" > "$manifest"
    while (($#)); do
        source=$1 destination=$2
        shift 2
        (cd "$source" && find . -type f -printf '%P\n') | while read -r path; do
            if [[ $path == */bin/* || $destination == */bin ]]; then mode=755; else mode=644; fi
            install -D -m "$mode" "$source/$path" "$destination/$path"
        done
    done
    sed -n 's/^file [0-9a-f]* //p' "$manifest" >&2
}

# remove_file CHECKSUM PATH: unless somebody has made it their own since.
remove_file() {
    if [[ ! -e $2 ]]; then
        return
    elif [[ $(checksum "$2") == "$1" ]]; then
        rm -- "$2"
    else
        say "kept, since it was changed after the installation: $2"
    fi
}

# remove_folder PATH: what Wireshark or the user has put there since stays.
remove_folder() {
    [[ ! -d $1 ]] || rmdir -- "$1" 2> /dev/null || say "kept, since there is more in it: $1"
}

# uninstall_manifest MANIFEST: false where nothing was installed.
uninstall_manifest() {
    local manifest=$1 lines kind rest
    [[ -e $manifest ]] || return 1
    lines=$(cat "$manifest")
    while read -r kind rest; do
        if [[ $kind == file ]]; then remove_file "${rest%% *}" "${rest#* }"; fi
    done <<< "$lines"
    rm -- "$manifest"
    while read -r kind rest; do
        if [[ $kind == folder ]]; then remove_folder "$rest"; fi
    done < <(LC_ALL=C sort -r <<< "$lines")
}

# installed_tree COMPONENT...: the files of install components, under WORLD/tree.
installed_tree() {
    local component
    for component; do
        DESTDIR=$WORLD/tree cmake --install "$BUILD" --component "$component" > /dev/null
    done
}

install_personal() {
    DESTDIR='' cmake --install "$BUILD" --component personal --prefix "$WORLD/tree" > /dev/null
    uninstall_manifest "$PERSONAL_MANIFEST" && say "the earlier installation was taken away"
    say "installing for $(id -un):"
    install_tree "$PERSONAL_MANIFEST" \
        "$WORLD/tree/.local/lib/wireshark/plugins/$(tshark_series)" "$(wireshark_folder 'Personal Plugins')" \
        "$WORLD/tree/.config/wireshark" "$(wireshark_folder 'Personal configuration')" \
        "$WORLD/tree/.local/bin" "${HOME:-/root}/.local/bin" \
        "$WORLD/tree/.local/share/teamshark" "${HOME:-/root}/.local/share/teamshark"
    if ((EUID == 0)); then
        say "note: while Wireshark runs as root it ignores personal plugins; --install --system serves every user, root too"
    fi
}

install_system() {
    installed_tree plugins profile documentation
    function_as_root install_system_tree "$WORLD/tree"
}

# What needs root's rights, with nothing built by root in a user's checkout.
install_system_tree() {
    uninstall_manifest "$SYSTEM_MANIFEST" && say "the earlier installation was taken away"
    say "installing for all users:"
    install_tree "$SYSTEM_MANIFEST" "$1" ""
}

# Wireshark copies a profile of all users into the folder of whoever chooses it. The
# caller's copy goes with the original where it was not changed since.
forget_copied_profile() {
    local place name kind sum path
    place=$(wireshark_folder 'Personal configuration')/profiles/Teams
    [[ -d $place ]] || return 0
    while read -r kind sum path; do
        name=$place/${path##*/}
        if [[ $path == */profiles/Teams/* && -e $name ]]; then remove_file "$sum" "$name"; fi
    done < <(grep '^file ' "$SYSTEM_MANIFEST")
    remove_folder "$place"
    rmdir -- "${place%/*}" "${place%/*/*}" 2> /dev/null || true
}

uninstall() {
    local done=no
    if uninstall_manifest "$PERSONAL_MANIFEST"; then
        done=yes
        say "the installation for $(id -un) was taken away"
    fi
    if [[ -e $SYSTEM_MANIFEST ]]; then
        done=yes
        forget_copied_profile
        function_as_root uninstall_manifest "$SYSTEM_MANIFEST" ||
            fail "the installation for all users is still there; as root: $ROOT/run --uninstall"
        say "the installation for all users was taken away; users who chose the profile Teams keep the copy that Wireshark made for them"
    fi
    [[ $done == yes ]] || say "nothing is installed (no $PERSONAL_MANIFEST, no $SYSTEM_MANIFEST)"
}

# Plugins that were installed for another series are silently not looked at.
warn_of_other_series() {
    local manifest series other
    series=$(tshark_series)
    for manifest in "$PERSONAL_MANIFEST" "$SYSTEM_MANIFEST"; do
        [[ -e $manifest ]] || continue
        other=$(sed -nE 's!^file .*/plugins/([0-9]+\.[0-9]+)/epan/.*!\1!p' "$manifest" | head -1)
        if [[ -n $other && $other != "$series" ]]; then
            say "the installed plugins are for Wireshark $other, and this is $series, which does not load them: ./run --install builds and installs them anew"
        fi
    done
}
