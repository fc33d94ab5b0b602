# What `cmake --install` puts where, so that others find libstm through CMake or pkg-config.
#
# Nothing that is installed names the prefix: both the CMake package and stm.pc find it from where
# they lie, so that `cmake --install --prefix` and a moved tree work.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/stm")

install(TARGETS stm stm_static EXPORT stm-targets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
if(TARGET stm_trace)
    install(TARGETS stm_trace EXPORT stm-targets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()
if(TARGET stm_testing_library)
    install(TARGETS stm_testing_library EXPORT stm-targets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
    install(DIRECTORY testing/include/stm DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
endif()
install(DIRECTORY libstm/include/stm DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

install(EXPORT stm-targets NAMESPACE stm:: DESTINATION "${package_dir}")
configure_package_config_file(cmake/stm-config.cmake.in stm-config.cmake INSTALL_DESTINATION "${package_dir}")
# Before 1.0 a minor version may break its callers.
write_basic_package_version_file(stm-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/stm-config.cmake" "${PROJECT_BINARY_DIR}/stm-config-version.cmake"
    DESTINATION "${package_dir}")

set(pkgconfig_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH prefix_from_pkgconfig "/p/${pkgconfig_dir}" "/p")
string(REGEX REPLACE "/$" "" prefix_from_pkgconfig "${prefix_from_pkgconfig}")
configure_file(cmake/stm.pc.in stm.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/stm.pc" DESTINATION "${pkgconfig_dir}")

if(TARGET stm_testing_library)
    configure_file(cmake/stm-testing.pc.in stm-testing.pc @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/stm-testing.pc" DESTINATION "${pkgconfig_dir}")
endif()

# What needs libstm.so finds it in the tree that it was installed into, wherever that is moved.
file(RELATIVE_PATH libraries_from_commands "/p/${CMAKE_INSTALL_BINDIR}" "/p/${CMAKE_INSTALL_LIBDIR}")
foreach(command IN ITEMS stm_contention stm_snapshot_command)
    if(TARGET ${command})
        set_target_properties(${command} PROPERTIES INSTALL_RPATH "$ORIGIN/${libraries_from_commands}")
    endif()
endforeach()
if(TARGET stm_snapshot)
    set_target_properties(stm_snapshot PROPERTIES INSTALL_RPATH "$ORIGIN")
endif()

# libstm-snapshot: a package of its own, since it needs SQLite and libstm does not.
if(STM_BUILD_SNAPSHOT)
    set(snapshot_dir "${CMAKE_INSTALL_LIBDIR}/cmake/stm-snapshot")
    install(TARGETS stm_snapshot stm_snapshot_static EXPORT stm-snapshot-targets
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
    install(DIRECTORY snapshot/include/stm DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
    install(EXPORT stm-snapshot-targets NAMESPACE stm:: DESTINATION "${snapshot_dir}")
    configure_package_config_file(cmake/stm-snapshot-config.cmake.in stm-snapshot-config.cmake
        INSTALL_DESTINATION "${snapshot_dir}")
    write_basic_package_version_file(stm-snapshot-config-version.cmake COMPATIBILITY SameMinorVersion)
    install(FILES "${PROJECT_BINARY_DIR}/stm-snapshot-config.cmake"
        "${PROJECT_BINARY_DIR}/stm-snapshot-config-version.cmake" DESTINATION "${snapshot_dir}")
    configure_file(cmake/stm-snapshot.pc.in stm-snapshot.pc @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/stm-snapshot.pc" DESTINATION "${pkgconfig_dir}")
endif()
