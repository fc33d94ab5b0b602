/*
 * fault.h -- what went wrong, told once, by whoever knows most about it: status, codes, and a sentence with the
 * path and with what to do. Statuses come up through all callers unchanged.
 */
#ifndef STMI_FILE_FAULT_H
#define STMI_FILE_FAULT_H

#include <stm/snapshot.h>

/* The caller's struct, cleared, or spare if the caller does not care. */
stm_file_error *stmi_fault_clear(stm_file_error *error, stm_file_error *spare);

/* Notes and returns status. The message ends with a full stop and, where there is any, with the status' advice. */
__attribute__((format(printf, 3, 4))) stm_file_status stmi_fault(stm_file_error *error, stm_file_status status,
                                                                 const char *format, ...);
/* The same of errno, which tells the status; what is "cannot rename /a to /b". */
__attribute__((format(printf, 2, 3))) stm_file_status stmi_fault_system(stm_file_error *error, const char *format, ...);
/* The same of the store's answer. */
stm_file_status stmi_fault_store(stm_file_error *error, stm_status status, const char *what);

#endif
