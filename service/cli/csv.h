/*
 * csv.h: rows as RFC 4180 has them, for spreadsheets and programs: commas, lines that end in CR LF, quotes
 * where a cell needs them. Decides only the spelling; cells are UTF-8, and come as they are. One thread.
 */
#ifndef RC_CLI_CSV_H
#define RC_CLI_CSV_H

#include <stddef.h>
#include <stdio.h>

/* rc_csv_row writes a row of cells, NUL-terminated; NULL is an empty one. What cannot be written is the
 * stream's error, for who closes it. */
void rc_csv_row(FILE *out, const char *const *cells, size_t count);

#endif
