# cpack -G DEB: a package for the Wireshark series it was built for.
# cpack -G TGZ: the same for a user's home folder (tar -xzf ... -C ~).
# cpack -G ZIP: for Windows, where it was cross-compiled (cmake/setup/archives.sh).

set(CPACK_PACKAGE_NAME "${TEAMSHARK_PACKAGE}")
set(CPACK_TEAMSHARK_SERIES "${TEAMSHARK_WIRESHARK_SERIES}")
# What it runs on, in the name of an archive.
if(APPLE AND CMAKE_OSX_ARCHITECTURES)
    set(CPACK_TEAMSHARK_PLATFORM "macos-${CMAKE_OSX_ARCHITECTURES}")
elseif(APPLE)
    set(CPACK_TEAMSHARK_PLATFORM "macos-${CMAKE_SYSTEM_PROCESSOR}")
else()
    set(CPACK_TEAMSHARK_PLATFORM "linux-${CMAKE_SYSTEM_PROCESSOR}")
endif()
set(CPACK_PACKAGE_VENDOR "Teamshark")
set(CPACK_PACKAGE_CONTACT "Teamshark developers <teamshark@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Microsoft Teams, Skype and MS-TURN dissectors for Wireshark ${TEAMSHARK_WIRESHARK_SERIES}")
set(CPACK_PACKAGE_DESCRIPTION
"Plugins that say what every frame of Microsoft Teams and Skype traffic is,
which service a host name stands for, how a sign-in went and which path a
call took, with a profile of columns, colours and filters.
.
A plugin fits one Wireshark series only: this package is for ${TEAMSHARK_WIRESHARK_SERIES}.")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/COPYING")
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX "/usr")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PROJECT_CONFIG_FILE "${PROJECT_SOURCE_DIR}/cmake/TeamsharkPackageKind.cmake")

math(EXPR _next_minor "${Wireshark_MINOR_VERSION} + 1")
set(_next_series "${Wireshark_MAJOR_VERSION}.${_next_minor}")
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "wireshark-common (>= ${TEAMSHARK_WIRESHARK_SERIES}), wireshark-common (<< ${_next_series}), python3")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
# The profile is the same file for every series, and there is one Wireshark on a machine.
set(CPACK_DEBIAN_PACKAGE_PROVIDES teamshark)
set(CPACK_DEBIAN_PACKAGE_CONFLICTS teamshark)
set(CPACK_DEBIAN_PACKAGE_REPLACES teamshark)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# What Debian's policy asks for beside the files themselves.
set(_debian "${PROJECT_BINARY_DIR}/debian")
configure_file("${PROJECT_SOURCE_DIR}/cmake/debian/changelog.in" "${_debian}/changelog" @ONLY)
execute_process(COMMAND gzip -9nc "${_debian}/changelog" OUTPUT_FILE "${_debian}/changelog.gz")
install(FILES "${_debian}/changelog.gz" DESTINATION "${TEAMSHARK_DOC_DIR}" COMPONENT documentation)
install(FILES cmake/debian/copyright DESTINATION "${TEAMSHARK_DOC_DIR}" COMPONENT documentation)

# What the archive for a home folder has beside them. README.txt speaks of Linux only.
set(_archive_doc_dir ".local/share/doc/teamshark")
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    configure_file("${PROJECT_SOURCE_DIR}/cmake/linux/README.txt.in" "${PROJECT_BINARY_DIR}/linux/README.txt" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/linux/README.txt" DESTINATION "${_archive_doc_dir}" COMPONENT archive EXCLUDE_FROM_ALL)
endif()
install(FILES COPYING DESTINATION "${_archive_doc_dir}" RENAME COPYING.txt COMPONENT archive EXCLUDE_FROM_ALL)
install(DIRECTORY docs DESTINATION "${_archive_doc_dir}" COMPONENT archive EXCLUDE_FROM_ALL PATTERN generate EXCLUDE)

include(CPack)
