/*
 * request_write.h: requests into JSON, for those who ask; the other direction is decode.h's. Pure, no
 * allocation; any thread.
 */
#ifndef RC_WIRE_REQUEST_WRITE_H
#define RC_WIRE_REQUEST_WRITE_H

#include "wire/decode.h"

/* rc_request_init makes a request of that verb in which nothing else is given. */
void rc_request_init(struct rc_request *request, enum rc_verb verb);

/* rc_request_write writes the payload to out, NUL-terminated, and returns its length; 0: it does not fit into
 * size. Fields that are not given are left out; login and verb belong to the topic. */
size_t rc_request_write(const struct rc_request *request, char *out, size_t size);

/* rc_request_topic writes the NUL-terminated topic for a site and returns its length. */
size_t rc_request_topic(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_request *request);

#endif
