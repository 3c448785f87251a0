#include "daemon/paging.h"

void rc_paging_begin(struct rc_paging *paging, int64_t limit)
{
    if (limit == RC_NONE)
        limit = RC_PAGE_ROWS;
    if (limit > RC_PAGE_ROWS_MAX)
        limit = RC_PAGE_ROWS_MAX;
    *paging = (struct rc_paging){.limit = limit < 1 ? 1 : (uint32_t)limit};
}

bool rc_paging_take(struct rc_paging *paging, size_t bytes, int64_t cursor)
{
    bool fits = paging->count < paging->limit && paging->bytes + bytes <= RC_PAGE_BYTES_MAX;
    if (paging->more || (paging->count > 0 && !fits)) {
        paging->more = true;
        return false;
    }
    paging->count++;
    paging->bytes += bytes;
    paging->cursor = cursor;
    return true;
}

size_t rc_paging_text(struct rc_text text)
{
    size_t bytes = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bytes += c < 0x20 ? 6 : c == '"' || c == '\\' ? 2 : 1;
    }
    return bytes;
}
