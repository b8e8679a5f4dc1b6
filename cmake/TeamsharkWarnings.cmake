# One set of compiler settings for everything the project builds.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

add_library(teamshark-warnings INTERFACE)
# Newer headers turn calls into functions that an older GLib, such as that of Wireshark
# for Windows, has not got: nothing after this release of GLib is used.
target_compile_definitions(teamshark-warnings INTERFACE
    GLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_72 GLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_72)
if(MINGW)
    # Wireshark's exceptions jump over frames of its own compiler's, which must not be unwound by ours.
    target_compile_definitions(teamshark-warnings INTERFACE __USE_MINGW_SETJMP_NON_SEH)
    target_link_options(teamshark-warnings INTERFACE -static-libgcc)
endif()
if(NOT MSVC)
    target_compile_options(teamshark-warnings INTERFACE
        -Wall -Wextra -Werror
        -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
        -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2)
endif()
# Wireshark's headers are not ours to keep clean.
get_target_property(_ws_includes epan INTERFACE_INCLUDE_DIRECTORIES)
if(_ws_includes)
    target_include_directories(teamshark-warnings SYSTEM INTERFACE ${_ws_includes})
endif()

# The sanitizers' run-time is in the fuzzers (tests/fuzz), which load the plugins.
if(TEAMSHARK_FUZZ)
    target_compile_options(teamshark-warnings INTERFACE
        -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
endif()

if(TEAMSHARK_SANITIZE)
    target_compile_options(teamshark-warnings INTERFACE
        -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    target_link_options(teamshark-warnings INTERFACE -fsanitize=address,undefined)
endif()
