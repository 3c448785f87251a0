/*
 * stage.h: a broker and a service of a measurement's own, on free loopback ports and in a temporary folder,
 * with the project's own broker configuration. The bench owns it and frees it; both processes die with it.
 * What goes wrong ends the program with a line on standard error.
 */
#ifndef RC_BENCH_STAGE_H
#define RC_BENCH_STAGE_H

#include <sys/types.h>

struct stage;

/* stage_open returns when the service says on service/status that it is there. service: path of rollcalld,
 * NULL: the one beside this program. folder: where the temporary folder is made, NULL: TMPDIR or /tmp; it
 * decides which disk is measured. settings: section.key=value, ended by NULL; NULL: none. */
struct stage *stage_open(const char *service, const char *folder, const char *const *settings);

/* stage_open_on does the same on a database that `prepare` makes at a path in the temporary folder before the
 * service is started. */
typedef void stage_prepare_fn(const char *database, void *context);
struct stage *stage_open_on(stage_prepare_fn *prepare, void *context, const char *service, const char *folder,
                            const char *const *settings);

/* stage_started_s returns how long the service took from its start until it said that it is there, s. */
double stage_started_s(const struct stage *stage);

/* stage_close stops the service (SIGTERM) and the broker, and removes the folder. */
void stage_close(struct stage *stage);

int stage_port(const struct stage *stage);
pid_t stage_service(const struct stage *stage);
/* These return the seconds of processor that the service and the broker have used, all threads. */
double stage_service_cpu(const struct stage *stage);
double stage_broker_cpu(const struct stage *stage);
const char *stage_folder(const struct stage *stage); /* rollcall.db and service.log are in it */

#endif
