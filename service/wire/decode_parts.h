/*
 * decode_parts.h: the decoders of each kind of payload, for decode.c alone. Each finds out->topic filled in,
 * kind EVENT (REQUEST for the last) and no refusal, and either completes *out or leaves a complaint in it.
 * Any thread.
 */
#ifndef RC_WIRE_DECODE_PARTS_H
#define RC_WIRE_DECODE_PARTS_H

#include "wire/decode.h"
#include "wire/fields.h"

void rc_decode_heartbeat(const struct rc_message *message, struct rc_decoded *out);
void rc_decode_leave(const struct rc_message *message, struct rc_decoded *out);
void rc_decode_training(const struct rc_message *message, struct rc_decoded *out);
void rc_decode_punch(const struct rc_message *message, char scratch[RC_TEXT_MAX], struct rc_decoded *out);
void rc_decode_progress(const struct rc_message *message, struct rc_decoded *out);
void rc_decode_request(const struct rc_message *message, struct rc_decoded *out);
void rc_decode_canary(const struct rc_message *message, struct rc_decoded *out);

/* The fields of some verbs, for decode_request.c. */
void rc_decode_training_days(struct rc_fields *fields, struct rc_request *request);
void rc_decode_policy(struct rc_fields *fields, struct rc_request *request);
void rc_decode_archive(struct rc_fields *fields, struct rc_request *request);
void rc_decode_employee(struct rc_fields *fields, struct rc_request *request);

#endif
