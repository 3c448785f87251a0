/* What needs no service: verify and backup read the files themselves. */
#include "cli/commands.h"
#include "cli/table.h"
#include "core/names.h"
#include "store/verify.h"
#include "wire/reply_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A receipt has at most a few hundred bytes; a file that is larger is none. */
#define RECEIPT_MAX 4096

/* ---- the receipt ---- */

static bool read_file(const struct rc_context *context, const char *path, char text[RECEIPT_MAX],
                      size_t *length)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        rc_complain(context, "%s: %s", path, strerror(errno));
        return false;
    }
    *length = fread(text, 1, RECEIPT_MAX, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed || *length == RECEIPT_MAX) {
        rc_complain(context, "%s: %s", path, failed ? "cannot be read" : "too long for a receipt");
        return false;
    }
    return true;
}

static int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);
    return found == NULL ? -1 : (int)(found - digits);
}

static bool read_hash(const char *hex, uint8_t hash[32])
{
    if (hex == NULL || strlen(hex) != 64) {
        return false;
    }
    for (size_t i = 0; i < 32; i++) {
        int high = hex_digit(hex[2 * i]);
        int low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        hash[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* A receipt, with room for the words in it. */
struct receipt {
    struct rc_verify_receipt claim;
    char id[RC_PUNCH_ID_MAX + 1], type[RC_ID_MAX + 1];
};

/* keep_text copies a word to where it stays; NULL: there is none, or it is longer than any of its kind. */
static const char *keep_text(const char *text, char *out, size_t size)
{
    size_t length = text == NULL ? 0 : strlen(text);
    if (length == 0 || length >= size) {
        return NULL;
    }
    memcpy(out, text, length + 1);
    return out;
}

/* read_receipt reads the file of --receipt; false: reported. */
static bool read_receipt(const struct rc_context *context, struct receipt *out)
{
    struct rc_verify_receipt *receipt = &out->claim;
    const char *path = context->arguments->values[RC_O_RECEIPT];
    char text[RECEIPT_MAX];
    size_t length = 0;
    *receipt = (struct rc_verify_receipt){.at = RC_NONE};
    if (!read_file(context, path, text, &length)) {
        return false;
    }
    struct rc_reading *reading = rc_reading_object((struct rc_text){.data = text, .length = length});
    const struct rc_reading_row *top = rc_reading_top(reading);
    bool has_row = reading != NULL && rc_row_integer(top, "seq", &receipt->seq);
    bool named = reading != NULL && (!has_row || receipt->seq > 0) &&
                 read_hash(rc_row_text(top, "hash"), receipt->hash);
    if (named && has_row) {
        rc_row_integer(top, "at", &receipt->at);
        receipt->id = keep_text(rc_row_text(top, "id"), out->id, sizeof out->id);
        receipt->type = keep_text(rc_row_text(top, "type"), out->type, sizeof out->type);
    }
    rc_reading_free(reading);
    if (!named) {
        rc_complain(context, "%s: no receipt: it holds no hash of the log", path);
        return false;
    }
    if (rc_given(context, RC_O_SITE)) {
        receipt->site = context->site;
    }
    return true;
}

/* ---- verify ---- */

static const struct rc_table_column head_columns[] = {
    {"SITE", false}, {"LOG", false}, {"SEQ", true}, {"NOT GIVEN", true}, {"HASH", false}};

static const struct rc_table_column missing_columns[] = {
    {"SITE", false}, {"MONTH NOT GIVEN", false}, {"ROWS", true}, {"WAS ARCHIVED TO", false}};

/* What is shown of a verification; without tables: JSON. */
struct findings {
    const struct rc_context *context;
    struct rc_table *heads, *missing;
    struct rc_verify_days days;
};

static void show_missing(void *data, const struct rc_verify_missing *missing)
{
    struct findings *findings = data;
    char rows[24];
    snprintf(rows, sizeof rows, "%" PRId64, missing->rows);
    if (findings->missing == NULL) {
        fprintf(findings->context->out, "{\"site\":\"%s\",\"missingMonth\":\"%s\",\"rows\":%s}\n",
                missing->site, missing->month, rows);
        return;
    }
    const char *const cells[] = {missing->site, missing->month, rows, missing->path};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        rc_table_cell(findings->missing, cells[i]);
    }
}

static void show_days(const struct findings *findings)
{
    const struct rc_verify_days *days = &findings->days;
    FILE *out = findings->context->out;
    if (findings->heads == NULL) {
        fprintf(out, "{\"trainingDays\":{\"checked\":%" PRId64 ",\"unchecked\":%" PRId64 "}}\n",
                days->checked, days->unchecked);
    } else if (days->unchecked > 0) {
        fprintf(out,
                "%" PRId64 " days of training were added up again, and %" PRId64
                " were not: months that were not given may count for them\n",
                days->checked, days->unchecked);
    }
}

static void show_head(void *data, const struct rc_verify_head *head)
{
    struct findings *findings = data;
    char hash[65];
    char seq[24];
    char missing[24] = "";
    for (size_t i = 0; i < 32; i++) {
        snprintf(hash + 2 * i, 3, "%02x", head->hash[i]);
    }
    snprintf(seq, sizeof seq, "%" PRId64, head->seq);
    if (head->missing > 0) {
        snprintf(missing, sizeof missing, "%" PRId64, head->missing);
    }
    if (findings->heads == NULL) {
        fprintf(findings->context->out,
                "{\"site\":\"%s\",\"log\":\"%s\",\"seq\":%s,\"missing\":%" PRId64 ",\"hash\":\"%s\"}\n",
                head->site, head->log, seq, head->missing, hash);
        return;
    }
    const char *const cells[] = {head->site, head->log, seq, missing, hash};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        rc_table_cell(findings->heads, cells[i]);
    }
}

static enum rc_exit judge(const struct rc_context *context, const struct rc_verify_options *options)
{
    char message[RC_STORE_ERROR_MAX] = "";
    enum rc_verify_result result = rc_verify(options, message);
    if (result == RC_VERIFY_SOUND) {
        return RC_EXIT_OK;
    }
    rc_complain(context, "%s%s", result == RC_VERIFY_BROKEN ? "not sound: " : "", message);
    return result == RC_VERIFY_BROKEN ? RC_EXIT_UNSOUND : RC_EXIT_LOCAL;
}

static void print_table(struct rc_table *table)
{
    if (table == NULL) {
        return;
    }
    if (rc_table_rows(table) > 0) {
        rc_table_end(table);
    }
    rc_table_free(table);
}

static enum rc_exit verify(struct rc_context *context, struct rc_verify_options *options)
{
    struct findings findings = {.context = context};
    options->each_head = show_head;
    options->each_missing = show_missing;
    options->context = &findings;
    options->days = &findings.days;
    if (!context->json) {
        findings.heads =
            rc_table_alloc(context->out, head_columns, sizeof head_columns / sizeof head_columns[0]);
        findings.missing =
            rc_table_alloc(context->out, missing_columns, sizeof missing_columns / sizeof missing_columns[0]);
    }
    enum rc_exit code = judge(context, options);
    print_table(findings.heads);
    print_table(findings.missing);
    if (code == RC_EXIT_OK) {
        show_days(&findings);
    }
    if (code == RC_EXIT_OK && !context->json) {
        fputs("sound\n", context->out);
    }
    return code;
}

enum rc_exit rc_command_verify(struct rc_context *context)
{
    const struct rc_arguments *arguments = context->arguments;
    struct receipt receipt;
    if (arguments->word_count < 1 || arguments->word_count > 1 + RC_VERIFY_ARCHIVES_MAX) {
        rc_complain(context, "verify: say which database, and at most %d archives", RC_VERIFY_ARCHIVES_MAX);
        return RC_EXIT_USAGE;
    }
    struct rc_verify_options options = {.path = arguments->words[0],
                                        .archives = arguments->words + 1,
                                        .archive_count = arguments->word_count - 1};
    if (rc_given(context, RC_O_RECEIPT)) {
        if (!read_receipt(context, &receipt)) {
            return RC_EXIT_LOCAL;
        }
        options.receipt = &receipt.claim;
    }
    return verify(context, &options);
}

/* ---- backup ---- */

enum rc_exit rc_command_backup(struct rc_context *context)
{
    const struct rc_arguments *arguments = context->arguments;
    if (arguments->word_count != 2) {
        rc_complain(context, "backup: say which database, and the file to write");
        return RC_EXIT_USAGE;
    }
    char error[RC_STORE_ERROR_MAX] = "";
    if (rc_store_backup(arguments->words[0], arguments->words[1], error) != RC_STORE_OK) {
        rc_complain(context, "backup: %s", error);
        return RC_EXIT_LOCAL;
    }
    return RC_EXIT_OK;
}
