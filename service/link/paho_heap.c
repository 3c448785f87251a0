/*
 * paho_heap.c: lets Paho allocate as everybody does. Paho 1.3.12 enters each allocation into a tree of its
 * own, to report at its end what was never freed, and all its threads wait for the tree's mutex: a seventh of
 * the service's processor time under a load of punches. Leaks are AddressSanitizer's business here.
 *
 * Linked in by the linker's --wrap (CMakeLists.txt): all objects of Paho but Heap.c itself, which nothing
 * then calls for memory, get these. Any thread.
 */
#include <stddef.h>
#include <stdlib.h>

void *__wrap_mymalloc(const char *file, int line, size_t size);
void *__wrap_myrealloc(const char *file, int line, void *memory, size_t size);
void __wrap_myfree(const char *file, int line, void *memory);

void *__wrap_mymalloc(const char *file, int line, size_t size)
{
    (void)file;
    (void)line;
    return malloc(size);
}

void *__wrap_myrealloc(const char *file, int line, void *memory, size_t size)
{
    (void)file;
    (void)line;
    return realloc(memory, size);
}

void __wrap_myfree(const char *file, int line, void *memory)
{
    (void)file;
    (void)line;
    free(memory);
}
