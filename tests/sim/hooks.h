/*
 * hooks.h: what the simulator sees of the service from outside its code: the linker puts these functions
 * before the service's own (--wrap, see CMakeLists.txt), so that production code knows nothing of it. Each
 * tells the model or the checks, may be a crash's moment, and is where plant.c puts its bugs in.
 */
#ifndef RC_SIM_HOOKS_H
#define RC_SIM_HOOKS_H

#include "daemon/clock.h"
#include "daemon/publisher.h"
#include "service.h"
#include "store/training.h"

bool __real_rc_engine_step(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out);
bool __wrap_rc_engine_step(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out);
void __real_rc_engine_undo(struct rc_engine *engine);
void __wrap_rc_engine_undo(struct rc_engine *engine);
int64_t __real_rc_engine_wake_now(const struct rc_engine *engine);
int64_t __wrap_rc_engine_wake_now(const struct rc_engine *engine);
bool __real_rc_engine_restore_session(struct rc_engine *engine, const struct rc_session_row *row);
bool __wrap_rc_engine_restore_session(struct rc_engine *engine, const struct rc_session_row *row);

enum rc_store_result __real_rc_store_begin(struct rc_store *store);
enum rc_store_result __wrap_rc_store_begin(struct rc_store *store);
enum rc_store_result __real_rc_store_apply(struct rc_store *store, int site, struct rc_effect *effect);
enum rc_store_result __wrap_rc_store_apply(struct rc_store *store, int site, struct rc_effect *effect);
enum rc_store_result __real_rc_store_commit(struct rc_store *store);
enum rc_store_result __wrap_rc_store_commit(struct rc_store *store);
enum rc_store_result __real_rc_store_outbox_add(struct rc_store *store, int site,
                                                struct rc_outgoing *message);
enum rc_store_result __wrap_rc_store_outbox_add(struct rc_store *store, int site,
                                                struct rc_outgoing *message);
enum rc_store_result __real_rc_store_flush_session(struct rc_store *store, int site,
                                                   const struct rc_session_row *row);
enum rc_store_result __wrap_rc_store_flush_session(struct rc_store *store, int site,
                                                   const struct rc_session_row *row);
enum rc_store_result __real_rc_store_save_t(struct rc_store *store, int site, int64_t t);
enum rc_store_result __wrap_rc_store_save_t(struct rc_store *store, int site, int64_t t);

bool __real_rc_inbox_take(struct rc_inbox *inbox, struct rc_inbound *out);
bool __wrap_rc_inbox_take(struct rc_inbox *inbox, struct rc_inbound *out);
bool __real_rc_publisher_republish(struct rc_publisher *publisher, struct rc_store *store, int64_t now);
bool __wrap_rc_publisher_republish(struct rc_publisher *publisher, struct rc_store *store, int64_t now);

struct rc_reading __wrap_rc_clock_read(void);
int64_t __wrap_rc_clock_now(void);
int64_t __wrap_rc_clock_at(void);
int64_t __wrap_rc_clock_us(void);
bool __wrap_rc_clock_boot_id(char out[RC_BOOT_ID_MAX]);
struct rc_clock_news __real_rc_clock_watch_look(struct rc_clock_watch *watch, struct rc_reading reading,
                                                int64_t due_now);
struct rc_clock_news __wrap_rc_clock_watch_look(struct rc_clock_watch *watch, struct rc_reading reading,
                                                int64_t due_now);
/* ---- hooks_training.c ---- */

struct rc_training_verdict __real_rc_training_judge(struct rc_training_ledger *ledger, uint32_t judge,
                                                    int64_t now, int64_t at);
struct rc_training_verdict __wrap_rc_training_judge(struct rc_training_ledger *ledger, uint32_t judge,
                                                    int64_t now, int64_t at);
bool __real_rc_training_roll(struct rc_training_site *site, int64_t at, const struct rc_local_day *today,
                             const struct rc_local_day *next);
bool __wrap_rc_training_roll(struct rc_training_site *site, int64_t at, const struct rc_local_day *today,
                             const struct rc_local_day *next);
int64_t __real_rc_day_clock_look(struct rc_day_clock *clock, int64_t now, int64_t at, bool *changed);
int64_t __wrap_rc_day_clock_look(struct rc_day_clock *clock, int64_t now, int64_t at, bool *changed);
enum rc_store_result __real_rc_store_audit(struct rc_store *store, int site, const struct rc_audit *audit);
enum rc_store_result __wrap_rc_store_audit(struct rc_store *store, int site, const struct rc_audit *audit);
enum rc_store_result __real_rc_store_training_save_day(struct rc_store *store, int site,
                                                       const struct rc_id *user,
                                                       const struct rc_training_day *day,
                                                       const struct rc_local_day *next);
enum rc_store_result __wrap_rc_store_training_save_day(struct rc_store *store, int site,
                                                       const struct rc_id *user,
                                                       const struct rc_training_day *day,
                                                       const struct rc_local_day *next);
enum rc_store_result __real_rc_store_training_ended(struct rc_store *store, int site, int64_t at,
                                                    uint32_t limit, rc_store_current_fn *each, void *context);
enum rc_store_result __wrap_rc_store_training_ended(struct rc_store *store, int site, int64_t at,
                                                    uint32_t limit, rc_store_current_fn *each, void *context);
enum rc_store_result __real_rc_store_training_next_end(struct rc_store *store, int site, int64_t *end_at);
enum rc_store_result __wrap_rc_store_training_next_end(struct rc_store *store, int site, int64_t *end_at);
enum rc_store_result __real_rc_store_day_clock_save(struct rc_store *store, const struct rc_day_clock *clock);
enum rc_store_result __wrap_rc_store_day_clock_save(struct rc_store *store, const struct rc_day_clock *clock);
/* The open transaction is durable, or gone; another begins. */
void hooks_training_committed(void);
void hooks_training_undone(void);
void hooks_training_begun(struct rc_store *store);

/* ---- hooks.c again ---- */

ssize_t __wrap_getrandom(void *buffer, size_t length, unsigned flags);
char *__wrap_rc_metrics_prometheus(struct rc_metrics *metrics, size_t *length);
size_t __wrap_rc_metrics_json(struct rc_metrics *metrics, int site, int64_t at, char *out, size_t size);
int64_t __wrap_rc_metrics_resident_bytes(void);

#endif
