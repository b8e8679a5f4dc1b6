/* test_random.c
 * A second of random input each for the recogniser and the classifier: what tests/fuzz asks of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "../fuzz/core/subjects.h"
#include "names_shipped.h"

/* Bytes that look enough like a message to get past the first checks. */
static size_t
random_message(GRand *random, uint8_t *bytes, size_t room)
{
    static const uint8_t starts[] = { 0, 1, 3, 6, 7, 22, 64, 79, 80, 128, 191, 255 };
    const size_t length = (size_t)g_rand_int_range(random, 0, (gint32)room);

    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)g_rand_int(random);
    if (length >= 28) {
        bytes[0] = starts[g_rand_int_range(random, 0, G_N_ELEMENTS(starts))];
        bytes[2] = (uint8_t)((length - 20) >> 8);
        bytes[3] = (uint8_t)(length - 20);
        if (g_rand_boolean(random))
            memcpy(bytes + 4, "\x21\x12\xA4\x42", 4);
        else
            memcpy(bytes + 20, "\x00\x0F\x00\x04\x72\xC6\x4B\xC6", 8);
        /* Short lengths, so that a walk gets beyond the first attribute. */
        for (size_t i = 22; i + 1 < length; i += (size_t)g_rand_int_range(random, 1, 24))
            bytes[i] = 0;
    }
    return length;
}

static void
test_random_messages(void)
{
    GRand *random = g_rand_new_with_seed(3478);
    const gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;
    uint8_t bytes[200];

    while (g_get_monotonic_time() < end) {
        for (unsigned i = 0; i < 200; i++) {
            const size_t length = random_message(random, bytes + 1, sizeof bytes - 1);

            bytes[0] = (uint8_t)g_rand_int(random);
            fuzz_payload(bytes, 1 + (size_t)g_rand_int_range(random, 0, (gint32)length + 1));
            fuzz_payload(bytes, 1 + length);
        }
    }
    g_rand_free(random);
}

/* Shipped patterns and tokens, cut and joined at random. */
static size_t
random_name(GRand *random, uint8_t *bytes, size_t room)
{
    size_t rows, tokens, length = 0;
    const ts_name_row *row = ts_names_shipped(&rows);
    const ts_token_row *token = ts_names_tokens(&tokens);

    for (int pieces = g_rand_int_range(random, 0, 6); pieces > 0; pieces--) {
        const char *text = g_rand_boolean(random) ? row[g_rand_int_range(random, 0, (gint32)rows)].pattern :
            token[g_rand_int_range(random, 0, (gint32)tokens)].token;
        const size_t from = g_rand_boolean(random) ? 0 : (size_t)g_rand_int_range(random, 0, (gint32)strlen(text));

        for (const char *c = text + from; *c != '\0' && length < room; c++)
            bytes[length++] = (uint8_t)(*c == '*' ? "x.-0"[g_rand_int_range(random, 0, 4)] : *c);
        if (length < room)
            bytes[length++] = (uint8_t)"..--0"[g_rand_int_range(random, 0, 5)];
    }
    if (length > 0 && g_rand_int_range(random, 0, 10) == 0)
        bytes[g_rand_int_range(random, 0, (gint32)length)] = (uint8_t)g_rand_int(random);
    return length;
}

static void
test_random_names(void)
{
    GRand *random = g_rand_new_with_seed(443);
    const gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;
    uint8_t bytes[300];

    while (g_get_monotonic_time() < end) {
        for (unsigned i = 0; i < 200; i++)
            fuzz_name(bytes, random_name(random, bytes, sizeof bytes));
    }
    g_rand_free(random);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/random/messages", test_random_messages);
    g_test_add_func("/random/names", test_random_names);
    return g_test_run();
}
