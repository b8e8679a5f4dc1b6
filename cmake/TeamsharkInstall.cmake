# Where things go. Components "plugins", "profile" and "documentation" go beside
# Wireshark itself; "personal" is the same for a user's home folder, laid out so that
# its tar.gz is unpacked there (and never part of a plain install).

if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
    set(CMAKE_INSTALL_PREFIX "${Wireshark_INSTALL_PREFIX}" CACHE PATH "Where Wireshark is" FORCE)
endif()
include(GNUInstallDirs)

# Wireshark's folder of a series: on macOS a folder inside the program must have no dot (4-6).
set(_series_folder "${TEAMSHARK_WIRESHARK_SERIES}")
if(APPLE)
    string(REPLACE "." "-" _series_folder "${_series_folder}")
endif()
set(TEAMSHARK_PERSONAL_PLUGIN_DIR ".local/lib/wireshark/plugins/${_series_folder}")
set(TEAMSHARK_PERSONAL_CONFIG_DIR ".config/wireshark")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/profiles/Teams"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/wireshark/profiles" COMPONENT profile)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/profiles/Teams"
    DESTINATION "${TEAMSHARK_PERSONAL_CONFIG_DIR}/profiles" COMPONENT personal EXCLUDE_FROM_ALL)

# The page of a capture: a command and its template, which it finds in ../share/teamshark.
install(PROGRAMS "${PROJECT_SOURCE_DIR}/page/teamshark-page.py"
    DESTINATION "${CMAKE_INSTALL_BINDIR}" RENAME teamshark-page COMPONENT documentation)
install(FILES "${PROJECT_SOURCE_DIR}/page/page.html"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/teamshark" COMPONENT documentation)
install(PROGRAMS "${PROJECT_SOURCE_DIR}/page/teamshark-page.py"
    DESTINATION ".local/bin" RENAME teamshark-page COMPONENT personal EXCLUDE_FROM_ALL)
install(FILES "${PROJECT_SOURCE_DIR}/page/page.html"
    DESTINATION ".local/share/teamshark" COMPONENT personal EXCLUDE_FROM_ALL)

# For Windows, laid out for %APPDATA%\\Wireshark. People there open README.txt in Notepad.
if(WIN32)
    set(_windows COMPONENT windows EXCLUDE_FROM_ALL)
    configure_file("${PROJECT_SOURCE_DIR}/cmake/windows/README.txt.in" "${PROJECT_BINARY_DIR}/README.txt"
        @ONLY NEWLINE_STYLE DOS)
    configure_file("${PROJECT_SOURCE_DIR}/COPYING" "${PROJECT_BINARY_DIR}/COPYING.txt" @ONLY NEWLINE_STYLE DOS)
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/profiles/Teams" DESTINATION profiles ${_windows})
    install(FILES "${PROJECT_BINARY_DIR}/README.txt" "${PROJECT_BINARY_DIR}/COPYING.txt" DESTINATION Teamshark ${_windows})
    install(DIRECTORY docs DESTINATION Teamshark ${_windows} PATTERN generate EXCLUDE)
    install(FILES page/teamshark-page.py page/page.html DESTINATION Teamshark ${_windows})
endif()

# Debian wants a package's documents under the package's name.
set(TEAMSHARK_PACKAGE "teamshark-wireshark${TEAMSHARK_WIRESHARK_SERIES}")
set(TEAMSHARK_DOC_DIR "${CMAKE_INSTALL_DATADIR}/doc/${TEAMSHARK_PACKAGE}")
install(FILES README.md DESTINATION "${TEAMSHARK_DOC_DIR}" COMPONENT documentation)
install(DIRECTORY docs DESTINATION "${TEAMSHARK_DOC_DIR}" COMPONENT documentation
    PATTERN generate EXCLUDE)
