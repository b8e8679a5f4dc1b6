# teamshark_add_plugin(NAME SOURCES file... [LIBRARIES target...])
#
# One Wireshark plugin module: hidden symbols, no "lib" prefix, its own copy of
# core and common, staged as the build tree's plugins-staged/X.Y/epan/NAME.so so that
# an unprivileged tshark loads it through WIRESHARK_PLUGIN_DIR=<build>/plugins-staged.

set(TEAMSHARK_STAGE_DIR "${PROJECT_BINARY_DIR}/plugins-staged")
set(TEAMSHARK_STAGE_EPAN_DIR "${TEAMSHARK_STAGE_DIR}/${TEAMSHARK_WIRESHARK_SERIES}/epan")

function(teamshark_add_plugin name)
    cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
    add_library(${name} MODULE ${arg_SOURCES})
    set_target_properties(${name} PROPERTIES
        PREFIX ""
        DEFINE_SYMBOL ""
        LIBRARY_OUTPUT_DIRECTORY "${TEAMSHARK_STAGE_EPAN_DIR}")
    target_link_libraries(${name} PRIVATE
        teamshark-common teamshark-core ${arg_LIBRARIES}
        teamshark-features teamshark-warnings epan PkgConfig::GLIB2)
    if(NOT APPLE AND NOT MSVC)
        # What is not there is to be found when linking, not when Wireshark starts.
        target_link_options(${name} PRIVATE -Wl,--exclude-libs,ALL $<$<NOT:$<BOOL:${TEAMSHARK_FUZZ}>>:-Wl,--no-undefined>)
    endif()
    if(TEAMSHARK_IN_TREE)
        teamshark_join_tree(${name})
        return()
    endif()
    install(TARGETS ${name}
        LIBRARY DESTINATION "${Wireshark_PLUGIN_LIBDIR}/epan" COMPONENT plugins NAMELINK_SKIP)
    install(TARGETS ${name}
        LIBRARY DESTINATION "${TEAMSHARK_PERSONAL_PLUGIN_DIR}/epan" COMPONENT personal NAMELINK_SKIP
        EXCLUDE_FROM_ALL)
    if(WIN32)
        install(TARGETS ${name} LIBRARY DESTINATION "plugins/${TEAMSHARK_WIRESHARK_SERIES}/epan"
            COMPONENT windows EXCLUDE_FROM_ALL)
    endif()
endfunction()
