/*
 * A provider whose first process hangs before it has begun: as a program does, seldom, that LTTng does not
 * tell that it is registered.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void hang_once(void)
{
    int file = open("hung", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return;
    for (;;)
        pause();
}
