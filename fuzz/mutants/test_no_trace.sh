#!/usr/bin/env bash
# The library that users get has no trace of any mutant: it compiles to the same code as one whose source never
# mentions them, and no symbol of the archive does.
# Usage: test_no_trace.sh COMPILER SOURCE_FOLDER XXHASH_INCLUDE_FOLDER ARCHIVE
set -euo pipefail
compiler=$1 source=$2 xxhash=$3 archive=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if nm "$archive" 2>/dev/null | grep -i mutant; then
    echo "FAILED: the archive has symbols of mutants" >&2
    exit 1
fi

cp -r "$source/libstm" "$folder/with"
cp -r "$source/libstm" "$folder/without"
sed -i -e '/#include "mutant.h"/d' -e '/stmi_mutant_chosen;/d' -e 's/stmi_mutant([A-Z_]*)/false/g' -e 's/stmi_mutant_take([^)]*)/false/g' \
    "$folder"/without/src/*.[ch]
rm "$folder/without/src/mutant.h"
if grep -l mutant "$folder"/without/src/*; then
    echo "FAILED: these mention mutants in another way" >&2
    exit 1
fi

compared=0
for file in $(cd "$source/libstm/src" && grep -l -e mutant -e '"look.h"' -- *.c); do
    for which in with without; do
        (cd "$folder/$which" && "$compiler" -std=c11 -O1 -DNDEBUG -D_GNU_SOURCE -Iinclude -isystem "$xxhash" \
            -c "src/$file" -o "../$which.o")
    done
    cmp "$folder/with.o" "$folder/without.o" || { echo "FAILED: $file" >&2; exit 1; }
    compared=$((compared + 1))
done
echo "$compared files compile to the same code"
[ $compared -ge 6 ]
