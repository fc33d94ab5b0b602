/*
 * own_folder.h -- a folder in memory, or under TMPDIR, for the files of this process; it becomes TMPDIR. It goes with the process; and
 * where that was killed, with the next one that wants such a folder.
 */
#ifndef FUZZ_OWN_FOLDER_H
#define FUZZ_OWN_FOLDER_H

/* Makes it, once; a child of this process has the same one. Ends the process with a message if it cannot. */
const char *own_folder_make(void);
/* Takes away all that is in it. */
void own_folder_clear(void);

#endif
