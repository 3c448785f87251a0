#include "daemon/options.h"

#include <getopt.h>
#include <string.h>

#ifndef RC_VERSION
#define RC_VERSION "0.1.0"
#endif

enum { LONG_CONFIG = 256, LONG_SET, LONG_PRINT, LONG_PRINT_DOC };

static const struct option longs[] = {
    {"config", required_argument, NULL, LONG_CONFIG},
    {"set", required_argument, NULL, LONG_SET},
    {"print-config", no_argument, NULL, LONG_PRINT},
    {"print-config-doc", no_argument, NULL, LONG_PRINT_DOC},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static bool take(int option, struct rc_options *out, char error[256])
{
    switch (option) {
    case LONG_CONFIG:
        if (out->config_path) {
            snprintf(error, 256, "--config stands twice");
            return false;
        }
        out->config_path = optarg;
        return true;
    case LONG_SET:
        if (out->set_count == RC_OPTIONS_SETS_MAX) {
            snprintf(error, 256, "more than %d --set", RC_OPTIONS_SETS_MAX);
            return false;
        }
        out->sets[out->set_count++] = optarg;
        return true;
    case LONG_PRINT:
        out->command = RC_COMMAND_PRINT_CONFIG;
        return true;
    case LONG_PRINT_DOC:
        out->command = RC_COMMAND_PRINT_CONFIG_DOC;
        return true;
    case 'h':
        out->command = RC_COMMAND_HELP;
        return true;
    default:
        out->command = RC_COMMAND_VERSION;
        return true;
    }
}

bool rc_options_parse(int argc, char *const argv[], struct rc_options *out, char error[256])
{
    memset(out, 0, sizeof *out);
    opterr = 0;
    optind = 0; /* start afresh: tests parse more than once */
    for (;;) {
        int at = optind > 0 ? optind : 1;
        int option = getopt_long(argc, argv, "+:hV", longs, NULL);
        if (option == -1) {
            break;
        }
        if (option == '?' || option == ':') {
            snprintf(error, 256, "%s: %.200s", option == ':' ? "needs a value" : "unknown option", argv[at]);
            return false;
        }
        if (!take(option, out, error)) {
            return false;
        }
    }
    if (optind < argc) {
        snprintf(error, 256, "not an option: %.200s", argv[optind]);
        return false;
    }
    return true;
}

void rc_options_help(FILE *out)
{
    fputs("rollcalld: the presence and time-clock service of Rollcall\n"
          "\n"
          "usage: rollcalld [--config FILE] [--set SECTION.NAME=VALUE]...\n"
          "\n"
          "  --config FILE             settings, INI; docs/settings.md lists them\n"
          "  --set SECTION.NAME=VALUE  one setting; wins over the file; may be repeated\n"
          "  --print-config            print the settings in force, as a file with comments, and exit\n"
          "  --print-config-doc        print docs/settings.md and exit\n"
          "  -h, --help                print this and exit\n"
          "  -V, --version             print the version and exit\n"
          "\n"
          "SIGINT and SIGTERM stop it: what was received is written and published first.\n"
          "\n"
          "exit codes:\n"
          "  0  stopped as asked, or printed what was asked for\n"
          "  1  something failed that may work the next time: start it again\n"
          "  2  command line or settings are wrong; nothing was started\n"
          "  3  the database is damaged, of a newer version, or none at all; nothing was written\n"
          "  4  another service has the database\n",
          out);
}

void rc_options_version(FILE *out)
{
    fputs("rollcalld " RC_VERSION "\n", out);
}
