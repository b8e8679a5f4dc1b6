# Windows x64 on Linux, with Debian's MinGW for the universal C run-time (UCRT).
#
# UCRT and never msvcrt: the official Wireshark uses it, and a plugin of the other kind
# loads and then dies when it hands its standard output to Wireshark's JSON writer.

set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)

set(_triplet x86_64-w64-mingw32ucrt)
set(CMAKE_C_COMPILER "${_triplet}-gcc")
set(CMAKE_RC_COMPILER "${_triplet}-windres")

# Programs are this machine's; libraries and headers are the target's and the SDK's,
# which cmake/setup/archives.sh makes and names.
list(APPEND CMAKE_FIND_ROOT_PATH "/usr/${_triplet}" "$ENV{TEAMSHARK_SDK}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "$ENV{TEAMSHARK_SDK}/lib/pkgconfig")
