/*
 * access.h: decides who may ask what, and for whom (section 6). Pure; plain values; any thread.
 *
 * With access.mode `open` nobody has a role: everybody may do everything but decide on their own punches.
 * With `required` the broker's plugin says who asks, and the topic must say the same.
 */
#ifndef RC_DAEMON_ACCESS_H
#define RC_DAEMON_ACCESS_H

#include "wire/decode.h"

struct rc_asker {
    bool open;          /* access.mode */
    enum rc_role role;  /* `required`: as verified */
    struct rc_id login; /* `required`: as verified; `open`: as the topic says */
};

/* rc_access_asker says who asks. */
struct rc_asker rc_access_asker(bool open, const struct rc_message *message,
                                const struct rc_request *request);

/* rc_access_request returns RC_OK if asker may make this request, else RC_PERMISSION_DENIED. It narrows the
 * request to what they may see and do: an employee's questions to their own rows, and their corrections to
 * asking for one. */
enum rc_code rc_access_request(const struct rc_asker *asker, struct rc_request *request);

/* rc_access_decides returns RC_OK if asker may decide on a punch of `employee`, which `asked_by` asked for
 * (empty: nobody did). Nobody decides on their own punches, or on what they asked for themselves. */
enum rc_code rc_access_decides(const struct rc_asker *asker, const struct rc_id *employee,
                               const struct rc_id *asked_by);

/* rc_access_speaks says whether a verified sender may publish on a session's or a device's topic: people
 * (employees, managers, ops) as themselves, a kiosk for any employee but only as the session that has its own
 * id, a dashboard and the service never. The broker's rules say the same; this is the second lock. */
bool rc_access_speaks(enum rc_role role, const struct rc_id *login, const struct rc_topic *topic);

#endif
