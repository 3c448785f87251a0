/*
 * oracle.h: a second opinion on what the strict reader accepts, from cJSON, which was written by others: same
 * members in the same order, same texts, same integers. The other way round cJSON is no judge, since it
 * accepts much that is no JSON. For tests and fuzz targets; one thread.
 */
#ifndef RC_TESTS_WIRE_ORACLE_H
#define RC_TESTS_WIRE_ORACLE_H

#include "wire/json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORACLE_CHECK(condition)                                                                              \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* cJSON cuts the spelling of a number after 63 bytes, and then refuses the rest. */
static inline bool oracle_can_read(struct rc_text text)
{
    size_t run = 0;
    for (size_t i = 0; i < text.length; i++) {
        run = text.data[i] != '\0' && strchr("0123456789+-.eE", text.data[i]) != NULL ? run + 1 : 0;
        if (run > 63)
            return false;
    }
    return true;
}

static inline void oracle_same_value(const struct rc_json *json, const struct rc_json_member *member,
                                     const cJSON *item)
{
    char text[RC_JSON_MAX];
    size_t length;
    switch ((enum rc_json_kind)member->kind) {
    case RC_JSON_OBJECT:
        ORACLE_CHECK(cJSON_IsObject(item));
        break;
    case RC_JSON_ARRAY:
        ORACLE_CHECK(cJSON_IsArray(item));
        break;
    case RC_JSON_STRING:
        ORACLE_CHECK(cJSON_IsString(item) && rc_json_string(json, member, text, sizeof text, &length));
        ORACLE_CHECK(strlen(item->valuestring) == length && memcmp(item->valuestring, text, length) == 0);
        break;
    case RC_JSON_INTEGER:
        ORACLE_CHECK(cJSON_IsNumber(item) && item->valuedouble == (double)rc_json_integer(json, member));
        break;
    case RC_JSON_FRACTION:
        ORACLE_CHECK(cJSON_IsNumber(item) && item->valuedouble - item->valuedouble == 0); /* finite */
        break;
    case RC_JSON_TRUE:
    case RC_JSON_FALSE:
        ORACLE_CHECK(cJSON_IsBool(item) && cJSON_IsTrue(item) == (member->kind == RC_JSON_TRUE));
        break;
    case RC_JSON_NULL:
        ORACLE_CHECK(cJSON_IsNull(item));
        break;
    }
}

/* Aborts unless cJSON reads in `text` what json, which accepted it, says of it. */
static inline void oracle_agrees(const struct rc_json *json, struct rc_text text)
{
    if (!oracle_can_read(text))
        return;
    char copy[RC_JSON_MAX + 1];
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    cJSON *root = cJSON_ParseWithOpts(copy, NULL, true);
    ORACLE_CHECK(root != NULL && cJSON_IsObject(root));
    const cJSON *item = root->child;
    for (size_t i = 0; i < json->count; i++) {
        if (json->members[i].object != 0)
            continue;
        ORACLE_CHECK(item != NULL && rc_json_find(json, item->string) == &json->members[i]);
        oracle_same_value(json, &json->members[i], item);
        item = item->next;
    }
    ORACLE_CHECK(item == NULL);
    cJSON_Delete(root);
}

#endif
