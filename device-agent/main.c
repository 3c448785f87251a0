/*
 * main.c: the command line of rollcall-agent.
 */
#include "clock.h"
#include "simulate.h"
#include "train.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2

#define DEFAULT_URI         "tcp://127.0.0.1:1883"
#define DEFAULT_INTERVAL_MS 60000

static const char HELP[] =
    "rollcall-agent: the device side of Rollcall\n"
    "\n"
    "  rollcall-agent simulate N [--uri tcp://127.0.0.1:1883] [--site hq] [--speed X] [--seed S]\n"
    "                 [--training-interval D]\n"
    "      N simulated people (1 to 1000) who punch in and out, close and reload tabs, lose power, wander\n"
    "      off and come back, over real MQTT connections with real last wills, until SIGINT or SIGTERM.\n"
    "      Every third one is in training while a tab of theirs is open.\n"
    "      --speed X   how many times faster than real life their days go (default 60: a minute\n"
    "                  takes a second; hearts beat every 10 s / X, at least every 2 s)\n"
    "      --seed S    whose lives are told; the same seed tells the same ones (default: the time)\n"
    "      --training-interval D\n"
    "                  the service's training.interval_ms (default 60s); training takes real time\n"
    "      Every happening is a line key=value on standard error.\n"
    "\n"
    "  rollcall-agent training-client EMPLOYEE --course C [--session S] [--interval D] [--for D] [--count "
    "N]\n"
    "                 [--save LESSON] [--json] [--uri tcp://127.0.0.1:1883] [--site hq]\n"
    "      One employee in a lesson: connects with a last will, sends a training heartbeat every D (default\n"
    "      60s: the service's training.interval_ms), and writes each answer as a line to standard output.\n"
    "      Ends at a limit, after --for, after --count answers, or at SIGINT or SIGTERM, and says `closed`.\n"
    "      --session S    the session's id (default: one that nobody else has)\n"
    "      --save LESSON  saves progress of this lesson before each heartbeat when one minute remains\n"
    "      --json         answers and receipts as they came, one a line\n"
    "      Without an answer for 1.5 intervals the lesson stops (a line on standard error); heartbeats go "
    "on,\n"
    "      and the first one that is counted lets it go on, too. `rollcall training-client` is the same.\n"
    "\n"
    "D is 500ms, 90s, 30m or 2h.\n"
    "\n"
    "Exit codes: 0 ended as asked or by a signal, or help; 1 simulate: something failed, training-client: "
    "the\n"
    "service said no (a limit is reached); 2 wrong use; training-client: 3 no answer at the end, 5 "
    "something\n"
    "failed.\n";

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

/* parse_duration reads a whole number and its unit. */
static bool parse_duration(const char *text, int64_t *out_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(text + digits, units[i].name) == 0) {
            *out_ms = strtoll(text, NULL, 10) * units[i].ms;
            return *out_ms > 0;
        }
    return false;
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
                                            {"training-interval", required_argument, NULL, 'i'},
                                            {NULL, 0, NULL, 0}};
    struct rc_simulate_options chosen = {.uri = DEFAULT_URI,
                                         .site = "hq",
                                         .speed = 60,
                                         .training_interval_ms = DEFAULT_INTERVAL_MS,
                                         .seed = (uint64_t)rc_agent_wall()};
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
        else if (option == 'i' && parse_duration(optarg, &chosen.training_interval_ms))
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

/* take_training reads one option; false: it makes no sense. */
static bool take_training(int option, struct rc_train_options *chosen)
{
    uint64_t number = 0;
    switch (option) {
    case 'u':
        chosen->uri = optarg;
        return true;
    case 's':
        chosen->site = optarg;
        return is_id(optarg);
    case 'c':
        chosen->course = optarg;
        return is_id(optarg);
    case 'n':
        chosen->session = optarg;
        return is_id(optarg);
    case 'l':
        chosen->lesson = optarg;
        return is_id(optarg);
    case 'i':
        return parse_duration(optarg, &chosen->interval_ms);
    case 'f':
        return parse_duration(optarg, &chosen->for_ms);
    case 'k':
        if (!parse_number(optarg, &number) || number < 1 || number > INT32_MAX)
            return false;
        chosen->count = (int64_t)number;
        return true;
    case 'j':
        chosen->json = true;
        return true;
    default:
        return false;
    }
}

static int training_client(int count, char **arguments)
{
    static const struct option options[] = {
        {"uri", required_argument, NULL, 'u'},    {"site", required_argument, NULL, 's'},
        {"course", required_argument, NULL, 'c'}, {"session", required_argument, NULL, 'n'},
        {"save", required_argument, NULL, 'l'},   {"interval", required_argument, NULL, 'i'},
        {"for", required_argument, NULL, 'f'},    {"count", required_argument, NULL, 'k'},
        {"json", no_argument, NULL, 'j'},         {NULL, 0, NULL, 0}};
    char session[64];
    snprintf(session, sizeof session, "lesson-%" PRIx64 "-%x", (uint64_t)rc_agent_wall(), (unsigned)getpid());
    struct rc_train_options chosen = {.uri = DEFAULT_URI,
                                      .site = "hq",
                                      .session = session,
                                      .interval_ms = DEFAULT_INTERVAL_MS,
                                      .for_ms = INT64_MAX,
                                      .count = INT64_MAX};
    int option;
    opterr = 0;
    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1)
        if (!take_training(option, &chosen))
            return usage("cannot make sense of", option != '?' && optarg ? optarg : arguments[optind - 1]);
    if (optind != count - 1 || !is_id(arguments[optind]))
        return usage("training-client needs one employee's id", NULL);
    if (!chosen.course)
        return usage("training-client needs --course", NULL);
    chosen.employee = arguments[optind];
    return rc_train(&chosen);
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
    if (strcmp(arguments[1], "training-client") == 0)
        return training_client(count - 1, arguments + 1);
    return usage("no such command:", arguments[1]);
}
