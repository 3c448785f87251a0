/*
 * paho_trace.c: what Paho's notes on each of its own function calls become: nothing. With them it takes a
 * mutex, copies the name and compares it again, some fifty times a packet, for a stack trace that it would
 * print if it found itself in error. Linked in by the linker's --wrap (CMakeLists.txt). Any thread.
 */
void __wrap_StackTrace_entry(const char *name, int line, int level);
void __wrap_StackTrace_exit(const char *name, int line, void *rc, int level);

void __wrap_StackTrace_entry(const char *name, int line, int level)
{
    (void)name;
    (void)line;
    (void)level;
}

void __wrap_StackTrace_exit(const char *name, int line, void *rc, int level)
{
    (void)name;
    (void)line;
    (void)rc;
    (void)level;
}
