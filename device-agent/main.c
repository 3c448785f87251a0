/*
 * main.c: the command line of rollcall-agent.
 */
#include "clock.h"
#include "simulate.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

static const char HELP[] =
    "rollcall-agent: the device side of Rollcall\n"
    "\n"
    "  rollcall-agent simulate N [--uri tcp://127.0.0.1:1883] [--site hq] [--speed X] [--seed S]\n"
    "      N simulated people (1 to 1000) who punch in and out, close and reload tabs, lose power, wander\n"
    "      off and come back, over real MQTT connections with real last wills, until SIGINT or SIGTERM.\n"
    "      --speed X   how many times faster than real life their days go (default 60: a minute\n"
    "                  takes a second; hearts beat every 10 s / X, at least every 2 s)\n"
    "      --seed S    whose lives are told; the same seed tells the same ones (default: the time)\n"
    "      Every happening is a line key=value on standard error.\n"
    "\n"
    "Exit codes: 0 ended by a signal, or help; 1 something failed; 2 wrong use.\n";

static int usage(const char *what, const char *argument)
{
    fprintf(stderr, "rollcall-agent: %s%s%s; see rollcall-agent --help\n", what, argument ? " " : "",
            argument ? argument : "");
    return EXIT_USAGE;
}

static bool parse_number(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-')
        return false;
    *out = value;
    return true;
}

static bool parse_speed(const char *text, double *out)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value) || value < 0.01 || value > 10000)
        return false;
    *out = value;
    return true;
}

static bool is_id(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return length >= 1 && length <= 64 && text[length] == '\0';
}

static int simulate(int count, char **arguments)
{
    static const struct option options[] = {{"uri", required_argument, NULL, 'u'},
                                            {"site", required_argument, NULL, 's'},
                                            {"speed", required_argument, NULL, 'x'},
                                            {"seed", required_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    struct rc_simulate_options chosen = {
        .uri = "tcp://127.0.0.1:1883", .site = "hq", .speed = 60, .seed = (uint64_t)rc_agent_wall()};
    int option;
    opterr = 0;
    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        if (option == 'u')
            chosen.uri = optarg;
        else if (option == 's' && is_id(optarg))
            chosen.site = optarg;
        else if (option == 'x' && parse_speed(optarg, &chosen.speed))
            continue;
        else if (option == 'r' && parse_number(optarg, &chosen.seed))
            continue;
        else
            return usage("cannot make sense of", optarg ? optarg : arguments[optind - 1]);
    }
    uint64_t people;
    if (optind != count - 1)
        return usage("simulate needs one number of people", NULL);
    if (!parse_number(arguments[optind], &people) || people < 1 || people > RC_SIMULATE_PEOPLE_MAX)
        return usage("not a number of people from 1 to 1000:", arguments[optind]);
    chosen.people = (size_t)people;
    return rc_simulate(&chosen);
}

int main(int count, char **arguments)
{
    if (count < 2)
        return usage("no command", NULL);
    const char *last = arguments[count - 1];
    if (strcmp(last, "--help") == 0 || strcmp(last, "-h") == 0) {
        fputs(HELP, stdout);
        return 0;
    }
    if (strcmp(arguments[1], "simulate") == 0)
        return simulate(count - 1, arguments + 1);
    return usage("no such command:", arguments[1]);
}
