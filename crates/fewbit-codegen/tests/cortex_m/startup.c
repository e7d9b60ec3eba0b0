/* The vector table of a Cortex-M: where the stack begins, and newlib's start-up, which calls main. */
/* The end of the memory; declared as a function since the table holds addresses of functions. */
extern void stack_top(void);
extern void _start(void);

/* Ends the emulation with an error: semihosting's SYS_EXIT with ADP_Stopped_RunTimeErrorUnknown. */
static void fault(void)
{
    __asm volatile("mov r0, #0x18\n\tldr r1, =0x20023\n\tbkpt 0xab" ::: "r0", "r1", "memory");
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    stack_top, _start, fault, fault, fault, fault, fault,
};
