# Finds Wireshark and GLib, and probes the features that differ between
# Wireshark releases. Every result is a TS_HAVE_* definition, read by
# plugins/common/ws_compat.h and by nothing else.

if(TEAMSHARK_IN_TREE)
    include(TeamsharkInTree)
else()
    find_package(Wireshark CONFIG REQUIRED)
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(GLIB2 REQUIRED IMPORTED_TARGET glib-2.0)
    set(TEAMSHARK_PROBE_LIBRARIES epan PkgConfig::GLIB2)
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

if(NOT Wireshark_PLUGINS_ENABLED)
    message(FATAL_ERROR "The Wireshark found in ${Wireshark_LIB_DIR} was built without plugin support.")
endif()

set(TEAMSHARK_WIRESHARK_SERIES "${Wireshark_MAJOR_VERSION}.${Wireshark_MINOR_VERSION}")
message(STATUS "Building for Wireshark ${Wireshark_VERSION} (plugin series ${TEAMSHARK_WIRESHARK_SERIES})")
# For the commands, which build anew where another series is installed.
file(WRITE "${PROJECT_BINARY_DIR}/wireshark-series" "${TEAMSHARK_WIRESHARK_SERIES}\n")

set(TEAMSHARK_FEATURES
    TS_HAVE_CONV_FILTER_DATA TS_HAVE_BOOL_CALLBACKS TS_HAVE_FVALUE_POINTER
    TS_HAVE_TVB_GET_UINT8 TS_HAVE_STAT_TAP_BOOL
    TS_HAVE_RTP_CHANNELS TS_HAVE_RTP_PACKET_INFO TS_HAVE_WSUTIL_PLUGINS_H TS_HAVE_SEQUENCE_ANALYSIS_H)

# What was found out about another Wireshark does not hold for this one.
if(NOT TEAMSHARK_PROBED_VERSION STREQUAL Wireshark_VERSION)
    foreach(feature IN LISTS TEAMSHARK_FEATURES ITEMS TEAMSHARK_PROBES_WORK)
        unset(${feature} CACHE)
    endforeach()
    set(TEAMSHARK_PROBED_VERSION "${Wireshark_VERSION}" CACHE INTERNAL "The Wireshark that was probed")
endif()

include(CheckCSourceCompiles)
include(CheckIncludeFile)
include(CheckTypeSize)

check_type_size("ssize_t" SSIZE_T)

function(teamshark_probe variable source)
    set(CMAKE_REQUIRED_LIBRARIES ${TEAMSHARK_PROBE_LIBRARIES})
    set(CMAKE_REQUIRED_INCLUDES ${TEAMSHARK_PROBE_INCLUDES})
    set(CMAKE_REQUIRED_FLAGS "-Werror")
    set(CMAKE_REQUIRED_DEFINITIONS -DHAVE_SSIZE_T)
    set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
    check_c_source_compiles("${source}" ${variable})
endfunction()

# A probe that fails for want of a header must not pass for an older Wireshark.
teamshark_probe(TEAMSHARK_PROBES_WORK "
#include <wireshark.h>
#include <epan/packet.h>
int f(void);
int f(void) { return 0; }
")
if(NOT TEAMSHARK_PROBES_WORK)
    unset(TEAMSHARK_PROBES_WORK CACHE)
    message(FATAL_ERROR "A file that only includes Wireshark's headers does not compile; see ${CMAKE_BINARY_DIR}/CMakeFiles.")
endif()

# Wireshark 4.2 and later hand a pointer to the conversation filter callbacks.
teamshark_probe(TS_HAVE_CONV_FILTER_DATA "
#include <wireshark.h>
#include <epan/packet.h>
#include <epan/conversation_filter.h>
void f(is_filter_valid_func v, build_filter_string_func b);
void f(is_filter_valid_func v, build_filter_string_func b) { register_conversation_filter(\"\", \"\", v, b, 0); }
")

# Wireshark 4.4 and later use C99 bool where older ones have gboolean.
teamshark_probe(TS_HAVE_BOOL_CALLBACKS "
#include <wireshark.h>
#include <epan/packet.h>
static bool h(tvbuff_t *t, packet_info *p, proto_tree *r, void *d) { return t && p && r && d; }
heur_dissector_t f(void);
heur_dissector_t f(void) { heur_dissector_t x = h; return x; }
")

# The stored value of a field: a struct in 4.0, a pointer since 4.2.
teamshark_probe(TS_HAVE_FVALUE_POINTER "
#include <wireshark.h>
#include <epan/packet.h>
fvalue_t *f(field_info *fi);
fvalue_t *f(field_info *fi) { fvalue_t *v = fi->value; return v; }
")

teamshark_probe(TS_HAVE_TVB_GET_UINT8 "
#include <wireshark.h>
#include <epan/tvbuff.h>
int f(tvbuff_t *t);
int f(tvbuff_t *t) { return tvb_get_uint8(t, 0); }
")

# Wireshark 4.6 lets a statistic refuse its argument.
teamshark_probe(TS_HAVE_STAT_TAP_BOOL "
#include <wireshark.h>
#include <epan/packet.h>
#include <epan/stat_tap_ui.h>
static bool h(const char *a, void *d) { return a && d; }
stat_tap_init_cb f(void);
stat_tap_init_cb f(void) { stat_tap_init_cb x = h; return x; }
")

# Since 4.4 stock rtp is told the channels of a dynamic payload type.
teamshark_probe(TS_HAVE_RTP_CHANNELS "
#include <wireshark.h>
#include <epan/packet.h>
#include <epan/dissectors/packet-rtp.h>
void f(rtp_dyn_payload_t *p);
void f(rtp_dyn_payload_t *p) { rtp_dyn_payload_insert(p, 96, 0, 8000, 1); }
")

# What stock rtp keeps on a frame has a name of its own since 4.4.
teamshark_probe(TS_HAVE_RTP_PACKET_INFO "
#include <wireshark.h>
#include <epan/packet.h>
#include <epan/dissectors/packet-rtp.h>
unsigned f(void);
unsigned f(void) { return sizeof(struct _rtp_packet_info) + RTP_CONVERSATION_PROTO_DATA; }
")

# Kinds of Flow Graph; Debian's wireshark-dev leaves the header out.
teamshark_probe(TS_HAVE_SEQUENCE_ANALYSIS_H "
#include <wireshark.h>
#include <epan/packet.h>
#include <epan/sequence_analysis.h>
")

set(CMAKE_REQUIRED_LIBRARIES ${TEAMSHARK_PROBE_LIBRARIES})
set(CMAKE_REQUIRED_INCLUDES ${TEAMSHARK_PROBE_INCLUDES})
check_include_file(wsutil/plugins.h TS_HAVE_WSUTIL_PLUGINS_H "-include glib.h -include wireshark.h")
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_INCLUDES)

add_library(teamshark-features INTERFACE)
target_compile_definitions(teamshark-features INTERFACE
    TEAMSHARK_VERSION="${PROJECT_VERSION}"
    TEAMSHARK_WIRESHARK_MAJOR=${Wireshark_MAJOR_VERSION}
    TEAMSHARK_WIRESHARK_MINOR=${Wireshark_MINOR_VERSION}
    $<$<BOOL:${HAVE_SSIZE_T}>:HAVE_SSIZE_T>)
foreach(feature IN LISTS TEAMSHARK_FEATURES)
    if(${feature})
        target_compile_definitions(teamshark-features INTERFACE ${feature}=1)
    endif()
endforeach()
