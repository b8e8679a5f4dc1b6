#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tshark.sh FOLDER: a tshark of Wireshark 4.0 for Windows, in a Debian 13 with MinGW, for
# tests under wine. FOLDER/src holds the unpacked sources of wireshark, glib2.0, pcre2,
# c-ares and nghttp2; what is built is in FOLDER/run. Called by cmake/setup/archives.sh; takes
# some twelve minutes of a processor, once.
set -euo pipefail

folder=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
triplet=x86_64-w64-mingw32ucrt
prefix=$folder/prefix
export TEAMSHARK_SDK=$prefix
toolchain=$here/../toolchains/windows-x64.cmake

source_of() { printf '%s\n' "$folder"/src/"$1"-[0-9]* | head -1; }

cmake_build() {
    local name=$1 source=$2
    shift 2
    cmake -G Ninja -S "$source" -B "$folder/build/$name" -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DCMAKE_INSTALL_PREFIX="$prefix" "$@"
}

# GLib wants gettext; nobody translates anything here.
stub_gettext() {
    cp "$here/libintl.h" "$prefix/include/"
    "$triplet-gcc" -O1 -I"$prefix/include" -c "$here/libintl.c" -o "$folder/build/libintl.o"
    "$triplet-ar" rcs "$prefix/lib/libintl.a" "$folder/build/libintl.o"
}

libraries() {
    [[ ! -e $prefix/lib/libnghttp2.dll.a ]] || return 0
    cmake_build pcre2 "$(source_of pcre2)" -DCMAKE_BUILD_TYPE=MinSizeRel -DBUILD_SHARED_LIBS=ON -DBUILD_STATIC_LIBS=OFF \
        -DPCRE2_BUILD_TESTS=OFF -DPCRE2_BUILD_PCRE2GREP=OFF -DCMAKE_SHARED_LINKER_FLAGS=-static-libgcc
    ninja -C "$folder/build/pcre2" install
    cmake_build c-ares "$(source_of c-ares)" -DCMAKE_BUILD_TYPE=MinSizeRel -DCARES_BUILD_TOOLS=OFF \
        -DCMAKE_C_FLAGS="-w -DINADDRSZ=4 -DIN6ADDRSZ=16" -DCMAKE_SHARED_LINKER_FLAGS=-static-libgcc
    ninja -C "$folder/build/c-ares" install
    cmake_build nghttp2 "$(source_of nghttp2)" -DCMAKE_BUILD_TYPE=MinSizeRel -DENABLE_LIB_ONLY=ON -DENABLE_SHARED_LIB=ON -DENABLE_STATIC_LIB=OFF \
        -DENABLE_DOC=OFF -DHAVE_CLOCK_GETTIME=OFF -DCMAKE_SHARED_LINKER_FLAGS=-static-libgcc
    ninja -C "$folder/build/nghttp2" install
}

# As the official build names it: without "lib" in front.
glib_library() {
    local name=$1
    sed "s/lib$name-2\.0-0\.dll\x00/$name-2.0-0.dll\x00\x00\x00\x00/g; s/libglib-2\.0-0\.dll\x00/glib-2.0-0.dll\x00\x00\x00\x00/g" \
        "$folder/build/glib/$name/lib$name-2.0-0.dll" > "$prefix/bin/$name-2.0-0.dll"
    (cd "$prefix/bin" && gendef - "$name-2.0-0.dll" 2> /dev/null) | sed "s/^LIBRARY.*/LIBRARY \"$name-2.0-0.dll\"/" > "$prefix/lib/$name.def"
    x86_64-w64-mingw32-dlltool -m i386:x86-64 -d "$prefix/lib/$name.def" -D "$name-2.0-0.dll" -l "$prefix/lib/lib$name-2.0.dll.a"
    # shellcheck disable=SC2016 # for pkg-config
    printf 'prefix=%s\nName: %s\nDescription: %s\nVersion: 2.84.0\nLibs: -L${prefix}/lib -l%s-2.0\nCflags: -I${prefix}/include/glib-2.0\n' \
        "$prefix" "$name" "$name" "$name" > "$prefix/lib/pkgconfig/$name-2.0.pc"
}

glib() {
    local source name
    [[ ! -e $prefix/lib/pkgconfig/gthread-2.0.pc ]] || return 0
    source=$(source_of glib2.0)
    # Asked for by GObject, which is not built.
    printf 'Name: libffi\nDescription: none\nVersion: 3.4.0\nLibs:\nCflags:\n' > "$prefix/lib/pkgconfig/libffi.pc"
    sed "s,@PREFIX@,$prefix,g" "$here/meson.cross.in" > "$folder/meson.cross"
    [[ -e $folder/build/glib/build.ninja ]] || meson setup "$folder/build/glib" "$source" --cross-file "$folder/meson.cross" \
        --prefix="$prefix" --libdir=lib --buildtype=minsize -Dtests=false -Dintrospection=disabled -Dnls=disabled \
        -Dman-pages=disabled -Ddocumentation=false -Dglib_debug=disabled -Dsysprof=disabled
    ninja -C "$folder/build/glib" glib/libglib-2.0-0.dll gmodule/libgmodule-2.0-0.dll gthread/libgthread-2.0-0.dll
    mkdir -p "$prefix/include/glib-2.0" "$prefix/bin"
    cp -rL /usr/include/glib-2.0/. "$prefix/include/glib-2.0/"
    cp "$folder/build/glib/glib/glibconfig.h" "$prefix/include/glib-2.0/"
    cp "$source/glib/gwin32.h" "$folder"/build/glib/glib/*.h "$prefix/include/glib-2.0/glib/"
    for name in glib gmodule gthread; do glib_library "$name"; done
}

# Windows does not mind the case of file names, and neither do Wireshark's #include lines.
forwarding_headers() {
    local name lower
    mkdir -p "$folder/case"
    grep -rhoE '#\s*include\s*<[A-Za-z0-9_]*[A-Z][A-Za-z0-9_]*\.h>' "$1" --include='*.[ch]' | sed -E 's/.*<(.*)>/\1/' | sort -u |
        while read -r name; do
            lower=${name,,}
            [[ -e /usr/share/mingw-w64/include/$name || ! -e /usr/share/mingw-w64/include/$lower ]] ||
                echo "#include <$lower>" > "$folder/case/$name"
        done
}

wireshark() {
    local source off=() option
    source=$(source_of wireshark)
    [[ -e $source/.teamshark-patched ]] || {
        patch -d "$source" -p1 < "$here/wireshark-4.0.patch"
        touch "$source/.teamshark-patched"
    }
    gcc -w -O1 "$source/tools/lemon/lemon.c" -o "$folder/lemon"
    export TEAMSHARK_LEMON=$folder/lemon
    forwarding_headers "$source"
    for option in PCAP GNUTLS LUA SMI KERBEROS LIBXML2 SNAPPY ZSTD LZ4 BROTLI MINIZIP SBC SPANDSP BCG729 ILBC OPUS \
        WINSPARKLE AIRPCAP LIBSSH WERROR; do off+=("-DENABLE_$option=OFF"); done
    for option in wireshark mmdbresolve sharkd dumpcap androiddump sshdump ciscodump dpauxmon randpktdump wifidump etwdump \
        udpdump sdjournal dcerpcidl2wrs text2pcap mergecap reordercap editcap capinfos captype randpkt dftest rawshark; do
        off+=("-DBUILD_$option=OFF")
    done
    MSYSTEM=MINGW64 cmake_build wireshark "$source" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O0 \
        -DCMAKE_C_FLAGS="-w -pipe -idirafter $folder/case" -DCMAKE_SHARED_LINKER_FLAGS=-static-libgcc -DCMAKE_PREFIX_PATH="$prefix" \
        -DGLIB2_INTERNAL_INCLUDE_DIR="$prefix/include/glib-2.0" -DENABLE_ZLIB=ON -DHAVE_C99_VSNPRINTF=1 -DHAVE_C99_VSNPRINTF_EXITCODE=0 \
        "${off[@]}"
    ninja -C "$folder/build/wireshark" tshark
}

# What tshark.exe needs beside it.
collect() {
    local from
    mkdir -p "$folder/run"
    cp "$folder"/build/wireshark/run/{tshark.exe,*.dll} "$folder/run/"
    # zlib1.dll is there for both C run-times: what comes later stays.
    for from in /usr/x86_64-w64-mingw32/{lib,bin} "/usr/$triplet/lib" "$prefix/bin"; do
        find "$from" -maxdepth 1 -name '*.dll' -exec cp -t "$folder/run" {} +
    done
    find "$folder/run" -name '*.dll' -exec "$triplet-strip" {} +
}

mkdir -p "$prefix/include" "$prefix/lib/pkgconfig" "$folder/build"
# Debian's MinGW libraries for the other C run-time have a C interface that fits this one, too.
cp -n /usr/x86_64-w64-mingw32/lib/lib{z,gcrypt,gpg-error}.dll.a "$prefix/lib/" || true
cp -n /usr/x86_64-w64-mingw32/include/{zlib,zconf,gcrypt,gpg-error}.h "$prefix/include/" || true
stub_gettext
libraries
glib
wireshark
collect
