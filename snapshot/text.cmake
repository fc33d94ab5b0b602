# Turns SQL into a C array: string literals longer than 4,095 bytes are not portable.
# cmake -D SCHEMA=... -D LAYOUT=... -D OUT=... -P text.cmake
function(array name text)
    string(HEX "${text}" hex)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(................................................................................)" "\\1\n    "
        bytes "${bytes}")
    set(arrays "${arrays}extern const char ${name}[];\nconst char ${name}[] = {\n    ${bytes}0};\n" PARENT_SCOPE)
endfunction()

file(READ "${SCHEMA}" schema)
file(READ "${LAYOUT}" layout)
string(REPLACE "@WITHOUT_ROWID@" " WITHOUT ROWID" small "${layout}")
string(REPLACE "@WITHOUT_ROWID@" "" large "${layout}")
set(arrays "/* From schema.sql and layout.sql. */\n")
array(stmi_schema_text "${schema}")
array(stmi_layout_small_text "${small}")
array(stmi_layout_large_text "${large}")
file(WRITE "${OUT}" "${arrays}")
