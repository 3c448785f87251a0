#include "cli/table.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2 /* spaces between columns */

struct rc_table {
    FILE *out;
    const struct rc_table_column *columns;
    size_t count;
    size_t *widths;
    GPtrArray *cells; /* escaped texts that wait */
    size_t rows;
    bool headed;
};

char *rc_escape(const char *text)
{
    GString *escaped = g_string_new(NULL);
    const char *end = text + strlen(text);
    while (text < end) {
        gunichar c = g_utf8_get_char_validated(text, end - text);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(escaped, "\\x%02x", (unsigned char)*text++);
            continue;
        }
        if (c == '\\') {
            g_string_append(escaped, "\\\\");
        } else if (g_unichar_isprint(c) && c != 0x2028 && c != 0x2029) {
            g_string_append_unichar(escaped, c);
        } else {
            g_string_append_printf(escaped, "\\u%04x", c);
        }
        text = g_utf8_next_char(text);
    }
    char *out = strdup(escaped->str);
    g_string_free(escaped, TRUE);
    if (out == NULL) {
        abort(); /* as GLib does: a command that shows half of a table would be worse */
    }
    return out;
}

size_t rc_width(const char *escaped)
{
    size_t width = 0;
    for (const char *at = escaped; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (!g_unichar_iszerowidth(c)) {
            width += g_unichar_iswide(c) ? 2 : 1;
        }
    }
    return width;
}

struct rc_table *rc_table_alloc(FILE *out, const struct rc_table_column *columns, size_t count)
{
    assert(count > 0);
    struct rc_table *table = g_new0(struct rc_table, 1);
    table->out = out;
    table->columns = columns;
    table->count = count;
    table->widths = g_new0(size_t, count);
    table->cells = g_ptr_array_new_with_free_func(free);
    for (size_t i = 0; i < count; i++) {
        table->widths[i] = rc_width(columns[i].heading);
    }
    return table;
}

static void print_padding(FILE *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputc(' ', out);
    }
}

static void print_cell(const struct rc_table *table, size_t column, const char *text)
{
    size_t space = table->widths[column] - rc_width(text);
    bool last = column + 1 == table->count;
    if (table->columns[column].right) {
        print_padding(table->out, space);
    }
    fputs(text, table->out);
    if (last) {
        fputc('\n', table->out);
        return;
    }
    print_padding(table->out, GAP + (table->columns[column].right ? 0 : space));
}

static void print_block(struct rc_table *table)
{
    for (guint i = 0; i < table->cells->len; i++) {
        size_t width = rc_width(g_ptr_array_index(table->cells, i));
        size_t column = i % table->count;
        table->widths[column] = MAX(table->widths[column], width);
    }
    for (size_t i = 0; !table->headed && i < table->count; i++) {
        print_cell(table, i, table->columns[i].heading);
    }
    table->headed = true;
    for (guint i = 0; i < table->cells->len; i++) {
        print_cell(table, i % table->count, g_ptr_array_index(table->cells, i));
    }
    g_ptr_array_set_size(table->cells, 0);
}

void rc_table_cell(struct rc_table *table, const char *text)
{
    g_ptr_array_add(table->cells, rc_escape(text == NULL || text[0] == '\0' ? "-" : text));
    if (table->cells->len % table->count == 0) {
        table->rows++;
        if (table->cells->len / table->count == RC_TABLE_BLOCK) {
            print_block(table);
        }
    }
}

size_t rc_table_rows(const struct rc_table *table)
{
    return table->rows;
}

void rc_table_end(struct rc_table *table)
{
    assert(table->cells->len % table->count == 0);
    print_block(table);
}

void rc_table_free(struct rc_table *table)
{
    g_ptr_array_free(table->cells, TRUE);
    g_free(table->widths);
    g_free(table);
}
