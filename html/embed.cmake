# cmake -D INPUT=style.css -D OUTPUT=style_css.c -D NAME=html_style_css -P embed.cmake
#
# Writes the file's bytes as a C string of that name. An array, since a string literal may have 4,095 characters only.
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "((0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)?(0x[0-9a-f][0-9a-f],)?(0x[0-9a-f][0-9a-f],)?)" "\\1\n"
    bytes "${bytes}")
get_filename_component(input_name "${INPUT}" NAME)
file(WRITE "${OUTPUT}" "/* Made from ${input_name}; edit that. */
#include \"embedded.h\"
const unsigned char ${NAME}[] = {\n${bytes}0};
")
