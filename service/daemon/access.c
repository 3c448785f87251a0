#include "daemon/access.h"

#include "core/names.h"

struct rc_asker rc_access_asker(bool open, const struct rc_message *message, const struct rc_request *request)
{
    if (open)
        return (struct rc_asker){.open = true, .role = RC_ROLE_NONE, .login = request->login};
    return (struct rc_asker){.role = message->role, .login = message->login};
}

/* Questions of one's own: the employee is whoever asks, or must be. */
static enum rc_code own_only(const struct rc_asker *asker, struct rc_request *request)
{
    if (request->employee.length == 0)
        request->employee = asker->login;
    return rc_id_equal(&request->employee, &asker->login) ? RC_OK : RC_PERMISSION_DENIED;
}

static enum rc_code employee_may(const struct rc_asker *asker, struct rc_request *request)
{
    switch (request->verb) {
    case RC_VERB_STATUS:
    case RC_VERB_PUNCHES:
    case RC_VERB_PERIODS:
    case RC_VERB_TRAINING_DAYS:
        return own_only(asker, request);
    case RC_VERB_CORRECT:
        if (!request->asks)
            request->ask_only = true;
        return own_only(asker, request);
    default:
        return RC_PERMISSION_DENIED;
    }
}

static bool manager_may(const struct rc_request *request)
{
    return request->verb != RC_VERB_SWEEP && request->verb != RC_VERB_ARCHIVE;
}

/* Whoever keeps the service running sees everything, decides on nobody's pay or limits, and says of nobody
 * who they are. */
static bool ops_may(const struct rc_request *request)
{
    switch (request->verb) {
    case RC_VERB_EMPLOYEE:
        return false;
    case RC_VERB_CORRECT:
        return request->asks;
    case RC_VERB_POLICY:
        return !request->adds;
    default:
        return true;
    }
}

enum rc_code rc_access_request(const struct rc_asker *asker, struct rc_request *request)
{
    if (asker->open)
        return RC_OK;
    if (!rc_id_equal(&asker->login, &request->login))
        return RC_PERMISSION_DENIED;
    switch (asker->role) {
    case RC_ROLE_EMPLOYEE:
        return employee_may(asker, request);
    case RC_ROLE_MANAGER:
        return manager_may(request) ? RC_OK : RC_PERMISSION_DENIED;
    case RC_ROLE_OPS:
        return ops_may(request) ? RC_OK : RC_PERMISSION_DENIED;
    default:
        return RC_PERMISSION_DENIED;
    }
}

enum rc_code rc_access_decides(const struct rc_asker *asker, const struct rc_id *employee,
                               const struct rc_id *asked_by)
{
    if (!asker->open && asker->role != RC_ROLE_MANAGER)
        return RC_PERMISSION_DENIED;
    if (rc_id_equal(&asker->login, employee))
        return RC_PERMISSION_DENIED;
    if (asked_by->length > 0 && rc_id_equal(&asker->login, asked_by))
        return RC_PERMISSION_DENIED;
    return RC_OK;
}

/* Roles of people, who are employees too, whatever else they may do. Dashboards and the service itself are
 * nobody's hands. */
static bool is_person(enum rc_role role)
{
    return role == RC_ROLE_EMPLOYEE || role == RC_ROLE_MANAGER || role == RC_ROLE_OPS;
}

bool rc_access_speaks(enum rc_role role, const struct rc_id *login, const struct rc_topic *topic)
{
    switch (topic->kind) {
    case RC_TOPIC_HEARTBEAT:
    case RC_TOPIC_LEAVE:
    case RC_TOPIC_PUNCH:
    case RC_TOPIC_TRAINING:
    case RC_TOPIC_PROGRESS:
        if (role == RC_ROLE_KIOSK)
            return rc_id_equal(login, &topic->session);
        return is_person(role) && rc_id_equal(login, &topic->employee);
    case RC_TOPIC_DEVICE_HEARTBEAT:
    case RC_TOPIC_DEVICE_LEAVE:
        return role == RC_ROLE_KIOSK && rc_id_equal(login, &topic->session);
    default:
        return true; /* requests have rules of their own; nothing else moves anybody */
    }
}
