/*
 * paging.h: decides where a page of an answer ends (docs/protocol.md, Pages). Pure, a plain value; any
 * thread.
 */
#ifndef RC_DAEMON_PAGING_H
#define RC_DAEMON_PAGING_H

#include "core/types.h"

/* Rows of a page: where none is asked for, and at most. */
#define RC_PAGE_ROWS     100
#define RC_PAGE_ROWS_MAX 200

/* Bytes of a page's rows. The broker takes packets of 64 KiB (max_packet_size), of which 4 KiB are left to
 * the rest of the answer, its topic and its properties. A page ends before the row that would not fit. */
#define RC_PAGE_BYTES_MAX (60u * 1024u)

struct rc_paging {
    uint32_t limit, count;
    size_t bytes;
    int64_t cursor; /* of the last row taken */
    bool more;      /* a row was refused: there is another page, after `cursor` */
};

/* rc_paging_begin starts a page of `limit` rows, RC_NONE for the usual number; more than the maximum is cut
 * to it. */
void rc_paging_begin(struct rc_paging *paging, int64_t limit);

/* rc_paging_take says whether a row of so many bytes still belongs to the page; the first one always does. */
bool rc_paging_take(struct rc_paging *paging, size_t bytes, int64_t cursor);

/* rc_paging_text returns the bytes that a text has as a JSON string, escapes included, without its quotes. */
size_t rc_paging_text(struct rc_text text);

#endif
