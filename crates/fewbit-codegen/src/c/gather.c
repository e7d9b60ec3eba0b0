/* Gathers the numbers under `count` taps of a column, from `tap` on, in the order of the weights. */
static void gather_numbers(part_t *part, int32_t column, int32_t tap, int32_t count, number_t *patch)
{
    const product_t *p = part->p;
    const values_t x = p->x; /* Copies, since what is stored might be part of everything else. */
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
#if USES_LARGE_WINDOWS
            if (p->window.taps > WINDOW_ITEMS) {
                locate(&p->window, part->column + column, at, 1, items);
            }
            item = items[(p->window.taps > WINDOW_ITEMS) ? 0 : at];
#else
            item = items[at];
#endif
            if (item < 0) {
                for (int32_t i = 0; i < run; ++i) {
                    patch[done + i] = padding;
                }
            } else {
                const int32_t start = part->x + (item * p->place_step) + channel;
                for (int32_t i = 0; i < run; ++i) {
                    patch[done + i] = (number_t)number_at(&x, start + i);
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
        const int32_t taps = p->window.taps;
        int32_t at = tap % taps;
        int32_t start = part->x + ((tap / taps) * p->channel_step);
        if ((taps == 1) && (items[0] >= 0)) {
            const int32_t step = p->channel_step;
            start += items[0];
            for (; done < count; ++done) {
                patch[done] = (number_t)number_at(&x, start);
                start += step;
            }
        }
#if USES_LARGE_WINDOWS
        if (taps > WINDOW_ITEMS) {
            /* The items of just these taps. */
            locate(&p->window, part->column + column, at, count, items);
            for (; done < count; ++done) {
                const int32_t item = items[done];
                patch[done] = (item < 0) ? padding : (number_t)number_at(&x, start + item);
                at += 1;
                if (at == taps) {
                    at = 0;
                    start += p->channel_step;
                }
            }
        }
#endif
        while (done < count) {
            int32_t end = done + (taps - at);
            if (end > count) {
                end = count;
            }
            for (; done < end; ++done) {
                const int32_t item = items[at];
                patch[done] = (item < 0) ? padding : (number_t)number_at(&x, start + item);
                at += 1;
            }
            start += p->channel_step;
            at = 0;
        }
    }
#endif
}
