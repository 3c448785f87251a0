/*
 * bare_insert.h: what SQLite alone does with the same rows: the audit rows of a service's database, into a
 * table of the same columns and key in a file of its own, with the service's pragmas and batches of a given
 * size; no triggers, no chain, no ledger. The peer of the service's own rate.
 */
#ifndef RC_BENCH_BARE_INSERT_H
#define RC_BENCH_BARE_INSERT_H

struct bare_insert {
    long rows;
    double seconds;
    double bytes_a_row; /* of the file, once all is in it */
};

/* bare_insert reads rows of the database at path, at most rows_max, and writes them, batch rows a
 * transaction, into a file in folder, which it removes. What goes wrong ends the program with a line. */
struct bare_insert bare_insert(const char *path, const char *folder, long rows_max, long batch);

#endif
