/* Prints how many instructions each step of a run takes, with the timer as in count.c. */
#include "net.h"
#include <stdio.h>
#include <string.h>

#define TIMER_CONTROL (*(volatile uint32_t *)0x40000000u)
#define TIMER_VALUE (*(volatile uint32_t *)0x40000004u)
#define TIMER_RELOAD (*(volatile uint32_t *)0x40000008u)
#define INSTRUCTIONS_PER_TICK 40u
#define MOST_STEPS 1000u

static uint32_t ends[MOST_STEPS];
static uint32_t steps;

/* The generated code calls it behind each step. */
void count_step(void)
{
    ends[steps] = TIMER_VALUE;
    steps += (steps < (MOST_STEPS - 1u)) ? 1u : 0u;
}

int main(void)
{
    uint32_t before;
    (void)memset(net_input(0), 1, NET_INPUT_0_BYTES);
    TIMER_RELOAD = 0xffffffffu;
    TIMER_VALUE = 0xffffffffu;
    TIMER_CONTROL = 1u;
    before = TIMER_VALUE;
    net_run();
    for (uint32_t step = 0u; step < steps; ++step) {
        (void)printf("%lu\n", (unsigned long)((before - ends[step]) * INSTRUCTIONS_PER_TICK));
        before = ends[step];
    }
    return 0;
}
