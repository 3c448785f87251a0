#include "core/names.h"
#include "wire/encode.h"
#include "wire/writer.h"

#include <assert.h>
#include <stdlib.h>

struct rc_reply {
    struct rc_writer writer;
    bool in_list, in_row;
};

struct rc_reply *rc_reply_new(const char *request_id, enum rc_code code, const char *message)
{
    struct rc_reply *reply = calloc(1, sizeof *reply);
    if (reply == NULL)
        return NULL;
    rc_writer_init_growing(&reply->writer, RC_REPLY_MAX);
    if (request_id != NULL && request_id[0] != '\0')
        rc_writer_word(&reply->writer, "requestId", request_id);
    rc_writer_bool(&reply->writer, "ok", code == RC_OK);
    if (code != RC_OK)
        rc_writer_word(&reply->writer, "code", rc_code_name(code));
    if (message != NULL)
        rc_writer_word(&reply->writer, "message", message);
    return reply;
}

/* A member of the reply itself ends the list before it; one of a row does not. */
static void leave_list(struct rc_reply *reply)
{
    if (!reply->in_list || reply->in_row)
        return;
    rc_writer_array_end(&reply->writer);
    reply->in_list = false;
}

void rc_reply_integer(struct rc_reply *reply, const char *key, int64_t value)
{
    if (reply == NULL)
        return;
    leave_list(reply);
    rc_writer_integer(&reply->writer, key, value);
}

void rc_reply_text(struct rc_reply *reply, const char *key, struct rc_text value)
{
    if (reply == NULL)
        return;
    leave_list(reply);
    rc_writer_text(&reply->writer, key, value);
}

void rc_reply_bool(struct rc_reply *reply, const char *key, bool value)
{
    if (reply == NULL)
        return;
    leave_list(reply);
    rc_writer_bool(&reply->writer, key, value);
}

void rc_reply_list(struct rc_reply *reply, const char *key)
{
    if (reply == NULL)
        return;
    assert(!reply->in_row);
    leave_list(reply);
    rc_writer_array_begin(&reply->writer, key);
    reply->in_list = true;
}

void rc_reply_row_begin(struct rc_reply *reply)
{
    if (reply == NULL)
        return;
    assert(reply->in_list && !reply->in_row);
    rc_writer_object_begin(&reply->writer);
    reply->in_row = true;
}

void rc_reply_row_end(struct rc_reply *reply)
{
    if (reply == NULL)
        return;
    assert(reply->in_row);
    rc_writer_object_end(&reply->writer);
    reply->in_row = false;
}

void rc_reply_inner_begin(struct rc_reply *reply, const char *key)
{
    if (reply == NULL)
        return;
    assert(reply->in_row);
    rc_writer_array_begin(&reply->writer, key);
}

void rc_reply_inner_row_begin(struct rc_reply *reply)
{
    if (reply != NULL)
        rc_writer_object_begin(&reply->writer);
}

void rc_reply_inner_row_end(struct rc_reply *reply)
{
    if (reply != NULL)
        rc_writer_object_end(&reply->writer);
}

void rc_reply_inner_end(struct rc_reply *reply)
{
    if (reply != NULL)
        rc_writer_array_end(&reply->writer);
}

char *rc_reply_print(struct rc_reply *reply, size_t *length)
{
    *length = 0;
    if (reply == NULL)
        return NULL;
    assert(!reply->in_row);
    leave_list(reply);
    *length = rc_writer_end(&reply->writer);
    char *text = reply->writer.out;
    if (*length == 0) {
        free(text);
        text = NULL;
    }
    free(reply);
    return text;
}

void rc_reply_free(struct rc_reply *reply)
{
    if (reply == NULL)
        return;
    free(reply->writer.out);
    free(reply);
}
