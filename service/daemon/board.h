/*
 * board.h: what the service thread shows to the HTTP thread: the rendered figures, and whether all is well.
 * Copies under a mutex that is held for a memcpy at most; neither side waits for the other's work. The
 * service thread posts, any thread reads.
 */
#ifndef RC_DAEMON_BOARD_H
#define RC_DAEMON_BOARD_H

#include "core/types.h"

/* Bytes of a reason with its NUL; longer ones are cut. */
#define RC_BOARD_REASON_MAX 256

/* A board not posted for so long says that the service thread hangs. The loop posts every second; a COMMIT on
 * a failing disk has been seen to take several. */
#define RC_BOARD_STALE_MS 15000

struct rc_board;
struct rc_board *rc_board_alloc(void); /* NULL: no memory */
void rc_board_free(struct rc_board *board);

/* rc_board_post_health says, at boot time `now`, why the service is not well; NULL: it is. */
void rc_board_post_health(struct rc_board *board, int64_t now, const char *reason);
/* rc_board_post_metrics takes over a malloc'ed text (as rc_metrics_prometheus gives it). */
void rc_board_post_metrics(struct rc_board *board, char *text, size_t length);

/* rc_board_healthy returns true, or false with the reason: as posted, `starting` before the first post, or
 * that the service thread has not posted for RC_BOARD_STALE_MS. */
bool rc_board_healthy(struct rc_board *board, int64_t now, char reason[RC_BOARD_REASON_MAX]);
/* rc_board_metrics returns a malloc'ed copy that is the caller's; NULL: nothing posted yet, or no memory. */
char *rc_board_metrics(struct rc_board *board, size_t *length);

#endif
