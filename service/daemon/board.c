#include "daemon/board.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rc_board {
    pthread_mutex_t mutex; /* of all that follows */
    bool posted, healthy;
    int64_t posted_now;
    char reason[RC_BOARD_REASON_MAX];
    char *metrics;
    size_t metrics_length;
};

struct rc_board *rc_board_alloc(void)
{
    struct rc_board *board = calloc(1, sizeof *board);
    if (board) {
        pthread_mutex_init(&board->mutex, NULL);
    }
    return board;
}

void rc_board_free(struct rc_board *board)
{
    if (board) {
        pthread_mutex_destroy(&board->mutex);
        free(board->metrics);
        free(board);
    }
}

void rc_board_post_health(struct rc_board *board, int64_t now, const char *reason)
{
    pthread_mutex_lock(&board->mutex);
    board->posted = true;
    board->posted_now = now;
    board->healthy = !reason;
    snprintf(board->reason, sizeof board->reason, "%s", reason ? reason : "");
    pthread_mutex_unlock(&board->mutex);
}

void rc_board_post_metrics(struct rc_board *board, char *text, size_t length)
{
    pthread_mutex_lock(&board->mutex);
    char *old = board->metrics;
    board->metrics = text;
    board->metrics_length = length;
    pthread_mutex_unlock(&board->mutex);
    free(old);
}

bool rc_board_healthy(struct rc_board *board, int64_t now, char reason[RC_BOARD_REASON_MAX])
{
    pthread_mutex_lock(&board->mutex);
    bool healthy = false;
    if (!board->posted) {
        snprintf(reason, RC_BOARD_REASON_MAX, "starting");
    } else if (now - board->posted_now > RC_BOARD_STALE_MS) {
        snprintf(reason, RC_BOARD_REASON_MAX, "the service thread has not answered for %" PRId64 " s",
                 (now - board->posted_now) / 1000);
    } else {
        healthy = board->healthy;
        memcpy(reason, board->reason, RC_BOARD_REASON_MAX);
    }
    pthread_mutex_unlock(&board->mutex);
    return healthy;
}

char *rc_board_metrics(struct rc_board *board, size_t *length)
{
    pthread_mutex_lock(&board->mutex);
    char *copy = board->metrics ? malloc(board->metrics_length + 1) : NULL;
    if (copy) {
        memcpy(copy, board->metrics, board->metrics_length);
        copy[board->metrics_length] = '\0';
        *length = board->metrics_length;
    }
    pthread_mutex_unlock(&board->mutex);
    return copy;
}
