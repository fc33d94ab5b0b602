# Targets of hostile files: what they need beyond the others' needs, and their seeds, which the library writes.
find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

add_library(fuzz_hostile STATIC hostile/capture.c hostile/sweep.c)
target_link_libraries(fuzz_hostile PUBLIC PkgConfig::JANSSON)
if(CMAKE_C_FLAGS MATCHES "fuzzer-no-link")
    target_compile_options(fuzz_hostile PRIVATE -fno-sanitize=fuzzer-no-link)
endif()

# fuzz_hostile_target(<name> <libraries>...)
function(fuzz_hostile_target name)
    add_executable(fuzz_${name} targets/${name}.c $<$<STREQUAL:${STM_FUZZ_ENGINE},>:targets/standalone.c>)
    target_link_libraries(fuzz_${name} PRIVATE fuzz_hostile ${ARGN} ${STM_FUZZ_ENGINE})
    if(STM_FUZZ_ENGINE STREQUAL "")
        add_test(NAME fuzz_${name} COMMAND fuzz_${name} "${CMAKE_CURRENT_BINARY_DIR}/corpus/${name}"
            "${CMAKE_CURRENT_SOURCE_DIR}/regress/${name}")
        set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz TIMEOUT 120)
    endif()
endfunction()

# fuzz_hostile_seeds(<name>): <name>_seeds FOLDER writes them; the first is "empty".
function(fuzz_hostile_seeds name)
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/corpus/${name}")
    add_executable(${name}_seeds targets/${name}_seeds.c)
    target_link_libraries(${name}_seeds PRIVATE ${ARGN})
    add_custom_command(OUTPUT "${folder}/empty" COMMAND "${CMAKE_COMMAND}" -E make_directory "${folder}"
        COMMAND ${name}_seeds "${folder}" DEPENDS ${name}_seeds VERBATIM)
    set(hostile_seeds ${hostile_seeds} "${folder}/empty" PARENT_SCOPE)
endfunction()

if(TARGET stm_snapshot_static)
    fuzz_hostile_target(snapshot_file stm_snapshot_commands stm_snapshot_static)
    target_sources(fuzz_snapshot_file PRIVATE hostile/memory_vfs.c hostile/snapshot_command.c
        $<$<NOT:$<STREQUAL:${STM_FUZZ_ENGINE},>>:targets/snapshot_file_mutator.c>)
    fuzz_hostile_seeds(snapshot_file stm_snapshot_static m)
endif()

if(TARGET stm_contention_core)
    fuzz_hostile_target(trace_events stm_contention_core stm_contention_html)
    fuzz_hostile_seeds(trace_events)
    fuzz_hostile_target(trace_reader stm_contention_commands trace_scene ${CMAKE_DL_LIBS})
    target_sources(fuzz_trace_reader PRIVATE hostile/contention_command.c hostile/leftover.c
        hostile/own_folder.c hostile/quark.c)
    fuzz_hostile_seeds(trace_reader trace_scene)
endif()
