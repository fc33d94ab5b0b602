#!/usr/bin/env bash
# Builds the fuzz targets as OSS-Fuzz asks for it: compilers and flags from CC, CXX, CFLAGS and LIB_FUZZING_ENGINE; the
# targets with their seeds, dictionaries and options go to OUT, and the shared libraries that those of hostile files need to
# OUT/lib. Run from anywhere.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${OUT:?the folder for the targets}" "${LIB_FUZZING_ENGINE:?what to link them with}"
work=${WORK:-$(mktemp -d)}

configure()
{
    cmake -S "$source" -B "$1" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-g -DSTM_CRITERION=OFF \
        -DSTM_BUILD_BENCH=OFF -DSTM_BUILD_EXAMPLES=OFF "-DCMAKE_EXE_LINKER_FLAGS=-Wl,-rpath,'\$ORIGIN/lib'" "${@:2}"
}

# Where the targets run there are no packages.
take_libraries()
{
    mkdir -p "$OUT/lib"
    ldd "$1" | sed -n 's/.*=> \(.*\/lib\(sqlite3\|glib-2\|gmodule-2\|jansson\|babeltrace2\|pcre2\?\)[-.][^ ]*\) .*/\1/p' |
        xargs -r cp -L -t "$OUT/lib"
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
    take_libraries "$OUT/$target"
    (cd "$work/seeds/fuzz/corpus/$target" && cmake -E tar cf "$OUT/${target}_seed_corpus.zip" --format=zip .)
done
