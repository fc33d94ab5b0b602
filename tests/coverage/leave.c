/*
 * leave.c -- in the build that counts what is run: a process that leaves by _exit, as children of fork() do, writes
 * down what it has run. Only exit() does so by itself.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int __llvm_profile_write_file(void);

void _exit(int status)
{
    __llvm_profile_write_file();
    syscall(SYS_exit_group, status);
    __builtin_unreachable();
}
