/* Which sanitizer a test is compiled for, the library not: tests/sanitizers.sh. */
#ifndef SEGUE_TESTS_SANITIZED_H
#define SEGUE_TESTS_SANITIZED_H

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined __SANITIZE_ADDRESS__ || __has_feature(address_sanitizer)
#define ON_ASAN 1
#else
#define ON_ASAN 0
#endif
#if defined __SANITIZE_THREAD__ || __has_feature(thread_sanitizer)
#define ON_TSAN 1
#else
#define ON_TSAN 0
#endif
#if __has_feature(memory_sanitizer)
#define ON_MSAN 1
#else
#define ON_MSAN 0
#endif

/* A function that reads what it finds. */
#if ON_ASAN
#define UNSANITIZED __attribute__((no_sanitize("address")))
#elif ON_MSAN
#define UNSANITIZED __attribute__((no_sanitize("memory")))
#else
#define UNSANITIZED
#endif

#endif
