/*
 * preload.h -- the libraries that turn a program into one that is traced.
 */
#ifndef CONTENTION_RECORD_PRELOAD_H
#define CONTENTION_RECORD_PRELOAD_H

/* What to put into LD_PRELOAD: the provider and LTTng's helper for programs that fork. provider may be NULL: the one
 * that lies in the same build tree or installation as this command. Returns NULL, told, if there is none. */
char *preload_find(const char *provider);

#endif
