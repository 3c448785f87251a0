/* What is the device's side: handed over to rollcall-agent, the program beside this one. */
#include "cli/commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char program[] = "rollcall-agent";

/* beside writes the path of the agent in this program's own folder; false: errno says why. */
static bool beside(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof program);
    if (length < 0) {
        return false;
    }
    path[length] = '\0';
    char *name = strrchr(path, '/') + 1; /* the link's target is an absolute path */
    memcpy(name, program, sizeof program);
    return true;
}

enum rc_exit rc_command_training_client(struct rc_context *context)
{
    const struct rc_arguments *arguments = context->arguments;
    const char *words[RC_WORDS_MAX + 3] = {program, arguments->command->name};
    char path[PATH_MAX];
    memcpy(words + 2, arguments->words, arguments->word_count * sizeof words[0]);
    if (beside(path)) {
        execv(path, (char *const *)(void *)words);
    }
    rc_complain(context, "%s, which does this, cannot be started: %s", program, strerror(errno));
    return RC_EXIT_LOCAL;
}
