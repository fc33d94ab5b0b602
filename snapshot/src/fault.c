#include "fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *text, *advice;
} statuses[] = {
    [STM_FILE_OK] = {"OK", "Done.", ""},
    [STM_FILE_CANCELLED] = {"CANCELLED", "The progress callback asked to stop.", ""},
    [STM_FILE_INVALID] = {"INVALID", "A NULL or senseless argument. Mend the call.", ""},
    [STM_FILE_STORE] = {"STORE", "The store answered with a failure; the error says which.", ""},
    [STM_FILE_NO_MEMORY] = {"NO_MEMORY", "An allocation failed; nothing was changed. Free some, try again.", ""},
    [STM_FILE_NOT_FOUND] = {"NOT_FOUND", "There is no such file, or no such snapshot in it.", ""},
    [STM_FILE_NOT_OURS] = {"NOT_OURS", "Something else has that name; it was not touched.",
                           " It was not touched: choose another name."},
    [STM_FILE_NEWER] = {"NEWER", "The file was written by a later version of this library. It was not touched.",
                        " It was not touched: use the version that wrote it."},
    [STM_FILE_DAMAGED] = {"DAMAGED", "The file's content contradicts itself.",
                          " Use an older copy of it, or export anew under another name."},
    [STM_FILE_LOCKED] = {"LOCKED", "Another connection holds the file.",
                         " Close what else has it open, or wait longer (lock_wait_ms)."},
    [STM_FILE_FULL] = {"FULL", "No space is left on the device.", " Free some space, or choose another folder."},
    [STM_FILE_READ_ONLY] = {"READ_ONLY", "The file or its folder may not be written, or the file not be read.",
                            " Change the permissions, or choose another folder."},
    [STM_FILE_IO] = {"IO", "Reading or writing failed.", " Look at the device and its file system."},
    [STM_FILE_EXISTS] = {"EXISTS", "A key or a table of that name is there already.", ""},
    [STM_FILE_TOO_LARGE] = {"TOO_LARGE", "A value is too large for SQLite, or an import for one transaction.", ""},
};
#define STATUS_COUNT (sizeof statuses / sizeof statuses[0])

const char *stm_file_status_name(stm_file_status status)
{
    return (size_t)status < STATUS_COUNT ? statuses[status].name : "UNKNOWN";
}

const char *stm_file_status_text(stm_file_status status)
{
    return (size_t)status < STATUS_COUNT ? statuses[status].text : "No such status.";
}

stm_file_error *stmi_fault_clear(stm_file_error *error, stm_file_error *spare)
{
    if (error == NULL)
        error = spare;
    memset(error, 0, sizeof *error);
    return error;
}

static void say(stm_file_error *error, stm_file_status status, const char *format, va_list arguments)
{
    error->status = status;
    int length = vsnprintf(error->message, sizeof error->message, format, arguments);
    size_t used = length < 0 ? 0 : (size_t)length;
    if (used < sizeof error->message)
        snprintf(error->message + used, sizeof error->message - used, ".%s", statuses[status].advice);
}

stm_file_status stmi_fault(stm_file_error *error, stm_file_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(error, status, format, arguments);
    va_end(arguments);
    return status;
}

static stm_file_status status_of(int system)
{
    switch (system) {
    case ENOMEM:
        return STM_FILE_NO_MEMORY;
    case ENOENT:
    case ENOTDIR:
        return STM_FILE_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
        return STM_FILE_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
        return STM_FILE_READ_ONLY;
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
        return STM_FILE_INVALID;
    default:
        return STM_FILE_IO;
    }
}

stm_file_status stmi_fault_system(stm_file_error *error, const char *format, ...)
{
    char what[sizeof error->message];
    va_list arguments;
    error->system = errno;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return stmi_fault(error, status_of(error->system), "%s: %s", what, strerror(error->system));
}

stm_file_status stmi_fault_store(stm_file_error *error, stm_status status, const char *what)
{
    error->store = status;
    if (status == STM_NO_MEMORY)
        return stmi_fault(error, STM_FILE_NO_MEMORY, "%s: the store has no memory", what);
    return stmi_fault(error, STM_FILE_STORE, "%s: the store answered %s: %s", what, stm_status_name(status),
                      stm_status_text(status));
}
