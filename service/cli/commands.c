#include "cli/commands.h"

#define RANGE (RC_OPTION(RC_O_EMPLOYEE) | RC_OPTION(RC_O_FROM) | RC_OPTION(RC_O_TO) | RC_OPTION(RC_O_LIMIT))

const struct rc_command rc_commands[] = {
    {"who", "[--limit N]", "who is IN, since when, where seen last", "",
     RC_OPTIONS_CONNECTION | RC_OPTION(RC_O_LIMIT), rc_command_who},
    {"status", "EMPLOYEE", "one employee, with all their sessions",
     "DUE IN is how much more silence a session has before its deadline; it does not pass while the\n"
     "service has no broker.\n",
     RC_OPTIONS_CONNECTION, rc_command_status},
    {"punches", "[--employee E] [--from TIME] [--to TIME] [--undecided]", "rows of the log",
     "AT is the time as it stands now. COUNTS says whether the row is in effect, REVIEW whether a person\n"
     "still has to decide on it (open) or has (decided).\n",
     RC_OPTIONS_CONNECTION | RANGE | RC_OPTION(RC_O_UNDECIDED), rc_command_punches},
    {"periods", "[--employee E] [--from TIME] [--to TIME]", "from each IN to its OUT: the hours",
     "WORKED is open while there is no OUT, and unresolved while a row of the period is under review.\n",
     RC_OPTIONS_CONNECTION | RANGE, rc_command_periods},
    {"correct", "accept|reject|void|retime|add|list|ask ...", "put right what the log says, by another row",
     "  correct accept (--seq N | --hold N | --ask-id N) [--reason TEXT]\n"
     "  correct reject (--seq N | --hold N | --ask-id N) [--reason TEXT]\n"
     "  correct void   --seq N --reason TEXT              an IN and its OUT never were\n"
     "  correct retime --seq N --at TIME --reason TEXT    the row counts as of that time\n"
     "  correct add    --employee E --type IN|OUT --at TIME --reason TEXT\n"
     "  correct ask accept|reject|void|retime|add ...     let somebody else decide\n"
     "  correct list   [all] [--employee E]               what is asked for; all: and what was decided, why\n"
     "Nobody decides on their own punches. --employee beside --seq makes sure whose row it is.\n",
     RC_OPTIONS_CONNECTION | RC_OPTION(RC_O_EMPLOYEE) | RC_OPTION(RC_O_LIMIT) | RC_OPTION(RC_O_SEQ) |
         RC_OPTION(RC_O_HOLD) | RC_OPTION(RC_O_ASK_ID) | RC_OPTION(RC_O_TYPE) | RC_OPTION(RC_O_AT) |
         RC_OPTION(RC_O_REASON),
     rc_command_correct},
    {"sweep", "", "decide now who is overdue, as the service does all the time", "", RC_OPTIONS_CONNECTION,
     rc_command_sweep},
    {"maintenance", "[until TIME | for DURATION | off]",
     "punch nobody out automatically for a while, 24 h at most", "Without words it says what holds now.\n",
     RC_OPTIONS_CONNECTION, rc_command_maintenance},
    {"training", "EMPLOYEE [--date DAY]", "one day's training, with its courses and sessions", "",
     RC_OPTIONS_CONNECTION | RC_OPTION(RC_O_DATE), rc_command_training},
    {"training-report", "[--employee E] [--from DAY] [--to DAY] [--csv]", "everybody's days of training",
     "From one day to another, both included. With --csv the columns are named as the fields are.\n",
     RC_OPTIONS_CONNECTION | RANGE | RC_OPTION(RC_O_CSV), rc_command_training_report},
    {"policy", "list | add ...", "the limits of training, and from when each holds",
     "  policy add [--limit M] [--interval DURATION] [--zone ZONE] [--break M --break-after M] [--from DAY]\n"
     "  policy add --course C --limit M [--from DAY]\n"
     "What is not given stays as it is. A policy starts at a midnight of its zone: the next one, or that of\n"
     "--from; one that starts earlier may only raise the limit. With add, --zone is whose days count.\n",
     RC_OPTIONS_CONNECTION | RC_OPTION(RC_O_COURSE) | RC_OPTION(RC_O_LIMIT) | RC_OPTION(RC_O_INTERVAL) |
         RC_OPTION(RC_O_BREAK) | RC_OPTION(RC_O_BREAK_AFTER) | RC_OPTION(RC_O_FROM),
     rc_command_policy},
    {"archive", "MONTH", "move a closed month of the audit log to a file of its own",
     "MONTH is 2025-12. The service copies it, checks the copy, and only then drops it; verify takes the "
     "file.\n",
     RC_OPTIONS_CONNECTION, rc_command_archive},
    {"employee", "list | add EMPLOYEE name=TEXT ... | set EMPLOYEE ... | remove EMPLOYEE",
     "the directory: names, groups, who belongs here",
     "  employee add    e100 name='Ana Lopez' [group=sales] [email=TEXT] [manager=m1]\n"
     "  employee set    e100 group=depot email=           what is not named stays; empty takes it away\n"
     "  employee remove e100                              not while they are IN\n"
     "  employee list   [--employee E]                    those who were removed, too\n"
     "Who was removed and is added again begins anew. Nothing of what they worked is lost by removing "
     "them.\n",
     RC_OPTIONS_CONNECTION | RC_OPTION(RC_O_EMPLOYEE) | RC_OPTION(RC_O_LIMIT), rc_command_employee},
    {"verify", "DB [--receipt FILE] [ARCHIVE...]", "check the hash chains, the invariants and a receipt",
     "Reads the files, also while the service runs; asks nobody. Shows the heads of the logs, and names the "
     "first\n"
     "bad row. ARCHIVEs are files of months that `archive` moved, in any order; NOT GIVEN counts rows of "
     "those\n"
     "that were not named. Each day of training is added up again from the audit log.\n"
     "--site says of which site the receipt is, where the seq alone is not clear.\n",
     RC_OPTION(RC_O_RECEIPT) | RC_OPTION(RC_O_SITE) | RC_OPTION(RC_O_JSON) | RC_OPTION(RC_O_HELP),
     rc_command_verify},
    {"backup", "DB FILE", "write a consistent copy of the database, also while the service runs",
     "FILE must not exist. It appears only when it is complete and on the disk.\n", RC_OPTION(RC_O_HELP),
     rc_command_backup},
    {"training-client", "EMPLOYEE --course C [...]", "be one employee in a lesson, as rollcall-agent does",
     "The same as rollcall-agent training-client, which says all of it.\n", RC_VERBATIM,
     rc_command_training_client},
    {0},
};
