# Runs stm-bench --json and reads it back: it must be JSON, with the rows that were asked for.
cmake_minimum_required(VERSION 3.22)
execute_process(COMMAND "${BENCH}" --rounds 2 --milliseconds 5 --json --only transfer/names
    OUTPUT_VARIABLE report COMMAND_ERROR_IS_FATAL ANY)

string(JSON count LENGTH "${report}" rows)
string(JSON first GET "${report}" rows 0 name)
string(JSON second GET "${report}" rows 1 name)
string(JSON ratio GET "${report}" rows 1 ratio median)
string(JSON wanted GET "${report}" rows 1 limit)
if(NOT count EQUAL 2 OR NOT first STREQUAL "transfer/plain" OR NOT second STREQUAL "transfer/names")
    message(FATAL_ERROR "expected transfer/plain and transfer/names in:\n${report}")
endif()
if(NOT ratio GREATER 0 OR NOT wanted EQUAL 2.5)
    message(FATAL_ERROR "expected a ratio, and 2.5 as its limit, in:\n${report}")
endif()
