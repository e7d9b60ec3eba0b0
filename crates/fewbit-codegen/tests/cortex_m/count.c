/* Prints how many instructions one run takes: on QEMU's MPS2 boards with -icount shift=0, where an instruction takes a
 * nanosecond and timer 0 counts down at 25 MHz. */
#include "net.h"
#include <stdio.h>
#include <string.h>

#define TIMER_CONTROL (*(volatile uint32_t *)0x40000000u)
#define TIMER_VALUE (*(volatile uint32_t *)0x40000004u)
#define TIMER_RELOAD (*(volatile uint32_t *)0x40000008u)
#define INSTRUCTIONS_PER_TICK 40u

int main(void)
{
    uint32_t before;
    uint32_t after;
    (void)memset(net_input(0), 1, NET_INPUT_0_BYTES);
    TIMER_RELOAD = 0xffffffffu;
    TIMER_VALUE = 0xffffffffu;
    TIMER_CONTROL = 1u;
    before = TIMER_VALUE;
    net_run();
    after = TIMER_VALUE;
    (void)printf("%lu\n", (unsigned long)((before - after) * INSTRUCTIONS_PER_TICK));
    return 0;
}
