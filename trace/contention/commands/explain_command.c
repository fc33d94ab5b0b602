#include "../fail.h"
#include "commands.h"
int explain_main(int argc, char **argv) { (void)argc, (void)argv; fail(EXIT_USAGE, "not yet"); }
int diff_main(int argc, char **argv) { (void)argc, (void)argv; fail(EXIT_USAGE, "not yet"); }
