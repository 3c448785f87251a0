#include "given.h"

#include "wire/json.h"

#include <stdio.h>

static struct rc_json json;

/* Reads a copy that ends with the text; NULL: accepted, else the complaint. */
static const char *read_text(struct rc_text text)
{
    char *copy = exact_copy(text);
    bool ok = rc_json_read(&json, (struct rc_text){copy, text.length});
    assert_int_equal(ok, json.error == NULL);
    free(copy);
    return json.error;
}

struct case_of {
    const char *text, *error;
};

static void assert_errors(const struct case_of *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *error = read_text(rc_text_of(cases[i].text));
        if (error == NULL || strcmp(error, cases[i].error) != 0)
            fail_msg("%s: %s", cases[i].text, error == NULL ? "accepted" : error);
    }
}

#define NOT_JSON "is not a JSON object"

static void what_is_no_json_object_is_refused(void **state)
{
    (void)state;
    const struct case_of all[] = {
        {"", "is empty"},
        {" ", NOT_JSON},
        {"null", NOT_JSON},
        {"[]", NOT_JSON},
        {"\"a\"", NOT_JSON},
        {"1", NOT_JSON},
        {"{", NOT_JSON},
        {"{\"a\"", NOT_JSON},
        {"{\"a\":", NOT_JSON},
        {"{\"a\":1", NOT_JSON},
        {"{\"a\":1,", NOT_JSON},
        {"{\"a\":1,}", NOT_JSON},
        {"{,}", NOT_JSON},
        {"{\"a\" 1}", NOT_JSON},
        {"{a:1}", NOT_JSON},
        {"{'a':1}", NOT_JSON},
        {"{\"a\":[1,]}", NOT_JSON},
        {"{\"a\":[1}", NOT_JSON},
        {"{\"a\":[}", NOT_JSON},
        {"{\"a\":tru}", NOT_JSON},
        {"{\"a\":True}", NOT_JSON},
        {"{\"a\":nul", NOT_JSON},
        {"{\"a\":NaN}", NOT_JSON},
        {"{\"a\":Infinity}", NOT_JSON},
        {"{\"a\":1/*x*/}", NOT_JSON},
        {"\xEF\xBB\xBF{}", NOT_JSON}, /* a byte order mark */
        {"\v{}", NOT_JSON},           /* cJSON takes any control character for white space */
    };
    assert_errors(all, COUNT(all));
}

static void nothing_may_follow_the_object(void **state)
{
    (void)state;
    const struct case_of all[] = {
        {"{}x", "goes on after the object"},
        {"{}{}", "goes on after the object"},
        {"{} ,", "goes on after the object"},
        {"{}}", "goes on after the object"},
    };
    assert_errors(all, COUNT(all));
    assert_null(read_text(rc_text_of(" \t\r\n{ \t} \r\n")));
    assert_string_equal(read_text((struct rc_text){"{}\0", 3}), "goes on after the object");
}

static void a_nul_is_refused_however_it_is_spelled(void **state)
{
    (void)state;
    assert_string_equal(read_text((struct rc_text){"{\"a\":\"x\0y\"}", 11}), "holds a NUL");
    assert_string_equal(read_text((struct rc_text){"{\"a\0\":1}", 8}), "holds a NUL");
    assert_string_equal(read_text(rc_text_of("{\"a\":\"x\\u0000y\"}")), "holds a NUL");
    assert_string_equal(read_text(rc_text_of("{\"a\\u0000\":1}")), "holds a NUL");
    assert_non_null(read_text((struct rc_text){"{\0}", 3}));
}

static void strings_are_checked_to_the_letter(void **state)
{
    (void)state;
    const struct case_of all[] = {
        {"{\"a\":\"\x01\"}", NOT_JSON},
        {"{\"a\":\"\n\"}", NOT_JSON},
        {"{\"a\":\"\\x41\"}", NOT_JSON},
        {"{\"a\":\"\\", NOT_JSON},
        {"{\"a\":\"\\u12\"}", NOT_JSON},
        {"{\"a\":\"\\u12", NOT_JSON},
        {"{\"a\":\"\\u00g0\"}", NOT_JSON},
        {"{\"a\":\"\\ud800\"}", "is not UTF-8: half a surrogate pair"},
        {"{\"a\":\"\\udc00\\ud800\"}", "is not UTF-8: half a surrogate pair"},
        {"{\"a\":\"\\ud800\\u0041\"}", "is not UTF-8: half a surrogate pair"},
        {"{\"a\":\"\\ud800x\"}", "is not UTF-8: half a surrogate pair"},
        {"{\"a\":\"\xFF\"}", "is not UTF-8"},
        {"{\"\xC0\x80\":1}", "is not UTF-8"},
        {"{\"a\":\"\xED\xA0\x80\"}", "is not UTF-8"},
        {"{\"a\":\"\xE2\x82", "is not UTF-8"},
        {"{\"a\":{\"b\":\"\x80\"}}", "is not UTF-8"},
    };
    assert_errors(all, COUNT(all));
    assert_null(read_text(
        rc_text_of("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\ude00\x7F\xF0\x9F\x98\x80\"}")));
}

static void numbers_are_checked_to_the_letter_and_kept_in_range(void **state)
{
    (void)state;
#define RANGE "holds a number out of range"
    const struct case_of all[] = {
        {"{\"a\":01}", NOT_JSON},
        {"{\"a\":-}", NOT_JSON},
        {"{\"a\":+1}", NOT_JSON},
        {"{\"a\":.5}", NOT_JSON},
        {"{\"a\":1.}", NOT_JSON},
        {"{\"a\":1e}", NOT_JSON},
        {"{\"a\":1e+}", NOT_JSON},
        {"{\"a\":0x10}", NOT_JSON},
        {"{\"a\":1 2}", NOT_JSON},
        {"{\"a\":1", NOT_JSON},
        {"{\"a\":9007199254740992}", RANGE},
        {"{\"a\":-9007199254740992}", RANGE},
        {"{\"a\":99999999999999999999999999999999}", RANGE},
        {"{\"a\":1e400}", RANGE},
        {"{\"a\":-1E+400}", RANGE},
        {"{\"a\":10e307}", RANGE},
        {"{\"a\":0.0001e312}", RANGE},
        {"{\"a\":[1,{\"b\":1e99999999999999999999}]}", RANGE},
    };
#undef RANGE
    assert_errors(all, COUNT(all));
    const char *good[] = {
        "{\"a\":0}",       "{\"a\":-0}",    "{\"a\":9007199254740991}", "{\"a\":-9007199254740991}",
        "{\"a\":1e307}",   "{\"a\":0e400}", "{\"a\":0.0e400}",          "{\"a\":1e-400}",
        "{\"a\":0.5E+10}", "{\"a\":1.5}",   "{\"a\":0.0001e310}",       "{\"a\":100000000000000000000.5}",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_null(read_text(rc_text_of(good[i])));
}

static void a_key_stands_once_in_its_object(void **state)
{
    (void)state;
#define TWICE "has a key twice"
    const struct case_of all[] = {
        {"{\"a\":1,\"a\":1}", TWICE},
        {"{\"a\":1,\"b\":2,\"a\":3}", TWICE},
        {"{\"a\":1,\"\\u0061\":2}", TWICE},
        {"{\"\xC3\xA4\":1,\"\\u00e4\":2}", TWICE},
        {"{\"\":1,\"\":2}", TWICE},
        {"{\"d\":{\"a\":1,\"a\":2}}", TWICE},
        {"{\"d\":[{\"a\":1},{\"a\":1,\"a\":2}]}", TWICE},
    };
#undef TWICE
    assert_errors(all, COUNT(all));
    const char *good[] = {
        "{\"a\":1,\"A\":2}",
        "{\"a\":{\"a\":1},\"b\":{\"a\":1}}",
        "{\"d\":[{\"a\":1},{\"a\":1}],\"a\":1}",
        "{\"a\":1,\"ab\":2,\"a b\":3,\"\":4}",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_null(read_text(rc_text_of(good[i])));
}

static void four_levels_are_the_most(void **state)
{
    (void)state;
    assert_null(read_text(rc_text_of("{\"a\":{\"b\":{\"c\":{}}}}")));
    assert_null(read_text(rc_text_of("{\"a\":[[[1]]]}")));
    const struct case_of all[] = {
        {"{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}", "is nested deeper than 4 levels"},
        {"{\"a\":[[[[]]]]}", "is nested deeper than 4 levels"},
    };
    assert_errors(all, COUNT(all));
    char deep[RC_JSON_MAX];
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"a\":", 5);
    assert_string_equal(read_text((struct rc_text){deep, sizeof deep}), "is nested deeper than 4 levels");
}

/* {"":0,"0":0,...}: as many keys as fit into a text. */
static size_t fill_with_keys(char *text, size_t size, size_t *keys)
{
    size_t length = 1;
    text[0] = '{';
    for (*keys = 0;; ++*keys) {
        char member[16];
        size_t step = (size_t)snprintf(member, sizeof member, "\"%.0zx\":0,", *keys);
        if (length + step > size)
            break;
        memcpy(text + length, member, step);
        length += step;
    }
    text[length - 1] = '}';
    return length;
}

static void a_text_full_of_keys_is_read_whole(void **state)
{
    (void)state;
    char text[RC_JSON_MAX];
    size_t keys, length = fill_with_keys(text, sizeof text, &keys);
    assert_true(keys > 400);
    assert_null(read_text((struct rc_text){text, length}));
    assert_int_equal(json.count, keys);
}

/* Keys are compared in blocks: wherever in a text full of them one comes again, it is found. */
static void a_key_that_comes_again_is_found_wherever_it_stood(void **state)
{
    (void)state;
    for (int keys = 1; keys <= 50; keys++)
        for (int again = 0; again < keys; again++) {
            char text[1024];
            int length = snprintf(text, sizeof text, "{");
            for (int key = 0; key < keys; key++)
                length += snprintf(text + length, sizeof text - (size_t)length, "\"k%d\":0,", key);
            length += snprintf(text + length, sizeof text - (size_t)length, "\"k%d\":0}", again);
            assert_string_equal(read_text((struct rc_text){text, (size_t)length}), "has a key twice");
        }
}

static void a_text_that_is_too_long_is_not_looked_at(void **state)
{
    (void)state;
    char text[RC_JSON_MAX + 1];
    memset(text, ' ', sizeof text);
    memcpy(text, "{}", 2);
    assert_null(read_text((struct rc_text){text, RC_JSON_MAX}));
    assert_string_equal(read_text((struct rc_text){text, RC_JSON_MAX + 1}), "is too long");
}

static void fields_are_found_by_their_exact_key_in_the_outer_object(void **state)
{
    (void)state;
    const char *text = "{\"x\":{\"id\":1},\"Id\":2,\"i\\u0064\":3,\"idx\":4,\"i\":5}";
    assert_true(rc_json_read(&json, rc_text_of(text)));
    assert_int_equal(rc_json_integer(&json, rc_json_find(&json, "id")), 3);
    assert_int_equal(rc_json_integer(&json, rc_json_find(&json, "i")), 5);
    assert_int_equal(rc_json_integer(&json, rc_json_find(&json, "idx")), 4);
    assert_null(rc_json_find(&json, "ID"));
    assert_null(rc_json_find(&json, ""));
    assert_int_equal(rc_json_find(&json, "x")->kind, RC_JSON_OBJECT);
}

static void values_come_back_as_they_were_meant(void **state)
{
    (void)state;
    const char *text =
        "{ \"s\" : \"\\u00e4\\uD83D\\uDE00\\n\xE2\x82\xAC\\/\" , \"n\":-9007199254740991,\"f\":1.0,"
        "\"t\":true,\"o\": {\"a\" : [ 1 ]} ,\"z\":null,\"e\":\"\",\"x\":false,\"l\":[]}";
    char out[16];
    size_t length;
    assert_true(rc_json_read(&json, rc_text_of(text)));
    const struct rc_json_member *string = rc_json_find(&json, "s");
    assert_true(rc_json_string(&json, string, out, sizeof out, &length));
    assert_int_equal(length, 11);
    assert_memory_equal(out, "\xC3\xA4\xF0\x9F\x98\x80\n\xE2\x82\xAC/", 11);
    assert_true(rc_json_string(&json, string, out, 11, &length));
    assert_false(rc_json_string(&json, string, out, 10, &length));
    assert_true(rc_json_string(&json, rc_json_find(&json, "e"), out, 0, &length));
    assert_int_equal(length, 0);
    assert_int_equal(rc_json_integer(&json, rc_json_find(&json, "n")), -RC_JSON_INTEGER_MAX);
    assert_int_equal(rc_json_find(&json, "f")->kind, RC_JSON_FRACTION);
    assert_int_equal(rc_json_find(&json, "t")->kind, RC_JSON_TRUE);
    assert_int_equal(rc_json_find(&json, "x")->kind, RC_JSON_FALSE);
    assert_int_equal(rc_json_find(&json, "z")->kind, RC_JSON_NULL);
    assert_int_equal(rc_json_find(&json, "l")->kind, RC_JSON_ARRAY);
    struct rc_text raw = rc_json_raw(&json, rc_json_find(&json, "o"));
    assert_int_equal(raw.length, strlen("{\"a\" : [ 1 ]}"));
    assert_memory_equal(raw.data, "{\"a\" : [ 1 ]}", raw.length);
    raw = rc_json_raw(&json, rc_json_find(&json, "e"));
    assert_int_equal(raw.length, 2);
    assert_memory_equal(raw.data, "\"\"", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_json_object_is_refused),
        cmocka_unit_test(nothing_may_follow_the_object),
        cmocka_unit_test(a_nul_is_refused_however_it_is_spelled),
        cmocka_unit_test(strings_are_checked_to_the_letter),
        cmocka_unit_test(numbers_are_checked_to_the_letter_and_kept_in_range),
        cmocka_unit_test(a_key_stands_once_in_its_object),
        cmocka_unit_test(four_levels_are_the_most),
        cmocka_unit_test(a_text_full_of_keys_is_read_whole),
        cmocka_unit_test(a_key_that_comes_again_is_found_wherever_it_stood),
        cmocka_unit_test(a_text_that_is_too_long_is_not_looked_at),
        cmocka_unit_test(fields_are_found_by_their_exact_key_in_the_outer_object),
        cmocka_unit_test(values_come_back_as_they_were_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
