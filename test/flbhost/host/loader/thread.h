/* Named threads that run jobs in the order in which they are posted: the engine, its workers, and inputs. */
#ifndef THREAD_H
#define THREAD_H

struct thread;

/* thread_start ends the process if it cannot create a thread. The kernel keeps 15 bytes of name. */
struct thread *thread_start(const char *name);

/* thread_post makes t call run(arg). If t is NULL the caller runs it. */
void thread_post(struct thread *t, void (*run)(void *), void *arg);

/* thread_join waits until all jobs have run, then ends the thread. */
void thread_join(struct thread *t);

#endif
