/* Settings: one table gives parsing, errors with their place, printing and docs. */
#include "test.h"

#include "daemon/config.h"
#include "daemon/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rc_config config;
static char error[RC_CONFIG_ERROR_MAX];

static int fresh(void **state)
{
    (void)state;
    rc_config_default(&config);
    error[0] = '\0';
    return 0;
}

static bool read_text(const char *text)
{
    FILE *stream = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(stream);
    bool done = rc_config_stream(&config, stream, "rollcall.conf", error);
    fclose(stream);
    return done;
}

static void refuses_file(const char *text, const char *message)
{
    fresh(NULL);
    assert_false(read_text(text));
    assert_string_equal(error, message);
}

static void refuses_set(const char *text, const char *message)
{
    fresh(NULL);
    assert_false(rc_config_set(&config, text, error));
    assert_string_equal(error, message);
}

static void the_defaults_are_the_contracts_numbers(void **state)
{
    (void)state;
    struct rc_policy table = rc_config_policy(&config), rules = rc_policy_default();
    for (int i = 0; i < RC_CLASS_COUNT; i++) {
        assert_int_equal(table.interval_ms[i], rules.interval_ms[i]);
        assert_int_equal(table.interval_ms_max[i], rules.interval_ms_max[i]);
        assert_int_equal(table.grace_ms[i], rules.grace_ms[i]);
        assert_int_equal(table.auto_in[i], rules.auto_in[i]);
    }
    assert_int_equal(table.interval_ms_min, rules.interval_ms_min);
    assert_int_equal(table.confirm_ms, rules.confirm_ms);
    assert_int_equal(table.echo_ms, rules.echo_ms);
    assert_int_equal(table.sleep_ms_max, rules.sleep_ms_max);
    assert_int_equal(table.reconnect_ms, rules.reconnect_ms);
    assert_int_equal(table.protection_ms_max, rules.protection_ms_max);
    assert_int_equal(table.hold_ms, rules.hold_ms);
    assert_int_equal(table.hold_min, rules.hold_min);
    assert_true(table.hold_share == rules.hold_share);
    assert_int_equal(table.resume_ms, rules.resume_ms);
    assert_int_equal(table.resume_detected_ms, rules.resume_detected_ms);
    assert_int_equal(table.resume_outage_ms, rules.resume_outage_ms);
    assert_int_equal(table.missed_out_ms, rules.missed_out_ms);
    assert_int_equal(table.trust_ms, rules.trust_ms);
    assert_int_equal(table.future_ms, rules.future_ms);
    assert_int_equal(table.late_ms_max, rules.late_ms_max);
    assert_int_equal(table.max_shift_ms, rules.max_shift_ms);
    assert_int_equal(table.forget_ms, rules.forget_ms);
    assert_int_equal(table.maintenance_ms_max, rules.maintenance_ms_max);
}

static void the_defaults_serve_one_site_on_loopback(void **state)
{
    (void)state;
    assert_int_equal(config.site_count, 1);
    assert_string_equal(config.sites[0].text, "hq");
    assert_string_equal(config.site_zone, "America/New_York");
    assert_string_equal(config.training_zone, "America/New_York");
    assert_int_equal(config.training_limit_minutes, 240);
    assert_int_equal(config.training_interval_ms, 60000);
    assert_int_equal(config.access_mode, RC_ACCESS_OPEN);
    assert_int_equal(config.http_port, 0);
    assert_int_equal(config.log_level, RC_LOG_INFO);
    assert_true(rc_config_check(&config, error));
}

/* Every field of the policy is a setting: fill it with a pattern, and no byte of the pattern is left. */
static void every_field_of_the_policy_is_a_setting(void **state)
{
    (void)state;
    struct rc_config marked;
    memset(&marked, 0xa5, sizeof marked);
    marked.site_count = 0;
    FILE *file = tmpfile();
    assert_non_null(file);
    rc_config_print(&config, file);
    rewind(file);
    memset(marked.origin, 0, sizeof marked.origin);
    assert_true(rc_config_stream(&marked, file, "printed", error));
    fclose(file);
    const int64_t *words = (const int64_t *)(const void *)&marked.policy;
    for (size_t i = 0; i < sizeof marked.policy / sizeof words[0]; i++) {
        assert_int_not_equal(words[i], (int64_t)0xa5a5a5a5a5a5a5a5);
    }
}

static void a_file_sets_what_it_names_and_nothing_else(void **state)
{
    (void)state;
    assert_true(read_text("# a comment\n"
                          "[site]\n"
                          "names = hq, plant-2 ,x_3\n"
                          "; another\n"
                          "[presence]\n"
                          "  grace_ms.badge = interval\n"
                          "grace_ms.mobile=90000\n"
                          "hold_share = 0.25\n"
                          "auto_in.badge = yes\n"
                          "\n"
                          "[mqtt]\n"
                          "uri = ssl://broker.example:8883\n"
                          "[log]\n"
                          "level = debug"));
    assert_int_equal(config.site_count, 3);
    assert_string_equal(config.sites[1].text, "plant-2");
    assert_string_equal(config.sites[2].text, "x_3");
    assert_int_equal(config.policy.grace_ms[RC_BADGE], RC_NONE);
    assert_int_equal(config.policy.grace_ms[RC_MOBILE], 90000);
    assert_true(config.policy.hold_share == 0.25);
    assert_true(config.policy.auto_in[RC_BADGE]);
    assert_false(config.policy.auto_in[RC_BROWSER]);
    assert_string_equal(config.mqtt_uri, "ssl://broker.example:8883");
    assert_int_equal(config.log_level, RC_LOG_DEBUG);
    assert_int_equal(config.policy.reconnect_ms, 120000);
}

static void set_wins_over_the_file_and_the_last_set_over_the_first(void **state)
{
    (void)state;
    assert_true(rc_config_set(&config, "http.port=1", error));
    assert_true(read_text("[http]\nport = 2\n"));
    assert_true(rc_config_set(&config, "http.port=8080", error));
    assert_true(rc_config_set(&config, "http.port=9090", error));
    assert_int_equal(config.http_port, 9090);
}

static void an_unknown_name_is_an_error_with_its_line(void **state)
{
    (void)state;
    refuses_file("[site]\nnames = hq\n[presence]\nhold_mss = 1\n",
                 "rollcall.conf:4: no such setting: presence.hold_mss");
    refuses_file("[Site]\nnames = hq\n", "rollcall.conf:1: no such section: Site");
    refuses_file("names = hq\n", "rollcall.conf:1: no such setting: .names");
    refuses_set("presence.grace_ms.tablet=1", "--set presence.grace_ms.tablet=1: no such setting: "
                                              "presence.grace_ms.tablet");
    refuses_set("port=1", "--set port=1: not section.name=value");
    refuses_set("http.port", "--set http.port: not section.name=value");
}

static void a_value_of_the_wrong_type_is_an_error_with_its_line(void **state)
{
    (void)state;
    refuses_file("[http]\n\nport = 80x\n", "rollcall.conf:3: http.port = 80x: not a whole number");
    refuses_file("[presence]\ngrace_ms.badge = soon\n",
                 "rollcall.conf:2: presence.grace_ms.badge = soon: not a whole number or interval");
    refuses_set("http.port=", "--set http.port=: not a whole number");
    refuses_set("http.port= 5", "--set http.port= 5: not a whole number");
    refuses_set("http.port=+5", "--set http.port=+5: not a whole number");
    refuses_set("http.port=1e3", "--set http.port=1e3: not a whole number");
    refuses_set("http.port=-", "--set http.port=-: not a whole number");
    refuses_set("directory.strict=maybe", "--set directory.strict=maybe: neither yes nor no");
    refuses_set("access.mode=closed", "--set access.mode=closed: none of open, required");
    refuses_set("presence.hold_share=half", "--set presence.hold_share=half: not a number such as 0.5");
    refuses_set("presence.hold_share=nan", "--set presence.hold_share=nan: not a number such as 0.5");
}

static void a_value_out_of_range_is_an_error(void **state)
{
    (void)state;
    refuses_set("http.port=65536", "--set http.port=65536: out of range, 0 to 65535");
    refuses_set("http.port=-1", "--set http.port=-1: out of range, 0 to 65535");
    refuses_set("http.port=99999999999999999999",
                "--set http.port=99999999999999999999: out of range, 0 to 65535");
    refuses_set("presence.grace_ms.badge=-1", "--set presence.grace_ms.badge=-1: out of range, 0 to 3600000");
    refuses_set("presence.hold_share=1.01", "--set presence.hold_share=1.01: out of range, over 0 to 1");
    refuses_set("presence.hold_share=0", "--set presence.hold_share=0: out of range, over 0 to 1");
    assert_true(rc_config_set(&config, "http.port=65535", error));
    assert_true(rc_config_set(&config, "presence.hold_share=1", error));
}

static void a_bad_list_of_sites_is_an_error(void **state)
{
    (void)state;
    const char *names = "not a list of names of 1 to 64 of A-Z a-z 0-9 _ -, with commas";
    char expected[200], many[400] = "site.names=s0";
    snprintf(expected, sizeof expected, "--set site.names=: %s", names);
    refuses_set("site.names=", expected);
    snprintf(expected, sizeof expected, "--set site.names=a,,b: %s", names);
    refuses_set("site.names=a,,b", expected);
    snprintf(expected, sizeof expected, "--set site.names=a/b: %s", names);
    refuses_set("site.names=a/b", expected);
    refuses_set("site.names=a,b,a", "--set site.names=a,b,a: a stands twice");
    for (int i = 1; i < RC_SITES_MAX; i++) {
        snprintf(many + strlen(many), sizeof many - strlen(many), ",s%d", i);
    }
    assert_true(rc_config_set(&config, many, error));
    assert_int_equal(config.site_count, RC_SITES_MAX);
    snprintf(many + strlen(many), sizeof many - strlen(many), ",more");
    assert_false(rc_config_set(&config, many, error));
    assert_non_null(strstr(error, ": more than 32 sites"));
    assert_int_equal(config.site_count, RC_SITES_MAX);
}

static void a_zone_that_is_not_installed_is_an_error(void **state)
{
    (void)state;
    refuses_set("site.zone=Mars/Olympus", "--set site.zone=Mars/Olympus: no such time zone is installed");
    refuses_set("training.zone=america/new_york",
                "--set training.zone=america/new_york: no such time zone is installed");
    assert_true(rc_config_set(&config, "site.zone=Europe/Berlin", error));
    assert_true(rc_config_set(&config, "site.zone=UTC", error));
}

static void a_uri_is_of_mqtt_and_holds_no_secret(void **state)
{
    (void)state;
    const char *schemes = "not a URI that begins with tcp://, mqtt://, ssl://, mqtts://, ws:// or wss://";
    char expected[200];
    snprintf(expected, sizeof expected, "--set mqtt.uri=http://x: %s", schemes);
    refuses_set("mqtt.uri=http://x", expected);
    snprintf(expected, sizeof expected, "--set mqtt.uri=tcp://: %s", schemes);
    refuses_set("mqtt.uri=tcp://", expected);
    refuses_set("mqtt.uri=tcp://me:secret@x",
                "--set mqtt.uri=(not shown): credentials do not belong into a URI: use mqtt.username and "
                "mqtt.password_file");
    refuses_file(
        "[mqtt]\nuri = tcp://me:secret@x\n",
        "rollcall.conf:2: mqtt.uri = (not shown): credentials do not belong into a URI: use mqtt.username "
        "and mqtt.password_file");
    assert_true(rc_config_set(&config, "mqtt.uri=mqtt://localhost", error));
}

static void a_uri_has_a_host_and_a_port_that_there_can_be(void **state)
{
    (void)state;
    static const char *const wrong[] = {"tcp://:1883",
                                        "tcp://127.0.0.1:0",
                                        "tcp://127.0.0.1:65536",
                                        "tcp://127.0.0.1:x",
                                        "tcp://127.0.0.1:",
                                        "tcp://127.0.0.1:1883:9",
                                        "tcp://127.0.0.1 :1883",
                                        "tcp://[::1",
                                        "tcp://[::1]evil:1883",
                                        "tcp://[localhost]:1883",
                                        "tcp://:",
                                        "tcp:///mqtt",
                                        "tcp://a]b:1883",
                                        "tcp:// "};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[128], expected[256];
        snprintf(text, sizeof text, "mqtt.uri=%s", wrong[i]);
        snprintf(expected, sizeof expected, "--set %s: not a URI of the shape tcp://host:port", text);
        refuses_set(text, expected);
    }
    assert_true(rc_config_set(&config, "mqtt.uri=wss://[::1]:65535/mqtt?x=1", error));
    assert_true(rc_config_set(&config, "mqtt.uri=tcp://broker.example/", error));
}

static void a_text_is_utf8_and_in_no_quotes(void **state)
{
    (void)state;
    refuses_set("mqtt.username=\xFF\xFE", "--set mqtt.username=\xFF\xFE: not UTF-8");
    refuses_set("mqtt.username=a\tb", "--set mqtt.username=a\tb: holds a control character");
    refuses_set("store.path=\"/var/x\"",
                "--set store.path=\"/var/x\": stands in quotes: leave them out, they "
                "would be part of it");
    assert_true(rc_config_set(&config, "store.path=/var/\xFF", error)); /* names of files may be anything */
    assert_true(rc_config_set(&config, "mqtt.username=J\xC3\xBCrgen", error));
}

static void a_share_is_a_decimal_number(void **state)
{
    (void)state;
    static const char *const wrong[] = {"0x1p-1", "NaN", "inf", "1e400", "0,5", ".5", "+1", "", " 1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[64], expected[128];
        snprintf(text, sizeof text, "presence.hold_share=%s", wrong[i]);
        snprintf(expected, sizeof expected, "--set %s: not a number such as 0.5", text);
        refuses_set(text, expected);
    }
    assert_true(rc_config_set(&config, "presence.hold_share=5e-1", error));
}

static void of_two_sets_the_later_wins(void **state)
{
    (void)state;
    assert_true(rc_config_set(&config, "http.port=1", error));
    assert_true(rc_config_set(&config, "http.port=2", error));
    assert_int_equal(config.http_port, 2);
}

static void a_set_that_is_no_setting_is_an_error(void **state)
{
    (void)state;
    static const char *const shapeless[] = {"", "=", ".", "http.port", "http=port.1", "=http.port"};
    for (size_t i = 0; i < sizeof shapeless / sizeof shapeless[0]; i++) {
        char expected[128];
        snprintf(expected, sizeof expected, "--set %s: not section.name=value", shapeless[i]);
        refuses_set(shapeless[i], expected);
    }
    refuses_set(".=", "--set .=: no such setting: .");
    refuses_set("http.=1", "--set http.=1: no such setting: http.");
    refuses_set("HTTP.port=1", "--set HTTP.port=1: no such setting: HTTP.port");
    refuses_set("http.port =1", "--set http.port =1: no such setting: http.port ");
    refuses_set("http.port=\xD9\xA1", "--set http.port=\xD9\xA1: not a whole number"); /* an Arabic 1 */
}

static void a_section_that_is_none_is_an_error_though_nothing_stands_in_it(void **state)
{
    (void)state;
    refuses_file("[http]\nport = 1\n\n[htpp]\n", "rollcall.conf:4: no such section: htpp");
    refuses_file("[]\n", "rollcall.conf:1: no such section: ");
    refuses_file("[http] port = 1\n", "rollcall.conf:1: something stands behind the section: port = 1\n");
    refuses_file("[[http]]\nport = 1\n", "rollcall.conf:1: no such section: [http");
    fresh(NULL);
    assert_true(read_text("\xEF\xBB\xBF[http]\r\n  [log]\t\r\nlevel = warn\r\n; [nothing]\n"));
}

static void settings_that_contradict_each_other_are_named_with_where_they_were_given(void **state)
{
    (void)state;
    fresh(NULL);
    assert_true(read_text("[log]\nlevel = warn\n[mqtt]\nuri = tcp://10.0.0.1\n"));
    assert_false(rc_config_check(&config, error));
    assert_memory_equal(error, "rollcall.conf:4: access.mode open is for", 40);
    assert_true(rc_config_set(&config, "mqtt.uri=tcp://10.0.0.2", error));
    assert_false(rc_config_check(&config, error));
    assert_memory_equal(error, "--set: access.mode open is for", 30);
}

static void a_line_that_is_no_setting_is_an_error(void **state)
{
    (void)state;
    refuses_file("[http]\nport\n", "rollcall.conf:2: neither `[section]` nor `name = value`");
    refuses_file("[http\nport = 1\n", "rollcall.conf:1: neither `[section]` nor `name = value`");
    refuses_file("[http]\nport = 1\nport = 2\n", "rollcall.conf:3: stands twice: http.port, first in line 2");
    /* an indented line is a line of its own, and no continuation of the one before */
    refuses_file("[http]\nport = 1\n  prot = 2\n", "rollcall.conf:3: no such setting: http.prot");
}

static void a_line_that_is_too_long_is_an_error(void **state)
{
    (void)state;
    static char text[2 * RC_CONFIG_LINE_MAX];
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "[store]\npath = /", 16);
    refuses_file(text, "rollcall.conf:2: the line is too long");
    text[600] = '\n';
    text[601] = '\0';
    fresh(NULL);
    assert_false(read_text(text));
    assert_non_null(strstr(error, ": longer than 511 bytes"));
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    assert_false(rc_config_file(&config, "/nonexistent/rollcall.conf", error));
    assert_string_equal(error, "/nonexistent/rollcall.conf: No such file or directory");
    assert_false(rc_config_file(&config, "/", error));
}

static void refuses_together(const char *first, const char *second, const char *message)
{
    fresh(NULL);
    assert_true(rc_config_set(&config, first, error));
    assert_true(!second || rc_config_set(&config, second, error));
    assert_false(rc_config_check(&config, error));
    assert_non_null(strstr(error, message));
}

static void settings_that_contradict_each_other_are_an_error(void **state)
{
    (void)state;
    refuses_together("access.mode=required", NULL, "access.mode required needs access.key_file");
    refuses_together("http.address=0.0.0.0", NULL, "http.address is not loopback");
    refuses_together("punch.trust_ms=86400000", "punch.late_ms_max=3600000", "punch.trust_ms must be below");
    refuses_together("limits.heartbeats_per_s=1", "presence.interval_ms.badge=900",
                     "limits.heartbeats_per_s must allow");
    refuses_together("mqtt.key_file=k", NULL, "mqtt.certificate_file and mqtt.key_file go together");
    refuses_together("mqtt.password_file=p", NULL, "mqtt.password_file needs mqtt.username");
    refuses_together("training.break_minutes=5", NULL, "break_after_minutes go together");
    refuses_together("store.path=", NULL, "store.path is empty");
}

static void open_access_is_for_loopback_only(void **state)
{
    (void)state;
    static const char *const near[] = {"tcp://localhost:1883", "tcp://127.0.0.1", "ws://127.8.9.1:1/mqtt",
                                       "tcp://[::1]:1883"};
    static const char *const far[] = {"tcp://broker:1883",        "tcp://10.0.0.1:1883",
                                      "tcp://[2001:db8::1]:1883", "tcp://127.0.0.1.example:1883",
                                      "tcp://localhost.example",  "tcp://[::1]example:1883",
                                      "tcp://[::ffff:10.0.0.1]"};
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
        snprintf(config.mqtt_uri, sizeof config.mqtt_uri, "%s", near[i]);
        assert_true(rc_config_check(&config, error));
    }
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        snprintf(config.mqtt_uri, sizeof config.mqtt_uri, "%s", far[i]);
        config.access_open_remote = false;
        assert_false(rc_config_check(&config, error));
        config.access_open_remote = true;
        assert_true(rc_config_check(&config, error));
    }
}

static char *read_whole(FILE *file)
{
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    rewind(file);
    (void)!fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

static char *printed(const struct rc_config *of)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    rc_config_print(of, file);
    return read_whole(file);
}

static void what_is_printed_reads_back_to_the_same(void **state)
{
    (void)state;
    assert_true(rc_config_set(&config, "site.names=a,b", error));
    assert_true(rc_config_set(&config, "presence.hold_share=0.1", error));
    assert_true(rc_config_set(&config, "presence.grace_ms.kiosk=5", error));
    assert_true(rc_config_set(&config, "store.path=/srv/a ; b # c = d", error));
    assert_true(rc_config_set(&config, "site.week_start=monday", error));
    struct rc_config again;
    rc_config_default(&again);
    FILE *file = tmpfile();
    assert_non_null(file);
    rc_config_print(&config, file);
    rewind(file);
    assert_true(rc_config_stream(&again, file, "printed", error));
    fclose(file);
    char *wanted = printed(&config), *found = printed(&again);
    assert_string_equal(found, wanted);
    assert_string_equal(again.store_path, "/srv/a ; b # c = d");
    assert_int_equal(again.policy.grace_ms[RC_KIOSK], 5);
    assert_true(again.policy.hold_share == config.policy.hold_share);
    free(wanted);
    free(found);
}

static void docs_settings_md_is_what_the_table_says(void **state)
{
    (void)state;
    FILE *made = tmpfile(), *kept = fopen(RC_SOURCE_DIR "/docs/settings.md", "r");
    assert_non_null(made);
    assert_non_null(kept);
    rc_config_print_doc(made);
    char *made_text = read_whole(made), *kept_text = read_whole(kept);
    assert_string_equal(kept_text, made_text); /* build/bin/rollcalld --print-config-doc > docs/settings.md */
    free(made_text);
    free(kept_text);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_defaults_are_the_contracts_numbers),
        TEST(the_defaults_serve_one_site_on_loopback),
        TEST(every_field_of_the_policy_is_a_setting),
        TEST(a_file_sets_what_it_names_and_nothing_else),
        TEST(set_wins_over_the_file_and_the_last_set_over_the_first),
        TEST(an_unknown_name_is_an_error_with_its_line),
        TEST(a_value_of_the_wrong_type_is_an_error_with_its_line),
        TEST(a_value_out_of_range_is_an_error),
        TEST(a_bad_list_of_sites_is_an_error),
        TEST(a_zone_that_is_not_installed_is_an_error),
        TEST(a_uri_is_of_mqtt_and_holds_no_secret),
        TEST(a_line_that_is_no_setting_is_an_error),
        TEST(a_line_that_is_too_long_is_an_error),
        TEST(a_file_that_is_not_there_is_an_error),
        TEST(settings_that_contradict_each_other_are_an_error),
        TEST(open_access_is_for_loopback_only),
        TEST(a_uri_has_a_host_and_a_port_that_there_can_be),
        TEST(a_text_is_utf8_and_in_no_quotes),
        TEST(a_share_is_a_decimal_number),
        TEST(of_two_sets_the_later_wins),
        TEST(a_set_that_is_no_setting_is_an_error),
        TEST(a_section_that_is_none_is_an_error_though_nothing_stands_in_it),
        TEST(settings_that_contradict_each_other_are_named_with_where_they_were_given),
        TEST(what_is_printed_reads_back_to_the_same),
        TEST(docs_settings_md_is_what_the_table_says),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
