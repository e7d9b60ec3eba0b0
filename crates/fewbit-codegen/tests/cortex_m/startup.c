/* The vector table of a Cortex-M: where the stack begins, and newlib's start-up, which calls main. */
#include <stdint.h>

extern uint32_t stack_top[];
extern void _start(void);

static void fault(void)
{
    for (;;) {
        /* An emulator that waits for an end sees none. */
    }
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))stack_top, _start, fault, fault, fault, fault, fault,
};
