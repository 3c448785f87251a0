#include "wire/message.h"

#include "core/names.h"

#include <assert.h>
#include <string.h>

static const char *const names[] = {
    [RC_ROLE_NONE] = "",           [RC_ROLE_EMPLOYEE] = "employee",
    [RC_ROLE_KIOSK] = "kiosk",     [RC_ROLE_DASHBOARD] = "dashboard",
    [RC_ROLE_MANAGER] = "manager", [RC_ROLE_OPS] = "ops",
    [RC_ROLE_SERVICE] = "service",
};
_Static_assert(sizeof names / sizeof names[0] == RC_ROLE_COUNT, "every role has a name");

const char *rc_role_name(enum rc_role role)
{
    assert((unsigned)role < RC_ROLE_COUNT);
    return names[role];
}

bool rc_role_parse(struct rc_text text, enum rc_role *out)
{
    for (int i = 0; i < RC_ROLE_COUNT; i++) {
        struct rc_text name = rc_text_of(names[i]);
        if (text.length == name.length &&
            (name.length == 0 || memcmp(text.data, name.data, name.length) == 0)) {
            *out = (enum rc_role)i;
            return true;
        }
    }
    return false;
}
