#include "daemon/directory.h"

#include <glib.h>

void rc_directory_init(struct rc_directory *directory, bool strict)
{
    *directory = (struct rc_directory){
        .strict = strict, .people = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
}

void rc_directory_fini(struct rc_directory *directory)
{
    if (directory->people)
        g_hash_table_destroy(directory->people);
    *directory = (struct rc_directory){.people = NULL};
}

void rc_directory_set(struct rc_directory *directory, const struct rc_id *employee, bool active)
{
    directory->inactive -= rc_directory_find(directory, employee) == RC_INACTIVE;
    directory->inactive += !active;
    g_hash_table_replace(directory->people, g_strdup(employee->text),
                         GINT_TO_POINTER(active ? RC_ACTIVE : RC_INACTIVE));
}

enum rc_listing rc_directory_find(const struct rc_directory *directory, const struct rc_id *employee)
{
    return (enum rc_listing)GPOINTER_TO_INT(g_hash_table_lookup(directory->people, employee->text));
}

bool rc_directory_bars(const struct rc_directory *directory, const struct rc_id *employee)
{
    return directory->strict && employee->length > 0 && rc_directory_find(directory, employee) != RC_ACTIVE;
}

bool rc_directory_hides(const struct rc_directory *directory, const struct rc_status *status)
{
    return directory->inactive > 0 && !status->ledger.is_in && status->presence == RC_ABSENT &&
           rc_directory_find(directory, &status->employee) == RC_INACTIVE;
}
