/* Signals, treated as fluent-bit.c does. */
#ifndef SIGNALS_H
#define SIGNALS_H

void signals_init(void);

#endif
