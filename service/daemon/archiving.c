#include "daemon/archiving.h"

#include "core/names.h"
#include "daemon/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder beside the database. */
#define FOLDER "archive"

/* A month as requests spell it, 2026-01, and as the store does, 2026_01. */
#define MONTH_LENGTH 7

struct rc_archive_job {
    pthread_mutex_t lock;
    bool finished;  /* under the lock: the worker has come to its end */
    bool abandoned; /* under the lock: nobody waits for it; the inbox is not to be touched any more */
    struct rc_inbox *inbox;
    pthread_t thread;
    char database[RC_PATH_MAX], folder[RC_PATH_MAX + sizeof FOLDER + 1];
    char path[RC_PATH_MAX + sizeof FOLDER + 64];
    char file[sizeof FOLDER + 64]; /* of the answer: below the database's folder */
    char month[MONTH_LENGTH + 1], asked_month[MONTH_LENGTH + 1];
    enum rc_store_result result;
    char error[RC_STORE_ERROR_MAX];
    /* who waits; the service thread's */
    struct rc_site *site;
    struct rc_id login;
    struct rc_reply_to to;
    char request_id[sizeof((struct rc_request *)0)->request_id];
};

/* ---- the worker ---- */

/* The folder, and the entry that names it, on the disk. */
static bool make_folder(struct rc_archive_job *job)
{
    if (mkdir(job->folder, 0700) == 0) {
        char parent[sizeof job->folder + 4];
        snprintf(parent, sizeof parent, "%s/..", job->folder);
        int descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool synced = descriptor >= 0 && fsync(descriptor) == 0;
        if (descriptor >= 0)
            close(descriptor);
        if (synced)
            return true;
    } else if (errno == EEXIST) {
        return true;
    }
    snprintf(job->error, sizeof job->error, "cannot make the folder %s: %s", FOLDER, strerror(errno));
    job->result = RC_STORE_IO;
    return false;
}

static void *work(void *context)
{
    struct rc_archive_job *job = context;
    if (make_folder(job))
        job->result = rc_store_archive_copy(job->database, job->month, job->path, job->error);
    pthread_mutex_lock(&job->lock);
    job->finished = true;
    if (!job->abandoned)
        rc_inbox_wake(job->inbox);
    pthread_mutex_unlock(&job->lock);
    return NULL;
}

/* ---- asking ---- */

static void refuse(const struct rc_answering *answering, enum rc_code code, const char *message)
{
    rc_answer_refusal(answering->site, answering->to, answering->request->request_id, code, message);
}

static void name_files(struct rc_archive_job *job, const char *store_path)
{
    const char *slash = strrchr(store_path, '/');
    int folder_length = slash ? (int)(slash - store_path) : 1;
    snprintf(job->database, sizeof job->database, "%s", store_path);
    snprintf(job->folder, sizeof job->folder, "%.*s/" FOLDER, folder_length, slash ? store_path : ".");
    snprintf(job->file, sizeof job->file, FOLDER "/audit_logs_%s.db", job->month);
    snprintf(job->path, sizeof job->path, "%.*s/%s", folder_length, slash ? store_path : ".", job->file);
}

static struct rc_archive_job *make_job(const struct rc_answering *answering)
{
    struct rc_archive_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->inbox = answering->service->inbox;
    job->site = answering->site;
    job->login = answering->asker->login;
    job->to = *answering->to;
    snprintf(job->request_id, sizeof job->request_id, "%s", answering->request->request_id);
    snprintf(job->asked_month, sizeof job->asked_month, "%s", answering->request->month);
    memcpy(job->month, job->asked_month, sizeof job->month);
    job->month[4] = '_';
    name_files(job, answering->service->config->store_path);
    pthread_mutex_init(&job->lock, NULL);
    return job;
}

static void free_job(struct rc_archive_job *job)
{
    pthread_mutex_destroy(&job->lock);
    free(job);
}

void rc_archiving_ask(const struct rc_answering *answering)
{
    struct rc_service *service = answering->service;
    if (service->archiving) {
        refuse(answering, RC_FAILED_PRECONDITION, "archive: another month is being archived");
        return;
    }
    struct rc_archive_job *job = make_job(answering);
    if (!job || pthread_create(&job->thread, NULL, work, job) != 0) {
        if (job)
            free_job(job);
        refuse(answering, RC_RESOURCE_EXHAUSTED, "archive: no memory or thread for it");
        return;
    }
    service->archiving = job;
    rc_log(RC_LOG_INFO, "archive_begun", RC_F_STR("month", job->month), RC_F_STR("path", job->path));
}

/* ---- when the copy is there ---- */

static void answer(struct rc_service *service, const struct rc_archive_job *job, struct rc_reply *reply)
{
    size_t length;
    char *payload = rc_reply_print(reply, &length);
    if (!payload)
        return;
    rc_batch_publish(service, job->site, job->to.topic, (struct rc_text){payload, length},
                     (struct rc_text){job->to.correlation, job->to.correlation_length}, false);
    free(payload);
}

static void answer_refusal(struct rc_service *service, const struct rc_archive_job *job,
                           enum rc_store_result result, const char *why)
{
    rc_log(RC_LOG_WARN, "archive_failed", RC_F_STR("month", job->month),
           RC_F_STR("result", rc_store_result_name(result)), RC_F_STR("reason", why));
    enum rc_code code =
        result == RC_STORE_REFUSED || result == RC_STORE_NOT_FOUND ? RC_FAILED_PRECONDITION : RC_UNAVAILABLE;
    answer(service, job, rc_reply_new(job->request_id, code, why));
}

/* False: the batch failed. */
static bool take_out(struct rc_service *service, const struct rc_archive_job *job)
{
    struct rc_archived archived = {.rows = 0};
    char detail[256];
    if (!rc_batch_begin(service))
        return false;
    enum rc_store_result result =
        rc_store_archive_drop(service->store, job->month, job->path, service->reading.at);
    if (result == RC_STORE_REFUSED || result == RC_STORE_NOT_FOUND) {
        answer_refusal(service, job, result, rc_store_error(service->store));
        return true;
    }
    if (!rc_batch_check(service, result))
        return false;
    result = rc_store_archived(service->store, job->site->number, job->month, &archived);
    if (result != RC_STORE_NOT_FOUND && !rc_batch_check(service, result)) /* a site may have had no row */
        return false;
    snprintf(detail, sizeof detail, "{\"month\":\"%s\",\"file\":\"%s\"}", job->asked_month, job->file);
    if (!rc_batch_audit(service, job->site, "ARCHIVE", &job->login, NULL, detail))
        return false;
    struct rc_reply *reply = rc_reply_new(job->request_id, RC_OK, NULL);
    rc_reply_text(reply, "month", rc_text_of(job->asked_month));
    rc_reply_text(reply, "file", rc_text_of(job->file));
    rc_reply_integer(reply, "rows", archived.rows);
    if (archived.rows > 0) {
        rc_reply_text(reply, "firstHash", rc_text_of(archived.first_hash));
        rc_reply_text(reply, "lastHash", rc_text_of(archived.last_hash));
    }
    answer(service, job, reply);
    rc_log(RC_LOG_INFO, "archived", RC_F_STR("month", job->month), RC_F_STR("path", job->path));
    service->archive_slice_now = service->reading.now;
    return true;
}

static bool is_finished(struct rc_archive_job *job)
{
    pthread_mutex_lock(&job->lock);
    bool finished = job->finished;
    pthread_mutex_unlock(&job->lock);
    return finished;
}

void rc_archiving_tend(struct rc_service *service)
{
    struct rc_archive_job *job = service->archiving;
    if (!job || !service->batch.store_ok || !is_finished(job))
        return;
    pthread_join(job->thread, NULL);
    service->archiving = NULL;
    rc_batch_await_request(service, job->site, &job->to, job->request_id);
    if (job->result != RC_STORE_OK)
        answer_refusal(service, job, job->result, job->error);
    else
        take_out(service, job);
    free_job(job);
}

void rc_archiving_idle(struct rc_service *service)
{
    bool done;
    if (service->reading.now < service->archive_slice_now || !service->batch.store_ok || service->archiving ||
        rc_inbox_depth(service->inbox) > 0)
        return;
    if (rc_batch_check(service, rc_store_archive_sweep(service->store, &done)))
        service->archive_slice_now = done ? INT64_MAX : service->reading.now + RC_ARCHIVE_SLICE_MS;
}

int64_t rc_archiving_wake_now(const struct rc_service *service)
{
    return service->batch.store_ok && !service->archiving ? service->archive_slice_now : INT64_MAX;
}

void rc_archiving_stop(struct rc_service *service)
{
    struct rc_archive_job *job = service->archiving;
    if (!job)
        return;
    pthread_mutex_lock(&job->lock);
    job->abandoned = !job->finished;
    bool finished = job->finished;
    pthread_mutex_unlock(&job->lock);
    service->archiving = NULL;
    if (finished) {
        pthread_join(job->thread, NULL);
        free_job(job);
    } else {
        rc_log(RC_LOG_WARN, "archive_abandoned", RC_F_STR("month", job->month));
        pthread_detach(job->thread);
    }
}
