# How every target of this project is compiled: C11 without extensions, all warnings, and what the
# options STM_WERROR, STM_SANITIZE and STM_COVERAGE ask for.
#
# A project that takes libstm in by add_subdirectory keeps its own flags: the warnings are ours only.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)

if(PROJECT_IS_TOP_LEVEL)
    set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
    add_compile_options(-Wall -Wextra -Wpedantic -Wconversion)
    if(STM_WERROR)
        add_compile_options(-Werror)
    endif()
endif()

if(STM_SANITIZE)
    add_compile_options(-fsanitize=${STM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${STM_SANITIZE})
endif()

# Lines, branches and conditions (MC/DC), counted by clang 18 or newer; atomically, since threads share the counters.
if(STM_COVERAGE)
    add_compile_options(-fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc -fprofile-update=atomic)
    add_link_options(-fprofile-instr-generate)
endif()
