# What find_package(Wireshark) says out of tree, said by the Wireshark source tree
# in which this is a folder. Its libraries are not built yet when it is
# configured, so probes see its headers only.

set(Wireshark_MAJOR_VERSION "${PROJECT_MAJOR_VERSION}")
set(Wireshark_MINOR_VERSION "${PROJECT_MINOR_VERSION}")
set(Wireshark_VERSION "${PROJECT_MAJOR_VERSION}.${PROJECT_MINOR_VERSION}.${PROJECT_PATCH_VERSION}")
set(Wireshark_PLUGINS_ENABLED "${ENABLE_PLUGINS}")

if(NOT TARGET PkgConfig::GLIB2)
    add_library(PkgConfig::GLIB2 INTERFACE IMPORTED)
    target_include_directories(PkgConfig::GLIB2 INTERFACE ${GLIB2_INCLUDE_DIRS})
    target_link_libraries(PkgConfig::GLIB2 INTERFACE ${GLIB2_LIBRARIES})
endif()

# Wireshark writes these after it has been through its plugins; probes need them now.
set(_probe_headers "${PROJECT_BINARY_DIR}/probe")
configure_file("${CMAKE_SOURCE_DIR}/cmakeconfig.h.in" "${_probe_headers}/config.h")
configure_file("${CMAKE_SOURCE_DIR}/ws_version.h.in" "${_probe_headers}/ws_version.h")

set(TEAMSHARK_PROBE_LIBRARIES)
set(TEAMSHARK_PROBE_INCLUDES
    "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/include" "${_probe_headers}" ${GLIB2_INCLUDE_DIRS})

# teamshark_join_tree(NAME): where Wireshark's own plugins are built and installed.
function(teamshark_join_tree name)
    set_target_properties(${name} PROPERTIES
        LIBRARY_OUTPUT_DIRECTORY "${PLUGIN_DIR}/epan"
        INSTALL_RPATH ""
        FOLDER "Plugins")
    add_dependencies(plugins ${name})
    install(TARGETS ${name} LIBRARY DESTINATION "${PLUGIN_INSTALL_VERSION_LIBDIR}/epan" NAMELINK_SKIP)
endfunction()
