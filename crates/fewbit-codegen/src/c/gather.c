/* Gathers the numbers under `count` taps of a column, from `tap` on, in the order of the weights. */
static void gather_numbers(part_t *part, int32_t column, int32_t tap, int32_t count, number_t *patch)
{
    const product_t *p = part->p;
    const int32_t taps = p->window.taps;
    int32_t *items = part->items[column];
    int32_t done = 0;
#if USES_PADDING_VALUE
    const number_t padding = p->number_padding;
#else
    const number_t padding = 0;
#endif
#if USES_CHANNELS_LAST
    if (p->channels_last != 0u) {
        int32_t at = tap / p->channels;
        int32_t channel = tap % p->channels;
        while (done < count) {
            const int32_t rest = count - done;
            int32_t run = p->channels - channel;
            int32_t item;
            if (run > rest) {
                run = rest;
            }
            if (taps > TAPS) {
                locate(&p->window, part->column + column, at, 1, items);
                item = items[0];
            } else {
                item = items[at];
            }
            if (item < 0) {
                for (int32_t i = 0; i < run; ++i) {
                    patch[done + i] = padding;
                }
            } else {
                const int32_t start = part->x + (item * p->place_step) + channel;
                for (int32_t i = 0; i < run; ++i) {
                    patch[done + i] = (number_t)number_at(&p->x, start + i);
                }
            }
            done += run;
            channel = 0;
            at += 1;
        }
        return;
    }
#endif
#if USES_CHANNELS_FIRST
    {
        int32_t at = tap % taps;
        int32_t start = part->x + ((tap / taps) * p->channel_step);
        int32_t skipped = 0;
        if (taps > TAPS) {
            /* The items of just these taps. */
            locate(&p->window, part->column + column, at, count, items);
            skipped = at;
        }
        while (done < count) {
            const int32_t rest = count - done;
            int32_t end = at + rest;
            if (end > taps) {
                end = taps;
            }
            for (; at < end; ++at) {
                const int32_t item = items[at - skipped];
                patch[done] = (item < 0) ? padding : (number_t)number_at(&p->x, start + item);
                done += 1;
            }
            if (taps > TAPS) {
                skipped -= taps;
            }
            start += p->channel_step;
            at = 0;
        }
    }
#endif
}
