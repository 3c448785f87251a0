/*
 * commands.h: what each command does. They read their options and words from the context, write to its out,
 * and return the exit code; what went wrong has been reported. The table of them, rc_commands, is in
 * commands.c.
 */
#ifndef RC_CLI_COMMANDS_H
#define RC_CLI_COMMANDS_H

#include "cli/context.h"

enum rc_exit rc_command_who(struct rc_context *context);
enum rc_exit rc_command_status(struct rc_context *context);
enum rc_exit rc_command_punches(struct rc_context *context);
enum rc_exit rc_command_periods(struct rc_context *context);
enum rc_exit rc_command_correct(struct rc_context *context);
enum rc_exit rc_command_sweep(struct rc_context *context);
enum rc_exit rc_command_maintenance(struct rc_context *context);
enum rc_exit rc_command_training(struct rc_context *context);
enum rc_exit rc_command_training_report(struct rc_context *context);
enum rc_exit rc_command_policy(struct rc_context *context);
enum rc_exit rc_command_archive(struct rc_context *context);
enum rc_exit rc_command_employee(struct rc_context *context);
enum rc_exit rc_command_verify(struct rc_context *context); /* reads files, asks nobody */
enum rc_exit rc_command_backup(struct rc_context *context); /* likewise */
/* becomes rollcall-agent; returns only where that cannot be started */
enum rc_exit rc_command_training_client(struct rc_context *context);

#endif
