#include "rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static int64_t boot_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

struct rc_text rig_text(const char *text)
{
    return (struct rc_text){text, strlen(text)};
}

void rig_init(struct rig *rig, const char *extra)
{
    *rig = (struct rig){.broker = rc_test_broker_start(extra), .inbox = rc_inbox_alloc(RC_INBOX_BYTES)};
    assert_non_null(rig->inbox);
    rig->options = (struct rc_link_options){
        .site_name = {2, "hq"},
        .uri = rc_test_broker_uri(rig->broker),
        .client_id = "rollcall-hq",
        .will_topic = rig_text("rollcall/v1/hq/service/status"),
        .will_payload = rig_text("{\"online\":false}"),
        .seed = 1,
    };
}

void rig_open(struct rig *rig)
{
    char error[256] = "";
    rig->link = rc_link_open(&rig->options, rig->inbox, error);
    assert_string_equal(error, "");
    assert_non_null(rig->link);
}

void rig_open_up(struct rig *rig)
{
    rig_open(rig);
    rig_await(rig, RC_INBOUND_UP);
}

void rig_fini(struct rig *rig)
{
    rc_link_close(rig->link, 1000);
    rc_inbox_free(rig->inbox);
    rc_test_broker_free(rig->broker);
}

bool rig_next(struct rig *rig, int timeout_ms)
{
    int64_t until = boot_ms() + timeout_ms;
    while (!rc_inbox_take(rig->inbox, &rig->entry)) {
        int64_t now = boot_ms();
        if (now >= until)
            return false;
        if (rig->link != NULL)
            rc_link_tend(rig->link, now);
        rc_inbox_wait(rig->inbox, until - now < 50 ? (int)(until - now) : 50);
    }
    return true;
}

void rig_await(struct rig *rig, enum rc_inbound_kind kind)
{
    do {
        if (!rig_next(rig, RIG_WAIT_MS)) {
            char why[RC_LINK_WHY_MAX] = "";
            if (rig->link != NULL)
                rc_link_why(rig->link, why);
            fail_msg("no entry of kind %d came; the link says: %s", (int)kind, why);
        }
    } while (rig->entry.kind != kind);
}

void rig_await_message(struct rig *rig, const char *below)
{
    char topic[512];
    int length = snprintf(topic, sizeof topic, "rollcall/v1/hq/%s", below);
    rig_await(rig, RC_INBOUND_MESSAGE);
    assert_int_equal(rig->entry.topic.length, length);
    assert_memory_equal(rig->entry.topic.data, topic, (size_t)length);
}

void rig_publish(struct rig *rig, const char *below, const char *payload, uint8_t qos, int64_t number)
{
    char topic[512];
    snprintf(topic, sizeof topic, "rollcall/v1/hq/%s", below);
    struct rc_publication publication = {
        .topic = rig_text(topic), .payload = rig_text(payload), .qos = qos, .number = number};
    assert_int_equal(rc_link_publish(rig->link, &publication), RC_LINK_OK);
}

struct rc_test_mqtt *rig_client(const struct rig *rig, const char *client_id)
{
    return rc_test_mqtt_connect(
        &(struct rc_test_mqtt_options){.port = rc_test_broker_port(rig->broker), .client_id = client_id});
}
