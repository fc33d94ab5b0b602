#!/usr/bin/env bash
# Builds the fuzz targets as OSS-Fuzz asks for it: compilers and flags from CC, CXX, CFLAGS and LIB_FUZZING_ENGINE; the
# targets with their seeds, dictionaries and options go to OUT, and the shared libraries that those of hostile files need to
# OUT/lib, babeltrace2's plugin to OUT/lib/plugins. Run from anywhere. It was tried, since it takes minutes, by
#   CC=clang-19 CXX=clang++-19 CFLAGS="-O1 -fsanitize=address,fuzzer-no-link" LIB_FUZZING_ENGINE=-fsanitize=fuzzer OUT=... fuzz/build.sh
# and by running each target 1,000 times from OUT.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${OUT:?the folder for the targets}" "${LIB_FUZZING_ENGINE:?what to link them with}"
work=${WORK:-$(mktemp -d)}

configure()
{
    cmake -S "$source" -B "$1" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-g -DSTM_CRITERION=OFF \
        -DSTM_BUILD_BENCH=OFF -DSTM_BUILD_EXAMPLES=OFF "-DCMAKE_EXE_LINKER_FLAGS=-Wl,-rpath,'\$ORIGIN/lib'" "${@:2}"
}

# Where the targets run there are no packages. To be asked of a program that does not lie in OUT: it would find those taken before.
take_libraries()
{
    mkdir -p "$OUT/lib"
    ldd "$1" | sed -n 's/.*=> \(.*\/lib\(sqlite3\|glib-2\|gmodule-2\|jansson\|babeltrace2\|pcre2\?\)[-.][^ ]*\) .*/\1/p' |
        xargs -r cp -L -t "$OUT/lib"
}

# It is loaded by name, and itself needs nothing but what trace_reader has loaded before.
take_plugin()
{
    local folder
    folder=$(pkg-config --variable=libdir babeltrace2)/babeltrace2/plugins
    mkdir -p "$OUT/lib/plugins"
    cp -L "$folder/babeltrace-plugin-ctf.so" "$OUT/lib/plugins/"
}

# Seeds are made by stm-replay and the library itself, which are built without the engine's flags.
CFLAGS='' CC=${HOST_CC:-cc} configure "$work/seeds"
ninja -C "$work/seeds" fuzz_corpus

configure "$work/targets" -DSTM_FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
for file in "$source"/fuzz/targets/*.dict; do
    target=$(basename "$file" .dict)
    ninja -C "$work/targets" "fuzz_$target"
    cp "$work/targets/fuzz/fuzz_$target" "$OUT/$target"
    cp "$file" "$source/fuzz/targets/$target.options" "$OUT/"
    take_libraries "$work/targets/fuzz/fuzz_$target"
    (cd "$work/seeds/fuzz/corpus/$target" && cmake -E tar cf "$OUT/${target}_seed_corpus.zip" --format=zip .)
done
take_plugin
