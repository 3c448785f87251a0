# Copies of core/training.c with a bug on purpose, each of which the naive model must catch: what such systems
# have got wrong. A line that is no longer in the source stops the configuration, so that no mutant fades away.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/service/core/training.c)
file(READ ${CMAKE_SOURCE_DIR}/service/core/training.c RC_TRAINING_SOURCE)

function(rc_mutant name from to)
  string(REPLACE "${from}" "${to}" source "${RC_TRAINING_SOURCE}")
  if(source STREQUAL RC_TRAINING_SOURCE)
    message(FATAL_ERROR "mutant ${name}: core/training.c has no `${from}`")
  endif()
  set(file ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}.c)
  file(CONFIGURE OUTPUT ${file} CONTENT "${source}" @ONLY)
  add_executable(compare_training_${name} ${file})
  target_link_libraries(compare_training_${name} PRIVATE core_compare)
  target_compile_options(compare_training_${name} PRIVATE -Wno-unused-parameter) # what a bug does not look at
  set_target_properties(compare_training_${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/mutants)
  add_test(NAME core_naive_model_catches_${name} COMMAND compare_training_${name} --catch)
endfunction()

rc_mutant(an_interval_for_each_call
  "    uint32_t count = uncovered(part, &ledger->cover, pieces)"
  "    uint32_t count = (pieces[0] = part, length_ms(part) > 0)")
rc_mutant(a_course_that_counts_each_call
  "    uint32_t count = uncovered(part, &ledger->course_cover, pieces)"
  "    uint32_t count = (pieces[0] = part, length_ms(part) > 0)")
rc_mutant(a_limit_checked_after_the_write
  "return (struct rc_span){part.from_now, to_now}"
  "return (struct rc_span){part.from_now, to_now > part.from_now ? part.to_now : to_now}")
rc_mutant(a_cut_one_millisecond_late
  "return pieces[i].from_now + room_ms"
  "return pieces[i].from_now + room_ms + 1")
rc_mutant(a_cut_one_millisecond_early
  "return pieces[i].from_now + room_ms"
  "return pieces[i].from_now + room_ms - 1")
rc_mutant(a_limit_that_must_be_passed
  "return site->user.ms >= site->terms.limit_ms"
  "return site->user.ms > site->terms.limit_ms")
rc_mutant(a_lock_that_nobody_reads
  "    if (rc_training_locked(site)) {"
  "    if (false) {")
rc_mutant(a_lock_that_is_still_on_tomorrow
  "total.next_ms : 0}"
  "total.next_ms : total.ms}")
rc_mutant(a_rest_that_midnight_loses
  "total.next_ms : 0}"
  "0 : 0}")
rc_mutant(a_rest_that_stays_on_the_old_day
  "int64_t midnight = most(now, least(midnight_now(judge, now, at), end))"
  "int64_t midnight = end")
rc_mutant(a_day_that_goes_back
  "    if (site->day.date[0] != '\\0' && at < site->day.start_at) {"
  "    if (false) {")
rc_mutant(another_zones_midnight
  "add(&site->user, pieces[i], midnight_now(site, now, at))"
  "add(&site->user, pieces[i], midnight_now(&ledger->sites[0], now, at))")
rc_mutant(a_refused_heartbeat_that_covers
  "        verdict.result = RC_TRAINING_COURSE_LOCKED"
  "        verdict.result = (cover_add(&ledger->cover, (struct rc_span){now, now + 1}), RC_TRAINING_COURSE_LOCKED)")
rc_mutant(a_cut_that_covers
  "    cover_add(&ledger->cover, part)"
  "    part.to_now += part.to_now > part.from_now ? 1 : 0, cover_add(&ledger->cover, part)")
rc_mutant(a_course_limit_on_the_sum
  "terms->course_limit_ms - course_ms"
  "terms->course_limit_ms - most(user_ms, course_ms)")
rc_mutant(a_break_that_never_ends_the_run
  "        ledger->run_ms = 0"
  "        ledger->run_ms += 0")
