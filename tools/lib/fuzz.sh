# Building and running fuzz targets with an engine; needs common.sh, from the root of the source tree.
#
# fuzz_build ENGINE TARGET         sets fuzz_program, fuzz_replay and fuzz_seeds
# fuzz_run ENGINE TARGET SECONDS FOLDER
#                                  begins with the inputs in FOLDER/seeds, adds those worth keeping to FOLDER/corpus, and
#                                  puts what fails into FOLDER/findings; ends at the first of these
# fuzz_execs ENGINE LOG            how many inputs were tried, by what fuzz_run printed
# fuzz_schedules ENGINE TARGET     how many schedules each stands for

fuzz_build()
{
    local engine=$1 target=$2 logs=build/fuzz build=build/fuzz-$1 packages=(cmake ninja-build) options flags
    local modules=(-DSTM_CRITERION=OFF -DSTM_BUILD_TRACE=OFF -DSTM_BUILD_SNAPSHOT=OFF -DSTM_BUILD_BENCH=OFF
        -DSTM_BUILD_EXAMPLES=OFF)
    case $engine in
        libfuzzer)
            packages+=(clang-19 libclang-rt-19-dev)
            # What is compared with what is of no use to an engine that changes programmes as such; and whether a
            # variable is used after its function has returned the preset asan looks at, in every test.
            flags="-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp,indirect-calls"
            flags+=" -fsanitize-address-use-after-return=never"
            options=(-DCMAKE_C_COMPILER=clang-19 -DCMAKE_C_FLAGS="$flags" -DSTM_SANITIZE=address,undefined)
            ;;
        afl)
            packages+=(afl++)
            options=(-DCMAKE_C_COMPILER=afl-clang-fast)
            export AFL_LLVM_DENYLIST=$PWD/fuzz/targets/harness.denylist AFL_QUIET=1
            ;;
        *) die "--engine=$engine: libfuzzer or afl" ;;
    esac
    # Targets of hostile files are built with the modules that read them.
    case $target in
        snapshot_file | trace_*)
            build=build/fuzz-hostile-$engine
            packages+=(gcc libc6-dev pkg-config libcriterion-dev libxxhash-dev libglib2.0-dev libjansson-dev
                libsqlite3-dev liblttng-ust-dev liblttng-ctl-dev libbabeltrace2-dev)
            modules=(-DSTM_CRITERION=OFF -DSTM_BUILD_BENCH=OFF -DSTM_BUILD_EXAMPLES=OFF)
            # These are not changed as programmes: what is compared with what is of use.
            [ "$engine" = afl ] || options=(-DCMAKE_C_COMPILER=clang-19 -DSTM_SANITIZE=address,undefined
                -DCMAKE_C_FLAGS=-fsanitize=fuzzer-no-link)
            unset AFL_LLVM_DENYLIST
            # GLib's slices would hide what is freed; and what a failed command leaves behind goes with the process.
            export G_SLICE=always-malloc AFL_FUZZER_LOOPCOUNT=100 LIBBABELTRACE2_INIT_LOG_LEVEL=NONE
            ;;
    esac
    ask_for_root "${packages[@]}"
    run_step "packages" $logs/packages.log install_packages "${packages[@]}"
    run_step "configure $engine" "$logs/configure-$engine.log" cmake -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
        -DCMAKE_C_FLAGS_DEBUG="-O2 -g" "${options[@]}" "${modules[@]}" -DSTM_FUZZ_ENGINE=-fsanitize=fuzzer
    run_step "build $target" "$logs/build-$engine.log" ninja -C "$build" "fuzz_$target"
    # Whose findings are shown, and whose seeds are used, is built without an engine.
    run_step "configure stm-replay" $logs/configure-replay.log cmake --preset dev
    run_step "build stm-replay" $logs/build-replay.log ninja -C build/dev stm-replay stm-mutants fuzz_corpus \
        fuzz_afl_mutator "fuzz_$target"
    fuzz_program=$PWD/$build/fuzz/fuzz_$target
    fuzz_replay=$PWD/build/dev/fuzz/stm-replay
    fuzz_seeds=$PWD/build/dev/fuzz/corpus/$target
}

fuzz_run()
{
    local engine=$1 target=$2 seconds=$3 folder=$4 dictionary=$PWD/fuzz/targets/$2.dict length_max input_seconds leaks entropic=1
    length_max=$(sed -n 's/^max_len = //p' "fuzz/targets/$target.options")
    input_seconds=$(sed -n 's/^timeout = //p' "fuzz/targets/$target.options")
    leaks=$(sed -n 's/^detect_leaks = //p' "fuzz/targets/$target.options")
    mkdir -p "$folder/findings" "$folder/corpus"
    if [ "$engine" = libfuzzer ]; then
        # To weigh inputs by rare features takes longer the more there are: of 2,300, a third of all time.
        [ "$(find -H "$folder/seeds" -type f | wc -l)" -lt 500 ] || entropic=0
        ASAN_OPTIONS=abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1 \
            "$fuzz_program" -max_len="$length_max" -max_total_time="$seconds" -print_final_stats=1 \
            -timeout="${input_seconds:-60}" -entropic=$entropic -detect_leaks="${leaks:-1}" -dict="$dictionary" -artifact_prefix="$folder/findings/" "$folder/corpus" "$folder/seeds" || true
        return
    fi
    if [ "$target" = commit_schedule ]; then
        export AFL_CUSTOM_MUTATOR_LIBRARY=$PWD/build/dev/fuzz/fuzz_afl_mutator.so
    fi
    AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_BENCH_UNTIL_CRASH=1 \
        AFL_CRASHING_SEEDS_AS_NEW_CRASH=1 \
        afl-fuzz -i "$folder/seeds" -o "$folder/afl" -x "$dictionary" -V "$seconds" -G "$length_max" \
        -t $((${input_seconds:-60} * 1000)) -- "$fuzz_program" || true
    # Over seeds that all fail it does not begin.
    if [ ! -f "$folder/afl/default/fuzzer_stats" ]; then
        local seed
        for seed in "$folder"/seeds/*; do
            timeout 60 "$fuzz_program" "$seed" >/dev/null 2>&1 || cp "$seed" "$folder/findings/"
        done
        echo "execs_done : $(find "$folder/seeds" -type f | wc -l)"
        return
    fi
    find "$folder/afl/default/crashes" "$folder/afl/default/hangs" -name 'id*' -exec cp {} "$folder/findings/" \;
    find "$folder/afl/default/queue" -maxdepth 1 -name 'id*' ! -name '*orig*' -exec cp {} "$folder/corpus/" \;
    cat "$folder/afl/default/fuzzer_stats"
}

fuzz_execs()
{
    if [ "$1" = libfuzzer ]; then
        sed -n 's/^stat::number_of_executed_units: //p' "$2" | tail -n 1 | grep . || echo 0
    else
        sed -n 's/^execs_done *: //p' "$2" | grep . || echo 0
    fi
}

# As fuzz/targets/commit_schedule.c says.
fuzz_schedules()
{
    if [ "$2" != commit_schedule ]; then
        echo 0
    elif [ "$1" = afl ]; then
        echo $(($(sed -n 's/^#define FUZZ_BATCH_MAX \([0-9]*\)u.*/\1/p' fuzz/run/run.h) + 1))
    else
        echo 1
    fi
}
