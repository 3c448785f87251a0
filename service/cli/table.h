/*
 * table.h: rows of texts as aligned columns on a stream, for people. Decides how wide a column is, and that
 * nothing from outside reaches the terminal unescaped. Widths count columns of a terminal, not bytes: wide
 * characters two, combining ones none. Owns copies of all cells until they are printed. One thread.
 */
#ifndef RC_CLI_TABLE_H
#define RC_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct rc_table_column {
    const char *heading;
    bool right; /* numbers stand to the right */
};

/* Rows that are kept to find the widths. Longer tables are printed in blocks of so many, so that a year of
 * punches needs no more memory than a day; a column can get wider from block to block, never narrower. */
#define RC_TABLE_BLOCK 1000

struct rc_table;

/* rc_table_alloc makes a table; columns (not copied) and out must outlive it. The caller frees it. */
struct rc_table *rc_table_alloc(FILE *out, const struct rc_table_column *columns, size_t count);

/* rc_table_cell adds the next cell, row by row, left to right; NULL or empty shows as "-". */
void rc_table_cell(struct rc_table *table, const char *text);

/* rc_table_rows returns how many rows have been completed. */
size_t rc_table_rows(const struct rc_table *table);

/* rc_table_end prints what has not been printed yet, with the headings even if there are no rows. */
void rc_table_end(struct rc_table *table);

/* rc_table_free frees; what was not printed is not. */
void rc_table_free(struct rc_table *table);

/* rc_escape returns text as it may be shown, malloc'ed, the caller's: what cannot be printed as \xHH (bytes
 * that are no UTF-8) or \uHHHH (controls, invisible and direction-changing characters), a backslash as two.
 */
char *rc_escape(const char *text);

/* rc_width returns how many terminal columns an escaped text takes. */
size_t rc_width(const char *escaped);

#endif
