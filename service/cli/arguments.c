#include "cli/arguments.h"

#include <string.h>

struct option_row {
    const char *name;     /* with its dashes */
    const char *argument; /* NULL: takes none */
    const char *help;
};

static const struct option_row rows[RC_OPTION_COUNT] = {
    [RC_O_URI] = {"--uri", "URI", "broker: mqtt://, mqtts://, ws:// or wss:// (mqtt://127.0.0.1:1883)"},
    [RC_O_SITE] = {"--site", "SITE", "site to ask about (hq)"},
    [RC_O_LOGIN] = {"--login", "LOGIN", "who asks: the MQTT user name (ops)"},
    [RC_O_PASSWORD_FILE] = {"--password-file", "FILE", "file whose first line is the password of the login"},
    [RC_O_TOKEN_FILE] = {"--token-file", "FILE", "file with a token, which is sent as the password"},
    [RC_O_CA_FILE] = {"--ca-file", "FILE", "PEM file of the authorities to trust (the system's)"},
    [RC_O_TIMEOUT] = {"--timeout", "DURATION", "how long to wait for each answer (5s)"},
    [RC_O_ZONE] = {"--zone", "ZONE", "time zone for times read and written, as Europe/Berlin (the system's)"},
    [RC_O_JSON] = {"--json", NULL, "write JSON, one object a line, instead of columns"},
    [RC_O_HELP] = {"--help", NULL, "say this"},
    [RC_O_EMPLOYEE] = {"--employee", "EMPLOYEE", "of this employee"},
    [RC_O_FROM] = {"--from", "TIME", "from this time on"},
    [RC_O_TO] = {"--to", "TIME", "before this time"},
    [RC_O_UNDECIDED] = {"--undecided", NULL, "only rows that wait for a person's decision"},
    [RC_O_LIMIT] = {"--limit", "N", "stop after so many rows (all); with policy add: minutes a day"},
    [RC_O_SEQ] = {"--seq", "N", "the row of the log that it is about"},
    [RC_O_HOLD] = {"--hold", "N", "all undecided rows of this hold (holdId)"},
    [RC_O_ASK_ID] = {"--ask-id", "N", "the ask that it is about (see: correct list)"},
    [RC_O_TYPE] = {"--type", "IN|OUT", "kind of the punch to add"},
    [RC_O_AT] = {"--at", "TIME", "when it was"},
    [RC_O_REASON] = {"--reason", "TEXT", "why; stands in the log for ever"},
    [RC_O_RECEIPT] = {"--receipt", "FILE", "check this receipt against the log, too"},
    [RC_O_DATE] = {"--date", "DAY", "this day (today)"},
    [RC_O_CSV] = {"--csv", NULL, "write CSV (RFC 4180), its first row the names of the fields"},
    [RC_O_COURSE] = {"--course", "COURSE", "of this course, not of all training"},
    [RC_O_INTERVAL] = {"--interval", "DURATION", "how long a training heartbeat counts"},
    [RC_O_BREAK] = {"--break", "MINUTES", "how long a break must be; 0: none is asked for"},
    [RC_O_BREAK_AFTER] = {"--break-after", "MINUTES", "after how much training without one"},
};

_Static_assert(RC_OPTION_COUNT <= 31, "a set of options is 32 bits, one of them RC_VERBATIM");

const char *rc_option_name(enum rc_option option)
{
    return rows[option].name;
}

static const struct rc_command *find_command(const char *name)
{
    for (const struct rc_command *command = rc_commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) == 0) {
            return command;
        }
    }
    return NULL;
}

/* find_option matches --name or --name=value; *value is what follows the =, or NULL. */
static int find_option(const char *word, const char **value)
{
    size_t length = strcspn(word, "=");
    *value = word[length] == '=' ? word + length + 1 : NULL;
    if (strcmp(word, "-h") == 0) {
        return RC_O_HELP;
    }
    for (int i = 0; i < RC_OPTION_COUNT; i++) {
        if (strlen(rows[i].name) == length && memcmp(rows[i].name, word, length) == 0) {
            return i;
        }
    }
    return -1;
}

static bool complain(FILE *err, const char *what, const char *word)
{
    fprintf(err, "rollcall: %s: %s\nTry: rollcall --help\n", what, word);
    return false;
}

/* take_option reads the option at argv[*at] and moves *at to its last word. */
static bool take_option(int argc, char *const *argv, int *at, struct rc_arguments *out, FILE *err)
{
    const char *word = argv[*at];
    const char *value = NULL;
    int option = find_option(word, &value);
    if (option < 0) {
        return complain(err, "no such option", word);
    }
    if (rows[option].argument == NULL) {
        if (value != NULL) {
            return complain(err, "takes no value", word);
        }
        out->values[option] = "";
        return true;
    }
    if (value == NULL && *at + 1 < argc) {
        value = argv[++*at];
    }
    if (value == NULL || value[0] == '\0') {
        return complain(err, "needs a value", word);
    }
    if (out->values[option] != NULL) {
        return complain(err, "given twice", word);
    }
    out->values[option] = value;
    return true;
}

static bool take_word(const char *word, struct rc_arguments *out, FILE *err)
{
    if (out->command == NULL) {
        out->command = find_command(word);
        return out->command != NULL || complain(err, "no such command", word);
    }
    if (out->word_count == RC_WORDS_MAX) {
        return complain(err, "too many words, from here on", word);
    }
    out->words[out->word_count++] = word;
    return true;
}

static bool check_options(const struct rc_arguments *arguments, FILE *err)
{
    if (arguments->command == NULL) {
        if (arguments->values[RC_O_HELP] != NULL || arguments->version) {
            return true;
        }
        rc_arguments_help(NULL, err);
        return false;
    }
    for (int i = 0; i < RC_OPTION_COUNT; i++) {
        if (arguments->values[i] != NULL && (arguments->command->options & RC_OPTION(i)) == 0) {
            fprintf(err, "rollcall: %s takes no %s\nTry: rollcall %s --help\n", arguments->command->name,
                    rows[i].name, arguments->command->name);
            return false;
        }
    }
    return true;
}

bool rc_arguments_parse(int argc, char *const *argv, struct rc_arguments *out, FILE *err)
{
    *out = (struct rc_arguments){0};
    bool options_over = false;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        bool ok = true;
        if (out->command != NULL && (out->command->options & RC_VERBATIM) != 0) {
            ok = take_word(word, out, err);
        } else if (!options_over && strcmp(word, "--") == 0) {
            options_over = true;
        } else if (!options_over && strcmp(word, "--version") == 0) {
            out->version = true;
        } else if (!options_over && word[0] == '-' && word[1] != '\0') {
            ok = take_option(argc, argv, &i, out, err);
        } else {
            ok = take_word(word, out, err);
        }
        if (!ok) {
            return false;
        }
    }
    return check_options(out, err);
}

static void print_option(const struct option_row *row, FILE *out)
{
    char left[40];
    snprintf(left, sizeof left, "%s%s%s", row->name, row->argument == NULL ? "" : " ",
             row->argument == NULL ? "" : row->argument);
    fprintf(out, "  %-22s  %s\n", left, row->help);
}

static void help_exit_codes(FILE *out)
{
    fputs("\nExit codes: 0 done; 1 the service said no; 2 the command line makes no sense; 3 no connection "
          "or no\n"
          "answer in time; 4 verify found something wrong; 5 a file cannot be read or written, or a reply "
          "makes no\n"
          "sense.\n",
          out);
}

static void help_program(FILE *out)
{
    fputs("rollcall: ask the presence service, correct the log, verify it.\n\nUsage: rollcall COMMAND "
          "[OPTION]...\n\n",
          out);
    for (const struct rc_command *command = rc_commands; command->name != NULL; command++) {
        fprintf(out, "  %-15s  %s\n", command->name, command->summary);
    }
    fputs("\nrollcall COMMAND --help says more; rollcall --version which version this is.\n", out);
    help_exit_codes(out);
}

void rc_arguments_help(const struct rc_command *command, FILE *out)
{
    if (command == NULL) {
        help_program(out);
        return;
    }
    fprintf(out, "rollcall %s: %s\n\nUsage: rollcall %s%s%s\n%s%s\nOptions:\n", command->name,
            command->summary, command->name, command->usage[0] == '\0' ? "" : " ", command->usage,
            command->details[0] == '\0' ? "" : "\n", command->details);
    for (int i = RC_O_EMPLOYEE; i < RC_OPTION_COUNT; i++) {
        if ((command->options & RC_OPTION(i)) != 0) {
            print_option(&rows[i], out);
        }
    }
    for (int i = 0; i < RC_O_EMPLOYEE; i++) {
        if ((command->options & RC_OPTION(i)) != 0) {
            print_option(&rows[i], out);
        }
    }
    if ((command->options & RC_OPTION(RC_O_ZONE)) != 0) {
        fputs("\nTIME is 2025-12-03, 2025-12-03T08:00, 2025-12-03T08:00-05:00, 08:00 (today), now, today, "
              "yesterday,\n"
              "tomorrow, -2h, +30m (from now), or milliseconds since 1970 UTC. DURATION is 90s, 30m, 2h, "
              "1h30m, 1d.\n"
              "DAY is a date, as 2025-12-03, of the training's own zone, or a TIME on it.\n",
              out);
    }
    help_exit_codes(out);
}
